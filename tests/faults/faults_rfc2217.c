/* SPDX-License-Identifier: MIT */
/* A server and a client of RFC 2217 on one connection, while each of the four callbacks that take
 * bytes misbehaves at every call: data comes over as it was, each wish is carried out once, and
 * each at its place in the data. What is expected is what was asked for, in the order of RFC 2217
 * section 2 (rate, data bits, parity, stop bits). */
#include "faults.h"

#include "dtu/rfc2217.h"

#define TO_MODULE "to the UART \xFF\r\x00 and"
#define BEHIND " behind the wishes"
#define FROM_MODULE "\xFF\xFF from the UART \xFA"

/* One end: what it has sent and the other has not taken, and what came out of it. */
struct end {
    struct dtu_rfc2217 r;
    uint8_t wire[400];
    size_t wire_len;
    char log[300]; /* data as it is, and calls in brackets */
    size_t log_len;
};

static struct end server, client;

static void put(struct end *e, const void *data, size_t len)
{
    CHECK(len <= sizeof e->log - e->log_len);
    if (len > sizeof e->log - e->log_len)
        return;
    memcpy(e->log + e->log_len, data, len);
    e->log_len += len;
}

static void note(struct end *e, const char *what, unsigned a, unsigned b)
{
    char text[40];
    int n = snprintf(text, sizeof text, "[%s %u %u]", what, a, b);
    put(e, text, (size_t)n);
}

static size_t on_send(void *ctx, const uint8_t *data, size_t len)
{
    struct end *e = ctx;
    CHECK(len > 0);
    len = fault_takes(len);
    CHECK(len <= sizeof e->wire - e->wire_len);
    if (len > sizeof e->wire - e->wire_len)
        return 0;
    memcpy(e->wire + e->wire_len, data, len);
    e->wire_len += len;
    return len;
}

static size_t on_data(void *ctx, const uint8_t *data, size_t len)
{
    CHECK(len > 0);
    len = fault_takes(len);
    put(ctx, data, len);
    return len;
}

static void on_uart(void *ctx, struct dtu_uart *uart)
{
    note(ctx, "uart", (unsigned)(uart->baud / 100),
         uart->data_bits * 100u + uart->parity * 10u + uart->stop_bits);
}

static bool on_signal(void *ctx, enum dtu_rfc2217_signal signal, bool on)
{
    note(ctx, "signal", signal, on);
    return on;
}

static void on_pulse(void *ctx)
{
    note(ctx, "pulse", 0, 0);
}

static void on_purge(void *ctx, unsigned what)
{
    note(ctx, "purge", what, 0);
}

static void on_event(void *ctx, const struct dtu_rfc2217_event *event)
{
    note(ctx, "event", event->kind, event->state);
}

/* What is on the wire to the other end, as far as that takes it. */
static void carry(struct end *from, struct end *to)
{
    size_t taken = dtu_rfc2217_feed(&to->r, from->wire, from->wire_len);
    CHECK(taken <= from->wire_len);
    from->wire_len -= taken;
    memmove(from->wire, from->wire + taken, from->wire_len);
}

/* Goes on until nothing is on its way any more; a fault lasts less long. */
static void run(void)
{
    for (unsigned i = 0; i < 60; i++) {
        carry(&client, &server);
        carry(&server, &client);
        (void)dtu_rfc2217_flush(&client.r);
        (void)dtu_rfc2217_flush(&server.r);
    }
    CHECK_EQ(client.wire_len + server.wire_len, 0);
}

static void send_all(struct end *e, const char *data, size_t len)
{
    size_t taken = 0;
    for (unsigned i = 0; i < 200 && taken < len; i++) {
        taken += dtu_rfc2217_send(&e->r, (const uint8_t *)data + taken, len - taken);
        carry(&client, &server);
        carry(&server, &client);
    }
    CHECK_EQ(taken, len);
}

#define SEND(e, literal) send_all(e, literal, sizeof(literal) - 1)
#define CHECK_LOG(e, literal) CHECK_BYTES((e).log, (e).log_len, literal, sizeof(literal) - 1)

static void session(void)
{
    static const struct dtu_rfc2217_server_callbacks server_calls = {
        {on_send, on_data}, on_uart, on_signal, on_pulse, on_purge};
    static const struct dtu_rfc2217_client_callbacks client_calls = {{on_send, on_data}, on_event};
    static const struct dtu_uart before = {115200, 8, 1, DTU_PARITY_NONE, DTU_FLOW_NONE};
    static const struct dtu_uart wanted = {9600, 7, 2, DTU_PARITY_EVEN, DTU_FLOW_NONE};
    struct dtu_uart in_use;

    memset(&server, 0, sizeof server);
    memset(&client, 0, sizeof client);
    CHECK_EQ(dtu_rfc2217_server_init(&server.r, &server_calls, "a server", &before, &server),
             DTU_OK);
    CHECK_EQ(dtu_rfc2217_client_init(&client.r, &client_calls, "a client", &client), DTU_OK);
    dtu_rfc2217_server_modem(&server.r, DTU_RFC2217_CTS);
    dtu_rfc2217_client_set(&client.r, &wanted);
    run();
    SEND(&client, TO_MODULE);
    SEND(&server, FROM_MODULE);
    run();
    dtu_rfc2217_client_signal(&client.r, DTU_RFC2217_DTR, false);
    dtu_rfc2217_client_purge(&client.r, DTU_RFC2217_PURGE_TX);
    SEND(&client, BEHIND); /* what was wished for before it is carried out before it */
    run();

    CHECK(dtu_rfc2217_client_settled(&client.r));
    dtu_rfc2217_client_uart(&client.r, &in_use);
    CHECK(in_use.baud == 9600 && in_use.data_bits == 7 && in_use.stop_bits == 2);
    CHECK(in_use.parity == DTU_PARITY_EVEN);
    CHECK_LOG(server, "[uart 96 801][uart 96 701][uart 96 721][uart 96 722]" TO_MODULE
                      "[signal 1 0][purge 2 0]" BEHIND);
    CHECK_LOG(client, "[event 0 0][event 3 17]" FROM_MODULE); /* CTS is on, and was off */
    CHECK_EQ(server.r.stats.damaged + server.r.stats.overlong + server.r.stats.refused, 0);
    CHECK_EQ(client.r.stats.damaged + client.r.stats.overlong, 0);
}

static void a_session_without_room_is_the_same(void)
{
    CHECK(at_every_call(session) > 20);
}

static const struct check_test tests[] = {
    CHECK_TEST(a_session_without_room_is_the_same),
};

CHECK_MAIN(tests)
