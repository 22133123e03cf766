/* SPDX-License-Identifier: MIT */
/* Both sides of RFC 2217: any split and any refusal of what comes in give the same events and the
 * same bytes out; data comes through as a naive telnet reader finds it; and what one side says, the
 * other understands and does not answer for ever. */
#include "fuzz.h"

#include "dtu/rfc2217.h"

#define STREAM_MAX 1024

struct end {
    struct dtu_rfc2217 r;
    struct fuzz_log events; /* and data */
    struct fuzz_log data;
    struct fuzz_log sent;
    bool refuses;
};

static struct end whole, split;
static struct fuzz_rand decisions;

static size_t some_of(const struct end *e, size_t len)
{
    if (!e->refuses || fuzz_decide(&decisions, 2) == 0)
        return len;
    return fuzz_decide(&decisions, (uint32_t)len + 1);
}

static size_t on_send(void *ctx, const uint8_t *data, size_t len)
{
    struct end *e = ctx;
    FUZZ_CHECK(len > 0);
    len = some_of(e, len);
    fuzz_log_bytes(&e->sent, data, len);
    return len;
}

static size_t on_data(void *ctx, const uint8_t *data, size_t len)
{
    struct end *e = ctx;
    FUZZ_CHECK(len > 0);
    len = some_of(e, len);
    fuzz_log_bytes(&e->data, data, len);
    for (size_t i = 0; i < len; i++) { /* pieces may differ */
        uint8_t event[2] = {'d', data[i]};
        fuzz_log_bytes(&e->events, event, sizeof event);
    }
    return len;
}

static void log_event(struct end *e, uint8_t kind, uint8_t value)
{
    uint8_t event[2] = {kind, value};
    fuzz_log_bytes(&e->events, event, sizeof event);
}

static void on_uart(void *ctx, struct dtu_uart *uart)
{
    struct end *e = ctx;
    FUZZ_CHECK(uart->baud != 0);
    FUZZ_CHECK(uart->data_bits >= 5 && uart->data_bits <= 8);
    FUZZ_CHECK(uart->stop_bits == 1 || uart->stop_bits == 2);
    FUZZ_CHECK(uart->parity <= DTU_PARITY_SPACE && uart->flow <= DTU_FLOW_RS485);
    log_event(e, 'u', uart->data_bits);
    log_event(e, uart->stop_bits, uart->parity);
    log_event(e, 'f', uart->flow);
    fuzz_log_u32(&e->events, uart->baud);
    if (uart->baud > 4000000) /* more than this UART can do */
        uart->baud = 4000000;
}

static bool on_signal(void *ctx, enum dtu_rfc2217_signal signal, bool on)
{
    FUZZ_CHECK(signal <= DTU_RFC2217_RTS);
    log_event(ctx, (uint8_t)('0' + signal), on);
    return on || signal == DTU_RFC2217_DTR;
}

static void on_pulse(void *ctx)
{
    log_event(ctx, 'p', 0);
}

static void on_purge(void *ctx, unsigned what)
{
    FUZZ_CHECK(what >= 1 && what <= 3);
    log_event(ctx, 'x', (uint8_t)what);
}

static void on_event(void *ctx, const struct dtu_rfc2217_event *event)
{
    struct end *e = ctx;
    log_event(e, (uint8_t)('A' + event->kind), event->state);
    if (event->kind != DTU_RFC2217_SIGNATURE) {
        FUZZ_CHECK(event->text == NULL && event->len == 0);
        return;
    }
    FUZZ_CHECK(event->len >= 1 && event->len <= DTU_RFC2217_SIGNATURE_MAX);
    fuzz_log_bytes(&e->events, event->text, event->len);
}

static const struct dtu_rfc2217_server_callbacks server_calls = {
    {on_send, on_data}, on_uart, on_signal, on_pulse, on_purge};
static const struct dtu_rfc2217_client_callbacks client_calls = {{on_send, on_data}, on_event};

static void begin(struct end *e, bool server)
{
    static const struct dtu_uart uart = {115200, 8, 1, DTU_PARITY_NONE, DTU_FLOW_RS485};
    e->events.len = 0;
    e->data.len = 0;
    e->sent.len = 0;
    e->refuses = false;
    if (server)
        FUZZ_CHECK(dtu_rfc2217_server_init(&e->r, &server_calls, "fuzz", &uart, e) == DTU_OK);
    else
        FUZZ_CHECK(dtu_rfc2217_client_init(&e->r, &client_calls, "fuzz", e) == DTU_OK);
    FUZZ_CHECK(dtu_rfc2217_flush(&e->r));
    if (!server) {
        dtu_rfc2217_client_set(&e->r, &uart);
        dtu_rfc2217_client_signal(&e->r, DTU_RFC2217_DTR, true);
        dtu_rfc2217_client_signature(&e->r);
    }
}

static void feed_in_pieces(struct end *e, const uint8_t *data, size_t len)
{
    size_t taken = 0;
    while (taken < len) {
        size_t piece = 1 + fuzz_decide(&decisions, (uint32_t)(len - taken));
        size_t n;
        e->refuses = fuzz_decide(&decisions, 2) == 0;
        n = dtu_rfc2217_feed(&e->r, data + taken, piece);
        FUZZ_CHECK(n <= piece);
        FUZZ_CHECK(e->refuses || n == piece);
        taken += n;
    }
    e->refuses = false;
    FUZZ_CHECK(dtu_rfc2217_flush(&e->r));
}

static void check_splits(const uint8_t *data, size_t len, bool server)
{
    begin(&whole, server);
    FUZZ_CHECK(dtu_rfc2217_feed(&whole.r, data, len) == len);
    begin(&split, server);
    feed_in_pieces(&split, data, len);
    fuzz_check_same(&split.events, &whole.events);
    fuzz_check_same(&split.sent, &whole.sent);
    FUZZ_CHECK(memcmp(&split.r.stats, &whole.r.stats, sizeof whole.r.stats) == 0);
}

/* The data of a telnet stream, one byte at a time. */
static size_t naive_data(const uint8_t *data, size_t len, uint8_t *out)
{
    enum { DATA, COMMAND, OPTION, SUB, SUB_COMMAND } at = DATA;
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t b = data[i];
        if (at == SUB) {
            at = b == 0xFF ? SUB_COMMAND : SUB;
        } else if (at == OPTION) {
            at = DATA;
        } else if (at == DATA && b == 0xFF) {
            at = COMMAND;
        } else if (at == DATA || (at == COMMAND && b == 0xFF)) {
            out[n++] = b;
            at = DATA;
        } else if (at == SUB_COMMAND && b == 0xFF) {
            at = SUB;
        } else { /* a command, also one inside of a sub-negotiation, which ends it */
            at = b == 0xFA ? SUB : b > 0xFA ? OPTION : DATA;
        }
    }
    return n;
}

static void check_data(const uint8_t *data, size_t len)
{
    static uint8_t expected[STREAM_MAX];
    size_t n = naive_data(data, len, expected);
    begin(&whole, false);
    FUZZ_CHECK(dtu_rfc2217_feed(&whole.r, data, len) == len);
    FUZZ_CHECK(whole.data.len == n && memcmp(whole.data.bytes, expected, n) == 0);
}

/* The bytes as data from one side to the other, with all that is said on the way. */
static void check_round_trip(const uint8_t *data, size_t len, bool server)
{
    size_t from_whole = 0, from_split = 0;
    begin(&whole, server);
    begin(&split, !server);
    for (unsigned rounds = 0; from_whole < whole.sent.len || from_split < split.sent.len;
         rounds++) {
        FUZZ_CHECK(rounds < 10); /* they come to an end */
        from_whole +=
            dtu_rfc2217_feed(&split.r, whole.sent.bytes + from_whole, whole.sent.len - from_whole);
        from_split +=
            dtu_rfc2217_feed(&whole.r, split.sent.bytes + from_split, split.sent.len - from_split);
    }
    FUZZ_CHECK(dtu_rfc2217_agreed(&whole.r) && dtu_rfc2217_agreed(&split.r));
    FUZZ_CHECK(dtu_rfc2217_client_settled(server ? &split.r : &whole.r));
    split.data.len = 0;
    for (size_t taken = 0; taken < len;) {
        whole.refuses = true;
        taken += dtu_rfc2217_send(&whole.r, data + taken, len - taken);
    }
    whole.refuses = false;
    FUZZ_CHECK(dtu_rfc2217_flush(&whole.r));
    (void)dtu_rfc2217_feed(&split.r, whole.sent.bytes + from_whole, whole.sent.len - from_whole);
    FUZZ_CHECK(split.data.len == len && (len == 0 || memcmp(split.data.bytes, data, len) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    bool server = fuzz_below(&in, 2) == 0;
    decisions = fuzz_rand(fuzz_u8(&in));
    if (in.left > STREAM_MAX)
        in.left = STREAM_MAX;
    check_splits(in.at, in.left, server);
    check_data(in.at, in.left);
    check_round_trip(in.at, in.left, server);
    return 0;
}
