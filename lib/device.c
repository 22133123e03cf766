/* SPDX-License-Identifier: MIT */
/* Wires engines; has no protocol of its own. */
#include "dtu/device.h"

#include <string.h>

#include "dtu/blocks.h"

#define LOGIN_MS UINT32_C(30000)  /* to log in (manual 000 section 6.7) */
#define REFUSAL_MS UINT32_C(5000) /* a refusal takes no longer to come back */
#define MESSAGE_COMMANDS 10       /* in a message (001 section 2.1.3.3) */

static const struct dtu_param_table *table_of(const struct dtu_device *d)
{
    return d->config->profile->table;
}

static void tell_event(struct dtu_device *d, const struct dtu_device_event *event)
{
    if (d->config->port->event != NULL)
        d->config->port->event(d->ctx, event);
}

static void tell(struct dtu_device *d, unsigned kind, unsigned socket, size_t len)
{
    struct dtu_device_event e = {.kind = kind, .socket = (uint8_t)socket, .len = len};
    tell_event(d, &e);
}

static bool has_leds(const struct dtu_device *d)
{
    return d->leds.pin != NULL;
}

static void show(struct dtu_device *d, enum dtu_shows what, unsigned value)
{
    if (has_leds(d))
        dtu_indicator_set(&d->indicator, what, value, d->now_ms);
}

static void show_data(struct dtu_device *d)
{
    if (has_leds(d))
        dtu_indicator_data(&d->indicator, d->now_ms);
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* --- Settings ------------------------------------------------------------------------------- */

static const struct dtu_param *row_of(const struct dtu_device *d, unsigned id)
{
    return dtu_params_by_id(table_of(d), (uint8_t)id);
}

static void tell_unserved(struct dtu_device *d, unsigned socket, unsigned id)
{
    struct dtu_device_event e = {
        .kind = DTU_EVENT_UNSERVED, .socket = (uint8_t)socket, .row = row_of(d, id)};
    tell_event(d, &e);
}

/* What goes in front of data counts against the limit of a packet. */
static void make_room_for_identity(struct dtu_device *d)
{
    struct dtu_settings *s = &d->settings;
    size_t limit = d->config->profile->packet_len;
    size_t room = dtu_identity_room(&s->registration, limit);

    d->prefix_max = limit - room;
    s->packet_len = min_size(s->packet_len, room);
}

static void read_settings(struct dtu_device *d)
{
    const struct dtu_settings *s = &d->settings;

    dtu_settings_read(&d->settings, d->config->profile, &d->params);
    make_room_for_identity(d);
    d->framer_config.buffer = d->config->packet;
    d->framer_config.size = d->config->packet_size;
    d->framer_config.packet_len = s->packet_len;
    d->framer_config.gap_us = s->gap_us;
    d->framer_config.clock_us = 1000; /* the device knows milliseconds */
    /* two readings of such a clock can be 1 apart with hardly any time between them */
    d->cmdmode_config.guard_ms = s->guard_ms + 1;
    d->cmdmode_config.gap_ms = s->plus_ms;
    d->cmdmode_config.confirm_ms = DTU_CMDMODE_CONFIRM_MS;
    d->sdp.used = s->distributes && d->config->sdp.memory != NULL;
    d->followed = false;
    if (!s->transparent)
        tell_unserved(d, 0, DTU_ID_WKMOD);
    if (s->distributes && !d->sdp.used)
        tell_unserved(d, 0, DTU_ID_SDPEN);
}

static void read_socket_settings(struct dtu_device *d, struct dtu_device_socket *s)
{
    dtu_settings_read_socket(&s->settings, d->config->profile, &d->params, s->index);
    s->link_config.retry_ms = s->settings.retry_ms;
    s->link_config.max_tries = s->settings.max_tries;
    s->link_config.quiet_ms = s->settings.quiet_ms;
    s->link_config.idle_ms = s->settings.quiet_ms > 0 ? 0 : s->settings.idle_ms;
    s->link_config.has_backup = s->settings.has_backup;
    s->link_config.open_ms = d->config->open_ms;
    s->link_config.listens = dtu_settings_listens(s->settings.target.kind);
    s->sync_config.max_baud = d->settings.max_baud;
    s->used = d->settings.transparent && s->queue_config.memory != NULL && s->settings.enabled;
    if (s->used && s->settings.target.kind == DTU_SOCKET_NONE) {
        tell_unserved(d, s->index, DTU_ID_SOCKA + s->index);
        s->used = false;
    }
}

/* --- UART to sockets ------------------------------------------------------------------------ */

static bool is_up(const struct dtu_device_socket *s)
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
    show_data(d);
    dtu_link_activity(&s->link, d->now_ms);
    dtu_heartbeat_sent(&s->heartbeat, d->now_ms);
    return taken;
}

/* Sends what is queued, as far as the socket takes it; the registration packet is first. */
static void send_queued(struct dtu_device_socket *s)
{
    struct dtu_device *d = s->device;
    const uint8_t *data;
    size_t len;

    if (!is_up(s) || !s->registered)
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

/* Sends all that waits. Not from inside of an engine: the stack would have to hold both. */
static void pump(struct dtu_device_socket *s)
{
    s->registered = is_up(s) && dtu_identity_send(&s->identity);
    send_queued(s);
}

/* The UART is held back while every connection is too slow for it. One that is slower than another
 * loses packets, so that it does not hold the other back; and so does one that is down, so that the
 * user at the UART can still be heard. */
static bool has_room(const struct dtu_device *d, size_t len)
{
    bool any_up = false;
    for (size_t i = 0; i < d->config->profile->sockets; i++) {
        if (is_up(&d->sockets[i]) && dtu_queue_fits(&d->sockets[i].queue, len + d->prefix_max))
            return true;
        any_up = any_up || is_up(&d->sockets[i]);
    }
    return !any_up;
}

/* Of a short-lived connection, data makes one. */
static bool opens_by_data(const struct dtu_device_socket *s)
{
    return s->settings.quiet_ms > 0 && dtu_link_state(&s->link) != DTU_LINK_GIVEN_UP;
}

/* A server does not say who it is: its clients know (manual 003 section 5.3.5 number 19). */
static const uint8_t *registration_in_front(struct dtu_device_socket *s, uint8_t *scratch,
                                            size_t *len)
{
    *len = 0;
    return s->link_config.listens ? NULL : dtu_identity_prefix(&s->identity, scratch, len);
}

/* The queue counts what it drops. */
static void queue_frame(struct dtu_device_socket *s, const uint8_t *data, size_t len)
{
    struct dtu_device *d = s->device;
    uint8_t scratch[DTU_IDENTITY_TEXT_MAX];
    size_t front_len;

    if (!d->settings.keeps_data && !is_up(s) && !opens_by_data(s)) {
        d->stats.unkept++;
        return;
    }
    const uint8_t *front = registration_in_front(s, scratch, &front_len);
    (void)dtu_queue_push_parts(&s->queue, front, front_len, data, len, DTU_QUEUE_DROP_OLDEST);
    dtu_link_want(&s->link, d->now_ms);
    send_queued(s);
}

static bool send_frame(struct dtu_device *d, const uint8_t *data, size_t len)
{
    bool heard = false;

    if (!has_room(d, len))
        return false;
    for (size_t i = 0; i < d->config->profile->sockets; i++) {
        struct dtu_device_socket *s = &d->sockets[i];
        if (!s->used)
            continue;
        heard = true;
        queue_frame(s, data, len);
    }
    if (heard)
        d->stats.frames++;
    else
        d->stats.unheard++;
    tell(d, DTU_EVENT_FRAME, 0, len);
    return true;
}

/* Nothing comes in before the greeting is out, nor once a restart is wanted. */
static bool accepts_input(const struct dtu_device *d)
{
    return d->started && !d->restarting && !d->greeting;
}

/* --- What goes to the UART ------------------------------------------------------------------ */

/* While a frame is on its way to the UART nothing may come in between. */
static bool uart_is_taken(const struct dtu_device *d)
{
    return d->beat_sent > 0 || (d->sdp.used && !dtu_sdp_sender_idle(&d->sdp.sender));
}

static size_t to_uart(void *ctx, const uint8_t *data, size_t len)
{
    struct dtu_device *d = ctx;
    return uart_is_taken(d) ? 0 : d->config->port->uart_write(d->ctx, data, len);
}

static bool replies_to_uart(const struct dtu_device *d)
{
    return !dtu_at_server_ready(&d->channels[DTU_CHANNEL_UART].at);
}

/* The UART has not all of an answer of the handshake, or of a reply. */
static bool is_answering_uart(const struct dtu_device *d)
{
    return d->answering || replies_to_uart(d) || !dtu_at_server_ready(&d->at);
}

/* Whether the UART may have data of sockets now. */
static bool uart_hears_sockets(const struct dtu_device *d)
{
    return accepts_input(d) && !is_answering_uart(d) && !dtu_cmdmode_active(&d->cmdmode);
}

/* --- Socket distribution -------------------------------------------------------------------- */

static uint8_t sdp_id(const struct dtu_device_socket *s)
{
    return (uint8_t)(DTU_SDP_SOCKET_A + s->index);
}

static bool report(struct dtu_device *d, enum dtu_sdp_code code)
{
    if (is_answering_uart(d) || d->beat_sent > 0)
        return false;
    if (!dtu_sdp_report(&d->sdp.sender, code))
        return false;
    tell(d, DTU_EVENT_REPORT, 0, (size_t)code);
    return true;
}

static bool takes_data(const struct dtu_device_socket *s)
{
    return s->used && (is_up(s) || opens_by_data(s));
}

static bool refuse_frame(struct dtu_device *d, enum dtu_sdp_code code)
{
    if (!report(d, code))
        return false;
    if (code == DTU_SDP_SEND_FAILED)
        d->stats.unsent++;
    return true;
}

static bool on_sdp_frame(void *ctx, const struct dtu_sdp_frame *frame)
{
    struct dtu_device *d = ctx;
    unsigned i = (unsigned)frame->socket - DTU_SDP_SOCKET_A;

    if (i >= d->config->profile->sockets)
        return refuse_frame(d, DTU_SDP_BAD_SOCKET);
    struct dtu_device_socket *s = &d->sockets[i];
    if (!takes_data(s))
        return refuse_frame(d, DTU_SDP_SEND_FAILED);
    if (frame->len > 0 && is_up(s) && !dtu_queue_fits(&s->queue, frame->len + d->prefix_max))
        return false;
    if (frame->len > 0)
        queue_frame(s, frame->data, frame->len);
    d->stats.frames++;
    return true;
}

static bool on_sdp_damage(void *ctx, enum dtu_sdp_code code)
{
    return report(ctx, code);
}

static const struct dtu_sdp_callbacks sdp_callbacks = {.frame = on_sdp_frame,
                                                       .damage = on_sdp_damage};

/* A frame of the UART holds frames for sockets. One that is as long as can be was cut, and the next
 * continues it; any other ends with a pause. */
static bool distribute(struct dtu_device *d, const uint8_t *data, size_t len)
{
    d->sdp.fed += dtu_sdp_feed(&d->sdp.decoder, data + d->sdp.fed, len - d->sdp.fed);
    if (d->sdp.fed < len)
        return false;
    if (len < d->settings.packet_len && !dtu_sdp_flush(&d->sdp.decoder))
        return false;
    d->sdp.fed = 0;
    d->sdp.fed_ms = d->now_ms;
    d->sdp.cut = len == d->settings.packet_len;
    tell(d, DTU_EVENT_FRAME, 0, len);
    return true;
}

/* The packing time, and a step of the clock. */
static uint32_t pause_ms(const struct dtu_device *d)
{
    return (d->settings.gap_us + 999) / 1000 + 1;
}

/* Nothing has continued what was cut. */
static void end_cut_frame(struct dtu_device *d)
{
    if (!d->sdp.cut)
        return;
    d->sdp.cut = false;
    (void)dtu_sdp_flush(&d->sdp.decoder); /* what has no room goes on when it is polled */
}

static void poll_distribution(struct dtu_device *d)
{
    if (!d->sdp.used)
        return;
    dtu_sdp_sender_poll(&d->sdp.sender);
    (void)dtu_sdp_resume(&d->sdp.decoder);
    if (dtu_elapsed(d->now_ms, d->sdp.fed_ms) >= pause_ms(d))
        end_cut_frame(d);
}

/* --- Commands that come as a whole ---------------------------------------------------------- */

static bool find_command(const struct dtu_device *d, const uint8_t **data, size_t *len)
{
    const struct dtu_settings *s = &d->settings;
    return dtu_instream_find(d->config->profile->mark, s->password, s->password_len, data, len);
}

static bool is_offered(const struct dtu_device *d, enum dtu_channel channel)
{
    return d->config->messages[channel].memory != NULL;
}

static bool is_answering(const struct dtu_device_channel *c)
{
    return !dtu_at_server_ready(&c->at) || c->reply_len > 0;
}

/* Sends what there is of a reply. False if there is no room. */
static bool send_reply(struct dtu_device_channel *c)
{
    struct dtu_device *d = c->device;
    struct dtu_device_socket *s = &d->sockets[c->socket];
    const uint8_t *reply = d->config->messages[c->kind].memory;

    if (c->reply_len == 0)
        return true;
    if (c->kind != DTU_CHANNEL_SOCKET) {
        if (!d->config->port->reply(d->ctx, (enum dtu_channel)c->kind, reply, c->reply_len))
            return false;
    } else if (is_up(s)) { /* of a connection that is gone nobody waits for the reply */
        if (dtu_queue_push(&s->queue, reply, c->reply_len, DTU_QUEUE_REFUSE) != DTU_OK)
            return false;
        pump(s);
    }
    c->reply_len = 0;
    return true;
}

/* The command in the channel's memory has been carried out: its reply is gathered in its place. In
 * pieces of a line at most, for every queue holds one of these, however large the memory is. */
static size_t gather_reply(void *ctx, const uint8_t *data, size_t len)
{
    struct dtu_device_channel *c = ctx;
    struct dtu_device *d = c->device;

    if (c->kind == DTU_CHANNEL_UART)
        return to_uart(d, data, len);
    size_t taken = min_size(len, d->config->profile->line_size - c->reply_len);
    memcpy(d->config->messages[c->kind].memory + c->reply_len, data, taken);
    c->reply_len += taken;
    return taken;
}

static void want_restart(struct dtu_device *d)
{
    if (d->restarting)
        return;
    d->restarting = true;
    d->config->port->restart(d->ctx);
}

/* A restart that a message asked for waits until its reply was taken. */
static void restart_if_due(struct dtu_device *d)
{
    if (!d->restart_due)
        return;
    for (size_t i = 0; i < DTU_DEVICE_CHANNELS; i++)
        if (d->channels[i].reply_len > 0)
            return;
    want_restart(d);
}

/* Sends a reply piece by piece, as far as there is room. */
static void finish_reply(struct dtu_device_channel *c)
{
    bool goes_on = send_reply(c);
    while (goes_on && !dtu_at_server_ready(&c->at)) {
        dtu_at_server_resume(&c->at);
        goes_on = c->reply_len > 0 && send_reply(c); /* what is for the UART is not gathered */
    }
    restart_if_due(c->device);
}

static enum dtu_at_style style_of(const struct dtu_device *d, enum dtu_channel channel)
{
    if (channel == DTU_CHANNEL_SMS)
        return d->config->profile->sms_style;
    return channel == DTU_CHANNEL_MQTT ? DTU_AT_SEMICOLONS : DTU_AT_LINES;
}

/* Carries out commands. Each ends as its channel's style wants, or with the message. */
static void run_commands(struct dtu_device_channel *c, const uint8_t *data, size_t len)
{
    static const uint8_t end = '\r';
    struct dtu_device *d = c->device;
    uint32_t before = c->at.stats.commands;

    d->stats.messages++;
    d->current = c;
    while (len > 0 && !is_answering(c) && !d->restarting &&
           c->at.stats.commands - before < MESSAGE_COMMANDS) {
        size_t n = dtu_at_server_feed(&c->at, data, len);
        data += n;
        len -= n;
        finish_reply(c);
    }
    if (len == 0 && !is_answering(c)) {
        (void)dtu_at_server_feed(&c->at, &end, 1);
        finish_reply(c);
    }
    d->current = NULL;
    if (len > 0) /* more commands than a message may have, or than there is room to answer */
        d->stats.ignored++;
}

/* A frame that is a command stays with the framer until obey_frame() has carried it out. */
static bool on_frame(void *ctx, const uint8_t *data, size_t len)
{
    struct dtu_device *d = ctx;
    const uint8_t *command = data;
    size_t command_len = len;
    bool enabled = is_offered(d, DTU_CHANNEL_UART) && d->settings.uart_commands;

    if (d->frame_obeyed)
        return true;
    if (d->sdp.fed > 0 || !enabled || !find_command(d, &command, &command_len))
        return d->sdp.used ? distribute(d, data, len) : send_frame(d, data, len);
    if (is_answering_uart(d)) /* what it asks for is answered behind that */
        return false;
    d->command_at = (size_t)(command - data);
    d->command_len = command_len;
    return false;
}

static const struct dtu_framer_callbacks framer_callbacks = {.frame = on_frame};

static uint32_t now_us(const struct dtu_device *d)
{
    return d->now_ms * 1000; /* wraps with the milliseconds, and differences stay right */
}

/* Carries out the command that the framer keeps: after each call that may have brought a frame, not
 * from inside of it, for the stack would have to hold both. False if there is none. */
static bool obey_frame(struct dtu_device *d)
{
    if (d->command_len == 0)
        return false;
    run_commands(&d->channels[DTU_CHANNEL_UART], d->config->packet + d->command_at, d->command_len);
    d->command_len = 0;
    d->frame_obeyed = true;
    dtu_framer_poll(&d->framer, now_us(d)); /* which lets go of it */
    d->frame_obeyed = false;
    return true;
}

/* What the handshake has held back is data, which may come behind a command. */
static void poll_cmdmode(struct dtu_device *d)
{
    do {
        dtu_cmdmode_poll(&d->cmdmode, d->now_ms);
    } while (obey_frame(d));
}

static size_t on_data(void *ctx, const uint8_t *data, size_t len)
{
    struct dtu_device *d = ctx;
    d->answering = false; /* data comes when no answer waits: it is out, or was given up */
    return dtu_framer_feed(&d->framer, data, len, now_us(d));
}

/* An answer of the handshake that is not all out: nothing may come in between. */
static size_t on_answer(void *ctx, const uint8_t *data, size_t len)
{
    struct dtu_device *d = ctx;
    size_t taken = to_uart(d, data, len);
    d->answering = taken < len;
    return taken;
}

static void on_entered(void *ctx)
{
    struct dtu_device *d = ctx;
    d->entered_ms = d->now_ms;
    d->logged_in = false;
    tell(d, DTU_EVENT_MODE, 0, 1);
}

static const struct dtu_cmdmode_callbacks cmdmode_callbacks = {
    .data = on_data, .answer = on_answer, .entered = on_entered};

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
    s->mark_left =
        (uint8_t)(s->mark_left - to_uart(s->device, (const uint8_t *)rest, s->mark_left));
    return s->mark_left == 0;
}

/* Data of a socket, with socket distribution in frames. */
static size_t deliver(void *ctx, const uint8_t *data, size_t len)
{
    struct dtu_device_socket *s = ctx;
    struct dtu_device *d = s->device;
    if (!uart_hears_sockets(d)) /* what waits for the end of this frame comes before the next */
        len = min_size(len, dtu_sdp_sender_left(&d->sdp.sender));
    if (!send_mark(s))
        return 0;
    size_t taken =
        d->sdp.used ? dtu_sdp_send(&d->sdp.sender, sdp_id(s), data, len) : to_uart(d, data, len);

    d->stats.received_bytes += (uint32_t)taken;
    if (taken == 0)
        return 0;
    show_data(d);
    tell(d, DTU_EVENT_DATA, s->index, taken);
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
    tell(d, DTU_EVENT_UART, s->index, 0);
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
    if (!holds_sync(s) || !uart_hears_sockets(d) ||
        dtu_elapsed(d->now_ms, s->sync_ms) < pause_ms(d))
        return;
    s->sync_full = !dtu_baudsync_flush(&s->sync); /* then it goes when there is room */
    if (!s->held)
        end_packet(s);
}

/* --- Sockets -------------------------------------------------------------------------------- */

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

static void on_up(struct dtu_device_socket *s)
{
    struct dtu_device *d = s->device;
    s->heard_ms = d->now_ms;
    s->refusals = 0;
    s->refused = false;
    s->registered = false;
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
        dtu_sdp_sender_drop(&d->sdp.sender, sdp_id(s));
    dtu_heartbeat_stop(&s->heartbeat);
    drop_beat(s);
    size_t again = dtu_queue_rewind(&s->queue);
    if (state != DTU_LINK_OFF) /* a stop drops it */
        d->stats.resent_bytes += (uint32_t)again;
    if (state == DTU_LINK_GIVEN_UP) /* a module on its own has nobody else to help it */
        want_restart(d);
}

static void on_link_changed(void *ctx, enum dtu_link_state state)
{
    struct dtu_device_socket *s = ctx;
    struct dtu_device *d = s->device;
    struct dtu_device_event e = {.kind = DTU_EVENT_LINK,
                                 .socket = (uint8_t)s->index,
                                 .link = state,
                                 .listens = s->link_config.listens};

    tell_event(d, &e);
    if (s->index < 2)
        show(d, (enum dtu_shows)(DTU_SHOWS_SOCKET_A + s->index), state == DTU_LINK_UP);
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

/* --- Commands ------------------------------------------------------------------------------- */

/* Memory for one line: the buffer of the command that is being carried out. Its values are read by
 * now, and its reply comes from the row. The other buffer may hold a line that is not complete. */
static uint8_t *line_memory(const struct dtu_device *d, size_t *size)
{
    if (d->current == NULL) {
        *size = d->config->line_size;
        return d->config->line;
    }
    const struct dtu_device_memory *message = &d->config->messages[d->current->kind];
    *size = message->size;
    return message->memory;
}

static enum dtu_status save_row(struct dtu_device *d, const struct dtu_param *row)
{
    size_t size;
    uint8_t *line = line_memory(d, &size);
    if (d->config->medium == NULL)
        return DTU_OK;
    return dtu_store_save_row(&d->store, &d->params, row, line, size);
}

/* What could not be stored is not done at all: back to what is stored. There may be nothing stored
 * yet. If it cannot be read either, nothing is stored until it can: the rest would be lost. */
static void restore_values(struct dtu_device *d)
{
    size_t size;
    uint8_t *line = line_memory(d, &size);
    dtu_params_reset_all(&d->params);
    d->lost = dtu_store_load(&d->store, &d->params, line, size) == DTU_ERR_IO;
}

static enum dtu_status save(struct dtu_device *d)
{
    if (d->config->medium == NULL)
        return DTU_ERR_NOT_ALLOWED;
    if (d->lost)
        return DTU_ERR_IO;
    enum dtu_status status = dtu_store_save(&d->store, &d->params, DTU_PARAMS_PENDING);
    if (status == DTU_OK)
        d->stats.saves++;
    return status;
}

static enum dtu_status save_or_restore(struct dtu_device *d)
{
    enum dtu_status status = d->config->medium != NULL ? save(d) : DTU_OK;
    if (status != DTU_OK)
        restore_values(d);
    return status;
}

/* A row that takes effect at once is stored by itself, and so before it does. */
static enum dtu_status change_at_once(struct dtu_device *d, const struct dtu_param *row)
{
    enum dtu_status status = save_row(d, row);
    if (status != DTU_OK) {
        dtu_params_revert_row(&d->params, row);
        return status;
    }
    dtu_params_apply_row(&d->params, row);
    if (row->id == DTU_ID_E)
        dtu_at_server_set_echo(&d->at, dtu_settings_on(&d->params, DTU_ID_E, false));
    return DTU_OK;
}

static enum dtu_status on_changed(void *ctx, const struct dtu_param *row)
{
    struct dtu_device *d = ctx;
    if (row->id == DTU_ID_UART)
        d->followed = false;
    if ((row->flags & DTU_PARAM_AT_ONCE) != 0)
        return change_at_once(d, row);
    /* while what is stored cannot be read, a set would be undone behind its reply: it is refused */
    return d->config->profile->stores_at_once || d->lost ? save_or_restore(d) : DTU_OK;
}

/* What the user's defaults are could not be read, or not all of it. */
static void drop_users_values(struct dtu_device *d)
{
    if (d->config->medium != NULL)
        restore_values(d);
    else
        dtu_params_reset(&d->params);
}

/* Settings that were changed by other ways than a set are stored at once on every product: a reset
 * would be none if a power cut could undo it. */
static enum dtu_status reset_values(struct dtu_device *d, bool users)
{
    size_t size;
    uint8_t *line = line_memory(d, &size);
    enum dtu_status status = DTU_OK;

    if (!users) /* who asks for the factory's settings gives up what cannot be read */
        d->lost = false;
    dtu_params_reset(&d->params);
    if (users && d->config->default_medium != NULL)
        status = dtu_store_load(&d->defaults, &d->params, line, size);
    if (status != DTU_ERR_IO)
        return save_or_restore(d);
    drop_users_values(d);
    return status;
}

static enum dtu_status save_defaults(struct dtu_device *d)
{
    if (d->config->default_medium == NULL)
        return DTU_ERR_NOT_ALLOWED;
    if (d->lost)
        return DTU_ERR_IO;
    return dtu_store_save(&d->defaults, &d->params, DTU_PARAMS_PENDING);
}

/* Sets a value that an action changes. */
static enum dtu_status set_value(struct dtu_device *d, const struct dtu_param *row,
                                 const uint8_t *args, size_t len)
{
    (void)dtu_params_set(&d->params, row, args, len); /* cannot fail: the server has checked it */
    return on_changed(d, row);
}

static bool needs_login(const struct dtu_device *d)
{
    return d->settings.login_needed && !d->logged_in;
}

static enum dtu_status sign_in(struct dtu_device *d, const struct dtu_param *row,
                               const uint8_t *args, size_t len)
{
    enum dtu_escape_style style = (enum dtu_escape_style)table_of(d)->syntax.escape;
    struct dtu_unescape u = dtu_unescape(style, args, len);
    uint8_t guess[16];
    uint8_t byte;
    size_t guess_len = 0;
    size_t password_len;
    const uint8_t *password = dtu_params_bytes(&d->params, row, 0, &password_len);

    while (dtu_unescape_next(&u, &byte)) {
        if (guess_len == sizeof guess) /* a guard: no product's table lets such a long guess come */
            return DTU_ERR_LOGIN;
        guess[guess_len++] = byte;
    }
    d->logged_in = dtu_equal_secret(password, password_len, guess, guess_len);
    return d->logged_in ? DTU_OK : DTU_ERR_LOGIN;
}

/* A message has had its password: it neither logs the user of the UART in nor out. */
static enum dtu_status sign_in_or_set(struct dtu_device *d, const struct dtu_param *row,
                                      const uint8_t *args, size_t len)
{
    return d->current == NULL && needs_login(d) ? sign_in(d, row, args, len)
                                                : set_value(d, row, args, len);
}

static enum dtu_status set_mac(struct dtu_device *d, const struct dtu_param *row,
                               const uint8_t *args, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (dtu_upper(args[i]) != 'F')
            return set_value(d, row, args, len);
    return DTU_ERR_RANGE; /* all F is nobody's (manual 003 section 4.4.7) */
}

static enum dtu_status forget_topic(struct dtu_device *d, const struct dtu_param *row,
                                    const uint8_t *args, size_t len)
{
    const struct dtu_param *topics = row_of(d, DTU_ID_MQTTSUB);
    struct dtu_argument place = dtu_params_argument(table_of(d), row, args, len, 0);
    dtu_params_clear_place(&d->params, topics, (uint8_t)place.number);
    return on_changed(d, topics);
}

/* Complexity: a case each for the actions that are the device's own. */
static enum dtu_status on_action(void *ctx, const struct dtu_param *row, const uint8_t *args,
                                 size_t len)
{
    struct dtu_device *d = ctx;
    switch (row->id) {
    case DTU_ID_Z:
    case DTU_ID_ENTM:
        return DTU_OK; /* done when the reply is out */
    case DTU_ID_S:
        return save(d);
    case DTU_ID_RELD:
        return reset_values(d, true);
    case DTU_ID_CLEAR:
        return reset_values(d, false);
    case DTU_ID_CFGTF:
        return save_defaults(d);
    case DTU_ID_SIGNINAT:
        return sign_in_or_set(d, row, args, len);
    case DTU_ID_USERMAC:
        return set_mac(d, row, args, len);
    case DTU_ID_MQTTUNSUB:
        return forget_topic(d, row, args, len);
    default:
        break;
    }
    if (d->config->port->action == NULL)
        return DTU_ERR_NOT_ALLOWED;
    return d->config->port->action(d->ctx, row, args, len);
}

/* In command mode a login may be needed; a command in the data stream has had its password. */
static enum dtu_status on_permit(void *ctx, const struct dtu_param *row)
{
    struct dtu_device *d = ctx;
    if (!needs_login(d) || (row != NULL && row->id == DTU_ID_SIGNINAT))
        return DTU_OK;
    return DTU_ERR_LOGIN;
}

static void leave_command_mode(struct dtu_device *d)
{
    dtu_at_server_reset(&d->at);
    dtu_cmdmode_leave(&d->cmdmode, d->now_ms);
    d->logged_in = false;
    d->heard_ms = d->now_ms;
    for (size_t i = 0; i < d->config->profile->sockets; i++) { /* until now none could be heard */
        dtu_link_hold(&d->sockets[i].link, d->now_ms);
        d->sockets[i].heard_ms = d->now_ms;
    }
    tell(d, DTU_EVENT_MODE, 0, 0);
}

static void tell_command(struct dtu_device *d, const struct dtu_param *row, enum dtu_at_form form,
                         enum dtu_status status)
{
    struct dtu_device_event e = {
        .kind = DTU_EVENT_COMMAND, .row = row, .form = form, .status = status};
    tell_event(d, &e);
}

/* What an action that was done wants when its reply is out. */
static bool is_done(const struct dtu_param *row, enum dtu_status status, unsigned id)
{
    return row != NULL && row->kind == DTU_PARAM_ACTION && row->id == id && status == DTU_OK;
}

static bool asks_for_restart(const struct dtu_device *d, const struct dtu_param *row,
                             enum dtu_status status)
{
    return is_done(row, status, DTU_ID_Z) ||
           (is_done(row, status, DTU_ID_S) && d->config->profile->save_restarts);
}

/* The line is free for it now. It would change the values under a reply of a channel. */
static void restore_if_lost(struct dtu_device *d)
{
    if (!d->lost)
        return;
    for (size_t i = 0; i < DTU_DEVICE_CHANNELS; i++)
        if (is_answering(&d->channels[i]))
            return;
    restore_values(d);
}

static void on_replied(void *ctx, const struct dtu_param *row, enum dtu_at_form form,
                       enum dtu_status status)
{
    struct dtu_device *d = ctx;
    tell_command(d, row, form, status);
    restore_if_lost(d);
    if (asks_for_restart(d, row, status))
        want_restart(d);
    if (is_done(row, status, DTU_ID_ENTM))
        leave_command_mode(d);
}

static void on_message_replied(void *ctx, const struct dtu_param *row, enum dtu_at_form form,
                               enum dtu_status status)
{
    struct dtu_device_channel *c = ctx;
    struct dtu_device *d = c->device;
    tell_command(d, row, form, status);
    if (asks_for_restart(d, row, status))
        d->restart_due = true;
    if (is_done(row, status, DTU_ID_ENTM) && c->kind == DTU_CHANNEL_UDP)
        dtu_netat_close(&d->netat);
}

static void resume_messages(struct dtu_device *d)
{
    for (size_t i = 0; i < DTU_DEVICE_CHANNELS; i++)
        finish_reply(&d->channels[i]);
}

/* The link whose state an INFO row shows, or NULL. */
static struct dtu_device_socket *shown_socket(struct dtu_device *d, const struct dtu_param *row)
{
    if (row->id < DTU_ID_SOCKALK || row->id >= DTU_ID_SOCKALK + DTU_PROFILE_SOCKETS)
        return NULL;
    return &d->sockets[row->id - DTU_ID_SOCKALK];
}

/* The user's hardware address, if there is one. */
static const uint8_t *user_mac(const struct dtu_device *d)
{
    size_t len;
    const uint8_t *mac = dtu_settings_bytes(&d->params, DTU_ID_USERMAC, 0, &len);
    for (size_t i = 0; i < len; i++)
        if (mac[i] != 0)
            return mac;
    return NULL;
}

/* The state that was settled when the reply began. */
static void write_link(const struct dtu_device_socket *s, const struct dtu_text *out)
{
    const struct dtu_profile *p = s->device->config->profile;
    bool listens = s->link_config.listens && p->listen_word != NULL;

    if (listens && s->shown == DTU_LINK_OPENING)
        dtu_text_string(out, p->listen_word);
    else
        dtu_text_string(out, p->link_words[s->shown]);
    if (!listens || s->shown != DTU_LINK_UP || s->settings.target.kind != DTU_SOCKET_TCP_SERVER)
        return;
    dtu_text_char(out, '(');
    dtu_text_decimal(out, s->shown_clients);
    dtu_text_char(out, ')');
}

/* What the device itself knows of an INFO row. The first call, without `out`, settles what the
 * reply says however often it is made. */
static bool write_own_info(struct dtu_device *d, const struct dtu_param *row,
                           const struct dtu_text *out)
{
    struct dtu_device_socket *shown = shown_socket(d, row);
    const uint8_t *mac = row->id == DTU_ID_MAC ? user_mac(d) : NULL;

    if (shown == NULL && mac == NULL)
        return false;
    if (out == NULL && shown != NULL) {
        shown->shown = (uint8_t)dtu_link_state(&shown->link);
        shown->shown_clients = shown->clients;
    }
    if (out == NULL)
        return true;
    if (mac != NULL)
        dtu_text_hex(out, mac, 6);
    else
        write_link(shown, out);
    return true;
}

/* Writes the value without quotes. */
static enum dtu_status write_info(struct dtu_device *d, const struct dtu_param *row,
                                  const uint8_t *args, size_t len, const struct dtu_text *out)
{
    const struct dtu_device_port *port = d->config->port;

    if (write_own_info(d, row, out))
        return DTU_OK;
    if (port->info != NULL && port->info(d->ctx, row, args, len, out) == DTU_OK)
        return DTU_OK;
    if (row->id != DTU_ID_VER)
        return DTU_ERR_NOT_ALLOWED;
    if (out != NULL)
        dtu_text_string(out, d->config->profile->version);
    return DTU_OK;
}

static enum dtu_status on_info(void *ctx, const struct dtu_param *row, const uint8_t *args,
                               size_t len, const struct dtu_text *out)
{
    struct dtu_device *d = ctx;
    bool quotes = table_of(d)->syntax.quotes && out != NULL;

    if (quotes)
        dtu_text_char(out, '"');
    enum dtu_status status = write_info(d, row, args, len, out);
    if (quotes)
        dtu_text_char(out, '"');
    return status;
}

/* A UART that follows the network is shown as it is, until a restart or another set; and so is one
 * that is lent. */
static bool on_value(void *ctx, const struct dtu_param *row, const struct dtu_text *out)
{
    struct dtu_device *d = ctx;
    if (row->id != DTU_ID_UART || !(d->followed || d->is_lent))
        return false;
    dtu_settings_write_uart(&d->params, dtu_device_uart(d), out);
    return true;
}

static const struct dtu_at_server_callbacks at_callbacks = {.write = to_uart,
                                                            .action = on_action,
                                                            .info = on_info,
                                                            .permit = on_permit,
                                                            .changed = on_changed,
                                                            .value = on_value,
                                                            .replied = on_replied};

/* What the servers of the channels call: the same, for the device behind the channel. */
static enum dtu_status on_message_action(void *ctx, const struct dtu_param *row,
                                         const uint8_t *args, size_t len)
{
    const struct dtu_device_channel *c = ctx;
    return on_action(c->device, row, args, len);
}

static enum dtu_status on_message_info(void *ctx, const struct dtu_param *row, const uint8_t *args,
                                       size_t len, const struct dtu_text *out)
{
    const struct dtu_device_channel *c = ctx;
    return on_info(c->device, row, args, len, out);
}

static enum dtu_status on_message_changed(void *ctx, const struct dtu_param *row)
{
    const struct dtu_device_channel *c = ctx;
    return on_changed(c->device, row);
}

static bool on_message_value(void *ctx, const struct dtu_param *row, const struct dtu_text *out)
{
    const struct dtu_device_channel *c = ctx;
    return on_value(c->device, row, out);
}

static const struct dtu_at_server_callbacks message_callbacks = {.write = gather_reply,
                                                                 .action = on_message_action,
                                                                 .info = on_message_info,
                                                                 .changed = on_message_changed,
                                                                 .value = on_message_value,
                                                                 .replied = on_message_replied};

/* --- Registration and heartbeat ------------------------------------------------------------- */

/* The row whose answer a packet consists of. */
static const struct dtu_param *text_row(const struct dtu_device *d, enum dtu_identity_kind kind)
{
    static const uint8_t ids[] = {[DTU_IDENTITY_ICCID] = DTU_ID_ICCID,
                                  [DTU_IDENTITY_IMEI] = DTU_ID_IMEI,
                                  [DTU_IDENTITY_SN] = DTU_ID_SN,
                                  [DTU_IDENTITY_MAC] = DTU_ID_MAC,
                                  [DTU_IDENTITY_LBS] = DTU_ID_LBS}; /* no other is asked for */
    return row_of(d, ids[kind]);
}

static bool write_identity(struct dtu_device *d, enum dtu_identity_kind kind,
                           const struct dtu_text *out)
{
    static const uint8_t base_station[] = "1"; /* AT+LBS=1 */
    const struct dtu_param *row = text_row(d, kind);
    bool asks = kind == DTU_IDENTITY_LBS;

    if (row == NULL || write_info(d, row, asks ? base_station : NULL, asks ? 1 : 0, NULL) != DTU_OK)
        return false;
    (void)write_info(d, row, NULL, 0, out);
    return true;
}

static bool on_identity_text(void *ctx, enum dtu_identity_kind kind, const struct dtu_text *out)
{
    const struct dtu_device_socket *s = ctx;
    return write_identity(s->device, kind, out);
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
    uint8_t scratch[DTU_IDENTITY_TEXT_MAX];
    size_t len;

    if (!dtu_identity_send(&s->identity) || dtu_queue_count(&s->queue) > 0)
        return DTU_HEARTBEAT_NO_ROOM;
    const uint8_t *bytes =
        dtu_identity_bytes(&d->settings.heartbeat_packet, &identity_callbacks, s, scratch, &len);
    if (bytes == NULL)
        return DTU_HEARTBEAT_NOTHING;
    return send_or_queue(s, bytes, len);
}

/* It never fails: a datagram that was is told later, by dtu_device_socket_refused(). */
static const struct dtu_heartbeat_callbacks socket_heartbeat_callbacks = {.send = send_heartbeat};

static bool on_uart_text(void *ctx, enum dtu_identity_kind kind, const struct dtu_text *out)
{
    return write_identity(ctx, kind, out);
}

static const struct dtu_identity_callbacks uart_identity_callbacks = {.text = on_uart_text};

/* What is left of a heartbeat to the UART. Its bytes are made again each time. */
static enum dtu_heartbeat_outcome send_beat(struct dtu_device *d)
{
    uint8_t scratch[DTU_IDENTITY_TEXT_MAX];
    size_t len;
    const uint8_t *bytes = dtu_identity_bytes(&d->settings.heartbeat_packet,
                                              &uart_identity_callbacks, d, scratch, &len);

    if (bytes == NULL || d->beat_sent >= len) {
        d->beat_sent = 0;
        return DTU_HEARTBEAT_NOTHING;
    }
    d->beat_sent += d->config->port->uart_write(d->ctx, bytes + d->beat_sent, len - d->beat_sent);
    if (d->beat_sent == 0)
        return DTU_HEARTBEAT_NO_ROOM;
    if (d->beat_sent == len)
        d->beat_sent = 0;
    return DTU_HEARTBEAT_TAKEN;
}

/* Whether the UART has only a part of a packet. */
static bool has_part_of_packet(const struct dtu_device *d)
{
    for (size_t i = 0; i < d->config->profile->sockets; i++)
        if (d->sockets[i].cut)
            return true;
    return d->marking != NULL;
}

/* A heartbeat gets in between nothing else. */
static enum dtu_heartbeat_outcome send_uart_heartbeat(void *ctx)
{
    struct dtu_device *d = ctx;
    if (!uart_hears_sockets(d) || uart_is_taken(d) || has_part_of_packet(d))
        return DTU_HEARTBEAT_NO_ROOM;
    return send_beat(d);
}

static const struct dtu_heartbeat_callbacks uart_heartbeat_callbacks = {.send =
                                                                            send_uart_heartbeat};

/* What nothing may come in between, as far as it goes: what has waited for that goes on then. */
static void finish_what_is_on_its_way(struct dtu_device *d)
{
    if (d->beat_sent > 0)
        (void)send_beat(d);
    if (d->sdp.used)
        dtu_sdp_sender_poll(&d->sdp.sender);
}

static void start_heartbeat(struct dtu_device *d)
{
    bool is_for_uart = d->settings.heartbeat_config.to == DTU_HEARTBEAT_TO_UART;

    (void)dtu_heartbeat_init(&d->heartbeat, &d->settings.heartbeat_config,
                             &uart_heartbeat_callbacks, d);
    d->beat_sent = 0;
    if (d->settings.heartbeat && is_for_uart && d->settings.transparent)
        dtu_heartbeat_start(&d->heartbeat, d->now_ms);
}

/* --- Start and stop ------------------------------------------------------------------------- */

static bool port_is_complete(const struct dtu_device_port *p)
{
    return p->uart_write != NULL && p->uart_setup != NULL && p->socket_open != NULL &&
           p->socket_send != NULL && p->socket_close != NULL && p->restart != NULL;
}

static bool is_enough(const uint8_t *memory, size_t size, size_t needed)
{
    return memory != NULL && size >= needed;
}

/* Of what can be left out. */
static bool is_enough_or_none(const struct dtu_device_memory *m, size_t needed)
{
    return m->memory == NULL || m->size >= needed;
}

static bool memory_suffices(const struct dtu_device_config *c)
{
    const struct dtu_profile *p = c->profile;
    /* without the byte more not even an empty queue takes a packet */
    const size_t queue_size = DTU_QUEUE_SIZE(0, (size_t)p->packet_len) + 1;
    bool suffices = is_enough(c->values, c->values_size / 2, p->table->values_size) &&
                    is_enough(c->line, c->line_size, p->line_size) &&
                    is_enough(c->packet, c->packet_size, p->packet_len) &&
                    is_enough_or_none(&c->sdp, p->packet_len);

    for (size_t i = 0; i < DTU_DEVICE_CHANNELS; i++)
        suffices = suffices && is_enough_or_none(&c->messages[i], p->line_size);
    for (size_t i = 0; i < p->sockets; i++)
        suffices = suffices && is_enough_or_none(&c->queues[i], queue_size);
    return suffices;
}

static enum dtu_status init_media(struct dtu_device *d)
{
    const struct dtu_device_config *c = d->config;
    enum dtu_status status = DTU_OK;

    if (c->medium != NULL)
        status = dtu_store_init(&d->store, c->medium, c->medium_ctx);
    if (status == DTU_OK && c->default_medium != NULL)
        status = dtu_store_init(&d->defaults, c->default_medium, c->default_ctx);
    return status;
}

static void load(struct dtu_device *d)
{
    const struct dtu_param_table *table = table_of(d);
    /* cannot fail: it did not when the device was set up */
    (void)dtu_params_init(&d->params, table, d->config->values,
                          d->config->values + table->values_size);
    d->lost = false;
    if (d->config->medium != NULL) /* what cannot be read leaves the defaults */
        d->lost = dtu_store_load(&d->store, &d->params, d->config->line, d->config->line_size) ==
                  DTU_ERR_IO;
}

static void init_socket(struct dtu_device *d, unsigned i)
{
    struct dtu_device_socket *s = &d->sockets[i];
    s->device = d;
    s->index = i;
    s->queue_config.memory = d->config->queues[i].memory;
    s->queue_config.size = d->config->queues[i].size;
    s->queue_config.max_packets = d->config->profile->queue_packets;
    s->queue_config.max_bytes = d->config->profile->queue_bytes;
    (void)dtu_queue_init(&s->queue, &s->queue_config); /* fails only without memory: not used */
}

enum dtu_status dtu_device_init(struct dtu_device *d, const struct dtu_device_config *config,
                                void *ctx)
{
    if (!port_is_complete(config->port) || !memory_suffices(config))
        return DTU_ERR_CONFIG;
    if (config->open_ms > DTU_PERIOD_MAX)
        return DTU_ERR_CONFIG;
    memset(d, 0, sizeof *d);
    d->config = config;
    d->ctx = ctx;
    size_t set_size = config->profile->table->values_size;
    if (dtu_params_init(&d->params, config->profile->table, config->values,
                        config->values + set_size) != DTU_OK)
        return DTU_ERR_CONFIG;
    if (init_media(d) != DTU_OK)
        return DTU_ERR_CONFIG;
    d->leds.pin = config->port->led;
    if (has_leds(d) &&
        dtu_indicator_init(&d->indicator, config->profile->indicator, &d->leds, ctx) != DTU_OK)
        return DTU_ERR_CONFIG;
    for (unsigned i = 0; i < config->profile->sockets; i++)
        init_socket(d, i);
    load(d);
    return DTU_OK;
}

struct dtu_params *dtu_device_params(struct dtu_device *d)
{
    return &d->params;
}

/* A channel without memory cannot be set up, and is never asked. */
static void start_channel(struct dtu_device *d, enum dtu_channel channel)
{
    struct dtu_device_channel *c = &d->channels[channel];
    c->device = d;
    c->kind = (uint8_t)channel;
    c->reply_len = 0;
    c->config = d->at_config;
    c->config.line = d->config->messages[channel].memory;
    c->config.line_size = d->config->messages[channel].size;
    c->config.style = style_of(d, channel);
    (void)dtu_at_server_init(&c->at, &c->config, &message_callbacks, c);
}

static void start_commands(struct dtu_device *d)
{
    d->at_config.dialect = d->config->profile->dialect;
    d->at_config.params = &d->params;
    d->at_config.line = d->config->line;
    d->at_config.line_size = d->config->line_size;
    (void)dtu_at_server_init(&d->at, &d->at_config, &at_callbacks, d);
    dtu_at_server_set_echo(&d->at, dtu_settings_on(&d->params, DTU_ID_E, false));
    for (unsigned i = 0; i < DTU_DEVICE_CHANNELS; i++)
        start_channel(d, (enum dtu_channel)i);
    d->restart_due = false;
    dtu_netat_close(&d->netat);
}

/* A packing length is no frame's if it is too short or too long for one. */
static void start_distribution(struct dtu_device *d)
{
    struct dtu_sdp_config *c = &d->sdp.config;

    c->direction = DTU_SDP_TO_MODULE;
    c->buffer = d->config->sdp.memory;
    c->size = min_size(d->settings.packet_len, DTU_SDP_FRAME_MAX);
    if (c->size < DTU_SDP_OVERHEAD)
        c->size = DTU_SDP_OVERHEAD;
    d->sdp.fed = 0;
    d->sdp.cut = false;
    if (!d->sdp.used)
        return;
    (void)dtu_sdp_init(&d->sdp.decoder, c, &sdp_callbacks, d);
    dtu_sdp_sender_init(&d->sdp.sender, DTU_SDP_FROM_MODULE, d->config->port->uart_write, d->ctx);
}

static void start_uart(struct dtu_device *d)
{
    (void)dtu_framer_init(&d->framer, &d->framer_config, &framer_callbacks, d);
    (void)dtu_cmdmode_init(&d->cmdmode, &d->cmdmode_config, &cmdmode_callbacks, d, d->now_ms);
    start_heartbeat(d);
    start_distribution(d);
    d->answering = false;
    d->was_deaf = false;
}

static void start_socket(struct dtu_device_socket *s)
{
    const struct dtu_settings *settings = &s->device->settings;

    (void)dtu_link_init(&s->link, &s->link_config, &link_callbacks, s);
    (void)dtu_baudsync_init(&s->sync, &s->sync_config, &sync_callbacks, s);
    (void)dtu_identity_init(&s->identity, &settings->registration, &identity_callbacks, s);
    (void)dtu_heartbeat_init(&s->heartbeat, &settings->heartbeat_config,
                             &socket_heartbeat_callbacks, s);
}

/* As far as the UART takes it. */
static void send_greeting(struct dtu_device *d)
{
    size_t len;

    if (!d->greeting)
        return;
    const uint8_t *text = dtu_settings_bytes(&d->params, DTU_ID_STMSG, 0, &len);
    const struct dtu_text out = dtu_replay_text(&d->greeter);
    dtu_text_string(&out, "\r\n");
    dtu_text_bytes(&out, text, len);
    dtu_text_string(&out, "\r\n");
    d->greeting = !dtu_replay_done(&d->greeter);
}

static void greet(struct dtu_device *d)
{
    d->greeter.write = d->config->port->uart_write;
    d->greeter.ctx = d->ctx;
    d->greeter.sent = 0;
    d->greeting = row_of(d, DTU_ID_STMSG) != NULL;
    send_greeting(d);
    if (!d->settings.starts_in_command_mode)
        return;
    dtu_cmdmode_enter(&d->cmdmode);
    on_entered(d);
}

void dtu_device_start(struct dtu_device *d, uint32_t now)
{
    dtu_device_stop(d, now); /* a second start closes what the first has opened */
    d->now_ms = now;
    dtu_params_apply(&d->params);
    read_settings(d);
    for (size_t i = 0; i < d->config->profile->sockets; i++)
        read_socket_settings(d, &d->sockets[i]);
    /* the tables' ranges make all configurations good: an engine cannot refuse its own */
    start_uart(d);
    start_commands(d);
    for (size_t i = 0; i < d->config->profile->sockets; i++)
        start_socket(&d->sockets[i]);
    d->heard_ms = now;
    d->marking = NULL;
    d->restarting = false;
    d->started = true;
    d->config->port->uart_setup(d->ctx, &d->settings.uart);
    show(d, DTU_SHOWS_POWER, 1);
    show(d, DTU_SHOWS_SYSTEM, 1);
    show(d, DTU_SHOWS_NETWORK, d->network);
    tell(d, DTU_EVENT_START, 0, 0);
    greet(d);
    for (size_t i = 0; i < d->config->profile->sockets; i++)
        if (d->sockets[i].used)
            dtu_link_start(&d->sockets[i].link, now);
}

void dtu_device_stop(struct dtu_device *d, uint32_t now)
{
    if (!d->started)
        return;
    d->now_ms = now;
    d->started = false;
    for (size_t i = 0; i < d->config->profile->sockets; i++) {
        struct dtu_device_socket *s = &d->sockets[i];
        dtu_link_stop(&s->link, now);
        s->used = false;
        if (s->queue_config.memory != NULL)
            dtu_queue_clear(&s->queue);
    }
    d->stats.cut_bytes += (uint32_t)dtu_framer_clear(&d->framer);
    if (d->sdp.used)
        d->stats.cut_bytes += (uint32_t)dtu_sdp_clear(&d->sdp.decoder);
    if (has_leds(d))
        dtu_indicator_clear(&d->indicator, now);
}

void dtu_device_reload(struct dtu_device *d, uint32_t now)
{
    dtu_device_stop(d, now);
    load(d);
    d->stats.restarts++;
}

void dtu_device_restart(struct dtu_device *d, uint32_t now)
{
    dtu_device_reload(d, now);
    dtu_device_start(d, now);
}

/* --- Events --------------------------------------------------------------------------------- */

/* The LF of the CR LF that ended a command is part of it, even if the command has led out of
 * command mode meanwhile. One that comes later than the next byte of the slowest line would is
 * data. */
static size_t skip_line_feed(struct dtu_device *d, const uint8_t *data, size_t len, uint32_t now)
{
    /* twice the time of a byte, and a step of the clock */
    const uint32_t byte_ms = 2 * 10 * UINT32_C(1000) / d->settings.uart.baud + 1;

    if (!d->after_cr || len == 0)
        return 0;
    d->after_cr = false;
    return data[0] == '\n' && dtu_elapsed(now, d->cr_ms) <= byte_ms;
}

static size_t take_command(struct dtu_device *d, const uint8_t *data, size_t len, uint32_t now)
{
    size_t n = dtu_at_server_feed(&d->at, data, len);
    if (n == 0)
        return 0;
    d->after_cr = data[n - 1] == '\r';
    d->cr_ms = now;
    return n + skip_line_feed(d, data + n, len - n, now);
}

static bool awaits_login(const struct dtu_device *d)
{
    /* a reply that is on its way is not cut */
    return dtu_cmdmode_active(&d->cmdmode) && needs_login(d) && dtu_at_server_ready(&d->at);
}

static void end_what_has_expired(struct dtu_device *d)
{
    if (awaits_login(d) && dtu_elapsed(d->now_ms, d->entered_ms) >= LOGIN_MS)
        leave_command_mode(d);
    dtu_netat_poll(&d->netat, d->now_ms);
}

/* What has waited for room, and for time. */
static void go_on(struct dtu_device *d)
{
    dtu_at_server_resume(&d->at);
    resume_messages(d);
    end_what_has_expired(d);
    poll_cmdmode(d);
}

/* While something is on its way out that nothing may come in between, what comes in waits, for it
 * may have to be answered. */
static bool hears_uart(const struct dtu_device *d)
{
    return accepts_input(d) && !replies_to_uart(d) && !uart_is_taken(d);
}

/* A pause in which nobody listened is none: the rest of a frame may have come meanwhile. */
static void listen(struct dtu_device *d)
{
    bool deaf = !hears_uart(d);
    if (deaf || d->was_deaf) {
        dtu_framer_hold(&d->framer, now_us(d));
        d->sdp.fed_ms = d->now_ms;
    }
    d->was_deaf = deaf;
}

/* Takes a frame that a pause has ended, or that there was no room for. */
static void poll_frames(struct dtu_device *d)
{
    listen(d);
    dtu_framer_poll(&d->framer, now_us(d));
    (void)obey_frame(d);
}

size_t dtu_device_uart_rx(struct dtu_device *d, const uint8_t *data, size_t len, uint32_t now)
{
    size_t taken = d->started ? skip_line_feed(d, data, len, now) : 0;

    d->now_ms = now;
    if (accepts_input(d)) /* an answer that waited may change who gets the bytes */
        go_on(d);
    listen(d);
    while (taken < len && hears_uart(d)) {
        size_t n = dtu_cmdmode_active(&d->cmdmode)
                       ? take_command(d, data + taken, len - taken, now)
                       : dtu_cmdmode_feed(&d->cmdmode, data + taken, len - taken, now);
        taken += n;
        if (!obey_frame(d) && n == 0)
            break;
    }
    return taken;
}

void dtu_device_uart_idle(struct dtu_device *d, uint32_t now)
{
    d->now_ms = now;
    if (!d->started)
        return;
    dtu_framer_flush(&d->framer);
    (void)obey_frame(d);
    if (dtu_framer_ready(&d->framer)) /* the frame was taken, if there was one */
        end_cut_frame(d);
}

bool dtu_device_uart_ready(const struct dtu_device *d)
{
    if (!hears_uart(d))
        return false;
    if (dtu_cmdmode_active(&d->cmdmode))
        return dtu_at_server_ready(&d->at);
    return dtu_cmdmode_ready(&d->cmdmode) && dtu_framer_ready(&d->framer);
}

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
    if (s == NULL || is_up(s))
        return;
    s->clients = 1;
    dtu_link_opened(&s->link, now);
    pump(s);
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
    if (s == NULL || !is_up(s))
        return;
    if (holds_sync(s)) /* the rest of it will not come */
        s->sync_ms = now - pause_ms(d);
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
    if (socket >= d->config->profile->sockets || !is_up(&d->sockets[socket]))
        return false;
    if (d->beat_sent > 0 || (d->marking != NULL && d->marking != &d->sockets[socket]))
        return false;
    if (uart_is_taken(d))
        return accepts_input(d) &&
               dtu_sdp_sender_ready(&d->sdp.sender, sdp_id(&d->sockets[socket]));
    return uart_hears_sockets(d);
}

static bool hears_network(const struct dtu_device *d)
{
    return is_offered(d, DTU_CHANNEL_SOCKET) && d->settings.network_commands;
}

/* Data of the network came. */
static void hear(struct dtu_device_socket *s)
{
    s->heard_ms = s->device->now_ms;
    s->device->heard_ms = s->device->now_ms;
    dtu_link_activity(&s->link, s->device->now_ms);
}

/* Whether a packet of a socket was a command that could be carried out. */
static bool obey(struct dtu_device_socket *s, const uint8_t *command, size_t len)
{
    struct dtu_device_channel *c = &s->device->channels[DTU_CHANNEL_SOCKET];
    if (is_answering(c))
        return false;
    c->socket = (uint8_t)s->index;
    hear(s);
    run_commands(c, command, len);
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
    const uint8_t *command = data;
    size_t command_len = len;
    if (!s->cut && hears_network(d) && find_command(d, &command, &command_len))
        return obey(s, command, command_len) ? len : 0;
    return take_packet(s, data, len);
}

void dtu_device_socket_writable(struct dtu_device *d, unsigned socket, uint32_t now)
{
    struct dtu_device_socket *s = socket_at(d, socket, now);
    if (s == NULL)
        return;
    pump(s);
    resume_messages(d); /* a reply may have waited for the room, */
    poll_frames(d);     /* and a frame, which comes behind it */
}

static bool find_sms_command(const struct dtu_device *d, const uint8_t **data, size_t *len)
{
    const struct dtu_settings *s = &d->settings;
    return dtu_instream_find_message(d->config->profile->mark, s->password, s->password_len, data,
                                     len);
}

enum dtu_status dtu_device_message(struct dtu_device *d, enum dtu_channel channel,
                                   const uint8_t *data, size_t len, uint32_t now)
{
    d->now_ms = now;
    bool has_topics = row_of(d, DTU_ID_MQTTSUB) != NULL;
    if (channel != DTU_CHANNEL_SMS && !(channel == DTU_CHANNEL_MQTT && has_topics))
        return DTU_ERR_NOT_ALLOWED;
    struct dtu_device_channel *c = &d->channels[channel];
    if (!accepts_input(d) || !is_offered(d, channel) || d->config->port->reply == NULL)
        return DTU_ERR_NOT_ALLOWED;
    if (is_answering(c))
        return DTU_ERR_STATE;
    if (channel == DTU_CHANNEL_SMS && !find_sms_command(d, &data, &len))
        return DTU_ERR_FORMAT;
    run_commands(c, data, len);
    return DTU_OK;
}

/* --- Discovery ------------------------------------------------------------------------------ */

/* The text of an INFO row in memory; what does not fit is cut off. */
static size_t info_text(struct dtu_device *d, unsigned id, char *text, size_t size)
{
    struct dtu_text_buffer buffer = {text, size, 0, false};
    const struct dtu_text out = {dtu_text_to_buffer, &buffer};
    const struct dtu_param *row = row_of(d, id);

    if (row == NULL || write_info(d, row, NULL, 0, NULL) != DTU_OK)
        return 0;
    (void)write_info(d, row, NULL, 0, &out);
    return buffer.len;
}

/* The hardware address that `AT+MAC` shows; zeroes if it shows none. */
static void own_mac(struct dtu_device *d, uint8_t mac[6])
{
    char text[12];
    size_t len = info_text(d, DTU_ID_MAC, text, sizeof text);

    memset(mac, 0, 6);
    for (size_t i = 0; len == sizeof text && i < 6; i++)
        mac[i] = (uint8_t)(dtu_parse_hex_digit((uint8_t)text[2 * i]) << 4 |
                           dtu_parse_hex_digit((uint8_t)text[2 * i + 1]));
}

static void copy_setting(const struct dtu_device *d, unsigned id, uint8_t field, uint8_t *to,
                         size_t size)
{
    size_t len;
    const uint8_t *bytes = dtu_settings_bytes(&d->params, id, field, &len);
    memset(to, 0, size);
    if (bytes != NULL)
        memcpy(to, bytes, min_size(len, size));
}

static void describe(void *ctx, struct dtu_discovery_found *found)
{
    struct dtu_device *d = ctx;
    char version[10];
    uint32_t number = 0;

    memset(found, 0, sizeof *found);
    copy_setting(d, DTU_ID_WANN, 1, found->ip, sizeof found->ip);
    if (d->has_ip)
        memcpy(found->ip, d->ip, sizeof found->ip);
    own_mac(d, found->mac);
    size_t len = info_text(d, DTU_ID_VER, version, sizeof version);
    (void)dtu_parse_decimal((const uint8_t *)version, len, &number); /* else it is 0 */
    found->version = (uint16_t)number;
    copy_setting(d, DTU_ID_MID, 0, found->name, sizeof found->name);
}

static void tell_login(void *ctx, uint8_t user[DTU_DISCOVERY_LOGIN_LEN + 1],
                       uint8_t password[DTU_DISCOVERY_LOGIN_LEN + 1])
{
    copy_setting(ctx, DTU_ID_WEBU, 0, user, DTU_DISCOVERY_LOGIN_LEN + 1);
    copy_setting(ctx, DTU_ID_WEBU, 1, password, DTU_DISCOVERY_LOGIN_LEN + 1);
}

static void read_block(void *ctx, uint8_t which, union dtu_discovery_block *block)
{
    struct dtu_device *d = ctx;
    uint8_t mac[6];

    own_mac(d, mac);
    dtu_blocks_read(&d->params, which, mac, block);
}

/* It is stored by a request of its own. */
static enum dtu_status write_block(void *ctx, uint8_t which, const union dtu_discovery_block *block)
{
    struct dtu_device *d = ctx;
    const struct dtu_param *refused;
    uint8_t mac[6];

    own_mac(d, mac);
    enum dtu_status status = dtu_blocks_write(&d->params, which, mac, block, &refused);
    if (status == DTU_OK && which == DTU_DISCOVERY_PORT_0)
        d->followed = false;
    return status;
}

/* What is stored was read again by way of the UART's line: one that is begun is spoilt. */
static enum dtu_status forget_spoilt_line(struct dtu_device *d, enum dtu_status status)
{
    if (status != DTU_OK && dtu_at_server_ready(&d->at))
        dtu_at_server_reset(&d->at);
    return status;
}

static enum dtu_status act(void *ctx, enum dtu_discovery_command command)
{
    struct dtu_device *d = ctx;
    if (command == DTU_DISCOVERY_SAVE && !d->lost)
        return save(d);
    if (command == DTU_DISCOVERY_SAVE) /* what was lost may come back by this alone */
        return forget_spoilt_line(d, save_or_restore(d));
    if (command == DTU_DISCOVERY_FACTORY)
        return forget_spoilt_line(d, reset_values(d, false));
    want_restart(d);
    return DTU_OK;
}

static const struct dtu_discovery_callbacks discovery_callbacks = {.describe = describe,
                                                                   .login = tell_login,
                                                                   .read = read_block,
                                                                   .write = write_block,
                                                                   .act = act};

size_t dtu_device_request(struct dtu_device *d, const uint8_t *data, size_t len, uint8_t *reply,
                          size_t size, uint32_t now)
{
    struct dtu_device_event e = {.kind = DTU_EVENT_REQUEST};
    size_t reply_len;

    d->now_ms = now;
    if (!accepts_input(d) || row_of(d, DTU_ID_BLOCKS) == NULL)
        return 0;
    e.len = len > 2 ? data[2] : 0; /* before the answer may take its place */
    e.outcome = dtu_discovery_serve(&discovery_callbacks, d, data, len, reply, size, &reply_len);
    if (e.outcome == DTU_DISCOVERY_IGNORED)
        return reply_len;
    if (e.outcome == DTU_DISCOVERY_SERVED)
        d->stats.requests++;
    else
        d->stats.refusals++;
    tell_event(d, &e);
    return reply_len;
}

void dtu_device_set_network(struct dtu_device *d, enum dtu_network network, uint32_t now)
{
    d->now_ms = now;
    d->network = (uint8_t)network;
    if (d->started)
        show(d, DTU_SHOWS_NETWORK, network);
}

void dtu_device_set_ip(struct dtu_device *d, const uint8_t *ip)
{
    d->has_ip = ip != NULL;
    if (ip != NULL)
        memcpy(d->ip, ip, sizeof d->ip);
}

/* `IP,MAC,NAME` */
static void introduce(struct dtu_device *d, const struct dtu_text *out)
{
    struct dtu_discovery_found found;
    describe(d, &found);
    dtu_discovery_write_text(&found, out);
}

static void greet_peer(struct dtu_device_channel *c)
{
    struct dtu_replay whole = {.write = gather_reply, .ctx = c};
    const struct dtu_text out = dtu_replay_text(&whole);
    introduce(c->device, &out);
    (void)send_reply(c);
}

enum dtu_status dtu_device_datagram(struct dtu_device *d, const struct dtu_peer *peer,
                                    const uint8_t *data, size_t len, uint32_t now)
{
    size_t key_len;
    d->now_ms = now;
    const uint8_t *key = dtu_settings_bytes(&d->params, DTU_ID_SEARCH, 1, &key_len);

    struct dtu_device_channel *c = &d->channels[DTU_CHANNEL_UDP];
    if (!accepts_input(d) || !is_offered(d, DTU_CHANNEL_UDP) || d->config->port->reply == NULL ||
        key == NULL)
        return DTU_ERR_NOT_ALLOWED;
    enum dtu_netat_kind kind = dtu_netat_look(&d->netat, key, key_len, peer, data, len, now);
    if (kind == DTU_NETAT_FOREIGN) {
        d->stats.ignored++;
        return DTU_ERR_FORMAT;
    }
    if (is_answering(c))
        return DTU_ERR_STATE;
    dtu_netat_hold(&d->netat, peer, now);
    if (kind == DTU_NETAT_KEYWORD) {
        d->stats.messages++;
        greet_peer(c);
    } else if (kind == DTU_NETAT_COMMAND) {
        run_commands(c, data, len);
    }
    return DTU_OK;
}

/* Nothing of the network is heard in command mode: that time does not count. */
static bool watches_network(const struct dtu_device *d)
{
    return d->settings.restart_ms > 0 && d->settings.transparent &&
           !dtu_cmdmode_active(&d->cmdmode);
}

/* Without data of the network for too long the module restarts; a connection that has none while
 * another one has is opened anew (manual 001, AT+RSTIM). */
static void watch_network(struct dtu_device *d)
{
    uint32_t limit = d->settings.restart_ms;
    if (!watches_network(d))
        return;
    if (dtu_elapsed(d->now_ms, d->heard_ms) >= limit) {
        d->stats.silent++;
        want_restart(d);
        return;
    }
    for (size_t i = 0; i < d->config->profile->sockets; i++) {
        struct dtu_device_socket *s = &d->sockets[i];
        if (is_up(s) && dtu_elapsed(d->now_ms, s->heard_ms) >= limit)
            dtu_link_reconnect(&s->link, d->now_ms);
    }
}

static uint32_t next_watch(const struct dtu_device *d, uint32_t now)
{
    if (!watches_network(d))
        return DTU_NEVER;
    uint32_t next = dtu_remaining(now, d->heard_ms, d->settings.restart_ms);
    for (size_t i = 0; i < d->config->profile->sockets; i++)
        if (is_up(&d->sockets[i]))
            next =
                min_u32(next, dtu_remaining(now, d->sockets[i].heard_ms, d->settings.restart_ms));
    return next;
}

static void poll_uart(struct dtu_device *d)
{
    send_greeting(d);
    finish_what_is_on_its_way(d);
    go_on(d);
    poll_frames(d);
    poll_distribution(d);
    dtu_heartbeat_poll(&d->heartbeat, d->now_ms);
}

/* While what the other side sent cannot be taken, a connection is not quiet. */
static void poll_socket(struct dtu_device *d, unsigned i)
{
    struct dtu_device_socket *s = &d->sockets[i];
    if (!s->used)
        return;
    poll_sync(s);
    if (s->held || !dtu_device_socket_ready(d, i))
        dtu_link_hold(&s->link, d->now_ms);
    pump(s); /* what the socket had no room for */
    dtu_heartbeat_poll(&s->heartbeat, d->now_ms);
    dtu_link_poll(&s->link, d->now_ms);
    open_for_data(s);
}

void dtu_device_poll(struct dtu_device *d, uint32_t now)
{
    d->now_ms = now;
    if (!d->started || d->restarting)
        return;
    poll_uart(d);
    if (has_leds(d))
        dtu_indicator_poll(&d->indicator, now);
    for (unsigned i = 0; i < d->config->profile->sockets; i++)
        poll_socket(d, i);
    watch_network(d);
}

static uint32_t next_of_socket(const struct dtu_device_socket *s, uint32_t now)
{
    uint32_t next = min_u32(dtu_link_next(&s->link, now), dtu_heartbeat_next(&s->heartbeat, now));
    if (!holds_sync(s) || s->sync_full || !uart_hears_sockets(s->device))
        return next;
    return min_u32(next, dtu_remaining(now, s->sync_ms, pause_ms(s->device)));
}

static uint32_t next_of_uart(const struct dtu_device *d, uint32_t now)
{
    uint32_t next = dtu_cmdmode_next(&d->cmdmode, now);
    uint32_t frame_us = dtu_framer_next(&d->framer, now * 1000);
    if (frame_us != DTU_NEVER && hears_uart(d))
        next = min_u32(next, (frame_us + 999) / 1000);
    if (awaits_login(d))
        next = min_u32(next, dtu_remaining(now, d->entered_ms, LOGIN_MS));
    if (d->sdp.cut && hears_uart(d))
        next = min_u32(next, dtu_remaining(now, d->sdp.fed_ms, pause_ms(d)));
    return next;
}

uint32_t dtu_device_next(const struct dtu_device *d, uint32_t now)
{
    if (!d->started || d->restarting)
        return DTU_NEVER;
    uint32_t next = next_of_uart(d, now);
    next = min_u32(next, dtu_netat_next(&d->netat, now));
    next = min_u32(next, next_watch(d, now));
    next = min_u32(next, dtu_heartbeat_next(&d->heartbeat, now));
    if (has_leds(d))
        next = min_u32(next, dtu_indicator_next(&d->indicator, now));
    for (size_t i = 0; i < d->config->profile->sockets; i++)
        if (d->sockets[i].used)
            next = min_u32(next, next_of_socket(&d->sockets[i], now));
    return next;
}

const struct dtu_uart *dtu_device_uart(const struct dtu_device *d)
{
    return d->is_lent ? &d->lent : &d->settings.uart;
}

void dtu_device_lend_uart(struct dtu_device *d, const struct dtu_uart *uart)
{
    d->is_lent = uart != NULL;
    if (uart != NULL)
        d->lent = *uart;
    tell(d, DTU_EVENT_LENT, 0, d->is_lent);
}
