/* SPDX-License-Identifier: MIT */
/**
 * @file heartbeat.h
 * When a heartbeat packet is sent: to the network when nothing else was for an interval, so that
 * the connection stays and the server knows of the module; or to the UART each interval, as a query
 * that the server then need not send. What the packet says is identity.h's.
 *
 *     static const struct dtu_heartbeat_config config = {.to = DTU_HEARTBEAT_TO_NETWORK,
 *                                                        .interval_ms = 30000};
 *     static const struct dtu_heartbeat_callbacks callbacks = {send_packet, reconnect};
 *     struct dtu_heartbeat h;                   // one for each socket, or one for the UART
 *
 *     dtu_heartbeat_init(&h, &config, &callbacks, socket);
 *     dtu_heartbeat_start(&h, now);             // connected: the first in 30 s
 *     dtu_heartbeat_sent(&h, now);              // data was sent: not before 30 s from now
 *     sleep_until_input_or(dtu_heartbeat_next(&h, now)); dtu_heartbeat_poll(&h, now);
 *     dtu_heartbeat_stop(&h);                   // the connection is gone
 *
 * A heartbeat for which there is no room waits for it; while it does no second one comes due. Two
 * are never closer than the interval. Three sends to the network that fail one after the other,
 * whatever they send, ask for a new connection.
 *
 * Cost: RAM is the struct; each call is O(1). Time is in milliseconds and may wrap. All calls from
 * one thread.
 *
 * Source: manual 000 section 6.2, 001 section 2.3.2, 002 section 3.4, 003 section 4.4.1, 004
 * sections 4.66 to 4.71.
 */
#ifndef DTU_HEARTBEAT_H
#define DTU_HEARTBEAT_H

#include "dtu/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Sends that fail in a row before a new connection is wanted. */
#define DTU_HEARTBEAT_FAILURES 3

/** The least interval of a heartbeat that says where the module is (LBS), in milliseconds. */
#define DTU_HEARTBEAT_LBS_MS UINT32_C(5000)

/** Where heartbeats go. */
enum dtu_heartbeat_to {
    DTU_HEARTBEAT_TO_NETWORK, /**< only if nothing else was sent for an interval */
    DTU_HEARTBEAT_TO_UART     /**< each interval, whatever the traffic */
};

/** How a heartbeat goes; must outlive it. */
struct dtu_heartbeat_config {
    enum dtu_heartbeat_to to; /**< Where (HEARTTP, of 7S4 HEARTSND). */
    uint32_t interval_ms;     /**< HEARTTM, 1 to #DTU_PERIOD_MAX. */
    uint32_t least_ms;        /**< A shorter interval counts as this; 0: none does. For LBS
                                   #DTU_HEARTBEAT_LBS_MS. Up to #DTU_PERIOD_MAX. */
};

/** What became of a heartbeat. */
enum dtu_heartbeat_outcome {
    DTU_HEARTBEAT_TAKEN,   /**< it is on its way, all of it */
    DTU_HEARTBEAT_NO_ROOM, /**< nothing of it was taken: send() is called again by each poll */
    DTU_HEARTBEAT_NOTHING, /**< there is nothing to say: the next one is an interval later */
    DTU_HEARTBEAT_FAILED   /**< the network does not take it; the next one is an interval later */
};

/** What a heartbeat asks of its owner. */
struct dtu_heartbeat_callbacks {
    /** Send a heartbeat packet. dtu_heartbeat_sent() and dtu_heartbeat_stop() may be called from
     * inside: the owner's path of sending may do so for all that it sends. */
    enum dtu_heartbeat_outcome (*send)(void *ctx);
    /** Close the connection and open it again: three sends have failed. The last thing that a call
     * does; dtu_heartbeat_stop() and dtu_heartbeat_start() may be called from inside. May be NULL,
     * and is not called for the UART. */
    void (*reconnect)(void *ctx);
};

/** Counters; they wrap. Each heartbeat that came due is in one of the first three, but for one that
 * waits. */
struct dtu_heartbeat_stats {
    uint32_t sent;       /**< heartbeats that were taken */
    uint32_t failed;     /**< that failed */
    uint32_t skipped;    /**< that were not sent: there was nothing to say, or while one waited for
                              room something else was sent or the connection went */
    uint32_t reconnects; /**< times that a new connection was wanted */
};

/** A heartbeat. The fields are private, but for `stats`. */
struct dtu_heartbeat {
    const struct dtu_heartbeat_config *config;       /**< private */
    const struct dtu_heartbeat_callbacks *callbacks; /**< private */
    void *ctx;                                       /**< private */
    uint32_t since_ms;                               /**< private: when the interval began */
    uint8_t state;                    /**< private: stopped, counting, sending, waiting */
    uint8_t failures;                 /**< private: in a row */
    struct dtu_heartbeat_stats stats; /**< counters */
};

/** Sets up a heartbeat that is stopped.
 * @param h         the heartbeat
 * @param config    see there; must outlive the heartbeat
 * @param callbacks see there; must outlive the heartbeat
 * @param ctx       handed to the callbacks
 * @return DTU_OK, or DTU_ERR_CONFIG if a time is out of range or `send` is missing */
enum dtu_status dtu_heartbeat_init(struct dtu_heartbeat *h,
                                   const struct dtu_heartbeat_config *config,
                                   const struct dtu_heartbeat_callbacks *callbacks, void *ctx);

/** There is a connection, or the UART is served: the first heartbeat comes an interval from now. If
 * it was not stopped since the last start, it is now. Not from inside of send().
 * @param h   the heartbeat
 * @param now the time in milliseconds */
void dtu_heartbeat_start(struct dtu_heartbeat *h, uint32_t now);

/** The connection is gone: no heartbeat until the next start. One that waits is dropped.
 * @param h the heartbeat */
void dtu_heartbeat_stop(struct dtu_heartbeat *h);

/** Something was sent on the connection, if only a byte: the interval begins anew, a heartbeat that
 * waits is not needed, and no send has failed. Ignored by one for the UART, and by one that is
 * stopped.
 * @param h   the heartbeat
 * @param now the time in milliseconds */
void dtu_heartbeat_sent(struct dtu_heartbeat *h, uint32_t now);

/** Sending something else on the connection has failed, which a lack of room is not. The third
 * failure in a row, heartbeats included, calls reconnect(). The interval goes on, for nothing was
 * sent. Ignored by one for the UART, and by one that is stopped. Not from inside of a callback.
 * @param h   the heartbeat */
void dtu_heartbeat_failed(struct dtu_heartbeat *h);

/** Lets time pass, and tries again what there was no room for.
 * @param h   the heartbeat
 * @param now the time in milliseconds */
void dtu_heartbeat_poll(struct dtu_heartbeat *h, uint32_t now);

/** When a poll is wanted.
 * @param h   the heartbeat
 * @param now the time in milliseconds
 * @return milliseconds from now; DTU_NEVER if it is stopped or waits for room: then poll when there
 *         is */
uint32_t dtu_heartbeat_next(const struct dtu_heartbeat *h, uint32_t now);

#ifdef __cplusplus
}
#endif

#endif
