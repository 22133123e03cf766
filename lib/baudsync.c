/* SPDX-License-Identifier: MIT */
#include "dtu/baudsync.h"

#include <string.h>

#define HEAD UINT32_C(0x55AA55)

#define BITS_STOP_SHIFT 2
#define BITS_PARITY 0x08u
#define BITS_PARITY_SHIFT 4 /* odd, even, mark, space: as in enum dtu_parity */
#define BITS_7 0x80u

static const uint8_t head[] = {0x55, 0xAA, 0x55};

/*@ assigns \nothing;
    ensures \result <= a && \result <= b && (\result == a || \result == b); */
static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* --- Frames --------------------------------------------------------------------------------- */

/* The sum of 4 bytes: the rate and the bits, as they stand in a frame. */
/*@ assigns \nothing; */
static uint8_t sum_of(uint32_t values)
{
    return (uint8_t)((values >> 24) + (values >> 16) + (values >> 8) + values);
}

/*@ requires \valid_read(uart) && writable(frame, 8) && \separated(uart, frame + (0 .. 7));
    assigns frame[0 .. 7]; */
enum dtu_status dtu_baudsync_encode(uint8_t *frame, const struct dtu_uart *uart, bool bit7)
{
    struct dtu_writer w = dtu_writer(frame, DTU_BAUDSYNC_LEN);
    unsigned data = uart->data_bits - 5u;
    unsigned stop = uart->stop_bits - 1u;
    unsigned bits = data | stop << BITS_STOP_SHIFT;
    uint32_t values;

    if (uart->baud < DTU_BAUDSYNC_BAUD_MIN || uart->baud > DTU_BAUDSYNC_BAUD_MAX)
        return DTU_ERR_RANGE;
    if (data > 3 || stop > 1 || uart->parity > DTU_PARITY_SPACE)
        return DTU_ERR_RANGE;
    if (uart->parity != DTU_PARITY_NONE)
        bits |= BITS_PARITY | (unsigned)(uart->parity - DTU_PARITY_ODD) << BITS_PARITY_SHIFT;
    if (bit7)
        bits |= BITS_7;
    values = uart->baud << 8 | bits;
    dtu_put_be24(&w, HEAD);
    dtu_put_be32(&w, values);
    dtu_put_u8(&w, sum_of(values));
    return DTU_OK;
}

/*@ requires \valid(uart) && readable(frame, 8) && \separated(uart, frame + (0 .. 7));
    assigns *uart; */
enum dtu_status dtu_baudsync_decode(struct dtu_uart *uart, const uint8_t *frame, uint32_t max_baud)
{
    struct dtu_reader r = dtu_reader(frame, DTU_BAUDSYNC_LEN);
    uint32_t first = dtu_get_be24(&r);
    uint32_t values = dtu_get_be32(&r);
    uint32_t baud = values >> 8;
    unsigned bits = (uint8_t)values;

    if (first != HEAD)
        return DTU_ERR_FORMAT;
    if (dtu_get_u8(&r) != sum_of(values))
        return DTU_ERR_CHECKSUM;
    if (baud < DTU_BAUDSYNC_BAUD_MIN || baud > max_baud)
        return DTU_ERR_RANGE;
    uart->baud = baud;
    uart->data_bits = (uint8_t)(5 + (bits & 3));
    uart->stop_bits = (uint8_t)(1 + (bits >> BITS_STOP_SHIFT & 1));
    uart->parity = DTU_PARITY_NONE;
    if (bits & BITS_PARITY)
        uart->parity = (uint8_t)(DTU_PARITY_ODD + (bits >> BITS_PARITY_SHIFT & 3));
    return DTU_OK;
}

/* --- The filter ----------------------------------------------------------------------------- */

/*@ requires \valid(b) && \object_pointer(ctx);
    requires \valid_read(config) && \separated(b, config);
    requires \valid_read(callbacks) && \separated(b, callbacks);
    requires callbacks->data == &filter_data || callbacks->data == \null;
    requires callbacks->change == &filter_change || callbacks->change == \null;
    assigns *b;
    ensures \result == DTU_OK ==> filter(b); */
enum dtu_status dtu_baudsync_init(struct dtu_baudsync *b, const struct dtu_baudsync_config *config,
                                  const struct dtu_baudsync_callbacks *callbacks, void *ctx)
{
    if (config->max_baud < DTU_BAUDSYNC_BAUD_MIN)
        return DTU_ERR_CONFIG;
    if (callbacks->data == NULL || callbacks->change == NULL)
        return DTU_ERR_CONFIG;
    *b = (struct dtu_baudsync){.config = config, .callbacks = callbacks, .ctx = ctx};
    return DTU_OK;
}

/* Whether a frame begins here, which then is in `uart`, or what may become one; that the first byte
 * is right is known. */
/*@ requires filter(b) && \valid(uart) && readable(at, len) && len > 0;
    requires \separated(uart, at + (0 .. len - 1)) && \separated(b, uart);
    assigns b->stats.damaged, *uart; */
static bool may_be_frame(struct dtu_baudsync *b, const uint8_t *at, size_t len,
                         struct dtu_uart *uart)
{
    if (len > 1 && at[1] != head[1])
        return false;
    if (len > 2 && at[2] != head[2])
        return false;
    if (len < DTU_BAUDSYNC_LEN || dtu_baudsync_decode(uart, at, b->config->max_baud) == DTU_OK)
        return true;
    b->stats.damaged++;
    return false;
}

/* The first place from `at` on that may be a frame; where the search ends if there is none. */
/*@ requires filter(b) && \valid(uart) && readable(data, len);
    requires \separated(uart, data + (0 .. len - 1)) && \separated(b, uart);
    assigns b->stats.damaged, *uart;
    ensures \result <= len || \result == \old(at); */
static size_t find(struct dtu_baudsync *b, const uint8_t *data, size_t at, size_t len,
                   struct dtu_uart *uart)
{
    /*@ loop invariant at <= len || at == \at(at, Pre);
        loop assigns at, b->stats.damaged, *uart;
        loop variant len - at; */
    while (at < len) {
        const uint8_t *start = memchr(data + at, head[0], len - at);
        if (start == NULL)
            return len;
        at = (size_t)(start - data);
        if (may_be_frame(b, start, len - at, uart))
            break;
        at++;
    }
    return at;
}

/* Hands on data, of what is held if anything is. Returns how many bytes were taken. */
/*@ requires filter(b) && readable(data, len) && len > 0;
    requires b->held > 0 ==> len <= b->held;
    assigns b->known, b->held, b->bytes[0 .. 7], outside;
    ensures filter(b) && \result <= len; */
static size_t give(struct dtu_baudsync *b, const uint8_t *data, size_t len)
{
    size_t taken;
    //@ calls filter_data;
    taken = b->callbacks->data(b->ctx, data, len);
    b->known -= taken;
    if (b->held > 0) {
        b->held = (uint8_t)(b->held - taken);
        memmove(b->bytes, b->bytes + taken, b->held);
    }
    return taken;
}

/*@ requires filter(b) && \valid(uart) && \separated(b, uart);
    assigns b->held, b->stats.frames, uart->flow, outside;
    ensures filter(b); */
static void tell_frame(struct dtu_baudsync *b, struct dtu_uart *uart)
{
    b->held = 0;
    b->stats.frames++;
    uart->flow = DTU_FLOW_NONE;
    //@ calls filter_change;
    b->callbacks->change(b->ctx, uart);
}

/* One step in the stream, which is what is held and then the input. While something is held, it is
 * looked at together with one byte of the input, so that all else is handed on where it lies.
 * Returns how many bytes of the input were taken. */
/*@ requires filter(b) && readable(data, len) && len > 0;
    requires \separated(b, data + (0 .. len - 1));
    assigns b->known, b->held, b->bytes[0 .. 7], b->behind, b->stats, outside;
    ensures filter(b) && \result <= len; */
static size_t step(struct dtu_baudsync *b, const uint8_t *data, size_t len)
{
    struct dtu_uart uart;
    const uint8_t *at = data;
    size_t held = b->held;
    size_t seen = len;
    size_t run = len; /* how much can be handed on in one piece */

    b->bytes[held] = *data; /* not yet taken */
    if (held > 0) {
        at = b->bytes;
        seen = held + 1;
        run = held;
    }
    b->known = find(b, at, b->known, seen, &uart);
    run = smaller(run, b->known);
    b->behind = false;
    if (run > 0) {
        size_t given = give(b, at, run);
        b->behind = given < run;
        return held > 0 ? 0 : given;
    }
    if (seen >= DTU_BAUDSYNC_LEN) {
        tell_frame(b, &uart);
        return DTU_BAUDSYNC_LEN - held;
    }
    b->held++;
    return 1;
}

/*@ requires filter(b) && readable(data, len) && \separated(b, data + (0 .. len - 1));
    assigns b->known, b->held, b->bytes[0 .. 7], b->behind, b->stats, outside;
    ensures filter(b) && \result <= len; */
size_t dtu_baudsync_feed(struct dtu_baudsync *b, const uint8_t *data, size_t len)
{
    size_t taken = 0;
    /*@ loop invariant filter(b) && taken <= len;
        loop assigns taken, b->known, b->held, b->bytes[0 .. 7], b->behind, b->stats, outside; */
    while (taken < len) {
        taken += step(b, data + taken, len - taken);
        if (b->behind)
            break;
    }
    return taken;
}

/*@ requires filter(b);
    assigns \nothing;
    ensures \result <= 7; */
size_t dtu_baudsync_held(const struct dtu_baudsync *b)
{
    return b->held;
}

/*@ requires filter(b);
    assigns b->known, b->held, b->bytes[0 .. 7], outside;
    ensures filter(b); */
bool dtu_baudsync_flush(struct dtu_baudsync *b)
{
    size_t run;

    if (b->held == 0)
        return true;
    if (!b->behind)
        b->known = b->held;
    run = smaller(b->known, b->held);
    if (run > 0)
        (void)give(b, b->bytes, run); /* what is not taken stays known to be data */
    return b->held == 0;
}

/*@ requires filter(b);
    assigns b->known, b->held;
    ensures filter(b) && \result <= 7; */
size_t dtu_baudsync_clear(struct dtu_baudsync *b)
{
    size_t dropped = b->held;
    b->held = 0;
    b->known = 0;
    return dropped;
}
