/* SPDX-License-Identifier: MIT */
/* Frames with data of each length. Streams of up to MAX of any bytes, and of a mark, a LEN of each
 * value below 256 and up to MAX - 1 bytes, cut anywhere in two, to a decoder with a small buffer
 * and callbacks that may refuse. Each part lies in memory that ends where it ends, or begins where
 * it begins. A sender whose receiver takes as much as it likes. */
#include "any.h"

#include "../../lib/base.c"
#include "../../lib/sdp.c"

#ifndef MAX
#define MAX 5
#endif
#define SENT_MAX 3

static uint8_t stream[MARK_LEN + 1 + MAX];

static bool frame(void *ctx, const struct dtu_sdp_frame *f)
{
    enum dtu_sdp_code code;
    (void)ctx;
    for (size_t i = 0; i < f->len; i++)
        (void)f->data[i];
    (void)dtu_sdp_is_report(f, &code);
    return any_bool();
}

static bool damage(void *ctx, enum dtu_sdp_code code)
{
    (void)ctx;
    (void)code;
    return any_bool();
}

static size_t receive(void *ctx, const uint8_t *bytes, size_t len)
{
    size_t taken = 0;
    (void)ctx;
    for (size_t i = 0; i < len; i++)
        (void)bytes[i];
    while (taken < len && any_bool())
        taken++;
    return taken;
}

static void in_two_parts(size_t first, size_t len)
{
    static uint8_t parts[2][sizeof stream];
    static const struct dtu_sdp_callbacks callbacks = {frame, damage};
    uint8_t buffer[DTU_SDP_OVERHEAD + 1];
    const struct dtu_sdp_config config = {DTU_SDP_TO_MODULE, buffer, sizeof buffer};
    struct dtu_sdp s;

    const uint8_t *one = at_end(parts[0], sizeof stream, stream, first);
    const uint8_t *two = at_end(parts[1], sizeof stream, stream + first, len - first);
    if (dtu_sdp_init(&s, &config, &callbacks, NULL) != DTU_OK)
        return;
    if (dtu_sdp_feed(&s, one, first) == first)
        dtu_sdp_feed(&s, two, len - first);
    if (!dtu_sdp_flush(&s))
        dtu_sdp_resume(&s);
    dtu_sdp_clear(&s);
}

static void cut_anywhere(size_t len)
{
    for (size_t first = 0; first <= len; first++)
        in_two_parts(first, len);
}

/* A mark, and LEN: each value apart, so that what depends on it is not mixed up. */
static void with_mark(uint8_t covered)
{
    any_bytes(stream, sizeof stream);
    memcpy(stream, mark_of(DTU_SDP_TO_MODULE), MARK_LEN);
    stream[MARK_LEN] = 0;
    stream[MARK_LEN + 1] = covered;
    for (size_t len = MARK_LEN; len <= sizeof stream; len++)
        cut_anywhere(len);
}

static uint8_t too_long(void)
{
    uint8_t covered = any_byte;
    return covered >= 5 ? covered : 5;
}

static void streams(void)
{
    any_bytes(stream, sizeof stream);
    for (size_t len = 0; len <= MAX; len++)
        cut_anywhere(len);
    for (uint8_t covered = 0; covered < 5; covered++)
        with_mark(covered);
    with_mark(too_long());
}

static void frames(void)
{
    static uint8_t data[DATA_MAX];
    static uint8_t out[DTU_SDP_FRAME_MAX];
    size_t out_len;
    any_bytes(data, sizeof data);
    for (size_t len = 0; len <= DATA_MAX; len += len < 40 || len >= DATA_MAX - 2 ? 1 : 1009) {
        uint8_t *end = out + sizeof out;
        struct dtu_sdp_frame f = {any_byte, any_byte, len > 0 ? data + DATA_MAX - len : NULL, len};
        for (size_t size = len + DTU_SDP_OVERHEAD - 1; size <= len + DTU_SDP_OVERHEAD; size++)
            dtu_sdp_encode(DTU_SDP_FROM_MODULE, &f, end - size, size, &out_len);
    }
}

static void sender(void)
{
    uint8_t data[SENT_MAX];
    struct dtu_sdp_sender s;
    any_bytes(data, sizeof data);
    dtu_sdp_sender_init(&s, DTU_SDP_FROM_MODULE, receive, NULL);
    dtu_sdp_send(&s, DTU_SDP_SOCKET_A, data, sizeof data);
    dtu_sdp_sender_left(&s);
    if (any_bool())
        dtu_sdp_sender_drop(&s, DTU_SDP_SOCKET_A);
    dtu_sdp_report(&s, DTU_SDP_BAD_SUM);
    dtu_sdp_send(&s, DTU_SDP_SOCKET_A + 1, data, sizeof data);
    dtu_sdp_sender_idle(&s);
}

int main(void)
{
    frames();
    streams();
    sender();
    Frama_C_show_each_end();
    return 0;
}
