/* SPDX-License-Identifier: MIT */
/* Frames from the bytes of a UART. Expected frames come from the manuals' drawings and rules (003
 * section 4.3.3, 000 section 4.2, 001 section 2.2.2), or from the naive framer below. */
#include "dtu/framer.h"

#include "check.h"
#include "rand.h"

#define MS UINT32_C(1000)
#define BUFFER_MAX 16
#define LOG_MAX 256

/* --- What the callback sees ----------------------------------------------------------------- */

static struct {
    uint8_t log[LOG_MAX]; /* of each frame its length, high byte first, and its bytes */
    size_t len;
    unsigned frames;
    unsigned calls;
    unsigned refuse_call;   /* this call is refused, counted from 1; 0: none */
    unsigned refuse_chance; /* one of so many is refused; 0: none */
    bool refuse_all;
    struct test_rand rand;
    const uint8_t *at; /* where the last frame was */
} seen;

static void clear_seen(void)
{
    memset(&seen, 0, sizeof seen);
    test_rand_seed(&seen.rand, 99);
}

static void log_frame(uint8_t *log, size_t *log_len, const uint8_t *data, size_t len)
{
    CHECK(*log_len + len + 2 <= LOG_MAX);
    if (*log_len + len + 2 > LOG_MAX)
        return;
    log[(*log_len)++] = (uint8_t)(len >> 8);
    log[(*log_len)++] = (uint8_t)len;
    memcpy(log + *log_len, data, len);
    *log_len += len;
}

static bool take_frame(void *ctx, const uint8_t *data, size_t len)
{
    CHECK(ctx == &seen);
    CHECK(len > 0);
    seen.calls++;
    if (seen.refuse_all || seen.calls == seen.refuse_call)
        return false;
    if (seen.refuse_chance > 0 && test_rand_below(&seen.rand, seen.refuse_chance) == 0)
        return false;
    log_frame(seen.log, &seen.len, data, len);
    seen.frames++;
    seen.at = data;
    return true;
}

static const struct dtu_framer_callbacks callbacks = {take_frame};

static uint8_t buffer[BUFFER_MAX];
static struct dtu_framer_config config;
static struct dtu_framer framer;

static void begin(size_t size, size_t packet_len, uint32_t gap_us)
{
    clear_seen();
    config = (struct dtu_framer_config){buffer, size, packet_len, gap_us, 0};
    CHECK_EQ(dtu_framer_init(&framer, &config, &callbacks, &seen), DTU_OK);
}

static size_t feed(const char *text, uint32_t now_us)
{
    return dtu_framer_feed(&framer, (const uint8_t *)text, strlen(text), now_us);
}

/* The frames so far, each behind its length. */
#define CHECK_FRAMES(expected) CHECK_BYTES(seen.log, seen.len, expected, sizeof(expected) - 1)

/* --- Set-up --------------------------------------------------------------------------------- */

static enum dtu_status try_init(uint8_t *memory, size_t size, size_t packet_len, uint32_t gap_us,
                                uint32_t clock_us)
{
    config = (struct dtu_framer_config){memory, size, packet_len, gap_us, clock_us};
    return dtu_framer_init(&framer, &config, &callbacks, &seen);
}

static void init_refuses_what_cannot_work(void)
{
    static const struct dtu_framer_callbacks none = {NULL};
    const uint32_t half = UINT32_C(1) << 31;
    CHECK_EQ(try_init(NULL, 16, 5, 1, 0), DTU_ERR_CONFIG);
    CHECK_EQ(try_init(buffer, 0, 0, 1, 0), DTU_ERR_CONFIG);
    CHECK_EQ(try_init(buffer, 15, 16, 1, 0), DTU_ERR_CONFIG);
    CHECK_EQ(try_init(buffer, 16, 16, 1, 0), DTU_OK);
    CHECK_EQ(try_init(buffer, 1, 0, 0, 0), DTU_OK);
    CHECK_EQ(try_init(buffer, 16, 5, half, 0), DTU_ERR_CONFIG);
    CHECK_EQ(try_init(buffer, 16, 5, half - 1, 0), DTU_OK);
    CHECK_EQ(try_init(buffer, 16, 5, half - 1, 1), DTU_ERR_CONFIG);
    CHECK_EQ(try_init(buffer, 16, 5, 1000, half - 1000), DTU_ERR_CONFIG);
    CHECK_EQ(try_init(buffer, 16, 5, 1000, half - 1001), DTU_OK);
    CHECK_EQ(try_init(buffer, 16, 5, 0, UINT32_MAX), DTU_ERR_CONFIG);
    CHECK_EQ(dtu_framer_init(&framer, &config, &none, NULL), DTU_ERR_CONFIG);
    config.clock_us = 0;
    CHECK_EQ(dtu_framer_init(&framer, &config, &none, NULL), DTU_ERR_CONFIG);
}

static void a_new_framer_holds_nothing(void)
{
    begin(16, 5, 10 * MS);
    CHECK(dtu_framer_ready(&framer));
    CHECK_EQ(dtu_framer_next(&framer, 0), DTU_NEVER);
    dtu_framer_poll(&framer, 1000 * MS);
    dtu_framer_flush(&framer);
    CHECK_EQ(dtu_framer_clear(&framer), 0);
    CHECK_EQ(seen.calls, 0);
    CHECK_EQ(dtu_framer_feed(&framer, NULL, 0, 0), 0);
    CHECK_EQ(dtu_framer_next(&framer, 0), DTU_NEVER);
}

/* --- The drawings of manual 003, section 4.3.3 ----------------------------------------------- */

/* Three bytes 5 ms apart, a pause of 20 ms, three more with 8 and 4 ms between them. */
static void feed_drawing(void)
{
    static const struct {
        uint32_t ms;
        const char *byte;
    } drawing[] = {{0, "A"}, {5, "A"}, {10, "A"}, {30, "B"}, {38, "B"}, {42, "B"}};
    for (size_t i = 0; i < sizeof drawing / sizeof drawing[0]; i++)
        CHECK_EQ(feed(drawing[i].byte, drawing[i].ms * MS), 1);
}

static void a_packing_time_of_10_ms_parts_at_the_pause_of_20_ms(void)
{
    begin(16, 0, 10 * MS);
    feed_drawing();
    CHECK_FRAMES("\0\3AAA");
    dtu_framer_poll(&framer, 52 * MS - 1);
    CHECK_EQ(seen.frames, 1);
    dtu_framer_poll(&framer, 52 * MS);
    CHECK_FRAMES("\0\3AAA\0\3BBB");
    CHECK_EQ(framer.stats.by_time, 2);
    CHECK_EQ(framer.stats.by_length, 0);
}

static void a_packing_length_of_5_parts_after_5_bytes_whatever_the_pauses(void)
{
    begin(16, 5, 0);
    feed_drawing();
    CHECK_FRAMES("\0\5AAABB");
    CHECK_EQ(dtu_framer_next(&framer, 42 * MS), DTU_NEVER);
    dtu_framer_poll(&framer, 42 * MS + 60000 * MS);
    CHECK_EQ(seen.frames, 1); /* packing time 0: a pause ends nothing */
    CHECK_EQ(feed("CCCC", 0), 4);
    CHECK_FRAMES("\0\5AAABB\0\5BCCCC");
    CHECK_EQ(framer.stats.by_length, 2);
    CHECK_EQ(framer.stats.by_time, 0);
}

static void with_both_the_first_to_be_reached_counts(void)
{
    begin(16, 2, 10 * MS);
    feed_drawing();
    CHECK_FRAMES("\0\2AA\0\1A\0\2BB");
    dtu_framer_poll(&framer, 52 * MS);
    CHECK_FRAMES("\0\2AA\0\1A\0\2BB\0\1B");
    CHECK_EQ(framer.stats.by_length, 2);
    CHECK_EQ(framer.stats.by_time, 2);
}

static void a_packing_length_of_0_means_the_buffer(void)
{
    begin(4, 0, 10 * MS);
    CHECK_EQ(feed("abcdefghij", 0), 10);
    CHECK_FRAMES("\0\4abcd\0\4efgh");
    CHECK_EQ(framer.stats.by_length, 2);
}

static void the_packing_time_of_4_bytes_follows_the_baud_rate(void)
{
    /* 4 bytes of 10 bits: 40 s / baud, computed by hand, at least 0.1 ms. */
    CHECK_EQ(dtu_framer_four_bytes_us(115200), 347);
    CHECK_EQ(dtu_framer_four_bytes_us(UINT32_C(1000000)), 100);
    CHECK_EQ(dtu_framer_four_bytes_us(UINT32_C(400000)), 100);
    CHECK_EQ(dtu_framer_four_bytes_us(UINT32_C(396000)), 101);
    CHECK_EQ(dtu_framer_four_bytes_us(UINT32_C(460800)), 100);
    CHECK_EQ(dtu_framer_four_bytes_us(9600), 4166);
    CHECK_EQ(dtu_framer_four_bytes_us(600), 66666);
    CHECK_EQ(dtu_framer_four_bytes_us(1), UINT32_C(40000000));
    CHECK_EQ(dtu_framer_four_bytes_us(UINT32_MAX), 100);
}

static void both_zero_on_k7_parts_after_4_byte_times(void)
{
    begin(16, 0, dtu_framer_four_bytes_us(115200));
    feed("A", 1000);
    feed("B", 1346);
    CHECK_EQ(seen.frames, 0);
    feed("C", 1346 + 347);
    CHECK_FRAMES("\0\2AB");
}

/* --- Time ----------------------------------------------------------------------------------- */

static void check_gap_limits(uint32_t gap_us, uint32_t start)
{
    begin(16, 0, gap_us);
    feed("a", start);
    CHECK_EQ(dtu_framer_next(&framer, start), gap_us);
    CHECK_EQ(dtu_framer_next(&framer, start + gap_us - 1), 1);
    CHECK_EQ(dtu_framer_next(&framer, start + gap_us), 0);
    CHECK_EQ(dtu_framer_next(&framer, start + gap_us + 1), 0);
    feed("b", start + gap_us - 1); /* just in time: the pause counts anew */
    CHECK_EQ(seen.frames, 0);
    dtu_framer_poll(&framer, start + gap_us - 1 + gap_us - 1);
    CHECK_EQ(seen.frames, 0);
    dtu_framer_poll(&framer, start + gap_us - 1 + gap_us);
    CHECK_FRAMES("\0\2ab");
    CHECK_EQ(dtu_framer_next(&framer, start + gap_us - 1 + gap_us), DTU_NEVER);

    start += 2 * gap_us; /* the same without polls, one microsecond late */
    feed("c", start);
    feed("d", start + gap_us);
    CHECK_FRAMES("\0\2ab\0\1c");
    feed("e", start + gap_us + gap_us + 1);
    CHECK_FRAMES("\0\2ab\0\1c\0\1d");
    CHECK_EQ(framer.stats.by_time, 3);
}

static void a_frame_ends_when_the_pause_reaches_the_packing_time(void)
{
    /* The limits of 7S1-E, 7S4 and K7, and the shortest there is. */
    static const uint32_t gaps_us[] = {10 * MS, 500 * MS, 50 * MS, 60000 * MS,
                                       1 * MS,  255 * MS, 100,     2};
    for (size_t i = 0; i < sizeof gaps_us / sizeof gaps_us[0]; i++)
        check_gap_limits(gaps_us[i], 12345);
}

static void the_clock_may_wrap_in_a_pause(void)
{
    for (uint32_t before = 0; before <= 30; before++)
        check_gap_limits(10, UINT32_MAX - before);
    check_gap_limits((UINT32_C(1) << 31) - 1, UINT32_C(0xC0000000));
}

static void bytes_of_one_feed_follow_each_other_without_a_pause(void)
{
    begin(16, 0, 1);
    CHECK_EQ(feed("abc", 100), 3);
    CHECK_EQ(feed("def", 100), 3);
    dtu_framer_poll(&framer, 101);
    CHECK_FRAMES("\0\6abcdef");
}

static void a_coarse_clock_never_cuts_early(void)
{
    /* Really 9.001 ms lie between the bytes, but the millisecond clock says 10. */
    begin(16, 0, 10 * MS);
    feed("a", 0);
    feed("b", 10 * MS);
    CHECK_EQ(seen.frames, 1); /* this clock counts microseconds: the pause was 10 ms */
    begin(16, 0, 10 * MS);
    config.clock_us = 1000;
    feed("a", 0);
    feed("b", 10 * MS);
    CHECK_EQ(seen.frames, 0);
    CHECK_EQ(dtu_framer_next(&framer, 10 * MS), 11 * MS);
    dtu_framer_poll(&framer, 21 * MS - 1);
    CHECK_EQ(seen.frames, 0);
    dtu_framer_poll(&framer, 21 * MS);
    CHECK_FRAMES("\0\2ab");
}

static void on_a_coarse_clock_pauses_are_told_apart_up_to_two_steps(void)
{
    struct test_rand rand;
    uint32_t true_us = 0;
    test_rand_seed(&rand, 6);
    begin(16, 0, 10 * MS);
    config.clock_us = 1000;
    feed("a", 0);
    for (int i = 0; i < 3000; i++) {
        uint32_t pause = 8 * MS + test_rand_below(&rand, 6 * MS);
        unsigned frames = seen.frames;
        true_us += pause;
        dtu_framer_poll(&framer, true_us / 1000 * 1000);
        if (pause < 10 * MS)
            CHECK_EQ(seen.frames, frames);
        if (pause >= 12 * MS)
            CHECK_EQ(seen.frames, frames + 1);
        if (i % 8 == 0)
            dtu_framer_flush(&framer); /* so that the buffer does not fill */
        CHECK_EQ(feed("a", true_us / 1000 * 1000), 1);
        seen.len = 0;
    }
    CHECK(framer.stats.by_time > 300);
}

static void a_clock_step_of_1_is_a_true_microsecond_clock(void)
{
    begin(16, 0, 10);
    config.clock_us = 1;
    feed("a", 0);
    CHECK_EQ(dtu_framer_next(&framer, 0), 10);
}

/* --- Length --------------------------------------------------------------------------------- */

static void a_frame_that_lies_whole_in_the_input_is_handed_on_in_place(void)
{
    static const uint8_t input[] = "abcdefghijkl";
    begin(16, 5, 10 * MS);
    CHECK_EQ(dtu_framer_feed(&framer, input, 5, 0), 5);
    CHECK(seen.at == input);
    CHECK_EQ(dtu_framer_feed(&framer, input, 12, 0), 12);
    CHECK(seen.at == input + 5);
    CHECK_FRAMES("\0\5abcde\0\5abcde\0\5fghij");
    CHECK_EQ(feed("mno", 0), 3); /* spans two feeds: gathered in the buffer */
    CHECK(seen.at == buffer);
    CHECK_FRAMES("\0\5abcde\0\5abcde\0\5fghij\0\5klmno");
    CHECK_EQ(framer.stats.by_length, 4);
}

static uint8_t large_buffer[4096]; /* the packet length of 7S1-E is 5 to 4096 */

static bool count_large(void *ctx, const uint8_t *data, size_t len)
{
    (void)data;
    *(size_t *)ctx += 1;
    CHECK_EQ(len, sizeof large_buffer);
    return true;
}

static void the_longest_packet_ends_at_its_last_byte(void)
{
    static const struct dtu_framer_callbacks large = {count_large};
    size_t frames = 0;
    uint8_t chunk[64];
    config = (struct dtu_framer_config){large_buffer, sizeof large_buffer, 4096, 50 * MS, 0};
    CHECK_EQ(dtu_framer_init(&framer, &config, &large, &frames), DTU_OK);
    memset(chunk, 0x55, sizeof chunk);
    for (int i = 0; i < 63; i++)
        CHECK_EQ(dtu_framer_feed(&framer, chunk, sizeof chunk, 0), sizeof chunk);
    CHECK_EQ(dtu_framer_feed(&framer, chunk, 63, 0), 63);
    CHECK_EQ(frames, 0); /* 4095 bytes */
    CHECK_EQ(dtu_framer_feed(&framer, chunk, 2, 0), 2);
    CHECK_EQ(frames, 1);
    CHECK_EQ(dtu_framer_clear(&framer), 1);
}

static void a_packet_length_of_1_makes_each_byte_a_frame(void)
{
    begin(1, 1, 10 * MS);
    CHECK_EQ(feed("abc", 0), 3);
    CHECK_FRAMES("\0\1a\0\1b\0\1c");
    CHECK_EQ(dtu_framer_next(&framer, 0), DTU_NEVER);
}

/* --- Flush and clear ------------------------------------------------------------------------ */

static void a_hold_lets_the_pause_begin_anew(void)
{
    begin(BUFFER_MAX, 0, 10 * MS);
    CHECK_EQ(feed("ab", 0), 2);
    dtu_framer_hold(&framer, 50 * MS);
    CHECK_EQ(dtu_framer_next(&framer, 50 * MS), 10 * MS);
    dtu_framer_poll(&framer, 60 * MS - 1);
    CHECK_FRAMES("");
    CHECK_EQ(feed("c", 60 * MS - 1), 1);
    dtu_framer_poll(&framer, 70 * MS - 1);
    CHECK_FRAMES("\0\3abc");
    dtu_framer_hold(&framer, 80 * MS); /* with nothing in it */
    CHECK_EQ(dtu_framer_next(&framer, 80 * MS), DTU_NEVER);
}

static void flush_ends_the_frame_now(void)
{
    begin(16, 5, 10 * MS);
    feed("abc", 0);
    dtu_framer_flush(&framer);
    dtu_framer_flush(&framer); /* nothing left to end */
    feed("d", 0);
    dtu_framer_poll(&framer, 10 * MS);
    CHECK_FRAMES("\0\3abc\0\1d");
    CHECK_EQ(framer.stats.by_flush, 1);
    CHECK_EQ(framer.stats.by_time, 1);
}

static void clear_drops_what_is_held_and_says_how_much(void)
{
    begin(16, 5, 10 * MS);
    feed("abcdefg", 0);
    CHECK_EQ(dtu_framer_clear(&framer), 2);
    CHECK_EQ(dtu_framer_clear(&framer), 0);
    CHECK_EQ(dtu_framer_next(&framer, 0), DTU_NEVER);
    seen.refuse_all = true;
    feed("hi", 0);
    dtu_framer_flush(&framer); /* refused */
    CHECK(!dtu_framer_ready(&framer));
    CHECK_EQ(dtu_framer_clear(&framer), 2);
    CHECK(dtu_framer_ready(&framer));
    seen.refuse_all = false;
    feed("klmno", 0);
    CHECK_FRAMES("\0\5abcde\0\5klmno");
    CHECK_EQ(framer.stats.by_flush, 0);
}

/* --- Refusal -------------------------------------------------------------------------------- */

static void check_refused_frame(void)
{
    CHECK(!dtu_framer_ready(&framer));
    CHECK_EQ(dtu_framer_next(&framer, 0), DTU_NEVER); /* waits for room, not for time */
    CHECK_EQ(feed("xyz", 0), 0);
    CHECK_EQ(seen.frames, 0);
    CHECK_EQ(framer.stats.refused, 2);
    seen.refuse_all = false;
    dtu_framer_poll(&framer, 0);
    CHECK(dtu_framer_ready(&framer));
    CHECK_EQ(seen.frames, 1);
}

static void a_gathered_frame_that_is_refused_is_kept_and_offered_again(void)
{
    begin(16, 5, 10 * MS);
    seen.refuse_all = true;
    CHECK_EQ(feed("abc", 0), 3);
    CHECK_EQ(feed("defg", 0), 2);
    check_refused_frame();
    CHECK_FRAMES("\0\5abcde");
    CHECK_EQ(framer.stats.by_length, 1);
}

/* The header: the framer keeps a refused frame, wherever it lay, and poll offers it again. */
static void a_frame_in_place_that_is_refused_is_kept_and_offered_again(void)
{
    begin(16, 5, 10 * MS);
    seen.refuse_all = true;
    CHECK_EQ(feed("abcdefgh", 0), 5);
    check_refused_frame();
    CHECK_FRAMES("\0\5abcde");
    CHECK_EQ(framer.stats.by_length, 1);
}

static void a_timed_frame_that_is_refused_is_kept_and_offered_again(void)
{
    begin(16, 5, 10 * MS);
    seen.refuse_all = true;
    CHECK_EQ(feed("abc", 0), 3);
    dtu_framer_poll(&framer, 10 * MS);
    check_refused_frame();
    CHECK_FRAMES("\0\3abc");
    CHECK_EQ(framer.stats.by_time, 1);
    CHECK_EQ(framer.stats.by_length, 0);
}

static void a_flushed_frame_that_is_refused_is_kept_and_offered_again(void)
{
    begin(16, 5, 10 * MS);
    seen.refuse_all = true;
    CHECK_EQ(feed("abc", 0), 3);
    dtu_framer_flush(&framer);
    check_refused_frame();
    CHECK_FRAMES("\0\3abc");
    CHECK_EQ(framer.stats.by_flush, 1);
}

static void a_refused_frame_does_not_grow(void)
{
    begin(16, 5, 10 * MS);
    feed("abc", 0);
    seen.refuse_all = true;
    CHECK_EQ(feed("d", 10 * MS), 0); /* the pause is over: d belongs to the next frame */
    CHECK_EQ(feed("d", 11 * MS), 0);
    seen.refuse_all = false;
    CHECK_EQ(feed("d", 12 * MS), 1);
    CHECK_FRAMES("\0\3abc");
    CHECK_EQ(dtu_framer_next(&framer, 12 * MS), 10 * MS);
    CHECK_EQ(framer.stats.refused, 2);
}

/* --- Any split, any refusal: against a naive framer ------------------------------------------ */

#define STREAM_MAX 60

static struct {
    uint8_t bytes[STREAM_MAX];
    uint32_t us[STREAM_MAX]; /* when each came */
    size_t len;
    uint32_t end_us;
} stream;

static struct {
    uint8_t log[LOG_MAX];
    size_t len;
    uint32_t by_length;
    uint32_t by_time;
    uint32_t by_flush;
} expected;

/* A length from 0 to limit - 1. */
static size_t any_len(struct test_rand *rand, size_t limit)
{
    return (size_t)test_rand_below(rand, (uint32_t)limit);
}

static void make_stream(struct test_rand *rand, uint32_t gap_us)
{
    uint32_t now = test_rand_u32(rand) | UINT32_C(0xFFFFFF00); /* it wraps soon */
    stream.len = any_len(rand, STREAM_MAX + 1);
    test_rand_bytes(rand, stream.bytes, stream.len);
    for (size_t i = 0; i < stream.len; i++) {
        static const uint8_t around[] = {0, 0, 0, 0, 0, 1, 2};
        uint32_t pause = around[test_rand_below(rand, sizeof around)];
        if (test_rand_below(rand, 6) == 0)
            pause = gap_us + test_rand_below(rand, 3); /* gap - 1, gap, gap + 1 */
        now += pause > 0 && test_rand_below(rand, 2) == 0 ? pause - 1 : pause;
        stream.us[i] = now;
    }
    stream.end_us = now + test_rand_below(rand, gap_us + 3);
}

static void naive_end(size_t from, size_t to, uint32_t *counter)
{
    if (to == from)
        return;
    log_frame(expected.log, &expected.len, stream.bytes + from, to - from);
    ++*counter;
}

/* One byte at a time, by the wording of the manuals; what is left at the end is flushed. */
static void run_naive(void)
{
    size_t limit = config.packet_len > 0 ? config.packet_len : config.size;
    size_t from = 0;
    memset(&expected, 0, sizeof expected);
    for (size_t i = 0; i < stream.len; i++) {
        if (from < i && config.gap_us > 0 && stream.us[i] - stream.us[i - 1] >= config.gap_us) {
            naive_end(from, i, &expected.by_time);
            from = i;
        }
        if (i + 1 - from == limit) {
            naive_end(from, i + 1, &expected.by_length);
            from = i + 1;
        }
    }
    if (stream.len > 0 && config.gap_us > 0 &&
        stream.end_us - stream.us[stream.len - 1] >= config.gap_us)
        naive_end(from, stream.len, &expected.by_time);
    else
        naive_end(from, stream.len, &expected.by_flush);
}

enum split { WHOLE, BYTES, RANDOM };

/* How many of the bytes from `i` on, which came at the same time, make the next feed. */
static size_t next_piece(enum split split, size_t i, struct test_rand *rand)
{
    size_t same = 1;
    while (i + same < stream.len && stream.us[i + same] == stream.us[i])
        same++;
    if (split == WHOLE)
        return same;
    return split == BYTES ? 1 : 1 + any_len(rand, same);
}

static void run_framer(enum split split, struct test_rand *rand)
{
    size_t i = 0;
    CHECK_EQ(dtu_framer_init(&framer, &config, &callbacks, &seen), DTU_OK);
    while (i < stream.len) {
        size_t piece = next_piece(split, i, rand);
        size_t taken = dtu_framer_feed(&framer, stream.bytes + i, piece, stream.us[i]);
        CHECK(taken <= piece);
        CHECK(taken == piece || !dtu_framer_ready(&framer));
        i += taken;
        if (split == RANDOM && i < stream.len && test_rand_below(rand, 2) == 0)
            dtu_framer_poll(&framer, stream.us[i]); /* more polls change nothing */
    }
    dtu_framer_poll(&framer, stream.end_us);
    dtu_framer_flush(&framer);
    for (int tries = 0; tries < 100 && !dtu_framer_ready(&framer); tries++)
        dtu_framer_poll(&framer, stream.end_us);
    dtu_framer_flush(&framer); /* closed by time before: nothing is left */
    while (!dtu_framer_ready(&framer))
        dtu_framer_poll(&framer, stream.end_us);
}

static void compare_run(enum split split, unsigned refuse_chance, unsigned refuse_call,
                        struct test_rand *rand)
{
    clear_seen();
    seen.refuse_chance = refuse_chance;
    seen.refuse_call = refuse_call;
    run_framer(split, rand);
    CHECK_BYTES(seen.log, seen.len, expected.log, expected.len);
    CHECK_EQ(framer.stats.by_length, expected.by_length);
    CHECK_EQ(framer.stats.by_time, expected.by_time);
    CHECK_EQ(framer.stats.by_flush, expected.by_flush);
    CHECK_EQ(framer.stats.refused, seen.calls - seen.frames);
}

static void random_config(struct test_rand *rand)
{
    config.buffer = buffer;
    config.size = 1 + any_len(rand, BUFFER_MAX);
    config.packet_len = any_len(rand, config.size + 1);
    config.gap_us = test_rand_below(rand, 4) == 0 ? 0 : 1 + test_rand_below(rand, 20);
    config.clock_us = test_rand_below(rand, 2);
}

static void any_split_gives_the_frames_of_the_naive_framer(void)
{
    struct test_rand rand;
    test_rand_seed(&rand, 7);
    for (int i = 0; i < 400; i++) {
        random_config(&rand);
        make_stream(&rand, config.gap_us);
        run_naive();
        compare_run(WHOLE, 0, 0, &rand);
        compare_run(BYTES, 0, 0, &rand);
        compare_run(RANDOM, 0, 0, &rand);
    }
}

static void refusals_change_no_frame(void)
{
    struct test_rand rand;
    test_rand_seed(&rand, 8);
    for (int i = 0; i < 400; i++) {
        random_config(&rand);
        make_stream(&rand, config.gap_us);
        run_naive();
        compare_run(WHOLE, 2, 0, &rand);
        compare_run(BYTES, 3, 0, &rand);
        compare_run(RANDOM, 2, 0, &rand);
    }
}

static void a_refusal_at_any_call_loses_nothing(void)
{
    struct test_rand rand;
    test_rand_seed(&rand, 9);
    for (int i = 0; i < 20; i++) {
        random_config(&rand);
        make_stream(&rand, config.gap_us);
        run_naive();
        compare_run(WHOLE, 0, 0, &rand);
        for (unsigned n = 1, calls = seen.calls; n <= calls; n++) {
            compare_run(WHOLE, 0, n, &rand);
            compare_run(BYTES, 0, n, &rand);
        }
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(init_refuses_what_cannot_work),
    CHECK_TEST(a_new_framer_holds_nothing),
    CHECK_TEST(a_packing_time_of_10_ms_parts_at_the_pause_of_20_ms),
    CHECK_TEST(a_packing_length_of_5_parts_after_5_bytes_whatever_the_pauses),
    CHECK_TEST(with_both_the_first_to_be_reached_counts),
    CHECK_TEST(a_packing_length_of_0_means_the_buffer),
    CHECK_TEST(the_packing_time_of_4_bytes_follows_the_baud_rate),
    CHECK_TEST(both_zero_on_k7_parts_after_4_byte_times),
    CHECK_TEST(a_frame_ends_when_the_pause_reaches_the_packing_time),
    CHECK_TEST(the_clock_may_wrap_in_a_pause),
    CHECK_TEST(bytes_of_one_feed_follow_each_other_without_a_pause),
    CHECK_TEST(a_coarse_clock_never_cuts_early),
    CHECK_TEST(on_a_coarse_clock_pauses_are_told_apart_up_to_two_steps),
    CHECK_TEST(a_clock_step_of_1_is_a_true_microsecond_clock),
    CHECK_TEST(a_frame_that_lies_whole_in_the_input_is_handed_on_in_place),
    CHECK_TEST(the_longest_packet_ends_at_its_last_byte),
    CHECK_TEST(a_packet_length_of_1_makes_each_byte_a_frame),
    CHECK_TEST(a_hold_lets_the_pause_begin_anew),
    CHECK_TEST(flush_ends_the_frame_now),
    CHECK_TEST(clear_drops_what_is_held_and_says_how_much),
    CHECK_TEST(a_gathered_frame_that_is_refused_is_kept_and_offered_again),
    CHECK_TEST(a_frame_in_place_that_is_refused_is_kept_and_offered_again),
    CHECK_TEST(a_timed_frame_that_is_refused_is_kept_and_offered_again),
    CHECK_TEST(a_flushed_frame_that_is_refused_is_kept_and_offered_again),
    CHECK_TEST(a_refused_frame_does_not_grow),
    CHECK_TEST(any_split_gives_the_frames_of_the_naive_framer),
    CHECK_TEST(refusals_change_no_frame),
    CHECK_TEST(a_refusal_at_any_call_loses_nothing),
};
CHECK_MAIN(tests)
