/* SPDX-License-Identifier: MIT */
/* Frames of the socket distribution protocol. Expected bytes are made by hand from the format
 * (head, LEN = n + 2, SOCK, FLAG, data, SUM of the last three), one of them is the published
 * sample; what the decoder does with random streams is compared with a slow reference. */
#include "dtu/sdp.h"

#include "check.h"
#include "rand.h"

#define BUFFER_MAX 64
#define STREAM_MAX 640
#define EVENTS_MAX (STREAM_MAX / 2) /* a head is longer */
#define GOOD_MAX 64

/* The frames that are used most: 1 byte CC to socket A (the published sample), "hi" to B, nothing
 * to C. */
#define SAMPLE "\x55\xFD\xAA\x00\x03\x61\x00\xCC\x2D"
#define HI_TO_B "\x55\xFD\xAA\x00\x04\x62\x00hi\x33"
#define EMPTY_TO_C "\x55\xFD\xAA\x00\x02\x63\x00\x63"

/* --- What the callbacks see ----------------------------------------------------------------- */

/* A frame is logged as its socket, its flag and its data in brackets, damage as two letters. */
static struct {
    char log[256];
    size_t len;
    const uint8_t *at; /* where the last frame's data was */
    unsigned calls;
    unsigned refused;
    unsigned refuse_call; /* this call is refused, counted from 1; 0: none */
    bool refuse_all;
} seen;

static void log_bytes(const void *data, size_t len)
{
    CHECK(len <= sizeof seen.log - seen.len);
    if (len > sizeof seen.log - seen.len)
        return;
    if (len > 0)
        memcpy(seen.log + seen.len, data, len);
    seen.len += len;
}

static bool refuses(void *ctx)
{
    CHECK(ctx == &seen);
    seen.calls++;
    if (!seen.refuse_all && seen.calls != seen.refuse_call)
        return false;
    seen.refused++;
    return true;
}

static bool on_frame(void *ctx, const struct dtu_sdp_frame *frame)
{
    if (refuses(ctx))
        return false;
    log_bytes("[", 1);
    log_bytes(&frame->socket, 1);
    log_bytes(&frame->flag, 1);
    log_bytes(frame->data, frame->len);
    log_bytes("]", 1);
    seen.at = frame->data;
    return true;
}

static bool on_damage(void *ctx, enum dtu_sdp_code code)
{
    if (refuses(ctx))
        return false;
    switch (code) {
    case DTU_SDP_BAD_HEAD:
        log_bytes("HE", 2);
        break;
    case DTU_SDP_BAD_LENGTH:
        log_bytes("LE", 2);
        break;
    case DTU_SDP_BAD_SOCKET:
        log_bytes("SO", 2);
        break;
    case DTU_SDP_BAD_SUM:
        log_bytes("SU", 2);
        break;
    default:
        CHECK(false); /* the decoder tells nothing else */
    }
    return true;
}

static const struct dtu_sdp_callbacks callbacks = {on_frame, on_damage};
static uint8_t buffer[BUFFER_MAX + 1]; /* behind the size there is a guard */
static struct dtu_sdp_config config;
static struct dtu_sdp sdp;

static void begin(enum dtu_sdp_direction direction, size_t size)
{
    memset(&seen, 0, sizeof seen);
    memset(buffer, 0xEE, sizeof buffer);
    config = (struct dtu_sdp_config){direction, buffer, size};
    CHECK_EQ(dtu_sdp_init(&sdp, &config, &callbacks, &seen), DTU_OK);
}

static void check_log(const char *expected, size_t len, int line)
{
    check_bytes(seen.log, seen.len, expected, len, line, "what was told");
    seen.len = 0;
}

/* What was told since the last look. */
#define CHECK_TOLD(expected) check_log(expected, sizeof(expected) - 1, __LINE__)
#define FEED(text) dtu_sdp_feed(&sdp, (const uint8_t *)(text), sizeof(text) - 1)
#define FEED_ALL(text) CHECK_EQ(FEED(text), sizeof(text) - 1)

/* --- Encoding ------------------------------------------------------------------------------- */

static uint8_t out[DTU_SDP_FRAME_MAX + 1];
static uint8_t large[DTU_SDP_FRAME_MAX];

/* Encodes in both ways, which must agree. Returns the length, 0 if it failed. */
static size_t encode(enum dtu_sdp_direction direction, uint8_t socket, uint8_t flag,
                     const void *data, size_t data_len)
{
    struct dtu_sdp_frame frame = {socket, flag, data, data_len};
    uint8_t head[DTU_SDP_HEAD_LEN];
    uint8_t tail;
    size_t len = 0;
    memset(out, 0xEE, sizeof out);
    CHECK_EQ(dtu_sdp_encode(direction, &frame, out, data_len + DTU_SDP_OVERHEAD, &len), DTU_OK);
    CHECK_EQ(len, data_len + DTU_SDP_OVERHEAD);
    CHECK_EQ(out[data_len + DTU_SDP_OVERHEAD], 0xEE);
    CHECK_EQ(dtu_sdp_wrap(direction, &frame, head, &tail), DTU_OK);
    CHECK_BYTES(head, sizeof head, out, DTU_SDP_HEAD_LEN);
    CHECK_EQ(tail, out[len - 1]);
    return len;
}

static void the_published_sample_is_encoded(void)
{
    size_t len = encode(DTU_SDP_TO_MODULE, DTU_SDP_SOCKET_A, 0, "\xCC", 1);
    CHECK_BYTES(out, len, SAMPLE, sizeof SAMPLE - 1);
}

static void a_frame_of_a_module_has_the_other_head(void)
{
    size_t len = encode(DTU_SDP_FROM_MODULE, 0x64, 0, "hi", 2);
    CHECK_BYTES(out, len, "\xAA\xFD\x55\x00\x04\x64\x00hi\x35", 10);
}

static void a_report_is_a_frame_with_bit_7_of_the_flag(void)
{
    uint8_t code = DTU_SDP_SEND_FAILED;
    size_t len = encode(DTU_SDP_FROM_MODULE, 0, DTU_SDP_REPORT, &code, 1);
    CHECK_BYTES(out, len, "\xAA\xFD\x55\x00\x03\x00\x80\x10\x90", 9);
}

static void a_frame_may_have_no_data(void)
{
    size_t len = encode(DTU_SDP_TO_MODULE, 0x63, 0, NULL, 0);
    CHECK_BYTES(out, len, EMPTY_TO_C, sizeof EMPTY_TO_C - 1);
}

static void the_length_is_that_of_the_data_and_two_high_byte_first(void)
{
    size_t len = encode(DTU_SDP_TO_MODULE, 0x61, 0, large, 0x0200);
    CHECK_EQ(len, 0x0208);
    CHECK_EQ(out[3], 0x02);
    CHECK_EQ(out[4], 0x02);
}

static void the_longest_frame_is_4095_bytes(void)
{
    struct dtu_sdp_frame frame = {DTU_SDP_SOCKET_A, 0, large, 4088};
    uint8_t head[DTU_SDP_HEAD_LEN] = {0};
    uint8_t tail = 0x99;
    size_t len = 77;

    CHECK_EQ(encode(DTU_SDP_TO_MODULE, 0x61, 0, large, 4087), 4095);
    CHECK_EQ(out[3], 0x0F); /* 4089 */
    CHECK_EQ(out[4], 0xF9);
    CHECK_EQ(dtu_sdp_encode(DTU_SDP_TO_MODULE, &frame, out, sizeof out, &len), DTU_ERR_LENGTH);
    CHECK_EQ(dtu_sdp_wrap(DTU_SDP_TO_MODULE, &frame, head, &tail), DTU_ERR_LENGTH);
    frame.len = SIZE_MAX;
    CHECK_EQ(dtu_sdp_encode(DTU_SDP_TO_MODULE, &frame, out, sizeof out, &len), DTU_ERR_LENGTH);
    CHECK_EQ(dtu_sdp_wrap(DTU_SDP_TO_MODULE, &frame, head, &tail), DTU_ERR_LENGTH);
    CHECK_EQ(len, 77);
    CHECK_EQ(tail, 0x99);
    CHECK_EQ(head[0], 0);
}

static void encoding_needs_eight_bytes_more_than_the_data(void)
{
    static const uint8_t data[] = {1, 2, 3};
    struct dtu_sdp_frame frame = {DTU_SDP_SOCKET_A, 0, data, sizeof data};
    for (size_t size = 0; size <= 11; size++) {
        size_t len = 77;
        memset(out, 0xEE, 20);
        CHECK_EQ(dtu_sdp_encode(DTU_SDP_TO_MODULE, &frame, out, size, &len),
                 size < 11 ? DTU_ERR_SPACE : DTU_OK);
        CHECK_EQ(len, size < 11 ? 77 : 11);
        CHECK_EQ(out[size], 0xEE);
    }
}

static void a_report_tells_its_code(void)
{
    static const uint8_t codes[] = {0x00, 0x01, 0x02, 0x04, 0x10};
    for (size_t i = 0; i < sizeof codes; i++) {
        struct dtu_sdp_frame frame = {0, DTU_SDP_REPORT, &codes[i], 1};
        enum dtu_sdp_code code = DTU_SDP_BAD_SUM_OLD;
        CHECK(dtu_sdp_is_report(&frame, &code));
        CHECK_EQ(code, codes[i]);
    }
}

static void the_old_code_of_a_wrong_sum_reads_as_the_new_one(void)
{
    static const uint8_t old = 0x03;
    struct dtu_sdp_frame frame = {0, DTU_SDP_REPORT, &old, 1};
    enum dtu_sdp_code code = DTU_SDP_BAD_HEAD;
    CHECK(dtu_sdp_is_report(&frame, &code));
    CHECK_EQ(code, 0x04);
}

static void only_bit_7_makes_a_report(void)
{
    static const uint8_t data = 0x02;
    struct dtu_sdp_frame frame = {DTU_SDP_SOCKET_A, 0, &data, 1};
    enum dtu_sdp_code code = DTU_SDP_SEND_FAILED;
    for (unsigned flag = 0; flag < 256; flag++) {
        frame.flag = (uint8_t)flag;
        CHECK_EQ(dtu_sdp_is_report(&frame, &code), flag >= 0x80);
        CHECK_EQ(code, flag >= 0x80 ? DTU_SDP_BAD_SOCKET : DTU_SDP_SEND_FAILED);
    }
    frame.len = 0;
    CHECK(dtu_sdp_is_report(&frame, &code));
    CHECK_EQ(code, DTU_SDP_BAD_HEAD);
}

/* --- Set-up --------------------------------------------------------------------------------- */

static void a_config_that_cannot_work_is_refused(void)
{
    static const struct dtu_sdp_callbacks no_frame = {NULL, on_damage};
    static const struct dtu_sdp_callbacks no_damage = {on_frame, NULL};
    struct dtu_sdp_config c = {DTU_SDP_TO_MODULE, large, 8};

    CHECK_EQ(dtu_sdp_init(&sdp, &c, &callbacks, NULL), DTU_OK);
    CHECK_EQ(dtu_sdp_init(&sdp, &c, &no_damage, NULL), DTU_OK);
    CHECK_EQ(dtu_sdp_init(&sdp, &c, &no_frame, NULL), DTU_ERR_CONFIG);
    c.size = 7;
    CHECK_EQ(dtu_sdp_init(&sdp, &c, &callbacks, NULL), DTU_ERR_CONFIG);
    c.size = 0;
    CHECK_EQ(dtu_sdp_init(&sdp, &c, &callbacks, NULL), DTU_ERR_CONFIG);
    c.size = 4095;
    CHECK_EQ(dtu_sdp_init(&sdp, &c, &callbacks, NULL), DTU_OK);
    c.size = 4096;
    CHECK_EQ(dtu_sdp_init(&sdp, &c, &callbacks, NULL), DTU_ERR_CONFIG);
    c.size = 4095;
    c.buffer = NULL;
    CHECK_EQ(dtu_sdp_init(&sdp, &c, &callbacks, NULL), DTU_ERR_CONFIG);
}

static void a_new_decoder_holds_nothing_and_has_counted_nothing(void)
{
    static const struct dtu_sdp_stats none;
    memset(&sdp, 0xEE, sizeof sdp);
    begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
    CHECK_BYTES(&sdp.stats, sizeof sdp.stats, &none, sizeof none);
    CHECK(dtu_sdp_resume(&sdp));
    CHECK(dtu_sdp_flush(&sdp));
    CHECK_EQ(dtu_sdp_clear(&sdp), 0);
    CHECK_EQ(dtu_sdp_feed(&sdp, NULL, 0), 0);
    CHECK_EQ(seen.calls, 0);
}

/* --- Frames --------------------------------------------------------------------------------- */

static void the_published_sample_is_decoded(void)
{
    begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
    FEED_ALL(SAMPLE);
    CHECK_TOLD("[a\0\xCC]");
    CHECK_EQ(sdp.stats.frames, 1);
    CHECK_EQ(sdp.stats.skipped, 0);
}

static void frames_that_follow_each_other_are_all_decoded(void)
{
    begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
    FEED_ALL(SAMPLE HI_TO_B EMPTY_TO_C HI_TO_B);
    CHECK_TOLD("[a\0\xCC][b\0hi][c\0][b\0hi]");
    CHECK_EQ(sdp.stats.frames, 4);
}

static void the_flag_of_a_frame_to_a_module_is_not_looked_at(void)
{
    begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
    FEED_ALL("\x55\xFD\xAA\x00\x03\x61\xFF\xCC\x2C");
    CHECK_TOLD("[a\xFF\xCC]");
}

static void every_socket_from_a_to_d_is_good_and_no_other(void)
{
    for (unsigned socket = 0; socket < 256; socket++) {
        size_t len = encode(DTU_SDP_TO_MODULE, (uint8_t)socket, 0x80, "x", 1);
        begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
        CHECK_EQ(dtu_sdp_feed(&sdp, out, len), len);
        if (socket >= 'a' && socket <= 'd') {
            CHECK_EQ(sdp.stats.frames, 1);
            CHECK_EQ(sdp.stats.skipped, 0);
        } else {
            CHECK_TOLD("SO");
            CHECK_EQ(sdp.stats.frames, 0);
            CHECK_EQ(sdp.stats.bad_socket, 1);
            CHECK_EQ(sdp.stats.skipped, len);
        }
    }
}

static void a_report_needs_no_socket(void)
{
    begin(DTU_SDP_FROM_MODULE, BUFFER_MAX);
    FEED_ALL("\xAA\xFD\x55\x00\x03\x00\x80\x04\x84"
             "\xAA\xFD\x55\x00\x02\x61\x80\xE1"
             "\xAA\xFD\x55\x00\x03\x00\x7F\x04\x83");
    CHECK_TOLD("[\0\x80\x04][a\x80]SO");
}

static void the_head_of_the_other_direction_is_none(void)
{
    begin(DTU_SDP_FROM_MODULE, BUFFER_MAX);
    FEED_ALL(SAMPLE);
    dtu_sdp_flush(&sdp);
    CHECK_TOLD("HE");
    CHECK_EQ(sdp.stats.skipped, 9);
    begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
    FEED_ALL("\xAA\xFD\x55\x00\x03\x61\x00\xCC\x2D");
    dtu_sdp_flush(&sdp);
    CHECK_TOLD("HE");
    CHECK_EQ(sdp.stats.skipped, 9);
}

static void a_frame_as_long_as_the_buffer_is_taken_and_no_longer_one(void)
{
    size_t len = encode(DTU_SDP_TO_MODULE, 0x61, 0, "12345678", 8);
    begin(DTU_SDP_TO_MODULE, len);
    CHECK_EQ(dtu_sdp_feed(&sdp, out, 5), 5);
    CHECK_EQ(dtu_sdp_feed(&sdp, out + 5, len - 5), len - 5);
    CHECK_TOLD("[a\0"
               "12345678]");
    begin(DTU_SDP_TO_MODULE, len - 1);
    CHECK_EQ(dtu_sdp_feed(&sdp, out, len), len);
    CHECK_TOLD("LE");
    CHECK_EQ(sdp.stats.bad_length, 1);
    CHECK_EQ(sdp.stats.skipped, len);
}

static void the_smallest_buffer_takes_frames_without_data(void)
{
    begin(DTU_SDP_TO_MODULE, DTU_SDP_OVERHEAD);
    for (size_t i = 0; i < sizeof EMPTY_TO_C - 1; i++)
        CHECK_EQ(dtu_sdp_feed(&sdp, (const uint8_t *)EMPTY_TO_C + i, 1), 1);
    FEED_ALL(SAMPLE);
    CHECK_TOLD("[c\0]LE");
    CHECK_EQ(buffer[DTU_SDP_OVERHEAD], 0xEE);
}

static struct {
    size_t len;
    uint8_t sum;
} longest;

static bool on_longest(void *ctx, const struct dtu_sdp_frame *frame)
{
    (void)ctx;
    longest.len = frame->len;
    longest.sum = 0;
    for (size_t i = 0; i < frame->len; i++)
        longest.sum = (uint8_t)(longest.sum ^ frame->data[i]);
    return true;
}

static void the_longest_frame_comes_through_in_one_piece_or_in_many(void)
{
    static const struct dtu_sdp_callbacks only_frame = {on_longest, NULL};
    static const struct dtu_sdp_config c = {DTU_SDP_TO_MODULE, large, sizeof large};
    struct test_rand rand;
    uint8_t sum = 0;
    size_t len;

    test_rand_seed(&rand, 3);
    test_rand_bytes(&rand, large, 4087);
    for (size_t i = 0; i < 4087; i++)
        sum = (uint8_t)(sum ^ large[i]);
    len = encode(DTU_SDP_TO_MODULE, 0x61, 0, large, 4087);
    CHECK_EQ(dtu_sdp_init(&sdp, &c, &only_frame, NULL), DTU_OK);
    for (size_t piece = len; piece > 0; piece = piece == 1 ? 0 : piece / 16 + 1) {
        longest.len = 0;
        for (size_t i = 0; i < len; i += piece) {
            size_t n = len - i < piece ? len - i : piece;
            CHECK_EQ(dtu_sdp_feed(&sdp, out + i, n), n);
        }
        CHECK_EQ(longest.len, 4087);
        CHECK_EQ(longest.sum, sum);
        if (piece == 2)
            piece = 1;
    }
    CHECK_EQ(sdp.stats.skipped, 0);
}

/* --- Where frames lie ----------------------------------------------------------------------- */

static void a_frame_that_lies_whole_in_the_input_is_not_copied(void)
{
    static const uint8_t input[] = "xy" SAMPLE "z" HI_TO_B;
    begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
    CHECK_EQ(dtu_sdp_feed(&sdp, input, 11), 11);
    CHECK(seen.at == input + 2 + DTU_SDP_HEAD_LEN);
    CHECK_EQ(dtu_sdp_feed(&sdp, input + 11, sizeof input - 12), sizeof input - 12);
    CHECK(seen.at == input + 12 + DTU_SDP_HEAD_LEN);
    CHECK_EQ(buffer[0], 0xEE);
}

static void a_frame_behind_the_end_of_another_is_not_copied(void)
{
    static const uint8_t input[] = "\x61\x00\xCC\x2D" HI_TO_B;
    begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
    FEED_ALL("\x55\xFD\xAA\x00\x03");
    CHECK_EQ(dtu_sdp_feed(&sdp, input, sizeof input - 1), sizeof input - 1);
    CHECK_TOLD("[a\0\xCC][b\0hi]");
    CHECK(seen.at == input + 4 + DTU_SDP_HEAD_LEN);
}

static void a_frame_that_begins_in_a_damaged_one_is_not_copied_if_it_lies_whole_in_the_input(void)
{
    static const uint8_t input[] = "12" HI_TO_B "345678";
    begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
    FEED_ALL("\x55\xFD\xAA\x00\x10\x61\x00xx");
    CHECK_EQ(dtu_sdp_feed(&sdp, input, sizeof input - 1), sizeof input - 1);
    CHECK_TOLD("SU[b\0hi]HE");
    CHECK(seen.at == input + 2 + DTU_SDP_HEAD_LEN);
}

/* --- Damage --------------------------------------------------------------------------------- */

static void bytes_that_are_no_frame_are_told_once_a_run(void)
{
    begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
    FEED_ALL("abc");
    FEED_ALL("def");
    CHECK_TOLD("HE");
    FEED_ALL(SAMPLE "g" HI_TO_B "h");
    CHECK_TOLD("[a\0\xCC]HE[b\0hi]HE");
    CHECK_EQ(sdp.stats.bad_head, 3);
    CHECK_EQ(sdp.stats.skipped, 8);
}

static void a_flush_ends_a_run(void)
{
    begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
    FEED_ALL("abc");
    CHECK(dtu_sdp_flush(&sdp));
    FEED_ALL("def");
    CHECK_TOLD("HEHE");
    CHECK_EQ(sdp.stats.bad_head, 2);
}

static void a_frame_with_a_wrong_id_ends_a_run(void)
{
    begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
    FEED_ALL("a\x55\xFD\xAA\x00\x02\x60\x00\x60zb");
    CHECK_TOLD("HESOHE");
    CHECK_EQ(sdp.stats.bad_head, 2);
    CHECK_EQ(sdp.stats.bad_socket, 1);
    CHECK_EQ(sdp.stats.skipped, 11);
}

static void a_run_that_begins_with_other_damage_is_not_told_again(void)
{
    begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
    FEED_ALL("\x55\xFD\xAA\x00\x03\x61\x00\xCC\x2Exyz" SAMPLE);
    CHECK_TOLD("SU[a\0\xCC]");
    FEED_ALL("\x55\xFD\xAA\x00\x01\x61\x00\xCC\x2Exyz" SAMPLE);
    CHECK_TOLD("LE[a\0\xCC]");
    CHECK_EQ(sdp.stats.bad_head, 0);
}

static void damage_in_a_run_is_told_each_time(void)
{
    begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
    FEED_ALL("x\x55\xFD\xAA\x00\x00\x61\x00\x61"
             "\x55\xFD\xAA\x00\x01\x61\x00\x61"
             "\x55\xFD\xAA\x00\x02\x61\x00\x62"
             "\x55\xFD\xAA\x00\x02\x61\x01\x61");
    CHECK_TOLD("HELELESUSU");
    CHECK_EQ(sdp.stats.bad_head, 1);
    CHECK_EQ(sdp.stats.bad_length, 2);
    CHECK_EQ(sdp.stats.bad_sum, 2);
    CHECK_EQ(sdp.stats.skipped, 33);
}

static void lengths_from_2_to_what_the_buffer_holds_are_possible(void)
{
    uint8_t head[DTU_SDP_OVERHEAD] = {0x55, 0xFD, 0xAA, 0, 0, 'a', 0, 0};
    for (uint32_t length = 0; length <= 0xFFFF; length += length < 300 ? 1 : 97) {
        begin(DTU_SDP_TO_MODULE, 32);
        head[3] = (uint8_t)(length >> 8);
        head[4] = (uint8_t)length;
        CHECK_EQ(dtu_sdp_feed(&sdp, head, sizeof head), sizeof head);
        CHECK_EQ(sdp.stats.bad_length, length < 2 || length > 26);
    }
    head[3] = head[4] = 0xFF;
    begin(DTU_SDP_TO_MODULE, 32);
    CHECK_EQ(dtu_sdp_feed(&sdp, head, sizeof head), sizeof head);
    CHECK_EQ(sdp.stats.bad_length, 1);
}

static void every_flipped_bit_behind_the_length_is_a_wrong_sum(void)
{
    static const char text[] = HI_TO_B;
    uint8_t frame[sizeof text - 1];
    for (size_t bit = 5 * 8; bit < sizeof frame * 8; bit++) {
        memcpy(frame, text, sizeof frame);
        frame[bit / 8] = (uint8_t)(frame[bit / 8] ^ 1u << bit % 8);
        begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
        CHECK_EQ(dtu_sdp_feed(&sdp, frame, sizeof frame), sizeof frame);
        CHECK(dtu_sdp_flush(&sdp));
        CHECK_EQ(sdp.stats.bad_sum, 1);
        CHECK_EQ(sdp.stats.frames, 0);
        CHECK_EQ(sdp.stats.skipped, sizeof frame);
    }
}

static void without_a_damage_callback_damage_is_only_counted(void)
{
    static const struct dtu_sdp_callbacks no_damage = {on_frame, NULL};
    begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
    CHECK_EQ(dtu_sdp_init(&sdp, &config, &no_damage, &seen), DTU_OK);
    FEED_ALL("x" SAMPLE "\x55\xFD\xAA\x00\x02\x65\x00\x65"
             "\x55\xFD\xAA\x00\x01\x61\x00\x61"
             "\x55\xFD\xAA\x00\x02\x61\x00\x62");
    CHECK_TOLD("[a\0\xCC]");
    CHECK_EQ(sdp.stats.bad_head, 1);
    CHECK_EQ(sdp.stats.bad_socket, 1);
    CHECK_EQ(sdp.stats.bad_length, 1);
    CHECK_EQ(sdp.stats.bad_sum, 1);
    CHECK_EQ(sdp.stats.skipped, 25);
}

static void the_next_frame_is_found_though_it_begins_inside_the_damaged_one(void)
{
    begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
    FEED_ALL("\x55\xFD\xAA\x00\x06\x61\x00" HI_TO_B SAMPLE); /* bytes of the first were lost */
    CHECK_TOLD("SU[b\0hi][a\0\xCC]");
    CHECK_EQ(sdp.stats.skipped, 7);
}

static void a_head_directly_before_a_frame_hides_nothing(void)
{
    begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
    FEED_ALL("\x55" SAMPLE "\x55\xFD" SAMPLE "\x55\xFD\xAA" SAMPLE "\x55\xFD\xAA\x00" SAMPLE);
    CHECK_TOLD("HE[a\0\xCC]HE[a\0\xCC]LE[a\0\xCC]LE[a\0\xCC]");
}

/* --- Flush ---------------------------------------------------------------------------------- */

static void a_frame_that_is_cut_short_waits_for_a_flush(void)
{
    begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
    FEED_ALL("\x55\xFD\xAA\x00\x10\x61\x00");
    CHECK_EQ(seen.calls, 0);
    CHECK(dtu_sdp_flush(&sdp));
    CHECK_TOLD("LE");
    CHECK_EQ(sdp.stats.bad_length, 1);
    CHECK_EQ(sdp.stats.skipped, 7);
    CHECK(dtu_sdp_flush(&sdp)); /* nothing is left */
    CHECK_EQ(sdp.stats.skipped, 7);
    FEED_ALL(SAMPLE);
    CHECK_TOLD("[a\0\xCC]");
}

static void a_head_that_is_cut_short_is_a_bad_length_and_a_part_of_one_is_no_head(void)
{
    static const char *const told[] = {"", "HE", "HE", "LE", "LE", "LE", "LE", "LE"};
    for (size_t len = 0; len < 8; len++) {
        begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
        CHECK_EQ(dtu_sdp_feed(&sdp, (const uint8_t *)EMPTY_TO_C, len), len);
        CHECK_EQ(seen.calls, 0);
        CHECK(dtu_sdp_flush(&sdp));
        check_log(told[len], strlen(told[len]), __LINE__);
        CHECK_EQ(sdp.stats.skipped, len);
    }
}

static void a_flush_finds_the_frames_inside_the_one_cut_short(void)
{
    begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
    FEED_ALL("\x55\xFD\xAA\x00\x3A\x61\x00" SAMPLE "x" HI_TO_B "\x55\xFD\xAA\x00\x3A\x61\x00"
             "y");
    CHECK_EQ(seen.calls, 0);
    CHECK(dtu_sdp_flush(&sdp));
    CHECK_TOLD("LE[a\0\xCC]HE[b\0hi]LE");
    CHECK_EQ(sdp.stats.skipped, 16);
    CHECK_EQ(dtu_sdp_clear(&sdp), 0);
}

/* --- No room -------------------------------------------------------------------------------- */

static void a_frame_in_the_input_that_is_refused_stays_there(void)
{
    begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
    seen.refuse_all = true;
    CHECK_EQ(FEED(SAMPLE HI_TO_B), 0);
    CHECK_EQ(FEED(SAMPLE HI_TO_B), 0);
    CHECK_EQ(seen.calls, 2);
    CHECK_EQ(dtu_sdp_clear(&sdp), 0);
    seen.refuse_all = false;
    seen.refuse_call = 4;
    CHECK_EQ(FEED(SAMPLE HI_TO_B), 9);
    CHECK_TOLD("[a\0\xCC]");
    FEED_ALL(HI_TO_B);
    CHECK_TOLD("[b\0hi]");
    CHECK_EQ(sdp.stats.frames, 2);
}

static void the_end_of_a_frame_that_is_refused_is_not_taken(void)
{
    begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
    seen.refuse_all = true;
    FEED_ALL("\x55\xFD\xAA\x00\x03\x61");
    CHECK_EQ(FEED("\x00\xCC\x2D"), 0);
    CHECK_EQ(seen.calls, 1);
    CHECK(dtu_sdp_resume(&sdp)); /* what is held is no whole frame */
    CHECK_EQ(FEED("\x00"), 1);
    CHECK_EQ(FEED("\xCC\x2D"), 0);
    seen.refuse_all = false;
    FEED_ALL("\xCC\x2D");
    CHECK_TOLD("[a\0\xCC]");
}

static void damage_that_is_refused_is_told_again(void)
{
    begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
    seen.refuse_all = true;
    CHECK_EQ(FEED("abc" SAMPLE), 0);
    CHECK_EQ(sdp.stats.bad_head, 0);
    CHECK_EQ(sdp.stats.skipped, 0);
    CHECK_EQ(FEED("\x55\xFD\xAA\x00\x02\x61\x00\x62"), 0);
    CHECK_EQ(sdp.stats.bad_sum, 0);
    CHECK_EQ(FEED("\x55\xFD\xAA\x00\x01\x61\x00\x62"), 0);
    CHECK_EQ(sdp.stats.bad_length, 0);
    CHECK_EQ(FEED("\x55\xFD\xAA\x00\x02\x60\x00\x60"), 0);
    CHECK_EQ(sdp.stats.bad_socket, 0);
    CHECK_EQ(sdp.stats.skipped, 0);
    CHECK_EQ(seen.calls, 4);
    seen.refuse_all = false;
    FEED_ALL("abc" SAMPLE);
    CHECK_TOLD("HE[a\0\xCC]");
    CHECK_EQ(sdp.stats.bad_head, 1);
}

static void a_flush_that_finds_no_room_goes_on_with_resume(void)
{
    begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
    FEED_ALL("\x55\xFD\xAA\x00\x3A\x61\x00" SAMPLE HI_TO_B);
    seen.refuse_all = true;
    CHECK(!dtu_sdp_flush(&sdp));
    CHECK(!dtu_sdp_resume(&sdp));
    CHECK_EQ(FEED(EMPTY_TO_C), 0); /* nothing is taken before the flush is through */
    CHECK_EQ(dtu_sdp_feed(&sdp, NULL, 0), 0);
    seen.refuse_all = false;
    seen.refuse_call = seen.calls + 2;
    CHECK(!dtu_sdp_resume(&sdp));
    CHECK_TOLD("LE");
    CHECK(dtu_sdp_resume(&sdp));
    CHECK_TOLD("[a\0\xCC][b\0hi]");
    CHECK(dtu_sdp_resume(&sdp));
    FEED_ALL("\x55\xFD\xAA\x00\x02\x63");
    CHECK(dtu_sdp_resume(&sdp)); /* is no flush */
    FEED_ALL("\x00\x63");
    CHECK_TOLD("[c\0]");
}

static void a_feed_goes_on_with_the_flush_too(void)
{
    begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
    FEED_ALL("\x55\xFD\xAA\x00\x3A\x61\x00" HI_TO_B "x");
    seen.refuse_call = 2;
    CHECK(!dtu_sdp_flush(&sdp));
    CHECK_TOLD("LE");
    FEED_ALL("y" EMPTY_TO_C); /* the run of x ended with the flush */
    CHECK_TOLD("[b\0hi]HEHE[c\0]");
}

static void clear_drops_what_is_held_and_what_was_to_be_done(void)
{
    begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
    FEED_ALL("x\x55\xFD\xAA\x00\x03");
    CHECK_EQ(dtu_sdp_clear(&sdp), 5);
    FEED_ALL("y");
    CHECK_TOLD("HEHE"); /* a new run */
    FEED_ALL("\x55\xFD\xAA\x00\x3A\x61\x00" HI_TO_B);
    seen.refuse_call = seen.calls + 2;
    CHECK(!dtu_sdp_flush(&sdp));
    CHECK_TOLD("LE");
    CHECK_EQ(dtu_sdp_clear(&sdp), 10);
    CHECK(dtu_sdp_resume(&sdp));
    FEED_ALL("\x55\xFD\xAA\x00\x02\x63");
    FEED_ALL("\x00\x63");
    CHECK_TOLD("[c\0]"); /* the flush is forgotten */
}

/* --- Against the reference ------------------------------------------------------------------ */

enum kind { FRAME, HEAD, LENGTH, SOCKET, SUM };

struct event {
    uint8_t kind;
    uint16_t at;
    uint16_t len;
};

static struct {
    uint8_t bytes[STREAM_MAX];
    size_t len;
    size_t pause;               /* a flush comes behind so many bytes, and one at the end */
    uint16_t good_at[GOOD_MAX]; /* where undamaged frames were put, and how long they are */
    uint16_t good_len[GOOD_MAX];
    size_t goods;
} stream;

static struct {
    struct event events[EVENTS_MAX];
    size_t count;
    size_t next; /* of the decoder */
    struct dtu_sdp_stats stats;
} expected;

static struct {
    struct test_rand rand;
    unsigned chance; /* one of so many calls is refused; 0: none */
    unsigned call;   /* or this one, counted from 1; 0: none */
    unsigned calls;
    bool refused; /* since it was last looked at */
} room;

static void expect(enum kind kind, size_t at, size_t len)
{
    CHECK(expected.count < EVENTS_MAX);
    if (expected.count == EVENTS_MAX)
        return;
    struct event e = {(uint8_t)kind, (uint16_t)at, (uint16_t)len};
    expected.events[expected.count++] = e;
    expected.stats.frames += kind == FRAME;
    expected.stats.bad_head += kind == HEAD;
    expected.stats.bad_length += kind == LENGTH;
    expected.stats.bad_socket += kind == SOCKET;
    expected.stats.bad_sum += kind == SUM;
}

/* What is wrong with a frame at `at` if the stream ends at `end`; FRAME or SOCKET if nothing is.
 * Written to be read beside the drawing of a frame, and otherwise than the engine. */
static enum kind judge(size_t at, size_t end, size_t *len)
{
    const uint8_t *p = stream.bytes + at;
    bool to = config.direction == DTU_SDP_TO_MODULE;
    unsigned sum = 0;

    if (at + 3 > end || p[0] != (to ? 0x55 : 0xAA) || p[1] != 0xFD || p[2] != (to ? 0xAA : 0x55))
        return HEAD;
    if (at + 5 > end)
        return LENGTH;
    *len = 256u * p[3] + p[4] + 6;
    if (*len < 8 || *len > config.size || at + *len > end)
        return LENGTH;
    for (size_t i = 5; i + 1 < *len; i++)
        sum += p[i];
    if (sum % 256 != p[*len - 1])
        return SUM;
    if (!to && p[6] >= 0x80)
        return FRAME;
    return p[5] >= 'a' && p[5] <= 'd' ? FRAME : SOCKET;
}

/* The scan from left to right, of a part of the stream that ends with a flush. */
static void reference(size_t at, size_t end)
{
    bool run = false;
    while (at < end) {
        size_t len = 0;
        enum kind kind = judge(at, end, &len);
        if (kind == FRAME || kind == SOCKET) {
            expect(kind, at, len);
            expected.stats.skipped += kind == SOCKET ? (uint32_t)len : 0;
            at += len;
            run = false;
            continue;
        }
        if (kind != HEAD || !run)
            expect(kind, at, 0);
        expected.stats.skipped++;
        run = true;
        at++;
    }
}

static bool finds_room(void)
{
    room.calls++;
    if (room.calls != room.call &&
        (room.chance == 0 || test_rand_below(&room.rand, room.chance) > 0))
        return true;
    room.refused = true;
    return false;
}

static bool check_frame(void *ctx, const struct dtu_sdp_frame *frame)
{
    CHECK(ctx == &expected);
    if (!finds_room())
        return false;
    CHECK(expected.next < expected.count);
    const struct event *e = &expected.events[expected.next++];
    const uint8_t *bytes = stream.bytes + e->at;
    CHECK_EQ(e->kind, FRAME);
    CHECK_EQ(frame->socket, bytes[5]);
    CHECK_EQ(frame->flag, bytes[6]);
    CHECK_BYTES(frame->data, frame->len, bytes + 7, e->len - 8u);
    return true;
}

static bool check_damage(void *ctx, enum dtu_sdp_code code)
{
    static const uint8_t codes[] = {0xFF, DTU_SDP_BAD_HEAD, DTU_SDP_BAD_LENGTH, DTU_SDP_BAD_SOCKET,
                                    DTU_SDP_BAD_SUM};
    CHECK(ctx == &expected);
    if (!finds_room())
        return false;
    CHECK(expected.next < expected.count);
    CHECK_EQ(code, codes[expected.events[expected.next++].kind]);
    return true;
}

static const struct dtu_sdp_callbacks checks = {check_frame, check_damage};

static void feed_part(size_t at, size_t end, size_t longest_piece)
{
    while (at < end) {
        size_t piece = 1 + test_rand_below(&room.rand, (uint32_t)longest_piece);
        if (piece > end - at)
            piece = end - at;
        room.refused = false;
        size_t taken = dtu_sdp_feed(&sdp, stream.bytes + at, piece);
        CHECK(taken <= piece);
        CHECK_EQ(taken < piece, room.refused);
        at += taken;
        if (room.refused && test_rand_below(&room.rand, 2) == 0)
            (void)dtu_sdp_resume(&sdp);
    }
    room.refused = false;
    bool through = dtu_sdp_flush(&sdp);
    CHECK_EQ(through, !room.refused);
    while (!through)
        through = dtu_sdp_resume(&sdp);
}

/* Feeds the stream in pieces of up to so many bytes; the callbacks compare. */
static void run_decoder(size_t longest_piece)
{
    expected.next = 0;
    room.calls = 0;
    memset(buffer, 0xEE, sizeof buffer);
    CHECK_EQ(dtu_sdp_init(&sdp, &config, &checks, &expected), DTU_OK);
    feed_part(0, stream.pause, longest_piece);
    feed_part(stream.pause, stream.len, longest_piece);
    CHECK_EQ(expected.next, expected.count);
    CHECK_BYTES(&sdp.stats, sizeof sdp.stats, &expected.stats, sizeof expected.stats);
    CHECK_EQ(dtu_sdp_clear(&sdp), 0);
    CHECK_EQ(buffer[config.size], 0xEE);
}

static void run_reference(void)
{
    memset(&expected, 0, sizeof expected);
    reference(0, stream.pause);
    reference(stream.pause, stream.len);
}

/* Every frame that was put in undamaged was found, or one with a right sum begins before it and
 * covers its beginning. Returns how many were not found. */
static unsigned check_good_frames(void)
{
    unsigned covered = 0;
    for (size_t i = 0; i < stream.goods; i++) {
        size_t at = stream.good_at[i];
        bool found = false;
        bool excused = false;
        for (size_t j = 0; j < expected.count; j++) {
            const struct event *e = &expected.events[j];
            size_t len = 0;
            if (e->kind != FRAME && e->kind != SOCKET)
                continue;
            CHECK_EQ(judge(e->at, stream.len, &len), e->kind);
            found = found || (e->kind == FRAME && e->at == at && e->len == stream.good_len[i]);
            excused = excused || (e->at < at && (size_t)(e->at + e->len) > at);
        }
        CHECK(found != excused);
        covered += excused;
    }
    return covered;
}

/* Bytes of which heads are made, more often than chance would. */
static uint8_t garbage(struct test_rand *rand)
{
    static const uint8_t letters[] = {0x55, 0xFD, 0xAA, 0x00, 0x02, 0x08, 'a', 0x80};
    uint32_t n = test_rand_below(rand, 2 * sizeof letters);
    return n < sizeof letters ? letters[n] : (uint8_t)(test_rand_u32(rand) >> 16);
}

static void put(const void *data, size_t len)
{
    memcpy(stream.bytes + stream.len, data, len);
    stream.len += len;
}

/* A frame of random contents, in `out`; now and then the data has a head or a frame inside. */
static size_t random_frame(struct test_rand *rand)
{
    uint8_t data[BUFFER_MAX - DTU_SDP_OVERHEAD];
    size_t len = test_rand_below(rand, (uint32_t)(config.size - DTU_SDP_OVERHEAD + 1));
    bool report = config.direction == DTU_SDP_FROM_MODULE && test_rand_below(rand, 4) == 0;
    for (size_t i = 0; i < len; i++)
        data[i] = garbage(rand);
    return encode(config.direction, report ? 0 : (uint8_t)('a' + test_rand_below(rand, 4)),
                  report ? DTU_SDP_REPORT : 0, data, len);
}

static size_t damage(struct test_rand *rand, uint8_t *frame, size_t len)
{
    size_t at = test_rand_below(rand, (uint32_t)len);
    switch (test_rand_below(rand, 4)) {
    case 0: /* a bit is flipped */
        frame[at] = (uint8_t)(frame[at] ^ 1u << test_rand_below(rand, 8));
        return len;
    case 1: /* it is cut off */
        return at;
    case 2: /* a byte is lost */
        memmove(frame + at, frame + at + 1, len - at - 1);
        return len - 1;
    default: /* a byte comes in */
        memmove(frame + at + 1, frame + at, len - at);
        frame[at] = garbage(rand);
        return len + 1;
    }
}

static void make_stream(struct test_rand *rand)
{
    stream.len = 0;
    stream.goods = 0;
    stream.pause = SIZE_MAX;
    while (stream.len + 2 * (size_t)BUFFER_MAX < STREAM_MAX && stream.goods < GOOD_MAX) {
        uint32_t what = test_rand_below(rand, 8);
        size_t len = random_frame(rand);
        if (what < 4) {
            stream.good_at[stream.goods] = (uint16_t)stream.len;
            stream.good_len[stream.goods++] = (uint16_t)len;
            put(out, len);
        } else if (what < 7) {
            put(out, damage(rand, out, len));
        } else {
            for (size_t n = test_rand_below(rand, 20); n > 0; n--)
                stream.bytes[stream.len++] = garbage(rand);
        }
        if (stream.pause == SIZE_MAX && stream.len > STREAM_MAX / 2)
            stream.pause = stream.len;
    }
    if (stream.pause == SIZE_MAX)
        stream.pause = stream.len;
}

static void random_config(struct test_rand *rand)
{
    config = (struct dtu_sdp_config){
        test_rand_below(rand, 2) == 0 ? DTU_SDP_TO_MODULE : DTU_SDP_FROM_MODULE, buffer,
        DTU_SDP_OVERHEAD + test_rand_below(rand, BUFFER_MAX - DTU_SDP_OVERHEAD + 1)};
}

static void run_all_splits(void)
{
    room.chance = 0;
    room.call = 0;
    run_decoder(1);
    run_decoder(7);
    run_decoder(STREAM_MAX);
    room.chance = 3;
    run_decoder(1);
    run_decoder(30);
    run_decoder(STREAM_MAX);
}

static void no_undamaged_frame_is_lost_and_no_damaged_one_is_taken(void)
{
    struct test_rand rand;
    unsigned goods = 0;
    unsigned covered = 0;
    test_rand_seed(&rand, 11);
    test_rand_seed(&room.rand, 12);
    for (int i = 0; i < CHECK_ROUNDS(400); i++) {
        random_config(&rand);
        make_stream(&rand);
        run_reference();
        run_all_splits();
        goods += (unsigned)stream.goods;
        covered += check_good_frames();
    }
    CHECK(goods > CHECK_ROUNDS(2000));
    CHECK(covered < goods / 20); /* else the streams say nothing */
}

static void every_stream_of_few_letters_agrees_with_the_reference(void)
{
    struct test_rand rand;
    test_rand_seed(&rand, 21);
    test_rand_seed(&room.rand, 22);
    for (int i = 0; i < CHECK_ROUNDS(1000); i++) {
        random_config(&rand);
        stream.len = test_rand_below(&rand, 200);
        stream.pause = test_rand_below(&rand, (uint32_t)stream.len + 1);
        for (size_t j = 0; j < stream.len; j++)
            stream.bytes[j] = garbage(&rand);
        for (size_t j = 0; j + 8 < stream.len; j += 1 + test_rand_below(&rand, 30)) {
            bool to = config.direction == DTU_SDP_TO_MODULE; /* many heads, many of them nested */
            const uint8_t head[] = {to ? 0x55 : 0xAA, 0xFD, to ? 0xAA : 0x55, 0,
                                    (uint8_t)test_rand_below(&rand, 40)};
            memcpy(stream.bytes + j, head, sizeof head);
        }
        run_reference();
        run_all_splits();
    }
}

/* Without a flush nothing but the bytes decides what has been told, and what is held. */
static void what_was_told_so_far_is_the_same_for_every_split(void)
{
    struct test_rand rand;
    test_rand_seed(&rand, 51);
    test_rand_seed(&room.rand, 52);
    room.chance = 0;
    for (int i = 0; i < CHECK_ROUNDS(1000); i++) {
        struct dtu_sdp_stats stats;
        random_config(&rand);
        make_stream(&rand);
        stream.pause = stream.len;
        run_reference();
        size_t len = test_rand_below(&rand, (uint32_t)stream.len + 1);
        expected.next = 0;
        CHECK_EQ(dtu_sdp_init(&sdp, &config, &checks, &expected), DTU_OK);
        CHECK_EQ(dtu_sdp_feed(&sdp, stream.bytes, len), len);
        stats = sdp.stats;
        size_t held = dtu_sdp_clear(&sdp);
        expected.next = 0;
        CHECK_EQ(dtu_sdp_init(&sdp, &config, &checks, &expected), DTU_OK);
        for (size_t at = 0; at < len; at++)
            CHECK_EQ(dtu_sdp_feed(&sdp, stream.bytes + at, 1), 1);
        CHECK_BYTES(&sdp.stats, sizeof sdp.stats, &stats, sizeof stats);
        CHECK_EQ(dtu_sdp_clear(&sdp), held);
    }
}

/* Each call of a callback is refused once, in a stream that has every kind of event. */
static void no_single_refusal_changes_what_is_told(void)
{
    static const char text[] =
        "ab" SAMPLE "\x55\xFD\xAA\x00\x06\x61\x00" HI_TO_B "\x55\xFD\xAA\x00\x02\x60\x00\x60"
        "c\x55\xFD\xAA\x00\x01" SAMPLE "\x55\xFD\xAA\x00\x30\x61\x00" EMPTY_TO_C "d" HI_TO_B;
    begin(DTU_SDP_TO_MODULE, BUFFER_MAX);
    stream.len = 0;
    put(text, sizeof text - 1);
    stream.pause = stream.len;
    run_reference();
    CHECK_EQ(expected.count, 12);
    test_rand_seed(&room.rand, 31);
    room.chance = 0;
    for (room.call = 0; room.call <= 12; room.call++) {
        run_decoder(1);
        run_decoder(13);
        run_decoder(STREAM_MAX);
    }
    room.call = 0;
}

static void encoding_and_decoding_is_the_identity(void)
{
    struct test_rand rand;
    test_rand_seed(&rand, 41);
    test_rand_seed(&room.rand, 42);
    room.chance = 0;
    for (int i = 0; i < CHECK_ROUNDS(1000); i++) {
        random_config(&rand);
        stream.len = 0;
        put(out, random_frame(&rand));
        stream.pause = stream.len;
        memset(&expected, 0, sizeof expected);
        expect(FRAME, 0, stream.len);
        run_decoder(1);
        run_decoder(STREAM_MAX);
    }
}

/* --- Frames for a receiver that may be slow -------------------------------------------------- */

static struct {
    uint8_t out[9000];
    size_t len;
    size_t room;
} slow;

static size_t slow_write(void *ctx, const uint8_t *data, size_t len)
{
    CHECK(ctx == &slow && len > 0);
    size_t n = len < slow.room ? len : slow.room;
    CHECK(n <= sizeof slow.out - slow.len);
    if (n > sizeof slow.out - slow.len)
        n = 0;
    memcpy(slow.out + slow.len, data, n);
    slow.len += n;
    slow.room -= n;
    return n;
}

static void new_sender(struct dtu_sdp_sender *s, size_t bytes)
{
    memset(&slow, 0, sizeof slow);
    slow.room = bytes;
    dtu_sdp_sender_init(s, DTU_SDP_FROM_MODULE, slow_write, &slow);
}

#define SEND(s, id, text) dtu_sdp_send(s, id, (const uint8_t *)(text), strlen(text))

/* By the format: 62 + 68 + 69 = 33; 61 + 78 = D9; 80 + 04 = 84. */
#define HI_FROM_B "\xAA\xFD\x55\x00\x04\x62\x00hi\x33"
#define X_FROM_A "\xAA\xFD\x55\x00\x03\x61\x00x\xD9"
#define SUM_REPORT "\xAA\xFD\x55\x00\x03\x00\x80\x04\x84"

#define CHECK_SLOW(literal) CHECK_BYTES(slow.out, slow.len, literal, sizeof(literal) - 1)

static void a_sender_sends_frames_and_reports(void)
{
    struct dtu_sdp_sender s;
    new_sender(&s, 100);
    CHECK(dtu_sdp_sender_idle(&s));
    CHECK_EQ(SEND(&s, 0x62, "hi"), 2);
    CHECK(dtu_sdp_report(&s, DTU_SDP_BAD_SUM));
    CHECK_EQ(SEND(&s, 0x61, "x"), 1);
    CHECK_EQ(SEND(&s, 0x61, ""), 0);
    CHECK(dtu_sdp_sender_idle(&s));
    CHECK_SLOW(HI_FROM_B SUM_REPORT X_FROM_A);
}

/* Whatever the room at each step, the frames are whole and in order. */
static void frames_are_sent_whole_through_any_room(void)
{
    for (size_t step = 1; step < 12; step++) {
        struct dtu_sdp_sender s;
        size_t hi = 0, x = 0;
        bool told = false;
        new_sender(&s, 0);
        for (unsigned turn = 0; turn < 100 && !(x == 1 && dtu_sdp_sender_idle(&s)); turn++) {
            slow.room = step;
            if (hi < 2)
                hi += SEND(&s, 0x62, &"hi"[hi]);
            else if (!told)
                told = dtu_sdp_report(&s, DTU_SDP_BAD_SUM);
            else if (x == 0)
                x = SEND(&s, 0x61, "x");
            else
                dtu_sdp_sender_poll(&s);
        }
        CHECK_SLOW(HI_FROM_B SUM_REPORT X_FROM_A);
    }
}

static void nothing_else_is_begun_while_a_frame_is_on_its_way(void)
{
    struct dtu_sdp_sender s;
    new_sender(&s, 8); /* the head and one byte */
    CHECK_EQ(SEND(&s, 0x62, "hi"), 1);
    CHECK(!dtu_sdp_sender_idle(&s));
    CHECK(dtu_sdp_sender_ready(&s, 0x62));
    CHECK(!dtu_sdp_sender_ready(&s, 0x61));
    CHECK_EQ(dtu_sdp_sender_left(&s), 1);
    slow.room = 1;
    CHECK_EQ(SEND(&s, 0x61, "x"), 0);
    CHECK(!dtu_sdp_report(&s, DTU_SDP_BAD_SUM));
    CHECK_EQ(SEND(&s, 0x62, "i"), 1);
    CHECK(!dtu_sdp_sender_ready(&s, 0x62)); /* its sum is not out */
    CHECK_EQ(dtu_sdp_sender_left(&s), 0);
    CHECK_EQ(SEND(&s, 0x62, "more"), 0);
    slow.room = 100;
    dtu_sdp_sender_poll(&s);
    CHECK(dtu_sdp_sender_idle(&s));
    CHECK_SLOW(HI_FROM_B);
}

/* Data that grows meanwhile goes into the next frame: the first has said how long it is. */
static void a_frame_is_as_long_as_it_said(void)
{
    struct dtu_sdp_sender s;
    new_sender(&s, 8);
    CHECK_EQ(SEND(&s, 0x62, "hi"), 1);
    slow.room = 100;
    CHECK_EQ(SEND(&s, 0x62, "ix"), 2);
    CHECK_SLOW(HI_FROM_B "\xAA\xFD\x55\x00\x03\x62\x00x\xDA");
}

static void long_data_is_sent_in_frames_of_less_than_4096_bytes(void)
{
    static uint8_t data[8174]; /* two of 4087 */
    struct dtu_sdp_sender s;
    new_sender(&s, sizeof slow.out);
    CHECK_EQ(dtu_sdp_send(&s, 0x61, data, sizeof data), sizeof data);
    CHECK_EQ(slow.len, 2 * 4095);
    CHECK_BYTES(slow.out + 4095, 7, "\xAA\xFD\x55\x0F\xF9\x61\x00", 7);
}

static void a_dropped_frame_makes_way(void)
{
    struct dtu_sdp_sender s;
    new_sender(&s, 8);
    CHECK_EQ(SEND(&s, 0x62, "hi"), 1);
    dtu_sdp_sender_drop(&s, 0x61); /* another's */
    CHECK(!dtu_sdp_sender_idle(&s));
    dtu_sdp_sender_drop(&s, 0x62);
    CHECK(dtu_sdp_sender_idle(&s));
    CHECK_EQ(dtu_sdp_sender_left(&s), 0);
    new_sender(&s, 9); /* of one whose data is out only the sum is missing: it comes */
    CHECK_EQ(SEND(&s, 0x62, "hi"), 2);
    dtu_sdp_sender_drop(&s, 0x62);
    slow.room = 1;
    dtu_sdp_sender_poll(&s);
    CHECK_SLOW(HI_FROM_B);
    new_sender(&s, 3);
    CHECK(dtu_sdp_report(&s, DTU_SDP_BAD_SUM));
    dtu_sdp_sender_drop(&s, 0);
    slow.room = 100;
    dtu_sdp_sender_poll(&s);
    CHECK_SLOW(SUM_REPORT);
}

static const struct check_test tests[] = {
    CHECK_TEST(the_published_sample_is_encoded),
    CHECK_TEST(a_frame_of_a_module_has_the_other_head),
    CHECK_TEST(a_report_is_a_frame_with_bit_7_of_the_flag),
    CHECK_TEST(a_frame_may_have_no_data),
    CHECK_TEST(the_length_is_that_of_the_data_and_two_high_byte_first),
    CHECK_TEST(the_longest_frame_is_4095_bytes),
    CHECK_TEST(encoding_needs_eight_bytes_more_than_the_data),
    CHECK_TEST(a_report_tells_its_code),
    CHECK_TEST(the_old_code_of_a_wrong_sum_reads_as_the_new_one),
    CHECK_TEST(only_bit_7_makes_a_report),
    CHECK_TEST(a_config_that_cannot_work_is_refused),
    CHECK_TEST(a_new_decoder_holds_nothing_and_has_counted_nothing),
    CHECK_TEST(the_published_sample_is_decoded),
    CHECK_TEST(frames_that_follow_each_other_are_all_decoded),
    CHECK_TEST(the_flag_of_a_frame_to_a_module_is_not_looked_at),
    CHECK_TEST(every_socket_from_a_to_d_is_good_and_no_other),
    CHECK_TEST(a_report_needs_no_socket),
    CHECK_TEST(the_head_of_the_other_direction_is_none),
    CHECK_TEST(a_frame_as_long_as_the_buffer_is_taken_and_no_longer_one),
    CHECK_TEST(the_smallest_buffer_takes_frames_without_data),
    CHECK_TEST(the_longest_frame_comes_through_in_one_piece_or_in_many),
    CHECK_TEST(a_frame_that_lies_whole_in_the_input_is_not_copied),
    CHECK_TEST(a_frame_behind_the_end_of_another_is_not_copied),
    CHECK_TEST(a_frame_that_begins_in_a_damaged_one_is_not_copied_if_it_lies_whole_in_the_input),
    CHECK_TEST(bytes_that_are_no_frame_are_told_once_a_run),
    CHECK_TEST(a_flush_ends_a_run),
    CHECK_TEST(a_frame_with_a_wrong_id_ends_a_run),
    CHECK_TEST(a_run_that_begins_with_other_damage_is_not_told_again),
    CHECK_TEST(damage_in_a_run_is_told_each_time),
    CHECK_TEST(lengths_from_2_to_what_the_buffer_holds_are_possible),
    CHECK_TEST(every_flipped_bit_behind_the_length_is_a_wrong_sum),
    CHECK_TEST(without_a_damage_callback_damage_is_only_counted),
    CHECK_TEST(the_next_frame_is_found_though_it_begins_inside_the_damaged_one),
    CHECK_TEST(a_head_directly_before_a_frame_hides_nothing),
    CHECK_TEST(a_frame_that_is_cut_short_waits_for_a_flush),
    CHECK_TEST(a_head_that_is_cut_short_is_a_bad_length_and_a_part_of_one_is_no_head),
    CHECK_TEST(a_flush_finds_the_frames_inside_the_one_cut_short),
    CHECK_TEST(a_frame_in_the_input_that_is_refused_stays_there),
    CHECK_TEST(the_end_of_a_frame_that_is_refused_is_not_taken),
    CHECK_TEST(damage_that_is_refused_is_told_again),
    CHECK_TEST(a_flush_that_finds_no_room_goes_on_with_resume),
    CHECK_TEST(a_feed_goes_on_with_the_flush_too),
    CHECK_TEST(clear_drops_what_is_held_and_what_was_to_be_done),
    CHECK_TEST(no_undamaged_frame_is_lost_and_no_damaged_one_is_taken),
    CHECK_TEST(every_stream_of_few_letters_agrees_with_the_reference),
    CHECK_TEST(what_was_told_so_far_is_the_same_for_every_split),
    CHECK_TEST(no_single_refusal_changes_what_is_told),
    CHECK_TEST(encoding_and_decoding_is_the_identity),
    CHECK_TEST(a_sender_sends_frames_and_reports),
    CHECK_TEST(frames_are_sent_whole_through_any_room),
    CHECK_TEST(nothing_else_is_begun_while_a_frame_is_on_its_way),
    CHECK_TEST(a_frame_is_as_long_as_it_said),
    CHECK_TEST(long_data_is_sent_in_frames_of_less_than_4096_bytes),
    CHECK_TEST(a_dropped_frame_makes_way),
};
CHECK_MAIN(tests)
