/* SPDX-License-Identifier: MIT */
/* Lines from the user, or from a file or pipe on standard input. On a terminal they can be edited,
 * with history and completion, if dtuctl was built with libedit. */
#ifndef DTUCTL_PROMPT_H
#define DTUCTL_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "dtu/profile.h"

enum { PROMPT_LINE_MAX = 4096 };

enum prompt_event {
    PROMPT_LINE,
    PROMPT_END,    /* Ctrl-D, or the end of the file */
    PROMPT_STOPPED /* by Ctrl-C or another signal: see stop_signal() */
};

struct prompt {
    struct editor *editor; /* NULL: plain input */
    bool asks;             /* standard input is a terminal */
    bool at_end;
    char buffer[PROMPT_LINE_MAX]; /* what has been read */
    size_t begin;                 /* what of it is not yet given to the caller */
    size_t end;
};

/* Opens the one prompt of the program; stop_catch() was called before.
 * `profile` has the names that are completed; NULL: none. It must outlive the prompt. */
void prompt_open(struct prompt *p, const struct dtu_profile *profile);

/* Waits for a line. It is given without its end, and stays until the next call. The question is
 * asked on a terminal alone. A line that is too long is told on standard error and left out. */
enum prompt_event prompt_read(struct prompt *p, const char *question, const char **line);

/* Gives the terminal back, and stores the history. */
void prompt_close(struct prompt *p);

#endif
