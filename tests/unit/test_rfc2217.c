/* SPDX-License-Identifier: MIT */
/* RFC 2217, server and client. The bytes are those of RFC 2217 (commands and values: sections 2 to
 * 5), RFC 854 (telnet commands) and RFC 855 to 858 (options), written out. */
#include "dtu/rfc2217.h"

#include <stdio.h>
#include <string.h>

#include "check.h"
#include "rand.h"

#define OUT_MAX 256
#define LOG_MAX 768

/* One end, and what it did. */
struct end {
    struct dtu_rfc2217 r;
    uint8_t sent[OUT_MAX]; /* over the connection */
    size_t sent_len;
    size_t room;           /* how much of that is taken; SIZE_MAX: all */
    uint8_t data[OUT_MAX]; /* handed on */
    size_t data_len;
    size_t data_room;
    char log[LOG_MAX]; /* what was called */
    size_t log_len;
    const struct dtu_uart *in_use; /* NULL: the UART does what is wanted */
    bool lines_stay;               /* signals cannot be switched off */
    const uint8_t *place;          /* where the last data lay */
};

static void note(struct end *e, const char *format, unsigned long a, unsigned long b)
{
    int n = snprintf(e->log + e->log_len, LOG_MAX - e->log_len, format, a, b);
    if (n > 0 && (size_t)n < LOG_MAX - e->log_len)
        e->log_len += (size_t)n;
}

static size_t take(uint8_t *to, size_t *to_len, size_t *room, const uint8_t *data, size_t len)
{
    size_t n = len < *room ? len : *room;
    if (n > OUT_MAX - *to_len)
        n = OUT_MAX - *to_len;
    memcpy(to + *to_len, data, n);
    *to_len += n;
    if (*room != SIZE_MAX)
        *room -= n;
    return n;
}

static size_t on_send(void *ctx, const uint8_t *data, size_t len)
{
    struct end *e = ctx;
    CHECK(len > 0);
    return take(e->sent, &e->sent_len, &e->room, data, len);
}

static size_t on_data(void *ctx, const uint8_t *data, size_t len)
{
    struct end *e = ctx;
    CHECK(len > 0);
    e->place = data;
    return take(e->data, &e->data_len, &e->data_room, data, len);
}

static void on_uart(void *ctx, struct dtu_uart *uart)
{
    struct end *e = ctx;
    note(e, "uart %lu %lu", (unsigned long)uart->baud, uart->data_bits);
    note(e, "%lu%lu", uart->parity, uart->stop_bits);
    note(e, "%lu;", uart->flow, 0);
    if (e->in_use != NULL)
        *uart = *e->in_use;
}

static bool on_signal(void *ctx, enum dtu_rfc2217_signal signal, bool on)
{
    struct end *e = ctx;
    note(e, "signal %lu %lu;", signal, on);
    return on || e->lines_stay;
}

static void on_pulse(void *ctx)
{
    note(ctx, "pulse;", 0, 0);
}

static void on_purge(void *ctx, unsigned what)
{
    note(ctx, "purge %lu;", what, 0);
}

static void on_event(void *ctx, const struct dtu_rfc2217_event *event)
{
    CHECK_EQ(event->text != NULL, event->kind == DTU_RFC2217_SIGNATURE);
    note(ctx, "event %lu %02lx;", event->kind, event->state);
    for (size_t i = 0; i < event->len; i++)
        note(ctx, "%02lx", event->text[i], 0);
}

static const struct dtu_rfc2217_server_callbacks server_calls = {
    {on_send, on_data}, on_uart, on_signal, on_pulse, on_purge};
static const struct dtu_rfc2217_client_callbacks client_calls = {{on_send, on_data}, on_event};

static const struct dtu_uart uart_now = {115200, 8, 1, DTU_PARITY_NONE, DTU_FLOW_NONE};

static void clear(struct end *e)
{
    e->sent_len = 0;
    e->data_len = 0;
    e->log_len = 0;
    e->log[0] = '\0';
}

static void new_end(struct end *e)
{
    memset(e, 0, sizeof *e);
    e->room = SIZE_MAX;
    e->data_room = SIZE_MAX;
}

static void new_server(struct end *e)
{
    new_end(e);
    CHECK_EQ(dtu_rfc2217_server_init(&e->r, &server_calls, "unit test", &uart_now, e), DTU_OK);
}

static void new_client(struct end *e)
{
    new_end(e);
    CHECK_EQ(dtu_rfc2217_client_init(&e->r, &client_calls, "unit test", e), DTU_OK);
}

#define FEED(e, bytes) feed(e, bytes, sizeof(bytes) - 1, __LINE__)
static void feed(struct end *e, const char *bytes, size_t len, int line)
{
    check_eq((intmax_t)dtu_rfc2217_feed(&e->r, (const uint8_t *)bytes, len), (intmax_t)len, line,
             "taken");
}

/* What was sent since the last time. */
#define SENT(e, bytes) check_sent(e, bytes, sizeof(bytes) - 1, __LINE__)
static void check_sent(struct end *e, const char *bytes, size_t len, int line)
{
    check_bytes(e->sent, e->sent_len, bytes, len, line, "sent");
    e->sent_len = 0;
}

#define LOGGED(e, text) check_log(e, text, __LINE__)
static void check_log(struct end *e, const char *text, int line)
{
    check_bytes(e->log, e->log_len, text, strlen(text), line, "log");
    e->log_len = 0;
    e->log[0] = '\0';
}

#define GOT(e, bytes) check_got(e, bytes, sizeof(bytes) - 1, __LINE__)
static void check_got(struct end *e, const char *bytes, size_t len, int line)
{
    check_bytes(e->data, e->data_len, bytes, len, line, "data");
    e->data_len = 0;
}

/* A server that has agreed with its client about everything. */
static void open_server(struct end *e)
{
    new_server(e);
    FEED(e, "\xFF\xFB\x2C\xFF\xFB\x00\xFF\xFD\x00\xFF\xFB\x03\xFF\xFD\x03\xFF\xFD\x01");
    clear(e);
}

/* A client whose server has agreed to everything. */
static void open_client(struct end *e)
{
    new_client(e);
    FEED(e, "\xFF\xFD\x2C\xFF\xFB\x00\xFF\xFD\x00\xFF\xFB\x03\xFF\xFD\x03");
    clear(e);
}

/* --- Data ----------------------------------------------------------------------------------- */

static void plain_data_is_handed_on_where_it_lies(void)
{
    static const uint8_t data[] = {'a', 0, '\r', 0, 0xFE, 0xF0, 'z'};
    struct end e;
    open_server(&e);
    CHECK_EQ(dtu_rfc2217_feed(&e.r, data, sizeof data), sizeof data);
    CHECK_BYTES(e.data, e.data_len, data, sizeof data);
    CHECK(e.place == data);
    CHECK_EQ(e.sent_len, 0);
}

static void two_ff_are_one_byte_of_data(void)
{
    struct end e;
    open_server(&e);
    FEED(&e, "a\xFF\xFF"
             "b\xFF\xFF\xFF\xFF");
    GOT(&e, "a\xFF"
            "b\xFF\xFF");
    FEED(&e, "\xFF");
    GOT(&e, "");
    FEED(&e, "\xFF"
             "c");
    GOT(&e, "\xFF"
            "c");
}

static void a_byte_ff_is_sent_twice(void)
{
    static const uint8_t data[] = {'a', 0xFF, 'b', 0xFF, 0xFF, 'c', 0xFF};
    struct end e;
    open_server(&e);
    CHECK_EQ(dtu_rfc2217_send(&e.r, data, sizeof data), sizeof data);
    SENT(&e, "a\xFF\xFF"
             "b\xFF\xFF\xFF\xFF"
             "c\xFF\xFF");
}

static void a_byte_ff_of_which_one_half_has_room_is_finished_first(void)
{
    static const uint8_t data[] = {'a', 0xFF, 'b'};
    struct end e;
    open_server(&e);
    e.room = 2;
    CHECK_EQ(dtu_rfc2217_send(&e.r, data, 3), 2);
    CHECK(!dtu_rfc2217_ready(&e.r));
    CHECK(!dtu_rfc2217_flush(&e.r));
    CHECK_EQ(dtu_rfc2217_send(&e.r, data + 2, 1), 0);
    SENT(&e, "a\xFF");
    dtu_rfc2217_server_modem(&e.r, DTU_RFC2217_CTS); /* nor does a command come in between */
    e.room = SIZE_MAX;
    CHECK_EQ(dtu_rfc2217_send(&e.r, data + 2, 1), 1);
    SENT(&e, "\xFF"
             "\xFF\xFA\x2C\x6B\x11\xFF\xF0"
             "b");
}

static void data_flows_before_anything_is_agreed(void)
{
    struct end e;
    new_server(&e);
    FEED(&e, "abc");
    GOT(&e, "abc");
    clear(&e);
    CHECK_EQ(dtu_rfc2217_send(&e.r, (const uint8_t *)"def", 3), 3);
    SENT(&e, "def");
    CHECK(!dtu_rfc2217_agreed(&e.r));
}

static void data_without_room_is_offered_again(void)
{
    struct end e;
    open_server(&e);
    e.data_room = 2;
    CHECK_EQ(dtu_rfc2217_feed(&e.r, (const uint8_t *)"abcd", 4), 2);
    e.data_room = 0;
    CHECK_EQ(dtu_rfc2217_feed(&e.r, (const uint8_t *)"cd\xFF\xFF", 4), 0);
    e.data_room = 2;
    CHECK_EQ(dtu_rfc2217_feed(&e.r, (const uint8_t *)"cd\xFF\xFF", 4), 3);
    e.data_room = 1;
    CHECK_EQ(dtu_rfc2217_feed(&e.r, (const uint8_t *)"\xFF", 1), 1);
    GOT(&e, "abcd\xFF");
}

static void no_bytes_do_nothing(void)
{
    struct end e;
    open_server(&e);
    CHECK_EQ(dtu_rfc2217_feed(&e.r, NULL, 0), 0);
    CHECK_EQ(dtu_rfc2217_send(&e.r, NULL, 0), 0);
    CHECK_EQ(e.sent_len + e.data_len, 0);
}

/* --- Options -------------------------------------------------------------------------------- */

static void a_server_speaks_first(void)
{
    struct end e;
    new_server(&e);
    CHECK_EQ(e.sent_len, 0);
    CHECK(dtu_rfc2217_flush(&e.r));
    SENT(&e, "\xFF\xFB\x00\xFF\xFB\x01\xFF\xFB\x03\xFF\xFD\x00\xFF\xFD\x03\xFF\xFD\x2C");
}

static void a_client_speaks_first(void)
{
    struct end e;
    new_client(&e);
    CHECK(dtu_rfc2217_flush(&e.r));
    SENT(&e, "\xFF\xFB\x2C\xFF\xFB\x00\xFF\xFB\x03\xFF\xFD\x00\xFF\xFD\x03");
}

static void what_was_asked_for_and_is_agreed_is_not_answered(void)
{
    struct end e;
    new_server(&e);
    dtu_rfc2217_flush(&e.r);
    clear(&e);
    FEED(&e, "\xFF\xFD\x00\xFF\xFD\x01\xFF\xFD\x03\xFF\xFB\x00\xFF\xFB\x03");
    CHECK_EQ(e.sent_len, 0);
}

static void what_was_asked_for_and_is_refused_is_not_answered(void)
{
    struct end e;
    new_server(&e);
    dtu_rfc2217_flush(&e.r);
    clear(&e);
    FEED(&e, "\xFF\xFE\x00\xFF\xFE\x01\xFF\xFE\x03\xFF\xFC\x00\xFF\xFC\x03\xFF\xFC\x2C");
    CHECK_EQ(e.sent_len, 0);
    CHECK(!dtu_rfc2217_agreed(&e.r));
}

static void an_option_that_is_on_is_not_agreed_to_again(void)
{
    struct end e;
    open_server(&e);
    for (unsigned i = 0; i < 3; i++)
        FEED(&e, "\xFF\xFB\x2C\xFF\xFB\x00\xFF\xFD\x00\xFF\xFD\x01");
    CHECK_EQ(e.sent_len, 0);
}

static void an_option_is_switched_off_and_on_again(void)
{
    struct end e;
    open_server(&e);
    FEED(&e, "\xFF\xFE\x01");
    SENT(&e, "\xFF\xFC\x01");
    FEED(&e, "\xFF\xFE\x01");
    SENT(&e, "");
    FEED(&e, "\xFF\xFD\x01");
    SENT(&e, "\xFF\xFB\x01");
    FEED(&e, "\xFF\xFC\x00");
    SENT(&e, "\xFF\xFE\x00");
    FEED(&e, "\xFF\xFB\x00");
    SENT(&e, "\xFF\xFD\x00");
}

static void an_unknown_option_is_refused_each_time_and_its_refusal_is_not_answered(void)
{
    struct end e;
    open_server(&e);
    FEED(&e, "\xFF\xFD\x18\xFF\xFB\x22\xFF\xFD\xFF\xFF\xFB\x02");
    SENT(&e, "\xFF\xFC\x18\xFF\xFE\x22\xFF\xFC\xFF\xFF\xFE\x02");
    FEED(&e, "\xFF\xFE\x18\xFF\xFC\x22");
    SENT(&e, "");
    CHECK_EQ(e.r.stats.refused, 4);
}

static void a_server_does_not_let_its_client_echo(void)
{
    struct end e;
    open_server(&e);
    FEED(&e, "\xFF\xFB\x01");
    SENT(&e, "\xFF\xFE\x01");
}

static void a_client_lets_its_server_echo_and_does_not_echo_itself(void)
{
    struct end e;
    open_client(&e);
    FEED(&e, "\xFF\xFB\x01\xFF\xFD\x01");
    SENT(&e, "\xFF\xFD\x01\xFF\xFC\x01");
}

static void com_port_is_agreed_whichever_side_offers_it(void)
{
    struct end e;
    new_server(&e);
    dtu_rfc2217_flush(&e.r);
    clear(&e);
    FEED(&e, "\xFF\xFD\x2C"); /* a client that only asks the server to */
    CHECK(dtu_rfc2217_agreed(&e.r));
    SENT(&e, "\xFF\xFB\x2C\xFF\xFA\x2C\x6B\x00\xFF\xF0");
    FEED(&e, "\xFF\xFB\x2C"); /* pyserial does both */
    SENT(&e, "");
    FEED(&e, "\xFF\xFE\x2C");
    CHECK(dtu_rfc2217_agreed(&e.r));
    FEED(&e, "\xFF\xFC\x2C");
    CHECK(!dtu_rfc2217_agreed(&e.r));
}

/* --- Telnet commands ------------------------------------------------------------------------ */

static void telnet_commands_without_a_meaning_here_are_taken_out(void)
{
    struct end e;
    open_server(&e);
    FEED(&e, "a\xFF\xF1"
             "b\xFF\xF2"
             "c\xFF\xF4"
             "d\xFF\xF5\xFF\xF7\xFF\xF8\xFF\xF9\xFF\xF0\xFF"
             "ef");
    GOT(&e, "abcdf");
    SENT(&e, "");
    LOGGED(&e, "");
}

static void are_you_there_is_answered_without_data(void)
{
    struct end e;
    open_server(&e);
    FEED(&e, "\xFF\xF6\xFF\xF6");
    SENT(&e, "\xFF\xF1\xFF\xF1");
}

static void telnets_own_break_is_a_break(void)
{
    struct end e;
    open_server(&e);
    FEED(&e, "\xFF\xF3");
    LOGGED(&e, "pulse;");
    open_client(&e);
    FEED(&e, "\xFF\xF3"); /* of a server it is nothing */
    LOGGED(&e, "");
}

/* --- What a server is told ------------------------------------------------------------------ */

static void the_rate_is_set_and_answered(void)
{
    struct end e;
    open_server(&e);
    FEED(&e, "\xFF\xFA\x2C\x01\x00\x00\x25\x80\xFF\xF0");
    LOGGED(&e, "uart 9600 8010;");
    SENT(&e, "\xFF\xFA\x2C\x65\x00\x00\x25\x80\xFF\xF0");
    FEED(&e, "\xFF\xFA\x2C\x01\x01\x02\x03\x04\xFF\xF0");
    LOGGED(&e, "uart 16909060 8010;");
    SENT(&e, "\xFF\xFA\x2C\x65\x01\x02\x03\x04\xFF\xF0");
}

static void bytes_ff_of_a_rate_are_doubled_both_ways(void)
{
    struct end e;
    open_server(&e);
    FEED(&e, "\xFF\xFA\x2C\x01\x00\xFF\xFF\x00\xFF\xFF\xFF\xF0");
    LOGGED(&e, "uart 16711935 8010;");
    SENT(&e, "\xFF\xFA\x2C\x65\x00\xFF\xFF\x00\xFF\xFF\xFF\xF0");
    FEED(&e, "\xFF\xFA\x2C\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xF0");
    LOGGED(&e, "uart 4294967295 8010;");
    SENT(&e, "\xFF\xFA\x2C\x65\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xF0");
}

static void zero_asks_and_sets_nothing(void)
{
    static const struct dtu_uart uart = {300, 7, 2, DTU_PARITY_EVEN, DTU_FLOW_XON_XOFF};
    struct end e;
    open_server(&e);
    e.in_use = &uart;
    FEED(&e, "\xFF\xFA\x2C\x02\x07\xFF\xF0"); /* from now on the UART is like that */
    clear(&e);
    FEED(&e, "\xFF\xFA\x2C\x01\x00\x00\x00\x00\xFF\xF0");
    SENT(&e, "\xFF\xFA\x2C\x65\x00\x00\x01\x2C\xFF\xF0");
    FEED(&e, "\xFF\xFA\x2C\x02\x00\xFF\xF0\xFF\xFA\x2C\x03\x00\xFF\xF0");
    SENT(&e, "\xFF\xFA\x2C\x66\x07\xFF\xF0\xFF\xFA\x2C\x67\x03\xFF\xF0");
    FEED(&e, "\xFF\xFA\x2C\x04\x00\xFF\xF0\xFF\xFA\x2C\x05\x00\xFF\xF0");
    SENT(&e, "\xFF\xFA\x2C\x68\x02\xFF\xF0\xFF\xFA\x2C\x69\x02\xFF\xF0");
    FEED(&e, "\xFF\xFA\x2C\x05\x0D\xFF\xF0"); /* inbound */
    SENT(&e, "\xFF\xFA\x2C\x69\x0F\xFF\xF0");
    LOGGED(&e, "");
}

/* Sends a command with one byte, gives back that of the answer. */
static unsigned ask(struct end *e, unsigned command, unsigned value)
{
    uint8_t bytes[8] = {0xFF, 0xFA, 0x2C, (uint8_t)command, (uint8_t)value};
    size_t len = 5;
    if (value == 0xFF)
        bytes[len++] = 0xFF;
    bytes[len++] = 0xFF;
    bytes[len++] = 0xF0;
    clear(e);
    CHECK_EQ(dtu_rfc2217_feed(&e->r, bytes, len), len);
    CHECK_EQ(e->sent_len, 7);
    CHECK_BYTES(e->sent, 3, bytes, 3);
    CHECK_EQ(e->sent[3], command + 100);
    return e->sent[4];
}

static void each_number_of_data_bits_is_set(void)
{
    struct end e;
    open_server(&e);
    CHECK_EQ(ask(&e, 2, 5), 5);
    LOGGED(&e, "uart 115200 5010;");
    CHECK_EQ(ask(&e, 2, 6), 6);
    LOGGED(&e, "uart 115200 6010;");
    CHECK_EQ(ask(&e, 2, 7), 7);
    LOGGED(&e, "uart 115200 7010;");
    CHECK_EQ(ask(&e, 2, 8), 8);
    LOGGED(&e, "uart 115200 8010;");
}

static void each_parity_is_set(void)
{
    static const char *const logged[] = {"uart 115200 8110;", "uart 115200 8210;",
                                         "uart 115200 8310;", "uart 115200 8410;",
                                         "uart 115200 8010;"};
    static const uint8_t parity[] = {2, 3, 4, 5, 1}; /* odd, even, mark, space, none */
    struct end e;
    open_server(&e);
    for (unsigned i = 0; i < 5; i++) {
        CHECK_EQ(ask(&e, 3, parity[i]), parity[i]);
        LOGGED(&e, logged[i]);
    }
}

static void stop_bits_are_set(void)
{
    struct end e;
    open_server(&e);
    CHECK_EQ(ask(&e, 4, 2), 2);
    LOGGED(&e, "uart 115200 8020;");
    CHECK_EQ(ask(&e, 4, 1), 1);
    LOGGED(&e, "uart 115200 8010;");
}

static void what_cannot_be_is_answered_with_what_is_in_use(void)
{
    static const uint8_t wrong[][3] = {{2, 4, 8},   {2, 9, 8},           {2, 255, 8}, {3, 6, 1},
                                       {3, 255, 1}, {4, 3, 1} /* 1.5 */, {4, 4, 1}};
    struct end e;
    open_server(&e);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CHECK_EQ(ask(&e, wrong[i][0], wrong[i][1]), wrong[i][2]);
        LOGGED(&e, "");
    }
}

static void what_is_so_already_is_answered_and_not_set(void)
{
    struct end e;
    open_server(&e);
    FEED(&e, "\xFF\xFA\x2C\x01\x00\x01\xC2\x00\xFF\xF0");
    SENT(&e, "\xFF\xFA\x2C\x65\x00\x01\xC2\x00\xFF\xF0");
    CHECK_EQ(ask(&e, 2, 8), 8);
    LOGGED(&e, "");
}

static void the_client_is_told_what_the_uart_really_does(void)
{
    static const struct dtu_uart uart = {57600, 8, 1, DTU_PARITY_ODD, DTU_FLOW_NONE};
    struct end e;
    open_server(&e);
    e.in_use = &uart;
    FEED(&e, "\xFF\xFA\x2C\x01\x00\x00\xE1\x01\xFF\xF0"); /* 57601 */
    SENT(&e, "\xFF\xFA\x2C\x65\x00\x00\xE1\x00\xFF\xF0");
    CHECK_EQ(ask(&e, 3, 0), 2);
}

static void flow_control_is_set_for_both_directions(void)
{
    struct end e;
    open_server(&e);
    CHECK_EQ(ask(&e, 5, 2), 2);
    LOGGED(&e, "uart 115200 8012;");
    CHECK_EQ(ask(&e, 5, 3), 3);
    LOGGED(&e, "uart 115200 8011;");
    CHECK_EQ(ask(&e, 5, 13), 16);
    CHECK_EQ(ask(&e, 5, 17), 3); /* by DCD or DSR: no */
    CHECK_EQ(ask(&e, 5, 19), 3);
    CHECK_EQ(ask(&e, 5, 14), 16); /* inbound alone: no */
    CHECK_EQ(ask(&e, 5, 18), 16);
    LOGGED(&e, "");
    CHECK_EQ(ask(&e, 5, 1), 1);
    LOGGED(&e, "uart 115200 8010;");
    CHECK_EQ(ask(&e, 5, 13), 14);
}

static void rs485_is_told_as_no_flow_control_and_stays(void)
{
    static const struct dtu_uart rs485 = {9600, 8, 1, DTU_PARITY_NONE, DTU_FLOW_RS485};
    struct end e;
    new_end(&e);
    dtu_rfc2217_server_init(&e.r, &server_calls, "", &rs485, &e);
    dtu_rfc2217_flush(&e.r);
    CHECK_EQ(ask(&e, 5, 0), 1);
    CHECK_EQ(ask(&e, 5, 1), 1);
    LOGGED(&e, "");
    CHECK_EQ(ask(&e, 2, 7), 7);
    LOGGED(&e, "uart 9600 7013;");
}

static void break_dtr_and_rts_are_switched_and_asked_for(void)
{
    struct end e;
    open_server(&e);
    CHECK_EQ(ask(&e, 5, 4), 6);
    CHECK_EQ(ask(&e, 5, 7), 8);
    CHECK_EQ(ask(&e, 5, 10), 11);
    LOGGED(&e, "");
    CHECK_EQ(ask(&e, 5, 5), 5);
    LOGGED(&e, "signal 0 1;");
    CHECK_EQ(ask(&e, 5, 4), 5);
    CHECK_EQ(ask(&e, 5, 6), 6);
    LOGGED(&e, "signal 0 0;");
    CHECK_EQ(ask(&e, 5, 9), 9);
    LOGGED(&e, "signal 1 0;");
    CHECK_EQ(ask(&e, 5, 7), 9);
    CHECK_EQ(ask(&e, 5, 8), 8);
    LOGGED(&e, "signal 1 1;");
    CHECK_EQ(ask(&e, 5, 12), 12);
    LOGGED(&e, "signal 2 0;");
    CHECK_EQ(ask(&e, 5, 10), 12);
    CHECK_EQ(ask(&e, 5, 11), 11);
    LOGGED(&e, "signal 2 1;");
}

static void a_line_that_cannot_be_switched_is_told_as_it_is(void)
{
    struct end e;
    open_server(&e);
    e.lines_stay = true;
    CHECK_EQ(ask(&e, 5, 9), 8);
    LOGGED(&e, "signal 1 0;");
    CHECK_EQ(ask(&e, 5, 7), 8);
}

static void purging_is_done_and_answered(void)
{
    struct end e;
    open_server(&e);
    CHECK_EQ(ask(&e, 12, 1), 1);
    LOGGED(&e, "purge 1;");
    CHECK_EQ(ask(&e, 12, 2), 2);
    LOGGED(&e, "purge 2;");
    CHECK_EQ(ask(&e, 12, 3), 3);
    LOGGED(&e, "purge 3;");
}

static void the_signature_is_told_to_who_asks(void)
{
    struct end e;
    open_server(&e);
    FEED(&e, "\xFF\xFA\x2C\x00\xFF\xF0");
    SENT(&e, "\xFF\xFA\x2C\x64unit test\xFF\xF0");
    FEED(&e, "\xFF\xFA\x2C\x00some client\xFF\xF0");
    SENT(&e, "");
    CHECK_EQ(e.r.stats.commands, 2);
}

static void the_longest_signature_is_told(void)
{
    char text[DTU_RFC2217_SIGNATURE_MAX + 2];
    struct end e;
    new_end(&e);
    memset(text, 'x', sizeof text);
    text[DTU_RFC2217_SIGNATURE_MAX] = '\0';
    CHECK_EQ(dtu_rfc2217_server_init(&e.r, &server_calls, text, &uart_now, &e), DTU_OK);
    dtu_rfc2217_flush(&e.r);
    clear(&e);
    FEED(&e, "\xFF\xFA\x2C\x00\xFF\xF0");
    CHECK_EQ(e.sent_len, DTU_RFC2217_SIGNATURE_MAX + 6);
    CHECK_BYTES(e.sent + 4, DTU_RFC2217_SIGNATURE_MAX, text, DTU_RFC2217_SIGNATURE_MAX);
    text[DTU_RFC2217_SIGNATURE_MAX] = 'x';
    text[DTU_RFC2217_SIGNATURE_MAX + 1] = '\0';
    CHECK_EQ(dtu_rfc2217_server_init(&e.r, &server_calls, text, &uart_now, &e), DTU_ERR_CONFIG);
    CHECK_EQ(dtu_rfc2217_server_init(&e.r, &server_calls, "a\xFF", &uart_now, &e), DTU_ERR_CONFIG);
}

static void commands_that_are_not_understood_are_counted_and_not_answered(void)
{
    struct end e;
    open_server(&e);
    FEED(&e, "\xFF\xFA\x2C\x01\x00\x25\x80\xFF\xF0");     /* a rate of three bytes */
    FEED(&e, "\xFF\xFA\x2C\x02\xFF\xF0");                 /* no value */
    FEED(&e, "\xFF\xFA\x2C\x0B\xFF\xF0");                 /* the same */
    FEED(&e, "\xFF\xFA\x2C\x0D\x01\xFF\xF0");             /* no such command */
    FEED(&e, "\xFF\xFA\x2C\x65\x00\x00\x25\x80\xFF\xF0"); /* of a server */
    FEED(&e, "\xFF\xFA\x2C\x05\x14\xFF\xF0");             /* no such control */
    FEED(&e, "\xFF\xFA\x2C\x0C\x00\xFF\xF0");             /* purge nothing */
    FEED(&e, "\xFF\xFA\x2C\x0C\x04\xFF\xF0");
    FEED(&e, "\xFF\xFA\x18\x02\x07\xFF\xF0"); /* another option */
    FEED(&e, "\xFF\xFA\x2C\xFF\xF0\xFF\xFA\xFF\xF0");
    LOGGED(&e, "");
    SENT(&e, "");
    CHECK_EQ(e.r.stats.damaged, 11);
}

static void an_overlong_command_is_taken_out_counted_and_not_carried_out(void)
{
    struct end e;
    open_server(&e);
    FEED(&e, "a\xFF\xFA\x2C\x01\x00\x00\x25\x80");
    for (unsigned i = 0; i < 1000; i++)
        FEED(&e, "\x02\xFF\xFF");
    FEED(&e, "\xFF\xF0"
             "b");
    GOT(&e, "ab");
    LOGGED(&e, "");
    SENT(&e, "");
    CHECK_EQ(e.r.stats.overlong, 1);
    CHECK_EQ(e.r.stats.commands + e.r.stats.damaged, 0);
    CHECK_EQ(ask(&e, 2, 7), 7); /* and the next one is */
}

static void a_command_whose_end_is_missing_is_dropped_for_the_next(void)
{
    struct end e;
    open_server(&e);
    FEED(&e, "\xFF\xFA\x2C\x02\x07"
             "\xFF\xFA\x2C\x02\x06\xFF\xF0");
    LOGGED(&e, "uart 115200 6010;");
    SENT(&e, "\xFF\xFA\x2C\x66\x06\xFF\xF0");
    FEED(&e, "\xFF\xFA\x2C\x02\x07"
             "\xFF\xF1"
             "abc");
    GOT(&e, "abc");
    LOGGED(&e, "");
    CHECK_EQ(e.r.stats.damaged, 2);
}

static void a_server_of_a_client_that_does_not_negotiate_works_all_the_same(void)
{
    struct end e;
    new_server(&e);
    dtu_rfc2217_flush(&e.r);
    CHECK_EQ(ask(&e, 2, 7), 7);
    LOGGED(&e, "uart 115200 7010;");
}

/* --- What a server tells -------------------------------------------------------------------- */

static void the_lines_are_told_when_com_port_is_agreed(void)
{
    struct end e;
    new_server(&e);
    dtu_rfc2217_server_modem(&e.r, DTU_RFC2217_CTS | DTU_RFC2217_DSR);
    clear(&e);
    FEED(&e, "\xFF\xFB\x2C");
    SENT(&e, "\xFF\xFA\x2C\x6B\x33\xFF\xF0");
}

static void a_line_that_changes_is_told_with_its_change(void)
{
    struct end e;
    open_server(&e);
    dtu_rfc2217_server_modem(&e.r, DTU_RFC2217_CTS);
    SENT(&e, "\xFF\xFA\x2C\x6B\x11\xFF\xF0");
    dtu_rfc2217_server_modem(&e.r, DTU_RFC2217_CTS | 0x0F); /* changes are ours to tell */
    SENT(&e, "");
    dtu_rfc2217_server_modem(&e.r, DTU_RFC2217_DSR | DTU_RFC2217_CD);
    SENT(&e, "\xFF\xFA\x2C\x6B\xAB\xFF\xF0");
    dtu_rfc2217_server_modem(&e.r, DTU_RFC2217_DSR | DTU_RFC2217_CD | DTU_RFC2217_RI);
    SENT(&e, "\xFF\xFA\x2C\x6B\xE0\xFF\xF0"); /* of a ring, only the end is a change */
    dtu_rfc2217_server_modem(&e.r, DTU_RFC2217_DSR | DTU_RFC2217_CD);
    SENT(&e, "\xFF\xFA\x2C\x6B\xA4\xFF\xF0");
    FEED(&e, "\xFF\xFA\x2C\x07\xFF\xF0"); /* asked for */
    SENT(&e, "\xFF\xFA\x2C\x6B\xA0\xFF\xF0");
}

static void a_byte_ff_of_all_lines_is_doubled(void)
{
    struct end e;
    open_server(&e);
    dtu_rfc2217_server_modem(&e.r, 0xB0);
    clear(&e);
    e.room = 0;
    dtu_rfc2217_server_modem(&e.r, 0x40); /* with CTS, DSR and CD gone */
    dtu_rfc2217_server_modem(&e.r, 0x00); /* the ring ends before that could be told */
    dtu_rfc2217_server_modem(&e.r, 0xF0);
    e.room = SIZE_MAX;
    CHECK(dtu_rfc2217_flush(&e.r));
    SENT(&e, "\xFF\xFA\x2C\x6B\x4B\xFF\xF0"
             "\xFF\xFA\x2C\x6B\xFF\xFF\xFF\xF0");
}

static void a_mask_says_which_lines_are_told(void)
{
    struct end e;
    open_server(&e);
    CHECK_EQ(ask(&e, 11, 0x11), 0x11);
    clear(&e);
    dtu_rfc2217_server_modem(&e.r, DTU_RFC2217_DSR);
    SENT(&e, "");
    dtu_rfc2217_server_modem(&e.r, DTU_RFC2217_DSR | DTU_RFC2217_CTS);
    SENT(&e, "\xFF\xFA\x2C\x6B\x11\xFF\xF0");
    CHECK_EQ(ask(&e, 11, 0x10), 0x10); /* the line without its change */
    clear(&e);
    dtu_rfc2217_server_modem(&e.r, 0);
    SENT(&e, "\xFF\xFA\x2C\x6B\x00\xFF\xF0");
    CHECK_EQ(ask(&e, 11, 0), 0);
    clear(&e);
    dtu_rfc2217_server_modem(&e.r, DTU_RFC2217_CTS);
    SENT(&e, "");
}

static void what_happens_on_the_line_is_told_only_to_who_wants_to_know(void)
{
    struct end e;
    open_server(&e);
    dtu_rfc2217_server_line(&e.r, DTU_RFC2217_BREAK_DETECTED);
    SENT(&e, "");
    CHECK_EQ(ask(&e, 10, 0x1E), 0x1E);
    clear(&e);
    dtu_rfc2217_server_line(&e.r, DTU_RFC2217_DATA_READY);
    SENT(&e, "");
    dtu_rfc2217_server_line(&e.r, DTU_RFC2217_PARITY_ERROR);
    SENT(&e, "\xFF\xFA\x2C\x6A\x14\xFF\xF0"); /* with the break from before */
    dtu_rfc2217_server_line(&e.r, DTU_RFC2217_OVERRUN);
    SENT(&e, "\xFF\xFA\x2C\x6A\x02\xFF\xF0");
    FEED(&e, "\xFF\xFA\x2C\x06\xFF\xF0");
    SENT(&e, "\xFF\xFA\x2C\x6A\x00\xFF\xF0");
}

static void nothing_is_told_to_a_client_without_rfc2217(void)
{
    struct end e;
    new_server(&e);
    FEED(&e, "\xFF\xFC\x2C");
    clear(&e);
    dtu_rfc2217_server_modem(&e.r, DTU_RFC2217_CTS);
    SENT(&e, "");
    CHECK(dtu_rfc2217_ready(&e.r));
}

/* --- Backpressure --------------------------------------------------------------------------- */

static void a_suspended_server_sends_no_data_until_it_is_resumed(void)
{
    struct end e;
    open_server(&e);
    FEED(&e, "\xFF\xFA\x2C\x08\xFF\xF0");
    SENT(&e, "");
    CHECK(!dtu_rfc2217_ready(&e.r));
    CHECK_EQ(dtu_rfc2217_send(&e.r, (const uint8_t *)"abc", 3), 0);
    dtu_rfc2217_server_modem(&e.r, DTU_RFC2217_CTS);
    SENT(&e, "");
    CHECK_EQ(ask(&e, 2, 7), 7); /* who asks wants an answer */
    clear(&e);
    FEED(&e, "\xFF\xFA\x2C\x09\xFF\xF0");
    SENT(&e, "\xFF\xFA\x2C\x6B\x11\xFF\xF0");
    CHECK(dtu_rfc2217_ready(&e.r));
    CHECK_EQ(dtu_rfc2217_send(&e.r, (const uint8_t *)"abc", 3), 3);
    SENT(&e, "abc");
}

static void a_command_waits_until_the_answer_before_it_is_out(void)
{
    static const uint8_t two[] = {0xFF, 0xFA, 0x2C, 0x02, 0x07, 0xFF, 0xF0, 0xFF,
                                  0xFA, 0x2C, 0x02, 0x06, 0xFF, 0xF0, 'a'};
    struct end e;
    size_t taken;
    open_server(&e);
    e.room = 3;
    taken = dtu_rfc2217_feed(&e.r, two, sizeof two);
    CHECK_EQ(taken, 8); /* up to where the next one might begin */
    LOGGED(&e, "uart 115200 7010;");
    CHECK_EQ(dtu_rfc2217_feed(&e.r, two + taken, sizeof two - taken), 0);
    e.room = SIZE_MAX;
    CHECK_EQ(dtu_rfc2217_feed(&e.r, two + taken, sizeof two - taken), sizeof two - taken);
    LOGGED(&e, "uart 115200 6010;");
    SENT(&e, "\xFF\xFA\x2C\x66\x07\xFF\xF0\xFF\xFA\x2C\x66\x06\xFF\xF0");
    GOT(&e, "a");
}

/* --- A client ------------------------------------------------------------------------------- */

static void wishes_wait_until_the_server_agrees_and_go_in_order(void)
{
    static const struct dtu_uart uart = {9600, 7, 2, DTU_PARITY_EVEN, DTU_FLOW_RTS_CTS};
    struct end e;
    new_client(&e);
    dtu_rfc2217_flush(&e.r);
    clear(&e);
    dtu_rfc2217_client_set(&e.r, &uart);
    SENT(&e, "");
    CHECK(!dtu_rfc2217_client_settled(&e.r));
    FEED(&e, "\xFF\xFD\x2C");
    LOGGED(&e, "event 0 00;");
    SENT(&e,
         "\xFF\xFA\x2C\x01\x00\x00\x25\x80\xFF\xF0\xFF\xFA\x2C\x02\x07\xFF\xF0"
         "\xFF\xFA\x2C\x03\x03\xFF\xF0\xFF\xFA\x2C\x04\x02\xFF\xF0\xFF\xFA\x2C\x05\x03\xFF\xF0");
    CHECK(!dtu_rfc2217_client_settled(&e.r));
    FEED(&e, "\xFF\xFA\x2C\x65\x00\x00\x25\x80\xFF\xF0\xFF\xFA\x2C\x66\x07\xFF\xF0");
    FEED(&e, "\xFF\xFA\x2C\x67\x03\xFF\xF0\xFF\xFA\x2C\x68\x02\xFF\xF0");
    CHECK(!dtu_rfc2217_client_settled(&e.r));
    FEED(&e, "\xFF\xFA\x2C\x69\x03\xFF\xF0");
    CHECK(dtu_rfc2217_client_settled(&e.r));
    LOGGED(&e, "");
}

static void a_client_knows_what_the_server_uses(void)
{
    static const struct dtu_uart wanted = {9601, 7, 2, DTU_PARITY_MARK, DTU_FLOW_XON_XOFF};
    struct dtu_uart uart;
    struct end e;
    open_client(&e);
    dtu_rfc2217_client_uart(&e.r, &uart);
    CHECK_EQ(uart.baud, 0);
    CHECK_EQ(uart.data_bits, 0);
    CHECK_EQ(uart.parity, DTU_PARITY_NONE);
    dtu_rfc2217_client_set(&e.r, &wanted);
    FEED(&e, "\xFF\xFA\x2C\x65\x00\x00\x25\x80\xFF\xF0\xFF\xFA\x2C\x66\x08\xFF\xF0");
    FEED(&e,
         "\xFF\xFA\x2C\x67\x01\xFF\xF0\xFF\xFA\x2C\x68\x01\xFF\xF0\xFF\xFA\x2C\x69\x01\xFF\xF0");
    CHECK(dtu_rfc2217_client_settled(&e.r));
    dtu_rfc2217_client_uart(&e.r, &uart);
    CHECK_EQ(uart.baud, 9600);
    CHECK_EQ(uart.data_bits, 8);
    CHECK_EQ(uart.parity, DTU_PARITY_NONE);
    CHECK_EQ(uart.stop_bits, 1);
    CHECK_EQ(uart.flow, DTU_FLOW_NONE);
}

static void an_answer_with_more_bytes_than_it_needs_is_understood(void)
{
    static const struct dtu_uart wanted = {9600, 8, 1, DTU_PARITY_NONE, DTU_FLOW_NONE};
    struct dtu_uart uart;
    struct end e;
    open_client(&e);
    dtu_rfc2217_client_set(&e.r, &wanted);
    FEED(&e, "\xFF\xFA\x2C\x65\x00\x00\x25\x81\x00\x00\x00\x00\xFF\xF0"); /* sredird */
    dtu_rfc2217_client_uart(&e.r, &uart);
    CHECK_EQ(uart.baud, 9601);
}

static void a_value_of_a_server_that_cannot_be_is_not_kept_but_settles(void)
{
    static const struct dtu_uart wanted = {9600, 8, 1, DTU_PARITY_ODD, DTU_FLOW_NONE};
    struct dtu_uart uart;
    struct end e;
    open_client(&e);
    dtu_rfc2217_client_set(&e.r, &wanted);
    FEED(&e, "\xFF\xFA\x2C\x65\x00\x00\x00\x00\xFF\xF0\xFF\xFA\x2C\x66\xC8\xFF\xF0");
    FEED(&e,
         "\xFF\xFA\x2C\x67\xC8\xFF\xF0\xFF\xFA\x2C\x68\x03\xFF\xF0\xFF\xFA\x2C\x69\x11\xFF\xF0");
    CHECK(dtu_rfc2217_client_settled(&e.r));
    dtu_rfc2217_client_uart(&e.r, &uart);
    CHECK_EQ(uart.baud, 9600);
    CHECK_EQ(uart.data_bits, 8);
    CHECK_EQ(uart.parity, DTU_PARITY_ODD);
    CHECK_EQ(uart.stop_bits, 1);
    CHECK_EQ(uart.flow, DTU_FLOW_NONE);
}

static void a_server_that_refuses_is_told_once_and_data_goes_on(void)
{
    static const struct dtu_uart uart = {9600, 7, 2, DTU_PARITY_EVEN, DTU_FLOW_RTS_CTS};
    struct end e;
    new_client(&e);
    dtu_rfc2217_client_set(&e.r, &uart);
    clear(&e);
    CHECK_EQ(dtu_rfc2217_send(&e.r, (const uint8_t *)"a", 1), 0); /* settings come first */
    FEED(&e, "\xFF\xFE\x2C\xFF\xFE\x2C");
    LOGGED(&e, "event 1 00;");
    SENT(&e, "");
    CHECK(!dtu_rfc2217_client_settled(&e.r));
    dtu_rfc2217_client_set(&e.r, &uart);
    CHECK_EQ(dtu_rfc2217_send(&e.r, (const uint8_t *)"abc", 3), 3);
    SENT(&e, "abc");
}

static void a_server_that_refuses_something_else_has_not_refused_yet(void)
{
    struct end e;
    new_client(&e);
    FEED(&e, "\xFF\xFE\x00\xFF\xFC\x03\xFF\xFD\x63");
    LOGGED(&e, "");
    FEED(&e, "\xFF\xFD\x2C");
    LOGGED(&e, "event 0 00;");
}

static void a_server_that_takes_back_what_it_agreed_to_has_refused(void)
{
    struct end e;
    open_client(&e);
    dtu_rfc2217_client_signature(&e.r);
    clear(&e);
    FEED(&e, "\xFF\xFE\x2C");
    LOGGED(&e, "event 1 00;");
    SENT(&e, "\xFF\xFC\x2C");
    CHECK(!dtu_rfc2217_client_settled(&e.r));
}

static void a_server_that_offers_com_port_itself_is_ready_once(void)
{
    struct end e;
    new_client(&e);
    FEED(&e, "\xFF\xFB\x2C");
    LOGGED(&e, "event 0 00;");
    FEED(&e, "\xFF\xFD\x2C\xFF\xFB\x2C");
    LOGGED(&e, "");
    CHECK(dtu_rfc2217_agreed(&e.r));
}

static void data_waits_for_the_settings_before_it(void)
{
    static const struct dtu_uart slow = {9600, 8, 1, DTU_PARITY_NONE, DTU_FLOW_NONE};
    struct end e;
    open_client(&e);
    e.room = 5;
    dtu_rfc2217_client_set(&e.r, &slow);
    CHECK_EQ(dtu_rfc2217_send(&e.r, (const uint8_t *)"abc", 3), 0);
    e.room = SIZE_MAX;
    CHECK_EQ(dtu_rfc2217_send(&e.r, (const uint8_t *)"abc", 3), 3);
    SENT(&e, "\xFF\xFA\x2C\x01\x00\x00\x25\x80\xFF\xF0\xFF\xFA\x2C\x02\x08\xFF\xF0"
             "\xFF\xFA\x2C\x03\x01\xFF\xF0\xFF\xFA\x2C\x04\x01\xFF\xF0\xFF\xFA\x2C\x05\x01\xFF\xF0"
             "abc");
}

static void a_wish_waits_for_the_answer_to_the_one_before_and_the_last_counts(void)
{
    struct dtu_uart uart = {9600, 8, 1, DTU_PARITY_NONE, DTU_FLOW_NONE};
    struct end e;
    open_client(&e);
    dtu_rfc2217_client_set(&e.r, &uart);
    clear(&e);
    uart.baud = 19200;
    dtu_rfc2217_client_set(&e.r, &uart);
    uart.baud = 38400;
    dtu_rfc2217_client_set(&e.r, &uart);
    SENT(&e, "");
    CHECK_EQ(dtu_rfc2217_send(&e.r, (const uint8_t *)"abc", 3), 0);
    FEED(&e, "\xFF\xFA\x2C\x65\x00\x00\x25\x80\xFF\xF0");
    SENT(&e, "\xFF\xFA\x2C\x01\x00\x00\x96\x00\xFF\xF0");
    FEED(&e, "\xFF\xFA\x2C\x65\x00\x00\x96\x00\xFF\xF0");
    dtu_rfc2217_client_uart(&e.r, &uart);
    CHECK_EQ(uart.baud, 38400);
    CHECK(!dtu_rfc2217_client_settled(&e.r)); /* the others are open */
}

static void what_was_not_answered_is_asked_again(void)
{
    struct end e;
    open_client(&e);
    dtu_rfc2217_client_signal(&e.r, DTU_RFC2217_DTR, false);
    dtu_rfc2217_client_purge(&e.r, 3);
    SENT(&e, "\xFF\xFA\x2C\x05\x09\xFF\xF0\xFF\xFA\x2C\x0C\x03\xFF\xF0");
    FEED(&e, "\xFF\xFA\x2C\x70\x03\xFF\xF0");
    dtu_rfc2217_client_again(&e.r);
    SENT(&e, "\xFF\xFA\x2C\x05\x09\xFF\xF0");
    FEED(&e, "\xFF\xFA\x2C\x69\x09\xFF\xF0");
    CHECK(dtu_rfc2217_client_settled(&e.r));
    dtu_rfc2217_client_again(&e.r);
    SENT(&e, "");
}

static void what_was_given_up_holds_nothing_back(void)
{
    struct end e;
    open_client(&e);
    dtu_rfc2217_client_purge(&e.r, 1);
    dtu_rfc2217_client_purge(&e.r, 2); /* waits for the answer to the first */
    SENT(&e, "\xFF\xFA\x2C\x0C\x01\xFF\xF0");
    CHECK_EQ(dtu_rfc2217_send(&e.r, (const uint8_t *)"abc", 3), 0);
    dtu_rfc2217_client_give_up(&e.r);
    CHECK(dtu_rfc2217_client_settled(&e.r));
    CHECK_EQ(dtu_rfc2217_send(&e.r, (const uint8_t *)"abc", 3), 3);
    SENT(&e, "abc");
    dtu_rfc2217_client_purge(&e.r, 3); /* and the next wish is one as any */
    SENT(&e, "\xFF\xFA\x2C\x0C\x03\xFF\xF0");
    CHECK(!dtu_rfc2217_client_settled(&e.r));
}

static void who_gives_up_waits_for_nothing_and_data_goes_on(void)
{
    struct end e;
    new_client(&e); /* of a server that says nothing */
    dtu_rfc2217_client_purge(&e.r, 3);
    clear(&e);
    CHECK_EQ(dtu_rfc2217_send(&e.r, (const uint8_t *)"a", 1), 0);
    dtu_rfc2217_client_give_up(&e.r);
    CHECK_EQ(dtu_rfc2217_send(&e.r, (const uint8_t *)"a", 1), 1);
    SENT(&e, "a");
    open_client(&e); /* of one that does not answer this */
    dtu_rfc2217_client_signature(&e.r);
    CHECK(!dtu_rfc2217_client_settled(&e.r));
    dtu_rfc2217_client_give_up(&e.r);
    CHECK(dtu_rfc2217_client_settled(&e.r));
    clear(&e);
    dtu_rfc2217_client_again(&e.r);
    SENT(&e, "");
}

static void lines_break_masks_and_signature_are_wishes_too(void)
{
    struct end e;
    open_client(&e);
    dtu_rfc2217_client_signal(&e.r, DTU_RFC2217_BREAK, true);
    SENT(&e, "\xFF\xFA\x2C\x05\x05\xFF\xF0");
    dtu_rfc2217_client_signal(&e.r, DTU_RFC2217_RTS, true);
    SENT(&e, "\xFF\xFA\x2C\x05\x0B\xFF\xF0");
    dtu_rfc2217_client_masks(&e.r, 0x1E, 0xFF);
    SENT(&e, "\xFF\xFA\x2C\x0A\x1E\xFF\xF0\xFF\xFA\x2C\x0B\xFF\xFF\xFF\xF0");
    dtu_rfc2217_client_signature(&e.r);
    SENT(&e, "\xFF\xFA\x2C\x00\xFF\xF0");
    FEED(&e, "\xFF\xFA\x2C\x69\x05\xFF\xF0\xFF\xFA\x2C\x69\x0B\xFF\xF0");
    FEED(&e, "\xFF\xFA\x2C\x6E\x1E\xFF\xF0\xFF\xFA\x2C\x6F\xFF\xFF\xFF\xF0");
    CHECK(!dtu_rfc2217_client_settled(&e.r));
    FEED(&e, "\xFF\xFA\x2C\x64"
             "a\xFF\xFF"
             "b\xFF\xF0");
    LOGGED(&e, "event 2 00;61ff62");
    CHECK(dtu_rfc2217_client_settled(&e.r));
}

static void a_client_tells_its_signature_too(void)
{
    struct end e;
    open_client(&e);
    FEED(&e, "\xFF\xFA\x2C\x64\xFF\xF0");
    SENT(&e, "\xFF\xFA\x2C\x00unit test\xFF\xF0");
}

static void a_client_hears_of_lines_and_line(void)
{
    struct end e;
    open_client(&e);
    FEED(&e, "\xFF\xFA\x2C\x6B\xB1\xFF\xF0\xFF\xFA\x2C\x6A\x10\xFF\xF0");
    LOGGED(&e, "event 3 b1;event 4 10;");
    FEED(&e, "\xFF\xFA\x2C\x6B\xFF\xF0");
    LOGGED(&e, "");
    CHECK_EQ(e.r.stats.damaged, 1);
}

static void a_suspended_client_keeps_its_wishes(void)
{
    struct end e;
    open_client(&e);
    FEED(&e, "\xFF\xFA\x2C\x6C\xFF\xF0");
    dtu_rfc2217_client_purge(&e.r, 1);
    CHECK_EQ(dtu_rfc2217_send(&e.r, (const uint8_t *)"a", 1), 0);
    SENT(&e, "");
    FEED(&e, "\xFF\xFA\x2C\x6D\xFF\xF0");
    SENT(&e, "\xFF\xFA\x2C\x0C\x01\xFF\xF0");
}

static void a_client_may_have_no_events(void)
{
    static const struct dtu_rfc2217_client_callbacks calls = {{on_send, on_data}, NULL};
    struct end e;
    new_end(&e);
    CHECK_EQ(dtu_rfc2217_client_init(&e.r, &calls, "", &e), DTU_OK);
    FEED(&e, "\xFF\xFD\x2C\xFF\xFA\x2C\x6B\x10\xFF\xF0");
    CHECK(dtu_rfc2217_agreed(&e.r));
}

static void a_missing_callback_is_refused(void)
{
    struct dtu_rfc2217_server_callbacks s = server_calls;
    struct dtu_rfc2217_client_callbacks c = client_calls;
    struct end e;
    new_end(&e);
    s.pipe.send = NULL;
    CHECK_EQ(dtu_rfc2217_server_init(&e.r, &s, "", &uart_now, &e), DTU_ERR_CONFIG);
    s = server_calls;
    s.pipe.data = NULL;
    CHECK_EQ(dtu_rfc2217_server_init(&e.r, &s, "", &uart_now, &e), DTU_ERR_CONFIG);
    s = server_calls;
    s.uart = NULL;
    CHECK_EQ(dtu_rfc2217_server_init(&e.r, &s, "", &uart_now, &e), DTU_ERR_CONFIG);
    s = server_calls;
    s.signal = NULL;
    CHECK_EQ(dtu_rfc2217_server_init(&e.r, &s, "", &uart_now, &e), DTU_ERR_CONFIG);
    s = server_calls;
    s.pulse = NULL;
    CHECK_EQ(dtu_rfc2217_server_init(&e.r, &s, "", &uart_now, &e), DTU_ERR_CONFIG);
    s = server_calls;
    s.purge = NULL;
    CHECK_EQ(dtu_rfc2217_server_init(&e.r, &s, "", &uart_now, &e), DTU_ERR_CONFIG);
    c.pipe.data = NULL;
    CHECK_EQ(dtu_rfc2217_client_init(&e.r, &c, "", &e), DTU_ERR_CONFIG);
}

/* --- Both together -------------------------------------------------------------------------- */

static struct end left, right;

/* Brings over what one has sent; in pieces if there is a source of numbers. */
static void carry(struct end *from, struct end *to, struct test_rand *rand)
{
    size_t len = from->sent_len;
    size_t n;
    if (len == 0)
        return;
    if (rand != NULL)
        len = 1 + test_rand_below(rand, (uint32_t)len);
    n = dtu_rfc2217_feed(&to->r, from->sent, len);
    memmove(from->sent, from->sent + n, from->sent_len - n);
    from->sent_len -= n;
}

static void carry_all(struct end *a, struct end *b)
{
    unsigned rounds = 0;
    dtu_rfc2217_flush(&a->r);
    dtu_rfc2217_flush(&b->r);
    while ((a->sent_len > 0 || b->sent_len > 0) && rounds < 100) {
        carry(a, b, NULL);
        carry(b, a, NULL);
        rounds++;
    }
    CHECK(rounds < 10); /* a negotiation ends */
}

static void a_client_and_a_server_agree_and_every_setting_comes_over(void)
{
    struct dtu_uart uart, seen;
    new_server(&left);
    new_client(&right);
    carry_all(&left, &right);
    CHECK(dtu_rfc2217_agreed(&left.r) && dtu_rfc2217_agreed(&right.r));
    for (unsigned i = 0; i < 3 * 4 * 2 * 5 * 3; i++) {
        static const uint32_t rates[] = {300, 0xFFFF, 0xFFFFFF00};
        uart.baud = rates[i % 3];
        uart.data_bits = (uint8_t)(5 + i / 3 % 4);
        uart.stop_bits = (uint8_t)(1 + i / 12 % 2);
        uart.parity = (uint8_t)(i / 24 % 5);
        uart.flow = (uint8_t)(i / 120);
        memset(&seen, 0, sizeof seen);
        dtu_rfc2217_client_set(&right.r, &uart);
        CHECK(!dtu_rfc2217_client_settled(&right.r));
        carry_all(&left, &right);
        CHECK(dtu_rfc2217_client_settled(&right.r));
        dtu_rfc2217_client_uart(&right.r, &seen);
        CHECK_BYTES(&seen, sizeof seen, &uart, sizeof uart);
        clear(&left);
        clear(&right);
    }
}

static void two_servers_or_two_clients_end_their_negotiation(void)
{
    new_server(&left);
    new_server(&right);
    carry_all(&left, &right);
    new_client(&left);
    new_client(&right);
    carry_all(&left, &right);
}

static void data_comes_over_as_it_was_in_any_pieces(void)
{
    for (uint32_t seed = 1; seed <= 200; seed++) {
        struct test_rand rand;
        uint8_t data[100];
        size_t at = 0;
        test_rand_seed(&rand, seed);
        for (size_t i = 0; i < sizeof data; i++)
            data[i] = test_rand_below(&rand, 3) == 0 ? 0xFF : (uint8_t)test_rand_u32(&rand);
        open_server(&left);
        open_client(&right);
        for (unsigned steps = 0; steps < 5000 && right.data_len < sizeof data; steps++) {
            left.room = test_rand_below(&rand, 9);
            right.data_room = test_rand_below(&rand, 5);
            if (test_rand_below(&rand, 8) == 0) {
                uint8_t ayt[] = {0xFF, 0xF6}; /* something is said in between */
                (void)dtu_rfc2217_feed(&left.r, ayt, left.r.state == 0 ? 2 : 1);
            }
            if (at < sizeof data)
                at += dtu_rfc2217_send(&left.r, data + at,
                                       1 + test_rand_below(&rand, (uint32_t)(sizeof data - at)));
            carry(&left, &right, &rand);
            (void)dtu_rfc2217_flush(&left.r);
        }
        CHECK_BYTES(right.data, right.data_len, data, sizeof data);
    }
}

/* --- Any split ------------------------------------------------------------------------------ */

/* Bytes that mean something more often than not. */
static size_t make_stream(struct test_rand *rand, uint8_t *stream, size_t size, unsigned base)
{
    static const uint8_t likely[] = {0xFF, 0xFF, 0xFA, 0xF0, 0x2C, 0xFB, 0xFD, 0xFE, 0xF6, 0x00};
    size_t len = 0;
    while (len + 12 < size) {
        uint8_t command = (uint8_t)(base + test_rand_below(rand, 14));
        switch (test_rand_below(rand, 4)) {
        case 0:
            stream[len++] = likely[test_rand_below(rand, sizeof likely)];
            break;
        case 1:
            stream[len++] = (uint8_t)test_rand_u32(rand);
            break;
        default:
            memcpy(stream + len, "\xFF\xFA\x2C", 3);
            stream[len + 3] = command;
            len += 4;
            for (unsigned n = test_rand_below(rand, 5); n > 0; n--)
                stream[len++] = (uint8_t)test_rand_below(rand, 21);
            memcpy(stream + len, "\xFF\xF0", 2);
            len += 2;
            break;
        }
    }
    return len;
}

static void feed_split(struct end *e, struct test_rand *rand, const uint8_t *stream, size_t len)
{
    size_t at = 0;
    for (unsigned steps = 0; at < len && steps < 10000; steps++) {
        size_t piece = 1;
        if (rand != NULL) {
            piece = 1 + test_rand_below(rand, (uint32_t)(len - at));
            e->room = test_rand_below(rand, 12);
            e->data_room = test_rand_below(rand, 12);
        }
        at += dtu_rfc2217_feed(&e->r, stream + at, piece);
    }
    CHECK_EQ(at, len);
    e->room = SIZE_MAX;
    CHECK(dtu_rfc2217_flush(&e->r));
}

static void any_split_and_any_refusal_give_the_same(void)
{
    static uint8_t stream[120];
    for (uint32_t seed = 1; seed <= 400; seed++) {
        struct test_rand rand;
        bool server = seed % 2 == 0;
        size_t len;
        test_rand_seed(&rand, seed);
        len = make_stream(&rand, stream, sizeof stream, server ? 0 : 100);
        for (unsigned way = 0; way < 3; way++) {
            struct end *e = way == 0 ? &left : &right;
            server ? new_server(e) : new_client(e);
            dtu_rfc2217_flush(&e->r);
            clear(e);
            if (way == 0)
                CHECK_EQ(dtu_rfc2217_feed(&e->r, stream, len), len);
            else
                feed_split(e, way == 1 ? NULL : &rand, stream, len);
            CHECK_BYTES(e->data, e->data_len, left.data, left.data_len);
            CHECK_BYTES(e->sent, e->sent_len, left.sent, left.sent_len);
            CHECK_BYTES(e->log, e->log_len, left.log, left.log_len);
            CHECK_BYTES(&e->r.stats, sizeof e->r.stats, &left.r.stats, sizeof left.r.stats);
        }
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(plain_data_is_handed_on_where_it_lies),
    CHECK_TEST(two_ff_are_one_byte_of_data),
    CHECK_TEST(a_byte_ff_is_sent_twice),
    CHECK_TEST(a_byte_ff_of_which_one_half_has_room_is_finished_first),
    CHECK_TEST(data_flows_before_anything_is_agreed),
    CHECK_TEST(data_without_room_is_offered_again),
    CHECK_TEST(no_bytes_do_nothing),
    CHECK_TEST(a_server_speaks_first),
    CHECK_TEST(a_client_speaks_first),
    CHECK_TEST(what_was_asked_for_and_is_agreed_is_not_answered),
    CHECK_TEST(what_was_asked_for_and_is_refused_is_not_answered),
    CHECK_TEST(an_option_that_is_on_is_not_agreed_to_again),
    CHECK_TEST(an_option_is_switched_off_and_on_again),
    CHECK_TEST(an_unknown_option_is_refused_each_time_and_its_refusal_is_not_answered),
    CHECK_TEST(a_server_does_not_let_its_client_echo),
    CHECK_TEST(a_client_lets_its_server_echo_and_does_not_echo_itself),
    CHECK_TEST(com_port_is_agreed_whichever_side_offers_it),
    CHECK_TEST(telnet_commands_without_a_meaning_here_are_taken_out),
    CHECK_TEST(are_you_there_is_answered_without_data),
    CHECK_TEST(telnets_own_break_is_a_break),
    CHECK_TEST(the_rate_is_set_and_answered),
    CHECK_TEST(bytes_ff_of_a_rate_are_doubled_both_ways),
    CHECK_TEST(zero_asks_and_sets_nothing),
    CHECK_TEST(each_number_of_data_bits_is_set),
    CHECK_TEST(each_parity_is_set),
    CHECK_TEST(stop_bits_are_set),
    CHECK_TEST(what_cannot_be_is_answered_with_what_is_in_use),
    CHECK_TEST(what_is_so_already_is_answered_and_not_set),
    CHECK_TEST(the_client_is_told_what_the_uart_really_does),
    CHECK_TEST(flow_control_is_set_for_both_directions),
    CHECK_TEST(rs485_is_told_as_no_flow_control_and_stays),
    CHECK_TEST(break_dtr_and_rts_are_switched_and_asked_for),
    CHECK_TEST(a_line_that_cannot_be_switched_is_told_as_it_is),
    CHECK_TEST(purging_is_done_and_answered),
    CHECK_TEST(the_signature_is_told_to_who_asks),
    CHECK_TEST(the_longest_signature_is_told),
    CHECK_TEST(commands_that_are_not_understood_are_counted_and_not_answered),
    CHECK_TEST(an_overlong_command_is_taken_out_counted_and_not_carried_out),
    CHECK_TEST(a_command_whose_end_is_missing_is_dropped_for_the_next),
    CHECK_TEST(a_server_of_a_client_that_does_not_negotiate_works_all_the_same),
    CHECK_TEST(the_lines_are_told_when_com_port_is_agreed),
    CHECK_TEST(a_line_that_changes_is_told_with_its_change),
    CHECK_TEST(a_byte_ff_of_all_lines_is_doubled),
    CHECK_TEST(a_mask_says_which_lines_are_told),
    CHECK_TEST(what_happens_on_the_line_is_told_only_to_who_wants_to_know),
    CHECK_TEST(nothing_is_told_to_a_client_without_rfc2217),
    CHECK_TEST(a_suspended_server_sends_no_data_until_it_is_resumed),
    CHECK_TEST(a_command_waits_until_the_answer_before_it_is_out),
    CHECK_TEST(wishes_wait_until_the_server_agrees_and_go_in_order),
    CHECK_TEST(a_client_knows_what_the_server_uses),
    CHECK_TEST(an_answer_with_more_bytes_than_it_needs_is_understood),
    CHECK_TEST(a_value_of_a_server_that_cannot_be_is_not_kept_but_settles),
    CHECK_TEST(a_server_that_refuses_is_told_once_and_data_goes_on),
    CHECK_TEST(a_server_that_refuses_something_else_has_not_refused_yet),
    CHECK_TEST(a_server_that_takes_back_what_it_agreed_to_has_refused),
    CHECK_TEST(a_server_that_offers_com_port_itself_is_ready_once),
    CHECK_TEST(data_waits_for_the_settings_before_it),
    CHECK_TEST(a_wish_waits_for_the_answer_to_the_one_before_and_the_last_counts),
    CHECK_TEST(what_was_not_answered_is_asked_again),
    CHECK_TEST(what_was_given_up_holds_nothing_back),
    CHECK_TEST(who_gives_up_waits_for_nothing_and_data_goes_on),
    CHECK_TEST(lines_break_masks_and_signature_are_wishes_too),
    CHECK_TEST(a_client_tells_its_signature_too),
    CHECK_TEST(a_client_hears_of_lines_and_line),
    CHECK_TEST(a_suspended_client_keeps_its_wishes),
    CHECK_TEST(a_client_may_have_no_events),
    CHECK_TEST(a_missing_callback_is_refused),
    CHECK_TEST(a_client_and_a_server_agree_and_every_setting_comes_over),
    CHECK_TEST(two_servers_or_two_clients_end_their_negotiation),
    CHECK_TEST(data_comes_over_as_it_was_in_any_pieces),
    CHECK_TEST(any_split_and_any_refusal_give_the_same),
};
CHECK_MAIN(tests)
