/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* cfmakeraw, CRTSCTS, flock, TIOCEXCL */
#include "tty.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
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

static tcflag_t data_bits(uint8_t bits)
{
    static const tcflag_t sizes[] = {CS5, CS6, CS7, CS8};
    return sizes[bits - 5];
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
static uint32_t get_rate(int fd)
{
    struct linux_termios2 t;
    return ioctl(fd, LINUX_TCGETS2, &t) == 0 ? t.c_ospeed : 0;
}

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
static uint32_t get_rate(int fd)
{
    struct termios t;
    return tcgetattr(fd, &t) == 0 ? (uint32_t)cfgetospeed(&t) : 0;
}

static bool set_rate(int fd, uint32_t baud)
{
    struct termios t;
    return tcgetattr(fd, &t) == 0 && cfsetspeed(&t, (speed_t)baud) == 0 &&
           tcsetattr(fd, TCSANOW, &t) == 0;
}
#endif

static bool set_up(int fd, const struct dtu_uart *uart)
{
    struct termios t;

    if (tcgetattr(fd, &t) != 0)
        return false;
    cfmakeraw(&t);
    t.c_iflag &= ~(tcflag_t)(IXOFF | IXANY);
    t.c_cflag &= ~(tcflag_t)(CSIZE | CSTOPB | CRTSCTS | PARENB | PARODD | HUPCL);
    t.c_cflag |= CLOCAL | CREAD | data_bits(uart->data_bits) | parity_bits(uart->parity);
    if (uart->stop_bits == 2)
        t.c_cflag |= CSTOPB;
    return tcsetattr(fd, TCSANOW, &t) == 0 && set_rate(fd, uart->baud);
}

/* TIOCEXCL keeps out everybody but root, and flock() those who ask. */
static bool take(int fd)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return ioctl(fd, TIOCEXCL) == 0;
    if (errno == EWOULDBLOCK)
        errno = EBUSY;
    return false;
}

int tty_open(const char *path, const struct dtu_uart *uart, struct tty_setting *before)
{
    int reason, fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return -1;
    if (tcgetattr(fd, &before->termios) != 0 || !take(fd)) {
        reason = errno;
        close(fd);
        errno = reason;
        return -1;
    }
    before->baud = get_rate(fd);
    if (set_up(fd, uart))
        return fd;
    reason = errno;
    tty_close(fd, before);
    errno = reason;
    return -1;
}

void tty_close(int fd, const struct tty_setting *before)
{
    /* A tty that was unplugged cannot be set, and need not be. */
    (void)tcsetattr(fd, TCSANOW, &before->termios);
    if (before->baud != 0)
        (void)set_rate(fd, before->baud);
    (void)ioctl(fd, TIOCNXCL); /* a pty that is open elsewhere too would stay so */
    close(fd);
}
