/* SPDX-License-Identifier: MIT */
/* The handshake from data to commands. The rules are those that manuals 000 section 7.1, 002
 * section 4.1.1 and 003 section 5.3.2 give; random streams are compared with a naive handshake that
 * sees all of the stream at once. */
#include "dtu/cmdmode.h"

#include "check.h"
#include "rand.h"

#define OUT_MAX 200
#define CONFIRM_MS DTU_CMDMODE_CONFIRM_MS

/* Guard time, gap and time to confirm of three products, with K7 at its shortest packing time. */
static const struct dtu_cmdmode_config products[] = {
    {200, 50, CONFIRM_MS}, /* 7S3 */
    {1, 300, CONFIRM_MS},  /* K7 */
    {50, 50, CONFIRM_MS},  /* cat1 */
};
#define PRODUCTS (sizeof products / sizeof products[0])

/* --- The module and what it calls ------------------------------------------------------------ */

static struct {
    uint8_t data[OUT_MAX];
    size_t data_len;
    uint8_t answer[OUT_MAX];
    size_t answer_len;
    unsigned entered;
    unsigned calls;         /* of data and answer together */
    unsigned refuse_call;   /* this call takes nothing, counted from 1; 0: none */
    unsigned refuse_chance; /* one of so many calls takes nothing or a part; 0: none */
    bool no_data;           /* no room for data */
    bool no_answer;         /* no room for answers */
    struct test_rand rand;
} out;

static struct dtu_cmdmode_config config;
static struct dtu_cmdmode module;

/* A length from 0 to limit - 1. */
static size_t any_len(struct test_rand *rand, size_t limit)
{
    return (size_t)test_rand_below(rand, (uint32_t)limit);
}

/* How many of the bytes offered are taken. */
static size_t room(size_t len)
{
    out.calls++;
    if (out.calls == out.refuse_call)
        return 0;
    if (out.refuse_chance > 0 && test_rand_below(&out.rand, out.refuse_chance) == 0)
        return any_len(&out.rand, len);
    return len;
}

static size_t take(uint8_t *to, size_t *to_len, const uint8_t *from, size_t len)
{
    CHECK(len > 0);
    len = room(len);
    CHECK(*to_len + len <= OUT_MAX);
    if (*to_len + len > OUT_MAX)
        len = OUT_MAX - *to_len;
    memcpy(to + *to_len, from, len);
    *to_len += len;
    return len;
}

static size_t take_data(void *ctx, const uint8_t *data, size_t len)
{
    CHECK(ctx == &out);
    return out.no_data ? 0 : take(out.data, &out.data_len, data, len);
}

static size_t take_answer(void *ctx, const uint8_t *data, size_t len)
{
    CHECK(ctx == &out);
    return out.no_answer ? 0 : take(out.answer, &out.answer_len, data, len);
}

static void on_entered(void *ctx)
{
    CHECK(ctx == &out);
    CHECK(out.answer_len >= 3 && memcmp(out.answer + out.answer_len - 3, "+ok", 3) == 0);
    out.entered++;
}

static const struct dtu_cmdmode_callbacks callbacks = {take_data, take_answer, on_entered};

static void clear_out(void)
{
    memset(&out, 0, sizeof out);
    test_rand_seed(&out.rand, 21);
}

static void begin(size_t product, uint32_t now)
{
    clear_out();
    config = products[product];
    CHECK_EQ(dtu_cmdmode_init(&module, &config, &callbacks, &out, now), DTU_OK);
}

static size_t feed(const char *text, uint32_t now)
{
    return dtu_cmdmode_feed(&module, (const uint8_t *)text, strlen(text), now);
}

#define CHECK_DATA(text) CHECK_BYTES(out.data, out.data_len, text, sizeof(text) - 1)
#define CHECK_ANSWER(text) CHECK_BYTES(out.answer, out.answer_len, text, sizeof(text) - 1)

/* --- Set-up --------------------------------------------------------------------------------- */

static enum dtu_status try_init(uint32_t guard_ms, uint32_t gap_ms, uint32_t confirm_ms)
{
    config = (struct dtu_cmdmode_config){guard_ms, gap_ms, confirm_ms};
    return dtu_cmdmode_init(&module, &config, &callbacks, &out, 0);
}

static void init_refuses_what_cannot_work(void)
{
    static const struct dtu_cmdmode_callbacks no_data = {NULL, take_answer, on_entered};
    static const struct dtu_cmdmode_callbacks no_answer = {take_data, NULL, on_entered};
    static const struct dtu_cmdmode_callbacks no_entered = {take_data, take_answer, NULL};
    const uint32_t half = UINT32_C(1) << 31;
    CHECK_EQ(try_init(0, 1, 1), DTU_ERR_CONFIG);
    CHECK_EQ(try_init(1, 0, 1), DTU_ERR_CONFIG);
    CHECK_EQ(try_init(1, 1, 0), DTU_ERR_CONFIG);
    CHECK_EQ(try_init(half, 1, 1), DTU_ERR_CONFIG);
    CHECK_EQ(try_init(1, half, 1), DTU_ERR_CONFIG);
    CHECK_EQ(try_init(1, 1, half), DTU_ERR_CONFIG);
    CHECK_EQ(try_init(half - 1, half - 1, half - 1), DTU_OK);
    CHECK_EQ(try_init(1, 1, 1), DTU_OK);
    CHECK_EQ(dtu_cmdmode_init(&module, &config, &no_data, NULL, 0), DTU_ERR_CONFIG);
    CHECK_EQ(dtu_cmdmode_init(&module, &config, &no_answer, NULL, 0), DTU_ERR_CONFIG);
    CHECK_EQ(dtu_cmdmode_init(&module, &config, &no_entered, NULL, 0), DTU_OK);
}

static void a_new_module_is_in_data_mode_after_a_long_silence(void)
{
    begin(0, 5);
    CHECK(dtu_cmdmode_ready(&module));
    CHECK(!dtu_cmdmode_active(&module));
    CHECK_EQ(dtu_cmdmode_next(&module, 5), DTU_NEVER);
    CHECK_EQ(dtu_cmdmode_feed(&module, NULL, 0, 5), 0);
    CHECK_EQ(feed("+++", 5), 3);
    CHECK_ANSWER("a");
}

static void entered_may_be_missing(void)
{
    static const struct dtu_cmdmode_callbacks no_entered = {take_data, take_answer, NULL};
    begin(0, 0);
    CHECK_EQ(dtu_cmdmode_init(&module, &config, &no_entered, &out, 0), DTU_OK);
    CHECK_EQ(feed("+++a", 0), 4);
    CHECK(dtu_cmdmode_active(&module));
}

/* --- Rule 1: silence, then +++ without a pause ------------------------------------------------ */

static void rule_1_the_first_plus_needs_the_guard_time_before_it(void)
{
    for (size_t p = 0; p < PRODUCTS; p++) {
        uint32_t guard = products[p].guard_ms;
        for (uint32_t silence = guard - 1; silence <= guard + 1; silence++) {
            begin(p, 1000);
            feed("x", 2000);
            CHECK_EQ(feed("+++", 2000 + silence), 3);
            CHECK_EQ(out.answer_len, silence >= guard ? 1 : 0);
            CHECK_EQ(out.data_len, silence >= guard ? 1 : 4);
        }
    }
}

static void rule_1_each_plus_must_follow_in_less_than_the_gap(void)
{
    for (size_t p = 0; p < PRODUCTS; p++) {
        uint32_t gap = products[p].gap_ms;
        for (uint32_t pause = gap - 1; pause <= gap + 1; pause++) {
            begin(p, 0);
            feed("+", 1000);
            feed("+", 1000 + pause);
            feed("+", 1000 + 2 * pause);
            CHECK_EQ(out.answer_len, pause < gap ? 1 : 0);
            begin(p, 0);
            feed("++", 1000);
            feed("+", 1000 + pause);
            CHECK_EQ(out.answer_len, pause < gap ? 1 : 0);
        }
    }
}

static void rule_1_data_before_and_around_is_no_handshake(void)
{
    for (size_t p = 0; p < PRODUCTS; p++) {
        begin(p, 0);
        CHECK_EQ(feed("a+++a+", 1000), 6);
        CHECK_DATA("a+++a+");
        CHECK_ANSWER("");
        CHECK_EQ(module.stats.broken, 0); /* none began */
    }
}

/* --- Rule 2: a, a within 3 s, +ok ------------------------------------------------------------- */

static void rule_2_the_module_confirms_and_the_user_confirms_within_3_s(void)
{
    for (size_t p = 0; p < PRODUCTS; p++) {
        for (uint32_t wait = CONFIRM_MS - 1; wait <= CONFIRM_MS + 1; wait++) {
            bool in_time = wait < 3000;
            begin(p, 0);
            feed("+++", 1000);
            CHECK_ANSWER("a");
            CHECK_EQ(dtu_cmdmode_next(&module, 1000) <= CONFIRM_MS, true);
            CHECK_EQ(feed("a", 1000 + wait), 1);
            CHECK_EQ(dtu_cmdmode_active(&module), in_time);
            CHECK_EQ(out.entered, in_time);
            if (in_time) {
                CHECK_ANSWER("a+ok");
                CHECK_DATA("");
                CHECK_EQ(module.stats.entered, 1);
                CHECK_EQ(module.stats.broken, 0);
            } else {
                CHECK_ANSWER("a");
                CHECK_DATA("+++a");
                CHECK_EQ(module.stats.entered, 0);
                CHECK_EQ(module.stats.broken, 1);
            }
        }
    }
}

static void rule_2_what_follows_the_a_is_commands(void)
{
    begin(0, 0);
    CHECK_EQ(feed("+++aAT\r", 1000), 4);
    CHECK(dtu_cmdmode_active(&module));
    CHECK(!dtu_cmdmode_ready(&module));
    CHECK_EQ(feed("AT\r", 5000), 0);
    CHECK_DATA("");
}

/* --- Rule 3: leaving -------------------------------------------------------------------------- */

static void rule_3_after_leaving_bytes_are_data_and_the_guard_time_counts_anew(void)
{
    for (size_t p = 0; p < PRODUCTS; p++) {
        uint32_t guard = products[p].guard_ms;
        for (uint32_t silence = guard - 1; silence <= guard; silence++) {
            begin(p, 0);
            CHECK_EQ(feed("+++aAT\r", 1000), 4); /* the rest are commands, not data that waits */
            dtu_cmdmode_poll(&module, 9000);
            dtu_cmdmode_leave(&module, 10000);
            CHECK(!dtu_cmdmode_active(&module));
            CHECK(dtu_cmdmode_ready(&module));
            CHECK_EQ(feed("+++a", 10000 + silence), 4);
            CHECK_EQ(dtu_cmdmode_active(&module), silence == guard);
            CHECK_EQ(module.stats.entered, silence == guard ? 2 : 1);
            CHECK_EQ(out.data_len, silence == guard ? 0 : 4);
        }
    }
}

static void leaving_outside_of_command_mode_does_nothing(void)
{
    begin(0, 0);
    feed("+++", 1000);
    dtu_cmdmode_leave(&module, 1001);
    CHECK_EQ(feed("a", 1002), 1);
    CHECK(dtu_cmdmode_active(&module));
}

/* Work mode CMD: rule 8 of the same page. */
static void command_mode_can_begin_without_a_handshake(void)
{
    begin(0, 0);
    dtu_cmdmode_enter(&module);
    CHECK(dtu_cmdmode_active(&module));
    CHECK_EQ(feed("AT\r", 0), 0);
    CHECK_ANSWER("");
    CHECK_EQ(out.entered, 0);
    dtu_cmdmode_leave(&module, 10);
    CHECK_EQ(feed("x", 11), 1);
    CHECK_DATA("x");
}

static void entering_without_a_handshake_drops_one_that_is_under_way(void)
{
    begin(0, 0);
    out.no_answer = true;
    feed("+++", 1000);
    dtu_cmdmode_enter(&module);
    out.no_answer = false;
    dtu_cmdmode_poll(&module, 9000);
    CHECK_ANSWER("");
    CHECK_DATA("");
    CHECK(dtu_cmdmode_active(&module));
}

/* --- Rule 4: what breaks it becomes data, in order and once ------------------------------------
 */

static void rule_4_a_fourth_plus(void)
{
    for (size_t p = 0; p < PRODUCTS; p++) {
        begin(p, 0);
        CHECK_EQ(feed("++++", 1000), 4);
        CHECK_EQ(feed("a", 1000), 1);
        CHECK_DATA("++++a");
        CHECK_ANSWER("a");
        CHECK_EQ(module.stats.broken, 1);
        CHECK(!dtu_cmdmode_active(&module));
    }
}

static void rule_4_another_byte_instead_of_a(void)
{
    static const char *const others[] = {"x", "A", "\r", "b"};
    for (size_t p = 0; p < PRODUCTS; p++) {
        for (size_t i = 0; i < 4; i++) {
            begin(p, 0);
            feed("+++", 1000);
            CHECK_EQ(feed(others[i], 1010), 1);
            CHECK_EQ(feed("a", 1011), 1);
            CHECK_EQ(out.data_len, 5);
            CHECK_BYTES(out.data, 3, "+++", 3);
            CHECK_EQ(out.data[3], (uint8_t)others[i][0]);
            CHECK_EQ(out.data[4], 'a');
            CHECK(!dtu_cmdmode_active(&module));
            CHECK_EQ(module.stats.broken, 1);
        }
    }
}

static void rule_4_three_seconds_of_silence(void)
{
    for (size_t p = 0; p < PRODUCTS; p++) {
        begin(p, 0);
        feed("+++", 1000);
        dtu_cmdmode_poll(&module, 1000 + 2999);
        CHECK_DATA("");
        CHECK_EQ(dtu_cmdmode_next(&module, 1000 + 2999), 1);
        dtu_cmdmode_poll(&module, 1000 + 3000);
        CHECK_DATA("+++");
        CHECK_EQ(module.stats.broken, 1);
    }
}

static void rule_4_a_gap_too_long(void)
{
    for (size_t p = 0; p < PRODUCTS; p++) {
        uint32_t gap = products[p].gap_ms;
        begin(p, 0);
        feed("+", 1000);
        feed("+", 1001);
        dtu_cmdmode_poll(&module, 1001 + gap - 1);
        CHECK_DATA("");
        dtu_cmdmode_poll(&module, 1001 + gap);
        CHECK_DATA("++");
        CHECK_EQ(module.stats.broken, 1);
        CHECK_ANSWER("");
    }
}

static void rule_4_another_byte_among_the_pluses(void)
{
    for (size_t p = 0; p < PRODUCTS; p++) {
        begin(p, 0);
        CHECK_EQ(feed("+x", 1000), 2);
        CHECK_EQ(feed("y", 1000), 1);
        CHECK_DATA("+xy");
        begin(p, 0);
        CHECK_EQ(feed("++a", 1000), 3);
        CHECK_DATA("++a");
        CHECK_EQ(module.stats.broken, 1);
        CHECK_ANSWER("");
    }
}

static void what_breaks_a_handshake_may_begin_the_next(void)
{
    begin(1, 0); /* K7: a guard time after each plus fits into the gap */
    feed("+++", 1000);
    CHECK_EQ(feed("+", 1001), 1); /* breaks the first, and had its guard time */
    CHECK_DATA("+++");
    CHECK_EQ(feed("++a", 1002), 3);
    CHECK_DATA("+++");
    CHECK_ANSWER("aa+ok");
    CHECK(dtu_cmdmode_active(&module));
    begin(0, 0); /* 7S3: it had not */
    feed("+++", 1000);
    CHECK_EQ(feed("+", 1001), 1);
    CHECK_EQ(feed("++a", 1002), 3);
    CHECK_DATA("++++++a");
}

/* --- Time ----------------------------------------------------------------------------------- */

static void next_is_the_time_until_something_changes(void)
{
    begin(0, 0);
    feed("x", 1000);
    CHECK_EQ(dtu_cmdmode_next(&module, 1000), 200); /* the guard time is over */
    CHECK_EQ(dtu_cmdmode_next(&module, 1150), 50);
    dtu_cmdmode_poll(&module, 1200);
    CHECK_EQ(dtu_cmdmode_next(&module, 1200), DTU_NEVER);
    feed("+", 2000);
    CHECK_EQ(dtu_cmdmode_next(&module, 2000), 50); /* the gap is shorter than the guard */
    dtu_cmdmode_poll(&module, 2050);
    CHECK_EQ(dtu_cmdmode_next(&module, 2050), 150);
    dtu_cmdmode_poll(&module, 2200);
    feed("+++", 3000);
    CHECK_EQ(dtu_cmdmode_next(&module, 3000), 200);
    dtu_cmdmode_poll(&module, 3200);
    CHECK_EQ(dtu_cmdmode_next(&module, 3200), 2800);
    begin(1, 0);
    feed("+", 1000);
    CHECK_EQ(dtu_cmdmode_next(&module, 1000), 1); /* K7: the guard is shorter than the gap */
    dtu_cmdmode_poll(&module, 1001);
    CHECK_EQ(dtu_cmdmode_next(&module, 1001), 299);
}

static void the_clock_may_wrap_in_a_handshake(void)
{
    for (size_t p = 0; p < PRODUCTS; p++) {
        uint32_t gap = products[p].gap_ms;
        uint32_t guard = products[p].guard_ms;
        for (uint32_t before = 0; before < 8; before++) {
            uint32_t t = UINT32_MAX - before * (gap / 2) - guard / 2;
            begin(p, t - 10000);
            feed("x", t);
            t += guard;
            feed("+", t);
            feed("+", t + gap - 1);
            feed("+", t + 2 * (gap - 1));
            feed("a", t + 2 * (gap - 1) + CONFIRM_MS - 1);
            CHECK_DATA("x");
            CHECK_ANSWER("a+ok");
        }
    }
}

static void a_silence_of_more_than_49_days_is_a_silence(void)
{
    begin(0, 0);
    feed("x", 1000);
    dtu_cmdmode_poll(&module, 1200); /* as dtu_cmdmode_next() wished */
    CHECK_EQ(dtu_cmdmode_next(&module, 1200), DTU_NEVER);
    CHECK_EQ(feed("+++", 1001), 3); /* 2^32 ms and one after the x */
    CHECK_ANSWER("a");
}

/* --- No room ---------------------------------------------------------------------------------- */

static void data_without_room_is_left_to_the_caller(void)
{
    begin(0, 0);
    out.no_data = true;
    CHECK_EQ(feed("abc", 1000), 0);
    out.no_data = false;
    CHECK_EQ(feed("abc", 1001), 3);
    CHECK_DATA("abc");
}

static void held_bytes_without_room_come_first(void)
{
    begin(0, 0);
    out.no_data = true;
    CHECK_EQ(feed("++x", 1000), 2);
    CHECK(!dtu_cmdmode_ready(&module));
    CHECK_EQ(feed("x", 1001), 0);
    out.no_data = false;
    dtu_cmdmode_poll(&module, 1002);
    CHECK(dtu_cmdmode_ready(&module));
    CHECK_DATA("++");
    CHECK_EQ(feed("x", 1003), 1);
    CHECK_DATA("++x");
}

static void an_answer_without_room_holds_up_the_input(void)
{
    begin(0, 0);
    out.no_answer = true;
    CHECK_EQ(feed("+++a", 1000), 3);
    CHECK(!dtu_cmdmode_ready(&module));
    CHECK_EQ(feed("a", 1001), 0);
    out.no_answer = false;
    CHECK_EQ(feed("a", 1002), 1);
    CHECK_ANSWER("a+ok");
    CHECK_EQ(out.entered, 1);
}

static void command_mode_begins_when_all_of_the_answer_is_taken(void)
{
    begin(0, 0);
    feed("+++", 1000);
    out.no_answer = true;
    CHECK_EQ(feed("aAT", 1001), 1);
    CHECK(!dtu_cmdmode_active(&module));
    CHECK(!dtu_cmdmode_ready(&module));
    CHECK_EQ(out.entered, 0);
    out.no_answer = false;
    dtu_cmdmode_poll(&module, 1002);
    CHECK(dtu_cmdmode_active(&module));
    CHECK_EQ(out.entered, 1);
    CHECK_ANSWER("a+ok");
}

static void leaving_before_all_of_the_answer_is_out_makes_no_data_of_it(void)
{
    begin(0, 0);
    feed("+++", 1000);
    out.no_answer = true;
    CHECK_EQ(feed("a", 1001), 1);
    dtu_cmdmode_leave(&module, 1002);
    out.no_answer = false;
    CHECK(dtu_cmdmode_ready(&module));
    CHECK_EQ(feed("x", 1003), 1);
    dtu_cmdmode_poll(&module, 2000);
    CHECK_ANSWER("a");
    CHECK_DATA("x");
}

static void an_answer_taken_in_part_goes_on_where_it_was(void)
{
    begin(0, 0);
    feed("+++", 1000);
    out.refuse_chance = 1; /* each call takes less than it is offered */
    feed("a", 1001);
    for (int i = 0; i < 100 && !dtu_cmdmode_active(&module); i++) {
        dtu_cmdmode_poll(&module, 1002);
        if (i == 50)
            out.refuse_chance = 0;
    }
    CHECK_ANSWER("a+ok");
    CHECK_EQ(out.entered, 1);
}

/* Rule 1 again: bytes that had to wait for room came without a silence before them. */
static void waiting_for_room_is_no_silence(void)
{
    for (size_t p = 0; p < PRODUCTS; p++) {
        begin(p, 0);
        out.refuse_call = 2;
        CHECK_EQ(feed("xyz", 1000), 3);
        CHECK_EQ(feed("+++a", 1000), 0);
        CHECK_EQ(dtu_cmdmode_feed(&module, NULL, 0, 3000), 0); /* changes nothing */
        CHECK_EQ(dtu_cmdmode_next(&module, 4000), DTU_NEVER);
        CHECK_EQ(feed("+++a", 5000), 4);
        CHECK_DATA("xyz+++a");
        CHECK_ANSWER("");
    }
}

static void a_plus_that_waits_behind_a_broken_handshake_begins_none(void)
{
    begin(0, 0);
    out.no_data = true;
    CHECK_EQ(feed("++++++a", 1000), 3);
    out.no_data = false;
    dtu_cmdmode_poll(&module, 2000);
    CHECK_EQ(feed("+++a", 2000), 4);
    CHECK_DATA("++++++a");
    CHECK_ANSWER("a");
}

static void after_the_wait_the_guard_time_counts_again(void)
{
    begin(0, 0);
    out.no_data = true;
    CHECK_EQ(feed("x", 1000), 0);
    out.no_data = false;
    CHECK_EQ(feed("x", 5000), 1);
    CHECK_EQ(dtu_cmdmode_next(&module, 5000), 200);
    CHECK_EQ(feed("+++a", 5200), 4);
    CHECK(dtu_cmdmode_active(&module));
}

/* As if the handshake had not been tried. */
static void an_a_that_was_not_sent_in_time_is_not_sent_any_more(void)
{
    begin(0, 0);
    out.no_answer = true;
    feed("+++", 1000);
    dtu_cmdmode_poll(&module, 1000 + CONFIRM_MS);
    CHECK_DATA("+++");
    CHECK(dtu_cmdmode_ready(&module));
    CHECK_EQ(feed("x", 4001), 1); /* data flows, though nothing can be answered */
    out.no_answer = false;
    dtu_cmdmode_poll(&module, 4002);
    CHECK_ANSWER("");
    CHECK_DATA("+++x");
}

/* The user's 3 s begin with the module's `a`, not before it. */
static void the_time_to_confirm_begins_when_the_a_is_sent(void)
{
    for (uint32_t wait = CONFIRM_MS - 1; wait <= CONFIRM_MS; wait++) {
        begin(0, 0);
        out.no_answer = true;
        feed("+++", 1000);
        out.no_answer = false;
        dtu_cmdmode_poll(&module, 3900);
        CHECK_ANSWER("a");
        feed("a", 3900 + wait);
        CHECK_EQ(dtu_cmdmode_active(&module), wait < CONFIRM_MS);
    }
}

/* --- Any split, any refusal: against a naive handshake ------------------------------------------
 */

#define STREAM_MAX 60

static struct {
    uint8_t bytes[STREAM_MAX];
    uint32_t ms[STREAM_MAX]; /* when each came */
    size_t len;
    uint32_t end_ms;
} stream;

static struct {
    uint8_t data[OUT_MAX];
    size_t data_len;
    uint8_t answer[OUT_MAX];
    size_t answer_len;
    uint32_t entered;
    uint32_t broken;
} expected;

static uint32_t around(struct test_rand *rand, uint32_t limit)
{
    return limit - 1 + test_rand_below(rand, 3);
}

static void make_stream(struct test_rand *rand)
{
    static const char letters[] = "++++++++++aaaax";
    uint32_t now = test_rand_u32(rand) | UINT32_C(0xFFFFF000); /* it wraps soon */
    stream.len = any_len(rand, STREAM_MAX + 1);
    for (size_t i = 0; i < stream.len; i++) {
        uint32_t what = test_rand_below(rand, 12);
        if (what == 0)
            now += around(rand, config.guard_ms);
        if (what == 1)
            now += around(rand, config.gap_ms);
        if (what == 2)
            now += around(rand, config.confirm_ms);
        if (what == 3)
            now += 1;
        stream.ms[i] = now;
        stream.bytes[i] = (uint8_t)letters[test_rand_below(rand, sizeof letters - 1)];
        if (i > 2 && memcmp(stream.bytes + i - 3, "+++", 3) == 0 && test_rand_below(rand, 2) == 0)
            stream.bytes[i] = 'a';
    }
    stream.end_ms = now + config.guard_ms + config.gap_ms + config.confirm_ms;
}

static void expect_data(size_t from, size_t to)
{
    memcpy(expected.data + expected.data_len, stream.bytes + from, to - from);
    expected.data_len += to - from;
}

static void expect_answer(const char *text)
{
    memcpy(expected.answer + expected.answer_len, text, strlen(text));
    expected.answer_len += strlen(text);
}

/* Whether byte `i` is `byte` and came less than `limit` after the one before. */
static bool follows(size_t i, char byte, uint32_t limit)
{
    return i < stream.len && stream.bytes[i] == (uint8_t)byte &&
           stream.ms[i] - stream.ms[i - 1] < limit;
}

/* A handshake may begin at `i`. Returns where it ends; what is not consumed by it is data. */
static size_t naive_handshake(size_t i)
{
    size_t j = i + 1;
    while (j < i + 3 && follows(j, '+', config.gap_ms))
        j++;
    if (j == i + 3) {
        expect_answer("a");
        if (follows(j, 'a', config.confirm_ms)) {
            expect_answer("+ok");
            expected.entered++;
            return j + 1;
        }
    }
    expected.broken++;
    expect_data(i, j);
    return j;
}

/* Command mode is left as soon as it is entered, so that the stream goes on. */
static void run_naive(void)
{
    size_t i = 0;
    memset(&expected, 0, sizeof expected);
    while (i < stream.len) {
        bool quiet = i == 0 || stream.ms[i] - stream.ms[i - 1] >= config.guard_ms;
        if (quiet && stream.bytes[i] == '+') {
            i = naive_handshake(i);
        } else {
            expect_data(i, i + 1);
            i++;
        }
    }
}

enum split { WHOLE, BYTES, RANDOM };

static size_t next_piece(enum split split, size_t i, struct test_rand *rand)
{
    size_t same = 1;
    while (i + same < stream.len && stream.ms[i + same] == stream.ms[i])
        same++;
    if (split == WHOLE)
        return same;
    return split == BYTES ? 1 : 1 + any_len(rand, same);
}

static void settle_until_done(uint32_t now)
{
    for (int i = 0; i < 200; i++)
        dtu_cmdmode_poll(&module, now);
}

static void run_module(enum split split, struct test_rand *rand)
{
    size_t i = 0;
    CHECK_EQ(dtu_cmdmode_init(&module, &config, &callbacks, &out, stream.ms[0]), DTU_OK);
    while (i < stream.len) {
        size_t piece = next_piece(split, i, rand);
        uint32_t now = stream.ms[i];
        size_t taken = dtu_cmdmode_feed(&module, stream.bytes + i, piece, now);
        CHECK(taken <= piece);
        i += taken;
        dtu_cmdmode_poll(&module, now); /* there is room again after one refusal */
        if (dtu_cmdmode_active(&module))
            dtu_cmdmode_leave(&module, stream.ms[i - 1]);
        if (split == RANDOM && i < stream.len && i > 0) /* more polls change nothing */
            dtu_cmdmode_poll(&module,
                             stream.ms[i - 1] +
                                 test_rand_below(rand, stream.ms[i] - stream.ms[i - 1] + 1));
    }
    if (stream.len > 0)
        settle_until_done(stream.ms[stream.len - 1]);
    if (dtu_cmdmode_active(&module))
        dtu_cmdmode_leave(&module, stream.ms[stream.len - 1]);
    settle_until_done(stream.end_ms);
}

static void compare_run(enum split split, unsigned refuse_call, struct test_rand *rand)
{
    clear_out();
    out.refuse_call = refuse_call;
    run_module(split, rand);
    CHECK_BYTES(out.data, out.data_len, expected.data, expected.data_len);
    CHECK_BYTES(out.answer, out.answer_len, expected.answer, expected.answer_len);
    CHECK_EQ(out.entered, expected.entered);
    CHECK_EQ(module.stats.entered, expected.entered);
    CHECK_EQ(module.stats.broken, expected.broken);
}

static void random_config(struct test_rand *rand)
{
    config = products[test_rand_below(rand, PRODUCTS)];
    if (test_rand_below(rand, 2) == 0)
        return;
    config.guard_ms = 1 + test_rand_below(rand, 20);
    config.gap_ms = 1 + test_rand_below(rand, 20);
    config.confirm_ms = 1 + test_rand_below(rand, 20);
}

static void any_split_gives_what_the_naive_handshake_gives(void)
{
    struct test_rand rand;
    uint32_t entered = 0;
    test_rand_seed(&rand, 22);
    for (int i = 0; i < 600; i++) {
        random_config(&rand);
        make_stream(&rand);
        run_naive();
        compare_run(WHOLE, 0, &rand);
        compare_run(BYTES, 0, &rand);
        compare_run(RANDOM, 0, &rand);
        entered += expected.entered;
    }
    CHECK(entered > 100); /* so the streams are not dull */
}

static void a_refusal_at_any_call_loses_nothing(void)
{
    struct test_rand rand;
    test_rand_seed(&rand, 23);
    for (int i = 0; i < 25; i++) {
        random_config(&rand);
        make_stream(&rand);
        run_naive();
        compare_run(BYTES, 0, &rand);
        for (unsigned n = 1, calls = out.calls; n <= calls; n++) {
            compare_run(WHOLE, n, &rand);
            compare_run(BYTES, n, &rand);
        }
    }
}

/* At the same moment until there is room: then time plays no part in it. */
static void run_refusing_at_once(enum split split, unsigned chance, struct test_rand *rand)
{
    size_t i = 0;
    clear_out();
    out.refuse_chance = chance;
    CHECK_EQ(dtu_cmdmode_init(&module, &config, &callbacks, &out, stream.ms[0]), DTU_OK);
    while (i < stream.len) {
        uint32_t now = stream.ms[i];
        i += dtu_cmdmode_feed(&module, stream.bytes + i, next_piece(split, i, rand), now);
        for (int tries = 0; tries < 100 && !dtu_cmdmode_ready(&module); tries++) {
            dtu_cmdmode_poll(&module, now);
            if (dtu_cmdmode_active(&module))
                dtu_cmdmode_leave(&module, now);
        }
    }
    settle_until_done(stream.end_ms);
}

static void refusals_change_neither_data_nor_answers(void)
{
    struct test_rand rand;
    test_rand_seed(&rand, 24);
    for (int i = 0; i < 300; i++) {
        random_config(&rand);
        make_stream(&rand);
        run_naive();
        for (int split = WHOLE; split <= RANDOM; split++) {
            run_refusing_at_once((enum split)split, 2, &rand);
            CHECK_BYTES(out.data, out.data_len, expected.data, expected.data_len);
            CHECK_BYTES(out.answer, out.answer_len, expected.answer, expected.answer_len);
            CHECK_EQ(out.entered, expected.entered);
        }
    }
}

/* --- The host's side ------------------------------------------------------------------------- */

static const struct dtu_cmdmode_host_config host_defaults = {60, 1000, 3};

static struct {
    uint8_t sent[OUT_MAX];
    size_t sent_len;
    uint8_t data[OUT_MAX];
    size_t data_len;
    int done; /* how often */
    enum dtu_status status;
    size_t room; /* how many bytes send() takes in all; SIZE_MAX: any */
} user;

static struct dtu_cmdmode_host_config host_config;
static struct dtu_cmdmode_host host;

static size_t host_send(void *ctx, const uint8_t *data, size_t len)
{
    CHECK(ctx == &user);
    CHECK(len > 0);
    if (len > user.room)
        len = user.room;
    user.room -= len;
    memcpy(user.sent + user.sent_len, data, len);
    user.sent_len += len;
    return len;
}

static void host_data(void *ctx, const uint8_t *data, size_t len)
{
    CHECK(ctx == &user);
    CHECK(len > 0 && user.data_len + len <= OUT_MAX);
    memcpy(user.data + user.data_len, data, len);
    user.data_len += len;
}

static void host_done(void *ctx, enum dtu_status status)
{
    CHECK(ctx == &user);
    user.done++;
    user.status = status;
}

static const struct dtu_cmdmode_host_callbacks host_callbacks = {host_send, host_data, host_done};

static void host_begin(void)
{
    memset(&user, 0, sizeof user);
    user.room = OUT_MAX;
    host_config = host_defaults;
    CHECK_EQ(dtu_cmdmode_host_init(&host, &host_config, &host_callbacks, &user), DTU_OK);
}

static size_t host_feed(const char *text, uint32_t now)
{
    return dtu_cmdmode_host_feed(&host, (const uint8_t *)text, strlen(text), now);
}

#define CHECK_SENT(text) CHECK_BYTES(user.sent, user.sent_len, text, sizeof(text) - 1)
#define CHECK_HOST_DATA(text) CHECK_BYTES(user.data, user.data_len, text, sizeof(text) - 1)

static enum dtu_status try_host_init(uint32_t guard_ms, uint32_t reply_ms, uint8_t tries)
{
    host_config = (struct dtu_cmdmode_host_config){guard_ms, reply_ms, tries};
    return dtu_cmdmode_host_init(&host, &host_config, &host_callbacks, &user);
}

static void host_init_refuses_what_cannot_work(void)
{
    static const struct dtu_cmdmode_host_callbacks no_send = {NULL, host_data, host_done};
    static const struct dtu_cmdmode_host_callbacks no_done = {host_send, host_data, NULL};
    static const struct dtu_cmdmode_host_callbacks no_data = {host_send, NULL, host_done};
    const uint32_t half = UINT32_C(1) << 31;
    CHECK_EQ(try_host_init(1, 1, 0), DTU_ERR_CONFIG);
    CHECK_EQ(try_host_init(half, 1, 1), DTU_ERR_CONFIG);
    CHECK_EQ(try_host_init(1, half, 1), DTU_ERR_CONFIG);
    CHECK_EQ(try_host_init(1, 0, 1), DTU_ERR_CONFIG);
    CHECK_EQ(try_host_init(half - 1, half - 1, 255), DTU_OK);
    CHECK_EQ(try_host_init(0, 1, 1), DTU_OK);
    CHECK_EQ(dtu_cmdmode_host_init(&host, &host_config, &no_send, NULL), DTU_ERR_CONFIG);
    CHECK_EQ(dtu_cmdmode_host_init(&host, &host_config, &no_done, NULL), DTU_ERR_CONFIG);
    CHECK_EQ(dtu_cmdmode_host_init(&host, &host_config, &no_data, NULL), DTU_OK);
}

/* What is left of one try is no part of the silence in front of the next. */
static void what_could_not_be_sent_in_time_is_not_sent_later(void)
{
    host_begin();
    user.room = 1;
    CHECK_EQ(dtu_cmdmode_host_start(&host, 0), DTU_OK);
    dtu_cmdmode_host_poll(&host, 60);
    dtu_cmdmode_host_poll(&host, 1060); /* the reply time is over */
    user.room = OUT_MAX;
    dtu_cmdmode_host_poll(&host, 1119);
    CHECK_BYTES(user.sent, user.sent_len, "+", 1);
    dtu_cmdmode_host_poll(&host, 1120);
    CHECK_BYTES(user.sent, user.sent_len, "++++", 4);
}

static void an_idle_host_takes_nothing_and_waits_for_nothing(void)
{
    host_begin();
    CHECK_EQ(dtu_cmdmode_host_next(&host, 0), DTU_NEVER);
    CHECK_EQ(host_feed("a+ok", 0), 0);
    dtu_cmdmode_host_poll(&host, 100000);
    CHECK_SENT("");
    CHECK_EQ(user.done, 0);
}

static void a_host_that_is_under_way_cannot_be_started(void)
{
    host_begin();
    CHECK_EQ(dtu_cmdmode_host_start(&host, 0), DTU_OK);
    CHECK_EQ(dtu_cmdmode_host_start(&host, 0), DTU_ERR_STATE);
    dtu_cmdmode_host_poll(&host, 60);
    CHECK_EQ(dtu_cmdmode_host_start(&host, 60), DTU_ERR_STATE);
    host_feed("a", 61);
    CHECK_EQ(dtu_cmdmode_host_start(&host, 61), DTU_ERR_STATE);
    host_feed("+ok", 62);
    CHECK_EQ(dtu_cmdmode_host_start(&host, 62), DTU_OK); /* done: may begin anew */
}

static void check_host_handshake(uint32_t start)
{
    host_begin();
    CHECK_EQ(dtu_cmdmode_host_start(&host, start), DTU_OK);
    CHECK_EQ(dtu_cmdmode_host_next(&host, start), 60);
    dtu_cmdmode_host_poll(&host, start + 59);
    CHECK_SENT("");
    CHECK_EQ(dtu_cmdmode_host_next(&host, start + 59), 1);
    dtu_cmdmode_host_poll(&host, start + 60);
    CHECK_SENT("+++");
    CHECK_EQ(dtu_cmdmode_host_next(&host, start + 60), 1000);
    CHECK_EQ(host_feed("a", start + 1059), 1);
    CHECK_SENT("+++a");
    CHECK_EQ(dtu_cmdmode_host_next(&host, start + 1059), 1000);
    CHECK_EQ(host_feed("+", start + 2058), 1);
    CHECK_EQ(host_feed("okrest", start + 2058), 2); /* the rest is the caller's */
    CHECK_EQ(user.done, 1);
    CHECK_EQ(user.status, DTU_OK);
    CHECK_HOST_DATA("");
    CHECK_EQ(dtu_cmdmode_host_next(&host, start + 2058), DTU_NEVER);
}

static void the_host_keeps_silent_asks_and_confirms(void)
{
    check_host_handshake(1000);
}

static void the_hosts_clock_may_wrap(void)
{
    for (uint32_t before = 0; before < 3000; before += 7)
        check_host_handshake(UINT32_MAX - before);
}

static void each_answer_must_come_in_less_than_the_reply_time(void)
{
    host_begin();
    host_config.tries = 1;
    dtu_cmdmode_host_start(&host, 0);
    dtu_cmdmode_host_poll(&host, 60);
    dtu_cmdmode_host_poll(&host, 1059);
    CHECK_EQ(user.done, 0);
    dtu_cmdmode_host_poll(&host, 1060);
    CHECK_EQ(user.done, 1);
    CHECK_EQ(user.status, DTU_ERR_TIMEOUT);
    host_begin();
    host_config.tries = 1;
    dtu_cmdmode_host_start(&host, 0);
    dtu_cmdmode_host_poll(&host, 60);
    host_feed("a", 100);
    host_feed("+o", 200);
    dtu_cmdmode_host_poll(&host, 1099);
    CHECK_EQ(user.done, 0);
    dtu_cmdmode_host_poll(&host, 1100); /* counted from the host's a */
    CHECK_EQ(user.status, DTU_ERR_TIMEOUT);
    CHECK_HOST_DATA("+o"); /* that was no answer then */
}

static void the_host_tries_as_often_as_it_is_told(void)
{
    for (uint8_t tries = 1; tries < 5; tries++) {
        uint32_t now = 0;
        host_begin();
        host_config.tries = tries;
        dtu_cmdmode_host_start(&host, now);
        for (int i = 0; i < 100 && user.done == 0; i++) {
            now += dtu_cmdmode_host_next(&host, now);
            dtu_cmdmode_host_poll(&host, now);
        }
        CHECK_EQ(user.done, 1);
        CHECK_EQ(user.status, DTU_ERR_TIMEOUT);
        CHECK_EQ(user.sent_len, 3 * (size_t)tries);
        CHECK_EQ(now, tries * UINT32_C(1060)); /* silence and waiting, each time */
    }
}

static void a_second_try_may_succeed(void)
{
    host_begin();
    dtu_cmdmode_host_start(&host, 0);
    dtu_cmdmode_host_poll(&host, 60);
    dtu_cmdmode_host_poll(&host, 1060);
    CHECK_EQ(host_feed("x", 1100), 1); /* in the silence */
    dtu_cmdmode_host_poll(&host, 1120);
    host_feed("a", 1130);
    host_feed("+ok", 1140);
    CHECK_SENT("++++++a");
    CHECK_HOST_DATA("x");
    CHECK_EQ(user.status, DTU_OK);
}

static void what_is_no_answer_is_data_in_order(void)
{
    host_begin();
    dtu_cmdmode_host_start(&host, 0);
    CHECK_EQ(host_feed("1a+ok", 10), 5); /* nothing has been asked yet */
    dtu_cmdmode_host_poll(&host, 60);
    CHECK_EQ(host_feed("2+ok", 70), 4);
    CHECK_EQ(host_feed("a", 80), 1);
    CHECK_EQ(host_feed("3++o+oo++ok!", 90), 11);
    CHECK_HOST_DATA("1a+ok2+ok3++o+oo+");
    CHECK_EQ(user.status, DTU_OK);
    CHECK_EQ(user.done, 1);
}

static void the_hosts_data_callback_may_be_missing(void)
{
    static const struct dtu_cmdmode_host_callbacks no_data = {host_send, NULL, host_done};
    host_begin();
    CHECK_EQ(dtu_cmdmode_host_init(&host, &host_config, &no_data, &user), DTU_OK);
    dtu_cmdmode_host_start(&host, 0);
    dtu_cmdmode_host_poll(&host, 60);
    CHECK_EQ(host_feed("xyzax+xok+ok", 70), 12);
    CHECK_EQ(user.status, DTU_OK);
}

static void what_the_line_did_not_take_is_sent_later(void)
{
    host_begin();
    user.room = 1;
    dtu_cmdmode_host_start(&host, 0);
    dtu_cmdmode_host_poll(&host, 60);
    CHECK_SENT("+");
    CHECK_EQ(host_feed("a", 61), 1); /* the question is not out: no answer */
    user.room = 1;
    dtu_cmdmode_host_poll(&host, 62);
    CHECK_SENT("++");
    user.room = 1;
    dtu_cmdmode_host_poll(&host, 63);
    CHECK_SENT("+++");
    CHECK_EQ(dtu_cmdmode_host_next(&host, 63), 1000);
    CHECK_EQ(host_feed("a", 64), 1);
    CHECK_SENT("+++"); /* no room */
    user.room = 1;
    dtu_cmdmode_host_poll(&host, 65);
    CHECK_SENT("+++a");
    CHECK_HOST_DATA("a");
    host_feed("+ok", 66);
    CHECK_EQ(user.status, DTU_OK);
}

static void ok_before_the_a_is_out_is_no_answer(void)
{
    host_begin();
    dtu_cmdmode_host_start(&host, 0);
    dtu_cmdmode_host_poll(&host, 60);
    user.room = 0;
    host_feed("a", 70);
    CHECK_EQ(host_feed("+ok", 71), 3);
    CHECK_EQ(user.done, 0);
    CHECK_HOST_DATA("+ok");
    user.room = 1;
    dtu_cmdmode_host_poll(&host, 72);
    CHECK_SENT("+++a");
    host_feed("+ok", 73);
    CHECK_EQ(user.done, 1);
}

static void a_line_that_takes_nothing_ends_in_a_time_out_however_often_it_is_polled(void)
{
    for (uint32_t step = 1; step <= 1000; step *= 10) {
        uint32_t now = 0;
        host_begin();
        host_config.tries = 1;
        user.room = 0;
        dtu_cmdmode_host_start(&host, 0);
        dtu_cmdmode_host_poll(&host, 60);
        for (now = 60; now <= 60 + 1000 && user.done == 0; now += step)
            dtu_cmdmode_host_poll(&host, now);
        CHECK_EQ(user.done, 1);
        CHECK_EQ(user.status, DTU_ERR_TIMEOUT);
    }
}

static void any_split_gives_the_host_the_same(void)
{
    static const char letters[] = "+ok+oka";
    struct test_rand rand;
    test_rand_seed(&rand, 25);
    for (int i = 0; i < 300; i++) {
        char text[40];
        uint8_t data[sizeof text];
        size_t data_len = 0;
        size_t taken = 0;
        int done = 0;
        for (size_t j = 0; j < sizeof text; j++)
            text[j] = letters[test_rand_below(&rand, sizeof letters - 1)];
        for (int split = 0; split < 2; split++) {
            size_t at = 0;
            size_t n = 1;
            host_begin();
            dtu_cmdmode_host_start(&host, 0);
            dtu_cmdmode_host_poll(&host, 60);
            while (at < sizeof text && n > 0) {
                size_t piece = split == 0 ? sizeof text : 1 + any_len(&rand, sizeof text - at);
                n = dtu_cmdmode_host_feed(&host, (const uint8_t *)text + at, piece, 70);
                at += n;
            }
            if (split == 0) {
                memcpy(data, user.data, user.data_len);
                data_len = user.data_len;
                taken = at;
                done = user.done;
                continue;
            }
            CHECK_BYTES(user.data, user.data_len, data, data_len);
            CHECK_EQ(at, taken);
            CHECK_EQ(user.done, done);
            /* Nothing is lost: what was taken is data, the answers, and a start of +ok. */
            CHECK(user.data_len + (user.sent_len - 3) + 3 >= at);
        }
    }
}

/* --- Module and host on a line -------------------------------------------------------------- */

#define PIPE_MAX 64

/* Bytes on their way, each with the time when it arrives. */
struct pipe {
    uint8_t bytes[PIPE_MAX];
    uint32_t due[PIPE_MAX];
    size_t head;
    size_t tail;
    size_t lose; /* this byte is lost, counted from 1; 0: none */
};

static struct {
    struct pipe to_module;
    struct pipe to_host;
    uint32_t now;
    uint32_t delay;   /* of the line, both ways */
    uint32_t byte_ms; /* from byte to byte */
    uint8_t commands[OUT_MAX];
    size_t commands_len;
} line;

static void pipe_put(struct pipe *p, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint32_t due = line.now + line.delay;
        if (p->tail > 0 && (int32_t)(p->due[p->tail - 1] + line.byte_ms - due) > 0)
            due = p->due[p->tail - 1] + line.byte_ms;
        CHECK(p->tail < PIPE_MAX);
        if (p->tail == PIPE_MAX)
            return;
        p->due[p->tail] = due;
        p->bytes[p->tail++] = data[i];
    }
}

/* The next byte that has arrived; a lost one is passed over. */
static bool pipe_get(struct pipe *p, uint8_t *byte)
{
    while (p->head < p->tail && (int32_t)(line.now - p->due[p->head]) >= 0) {
        *byte = p->bytes[p->head++];
        if (p->head != p->lose)
            return true;
    }
    return false;
}

static size_t line_answer(void *ctx, const uint8_t *data, size_t len)
{
    pipe_put(&line.to_host, data, len);
    return take_answer(ctx, data, len);
}

static size_t line_send(void *ctx, const uint8_t *data, size_t len)
{
    pipe_put(&line.to_module, data, len);
    return host_send(ctx, data, len);
}

static const struct dtu_cmdmode_callbacks line_module = {take_data, line_answer, on_entered};
static const struct dtu_cmdmode_host_callbacks line_host = {line_send, host_data, host_done};

static void line_begin(size_t product, uint32_t delay, uint32_t byte_ms, uint32_t now)
{
    memset(&line, 0, sizeof line);
    line.now = now;
    line.delay = delay;
    line.byte_ms = byte_ms;
    begin(product, now);
    host_begin();
    host_config.guard_ms = config.guard_ms + 4 * byte_ms + 1;
    host_config.reply_ms = config.gap_ms + 2 * delay + 8 * byte_ms;
    CHECK_EQ(dtu_cmdmode_init(&module, &config, &line_module, &out, now), DTU_OK);
    CHECK_EQ(dtu_cmdmode_host_init(&host, &host_config, &line_host, &user), DTU_OK);
}

static void line_step(void)
{
    uint8_t byte;
    line.now++;
    while (pipe_get(&line.to_module, &byte))
        if (dtu_cmdmode_feed(&module, &byte, 1, line.now) == 0)
            line.commands[line.commands_len++] = byte;
    while (pipe_get(&line.to_host, &byte))
        CHECK_EQ(dtu_cmdmode_host_feed(&host, &byte, 1, line.now), 1);
    dtu_cmdmode_poll(&module, line.now);
    dtu_cmdmode_host_poll(&host, line.now);
}

static void run_line(void)
{
    pipe_put(&line.to_module, (const uint8_t *)"xyz", 3); /* data before it */
    pipe_put(&line.to_host, (const uint8_t *)"net", 3);
    CHECK_EQ(dtu_cmdmode_host_start(&host, line.now), DTU_OK);
    for (int i = 0; i < 20000 && user.done == 0; i++)
        line_step();
    CHECK_EQ(user.done, 1);
}

static void module_and_host_agree_over_a_slow_line(void)
{
    static const uint32_t delays[] = {0, 1, 20, 400};
    static const uint32_t byte_times[] = {0, 1, 10};
    for (size_t i = 0; i < PRODUCTS * 4 * 3; i++) {
        line_begin(i % PRODUCTS, delays[i / PRODUCTS % 4], byte_times[i / PRODUCTS / 4],
                   UINT32_MAX - 500);
        run_line();
        CHECK_EQ(user.status, DTU_OK);
        CHECK(dtu_cmdmode_active(&module));
        CHECK_SENT("+++a"); /* at the first try */
        CHECK_HOST_DATA("net");
        CHECK_DATA("xyz");
        pipe_put(&line.to_module, (const uint8_t *)"AT\r", 3);
        for (int step = 0; step < 500; step++)
            line_step();
        CHECK_BYTES(line.commands, line.commands_len, "AT\r", 3);
    }
}

/* What the first try left in the data: the pluses that the module got, unless it succeeded. */
static void check_lost_data(size_t lost)
{
    static const char *const left[] = {"xyz++", "xyz++", "xyz++", "xyz+++", "xyz+++", "xyz"};
    const char *text = left[lost < 5 ? lost : 5];
    CHECK_BYTES(out.data, out.data_len, text, strlen(text));
}

static void a_byte_lost_on_the_line_costs_one_try(void)
{
    for (size_t p = 0; p < PRODUCTS; p++) {
        for (size_t lost = 0; lost < 8; lost++) {
            line_begin(p, 5, 1, 0);
            if (lost < 4) /* one of +++a, behind xy+ */
                line.to_module.lose = 4 + lost;
            else /* one of a+ok, behind net */
                line.to_host.lose = lost;
            run_line();
            CHECK(dtu_cmdmode_active(&module));
            CHECK_EQ(user.status, lost > 4 ? DTU_ERR_TIMEOUT : DTU_OK);
            if (lost > 4) /* of +ok: the module hears the next tries as commands */
                CHECK_BYTES(line.commands, line.commands_len, "++++++", 6);
            CHECK_EQ(user.sent_len, lost > 4 ? 10 : lost == 3 ? 8 : 7);
            check_lost_data(lost);
        }
    }
}

static void without_a_module_the_host_ends_with_a_time_out(void)
{
    line_begin(0, 5, 1, 0);
    CHECK_EQ(dtu_cmdmode_host_start(&host, line.now), DTU_OK);
    for (int i = 0; i < 20000 && user.done == 0; i++) {
        line.now++;
        dtu_cmdmode_host_poll(&host, line.now);
    }
    CHECK_EQ(user.status, DTU_ERR_TIMEOUT);
    CHECK_SENT("+++++++++");
}

static const struct check_test tests[] = {
    CHECK_TEST(init_refuses_what_cannot_work),
    CHECK_TEST(a_new_module_is_in_data_mode_after_a_long_silence),
    CHECK_TEST(entered_may_be_missing),
    CHECK_TEST(rule_1_the_first_plus_needs_the_guard_time_before_it),
    CHECK_TEST(rule_1_each_plus_must_follow_in_less_than_the_gap),
    CHECK_TEST(rule_1_data_before_and_around_is_no_handshake),
    CHECK_TEST(rule_2_the_module_confirms_and_the_user_confirms_within_3_s),
    CHECK_TEST(rule_2_what_follows_the_a_is_commands),
    CHECK_TEST(rule_3_after_leaving_bytes_are_data_and_the_guard_time_counts_anew),
    CHECK_TEST(leaving_outside_of_command_mode_does_nothing),
    CHECK_TEST(command_mode_can_begin_without_a_handshake),
    CHECK_TEST(entering_without_a_handshake_drops_one_that_is_under_way),
    CHECK_TEST(rule_4_a_fourth_plus),
    CHECK_TEST(rule_4_another_byte_instead_of_a),
    CHECK_TEST(rule_4_three_seconds_of_silence),
    CHECK_TEST(rule_4_a_gap_too_long),
    CHECK_TEST(rule_4_another_byte_among_the_pluses),
    CHECK_TEST(what_breaks_a_handshake_may_begin_the_next),
    CHECK_TEST(next_is_the_time_until_something_changes),
    CHECK_TEST(the_clock_may_wrap_in_a_handshake),
    CHECK_TEST(a_silence_of_more_than_49_days_is_a_silence),
    CHECK_TEST(data_without_room_is_left_to_the_caller),
    CHECK_TEST(held_bytes_without_room_come_first),
    CHECK_TEST(an_answer_without_room_holds_up_the_input),
    CHECK_TEST(command_mode_begins_when_all_of_the_answer_is_taken),
    CHECK_TEST(leaving_before_all_of_the_answer_is_out_makes_no_data_of_it),
    CHECK_TEST(an_answer_taken_in_part_goes_on_where_it_was),
    CHECK_TEST(waiting_for_room_is_no_silence),
    CHECK_TEST(a_plus_that_waits_behind_a_broken_handshake_begins_none),
    CHECK_TEST(after_the_wait_the_guard_time_counts_again),
    CHECK_TEST(an_a_that_was_not_sent_in_time_is_not_sent_any_more),
    CHECK_TEST(the_time_to_confirm_begins_when_the_a_is_sent),
    CHECK_TEST(any_split_gives_what_the_naive_handshake_gives),
    CHECK_TEST(a_refusal_at_any_call_loses_nothing),
    CHECK_TEST(refusals_change_neither_data_nor_answers),
    CHECK_TEST(host_init_refuses_what_cannot_work),
    CHECK_TEST(an_idle_host_takes_nothing_and_waits_for_nothing),
    CHECK_TEST(a_host_that_is_under_way_cannot_be_started),
    CHECK_TEST(the_host_keeps_silent_asks_and_confirms),
    CHECK_TEST(the_hosts_clock_may_wrap),
    CHECK_TEST(each_answer_must_come_in_less_than_the_reply_time),
    CHECK_TEST(the_host_tries_as_often_as_it_is_told),
    CHECK_TEST(what_could_not_be_sent_in_time_is_not_sent_later),
    CHECK_TEST(a_second_try_may_succeed),
    CHECK_TEST(what_is_no_answer_is_data_in_order),
    CHECK_TEST(the_hosts_data_callback_may_be_missing),
    CHECK_TEST(what_the_line_did_not_take_is_sent_later),
    CHECK_TEST(ok_before_the_a_is_out_is_no_answer),
    CHECK_TEST(a_line_that_takes_nothing_ends_in_a_time_out_however_often_it_is_polled),
    CHECK_TEST(any_split_gives_the_host_the_same),
    CHECK_TEST(module_and_host_agree_over_a_slow_line),
    CHECK_TEST(a_byte_lost_on_the_line_costs_one_try),
    CHECK_TEST(without_a_module_the_host_ends_with_a_time_out),
};
CHECK_MAIN(tests)
