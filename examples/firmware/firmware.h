/* SPDX-License-Identifier: MIT */
/* What the parts of the firmware have in common. */
#ifndef FIRMWARE_H
#define FIRMWARE_H

#include "mps2.h"
#include "network.h"

#include "dtu/device.h"

struct firmware {
    struct dtu_device device;
    struct network network;
    struct mps2_uart uart;         /* the module's own */
    struct mps2_uart network_uart; /* the sockets */
    struct mps2_uart console_uart; /* messages to the developer */
    struct dtu_uart setup;         /* how the device wants its UART */
    bool has_setup;                /* and it is not yet */
    bool restart;                  /* the device wants one */
    uint32_t asked_s;              /* the time when AT+CCLK was asked */
    uint32_t console_ms;           /* when the console has told of the stack last */
    size_t stack_told;             /* and how much it was */
};

/* Answers of INFO rows: struct dtu_device_port, info. */
enum dtu_status firmware_info(void *ctx, const struct dtu_param *row, const uint8_t *args,
                              size_t len, const struct dtu_text *out);

/* A line on the console for what happened: struct dtu_device_port, event. */
void console_event(void *ctx, const struct dtu_device_event *event);

/* A line if the stack has never been so deep before. */
void console_tell_stack(struct firmware *f);

/* The same ten times a second: it looks at each word. */
void console_poll(struct firmware *f, uint32_t now);

#endif
