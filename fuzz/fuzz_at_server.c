/* SPDX-License-Identifier: MIT */
/* Command lines of the four products: replies, calls and values are those of a slow model, for any
 * split and any refusal by the output; nothing is written behind the line; what is stored stays
 * legal. */
#include "model_at_server.h"

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

/* --- The model -------------------------------------------------------------------------------- */

static struct run model;
static struct dtu_params model_values;
static bool model_echoes;

static void model_says(void *ctx, const void *data, size_t len)
{
    (void)ctx;
    fuzz_digest(&model.output, data, len);
}

static void to_model(void *ctx, const uint8_t *data, size_t len)
{
    model_says(ctx, data, len);
}

static enum dtu_status model_permits(void *ctx, const struct dtu_param *row)
{
    (void)ctx;
    return on_permit(&server, row);
}

static void note_name(const struct dtu_param *row)
{
    fuzz_digest(&model.calls, row->name, strlen(row->name));
}

static enum dtu_status model_sets(void *ctx, const struct dtu_param *row, const uint8_t *value,
                                  size_t len)
{
    static struct model_line parts;
    enum dtu_status status = model_set(product->table, row, value, len, &parts);
    (void)ctx;
    /* the values are kept by the real one: fuzz_params has a model of that */
    FUZZ_CHECK(dtu_params_set(&model_values, row, value, len) == status);
    if (status != DTU_OK)
        return status;
    fuzz_digest(&model.calls, "=", 1);
    note_name(row);
    model_echoes = row->id == DTU_ID_E ? !echo : model_echoes;
    return row->id == DTU_ID_STMSG ? DTU_ERR_SPACE : DTU_OK;
}

static enum dtu_status model_does(void *ctx, const struct dtu_param *row,
                                  const struct model_line *args)
{
    (void)ctx;
    for (size_t i = 0; args != NULL && i < row->field_count && i < args->count; i++)
        fuzz_digest(&model.calls, args->tokens[i].text, args->tokens[i].len);
    if (row->kind != DTU_PARAM_INFO || (args != NULL && !(row->flags & DTU_PARAM_ASKS)))
        note_name(row);
    return verdict(row);
}

static bool model_is_empty(void *ctx, const struct dtu_param *row, uint8_t place)
{
    (void)ctx;
    return dtu_params_place_is_empty(&model_values, DTU_PARAMS_PENDING, row, place);
}

static void model_shows(void *ctx, const struct dtu_param *row, uint8_t place)
{
    const struct dtu_text out = {to_model, ctx};
    if (row->kind == DTU_PARAM_INFO)
        dtu_text_string(&out, "some information");
    else
        dtu_params_write(&model_values, DTU_PARAMS_PENDING, row, place, &out);
}

static void model_replied(void *ctx, const struct dtu_param *row, enum dtu_at_form form,
                          enum dtu_status status)
{
    uint8_t told[2] = {(uint8_t)form, (uint8_t)status};
    (void)ctx, (void)row;
    fuzz_digest(&model.calls, told, sizeof told);
}

/* Feeds until all is taken; not more than one line a call. */
static void feed_all(const uint8_t *data, size_t len)
{
    for (unsigned idle = 0; len > 0;) {
        size_t taken = dtu_at_server_feed(&server, data, len);
        FUZZ_CHECK(taken <= len);
        for (size_t i = 0; i + 1 < taken; i++)
            FUZZ_CHECK(!model_at_ends(style, data[i]));
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
    struct model_at at = {.product = product,
                          .style = style,
                          .line_size = line_size,
                          .say = model_says,
                          .permit = model_permits,
                          .set = model_sets,
                          .does = model_does,
                          .show = model_shows,
                          .is_empty = model_is_empty,
                          .replied = model_replied};
    size_t from = 0;
    memset(&model, 0, sizeof model);
    model_echoes = echo;
    FUZZ_CHECK(dtu_params_init(&model_values, product->table, ran, model.pending) == DTU_OK);
    for (size_t i = 0; i < len; i++) {
        bool ends = model_at_ends(style, data[i]);
        if (model_echoes && (!ends || i > from))
            fuzz_digest(&model.output, data + i, 1);
        if (!ends)
            continue;
        if (i > from)
            model_at_line(&at, data + from, i - from);
        from = i + 1;
    }
    model.stats = at.stats;
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
                dtu_params_write(&params, DTU_PARAMS_PENDING, row, 0, &out);
            else if (!dtu_params_place_is_empty(&params, DTU_PARAMS_PENDING, row, place))
                dtu_params_write(&params, DTU_PARAMS_PENDING, row, place, &out);
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
