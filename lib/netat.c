/* SPDX-License-Identifier: MIT */
#include "dtu/netat.h"

#include <string.h>

void dtu_netat_close(struct dtu_netat *n)
{
    n->open = false;
}

static bool has_session(const struct dtu_netat *n, const struct dtu_peer *peer)
{
    return n->open && n->peer.port == peer->port &&
           memcmp(n->peer.ip, peer->ip, sizeof peer->ip) == 0;
}

enum dtu_netat_kind dtu_netat_look(struct dtu_netat *n, const uint8_t *key, size_t key_len,
                                   const struct dtu_peer *peer, const uint8_t *data, size_t len,
                                   uint32_t now)
{
    dtu_netat_poll(n, now);
    if (dtu_equal_secret(key, key_len, data, len))
        return DTU_NETAT_KEYWORD;
    if (!has_session(n, peer))
        return DTU_NETAT_FOREIGN;
    return len == 3 && memcmp(data, "+ok", 3) == 0 ? DTU_NETAT_CONFIRM : DTU_NETAT_COMMAND;
}

void dtu_netat_hold(struct dtu_netat *n, const struct dtu_peer *peer, uint32_t now)
{
    n->peer = *peer;
    n->since_ms = now;
    n->open = true;
}

void dtu_netat_poll(struct dtu_netat *n, uint32_t now)
{
    if (dtu_netat_next(n, now) == 0)
        n->open = false;
}

uint32_t dtu_netat_next(const struct dtu_netat *n, uint32_t now)
{
    return n->open ? dtu_remaining(now, n->since_ms, DTU_NETAT_SESSION_MS) : DTU_NEVER;
}
