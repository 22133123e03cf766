/* SPDX-License-Identifier: MIT */
/**
 * @file queue.h
 * Packets that wait to be sent, kept whole and in order, in memory of the caller.
 *
 *     static uint8_t memory[DTU_QUEUE_SIZE(20, 4096)];
 *     static const struct dtu_queue_config config = {
 *         .memory = memory, .size = sizeof memory, .max_packets = 20};
 *     struct dtu_queue q;
 *
 *     dtu_queue_init(&q, &config);
 *     if (dtu_queue_push(&q, frame, len, DTU_QUEUE_REFUSE) != DTU_OK)
 *         ...                                               // counted in q.stats
 *     const uint8_t *packet = dtu_queue_front(&q, &len);
 *     dtu_queue_consume(&q, socket_send(packet, len));      // a part is fine, the rest stays
 *
 * A packet lies in one piece, so that a datagram can be sent from where it is; what goes in front
 * of it need not lie in front of it before, see dtu_queue_push_parts(). Cost: 2 bytes a packet;
 * push copies the packet once; everything else is O(1), for each packet where several are dropped.
 * No time, no callbacks. All calls from one thread.
 *
 * Source: manual 000 section 1.2 (20 packets of up to 4 KiB a socket), 002 section 1.1 (4 KiB a
 * socket), 003 section 4.4.9 (2 KiB).
 */
#ifndef DTU_QUEUE_H
#define DTU_QUEUE_H

#include "dtu/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Memory that always holds `packets` packets of up to `bytes` bytes, however they lie: a macro,
 * for it gives the size of an array. */
#define DTU_QUEUE_SIZE(packets, bytes) (((size_t)(packets) + 1) * ((size_t)(bytes) + 2) - 1)

/** The longest packet of any queue. */
#define DTU_QUEUE_PACKET_MAX 65535u

/** What happens to a packet for which there is no room. */
enum dtu_queue_full {
    DTU_QUEUE_REFUSE,     /**< It is refused: the caller keeps it, or counts it lost. */
    DTU_QUEUE_DROP_OLDEST /**< The oldest packets are dropped until it fits. */
};

/** What a queue works with; must outlive it. */
struct dtu_queue_config {
    uint8_t *memory;    /**< Holds the packets. */
    size_t size;        /**< Of `memory`, in bytes; see #DTU_QUEUE_SIZE. */
    size_t max_packets; /**< No more packets than this; 0: as many as fit. */
    size_t max_bytes;   /**< No more bytes than this in all packets; 0: as many as fit. */
};

/** Counters; they wrap. */
struct dtu_queue_stats {
    uint32_t pushed;        /**< packets that went in */
    uint32_t refused;       /**< packets for which there was no room */
    uint32_t dropped;       /**< packets dropped to make room, or by clear */
    uint32_t dropped_bytes; /**< bytes in the dropped packets */
};

/** A queue. The fields are private, but for `stats`. */
struct dtu_queue {
    const struct dtu_queue_config *config; /**< private */
    size_t head;                           /**< private: where the oldest packet begins */
    size_t tail;                           /**< private: where the next one goes */
    size_t end;                            /**< private: where the packets before the wrap end */
    size_t count;                          /**< private: packets */
    size_t bytes;                          /**< private: bytes in them, with what is consumed */
    size_t consumed;                       /**< private: bytes consumed of the oldest */
    struct dtu_queue_stats stats;          /**< counters */
};

/** Sets up an empty queue.
 * @param q      the queue
 * @param config see there; must outlive the queue
 * @return DTU_OK, or DTU_ERR_CONFIG if the memory cannot hold a packet of one byte */
enum dtu_status dtu_queue_init(struct dtu_queue *q, const struct dtu_queue_config *config);

/** Whether a packet would go in without anything being dropped.
 * @param q   the queue
 * @param len its length in bytes
 * @return true if there is room now */
bool dtu_queue_fits(const struct dtu_queue *q, size_t len);

/** Puts a copy of a packet at the end.
 * @param q         the queue
 * @param data      the packet
 * @param len       its length, 1 to 65535 bytes
 * @param when_full what to do if there is no room. A packet of which a part has been consumed is
 *                  never dropped, for its receiver has the beginning of it: then this one is
 *                  refused.
 * @return DTU_OK; DTU_ERR_SPACE if it was refused; DTU_ERR_LENGTH if it is empty or could never
 *         fit: then nothing is dropped for it. Both errors count as refused. */
enum dtu_status dtu_queue_push(struct dtu_queue *q, const uint8_t *data, size_t len,
                               enum dtu_queue_full when_full);

/** The same for a packet in two parts, such as what goes in front of data and the data: one packet,
 * as if both had been pushed in one piece.
 * @param q         the queue
 * @param front     its first bytes; may be NULL when `front_len` is 0
 * @param front_len how many, from 0
 * @param data      those behind them; may be NULL when `len` is 0
 * @param len       how many, from 0; both parts together are 1 to 65535 bytes
 * @param when_full as for dtu_queue_push()
 * @return as dtu_queue_push() */
enum dtu_status dtu_queue_push_parts(struct dtu_queue *q, const uint8_t *front, size_t front_len,
                                     const uint8_t *data, size_t len,
                                     enum dtu_queue_full when_full);

/** The oldest packet, without what has been consumed of it.
 * @param q   the queue
 * @param len where its length goes, 0 if there is none
 * @return where it lies, until the next call that changes the queue; NULL if it is empty */
const uint8_t *dtu_queue_front(const struct dtu_queue *q, size_t *len);

/** Takes bytes off the oldest packet; with the last of them the packet is gone.
 * @param q   the queue
 * @param len how many bytes; more than the packet has takes the whole packet */
void dtu_queue_consume(struct dtu_queue *q, size_t len);

/** Drops the oldest packet, also if a part of it was consumed; does nothing if there is none.
 * @param q the queue */
void dtu_queue_drop(struct dtu_queue *q);

/** Drops everything; it counts as dropped.
 * @param q the queue */
void dtu_queue_clear(struct dtu_queue *q);

/** Makes a packet whole again that was consumed in part: for a connection that broke in the middle
 * of it, so that the next one gets all of it.
 * @param q the queue
 * @return how many bytes were consumed of it and will come again */
size_t dtu_queue_rewind(struct dtu_queue *q);

/** @param q the queue
 * @return how many packets wait. */
size_t dtu_queue_count(const struct dtu_queue *q);

/** @param q the queue
 * @return how many bytes wait. */
size_t dtu_queue_bytes(const struct dtu_queue *q);

#ifdef __cplusplus
}
#endif

#endif
