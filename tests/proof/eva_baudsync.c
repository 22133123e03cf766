/* SPDX-License-Identifier: MIT */
/* Frames of any bytes. Streams of up to MAX of any bytes, and of a head and up to as many behind
 * it, cut anywhere in two, to a receiver that takes as much as it likes. Each part lies in memory
 * that ends where it ends. */
#include "any.h"

#include "../../lib/base.c"
#include "../../lib/baudsync.c"

#ifndef MAX
#define MAX 5
#endif

static uint8_t stream[3 + MAX];

static size_t data(void *ctx, const uint8_t *bytes, size_t len)
{
    size_t taken = 0;
    (void)ctx;
    for (size_t i = 0; i < len; i++)
        (void)bytes[i];
    while (taken < len && any_bool())
        taken++;
    return taken;
}

static void change(void *ctx, const struct dtu_uart *uart)
{
    (void)ctx;
    (void)uart->baud;
}

static void frames(void)
{
    uint8_t frame[DTU_BAUDSYNC_LEN];
    struct dtu_uart uart;
    any_bytes(frame, sizeof frame);
    if (dtu_baudsync_decode(&uart, frame, any_size % UINT32_MAX) == DTU_OK)
        dtu_baudsync_encode(frame, &uart, any_bool());
    any_bytes(&uart, sizeof uart);
    dtu_baudsync_encode(frame, &uart, any_bool());
}

static void in_two_parts(size_t first, size_t len)
{
    static uint8_t parts[2][sizeof stream];
    static const struct dtu_baudsync_callbacks callbacks = {data, change};
    static const struct dtu_baudsync_config config = {115200};
    struct dtu_baudsync b;

    const uint8_t *one = at_end(parts[0], sizeof stream, stream, first);
    const uint8_t *two = at_end(parts[1], sizeof stream, stream + first, len - first);
    if (dtu_baudsync_init(&b, &config, &callbacks, NULL) != DTU_OK)
        return;
    if (dtu_baudsync_feed(&b, one, first) == first)
        dtu_baudsync_feed(&b, two, len - first);
    dtu_baudsync_flush(&b);
    dtu_baudsync_held(&b);
    dtu_baudsync_clear(&b);
}

static void cut_anywhere(size_t len)
{
    for (size_t first = 0; first <= len; first++)
        in_two_parts(first, len);
}

static void streams(void)
{
    any_bytes(stream, sizeof stream);
    for (size_t len = 0; len <= MAX; len++)
        cut_anywhere(len);
    memcpy(stream, head, sizeof head);
    for (size_t len = sizeof head; len <= sizeof stream; len++)
        cut_anywhere(len);
}

int main(void)
{
    frames();
    streams();
    Frama_C_show_each_end();
    return 0;
}
