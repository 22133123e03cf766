/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* TIOCEXCL */
#include "tty.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

/* A port whose other side never lets anything out is not waited for. */
enum { DRAIN_MS = 500, DRAIN_STEP_MS = 10 };

/* The lock of dtu_posix_serial_open_tty() keeps out those who ask, and TIOCEXCL everybody but
 * root. */
static bool set_up(struct tty_port *t, const struct dtu_uart *uart)
{
    return ioctl(t->serial.fd, TIOCEXCL) == 0 && dtu_posix_serial_setup(&t->serial, uart);
}

bool tty_open(struct tty_port *t, const char *path, const struct dtu_uart *uart, char *error,
              size_t size)
{
    t->is_known = false;
    if (!dtu_posix_serial_open_tty(&t->serial, path, error, size))
        return false;
    t->is_known = tcgetattr(t->serial.fd, &t->before) == 0 &&
                  dtu_posix_serial_setting(&t->serial, &t->before_uart);
    if (t->is_known && set_up(t, uart))
        return true;
    snprintf(error, size, "cannot set %s: %s", path, strerror(errno));
    tty_close(t);
    return false;
}

bool tty_reopen(struct tty_port *t, const struct dtu_uart *uart)
{
    dtu_posix_serial_lose(&t->serial);
    return dtu_posix_serial_reopen(&t->serial) && set_up(t, uart);
}

/* What was written last would go out at another rate. */
static void drain(const struct tty_port *t)
{
    for (int ms = 0; ms < DRAIN_MS && !dtu_posix_serial_drained(&t->serial); ms += DRAIN_STEP_MS)
        (void)poll(NULL, 0, DRAIN_STEP_MS);
}

void tty_close(struct tty_port *t)
{
    if (t->serial.fd >= 0 && t->is_known) {
        drain(t);
        /* One that was unplugged cannot be set, and need not be. The rate goes first: a termios
         * that has no name for it leaves it as it is. */
        (void)dtu_posix_serial_setup(&t->serial, &t->before_uart);
        (void)tcsetattr(t->serial.fd, TCSANOW, &t->before);
        (void)ioctl(t->serial.fd, TIOCNXCL); /* a pty that is open elsewhere would keep it */
    }
    dtu_posix_serial_close(&t->serial);
}
