/* SPDX-License-Identifier: MIT */
/* The whole module with the binary protocols: socket distribution, baud-rate synchronisation,
 * discovery, and K7's servers. Frames are those of frames.md, or made here by its rules. */
#include "board.h"
#include "rand.h"

#define BYTES(literal) ((const uint8_t *)(literal)), (sizeof(literal) - 1)

static size_t type_bytes(const uint8_t *data, size_t len)
{
    return dtu_device_uart_rx(&b->device, data, len, b->now);
}

#define TYPE(literal) CHECK_EQ(type_bytes(BYTES(literal)), sizeof(literal) - 1)
#define CHECK_UART_BYTES(literal)                                                                  \
    do {                                                                                           \
        CHECK_BYTES(b->uart, b->uart_len, literal, sizeof(literal) - 1);                           \
        clear_uart();                                                                              \
    } while (0)
#define CHECK_SENT_BYTES(i, literal)                                                               \
    do {                                                                                           \
        CHECK_BYTES(b->sockets[i].sent, b->sockets[i].sent_len, literal, sizeof(literal) - 1);     \
        b->sockets[i].sent_len = 0;                                                                \
    } while (0)
#define RX(i, literal) dtu_device_socket_rx(&b->device, i, BYTES(literal), b->now)

/* Reports, by frames.md section 1: SOCK 00, bit 7 of FLAG, the code. */
#define REPORT_HEAD "\xAA\xFD\x55\x00\x03\x00\x80\x00\x80"
#define REPORT_LENGTH "\xAA\xFD\x55\x00\x03\x00\x80\x01\x81"
#define REPORT_SOCKET "\xAA\xFD\x55\x00\x03\x00\x80\x02\x82"
#define REPORT_SUM "\xAA\xFD\x55\x00\x03\x00\x80\x04\x84"
#define REPORT_FAILED "\xAA\xFD\x55\x00\x03\x00\x80\x10\x90"

/* CC to socket A: the sample of frames.md. */
#define FRAME_A "\x55\xFD\xAA\x00\x03\x61\x00\xCC\x2D"
#define FRAME_B "\x55\xFD\xAA\x00\x03\x62\x00\xCC\x2E"

/* --- Socket distribution -------------------------------------------------------------------- */

/* Socket A, and B if it is wanted, connected. */
static void begin_sdp(const char *product, bool with_b)
{
    new_board(product);
    init();
    set("E", "OFF");
    set("SDPEN", "ON");
    set("SOCKBEN", with_b ? "ON" : "OFF");
    start();
    open_socket(0);
    if (with_b)
        open_socket(1);
    clear_uart();
}

static void a_frame_goes_to_the_socket_it_names(void)
{
    begin_sdp("cat1", true);
    TYPE(FRAME_B FRAME_A);
    wait_ms(60);
    CHECK_SENT_BYTES(0, "\xCC");
    CHECK_SENT_BYTES(1, "\xCC");
    CHECK_UART_BYTES("");
    CHECK_EQ(b->device.stats.frames, 2);
}

static void what_a_socket_sends_comes_in_a_frame(void)
{
    begin_sdp("cat1", true);
    CHECK_EQ(RX(1, "hi"), 2);
    CHECK_UART_BYTES("\xAA\xFD\x55\x00\x04\x62\x00hi\x33"); /* 62 + 00 + 68 + 69 = 133 */
    CHECK_EQ(b->device.stats.received_bytes, 2);
}

static void each_kind_of_bad_frame_is_reported(void)
{
    begin_sdp("cat1", false);
    TYPE("noise");
    wait_ms(60);
    CHECK_UART_BYTES(REPORT_HEAD);
    TYPE("\x55\xFD\xAA\x00\x01\x61");
    wait_ms(60);
    CHECK_UART_BYTES(REPORT_LENGTH);
    TYPE("\x55\xFD\xAA\x00\x03\x65\x00\xCC\x31"); /* there is no socket E */
    wait_ms(60);
    CHECK_UART_BYTES(REPORT_SOCKET);
    TYPE("\x55\xFD\xAA\x00\x03\x61\x00\xCC\x2C");
    wait_ms(60);
    CHECK_UART_BYTES(REPORT_SUM);
    TYPE(FRAME_B);
    wait_ms(60);
    CHECK_UART_BYTES(REPORT_FAILED);
    CHECK_EQ(b->device.stats.unsent, 1);
    CHECK_SENT_BYTES(0, "");
    CHECK_EQ(b->events[DTU_EVENT_REPORT], 5);
}

static void a_socket_that_the_product_has_not_got_is_no_socket(void)
{
    begin_sdp("lte-7s4", true);
    TYPE("\x55\xFD\xAA\x00\x03\x63\x00\xCC\x2F"); /* C */
    wait_ms(60);
    CHECK_UART_BYTES(REPORT_SOCKET);
}

static void a_frame_stands_among_noise(void)
{
    begin_sdp("cat1", false);
    TYPE("ab" FRAME_A "cd" FRAME_A);
    wait_ms(60);
    CHECK_SENT_BYTES(0, "\xCC\xCC");
    CHECK_UART_BYTES(REPORT_HEAD REPORT_HEAD);
}

static void a_pause_ends_a_frame_that_is_not_complete(void)
{
    begin_sdp("cat1", false);
    TYPE("\x55\xFD\xAA\x00\x03\x61");
    wait_ms(60);
    CHECK_UART_BYTES(REPORT_LENGTH);
    TYPE("\x00\xCC\x2D");
    wait_ms(60);
    CHECK_SENT_BYTES(0, "");
    CHECK_UART_BYTES(REPORT_HEAD);
}

static void a_frame_that_the_packing_length_cuts_is_put_together(void)
{
    begin_sdp("cat1", false);
    set("UARTFL", "10");
    start();
    open_socket(0);
    clear_uart();
    TYPE(FRAME_A FRAME_A FRAME_A FRAME_A); /* 36 bytes: cut at 10, 20 and 30 */
    wait_ms(60);
    CHECK_SENT_BYTES(0, "\xCC\xCC\xCC\xCC");
    CHECK_UART_BYTES("");
}

/* A damaged length that hides the frame behind it, until a pause shows that no more comes. */
static void a_pause_ends_what_the_packing_length_has_cut(void)
{
    begin_sdp("cat1", false);
    set("UARTFL", "18");
    set("UARTFT", "50");
    start();
    open_socket(0);
    clear_uart();
    TYPE("x\x55\xFD\xAA\x00\x0C\x61\x00\xCC" FRAME_A);
    wait_ms(50);
    CHECK_SENT_BYTES(0, "");
    wait_ms(1);
    CHECK_SENT_BYTES(0, "\xCC");
    CHECK_UART_BYTES(REPORT_HEAD REPORT_LENGTH);
    TYPE("x\x55\xFD\xAA\x00\x0C\x61\x00\xCC" FRAME_A);
    dtu_device_uart_idle(&b->device, b->now);
    CHECK_SENT_BYTES(0, "\xCC");
}

static void a_frame_longer_than_the_packing_length_is_refused(void)
{
    begin_sdp("cat1", false);
    set("UARTFL", "9");
    start();
    open_socket(0);
    clear_uart();
    TYPE(FRAME_A);
    wait_ms(60);
    CHECK_SENT_BYTES(0, "\xCC");
    TYPE("\x55\xFD\xAA\x00\x04\x61\x00\xCC\xCC\xF9"); /* 10 bytes */
    wait_ms(60);
    CHECK_SENT_BYTES(0, "");
    CHECK_UART_BYTES(REPORT_LENGTH);
}

static void a_frame_without_data_is_good_and_sends_nothing(void)
{
    begin_sdp("cat1", false);
    TYPE("\x55\xFD\xAA\x00\x02\x61\x00\x61");
    wait_ms(60);
    CHECK_EQ(b->sockets[0].sends, 0);
    CHECK_UART_BYTES("");
    CHECK_EQ(b->device.stats.frames, 1);
}

static void a_frame_for_a_socket_that_is_down_is_reported(void)
{
    begin_sdp("cat1", false);
    lose_socket(0, 0);
    TYPE(FRAME_A);
    wait_ms(60);
    CHECK_UART_BYTES(REPORT_FAILED);
    wait_ms(20000);
    open_socket(0);
    CHECK_SENT_BYTES(0, ""); /* it was refused, not kept */
}

static void a_frame_opens_a_short_lived_connection(void)
{
    new_board("cat1");
    init();
    set("SDPEN", "ON");
    set("SOCKASL", "SHORT");
    start();
    clear_uart();
    CHECK_EQ(b->sockets[0].opens, 0);
    TYPE(FRAME_A);
    wait_ms(60);
    CHECK_EQ(b->sockets[0].opens, 1);
    open_socket(0);
    CHECK_SENT_BYTES(0, "\xCC");
    CHECK_UART_BYTES("");
}

static void a_slow_connection_holds_the_uart_back(void)
{
    begin_sdp("cat1", false);
    b->sockets[0].room = 0;
    unsigned taken = 0;
    while (taken < 100 && dtu_device_uart_ready(&b->device)) {
        CHECK_EQ(type_bytes(BYTES(FRAME_A)), 9);
        wait_ms(60);
        taken++;
    }
    CHECK_EQ(taken, 21); /* 20 packets in the queue (manual 000), and one that waits */
    b->sockets[0].room = LOTS;
    dtu_device_socket_writable(&b->device, 0, b->now);
    wait_ms(1);
    CHECK(dtu_device_uart_ready(&b->device));
    CHECK_EQ(b->sockets[0].sent_len, taken);
    CHECK_EQ(b->device.sockets[0].queue.stats.dropped, 0);
    CHECK_UART_BYTES("");
}

static void nothing_comes_between_the_bytes_of_a_frame(void)
{
    begin_sdp("cat1", true);
    TYPE("x"); /* whose report is due when the line is idle */
    b->uart_room = 3;
    CHECK_EQ(RX(0, "abc"), 0);
    CHECK(dtu_device_socket_ready(&b->device, 0));
    CHECK(!dtu_device_socket_ready(&b->device, 1));
    CHECK_EQ(RX(1, "z"), 0);
    CHECK(!dtu_device_uart_ready(&b->device));
    CHECK_EQ(type_bytes(BYTES("y")), 0);
    dtu_device_uart_idle(&b->device, b->now);
    b->uart_room = 6;
    wait_ms(60);
    CHECK_EQ(RX(0, "abc"), 2); /* 4 bytes of the head, and room for 2 */
    wait_ms(60);
    b->uart_room = 1;
    CHECK_EQ(RX(0, "c"), 1);
    CHECK(!dtu_device_socket_ready(&b->device, 0)); /* the sum is not out */
    b->uart_room = LOTS;
    wait_ms(1);
    CHECK_EQ(RX(1, "z"), 1);
    /* 61 + 61 + 62 + 63 = 187; 62 + 7A = DC */
    CHECK_UART_BYTES("\xAA\xFD\x55\x00\x05\x61\x00"
                     "abc\x87" REPORT_HEAD "\xAA\xFD\x55\x00\x03\x62\x00z\xDC");
    CHECK_EQ(b->device.stats.received_bytes, 4);
}

/* While a socket's frame is on its way to a user who does not read, the rest of his own waits at
 * the port: that is no pause of his. */
static void a_pause_in_which_the_module_does_not_listen_is_none(void)
{
    begin_sdp("cat1", false);
    CHECK_EQ(type_bytes(BYTES("\x55\xFD\xAA\x00\x03")), 5);
    b->uart_room = 3;
    CHECK_EQ(RX(0, "abc"), 0);
    CHECK_EQ(type_bytes(BYTES("\x61\x00\xCC\x2D")), 0);
    wait_ms(10000);
    b->uart_room = LOTS;
    CHECK_EQ(RX(0, "abc"), 3);
    CHECK_EQ(type_bytes(BYTES("\x61\x00\xCC\x2D")), 4);
    CHECK_SENT_BYTES(0, "");
    wait_ms(51);
    CHECK_SENT_BYTES(0, "\xCC");
    CHECK_UART_BYTES("\xAA\xFD\x55\x00\x05\x61\x00"
                     "abc\x87");
}

static void a_report_waits_for_room(void)
{
    begin_sdp("cat1", true);
    b->uart_room = 4;
    TYPE("x" FRAME_B);
    wait_ms(60);
    CHECK_EQ(RX(0, "a"), 0);
    CHECK_EQ(b->uart_len, 4);
    b->uart_room = LOTS;
    wait_ms(1);
    CHECK_UART_BYTES(REPORT_HEAD);
    CHECK_SENT_BYTES(1, "\xCC");
    CHECK_EQ(b->events[DTU_EVENT_REPORT], 1);
}

/* A frame that holds one for socket A, which is full, and behind that what will be reported; then
 * what the reports must not break into begins, and then socket A has room. */
static void begin_held_frame(const char *behind)
{
    begin_sdp("cat1", false);
    set("HEARTEN", "ON");
    set("HEARTTP", "COM");
    start();
    clear_uart();
    open_socket(0);
    b->sockets[0].room = 0;
    for (unsigned i = 0; i < 20; i++) { /* packets in the queue (manual 000) */
        TYPE(FRAME_A);
        wait_ms(60);
    }
    CHECK(dtu_device_uart_ready(&b->device));
    TYPE(FRAME_A);
    CHECK_EQ(rx_bytes(behind, strlen(behind)), strlen(behind));
    wait_ms(60);
    CHECK_UART_BYTES("");
}

static void make_room_for_held(void)
{
    b->sockets[0].room = LOTS;
    dtu_device_socket_writable(&b->device, 0, b->now);
    CHECK_EQ(b->sockets[0].sent_len, 21);
}

static const struct {
    const char *bytes, *report;
    size_t len;
} reported[] = {{"x", REPORT_HEAD, sizeof REPORT_HEAD - 1},
                {"\x55\xFD\xAAx", REPORT_LENGTH, sizeof REPORT_LENGTH - 1}};

static void check_report_behind(const char *first, size_t i)
{
    size_t len = strlen(first);
    b->uart_room = LOTS;
    wait_ms(60);
    CHECK_BYTES(b->uart, len, first, len);
    CHECK_BYTES(b->uart + len, b->uart_len - len, reported[i].report, reported[i].len);
}

static void a_report_is_not_in_the_middle_of_an_answer_of_the_handshake(void)
{
    for (size_t i = 0; i < COUNT(reported); i++) {
        begin_held_frame(reported[i].bytes);
        b->uart_room = 0;
        TYPE("+++");
        make_room_for_held();
        check_report_behind("a", i);
    }
}

static void a_report_is_not_in_the_middle_of_a_reply(void)
{
    for (size_t i = 0; i < COUNT(reported); i++) {
        begin_held_frame(reported[i].bytes);
        TYPE("+++a");
        CHECK_UART("a+ok");
        b->uart_room = 5;
        TYPE("AT+UARTFT?\r");
        make_room_for_held();
        check_report_behind(VALUE("UARTFT:50"), i);
    }
}

static void a_report_of_what_was_held_is_not_in_the_middle_of_a_heartbeat(void)
{
    for (size_t i = 0; i < COUNT(reported); i++) {
        begin_held_frame(reported[i].bytes);
        b->uart_room = 3;
        wait_ms(30000);
        CHECK_EQ(b->uart_len, 3);
        make_room_for_held();
        check_report_behind("www.usr.cn", i);
    }
}

/* Socket B is not in use. */
static void a_refusal_waits_for_the_end_of_a_reply(void)
{
    begin_held_frame("");
    start();
    clear_uart();
    open_socket(0);
    b->sockets[0].room = 0;
    for (unsigned i = 0; i < 20; i++) {
        TYPE(FRAME_A);
        wait_ms(60);
    }
    TYPE(FRAME_A FRAME_B FRAME_A);
    wait_ms(60);
    TYPE("+++a");
    CHECK_UART("a+ok");
    b->uart_room = 5;
    TYPE("AT+UARTFT?\r");
    make_room_for_held();
    CHECK_EQ(b->device.stats.unsent, 0);
    b->uart_room = LOTS;
    wait_ms(60);
    CHECK_UART_BYTES("\r\n+UARTFT:50\r\n\r\nOK\r\n" REPORT_FAILED);
    CHECK_EQ(b->device.stats.unsent, 1);
    CHECK_EQ(b->sockets[0].sent_len, 22);
}

/* While the module does not listen the rest may be on its way: nothing ends, and nobody is woken.
 */
static void what_the_packing_length_has_cut_does_not_end_while_nobody_listens(void)
{
    begin_sdp("cat1", false);
    set("UARTFL", "18");
    start();
    open_socket(0);
    clear_uart();
    TYPE("x\x55\xFD\xAA\x00\x0C\x61\x00\xCC" FRAME_A);
    CHECK_UART_BYTES(REPORT_HEAD);
    b->uart_room = 3;
    CHECK_EQ(RX(0, "abc"), 0);
    wait_ms(10000);
    CHECK_SENT_BYTES(0, "");
    b->uart_room = LOTS;
    CHECK_EQ(RX(0, "abc"), 3);
    wait_ms(50);
    CHECK_SENT_BYTES(0, "");
    wait_ms(2);
    CHECK_SENT_BYTES(0, "\xCC");
}

/* A restart that is wanted while a frame of a socket is on its way to the UART. */
static void before_a_restart_no_more_of_a_frame_is_taken(void)
{
    begin_sdp("lte-7s4", false);
    b->uart_room = 3;
    CHECK_EQ(RX(0, "abc"), 0);
    CHECK(dtu_device_socket_ready(&b->device, 0));
    CHECK_EQ(dtu_device_message(&b->device, DTU_CHANNEL_MQTT, BYTES("AT+Z"), b->now), DTU_OK);
    CHECK_EQ(b->restarts, 1);
    b->uart_room = LOTS;
    CHECK(!dtu_device_socket_ready(&b->device, 0));
    CHECK_EQ(RX(0, "abc"), 0);
}

static void much_data_comes_in_several_frames(void)
{
    static uint8_t data[5000];
    uint8_t sum = 0x61;
    begin_sdp("cat1", false);
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7);
    CHECK_EQ(dtu_device_socket_rx(&b->device, 0, data, sizeof data, b->now), sizeof data);
    CHECK_EQ(b->uart_len, 5000 + 2 * 8);
    /* below 4096 in all: 4087 bytes of data, LEN = 4089 */
    CHECK_BYTES(b->uart, 7, "\xAA\xFD\x55\x0F\xF9\x61\x00", 7);
    CHECK_BYTES(b->uart + 7, 4087, data, 4087);
    for (size_t i = 0; i < 4087; i++)
        sum = (uint8_t)(sum + data[i]);
    CHECK_EQ((uint8_t)b->uart[7 + 4087], sum);
    CHECK_BYTES(b->uart + 4095, 7, "\xAA\xFD\x55\x03\x93\x61\x00", 7); /* 913 + 2 */
    CHECK_BYTES(b->uart + 4095 + 7, 913, data + 4087, 913);
}

static void commands_are_heard_beside_frames(void)
{
    begin_sdp("cat1", false);
    TYPE("usr.cn#AT+SDPEN?\r\n");
    wait_ms(60);
    CHECK_UART(VALUE("SDPEN:ON"));
    enter_command_mode();
    CHECK_COMMAND("AT+SDPEN?", VALUE("SDPEN:ON"));
    CHECK_COMMAND("AT+ENTM", OK);
    wait_ms(60);
    TYPE(FRAME_A);
    wait_ms(60);
    CHECK_SENT_BYTES(0, "\xCC");
}

static void a_frame_and_an_answer_of_the_handshake_wait_for_each_other(void)
{
    begin_sdp("cat1", false);
    wait_ms(300);
    b->uart_room = 0;
    TYPE("+++");
    CHECK_EQ(RX(0, "abc"), 0);
    b->uart_room = LOTS;
    wait_ms(1);
    CHECK_UART("a");
    b->uart_room = 8;
    CHECK_EQ(RX(0, "abc"), 1);
    CHECK_EQ(type_bytes(BYTES("a")), 0); /* its answer would come in between */
    b->uart_room = LOTS;
    CHECK_EQ(RX(0, "bc"), 2);
    TYPE("a");
    CHECK_UART_BYTES("\xAA\xFD\x55\x00\x05\x61\x00"
                     "abc\x87+ok");
}

/* A command of the UART waits for its end while a frame begins to go out; the UART can tell. */
static void a_reply_that_waits_for_a_frame_does_not_stop_it(void)
{
    begin_sdp("cat1", false);
    TYPE("usr.cn#AT+SDPEN?\r\n");
    b->uart_room = 8;
    CHECK_EQ(RX(0, "abc"), 1);
    dtu_device_uart_idle(&b->device, b->now);
    b->uart_room = LOTS;
    wait_ms(1);
    CHECK(dtu_device_socket_ready(&b->device, 0));
    CHECK(!dtu_device_socket_ready(&b->device, 1));
    CHECK_EQ(RX(0, "bcd"), 2); /* the next frame comes behind the reply */
    CHECK_EQ(RX(0, "d"), 0);
    wait_ms(1);
    CHECK_EQ(RX(0, "d"), 1);
    CHECK_UART_BYTES("\xAA\xFD\x55\x00\x05\x61\x00"
                     "abc\x87" VALUE("SDPEN:ON") "\xAA\xFD\x55\x00\x03\x61\x00"
                                                 "d\xC5");
    CHECK(dtu_device_uart_ready(&b->device));
}

/* The `a` that there was no room for is given up when nobody confirms. */
static void an_answer_that_was_given_up_holds_nothing_back(void)
{
    begin_sdp("cat1", false);
    wait_ms(300);
    b->uart_room = 0;
    TYPE("+++");
    wait_ms(10000);
    b->uart_room = LOTS;
    wait_ms(1);
    CHECK_EQ(RX(0, "abc"), 3);
}

/* Frames of sockets, commands, handshakes and noise meet at a UART with little room and pauses:
 * once there is room, nothing is stuck. */
static void whatever_waits_goes_on_when_there_is_room(void)
{
    static const char *const typed[] = {"usr.cn#AT+SDPEN?\r\n", "+++",       "+",       "a", "x",
                                        "AT+UARTFT?\r",         "AT+ENTM\r", "\x55\xFD"};
    static const uint8_t data[40] = {1, 2, 3};
    struct test_rand r;

    for (uint32_t seed = 0; seed < 300; seed++) {
        size_t owed[2] = {0, 0}; /* what a port would offer again */
        test_rand_seed(&r, seed);
        begin_sdp("cat1", true);
        for (unsigned step = 0; step < 60; step++) {
            unsigned i = test_rand_below(&r, 2);
            if (owed[i] == 0)
                owed[i] = test_rand_below(&r, sizeof data);
            if (owed[i] > 0)
                owed[i] -= dtu_device_socket_rx(&b->device, i, data, owed[i], b->now);
            const char *text = typed[test_rand_below(&r, COUNT(typed))];
            if (test_rand_below(&r, 3) == 0)
                (void)rx_bytes(text, strlen(text));
            b->uart_room = test_rand_below(&r, 4) == 0 ? test_rand_below(&r, 12) : 0;
            wait_ms(test_rand_below(&r, 2) == 0 ? 0 : test_rand_below(&r, 400));
            clear_uart();
        }
        b->uart_room = LOTS;
        for (unsigned k = 0; k < 4; k++) {
            wait_ms(4000); /* no handshake lasts so long */
            if (dtu_cmdmode_active(&b->device.cmdmode))
                (void)rx_bytes("\rAT+ENTM\r", 9);
            wait_ms(100);
            for (unsigned i = 0; i < 2; i++)
                if (owed[i] > 0)
                    owed[i] -= dtu_device_socket_rx(&b->device, i, data, owed[i], b->now);
            clear_uart();
        }
        CHECK_EQ(owed[0] + owed[1], 0);
        CHECK(dtu_device_uart_ready(&b->device));
        CHECK(dtu_device_socket_ready(&b->device, 0));
        CHECK(dtu_device_socket_ready(&b->device, 1));
    }
}

static void without_memory_for_frames_it_is_told_and_off(void)
{
    new_board("cat1");
    b->config.sdp.memory = NULL;
    init();
    set("SDPEN", "ON");
    start();
    open_socket(0);
    clear_uart();
    CHECK_EQ(b->events[DTU_EVENT_UNSERVED], 1);
    TYPE(FRAME_A);
    wait_ms(60);
    CHECK_SENT_BYTES(0, FRAME_A);
    b->config.sdp = (struct dtu_device_memory){the_memory.bytes, DTU_CAT1_PACKET_LEN - 1};
    CHECK_EQ(dtu_device_init(&b->device, &b->config, b), DTU_ERR_CONFIG);
}

static void a_restart_forgets_what_was_half_done(void)
{
    begin_sdp("cat1", false);
    set("UARTFL", "9");
    start();
    open_socket(0);
    clear_uart();
    TYPE(FRAME_A "\x55\xFD"); /* the second is held by the framer */
    b->uart_room = 3;
    CHECK_EQ(RX(0, "abc"), 0);
    b->uart_room = LOTS;
    dtu_device_restart(&b->device, b->now);
    CHECK_EQ(b->device.stats.cut_bytes, 2);
    CHECK(dtu_sdp_sender_idle(&b->device.sdp.sender));
}

/* Frames with data of random length, random room at the UART and random cuts: what the user's
 * decoder gets is what each socket sent. The data of a socket are random numbers, drawn once to be
 * sent and once to be compared. */
static struct {
    struct test_rand data;
    uint32_t len;
    uint32_t wrong;
} got[2];

static bool on_user_frame(void *ctx, const struct dtu_sdp_frame *frame)
{
    unsigned i = (unsigned)frame->socket - DTU_SDP_SOCKET_A;
    CHECK(ctx == got && i < 2 && frame->flag == 0);
    if (i >= 2)
        return true;
    for (size_t k = 0; k < frame->len; k++)
        got[i].wrong += frame->data[k] != test_rand_below(&got[i].data, 256);
    got[i].len += (uint32_t)frame->len;
    return true;
}

static void sockets_are_told_apart_however_slow_the_uart(void)
{
    static uint8_t frame_memory[DTU_SDP_FRAME_MAX];
    static const struct dtu_sdp_config config = {
        .direction = DTU_SDP_FROM_MODULE, .buffer = frame_memory, .size = sizeof frame_memory};
    static const struct dtu_sdp_callbacks callbacks = {.frame = on_user_frame};
    struct {
        struct test_rand data;
        uint32_t len;      /* in all */
        uint8_t piece[40]; /* the newest data, */
        size_t begin, end; /* of which these are not yet taken */
    } sent[2];
    struct dtu_sdp user;
    struct test_rand r;

    test_rand_seed(&r, 4);
    begin_sdp("cat1", true);
    CHECK_EQ(dtu_sdp_init(&user, &config, &callbacks, got), DTU_OK);
    memset(got, 0, sizeof got);
    memset(sent, 0, sizeof sent);
    for (unsigned i = 0; i < 2; i++) {
        test_rand_seed(&sent[i].data, 5 + i);
        test_rand_seed(&got[i].data, 5 + i);
    }
    for (unsigned step = 0; step < 20100; step++) { /* the last 100 for what is left */
        unsigned i = (unsigned)test_rand_below(&r, 2);
        if (sent[i].begin == sent[i].end && step < 20000) {
            sent[i].begin = 0;
            sent[i].end = 1 + test_rand_below(&r, sizeof sent[i].piece);
            for (size_t k = 0; k < sent[i].end; k++)
                sent[i].piece[k] = (uint8_t)test_rand_below(&sent[i].data, 256);
            sent[i].len += (uint32_t)sent[i].end;
        }
        if (sent[i].begin < sent[i].end)
            sent[i].begin += dtu_device_socket_rx(&b->device, i, sent[i].piece + sent[i].begin,
                                                  sent[i].end - sent[i].begin, b->now);
        b->uart_room = test_rand_below(&r, 12);
        dtu_device_poll(&b->device, b->now);
        CHECK_EQ(dtu_sdp_feed(&user, (const uint8_t *)b->uart, b->uart_len), b->uart_len);
        clear_uart();
    }
    b->uart_room = LOTS;
    dtu_device_poll(&b->device, b->now);
    CHECK_EQ(dtu_sdp_feed(&user, (const uint8_t *)b->uart, b->uart_len), b->uart_len);
    for (unsigned i = 0; i < 2; i++) {
        CHECK(sent[i].len > 5000);
        CHECK_EQ(got[i].len, sent[i].len);
        CHECK_EQ(got[i].wrong, 0);
    }
    CHECK_EQ(user.stats.skipped, 0);
}

/* --- Baud-rate synchronisation -------------------------------------------------------------- */

/* Samples of frames.md section 2. */
#define SYNC_115200 "\x55\xAA\x55\x01\xC2\x00\x03\xC6"
#define SYNC_9600 "\x55\xAA\x55\x00\x25\x80\x03\xA8"
#define SYNC_9600_7S3 "\x55\xAA\x55\x00\x25\x80\x83\x28"
#define SYNC_9600_8E1 "\x55\xAA\x55\x00\x25\x80\x1B\xC0"

static void begin_sync(const char *product)
{
    bool is_k7 = strcmp(product, "k7") == 0;
    new_board(product);
    use_medium();
    memset(slots, 0xFF, sizeof slots);
    init();
    set("E", "OFF");
    set("RFCEN", "ON");
    set("SOCKA", is_k7 ? "TCPC,a,1" : "TCP,a,1");
    start();
    open_socket(0);
    clear_uart();
    b->setups = 0;
}

static void a_frame_of_the_network_sets_the_uart(void)
{
    begin_sync("k7");
    CHECK_EQ(RX(0, SYNC_9600_8E1), 8);
    CHECK_EQ(b->setups, 1);
    CHECK_EQ(b->setup.baud, 9600);
    CHECK_EQ(b->setup.data_bits, 8);
    CHECK_EQ(b->setup.stop_bits, 1);
    CHECK_EQ(b->setup.parity, DTU_PARITY_EVEN);
    CHECK_EQ(dtu_device_uart(&b->device)->baud, 9600);
    CHECK_UART_BYTES("");
    CHECK_SENT_BYTES(0, ""); /* answered by nothing */
    CHECK_EQ(b->events[DTU_EVENT_UART], 1);
    CHECK_EQ(b->events[DTU_EVENT_DATA], 0);
    CHECK_EQ(b->device.stats.changes, 1);
}

static void bit_7_as_7s3_writes_it_is_ignored(void)
{
    begin_sync("gprs232-7s3");
    CHECK_EQ(RX(0, SYNC_9600_7S3), 8);
    CHECK_EQ(b->setup.baud, 9600);
    CHECK_EQ(b->setup.parity, DTU_PARITY_NONE);
}

static void a_product_that_does_not_follow_takes_the_frame_as_data(void)
{
    begin_sync("k7");
    set("RFCEN", "OFF");
    start();
    open_socket(0);
    clear_uart();
    b->setups = 0;
    CHECK_EQ(RX(0, SYNC_9600), 8);
    CHECK_EQ(b->setups, 0);
    CHECK_UART_BYTES(SYNC_9600);
}

static void a_frame_that_cannot_be_is_data(void)
{
    begin_sync("k7");
    CHECK_EQ(RX(0, "\x55\xAA\x55\x00\x25\x80\x03\xA9"), 8); /* the sum */
    CHECK_EQ(RX(0, "\x55\xAA\x55\x00\x01\x2B\x03\x2F"), 8); /* 299 baud */
    CHECK_EQ(RX(0, "\x55\xAA\x55\x0F\x42\x41\x03\x95"), 8); /* 1,000,001: K7 has 1,000,000 */
    CHECK_EQ(b->setups, 0);
    CHECK_UART_BYTES("\x55\xAA\x55\x00\x25\x80\x03\xA9"
                     "\x55\xAA\x55\x00\x01\x2B\x03\x2F"
                     "\x55\xAA\x55\x0F\x42\x41\x03\x95");
    CHECK_EQ(RX(0, "\x55\xAA\x55\x0F\x42\x40\x03\x94"), 8); /* 1,000,000 */
    CHECK_EQ(b->setup.baud, 1000000);
}

static void data_before_a_frame_goes_out_first(void)
{
    begin_sync("k7");
    b->uart_room = 2;
    CHECK_EQ(RX(0, "abc" SYNC_9600 "de"), 2);
    CHECK_EQ(b->setups, 0);
    b->uart_room = LOTS;
    CHECK_EQ(RX(0, "c" SYNC_9600 "de"), 11);
    CHECK_EQ(b->setups, 1);
    CHECK_EQ(b->uart_after_setup, 3);
    CHECK_UART("abcde");
}

static void the_beginning_of_a_frame_goes_as_data_after_the_packing_time(void)
{
    begin_sync("k7"); /* 4 bytes at 115200 baud: less than 1 ms, and a step of the clock */
    CHECK_EQ(RX(0, "a\x55\xAA"), 3);
    CHECK_UART("a");
    CHECK(dtu_device_next(&b->device, b->now) <= 2);
    b->now++;
    dtu_device_poll(&b->device, b->now);
    CHECK_EQ(b->uart_len, 0);
    b->uart_room = 1;
    wait_ms(1);
    CHECK_EQ(b->uart_len, 1);
    b->uart_room = LOTS;
    wait_ms(1);
    CHECK_UART_BYTES("\x55\xAA");
    CHECK_EQ(RX(0, SYNC_9600), 8); /* and the next frame is one */
    CHECK_EQ(b->setups, 1);
}

static void the_wait_is_the_packing_time_of_the_product(void)
{
    begin_sync("gprs232-7s3"); /* 50 ms (at.md, settled) */
    CHECK_EQ(RX(0, "\x55"), 1);
    wait_ms(49);
    CHECK_UART_BYTES("");
    CHECK_EQ(RX(0, "\xAA"), 1); /* begins anew */
    wait_ms(50);
    CHECK_UART_BYTES("");
    wait_ms(1);
    CHECK_UART_BYTES("\x55\xAA");
}

static void a_connection_that_ends_lets_what_is_held_go(void)
{
    begin_sync("gprs232-7s3");
    CHECK_EQ(RX(0, "\x55\xAA\x55"), 3);
    lose_socket(0, 0);
    wait_ms(0);
    CHECK_UART_BYTES("\x55\xAA\x55");
}

static void what_a_dropped_rest_belongs_to_is_cut_and_counted(void)
{
    begin_sync("k7");
    CHECK_EQ(RX(0, "\x55"), 1);
    b->uart_room = 0;
    CHECK_EQ(RX(0, "x"), 0);
    lose_socket(0, 0); /* and the port has dropped the rest */
    CHECK_EQ(b->device.stats.cut_bytes, 1);
    b->uart_room = LOTS;
    wait_ms(2000);
    open_socket(0);
    CHECK_EQ(RX(0, "\xAA"), 1);
    CHECK_UART_BYTES("\xAA");
}

static void held_bytes_wait_while_the_uart_is_in_command_mode(void)
{
    begin_sync("k7");
    wait_ms(100);
    TYPE("+++");
    CHECK_UART("a");
    CHECK_EQ(RX(0, "\x55"), 1);
    TYPE("a");
    CHECK_UART("+ok");
    wait_ms(1000);
    CHECK_UART("");
    CHECK_COMMAND("AT+ENTM", "\r\n+OK\r\n");
    wait_ms(1);
    CHECK_UART("\x55");
}

static void the_query_shows_the_rate_for_the_moment_and_the_stored_one_stays(void)
{
    begin_sync("k7");
    CHECK_EQ(RX(0, SYNC_9600_8E1), 8);
    enter_command_mode();
    CHECK_COMMAND("AT+UART?", "\r\n+OK=9600,8,1,EVEN,NFC\r\n");
    CHECK_COMMAND("AT+MID=other", "\r\n+OK\r\n"); /* which stores all settings */
    CHECK_COMMAND("AT+UART?", "\r\n+OK=9600,8,1,EVEN,NFC\r\n");
    dtu_device_restart(&b->device, b->now);
    clear_uart();
    CHECK_EQ(b->setup.baud, 115200);
    enter_command_mode();
    CHECK_COMMAND("AT+UART?", "\r\n+OK=115200,8,1,NONE,NFC\r\n");
}

static void the_query_writes_it_as_the_product_does(void)
{
    begin_sync("gprs232-7s3");
    CHECK_EQ(RX(0, "\x55\xAA\x55\x00\x04\xB0\x82\x36"), 8); /* 1200 7N1: not in AT+UART's list */
    enter_command_mode();
    CHECK_COMMAND("AT+UART?", VALUE("UART:1200,\"NONE\",7,1,\"NONE\""));
}

static void a_set_is_shown_from_then_on(void)
{
    begin_sync("k7");
    CHECK_EQ(RX(0, SYNC_9600), 8);
    enter_command_mode();
    CHECK_COMMAND("AT+UART=57600,8,1,NONE,NFC", "\r\n+OK\r\n");
    CHECK_COMMAND("AT+UART?", "\r\n+OK=57600,8,1,NONE,NFC\r\n");
    CHECK_EQ(dtu_device_uart(&b->device)->baud, 9600); /* until the restart */
}

static void a_uart_that_is_lent_is_shown_as_it_is_until_it_is_back(void)
{
    const struct dtu_uart his = {1200, 7, 2, DTU_PARITY_ODD, DTU_FLOW_NONE};
    begin_sync("k7");
    CHECK_EQ(RX(0, SYNC_9600_8E1), 8);
    b->setups = 0;
    enter_command_mode();
    dtu_device_lend_uart(&b->device, &his);
    CHECK_EQ(b->events[DTU_EVENT_LENT], 1);
    CHECK_EQ(b->last.len, 1);
    CHECK_EQ(dtu_device_uart(&b->device)->baud, 1200);
    CHECK_COMMAND("AT+UART?", "\r\n+OK=1200,7,2,ODD,NFC\r\n");
    CHECK_EQ(dtu_params_number(dtu_device_params(&b->device),
                               dtu_params_by_id(b->config.profile->table, DTU_ID_UART), 0),
             115200); /* nothing is set */
    dtu_device_lend_uart(&b->device, NULL);
    CHECK_EQ(b->last.len, 0);
    CHECK_EQ(dtu_device_uart(&b->device)->baud, 9600); /* as before, by a frame */
    CHECK_COMMAND("AT+UART?", "\r\n+OK=9600,8,1,EVEN,NFC\r\n");
    CHECK_EQ(b->setups, 0); /* that is up to the port */
}

static void a_uart_that_is_lent_is_shown_also_if_no_frame_has_set_it(void)
{
    const struct dtu_uart his = {1200, 7, 2, DTU_PARITY_ODD, DTU_FLOW_NONE};
    begin_sync("k7");
    dtu_device_lend_uart(&b->device, &his);
    enter_command_mode();
    CHECK_COMMAND("AT+UART?", "\r\n+OK=1200,7,2,ODD,NFC\r\n");
}

static void a_restart_does_not_end_the_loan(void)
{
    const struct dtu_uart his = {1200, 7, 2, DTU_PARITY_ODD, DTU_FLOW_NONE};
    begin_sync("k7");
    dtu_device_lend_uart(&b->device, &his);
    dtu_device_restart(&b->device, b->now);
    CHECK_EQ(dtu_device_uart(&b->device)->baud, 1200);
    dtu_device_lend_uart(&b->device, NULL);
    CHECK_EQ(dtu_device_uart(&b->device)->baud, 115200);
}

static void the_packing_time_of_4_bytes_follows(void)
{
    begin_sync("k7");
    CHECK_EQ(RX(0, "\x55\xAA\x55\x00\x01\x2C\x03\x30"), 8); /* 300 baud: 4 bytes take 133.3 ms */
    TYPE("x");
    wait_ms(133);
    CHECK_SENT_BYTES(0, "");
    wait_ms(3);
    CHECK_SENT_BYTES(0, "x");
}

static void a_slow_uart_gets_all_bytes_in_order(void)
{
    static uint8_t in[4000];
    static char expected[4000];
    size_t in_len = 0, expected_len = 0, taken = 0, frames = 0;
    struct test_rand r;

    test_rand_seed(&r, 9);
    begin_sync("k7");
    while (in_len < 3900) {
        if (test_rand_below(&r, 6) == 0) {
            memcpy(in + in_len, SYNC_115200, 8);
            in_len += 8;
            frames++;
            continue;
        }
        uint8_t byte = (uint8_t)(test_rand_below(&r, 2) == 0 ? 0x55 : 0xAA); /* false starts */
        if (test_rand_below(&r, 3) == 0)
            byte = (uint8_t)test_rand_below(&r, 256);
        in[in_len++] = byte;
        expected[expected_len++] = (char)byte;
    }
    for (uint32_t i = 0; i < 100000 && taken < in_len; i++) {
        size_t n = 1 + test_rand_below(&r, 20);
        b->uart_room = test_rand_below(&r, 8);
        n = n < in_len - taken ? n : in_len - taken;
        taken += dtu_device_socket_rx(&b->device, 0, in + taken, n, b->now);
    }
    b->uart_room = LOTS;
    wait_ms(10);
    CHECK_EQ(taken, in_len);
    CHECK_BYTES(b->uart, b->uart_len, expected, expected_len);
    CHECK_EQ(b->setups, frames);
}

/* --- K7's servers --------------------------------------------------------------------------- */

static void k7_listens_at_its_own_port(void)
{
    begin("k7"); /* manual 003, and at.md: TCP server at port 23 */
    CHECK_EQ(b->sockets[0].opens, 1);
    CHECK_EQ(b->sockets[0].kind, DTU_SOCKET_TCP_SERVER);
    CHECK_EQ(b->sockets[0].port, 23);
    CHECK_EQ(b->last.kind, DTU_EVENT_LINK);
    CHECK(b->last.listens);
    wait_ms(10000000); /* however long nobody comes */
    CHECK_EQ(b->sockets[0].opens, 1);
    CHECK_EQ(b->sockets[0].closes, 0);
    enter_command_mode();
    CHECK_COMMAND("AT+SOCKLKA", "\r\n+OK=LISTEN\r\n"); /* manual 003 section 4.1.4 */
    open_socket(0);
    CHECK_COMMAND("AT+SOCKLKA", "\r\n+OK=CONNECTED(1)\r\n");
    lose_socket(0, 0);
    CHECK_COMMAND("AT+SOCKLKA", "\r\n+OK=LISTEN\r\n"); /* at once */
    CHECK_EQ(b->sockets[0].opens, 2);
}

static void a_tcp_server_shows_how_many_clients_it_has(void)
{
    begin("k7");
    enter_command_mode();
    open_socket(0);
    dtu_device_socket_clients(&b->device, 0, 3);
    CHECK_COMMAND("AT+SOCKLKA", "\r\n+OK=CONNECTED(3)\r\n"); /* manual 003 section 4.1.4 */
    dtu_device_socket_clients(&b->device, 0, 16);
    CHECK_COMMAND("AT+SOCKLKA", "\r\n+OK=CONNECTED(16)\r\n");
    dtu_device_socket_clients(&b->device, 7, 2); /* there is none */
    lose_socket(0, 0);
    CHECK_COMMAND("AT+SOCKLKA", "\r\n+OK=LISTEN\r\n");
    open_socket(0);
    CHECK_COMMAND("AT+SOCKLKA", "\r\n+OK=CONNECTED(1)\r\n");
}

static void a_server_that_is_open_is_not_opened_once_more(void)
{
    begin("k7");
    enter_command_mode();
    open_socket(0);
    dtu_device_socket_clients(&b->device, 0, 3);
    open_socket(0);
    CHECK_COMMAND("AT+SOCKLKA", "\r\n+OK=CONNECTED(3)\r\n");
}

static void a_udp_server_has_no_number_of_clients(void)
{
    new_board("k7");
    init();
    set("SOCKA", "UDPS,a,2000");
    start();
    CHECK_EQ(b->sockets[0].kind, DTU_SOCKET_UDP_SERVER);
    CHECK_EQ(b->sockets[0].port, 2000);
    open_socket(0);
    enter_command_mode();
    CHECK_COMMAND("AT+SOCKLKA", "\r\n+OK=CONNECTED\r\n");
}

static void a_port_that_cannot_be_had_is_tried_again_for_ever(void)
{
    new_board("k7");
    b->sockets[0].opening = REFUSED;
    init();
    start();
    CHECK_EQ(b->sockets[0].opens, 1);
    wait_ms(1999);
    CHECK_EQ(b->sockets[0].opens, 1);
    wait_ms(1);
    CHECK_EQ(b->sockets[0].opens, 2);
    wait_ms(20000000);
    CHECK_EQ(b->sockets[0].opens, 2 + 10000);
    CHECK_EQ(b->restarts, 0);
    type_frame("still there");
    CHECK_EQ(b->device.stats.frames, 1);
}

/* --- Discovery ------------------------------------------------------------------------------ */

#define MAC "\xD8\xB0\x4C\xF0\x00\x01" /* the board's */
#define LOGIN "admin\0admin\0"

static uint8_t answer[DTU_DISCOVERY_READ_LEN];
static size_t answer_len;

/* A request by frames.md section 3: LEN from CMD to the end, SUM from LEN. */
static void ask_as(const char *mac, const char *login, uint8_t command, const void *params,
                   size_t len)
{
    uint8_t out[100] = {0xFF, (uint8_t)(19 + len), command};
    uint8_t sum = 0;
    memcpy(out + 3, mac, 6);
    memcpy(out + 9, login, 12);
    if (len > 0)
        memcpy(out + 21, params, len);
    for (size_t i = 1; i < 21 + len; i++)
        sum = (uint8_t)(sum + out[i]);
    out[21 + len] = sum;
    answer_len = dtu_device_request(&b->device, out, 22 + len, answer, sizeof answer, b->now);
}

static void ask(uint8_t command, const void *params, size_t len)
{
    ask_as(MAC, LOGIN, command, params, len);
}

#define CHECK_ANSWER(literal) CHECK_BYTES(answer, answer_len, literal, sizeof(literal) - 1)

static void begin_k7(void)
{
    new_board("k7");
    use_medium();
    memset(slots, 0xFF, sizeof slots);
    init();
    start();
    clear_uart();
}

static void restart_board(void)
{
    dtu_device_restart(&b->device, b->now);
    clear_uart();
}

static void a_search_is_answered_with_who_it_is(void)
{
    static const uint8_t other[] = {10, 0, 0, 9};
    uint8_t check = 0;
    begin_k7();
    answer_len =
        dtu_device_request(&b->device, BYTES("\xFF\x01\x01\x02"), answer, sizeof answer, b->now);
    CHECK_EQ(answer_len, 36);
    /* version 3016 is 0BC8 */
    CHECK_BYTES(answer, 35,
                "\xFF\x24\x01\x00\x00\xC0\xA8\x00\x07" MAC "\xC8\x0B\x00\x00"
                "USR-K7\0\0\0\0\0\0\0\0\0\0",
                35);
    for (size_t i = 0; i < 35; i++)
        check = (uint8_t)(check - answer[i]);
    CHECK_EQ(answer[35], check);
    dtu_device_set_ip(&b->device, other);
    answer_len =
        dtu_device_request(&b->device, BYTES("\xFF\x01\x01\x02"), answer, sizeof answer, b->now);
    CHECK_BYTES(answer + 5, 4, other, 4);
    dtu_device_set_ip(&b->device, NULL);
    answer_len =
        dtu_device_request(&b->device, BYTES("\xFF\x01\x01\x02"), answer, sizeof answer, b->now);
    CHECK_BYTES(answer + 5, 4, "\xC0\xA8\x00\x07", 4);
    CHECK_EQ(b->device.stats.requests, 3);
    CHECK_EQ(b->last.outcome, DTU_DISCOVERY_SERVED);
}

static void a_block_changes_what_commands_show(void)
{
    begin_k7();
    ask(DTU_DISCOVERY_READ, NULL, 0);
    CHECK_EQ(answer_len, 180);
    uint8_t block[63];
    memcpy(block, answer + 67, 63);
    CHECK_BYTES(block, 4, "\x00\xC2\x01\x00", 4);         /* 115200 */
    memcpy(block, "\x80\x25\x00\x00\x07\x03\x02\x03", 8); /* 9600 7E2, RTS/CTS */
    ask(DTU_DISCOVERY_PORT_0, block, sizeof block);
    CHECK_ANSWER("\xFF\x01\x06\x4B");
    enter_command_mode();
    CHECK_COMMAND("AT+UART?", "\r\n+OK=9600,7,2,EVEN,FCH\r\n");
    CHECK_EQ(b->setup.baud, 115200); /* until the restart */
}

static void what_was_set_lasts_when_it_was_saved(void)
{
    uint8_t basic[67];
    begin_k7();
    ask(DTU_DISCOVERY_READ, NULL, 0);
    memcpy(basic, answer, sizeof basic);
    memcpy(basic + 21, "kiln\0\0", 6);
    ask(DTU_DISCOVERY_BASIC, basic, sizeof basic);
    CHECK_ANSWER("\xFF\x01\x05\x4B");
    restart_board(); /* without saving */
    enter_command_mode();
    CHECK_COMMAND("AT+MID", "\r\n+OK=USR-K7\r\n");
    CHECK_COMMAND("AT+ENTM", "\r\n+OK\r\n");
    ask(DTU_DISCOVERY_BASIC, basic, sizeof basic);
    ask(DTU_DISCOVERY_SAVE, NULL, 0);
    CHECK_ANSWER("\xFF\x01\x04\x4B");
    CHECK_EQ(b->device.stats.saves, 1);
    restart_board();
    enter_command_mode();
    CHECK_COMMAND("AT+MID", "\r\n+OK=kiln\r\n");
}

static void a_request_to_restart_is_answered_first(void)
{
    begin_k7();
    ask(DTU_DISCOVERY_RESTART, NULL, 0);
    CHECK_ANSWER("\xFF\x01\x02\x4B");
    CHECK_EQ(b->restarts, 1);
    ask(DTU_DISCOVERY_READ, NULL, 0); /* until it has restarted nothing comes in */
    CHECK_EQ(answer_len, 0);
}

static void a_wrong_login_changes_nothing(void)
{
    uint8_t block[63] = {0};
    begin_k7();
    ask_as(MAC, "admin\0admim\0", DTU_DISCOVERY_RESTART, NULL, 0);
    CHECK_ANSWER("\xFF\x01\x02\x50");
    ask_as(MAC, "admi\0\0admin\0", DTU_DISCOVERY_READ, NULL, 0);
    CHECK_ANSWER("\xFF\x01\x03\x50");
    ask_as(MAC, "\0\0\0\0\0\0\0\0\0\0\0\0", DTU_DISCOVERY_PORT_0, block, sizeof block);
    CHECK_ANSWER("\xFF\x01\x06\x50");
    CHECK_EQ(b->restarts, 0);
    CHECK_EQ(b->device.stats.refusals, 3);
    CHECK_EQ(b->device.stats.requests, 0);
    CHECK_EQ(b->last.outcome, DTU_DISCOVERY_DENIED);
}

static void the_login_is_that_of_the_running_settings(void)
{
    begin_k7();
    set("WEBU", "me,you");
    ask(DTU_DISCOVERY_READ, NULL, 0);
    CHECK_EQ(answer_len, 180);
    start();
    ask(DTU_DISCOVERY_READ, NULL, 0);
    CHECK_ANSWER("\xFF\x01\x03\x50");
    ask_as(MAC, "me\0\0\0\0you\0\0\0", DTU_DISCOVERY_READ, NULL, 0);
    CHECK_EQ(answer_len, 180);
}

static void a_request_for_another_module_is_ignored(void)
{
    begin_k7();
    ask_as("\xD8\xB0\x4C\xF0\x00\x02", LOGIN, DTU_DISCOVERY_READ, NULL, 0);
    CHECK_EQ(answer_len, 0);
    CHECK_EQ(b->device.stats.refusals, 0);
    set("USERMAC", "D8B04CF00002");
    start();
    ask_as("\xD8\xB0\x4C\xF0\x00\x02", LOGIN, DTU_DISCOVERY_READ, NULL, 0);
    CHECK_EQ(answer_len, 180);
    ask(DTU_DISCOVERY_READ, NULL, 0);
    CHECK_EQ(answer_len, 0);
}

static void a_block_with_an_impossible_value_changes_nothing(void)
{
    uint8_t block[63];
    begin_k7();
    ask(DTU_DISCOVERY_READ, NULL, 0);
    memcpy(block, answer + 67, 63);
    memcpy(block, "\x80\x25", 2);
    block[51] = 9; /* no such mode */
    ask(DTU_DISCOVERY_PORT_0, block, sizeof block);
    CHECK_ANSWER("\xFF\x01\x06\x45");
    enter_command_mode();
    CHECK_COMMAND("AT+UART?", "\r\n+OK=115200,8,1,NONE,NFC\r\n");
    CHECK_COMMAND("AT+ENTM", "\r\n+OK\r\n");
    ask(DTU_DISCOVERY_PORT_0 + 1, block, sizeof block); /* there is one port */
    CHECK_ANSWER("\xFF\x01\x07\x45");
}

static void what_cannot_be_stored_is_an_error(void)
{
    begin_k7();
    medium_fails = true;
    ask(DTU_DISCOVERY_SAVE, NULL, 0);
    medium_fails = false;
    CHECK_ANSWER("\xFF\x01\x04\x45");
}

static void a_request_that_fails_is_told_as_such(void)
{
    uint8_t basic[67];
    begin_k7();
    ask(DTU_DISCOVERY_READ, NULL, 0);
    memcpy(basic, answer, sizeof basic);
    ask(DTU_DISCOVERY_PORT_0 + 1, basic, 63); /* there is one port */
    CHECK_EQ(b->last.outcome, DTU_DISCOVERY_FAILED);
    medium_fails = true;
    ask(DTU_DISCOVERY_SAVE, NULL, 0);
    CHECK_EQ(b->last.outcome, DTU_DISCOVERY_FAILED);
    ask(DTU_DISCOVERY_FACTORY, NULL, 0);
    medium_fails = false;
    CHECK_EQ(b->last.outcome, DTU_DISCOVERY_FAILED);
    CHECK_EQ(b->last.len, DTU_DISCOVERY_FACTORY);
    CHECK_EQ(b->device.stats.refusals, 3);
    CHECK_EQ(b->device.stats.requests, 1);
}

static void a_block_is_set_once(void)
{
    uint8_t basic[67];
    begin_k7();
    ask(DTU_DISCOVERY_READ, NULL, 0);
    memcpy(basic, answer, sizeof basic);
    memcpy(basic + 21, "kiln\0\0", 6);
    ask(DTU_DISCOVERY_BASIC, basic, sizeof basic);
    CHECK_ANSWER("\xFF\x01\x05\x4B");
    set("MID", "oven");
    ask(DTU_DISCOVERY_READ, NULL, 0);
    CHECK_EQ(b->last.outcome, DTU_DISCOVERY_SERVED);
    CHECK_EQ(answer_len, 180);
    CHECK_BYTES(answer + 21, 6, "oven\0\0", 6);
    enter_command_mode();
    CHECK_COMMAND("AT+MID", "\r\n+OK=oven\r\n");
}

static void what_was_lost_comes_back_by_discovery_alone(void)
{
    begin_k7();
    set("MID", "kiln");
    ask(DTU_DISCOVERY_SAVE, NULL, 0);
    medium_unreadable = true;
    restart_board();
    ask(DTU_DISCOVERY_SAVE, NULL, 0);
    CHECK_ANSWER("\xFF\x01\x04\x45");
    medium_unreadable = false;
    ask(DTU_DISCOVERY_SAVE, NULL, 0); /* behind which it can be read */
    CHECK_ANSWER("\xFF\x01\x04\x45");
    ask(DTU_DISCOVERY_SAVE, NULL, 0);
    CHECK_ANSWER("\xFF\x01\x04\x4B");
    enter_command_mode();
    CHECK_COMMAND("AT+MID", "\r\n+OK=kiln\r\n");
}

/* What is stored is read again by way of the memory of the line. */
static void a_command_that_is_being_typed_is_whole_or_forgotten(void)
{
    begin_k7();
    ask(DTU_DISCOVERY_SAVE, NULL, 0);
    enter_command_mode();
    type("AT+MI");
    ask(DTU_DISCOVERY_FACTORY, NULL, 0);
    CHECK_ANSWER("\xFF\x01\x0B\x4B");
    CHECK_COMMAND("D", "\r\n+OK=USR-K7\r\n");
    type("AT+MI");
    medium_fails = true;
    ask(DTU_DISCOVERY_SAVE, NULL, 0); /* reads nothing */
    CHECK_COMMAND("D", "\r\n+OK=USR-K7\r\n");
    type("AT+MI");
    ask(DTU_DISCOVERY_FACTORY, NULL, 0);
    CHECK_ANSWER("\xFF\x01\x0B\x45");
    CHECK_COMMAND("AT+MID", "\r\n+OK=USR-K7\r\n");
    medium_fails = false;
    medium_unreadable = true;
    restart_board();
    enter_command_mode();
    medium_unreadable = false;
    type("AT+MI");
    ask(DTU_DISCOVERY_SAVE, NULL, 0);
    CHECK_COMMAND("AT+MID", "\r\n+OK=USR-K7\r\n");
}

/* Nor is a reply cut that is on its way: its line is done with. */
static void a_reply_on_its_way_goes_on_when_a_request_cannot_be_stored(void)
{
    begin_k7();
    ask(DTU_DISCOVERY_SAVE, NULL, 0);
    enter_command_mode();
    b->uart_room = 4;
    type("AT+MID\r");
    medium_fails = true;
    ask(DTU_DISCOVERY_FACTORY, NULL, 0);
    medium_fails = false;
    CHECK_ANSWER("\xFF\x01\x0B\x45");
    b->uart_room = LOTS;
    dtu_device_poll(&b->device, b->now);
    CHECK_UART("\r\n+OK=USR-K7\r\n");
}

static void factory_settings_come_back(void)
{
    begin_k7();
    set("MID", "kiln");
    ask(DTU_DISCOVERY_FACTORY, NULL, 0);
    CHECK_ANSWER("\xFF\x01\x0B\x4B");
    enter_command_mode();
    CHECK_COMMAND("AT+MID", "\r\n+OK=USR-K7\r\n");
}

static void what_no_command_reaches_is_kept(void)
{
    uint8_t basic[67];
    begin_k7();
    ask(DTU_DISCOVERY_READ, NULL, 0);
    memcpy(basic, answer, sizeof basic);
    memcpy(basic + 49, "\x05\x34\x12\x03", 4); /* send time, device id, its type */
    ask(DTU_DISCOVERY_BASIC, basic, sizeof basic);
    ask(DTU_DISCOVERY_SAVE, NULL, 0);
    restart_board();
    ask(DTU_DISCOVERY_READ, NULL, 0);
    CHECK_BYTES(answer, 67, basic, 67);
    enter_command_mode();
    CHECK_COMMAND("AT+BLOCKS", "\r\n+ERR=-2\r\n"); /* nor does this */
    CHECK_COMMAND("AT+BLOCKS1?", "\r\n+ERR=-2\r\n");
}

static const char *shown_address;

static enum dtu_status show_address(void *ctx, const struct dtu_param *row, const uint8_t *args,
                                    size_t len, const struct dtu_text *out)
{
    (void)ctx;
    (void)args;
    (void)len;
    if (row->id != DTU_ID_MAC)
        return DTU_ERR_NOT_ALLOWED;
    if (out != NULL)
        dtu_text_string(out, shown_address);
    return DTU_OK;
}

/* Zeroes: an address that is none cannot be taken for another's. */
static void without_a_whole_hardware_address_it_is_zeroes(void)
{
    static const char *const none[] = {
        "", "D8B04C", "D8B04CF00001AB", "D8:B0:4C:F0:0", "D8:B0:4C:F0:", "D8B04CF0000G"};
    struct dtu_device_port other = port;
    begin_k7();
    b->config.port = &other;
    other.info = NULL;
    ask_as("\0\0\0\0\0\0", LOGIN, DTU_DISCOVERY_READ, NULL, 0);
    CHECK_EQ(answer_len, 180);
    answer_len =
        dtu_device_request(&b->device, BYTES("\xFF\x01\x01\x02"), answer, sizeof answer, b->now);
    CHECK_BYTES(answer + 9, 6, "\0\0\0\0\0\0", 6);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        other.info = show_address;
        shown_address = none[i];
        answer_len = dtu_device_request(&b->device, BYTES("\xFF\x01\x01\x02"), answer,
                                        sizeof answer, b->now);
        CHECK_BYTES(answer + 9, 6, "\0\0\0\0\0\0", 6);
    }
}

static void what_is_too_short_for_a_request_is_ignored(void)
{
    begin_k7();
    for (size_t len = 0; len < 4; len++)
        CHECK_EQ(dtu_device_request(&b->device, (const uint8_t *)"\xFF\x01\x01\x02", len, answer,
                                    sizeof answer, b->now),
                 0);
    CHECK_EQ(b->events[DTU_EVENT_REQUEST], 0);
}

static void other_products_are_not_found(void)
{
    begin("cat1");
    answer_len =
        dtu_device_request(&b->device, BYTES("\xFF\x01\x01\x02"), answer, sizeof answer, b->now);
    CHECK_EQ(answer_len, 0);
}

static void the_keyword_is_answered_with_the_same_address(void)
{
    static const struct dtu_peer peer = {{10, 0, 0, 1}, 5};
    static const uint8_t ip[] = {10, 0, 0, 9};
    begin_k7();
    dtu_device_set_ip(&b->device, ip);
    CHECK_EQ(dtu_device_datagram(&b->device, &peer, BYTES("www.usr.cn"), b->now), DTU_OK);
    CHECK_BYTES(b->replies[DTU_CHANNEL_UDP], b->reply_len[DTU_CHANNEL_UDP],
                "10.0.0.9,D8B04CF00001,USR-K7", 28);
}

static const struct check_test tests[] = {
    CHECK_TEST(a_frame_goes_to_the_socket_it_names),
    CHECK_TEST(what_a_socket_sends_comes_in_a_frame),
    CHECK_TEST(each_kind_of_bad_frame_is_reported),
    CHECK_TEST(a_socket_that_the_product_has_not_got_is_no_socket),
    CHECK_TEST(a_frame_stands_among_noise),
    CHECK_TEST(a_pause_ends_a_frame_that_is_not_complete),
    CHECK_TEST(a_frame_that_the_packing_length_cuts_is_put_together),
    CHECK_TEST(a_pause_ends_what_the_packing_length_has_cut),
    CHECK_TEST(a_frame_longer_than_the_packing_length_is_refused),
    CHECK_TEST(a_frame_without_data_is_good_and_sends_nothing),
    CHECK_TEST(a_frame_for_a_socket_that_is_down_is_reported),
    CHECK_TEST(a_frame_opens_a_short_lived_connection),
    CHECK_TEST(a_slow_connection_holds_the_uart_back),
    CHECK_TEST(nothing_comes_between_the_bytes_of_a_frame),
    CHECK_TEST(a_pause_in_which_the_module_does_not_listen_is_none),
    CHECK_TEST(a_report_waits_for_room),
    CHECK_TEST(a_report_is_not_in_the_middle_of_an_answer_of_the_handshake),
    CHECK_TEST(a_report_is_not_in_the_middle_of_a_reply),
    CHECK_TEST(a_report_of_what_was_held_is_not_in_the_middle_of_a_heartbeat),
    CHECK_TEST(a_refusal_waits_for_the_end_of_a_reply),
    CHECK_TEST(what_the_packing_length_has_cut_does_not_end_while_nobody_listens),
    CHECK_TEST(before_a_restart_no_more_of_a_frame_is_taken),
    CHECK_LARGE(much_data_comes_in_several_frames),
    CHECK_TEST(commands_are_heard_beside_frames),
    CHECK_TEST(a_frame_and_an_answer_of_the_handshake_wait_for_each_other),
    CHECK_TEST(a_reply_that_waits_for_a_frame_does_not_stop_it),
    CHECK_TEST(an_answer_that_was_given_up_holds_nothing_back),
    CHECK_TEST(whatever_waits_goes_on_when_there_is_room),
    CHECK_TEST(without_memory_for_frames_it_is_told_and_off),
    CHECK_TEST(a_restart_forgets_what_was_half_done),
    CHECK_TEST(sockets_are_told_apart_however_slow_the_uart),
    CHECK_TEST(a_frame_of_the_network_sets_the_uart),
    CHECK_TEST(bit_7_as_7s3_writes_it_is_ignored),
    CHECK_TEST(a_product_that_does_not_follow_takes_the_frame_as_data),
    CHECK_TEST(a_frame_that_cannot_be_is_data),
    CHECK_TEST(data_before_a_frame_goes_out_first),
    CHECK_TEST(the_beginning_of_a_frame_goes_as_data_after_the_packing_time),
    CHECK_TEST(the_wait_is_the_packing_time_of_the_product),
    CHECK_TEST(a_connection_that_ends_lets_what_is_held_go),
    CHECK_TEST(what_a_dropped_rest_belongs_to_is_cut_and_counted),
    CHECK_TEST(held_bytes_wait_while_the_uart_is_in_command_mode),
    CHECK_TEST(the_query_shows_the_rate_for_the_moment_and_the_stored_one_stays),
    CHECK_TEST(the_query_writes_it_as_the_product_does),
    CHECK_TEST(a_set_is_shown_from_then_on),
    CHECK_TEST(a_uart_that_is_lent_is_shown_as_it_is_until_it_is_back),
    CHECK_TEST(a_uart_that_is_lent_is_shown_also_if_no_frame_has_set_it),
    CHECK_TEST(a_restart_does_not_end_the_loan),
    CHECK_TEST(the_packing_time_of_4_bytes_follows),
    CHECK_LARGE(a_slow_uart_gets_all_bytes_in_order),
    CHECK_TEST(k7_listens_at_its_own_port),
    CHECK_TEST(a_tcp_server_shows_how_many_clients_it_has),
    CHECK_TEST(a_server_that_is_open_is_not_opened_once_more),
    CHECK_TEST(a_udp_server_has_no_number_of_clients),
    CHECK_TEST(a_port_that_cannot_be_had_is_tried_again_for_ever),
    CHECK_TEST(a_search_is_answered_with_who_it_is),
    CHECK_TEST(a_block_changes_what_commands_show),
    CHECK_TEST(what_was_set_lasts_when_it_was_saved),
    CHECK_TEST(a_request_to_restart_is_answered_first),
    CHECK_TEST(a_wrong_login_changes_nothing),
    CHECK_TEST(the_login_is_that_of_the_running_settings),
    CHECK_TEST(a_request_for_another_module_is_ignored),
    CHECK_TEST(a_block_with_an_impossible_value_changes_nothing),
    CHECK_TEST(what_cannot_be_stored_is_an_error),
    CHECK_TEST(a_request_that_fails_is_told_as_such),
    CHECK_TEST(a_block_is_set_once),
    CHECK_TEST(what_was_lost_comes_back_by_discovery_alone),
    CHECK_TEST(a_command_that_is_being_typed_is_whole_or_forgotten),
    CHECK_TEST(a_reply_on_its_way_goes_on_when_a_request_cannot_be_stored),
    CHECK_TEST(factory_settings_come_back),
    CHECK_TEST(what_no_command_reaches_is_kept),
    CHECK_TEST(without_a_whole_hardware_address_it_is_zeroes),
    CHECK_TEST(what_is_too_short_for_a_request_is_ignored),
    CHECK_TEST(other_products_are_not_found),
    CHECK_TEST(the_keyword_is_answered_with_the_same_address),
};

CHECK_MAIN(tests)
