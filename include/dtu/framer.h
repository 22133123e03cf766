/* SPDX-License-Identifier: MIT */
/**
 * @file framer.h
 * Packs the bytes of a UART into frames: a frame ends with a pause or when it is long enough.
 *
 *     static uint8_t buffer[1024];
 *     static const struct dtu_framer_config config = {
 *         .buffer = buffer, .size = sizeof buffer, .packet_len = 1024, .gap_us = 50000};
 *     static const struct dtu_framer_callbacks callbacks = {send_frame};
 *     struct dtu_framer framer;
 *
 *     dtu_framer_init(&framer, &config, &callbacks, socket);
 *     size_t taken = dtu_framer_feed(&framer, data, len, now_us);    // bytes came in
 *     dtu_framer_poll(&framer, now_us);                              // time went by
 *     sleep_until_input_or(dtu_framer_next(&framer, now_us));
 *
 * Time is a counter of **microseconds** that wraps (other engines count milliseconds): 4 bytes at
 * 115200 baud take 0.35 ms. A port that has only milliseconds passes `now * 1000` and says so in
 * `clock_us`.
 *
 * Cost: RAM is the struct and the caller's buffer of one packet. A frame that lies whole in the
 * input is handed on where it lies; only bytes of a frame that spans two feeds, or that was
 * refused, are copied, once. All calls from one thread.
 *
 * Source: manual 000 section 4.2 (7S1-E), 001 section 2.2.2 (7S4), 003 section 4.3.3 (K7).
 */
#ifndef DTU_FRAMER_H
#define DTU_FRAMER_H

#include "dtu/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a framer works with; must outlive it. */
struct dtu_framer_config {
    uint8_t *buffer;   /**< Holds a frame that is not complete yet. */
    size_t size;       /**< Of `buffer`, at least 1 and at least `packet_len`. */
    size_t packet_len; /**< A frame of so many bytes is complete (UARTFL); 0: only when the
                            buffer is full. */
    uint32_t gap_us;   /**< A frame is complete when no byte came for so long (UARTFT), below
                            2^31; 0: a pause ends nothing. Both 0: give
                            dtu_framer_four_bytes_us(). */
    uint32_t clock_us; /**< How far apart two values of the clock are, 0 or 1 if it really counts
                            microseconds. A coarse clock makes each pause look longer by up to
                            one step: the framer waits that much more, and never cuts a frame
                            early. */
};

/** What a framer calls. */
struct dtu_framer_callbacks {
    /** A complete frame, 1 to `size` bytes. Must not call back into the framer.
     * @return true if it was taken; false if there is no room now: the framer keeps the frame,
     *         takes no more input, and offers it again at the next feed or poll. */
    bool (*frame)(void *ctx, const uint8_t *data, size_t len);
};

/** Counters; they wrap. */
struct dtu_framer_stats {
    uint32_t by_length; /**< frames ended by their length */
    uint32_t by_time;   /**< frames ended by a pause */
    uint32_t by_flush;  /**< frames ended by dtu_framer_flush() */
    uint32_t refused;   /**< times that the callback had no room */
};

/** A framer. The fields are private, but for `stats`, which may be read and cleared. */
struct dtu_framer {
    const struct dtu_framer_config *config;       /**< private */
    const struct dtu_framer_callbacks *callbacks; /**< private */
    void *ctx;                                    /**< private */
    size_t held;                                  /**< private: bytes in the buffer */
    uint32_t last_us;                             /**< private: when the last of them came */
    uint32_t *closed;                             /**< private: counter that the closed frame in
                                                       the buffer goes to, NULL if it is open */
    struct dtu_framer_stats stats;                /**< counters */
};

/** Sets up a framer with nothing in it.
 * @param f         the framer
 * @param config    see there; must outlive the framer
 * @param callbacks see there; must outlive the framer
 * @param ctx       handed to the callbacks
 * @return DTU_OK, or DTU_ERR_CONFIG if there is no buffer, it is smaller than a packet, `gap_us`
 *         with `clock_us` is 2^31 or more, or the callback is missing */
enum dtu_status dtu_framer_init(struct dtu_framer *f, const struct dtu_framer_config *config,
                                const struct dtu_framer_callbacks *callbacks, void *ctx);

/** Takes bytes from the UART. Bytes of one call are taken to follow each other without a pause.
 * @param f      the framer
 * @param data   the bytes
 * @param len    how many
 * @param now_us the time in microseconds
 * @return how many were taken; less than `len` only if the callback had no room: offer the rest
 *         again when there is. */
size_t dtu_framer_feed(struct dtu_framer *f, const uint8_t *data, size_t len, uint32_t now_us);

/** Ends the frame whose pause is over, and offers again what the callback had no room for.
 * @param f      the framer
 * @param now_us the time in microseconds */
void dtu_framer_poll(struct dtu_framer *f, uint32_t now_us);

/** When the framer wants a poll.
 * @param f      the framer
 * @param now_us the time in microseconds
 * @return microseconds from now, 0 if at once, DTU_NEVER if no pause is being waited for. A frame
 *         that was refused waits for room, not for time: DTU_NEVER. */
uint32_t dtu_framer_next(const struct dtu_framer *f, uint32_t now_us);

/** Ends the frame now, whatever its length: for a UART that reports an idle line by itself.
 * @param f the framer */
void dtu_framer_flush(struct dtu_framer *f);

/** The UART was not listened to until now, so that nothing is known of a pause: it begins anew.
 * @param f      the framer
 * @param now_us the time in microseconds */
void dtu_framer_hold(struct dtu_framer *f, uint32_t now_us);

/** Drops what is held: for a restart.
 * @param f the framer
 * @return how many bytes that were */
size_t dtu_framer_clear(struct dtu_framer *f);

/** Whether feed would take bytes now, or a frame that was refused is in the way.
 * @param f the framer
 * @return true if input can be taken */
bool dtu_framer_ready(const struct dtu_framer *f);

/** The packing time of a K7 whose time and length are both 0: that of 4 bytes of 10 bits, at least
 * 0.1 ms (manual 003 section 4.3.3).
 * @param baud the line rate in bits a second, not 0
 * @return microseconds */
uint32_t dtu_framer_four_bytes_us(uint32_t baud);

#ifdef __cplusplus
}
#endif

#endif
