/* SPDX-License-Identifier: MIT */
/**
 * @file cmdmode.h
 * The handshake by which a user at the UART turns a module from data to commands: a pause, `+++`,
 * the module's `a`, the user's `a`, the module's `+ok`.
 *
 *     static const struct dtu_cmdmode_config config = {.guard_ms = 50, .gap_ms = 50,
 *                                                      .confirm_ms = DTU_CMDMODE_CONFIRM_MS};
 *     static const struct dtu_cmdmode_callbacks callbacks = {to_framer, to_uart, NULL};
 *
 *     dtu_cmdmode_init(&c, &config, &callbacks, module);
 *     size_t taken = dtu_cmdmode_feed(&c, data, len, now);
 *     if (dtu_cmdmode_active(&c))                  // the rest of the bytes are commands
 *         feed_at_server(data + taken, len - taken);
 *
 * The module's side (dtu_cmdmode_*) sits in front of the data stream. Whatever breaks the handshake
 * becomes data, in order and once. The other side (dtu_cmdmode_host_*) is for programs and firmware
 * that drive a module.
 *
 * Cost: no buffer; bytes that are no handshake are passed on where they lie, with one look at the
 * first byte of each feed. Time is in milliseconds and may wrap. All calls from one thread.
 *
 * Source: manual 000 section 7.1, 002 section 4.1.1, 003 section 5.3.2; where they are silent, the
 * page of this engine says what was decided.
 */
#ifndef DTU_CMDMODE_H
#define DTU_CMDMODE_H

#include "dtu/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** All modules wait this long for the user's `a` (milliseconds). */
#define DTU_CMDMODE_CONFIRM_MS UINT32_C(3000)

/** Times of the handshake, each 1 to 2^31 - 1 milliseconds. */
struct dtu_cmdmode_config {
    uint32_t guard_ms;   /**< Silence needed before the first `+`. */
    uint32_t gap_ms;     /**< The next `+` must come in less than this. */
    uint32_t confirm_ms; /**< So must the user's `a` after the module's. */
};

/** What the module's side calls. None of these may call back into the same instance. */
struct dtu_cmdmode_callbacks {
    /** Data that is no handshake. @return how many bytes were taken, 0 to `len` */
    size_t (*data)(void *ctx, const uint8_t *data, size_t len);
    /** An answer to the user at the UART. @return how many bytes were taken, 0 to `len` */
    size_t (*answer)(void *ctx, const uint8_t *data, size_t len);
    /** Command mode begins: all of the answer has been taken. May be NULL. */
    void (*entered)(void *ctx);
};

/** Counters; they wrap. */
struct dtu_cmdmode_stats {
    uint32_t entered; /**< handshakes that were completed */
    uint32_t broken;  /**< that began and became data */
};

/** The module's side. The fields are private, but for `stats`. */
struct dtu_cmdmode {
    const struct dtu_cmdmode_config *config;       /**< private */
    const struct dtu_cmdmode_callbacks *callbacks; /**< private */
    void *ctx;                                     /**< private */
    uint32_t last_ms;                              /**< private: when the last byte came */
    uint8_t got;  /**< private: bytes of the user's `+++a`; with all 4, commands */
    uint8_t left; /**< private: bytes of an answer, or of `+` that have become data, to go */
    bool quiet;   /**< private: the guard time has passed */
    bool behind;  /**< private: bytes wait that feed left */
    struct dtu_cmdmode_stats stats; /**< counters */
};

/** Sets up the module's side, in data mode, as if the line had been quiet for long.
 * @param c         the instance
 * @param config    see there; must outlive the instance
 * @param callbacks see there; must outlive the instance
 * @param ctx       handed to the callbacks
 * @param now       the time in milliseconds
 * @return DTU_OK, or DTU_ERR_CONFIG if a time is 0 or 2^31 and more, or a callback is missing */
enum dtu_status dtu_cmdmode_init(struct dtu_cmdmode *c, const struct dtu_cmdmode_config *config,
                                 const struct dtu_cmdmode_callbacks *callbacks, void *ctx,
                                 uint32_t now);

/** Takes bytes from the UART.
 * @param c    the instance
 * @param data the bytes
 * @param len  how many
 * @param now  the time in milliseconds
 * @return how many were taken. Less than `len` if a callback had no room (offer the rest again when
 *         there is; however late, no silence is taken to be before it), or if command mode has
 *         begun: then the rest are commands. */
size_t dtu_cmdmode_feed(struct dtu_cmdmode *c, const uint8_t *data, size_t len, uint32_t now);

/** Lets time pass: a handshake that was not gone on with becomes data; what a callback had no room
 * for is offered again.
 * @param c   the instance
 * @param now the time in milliseconds */
void dtu_cmdmode_poll(struct dtu_cmdmode *c, uint32_t now);

/** When a poll is wanted.
 * @param c   the instance
 * @param now the time in milliseconds
 * @return milliseconds from now, or DTU_NEVER */
uint32_t dtu_cmdmode_next(const struct dtu_cmdmode *c, uint32_t now);

/** @param c the instance
 * @return true in command mode, once the `+ok` is on its way. */
bool dtu_cmdmode_active(const struct dtu_cmdmode *c);

/** Whether feed would take bytes now, or something refused by a callback is in the way.
 * @param c the instance
 * @return true if input can be taken; false in command mode */
bool dtu_cmdmode_ready(const struct dtu_cmdmode *c);

/** Begins command mode without a handshake (work mode CMD). What was held is dropped: call it at
 * start only.
 * @param c the instance */
void dtu_cmdmode_enter(struct dtu_cmdmode *c);

/** Ends command mode: bytes are data again. What is not out yet of the answer `+ok` is not sent.
 * @param c   the instance
 * @param now the time in milliseconds: the guard time counts from here */
void dtu_cmdmode_leave(struct dtu_cmdmode *c, uint32_t now);

/* --- The host's side ------------------------------------------------------------------------ */

/** How a host drives the handshake. */
struct dtu_cmdmode_host_config {
    uint32_t guard_ms; /**< Silence before `+++`: a little more than the module wants. */
    uint32_t reply_ms; /**< How long to wait for each answer. */
    uint8_t tries;     /**< How often to try, at least 1. */
};

/** What the host's side calls. None of these may call back into the same instance. */
struct dtu_cmdmode_host_callbacks {
    /** Bytes for the module. @return how many were taken, 0 to `len` */
    size_t (*send)(void *ctx, const uint8_t *data, size_t len);
    /** Bytes from the module that are no part of the handshake, in order. May be NULL. */
    void (*data)(void *ctx, const uint8_t *data, size_t len);
    /** The end: DTU_OK in command mode, DTU_ERR_TIMEOUT if the module did not answer. */
    void (*done)(void *ctx, enum dtu_status status);
};

/** The host's side. The fields are private. */
struct dtu_cmdmode_host {
    const struct dtu_cmdmode_host_config *config;       /**< private */
    const struct dtu_cmdmode_host_callbacks *callbacks; /**< private */
    void *ctx;                                          /**< private */
    uint32_t since_ms;                                  /**< private: when the step began */
    uint8_t step;       /**< private: idle, keeping silent, or which byte is waited for */
    uint8_t left;       /**< private: bytes of ours that `send` has not taken yet */
    uint8_t tries_left; /**< private */
};

/** Sets up the host's side, idle.
 * @param h         the instance
 * @param config    see there; must outlive the instance
 * @param callbacks see there; must outlive the instance
 * @param ctx       handed to the callbacks
 * @return DTU_OK, or DTU_ERR_CONFIG if `tries` is 0, a time is 2^31 or more, `reply_ms` is 0 or a
 *         required callback is missing */
enum dtu_status dtu_cmdmode_host_init(struct dtu_cmdmode_host *h,
                                      const struct dtu_cmdmode_host_config *config,
                                      const struct dtu_cmdmode_host_callbacks *callbacks,
                                      void *ctx);

/** Begins. The caller sends nothing else to the module until `done` has been called.
 * @param h   the instance
 * @param now the time in milliseconds
 * @return DTU_OK, or DTU_ERR_STATE if it is under way already */
enum dtu_status dtu_cmdmode_host_start(struct dtu_cmdmode_host *h, uint32_t now);

/** Takes bytes from the module.
 * @param h    the instance
 * @param data the bytes
 * @param len  how many
 * @param now  the time in milliseconds
 * @return how many were taken: all while under way; after `+ok` the rest is the caller's, and when
 *         idle none */
size_t dtu_cmdmode_host_feed(struct dtu_cmdmode_host *h, const uint8_t *data, size_t len,
                             uint32_t now);

/** Lets time pass, and offers again what `send` had no room for.
 * @param h   the instance
 * @param now the time in milliseconds */
void dtu_cmdmode_host_poll(struct dtu_cmdmode_host *h, uint32_t now);

/** When a poll is wanted.
 * @param h   the instance
 * @param now the time in milliseconds
 * @return milliseconds from now, or DTU_NEVER when idle */
uint32_t dtu_cmdmode_host_next(const struct dtu_cmdmode_host *h, uint32_t now);

#ifdef __cplusplus
}
#endif

#endif
