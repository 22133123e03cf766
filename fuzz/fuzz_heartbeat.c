/* SPDX-License-Identifier: MIT */
/* A heartbeat against a naive model whose clock has 64 bits and never wraps: same sends, same
 * wishes for a new connection, same counters. */
#include "fuzz.h"

#include "dtu/heartbeat.h"

/* What the owner does inside of send(). */
enum inside { NOTHING_ELSE, SAYS_SENT, STOPS, INSIDES };

static struct dtu_heartbeat_config config;
static struct dtu_heartbeat heart;
static enum inside inside;
static enum dtu_heartbeat_outcome outcome; /* of the next send() */
static bool restarts;                      /* reconnect() stops and starts it */
static uint64_t now;                       /* the heartbeat sees its low 32 bits */
static struct fuzz_log seen;
static struct fuzz_log expected;

static struct {
    bool started;
    bool waiting;
    uint64_t deadline; /* of the next, unless one waits */
    unsigned failures;
    struct dtu_heartbeat_stats stats;
} model;

static void log_char(struct fuzz_log *log, char c)
{
    fuzz_log_bytes(log, &c, 1);
}

/* --- The real one ----------------------------------------------------------------------------- */

static enum dtu_heartbeat_outcome on_send(void *ctx)
{
    FUZZ_CHECK(ctx == &seen);
    log_char(&seen, 's');
    if (inside == SAYS_SENT)
        dtu_heartbeat_sent(&heart, (uint32_t)now);
    if (inside == STOPS)
        dtu_heartbeat_stop(&heart);
    return outcome;
}

static void on_reconnect(void *ctx)
{
    FUZZ_CHECK(ctx == &seen);
    log_char(&seen, 'r');
    if (restarts) {
        dtu_heartbeat_stop(&heart);
        dtu_heartbeat_start(&heart, (uint32_t)now);
    }
}

static const struct dtu_heartbeat_callbacks callbacks = {on_send, on_reconnect};

/* --- The model -------------------------------------------------------------------------------- */

static uint64_t interval(void)
{
    return config.interval_ms > config.least_ms ? config.interval_ms : config.least_ms;
}

static bool to_network(void)
{
    return config.to == DTU_HEARTBEAT_TO_NETWORK;
}

static void model_stop(void)
{
    model.stats.skipped += model.waiting ? 1 : 0;
    model.started = model.waiting = false;
}

static void model_start(void)
{
    model_stop();
    model.started = true;
    model.failures = 0;
    model.deadline = now + interval();
}

static void model_sent(void)
{
    if (!model.started || !to_network())
        return;
    model.stats.skipped += model.waiting ? 1 : 0;
    model.waiting = false;
    model.failures = 0;
    model.deadline = now + interval();
}

static void model_failed(void)
{
    if (!model.started || !to_network() || ++model.failures < 3)
        return;
    model.failures = 0;
    model.stats.reconnects++;
    log_char(&expected, 'r');
    if (restarts)
        model_start();
}

static void model_poll(void)
{
    if (!model.started || (!model.waiting && now < model.deadline))
        return;
    log_char(&expected, 's');
    bool stopped = inside == STOPS;
    bool other_sent = inside == SAYS_SENT && to_network();
    model.waiting = outcome == DTU_HEARTBEAT_NO_ROOM && !stopped && !other_sent;
    if (model.waiting)
        return;
    if (outcome == DTU_HEARTBEAT_TAKEN)
        model.stats.sent++;
    else if (outcome == DTU_HEARTBEAT_FAILED)
        model.stats.failed++;
    else
        model.stats.skipped++;
    if (stopped)
        model_stop();
    else if (other_sent)
        model_sent();
    model.deadline = now + interval();
    if (stopped || other_sent)
        return;
    if (outcome == DTU_HEARTBEAT_TAKEN)
        model.failures = 0;
    if (outcome == DTU_HEARTBEAT_FAILED)
        model_failed();
}

/* --- Both ------------------------------------------------------------------------------------- */

static void event(uint32_t which)
{
    uint32_t ms = (uint32_t)now;
    switch (which) {
    case 0:
        dtu_heartbeat_start(&heart, ms);
        model_start();
        break;
    case 1:
        dtu_heartbeat_stop(&heart);
        model_stop();
        break;
    case 2:
    case 3:
        dtu_heartbeat_sent(&heart, ms);
        model_sent();
        break;
    case 4:
        dtu_heartbeat_failed(&heart);
        model_failed();
        break;
    default:
        dtu_heartbeat_poll(&heart, ms);
        model_poll();
        break;
    }
}

static uint64_t model_deadline(void)
{
    return model.started && !model.waiting ? model.deadline : UINT64_MAX;
}

/* Time goes on by a little, to just about the deadline, or, if there is none, by weeks. */
static void pass_time(struct fuzz_input *in)
{
    uint64_t deadline = model_deadline();
    uint32_t code = fuzz_u8(in);
    if (code < 0x80)
        now += code;
    else if (deadline == UINT64_MAX)
        now += (uint64_t)fuzz_u16(in) << 20;
    else if (deadline + code % 3 > now + 1)
        now = deadline + code % 3 - 1;
}

static void compare(void)
{
    uint64_t deadline = model_deadline();
    uint32_t left = deadline == UINT64_MAX ? DTU_NEVER
                    : deadline <= now      ? 0
                                           : (uint32_t)(deadline - now);
    FUZZ_CHECK(dtu_heartbeat_next(&heart, (uint32_t)now) == left);
    FUZZ_CHECK(memcmp(&heart.stats, &model.stats, sizeof model.stats) == 0);
    fuzz_check_same(&seen, &expected);
    seen.len = 0;
    expected.len = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    memset(&model, 0, sizeof model);
    seen.len = 0;
    expected.len = 0;
    uint32_t flags = fuzz_u8(&in);
    config.to = (flags & 1) != 0 ? DTU_HEARTBEAT_TO_UART : DTU_HEARTBEAT_TO_NETWORK;
    restarts = (flags & 2) != 0;
    config.interval_ms = (flags & 4) != 0 ? fuzz_u32(&in) : fuzz_u16(&in);
    config.least_ms = (flags & 8) != 0 ? fuzz_u32(&in) >> fuzz_below(&in, 32) : 0;
    now = fuzz_u32(&in);
    bool good = config.interval_ms > 0 && config.interval_ms < UINT32_C(0x80000000) &&
                config.least_ms < UINT32_C(0x80000000);
    FUZZ_CHECK((dtu_heartbeat_init(&heart, &config, &callbacks, &seen) == DTU_OK) == good);
    for (size_t steps = 0; good && steps < 2000 && in.left > 0; steps++) {
        uint32_t code = fuzz_u8(&in);
        outcome = (enum dtu_heartbeat_outcome)(code / 8 % 4);
        inside = (enum inside)(code / 32 % INSIDES);
        event(code % 8);
        compare();
        pass_time(&in);
        compare();
        if (now >= model_deadline()) /* a port polls when the time has come */
            event(7);
        compare();
    }
    return 0;
}
