/* SPDX-License-Identifier: MIT */
/* A TCP port at which the UART is offered by RFC 2217. There is one client at a time, who has the
 * UART for himself. */
#define _GNU_SOURCE /* accept4 */
#include "internal.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 4,
    LINES_MS = 100, /* how often lines are looked at: nothing tells of a change */
    PULSE_MS = 250  /* a break of telnet's */
};

static const char in_use[] = "softdtu: the UART is in use by another client\r\n";

struct com_port_client {
    struct com_port *port;
    struct dtu_posix_timer timer;
    struct dtu_rfc2217 r;
    int fd;
    int watch;
    bool full;      /* the connection has no room */
    bool ended;     /* nothing more comes */
    bool gone;      /* and nothing can be sent */
    bool has_lines; /* the tty has some, to be looked at */
    bool pulse;     /* a break is being sent */
    uint32_t lines_ms;
    uint32_t pulse_ms;
    size_t in_at, in_len;
    size_t out_at, out_len;
    uint8_t in[COM_PORT_READ];  /* from the client, not taken yet */
    uint8_t out[COM_PORT_READ]; /* from the UART, not sent yet */
};

/* --- What the engine asks for --------------------------------------------------------------- */

static size_t on_send(void *ctx, const uint8_t *data, size_t len)
{
    struct com_port_client *k = ctx;
    ssize_t n;

    if (k->full || k->gone)
        return 0;
    do
        n = send(k->fd, data, len, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
        k->gone = true;
        return 0;
    }
    k->full = n < (ssize_t)len;
    return n > 0 ? (size_t)n : 0;
}

static size_t on_data(void *ctx, const uint8_t *data, size_t len)
{
    struct com_port_client *k = ctx;
    return k->port->calls->write(k->port->ctx, data, len);
}

static void on_uart(void *ctx, struct dtu_uart *uart)
{
    struct com_port_client *k = ctx;
    k->port->calls->set(k->port->ctx, uart);
}

/* A line that the tty does not have is as the client wants it: nobody can see another. */
static bool on_signal(void *ctx, enum dtu_rfc2217_signal signal, bool on)
{
    struct com_port_client *k = ctx;
    if (signal == DTU_RFC2217_BREAK)
        k->pulse = false;
    (void)dtu_posix_serial_signal(k->port->serial, signal, on);
    return on;
}

static void on_pulse(void *ctx)
{
    struct com_port_client *k = ctx;
    k->pulse = dtu_posix_serial_signal(k->port->serial, DTU_RFC2217_BREAK, true);
    k->pulse_ms = dtu_posix_now();
}

static void on_purge(void *ctx, unsigned what)
{
    struct com_port_client *k = ctx;
    if ((what & DTU_RFC2217_PURGE_RX) != 0)
        k->out_at = k->out_len;
    dtu_posix_serial_purge(k->port->serial, what);
}

static const struct dtu_rfc2217_server_callbacks engine_calls = {.pipe = {on_send, on_data},
                                                                 .uart = on_uart,
                                                                 .signal = on_signal,
                                                                 .pulse = on_pulse,
                                                                 .purge = on_purge};

/* --- Lines and breaks ----------------------------------------------------------------------- */

/* A tty without lines: the other side is there, and holds nothing up. */
static void look_at_lines(struct com_port_client *k)
{
    unsigned lines = DTU_RFC2217_CTS | DTU_RFC2217_DSR | DTU_RFC2217_CD;
    k->has_lines = dtu_posix_serial_lines(k->port->serial, &lines);
    k->lines_ms = dtu_posix_now();
    dtu_rfc2217_server_modem(&k->r, lines);
}

static uint32_t timer_next(void *ctx, uint32_t now)
{
    const struct com_port_client *k = ctx;
    uint32_t lines = k->has_lines ? dtu_remaining(now, k->lines_ms, LINES_MS) : DTU_NEVER;
    uint32_t pulse = k->pulse ? dtu_remaining(now, k->pulse_ms, PULSE_MS) : DTU_NEVER;
    return lines < pulse ? lines : pulse;
}

static void timer_poll(void *ctx, uint32_t now)
{
    struct com_port_client *k = ctx;
    struct com_port *c = k->port;

    if (k->pulse && dtu_elapsed(now, k->pulse_ms) >= PULSE_MS) {
        k->pulse = false;
        (void)dtu_posix_serial_signal(c->serial, DTU_RFC2217_BREAK, false);
    }
    if (k->has_lines && dtu_elapsed(now, k->lines_ms) >= LINES_MS)
        look_at_lines(k);
    c->calls->event(c->ctx); /* the client may be gone after this */
}

/* --- A client ------------------------------------------------------------------------------- */

static void end_client(struct com_port *c)
{
    struct com_port_client *k = c->client;
    size_t lost = k->out_len - k->out_at;

    /* a break or a line that the client has left behind is not the module's */
    (void)dtu_posix_serial_signal(c->serial, DTU_RFC2217_BREAK, false);
    (void)dtu_posix_serial_signal(c->serial, DTU_RFC2217_DTR, true);
    (void)dtu_posix_serial_signal(c->serial, DTU_RFC2217_RTS, true);
    dtu_posix_timer_remove(c->loop, &k->timer);
    dtu_posix_unwatch(c->loop, k->watch);
    close(k->fd);
    c->client = NULL;
    free(k);
    c->calls->left(c->ctx, lost);
}

static void read_client(struct com_port_client *k)
{
    ssize_t n = recv(k->fd, k->in, sizeof k->in, 0);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return;
    k->in_at = 0;
    k->in_len = n > 0 ? (size_t)n : 0;
    k->ended = n <= 0;
    k->gone = n < 0;
}

static void on_client(void *ctx, short revents)
{
    struct com_port_client *k = ctx;
    struct com_port *c = k->port;

    if ((revents & POLLOUT) != 0)
        k->full = false;
    if ((revents & POLLIN) != 0 && k->in_at == k->in_len && !k->ended)
        read_client(k);
    else if ((revents & (POLLERR | POLLHUP | POLLNVAL)) != 0)
        k->gone = true;
    c->calls->event(c->ctx); /* the client may be gone after this */
}

/* One that vanishes without a word is found out within a minute. Telnet sends some commands as
 * urgent data, which is to stay in its place. */
static void set_up_connection(int fd)
{
    static const struct {
        int level, option, value;
    } options[] = {{IPPROTO_TCP, TCP_NODELAY, 1},         {SOL_SOCKET, SO_OOBINLINE, 1},
                   {SOL_SOCKET, SO_KEEPALIVE, 1},         {IPPROTO_TCP, TCP_KEEPIDLE, 20},
                   {IPPROTO_TCP, TCP_KEEPINTVL, 10},      {IPPROTO_TCP, TCP_KEEPCNT, 4},
                   {IPPROTO_TCP, TCP_USER_TIMEOUT, 60000}};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        (void)setsockopt(fd, options[i].level, options[i].option, &options[i].value,
                         sizeof options[i].value);
}

static void begin_client(struct com_port *c, struct com_port_client *k)
{
    struct dtu_uart uart;

    c->client = k;
    set_up_connection(k->fd);
    c->calls->came(c->ctx, &uart);
    (void)dtu_rfc2217_server_init(&k->r, &engine_calls, "libdtu softdtu", &uart, k);
    look_at_lines(k);
    dtu_posix_timer_add(c->loop, &k->timer);
}

/* What it has said is read, or its system would throw away what it is told. */
static void refuse(int fd)
{
    char said[256];
    (void)!send(fd, in_use, sizeof in_use - 1, MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    (void)!recv(fd, said, sizeof said, 0);
    close(fd);
}

static void on_listener(void *ctx, short revents)
{
    struct com_port *c = ctx;
    int fd = accept4(c->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct com_port_client *k;

    (void)revents;
    if (fd < 0)
        return;
    if (c->client != NULL) {
        refuse(fd);
        return;
    }
    k = calloc(1, sizeof *k);
    if (k == NULL) {
        close(fd);
        return;
    }
    k->port = c;
    k->fd = fd;
    k->timer = (struct dtu_posix_timer){timer_next, timer_poll, k, NULL};
    k->watch = dtu_posix_watch(c->loop, fd, on_client, k);
    if (k->watch < 0) {
        close(fd);
        free(k);
        return;
    }
    begin_client(c, k);
    c->calls->event(c->ctx);
}

/* --- Going on ------------------------------------------------------------------------------- */

static void feed_engine(struct com_port_client *k)
{
    k->in_at += dtu_rfc2217_feed(&k->r, k->in + k->in_at, k->in_len - k->in_at);
}

static void send_out(struct com_port_client *k)
{
    k->out_at += dtu_rfc2217_send(&k->r, k->out + k->out_at, k->out_len - k->out_at);
    (void)dtu_rfc2217_flush(&k->r);
}

/* While nothing is wanted of it, something is named that TCP does not have: so it is looked at, and
 * poll tells of errors. */
static void watch_client(struct com_port_client *k)
{
    short events = POLLRDBAND;
    if (k->in_at == k->in_len)
        events |= POLLIN;
    if (k->full)
        events |= POLLOUT;
    dtu_posix_watch_for(k->port->loop, k->watch, events);
}

void dtu_posix_com_port_go_on(struct com_port *c)
{
    struct com_port_client *k = c->client;

    if (k == NULL)
        return;
    feed_engine(k);
    send_out(k);
    if (k->gone || (k->ended && k->in_at == k->in_len))
        end_client(c);
    else
        watch_client(k);
}

void dtu_posix_com_port_look(struct com_port *c)
{
    if (c->client != NULL)
        look_at_lines(c->client);
}

bool dtu_posix_com_port_has_client(const struct com_port *c)
{
    return c->client != NULL;
}

bool dtu_posix_com_port_wants(const struct com_port *c)
{
    return c->client->out_at == c->client->out_len && dtu_rfc2217_ready(&c->client->r);
}

void dtu_posix_com_port_give(struct com_port *c, const uint8_t *data, size_t len)
{
    struct com_port_client *k = c->client;
    memcpy(k->out, data, len);
    k->out_at = 0;
    k->out_len = len;
    send_out(k);
}

/* --- Open and closed ------------------------------------------------------------------------ */

bool dtu_posix_com_port_open(struct com_port *c, uint16_t port, const char *bind_address)
{
    int on = 1;

    c->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->listener < 0)
        return false;
    setsockopt(c->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (dtu_posix_net_bind(c->listener, bind_address, port) && listen(c->listener, BACKLOG) == 0)
        c->listener_watch = dtu_posix_watch(c->loop, c->listener, on_listener, c);
    if (c->listener_watch >= 0) {
        dtu_posix_watch_for(c->loop, c->listener_watch, POLLIN);
        return true;
    }
    int reason = errno;
    dtu_posix_com_port_close(c);
    errno = reason;
    return false;
}

void dtu_posix_com_port_close(struct com_port *c)
{
    if (c->client != NULL)
        end_client(c);
    dtu_posix_unwatch(c->loop, c->listener_watch);
    c->listener_watch = -1;
    if (c->listener >= 0)
        close(c->listener);
    c->listener = -1;
}
