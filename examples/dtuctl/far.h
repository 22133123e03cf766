/* SPDX-License-Identifier: MIT */
/* What vcom says to the far end of its connection, apart from data: how the UART there is to be. */
#ifndef DTUCTL_FAR_H
#define DTUCTL_FAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dtu/baudsync.h"
#include "dtu_posix.h"

enum far_kind {
    FAR_RAW, /* nothing */
    FAR_SYNC /* a synchronisation frame in front of data */
};

/* Takes data from the far end; returns how much. */
typedef size_t far_data(void *ctx, const uint8_t *data, size_t len);

struct far {
    struct dtu_posix_tcp *tcp;
    enum far_kind kind;
    bool bit7; /* of a synchronisation frame; see dtu_baudsync_encode() */
    far_data *data;
    void *ctx;
    bool has_uart; /* somebody has said how the UART is to be */
    struct dtu_uart uart;
    uint8_t frame[DTU_BAUDSYNC_LEN];
    size_t frame_left; /* of it, still to be sent */
};

/* There is a new connection: it is told how the UART is to be, if that is known. */
void far_opened(struct far *f);
/* Whether that is how the UART is to be already. */
bool far_is_set(const struct far *f, const struct dtu_uart *uart);
/* How the UART is to be; only while nothing of what was said before is left. False if the far end
 * cannot be told that. */
bool far_set(struct far *f, const struct dtu_uart *uart);
/* Sends what is to be said before more data; true if nothing is left of it. */
bool far_flush(struct far *f);
/* Sends data, once far_flush() is true. How many bytes were taken. */
size_t far_send(struct far *f, const uint8_t *data, size_t len);
/* Takes what came over the connection. How many bytes were taken. */
size_t far_feed(struct far *f, const uint8_t *data, size_t len);

#endif
