/* SPDX-License-Identifier: MIT */
/* Command lines of the four products: any split and any refusal by the output give the same
 * replies, calls and values; nothing is written behind the line; what is stored stays legal. */
#include "fuzz.h"

#include "dtu/at_server.h"
#include "dtu/profile.h"

#define CANARY 0xC5
#define LINE_MAX_SIZE 300
#define OUTPUT_MAX 15000 /* of a log; input that makes more is cut off */

/* What a run shows. */
struct run {
    struct fuzz_log output;
    struct fuzz_log calls; /* actions, sets and replies, in order */
    struct dtu_at_server_stats stats;
    uint8_t pending[DTU_CAT1_VALUES_SIZE];
};

static struct run whole;
static struct run other;
static struct run *seen;

static const struct dtu_profile *product;
static size_t line_size;
static bool echo;
static struct fuzz_rand decisions;
static uint32_t refuse_chance;
static struct dtu_params params;
static struct dtu_at_server server;
static uint8_t running[DTU_CAT1_VALUES_SIZE];
static uint8_t line[LINE_MAX_SIZE + 1];

static size_t on_write(void *ctx, const uint8_t *data, size_t len)
{
    FUZZ_CHECK(ctx == &server && len > 0);
    if (refuse_chance > 0 && fuzz_decide(&decisions, refuse_chance) == 0)
        len = fuzz_decide(&decisions, (uint32_t)len);
    fuzz_log_bytes(&seen->output, data, len);
    return len;
}

static enum dtu_status verdict(const struct dtu_param *row)
{
    static const enum dtu_status verdicts[] = {DTU_OK, DTU_ERR_NOT_ALLOWED, DTU_ERR_LOGIN,
                                               DTU_ERR_IO};
    return verdicts[(uint8_t)row->name[0] % 4];
}

static enum dtu_status on_action(void *ctx, const struct dtu_param *row)
{
    FUZZ_CHECK(ctx == &server && row->kind == DTU_PARAM_ACTION);
    fuzz_log_bytes(&seen->calls, row->name, dtu_string_len(row->name));
    return verdict(row);
}

static enum dtu_status on_info(void *ctx, const struct dtu_param *row, const struct dtu_text *out)
{
    FUZZ_CHECK(ctx == &server && row->kind == DTU_PARAM_INFO);
    if (out != NULL)
        dtu_text_string(out, "some information");
    return verdict(row);
}

static enum dtu_status on_changed(void *ctx, const struct dtu_param *row)
{
    FUZZ_CHECK(ctx == &server && row->kind == DTU_PARAM_SETTING);
    fuzz_log_bytes(&seen->calls, "=", 1);
    fuzz_log_bytes(&seen->calls, row->name, dtu_string_len(row->name));
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
               status == DTU_ERR_NOT_FOUND || status == DTU_ERR_RANGE);
    fuzz_log_bytes(&seen->calls, told, sizeof told);
}

static const struct dtu_at_server_callbacks callbacks = {
    .write = on_write,
    .action = on_action,
    .info = on_info,
    .changed = on_changed,
    .replied = on_replied,
};

static bool is_terminator(uint8_t byte)
{
    return byte == '\r' || byte == '\n';
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

static void run(struct run *into, const uint8_t *data, size_t len, uint32_t longest)
{
    const struct dtu_at_server_config config = {product->dialect, &params, line, line_size};
    seen = into;
    seen->output.len = 0;
    seen->calls.len = 0;
    memset(seen->pending, 0, sizeof seen->pending);
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

static void check_same(void)
{
    fuzz_check_same(&whole.output, &other.output);
    fuzz_check_same(&whole.calls, &other.calls);
    FUZZ_CHECK(memcmp(&whole.stats, &other.stats, sizeof whole.stats) == 0);
    FUZZ_CHECK(memcmp(whole.pending, other.pending, sizeof whole.pending) == 0);
}

/* What a query answers can be set, and is the same then. */
static void check_values(void)
{
    static char text[1024];
    for (size_t i = 0; i < product->table->count; i++) {
        const struct dtu_param *row = &product->table->rows[i];
        struct dtu_text_buffer buffer = {text, sizeof text, 0, false};
        const struct dtu_text out = {dtu_text_to_buffer, &buffer};
        if (row->kind != DTU_PARAM_SETTING)
            continue;
        dtu_params_write(&params, DTU_PARAMS_PENDING, row, &out);
        FUZZ_CHECK(!buffer.overflow);
        memcpy(whole.pending, seen->pending, sizeof whole.pending);
        FUZZ_CHECK(dtu_params_set(&params, row, (const uint8_t *)text, buffer.len) == DTU_OK);
        FUZZ_CHECK(memcmp(whole.pending, seen->pending, sizeof whole.pending) == 0);
    }
}

/* Every line but the empty ones is answered once. */
static uint32_t count_lines(const uint8_t *data, size_t len)
{
    uint32_t lines = 0;
    size_t in_line = 0;
    for (size_t i = 0; i < len; i++) {
        if (!is_terminator(data[i])) {
            in_line++;
            continue;
        }
        lines += in_line > 0;
        in_line = 0;
    }
    return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    product = dtu_profile_at(fuzz_below(&in, 4));
    echo = fuzz_below(&in, 2) != 0;
    line_size = 1 + fuzz_below(&in, 256);
    decisions = fuzz_rand(fuzz_u16(&in));
    if (in.left > OUTPUT_MAX / 60) /* the longest answer to a line of 10 bytes: 200 */
        in.left = OUTPUT_MAX / 60;
    refuse_chance = 0;
    run(&whole, in.at, in.left, 0);
    FUZZ_CHECK(whole.stats.commands == count_lines(in.at, in.left));
    run(&other, in.at, in.left, 1);
    check_same();
    run(&other, in.at, in.left, 20);
    check_same();
    refuse_chance = 2;
    run(&other, in.at, in.left, 0);
    check_same();
    run(&other, in.at, in.left, 20);
    check_same();
    check_values();
    return 0;
}
