/* SPDX-License-Identifier: MIT */
#include "far.h"

enum { CONFIRM_MS = 3000 /* how long a server's answers are waited for */ };

/* --- Synchronisation frames ----------------------------------------------------------------- */

static void make_frame(struct far *f)
{
    bool can_be = dtu_baudsync_encode(f->frame, &f->uart, f->bit7) == DTU_OK;
    f->frame_left = can_be ? sizeof f->frame : 0;
    if (!can_be)
        f->callbacks->news(f->ctx, FAR_UNSAYABLE);
}

static bool flush_frame(struct far *f)
{
    if (f->frame_left > 0)
        f->frame_left -=
            dtu_posix_tcp_send(f->tcp, f->frame + sizeof f->frame - f->frame_left, f->frame_left);
    return f->frame_left == 0;
}

/* --- RFC 2217 ------------------------------------------------------------------------------- */

static size_t rfc2217_send(void *ctx, const uint8_t *data, size_t len)
{
    struct far *f = ctx;
    return dtu_posix_tcp_send(f->tcp, data, len);
}

static size_t rfc2217_data(void *ctx, const uint8_t *data, size_t len)
{
    struct far *f = ctx;
    return f->callbacks->data(f->ctx, data, len);
}

/* A pty cannot show its user the lines, nor what happened on them. */
static void rfc2217_event(void *ctx, const struct dtu_rfc2217_event *event)
{
    struct far *f = ctx;
    if (event->kind != DTU_RFC2217_REFUSED)
        return;
    f->awaits = false;
    f->is_refused = true;
    f->callbacks->news(f->ctx, FAR_REFUSED);
}

static const struct dtu_rfc2217_client_callbacks rfc2217_callbacks = {
    .pipe = {rfc2217_send, rfc2217_data}, .event = rfc2217_event};

static void ask_for_uart(struct far *f)
{
    if (f->is_refused)
        return;
    dtu_rfc2217_client_set(&f->rfc2217, &f->uart);
    f->awaits = true;
    f->since_ms = dtu_posix_now();
}

static void ask_for_lines(struct far *f)
{
    dtu_rfc2217_client_signal(&f->rfc2217, DTU_RFC2217_DTR, !f->is_hung_up);
    dtu_rfc2217_client_signal(&f->rfc2217, DTU_RFC2217_RTS, !f->is_hung_up);
}

static void begin_rfc2217(struct far *f)
{
    (void)dtu_rfc2217_client_init(&f->rfc2217, &rfc2217_callbacks, "libdtu dtuctl", f);
    if (f->is_hung_up)
        ask_for_lines(f);
    if (f->has_uart)
        ask_for_uart(f);
}

static bool is_confirmed(const struct far *f)
{
    const struct dtu_uart *is = far_actual(f);
    return is->baud == f->uart.baud && is->data_bits == f->uart.data_bits &&
           is->parity == f->uart.parity && is->stop_bits == f->uart.stop_bits;
}

static bool flush_rfc2217(struct far *f)
{
    bool flushed = dtu_rfc2217_flush(&f->rfc2217);
    if (!f->awaits)
        return flushed;
    if (dtu_rfc2217_client_settled(&f->rfc2217)) {
        f->awaits = false;
        if (!is_confirmed(f))
            f->callbacks->news(f->ctx, FAR_OTHER);
    } else if (far_next(f, dtu_posix_now()) == 0) {
        f->awaits = false;
        f->callbacks->news(f->ctx, FAR_SILENT);
    }
    return flushed && !f->awaits;
}

/* --- Any kind ------------------------------------------------------------------------------- */

void far_opened(struct far *f)
{
    f->is_open = true;
    f->is_refused = false;
    if (f->kind == FAR_RFC2217)
        begin_rfc2217(f);
    else if (f->kind == FAR_SYNC && f->has_uart)
        make_frame(f);
}

void far_closed(struct far *f)
{
    f->is_open = false;
    f->frame_left = 0; /* of one that was cut off */
    f->awaits = false;
}

bool far_is_set(const struct far *f, const struct dtu_uart *uart)
{
    return f->has_uart && f->uart.baud == uart->baud && f->uart.data_bits == uart->data_bits &&
           f->uart.stop_bits == uart->stop_bits && f->uart.parity == uart->parity &&
           f->uart.flow == uart->flow;
}

void far_set(struct far *f, const struct dtu_uart *uart)
{
    f->uart = *uart;
    f->has_uart = true;
    if (!f->is_open)
        return;
    if (f->kind == FAR_SYNC)
        make_frame(f);
    else if (f->kind == FAR_RFC2217)
        ask_for_uart(f);
}

void far_hang_up(struct far *f, bool hung_up)
{
    if (f->is_hung_up == hung_up)
        return;
    f->is_hung_up = hung_up;
    if (f->is_open && f->kind == FAR_RFC2217)
        ask_for_lines(f);
}

void far_purge(struct far *f, unsigned what)
{
    if (f->is_open && f->kind == FAR_RFC2217)
        dtu_rfc2217_client_purge(&f->rfc2217, what);
}

bool far_flush(struct far *f)
{
    return f->kind == FAR_RFC2217 ? flush_rfc2217(f) : flush_frame(f);
}

uint32_t far_next(const struct far *f, uint32_t now)
{
    return f->awaits ? dtu_remaining(now, f->since_ms, CONFIRM_MS) : DTU_NEVER;
}

size_t far_send(struct far *f, const uint8_t *data, size_t len)
{
    if (f->kind == FAR_RFC2217)
        return dtu_rfc2217_send(&f->rfc2217, data, len);
    return dtu_posix_tcp_send(f->tcp, data, len);
}

size_t far_feed(struct far *f, const uint8_t *data, size_t len)
{
    if (f->kind == FAR_RFC2217)
        return dtu_rfc2217_feed(&f->rfc2217, data, len);
    return f->callbacks->data(f->ctx, data, len);
}

const struct dtu_uart *far_actual(const struct far *f)
{
    return dtu_rfc2217_client_uart(&f->rfc2217);
}
