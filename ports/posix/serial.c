/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* cfmakeraw, CRTSCTS */
#define _XOPEN_SOURCE 600
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#ifdef __linux__
/* <asm/termbits.h> has what follows, but cannot be included beside <termios.h>. */
struct linux_termios2 {
    tcflag_t c_iflag, c_oflag, c_cflag, c_lflag;
    cc_t c_line;
    cc_t c_cc[19];
    speed_t c_ispeed, c_ospeed;
};
#define LINUX_TCGETS2 _IOR('T', 0x2A, struct linux_termios2)
#define LINUX_TCSETS2 _IOW('T', 0x2B, struct linux_termios2)
#define LINUX_BOTHER 0010000
#define LINUX_CBAUD 0010017
#define LINUX_CMSPAR 010000000000
#endif

static bool fail(char *error, size_t size, const char *what, const char *path)
{
    snprintf(error, size, "%s %s: %s", what, path, strerror(errno));
    return false;
}

/* A pty is raw from the start, for a user who opens it before the module is started. */
static bool make_raw(int fd)
{
    struct termios t;
    if (tcgetattr(fd, &t) != 0)
        return false;
    cfmakeraw(&t);
    return tcsetattr(fd, TCSANOW, &t) == 0;
}

/* Whoever has a tty as its UART locks it. */
static bool lock(int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

static bool leads_to(const char *link, const char *name)
{
    char target[64];
    ssize_t len = readlink(link, target, sizeof target - 1);
    if (len < 0) /* no link at all */
        return false;
    target[len] = '\0';
    return strcmp(target, name) == 0;
}

static bool is_younger(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* Whether a module has the tty, or we may not know. */
static bool is_in_use(const char *tty)
{
    int fd = open(tty, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return true;
    bool free_to_have = lock(fd);
    close(fd);
    return !free_to_have;
}

/* Whether a killed program has left the link behind. It leads nowhere, or the number of its pty has
 * been given away since: to us, or to somebody who is no module, whose pty is younger than the
 * link. */
static bool is_stale(const struct serial *s, const char *link)
{
    struct stat own, target;
    if (lstat(link, &own) != 0 || !S_ISLNK(own.st_mode))
        return false;
    if (stat(link, &target) != 0 || leads_to(link, s->name))
        return true;
    return S_ISCHR(target.st_mode) && is_younger(&target.st_ctim, &own.st_ctim) && !is_in_use(link);
}

static bool make_link(struct serial *s, const char *link, char *error, size_t size)
{
    if (symlink(s->name, link) == 0)
        return true;
    if (errno != EEXIST)
        return fail(error, size, "cannot make link", link);
    if (is_stale(s, link) && unlink(link) == 0 && symlink(s->name, link) == 0)
        return true;
    snprintf(error, size,
             "%s exists; remove it if no other program uses it, or choose another path", link);
    return false;
}

static bool open_master(struct serial *s, char *error, size_t size)
{
    const char *name;
    s->fd = posix_openpt(O_RDWR | O_NOCTTY);
    if (s->fd < 0 || grantpt(s->fd) != 0 || unlockpt(s->fd) != 0 || (name = ptsname(s->fd)) == NULL)
        return fail(error, size, "cannot make", "a pty");
    snprintf(s->name, sizeof s->name, "%s", name);
    s->slave = open(s->name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (s->slave < 0 || !lock(s->slave) || !make_raw(s->slave))
        return fail(error, size, "cannot open", s->name);
    if (fcntl(s->fd, F_SETFL, O_NONBLOCK) != 0 || fcntl(s->fd, F_SETFD, FD_CLOEXEC) != 0)
        return fail(error, size, "cannot set up", s->name);
    return true;
}

bool serial_open_pty(struct serial *s, const char *link, char *error, size_t size)
{
    *s = (struct serial){.fd = -1, .slave = -1, .is_pty = true};
    if (open_master(s, error, size) && make_link(s, link, error, size)) {
        s->link = link;
        return true;
    }
    serial_close(s);
    return false;
}

bool serial_reopen(struct serial *s)
{
    s->fd = open(s->name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (s->fd >= 0 && !(isatty(s->fd) && lock(s->fd))) {
        int reason = errno == EWOULDBLOCK ? EBUSY : errno;
        serial_lose(s);
        errno = reason;
    }
    return s->fd >= 0;
}

bool serial_open_tty(struct serial *s, const char *path, char *error, size_t size)
{
    *s = (struct serial){.fd = -1, .slave = -1};
    if (strlen(path) >= sizeof s->name) {
        snprintf(error, size, "the name of the tty is too long: %s", path);
        return false;
    }
    snprintf(s->name, sizeof s->name, "%s", path);
    return serial_reopen(s) || fail(error, size, "cannot open", path);
}

void serial_lose(struct serial *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

void serial_close(struct serial *s)
{
    if (s->link != NULL && leads_to(s->link, s->name))
        unlink(s->link);
    if (s->slave >= 0)
        close(s->slave);
    s->slave = -1;
    s->link = NULL;
    serial_lose(s);
}

static tcflag_t data_bits(uint8_t bits)
{
    switch (bits) {
    case 5:
        return CS5;
    case 6:
        return CS6;
    case 7:
        return CS7;
    default:
        return CS8;
    }
}

static tcflag_t parity_bits(uint8_t parity)
{
    switch ((enum dtu_parity)parity) {
    case DTU_PARITY_ODD:
        return PARENB | PARODD;
    case DTU_PARITY_EVEN:
        return PARENB;
#ifdef __linux__
    case DTU_PARITY_MARK:
        return PARENB | PARODD | LINUX_CMSPAR;
    case DTU_PARITY_SPACE:
        return PARENB | LINUX_CMSPAR;
#endif
    default:
        return 0;
    }
}

#ifdef __linux__
static bool set_rate(int fd, uint32_t baud)
{
    struct linux_termios2 t;
    if (ioctl(fd, LINUX_TCGETS2, &t) != 0)
        return false;
    t.c_cflag = (t.c_cflag & ~(tcflag_t)LINUX_CBAUD) | LINUX_BOTHER;
    t.c_ispeed = baud;
    t.c_ospeed = baud;
    return ioctl(fd, LINUX_TCSETS2, &t) == 0;
}
#else
/* Where speed_t is the rate itself, as on the BSDs. */
static bool set_rate(int fd, uint32_t baud)
{
    struct termios t;
    return tcgetattr(fd, &t) == 0 && cfsetspeed(&t, (speed_t)baud) == 0 &&
           tcsetattr(fd, TCSANOW, &t) == 0;
}
#endif

bool serial_setup(struct serial *s, const struct dtu_uart *uart)
{
    struct termios t;
    unsigned lines;
    if (s->is_pty || s->fd < 0)
        return true;
    if (tcgetattr(s->fd, &t) != 0)
        return false;
    cfmakeraw(&t);
    t.c_cflag &= ~(tcflag_t)(CSIZE | CSTOPB | CRTSCTS | PARENB | PARODD);
    t.c_cflag |= CLOCAL | CREAD | data_bits(uart->data_bits) | parity_bits(uart->parity);
    if (uart->stop_bits == 2)
        t.c_cflag |= CSTOPB;
    if (uart->flow == DTU_FLOW_RTS_CTS)
        t.c_cflag |= CRTSCTS;
    if (uart->flow == DTU_FLOW_XON_XOFF)
        t.c_iflag |= IXON | IXOFF;
    /* a pty of somebody else's refuses a parity, and then takes the rest */
    if (tcsetattr(s->fd, TCSANOW, &t) != 0 && serial_lines(s, &lines))
        return false;
    return set_rate(s->fd, uart->baud);
}

bool serial_drained(const struct serial *s)
{
    int waiting = 0;
    if (s->is_pty || s->fd < 0 || ioctl(s->fd, TIOCOUTQ, &waiting) != 0)
        return true;
    return waiting == 0;
}

/* --- What RFC 2217 wants of it -------------------------------------------------------------- */

static uint8_t data_bits_of(tcflag_t flags)
{
    switch (flags & CSIZE) {
    case CS5:
        return 5;
    case CS6:
        return 6;
    case CS7:
        return 7;
    default:
        return 8;
    }
}

static uint8_t parity_of(tcflag_t flags)
{
    if ((flags & PARENB) == 0)
        return DTU_PARITY_NONE;
#ifdef __linux__
    if ((flags & LINUX_CMSPAR) != 0)
        return (flags & PARODD) != 0 ? DTU_PARITY_MARK : DTU_PARITY_SPACE;
#endif
    return (flags & PARODD) != 0 ? DTU_PARITY_ODD : DTU_PARITY_EVEN;
}

static void read_rate(int fd, uint32_t *baud)
{
#ifdef __linux__
    struct linux_termios2 t;
    if (ioctl(fd, LINUX_TCGETS2, &t) == 0)
        *baud = t.c_ospeed;
#else
    struct termios t;
    if (tcgetattr(fd, &t) == 0)
        *baud = (uint32_t)cfgetospeed(&t);
#endif
}

void serial_in_use(const struct serial *s, struct dtu_uart *uart)
{
    unsigned lines;
    struct termios t;

    if (!serial_lines(s, &lines) || tcgetattr(s->fd, &t) != 0)
        return;
    read_rate(s->fd, &uart->baud);
    uart->data_bits = data_bits_of(t.c_cflag);
    uart->parity = parity_of(t.c_cflag);
    uart->stop_bits = (t.c_cflag & CSTOPB) != 0 ? 2 : 1;
    if ((t.c_cflag & CRTSCTS) == 0 && uart->flow == DTU_FLOW_RTS_CTS)
        uart->flow = DTU_FLOW_NONE;
}

bool serial_lines(const struct serial *s, unsigned *lines)
{
    static const struct {
        int system;
        unsigned line;
    } names[] = {{TIOCM_CTS, DTU_RFC2217_CTS},
                 {TIOCM_DSR, DTU_RFC2217_DSR},
                 {TIOCM_RI, DTU_RFC2217_RI},
                 {TIOCM_CD, DTU_RFC2217_CD}};
    int bits;

    if (s->is_pty || s->fd < 0 || ioctl(s->fd, TIOCMGET, &bits) != 0)
        return false;
    *lines = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if ((bits & names[i].system) != 0)
            *lines |= names[i].line;
    return true;
}

bool serial_signal(struct serial *s, enum dtu_rfc2217_signal signal, bool on)
{
    int line = signal == DTU_RFC2217_DTR ? TIOCM_DTR : TIOCM_RTS;

    if (s->is_pty || s->fd < 0)
        return false;
    if (signal == DTU_RFC2217_BREAK)
        return ioctl(s->fd, on ? TIOCSBRK : TIOCCBRK) == 0;
    return ioctl(s->fd, on ? TIOCMBIS : TIOCMBIC, &line) == 0;
}

void serial_purge(struct serial *s, unsigned what)
{
    if (s->fd < 0)
        return;
    if ((what & DTU_RFC2217_PURGE_RX) != 0)
        (void)tcflush(s->fd, TCIFLUSH);
    if ((what & DTU_RFC2217_PURGE_TX) != 0)
        (void)tcflush(s->fd, TCOFLUSH);
}
