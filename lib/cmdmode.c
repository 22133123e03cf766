/* SPDX-License-Identifier: MIT */
#include "dtu/cmdmode.h"

#include <string.h>

static const char pluses[] = "+++";
static const char module_confirms[] = "a";
static const char module_enters[] = "+ok";

static bool time_in_range(uint32_t ms)
{
    return ms > 0 && ms <= DTU_PERIOD_MAX;
}

/* --- The module's side ---------------------------------------------------------------------- */

enum dtu_status dtu_cmdmode_init(struct dtu_cmdmode *c, const struct dtu_cmdmode_config *config,
                                 const struct dtu_cmdmode_callbacks *callbacks, void *ctx,
                                 uint32_t now)
{
    if (!time_in_range(config->guard_ms) || !time_in_range(config->gap_ms) ||
        !time_in_range(config->confirm_ms))
        return DTU_ERR_CONFIG;
    if (callbacks->data == NULL || callbacks->answer == NULL)
        return DTU_ERR_CONFIG;
    memset(c, 0, sizeof *c);
    c->config = config;
    c->callbacks = callbacks;
    c->ctx = ctx;
    c->answer = "";
    c->last_ms = now;
    c->quiet = true;
    return DTU_OK;
}

/* Sends what is left of the answer. False if there was no room for all of it. */
static bool send_answer(struct dtu_cmdmode *c, uint32_t now)
{
    size_t len = dtu_string_len(c->answer);
    if (len == 0)
        return true;
    c->answer += c->callbacks->answer(c->ctx, (const uint8_t *)c->answer, len);
    if (*c->answer != '\0')
        return false;
    c->last_ms = now; /* the user's time to confirm begins when he has been asked */
    if (c->state == DTU_CMDMODE_COMMAND && c->callbacks->entered != NULL)
        c->callbacks->entered(c->ctx);
    return true;
}

/* Lets held bytes go into the data stream. False if there was no room for all of them. */
static bool release(struct dtu_cmdmode *c)
{
    if (c->released == 0)
        return true;
    size_t taken = c->callbacks->data(c->ctx, (const uint8_t *)pluses, c->released);
    c->released = (uint8_t)(c->released - taken);
    return c->released == 0;
}

static bool settled(struct dtu_cmdmode *c, uint32_t now)
{
    bool answered = send_answer(c, now);
    return release(c) && answered;
}

static void break_handshake(struct dtu_cmdmode *c)
{
    c->released = c->held;
    c->held = 0;
    c->answer = ""; /* an `a` that there was no room for must not follow now */
    c->state = DTU_CMDMODE_DATA;
    c->stats.broken++;
}

/* The longest pause that the present state bears. */
static uint32_t patience_ms(const struct dtu_cmdmode *c)
{
    return c->state == DTU_CMDMODE_PLUS ? c->config->gap_ms : c->config->confirm_ms;
}

static bool in_handshake(const struct dtu_cmdmode *c)
{
    return c->state == DTU_CMDMODE_PLUS || c->state == DTU_CMDMODE_CONFIRM;
}

void dtu_cmdmode_poll(struct dtu_cmdmode *c, uint32_t now)
{
    uint32_t silence = dtu_elapsed(now, c->last_ms);
    if (silence >= c->config->guard_ms && !c->behind)
        c->quiet = true; /* kept, so that it stays true when the clock wraps */
    if (in_handshake(c) && silence >= patience_ms(c))
        break_handshake(c);
    (void)settled(c, now);
}

static void note_byte(struct dtu_cmdmode *c, uint32_t now)
{
    c->last_ms = now;
    c->quiet = false;
}

static void hold_plus(struct dtu_cmdmode *c)
{
    c->held++;
    c->state = DTU_CMDMODE_PLUS;
    if (c->held == sizeof pluses - 1) {
        c->state = DTU_CMDMODE_CONFIRM;
        c->answer = module_confirms;
    }
}

/* Takes what it can of the input in the present state; sets `*stop` when no more can be taken. */
static size_t step(struct dtu_cmdmode *c, const uint8_t *data, size_t len, bool *stop)
{
    size_t taken;

    switch ((enum dtu_cmdmode_state)c->state) {
    case DTU_CMDMODE_DATA:
        if (c->quiet && data[0] == '+') {
            hold_plus(c);
            return 1;
        }
        taken = c->callbacks->data(c->ctx, data, len);
        *stop = taken < len;
        return taken;
    case DTU_CMDMODE_PLUS:
        if (data[0] == '+') {
            hold_plus(c);
            return 1;
        }
        break_handshake(c);
        return 0;
    case DTU_CMDMODE_CONFIRM:
        if (data[0] == 'a') {
            c->held = 0;
            c->state = DTU_CMDMODE_COMMAND;
            c->answer = module_enters;
            c->stats.entered++;
            return 1;
        }
        break_handshake(c);
        return 0;
    case DTU_CMDMODE_COMMAND:
        break;
    }
    *stop = true;
    return 0;
}

size_t dtu_cmdmode_feed(struct dtu_cmdmode *c, const uint8_t *data, size_t len, uint32_t now)
{
    size_t taken = 0;
    bool stop = false;

    dtu_cmdmode_poll(c, now);
    while (taken < len && !stop && settled(c, now)) {
        size_t n = step(c, data + taken, len - taken, &stop);
        if (n > 0)
            note_byte(c, now);
        taken += n;
    }
    (void)settled(c, now);
    if (len > 0)
        c->behind = taken < len;
    return taken;
}

uint32_t dtu_cmdmode_next(const struct dtu_cmdmode *c, uint32_t now)
{
    uint32_t guard = DTU_NEVER;
    if (!c->quiet && !c->behind)
        guard = dtu_remaining(now, c->last_ms, c->config->guard_ms);
    if (!in_handshake(c))
        return guard;
    uint32_t patience = dtu_remaining(now, c->last_ms, patience_ms(c));
    return patience < guard ? patience : guard;
}

bool dtu_cmdmode_active(const struct dtu_cmdmode *c)
{
    return c->state == DTU_CMDMODE_COMMAND && *c->answer == '\0';
}

bool dtu_cmdmode_ready(const struct dtu_cmdmode *c)
{
    return c->state != DTU_CMDMODE_COMMAND && *c->answer == '\0' && c->released == 0;
}

void dtu_cmdmode_enter(struct dtu_cmdmode *c)
{
    c->state = DTU_CMDMODE_COMMAND;
    c->held = 0;
    c->released = 0;
    c->answer = "";
}

void dtu_cmdmode_leave(struct dtu_cmdmode *c, uint32_t now)
{
    if (c->state != DTU_CMDMODE_COMMAND)
        return;
    c->state = DTU_CMDMODE_DATA;
    c->behind = false; /* what feed left behind were commands */
    note_byte(c, now);
}

/* --- The host's side ------------------------------------------------------------------------ */

enum dtu_status dtu_cmdmode_host_init(struct dtu_cmdmode_host *h,
                                      const struct dtu_cmdmode_host_config *config,
                                      const struct dtu_cmdmode_host_callbacks *callbacks, void *ctx)
{
    if (config->tries == 0 || config->guard_ms > DTU_PERIOD_MAX || !time_in_range(config->reply_ms))
        return DTU_ERR_CONFIG;
    if (callbacks->send == NULL || callbacks->done == NULL)
        return DTU_ERR_CONFIG;
    memset(h, 0, sizeof *h);
    h->config = config;
    h->callbacks = callbacks;
    h->ctx = ctx;
    h->sending = "";
    return DTU_OK;
}

static void host_enter(struct dtu_cmdmode_host *h, enum dtu_cmdmode_host_state state, uint32_t now)
{
    h->state = (uint8_t)state;
    h->since_ms = now;
    h->matched = 0;
}

static void host_send(struct dtu_cmdmode_host *h, uint32_t now)
{
    size_t len = dtu_string_len(h->sending);
    if (len == 0)
        return;
    size_t taken = h->callbacks->send(h->ctx, (const uint8_t *)h->sending, len);
    h->sending += taken;
    if (taken > 0)
        h->since_ms = now; /* the module's time to answer begins when it has been asked */
}

static void host_finish(struct dtu_cmdmode_host *h, enum dtu_status status, uint32_t now)
{
    h->sending = "";
    host_enter(h, DTU_CMDMODE_HOST_IDLE, now);
    h->callbacks->done(h->ctx, status);
}

enum dtu_status dtu_cmdmode_host_start(struct dtu_cmdmode_host *h, uint32_t now)
{
    if (h->state != DTU_CMDMODE_HOST_IDLE)
        return DTU_ERR_STATE;
    h->tries_left = h->config->tries;
    host_enter(h, DTU_CMDMODE_HOST_GUARD, now);
    return DTU_OK;
}

static void host_data(struct dtu_cmdmode_host *h, const void *data, size_t len)
{
    if (len > 0 && h->callbacks->data != NULL)
        h->callbacks->data(h->ctx, data, len);
}

/* A byte while `+ok` is awaited: what turns out not to belong to it is data. */
static void host_match_ok(struct dtu_cmdmode_host *h, uint8_t byte, uint32_t now)
{
    if (byte != (uint8_t)module_enters[h->matched]) {
        host_data(h, module_enters, h->matched);
        h->matched = 0;
    }
    if (byte != (uint8_t)module_enters[h->matched]) {
        host_data(h, &byte, 1);
        return;
    }
    h->matched++;
    if (h->matched == sizeof module_enters - 1)
        host_finish(h, DTU_OK, now);
}

size_t dtu_cmdmode_host_feed(struct dtu_cmdmode_host *h, const uint8_t *data, size_t len,
                             uint32_t now)
{
    size_t taken = 0;
    while (taken < len && h->state != DTU_CMDMODE_HOST_IDLE) {
        uint8_t byte = data[taken++];
        switch ((enum dtu_cmdmode_host_state)h->state) {
        case DTU_CMDMODE_HOST_WAIT_OK:
            if (*h->sending == '\0') {
                host_match_ok(h, byte, now);
                break;
            }
            host_data(h, &byte, 1); /* no answer: the `a` is not out yet */
            break;
        case DTU_CMDMODE_HOST_WAIT_A:
            if (byte == (uint8_t)module_confirms[0] && *h->sending == '\0') {
                h->sending = module_confirms;
                host_enter(h, DTU_CMDMODE_HOST_WAIT_OK, now);
                host_send(h, now);
                break;
            }
            host_data(h, &byte, 1);
            break;
        case DTU_CMDMODE_HOST_GUARD:
        case DTU_CMDMODE_HOST_IDLE:
            host_data(h, &byte, 1);
            break;
        }
    }
    return taken;
}

static uint32_t host_patience_ms(const struct dtu_cmdmode_host *h)
{
    return h->state == DTU_CMDMODE_HOST_GUARD ? h->config->guard_ms : h->config->reply_ms;
}

/* No answer came: what was taken for the start of one is data, and the next try begins. */
static void host_retry(struct dtu_cmdmode_host *h, uint32_t now)
{
    host_data(h, module_enters, h->matched);
    h->sending = "";
    if (--h->tries_left == 0)
        host_finish(h, DTU_ERR_TIMEOUT, now);
    else
        host_enter(h, DTU_CMDMODE_HOST_GUARD, now);
}

void dtu_cmdmode_host_poll(struct dtu_cmdmode_host *h, uint32_t now)
{
    if (h->state == DTU_CMDMODE_HOST_IDLE)
        return;
    if (dtu_elapsed(now, h->since_ms) < host_patience_ms(h)) {
        host_send(h, now);
        return;
    }
    if (h->state != DTU_CMDMODE_HOST_GUARD) {
        host_retry(h, now);
        return;
    }
    h->sending = pluses;
    host_enter(h, DTU_CMDMODE_HOST_WAIT_A, now);
    host_send(h, now);
}

uint32_t dtu_cmdmode_host_next(const struct dtu_cmdmode_host *h, uint32_t now)
{
    if (h->state == DTU_CMDMODE_HOST_IDLE)
        return DTU_NEVER;
    return dtu_remaining(now, h->since_ms, host_patience_ms(h));
}
