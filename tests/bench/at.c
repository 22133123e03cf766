/* SPDX-License-Identifier: MIT */
/* What AT+UARTFT=50 costs against a table of commands. at_tables.h is made by at_tables.py. */
#include "bench.h"

#include <string.h>

#include "dtu/at_server.h"

static const struct dtu_param_field field[] = {
    {.type = DTU_FIELD_NUMBER, .min = 10, .max = 500, .text = "ms"}};

#define VALUE_SIZE 2 /* of a number up to 500 */
#define ROW(name_, index_)                                                                         \
    {                                                                                              \
        .name = name_, .kind = DTU_PARAM_SETTING, .field_count = 1, .fields = field,               \
        .offset = VALUE_SIZE * (index_)                                                            \
    }

#include "at_tables.h" /* rows_10, rows_60 and rows_1000 */

#define ROWS_MAX 1000
#define TABLE(rows_)                                                                               \
    {                                                                                              \
        .rows = rows_, .count = sizeof rows_ / sizeof rows_[0],                                    \
        .values_size = VALUE_SIZE * (sizeof rows_ / sizeof rows_[0]),                              \
        .syntax = {.escape = DTU_ESCAPE_HEX,                                                       \
                   .last_takes_rest = true,                                                        \
                   .escape_inner = ",",                                                            \
                   .escape_last = ""},                                                             \
    }

static const struct dtu_param_table tables[] = {TABLE(rows_10), TABLE(rows_60), TABLE(rows_1000)};

static const struct dtu_at_dialect dialect = {.done = "OK",
                                              .names_answer = true,
                                              .done_after_answer = true,
                                              .has_range = true,
                                              .no_at = "ERROR",
                                              .no_such = "ERROR",
                                              .no_form = "ERROR",
                                              .bad_count = "ERROR",
                                              .bad_type = "ERROR",
                                              .bad_range = "ERROR",
                                              .not_allowed = "ERROR",
                                              .no_login = "ERROR"};

/* As cheap as an output can be: what is measured is the server. The first reply is kept. */
static char reply[16];
static size_t reply_len;

static size_t keep(void *ctx, const uint8_t *data, size_t len)
{
    (void)ctx;
    if (len <= sizeof reply - reply_len)
        memcpy(reply + reply_len, data, len);
    reply_len += len;
    return len;
}

static size_t count(void *ctx, const uint8_t *data, size_t len)
{
    (void)ctx;
    (void)data;
    reply_len += len;
    return len;
}

static enum dtu_status action(void *ctx, const struct dtu_param *row, const uint8_t *args,
                              size_t len)
{
    (void)ctx;
    (void)row;
    (void)args;
    (void)len;
    return DTU_ERR_NOT_ALLOWED;
}

static enum dtu_status info(void *ctx, const struct dtu_param *row, const uint8_t *args, size_t len,
                            const struct dtu_text *out)
{
    (void)out;
    return action(ctx, row, args, len);
}

static const struct dtu_at_server_callbacks first_callbacks = {
    .write = keep, .action = action, .info = info};
static const struct dtu_at_server_callbacks callbacks = {
    .write = count, .action = action, .info = info};

static uint8_t running[VALUE_SIZE * ROWS_MAX];
static uint8_t pending[VALUE_SIZE * ROWS_MAX];
static uint8_t line[64];
static struct dtu_params params;
static struct dtu_at_server server;

static const char command[] = "AT+UARTFT=50\r";
static const char expected[] = "\r\nOK\r\n";

static bool set_up(const struct dtu_param_table *table, const struct dtu_at_server_callbacks *with)
{
    static const struct dtu_at_server_config config = {
        .dialect = &dialect, .params = &params, .line = line, .line_size = sizeof line};
    return dtu_params_init(&params, table, running, pending) == DTU_OK &&
           dtu_at_server_init(&server, &config, with, NULL) == DTU_OK;
}

static void run(const uint8_t *input, size_t len)
{
    reply_len = 0;
    dtu_at_server_feed(&server, input, len);
}

static size_t begin(uint8_t *input, unsigned arg)
{
    const struct dtu_param_table *table = &tables[arg];
    const size_t len = sizeof command - 1;

    memcpy(input, command, len);
    if (!set_up(table, &first_callbacks))
        return 0;
    run(input, len);
    if (reply_len != sizeof expected - 1 || memcmp(reply, expected, reply_len) != 0)
        return 0;
    return set_up(table, &callbacks) ? len : 0;
}

static bool is_set(size_t len)
{
    (void)len;
    dtu_params_apply(&params);
    return reply_len == sizeof expected - 1 &&
           dtu_params_number(&params, dtu_params_find(params.table, bench_input + 3, 6), 0) == 50;
}

static const struct bench_case cases[] = {
    {"10 commands", begin, run, is_set, 0},
    {"60 commands", begin, run, is_set, 1},
    {"1,000 commands", begin, run, is_set, 2},
};

const struct bench bench_at = {"at", "command", true, cases, sizeof cases / sizeof cases[0]};
