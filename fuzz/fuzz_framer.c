/* SPDX-License-Identifier: MIT */
/* Any split and any refusal gives the frames of a naive framer. */
#include "fuzz.h"

#include "dtu/framer.h"

#define STREAM_MAX 512
#define BUFFER_MAX 64

static struct {
    uint8_t bytes[STREAM_MAX];
    uint32_t us[STREAM_MAX];
    bool flush[STREAM_MAX]; /* the UART reports an idle line behind this byte */
    size_t len;
    uint32_t end_us;
} stream;

static uint8_t buffer[BUFFER_MAX + 1];
static struct dtu_framer_config config;
static struct fuzz_rand decisions;
static unsigned refuse_chance;
static const uint8_t *input;
static size_t input_len;

static struct fuzz_log expected;
static struct fuzz_log seen;
static struct dtu_framer_stats expected_stats;

static uint32_t next_pause(struct fuzz_input *in)
{
    uint32_t code = fuzz_u8(in);
    if (code < 0x80)
        return 0;
    if (code < 0xC0)
        return code & 0x3F;
    if (code < 0xF0)
        return config.gap_us + config.clock_us - 2 + code % 4; /* around the limit */
    return fuzz_u16(in);
}

static void make_stream(struct fuzz_input *in)
{
    uint32_t now = fuzz_u32(in);
    for (stream.len = 0; stream.len < STREAM_MAX && in->left > 0; stream.len++) {
        now += next_pause(in);
        stream.us[stream.len] = now;
        stream.bytes[stream.len] = fuzz_u8(in);
        stream.flush[stream.len] = stream.bytes[stream.len] == 0xF1;
    }
    stream.end_us = now + fuzz_u8(in);
}

static void expect_frame(size_t from, size_t to, uint32_t *counter)
{
    if (from == to)
        return;
    fuzz_log_u32(&expected, (uint32_t)(to - from));
    fuzz_log_bytes(&expected, stream.bytes + from, to - from);
    ++*counter;
}

static void run_naive(void)
{
    size_t limit = config.packet_len > 0 ? config.packet_len : config.size;
    uint32_t gap = config.gap_us + (config.clock_us > 1 ? config.clock_us : 0);
    size_t from = 0;
    expected.len = 0;
    memset(&expected_stats, 0, sizeof expected_stats);
    for (size_t i = 0; i < stream.len; i++) {
        if (from < i && config.gap_us > 0 && stream.us[i] - stream.us[i - 1] >= gap) {
            expect_frame(from, i, &expected_stats.by_time);
            from = i;
        }
        if (i + 1 - from == limit) {
            expect_frame(from, i + 1, &expected_stats.by_length);
            from = i + 1;
        } else if (stream.flush[i]) {
            expect_frame(from, i + 1, &expected_stats.by_flush);
            from = i + 1;
        }
    }
    if (stream.len > 0 && config.gap_us > 0 && stream.end_us - stream.us[stream.len - 1] >= gap)
        expect_frame(from, stream.len, &expected_stats.by_time);
    else
        expect_frame(from, stream.len, &expected_stats.by_flush);
}

static bool take_frame(void *ctx, const uint8_t *data, size_t len)
{
    FUZZ_CHECK(ctx == &seen);
    FUZZ_CHECK(len > 0 && len <= config.size);
    FUZZ_CHECK(data == buffer || (data >= input && data + len <= input + input_len));
    if (refuse_chance > 0 && fuzz_decide(&decisions, refuse_chance) == 0)
        return false;
    fuzz_log_u32(&seen, (uint32_t)len);
    fuzz_log_bytes(&seen, data, len);
    return true;
}

static const struct dtu_framer_callbacks callbacks = {take_frame};

/* How many bytes can go in one feed: those of one moment, up to an idle line. */
static size_t together(size_t i)
{
    size_t n = 1;
    while (i + n < stream.len && stream.us[i + n] == stream.us[i] && !stream.flush[i + n - 1])
        n++;
    return n;
}

static void feed_piece(struct dtu_framer *f, size_t i, size_t len)
{
    size_t taken = 0;
    input = stream.bytes + i;
    input_len = len;
    for (;;) {
        bool was_ready = dtu_framer_ready(f);
        size_t n = dtu_framer_feed(f, input + taken, len - taken, stream.us[i]);
        taken += n;
        FUZZ_CHECK(n > 0 || !was_ready || !dtu_framer_ready(f));
        if (taken == len)
            return;
        FUZZ_CHECK(!dtu_framer_ready(f));
        FUZZ_CHECK(dtu_framer_next(f, stream.us[i]) == DTU_NEVER);
    }
}

static void run_framer(uint32_t longest)
{
    struct dtu_framer f;
    FUZZ_CHECK(dtu_framer_init(&f, &config, &callbacks, &seen) == DTU_OK);
    seen.len = 0;
    for (size_t i = 0; i < stream.len;) {
        size_t piece = together(i);
        if (longest > 0 && piece > 1)
            piece = 1 + fuzz_decide(&decisions, piece < longest ? (uint32_t)piece : longest);
        if (i > 0 && fuzz_decide(&decisions, 4) == 0)
            dtu_framer_poll(&f, stream.us[i - 1]);
        feed_piece(&f, i, piece);
        i += piece;
        if (stream.flush[i - 1])
            dtu_framer_flush(&f);
        while (!dtu_framer_ready(&f))
            dtu_framer_poll(&f, stream.us[i - 1]);
        FUZZ_CHECK(dtu_framer_next(&f, stream.us[i - 1]) <= config.gap_us + config.clock_us ||
                   dtu_framer_next(&f, stream.us[i - 1]) == DTU_NEVER);
    }
    dtu_framer_poll(&f, stream.end_us);
    dtu_framer_flush(&f);
    while (!dtu_framer_ready(&f))
        dtu_framer_poll(&f, stream.end_us);
    FUZZ_CHECK(dtu_framer_clear(&f) == 0);
    fuzz_check_same(&seen, &expected);
    FUZZ_CHECK(f.stats.by_length == expected_stats.by_length);
    FUZZ_CHECK(f.stats.by_time == expected_stats.by_time);
    FUZZ_CHECK(f.stats.by_flush == expected_stats.by_flush);
    FUZZ_CHECK(refuse_chance > 0 || f.stats.refused == 0);
    FUZZ_CHECK(buffer[config.size] == 0xA5);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    config.buffer = buffer;
    config.size = 1 + fuzz_below(&in, BUFFER_MAX);
    config.packet_len = fuzz_below(&in, (uint32_t)config.size + 1);
    config.gap_us = fuzz_below(&in, 3) == 0 ? 0 : fuzz_u8(&in);
    config.clock_us = fuzz_below(&in, 3) == 0 ? fuzz_u8(&in) : 0;
    decisions = fuzz_rand(fuzz_u16(&in));
    memset(buffer, 0xA5, sizeof buffer);
    make_stream(&in);
    run_naive();
    refuse_chance = 0;
    run_framer(0);
    run_framer(1);
    run_framer(16);
    refuse_chance = 2;
    run_framer(0);
    run_framer(16);
    return 0;
}
