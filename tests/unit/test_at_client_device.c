/* SPDX-License-Identifier: MIT */
/* The AT client and the whole device of each product, from end to end: at the UART, behind a
 * password in the data stream, and by UDP. */
#include "dtu/at_client.h"

#include "board.h"

static const char *const products[] = {"gprs232-7s3", "k7", "lte-7s4", "cat1"};
static const enum dtu_at_client_dialect dialects[] = {DTU_AT_CLIENT_ERROR, DTU_AT_CLIENT_ERR_NUMBER,
                                                      DTU_AT_CLIENT_ERR_WORD, DTU_AT_CLIENT_CME};
enum { GPRS, K7, LTE, CAT1, PRODUCTS };

static struct dtu_at_client client;
static struct dtu_at_client_config config;
static uint8_t command_line[200];
static uint8_t reply_buffer[600];
static char data[400];
static size_t data_len;
static unsigned done_calls;
static enum dtu_status status;
static char value[600];
static bool by_udp;

static const struct dtu_peer tool = {{192, 168, 0, 100}, 5001};

static size_t to_module(void *ctx, const uint8_t *bytes, size_t len)
{
    (void)ctx;
    if (!by_udp)
        return rx_bytes(bytes, len);
    return dtu_device_datagram(&b->device, &tool, bytes, len, b->now) == DTU_ERR_STATE ? 0 : len;
}

static void on_data(void *ctx, const uint8_t *bytes, size_t len)
{
    (void)ctx;
    CHECK(len <= sizeof data - data_len);
    memcpy(data + data_len, bytes, len);
    data_len += len;
}

static void on_done(void *ctx, const struct dtu_at_client_reply *r)
{
    (void)ctx;
    done_calls++;
    status = r->status;
    CHECK(r->value_len < sizeof value);
    memset(value, 0, sizeof value);
    if (r->value != NULL)
        memcpy(value, r->value, r->value_len);
}

static const struct dtu_at_client_callbacks callbacks = {
    .send = to_module, .data = on_data, .done = on_done};

/* A board as it comes, started, and a client at it. */
static void set_up(unsigned product, enum dtu_at_client_mode mode, const char *prefix)
{
    new_board(products[product]);
    b->imei = "V1";
    init();
    memset(&config, 0, sizeof config);
    config.mode = mode;
    config.prefix = (const uint8_t *)prefix;
    config.prefix_len = strlen(prefix);
    config.line = command_line;
    config.line_size = sizeof command_line;
    config.reply = reply_buffer;
    config.reply_size = sizeof reply_buffer;
    config.guard_ms = 300;
    config.answer_ms = 1000;
    config.quiet_ms = 50;
    config.tries = 2;
    data_len = 0;
    done_calls = 0;
    by_udp = mode == DTU_AT_CLIENT_UDP;
    CHECK_EQ(dtu_at_client_init(&client, &config, &callbacks, NULL), DTU_OK);
}

/* What the module has written reaches the client. */
static void carry(void)
{
    char *from = by_udp ? b->replies[DTU_CHANNEL_UDP] : b->uart;
    size_t *len = by_udp ? &b->reply_len[DTU_CHANNEL_UDP] : &b->uart_len;
    char bytes[UART_MAX];
    size_t n = *len;
    memcpy(bytes, from, n);
    *len = 0;
    dtu_at_client_feed(&client, (const uint8_t *)bytes, n, b->now);
}

/* Both live on until what the client does has ended. */
static void run(enum dtu_status begun)
{
    unsigned before = done_calls;
    CHECK_EQ(begun, DTU_OK);
    for (unsigned ms = 0; ms < 10000 && done_calls == before; ms++) {
        carry();
        dtu_at_client_poll(&client, b->now);
        wait_ms(1);
    }
    CHECK_EQ(done_calls, before + 1);
}

static void command(const char *text)
{
    run(dtu_at_client_command(&client, text, strlen(text), b->now));
}

static void check_talk(unsigned product)
{
    command("AT+VER?");
    CHECK_EQ(status, DTU_OK);
    CHECK(strstr(value, "V1") != NULL);
    command("AT+UART?");
    CHECK_EQ(status, DTU_OK);
    CHECK(strstr(value, "115200") != NULL);
    command("AT+NOSUCH?");
    CHECK_EQ(status, product == GPRS ? DTU_ERR_NOT_ALLOWED : DTU_ERR_NOT_FOUND);
    CHECK_EQ(dtu_at_client_dialect(&client), dialects[product]);
}

static void at_the_uart_it_enters_talks_and_leaves(void)
{
    for (unsigned product = 0; product < PRODUCTS; product++) {
        for (unsigned echo = 0; echo < 2; echo++) {
            set_up(product, DTU_AT_CLIENT_UART, "");
            set("E", echo ? "ON" : "OFF");
            start();
            open_socket(0);
            carry(); /* the start-up message */
            size_t greeting_len = data_len;
            CHECK_EQ(greeting_len > 0, product != K7);
            b->sockets[0].sent_len = 0; /* a registration packet, if any */
            run(dtu_at_client_enter(&client, b->now));
            CHECK_EQ(status, DTU_OK);
            CHECK(b->command_mode);
            check_talk(product);
            run(dtu_at_client_identify(&client, b->now));
            CHECK_EQ(status, DTU_OK);
            run(dtu_at_client_leave(&client, b->now));
            CHECK_EQ(status, DTU_OK);
            CHECK(!b->command_mode);
            wait_ms(200);
            CHECK_EQ(b->sockets[0].sent_len, 0); /* nothing of it went to the network */
            CHECK_EQ(data_len, greeting_len);    /* and nothing was taken for data */
        }
    }
}

static void a_module_left_in_command_mode_is_found(void)
{
    for (unsigned product = 0; product < PRODUCTS; product++) {
        set_up(product, DTU_AT_CLIENT_UART, "");
        start();
        carry();
        run(dtu_at_client_enter(&client, b->now));
        CHECK_EQ(dtu_at_client_init(&client, &config, &callbacks, NULL), DTU_OK);
        run(dtu_at_client_enter(&client, b->now));
        CHECK_EQ(status, DTU_OK);
        CHECK_EQ(dtu_at_client_dialect(&client), dialects[product]);
        check_talk(product);
    }
}

static void after_a_restart_it_enters_again(void)
{
    for (unsigned product = 0; product < PRODUCTS; product++) {
        set_up(product, DTU_AT_CLIENT_UART, "");
        start();
        carry();
        data_len = 0;
        run(dtu_at_client_enter(&client, b->now));
        command("AT+Z");
        CHECK_EQ(status, DTU_OK);
        wait_ms(100);
        CHECK_EQ(b->restarts, 1);
        start();
        run(dtu_at_client_enter(&client, b->now));
        CHECK_EQ(status, DTU_OK);
        CHECK_EQ(data_len > 4, product != K7); /* the start-up message */
        check_talk(product);
    }
}

static void behind_the_password_it_talks_in_the_data_stream(void)
{
    static const struct {
        unsigned product;
        const char *prefix;
    } cases[] = {{GPRS, "usr.cn#"}, {LTE, "usr.cn"}, {LTE, "admin"}, {CAT1, "usr.cn#"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        set_up(cases[i].product, DTU_AT_CLIENT_PREFIX, cases[i].prefix);
        if (cases[i].product != LTE)
            set("UATEN", "ON");
        start();
        open_socket(0);
        carry();
        b->sockets[0].sent_len = 0;
        run(dtu_at_client_enter(&client, b->now));
        CHECK_EQ(status, DTU_OK);
        check_talk(cases[i].product);
        run(dtu_at_client_identify(&client, b->now));
        CHECK_EQ(status, DTU_OK);
        run(dtu_at_client_leave(&client, b->now));
        CHECK_EQ(b->sockets[0].sent_len, 0);
        CHECK(!b->command_mode);
    }
}

static void by_udp_it_opens_with_the_keyword(void)
{
    set_up(K7, DTU_AT_CLIENT_UDP, "www.usr.cn");
    start();
    run(dtu_at_client_enter(&client, b->now));
    CHECK_EQ(status, DTU_OK);
    CHECK(strstr(value, ",D8B04CF00001,") != NULL);
    check_talk(K7);
    CHECK_EQ(data_len, 0);
}

static const struct check_test tests[] = {
    CHECK_TEST(at_the_uart_it_enters_talks_and_leaves),
    CHECK_TEST(a_module_left_in_command_mode_is_found),
    CHECK_TEST(after_a_restart_it_enters_again),
    CHECK_TEST(behind_the_password_it_talks_in_the_data_stream),
    CHECK_TEST(by_udp_it_opens_with_the_keyword),
};
CHECK_MAIN(tests)
