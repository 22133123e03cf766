/* SPDX-License-Identifier: MIT */
/**
 * @file sdp.h
 * Socket distribution protocol: frames on a UART that say which socket their data is for, or came
 * from. Both directions, for a module and for the program at its UART.
 *
 *     struct dtu_sdp_frame frame = {.socket = DTU_SDP_SOCKET_A, .data = data, .len = len};
 *     dtu_sdp_encode(DTU_SDP_TO_MODULE, &frame, out, sizeof out, &out_len);
 *
 *     static uint8_t buffer[1024];
 *     static const struct dtu_sdp_config config = {
 *         .direction = DTU_SDP_TO_MODULE, .buffer = buffer, .size = sizeof buffer};
 *     static const struct dtu_sdp_callbacks callbacks = {on_frame, on_damage};
 *     struct dtu_sdp sdp;
 *
 *     dtu_sdp_init(&sdp, &config, &callbacks, ctx);
 *     size_t taken = dtu_sdp_feed(&sdp, data, len);        // bytes came in
 *     dtu_sdp_flush(&sdp);                                 // and then a pause
 *
 * A frame, `n` bytes of data in `n + 8`:
 *
 *     head 3 | LEN u16 BE = n + 2 | SOCK | FLAG | data n | SUM = low byte of SOCK + FLAG + data
 *
 * What is taken as a frame: the first place, from the left, where a head, a possible length and a
 * right sum stand; then the first place behind that frame. So damage costs the frame that it hit
 * and no other one, even if the next begins inside it. (A sum of 8 bits is right by chance in one
 * of 256 cases; then what it covers is lost.)
 *
 * Cost: RAM is the struct and the caller's buffer of one frame. A frame that lies whole in the
 * input is handed on where it lies; only one that spans two feeds is copied. Each byte is summed
 * once, but for damage: a byte is then looked at again for each head before it whose length covers
 * it. Heads can be 4 bytes apart, so that is at most `size` / 4 times, whatever comes. All calls of
 * a decoder, and of a sender, from one thread; encoding from anywhere.
 *
 * Source: the sibling USR-DR404's description of the protocol; manual 000 section 6.3 for the limit
 * of the packing length.
 */
#ifndef DTU_SDP_H
#define DTU_SDP_H

#include "dtu/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DTU_SDP_HEAD_LEN 7     /**< Bytes before the data. */
#define DTU_SDP_OVERHEAD 8     /**< A frame is so much longer than its data. */
#define DTU_SDP_FRAME_MAX 4095 /**< The longest frame in bytes. */

#define DTU_SDP_SOCKET_A 0x61 /**< The id of socket A; those of B to D follow. */
#define DTU_SDP_SOCKETS 4     /**< How many ids there are. */
#define DTU_SDP_REPORT 0x80   /**< This bit of the flag: a report by the module itself. */

/** Which way a frame goes: the two have different heads. */
enum dtu_sdp_direction {
    DTU_SDP_TO_MODULE,  /**< from the user's device: 55 FD AA */
    DTU_SDP_FROM_MODULE /**< to it: AA FD 55 */
};

/** What a module reports, in the first byte of data. */
enum dtu_sdp_code {
    DTU_SDP_BAD_HEAD = 0x00,    /**< bytes that are no frame */
    DTU_SDP_BAD_LENGTH = 0x01,  /**< a length that cannot be, or a frame that stops short */
    DTU_SDP_BAD_SOCKET = 0x02,  /**< an id that is no socket's */
    DTU_SDP_BAD_SUM_OLD = 0x03, /**< what some modules say for the next; never sent */
    DTU_SDP_BAD_SUM = 0x04,     /**< the sum is wrong */
    DTU_SDP_SEND_FAILED = 0x10  /**< a good frame that could not be sent on */
};

/** A frame without its wrapping. */
struct dtu_sdp_frame {
    uint8_t socket;      /**< #DTU_SDP_SOCKET_A and so on; 0 of a report */
    uint8_t flag;        /**< 0, or with #DTU_SDP_REPORT a report */
    const uint8_t *data; /**< may be NULL when `len` is 0 */
    size_t len;          /**< 0 to #DTU_SDP_FRAME_MAX - #DTU_SDP_OVERHEAD */
};

/** Writes a frame.
 * @param direction which head
 * @param frame     its contents; any socket and flag
 * @param out       where it goes; may not overlap the data
 * @param size      room there in bytes
 * @param len       where the length goes, `frame->len` + 8
 * @return DTU_OK; DTU_ERR_LENGTH if the data is too long; DTU_ERR_SPACE if `size` is too small.
 *         On an error nothing is written */
enum dtu_status dtu_sdp_encode(enum dtu_sdp_direction direction, const struct dtu_sdp_frame *frame,
                               uint8_t *out, size_t size, size_t *len);

/** Makes what goes around data that stays where it is: send the head, the data, the tail.
 * @param direction which head
 * @param frame     its contents; any socket and flag
 * @param head      #DTU_SDP_HEAD_LEN bytes
 * @param tail      one byte
 * @return DTU_OK; DTU_ERR_LENGTH if the data is too long: nothing is written */
enum dtu_status dtu_sdp_wrap(enum dtu_sdp_direction direction, const struct dtu_sdp_frame *frame,
                             uint8_t *head, uint8_t *tail);

/** Whether a frame of a module is a report.
 * @param frame the frame
 * @param code  where the code goes if it is one, DTU_SDP_BAD_SUM_OLD as DTU_SDP_BAD_SUM, one that
 *              has no name as it came; of a report without data it is DTU_SDP_BAD_HEAD
 * @return true if it is */
bool dtu_sdp_is_report(const struct dtu_sdp_frame *frame, enum dtu_sdp_code *code);

/** What a decoder works with; must outlive it. */
struct dtu_sdp_config {
    enum dtu_sdp_direction direction; /**< Of the frames that come. */
    uint8_t *buffer;                  /**< Holds a frame that is not complete yet. */
    size_t size; /**< Of `buffer`, #DTU_SDP_OVERHEAD to #DTU_SDP_FRAME_MAX: the longest frame that
                      is taken; of a module the packing length. */
};

/** What a decoder calls, from feed, flush and resume; neither may call the decoder. Both return
 * false if there is no room now: the same is then told again by a later call, before anything else.
 */
struct dtu_sdp_callbacks {
    /** A frame with the id of a socket, or from a module a report. It lasts as long as the call.
     * Of a frame to a module the flag is not looked at. */
    bool (*frame)(void *ctx, const struct dtu_sdp_frame *frame);
    /** Damage: DTU_SDP_BAD_HEAD at the first of a run of bytes that are no frame, unless the run
     * begins with other damage; DTU_SDP_BAD_LENGTH, DTU_SDP_BAD_SUM and DTU_SDP_BAD_SOCKET each
     * time. A run ends with a frame, also one with a wrong id, or with a flush. May be NULL. */
    bool (*damage)(void *ctx, enum dtu_sdp_code code);
};

/** Counters; they wrap. */
struct dtu_sdp_stats {
    uint32_t frames;     /**< frames that were taken */
    uint32_t bad_head;   /**< runs of bytes that began with no head */
    uint32_t bad_length; /**< heads with a length that cannot be, or cut short by a flush */
    uint32_t bad_sum;    /**< heads with a wrong sum */
    uint32_t bad_socket; /**< frames with a wrong id */
    uint32_t skipped;    /**< bytes of no frame, and of frames with a wrong id */
};

/** A decoder. The fields are private, but for `stats`, which may be read and cleared. */
struct dtu_sdp {
    const struct dtu_sdp_config *config;       /**< private */
    const struct dtu_sdp_callbacks *callbacks; /**< private */
    void *ctx;                                 /**< private */
    size_t held;                               /**< private: bytes in the buffer */
    size_t want;                               /**< private: bytes that decide what they are, 0
                                                    if they wait for room */
    bool in_run;                               /**< private: the bytes before were no frame */
    bool flushing;                             /**< private: a flush waits for room */
    struct dtu_sdp_stats stats;                /**< counters */
};

/** Sets up a decoder with nothing in it.
 * @param s         the decoder
 * @param config    see there; must outlive the decoder
 * @param callbacks see there; must outlive the decoder
 * @param ctx       handed to the callbacks
 * @return DTU_OK, or DTU_ERR_CONFIG if there is no buffer, its size is out of range, or `frame` is
 *         missing */
enum dtu_status dtu_sdp_init(struct dtu_sdp *s, const struct dtu_sdp_config *config,
                             const struct dtu_sdp_callbacks *callbacks, void *ctx);

/** Takes bytes. What begins with the first byte of a head is judged when 8 bytes are there, the
 * least of a frame, and the length that they say; any other byte at once.
 * @param s    the decoder
 * @param data the bytes; may be NULL when `len` is 0
 * @param len  how many
 * @return how many were taken; less than `len` if, and only if, a callback had no room: offer the
 *         rest again when there is, before any newer byte and before a flush */
size_t dtu_sdp_feed(struct dtu_sdp *s, const uint8_t *data, size_t len);

/** There was a pause, or the stream ends: a frame that is not complete will not be. Frames inside
 * it are found.
 * @param s the decoder
 * @return true when nothing is held any more; false if a callback had no room: then the flush goes
 *         on with dtu_sdp_resume() or the next feed, which takes nothing before it is through */
bool dtu_sdp_flush(struct dtu_sdp *s);

/** Goes on with a flush that a callback had no room for, when there is room and no input. (A feed
 * that took less than it was given goes on when it is given the rest.)
 * @param s the decoder
 * @return true if nothing that is held waits for room: a flush has gone through */
bool dtu_sdp_resume(struct dtu_sdp *s);

/** Drops what is held: for a restart.
 * @param s the decoder
 * @return how many bytes that were */
size_t dtu_sdp_clear(struct dtu_sdp *s);

/* --- Frames for a receiver that may be slow -------------------------------------------------- */

/** Sends frames, one after the other and each of them whole, through a function that may take less
 * than it is given. Data stays where it is: no buffer. The fields are private. */
struct dtu_sdp_sender {
    size_t (*write)(void *ctx, const uint8_t *data, size_t len); /**< private */
    void *ctx;                                                   /**< private */
    size_t data_left;               /**< private: bytes of data of the frame on its way */
    uint8_t direction;              /**< private: enum dtu_sdp_direction */
    uint8_t socket;                 /**< private: of that frame */
    uint8_t head[DTU_SDP_HEAD_LEN]; /**< private: of that frame */
    uint8_t head_left;              /**< private: bytes of it */
    uint8_t code;                   /**< private: the data of a report */
    uint8_t tail;                   /**< private: of that frame */
    bool is_report;                 /**< private: its data is `code` */
    bool busy;                      /**< private: there is such a frame */
};

/** Sets up a sender with nothing on its way.
 * @param s         the sender
 * @param direction which head
 * @param write     takes bytes, and returns how many were taken, 0 to `len`; may not call the
 *                  sender
 * @param ctx       handed to it */
void dtu_sdp_sender_init(struct dtu_sdp_sender *s, enum dtu_sdp_direction direction,
                         size_t (*write)(void *ctx, const uint8_t *data, size_t len), void *ctx);

/** Sends data in frames, each as long as the data and the protocol allow. A frame that has begun
 * says how long it is: what of it was not taken must be offered again, with or without more behind
 * it.
 * @param s      the sender
 * @param socket the id, #DTU_SDP_SOCKET_A and so on
 * @param data   the bytes
 * @param len    how many
 * @return how many were taken; 0 too while a frame of another id or a report is on its way */
size_t dtu_sdp_send(struct dtu_sdp_sender *s, uint8_t socket, const uint8_t *data, size_t len);

/** Sends a report.
 * @param s    the sender
 * @param code what to report
 * @return false while something else is on its way: try again */
bool dtu_sdp_report(struct dtu_sdp_sender *s, enum dtu_sdp_code code);

/** Goes on with what needs no data of the caller.
 * @param s the sender */
void dtu_sdp_sender_poll(struct dtu_sdp_sender *s);

/** Whether data would be begun or gone on with, if there is room.
 * @param s      the sender
 * @param socket the id
 * @return true if nothing is on its way, or a frame of this id whose data is not all out */
bool dtu_sdp_sender_ready(const struct dtu_sdp_sender *s, uint8_t socket);

/** @param s the sender
 * @return true if nothing is on its way. */
bool dtu_sdp_sender_idle(const struct dtu_sdp_sender *s);

/** How much of a frame is still to come: offer no more, and the next frame does not begin.
 * @param s the sender
 * @return bytes of data of the frame on its way; 0 if there is none */
size_t dtu_sdp_sender_left(const struct dtu_sdp_sender *s);

/** Leaves a frame of this id as it is, for its data will not come: the receiver finds it damaged.
 * @param s      the sender
 * @param socket the id */
void dtu_sdp_sender_drop(struct dtu_sdp_sender *s, uint8_t socket);

#ifdef __cplusplus
}
#endif

#endif
