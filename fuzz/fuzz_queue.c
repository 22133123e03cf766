/* SPDX-License-Identifier: MIT */
/* A queue against a naive deque: same packets, same counters, no byte beside its memory; what is
 * refused has no room that could be relied on. */
#include "fuzz.h"

#include "dtu/queue.h"

#define MEMORY_MAX 700
#define PACKETS_MAX 512

static uint8_t memory[MEMORY_MAX + 1];
static struct dtu_queue_config config;
static struct dtu_queue queue;

static struct {
    struct {
        size_t len;
        uint8_t first; /* its bytes are first, first + 7, first + 14 ... */
    } packets[PACKETS_MAX];
    size_t head;
    size_t count;
    size_t bytes;
    size_t consumed;
    uint8_t next;
    struct dtu_queue_stats stats;
} model;

static void model_pop(void)
{
    model.bytes -= model.packets[model.head].len;
    model.head = (model.head + 1) % PACKETS_MAX;
    model.count--;
    model.consumed = 0;
}

static void model_drop(void)
{
    model.stats.dropped++;
    model.stats.dropped_bytes += (uint32_t)model.packets[model.head].len;
    model_pop();
}

static void check(void)
{
    size_t len;
    const uint8_t *at = dtu_queue_front(&queue, &len);
    FUZZ_CHECK(dtu_queue_count(&queue) == model.count);
    FUZZ_CHECK(dtu_queue_bytes(&queue) == model.bytes - model.consumed);
    FUZZ_CHECK(memcmp(&queue.stats, &model.stats, sizeof model.stats) == 0);
    FUZZ_CHECK(memory[config.size] == 0xA5);
    FUZZ_CHECK((at == NULL) == (model.count == 0));
    if (at == NULL) {
        FUZZ_CHECK(len == 0);
        return;
    }
    FUZZ_CHECK(len == model.packets[model.head].len - model.consumed);
    FUZZ_CHECK(at > memory && at + len <= memory + config.size);
    for (size_t i = 0; i < len; i++)
        FUZZ_CHECK(at[i] == (uint8_t)(model.packets[model.head].first + 7 * (model.consumed + i)));
}

static bool in_limits(size_t len)
{
    return (config.max_packets == 0 || model.count < config.max_packets) &&
           (config.max_bytes == 0 || model.bytes + len <= config.max_bytes);
}

/* Enough free bytes for any place that the packets can have. */
static bool must_fit(size_t len)
{
    size_t used = model.bytes + 2 * model.count;
    size_t waste = len + 1;
    for (size_t i = 0; i < model.count; i++)
        if (model.packets[(model.head + i) % PACKETS_MAX].len + 1 > waste)
            waste = model.packets[(model.head + i) % PACKETS_MAX].len + 1;
    return in_limits(len) &&
           (model.count == 0 ? len + 2 <= config.size : used + len + 2 + waste <= config.size);
}

/* `thirds` of it are its first part. */
static void push(size_t len, size_t thirds, enum dtu_queue_full when_full)
{
    uint8_t data[MEMORY_MAX + 64];
    bool never =
        len == 0 || len + 2 > config.size || (config.max_bytes > 0 && len > config.max_bytes);
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)(model.next + 7 * i);
    bool fits = dtu_queue_fits(&queue, len);
    FUZZ_CHECK(!fits || in_limits(len));
    FUZZ_CHECK(never ? !fits : fits || !must_fit(len));
    size_t cut = len * thirds / 3;
    enum dtu_status status =
        thirds == 0 ? dtu_queue_push(&queue, data, len, when_full)
                    : dtu_queue_push_parts(&queue, data, cut, data + cut, len - cut, when_full);
    if (never) {
        FUZZ_CHECK(status == DTU_ERR_LENGTH);
    } else if (fits) {
        FUZZ_CHECK(status == DTU_OK);
    } else if (when_full == DTU_QUEUE_DROP_OLDEST && model.consumed == 0) {
        FUZZ_CHECK(status == DTU_OK);
        do { /* each of the dropped was in the way; the last one surely */
            FUZZ_CHECK(!must_fit(len));
            model_drop();
        } while (model.count > 0 && model.stats.dropped != queue.stats.dropped);
    } else {
        FUZZ_CHECK(status == DTU_ERR_SPACE);
    }
    if (status != DTU_OK) {
        model.stats.refused++;
        return;
    }
    model.packets[(model.head + model.count) % PACKETS_MAX].len = len;
    model.packets[(model.head + model.count) % PACKETS_MAX].first = model.next;
    model.next = (uint8_t)(model.next + 41);
    model.count++;
    model.bytes += len;
    model.stats.pushed++;
}

static void consume(size_t len)
{
    dtu_queue_consume(&queue, len);
    if (model.count == 0 || len == 0)
        return;
    model.consumed += len;
    if (model.consumed >= model.packets[model.head].len)
        model_pop();
}

static void one_step(struct fuzz_input *in)
{
    uint32_t what = fuzz_u8(in);
    size_t len = what & 0x20 ? fuzz_below(in, MEMORY_MAX) : fuzz_below(in, 24);
    switch (what % 8) {
    case 0:
    case 1:
    case 2:
        push(len, what / 64, DTU_QUEUE_REFUSE);
        break;
    case 3:
    case 4:
        push(len, what / 64, DTU_QUEUE_DROP_OLDEST);
        break;
    case 5:
        consume(len);
        break;
    case 6:
        consume(MEMORY_MAX);
        break;
    default:
        if (len == 0) {
            dtu_queue_clear(&queue);
            while (model.count > 0)
                model_drop();
        } else {
            FUZZ_CHECK(dtu_queue_rewind(&queue) == model.consumed);
            model.consumed = 0;
        }
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    memset(&model, 0, sizeof model);
    memset(memory, 0xA5, sizeof memory);
    config.memory = memory;
    config.size = fuzz_below(&in, MEMORY_MAX);
    config.max_packets = fuzz_below(&in, 4) == 0 ? fuzz_below(&in, 24) : 0;
    config.max_bytes = fuzz_below(&in, 4) == 0 ? fuzz_below(&in, 300) : 0;
    FUZZ_CHECK((dtu_queue_init(&queue, &config) == DTU_OK) == (config.size >= 3));
    if (config.size < 3)
        return 0;
    while (in.left > 0) {
        one_step(&in);
        check();
    }
    return 0;
}
