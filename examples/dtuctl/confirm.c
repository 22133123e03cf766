/* SPDX-License-Identifier: MIT */
#include "confirm.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "options.h"
#include "output.h"
#include "stop.h"

/* The first byte of an answer, when its line has ended. */
static int read_answer(char *answer)
{
    struct pollfd files[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                             {.fd = stop_fd(), .events = POLLIN}};
    char byte;

    *answer = '\0';
    for (bool is_first = true;;) {
        if (poll(files, 2, -1) < 0 && errno != EINTR)
            return STATUS_REFUSED;
        if (stop_signal() != 0)
            return STATUS_SIGNAL + stop_signal();
        if (files[0].revents == 0)
            continue;
        if (read(STDIN_FILENO, &byte, 1) != 1 || byte == '\n')
            return STATUS_DONE;
        if (is_first)
            *answer = byte;
        is_first = false;
    }
}

int confirm(const char *question)
{
    char answer;
    int status;

    if (!isatty(STDIN_FILENO)) {
        complain("nobody can be asked: --yes is needed");
        return STATUS_USAGE;
    }
    progress_end();
    fprintf(stderr, "%s [y/N] ", question);
    fflush(stderr);
    status = read_answer(&answer);
    if (status != STATUS_DONE)
        return status;
    return answer == 'y' || answer == 'Y' ? STATUS_DONE : STATUS_REFUSED;
}
