/* SPDX-License-Identifier: MIT */
#include "dtu/link.h"

#include <string.h>

static bool times_are_legal(const struct dtu_link_config *c)
{
    if (c->retry_ms == 0 || c->retry_ms > DTU_PERIOD_MAX || c->open_ms > DTU_PERIOD_MAX ||
        c->quiet_ms > DTU_PERIOD_MAX || c->idle_ms > DTU_PERIOD_MAX)
        return false;
    return c->quiet_ms == 0 || (!c->listens && c->idle_ms == 0);
}

enum dtu_status dtu_link_init(struct dtu_link *l, const struct dtu_link_config *config,
                              const struct dtu_link_callbacks *callbacks, void *ctx)
{
    if (!times_are_legal(config))
        return DTU_ERR_CONFIG;
    if (callbacks->open == NULL || callbacks->close == NULL)
        return DTU_ERR_CONFIG;
    memset(l, 0, sizeof *l);
    l->config = config;
    l->callbacks = callbacks;
    l->ctx = ctx;
    return DTU_OK;
}

/* The last thing that an event does: the callback may call dtu_link_want() or dtu_link_stop(). */
static void enter(struct dtu_link *l, enum dtu_link_state state, uint32_t now)
{
    l->state = (uint8_t)state;
    l->since_ms = now;
    if (l->callbacks->changed != NULL)
        l->callbacks->changed(l->ctx, state);
}

static bool short_lived(const struct dtu_link *l)
{
    return l->config->quiet_ms > 0;
}

static bool has_failed_too_often(const struct dtu_link *l)
{
    return l->config->max_tries > 0 && l->failures >= l->config->max_tries;
}

void dtu_link_failed(struct dtu_link *l, uint32_t now)
{
    if (l->state != DTU_LINK_OPENING)
        return;
    l->stats.failed++;
    l->failures++;
    enter(l, DTU_LINK_WAIT, now);
}

static void open_socket(struct dtu_link *l, uint32_t now)
{
    l->backup = l->config->has_backup && l->failures % 2 == 1;
    enter(l, DTU_LINK_OPENING, now);
    if (l->state != DTU_LINK_OPENING) /* the owner has stopped the link meanwhile */
        return;
    l->stats.tries++;
    if (!l->callbacks->open(l->ctx))
        dtu_link_failed(l, now);
}

void dtu_link_start(struct dtu_link *l, uint32_t now)
{
    if (l->state != DTU_LINK_OFF && l->state != DTU_LINK_GIVEN_UP)
        return;
    l->failures = 0;
    if (short_lived(l))
        enter(l, DTU_LINK_IDLE, now);
    else
        open_socket(l, now);
}

void dtu_link_stop(struct dtu_link *l, uint32_t now)
{
    if (l->state == DTU_LINK_OFF)
        return;
    if (l->state == DTU_LINK_OPENING || l->state == DTU_LINK_UP)
        l->callbacks->close(l->ctx);
    enter(l, DTU_LINK_OFF, now);
}

void dtu_link_want(struct dtu_link *l, uint32_t now)
{
    dtu_link_activity(l, now);
    if (l->state == DTU_LINK_IDLE)
        open_socket(l, now);
}

void dtu_link_activity(struct dtu_link *l, uint32_t now)
{
    if (l->state != DTU_LINK_UP)
        return;
    l->since_ms = now;
    l->used = true;
}

void dtu_link_hold(struct dtu_link *l, uint32_t now)
{
    if (l->state == DTU_LINK_UP)
        l->since_ms = now;
}

void dtu_link_opened(struct dtu_link *l, uint32_t now)
{
    if (l->state != DTU_LINK_OPENING)
        return;
    l->stats.opened++;
    l->failures = 0;
    l->used = false;
    enter(l, DTU_LINK_UP, now);
}

void dtu_link_closed(struct dtu_link *l, uint32_t now)
{
    if (l->state != DTU_LINK_UP)
        return;
    l->stats.lost++;
    if (l->config->listens) {
        open_socket(l, now);
        return;
    }
    enter(l, short_lived(l) && l->used ? DTU_LINK_IDLE : DTU_LINK_WAIT, now);
}

/* How long the present state lasts if nothing happens; 0: for ever. */
static uint32_t patience_ms(const struct dtu_link *l)
{
    switch ((enum dtu_link_state)l->state) {
    case DTU_LINK_OPENING:
        return l->config->listens ? 0 : l->config->open_ms;
    case DTU_LINK_UP:
        return short_lived(l) ? l->config->quiet_ms : l->config->idle_ms;
    case DTU_LINK_WAIT:
        return l->config->retry_ms;
    case DTU_LINK_OFF:
    case DTU_LINK_IDLE:
    case DTU_LINK_GIVEN_UP:
        break;
    }
    return 0;
}

void dtu_link_reconnect(struct dtu_link *l, uint32_t now)
{
    if (l->state != DTU_LINK_UP)
        return;
    l->callbacks->close(l->ctx);
    l->stats.idle++;
    open_socket(l, now);
}

bool dtu_link_is_backup(const struct dtu_link *l)
{
    return l->backup;
}

uint32_t dtu_link_next(const struct dtu_link *l, uint32_t now)
{
    uint32_t patience = patience_ms(l);
    return patience == 0 ? DTU_NEVER : dtu_remaining(now, l->since_ms, patience);
}

void dtu_link_poll(struct dtu_link *l, uint32_t now)
{
    if (dtu_link_next(l, now) > 0)
        return;
    if (l->state == DTU_LINK_WAIT) {
        if (has_failed_too_often(l)) /* only now: its owner may begin anew, and must not spin */
            enter(l, DTU_LINK_GIVEN_UP, now);
        else
            open_socket(l, now);
    } else if (l->state == DTU_LINK_OPENING) {
        l->callbacks->close(l->ctx);
        dtu_link_failed(l, now);
    } else if (short_lived(l)) {
        l->callbacks->close(l->ctx);
        l->stats.quiet++;
        enter(l, DTU_LINK_IDLE, now);
    } else {
        dtu_link_reconnect(l, now);
    }
}

enum dtu_link_state dtu_link_state(const struct dtu_link *l)
{
    return (enum dtu_link_state)l->state;
}
