/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include "dtu/baudsync.h"

static size_t make_frames(uint8_t *input, unsigned arg)
{
    (void)arg;
    for (size_t at = 0; at + DTU_BAUDSYNC_LEN <= BENCH_INPUT_SIZE; at += DTU_BAUDSYNC_LEN) {
        const struct dtu_uart uart = {300 + bench_below(115200), 8, 1, DTU_PARITY_EVEN,
                                      DTU_FLOW_NONE};
        if (dtu_baudsync_encode(input + at, &uart, false) != DTU_OK)
            return 0;
    }
    return BENCH_INPUT_SIZE;
}

static size_t make_garbage(uint8_t *input, unsigned arg)
{
    static const uint8_t values[] = {0x55, 0x55, 0xAA, 0x00};
    (void)arg;
    return bench_make_of(input, values);
}

static void count_change(void *ctx, const struct dtu_uart *uart)
{
    (void)ctx;
    (void)uart;
    bench_frames++;
}

static void run(const uint8_t *input, size_t len)
{
    static const struct dtu_baudsync_config config = {.max_baud = 230400};
    static const struct dtu_baudsync_callbacks callbacks = {bench_count_bytes, count_change};
    struct dtu_baudsync sync;
    bench_bytes = 0;
    bench_frames = 0;
    if (dtu_baudsync_init(&sync, &config, &callbacks, NULL) != DTU_OK)
        return;
    for (size_t at = 0; at < len; at += BENCH_PIECE)
        dtu_baudsync_feed(&sync, input + at, bench_piece(len - at));
    dtu_baudsync_flush(&sync);
}

static bool is_all_out(size_t len)
{
    return bench_bytes + DTU_BAUDSYNC_LEN * bench_frames == len;
}

static bool is_all_frames(size_t len)
{
    return is_all_out(len) && bench_bytes == 0;
}

static bool is_all_data(size_t len)
{
    return is_all_out(len) && bench_frames == 0;
}

static const struct bench_case cases[] = {
    {"frames", make_frames, run, is_all_frames, 0},
    {"payload: lines of text", bench_make_text, run, is_all_data, 0},
    {"payload: Modbus RTU", bench_make_modbus, run, is_all_data, 0},
    {"payload: random bytes", bench_make_random, run, is_all_data, 0},
    {"garbage: 55, AA and 00", make_garbage, run, is_all_out, 0},
};

const struct bench bench_baudsync = {"baudsync", "byte", true, cases,
                                     sizeof cases / sizeof cases[0]};
