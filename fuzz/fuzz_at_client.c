/* SPDX-License-Identifier: MIT */
/* A module that says anything at any time: any split gives the same, what is handed on as data is
 * what came, a value came as it is, memory is kept to, and when the module falls silent all that
 * was begun ends in time. With buffers that have room for everything a slow model does the same, in
 * the same milliseconds. One answer that comes at once is what the model says it is; and what the
 * AT server of any product answers, the client understands. */
#include "model_at_client.h"

#include "dtu/at_server.h"
#include "dtu/profile.h"

#define STREAM_MAX 1024
#define LINE_MAX 64
#define REPLY_MAX 320
#define ROOMY_MAX 4096
#define STEPS_MAX 8
#define CANARY 0xA5

static struct {
    uint8_t bytes[STREAM_MAX];
    uint32_t ms[STREAM_MAX];
    bool cancels[STREAM_MAX]; /* what is under way is given up behind the byte */
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
static struct model_client model;
static bool is_model; /* it is what is run, and not the client */
static uint8_t line[LINE_MAX + 1];
static uint8_t reply[REPLY_MAX + 1];
static uint8_t roomy_reply[ROOMY_MAX + 1];
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

/* Almost the name of the command: the fuzzer would hardly get there byte by byte. */
static void put_like_name(struct fuzz_input *in)
{
    size_t at = stream.len + 1 + fuzz_below(in, 4);
    put("+UART:");
    if (at < stream.len)
        stream.bytes[at] = fuzz_u8(in);
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
                                        "\r\n+OK=1\r\n",
                                        "+CME ERROR:"};
    uint8_t code = fuzz_u8(in);
    char byte[2] = {(char)code, '\0'};
    if (code == 0xFF)
        put_like_name(in);
    else if (code == 0xFE && stream.len > 0)
        stream.cancels[stream.len - 1] = true;
    else if (code >= 0x80 && code - 0x80 < (int)(sizeof words / sizeof words[0]))
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
    memset(stream.cancels, 0, sizeof stream.cancels);
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

static bool is_busy(void)
{
    return is_model ? model.work != MODEL_IDLE : dtu_at_client_busy(&client);
}

static uint32_t next(void)
{
    return is_model ? model_next(&model, now) : dtu_at_client_next(&client, now);
}

static void poll(void)
{
    if (is_model)
        model_poll(&model, now);
    else
        dtu_at_client_poll(&client, now);
}

static void feed(const uint8_t *bytes, size_t len)
{
    if (!is_model) {
        dtu_at_client_feed(&client, bytes, len, now);
        return;
    }
    for (size_t i = 0; i < len; i++)
        model_feed(&model, bytes[i], now);
}

static void cancel(void)
{
    if (is_model)
        model_cancel(&model);
    else
        dtu_at_client_cancel(&client);
    FUZZ_CHECK(!is_busy());
}

static enum dtu_status begin_with_client(unsigned how, const char *text)
{
    switch (how) {
    case 0:
        return dtu_at_client_enter(&client, now);
    case 1:
        return dtu_at_client_leave(&client, now);
    case 2:
        return dtu_at_client_identify(&client, now);
    case 3:
        return dtu_at_client_command_once(&client, text, strlen(text), now);
    default:
        return dtu_at_client_command(&client, text, strlen(text), now);
    }
}

static void begin_with_model(unsigned how, const char *text)
{
    switch (how) {
    case 0:
        model_enter(&model, now);
        break;
    case 1:
        model_leave(&model, now);
        break;
    case 2:
        model_identify(&model, now);
        break;
    default:
        model_ask(&model, text, how == 3, now);
        break;
    }
}

static void begin(void)
{
    static const char *const texts[] = {"AT+UART?", "AT+E=ON", "AT+Z",     "AT+H",    "AT",
                                        "AT+LBS=1", "at+uart", "AT+VER=?", "at+entm", "AT+V=??"};
    if (step == script.count)
        return;
    uint8_t what = script.what[step++];
    const char *text = texts[what < 60 ? what % 6 : 6 + what % 4]; /* the last four are commands */
    if (is_model) {
        begin_with_model(what / 6, text);
        return;
    }
    FUZZ_CHECK(begin_with_client(what / 6, text) == DTU_OK);
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
    FUZZ_CHECK(ctx == &client && !is_busy());
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
        if (!is_busy())
            begin();
        if (next() > to - now)
            break;
        now += next();
        poll();
    }
    now = to;
}

static size_t together(size_t i)
{
    size_t n = 1;
    while (i + n < stream.len && stream.ms[i + n] == stream.ms[i] && !stream.cancels[i + n - 1])
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
    FUZZ_CHECK(step == script.count && !is_busy());
    FUZZ_CHECK(next() == DTU_NEVER);
}

static void run(uint32_t longest)
{
    now = stream.begin_ms;
    step = 0;
    sent.len = 0;
    data.len = 0;
    ends.len = 0;
    in_line = 0;
    model = (struct model_client){.config = &config, .callbacks = &callbacks, .ctx = &client};
    FUZZ_CHECK(dtu_at_client_init(&client, &config, &callbacks, &client) == DTU_OK);
    for (size_t i = 0; i < stream.len;) {
        size_t piece = together(i);
        if (now != stream.ms[i] || i == 0)
            until(stream.ms[i]);
        if (longest > 0)
            piece = 1 + fuzz_decide(&decisions, piece < longest ? (uint32_t)piece : longest);
        feed(stream.bytes + i, piece);
        i += piece;
        if (stream.cancels[i - 1])
            cancel();
    }
    check_end();
    check_data();
    FUZZ_CHECK(in_line <= stream.len);
    FUZZ_CHECK(config.reply[config.reply_size] == CANARY);
    FUZZ_CHECK(line[config.line_size] == CANARY);
}

static void configure(struct fuzz_input *in, uint32_t mode)
{
    static const char keyword[] = "www.usr.cn";
    memset(reply, CANARY, sizeof reply);
    memset(line, CANARY, sizeof line);
    config.mode = (enum dtu_at_client_mode)(mode % 3);
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

/* --- One answer ------------------------------------------------------------------------------- */

static struct model_answer got; /* its texts are in `texts` */
static uint8_t texts[4096];
static unsigned answers;

static size_t take_all(void *ctx, const uint8_t *bytes, size_t len)
{
    FUZZ_CHECK(ctx == &got);
    fuzz_log_bytes(&sent, bytes, len);
    return len;
}

static void note_data(void *ctx, const uint8_t *bytes, size_t len)
{
    FUZZ_CHECK(ctx == &got);
    fuzz_log_bytes(&got.data, bytes, len);
}

static void note_answer(void *ctx, const struct dtu_at_client_reply *r)
{
    FUZZ_CHECK(ctx == &got);
    answers++;
    got.status = r->status;
    got.code = r->code;
    got.dialect = r->dialect;
    got.has_value = r->value != NULL;
    fuzz_log_bytes(&got.value, r->value, r->value_len);
    got.error = r->error != NULL ? texts : NULL;
    got.error_len = r->error_len;
    FUZZ_CHECK(r->error_len <= sizeof texts);
    if (r->error_len > 0)
        memcpy(texts, r->error, r->error_len);
}

static const struct dtu_at_client_callbacks answer_callbacks = {
    .send = take_all, .data = note_data, .done = note_answer};

static void begin_answer(uint8_t *line_memory, uint8_t *reply_memory, size_t size)
{
    static struct dtu_at_client_config one;
    one = (struct dtu_at_client_config){.mode = DTU_AT_CLIENT_UART,
                                        .line = line_memory,
                                        .line_size = size,
                                        .reply = reply_memory,
                                        .reply_size = size,
                                        .answer_ms = 1000,
                                        .quiet_ms = 100,
                                        .tries = 1};
    got.data.len = got.value.len = sent.len = 0;
    answers = 0;
    now = 0;
    FUZZ_CHECK(dtu_at_client_init(&client, &one, &answer_callbacks, &got) == DTU_OK);
}

static void feed_answer(const uint8_t *bytes, size_t len, uint32_t longest)
{
    for (size_t i = 0; i < len;) {
        size_t n = longest == 0 ? len : 1 + fuzz_decide(&decisions, longest);
        n = n < len - i ? n : len - i;
        dtu_at_client_feed(&client, bytes + i, n, now);
        i += n;
    }
    now += 1000;
    dtu_at_client_poll(&client, now);
    FUZZ_CHECK(answers == 1 && !dtu_at_client_busy(&client));
}

static void check_same_answer(const struct model_answer *expected)
{
    FUZZ_CHECK(got.status == expected->status && got.code == expected->code);
    FUZZ_CHECK(got.dialect == expected->dialect && got.has_value == expected->has_value);
    fuzz_check_same(&got.value, &expected->value);
    fuzz_check_same(&got.data, &expected->data);
    FUZZ_CHECK((got.error == NULL) == (expected->error == NULL));
    FUZZ_CHECK(got.error_len == expected->error_len);
    FUZZ_CHECK(got.error == NULL || memcmp(got.error, expected->error, got.error_len) == 0);
}

static void check_answer(struct fuzz_input *in)
{
    static const char *const commands[] = {"AT+UART?", "AT+UART", "AT+UART=?", "AT+E=ON",
                                           "AT+H",     "AT",      "AT+VER",    "AT+"};
    static struct model_answer expected;
    static uint8_t line_memory[2048], reply_memory[2048];
    uint32_t which = fuzz_below(in, 8);
    bool identifies = which == 7;
    make_stream(in);
    const struct model_question question = {
        .command = commands[which], .echoes = true, .identifies = identifies};
    model_answer(&question, stream.bytes, NULL, stream.len, &expected);
    for (uint32_t longest = 0; longest < 20; longest += 9) {
        begin_answer(line_memory, reply_memory, sizeof reply_memory);
        if (identifies)
            FUZZ_CHECK(dtu_at_client_identify(&client, now) == DTU_OK);
        else
            FUZZ_CHECK(dtu_at_client_command(&client, commands[which], strlen(commands[which]),
                                             now) == DTU_OK);
        feed_answer(stream.bytes, stream.len, longest);
        check_same_answer(&expected);
    }
}

/* --- The AT server of a product ----------------------------------------------------------------
 */

static struct fuzz_log said; /* by the server */

static size_t server_says(void *ctx, const uint8_t *bytes, size_t len)
{
    (void)ctx;
    fuzz_log_bytes(&said, bytes, len);
    return len;
}

static enum dtu_status no_action(void *ctx, const struct dtu_param *row, const uint8_t *args,
                                 size_t len)
{
    (void)ctx, (void)row, (void)args, (void)len;
    return DTU_ERR_NOT_ALLOWED;
}

static enum dtu_status no_info(void *ctx, const struct dtu_param *row, const uint8_t *args,
                               size_t len, const struct dtu_text *out)
{
    (void)ctx, (void)row, (void)args, (void)len, (void)out;
    return DTU_ERR_NOT_ALLOWED;
}

static const struct dtu_at_server_callbacks server_callbacks = {
    .write = server_says, .action = no_action, .info = no_info};

/* As a refusal tells it: docs/at_server.md has what each product says. */
static enum dtu_status as_told(const struct dtu_profile *product, enum dtu_status status)
{
    if (status == DTU_OK || product == &dtu_profile_gprs232_7s3)
        return status == DTU_OK ? DTU_OK : DTU_ERR_NOT_ALLOWED;
    if (product == &dtu_profile_cat1 && (status == DTU_ERR_MISSING || status == DTU_ERR_TYPE))
        return DTU_ERR_TYPE;
    return DTU_ERR_RANGE;
}

/* The values of a row as the client tells them: a line for each place. */
static void write_values(const struct dtu_params *p, const struct dtu_param *row,
                         struct dtu_text_buffer *buffer)
{
    const struct dtu_text out = {dtu_text_to_buffer, buffer};
    dtu_params_write(p, DTU_PARAMS_PENDING, row, 0, &out);
    for (uint8_t place = 1; place <= row->places; place++) {
        if (dtu_params_place_is_empty(p, DTU_PARAMS_PENDING, row, place))
            continue;
        if (buffer->len > 0)
            dtu_text_char(&out, '\n');
        dtu_params_write(p, DTU_PARAMS_PENDING, row, place, &out);
    }
    FUZZ_CHECK(!buffer->overflow);
}

/* Gives the server a command and the client what it says; no byte is left over. */
static void ask(struct dtu_at_server *server, const char *command, size_t len)
{
    static uint8_t line_memory[4096], reply_memory[4096];
    begin_answer(line_memory, reply_memory, sizeof reply_memory);
    FUZZ_CHECK(dtu_at_client_command(&client, command, len, now) == DTU_OK);
    said.len = 0;
    for (size_t i = 0; i < sent.len;)
        i += dtu_at_server_feed(server, sent.bytes + i, sent.len - i);
    feed_answer(said.bytes, said.len, 1 + fuzz_decide(&decisions, 40));
    FUZZ_CHECK(got.data.len == 0);
}

static void check_with_server(struct fuzz_input *in)
{
    static uint8_t ran[DTU_LTE_7S4_VALUES_SIZE], pends[DTU_LTE_7S4_VALUES_SIZE];
    static uint8_t server_line[DTU_CAT1_LINE_SIZE];
    static char command[DTU_CAT1_LINE_SIZE], value[4096];
    const struct dtu_profile *product = dtu_profile_at(fuzz_below(in, 4));
    const struct dtu_param_table *table = product->table;
    struct dtu_params params;
    const struct dtu_at_server_config server_config = {.dialect = product->dialect,
                                                       .params = &params,
                                                       .line = server_line,
                                                       .line_size = product->line_size};
    struct dtu_at_server server;
    FUZZ_CHECK(dtu_params_init(&params, table, ran, pends) == DTU_OK);
    FUZZ_CHECK(dtu_at_server_init(&server, &server_config, &server_callbacks, NULL) == DTU_OK);
    dtu_at_server_set_echo(&server, fuzz_below(in, 2) != 0);
    for (unsigned n = 0; n < 16 && in->left > 0; n++) {
        const struct dtu_param *named = &table->rows[fuzz_below(in, table->count)];
        const struct dtu_param *row =
            dtu_params_find(table, (const uint8_t *)named->name, strlen(named->name));
        size_t len = fuzz_below(in, 100);
        len = len < in->left ? len : in->left;
        if (row->kind != DTU_PARAM_SETTING || (row->flags & DTU_PARAM_INTERNAL) != 0)
            continue;
        if (len > 0 && memchr(in->at, '\r', len) == NULL && memchr(in->at, '\n', len) == NULL &&
            (len > 1 || in->at[0] != '?')) {
            struct dtu_params copy = params;
            enum dtu_status status = dtu_params_set(&copy, row, in->at, len);
            size_t name_len = (size_t)sprintf(command, "AT+%s=", named->name);
            memcpy(command + name_len, in->at, len);
            ask(&server, command, name_len + len);
            FUZZ_CHECK(got.status == as_told(product, status) && !got.has_value);
        }
        in->at += len;
        in->left -= len;
        struct dtu_text_buffer buffer = {value, sizeof value, 0, false};
        write_values(&params, row, &buffer);
        ask(&server, command, (size_t)sprintf(command, "AT+%s?", named->name));
        FUZZ_CHECK(got.status == DTU_OK && got.has_value);
        FUZZ_CHECK(got.value.len == buffer.len && memcmp(got.value.bytes, value, buffer.len) == 0);
    }
}

/* --- All at once ------------------------------------------------------------------------------ */

static struct fuzz_log whole_sent;
static struct fuzz_log whole_data;
static struct fuzz_log whole_ends;

static void run_whole(void)
{
    run(0);
    whole_sent = sent;
    whole_data = data;
    whole_ends = ends;
}

static void check_same_as_whole(void)
{
    fuzz_check_same(&sent, &whole_sent);
    fuzz_check_same(&data, &whole_data);
    fuzz_check_same(&ends, &whole_ends);
}

static void check_splits(void)
{
    run_whole();
    for (uint32_t longest = 1; longest <= 16; longest += 15) {
        run(longest);
        check_same_as_whole();
    }
    refuse_chance = 2;
    run(16);
    refuse_chance = 0;
}

static void check_with_model(void)
{
    memset(roomy_reply, CANARY, sizeof roomy_reply);
    config.reply = roomy_reply;
    config.reply_size = ROOMY_MAX;
    run_whole();
    is_model = true;
    run(0);
    is_model = false;
    check_same_as_whole();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fuzz_input in = {bytes, size};
    decisions = fuzz_rand(fuzz_u16(&in));
    uint32_t mode = fuzz_u8(&in);
    if (mode >= 0xF0) {
        check_with_server(&in);
        return 0;
    }
    if (mode >= 0xC0) {
        check_answer(&in);
        return 0;
    }
    configure(&in, mode);
    make_stream(&in);
    check_splits();
    check_with_model();
    return 0;
}
