/* SPDX-License-Identifier: MIT */
/* The UART of a device: the handshake, the framer, socket distribution, and who may write to it. */
#include "device_internal.h"

#define LOGIN_MS UINT32_C(30000) /* to log in (manual 000 section 6.7) */

/* --- What goes to the UART ------------------------------------------------------------------ */

/* While a frame is on its way to the UART nothing may come in between. */
bool dtu_device_uart_is_taken(const struct dtu_device *d)
{
    return d->beat_sent > 0 || (d->sdp.used && !dtu_sdp_sender_idle(&d->sdp.sender));
}

size_t dtu_device_to_uart(void *ctx, const uint8_t *data, size_t len)
{
    struct dtu_device *d = ctx;
    return dtu_device_uart_is_taken(d) ? 0 : d->config->port->uart_write(d->ctx, data, len);
}

static bool replies_to_uart(const struct dtu_device *d)
{
    return !dtu_at_server_ready(&d->channels[DTU_CHANNEL_UART].at);
}

/* The UART has not all of an answer of the handshake, or of a reply. */
static bool is_answering_uart(const struct dtu_device *d)
{
    return d->answering || replies_to_uart(d) || !dtu_at_server_ready(&d->console.at);
}

/* Whether the UART may have data of sockets now. */
bool dtu_device_uart_hears_sockets(const struct dtu_device *d)
{
    return dtu_device_accepts_input(d) && !is_answering_uart(d) && !dtu_cmdmode_active(&d->cmdmode);
}

/* --- Socket distribution -------------------------------------------------------------------- */

uint8_t dtu_device_sdp_id(const struct dtu_device_socket *s)
{
    return (uint8_t)(DTU_SDP_SOCKET_A + s->index);
}

static bool report(struct dtu_device *d, enum dtu_sdp_code code)
{
    if (is_answering_uart(d) || d->beat_sent > 0)
        return false;
    if (!dtu_sdp_report(&d->sdp.sender, code))
        return false;
    dtu_device_tell(d, DTU_EVENT_REPORT, 0, (size_t)code);
    return true;
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
    if (!dtu_device_takes_data(s))
        return refuse_frame(d, DTU_SDP_SEND_FAILED);
    if (frame->len > 0 && dtu_device_is_up(s) &&
        !dtu_queue_fits(&s->queue, frame->len + d->prefix_max))
        return false;
    if (frame->len > 0)
        dtu_device_queue_frame(s, frame->data, frame->len);
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
static bool distribute(struct dtu_device *d, size_t len)
{
    const uint8_t *data = d->config->packet;

    d->sdp.fed += dtu_sdp_feed(&d->sdp.decoder, data + d->sdp.fed, len - d->sdp.fed);
    if (d->sdp.fed < len)
        return false;
    if (len < d->settings.packet_len && !dtu_sdp_flush(&d->sdp.decoder))
        return false;
    d->sdp.fed = 0;
    d->sdp.fed_ms = d->now_ms;
    d->sdp.cut = len == d->settings.packet_len;
    dtu_device_tell(d, DTU_EVENT_FRAME, 0, len);
    return true;
}

/* The packing time, and a step of the clock. */
uint32_t dtu_device_pause_ms(const struct dtu_device *d)
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
    if (dtu_elapsed(d->now_ms, d->sdp.fed_ms) >= dtu_device_pause_ms(d))
        end_cut_frame(d);
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

/* --- Heartbeat ------------------------------------------------------------------------------ */

static bool on_uart_text(void *ctx, enum dtu_identity_kind kind, const struct dtu_text *out)
{
    return dtu_device_write_text(ctx, id_of_text(kind), out);
}

static const struct dtu_identity_callbacks uart_identity_callbacks = {.text = on_uart_text};

/* What is left of a heartbeat to the UART. Its bytes are made again each time. */
static enum dtu_heartbeat_outcome send_beat(struct dtu_device *d)
{
    size_t len;
    const uint8_t *bytes = dtu_identity_bytes(&d->settings.heartbeat_packet,
                                              &uart_identity_callbacks, d, d->scratch.packet, &len);

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
    if (!dtu_device_uart_hears_sockets(d) || dtu_device_uart_is_taken(d) || has_part_of_packet(d))
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

/* --- Frames --------------------------------------------------------------------------------- */

static bool is_command(struct dtu_device *d, const uint8_t *data, size_t len)
{
    return d->settings.uart_commands && dtu_device_is_offered(d, DTU_CHANNEL_UART) &&
           dtu_device_find_command(d, data, len);
}

/* Data goes to the queues at once. What is more work stays with the framer until take_frame(). */
static bool on_frame(void *ctx, const uint8_t *data, size_t len)
{
    struct dtu_device *d = ctx;

    if (d->frame_taken)
        return true;
    if (!d->sdp.used && !is_command(d, data, len))
        return dtu_device_send_frame(d, data, len);
    d->frame_len = len;
    return false;
}

static const struct dtu_framer_callbacks framer_callbacks = {.frame = on_frame};

/* False if it has to wait. */
static bool work_on_frame(struct dtu_device *d, size_t len)
{
    if (d->sdp.fed > 0 || !is_command(d, d->config->packet, len))
        return distribute(d, len);
    if (is_answering_uart(d)) /* what it asks for is answered behind that */
        return false;
    dtu_device_run_commands(&d->channels[DTU_CHANNEL_UART]);
    return true;
}

static uint32_t now_us(const struct dtu_device *d)
{
    return d->now_ms * 1000; /* wraps with the milliseconds, and differences stay right */
}

/* Takes the frame that the framer keeps in its buffer: after each call that may have brought one,
 * not from inside of it, for the stack would have to hold both. False if there is none, or it
 * waits. */
static bool take_frame(struct dtu_device *d)
{
    size_t len = d->frame_len;

    d->frame_len = 0;
    if (len == 0 || !work_on_frame(d, len))
        return false;
    d->frame_taken = true;
    dtu_framer_poll(&d->framer, now_us(d)); /* which lets go of it */
    d->frame_taken = false;
    return true;
}

static size_t on_data(void *ctx, const uint8_t *data, size_t len)
{
    struct dtu_device *d = ctx;
    d->answering = false; /* data comes when no answer waits: it is out, or was given up */
    return dtu_framer_feed(&d->framer, data, len, now_us(d));
}

/* --- Command mode --------------------------------------------------------------------------- */

/* An answer of the handshake that is not all out: nothing may come in between. */
static size_t on_answer(void *ctx, const uint8_t *data, size_t len)
{
    struct dtu_device *d = ctx;
    size_t taken = dtu_device_to_uart(d, data, len);
    d->answering = taken < len;
    return taken;
}

static void on_entered(void *ctx)
{
    struct dtu_device *d = ctx;
    d->entered_ms = d->now_ms;
    d->logged_in = false;
    dtu_device_tell(d, DTU_EVENT_MODE, 0, 1);
}

static const struct dtu_cmdmode_callbacks cmdmode_callbacks = {
    .data = on_data, .answer = on_answer, .entered = on_entered};

/* What the handshake has held back is data, which may come behind a command. */
static void poll_cmdmode(struct dtu_device *d)
{
    do {
        dtu_cmdmode_poll(&d->cmdmode, d->now_ms);
    } while (take_frame(d));
}

bool dtu_device_needs_login(const struct dtu_device *d)
{
    return d->settings.login_needed && !d->logged_in;
}

enum dtu_status dtu_device_sign_in(struct dtu_device *d, const struct dtu_param *row,
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

static bool awaits_login(const struct dtu_device *d)
{
    /* a reply that is on its way is not cut */
    return dtu_cmdmode_active(&d->cmdmode) && dtu_device_needs_login(d) &&
           dtu_at_server_ready(&d->console.at);
}

void dtu_device_leave_command_mode(struct dtu_device *d)
{
    dtu_at_server_reset(&d->console.at);
    dtu_cmdmode_leave(&d->cmdmode, d->now_ms);
    d->logged_in = false;
    d->heard_ms = d->now_ms;
    for (size_t i = 0; i < d->config->profile->sockets; i++) { /* until now none could be heard */
        dtu_link_hold(&d->sockets[i].link, d->now_ms);
        d->sockets[i].heard_ms = d->now_ms;
    }
    dtu_device_tell(d, DTU_EVENT_MODE, 0, 0);
}

static void end_what_has_expired(struct dtu_device *d)
{
    if (awaits_login(d) && dtu_elapsed(d->now_ms, d->entered_ms) >= LOGIN_MS)
        dtu_device_leave_command_mode(d);
    dtu_netat_poll(&d->netat, d->now_ms);
}

/* --- Start and events ----------------------------------------------------------------------- */

void dtu_device_start_uart(struct dtu_device *d)
{
    (void)dtu_framer_init(&d->framer, &d->framer_config, &framer_callbacks, d);
    (void)dtu_cmdmode_init(&d->cmdmode, &d->cmdmode_config, &cmdmode_callbacks, d, d->now_ms);
    start_heartbeat(d);
    start_distribution(d);
    d->answering = false;
    d->was_deaf = false;
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

void dtu_device_greet(struct dtu_device *d)
{
    d->greeter.write = d->config->port->uart_write;
    d->greeter.ctx = d->ctx;
    d->greeter.sent = 0;
    d->greeting = dtu_device_row_of(d, DTU_ID_STMSG) != NULL;
    send_greeting(d);
    if (!d->settings.starts_in_command_mode)
        return;
    dtu_cmdmode_enter(&d->cmdmode);
    on_entered(d);
}

/* What has waited for room, and for time. */
static void go_on(struct dtu_device *d)
{
    dtu_at_server_resume(&d->console.at);
    dtu_device_resume_messages(d);
    end_what_has_expired(d);
    poll_cmdmode(d);
}

/* While something is on its way out that nothing may come in between, what comes in waits, for it
 * may have to be answered. */
static bool hears_uart(const struct dtu_device *d)
{
    return dtu_device_accepts_input(d) && !replies_to_uart(d) && !dtu_device_uart_is_taken(d);
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
void dtu_device_poll_frames(struct dtu_device *d)
{
    listen(d);
    dtu_framer_poll(&d->framer, now_us(d));
    (void)take_frame(d);
}

void dtu_device_poll_uart(struct dtu_device *d)
{
    send_greeting(d);
    finish_what_is_on_its_way(d);
    go_on(d);
    dtu_device_poll_frames(d);
    poll_distribution(d);
    dtu_heartbeat_poll(&d->heartbeat, d->now_ms);
}

uint32_t dtu_device_next_of_uart(const struct dtu_device *d, uint32_t now)
{
    uint32_t next = dtu_cmdmode_next(&d->cmdmode, now);
    uint32_t frame_us = dtu_framer_next(&d->framer, now * 1000);
    if (frame_us != DTU_NEVER && hears_uart(d))
        next = min_u32(next, (frame_us + 999) / 1000);
    if (awaits_login(d))
        next = min_u32(next, dtu_remaining(now, d->entered_ms, LOGIN_MS));
    if (d->sdp.cut && hears_uart(d))
        next = min_u32(next, dtu_remaining(now, d->sdp.fed_ms, dtu_device_pause_ms(d)));
    return next;
}

/* The LF of the CR LF that ended a command is part of it, even if the command has led out of
 * command mode meanwhile. One that comes later than the next byte of the slowest line would is
 * data. */
static size_t skip_line_feed(struct dtu_device *d, const uint8_t *data, size_t len)
{
    /* twice the time of a byte, and a step of the clock */
    const uint32_t byte_ms = 2 * 10 * UINT32_C(1000) / d->settings.uart.baud + 1;

    if (!d->after_cr || len == 0)
        return 0;
    d->after_cr = false;
    return data[0] == '\n' && dtu_elapsed(d->now_ms, d->cr_ms) <= byte_ms;
}

static size_t take_command(struct dtu_device *d, const uint8_t *data, size_t len)
{
    size_t n = dtu_at_server_feed(&d->console.at, data, len);
    if (n == 0)
        return 0;
    d->after_cr = data[n - 1] == '\r';
    d->cr_ms = d->now_ms;
    return n + skip_line_feed(d, data + n, len - n);
}

size_t dtu_device_uart_rx(struct dtu_device *d, const uint8_t *data, size_t len, uint32_t now)
{
    d->now_ms = now;
    size_t taken = d->started ? skip_line_feed(d, data, len) : 0;

    if (dtu_device_accepts_input(d)) /* an answer that waited may change who gets the bytes */
        go_on(d);
    listen(d);
    while (taken < len && hears_uart(d)) {
        size_t n = dtu_cmdmode_active(&d->cmdmode)
                       ? take_command(d, data + taken, len - taken)
                       : dtu_cmdmode_feed(&d->cmdmode, data + taken, len - taken, now);
        taken += n;
        if (!take_frame(d) && n == 0)
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
    (void)take_frame(d);
    if (dtu_framer_ready(&d->framer)) /* the frame was taken, if there was one */
        end_cut_frame(d);
}

bool dtu_device_uart_ready(const struct dtu_device *d)
{
    if (!hears_uart(d))
        return false;
    if (dtu_cmdmode_active(&d->cmdmode))
        return dtu_at_server_ready(&d->console.at);
    return dtu_cmdmode_ready(&d->cmdmode) && dtu_framer_ready(&d->framer);
}
