/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <string.h>

#include "dtu/sdp.h"

#define SIZE 1024 /* of the longest frame that is taken */

static struct dtu_sdp sdp;

/* --- Inputs --------------------------------------------------------------------------------- */

/* Frames one behind the other, with so much data in each. */
static size_t make_frames(uint8_t *input, unsigned data_len)
{
    static uint8_t data[SIZE];
    const struct dtu_sdp_frame frame = {DTU_SDP_SOCKET_A, 0, data, data_len};
    size_t at = 0;
    size_t len;
    bench_random(data, data_len);
    while (dtu_sdp_encode(DTU_SDP_TO_MODULE, &frame, input + at, BENCH_INPUT_SIZE - at, &len) ==
           DTU_OK)
        at += len;
    return at;
}

static size_t make_garbage(uint8_t *input, unsigned arg)
{
    static const uint8_t values[] = {0x55, 0xFD, 0xAA, 0x00};
    (void)arg;
    return bench_make_of(input, values);
}

/* Bytes that begin no head. */
static size_t make_no_heads(uint8_t *input, unsigned arg)
{
    (void)arg;
    memset(input, 0, BENCH_INPUT_SIZE);
    return BENCH_INPUT_SIZE;
}

/* 55 FD AA hh 55 FD AA hh: the low byte of each length is the first of the next head. */
static size_t make_worst(uint8_t *input, unsigned parts)
{
    static const uint8_t head[] = {0x55, 0xFD, 0xAA, (SIZE - 0x55 - 6) >> 8};
    size_t len = BENCH_INPUT_SIZE / parts;
    for (size_t i = 0; i < len; i++)
        input[i] = head[i % sizeof head];
    return len;
}

/* --- Passes --------------------------------------------------------------------------------- */

static bool count_frame(void *ctx, const struct dtu_sdp_frame *frame)
{
    return bench_count_frame(ctx, frame->data, frame->len);
}

static void feed(const uint8_t *input, size_t len, size_t piece)
{
    static uint8_t buffer[SIZE];
    static const struct dtu_sdp_config config = {
        .direction = DTU_SDP_TO_MODULE, .buffer = buffer, .size = sizeof buffer};
    static const struct dtu_sdp_callbacks callbacks = {count_frame, NULL};
    bench_bytes = 0;
    bench_frames = 0;
    if (dtu_sdp_init(&sdp, &config, &callbacks, NULL) != DTU_OK)
        return;
    for (size_t at = 0; at < len; at += piece)
        dtu_sdp_feed(&sdp, input + at, piece < len - at ? piece : len - at);
    dtu_sdp_flush(&sdp);
}

static void run(const uint8_t *input, size_t len)
{
    feed(input, len, BENCH_PIECE);
}

static void run_whole(const uint8_t *input, size_t len)
{
    feed(input, len, len);
}

/* Each frame of 1 KiB is cut. */
static void run_cut(const uint8_t *input, size_t len)
{
    feed(input, len, SIZE - 24);
}

static void run_bytes(const uint8_t *input, size_t len)
{
    feed(input, len, 1);
}

static bool is_all_out(size_t len)
{
    return bench_bytes + DTU_SDP_OVERHEAD * bench_frames + sdp.stats.skipped == len;
}

static bool is_all_frames(size_t len)
{
    return is_all_out(len) && bench_frames > 0 && sdp.stats.skipped == 0;
}

static bool is_one_damage(size_t len)
{
    return is_all_out(len) && bench_frames == 0 && sdp.stats.bad_head == 1;
}

static bool is_wrong_sums(size_t len)
{
    return is_all_out(len) && bench_frames == 0 && sdp.stats.bad_sum >= (len - SIZE) / 4;
}

#define DATA_LEN (SIZE - DTU_SDP_OVERHEAD)

static const struct bench_case cases[] = {
    {"frames with 16 bytes", make_frames, run, is_all_frames, 16},
    {"payload: frames of 1 KiB", make_frames, run, is_all_frames, DATA_LEN},
    {"frames of 1 KiB, in one piece", make_frames, run_whole, is_all_frames, DATA_LEN},
    {"frames of 1 KiB, each cut", make_frames, run_cut, is_all_frames, DATA_LEN},
    {"garbage: 55, FD, AA and 00", make_garbage, run, is_all_out, 0},
    {"garbage that begins no head", make_no_heads, run_whole, is_one_damage, 0},
    {"worst: heads 4 bytes apart", make_worst, run_whole, is_wrong_sums, 1},
    {"worst, half as long", make_worst, run_whole, is_wrong_sums, 2},
    {"worst, byte by byte", make_worst, run_bytes, is_wrong_sums, 1},
    {"worst, byte by byte, half as long", make_worst, run_bytes, is_wrong_sums, 2},
};

const struct bench bench_sdp = {"sdp", "byte", true, cases, sizeof cases / sizeof cases[0]};
