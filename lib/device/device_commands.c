/* SPDX-License-Identifier: MIT */
/* What the AT servers of a device ask of it, and the commands that come as a whole by a channel. */
#include "device_internal.h"

#include <string.h>

#define MESSAGE_COMMANDS 10 /* in a message (001 section 2.1.3.3) */

/* --- Values --------------------------------------------------------------------------------- */

/* What could not be stored is not done at all: back to what is stored. There may be nothing stored
 * yet. If it cannot be read either, nothing is stored until it can: the rest would be lost. It is
 * read by way of the line of the command that is being carried out, whose values are read by now,
 * and whose reply comes from the row. Another line may hold a command that is not complete. */
static void restore_values(struct dtu_device_channel *c)
{
    struct dtu_device *d = c->device;
    dtu_params_reset_all(&d->params);
    d->lost =
        dtu_store_load(&d->store, &d->params, c->config.line, c->config.line_size) == DTU_ERR_IO;
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

static enum dtu_status save_or_undo(struct dtu_device_channel *c)
{
    struct dtu_device *d = c->device;
    enum dtu_status status = d->config->medium != NULL ? save(d) : DTU_OK;
    if (status != DTU_OK)
        restore_values(c);
    return status;
}

static enum dtu_status save_row(struct dtu_device_channel *c, const struct dtu_param *row)
{
    struct dtu_device *d = c->device;
    if (d->config->medium == NULL)
        return DTU_OK;
    return dtu_store_save_row(&d->store, &d->params, row, c->config.line, c->config.line_size);
}

/* A row that takes effect at once is stored by itself, and so before it does. */
static enum dtu_status change_at_once(struct dtu_device_channel *c)
{
    struct dtu_device *d = c->device;
    enum dtu_status status = save_row(c, d->changed);
    if (status != DTU_OK) {
        dtu_params_revert_row(&d->params, d->changed);
        return status;
    }
    dtu_params_apply_row(&d->params, d->changed);
    if (d->changed->id == DTU_ID_E)
        dtu_at_server_set_echo(&d->console.at, dtu_settings_on(&d->params, DTU_ID_E, false));
    return DTU_OK;
}

static enum dtu_status save_defaults(struct dtu_device *d)
{
    if (d->config->default_medium == NULL)
        return DTU_ERR_NOT_ALLOWED;
    if (d->lost)
        return DTU_ERR_IO;
    return dtu_store_save(&d->defaults, &d->params, DTU_PARAMS_PENDING);
}

/* What the user's defaults are could not be read, or not all of it. */
static void drop_users_values(struct dtu_device_channel *c)
{
    struct dtu_device *d = c->device;
    if (d->config->medium != NULL)
        restore_values(c);
    else
        dtu_params_reset(&d->params);
}

/* Settings that were changed by other ways than a set are stored at once on every product: a reset
 * would be none if a power cut could undo it. */
static enum dtu_status reset_values(struct dtu_device_channel *c, bool users)
{
    struct dtu_device *d = c->device;
    enum dtu_status status = DTU_OK;

    if (!users) /* who asks for the factory's settings gives up what cannot be read */
        d->lost = false;
    dtu_params_reset(&d->params);
    if (users && d->config->default_medium != NULL)
        status = dtu_store_load(&d->defaults, &d->params, c->config.line, c->config.line_size);
    if (status != DTU_ERR_IO)
        return save_or_undo(c);
    drop_users_values(c);
    return status;
}

enum dtu_status dtu_device_do_task(void *ctx)
{
    struct dtu_device_channel *c = ctx;
    struct dtu_device *d = c->device;
    unsigned task = d->task;

    d->task = DTU_TASK_NONE;
    switch (task) {
    case DTU_TASK_SAVE:
        return save(d);
    case DTU_TASK_SAVE_OR_UNDO:
        return save_or_undo(c);
    case DTU_TASK_SAVE_ROW:
        return change_at_once(c);
    case DTU_TASK_SAVE_DEFAULTS:
        return save_defaults(d);
    case DTU_TASK_RESET:
    case DTU_TASK_RESET_TO_FACTORY:
        return reset_values(c, task == DTU_TASK_RESET);
    default:
        return DTU_OK;
    }
}

/* Until the command has been taken apart. */
static enum dtu_status put_off(struct dtu_device *d, enum dtu_device_task task)
{
    d->task = (uint8_t)task;
    return DTU_OK;
}

static enum dtu_status on_changed(void *ctx, const struct dtu_param *row)
{
    const struct dtu_device_channel *c = ctx;
    struct dtu_device *d = c->device;

    if (row->id == DTU_ID_UART)
        d->followed = false;
    d->changed = row;
    if ((row->flags & DTU_PARAM_AT_ONCE) != 0)
        return put_off(d, DTU_TASK_SAVE_ROW);
    /* while what is stored cannot be read, a set would be undone behind its reply: it is refused */
    return d->config->profile->stores_at_once || d->lost ? put_off(d, DTU_TASK_SAVE_OR_UNDO)
                                                         : DTU_OK;
}

/* --- Actions -------------------------------------------------------------------------------- */

/* Sets a value that an action changes. */
static enum dtu_status set_value(struct dtu_device_channel *c, const struct dtu_param *row,
                                 const uint8_t *args, size_t len)
{
    /* cannot fail: the server has checked it */
    (void)dtu_params_set(&c->device->params, row, args, len);
    return on_changed(c, row);
}

/* A message has had its password: it neither logs the user of the UART in nor out. */
static enum dtu_status sign_in_or_set(struct dtu_device_channel *c, const struct dtu_param *row,
                                      const uint8_t *args, size_t len)
{
    struct dtu_device *d = c->device;
    return c == &d->console && dtu_device_needs_login(d) ? dtu_device_sign_in(d, row, args, len)
                                                         : set_value(c, row, args, len);
}

static enum dtu_status set_mac(struct dtu_device_channel *c, const struct dtu_param *row,
                               const uint8_t *args, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (dtu_upper(args[i]) != 'F')
            return set_value(c, row, args, len);
    return DTU_ERR_RANGE; /* all F is nobody's (manual 003 section 4.4.7) */
}

static enum dtu_status forget_topic(struct dtu_device_channel *c, const struct dtu_param *row,
                                    const uint8_t *args, size_t len)
{
    struct dtu_device *d = c->device;
    const struct dtu_param *topics = dtu_device_row_of(d, DTU_ID_MQTTSUB);
    struct dtu_argument place = dtu_params_argument(table_of(d), row, args, len, 0);
    dtu_params_clear_place(&d->params, topics, (uint8_t)place.number);
    return on_changed(c, topics);
}

/* Complexity: a case each for the actions that are the device's own. */
static enum dtu_status on_action(void *ctx, const struct dtu_param *row, const uint8_t *args,
                                 size_t len)
{
    struct dtu_device_channel *c = ctx;
    struct dtu_device *d = c->device;
    switch (row->id) {
    case DTU_ID_Z:
    case DTU_ID_ENTM:
        return DTU_OK; /* done when the reply is out */
    case DTU_ID_S:
        return put_off(d, DTU_TASK_SAVE);
    case DTU_ID_RELD:
        return put_off(d, DTU_TASK_RESET);
    case DTU_ID_CLEAR:
        return put_off(d, DTU_TASK_RESET_TO_FACTORY);
    case DTU_ID_CFGTF:
        return put_off(d, DTU_TASK_SAVE_DEFAULTS);
    case DTU_ID_SIGNINAT:
        return sign_in_or_set(c, row, args, len);
    case DTU_ID_USERMAC:
        return set_mac(c, row, args, len);
    case DTU_ID_MQTTUNSUB:
        return forget_topic(c, row, args, len);
    default:
        break;
    }
    if (d->config->port->action == NULL)
        return DTU_ERR_NOT_ALLOWED;
    return d->config->port->action(d->ctx, row, args, len);
}

/* --- Information ---------------------------------------------------------------------------- */

/* The link whose state an INFO row shows, or NULL. */
static struct dtu_device_socket *shown_socket(struct dtu_device *d, const struct dtu_param *row)
{
    if (row->id < DTU_ID_SOCKALK || row->id >= DTU_ID_SOCKALK + DTU_PROFILE_SOCKETS)
        return NULL;
    return &d->sockets[row->id - DTU_ID_SOCKALK];
}

/* The user's hardware address. False if it is not asked for, or the user has set none. */
static bool write_user_mac(const struct dtu_device *d, const struct dtu_param *row,
                           const struct dtu_text *out)
{
    size_t len;
    if (row->id != DTU_ID_MAC)
        return false;
    const struct dtu_param *own = dtu_device_row_of(d, DTU_ID_USERMAC);
    if (own == NULL || dtu_params_place_is_empty(&d->params, DTU_PARAMS_RUNNING, own, 0))
        return false;
    const uint8_t *mac = dtu_params_bytes(&d->params, own, 0, &len);
    if (out != NULL)
        dtu_text_hex(out, mac, len);
    return true;
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

/* What the port knows, or the product. */
static enum dtu_status write_info(struct dtu_device *d, const struct dtu_param *row,
                                  const uint8_t *args, size_t len, const struct dtu_text *out)
{
    const struct dtu_device_port *port = d->config->port;

    if (port->info != NULL && port->info(d->ctx, row, args, len, out) == DTU_OK)
        return DTU_OK;
    if (row->id != DTU_ID_VER)
        return DTU_ERR_NOT_ALLOWED;
    if (out != NULL)
        dtu_text_string(out, d->config->profile->version);
    return DTU_OK;
}

/* The first call, without `out`, settles what the reply says of a link however often it is made. */
static enum dtu_status write_answer(struct dtu_device *d, const struct dtu_param *row,
                                    const uint8_t *args, size_t len, const struct dtu_text *out)
{
    struct dtu_device_socket *shown = shown_socket(d, row);

    if (shown == NULL)
        return write_user_mac(d, row, out) ? DTU_OK : write_info(d, row, args, len, out);
    if (out != NULL) {
        write_link(shown, out);
    } else {
        shown->shown = (uint8_t)dtu_link_state(&shown->link);
        shown->shown_clients = shown->clients;
    }
    return DTU_OK;
}

static enum dtu_status on_info(void *ctx, const struct dtu_param *row, const uint8_t *args,
                               size_t len, const struct dtu_text *out)
{
    const struct dtu_device_channel *c = ctx;
    struct dtu_device *d = c->device;
    bool quotes = table_of(d)->syntax.quotes && out != NULL;

    if (quotes)
        dtu_text_char(out, '"');
    enum dtu_status status = write_answer(d, row, args, len, out);
    if (quotes)
        dtu_text_char(out, '"');
    return status;
}

/* A UART that follows the network is shown as it is, until a restart or another set; and so is one
 * that is lent. */
static bool on_value(void *ctx, const struct dtu_param *row, const struct dtu_text *out)
{
    const struct dtu_device_channel *c = ctx;
    const struct dtu_device *d = c->device;
    if (row->id != DTU_ID_UART || !(d->followed || d->is_lent))
        return false;
    dtu_settings_write_uart(&d->params, dtu_device_uart(d), out);
    return true;
}

bool dtu_device_write_text(struct dtu_device *d, unsigned id, const struct dtu_text *out)
{
    static const uint8_t base_station[] = "1"; /* AT+LBS=1 */
    const struct dtu_param *row = dtu_device_row_of(d, id);

    if (row == NULL)
        return false;
    if (write_user_mac(d, row, out))
        return true;
    const uint8_t *args = row->id == DTU_ID_LBS ? base_station : NULL;
    if (write_info(d, row, args, args != NULL, NULL) != DTU_OK)
        return false;
    (void)write_info(d, row, NULL, 0, out);
    return true;
}

size_t dtu_device_copy_text(struct dtu_device *d, unsigned id, char *text, size_t size)
{
    struct dtu_text_buffer buffer = {text, size, 0, false};
    const struct dtu_text out = {dtu_text_to_buffer, &buffer};
    return dtu_device_write_text(d, id, &out) ? buffer.len : 0;
}

/* --- Command mode --------------------------------------------------------------------------- */

/* In command mode a login may be needed; a command in the data stream has had its password. */
static enum dtu_status on_permit(void *ctx, const struct dtu_param *row)
{
    const struct dtu_device_channel *c = ctx;
    if (!dtu_device_needs_login(c->device) || (row != NULL && row->id == DTU_ID_SIGNINAT))
        return DTU_OK;
    return DTU_ERR_LOGIN;
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

bool dtu_device_is_answering(const struct dtu_device_channel *c)
{
    return !dtu_at_server_ready(&c->at) || c->reply_len > 0;
}

/* The line is free for it now. It would change the values under a reply of a channel. */
static void restore_if_lost(struct dtu_device *d)
{
    if (!d->lost)
        return;
    for (size_t i = 0; i < DTU_DEVICE_CHANNELS; i++)
        if (dtu_device_is_answering(&d->channels[i]))
            return;
    restore_values(&d->console);
}

static void on_replied(void *ctx, const struct dtu_param *row, enum dtu_at_form form,
                       enum dtu_status status)
{
    const struct dtu_device_channel *c = ctx;
    struct dtu_device *d = c->device;
    dtu_device_tell_command(d, row, form, status);
    restore_if_lost(d);
    if (asks_for_restart(d, row, status))
        dtu_device_want_restart(d);
    if (is_done(row, status, DTU_ID_ENTM))
        dtu_device_leave_command_mode(d);
}

/* --- Channels ------------------------------------------------------------------------------- */

bool dtu_device_find_command(struct dtu_device *d, const uint8_t *data, size_t len)
{
    const struct dtu_settings *s = &d->settings;
    d->command = data;
    d->command_len = len;
    return dtu_instream_find(d->config->profile->mark, s->password, s->password_len, &d->command,
                             &d->command_len);
}

bool dtu_device_is_offered(const struct dtu_device *d, enum dtu_channel channel)
{
    return d->config->messages[channel].memory != NULL;
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
    } else if (dtu_device_is_up(s)) { /* of a connection that is gone nobody waits for the reply */
        if (dtu_queue_push(&s->queue, reply, c->reply_len, DTU_QUEUE_REFUSE) != DTU_OK)
            return false;
        dtu_device_send_queued(s);
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
        return dtu_device_to_uart(d, data, len);
    size_t taken = min_size(len, d->config->profile->line_size - c->reply_len);
    memcpy(d->config->messages[c->kind].memory + c->reply_len, data, taken);
    c->reply_len += taken;
    return taken;
}

static void on_message_replied(void *ctx, const struct dtu_param *row, enum dtu_at_form form,
                               enum dtu_status status)
{
    struct dtu_device_channel *c = ctx;
    struct dtu_device *d = c->device;
    dtu_device_tell_command(d, row, form, status);
    if (asks_for_restart(d, row, status))
        d->restart_due = true;
    if (is_done(row, status, DTU_ID_ENTM) && c->kind == DTU_CHANNEL_UDP)
        dtu_netat_close(&d->netat);
}

static const struct dtu_at_server_callbacks console_callbacks = {.write = gather_reply,
                                                                 .action = on_action,
                                                                 .info = on_info,
                                                                 .permit = on_permit,
                                                                 .changed = on_changed,
                                                                 .finish = dtu_device_do_task,
                                                                 .value = on_value,
                                                                 .replied = on_replied};

static const struct dtu_at_server_callbacks message_callbacks = {.write = gather_reply,
                                                                 .action = on_action,
                                                                 .info = on_info,
                                                                 .changed = on_changed,
                                                                 .finish = dtu_device_do_task,
                                                                 .value = on_value,
                                                                 .replied = on_message_replied};

static enum dtu_at_style style_of(const struct dtu_device *d, enum dtu_channel channel)
{
    if (channel == DTU_CHANNEL_SMS)
        return d->config->profile->sms_style;
    return channel == DTU_CHANNEL_MQTT ? DTU_AT_SEMICOLONS : DTU_AT_LINES;
}

static void start_console(struct dtu_device *d)
{
    struct dtu_device_channel *c = &d->console;
    c->device = d;
    c->kind = DTU_CHANNEL_UART;
    c->config.dialect = d->config->profile->dialect;
    c->config.params = &d->params;
    c->config.line = d->config->line;
    c->config.line_size = d->config->line_size;
    (void)dtu_at_server_init(&c->at, &c->config, &console_callbacks, c);
    dtu_at_server_set_echo(&c->at, dtu_settings_on(&d->params, DTU_ID_E, false));
}

/* A channel without memory cannot be set up, and is never asked. */
static void start_channel(struct dtu_device *d, enum dtu_channel channel)
{
    struct dtu_device_channel *c = &d->channels[channel];
    c->device = d;
    c->kind = (uint8_t)channel;
    c->reply_len = 0;
    c->config = d->console.config;
    c->config.line = d->config->messages[channel].memory;
    c->config.line_size = d->config->messages[channel].size;
    c->config.style = style_of(d, channel);
    (void)dtu_at_server_init(&c->at, &c->config, &message_callbacks, c);
}

void dtu_device_start_commands(struct dtu_device *d)
{
    start_console(d);
    for (unsigned i = 0; i < DTU_DEVICE_CHANNELS; i++)
        start_channel(d, (enum dtu_channel)i);
    d->restart_due = false;
    dtu_netat_close(&d->netat);
}

/* A restart that a message asked for waits until its reply was taken. */
static void restart_if_due(struct dtu_device *d)
{
    if (!d->restart_due)
        return;
    for (size_t i = 0; i < DTU_DEVICE_CHANNELS; i++)
        if (d->channels[i].reply_len > 0)
            return;
    dtu_device_want_restart(d);
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

void dtu_device_resume_messages(struct dtu_device *d)
{
    for (size_t i = 0; i < DTU_DEVICE_CHANNELS; i++)
        finish_reply(&d->channels[i]);
}

void dtu_device_run_commands(struct dtu_device_channel *c)
{
    static const uint8_t end = '\r';
    struct dtu_device *d = c->device;
    uint32_t before = c->at.stats.commands;

    d->stats.messages++;
    while (d->command_len > 0 && !dtu_device_is_answering(c) && !d->restarting &&
           c->at.stats.commands - before < MESSAGE_COMMANDS) {
        size_t n = dtu_at_server_feed(&c->at, d->command, d->command_len);
        d->command += n;
        d->command_len -= n;
        finish_reply(c);
    }
    if (d->command_len == 0 && !dtu_device_is_answering(c)) {
        (void)dtu_at_server_feed(&c->at, &end, 1);
        finish_reply(c);
    }
    if (d->command_len > 0) /* more than a message may have, or than there is room to answer */
        d->stats.ignored++;
}

static bool find_sms_command(struct dtu_device *d)
{
    const struct dtu_settings *s = &d->settings;
    return dtu_instream_find_message(d->config->profile->mark, s->password, s->password_len,
                                     &d->command, &d->command_len);
}

enum dtu_status dtu_device_message(struct dtu_device *d, enum dtu_channel channel,
                                   const uint8_t *data, size_t len, uint32_t now)
{
    d->now_ms = now;
    bool has_topics = dtu_device_row_of(d, DTU_ID_MQTTSUB) != NULL;
    if (channel != DTU_CHANNEL_SMS && !(channel == DTU_CHANNEL_MQTT && has_topics))
        return DTU_ERR_NOT_ALLOWED;
    struct dtu_device_channel *c = &d->channels[channel];
    if (!dtu_device_accepts_input(d) || !dtu_device_is_offered(d, channel) ||
        d->config->port->reply == NULL)
        return DTU_ERR_NOT_ALLOWED;
    if (dtu_device_is_answering(c))
        return DTU_ERR_STATE;
    d->command = data;
    d->command_len = len;
    if (channel == DTU_CHANNEL_SMS && !find_sms_command(d))
        return DTU_ERR_FORMAT;
    dtu_device_run_commands(c);
    return DTU_OK;
}

static void greet_peer(struct dtu_device_channel *c)
{
    const struct dtu_device_memory *memory = &c->device->config->messages[c->kind];
    c->reply_len = dtu_device_introduce(c->device, memory->memory, memory->size);
    (void)send_reply(c);
}

enum dtu_status dtu_device_datagram(struct dtu_device *d, const struct dtu_peer *peer,
                                    const uint8_t *data, size_t len, uint32_t now)
{
    size_t key_len;
    d->now_ms = now;
    const uint8_t *key = dtu_settings_bytes(&d->params, DTU_ID_SEARCH, 1, &key_len);

    struct dtu_device_channel *c = &d->channels[DTU_CHANNEL_UDP];
    if (!dtu_device_accepts_input(d) || !dtu_device_is_offered(d, DTU_CHANNEL_UDP) ||
        d->config->port->reply == NULL || key == NULL)
        return DTU_ERR_NOT_ALLOWED;
    enum dtu_netat_kind kind = dtu_netat_look(&d->netat, key, key_len, peer, data, len, now);
    if (kind == DTU_NETAT_FOREIGN) {
        d->stats.ignored++;
        return DTU_ERR_FORMAT;
    }
    if (dtu_device_is_answering(c))
        return DTU_ERR_STATE;
    dtu_netat_hold(&d->netat, peer, now);
    if (kind == DTU_NETAT_KEYWORD) {
        d->stats.messages++;
        greet_peer(c);
    } else if (kind == DTU_NETAT_COMMAND) {
        d->command = data;
        d->command_len = len;
        dtu_device_run_commands(c);
    }
    return DTU_OK;
}
