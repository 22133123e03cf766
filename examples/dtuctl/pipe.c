/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* accept4 */
#include "pipe.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"
#include "output.h"
#include "stop.h"

/* How long a connection may take to be made, by us and by a module that we wait for: most of those
 * try again within this time. */
enum { CONNECT_MS = 10000, ACCEPT_MS = 120000 };

/* --- Addresses ------------------------------------------------------------------------------ */

static int resolve(const struct pipe *p, const struct endpoint *at, struct sockaddr_in *to)
{
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    int error = getaddrinfo(at->host, NULL, &hints, &list);

    if (error != 0) {
        complain("%s: %s", p->name, gai_strerror(error));
        return STATUS_REFUSED;
    }
    memcpy(to, list->ai_addr, sizeof *to);
    to->sin_port = htons(at->port);
    freeaddrinfo(list);
    return STATUS_DONE;
}

static int new_socket(int type)
{
    return socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* --- Waiting -------------------------------------------------------------------------------- */

static int time_left(int64_t end)
{
    int64_t left = end - net_now();
    if (left <= 0)
        return 0;
    return left < INT32_MAX ? (int)left : INT32_MAX;
}

/* Until a file is ready for `events`, or has ended. */
static enum pipe_event wait_for(int fd, short events, int64_t end, bool stoppable)
{
    struct pollfd files[] = {{.fd = fd, .events = events},
                             {.fd = stoppable ? stop_fd() : -1, .events = POLLIN}};

    for (;;) {
        int ready = poll(files, 2, time_left(end));
        if (stoppable && stop_signal() != 0)
            return PIPE_STOPPED;
        if (ready > 0)
            return (files[0].revents & ~POLLOUT) != 0 ? PIPE_DATA : PIPE_QUIET;
        if (ready == 0 && net_now() >= end)
            return PIPE_QUIET;
        if (ready < 0 && errno != EINTR)
            return PIPE_ENDED;
    }
}

/* --- Opening -------------------------------------------------------------------------------- */

static int open_udp(struct pipe *p)
{
    struct sockaddr_in to;
    int status = resolve(p, &p->options->udp, &to);

    if (status != STATUS_DONE)
        return status;
    p->fd = new_socket(SOCK_DGRAM);
    if (p->fd >= 0 && connect(p->fd, (struct sockaddr *)&to, sizeof to) == 0)
        return STATUS_DONE;
    complain("%s: %s", p->name, strerror(errno));
    return STATUS_REFUSED;
}

static void set_nodelay(int fd)
{
    const int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static int stopped(void)
{
    return STATUS_SIGNAL + stop_signal();
}

/* Waits until the connection is made. */
static int finish_connect(struct pipe *p, int64_t end)
{
    socklen_t len = sizeof p->error;
    struct pollfd file = {.fd = p->fd, .events = POLLOUT};

    if (wait_for(p->fd, POLLOUT, end, true) == PIPE_STOPPED)
        return stopped();
    if (poll(&file, 1, 0) != 1) {
        p->error = ETIMEDOUT;
        return STATUS_SILENT;
    }
    if (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &p->error, &len) != 0)
        p->error = errno;
    return p->error == 0 ? STATUS_DONE : STATUS_SILENT;
}

static int connect_tcp(struct pipe *p, int64_t end)
{
    struct sockaddr_in to;
    int status = resolve(p, &p->options->tcp, &to);

    if (status != STATUS_DONE)
        return status;
    p->error = 0;
    p->fd = new_socket(SOCK_STREAM);
    if (p->fd < 0 ||
        (connect(p->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS)) {
        p->error = errno;
        return STATUS_SILENT;
    }
    set_nodelay(p->fd);
    return finish_connect(p, end);
}

static int accept_tcp(struct pipe *p, int64_t end)
{
    for (;;) {
        enum pipe_event event = wait_for(p->listener, POLLIN, end, true);
        if (event == PIPE_STOPPED)
            return stopped();
        if (event != PIPE_DATA) {
            p->error = ETIMEDOUT;
            return STATUS_SILENT;
        }
        p->fd = accept4(p->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (p->fd >= 0) {
            set_nodelay(p->fd);
            return STATUS_DONE;
        }
    }
}

static int listen_tcp(struct pipe *p)
{
    const int on = 1;
    const struct sockaddr_in own = {.sin_family = AF_INET,
                                    .sin_port = htons((uint16_t)p->options->listen),
                                    .sin_addr.s_addr = htonl(INADDR_ANY)};

    p->listener = new_socket(SOCK_STREAM);
    if (p->listener >= 0 &&
        setsockopt(p->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(p->listener, (const struct sockaddr *)&own, sizeof own) == 0 &&
        listen(p->listener, 1) == 0)
        return STATUS_DONE;
    complain("%s: %s", p->name, strerror(errno));
    return STATUS_REFUSED;
}

static int open_listener(struct pipe *p)
{
    int status = listen_tcp(p);

    if (status != STATUS_DONE)
        return status;
    complain("waiting for a module to connect to %s", p->name);
    status = accept_tcp(p, net_now() + ACCEPT_MS);
    if (status == STATUS_SILENT)
        complain("%s: no module connected within %d s", p->name, ACCEPT_MS / 1000);
    return status;
}

static int open_tcp(struct pipe *p)
{
    int status = connect_tcp(p, net_now() + CONNECT_MS);
    if (status == STATUS_SILENT)
        complain("%s: %s", p->name, strerror(p->error));
    return status;
}

static int open_tty(struct pipe *p)
{
    char error[400];

    if (!tty_open(&p->tty, p->options->tty.path, &p->options->tty.uart, error, sizeof error)) {
        complain("%s", error);
        return STATUS_REFUSED;
    }
    p->fd = p->tty.serial.fd;
    return STATUS_DONE;
}

static int open_kind(struct pipe *p)
{
    switch (p->kind) {
    case PIPE_TTY:
        return open_tty(p);
    case PIPE_UDP:
        return open_udp(p);
    case PIPE_TCP:
        return open_tcp(p);
    case PIPE_LISTEN:
        return open_listener(p);
    }
    return STATUS_USAGE;
}

/* --- The command line ----------------------------------------------------------------------- */

/* The options have been checked: just one is given. */
static enum pipe_kind find_kind(const struct options *o)
{
    if (o->tty.path != NULL)
        return PIPE_TTY;
    if (o->udp.text != NULL)
        return PIPE_UDP;
    return o->tcp.text != NULL ? PIPE_TCP : PIPE_LISTEN;
}

static void set_name(struct pipe *p)
{
    const struct options *o = p->options;

    if (p->kind == PIPE_TTY)
        output_visible(p->name, sizeof p->name, o->tty.path, strlen(o->tty.path));
    else if (p->kind == PIPE_LISTEN)
        snprintf(p->name, sizeof p->name, "port %u", (unsigned)o->listen);
    else
        snprintf(p->name, sizeof p->name, "%s:%u", p->kind == PIPE_UDP ? o->udp.host : o->tcp.host,
                 p->kind == PIPE_UDP ? o->udp.port : o->tcp.port);
}

int pipe_open(struct pipe *p, const struct options *o)
{
    int status;

    *p = (struct pipe){.kind = find_kind(o), .fd = -1, .listener = -1, .options = o};
    p->tty.serial.fd = -1;
    p->tty.serial.slave = -1;
    set_name(p);
    status = open_kind(p);
    if (status != STATUS_DONE)
        pipe_close(p);
    return status;
}

/* --- Open again, close ---------------------------------------------------------------------- */

static void close_socket(struct pipe *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
}

static int reopen_tty(struct pipe *p)
{
    bool is_back = tty_reopen(&p->tty, &p->options->tty.uart);

    if (!is_back)
        p->error = errno;
    p->fd = p->tty.serial.fd;
    return is_back ? STATUS_DONE : STATUS_SILENT;
}

static int reopen_socket(struct pipe *p, int64_t end)
{
    int status;

    close_socket(p);
    if (p->kind == PIPE_UDP)
        status = open_udp(p);
    else
        status = p->kind == PIPE_TCP ? connect_tcp(p, end) : accept_tcp(p, end);
    if (status != STATUS_DONE)
        close_socket(p);
    return status;
}

int pipe_reopen(struct pipe *p, int64_t end)
{
    int status = p->kind == PIPE_TTY ? reopen_tty(p) : reopen_socket(p, end);

    p->has_ended = status != STATUS_DONE;
    p->is_full = false;
    return status;
}

void pipe_redirect(struct pipe *p, const struct options *o)
{
    p->options = o;
    p->has_ended = true;
    set_name(p);
}

void pipe_close(struct pipe *p)
{
    if (p->kind == PIPE_TTY)
        tty_close(&p->tty);
    else
        close_socket(p);
    p->fd = -1;
    if (p->listener >= 0)
        close(p->listener);
    p->listener = -1;
}

/* --- Bytes ---------------------------------------------------------------------------------- */

static void end(struct pipe *p, int error)
{
    p->has_ended = true;
    p->error = error;
}

const char *pipe_reason(const struct pipe *p)
{
    return p->error == 0 ? "closed by the other side" : strerror(p->error);
}

static ssize_t send_some(const struct pipe *p, const uint8_t *data, size_t len)
{
    ssize_t sent;
    do
        sent = p->kind == PIPE_TTY ? write(p->fd, data, len) : send(p->fd, data, len, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent;
}

/* A datagram that cannot be sent is lost like one that was lost on its way; the first error can be
 * that of an earlier one. */
static size_t send_datagram(struct pipe *p, const uint8_t *data, size_t len)
{
    if (send_some(p, data, len) >= 0)
        return len;
    p->error = errno;
    if (send_some(p, data, len) < 0)
        p->error = errno;
    return len;
}

bool pipe_wait_room(const struct pipe *p, int64_t end)
{
    struct pollfd file = {.fd = p->fd, .events = POLLOUT};

    if (p->has_ended)
        return false;
    while (poll(&file, 1, time_left(end)) < 0)
        if (errno != EINTR)
            return false;
    return file.revents == POLLOUT;
}

size_t pipe_send(struct pipe *p, const uint8_t *data, size_t len)
{
    ssize_t sent;

    if (p->has_ended || len == 0)
        return 0;
    if (p->kind == PIPE_UDP)
        return send_datagram(p, data, len);
    sent = send_some(p, data, len);
    if (sent < 0 && errno != EAGAIN)
        end(p, errno);
    if (sent < 0)
        sent = 0;
    p->is_full = (size_t)sent < len;
    return (size_t)sent;
}

/* PIPE_QUIET: there was nothing after all. */
static enum pipe_event receive(struct pipe *p, uint8_t *data, size_t size, size_t *len)
{
    ssize_t got = read(p->fd, data, size);

    if (got > 0) {
        *len = (size_t)got;
        return PIPE_DATA;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return PIPE_QUIET;
    if (p->kind == PIPE_UDP) { /* an empty datagram, or nobody listens there: not yet, perhaps */
        p->error = got < 0 ? errno : p->error;
        return PIPE_QUIET;
    }
    end(p, got < 0 ? errno : 0);
    return PIPE_ENDED;
}

enum pipe_event pipe_wait(struct pipe *p, uint8_t *data, size_t size, size_t *len, int64_t until,
                          bool stoppable)
{
    enum pipe_event event;
    bool was_full;

    *len = 0;
    if (p->has_ended)
        return PIPE_ENDED;
    do {
        was_full = p->is_full;
        p->is_full = false; /* whoever has more to send finds out again */
        event = wait_for(p->fd, was_full ? POLLIN | POLLOUT : POLLIN, until, stoppable);
        if (event == PIPE_DATA)
            event = receive(p, data, size, len);
        else if (event == PIPE_ENDED)
            end(p, errno);
    } while (event == PIPE_QUIET && !was_full && net_now() < until);
    return event;
}
