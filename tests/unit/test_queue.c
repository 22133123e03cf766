/* SPDX-License-Identifier: MIT */
/* Packets that wait. The reference is a deque that knows of each packet only its length and a
 * number from which its bytes follow; where a packet lies is no concern of it. */
#include "dtu/queue.h"

#include "check.h"
#include "rand.h"

#define MEMORY_MAX 160
#define PACKETS_MAX 64

static uint8_t memory[MEMORY_MAX];
static struct dtu_queue_config config;
static struct dtu_queue queue;

static void begin(size_t size, size_t max_packets, size_t max_bytes)
{
    memset(memory, 0xEE, sizeof memory);
    config = (struct dtu_queue_config){memory, size, max_packets, max_bytes};
    CHECK_EQ(dtu_queue_init(&queue, &config), DTU_OK);
}

static enum dtu_status push(const char *text, enum dtu_queue_full when_full)
{
    return dtu_queue_push(&queue, (const uint8_t *)text, strlen(text), when_full);
}

#define PUSH(text) push(text, DTU_QUEUE_REFUSE)
#define PUSH_OVER(text) push(text, DTU_QUEUE_DROP_OLDEST)

#define CHECK_FRONT(text)                                                                          \
    do {                                                                                           \
        size_t front_len_;                                                                         \
        const uint8_t *front_ = dtu_queue_front(&queue, &front_len_);                              \
        CHECK_BYTES(front_, front_len_, text, sizeof(text) - 1);                                   \
    } while (0)

static void pop(void)
{
    dtu_queue_consume(&queue, SIZE_MAX);
}

/* --- Set-up --------------------------------------------------------------------------------- */

static void init_refuses_memory_without_room_for_one_byte(void)
{
    config = (struct dtu_queue_config){NULL, 100, 0, 0};
    CHECK_EQ(dtu_queue_init(&queue, &config), DTU_ERR_CONFIG);
    for (size_t size = 0; size < 3; size++) {
        config = (struct dtu_queue_config){memory, size, 0, 0};
        CHECK_EQ(dtu_queue_init(&queue, &config), DTU_ERR_CONFIG);
    }
    begin(3, 0, 0);
    CHECK_EQ(PUSH("a"), DTU_OK);
    CHECK_FRONT("a");
}

static void an_empty_queue_has_nothing(void)
{
    size_t len = 99;
    begin(MEMORY_MAX, 0, 0);
    CHECK(dtu_queue_front(&queue, &len) == NULL);
    CHECK_EQ(len, 0);
    CHECK_EQ(dtu_queue_count(&queue), 0);
    CHECK_EQ(dtu_queue_bytes(&queue), 0);
    dtu_queue_consume(&queue, 1);
    dtu_queue_clear(&queue);
    CHECK_EQ(dtu_queue_rewind(&queue), 0);
    CHECK_EQ(queue.stats.dropped, 0);
}

/* --- Order and parts ------------------------------------------------------------------------ */

static void packets_come_out_whole_and_in_order(void)
{
    begin(MEMORY_MAX, 0, 0);
    CHECK_EQ(PUSH("one"), DTU_OK);
    CHECK_EQ(PUSH("three"), DTU_OK);
    CHECK_EQ(PUSH("x"), DTU_OK);
    CHECK_EQ(dtu_queue_count(&queue), 3);
    CHECK_EQ(dtu_queue_bytes(&queue), 9);
    CHECK_FRONT("one");
    CHECK_FRONT("one"); /* looking takes nothing */
    dtu_queue_consume(&queue, 3);
    CHECK_FRONT("three");
    dtu_queue_consume(&queue, 5);
    CHECK_FRONT("x");
    dtu_queue_consume(&queue, 1);
    CHECK_EQ(dtu_queue_count(&queue), 0);
    CHECK_EQ(queue.stats.pushed, 3);
    CHECK_EQ(queue.stats.dropped, 0);
}

static void a_part_may_be_consumed_and_the_rest_stays(void)
{
    begin(MEMORY_MAX, 0, 0);
    PUSH("abcdef");
    PUSH("gh");
    dtu_queue_consume(&queue, 0);
    CHECK_FRONT("abcdef");
    dtu_queue_consume(&queue, 2);
    CHECK_FRONT("cdef");
    CHECK_EQ(dtu_queue_bytes(&queue), 6);
    CHECK_EQ(dtu_queue_count(&queue), 2);
    dtu_queue_consume(&queue, 3);
    CHECK_FRONT("f");
    dtu_queue_consume(&queue, 1);
    CHECK_FRONT("gh");
    CHECK_EQ(dtu_queue_bytes(&queue), 2);
}

static void consuming_more_takes_one_packet_only(void)
{
    begin(MEMORY_MAX, 0, 0);
    PUSH("abc");
    PUSH("de");
    dtu_queue_consume(&queue, 4);
    CHECK_FRONT("de");
    dtu_queue_consume(&queue, 1);
    dtu_queue_consume(&queue, SIZE_MAX);
    CHECK_EQ(dtu_queue_count(&queue), 0);
    CHECK_EQ(dtu_queue_bytes(&queue), 0);
}

static void rewind_makes_a_packet_whole_again(void)
{
    begin(MEMORY_MAX, 0, 0);
    PUSH("abcdef");
    PUSH("gh");
    dtu_queue_consume(&queue, 4);
    CHECK_EQ(dtu_queue_rewind(&queue), 4);
    CHECK_EQ(dtu_queue_rewind(&queue), 0);
    CHECK_FRONT("abcdef");
    CHECK_EQ(dtu_queue_bytes(&queue), 8);
    dtu_queue_consume(&queue, 6);
    CHECK_EQ(dtu_queue_rewind(&queue), 0); /* it is gone */
    CHECK_FRONT("gh");
}

/* --- Limits --------------------------------------------------------------------------------- */

static void lengths_that_can_never_fit_are_refused_and_counted(void)
{
    begin(10, 0, 0);
    CHECK_EQ(dtu_queue_push(&queue, memory, 0, DTU_QUEUE_REFUSE), DTU_ERR_LENGTH);
    CHECK_EQ(dtu_queue_push(&queue, memory, 9, DTU_QUEUE_REFUSE), DTU_ERR_LENGTH);
    CHECK_EQ(dtu_queue_push(&queue, memory, SIZE_MAX, DTU_QUEUE_REFUSE), DTU_ERR_LENGTH);
    CHECK_EQ(queue.stats.refused, 3);
    CHECK_EQ(PUSH("12345678"), DTU_OK);
    CHECK_FRONT("12345678");
}

static void nothing_is_dropped_for_a_packet_that_can_never_fit(void)
{
    begin(10, 0, 5);
    PUSH("abc");
    CHECK_EQ(PUSH_OVER("123456"), DTU_ERR_LENGTH);    /* over max_bytes */
    CHECK_EQ(PUSH_OVER("123456789"), DTU_ERR_LENGTH); /* over the memory */
    CHECK_EQ(PUSH_OVER(""), DTU_ERR_LENGTH);
    CHECK_FRONT("abc");
    CHECK_EQ(queue.stats.dropped, 0);
    CHECK_EQ(queue.stats.refused, 3);
}

static void fits_says_what_push_would_do(void)
{
    for (size_t max_bytes = 0; max_bytes <= 6; max_bytes += 6) {
        size_t longest = max_bytes > 0 ? max_bytes : 8;
        begin(10, 2, max_bytes);
        CHECK(!dtu_queue_fits(&queue, 0));
        CHECK(dtu_queue_fits(&queue, 1));
        CHECK(dtu_queue_fits(&queue, longest));
        CHECK(!dtu_queue_fits(&queue, longest + 1));
        CHECK(!dtu_queue_fits(&queue, 65534)); /* with its length it would wrap 16 bits */
        CHECK(!dtu_queue_fits(&queue, 65535));
        CHECK(!dtu_queue_fits(&queue, SIZE_MAX));
        CHECK(!dtu_queue_fits(&queue, SIZE_MAX - 1));
    }
}

static void no_more_packets_than_max_packets(void)
{
    begin(MEMORY_MAX, 2, 0);
    CHECK_EQ(PUSH("a"), DTU_OK);
    CHECK(dtu_queue_fits(&queue, 1));
    CHECK_EQ(PUSH("b"), DTU_OK);
    CHECK(!dtu_queue_fits(&queue, 1));
    CHECK_EQ(PUSH("c"), DTU_ERR_SPACE);
    CHECK_EQ(queue.stats.refused, 1);
    CHECK_EQ(PUSH_OVER("d"), DTU_OK);
    CHECK_EQ(dtu_queue_count(&queue), 2);
    CHECK_FRONT("b");
    CHECK_EQ(queue.stats.dropped, 1);
    CHECK_EQ(queue.stats.dropped_bytes, 1);
    CHECK_EQ(queue.stats.pushed, 3);
}

static void no_more_bytes_than_max_bytes(void)
{
    begin(MEMORY_MAX, 0, 6);
    CHECK_EQ(PUSH("abc"), DTU_OK);
    CHECK_EQ(PUSH("def"), DTU_OK);
    CHECK_EQ(PUSH("g"), DTU_ERR_SPACE);
    pop();
    CHECK_EQ(PUSH("ghij"), DTU_ERR_SPACE);
    CHECK_EQ(PUSH("ghi"), DTU_OK);
    CHECK_EQ(PUSH_OVER("123456"), DTU_OK);
    CHECK_EQ(dtu_queue_count(&queue), 1);
    CHECK_FRONT("123456");
    CHECK_EQ(queue.stats.dropped, 2);
    CHECK_EQ(queue.stats.dropped_bytes, 6);
}

static void what_is_consumed_of_a_packet_still_counts_for_max_bytes(void)
{
    begin(MEMORY_MAX, 0, 6);
    PUSH("abcdef");
    dtu_queue_consume(&queue, 5); /* may be rewound, so it still needs its room */
    CHECK_EQ(dtu_queue_bytes(&queue), 1);
    CHECK_EQ(PUSH("g"), DTU_ERR_SPACE);
    dtu_queue_consume(&queue, 1);
    CHECK_EQ(PUSH("g"), DTU_OK);
}

/* --- When it is full ------------------------------------------------------------------------ */

static void refuse_keeps_what_is_there(void)
{
    begin(8, 0, 0);
    CHECK_EQ(PUSH("abcd"), DTU_OK);
    CHECK_EQ(PUSH("e"), DTU_ERR_SPACE);
    CHECK_FRONT("abcd");
    CHECK_EQ(queue.stats.refused, 1);
    CHECK_EQ(queue.stats.dropped, 0);
}

static void drop_oldest_drops_no_more_than_is_needed(void)
{
    begin(15, 0, 0); /* three packets of 3 bytes */
    PUSH("abc");
    PUSH("def");
    PUSH("ghi");
    CHECK_EQ(PUSH_OVER("jkl"), DTU_OK);
    CHECK_EQ(queue.stats.dropped, 1);
    CHECK_EQ(queue.stats.dropped_bytes, 3);
    CHECK_FRONT("def");
    CHECK_EQ(PUSH_OVER("1234567"), DTU_OK); /* needs the place of def and ghi */
    CHECK_EQ(queue.stats.dropped, 3);
    CHECK_FRONT("jkl");
    pop();
    CHECK_FRONT("1234567");
}

static void a_packet_consumed_in_part_is_never_dropped(void)
{
    begin(MEMORY_MAX, 2, 0);
    PUSH("abc");
    PUSH("def");
    dtu_queue_consume(&queue, 1);
    CHECK_EQ(PUSH_OVER("ghi"), DTU_ERR_SPACE);
    CHECK_FRONT("bc");
    CHECK_EQ(queue.stats.refused, 1);
    CHECK_EQ(queue.stats.dropped, 0);
    CHECK_EQ(dtu_queue_rewind(&queue), 1);
    CHECK_EQ(PUSH_OVER("ghi"), DTU_OK); /* whole again: may be dropped */
    CHECK_FRONT("def");
}

static void the_oldest_is_dropped_and_counted_even_if_it_was_begun(void)
{
    begin(MEMORY_MAX, 0, 0);
    dtu_queue_drop(&queue);
    CHECK_EQ(queue.stats.dropped, 0);
    PUSH("abc");
    PUSH("de");
    dtu_queue_consume(&queue, 1);
    dtu_queue_drop(&queue);
    CHECK_FRONT("de");
    CHECK_EQ(dtu_queue_rewind(&queue), 0);
    CHECK_EQ(queue.stats.dropped, 1);
    CHECK_EQ(queue.stats.dropped_bytes, 3);
}

static void clear_counts_what_it_drops(void)
{
    begin(MEMORY_MAX, 0, 0);
    PUSH("abc");
    PUSH("de");
    dtu_queue_consume(&queue, 1);
    dtu_queue_clear(&queue);
    CHECK_EQ(dtu_queue_count(&queue), 0);
    CHECK_EQ(dtu_queue_bytes(&queue), 0);
    CHECK_EQ(queue.stats.dropped, 2);
    CHECK_EQ(queue.stats.dropped_bytes, 5); /* the bytes of the packets, as they were pushed */
    CHECK_EQ(dtu_queue_rewind(&queue), 0);
    CHECK_EQ(PUSH("fg"), DTU_OK);
    CHECK_FRONT("fg");
}

/* --- Wrapping ------------------------------------------------------------------------------- */

static void a_packet_lies_in_one_piece_across_the_wrap(void)
{
    begin(12, 0, 0);
    PUSH("abc"); /* 0..4 */
    PUSH("def"); /* 5..9 */
    pop();
    CHECK_EQ(PUSH("ghi"), DTU_OK); /* does not fit behind: goes to 0..4 */
    CHECK_EQ(PUSH("j"), DTU_ERR_SPACE);
    CHECK_FRONT("def");
    pop();
    CHECK_FRONT("ghi");
    CHECK_EQ(PUSH("jkl"), DTU_OK);
    pop();
    CHECK_FRONT("jkl");
}

static void memory_is_used_to_its_last_byte(void)
{
    begin(10, 0, 0);
    CHECK_EQ(PUSH("abc"), DTU_OK);
    CHECK_EQ(PUSH("def"), DTU_OK); /* ends with the memory */
    CHECK_EQ(PUSH("g"), DTU_ERR_SPACE);
    pop();
    CHECK_EQ(PUSH("ghi"), DTU_OK); /* ends where the oldest begins */
    CHECK_EQ(PUSH("j"), DTU_ERR_SPACE);
    CHECK_FRONT("def");
    pop();
    CHECK_FRONT("ghi");
    CHECK_EQ(PUSH("jkl"), DTU_OK);
    pop();
    CHECK_FRONT("jkl");
    pop();
    CHECK_EQ(PUSH("12345678"), DTU_OK); /* all of the memory, once it is empty */
    CHECK_EQ(memory[10], 0xEE);
}

static void a_length_over_255_is_kept(void)
{
    static uint8_t large[600];
    static const struct dtu_queue_config large_config = {large, sizeof large, 0, 0};
    static uint8_t packet[515];
    size_t len;
    memset(packet, 0x5A, sizeof packet);
    CHECK_EQ(dtu_queue_init(&queue, &large_config), DTU_OK);
    CHECK_EQ(dtu_queue_push(&queue, packet, sizeof packet, DTU_QUEUE_REFUSE), DTU_OK);
    CHECK_BYTES(dtu_queue_front(&queue, &len), sizeof packet, packet, sizeof packet);
    CHECK_EQ(len, sizeof packet);
}

/* --- Packets in two parts ------------------------------------------------------------------- */

static enum dtu_status push_parts(const char *front, const char *data,
                                  enum dtu_queue_full when_full)
{
    return dtu_queue_push_parts(&queue, (const uint8_t *)front, strlen(front),
                                (const uint8_t *)data, strlen(data), when_full);
}

static void two_parts_are_one_packet(void)
{
    begin(MEMORY_MAX, 0, 0);
    CHECK_EQ(PUSH("before"), DTU_OK);
    CHECK_EQ(push_parts("864333040712457", ",T=21.5", DTU_QUEUE_REFUSE), DTU_OK);
    CHECK_EQ(PUSH("behind"), DTU_OK);
    CHECK_EQ(dtu_queue_count(&queue), 3);
    CHECK_EQ(dtu_queue_bytes(&queue), 6 + 22 + 6);
    CHECK_EQ(queue.stats.pushed, 3);
    pop();
    CHECK_FRONT("864333040712457,T=21.5");
    dtu_queue_consume(&queue, 14); /* the parts leave no mark in it */
    CHECK_FRONT("7,T=21.5");
    CHECK_EQ(dtu_queue_rewind(&queue), 14);
    CHECK_FRONT("864333040712457,T=21.5");
    pop();
    CHECK_FRONT("behind");
}

static void either_part_may_be_empty_but_not_both(void)
{
    const uint8_t *text = (const uint8_t *)"abc";
    begin(MEMORY_MAX, 0, 0);
    CHECK_EQ(dtu_queue_push_parts(&queue, NULL, 0, text, 3, DTU_QUEUE_REFUSE), DTU_OK);
    CHECK_EQ(dtu_queue_push_parts(&queue, text, 2, NULL, 0, DTU_QUEUE_REFUSE), DTU_OK);
    CHECK_EQ(dtu_queue_push_parts(&queue, NULL, 0, NULL, 0, DTU_QUEUE_REFUSE), DTU_ERR_LENGTH);
    CHECK_EQ(dtu_queue_push_parts(&queue, NULL, 0, NULL, 0, DTU_QUEUE_DROP_OLDEST), DTU_ERR_LENGTH);
    CHECK_EQ(queue.stats.refused, 2);
    CHECK_EQ(queue.stats.dropped, 0);
    CHECK_FRONT("abc");
    pop();
    CHECK_FRONT("ab");
}

static void two_parts_lie_in_one_piece_across_the_wrap(void)
{
    begin(12, 0, 0);
    PUSH("abc"); /* 0..4 */
    PUSH("def"); /* 5..9 */
    pop();
    CHECK_EQ(push_parts("g", "hi", DTU_QUEUE_REFUSE), DTU_OK); /* 2 bytes behind: goes to 0..4 */
    pop();
    CHECK_FRONT("ghi");
    CHECK_EQ(memory[12], 0xEE);
}

static void two_parts_are_refused_by_their_sum(void)
{
    begin(10, 0, 6);
    CHECK_EQ(push_parts("1234", "567", DTU_QUEUE_DROP_OLDEST), DTU_ERR_LENGTH); /* max_bytes */
    CHECK_EQ(push_parts("1234", "56", DTU_QUEUE_REFUSE), DTU_OK);
    CHECK_EQ(push_parts("a", "b", DTU_QUEUE_REFUSE), DTU_ERR_SPACE);
    CHECK_EQ(queue.stats.refused, 2);
    CHECK_EQ(queue.stats.dropped, 0);
    CHECK_FRONT("123456");
    begin(10, 0, 0);
    CHECK_EQ(push_parts("1234", "56789", DTU_QUEUE_REFUSE), DTU_ERR_LENGTH); /* the memory */
    CHECK_EQ(push_parts("1234", "5678", DTU_QUEUE_REFUSE), DTU_OK);
}

/* No byte is read of parts that cannot fit: there need not be that many. */
static void a_sum_that_wraps_is_refused(void)
{
    static const size_t fronts[] = {2, 3, 5, SIZE_MAX};
    const uint8_t *text = (const uint8_t *)"12345";
    begin(MEMORY_MAX, 0, 0);
    PUSH("abc");
    for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++) {
        CHECK_EQ(
            dtu_queue_push_parts(&queue, text, fronts[i], text, SIZE_MAX, DTU_QUEUE_DROP_OLDEST),
            DTU_ERR_LENGTH);
        CHECK_EQ(dtu_queue_push_parts(&queue, text, SIZE_MAX - fronts[i] + 2, text, fronts[i],
                                      DTU_QUEUE_DROP_OLDEST),
                 DTU_ERR_LENGTH);
    }
    CHECK_EQ(queue.stats.refused, 8);
    CHECK_EQ(queue.stats.dropped, 0);
    CHECK_FRONT("abc");
}

static void two_parts_drop_the_oldest_as_one_does(void)
{
    begin(15, 0, 0); /* three packets of 3 bytes */
    PUSH("abc");
    PUSH("def");
    PUSH("ghi");
    CHECK_EQ(push_parts("j", "kl", DTU_QUEUE_DROP_OLDEST), DTU_OK);
    CHECK_EQ(queue.stats.dropped, 1);
    CHECK_EQ(queue.stats.dropped_bytes, 3);
    CHECK_FRONT("def");
    dtu_queue_consume(&queue, 1);
    CHECK_EQ(push_parts("m", "no", DTU_QUEUE_DROP_OLDEST),
             DTU_ERR_SPACE); /* begun: never dropped */
    CHECK_EQ(queue.stats.dropped, 1);
    CHECK_EQ(queue.stats.refused, 1);
}

/* Of two queues with the same past one is given each packet whole, the other in two parts cut
 * anywhere: they stay the same to the last byte of their memory. */
static void parts_give_what_the_whole_gives(void)
{
    static uint8_t other_memory[MEMORY_MAX];
    struct dtu_queue_config other_config;
    struct dtu_queue other;
    struct test_rand rand;
    test_rand_seed(&rand, 13);
    for (int run = 0; run < 200; run++) {
        begin(3 + (size_t)test_rand_below(&rand, MEMORY_MAX - 4), (size_t)test_rand_below(&rand, 8),
              (size_t)test_rand_below(&rand, 60));
        other_config = config;
        other_config.memory = other_memory;
        memcpy(other_memory, memory, sizeof memory);
        CHECK_EQ(dtu_queue_init(&other, &other_config), DTU_OK);
        for (int i = 0; i < 100; i++) {
            uint8_t data[40];
            size_t len = (size_t)test_rand_below(&rand, sizeof data);
            size_t cut = (size_t)test_rand_below(&rand, (uint32_t)len + 1);
            size_t taken = (size_t)test_rand_below(&rand, 30);
            enum dtu_queue_full when_full =
                test_rand_below(&rand, 2) == 0 ? DTU_QUEUE_REFUSE : DTU_QUEUE_DROP_OLDEST;
            for (size_t j = 0; j < len; j++)
                data[j] = (uint8_t)test_rand_u32(&rand);
            CHECK_EQ(dtu_queue_push_parts(&other, data, cut, data + cut, len - cut, when_full),
                     dtu_queue_push(&queue, data, len, when_full));
            CHECK_EQ(dtu_queue_count(&other), dtu_queue_count(&queue));
            CHECK_EQ(dtu_queue_bytes(&other), dtu_queue_bytes(&queue));
            CHECK_BYTES(other_memory, sizeof other_memory, memory, sizeof memory);
            CHECK_BYTES(&other.stats, sizeof other.stats, &queue.stats, sizeof queue.stats);
            if (test_rand_below(&rand, 2) == 0)
                continue;
            dtu_queue_consume(&queue, taken);
            dtu_queue_consume(&other, taken);
        }
    }
}

/* --- Against the reference ------------------------------------------------------------------ */

struct packet {
    uint8_t len;
    uint8_t first; /* its bytes are first, first + 7, first + 14 ... */
};

static struct {
    struct packet packets[PACKETS_MAX];
    size_t head; /* of a ring */
    size_t count;
    size_t bytes;
    size_t consumed;
    uint8_t next;
    struct dtu_queue_stats stats;
} model;

static uint8_t byte_of(const struct packet *p, size_t i)
{
    return (uint8_t)(p->first + 7 * i);
}

static struct packet *model_front(void)
{
    return &model.packets[model.head];
}

static void model_pop(void)
{
    model.bytes -= model_front()->len;
    model.head = (model.head + 1) % PACKETS_MAX;
    model.count--;
    model.consumed = 0;
}

static void model_push(size_t len)
{
    struct packet *p = &model.packets[(model.head + model.count) % PACKETS_MAX];
    p->len = (uint8_t)len;
    p->first = model.next++;
    model.count++;
    model.bytes += len;
    model.stats.pushed++;
}

static void check_model(void)
{
    size_t len;
    const uint8_t *at = dtu_queue_front(&queue, &len);
    CHECK_EQ(dtu_queue_count(&queue), model.count);
    CHECK_EQ(dtu_queue_bytes(&queue), model.bytes - model.consumed);
    CHECK_EQ(queue.stats.pushed, model.stats.pushed);
    CHECK_EQ(queue.stats.refused, model.stats.refused);
    CHECK_EQ(queue.stats.dropped, model.stats.dropped);
    CHECK_EQ(queue.stats.dropped_bytes, model.stats.dropped_bytes);
    if (model.count == 0) {
        CHECK(at == NULL && len == 0);
        return;
    }
    CHECK_EQ(len, model_front()->len - model.consumed);
    CHECK(at > memory && at + len <= memory + config.size);
    for (size_t i = 0; i < len; i++)
        CHECK_EQ(at[i], byte_of(model_front(), model.consumed + i));
}

static enum dtu_status push_next(size_t len, enum dtu_queue_full when_full)
{
    uint8_t data[MEMORY_MAX];
    struct packet p = {(uint8_t)len, model.next};
    for (size_t i = 0; i < len; i++)
        data[i] = byte_of(&p, i);
    return dtu_queue_push(&queue, data, len, when_full);
}

static void consume_both(size_t len)
{
    dtu_queue_consume(&queue, len);
    if (model.count == 0)
        return;
    if (len >= model_front()->len - model.consumed)
        model_pop();
    else
        model.consumed += len;
}

static void rewind_both(void)
{
    CHECK_EQ(dtu_queue_rewind(&queue), model.consumed);
    model.consumed = 0;
}

static void clear_both(void)
{
    dtu_queue_clear(&queue);
    model.stats.dropped += (uint32_t)model.count;
    model.stats.dropped_bytes += (uint32_t)model.bytes;
    while (model.count > 0)
        model_pop();
}

/* A length from 0 to limit - 1. */
static size_t any_len(struct test_rand *rand, size_t limit)
{
    return (size_t)test_rand_below(rand, (uint32_t)limit);
}

static void random_reader(struct test_rand *rand, size_t max_len)
{
    uint32_t what = test_rand_below(rand, 20);
    if (what == 0)
        rewind_both();
    else if (what == 1)
        clear_both();
    else if (what < 8)
        consume_both(any_len(rand, max_len + 1));
    else
        consume_both(MEMORY_MAX);
}

/* In memory of DTU_QUEUE_SIZE(n, m), a packet of up to m bytes goes in if, and only if, there are
 * fewer than n. */
static void push_sized(struct test_rand *rand, size_t n, size_t m)
{
    size_t len = 1 + any_len(rand, m);
    bool over = test_rand_below(rand, 2) == 0;
    bool room = model.count < n;
    enum dtu_status expected = DTU_OK;
    if (test_rand_below(rand, 2) == 0)
        len = m; /* the longest are the hardest */
    CHECK_EQ(dtu_queue_fits(&queue, len), room);
    if (!room && (!over || model.consumed > 0)) {
        expected = DTU_ERR_SPACE;
        model.stats.refused++;
    }
    CHECK_EQ(push_next(len, over ? DTU_QUEUE_DROP_OLDEST : DTU_QUEUE_REFUSE), expected);
    if (expected != DTU_OK)
        return;
    if (!room) {
        model.stats.dropped++;
        model.stats.dropped_bytes += model_front()->len;
        model_pop();
    }
    model_push(len);
}

static void run_sized(size_t n, size_t m, unsigned steps, struct test_rand *rand)
{
    memset(&model, 0, sizeof model);
    begin(DTU_QUEUE_SIZE(n, m), n, 0);
    for (unsigned i = 0; i < steps; i++) {
        if (test_rand_below(rand, 5) < 3)
            push_sized(rand, n, m);
        else
            random_reader(rand, m);
        check_model();
    }
    CHECK_EQ(memory[config.size], 0xEE);
}

static void queue_size_holds_its_packets_however_they_lie(void)
{
    struct test_rand rand;
    test_rand_seed(&rand, 10);
    for (size_t n = 1; n <= 5; n++)
        for (size_t m = 1; m <= 9; m++)
            run_sized(n, m, 600, &rand);
    run_sized(20, 5, 2000, &rand); /* as many as manual 000 wants */
    run_sized(2, 40, 2000, &rand);
}

static void one_byte_less_than_queue_size_can_be_too_small(void)
{
    /* n = 1: a packet of one byte lies in front, the memory is free behind it only once the queue
     * is empty, so one packet always fits; n = 2, m = 2: 11 bytes, and in 10 this does not. */
    CHECK_EQ(DTU_QUEUE_SIZE(2, 2), 11);
    for (size_t size = 10; size <= 11; size++) {
        begin(size, 2, 0);
        CHECK_EQ(PUSH("a"), DTU_OK);  /* 0..2 */
        CHECK_EQ(PUSH("bc"), DTU_OK); /* 3..6 */
        pop();                        /* 3 bytes are free in front, 3 or 4 behind */
        CHECK_EQ(PUSH("de"), size == 11 ? DTU_OK : DTU_ERR_SPACE);
    }
}

/* With any memory: what is refused has no room that could be relied on, what is taken fits. */
static bool must_fit(size_t len)
{
    size_t used = model.bytes + 2 * model.count;
    size_t largest = 0;
    for (size_t i = 0; i < model.count; i++) {
        size_t need = (size_t)model.packets[(model.head + i) % PACKETS_MAX].len + 2;
        if (need > largest)
            largest = need;
    }
    size_t need = len + 2;
    size_t waste = largest > need ? largest - 1 : need - 1; /* at the end of the memory */
    return config.size >= used && config.size - used >= need + waste;
}

static void push_any(struct test_rand *rand)
{
    size_t len = 1 + any_len(rand, 24);
    bool fits = dtu_queue_fits(&queue, len);
    bool limits = (config.max_packets == 0 || model.count < config.max_packets) &&
                  (config.max_bytes == 0 || model.bytes + len <= config.max_bytes);
    enum dtu_status status = push_next(len, DTU_QUEUE_REFUSE);
    CHECK_EQ(status == DTU_OK, fits);
    if (fits) {
        CHECK(limits);
        model_push(len);
        CHECK(model.bytes + 2 * model.count <= config.size);
        return;
    }
    model.stats.refused++;
    CHECK(!limits || !must_fit(len));
    CHECK(model.count > 0 || !limits || len + 2 > config.size); /* empty: all of it is free */
}

static void any_memory_keeps_order_and_limits(void)
{
    struct test_rand rand;
    test_rand_seed(&rand, 11);
    for (int run = 0; run < 150; run++) {
        memset(&model, 0, sizeof model);
        begin(3 + any_len(&rand, MEMORY_MAX - 4), any_len(&rand, 8),
              any_len(&rand, 2) * (1 + any_len(&rand, 60)));
        for (int i = 0; i < 200; i++) {
            if (test_rand_below(&rand, 5) < 3)
                push_any(&rand);
            else
                random_reader(&rand, 24);
            check_model();
        }
        CHECK_EQ(memory[config.size], 0xEE);
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(init_refuses_memory_without_room_for_one_byte),
    CHECK_TEST(an_empty_queue_has_nothing),
    CHECK_TEST(packets_come_out_whole_and_in_order),
    CHECK_TEST(a_part_may_be_consumed_and_the_rest_stays),
    CHECK_TEST(consuming_more_takes_one_packet_only),
    CHECK_TEST(rewind_makes_a_packet_whole_again),
    CHECK_TEST(lengths_that_can_never_fit_are_refused_and_counted),
    CHECK_TEST(nothing_is_dropped_for_a_packet_that_can_never_fit),
    CHECK_TEST(fits_says_what_push_would_do),
    CHECK_TEST(no_more_packets_than_max_packets),
    CHECK_TEST(no_more_bytes_than_max_bytes),
    CHECK_TEST(what_is_consumed_of_a_packet_still_counts_for_max_bytes),
    CHECK_TEST(refuse_keeps_what_is_there),
    CHECK_TEST(drop_oldest_drops_no_more_than_is_needed),
    CHECK_TEST(a_packet_consumed_in_part_is_never_dropped),
    CHECK_TEST(the_oldest_is_dropped_and_counted_even_if_it_was_begun),
    CHECK_TEST(clear_counts_what_it_drops),
    CHECK_TEST(a_packet_lies_in_one_piece_across_the_wrap),
    CHECK_TEST(memory_is_used_to_its_last_byte),
    CHECK_TEST(a_length_over_255_is_kept),
    CHECK_TEST(two_parts_are_one_packet),
    CHECK_TEST(either_part_may_be_empty_but_not_both),
    CHECK_TEST(two_parts_lie_in_one_piece_across_the_wrap),
    CHECK_TEST(two_parts_are_refused_by_their_sum),
    CHECK_TEST(a_sum_that_wraps_is_refused),
    CHECK_TEST(two_parts_drop_the_oldest_as_one_does),
    CHECK_TEST(parts_give_what_the_whole_gives),
    CHECK_TEST(queue_size_holds_its_packets_however_they_lie),
    CHECK_TEST(one_byte_less_than_queue_size_can_be_too_small),
    CHECK_TEST(any_memory_keeps_order_and_limits),
};
CHECK_MAIN(tests)
