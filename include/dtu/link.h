/* SPDX-License-Identifier: MIT */
/**
 * @file link.h
 * One socket's life: when to open it, when to try again, when to close it. Events go in, wishes
 * come out; no byte of data passes through here.
 *
 *     static const struct dtu_link_config config = {.retry_ms = 10000, .max_tries = 60,
 *                                                   .open_ms = 30000};
 *     static const struct dtu_link_callbacks callbacks = {port_open, port_close, on_change};
 *     struct dtu_link link;
 *
 *     dtu_link_init(&link, &config, &callbacks, socket);
 *     dtu_link_start(&link, now);        // calls port_open()
 *     dtu_link_opened(&link, now);       // the port says: connected
 *     dtu_link_closed(&link, now);       // the peer went away: port_open() again in 10 s
 *     sleep_until_input_or(dtu_link_next(&link, now)); dtu_link_poll(&link, now);
 *
 * Which address, TCP or UDP, is between the owner and its port: open() means "open what is
 * configured". A UDP socket is opened when its name is resolved.
 *
 * Cost: RAM is the struct; each call is O(1). Time is in milliseconds and may wrap. All calls from
 * one thread.
 *
 * Source: manual 004 sections 4.45, 4.50 to 4.52 (connection kind, short-lived connection, number
 * and interval of reconnections), 003 section 4.4.10 (short connection).
 */
#ifndef DTU_LINK_H
#define DTU_LINK_H

#include "dtu/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How a link lives; must outlive it. All times below 2^31. */
struct dtu_link_config {
    uint32_t retry_ms;  /**< From a failure or a loss to the next try (SOCKRSTIM), at least 1. */
    uint32_t max_tries; /**< Failures in a row after which it gives up (SOCKRSNUM), `retry_ms` after
                             the last; 0: never. */
    uint32_t open_ms;   /**< An attempt that takes longer has failed; 0: the port decides. */
    uint32_t quiet_ms;  /**< Short-lived: closed after so long without activity (SHORTATM), and
                             opened when wanted; 0: persistent, opened at start. */
    uint32_t idle_ms;   /**< Connected anew after so long without activity (SOCKTO); 0: never. Not
                             with `quiet_ms`. */
    bool has_backup;    /**< A try that follows a failure goes to the other server, in turns: see
                             dtu_link_is_backup(). */
    bool listens; /**< A server, which is persistent: opening it takes until somebody connects,
                       however long that is, for `open_ms` does not count, and when he is
                       gone it is opened again at once. */
};

/** Where a link is. */
enum dtu_link_state {
    DTU_LINK_OFF,     /**< not started, or stopped */
    DTU_LINK_IDLE,    /**< short-lived: closed until it is wanted */
    DTU_LINK_OPENING, /**< the port is at it */
    DTU_LINK_UP,      /**< data can flow */
    DTU_LINK_WAIT,    /**< closed, until the time for the next try */
    DTU_LINK_GIVEN_UP /**< too many failures: until it is started again */
};

/** What a link wishes. */
struct dtu_link_callbacks {
    /** Open the socket. The outcome is told by dtu_link_opened() or dtu_link_failed(), which may
     * be called from inside.
     * @return false if it cannot even be tried: that is a failure */
    bool (*open)(void *ctx);
    /** Close the socket, or give up opening it. No event of it may be told afterwards. */
    void (*close)(void *ctx);
    /** The state has changed; may be NULL. dtu_link_want() and dtu_link_stop() may be called from
     * inside. A link that is stopped here on #DTU_LINK_OPENING calls close(), but not open(). */
    void (*changed)(void *ctx, enum dtu_link_state state);
};

/** Counters; they wrap. */
struct dtu_link_stats {
    uint32_t tries;  /**< times that open was called */
    uint32_t opened; /**< that were successful */
    uint32_t failed; /**< that were not */
    uint32_t lost;   /**< connections that the other side closed or that broke */
    uint32_t quiet;  /**< short-lived connections closed for want of activity */
    uint32_t idle;   /**< connections opened anew for want of activity, or by the owner's wish */
};

/** A link. The fields are private, but for `stats`. */
struct dtu_link {
    const struct dtu_link_config *config;       /**< private */
    const struct dtu_link_callbacks *callbacks; /**< private */
    void *ctx;                                  /**< private */
    uint32_t since_ms;                          /**< private: state began, or last activity */
    uint32_t failures;                          /**< private: in a row */
    uint8_t state;                              /**< private: enum dtu_link_state */
    bool used;                                  /**< private: there was activity since it opened */
    bool backup;                                /**< private: the try goes to the other server */
    struct dtu_link_stats stats;                /**< counters */
};

/** Sets up a link that is off.
 * @param l         the link
 * @param config    see there; must outlive the link
 * @param callbacks see there; must outlive the link
 * @param ctx       handed to the callbacks
 * @return DTU_OK, or DTU_ERR_CONFIG if `retry_ms` is 0, a time is 2^31 or more, a server has a
 *         `quiet_ms` or `quiet_ms` with `idle_ms`, or open or close is missing */
enum dtu_status dtu_link_init(struct dtu_link *l, const struct dtu_link_config *config,
                              const struct dtu_link_callbacks *callbacks, void *ctx);

/** Begins: opens a persistent link at once, makes a short-lived one ready. Does nothing unless the
 * link is off or has given up.
 * @param l   the link
 * @param now the time in milliseconds */
void dtu_link_start(struct dtu_link *l, uint32_t now);

/** Ends: closes what is open. Does nothing if the link is off.
 * @param l   the link
 * @param now the time in milliseconds */
void dtu_link_stop(struct dtu_link *l, uint32_t now);

/** There is data to send: opens a short-lived link that is idle, and counts as activity.
 * @param l   the link
 * @param now the time in milliseconds */
void dtu_link_want(struct dtu_link *l, uint32_t now);

/** Data was sent or received: a short-lived link stays open for its quiet time from now.
 * @param l   the link
 * @param now the time in milliseconds */
void dtu_link_activity(struct dtu_link *l, uint32_t now);

/** Data of the other side waits and cannot be taken now: the quiet time begins anew, but this does
 * not count as activity.
 * @param l   the link
 * @param now the time in milliseconds */
void dtu_link_hold(struct dtu_link *l, uint32_t now);

/** The port has opened the socket. Ignored unless it is being opened.
 * @param l   the link
 * @param now the time in milliseconds */
void dtu_link_opened(struct dtu_link *l, uint32_t now);

/** The port could not open the socket. Ignored unless it is being opened.
 * @param l   the link
 * @param now the time in milliseconds */
void dtu_link_failed(struct dtu_link *l, uint32_t now);

/** The connection is gone: the other side closed it, or it broke. The port has closed its socket.
 * Ignored unless the link is up. A persistent link is opened again after `retry_ms`; a short-lived
 * one when it is wanted, but if nothing was sent or received on it, not before `retry_ms` either: a
 * peer that closes at once must not make it spin. A server is opened again at once: it waits for
 * the next one anyhow.
 * @param l   the link
 * @param now the time in milliseconds */
void dtu_link_closed(struct dtu_link *l, uint32_t now);

/** The owner has lost faith in the connection: closes it and opens it again at once. Ignored unless
 * the link is up. It is no loss and no failure: the try goes to the first server, and if it fails
 * the next one is `retry_ms` later. Not from inside of a callback.
 * @param l   the link
 * @param now the time in milliseconds */
void dtu_link_reconnect(struct dtu_link *l, uint32_t now);

/** Which server the present try or connection is to, or the last one was. After a success, and
 * when it is started, the first server is tried first; a connection to the other one stays until
 * it is lost, or opened anew. May be called from inside of any callback: open() asks it where to.
 * @param l the link
 * @return true if it is the backup */
bool dtu_link_is_backup(const struct dtu_link *l);

/** Lets time pass.
 * @param l   the link
 * @param now the time in milliseconds */
void dtu_link_poll(struct dtu_link *l, uint32_t now);

/** When a poll is wanted.
 * @param l   the link
 * @param now the time in milliseconds
 * @return milliseconds from now, or DTU_NEVER */
uint32_t dtu_link_next(const struct dtu_link *l, uint32_t now);

/** @param l the link
 * @return where it is. */
enum dtu_link_state dtu_link_state(const struct dtu_link *l);

#ifdef __cplusplus
}
#endif

#endif
