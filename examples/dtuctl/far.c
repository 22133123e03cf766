/* SPDX-License-Identifier: MIT */
#include "far.h"

static bool make_frame(struct far *f)
{
    bool can_be = dtu_baudsync_encode(f->frame, &f->uart, f->bit7) == DTU_OK;
    f->frame_left = can_be ? sizeof f->frame : 0;
    return can_be;
}

void far_opened(struct far *f)
{
    f->frame_left = 0; /* of one that was cut off */
    if (f->kind == FAR_SYNC && f->has_uart)
        (void)make_frame(f); /* if it cannot be, that has been told */
}

bool far_is_set(const struct far *f, const struct dtu_uart *uart)
{
    return f->has_uart && f->uart.baud == uart->baud && f->uart.data_bits == uart->data_bits &&
           f->uart.stop_bits == uart->stop_bits && f->uart.parity == uart->parity &&
           f->uart.flow == uart->flow;
}

bool far_set(struct far *f, const struct dtu_uart *uart)
{
    f->uart = *uart;
    f->has_uart = true;
    return f->kind == FAR_RAW || make_frame(f);
}

bool far_flush(struct far *f)
{
    if (f->frame_left > 0)
        f->frame_left -=
            dtu_posix_tcp_send(f->tcp, f->frame + sizeof f->frame - f->frame_left, f->frame_left);
    return f->frame_left == 0;
}

size_t far_send(struct far *f, const uint8_t *data, size_t len)
{
    return dtu_posix_tcp_send(f->tcp, data, len);
}

size_t far_feed(struct far *f, const uint8_t *data, size_t len)
{
    return f->data(f->ctx, data, len);
}
