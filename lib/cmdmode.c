/* SPDX-License-Identifier: MIT */
#include "dtu/cmdmode.h"

#include <string.h>

/* The handshake as it goes over the line: the user's pluses, the `a` of either side, of which there
 * is one here, and the module's `+ok`. */
static const uint8_t handshake[] = {'+', '+', '+', 'a', '+', 'o', 'k'};

/* Where these end in it. */
enum { PLUSES = 3, CONFIRMED = 4, ENTERED = 7 };

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
    c->last_ms = now;
    c->quiet = true;
    return DTU_OK;
}

static bool in_command_mode(const struct dtu_cmdmode *c)
{
    return c->got == CONFIRMED;
}

static bool in_handshake(const struct dtu_cmdmode *c)
{
    return c->got > 0 && !in_command_mode(c);
}

static void answer(struct dtu_cmdmode *c, uint32_t now)
{
    unsigned end = in_command_mode(c) ? ENTERED : CONFIRMED;
    size_t taken = c->callbacks->answer(c->ctx, &handshake[end - c->left], c->left);

    c->left = (uint8_t)(c->left - taken);
    if (c->left > 0)
        return;
    c->last_ms = now; /* the user's time to confirm begins when he has been asked */
    if (in_command_mode(c) && c->callbacks->entered != NULL)
        c->callbacks->entered(c->ctx);
}

/* Sends what waits: pluses that have become data, or the answer to them. False if there was no room
 * for all of it. */
static bool settled(struct dtu_cmdmode *c, uint32_t now)
{
    if (c->left == 0)
        return true;
    if (c->got > 0)
        answer(c, now);
    else
        c->left = (uint8_t)(c->left - c->callbacks->data(c->ctx, handshake, c->left));
    return c->left == 0;
}

static void break_handshake(struct dtu_cmdmode *c)
{
    c->left = c->got; /* and not an `a` that there was no room for: it must not follow now */
    c->got = 0;
    c->stats.broken++;
}

/* How long until the guard time has passed; DTU_NEVER if it has, or does not run. */
static uint32_t guard_left(const struct dtu_cmdmode *c, uint32_t now)
{
    if (c->quiet || c->behind)
        return DTU_NEVER;
    return dtu_remaining(now, c->last_ms, c->config->guard_ms);
}

/* How long until a handshake has not been gone on with for too long; DTU_NEVER without one. */
static uint32_t patience_left(const struct dtu_cmdmode *c, uint32_t now)
{
    if (!in_handshake(c))
        return DTU_NEVER;
    return dtu_remaining(now, c->last_ms,
                         c->got < PLUSES ? c->config->gap_ms : c->config->confirm_ms);
}

void dtu_cmdmode_poll(struct dtu_cmdmode *c, uint32_t now)
{
    if (guard_left(c, now) == 0)
        c->quiet = true; /* kept, so that it stays true when the clock wraps */
    if (patience_left(c, now) == 0)
        break_handshake(c);
    (void)settled(c, now);
}

uint32_t dtu_cmdmode_next(const struct dtu_cmdmode *c, uint32_t now)
{
    uint32_t guard = guard_left(c, now);
    uint32_t patience = patience_left(c, now);
    return patience < guard ? patience : guard;
}

static void note_byte(struct dtu_cmdmode *c, uint32_t now)
{
    c->last_ms = now;
    c->quiet = false;
}

/* The last plus and the `a` are answered. */
static void go_on(struct dtu_cmdmode *c)
{
    c->got++;
    if (c->got == PLUSES)
        c->left = CONFIRMED - PLUSES;
    if (in_command_mode(c)) {
        c->left = ENTERED - CONFIRMED;
        c->stats.entered++;
    }
}

/* Takes a byte of the handshake, or all that it can of what is data. */
static size_t take(struct dtu_cmdmode *c, const uint8_t *data, size_t len)
{
    if (data[0] == handshake[c->got] && (c->got > 0 || c->quiet)) {
        go_on(c);
        return 1;
    }
    if (c->got == 0)
        return c->callbacks->data(c->ctx, data, len);
    break_handshake(c);
    return 0;
}

size_t dtu_cmdmode_feed(struct dtu_cmdmode *c, const uint8_t *data, size_t len, uint32_t now)
{
    size_t taken = 0;

    dtu_cmdmode_poll(c, now);
    while (settled(c, now) && taken < len && !in_command_mode(c)) {
        size_t n = take(c, data + taken, len - taken);
        if (n > 0)
            note_byte(c, now);
        taken += n;
        if (c->got == 0 && c->left == 0) /* data: no more of it can be taken now */
            break;
    }
    if (len > 0)
        c->behind = taken < len;
    return taken;
}

bool dtu_cmdmode_active(const struct dtu_cmdmode *c)
{
    return in_command_mode(c) && c->left == 0;
}

bool dtu_cmdmode_ready(const struct dtu_cmdmode *c)
{
    return !in_command_mode(c) && c->left == 0;
}

void dtu_cmdmode_enter(struct dtu_cmdmode *c)
{
    c->got = CONFIRMED;
    c->left = 0;
}

void dtu_cmdmode_leave(struct dtu_cmdmode *c, uint32_t now)
{
    if (!in_command_mode(c))
        return;
    c->got = 0;
    c->left = 0;       /* bytes of the answer, if it was not all out */
    c->behind = false; /* what feed left behind were commands */
    note_byte(c, now);
}

/* --- The host's side ------------------------------------------------------------------------ */

/* `step`: where in the handshake the byte is that is waited for, or one of these. */
enum { IDLE, GUARD, WAIT_A = PLUSES, WAIT_OK = CONFIRMED };

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
    return DTU_OK;
}

static void host_enter(struct dtu_cmdmode_host *h, uint8_t step, uint32_t now)
{
    h->step = step;
    h->since_ms = now;
}

/* Sends what is left of the pluses, or the `a`: what is in front of the byte that is waited for. */
static void host_send(struct dtu_cmdmode_host *h, uint32_t now)
{
    size_t taken;

    if (h->left == 0)
        return;
    taken = h->callbacks->send(h->ctx, handshake + h->step - h->left, h->left);
    h->left = (uint8_t)(h->left - taken);
    if (taken > 0)
        h->since_ms = now; /* the module's time to answer begins when it has been asked */
}

static void host_finish(struct dtu_cmdmode_host *h, enum dtu_status status)
{
    h->step = IDLE;
    h->callbacks->done(h->ctx, status);
}

enum dtu_status dtu_cmdmode_host_start(struct dtu_cmdmode_host *h, uint32_t now)
{
    if (h->step != IDLE)
        return DTU_ERR_STATE;
    h->tries_left = h->config->tries;
    host_enter(h, GUARD, now);
    return DTU_OK;
}

static void host_data(struct dtu_cmdmode_host *h, const uint8_t *data, size_t len)
{
    if (h->callbacks->data != NULL)
        h->callbacks->data(h->ctx, data, len);
}

/* What was taken for the start of `+ok` is data. */
static void host_release(struct dtu_cmdmode_host *h)
{
    if (h->step <= WAIT_OK)
        return;
    host_data(h, handshake + WAIT_OK, (size_t)(h->step - WAIT_OK));
    h->step = WAIT_OK;
}

/* Whether a byte is the next of the answer. There is none before all that asks for it is out. */
static bool host_wants(const struct dtu_cmdmode_host *h, uint8_t byte)
{
    return h->step >= WAIT_A && h->left == 0 && byte == handshake[h->step];
}

static void host_go_on(struct dtu_cmdmode_host *h, uint32_t now)
{
    h->step++;
    if (h->step == WAIT_OK) {
        h->since_ms = now;
        h->left = WAIT_OK - WAIT_A;
        host_send(h, now);
    }
    if (h->step == ENTERED)
        host_finish(h, DTU_OK);
}

/* False if the byte is to come again. */
static bool host_take(struct dtu_cmdmode_host *h, const uint8_t *byte, uint32_t now)
{
    if (host_wants(h, *byte)) {
        host_go_on(h, now);
    } else if (h->step > WAIT_OK) {
        host_release(h); /* and the byte may begin another one */
        return false;
    } else {
        host_data(h, byte, 1);
    }
    return true;
}

size_t dtu_cmdmode_host_feed(struct dtu_cmdmode_host *h, const uint8_t *data, size_t len,
                             uint32_t now)
{
    size_t taken = 0;
    while (taken < len && h->step != IDLE)
        if (host_take(h, data + taken, now))
            taken++;
    return taken;
}

uint32_t dtu_cmdmode_host_next(const struct dtu_cmdmode_host *h, uint32_t now)
{
    if (h->step == IDLE)
        return DTU_NEVER;
    return dtu_remaining(now, h->since_ms,
                         h->step == GUARD ? h->config->guard_ms : h->config->reply_ms);
}

/* No answer came: the next try begins. */
static void host_retry(struct dtu_cmdmode_host *h, uint32_t now)
{
    host_release(h);
    h->left = 0;
    if (--h->tries_left == 0)
        host_finish(h, DTU_ERR_TIMEOUT);
    else
        host_enter(h, GUARD, now);
}

void dtu_cmdmode_host_poll(struct dtu_cmdmode_host *h, uint32_t now)
{
    if (dtu_cmdmode_host_next(h, now) > 0) {
        host_send(h, now);
    } else if (h->step == GUARD) {
        host_enter(h, WAIT_A, now);
        h->left = PLUSES;
        host_send(h, now);
    } else {
        host_retry(h, now);
    }
}
