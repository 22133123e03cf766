/* SPDX-License-Identifier: MIT */
/* What an AT server answers to a line, written from docs/at_server.md: it sees all of the line at
 * once. Values, actions and what is known are its owner's. */
#ifndef MODEL_AT_SERVER_H
#define MODEL_AT_SERVER_H

#include "model_params.h"

#include "dtu/at_server.h"
#include "dtu/profile.h"

struct model_at {
    const struct dtu_profile *product;
    enum dtu_at_style style;
    size_t line_size;
    struct dtu_at_server_stats stats;
    void *ctx; /* handed to all of these */
    void (*say)(void *ctx, const void *data, size_t len);
    enum dtu_status (*permit)(void *ctx, const struct dtu_param *row);
    /* SETTING and VIEW */
    enum dtu_status (*set)(void *ctx, const struct dtu_param *row, const uint8_t *value,
                           size_t len);
    /* what else is done or asked; `args` have been checked, NULL without */
    enum dtu_status (*does)(void *ctx, const struct dtu_param *row, const struct model_line *args);
    /* the value of a SETTING or VIEW, in a place or in none (0), or what an INFO is */
    void (*show)(void *ctx, const struct dtu_param *row, uint8_t place);
    bool (*is_empty)(void *ctx, const struct dtu_param *row, uint8_t place);
    void (*replied)(void *ctx, const struct dtu_param *row, enum dtu_at_form form,
                    enum dtu_status status);
};

/* A command line in parts. */
struct model_command {
    const uint8_t *name;
    size_t name_len;
    const uint8_t *value;
    size_t value_len;
    enum dtu_at_form form;
    bool wrong_form;
};

static inline void model_at_say(const struct model_at *a, const char *text)
{
    a->say(a->ctx, text, strlen(text));
}

static inline void model_at_to_say(void *ctx, const uint8_t *data, size_t len)
{
    const struct model_at *a = ctx;
    a->say(a->ctx, data, len);
}

/* Every row is looked at; rows that are no commands are not there. */
static inline const struct dtu_param *model_at_look_up(const struct model_at *a,
                                                       const uint8_t *name, size_t len)
{
    const struct dtu_param_table *table = a->product->table;
    const struct dtu_param *found = NULL;
    for (size_t i = 0; i < table->count; i++)
        if (model_same_word(name, len, table->rows[i].name, strlen(table->rows[i].name)))
            found = &table->rows[i];
    if (found != NULL && found->kind == DTU_PARAM_ALIAS)
        return model_at_look_up(a, (const uint8_t *)found->initial, strlen(found->initial));
    return found != NULL && (found->flags & DTU_PARAM_INTERNAL) != 0 ? NULL : found;
}

/* Rule 5: the name, or the name and the number of the serial port, which is 1. */
static inline const struct dtu_param *
model_at_look_up_port(const struct model_at *a, const struct model_command *c, enum dtu_status *why)
{
    const struct dtu_param *row = model_at_look_up(a, c->name, c->name_len);
    size_t len = c->name_len;
    uint32_t port = 0;
    *why = DTU_ERR_RANGE;
    if (row != NULL)
        return row->kind != DTU_PARAM_ABSENT ? row : NULL;
    while (len > 0 && c->name[len - 1] >= '0' && c->name[len - 1] <= '9')
        len--;
    row = model_at_look_up(a, c->name, len);
    if (row == NULL || len == c->name_len || (row->flags & DTU_PARAM_PORT) == 0)
        *why = DTU_ERR_NOT_FOUND;
    else if (row->kind != DTU_PARAM_ABSENT &&
             model_decimal(c->name + len, c->name_len - len, &port) == DTU_OK && port == 1)
        return row;
    return NULL;
}

/* False if it is no AT command. */
static inline bool model_at_cut(const uint8_t *at, size_t len, struct model_command *c)
{
    memset(c, 0, sizeof *c);
    if (len < 2 || !model_same_word(at, 2, "AT", 2))
        return false;
    if (len == 2)
        return true;
    c->name = at + 3;
    for (size_t i = 3; i < len && at[i] != '=' && at[i] != '?'; i++)
        c->name_len++;
    if (at[2] != '+' || c->name_len == 0)
        return false;
    size_t end = 3 + c->name_len; /* of the name: a ? or a = */
    c->form = DTU_AT_BARE;
    if (end == len)
        return true;
    c->value = at + end + 1;
    c->value_len = len - end - 1;
    c->wrong_form = at[end] == '?' && c->value_len > 0;
    c->form = at[end] == '?' ? DTU_AT_QUERY : DTU_AT_SET;
    if (c->form == DTU_AT_SET && c->value_len == 1 && c->value[0] == '?')
        c->form = DTU_AT_RANGE;
    return true;
}

static inline enum dtu_status model_at_set(const struct model_at *a, const struct dtu_param *row,
                                           const struct model_command *c)
{
    static struct model_line parts;
    enum dtu_status status = DTU_ERR_FORM;
    if (row->kind == DTU_PARAM_SETTING || row->kind == DTU_PARAM_VIEW)
        return a->set(a->ctx, row, c->value, c->value_len);
    if (row->kind == DTU_PARAM_SECRET || row->kind == DTU_PARAM_ACTION ||
        row->kind == DTU_PARAM_INFO)
        status = model_params(a->product->table, row, c->value, c->value_len, false, &parts);
    return status == DTU_OK ? a->does(a->ctx, row, &parts) : status;
}

static inline enum dtu_status model_at_carry_out(const struct model_at *a,
                                                 const struct dtu_param *row,
                                                 const struct model_command *c)
{
    bool bare = c->form == DTU_AT_BARE;
    bool is_value = row->kind == DTU_PARAM_SETTING || row->kind == DTU_PARAM_VIEW;
    bool done_bare = bare && row->kind == DTU_PARAM_ACTION && row->field_count == 0;
    if (c->form == DTU_AT_SET)
        return model_at_set(a, row, c);
    if (c->form == DTU_AT_RANGE)
        return a->product->dialect->has_range && row->field_count > 0 &&
                       (is_value || row->kind == DTU_PARAM_ACTION)
                   ? DTU_OK
                   : DTU_ERR_FORM;
    if (is_value || (bare && row->kind == DTU_PARAM_HELP))
        return DTU_OK;
    if (row->kind == DTU_PARAM_INFO || done_bare)
        return a->does(a->ctx, row, NULL);
    return DTU_ERR_FORM;
}

static inline const char *model_at_error(const struct model_at *a, enum dtu_status status)
{
    const struct dtu_at_dialect *d = a->product->dialect;
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
    case DTU_ERR_RANGE:
        return d->bad_range;
    case DTU_ERR_LOGIN:
        return d->no_login;
    default:
        return d->not_allowed;
    }
}

static inline void model_at_say_head(const struct model_at *a, const struct dtu_param *row)
{
    model_at_say(a, a->product->dialect->names_answer ? "+" : a->product->dialect->done);
    model_at_say(a, a->product->dialect->names_answer ? row->name : "");
    model_at_say(a, a->product->dialect->names_answer ? ":" : "=");
}

static inline void model_at_say_help(const struct model_at *a)
{
    const struct dtu_param_table *table = a->product->table;
    model_at_say(a, "AT: Test");
    for (size_t i = 0; i < table->count; i++) {
        if (table->rows[i].help == NULL || (table->rows[i].flags & DTU_PARAM_INTERNAL) != 0)
            continue;
        model_at_say(a, "\r\nAT+");
        model_at_say(a, table->rows[i].name);
        model_at_say(a, ": ");
        model_at_say(a, table->rows[i].help);
    }
}

static inline void model_at_say_places(const struct model_at *a, const struct dtu_param *row)
{
    bool first = true;
    for (uint8_t place = 1; place <= row->places; place++) {
        if (a->is_empty(a->ctx, row, place))
            continue;
        model_at_say(a, first ? "" : "\r\n");
        model_at_say_head(a, row);
        a->show(a->ctx, row, place);
        first = false;
    }
    if (first)
        model_at_say_head(a, row);
}

static inline void model_at_say_value(struct model_at *a, const struct dtu_param *row,
                                      enum dtu_at_form form)
{
    const struct dtu_text out = {model_at_to_say, a};
    if (row->kind == DTU_PARAM_HELP) {
        model_at_say_help(a);
    } else if (row->places > 0 && form != DTU_AT_RANGE) {
        model_at_say_places(a, row);
    } else {
        model_at_say_head(a, row);
        if (form == DTU_AT_RANGE)
            dtu_params_write_range(a->product->table, row, &out);
        else if (row->kind == DTU_PARAM_ACTION)
            model_at_say(a, row->initial);
        else
            a->show(a->ctx, row, 0);
    }
}

/* Whether success is told by a value. */
static inline bool model_at_answers_value(const struct dtu_param *row, enum dtu_at_form form)
{
    if (row == NULL)
        return false;
    if (form == DTU_AT_RANGE)
        return true;
    if (row->kind == DTU_PARAM_ACTION)
        return row->initial != NULL;
    return form != DTU_AT_SET ||
           (row->kind == DTU_PARAM_INFO && (row->flags & DTU_PARAM_ASKS) != 0);
}

static inline void model_at_reply(struct model_at *a, const struct dtu_param *row,
                                  enum dtu_at_form form, enum dtu_status status)
{
    bool lines = a->style == DTU_AT_LINES;
    bool value = status == DTU_OK && model_at_answers_value(row, form);
    a->stats.commands++;
    a->stats.errors += status != DTU_OK;
    model_at_say(a, lines ? "\r\n" : "");
    if (value)
        model_at_say_value(a, row, form);
    else
        model_at_say(a, status == DTU_OK ? a->product->dialect->done : model_at_error(a, status));
    model_at_say(a, lines ? "\r\n" : ";");
    if (lines && value && a->product->dialect->done_after_answer) {
        model_at_say(a, "\r\n");
        model_at_say(a, a->product->dialect->done);
        model_at_say(a, "\r\n");
    }
    a->replied(a->ctx, row, form, status);
}

static inline bool model_at_ends(enum dtu_at_style style, uint8_t byte)
{
    return byte == '\r' || byte == '\n' || (byte == ';' && style == DTU_AT_SEMICOLONS);
}

/* Answers a line without its end. */
static inline void model_at_line(struct model_at *a, const uint8_t *at, size_t len)
{
    struct model_command c;
    enum dtu_status why;
    if (len > a->line_size) {
        a->stats.too_long++;
        model_at_reply(a, NULL, DTU_AT_BARE, DTU_ERR_FORMAT);
        return;
    }
    if (!model_at_cut(at, len, &c)) {
        model_at_reply(a, NULL, DTU_AT_BARE, DTU_ERR_FORMAT);
        return;
    }
    if (c.name == NULL) {
        model_at_reply(a, NULL, DTU_AT_BARE, DTU_OK);
        return;
    }
    const struct dtu_param *row = model_at_look_up_port(a, &c, &why);
    enum dtu_status permitted = a->permit(a->ctx, row);
    if (permitted != DTU_OK)
        why = permitted;
    else if (row != NULL)
        why = c.wrong_form ? DTU_ERR_FORM : model_at_carry_out(a, row, &c);
    model_at_reply(a, row, c.form, why);
}

#endif
