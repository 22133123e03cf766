/* SPDX-License-Identifier: MIT */
/* A link against a naive model whose clock has 64 bits and never wraps: same states, same wishes to
 * the port, same counters. */
#include "fuzz.h"

#include "dtu/link.h"

/* What the port does in the next open(). */
enum inside { SAYS_LATER, SAYS_OPENED, SAYS_FAILED, REFUSES, SAYS_FAILED_AND_REFUSES };

static struct dtu_link_config config;
static struct dtu_link sock;
static enum inside inside;
static uint64_t now; /* the link sees its low 32 bits */
static int stop_at;  /* changed() stops the link in this state; -1: in none */
static int want_at;  /* the same for want */
static struct fuzz_log seen;
static struct fuzz_log expected;

static struct {
    enum dtu_link_state state;
    uint64_t since;
    uint32_t failures;
    bool used;
    bool backup;
    struct dtu_link_stats stats;
} model;

static void log_char(struct fuzz_log *log, int c)
{
    uint8_t byte = (uint8_t)c;
    fuzz_log_bytes(log, &byte, 1);
}

/* --- The real one ----------------------------------------------------------------------------- */

static bool port_open(void *ctx)
{
    FUZZ_CHECK(ctx == &seen);
    log_char(&seen, dtu_link_is_backup(&sock) ? 'b' : 'o');
    if (inside == SAYS_OPENED)
        dtu_link_opened(&sock, (uint32_t)now);
    if (inside == SAYS_FAILED || inside == SAYS_FAILED_AND_REFUSES)
        dtu_link_failed(&sock, (uint32_t)now);
    return inside != REFUSES && inside != SAYS_FAILED_AND_REFUSES;
}

static void port_close(void *ctx)
{
    FUZZ_CHECK(ctx == &seen);
    log_char(&seen, 'c');
}

static void on_change(void *ctx, enum dtu_link_state state)
{
    FUZZ_CHECK(ctx == &seen);
    log_char(&seen, '0' + (int)state);
    if (stop_at == (int)state)
        dtu_link_stop(&sock, (uint32_t)now);
    if (want_at == (int)state)
        dtu_link_want(&sock, (uint32_t)now);
}

static const struct dtu_link_callbacks callbacks = {port_open, port_close, on_change};

/* --- The model -------------------------------------------------------------------------------- */

static void model_open(void);

static void model_enter(enum dtu_link_state state)
{
    model.state = state;
    model.since = now;
    log_char(&expected, '0' + (int)state);
    if (stop_at == (int)state && state != DTU_LINK_OFF) {
        if (state == DTU_LINK_OPENING || state == DTU_LINK_UP)
            log_char(&expected, 'c');
        model_enter(DTU_LINK_OFF);
    }
    if (want_at == (int)state && model.state == DTU_LINK_UP)
        model.used = true;
    if (want_at == (int)state && model.state == DTU_LINK_IDLE)
        model_open();
}

static void model_fail(void)
{
    model.stats.failed++;
    model.failures++;
    model_enter(DTU_LINK_WAIT);
}

static void model_up(void)
{
    model.stats.opened++;
    model.failures = 0;
    model.used = false;
    model_enter(DTU_LINK_UP);
}

static void model_open(void)
{
    model.backup = config.has_backup && model.failures % 2 == 1;
    model_enter(DTU_LINK_OPENING);
    if (model.state != DTU_LINK_OPENING)
        return;
    model.stats.tries++;
    log_char(&expected, model.backup ? 'b' : 'o');
    if (inside == SAYS_OPENED)
        model_up();
    else if (inside != SAYS_LATER)
        model_fail();
}

static uint64_t model_deadline(void)
{
    uint32_t open_ms = config.listens ? 0 : config.open_ms;
    uint32_t wait = model.state == DTU_LINK_OPENING ? open_ms
                    : model.state == DTU_LINK_UP   ? config.quiet_ms + config.idle_ms /* one is 0 */
                    : model.state == DTU_LINK_WAIT ? config.retry_ms
                                                   : 0;
    return wait == 0 ? UINT64_MAX : model.since + wait;
}

static void model_reconnect(void)
{
    if (model.state != DTU_LINK_UP)
        return;
    log_char(&expected, 'c');
    model.stats.idle++;
    model_open();
}

static void model_poll(void)
{
    if (now < model_deadline())
        return;
    if (model.state == DTU_LINK_WAIT && config.max_tries > 0 &&
        model.failures >= config.max_tries) {
        model_enter(DTU_LINK_GIVEN_UP);
        return;
    }
    if (model.state == DTU_LINK_WAIT) {
        model_open();
        return;
    }
    if (model.state == DTU_LINK_UP && config.quiet_ms == 0) {
        model_reconnect();
        return;
    }
    log_char(&expected, 'c');
    if (model.state == DTU_LINK_OPENING) {
        model_fail();
        return;
    }
    model.stats.quiet++;
    model_enter(DTU_LINK_IDLE);
}

static void model_start(void)
{
    if (model.state != DTU_LINK_OFF && model.state != DTU_LINK_GIVEN_UP)
        return;
    model.failures = 0;
    if (config.quiet_ms > 0)
        model_enter(DTU_LINK_IDLE);
    else
        model_open();
}

static void model_stop(void)
{
    if (model.state == DTU_LINK_OFF)
        return;
    if (model.state == DTU_LINK_OPENING || model.state == DTU_LINK_UP)
        log_char(&expected, 'c');
    model_enter(DTU_LINK_OFF);
}

static void model_activity(void)
{
    if (model.state == DTU_LINK_UP) {
        model.since = now;
        model.used = true;
    }
}

static void model_closed(void)
{
    if (model.state != DTU_LINK_UP)
        return;
    model.stats.lost++;
    if (config.listens) {
        model_open();
        return;
    }
    model_enter(config.quiet_ms > 0 && model.used ? DTU_LINK_IDLE : DTU_LINK_WAIT);
}

/* --- Both ---------------------------------------------------------------------------------------
 */

static void event(uint32_t which)
{
    uint32_t ms = (uint32_t)now;
    switch (which) {
    case 0:
        dtu_link_start(&sock, ms);
        model_start();
        break;
    case 1:
        dtu_link_stop(&sock, ms);
        model_stop();
        break;
    case 2:
        dtu_link_want(&sock, ms);
        model_activity();
        if (model.state == DTU_LINK_IDLE)
            model_open();
        break;
    case 3:
        dtu_link_activity(&sock, ms);
        model_activity();
        break;
    case 4:
        dtu_link_opened(&sock, ms);
        if (model.state == DTU_LINK_OPENING)
            model_up();
        break;
    case 5:
        dtu_link_failed(&sock, ms);
        if (model.state == DTU_LINK_OPENING)
            model_fail();
        break;
    case 6:
        dtu_link_closed(&sock, ms);
        model_closed();
        break;
    case 8:
        dtu_link_reconnect(&sock, ms);
        model_reconnect();
        break;
    default:
        dtu_link_poll(&sock, ms);
        model_poll();
        break;
    }
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
    else if (deadline + code % 3 > now)
        now = deadline + code % 3 - 1 > now ? deadline + code % 3 - 1 : now;
}

static void compare(void)
{
    uint64_t deadline = model_deadline();
    uint32_t left = deadline == UINT64_MAX ? DTU_NEVER
                    : deadline <= now      ? 0
                                           : (uint32_t)(deadline - now);
    FUZZ_CHECK(dtu_link_state(&sock) == model.state);
    FUZZ_CHECK(dtu_link_is_backup(&sock) == model.backup);
    FUZZ_CHECK(memcmp(&sock.stats, &model.stats, sizeof model.stats) == 0);
    FUZZ_CHECK(dtu_link_next(&sock, (uint32_t)now) == left);
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
    config.retry_ms = fuzz_u16(&in);
    config.max_tries = fuzz_below(&in, 4);
    config.open_ms = fuzz_below(&in, 4) == 0 ? 0 : fuzz_u32(&in) >> fuzz_below(&in, 32);
    uint32_t kind = fuzz_below(&in, 16);
    config.quiet_ms = kind % 2 == 0 ? 0 : fuzz_u16(&in);
    config.listens = kind / 2 % 2 == 1;
    config.idle_ms = kind / 4 % 2 == 0 ? 0 : fuzz_u16(&in);
    config.has_backup = kind / 8 == 1;
    stop_at = (int)fuzz_below(&in, 12) - 6;
    want_at = (int)fuzz_below(&in, 12) - 6;
    now = fuzz_u32(&in);
    bool good = config.retry_ms > 0 && config.open_ms < UINT32_C(0x80000000) &&
                (config.quiet_ms == 0 || (!config.listens && config.idle_ms == 0));
    FUZZ_CHECK((dtu_link_init(&sock, &config, &callbacks, &seen) == DTU_OK) == good);
    for (size_t steps = 0; good && steps < 2000 && in.left > 0; steps++) {
        uint32_t code = fuzz_u8(&in);
        inside = (enum inside)(code / 8 % 5);
        event(code < 0xF8 ? code % 8 : 8);
        compare();
        pass_time(&in);
        compare();
        if (now >= model_deadline()) /* a port polls when the time has come */
            event(7);
        compare();
    }
    return 0;
}
