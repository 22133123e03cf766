/* SPDX-License-Identifier: MIT */
#include "dtu/framer.h"

#include <string.h>

enum dtu_status dtu_framer_init(struct dtu_framer *f, const struct dtu_framer_config *config,
                                const struct dtu_framer_callbacks *callbacks, void *ctx)
{
    if (config->buffer == NULL || config->size == 0 || config->packet_len > config->size)
        return DTU_ERR_CONFIG;
    if (config->gap_us > DTU_PERIOD_MAX || config->clock_us > DTU_PERIOD_MAX - config->gap_us)
        return DTU_ERR_CONFIG;
    if (callbacks->frame == NULL)
        return DTU_ERR_CONFIG;
    memset(f, 0, sizeof *f);
    f->config = config;
    f->callbacks = callbacks;
    f->ctx = ctx;
    return DTU_OK;
}

static size_t packet_len(const struct dtu_framer *f)
{
    return f->config->packet_len > 0 ? f->config->packet_len : f->config->size;
}

/* How long the clock must have stood still on the line. On a coarse clock a pause can be one step
 * shorter than the difference of its two readings. */
static uint32_t gap_us(const struct dtu_framer *f)
{
    uint32_t step = f->config->clock_us > 1 ? f->config->clock_us : 0;
    return f->config->gap_us + step;
}

static bool waits_for_pause(const struct dtu_framer *f)
{
    return f->config->gap_us > 0 && f->held > 0 && f->closed == NULL;
}

/* False if the callback had no room. */
static bool hand_on(struct dtu_framer *f, const uint8_t *data, size_t len)
{
    bool taken = f->callbacks->frame(f->ctx, data, len);
    if (!taken)
        f->stats.refused++;
    return taken;
}

/* Hands on the frame in the buffer if it is closed. False if the callback had no room. */
static bool deliver(struct dtu_framer *f)
{
    if (f->closed == NULL)
        return true;
    if (!hand_on(f, f->config->buffer, f->held))
        return false;
    ++*f->closed;
    (void)dtu_framer_clear(f);
    return true;
}

/* Adds to the frame in the buffer; returns how many bytes were taken. */
static size_t gather(struct dtu_framer *f, const uint8_t *data, size_t len)
{
    size_t missing = packet_len(f) - f->held;
    size_t taken = len < missing ? len : missing;
    memcpy(f->config->buffer + f->held, data, taken);
    f->held += taken;
    if (taken == missing)
        f->closed = &f->stats.by_length;
    return taken;
}

/* Hands on the whole frames at the start of the input, where they lie. */
static size_t pass_whole(struct dtu_framer *f, const uint8_t *data, size_t len)
{
    size_t frame_len = packet_len(f);
    size_t taken = 0;
    while (len - taken >= frame_len && hand_on(f, data + taken, frame_len)) {
        f->stats.by_length++;
        taken += frame_len;
    }
    return taken;
}

size_t dtu_framer_feed(struct dtu_framer *f, const uint8_t *data, size_t len, uint32_t now_us)
{
    size_t taken = 0;

    dtu_framer_poll(f, now_us);
    if (f->closed != NULL || len == 0)
        return 0;
    f->last_us = now_us;
    if (f->held > 0) {
        taken = gather(f, data, len);
        if (!deliver(f))
            return taken;
    }
    taken += pass_whole(f, data + taken, len - taken);
    if (taken < len) /* the start of a frame, or all of one that was refused and is kept */
        taken += gather(f, data + taken, len - taken);
    return taken;
}

void dtu_framer_poll(struct dtu_framer *f, uint32_t now_us)
{
    if (dtu_framer_next(f, now_us) == 0)
        f->closed = &f->stats.by_time;
    (void)deliver(f); /* a frame refused stays closed, and is offered again */
}

uint32_t dtu_framer_next(const struct dtu_framer *f, uint32_t now_us)
{
    return waits_for_pause(f) ? dtu_remaining(now_us, f->last_us, gap_us(f)) : DTU_NEVER;
}

void dtu_framer_flush(struct dtu_framer *f)
{
    if (f->held > 0 && f->closed == NULL)
        f->closed = &f->stats.by_flush;
    (void)deliver(f);
}

void dtu_framer_hold(struct dtu_framer *f, uint32_t now_us)
{
    f->last_us = now_us;
}

size_t dtu_framer_clear(struct dtu_framer *f)
{
    size_t dropped = f->held;
    f->held = 0;
    f->closed = NULL;
    return dropped;
}

bool dtu_framer_ready(const struct dtu_framer *f)
{
    return f->closed == NULL;
}

uint32_t dtu_framer_four_bytes_us(uint32_t baud)
{
    const uint32_t bits = 4 * 10;
    const uint32_t least_us = 100;
    uint32_t us = bits * UINT32_C(1000000) / baud;
    return us > least_us ? us : least_us;
}
