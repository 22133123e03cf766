/* SPDX-License-Identifier: MIT */
#include "prompt.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "editor.h"
#include "output.h"
#include "stop.h"

void prompt_open(struct prompt *p, const struct dtu_profile *profile)
{
    memset(p, 0, sizeof *p);
    p->asks = isatty(STDIN_FILENO) != 0;
    if (p->asks && isatty(STDOUT_FILENO))
        p->editor = editor_open(profile);
}

void prompt_close(struct prompt *p)
{
    if (p->editor != NULL)
        editor_close(p->editor);
    p->editor = NULL;
}

/* Whether there is something to read, before a signal asks to end. */
static bool wait_for_input(void)
{
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                           {.fd = stop_fd(), .events = POLLIN}};

    while (stop_signal() == 0) {
        int count = poll(fds, 2, -1);
        if (count > 0 && fds[1].revents == 0)
            return true;
        if (count < 0 && errno != EINTR)
            return true; /* the read tells what is wrong */
    }
    return false;
}

/* Reads behind what is there. False if there was nothing more to be read. */
static bool fill(struct prompt *p)
{
    ssize_t count = read(STDIN_FILENO, p->buffer + p->end, sizeof p->buffer - p->end);

    if (count < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (count < 0)
        complain("standard input: %s", strerror(errno));
    if (count <= 0) {
        p->at_end = true;
        return false;
    }
    p->end += (size_t)count;
    return true;
}

/* Takes a line out of what was read; NULL: its end is not there yet. */
static char *take_line(struct prompt *p)
{
    char *line = p->buffer + p->begin;
    char *end = memchr(line, '\n', p->end - p->begin);

    if (end == NULL && p->at_end && p->begin < p->end && p->end < sizeof p->buffer)
        end = p->buffer + p->end++; /* the file's last line has no end */
    if (end == NULL)
        return NULL;
    *end = '\0';
    p->begin = (size_t)(end - p->buffer) + 1;
    if (end > line && end[-1] == '\r')
        end[-1] = '\0';
    return line;
}

/* Moves what is left to the front. If it fills the buffer it is too long for a line. */
static bool make_room(struct prompt *p)
{
    p->end -= p->begin;
    memmove(p->buffer, p->buffer + p->begin, p->end);
    p->begin = 0;
    return p->end < sizeof p->buffer;
}

static enum prompt_event read_plain(struct prompt *p, const char **line)
{
    bool skipping = false;

    for (;;) {
        *line = take_line(p);
        if (*line != NULL && !skipping)
            return PROMPT_LINE;
        if (*line != NULL) {
            skipping = false;
            continue;
        }
        if (p->at_end)
            return PROMPT_END;
        if (!make_room(p)) {
            if (!skipping)
                complain("a line is longer than %d bytes, and left out", PROMPT_LINE_MAX - 1);
            skipping = true;
            p->end = 0;
        }
        if (!wait_for_input())
            return PROMPT_STOPPED;
        fill(p);
    }
}

enum prompt_event prompt_read(struct prompt *p, const char *question, const char **line)
{
    enum prompt_event event;

    if (p->editor != NULL)
        return editor_read(p->editor, question, line);
    if (p->asks) {
        fputs(question, stdout);
        fflush(stdout);
    }
    event = read_plain(p, line);
    if (p->asks && event != PROMPT_LINE)
        putchar('\n');
    return event;
}
