/* SPDX-License-Identifier: MIT */
/* The whole module: what it says of itself on a connection, in front of data and when there is
 * silence, and which socket it says data is from. By frames.md sections 4 and 5 and the examples of
 * the manuals. */
#include "board.h"

#define USER_HEX "7777772E7573722E636E" /* the manuals' own: www.usr.cn */
#define USER "www.usr.cn"

static void new_module(const char *product)
{
    new_board(product);
    init();
    set("E", "OFF");
}

static void begin_module(void)
{
    start();
    clear_uart();
    open_socket(0);
}

/* --- Registration --------------------------------------------------------------------------- */

/* Manual 000 section 6.1, with LINK. */
static void on_link_it_is_first_on_each_connection(void)
{
    new_module("cat1");
    set("REGEN", "ON");
    set("REGTP", "USER");
    set("REGDT", USER_HEX);
    set("REGSND", "LINK");
    start();
    clear_uart();
    type_frame("early"); /* waits for the connection, and goes behind it */
    open_socket(0);
    CHECK_SENT(0, USER "early");
    type_frame("data");
    CHECK_SENT(0, "data");
    lose_socket(0, 0);
    wait_ms(10000);
    open_socket(0);
    CHECK_SENT(0, USER);
}

static void it_waits_for_room_and_nothing_overtakes_it(void)
{
    new_module("cat1");
    set("REGEN", "ON");
    start();
    clear_uart();
    type_frame("early");
    b->sockets[0].room = 4;
    open_socket(0);
    CHECK_SENT(0, "www.");
    b->sockets[0].room = 8;
    dtu_device_socket_writable(&b->device, 0, b->now);
    CHECK_SENT(0, "usr.cnea");
    b->sockets[0].room = LOTS;
    dtu_device_socket_writable(&b->device, 0, b->now);
    CHECK_SENT(0, "rly");
}

/* With UDP each call of socket_send() is a datagram. */
static void with_data_it_is_in_the_same_packet(void)
{
    new_module("cat1");
    set("SOCKA", "UDP,a,1");
    set("REGEN", "ON");
    set("REGSND", "DATA");
    begin_module();
    CHECK_EQ(b->sockets[0].sends, 0);
    type_frame("one");
    CHECK_SENT(0, USER "one");
    CHECK_EQ(b->sockets[0].sends, 1);
    type_frame("two");
    CHECK_SENT(0, USER "two");
    CHECK_EQ(b->sockets[0].sends, 2);
}

static void both_ways_are_both(void)
{
    new_module("cat1");
    set("REGEN", "ON");
    set("REGSND", "LINK&DATA");
    begin_module();
    CHECK_SENT(0, USER);
    type_frame("one");
    CHECK_SENT(0, USER "one");
}

static void each_product_has_its_kinds(void)
{
    static const struct {
        const char *product, *kind, *expected;
    } cases[] = {
        {"cat1", "IMEI", "860000000000001"},
        {"cat1", "ICCID", "860000000000001"},
        {"cat1", "SN", "860000000000001"},
        {"gprs232-7s3", "IMEI", "860000000000001"},
        {"gprs232-7s3", "ICCID", "860000000000001"},
        {"gprs232-7s3", "REGID", "258"},
        {"gprs232-7s3", "REGDT", USER},
        {"lte-7s4", "IMEI", "860000000000001"},
        {"lte-7s4", "ICCID", "860000000000001"},
        {"lte-7s4", "USER", USER},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        new_module(cases[i].product);
        b->identity = "860000000000001";
        set("REGEN", "ON");
        set("REGTP", cases[i].kind);
        if (strcmp(cases[i].kind, "REGID") == 0)
            set("REGID", "258");
        begin_module();
        CHECK_SENT(0, cases[i].expected);
    }
}

/* Manual 003 section 5.3.5, numbers 18 to 21: the kind is in REGEN. */
static void k7_has_the_kind_in_its_switch(void)
{
    static const struct {
        const char *kind, *expected;
    } cases[] = {{"MAC", "D8B04CF00001"},
                 {"USR", "hello"},
                 {"CLOUD", "12345678901234567890abcdefgh"},
                 {"OFF", ""}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        new_module("k7");
        set("SOCKA", "TCPC,a,1");
        set("REGEN", cases[i].kind);
        set("REGUSER", "68656C6C6F,HEX");
        set("REGCLOUD", "12345678901234567890,abcdefgh");
        begin_module();
        CHECK_SENT(0, cases[i].expected);
        CHECK_EQ(b->device.sockets[0].identity.stats.unknown, 0);
    }
}

static void k7_sends_it_with_every_packet_too(void)
{
    new_module("k7");
    set("SOCKA", "UDPC,a,1");
    set("REGEN", "MAC");
    set("REGTCP", "Every");
    begin_module();
    type_frame("x");
    CHECK_SENT(0, "D8B04CF00001x");
    new_module("k7");
    set("SOCKA", "TCPC,a,1");
    set("REGEN", "MAC");
    set("REGTCP", "ALL");
    begin_module();
    CHECK_SENT(0, "D8B04CF00001");
    type_frame("x");
    CHECK_SENT(0, "D8B04CF00001x");
}

static void what_nobody_knows_is_left_out_and_counted(void)
{
    new_module("cat1");
    set("REGEN", "ON");
    set("REGTP", "IMEI"); /* the board has none */
    set("REGSND", "LINK&DATA");
    begin_module();
    type_frame("data");
    CHECK_SENT(0, "data");
    CHECK_EQ(b->device.sockets[0].identity.stats.unknown, 2);
}

/* The limit of a packet of K7 is 1460 bytes: 10 of them are the registration packet's. */
static void in_front_of_data_it_counts_against_the_limit_of_a_packet(void)
{
    static uint8_t data[1460];
    new_module("k7");
    set("SOCKA", "UDPC,a,1");
    set("REGEN", "USR");
    set("REGTCP", "Every");
    begin_module();
    memset(data, 'x', sizeof data);
    CHECK_EQ(rx_bytes(data, sizeof data), sizeof data);
    CHECK_EQ(b->sockets[0].sent_len, 1460);
    wait_ms(10);
    CHECK_EQ(b->sockets[0].sent_len, 1460 + 20);
    CHECK_EQ(b->sockets[0].sends, 2);
    CHECK_BYTES(b->sockets[0].sent + 1460, 20, USER "xxxxxxxxxx", 20);
}

static void a_server_of_k7_says_nothing_of_itself(void)
{
    new_module("k7");
    set("REGEN", "MAC");
    set("REGTCP", "ALL");
    set("HEARTEN", "ON");
    begin_module();
    type_frame("x");
    wait_ms(100000);
    CHECK_SENT(0, "x");
}

/* --- Heartbeat ------------------------------------------------------------------------------ */

static void begin_heartbeat(const char *product, const char *where)
{
    new_module(product);
    set("HEARTEN", "ON");
    set(strcmp(product, "lte-7s4") == 0 ? "HEARTSND" : "HEARTTP", where);
    set("HEARTTM", "30");
    begin_module();
}

/* Manual 000 section 6.2: only when nothing was sent for an interval. */
static void the_network_hears_it_after_an_interval_of_silence(void)
{
    static const char *const products[] = {"cat1", "gprs232-7s3", "lte-7s4"};
    for (size_t i = 0; i < COUNT(products); i++) {
        begin_heartbeat(products[i], "NET");
        wait_ms(29999);
        CHECK_SENT(0, "");
        wait_ms(1);
        CHECK_SENT(0, USER);
        wait_ms(30000);
        CHECK_SENT(0, USER);
        wait_ms(20000);
        type("x");
        wait_ms(60);
        CHECK_SENT(0, "x"); /* 50 ms after it was typed, and a step of the clock */
        wait_ms(29990);
        CHECK_SENT(0, "");
        wait_ms(1);
        CHECK_SENT(0, USER);
        CHECK_UART("");
    }
}

static void what_comes_from_the_network_is_no_sending(void)
{
    begin_heartbeat("cat1", "NET");
    wait_ms(20000);
    CHECK_EQ(socket_rx(0, "x"), 1);
    wait_ms(10000);
    CHECK_SENT(0, USER);
}

static void each_socket_has_its_own(void)
{
    new_module("cat1");
    set("HEARTEN", "ON");
    set("SOCKBEN", "ON");
    begin_module();
    wait_ms(10000);
    open_socket(1);
    wait_ms(20000);
    CHECK_SENT(0, USER);
    CHECK_SENT(1, "");
    wait_ms(10000);
    CHECK_SENT(0, "");
    CHECK_SENT(1, USER);
}

static void without_a_connection_there_is_none(void)
{
    begin_heartbeat("cat1", "NET");
    lose_socket(0, 0);
    wait_ms(100000);
    open_socket(0);
    CHECK_SENT(0, "");
    wait_ms(29999);
    CHECK_SENT(0, "");
    wait_ms(1);
    CHECK_SENT(0, USER);
}

/* One that waits for room belongs to its connection, also if a part of it is out. */
static void it_does_not_outlive_its_connection(void)
{
    for (size_t room = 0; room < 10; room++) {
        begin_heartbeat("cat1", "NET");
        b->sockets[0].room = room;
        wait_ms(40000);
        CHECK_EQ(b->sockets[0].sent_len, room);
        lose_socket(0, 0);
        b->sockets[0].sent_len = 0;
        type_frame("kept");
        wait_ms(10000);
        b->sockets[0].room = LOTS;
        open_socket(0);
        CHECK_SENT(0, "kept");
        wait_ms(30000);
        CHECK_SENT(0, USER);
        CHECK_EQ(b->device.stats.resent_bytes, 0);
    }
}

static void what_it_has_no_room_for_comes_behind_it(void)
{
    begin_heartbeat("cat1", "NET");
    b->sockets[0].room = 3;
    wait_ms(30000);
    type_frame("data");
    b->sockets[0].room = LOTS;
    dtu_device_socket_writable(&b->device, 0, b->now);
    CHECK_SENT(0, USER "data");
    b->sockets[0].room = 2; /* of the data, which is kept */
    type_frame("more");
    lose_socket(0, 0);
    b->sockets[0].sent_len = 0;
    wait_ms(10000);
    b->sockets[0].room = LOTS;
    open_socket(0);
    CHECK_SENT(0, "more");
}

/* While something waits to be sent the heartbeat waits too, and when that is sent it is not needed.
 */
static void nothing_that_waits_for_room_is_overtaken_by_it(void)
{
    begin_heartbeat("cat1", "NET");
    b->sockets[0].room = 0;
    type_frame("data");
    wait_ms(40000);
    b->sockets[0].room = LOTS;
    dtu_device_socket_writable(&b->device, 0, b->now);
    CHECK_SENT(0, "data");
    wait_ms(29999);
    CHECK_SENT(0, "");
    wait_ms(1);
    CHECK_SENT(0, USER);
}

static void the_registration_packet_that_waits_is_not_overtaken_by_it(void)
{
    new_module("cat1");
    set("HEARTEN", "ON");
    set("REGEN", "ON");
    set("REGDT", "726567");
    start();
    clear_uart();
    b->sockets[0].room = 0;
    open_socket(0);
    wait_ms(40000);
    b->sockets[0].room = LOTS;
    dtu_device_socket_writable(&b->device, 0, b->now);
    CHECK_SENT(0, "reg");
    wait_ms(29999);
    CHECK_SENT(0, "");
    wait_ms(1);
    CHECK_SENT(0, USER);
}

static void without_its_text_there_is_none_until_it_is_known(void)
{
    static const char *const ways[] = {"NET", "COM"};
    for (size_t i = 0; i < COUNT(ways); i++) {
        new_module("cat1");
        set("HEARTEN", "ON");
        set("HEARTTP", ways[i]);
        set("HEARTSORT", "IMEI"); /* the board has none */
        begin_module();
        wait_ms(90000);
        CHECK_SENT(0, "");
        CHECK_UART("");
        b->identity = "460001234567890";
        wait_ms(30000);
        CHECK_SENT(0, i == 0 ? "460001234567890" : "");
        CHECK_UART(i == 1 ? "460001234567890" : "");
    }
}

static void it_has_no_registration_packet_in_front(void)
{
    new_module("cat1");
    set("HEARTEN", "ON");
    set("REGEN", "ON");
    set("REGSND", "DATA");
    begin_module();
    wait_ms(30000);
    CHECK_SENT(0, USER);
}

static void it_opens_and_keeps_no_short_lived_connection(void)
{
    new_module("cat1");
    set("HEARTEN", "ON");
    set("HEARTTM", "1");
    set("SOCKASL", "SHORT");
    start();
    clear_uart();
    wait_ms(10000);
    CHECK_EQ(b->sockets[0].opens, 0);
    type_frame("x");
    open_socket(0);
    wait_ms(10000);
    CHECK_EQ(b->sockets[0].closes, 1);
    CHECK_SENT(0, "x");
}

/* Whatever the traffic. */
static void the_uart_hears_it_each_interval(void)
{
    begin_heartbeat("cat1", "COM");
    wait_ms(20000);
    CHECK_EQ(socket_rx(0, "data"), 4);
    CHECK_UART("data");
    wait_ms(9999);
    CHECK_UART("");
    wait_ms(1);
    CHECK_UART(USER);
    wait_ms(30000);
    CHECK_UART(USER);
    CHECK_SENT(0, "");
}

static void at_the_uart_it_comes_in_one_piece(void)
{
    begin_heartbeat("cat1", "COM");
    b->uart_room = 3;
    wait_ms(30000);
    CHECK_EQ(socket_rx(0, "data"), 0);
    b->uart_room = LOTS;
    wait_ms(1);
    CHECK_EQ(socket_rx(0, "data"), 4);
    CHECK_UART(USER "data");
}

/* Meanwhile nobody listens, so its packing time begins with the end of the heartbeat. */
static void a_reply_waits_for_the_end_of_a_heartbeat(void)
{
    begin_heartbeat("cat1", "COM");
    wait_ms(29920);
    type("usr.cn#AT+UARTFT"); /* found when the heartbeat has begun, 50 ms after the last byte */
    wait_ms(30);
    type("\r\n");
    b->uart_room = 3;
    wait_ms(200);
    CHECK_UART("www");
    b->uart_room = LOTS;
    wait_ms(60);
    CHECK_UART(".usr.cn\r\n+UARTFT:50\r\n\r\nOK\r\n");
}

/* A packet of which the UART has a part. */
static void no_heartbeat_is_in_the_middle_of_data(void)
{
    begin_heartbeat("cat1", "COM");
    b->uart_room = 3;
    CHECK_EQ(socket_rx(0, "data"), 3);
    wait_ms(30000);
    b->uart_room = LOTS;
    wait_ms(1);
    CHECK_EQ(socket_rx(0, "a"), 1);
    wait_ms(1);
    CHECK_UART("data" USER);
}

static void a_report_is_not_in_the_middle_of_a_heartbeat(void)
{
    new_module("cat1");
    set("HEARTEN", "ON");
    set("HEARTTP", "COM");
    set("HEARTTM", "30");
    set("SDPEN", "ON");
    begin_module();
    wait_ms(29980);
    type("no frame"); /* which is found out 50 ms later */
    b->uart_room = 3;
    wait_ms(200);
    CHECK_UART("www");
    b->uart_room = LOTS;
    wait_ms(60);
    CHECK_BYTES(b->uart, b->uart_len, ".usr.cn\xAA\xFD\x55\x00\x03\x00\x80\x00\x80", 7 + 9);
}

static void it_is_not_in_the_middle_of_a_frame(void)
{
    new_module("cat1");
    set("HEARTEN", "ON");
    set("HEARTTP", "COM");
    set("SDPEN", "ON");
    begin_module();
    b->uart_room = 3;
    CHECK_EQ(socket_rx(0, "abc"), 0);
    wait_ms(40000);
    b->uart_room = LOTS;
    CHECK_EQ(socket_rx(0, "abc"), 3);
    wait_ms(1);
    /* 61 + 61 + 62 + 63 = 187 */
    CHECK_BYTES(b->uart, b->uart_len,
                "\xAA\xFD\x55\x00\x05\x61\x00"
                "abc\x87" USER,
                11 + 10);
}

static void a_uart_without_room_gets_it_later_and_once(void)
{
    begin_heartbeat("cat1", "COM");
    b->uart_room = 0;
    wait_ms(50000);
    b->uart_room = LOTS;
    wait_ms(1);
    CHECK_UART(USER);
    wait_ms(100);
    CHECK_UART("");
}

/* Its text is asked for again for the rest. What has gone out by then cannot be called back. */
static void the_rest_of_one_whose_text_is_gone_is_left_out(void)
{
    static const char *const texts[] = {"460001", "4600012", NULL};
    for (size_t i = 0; i < COUNT(texts); i++) {
        new_module("cat1");
        b->identity = "460001234567890";
        set("HEARTEN", "ON");
        set("HEARTTP", "COM");
        set("HEARTSORT", "IMEI");
        begin_module();
        b->uart_room = 7;
        wait_ms(30000);
        CHECK_EQ(socket_rx(0, "data"), 0);
        b->identity = texts[i];
        b->uart_room = LOTS;
        wait_ms(1);
        CHECK_EQ(socket_rx(0, "data"), 4);
        CHECK_UART("4600012data");
    }
}

/* The UART is not what it reports to then. */
static void in_another_work_mode_the_uart_hears_none(void)
{
    new_module("cat1");
    set("HEARTEN", "ON");
    set("HEARTTP", "COM");
    set("WKMOD", "HTTPD");
    start();
    clear_uart();
    wait_ms(100000);
    CHECK_UART("");
}

static void command_mode_hears_none(void)
{
    begin_heartbeat("cat1", "COM");
    wait_ms(20000);
    enter_command_mode();
    wait_ms(50000);
    CHECK_UART("");
    CHECK_COMMAND("AT+ENTM", OK);
    wait_ms(1);
    CHECK_UART(USER); /* the one that was due, once */
    wait_ms(100);
    CHECK_UART("");
}

static void cat1_has_other_kinds(void)
{
    new_module("cat1");
    b->identity = "460001234567890";
    set("HEARTEN", "ON");
    set("HEARTSORT", "SN");
    begin_module();
    wait_ms(30000);
    CHECK_SENT(0, "460001234567890");
}

/* The board answers AT+LBS=1 with 1,2; at least 5 s apart (frames.md section 4). */
static void positions_are_5_s_apart(void)
{
    new_module("cat1");
    set("HEARTEN", "ON");
    set("HEARTSORT", "LBS");
    set("HEARTTM", "1");
    begin_module();
    wait_ms(4999);
    CHECK_SENT(0, "");
    wait_ms(1);
    CHECK_SENT(0, "1,2");
}

/* Manual 002 section 3.4. A refusal is told after the sending, maybe more than once. */
static void three_sends_that_fail_connect_anew(void)
{
    new_module("gprs232-7s3");
    set("SOCKA", "UDP,a,1");
    begin_module();
    for (unsigned i = 0; i < 2; i++) {
        type_frame("x");
        dtu_device_socket_refused(&b->device, 0, b->now);
        dtu_device_socket_refused(&b->device, 0, b->now);
    }
    CHECK_EQ(b->sockets[0].closes, 0);
    type_frame("x");
    dtu_device_socket_refused(&b->device, 0, b->now);
    CHECK_EQ(b->sockets[0].closes, 1);
    CHECK_EQ(b->sockets[0].opens, 2);
    CHECK_EQ(b->device.stats.refused, 5);
}

static void a_send_between_that_is_not_refused_counts(void)
{
    new_module("gprs232-7s3");
    set("SOCKA", "UDP,a,1");
    begin_module();
    for (unsigned i = 0; i < 10; i++) {
        type_frame("x");
        if (i % 3 != 2)
            dtu_device_socket_refused(&b->device, 0, b->now);
        wait_ms(5000); /* a refusal would be here by now */
    }
    CHECK_EQ(b->sockets[0].closes, 0);
}

/* Several are sent before the first refusal can be here. */
static void refusals_of_many_sendings_are_in_a_row(void)
{
    new_module("cat1");
    set("SOCKA", "UDP,a,1");
    begin_module();
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQ(b->sockets[0].closes, 0);
        for (unsigned n = 0; n < 3; n++)
            type_frame("x");
        dtu_device_socket_refused(&b->device, 0, b->now);
    }
    CHECK_EQ(b->sockets[0].closes, 1);
}

/* --- Marks ---------------------------------------------------------------------------------- */

static void begin_marks(const char *product, const char *name)
{
    new_module(product);
    set(name, "ON");
    set("SOCKBEN", "ON");
    begin_module();
    open_socket(1);
}

static void each_packet_of_a_socket_is_marked(void)
{
    begin_marks("lte-7s4", "SOCKIND");
    CHECK_EQ(socket_rx(0, "one"), 3);
    CHECK_EQ(socket_rx(1, "two"), 3);
    CHECK_EQ(socket_rx(1, "three"), 5);
    CHECK_UART("SOCKA:oneSOCKB:twoSOCKB:three");
    begin_marks("gprs232-7s3", "SOCKIDEN");
    CHECK_EQ(socket_rx(1, "x"), 1);
    CHECK_UART("SOCKB:x");
}

static void a_packet_and_its_mark_stay_together(void)
{
    begin_marks("lte-7s4", "SOCKIND");
    b->uart_room = 3;
    CHECK_EQ(socket_rx(0, "one"), 0);
    CHECK(!dtu_device_socket_ready(&b->device, 1));
    b->uart_room = 5;
    CHECK_EQ(socket_rx(0, "one"), 2);
    b->uart_room = LOTS;
    CHECK_EQ(socket_rx(1, "two"), 0);
    CHECK_EQ(socket_rx(0, "e"), 1);
    CHECK_EQ(socket_rx(1, "two"), 3);
    CHECK_UART("SOCKA:oneSOCKB:two");
}

static void a_packet_that_will_not_be_completed_makes_way(void)
{
    begin_marks("lte-7s4", "SOCKIND");
    b->uart_room = 8;
    CHECK_EQ(socket_rx(0, "one"), 2);
    lose_socket(0, 0);
    b->uart_room = LOTS;
    CHECK_EQ(socket_rx(1, "two"), 3);
    CHECK_UART("SOCKA:onSOCKB:two");
}

/* The end of a packet may be held for a while: it could be the beginning of a frame that sets the
 * UART. */
static void what_is_held_of_a_packet_stays_with_its_mark(void)
{
    new_module("gprs232-7s3");
    set("SOCKIDEN", "ON");
    set("RFCEN", "ON");
    set("SOCKBEN", "ON");
    begin_module();
    open_socket(1);
    CHECK_EQ(socket_rx(0, "one\x55"), 4);
    CHECK_EQ(socket_rx(1, "two"), 0);
    wait_ms(1000);
    CHECK_EQ(socket_rx(1, "two"), 3);
    CHECK_UART("SOCKA:one\x55SOCKB:two");
    CHECK_EQ(socket_rx(0, "\x55"), 1);
    lose_socket(0, 0);
    CHECK_EQ(socket_rx(1, "two"), 0);
    wait_ms(1);
    CHECK_EQ(socket_rx(1, "two"), 3);
    CHECK_UART("SOCKA:\x55SOCKB:two");
    CHECK_EQ(socket_rx(1, "\x55"), 1);
    start();
    clear_uart();
    open_socket(0);
    CHECK_EQ(socket_rx(0, "three"), 5);
    CHECK_UART("SOCKA:three");
}

/* The UART had no room for the end of a packet, of which the part in front of it was held. */
static void the_rest_of_a_packet_of_which_a_part_was_held_has_no_mark(void)
{
    new_module("gprs232-7s3");
    set("SOCKIDEN", "ON");
    set("RFCEN", "ON");
    set("SOCKBEN", "ON");
    begin_module();
    open_socket(1);
    CHECK_EQ(socket_rx(0, "a\x55"), 2);
    b->uart_room = 0;
    CHECK_EQ(socket_rx(0, "\xAA"
                          "b"),
             1);
    b->uart_room = LOTS;
    wait_ms(1000); /* what is held goes on by itself */
    CHECK_EQ(socket_rx(1, "two"), 0);
    CHECK_EQ(socket_rx(0, "b"), 1);
    CHECK_EQ(socket_rx(1, "two"), 3);
    CHECK_UART("SOCKA:a\x55\xAA"
               "bSOCKB:two");
}

static void with_frames_there_are_no_marks(void)
{
    new_module("lte-7s4");
    set("SOCKIND", "ON");
    set("SDPEN", "ON");
    begin_module();
    CHECK_EQ(socket_rx(0, "x"), 1);
    CHECK_BYTES(b->uart, b->uart_len, "\xAA\xFD\x55\x00\x03\x61\x00x\xD9", 9);
}

static void a_frame_that_sets_the_uart_is_not_marked(void)
{
    new_module("gprs232-7s3");
    set("SOCKIDEN", "ON");
    set("RFCEN", "ON");
    begin_module();
    b->setups = 0;
    CHECK_EQ(dtu_device_socket_rx(&b->device, 0,
                                  (const uint8_t *)"\x55\xAA\x55\x00\x25\x80\x83\x28", 8, b->now),
             8);
    CHECK_EQ(b->setups, 1);
    CHECK_UART("");
    CHECK_EQ(socket_rx(0, "x"), 1);
    CHECK_UART("SOCKA:x");
}

/* --- LEDs ----------------------------------------------------------------------------------- */

static struct dtu_device_port port_with_leds;

static void begin_leds(const char *product)
{
    new_board(product);
    port_with_leds = port;
    port_with_leds.led = led;
    b->config.port = &port_with_leds;
    init();
    start();
}

/* Manual 001 section 2.3.7: NET flashes 4 times in 4G; the times are those of indicator.h's page.
 */
static void leds_show_power_network_and_connections(void)
{
    begin_leds("lte-7s4");
    CHECK(b->leds[DTU_LED_POWER] && b->leds[DTU_LED_WORK]);
    CHECK(!b->leds[DTU_LED_NET] && !b->leds[DTU_LED_LINKA]);
    open_socket(0);
    CHECK(b->leds[DTU_LED_LINKA] && !b->leds[DTU_LED_LINKB]);
    lose_socket(0, 0);
    CHECK(!b->leds[DTU_LED_LINKA]);
    b->led_changes = 0;
    dtu_device_set_network(&b->device, DTU_NETWORK_4G, b->now);
    wait_ms(1500);
    CHECK_EQ(b->led_changes, 8);
    dtu_device_set_network(&b->device, DTU_NETWORK_NONE, b->now);
    CHECK(!b->leds[DTU_LED_NET]);
}

static void data_is_shown_while_it_passes(void)
{
    begin_leds("cat1");
    open_socket(0);
    wait_ms(1000);
    CHECK(!b->leds[DTU_LED_DATA]);
    CHECK_EQ(socket_rx(0, "x"), 1);
    CHECK(b->leds[DTU_LED_DATA]);
    wait_ms(1000);
    CHECK(!b->leds[DTU_LED_DATA]);
    type("x");
    wait_ms(51);
    CHECK(b->leds[DTU_LED_DATA]);
}

static void all_are_dark_when_it_is_stopped(void)
{
    begin_leds("cat1");
    open_socket(0);
    dtu_device_stop(&b->device, b->now);
    for (size_t i = 0; i < DTU_LEDS; i++)
        CHECK(!b->leds[i]);
}

static void the_network_from_before_the_start_is_shown_at_the_start(void)
{
    new_board("lte-7s4");
    port_with_leds = port;
    port_with_leds.led = led;
    b->config.port = &port_with_leds;
    init();
    dtu_device_set_network(&b->device, DTU_NETWORK_4G, b->now);
    wait_ms(1500);
    CHECK_EQ(b->led_changes, 0);
    start();
    CHECK(b->leds[DTU_LED_NET]); /* 8 changes, as above: this is the first */
    b->led_changes = 0;
    wait_ms(1500);
    CHECK_EQ(b->led_changes, 7);
}

static void init_refuses_leds_that_the_product_describes_badly(void)
{
    static const struct dtu_indicator_table nothing = {.look_count = 0};
    struct dtu_profile p = dtu_profile_cat1;
    p.indicator = &nothing;
    new_board("cat1");
    b->config.profile = &p;
    CHECK_EQ(dtu_device_init(&b->device, &b->config, b), DTU_OK); /* nobody looks at them */
    port_with_leds = port;
    port_with_leds.led = led;
    b->config.port = &port_with_leds;
    CHECK_EQ(dtu_device_init(&b->device, &b->config, b), DTU_ERR_CONFIG);
}

static void without_leds_nobody_is_woken_for_them(void)
{
    new_board("lte-7s4");
    init();
    set("SOCKAEN", "OFF");
    set("SOCKBEN", "OFF");
    start();
    dtu_device_set_network(&b->device, DTU_NETWORK_4G, b->now);
    CHECK_EQ(dtu_device_next(&b->device, b->now), DTU_NEVER);
}

static const struct check_test tests[] = {
    CHECK_TEST(on_link_it_is_first_on_each_connection),
    CHECK_TEST(it_waits_for_room_and_nothing_overtakes_it),
    CHECK_TEST(with_data_it_is_in_the_same_packet),
    CHECK_TEST(both_ways_are_both),
    CHECK_TEST(each_product_has_its_kinds),
    CHECK_TEST(k7_has_the_kind_in_its_switch),
    CHECK_TEST(k7_sends_it_with_every_packet_too),
    CHECK_TEST(what_nobody_knows_is_left_out_and_counted),
    CHECK_LARGE(in_front_of_data_it_counts_against_the_limit_of_a_packet),
    CHECK_TEST(a_server_of_k7_says_nothing_of_itself),
    CHECK_TEST(the_network_hears_it_after_an_interval_of_silence),
    CHECK_TEST(what_comes_from_the_network_is_no_sending),
    CHECK_TEST(each_socket_has_its_own),
    CHECK_TEST(without_a_connection_there_is_none),
    CHECK_TEST(it_does_not_outlive_its_connection),
    CHECK_TEST(what_it_has_no_room_for_comes_behind_it),
    CHECK_TEST(nothing_that_waits_for_room_is_overtaken_by_it),
    CHECK_TEST(the_registration_packet_that_waits_is_not_overtaken_by_it),
    CHECK_TEST(without_its_text_there_is_none_until_it_is_known),
    CHECK_TEST(it_has_no_registration_packet_in_front),
    CHECK_TEST(it_opens_and_keeps_no_short_lived_connection),
    CHECK_TEST(the_uart_hears_it_each_interval),
    CHECK_TEST(at_the_uart_it_comes_in_one_piece),
    CHECK_TEST(a_reply_waits_for_the_end_of_a_heartbeat),
    CHECK_TEST(no_heartbeat_is_in_the_middle_of_data),
    CHECK_TEST(a_report_is_not_in_the_middle_of_a_heartbeat),
    CHECK_TEST(it_is_not_in_the_middle_of_a_frame),
    CHECK_TEST(a_uart_without_room_gets_it_later_and_once),
    CHECK_TEST(the_rest_of_one_whose_text_is_gone_is_left_out),
    CHECK_TEST(in_another_work_mode_the_uart_hears_none),
    CHECK_TEST(command_mode_hears_none),
    CHECK_TEST(cat1_has_other_kinds),
    CHECK_TEST(positions_are_5_s_apart),
    CHECK_TEST(three_sends_that_fail_connect_anew),
    CHECK_TEST(a_send_between_that_is_not_refused_counts),
    CHECK_TEST(refusals_of_many_sendings_are_in_a_row),
    CHECK_TEST(each_packet_of_a_socket_is_marked),
    CHECK_TEST(a_packet_and_its_mark_stay_together),
    CHECK_TEST(a_packet_that_will_not_be_completed_makes_way),
    CHECK_TEST(what_is_held_of_a_packet_stays_with_its_mark),
    CHECK_TEST(the_rest_of_a_packet_of_which_a_part_was_held_has_no_mark),
    CHECK_TEST(with_frames_there_are_no_marks),
    CHECK_TEST(a_frame_that_sets_the_uart_is_not_marked),
    CHECK_TEST(leds_show_power_network_and_connections),
    CHECK_TEST(data_is_shown_while_it_passes),
    CHECK_TEST(all_are_dark_when_it_is_stopped),
    CHECK_TEST(the_network_from_before_the_start_is_shown_at_the_start),
    CHECK_TEST(init_refuses_leds_that_the_product_describes_badly),
    CHECK_TEST(without_leds_nobody_is_woken_for_them),
};

CHECK_MAIN(tests)
