/* SPDX-License-Identifier: MIT */
/* Frames of any bytes. Streams of up to MAX of any bytes, and of a head and as many behind it, cut
 * anywhere in two, to a receiver that takes as much as it likes. */
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

static void stream_in_two(uint8_t *in, size_t first, size_t len)
{
    static const struct dtu_baudsync_callbacks callbacks = {data, change};
    static const struct dtu_baudsync_config config = {115200};
    struct dtu_baudsync b;

    if (dtu_baudsync_init(&b, &config, &callbacks, NULL) != DTU_OK)
        return;
    if (dtu_baudsync_feed(&b, in, first) == first)
        dtu_baudsync_feed(&b, in + first, len - first);
    dtu_baudsync_flush(&b);
    dtu_baudsync_held(&b);
    dtu_baudsync_clear(&b);
}

static void streams(void)
{
    for (size_t len = 0; len <= MAX; len++) {
        for (size_t first = 0; first <= len; first++) {
            uint8_t *in = stream + 3 + MAX - len;
            any_bytes(in, len);
            stream_in_two(in, first, len);
        }
    }
    for (size_t first = 0; first <= sizeof stream; first++) {
        any_bytes(stream, sizeof stream);
        memcpy(stream, head, sizeof head);
        stream_in_two(stream, first, sizeof stream);
    }
}

int main(void)
{
    frames();
    streams();
    Frama_C_show_each_end();
    return 0;
}
