/* SPDX-License-Identifier: MIT */
#ifndef DTUCTL_TTY_H
#define DTUCTL_TTY_H

#include <stdbool.h>
#include <termios.h>

#include "dtu/base.h"

/* How a tty was set. */
struct tty_setting {
    struct termios termios;
    uint32_t baud; /* 0: as the termios says */
};

/* Opens a tty for us alone, raw and not blocking. Returns its file, or -1 and errno. */
int tty_open(const char *path, const struct dtu_uart *uart, struct tty_setting *before);

/* Closes it, set as it was. Never waits. */
void tty_close(int fd, const struct tty_setting *before);

#endif
