/* SPDX-License-Identifier: MIT */
/* Command lines of the four products: replies, calls and values are those of a slow model, for any
 * split and any refusal by the output; nothing is written behind the line; what is stored stays
 * legal. */
#include "model_params.h"

#include "dtu/at_server.h"
#include "dtu/profile.h"

#define CANARY 0xC5
#define LINE_MAX_SIZE DTU_CAT1_LINE_SIZE /* no product has longer ones */
#define INPUT_MAX 400                    /* more would be slow: a list of commands is long */

/* What a run shows. */
struct run {
    struct fuzz_digest output;
    struct fuzz_digest calls; /* actions, questions, sets and replies, in order */
    struct dtu_at_server_stats stats;
    uint8_t pending[DTU_LTE_7S4_VALUES_SIZE];
};

static struct run whole;
static struct run other;
static struct run *seen;

static const struct dtu_profile *product;
static size_t line_size;
static enum dtu_at_style style;
static bool echo;
static bool locked; /* only some commands are permitted */
static struct fuzz_rand decisions;
static uint32_t refuse_chance;
static struct dtu_params params;
static struct dtu_at_server server;
static uint8_t running[DTU_LTE_7S4_VALUES_SIZE];
static uint8_t line[LINE_MAX_SIZE + 1];

static size_t on_write(void *ctx, const uint8_t *data, size_t len)
{
    FUZZ_CHECK(ctx == &server && len > 0);
    if (refuse_chance > 0 && fuzz_decide(&decisions, refuse_chance) == 0)
        len = fuzz_decide(&decisions, (uint32_t)len);
    fuzz_digest(&seen->output, data, len);
    return len;
}

static enum dtu_status verdict(const struct dtu_param *row)
{
    static const enum dtu_status verdicts[] = {DTU_OK, DTU_ERR_NOT_ALLOWED, DTU_ERR_LOGIN,
                                               DTU_ERR_IO};
    return verdicts[(uint8_t)row->name[0] % 4];
}

/* Parameters are legal, and each can be taken out of them. */
static void check_args(const struct dtu_param *row, const uint8_t *args, size_t len)
{
    FUZZ_CHECK(args != NULL && row->field_count > 0);
    FUZZ_CHECK(dtu_params_check(product->table, row, args, len) == DTU_OK);
    for (uint8_t i = 0; i <= row->field_count; i++) {
        struct dtu_argument a = dtu_params_argument(product->table, row, args, len, i);
        FUZZ_CHECK(a.text != NULL || a.len == 0);
        FUZZ_CHECK(a.text == NULL || (a.text >= args && a.len <= (size_t)(args + len - a.text)));
        FUZZ_CHECK(i < row->field_count || a.text == NULL);
        fuzz_digest(&seen->calls, a.text, a.len);
    }
}

static enum dtu_status on_action(void *ctx, const struct dtu_param *row, const uint8_t *args,
                                 size_t len)
{
    FUZZ_CHECK(ctx == &server);
    if (row->field_count > 0)
        check_args(row, args, len);
    else
        FUZZ_CHECK(row->kind == DTU_PARAM_ACTION && args == NULL && len == 0);
    fuzz_digest(&seen->calls, row->name, dtu_string_len(row->name));
    return verdict(row);
}

static enum dtu_status on_info(void *ctx, const struct dtu_param *row, const uint8_t *args,
                               size_t len, const struct dtu_text *out)
{
    FUZZ_CHECK(ctx == &server && row->kind == DTU_PARAM_INFO);
    if (args != NULL) {
        FUZZ_CHECK(out == NULL && (row->flags & DTU_PARAM_ASKS) != 0);
        check_args(row, args, len);
    }
    if (out != NULL)
        dtu_text_string(out, "some information");
    return verdict(row);
}

static enum dtu_status on_permit(void *ctx, const struct dtu_param *row)
{
    FUZZ_CHECK(ctx == &server);
    return locked && (row == NULL || row->name[0] < 'M') ? DTU_ERR_LOGIN : DTU_OK;
}

static enum dtu_status on_changed(void *ctx, const struct dtu_param *row)
{
    FUZZ_CHECK(ctx == &server && (row->kind == DTU_PARAM_SETTING || row->kind == DTU_PARAM_VIEW));
    fuzz_digest(&seen->calls, "=", 1);
    fuzz_digest(&seen->calls, row->name, dtu_string_len(row->name));
    if (row->id == DTU_ID_E)
        dtu_at_server_set_echo(&server, !echo);
    return row->id == DTU_ID_STMSG ? DTU_ERR_SPACE : DTU_OK;
}

static void on_replied(void *ctx, const struct dtu_param *row, enum dtu_at_form form,
                       enum dtu_status status)
{
    uint8_t told[2] = {(uint8_t)form, (uint8_t)status};
    FUZZ_CHECK(ctx == &server && dtu_at_server_ready(&server));
    FUZZ_CHECK(row != NULL || status == DTU_OK || status == DTU_ERR_FORMAT ||
               status == DTU_ERR_NOT_FOUND || status == DTU_ERR_RANGE ||
               (locked && status == DTU_ERR_LOGIN));
    fuzz_digest(&seen->calls, told, sizeof told);
}

static const struct dtu_at_server_callbacks callbacks = {
    .write = on_write,
    .action = on_action,
    .info = on_info,
    .permit = on_permit,
    .changed = on_changed,
    .replied = on_replied,
};

/* --- The model: docs/at_server.md, a byte at a time ------------------------------------------- */

static struct run model;
static struct dtu_params model_values;
static bool model_echoes;

/* A command line in parts. */
struct command {
    const uint8_t *name;
    size_t name_len;
    const uint8_t *value;
    size_t value_len;
    enum dtu_at_form form;
    bool wrong_form;
};

static void say(const char *text)
{
    fuzz_digest(&model.output, text, strlen(text));
}

static void to_model(void *ctx, const uint8_t *data, size_t len)
{
    (void)ctx;
    fuzz_digest(&model.output, data, len);
}

static const struct dtu_text to_model_text = {to_model, NULL};

/* Every row is looked at; rows that are no commands are not there. */
static const struct dtu_param *look_up(const uint8_t *name, size_t len)
{
    const struct dtu_param_table *table = product->table;
    const struct dtu_param *found = NULL;
    for (size_t i = 0; i < table->count; i++)
        if (model_same_word(name, len, table->rows[i].name, strlen(table->rows[i].name)))
            found = &table->rows[i];
    if (found != NULL && found->kind == DTU_PARAM_ALIAS)
        return look_up((const uint8_t *)found->initial, strlen(found->initial));
    return found != NULL && (found->flags & DTU_PARAM_INTERNAL) != 0 ? NULL : found;
}

/* Rule 5: the name, or the name and the number of the serial port, which is 1. */
static const struct dtu_param *look_up_port(const struct command *c, enum dtu_status *why)
{
    const struct dtu_param *row = look_up(c->name, c->name_len);
    size_t len = c->name_len;
    uint32_t port = 0;
    *why = DTU_ERR_RANGE;
    if (row != NULL)
        return row->kind != DTU_PARAM_ABSENT ? row : NULL;
    while (len > 0 && c->name[len - 1] >= '0' && c->name[len - 1] <= '9')
        len--;
    row = look_up(c->name, len);
    if (row == NULL || len == c->name_len || (row->flags & DTU_PARAM_PORT) == 0)
        *why = DTU_ERR_NOT_FOUND;
    else if (row->kind != DTU_PARAM_ABSENT &&
             model_decimal(c->name + len, c->name_len - len, &port) == DTU_OK && port == 1)
        return row;
    return NULL;
}

/* False if it is no AT command. */
static bool cut(const uint8_t *at, size_t len, struct command *c)
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

static void note_name(const struct dtu_param *row)
{
    fuzz_digest(&model.calls, row->name, strlen(row->name));
}

/* What the owner is asked to do; parameters have been checked. */
static enum dtu_status owner_does(const struct dtu_param *row, const struct model_line *args)
{
    for (size_t i = 0; i < row->field_count && i < args->count; i++)
        fuzz_digest(&model.calls, args->tokens[i].text, args->tokens[i].len);
    if (row->kind != DTU_PARAM_INFO || (row->field_count > 0 && !(row->flags & DTU_PARAM_ASKS)))
        note_name(row);
    return verdict(row);
}

static enum dtu_status do_set(const struct dtu_param *row, const struct command *c)
{
    static struct model_line parts;
    enum dtu_status status = DTU_ERR_FORM;
    if (row->kind == DTU_PARAM_SETTING || row->kind == DTU_PARAM_VIEW) {
        status = model_set(product->table, row, c->value, c->value_len, &parts);
        /* the values are kept by the real one: fuzz_params has a model of that */
        FUZZ_CHECK(dtu_params_set(&model_values, row, c->value, c->value_len) == status);
        if (status != DTU_OK)
            return status;
        fuzz_digest(&model.calls, "=", 1);
        note_name(row);
        model_echoes = row->id == DTU_ID_E ? !echo : model_echoes;
        return row->id == DTU_ID_STMSG ? DTU_ERR_SPACE : DTU_OK;
    }
    if (row->kind == DTU_PARAM_SECRET || row->kind == DTU_PARAM_ACTION ||
        row->kind == DTU_PARAM_INFO)
        status = model_params(product->table, row, c->value, c->value_len, false, &parts);
    return status == DTU_OK ? owner_does(row, &parts) : status;
}

static enum dtu_status carry_out(const struct dtu_param *row, const struct command *c)
{
    bool bare = c->form == DTU_AT_BARE;
    bool is_value = row->kind == DTU_PARAM_SETTING || row->kind == DTU_PARAM_VIEW;
    bool done_bare = bare && row->kind == DTU_PARAM_ACTION && row->field_count == 0;
    if (c->form == DTU_AT_SET)
        return do_set(row, c);
    if (c->form == DTU_AT_RANGE)
        return product->dialect->has_range && row->field_count > 0 &&
                       (is_value || row->kind == DTU_PARAM_ACTION)
                   ? DTU_OK
                   : DTU_ERR_FORM;
    if (is_value || (bare && row->kind == DTU_PARAM_HELP))
        return DTU_OK;
    if (row->kind == DTU_PARAM_INFO)
        return verdict(row);
    if (!done_bare)
        return DTU_ERR_FORM;
    note_name(row);
    return verdict(row);
}

static const char *error_word(enum dtu_status status)
{
    const struct dtu_at_dialect *d = product->dialect;
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

static void say_head(const struct dtu_param *row)
{
    say(product->dialect->names_answer ? "+" : product->dialect->done);
    say(product->dialect->names_answer ? row->name : "");
    say(product->dialect->names_answer ? ":" : "=");
}

static void say_help(void)
{
    const struct dtu_param_table *table = product->table;
    say("AT: Test");
    for (size_t i = 0; i < table->count; i++) {
        if (table->rows[i].help == NULL || (table->rows[i].flags & DTU_PARAM_INTERNAL) != 0)
            continue;
        say("\r\nAT+");
        say(table->rows[i].name);
        say(": ");
        say(table->rows[i].help);
    }
}

static void say_places(const struct dtu_param *row)
{
    bool first = true;
    for (uint8_t place = 1; place <= row->places; place++) {
        if (dtu_params_place_is_empty(&model_values, DTU_PARAMS_PENDING, row, place))
            continue;
        say(first ? "" : "\r\n");
        say_head(row);
        dtu_params_write_place(&model_values, DTU_PARAMS_PENDING, row, place, &to_model_text);
        first = false;
    }
    if (first)
        say_head(row);
}

static void say_value(const struct dtu_param *row, enum dtu_at_form form)
{
    if (row->kind == DTU_PARAM_HELP) {
        say_help();
    } else if (row->places > 0 && form != DTU_AT_RANGE) {
        say_places(row);
    } else {
        say_head(row);
        if (form == DTU_AT_RANGE)
            dtu_params_write_range(product->table, row, &to_model_text);
        else if (row->kind == DTU_PARAM_INFO)
            say("some information");
        else if (row->kind == DTU_PARAM_ACTION)
            say(row->initial);
        else
            dtu_params_write(&model_values, DTU_PARAMS_PENDING, row, &to_model_text);
    }
}

/* Whether success is told by a value. */
static bool answers_value(const struct dtu_param *row, enum dtu_at_form form)
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

static void model_reply(const struct dtu_param *row, enum dtu_at_form form, enum dtu_status status)
{
    uint8_t told[2] = {(uint8_t)form, (uint8_t)status};
    bool lines = style == DTU_AT_LINES;
    bool value = status == DTU_OK && answers_value(row, form);
    model.stats.commands++;
    model.stats.errors += status != DTU_OK;
    say(lines ? "\r\n" : "");
    if (value)
        say_value(row, form);
    else
        say(status == DTU_OK ? product->dialect->done : error_word(status));
    say(lines ? "\r\n" : ";");
    if (lines && value && product->dialect->done_after_answer) {
        say("\r\n");
        say(product->dialect->done);
        say("\r\n");
    }
    fuzz_digest(&model.calls, told, sizeof told);
}

static void model_line(const uint8_t *at, size_t len)
{
    struct command c;
    enum dtu_status why;
    if (len > line_size) {
        model.stats.too_long++;
        model_reply(NULL, DTU_AT_BARE, DTU_ERR_FORMAT);
        return;
    }
    if (!cut(at, len, &c)) {
        model_reply(NULL, DTU_AT_BARE, DTU_ERR_FORMAT);
        return;
    }
    if (c.name == NULL) {
        model_reply(NULL, DTU_AT_BARE, DTU_OK);
        return;
    }
    const struct dtu_param *row = look_up_port(&c, &why);
    if (on_permit(&server, row) != DTU_OK)
        why = on_permit(&server, row);
    else if (row != NULL)
        why = c.wrong_form ? DTU_ERR_FORM : carry_out(row, &c);
    model_reply(row, c.form, why);
}

static bool is_terminator(uint8_t byte)
{
    return byte == '\r' || byte == '\n' || (byte == ';' && style == DTU_AT_SEMICOLONS);
}

/* Feeds until all is taken; not more than one line a call. */
static void feed_all(const uint8_t *data, size_t len)
{
    for (unsigned idle = 0; len > 0;) {
        size_t taken = dtu_at_server_feed(&server, data, len);
        FUZZ_CHECK(taken <= len);
        for (size_t i = 0; i + 1 < taken; i++)
            FUZZ_CHECK(!is_terminator(data[i]));
        data += taken;
        len -= taken;
        idle = taken == 0 ? idle + 1 : 0;
        FUZZ_CHECK(idle < 1000);
    }
    for (unsigned idle = 0; !dtu_at_server_ready(&server); idle++) {
        FUZZ_CHECK(idle < 100000);
        dtu_at_server_resume(&server);
    }
}

static void run_model(const uint8_t *data, size_t len)
{
    static uint8_t ran[DTU_LTE_7S4_VALUES_SIZE];
    size_t from = 0;
    memset(&model, 0, sizeof model);
    model_echoes = echo;
    FUZZ_CHECK(dtu_params_init(&model_values, product->table, ran, model.pending) == DTU_OK);
    for (size_t i = 0; i < len; i++) {
        bool ends = is_terminator(data[i]);
        if (model_echoes && (!ends || i > from))
            fuzz_digest(&model.output, data + i, 1);
        if (!ends)
            continue;
        if (i > from)
            model_line(data + from, i - from);
        from = i + 1;
    }
}

static void run(struct run *into, const uint8_t *data, size_t len, uint32_t longest)
{
    const struct dtu_at_server_config config = {.dialect = product->dialect,
                                                .params = &params,
                                                .line = line,
                                                .line_size = line_size,
                                                .style = style};
    seen = into;
    memset(seen, 0, sizeof *seen);
    memset(line, CANARY, sizeof line);
    FUZZ_CHECK(dtu_params_init(&params, product->table, running, seen->pending) == DTU_OK);
    FUZZ_CHECK(dtu_at_server_init(&server, &config, &callbacks, &server) == DTU_OK);
    dtu_at_server_set_echo(&server, echo);
    while (len > 0) {
        size_t n = longest == 0 ? len : 1 + fuzz_decide(&decisions, longest);
        n = n < len ? n : len;
        feed_all(data, n);
        data += n;
        len -= n;
    }
    for (size_t i = line_size; i < sizeof line; i++)
        FUZZ_CHECK(line[i] == CANARY);
    seen->stats = server.stats;
    FUZZ_CHECK(seen->stats.too_long <= seen->stats.errors);
    FUZZ_CHECK(seen->stats.errors <= seen->stats.commands);
}

static void check_same(const struct run *second)
{
    FUZZ_CHECK(memcmp(&whole.output, &second->output, sizeof whole.output) == 0);
    FUZZ_CHECK(memcmp(&whole.calls, &second->calls, sizeof whole.calls) == 0);
    FUZZ_CHECK(memcmp(&whole.stats, &second->stats, sizeof whole.stats) == 0);
    FUZZ_CHECK(memcmp(whole.pending, second->pending, sizeof whole.pending) == 0);
}

/* What was written can be set, and is the same then. Only a default may be shorter than what a user
 * may set; the running values are the defaults here. */
static void check_written(const struct dtu_param *row, const char *text, size_t len)
{
    memcpy(whole.pending, seen->pending, sizeof whole.pending);
    enum dtu_status status = dtu_params_set(&params, row, (const uint8_t *)text, len);
    FUZZ_CHECK(memcmp(whole.pending, seen->pending, sizeof whole.pending) == 0);
    if (status == DTU_OK)
        return;
    size_t size = 0;
    for (size_t i = 0; i < row->field_count; i++)
        size += dtu_param_field_size(&row->fields[i]);
    FUZZ_CHECK(memcmp(running + row->offset, seen->pending + row->offset, size) == 0);
}

static void check_values(void)
{
    static char text[2048];
    for (size_t i = 0; i < product->table->count; i++) {
        const struct dtu_param *row = &product->table->rows[i];
        if (row->kind != DTU_PARAM_SETTING && row->kind != DTU_PARAM_SECRET)
            continue;
        for (uint8_t place = row->places > 0 ? 1 : 0; place <= row->places; place++) {
            struct dtu_text_buffer buffer = {text, sizeof text, 0, false};
            const struct dtu_text out = {dtu_text_to_buffer, &buffer};
            if (row->places == 0)
                dtu_params_write(&params, DTU_PARAMS_PENDING, row, &out);
            else if (!dtu_params_place_is_empty(&params, DTU_PARAMS_PENDING, row, place))
                dtu_params_write_place(&params, DTU_PARAMS_PENDING, row, place, &out);
            else
                continue;
            FUZZ_CHECK(!buffer.overflow);
            check_written(row, text, buffer.len);
        }
    }
}

/* Lines made from the input: which command, in which form, with which value. */
static size_t make_lines(struct fuzz_input *in, uint8_t *out)
{
    static const char *const forms[] = {"", "?", "=?", "=", "=", "1", "2?", "? "};
    size_t len = 0;
    while (in->left > 0) {
        const char *name = product->table->rows[fuzz_below(in, product->table->count)].name;
        const char *form = forms[fuzz_below(in, 8)];
        size_t value_len = form[0] == '=' && form[1] == '\0' ? fuzz_below(in, 64) : 0;
        value_len = value_len < in->left ? value_len : in->left;
        if (len + 3 + strlen(name) + strlen(form) + value_len + 1 > INPUT_MAX)
            break;
        len += (size_t)sprintf((char *)out + len, "AT+%s%s", name, form);
        memcpy(out + len, in->at, value_len);
        len += value_len;
        out[len++] = '\r';
        in->at += value_len;
        in->left -= value_len;
    }
    return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t made[INPUT_MAX + 1];
    struct fuzz_input in = {data, size};
    product = dtu_profile_at(fuzz_below(&in, 4));
    uint32_t how = fuzz_below(&in, 4);
    echo = how % 2 != 0;
    line_size = fuzz_below(&in, 256);
    if (line_size == 0)
        line_size = product->line_size;
    style = fuzz_below(&in, 2) != 0 ? DTU_AT_SEMICOLONS : DTU_AT_LINES;
    locked = fuzz_below(&in, 4) == 1;
    decisions = fuzz_rand(fuzz_u16(&in));
    if (how >= 2) {
        size_t len = make_lines(&in, made);
        in = (struct fuzz_input){made, len};
    }
    if (in.left > INPUT_MAX)
        in.left = INPUT_MAX;
    refuse_chance = 0;
    run(&whole, in.at, in.left, 0);
    run_model(in.at, in.left);
    check_same(&model);
    run(&other, in.at, in.left, 1);
    check_same(&other);
    run(&other, in.at, in.left, 20);
    check_same(&other);
    refuse_chance = 2;
    run(&other, in.at, in.left, 0);
    check_same(&other);
    run(&other, in.at, in.left, 20);
    check_same(&other);
    check_values();
    return 0;
}
