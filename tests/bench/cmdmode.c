/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <string.h>

#include "dtu/cmdmode.h"

#define HANDSHAKE_LEN 4 /* +++a */

static size_t make_handshakes(uint8_t *input, unsigned arg)
{
    (void)arg;
    for (size_t at = 0; at < BENCH_INPUT_SIZE; at += HANDSHAKE_LEN)
        memcpy(input + at, "+++a", HANDSHAKE_LEN);
    return BENCH_INPUT_SIZE;
}

static size_t make_garbage(uint8_t *input, unsigned arg)
{
    static const uint8_t values[] = {'+', '+', '+', 'a'};
    (void)arg;
    return bench_make_of(input, values);
}

static size_t ignore_answer(void *ctx, const uint8_t *data, size_t len)
{
    (void)ctx;
    (void)data;
    return len;
}

/* Pieces of `piece` bytes, with enough silence before each for a handshake to begin. */
static void feed(const uint8_t *input, size_t len, size_t piece)
{
    static const struct dtu_cmdmode_config config = {
        .guard_ms = 50, .gap_ms = 50, .confirm_ms = DTU_CMDMODE_CONFIRM_MS};
    static const struct dtu_cmdmode_callbacks callbacks = {bench_count_bytes, ignore_answer, NULL};
    struct dtu_cmdmode mode;
    uint32_t now = 0;
    size_t at = 0;
    bench_bytes = 0;
    bench_frames = 0;
    if (dtu_cmdmode_init(&mode, &config, &callbacks, NULL, now) != DTU_OK)
        return;
    while (at < len) {
        at += dtu_cmdmode_feed(&mode, input + at, len - at < piece ? len - at : piece, now);
        if (dtu_cmdmode_active(&mode)) {
            bench_frames++;
            dtu_cmdmode_leave(&mode, now);
        }
        now += 2 * config.guard_ms;
    }
    dtu_cmdmode_poll(&mode, now + config.confirm_ms);
}

static void run(const uint8_t *input, size_t len)
{
    feed(input, len, BENCH_PIECE);
}

static void run_crumbs(const uint8_t *input, size_t len)
{
    feed(input, len, HANDSHAKE_LEN);
}

static bool is_all_out(size_t len)
{
    return bench_bytes + HANDSHAKE_LEN * bench_frames == len;
}

static bool is_all_handshakes(size_t len)
{
    return is_all_out(len) && bench_bytes == 0;
}

static bool is_all_data(size_t len)
{
    return is_all_out(len) && bench_frames == 0;
}

static bool has_data(size_t len)
{
    return is_all_out(len) && bench_bytes > 0;
}

static const struct bench_case cases[] = {
    {"handshakes, +++a", make_handshakes, run_crumbs, is_all_handshakes, 0},
    {"payload: lines of text", bench_make_text, run, is_all_data, 0},
    {"payload: Modbus RTU", bench_make_modbus, run, is_all_data, 0},
    {"payload: random bytes", bench_make_random, run, is_all_data, 0},
    {"garbage: + and a, 4 bytes at a time", make_garbage, run_crumbs, has_data, 0},
};

const struct bench bench_cmdmode = {"cmdmode", "byte", true, cases, sizeof cases / sizeof cases[0]};
