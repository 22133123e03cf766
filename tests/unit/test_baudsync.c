/* SPDX-License-Identifier: MIT */
/* Baud-rate synchronisation. The frames are those of the manuals (002 section 3.6.2, 003 section
 * 4.3.4) and one of a user's driver; the random tests compare with a slow reference. */
#include "dtu/baudsync.h"

#include "check.h"
#include "rand.h"

#define STREAM_MAX 96
#define LOG_MAX (2 * STREAM_MAX)
#define K7_MAX UINT32_C(1000000)

/* --- Frames --------------------------------------------------------------------------------- */

struct sample {
    uint8_t frame[DTU_BAUDSYNC_LEN];
    struct dtu_uart uart;
    bool bit7;
};

static const struct sample samples[] = {
    /* 003 form 4.3.4-1 */
    {{0x55, 0xAA, 0x55, 0x01, 0xC2, 0x00, 0x03, 0xC6}, {115200, 8, 1, DTU_PARITY_NONE, 0}, false},
    {{0x55, 0xAA, 0x55, 0x00, 0x25, 0x80, 0x03, 0xA8}, {9600, 8, 1, DTU_PARITY_NONE, 0}, false},
    /* 002 section 3.6.2 */
    {{0x55, 0xAA, 0x55, 0x01, 0xC2, 0x00, 0x83, 0x46}, {115200, 8, 1, DTU_PARITY_NONE, 0}, true},
    {{0x55, 0xAA, 0x55, 0x00, 0x25, 0x80, 0x83, 0x28}, {9600, 8, 1, DTU_PARITY_NONE, 0}, true},
    /* of a driver */
    {{0x55, 0xAA, 0x55, 0x00, 0x25, 0x80, 0x1B, 0xC0}, {9600, 8, 1, DTU_PARITY_EVEN, 0}, false},
};
#define SAMPLES (sizeof samples / sizeof samples[0])

static void check_uart(const struct dtu_uart *actual, const struct dtu_uart *expected, int line)
{
    check_eq((intmax_t)actual->baud, (intmax_t)expected->baud, line, "baud");
    check_eq(actual->data_bits, expected->data_bits, line, "data_bits");
    check_eq(actual->stop_bits, expected->stop_bits, line, "stop_bits");
    check_eq(actual->parity, expected->parity, line, "parity");
    check_eq(actual->flow, expected->flow, line, "flow");
}

/* By the wording of the manuals, one bit at a time. */
static void make_frame(uint8_t *frame, uint32_t baud, unsigned bits)
{
    frame[0] = 0x55;
    frame[1] = 0xAA;
    frame[2] = 0x55;
    frame[3] = (uint8_t)(baud / 65536);
    frame[4] = (uint8_t)(baud / 256 % 256);
    frame[5] = (uint8_t)(baud % 256);
    frame[6] = (uint8_t)bits;
    frame[7] = (uint8_t)((frame[3] + frame[4] + frame[5] + frame[6]) % 256);
}

static void frames_of_the_manuals_are_read(void)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        struct dtu_uart uart = {0, 0, 0, 0, DTU_FLOW_NONE};
        CHECK_EQ(dtu_baudsync_decode(&uart, samples[i].frame, K7_MAX), DTU_OK);
        check_uart(&uart, &samples[i].uart, __LINE__);
    }
}

static void frames_of_the_manuals_are_written(void)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        uint8_t frame[DTU_BAUDSYNC_LEN];
        CHECK_EQ(dtu_baudsync_encode(frame, &samples[i].uart, samples[i].bit7), DTU_OK);
        CHECK_BYTES(frame, sizeof frame, samples[i].frame, DTU_BAUDSYNC_LEN);
    }
}

static void each_value_of_the_bits_has_its_meaning(void)
{
    static const uint8_t parity[] = {DTU_PARITY_ODD, DTU_PARITY_EVEN, DTU_PARITY_MARK,
                                     DTU_PARITY_SPACE};
    for (unsigned bits = 0; bits < 256; bits++) {
        struct dtu_uart uart = {0, 0, 0, 0, DTU_FLOW_RS485};
        struct dtu_uart expected = {600, (uint8_t)(5 + bits % 4), 1, DTU_PARITY_NONE,
                                    DTU_FLOW_RS485 /* untouched */};
        uint8_t frame[DTU_BAUDSYNC_LEN];
        if (bits / 4 % 2 == 1)
            expected.stop_bits = 2;
        if (bits / 8 % 2 == 1)
            expected.parity = parity[bits / 16 % 4];
        make_frame(frame, 600, bits); /* 7:6 are ignored, but summed */
        CHECK_EQ(dtu_baudsync_decode(&uart, frame, K7_MAX), DTU_OK);
        check_uart(&uart, &expected, __LINE__);
    }
}

static void every_setting_is_written_so_that_it_is_read_again(void)
{
    static const uint32_t rates[] = {DTU_BAUDSYNC_BAUD_MIN, 57600, DTU_BAUDSYNC_BAUD_MAX};
    for (unsigned i = 0; i < 3 * 4 * 2 * 5 * 2; i++) {
        struct dtu_uart uart = {rates[i % 3], (uint8_t)(5 + i / 3 % 4), (uint8_t)(1 + i / 12 % 2),
                                (uint8_t)(i / 24 % 5), DTU_FLOW_NONE};
        struct dtu_uart again = {0, 0, 0, 0, DTU_FLOW_NONE};
        bool bit7 = i / 120 == 1;
        uint8_t frame[DTU_BAUDSYNC_LEN];
        CHECK_EQ(dtu_baudsync_encode(frame, &uart, bit7), DTU_OK);
        CHECK_EQ(frame[6] >> 6, bit7 ? 2 : 0);
        if (uart.parity == DTU_PARITY_NONE)
            CHECK_EQ(frame[6] & 0x38, 0);
        CHECK_EQ(dtu_baudsync_decode(&again, frame, DTU_BAUDSYNC_BAUD_MAX), DTU_OK);
        check_uart(&again, &uart, __LINE__);
    }
}

static void what_a_frame_cannot_say_is_not_written(void)
{
    static const struct dtu_uart wrong[] = {
        {299, 8, 1, DTU_PARITY_NONE, DTU_FLOW_NONE},
        {0, 8, 1, DTU_PARITY_NONE, DTU_FLOW_NONE},
        {UINT32_C(0x1000000), 8, 1, DTU_PARITY_NONE, DTU_FLOW_NONE},
        {UINT32_MAX, 8, 1, DTU_PARITY_NONE, DTU_FLOW_NONE},
        {9600, 4, 1, DTU_PARITY_NONE, DTU_FLOW_NONE},
        {9600, 9, 1, DTU_PARITY_NONE, DTU_FLOW_NONE},
        {9600, 0, 1, DTU_PARITY_NONE, DTU_FLOW_NONE},
        {9600, 8, 0, DTU_PARITY_NONE, DTU_FLOW_NONE},
        {9600, 8, 3, DTU_PARITY_NONE, DTU_FLOW_NONE},
        {9600, 8, 1, DTU_PARITY_SPACE + 1, DTU_FLOW_NONE},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint8_t frame[DTU_BAUDSYNC_LEN] = {1, 2, 3, 4, 5, 6, 7, 8};
        CHECK_EQ(dtu_baudsync_encode(frame, &wrong[i], false), DTU_ERR_RANGE);
        CHECK_BYTES(frame, sizeof frame, "\1\2\3\4\5\6\7\10", 8);
    }
}

static void flow_control_is_in_no_frame(void)
{
    const struct dtu_uart uart = {9600, 8, 1, DTU_PARITY_NONE, DTU_FLOW_RTS_CTS};
    uint8_t frame[DTU_BAUDSYNC_LEN];
    CHECK_EQ(dtu_baudsync_encode(frame, &uart, false), DTU_OK);
    CHECK_BYTES(frame, sizeof frame, samples[1].frame, DTU_BAUDSYNC_LEN);
}

/* One wrong bit changes the sum or what it should be, never both. */
static void every_single_wrong_bit_is_noticed(void)
{
    for (unsigned bit = 0; bit < 8 * DTU_BAUDSYNC_LEN; bit++) {
        struct dtu_uart uart = {1, 2, 3, 4, 5};
        const struct dtu_uart before = uart;
        uint8_t frame[DTU_BAUDSYNC_LEN];
        memcpy(frame, samples[0].frame, sizeof frame);
        frame[bit / 8] = (uint8_t)(frame[bit / 8] ^ 1u << bit % 8);
        CHECK_EQ(dtu_baudsync_decode(&uart, frame, DTU_BAUDSYNC_BAUD_MAX),
                 bit < 24 ? DTU_ERR_FORMAT : DTU_ERR_CHECKSUM);
        check_uart(&uart, &before, __LINE__);
    }
}

static void a_rate_is_from_300_to_the_ports_highest(void)
{
    static const struct {
        uint32_t baud;
        enum dtu_status status;
    } cases[] = {{0, DTU_ERR_RANGE}, {299, DTU_ERR_RANGE},    {300, DTU_OK},
                 {230400, DTU_OK},   {230401, DTU_ERR_RANGE}, {0xFFFFFF, DTU_ERR_RANGE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dtu_uart uart = {1, 2, 3, 4, 5};
        uint8_t frame[DTU_BAUDSYNC_LEN];
        make_frame(frame, cases[i].baud, 0x03);
        CHECK_EQ(dtu_baudsync_decode(&uart, frame, 230400), cases[i].status);
        CHECK_EQ(uart.baud, cases[i].status == DTU_OK ? cases[i].baud : 1);
    }
}

/* --- A filter and what it says -------------------------------------------------------------- */

#define LOG_CHANGE 0x100

/* What came out: bytes of data, and for each frame LOG_CHANGE plus which of the samples it is. */
struct log {
    uint16_t events[LOG_MAX];
    size_t len;
};

static void log_event(struct log *log, unsigned event)
{
    if (log->len < LOG_MAX)
        log->events[log->len] = (uint16_t)event;
    log->len++;
}

static unsigned sample_of(const struct dtu_uart *uart)
{
    for (unsigned i = 0; i < SAMPLES; i++)
        if (uart->baud == samples[i].uart.baud && uart->data_bits == samples[i].uart.data_bits &&
            uart->stop_bits == samples[i].uart.stop_bits &&
            uart->parity == samples[i].uart.parity && uart->flow == DTU_FLOW_NONE)
            return i;
    return SAMPLES;
}

static struct log seen;
static const struct dtu_baudsync_config config = {.max_baud = K7_MAX};
static size_t room;            /* how much `data` takes */
static size_t pieces;          /* calls of `data` */
static const uint8_t *last_at; /* of the last of them */
static size_t last_len;
static struct dtu_baudsync sync;

static size_t take_data(void *ctx, const uint8_t *data, size_t len)
{
    struct log *log = ctx;
    size_t taken = len < room ? len : room;
    CHECK(len > 0);
    pieces++;
    last_at = data;
    last_len = len;
    for (size_t i = 0; i < taken; i++)
        log_event(log, data[i]);
    room -= taken;
    return taken;
}

static void take_change(void *ctx, const struct dtu_uart *uart)
{
    log_event(ctx, LOG_CHANGE + sample_of(uart));
}

static const struct dtu_baudsync_callbacks callbacks = {take_data, take_change};

static void begin(void)
{
    seen.len = 0;
    pieces = 0;
    room = STREAM_MAX;
    CHECK_EQ(dtu_baudsync_init(&sync, &config, &callbacks, &seen), DTU_OK);
}

static size_t feed(const void *data, size_t len)
{
    return dtu_baudsync_feed(&sync, data, len);
}

#define FEED(data) CHECK_EQ(feed(data, sizeof(data) - 1), sizeof(data) - 1)

/* The data that came out since begin(); no frame may have. */
static void check_data(const void *expected, size_t len, int line)
{
    const uint8_t *bytes = expected;
    check_eq((intmax_t)seen.len, (intmax_t)len, line, "seen.len");
    for (size_t i = 0; i < len && i < seen.len; i++)
        check_eq(seen.events[i], bytes[i], line, "an event");
}
#define CHECK_DATA(expected) check_data(expected, sizeof(expected) - 1, __LINE__)

/* 115200 8N1, sample 0 */
#define FRAME "\x55\xAA\x55\x01\xC2\x00\x03\xC6"
/* 9600 8N1, sample 1 */
#define FRAME_1 "\x55\xAA\x55\x00\x25\x80\x03\xA8"
#define DAMAGED "\x55\xAA\x55\x01\xC2\x00\x03\xC7"

static void a_filter_needs_a_rate_and_both_callbacks(void)
{
    static const struct dtu_baudsync_config slow = {.max_baud = 299};
    static const struct dtu_baudsync_config slowest = {.max_baud = 300};
    static const struct dtu_baudsync_callbacks no_data = {NULL, take_change};
    static const struct dtu_baudsync_callbacks no_change = {take_data, NULL};
    CHECK_EQ(dtu_baudsync_init(&sync, &slow, &callbacks, NULL), DTU_ERR_CONFIG);
    CHECK_EQ(dtu_baudsync_init(&sync, &config, &no_data, NULL), DTU_ERR_CONFIG);
    CHECK_EQ(dtu_baudsync_init(&sync, &config, &no_change, NULL), DTU_ERR_CONFIG);
    CHECK_EQ(dtu_baudsync_init(&sync, &slowest, &callbacks, NULL), DTU_OK);
    CHECK_EQ(dtu_baudsync_held(&sync), 0);
    CHECK(dtu_baudsync_flush(&sync));
    CHECK_EQ(sync.stats.frames + sync.stats.damaged, 0);
}

static void a_frame_is_taken_out_of_the_data(void)
{
    static const char stream[] = "before" FRAME "after";
    begin();
    CHECK_EQ(feed(stream, sizeof stream - 1), sizeof stream - 1);
    CHECK_EQ(seen.len, 12);
    CHECK_EQ(seen.events[5], 'e');
    CHECK_EQ(seen.events[6], LOG_CHANGE + 0);
    CHECK_EQ(seen.events[7], 'a');
    CHECK_EQ(pieces, 2);
    CHECK_EQ(sync.stats.frames, 1);
    CHECK_EQ(sync.stats.damaged, 0);
}

static void every_frame_of_the_manuals_is_taken_out(void)
{
    begin();
    for (size_t i = 0; i < SAMPLES; i++)
        CHECK_EQ(feed(samples[i].frame, DTU_BAUDSYNC_LEN), DTU_BAUDSYNC_LEN);
    CHECK_EQ(seen.len, SAMPLES);
    CHECK_EQ(seen.events[0], LOG_CHANGE + 0);
    CHECK_EQ(seen.events[1], LOG_CHANGE + 1);
    CHECK_EQ(seen.events[2], LOG_CHANGE + 0); /* bit 7 means nothing */
    CHECK_EQ(seen.events[3], LOG_CHANGE + 1);
    CHECK_EQ(seen.events[4], LOG_CHANGE + 4);
    CHECK_EQ(pieces, 0);
}

static void frames_may_stand_back_to_back(void)
{
    begin();
    FEED(FRAME FRAME_1 FRAME);
    CHECK_EQ(seen.len, 3);
    CHECK_EQ(seen.events[0], LOG_CHANGE + 0);
    CHECK_EQ(seen.events[1], LOG_CHANGE + 1);
    CHECK_EQ(seen.events[2], LOG_CHANGE + 0);
    CHECK_EQ(dtu_baudsync_held(&sync), 0);
}

static void data_is_handed_on_in_one_piece_where_it_lies(void)
{
    static const char stream[] = "no such byte";
    begin();
    CHECK_EQ(feed(stream, sizeof stream), sizeof stream);
    CHECK_EQ(pieces, 1);
    CHECK(last_at == (const uint8_t *)stream);
    CHECK_EQ(last_len, sizeof stream);
}

static void no_false_start_inside_cuts_a_piece(void)
{
    static const char stream[] = "a\x55"
                                 "b\x55\x55\xAA"
                                 "c\x55\xAA\x54" DAMAGED "\x55\xAA\x55\xAA\x55\xAA\x55"
                                 "12345";
    begin();
    FEED(stream);
    CHECK_EQ(pieces, 1);
    CHECK_DATA(stream);
    CHECK_EQ(sync.stats.damaged, 4);
}

static void only_what_may_become_a_frame_is_held_at_the_end(void)
{
    static const char stream[] = "abc" FRAME;
    for (size_t n = 0; n < 8; n++) {
        begin();
        CHECK_EQ(feed(stream, 3 + n), 3 + n);
        CHECK_EQ(seen.len, 3);
        CHECK_EQ(dtu_baudsync_held(&sync), n);
    }
    begin();
    FEED("abc\x55\xAA\x54");
    CHECK_EQ(dtu_baudsync_held(&sync), 0);
    FEED("abc\x55\xAA\x55\x55\xAB\x55\xAA");
    CHECK_EQ(dtu_baudsync_held(&sync), 7); /* the first 55 AA 55 may still be one */
}

static void a_damaged_frame_is_data(void)
{
    begin();
    FEED("x" DAMAGED "y");
    CHECK_DATA("x" DAMAGED "y");
    CHECK_EQ(sync.stats.damaged, 1);
    CHECK_EQ(sync.stats.frames, 0);
}

static void a_frame_with_a_rate_that_cannot_be_is_data(void)
{
    uint8_t frame[DTU_BAUDSYNC_LEN];
    begin();
    make_frame(frame, K7_MAX + 1, 0x03);
    CHECK_EQ(feed(frame, sizeof frame), sizeof frame);
    check_data(frame, sizeof frame, __LINE__);
    CHECK_EQ(sync.stats.damaged, 1);
    begin();
    make_frame(frame, 299, 0x03);
    CHECK_EQ(feed(frame, sizeof frame), sizeof frame);
    check_data(frame, sizeof frame, __LINE__);
    CHECK_EQ(sync.stats.damaged, 1);
}

/* The beginning of a frame, of each length, and then a frame: the two overlap where the beginning
 * ends with a 55. Fed whole and byte by byte. */
static void a_frame_behind_a_false_start_is_found(void)
{
    static const char *const starts[] = {"\x55",
                                         "\x55\xAA",
                                         "\x55\x55",
                                         "\x55\xAA\x55",
                                         "\x55\xAA\x55\x01",
                                         "\x55\xAA\x55\x01\xC2",
                                         "\x55\xAA\x55\x01\xC2\x05",
                                         "\x55\xAA\x55\x01\xC2\x05\x03",
                                         "\x55\xAA\x55\xAA"};
    for (size_t i = 0; i < 2 * sizeof starts / sizeof starts[0]; i++) {
        uint8_t stream[8 + DTU_BAUDSYNC_LEN];
        size_t start_len = strlen(starts[i / 2]);
        size_t len = start_len + DTU_BAUDSYNC_LEN;
        begin();
        memcpy(stream, starts[i / 2], start_len);
        memcpy(stream + start_len, FRAME, DTU_BAUDSYNC_LEN);
        for (size_t n = 0; n < len; n += i % 2 == 0 ? len : 1)
            CHECK_EQ(feed(stream + n, i % 2 == 0 ? len : 1), i % 2 == 0 ? len : 1);
        CHECK_EQ(seen.len, start_len + 1);
        CHECK_EQ(seen.events[start_len], LOG_CHANGE + 0);
        CHECK_EQ(dtu_baudsync_held(&sync), 0);
    }
}

static void a_frame_that_shares_its_start_with_a_damaged_one_is_found(void)
{
    begin();
    FEED("\x55\xAA" FRAME); /* 55 AA 55 AA 55 01 .. */
    CHECK_EQ(seen.len, 3);
    CHECK_EQ(seen.events[0], 0x55);
    CHECK_EQ(seen.events[1], 0xAA);
    CHECK_EQ(seen.events[2], LOG_CHANGE + 0);
    CHECK_EQ(sync.stats.damaged, 1);
}

/* 55 AA 55 is also a rate, 5614165 baud; the sum makes both frames good. */
static void of_two_frames_that_overlap_the_first_is_taken(void)
{
    static const struct dtu_baudsync_config fast = {.max_baud = DTU_BAUDSYNC_BAUD_MAX};
    static const uint8_t stream[] = {0x55, 0xAA, 0x55, 0x55, 0xAA, 0x55,
                                     0x03, 0x57, 0x00, 0x00, 0x5A};
    begin();
    CHECK_EQ(dtu_baudsync_init(&sync, &fast, &callbacks, &seen), DTU_OK);
    CHECK_EQ(dtu_baudsync_feed(&sync, stream + 3, 8), 8); /* the second one alone is good */
    CHECK_EQ(sync.stats.frames, 1);
    CHECK_EQ(dtu_baudsync_feed(&sync, stream, sizeof stream), sizeof stream);
    CHECK_EQ(sync.stats.frames, 2);
    CHECK_EQ(seen.len, 2 + 3);
    CHECK_EQ(seen.events[2], 0x00);
    CHECK_EQ(seen.events[3], 0x00);
    CHECK_EQ(seen.events[4], 0x5A);
}

static void input_behind_a_held_false_start_is_handed_on_where_it_lies(void)
{
    static const char more[] = "\x01\x02\x03 and much more";
    begin();
    FEED("\x55\xAA\x55");
    CHECK_EQ(dtu_baudsync_held(&sync), 3);
    FEED(more);
    CHECK_EQ(pieces, 2);
    CHECK(last_at >= (const uint8_t *)more && last_at < (const uint8_t *)more + sizeof more);
    CHECK(last_at + last_len == (const uint8_t *)more + sizeof more - 1);
    CHECK_DATA("\x55\xAA\x55\x01\x02\x03 and much more");
}

/* --- A pause -------------------------------------------------------------------------------- */

static void a_pause_lets_what_is_held_go(void)
{
    begin();
    FEED("\x55\xAA\x55\x01\xC2");
    CHECK_EQ(seen.len, 0);
    CHECK(dtu_baudsync_flush(&sync));
    CHECK_EQ(dtu_baudsync_held(&sync), 0);
    CHECK_EQ(pieces, 1);
    FEED("\x00\x03\xC6"); /* what would have been the rest of the frame */
    CHECK_DATA("\x55\xAA\x55\x01\xC2\x00\x03\xC6");
    CHECK_EQ(sync.stats.frames, 0);
    CHECK_EQ(sync.stats.damaged, 0); /* there were never 8 bytes */
}

static void a_flush_without_room_keeps_the_bytes_and_their_order(void)
{
    begin();
    FEED("\x55\xAA\x55\x01");
    room = 1;
    CHECK(!dtu_baudsync_flush(&sync));
    CHECK_EQ(dtu_baudsync_held(&sync), 3);
    CHECK_EQ(feed("\xC2\x00\x03\xC6", 4), 0); /* the pause is over: no frame any more */
    CHECK(!dtu_baudsync_flush(&sync));
    room = 2;
    CHECK(!dtu_baudsync_flush(&sync));
    room = STREAM_MAX;
    FEED("\xC2\x00\x03\xC6");
    CHECK_DATA("\x55\xAA\x55\x01\xC2\x00\x03\xC6");
    CHECK_EQ(dtu_baudsync_held(&sync), 0);
}

/* The last byte of the frame is there, but feed could not take it: that is no pause. */
static void a_flush_breaks_no_frame_that_waits_for_room(void)
{
    begin();
    FEED("\x55\xAA\x55\xAA\x55\x01\xC2");
    CHECK_EQ(dtu_baudsync_held(&sync), 7);
    room = 0;
    CHECK_EQ(feed("\x00\x03\xC6", 3), 0);
    CHECK(!dtu_baudsync_flush(&sync));
    CHECK_EQ(feed(NULL, 0), 0); /* nothing new: bytes are still left */
    room = 1;
    CHECK(!dtu_baudsync_flush(&sync));
    room = STREAM_MAX;
    CHECK(!dtu_baudsync_flush(&sync));
    CHECK_EQ(seen.len, 2);
    CHECK(!dtu_baudsync_flush(&sync));
    CHECK_EQ(dtu_baudsync_held(&sync), 5);
    FEED("\x00\x03\xC6");
    CHECK_EQ(seen.len, 3);
    CHECK_EQ(seen.events[2], LOG_CHANGE + 0);
    FEED("\x55");
    room = 1;
    CHECK(dtu_baudsync_flush(&sync)); /* and this is one */
}

static void clear_drops_what_is_held(void)
{
    begin();
    CHECK_EQ(dtu_baudsync_clear(&sync), 0);
    FEED("\x55\xAA\x55\x01\xC2");
    CHECK_EQ(dtu_baudsync_clear(&sync), 5);
    CHECK_EQ(dtu_baudsync_held(&sync), 0);
    FEED("\x00\x03\xC6");
    CHECK_DATA("\x00\x03\xC6");
}

static void clear_forgets_what_feed_left(void)
{
    begin();
    room = 2;
    CHECK_EQ(feed("abcdefghijkl", 12), 2);
    CHECK_EQ(dtu_baudsync_clear(&sync), 0);
    room = STREAM_MAX;
    FEED(FRAME "xy"); /* of a new connection */
    CHECK_EQ(seen.len, 5);
    CHECK_EQ(seen.events[2], LOG_CHANGE + 0);
    begin();
    FEED("\x55\xAA");
    room = 0;
    CHECK_EQ(feed("abc", 3), 0);
    CHECK_EQ(dtu_baudsync_clear(&sync), 2);
    FEED("\x55\xAA");
    room = 2;
    CHECK(dtu_baudsync_flush(&sync)); /* nothing is left any more: this is a pause */
}

/* --- Room ----------------------------------------------------------------------------------- */

static void a_frame_waits_until_the_data_before_it_is_taken(void)
{
    static const char stream[] = "abc" FRAME "def";
    begin();
    room = 2;
    CHECK_EQ(feed(stream, sizeof stream - 1), 2);
    CHECK_EQ(sync.stats.frames, 0);
    CHECK_EQ(feed(stream + 2, sizeof stream - 3), 0);
    CHECK_EQ(sync.stats.frames, 0);
    room = 1;
    CHECK_EQ(feed(stream + 2, sizeof stream - 3), 1 + DTU_BAUDSYNC_LEN);
    CHECK_EQ(sync.stats.frames, 1);
    CHECK_EQ(seen.len, 4);
    CHECK_EQ(seen.events[3], LOG_CHANGE + 0);
    CHECK_EQ(feed("def", 3), 0);
}

static void after_a_short_take_data_is_not_offered_again_in_the_same_feed(void)
{
    begin();
    room = 3;
    CHECK_EQ(feed("abcdef", 6), 3);
    CHECK_EQ(pieces, 1);
}

static void damage_is_counted_once_however_often_it_is_offered(void)
{
    static const char stream[] = DAMAGED "a" DAMAGED "b";
    size_t taken = 0;
    begin();
    while (taken < sizeof stream - 1) {
        size_t n;
        room = 0;
        CHECK_EQ(feed(stream + taken, sizeof stream - 1 - taken), 0);
        room = 1;
        n = feed(stream + taken, sizeof stream - 1 - taken);
        CHECK_EQ(n, 1);
        if (n == 0)
            return;
        taken += n;
    }
    CHECK_DATA(stream);
    CHECK_EQ(sync.stats.damaged, 2);
}

static void damage_is_counted_once_if_the_rest_is_offered_in_pieces(void)
{
    static const char stream[] = "abc" DAMAGED "d";
    begin();
    room = 0;
    CHECK_EQ(feed(stream, sizeof stream - 1), 0);
    room = STREAM_MAX;
    CHECK_EQ(feed(stream, 2), 2);
    CHECK(dtu_baudsync_flush(&sync)); /* nothing is held */
    CHECK_EQ(feed(stream + 2, sizeof stream - 3), sizeof stream - 3);
    CHECK_DATA(stream);
    CHECK_EQ(sync.stats.damaged, 1);
}

static void the_rest_may_be_offered_in_smaller_pieces(void)
{
    static const char stream[] = "abcdef" FRAME "gh";
    begin();
    room = 1;
    CHECK_EQ(feed(stream, sizeof stream - 1), 1);
    room = STREAM_MAX;
    for (size_t i = 1; i < sizeof stream - 1; i++)
        CHECK_EQ(feed(stream + i, 1), 1);
    CHECK_EQ(seen.len, 9);
    CHECK_EQ(seen.events[6], LOG_CHANGE + 0);
}

/* --- Against a reference -------------------------------------------------------------------- */

static uint8_t input[STREAM_MAX];
static bool pause_before[STREAM_MAX + 1];
static struct log expected;
static uint32_t expected_frames;
static uint32_t expected_damaged;

/* Which sample is here; SAMPLES: another good frame; -1: none. */
static int frame_at(const uint8_t *at)
{
    uint32_t baud = at[3] * UINT32_C(65536) + at[4] * UINT32_C(256) + at[5];
    if (at[0] != 0x55 || at[1] != 0xAA || at[2] != 0x55 || baud < 300 || baud > K7_MAX ||
        at[7] != (at[3] + at[4] + at[5] + at[6]) % 256)
        return -1;
    for (int i = 0; i < (int)SAMPLES; i++)
        if (memcmp(at + 3, samples[i].frame + 3, 3) == 0 &&
            ((at[6] ^ samples[i].frame[6]) & 0x3F) == 0)
            return i == 2 || i == 3 ? i - 2 : i; /* bit 7 means nothing */
    return SAMPLES;
}

/* By the wording of the rules: at each place either a frame, or a byte of data. */
static void run_reference(size_t len)
{
    size_t i = 0;
    expected.len = 0;
    expected_frames = 0;
    expected_damaged = 0;
    while (i < len) {
        size_t stop = i + 1;
        while (stop < len && stop < i + 8 && !pause_before[stop])
            stop++;
        if (stop - i == 8 && frame_at(input + i) >= 0) {
            log_event(&expected, LOG_CHANGE + (unsigned)frame_at(input + i));
            expected_frames++;
            i += 8;
            continue;
        }
        if (stop - i == 8 && memcmp(input + i, "\x55\xAA\x55", 3) == 0)
            expected_damaged++;
        log_event(&expected, input[i++]);
    }
}

/* Frames, beginnings of frames, frames with a wrong byte, and bytes that frames are made of. */
static size_t make_stream(struct test_rand *rand)
{
    static const uint8_t bytes[] = {0x55, 0x55, 0x55, 0xAA, 0xAA, 0x00, 0x25, 0x80, 0x03, 0xA8};
    size_t len = 0;
    while (len < STREAM_MAX - DTU_BAUDSYNC_LEN) {
        const uint8_t *frame = samples[test_rand_below(rand, SAMPLES)].frame;
        uint32_t kind = test_rand_below(rand, 8);
        size_t n = DTU_BAUDSYNC_LEN;
        if (kind >= 5) {
            input[len++] = bytes[test_rand_below(rand, sizeof bytes)];
            continue;
        }
        if (kind >= 3)
            n = (size_t)test_rand_below(rand, DTU_BAUDSYNC_LEN);
        memcpy(input + len, frame, n);
        if (kind == 2)
            input[len + 3 + test_rand_below(rand, 5)] ^= (uint8_t)(1u << test_rand_below(rand, 8));
        len += n;
    }
    return len;
}

static void make_pauses(struct test_rand *rand, size_t len, bool pauses)
{
    for (size_t i = 0; i <= len; i++)
        pause_before[i] = pauses && test_rand_below(rand, 12) == 0;
    pause_before[len] = true;
}

/* How much room there is: all of it, or now and then little. */
static void make_room(struct test_rand *rand, bool scarce)
{
    room = scarce ? (size_t)test_rand_below(rand, 4) : STREAM_MAX;
}

static void flush_all(struct test_rand *rand, bool scarce)
{
    while (!dtu_baudsync_flush(&sync))
        make_room(rand, scarce);
}

/* Feeds `from` to `to`, between which is no pause, in pieces of up to `longest` bytes. */
static void feed_part(struct test_rand *rand, size_t from, size_t to, size_t longest, bool scarce)
{
    while (from < to) {
        size_t len = 1 + (size_t)test_rand_below(rand, (uint32_t)longest);
        size_t taken;
        if (len > to - from)
            len = to - from;
        make_room(rand, scarce);
        taken = feed(input + from, len);
        CHECK(taken == len || room == 0);
        CHECK(dtu_baudsync_held(&sync) < DTU_BAUDSYNC_LEN);
        if (taken < len)
            (void)dtu_baudsync_flush(&sync); /* no pause: it breaks nothing */
        from += taken;
    }
}

static void try_run(struct test_rand *rand, size_t len, size_t longest, bool scarce)
{
    size_t from = 0;
    begin();
    for (size_t to = 1; to <= len; to++) {
        if (!pause_before[to])
            continue;
        feed_part(rand, from, to, longest, scarce);
        flush_all(rand, scarce);
        from = to;
    }
    CHECK_EQ(seen.len, expected.len);
    CHECK(memcmp(seen.events, expected.events, expected.len * sizeof expected.events[0]) == 0);
    CHECK_EQ(sync.stats.frames, expected_frames);
    CHECK_EQ(sync.stats.damaged, expected_damaged);
    CHECK_EQ(dtu_baudsync_held(&sync), 0);
}

static void any_split_and_any_room_give_what_the_reference_gives(void)
{
    struct test_rand rand;
    uint32_t frames = 0;
    uint32_t damaged = 0;
    test_rand_seed(&rand, 2217);
    for (unsigned i = 0; i < 600; i++) {
        size_t len = make_stream(&rand);
        make_pauses(&rand, len, i % 2 == 1);
        run_reference(len);
        try_run(&rand, len, STREAM_MAX, false);
        try_run(&rand, len, 1, false);
        try_run(&rand, len, 12, false);
        try_run(&rand, len, STREAM_MAX, true);
        try_run(&rand, len, 3, true);
        frames += expected_frames;
        damaged += expected_damaged;
    }
    CHECK(frames > 1000); /* the streams are worth something */
    CHECK(damaged > 1000);
}

/* Every way to cut a stream in three. */
static void every_two_cuts_give_the_same(void)
{
    static const char text[] = "ab\x55\xAA" FRAME "\x55" FRAME_1 DAMAGED "c\x55\xAA\x55";
    struct test_rand rand;
    size_t len = sizeof text - 1;
    test_rand_seed(&rand, 1);
    memcpy(input, text, len);
    make_pauses(&rand, len, false);
    run_reference(len);
    CHECK_EQ(expected_frames, 2);
    for (size_t a = 0; a <= len; a++) {
        for (size_t b = a; b <= len; b++) {
            begin();
            CHECK_EQ(feed(input, a), a);
            CHECK_EQ(feed(input + a, b - a), b - a);
            CHECK_EQ(feed(input + b, len - b), len - b);
            CHECK_EQ(dtu_baudsync_held(&sync), 3);
            CHECK(dtu_baudsync_flush(&sync));
            CHECK_EQ(seen.len, expected.len);
            CHECK(memcmp(seen.events, expected.events, expected.len * sizeof expected.events[0]) ==
                  0);
            CHECK_EQ(sync.stats.damaged, expected_damaged);
        }
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(frames_of_the_manuals_are_read),
    CHECK_TEST(frames_of_the_manuals_are_written),
    CHECK_TEST(each_value_of_the_bits_has_its_meaning),
    CHECK_TEST(every_setting_is_written_so_that_it_is_read_again),
    CHECK_TEST(what_a_frame_cannot_say_is_not_written),
    CHECK_TEST(flow_control_is_in_no_frame),
    CHECK_TEST(every_single_wrong_bit_is_noticed),
    CHECK_TEST(a_rate_is_from_300_to_the_ports_highest),
    CHECK_TEST(a_filter_needs_a_rate_and_both_callbacks),
    CHECK_TEST(a_frame_is_taken_out_of_the_data),
    CHECK_TEST(every_frame_of_the_manuals_is_taken_out),
    CHECK_TEST(frames_may_stand_back_to_back),
    CHECK_TEST(data_is_handed_on_in_one_piece_where_it_lies),
    CHECK_TEST(no_false_start_inside_cuts_a_piece),
    CHECK_TEST(only_what_may_become_a_frame_is_held_at_the_end),
    CHECK_TEST(a_damaged_frame_is_data),
    CHECK_TEST(a_frame_with_a_rate_that_cannot_be_is_data),
    CHECK_TEST(a_frame_behind_a_false_start_is_found),
    CHECK_TEST(a_frame_that_shares_its_start_with_a_damaged_one_is_found),
    CHECK_TEST(of_two_frames_that_overlap_the_first_is_taken),
    CHECK_TEST(input_behind_a_held_false_start_is_handed_on_where_it_lies),
    CHECK_TEST(a_pause_lets_what_is_held_go),
    CHECK_TEST(a_flush_without_room_keeps_the_bytes_and_their_order),
    CHECK_TEST(a_flush_breaks_no_frame_that_waits_for_room),
    CHECK_TEST(clear_drops_what_is_held),
    CHECK_TEST(clear_forgets_what_feed_left),
    CHECK_TEST(a_frame_waits_until_the_data_before_it_is_taken),
    CHECK_TEST(after_a_short_take_data_is_not_offered_again_in_the_same_feed),
    CHECK_TEST(damage_is_counted_once_however_often_it_is_offered),
    CHECK_TEST(damage_is_counted_once_if_the_rest_is_offered_in_pieces),
    CHECK_TEST(the_rest_may_be_offered_in_smaller_pieces),
    CHECK_TEST(any_split_and_any_room_give_what_the_reference_gives),
    CHECK_TEST(every_two_cuts_give_the_same),
};
CHECK_MAIN(tests)
