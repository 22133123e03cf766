/* SPDX-License-Identifier: MIT */
/* Parameters as a table. The table here is made up: every type, flag and kind, in the three ways of
 * writing that products have. Statuses: at.md, "Settled, one by one", Grammar. */
#include "dtu/params.h"

#include "check.h"
#include "rand.h"

#include <stdbool.h>

#define LONG_TEXT 260 /* its length takes 2 bytes */
#define OUT_MAX 1200

struct values {
    uint8_t ch[1];
    uint8_t clr[6 + 1 + 1];
    uint8_t en[1];
    uint8_t hex[5];
    uint8_t ip[4];
    uint8_t mac[6];
    uint8_t num[2];
    uint8_t num4[4];
    uint8_t opt[1 + 4 + 2];
    uint8_t rst[2];
    uint8_t sock[1 + LONG_TEXT + 2 + 2];
    uint8_t text[21];
    uint8_t two[5 + 5];
    uint8_t zero[5];
};

static const struct dtu_param_field choice[] = {
    {.type = DTU_FIELD_CHOICE, .max = 8, .text = "7,8"}};
static const struct dtu_param_field clearable[] = {
    {.type = DTU_FIELD_TEXT, .flags = DTU_FIELD_CLEARABLE, .min = 1, .max = 5},
    {.type = DTU_FIELD_NUMBER, .flags = DTU_FIELD_CLEARABLE, .min = 5, .max = 9},
    {.type = DTU_FIELD_ENUM, .flags = DTU_FIELD_CLEARABLE, .text = "no,Yes"}};
static const struct dtu_param_field on_off[] = {{.type = DTU_FIELD_ENUM, .text = "ON,OFF"}};
static const struct dtu_param_field hex[] = {{.type = DTU_FIELD_HEX, .min = 1, .max = 4}};
static const struct dtu_param_field ip[] = {{.type = DTU_FIELD_IP}};
static const struct dtu_param_field mac[] = {{.type = DTU_FIELD_MAC}};
static const struct dtu_param_field number[] = {
    {.type = DTU_FIELD_NUMBER, .min = 10, .max = 500, .text = "ms"}};
static const struct dtu_param_field number4[] = {
    {.type = DTU_FIELD_NUMBER, .min = 1, .max = UINT32_MAX}};
static const struct dtu_param_field optional[] = {
    {.type = DTU_FIELD_NUMBER, .min = 1, .max = 9},
    {.type = DTU_FIELD_TEXT, .flags = DTU_FIELD_OPTIONAL, .min = 1, .max = 3},
    {.type = DTU_FIELD_NUMBER, .flags = DTU_FIELD_OPTIONAL, .min = 1, .max = 999}};
static const struct dtu_param_field restart[] = {
    {.type = DTU_FIELD_NUMBER, .flags = DTU_FIELD_ZERO, .min = 60, .max = 65535, .text = "s"}};
static const struct dtu_param_field sock[] = {{.type = DTU_FIELD_ENUM, .text = "TCP,UDP"},
                                              {.type = DTU_FIELD_TEXT, .min = 1, .max = LONG_TEXT},
                                              {.type = DTU_FIELD_NUMBER, .min = 1, .max = 65535}};
static const struct dtu_param_field text20[] = {{.type = DTU_FIELD_TEXT, .min = 1, .max = 20}};
static const struct dtu_param_field two_texts[] = {
    {.type = DTU_FIELD_TEXT, .max = 4},
    {.type = DTU_FIELD_TEXT, .flags = DTU_FIELD_ANY_BYTE, .max = 4}};
static const struct dtu_param_field any_bytes[] = {
    {.type = DTU_FIELD_TEXT, .flags = DTU_FIELD_ANY_BYTE, .max = 4}};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ROW(kind_, name_, id_, member_, fields_, initial_)                                         \
    {                                                                                              \
        .name = name_, .id = id_, .kind = kind_, .field_count = COUNT(fields_), .fields = fields_, \
        .offset = offsetof(struct values, member_), .initial = initial_                            \
    }
#define SETTING(name_, id_, member_, fields_, initial_)                                            \
    ROW(DTU_PARAM_SETTING, name_, id_, member_, fields_, initial_)

static const struct dtu_param rows[] = {
    {.name = "ALSO", .kind = DTU_PARAM_ALIAS, .initial = "NUM"},
    SETTING("CH", 1, ch, choice, "8"),
    SETTING("CLR", 2, clr, clearable, "abc,7,Yes"),
    {.name = "DO", .id = 3, .kind = DTU_PARAM_ACTION},
    SETTING("EN", 4, en, on_off, "ON"),
    SETTING("HEX", 5, hex, hex, "00ff"),
    {.name = "INFO", .id = 6, .kind = DTU_PARAM_INFO},
    SETTING("IP", 7, ip, ip, "192.168.0.7"),
    {.name = "LOST", .kind = DTU_PARAM_ALIAS, .initial = "NOWHERE"},
    SETTING("MAC", 8, mac, mac, "0123456789aB"),
    SETTING("NUM", 9, num, number, "50"),
    SETTING("NUM4", 10, num4, number4, "1"),
    SETTING("OPT", 11, opt, optional, "5,abc,300"),
    SETTING("RST", 12, rst, restart, "1800"),
    SETTING("SOCK", 13, sock, sock, "TCP,test.usr.cn,2317"),
    SETTING("TEXT", 14, text, text20, "WH-LTE-7S1"),
    SETTING("TWO", 15, two, two_texts, "ab,cd"),
    ROW(DTU_PARAM_VIEW, "VIEW", 16, num, number, NULL),
    SETTING("ZERO", 17, zero, any_bytes, "a"),
};

/* As cat1, as 7S3, as 7S4 and as K7. */
#define TABLE(...)                                                                                 \
    {                                                                                              \
        .rows = rows, .count = COUNT(rows), .values_size = sizeof(struct values), .syntax = {      \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
static const struct dtu_param_table tables[] = {
    TABLE(.escape = DTU_ESCAPE_HEX, .last_takes_rest = true, .escape_inner = ",",
          .escape_last = ""),
    TABLE(.escape = DTU_ESCAPE_HEX, .quotes = true, .escape_inner = "\"", .escape_last = "\""),
    TABLE(.escape = DTU_ESCAPE_HEX, .escape_inner = "=,?", .escape_last = "=,?"),
    TABLE(.escape = DTU_ESCAPE_CRLF, .last_takes_rest = true, .escape_inner = "",
          .escape_last = ""),
};
enum { PLAIN, QUOTES, EQUALS, CRLF };

static uint8_t running[sizeof(struct values)];
static uint8_t pending[sizeof(struct values)];
static uint8_t before[sizeof(struct values)];
static struct dtu_params params;
static char text[OUT_MAX];
static struct dtu_text_buffer buffer;

static void begin(size_t table)
{
    memset(running, 0xEE, sizeof running);
    memset(pending, 0xEE, sizeof pending);
    CHECK_EQ(dtu_params_init(&params, &tables[table], running, pending), DTU_OK);
}

static const struct dtu_param *row(const char *name)
{
    return dtu_params_find(params.table, (const uint8_t *)name, strlen(name));
}

static enum dtu_status set(const char *name, const char *value)
{
    return dtu_params_set(&params, row(name), (const uint8_t *)value, strlen(value));
}

static const struct dtu_text *fresh_text(void)
{
    static const struct dtu_text out = {dtu_text_to_buffer, &buffer};
    buffer = (struct dtu_text_buffer){text, sizeof text, 0, false};
    return &out;
}

static void write_row(enum dtu_param_set which, const char *name)
{
    dtu_params_write(&params, which, row(name), 0, fresh_text());
    CHECK(!buffer.overflow);
}

#define CHECK_PENDING(name, expected)                                                              \
    do {                                                                                           \
        write_row(DTU_PARAMS_PENDING, name);                                                       \
        CHECK_BYTES(text, buffer.len, expected, strlen(expected));                                 \
    } while (0)

#define CHECK_RANGE(name, expected)                                                                \
    do {                                                                                           \
        dtu_params_write_range(params.table, row(name), fresh_text());                             \
        CHECK_BYTES(text, buffer.len, expected, strlen(expected));                                 \
    } while (0)

/* Refused with that status, and not a byte of the pending set is another. */
#define CHECK_REFUSED(name, value, status)                                                         \
    do {                                                                                           \
        memcpy(before, pending, sizeof before);                                                    \
        CHECK_EQ(set(name, value), status);                                                        \
        CHECK_BYTES(pending, sizeof pending, before, sizeof before);                               \
    } while (0)

/* --- Set-up --------------------------------------------------------------------------------- */

static void init_refuses_missing_memory(void)
{
    CHECK_EQ(dtu_params_init(&params, &tables[PLAIN], NULL, pending), DTU_ERR_CONFIG);
    CHECK_EQ(dtu_params_init(&params, &tables[PLAIN], running, NULL), DTU_ERR_CONFIG);
}

static void init_refuses_a_default_that_is_not_legal(void)
{
    static const struct dtu_param bad[] = {SETTING("EN", 0, en, on_off, "MAYBE")};
    static const struct dtu_param_table table = {
        .rows = bad, .count = 1, .values_size = sizeof(struct values)};
    CHECK_EQ(dtu_params_init(&params, &table, running, pending), DTU_ERR_CONFIG);
}

static void a_good_default_does_not_make_up_for_a_bad_one(void)
{
    static const struct dtu_param two[] = {SETTING("EN", 0, en, on_off, "MAYBE"),
                                           SETTING("HEX", 5, hex, hex, "00ff")};
    static const struct dtu_param_table table = {.rows = two,
                                                 .count = 2,
                                                 .values_size = sizeof(struct values),
                                                 .syntax = {.escape_inner = "", .escape_last = ""}};
    CHECK_EQ(dtu_params_init(&params, &table, running, pending), DTU_ERR_CONFIG);
}

static void both_sets_begin_with_the_defaults(void)
{
    begin(PLAIN);
    CHECK_PENDING("SOCK", "TCP,test.usr.cn,2317");
    write_row(DTU_PARAMS_RUNNING, "SOCK");
    CHECK_BYTES(text, buffer.len, "TCP,test.usr.cn,2317", 20);
    CHECK_BYTES(running, sizeof running, pending, sizeof pending);
}

static void fields_take_the_bytes_that_the_header_says(void)
{
    static const struct {
        struct dtu_param_field field;
        size_t size;
    } cases[] = {
        {{.type = DTU_FIELD_ENUM, .text = "A,B"}, 1},
        {{.type = DTU_FIELD_DATA, .max = 255}, 257},
        {{.type = DTU_FIELD_DATA, .max = 256}, 259},
        {{.type = DTU_FIELD_CHOICE, .max = 255}, 1},
        {{.type = DTU_FIELD_CHOICE, .max = 460800}, 4},
        {{.type = DTU_FIELD_NUMBER, .max = 255}, 1},
        {{.type = DTU_FIELD_NUMBER, .max = 256}, 2},
        {{.type = DTU_FIELD_NUMBER, .max = 65535}, 2},
        {{.type = DTU_FIELD_NUMBER, .max = 65536}, 4},
        {{.type = DTU_FIELD_TEXT, .max = 255}, 256},
        {{.type = DTU_FIELD_TEXT, .max = 256}, 258},
        {{.type = DTU_FIELD_HEX, .max = 0}, 1},
        {{.type = DTU_FIELD_IP}, 4},
        {{.type = DTU_FIELD_MAC}, 6},
        {{.type = 99}, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK_EQ(dtu_param_field_size(&cases[i].field), cases[i].size);
}

/* --- Finding -------------------------------------------------------------------------------- */

/* clang-format off */
#define N_ROW(a, b, c) {.name = "N" #a #b #c, .id = c, .kind = DTU_PARAM_ACTION},
#define N_TEN(a, b) N_ROW(a, b, 0) N_ROW(a, b, 1) N_ROW(a, b, 2) N_ROW(a, b, 3) N_ROW(a, b, 4) \
                    N_ROW(a, b, 5) N_ROW(a, b, 6) N_ROW(a, b, 7) N_ROW(a, b, 8) N_ROW(a, b, 9)
#define N_HUNDRED(a) N_TEN(a, 0) N_TEN(a, 1) N_TEN(a, 2) N_TEN(a, 3) N_TEN(a, 4) \
                     N_TEN(a, 5) N_TEN(a, 6) N_TEN(a, 7) N_TEN(a, 8) N_TEN(a, 9)
static const struct dtu_param many[] = {
#ifdef __AVR__ /* constants lie in RAM there */
    N_TEN(0, 0) N_TEN(0, 1)
#else
    N_HUNDRED(0) N_HUNDRED(1) N_HUNDRED(2) N_HUNDRED(3) N_HUNDRED(4)
    N_HUNDRED(5) N_HUNDRED(6) N_HUNDRED(7) N_HUNDRED(8) N_HUNDRED(9)
#endif
};
/* clang-format on */

static void every_row_is_found_in_a_table_of_any_size(void)
{
    static const size_t sizes[] = {0, 1, 2, 3, 19, COUNT(many)};
    for (size_t s = 0; s < COUNT(sizes); s++) {
        struct dtu_param_table table = {.rows = many, .count = (uint16_t)sizes[s]};
        size_t wrong = 0;
        for (size_t i = 0; i < COUNT(many); i++) {
            const struct dtu_param *expected = i < sizes[s] ? &many[i] : NULL;
            if (dtu_params_find(&table, (const uint8_t *)many[i].name, 4) != expected)
                wrong++;
        }
        CHECK_EQ(wrong, 0);
        CHECK(dtu_params_find(&table, (const uint8_t *)"A", 1) == NULL);
        CHECK(dtu_params_find(&table, (const uint8_t *)"ZZZZZ", 5) == NULL);
        CHECK(dtu_params_find(&table, (const uint8_t *)"N00", 3) == NULL);
        CHECK(dtu_params_find(&table, (const uint8_t *)"N0000", 5) == NULL);
        CHECK(dtu_params_find(&table, NULL, 0) == NULL);
    }
}

static void names_are_found_in_either_case(void)
{
    begin(PLAIN);
    CHECK(row("num4") != NULL && row("num4") == row("NUM4") && row("nUm4") == row("NUM4"));
    CHECK(row("NUM") != row("NUM4"));
    CHECK(row("NU") == NULL);
    CHECK(row("NUM44") == NULL);
}

static void a_zero_byte_in_a_name_does_not_end_it(void)
{
    static const char name[] = "EN\0X"; /* what lies behind a name must not be looked at */
    const struct dtu_param odd[] = {{.name = name, .kind = DTU_PARAM_ACTION}};
    const struct dtu_param_table table = {.rows = odd, .count = 1};
    CHECK(dtu_params_find(&table, (const uint8_t *)"EN", 2) == &odd[0]);
    CHECK(dtu_params_find(&table, (const uint8_t *)"EN\0", 3) == NULL);
    CHECK(dtu_params_find(&table, (const uint8_t *)"EN\0X", 4) == NULL);
    CHECK(dtu_params_find(&table, (const uint8_t *)"\0", 1) == NULL);
}

static void another_spelling_gives_the_row_that_counts(void)
{
    begin(PLAIN);
    CHECK(row("ALSO") == row("NUM"));
    CHECK(row("LOST") == NULL);
}

static void rows_are_found_by_id(void)
{
    begin(PLAIN);
    CHECK(dtu_params_by_id(params.table, 9) == row("NUM"));
    CHECK(dtu_params_by_id(params.table, 0) == &rows[0]); /* the first that has it */
    CHECK(dtu_params_by_id(params.table, 99) == NULL);
}

/* --- Numbers -------------------------------------------------------------------------------- */

static void numbers_are_digits_and_in_range(void)
{
    static const struct {
        const char *value;
        enum dtu_status status;
    } cases[] = {
        {"10", DTU_OK},
        {"500", DTU_OK},
        {"0010", DTU_OK},
        {"9", DTU_ERR_RANGE},
        {"501", DTU_ERR_RANGE},
        {"0", DTU_ERR_RANGE},
        {"65546", DTU_ERR_RANGE},                 /* 10 in 16 bits */
        {"4294967296", DTU_ERR_RANGE},            /* 0 in 32 bits */
        {"4294967306", DTU_ERR_RANGE},            /* 10 in 32 bits */
        {"18446744073709551617", DTU_ERR_RANGE},  /* 1 in 64 bits */
        {"-5", DTU_ERR_RANGE},                    /* at.md: negative is out of range */
        {"-18446744073709551617", DTU_ERR_RANGE}, /* however large */
        {"-", DTU_ERR_TYPE},
        {"-x", DTU_ERR_TYPE},
        {"--5", DTU_ERR_TYPE},
        {"+50", DTU_ERR_TYPE},
        {" 50", DTU_ERR_TYPE}, /* at.md: spaces are data */
        {"50 ", DTU_ERR_TYPE},
        {"5x", DTU_ERR_TYPE},
        {"0x32", DTU_ERR_TYPE},
        {"99999999999x", DTU_ERR_TYPE},
        {"", DTU_ERR_MISSING},
        {"50,", DTU_ERR_COUNT},
        {"50,1", DTU_ERR_COUNT},
    };
    for (size_t t = 0; t < COUNT(tables); t++)
        for (size_t i = 0; i < COUNT(cases); i++) {
            begin(t);
            if (cases[i].status != DTU_OK)
                CHECK_REFUSED("NUM", cases[i].value, cases[i].status);
            else
                CHECK_EQ(set("NUM", cases[i].value), DTU_OK);
        }
    CHECK_EQ(set("NUM", "00499"), DTU_OK);
    CHECK_PENDING("NUM", "499");
    CHECK_EQ(set("NUM4", "4294967295"), DTU_OK);
    CHECK_PENDING("NUM4", "4294967295");
    CHECK_REFUSED("NUM4", "4294967296", DTU_ERR_RANGE);
}

static void zero_may_be_legal_below_the_range(void)
{
    begin(PLAIN); /* 004 section 4.10: 0 or 60 to 65535 */
    CHECK_EQ(set("RST", "0"), DTU_OK);
    CHECK_PENDING("RST", "0");
    CHECK_REFUSED("RST", "1", DTU_ERR_RANGE);
    CHECK_REFUSED("RST", "59", DTU_ERR_RANGE);
    CHECK_REFUSED("RST", "65536", DTU_ERR_RANGE);
    CHECK_EQ(set("RST", "60"), DTU_OK);
    CHECK_EQ(set("RST", "65535"), DTU_OK);
}

static void a_choice_takes_the_listed_numbers_only(void)
{
    begin(PLAIN);
    CHECK_EQ(set("CH", "7"), DTU_OK);
    CHECK_PENDING("CH", "7");
    CHECK_EQ(set("CH", "08"), DTU_OK);
    CHECK_PENDING("CH", "8");
    CHECK_REFUSED("CH", "6", DTU_ERR_RANGE);
    CHECK_REFUSED("CH", "78", DTU_ERR_RANGE);
    CHECK_REFUSED("CH", "263", DTU_ERR_RANGE); /* 7 in 8 bits */
    CHECK_REFUSED("CH", "-7", DTU_ERR_RANGE);
    CHECK_REFUSED("CH", "seven", DTU_ERR_TYPE);
    CHECK_REFUSED("CH", "", DTU_ERR_MISSING);
}

/* --- Words ---------------------------------------------------------------------------------- */

static void words_match_in_either_case_and_are_answered_as_listed(void)
{
    begin(PLAIN);
    CHECK_EQ(set("EN", "oFf"), DTU_OK);
    CHECK_PENDING("EN", "OFF");
    CHECK_EQ(set("EN", "on"), DTU_OK);
    CHECK_PENDING("EN", "ON");
    CHECK_REFUSED("EN", "O", DTU_ERR_RANGE);
    CHECK_REFUSED("EN", "OFFF", DTU_ERR_RANGE);
    CHECK_REFUSED("EN", "OF", DTU_ERR_RANGE);
    CHECK_REFUSED("EN", "1", DTU_ERR_RANGE);
    CHECK_REFUSED("EN", " ON", DTU_ERR_RANGE);
    CHECK_REFUSED("EN", "ON,OFF", DTU_ERR_COUNT);
    CHECK_REFUSED("EN", "", DTU_ERR_MISSING);
}

/* --- Texts ---------------------------------------------------------------------------------- */

static void the_length_of_a_text_counts_what_it_means(void)
{
    begin(PLAIN);
    CHECK_EQ(set("TEXT", "12345678901234567890"), DTU_OK);
    CHECK_PENDING("TEXT", "12345678901234567890");
    CHECK_REFUSED("TEXT", "123456789012345678901", DTU_ERR_RANGE);
    CHECK_EQ(set("TEXT", "[31]2345678901234567890"), DTU_OK);
    CHECK_PENDING("TEXT", "12345678901234567890");
    CHECK_REFUSED("TEXT", "[31]23456789012345678901", DTU_ERR_RANGE);
    CHECK_REFUSED("TEXT", "", DTU_ERR_MISSING);
    begin(CRLF);
    CHECK_EQ(set("TEXT", "123456789012345678<<CRLF>>"), DTU_OK);
    CHECK_REFUSED("TEXT", "1234567890123456789<<CRLF>>", DTU_ERR_RANGE);
}

static void a_text_with_a_long_length_prefix_keeps_all_of_it(void)
{
    char value[LONG_TEXT + 12];
    size_t len;
    const uint8_t *stored;
    begin(PLAIN);
    memset(value, 'x', sizeof value);
    memcpy(value, "UDP,", 4);
    memcpy(value + 4 + LONG_TEXT, ",9", 3);
    CHECK_EQ(set("SOCK", value), DTU_OK);
    dtu_params_apply(&params);
    stored = dtu_params_bytes(&params, row("SOCK"), 1, &len);
    CHECK_BYTES(stored, len, value + 4, LONG_TEXT);
    CHECK_EQ(dtu_params_number(&params, row("SOCK"), 2), 9);
    memcpy(value + 4 + LONG_TEXT, "x,9", 4);
    CHECK_REFUSED("SOCK", value, DTU_ERR_RANGE);
}

static void a_zero_byte_is_an_error_unless_the_field_allows_it(void)
{
    size_t len;
    begin(PLAIN); /* at.md, Escaping; "0x00 is answered [00]" */
    CHECK_REFUSED("TEXT", "a[00]", DTU_ERR_TYPE);
    CHECK_EQ(dtu_params_set(&params, row("TEXT"), (const uint8_t *)"a\0", 2), DTU_ERR_TYPE);
    CHECK_EQ(set("ZERO", "a[00]b"), DTU_OK);
    CHECK_PENDING("ZERO", "a[00]b");
    dtu_params_apply(&params);
    CHECK_BYTES(dtu_params_bytes(&params, row("ZERO"), 0, &len), 3, "a\0b", 3);
}

static void a_reply_escapes_what_its_product_must(void)
{
    /* at.md, Escaping: 7S4 answers /1.php[3F], cat1 /1.php? */
    begin(PLAIN);
    CHECK_EQ(set("TEXT", "/1.php[3f]a=,[0d][0A][5B]0D]"), DTU_OK);
    CHECK_PENDING("TEXT", "/1.php?a=,[0D][0A][5B]0D]");
    CHECK_EQ(set("TWO", "a[2C]b,c,d"), DTU_OK);
    CHECK_PENDING("TWO", "a[2C]b,c,d"); /* a comma only before another parameter */
    begin(EQUALS);
    CHECK_EQ(set("TEXT", "/1.php?a[2C]=\"[0D]"), DTU_OK);
    CHECK_PENDING("TEXT", "/1.php[3F]a[2C][3D]\"[0D]");
    begin(QUOTES); /* at.md: `"` inside a value is answered [22] */
    CHECK_EQ(set("TEXT", "\"a,[22]?=[0D]\""), DTU_OK);
    CHECK_PENDING("TEXT", "\"a,[22]?=[0D]\"");
    begin(CRLF);
    CHECK_EQ(set("TEXT", "a,b<<CRLF>>[0D]<<CRLR>>"), DTU_OK);
    CHECK_PENDING("TEXT", "a,b<<CRLF>>[0D]<<CRLF>>");
}

static void a_lone_question_mark_is_answered_so_that_it_can_be_set(void)
{
    begin(PLAIN); /* at.md: on cat1 the value that is just `?` is answered [3F] */
    CHECK_EQ(set("TEXT", "[3F]"), DTU_OK);
    CHECK_PENDING("TEXT", "[3F]");
    CHECK_EQ(set("TEXT", "??"), DTU_OK);
    CHECK_PENDING("TEXT", "??");
    CHECK_EQ(set("TEXT", "x"), DTU_OK);
    CHECK_PENDING("TEXT", "x");
    begin(QUOTES); /* in quotes it is no query */
    CHECK_EQ(set("TEXT", "\"?\""), DTU_OK);
    CHECK_PENDING("TEXT", "\"?\"");
}

static void the_last_text_takes_the_rest_where_the_product_says_so(void)
{
    begin(PLAIN);
    CHECK_EQ(set("TEXT", "a,b,,c"), DTU_OK);
    CHECK_PENDING("TEXT", "a,b,,c");
    CHECK_EQ(set("TWO", "a,b,c"), DTU_OK);
    CHECK_PENDING("TWO", "a,b,c");
    begin(EQUALS);
    CHECK_REFUSED("TEXT", "a,b", DTU_ERR_COUNT);
    CHECK_REFUSED("TWO", "a,b,c", DTU_ERR_COUNT);
    begin(CRLF); /* only a text does */
    CHECK_REFUSED("SOCK", "TCP,a,1,2", DTU_ERR_COUNT);
}

static void texts_may_be_empty_where_their_shortest_is_nothing(void)
{
    begin(PLAIN);
    CHECK_EQ(set("ZERO", ""), DTU_OK);
    CHECK_PENDING("ZERO", "");
    CHECK_EQ(set("TWO", ","), DTU_OK);
    CHECK_PENDING("TWO", ",");
    CHECK_REFUSED("TWO", "", DTU_ERR_COUNT);
    CHECK_REFUSED("TWO", "a", DTU_ERR_COUNT);
}

/* --- Quotes --------------------------------------------------------------------------------- */

static void quotes_are_taken_with_or_without_and_always_answered(void)
{
    begin(QUOTES); /* at.md, A command line, 7S3 */
    CHECK_EQ(set("SOCK", "UDP,a.b,1"), DTU_OK);
    CHECK_PENDING("SOCK", "\"UDP\",\"a.b\",1");
    CHECK_EQ(set("SOCK", "\"tcp\",\"c,d\",2"), DTU_OK);
    CHECK_PENDING("SOCK", "\"TCP\",\"c,d\",2");
    CHECK_EQ(set("SOCK", "\"UDP\",e,3"), DTU_OK);
    CHECK_PENDING("SOCK", "\"UDP\",\"e\",3");
    CHECK_EQ(set("HEX", "\"0aF0\""), DTU_OK);
    CHECK_PENDING("HEX", "\"0AF0\"");
    CHECK_PENDING("IP", "192.168.0.7");
    CHECK_EQ(set("TWO", "\"\",\"\""), DTU_OK);
    CHECK_PENDING("TWO", "\"\",\"\"");
    CHECK_REFUSED("TEXT", "\"\"", DTU_ERR_MISSING);
}

static void bad_quotes_are_a_type_error(void)
{
    static const char *const bad[] = {
        "\"TCP,a,1",         /* never closed */
        "\"TCP\"x,a,1",      /* bytes behind the closing quote */
        "\"TCP\" ,a,1",      /* of which a space is one */
        "TCP\",a,1",         /* inside a bare value */
        "TCP,a,\"1",         /* */
        "TCP,a,\"1\"",       /* a number in quotes */
        "\"TCP\",\"a\"\",1", /* */
        "\"",                /* */
    };
    begin(QUOTES);
    for (size_t i = 0; i < COUNT(bad); i++)
        CHECK_REFUSED("SOCK", bad[i], DTU_ERR_TYPE);
    CHECK_REFUSED("NUM", "\"50\"", DTU_ERR_TYPE);
    CHECK_REFUSED("CH", "\"8\"", DTU_ERR_TYPE);
}

static void a_bad_quote_is_told_before_a_wrong_count_of_one_field_or_of_several(void)
{
    static const char line[] = "50,\"";
    begin(QUOTES);
    CHECK_REFUSED("NUM", line, DTU_ERR_TYPE);
    CHECK_REFUSED("SOCK", "\"TCP\",\"a\",1,\"", DTU_ERR_TYPE);
    CHECK_EQ(dtu_params_check(params.table, row("NUM"), (const uint8_t *)line, strlen(line)),
             DTU_ERR_TYPE);
    CHECK_REFUSED("NUM", "50,\"\"", DTU_ERR_COUNT);
}

static void without_quoting_a_quote_is_an_ordinary_byte(void)
{
    begin(PLAIN);
    CHECK_EQ(set("TEXT", "\"a\"b\""), DTU_OK);
    CHECK_PENDING("TEXT", "\"a\"b\"");
    CHECK_REFUSED("EN", "\"ON\"", DTU_ERR_RANGE);
}

/* --- Hex, IP, MAC --------------------------------------------------------------------------- */

static void hex_data_is_pairs_of_digits(void)
{
    size_t len;
    begin(PLAIN);
    CHECK_EQ(set("HEX", "00aBfF7e"), DTU_OK);
    CHECK_PENDING("HEX", "00ABFF7E"); /* at.md: answered in upper case */
    dtu_params_apply(&params);
    CHECK_BYTES(dtu_params_bytes(&params, row("HEX"), 0, &len), 4, "\x00\xab\xff\x7e", 4);
    CHECK_EQ(len, 4);
    CHECK_REFUSED("HEX", "0", DTU_ERR_TYPE);
    CHECK_REFUSED("HEX", "012", DTU_ERR_TYPE);
    CHECK_REFUSED("HEX", "0g", DTU_ERR_TYPE);
    CHECK_REFUSED("HEX", "[30]0", DTU_ERR_TYPE); /* nothing is escaped in hex */
    CHECK_REFUSED("HEX", "0102030405", DTU_ERR_RANGE);
    CHECK_REFUSED("HEX", "", DTU_ERR_MISSING);
}

static void an_ip_address_is_four_numbers_up_to_255(void)
{
    size_t len;
    begin(PLAIN);
    CHECK_EQ(set("IP", "0.10.255.001"), DTU_OK);
    CHECK_PENDING("IP", "0.10.255.1");
    dtu_params_apply(&params);
    CHECK_BYTES(dtu_params_bytes(&params, row("IP"), 0, &len), 4, "\x00\x0a\xff\x01", 4);
    CHECK_EQ(len, 4);
    CHECK_REFUSED("IP", "1.2.3.256", DTU_ERR_RANGE);
    CHECK_REFUSED("IP", "256.2.3.4", DTU_ERR_RANGE);
    CHECK_REFUSED("IP", "1.2.3.4294967297", DTU_ERR_RANGE);
    CHECK_REFUSED("IP", "1.2.3", DTU_ERR_TYPE);
    CHECK_REFUSED("IP", "1.2.3.4.5", DTU_ERR_TYPE);
    CHECK_REFUSED("IP", "1.2.3.", DTU_ERR_TYPE);
    CHECK_REFUSED("IP", "1..3.4", DTU_ERR_TYPE);
    CHECK_REFUSED("IP", ".1.2.3", DTU_ERR_TYPE);
    CHECK_REFUSED("IP", "1.2.3.a", DTU_ERR_TYPE);
    CHECK_REFUSED("IP", "1.2.3.4 ", DTU_ERR_TYPE);
    CHECK_REFUSED("IP", "host", DTU_ERR_TYPE);
    CHECK_REFUSED("IP", "", DTU_ERR_MISSING);
}

static void a_mac_address_is_12_digits(void)
{
    size_t len;
    begin(PLAIN);
    CHECK_EQ(set("MAC", "d8b04CF00102"), DTU_OK);
    CHECK_PENDING("MAC", "D8B04CF00102");
    dtu_params_apply(&params);
    CHECK_BYTES(dtu_params_bytes(&params, row("MAC"), 0, &len), 6, "\xd8\xb0\x4c\xf0\x01\x02", 6);
    CHECK_REFUSED("MAC", "D8B04CF001", DTU_ERR_RANGE);
    CHECK_REFUSED("MAC", "D8B04CF0010203", DTU_ERR_RANGE);
    CHECK_REFUSED("MAC", "D8B04CF0010", DTU_ERR_TYPE);
    CHECK_REFUSED("MAC", "D8B04CF0010G", DTU_ERR_TYPE);
    CHECK_REFUSED("MAC", "D8:B0:4C:F0:", DTU_ERR_TYPE);
}

/* --- Optional parameters -------------------------------------------------------------------- */

static void an_optional_parameter_left_out_keeps_what_it_was(void)
{
    begin(PLAIN);
    CHECK_EQ(set("OPT", "6"), DTU_OK);
    CHECK_PENDING("OPT", "6,abc,300");
    CHECK_EQ(set("OPT", "7,"), DTU_OK);
    CHECK_PENDING("OPT", "7,abc,300");
    CHECK_EQ(set("OPT", "8,,4"), DTU_OK);
    CHECK_PENDING("OPT", "8,abc,4");
    CHECK_EQ(set("OPT", "9,x,"), DTU_OK);
    CHECK_PENDING("OPT", "9,x,4");
    CHECK_REFUSED("OPT", "", DTU_ERR_MISSING);
    CHECK_REFUSED("OPT", ",x,4", DTU_ERR_MISSING);
    CHECK_REFUSED("OPT", "1,x,4,", DTU_ERR_COUNT);
}

static void a_clearable_parameter_left_out_becomes_empty(void)
{
    begin(PLAIN);
    CHECK_PENDING("CLR", "abc,7,Yes");
    CHECK_EQ(set("CLR", ",8,"), DTU_OK);
    CHECK_PENDING("CLR", ",8,no");
    CHECK_EQ(set("CLR", "x"), DTU_OK);
    CHECK_PENDING("CLR", "x,0,no");
    CHECK_EQ(set("CLR", ""), DTU_OK);
    CHECK_PENDING("CLR", ",0,no");
    CHECK_EQ(set("CLR", "y,0,yes"), DTU_OK); /* what a query answered is legal in a set */
    CHECK_PENDING("CLR", "y,0,Yes");
    CHECK_REFUSED("CLR", "x,4", DTU_ERR_RANGE);
}

/* --- All or nothing ------------------------------------------------------------------------- */

static void a_set_that_fails_late_changes_nothing(void)
{
    begin(PLAIN);
    CHECK_REFUSED("SOCK", "UDP,other.host,65536", DTU_ERR_RANGE);
    CHECK_REFUSED("SOCK", "UDP,other.host,", DTU_ERR_MISSING);
    CHECK_REFUSED("SOCK", "UDP,other.host,x", DTU_ERR_TYPE);
    CHECK_REFUSED("SOCK", "UDP,other[00],1", DTU_ERR_TYPE);
    CHECK_REFUSED("SOCK", "UDP,,1", DTU_ERR_MISSING);
    CHECK_REFUSED("SOCK", "UDP,other.host", DTU_ERR_COUNT);
    CHECK_REFUSED("CLR", "zz,9,maybe", DTU_ERR_RANGE);
    CHECK_REFUSED("OPT", "1,zz,1000", DTU_ERR_RANGE);
}

static void the_number_of_parameters_is_told_before_their_faults(void)
{
    begin(PLAIN);
    CHECK_REFUSED("SOCK", "NEITHER,", DTU_ERR_COUNT);
    CHECK_REFUSED("SOCK", "NEITHER,[00],y,z", DTU_ERR_COUNT);
}

static void what_is_no_setting_cannot_be_set_nor_written(void)
{
    begin(PLAIN);
    CHECK_REFUSED("DO", "1", DTU_ERR_FORM);
    CHECK_REFUSED("INFO", "", DTU_ERR_FORM);
    CHECK_PENDING("DO", "");
    CHECK_PENDING("INFO", "");
}

static void a_field_of_no_known_type_is_refused(void)
{
    static const struct dtu_param_field odd[] = {{.type = 99}};
    const struct dtu_param r = SETTING("ODD", 0, en, odd, "");
    begin(PLAIN);
    CHECK_EQ(dtu_params_set(&params, &r, (const uint8_t *)"1", 1), DTU_ERR_FORM);
    CHECK_EQ(dtu_params_number(&params, &r, 0), 0);
}

static void a_view_shares_the_values_of_another_row(void)
{
    begin(PLAIN);
    CHECK_EQ(set("VIEW", "77"), DTU_OK);
    CHECK_PENDING("NUM", "77");
    CHECK_PENDING("VIEW", "77");
}

/* --- Typed data, lines, places, secrets: a table of its own, as 7S4 and as K7 --------------- */

#define TOPICS 4

struct more_values {
    uint8_t apn[4 + 4 + 1];
    uint8_t cloud[5];
    uint8_t data[1 + 1 + 5];
    uint8_t head[9];
    uint8_t ntp[4 + 4 + 4];
    uint8_t pw[7];
    uint8_t sub[TOPICS][5 + 1];
    uint8_t wan[1 + 4 + 4];
};

static const struct dtu_param_field apn[] = {{.type = DTU_FIELD_TEXT, .max = 3},
                                             {.type = DTU_FIELD_TEXT, .max = 3},
                                             {.type = DTU_FIELD_CHOICE, .max = 2, .text = "0,1,2"}};
static const struct dtu_param_field cloud[] = {{.type = DTU_FIELD_TEXT, .min = 4, .max = 4}};
static const struct dtu_param_field data_text[] = {{.type = DTU_FIELD_DATA, .min = 1, .max = 5}};
static const struct dtu_param_field data_typed[] = {
    {.type = DTU_FIELD_DATA, .flags = DTU_FIELD_TYPED, .min = 1, .max = 5}};
static const struct dtu_param_field head[] = {
    {.type = DTU_FIELD_TEXT, .flags = DTU_FIELD_LINES, .min = 2, .max = 8}};
static const struct dtu_param_field ntp[] = {
    {.type = DTU_FIELD_TEXT, .min = 1, .max = 3},
    {.type = DTU_FIELD_TEXT, .flags = DTU_FIELD_CLEARABLE, .min = 1, .max = 3},
    {.type = DTU_FIELD_TEXT, .flags = DTU_FIELD_CLEARABLE, .min = 1, .max = 3}};
static const struct dtu_param_field password[] = {{.type = DTU_FIELD_TEXT, .min = 1, .max = 6}};
static const struct dtu_param_field sub[] = {{.type = DTU_FIELD_NUMBER, .min = 1, .max = TOPICS},
                                             {.type = DTU_FIELD_TEXT, .min = 1, .max = 4},
                                             {.type = DTU_FIELD_NUMBER, .max = 2}};
static const struct dtu_param_field wan[] = {
    {.type = DTU_FIELD_ENUM, .text = "static,DHCP"},
    {.type = DTU_FIELD_IP, .flags = DTU_FIELD_OPTIONAL | DTU_FIELD_FIRST_NEEDS},
    {.type = DTU_FIELD_IP, .flags = DTU_FIELD_OPTIONAL | DTU_FIELD_FIRST_NEEDS}};
static const struct dtu_param_field sms[] = {
    {.type = DTU_FIELD_TEXT, .min = 1, .max = 4},
    {.type = DTU_FIELD_ENUM, .text = "GSM,UCS2"},
    {.type = DTU_FIELD_CHOICE, .max = 9, .text = "5,9"},
    {.type = DTU_FIELD_NUMBER, .flags = DTU_FIELD_OPTIONAL, .max = 70000}};

#define MORE(kind_, name_, flags_, member_, fields_, initial_)                                     \
    {                                                                                              \
        .name = name_, .kind = kind_, .flags = flags_, .field_count = COUNT(fields_),              \
        .fields = fields_, .offset = offsetof(struct more_values, member_), .initial = initial_    \
    }
static const struct dtu_param more_rows[] = {
    MORE(DTU_PARAM_SETTING, "APN", DTU_PARAM_KEPT | DTU_PARAM_DEFAULT, apn, apn, ",b,0"),
    MORE(DTU_PARAM_SETTING, "CLOUD", 0, cloud, cloud, "0"),
    MORE(DTU_PARAM_SETTING, "DATA", 0, data, data_typed, "usr,ASCII"),
    MORE(DTU_PARAM_VIEW, "DT", 0, data, data_text, NULL),
    MORE(DTU_PARAM_SETTING, "HEAD", 0, head, head, NULL),
    MORE(DTU_PARAM_SETTING, "NTP", 0, ntp, ntp, "a,b"),
    MORE(DTU_PARAM_SECRET, "PW", 0, pw, password, "usr_cn"),
    {.name = "SEND", .kind = DTU_PARAM_ACTION, .field_count = COUNT(sms), .fields = sms},
    {.name = "SOCKC", .kind = DTU_PARAM_ABSENT},
    {.name = "SUB",
     .id = 7,
     .kind = DTU_PARAM_SETTING,
     .field_count = COUNT(sub),
     .fields = sub,
     .offset = offsetof(struct more_values, sub),
     .places = TOPICS},
    MORE(DTU_PARAM_SETTING, "WAN", 0, wan, wan, "static,1.2.3.4,5.6.7.8"),
};
static const struct dtu_param_table more_tables[] = {
    {.rows = more_rows,
     .count = COUNT(more_rows),
     .values_size = sizeof(struct more_values),
     .syntax = {.escape = DTU_ESCAPE_HEX, .escape_inner = "=,?", .escape_last = "=,?"}},
    {.rows = more_rows,
     .count = COUNT(more_rows),
     .values_size = sizeof(struct more_values),
     .syntax = {.escape = DTU_ESCAPE_CRLF,
                .last_takes_rest = true,
                .escape_inner = "",
                .escape_last = ""}},
};
enum { AS_7S4, AS_K7 };

static void begin_more(size_t table)
{
    CHECK(sizeof(struct more_values) <= sizeof running);
    memset(running, 0xEE, sizeof running);
    memset(pending, 0xEE, sizeof pending);
    CHECK_EQ(dtu_params_init(&params, &more_tables[table], running, pending), DTU_OK);
}

static void data_is_text_or_hex_as_its_type_says(void)
{
    size_t len;
    begin_more(AS_K7); /* 003 section 5.3.5: HEARTUSER, REGUSER; at.md, Ranges */
    CHECK_PENDING("DATA", "usr,ASCII");
    CHECK_EQ(set("DATA", "01fF00,hex"), DTU_OK);
    CHECK_PENDING("DATA", "01FF00,HEX");
    dtu_params_apply(&params);
    const uint8_t *bytes = dtu_params_bytes(&params, row("DATA"), 0, &len);
    CHECK_BYTES(bytes, len, "\x01\xff\x00", 3);
    CHECK_EQ(dtu_params_number(&params, row("DATA"), 0), 0);
    CHECK_EQ(set("DATA", "a,b,ascii"), DTU_OK); /* its own commas, and one for the type */
    CHECK_PENDING("DATA", "a,b,ASCII");
    CHECK_EQ(set("DATA", "a<<CRLF>>bc,ASCII"), DTU_OK);
    CHECK_PENDING("DATA", "a<<CRLF>>bc,ASCII");
    CHECK_EQ(set("DATA", ",,ASCII"), DTU_OK);
    CHECK_PENDING("DATA", ",,ASCII");
    CHECK_EQ(set("DATA", "0123456789,HEX"), DTU_OK); /* twice as many digits as bytes */
    CHECK_REFUSED("DATA", "0123456789A,HEX", DTU_ERR_TYPE);
    CHECK_REFUSED("DATA", "0123456789AB,HEX", DTU_ERR_RANGE);
    CHECK_REFUSED("DATA", "0g,HEX", DTU_ERR_TYPE);
    CHECK_REFUSED("DATA", "123456,ASCII", DTU_ERR_RANGE);
    CHECK_REFUSED("DATA", "123456", DTU_ERR_COUNT);
    CHECK_REFUSED("DATA", "12,BIN", DTU_ERR_RANGE);
    CHECK_REFUSED("DATA", "12,", DTU_ERR_RANGE);
    CHECK_REFUSED("DATA", ",HEX", DTU_ERR_MISSING);
    CHECK_REFUSED("DATA", "", DTU_ERR_MISSING);
    CHECK_RANGE("DATA", "<1~5 bytes>");
}

static void an_untyped_view_of_data_sets_text_and_shows_either(void)
{
    begin_more(AS_K7); /* at.md, Ranges: HEARTDT and HEARTUSER are one stored value */
    CHECK_EQ(set("DATA", "01ff,HEX"), DTU_OK);
    CHECK_PENDING("DT", "01FF");
    CHECK_EQ(set("DT", "a,HEX"), DTU_OK); /* is text here, all of it */
    CHECK_PENDING("DT", "a,HEX");
    CHECK_PENDING("DATA", "a,HEX,ASCII");
    CHECK_REFUSED("DT", "abcdef", DTU_ERR_RANGE);
}

static void header_lines_end_with_cr_lf(void)
{
    begin_more(AS_7S4); /* at.md, Ranges: HTPHD must end in [0D][0A] */
    CHECK_EQ(set("HEAD", "a: b[0D][0A]"), DTU_OK);
    CHECK_EQ(set("HEAD", "[0D][0A]"), DTU_OK);
    CHECK_REFUSED("HEAD", "a: b", DTU_ERR_RANGE);
    CHECK_REFUSED("HEAD", "a: b[0D]", DTU_ERR_RANGE);
    CHECK_REFUSED("HEAD", "ab[0A]", DTU_ERR_RANGE);
    CHECK_REFUSED("HEAD", "[0D][0A]a", DTU_ERR_RANGE);
    CHECK_REFUSED("HEAD", "[0A][0D]", DTU_ERR_RANGE);
    CHECK_REFUSED("HEAD", "[0A]", DTU_ERR_RANGE);
    CHECK_REFUSED("HEAD", "1234567[0D][0A]", DTU_ERR_RANGE);
    CHECK_PENDING("HEAD", "[0D][0A]");
}

static void empty_texts_at_the_end_are_not_written(void)
{
    begin_more(AS_7S4); /* NTPSVR: 004 section 4.22 shows two servers of four */
    CHECK_PENDING("NTP", "a,b");
    CHECK_EQ(set("NTP", "x"), DTU_OK);
    CHECK_PENDING("NTP", "x");
    CHECK_EQ(set("NTP", "x,,z"), DTU_OK); /* one in the middle is */
    CHECK_PENDING("NTP", "x,,z");
    CHECK_EQ(set("NTP", "x,y,"), DTU_OK);
    CHECK_PENDING("NTP", "x,y");
    CHECK_EQ(set("NTP", "[3F]"), DTU_OK);
    CHECK_PENDING("NTP", "[3F]");
    begin_more(AS_K7);
    CHECK_EQ(set("NTP", "?,,"), DTU_OK);
    CHECK_PENDING("NTP", "?"); /* no escape on K7, and no `=?` either */
    CHECK_REFUSED("NTP", ",y", DTU_ERR_MISSING);
}

static void some_parameters_are_needed_only_with_the_first_word(void)
{
    begin_more(AS_K7); /* 003 section 5.3.5, WANN: under DHCP the addresses may be left out */
    CHECK_REFUSED("WAN", "static", DTU_ERR_MISSING);
    CHECK_REFUSED("WAN", "STATIC,9.9.9.9", DTU_ERR_MISSING);
    CHECK_REFUSED("WAN", "static,,9.9.9.9", DTU_ERR_MISSING);
    CHECK_EQ(set("WAN", "dhcp"), DTU_OK);
    CHECK_PENDING("WAN", "DHCP,1.2.3.4,5.6.7.8"); /* keeps what it was */
    CHECK_EQ(set("WAN", "DHCP,,9.9.9.9"), DTU_OK);
    CHECK_PENDING("WAN", "DHCP,1.2.3.4,9.9.9.9");
    CHECK_EQ(set("WAN", "static,1.1.1.1,2.2.2.2"), DTU_OK);
    CHECK_REFUSED("WAN", "neither", DTU_ERR_RANGE);
}

static void a_default_may_be_shorter_than_what_a_user_may_set(void)
{
    begin_more(AS_7S4); /* at.md, Settled: CLOUD, whose page has no default of 20 bytes */
    CHECK_PENDING("CLOUD", "0");
    CHECK_REFUSED("CLOUD", "0", DTU_ERR_RANGE);
    CHECK_REFUSED("CLOUD", "", DTU_ERR_MISSING);
    CHECK_EQ(set("CLOUD", "1234"), DTU_OK);
    dtu_params_reset(&params);
    CHECK_PENDING("CLOUD", "0");
    static const struct dtu_param long_default[] = {
        MORE(DTU_PARAM_SETTING, "CLOUD", 0, cloud, cloud, "12345")};
    static const struct dtu_param_table table = {
        .rows = long_default, .count = 1, .values_size = sizeof(struct more_values)};
    CHECK_EQ(dtu_params_init(&params, &table, running, pending), DTU_ERR_CONFIG); /* not longer */
}

static void the_word_default_sets_the_default_where_it_may(void)
{
    begin_more(AS_7S4); /* at.md, Saving: AT+APN=default */
    CHECK_EQ(set("APN", "x,y,2"), DTU_OK);
    CHECK_EQ(set("APN", "DeFault"), DTU_OK);
    CHECK_PENDING("APN", ",b,0");
    CHECK_REFUSED("APN", "default,", DTU_ERR_COUNT);
    CHECK_REFUSED("APN", "defaul", DTU_ERR_COUNT);
    CHECK_REFUSED("PW", "default", DTU_ERR_RANGE); /* elsewhere it is a text, here too long */
}

static void the_word_default_is_a_value_where_there_is_no_default(void)
{
    static const struct dtu_param none[] = {
        MORE(DTU_PARAM_SETTING, "CLOUD", DTU_PARAM_DEFAULT, cloud, cloud, NULL)};
    static const struct dtu_param_table table = {
        .rows = none, .count = 1, .values_size = sizeof(struct more_values)};
    static const uint8_t word[] = "default";
    CHECK_EQ(dtu_params_init(&params, &table, running, pending), DTU_OK);
    CHECK_EQ(dtu_params_set(&params, none, word, 7), DTU_ERR_RANGE); /* as a text it is too long */
    CHECK_EQ(dtu_params_load(&params, none, word, 7), DTU_ERR_RANGE);
}

static void a_reset_leaves_alone_what_is_kept(void)
{
    begin_more(AS_7S4); /* at.md, Saving: RELD and CLEAR keep the APN */
    CHECK_EQ(set("APN", "x,y,2"), DTU_OK);
    CHECK_EQ(set("PW", "other"), DTU_OK);
    CHECK_EQ(set("SUB", "2,t,1"), DTU_OK);
    CHECK_EQ(set("HEAD", "[0D][0A]"), DTU_OK);
    dtu_params_reset(&params);
    CHECK_PENDING("APN", "x,y,2");
    CHECK_PENDING("PW", "usr_cn");
    CHECK_PENDING("HEAD", "");
    CHECK(dtu_params_place_is_empty(&params, DTU_PARAMS_PENDING, row("SUB"), 2));
    CHECK_EQ(dtu_params_init(&params, &more_tables[AS_7S4], running, pending), DTU_OK);
    CHECK_PENDING("APN", ",b,0"); /* a new start does not */
}

static void a_secret_has_values_as_a_setting(void)
{
    size_t len;
    begin_more(AS_7S4);
    CHECK_EQ(set("PW", "a[2C]b"), DTU_OK);
    CHECK_PENDING("PW", "a[2C]b");
    CHECK_REFUSED("PW", "1234567", DTU_ERR_RANGE);
    dtu_params_apply_row(&params, row("PW"));
    const uint8_t *bytes = dtu_params_bytes(&params, row("PW"), 0, &len);
    CHECK_BYTES(bytes, len, "a,b", 3);
}

static void write_place(enum dtu_param_set which, uint8_t place)
{
    dtu_params_write(&params, which, row("SUB"), place, fresh_text());
    CHECK(!buffer.overflow);
}

#define CHECK_PLACE(which, place, expected)                                                        \
    do {                                                                                           \
        write_place(which, place);                                                                 \
        CHECK_BYTES(text, buffer.len, expected, strlen(expected));                                 \
    } while (0)

static void a_set_goes_to_the_place_that_its_first_parameter_says(void)
{
    size_t len;
    begin_more(AS_7S4); /* at.md, Ranges: MQTTSUB=1..15,topic,QoS */
    CHECK_EQ(set("SUB", "4,t[2C]u,2"), DTU_OK);
    CHECK_EQ(set("SUB", "1,a,0"), DTU_OK);
    CHECK_PLACE(DTU_PARAMS_PENDING, 4, "4,t[2C]u,2");
    CHECK_PLACE(DTU_PARAMS_PENDING, 1, "1,a,0");
    CHECK_PLACE(DTU_PARAMS_RUNNING, 1, "1,,0");
    CHECK(!dtu_params_place_is_empty(&params, DTU_PARAMS_PENDING, row("SUB"), 4));
    CHECK(dtu_params_place_is_empty(&params, DTU_PARAMS_PENDING, row("SUB"), 2));
    CHECK(dtu_params_place_is_empty(&params, DTU_PARAMS_RUNNING, row("SUB"), 4));
    CHECK_REFUSED("SUB", "0,a,0", DTU_ERR_RANGE);
    CHECK_REFUSED("SUB", "5,a,0", DTU_ERR_RANGE);
    CHECK_REFUSED("SUB", "257,a,0", DTU_ERR_RANGE); /* 1 in a byte */
    CHECK_REFUSED("SUB", "2,a,3", DTU_ERR_RANGE);
    CHECK_REFUSED("SUB", "2,,0", DTU_ERR_MISSING);
    CHECK_REFUSED("SUB", "2,a", DTU_ERR_COUNT);
    CHECK_REFUSED("SUB", ",a,0", DTU_ERR_MISSING);
    CHECK_REFUSED("SUB", "x,a,0", DTU_ERR_TYPE);
    dtu_params_apply_row(&params, row("SUB"));
    CHECK_PLACE(DTU_PARAMS_RUNNING, 4, "4,t[2C]u,2");
    /* the fields of one place are not those of the row */
    CHECK(dtu_params_bytes(&params, row("SUB"), 1, &len) == NULL);
    CHECK_EQ(dtu_params_number(&params, row("SUB"), 2), 0);
    write_row(DTU_PARAMS_PENDING, "SUB");
    CHECK_EQ(buffer.len, 0);
    CHECK_RANGE("SUB", "<1~4>,<1~4 bytes>,<0~2>");
}

static void a_place_is_emptied_without_its_neighbours(void)
{
    begin_more(AS_7S4);
    CHECK_EQ(set("SUB", "1,aaaa,2"), DTU_OK);
    CHECK_EQ(set("SUB", "2,bbbb,2"), DTU_OK);
    CHECK_EQ(set("SUB", "3,cccc,2"), DTU_OK);
    dtu_params_clear_place(&params, row("SUB"), 2);
    CHECK(dtu_params_place_is_empty(&params, DTU_PARAMS_PENDING, row("SUB"), 2));
    CHECK_PLACE(DTU_PARAMS_PENDING, 1, "1,aaaa,2");
    CHECK_PLACE(DTU_PARAMS_PENDING, 3, "3,cccc,2");
}

static void places_that_are_not_there_are_empty_and_stay_so(void)
{
    static const uint8_t none[] = {0, TOPICS + 1, 255};
    begin_more(AS_7S4);
    memcpy(before, pending, sizeof before);
    for (size_t i = 0; i < COUNT(none); i++) {
        CHECK(dtu_params_place_is_empty(&params, DTU_PARAMS_PENDING, row("SUB"), none[i]));
        dtu_params_clear_place(&params, row("SUB"), none[i]);
        CHECK_PLACE(DTU_PARAMS_PENDING, none[i], "");
    }
    dtu_params_clear_place(&params, row("APN"), 1); /* has no places */
    CHECK_BYTES(pending, sizeof pending, before, sizeof before);
}

static void a_row_without_places_is_place_0(void)
{
    begin_more(AS_7S4);
    CHECK(!dtu_params_place_is_empty(&params, DTU_PARAMS_PENDING, row("APN"), 0));
    CHECK(dtu_params_place_is_empty(&params, DTU_PARAMS_PENDING, row("APN"), 1));
    dtu_params_clear_place(&params, row("APN"), 0);
    CHECK_PENDING("APN", ",,0");
    CHECK(dtu_params_place_is_empty(&params, DTU_PARAMS_PENDING, row("APN"), 0));
}

static void init_refuses_a_default_of_no_place(void)
{
    static const char *const bad[] = {",a,0", "0,a,0", "5,a,0", ""};
    struct dtu_param one = more_rows[9];
    struct dtu_param_table table = more_tables[AS_7S4];
    table.rows = &one;
    table.count = 1;
    for (size_t i = 0; i < COUNT(bad); i++) {
        one.initial = bad[i];
        CHECK_EQ(dtu_params_init(&params, &table, running, pending), DTU_ERR_CONFIG);
    }
    one.initial = "2,a,0";
    CHECK_EQ(dtu_params_init(&params, &table, running, pending), DTU_OK);
    CHECK(!dtu_params_place_is_empty(&params, DTU_PARAMS_RUNNING, &one, 2));
}

static enum dtu_status check(const char *name, const char *value)
{
    return dtu_params_check(params.table, row(name), (const uint8_t *)value, strlen(value));
}

static void a_check_says_what_a_set_would_and_changes_nothing(void)
{
    begin_more(AS_7S4);
    memcpy(before, pending, sizeof before);
    CHECK_EQ(check("SEND", "1,GSM,5,70000"), DTU_OK);
    CHECK_EQ(check("SEND", "1,gsm,9"), DTU_OK);
    CHECK_EQ(check("SEND", "1,GSM,6"), DTU_ERR_RANGE);
    CHECK_EQ(check("SEND", "1,GSM"), DTU_ERR_COUNT);
    CHECK_EQ(check("SEND", "1,GSM,5,1,1"), DTU_ERR_COUNT);
    CHECK_EQ(check("SEND", ",GSM,5"), DTU_ERR_MISSING);
    CHECK_EQ(check("SEND", "1,GSM,x"), DTU_ERR_TYPE);
    CHECK_EQ(check("SUB", "1,a,0"), DTU_OK);
    CHECK_EQ(check("DATA", "0,HEX"), DTU_ERR_TYPE);
    CHECK_EQ(check("SOCKC", "1"), DTU_ERR_FORM); /* nothing to be set */
    CHECK_EQ(set("SEND", "1,GSM,5"), DTU_ERR_FORM);
    CHECK_EQ(set("SOCKC", "1"), DTU_ERR_FORM);
    CHECK_BYTES(pending, sizeof pending, before, sizeof before);
}

/* A number 0 in front is no first word. */
static void only_the_first_word_of_an_enum_needs_what_follows(void)
{
    static const struct dtu_param_field fields[] = {
        {.type = DTU_FIELD_NUMBER, .max = 9},
        {.type = DTU_FIELD_ENUM, .text = "OFF,ON"},
        {.type = DTU_FIELD_NUMBER, .flags = DTU_FIELD_OPTIONAL | DTU_FIELD_FIRST_NEEDS, .max = 9}};
    static const struct dtu_param by_number = {
        .name = "ROW", .kind = DTU_PARAM_SETTING, .field_count = 3, .fields = fields};
    static const struct dtu_param by_word = {
        .name = "ROW", .kind = DTU_PARAM_SETTING, .field_count = 2, .fields = fields + 1};
    const struct dtu_param_table *table = &more_tables[AS_7S4];

    CHECK_EQ(dtu_params_check(table, &by_number, (const uint8_t *)"0,OFF,", 6), DTU_OK);
    CHECK_EQ(dtu_params_check(table, &by_number, (const uint8_t *)"0,OFF", 5), DTU_OK);
    CHECK_EQ(dtu_params_check(table, &by_word, (const uint8_t *)"OFF,", 4), DTU_ERR_MISSING);
    CHECK_EQ(dtu_params_check(table, &by_word, (const uint8_t *)"OFF", 3), DTU_ERR_MISSING);
    CHECK_EQ(dtu_params_check(table, &by_word, (const uint8_t *)"OFF,0", 5), DTU_OK);
    CHECK_EQ(dtu_params_check(table, &by_word, (const uint8_t *)"ON,", 3), DTU_OK);
}

static void arguments_are_taken_out_of_a_line(void)
{
    const struct dtu_param *send;
    const uint8_t *line = (const uint8_t *)"a[2C]b,ucs2,9,70000";
    begin_more(AS_7S4);
    send = row("SEND");
    struct dtu_argument a = dtu_params_argument(params.table, send, line, 19, 0);
    CHECK_BYTES(a.text, a.len, "a[2C]b", 6); /* as it was written */
    CHECK_EQ(a.number, 0);
    a = dtu_params_argument(params.table, send, line, 19, 1);
    CHECK_EQ(a.number, 1);
    a = dtu_params_argument(params.table, send, line, 19, 2);
    CHECK_EQ(a.number, 9);
    a = dtu_params_argument(params.table, send, line, 19, 3);
    CHECK_EQ(a.number, 70000);
    a = dtu_params_argument(params.table, send, line, 13, 3); /* left out */
    CHECK(a.text == NULL && a.len == 0 && a.number == 0);
    a = dtu_params_argument(params.table, send, line, 19, 4); /* there is none */
    CHECK(a.text == NULL && a.len == 0 && a.number == 0);
    line = (const uint8_t *)"1,\"GSM\",5"; /* with quotes, as on 7S3 */
    struct dtu_param_table quoting = more_tables[AS_7S4];
    quoting.syntax.quotes = true;
    a = dtu_params_argument(&quoting, send, line, 9, 1);
    CHECK_BYTES(a.text, a.len, "GSM", 3);
    CHECK_EQ(a.number, 0);
    a = dtu_params_argument(&quoting, send, line, 6, 1); /* a line that is not legal */
    CHECK(a.text == NULL);
}

static void the_number_of_an_argument_is_0_where_there_is_none(void)
{
    static const struct dtu_param_field fields[] = {
        {.type = DTU_FIELD_NUMBER, .max = UINT32_MAX},
        {.type = DTU_FIELD_ENUM, .text = "OFF,ON", .flags = DTU_FIELD_OPTIONAL}};
    static const struct dtu_param row = {
        .name = "ROW", .kind = DTU_PARAM_ACTION, .field_count = COUNT(fields), .fields = fields};
    const uint8_t *line = (const uint8_t *)"4294967295,ON";
    const struct dtu_param_table *table = &more_tables[AS_7S4];

    CHECK_EQ(dtu_params_argument(table, &row, line, 13, 0).number, UINT32_MAX);
    CHECK_EQ(dtu_params_argument(table, &row, line, 13, 1).number, 1);
    CHECK_EQ(dtu_params_argument(table, &row, line, 11, 1).number, 0);
    CHECK_EQ(dtu_params_argument(table, &row, line, 10, 1).number, 0);
}

static void digits_that_are_no_number_have_none(void)
{
    static const struct dtu_param_field fields[] = {{.type = DTU_FIELD_HEX, .max = 2},
                                                    {.type = DTU_FIELD_CHOICE, .text = "5"},
                                                    {.type = DTU_FIELD_TEXT, .max = 5}};
    static const struct dtu_param row = {
        .name = "ROW", .kind = DTU_PARAM_ACTION, .field_count = COUNT(fields), .fields = fields};
    const uint8_t *line = (const uint8_t *)"12,5,34";
    const struct dtu_param_table *table = &more_tables[AS_7S4];

    CHECK_EQ(dtu_params_argument(table, &row, line, 7, 0).number, 0);
    CHECK_EQ(dtu_params_argument(table, &row, line, 7, 1).number, 5);
    CHECK_EQ(dtu_params_argument(table, &row, line, 7, 2).number, 0);
}

static void more_than_the_most_fields_of_a_row_are_refused(void)
{
    static const struct dtu_param_field too_many[DTU_PARAM_FIELDS_MAX + 1] = {
        {.type = DTU_FIELD_IP}};
    static const struct dtu_param wide = {.name = "WIDE",
                                          .kind = DTU_PARAM_ACTION,
                                          .field_count = COUNT(too_many),
                                          .fields = too_many};
    CHECK_EQ(dtu_params_check(&more_tables[0], &wide, (const uint8_t *)"1", 1), DTU_ERR_FORM);
}

/* --- Typed access and the two sets ---------------------------------------------------------- */

static void a_set_is_pending_until_it_is_applied(void)
{
    begin(PLAIN);
    CHECK_EQ(set("NUM", "77"), DTU_OK);
    CHECK_EQ(set("EN", "OFF"), DTU_OK);
    CHECK_EQ(dtu_params_number(&params, row("NUM"), 0), 50);
    dtu_params_apply_row(&params, row("EN"));
    CHECK(dtu_params_is(&params, row("EN"), 0, "OFF"));
    CHECK_EQ(dtu_params_number(&params, row("NUM"), 0), 50);
    dtu_params_apply(&params);
    CHECK_EQ(dtu_params_number(&params, row("NUM"), 0), 77);
    dtu_params_reset(&params);
    CHECK_PENDING("NUM", "50");
    CHECK_EQ(dtu_params_number(&params, row("NUM"), 0), 77);
}

static void one_row_is_applied_without_its_neighbours(void)
{
    begin(PLAIN);
    CHECK_EQ(set("OPT", "9,z,999"), DTU_OK);
    CHECK_EQ(set("NUM4", "5"), DTU_OK);
    CHECK_EQ(set("RST", "60"), DTU_OK);
    dtu_params_apply_row(&params, row("OPT"));
    CHECK_EQ(dtu_params_number(&params, row("OPT"), 0), 9);
    CHECK_EQ(dtu_params_number(&params, row("OPT"), 2), 999);
    CHECK_EQ(dtu_params_number(&params, row("NUM4"), 0), 1);
    CHECK_EQ(dtu_params_number(&params, row("RST"), 0), 1800);
}

static void values_are_read_by_type_and_nothing_else_is_given(void)
{
    size_t len = 99;
    begin(PLAIN);
    CHECK_EQ(dtu_params_number(&params, row("CH"), 0), 8);
    CHECK_EQ(dtu_params_number(&params, row("CLR"), 2), 1); /* the second word */
    CHECK_EQ(dtu_params_number(&params, row("RST"), 0), 1800);
    CHECK_EQ(dtu_params_number(&params, row("TEXT"), 0), 0);
    CHECK_EQ(dtu_params_number(&params, row("IP"), 0), 0);
    CHECK_EQ(dtu_params_number(&params, row("MAC"), 0), 0);
    CHECK_EQ(dtu_params_number(&params, row("HEX"), 0), 0);
    CHECK_EQ(dtu_params_number(&params, row("NUM"), 1), 0);
    CHECK_EQ(dtu_params_number(&params, row("DO"), 0), 0);
    CHECK_EQ(dtu_params_number(&params, NULL, 0), 0);
    CHECK_BYTES(dtu_params_bytes(&params, row("TEXT"), 0, &len), 10, "WH-LTE-7S1", 10);
    CHECK_EQ(len, 10);
    CHECK(dtu_params_bytes(&params, row("NUM"), 0, &len) == NULL);
    CHECK_EQ(len, 0);
    len = 99;
    CHECK(dtu_params_bytes(&params, row("EN"), 0, &len) == NULL && len == 0);
    CHECK(dtu_params_bytes(&params, row("CH"), 0, &len) == NULL && len == 0);
    CHECK(dtu_params_bytes(&params, row("TEXT"), 1, &len) == NULL && len == 0);
    len = 99;
    CHECK(dtu_params_bytes(&params, NULL, 0, &len) == NULL && len == 0);
    CHECK(dtu_params_is(&params, row("EN"), 0, "on"));
    CHECK(!dtu_params_is(&params, row("EN"), 0, "OFF"));
    CHECK(!dtu_params_is(&params, row("EN"), 0, "WHAT"));
    CHECK(!dtu_params_is(&params, row("EN"), 1, "ON"));
    CHECK(!dtu_params_is(&params, row("NUM"), 0, "50"));
    CHECK(!dtu_params_is(&params, NULL, 0, "ON"));
    CHECK_EQ(dtu_params_which(&params, row("EN"), 0, "on"), 1);
    CHECK_EQ(dtu_params_which(&params, row("EN"), 0, "WHAT,OFF,On"), 3);
    CHECK_EQ(dtu_params_which(&params, row("EN"), 0, "WHAT,OFF,ONE,O"), 0);
    CHECK_EQ(dtu_params_which(&params, row("NUM"), 0, "50"), 0);
    CHECK_EQ(dtu_params_which(&params, row("EN"), 1, "ON"), 0);
    CHECK_EQ(dtu_params_which(&params, NULL, 0, "ON"), 0);
}

static void a_row_is_emptied_with_all_of_its_places_and_no_other(void)
{
    begin_more(AS_7S4);
    CHECK_EQ(set("SUB", "2,two,1"), DTU_OK);
    CHECK_EQ(set("SUB", "4,four,1"), DTU_OK);
    CHECK_EQ(set("HEAD", "[0D][0A]"), DTU_OK);
    CHECK_EQ(set("APN", "x,y,2"), DTU_OK);
    dtu_params_clear(&params, row("SUB"));
    for (uint8_t place = 1; place <= row("SUB")->places; place++)
        CHECK(dtu_params_place_is_empty(&params, DTU_PARAMS_PENDING, row("SUB"), place));
    CHECK_PENDING("HEAD", "[0D][0A]");
    dtu_params_clear(&params, row("APN"));
    CHECK_PENDING("APN", ",,0");
    CHECK_PENDING("HEAD", "[0D][0A]");
}

static void a_word_of_a_list_is_found_and_none_behind_its_end(void)
{
    size_t len;
    const char *word = dtu_params_word("ON,OFF,X", 0, &len);
    CHECK_BYTES(word, len, "ON", 2);
    word = dtu_params_word("ON,OFF,X", 1, &len);
    CHECK_BYTES(word, len, "OFF", 3);
    word = dtu_params_word("ON,OFF,X", 2, &len);
    CHECK_BYTES(word, len, "X", 1);
    (void)dtu_params_word("ON,OFF,X", 3, &len);
    CHECK_EQ(len, 0);
    (void)dtu_params_word("ON,OFF,X", UINT32_MAX, &len);
    CHECK_EQ(len, 0);
}

static void the_pending_values_are_read_through_a_view(void)
{
    size_t len;
    begin(PLAIN);
    CHECK_EQ(set("NUM", "77"), DTU_OK);
    CHECK_EQ(set("TEXT", "new"), DTU_OK);
    CHECK_EQ(set("EN", "OFF"), DTU_OK);
    const struct dtu_params view = dtu_params_pending(&params);
    CHECK_EQ(dtu_params_number(&view, row("NUM"), 0), 77);
    CHECK_BYTES(dtu_params_bytes(&view, row("TEXT"), 0, &len), 3, "new", 3);
    CHECK(dtu_params_is(&view, row("EN"), 0, "OFF"));
    CHECK_EQ(dtu_params_number(&params, row("NUM"), 0), 50);
    CHECK_EQ(set("NUM", "78"), DTU_OK); /* it shows what is set later, too */
    CHECK_EQ(dtu_params_number(&view, row("NUM"), 0), 78);
}

static void one_row_goes_back_to_its_default_without_its_neighbours(void)
{
    begin(PLAIN);
    CHECK_EQ(set("NUM", "77"), DTU_OK);
    CHECK_EQ(set("NUM4", "78"), DTU_OK);
    CHECK_EQ(set("OPT", "9,z,999"), DTU_OK);
    dtu_params_apply(&params);
    dtu_params_reset_row(&params, row("NUM4"));
    CHECK_PENDING("NUM4", "1");
    CHECK_PENDING("NUM", "77");
    CHECK_PENDING("OPT", "9,z,999");
    CHECK_EQ(dtu_params_number(&params, row("NUM4"), 0), 78); /* it runs on with the other */
    begin_more(AS_7S4);
    CHECK_EQ(set("APN", "x,y,2"), DTU_OK);
    CHECK_EQ(set("PW", "secret"), DTU_OK);
    CHECK_EQ(set("SUB", "2,ab,1"), DTU_OK);
    dtu_params_reset_row(&params, row("APN")); /* also one that is kept */
    CHECK_PENDING("APN", ",b,0");
    dtu_params_reset_row(&params, row("PW"));
    CHECK_PENDING("PW", "usr_cn");
    dtu_params_reset_row(&params, row("SUB")); /* without a default all of it becomes empty */
    CHECK(dtu_params_place_is_empty(&params, DTU_PARAMS_PENDING, row("SUB"), 2));
}

/* --- Values without text -------------------------------------------------------------------- */

static struct dtu_param_value num(uint32_t n)
{
    const struct dtu_param_value v = {.number = n};
    return v;
}

static struct dtu_param_value bytes(const void *data, size_t len)
{
    const struct dtu_param_value v = {.bytes = data, .len = len};
    return v;
}

static struct dtu_param_value word(const char *text_)
{
    return bytes(text_, strlen(text_));
}

/* Checks, then sets: the two must agree, and a refusal must change nothing. */
static enum dtu_status set_field(const char *name, uint8_t field, struct dtu_param_value v)
{
    v.row = row(name);
    v.field = field;
    memcpy(before, pending, sizeof before);
    enum dtu_status checked = dtu_params_check_value(params.table, &v);
    CHECK_BYTES(pending, sizeof pending, before, sizeof before);
    enum dtu_status status = dtu_params_set_value(&params, &v);
    CHECK_EQ(checked, status);
    if (status != DTU_OK)
        CHECK_BYTES(pending, sizeof pending, before, sizeof before);
    return status;
}

static enum dtu_status set_value(const char *name, struct dtu_param_value v)
{
    return set_field(name, 0, v);
}

static void values_are_as_limited_as_those_of_commands(void)
{
    begin(PLAIN);
    CHECK_EQ(set_value("CH", num(7)), DTU_OK);
    CHECK_PENDING("CH", "7");
    CHECK_EQ(set_value("CH", num(6)), DTU_ERR_RANGE);
    CHECK_EQ(set_value("CH", num(7 + 256)), DTU_ERR_RANGE);
    CHECK_EQ(set_value("EN", word("oFf")), DTU_OK);
    CHECK_PENDING("EN", "OFF");
    CHECK_EQ(set_value("EN", word("O")), DTU_ERR_RANGE);
    CHECK_EQ(set_value("EN", word("ON,OFF")), DTU_ERR_RANGE);
    CHECK_EQ(set_value("EN", bytes(NULL, 0)), DTU_ERR_RANGE);
    CHECK_EQ(set_value("NUM", num(500)), DTU_OK);
    CHECK_PENDING("NUM", "500");
    CHECK_EQ(set_value("NUM", num(10)), DTU_OK);
    CHECK_EQ(set_value("NUM", num(9)), DTU_ERR_RANGE);
    CHECK_EQ(set_value("NUM", num(501)), DTU_ERR_RANGE);
    CHECK_EQ(set_value("NUM", num(65546)), DTU_ERR_RANGE); /* 10 in 16 bits */
    CHECK_EQ(set_value("NUM4", num(UINT32_MAX)), DTU_OK);
    CHECK_PENDING("NUM4", "4294967295");
    CHECK_EQ(set_value("NUM4", num(0)), DTU_ERR_RANGE);
    CHECK_EQ(set_value("RST", num(0)), DTU_OK); /* 0 or 60 to 65535 */
    CHECK_PENDING("RST", "0");
    CHECK_EQ(set_value("RST", num(59)), DTU_ERR_RANGE);
    CHECK_EQ(set_value("HEX", bytes("\0\xFF\0\1", 4)), DTU_OK);
    CHECK_PENDING("HEX", "00FF0001");
    CHECK_EQ(set_value("HEX", bytes("12345", 5)), DTU_ERR_RANGE);
    CHECK_EQ(set_value("HEX", bytes(NULL, 0)), DTU_ERR_RANGE);
    CHECK_EQ(set_value("IP", bytes("\0\1\xFF\2", 4)), DTU_OK);
    CHECK_PENDING("IP", "0.1.255.2");
    CHECK_EQ(set_value("IP", bytes("123", 3)), DTU_ERR_RANGE);
    CHECK_EQ(set_value("IP", bytes("12345", 5)), DTU_ERR_RANGE);
    CHECK_EQ(set_value("MAC", bytes("\xD8\xB0\0\1\2\3", 6)), DTU_OK);
    CHECK_PENDING("MAC", "D8B000010203");
    CHECK_EQ(set_value("MAC", bytes("12345", 5)), DTU_ERR_RANGE);
    CHECK_EQ(set_value("MAC", bytes("1234567", 7)), DTU_ERR_RANGE);
}

static void texts_are_as_limited_as_those_of_commands(void)
{
    static uint8_t longest[LONG_TEXT + 1];
    begin(PLAIN);
    CHECK_EQ(set_value("TEXT", word("12345678901234567890")), DTU_OK);
    CHECK_PENDING("TEXT", "12345678901234567890");
    CHECK_EQ(set_value("TEXT", word("123456789012345678901")), DTU_ERR_RANGE);
    CHECK_EQ(set_value("TEXT", bytes(NULL, 0)), DTU_ERR_RANGE);
    CHECK_EQ(set_value("TEXT", word("x")), DTU_OK);
    CHECK_PENDING("TEXT", "x");
    CHECK_EQ(set_value("TEXT", bytes("a\0b", 3)), DTU_ERR_TYPE);
    CHECK_EQ(set_value("ZERO", bytes("a\0b", 3)), DTU_OK);
    CHECK_PENDING("ZERO", "a[00]b");
    CHECK_EQ(set_value("ZERO", bytes(NULL, 0)), DTU_OK); /* its shortest is nothing */
    CHECK_PENDING("ZERO", "");
    memset(longest, 'h', sizeof longest);
    CHECK_EQ(set_field("SOCK", 0, word("UDP")), DTU_OK);
    CHECK_EQ(set_field("SOCK", 1, bytes(longest, LONG_TEXT + 1)), DTU_ERR_RANGE);
    CHECK_EQ(set_field("SOCK", 1, bytes(longest, LONG_TEXT)), DTU_OK);
    CHECK_EQ(set_field("SOCK", 2, num(65535)), DTU_OK);
    dtu_params_apply(&params);
    CHECK(dtu_params_is(&params, row("SOCK"), 0, "UDP"));
    CHECK_EQ(dtu_params_number(&params, row("SOCK"), 2), 65535);
    size_t len;
    const uint8_t *stored = dtu_params_bytes(&params, row("SOCK"), 1, &len);
    CHECK_BYTES(stored, len, longest, LONG_TEXT);
}

static void the_other_fields_of_a_row_stay_as_they_are(void)
{
    begin(PLAIN);
    CHECK_EQ(set_field("SOCK", 2, num(80)), DTU_OK);
    CHECK_PENDING("SOCK", "TCP,test.usr.cn,80");
    CHECK_EQ(set_field("SOCK", 1, word("b")), DTU_OK);
    CHECK_PENDING("SOCK", "TCP,b,80");
    CHECK_EQ(set_field("SOCK", 0, word("UDP")), DTU_OK);
    CHECK_PENDING("SOCK", "UDP,b,80");
}

static void nothing_is_left_of_a_longer_text(void)
{
    static const uint8_t stored[21] = {1, 'x'};
    begin(PLAIN);
    CHECK_EQ(set_value("TEXT", word("12345678901234567890")), DTU_OK);
    CHECK_EQ(set_value("TEXT", word("x")), DTU_OK);
    CHECK_BYTES(pending + row("TEXT")->offset, sizeof stored, stored, sizeof stored);
}

static void a_field_that_is_refused_changes_nothing_of_its_row(void)
{
    begin(PLAIN);
    CHECK_EQ(set_field("SOCK", 2, num(0)), DTU_ERR_RANGE); /* looks that nothing has changed */
    CHECK_EQ(set_field("SOCK", 1, bytes("a\0b", 3)), DTU_ERR_TYPE);
    CHECK_EQ(set_field("SOCK", 0, word("XYZ")), DTU_ERR_RANGE);
    CHECK_PENDING("SOCK", "TCP,test.usr.cn,2317");
}

static void values_become_pending_only(void)
{
    begin(PLAIN);
    CHECK_EQ(set_value("NUM", num(77)), DTU_OK);
    CHECK_EQ(dtu_params_number(&params, row("NUM"), 0), 50);
    dtu_params_apply(&params);
    CHECK_EQ(dtu_params_number(&params, row("NUM"), 0), 77);
}

static void clearable_values_may_be_empty(void)
{
    begin(PLAIN);
    CHECK_EQ(set_field("CLR", 0, bytes(NULL, 0)), DTU_OK);
    CHECK_EQ(set_field("CLR", 1, num(0)), DTU_OK);
    CHECK_EQ(set_field("CLR", 2, word("no")), DTU_OK);
    CHECK_PENDING("CLR", ",0,no");
    CHECK_EQ(set_field("CLR", 1, num(4)), DTU_ERR_RANGE);
}

static void nothing_in_a_text_is_unescaped_or_split(void)
{
    begin(PLAIN);
    CHECK_EQ(set_value("TEXT", word("[41]\r\n,\"?")), DTU_OK);
    CHECK_PENDING("TEXT", "[5B]41][0D][0A],\"?");
    CHECK_EQ(set_field("SOCK", 1, word("a,b")), DTU_OK);
    CHECK_PENDING("SOCK", "TCP,a[2C]b,2317");
    begin(QUOTES);
    CHECK_EQ(set_field("SOCK", 1, word("a,b")), DTU_OK);
    CHECK_PENDING("SOCK", "\"TCP\",\"a,b\",2317");
    CHECK_EQ(set_value("TEXT", word("a\"b\n")), DTU_OK);
    CHECK_PENDING("TEXT", "\"a[22]b[0A]\"");
    begin(EQUALS);
    CHECK_EQ(set_field("SOCK", 1, word("a,b")), DTU_OK);
    CHECK_PENDING("SOCK", "TCP,a[2C]b,2317");
    CHECK_EQ(set_value("TEXT", word("a,b=?")), DTU_OK);
    CHECK_PENDING("TEXT", "a[2C]b[3D][3F]");
}

/* On K7 only the last parameter may have commas, and line ends come in pairs or not at all. */
static void a_text_that_no_command_can_carry_is_refused(void)
{
    begin(CRLF);
    CHECK_EQ(set_field("SOCK", 1, word("a,b")), DTU_ERR_TYPE);
    CHECK_EQ(set_value("TEXT", word("a,b")), DTU_OK);
    CHECK_PENDING("TEXT", "a,b");
    CHECK_EQ(set_value("TEXT", word("a\r\nb")), DTU_OK);
    CHECK_PENDING("TEXT", "a<<CRLF>>b");
    CHECK_EQ(set_value("TEXT", word("a\nb")), DTU_ERR_TYPE);
    CHECK_EQ(set_value("TEXT", word("a\r")), DTU_ERR_TYPE);
    CHECK_EQ(set_value("TEXT", word("<<CRLF>>")), DTU_ERR_TYPE);
    CHECK_EQ(set_value("HEX", bytes("\r,\n", 3)), DTU_OK); /* is written as digits */
    struct dtu_param_table escapes_none = tables[CRLF];
    escapes_none.syntax.escape_inner = ","; /* which this way of escaping does not look at */
    struct dtu_param_value comma = word("a,b");
    comma.row = row("SOCK");
    comma.field = 1;
    CHECK_EQ(dtu_params_check_value(&escapes_none, &comma), DTU_ERR_TYPE);
}

static void header_lines_of_programs_end_with_cr_lf_too(void)
{
    begin_more(AS_7S4);
    CHECK_EQ(set_value("HEAD", word("a: b\r\n")), DTU_OK);
    CHECK_PENDING("HEAD", "a: b[0D][0A]");
    CHECK_EQ(set_value("HEAD", word("a: b")), DTU_ERR_RANGE);
    CHECK_EQ(set_value("HEAD", word("a: b\n")), DTU_ERR_RANGE);
    CHECK_EQ(set_value("HEAD", word("\n\r")), DTU_ERR_RANGE);
    CHECK_EQ(set_value("HEAD", word("a: b\r\r")), DTU_ERR_RANGE);
}

static void values_are_for_rows_that_have_some_and_no_places(void)
{
    begin_more(AS_7S4);
    for (uint8_t field = 0; field < 3; field++) {
        CHECK_EQ(set_field("SUB", field, num(1)), DTU_ERR_FORM);
        CHECK_EQ(set_field("SEND", field, num(1)), DTU_ERR_FORM);
        CHECK_EQ(set_field("SOCKC", field, num(1)), DTU_ERR_FORM);
    }
    CHECK_EQ(set_value("DATA", word("abc")), DTU_ERR_FORM);
    CHECK_EQ(set_value("DATA", bytes(NULL, 0)), DTU_ERR_FORM);
    CHECK_EQ(set_value("PW", word("secret")), DTU_OK);
    CHECK_PENDING("PW", "secret");
    begin(PLAIN);
    CHECK_EQ(set_value("DO", num(1)), DTU_ERR_FORM);
    CHECK_EQ(set_value("INFO", num(1)), DTU_ERR_FORM);
    CHECK_EQ(set_value("NOWHERE", num(1)), DTU_ERR_FORM); /* the row is NULL */
    CHECK_EQ(set_field("SOCK", 3, num(1)), DTU_ERR_FORM);
    CHECK_EQ(set_field("SOCK", 255, num(1)), DTU_ERR_FORM);
    CHECK_EQ(set_value("VIEW", num(60)), DTU_OK);
    CHECK_PENDING("NUM", "60");
}

static struct dtu_param_value random_value(struct test_rand *rand, const struct dtu_param_field *f,
                                           uint8_t *room, size_t size)
{
    static const char letters[] = "ab,\"[41]\r\n=?<<CRLF>>";
    size_t len = test_rand_below(rand, (uint32_t)(f->max < size ? f->max + 2 : size));
    for (size_t i = 0; i < len; i++)
        room[i] = (uint8_t)letters[test_rand_below(rand, sizeof letters)]; /* 00 too */
    switch (f->type) {
    case DTU_FIELD_ENUM:
        return word(test_rand_below(rand, 2) == 0 ? "ON" : "UDP");
    case DTU_FIELD_CHOICE:
    case DTU_FIELD_NUMBER:
        return num(test_rand_u32(rand) >> test_rand_below(rand, 32));
    case DTU_FIELD_IP:
        return bytes(room, 4);
    case DTU_FIELD_MAC:
        return bytes(room, 6);
    default:
        return bytes(room, len);
    }
}

/* Rule 7 of the page: what a query answers can be sent back as a set, and is the same then. */
static void values_that_are_taken_can_be_written_and_set_again(void)
{
    struct test_rand rand;
    uint8_t room[30];
    unsigned taken = 0;
    test_rand_seed(&rand, 99);
    for (unsigned i = 0; i < 12000; i++) {
        const struct dtu_param *r = &rows[test_rand_below(&rand, COUNT(rows))];
        uint8_t field = (uint8_t)test_rand_below(&rand, 3);
        if (i % 500 == 0)
            begin(i / 500 % COUNT(tables));
        if (field >= r->field_count)
            continue;
        struct dtu_param_value v = random_value(&rand, &r->fields[field], room, sizeof room);
        if (set_field(r->name, field, v) != DTU_OK)
            continue;
        taken++;
        memcpy(before, pending, sizeof before);
        dtu_params_write(&params, DTU_PARAMS_PENDING, r, 0, fresh_text());
        CHECK_EQ(dtu_params_set(&params, r, (const uint8_t *)text, buffer.len), DTU_OK);
        CHECK(memcmp(before, pending, sizeof before) == 0);
    }
    CHECK(taken > 1000);
}

/* --- A question mark ------------------------------------------------------------------------- */

static void a_question_mark_is_escaped_if_it_is_all_of_an_answer(void)
{
    static const struct dtu_param servers[] = {MORE(DTU_PARAM_SETTING, "NTP", 0, ntp, ntp, "a,b")};
    struct dtu_param_table of_servers = tables[PLAIN]; /* where no `?` is else */
    of_servers.rows = servers;
    of_servers.count = COUNT(servers);
    of_servers.values_size = sizeof(struct more_values);
    CHECK_EQ(dtu_params_init(&params, &of_servers, running, pending), DTU_OK);
    CHECK_EQ(set("NTP", "[3F]"), DTU_OK);
    CHECK_PENDING("NTP", "[3F]"); /* the empty ones behind it are not answered */
    CHECK_EQ(set("NTP", "?,b"), DTU_OK);
    CHECK_PENDING("NTP", "?,b");
    CHECK_EQ(set("NTP", "a,?"), DTU_OK);
    CHECK_PENDING("NTP", "a,?");
    CHECK_EQ(set("NTP", "?,,c"), DTU_OK);
    CHECK_PENDING("NTP", "?,,c");
    CHECK_EQ(set("NTP", "??"), DTU_OK);
    CHECK_PENDING("NTP", "??");
}

/* --- What has no text ------------------------------------------------------------------------ */

#define CHECK_NOTHING(row_, place)                                                                 \
    do {                                                                                           \
        dtu_params_write(&params, DTU_PARAMS_PENDING, row_, place, fresh_text());                  \
        CHECK_EQ(buffer.len, 0);                                                                   \
    } while (0)

static void nothing_is_written_of_a_row_or_a_place_without_values(void)
{
    static const struct dtu_param no_fields = {.name = "NONE", .kind = DTU_PARAM_SETTING};
    begin(PLAIN);
    CHECK_NOTHING(row("DO"), 0);
    CHECK_NOTHING(row("INFO"), 0);
    CHECK_NOTHING(row("SOCK"), 1); /* has no places */
    CHECK_NOTHING(row("SOCK"), 255);
    CHECK_NOTHING(&no_fields, 0);
    begin_more(AS_7S4);
    CHECK_EQ(set("SUB", "1,ab,1"), DTU_OK);
    CHECK_NOTHING(row("SUB"), 0); /* which place? */
    CHECK_NOTHING(row("SEND"), 0);
}

/* --- Ranges --------------------------------------------------------------------------------- */

static void ranges_read_as_the_manuals_write_them(void)
{
    static const struct dtu_param own = {
        .name = "OWN", .kind = DTU_PARAM_SETTING, .range = "<\"address\">"};
    begin(PLAIN); /* 004 sections 4.5, 4.10, 4.30, 4.31, 4.33 */
    CHECK_RANGE("EN", "<ON,OFF>");
    CHECK_RANGE("CH", "<7,8>");
    CHECK_RANGE("NUM", "<10~500(ms)>");
    CHECK_RANGE("RST", "<0,60~65535(s)>");
    CHECK_RANGE("NUM4", "<1~4294967295>");
    CHECK_RANGE("SOCK", "<TCP,UDP>,<1~260 bytes>,<1~65535>");
    CHECK_RANGE("HEX", "<1~4 bytes>");
    CHECK_RANGE("IP", "<IP>");
    CHECK_RANGE("MAC", "<MAC>");
    begin(QUOTES); /* 002 sections 4.2.1.3, 4.2.1.22 */
    CHECK_RANGE("EN", "<\"ON\",\"OFF\">");
    CHECK_RANGE("CH", "<7,8>");
    dtu_params_write_range(params.table, &own, fresh_text());
    CHECK_BYTES(text, buffer.len, "<\"address\">", 11);
}

/* --- Round trip ----------------------------------------------------------------------------- */

static struct test_rand rnd;

/* A legal text parameter, built without our own escaping. */
static size_t put_text(char *out, size_t bytes, size_t table, bool zero)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    size_t len = 0;
    for (size_t i = 0; i < bytes; i++) {
        uint8_t byte = (uint8_t)test_rand_below(&rnd, 256);
        if (test_rand_below(&rnd, 2) == 0)
            byte = (uint8_t) "[]0A,\"=?\r\n"[test_rand_below(&rnd, 10)];
        if (table == CRLF) { /* what a line of a K7 can carry */
            out[len++] = byte < ' ' || byte == ',' ? '_' : (char)byte;
            continue;
        }
        if (byte == 0 && !zero)
            byte = 1;
        out[len++] = '[';
        out[len++] = digits[byte / 16 + (byte / 16 > 9 ? 6 * test_rand_below(&rnd, 2) : 0)];
        out[len++] = digits[byte % 16 + (byte % 16 > 9 ? 6 * test_rand_below(&rnd, 2) : 0)];
        out[len++] = ']';
    }
    return len;
}

static size_t put_decimal(char *out, uint32_t value)
{
    char backwards[10];
    size_t n = 0;
    size_t len = 0;
    do
        backwards[n++] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    while (n > 0)
        out[len++] = backwards[--n];
    return len;
}

/* A legal line for one of the rows below, into `text`. */
static size_t put_line(const char *name, size_t table)
{
    size_t len = 0;
    if (strcmp(name, "TEXT") == 0)
        return put_text(text, 1 + test_rand_below(&rnd, 20), table, false);
    if (strcmp(name, "ZERO") == 0)
        return put_text(text, test_rand_below(&rnd, 5), table, true);
    if (strcmp(name, "TWO") == 0) {
        len = put_text(text, test_rand_below(&rnd, 5), table, false);
        text[len++] = ',';
        return len + put_text(text + len, test_rand_below(&rnd, 5), table, true);
    }
    if (strcmp(name, "NUM4") == 0)
        return put_decimal(text, 1 + test_rand_u32(&rnd) / 2);
    memcpy(text, test_rand_below(&rnd, 2) == 0 ? "tcp," : "UDP,", 4);
    len = 4 + put_text(text + 4, 1 + test_rand_below(&rnd, 60), table, false);
    text[len++] = ',';
    return len + put_decimal(text + len, 1 + test_rand_below(&rnd, 65535));
}

static void what_is_written_can_be_set_and_is_the_same(void)
{
    static const char *const names[] = {"TEXT", "ZERO", "TWO", "NUM4", "SOCK"};
    static char first[OUT_MAX / 2];
    test_rand_seed(&rnd, 20240501);
    for (unsigned i = 0; i < 600; i++) {
        size_t table = i % COUNT(tables);
        const char *name = names[test_rand_below(&rnd, COUNT(names))];
        begin(table);
        size_t len = put_line(name, table);
        CHECK_EQ(dtu_params_set(&params, row(name), (const uint8_t *)text, len), DTU_OK);
        write_row(DTU_PARAMS_PENDING, name);
        len = buffer.len;
        CHECK(len <= sizeof first);
        memcpy(first, text, len);
        dtu_params_apply(&params); /* the values themselves, to compare with */
        dtu_params_reset(&params);
        CHECK_EQ(dtu_params_set(&params, row(name), (const uint8_t *)first, len), DTU_OK);
        write_row(DTU_PARAMS_PENDING, name);
        CHECK_BYTES(text, buffer.len, first, len);
        write_row(DTU_PARAMS_RUNNING, name);
        CHECK_BYTES(text, buffer.len, first, len);
    }
}

static void an_escaped_text_is_stored_as_what_it_means(void)
{
    /* every byte value as [HH], in three rows of 2 and more bytes; the reference is the loop */
    static const char digits[] = "0123456789ABCDEF";
    begin(PLAIN);
    for (unsigned byte = 0; byte < 256; byte++) {
        char value[] = {'[', digits[byte / 16], digits[byte % 16], ']', '\0'};
        size_t len;
        CHECK_EQ(set("ZERO", value), DTU_OK);
        dtu_params_apply(&params);
        const uint8_t *stored = dtu_params_bytes(&params, row("ZERO"), 0, &len);
        CHECK_EQ(len, 1);
        CHECK_EQ(stored[0], byte);
    }
}

static void no_random_line_breaks_anything(void)
{
    static const char alphabet[] = "0159-.,\"[]ANOF\r?=x";
    char line[40];
    test_rand_seed(&rnd, 7);
    for (unsigned i = 0; i < 4000; i++) {
        size_t len = test_rand_below(&rnd, sizeof line);
        const struct dtu_param *r = &rows[test_rand_below(&rnd, COUNT(rows))];
        if (i % 500 == 0)
            begin(i / 500 % COUNT(tables));
        for (size_t k = 0; k < len; k++)
            line[k] = alphabet[test_rand_below(&rnd, sizeof alphabet - 1)];
        memcpy(before, pending, sizeof before);
        if (dtu_params_set(&params, r, (const uint8_t *)line, len) != DTU_OK) {
            CHECK(memcmp(before, pending, sizeof before) == 0);
            continue;
        }
        memcpy(before, pending, sizeof before);
        dtu_params_write(&params, DTU_PARAMS_PENDING, r, 0, fresh_text());
        CHECK_EQ(dtu_params_set(&params, r, (const uint8_t *)text, buffer.len), DTU_OK);
        CHECK(memcmp(before, pending, sizeof before) == 0);
    }
}

/* --- Values that were kept as text ---------------------------------------------------------- */

static const struct dtu_param_field short_texts[] = {{.type = DTU_FIELD_TEXT, .min = 3, .max = 8},
                                                     {.type = DTU_FIELD_TEXT, .min = 3, .max = 8}};
static const struct dtu_param short_rows[] = {
    {.name = "EMPTY", .field_count = 2, .fields = short_texts, .initial = ","},
    {.name = "SHORT", .field_count = 2, .fields = short_texts, .initial = "0,\"1\"", .offset = 18}};
static const struct dtu_param_table short_table = {
    .rows = short_rows,
    .count = 2,
    .values_size = 36,
    .syntax = {.quotes = true, .escape_inner = "\"", .escape_last = "\""}};

static enum dtu_status load(size_t row, const char *value)
{
    return dtu_params_load(&params, &params.table->rows[row], (const uint8_t *)value,
                           strlen(value));
}

static void loading_takes_a_default_that_a_set_does_not(void)
{
    static const char *const others[] = {"",   "0",  "0,1,2", "0,2",   "0,11", "00,1",
                                         ",1", "0,", "\"0",   "0,\"1", ",",    "0,1,"};
    memset(running, 0, sizeof running);
    CHECK_EQ(dtu_params_init(&params, &short_table, running, pending), DTU_OK);
    CHECK_EQ(dtu_params_set(&params, &short_rows[1], (const uint8_t *)"0,1", 3), DTU_ERR_RANGE);
    CHECK_EQ(load(1, "abc,def"), DTU_OK);
    memcpy(before, pending, sizeof before);
    for (size_t i = 0; i < COUNT(others); i++) { /* neither legal nor the default */
        CHECK(load(1, others[i]) != DTU_OK);
        CHECK_BYTES(pending, sizeof pending, before, sizeof before);
    }
    CHECK_EQ(load(1, "\"0\",\"1\""), DTU_OK);
    CHECK_BYTES(pending + 18, 2, "\1\60", 2);
    CHECK_EQ(load(1, "abc,def"), DTU_OK);
    CHECK_EQ(load(1, "0,1"), DTU_OK);
    CHECK_BYTES(pending + 18, 2, "\1\60", 2);
    CHECK_EQ(load(0, "abc,def"), DTU_OK);
    CHECK_EQ(load(0, "\"\",\"\""), DTU_OK);
    CHECK_EQ(pending[0], 0);
    CHECK_EQ(pending[9], 0);
}

static void loading_is_setting_where_the_default_is_legal(void)
{
    begin(PLAIN);
    const struct dtu_param *row = dtu_params_find(params.table, (const uint8_t *)"NUM", 3);
    CHECK_EQ(dtu_params_load(&params, row, (const uint8_t *)"51", 2), DTU_OK);
    CHECK_EQ(dtu_params_load(&params, row, (const uint8_t *)"9", 1), DTU_ERR_RANGE);
    CHECK_EQ(dtu_params_load(&params, row, (const uint8_t *)"50", 2), DTU_OK);
    row = dtu_params_find(params.table, (const uint8_t *)"VIEW", 4); /* has no default */
    CHECK_EQ(dtu_params_load(&params, row, (const uint8_t *)"", 0), DTU_ERR_MISSING);
    row = dtu_params_find(params.table, (const uint8_t *)"DO", 2); /* has no values */
    CHECK_EQ(dtu_params_load(&params, row, (const uint8_t *)"", 0), DTU_ERR_FORM);
}

/* What such a row has as its default is what it answers. */
static void loading_a_row_without_values_changes_none(void)
{
    static const struct dtu_param answers = {.name = "ANSWERS",
                                             .kind = DTU_PARAM_ACTION,
                                             .field_count = 2,
                                             .fields = short_texts,
                                             .initial = "0,1",
                                             .offset = 18};
    CHECK_EQ(dtu_params_init(&params, &short_table, running, pending), DTU_OK);
    CHECK_EQ(load(1, "abc,def"), DTU_OK);
    memcpy(before, pending, sizeof before);
    CHECK_EQ(dtu_params_load(&params, &answers, (const uint8_t *)"0,1", 3), DTU_ERR_FORM);
    CHECK_BYTES(pending, sizeof pending, before, sizeof before);
}

static void loading_a_default_empties_what_it_leaves_out(void)
{
    static const struct dtu_param_field fields[] = {
        {.type = DTU_FIELD_TEXT, .min = 3, .max = 8},
        {.type = DTU_FIELD_TEXT, .flags = DTU_FIELD_OPTIONAL, .min = 3, .max = 8}};
    static const struct dtu_param row = {
        .name = "SHORT", .field_count = COUNT(fields), .fields = fields, .initial = "0"};
    static const struct dtu_param_table table = {.rows = &row, .count = 1, .values_size = 18};

    CHECK_EQ(dtu_params_init(&params, &table, running, pending), DTU_OK);
    CHECK_EQ(load(0, "abc,def"), DTU_OK);
    CHECK_BYTES(pending + 9, 4, "\3def", 4);
    CHECK_EQ(load(0, "0"), DTU_OK);
    CHECK_BYTES(pending, 2, "\1\60", 2);
    CHECK_EQ(pending[9], 0);
}

static const struct check_test tests[] = {
    CHECK_TEST(loading_a_default_empties_what_it_leaves_out),
    CHECK_TEST(loading_takes_a_default_that_a_set_does_not),
    CHECK_TEST(loading_a_row_without_values_changes_none),
    CHECK_TEST(loading_is_setting_where_the_default_is_legal),
    CHECK_TEST(init_refuses_missing_memory),
    CHECK_TEST(init_refuses_a_default_that_is_not_legal),
    CHECK_TEST(a_good_default_does_not_make_up_for_a_bad_one),
    CHECK_TEST(both_sets_begin_with_the_defaults),
    CHECK_TEST(fields_take_the_bytes_that_the_header_says),
    CHECK_TEST(every_row_is_found_in_a_table_of_any_size),
    CHECK_TEST(names_are_found_in_either_case),
    CHECK_TEST(a_zero_byte_in_a_name_does_not_end_it),
    CHECK_TEST(another_spelling_gives_the_row_that_counts),
    CHECK_TEST(rows_are_found_by_id),
    CHECK_TEST(numbers_are_digits_and_in_range),
    CHECK_TEST(zero_may_be_legal_below_the_range),
    CHECK_TEST(a_choice_takes_the_listed_numbers_only),
    CHECK_TEST(words_match_in_either_case_and_are_answered_as_listed),
    CHECK_TEST(the_length_of_a_text_counts_what_it_means),
    CHECK_TEST(a_text_with_a_long_length_prefix_keeps_all_of_it),
    CHECK_TEST(a_zero_byte_is_an_error_unless_the_field_allows_it),
    CHECK_TEST(a_reply_escapes_what_its_product_must),
    CHECK_TEST(a_lone_question_mark_is_answered_so_that_it_can_be_set),
    CHECK_TEST(the_last_text_takes_the_rest_where_the_product_says_so),
    CHECK_TEST(texts_may_be_empty_where_their_shortest_is_nothing),
    CHECK_TEST(quotes_are_taken_with_or_without_and_always_answered),
    CHECK_TEST(bad_quotes_are_a_type_error),
    CHECK_TEST(a_bad_quote_is_told_before_a_wrong_count_of_one_field_or_of_several),
    CHECK_TEST(without_quoting_a_quote_is_an_ordinary_byte),
    CHECK_TEST(hex_data_is_pairs_of_digits),
    CHECK_TEST(an_ip_address_is_four_numbers_up_to_255),
    CHECK_TEST(a_mac_address_is_12_digits),
    CHECK_TEST(an_optional_parameter_left_out_keeps_what_it_was),
    CHECK_TEST(a_clearable_parameter_left_out_becomes_empty),
    CHECK_TEST(a_set_that_fails_late_changes_nothing),
    CHECK_TEST(the_number_of_parameters_is_told_before_their_faults),
    CHECK_TEST(what_is_no_setting_cannot_be_set_nor_written),
    CHECK_TEST(a_field_of_no_known_type_is_refused),
    CHECK_TEST(a_view_shares_the_values_of_another_row),
    CHECK_TEST(a_set_is_pending_until_it_is_applied),
    CHECK_TEST(one_row_is_applied_without_its_neighbours),
    CHECK_TEST(values_are_read_by_type_and_nothing_else_is_given),
    CHECK_TEST(a_row_is_emptied_with_all_of_its_places_and_no_other),
    CHECK_TEST(a_word_of_a_list_is_found_and_none_behind_its_end),
    CHECK_TEST(the_pending_values_are_read_through_a_view),
    CHECK_TEST(one_row_goes_back_to_its_default_without_its_neighbours),
    CHECK_TEST(values_are_as_limited_as_those_of_commands),
    CHECK_TEST(texts_are_as_limited_as_those_of_commands),
    CHECK_TEST(the_other_fields_of_a_row_stay_as_they_are),
    CHECK_TEST(nothing_is_left_of_a_longer_text),
    CHECK_TEST(a_field_that_is_refused_changes_nothing_of_its_row),
    CHECK_TEST(values_become_pending_only),
    CHECK_TEST(clearable_values_may_be_empty),
    CHECK_TEST(nothing_in_a_text_is_unescaped_or_split),
    CHECK_TEST(a_text_that_no_command_can_carry_is_refused),
    CHECK_TEST(header_lines_of_programs_end_with_cr_lf_too),
    CHECK_TEST(values_are_for_rows_that_have_some_and_no_places),
    CHECK_TEST(values_that_are_taken_can_be_written_and_set_again),
    CHECK_TEST(a_question_mark_is_escaped_if_it_is_all_of_an_answer),
    CHECK_TEST(nothing_is_written_of_a_row_or_a_place_without_values),
    CHECK_TEST(ranges_read_as_the_manuals_write_them),
    CHECK_TEST(what_is_written_can_be_set_and_is_the_same),
    CHECK_TEST(an_escaped_text_is_stored_as_what_it_means),
    CHECK_TEST(no_random_line_breaks_anything),
    CHECK_TEST(data_is_text_or_hex_as_its_type_says),
    CHECK_TEST(an_untyped_view_of_data_sets_text_and_shows_either),
    CHECK_TEST(header_lines_end_with_cr_lf),
    CHECK_TEST(empty_texts_at_the_end_are_not_written),
    CHECK_TEST(some_parameters_are_needed_only_with_the_first_word),
    CHECK_TEST(a_default_may_be_shorter_than_what_a_user_may_set),
    CHECK_TEST(the_word_default_sets_the_default_where_it_may),
    CHECK_TEST(the_word_default_is_a_value_where_there_is_no_default),
    CHECK_TEST(a_reset_leaves_alone_what_is_kept),
    CHECK_TEST(a_secret_has_values_as_a_setting),
    CHECK_TEST(a_set_goes_to_the_place_that_its_first_parameter_says),
    CHECK_TEST(a_place_is_emptied_without_its_neighbours),
    CHECK_TEST(places_that_are_not_there_are_empty_and_stay_so),
    CHECK_TEST(a_row_without_places_is_place_0),
    CHECK_TEST(init_refuses_a_default_of_no_place),
    CHECK_TEST(a_check_says_what_a_set_would_and_changes_nothing),
    CHECK_TEST(only_the_first_word_of_an_enum_needs_what_follows),
    CHECK_TEST(arguments_are_taken_out_of_a_line),
    CHECK_TEST(the_number_of_an_argument_is_0_where_there_is_none),
    CHECK_TEST(digits_that_are_no_number_have_none),
    CHECK_TEST(more_than_the_most_fields_of_a_row_are_refused),
};
CHECK_MAIN(tests)
