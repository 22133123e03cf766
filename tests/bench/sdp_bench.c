/* SPDX-License-Identifier: MIT */
/*
 * What a byte costs in the decoder of the socket distribution protocol. sdp_bench.py compiles this
 * with the library, once for each stream, and counts the instructions of bench_feed().
 *
 *     STREAM      FRAMES, SPLIT, GARBAGE, WORST or WORST_SPLIT
 *     SIZE        of the longest frame that is taken
 *     LENGTH      of the stream in bytes
 *     BENCH_TIME  feed the stream for some time instead, and print how many bytes a second
 *
 * It returns 0 if the decoder told what the stream has.
 */
#include "dtu/sdp.h"

#ifdef BENCH_TIME
#include <stdio.h>
#include <time.h>
#endif

enum stream {
    FRAMES,     /* of SIZE bytes, in one piece: handed on where they lie */
    SPLIT,      /* the same in pieces of SIZE - 24 bytes: each is copied */
    GARBAGE,    /* bytes that begin no head */
    WORST,      /* heads as dense as they can be, with lengths that cover all that they can */
    WORST_SPLIT /* the same byte by byte */
};

#define DATA_LEN (SIZE - DTU_SDP_OVERHEAD)

static uint8_t bytes[LENGTH];
static uint8_t buffer[SIZE];
static const struct dtu_sdp_config config = {DTU_SDP_TO_MODULE, buffer, SIZE};
static struct dtu_sdp sdp;

static bool on_frame(void *ctx, const struct dtu_sdp_frame *frame)
{
    (void)ctx;
    return frame->len == DATA_LEN;
}

static const struct dtu_sdp_callbacks callbacks = {on_frame, NULL};

static void make_frames(void)
{
    static uint8_t data[DATA_LEN];
    struct dtu_sdp_frame frame = {DTU_SDP_SOCKET_A, 0, data, DATA_LEN};
    size_t len;
    for (size_t i = 0; i < DATA_LEN; i++)
        data[i] = (uint8_t)(i * 7);
    for (size_t at = 0; at + SIZE <= LENGTH; at += SIZE)
        (void)dtu_sdp_encode(DTU_SDP_TO_MODULE, &frame, bytes + at, SIZE, &len);
}

/* 55 FD AA hh 55 FD AA hh: the low byte of each length is the first of the next head. */
static void make_worst(void)
{
    for (size_t i = 0; i < LENGTH; i++)
        bytes[i] = "\x55\xFD\xAA"[i % 4];
    for (size_t i = 3; i < LENGTH; i += 4)
        bytes[i] = (uint8_t)((SIZE - 0x55 - 6) >> 8);
}

static size_t piece_len(void)
{
    switch (STREAM) {
    case SPLIT:
        return SIZE - 24;
    case WORST_SPLIT:
        return 1;
    default:
        return LENGTH;
    }
}

/* What is counted. Through a pointer, so that it is neither inlined nor changed. */
size_t bench_feed(size_t piece);

size_t bench_feed(size_t piece)
{
    size_t taken = 0;
    for (size_t at = 0; at < LENGTH; at += piece)
        taken += dtu_sdp_feed(&sdp, bytes + at, piece < LENGTH - at ? piece : LENGTH - at);
    return taken;
}

static size_t (*volatile feed)(size_t piece) = bench_feed;

/* The end of a stream may be held back. */
static bool is_right(void)
{
    switch (STREAM) {
    case FRAMES:
    case SPLIT:
        return sdp.stats.frames == LENGTH / SIZE && sdp.stats.skipped == LENGTH % SIZE;
    case GARBAGE:
        return sdp.stats.bad_head == 1 && sdp.stats.skipped == LENGTH;
    default:
        return sdp.stats.frames == 0 && sdp.stats.bad_sum >= (LENGTH - SIZE) / 4;
    }
}

static bool begin(void)
{
    if (STREAM == FRAMES || STREAM == SPLIT)
        make_frames();
    else if (STREAM != GARBAGE)
        make_worst();
    return dtu_sdp_init(&sdp, &config, &callbacks, NULL) == DTU_OK;
}

#ifdef BENCH_TIME
static void run(void)
{
    const clock_t wanted = CLOCKS_PER_SEC / 2;
    clock_t start = clock();
    clock_t passed = 0;
    unsigned long times = 0;
    while (passed < wanted) {
        (void)feed(piece_len());
        times++;
        passed = clock() - start;
    }
    printf("%.0f\n", (double)times * LENGTH * CLOCKS_PER_SEC / (double)passed);
}
#endif

int main(void)
{
    if (!begin())
        return 1;
    size_t taken = feed(piece_len());
    if (taken != LENGTH || !is_right())
        return 1;
#ifdef BENCH_TIME
    run();
#endif
    return 0;
}
