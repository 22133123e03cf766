/* SPDX-License-Identifier: MIT */
/* Wires engines; has no protocol of its own. */
#include "dtu/device.h"

#include <string.h>

static const struct dtu_param_table *table_of(const struct dtu_device *d)
{
    return d->config->profile->table;
}

static void tell(struct dtu_device *d, const struct dtu_device_event *event)
{
    if (d->config->port->event != NULL)
        d->config->port->event(d->ctx, event);
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* --- Settings ------------------------------------------------------------------------------- */

static const struct dtu_param *row_of(const struct dtu_device *d, unsigned id)
{
    return dtu_params_by_id(table_of(d), (uint8_t)id);
}

/* A number of the running set, or what holds where the product has no such parameter. */
static uint32_t number_of(const struct dtu_device *d, unsigned id, uint8_t field,
                          uint32_t otherwise)
{
    const struct dtu_param *row = row_of(d, id);
    return row != NULL ? dtu_params_number(&d->params, row, field) : otherwise;
}

static void read_uart(struct dtu_device *d)
{
    static const struct {
        const char *word;
        uint8_t value;
    } parities[] = {{"ODD", DTU_PARITY_ODD},
                    {"EVEN", DTU_PARITY_EVEN},
                    {"MARK", DTU_PARITY_MARK},
                    {"SPACE", DTU_PARITY_SPACE}},
      flows[] = {{"CRTS", DTU_FLOW_RTS_CTS},
                 {"FCH", DTU_FLOW_RTS_CTS},
                 {"FCR", DTU_FLOW_XON_XOFF},
                 {"RS485", DTU_FLOW_RS485}};
    const struct dtu_param *row = row_of(d, DTU_ID_UART);
    /* the parity is before the data bits on 7S3, behind the stop bits elsewhere */
    bool parity_first = row->fields[1].type == DTU_FIELD_ENUM;
    uint8_t parity = parity_first ? 1 : 3;
    uint8_t data_bits = parity_first ? 2 : 1;
    uint8_t stop_bits = parity_first ? 3 : 2;

    d->uart.baud = dtu_params_number(&d->params, row, 0);
    d->uart.data_bits = (uint8_t)dtu_params_number(&d->params, row, data_bits);
    d->uart.stop_bits = (uint8_t)dtu_params_number(&d->params, row, stop_bits);
    d->uart.parity = DTU_PARITY_NONE;
    d->uart.flow = DTU_FLOW_NONE;
    for (size_t i = 0; i < sizeof parities / sizeof parities[0]; i++)
        if (dtu_params_is(&d->params, row, parity, parities[i].word))
            d->uart.parity = parities[i].value;
    for (size_t i = 0; i < sizeof flows / sizeof flows[0]; i++)
        if (dtu_params_is(&d->params, row, 4, flows[i].word))
            d->uart.flow = flows[i].value;
}

static void read_packing(struct dtu_device *d)
{
    const struct dtu_profile *p = d->config->profile;
    const struct dtu_param *both = row_of(d, DTU_ID_UARTTL);
    struct dtu_framer_config *c = &d->framer_config;
    uint32_t ms = number_of(d, DTU_ID_UARTFT, 0, p->packing_ms);
    uint32_t len = number_of(d, DTU_ID_UARTFL, 0, (uint32_t)p->packing_len);

    if (both != NULL) {
        ms = dtu_params_number(&d->params, both, 0);
        len = dtu_params_number(&d->params, both, 1);
    }
    c->buffer = d->config->packet;
    c->size = d->config->packet_size;
    c->packet_len = len > 0 ? (size_t)len : p->packet_len;
    c->gap_us = ms == 0 && len == 0 ? dtu_framer_four_bytes_us(d->uart.baud) : ms * 1000;
    c->clock_us = 1000; /* the device knows milliseconds */
}

static void read_handshake(struct dtu_device *d)
{
    const struct dtu_profile *p = d->config->profile;
    uint32_t packing_ms = (d->framer_config.gap_us + 999) / 1000;

    if (packing_ms == 0)
        packing_ms = 1;
    d->cmdmode_config.guard_ms = p->guard_ms > 0 ? p->guard_ms : packing_ms;
    d->cmdmode_config.gap_ms = p->gap_ms > 0 ? p->gap_ms : packing_ms;
    d->cmdmode_config.confirm_ms = DTU_CMDMODE_CONFIRM_MS;
}

static enum dtu_socket_kind kind_of(const struct dtu_device *d, const struct dtu_param *row)
{
    if (dtu_params_is(&d->params, row, 0, "TCP") || dtu_params_is(&d->params, row, 0, "TCPC"))
        return DTU_SOCKET_TCP_CLIENT;
    if (dtu_params_is(&d->params, row, 0, "UDP") || dtu_params_is(&d->params, row, 0, "UDPC"))
        return DTU_SOCKET_UDP_CLIENT;
    return DTU_SOCKET_NONE;
}

/* Whether the user wants the socket: by a switch of its own, or by its kind. */
static bool socket_enabled(const struct dtu_device *d, unsigned i, const struct dtu_param *row)
{
    const struct dtu_param *enable = row_of(d, DTU_ID_SOCKAEN + i);
    if (enable != NULL)
        return dtu_params_is(&d->params, enable, 0, "ON");
    return !dtu_params_is(&d->params, row, 0, "NONE");
}

static uint32_t quiet_ms(const struct dtu_device *d, const struct dtu_device_socket *s)
{
    const struct dtu_profile *p = d->config->profile;
    unsigned i = p->sockets_share ? 0 : s->index;
    bool as_socket_a = p->kinds_agree && d->sockets[0].used; /* read before any other */
    const struct dtu_param *kind = row_of(d, DTU_ID_SOCKSL + (as_socket_a ? 0 : i));
    bool short_lived =
        dtu_params_is(&d->params, kind, 0, "SHORT") || dtu_params_is(&d->params, kind, 0, "ON");

    if (!short_lived || s->target.kind != DTU_SOCKET_TCP_CLIENT)
        return 0;
    return number_of(d, DTU_ID_SHORTATM + i, 0, p->quiet_ms / 1000) * 1000;
}

static void read_socket(struct dtu_device *d, struct dtu_device_socket *s)
{
    const struct dtu_profile *p = d->config->profile;
    const struct dtu_param *row = row_of(d, DTU_ID_SOCKA + s->index);
    uint32_t retry_s = number_of(d, DTU_ID_SOCKRSTIM, 0, p->retry_ms / 1000);

    s->target.kind = kind_of(d, row);
    s->target.host = dtu_params_bytes(&d->params, row, 1, &s->target.host_len);
    s->target.port = (uint16_t)dtu_params_number(&d->params, row, 2);
    s->used = d->transparent && s->queue_config.memory != NULL && socket_enabled(d, s->index, row);
    if (s->used && s->target.kind == DTU_SOCKET_NONE) {
        struct dtu_device_event e = {
            .kind = DTU_EVENT_UNSERVED, .socket = (uint8_t)s->index, .row = row};
        tell(d, &e);
        s->used = false;
    }
    s->link_config.retry_ms = number_of(d, DTU_ID_SOCKATO + s->index, 0, retry_s) * 1000;
    s->link_config.max_tries = number_of(d, DTU_ID_SOCKRSNUM, 0, 0);
    s->link_config.open_ms = d->config->open_ms;
    s->link_config.quiet_ms = quiet_ms(d, s);
}

static void read_work_mode(struct dtu_device *d)
{
    const struct dtu_param *row = row_of(d, DTU_ID_WKMOD);
    d->transparent = row == NULL || dtu_params_is(&d->params, row, 0, "NET") ||
                     dtu_params_is(&d->params, row, 0, "CMD");
    if (!d->transparent) {
        struct dtu_device_event e = {.kind = DTU_EVENT_UNSERVED, .row = row};
        tell(d, &e);
    }
}

/* --- UART to sockets ------------------------------------------------------------------------ */

static bool is_up(const struct dtu_device_socket *s)
{
    return s->used && dtu_link_state(&s->link) == DTU_LINK_UP;
}

/* Sends what waits, as far as the socket takes it. */
static void pump(struct dtu_device_socket *s)
{
    struct dtu_device *d = s->device;
    const uint8_t *data;
    size_t len;

    while (is_up(s) && (data = dtu_queue_front(&s->queue, &len)) != NULL) {
        size_t taken = d->config->port->socket_send(d->ctx, s->index, data, len);
        if (taken == 0)
            return;
        dtu_queue_consume(&s->queue, taken);
        dtu_link_activity(&s->link, d->now_ms);
        d->stats.sent_bytes += (uint32_t)taken;
        if (taken < len)
            return;
        d->stats.sent_packets++;
    }
}

/* A connection that is slow holds the UART back; one that is down does not: its oldest packets go,
 * so that the newest wait for it and the user at the UART can still be heard. */
static bool has_room(const struct dtu_device *d, size_t len)
{
    for (size_t i = 0; i < d->config->profile->sockets; i++)
        if (is_up(&d->sockets[i]) && !dtu_queue_fits(&d->sockets[i].queue, len))
            return false;
    return true;
}

static bool on_frame(void *ctx, const uint8_t *data, size_t len)
{
    struct dtu_device *d = ctx;
    struct dtu_device_event e = {.kind = DTU_EVENT_FRAME, .len = len};
    bool heard = false;

    if (!has_room(d, len))
        return false;
    for (size_t i = 0; i < d->config->profile->sockets; i++) {
        struct dtu_device_socket *s = &d->sockets[i];
        if (!s->used)
            continue;
        heard = true;
        (void)dtu_queue_push(&s->queue, data, len, DTU_QUEUE_DROP_OLDEST); /* it counts itself */
        dtu_link_want(&s->link, d->now_ms);
        pump(s);
    }
    if (heard)
        d->stats.frames++;
    else
        d->stats.unheard++;
    tell(d, &e);
    return true;
}

static const struct dtu_framer_callbacks framer_callbacks = {.frame = on_frame};

static uint32_t now_us(const struct dtu_device *d)
{
    return d->now_ms * 1000; /* wraps with the milliseconds, and differences stay right */
}

static size_t on_data(void *ctx, const uint8_t *data, size_t len)
{
    struct dtu_device *d = ctx;
    return dtu_framer_feed(&d->framer, data, len, now_us(d));
}

static size_t to_uart(void *ctx, const uint8_t *data, size_t len)
{
    struct dtu_device *d = ctx;
    return d->config->port->uart_write(d->ctx, data, len);
}

/* An answer of the handshake that is not all out: nothing may come in between. */
static size_t on_answer(void *ctx, const uint8_t *data, size_t len)
{
    struct dtu_device *d = ctx;
    size_t taken = to_uart(d, data, len);
    d->answering = taken < len;
    return taken;
}

static void tell_mode(struct dtu_device *d, bool command)
{
    struct dtu_device_event e = {.kind = DTU_EVENT_MODE, .len = command};
    tell(d, &e);
}

static void on_entered(void *ctx)
{
    tell_mode(ctx, true);
}

static const struct dtu_cmdmode_callbacks cmdmode_callbacks = {
    .data = on_data, .answer = on_answer, .entered = on_entered};

/* --- Sockets -------------------------------------------------------------------------------- */

static void want_restart(struct dtu_device *d)
{
    if (d->restarting)
        return;
    d->restarting = true;
    d->config->port->restart(d->ctx);
}

static bool on_open(void *ctx)
{
    struct dtu_device_socket *s = ctx;
    struct dtu_device *d = s->device;
    return d->config->port->socket_open(d->ctx, s->index, &s->target);
}

static void on_close(void *ctx)
{
    struct dtu_device_socket *s = ctx;
    struct dtu_device *d = s->device;
    d->config->port->socket_close(d->ctx, s->index);
}

static void on_link_changed(void *ctx, enum dtu_link_state state)
{
    struct dtu_device_socket *s = ctx;
    struct dtu_device *d = s->device;
    struct dtu_device_event e = {
        .kind = DTU_EVENT_LINK, .socket = (uint8_t)s->index, .link = state};

    tell(d, &e);
    if (state == DTU_LINK_UP) {
        pump(s);
        return;
    }
    size_t again = dtu_queue_rewind(&s->queue);
    if (state != DTU_LINK_OFF) /* a stop drops it */
        d->stats.resent_bytes += (uint32_t)again;
    if (state == DTU_LINK_IDLE && dtu_queue_count(&s->queue) > 0)
        dtu_link_want(&s->link, d->now_ms);
    if (state == DTU_LINK_GIVEN_UP) /* a module on its own has nobody else to help it */
        want_restart(d);
}

static const struct dtu_link_callbacks link_callbacks = {
    .open = on_open, .close = on_close, .changed = on_link_changed};

/* --- Commands ------------------------------------------------------------------------------- */

static enum dtu_status save(struct dtu_device *d)
{
    if (d->config->medium == NULL)
        return DTU_ERR_NOT_ALLOWED;
    return dtu_store_save(&d->store, &d->params, DTU_PARAMS_PENDING);
}

/* The line buffer is free: the command in it has been carried out, its reply comes from the row. */
static enum dtu_status save_row(struct dtu_device *d, const struct dtu_param *row)
{
    if (d->config->medium == NULL)
        return DTU_OK;
    return dtu_store_save_row(&d->store, &d->params, row, d->config->line, d->config->line_size);
}

static enum dtu_status on_changed(void *ctx, const struct dtu_param *row)
{
    struct dtu_device *d = ctx;
    if ((row->flags & DTU_PARAM_AT_ONCE) != 0) {
        dtu_params_apply_row(&d->params, row);
        if (row->id == DTU_ID_E)
            dtu_at_server_set_echo(&d->at, dtu_params_is(&d->params, row, 0, "ON"));
        return save_row(d, row);
    }
    return d->config->profile->stores_at_once && d->config->medium != NULL ? save(d) : DTU_OK;
}

static enum dtu_status on_action(void *ctx, const struct dtu_param *row)
{
    struct dtu_device *d = ctx;
    switch (row->id) {
    case DTU_ID_Z:
    case DTU_ID_ENTM:
        return DTU_OK; /* done when the reply is out */
    case DTU_ID_S:
        return save(d);
    default:
        return DTU_ERR_NOT_ALLOWED;
    }
}

static void on_replied(void *ctx, const struct dtu_param *row, enum dtu_at_form form,
                       enum dtu_status status)
{
    struct dtu_device *d = ctx;
    struct dtu_device_event e = {
        .kind = DTU_EVENT_COMMAND, .row = row, .form = form, .status = status};

    tell(d, &e);
    if (row == NULL || row->kind != DTU_PARAM_ACTION || status != DTU_OK)
        return;
    if (row->id == DTU_ID_Z || (row->id == DTU_ID_S && d->config->profile->save_restarts))
        want_restart(d);
    if (row->id == DTU_ID_ENTM) {
        dtu_cmdmode_leave(&d->cmdmode, d->now_ms);
        tell_mode(d, false);
    }
}

/* The link whose state an INFO row shows, or NULL. */
static const struct dtu_device_socket *shown_socket(const struct dtu_device *d,
                                                    const struct dtu_param *row)
{
    if (row->id < DTU_ID_SOCKALK || row->id >= DTU_ID_SOCKALK + DTU_PROFILE_SOCKETS)
        return NULL;
    return &d->sockets[row->id - DTU_ID_SOCKALK];
}

/* Writes the value without quotes. */
static enum dtu_status write_info(struct dtu_device *d, const struct dtu_param *row,
                                  const struct dtu_text *out)
{
    const struct dtu_profile *p = d->config->profile;
    const struct dtu_device_port *port = d->config->port;
    const struct dtu_device_socket *shown = shown_socket(d, row);
    const char *text = NULL;

    if (shown != NULL)
        text = p->link_words[dtu_link_state(&shown->link)];
    else if (port->info != NULL && port->info(d->ctx, row, out) == DTU_OK)
        return DTU_OK;
    else if (row->id == DTU_ID_VER)
        text = p->version;
    if (text == NULL)
        return DTU_ERR_NOT_ALLOWED;
    if (out != NULL)
        dtu_text_string(out, text);
    return DTU_OK;
}

static enum dtu_status on_info(void *ctx, const struct dtu_param *row, const struct dtu_text *out)
{
    struct dtu_device *d = ctx;
    bool quotes = table_of(d)->syntax.quotes && out != NULL;

    if (quotes)
        dtu_text_char(out, '"');
    enum dtu_status status = write_info(d, row, out);
    if (quotes)
        dtu_text_char(out, '"');
    return status;
}

static const struct dtu_at_server_callbacks at_callbacks = {.write = to_uart,
                                                            .action = on_action,
                                                            .info = on_info,
                                                            .changed = on_changed,
                                                            .replied = on_replied};

/* --- Start and stop ------------------------------------------------------------------------- */

static bool port_is_complete(const struct dtu_device_port *p)
{
    return p->uart_write != NULL && p->uart_setup != NULL && p->socket_open != NULL &&
           p->socket_send != NULL && p->socket_close != NULL && p->restart != NULL;
}

static bool memory_suffices(const struct dtu_device_config *c)
{
    const struct dtu_profile *p = c->profile;
    if (c->values == NULL || c->values_size / 2 < p->table->values_size)
        return false;
    if (c->line == NULL || c->line_size < p->line_size)
        return false;
    if (c->packet == NULL || c->packet_size < p->packet_len)
        return false;
    for (size_t i = 0; i < p->sockets; i++)
        if (c->queues[i].memory != NULL && c->queues[i].size <= DTU_QUEUE_SIZE(0, p->packet_len))
            return false; /* without this byte more not even an empty queue takes a packet */
    return true;
}

static void load(struct dtu_device *d)
{
    dtu_params_reset(&d->params);
    if (d->config->medium !=
        NULL) /* what cannot be read leaves the defaults; the store counts it */
        (void)dtu_store_load(&d->store, &d->params, d->config->line, d->config->line_size);
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
    if (config->open_ms >= UINT32_C(1) << 31)
        return DTU_ERR_CONFIG;
    memset(d, 0, sizeof *d);
    d->config = config;
    d->ctx = ctx;
    size_t set_size = config->profile->table->values_size;
    if (dtu_params_init(&d->params, config->profile->table, config->values,
                        config->values + set_size) != DTU_OK)
        return DTU_ERR_CONFIG;
    if (config->medium != NULL &&
        dtu_store_init(&d->store, config->medium, config->medium_ctx) != DTU_OK)
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

/* The tables' ranges make all of these configurations good: an init cannot refuse them. */
static void start_engines(struct dtu_device *d)
{
    (void)dtu_framer_init(&d->framer, &d->framer_config, &framer_callbacks, d);
    (void)dtu_cmdmode_init(&d->cmdmode, &d->cmdmode_config, &cmdmode_callbacks, d, d->now_ms);
    d->at_config.dialect = d->config->profile->dialect;
    d->at_config.params = &d->params;
    d->at_config.line = d->config->line;
    d->at_config.line_size = d->config->line_size;
    (void)dtu_at_server_init(&d->at, &d->at_config, &at_callbacks, d);
    dtu_at_server_set_echo(&d->at, dtu_params_is(&d->params, row_of(d, DTU_ID_E), 0, "ON"));
    for (size_t i = 0; i < d->config->profile->sockets; i++)
        (void)dtu_link_init(&d->sockets[i].link, &d->sockets[i].link_config, &link_callbacks,
                            &d->sockets[i]);
}

static void greet(struct dtu_device *d)
{
    const struct dtu_param *row = row_of(d, DTU_ID_STMSG);
    size_t len;
    const uint8_t *text = dtu_params_bytes(&d->params, row, 0, &len);

    if (!d->greeting)
        return;
    const struct dtu_text out = dtu_replay_text(&d->greeter);
    dtu_text_string(&out, "\r\n");
    dtu_text_bytes(&out, text, len);
    dtu_text_string(&out, "\r\n");
    d->greeting = !dtu_replay_done(&d->greeter);
}

void dtu_device_start(struct dtu_device *d, uint32_t now)
{
    struct dtu_device_event e = {.kind = DTU_EVENT_START};

    dtu_device_stop(d, now); /* a second start closes what the first has opened */
    d->now_ms = now;
    dtu_params_apply(&d->params);
    read_work_mode(d);
    read_uart(d);
    read_packing(d);
    read_handshake(d);
    for (size_t i = 0; i < d->config->profile->sockets; i++)
        read_socket(d, &d->sockets[i]);
    start_engines(d);
    d->restarting = false;
    d->answering = false;
    d->started = true;
    d->config->port->uart_setup(d->ctx, &d->uart);
    tell(d, &e);
    d->greeter.write = d->config->port->uart_write;
    d->greeter.ctx = d->ctx;
    d->greeter.sent = 0;
    d->greeting = row_of(d, DTU_ID_STMSG) != NULL;
    greet(d);
    if (dtu_params_is(&d->params, row_of(d, DTU_ID_WKMOD), 0, "CMD")) {
        dtu_cmdmode_enter(&d->cmdmode);
        tell_mode(d, true);
    }
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
    (void)dtu_framer_clear(&d->framer);
}

void dtu_device_restart(struct dtu_device *d, uint32_t now)
{
    dtu_device_stop(d, now);
    load(d);
    d->stats.restarts++;
    dtu_device_start(d, now);
}

/* --- Events --------------------------------------------------------------------------------- */

/* Nothing comes in before the greeting is out, nor once a restart is wanted. */
static bool accepts_input(const struct dtu_device *d)
{
    return d->started && !d->restarting && !d->greeting;
}

/* The LF of the CR LF that ended a command is part of it, even if the command has led out of
 * command mode meanwhile. One that comes later than the next byte of the slowest line would is
 * data. */
static size_t skip_line_feed(struct dtu_device *d, const uint8_t *data, size_t len, uint32_t now)
{
    const uint32_t byte_ms = 20; /* at 600 baud */

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

size_t dtu_device_uart_rx(struct dtu_device *d, const uint8_t *data, size_t len, uint32_t now)
{
    size_t taken = d->started ? skip_line_feed(d, data, len, now) : 0;

    d->now_ms = now;
    if (accepts_input(d)) { /* an answer that waited may change who gets the bytes */
        dtu_at_server_resume(&d->at);
        dtu_cmdmode_poll(&d->cmdmode, now);
    }
    while (taken < len && accepts_input(d)) {
        size_t n = dtu_cmdmode_active(&d->cmdmode)
                       ? take_command(d, data + taken, len - taken, now)
                       : dtu_cmdmode_feed(&d->cmdmode, data + taken, len - taken, now);
        if (n == 0)
            break;
        taken += n;
    }
    return taken;
}

void dtu_device_uart_idle(struct dtu_device *d, uint32_t now)
{
    d->now_ms = now;
    if (d->started)
        dtu_framer_flush(&d->framer);
}

bool dtu_device_uart_ready(const struct dtu_device *d)
{
    if (!accepts_input(d))
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
    if (s != NULL)
        dtu_link_opened(&s->link, now);
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
    d->stats.lost_bytes += lost;
    dtu_link_closed(&s->link, now);
}

bool dtu_device_socket_ready(const struct dtu_device *d, unsigned socket)
{
    return accepts_input(d) && !d->answering && !dtu_cmdmode_active(&d->cmdmode) &&
           socket < d->config->profile->sockets && is_up(&d->sockets[socket]);
}

size_t dtu_device_socket_rx(struct dtu_device *d, unsigned socket, const uint8_t *data, size_t len,
                            uint32_t now)
{
    struct dtu_device_socket *s = socket_at(d, socket, now);
    if (s == NULL || len == 0 || !dtu_device_socket_ready(d, socket))
        return 0;
    size_t taken = to_uart(d, data, len);
    if (taken == 0)
        return 0;
    struct dtu_device_event e = {.kind = DTU_EVENT_DATA, .socket = (uint8_t)s->index, .len = taken};
    d->stats.received_bytes += (uint32_t)taken;
    dtu_link_activity(&s->link, now);
    tell(d, &e);
    return taken;
}

void dtu_device_socket_writable(struct dtu_device *d, unsigned socket, uint32_t now)
{
    struct dtu_device_socket *s = socket_at(d, socket, now);
    if (s == NULL)
        return;
    pump(s);
    dtu_framer_poll(&d->framer, now_us(d)); /* a frame may have waited for the room */
}

void dtu_device_poll(struct dtu_device *d, uint32_t now)
{
    d->now_ms = now;
    if (!d->started || d->restarting)
        return;
    greet(d);
    dtu_at_server_resume(&d->at);
    dtu_cmdmode_poll(&d->cmdmode, now);
    dtu_framer_poll(&d->framer, now_us(d));
    for (size_t i = 0; i < d->config->profile->sockets; i++)
        if (d->sockets[i].used)
            dtu_link_poll(&d->sockets[i].link, now);
}

uint32_t dtu_device_next(const struct dtu_device *d, uint32_t now)
{
    if (!d->started || d->restarting)
        return DTU_NEVER;
    uint32_t next = dtu_cmdmode_next(&d->cmdmode, now);
    uint32_t frame_us = dtu_framer_next(&d->framer, now * 1000);
    if (frame_us != DTU_NEVER)
        next = min_u32(next, (frame_us + 999) / 1000);
    for (size_t i = 0; i < d->config->profile->sockets; i++)
        if (d->sockets[i].used)
            next = min_u32(next, dtu_link_next(&d->sockets[i].link, now));
    return next;
}

const struct dtu_uart *dtu_device_uart(const struct dtu_device *d)
{
    return &d->uart;
}
