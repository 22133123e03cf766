/* SPDX-License-Identifier: MIT */
/* A device's life: its settings, its start and stop, and the passing of time. Like the other files
 * of the device it wires engines, and has no protocol of its own. */
#include "device/device_internal.h"

#include <string.h>

void dtu_device_tell_event(struct dtu_device *d, const struct dtu_device_event *event)
{
    if (d->config->port->event != NULL)
        d->config->port->event(d->ctx, event);
}

void dtu_device_tell(struct dtu_device *d, unsigned kind, unsigned socket, size_t len)
{
    struct dtu_device_event e = {.kind = kind, .socket = (uint8_t)socket, .len = len};
    dtu_device_tell_event(d, &e);
}

void dtu_device_tell_command(struct dtu_device *d, const struct dtu_param *row,
                             enum dtu_at_form form, enum dtu_status status)
{
    struct dtu_device_event e = {
        .kind = DTU_EVENT_COMMAND, .row = row, .form = form, .status = status};
    dtu_device_tell_event(d, &e);
}

void dtu_device_tell_request(struct dtu_device *d, uint8_t command,
                             enum dtu_discovery_outcome outcome)
{
    struct dtu_device_event e = {.kind = DTU_EVENT_REQUEST, .len = command, .outcome = outcome};
    dtu_device_tell_event(d, &e);
}

const struct dtu_param *dtu_device_row_of(const struct dtu_device *d, unsigned id)
{
    return dtu_params_by_id(table_of(d), (uint8_t)id);
}

static bool has_leds(const struct dtu_device *d)
{
    return d->leds.pin != NULL;
}

void dtu_device_show(struct dtu_device *d, enum dtu_shows what, unsigned value)
{
    if (has_leds(d))
        dtu_indicator_set(&d->indicator, what, value, d->now_ms);
}

void dtu_device_show_data(struct dtu_device *d)
{
    if (has_leds(d))
        dtu_indicator_data(&d->indicator, d->now_ms);
}

/* Nothing comes in before the greeting is out, nor once a restart is wanted. */
bool dtu_device_accepts_input(const struct dtu_device *d)
{
    return d->started && !d->restarting && !d->greeting;
}

void dtu_device_want_restart(struct dtu_device *d)
{
    if (d->restarting)
        return;
    d->restarting = true;
    d->config->port->restart(d->ctx);
}

/* --- Settings ------------------------------------------------------------------------------- */

static void tell_unserved(struct dtu_device *d, unsigned socket, unsigned id)
{
    struct dtu_device_event e = {
        .kind = DTU_EVENT_UNSERVED, .socket = (uint8_t)socket, .row = dtu_device_row_of(d, id)};
    dtu_device_tell_event(d, &e);
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

void dtu_device_start(struct dtu_device *d, uint32_t now)
{
    dtu_device_stop(d, now); /* a second start closes what the first has opened */
    d->now_ms = now;
    dtu_params_apply(&d->params);
    read_settings(d);
    for (size_t i = 0; i < d->config->profile->sockets; i++)
        read_socket_settings(d, &d->sockets[i]);
    /* the tables' ranges make all configurations good: an engine cannot refuse its own */
    dtu_device_start_uart(d);
    dtu_device_start_commands(d);
    for (size_t i = 0; i < d->config->profile->sockets; i++)
        dtu_device_start_socket(&d->sockets[i]);
    d->heard_ms = now;
    d->marking = NULL;
    d->restarting = false;
    d->started = true;
    d->config->port->uart_setup(d->ctx, &d->settings.uart);
    dtu_device_show(d, DTU_SHOWS_POWER, 1);
    dtu_device_show(d, DTU_SHOWS_SYSTEM, 1);
    dtu_device_show(d, DTU_SHOWS_NETWORK, d->network);
    dtu_device_tell(d, DTU_EVENT_START, 0, 0);
    dtu_device_greet(d);
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

/* --- Time ----------------------------------------------------------------------------------- */

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
        dtu_device_want_restart(d);
        return;
    }
    for (size_t i = 0; i < d->config->profile->sockets; i++) {
        struct dtu_device_socket *s = &d->sockets[i];
        if (dtu_device_is_up(s) && dtu_elapsed(d->now_ms, s->heard_ms) >= limit)
            dtu_link_reconnect(&s->link, d->now_ms);
    }
}

static uint32_t next_watch(const struct dtu_device *d, uint32_t now)
{
    if (!watches_network(d))
        return DTU_NEVER;
    uint32_t next = dtu_remaining(now, d->heard_ms, d->settings.restart_ms);
    for (size_t i = 0; i < d->config->profile->sockets; i++)
        if (dtu_device_is_up(&d->sockets[i]))
            next =
                min_u32(next, dtu_remaining(now, d->sockets[i].heard_ms, d->settings.restart_ms));
    return next;
}

void dtu_device_poll(struct dtu_device *d, uint32_t now)
{
    d->now_ms = now;
    if (!d->started || d->restarting)
        return;
    dtu_device_poll_uart(d);
    if (has_leds(d))
        dtu_indicator_poll(&d->indicator, now);
    for (unsigned i = 0; i < d->config->profile->sockets; i++)
        dtu_device_poll_socket(d, i);
    watch_network(d);
}

uint32_t dtu_device_next(const struct dtu_device *d, uint32_t now)
{
    if (!d->started || d->restarting)
        return DTU_NEVER;
    uint32_t next = dtu_device_next_of_uart(d, now);
    next = min_u32(next, dtu_netat_next(&d->netat, now));
    next = min_u32(next, next_watch(d, now));
    next = min_u32(next, dtu_heartbeat_next(&d->heartbeat, now));
    if (has_leds(d))
        next = min_u32(next, dtu_indicator_next(&d->indicator, now));
    for (size_t i = 0; i < d->config->profile->sockets; i++)
        if (d->sockets[i].used)
            next = min_u32(next, dtu_device_next_of_socket(&d->sockets[i], now));
    return next;
}

/* --- What a port may ask and tell ----------------------------------------------------------- */

void dtu_device_set_network(struct dtu_device *d, enum dtu_network network, uint32_t now)
{
    d->now_ms = now;
    d->network = (uint8_t)network;
    if (d->started)
        dtu_device_show(d, DTU_SHOWS_NETWORK, network);
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
    dtu_device_tell(d, DTU_EVENT_LENT, 0, d->is_lent);
}
