/* SPDX-License-Identifier: MIT */
/* The whole module as a product of one's own: a table that is that of another product but for a row
 * or two. What the rows are for is said by profile.h, what holds without them by the headers of the
 * engines. */
#include "board.h"

static struct dtu_param rows[180];
static struct dtu_param_table table;
static struct dtu_profile profile;

/* A board with a product like another one, whose rows may be changed. */
static void new_own(const char *product)
{
    new_board(product);
    profile = *b->config.profile;
    table = *profile.table;
    CHECK(table.count <= COUNT(rows));
    memcpy(rows, table.rows, table.count * sizeof rows[0]);
    table.rows = rows;
    profile.table = &table;
    b->config.profile = &profile;
}

static struct dtu_param *row_of(const char *name)
{
    const struct dtu_param *row = dtu_params_find(&table, (const uint8_t *)name, strlen(name));
    return &rows[row - rows];
}

/* The command is still there, but the device does not know what it is for. */
static void make_unknown(const char *name)
{
    row_of(name)->id = DTU_ID_NONE;
}

static void begin_own(void)
{
    start();
    clear_uart();
    open_socket(0);
}

/* --- Rows that are not there ---------------------------------------------------------------- */

static void a_registration_packet_of_what_the_product_has_not_got_is_left_out(void)
{
    new_own("cat1");
    make_unknown("IMEI");
    b->identity = "460001234567890";
    init();
    set("REGEN", "ON");
    set("REGTP", "IMEI");
    begin_own();
    type_frame("data");
    CHECK_SENT(0, "data");
    CHECK_EQ(b->device.sockets[0].identity.stats.unknown, 1);
}

static void a_search_is_answered_with_zeroes_for_what_the_product_has_not_got(void)
{
    static const char *const names[] = {"MAC", "VER", "MID", "WANN"};
    static const uint8_t zeroes[36];
    uint8_t answer[DTU_DISCOVERY_READ_LEN];
    new_own("k7");
    for (size_t i = 0; i < COUNT(names); i++)
        make_unknown(names[i]);
    init();
    start();
    CHECK_EQ(dtu_device_request(&b->device, (const uint8_t *)"\xFF\x01\x01\x02", 4, answer,
                                sizeof answer, b->now),
             36);
    CHECK_BYTES(answer + 3, 32, zeroes, 32); /* all but the head and the sum */
}

/* --- Rows that are otherwise ---------------------------------------------------------------- */

static void any_row_may_take_effect_at_once(void)
{
    const struct dtu_param *row;
    new_own("cat1");
    row_of("UARTFT")->flags |= DTU_PARAM_AT_ONCE;
    init();
    set("E", "OFF");
    begin_own();
    enter_command_mode();
    row = row_of("UARTFT");
    CHECK_COMMAND("AT+UARTFT=70", OK);
    CHECK_EQ(dtu_params_number(dtu_device_params(&b->device), row, 0), 70); /* the running one */
    CHECK_COMMAND("AT+UARTFL=70", OK);
    row = row_of("UARTFL");
    CHECK_EQ(dtu_params_number(dtu_device_params(&b->device), row, 0), 1024);
    CHECK_COMMAND("AT", OK); /* without echo, still */
}

static void a_product_that_listens_need_have_no_word_for_it(void)
{
    new_own("k7");
    profile.listen_word = NULL;
    init();
    start();
    clear_uart();
    enter_command_mode();
    CHECK_COMMAND("AT+SOCKLKA", "\r\n+OK=CONNECTING\r\n"); /* manual 003 section 4.1.4 */
    open_socket(0);
    CHECK_COMMAND("AT+SOCKLKA", "\r\n+OK=CONNECTED\r\n"); /* nor does it count its clients */
}

/* The longest that a login compares is 16 bytes. */
#define SIXTEEN "0123456789abcdef"
#define LOGIN_ERROR "\r\n+CME ERROR:73\r\n"

static void a_login_is_all_of_the_password_however_long_that_is(void)
{
    static const struct dtu_param_field password[] = {
        {.type = DTU_FIELD_TEXT, .min = 1, .max = 20}};
    new_own("cat1");
    struct dtu_param *row = row_of("SIGNINAT");
    row->fields = password;
    row->offset = table.values_size; /* behind the others, where there is room for it */
    table.values_size = (uint16_t)(table.values_size + 22);
    init();
    set("E", "OFF");
    set("SAFEATEN", "ON");
    set("SIGNINAT", SIXTEEN);
    start();
    clear_uart();
    enter_command_mode();
    CHECK_COMMAND("AT+SIGNINAT=0123456789abcde", LOGIN_ERROR);
    CHECK_COMMAND("AT+SIGNINAT=" SIXTEEN "g", LOGIN_ERROR);
    CHECK_COMMAND("AT+UARTFT?", LOGIN_ERROR);
    CHECK_COMMAND("AT+SIGNINAT=" SIXTEEN, OK);
    CHECK_COMMAND("AT+UARTFT?", VALUE("UARTFT:50"));
}

static const struct check_test tests[] = {
    CHECK_TEST(a_registration_packet_of_what_the_product_has_not_got_is_left_out),
    CHECK_TEST(a_search_is_answered_with_zeroes_for_what_the_product_has_not_got),
    CHECK_TEST(any_row_may_take_effect_at_once),
    CHECK_TEST(a_product_that_listens_need_have_no_word_for_it),
    CHECK_TEST(a_login_is_all_of_the_password_however_long_that_is),
};

CHECK_MAIN(tests)
