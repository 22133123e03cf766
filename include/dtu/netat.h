/* SPDX-License-Identifier: MIT */
/**
 * @file netat.h
 * Who may give AT commands by UDP: the sender of the keyword, while he goes on giving some.
 *
 *     switch (dtu_netat_look(&session, keyword, keyword_len, &sender, data, len, now)) {
 *     case DTU_NETAT_KEYWORD:
 *         dtu_netat_hold(&session, &sender, now);     // he is the one now
 *         send_address_and_name(&sender);
 *         break;
 *     case DTU_NETAT_COMMAND:
 *         dtu_netat_hold(&session, &sender, now);     // his time begins anew
 *         carry_out(data, len);
 *         break;
 *     ...
 *     }
 *
 * It says what a datagram is, and nothing happens until dtu_netat_hold(): a caller who is still
 * busy with the one before can refuse the datagram, and the session is as it was.
 *
 * Cost: a look at each byte of a datagram. The keyword is compared in a time that does not depend
 * on it. All calls from one thread.
 *
 * Source: manual 003 section 5.3.1 and the description of `AT+SEARCH`.
 */
#ifndef DTU_NETAT_H
#define DTU_NETAT_H

#include "dtu/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A session ends so many milliseconds after its last datagram. */
#define DTU_NETAT_SESSION_MS UINT32_C(30000)

/** Somebody on the network. */
struct dtu_peer {
    uint8_t ip[4]; /**< IPv4 address */
    uint16_t port; /**< UDP port */
};

/** What a datagram is. */
enum dtu_netat_kind {
    DTU_NETAT_FOREIGN, /**< its sender has no session, and it is not the keyword */
    DTU_NETAT_KEYWORD, /**< the keyword, from anybody */
    DTU_NETAT_CONFIRM, /**< `+ok`, by which the one with the session confirms the answer to it */
    DTU_NETAT_COMMAND  /**< anything else from the one with the session */
};

/** A session. The fields are private. */
struct dtu_netat {
    struct dtu_peer peer; /**< private: whose it is */
    uint32_t since_ms;    /**< private: when his last datagram came */
    bool open;            /**< private */
};

/** Ends the session. Also sets one up: there is none then.
 * @param n the session */
void dtu_netat_close(struct dtu_netat *n);

/** What a datagram is. Ends a session whose time is over.
 * @param n       the session
 * @param key     the keyword
 * @param key_len its length in bytes; an empty one opens nothing
 * @param peer    who sent the datagram
 * @param data    its bytes
 * @param len     how many
 * @param now     the time in milliseconds
 * @return see there */
enum dtu_netat_kind dtu_netat_look(struct dtu_netat *n, const uint8_t *key, size_t key_len,
                                   const struct dtu_peer *peer, const uint8_t *data, size_t len,
                                   uint32_t now);

/** The session is this one's, whoever had it before, and its time begins anew. Call it when a
 * datagram is taken that is not foreign.
 * @param n    the session
 * @param peer who sent the datagram
 * @param now  the time in milliseconds */
void dtu_netat_hold(struct dtu_netat *n, const struct dtu_peer *peer, uint32_t now);

/** Ends a session whose time is over.
 * @param n   the session
 * @param now the time in milliseconds */
void dtu_netat_poll(struct dtu_netat *n, uint32_t now);

/** When a poll is wanted.
 * @param n   the session
 * @param now the time in milliseconds
 * @return milliseconds from now, or DTU_NEVER */
uint32_t dtu_netat_next(const struct dtu_netat *n, uint32_t now);

#ifdef __cplusplus
}
#endif

#endif
