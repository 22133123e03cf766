/* SPDX-License-Identifier: MIT */
/*
 * What `AT+UARTFT=50` costs against a table of commands. at_bench.py makes the table, compiles this
 * with the library and counts the instructions of bench_feed(); see docs/at_performance.md.
 *
 *     COMMANDS    how many commands to give behind the first, which warms up
 *     BENCH_TIME  give commands for some time instead, and print how many a second
 *
 * It returns 0 if each was answered OK and the value is set.
 */
#include <string.h>

#include "dtu/at_server.h"

#ifdef BENCH_TIME
#include <stdio.h>
#include <time.h>
#endif

static const struct dtu_param_field field[] = {
    {.type = DTU_FIELD_NUMBER, .min = 10, .max = 500, .text = "ms"}};

#define VALUE_SIZE 2 /* of a number up to 500 */
#define ROW(name_, index_)                                                                         \
    {                                                                                              \
        .name = name_, .kind = DTU_PARAM_SETTING, .field_count = 1, .fields = field,               \
        .offset = VALUE_SIZE * (index_)                                                            \
    }

#include "at_table.h" /* rows: made by at_bench.py */

#define ROWS (sizeof rows / sizeof rows[0])

static const struct dtu_param_table table = {
    .rows = rows,
    .count = ROWS,
    .values_size = VALUE_SIZE * ROWS,
    .syntax = {
        .escape = DTU_ESCAPE_HEX, .last_takes_rest = true, .escape_inner = ",", .escape_last = ""}};

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

static uint8_t running[VALUE_SIZE * ROWS];
static uint8_t pending[VALUE_SIZE * ROWS];
static uint8_t line[64];
static struct dtu_params params;
static struct dtu_at_server server;

static const struct dtu_at_server_config config = {
    .dialect = &dialect, .params = &params, .line = line, .line_size = sizeof line};
static const struct dtu_at_server_callbacks first_callbacks = {
    .write = keep, .action = action, .info = info};
static const struct dtu_at_server_callbacks callbacks = {
    .write = count, .action = action, .info = info};

static const uint8_t command[] = {'A', 'T', '+', 'U', 'A', 'R', 'T', 'F', 'T', '=', '5', '0', '\r'};

/* What is counted. Through a pointer, so that it is neither inlined nor changed. */
size_t bench_feed(const uint8_t *data, size_t len);

size_t bench_feed(const uint8_t *data, size_t len)
{
    return dtu_at_server_feed(&server, data, len);
}

static size_t (*volatile feed)(const uint8_t *data, size_t len) = bench_feed;

static const char expected[] = "\r\nOK\r\n";

static bool give_command(void)
{
    reply_len = 0;
    return feed(command, sizeof command) == sizeof command && reply_len == sizeof expected - 1;
}

/* Warms up: the first call of a function from a shared library looks it up. */
static bool give_first_command(void)
{
    if (dtu_at_server_init(&server, &config, &first_callbacks, NULL) != DTU_OK)
        return false;
    reply_len = 0;
    dtu_at_server_feed(&server, command, sizeof command);
    return reply_len == sizeof expected - 1 && memcmp(reply, expected, reply_len) == 0;
}

static bool is_set(void)
{
    dtu_params_apply(&params);
    return dtu_params_number(&params, dtu_params_find(&table, command + 3, 6), 0) == 50;
}

#ifdef BENCH_TIME
static bool run(void)
{
    const clock_t wanted = CLOCKS_PER_SEC / 2;
    const unsigned long at_a_time = 10000;
    clock_t start = clock();
    clock_t passed = 0;
    unsigned long commands = 0;
    while (passed < wanted) {
        for (unsigned long i = 0; i < at_a_time; i++)
            if (!give_command())
                return false;
        commands += at_a_time;
        passed = clock() - start;
    }
    printf("%.0f\n", (double)commands * CLOCKS_PER_SEC / (double)passed);
    return true;
}
#else
static bool run(void)
{
    for (unsigned i = 0; i < COMMANDS; i++)
        if (!give_command())
            return false;
    return true;
}
#endif

int main(void)
{
    bool good = dtu_params_init(&params, &table, running, pending) == DTU_OK &&
                give_first_command() &&
                dtu_at_server_init(&server, &config, &callbacks, NULL) == DTU_OK;
    return good && run() && is_set() ? 0 : 1;
}
