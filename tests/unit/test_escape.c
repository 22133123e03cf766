/* SPDX-License-Identifier: MIT */
/* Escapes in AT parameters. The samples are those of the manuals (001 sections 3.1.6.4 and 3.1.7,
 * 002 section 3.2.2, 003 number 24); the random tests compare with a slow reference. */
#include "dtu/escape.h"

#include "check.h"
#include "rand.h"

#define VALUE_MAX 40
#define TEXT_MAX (VALUE_MAX * 4)

static uint8_t value_data[TEXT_MAX]; /* a text never means more bytes than it has */
static size_t value_len;
static char text_data[TEXT_MAX];
static struct dtu_text_buffer text;

static void unescape(enum dtu_escape_style style, const void *from, size_t len)
{
    struct dtu_unescape u = dtu_unescape(style, from, len);
    value_len = 0;
    while (value_len < sizeof value_data && dtu_unescape_next(&u, &value_data[value_len]))
        value_len++;
}

static void escape(enum dtu_escape_style style, const char *also, const void *value, size_t len)
{
    const struct dtu_text out = {dtu_text_to_buffer, &text};
    text = (struct dtu_text_buffer){text_data, sizeof text_data, 0, false};
    dtu_escape_write(style, also, value, len, &out);
    CHECK(!text.overflow);
}

static void check_unescape(enum dtu_escape_style style, const char *from, size_t from_len,
                           const char *expected, size_t len, int line)
{
    unescape(style, from, from_len);
    check_bytes(value_data, value_len, expected, len, line, "the value");
}

#define CHECK_UNESCAPE(style, from, expected)                                                      \
    check_unescape(style, from, sizeof(from) - 1, expected, sizeof(expected) - 1, __LINE__)
#define CHECK_ESCAPE(style, also, value, expected)                                                 \
    do {                                                                                           \
        escape(style, also, value, sizeof(value) - 1);                                             \
        CHECK_BYTES(text_data, text.len, expected, sizeof(expected) - 1);                          \
    } while (0)

/* --- [HH] ----------------------------------------------------------------------------------- */

static void two_hex_digits_in_brackets_are_a_byte(void)
{
    CHECK_UNESCAPE(DTU_ESCAPE_HEX, "/1.php[3F]", "/1.php?");
    CHECK_UNESCAPE(DTU_ESCAPE_HEX, "Accept:text/html[0D][0A]", "Accept:text/html\r\n");
    CHECK_UNESCAPE(DTU_ESCAPE_HEX, "Connection: close[0D][0A]", "Connection: close\r\n");
    CHECK_UNESCAPE(DTU_ESCAPE_HEX, "[00][fF][Ff]", "\0\xff\xff");
    CHECK_UNESCAPE(DTU_ESCAPE_HEX, "[2c][2C]", ",,");
}

static void every_byte_can_be_written_with_either_case(void)
{
    static const char *const digits[2] = {"0123456789ABCDEF", "0123456789abcdef"};
    for (unsigned i = 0; i < 512; i++) {
        const char *d = digits[i & 1];
        unsigned byte = i >> 1;
        char from[4] = {'[', d[byte >> 4], d[byte & 15], ']'};
        unescape(DTU_ESCAPE_HEX, from, sizeof from);
        CHECK_EQ(value_len, 1);
        CHECK_EQ(value_data[0], byte);
    }
}

static void any_other_bracket_is_itself(void)
{
    CHECK_UNESCAPE(DTU_ESCAPE_HEX, "[WH-G405tf]", "[WH-G405tf]");
    CHECK_UNESCAPE(DTU_ESCAPE_HEX, "[]", "[]");
    CHECK_UNESCAPE(DTU_ESCAPE_HEX, "[3]", "[3]");
    CHECK_UNESCAPE(DTU_ESCAPE_HEX, "[3F3]", "[3F3]");
    CHECK_UNESCAPE(DTU_ESCAPE_HEX, "[3G]", "[3G]");
    CHECK_UNESCAPE(DTU_ESCAPE_HEX, "[G3]", "[G3]");
    CHECK_UNESCAPE(DTU_ESCAPE_HEX, "3F]", "3F]");
    CHECK_UNESCAPE(DTU_ESCAPE_HEX, "[ 3F]", "[ 3F]");
    CHECK_UNESCAPE(DTU_ESCAPE_HEX, "[[3F]]", "[?]");
    CHECK_UNESCAPE(DTU_ESCAPE_HEX, "[3[3F]", "[3?");
    CHECK_UNESCAPE(DTU_ESCAPE_HEX, "<<CRLF>>", "<<CRLF>>");
}

static void an_escape_makes_no_other_escape(void)
{
    CHECK_UNESCAPE(DTU_ESCAPE_HEX, "[5B]3F]", "[3F]");
    CHECK_UNESCAPE(DTU_ESCAPE_HEX, "[5B]5B]3F]", "[5B]3F]");
}

static void an_escape_that_is_cut_off_is_itself(void)
{
    static const char whole[] = "a[3F]";
    for (size_t len = 0; len < 5; len++) {
        unescape(DTU_ESCAPE_HEX, whole, len);
        CHECK_BYTES(value_data, value_len, whole, len);
    }
    unescape(DTU_ESCAPE_HEX, whole, 5);
    CHECK_BYTES(value_data, value_len, "a?", 2);
}

static void a_reply_escapes_cr_lf_and_zero_always(void)
{
    CHECK_ESCAPE(DTU_ESCAPE_HEX, "", "Accept:text/html\r\n", "Accept:text/html[0D][0A]");
    CHECK_ESCAPE(DTU_ESCAPE_HEX, "", "a\0b", "a[00]b");
    CHECK_ESCAPE(DTU_ESCAPE_HEX, "", "\n", "[0A]");
}

static void a_reply_of_7s4_escapes_equals_comma_and_question_mark(void)
{
    CHECK_ESCAPE(DTU_ESCAPE_HEX, "=,?", "/1.php?", "/1.php[3F]");
    CHECK_ESCAPE(DTU_ESCAPE_HEX, "=,?", "a=b,c?", "a[3D]b[2C]c[3F]");
}

static void a_reply_of_cat1_does_not(void)
{
    CHECK_ESCAPE(DTU_ESCAPE_HEX, "", "/1.php?", "/1.php?");
    CHECK_ESCAPE(DTU_ESCAPE_HEX, "", "a=b,c?", "a=b,c?");
}

static void a_bracket_is_escaped_only_if_it_would_read_as_an_escape(void)
{
    CHECK_ESCAPE(DTU_ESCAPE_HEX, "=,?", "[WH-G405tf]", "[WH-G405tf]");
    CHECK_ESCAPE(DTU_ESCAPE_HEX, "", "[", "[");
    CHECK_ESCAPE(DTU_ESCAPE_HEX, "", "[3F", "[3F");
    CHECK_ESCAPE(DTU_ESCAPE_HEX, "", "[3F]", "[5B]3F]");
    CHECK_ESCAPE(DTU_ESCAPE_HEX, "", "[3f]", "[5B]3f]");
    CHECK_ESCAPE(DTU_ESCAPE_HEX, "", "[[3F]]", "[[5B]3F]]");
    CHECK_ESCAPE(DTU_ESCAPE_HEX, "", "[\r\n", "[[0D][0A]");
}

static void every_other_byte_stands_for_itself(void)
{
    for (unsigned c = 0; c < 256; c++) {
        uint8_t byte = (uint8_t)c;
        bool plain = c != '\r' && c != '\n' && c != 0;
        escape(DTU_ESCAPE_HEX, "", &byte, 1);
        CHECK_EQ(text.len, plain ? 1 : 4);
        CHECK(!plain || (uint8_t)text_data[0] == byte);
    }
}

static void an_empty_value_is_an_empty_text(void)
{
    uint8_t byte = 0x55;
    struct dtu_unescape u = dtu_unescape(DTU_ESCAPE_HEX, NULL, 0);
    CHECK(!dtu_unescape_next(&u, &byte));
    CHECK(!dtu_unescape_next(&u, &byte));
    CHECK_EQ(byte, 0x55); /* untouched */
    escape(DTU_ESCAPE_HEX, "=,?", NULL, 0);
    CHECK_EQ(text.len, 0);
    escape(DTU_ESCAPE_CRLF, "", NULL, 0);
    CHECK_EQ(text.len, 0);
}

/* --- <<CRLF>> ------------------------------------------------------------------------------- */

static void crlf_in_angle_brackets_is_cr_lf(void)
{
    CHECK_UNESCAPE(DTU_ESCAPE_CRLF, "Accept:text<<CRLF>>", "Accept:text\r\n");
    CHECK_UNESCAPE(DTU_ESCAPE_CRLF, "<<CRLF>><<CRLF>>", "\r\n\r\n");
    CHECK_UNESCAPE(DTU_ESCAPE_CRLF, "a<<CRLF>>b", "a\r\nb");
}

static void the_manuals_other_spelling_is_read_too(void)
{
    CHECK_UNESCAPE(DTU_ESCAPE_CRLF, "Accept:text<<CRLR>>", "Accept:text\r\n");
}

static void nothing_else_is_escaped_on_k7(void)
{
    CHECK_UNESCAPE(DTU_ESCAPE_CRLF, "[0D]", "[0D]");
    CHECK_UNESCAPE(DTU_ESCAPE_CRLF, "<<crlf>>", "<<crlf>>");
    CHECK_UNESCAPE(DTU_ESCAPE_CRLF, "<CRLF>", "<CRLF>");
    CHECK_UNESCAPE(DTU_ESCAPE_CRLF, "<<CRLX>>", "<<CRLX>>");
    CHECK_UNESCAPE(DTU_ESCAPE_CRLF, "<<CRLF>x", "<<CRLF>x");
    CHECK_UNESCAPE(DTU_ESCAPE_CRLF, "<<CRLFx>", "<<CRLFx>");
    CHECK_UNESCAPE(DTU_ESCAPE_CRLF, "<<<CRLF>>>", "<\r\n>");
}

static void a_crlf_that_is_cut_off_is_itself(void)
{
    static const char whole[] = "x<<CRLF>>";
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        unescape(DTU_ESCAPE_CRLF, whole, len);
        CHECK_BYTES(value_data, value_len, whole, len);
    }
    unescape(DTU_ESCAPE_CRLF, whole, sizeof whole - 1);
    CHECK_BYTES(value_data, value_len, "x\r\n", 3);
}

static void a_reply_of_k7_writes_pairs_of_cr_lf(void)
{
    CHECK_ESCAPE(DTU_ESCAPE_CRLF, "", "Accept:text\r\n", "Accept:text<<CRLF>>");
    CHECK_ESCAPE(DTU_ESCAPE_CRLF, "", "\r\n\r\nx", "<<CRLF>><<CRLF>>x");
    CHECK_ESCAPE(DTU_ESCAPE_CRLF, "", "\r\r\n\n", "\r<<CRLF>>\n");
    CHECK_ESCAPE(DTU_ESCAPE_CRLF, "", "\n\r", "\n\r");
    CHECK_ESCAPE(DTU_ESCAPE_CRLF, "", "\r", "\r");
    CHECK_ESCAPE(DTU_ESCAPE_CRLF, "=,?", "a=b,c?", "a=b,c?"); /* `also` is of the HEX style */
}

/* --- Against a reference -------------------------------------------------------------------- */

static int digit_value(char c)
{
    static const char all[] = "0123456789ABCDEFabcdef";
    for (int i = 0; i < 22; i++)
        if (all[i] == c)
            return i < 16 ? i : i - 6;
    return -1;
}

/* What `from` means, by the wording of the rules and one byte at a time. */
static size_t reference(enum dtu_escape_style style, const char *from, size_t len, uint8_t *to)
{
    size_t n = 0;
    size_t i = 0;
    while (i < len) {
        size_t left = len - i;
        if (style == DTU_ESCAPE_HEX && left >= 4 && from[i] == '[' && from[i + 3] == ']' &&
            digit_value(from[i + 1]) >= 0 && digit_value(from[i + 2]) >= 0) {
            to[n++] = (uint8_t)(16 * digit_value(from[i + 1]) + digit_value(from[i + 2]));
            i += 4;
        } else if (style == DTU_ESCAPE_CRLF && left >= 8 && strncmp(from + i, "<<CRL", 5) == 0 &&
                   (from[i + 5] == 'F' || from[i + 5] == 'R') && from[i + 6] == '>' &&
                   from[i + 7] == '>') {
            to[n++] = 13;
            to[n++] = 10;
            i += 8;
        } else {
            to[n++] = (uint8_t)from[i++];
        }
    }
    return n;
}

/* A length from 0 to limit - 1. */
static size_t any_len(struct test_rand *rand, size_t limit)
{
    return (size_t)test_rand_below(rand, (uint32_t)limit);
}

/* Bytes that escapes are made of come often. */
static size_t random_value(struct test_rand *rand, uint8_t *value)
{
    static const char biased[] = "[[[[]]]]0D3fFaA\r\n\0=,?<<CRLF>>\"";
    size_t len = any_len(rand, VALUE_MAX + 1);
    for (size_t i = 0; i < len; i++)
        value[i] = test_rand_below(rand, 8) == 0
                       ? (uint8_t)test_rand_u32(rand)
                       : (uint8_t)biased[test_rand_below(rand, sizeof biased - 1)];
    return len;
}

static void unescape_agrees_with_the_reference(void)
{
    struct test_rand rand;
    uint8_t from[VALUE_MAX];
    uint8_t expected[VALUE_MAX];
    test_rand_seed(&rand, 3);
    for (int i = 0; i < 4000; i++) {
        enum dtu_escape_style style = i & 1 ? DTU_ESCAPE_HEX : DTU_ESCAPE_CRLF;
        size_t len = random_value(&rand, from);
        size_t expected_len;
        if (style == DTU_ESCAPE_CRLF && len >= 9) /* too rare by chance */
            memcpy(from + test_rand_below(&rand, 2), i & 2 ? "<<CRLF>>" : "<<CRLR>>", 8);
        expected_len = reference(style, (const char *)from, len, expected);
        unescape(style, from, len);
        CHECK_BYTES(value_data, value_len, expected, expected_len);
    }
}

static void escaping_and_unescaping_gives_the_value_again(void)
{
    static const char *const also[] = {"", "=,?", "?", "\"", "[", "]", "0123456789ABCDEF[]"};
    struct test_rand rand;
    uint8_t value[VALUE_MAX];
    test_rand_seed(&rand, 4);
    for (unsigned i = 0; i < 4000; i++) {
        size_t len = random_value(&rand, value);
        escape(DTU_ESCAPE_HEX, also[i % (sizeof also / sizeof also[0])], value, len);
        for (size_t j = 0; j < text.len; j++)
            CHECK(text_data[j] != '\r' && text_data[j] != '\n' && text_data[j] != '\0');
        unescape(DTU_ESCAPE_HEX, text_data, text.len);
        CHECK_BYTES(value_data, value_len, value, len);
    }
}

static void every_short_value_round_trips(void)
{
    static const char letters[] = "[]3f\r\0";
    uint8_t value[5];
    for (unsigned n = 0; n < 6u * 6 * 6 * 6 * 6; n++) {
        unsigned rest = n;
        for (size_t i = 0; i < 5; i++, rest /= 6)
            value[i] = (uint8_t)letters[rest % 6];
        escape(DTU_ESCAPE_HEX, "", value, sizeof value);
        unescape(DTU_ESCAPE_HEX, text_data, text.len);
        CHECK_BYTES(value_data, value_len, value, sizeof value);
    }
}

static void k7_round_trips_what_it_can_write(void)
{
    static const char letters[] = "ab<>RC";
    struct test_rand rand;
    uint8_t value[VALUE_MAX];
    test_rand_seed(&rand, 5);
    for (int i = 0; i < 1000; i++) {
        size_t len = 0;
        while (len < 30) { /* CR and LF in pairs; <<CRLF>> needs an L, which is not among them */
            if (test_rand_below(&rand, 4) == 0)
                value[len++] = '\r';
            value[len] = len > 0 && value[len - 1] == '\r'
                             ? (uint8_t)'\n'
                             : (uint8_t)letters[test_rand_below(&rand, sizeof letters - 1)];
            len++;
        }
        escape(DTU_ESCAPE_CRLF, "", value, len);
        unescape(DTU_ESCAPE_CRLF, text_data, text.len);
        CHECK_BYTES(value_data, value_len, value, len);
    }
}

static bool can_write(const char *value, size_t len)
{
    return dtu_escape_can_write(DTU_ESCAPE_CRLF, (const uint8_t *)value, len);
}

#define CAN_WRITE(value) can_write(value, sizeof(value) - 1)

static void k7_can_write_no_line_end_alone_and_no_escape_as_text(void)
{
    CHECK(CAN_WRITE(""));
    CHECK(dtu_escape_can_write(DTU_ESCAPE_CRLF, NULL, 0));
    CHECK(CAN_WRITE("a,\"[0D]"));
    CHECK(CAN_WRITE("\r\n"));
    CHECK(CAN_WRITE("a\r\n\r\nb"));
    CHECK(!CAN_WRITE("\r"));
    CHECK(!CAN_WRITE("\n"));
    CHECK(!CAN_WRITE("\n\r"));
    CHECK(!CAN_WRITE("\r\r\n"));
    CHECK(!CAN_WRITE("\r\n\n"));
    CHECK(!CAN_WRITE("<<CRLF>>"));
    CHECK(!CAN_WRITE("x<<CRLR>>"));
    CHECK(CAN_WRITE("<<CRLF>"));
    CHECK(CAN_WRITE("<<crlf>>"));
    CHECK(CAN_WRITE("<<CR\r\nLF>>"));
}

static void the_hex_style_can_write_everything(void)
{
    CHECK(dtu_escape_can_write(DTU_ESCAPE_HEX, NULL, 0));
    CHECK(dtu_escape_can_write(DTU_ESCAPE_HEX, (const uint8_t *)"\r\n[3F]\0<<CRLF>>", 15));
}

/* Reference: it is written without a line end, and is the same when it is read again. */
static void k7_can_write_exactly_what_comes_back_from_one_line(void)
{
    static const char *const pieces[] = {"<<CRLF>>", "<<CRLR>>", "<",  ">",    "<<CR",
                                         "LF>>",     "\r",       "\n", "\r\n", "x"};
    struct test_rand rand;
    unsigned good = 0;
    test_rand_seed(&rand, 8);
    for (int i = 0; i < 4000; i++) {
        char value[64];
        size_t len = 0;
        for (uint32_t n = test_rand_below(&rand, 6); n > 0; n--) {
            const char *piece = pieces[test_rand_below(&rand, sizeof pieces / sizeof pieces[0])];
            memcpy(value + len, piece, strlen(piece));
            len += strlen(piece);
        }
        escape(DTU_ESCAPE_CRLF, "", value, len);
        unescape(DTU_ESCAPE_CRLF, text_data, text.len);
        bool comes_back = value_len == len && memcmp(value_data, value, len) == 0 &&
                          memchr(text_data, '\r', text.len) == NULL &&
                          memchr(text_data, '\n', text.len) == NULL;
        CHECK_EQ(can_write(value, len), comes_back);
        good += comes_back;
    }
    CHECK(good > 500 && good < 3500);
}

/* What was read may be written over what was read: it is never longer. */
static void a_text_can_be_unescaped_in_place(void)
{
    uint8_t hex[] = "[41][[0D]x[0A]]";
    uint8_t crlf[] = "a<<CRLF>><<CRLR>>b";
    struct dtu_unescape u = dtu_unescape(DTU_ESCAPE_HEX, hex, sizeof hex - 1);
    size_t len = 0;
    uint8_t byte;

    while (dtu_unescape_next(&u, &byte))
        hex[len++] = byte;
    CHECK_BYTES(hex, len, "A[\rx\n]", 6);
    u = dtu_unescape(DTU_ESCAPE_CRLF, crlf, sizeof crlf - 1);
    for (len = 0; dtu_unescape_next(&u, &byte); len++)
        crlf[len] = byte;
    CHECK_BYTES(crlf, len, "a\r\n\r\nb", 6);
}

static const struct check_test tests[] = {
    CHECK_TEST(a_text_can_be_unescaped_in_place),
    CHECK_TEST(two_hex_digits_in_brackets_are_a_byte),
    CHECK_TEST(every_byte_can_be_written_with_either_case),
    CHECK_TEST(any_other_bracket_is_itself),
    CHECK_TEST(an_escape_makes_no_other_escape),
    CHECK_TEST(an_escape_that_is_cut_off_is_itself),
    CHECK_TEST(a_reply_escapes_cr_lf_and_zero_always),
    CHECK_TEST(a_reply_of_7s4_escapes_equals_comma_and_question_mark),
    CHECK_TEST(a_reply_of_cat1_does_not),
    CHECK_TEST(a_bracket_is_escaped_only_if_it_would_read_as_an_escape),
    CHECK_TEST(every_other_byte_stands_for_itself),
    CHECK_TEST(an_empty_value_is_an_empty_text),
    CHECK_TEST(crlf_in_angle_brackets_is_cr_lf),
    CHECK_TEST(the_manuals_other_spelling_is_read_too),
    CHECK_TEST(nothing_else_is_escaped_on_k7),
    CHECK_TEST(a_crlf_that_is_cut_off_is_itself),
    CHECK_TEST(a_reply_of_k7_writes_pairs_of_cr_lf),
    CHECK_TEST(unescape_agrees_with_the_reference),
    CHECK_TEST(escaping_and_unescaping_gives_the_value_again),
    CHECK_TEST(every_short_value_round_trips),
    CHECK_TEST(k7_round_trips_what_it_can_write),
    CHECK_TEST(k7_can_write_no_line_end_alone_and_no_escape_as_text),
    CHECK_TEST(the_hex_style_can_write_everything),
    CHECK_TEST(k7_can_write_exactly_what_comes_back_from_one_line),
};
CHECK_MAIN(tests)
