/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* cfmakeraw, CRTSCTS, F_OFD_SETLK */
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
#include <sys/uio.h>
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
#else
#define LINUX_CMSPAR 0
#endif

enum { ASK_MS = 50 };

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

/* Whoever has a tty as its UART locks it, as terminal programs do. */
static bool lock(int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

/* Whoever has made a pty locks it too, but so that its user can still lock it as any tty. */
static bool lock_own(int fd)
{
#ifdef F_OFD_SETLK
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_OFD_SETLK, &all) == 0;
#else
    return lock(fd);
#endif
}

/* Empty if there is no link at all; one that is longer than the name of a pty may be cut off. */
static void read_target(const char *link, char *target, size_t size)
{
    ssize_t len = readlink(link, target, size - 1);
    target[len > 0 ? len : 0] = '\0';
}

static bool leads_to(const char *link, const char *name)
{
    char target[64];
    read_target(link, target, sizeof target);
    return strcmp(target, name) == 0;
}

/* Whether it leads to where this pty is too, be anything there or not. */
static bool leads_beside(const char *link, const char *name)
{
    char target[64];
    size_t dir_len = (size_t)(strrchr(name, '/') - name) + 1;
    read_target(link, target, sizeof target);
    return strncmp(target, name, dir_len) == 0;
}

static bool is_younger(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* Whether the pty's maker lives, or we may not know. */
static bool is_in_use(const char *tty)
{
    int fd = open(tty, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return true;
    bool free_to_have = lock_own(fd);
    close(fd);
    return !free_to_have;
}

/* Whether a killed program has left the link behind. Its pty is gone, or the number of that has
 * been given away since: to us, or to somebody who is no module, whose pty is younger than the
 * link. */
static bool is_stale(const struct dtu_posix_serial *s, const char *link)
{
    struct stat own, target;
    if (lstat(link, &own) != 0 || !S_ISLNK(own.st_mode))
        return false;
    if (stat(link, &target) != 0)
        return leads_beside(link, s->name);
    if (leads_to(link, s->name))
        return true;
    return S_ISCHR(target.st_mode) && is_younger(&target.st_ctim, &own.st_ctim) && !is_in_use(link);
}

static bool make_link(struct dtu_posix_serial *s, const char *link, char *error, size_t size)
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

static bool open_master(struct dtu_posix_serial *s, char *error, size_t size)
{
    const char *name;
    s->fd = posix_openpt(O_RDWR | O_NOCTTY);
    if (s->fd < 0 || grantpt(s->fd) != 0 || unlockpt(s->fd) != 0 || (name = ptsname(s->fd)) == NULL)
        return fail(error, size, "cannot make", "a pty");
    snprintf(s->name, sizeof s->name, "%s", name);
    s->slave = open(s->name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (s->slave < 0 || !lock_own(s->slave) || !make_raw(s->slave))
        return fail(error, size, "cannot open", s->name);
    if (fcntl(s->fd, F_SETFL, O_NONBLOCK) != 0 || fcntl(s->fd, F_SETFD, FD_CLOEXEC) != 0)
        return fail(error, size, "cannot set up", s->name);
    return true;
}

bool dtu_posix_serial_open_pty(struct dtu_posix_serial *s, const char *link, char *error,
                               size_t size)
{
    *s = (struct dtu_posix_serial){.fd = -1, .slave = -1, .is_pty = true};
    if (open_master(s, error, size) && make_link(s, link, error, size)) {
        s->link = link;
        return true;
    }
    dtu_posix_serial_close(s);
    return false;
}

bool dtu_posix_serial_reopen(struct dtu_posix_serial *s)
{
    s->fd = open(s->name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (s->fd >= 0 && !(isatty(s->fd) && lock(s->fd))) {
        int reason = errno == EWOULDBLOCK ? EBUSY : errno;
        dtu_posix_serial_lose(s);
        errno = reason;
    }
    return s->fd >= 0;
}

bool dtu_posix_serial_open_tty(struct dtu_posix_serial *s, const char *path, char *error,
                               size_t size)
{
    *s = (struct dtu_posix_serial){.fd = -1, .slave = -1};
    if (strlen(path) >= sizeof s->name) {
        snprintf(error, size, "the name of the tty is too long: %s", path);
        return false;
    }
    snprintf(s->name, sizeof s->name, "%s", path);
    return dtu_posix_serial_reopen(s) || fail(error, size, "cannot open", path);
}

void dtu_posix_serial_lose(struct dtu_posix_serial *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

void dtu_posix_serial_close(struct dtu_posix_serial *s)
{
    if (s->link != NULL && leads_to(s->link, s->name))
        unlink(s->link);
    if (s->slave >= 0)
        close(s->slave);
    s->slave = -1;
    s->link = NULL;
    dtu_posix_serial_lose(s);
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

static bool get_rate(int fd, uint32_t *baud)
{
    struct linux_termios2 t;
    if (ioctl(fd, LINUX_TCGETS2, &t) != 0)
        return false;
    *baud = t.c_ospeed;
    return true;
}
#else
/* Where speed_t is the rate itself, as on the BSDs. */
static bool set_rate(int fd, uint32_t baud)
{
    struct termios t;
    return tcgetattr(fd, &t) == 0 && cfsetspeed(&t, (speed_t)baud) == 0 &&
           tcsetattr(fd, TCSANOW, &t) == 0;
}

static bool get_rate(int fd, uint32_t *baud)
{
    struct termios t;
    if (tcgetattr(fd, &t) != 0)
        return false;
    *baud = (uint32_t)cfgetospeed(&t);
    return true;
}
#endif

const char *dtu_posix_serial_name(const struct dtu_posix_serial *s)
{
    return s->name;
}

bool dtu_posix_serial_setup(struct dtu_posix_serial *s, const struct dtu_uart *uart)
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
    if (tcsetattr(s->fd, TCSANOW, &t) != 0 && dtu_posix_serial_lines(s, &lines))
        return false;
    return set_rate(s->fd, uart->baud);
}

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

/* The system takes PARENB away from a pty, but not what would say which parity: if that is there,
 * a user has asked for it. */
static uint8_t parity_of(tcflag_t flags, bool is_pty)
{
    bool is_odd = (flags & PARODD) != 0;
    bool is_fixed = (flags & LINUX_CMSPAR) != 0;

    if ((flags & PARENB) == 0 && !(is_pty && (is_odd || is_fixed)))
        return DTU_PARITY_NONE;
    if (is_fixed)
        return is_odd ? DTU_PARITY_MARK : DTU_PARITY_SPACE;
    return is_odd ? DTU_PARITY_ODD : DTU_PARITY_EVEN;
}

static uint8_t flow_of(const struct termios *t)
{
    if ((t->c_cflag & CRTSCTS) != 0)
        return DTU_FLOW_RTS_CTS;
    return (t->c_iflag & (IXON | IXOFF)) != 0 ? DTU_FLOW_XON_XOFF : DTU_FLOW_NONE;
}

bool dtu_posix_serial_setting(const struct dtu_posix_serial *s, struct dtu_uart *uart)
{
    struct termios t;
    uint32_t baud;
    if (tcgetattr(s->fd, &t) != 0 || !get_rate(s->fd, &baud))
        return false;
    uart->baud = baud;
    uart->data_bits = data_bits_of(t.c_cflag);
    uart->stop_bits = (t.c_cflag & CSTOPB) != 0 ? 2 : 1;
    uart->parity = parity_of(t.c_cflag, s->is_pty);
    uart->flow = flow_of(&t);
    return true;
}

bool dtu_posix_serial_drained(const struct dtu_posix_serial *s)
{
    int waiting = 0;
    if (s->is_pty || s->fd < 0 || ioctl(s->fd, TIOCOUTQ, &waiting) != 0)
        return true;
    return waiting == 0;
}

/* --- Bytes, and what the user of a pty does ------------------------------------------------- */

size_t dtu_posix_serial_write(struct dtu_posix_serial *s, const uint8_t *data, size_t len)
{
    ssize_t n;
    do
        n = write(s->fd, data, len);
    while (n < 0 && errno == EINTR);
    return n > 0 ? (size_t)n : 0;
}

/* In packet mode each read begins with a byte that says what it is; with EXTPROC, settings too are
 * something to tell. */
bool dtu_posix_serial_follow(struct dtu_posix_serial *s)
{
    struct termios t;
    int on = 1;
    if (tcgetattr(s->slave, &t) != 0)
        return false;
    t.c_lflag |= EXTPROC;
    if (tcsetattr(s->slave, TCSANOW, &t) != 0 || ioctl(s->fd, TIOCPKT, &on) != 0)
        return false;
    s->is_followed = true;
    return dtu_posix_serial_setting(s, &s->seen);
}

uint32_t dtu_posix_serial_next(const struct dtu_posix_serial *s)
{
    struct termios t;
    bool tells = s->fd < 0 || (tcgetattr(s->fd, &t) == 0 && (t.c_lflag & EXTPROC) != 0);
    return tells ? DTU_NEVER : ASK_MS;
}

static bool is_same(const struct dtu_uart *a, const struct dtu_uart *b)
{
    return a->baud == b->baud && a->data_bits == b->data_bits && a->stop_bits == b->stop_bits &&
           a->parity == b->parity && a->flow == b->flow;
}

static unsigned news_of(uint8_t told)
{
    unsigned news = 0;
    if ((told & TIOCPKT_FLUSHREAD) != 0)
        news |= DTU_POSIX_SERIAL_INPUT_GONE;
    if ((told & TIOCPKT_FLUSHWRITE) != 0)
        news |= DTU_POSIX_SERIAL_OUTPUT_GONE;
    if ((told & TIOCPKT_IOCTL) != 0)
        news |= DTU_POSIX_SERIAL_SET;
    return news;
}

/* Bytes are counted first, and the settings looked at then: if nothing is new, it was not when
 * these bytes were written, and no more of them are read. */
static ssize_t read_followed(struct dtu_posix_serial *s, uint8_t *data, size_t size, unsigned *news)
{
    int count = 0;
    struct dtu_uart now;
    uint8_t told = 0;
    struct iovec parts[] = {{&told, 1}, {data, size}};

    *news = 0;
    if (ioctl(s->fd, FIONREAD, &count) != 0 || !dtu_posix_serial_setting(s, &now))
        return -1;
    if (!is_same(&now, &s->seen)) {
        s->seen = now;
        *news = DTU_POSIX_SERIAL_SET;
        return 0;
    }
    if ((size_t)count < size)
        parts[1].iov_len = (size_t)count;
    ssize_t n = readv(s->fd, parts, 2);
    if (n <= 0)
        return n;
    *news = news_of(told);
    return n - 1;
}

static ssize_t read_once(struct dtu_posix_serial *s, uint8_t *data, size_t size, unsigned *news)
{
    if (s->is_followed)
        return read_followed(s, data, size, news);
    ssize_t n = read(s->fd, data, size);
    if (n == 0) { /* hung up */
        errno = EIO;
        return -1;
    }
    return n;
}

ssize_t dtu_posix_serial_read(struct dtu_posix_serial *s, uint8_t *data, size_t size,
                              unsigned *news)
{
    ssize_t n = read_once(s, data, size, news);
    bool none = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
    return none ? 0 : n;
}

/* --- What RFC 2217 wants of it -------------------------------------------------------------- */

void dtu_posix_serial_in_use(const struct dtu_posix_serial *s, struct dtu_uart *uart)
{
    unsigned lines;
    uint8_t flow = uart->flow;

    if (!dtu_posix_serial_lines(s, &lines) || !dtu_posix_serial_setting(s, uart))
        return;
    if (flow != DTU_FLOW_RTS_CTS) /* all others the driver can do, and RS-485 is not seen */
        uart->flow = flow;
}

bool dtu_posix_serial_lines(const struct dtu_posix_serial *s, unsigned *lines)
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

bool dtu_posix_serial_signal(struct dtu_posix_serial *s, enum dtu_rfc2217_signal signal, bool on)
{
    int line = signal == DTU_RFC2217_DTR ? TIOCM_DTR : TIOCM_RTS;

    if (s->is_pty || s->fd < 0)
        return false;
    if (signal == DTU_RFC2217_BREAK)
        return ioctl(s->fd, on ? TIOCSBRK : TIOCCBRK) == 0;
    return ioctl(s->fd, on ? TIOCMBIS : TIOCMBIC, &line) == 0;
}

void dtu_posix_serial_purge(struct dtu_posix_serial *s, unsigned what)
{
    if (s->fd < 0)
        return;
    if ((what & DTU_RFC2217_PURGE_RX) != 0)
        (void)tcflush(s->fd, TCIFLUSH);
    if ((what & DTU_RFC2217_PURGE_TX) != 0)
        (void)tcflush(s->fd, TCOFLUSH);
}
