/* SPDX-License-Identifier: MIT */
/**
 * @file baudsync.h
 * Baud-rate synchronisation ("similar RFC 2217", `AT+RFCEN`): frames of 8 bytes in a network stream
 * that set the UART of a module. Encoder, decoder, and a filter that takes them out of a stream.
 *
 *     uint8_t frame[DTU_BAUDSYNC_LEN];
 *     dtu_baudsync_encode(frame, &uart, false);              // to be sent ahead of the data
 *
 *     static const struct dtu_baudsync_config config = {.max_baud = 230400};
 *     static const struct dtu_baudsync_callbacks callbacks = {uart_write, uart_change};
 *     struct dtu_baudsync sync;
 *
 *     dtu_baudsync_init(&sync, &config, &callbacks, ctx);
 *     size_t taken = dtu_baudsync_feed(&sync, data, len);    // what came from the network
 *     if (dtu_baudsync_held(&sync) > 0 && packing_time_is_over())
 *         dtu_baudsync_flush(&sync);                         // it was no frame
 *
 * A frame:
 *
 *     55 AA 55 | baud u24 BE | bits | SUM = low byte of the sum of the 3 baud bytes and bits
 *     bits 1:0 data bits - 5 | 2 stop: 0 one, 1 two | 3 parity on | 5:4 odd, even, mark, space
 *
 * A frame with a wrong sum or a rate that cannot be is data, and so is all else; of two frames that
 * overlap, the one that begins first is taken. Bits 7:6 count for the sum and mean nothing.
 *
 * Cost on a Cortex-M0+: 36 bytes of RAM and no buffer. Data without a 55 costs a memchr and one
 * call; it is handed on where it lies, in pieces as large as they came. Only what may be the
 * beginning of a frame at the end of the input is copied, at most 7 bytes. Code and stack:
 * docs/size.md. All calls of a filter from one thread; encoder and decoder from anywhere.
 *
 * Source: manual 002 section 3.6.2, manual 003 section 4.3.4.
 */
#ifndef DTU_BAUDSYNC_H
#define DTU_BAUDSYNC_H

#include "dtu/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DTU_BAUDSYNC_LEN 8             /**< Bytes of a frame. */
#define DTU_BAUDSYNC_BAUD_MIN 300      /**< The lowest rate. */
#define DTU_BAUDSYNC_BAUD_MAX 0xFFFFFF /**< The highest that a frame can carry. */

/** Writes a frame.
 * @param frame #DTU_BAUDSYNC_LEN bytes
 * @param uart  what to set; `flow` is not looked at, for a frame cannot say it
 * @param bit7  bit 7 of the bits is set, as USR-GPRS232-7S3 writes it; else it is 0
 * @return DTU_OK; DTU_ERR_RANGE if the rate, the data bits (5 to 8), the stop bits (1, 2) or the
 *         parity cannot be in a frame: then nothing is written */
enum dtu_status dtu_baudsync_encode(uint8_t *frame, const struct dtu_uart *uart, bool bit7);

/** Reads a frame.
 * @param uart     where it goes; untouched on an error, and `flow` always
 * @param frame    #DTU_BAUDSYNC_LEN bytes
 * @param max_baud the highest rate that can be; the lowest is #DTU_BAUDSYNC_BAUD_MIN
 * @return DTU_OK; DTU_ERR_FORMAT if it does not begin as one; DTU_ERR_CHECKSUM; DTU_ERR_RANGE if
 *         the rate cannot be */
enum dtu_status dtu_baudsync_decode(struct dtu_uart *uart, const uint8_t *frame, uint32_t max_baud);

/** What a filter works with; must outlive it. */
struct dtu_baudsync_config {
    uint32_t max_baud; /**< The highest rate of the UART, #DTU_BAUDSYNC_BAUD_MIN at least. */
};

/** What a filter calls; neither may call the filter. */
struct dtu_baudsync_callbacks {
    /** Data, at least 1 byte; it lasts as long as the call.
     * @return how many bytes were taken, 0 to `len` */
    size_t (*data)(void *ctx, const uint8_t *data, size_t len);
    /** A frame; all data before it was taken: let that go out at the old rate. `flow` of `uart` is
     * DTU_FLOW_NONE, since a frame leaves the flow control alone. */
    void (*change)(void *ctx, const struct dtu_uart *uart);
};

/** Counters; they wrap. */
struct dtu_baudsync_stats {
    uint32_t frames;  /**< frames that were taken out */
    uint32_t damaged; /**< 55 AA 55 and 5 more bytes that were no frame, and so data: once for
                           each place where 55 AA 55 is, also inside another one */
};

/** A filter. The fields are private, but for `stats`, which may be read and cleared. */
struct dtu_baudsync {
    const struct dtu_baudsync_config *config;       /**< private */
    const struct dtu_baudsync_callbacks *callbacks; /**< private */
    void *ctx;                                      /**< private */
    size_t known;                                   /**< private: how many bytes, of what is held
                                                         and then of what feed left, are data */
    uint8_t bytes[DTU_BAUDSYNC_LEN];                /**< private: what is held, and room to look
                                                         at it together with what comes */
    uint8_t held;                                   /**< private: how many */
    bool behind;                                    /**< private: feed left bytes */
    struct dtu_baudsync_stats stats;                /**< counters */
};

/** Sets up a filter with nothing in it.
 * @param b         the filter
 * @param config    see there; must outlive the filter
 * @param callbacks see there; must outlive the filter
 * @param ctx       handed to the callbacks
 * @return DTU_OK, or DTU_ERR_CONFIG if the rate is too low or a callback is missing */
enum dtu_status dtu_baudsync_init(struct dtu_baudsync *b, const struct dtu_baudsync_config *config,
                                  const struct dtu_baudsync_callbacks *callbacks, void *ctx);

/** Takes bytes from the network. What may be the beginning of a frame is taken and held.
 * Not from a callback.
 * @param b    the filter
 * @param data the bytes; may be NULL if `len` is 0
 * @param len  how many
 * @return how many were taken; less than `len` only if `data` had no room: offer the rest again
 *         when there is, before anything newer. If the rest is dropped instead, clear the filter.
 */
size_t dtu_baudsync_feed(struct dtu_baudsync *b, const uint8_t *data, size_t len);

/** How many bytes are held: with more than 0, flush when no byte came for the packing time.
 * @param b the filter
 * @return 0 to 7 */
size_t dtu_baudsync_held(const struct dtu_baudsync *b);

/** Lets what is held go as data. Not from a callback.
 * While there are bytes that dtu_baudsync_feed() did not take, no pause can have been: then only
 * that goes which is no part of a frame whatever follows.
 * @param b the filter
 * @return true if nothing is held any more; false if `data` had no room, or bytes are left that
 *         feed did not take: feed them first, or call it again when there is room */
bool dtu_baudsync_flush(struct dtu_baudsync *b);

/** Drops what is held, and forgets what feed left: for a connection that is gone, or is new.
 * @param b the filter
 * @return how many bytes were held */
size_t dtu_baudsync_clear(struct dtu_baudsync *b);

#ifdef __cplusplus
}
#endif

#endif
