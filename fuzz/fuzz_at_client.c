/* SPDX-License-Identifier: MIT */
/* A module that says anything at any time: any split gives the same, what is handed on as data is
 * what came, a value came as it is, memory is kept to, and when the module falls silent all that
 * was begun ends in time. */
#include "fuzz.h"

#include "dtu/at_client.h"

#define STREAM_MAX 1024
#define LINE_MAX 64
#define REPLY_MAX 320
#define STEPS_MAX 8
#define CANARY 0xA5

static struct {
    uint8_t bytes[STREAM_MAX];
    uint32_t ms[STREAM_MAX];
    size_t len;
    uint32_t begin_ms;
} stream;

/* What is begun, one after the other. */
static struct {
    uint8_t what[STEPS_MAX];
    size_t count;
    uint8_t inside; /* a bit for each: begun in the done of the one before */
} script;

static struct dtu_at_client_config config;
static struct dtu_at_client client;
static uint8_t line[LINE_MAX + 1];
static uint8_t reply[REPLY_MAX + 1];
static struct fuzz_rand decisions;
static unsigned refuse_chance;
static uint32_t now;
static size_t step;

static struct fuzz_log sent;
static struct fuzz_log data;
static struct fuzz_log ends;
static size_t in_line; /* bytes that line() was told */

static uint32_t next_pause(struct fuzz_input *in)
{
    uint32_t code = fuzz_u8(in);
    if (code < 0xD0)
        return 0;
    if (code < 0xE0)
        return code & 0x0F;
    if (code < 0xE8)
        return config.quiet_ms - 1 + code % 3;
    if (code < 0xF0)
        return config.answer_ms - 1 + code % 3;
    if (code < 0xF8)
        return config.guard_ms + code % 3;
    return fuzz_u16(in);
}

static void put(const char *text)
{
    size_t len = strlen(text);
    if (len > STREAM_MAX - stream.len)
        len = STREAM_MAX - stream.len;
    memcpy(stream.bytes + stream.len, text, len);
    for (size_t i = 0; i < len; i++)
        stream.ms[stream.len + i] = now;
    stream.len += len;
}

static void put_piece(struct fuzz_input *in)
{
    static const char *const words[] = {"\r\n",
                                        "\r",
                                        "\n",
                                        "OK",
                                        "\r\nOK\r\n",
                                        "+OK",
                                        "+OK=",
                                        "ERROR",
                                        "Err1",
                                        "+ERR=-1",
                                        "+ERR:",
                                        "+CME ERROR: 58",
                                        "+UART:",
                                        "+VER:1",
                                        "+CREG:",
                                        "AT+UART?",
                                        "AT+UART?\r",
                                        "AT+E=ON\r\n",
                                        "a",
                                        "+ok",
                                        "AT+H\r",
                                        "1.2.3.4,D8B04CF01234,x",
                                        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                                        "\r\n+UART:1\r\n\r\nOK\r\n",
                                        "\r\n+OK=1\r\n"};
    uint8_t code = fuzz_u8(in);
    char byte[2] = {(char)code, '\0'};
    if (code >= 0x80 && code - 0x80 < (int)(sizeof words / sizeof words[0]))
        put(words[code - 0x80]);
    else if (code == 0 && stream.len < STREAM_MAX) {
        stream.bytes[stream.len] = 0;
        stream.ms[stream.len++] = now;
    } else
        put(byte);
}

static void make_stream(struct fuzz_input *in)
{
    now = fuzz_u32(in);
    stream.begin_ms = now;
    stream.len = 0;
    while (stream.len < STREAM_MAX && in->left > 0) {
        now += next_pause(in);
        put_piece(in);
    }
}

static size_t on_send(void *ctx, const uint8_t *bytes, size_t len)
{
    FUZZ_CHECK(ctx == &client && len > 0);
    if (refuse_chance > 0 && fuzz_decide(&decisions, refuse_chance) == 0)
        len = fuzz_decide(&decisions, (uint32_t)len);
    fuzz_log_bytes(&sent, bytes, len);
    return len;
}

static void on_data(void *ctx, const uint8_t *bytes, size_t len)
{
    FUZZ_CHECK(ctx == &client && len > 0);
    fuzz_log_bytes(&data, bytes, len);
}

static void on_line(void *ctx, const uint8_t *bytes, size_t len)
{
    FUZZ_CHECK(ctx == &client && bytes != NULL && len > 0 && len <= config.reply_size);
    in_line += len;
}

static void begin(void)
{
    static const char *const texts[] = {"AT+UART?", "AT+E=ON", "AT+Z", "AT+H", "AT", "AT+LBS=1"};
    if (step == script.count)
        return;
    uint8_t what = script.what[step++];
    const char *text = texts[what % 6];
    enum dtu_status status = DTU_OK;
    switch (what / 6) {
    case 0:
        status = dtu_at_client_enter(&client, now);
        break;
    case 1:
        status = dtu_at_client_leave(&client, now);
        break;
    case 2:
        status = dtu_at_client_identify(&client, now);
        break;
    case 3:
        status = dtu_at_client_command_once(&client, text, strlen(text), now);
        break;
    default:
        status = dtu_at_client_command(&client, text, strlen(text), now);
        break;
    }
    FUZZ_CHECK(status == DTU_OK);
    FUZZ_CHECK(dtu_at_client_busy(&client));
    FUZZ_CHECK(dtu_at_client_enter(&client, now) == DTU_ERR_STATE);
}

static bool came(const uint8_t *text, size_t len)
{
    for (size_t i = 0; i + len <= stream.len; i++)
        if (memcmp(stream.bytes + i, text, len) == 0)
            return true;
    return false;
}

static void on_done(void *ctx, const struct dtu_at_client_reply *r)
{
    FUZZ_CHECK(ctx == &client && !dtu_at_client_busy(&client));
    FUZZ_CHECK(r->value_len + DTU_AT_CLIENT_RESERVE <= config.reply_size);
    FUZZ_CHECK((r->error != NULL) == (r->error_len > 0));
    FUZZ_CHECK(r->value != NULL || r->value_len == 0);
    FUZZ_CHECK(r->status != DTU_ERR_SPACE || r->value == NULL);
    if (r->value_len > 0 && memchr(r->value, '\n', r->value_len) == NULL)
        FUZZ_CHECK(came(r->value, r->value_len));
    if (r->error_len > 0)
        FUZZ_CHECK(came(r->error, r->error_len));
    fuzz_log_u32(&ends, (uint32_t)r->status);
    fuzz_log_u32(&ends, (uint32_t)r->code);
    fuzz_log_u32(&ends, (uint32_t)r->dialect);
    fuzz_log_u32(&ends, now);
    fuzz_log_u32(&ends, (uint32_t)data.len);
    fuzz_log_u32(&ends, (uint32_t)sent.len);
    fuzz_log_bytes(&ends, r->value, r->value_len);
    fuzz_log_bytes(&ends, r->error, r->error_len);
    if ((script.inside >> step & 1) != 0)
        begin();
}

static const struct dtu_at_client_callbacks callbacks = {on_send, on_data, on_line, on_done};

/* Begins what is next, and polls when the client wishes, up to a time. */
static void until(uint32_t to)
{
    for (unsigned polls = 0;; polls++) {
        FUZZ_CHECK(polls < 10000);
        if (!dtu_at_client_busy(&client))
            begin();
        if (dtu_at_client_next(&client, now) > to - now)
            break;
        now += dtu_at_client_next(&client, now);
        dtu_at_client_poll(&client, now);
    }
    now = to;
}

static size_t together(size_t i)
{
    size_t n = 1;
    while (i + n < stream.len && stream.ms[i + n] == stream.ms[i])
        n++;
    return n;
}

static void check_data(void)
{
    size_t at = 0;
    for (size_t i = 0; i < data.len; i++, at++) { /* the stream without some of it */
        while (at < stream.len && stream.bytes[at] != data.bytes[i])
            at++;
        FUZZ_CHECK(at < stream.len);
    }
}

static void check_end(void)
{
    uint32_t one = config.guard_ms + 2 * config.answer_ms; /* a try, and the pause before it */
    for (size_t left = script.count + 1; left > 0; left--)
        until(now + config.tries * one + config.answer_ms);
    FUZZ_CHECK(step == script.count && !dtu_at_client_busy(&client));
    FUZZ_CHECK(dtu_at_client_next(&client, now) == DTU_NEVER);
}

static void run(uint32_t longest)
{
    now = stream.begin_ms;
    step = 0;
    sent.len = 0;
    data.len = 0;
    ends.len = 0;
    in_line = 0;
    FUZZ_CHECK(dtu_at_client_init(&client, &config, &callbacks, &client) == DTU_OK);
    for (size_t i = 0; i < stream.len;) {
        size_t piece = together(i);
        if (now != stream.ms[i] || i == 0)
            until(stream.ms[i]);
        if (longest > 0)
            piece = 1 + fuzz_decide(&decisions, piece < longest ? (uint32_t)piece : longest);
        dtu_at_client_feed(&client, stream.bytes + i, piece, now);
        i += piece;
    }
    check_end();
    check_data();
    FUZZ_CHECK(in_line <= stream.len);
    FUZZ_CHECK(reply[config.reply_size] == CANARY && line[config.line_size] == CANARY);
}

static void configure(struct fuzz_input *in)
{
    static const char keyword[] = "www.usr.cn";
    memset(reply, CANARY, sizeof reply);
    memset(line, CANARY, sizeof line);
    config.mode = (enum dtu_at_client_mode)fuzz_below(in, 3);
    config.prefix = (const uint8_t *)keyword;
    config.prefix_len = sizeof keyword - 1;
    config.line = line;
    config.line_size = 20 + fuzz_below(in, LINE_MAX - 20 + 1);
    config.reply = reply;
    config.reply_size = 64 + fuzz_below(in, REPLY_MAX - 64 + 1);
    config.guard_ms = fuzz_u8(in);
    config.answer_ms = 1u + fuzz_u8(in);
    config.quiet_ms = 1 + fuzz_below(in, config.answer_ms);
    config.tries = (uint8_t)(1 + fuzz_below(in, 4));
    script.count = fuzz_below(in, STEPS_MAX + 1);
    script.inside = fuzz_u8(in);
    for (size_t i = 0; i < script.count; i++)
        script.what[i] = (uint8_t)fuzz_below(in, 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct fuzz_log whole_sent;
    static struct fuzz_log whole_data;
    static struct fuzz_log whole_ends;
    struct fuzz_input in = {bytes, size};
    decisions = fuzz_rand(fuzz_u16(&in));
    configure(&in);
    make_stream(&in);
    refuse_chance = 0;
    run(0);
    whole_sent = sent;
    whole_data = data;
    whole_ends = ends;
    for (uint32_t longest = 1; longest <= 16; longest += 15) {
        run(longest);
        fuzz_check_same(&sent, &whole_sent);
        fuzz_check_same(&data, &whole_data);
        fuzz_check_same(&ends, &whole_ends);
    }
    refuse_chance = 2;
    run(16);
    return 0;
}
