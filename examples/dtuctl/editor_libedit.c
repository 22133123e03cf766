/* SPDX-License-Identifier: MIT */
/* Lines are edited by libedit. The history lies in $XDG_STATE_HOME/dtuctl/history; what may have a
 * password in it is not kept. */
#include <errno.h>
#include <histedit.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#include "editor.h"
#include "names.h"
#include "output.h"
#include "stop.h"

enum { HISTORY_LINES = 500, PATH_SIZE = 4096 };

struct editor {
    EditLine *edit;
    History *history; /* NULL: none */
    const struct dtu_profile *profile;
    const char *question;
    char line[PROMPT_LINE_MAX];
    char path[PATH_SIZE]; /* of the history; "": it is not stored */
};

/* --- History -------------------------------------------------------------------------------- */

/* Makes the directories in front of the file's name; as the XDG specification asks, for the user
 * alone. */
static bool make_directories(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        bool made;
        *slash = '\0';
        made = mkdir(path, 0700) == 0 || errno == EEXIST;
        *slash = '/';
        if (!made)
            return false;
    }
    return true;
}

static void find_history(char path[PATH_SIZE])
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    int len = 0;

    path[0] = '\0';
    if (state != NULL && state[0] == '/') /* one that is relative does not count */
        len = snprintf(path, PATH_SIZE, "%s/dtuctl/history", state);
    else if (home != NULL && home[0] == '/')
        len = snprintf(path, PATH_SIZE, "%s/.local/state/dtuctl/history", home);
    if (len >= PATH_SIZE || (len > 0 && !make_directories(path)))
        path[0] = '\0';
}

static void open_history(struct editor *e)
{
    HistEvent event;

    e->history = history_init();
    if (e->history == NULL)
        return;
    history(e->history, &event, H_SETSIZE, HISTORY_LINES);
    history(e->history, &event, H_SETUNIQUE, 1);
    find_history(e->path);
    if (e->path[0] != '\0')
        history(e->history, &event, H_LOAD, e->path); /* there may be none yet */
    el_set(e->edit, EL_HIST, history, e->history);
}

static void keep(struct editor *e)
{
    HistEvent event;
    if (e->history != NULL && e->line[0] != '\0' && !names_is_secret(e->line))
        history(e->history, &event, H_ENTER, e->line);
}

/* --- Completion ----------------------------------------------------------------------------- */

/* What fits the beginning of a name. */
struct matches {
    size_t count;
    const char *first;
    size_t common; /* characters that all have in common with the first */
};

static struct matches find_matches(const struct dtu_profile *profile, const char *text, size_t len)
{
    struct matches m = {0, NULL, 0};
    const char *name = NULL;

    while ((name = names_next(profile, name)) != NULL) {
        if (!names_begins(name, text, len))
            continue;
        if (m.count++ == 0) {
            m.first = name;
            m.common = strlen(name);
        }
        while (strncmp(name, m.first, m.common) != 0)
            m.common--;
    }
    return m;
}

static void list_matches(const struct dtu_profile *profile, const char *text, size_t len)
{
    const char *name = NULL;
    putchar('\n');
    while ((name = names_next(profile, name)) != NULL)
        if (names_begins(name, text, len))
            printf("%s ", name);
    putchar('\n');
}

/* The name at the cursor; what the user has typed of it is replaced, so that it is upper case. */
static unsigned char complete(EditLine *edit, int key)
{
    const LineInfo *line = el_line(edit);
    struct editor *e;
    struct matches m;
    char insert[64];
    size_t len;

    (void)key;
    if (el_get(edit, EL_CLIENTDATA, &e) != 0 || e->profile == NULL)
        return CC_ERROR;
    len = (size_t)(line->cursor - line->buffer);
    if (len >= 3 && names_begins(line->buffer, "AT+", 3))
        len -= 3;
    m = find_matches(e->profile, line->cursor - len, len);
    if (m.count == 0 || m.common >= sizeof insert)
        return CC_ERROR;
    if (m.count > 1 && m.common == len) {
        list_matches(e->profile, line->cursor - len, len);
        return CC_REDISPLAY;
    }
    memcpy(insert, m.first, m.common);
    insert[m.common] = '\0';
    el_deletestr(edit, (int)len);
    return el_insertstr(edit, insert) == 0 ? CC_REFRESH : CC_ERROR;
}

/* --- Lines ---------------------------------------------------------------------------------- */

/* A byte of standard input; 0 at its end, -1 once a signal asks to end. */
static int read_byte(char *byte)
{
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                           {.fd = stop_fd(), .events = POLLIN}};

    while (stop_signal() == 0) {
        int count = poll(fds, 2, -1);
        if (count > 0 && fds[1].revents == 0)
            count = (int)read(STDIN_FILENO, byte, 1);
        else if (count >= 0)
            continue;
        if (count >= 0 || (errno != EINTR && errno != EAGAIN))
            return count > 0 ? 1 : 0;
    }
    return -1;
}

/* libedit asks for a character of the user's language. */
static int read_character(EditLine *edit, wchar_t *character)
{
    mbstate_t state = {0};
    char byte;
    int result;

    (void)edit;
    while ((result = read_byte(&byte)) == 1) {
        size_t len = mbrtowc(character, &byte, 1, &state);
        if (len <= 1)
            return 1;
        if (len == (size_t)-1)
            memset(&state, 0, sizeof state); /* none at all: left out */
    }
    return result;
}

static char *question(EditLine *edit)
{
    struct editor *e;
    return el_get(edit, EL_CLIENTDATA, &e) == 0 ? (char *)e->question : "";
}

struct editor *editor_open(const struct dtu_profile *profile)
{
    struct editor *e = calloc(1, sizeof *e);

    if (e == NULL)
        return NULL;
    setlocale(LC_CTYPE, "");
    e->profile = profile;
    e->question = "";
    e->edit = el_init("dtuctl", stdin, stdout, stderr);
    if (e->edit == NULL) {
        free(e);
        return NULL;
    }
    el_set(e->edit, EL_CLIENTDATA, e);
    el_set(e->edit, EL_SIGNAL, 0); /* they are stop.c's */
    el_set(e->edit, EL_EDITOR, "emacs");
    el_set(e->edit, EL_PROMPT, question);
    el_set(e->edit, EL_GETCFN, read_character);
    el_set(e->edit, EL_ADDFN, "dtuctl-complete", "complete the name of a command", complete);
    el_set(e->edit, EL_BIND, "^I", "dtuctl-complete", NULL);
    el_set(e->edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
    open_history(e);
    el_source(e->edit, NULL); /* what users have in .editrc */
    return e;
}

enum prompt_event editor_read(struct editor *e, const char *question_text, const char **line)
{
    for (;;) {
        const char *text;
        int len = 0;

        e->question = question_text;
        /* Before the question is seen, or a Ctrl-D that comes at once is lost. */
        el_set(e->edit, EL_PREP_TERM, 1);
        text = el_gets(e->edit, &len);
        if (stop_signal() != 0 || text == NULL || len <= 0) {
            putchar('\n');
            return stop_signal() != 0 ? PROMPT_STOPPED : PROMPT_END;
        }
        len = (int)strcspn(text, "\r\n");
        if ((size_t)len < sizeof e->line) {
            memcpy(e->line, text, (size_t)len);
            e->line[len] = '\0';
            keep(e);
            *line = e->line;
            return PROMPT_LINE;
        }
        complain("a line is longer than %d bytes, and left out", PROMPT_LINE_MAX - 1);
    }
}

void editor_close(struct editor *e)
{
    HistEvent event;

    if (e->history != NULL && e->path[0] != '\0' &&
        history(e->history, &event, H_SAVE, e->path) < 0)
        complain("%s: the history cannot be stored", e->path);
    el_end(e->edit);
    if (e->history != NULL)
        history_end(e->history);
    free(e);
}
