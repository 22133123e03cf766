/* SPDX-License-Identifier: MIT */
/* Datagrams of a few senders over time: nobody but who sent the keyword is ever heard, and him not
 * longer than 30 s after his last datagram. */
#include "fuzz.h"

#include "dtu/netat.h"

#define SENDERS 4
#define KEY_MAX 10

/* What is known of the session without the engine. */
struct model {
    int owner; /* -1: nobody */
    uint32_t left_ms;
};

static void let_pass(struct model *m, uint32_t ms)
{
    m->left_ms = ms < m->left_ms ? m->left_ms - ms : 0;
    if (m->left_ms == 0)
        m->owner = -1;
}

static enum dtu_netat_kind expect(const struct model *m, int sender, bool is_key,
                                  const uint8_t *data, size_t len)
{
    if (is_key)
        return DTU_NETAT_KEYWORD;
    if (m->owner != sender)
        return DTU_NETAT_FOREIGN;
    return len == 3 && memcmp(data, "+ok", 3) == 0 ? DTU_NETAT_CONFIRM : DTU_NETAT_COMMAND;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct dtu_netat session;
    struct model model = {-1, 0};
    uint32_t now = fuzz_u32(&in);
    size_t key_len = fuzz_below(&in, KEY_MAX + 1);
    if (key_len > in.left)
        key_len = in.left;
    const uint8_t *key = in.at;
    in.at += key_len;
    in.left -= key_len;

    dtu_netat_close(&session);
    while (in.left > 0) {
        uint32_t ms = fuzz_below(&in, 40000);
        int sender = (int)fuzz_below(&in, SENDERS);
        struct dtu_peer peer = {{10, 0, 0, (uint8_t)(sender & 1)}, (uint16_t)(5000 + sender / 2)};
        bool repeats_key = fuzz_below(&in, 4) == 0;
        size_t len = repeats_key ? key_len : fuzz_below(&in, 16);
        if (!repeats_key && len > in.left)
            len = in.left;
        const uint8_t *datagram = repeats_key ? key : in.at;
        if (!repeats_key) {
            in.at += len;
            in.left -= len;
        }

        now += ms;
        let_pass(&model, ms);
        bool is_key = key_len > 0 && len == key_len && memcmp(key, datagram, len) == 0;
        enum dtu_netat_kind kind =
            dtu_netat_look(&session, key, key_len, &peer, datagram, len, now);
        FUZZ_CHECK(kind == expect(&model, sender, is_key, datagram, len));
        FUZZ_CHECK(dtu_netat_next(&session, now) == (model.owner < 0 ? DTU_NEVER : model.left_ms));
        if (kind == DTU_NETAT_FOREIGN)
            continue;
        dtu_netat_hold(&session, &peer, now);
        model = (struct model){sender, DTU_NETAT_SESSION_MS};
    }
    return 0;
}
