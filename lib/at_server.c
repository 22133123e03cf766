/* SPDX-License-Identifier: MIT */
#include "dtu/at_server.h"

#include <string.h>

static const char crlf[] = "\r\n";

enum dtu_status dtu_at_server_init(struct dtu_at_server *s,
                                   const struct dtu_at_server_config *config,
                                   const struct dtu_at_server_callbacks *callbacks, void *ctx)
{
    if (config->line == NULL || config->line_size == 0 || config->dialect == NULL ||
        config->params == NULL)
        return DTU_ERR_CONFIG;
    if (callbacks->write == NULL || callbacks->action == NULL || callbacks->info == NULL)
        return DTU_ERR_CONFIG;
    memset(s, 0, sizeof *s);
    s->config = config;
    s->callbacks = callbacks;
    s->ctx = ctx;
    s->output.write = callbacks->write;
    s->output.ctx = ctx;
    return DTU_OK;
}

void dtu_at_server_reset(struct dtu_at_server *s)
{
    s->len = 0;
    s->too_long = false;
    s->replying = false;
}

void dtu_at_server_set_echo(struct dtu_at_server *s, bool on)
{
    s->echo = on;
}

bool dtu_at_server_ready(const struct dtu_at_server *s)
{
    return !s->replying;
}

/* --- The reply ------------------------------------------------------------------------------ */

static const char *error_text(const struct dtu_at_dialect *d, enum dtu_status status)
{
    switch (status) {
    case DTU_ERR_FORMAT:
        return d->no_at;
    case DTU_ERR_NOT_FOUND:
        return d->no_such;
    case DTU_ERR_FORM:
        return d->no_form;
    case DTU_ERR_COUNT:
        return d->bad_count;
    case DTU_ERR_MISSING:
    case DTU_ERR_TYPE:
        return d->bad_type;
    case DTU_ERR_LENGTH:
    case DTU_ERR_RANGE:
        return d->bad_range;
    case DTU_ERR_LOGIN:
        return d->no_login;
    default:
        return d->not_allowed;
    }
}

static void write_value(struct dtu_at_server *s, const struct dtu_text *out)
{
    const struct dtu_params *params = s->config->params;
    if (s->form == DTU_AT_RANGE)
        dtu_params_write_range(params->table, s->row, out);
    else if (s->row->kind == DTU_PARAM_INFO)
        (void)s->callbacks->info(s->ctx, s->row, out); /* its status was asked for before */
    else
        dtu_params_write(params, DTU_PARAMS_PENDING, s->row, out);
}

static bool answers_with_value(const struct dtu_at_server *s)
{
    return s->status == DTU_OK && s->row != NULL && s->row->kind != DTU_PARAM_ACTION &&
           s->form != DTU_AT_SET;
}

static void write_answer(struct dtu_at_server *s, const struct dtu_text *out)
{
    const struct dtu_at_dialect *d = s->config->dialect;
    if (d->names_answer) {
        dtu_text_char(out, '+');
        dtu_text_string(out, s->row->name);
        dtu_text_char(out, ':');
    } else {
        dtu_text_string(out, d->done);
        dtu_text_char(out, '=');
    }
    write_value(s, out);
    dtu_text_string(out, crlf);
    if (d->done_after_answer) {
        dtu_text_string(out, crlf);
        dtu_text_string(out, d->done);
        dtu_text_string(out, crlf);
    }
}

static void write_reply(struct dtu_at_server *s, const struct dtu_text *out)
{
    const struct dtu_at_dialect *d = s->config->dialect;
    dtu_text_string(out, crlf);
    if (answers_with_value(s)) {
        write_answer(s, out);
        return;
    }
    enum dtu_status status = (enum dtu_status)s->status;
    dtu_text_string(out, status == DTU_OK ? d->done : error_text(d, status));
    dtu_text_string(out, crlf);
}

void dtu_at_server_resume(struct dtu_at_server *s)
{
    if (!s->replying)
        return;
    const struct dtu_text out = dtu_replay_text(&s->output);
    write_reply(s, &out);
    if (!dtu_replay_done(&s->output))
        return;
    s->replying = false;
    if (s->callbacks->replied != NULL)
        s->callbacks->replied(s->ctx, s->row, (enum dtu_at_form)s->form,
                              (enum dtu_status)s->status);
}

static void reply(struct dtu_at_server *s, enum dtu_status status)
{
    s->stats.commands++;
    if (status != DTU_OK)
        s->stats.errors++;
    s->status = (uint8_t)status;
    s->output.sent = 0;
    s->replying = true;
    dtu_at_server_resume(s);
}

/* --- The command ---------------------------------------------------------------------------- */

/* A command line in parts; the texts lie in the line. */
struct command {
    const uint8_t *name;
    size_t name_len;
    const uint8_t *value; /* of a set */
    size_t value_len;
    enum dtu_at_form form;
};

static bool starts_with_at(const uint8_t *line, size_t len)
{
    return len >= 2 && dtu_upper(line[0]) == 'A' && dtu_upper(line[1]) == 'T';
}

static enum dtu_status split(const uint8_t *line, size_t len, struct command *c)
{
    if (len < 4 || line[2] != '+' || line[3] == '=' || line[3] == '?')
        return DTU_ERR_FORMAT;
    size_t at = 3;
    while (at < len && line[at] != '=' && line[at] != '?')
        at++;
    c->name = line + 3;
    c->name_len = at - 3;
    c->value = NULL;
    c->value_len = 0;
    if (at == len) {
        c->form = DTU_AT_BARE;
        return DTU_OK;
    }
    if (line[at] == '?') {
        c->form = DTU_AT_QUERY;
        return at + 1 == len ? DTU_OK : DTU_ERR_FORM;
    }
    c->value = line + at + 1;
    c->value_len = len - at - 1;
    c->form = c->value_len == 1 && c->value[0] == '?' ? DTU_AT_RANGE : DTU_AT_SET;
    return DTU_OK;
}

/* Whether this is the name of a command for a socket that the product does not have. */
static bool names_other_socket(const struct dtu_param_table *table, const uint8_t *name, size_t len)
{
    if (len == 0 || dtu_upper(name[len - 1]) < 'A' || dtu_upper(name[len - 1]) > 'H')
        return false;
    for (size_t i = 0; i < table->count; i++) {
        const char *known = table->rows[i].name;
        size_t same = 0;
        if ((table->rows[i].flags & DTU_PARAM_SOCKET) == 0 || dtu_string_len(known) != len)
            continue;
        while (same < len && dtu_upper(name[same]) == (uint8_t)known[same])
            same++;
        if (same == len - 1) /* all but the letter: with it, it would have been found */
            return true;
    }
    return false;
}

/* Finds the row. On products with several serial ports a name may carry the port's number. */
static const struct dtu_param *find_row(const struct dtu_param_table *table,
                                        const struct command *c, enum dtu_status *status)
{
    size_t len = c->name_len;
    uint32_t port;
    const struct dtu_param *row = dtu_params_find(table, c->name, len);

    *status = DTU_OK;
    if (row != NULL)
        return row;
    while (len > 0 && c->name[len - 1] >= '0' && c->name[len - 1] <= '9')
        len--;
    row = dtu_params_find(table, c->name, len);
    if (row == NULL || (row->flags & DTU_PARAM_PORT) == 0) {
        *status = names_other_socket(table, c->name, len) ? DTU_ERR_RANGE : DTU_ERR_NOT_FOUND;
        return NULL;
    }
    bool is_ours =
        dtu_parse_decimal(c->name + len, c->name_len - len, &port) == DTU_OK && port == 1;
    *status = is_ours ? DTU_OK : DTU_ERR_RANGE;
    return is_ours ? row : NULL;
}

static enum dtu_status set_row(struct dtu_at_server *s, const struct command *c)
{
    enum dtu_status status = dtu_params_set(s->config->params, s->row, c->value, c->value_len);
    if (status == DTU_OK && s->callbacks->changed != NULL)
        status = s->callbacks->changed(s->ctx, s->row);
    return status;
}

static enum dtu_status execute(struct dtu_at_server *s, const struct command *c)
{
    enum dtu_param_kind kind = (enum dtu_param_kind)s->row->kind;

    if (kind == DTU_PARAM_ACTION)
        return c->form == DTU_AT_BARE ? s->callbacks->action(s->ctx, s->row) : DTU_ERR_FORM;
    switch (c->form) {
    case DTU_AT_BARE:
    case DTU_AT_QUERY:
        return kind == DTU_PARAM_INFO ? s->callbacks->info(s->ctx, s->row, NULL) : DTU_OK;
    case DTU_AT_RANGE:
        return kind != DTU_PARAM_INFO && s->config->dialect->has_range ? DTU_OK : DTU_ERR_FORM;
    case DTU_AT_SET:
        break;
    }
    return set_row(s, c); /* which refuses what is no setting */
}

static enum dtu_status run_line(struct dtu_at_server *s)
{
    struct command c = {NULL, 0, NULL, 0, DTU_AT_BARE};
    const uint8_t *line = s->config->line;
    enum dtu_status status;

    s->row = NULL;
    s->form = DTU_AT_BARE;
    if (s->too_long || !starts_with_at(line, s->len))
        return DTU_ERR_FORMAT;
    if (s->len == 2)
        return DTU_OK;
    status = split(line, s->len, &c);
    if (status != DTU_OK && status != DTU_ERR_FORM)
        return status;
    enum dtu_status found;
    s->row = find_row(s->config->params->table, &c, &found);
    s->form = (uint8_t)c.form;
    if (s->row == NULL)
        return found; /* an unknown name is told before a wrong form */
    return status != DTU_OK ? status : execute(s, &c);
}

/* --- The line ------------------------------------------------------------------------------- */

static size_t line_end(const uint8_t *data, size_t len)
{
    size_t at = 0;
    while (at < len && data[at] != '\r' && data[at] != '\n')
        at++;
    return at;
}

/* Echoes bytes if echo is on; returns how many may be taken. */
static size_t echo(struct dtu_at_server *s, const uint8_t *data, size_t len)
{
    return s->echo && len > 0 ? s->callbacks->write(s->ctx, data, len) : len;
}

static void gather(struct dtu_at_server *s, const uint8_t *data, size_t len)
{
    if (len > s->config->line_size - s->len) {
        s->too_long = true;
        return;
    }
    if (len > 0)
        memcpy(s->config->line + s->len, data, len);
    s->len += len;
}

static void end_line(struct dtu_at_server *s)
{
    enum dtu_status status = run_line(s);
    if (s->too_long)
        s->stats.too_long++;
    s->len = 0;
    s->too_long = false;
    reply(s, status);
}

size_t dtu_at_server_feed(struct dtu_at_server *s, const uint8_t *data, size_t len)
{
    if (s->replying) {
        dtu_at_server_resume(s);
        return 0; /* even if it is through: `replied` may have changed who gets the input */
    }
    size_t end = line_end(data, len);
    size_t taken = echo(s, data, end);
    gather(s, data, taken);
    if (taken < end || end == len)
        return taken;
    if (s->len == 0 && !s->too_long)
        return taken + 1;
    if (echo(s, data + end, 1) == 0)
        return taken;
    end_line(s);
    return taken + 1;
}
