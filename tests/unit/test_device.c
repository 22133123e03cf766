/* SPDX-License-Identifier: MIT */
/* The whole module on a board that is made of variables. What it does with the binary protocols is
 * in test_device_frames.c. */
#include "board.h"
#include "rand.h"

/* --- Set-up --------------------------------------------------------------------------------- */

#define CHECK_INIT_REFUSED(change)                                                                 \
    do {                                                                                           \
        struct dtu_device_port part = port;                                                        \
        new_board("cat1");                                                                         \
        b->config.port = &part;                                                                    \
        change;                                                                                    \
        CHECK_EQ(dtu_device_init(&b->device, &b->config, b), DTU_ERR_CONFIG);                      \
    } while (0)

static void init_refuses_what_cannot_work(void)
{
    struct dtu_store_medium small = medium;
    CHECK_INIT_REFUSED(part.uart_write = NULL);
    CHECK_INIT_REFUSED(part.uart_setup = NULL);
    CHECK_INIT_REFUSED(part.socket_open = NULL);
    CHECK_INIT_REFUSED(part.socket_send = NULL);
    CHECK_INIT_REFUSED(part.socket_close = NULL);
    CHECK_INIT_REFUSED(part.restart = NULL);
    CHECK_INIT_REFUSED(b->config.values = NULL);
    CHECK_INIT_REFUSED(b->config.values_size =
                           2 * (size_t)b->config.profile->table->values_size - 1);
    CHECK_INIT_REFUSED(b->config.line = NULL);
    CHECK_INIT_REFUSED(b->config.line_size = DTU_CAT1_LINE_SIZE - 1);
    for (size_t i = 0; i < DTU_DEVICE_CHANNELS; i++)
        CHECK_INIT_REFUSED(b->config.messages[i].size = DTU_CAT1_LINE_SIZE - 1);
    CHECK_INIT_REFUSED(b->config.packet = NULL);
    CHECK_INIT_REFUSED(b->config.packet_size = DTU_CAT1_PACKET_LEN - 1);
    CHECK_INIT_REFUSED(b->config.open_ms = UINT32_C(1) << 31);
    small.slot_size = 20;
    CHECK_INIT_REFUSED(b->config.medium = &small);
    CHECK_INIT_REFUSED(b->config.default_medium = &small);
}

static void init_refuses_a_table_with_a_bad_default(void)
{
    static const struct dtu_param_field on_off[] = {{.type = DTU_FIELD_ENUM, .text = "ON,OFF"}};
    static const struct dtu_param row = {
        .name = "E", .kind = DTU_PARAM_SETTING, .field_count = 1, .fields = on_off, .initial = "?"};
    static const struct dtu_param_table table = {.rows = &row, .count = 1, .values_size = 1};
    struct dtu_profile p = dtu_profile_cat1;
    p.table = &table;
    CHECK_INIT_REFUSED(b->config.profile = &p);
}

static void a_queue_must_hold_the_longest_packet(void)
{
    static uint8_t frame[DTU_CAT1_PACKET_LEN];
    CHECK_INIT_REFUSED(b->config.queues[0].size = DTU_CAT1_PACKET_LEN + 1);
    new_board("cat1"); /* 2 bytes a packet: with these it goes through */
    b->config.queues[0].size = DTU_CAT1_PACKET_LEN + 2;
    init();
    set("UARTFL", "4096");
    start();
    open_socket(0);
    memset(frame, 'x', sizeof frame);
    CHECK_EQ(rx_bytes(frame, sizeof frame), sizeof frame);
    CHECK_BYTES(b->sockets[0].sent, b->sockets[0].sent_len, frame, sizeof frame);
}

static void memory_of_exactly_the_needed_size_is_enough(void)
{
    const struct dtu_profile *p;
    for (size_t i = 0; (p = dtu_profile_at(i)) != NULL; i++) {
        new_board(p->name);
        b->config.values_size = 2 * (size_t)p->table->values_size;
        b->config.line_size = p->line_size;
        for (size_t j = 0; j < DTU_DEVICE_CHANNELS; j++)
            b->config.messages[j].size = p->line_size;
        b->config.packet_size = p->packet_len;
        init();
    }
}

static void info_and_event_may_be_missing(void)
{
    struct dtu_device_port few = port;
    few.info = NULL;
    few.event = NULL;
    new_board("cat1");
    b->config.port = &few;
    init();
    set("E", "OFF");
    start();
    clear_uart();
    enter_command_mode();
    CHECK_COMMAND("AT+VER", VALUE("VER:V1.1.01.000000.0000"));
}

static void nothing_works_before_start_or_after_stop(void)
{
    new_board("cat1");
    init();
    for (unsigned round = 0; round < 2; round++) {
        CHECK_EQ(rx_bytes("abc", 3), 0);
        CHECK(!dtu_device_uart_ready(&b->device));
        CHECK(!dtu_device_socket_ready(&b->device, 0));
        CHECK_EQ(dtu_device_next(&b->device, b->now), DTU_NEVER);
        dtu_device_poll(&b->device, b->now);
        dtu_device_uart_idle(&b->device, b->now);
        dtu_device_socket_opened(&b->device, 0, b->now);
        dtu_device_socket_failed(&b->device, 0, b->now);
        dtu_device_socket_closed(&b->device, 0, 0, b->now);
        dtu_device_socket_writable(&b->device, 0, b->now);
        CHECK_EQ(socket_rx(0, "abc"), 0);
        if (round == 0) {
            dtu_device_stop(&b->device, b->now); /* was not started */
            CHECK_EQ(b->sockets[0].closes, 0);
            start();
            open_socket(0);
            type("half a frame");
            dtu_device_stop(&b->device, b->now);
            CHECK_EQ(b->sockets[0].closes, 1);
        }
    }
    start();
    wait_ms(100);
    CHECK_EQ(b->sockets[0].sent_len, 0); /* what was on its way has been dropped */
}

/* --- The start ------------------------------------------------------------------------------ */

static void the_greeting_comes_first_on_a_uart_that_is_set(void)
{
    static const char *const cases[][2] = {{"cat1", "\r\nWH-LTE-7S1\r\n"}, /* at.md, Entering, 9 */
                                           {"gprs232-7s3", "\r\nWH-LTE-7S1\r\n"},
                                           {"lte-7s4", "\r\n[WH-7S4 V2]\r\n"},
                                           {"k7", ""}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        new_board(cases[i][0]);
        init();
        CHECK_EQ(b->uart_len, 0);
        start();
        CHECK_EQ(b->setups, 1);
        CHECK_EQ(b->uart_after_setup, 0);
        CHECK_UART(cases[i][1]);
        CHECK_EQ(b->events[DTU_EVENT_START], 1);
    }
}

static void the_greeting_is_the_users(void)
{
    new_board("cat1");
    init();
    set("STMSG", "hi[0D][0A]there");
    start();
    CHECK_UART("\r\nhi\r\nthere\r\n");
}

static void input_waits_until_the_greeting_is_out(void)
{
    for (size_t at_a_time = 1; at_a_time < 16; at_a_time++) {
        new_board("cat1");
        init();
        set("E", "OFF");
        b->uart_room = 0;
        b->sockets[0].opening = OPENED_INSIDE;
        start();
        while (b->uart_len < 14) {
            CHECK(!dtu_device_uart_ready(&b->device));
            CHECK(!dtu_device_socket_ready(&b->device, 0));
            CHECK_EQ(rx_bytes("x", 1), 0);
            CHECK_EQ(socket_rx(0, "y"), 0);
            b->uart_room = at_a_time;
            size_t before = b->uart_len;
            dtu_device_poll(&b->device, b->now);
            CHECK(b->uart_len > before);
            if (b->uart_len <= before)
                return;
        }
        CHECK_UART("\r\nWH-LTE-7S1\r\n");
        b->uart_room = LOTS;
        CHECK(dtu_device_uart_ready(&b->device));
        type_frame("x");
        CHECK_EQ(socket_rx(0, "y"), 1);
        CHECK_UART("y");
        CHECK_SENT(0, "x");
    }
}

static void the_uart_is_set_as_the_settings_say(void)
{
    static const struct {
        const char *product, *value;
        struct dtu_uart uart;
    } cases[] = {
        /* 004 section 4.29, 002 section 4.2.1.22, 003 section 5.3.5 number 13 */
        {"cat1", "115200,8,1,NONE,NONE", {115200, 8, 1, DTU_PARITY_NONE, DTU_FLOW_NONE}},
        {"cat1", "921600,8,2,ODD,NONE", {921600, 8, 2, DTU_PARITY_ODD, DTU_FLOW_NONE}},
        {"gprs232-7s3", "2400,EVEN,7,2,CRTS", {2400, 7, 2, DTU_PARITY_EVEN, DTU_FLOW_RTS_CTS}},
        {"gprs232-7s3", "9600,NONE,8,1,RS485", {9600, 8, 1, DTU_PARITY_NONE, DTU_FLOW_RS485}},
        {"lte-7s4", "300,7,1,EVEN,NFC", {300, 7, 1, DTU_PARITY_EVEN, DTU_FLOW_NONE}},
        {"k7", "1000000,5,2,MARK,FCH", {1000000, 5, 2, DTU_PARITY_MARK, DTU_FLOW_RTS_CTS}},
        {"k7", "600,6,1,SPACE,FCR", {600, 6, 1, DTU_PARITY_SPACE, DTU_FLOW_XON_XOFF}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct dtu_uart *u = &cases[i].uart;
        new_board(cases[i].product);
        init();
        set("UART", cases[i].value);
        start();
        CHECK_EQ(b->setup.baud, u->baud);
        CHECK_EQ(b->setup.data_bits, u->data_bits);
        CHECK_EQ(b->setup.stop_bits, u->stop_bits);
        CHECK_EQ(b->setup.parity, u->parity);
        CHECK_EQ(b->setup.flow, u->flow);
        CHECK(memcmp(dtu_device_uart(&b->device), &b->setup, sizeof b->setup) == 0);
    }
}

/* --- Data both ways ------------------------------------------------------------------------- */

static void a_pause_ends_a_frame_and_it_goes_to_the_socket(void)
{
    begin_open("cat1"); /* UARTFT 50, 004 section 4.31 */
    type("he");
    wait_ms(49);
    type("llo");
    wait_ms(49);
    CHECK_EQ(b->sockets[0].sent_len, 0);
    wait_ms(2); /* the clock has whole milliseconds: a pause of 50 may look like one of 51 */
    CHECK_SENT(0, "hello");
    CHECK_EQ(b->sockets[0].sends, 1);
    CHECK_EQ(b->device.stats.frames, 1);
    CHECK_EQ(b->device.stats.sent_packets, 1);
    CHECK_EQ(b->device.stats.sent_bytes, 5);
    CHECK_EQ(b->events[DTU_EVENT_FRAME], 1);
    CHECK_EQ(b->last.len, 5);
    CHECK_UART("");
}

static void the_packing_length_ends_a_frame_at_once(void)
{
    begin("cat1");
    set("UARTFL", "5");
    start();
    open_socket(0);
    type("abcdefghijkl");
    CHECK_SENT(0, "abcdefghij");
    CHECK_EQ(b->sockets[0].sends, 2);
    wait_ms(60);
    CHECK_SENT(0, "kl");
}

static void an_idle_line_ends_a_frame_at_once(void)
{
    begin_open("cat1");
    type("abc");
    dtu_device_uart_idle(&b->device, b->now);
    CHECK_SENT(0, "abc");
}

static void products_pack_by_their_own_settings(void)
{
    begin_open("lte-7s4");
    type("a");
    wait_ms(49);
    CHECK_EQ(b->sockets[0].sent_len, 0);
    wait_ms(2);
    CHECK_SENT(0, "a");
    begin_open("gprs232-7s3"); /* no such setting: 50 ms, decided in the profile */
    type("a");
    wait_ms(51);
    CHECK_SENT(0, "a");
    new_board("k7"); /* 003 section 4.3.3: 0,0 is 4 byte times, 0.35 ms at 115200 */
    init();
    set("SOCKA", "TCPC,a,1");
    start();
    open_socket(0);
    type("a");
    wait_ms(2);
    CHECK_SENT(0, "a");
    set("UARTTL", "100,3");
    start();
    open_socket(0);
    type("abcd");
    CHECK_SENT(0, "abc");
    wait_ms(99);
    CHECK_SENT(0, "");
    wait_ms(2);
    CHECK_SENT(0, "d");
    set("UARTTL", "0,3"); /* a pause ends nothing */
    start();
    open_socket(0);
    type("ab");
    wait_ms(100000);
    CHECK_SENT(0, "");
    type("c");
    CHECK_SENT(0, "abc");
    set("UARTTL", "10,0"); /* at most 1460 bytes */
    start();
    open_socket(0);
    for (unsigned i = 0; i < 146; i++)
        type("0123456789");
    CHECK_EQ(b->sockets[0].sent_len, 1460);
}

static void a_frame_goes_to_every_socket_in_use(void)
{
    begin("cat1");
    set("SOCKBEN", "ON");
    set("SOCKDEN", "ON");
    set("SOCKD", "TCP,d.example,4");
    start();
    CHECK_EQ(b->sockets[2].opens, 0);
    CHECK_EQ(b->sockets[3].opens, 1);
    CHECK(strcmp(b->sockets[3].host, "d.example") == 0 && b->sockets[3].port == 4);
    CHECK(strcmp(b->sockets[0].host, "test.usr.cn") == 0 && b->sockets[0].port == 2317);
    open_socket(0);
    open_socket(1);
    open_socket(3);
    clear_uart();
    type_frame("all");
    CHECK_SENT(0, "all");
    CHECK_SENT(1, "all");
    CHECK_SENT(2, "");
    CHECK_SENT(3, "all");
    CHECK_EQ(b->device.stats.frames, 1);
    CHECK_EQ(b->device.stats.sent_packets, 3);
    CHECK_EQ(socket_rx(3, "from d"), 6);
    CHECK_EQ(socket_rx(1, "from b"), 6);
    CHECK_EQ(socket_rx(2, "from c"), 0); /* not in use */
    CHECK_EQ(socket_rx(4, "from ?"), 0);
    CHECK_UART("from dfrom b");
}

static void what_sockets_say_goes_to_the_uart_as_far_as_it_has_room(void)
{
    begin_open("cat1");
    b->uart_room = 3;
    CHECK_EQ(socket_rx(0, "hello"), 3);
    CHECK_EQ(socket_rx(0, "lo"), 0);
    CHECK_EQ(socket_rx(0, ""), 0);
    b->uart_room = LOTS;
    CHECK_EQ(socket_rx(0, "lo"), 2);
    CHECK_UART("hello");
    CHECK_EQ(b->device.stats.received_bytes, 5);
    CHECK_EQ(b->events[DTU_EVENT_DATA], 2);
}

static void a_slow_socket_holds_the_uart_back_and_nothing_is_lost(void)
{
    static uint8_t expected[5600];
    size_t given = 0;
    struct test_rand rnd;
    begin("cat1"); /* the queue holds 20 packets; here they are of 100 bytes */
    set("UARTFL", "100");
    start();
    open_socket(0);
    b->sockets[0].room = 0;
    test_rand_seed(&rnd, 5);
    for (size_t i = 0; i < sizeof expected; i++)
        expected[i] = (uint8_t)('a' + test_rand_below(&rnd, 26));
    while (dtu_device_uart_ready(&b->device) && given < sizeof expected) {
        size_t n = rx_bytes(expected + given, 37);
        given += n;
        if (n == 0)
            break;
    }
    CHECK(!dtu_device_uart_ready(&b->device));
    CHECK(given > 2000 && given <= 2100); /* the queue, and a frame that waits for it */
    CHECK(rx_bytes(expected + given, 100) == 0);
    while (b->sockets[0].sent_len < sizeof expected) { /* the socket drains, unevenly */
        size_t before = b->sockets[0].sent_len;
        b->sockets[0].room = 1 + test_rand_below(&rnd, 150);
        dtu_device_socket_writable(&b->device, 0, b->now);
        given += rx_bytes(expected + given, sizeof expected - given);
        CHECK(b->sockets[0].sent_len > before);
        if (b->sockets[0].sent_len <= before)
            return;
    }
    CHECK_BYTES(b->sockets[0].sent, b->sockets[0].sent_len, expected, sizeof expected);
    CHECK_EQ(b->device.sockets[0].queue.stats.dropped, 0);
    CHECK_EQ(b->device.sockets[0].queue.stats.refused, 0);
}

static void a_slow_socket_does_not_hold_the_other_back(void)
{
    begin("lte-7s4"); /* 20 packets a socket */
    open_socket(0);
    open_socket(1);
    b->sockets[1].room = 0;
    for (char c = 'a'; c < 'a' + 23; c++) {
        char frame[2] = {c, '\0'};
        type_frame(frame);
        CHECK(dtu_device_uart_ready(&b->device));
    }
    CHECK_SENT(0, "abcdefghijklmnopqrstuvw");
    CHECK_EQ(b->device.sockets[1].queue.stats.dropped, 3);
    b->sockets[1].room = LOTS;
    dtu_device_socket_writable(&b->device, 1, b->now);
    CHECK_SENT(1, "defghijklmnopqrstuvw");
}

/* A packet that went out in part stays; the newest goes instead. */
static void what_a_slow_socket_loses_is_counted(void)
{
    begin("lte-7s4");
    open_socket(0);
    open_socket(1);
    b->sockets[1].room = 1;
    type_frame("ab");
    for (unsigned i = 0; i < 20; i++)
        type_frame("x");
    CHECK_EQ(b->device.sockets[1].queue.stats.dropped, 0);
    CHECK_EQ(b->device.sockets[1].queue.stats.refused, 1);
    CHECK_EQ(b->device.sockets[0].queue.stats.refused, 0);
}

static void while_every_connection_is_slow_the_uart_waits(void)
{
    begin("lte-7s4");
    open_socket(0);
    open_socket(1);
    b->sockets[0].room = 0;
    b->sockets[1].room = 0;
    for (unsigned i = 0; i < 20; i++)
        type_frame("x");
    type_frame("y"); /* taken, but not handed on */
    CHECK(!dtu_device_uart_ready(&b->device));
    b->sockets[1].room = LOTS;
    dtu_device_socket_writable(&b->device, 1, b->now);
    CHECK(dtu_device_uart_ready(&b->device));
    CHECK_EQ(b->sockets[1].sent_len, 21);
    CHECK_EQ(b->device.sockets[0].queue.stats.dropped, 1);
    CHECK_EQ(b->device.sockets[1].queue.stats.dropped, 0);
}

static void without_a_cache_data_of_a_socket_that_is_not_connected_is_dropped(void)
{
    new_board("cat1");
    init();
    set("CACHEN", "OFF");
    start();
    clear_uart();
    type_frame("lost");
    CHECK_EQ(b->device.stats.unkept, 1);
    open_socket(0);
    type_frame("sent");
    CHECK_SENT(0, "sent");
    lose_socket(0, 0);
    type_frame("lost");
    CHECK_EQ(b->device.stats.unkept, 2);
}

static void without_a_cache_a_short_lived_connection_still_gets_what_opens_it(void)
{
    new_board("cat1");
    init();
    set("CACHEN", "OFF");
    set("SOCKASL", "SHORT");
    start();
    type_frame("one");
    type_frame("two");
    open_socket(0);
    CHECK_SENT(0, "onetwo");
    CHECK_EQ(b->device.stats.unkept, 0);
}

static void k7_can_drop_what_came_before_a_connection(void)
{
    new_board("k7");
    init();
    set("SOCKA", "TCPC,a,1");
    set("UARTCLBUF", "ON");
    start();
    type_frame("early");
    open_socket(0);
    type_frame("now");
    CHECK_SENT(0, "now");
    CHECK_EQ(b->device.sockets[0].queue.stats.dropped, 1);
}

/* What such a connection was opened for is not from before it. */
static void a_short_lived_connection_of_k7_keeps_what_opens_it(void)
{
    new_board("k7");
    init();
    set("SOCKA", "TCPC,a,1");
    set("SOCKSL", "ON");
    set("UARTCLBUF", "ON");
    start();
    type_frame("early");
    open_socket(0);
    CHECK_SENT(0, "early");
}

/* The last thing that happens to it before the restart. */
static void without_a_cache_a_connection_that_was_given_up_keeps_nothing(void)
{
    new_board("cat1");
    init();
    set("CACHEN", "OFF");
    set("SOCKASL", "SHORT");
    set("SOCKRSNUM", "1");
    set("UARTFT", "500");
    b->sockets[0].opening = REFUSED;
    start();
    type("one");
    wait_ms(600); /* it wants a connection, which fails */
    CHECK_EQ(b->device.stats.unkept, 0);
    wait_ms(9700);
    type("two"); /* not complete when that is given up after 10 s */
    wait_ms(300);
    CHECK_EQ(b->restarts, 1);
    dtu_device_uart_idle(&b->device, b->now);
    CHECK_EQ(b->device.stats.unkept, 1);
}

/* --- Silence -------------------------------------------------------------------------------- */

static void without_data_of_the_network_the_module_restarts(void)
{
    new_board("cat1");
    init();
    set("RSTIM", "60");
    start();
    clear_uart();
    open_socket(0);
    wait_ms(50000);
    CHECK_EQ(socket_rx(0, "x"), 1);
    type_frame("y"); /* what the UART says does not count (manual 001, AT+RSTIM) */
    wait_ms(59939);
    CHECK_EQ(b->restarts, 0);
    wait_ms(1);
    CHECK_EQ(b->restarts, 1);
    CHECK_EQ(b->device.stats.silent, 1);
}

static void a_connection_without_data_is_opened_anew_while_another_has_some(void)
{
    new_board("lte-7s4");
    init();
    set("RSTIM", "60");
    set("SOCKBEN", "ON");
    start();
    clear_uart();
    open_socket(0);
    open_socket(1);
    wait_ms(40000);
    CHECK_EQ(socket_rx(1, "x"), 1);
    wait_ms(20000);
    CHECK_EQ(b->restarts, 0);
    CHECK_EQ(b->sockets[0].opens, 2);
    CHECK_EQ(b->sockets[0].closes, 1);
    CHECK_EQ(b->sockets[1].closes, 0);
    CHECK_EQ(b->device.sockets[0].link.stats.idle, 1);
}

static void in_another_work_mode_silence_is_no_reason_to_restart(void)
{
    begin("cat1");
    set("RSTIM", "60");
    set("WKMOD", "HTTPD");
    start();
    wait_ms(1000000);
    CHECK_EQ(b->restarts, 0);
}

static void command_mode_is_no_silence(void)
{
    new_board("cat1");
    init();
    set("RSTIM", "60");
    set("E", "OFF");
    start();
    clear_uart();
    open_socket(0);
    enter_command_mode();
    wait_ms(100000);
    CHECK_EQ(b->restarts, 0);
    CHECK_COMMAND("AT+ENTM", OK);
    wait_ms(59999);
    CHECK_EQ(b->restarts, 0);
    wait_ms(1);
    CHECK_EQ(b->restarts, 1);
}

static void k7_connects_anew_after_its_time_without_data(void)
{
    new_board("k7");
    init();
    set("SOCKA", "TCPC,a,1");
    set("SOCKTO", "5");
    start();
    open_socket(0);
    wait_ms(4000);
    type_frame("x");
    wait_ms(4941); /* the frame went out 2 ms after it was typed */
    CHECK_EQ(b->sockets[0].closes, 0);
    wait_ms(1);
    CHECK_EQ(b->sockets[0].closes, 1);
    CHECK_EQ(b->sockets[0].opens, 2);
}

/* --- The backup server ---------------------------------------------------------------------- */

static void fail_socket(unsigned i)
{
    dtu_device_socket_failed(&b->device, i, b->now);
}

static void a_server_that_cannot_be_had_has_a_backup(void)
{
    new_board("cat1");
    init();
    set("SOCKA", "TCP,main,1");
    set("SOCKABK", "other,2");
    set("SOCKABKEN", "ON");
    start();
    CHECK(strcmp(b->sockets[0].host, "main") == 0);
    fail_socket(0);
    wait_ms(10000);
    CHECK(strcmp(b->sockets[0].host, "other") == 0);
    CHECK_EQ(b->sockets[0].port, 2);
    fail_socket(0);
    wait_ms(10000);
    CHECK(strcmp(b->sockets[0].host, "main") == 0); /* in turns */
    fail_socket(0);
    wait_ms(10000);
    open_socket(0); /* the backup: it stays */
    wait_ms(1000000);
    CHECK_EQ(b->sockets[0].closes, 0);
    lose_socket(0, 0);
    wait_ms(10000);
    CHECK(strcmp(b->sockets[0].host, "main") == 0); /* and back */
    CHECK_EQ(b->sockets[0].port, 1);
}

static void a_backup_that_is_off_or_empty_is_none(void)
{
    for (unsigned i = 0; i < 2; i++) {
        new_board("cat1");
        init();
        set("SOCKA", "TCP,main,1");
        if (i == 0)
            set("SOCKABK", "other,2");
        else
            set("SOCKABKEN", "ON");
        start();
        fail_socket(0);
        wait_ms(10000);
        CHECK_EQ(b->sockets[0].opens, 2);
        CHECK(strcmp(b->sockets[0].host, "main") == 0);
    }
}

static void a_socket_that_is_not_up_keeps_the_newest_packets(void)
{
    begin("cat1"); /* 20 packets: 000 section 1.2 */
    for (char c = 'a'; c < 'a' + 23; c++) {
        char frame[2] = {c, '\0'};
        type_frame(frame);
        CHECK(dtu_device_uart_ready(&b->device));
    }
    CHECK_EQ(b->device.sockets[0].queue.stats.dropped, 3);
    CHECK_EQ(b->device.sockets[0].queue.stats.dropped_bytes, 3);
    open_socket(0);
    CHECK_SENT(0, "defghijklmnopqrstuvw");
    CHECK_EQ(b->sockets[0].sends, 20);
}

static void without_a_socket_frames_are_counted_as_unheard(void)
{
    begin("cat1");
    set("SOCKAEN", "OFF");
    start();
    clear_uart();
    type_frame("abc");
    CHECK_EQ(b->device.stats.unheard, 1);
    CHECK_EQ(b->device.stats.frames, 0);
    CHECK_EQ(b->sockets[0].opens, 1); /* that of before */
    CHECK_EQ(dtu_device_next(&b->device, b->now), DTU_NEVER);
}

static void a_socket_without_memory_is_not_used(void)
{
    new_board("lte-7s4");
    b->config.queues[1].memory = NULL;
    b->config.queues[1].size = 0;
    init();
    start();
    CHECK_EQ(b->sockets[0].opens, 1);
    CHECK_EQ(b->sockets[1].opens, 0);
    open_socket(0);
    type_frame("abc");
    CHECK_SENT(0, "abc");
    dtu_device_stop(&b->device, b->now);
    CHECK_EQ(b->sockets[1].closes, 0);
}

static void udp_is_sent_in_whole_datagrams(void)
{
    begin("cat1");
    set("SOCKA", "UDP,10.0.0.1,9");
    set("SOCKASL", "SHORT"); /* of a TCP connection only: 004 section 4.45 */
    start();
    CHECK_EQ(b->sockets[0].kind, DTU_SOCKET_UDP_CLIENT);
    open_socket(0);
    clear_uart();
    type_frame("one");
    type_frame("three");
    CHECK_EQ(b->sockets[0].sends, 2);
    CHECK_SENT(0, "onethree");
    b->sockets[0].room = 4;
    type_frame("three"); /* no room for all: none of it goes */
    CHECK_SENT(0, "");
    b->sockets[0].room = 5;
    dtu_device_socket_writable(&b->device, 0, b->now);
    CHECK_SENT(0, "three");
    wait_ms(700000);
    CHECK_EQ(b->sockets[0].closes, 1); /* at the second start only */
    CHECK_EQ(socket_rx(0, "in"), 2);
    CHECK_UART("in");
}

/* --- Command mode --------------------------------------------------------------------------- */

static void the_handshake_opens_command_mode_on_every_product(void)
{
    static const struct {
        const char *product;
        uint32_t guard_ms; /* at.md, Entering, 1 */
        uint32_t gap_ms;   /* below this */
        const char *ok;
    } cases[] = {{"cat1", 50, 50, OK},
                 {"gprs232-7s3", 200, 50, OK},
                 {"lte-7s4", 50, 50, OK},
                 {"k7", 1, 300, "\r\n+OK\r\n"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        begin(cases[i].product);
        type("x");
        wait_ms(cases[i].guard_ms + 1); /* cmdmode.md, rule 5: a step of the clock more */
        for (unsigned n = 0; n < 3; n++) {
            CHECK_UART("");
            type("+");
            if (n < 2)
                wait_ms(cases[i].gap_ms - 1);
        }
        CHECK_UART("a");
        CHECK_EQ(b->events[DTU_EVENT_MODE], 0);
        wait_ms(2999); /* within 3 s */
        type("a");
        CHECK_UART("+ok");
        CHECK_EQ(b->events[DTU_EVENT_MODE], 1);
        CHECK(b->last.kind == DTU_EVENT_MODE && b->last.len == 1);
        CHECK_COMMAND("AT", cases[i].ok);
        CHECK_EQ(b->events[DTU_EVENT_COMMAND], 1);
        CHECK_COMMAND("AT+ENTM", cases[i].ok);
        CHECK_EQ(b->events[DTU_EVENT_MODE], 2);
        CHECK(b->last.kind == DTU_EVENT_MODE && b->last.len == 0);
        type("AT\r"); /* is data now */
        CHECK_UART("");
    }
}

/* Two readings of a clock of milliseconds can be 1 apart with hardly any time between them. */
static void a_silence_that_may_be_shorter_than_the_guard_time_does_not_count(void)
{
    static const struct {
        const char *product;
        uint32_t guard_ms;
    } cases[] = {{"cat1", 50}, {"gprs232-7s3", 200}, {"lte-7s4", 50}, {"k7", 1}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        begin(cases[i].product);
        type("x");
        wait_ms(cases[i].guard_ms);
        type("+++");
        CHECK_UART("");
        wait_ms(cases[i].guard_ms + 1);
        type("+++");
        CHECK_UART("a");
    }
}

static void all_of_a_dialogue_in_one_read_is_understood(void)
{
    begin_open("cat1");
    type("+++aAT+UARTFT=77\rAT+UARTFT?\r\nAT+ENTM\rdata");
    CHECK_UART("a+ok" OK VALUE("UARTFT:77") OK);
    wait_ms(60);
    CHECK_SENT(0, "data");
}

static void a_handshake_that_breaks_is_data(void)
{
    static const char *const broken[] = {"++++", "+++b", "++a", "+a", "+++ a", "++"};
    for (size_t i = 0; i < COUNT(broken); i++) {
        begin_open("cat1"); /* at.md, Entering, 4 */
        type(broken[i]);
        wait_ms(4000);
        CHECK_SENT(0, broken[i]);
        CHECK_EQ(b->events[DTU_EVENT_MODE], 0);
    }
    begin_open("cat1"); /* no silence before it */
    type("x+++");
    wait_ms(60);
    CHECK_SENT(0, "x+++");
    begin_open("cat1"); /* 3 s of silence */
    type("+++");
    wait_ms(3000);
    CHECK_UART("a");
    wait_ms(60);
    CHECK_SENT(0, "+++");
    type_frame("a");
    CHECK_SENT(0, "a");
}

static void socket_data_waits_while_in_command_mode(void)
{
    begin_open("cat1");
    CHECK(dtu_device_socket_ready(&b->device, 0));
    enter_command_mode();
    CHECK(!dtu_device_socket_ready(&b->device, 0));
    CHECK_EQ(socket_rx(0, "held"), 0);
    CHECK_COMMAND("AT", OK);
    CHECK_EQ(socket_rx(0, "held"), 0);
    CHECK_COMMAND("AT+ENTM", OK);
    CHECK(dtu_device_socket_ready(&b->device, 0));
    CHECK_EQ(socket_rx(0, "held"), 4);
    CHECK_UART("held");
}

static void socket_data_does_not_split_an_answer_of_the_handshake(void)
{
    begin_open("cat1");
    type("+++");
    CHECK_UART("a");
    b->uart_room = 1;
    type("a");
    b->uart_room = LOTS;
    CHECK(!dtu_device_socket_ready(&b->device, 0));
    CHECK_EQ(socket_rx(0, "data"), 0); /* or the user would read +dataok */
    dtu_device_poll(&b->device, b->now);
    CHECK_UART("+ok");
    CHECK_COMMAND("AT+ENTM", OK);
    CHECK_EQ(socket_rx(0, "data"), 4);
}

static void until_an_answer_of_the_handshake_is_out_the_uart_is_not_ready(void)
{
    begin_open("cat1");
    wait_ms(60);
    b->uart_room = 0;
    type("+++");
    CHECK(!dtu_device_uart_ready(&b->device));
    b->uart_room = LOTS;
    wait_ms(1);
    CHECK_UART("a");
    CHECK(dtu_device_uart_ready(&b->device));
}

static void a_reply_without_room_at_any_byte_is_the_same(void)
{
    static const char dialogue[] = "+++aAT+UART?\rAT+NONE\r\nAT+ENTM\r";
    static const char expected[] =
        "a+ok\r\n+UART:115200,8,1,NONE,NONE\r\n\r\nOK\r\n\r\n+CME ERROR:58\r\n\r\nOK\r\n";
    for (size_t first = 0; first < sizeof expected; first++)
        for (size_t then = 0; then < 2; then++) {
            size_t at = 0;
            unsigned idle = 0;
            begin_open("cat1");
            b->uart_room = first;
            for (unsigned turn = 0; turn < 400 && idle < 5; turn++) {
                size_t n = rx_bytes(dialogue + at, sizeof dialogue - 1 - at);
                at += n;
                idle = n == 0 && b->uart_len == sizeof expected - 1 ? idle + 1 : 0;
                if (b->uart_room == 0)
                    b->uart_room = then == 0 ? LOTS : 1;
                dtu_device_poll(&b->device, b->now);
            }
            CHECK_EQ(at, sizeof dialogue - 1);
            CHECK_BYTES(b->uart, b->uart_len, expected, sizeof expected - 1);
        }
}

/* at.md, A command line: the LF of a CR LF starts nothing, so it is no data either. */
static void the_lf_behind_the_cr_of_a_last_command_is_no_data(void)
{
    static const uint32_t pauses[] = {0, 1,
                                      2}; /* two bytes at 115200 baud, and a step of the clock */
    for (size_t i = 0; i < sizeof pauses / sizeof pauses[0]; i++) {
        begin_open("cat1");
        enter_command_mode();
        CHECK_EQ(rx_bytes("AT+ENTM\r", 8), 8);
        b->now += pauses[i];
        CHECK_EQ(rx_bytes("\ndata", 5), 5);
        wait_ms(1000);
        CHECK_SENT(0, pauses[i] <= 1 ? "data" : "\ndata");
    }
}

static void the_lf_in_the_same_read_is_no_data_either(void)
{
    begin_open("cat1");
    enter_command_mode();
    CHECK_EQ(rx_bytes("AT+ENTM\r\n\ndata", 14), 14); /* a second LF is */
    wait_ms(1000);
    CHECK_SENT(0, "\ndata");
}

static void bytes_behind_a_reply_to_entm_that_waited_are_data(void)
{
    begin_open("cat1");
    enter_command_mode();
    b->uart_room = 2;
    CHECK_EQ(rx_bytes("AT+ENTM\rdata", 12), 8);
    CHECK(!dtu_device_uart_ready(&b->device));
    CHECK_EQ(rx_bytes("data", 4), 0);
    b->uart_room = LOTS;
    CHECK_EQ(rx_bytes("data", 4), 4); /* without a poll in between */
    CHECK_UART(OK);
    wait_ms(60);
    CHECK_SENT(0, "data");
}

static void bytes_behind_a_handshake_that_waited_are_commands(void)
{
    begin_open("cat1");
    type("+++");
    b->uart_room = 2; /* one byte was for the `a` */
    clear_uart();
    CHECK_EQ(rx_bytes("aAT\r", 4), 1);
    b->uart_room = LOTS;
    CHECK_EQ(rx_bytes("AT\r", 3), 3); /* without a poll in between */
    CHECK_UART("+ok" OK);
}

static void bytes_behind_a_reply_to_z_that_waited_are_not_taken(void)
{
    begin_open("cat1");
    enter_command_mode();
    b->uart_room = 2;
    CHECK_EQ(rx_bytes("AT+Z\rAT+E=ON\r", 13), 5);
    CHECK_EQ(b->restarts, 0); /* the reply goes out first */
    b->uart_room = LOTS;
    CHECK_EQ(rx_bytes("AT+E=ON\r", 8), 0);
    CHECK_UART(OK);
    CHECK_EQ(b->restarts, 1);
}

static void echo_is_sent_in_command_mode_only(void)
{
    new_board("cat1"); /* default ON: 004 section 4.5 */
    init();
    start();
    open_socket(0);
    clear_uart();
    type_frame("AT\r");
    CHECK_UART("");
    enter_command_mode();
    CHECK_COMMAND("AT+UARTFT?", "AT+UARTFT?\r" VALUE("UARTFT:50"));
}

static void work_mode_cmd_starts_in_command_mode(void)
{
    begin("cat1"); /* at.md, Entering, 8 */
    set("WKMOD", "CMD");
    start();
    open_socket(0);
    CHECK_UART("\r\nWH-LTE-7S1\r\n");
    CHECK_EQ(b->events[DTU_EVENT_MODE], 1);
    CHECK(b->command_mode);
    CHECK_COMMAND("AT", OK);
    CHECK_COMMAND("AT+ENTM", OK);
    CHECK(!b->command_mode);
    type_frame("data");
    CHECK_SENT(0, "data");
}

static void a_work_mode_that_is_not_served_is_told_and_does_nothing(void)
{
    begin("cat1");
    set("WKMOD", "HTTPD");
    start();
    CHECK_EQ(b->events[DTU_EVENT_UNSERVED], 1);
    CHECK_EQ(b->sockets[0].opens, 1); /* that of before */
    clear_uart();
    type_frame("abc");
    CHECK_EQ(b->device.stats.unheard, 1);
    enter_command_mode(); /* but it can be told otherwise */
    CHECK_COMMAND("AT+WKMOD?", VALUE("WKMOD:HTTPD"));
}

static void information_is_the_ports_or_the_products(void)
{
    begin("gprs232-7s3");
    enter_command_mode();
    CHECK_COMMAND("AT+VER?", VALUE("VER:\"V1.0.0\"")); /* at.md: quoted */
    CHECK_COMMAND("AT+SOCKALK?", VALUE("SOCKALK:\"disconnected\""));
    open_socket(0);
    CHECK_COMMAND("AT+SOCKALK?", VALUE("SOCKALK:\"connected\""));
    CHECK_COMMAND("AT+SOCKBLK?", VALUE("SOCKBLK:\"disconnected\"")); /* off */
    b->imei = "V9";
    CHECK_COMMAND("AT+VER?", VALUE("VER:\"V9\""));
    begin("k7");
    b->imei = "3017";
    enter_command_mode();
    CHECK_COMMAND("AT+VER", "\r\n+OK=3017\r\n");
    CHECK_COMMAND("AT+SOCKLKB1", "\r\n+OK=IDLE\r\n"); /* 003 section 4.1.4 */
}

static void information_that_nobody_has_is_refused(void)
{
    static const struct dtu_param_field on_off[] = {{.type = DTU_FIELD_ENUM, .text = "ON,OFF"}};
    static const struct dtu_param_field uart[] = {{.type = DTU_FIELD_NUMBER, .max = 9600},
                                                  {.type = DTU_FIELD_NUMBER, .max = 8},
                                                  {.type = DTU_FIELD_NUMBER, .max = 2},
                                                  {.type = DTU_FIELD_ENUM, .text = "NONE"},
                                                  {.type = DTU_FIELD_ENUM, .text = "NONE"}};
    static const struct dtu_param rows[] = {
        {.name = "DO", .id = DTU_ID_NONE, .kind = DTU_PARAM_ACTION},
        {.name = "E",
         .id = DTU_ID_E,
         .kind = DTU_PARAM_SETTING,
         .flags = DTU_PARAM_AT_ONCE,
         .field_count = 1,
         .offset = 6,
         .fields = on_off,
         .initial = "OFF"},
        {.name = "SN", .id = DTU_ID_NONE, .kind = DTU_PARAM_INFO},
        {.name = "UART",
         .id = DTU_ID_UART,
         .kind = DTU_PARAM_SETTING,
         .field_count = 5,
         .fields = uart,
         .initial = "9600,8,1,NONE,NONE"},
    };
    static const struct dtu_param_table table = {.rows = rows,
                                                 .count = COUNT(rows),
                                                 .values_size = 7,
                                                 .syntax = {.escape_inner = "", .escape_last = ""}};
    struct dtu_profile p = dtu_profile_cat1; /* a product without sockets */
    p.table = &table;
    p.sockets = 0;
    p.packing_ms = 20;
    new_board("cat1");
    b->config.profile = &p;
    init();
    start();
    enter_command_mode();
    CHECK_COMMAND("AT+SN", "\r\n+CME ERROR:50\r\n");
    CHECK_COMMAND("AT+DO", "\r\n+CME ERROR:50\r\n"); /* an action that nobody does */
    CHECK_COMMAND("AT+E=ON", OK);
    type("AT\r");
    CHECK_UART("AT\r" OK);
}

/* --- Saving and restarting ------------------------------------------------------------------ */

static uint8_t default_slots[2][SLOT_SIZE]; /* of the user's defaults */

static void begin_stored(const char *product)
{
    memset(slots, 0xFF, sizeof slots);
    memset(default_slots, 0xFF, sizeof default_slots);
    medium_fails = false;
    new_board(product);
    use_medium();
    b->config.default_medium = &medium;
    b->config.default_ctx = default_slots;
    init();
    start();
    clear_uart();
    enter_command_mode();
    if (strcmp(product, "cat1") == 0 || strcmp(product, "gprs232-7s3") == 0) {
        type("AT+E=OFF\r");
        clear_uart();
    }
}

/* What a port does when a restart is wanted. */
static void do_restart(void)
{
    CHECK_EQ(b->restarts, 1);
    CHECK(!dtu_device_uart_ready(&b->device));
    CHECK_EQ(rx_bytes("x", 1), 0);
    CHECK_EQ(dtu_device_next(&b->device, b->now), DTU_NEVER);
    b->restarts = 0;
    dtu_device_restart(&b->device, b->now);
    clear_uart();
    wait_ms(300);
}

/* Power off and on: a new device over the same medium. */
static void power_cycle(void)
{
    const char *product = b->config.profile->name;
    new_board(product);
    use_medium();
    b->config.default_medium = &medium;
    b->config.default_ctx = default_slots;
    init();
    start();
    clear_uart();
}

static void on_cat1_a_set_is_pending_until_s_which_restarts(void)
{
    begin_stored("cat1"); /* at.md, Saving; 004 section 4.3 */
    CHECK_COMMAND("AT+UARTFT=77", OK);
    CHECK_COMMAND("AT+UARTFT?", VALUE("UARTFT:77"));
    CHECK_COMMAND("AT+Z", OK);
    do_restart();
    CHECK_EQ(b->device.stats.restarts, 1);
    enter_command_mode();
    CHECK_COMMAND("AT+UARTFT?", VALUE("UARTFT:50")); /* Z without S loses it */
    CHECK_COMMAND("AT+UARTFT=78", OK);
    CHECK_COMMAND("AT+S", OK);
    do_restart();
    enter_command_mode();
    CHECK_COMMAND("AT+UARTFT?", VALUE("UARTFT:78"));
    power_cycle();
    enter_command_mode();
    CHECK_COMMAND("AT+UARTFT?", VALUE("UARTFT:78"));
}

static void on_7s3_s_saves_and_does_not_restart(void)
{
    begin_stored("gprs232-7s3"); /* at.md, Saving */
    CHECK_COMMAND("AT+SOCKA=\"TCP\",\"a.b\",1", OK);
    CHECK_COMMAND("AT+S", OK);
    CHECK_EQ(b->restarts, 0);
    CHECK_COMMAND("AT+SOCKA=\"TCP\",\"lost\",2", OK);
    CHECK_COMMAND("AT+Z", OK);
    do_restart();
    CHECK(strcmp(b->sockets[0].host, "a.b") == 0);
    enter_command_mode();
    CHECK_COMMAND("AT+SOCKA?", VALUE("SOCKA:\"TCP\",\"a.b\",1"));
}

static void on_7s4_and_k7_a_set_is_stored_at_once(void)
{
    begin_stored("lte-7s4"); /* at.md, Saving */
    CHECK_COMMAND("AT+UARTFT=777", OK);
    power_cycle();
    enter_command_mode();
    CHECK_COMMAND("AT+UARTFT?", VALUE("UARTFT:777"));
    CHECK_COMMAND("AT+S", "\r\nErr2\r\n");
    begin_stored("k7");
    CHECK_COMMAND("AT+SOCKA1=TCPC,a.b,1", "\r\n+OK\r\n");
    power_cycle();
    CHECK(strcmp(b->sockets[0].host, "a.b") == 0);
    enter_command_mode();
    CHECK_COMMAND("AT+SOCKA", "\r\n+OK=TCPC,a.b,1\r\n");
}

static void settings_take_effect_at_restart(void)
{
    begin_stored("k7");
    CHECK_COMMAND("AT+UART=9600,8,1,NONE,NFC", "\r\n+OK\r\n");
    CHECK_EQ(dtu_device_uart(&b->device)->baud, 115200);
    CHECK_COMMAND("AT+Z", "\r\n+OK\r\n");
    CHECK_EQ(dtu_device_uart(&b->device)->baud, 115200);
    do_restart();
    CHECK_EQ(b->setup.baud, 9600);
}

static void echo_is_at_once_and_stored_alone(void)
{
    begin_stored("cat1"); /* at.md: AT+E acts at once and is stored */
    CHECK_COMMAND("AT+UARTFT=77", OK);
    CHECK_COMMAND("AT+E=ON", OK);
    CHECK_COMMAND("AT", "AT\r" OK);
    CHECK_COMMAND("AT+E=OFF", "AT+E=OFF\r" OK);
    CHECK_COMMAND("AT+E?", VALUE("E:OFF"));
    power_cycle();
    enter_command_mode();
    CHECK_COMMAND("AT+E?", VALUE("E:OFF"));          /* the default is ON */
    CHECK_COMMAND("AT+UARTFT?", VALUE("UARTFT:50")); /* was only pending */
}

static void a_medium_that_fails_is_answered(void)
{
    begin_stored("cat1");
    medium_fails = true;
    CHECK_COMMAND("AT+S", "\r\n+CME ERROR:50\r\n");
    CHECK_EQ(b->restarts, 0);
    CHECK_COMMAND("AT+E=ON", "\r\n+CME ERROR:50\r\n");
    begin_stored("k7");
    medium_fails = true;
    CHECK_COMMAND("AT+SOCKSL=ON", "\r\n+ERR=-5\r\n");
    begin_stored("lte-7s4");
    medium_fails = true;
    CHECK_COMMAND("AT+UARTFT=60", "\r\nErr4\r\n");
}

/* What was refused is not done: neither shown, nor in force, nor stored by the next save. */
static void what_could_not_be_stored_is_not_done(void)
{
    begin_stored("lte-7s4");
    CHECK_COMMAND("AT+UARTFT=60", OK);
    CHECK_COMMAND("AT+APN=a,b,c,1", OK);
    medium_fails = true;
    CHECK_COMMAND("AT+UARTFT=70", "\r\nErr4\r\n");
    CHECK_COMMAND("AT+APN=d,e,f,2", "\r\nErr4\r\n");
    CHECK_COMMAND("AT+RELD", "\r\nErr4\r\n");
    CHECK_COMMAND("AT+E=ON", "\r\nErr4\r\n");
    medium_fails = false;
    CHECK_COMMAND("AT+SOCKIND=ON", OK); /* stores all */
    power_cycle();
    enter_command_mode();
    CHECK_COMMAND("AT+UARTFT?", VALUE("UARTFT:60"));
    CHECK_COMMAND("AT+APN?", VALUE("APN:a,b,c,1"));
    CHECK_COMMAND("AT+E?", VALUE("E:OFF"));
    CHECK_COMMAND("AT+SOCKIND?", VALUE("SOCKIND:ON"));
}

#define K7_ERROR "\r\n+ERR=-5\r\n"

/* A set that is not stored is undone by reading what is stored. While that cannot be read either,
 * nothing may be stored: all other settings would be lost. */
static void what_cannot_be_read_for_a_while_is_not_lost(void)
{
    begin_stored("k7");
    CHECK_COMMAND("AT+MID=kiln", "\r\n+OK\r\n");
    medium_fails = medium_unreadable = true;
    CHECK_COMMAND("AT+UARTTL=61,0", K7_ERROR);
    medium_fails = false;
    CHECK_COMMAND("AT+UARTTL=62,0", K7_ERROR); /* it would be stored with the default of MID */
    CHECK_COMMAND("AT+CFGTF", K7_ERROR);
    medium_unreadable = false;
    CHECK_COMMAND("AT+UARTTL=63,0", K7_ERROR); /* behind which it can be read */
    CHECK_COMMAND("AT+MID", "\r\n+OK=kiln\r\n");
    CHECK_COMMAND("AT+UARTTL=64,0", "\r\n+OK\r\n");
    power_cycle();
    enter_command_mode();
    CHECK_COMMAND("AT+MID", "\r\n+OK=kiln\r\n");
    CHECK_COMMAND("AT+UARTTL", "\r\n+OK=64,0\r\n");
}

/* The same when it cannot be read at a restart: the module works with its defaults. */
static void what_cannot_be_read_at_a_restart_is_not_lost(void)
{
    begin_stored("k7");
    CHECK_COMMAND("AT+MID=kiln", "\r\n+OK\r\n");
    CHECK_COMMAND("AT+Z", "\r\n+OK\r\n");
    medium_unreadable = true;
    do_restart();
    enter_command_mode();
    CHECK_COMMAND("AT+UARTTL=61,0", K7_ERROR);
    medium_unreadable = false;
    CHECK_COMMAND("AT", "\r\n+OK\r\n");
    CHECK_COMMAND("AT+MID", "\r\n+OK=kiln\r\n");
    CHECK_COMMAND("AT+UARTTL=62,0", "\r\n+OK\r\n");
    power_cycle();
    enter_command_mode();
    CHECK_COMMAND("AT+MID", "\r\n+OK=kiln\r\n");
}

/* Nor when it cannot be read at power on: then it is not even known which slot is the newest. */
static void what_cannot_be_read_at_power_on_is_not_lost(void)
{
    begin_stored("k7");
    CHECK_COMMAND("AT+MID=old", "\r\n+OK\r\n");
    CHECK_COMMAND("AT+MID=kiln", "\r\n+OK\r\n");
    CHECK_COMMAND("AT+UARTTL=60,0", "\r\n+OK\r\n");
    medium_unreadable = true;
    power_cycle();
    enter_command_mode();
    CHECK_COMMAND("AT+UARTTL=61,0", K7_ERROR);
    CHECK_COMMAND("AT+E=OFF", K7_ERROR); /* is stored alone */
    medium_unreadable = false;
    CHECK_COMMAND("AT", "\r\n+OK\r\n");
    CHECK_COMMAND("AT+MID", "\r\n+OK=kiln\r\n");
    CHECK_COMMAND("AT+UARTTL=62,0", "\r\n+OK\r\n");
    power_cycle();
    enter_command_mode();
    CHECK_COMMAND("AT+MID", "\r\n+OK=kiln\r\n");
    CHECK_COMMAND("AT+UARTTL", "\r\n+OK=62,0\r\n");
}

/* Who asks for the factory's settings gives up what cannot be read. */
static void clear_goes_through_while_what_is_stored_cannot_be_read(void)
{
    begin_stored("lte-7s4");
    CHECK_COMMAND("AT+APN=a,b,c,1", OK);
    CHECK_COMMAND("AT+Z", OK);
    medium_unreadable = true;
    do_restart();
    enter_command_mode();
    CHECK_COMMAND("AT+UARTFT=61", "\r\nErr4\r\n");
    medium_fails = true;
    CHECK_COMMAND("AT+CLEAR", "\r\nErr4\r\n"); /* then nothing is given up */
    medium_fails = false;
    CHECK_COMMAND("AT+UARTFT=61", "\r\nErr4\r\n");
    CHECK_COMMAND("AT+CLEAR", OK);
    CHECK_COMMAND("AT+UARTFT=62", OK);
    medium_unreadable = false;
    CHECK_COMMAND("AT", OK);
    CHECK_COMMAND("AT+UARTFT?", VALUE("UARTFT:62"));
    power_cycle();
    enter_command_mode();
    CHECK_COMMAND("AT+UARTFT?", VALUE("UARTFT:62"));
    CHECK_COMMAND("AT+APN?", VALUE("APN:,,,0"));
}

/* Also where a set waits for S: what is stored would take its place behind the reply. */
static void a_set_is_refused_while_what_is_stored_cannot_be_read(void)
{
    begin_stored("cat1");
    CHECK_COMMAND("AT+UARTFL=100", OK);
    CHECK_COMMAND("AT+S", OK);
    medium_unreadable = true;
    do_restart(); /* with the default of E */
    enter_command_mode();
    CHECK_COMMAND("AT+UARTFT=61", "AT+UARTFT=61\r\r\n+CME ERROR:50\r\n");
    medium_unreadable = false;
    CHECK_COMMAND("AT", "AT\r" OK);
    CHECK_COMMAND("AT+UARTFT=62", "AT+UARTFT=62\r" OK);
    CHECK_COMMAND("AT+UARTFT?", "AT+UARTFT?\r" VALUE("UARTFT:62"));
    CHECK_COMMAND("AT+S", "AT+S\r" OK);
    power_cycle();
    enter_command_mode();
    CHECK_COMMAND("AT+UARTFT?", VALUE("UARTFT:62"));
    CHECK_COMMAND("AT+UARTFL?", VALUE("UARTFL:100"));
}

static void without_a_medium_only_saving_is_refused(void)
{
    begin("cat1");
    enter_command_mode();
    CHECK_COMMAND("AT+S", "\r\n+CME ERROR:50\r\n");
    CHECK_COMMAND("AT+E=ON", OK);
    begin("k7");
    enter_command_mode();
    CHECK_COMMAND("AT+SOCKSL=ON", "\r\n+OK\r\n");
    CHECK_COMMAND("AT+Z", "\r\n+OK\r\n");
    do_restart();
    enter_command_mode();
    CHECK_COMMAND("AT+SOCKSL", "\r\n+OK=OFF\r\n");
}

/* --- The user's defaults and the factory's -------------------------------------------------- */

static void reld_restores_what_cfgtf_made_the_users_defaults(void)
{
    begin_stored("k7"); /* at.md, Entering, 5; Saving: `+OK=saved` */
    CHECK_COMMAND("AT+SOCKSL=ON", "\r\n+OK\r\n");
    CHECK_COMMAND("AT+CFGTF", "\r\n+OK=saved\r\n");
    CHECK_COMMAND("AT+SOCKSL=OFF", "\r\n+OK\r\n");
    CHECK_COMMAND("AT+MID=other", "\r\n+OK\r\n");
    CHECK_COMMAND("AT+RELD", "\r\n+OK\r\n");
    CHECK_COMMAND("AT+SOCKSL", "\r\n+OK=ON\r\n");
    CHECK_COMMAND("AT+MID", "\r\n+OK=USR-K7\r\n");
    CHECK_EQ(b->restarts, 0); /* does not restart by itself */
    power_cycle();            /* and is not undone by a power cut */
    enter_command_mode();
    CHECK_COMMAND("AT+SOCKSL", "\r\n+OK=ON\r\n");
    begin_stored("gprs232-7s3");
    CHECK_COMMAND("AT+HEARTTM=77", OK);
    CHECK_COMMAND("AT+CFGTF", OK);
    CHECK_COMMAND("AT+HEARTTM=78", OK);
    CHECK_COMMAND("AT+S", OK);
    power_cycle(); /* the user's defaults outlive it */
    enter_command_mode();
    type("AT+E=off\r");
    clear_uart();
    CHECK_COMMAND("AT+RELD", OK);
    CHECK_COMMAND("AT+HEARTTM", VALUE("HEARTTM:77"));
    CHECK_COMMAND("AT+CLEAR", OK);
    CHECK_COMMAND("AT+HEARTTM", VALUE("HEARTTM:30"));
    CHECK_COMMAND("AT+RELD", OK); /* CLEAR did not take them away */
    CHECK_COMMAND("AT+HEARTTM", VALUE("HEARTTM:77"));
}

static void reld_without_users_defaults_is_the_factorys(void)
{
    begin_stored("k7");
    CHECK_COMMAND("AT+SOCKSL=ON", "\r\n+OK\r\n");
    CHECK_COMMAND("AT+RELD", "\r\n+OK\r\n");
    CHECK_COMMAND("AT+SOCKSL", "\r\n+OK=OFF\r\n");
}

static long readable; /* so many reads of a fading medium work */

static bool fading_read(void *ctx, unsigned slot, size_t offset, uint8_t *data, size_t len)
{
    if (readable == 0)
        return false;
    readable--;
    return medium_read(ctx, slot, offset, data, len);
}

static const struct dtu_store_medium fading = {
    .slot_size = SLOT_SIZE, .read = fading_read, .erase = medium_erase, .write = medium_write};

/* Power on, with the user's defaults on a medium that fades. */
static void power_on_fading(bool stores)
{
    new_board("k7");
    if (stores)
        use_medium();
    b->config.default_medium = &fading;
    b->config.default_ctx = default_slots;
    readable = 1000;
    init();
    start();
    clear_uart();
    enter_command_mode();
}

static void users_defaults_that_cannot_be_read_are_told_and_none_is_kept(void)
{
    begin_stored("k7");
    CHECK_COMMAND("AT+MID=default", "\r\n+OK\r\n");
    CHECK_COMMAND("AT+SOCKSL=ON", "\r\n+OK\r\n");
    CHECK_COMMAND("AT+CFGTF", "\r\n+OK=saved\r\n");
    CHECK_COMMAND("AT+MID=mine", "\r\n+OK\r\n");
    CHECK_COMMAND("AT+SOCKSL=OFF", "\r\n+OK\r\n");
    power_on_fading(true);
    for (long reads = 0; reads < 20; reads++) { /* of chunks of 32 bytes */
        readable = reads;
        CHECK_COMMAND("AT+RELD", K7_ERROR);
        CHECK_COMMAND("AT+MID", "\r\n+OK=mine\r\n");
        CHECK_COMMAND("AT+SOCKSL", "\r\n+OK=OFF\r\n");
    }
    power_on_fading(false); /* there is nothing but the factory's to go back to */
    readable = 20;
    CHECK_COMMAND("AT+RELD", K7_ERROR);
    CHECK_COMMAND("AT+MID", "\r\n+OK=USR-K7\r\n");
    CHECK_COMMAND("AT+SOCKSL", "\r\n+OK=OFF\r\n");
    readable = 1000;
    CHECK_COMMAND("AT+RELD", "\r\n+OK\r\n");
    CHECK_COMMAND("AT+MID", "\r\n+OK=default\r\n");
    CHECK_COMMAND("AT+SOCKSL", "\r\n+OK=ON\r\n");
}

static void without_a_medium_for_them_cfgtf_is_refused(void)
{
    begin("k7");
    enter_command_mode();
    CHECK_COMMAND("AT+CFGTF", "\r\n+ERR=-5\r\n");
    CHECK_COMMAND("AT+SOCKSL=ON", "\r\n+OK\r\n");
    CHECK_COMMAND("AT+RELD", "\r\n+OK\r\n");
    CHECK_COMMAND("AT+SOCKSL", "\r\n+OK=OFF\r\n");
    begin("gprs232-7s3");
    enter_command_mode();
    CHECK_COMMAND("AT+CFGTF", "\r\nERROR\r\n");
}

static void defaults_that_cannot_be_stored_are_told(void)
{
    begin_stored("k7");
    medium_fails = true;
    CHECK_COMMAND("AT+CFGTF", "\r\n+ERR=-5\r\n");
    CHECK_COMMAND("AT+RELD", "\r\n+ERR=-5\r\n");
}

static void on_7s4_reld_and_clear_keep_the_apn(void)
{
    static const char *const resets[] = {"AT+CLEAR\r", "AT+RELD\r"};
    for (size_t i = 0; i < COUNT(resets); i++) {
        begin_stored("lte-7s4"); /* at.md, Saving */
        CHECK_COMMAND("AT+APN=3gnet,admin,admin,1", OK);
        CHECK_COMMAND("AT+UARTFT=100", OK);
        type(resets[i]);
        CHECK_UART(OK);
        CHECK_COMMAND("AT+UARTFT", VALUE("UARTFT:50"));
        CHECK_COMMAND("AT+APN", VALUE("APN:3gnet,admin,admin,1"));
        CHECK_COMMAND("AT+APN=Default", OK);
        CHECK_COMMAND("AT+APN", VALUE("APN:,,,0"));
        CHECK_COMMAND("AT+APN=default,a,b,0", OK); /* only if it is all of it */
        CHECK_COMMAND("AT+APN", VALUE("APN:default,a,b,0"));
    }
}

static void the_users_mac_takes_the_place_of_the_boards(void)
{
    begin_stored("k7"); /* 003 sections 4.4.7, 5.3.5 number 32 */
    CHECK_COMMAND("AT+MAC", "\r\n+OK=D8B04CF00001\r\n");
    CHECK_COMMAND("AT+USERMAC=002233445566", "\r\n+OK\r\n");
    CHECK_COMMAND("AT+MAC", "\r\n+OK=D8B04CF00001\r\n"); /* until the restart */
    CHECK_COMMAND("AT+USERMAC", "\r\n+ERR=-3\r\n");
    CHECK_COMMAND("AT+USERMAC=ffFFffffFFFF", "\r\n+ERR=-4\r\n");
    CHECK_COMMAND("AT+Z", "\r\n+OK\r\n");
    do_restart();
    enter_command_mode();
    CHECK_COMMAND("AT+MAC", "\r\n+OK=002233445566\r\n");
    CHECK_COMMAND("AT+USERMAC=000000000000", "\r\n+OK\r\n");
    CHECK_COMMAND("AT+Z", "\r\n+OK\r\n");
    do_restart();
    enter_command_mode();
    CHECK_COMMAND("AT+MAC", "\r\n+OK=D8B04CF00001\r\n");
}

static void mqttunsub_empties_the_place_and_stores_it(void)
{
    begin_stored("lte-7s4"); /* at.md, Ranges: MQTTUNSUB=1..15 */
    CHECK_COMMAND("AT+MQTTSUB=2,/two,1", OK);
    CHECK_COMMAND("AT+MQTTSUB=3,/three,0", OK);
    CHECK_COMMAND("AT+MQTTUNSUB=2", OK);
    CHECK_COMMAND("AT+MQTTUNSUB=16", "\r\nErr4\r\n");
    CHECK_COMMAND("AT+MQTTUNSUB=0", "\r\nErr4\r\n");
    CHECK_COMMAND("AT+MQTTSUB?", VALUE("MQTTSUB:3,/three,0"));
    power_cycle();
    enter_command_mode();
    CHECK_COMMAND("AT+MQTTSUB?", VALUE("MQTTSUB:3,/three,0"));
}

static void what_the_device_cannot_do_goes_to_the_port(void)
{
    struct dtu_device_port few = port;
    begin("lte-7s4");
    enter_command_mode();
    CHECK_COMMAND("AT+SMSSEND=86138,hi", OK);
    CHECK(strcmp(b->action, "SMSSEND(86138,hi)") == 0);
    CHECK_COMMAND("AT+SHELL=reboot", "\r\nErr4\r\n"); /* the port does not offer it */
    CHECK(strcmp(b->action, "SHELL(reboot)") == 0);
    CHECK_EQ(b->actions, 2);
    CHECK_COMMAND("AT+SHELL=", "\r\nErr4\r\n");
    CHECK_COMMAND("AT+SHELL", "\r\nErr3\r\n");
    CHECK_EQ(b->actions, 2);
    few.action = NULL;
    b->config.port = &few;
    CHECK_COMMAND("AT+SMSSEND=86138,hi", "\r\nErr4\r\n");
    begin("cat1"); /* 004 section 4.20 */
    enter_command_mode();
    CHECK_COMMAND("AT+LBS=1", VALUE("LBS:1,2"));
    CHECK_COMMAND("AT+CCLK=20/01/01,12:00:00", OK);
    CHECK(strcmp(b->action, "CCLK(20/01/01,12:00:00)") == 0);
}

/* --- Login --------------------------------------------------------------------------------------
 */

static void begin_locked(void)
{
    begin("cat1");
    set("SAFEATEN", "ON");
    start();
    clear_uart();
    enter_command_mode();
}

#define LOGIN_ERROR "\r\n+CME ERROR:73\r\n"

static void until_the_login_every_command_but_it_is_refused(void)
{
    begin_locked(); /* at.md, Entering, 7; 000 section 6.7 */
    CHECK_COMMAND("AT", OK);
    CHECK_COMMAND("AT+VER?", LOGIN_ERROR);
    CHECK_COMMAND("AT+UARTFT=60", LOGIN_ERROR);
    CHECK_COMMAND("AT+UARTFT=?", LOGIN_ERROR);
    CHECK_COMMAND("AT+SAFEATEN=OFF", LOGIN_ERROR);
    CHECK_COMMAND("AT+NOSUCH", LOGIN_ERROR);
    CHECK_COMMAND("AT+LBS=1", LOGIN_ERROR);
    CHECK_COMMAND("AT+Z", LOGIN_ERROR);
    CHECK_COMMAND("AT+ENTM", LOGIN_ERROR);
    CHECK_EQ(b->restarts, 0);
    CHECK_COMMAND("AT+SIGNINAT=usr_c", LOGIN_ERROR);
    CHECK_COMMAND("AT+SIGNINAT=usr_cn#", LOGIN_ERROR);
    CHECK_COMMAND("AT+SIGNINAT=USR_CN", LOGIN_ERROR);
    CHECK_COMMAND("AT+VER?", LOGIN_ERROR);
    CHECK_COMMAND("AT+SIGNINAT=usr[5F]cn", OK); /* escaped as any text */
    CHECK_COMMAND("AT+VER?", VALUE("VER:V1.1.01.000000.0000"));
    CHECK_COMMAND("AT+UARTFT?", VALUE("UARTFT:50"));
}

static void once_logged_in_the_same_command_sets_the_password(void)
{
    begin_locked(); /* 000 section 6.7 */
    CHECK_COMMAND("AT+SIGNINAT=usr_cn", OK);
    CHECK_COMMAND("AT+SIGNINAT=usr_cn#", OK);
    CHECK_COMMAND("AT+SIGNINAT=", "\r\n+CME ERROR:3\r\n");
    CHECK_COMMAND("AT+SIGNINAT=01234567890", "\r\n+CME ERROR:53\r\n");
    CHECK_COMMAND("AT+ENTM", OK);
    start();
    clear_uart();
    enter_command_mode();
    CHECK_COMMAND("AT+SIGNINAT=usr_cn", LOGIN_ERROR);
    CHECK_COMMAND("AT+SIGNINAT=usr_cn#", OK);
}

static void without_the_lock_the_command_sets_the_password(void)
{
    begin("cat1"); /* at.md, Saving */
    enter_command_mode();
    CHECK_COMMAND("AT+SIGNINAT=new", OK);
    CHECK_COMMAND("AT+VER?", VALUE("VER:V1.1.01.000000.0000"));
    set("SAFEATEN", "ON");
    start();
    clear_uart();
    enter_command_mode();
    CHECK_COMMAND("AT+SIGNINAT=usr_cn", LOGIN_ERROR);
    CHECK_COMMAND("AT+SIGNINAT=new", OK);
}

static void leaving_command_mode_logs_out(void)
{
    begin_locked();
    CHECK_COMMAND("AT+SIGNINAT=usr_cn", OK);
    CHECK_COMMAND("AT+ENTM", OK);
    enter_command_mode();
    CHECK_COMMAND("AT+VER?", LOGIN_ERROR);
}

static void without_a_login_command_mode_ends_after_30_s(void)
{
    static const uint32_t starts[] = {1000, UINT32_MAX - 29999, UINT32_MAX - 15000, UINT32_MAX};
    for (size_t i = 0; i < COUNT(starts); i++) {
        begin("cat1"); /* at.md, Entering, 6; 000 section 6.7 */
        set("SAFEATEN", "ON");
        start();
        b->now = starts[i] - 51;
        start();
        clear_uart();
        wait_ms(51);
        type("+++a");
        CHECK_UART("a+ok");
        wait_ms(29999);
        CHECK(b->command_mode);
        CHECK_COMMAND("AT+VER?", LOGIN_ERROR); /* does not lengthen it */
        CHECK_COMMAND("AT", OK);
        CHECK_EQ(dtu_device_next(&b->device, b->now), 1);
        wait_ms(1);
        CHECK(!b->command_mode);
        open_socket(0);
        type_frame("data");
        CHECK_SENT(0, "data");
    }
}

static void a_login_in_time_stays(void)
{
    begin_locked();
    wait_ms(29999);
    CHECK_COMMAND("AT+SIGNINAT=usr_cn", OK);
    CHECK_EQ(dtu_device_next(&b->device, b->now), DTU_NEVER);
    wait_ms(1000000);
    CHECK(b->command_mode);
    CHECK_COMMAND("AT+VER?", VALUE("VER:V1.1.01.000000.0000"));
}

static void a_login_that_comes_with_the_end_of_the_30_s_is_data(void)
{
    begin_locked();
    b->now += 30000; /* no poll in between: the bytes come first */
    type("AT+SIGNINAT=usr_cn\r");
    CHECK_UART("");
    CHECK(!b->command_mode);
}

static void the_end_of_the_30_s_cuts_no_reply(void)
{
    begin_locked();
    b->uart_room = 5;
    CHECK_EQ(rx_bytes("AT+VER\r", 7), 7);
    wait_ms(40000);
    b->uart_room = LOTS;
    dtu_device_poll(&b->device, b->now);
    CHECK_UART(LOGIN_ERROR);
    CHECK(!b->command_mode);
}

/* --- Commands in the data stream of the UART ----------------------------------------------------
 */

static const struct {
    const char *product;
    const char *command; /* at.md, AT inside the data stream */
    const char *reply;
} in_stream[] = {
    {"cat1", "usr.cn#AT+UARTFT\r\n", VALUE("UARTFT:50")},
    {"cat1", "usr.cn#at+uartft?\r", VALUE("UARTFT:50")},
    {"cat1", "usr.cn#AT+NOSUCH\r\n", "\r\n+CME ERROR:58\r\n"},
    {"gprs232-7s3", "usr.cn#AT+VER\r", VALUE("VER:\"V1.0.0\"")},
    {"lte-7s4", "usr.cnAT+E\r", VALUE("E:OFF")},
    {"lte-7s4", "adminAT+E\r", VALUE("E:OFF")},
};

static void a_command_in_the_data_of_the_uart_is_answered_there(void)
{
    for (size_t i = 0; i < COUNT(in_stream); i++) {
        begin_open(in_stream[i].product);
        type_frame(in_stream[i].command);
        CHECK_UART(in_stream[i].reply); /* no echo: at.md, Replies */
        CHECK_SENT(0, "");
        CHECK_EQ(b->device.stats.messages, 1);
        CHECK_EQ(b->device.stats.frames, 0);
        type_frame("data");
        CHECK_SENT(0, "data");
        CHECK_UART("");
    }
}

static void any_split_of_a_command_in_the_data_gives_the_same(void)
{
    for (size_t i = 0; i < COUNT(in_stream); i++) {
        const char *command = in_stream[i].command;
        for (size_t cut = 0; cut <= strlen(command); cut++) {
            begin_open(in_stream[i].product);
            CHECK_EQ(rx_bytes(command, cut), cut);
            dtu_device_poll(&b->device, b->now);
            type_frame(command + cut);
            CHECK_UART(in_stream[i].reply);
            CHECK_SENT(0, "");
        }
    }
}

static void a_frame_that_is_no_whole_command_is_data_unchanged(void)
{
    static const char *const frames[][2] = {{"cat1", "usr.cn#AT+VER"},
                                            {"cat1", "usr.cn#hello\r\n"},
                                            {"cat1", "usr.cn#"},
                                            {"cat1", "usr.cnAT+VER\r\n"},
                                            {"cat1", " usr.cn#AT+VER\r\n"},
                                            {"cat1", "USR.CN#AT+VER\r\n"},
                                            {"cat1", "usr.cn#AT+VER\r\nmore"},
                                            {"cat1", "usr.cn#AT+VER\r\nAT+VER\r\n"},
                                            {"cat1", "AT+VER\r\n"},
                                            {"gprs232-7s3", "usr.cnAT+VER\r"},
                                            {"gprs232-7s3", "usr.cn# AT+VER\r"},
                                            {"lte-7s4", "usr.cn#AT+E\r"},
                                            {"lte-7s4", "admiNAT+E\r"},
                                            {"lte-7s4", "adminAT+E;"}};
    for (size_t i = 0; i < COUNT(frames); i++) {
        begin_open(frames[i][0]);
        type_frame(frames[i][1]);
        CHECK_SENT(0, frames[i][1]);
        CHECK_UART("");
        CHECK_EQ(b->device.stats.messages, 0);
        CHECK_EQ(socket_rx(0, frames[i][1]), strlen(frames[i][1]));
        CHECK_UART(frames[i][1]);
        CHECK_SENT(0, "");
        CHECK_EQ(b->device.stats.messages, 0);
    }
}

static void commands_in_the_data_can_be_switched_off_for_each_side(void)
{
    begin("cat1"); /* 004, UATEN and NATEN */
    set("UATEN", "OFF");
    start();
    open_socket(0);
    clear_uart();
    type_frame("usr.cn#AT+E\r\n");
    CHECK_SENT(0, "usr.cn#AT+E\r\n");
    CHECK_EQ(socket_rx(0, "usr.cn#AT+E\r\n"), 13);
    CHECK_UART("");
    CHECK_SENT(0, VALUE("E:OFF"));
    set("UATEN", "ON");
    set("NATEN", "OFF");
    start();
    open_socket(0);
    clear_uart();
    type_frame("usr.cn#AT+E\r\n");
    CHECK_UART(VALUE("E:OFF"));
    CHECK_EQ(socket_rx(0, "usr.cn#AT+E\r\n"), 13);
    CHECK_UART("usr.cn#AT+E\r\n");
    CHECK_SENT(0, "");
}

static void the_password_is_a_setting(void)
{
    begin("cat1");
    set("CMDPW", "a[2C]b");
    start();
    open_socket(0);
    clear_uart();
    type_frame("a,bAT+E\r\n");
    CHECK_UART(VALUE("E:OFF"));
    type_frame("usr.cn#AT+E\r\n");
    CHECK_SENT(0, "usr.cn#AT+E\r\n");
}

static void without_memory_for_them_there_are_no_commands_in_the_data(void)
{
    new_board("cat1");
    memset(b->config.messages, 0, sizeof b->config.messages);
    init();
    start();
    open_socket(0);
    clear_uart();
    type_frame("usr.cn#AT+E\r\n");
    CHECK_SENT(0, "usr.cn#AT+E\r\n");
    CHECK_EQ(socket_rx(0, "usr.cn#AT+E\r\n"), 13);
    CHECK_UART("usr.cn#AT+E\r\n");
    CHECK_EQ(
        dtu_device_message(&b->device, DTU_CHANNEL_SMS, (const uint8_t *)"usr.cn#AT", 9, b->now),
        DTU_ERR_NOT_ALLOWED);
}

static void k7_has_no_commands_in_the_data(void)
{
    begin("k7");
    set("SOCKA", "TCPC,a,1");
    start();
    open_socket(0);
    type_frame("www.usr.cnAT+VER\r");
    CHECK_SENT(0, "www.usr.cnAT+VER\r");
    CHECK_EQ(socket_rx(0, "www.usr.cnAT+VER\r"), 17);
    CHECK_UART("www.usr.cnAT+VER\r");
}

static void a_reply_in_the_data_without_room_is_gone_on_with_and_not_split(void)
{
    static const char reply[] = VALUE("UARTFT:50");
    for (size_t room = 0; room < sizeof reply; room++) {
        begin_open("cat1");
        b->uart_room = room;
        type_frame("usr.cn#AT+UARTFT\r\n");
        CHECK_EQ(b->uart_len, room);
        b->uart_room = LOTS;
        if (room < sizeof reply - 1) {
            /* neither data nor an answer of the handshake comes in between */
            CHECK(!dtu_device_socket_ready(&b->device, 0));
            CHECK_EQ(socket_rx(0, "data"), 0);
            b->now += 300;
            CHECK_EQ(rx_bytes("+++", 3), 3); /* the reply goes out first */
        } else {
            wait_ms(300);
            type("+++");
        }
        CHECK_UART("\r\n+UARTFT:50\r\n\r\nOK\r\na");
    }
}

static void input_waits_for_a_reply_in_the_data(void)
{
    begin_open("cat1");
    b->uart_room = 4;
    type_frame("usr.cn#AT+UARTFT\r\n");
    wait_ms(300);
    CHECK(!dtu_device_uart_ready(&b->device));
    CHECK_EQ(rx_bytes("+++", 3), 0);
    b->uart_room = LOTS;
    dtu_device_poll(&b->device, b->now);
    CHECK(dtu_device_uart_ready(&b->device));
    CHECK_UART(VALUE("UARTFT:50"));
}

/* Two commands as long as a packet, without a pause. */
static void a_command_right_behind_another_waits_for_its_reply(void)
{
    static const char twice[] = "usr.cn#AT+UARTFT\r\nusr.cn#AT+UARTFL\r\n";
    begin("cat1");
    set("UARTFL", "18");
    start();
    clear_uart();
    b->uart_room = 3;
    size_t taken = rx_bytes(twice, 36);
    wait_ms(100);
    CHECK_EQ(b->uart_len, 3);
    b->uart_room = LOTS;
    wait_ms(1);
    CHECK_EQ(rx_bytes(twice + taken, 36 - taken), 36 - taken);
    wait_ms(100);
    CHECK_UART(VALUE("UARTFT:50") VALUE("UARTFL:18"));
}

static void a_command_in_the_data_is_one_frame_that_was_refused_once(void)
{
    begin_open("cat1");
    type_frame("usr.cn#AT+UARTFT\r\n");
    type_frame("data");
    CHECK_UART(VALUE("UARTFT:50"));
    CHECK_SENT(0, "data");
    CHECK_EQ(b->device.framer.stats.by_time, 2);
    CHECK_EQ(b->device.framer.stats.refused, 1);
    CHECK_EQ(b->device.stats.messages, 1);
}

static void a_command_in_the_data_ends_with_an_idle_line_or_with_what_comes_after_a_pause(void)
{
    begin_open("cat1");
    type("usr.cn#AT+UARTFT\r\n");
    dtu_device_uart_idle(&b->device, b->now);
    CHECK_UART(VALUE("UARTFT:50"));
    type("usr.cn#AT+UARTFT\r\n");
    b->now += 60;
    type("data");
    CHECK_UART(VALUE("UARTFT:50"));
    wait_ms(60);
    CHECK_SENT(0, "data");
}

/* Both are found by one poll, which comes late: the pause behind the command, and that behind `+`.
 */
static void what_the_handshake_held_back_goes_on_behind_a_command(void)
{
    begin_open("cat1");
    type("usr.cn#AT+UARTFT\r\n");
    b->now += 300;
    type("+");
    b->now += 300;
    dtu_device_poll(&b->device, b->now);
    CHECK_UART(VALUE("UARTFT:50"));
    CHECK_EQ(dtu_device_next(&b->device, b->now), 51); /* the packing time of `+` runs */
    wait_ms(51);
    CHECK_SENT(0, "+");
}

static void a_command_in_the_data_waits_for_an_answer_of_the_handshake(void)
{
    begin_open("cat1");
    b->uart_room = 2;
    type("usr.cn#AT+UARTFT\r\n");
    b->now += 300;
    type("+++a");
    dtu_device_poll(&b->device, b->now);
    CHECK_UART("a+");
    b->uart_room = LOTS;
    dtu_device_poll(&b->device, b->now);
    CHECK_UART("ok" VALUE("UARTFT:50"));
    CHECK_COMMAND("AT", OK);
}

static void a_command_in_the_data_needs_no_login_and_gives_none(void)
{
    begin("cat1"); /* it has had its password */
    set("SAFEATEN", "ON");
    start();
    open_socket(0);
    clear_uart();
    type_frame("usr.cn#AT+VER\r\n");
    CHECK_UART(VALUE("VER:V1.1.01.000000.0000"));
    type_frame("usr.cn#AT+SIGNINAT=usr_cn\r\n");
    CHECK_UART(OK);
    enter_command_mode();
    CHECK_COMMAND("AT+VER", LOGIN_ERROR);
    static const char sms[] = "usr.cn#AT+SIGNINAT=usr_cn\r\n";
    CHECK_EQ(dtu_device_message(&b->device, DTU_CHANNEL_SMS, (const uint8_t *)sms, sizeof sms - 1,
                                b->now),
             DTU_OK);
    CHECK_COMMAND("AT+VER", LOGIN_ERROR);
    CHECK_COMMAND("AT+SIGNINAT=usr_cn", OK);
    static const char other[] = "usr.cn#AT+SIGNINAT=other\r\n";
    CHECK_EQ(dtu_device_message(&b->device, DTU_CHANNEL_SMS, (const uint8_t *)other,
                                sizeof other - 1, b->now),
             DTU_OK);
    CHECK_COMMAND("AT+VER", VALUE("VER:V1.1.01.000000.0000")); /* nor does it log out */
}

static void z_and_entm_in_the_data(void)
{
    begin_open("cat1");
    type_frame("usr.cn#AT+ENTM\r\n"); /* there is no command mode to leave */
    CHECK_UART(OK);
    CHECK_EQ(b->events[DTU_EVENT_MODE], 0);
    type_frame("usr.cn#AT+Z\r\n");
    CHECK_UART(OK);
    CHECK_EQ(b->restarts, 1);
}

/* --- Commands in the data stream of a socket ----------------------------------------------------
 */

static void begin_two_sockets(void)
{
    begin("cat1");
    set("SOCKBEN", "ON");
    start();
    open_socket(0);
    open_socket(1);
    clear_uart();
}

static void a_network_reply_goes_to_that_socket_only(void)
{
    for (unsigned i = 0; i < 2; i++) {
        begin_two_sockets();
        CHECK_EQ(socket_rx(i, "usr.cn#AT+UARTFT=60\r\n"), 21);
        CHECK_SENT(i, OK);
        CHECK_SENT(1 - i, "");
        CHECK_UART("");
        CHECK_EQ(b->device.stats.messages, 1);
        CHECK_EQ(b->device.stats.received_bytes, 0);
        CHECK_EQ(b->events[DTU_EVENT_COMMAND], 1);
        CHECK_EQ(socket_rx(i, "data"), 4);
        CHECK_UART("data");
    }
}

static void a_uart_reply_goes_to_no_socket(void)
{
    begin_two_sockets();
    type_frame("usr.cn#AT+E\r\n");
    CHECK_UART(VALUE("E:OFF"));
    CHECK_SENT(0, "");
    CHECK_SENT(1, "");
}

static void a_network_reply_waits_for_the_queue_and_no_other_comes_first(void)
{
    begin_two_sockets();
    b->sockets[0].room = 0;
    for (unsigned i = 0; i < 20; i++) /* as many packets as the queue holds */
        type_frame("x");
    CHECK_EQ(socket_rx(0, "usr.cn#AT+E\r\n"), 13);
    CHECK_EQ(socket_rx(1, "usr.cn#AT+VER\r\n"), 0); /* one at a time of the network */
    CHECK_EQ(socket_rx(1, "data"), 4);              /* data is not held up, nor is an SMS */
    CHECK_EQ(
        dtu_device_message(&b->device, DTU_CHANNEL_SMS, (const uint8_t *)"usr.cn#AT\r", 10, b->now),
        DTU_OK);
    b->sockets[0].room = LOTS;
    dtu_device_socket_writable(&b->device, 0, b->now);
    dtu_device_poll(&b->device, b->now);
    CHECK_SENT(0, "xxxxxxxxxxxxxxxxxxxx" VALUE("E:OFF"));
    CHECK_SENT(1, "xxxxxxxxxxxxxxxxxxxx");
    CHECK_EQ(socket_rx(1, "usr.cn#AT+E\r\n"), 13);
    CHECK_SENT(1, VALUE("E:OFF"));
    CHECK_UART("data");
}

static void a_reply_to_a_connection_that_is_gone_is_forgotten(void)
{
    begin_two_sockets();
    b->sockets[0].room = 0;
    for (unsigned i = 0; i < 20; i++)
        type_frame("x");
    CHECK_EQ(socket_rx(0, "usr.cn#AT+E\r\n"), 13);
    lose_socket(0, 0);
    dtu_device_poll(&b->device, b->now);
    CHECK_EQ(socket_rx(1, "usr.cn#AT+E\r\n"), 13);
    CHECK(b->sockets[1].sent_len > 20);
    CHECK_UART("");
}

static void a_long_reply_fits_every_queue_in_pieces(void)
{
    static const char command[] = "usr.cn#AT+H\r";
    size_t whole;
    begin_open("gprs232-7s3");
    CHECK_EQ(socket_rx(0, command), sizeof command - 1);
    whole = b->sockets[0].sent_len;
    CHECK(whole > 1500); /* 55 commands with help */
    new_board("gprs232-7s3");
    b->config.queues[0].size = DTU_GPRS232_7S3_PACKET_LEN + 2; /* one packet */
    init();
    set("E", "off");
    start();
    open_socket(0);
    clear_uart();
    b->sockets[0].room = 100;
    CHECK_EQ(socket_rx(0, command), sizeof command - 1);
    for (unsigned turn = 0; turn < 100 && b->sockets[0].sent_len < whole; turn++) {
        b->sockets[0].room = 100;
        dtu_device_socket_writable(&b->device, 0, b->now);
        dtu_device_poll(&b->device, b->now);
    }
    CHECK_EQ(b->sockets[0].sent_len, whole);
    CHECK(memcmp(b->sockets[0].sent + whole - 8, "\r\n\r\nOK\r\n", 8) == 0);
}

static void a_network_command_does_not_disturb_a_line_at_the_uart(void)
{
    begin_stored("k7"); /* the line is half typed; the other command uses the medium too */
    type("AT+SOCKA=TCPC,half.ty");
    const struct dtu_peer peer = {{192, 168, 0, 9}, 4000};
    static const char commands[] = "AT+E=on\rAT+MID=x\rAT+E=off\r";
    CHECK_EQ(dtu_device_datagram(&b->device, &peer, (const uint8_t *)"www.usr.cn", 10, b->now),
             DTU_OK);
    CHECK_EQ(dtu_device_datagram(&b->device, &peer, (const uint8_t *)commands, sizeof commands - 1,
                                 b->now),
             DTU_OK);
    CHECK_UART("");
    CHECK_COMMAND("ped,7", "\r\n+OK\r\n");
    CHECK_COMMAND("AT+SOCKA", "\r\n+OK=TCPC,half.typed,7\r\n");
    begin_stored("lte-7s4");
    type("AT+STMSG=ab");
    static const char sms[] = "adminAT+E=ON;AT+E=OFF;AT+CLEAR;AT+MQTTSUB=1,t,0;AT+MQTTUNSUB=1;";
    CHECK_EQ(dtu_device_message(&b->device, DTU_CHANNEL_SMS, (const uint8_t *)sms, sizeof sms - 1,
                                b->now),
             DTU_OK);
    CHECK_BYTES(b->replies[DTU_CHANNEL_SMS], b->reply_len[DTU_CHANNEL_SMS], "OK;OK;OK;OK;OK;", 15);
    CHECK_COMMAND("cd", OK);
    CHECK_COMMAND("AT+STMSG", VALUE("STMSG:abcd"));
}

/* --- Messages ------------------------------------------------------------------------------------
 */

static enum dtu_status send_message(enum dtu_channel channel, const char *text)
{
    return dtu_device_message(&b->device, channel, (const uint8_t *)text, strlen(text), b->now);
}

#define CHECK_REPLIED(channel, expected)                                                           \
    do {                                                                                           \
        CHECK_BYTES(b->replies[channel], b->reply_len[channel], expected, strlen(expected));       \
        b->reply_len[channel] = 0;                                                                 \
        CHECK_UART("");                                                                            \
    } while (0)

static void an_sms_with_the_mark_is_a_command(void)
{
    begin_open("lte-7s4"); /* at.md, AT inside the data stream; 001 section 3.1.5 */
    CHECK_EQ(send_message(DTU_CHANNEL_SMS, "adminAT+VER;"), DTU_OK);
    CHECK_REPLIED(DTU_CHANNEL_SMS, "+VER:V2.1.04.000000.0000;");
    CHECK_EQ(send_message(DTU_CHANNEL_SMS, "usr.cnAT+E;"), DTU_OK);
    CHECK_REPLIED(DTU_CHANNEL_SMS, "+E:OFF;");
    CHECK_EQ(send_message(DTU_CHANNEL_SMS, "adminAT+E"), DTU_OK); /* its end is an end too */
    CHECK_REPLIED(DTU_CHANNEL_SMS, "+E:OFF;");
    CHECK_EQ(send_message(DTU_CHANNEL_SMS, "adminAT+NOSUCH;"), DTU_OK);
    CHECK_REPLIED(DTU_CHANNEL_SMS, "Err2;");
    CHECK_EQ(b->device.stats.messages, 4);
    CHECK_SENT(0, "");
}

static void an_sms_without_the_mark_is_data(void)
{
    static const char *const texts[] = {"AT+VER;", "hello", "", "admin", "adminhello;", "admi"};
    begin_open("lte-7s4");
    for (size_t i = 0; i < COUNT(texts); i++)
        CHECK_EQ(send_message(DTU_CHANNEL_SMS, texts[i]), DTU_ERR_FORMAT);
    CHECK_REPLIED(DTU_CHANNEL_SMS, "");
    CHECK_EQ(b->device.stats.messages, 0);
}

static void on_other_products_an_sms_is_a_line(void)
{
    begin_open("cat1"); /* 000 section 7.4: a carriage return and line feed after it */
    CHECK_EQ(send_message(DTU_CHANNEL_SMS, "usr.cn#AT+STMSG=a;b\r\n"), DTU_OK);
    CHECK_REPLIED(DTU_CHANNEL_SMS, OK);
    CHECK_EQ(send_message(DTU_CHANNEL_SMS, "usr.cn#AT+STMSG\r\n"), DTU_OK);
    CHECK_REPLIED(DTU_CHANNEL_SMS, VALUE("STMSG:a;b"));
    begin_open("gprs232-7s3"); /* 002 section 4.1.4 */
    CHECK_EQ(send_message(DTU_CHANNEL_SMS, "usr.cn#AT+VER\r"), DTU_OK);
    CHECK_REPLIED(DTU_CHANNEL_SMS, VALUE("VER:\"V1.0.0\""));
    CHECK_EQ(send_message(DTU_CHANNEL_SMS, "usr.cnAT+VER\r"), DTU_ERR_FORMAT);
}

static void an_mqtt_message_has_commands_between_semicolons(void)
{
    begin_open("lte-7s4"); /* 001 section 2.1.3.3 */
    CHECK_EQ(send_message(DTU_CHANNEL_MQTT, "AT+VER;AT+MQTTSSLEN"), DTU_OK);
    CHECK_REPLIED(DTU_CHANNEL_MQTT, "+VER:V2.1.04.000000.0000;+MQTTSSLEN:OFF;");
    CHECK_EQ(send_message(DTU_CHANNEL_MQTT, "AT+VER;AT+MQTTSSLEN;\r\n"), DTU_OK);
    CHECK_REPLIED(DTU_CHANNEL_MQTT, "+VER:V2.1.04.000000.0000;+MQTTSSLEN:OFF;");
    CHECK_EQ(send_message(DTU_CHANNEL_MQTT, "hello"), DTU_OK);
    CHECK_REPLIED(DTU_CHANNEL_MQTT, "Err1;");
    CHECK_EQ(b->device.stats.messages, 3);
    CHECK_EQ(b->device.stats.ignored, 0);
}

static void an_mqtt_message_has_at_most_10_commands(void)
{
    begin_open("lte-7s4");
    CHECK_EQ(send_message(DTU_CHANNEL_MQTT, "AT;AT;AT;AT;AT;AT;AT;AT;AT;AT+E"), DTU_OK);
    CHECK_REPLIED(DTU_CHANNEL_MQTT, "OK;OK;OK;OK;OK;OK;OK;OK;OK;+E:OFF;");
    CHECK_EQ(b->device.stats.ignored, 0);
    CHECK_EQ(send_message(DTU_CHANNEL_MQTT, "AT;\nAT;\nAT;\nAT;\nAT;\nAT;\nAT;\nAT;\nAT;\nAT+E;"),
             DTU_OK);
    CHECK_REPLIED(DTU_CHANNEL_MQTT, "OK;OK;OK;OK;OK;OK;OK;OK;OK;+E:OFF;");
    CHECK_EQ(b->device.stats.ignored, 0);
    CHECK_EQ(send_message(DTU_CHANNEL_MQTT, "AT;AT;AT;AT;AT;AT;AT;AT;AT;AT+E;AT+E=ON"), DTU_OK);
    CHECK_REPLIED(DTU_CHANNEL_MQTT, "OK;OK;OK;OK;OK;OK;OK;OK;OK;+E:OFF;");
    CHECK_EQ(b->device.stats.ignored, 1); /* and told so */
    CHECK_EQ(send_message(DTU_CHANNEL_MQTT, "AT+E"), DTU_OK);
    CHECK_REPLIED(DTU_CHANNEL_MQTT, "+E:OFF;");
}

static void only_products_with_topics_take_mqtt_commands(void)
{
    static const char *const products[] = {"cat1", "gprs232-7s3", "k7"};
    for (size_t i = 0; i < COUNT(products); i++) {
        begin(products[i]);
        CHECK_EQ(send_message(DTU_CHANNEL_MQTT, "AT+VER"), DTU_ERR_NOT_ALLOWED);
        CHECK_REPLIED(DTU_CHANNEL_MQTT, "");
    }
    begin("lte-7s4"); /* these have calls of their own */
    CHECK_EQ(send_message(DTU_CHANNEL_UART, "AT+VER"), DTU_ERR_NOT_ALLOWED);
    CHECK_EQ(send_message(DTU_CHANNEL_SOCKET, "AT+VER"), DTU_ERR_NOT_ALLOWED);
    CHECK_EQ(send_message(DTU_CHANNEL_UDP, "AT+VER"), DTU_ERR_NOT_ALLOWED);
    CHECK_REPLIED(DTU_CHANNEL_UDP, "");
}

static void messages_need_a_port_that_takes_replies_and_a_device_that_runs(void)
{
    struct dtu_device_port few = port;
    const struct dtu_peer peer = {{10, 0, 0, 1}, 1};
    few.reply = NULL;
    new_board("lte-7s4");
    init();
    CHECK_EQ(send_message(DTU_CHANNEL_MQTT, "AT"), DTU_ERR_NOT_ALLOWED); /* not started */
    b->uart_room = 0;
    start();
    CHECK_EQ(send_message(DTU_CHANNEL_MQTT, "AT"), DTU_ERR_NOT_ALLOWED); /* greeting */
    b->uart_room = LOTS;
    dtu_device_poll(&b->device, b->now);
    CHECK_EQ(send_message(DTU_CHANNEL_MQTT, "AT"), DTU_OK);
    CHECK_EQ(dtu_device_datagram(&b->device, &peer, (const uint8_t *)"www.usr.cn", 10, b->now),
             DTU_ERR_NOT_ALLOWED); /* has no such command */
    b->config.port = &few;
    CHECK_EQ(send_message(DTU_CHANNEL_MQTT, "AT"), DTU_ERR_NOT_ALLOWED);
    CHECK_EQ(dtu_device_datagram(&b->device, &peer, (const uint8_t *)"www.usr.cn", 10, b->now),
             DTU_ERR_NOT_ALLOWED);
    begin("k7");
    b->config.port = &few;
    CHECK_EQ(dtu_device_datagram(&b->device, &peer, (const uint8_t *)"www.usr.cn", 10, b->now),
             DTU_ERR_NOT_ALLOWED);
    b->config.port = &port;
    b->config.messages[DTU_CHANNEL_UDP].memory = NULL;
    CHECK_EQ(dtu_device_datagram(&b->device, &peer, (const uint8_t *)"www.usr.cn", 10, b->now),
             DTU_ERR_NOT_ALLOWED);
    begin("k7");
    dtu_device_stop(&b->device, b->now);
    CHECK_EQ(dtu_device_datagram(&b->device, &peer, (const uint8_t *)"www.usr.cn", 10, b->now),
             DTU_ERR_NOT_ALLOWED);
}

/* Each channel has a server of its own: what waits on one holds no other up. */
static void a_message_without_room_for_its_reply_loses_nothing_of_it(void)
{
    begin_open("lte-7s4");
    b->reply_room = 0;
    CHECK_EQ(send_message(DTU_CHANNEL_MQTT, "AT+E;AT+VER;AT"), DTU_OK);
    CHECK_EQ(send_message(DTU_CHANNEL_MQTT, "AT"), DTU_ERR_STATE);
    CHECK_EQ(socket_rx(0, "usr.cnAT\r"), 9);
    CHECK_SENT(0, OK);
    b->sockets[0].sent_len = 0;
    CHECK_EQ(rx_bytes("usr.cnAT\r", 9), 9);
    wait_ms(60);
    CHECK_UART(OK);
    b->reply_room = 1;
    dtu_device_poll(&b->device, b->now);
    CHECK_BYTES(b->replies[DTU_CHANNEL_MQTT], b->reply_len[DTU_CHANNEL_MQTT], "+E:OFF;", 7);
    CHECK_EQ(b->device.stats.ignored, 1); /* the commands behind it are counted */
    CHECK_SENT(0, "");
}

static void a_long_message_reply_refused_at_every_step_is_the_same(void)
{
    static char whole[REPLY_MAX];
    size_t whole_len;
    begin_open("lte-7s4");
    CHECK_EQ(send_message(DTU_CHANNEL_MQTT, "AT+H"), DTU_OK);
    whole_len = b->reply_len[DTU_CHANNEL_MQTT];
    memcpy(whole, b->replies[DTU_CHANNEL_MQTT], whole_len);
    CHECK(whole_len > 3000); /* more than the buffer of messages */
    for (unsigned every = 1; every < 5; every++) {
        begin_open("lte-7s4");
        b->reply_room = every - 1;
        CHECK_EQ(send_message(DTU_CHANNEL_MQTT, "AT+H"), DTU_OK);
        for (unsigned turn = 0; turn < 40; turn++) {
            b->reply_room = turn % every == 0 ? 1 : 0;
            dtu_device_poll(&b->device, b->now);
        }
        CHECK_BYTES(b->replies[DTU_CHANNEL_MQTT], b->reply_len[DTU_CHANNEL_MQTT], whole, whole_len);
        b->reply_room = LOTS;
        CHECK_EQ(send_message(DTU_CHANNEL_MQTT, "AT"), DTU_OK);
    }
}

static void a_restart_by_message_waits_for_the_reply(void)
{
    begin_open("lte-7s4");
    b->reply_room = 0;
    CHECK_EQ(send_message(DTU_CHANNEL_SMS, "adminAT+Z;"), DTU_OK);
    CHECK_EQ(b->restarts, 0);
    dtu_device_poll(&b->device, b->now);
    CHECK_EQ(b->restarts, 0);
    b->reply_room = LOTS;
    dtu_device_poll(&b->device, b->now);
    CHECK_REPLIED(DTU_CHANNEL_SMS, "OK;");
    CHECK_EQ(b->restarts, 1);
}

/* What is stored is read again behind a command, but not while a channel is answering. */
static void what_was_lost_comes_back_under_no_reply(void)
{
    begin_stored("lte-7s4");
    CHECK_COMMAND("AT+UARTFT=60", OK);
    CHECK_COMMAND("AT+Z", OK);
    medium_unreadable = true;
    do_restart();
    enter_command_mode();
    medium_unreadable = false;
    b->reply_room = 0;
    CHECK_EQ(send_message(DTU_CHANNEL_MQTT, "AT"), DTU_OK);
    CHECK_COMMAND("AT", OK);
    CHECK_COMMAND("AT+UARTFT?", VALUE("UARTFT:50"));
    b->reply_room = LOTS;
    dtu_device_poll(&b->device, b->now);
    CHECK_COMMAND("AT", OK);
    CHECK_COMMAND("AT+UARTFT?", VALUE("UARTFT:60"));
}

static void nothing_behind_a_restart_in_a_message_is_done(void)
{
    begin_open("lte-7s4");
    CHECK_EQ(send_message(DTU_CHANNEL_MQTT, "AT+E;AT+Z;AT+E=ON;"), DTU_OK);
    CHECK_REPLIED(DTU_CHANNEL_MQTT, "+E:OFF;OK;");
    CHECK_EQ(b->restarts, 1);
    CHECK_EQ(b->device.stats.ignored, 1);
    do_restart();
    CHECK_EQ(send_message(DTU_CHANNEL_MQTT, "AT+E"), DTU_OK);
    CHECK_REPLIED(DTU_CHANNEL_MQTT, "+E:OFF;");
}

/* --- Datagrams ------------------------------------------------------------------------------ */

static const struct dtu_peer one = {{192, 168, 0, 100}, 5001};
static const struct dtu_peer other_port = {{192, 168, 0, 100}, 5002};
static const struct dtu_peer other_host = {{192, 168, 0, 101}, 5001};

static enum dtu_status send_datagram(const struct dtu_peer *peer, const char *text)
{
    return dtu_device_datagram(&b->device, peer, (const uint8_t *)text, strlen(text), b->now);
}

static void the_keyword_is_answered_and_opens_the_session(void)
{
    begin("k7"); /* at.md, AT inside the data stream; 003 section 5.3.1 */
    CHECK_EQ(send_datagram(&one, "AT+VER\r"), DTU_ERR_FORMAT);
    CHECK_EQ(b->device.stats.ignored, 1);
    CHECK_REPLIED(DTU_CHANNEL_UDP, "");
    CHECK_EQ(send_datagram(&one, "www.usr.cn"), DTU_OK);
    CHECK_REPLIED(DTU_CHANNEL_UDP, "192.168.0.7,D8B04CF00001,USR-K7");
    CHECK_EQ(send_datagram(&one, "+ok"), DTU_OK); /* is not answered */
    CHECK_REPLIED(DTU_CHANNEL_UDP, "");
    CHECK_EQ(send_datagram(&one, "AT+VER\r"), DTU_OK);
    CHECK_REPLIED(DTU_CHANNEL_UDP, "\r\n+OK=3016\r\n");
    CHECK_EQ(send_datagram(&one, "AT+UART1?\r\n"), DTU_OK);
    CHECK_REPLIED(DTU_CHANNEL_UDP, "\r\n+OK=115200,8,1,NONE,NFC\r\n");
    CHECK_EQ(send_datagram(&one, "AT+VER"), DTU_OK); /* its end is an end too */
    CHECK_REPLIED(DTU_CHANNEL_UDP, "\r\n+OK=3016\r\n");
    CHECK_EQ(send_datagram(&one, "hello"), DTU_OK);
    CHECK_REPLIED(DTU_CHANNEL_UDP, "\r\n+ERR=-1\r\n");
    CHECK_EQ(b->device.stats.ignored, 1);
}

static void what_is_not_quite_the_keyword_opens_nothing(void)
{
    static const char *const texts[] = {"www.usr.c", "www.usr.cn\r", "WWW.USR.CN", "", "w"};
    begin("k7");
    for (size_t i = 0; i < COUNT(texts); i++)
        CHECK_EQ(send_datagram(&one, texts[i]), DTU_ERR_FORMAT);
    CHECK_REPLIED(DTU_CHANNEL_UDP, "");
    CHECK_EQ(b->device.stats.ignored, COUNT(texts));
    set("SEARCH", "1500,open[2C]sesame"); /* no escapes on this product */
    start();
    CHECK_EQ(send_datagram(&one, "www.usr.cn"), DTU_ERR_FORMAT);
    CHECK_EQ(send_datagram(&one, "open[2C]sesame"), DTU_OK);
}

static void another_sender_is_ignored_and_counted_until_it_has_the_keyword(void)
{
    begin("k7");
    CHECK_EQ(send_datagram(&one, "www.usr.cn"), DTU_OK);
    b->reply_len[DTU_CHANNEL_UDP] = 0;
    CHECK_EQ(send_datagram(&other_port, "AT+VER\r"), DTU_ERR_FORMAT);
    CHECK_EQ(send_datagram(&other_host, "AT+VER\r"), DTU_ERR_FORMAT);
    CHECK_EQ(send_datagram(&other_host, "+ok"), DTU_ERR_FORMAT);
    CHECK_REPLIED(DTU_CHANNEL_UDP, "");
    CHECK_EQ(b->device.stats.ignored, 3);
    CHECK_EQ(send_datagram(&other_host, "www.usr.cn"), DTU_OK); /* takes over */
    CHECK_REPLIED(DTU_CHANNEL_UDP, "192.168.0.7,D8B04CF00001,USR-K7");
    CHECK_EQ(send_datagram(&other_host, "AT+E\r"), DTU_OK);
    CHECK_REPLIED(DTU_CHANNEL_UDP, "\r\n+OK=off\r\n");
    CHECK_EQ(send_datagram(&one, "AT+E\r"), DTU_ERR_FORMAT);
    CHECK_EQ(b->device.stats.ignored, 4);
    CHECK_REPLIED(DTU_CHANNEL_UDP, "");
}

static void the_session_ends_30_s_after_the_last_command(void)
{
    static const uint32_t starts[] = {1000, UINT32_MAX - 29999, UINT32_MAX - 15000, UINT32_MAX};
    for (size_t i = 0; i < COUNT(starts); i++)
        for (unsigned polled = 0; polled < 2; polled++) {
            begin("k7"); /* at.md, Entering, 6 */
            b->now = starts[i];
            CHECK_EQ(send_datagram(&one, "www.usr.cn"), DTU_OK);
            CHECK_EQ(dtu_device_next(&b->device, b->now), 30000);
            wait_ms(29999);
            CHECK_EQ(dtu_device_next(&b->device, b->now), 1);
            CHECK_EQ(send_datagram(&one, "AT+E\r"), DTU_OK); /* begins anew */
            wait_ms(29999);
            CHECK_EQ(send_datagram(&other_host, "AT+E\r"), DTU_ERR_FORMAT); /* does not */
            if (polled != 0)
                wait_ms(1);
            else
                b->now++;
            b->reply_len[DTU_CHANNEL_UDP] = 0;
            CHECK_EQ(send_datagram(&one, "AT+E\r"), DTU_ERR_FORMAT);
            CHECK_REPLIED(DTU_CHANNEL_UDP, "");
            CHECK_EQ(dtu_device_next(&b->device, b->now), DTU_NEVER);
        }
}

static void entm_ends_the_session_and_a_restart_does(void)
{
    begin("k7");
    CHECK_EQ(send_datagram(&one, "www.usr.cn"), DTU_OK);
    b->reply_len[DTU_CHANNEL_UDP] = 0;
    CHECK_EQ(send_datagram(&one, "AT+ENTM\r"), DTU_OK);
    CHECK_REPLIED(DTU_CHANNEL_UDP, "\r\n+OK\r\n");
    CHECK_EQ(send_datagram(&one, "AT+E\r"), DTU_ERR_FORMAT);
    CHECK_EQ(send_datagram(&one, "www.usr.cn"), DTU_OK);
    b->reply_len[DTU_CHANNEL_UDP] = 0;
    CHECK_EQ(send_datagram(&one, "AT+Z\r"), DTU_OK);
    CHECK_REPLIED(DTU_CHANNEL_UDP, "\r\n+OK\r\n");
    CHECK_EQ(b->restarts, 1);
    CHECK_EQ(send_datagram(&one, "www.usr.cn"), DTU_ERR_NOT_ALLOWED);
    do_restart();
    CHECK_EQ(send_datagram(&one, "AT+E\r"), DTU_ERR_FORMAT);
}

static void a_datagram_waits_while_another_is_answered(void)
{
    begin("k7");
    b->reply_room = 0;
    CHECK_EQ(send_datagram(&one, "www.usr.cn"), DTU_OK);
    CHECK_EQ(send_datagram(&one, "AT+E\r"), DTU_ERR_STATE);
    CHECK_EQ(send_datagram(&other_host, "www.usr.cn"), DTU_ERR_STATE);
    CHECK_EQ(send_datagram(&other_host, "AT+E\r"), DTU_ERR_FORMAT);
    b->reply_room = 1;
    dtu_device_poll(&b->device, b->now);
    CHECK_REPLIED(DTU_CHANNEL_UDP, "192.168.0.7,D8B04CF00001,USR-K7");
    b->reply_room = LOTS;
    CHECK_EQ(send_datagram(&one, "AT+E\r"), DTU_OK); /* nobody took over */
    CHECK_REPLIED(DTU_CHANNEL_UDP, "\r\n+OK=off\r\n");
}

static void the_answer_to_the_keyword_has_the_users_values(void)
{
    begin("k7");
    set("WANN", "static,10.255.0.1,255.0.0.0,10.0.0.254");
    set("MID", "pump 7");
    set("USERMAC", "0a0b0c0d0e0f");
    start();
    CHECK_EQ(send_datagram(&one, "www.usr.cn"), DTU_OK);
    CHECK_REPLIED(DTU_CHANNEL_UDP, "10.255.0.1,0A0B0C0D0E0F,pump 7");
}

/* --- Connections ---------------------------------------------------------------------------- */

static void a_lost_connection_is_opened_again_after_the_products_time(void)
{
    static const struct {
        const char *product, *row, *value;
        uint32_t ms;
    } cases[] = {{"cat1", "SOCKRSTIM", "10", 10000}, /* 004 section 4.52 */
                 {"cat1", "SOCKRSTIM", "65535", 65535000},
                 {"lte-7s4", "SOCKATO", "5", 5000}, /* 001 section 3.1.7.39 */
                 {"lte-7s4", "SOCKATO", "100", 100000},
                 {"gprs232-7s3", "E", "off", 10000}, /* decided in the profile */
                 {"k7", "SOCKA", "TCPC,a,1", 2000}}; /* decided in the profile */
    for (size_t i = 0; i < COUNT(cases); i++) {
        new_board(cases[i].product);
        init();
        set(cases[i].row, cases[i].value);
        start();
        CHECK_EQ(b->sockets[0].opens, 1);
        open_socket(0);
        CHECK_EQ(b->last.link, DTU_LINK_UP);
        wait_ms(5000);
        lose_socket(0, 0);
        CHECK_EQ(b->last.link, DTU_LINK_WAIT);
        wait_ms(cases[i].ms - 1);
        CHECK_EQ(b->sockets[0].opens, 1);
        wait_ms(1);
        CHECK_EQ(b->sockets[0].opens, 2);
        CHECK_EQ(b->sockets[0].closes, 0);
        dtu_device_socket_failed(&b->device, 0, b->now); /* and after a failure too */
        wait_ms(cases[i].ms - 1);
        CHECK_EQ(b->sockets[0].opens, 2);
        wait_ms(1);
        CHECK_EQ(b->sockets[0].opens, 3);
    }
}

static void each_socket_of_7s4_has_its_own_time(void)
{
    begin("lte-7s4"); /* 001 sections 3.1.7.39 and .40 */
    set("SOCKBTO", "7");
    start();
    dtu_device_socket_failed(&b->device, 0, b->now);
    dtu_device_socket_failed(&b->device, 1, b->now);
    wait_ms(5000);
    CHECK_EQ(b->sockets[0].opens, 3); /* one was of the first start */
    CHECK_EQ(b->sockets[1].opens, 2);
    wait_ms(2000);
    CHECK_EQ(b->sockets[1].opens, 3);
}

static void too_many_failures_in_a_row_want_a_restart(void)
{
    static const struct {
        const char *product, *row, *value;
        unsigned times;
    } cases[] = {{"cat1", "SOCKRSNUM", "3", 3},       /* 004 section 4.51 */
                 {"lte-7s4", "SOCKRSTIM", "10", 10}}; /* 001 section 3.1.7.45: a number of times */
    for (size_t i = 0; i < COUNT(cases); i++) {
        begin(cases[i].product);
        set(cases[i].row, cases[i].value);
        start();
        for (unsigned n = 0; n < cases[i].times - 1; n++) {
            dtu_device_socket_failed(&b->device, 0, b->now);
            wait_ms(10000);
        }
        open_socket(0); /* a success begins a new row */
        lose_socket(0, 0);
        wait_ms(10000);
        for (unsigned n = 0; n < cases[i].times; n++) {
            CHECK_EQ(b->restarts, 0);
            dtu_device_socket_failed(&b->device, 0, b->now);
            wait_ms(10000);
        }
        CHECK_EQ(b->restarts, 1);
        do_restart();
        CHECK_EQ(b->device.stats.restarts, 1);
    }
}

static void two_sockets_that_give_up_want_one_restart(void)
{
    new_board("cat1");
    init();
    set("SOCKRSNUM", "1");
    set("SOCKBEN", "ON");
    b->sockets[0].opening = REFUSED;
    b->sockets[1].opening = FAILED_INSIDE;
    start(); /* both fail inside of it */
    CHECK_EQ(b->sockets[0].opens, 1);
    CHECK_EQ(b->sockets[1].opens, 1);
    CHECK_EQ(b->restarts, 0);
    wait_ms(10000);
    CHECK_EQ(b->restarts, 1);
}

static void an_attempt_that_takes_too_long_has_failed(void)
{
    new_board("cat1");
    b->config.open_ms = 3000;
    init();
    start();
    wait_ms(2999);
    CHECK_EQ(b->sockets[0].closes, 0);
    wait_ms(1);
    CHECK_EQ(b->sockets[0].closes, 1);
    open_socket(0); /* too late */
    b->sockets[0].is_open = false;
    CHECK_EQ(socket_rx(0, "x"), 0);
    wait_ms(10000);
    CHECK_EQ(b->sockets[0].opens, 2);
}

static void the_port_may_tell_the_outcome_from_inside_open(void)
{
    new_board("cat1");
    init();
    b->sockets[0].opening = OPENED_INSIDE;
    start();
    CHECK_EQ(b->device.sockets[0].link.stats.opened, 1);
    clear_uart();
    type_frame("abc");
    CHECK_SENT(0, "abc");
    b->sockets[0].opening = FAILED_INSIDE;
    lose_socket(0, 0);
    wait_ms(35000);
    CHECK_EQ(b->sockets[0].opens, 4);
    CHECK_EQ(b->device.sockets[0].link.stats.failed, 3);
    b->sockets[0].opening = REFUSED;
    wait_ms(10000);
    CHECK_EQ(b->sockets[0].opens, 5);
    CHECK_EQ(b->device.sockets[0].link.stats.failed, 4);
    type_frame("kept");
    b->sockets[0].opening = OPENED_INSIDE;
    wait_ms(10000);
    CHECK_SENT(0, "kept");
}

static void a_short_lived_connection_is_opened_by_data_and_closed_by_quiet(void)
{
    static const struct {
        const char *product, *row, *value;
        uint32_t quiet_ms;
    } cases[] = {{"cat1", "SOCKASL", "SHORT", 10000},        /* 004 sections 4.45, 4.50 */
                 {"gprs232-7s3", "SOCKASL", "short", 10000}, /* time decided in the profile */
                 {"lte-7s4", "SOCKASL", "SHORT", 5000},      /* 001 section 3.1.7.41 */
                 {"k7", "SOCKSL", "ON", 3000}};              /* 003 sections 4.4.10, 5.3.5 */
    for (size_t i = 0; i < COUNT(cases); i++) {
        new_board(cases[i].product);
        init();
        set(cases[i].row, cases[i].value);
        if (cases[i].quiet_ms == 3000)
            set("SOCKA", "TCPC,a,1");
        else
            set("SOCKBEN", "OFF");
        b->sockets[0].opening = OPENED_INSIDE;
        start();
        wait_ms(100000);
        CHECK_EQ(b->sockets[0].opens, 0);
        type_frame("a");
        CHECK_SENT(0, "a");
        CHECK_EQ(b->sockets[0].opens, 1);
        wait_ms(cases[i].quiet_ms - 200);
        CHECK_EQ(socket_rx(0, "b"), 1); /* goes on with it */
        wait_ms(cases[i].quiet_ms - 1);
        CHECK_EQ(b->sockets[0].closes, 0);
        wait_ms(1);
        CHECK_EQ(b->sockets[0].closes, 1);
        CHECK_EQ(b->sockets[0].opens, 1);
        type_frame("c");
        CHECK_EQ(b->sockets[0].opens, 2);
        CHECK_SENT(0, "c");
    }
}

static void the_quiet_time_is_a_setting(void)
{
    begin("cat1");
    set("SOCKASL", "SHORT");
    set("SHORTATM", "600");
    b->sockets[0].opening = OPENED_INSIDE;
    start();
    type_frame("a");
    wait_ms(599000);
    CHECK_EQ(b->sockets[0].closes, 1); /* at the second start */
    wait_ms(1000);
    CHECK_EQ(b->sockets[0].closes, 2);
}

static void on_7s4_both_sockets_have_the_kind_of_socket_a(void)
{
    begin("lte-7s4"); /* at.md, Ranges; 001 section 2.1.1 */
    set("SOCKASL", "SHORT");
    set("SHORBTO", "8"); /* the time is its own */
    b->sockets[0].opening = OPENED_INSIDE;
    b->sockets[1].opening = OPENED_INSIDE;
    unsigned before = b->sockets[1].opens;
    start();
    CHECK_EQ(b->sockets[1].opens, before);
    type_frame("x");
    CHECK_EQ(b->sockets[1].opens, before + 1);
    CHECK_EQ(b->sockets[1].closes, 1); /* at the second start */
    wait_ms(7900);
    CHECK_EQ(b->sockets[1].closes, 1);
    wait_ms(100);
    CHECK_EQ(b->sockets[1].closes, 2);
    set("SOCKASL", "LONG");
    set("SOCKBSL", "SHORT");
    before = b->sockets[1].opens;
    start();
    CHECK_EQ(b->sockets[1].opens, before + 1);
    set("SOCKAEN", "OFF"); /* alone, B has its own */
    before = b->sockets[1].opens;
    dtu_device_stop(&b->device, b->now);
    start();
    CHECK_EQ(b->sockets[1].opens, before);
}

static void begin_short_lived(void)
{
    new_board("cat1");
    init();
    set("E", "OFF");
    set("SOCKASL", "SHORT");
    set("SHORTATM", "1");
    b->sockets[0].opening = OPENED_INSIDE;
    start();
    clear_uart();
    type_frame("a");
    CHECK_SENT(0, "a");
}

static void a_connection_is_not_quiet_while_its_data_wait_for_the_uart(void)
{
    begin_short_lived();
    b->uart_room = 2;
    CHECK_EQ(socket_rx(0, "data"), 2);
    wait_ms(5000);
    CHECK_EQ(b->sockets[0].closes, 0);
    b->uart_room = LOTS;
    CHECK_EQ(socket_rx(0, "ta"), 2);
    wait_ms(999);
    CHECK_EQ(b->sockets[0].closes, 0);
    wait_ms(1);
    CHECK_EQ(b->sockets[0].closes, 1);
}

static void a_connection_is_not_quiet_while_command_mode_holds_its_data(void)
{
    begin_short_lived();
    wait_ms(100);
    enter_command_mode();
    wait_ms(5000);
    CHECK_EQ(socket_rx(0, "data"), 0);
    CHECK_EQ(b->sockets[0].closes, 0);
    CHECK_COMMAND("AT+ENTM", OK);
    wait_ms(500);
    CHECK_EQ(socket_rx(0, "data"), 4);
    wait_ms(999);
    CHECK_EQ(b->sockets[0].closes, 0);
    wait_ms(1);
    CHECK_EQ(b->sockets[0].closes, 1);
}

/* at.md, AT inside the data stream: the prefix is the first bytes of a packet. */
static void a_command_in_the_rest_of_a_packet_is_data(void)
{
    begin_open("cat1");
    b->uart_room = 4;
    CHECK_EQ(socket_rx(0, "datausr.cn#AT+Z\r\n"), 4);
    b->uart_room = LOTS;
    CHECK_EQ(socket_rx(0, "usr.cn#AT+Z\r\n"), 13);
    CHECK_UART("datausr.cn#AT+Z\r\n");
    CHECK_EQ(b->restarts, 0);
}

static void a_second_start_closes_what_the_first_opened(void)
{
    begin_open("cat1");
    start();
    CHECK_EQ(b->sockets[0].closes, 1);
    CHECK_EQ(b->sockets[0].opens, 2);
}

static void a_reply_says_what_held_when_it_was_asked_for(void)
{
    begin_open("cat1");
    enter_command_mode();
    b->uart_room = 15; /* of `CR LF +SOCKALK:Connected` */
    type("AT+SOCKALK\r");
    lose_socket(0, 0);
    b->uart_room = LOTS;
    dtu_device_poll(&b->device, b->now);
    CHECK_UART(VALUE("SOCKALK:Connected"));
    CHECK_COMMAND("AT+SOCKALK", VALUE("SOCKALK:Disconnected"));
}

static void with_data_waiting_a_short_lived_connection_comes_back(void)
{
    begin("cat1");
    set("SOCKASL", "SHORT");
    b->sockets[0].opening = OPENED_INSIDE;
    start();
    b->sockets[0].room = 2;
    type_frame("abcdef");
    CHECK_SENT(0, "ab");
    b->sockets[0].room = LOTS;
    lose_socket(0, 0);
    CHECK_SENT(0, "abcdef");
}

static void with_data_waiting_a_connection_that_became_quiet_comes_back(void)
{
    begin_short_lived();
    b->sockets[0].room = 2;
    type_frame("bcdef");
    CHECK_SENT(0, "bc");
    wait_ms(1000);
    CHECK_EQ(b->sockets[0].closes, 1);
    CHECK_EQ(b->sockets[0].opens, 2);
    b->sockets[0].room = LOTS;
    dtu_device_poll(&b->device, b->now);
    CHECK_SENT(0, "bcdef");
}

static void a_packet_cut_by_a_lost_connection_is_sent_again_whole(void)
{
    begin_open("cat1");
    b->sockets[0].room = 4;
    type_frame("one");
    type_frame("second");
    type_frame("third");
    CHECK_SENT(0, "ones");
    CHECK_EQ(b->device.stats.sent_bytes, 4);
    CHECK_EQ(b->device.stats.sent_packets, 1);
    lose_socket(0, 2);
    CHECK_EQ(b->device.stats.lost_bytes, 2);
    CHECK_EQ(b->device.stats.resent_bytes, 1);
    wait_ms(10000);
    b->sockets[0].room = LOTS;
    open_socket(0);
    CHECK_SENT(0, "secondthird");
    CHECK_EQ(b->device.stats.sent_packets, 3);
    lose_socket(0, 5); /* what TCP took is counted, and gone */
    CHECK_EQ(b->device.stats.lost_bytes, 7);
    CHECK_EQ(b->device.stats.resent_bytes, 1);
}

static void a_stop_in_the_middle_of_a_packet_sends_nothing_again(void)
{
    begin_open("cat1");
    b->sockets[0].room = 2;
    type_frame("abc");
    type_frame("d");
    dtu_device_stop(&b->device, b->now);
    CHECK_EQ(b->device.stats.resent_bytes, 0);
    CHECK_EQ(b->device.sockets[0].queue.stats.dropped, 2);
}

static void a_cut_packet_stays_in_front_when_newer_ones_come(void)
{
    begin_open("cat1");
    b->sockets[0].room = 1;
    type_frame("first");
    for (unsigned i = 0; i < 19; i++)
        type_frame("x");
    CHECK_SENT(0, "f");
    type("y"); /* no room for a 21st while the connection is up */
    wait_ms(60);
    CHECK(!dtu_device_uart_ready(&b->device));
    lose_socket(0, 0); /* now the oldest goes: nobody has its beginning any more */
    wait_ms(60);
    CHECK(dtu_device_uart_ready(&b->device));
    CHECK_EQ(b->device.sockets[0].queue.stats.dropped, 1);
    wait_ms(10000);
    b->sockets[0].room = LOTS;
    open_socket(0);
    CHECK_SENT(0, "xxxxxxxxxxxxxxxxxxxy");
}

static void a_kind_of_socket_that_is_not_served_is_told_and_left_alone(void)
{
    begin("k7"); /* its default: socket B is NONE, which asks for nothing */
    CHECK_EQ(b->events[DTU_EVENT_UNSERVED], 0);
    new_board("k7");
    init();
    set("SOCKB", "HTPC,a,1");
    set("SOCKA", "UDPC,a,1");
    start();
    CHECK_EQ(b->events[DTU_EVENT_UNSERVED], 1);
    CHECK_EQ(b->sockets[0].opens, 1);
    CHECK_EQ(b->sockets[0].kind, DTU_SOCKET_UDP_CLIENT);
    CHECK_EQ(b->sockets[1].opens, 0);
    CHECK_EQ(dtu_device_next(&b->device, b->now), DTU_NEVER);
    open_socket(1); /* ignored */
    CHECK_EQ(socket_rx(1, "x"), 0);
    wait_ms(1000000);
    CHECK_EQ(b->sockets[1].opens, 0);
}

static void events_that_make_no_sense_are_ignored(void)
{
    begin("cat1");
    dtu_device_socket_closed(&b->device, 0, 5, b->now); /* not open */
    CHECK_EQ(b->device.stats.lost_bytes, 0);
    open_socket(0);
    dtu_device_socket_failed(&b->device, 0, b->now); /* is open */
    dtu_device_socket_opened(&b->device, 0, b->now);
    dtu_device_socket_opened(&b->device, 7, b->now);
    dtu_device_socket_failed(&b->device, 1, b->now); /* not in use */
    dtu_device_socket_closed(&b->device, 4, 9, b->now);
    dtu_device_socket_writable(&b->device, 99, b->now);
    dtu_device_socket_refused(&b->device, 1, b->now);
    CHECK_EQ(b->device.stats.refused, 0);
    CHECK(!dtu_device_socket_ready(&b->device, 99));
    CHECK_EQ(b->device.stats.lost_bytes, 0);
    CHECK_EQ(b->device.sockets[0].link.stats.opened, 1);
    type_frame("abc");
    CHECK_SENT(0, "abc");
}

/* --- Time ----------------------------------------------------------------------------------- */

static void the_clock_may_wrap_anywhere(void)
{
    for (uint32_t before = 0; before < 400; before += 7) {
        begin("cat1");
        b->now = UINT32_MAX - before;
        start();
        clear_uart();
        open_socket(0);
        type("ab");
        wait_ms(49);
        type("c");
        wait_ms(60);
        CHECK_SENT(0, "abc");
        enter_command_mode();
        CHECK_COMMAND("AT+ENTM", OK);
        lose_socket(0, 0);
        wait_ms(9999);
        unsigned opens = b->sockets[0].opens;
        wait_ms(1);
        CHECK_EQ(b->sockets[0].opens, opens + 1);
    }
}

static void after_50_days_of_silence_everything_is_as_before(void)
{
    begin_open("cat1");
    type_frame("before");
    CHECK_SENT(0, "before");
    for (unsigned day = 0; day < 50; day++)
        wait_ms(86400000);
    CHECK_EQ(b->sockets[0].opens, 1);
    type_frame("after");
    CHECK_SENT(0, "after");
    enter_command_mode();
    for (unsigned day = 0; day < 50; day++)
        wait_ms(86400000);
    CHECK_COMMAND("AT+ENTM", OK);
    for (unsigned day = 0; day < 50; day++)
        wait_ms(86400000);
    type("+++"); /* the guard time has passed, however the counter stands */
    CHECK_UART("a");
}

static void nothing_to_do_means_never(void)
{
    begin_open("cat1");
    wait_ms(1000);
    CHECK_EQ(dtu_device_next(&b->device, b->now), DTU_NEVER);
    type("x");
    CHECK_EQ(dtu_device_next(&b->device, b->now), 51); /* guard and packing time, and a step */
    wait_ms(51);
    CHECK_EQ(dtu_device_next(&b->device, b->now), DTU_NEVER);
    CHECK_SENT(0, "x");
}

/* --- More than one, and anything at all ----------------------------------------------------- */

static void two_devices_do_not_meet(void)
{
    static struct board other_board;
    static struct memory other_memory;
    b = &other_board;
    memory = &other_memory;
    begin("gprs232-7s3");
    open_socket(0);
    b = &the_board;
    memory = &the_memory;
    begin("cat1");
    open_socket(0);
    enter_command_mode();
    type("AT+UAR");
    b = &other_board;
    b->now = 77777;
    type("data of the other");
    enter_command_mode();
    type("AT+SO");
    b = &the_board;
    CHECK_COMMAND("TFT=99", OK);
    CHECK_COMMAND("AT+ENTM", OK);
    type_frame("mine");
    CHECK_SENT(0, "mine");
    b = &other_board;
    CHECK_COMMAND("CKA?", VALUE("SOCKA:\"TCP\",\"test.usr.cn\",2317"));
    CHECK_SENT(0, "data of the other");
    b = &the_board;
}

/* What one socket got. Frames are a length, a number and filling; each is one packet. */
struct receiver {
    size_t at;         /* in what was sent, behind the last whole record */
    int32_t last;      /* number of the last whole record */
    int32_t cut;       /* of the one that was cut by the end of a connection, or -1 */
    unsigned received; /* whole records */
};

/* Whole records in rising order; one that was cut comes again whole, or is gone. */
static void receive(struct receiver *r, struct fake_socket *s)
{
    while (s->sent_len - r->at >= 3) {
        const uint8_t *record = s->sent + r->at;
        int32_t number = record[1] * 256 + record[2];
        if (s->sent_len - r->at < record[0])
            break;
        CHECK(number > r->last && number >= r->cut);
        for (size_t i = 3; i < record[0]; i++)
            CHECK_EQ(record[i], (uint8_t)('A' + (number + (int32_t)i) % 26));
        r->last = number;
        r->cut = -1;
        r->received++;
        r->at += record[0];
    }
    memmove(s->sent, s->sent + r->at, s->sent_len - r->at);
    s->sent_len -= r->at;
    r->at = 0;
}

static void end_connection(struct receiver *r, struct fake_socket *s)
{
    receive(r, s);
    if (s->sent_len > 0)
        r->cut = s->sent_len < 3 ? r->last + 1 : s->sent[1] * 256 + s->sent[2];
    s->sent_len = 0;
}

static size_t make_frame(uint8_t *frame, unsigned number, size_t len)
{
    frame[0] = (uint8_t)len;
    frame[1] = (uint8_t)(number >> 8);
    frame[2] = (uint8_t)number;
    for (size_t i = 3; i < len; i++)
        frame[i] = (uint8_t)('A' + (number + i) % 26);
    return len;
}

static void any_order_of_events_keeps_the_frames_whole_and_in_order(void)
{
    static const char *const products[] = {"cat1", "gprs232-7s3", "lte-7s4"};
    struct test_rand rnd;
    test_rand_seed(&rnd, 1234);
    for (unsigned round = 0; round < 30; round++) {
        struct receiver receivers[2] = {{0, -1, -1, 0}, {0, -1, -1, 0}};
        uint8_t frame[60];
        unsigned number = 0;
        bool held = false; /* the frame was not taken yet */
        size_t len = 0;
        uint32_t to_uart = 0;
        begin(products[round % COUNT(products)]);
        set("SOCKBEN", "ON");
        set("SOCKASL", round % 2 == 0 ? "LONG" : "SHORT");
        start();
        clear_uart();
        for (unsigned turn = 0; turn < 600; turn++) {
            unsigned i = (unsigned)test_rand_below(&rnd, 2);
            struct fake_socket *s = &b->sockets[i];
            switch (test_rand_below(&rnd, 9)) {
            case 0:
            case 1:
            case 2:
                wait_ms(60);
                if (!held)
                    len = make_frame(frame, number++,
                                     4 + test_rand_below(&rnd, 39)); /* no `+` in front */
                size_t taken = rx_bytes(frame, len);
                CHECK(taken == 0 || taken == len);
                held = taken == 0;
                break;
            case 3:
                s->room = test_rand_below(&rnd, 100);
                dtu_device_socket_writable(&b->device, i, b->now);
                break;
            case 4:
                if (dtu_link_state(&b->device.sockets[i].link) == DTU_LINK_OPENING)
                    open_socket(i);
                break;
            case 5:
                if (dtu_link_state(&b->device.sockets[i].link) == DTU_LINK_OPENING)
                    dtu_device_socket_failed(&b->device, i, b->now);
                break;
            case 6:
                end_connection(&receivers[i], s);
                lose_socket(i, 0);
                break;
            case 7:
                b->uart_room = test_rand_below(&rnd, 6);
                to_uart += (uint32_t)socket_rx(i, "from");
                break;
            default:
                wait_ms(test_rand_below(&rnd, 4000));
                break;
            }
            for (unsigned k = 0; k < 2; k++) {
                if (b->sockets[k].is_open)
                    receive(&receivers[k], &b->sockets[k]);
                else
                    end_connection(&receivers[k], &b->sockets[k]);
            }
            CHECK_EQ(b->uart_len, to_uart);
            CHECK_EQ(b->device.stats.received_bytes, to_uart);
        }
        wait_ms(60);
        for (unsigned k = 0; k < 2; k++) {
            const struct dtu_queue *q = &b->device.sockets[k].queue;
            CHECK_EQ(receivers[k].received + q->stats.dropped + dtu_queue_count(q),
                     q->stats.pushed);
            CHECK_EQ(q->stats.pushed + q->stats.refused, b->device.stats.frames);
        }
    }
}

static void any_split_of_the_uart_gives_the_same(void)
{
    static const char script[] = "+++aAT+UARTFT=20\rAT+VER?\r\nnope\rAT+ENTM\rdata +++ more";
    static char uart[UART_MAX];
    struct test_rand rnd;
    test_rand_seed(&rnd, 8);
    begin_open("cat1");
    type(script);
    wait_ms(60);
    size_t uart_len = b->uart_len;
    memcpy(uart, b->uart, uart_len);
    CHECK_SENT(0, "data +++ more");
    for (unsigned round = 0; round < 40; round++) {
        size_t at = 0;
        begin_open("cat1");
        while (at < sizeof script - 1) {
            size_t n = round == 0 ? 1 : 1 + test_rand_below(&rnd, 9);
            if (n > sizeof script - 1 - at)
                n = sizeof script - 1 - at;
            CHECK_EQ(rx_bytes(script + at, n), n);
            dtu_device_poll(&b->device, b->now);
            at += n;
        }
        wait_ms(60);
        CHECK_BYTES(b->uart, b->uart_len, uart, uart_len);
        CHECK_SENT(0, "data +++ more");
        CHECK_EQ(b->events[DTU_EVENT_COMMAND], 4);
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(init_refuses_what_cannot_work),
    CHECK_TEST(init_refuses_a_table_with_a_bad_default),
    CHECK_LARGE(a_queue_must_hold_the_longest_packet),
    CHECK_TEST(memory_of_exactly_the_needed_size_is_enough),
    CHECK_TEST(info_and_event_may_be_missing),
    CHECK_TEST(nothing_works_before_start_or_after_stop),
    CHECK_TEST(the_greeting_comes_first_on_a_uart_that_is_set),
    CHECK_TEST(the_greeting_is_the_users),
    CHECK_TEST(input_waits_until_the_greeting_is_out),
    CHECK_TEST(the_uart_is_set_as_the_settings_say),
    CHECK_TEST(a_pause_ends_a_frame_and_it_goes_to_the_socket),
    CHECK_TEST(the_packing_length_ends_a_frame_at_once),
    CHECK_TEST(an_idle_line_ends_a_frame_at_once),
    CHECK_LARGE(products_pack_by_their_own_settings),
    CHECK_LARGE(a_frame_goes_to_every_socket_in_use),
    CHECK_TEST(what_sockets_say_goes_to_the_uart_as_far_as_it_has_room),
    CHECK_LARGE(a_slow_socket_holds_the_uart_back_and_nothing_is_lost),
    CHECK_TEST(a_slow_socket_does_not_hold_the_other_back),
    CHECK_TEST(what_a_slow_socket_loses_is_counted),
    CHECK_TEST(while_every_connection_is_slow_the_uart_waits),
    CHECK_TEST(without_a_cache_data_of_a_socket_that_is_not_connected_is_dropped),
    CHECK_TEST(without_a_cache_a_short_lived_connection_still_gets_what_opens_it),
    CHECK_TEST(k7_can_drop_what_came_before_a_connection),
    CHECK_TEST(a_short_lived_connection_of_k7_keeps_what_opens_it),
    CHECK_TEST(without_a_cache_a_connection_that_was_given_up_keeps_nothing),
    CHECK_TEST(without_data_of_the_network_the_module_restarts),
    CHECK_TEST(a_connection_without_data_is_opened_anew_while_another_has_some),
    CHECK_TEST(in_another_work_mode_silence_is_no_reason_to_restart),
    CHECK_TEST(command_mode_is_no_silence),
    CHECK_TEST(k7_connects_anew_after_its_time_without_data),
    CHECK_TEST(a_server_that_cannot_be_had_has_a_backup),
    CHECK_TEST(a_backup_that_is_off_or_empty_is_none),
    CHECK_TEST(a_socket_that_is_not_up_keeps_the_newest_packets),
    CHECK_TEST(without_a_socket_frames_are_counted_as_unheard),
    CHECK_TEST(a_socket_without_memory_is_not_used),
    CHECK_TEST(udp_is_sent_in_whole_datagrams),
    CHECK_TEST(the_handshake_opens_command_mode_on_every_product),
    CHECK_TEST(a_silence_that_may_be_shorter_than_the_guard_time_does_not_count),
    CHECK_TEST(all_of_a_dialogue_in_one_read_is_understood),
    CHECK_TEST(a_handshake_that_breaks_is_data),
    CHECK_TEST(socket_data_waits_while_in_command_mode),
    CHECK_TEST(socket_data_does_not_split_an_answer_of_the_handshake),
    CHECK_TEST(until_an_answer_of_the_handshake_is_out_the_uart_is_not_ready),
    CHECK_TEST(a_reply_without_room_at_any_byte_is_the_same),
    CHECK_TEST(the_lf_behind_the_cr_of_a_last_command_is_no_data),
    CHECK_TEST(the_lf_in_the_same_read_is_no_data_either),
    CHECK_TEST(bytes_behind_a_reply_to_entm_that_waited_are_data),
    CHECK_TEST(bytes_behind_a_handshake_that_waited_are_commands),
    CHECK_TEST(bytes_behind_a_reply_to_z_that_waited_are_not_taken),
    CHECK_TEST(echo_is_sent_in_command_mode_only),
    CHECK_TEST(work_mode_cmd_starts_in_command_mode),
    CHECK_TEST(a_work_mode_that_is_not_served_is_told_and_does_nothing),
    CHECK_TEST(information_is_the_ports_or_the_products),
    CHECK_TEST(information_that_nobody_has_is_refused),
    CHECK_TEST(on_cat1_a_set_is_pending_until_s_which_restarts),
    CHECK_TEST(on_7s3_s_saves_and_does_not_restart),
    CHECK_TEST(on_7s4_and_k7_a_set_is_stored_at_once),
    CHECK_TEST(settings_take_effect_at_restart),
    CHECK_TEST(echo_is_at_once_and_stored_alone),
    CHECK_TEST(a_medium_that_fails_is_answered),
    CHECK_TEST(what_could_not_be_stored_is_not_done),
    CHECK_TEST(what_cannot_be_read_for_a_while_is_not_lost),
    CHECK_TEST(what_cannot_be_read_at_a_restart_is_not_lost),
    CHECK_TEST(what_cannot_be_read_at_power_on_is_not_lost),
    CHECK_TEST(clear_goes_through_while_what_is_stored_cannot_be_read),
    CHECK_TEST(a_set_is_refused_while_what_is_stored_cannot_be_read),
    CHECK_TEST(without_a_medium_only_saving_is_refused),
    CHECK_TEST(reld_restores_what_cfgtf_made_the_users_defaults),
    CHECK_TEST(reld_without_users_defaults_is_the_factorys),
    CHECK_TEST(users_defaults_that_cannot_be_read_are_told_and_none_is_kept),
    CHECK_TEST(without_a_medium_for_them_cfgtf_is_refused),
    CHECK_TEST(defaults_that_cannot_be_stored_are_told),
    CHECK_TEST(on_7s4_reld_and_clear_keep_the_apn),
    CHECK_TEST(the_users_mac_takes_the_place_of_the_boards),
    CHECK_TEST(mqttunsub_empties_the_place_and_stores_it),
    CHECK_TEST(what_the_device_cannot_do_goes_to_the_port),
    CHECK_TEST(until_the_login_every_command_but_it_is_refused),
    CHECK_TEST(once_logged_in_the_same_command_sets_the_password),
    CHECK_TEST(without_the_lock_the_command_sets_the_password),
    CHECK_TEST(leaving_command_mode_logs_out),
    CHECK_TEST(without_a_login_command_mode_ends_after_30_s),
    CHECK_TEST(a_login_in_time_stays),
    CHECK_TEST(a_login_that_comes_with_the_end_of_the_30_s_is_data),
    CHECK_TEST(the_end_of_the_30_s_cuts_no_reply),
    CHECK_TEST(a_command_in_the_data_of_the_uart_is_answered_there),
    CHECK_TEST(any_split_of_a_command_in_the_data_gives_the_same),
    CHECK_TEST(a_frame_that_is_no_whole_command_is_data_unchanged),
    CHECK_TEST(commands_in_the_data_can_be_switched_off_for_each_side),
    CHECK_TEST(the_password_is_a_setting),
    CHECK_TEST(without_memory_for_them_there_are_no_commands_in_the_data),
    CHECK_TEST(k7_has_no_commands_in_the_data),
    CHECK_TEST(a_reply_in_the_data_without_room_is_gone_on_with_and_not_split),
    CHECK_TEST(input_waits_for_a_reply_in_the_data),
    CHECK_TEST(a_command_right_behind_another_waits_for_its_reply),
    CHECK_TEST(a_command_in_the_data_is_one_frame_that_was_refused_once),
    CHECK_TEST(a_command_in_the_data_ends_with_an_idle_line_or_with_what_comes_after_a_pause),
    CHECK_TEST(what_the_handshake_held_back_goes_on_behind_a_command),
    CHECK_TEST(a_command_in_the_data_waits_for_an_answer_of_the_handshake),
    CHECK_TEST(a_command_in_the_data_needs_no_login_and_gives_none),
    CHECK_TEST(z_and_entm_in_the_data),
    CHECK_TEST(a_network_reply_goes_to_that_socket_only),
    CHECK_TEST(a_uart_reply_goes_to_no_socket),
    CHECK_LARGE(a_network_reply_waits_for_the_queue_and_no_other_comes_first),
    CHECK_TEST(a_reply_to_a_connection_that_is_gone_is_forgotten),
    CHECK_LARGE(a_long_reply_fits_every_queue_in_pieces),
    CHECK_TEST(a_network_command_does_not_disturb_a_line_at_the_uart),
    CHECK_TEST(an_sms_with_the_mark_is_a_command),
    CHECK_TEST(an_sms_without_the_mark_is_data),
    CHECK_TEST(on_other_products_an_sms_is_a_line),
    CHECK_TEST(an_mqtt_message_has_commands_between_semicolons),
    CHECK_TEST(an_mqtt_message_has_at_most_10_commands),
    CHECK_TEST(only_products_with_topics_take_mqtt_commands),
    CHECK_TEST(messages_need_a_port_that_takes_replies_and_a_device_that_runs),
    CHECK_LARGE(a_message_without_room_for_its_reply_loses_nothing_of_it),
    CHECK_LARGE(a_long_message_reply_refused_at_every_step_is_the_same),
    CHECK_TEST(a_restart_by_message_waits_for_the_reply),
    CHECK_TEST(what_was_lost_comes_back_under_no_reply),
    CHECK_TEST(nothing_behind_a_restart_in_a_message_is_done),
    CHECK_TEST(the_keyword_is_answered_and_opens_the_session),
    CHECK_TEST(what_is_not_quite_the_keyword_opens_nothing),
    CHECK_TEST(another_sender_is_ignored_and_counted_until_it_has_the_keyword),
    CHECK_TEST(the_session_ends_30_s_after_the_last_command),
    CHECK_TEST(entm_ends_the_session_and_a_restart_does),
    CHECK_TEST(a_datagram_waits_while_another_is_answered),
    CHECK_TEST(the_answer_to_the_keyword_has_the_users_values),
    CHECK_TEST(a_lost_connection_is_opened_again_after_the_products_time),
    CHECK_TEST(each_socket_of_7s4_has_its_own_time),
    CHECK_TEST(too_many_failures_in_a_row_want_a_restart),
    CHECK_TEST(two_sockets_that_give_up_want_one_restart),
    CHECK_TEST(an_attempt_that_takes_too_long_has_failed),
    CHECK_TEST(the_port_may_tell_the_outcome_from_inside_open),
    CHECK_TEST(a_short_lived_connection_is_opened_by_data_and_closed_by_quiet),
    CHECK_TEST(the_quiet_time_is_a_setting),
    CHECK_TEST(on_7s4_both_sockets_have_the_kind_of_socket_a),
    CHECK_TEST(a_connection_is_not_quiet_while_its_data_wait_for_the_uart),
    CHECK_TEST(a_connection_is_not_quiet_while_command_mode_holds_its_data),
    CHECK_TEST(a_command_in_the_rest_of_a_packet_is_data),
    CHECK_TEST(a_second_start_closes_what_the_first_opened),
    CHECK_TEST(a_reply_says_what_held_when_it_was_asked_for),
    CHECK_TEST(with_data_waiting_a_short_lived_connection_comes_back),
    CHECK_TEST(with_data_waiting_a_connection_that_became_quiet_comes_back),
    CHECK_TEST(a_packet_cut_by_a_lost_connection_is_sent_again_whole),
    CHECK_TEST(a_stop_in_the_middle_of_a_packet_sends_nothing_again),
    CHECK_TEST(a_cut_packet_stays_in_front_when_newer_ones_come),
    CHECK_TEST(a_kind_of_socket_that_is_not_served_is_told_and_left_alone),
    CHECK_TEST(events_that_make_no_sense_are_ignored),
    CHECK_TEST(the_clock_may_wrap_anywhere),
    CHECK_TEST(after_50_days_of_silence_everything_is_as_before),
    CHECK_TEST(nothing_to_do_means_never),
    CHECK_LARGE(two_devices_do_not_meet),
    CHECK_TEST(any_order_of_events_keeps_the_frames_whole_and_in_order),
    CHECK_TEST(any_split_of_the_uart_gives_the_same),
};
CHECK_MAIN(tests)
