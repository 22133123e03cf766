/* SPDX-License-Identifier: MIT */
/* Any split, any refusal and any pause give what a naive filter gives; a good frame is written as
 * it was read. */
#include "fuzz.h"

#include "dtu/baudsync.h"

#define STREAM_MAX 512

static struct {
    uint8_t bytes[STREAM_MAX];
    bool pause[STREAM_MAX]; /* behind this byte */
    size_t len;
} stream;

static struct dtu_baudsync_config config;
static struct fuzz_rand decisions;
static unsigned refuse_chance;
static struct dtu_baudsync filter;
static const uint8_t *input;
static size_t input_len;
static bool refused;

static struct fuzz_log expected;
static struct fuzz_log seen;
static struct dtu_baudsync_stats expected_stats;

static void make_stream(struct fuzz_input *in, uint32_t pauses)
{
    for (stream.len = 0; stream.len < STREAM_MAX && in->left > 0; stream.len++) {
        stream.bytes[stream.len] = fuzz_u8(in);
        stream.pause[stream.len] = pauses > 0 && fuzz_decide(&decisions, 256) < pauses;
    }
    if (stream.len > 0)
        stream.pause[stream.len - 1] = true;
}

/* Data is logged as 0 and the byte, a frame as 1 and what is in it. */
static void log_data(struct fuzz_log *log, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t event[2] = {0, data[i]};
        fuzz_log_bytes(log, event, sizeof event);
    }
}

static void log_frame(struct fuzz_log *log, uint32_t baud, unsigned bits)
{
    uint8_t event[2] = {1, (uint8_t)bits};
    fuzz_log_bytes(log, event, sizeof event);
    fuzz_log_u32(log, baud);
}

static unsigned bits_of(const struct dtu_uart *uart)
{
    unsigned bits = (unsigned)(uart->data_bits - 5) + 4u * (unsigned)(uart->stop_bits - 1);
    FUZZ_CHECK(uart->data_bits >= 5 && uart->data_bits <= 8);
    FUZZ_CHECK(uart->stop_bits == 1 || uart->stop_bits == 2);
    FUZZ_CHECK(uart->parity <= DTU_PARITY_SPACE);
    return uart->parity == DTU_PARITY_NONE ? bits : bits + 8u + 16u * (uart->parity - 1u);
}

/* The bits that count: the kind of parity only if there is any. */
static unsigned bits_that_count(unsigned bits)
{
    return bits & 8 ? bits & 0x3F : bits & 7;
}

static uint32_t baud_of(const uint8_t *frame)
{
    return frame[3] * UINT32_C(65536) + frame[4] * UINT32_C(256) + frame[5];
}

static bool is_frame(const uint8_t *at)
{
    return at[0] == 0x55 && at[1] == 0xAA && at[2] == 0x55 &&
           at[7] == (at[3] + at[4] + at[5] + at[6]) % 256 && baud_of(at) >= 300 &&
           baud_of(at) <= config.max_baud;
}

static bool pause_inside(size_t from, size_t len)
{
    for (size_t i = from; i + 1 < from + len; i++)
        if (stream.pause[i])
            return true;
    return false;
}

static void run_naive(void)
{
    expected.len = 0;
    memset(&expected_stats, 0, sizeof expected_stats);
    for (size_t i = 0; i < stream.len;) {
        const uint8_t *at = stream.bytes + i;
        bool whole = stream.len - i >= 8 && !pause_inside(i, 8);
        if (whole && is_frame(at)) {
            log_frame(&expected, baud_of(at), bits_that_count(at[6]));
            expected_stats.frames++;
            i += 8;
            continue;
        }
        if (whole && memcmp(at, "\x55\xAA\x55", 3) == 0)
            expected_stats.damaged++;
        log_data(&expected, at, 1);
        i++;
    }
}

static size_t take_data(void *ctx, const uint8_t *data, size_t len)
{
    FUZZ_CHECK(ctx == &filter);
    FUZZ_CHECK(len > 0);
    FUZZ_CHECK((data == filter.bytes && len < DTU_BAUDSYNC_LEN) ||
               (data >= input && data + len <= input + input_len));
    FUZZ_CHECK(!refused); /* not again in the same call */
    if (refuse_chance > 0 && fuzz_decide(&decisions, refuse_chance) == 0) {
        refused = true;
        len = fuzz_decide(&decisions, (uint32_t)len);
    }
    log_data(&seen, data, len);
    return len;
}

static void take_frame(void *ctx, const struct dtu_uart *uart)
{
    FUZZ_CHECK(ctx == &filter);
    FUZZ_CHECK(!refused);
    FUZZ_CHECK(uart->flow == DTU_FLOW_NONE);
    log_frame(&seen, uart->baud, bits_of(uart));
}

static const struct dtu_baudsync_callbacks callbacks = {take_data, take_frame};

static bool flush(void)
{
    refused = false;
    return dtu_baudsync_flush(&filter);
}

static void feed_piece(const uint8_t *data, size_t len)
{
    size_t taken = 0;
    input = data;
    input_len = len;
    while (taken < len) {
        size_t part = len - taken; /* the rest need not be offered in one piece again */
        size_t n;
        if (taken > 0)
            part = 1 + fuzz_decide(&decisions, (uint32_t)part);
        refused = false;
        n = dtu_baudsync_feed(&filter, data + taken, part);
        FUZZ_CHECK(n <= part);
        FUZZ_CHECK(n == part || refused);
        FUZZ_CHECK(dtu_baudsync_held(&filter) < DTU_BAUDSYNC_LEN);
        if ((n < part || dtu_baudsync_held(&filter) == 0) && fuzz_decide(&decisions, 2) == 0)
            flush(); /* bytes are left, or nothing is held: this is no pause */
        taken += n;
    }
}

static void run_filter(uint32_t longest)
{
    FUZZ_CHECK(dtu_baudsync_init(&filter, &config, &callbacks, &filter) == DTU_OK);
    seen.len = 0;
    for (size_t i = 0; i < stream.len;) {
        size_t piece = 1;
        while (!stream.pause[i + piece - 1] && (longest == 0 || piece < longest))
            piece++;
        if (longest > 1)
            piece = 1 + fuzz_decide(&decisions, (uint32_t)piece);
        feed_piece(stream.bytes + i, piece);
        i += piece;
        if (stream.pause[i - 1])
            while (!flush())
                FUZZ_CHECK(refused);
    }
    FUZZ_CHECK(dtu_baudsync_held(&filter) == 0);
    FUZZ_CHECK(dtu_baudsync_clear(&filter) == 0);
    fuzz_check_same(&seen, &expected);
    FUZZ_CHECK(filter.stats.frames == expected_stats.frames);
    FUZZ_CHECK(filter.stats.damaged == expected_stats.damaged);
}

/* Any 8 bytes are a frame or are not; what was read is written again, but for bits that mean
 * nothing. */
static void check_frame(const uint8_t *bytes)
{
    struct dtu_uart uart = {0, 0, 0, 0, DTU_FLOW_XON_XOFF};
    uint8_t frame[DTU_BAUDSYNC_LEN];
    if (dtu_baudsync_decode(&uart, bytes, config.max_baud) != DTU_OK) {
        FUZZ_CHECK(!is_frame(bytes));
        FUZZ_CHECK(uart.baud == 0 && uart.data_bits == 0);
        return;
    }
    FUZZ_CHECK(is_frame(bytes) && uart.flow == DTU_FLOW_XON_XOFF);
    FUZZ_CHECK(dtu_baudsync_encode(frame, &uart, (bytes[6] & 0x80) != 0) == DTU_OK);
    FUZZ_CHECK(frame[6] == (bits_that_count(bytes[6]) | (bytes[6] & 0x80)));
    FUZZ_CHECK(is_frame(frame) && memcmp(frame, bytes, 6) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    uint32_t pauses = fuzz_u8(&in) % 64;
    config.max_baud = fuzz_below(&in, 2) == 0 ? DTU_BAUDSYNC_BAUD_MAX : 230400;
    decisions = fuzz_rand(fuzz_u16(&in));
    make_stream(&in, pauses);
    for (size_t i = 0; i + 8 <= stream.len; i++)
        check_frame(stream.bytes + i);
    run_naive();
    refuse_chance = 0;
    run_filter(0);
    run_filter(1);
    run_filter(16);
    refuse_chance = 2;
    run_filter(0);
    run_filter(1);
    run_filter(16);
    return 0;
}
