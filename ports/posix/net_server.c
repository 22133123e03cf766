/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* POLLRDHUP */
#include "internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef POLLRDHUP
#define POLLRDHUP 0 /* elsewhere the end of a connection is found when somebody reads */
#endif

enum {
    QUEUE_SIZE = 65536,  /* of each client */
    SEND_BUFFER = 65536, /* of the system, which would let megabytes wait for a slow client */
    PATIENCE_MS = 1000,  /* for so long a client may hold back another */
    BACKLOG = 16
};

struct net_client {
    struct net_server *server;
    int fd;
    int watch;
    bool hung_up;  /* poll would say so for ever: it is asked again when somebody reads */
    bool leaving;  /* for a newer one, when this was read: */
    size_t unread; /* bytes that had come by then */
    size_t at;     /* where the queue begins; it goes round */
    size_t len;
    uint8_t queue[QUEUE_SIZE];
};

static void update_watch(const struct net_client *c)
{
    short events = POLLRDHUP;
    if (c->server->want_read)
        events |= POLLIN;
    if (c->len > 0)
        events |= POLLOUT;
    dtu_posix_watch_for(c->server->loop, c->watch, c->hung_up ? 0 : events);
}

static void watch_listener(struct net_server *s, bool wanted)
{
    if (s->listener_watch >= 0)
        dtu_posix_watch_for(s->loop, s->listener_watch, wanted ? POLLIN : 0);
}

/* --- To the clients ------------------------------------------------------------------------- */

/* How much the system takes. An error is found out by whoever reads. */
static size_t send_some(int fd, const uint8_t *data, size_t len)
{
    ssize_t n;
    do
        n = send(fd, data, len, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n > 0 ? (size_t)n : 0;
}

/* There is room. */
static void put(struct net_client *c, const uint8_t *data, size_t len)
{
    size_t end = (c->at + c->len) % QUEUE_SIZE;
    size_t first = len < QUEUE_SIZE - end ? len : QUEUE_SIZE - end;
    memcpy(c->queue + end, data, first);
    memcpy(c->queue, data + first, len - first);
    c->len += len;
}

static void give(struct net_client *c, const uint8_t *data, size_t len)
{
    size_t taken = c->len == 0 ? send_some(c->fd, data, len) : 0;
    put(c, data + taken, len - taken);
    update_watch(c);
}

static void send_queue(struct net_client *c)
{
    size_t first = c->len < QUEUE_SIZE - c->at ? c->len : QUEUE_SIZE - c->at;
    size_t taken = send_some(c->fd, c->queue + c->at, first);
    c->at = (c->at + taken) % QUEUE_SIZE;
    c->len -= taken;
    update_watch(c);
}

/* --- Who is there --------------------------------------------------------------------------- */

static void remove_client(struct net_client *c)
{
    struct net_server *s = c->server;
    unsigned i = 0;
    while (s->clients[i] != c)
        i++;
    s->count--;
    memmove(s->clients + i, s->clients + i + 1, (s->count - i) * sizeof s->clients[0]);
    if (i < s->turn)
        s->turn--;
    s->lost += dtu_posix_net_unacknowledged(c->fd) + (uint32_t)c->len;
    dtu_posix_unwatch(s->loop, c->watch);
    close(c->fd);
    free(c);
}

/* One of several goes; `why` is NULL if it is the client that left. */
static void lose_client(struct net_client *c, const char *why)
{
    struct net_server *s = c->server;
    struct sockaddr_in from = {.sin_port = 0};
    socklen_t from_len = sizeof from;
    char host[INET_ADDRSTRLEN] = "?";
    char text[128];

    if (why != NULL) {
        getpeername(c->fd, (struct sockaddr *)&from, &from_len);
        inet_ntop(AF_INET, &from.sin_addr, host, sizeof host);
        snprintf(text, sizeof text, "client %s:%u %s", host, (unsigned)ntohs(from.sin_port), why);
    }
    remove_client(c);
    watch_listener(s, true); /* in case that there was no room for another */
    s->event(s->ctx, NET_CLIENTS, why != NULL ? text : NULL);
}

/* --- Slow clients --------------------------------------------------------------------------- */

/* How many clients have got everything. If it is some and not all of them, they are being held back
 * by the others. */
static unsigned count_done(struct net_server *s)
{
    unsigned done = 0;
    for (unsigned i = 0; i < s->count; i++)
        done += s->clients[i]->len == 0;
    bool held = done > 0 && done < s->count;
    if (held && !s->held)
        s->held_ms = dtu_posix_now();
    s->held = held;
    return done;
}

static void lose_slow_clients(struct net_server *s)
{
    char why[64];
    for (unsigned i = s->count; i-- > 0;) {
        if (s->clients[i]->len == 0)
            continue;
        s->slow++;
        snprintf(why, sizeof why, "is too slow, and closed; %lu so far", (unsigned long)s->slow);
        lose_client(s->clients[i], why);
    }
}

/* After a queue was full, all wait until everybody has got everything, so that whoever is as fast
 * as the others catches up; but not for ever. */
static void go_on(struct net_server *s)
{
    if (!s->waiting)
        return;
    unsigned done = count_done(s);
    if (s->held && dtu_elapsed(dtu_posix_now(), s->held_ms) >= PATIENCE_MS) {
        lose_slow_clients(s);
        done = s->count;
    }
    if (done < s->count)
        return;
    s->waiting = false;
    s->event(s->ctx, NET_WRITABLE, NULL);
}

static uint32_t timer_next(void *ctx, uint32_t now)
{
    const struct net_server *s = ctx;
    return s->waiting && s->held ? dtu_remaining(now, s->held_ms, PATIENCE_MS) : DTU_NEVER;
}

static void timer_poll(void *ctx, uint32_t now)
{
    (void)now;
    go_on(ctx);
}

static bool all_have_room(const struct net_server *s, size_t len)
{
    for (unsigned i = 0; i < s->count; i++)
        if (QUEUE_SIZE - s->clients[i]->len < len)
            return false;
    return true;
}

size_t dtu_posix_net_server_send(struct net_server *s, const uint8_t *data, size_t len)
{
    if (len > QUEUE_SIZE)
        len = QUEUE_SIZE;
    if (s->count == 0 || s->waiting)
        return 0;
    if (!all_have_room(s, len)) {
        s->waiting = true;
        s->held = false;
        (void)count_done(s);
        return 0;
    }
    for (unsigned i = 0; i < s->count; i++)
        give(s->clients[i], data, len);
    return len;
}

/* --- From the clients ----------------------------------------------------------------------- */

static ssize_t receive(int fd, uint8_t *data, size_t size, int flags)
{
    ssize_t n;
    do
        n = recv(fd, data, size, flags);
    while (n < 0 && errno == EINTR);
    if (n >= 0)
        return n;
    return errno == EAGAIN || errno == EWOULDBLOCK ? -1 : 0;
}

/* One who has to leave does so when all is read that he had sent before. */
static void count_down(struct net_client *c, size_t read)
{
    c->unread -= read < c->unread ? read : c->unread;
    if (c->leaving && c->unread == 0)
        lose_client(c, "is closed for a newer one");
}

/* Whoever has been read is the last to be read again. */
ssize_t dtu_posix_net_server_receive(struct net_server *s, uint8_t *data, size_t size)
{
    for (unsigned tries = s->count; tries > 0; tries--) {
        if (s->turn >= s->count)
            s->turn = 0;
        struct net_client *c = s->clients[s->turn];
        ssize_t n = receive(c->fd, data, size, 0);
        if (n == 0 && s->count == 1)
            return 0;
        if (n == 0)
            lose_client(c, NULL);
        else
            s->turn++;
        if (n > 0)
            count_down(c, (size_t)n);
        if (n > 0)
            return n;
    }
    return -1;
}

/* Whether a client has left, and all that it sent has been read. */
static bool has_ended(const struct net_client *c)
{
    uint8_t byte;
    return receive(c->fd, &byte, 1, MSG_PEEK) == 0;
}

/* Nobody reads: then a client whose data is still to be read stays. */
static void on_hang_up(struct net_client *c)
{
    struct net_server *s = c->server;

    c->hung_up = true;
    update_watch(c);
    if (!has_ended(c))
        return;
    if (s->count > 1)
        lose_client(c, NULL);
    else
        s->event(s->ctx, NET_ENDED, NULL);
}

static void on_client_ready(void *ctx, short revents)
{
    struct net_client *c = ctx;
    struct net_server *s = c->server;

    if ((revents & POLLOUT) != 0)
        send_queue(c);
    if (s->want_read && (revents & ~POLLOUT) != 0) /* reading finds out about a hang-up too */
        s->event(s->ctx, NET_READABLE, NULL);
    else if ((revents & (POLLRDHUP | POLLERR | POLLHUP)) != 0)
        on_hang_up(c);
    go_on(s); /* the client may be gone */
}

void dtu_posix_net_server_want_read(struct net_server *s, bool wanted)
{
    s->want_read = wanted;
    for (unsigned i = 0; i < s->count; i++) {
        if (wanted)
            s->clients[i]->hung_up = false;
        update_watch(s->clients[i]);
    }
}

/* --- Newcomers ------------------------------------------------------------------------------ */

static bool add_client(struct net_server *s, int fd)
{
    int on = 1, size = SEND_BUFFER;
    struct net_client *c = malloc(sizeof *c);
    if (c == NULL)
        return false;
    c->server = s;
    c->fd = fd;
    c->hung_up = false;
    c->leaving = false;
    c->unread = 0;
    c->at = 0;
    c->len = 0;
    c->watch = dtu_posix_watch(s->loop, fd, on_client_ready, c);
    if (c->watch < 0) {
        free(c);
        return false;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    s->clients[s->count++] = c;
    update_watch(c);
    return true;
}

static void close_listener(struct net_server *s)
{
    int reason = errno;
    dtu_posix_timer_remove(s->loop, &s->timer);
    dtu_posix_unwatch(s->loop, s->listener_watch);
    if (s->listener >= 0)
        close(s->listener);
    s->listener = -1;
    s->listener_watch = -1;
    errno = reason;
}

/* It would be tried without end, so there is a pause: until a client goes, or, if there is none,
 * the server is opened again. Who waits to connect goes on waiting. */
static void cannot_accept(struct net_server *s, int error)
{
    watch_listener(s, false);
    if (s->count == 0)
        s->event(s->ctx, NET_FAILED, strerror(error));
}

/* There is one too many. One that has left and was not noticed yet goes before the oldest does. */
static void make_room(struct net_server *s)
{
    for (unsigned i = 0; i < s->count; i++)
        if (has_ended(s->clients[i])) {
            lose_client(s->clients[i], NULL);
            return;
        }
    struct net_client *oldest = s->clients[0];
    int unread = 0;
    (void)ioctl(oldest->fd, FIONREAD, &unread);
    oldest->leaving = true;
    oldest->unread = unread > 0 ? (size_t)unread : 0;
    if (unread > 0)
        watch_listener(s, false); /* nobody else until he has gone */
    else
        lose_client(oldest, "is closed for a newer one");
}

static void on_listener_ready(void *ctx, short revents)
{
    struct net_server *s = ctx;
    int fd = accept(s->listener, NULL, NULL);
    (void)revents;

    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
        cannot_accept(s, errno);
    if (fd < 0)
        return; /* else whoever it was has left again */
    if (!add_client(s, fd)) {
        close(fd);
        cannot_accept(s, ENOMEM);
        return;
    }
    if (s->count == 1) {
        s->event(s->ctx, NET_OPENED, NULL);
        return;
    }
    if (s->count > s->max_clients)
        make_room(s);
    else
        s->event(s->ctx, NET_CLIENTS, NULL);
    go_on(s);
}

static bool open_listener(struct net_server *s, uint16_t port)
{
    int on = 1;

    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->listener < 0)
        return false;
    setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (dtu_posix_net_bind(s->listener, s->bind_address, port) && listen(s->listener, BACKLOG) == 0)
        s->listener_watch = dtu_posix_watch(s->loop, s->listener, on_listener_ready, s);
    dtu_posix_timer_add(s->loop, &s->timer);
    if (s->listener_watch < 0)
        close_listener(s);
    return s->listener >= 0;
}

/* --- Open and closed ------------------------------------------------------------------------ */

void dtu_posix_net_server_init(struct net_server *s, struct dtu_posix_loop *loop,
                               const char *bind_address, unsigned max_clients, net_on_event *event,
                               void *ctx)
{
    *s = (struct net_server){.loop = loop,
                             .event = event,
                             .ctx = ctx,
                             .bind_address = bind_address,
                             .max_clients = max_clients,
                             .timer = {timer_next, timer_poll, s, NULL},
                             .listener = -1,
                             .listener_watch = -1};
}

bool dtu_posix_net_server_open(struct net_server *s, uint16_t port)
{
    if (s->listener < 0 && !open_listener(s, port))
        return false;
    watch_listener(s, true);
    return true;
}

uint32_t dtu_posix_net_server_hang_up(struct net_server *s)
{
    watch_listener(s, false);
    while (s->count > 0)
        remove_client(s->clients[s->count - 1]);
    uint32_t lost = s->lost;
    s->lost = 0;
    s->waiting = false;
    s->want_read = false;
    return lost;
}

void dtu_posix_net_server_close(struct net_server *s)
{
    close_listener(s); /* first: who finds his connection closed may connect again at once */
    (void)dtu_posix_net_server_hang_up(s);
}
