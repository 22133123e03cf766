/* SPDX-License-Identifier: MIT */
#ifndef DTUCTL_TTY_H
#define DTUCTL_TTY_H

#include <termios.h>

#include "dtu_posix.h"

/* A serial port for one program alone, which gives it back as it was. */
struct tty_port {
    struct dtu_posix_serial serial;
    bool is_known;               /* the two below count */
    struct termios before;       /* how it was found */
    struct dtu_uart before_uart; /* the same: not every rate has a place in a termios */
};

/* Opens a tty, raw and not blocking. False: it cannot be, and there is a message in `error`. */
bool tty_open(struct tty_port *t, const char *path, const struct dtu_uart *uart, char *error,
              size_t size);

/* Opens one that went away; it will be given back as it was found first. False, and errno. */
bool tty_reopen(struct tty_port *t, const struct dtu_uart *uart);

/* Closes it, set as it was found. Waits for what is on its way out, but half a second at most. */
void tty_close(struct tty_port *t);

#endif
