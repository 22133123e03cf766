/* SPDX-License-Identifier: MIT */
#include "dtu/at_server.h"

#include <string.h>

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

/* Complexity: a case for each status. */
static const char *status_text(const struct dtu_at_dialect *d, enum dtu_status status)
{
    switch (status) {
    case DTU_OK:
        return d->done;
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

static void write_crlf(const struct dtu_text *out)
{
    dtu_text_bytes(out, "\r\n", 2);
}

static void write_name(const struct dtu_at_server *s, const struct dtu_text *out)
{
    const struct dtu_at_dialect *d = s->config->dialect;
    if (!d->names_answer) {
        dtu_text_string(out, d->done);
        dtu_text_char(out, '=');
        return;
    }
    dtu_text_char(out, '+');
    dtu_text_string(out, s->row->name);
    dtu_text_char(out, ':');
}

static bool write_other_value(struct dtu_at_server *s, const struct dtu_text *out)
{
    return s->callbacks->value != NULL && s->callbacks->value(s->ctx, s->row, out);
}

static void write_value(struct dtu_at_server *s, const struct dtu_text *out)
{
    const struct dtu_params *params = s->config->params;
    if (s->form == DTU_AT_RANGE)
        dtu_params_write_range(params->table, s->row, out);
    else if (s->row->kind == DTU_PARAM_ACTION)
        dtu_text_string(out, s->row->initial);
    else if (s->row->kind == DTU_PARAM_INFO) /* its status was asked for before */
        (void)s->callbacks->info(s->ctx, s->row, NULL, 0, out);
    else if (!write_other_value(s, out))
        dtu_params_write(params, DTU_PARAMS_PENDING, s->row, 0, out);
}

/* The values of a row with places, each as an answer of its own. */
static void write_places(struct dtu_at_server *s, const struct dtu_text *out)
{
    uint8_t written = 0;
    uint8_t place = 0;
    while (place < s->row->places) { /* which may be 255 */
        place++;
        if (dtu_params_place_is_empty(s->config->params, DTU_PARAMS_PENDING, s->row, place))
            continue;
        if (written > 0)
            write_crlf(out);
        write_name(s, out);
        dtu_params_write(s->config->params, DTU_PARAMS_PENDING, s->row, place, out);
        written++;
    }
    if (written == 0)
        write_name(s, out);
}

static bool is_listed(const struct dtu_param *row)
{
    return row->help != NULL && (row->flags & DTU_PARAM_INTERNAL) == 0;
}

static void write_help(const struct dtu_at_server *s, const struct dtu_text *out)
{
    const struct dtu_param_table *table = s->config->params->table;
    dtu_text_string(out, "AT: Test");
    for (const struct dtu_param *row = table->rows; row < table->rows + table->count; row++) {
        if (!is_listed(row))
            continue;
        dtu_text_string(out, "\r\nAT+");
        dtu_text_string(out, row->name);
        dtu_text_string(out, ": ");
        dtu_text_string(out, row->help);
    }
}

/* Whether the row's value is asked for, by a query or by a set that is a question. */
static bool is_asked(const struct dtu_param *row, enum dtu_at_form form)
{
    return form != DTU_AT_SET || (row->flags & DTU_PARAM_ASKS) != 0;
}

static bool has_value(const struct dtu_at_server *s)
{
    if (s->status != DTU_OK || s->row == NULL)
        return false;
    if (s->row->kind == DTU_PARAM_ACTION && s->form != DTU_AT_RANGE)
        return s->row->initial != NULL;
    return is_asked(s->row, (enum dtu_at_form)s->form);
}

static void write_answer(struct dtu_at_server *s, const struct dtu_text *out)
{
    if (s->row->kind == DTU_PARAM_HELP) {
        write_help(s, out);
    } else if (s->row->places > 0 && s->form != DTU_AT_RANGE) {
        write_places(s, out);
    } else {
        write_name(s, out);
        write_value(s, out);
    }
}

static bool replies_in_lines(const struct dtu_at_server *s)
{
    return s->config->style == DTU_AT_LINES;
}

static void write_reply(struct dtu_at_server *s, const struct dtu_text *out)
{
    const struct dtu_at_dialect *d = s->config->dialect;

    if (replies_in_lines(s))
        write_crlf(out);
    if (!has_value(s)) {
        dtu_text_string(out, status_text(d, (enum dtu_status)s->status));
    } else {
        write_answer(s, out);
        if (replies_in_lines(s) && d->done_after_answer) {
            write_crlf(out);
            write_crlf(out);
            dtu_text_string(out, d->done);
        }
    }
    if (replies_in_lines(s))
        write_crlf(out);
    else
        dtu_text_char(out, ';');
}

void dtu_at_server_resume(struct dtu_at_server *s)
{
    if (!s->replying)
        return;
    const struct dtu_text out = dtu_replay_text(&s->output);
    write_reply(s, &out);
    if (!dtu_replay_done(out.ctx))
        return;
    s->replying = false;
    if (s->callbacks->replied != NULL)
        s->callbacks->replied(s->ctx, s->row, (enum dtu_at_form)s->form,
                              (enum dtu_status)s->status);
}

/* --- The command ---------------------------------------------------------------------------- */

/* A command line in parts; the texts lie in the line. */
struct command {
    const uint8_t *name;
    size_t name_len;
    const uint8_t *value; /* of a set, else NULL */
    size_t value_len;     /* of a query: what is behind the `?`, where nothing may be */
};

static bool starts_with_at(const uint8_t *line, size_t len)
{
    const uint8_t lower = 0x20; /* set in lower case letters, clear in upper case ones */
    return len >= 2 && (line[0] | lower) == 'a' && (line[1] | lower) == 't';
}

static bool ends_name(uint8_t byte)
{
    return byte <= '?' && (byte == '=' || byte == '?'); /* most bytes of a name are above both */
}

/* False if it is no command. */
static bool split(struct dtu_at_server *s, const uint8_t *line, size_t len, struct command *c)
{
    size_t at = 3;

    if (len < 4 || line[2] != '+' || ends_name(line[3]))
        return false;
    while (at < len && !ends_name(line[at]))
        at++;
    c->name = line + 3;
    c->name_len = at - 3;
    c->value = NULL;
    c->value_len = 0;
    if (at == len)
        return true;
    c->value_len = len - at - 1;
    s->form = DTU_AT_QUERY;
    if (line[at] == '?')
        return true;
    c->value = line + at + 1;
    s->form = c->value_len == 1 && c->value[0] == '?' ? DTU_AT_RANGE : DTU_AT_SET;
    return true;
}

/* The row that a user may name. */
static const struct dtu_param *find_name(const struct dtu_param_table *table, const uint8_t *name,
                                         size_t len)
{
    const struct dtu_param *row = dtu_params_find(table, name, len);
    return row != NULL && (row->flags & DTU_PARAM_INTERNAL) == 0 ? row : NULL;
}

/* Whether digits are the number of the serial port. */
static bool is_port(const uint8_t *digits, size_t len)
{
    uint32_t port;
    return dtu_parse_decimal(digits, len, &port) == DTU_OK && port == 1;
}

/* Finds the row. On products with several serial ports a name may carry the port's number. */
static enum dtu_status find_row(struct dtu_at_server *s, const struct command *c)
{
    const struct dtu_param_table *table = s->config->params->table;
    size_t len = c->name_len;
    const struct dtu_param *row = find_name(table, c->name, len);

    if (row == NULL) {
        while (len > 0 && c->name[len - 1] >= '0' && c->name[len - 1] <= '9')
            len--;
        row = find_name(table, c->name, len);
        if (row == NULL || (row->flags & DTU_PARAM_PORT) == 0)
            return DTU_ERR_NOT_FOUND;
        if (!is_port(c->name + len, c->name_len - len))
            return DTU_ERR_RANGE;
    }
    if (row->kind == DTU_PARAM_ABSENT)
        return DTU_ERR_RANGE;
    s->row = row;
    return DTU_OK;
}

/* `=?` tells what a set may say: of a row that cannot be set there is nothing to tell. */
static bool has_range(const struct dtu_at_server *s)
{
    return s->config->dialect->has_range && s->row->field_count > 0 &&
           s->row->kind != DTU_PARAM_SECRET && s->row->kind != DTU_PARAM_INFO;
}

static bool is_setting(const struct dtu_param *row)
{
    return row->kind == DTU_PARAM_SETTING || row->kind == DTU_PARAM_VIEW;
}

static enum dtu_status set_or_check(const struct dtu_at_server *s, const struct command *c)
{
    struct dtu_params *params = s->config->params;
    return is_setting(s->row) ? dtu_params_set(params, s->row, c->value, c->value_len)
                              : dtu_params_check(params->table, s->row, c->value, c->value_len);
}

/* Lets the owner do it, or say whether he can tell the value. */
static enum dtu_status ask_owner(struct dtu_at_server *s, const struct command *c)
{
    const struct dtu_param *row = s->row;
    enum dtu_at_form form = (enum dtu_at_form)s->form;

    if (row->kind == DTU_PARAM_INFO && is_asked(row, form))
        return s->callbacks->info(s->ctx, row, c->value, c->value_len, NULL);
    if (form == DTU_AT_SET ||
        (row->kind == DTU_PARAM_ACTION && form == DTU_AT_BARE && row->field_count == 0))
        return s->callbacks->action(s->ctx, row, c->value, c->value_len);
    return DTU_ERR_FORM;
}

static enum dtu_status execute(struct dtu_at_server *s, const struct command *c)
{
    enum dtu_at_form form = (enum dtu_at_form)s->form;
    enum dtu_status status = DTU_OK;

    if (form == DTU_AT_RANGE)
        return has_range(s) ? DTU_OK : DTU_ERR_FORM;
    if (s->row->kind == DTU_PARAM_HELP)
        return form == DTU_AT_BARE ? DTU_OK : DTU_ERR_FORM;
    if (form == DTU_AT_SET)
        status = set_or_check(s, c);
    if (status != DTU_OK)
        return status;
    if (!is_setting(s->row))
        return ask_owner(s, c);
    return form == DTU_AT_SET && s->callbacks->changed != NULL
               ? s->callbacks->changed(s->ctx, s->row)
               : DTU_OK;
}

static enum dtu_status run_line(struct dtu_at_server *s, const uint8_t *line, size_t len)
{
    struct command c;

    s->row = NULL;
    s->form = DTU_AT_BARE;
    if (s->too_long || !starts_with_at(line, len))
        return DTU_ERR_FORMAT;
    if (len == 2)
        return DTU_OK;
    if (!split(s, line, len, &c))
        return DTU_ERR_FORMAT;
    enum dtu_status found = find_row(s, &c);
    enum dtu_status permitted = DTU_OK;
    if (s->callbacks->permit != NULL)
        permitted = s->callbacks->permit(s->ctx, s->row);
    if (permitted != DTU_OK)
        return permitted;
    if (found != DTU_OK)
        return found; /* an unknown name is told before a wrong form */
    return s->form == DTU_AT_QUERY && c.value_len > 0 ? DTU_ERR_FORM : execute(s, &c);
}

/* --- The line ------------------------------------------------------------------------------- */

static bool ends_line(uint8_t byte, uint8_t last)
{
    return byte == last || byte == '\r' || byte == '\n';
}

static size_t line_end(const struct dtu_at_server *s, const uint8_t *data, size_t len)
{
    uint8_t last = s->config->style == DTU_AT_SEMICOLONS ? ';' : '\r'; /* of what ends a line */
    size_t at = 0;
    /* one comparison for most bytes */
    while (at < len && (data[at] > last || !ends_line(data[at], last)))
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

/* A line that lies whole in the input is not copied. */
static void end_line(struct dtu_at_server *s, const uint8_t *data, size_t len)
{
    enum dtu_status status;

    if (s->len > 0 || s->too_long || len > s->config->line_size) {
        gather(s, data, len);
        status = run_line(s, s->config->line, s->len);
    } else {
        status = run_line(s, data, len);
    }
    if (status == DTU_OK && s->callbacks->finish != NULL)
        status = s->callbacks->finish(s->ctx);
    s->stats.commands++;
    s->stats.errors += status != DTU_OK;
    s->stats.too_long += s->too_long;
    s->len = 0;
    s->too_long = false;
    s->status = (uint8_t)status;
    s->output.sent = 0;
    s->replying = true;
}

/* Takes input up to the end of a line at most, and does what the line says. */
static size_t take(struct dtu_at_server *s, const uint8_t *data, size_t len)
{
    size_t end = line_end(s, data, len);
    if (end == len) {
        len = echo(s, data, len);
        gather(s, data, len);
        return len;
    }
    if (end == 0 && s->len == 0 && !s->too_long)
        return 1; /* an empty line */
    size_t taken = echo(s, data, end);
    if (taken == end && echo(s, data + end, 1) > 0) {
        end_line(s, data, end);
        return end + 1;
    }
    gather(s, data, taken);
    return taken;
}

/* While a reply is on its way none is taken, even if it goes through now: `replied` may change who
 * gets the input. A reply is written from here, where the command is done with: it needs stack. */
size_t dtu_at_server_feed(struct dtu_at_server *s, const uint8_t *data, size_t len)
{
    size_t taken = s->replying ? 0 : take(s, data, len);
    dtu_at_server_resume(s);
    return taken;
}
