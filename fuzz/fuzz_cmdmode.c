/* SPDX-License-Identifier: MIT */
/* Each side against a naive handshake that sees all of the stream at once, for any split; the
 * module's also for refusals at any call; and no byte gets lost. */
#include "fuzz.h"

#include "dtu/cmdmode.h"

#define STREAM_MAX 512

static struct {
    uint8_t bytes[STREAM_MAX];
    uint32_t ms[STREAM_MAX];
    size_t len;
} stream;

static struct dtu_cmdmode_config config;
static struct fuzz_rand decisions;
static unsigned refuse_chance;

struct events {
    struct fuzz_log data;
    struct fuzz_log answer;
    uint32_t entered;
    uint32_t broken;
};

static struct events seen;
static struct events expected;

static void clear(struct events *e)
{
    e->data.len = 0;
    e->answer.len = 0;
    e->entered = 0;
    e->broken = 0;
}

static uint32_t next_pause(struct fuzz_input *in)
{
    uint32_t code = fuzz_u8(in);
    if (code < 0x90)
        return 0;
    if (code < 0xB0)
        return code & 0x1F;
    if (code < 0xC0)
        return config.guard_ms - 1 + code % 3;
    if (code < 0xD0)
        return config.gap_ms - 1 + code % 3;
    if (code < 0xE0)
        return config.confirm_ms - 1 + code % 3;
    return fuzz_u16(in);
}

static uint8_t next_byte(struct fuzz_input *in)
{
    static const char often[] = "++++++aaox";
    uint8_t byte = fuzz_u8(in);
    return byte < 200 ? (uint8_t)often[byte % (sizeof often - 1)] : byte;
}

static void make_stream(struct fuzz_input *in)
{
    uint32_t now = fuzz_u32(in);
    for (stream.len = 0; stream.len < STREAM_MAX && in->left > 0; stream.len++) {
        now += next_pause(in);
        stream.ms[stream.len] = now;
        stream.bytes[stream.len] = next_byte(in);
    }
}

/* --- The naive handshake ------------------------------------------------------------------------
 */

static bool follows(size_t i, char byte, uint32_t limit)
{
    return i < stream.len && stream.bytes[i] == (uint8_t)byte &&
           stream.ms[i] - stream.ms[i - 1] < limit;
}

static size_t naive_handshake(size_t i)
{
    size_t j = i + 1;
    while (j < i + 3 && follows(j, '+', config.gap_ms))
        j++;
    if (j == i + 3) {
        fuzz_log_bytes(&expected.answer, "a", 1);
        if (follows(j, 'a', config.confirm_ms)) {
            fuzz_log_bytes(&expected.answer, "+ok", 3);
            expected.entered++;
            return j + 1;
        }
    }
    expected.broken++;
    fuzz_log_bytes(&expected.data, stream.bytes + i, j - i);
    return j;
}

static void run_naive(void)
{
    clear(&expected);
    for (size_t i = 0; i < stream.len;) {
        bool quiet = i == 0 || stream.ms[i] - stream.ms[i - 1] >= config.guard_ms;
        if (quiet && stream.bytes[i] == '+')
            i = naive_handshake(i);
        else
            fuzz_log_bytes(&expected.data, &stream.bytes[i++], 1);
    }
}

/* --- The module ---------------------------------------------------------------------------------
 */

static size_t room(size_t len)
{
    FUZZ_CHECK(len > 0);
    if (refuse_chance > 0 && fuzz_decide(&decisions, refuse_chance) == 0)
        return fuzz_decide(&decisions, (uint32_t)len);
    return len;
}

static size_t take_data(void *ctx, const uint8_t *data, size_t len)
{
    FUZZ_CHECK(ctx == &seen);
    len = room(len);
    fuzz_log_bytes(&seen.data, data, len);
    return len;
}

static size_t take_answer(void *ctx, const uint8_t *data, size_t len)
{
    FUZZ_CHECK(ctx == &seen);
    len = room(len);
    fuzz_log_bytes(&seen.answer, data, len);
    return len;
}

/* All that came before is data or handshakes: so this one is where it must be in the stream. */
static void on_entered(void *ctx)
{
    FUZZ_CHECK(ctx == &seen);
    size_t at = seen.data.len + 4 * (size_t)seen.entered;
    FUZZ_CHECK(at + 4 <= stream.len && memcmp(stream.bytes + at, "+++a", 4) == 0);
    seen.entered++;
}

static const struct dtu_cmdmode_callbacks callbacks = {take_data, take_answer, on_entered};

static size_t together(size_t i)
{
    size_t n = 1;
    while (i + n < stream.len && stream.ms[i + n] == stream.ms[i])
        n++;
    return n;
}

static void leave(struct dtu_cmdmode *c, uint32_t now)
{
    if (dtu_cmdmode_active(c))
        dtu_cmdmode_leave(c, now);
}

/* Feeds at one moment until all is taken. */
static void feed_now(struct dtu_cmdmode *c, size_t i, size_t len, uint32_t now)
{
    for (size_t taken = 0; taken < len;) {
        size_t n = dtu_cmdmode_feed(c, stream.bytes + i + taken, len - taken, now);
        FUZZ_CHECK(n <= len - taken);
        taken += n;
        leave(c, now);
    }
    while (!dtu_cmdmode_ready(c)) {
        dtu_cmdmode_poll(c, now);
        leave(c, now);
    }
}

static void run_module(uint32_t longest)
{
    struct dtu_cmdmode c;
    uint32_t now = stream.len > 0 ? stream.ms[0] : 0;
    clear(&seen);
    FUZZ_CHECK(dtu_cmdmode_init(&c, &config, &callbacks, &seen, now) == DTU_OK);
    for (size_t i = 0; i < stream.len;) {
        size_t piece = together(i);
        if (longest > 0)
            piece = 1 + fuzz_decide(&decisions, piece < longest ? (uint32_t)piece : longest);
        now = stream.ms[i];
        feed_now(&c, i, piece, now);
        i += piece;
        if (dtu_cmdmode_next(&c, now) != DTU_NEVER && i < stream.len &&
            dtu_cmdmode_next(&c, now) <= stream.ms[i] - now) {
            now += dtu_cmdmode_next(&c, now); /* a poll when it is wished */
            dtu_cmdmode_poll(&c, now);
            while (!dtu_cmdmode_ready(&c))
                dtu_cmdmode_poll(&c, now);
        }
    }
    for (int i = 0; dtu_cmdmode_next(&c, now) != DTU_NEVER; i++) {
        FUZZ_CHECK(i < 100);
        now += dtu_cmdmode_next(&c, now);
        dtu_cmdmode_poll(&c, now);
    }
    while (!dtu_cmdmode_ready(&c))
        dtu_cmdmode_poll(&c, now);
    fuzz_check_same(&seen.data, &expected.data);
    fuzz_check_same(&seen.answer, &expected.answer);
    FUZZ_CHECK(seen.entered == expected.entered && c.stats.entered == expected.entered);
    FUZZ_CHECK(c.stats.broken == expected.broken);
}

/* Refusals that last: what becomes data may change, but no byte is lost, doubled or moved, which
 * on_entered() and the end check. */
static void run_refusing_for_long(struct fuzz_rand *pauses)
{
    struct dtu_cmdmode c;
    uint32_t now = 7;
    size_t at = 0;
    clear(&seen);
    FUZZ_CHECK(dtu_cmdmode_init(&c, &config, &callbacks, &seen, now) == DTU_OK);
    for (size_t i = 0; i < stream.len;) {
        size_t len = 1 + fuzz_decide(pauses, (uint32_t)(stream.len - i));
        i += dtu_cmdmode_feed(&c, stream.bytes + i, len, now);
        leave(&c, now);
        now += fuzz_decide(pauses, 3) == 0 ? fuzz_decide(pauses, 2 * config.confirm_ms) : 0;
        dtu_cmdmode_poll(&c, now);
        leave(&c, now);
    }
    refuse_chance = 0;
    dtu_cmdmode_poll(&c, now);
    leave(&c, now);
    now += config.confirm_ms > config.gap_ms ? config.confirm_ms : config.gap_ms;
    dtu_cmdmode_poll(&c, now);
    FUZZ_CHECK(dtu_cmdmode_ready(&c));
    FUZZ_CHECK(seen.entered == c.stats.entered);
    FUZZ_CHECK(seen.data.len + 4 * (size_t)seen.entered == stream.len);
    for (size_t i = 0; i < seen.data.len; i++, at++) { /* the stream without some +++a */
        while (at < stream.len && stream.bytes[at] != seen.data.bytes[i])
            at++;
        FUZZ_CHECK(at < stream.len);
    }
}

/* --- The host ------------------------------------------------------------------------------------
 */

static struct fuzz_log host_data_log;
static struct fuzz_log host_sent;
static int host_done_calls;
static enum dtu_status host_status;

static size_t host_send(void *ctx, const uint8_t *data, size_t len)
{
    FUZZ_CHECK(ctx == &host_sent);
    len = room(len);
    fuzz_log_bytes(&host_sent, data, len);
    return len;
}

static void host_data(void *ctx, const uint8_t *data, size_t len)
{
    FUZZ_CHECK(ctx == &host_sent && len > 0);
    fuzz_log_bytes(&host_data_log, data, len);
}

static void host_done(void *ctx, enum dtu_status status)
{
    FUZZ_CHECK(ctx == &host_sent);
    host_done_calls++;
    host_status = status;
}

static const struct dtu_cmdmode_host_callbacks host_callbacks = {host_send, host_data, host_done};

/* Polls when the host wishes it, up to a time. */
static void host_until(struct dtu_cmdmode_host *h, uint32_t from, uint32_t to)
{
    while (dtu_cmdmode_host_next(h, from) <= to - from) {
        from += dtu_cmdmode_host_next(h, from);
        dtu_cmdmode_host_poll(h, from);
    }
}

static void log_host(struct fuzz_log *result, size_t taken, enum dtu_status status,
                     const struct fuzz_log *sent, const struct fuzz_log *data)
{
    result->len = 0;
    fuzz_log_u32(result, (uint32_t)taken);
    fuzz_log_u32(result, (uint32_t)status);
    fuzz_log_u32(result, (uint32_t)sent->len);
    fuzz_log_bytes(result, sent->bytes, sent->len);
    fuzz_log_bytes(result, data->bytes, data->len);
}

static void run_host(const struct dtu_cmdmode_host_config *host_config, uint32_t longest,
                     struct fuzz_log *result)
{
    struct dtu_cmdmode_host h;
    size_t taken = 0;
    uint32_t now = stream.len > 0 ? stream.ms[0] : 0;
    host_data_log.len = 0;
    host_sent.len = 0;
    host_done_calls = 0;
    FUZZ_CHECK(dtu_cmdmode_host_init(&h, host_config, &host_callbacks, &host_sent) == DTU_OK);
    FUZZ_CHECK(dtu_cmdmode_host_start(&h, now) == DTU_OK);
    for (size_t i = 0; i < stream.len;) {
        size_t piece = together(i);
        if (longest > 0)
            piece = 1 + fuzz_decide(&decisions, piece < longest ? (uint32_t)piece : longest);
        host_until(&h, now, stream.ms[i]);
        now = stream.ms[i];
        size_t n = dtu_cmdmode_host_feed(&h, stream.bytes + i, piece, now);
        FUZZ_CHECK(n == piece || host_done_calls == 1);
        taken += n;
        i += piece;
        if (n < piece)
            break;
    }
    for (int i = 0; dtu_cmdmode_host_next(&h, now) != DTU_NEVER; i++) {
        FUZZ_CHECK(i < 2000);
        now += dtu_cmdmode_host_next(&h, now);
        dtu_cmdmode_host_poll(&h, now);
    }
    FUZZ_CHECK(host_done_calls == 1);
    /* Each byte is data or belongs to an answer: an `a` a try, and at the end `+ok`. */
    size_t answers = taken - host_data_log.len;
    FUZZ_CHECK(answers <= host_config->tries + 3u);
    FUZZ_CHECK((host_status == DTU_OK) ? answers >= 4 : answers <= host_config->tries);
    log_host(result, taken, host_status, &host_sent, &host_data_log);
}

/* The same without the engine: bytes and deadlines in the order of time, which does not wrap. */
static void run_naive_host(const struct dtu_cmdmode_host_config *c, struct fuzz_log *result)
{
    enum { GUARD, WAIT_A, WAIT_OK, OVER } at = GUARD;
    static struct fuzz_log sent, data;
    uint64_t now = 0, since = 0;
    unsigned tries = c->tries;
    size_t taken = 0, matched = 0;
    bool success = false;
    sent.len = 0;
    data.len = 0;
    for (size_t i = 0; at != OVER;) {
        uint64_t deadline = since + (at == GUARD ? c->guard_ms : c->reply_ms);
        uint64_t next = UINT64_MAX;
        if (i < stream.len)
            next = i == 0 ? 0 : now + (stream.ms[i] - stream.ms[i - 1]);
        if (deadline <= next) { /* at the same moment the deadline is first */
            since = deadline;
            if (at == GUARD) {
                fuzz_log_bytes(&sent, "+++", 3);
                at = WAIT_A;
                continue;
            }
            fuzz_log_bytes(&data, "+ok", matched);
            matched = 0;
            at = --tries > 0 ? GUARD : OVER;
            continue;
        }
        now = next;
        uint8_t byte = stream.bytes[i++];
        taken++;
        if (at == WAIT_A && byte == 'a') {
            fuzz_log_bytes(&sent, "a", 1);
            at = WAIT_OK;
            since = now;
        } else if (at != WAIT_OK) {
            fuzz_log_bytes(&data, &byte, 1);
        } else if (byte == (uint8_t) "+ok"[matched]) {
            success = ++matched == 3;
            at = success ? OVER : at;
        } else {
            fuzz_log_bytes(&data, "+ok", matched);
            matched = byte == '+';
            fuzz_log_bytes(&data, &byte, matched == 0);
        }
    }
    log_host(result, taken, success ? DTU_OK : DTU_ERR_TIMEOUT, &sent, &data);
}

static void check_host(struct fuzz_input *in)
{
    static struct fuzz_log whole;
    static struct fuzz_log cut;
    struct dtu_cmdmode_host_config host_config;
    host_config.guard_ms = fuzz_u8(in);
    host_config.reply_ms = 1u + fuzz_u8(in);
    host_config.tries = (uint8_t)(1 + fuzz_below(in, 5));
    make_stream(in);
    refuse_chance = 0;
    run_naive_host(&host_config, &cut);
    run_host(&host_config, 0, &whole);
    fuzz_check_same(&whole, &cut);
    run_host(&host_config, 1, &cut);
    fuzz_check_same(&whole, &cut);
    run_host(&host_config, 16, &cut);
    fuzz_check_same(&whole, &cut);
    refuse_chance = 2;
    run_host(&host_config, 16, &cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    bool module = fuzz_below(&in, 4) != 0;
    config.guard_ms = 1u + fuzz_u8(&in);
    config.gap_ms = 1u + fuzz_u8(&in);
    config.confirm_ms = 1u + fuzz_u16(&in) % 4096;
    decisions = fuzz_rand(fuzz_u16(&in));
    if (!module) {
        check_host(&in);
        return 0;
    }
    struct fuzz_rand pauses = fuzz_rand(fuzz_u16(&in));
    make_stream(&in);
    run_naive();
    refuse_chance = 0;
    run_module(0);
    run_module(1);
    run_module(16);
    refuse_chance = 2;
    run_module(0);
    run_module(16);
    run_refusing_for_long(&pauses);
    return 0;
}
