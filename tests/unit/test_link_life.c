/* SPDX-License-Identifier: MIT */
/* Every kind of link for 52 days of a simulated clock, whose 32 bits wrap on day 49: connects,
 * refusals, names that are not found, attempts and connections that nothing is ever heard of again,
 * peers that close at once. What the link does, and when to the millisecond, is compared with the
 * contract of link.h, which is written down here a second time on 64-bit times. */
#include "dtu/link.h"

#include "check.h"
#include "rand.h"

#include <stdbool.h>

#define DAY_MS UINT64_C(86400000)
#define LIFE_MS (52 * DAY_MS)
#define NEVER UINT64_MAX
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What the world does to an attempt or a connection. */
enum fate { CONNECTS, FAILS, SAYS_NOTHING, REFUSED_AT_ONCE, FATES };

static struct {
    struct dtu_link link;
    struct dtu_link_config config;
    struct test_rand rand;
    uint64_t now;
    uint32_t offset;        /* of the link's clock */
    uint64_t event;         /* when the world does something next */
    uint64_t data;          /* when data comes or is sent next */
    bool port_is_open;      /* as the port sees it: opening or open */
    enum dtu_link_state is; /* what the link must be, */
    uint64_t since;         /* since when, or since the last activity, */
    uint32_t failures;      /* and how many there were in a row */
    bool used;
    bool backup;
    uint32_t opens, closes, opened, given_up;
} sim;

static uint32_t clock_ms(void)
{
    return (uint32_t)(sim.now + sim.offset);
}

static uint64_t in(uint64_t ms)
{
    return sim.now + ms;
}

/* Short and long waits alike. */
static uint64_t some_time(void)
{
    static const uint32_t limits[] = {2, 100, 20000, 100000, 10000000, 400000000};
    uint32_t limit = limits[test_rand_below(&sim.rand, COUNT(limits))];
    return 1 + test_rand_below(&sim.rand, limit);
}

static void enter(enum dtu_link_state state)
{
    sim.is = state;
    sim.since = sim.now;
}

static void has_failed(void)
{
    sim.failures++;
    enter(DTU_LINK_WAIT);
}

/* --- The port ------------------------------------------------------------------------------- */

static bool port_open(void *ctx)
{
    enum fate fate = (enum fate)test_rand_below(&sim.rand, FATES);
    CHECK(ctx == &sim && !sim.port_is_open);
    CHECK_EQ(sim.is, DTU_LINK_OPENING);
    CHECK_EQ(dtu_link_is_backup(&sim.link), sim.backup);
    sim.opens++;
    sim.port_is_open = fate != REFUSED_AT_ONCE;
    sim.event = fate == SAYS_NOTHING ? NEVER : in(some_time());
    if (fate == SAYS_NOTHING && sim.config.listens) /* nobody comes for long */
        sim.event = in(DAY_MS);
    else if (fate == SAYS_NOTHING && sim.config.open_ms == 0) /* the port has its own limit */
        sim.event = in(75000);
    if (fate != REFUSED_AT_ONCE)
        return true;
    sim.event = NEVER;
    has_failed();
    return false;
}

static void port_close(void *ctx)
{
    CHECK(ctx == &sim && sim.port_is_open);
    sim.port_is_open = false;
    sim.event = NEVER;
    sim.closes++;
}

static const struct dtu_link_callbacks callbacks = {.open = port_open, .close = port_close};

/* --- The contract --------------------------------------------------------------------------- */

static void expect_opening(void)
{
    sim.backup = sim.config.has_backup && sim.failures % 2 == 1;
    enter(DTU_LINK_OPENING);
}

/* When the link must do something by itself. */
static uint64_t due(void)
{
    uint32_t up = sim.config.quiet_ms > 0 ? sim.config.quiet_ms : sim.config.idle_ms;
    switch (sim.is) {
    case DTU_LINK_OPENING:
        return sim.config.listens || sim.config.open_ms == 0 ? NEVER
                                                             : sim.since + sim.config.open_ms;
    case DTU_LINK_UP:
        return up == 0 ? NEVER : sim.since + up;
    case DTU_LINK_WAIT:
        return sim.since + sim.config.retry_ms;
    case DTU_LINK_OFF:
    case DTU_LINK_IDLE:
    case DTU_LINK_GIVEN_UP:
        break;
    }
    return NEVER;
}

/* What it must do then; the state is set before, for the port is called from inside. */
static void time_is_up(void)
{
    uint32_t closes = sim.closes;
    enum dtu_link_state was = sim.is;
    bool was_short = sim.config.quiet_ms > 0;

    if (was == DTU_LINK_OPENING) {
        has_failed();
    } else if (was == DTU_LINK_UP && was_short) {
        enter(DTU_LINK_IDLE);
    } else if (was == DTU_LINK_UP ||
               !(sim.config.max_tries > 0 && sim.failures >= sim.config.max_tries)) {
        expect_opening();
    } else {
        enter(DTU_LINK_GIVEN_UP);
        sim.given_up++;
    }
    dtu_link_poll(&sim.link, clock_ms());
    CHECK_EQ(sim.closes - closes, was == DTU_LINK_OPENING || was == DTU_LINK_UP);
}

/* --- What happens --------------------------------------------------------------------------- */

static void attempt_ends(void)
{
    bool connects = sim.config.listens || test_rand_below(&sim.rand, 2) == 0;
    sim.event = NEVER;
    if (!connects) {
        sim.port_is_open = false;
        has_failed();
        dtu_link_failed(&sim.link, clock_ms());
        return;
    }
    sim.opened++;
    sim.failures = 0;
    sim.used = false;
    enter(DTU_LINK_UP);
    sim.event = in(some_time());
    if (test_rand_below(&sim.rand, 3) == 0) /* it is not heard of again, till the port notices */
        sim.event = sim.config.quiet_ms + sim.config.idle_ms > 0 ? NEVER : in(DAY_MS);
    dtu_link_opened(&sim.link, clock_ms());
}

static void connection_is_lost(void)
{
    sim.event = NEVER;
    sim.port_is_open = false;
    if (sim.config.listens)
        expect_opening();
    else
        enter(sim.config.quiet_ms > 0 && sim.used ? DTU_LINK_IDLE : DTU_LINK_WAIT);
    dtu_link_closed(&sim.link, clock_ms());
}

static void data_comes(void)
{
    sim.data = in(some_time());
    if (sim.is == DTU_LINK_UP) {
        sim.since = sim.now;
        sim.used = true;
    }
    if (sim.is == DTU_LINK_IDLE)
        expect_opening();
    dtu_link_want(&sim.link, clock_ms());
}

static void check_state(void)
{
    uint64_t left = due();
    CHECK_EQ(dtu_link_state(&sim.link), sim.is);
    CHECK_EQ(dtu_link_next(&sim.link, clock_ms()), left == NEVER ? DTU_NEVER : left - sim.now);
}

static void step(void)
{
    uint64_t next = due() < sim.event ? due() : sim.event;
    next = next < sim.data ? next : sim.data;
    if (next > LIFE_MS) {
        sim.now = LIFE_MS;
        return;
    }
    sim.now = next;
    if (test_rand_below(&sim.rand, 4) == 0 && due() > sim.now)
        dtu_link_poll(&sim.link, clock_ms()); /* a poll that is not due does nothing */
    if (due() <= sim.now)
        time_is_up();
    else if (sim.event <= sim.now && sim.is == DTU_LINK_OPENING)
        attempt_ends();
    else if (sim.event <= sim.now)
        connection_is_lost();
    else
        data_comes();
    if (sim.is == DTU_LINK_GIVEN_UP) { /* the module restarts */
        sim.failures = 0;
        if (sim.config.quiet_ms > 0)
            enter(DTU_LINK_IDLE);
        else
            expect_opening();
        dtu_link_start(&sim.link, clock_ms());
    }
    check_state();
}

static void live(const struct dtu_link_config *config, uint32_t seed)
{
    memset(&sim, 0, sizeof sim);
    sim.config = *config;
    test_rand_seed(&sim.rand, seed);
    sim.offset = test_rand_u32(&sim.rand);
    sim.event = NEVER;
    sim.data = some_time();
    CHECK_EQ(dtu_link_init(&sim.link, &sim.config, &callbacks, &sim), DTU_OK);
    if (config->quiet_ms > 0)
        enter(DTU_LINK_IDLE);
    else
        expect_opening();
    dtu_link_start(&sim.link, clock_ms());
    check_state();
    while (sim.now < LIFE_MS && check_failures == 0)
        step();
    CHECK_EQ(sim.link.stats.tries, sim.opens);
    CHECK_EQ(sim.link.stats.opened, sim.opened);
    CHECK(sim.opened > 0);
    CHECK(config->max_tries > 0 || sim.given_up == 0);
    dtu_link_stop(&sim.link, clock_ms());
    CHECK(!sim.port_is_open);
}

static void every_configuration_lives_through_the_wrap_of_the_clock(void)
{
    static const uint32_t retries[] = {1000, 10000, 65535000};
    static const uint32_t opens[] = {0, 30000};
    static const uint32_t tries[] = {0, 2};
    static const struct {
        uint32_t quiet_ms, idle_ms;
        bool listens, backup;
    } kinds[] = {{0, 0, false, false},       {0, 0, false, true},     {0, 60000, false, false},
                 {0, 99999000, false, true}, {0, 0, true, false},     {0, 60000, true, false},
                 {2000, 0, false, false},    {600000, 0, false, true}};
    uint32_t seed = 1;
    for (size_t k = 0; k < COUNT(kinds); k++) {
        for (size_t i = 0; i < COUNT(retries) * COUNT(opens) * COUNT(tries); i++, seed++) {
            if (seed % (10 / CHECK_ROUNDS(10)) != 0) /* on an AVR each tenth */
                continue;
            const struct dtu_link_config config = {.retry_ms = retries[i % 3],
                                                   .open_ms = opens[i / 3 % 2],
                                                   .max_tries = tries[i / 6],
                                                   .quiet_ms = kinds[k].quiet_ms,
                                                   .idle_ms = kinds[k].idle_ms,
                                                   .listens = kinds[k].listens,
                                                   .has_backup = kinds[k].backup};
            live(&config, seed);
            if (check_failures > 0) {
                printf("  kind %u, configuration %u\n", (unsigned)k, (unsigned)i);
                return;
            }
        }
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(every_configuration_lives_through_the_wrap_of_the_clock),
};

CHECK_MAIN(tests)
