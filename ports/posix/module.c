/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    READ_SIZE = 16384, /* how much is read at a time */
    REOPEN_MS = 1000,  /* how often a tty that went away is looked for */
    DRAIN_MS = 5,      /* how often a restart looks whether the UART is through */
    OPEN_MS = 30000    /* a connection attempt may take so long */
};

_Static_assert((int)READ_SIZE <= (int)COM_PORT_READ, "what is read of the UART must fit");

/* Bytes that were read and not taken yet. */
struct leftover {
    uint8_t *data;
    size_t at;
    size_t len;
};

struct module_socket {
    struct dtu_posix_module *module;
    unsigned index;
    struct net_socket net;
    struct net_server server;
    bool serves; /* the server is in use, not the socket */
    struct leftover rest;
    bool told; /* that its port cannot be had */
};

struct dtu_posix_module {
    struct dtu_posix_loop *loop;
    struct dtu_posix_module_config config;
    struct dtu_posix_timer timer;
    struct dtu_posix_storage *storage;
    struct dtu_posix_storage *default_storage;
    struct net_listener net_at;
    uint16_t net_at_port; /* where that listens; 0: nowhere */
    struct com_port com_port;
    struct beacon beacon;
    bool has_beacon;
    bool beacon_told;     /* that its port cannot be had */
    struct dtu_peer peer; /* who sent the datagram that is being answered */
    struct dtu_device device;
    struct dtu_device_config device_config;
    struct dtu_device_port port;
    struct dtu_posix_serial serial;
    int serial_watch;
    bool serial_full; /* its driver has no room */
    bool has_setup;   /* what was written is to go out before this */
    struct dtu_uart setup;
    uint32_t setup_ms;    /* when that was last looked at */
    uint32_t lost_ms;     /* when the tty went away */
    struct leftover rest; /* of the UART */
    bool has_resolver;
    bool restart;        /* the device wants one */
    uint32_t restart_ms; /* when that was last looked at */
    struct module_socket sockets[DTU_PROFILE_SOCKETS];
};

static void settle(struct dtu_posix_module *m);
static void on_serial(void *ctx, short revents);

__attribute__((format(printf, 2, 3))) static void note(struct dtu_posix_module *m,
                                                       const char *format, ...)
{
    char text[256];
    va_list args;
    if (m->config.note == NULL)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    m->config.note(m->config.ctx, text);
}

/* --- What the device asks for --------------------------------------------------------------- */

static size_t write_serial(void *ctx, const uint8_t *data, size_t len)
{
    struct dtu_posix_module *m = ctx;
    if (m->serial.fd < 0 || m->serial_full || m->has_setup)
        return 0;
    size_t taken = dtu_posix_serial_write(&m->serial, data, len);
    m->serial_full = taken < len; /* an error other than that shows when reading */
    return taken;
}

/* What the device has for a UART that is a client's waits. */
static size_t uart_write(void *ctx, const uint8_t *data, size_t len)
{
    struct dtu_posix_module *m = ctx;
    return dtu_posix_com_port_has_client(&m->com_port) ? 0 : write_serial(m, data, len);
}

static void tell_setup(struct dtu_posix_module *m, const struct dtu_uart *uart)
{
    note(m, "%s cannot be set to %lu baud: %s", dtu_posix_serial_name(&m->serial),
         (unsigned long)uart->baud, strerror(errno));
}

/* What was written before goes out as the UART was. False if it cannot be so. */
static bool set_up_serial(struct dtu_posix_module *m, const struct dtu_uart *uart)
{
    m->has_setup = !dtu_posix_serial_drained(&m->serial);
    m->setup = *uart;
    m->setup_ms = dtu_posix_now();
    return m->has_setup || dtu_posix_serial_setup(&m->serial, uart);
}

static void set_up_or_tell(struct dtu_posix_module *m, const struct dtu_uart *uart)
{
    if (!set_up_serial(m, uart))
        tell_setup(m, uart);
}

/* What the device wants of a UART that is a client's counts when it is back. */
static void uart_setup(void *ctx, const struct dtu_uart *uart)
{
    struct dtu_posix_module *m = ctx;
    if (!dtu_posix_com_port_has_client(&m->com_port))
        set_up_or_tell(m, uart);
}

static void set_serial_if_drained(struct dtu_posix_module *m, uint32_t now)
{
    if (!m->has_setup || dtu_elapsed(now, m->setup_ms) < DRAIN_MS)
        return;
    m->setup_ms = now;
    if (!dtu_posix_serial_drained(&m->serial))
        return;
    m->has_setup = false;
    if (!dtu_posix_serial_setup(&m->serial, &m->setup))
        tell_setup(m, &m->setup);
}

/* It may be tried every few seconds for ever: that it does not work is told once. */
static void tell_no_port(struct module_socket *s, uint16_t port)
{
    if (!s->told)
        note(s->module, "socket %c: port %u cannot be had (%s); trying on", 'A' + (int)s->index,
             (unsigned)port, strerror(errno));
    s->told = true;
}

static bool socket_open(void *ctx, unsigned socket, const struct dtu_socket_target *target)
{
    struct dtu_posix_module *m = ctx;
    struct module_socket *s = &m->sockets[socket];
    bool good;

    s->serves = target->kind == DTU_SOCKET_TCP_SERVER;
    good = s->serves ? dtu_posix_net_server_open(&s->server, target->port)
                     : dtu_posix_net_open(&s->net, target);
    if (good && s->told)
        note(m, "socket %c: port %u is there", 'A' + (int)socket, (unsigned)target->port);
    if (good)
        s->told = false;
    else if (dtu_settings_listens(target->kind))
        tell_no_port(s, target->port);
    return good;
}

static size_t socket_send(void *ctx, unsigned socket, const uint8_t *data, size_t len)
{
    struct dtu_posix_module *m = ctx;
    struct module_socket *s = &m->sockets[socket];
    return s->serves ? dtu_posix_net_server_send(&s->server, data, len)
                     : dtu_posix_net_send(&s->net, data, len);
}

static void drop_rest(struct leftover *rest)
{
    free(rest->data);
    *rest = (struct leftover){0};
}

static void socket_close(void *ctx, unsigned socket)
{
    struct dtu_posix_module *m = ctx;
    (void)dtu_posix_net_close(&m->sockets[socket].net);
    dtu_posix_net_server_close(&m->sockets[socket].server);
    drop_rest(&m->sockets[socket].rest);
}

static void want_restart(void *ctx)
{
    struct dtu_posix_module *m = ctx;
    m->restart = true;
    m->restart_ms = dtu_posix_now() - DRAIN_MS;
}

static enum dtu_status info(void *ctx, const struct dtu_param *row, const uint8_t *args, size_t len,
                            const struct dtu_text *out)
{
    struct dtu_posix_module *m = ctx;
    if (m->config.info == NULL)
        return DTU_ERR_NOT_ALLOWED;
    return m->config.info(m->config.ctx, row, args, len, out);
}

static enum dtu_status action(void *ctx, const struct dtu_param *row, const uint8_t *args,
                              size_t len)
{
    struct dtu_posix_module *m = ctx;
    if (m->config.action == NULL)
        return DTU_ERR_NOT_ALLOWED;
    return m->config.action(m->config.ctx, row, args, len);
}

static bool reply(void *ctx, enum dtu_channel channel, const uint8_t *data, size_t len)
{
    struct dtu_posix_module *m = ctx;
    if (channel == DTU_CHANNEL_UDP)
        dtu_posix_net_answer(&m->net_at, &m->peer, data, len);
    return true; /* a datagram may get lost, and there are no other channels here */
}

static void event(void *ctx, const struct dtu_device_event *e)
{
    struct dtu_posix_module *m = ctx;
    if (m->config.event != NULL)
        m->config.event(m->config.ctx, e);
}

static void led(void *ctx, enum dtu_led which, bool lit)
{
    struct dtu_posix_module *m = ctx;
    m->config.led(m->config.ctx, which, lit);
}

static const struct dtu_device_port port = {.uart_write = uart_write,
                                            .uart_setup = uart_setup,
                                            .socket_open = socket_open,
                                            .socket_send = socket_send,
                                            .socket_close = socket_close,
                                            .restart = want_restart,
                                            .info = info,
                                            .action = action,
                                            .reply = reply,
                                            .event = event};

/* --- Bytes on their way to the device ------------------------------------------------------- */

/* Keeps what was not taken. False if there is no memory: the bytes are lost, and it is told. */
static bool keep_rest(struct leftover *rest, const uint8_t *data, size_t len)
{
    if (len == 0)
        return true;
    rest->data = malloc(len);
    if (rest->data == NULL)
        return false;
    memcpy(rest->data, data, len);
    rest->at = 0;
    rest->len = len;
    return true;
}

static bool has_rest(const struct leftover *rest)
{
    return rest->data != NULL;
}

static void took(struct leftover *rest, size_t taken)
{
    rest->at += taken;
    if (rest->at == rest->len)
        drop_rest(rest);
}

/* Offers what was kept; true if some of it was taken. */
static bool offer_serial_rest(struct dtu_posix_module *m, uint32_t now)
{
    if (!has_rest(&m->rest))
        return false;
    size_t taken =
        dtu_device_uart_rx(&m->device, m->rest.data + m->rest.at, m->rest.len - m->rest.at, now);
    took(&m->rest, taken);
    return taken > 0;
}

static bool offer_socket_rest(struct module_socket *s, uint32_t now)
{
    struct dtu_posix_module *m = s->module;
    if (!has_rest(&s->rest))
        return false;
    size_t taken = dtu_device_socket_rx(&m->device, s->index, s->rest.data + s->rest.at,
                                        s->rest.len - s->rest.at, now);
    took(&s->rest, taken);
    return taken > 0;
}

/* --- Serial events -------------------------------------------------------------------------- */

static void watch_serial(struct dtu_posix_module *m)
{
    m->serial_watch = dtu_posix_watch(m->loop, m->serial.fd, on_serial, m);
    m->serial_full = false;
}

static void lose_serial(struct dtu_posix_module *m, const char *reason)
{
    note(m, "%s is gone (%s); waiting for it to come back", dtu_posix_serial_name(&m->serial),
         reason);
    dtu_posix_unwatch(m->loop, m->serial_watch);
    m->serial_watch = -1;
    dtu_posix_serial_lose(&m->serial);
    m->lost_ms = dtu_posix_now();
}

static void find_serial(struct dtu_posix_module *m, uint32_t now)
{
    m->lost_ms = now;
    if (!dtu_posix_serial_reopen(&m->serial))
        return;
    note(m, "%s is back", dtu_posix_serial_name(&m->serial));
    set_up_or_tell(m, dtu_device_uart(&m->device));
    watch_serial(m);
    dtu_posix_com_port_look(&m->com_port);
}

/* Whether there is room for bytes of the UART, whoever has it. */
static bool has_room(const struct dtu_posix_module *m)
{
    if (dtu_posix_com_port_has_client(&m->com_port))
        return dtu_posix_com_port_wants(&m->com_port);
    return !has_rest(&m->rest);
}

static void read_serial(struct dtu_posix_module *m)
{
    uint8_t data[READ_SIZE];
    ssize_t n = dtu_posix_serial_read(&m->serial, data, sizeof data, NULL);
    if (n < 0)
        lose_serial(m, strerror(errno));
    if (n <= 0)
        return;
    if (dtu_posix_com_port_has_client(&m->com_port)) {
        dtu_posix_com_port_give(&m->com_port, data, (size_t)n);
        return;
    }
    size_t taken = dtu_device_uart_rx(&m->device, data, (size_t)n, dtu_posix_now());
    if (!keep_rest(&m->rest, data + taken, (size_t)n - taken))
        note(m, "no memory: %zu bytes of the UART are lost", (size_t)n - taken);
}

static void on_serial(void *ctx, short revents)
{
    struct dtu_posix_module *m = ctx;
    if ((revents & POLLOUT) != 0)
        m->serial_full = false;
    if ((revents & POLLIN) != 0 && has_room(m))
        read_serial(m);
    else if ((revents & (POLLERR | POLLHUP | POLLNVAL)) != 0)
        lose_serial(m, "hung up");
    settle(m);
}

/* --- A client of RFC 2217 ------------------------------------------------------------------- */

static void on_came(void *ctx, struct dtu_uart *uart)
{
    struct dtu_posix_module *m = ctx;
    *uart = *dtu_device_uart(&m->device);
    dtu_device_lend_uart(&m->device, uart);
}

/* Where it cannot be as it should, it stays as it was, which the client is told. */
static void on_set(void *ctx, struct dtu_uart *uart)
{
    struct dtu_posix_module *m = ctx;
    if (!set_up_serial(m, uart)) {
        *uart = *dtu_device_uart(&m->device);
        (void)set_up_serial(m, uart);
    }
    if (!m->has_setup)
        dtu_posix_serial_in_use(&m->serial, uart);
    dtu_device_lend_uart(&m->device, uart);
}

static void on_left(void *ctx, size_t lost)
{
    struct dtu_posix_module *m = ctx;
    if (lost > 0)
        note(m, "%zu bytes of the UART did not reach the client of RFC 2217", lost);
    dtu_device_lend_uart(&m->device, NULL);
    set_up_or_tell(m, dtu_device_uart(&m->device));
}

static void on_com_port(void *ctx)
{
    settle(ctx);
}

static const struct com_port_calls com_port_calls = {
    .came = on_came, .write = write_serial, .set = on_set, .left = on_left, .event = on_com_port};

/* --- Socket events -------------------------------------------------------------------------- */

static void end_connection(struct module_socket *s)
{
    struct dtu_posix_module *m = s->module;
    uint32_t lost =
        s->serves ? dtu_posix_net_server_hang_up(&s->server) : dtu_posix_net_close(&s->net);
    if (lost > 0)
        note(m, "socket %c: %lu bytes were not acknowledged", 'A' + (int)s->index,
             (unsigned long)lost);
    dtu_device_socket_closed(&m->device, s->index, lost, dtu_posix_now());
}

static void read_socket(struct module_socket *s)
{
    struct dtu_posix_module *m = s->module;
    uint8_t data[READ_SIZE * 4]; /* a datagram of any length */
    ssize_t n = s->serves
                    ? dtu_posix_net_server_receive(&s->server, data, READ_SIZE)
                    : dtu_posix_net_receive(&s->net, data, s->net.is_udp ? sizeof data : READ_SIZE);
    if (n < 0)
        return;
    if (n == 0) {
        end_connection(s);
        return;
    }
    size_t taken = dtu_device_socket_rx(&m->device, s->index, data, (size_t)n, dtu_posix_now());
    if (!keep_rest(&s->rest, data + taken, (size_t)n - taken))
        note(m, "no memory: %zu bytes of socket %c are lost", (size_t)n - taken,
             'A' + (int)s->index);
}

static void on_net(void *ctx, enum net_event event, const char *text)
{
    struct module_socket *s = ctx;
    struct dtu_posix_module *m = s->module;
    uint32_t now = dtu_posix_now();

    switch (event) {
    case NET_OPENED:
        dtu_device_socket_opened(&m->device, s->index, now);
        break;
    case NET_FAILED:
        note(m, "socket %c: cannot connect: %s", 'A' + (int)s->index, text);
        dtu_device_socket_failed(&m->device, s->index, now);
        break;
    case NET_READABLE:
        if (!has_rest(&s->rest))
            read_socket(s);
        break;
    case NET_WRITABLE:
        dtu_device_socket_writable(&m->device, s->index, now);
        break;
    case NET_ENDED:
        if (!has_rest(&s->rest)) /* else it is found out when that has been delivered */
            end_connection(s);
        break;
    case NET_CLIENTS: /* maybe from inside of dtu_posix_net_server_receive(): nothing else is done
                         now */
        if (text != NULL)
            note(m, "socket %c: %s", 'A' + (int)s->index, text);
        dtu_device_socket_clients(&m->device, s->index, s->server.count);
        return;
    }
    settle(m);
}

static void on_datagram(void *ctx, const struct dtu_peer *peer, const uint8_t *data, size_t len)
{
    struct dtu_posix_module *m = ctx;
    m->peer = *peer;
    (void)dtu_device_datagram(&m->device, peer, data, len, dtu_posix_now());
    settle(m);
}

/* --- Commands over the network -------------------------------------------------------------- */

/* The port that a started K7 hears commands at; 0: none. */
static uint16_t command_port(struct dtu_posix_module *m)
{
    const struct dtu_param *row = dtu_params_by_id(m->config.profile->table, DTU_ID_SEARCH);

    if (row == NULL || m->config.net_at_port >= 0)
        return row != NULL ? (uint16_t)m->config.net_at_port : 0;
    return (uint16_t)dtu_params_number(dtu_device_params(&m->device), row, 0);
}

/* That the port is taken is told, and the module goes on. */
static void listen_for_commands(struct dtu_posix_module *m)
{
    uint16_t number = command_port(m);

    if (number == m->net_at_port)
        return;
    dtu_posix_net_stop_listening(&m->net_at);
    m->net_at_port = number;
    if (number == 0 ||
        dtu_posix_net_listen(&m->net_at, m->loop, m->config.bind_address, number, on_datagram, m))
        return;
    note(m, "UDP port %u cannot be had for network commands: %s", (unsigned)number,
         strerror(errno));
    m->net_at_port = 0; /* the next restart tries again */
}

/* --- Discovery ------------------------------------------------------------------------------ */

static size_t on_request(void *ctx, const uint8_t *own_ip, const uint8_t *data, size_t len,
                         uint8_t *reply, size_t size)
{
    struct dtu_posix_module *m = ctx;
    dtu_device_set_ip(&m->device, own_ip);
    size_t reply_len = dtu_device_request(&m->device, data, len, reply, size, dtu_posix_now());
    settle(m);
    return reply_len;
}

static bool has_discovery(const struct dtu_posix_module *m)
{
    return dtu_params_by_id(m->config.profile->table, DTU_ID_BLOCKS) != NULL;
}

static void listen_for_requests(struct dtu_posix_module *m)
{
    int number = m->config.discovery_port >= 0 ? m->config.discovery_port : DTU_DISCOVERY_PORT;

    if (m->has_beacon || number == 0 || !has_discovery(m))
        return;
    m->has_beacon = dtu_posix_beacon_open(&m->beacon, m->loop, m->config.bind_address,
                                          (uint16_t)number, m->config.local_only, on_request, m);
    if (!m->has_beacon && !m->beacon_told)
        note(m, "UDP port %d cannot be had for discovery: %s", number, strerror(errno));
    m->beacon_told = !m->has_beacon; /* the next restart tries again */
}

/* --- Going on ------------------------------------------------------------------------------- */

static void start_device(struct dtu_posix_module *m, uint32_t now)
{
    if (m->config.prepare != NULL && m->device.stats.saves == 0)
        m->config.prepare(m->config.ctx, dtu_device_params(&m->device));
    dtu_device_start(&m->device, now);
    listen_for_commands(m);
    listen_for_requests(m);
}

/* True if it was restarted. */
static bool restart_if_drained(struct dtu_posix_module *m, uint32_t now)
{
    if (!m->restart || dtu_elapsed(now, m->restart_ms) < DRAIN_MS)
        return false;
    m->restart_ms = now;
    if (!dtu_posix_serial_drained(&m->serial))
        return false;
    m->restart = false;
    dtu_device_reload(&m->device, now);
    start_device(m, now);
    return true;
}

/* Offers what was kept as long as it helps. */
static void offer_rests(struct dtu_posix_module *m, uint32_t now)
{
    bool progress = true;
    while (progress) {
        dtu_device_poll(&m->device, now);
        progress = offer_serial_rest(m, now);
        for (size_t i = 0; i < DTU_PROFILE_SOCKETS; i++)
            progress = offer_socket_rest(&m->sockets[i], now) || progress;
    }
}

static void watch_for_more(struct dtu_posix_module *m)
{
    short events = m->serial_full ? POLLOUT : 0;
    if (has_room(m) &&
        (dtu_posix_com_port_has_client(&m->com_port) || dtu_device_uart_ready(&m->device)))
        events |= POLLIN;
    if (m->serial_watch >= 0)
        dtu_posix_watch_for(m->loop, m->serial_watch, events);
    for (size_t i = 0; i < DTU_PROFILE_SOCKETS; i++) {
        struct module_socket *s = &m->sockets[i];
        bool ready = !has_rest(&s->rest) && dtu_device_socket_ready(&m->device, s->index);
        if (s->serves)
            dtu_posix_net_server_want_read(&s->server, ready);
        else
            dtu_posix_net_want_read(&s->net, ready);
    }
}

static void tell_refusals(struct dtu_posix_module *m, uint32_t now)
{
    for (unsigned i = 0; i < DTU_PROFILE_SOCKETS; i++)
        if (dtu_posix_net_take_refusal(&m->sockets[i].net))
            dtu_device_socket_refused(&m->device, i, now);
}

/* After every event: brings everything on its way as far as it goes. */
static void settle(struct dtu_posix_module *m)
{
    uint32_t now = dtu_posix_now();
    tell_refusals(m, now);
    set_serial_if_drained(m, now);
    dtu_posix_com_port_go_on(&m->com_port);
    do { /* what came behind the command that restarts is for the module as it is then */
        offer_rests(m, now);
    } while (restart_if_drained(m, now));
    watch_for_more(m);
}

static uint32_t timer_next(void *ctx, uint32_t now)
{
    struct dtu_posix_module *m = ctx;
    uint32_t next = dtu_device_next(&m->device, now);
    uint32_t other = DTU_NEVER;
    if (m->restart)
        other = dtu_remaining(now, m->restart_ms, DRAIN_MS);
    else if (m->serial.fd < 0)
        other = dtu_remaining(now, m->lost_ms, REOPEN_MS);
    else if (m->has_setup)
        other = dtu_remaining(now, m->setup_ms, DRAIN_MS);
    return next < other ? next : other;
}

static void timer_poll(void *ctx, uint32_t now)
{
    struct dtu_posix_module *m = ctx;
    if (m->serial.fd < 0 && dtu_elapsed(now, m->lost_ms) >= REOPEN_MS)
        find_serial(m, now);
    settle(m);
}

/* --- Begin and end -------------------------------------------------------------------------- */

static bool allocate(struct dtu_posix_module *m)
{
    struct dtu_device_config *c = &m->device_config;
    const struct dtu_profile *p = m->config.profile;
    size_t packets = p->queue_packets > 0 ? p->queue_packets : p->queue_bytes / p->packet_len + 1;

    c->values_size = 2 * (size_t)p->table->values_size;
    c->line_size = p->line_size;
    c->packet_size = p->packet_len;
    c->values = malloc(c->values_size);
    c->line = malloc(c->line_size);
    c->packet = malloc(c->packet_size);
    if (c->values == NULL || c->line == NULL || c->packet == NULL)
        return false;
    for (enum dtu_channel i = DTU_CHANNEL_UART; i <= DTU_CHANNEL_UDP; i++) { /* no SMS, no MQTT */
        c->messages[i].size = p->line_size;
        c->messages[i].memory = malloc(p->line_size);
        if (c->messages[i].memory == NULL)
            return false;
    }
    c->sdp.size = p->packet_len;
    c->sdp.memory = malloc(p->packet_len);
    if (c->sdp.memory == NULL)
        return false;
    for (size_t i = 0; i < p->sockets; i++) {
        c->queues[i].size = DTU_QUEUE_SIZE(packets, p->packet_len);
        c->queues[i].memory = malloc(c->queues[i].size);
        if (c->queues[i].memory == NULL)
            return false;
    }
    return true;
}

static bool open_serial(struct dtu_posix_module *m, char *error, size_t size)
{
    if (m->config.pty_link != NULL)
        return dtu_posix_serial_open_pty(&m->serial, m->config.pty_link, error, size);
    return dtu_posix_serial_open_tty(&m->serial, m->config.tty, error, size);
}

static bool open_device(struct dtu_posix_module *m, char *error, size_t size)
{
    struct dtu_device_config *c = &m->device_config;
    c->profile = m->config.profile;
    m->port = port;
    if (m->config.led != NULL)
        m->port.led = led;
    c->port = &m->port;
    c->medium = &dtu_posix_medium;
    c->medium_ctx = m->storage;
    c->default_medium = &dtu_posix_medium;
    c->default_ctx = m->default_storage;
    c->open_ms = OPEN_MS;
    enum dtu_status status = dtu_device_init(&m->device, c, m);
    if (status != DTU_OK)
        snprintf(error, size, "the module cannot be set up: %s", dtu_status_text(status));
    return status == DTU_OK;
}

/* The files bear the product's name: settings of one are not for another. */
static bool open_storage(struct dtu_posix_module *m, char *error, size_t size)
{
    char name[32];
    snprintf(name, sizeof name, "%s-slot", m->config.profile->name);
    m->storage = dtu_posix_storage_open(m->config.state_dir, name, error, size);
    snprintf(name, sizeof name, "%s-default", m->config.profile->name);
    if (m->storage != NULL)
        m->default_storage = dtu_posix_storage_open(m->config.state_dir, name, error, size);
    return m->default_storage != NULL;
}

static bool open_com_port(struct dtu_posix_module *m, char *error, size_t size)
{
    uint16_t number = (uint16_t)m->config.rfc2217_port;
    if (number == 0 || dtu_posix_com_port_open(&m->com_port, number, m->config.bind_address))
        return true;
    snprintf(error, size, "TCP port %u cannot be had for RFC 2217: %s", (unsigned)number,
             strerror(errno));
    return false;
}

static bool open_all(struct dtu_posix_module *m, char *error, size_t size)
{
    if (!open_storage(m, error, size))
        return false;
    unsigned max_clients = m->config.max_clients > 0 ? m->config.max_clients : NET_CLIENTS_DEFAULT;
    if (max_clients > NET_CLIENTS_MAX) {
        snprintf(error, size, "a TCP server has at most %d clients", NET_CLIENTS_MAX);
        return false;
    }
    m->has_resolver = dtu_posix_net_resolver_open(m->loop);
    if (!m->has_resolver || !allocate(m)) {
        snprintf(error, size, "%s",
                 errno == EBUSY ? "modules of one process must share a loop" : "no memory");
        return false;
    }
    for (unsigned i = 0; i < DTU_PROFILE_SOCKETS; i++) {
        struct module_socket *s = &m->sockets[i];
        s->module = m;
        s->index = i;
        dtu_posix_net_init(&s->net, m->loop, m->config.bind_address, on_net, s);
        dtu_posix_net_server_init(&s->server, m->loop, m->config.bind_address, max_clients, on_net,
                                  s);
    }
    return open_device(m, error, size) && open_serial(m, error, size) &&
           open_com_port(m, error, size);
}

struct dtu_posix_module *dtu_posix_module_open(struct dtu_posix_loop *loop,
                                               const struct dtu_posix_module_config *config,
                                               char *error, size_t size)
{
    struct dtu_posix_module *m = calloc(1, sizeof *m);
    if (m == NULL) {
        snprintf(error, size, "no memory");
        return NULL;
    }
    m->loop = loop;
    m->config = *config;
    m->serial = (struct dtu_posix_serial){.fd = -1, .slave = -1};
    m->serial_watch = -1;
    m->net_at = (struct net_listener){.fd = -1, .watch = -1};
    m->com_port = (struct com_port){.loop = loop,
                                    .calls = &com_port_calls,
                                    .ctx = m,
                                    .serial = &m->serial,
                                    .listener = -1,
                                    .listener_watch = -1};
    if (!open_all(m, error, size)) {
        dtu_posix_module_close(m);
        return NULL;
    }
    m->timer = (struct dtu_posix_timer){timer_next, timer_poll, m, NULL};
    dtu_posix_timer_add(loop, &m->timer);
    return m;
}

void dtu_posix_module_start(struct dtu_posix_module *m)
{
    watch_serial(m);
    start_device(m, dtu_posix_now());
    settle(m);
}

void dtu_posix_module_close(struct dtu_posix_module *m)
{
    if (m == NULL)
        return;
    dtu_posix_com_port_close(&m->com_port);
    dtu_device_stop(&m->device, dtu_posix_now());
    dtu_posix_timer_remove(m->loop, &m->timer);
    dtu_posix_unwatch(m->loop, m->serial_watch);
    dtu_posix_serial_close(&m->serial);
    drop_rest(&m->rest);
    for (size_t i = 0; i < DTU_PROFILE_SOCKETS; i++)
        free(m->device_config.queues[i].memory);
    free(m->device_config.values);
    free(m->device_config.line);
    free(m->device_config.packet);
    free(m->device_config.sdp.memory);
    if (m->has_resolver)
        dtu_posix_net_resolver_close(m->loop);
    dtu_posix_storage_close(m->storage);
    dtu_posix_storage_close(m->default_storage);
    dtu_posix_net_stop_listening(&m->net_at);
    if (m->has_beacon)
        dtu_posix_beacon_close(&m->beacon);
    for (size_t i = 0; i < DTU_DEVICE_CHANNELS; i++)
        free(m->device_config.messages[i].memory);
    free(m);
}

struct dtu_device *dtu_posix_module_device(struct dtu_posix_module *m)
{
    return &m->device;
}

const char *dtu_posix_module_tty(const struct dtu_posix_module *m)
{
    return dtu_posix_serial_name(&m->serial);
}
