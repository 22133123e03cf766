/* SPDX-License-Identifier: MIT */
/* The sockets of a device: their queues, links, registration packets and heartbeats, and what they
 * send to the UART. */
#include "device_internal.h"

#define REFUSAL_MS UINT32_C(5000) /* a refusal takes no longer to come back */

/* --- UART to sockets ------------------------------------------------------------------------ */

bool dtu_device_is_up(const struct dtu_device_socket *s)
{
    return s->used && dtu_link_state(&s->link) == DTU_LINK_UP;
}

/* That a datagram was refused is told after it was sent, and maybe after others were: only when
 * nothing has been refused for a while was sending good. */
static void end_refusals(struct dtu_device_socket *s)
{
    uint32_t now = s->device->now_ms;
    if (s->refused)
        s->resumed_ms = now;
    else if (dtu_elapsed(now, s->resumed_ms) >= REFUSAL_MS)
        s->refusals = 0;
    s->refused = false;
}

static size_t send_to_socket(void *ctx, const uint8_t *data, size_t len)
{
    struct dtu_device_socket *s = ctx;
    struct dtu_device *d = s->device;
    size_t taken = d->config->port->socket_send(d->ctx, s->index, data, len);

    if (taken == 0)
        return 0;
    d->stats.sent_bytes += (uint32_t)taken;
    end_refusals(s);
    dtu_device_show_data(d);
    dtu_link_activity(&s->link, d->now_ms);
    dtu_heartbeat_sent(&s->heartbeat, d->now_ms);
    return taken;
}

/* Sends what is queued, as far as the socket takes it; the registration packet is first. */
void dtu_device_send_queued(struct dtu_device_socket *s)
{
    struct dtu_device *d = s->device;
    const uint8_t *data;
    size_t len;

    if (!dtu_device_is_up(s) || !s->registered)
        return;
    while ((data = dtu_queue_front(&s->queue, &len)) != NULL) {
        size_t taken = send_to_socket(s, data, len);
        if (taken == 0)
            return;
        dtu_queue_consume(&s->queue, taken);
        if (taken < len)
            return;
        s->beating = false;
        d->stats.sent_packets++;
    }
}

/* Sends all that waits. Not from inside of an engine, for the stack would have to hold both; only a
 * port that opens a socket at once leads here from there. */
void dtu_device_pump(struct dtu_device_socket *s)
{
    s->registered = dtu_device_is_up(s) && dtu_identity_send(&s->identity);
    dtu_device_send_queued(s);
}

/* The UART is held back while every connection is too slow for it. One that is slower than another
 * loses packets, so that it does not hold the other back; and so does one that is down, so that the
 * user at the UART can still be heard. */
static bool has_room(const struct dtu_device *d, size_t len)
{
    bool any_up = false;
    for (size_t i = 0; i < d->config->profile->sockets; i++) {
        if (dtu_device_is_up(&d->sockets[i]) &&
            dtu_queue_fits(&d->sockets[i].queue, len + d->prefix_max))
            return true;
        any_up = any_up || dtu_device_is_up(&d->sockets[i]);
    }
    return !any_up;
}

/* Of a short-lived connection, data makes one. */
static bool opens_by_data(const struct dtu_device_socket *s)
{
    return s->settings.quiet_ms > 0 && dtu_link_state(&s->link) != DTU_LINK_GIVEN_UP;
}

bool dtu_device_takes_data(const struct dtu_device_socket *s)
{
    return s->used && (dtu_device_is_up(s) || opens_by_data(s));
}

/* A server does not say who it is: its clients know (manual 003 section 5.3.5 number 19). */
static const uint8_t *registration_in_front(struct dtu_device_socket *s, size_t *len)
{
    *len = 0;
    return s->link_config.listens
               ? NULL
               : dtu_identity_prefix(&s->identity, s->device->scratch.packet, len);
}

/* The queue counts what it drops. */
void dtu_device_queue_frame(struct dtu_device_socket *s, const uint8_t *data, size_t len)
{
    struct dtu_device *d = s->device;
    size_t front_len;

    if (!d->settings.keeps_data && !dtu_device_is_up(s) && !opens_by_data(s)) {
        d->stats.unkept++;
        return;
    }
    const uint8_t *front = registration_in_front(s, &front_len);
    (void)dtu_queue_push_parts(&s->queue, front, front_len, data, len, DTU_QUEUE_DROP_OLDEST);
    dtu_link_want(&s->link, d->now_ms);
    dtu_device_send_queued(s);
}

bool dtu_device_send_frame(struct dtu_device *d, const uint8_t *data, size_t len)
{
    bool heard = false;

    if (!has_room(d, len))
        return false;
    for (size_t i = 0; i < d->config->profile->sockets; i++) {
        struct dtu_device_socket *s = &d->sockets[i];
        if (!s->used)
            continue;
        heard = true;
        dtu_device_queue_frame(s, data, len);
    }
    if (heard)
        d->stats.frames++;
    else
        d->stats.unheard++;
    dtu_device_tell(d, DTU_EVENT_FRAME, 0, len);
    return true;
}

/* --- Sockets to UART ------------------------------------------------------------------------ */

/* In front of each packet the UART is told whose it is; in frames it is anyway. */
static bool uses_marks(const struct dtu_device *d)
{
    return d->settings.marks_sockets && !d->sdp.used;
}

/* True when the mark is out. */
static bool send_mark(struct dtu_device_socket *s)
{
    char mark[DTU_IDENTITY_MARK_LEN];
    struct dtu_text_buffer buffer = {mark, sizeof mark, 0, false};
    const struct dtu_text out = {dtu_text_to_buffer, &buffer};

    if (s->mark_left == 0)
        return true;
    dtu_identity_write_mark(s->index, &out);
    const char *rest = mark + sizeof mark - s->mark_left;
    s->mark_left = (uint8_t)(s->mark_left -
                             dtu_device_to_uart(s->device, (const uint8_t *)rest, s->mark_left));
    return s->mark_left == 0;
}

/* Data of a socket, with socket distribution in frames. */
static size_t deliver(void *ctx, const uint8_t *data, size_t len)
{
    struct dtu_device_socket *s = ctx;
    struct dtu_device *d = s->device;
    if (!dtu_device_uart_hears_sockets(
            d)) /* what waits for the end of this frame comes before the next */
        len = min_size(len, dtu_sdp_sender_left(&d->sdp.sender));
    if (!send_mark(s))
        return 0;
    size_t taken = d->sdp.used ? dtu_sdp_send(&d->sdp.sender, dtu_device_sdp_id(s), data, len)
                               : dtu_device_to_uart(d, data, len);

    d->stats.received_bytes += (uint32_t)taken;
    if (taken == 0)
        return 0;
    dtu_device_show_data(d);
    dtu_device_tell(d, DTU_EVENT_DATA, s->index, taken);
    return taken;
}

/* The UART follows the network until the next start. */
static void on_baud_change(void *ctx, const struct dtu_uart *uart)
{
    struct dtu_device_socket *s = ctx;
    struct dtu_device *d = s->device;

    dtu_settings_follow_uart(&d->settings, uart);
    d->framer_config.gap_us = d->settings.gap_us;
    d->followed = true;
    d->stats.changes++;
    d->config->port->uart_setup(d->ctx, &d->settings.uart);
    dtu_device_tell(d, DTU_EVENT_UART, s->index, 0);
}

static const struct dtu_baudsync_callbacks sync_callbacks = {.data = deliver,
                                                             .change = on_baud_change};

static size_t take_data(struct dtu_device_socket *s, const uint8_t *data, size_t len)
{
    if (!s->device->settings.follows_baud)
        return deliver(s, data, len);
    size_t taken = dtu_baudsync_feed(&s->sync, data, len);
    if (taken == 0)
        return 0;
    s->sync_ms = s->device->now_ms;
    s->sync_full = false;
    return taken;
}

static bool holds_sync(const struct dtu_device_socket *s)
{
    return s->device->settings.follows_baud && dtu_baudsync_held(&s->sync) > 0;
}

/* The packet that is on its way to the UART is no more, or all there. What is held of it is not. */
static void end_packet(struct dtu_device_socket *s)
{
    if (holds_sync(s))
        return;
    s->marked = false;
    s->mark_left = 0;
    if (s->device->marking == s)
        s->device->marking = NULL;
}

static void poll_sync(struct dtu_device_socket *s)
{
    struct dtu_device *d = s->device;
    if (!holds_sync(s) || !dtu_device_uart_hears_sockets(d) ||
        dtu_elapsed(d->now_ms, s->sync_ms) < dtu_device_pause_ms(d))
        return;
    s->sync_full = !dtu_baudsync_flush(&s->sync); /* then it goes when there is room */
    if (!s->held)
        end_packet(s);
}

/* --- Registration and heartbeat ------------------------------------------------------------- */

static bool on_identity_text(void *ctx, enum dtu_identity_kind kind, const struct dtu_text *out)
{
    const struct dtu_device_socket *s = ctx;
    return dtu_device_write_text(s->device, id_of_text(kind), out);
}

static const struct dtu_identity_callbacks identity_callbacks = {.text = on_identity_text,
                                                                 .send = send_to_socket};

/* The queue is empty, and has the rest of what was begun: whole, so that it counts as a packet. Of
 * what was begun the queue drops nothing to make room. */
static enum dtu_heartbeat_outcome send_or_queue(struct dtu_device_socket *s, const uint8_t *bytes,
                                                size_t len)
{
    size_t taken = send_to_socket(s, bytes, len);
    if (taken == 0)
        return DTU_HEARTBEAT_NO_ROOM;
    (void)dtu_queue_push(&s->queue, bytes, len, DTU_QUEUE_REFUSE); /* it has room for a packet */
    dtu_queue_consume(&s->queue, taken);
    s->beating = taken < len;
    if (!s->beating)
        s->device->stats.sent_packets++;
    return DTU_HEARTBEAT_TAKEN;
}

/* While data waits, the connection is not silent. */
static enum dtu_heartbeat_outcome send_heartbeat(void *ctx)
{
    struct dtu_device_socket *s = ctx;
    struct dtu_device *d = s->device;
    size_t len;

    if (!dtu_identity_send(&s->identity) || dtu_queue_count(&s->queue) > 0)
        return DTU_HEARTBEAT_NO_ROOM;
    const uint8_t *bytes = dtu_identity_bytes(&d->settings.heartbeat_packet, &identity_callbacks, s,
                                              d->scratch.packet, &len);
    if (bytes == NULL)
        return DTU_HEARTBEAT_NOTHING;
    return send_or_queue(s, bytes, len);
}

/* It never fails: a datagram that was is told later, by dtu_device_socket_refused(). */
static const struct dtu_heartbeat_callbacks socket_heartbeat_callbacks = {.send = send_heartbeat};

/* It would keep a short-lived connection open; a server has none (manual 003 section 4.4.1). */
static bool has_heartbeat(const struct dtu_device_socket *s)
{
    const struct dtu_settings *settings = &s->device->settings;
    return settings->heartbeat && s->settings.quiet_ms == 0 && !s->link_config.listens &&
           settings->heartbeat_config.to == DTU_HEARTBEAT_TO_NETWORK;
}

/* What is left of a heartbeat is not for the next connection. */
static void drop_beat(struct dtu_device_socket *s)
{
    if (s->beating)
        dtu_queue_drop(&s->queue);
    s->beating = false;
}

/* --- Links ---------------------------------------------------------------------------------- */

static bool on_open(void *ctx)
{
    struct dtu_device_socket *s = ctx;
    struct dtu_device *d = s->device;
    const struct dtu_socket_target *target =
        dtu_link_is_backup(&s->link) ? &s->settings.backup : &s->settings.target;
    return d->config->port->socket_open(d->ctx, s->index, target);
}

static void on_close(void *ctx)
{
    struct dtu_device_socket *s = ctx;
    struct dtu_device *d = s->device;
    d->config->port->socket_close(d->ctx, s->index);
}

static void on_up(struct dtu_device_socket *s)
{
    struct dtu_device *d = s->device;
    s->heard_ms = d->now_ms;
    s->refusals = 0;
    s->refused = false;
    if (!s->link_config.listens)
        dtu_identity_opened(&s->identity);
    if (has_heartbeat(s))
        dtu_heartbeat_start(&s->heartbeat, d->now_ms);
    if (d->settings.clears_data && s->settings.quiet_ms == 0)
        dtu_queue_clear(&s->queue);
}

static void on_down(struct dtu_device_socket *s, enum dtu_link_state state)
{
    struct dtu_device *d = s->device;
    if (d->sdp.used) /* what was not taken is not offered again */
        dtu_sdp_sender_drop(&d->sdp.sender, dtu_device_sdp_id(s));
    dtu_heartbeat_stop(&s->heartbeat);
    drop_beat(s);
    size_t again = dtu_queue_rewind(&s->queue);
    if (state != DTU_LINK_OFF) /* a stop drops it */
        d->stats.resent_bytes += (uint32_t)again;
    if (state == DTU_LINK_GIVEN_UP) /* a module on its own has nobody else to help it */
        dtu_device_want_restart(d);
}

static void on_link_changed(void *ctx, enum dtu_link_state state)
{
    struct dtu_device_socket *s = ctx;
    struct dtu_device *d = s->device;
    struct dtu_device_event e = {.kind = DTU_EVENT_LINK,
                                 .socket = (uint8_t)s->index,
                                 .link = state,
                                 .listens = s->link_config.listens};

    dtu_device_tell_event(d, &e);
    if (s->index < 2)
        dtu_device_show(d, (enum dtu_shows)(DTU_SHOWS_SOCKET_A + s->index), state == DTU_LINK_UP);
    if (s->held && d->settings.follows_baud) /* the rest of it is not offered again */
        d->stats.cut_bytes += (uint32_t)dtu_baudsync_clear(&s->sync);
    s->held = false;
    s->cut = false;
    end_packet(s);
    if (state == DTU_LINK_UP)
        on_up(s);
    else
        on_down(s, state);
}

static const struct dtu_link_callbacks link_callbacks = {
    .open = on_open, .close = on_close, .changed = on_link_changed};

/* After each call that may have closed a short-lived connection: opens it for the data that waits.
 */
static void open_for_data(struct dtu_device_socket *s)
{
    if (dtu_link_state(&s->link) == DTU_LINK_IDLE && dtu_queue_count(&s->queue) > 0)
        dtu_link_want(&s->link, s->device->now_ms);
}

/* --- Start and time ------------------------------------------------------------------------- */

void dtu_device_start_socket(struct dtu_device_socket *s)
{
    const struct dtu_settings *settings = &s->device->settings;

    (void)dtu_link_init(&s->link, &s->link_config, &link_callbacks, s);
    (void)dtu_baudsync_init(&s->sync, &s->sync_config, &sync_callbacks, s);
    (void)dtu_identity_init(&s->identity, &settings->registration, &identity_callbacks, s);
    (void)dtu_heartbeat_init(&s->heartbeat, &settings->heartbeat_config,
                             &socket_heartbeat_callbacks, s);
}

/* While what the other side sent cannot be taken, a connection is not quiet. */
void dtu_device_poll_socket(struct dtu_device *d, unsigned i)
{
    struct dtu_device_socket *s = &d->sockets[i];
    if (!s->used)
        return;
    poll_sync(s);
    if (s->held || !dtu_device_socket_ready(d, i))
        dtu_link_hold(&s->link, d->now_ms);
    dtu_device_pump(s); /* what the socket had no room for */
    dtu_heartbeat_poll(&s->heartbeat, d->now_ms);
    dtu_link_poll(&s->link, d->now_ms);
    open_for_data(s);
}

uint32_t dtu_device_next_of_socket(const struct dtu_device_socket *s, uint32_t now)
{
    uint32_t next = min_u32(dtu_link_next(&s->link, now), dtu_heartbeat_next(&s->heartbeat, now));
    if (!holds_sync(s) || s->sync_full || !dtu_device_uart_hears_sockets(s->device))
        return next;
    return min_u32(next, dtu_remaining(now, s->sync_ms, dtu_device_pause_ms(s->device)));
}

/* --- Events --------------------------------------------------------------------------------- */

/* The socket of an event, or NULL if there is none in use by that number. */
static struct dtu_device_socket *socket_at(struct dtu_device *d, unsigned i, uint32_t now)
{
    d->now_ms = now;
    if (i >= d->config->profile->sockets || !d->sockets[i].used)
        return NULL;
    return &d->sockets[i];
}

void dtu_device_socket_opened(struct dtu_device *d, unsigned socket, uint32_t now)
{
    struct dtu_device_socket *s = socket_at(d, socket, now);
    if (s == NULL || dtu_device_is_up(s))
        return;
    s->clients = 1;
    dtu_link_opened(&s->link, now);
    dtu_device_pump(s);
}

void dtu_device_socket_clients(struct dtu_device *d, unsigned socket, unsigned count)
{
    if (socket < DTU_PROFILE_SOCKETS)
        d->sockets[socket].clients = (uint8_t)count;
}

void dtu_device_socket_failed(struct dtu_device *d, unsigned socket, uint32_t now)
{
    struct dtu_device_socket *s = socket_at(d, socket, now);
    if (s != NULL)
        dtu_link_failed(&s->link, now);
}

void dtu_device_socket_closed(struct dtu_device *d, unsigned socket, uint32_t lost, uint32_t now)
{
    struct dtu_device_socket *s = socket_at(d, socket, now);
    if (s == NULL || !dtu_device_is_up(s))
        return;
    if (holds_sync(s)) /* the rest of it will not come */
        s->sync_ms = now - dtu_device_pause_ms(d);
    d->stats.lost_bytes += lost;
    dtu_link_closed(&s->link, now);
    open_for_data(s);
}

void dtu_device_socket_refused(struct dtu_device *d, unsigned socket, uint32_t now)
{
    struct dtu_device_socket *s = socket_at(d, socket, now);
    if (s == NULL)
        return;
    d->stats.refused++;
    if (s->refused) /* it is one datagram, however often it is told */
        return;
    s->refused = true;
    s->refusals++;
    if (s->refusals >= DTU_HEARTBEAT_FAILURES)
        dtu_link_reconnect(&s->link, now);
}

/* Of a frame that is on its way the rest may come at any time: all else waits for its end. */
bool dtu_device_socket_ready(const struct dtu_device *d, unsigned socket)
{
    if (socket >= d->config->profile->sockets || !dtu_device_is_up(&d->sockets[socket]))
        return false;
    if (d->beat_sent > 0 || (d->marking != NULL && d->marking != &d->sockets[socket]))
        return false;
    if (dtu_device_uart_is_taken(d))
        return dtu_device_accepts_input(d) &&
               dtu_sdp_sender_ready(&d->sdp.sender, dtu_device_sdp_id(&d->sockets[socket]));
    return dtu_device_uart_hears_sockets(d);
}

static bool hears_network(const struct dtu_device *d)
{
    return dtu_device_is_offered(d, DTU_CHANNEL_SOCKET) && d->settings.network_commands;
}

/* Data of the network came. */
static void hear(struct dtu_device_socket *s)
{
    s->heard_ms = s->device->now_ms;
    s->device->heard_ms = s->device->now_ms;
    dtu_link_activity(&s->link, s->device->now_ms);
}

/* Whether a packet of a socket was a command that could be carried out. */
static bool obey(struct dtu_device_socket *s)
{
    struct dtu_device_channel *c = &s->device->channels[DTU_CHANNEL_SOCKET];
    if (dtu_device_is_answering(c))
        return false;
    c->socket = (uint8_t)s->index;
    hear(s);
    dtu_device_run_commands(c);
    return true;
}

static size_t take_packet(struct dtu_device_socket *s, const uint8_t *data, size_t len)
{
    struct dtu_device *d = s->device;
    if (uses_marks(d) && !s->marked) {
        s->mark_left = DTU_IDENTITY_MARK_LEN;
        s->marked = true;
    }
    size_t taken = take_data(s, data, len);
    s->held = taken < len;
    if (s->marked)
        d->marking = s;
    if (!s->held)
        end_packet(s);
    if (taken == 0)
        return 0;
    s->cut = s->held;
    hear(s);
    return taken;
}

size_t dtu_device_socket_rx(struct dtu_device *d, unsigned socket, const uint8_t *data, size_t len,
                            uint32_t now)
{
    struct dtu_device_socket *s = socket_at(d, socket, now);
    if (s == NULL || len == 0 || !dtu_device_socket_ready(d, socket))
        return 0;
    if (!s->cut && hears_network(d) && dtu_device_find_command(d, data, len))
        return obey(s) ? len : 0;
    return take_packet(s, data, len);
}

void dtu_device_socket_writable(struct dtu_device *d, unsigned socket, uint32_t now)
{
    struct dtu_device_socket *s = socket_at(d, socket, now);
    if (s == NULL)
        return;
    dtu_device_pump(s);
    dtu_device_resume_messages(d); /* a reply may have waited for the room, */
    dtu_device_poll_frames(d);     /* and a frame, which comes behind it */
}
