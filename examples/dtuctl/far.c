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

static void end_asking(struct far *f)
{
    f->asks = false;
    f->awaits = false;
}

/* A pty cannot show its user the lines, nor what happened on them. */
static void rfc2217_event(void *ctx, const struct dtu_rfc2217_event *event)
{
    struct far *f = ctx;
    if (event->kind != DTU_RFC2217_REFUSED)
        return;
    end_asking(f);
    f->is_refused = true;
    f->callbacks->news(f->ctx, FAR_REFUSED);
}

static const struct dtu_rfc2217_client_callbacks rfc2217_callbacks = {
    .pipe = {rfc2217_send, rfc2217_data}, .event = rfc2217_event};

/* Every question has to be answered in time, for the next one of its kind waits, and data waits for
 * that. */
static void asked(struct far *f, bool is_setting)
{
    if (f->is_refused)
        return;
    if (!f->asks || is_setting)
        f->since_ms = dtu_posix_now();
    f->asks = true;
    f->awaits = f->awaits || is_setting;
}

static void ask_for_uart(struct far *f)
{
    dtu_rfc2217_client_set(&f->rfc2217, &f->uart);
    asked(f, true);
}

static void ask_for_lines(struct far *f)
{
    dtu_rfc2217_client_signal(&f->rfc2217, DTU_RFC2217_DTR, !f->is_hung_up);
    dtu_rfc2217_client_signal(&f->rfc2217, DTU_RFC2217_RTS, !f->is_hung_up);
    asked(f, false);
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
    struct dtu_uart is;
    far_actual(f, &is);
    return is.baud == f->uart.baud && is.data_bits == f->uart.data_bits &&
           is.parity == f->uart.parity && is.stop_bits == f->uart.stop_bits;
}

static void on_settled(struct far *f)
{
    bool is_other = f->awaits && !is_confirmed(f);
    end_asking(f);
    if (is_other)
        f->callbacks->news(f->ctx, FAR_OTHER);
}

static void on_silence(struct far *f)
{
    bool awaited = f->awaits;
    dtu_rfc2217_client_give_up(&f->rfc2217);
    end_asking(f);
    if (awaited)
        f->callbacks->news(f->ctx, FAR_SILENT);
}

static bool flush_rfc2217(struct far *f)
{
    bool flushed = dtu_rfc2217_flush(&f->rfc2217);
    if (f->asks && dtu_rfc2217_client_settled(&f->rfc2217))
        on_settled(f);
    else if (far_next(f, dtu_posix_now()) == 0)
        on_silence(f);
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
    end_asking(f);
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
    if (!f->is_open || f->kind != FAR_RFC2217)
        return;
    dtu_rfc2217_client_purge(&f->rfc2217, what);
    asked(f, false);
}

bool far_flush(struct far *f)
{
    return f->kind == FAR_RFC2217 ? flush_rfc2217(f) : flush_frame(f);
}

uint32_t far_next(const struct far *f, uint32_t now)
{
    return f->asks ? dtu_remaining(now, f->since_ms, CONFIRM_MS) : DTU_NEVER;
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

void far_actual(const struct far *f, struct dtu_uart *uart)
{
    dtu_rfc2217_client_uart(&f->rfc2217, uart);
}
