/* SPDX-License-Identifier: MIT */
/* Any split and any refusal tells what a slow scan from left to right finds, and what was encoded
 * is decoded to the same. */
#include "fuzz.h"

#include "dtu/sdp.h"

#define STREAM_MAX 1024
#define BUFFER_MAX 256

static const uint8_t *stream;
static size_t stream_len;
static size_t pause_at; /* a flush comes behind so many bytes, and one at the end */

static uint8_t buffer[BUFFER_MAX + 1];
static struct dtu_sdp_config config;
static struct fuzz_rand decisions;
static unsigned refuse_chance;
static bool refused;
static const uint8_t *input; /* of the feed that runs now */
static size_t input_len;

static struct fuzz_log expected;
static struct fuzz_log seen;
static struct dtu_sdp_stats expected_stats;

/* --- The reference -------------------------------------------------------------------------- */

static void log_frame(struct fuzz_log *log, const uint8_t *socket_and_flag, const uint8_t *data,
                      size_t len)
{
    fuzz_log_bytes(log, "F", 1);
    fuzz_log_bytes(log, socket_and_flag, 2);
    fuzz_log_u32(log, (uint32_t)len);
    fuzz_log_bytes(log, data, len);
}

static void log_damage(struct fuzz_log *log, enum dtu_sdp_code code)
{
    uint8_t bytes[] = {'D', (uint8_t)code};
    fuzz_log_bytes(log, bytes, sizeof bytes);
}

/* The length of the frame at `p`, of which `left` bytes are there; 0 if there is none, and why. */
static size_t frame_len(const uint8_t *p, size_t left, enum dtu_sdp_code *why)
{
    static const uint8_t heads[2][3] = {{0x55, 0xFD, 0xAA}, {0xAA, 0xFD, 0x55}};
    unsigned sum = 0;
    *why = DTU_SDP_BAD_HEAD;
    for (size_t i = 0; i < 3; i++)
        if (i >= left || p[i] != heads[config.direction][i])
            return 0;
    *why = DTU_SDP_BAD_LENGTH;
    if (left < 5)
        return 0;
    size_t len = 256u * p[3] + p[4] + 6;
    if (len < 8 || len > config.size || len > left)
        return 0;
    *why = DTU_SDP_BAD_SUM;
    for (size_t i = 5; i < len - 1; i++)
        sum += p[i];
    return sum % 256 == p[len - 1] ? len : 0;
}

static bool is_for_somebody(const uint8_t *p)
{
    if (config.direction == DTU_SDP_FROM_MODULE && p[6] > 127)
        return true;
    return p[5] == 'a' || p[5] == 'b' || p[5] == 'c' || p[5] == 'd';
}

static void expect_damage(enum dtu_sdp_code code, uint32_t *counter)
{
    log_damage(&expected, code);
    ++*counter;
}

static size_t expect_frame(const uint8_t *p, size_t len)
{
    if (is_for_somebody(p)) {
        log_frame(&expected, p + 5, p + 7, len - 8);
        expected_stats.frames++;
    } else {
        expect_damage(DTU_SDP_BAD_SOCKET, &expected_stats.bad_socket);
        expected_stats.skipped += (uint32_t)len;
    }
    return len;
}

/* Scans a part of the stream that ends with a flush. */
static void scan_slowly(size_t at, size_t end)
{
    bool run = false;
    while (at < end) {
        enum dtu_sdp_code why;
        size_t len = frame_len(stream + at, end - at, &why);
        if (len > 0) {
            at += expect_frame(stream + at, len);
            run = false;
            continue;
        }
        if (why == DTU_SDP_BAD_SUM)
            expect_damage(why, &expected_stats.bad_sum);
        else if (why == DTU_SDP_BAD_LENGTH)
            expect_damage(why, &expected_stats.bad_length);
        else if (!run)
            expect_damage(why, &expected_stats.bad_head);
        expected_stats.skipped++;
        run = true;
        at++;
    }
}

/* --- The decoder ---------------------------------------------------------------------------- */

static bool refuses(void)
{
    if (refuse_chance == 0 || fuzz_decide(&decisions, refuse_chance) > 0)
        return false;
    refused = true;
    return true;
}

static bool inside(const uint8_t *at, size_t len, const uint8_t *memory, size_t memory_len)
{
    return at >= memory && at + len <= memory + memory_len;
}

static bool on_frame(void *ctx, const struct dtu_sdp_frame *frame)
{
    uint8_t socket_and_flag[2] = {frame->socket, frame->flag};
    FUZZ_CHECK(ctx == &seen);
    FUZZ_CHECK(frame->len + DTU_SDP_OVERHEAD <= config.size);
    FUZZ_CHECK(inside(frame->data, frame->len, buffer, config.size) ||
               inside(frame->data, frame->len, input, input_len));
    if (refuses())
        return false;
    log_frame(&seen, socket_and_flag, frame->data, frame->len);
    return true;
}

static bool on_damage(void *ctx, enum dtu_sdp_code code)
{
    FUZZ_CHECK(ctx == &seen);
    if (refuses())
        return false;
    log_damage(&seen, code);
    return true;
}

static const struct dtu_sdp_callbacks callbacks = {on_frame, on_damage};

static void feed_part(struct dtu_sdp *s, size_t at, size_t end, uint32_t longest)
{
    while (at < end) {
        input = stream + at;
        input_len = 1 + fuzz_decide(&decisions, longest);
        if (input_len > end - at)
            input_len = end - at;
        refused = false;
        size_t taken = dtu_sdp_feed(s, input, input_len);
        FUZZ_CHECK(taken <= input_len);
        FUZZ_CHECK(refused == (taken < input_len));
        at += taken;
        if (fuzz_decide(&decisions, 4) == 0)
            (void)dtu_sdp_resume(s);
    }
    refused = false;
    bool through = dtu_sdp_flush(s);
    FUZZ_CHECK(through == !refused);
    while (!through) {
        FUZZ_CHECK(refuse_chance > 0);
        through = dtu_sdp_resume(s);
    }
}

static void run_decoder(uint32_t longest)
{
    struct dtu_sdp s;
    seen.len = 0;
    memset(buffer, 0xA5, sizeof buffer);
    FUZZ_CHECK(dtu_sdp_init(&s, &config, &callbacks, &seen) == DTU_OK);
    feed_part(&s, 0, pause_at, longest);
    feed_part(&s, pause_at, stream_len, longest);
    FUZZ_CHECK(dtu_sdp_clear(&s) == 0);
    fuzz_check_same(&seen, &expected);
    FUZZ_CHECK(memcmp(&s.stats, &expected_stats, sizeof s.stats) == 0);
    FUZZ_CHECK(buffer[config.size] == 0xA5);
}

static void run_all(void)
{
    refuse_chance = 0;
    run_decoder(1);
    run_decoder(STREAM_MAX);
    run_decoder(32);
    refuse_chance = 2;
    run_decoder(1);
    run_decoder(STREAM_MAX);
    run_decoder(32);
}

/* The bytes as the data of a frame: encoded in both ways, decoded to the same. */
static void encode_and_decode(const uint8_t *data, size_t len, uint8_t socket, uint8_t flag)
{
    static uint8_t out[BUFFER_MAX];
    struct dtu_sdp_frame frame = {socket, flag, data, len};
    uint8_t head[DTU_SDP_HEAD_LEN];
    uint8_t tail;
    size_t out_len;

    FUZZ_CHECK(dtu_sdp_encode(config.direction, &frame, out, config.size, &out_len) == DTU_OK);
    FUZZ_CHECK(out_len == len + DTU_SDP_OVERHEAD);
    FUZZ_CHECK(dtu_sdp_wrap(config.direction, &frame, head, &tail) == DTU_OK);
    FUZZ_CHECK(memcmp(head, out, sizeof head) == 0 && tail == out[out_len - 1]);
    FUZZ_CHECK(dtu_sdp_encode(config.direction, &frame, out, out_len - 1, &out_len) ==
               DTU_ERR_SPACE);

    stream = out;
    stream_len = pause_at = out_len;
    expected.len = 0;
    memset(&expected_stats, 0, sizeof expected_stats);
    log_frame(&expected, head + 5, data, len);
    expected_stats.frames = 1;
    run_all();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    config.direction = fuzz_below(&in, 2) == 0 ? DTU_SDP_TO_MODULE : DTU_SDP_FROM_MODULE;
    config.buffer = buffer;
    config.size = DTU_SDP_OVERHEAD + fuzz_below(&in, BUFFER_MAX - DTU_SDP_OVERHEAD + 1);
    decisions = fuzz_rand(fuzz_u16(&in));
    pause_at = fuzz_u16(&in);
    stream = in.at;
    stream_len = in.left < STREAM_MAX ? in.left : STREAM_MAX;
    if (pause_at > stream_len)
        pause_at = stream_len;
    expected.len = 0;
    memset(&expected_stats, 0, sizeof expected_stats);
    scan_slowly(0, pause_at);
    scan_slowly(pause_at, stream_len);
    run_all();

    size_t room = config.size - DTU_SDP_OVERHEAD;
    encode_and_decode(in.at, in.left < room ? in.left : room,
                      (uint8_t)(DTU_SDP_SOCKET_A + size % DTU_SDP_SOCKETS), (uint8_t)(size % 251));
    return 0;
}
