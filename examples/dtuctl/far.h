/* SPDX-License-Identifier: MIT */
/* What vcom says to the far end of its connection, apart from data: how the UART there is to be. */
#ifndef DTUCTL_FAR_H
#define DTUCTL_FAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dtu/baudsync.h"
#include "dtu/rfc2217.h"
#include "dtu_posix.h"

enum far_kind {
    FAR_RAW,    /* nothing */
    FAR_SYNC,   /* a synchronisation frame in front of data */
    FAR_RFC2217 /* telnet commands, which are answered */
};

enum far_news {
    FAR_UNSAYABLE, /* a synchronisation frame cannot say these settings */
    FAR_REFUSED,   /* the server does not speak RFC 2217 */
    FAR_SILENT,    /* it has not confirmed the settings in time; data goes on */
    FAR_OTHER      /* it has set its UART to something else: far_actual() */
};

struct far_callbacks {
    /* Takes data from the far end; returns how much. */
    size_t (*data)(void *ctx, const uint8_t *data, size_t len);
    void (*news)(void *ctx, enum far_news news);
};

struct far {
    struct dtu_posix_tcp *tcp;
    enum far_kind kind;
    bool bit7; /* of a synchronisation frame; see dtu_baudsync_encode() */
    const struct far_callbacks *callbacks;
    void *ctx;
    struct dtu_uart uart; /* how it is to be */
    bool has_uart;        /* somebody has said so */
    bool is_hung_up;
    bool is_open; /* there is a connection */
    uint8_t frame[DTU_BAUDSYNC_LEN];
    size_t frame_left; /* of it, still to be sent */
    struct dtu_rfc2217 rfc2217;
    bool is_refused;
    bool asks;   /* something that the server has not answered */
    bool awaits; /* of that, how its UART is set: data waits for the answer */
    uint32_t since_ms;
};

/* There is a new connection: it is told how the UART is to be, if that is known. */
void far_opened(struct far *f);
/* It has ended. What has come can still be fed. */
void far_closed(struct far *f);
/* Whether that is how the UART is to be already. */
bool far_is_set(const struct far *f, const struct dtu_uart *uart);
/* How the UART is to be, now or when there is a connection; only when far_flush() was true. */
void far_set(struct far *f, const struct dtu_uart *uart);
/* Whether the line is to be hung up (DTR). */
void far_hang_up(struct far *f, bool hung_up);
/* The user has dropped bytes: of enum dtu_rfc2217_purge. */
void far_purge(struct far *f, unsigned what);
/* Sends what is to be said before more data; true if data may follow. */
bool far_flush(struct far *f);
/* Milliseconds until far_flush() wants to be called, or DTU_NEVER. */
uint32_t far_next(const struct far *f, uint32_t now);
/* Sends data, once far_flush() is true. How many bytes were taken. */
size_t far_send(struct far *f, const uint8_t *data, size_t len);
/* Takes what came over the connection. How many bytes were taken. */
size_t far_feed(struct far *f, const uint8_t *data, size_t len);
/* How the server has set its UART, as far as it has said so. */
void far_actual(const struct far *f, struct dtu_uart *uart);

#endif
