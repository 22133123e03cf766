/* SPDX-License-Identifier: MIT */
#include "dtu/heartbeat.h"

#include <string.h>

enum state {
    STOPPED,
    COUNTING, /* the interval runs */
    SENDING,  /* inside of send() */
    WAITING   /* for room */
};

enum dtu_status dtu_heartbeat_init(struct dtu_heartbeat *h,
                                   const struct dtu_heartbeat_config *config,
                                   const struct dtu_heartbeat_callbacks *callbacks, void *ctx)
{
    if (config->interval_ms == 0 || config->interval_ms > DTU_PERIOD_MAX ||
        config->least_ms > DTU_PERIOD_MAX || callbacks->send == NULL)
        return DTU_ERR_CONFIG;
    memset(h, 0, sizeof *h);
    h->config = config;
    h->callbacks = callbacks;
    h->ctx = ctx;
    return DTU_OK;
}

static uint32_t interval_ms(const struct dtu_heartbeat *h)
{
    const struct dtu_heartbeat_config *c = h->config;
    return c->interval_ms > c->least_ms ? c->interval_ms : c->least_ms;
}

static bool hears_network(const struct dtu_heartbeat *h)
{
    return h->state != STOPPED && h->config->to == DTU_HEARTBEAT_TO_NETWORK;
}

static void begin_interval(struct dtu_heartbeat *h, uint32_t now)
{
    h->state = COUNTING;
    h->since_ms = now;
}

void dtu_heartbeat_stop(struct dtu_heartbeat *h)
{
    if (h->state == WAITING)
        h->stats.skipped++;
    h->state = STOPPED;
}

void dtu_heartbeat_start(struct dtu_heartbeat *h, uint32_t now)
{
    dtu_heartbeat_stop(h);
    h->failures = 0;
    begin_interval(h, now);
}

void dtu_heartbeat_sent(struct dtu_heartbeat *h, uint32_t now)
{
    if (!hears_network(h))
        return;
    if (h->state == WAITING)
        h->stats.skipped++;
    h->failures = 0;
    begin_interval(h, now);
}

void dtu_heartbeat_failed(struct dtu_heartbeat *h)
{
    if (!hears_network(h) || ++h->failures < DTU_HEARTBEAT_FAILURES)
        return;
    h->failures = 0;
    h->stats.reconnects++;
    if (h->callbacks->reconnect != NULL)
        h->callbacks->reconnect(h->ctx);
}

uint32_t dtu_heartbeat_next(const struct dtu_heartbeat *h, uint32_t now)
{
    return h->state == COUNTING ? dtu_remaining(now, h->since_ms, interval_ms(h)) : DTU_NEVER;
}

void dtu_heartbeat_poll(struct dtu_heartbeat *h, uint32_t now)
{
    if (h->state != WAITING && dtu_heartbeat_next(h, now) > 0)
        return;
    h->state = SENDING;
    enum dtu_heartbeat_outcome outcome = h->callbacks->send(h->ctx);
    bool undisturbed = h->state == SENDING; /* not stopped, and nothing was sent, from inside */
    if (undisturbed)
        begin_interval(h, now);
    if (outcome == DTU_HEARTBEAT_TAKEN) {
        h->stats.sent++;
        h->failures = 0;
    } else if (outcome == DTU_HEARTBEAT_FAILED) {
        h->stats.failed++;
        if (undisturbed)
            dtu_heartbeat_failed(h);
    } else if (outcome == DTU_HEARTBEAT_NO_ROOM && undisturbed) {
        h->state = WAITING;
    } else {
        h->stats.skipped++;
    }
}
