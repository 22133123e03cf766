/* SPDX-License-Identifier: MIT */
/* What every engine stands on. Expected values are worked out by hand from the rules in base.h. */
#include "dtu/base.h"

#include "check.h"
#include "rand.h"

/* --- Version and status --------------------------------------------------------------------- */

static void version_text_agrees_with_the_macros(void)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%d.%d.%d", DTU_VERSION_MAJOR, DTU_VERSION_MINOR,
                       DTU_VERSION_PATCH);
    CHECK_BYTES(dtu_version(), strlen(dtu_version()), text, (size_t)len);
}

static void each_status_has_a_text_of_its_own(void)
{
    for (int i = DTU_OK; i <= DTU_ERR_TIMEOUT; i++) {
        const char *text = dtu_status_text((enum dtu_status)i);
        CHECK(text != NULL && text[0] != '\0');
        CHECK(strcmp(text, "unknown status") != 0);
        for (int j = DTU_OK; j < i; j++)
            CHECK(strcmp(text, dtu_status_text((enum dtu_status)j)) != 0);
    }
}

static void a_number_that_is_no_status_has_a_text_too(void)
{
    volatile int beyond = DTU_ERR_TIMEOUT + 1; /* still inside of what the enum can hold */
    const char *text = dtu_status_text((enum dtu_status)beyond);
    CHECK(strcmp(text, "unknown status") == 0);
}

static void ok_is_zero(void)
{
    CHECK_EQ(DTU_OK, 0);
}

/* --- Time ----------------------------------------------------------------------------------- */

static void elapsed_counts_through_the_wrap(void)
{
    CHECK_EQ(dtu_elapsed(0, 0), 0);
    CHECK_EQ(dtu_elapsed(1500, 1000), 500);
    CHECK_EQ(dtu_elapsed(0, UINT32_MAX), 1);
    CHECK_EQ(dtu_elapsed(UINT32_C(0x10), UINT32_C(0xFFFFFFF0)), 0x20);
    CHECK_EQ(dtu_elapsed(0, 1), UINT32_MAX);
}

static void remaining_is_zero_from_the_limit_on(void)
{
    CHECK_EQ(dtu_remaining(100, 100, 50), 50);
    CHECK_EQ(dtu_remaining(149, 100, 50), 1);
    CHECK_EQ(dtu_remaining(150, 100, 50), 0);
    CHECK_EQ(dtu_remaining(151, 100, 50), 0);
    CHECK_EQ(dtu_remaining(100, 100, 0), 0);
}

static void remaining_counts_through_the_wrap(void)
{
    const uint32_t since = UINT32_MAX - 9; /* 10 before 0 */
    CHECK_EQ(dtu_remaining(since, since, 50), 50);
    CHECK_EQ(dtu_remaining(39, since, 50), 1);
    CHECK_EQ(dtu_remaining(40, since, 50), 0);
    CHECK_EQ(dtu_remaining(41, since, 50), 0);
}

/* --- Reading -------------------------------------------------------------------------------- */

static const uint8_t six[6] = {0x81, 0x02, 0x83, 0x04, 0x85, 0x06};

static void numbers_are_read_in_their_byte_order(void)
{
    struct dtu_reader r = dtu_reader(six, sizeof six);
    CHECK_EQ(dtu_get_u8(&r), 0x81);
    r = dtu_reader(six, sizeof six);
    CHECK_EQ(dtu_get_be16(&r), 0x8102);
    r = dtu_reader(six, sizeof six);
    CHECK_EQ(dtu_get_be24(&r), UINT32_C(0x810283));
    r = dtu_reader(six, sizeof six);
    CHECK_EQ(dtu_get_be32(&r), UINT32_C(0x81028304));
    r = dtu_reader(six, sizeof six);
    CHECK_EQ(dtu_get_le16(&r), 0x0281);
    r = dtu_reader(six, sizeof six);
    CHECK_EQ(dtu_get_le32(&r), UINT32_C(0x04830281));
    CHECK(dtu_reader_ok(&r));
    CHECK_EQ(dtu_reader_left(&r), 2);
}

static uint32_t read_number(struct dtu_reader *r, int kind)
{
    switch (kind) {
    case 0:
        return dtu_get_u8(r);
    case 1:
        return dtu_get_be16(r);
    case 2:
        return dtu_get_be24(r);
    case 3:
        return dtu_get_be32(r);
    case 4:
        return dtu_get_le16(r);
    default:
        return dtu_get_le32(r);
    }
}

static void reading_past_the_end_gives_zero_and_stays_failed(void)
{
    static const size_t need[6] = {1, 2, 3, 4, 2, 4};
    for (int kind = 0; kind < 6; kind++) {
        for (size_t len = 0; len <= sizeof six; len++) {
            struct dtu_reader r = dtu_reader(six, len);
            uint32_t value = read_number(&r, kind);
            bool there = len >= need[kind];
            CHECK_EQ(dtu_reader_ok(&r), there);
            CHECK_EQ(value != 0, there); /* no field of `six` is 0 */
            if (there)
                continue;
            CHECK_EQ(dtu_get_u8(&r), 0); /* even if one byte is left */
            CHECK(dtu_get_bytes(&r, 0) == NULL);
            CHECK(!dtu_reader_ok(&r));
        }
    }
}

static void bytes_are_given_where_they_lie(void)
{
    struct dtu_reader r = dtu_reader(six, sizeof six);
    CHECK(dtu_get_bytes(&r, 0) == six);
    CHECK(dtu_get_bytes(&r, 2) == six);
    CHECK(dtu_get_bytes(&r, 4) == six + 2);
    CHECK_EQ(dtu_reader_left(&r), 0);
    CHECK(dtu_get_bytes(&r, 0) != NULL);
    CHECK(dtu_reader_ok(&r));
    CHECK(dtu_get_bytes(&r, 1) == NULL);
    CHECK(!dtu_reader_ok(&r));
}

static void a_length_from_the_wire_cannot_overflow_the_cursor(void)
{
    struct dtu_reader r = dtu_reader(six, sizeof six);
    (void)dtu_get_u8(&r);
    CHECK(dtu_get_bytes(&r, SIZE_MAX) == NULL);
    CHECK(!dtu_reader_ok(&r));
}

static void a_reader_of_nothing_may_have_no_data(void)
{
    struct dtu_reader r = dtu_reader(NULL, 0);
    CHECK(dtu_reader_ok(&r));
    CHECK_EQ(dtu_reader_left(&r), 0);
    (void)dtu_get_bytes(&r, 0);
    CHECK(dtu_reader_ok(&r));
    CHECK_EQ(dtu_get_u8(&r), 0);
    CHECK(!dtu_reader_ok(&r));
}

/* --- Writing -------------------------------------------------------------------------------- */

static void numbers_are_written_in_their_byte_order(void)
{
    static const uint8_t expected[] = {0xAB, 0x12, 0x34, 0x12, 0x34, 0x56, 0x12, 0x34,
                                       0x56, 0x78, 0x34, 0x12, 0x78, 0x56, 0x34, 0x12};
    uint8_t data[sizeof expected];
    struct dtu_writer w = dtu_writer(data, sizeof data);
    dtu_put_u8(&w, 0xAB);
    dtu_put_be16(&w, 0x1234);
    dtu_put_be24(&w, UINT32_C(0x123456));
    dtu_put_be32(&w, UINT32_C(0x12345678));
    dtu_put_le16(&w, 0x1234);
    dtu_put_le32(&w, UINT32_C(0x12345678));
    CHECK(dtu_writer_ok(&w));
    CHECK_BYTES(data, dtu_writer_len(&w), expected, sizeof expected);
}

static void write_number(struct dtu_writer *w, int kind)
{
    switch (kind) {
    case 0:
        dtu_put_u8(w, 0x11);
        break;
    case 1:
        dtu_put_be16(w, 0x1111);
        break;
    case 2:
        dtu_put_be24(w, UINT32_C(0x111111));
        break;
    case 3:
        dtu_put_be32(w, UINT32_C(0x11111111));
        break;
    case 4:
        dtu_put_le16(w, 0x1111);
        break;
    case 5:
        dtu_put_le32(w, UINT32_C(0x11111111));
        break;
    default:
        dtu_put_bytes(w, "\x11\x11\x11\x11\x11", 5);
        break;
    }
}

static void what_does_not_fit_is_left_out_whole_and_stays_failed(void)
{
    static const size_t need[7] = {1, 2, 3, 4, 2, 4, 5};
    for (int kind = 0; kind < 7; kind++) {
        for (size_t size = 0; size <= 5; size++) {
            uint8_t data[6];
            struct dtu_writer w = dtu_writer(data, size);
            bool fits = size >= need[kind];
            memset(data, 0xEE, sizeof data);
            write_number(&w, kind);
            CHECK_EQ(dtu_writer_ok(&w), fits);
            CHECK_EQ(dtu_writer_len(&w), fits ? need[kind] : 0);
            for (size_t i = 0; i < sizeof data; i++)
                CHECK_EQ(data[i], fits && i < need[kind] ? 0x11 : 0xEE);
            if (fits)
                continue;
            dtu_put_u8(&w, 1); /* would fit, but the cursor has failed */
            CHECK_EQ(dtu_writer_len(&w), 0);
            CHECK(!dtu_writer_ok(&w));
        }
    }
}

static void writing_nothing_is_always_possible(void)
{
    struct dtu_writer w = dtu_writer(NULL, 0);
    dtu_put_bytes(&w, NULL, 0);
    CHECK(dtu_writer_ok(&w));
    CHECK_EQ(dtu_writer_len(&w), 0);
    dtu_put_bytes(&w, "x", SIZE_MAX);
    CHECK(!dtu_writer_ok(&w));
}

static void what_is_written_is_read_again(void)
{
    struct test_rand rand;
    test_rand_seed(&rand, 1);
    for (int i = 0; i < 200; i++) {
        uint8_t data[16];
        uint32_t value = test_rand_u32(&rand);
        struct dtu_writer w = dtu_writer(data, sizeof data);
        dtu_put_be32(&w, value);
        dtu_put_le32(&w, value);
        dtu_put_be24(&w, value); /* the high byte is cut off */
        dtu_put_be16(&w, (uint16_t)value);
        dtu_put_le16(&w, (uint16_t)value);
        dtu_put_u8(&w, (uint8_t)value);
        struct dtu_reader r = dtu_reader(data, dtu_writer_len(&w));
        CHECK_EQ(dtu_get_be32(&r), value);
        CHECK_EQ(dtu_get_le32(&r), value);
        CHECK_EQ(dtu_get_be24(&r), value & UINT32_C(0xFFFFFF));
        CHECK_EQ(dtu_get_be16(&r), value & 0xFFFF);
        CHECK_EQ(dtu_get_le16(&r), value & 0xFFFF);
        CHECK_EQ(dtu_get_u8(&r), value & 0xFF);
        CHECK(dtu_reader_ok(&r) && dtu_reader_left(&r) == 0);
    }
}

/* --- Text output ---------------------------------------------------------------------------- */

static char text_data[64];
static struct dtu_text_buffer text_buffer;
static const struct dtu_text text_out = {dtu_text_to_buffer, &text_buffer};

static void clear_text(size_t size)
{
    memset(text_data, '~', sizeof text_data);
    text_buffer = (struct dtu_text_buffer){text_data, size, 0, false};
}

#define CHECK_TEXT_IS(expected)                                                                    \
    CHECK_BYTES(text_data, text_buffer.len, expected, sizeof(expected) - 1)

static void text_is_written_piece_by_piece(void)
{
    clear_text(sizeof text_data);
    dtu_text_string(&text_out, "+UARTFT:");
    dtu_text_decimal(&text_out, 50);
    dtu_text_char(&text_out, ',');
    dtu_text_hex(&text_out, (const uint8_t *)"\x00\xaf\x7e", 3);
    dtu_text_bytes(&text_out, "a\0b", 3);
    CHECK_TEXT_IS("+UARTFT:50,00AF7Ea\0b");
    CHECK(!text_buffer.overflow);
}

static void decimals_have_no_leading_zeroes(void)
{
    static const struct {
        uint32_t value;
        const char *text;
    } cases[] = {{0, "0"},
                 {7, "7"},
                 {10, "10"},
                 {99, "99"},
                 {65536, "65536"},
                 {UINT32_C(1000000000), "1000000000"},
                 {UINT32_MAX, "4294967295"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        clear_text(sizeof text_data);
        dtu_text_decimal(&text_out, cases[i].value);
        CHECK_BYTES(text_data, text_buffer.len, cases[i].text, strlen(cases[i].text));
    }
}

static void decimals_are_what_printf_writes(void)
{
    struct test_rand rand;
    test_rand_seed(&rand, 2);
    for (int i = 0; i < 200; i++) {
        char expected[16];
        uint32_t value = test_rand_u32(&rand) >> test_rand_below(&rand, 32);
        int len = snprintf(expected, sizeof expected, "%lu", (unsigned long)value);
        clear_text(sizeof text_data);
        dtu_text_decimal(&text_out, value);
        CHECK_BYTES(text_data, text_buffer.len, expected, (size_t)len);
    }
}

static void an_address_is_four_decimals(void)
{
    clear_text(sizeof text_data);
    dtu_text_ip(&text_out, (const uint8_t *)"\xc0\xa8\x00\x07");
    CHECK_TEXT_IS("192.168.0.7");
    clear_text(sizeof text_data);
    dtu_text_ip(&text_out, (const uint8_t *)"\xff\x00\x0a\x64");
    CHECK_TEXT_IS("255.0.10.100");
}

static size_t calls;

static void count_calls(void *ctx, const uint8_t *data, size_t len)
{
    (void)ctx;
    (void)data;
    CHECK(len > 0);
    calls++;
}

static void nothing_is_not_written(void)
{
    static const struct dtu_text out = {count_calls, NULL};
    calls = 0;
    dtu_text_bytes(&out, NULL, 0);
    dtu_text_string(&out, "");
    dtu_text_hex(&out, NULL, 0);
    CHECK_EQ(calls, 0);
    dtu_text_decimal(&out, 1234567);
    CHECK_EQ(calls, 1); /* a number is one piece */
}

static void text_that_overflows_is_cut_off_at_the_size_and_said(void)
{
    for (size_t size = 0; size <= 8; size++) {
        clear_text(size);
        dtu_text_string(&text_out, "abc");
        CHECK_EQ(text_buffer.overflow, size < 3);
        dtu_text_string(&text_out, "defgh");
        CHECK_BYTES(text_data, text_buffer.len, "abcdefgh", size);
        CHECK_EQ(text_buffer.overflow, size < 8);
        CHECK_EQ(text_data[size], '~');
    }
}

static void a_buffer_of_no_size_may_have_no_memory(void)
{
    text_buffer = (struct dtu_text_buffer){NULL, 0, 0, false};
    dtu_text_to_buffer(&text_buffer, (const uint8_t *)"", 0);
    CHECK(!text_buffer.overflow);
    dtu_text_char(&text_out, 'x');
    CHECK(text_buffer.overflow);
    CHECK_EQ(text_buffer.len, 0);
}

/* --- Text for a receiver that takes parts ---------------------------------------------------- */

static char taken_text[64];
static size_t taken_len;
static size_t taken_room; /* bytes that it takes before it is full; each call takes `taken_part` */
static size_t taken_part;

static size_t take_part(void *ctx, const uint8_t *data, size_t len)
{
    CHECK(ctx == taken_text);
    CHECK(len > 0);
    if (len > taken_part)
        len = taken_part;
    if (len > taken_room)
        len = taken_room;
    CHECK(taken_len + len <= sizeof taken_text);
    memcpy(taken_text + taken_len, data, len);
    taken_len += len;
    taken_room -= len;
    return len;
}

static void make_text(const struct dtu_text *out)
{
    dtu_text_string(out, "+UARTFT:");
    dtu_text_decimal(out, 60000);
    dtu_text_char(out, ',');
    dtu_text_string(out, "");
    dtu_text_hex(out, (const uint8_t *)"\x0d\x0a", 2);
}

#define WHOLE_TEXT "+UARTFT:60000,0D0A"

static void a_text_made_again_goes_on_where_the_receiver_was_full(void)
{
    for (size_t part = 1; part <= 9; part++) {
        for (size_t room = 1; room <= sizeof WHOLE_TEXT; room++) {
            struct dtu_replay replay = {.write = take_part, .ctx = taken_text};
            bool done = false;
            taken_len = 0;
            taken_part = part;
            for (int again = 0; again < 40 && !done; again++) {
                taken_room = room;
                const struct dtu_text out = dtu_replay_text(&replay);
                make_text(&out);
                done = dtu_replay_done(&replay);
                CHECK_EQ(done, taken_len == sizeof WHOLE_TEXT - 1);
            }
            CHECK(done);
            CHECK_BYTES(taken_text, taken_len, WHOLE_TEXT, sizeof WHOLE_TEXT - 1);
        }
    }
}

static void a_full_receiver_is_offered_nothing_more_of_the_same_making(void)
{
    struct dtu_replay replay = {.write = take_part, .ctx = taken_text};
    taken_len = 0;
    taken_part = 5; /* takes a part of each piece: the next piece must not follow it */
    taken_room = sizeof taken_text;
    const struct dtu_text out = dtu_replay_text(&replay);
    make_text(&out);
    CHECK_BYTES(taken_text, taken_len, "+UART", 5);
    CHECK(!dtu_replay_done(&replay));
}

static void a_new_text_begins_at_its_start(void)
{
    struct dtu_replay replay = {.write = take_part, .ctx = taken_text};
    taken_len = 0;
    taken_part = sizeof taken_text;
    taken_room = sizeof taken_text;
    struct dtu_text out = dtu_replay_text(&replay);
    dtu_text_string(&out, "one");
    CHECK(dtu_replay_done(&replay));
    out = dtu_replay_text(&replay); /* the same again: all of it is taken already */
    dtu_text_string(&out, "one");
    CHECK(dtu_replay_done(&replay));
    replay.sent = 0;
    out = dtu_replay_text(&replay);
    dtu_text_string(&out, "two");
    CHECK_BYTES(taken_text, taken_len, "onetwo", 6);
}

/* --- Text input ----------------------------------------------------------------------------- */

static void check_decimal(const char *text, enum dtu_status status, uint32_t expected, int line)
{
    uint32_t value = UINT32_C(0xDEADBEEF);
    size_t len = strlen(text);
    check_eq(dtu_parse_decimal((const uint8_t *)text, len, &value), status, line, text);
    check_eq(value, status == DTU_OK ? expected : UINT32_C(0xDEADBEEF), line, text);
}

#define CHECK_DECIMAL(text, status, expected) check_decimal(text, status, expected, __LINE__)

static void decimals_up_to_32_bits_are_read(void)
{
    CHECK_DECIMAL("0", DTU_OK, 0);
    CHECK_DECIMAL("9", DTU_OK, 9);
    CHECK_DECIMAL("65536", DTU_OK, 65536);
    CHECK_DECIMAL("4294967289", DTU_OK, UINT32_C(4294967289));
    CHECK_DECIMAL("4294967294", DTU_OK, UINT32_C(4294967294));
    CHECK_DECIMAL("4294967295", DTU_OK, UINT32_MAX);
    CHECK_DECIMAL("00000000000000000050", DTU_OK, 50);
}

static void a_number_over_32_bits_never_wraps_into_range(void)
{
    CHECK_DECIMAL("4294967296", DTU_ERR_RANGE, 0);
    CHECK_DECIMAL("4294967297", DTU_ERR_RANGE, 0);
    CHECK_DECIMAL("4294967300", DTU_ERR_RANGE, 0);
    CHECK_DECIMAL("42949672950", DTU_ERR_RANGE, 0);
    CHECK_DECIMAL("42949672960", DTU_ERR_RANGE, 0);
    CHECK_DECIMAL("18446744073709551615", DTU_ERR_RANGE, 0);
    CHECK_DECIMAL("18446744073709551617", DTU_ERR_RANGE, 0); /* 2^64 + 1 */
    CHECK_DECIMAL("340282366920938463463374607431768211457", DTU_ERR_RANGE, 0);
}

static void what_is_no_digit_is_a_type_error_wherever_it_stands(void)
{
    CHECK_DECIMAL("-1", DTU_ERR_TYPE, 0);
    CHECK_DECIMAL("+1", DTU_ERR_TYPE, 0);
    CHECK_DECIMAL(" 1", DTU_ERR_TYPE, 0);
    CHECK_DECIMAL("1 ", DTU_ERR_TYPE, 0);
    CHECK_DECIMAL("0x10", DTU_ERR_TYPE, 0);
    CHECK_DECIMAL("12a", DTU_ERR_TYPE, 0);
    CHECK_DECIMAL("1.5", DTU_ERR_TYPE, 0);
    CHECK_DECIMAL("/", DTU_ERR_TYPE, 0);
    CHECK_DECIMAL(":", DTU_ERR_TYPE, 0);
    CHECK_DECIMAL("99999999999x", DTU_ERR_TYPE, 0); /* graver than being too large */
}

static void an_empty_number_is_missing(void)
{
    uint32_t value = 1;
    CHECK_EQ(dtu_parse_decimal(NULL, 0, &value), DTU_ERR_MISSING);
    CHECK_EQ(value, 1);
}

static void hex_digits_of_either_case_have_a_value(void)
{
    static const char upper[] = "0123456789ABCDEF";
    static const char lower[] = "0123456789abcdef";
    for (unsigned c = 0; c < 256; c++) {
        unsigned expected = 0xFF;
        for (unsigned i = 0; i < 16; i++)
            if (c == (unsigned char)upper[i] || c == (unsigned char)lower[i])
                expected = i;
        CHECK_EQ(dtu_parse_hex_digit((uint8_t)c), expected);
    }
}

static void upper_changes_the_26_letters_only(void)
{
    static const char lower[] = "abcdefghijklmnopqrstuvwxyz";
    static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (unsigned c = 0; c < 256; c++) {
        unsigned expected = c;
        for (size_t i = 0; i < 26; i++)
            if (c == (unsigned char)lower[i])
                expected = (unsigned char)upper[i];
        CHECK_EQ(dtu_upper((uint8_t)c), expected);
    }
}

static void string_length_leaves_out_the_final_zero(void)
{
    CHECK_EQ(dtu_string_len(""), 0);
    CHECK_EQ(dtu_string_len("+ok"), 3);
}

static bool equal(const char *text, size_t len, const char *string)
{
    return dtu_equal_nocase((const uint8_t *)text, len, string);
}

static void names_are_compared_without_case_and_whole(void)
{
    CHECK(equal("UaRtFt", 6, "UARTFT"));
    CHECK(equal("uart", 4, "UART"));
    CHECK(equal("UART", 4, "uart"));
    CHECK(!equal("UART", 4, "UARTFT"));
    CHECK(!equal("UARTFT", 6, "UART"));
    CHECK(!equal("UARS", 4, "UART"));
    CHECK(equal(NULL, 0, ""));
    CHECK(!equal(NULL, 0, "A"));
    CHECK(!equal("A", 1, ""));
    CHECK(!equal("\0", 1, ""));       /* a 00 byte is a byte */
    CHECK(!equal("A\0", 2, "A"));     /* and not the end of the text */
    CHECK(!equal("@", 1, "`"));       /* 0x40 and 0x60: no letters */
    CHECK(!equal("[", 1, "{"));       /* 0x5B and 0x7B: no letters */
    CHECK(!equal("\xe4", 1, "\xc4")); /* beyond ASCII nothing is a letter */
}

/* --- Secrets -------------------------------------------------------------------------------- */

static bool same(const char *secret, size_t secret_len, const char *guess, size_t guess_len)
{
    return dtu_equal_secret((const uint8_t *)secret, secret_len, (const uint8_t *)guess, guess_len);
}

static void a_guess_is_right_if_length_and_bytes_are(void)
{
    CHECK(same("usr_cn", 6, "usr_cn", 6));
    CHECK(same("x", 1, "x", 1));
    CHECK(same("a\0b", 3, "a\0b", 3)); /* a 00 byte is a byte */
    CHECK(!same("a\0b", 3, "a\0c", 3));
    CHECK(!same("usr_cn", 6, "USR_CN", 6));
    CHECK(!same("usr_cn", 6, "", 0));
    CHECK(!same("usr_cn", 6, NULL, 0));
}

static void each_byte_of_a_guess_counts(void)
{
    char secret[8] = "abcdefg";
    for (size_t at = 0; at < 7; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            char guess[8];
            memcpy(guess, secret, sizeof guess);
            guess[at] = (char)((unsigned char)guess[at] ^ (1u << bit));
            CHECK(!same(secret, 7, guess, 7));
        }
}

/* The secret is gone round as often as the guess is long: neither a part of it nor a repetition
 * may pass. */
static void a_guess_of_another_length_is_wrong(void)
{
    CHECK(!same("abab", 4, "ab", 2));
    CHECK(!same("ab", 2, "abab", 4));
    CHECK(!same("ab", 2, "aba", 3));
    CHECK(!same("aaaa", 4, "aaa", 3));
    CHECK(!same("aaa", 3, "aaaa", 4));
    CHECK(!same("ab", 2, "ab\0", 3));
}

static void a_guess_256_bytes_longer_is_wrong(void)
{
    static char guess[1 + 256];
    memset(guess, 'a', sizeof guess);
    CHECK(!same("a", 1, guess, sizeof guess)); /* the difference does not wrap to 0 */
}

static void an_empty_secret_equals_nothing(void)
{
    CHECK(!same("", 0, "", 0));
    CHECK(!same(NULL, 0, NULL, 0));
    CHECK(!same("", 0, "x", 1));
}

static const struct check_test tests[] = {
    CHECK_TEST(version_text_agrees_with_the_macros),
    CHECK_TEST(each_status_has_a_text_of_its_own),
    CHECK_TEST(a_number_that_is_no_status_has_a_text_too),
    CHECK_TEST(ok_is_zero),
    CHECK_TEST(elapsed_counts_through_the_wrap),
    CHECK_TEST(remaining_is_zero_from_the_limit_on),
    CHECK_TEST(remaining_counts_through_the_wrap),
    CHECK_TEST(numbers_are_read_in_their_byte_order),
    CHECK_TEST(reading_past_the_end_gives_zero_and_stays_failed),
    CHECK_TEST(bytes_are_given_where_they_lie),
    CHECK_TEST(a_length_from_the_wire_cannot_overflow_the_cursor),
    CHECK_TEST(a_reader_of_nothing_may_have_no_data),
    CHECK_TEST(numbers_are_written_in_their_byte_order),
    CHECK_TEST(what_does_not_fit_is_left_out_whole_and_stays_failed),
    CHECK_TEST(writing_nothing_is_always_possible),
    CHECK_TEST(what_is_written_is_read_again),
    CHECK_TEST(text_is_written_piece_by_piece),
    CHECK_TEST(decimals_have_no_leading_zeroes),
    CHECK_TEST(decimals_are_what_printf_writes),
    CHECK_TEST(an_address_is_four_decimals),
    CHECK_TEST(nothing_is_not_written),
    CHECK_TEST(text_that_overflows_is_cut_off_at_the_size_and_said),
    CHECK_TEST(a_buffer_of_no_size_may_have_no_memory),
    CHECK_TEST(a_text_made_again_goes_on_where_the_receiver_was_full),
    CHECK_TEST(a_full_receiver_is_offered_nothing_more_of_the_same_making),
    CHECK_TEST(a_new_text_begins_at_its_start),
    CHECK_TEST(decimals_up_to_32_bits_are_read),
    CHECK_TEST(a_number_over_32_bits_never_wraps_into_range),
    CHECK_TEST(what_is_no_digit_is_a_type_error_wherever_it_stands),
    CHECK_TEST(an_empty_number_is_missing),
    CHECK_TEST(hex_digits_of_either_case_have_a_value),
    CHECK_TEST(upper_changes_the_26_letters_only),
    CHECK_TEST(string_length_leaves_out_the_final_zero),
    CHECK_TEST(names_are_compared_without_case_and_whole),
    CHECK_TEST(a_guess_is_right_if_length_and_bytes_are),
    CHECK_TEST(each_byte_of_a_guess_counts),
    CHECK_TEST(a_guess_of_another_length_is_wrong),
    CHECK_TEST(a_guess_256_bytes_longer_is_wrong),
    CHECK_TEST(an_empty_secret_equals_nothing),
};
CHECK_MAIN(tests)
