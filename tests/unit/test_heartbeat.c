/* SPDX-License-Identifier: MIT */
/* When a heartbeat is sent. The times are the manuals' own: 30 s by default, 1 to 65535 s (004
 * section 4.69), at least 5 s for LBS (there too); three failed sends (002 section 3.4); silence
 * for a whole interval to the network, each interval to the UART (000 section 6.2). */
#include "dtu/heartbeat.h"

#include "check.h"
#include "rand.h"

#define INTERVAL_MS UINT32_C(30000)
#define DAY_MS UINT32_C(86400000)

/* --- The owner ------------------------------------------------------------------------------ */

/* What the owner does inside of send() and reconnect(). */
enum inside { NOTHING_ELSE, SAYS_SENT, STOPS };

static struct {
    uint32_t now;
    enum dtu_heartbeat_outcome outcome; /* of the next send() */
    enum inside inside_send;
    bool restarts;  /* reconnect() stops and starts it */
    unsigned sends; /* calls of send() since they were looked at */
    unsigned asks;  /* calls of reconnect() */
} owner;

static struct dtu_heartbeat_config config;
static struct dtu_heartbeat heart;

static enum dtu_heartbeat_outcome on_send(void *ctx)
{
    CHECK(ctx == &owner);
    owner.sends++;
    if (owner.inside_send == SAYS_SENT)
        dtu_heartbeat_sent(&heart, owner.now);
    if (owner.inside_send == STOPS)
        dtu_heartbeat_stop(&heart);
    return owner.outcome;
}

static void on_reconnect(void *ctx)
{
    CHECK(ctx == &owner);
    owner.asks++;
    if (owner.restarts) {
        dtu_heartbeat_stop(&heart);
        dtu_heartbeat_start(&heart, owner.now);
    }
}

static const struct dtu_heartbeat_callbacks callbacks = {on_send, on_reconnect};

/* A heartbeat that was started at a moment. */
static void begin(enum dtu_heartbeat_to to, uint32_t interval_ms, uint32_t now)
{
    memset(&owner, 0, sizeof owner);
    owner.now = now;
    config = (struct dtu_heartbeat_config){.to = to, .interval_ms = interval_ms};
    CHECK_EQ(dtu_heartbeat_init(&heart, &config, &callbacks, &owner), DTU_OK);
    CHECK_EQ(dtu_heartbeat_next(&heart, now), DTU_NEVER);
    dtu_heartbeat_start(&heart, now);
}

static void begin_network(void)
{
    begin(DTU_HEARTBEAT_TO_NETWORK, INTERVAL_MS, 1000);
}

static void poll_after(uint32_t ms)
{
    owner.now += ms;
    dtu_heartbeat_poll(&heart, owner.now);
}

static unsigned taken_sends(void)
{
    unsigned sends = owner.sends;
    owner.sends = 0;
    return sends;
}

#define CHECK_SENDS(count) CHECK_EQ(taken_sends(), count)

static void check_stats(uint32_t sent, uint32_t failed, uint32_t skipped, uint32_t reconnects,
                        int line)
{
    check_eq(heart.stats.sent, sent, line, "sent");
    check_eq(heart.stats.failed, failed, line, "failed");
    check_eq(heart.stats.skipped, skipped, line, "skipped");
    check_eq(heart.stats.reconnects, reconnects, line, "reconnects");
}

#define CHECK_STATS(...) check_stats(__VA_ARGS__, __LINE__)

static const enum dtu_heartbeat_to both[] = {DTU_HEARTBEAT_TO_NETWORK, DTU_HEARTBEAT_TO_UART};

/* --- Set-up --------------------------------------------------------------------------------- */

static enum dtu_status try_init(uint32_t interval_ms, uint32_t least_ms)
{
    config = (struct dtu_heartbeat_config){.interval_ms = interval_ms, .least_ms = least_ms};
    return dtu_heartbeat_init(&heart, &config, &callbacks, &owner);
}

static void init_refuses_what_cannot_work(void)
{
    static const struct dtu_heartbeat_callbacks no_send = {NULL, on_reconnect};
    static const struct dtu_heartbeat_callbacks no_reconnect = {on_send, NULL};
    const uint32_t half = UINT32_C(1) << 31;
    CHECK_EQ(try_init(0, 0), DTU_ERR_CONFIG);
    CHECK_EQ(try_init(0, 5000), DTU_ERR_CONFIG);
    CHECK_EQ(try_init(half, 0), DTU_ERR_CONFIG);
    CHECK_EQ(try_init(1, half), DTU_ERR_CONFIG);
    CHECK_EQ(try_init(1, 0), DTU_OK);
    CHECK_EQ(try_init(half - 1, half - 1), DTU_OK);
    CHECK_EQ(dtu_heartbeat_init(&heart, &config, &no_send, NULL), DTU_ERR_CONFIG);
    CHECK_EQ(dtu_heartbeat_init(&heart, &config, &no_reconnect, NULL), DTU_OK);
}

static void nothing_happens_before_the_start(void)
{
    CHECK_EQ(try_init(1, 0), DTU_OK);
    memset(&owner, 0, sizeof owner);
    dtu_heartbeat_poll(&heart, 100);
    dtu_heartbeat_sent(&heart, 100);
    dtu_heartbeat_stop(&heart);
    for (int i = 0; i < 10; i++)
        dtu_heartbeat_failed(&heart);
    dtu_heartbeat_poll(&heart, 200);
    CHECK_EQ(dtu_heartbeat_next(&heart, 200), DTU_NEVER);
    CHECK_SENDS(0);
    CHECK_EQ(owner.asks, 0);
    CHECK_STATS(0, 0, 0, 0);
}

/* --- The interval --------------------------------------------------------------------------- */

static void the_first_comes_one_interval_after_the_start_and_then_one_each(void)
{
    for (size_t i = 0; i < 2; i++) {
        begin(both[i], INTERVAL_MS, 1000);
        dtu_heartbeat_poll(&heart, owner.now);
        CHECK_SENDS(0);
        for (int beat = 0; beat < 5; beat++) {
            CHECK_EQ(dtu_heartbeat_next(&heart, owner.now), INTERVAL_MS);
            poll_after(INTERVAL_MS - 1);
            CHECK_SENDS(0);
            CHECK_EQ(dtu_heartbeat_next(&heart, owner.now), 1);
            poll_after(1);
            CHECK_SENDS(1);
        }
        CHECK_STATS(5, 0, 0, 0);
    }
}

static void to_the_network_only_after_a_whole_interval_without_sending(void)
{
    begin_network();
    for (int i = 0; i < 10; i++) {
        poll_after(INTERVAL_MS - 1);
        dtu_heartbeat_sent(&heart, owner.now);
        CHECK_EQ(dtu_heartbeat_next(&heart, owner.now), INTERVAL_MS);
    }
    CHECK_SENDS(0);
    poll_after(INTERVAL_MS - 1);
    CHECK_SENDS(0);
    poll_after(1);
    CHECK_SENDS(1);
    CHECK_STATS(1, 0, 0, 0);
}

static void sending_at_the_very_moment_comes_before_the_heartbeat(void)
{
    begin_network();
    owner.now += INTERVAL_MS;
    dtu_heartbeat_sent(&heart, owner.now);
    dtu_heartbeat_poll(&heart, owner.now);
    CHECK_SENDS(0);
    CHECK_EQ(dtu_heartbeat_next(&heart, owner.now), INTERVAL_MS);
}

static void to_the_uart_whatever_the_traffic(void)
{
    begin(DTU_HEARTBEAT_TO_UART, INTERVAL_MS, 1000);
    for (int beat = 0; beat < 5; beat++) {
        poll_after(INTERVAL_MS - 1);
        dtu_heartbeat_sent(&heart, owner.now);
        CHECK_EQ(dtu_heartbeat_next(&heart, owner.now), 1);
        poll_after(1);
        CHECK_SENDS(1);
    }
}

static void a_late_poll_sends_one_and_the_next_is_an_interval_later(void)
{
    for (size_t i = 0; i < 2; i++) {
        begin(both[i], 1000, 0);
        poll_after(10500);
        CHECK_SENDS(1);
        CHECK_EQ(dtu_heartbeat_next(&heart, owner.now), 1000);
        poll_after(999);
        CHECK_SENDS(0);
        poll_after(1);
        CHECK_SENDS(1);
    }
}

static void lbs_is_sent_each_5_s_when_the_interval_is_shorter(void)
{
    begin(DTU_HEARTBEAT_TO_NETWORK, 1000, 0);
    config.least_ms = DTU_HEARTBEAT_LBS_MS;
    dtu_heartbeat_start(&heart, owner.now);
    CHECK_EQ(dtu_heartbeat_next(&heart, owner.now), 5000);
    poll_after(4999);
    CHECK_SENDS(0);
    poll_after(1);
    CHECK_SENDS(1);
    config.interval_ms = 6000; /* longer: then it is as it is set */
    dtu_heartbeat_start(&heart, owner.now);
    CHECK_EQ(dtu_heartbeat_next(&heart, owner.now), 6000);
}

static void without_anything_to_say_the_next_is_an_interval_later(void)
{
    begin_network();
    owner.outcome = DTU_HEARTBEAT_NOTHING;
    poll_after(INTERVAL_MS);
    CHECK_SENDS(1);
    CHECK_STATS(0, 0, 1, 0);
    CHECK_EQ(dtu_heartbeat_next(&heart, owner.now), INTERVAL_MS);
}

/* --- Connections ---------------------------------------------------------------------------- */

static void none_is_sent_while_there_is_no_connection(void)
{
    begin_network();
    poll_after(INTERVAL_MS - 1);
    dtu_heartbeat_stop(&heart);
    CHECK_EQ(dtu_heartbeat_next(&heart, owner.now), DTU_NEVER);
    for (int i = 0; i < 10; i++) {
        poll_after(INTERVAL_MS);
        dtu_heartbeat_sent(&heart, owner.now);
    }
    CHECK_SENDS(0);
    CHECK_EQ(dtu_heartbeat_next(&heart, owner.now), DTU_NEVER);
    CHECK_STATS(0, 0, 0, 0);
}

static void the_interval_begins_with_each_connection(void)
{
    begin_network();
    poll_after(INTERVAL_MS - 1);
    dtu_heartbeat_stop(&heart);
    owner.now += 5;
    dtu_heartbeat_start(&heart, owner.now);
    CHECK_EQ(dtu_heartbeat_next(&heart, owner.now), INTERVAL_MS);
    poll_after(INTERVAL_MS - 1);
    dtu_heartbeat_start(&heart, owner.now); /* also without a stop before */
    CHECK_EQ(dtu_heartbeat_next(&heart, owner.now), INTERVAL_MS);
    CHECK_SENDS(0);
}

/* --- Room ----------------------------------------------------------------------------------- */

static void without_room_it_waits_and_goes_when_there_is_some(void)
{
    for (size_t i = 0; i < 2; i++) {
        begin(both[i], INTERVAL_MS, 1000);
        owner.outcome = DTU_HEARTBEAT_NO_ROOM;
        poll_after(INTERVAL_MS);
        CHECK_SENDS(1);
        for (int n = 0; n < 10; n++) { /* tried again, and no port spins by it */
            CHECK_EQ(dtu_heartbeat_next(&heart, owner.now), DTU_NEVER);
            poll_after(n == 5 ? 3 * INTERVAL_MS : 7);
            CHECK_SENDS(1);
        }
        CHECK_STATS(0, 0, 0, 0);
        owner.outcome = DTU_HEARTBEAT_TAKEN;
        poll_after(0);
        CHECK_SENDS(1);
        CHECK_STATS(1, 0, 0, 0);
        poll_after(0); /* one, not one for each interval that it waited */
        CHECK_SENDS(0);
        CHECK_EQ(dtu_heartbeat_next(&heart, owner.now), INTERVAL_MS);
    }
}

static void one_that_waits_is_not_needed_when_something_else_was_sent(void)
{
    begin_network();
    owner.outcome = DTU_HEARTBEAT_NO_ROOM;
    poll_after(INTERVAL_MS);
    dtu_heartbeat_sent(&heart, owner.now + 10);
    CHECK_STATS(0, 0, 1, 0);
    owner.outcome = DTU_HEARTBEAT_TAKEN;
    CHECK_SENDS(1);
    poll_after(10);
    CHECK_SENDS(0);
    CHECK_EQ(dtu_heartbeat_next(&heart, owner.now), INTERVAL_MS);
}

static void one_that_waits_for_the_uart_is_needed_all_the_same(void)
{
    begin(DTU_HEARTBEAT_TO_UART, INTERVAL_MS, 0);
    owner.outcome = DTU_HEARTBEAT_NO_ROOM;
    poll_after(INTERVAL_MS);
    dtu_heartbeat_sent(&heart, owner.now);
    owner.outcome = DTU_HEARTBEAT_TAKEN;
    poll_after(1);
    CHECK_SENDS(2);
    CHECK_STATS(1, 0, 0, 0);
}

static void one_that_waits_goes_with_its_connection(void)
{
    begin_network();
    owner.outcome = DTU_HEARTBEAT_NO_ROOM;
    poll_after(INTERVAL_MS);
    dtu_heartbeat_stop(&heart);
    CHECK_STATS(0, 0, 1, 0);
    owner.outcome = DTU_HEARTBEAT_TAKEN;
    dtu_heartbeat_start(&heart, owner.now);
    CHECK_SENDS(1);
    poll_after(INTERVAL_MS - 1);
    CHECK_SENDS(0);
    owner.outcome = DTU_HEARTBEAT_NO_ROOM;
    poll_after(1);
    dtu_heartbeat_start(&heart, owner.now); /* a new one without a stop before */
    CHECK_STATS(0, 0, 2, 0);
}

static void a_lack_of_room_is_no_failure(void)
{
    begin_network();
    owner.outcome = DTU_HEARTBEAT_NO_ROOM;
    for (int i = 0; i < 100; i++)
        poll_after(INTERVAL_MS);
    CHECK_EQ(owner.asks, 0);
    CHECK_STATS(0, 0, 0, 0);
}

/* --- Failures ------------------------------------------------------------------------------- */

static void three_failed_heartbeats_in_a_row_ask_for_a_new_connection(void)
{
    begin_network();
    owner.outcome = DTU_HEARTBEAT_FAILED;
    for (unsigned round = 1; round <= 3; round++) {
        poll_after(INTERVAL_MS);
        poll_after(INTERVAL_MS);
        CHECK_EQ(owner.asks, round - 1);
        CHECK_EQ(dtu_heartbeat_next(&heart, owner.now), INTERVAL_MS);
        poll_after(INTERVAL_MS);
        CHECK_EQ(owner.asks, round);
    }
    CHECK_SENDS(9);
    CHECK_STATS(0, 9, 0, 3);
}

static void failures_of_data_and_of_heartbeats_are_counted_together(void)
{
    begin_network();
    owner.outcome = DTU_HEARTBEAT_FAILED;
    dtu_heartbeat_failed(&heart);
    poll_after(INTERVAL_MS);
    CHECK_EQ(owner.asks, 0);
    dtu_heartbeat_failed(&heart);
    CHECK_EQ(owner.asks, 1);
    CHECK_STATS(0, 1, 0, 1); /* `failed` is of heartbeats */
}

static void any_success_starts_the_count_anew(void)
{
    begin_network();
    for (int i = 0; i < 10; i++) {
        dtu_heartbeat_failed(&heart);
        dtu_heartbeat_failed(&heart);
        if (i % 2 == 0)
            dtu_heartbeat_sent(&heart, owner.now);
        else
            poll_after(INTERVAL_MS); /* a heartbeat that is taken */
    }
    CHECK_EQ(owner.asks, 0);
    CHECK_SENDS(5);
}

static void silence_and_lack_of_room_are_no_success(void)
{
    begin_network();
    dtu_heartbeat_failed(&heart);
    owner.outcome = DTU_HEARTBEAT_NOTHING;
    poll_after(INTERVAL_MS);
    dtu_heartbeat_failed(&heart);
    owner.outcome = DTU_HEARTBEAT_NO_ROOM;
    poll_after(INTERVAL_MS);
    CHECK_EQ(owner.asks, 0);
    dtu_heartbeat_failed(&heart);
    CHECK_EQ(owner.asks, 1);
}

static void failed_data_does_not_restart_the_interval(void)
{
    begin_network();
    poll_after(INTERVAL_MS - 1);
    dtu_heartbeat_failed(&heart);
    CHECK_EQ(dtu_heartbeat_next(&heart, owner.now), 1);
}

static void a_new_connection_has_no_failures(void)
{
    begin_network();
    dtu_heartbeat_failed(&heart);
    dtu_heartbeat_failed(&heart);
    dtu_heartbeat_stop(&heart);
    dtu_heartbeat_failed(&heart); /* of data that nobody is connected for */
    dtu_heartbeat_start(&heart, owner.now);
    dtu_heartbeat_failed(&heart);
    dtu_heartbeat_failed(&heart);
    CHECK_EQ(owner.asks, 0);
    dtu_heartbeat_failed(&heart);
    CHECK_EQ(owner.asks, 1);
}

static void the_uart_asks_for_no_connection(void)
{
    begin(DTU_HEARTBEAT_TO_UART, INTERVAL_MS, 0);
    owner.outcome = DTU_HEARTBEAT_FAILED;
    for (int i = 0; i < 10; i++) {
        poll_after(INTERVAL_MS);
        dtu_heartbeat_failed(&heart);
    }
    CHECK_EQ(owner.asks, 0);
    CHECK_STATS(0, 10, 0, 0);
}

static void reconnect_may_be_missing(void)
{
    static const struct dtu_heartbeat_callbacks no_reconnect = {on_send, NULL};
    begin_network();
    CHECK_EQ(dtu_heartbeat_init(&heart, &config, &no_reconnect, &owner), DTU_OK);
    dtu_heartbeat_start(&heart, owner.now);
    for (int i = 0; i < 6; i++)
        dtu_heartbeat_failed(&heart);
    CHECK_STATS(0, 0, 0, 2);
}

/* --- Calls from inside of callbacks ---------------------------------------------------------- */

static void reconnect_may_stop_and_start_it(void)
{
    begin_network();
    owner.restarts = true;
    owner.outcome = DTU_HEARTBEAT_FAILED;
    for (int i = 0; i < 3; i++)
        poll_after(INTERVAL_MS);
    CHECK_EQ(owner.asks, 1);
    CHECK_EQ(dtu_heartbeat_next(&heart, owner.now), INTERVAL_MS);
    CHECK_STATS(0, 3, 0, 1);
}

static void send_may_say_that_something_was_sent(void)
{
    begin_network();
    owner.inside_send = SAYS_SENT; /* the owner's path of sending says so of all bytes */
    poll_after(INTERVAL_MS);
    CHECK_STATS(1, 0, 0, 0);
    CHECK_EQ(dtu_heartbeat_next(&heart, owner.now), INTERVAL_MS);
    owner.outcome = DTU_HEARTBEAT_NO_ROOM; /* data went first, and there is no room after it */
    poll_after(INTERVAL_MS);
    CHECK_STATS(1, 0, 1, 0);
    CHECK_EQ(dtu_heartbeat_next(&heart, owner.now), INTERVAL_MS);
    CHECK_SENDS(2);
}

static void a_failure_behind_something_that_was_sent_is_none_in_a_row(void)
{
    begin_network();
    owner.inside_send = SAYS_SENT;
    owner.outcome = DTU_HEARTBEAT_FAILED;
    for (int i = 0; i < 3; i++)
        poll_after(INTERVAL_MS);
    CHECK_STATS(0, 3, 0, 0);
    CHECK_EQ(owner.asks, 0);
    CHECK_SENDS(3);
    owner.inside_send = NOTHING_ELSE;
    poll_after(INTERVAL_MS);
    poll_after(INTERVAL_MS);
    CHECK_EQ(owner.asks, 0);
    poll_after(INTERVAL_MS);
    CHECK_EQ(owner.asks, 1);
    CHECK_SENDS(3);
}

static void one_that_waited_is_counted_once_when_it_goes(void)
{
    begin_network();
    owner.outcome = DTU_HEARTBEAT_NO_ROOM;
    poll_after(INTERVAL_MS);
    owner.inside_send = SAYS_SENT;
    owner.outcome = DTU_HEARTBEAT_TAKEN;
    poll_after(1);
    CHECK_STATS(1, 0, 0, 0);
}

static void send_may_stop_it(void)
{
    static const enum dtu_heartbeat_outcome outcomes[] = {
        DTU_HEARTBEAT_TAKEN, DTU_HEARTBEAT_NO_ROOM, DTU_HEARTBEAT_NOTHING, DTU_HEARTBEAT_FAILED};
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        begin_network();
        owner.inside_send = STOPS; /* the socket turned out to be closed */
        owner.outcome = outcomes[i];
        poll_after(INTERVAL_MS);
        CHECK_EQ(dtu_heartbeat_next(&heart, owner.now), DTU_NEVER);
        poll_after(INTERVAL_MS);
        CHECK_SENDS(1);
        CHECK_EQ(heart.stats.sent + heart.stats.failed + heart.stats.skipped, 1);
    }
}

/* --- Time ----------------------------------------------------------------------------------- */

static void the_clock_may_wrap_in_any_interval(void)
{
    static const uint32_t before[] = {0, 1, 14999, 29999, 30000, 30001, 59999};
    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
        begin(DTU_HEARTBEAT_TO_NETWORK, INTERVAL_MS, UINT32_MAX - before[i]);
        for (int beat = 0; beat < 3; beat++) {
            poll_after(INTERVAL_MS - 1);
            CHECK_SENDS(0);
            CHECK_EQ(dtu_heartbeat_next(&heart, owner.now), 1);
            poll_after(1);
            CHECK_SENDS(1);
        }
    }
}

static void the_longest_interval_works(void)
{
    begin(DTU_HEARTBEAT_TO_NETWORK, DTU_PERIOD_MAX, UINT32_C(0xC0000000));
    poll_after(DTU_PERIOD_MAX - 1);
    CHECK_SENDS(0);
    poll_after(1);
    CHECK_SENDS(1);
}

static void one_may_wait_for_more_than_49_days(void)
{
    begin_network();
    owner.outcome = DTU_HEARTBEAT_NO_ROOM;
    poll_after(INTERVAL_MS);
    for (int day = 0; day < 100; day++) { /* the counter wraps on day 50 and 100 */
        poll_after(DAY_MS);
        CHECK_EQ(dtu_heartbeat_next(&heart, owner.now), DTU_NEVER);
    }
    CHECK_SENDS(101);
    owner.outcome = DTU_HEARTBEAT_TAKEN;
    poll_after(0);
    CHECK_STATS(1, 0, 0, 0);
}

static void an_interval_of_18_hours_is_kept_for_more_than_49_days(void)
{
    begin(DTU_HEARTBEAT_TO_UART, UINT32_C(65535000), 4321);
    for (int beat = 0; beat < 100; beat++) { /* 75 days: 49.7 and more */
        poll_after(UINT32_C(65534999));
        CHECK_SENDS(0);
        poll_after(1);
        CHECK_SENDS(1);
    }
}

static void traffic_may_hold_it_off_for_more_than_49_days(void)
{
    begin(DTU_HEARTBEAT_TO_NETWORK, UINT32_C(65535000), 4321);
    for (int i = 0; i < 100; i++) {
        poll_after(UINT32_C(65534999));
        dtu_heartbeat_sent(&heart, owner.now);
    }
    CHECK_SENDS(0);
}

/* --- Any pattern of polls ----------------------------------------------------------------------
 */

/* The times of the heartbeats in 20 intervals of some traffic, when it is polled at `next` alone or
 * at other times besides. */
static size_t run_pattern(uint32_t seed, bool more_polls, uint32_t *times, size_t size)
{
    struct test_rand traffic;
    struct test_rand polls;
    size_t count = 0;
    uint32_t start = UINT32_MAX - 200 + seed;
    test_rand_seed(&traffic, seed);
    test_rand_seed(&polls, seed + 99);
    begin(seed % 2 == 0 ? DTU_HEARTBEAT_TO_NETWORK : DTU_HEARTBEAT_TO_UART, 20, start);
    for (uint32_t ms = 1; ms <= 400; ms++) {
        owner.now = start + ms;
        bool wanted = dtu_heartbeat_next(&heart, owner.now) == 0;
        if (wanted || (more_polls && test_rand_below(&polls, 3) == 0))
            dtu_heartbeat_poll(&heart, owner.now);
        if (taken_sends() > 0 && count < size)
            times[count++] = ms;
        if (test_rand_below(&traffic, 30) == 0)
            dtu_heartbeat_sent(&heart, owner.now);
    }
    return count;
}

static void polls_that_are_not_needed_change_nothing(void)
{
    uint32_t few[32];
    uint32_t many[32];
    for (uint32_t seed = 1; seed <= 60; seed++) {
        size_t few_len = run_pattern(seed, false, few, 32);
        size_t many_len = run_pattern(seed, true, many, 32);
        CHECK(few_len > 0);
        CHECK_BYTES(few, few_len * sizeof few[0], many, many_len * sizeof many[0]);
    }
}

/* What is known of a heartbeat to the network without its timer. */
static struct {
    uint32_t interval;
    uint32_t quiet_since; /* the last sending or start */
    bool started;
    bool waiting;
    unsigned failures;
    unsigned asks;
    uint32_t due; /* heartbeats that came due */
} known;

static void begin_known(struct test_rand *rand)
{
    begin(DTU_HEARTBEAT_TO_NETWORK, 1 + test_rand_below(rand, 50), test_rand_u32(rand));
    config.least_ms = test_rand_below(rand, 60);
    dtu_heartbeat_start(&heart, owner.now);
    memset(&known, 0, sizeof known);
    known.interval = config.interval_ms > config.least_ms ? config.interval_ms : config.least_ms;
    known.quiet_since = owner.now;
    known.started = true;
}

static void any_event(struct test_rand *rand)
{
    switch (test_rand_below(rand, 8)) {
    case 0:
        dtu_heartbeat_sent(&heart, owner.now);
        known.failures = 0;
        known.waiting = false;
        known.quiet_since = owner.now;
        break;
    case 1:
        dtu_heartbeat_failed(&heart);
        known.failures += known.started ? 1 : 0;
        break;
    case 2:
        dtu_heartbeat_stop(&heart);
        known.started = known.waiting = false;
        break;
    case 3:
        dtu_heartbeat_start(&heart, owner.now);
        known.started = true;
        known.waiting = false;
        known.failures = 0;
        known.quiet_since = owner.now;
        break;
    default:
        dtu_heartbeat_poll(&heart, owner.now);
        break;
    }
}

static void check_sending(void)
{
    CHECK(known.started);
    CHECK(known.waiting || dtu_elapsed(owner.now, known.quiet_since) >= known.interval);
    known.due += known.waiting ? 0 : 1;
    known.waiting = owner.outcome == DTU_HEARTBEAT_NO_ROOM;
    known.quiet_since = owner.now;
    if (owner.outcome == DTU_HEARTBEAT_TAKEN)
        known.failures = 0;
    if (owner.outcome == DTU_HEARTBEAT_FAILED)
        known.failures++;
}

/* Whatever comes: two are never closer than the interval, none comes sooner than an interval after
 * a sending, each that came due is counted once, and reconnect() is asked for by threes. */
static void any_order_of_events_keeps_the_rules(void)
{
    struct test_rand rand;
    test_rand_seed(&rand, 21);
    for (int run = 0; run < 200; run++) {
        begin_known(&rand);
        for (int i = 0; i < 200; i++) {
            owner.outcome = (enum dtu_heartbeat_outcome)test_rand_below(&rand, 4);
            owner.now += test_rand_below(&rand, known.interval);
            any_event(&rand);
            if (taken_sends() > 0)
                check_sending();
            known.asks += known.failures / 3;
            known.failures %= 3;
            CHECK_EQ(owner.asks, known.asks);
            CHECK_EQ(heart.stats.sent + heart.stats.failed + heart.stats.skipped + known.waiting,
                     known.due);
        }
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(init_refuses_what_cannot_work),
    CHECK_TEST(nothing_happens_before_the_start),
    CHECK_TEST(the_first_comes_one_interval_after_the_start_and_then_one_each),
    CHECK_TEST(to_the_network_only_after_a_whole_interval_without_sending),
    CHECK_TEST(sending_at_the_very_moment_comes_before_the_heartbeat),
    CHECK_TEST(to_the_uart_whatever_the_traffic),
    CHECK_TEST(a_late_poll_sends_one_and_the_next_is_an_interval_later),
    CHECK_TEST(lbs_is_sent_each_5_s_when_the_interval_is_shorter),
    CHECK_TEST(without_anything_to_say_the_next_is_an_interval_later),
    CHECK_TEST(none_is_sent_while_there_is_no_connection),
    CHECK_TEST(the_interval_begins_with_each_connection),
    CHECK_TEST(without_room_it_waits_and_goes_when_there_is_some),
    CHECK_TEST(one_that_waits_is_not_needed_when_something_else_was_sent),
    CHECK_TEST(one_that_waits_for_the_uart_is_needed_all_the_same),
    CHECK_TEST(one_that_waits_goes_with_its_connection),
    CHECK_TEST(a_lack_of_room_is_no_failure),
    CHECK_TEST(three_failed_heartbeats_in_a_row_ask_for_a_new_connection),
    CHECK_TEST(failures_of_data_and_of_heartbeats_are_counted_together),
    CHECK_TEST(any_success_starts_the_count_anew),
    CHECK_TEST(silence_and_lack_of_room_are_no_success),
    CHECK_TEST(failed_data_does_not_restart_the_interval),
    CHECK_TEST(a_new_connection_has_no_failures),
    CHECK_TEST(the_uart_asks_for_no_connection),
    CHECK_TEST(reconnect_may_be_missing),
    CHECK_TEST(reconnect_may_stop_and_start_it),
    CHECK_TEST(send_may_say_that_something_was_sent),
    CHECK_TEST(a_failure_behind_something_that_was_sent_is_none_in_a_row),
    CHECK_TEST(one_that_waited_is_counted_once_when_it_goes),
    CHECK_TEST(send_may_stop_it),
    CHECK_TEST(the_clock_may_wrap_in_any_interval),
    CHECK_TEST(the_longest_interval_works),
    CHECK_TEST(one_may_wait_for_more_than_49_days),
    CHECK_TEST(an_interval_of_18_hours_is_kept_for_more_than_49_days),
    CHECK_TEST(traffic_may_hold_it_off_for_more_than_49_days),
    CHECK_TEST(polls_that_are_not_needed_change_nothing),
    CHECK_TEST(any_order_of_events_keeps_the_rules),
};
CHECK_MAIN(tests)
