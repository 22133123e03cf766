/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include "dtu/framer.h"

#define FRAME_MAX 1024

static size_t packet_len;

static size_t make_packets(uint8_t *input, unsigned arg)
{
    packet_len = arg;
    return bench_make_random(input, 0);
}

/* Pieces of `piece` bytes, 1 ms apart, which is no pause. */
static void feed(const uint8_t *input, size_t len, size_t piece)
{
    static uint8_t buffer[FRAME_MAX];
    static const struct dtu_framer_callbacks callbacks = {bench_count_frame};
    const struct dtu_framer_config config = {
        .buffer = buffer, .size = sizeof buffer, .packet_len = packet_len, .gap_us = 50000};
    struct dtu_framer framer;
    uint32_t now_us = 0;
    bench_bytes = 0;
    bench_frames = 0;
    if (dtu_framer_init(&framer, &config, &callbacks, NULL) != DTU_OK)
        return;
    for (size_t at = 0; at < len; at += piece, now_us += 1000)
        dtu_framer_feed(&framer, input + at, len - at < piece ? len - at : piece, now_us);
    dtu_framer_flush(&framer);
}

static void run(const uint8_t *input, size_t len)
{
    feed(input, len, BENCH_PIECE);
}

static void run_crumbs(const uint8_t *input, size_t len)
{
    feed(input, len, 16);
}

static bool is_all_framed(size_t len)
{
    return bench_bytes == len && bench_frames == (len + packet_len - 1) / packet_len;
}

static const struct bench_case cases[] = {
    {"frames of 64 bytes", make_packets, run, is_all_framed, 64},
    {"payload: frames of 1024 bytes", make_packets, run, is_all_framed, FRAME_MAX},
    {"garbage: 16 bytes at a time", make_packets, run_crumbs, is_all_framed, FRAME_MAX},
};

const struct bench bench_framer = {"framer", "byte", true, cases, sizeof cases / sizeof cases[0]};
