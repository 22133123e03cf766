/* SPDX-License-Identifier: MIT */
/* Configurations as text, on the tables of the four products. Values are those of the manuals: 004
 * for cat1, 003 for k7, 001 for lte-7s4, 002 for gprs232-7s3. */
#include "dtu/config.h"

#include "dtu/profile.h"

#include "check.h"
#include "rand.h"

#include <stdbool.h>

#define VALUES_MAX DTU_LTE_7S4_VALUES_SIZE /* no product has more */
#define LINE_MAX DTU_CAT1_LINE_SIZE        /* nor a longer line */
#define TEXT_MAX 16384
#define FAULTS_MAX 16

/* A device, of which there are two in a comparison. */
struct values {
    struct dtu_params params;
    uint8_t running[VALUES_MAX];
    uint8_t pending[VALUES_MAX];
};

struct seen_fault {
    uint32_t line;
    enum dtu_status status;
    const struct dtu_param *row;
    char text[64];
    size_t len;
};

static struct values a, b;
static uint8_t line_memory[LINE_MAX];
static uint8_t marks[DTU_CONFIG_MARKS_SIZE(160)];
static struct seen_fault faults[FAULTS_MAX];
static size_t fault_count;
static char text[TEXT_MAX];
static struct dtu_text_buffer buffer;
static const struct dtu_text out = {dtu_text_to_buffer, &buffer};
static struct dtu_config config;

static void on_fault(void *ctx, const struct dtu_config_fault *fault)
{
    CHECK(ctx == faults);
    if (fault_count == FAULTS_MAX) {
        CHECK(fault_count < FAULTS_MAX);
        return;
    }
    struct seen_fault *seen = &faults[fault_count++];
    seen->line = fault->line;
    seen->status = fault->status;
    seen->row = fault->row;
    seen->len = fault->len;
    memcpy(seen->text, fault->text,
           fault->len < sizeof seen->text ? fault->len : sizeof seen->text);
}

static const struct dtu_config_callbacks callbacks = {on_fault};

static void fresh(struct values *v, const struct dtu_profile *p)
{
    CHECK(p->table->values_size <= VALUES_MAX);
    CHECK_EQ(dtu_params_init(&v->params, p->table, v->running, v->pending), DTU_OK);
}

static const struct dtu_param *row_of(const struct values *v, const char *name)
{
    return dtu_params_find(v->params.table, (const uint8_t *)name, strlen(name));
}

/* A text in pieces of `piece` bytes; each in memory of its own, so that reading past its end is
 * seen by a sanitizer. */
static enum dtu_status read_pieces(struct values *v, const char *product, size_t line_size,
                                   const char *from, size_t len, size_t piece)
{
    static uint8_t copy[TEXT_MAX];
    struct dtu_config_setup setup = {&v->params, product, line_memory,
                                     line_size,  marks,   sizeof marks};
    fault_count = 0;
    CHECK_EQ(dtu_config_init(&config, &setup, &callbacks, faults), DTU_OK);
    for (size_t at = 0; at < len; at += piece) {
        size_t n = len - at < piece ? len - at : piece;
        memcpy(copy + sizeof copy - n, from + at, n);
        dtu_config_feed(&config, copy + sizeof copy - n, n);
        memset(copy + sizeof copy - n, 0xC5, n);
    }
    return dtu_config_end(&config);
}

static enum dtu_status read_text(struct values *v, const char *from)
{
    return read_pieces(v, NULL, sizeof line_memory, from, strlen(from), TEXT_MAX);
}

static void write_text(const struct values *v)
{
    buffer = (struct dtu_text_buffer){text, sizeof text, 0, false};
    dtu_config_write(&v->params, DTU_PARAMS_PENDING, &out);
    CHECK(!buffer.overflow);
}

/* What the row of a device is, as lines. */
static bool row_is(const struct values *v, const char *name, const char *expected)
{
    char lines[512];
    struct dtu_text_buffer to = {lines, sizeof lines, 0, false};
    const struct dtu_text lines_out = {dtu_text_to_buffer, &to};
    dtu_config_write_row(&v->params, DTU_PARAMS_PENDING, row_of(v, name), &lines_out);
    bool same = to.len == strlen(expected) && memcmp(lines, expected, to.len) == 0;
    if (!same)
        check_print_bytes(name, lines, to.len);
    return same;
}

static void check_same(const struct values *v, const struct values *w)
{
    const struct dtu_param_table *table = v->params.table;
    for (size_t i = 0; i < table->count; i++) {
        const struct dtu_param *row = &table->rows[i];
        bool same = dtu_params_same(&v->params, &w->params, DTU_PARAMS_PENDING, row);
        if (!same)
            printf("  %s:\n", row->name);
        CHECK(same);
    }
}

static void check_fault(size_t index, uint32_t line, enum dtu_status status, const char *line_text)
{
    CHECK(index < fault_count);
    if (index >= fault_count)
        return;
    CHECK_EQ(faults[index].line, line);
    CHECK_EQ(faults[index].status, status);
    CHECK_BYTES(faults[index].text, faults[index].len, line_text, strlen(line_text));
}

/* --- Set-up --------------------------------------------------------------------------------- */

static void init_refuses_memory_that_is_missing_or_too_small(void)
{
    fresh(&a, &dtu_profile_cat1);
    size_t needed = (dtu_profile_cat1.table->count + 7u) / 8;
    struct dtu_config_setup good = {&a.params, NULL, line_memory, 1, marks, needed};
    struct dtu_config_setup s = good;
    CHECK_EQ(dtu_config_init(&config, &s, &callbacks, NULL), DTU_OK);
    s.line = NULL;
    CHECK_EQ(dtu_config_init(&config, &s, &callbacks, NULL), DTU_ERR_CONFIG);
    s = good;
    s.line_size = 0;
    CHECK_EQ(dtu_config_init(&config, &s, &callbacks, NULL), DTU_ERR_CONFIG);
    s = good;
    s.marks = NULL;
    CHECK_EQ(dtu_config_init(&config, &s, &callbacks, NULL), DTU_ERR_CONFIG);
    s = good;
    s.marks_size--;
    CHECK_EQ(dtu_config_init(&config, &s, &callbacks, NULL), DTU_ERR_CONFIG);
}

/* --- Good lines ----------------------------------------------------------------------------- */

static void settings_comments_and_blank_lines_are_read(void)
{
    fresh(&a, &dtu_profile_cat1);
    CHECK_EQ(read_text(&a, "# profile cat1\n"
                           "# pump station 7, a comment with = in it\n"
                           "\n"
                           "UART=9600,8,2,EVEN,NONE\r\n"
                           " \t \r\n"
                           "\t# an indented comment\n"
                           "sockaen=off\n"
                           "SOCKA=UDP,a.example,7\n"),
             DTU_OK);
    CHECK_EQ(fault_count, 0);
    CHECK_EQ(config.stats.lines, 8);
    CHECK_EQ(config.stats.taken, 3);
    CHECK(row_is(&a, "UART", "UART=9600,8,2,EVEN,NONE\n"));
    CHECK(row_is(&a, "SOCKAEN", "SOCKAEN=OFF\n"));
    CHECK(row_is(&a, "SOCKA", "SOCKA=UDP,a.example,7\n"));
}

static void a_hash_and_an_equals_sign_in_a_value_are_data(void)
{
    fresh(&a, &dtu_profile_cat1);
    CHECK_EQ(read_text(&a, "CMDPW=usr.cn#\nHTPURL=/#?a=b=\n"), DTU_OK); /* 004: usr.cn# */
    CHECK(row_is(&a, "CMDPW", "CMDPW=usr.cn#\n"));
    CHECK(row_is(&a, "HTPURL", "HTPURL=/#?a=b=\n"));
}

static void blanks_in_a_value_are_data(void)
{
    fresh(&a, &dtu_profile_cat1);
    CHECK_EQ(read_text(&a, "STMSG= hello \n"), DTU_OK);
    CHECK(row_is(&a, "STMSG", "STMSG= hello \n"));
}

static void a_last_line_without_an_end_is_taken_at_the_end(void)
{
    fresh(&a, &dtu_profile_cat1);
    CHECK_EQ(read_text(&a, "RSTIM=0\nUARTFT=500"), DTU_OK);
    CHECK(row_is(&a, "UARTFT", "UARTFT=500\n"));
    CHECK_EQ(config.stats.lines, 2);
    CHECK_EQ(dtu_config_end(&config), DTU_OK); /* nothing is left */
    CHECK_EQ(config.stats.lines, 2);
}

static void values_that_are_not_named_stay_as_they_are(void)
{
    fresh(&a, &dtu_profile_cat1);
    CHECK_EQ(read_text(&a, "RSTIM=61\n"), DTU_OK);
    CHECK_EQ(read_text(&a, "UARTFT=11\n"), DTU_OK);
    CHECK(row_is(&a, "RSTIM", "RSTIM=61\n"));
    CHECK(row_is(&a, "UARTFT", "UARTFT=11\n"));
}

static void another_spelling_is_the_row_that_counts(void)
{
    fresh(&a, &dtu_profile_cat1);
    CHECK_EQ(read_text(&a, "HTPTO=77\n"), DTU_OK); /* 000 section 5.2; 004 says HTPTIM */
    CHECK(row_is(&a, "HTPTIM", "HTPTIM=77\n"));
}

static void a_byte_order_mark_in_front_of_the_text_alone_is_ignored(void)
{
    fresh(&a, &dtu_profile_cat1);
    CHECK_EQ(read_text(&a, "\xEF\xBB\xBFRSTIM=99\n"), DTU_OK);
    CHECK(row_is(&a, "RSTIM", "RSTIM=99\n"));
    CHECK_EQ(read_text(&a, "\xEF\xBB\xBF# profile cat1\n"), DTU_OK);
    CHECK_EQ(read_text(&a, "\n\xEF\xBB\xBFRSTIM=99\n"), DTU_ERR_NOT_FOUND);
}

/* --- Lines at fault ------------------------------------------------------------------------- */

static void each_line_at_fault_is_told_with_its_number_and_the_rest_goes_on(void)
{
    fresh(&a, &dtu_profile_cat1);
    CHECK_EQ(read_text(&a, "# head\n"
                           "UARTFT=9\n"                /* 10 to 500 */
                           "UARTTF=50\n"               /* no such name */
                           "RSTIM\n"                   /* no = */
                           "Z=1\n"                     /* an action */
                           "VER=2\r\n"                 /* can be asked only */
                           "HEART=ON,NET,USER,30,00\n" /* a view */
                           "SIGNINAT=usr_cn\n"         /* a secret */
                           "UART=9600,8,1,NONE\n"      /* too few */
                           "UARTFL=,\n"                /* too many */
                           "UARTFL=\n"                 /* empty */
                           "UARTFL=many\n"             /* no number */
                           "REGDT=7\n"                 /* half a byte */
                           "HEARTTM=44\n"),
             DTU_ERR_RANGE);
    CHECK_EQ(fault_count, 12);
    check_fault(0, 2, DTU_ERR_RANGE, "UARTFT=9");
    check_fault(1, 3, DTU_ERR_NOT_FOUND, "UARTTF=50");
    check_fault(2, 4, DTU_ERR_FORMAT, "RSTIM");
    check_fault(3, 5, DTU_ERR_FORM, "Z=1");
    check_fault(4, 6, DTU_ERR_FORM, "VER=2");
    check_fault(5, 7, DTU_ERR_FORM, "HEART=ON,NET,USER,30,00");
    check_fault(6, 8, DTU_ERR_NOT_ALLOWED, "SIGNINAT=usr_cn");
    check_fault(7, 9, DTU_ERR_COUNT, "UART=9600,8,1,NONE");
    check_fault(8, 10, DTU_ERR_COUNT, "UARTFL=,");
    check_fault(9, 11, DTU_ERR_MISSING, "UARTFL=");
    check_fault(10, 12, DTU_ERR_TYPE, "UARTFL=many");
    check_fault(11, 13, DTU_ERR_TYPE, "REGDT=7");
    CHECK(faults[0].row == row_of(&a, "UARTFT"));
    CHECK(faults[1].row == NULL && faults[2].row == NULL);
    CHECK(faults[3].row == row_of(&a, "Z"));
    CHECK_EQ(config.stats.faults, 12);
    CHECK_EQ(config.stats.taken, 1);
    CHECK(row_is(&a, "HEARTTM", "HEARTTM=44\n"));
    fresh(&b, &dtu_profile_cat1); /* and nothing else has changed */
    CHECK_EQ(read_text(&b, "HEARTTM=44\n"), DTU_OK);
    check_same(&a, &b);
}

static void faults_need_no_callback(void)
{
    static const struct dtu_config_callbacks none = {NULL};
    fresh(&a, &dtu_profile_cat1);
    struct dtu_config_setup setup = {&a.params, NULL, line_memory, 64, marks, sizeof marks};
    CHECK_EQ(dtu_config_init(&config, &setup, &none, NULL), DTU_OK);
    dtu_config_feed(&config, (const uint8_t *)"what\n", 5);
    CHECK_EQ(dtu_config_end(&config), DTU_ERR_FORMAT);
    CHECK_EQ(config.stats.faults, 1);
}

static void a_line_half_of_which_is_legal_changes_nothing(void)
{
    fresh(&a, &dtu_profile_k7);
    fresh(&b, &dtu_profile_k7);
    CHECK_EQ(read_text(&a, "WANN=static,10.0.0.1,255.0.0.0,10.0.0\nSOCKA=UDPC,other,65535\n"),
             DTU_ERR_TYPE);
    check_same(&a, &b);
}

static void of_two_lines_about_a_row_the_earlier_counts(void)
{
    fresh(&a, &dtu_profile_cat1);
    CHECK_EQ(read_text(&a, "HTPTIM=1\nUARTFT=9\nUARTFT=10\nhtpto=2\nHTPTIM=3\n"), DTU_ERR_RANGE);
    CHECK_EQ(fault_count, 3);
    check_fault(1, 4, DTU_ERR_STATE, "htpto=2");
    check_fault(2, 5, DTU_ERR_STATE, "HTPTIM=3");
    CHECK(row_is(&a, "HTPTIM", "HTPTIM=1\n"));
    CHECK(row_is(&a, "UARTFT", "UARTFT=10\n"));    /* the one before it was refused */
    CHECK_EQ(read_text(&a, "HTPTIM=3\n"), DTU_OK); /* another text */
}

static void parts_that_a_product_has_not_are_not_found(void)
{
    fresh(&a, &dtu_profile_k7);
    CHECK_EQ(read_text(&a, "SOCKC=TCPC,a,1\n"), DTU_ERR_NOT_FOUND);
}

static void rows_that_no_command_reaches_are_neither_written_nor_read(void)
{
    fresh(&a, &dtu_profile_k7);
    CHECK_EQ(read_text(&a, "BLOCKS=,,\n"), DTU_ERR_NOT_ALLOWED);
    CHECK_EQ(read_text(&a, "USERMAC=000000000001\n"), DTU_ERR_NOT_ALLOWED);
    write_text(&a);
    CHECK(memcmp(text, "DNS=", 4) == 0); /* BLOCKS would be the first */
    for (size_t i = 0; i + 8 < buffer.len; i++)
        CHECK(memcmp(text + i, "\nUSERMAC", 8) != 0 && memcmp(text + i, "\nREGUSR=", 8) != 0);
}

static void a_line_as_long_as_its_memory_fits_and_one_byte_more_does_not(void)
{
    static const char good[] = "STMSG=1234567890\nRSTIM=60\n";
    static const char with_cr[] = "STMSG=123456789\r\nRSTIM=60\n";
    for (size_t piece = 1; piece <= sizeof good; piece++) {
        fresh(&a, &dtu_profile_cat1);
        CHECK_EQ(read_pieces(&a, NULL, 16, good, sizeof good - 1, piece), DTU_OK);
        CHECK_EQ(read_pieces(&a, NULL, 16, with_cr, sizeof with_cr - 1, piece), DTU_OK);
        line_memory[15] = 0xC5;
        CHECK_EQ(read_pieces(&a, NULL, 15, good, sizeof good - 1, piece), DTU_ERR_LENGTH);
        CHECK_EQ(fault_count, 1);
        check_fault(0, 1, DTU_ERR_LENGTH, "STMSG=123456789");
        CHECK_EQ(read_pieces(&a, NULL, 15, with_cr, sizeof with_cr - 1, piece), DTU_ERR_LENGTH);
        CHECK_EQ(line_memory[15], 0xC5);
        CHECK(row_is(&a, "RSTIM", "RSTIM=60\n"));
        CHECK(row_is(&a, "STMSG", "STMSG=123456789\n"));
    }
}

static void a_comment_may_be_longer_than_the_memory(void)
{
    static const char from[] = "# a comment much longer than a line may be\nRSTIM=60\n";
    for (size_t piece = 1; piece <= sizeof from; piece++) {
        fresh(&a, &dtu_profile_cat1);
        CHECK_EQ(read_pieces(&a, NULL, 8, from, sizeof from - 1, piece), DTU_OK);
        CHECK(row_is(&a, "RSTIM", "RSTIM=60\n"));
    }
}

static void the_beginning_of_a_long_comment_names_no_product(void)
{
    static const char from[] = "# profile k7 and others\n";
    fresh(&a, &dtu_profile_cat1);
    CHECK_EQ(read_pieces(&a, "cat1", 12, from, sizeof from - 1, 99), DTU_OK);
    CHECK_EQ(read_pieces(&a, "cat1", 12, from, sizeof from - 1, 5), DTU_OK);
}

static void a_00_byte_is_refused_where_no_text_may_have_it(void)
{
    static const char from[] = "CMDPW=a\0b\nR\0TIM=60\n\0\n";
    fresh(&a, &dtu_profile_cat1);
    CHECK_EQ(read_pieces(&a, NULL, 99, from, sizeof from - 1, 99), DTU_ERR_TYPE);
    CHECK_EQ(fault_count, 3);
    CHECK_EQ(faults[1].status, DTU_ERR_NOT_FOUND);
    CHECK_EQ(faults[2].status, DTU_ERR_FORMAT);
}

/* A CR ends a command: what follows it would be another one to a module. */
static void a_cr_that_does_not_end_a_line_is_refused(void)
{
    fresh(&a, &dtu_profile_k7);
    fresh(&b, &dtu_profile_k7);
    CHECK_EQ(read_text(&a, "MID=a\rAT+RELD\nMID=a\r\r\n# comment\rmore\n\r\n\r\r\n"), DTU_ERR_TYPE);
    CHECK_EQ(fault_count, 3);
    check_fault(0, 1, DTU_ERR_TYPE, "MID=a\rAT+RELD");
    check_fault(1, 2, DTU_ERR_TYPE, "MID=a\r");
    check_fault(2, 5, DTU_ERR_TYPE, "\r");
    check_same(&a, &b);
}

/* --- Whose configuration it is -------------------------------------------------------------- */

static size_t product(const char *from, const uint8_t **name)
{
    *name = NULL;
    return dtu_config_product((const uint8_t *)from, strlen(from), name);
}

static void the_product_comment_is_one_word_behind_profile(void)
{
    static const char *const good[] = {"# profile cat1", "#profile\tcat1", "  # PROFILE cat1  "};
    static const char *const bad[] = {"",
                                      " ",
                                      "#",
                                      "# ",
                                      "# profile",
                                      "# profile ",
                                      "# profile cat1 is what it is",
                                      "# profilecat1",
                                      "# product cat1",
                                      "profile cat1",
                                      "# # profile cat1"};
    const uint8_t *name;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        size_t len = product(good[i], &name);
        CHECK_BYTES(name, len, "cat1", 4);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(product(bad[i], &name) == 0 && name == NULL);
}

static void the_configuration_of_another_product_is_told(void)
{
    static const char from[] = "# profile k7\n# profile of a pump\nRSTIM=60\n";
    fresh(&a, &dtu_profile_cat1);
    CHECK_EQ(read_pieces(&a, "cat1", 99, from, sizeof from - 1, 99), DTU_ERR_NOT_ALLOWED);
    CHECK_EQ(fault_count, 1);
    check_fault(0, 1, DTU_ERR_NOT_ALLOWED, "# profile k7");
    CHECK_EQ(read_pieces(&a, "K7", 99, from, sizeof from - 1, 99), DTU_OK);
    CHECK_EQ(read_pieces(&a, NULL, 99, from, sizeof from - 1, 99), DTU_OK);
}

static void the_product_comment_that_is_written_is_read(void)
{
    const struct dtu_profile *p;
    const uint8_t *name;
    for (size_t i = 0; (p = dtu_profile_at(i)) != NULL; i++) {
        buffer = (struct dtu_text_buffer){text, sizeof text, 0, false};
        dtu_config_write_product(p->name, &out);
        CHECK(buffer.len > 0 && text[buffer.len - 1] == '\n');
        size_t len = dtu_config_product((const uint8_t *)text, buffer.len - 1, &name);
        CHECK_BYTES(name, len, p->name, strlen(p->name));
    }
    CHECK_BYTES(text, buffer.len, "# profile cat1\n", 15);
}

/* --- Places --------------------------------------------------------------------------------- */

static void a_row_with_places_has_a_line_for_each_that_is_set(void)
{
    fresh(&a, &dtu_profile_lte_7s4);
    CHECK(row_is(&a, "MQTTSUB", "MQTTSUB=\n"));
    CHECK_EQ(read_text(&a, "MQTTSUB=15,/z,2\nMQTTSUB=2,/b,0\n"), DTU_OK);
    CHECK(row_is(&a, "MQTTSUB", "MQTTSUB=2,/b,0\nMQTTSUB=15,/z,2\n"));
}

static void a_text_that_names_a_place_has_all_of_them(void)
{
    fresh(&a, &dtu_profile_lte_7s4);
    CHECK_EQ(read_text(&a, "MQTTSUB=1,/a,0\nMQTTSUB=2,/b,0\n"), DTU_OK);
    CHECK_EQ(read_text(&a, "RSTIM=60\n"), DTU_OK); /* says nothing of places */
    CHECK(row_is(&a, "MQTTSUB", "MQTTSUB=1,/a,0\nMQTTSUB=2,/b,0\n"));
    CHECK_EQ(read_text(&a, "MQTTSUB=16,/a,0\n"), DTU_ERR_RANGE); /* nor does a line at fault */
    CHECK(row_is(&a, "MQTTSUB", "MQTTSUB=1,/a,0\nMQTTSUB=2,/b,0\n"));
    CHECK_EQ(read_text(&a, "MQTTSUB=3,/c,0\n"), DTU_OK);
    CHECK(row_is(&a, "MQTTSUB", "MQTTSUB=3,/c,0\n"));
    CHECK_EQ(read_text(&a, "MQTTSUB=\n"), DTU_OK);
    CHECK(row_is(&a, "MQTTSUB", "MQTTSUB=\n"));
}

static void a_place_can_be_set_once(void)
{
    fresh(&a, &dtu_profile_lte_7s4);
    CHECK_EQ(read_text(&a, "MQTTSUB=\nMQTTSUB=1,/a,0\nMQTTSUB=1,/b,0\nMQTTSUB=\n"), DTU_ERR_STATE);
    CHECK_EQ(fault_count, 2);
    check_fault(0, 3, DTU_ERR_STATE, "MQTTSUB=1,/b,0");
    check_fault(1, 4, DTU_ERR_STATE, "MQTTSUB=");
    CHECK(row_is(&a, "MQTTSUB", "MQTTSUB=1,/a,0\n"));
}

/* --- Defaults ------------------------------------------------------------------------------- */

/* Empty or shorter than what a command takes, and yet what a new module answers. */
static void a_default_that_no_command_sets_can_be_read(void)
{
    fresh(&a, &dtu_profile_cat1);
    CHECK_EQ(read_text(&a, "SOCKABK=b.example,9\nCLOUD=12345678901234567890,87654321\n"), DTU_OK);
    CHECK_EQ(read_text(&a, "SOCKABK=,2\nSOCKABK=,1\nCLOUD=\nCLOUD=,\n"), DTU_ERR_MISSING);
    CHECK_EQ(fault_count, 2);
    check_fault(0, 1, DTU_ERR_MISSING, "SOCKABK=,2"); /* not the default */
    check_fault(1, 3, DTU_ERR_COUNT, "CLOUD=");
    CHECK(row_is(&a, "SOCKABK", "SOCKABK=,1\n"));
    CHECK(row_is(&a, "CLOUD", "CLOUD=,\n"));
    fresh(&a, &dtu_profile_gprs232_7s3);
    CHECK_EQ(read_text(&a, "CLOUDID=\"12345678901234567890\"\n"), DTU_OK);
    CHECK_EQ(read_text(&a, "CLOUDID=\"\"\n"), DTU_OK);
    CHECK(row_is(&a, "CLOUDID", "CLOUDID=\"\"\n"));
}

static void the_word_default_is_the_default_where_a_command_takes_it(void)
{
    fresh(&a, &dtu_profile_lte_7s4);
    CHECK_EQ(read_text(&a, "APN=cmnet,user,word,1\n"), DTU_OK);
    CHECK_EQ(read_text(&a, "APN=default\n"), DTU_OK);
    CHECK(row_is(&a, "APN", "APN=,,,0\n"));
}

/* --- Lossless ------------------------------------------------------------------------------- */

static struct test_rand rnd;
static char value[LINE_MAX];
static struct dtu_text_buffer value_buffer;
static const struct dtu_text value_out = {dtu_text_to_buffer, &value_buffer};

/* One of the words of a list. */
static void random_word(const char *list)
{
    size_t commas = 0;
    for (const char *c = list; *c != '\0'; c++)
        commas += *c == ',';
    size_t skip = test_rand_below(&rnd, (uint32_t)commas + 1);
    for (; skip > 0; list++)
        skip -= *list == ',';
    for (; *list != '\0' && *list != ','; list++)
        dtu_text_char(&value_out, *list);
}

static size_t random_len(const struct dtu_param_field *f)
{
    uint32_t span = f->max - f->min + 1;
    uint32_t some = span < 8 ? span : 8;
    return f->min + test_rand_below(&rnd, test_rand_below(&rnd, 4) == 0 ? span : some);
}

/* Bytes that a command can carry in the middle of other fields, escapes among them. */
static void random_text(const struct dtu_param_table *table, const struct dtu_param_field *f)
{
    static const char plain[] = "abcXYZ0189 #=?.:/-_&[]<>!$%()*+;@^`{|}~'\\";
    bool hex = table->syntax.escape == DTU_ESCAPE_HEX;
    size_t len = random_len(f);
    for (size_t i = 0; i < len; i++) {
        bool last_pair = (f->flags & DTU_FIELD_LINES) != 0 && i + 2 == len;
        if (last_pair) {
            dtu_text_string(&value_out, "[0D][0A]");
            return;
        }
        if (hex && test_rand_below(&rnd, 4) == 0) {
            uint8_t byte = (uint8_t)test_rand_below(&rnd, 255);
            byte = (uint8_t)(byte + 1);
            dtu_text_char(&value_out, '[');
            dtu_text_hex(&value_out, &byte, 1);
            dtu_text_char(&value_out, ']');
        } else if (!hex && len - i >= 2 && test_rand_below(&rnd, 8) == 0) {
            dtu_text_string(&value_out, "<<CRLF>>");
            i++;
        } else {
            dtu_text_char(&value_out, plain[test_rand_below(&rnd, sizeof plain - 1)]);
        }
    }
}

static void random_hex(size_t len)
{
    for (; len > 0; len--) {
        uint8_t byte = (uint8_t)test_rand_u32(&rnd);
        dtu_text_hex(&value_out, &byte, 1);
    }
}

static void random_field(const struct dtu_param_table *table, const struct dtu_param_field *f)
{
    uint8_t ip[4];
    switch ((enum dtu_field_type)f->type) {
    case DTU_FIELD_ENUM:
    case DTU_FIELD_CHOICE:
        random_word(f->text);
        break;
    case DTU_FIELD_NUMBER:
        dtu_text_decimal(&value_out, f->min + test_rand_below(&rnd, f->max - f->min + 1));
        break;
    case DTU_FIELD_TEXT:
        random_text(table, f);
        break;
    case DTU_FIELD_HEX:
        random_hex(random_len(f));
        break;
    case DTU_FIELD_IP:
        test_rand_bytes(&rnd, ip, sizeof ip);
        dtu_text_ip(&value_out, ip);
        break;
    case DTU_FIELD_MAC:
        random_hex(6);
        break;
    case DTU_FIELD_DATA:
        if (test_rand_below(&rnd, 2) == 0) {
            random_hex(random_len(f));
            dtu_text_string(&value_out, ",HEX");
        } else {
            random_text(table, f);
            dtu_text_string(&value_out, ",ASCII");
        }
        break;
    }
}

/* False if what was made was not legal; a text may escape to what the row refuses. */
static bool set_random(struct values *v, const struct dtu_param *row)
{
    value_buffer = (struct dtu_text_buffer){value, sizeof value, 0, false};
    for (size_t i = 0; i < row->field_count; i++) {
        if (i > 0)
            dtu_text_char(&value_out, ',');
        random_field(v->params.table, &row->fields[i]);
    }
    CHECK(!value_buffer.overflow);
    return dtu_params_set(&v->params, row, (const uint8_t *)value, value_buffer.len) == DTU_OK;
}

static unsigned set_all_random(struct values *v)
{
    unsigned failed = 0;
    for (size_t i = 0; i < v->params.table->count; i++) {
        const struct dtu_param *row = &v->params.table->rows[i];
        if (!dtu_config_has(row))
            continue;
        unsigned times = row->places > 0 ? test_rand_below(&rnd, row->places) : 1;
        for (; times > 0; times--) {
            bool done = set_random(v, row);
            if (!done)
                printf("  %s=%.*s\n", row->name, (int)value_buffer.len, value);
            failed += !done;
        }
    }
    return failed;
}

static void what_is_written_is_the_same_when_it_is_read(void)
{
    const struct dtu_profile *p;
    test_rand_seed(&rnd, 6);
    for (size_t i = 0; (p = dtu_profile_at(i)) != NULL; i++) {
        for (unsigned run = 0; run < 200; run++) {
            fresh(&a, p);
            fresh(&b, p);
            CHECK_EQ(set_all_random(&a), 0);
            if (run % 2 == 0)
                (void)set_all_random(&b); /* whatever was there before */
            write_text(&a);
            size_t piece = 1 + test_rand_below(&rnd, 200);
            CHECK_EQ(read_pieces(&b, p->name, p->line_size, text, buffer.len, piece), DTU_OK);
            CHECK_EQ(fault_count, 0);
            check_same(&a, &b);
        }
    }
}

static void all_of_a_new_module_is_written_and_read(void)
{
    const struct dtu_profile *p;
    for (size_t i = 0; (p = dtu_profile_at(i)) != NULL; i++) {
        fresh(&a, p);
        write_text(&a);
        fresh(&b, p);
        (void)set_all_random(&b);
        CHECK_EQ(read_pieces(&b, p->name, p->line_size, text, buffer.len, 77), DTU_OK);
        check_same(&a, &b);
    }
}

/* The order of the table: of the rows that a configuration has, each begins one line. */
static void every_setting_is_one_line_in_the_order_of_the_table(void)
{
    const struct dtu_profile *p;
    for (size_t i = 0; (p = dtu_profile_at(i)) != NULL; i++) {
        const char *at = text;
        fresh(&a, p);
        write_text(&a);
        for (size_t r = 0; r < p->table->count; r++) {
            const struct dtu_param *row = &p->table->rows[r];
            size_t len = strlen(row->name);
            if (row->kind != DTU_PARAM_SETTING || strcmp(row->name, "BLOCKS") == 0)
                continue;
            CHECK(memcmp(at, row->name, len) == 0 && at[len] == '=');
            const char *end = memchr(at, '\n', (size_t)(text + buffer.len - at));
            CHECK(end != NULL);
            if (end == NULL)
                return;
            at = end + 1;
        }
        CHECK(at == text + buffer.len);
    }
}

static void the_running_values_can_be_written_too(void)
{
    fresh(&a, &dtu_profile_cat1);
    CHECK_EQ(read_text(&a, "RSTIM=61\n"), DTU_OK);
    buffer = (struct dtu_text_buffer){text, sizeof text, 0, false};
    dtu_config_write_row(&a.params, DTU_PARAMS_RUNNING, row_of(&a, "RSTIM"), &out);
    CHECK_BYTES(text, buffer.len, "RSTIM=1800\n", 11); /* 004: the default */
}

/* --- Any split, any bytes ------------------------------------------------------------------- */

/* Half of it lines of settings, half noise. */
static size_t random_lines(char *to, size_t size)
{
    static const char *const parts[] = {
        "RSTIM=60", "RSTIM=", "UARTFT=", "10",     "\r\n",    "\n", "#",  "# profile",
        " cat1",    " ",      "=",       "CMDPW=", "usr.cn#", "Z=", "\r", "SOCKA=TCP,a,1\n"};
    size_t len = 0;
    while (len + 16 < size) {
        const char *part = parts[test_rand_below(&rnd, sizeof parts / sizeof parts[0])];
        memcpy(to + len, part, strlen(part));
        len += strlen(part);
        if (test_rand_below(&rnd, 8) == 0)
            to[len++] = (char)test_rand_u32(&rnd);
    }
    return len;
}

static void any_split_gives_the_same_values_and_faults(void)
{
    static struct seen_fault expected[FAULTS_MAX];
    char from[96];
    test_rand_seed(&rnd, 7);
    for (unsigned run = 0; run < 2000; run++) {
        size_t len = random_lines(from, sizeof from);
        fresh(&a, &dtu_profile_cat1);
        enum dtu_status status = read_pieces(&a, "cat1", 14, from, len, len);
        size_t count = fault_count;
        memcpy(expected, faults, sizeof expected);
        struct dtu_config_stats stats = config.stats;
        for (size_t piece = 1; piece < 20; piece++) {
            fresh(&b, &dtu_profile_cat1);
            CHECK_EQ(read_pieces(&b, "cat1", 14, from, len, piece), status);
            CHECK_EQ(fault_count, count);
            for (size_t i = 0; i < count && i < fault_count; i++) {
                CHECK(expected[i].line == faults[i].line && expected[i].row == faults[i].row);
                CHECK_EQ(expected[i].status, faults[i].status);
                CHECK_BYTES(faults[i].text, faults[i].len, expected[i].text, expected[i].len);
            }
            CHECK(stats.lines == config.stats.lines && stats.taken == config.stats.taken);
            check_same(&a, &b);
        }
    }
}

/* --- Comparing ------------------------------------------------------------------------------ */

static void one_changed_row_differs_and_no_other(void)
{
    const struct dtu_profile *p;
    test_rand_seed(&rnd, 8);
    for (size_t i = 0; (p = dtu_profile_at(i)) != NULL; i++) {
        for (size_t r = 0; r < p->table->count; r++) {
            const struct dtu_param *row = &p->table->rows[r];
            fresh(&a, p);
            fresh(&b, p);
            if (!dtu_config_has(row) || !set_random(&b, row))
                continue;
            for (size_t other = 0; other < p->table->count; other++) {
                const struct dtu_param *o = &p->table->rows[other];
                bool same = dtu_params_same(&a.params, &b.params, DTU_PARAMS_PENDING, o);
                CHECK(dtu_params_same(&a.params, &b.params, DTU_PARAMS_RUNNING, o));
                if (dtu_config_has(o) && o != row)
                    CHECK(same);
                /* set_random() may have made the default again */
                if (o == row && same)
                    CHECK(memcmp(a.pending, b.pending, p->table->values_size) == 0);
            }
        }
    }
}

/* What is behind the end of a text is no part of it. */
static void a_text_that_was_longer_before_is_the_same(void)
{
    fresh(&a, &dtu_profile_k7);
    fresh(&b, &dtu_profile_k7);
    CHECK_EQ(read_text(&a, "MID=long name\nREGUSER=313233,HEX\n"), DTU_OK);
    CHECK_EQ(read_text(&a, "MID=long\nREGUSER=1,ASCII\n"), DTU_OK);
    CHECK_EQ(read_text(&b, "MID=long\nREGUSER=1,ASCII\n"), DTU_OK);
    check_same(&a, &b);
    CHECK_EQ(read_text(&b, "REGUSER=31,HEX\n"), DTU_OK); /* the same byte, told otherwise */
    CHECK(!dtu_params_same(&a.params, &b.params, DTU_PARAMS_PENDING, row_of(&a, "REGUSER")));
}

static void each_place_counts(void)
{
    fresh(&a, &dtu_profile_lte_7s4);
    fresh(&b, &dtu_profile_lte_7s4);
    CHECK_EQ(read_text(&a, "MQTTSUB=1,/a,0\n"), DTU_OK);
    CHECK_EQ(read_text(&b, "MQTTSUB=1,/a,0\nMQTTSUB=15,/a,0\n"), DTU_OK);
    CHECK(!dtu_params_same(&a.params, &b.params, DTU_PARAMS_PENDING, row_of(&a, "MQTTSUB")));
    CHECK_EQ(read_text(&b, "MQTTSUB=1,/a,0\n"), DTU_OK);
    CHECK(dtu_params_same(&a.params, &b.params, DTU_PARAMS_PENDING, row_of(&a, "MQTTSUB")));
}

static const struct check_test tests[] = {
    CHECK_TEST(init_refuses_memory_that_is_missing_or_too_small),
    CHECK_TEST(settings_comments_and_blank_lines_are_read),
    CHECK_TEST(a_hash_and_an_equals_sign_in_a_value_are_data),
    CHECK_TEST(blanks_in_a_value_are_data),
    CHECK_TEST(a_last_line_without_an_end_is_taken_at_the_end),
    CHECK_TEST(values_that_are_not_named_stay_as_they_are),
    CHECK_TEST(another_spelling_is_the_row_that_counts),
    CHECK_TEST(a_byte_order_mark_in_front_of_the_text_alone_is_ignored),
    CHECK_TEST(each_line_at_fault_is_told_with_its_number_and_the_rest_goes_on),
    CHECK_TEST(faults_need_no_callback),
    CHECK_TEST(a_line_half_of_which_is_legal_changes_nothing),
    CHECK_TEST(of_two_lines_about_a_row_the_earlier_counts),
    CHECK_TEST(parts_that_a_product_has_not_are_not_found),
    CHECK_TEST(rows_that_no_command_reaches_are_neither_written_nor_read),
    CHECK_TEST(a_line_as_long_as_its_memory_fits_and_one_byte_more_does_not),
    CHECK_TEST(a_comment_may_be_longer_than_the_memory),
    CHECK_TEST(the_beginning_of_a_long_comment_names_no_product),
    CHECK_TEST(a_00_byte_is_refused_where_no_text_may_have_it),
    CHECK_TEST(a_cr_that_does_not_end_a_line_is_refused),
    CHECK_TEST(the_product_comment_is_one_word_behind_profile),
    CHECK_TEST(the_configuration_of_another_product_is_told),
    CHECK_TEST(the_product_comment_that_is_written_is_read),
    CHECK_TEST(a_row_with_places_has_a_line_for_each_that_is_set),
    CHECK_TEST(a_text_that_names_a_place_has_all_of_them),
    CHECK_TEST(a_place_can_be_set_once),
    CHECK_TEST(a_default_that_no_command_sets_can_be_read),
    CHECK_TEST(the_word_default_is_the_default_where_a_command_takes_it),
    CHECK_TEST(what_is_written_is_the_same_when_it_is_read),
    CHECK_TEST(all_of_a_new_module_is_written_and_read),
    CHECK_TEST(every_setting_is_one_line_in_the_order_of_the_table),
    CHECK_TEST(the_running_values_can_be_written_too),
    CHECK_TEST(any_split_gives_the_same_values_and_faults),
    CHECK_TEST(one_changed_row_differs_and_no_other),
    CHECK_TEST(a_text_that_was_longer_before_is_the_same),
    CHECK_TEST(each_place_counts),
};

CHECK_MAIN(tests)
