/* SPDX-License-Identifier: MIT */
#include "dtu/queue.h"

#include <string.h>

/* Each packet lies in the ring as its length, high byte first, and its bytes. One that does not fit
 * between `tail` and the end of the memory begins at 0 again; `end` is where the packets before it
 * stop. */
#define LENGTH_SIZE 2u

enum dtu_status dtu_queue_init(struct dtu_queue *q, const struct dtu_queue_config *config)
{
    if (config->memory == NULL || config->size < LENGTH_SIZE + 1)
        return DTU_ERR_CONFIG;
    memset(q, 0, sizeof *q);
    q->config = config;
    return DTU_OK;
}

/* Where in the ring a packet with its length would go, which needs one piece; false if nowhere. */
static bool find_place(const struct dtu_queue *q, size_t need, size_t *at)
{
    bool wrapped = q->count > 0 && q->tail <= q->head;
    size_t after_tail = (wrapped ? q->head : q->config->size) - q->tail;

    *at = q->tail;
    if (need <= after_tail)
        return true;
    *at = 0;
    return !wrapped && need <= q->head;
}

static bool could_ever_fit(const struct dtu_queue *q, size_t len)
{
    const struct dtu_queue_config *c = q->config;
    if (len == 0 || len > DTU_QUEUE_PACKET_MAX || len > c->size - LENGTH_SIZE)
        return false;
    return c->max_bytes == 0 || len <= c->max_bytes;
}

/* Where a packet that could ever fit would go now; false if there is no room. */
static bool has_room(const struct dtu_queue *q, size_t len, size_t *at)
{
    const struct dtu_queue_config *c = q->config;

    if (c->max_packets > 0 && q->count >= c->max_packets)
        return false;
    if (c->max_bytes > 0 && q->bytes > c->max_bytes - len)
        return false;
    return find_place(q, len + LENGTH_SIZE, at);
}

bool dtu_queue_fits(const struct dtu_queue *q, size_t len)
{
    size_t at;
    return could_ever_fit(q, len) && has_room(q, len, &at);
}

static size_t front_len(const struct dtu_queue *q)
{
    const uint8_t *p = q->config->memory + q->head;
    return (size_t)p[0] << 8 | p[1];
}

/* Takes the oldest packet out; returns its length. */
static size_t pop(struct dtu_queue *q)
{
    size_t len = front_len(q);
    q->bytes -= len;
    q->consumed = 0;
    q->count--;
    q->head += LENGTH_SIZE + len;
    if (q->count == 0) {
        q->head = 0;
        q->tail = 0;
    } else if (q->head == q->end && q->tail <= q->head) {
        q->head = 0;
    }
    return len;
}

void dtu_queue_drop(struct dtu_queue *q)
{
    if (q->count == 0)
        return;
    q->stats.dropped_bytes += (uint32_t)pop(q);
    q->stats.dropped++;
}

enum dtu_status dtu_queue_push(struct dtu_queue *q, const uint8_t *data, size_t len,
                               enum dtu_queue_full when_full)
{
    return dtu_queue_push_parts(q, NULL, 0, data, len, when_full);
}

/* Adds a packet without its bytes; returns where they go. */
static uint8_t *append(struct dtu_queue *q, size_t at, size_t len)
{
    uint8_t *place = q->config->memory + at;

    if (at < q->tail)
        q->end = q->tail;
    place[0] = (uint8_t)(len >> 8);
    place[1] = (uint8_t)len;
    q->tail = at + LENGTH_SIZE + len;
    q->count++;
    q->bytes += len;
    q->stats.pushed++;
    return place + LENGTH_SIZE;
}

enum dtu_status dtu_queue_push_parts(struct dtu_queue *q, const uint8_t *front, size_t front_len,
                                     const uint8_t *data, size_t data_len,
                                     enum dtu_queue_full when_full)
{
    size_t len = front_len + data_len;
    size_t at;

    if (len < data_len || !could_ever_fit(q, len)) { /* the sum may wrap */
        q->stats.refused++;
        return DTU_ERR_LENGTH;
    }
    while (!has_room(q, len, &at)) {
        if (when_full != DTU_QUEUE_DROP_OLDEST || q->consumed > 0) {
            q->stats.refused++;
            return DTU_ERR_SPACE;
        }
        dtu_queue_drop(q); /* an empty queue has room */
    }
    uint8_t *packet = append(q, at, len);
    if (front_len > 0)
        memcpy(packet, front, front_len);
    if (data_len > 0)
        memcpy(packet + front_len, data, data_len);
    return DTU_OK;
}

const uint8_t *dtu_queue_front(const struct dtu_queue *q, size_t *len)
{
    *len = 0;
    if (q->count == 0)
        return NULL;
    *len = front_len(q) - q->consumed;
    return q->config->memory + q->head + LENGTH_SIZE + q->consumed;
}

void dtu_queue_consume(struct dtu_queue *q, size_t len)
{
    if (q->count == 0)
        return;
    if (len >= front_len(q) - q->consumed)
        (void)pop(q);
    else
        q->consumed += len;
}

void dtu_queue_clear(struct dtu_queue *q)
{
    while (q->count > 0)
        dtu_queue_drop(q);
}

size_t dtu_queue_rewind(struct dtu_queue *q)
{
    size_t again = q->consumed;
    q->consumed = 0;
    return again;
}

size_t dtu_queue_count(const struct dtu_queue *q)
{
    return q->count;
}

size_t dtu_queue_bytes(const struct dtu_queue *q)
{
    return q->bytes - q->consumed;
}
