/* SPDX-License-Identifier: MIT */
/* The LEDs. Which of them a product has and how often they flash is from the manuals: 000 section
 * 2.2.2 (7S1), 001 section 2.3.7 (7S4), 002 section 3.7 and 2 (7S3), 003 section 2.2 (K7). The
 * times are those of docs/indicator.md: flashes of 200 ms, 200 ms apart, a second dark after a row;
 * WORK half a second each; DATA 100 ms. */
#include "dtu/indicator.h"

#include "check.h"
#include "rand.h"

/* --- A port with pins ----------------------------------------------------------------------- */

struct change {
    uint32_t at; /* since the beginning */
    uint8_t led;
    bool lit;
};

static struct {
    struct change log[64];
    size_t len;
    uint32_t begin;
    uint32_t now;
    bool lit[DTU_LEDS];
} board;

static struct dtu_indicator leds;

static void set_pin(void *ctx, enum dtu_led led, bool lit)
{
    CHECK(ctx == &board);
    CHECK(led < DTU_LEDS);
    CHECK(board.lit[led] != lit); /* called for changes only */
    board.lit[led] = lit;
    if (board.len < sizeof board.log / sizeof board.log[0])
        board.log[board.len++] = (struct change){board.now - board.begin, (uint8_t)led, lit};
}

static const struct dtu_indicator_callbacks callbacks = {set_pin};

static void begin(const struct dtu_indicator_table *table, uint32_t now)
{
    memset(&board, 0, sizeof board);
    board.begin = now;
    board.now = now;
    CHECK_EQ(dtu_indicator_init(&leds, table, &callbacks, &board), DTU_OK);
}

/* Sleeps for as long as the engine says, and polls, until so long after the beginning. */
static void run_until(uint32_t ms)
{
    for (;;) {
        uint32_t left = ms - (board.now - board.begin);
        uint32_t next = dtu_indicator_next(&leds, board.now);
        CHECK(next > 0);
        if (next == 0 || next > left) {
            board.now += left;
            return;
        }
        board.now += next;
        dtu_indicator_poll(&leds, board.now);
    }
}

/* That just these changes were there. */
static void check_changes(const struct change *expected, size_t count, int line)
{
    check_eq((intmax_t)board.len, (intmax_t)count, line, "the number of changes");
    for (size_t k = 0; k < count && k < board.len; k++) {
        check_eq(board.log[k].at, expected[k].at, line, "the time");
        check_eq(board.log[k].led, expected[k].led, line, "the LED");
        check_eq(board.log[k].lit, expected[k].lit, line, "the light");
    }
    board.len = 0;
}

#define CHECK_CHANGES(expected)                                                                    \
    check_changes(expected, sizeof(expected) / sizeof((expected)[0]), __LINE__)
#define CHECK_NO_CHANGE() CHECK_EQ(board.len, 0)

static void set(enum dtu_shows what, unsigned value)
{
    dtu_indicator_set(&leds, what, value, board.now);
}

/* Which LEDs are light, a bit each. */
static unsigned lit_leds(void)
{
    unsigned lit = 0;
    for (unsigned led = 0; led < DTU_LEDS; led++)
        lit |= (unsigned)board.lit[led] << led;
    return lit;
}

#define BIT(led) (1u << DTU_LED_##led)

/* --- Set-up --------------------------------------------------------------------------------- */

static const struct dtu_look two_looks[] = {{.flashes = 0},
                                            {.flashes = 1, .on_ms = 1, .off_ms = 1}};

static enum dtu_status try_table(const struct dtu_look *looks, uint8_t count, uint8_t shows,
                                 uint8_t look, uint16_t data_ms)
{
    struct dtu_indicator_table table = {.leds = {[DTU_LED_DATA] = {shows, {0, 0, 0, 0, look}}},
                                        .looks = looks,
                                        .look_count = count,
                                        .data_ms = data_ms};
    return dtu_indicator_init(&leds, &table, &callbacks, NULL);
}

static enum dtu_status try_look(struct dtu_look look)
{
    struct dtu_look looks[] = {{.flashes = 0}, look};
    return try_table(looks, 2, DTU_SHOWS_DATA, 1, 1);
}

static void init_refuses_what_cannot_work(void)
{
    static const struct dtu_indicator_callbacks no_pin = {NULL};
    static const struct dtu_look not_dark[] = {{.flashes = 0, .lit = true}, {.flashes = 0}};
    static const struct dtu_look flashing[] = {{.flashes = 1, .on_ms = 1, .off_ms = 1}};
    CHECK_EQ(try_table(two_looks, 2, DTU_SHOWS_DATA, 1, 1), DTU_OK);
    CHECK_EQ(try_table(two_looks, 0, DTU_SHOWS_DATA, 0, 1), DTU_ERR_CONFIG);
    CHECK_EQ(try_table(two_looks, 2, DTU_SHOWS_DATA, 2, 1), DTU_ERR_CONFIG);
    CHECK_EQ(try_table(two_looks, 2, DTU_SHOWS_DATA + 1, 1, 1), DTU_ERR_CONFIG);
    CHECK_EQ(try_table(two_looks, 2, DTU_SHOWS_DATA, 1, 0), DTU_ERR_CONFIG);
    CHECK_EQ(try_table(not_dark, 2, DTU_SHOWS_DATA, 1, 1), DTU_ERR_CONFIG);
    CHECK_EQ(try_table(flashing, 1, DTU_SHOWS_DATA, 0, 1), DTU_ERR_CONFIG);
    CHECK_EQ(dtu_indicator_init(&leds, &dtu_indicator_cat1, &no_pin, NULL), DTU_ERR_CONFIG);
}

static void a_flash_without_length_would_spin_and_is_refused(void)
{
    CHECK_EQ(try_look((struct dtu_look){.flashes = 1, .on_ms = 1, .off_ms = 1}), DTU_OK);
    CHECK_EQ(try_look((struct dtu_look){.flashes = 1, .on_ms = 0, .off_ms = 1}), DTU_ERR_CONFIG);
    CHECK_EQ(try_look((struct dtu_look){.flashes = 1, .on_ms = 1, .off_ms = 0, .pause_ms = 1}),
             DTU_ERR_CONFIG);
    CHECK_EQ(try_look((struct dtu_look){.flashes = 0, .lit = true}), DTU_OK);
}

static void at_first_all_are_dark_and_nothing_is_called(void)
{
    begin(&dtu_indicator_lte_7s4, 5000);
    CHECK_EQ(dtu_indicator_next(&leds, 5000), DTU_NEVER);
    dtu_indicator_poll(&leds, 5000);
    CHECK_NO_CHANGE();
}

/* --- The products ----------------------------------------------------------------------------- */

/* How often NET flashes within its first 2.5 seconds up to a dark time of over half a second. */
static unsigned count_flashes(const struct dtu_indicator_table *table, unsigned network)
{
    unsigned flashes = 0;
    uint32_t dark_since = 0;
    begin(table, 0);
    set(DTU_SHOWS_NETWORK, network);
    run_until(2500);
    for (size_t k = 0; k < board.len; k++) {
        if (board.log[k].lit && flashes > 0 && board.log[k].at - dark_since > 500)
            break;
        if (board.log[k].lit)
            flashes++;
        else
            dark_since = board.log[k].at;
    }
    return flashes;
}

static void net_of_7s1_and_7s4_flashes_as_often_as_the_network_has_generations(void)
{
    CHECK_EQ(count_flashes(&dtu_indicator_cat1, DTU_NETWORK_2G), 2);
    CHECK_EQ(count_flashes(&dtu_indicator_cat1, DTU_NETWORK_4G), 4);
    CHECK_EQ(count_flashes(&dtu_indicator_lte_7s4, DTU_NETWORK_2G), 2);
    CHECK_EQ(count_flashes(&dtu_indicator_lte_7s4, DTU_NETWORK_3G), 3);
    CHECK_EQ(count_flashes(&dtu_indicator_lte_7s4, DTU_NETWORK_4G), 4);
    CHECK_EQ(count_flashes(&dtu_indicator_lte_7s4, DTU_NETWORK_NONE), 0);
}

static void four_flashes_and_a_pause_at_their_times(void)
{
    static const struct change expected[] = {{0, DTU_LED_NET, true},    {200, DTU_LED_NET, false},
                                             {400, DTU_LED_NET, true},  {600, DTU_LED_NET, false},
                                             {800, DTU_LED_NET, true},  {1000, DTU_LED_NET, false},
                                             {1200, DTU_LED_NET, true}, {1400, DTU_LED_NET, false},
                                             {2400, DTU_LED_NET, true}, {2600, DTU_LED_NET, false}};
    begin(&dtu_indicator_lte_7s4, 0);
    set(DTU_SHOWS_NETWORK, DTU_NETWORK_4G);
    run_until(2700);
    CHECK_CHANGES(expected);
}

/* Manual 000: everything but DATA, which has tests of its own. */
static void leds_of_7s1(void)
{
    static const struct change work[] = {{0, DTU_LED_WORK, true},
                                         {500, DTU_LED_WORK, false},
                                         {1000, DTU_LED_WORK, true},
                                         {1500, DTU_LED_WORK, false}};
    begin(&dtu_indicator_cat1, 0);
    set(DTU_SHOWS_POWER, 1); /* it has no such LED */
    set(DTU_SHOWS_SYSTEM, 1);
    run_until(1900);
    CHECK_CHANGES(work);
    set(DTU_SHOWS_SYSTEM, 0);
    set(DTU_SHOWS_SOCKET_A, 1);
    CHECK_EQ(lit_leds(), BIT(LINKA));
    set(DTU_SHOWS_SOCKET_B, 1);
    CHECK_EQ(lit_leds(), BIT(LINKA) | BIT(LINKB));
    set(DTU_SHOWS_SOCKET_A, 0);
    CHECK_EQ(lit_leds(), BIT(LINKB));
    dtu_indicator_data(&leds, board.now);
    CHECK_EQ(lit_leds(), BIT(LINKB) | BIT(DATA));
}

/* Manual 001: PWR and WORK steady, two link pins, none for data. */
static void leds_of_7s4(void)
{
    begin(&dtu_indicator_lte_7s4, 0);
    set(DTU_SHOWS_POWER, 1);
    CHECK_EQ(lit_leds(), BIT(POWER));
    set(DTU_SHOWS_SYSTEM, 1);
    CHECK_EQ(lit_leds(), BIT(POWER) | BIT(WORK));
    dtu_indicator_data(&leds, board.now);
    set(DTU_SHOWS_SOCKET_A, 1);
    set(DTU_SHOWS_SOCKET_B, 1);
    CHECK_EQ(lit_leds(), BIT(POWER) | BIT(WORK) | BIT(LINKA) | BIT(LINKB));
    run_until(10000);
    CHECK_EQ(lit_leds(), BIT(POWER) | BIT(WORK) | BIT(LINKA) | BIT(LINKB));
}

/* Manual 002: POWER; GPRS is on while attached, whatever the network; LINK1; DATA. */
static void leds_of_7s3(void)
{
    for (unsigned network = DTU_NETWORK_2G; network <= DTU_NETWORK_LAN; network++) {
        begin(&dtu_indicator_gprs232_7s3, 0);
        set(DTU_SHOWS_POWER, 1);
        set(DTU_SHOWS_SYSTEM, 1);
        set(DTU_SHOWS_SOCKET_A, 1);
        set(DTU_SHOWS_SOCKET_B, 1);
        CHECK_EQ(lit_leds(), BIT(POWER) | BIT(LINKA));
        set(DTU_SHOWS_NETWORK, network);
        run_until(10000);
        CHECK_EQ(lit_leds(), BIT(POWER) | BIT(NET) | BIT(LINKA));
        set(DTU_SHOWS_NETWORK, DTU_NETWORK_NONE);
        dtu_indicator_data(&leds, board.now);
        CHECK_EQ(lit_leds(), BIT(POWER) | BIT(LINKA) | BIT(DATA));
    }
}

/* Manual 003: Link and Data of the RJ45. */
static void leds_of_k7(void)
{
    begin(&dtu_indicator_k7, 0);
    set(DTU_SHOWS_POWER, 1);
    set(DTU_SHOWS_SYSTEM, 1);
    set(DTU_SHOWS_SOCKET_A, 1);
    CHECK_EQ(lit_leds(), 0);
    set(DTU_SHOWS_NETWORK, DTU_NETWORK_LAN);
    dtu_indicator_data(&leds, board.now);
    CHECK_EQ(lit_leds(), BIT(NET) | BIT(DATA));
    run_until(10000);
    CHECK_EQ(lit_leds(), BIT(NET));
}

/* --- Data ------------------------------------------------------------------------------------- */

static void data_is_light_until_100_ms_after_the_last_bytes(void)
{
    static const struct change expected[] = {{10, DTU_LED_DATA, true}, {170, DTU_LED_DATA, false}};
    begin(&dtu_indicator_cat1, 0);
    run_until(10);
    dtu_indicator_data(&leds, board.now);
    run_until(70);
    dtu_indicator_data(&leds, board.now);
    run_until(500);
    CHECK_CHANGES(expected);
    CHECK_EQ(dtu_indicator_next(&leds, board.now), DTU_NEVER);
}

static void data_can_only_be_told_by_its_own_call(void)
{
    begin(&dtu_indicator_cat1, 0);
    set(DTU_SHOWS_DATA, 1);
    CHECK_NO_CHANGE();
    CHECK_EQ(dtu_indicator_next(&leds, board.now), DTU_NEVER);
}

static void a_table_may_let_data_flicker(void)
{
    static const struct change expected[] = {{0, DTU_LED_DATA, true},
                                             {1, DTU_LED_DATA, false},
                                             {2, DTU_LED_DATA, true},
                                             {3, DTU_LED_DATA, false}};
    static const struct dtu_indicator_table table = {
        .leds = {[DTU_LED_DATA] = {DTU_SHOWS_DATA, {0, 1}}},
        .looks = two_looks,
        .look_count = 2,
        .data_ms = 4};
    begin(&table, 0);
    dtu_indicator_data(&leds, board.now);
    run_until(100);
    CHECK_CHANGES(expected);
}

/* --- Events ----------------------------------------------------------------------------------- */

static void the_same_again_does_not_begin_the_flashes_anew(void)
{
    static const struct change expected[] = {{0, DTU_LED_NET, true}, {200, DTU_LED_NET, false}};
    begin(&dtu_indicator_lte_7s4, 0);
    set(DTU_SHOWS_NETWORK, DTU_NETWORK_3G);
    run_until(150);
    set(DTU_SHOWS_NETWORK, DTU_NETWORK_3G);
    run_until(250);
    set(DTU_SHOWS_NETWORK, DTU_NETWORK_3G);
    CHECK_EQ(dtu_indicator_next(&leds, board.now), 150);
    CHECK_CHANGES(expected);
}

/* Manual 001: of 4G 4 flashes, of 2G 2; a row of 2 is 1600 ms with its pause. */
static void another_network_begins_with_its_first_flash(void)
{
    static const struct change expected[] = {{0, DTU_LED_NET, true},   {200, DTU_LED_NET, false},
                                             {300, DTU_LED_NET, true}, {500, DTU_LED_NET, false},
                                             {700, DTU_LED_NET, true}, {900, DTU_LED_NET, false},
                                             {1900, DTU_LED_NET, true}};
    begin(&dtu_indicator_lte_7s4, 0);
    set(DTU_SHOWS_NETWORK, DTU_NETWORK_4G);
    run_until(300);
    set(DTU_SHOWS_NETWORK, DTU_NETWORK_2G);
    run_until(2000);
    CHECK_CHANGES(expected);
}

static void a_value_that_is_not_there_is_dark_or_ignored(void)
{
    begin(&dtu_indicator_cat1, 0);
    set(DTU_SHOWS_SOCKET_A, 1);
    set(DTU_SHOWS_SOCKET_A, DTU_INDICATOR_VALUES);
    set(DTU_SHOWS_NOTHING, 1);
    CHECK_EQ(lit_leds(), BIT(LINKA));
    set(DTU_SHOWS_SOCKET_A, DTU_INDICATOR_VALUES - 1);
    CHECK_EQ(lit_leds(), 0);
}

static void clear_makes_all_dark_as_after_init(void)
{
    begin(&dtu_indicator_gprs232_7s3, 0);
    set(DTU_SHOWS_POWER, 1);
    set(DTU_SHOWS_NETWORK, DTU_NETWORK_2G);
    dtu_indicator_data(&leds, board.now);
    CHECK_EQ(lit_leds(), BIT(POWER) | BIT(NET) | BIT(DATA));
    dtu_indicator_clear(&leds, board.now);
    CHECK_EQ(lit_leds(), 0);
    CHECK_EQ(dtu_indicator_next(&leds, board.now), DTU_NEVER);
    set(DTU_SHOWS_POWER, 1); /* and all of it can be told again */
    dtu_indicator_data(&leds, board.now);
    CHECK_EQ(lit_leds(), BIT(POWER) | BIT(DATA));
}

static void a_table_may_show_one_thing_with_two_leds(void)
{
    static const struct dtu_indicator_table table = {
        .leds = {[DTU_LED_LINKA] = {DTU_SHOWS_SOCKET_A, {0, 1}},
                 [DTU_LED_LINKB] = {DTU_SHOWS_SOCKET_A, {1, 0}}},
        .looks = two_looks,
        .look_count = 2,
        .data_ms = 1};
    begin(&table, 0);
    set(DTU_SHOWS_SOCKET_A, 1);
    CHECK_EQ(lit_leds(), BIT(LINKA));
    set(DTU_SHOWS_SOCKET_A, 0);
    CHECK_EQ(lit_leds(), BIT(LINKB));
}

/* --- Time ------------------------------------------------------------------------------------- */

static void the_clock_may_wrap_in_the_middle_of_a_row(void)
{
    struct change before[64];
    begin(&dtu_indicator_lte_7s4, 0);
    set(DTU_SHOWS_NETWORK, DTU_NETWORK_4G);
    run_until(20000);
    size_t count = board.len;
    memcpy(before, board.log, sizeof before);
    begin(&dtu_indicator_lte_7s4, UINT32_MAX - 9999);
    set(DTU_SHOWS_NETWORK, DTU_NETWORK_4G);
    run_until(20000);
    check_changes(before, count, __LINE__);
}

/* The cycle of four flashes, 2400 ms, does not divide 2^32. */
static void the_phase_survives_many_wraps(void)
{
    uint64_t passed = 0;
    begin(&dtu_indicator_lte_7s4, 0);
    set(DTU_SHOWS_NETWORK, DTU_NETWORK_4G);
    for (unsigned k = 0; k < 10; k++) {
        board.now += UINT32_C(3000000000);
        passed += UINT32_C(3000000000);
        dtu_indicator_poll(&leds, board.now);
    }
    CHECK_EQ(passed % 2400, 0); /* at its start, then */
    CHECK_EQ(lit_leds(), BIT(NET));
    CHECK_EQ(dtu_indicator_next(&leds, board.now), 200);
}

static void late_polls_do_not_shift_what_comes(void)
{
    static const struct change expected[] = {{0, DTU_LED_WORK, true},
                                             {740, DTU_LED_WORK, false},
                                             {1000, DTU_LED_WORK, true},
                                             {1500, DTU_LED_WORK, false}};
    begin(&dtu_indicator_cat1, 0);
    set(DTU_SHOWS_SYSTEM, 1);
    board.now = 740;
    CHECK_EQ(dtu_indicator_next(&leds, board.now), 0); /* it is late */
    dtu_indicator_poll(&leds, board.now);
    run_until(1600);
    CHECK_CHANGES(expected);
}

static void a_phase_that_nobody_polled_in_is_left_out(void)
{
    begin(&dtu_indicator_cat1, 0);
    set(DTU_SHOWS_SYSTEM, 1);
    board.len = 0;
    board.now = 60000 + 100; /* 60 cycles and the flash of the next */
    CHECK_EQ(dtu_indicator_next(&leds, board.now), 400);
    dtu_indicator_poll(&leds, board.now);
    CHECK_NO_CHANGE();
    CHECK_EQ(dtu_indicator_next(&leds, board.now), 400);
}

/* --- Properties ------------------------------------------------------------------------------- */

/* What a LED should be: it began to look so then. */
struct wanted {
    uint64_t since;
    unsigned flashes; /* 0: steady */
    bool lit;
};

/* By walking along from the beginning, a phase at a time. */
static bool wanted_at(const struct wanted *w, uint64_t now)
{
    uint64_t at = w->since;
    if (w->flashes == 0)
        return w->lit;
    for (;;)
        for (unsigned n = 1; n <= w->flashes; n++) {
            if (now < (at += 200))
                return true;
            if (now < (at += n < w->flashes ? 200 : 1000))
                return false;
        }
}

/* Of NET of 7S4, whatever happens and whenever it is polled, over a clock that wraps: right after
 * each poll, and next is never too late nor sooner than it must. */
static void after_a_poll_a_pin_depends_on_the_time_alone(void)
{
    static const unsigned flashes_of[] = {0, 2, 3, 4, 0};
    struct test_rand r;
    uint64_t now = UINT32_MAX - UINT64_C(50000);
    struct wanted net = {now, 0, false};
    unsigned network = DTU_NETWORK_NONE;

    test_rand_seed(&r, 7);
    begin(&dtu_indicator_lte_7s4, (uint32_t)now);
    for (unsigned k = 0; k < 3000; k++) {
        now += test_rand_below(&r, test_rand_below(&r, 8) == 0 ? 5000 : 150);
        board.now = (uint32_t)now;
        if (test_rand_below(&r, 32) == 0) {
            unsigned to = test_rand_below(&r, DTU_INDICATOR_VALUES);
            if (to != network)
                net = (struct wanted){now, flashes_of[to], to == DTU_NETWORK_LAN};
            network = to;
            set(DTU_SHOWS_NETWORK, to);
        }
        dtu_indicator_poll(&leds, board.now);
        bool lit = wanted_at(&net, now);
        CHECK_EQ(board.lit[DTU_LED_NET], lit);
        uint32_t next = dtu_indicator_next(&leds, board.now);
        if (net.flashes == 0) {
            CHECK_EQ(next, DTU_NEVER);
            continue;
        }
        CHECK(next >= 1 && next <= 1000);
        CHECK_EQ(wanted_at(&net, now + next - 1), lit);
        CHECK_EQ(wanted_at(&net, now + next), !lit);
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(init_refuses_what_cannot_work),
    CHECK_TEST(a_flash_without_length_would_spin_and_is_refused),
    CHECK_TEST(at_first_all_are_dark_and_nothing_is_called),
    CHECK_TEST(net_of_7s1_and_7s4_flashes_as_often_as_the_network_has_generations),
    CHECK_TEST(four_flashes_and_a_pause_at_their_times),
    CHECK_TEST(leds_of_7s1),
    CHECK_TEST(leds_of_7s4),
    CHECK_TEST(leds_of_7s3),
    CHECK_TEST(leds_of_k7),
    CHECK_TEST(data_is_light_until_100_ms_after_the_last_bytes),
    CHECK_TEST(data_can_only_be_told_by_its_own_call),
    CHECK_TEST(a_table_may_let_data_flicker),
    CHECK_TEST(the_same_again_does_not_begin_the_flashes_anew),
    CHECK_TEST(another_network_begins_with_its_first_flash),
    CHECK_TEST(a_value_that_is_not_there_is_dark_or_ignored),
    CHECK_TEST(clear_makes_all_dark_as_after_init),
    CHECK_TEST(a_table_may_show_one_thing_with_two_leds),
    CHECK_TEST(the_clock_may_wrap_in_the_middle_of_a_row),
    CHECK_TEST(the_phase_survives_many_wraps),
    CHECK_TEST(late_polls_do_not_shift_what_comes),
    CHECK_TEST(a_phase_that_nobody_polled_in_is_left_out),
    CHECK_TEST(after_a_poll_a_pin_depends_on_the_time_alone),
};
CHECK_MAIN(tests)
