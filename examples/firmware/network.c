/* SPDX-License-Identifier: MIT */
#include "network.h"

#include <string.h>

enum socket_state { SOCKET_CLOSED, SOCKET_OPENING, SOCKET_UP };

/* FLAG of a frame. A frame without these two is data. */
enum {
    FLAG_NUMBER = 0x0F,  /* the connection that it is about */
    FLAG_CONTROL = 0x10, /* what is to be done with it, or became of it */
    FLAG_BEGIN = 0x20    /* one side begins anew, without any connection */
};

/* The first byte of a control frame. */
enum {
    VERB_OPEN = 'O',
    VERB_CLOSE = 'C', /* from the network: it is closed */
    VERB_FAILED = 'F',
    VERB_HANDED_ON = 'A'
};

/* Control frames that are due. */
enum { DUE_OPEN = 1, DUE_CLOSE = 2, DUE_HANDED_ON = 4 };

enum {
    HELLO_MS = 1000,  /* how often the network is greeted until it answers */
    CUT_MS = 100,     /* after such a pause the rest of a frame will not come */
    KEEP_TIME_S = 10, /* how often the time is carried on */
    HOST_MAX = 100,
    OPEN_HEAD = 10
};

/* --- To the network ------------------------------------------------------------------------- */

/* All of a frame or nothing. */
static bool send_frame(struct network *n, unsigned socket, uint8_t flag, const uint8_t *data,
                       size_t len)
{
    const struct dtu_sdp_frame frame = {(uint8_t)(DTU_SDP_SOCKET_A + socket), flag, data, len};
    uint8_t head[DTU_SDP_HEAD_LEN];
    uint8_t tail;

    if (mps2_uart_room(n->uart) < len + DTU_SDP_OVERHEAD)
        return false;
    (void)dtu_sdp_wrap(DTU_SDP_TO_MODULE, &frame, head, &tail);
    (void)mps2_uart_write(n->uart, head, sizeof head);
    (void)mps2_uart_write(n->uart, data, len);
    (void)mps2_uart_write(n->uart, &tail, 1);
    return true;
}

static bool send_verb(struct network *n, unsigned socket, uint8_t verb)
{
    uint8_t flag = (uint8_t)(FLAG_CONTROL | n->sockets[socket].number);

    return send_frame(n, socket, flag, &verb, 1);
}

static uint8_t kind_of(const struct dtu_socket_target *target)
{
    if (target->kind == DTU_SOCKET_TCP_CLIENT)
        return 'T';
    return target->hears_anyone ? 'B' : 'U';
}

static bool send_open(struct network *n, unsigned socket)
{
    const struct network_socket *s = &n->sockets[socket];
    const struct dtu_keepalive *k = &s->target.keepalive;
    uint8_t data[OPEN_HEAD + HOST_MAX];
    struct dtu_writer w = dtu_writer(data, sizeof data);

    dtu_put_u8(&w, VERB_OPEN);
    dtu_put_u8(&w, kind_of(&s->target));
    dtu_put_be16(&w, s->target.port);
    dtu_put_be16(&w, k->on ? k->idle_s : 0);
    dtu_put_be16(&w, k->interval_s);
    dtu_put_be16(&w, k->count);
    dtu_put_bytes(&w, s->target.host, s->target.host_len);
    return send_frame(n, socket, FLAG_CONTROL | s->number, data, dtu_writer_len(&w));
}

/* Opening is never due together with anything else of the connection before: it ends that. */
static void send_due(struct network *n, unsigned socket)
{
    struct network_socket *s = &n->sockets[socket];

    if ((s->due & DUE_CLOSE) != 0 && send_verb(n, socket, VERB_CLOSE))
        s->due &= (uint8_t)~DUE_CLOSE;
    if ((s->due & DUE_OPEN) != 0 && send_open(n, socket))
        s->due &= (uint8_t)~DUE_OPEN;
    if ((s->due & DUE_HANDED_ON) != 0 && send_verb(n, socket, VERB_HANDED_ON))
        s->due &= (uint8_t)~DUE_HANDED_ON;
}

static void greet(struct network *n)
{
    if (n->is_attached || (n->is_greeted && dtu_elapsed(n->now_ms, n->hello_ms) < HELLO_MS))
        return;
    n->is_greeted = send_frame(n, 0, FLAG_BEGIN, NULL, 0);
    n->hello_ms = n->now_ms;
}

/* --- What the device asks for --------------------------------------------------------------- */

/* Opening ends what was open before, on the other side too. */
bool network_open(struct network *n, unsigned socket, const struct dtu_socket_target *target)
{
    struct network_socket *s = &n->sockets[socket];

    if (target->host_len > HOST_MAX || dtu_settings_listens(target->kind))
        return false;
    s->state = SOCKET_OPENING;
    s->number = (s->number + 1) & FLAG_NUMBER;
    s->due = DUE_OPEN;
    s->is_unheard = false;
    s->wants_room = false;
    s->has_ended = false;
    s->len = 0;
    s->target = *target; /* the host lies in the parameters, which stay until the next start */
    return true;
}

size_t network_send(struct network *n, unsigned socket, const uint8_t *data, size_t len)
{
    struct network_socket *s = &n->sockets[socket];
    size_t room = mps2_uart_room(n->uart);
    size_t taken = len;

    if (s->target.kind == DTU_SOCKET_TCP_CLIENT) {
        room = room > DTU_SDP_OVERHEAD ? room - DTU_SDP_OVERHEAD : 0;
        room = room < NETWORK_SEND_MAX ? room : NETWORK_SEND_MAX;
        taken = len < room ? len : room;
    } else if (len > NETWORK_SEND_MAX) {
        n->stats.too_long++;
        return len;
    }
    if (s->is_unheard || taken == 0 || !send_frame(n, socket, s->number, data, taken))
        taken = 0;
    s->wants_room = taken < len;
    s->is_unheard = s->is_unheard || taken > 0;
    s->sent_len = taken > 0 ? taken : s->sent_len;
    return taken;
}

void network_close(struct network *n, unsigned socket)
{
    struct network_socket *s = &n->sockets[socket];

    if (s->state != SOCKET_CLOSED)
        s->due = DUE_CLOSE;
    s->state = SOCKET_CLOSED;
    s->len = 0;
}

/* --- From the network ----------------------------------------------------------------------- */

/* The device hears of it at once, for the connection never was, or when it has had the data. */
static void end_connection(struct network *n, unsigned socket)
{
    struct network_socket *s = &n->sockets[socket];
    uint8_t before = s->state;

    if (before == SOCKET_UP && s->len > 0) {
        s->has_ended = true;
        return;
    }
    s->state = SOCKET_CLOSED;
    s->due = 0;
    s->has_ended = false;
    if (before == SOCKET_OPENING)
        dtu_device_socket_failed(n->device, socket, n->now_ms);
    if (before == SOCKET_UP)
        dtu_device_socket_closed(n->device, socket, s->is_unheard ? (uint32_t)s->sent_len : 0,
                                 n->now_ms);
}

/* A connection that is open already cannot be opened: that is damage. */
static void on_control(struct network *n, unsigned socket, const struct dtu_sdp_frame *frame)
{
    struct network_socket *s = &n->sockets[socket];

    switch (frame->len > 0 ? frame->data[0] : 0) {
    case VERB_OPEN:
        if (s->state != SOCKET_OPENING) {
            n->stats.unknown++;
            n->is_damaged = true;
            break;
        }
        s->state = SOCKET_UP;
        dtu_device_socket_opened(n->device, socket, n->now_ms);
        break;
    case VERB_FAILED:
    case VERB_CLOSE:
        end_connection(n, socket);
        break;
    case VERB_HANDED_ON:
        s->is_unheard = false;
        break;
    default:
        n->stats.unknown++;
    }
}

/* A second frame before the first was handed on is against the rules: it is damage. */
static void on_data(struct network *n, unsigned socket, const struct dtu_sdp_frame *frame)
{
    struct network_socket *s = &n->sockets[socket];

    if (s->state != SOCKET_UP || s->len > 0) {
        n->stats.unknown++;
        n->is_damaged = true;
        return;
    }
    memcpy(s->data, frame->data, frame->len);
    s->at = 0;
    s->len = frame->len;
    if (s->len == 0) /* a datagram of nothing */
        s->due |= DUE_HANDED_ON;
}

/* The network has begun anew: it has no connections. It tells where it is, and the time. What the
 * device has asked for while it was away is still due. */
static void on_begin(struct network *n, const struct dtu_sdp_frame *frame)
{
    struct dtu_reader r = dtu_reader(frame->data, frame->len);
    const uint8_t *ip = dtu_get_bytes(&r, sizeof n->ip);
    uint32_t time_s = dtu_get_be32(&r);
    int8_t zone = (int8_t)dtu_get_u8(&r);

    if (!dtu_reader_ok(&r)) {
        n->stats.unknown++;
        return;
    }
    memcpy(n->ip, ip, sizeof n->ip);
    n->time_s = time_s;
    n->time_ms = n->now_ms;
    n->zone = zone;
    if (n->is_attached)
        for (unsigned i = 0; i < DTU_SDP_SOCKETS; i++) {
            n->sockets[i].len = 0;
            end_connection(n, i);
        }
    n->is_attached = true;
}

static bool on_frame(void *ctx, const struct dtu_sdp_frame *frame)
{
    struct network *n = ctx;
    unsigned socket = (unsigned)frame->socket - DTU_SDP_SOCKET_A;

    if (socket >= DTU_SDP_SOCKETS) { /* a report: this network makes none */
        n->stats.unknown++;
        return true;
    }
    if ((frame->flag & FLAG_BEGIN) != 0) {
        on_begin(n, frame);
        return true;
    }
    if (!n->is_attached || n->sockets[socket].state == SOCKET_CLOSED ||
        (frame->flag & FLAG_NUMBER) != n->sockets[socket].number) {
        n->stats.stale++;
        return true;
    }
    if ((frame->flag & FLAG_CONTROL) != 0)
        on_control(n, socket, frame);
    else
        on_data(n, socket, frame);
    return true;
}

static bool on_damage(void *ctx, enum dtu_sdp_code code)
{
    struct network *n = ctx;

    (void)code;
    n->is_damaged = true;
    return true;
}

static const struct dtu_sdp_callbacks decoder_callbacks = {.frame = on_frame, .damage = on_damage};

/* --- Going on ------------------------------------------------------------------------------- */

void network_init(struct network *n, struct mps2_uart *uart, struct dtu_device *device)
{
    memset(n, 0, sizeof *n);
    n->uart = uart;
    n->device = device;
    n->decoder_config = (struct dtu_sdp_config){
        .direction = DTU_SDP_FROM_MODULE, .buffer = n->buffer, .size = sizeof n->buffer};
    (void)dtu_sdp_init(&n->decoder, &n->decoder_config, &decoder_callbacks, n);
}

/* What has come lies in two pieces at most. What comes meanwhile has its turn in the next poll, or
 * who sends without end would keep it here. */
static bool listen(struct network *n)
{
    const uint8_t *data;
    bool moved = false;
    size_t len;

    for (unsigned i = 0; i < 2 && (len = mps2_uart_peek(n->uart, &data)) > 0; i++) {
        mps2_uart_consume(n->uart, dtu_sdp_feed(&n->decoder, data, len));
        n->heard_ms = n->now_ms;
        moved = true;
    }
    if (dtu_elapsed(n->now_ms, n->heard_ms) >= CUT_MS)
        (void)dtu_sdp_flush(&n->decoder);
    return moved;
}

/* What was lost with damage is not known, so all connections end: the device opens them again. What
 * is damaged before the network has answered is the end of what it said to somebody before. */
static void begin_anew(struct network *n)
{
    bool was_attached = n->is_attached;

    if (!n->is_damaged)
        return;
    n->is_damaged = false;
    if (!was_attached)
        return;
    n->stats.restarts++;
    n->is_attached = false;
    n->is_greeted = false;
    for (unsigned i = 0; i < DTU_SDP_SOCKETS; i++) {
        n->sockets[i].len = 0;
        end_connection(n, i);
    }
}

static bool hand_on(struct network *n, unsigned socket)
{
    struct network_socket *s = &n->sockets[socket];
    size_t taken;

    if (s->len == 0)
        return false;
    taken = dtu_device_socket_rx(n->device, socket, s->data + s->at, s->len - s->at, n->now_ms);
    if (s->len == 0) /* the device has closed it */
        return true;
    s->at += taken;
    if (s->at < s->len)
        return taken > 0;
    s->len = 0;
    s->due |= DUE_HANDED_ON;
    if (s->has_ended)
        end_connection(n, socket);
    return true;
}

static void offer_room(struct network *n, unsigned socket)
{
    struct network_socket *s = &n->sockets[socket];

    if (!s->wants_room || s->is_unheard || s->state != SOCKET_UP)
        return;
    s->wants_room = false;
    dtu_device_socket_writable(n->device, socket, n->now_ms);
}

uint32_t network_time(const struct network *n, uint32_t now)
{
    return n->time_s + dtu_elapsed(now, n->time_ms) / 1000;
}

/* The milliseconds since the network told the time would wrap some day. */
static void keep_time(struct network *n)
{
    uint32_t whole_s = dtu_elapsed(n->now_ms, n->time_ms) / 1000;

    if (whole_s < KEEP_TIME_S)
        return;
    n->time_s += whole_s;
    n->time_ms += whole_s * 1000;
}

bool network_poll(struct network *n, uint32_t now)
{
    bool moved;

    n->now_ms = now;
    keep_time(n);
    moved = listen(n);
    begin_anew(n);
    greet(n);
    for (unsigned i = 0; i < DTU_SDP_SOCKETS; i++) {
        moved = hand_on(n, i) || moved;
        offer_room(n, i);
        if (n->is_attached)
            send_due(n, i);
    }
    return moved;
}

/* What is due for want of room is sent when the UART has woken the main loop. */
uint32_t network_next(const struct network *n, uint32_t now)
{
    uint32_t hello = n->is_attached ? DTU_NEVER : dtu_remaining(now, n->hello_ms, HELLO_MS);
    uint32_t cut = dtu_elapsed(now, n->heard_ms) < CUT_MS ? dtu_remaining(now, n->heard_ms, CUT_MS)
                                                          : DTU_NEVER;

    return hello < cut ? hello : cut;
}
