/* SPDX-License-Identifier: MIT */
/* The AT client against this library's own AT server with the tables of the four products, and
 * against replies written out from the manuals: each test says the section. */
#include "dtu/at_client.h"

#include "dtu/at_server.h"
#include "dtu/cmdmode.h"
#include "dtu/discovery.h"
#include "dtu/profile.h"

#include "check.h"
#include "rand.h"

#include <stdbool.h>

#define OUT_MAX 3400
#define LINE_SIZE 300
#define REPLY_SIZE 6000
#define CANARY 0xC5
#define GUARD_MS 210
#define ANSWER_MS 500
#define QUIET_MS 50
#define TRIES 3
#define X32 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* --- The client and what it calls ------------------------------------------------------------ */

static struct dtu_at_client_config config;
static struct dtu_at_client client;
static uint8_t line[LINE_SIZE + 8];   /* with canary bytes behind */
static uint8_t reply[REPLY_SIZE + 8]; /* the same */
static uint32_t now;

struct bytes {
    char at[OUT_MAX];
    size_t len;
};

static struct bytes sent;   /* to the module */
static struct bytes data;   /* what belongs to no reply */
static struct bytes lines;  /* the log */
static unsigned sends;      /* calls of send that took something */
static size_t room;         /* how much a send takes at most */
static unsigned done_calls; /* how often something ended */
static bool next_in_done;   /* done() begins a query */

static struct {
    enum dtu_status status;
    int code;
    enum dtu_at_client_dialect dialect;
    char error[60];
    char value[OUT_MAX];
    size_t value_len;
    bool has_value;
    bool has_error;
} got;

static void keep(struct bytes *to, const void *from, size_t len)
{
    CHECK(len > 0);
    CHECK(len <= sizeof to->at - to->len);
    if (len > sizeof to->at - to->len)
        return;
    memcpy(to->at + to->len, from, len);
    to->len += len;
}

static size_t on_send(void *ctx, const uint8_t *bytes, size_t len)
{
    CHECK(ctx == &client);
    if (len > room)
        len = room;
    if (len == 0)
        return 0;
    keep(&sent, bytes, len);
    sends++;
    return len;
}

static void on_data(void *ctx, const uint8_t *bytes, size_t len)
{
    CHECK(ctx == &client);
    keep(&data, bytes, len);
}

static void on_line(void *ctx, const uint8_t *bytes, size_t len)
{
    CHECK(ctx == &client);
    keep(&lines, bytes, len);
}

static void on_done(void *ctx, const struct dtu_at_client_reply *r)
{
    CHECK(ctx == &client);
    CHECK(!dtu_at_client_busy(&client));
    done_calls++;
    got.status = r->status;
    got.code = r->code;
    got.dialect = r->dialect;
    got.has_error = r->error != NULL;
    got.has_value = r->value != NULL;
    CHECK(r->error_len < sizeof got.error && r->value_len < sizeof got.value);
    memset(got.error, 0, sizeof got.error);
    if (r->error != NULL && r->error_len < sizeof got.error)
        memcpy(got.error, r->error, r->error_len);
    memset(got.value, 0, sizeof got.value);
    if (r->value != NULL && r->value_len < sizeof got.value)
        memcpy(got.value, r->value, r->value_len);
    got.value_len = r->value_len;
    if (next_in_done) {
        next_in_done = false;
        CHECK_EQ(dtu_at_client_command(&client, "AT+NEXT?", 8, now), DTU_OK);
    }
}

static const struct dtu_at_client_callbacks callbacks = {on_send, on_data, on_line, on_done};

static void clear(void)
{
    sent.len = 0;
    data.len = 0;
    lines.len = 0;
    sends = 0;
    done_calls = 0;
    room = OUT_MAX;
    next_in_done = false;
    memset(&got, 0, sizeof got);
}

/* A client at the UART, its clock shortly before the wrap. */
static void set_up(void)
{
    memset(&config, 0, sizeof config);
    memset(line, CANARY, sizeof line);
    memset(reply, CANARY, sizeof reply);
    config.mode = DTU_AT_CLIENT_UART;
    config.line = line;
    config.line_size = LINE_SIZE;
    config.reply = reply;
    config.reply_size = REPLY_SIZE;
    config.guard_ms = GUARD_MS;
    config.answer_ms = ANSWER_MS;
    config.quiet_ms = QUIET_MS;
    config.tries = TRIES;
    now = UINT32_MAX - 700;
    clear();
}

static void start(void)
{
    CHECK_EQ(dtu_at_client_init(&client, &config, &callbacks, &client), DTU_OK);
}

static void use_prefix(enum dtu_at_client_mode mode, const char *prefix)
{
    config.mode = mode;
    config.prefix = (const uint8_t *)prefix;
    config.prefix_len = strlen(prefix);
}

static enum dtu_status command(const char *text)
{
    return dtu_at_client_command(&client, text, strlen(text), now);
}

static void feed(const char *text)
{
    dtu_at_client_feed(&client, (const uint8_t *)text, strlen(text), now);
}

/* Lets time pass as a port does: a poll whenever one is wished. */
static void pass(uint32_t ms)
{
    uint32_t end = now + ms;
    for (unsigned polls = 0; dtu_at_client_next(&client, now) <= end - now; polls++) {
        CHECK(polls < 1000);
        if (polls == 1000)
            break;
        now += dtu_at_client_next(&client, now);
        dtu_at_client_poll(&client, now);
    }
    now = end;
}

#define CHECK_TEXT_IS(bytes, text) CHECK_BYTES((bytes).at, (bytes).len, text, strlen(text))
#define CHECK_VALUE(text) CHECK_BYTES(got.value, got.value_len, text, strlen(text))

/* A command and all of its reply. */
static void ask(const char *text, const char *answer)
{
    clear();
    CHECK_EQ(command(text), DTU_OK);
    feed(answer);
    CHECK_EQ(done_calls, 1);
}

/* --- Replies as the manuals have them -------------------------------------------------------- */

static void a_command_is_sent_once_with_cr_lf(void)
{
    set_up();
    start();
    CHECK_EQ(command("AT+VER"), DTU_OK);
    CHECK_TEXT_IS(sent, "AT+VER\r\n");
    CHECK(dtu_at_client_busy(&client));
    CHECK_EQ(done_calls, 0);
}

/* Manuals 001 table 11 line 1, 002 section 4.2, 004 section 2.2. */
static void a_value_behind_its_name_ends_with_ok(void)
{
    set_up();
    start();
    ask("AT+UART?", "\r\n+UART:115200,8,1,NONE,NFC\r\n\r\nOK\r\n");
    CHECK_EQ(got.status, DTU_OK);
    CHECK_VALUE("115200,8,1,NONE,NFC");
    CHECK_EQ(data.len, 0);
    CHECK_EQ(got.dialect, DTU_AT_CLIENT_UNKNOWN);
    CHECK_TEXT_IS(lines, "\r\n+UART:115200,8,1,NONE,NFC\r\n\r\nOK\r\n");
}

/* Manual 003 section 5.3.4: AT+WANN. */
static void a_value_behind_ok_is_the_end(void)
{
    set_up();
    start();
    ask("AT+WANN", "\r\n+OK=STATIC,192.168.0.7,255.255.255.0,192.168.0.1\r\n");
    CHECK_EQ(got.status, DTU_OK);
    CHECK_VALUE("STATIC,192.168.0.7,255.255.255.0,192.168.0.1");
    CHECK_EQ(got.dialect, DTU_AT_CLIENT_ERR_NUMBER);
    CHECK_EQ(dtu_at_client_dialect(&client), DTU_AT_CLIENT_ERR_NUMBER);
    CHECK_EQ(data.len, 0);
}

/* at.md, "Settled": K7's CFGTF. */
static void an_action_may_answer_a_value(void)
{
    set_up();
    start();
    ask("AT+CFGTF", "\r\n+OK=saved\r\n");
    CHECK_EQ(got.status, DTU_OK);
    CHECK_VALUE("saved");
}

static void a_set_is_answered_without_a_value(void)
{
    static const char *const answers[] = {"\r\nOK\r\n", "\r\n+OK\r\n", "\r\n+ok\r\n"};
    for (size_t i = 0; i < 3; i++) {
        set_up();
        start();
        ask("AT+E=ON", answers[i]);
        CHECK_EQ(got.status, DTU_OK);
        CHECK(!got.has_value && !got.has_error);
        CHECK_EQ(data.len, 0);
    }
}

static void an_empty_value_is_not_the_same_as_none(void)
{
    set_up();
    start();
    ask("AT+MQTTSUB?", "\r\n+MQTTSUB:\r\n\r\nOK\r\n");
    CHECK_EQ(got.status, DTU_OK);
    CHECK(got.has_value);
    CHECK_EQ(got.value_len, 0);
}

static void several_answers_have_an_lf_between(void)
{
    set_up();
    start();
    ask("AT+MQTTSUB?", "\r\n+MQTTSUB:1,a,0\r\n+MQTTSUB:3,b,c,1\r\n\r\nOK\r\n");
    CHECK_EQ(got.status, DTU_OK);
    CHECK_VALUE("1,a,0\n3,b,c,1");
    CHECK_EQ(data.len, 0);
}

static void values_are_given_as_they_came(void)
{
    set_up();
    start();
    ask("AT+SOCKA?", "\r\n+SOCKA:\"TCP\",\"a.b[2C]c\",8234\r\n\r\nOK\r\n");
    CHECK_VALUE("\"TCP\",\"a.b[2C]c\",8234");
    ask("AT+HTPHD?", "\r\n+OK=OK<<CRLF>>+ERR=-1, OK\r\n");
    CHECK_VALUE("OK<<CRLF>>+ERR=-1, OK");
}

struct refusal {
    const char *text;
    enum dtu_status status;
    int code;
    enum dtu_at_client_dialect dialect;
};

/* Manuals 004 table 7, 001 table 13, 003 section 5.3.3; 002 has the word alone. */
static const struct refusal refusals[] = {
    {"ERROR", DTU_ERR_NOT_ALLOWED, 0, DTU_AT_CLIENT_ERROR},
    {"+CME ERROR:3", DTU_ERR_TYPE, 3, DTU_AT_CLIENT_CME},
    {"+CME ERROR:50", DTU_ERR_NOT_ALLOWED, 50, DTU_AT_CLIENT_CME},
    {"+CME ERROR: 53", DTU_ERR_RANGE, 53, DTU_AT_CLIENT_CME},
    {"+CME ERROR: 58", DTU_ERR_NOT_FOUND, 58, DTU_AT_CLIENT_CME},
    {"+CME ERROR:73", DTU_ERR_LOGIN, 73, DTU_AT_CLIENT_CME},
    {"+CMS ERROR: 500", DTU_ERR_NOT_ALLOWED, 500, DTU_AT_CLIENT_CME},
    {"+CME ERROR: no network", DTU_ERR_NOT_ALLOWED, 0, DTU_AT_CLIENT_CME},
    {"Err1", DTU_ERR_FORMAT, 1, DTU_AT_CLIENT_ERR_WORD},
    {"Err2", DTU_ERR_NOT_FOUND, 2, DTU_AT_CLIENT_ERR_WORD},
    {"Err3", DTU_ERR_FORM, 3, DTU_AT_CLIENT_ERR_WORD},
    {"Err4", DTU_ERR_RANGE, 4, DTU_AT_CLIENT_ERR_WORD},
    {"+ERR=-1", DTU_ERR_FORMAT, -1, DTU_AT_CLIENT_ERR_NUMBER},
    {"+ERR=-2", DTU_ERR_NOT_FOUND, -2, DTU_AT_CLIENT_ERR_NUMBER},
    {"+ERR=-3", DTU_ERR_FORM, -3, DTU_AT_CLIENT_ERR_NUMBER},
    {"+ERR=-4", DTU_ERR_RANGE, -4, DTU_AT_CLIENT_ERR_NUMBER},
    {"+ERR=-5", DTU_ERR_NOT_ALLOWED, -5, DTU_AT_CLIENT_ERR_NUMBER},
    {"+ERR:1", DTU_ERR_FORMAT, 1, DTU_AT_CLIENT_ERR_NUMBER},
    {"+ERR= -32767", DTU_ERR_NOT_ALLOWED, -32767, DTU_AT_CLIENT_ERR_NUMBER},
};
#define REFUSALS (sizeof refusals / sizeof refusals[0])

static void answer_line(const char *text)
{
    feed("\r\n");
    feed(text);
    feed("\r\n");
}

static void a_refusal_tells_status_number_text_and_dialect(void)
{
    for (size_t i = 0; i < REFUSALS; i++) {
        const struct refusal *r = &refusals[i];
        set_up();
        start();
        CHECK_EQ(command("AT+X=1"), DTU_OK);
        answer_line(r->text);
        CHECK_EQ(done_calls, 1);
        CHECK_EQ(got.status, r->status);
        CHECK_EQ(got.code, r->code);
        CHECK_EQ(got.dialect, r->dialect);
        CHECK_BYTES(got.error, strlen(got.error), r->text, strlen(r->text));
        CHECK(!got.has_value);
        CHECK_EQ(data.len, 0);
    }
}

static void identify_is_done_when_it_is_refused(void)
{
    for (size_t i = 0; i < REFUSALS; i++) {
        set_up();
        start();
        CHECK_EQ(dtu_at_client_identify(&client, now), DTU_OK);
        CHECK_TEXT_IS(sent, "AT+\r\n");
        answer_line(refusals[i].text);
        CHECK_EQ(done_calls, 1);
        CHECK_EQ(got.status, DTU_OK);
        CHECK_EQ(got.dialect, refusals[i].dialect);
        CHECK(got.has_error);
    }
}

/* Manual 004 section 3.2 has both words. */
static void error_without_number_does_not_make_cat1_another_product(void)
{
    set_up();
    start();
    ask("AT+X", "\r\n+CME ERROR:58\r\n");
    ask("AT+X", "\r\nERROR\r\n");
    CHECK_EQ(got.status, DTU_ERR_NOT_ALLOWED);
    CHECK_EQ(got.dialect, DTU_AT_CLIENT_CME);
}

/* --- What only looks like a reply ------------------------------------------------------------ */

static void lines_that_are_no_reply_are_data(void)
{
    static const char *const texts[] = {
        "OKAY",      "NOK",   " OK",   "OK ",      "ok",   "ERRORS", "Error",     "Err",
        "Errors",    "Err1a", "+ERR=", "+ERR=-",   "+ERR", "+OKAY",  "+ERR=-1 x", "+UART",
        "+CMEERROR", "Err-",  "+:",    "Err99999", "+",    "UART:1", "+ERR=1=2",  "AT+UART=1"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char expected[80] = "\r\n";
        set_up();
        start();
        CHECK_EQ(command("AT+E=ON"), DTU_OK);
        answer_line(texts[i]);
        CHECK_EQ(done_calls, 0);
        feed("\r\nOK\r\n");
        CHECK_EQ(done_calls, 1);
        CHECK_EQ(got.status, DTU_OK);
        CHECK(!got.has_value);
        strcat(expected, texts[i]);
        strcat(expected, "\r\n");
        CHECK_TEXT_IS(data, expected);
    }
}

static void data_before_a_reply_is_handed_on_whole(void)
{
    set_up();
    start();
    ask("AT+VER?", "\r\n[WH-7S4 V2]\r\nxyz\r\n\r\nabc\r\n+VER:V1\r\nq\r\nOK\r\n");
    CHECK_EQ(got.status, DTU_OK);
    CHECK_VALUE("V1");
    CHECK_TEXT_IS(data, "\r\n[WH-7S4 V2]\r\nxyz\r\n\r\nabcq");
}

static void empty_lines_in_front_of_a_reply_are_data_but_for_one(void)
{
    set_up();
    start();
    ask("AT+E=ON", "\r\n\r\n\n\r\nOK\r\n");
    CHECK_TEXT_IS(data, "\r\n\r\n\n");
}

static void data_while_idle_is_handed_on_at_once(void)
{
    set_up();
    start();
    feed("abc\r\nOK");
    CHECK_TEXT_IS(data, "abc\r\nOK");
    CHECK_EQ(lines.len, 0);
    CHECK_EQ(dtu_at_client_next(&client, now), DTU_NEVER);
}

static void data_behind_a_reply_is_handed_on(void)
{
    set_up();
    start();
    ask("AT+E=ON", "\r\nOK\r\nxyz\r\n");
    CHECK_TEXT_IS(data, "xyz\r\n");
}

/* Decided here: the answer to a command given by another spelling. at.md, "Names the manuals
 * misspell"; 001 has +IMEI: for LBS. */
static void an_answer_under_another_name_counts_if_ok_follows(void)
{
    set_up();
    start();
    ask("AT+KEEPAEIVEA?", "\r\n+KEEPALIVEA:1,60,15,3\r\n\r\nOK\r\n");
    CHECK_EQ(got.status, DTU_OK);
    CHECK_VALUE("1,60,15,3");
    CHECK_EQ(data.len, 0);
}

static void an_answer_under_another_name_is_data_if_the_own_one_comes(void)
{
    set_up();
    start();
    ask("AT+CSQ", "\r\n+CREG:1\r\n\r\n+CSQ:20,99\r\n\r\nOK\r\n");
    CHECK_VALUE("20,99");
    CHECK_TEXT_IS(data, "\r\n+CREG:1\r\n");
    ask("AT+CSQ", "\r\n+CREG:1\r\n\r\n+CGREG:2\r\n\r\nOK\r\n");
    CHECK_VALUE("2");
    CHECK_TEXT_IS(data, "\r\n+CREG:1\r\n");
    ask("AT+CSQ", "\r\n+CREG:1\r\nx\r\n\r\n+CSQ:7\r\n\r\n+CREG:2\r\n\r\nOK\r\n");
    CHECK_VALUE("7");
    CHECK_TEXT_IS(data, "\r\n+CREG:1\r\nx\r\n\r\n+CREG:2\r\n");
    ask("AT+CSQ", "\r\n+CREG:1\r\n\r\n+CME ERROR:50\r\n");
    CHECK(!got.has_value);
    CHECK_TEXT_IS(data, "\r\n+CREG:1\r\n");
    CHECK_BYTES(got.error, strlen(got.error), "+CME ERROR:50", 13);
}

static void an_answer_under_another_name_is_data_once(void)
{
    set_up();
    start();
    ask("AT+CSQ", "\r\n+CREG:1\r\n\r\n+CSQ:20\r\n+CSQ:21\r\n\r\n+CSQ:22\r\n\r\nOK\r\n");
    CHECK_VALUE("20\n21\n22");
    CHECK_TEXT_IS(data, "\r\n+CREG:1\r\n");
}

static void another_name_is_capitals_and_digits(void)
{
    static const char *const texts[] = {"+A=B:1", "+creg:1", "+:1", "+A B:1", "+CREG 1", "CREG:1"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        set_up();
        start();
        CHECK_EQ(command("AT+CSQ?"), DTU_OK);
        answer_line(texts[i]);
        feed("\r\nOK\r\n");
        CHECK_EQ(done_calls, 1);
        CHECK_EQ(got.status, DTU_OK);
        CHECK(!got.has_value);
        CHECK_EQ(data.len, strlen(texts[i]) + 4);
    }
}

static void line_ends_around_another_name_come_out_as_they_were(void)
{
    set_up();
    start();
    ask("AT+CSQ?", "+CREG:1\n\n\r\n\r\n+CSQ:7\r\n\r\nOK\r\n");
    CHECK_VALUE("7");
    CHECK_TEXT_IS(data, "+CREG:1\n\n\r\n");
    ask("AT+CSQ=?", "\r\n+RSSI:7\r\n\r\nOK\r\n");
    CHECK_VALUE("7");
}

static void a_set_has_no_answer_under_another_name(void)
{
    set_up();
    start();
    ask("AT+CSQ=?x", "\r\n+CREG:1\r\n\r\nOK\r\n");
    CHECK(!got.has_value);
    ask("AT+E=ON", "\r\n+CREG:1\r\n\r\nOK\r\n");
    CHECK(!got.has_value);
    CHECK_TEXT_IS(data, "\r\n+CREG:1\r\n");
}

/* --- Echo ------------------------------------------------------------------------------------ */

/* at.md, "Replies": the line as received is sent back before the reply. */
static void an_echo_is_no_data(void)
{
    static const char *const ends[] = {"\r", "\n", "\r\n"};
    for (size_t i = 0; i < 3; i++) {
        set_up();
        start();
        CHECK_EQ(command("AT+VER?"), DTU_OK);
        feed("AT+VER?");
        feed(ends[i]);
        feed("\r\n+VER:V1\r\n\r\nOK\r\n");
        CHECK_EQ(got.status, DTU_OK);
        CHECK_VALUE("V1");
        CHECK_EQ(data.len, 0);
    }
}

static void what_is_no_echo_is_data(void)
{
    set_up();
    start();
    ask("AT+VER?", "AT+VER\r\n\r\n+VER:V1\r\n\r\nOK\r\n");
    CHECK_TEXT_IS(data, "AT+VER\r\n");
    ask("AT+VER?", "AT+VER?x\r\n\r\n+VER:V1\r\n\r\nOK\r\n");
    CHECK_TEXT_IS(data, "AT+VER?x\r\n");
    ask("AT+VER?", "xAT+VER?\r\n\r\n+VER:V1\r\n\r\nOK\r\n");
    CHECK_TEXT_IS(data, "xAT+VER?\r\n");
    ask("AT+VER?", "AT+VER?\r\r\nAT+VER?\r\n\r\n+VER:V1\r\n\r\nOK\r\n"); /* the second is none */
    CHECK_TEXT_IS(data, "\r\nAT+VER?\r\n");
}

static void half_an_echo_is_data_in_the_end(void)
{
    set_up();
    config.tries = 1;
    start();
    CHECK_EQ(command("AT+VER?"), DTU_OK);
    feed("\r\nAT+V");
    pass(ANSWER_MS);
    CHECK_EQ(got.status, DTU_ERR_TIMEOUT);
    CHECK_TEXT_IS(data, "\r\nAT+V");
}

static void an_echo_without_its_end_is_data_in_the_end(void)
{
    set_up();
    config.tries = 1;
    start();
    CHECK_EQ(command("AT+VER?"), DTU_OK);
    feed("AT+VER?");
    pass(ANSWER_MS);
    CHECK_TEXT_IS(data, "AT+VER?");
    clear();
    CHECK_EQ(command("AT+VER?"), DTU_OK);
    pass(QUIET_MS);
    feed("AT+VER?\r");
    pass(ANSWER_MS);
    CHECK_EQ(done_calls, 1);
    CHECK_EQ(data.len, 0);
}

static void an_echo_may_begin_before_all_is_sent(void)
{
    set_up();
    start();
    room = 3;
    CHECK_EQ(command("AT+VER?"), DTU_OK);
    feed("AT+");
    dtu_at_client_poll(&client, now);
    feed("VER");
    dtu_at_client_poll(&client, now);
    feed("?\r\r\n+VER:V1\r\n\r\nOK\r\n");
    CHECK_EQ(done_calls, 1);
    CHECK_VALUE("V1");
    CHECK_EQ(data.len, 0);
    CHECK_TEXT_IS(sent, "AT+VER?\r\n");
}

static void nothing_is_a_reply_before_all_is_sent(void)
{
    set_up();
    start();
    room = 3;
    CHECK_EQ(command("AT+E=ON"), DTU_OK);
    feed("\r\nOK\r\n");
    CHECK_EQ(done_calls, 0);
    room = OUT_MAX;
    dtu_at_client_poll(&client, now);
    feed("\r\nOK\r\n");
    CHECK_EQ(done_calls, 1);
    CHECK_TEXT_IS(data, "\r\nOK\r\n");
}

/* --- Time ------------------------------------------------------------------------------------ */

static void no_answer_is_told_after_all_tries(void)
{
    set_up();
    start();
    CHECK_EQ(command("AT+E=ON"), DTU_OK);
    CHECK_EQ(dtu_at_client_next(&client, now), ANSWER_MS);
    pass(ANSWER_MS - 1);
    CHECK_EQ(sends, 1);
    pass(1);
    CHECK_TEXT_IS(sent, "AT+E=ON\r\n\r\n"); /* a line end, and a pause for late answers */
    pass(QUIET_MS - 1);
    CHECK_EQ(sends, 2);
    pass(1);
    CHECK_TEXT_IS(sent, "AT+E=ON\r\n\r\nAT+E=ON\r\n");
    pass(ANSWER_MS + QUIET_MS + ANSWER_MS - 1);
    CHECK_EQ(done_calls, 0);
    pass(1);
    CHECK_EQ(done_calls, 1);
    CHECK_EQ(got.status, DTU_ERR_TIMEOUT);
    CHECK_TEXT_IS(sent, "AT+E=ON\r\n\r\nAT+E=ON\r\n\r\nAT+E=ON\r\n");
    CHECK_EQ(client.stats.timeouts, 3);
    CHECK_EQ(dtu_at_client_next(&client, now), DTU_NEVER);
    pass(10000);
    CHECK_EQ(done_calls, 1);
}

static unsigned tries_of(const char *text, bool once)
{
    set_up();
    start();
    if (once)
        CHECK_EQ(dtu_at_client_command_once(&client, text, strlen(text), now), DTU_OK);
    else
        CHECK_EQ(command(text), DTU_OK);
    pass(TRIES * 2 * ANSWER_MS);
    CHECK_EQ(done_calls, 1);
    CHECK_EQ(got.status, DTU_ERR_TIMEOUT);
    return client.stats.timeouts;
}

static void only_what_does_no_harm_is_sent_again(void)
{
    CHECK_EQ(tries_of("AT+VER?", false), TRIES);
    CHECK_EQ(tries_of("AT+UART=?", false), TRIES);
    CHECK_EQ(tries_of("AT+E=ON", false), TRIES);
    CHECK_EQ(tries_of("AT", false), TRIES);
    CHECK_EQ(tries_of("at+h", false), TRIES);
    CHECK_EQ(tries_of("AT+Z", false), 1);
    CHECK_EQ(tries_of("AT+VER", false), 1); /* it cannot be told from an action */
    CHECK_EQ(tries_of("AT+SMSSEND=1,\"x\"", true), 1);
}

static void a_late_answer_is_no_answer_to_the_next_try(void)
{
    set_up();
    start();
    CHECK_EQ(command("AT+E=ON"), DTU_OK);
    pass(ANSWER_MS + 10);
    feed("\r\nOK\r\n");
    CHECK_EQ(done_calls, 0);
    CHECK_TEXT_IS(data, "\r\nOK\r\n");
    pass(QUIET_MS - 1);
    CHECK_EQ(sends, 2); /* the pause counts from it */
    pass(1);
    CHECK_EQ(sends, 3);
    feed("\r\n+ERR=-4\r\n");
    CHECK_EQ(got.status, DTU_ERR_RANGE);
}

static void a_late_answer_is_no_answer_to_the_next_command(void)
{
    set_up();
    config.tries = 1;
    start();
    CHECK_EQ(command("AT+A?"), DTU_OK);
    pass(ANSWER_MS);
    CHECK_EQ(got.status, DTU_ERR_TIMEOUT);
    clear();
    CHECK_EQ(command("AT+B?"), DTU_OK);
    CHECK_TEXT_IS(sent, "\r\n");
    feed("\r\n+A:1\r\n");
    pass(QUIET_MS);
    CHECK_TEXT_IS(sent, "\r\nAT+B?\r\n");
    feed("\r\nOK\r\n\r\n+A:1\r\n\r\nOK\r\n"); /* later still: a query is not done without a value */
    CHECK_EQ(done_calls, 0);
    feed("\r\n+B:2\r\n\r\nOK\r\n");
    CHECK_EQ(done_calls, 1);
    CHECK_VALUE("2");
    CHECK_TEXT_IS(data, "\r\n+A:1\r\n\r\nOK\r\n\r\n+A:1\r\n\r\nOK\r\n");
    clear();
    CHECK_EQ(command("AT+C?"), DTU_OK); /* it was answered at once: nothing is late any more */
    CHECK_TEXT_IS(sent, "AT+C?\r\n");
}

static void a_set_after_a_missing_answer_is_done_by_ok(void)
{
    set_up();
    config.tries = 1;
    start();
    CHECK_EQ(command("AT+A?"), DTU_OK);
    pass(ANSWER_MS);
    clear();
    CHECK_EQ(command("AT+E=ON"), DTU_OK);
    pass(QUIET_MS);
    feed("\r\nOK\r\n");
    CHECK_EQ(done_calls, 1);
    CHECK_EQ(got.status, DTU_OK);
}

static void after_a_second_try_the_answer_to_the_first_may_still_come(void)
{
    set_up();
    start();
    CHECK_EQ(command("AT+A?"), DTU_OK);
    pass(ANSWER_MS + QUIET_MS);
    feed("\r\n+A:1\r\n\r\nOK\r\n");
    CHECK_EQ(done_calls, 1);
    clear();
    CHECK_EQ(command("AT+B?"), DTU_OK);
    CHECK_TEXT_IS(sent, "\r\n");
    feed("\r\n+A:1\r\n\r\nOK\r\n");
    pass(QUIET_MS);
    CHECK_TEXT_IS(sent, "\r\nAT+B?\r\n");
    CHECK_TEXT_IS(data, "\r\n+A:1\r\n\r\nOK\r\n");
}

static void a_pause_begins_when_its_line_end_is_sent(void)
{
    set_up();
    start();
    CHECK_EQ(command("AT+E=ON"), DTU_OK);
    room = 0;
    pass(ANSWER_MS + QUIET_MS);
    room = OUT_MAX;
    dtu_at_client_poll(&client, now);
    CHECK_TEXT_IS(sent, "AT+E=ON\r\n\r\n");
    pass(QUIET_MS - 1);
    CHECK_EQ(sends, 2);
    pass(1);
    CHECK_EQ(sends, 3);
}

static void a_pause_before_a_try_cannot_be_put_off_for_ever(void)
{
    set_up();
    config.tries = 2;
    start();
    CHECK_EQ(command("AT+E=ON"), DTU_OK);
    pass(ANSWER_MS);
    for (uint32_t ms = 0; ms < ANSWER_MS; ms++) {
        CHECK_EQ(sends, 2);
        feed("x");
        pass(1);
    }
    CHECK_EQ(sends, 3);
}

static void a_reply_that_never_ends_is_given_up(void)
{
    set_up();
    config.tries = 1;
    start();
    CHECK_EQ(command("AT+MQTTSUB?"), DTU_OK);
    for (uint32_t ms = 0; ms < ANSWER_MS; ms += 4) {
        CHECK_EQ(done_calls, 0);
        feed("\r\n+MQTTSUB:1\r\n");
        pass(4);
    }
    CHECK_EQ(done_calls, 1);
    CHECK_EQ(got.status, DTU_ERR_TIMEOUT);
    CHECK(got.has_value); /* what came until then */
}

static void what_cannot_be_sent_times_out_too(void)
{
    set_up();
    start();
    room = 0;
    CHECK_EQ(command("AT+E=ON"), DTU_OK);
    pass(TRIES * 2 * ANSWER_MS);
    CHECK_EQ(done_calls, 1);
    CHECK_EQ(got.status, DTU_ERR_TIMEOUT);
}

static void time_to_answer_counts_from_when_all_was_sent(void)
{
    set_up();
    config.tries = 1;
    start();
    room = 0;
    CHECK_EQ(command("AT+E=ON"), DTU_OK);
    pass(ANSWER_MS - 1);
    room = OUT_MAX;
    dtu_at_client_poll(&client, now);
    CHECK_EQ(dtu_at_client_next(&client, now), ANSWER_MS);
    pass(ANSWER_MS - 1);
    CHECK_EQ(done_calls, 0);
    feed("\r\nOK\r\n");
    CHECK_EQ(got.status, DTU_OK);
}

static void unplugged_at_every_byte_it_ends_in_a_timeout(void)
{
    static const char whole[] = "AT+UART?\r\r\n+UART:115200,8,1\r\n\r\nOK\r\n";
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        set_up();
        config.tries = 1;
        start();
        CHECK_EQ(command("AT+UART?"), DTU_OK);
        dtu_at_client_feed(&client, (const uint8_t *)whole, len, now);
        CHECK_EQ(done_calls, 0);
        pass(ANSWER_MS);
        CHECK_EQ(done_calls, 1);
        CHECK_EQ(got.status, DTU_ERR_TIMEOUT);
    }
}

static void cancel_ends_it_without_done(void)
{
    set_up();
    start();
    CHECK_EQ(command("AT+A?"), DTU_OK);
    feed("\r\nabc");
    dtu_at_client_cancel(&client);
    CHECK(!dtu_at_client_busy(&client));
    CHECK_TEXT_IS(data, "\r\nabc");
    pass(100000);
    CHECK_EQ(done_calls, 0);
    CHECK_EQ(command("AT+B?"), DTU_OK);
    CHECK_TEXT_IS(sent, "AT+A?\r\n\r\n"); /* its answer may still come */
    dtu_at_client_cancel(&client);
    CHECK_EQ(dtu_at_client_enter(&client, now), DTU_OK);
    dtu_at_client_cancel(&client);
    CHECK_EQ(dtu_at_client_enter(&client, now), DTU_OK);
    pass(GUARD_MS);
    feed("a");
    feed("+ok");
    pass(0);
    CHECK_EQ(done_calls, 1);
    CHECK_EQ(got.status, DTU_OK);
}

static void what_was_cancelled_is_not_sent_any_more(void)
{
    set_up();
    start();
    room = 3;
    CHECK_EQ(command("AT+A?"), DTU_OK);
    dtu_at_client_cancel(&client);
    room = OUT_MAX;
    dtu_at_client_poll(&client, now);
    CHECK_TEXT_IS(sent, "AT+");
    CHECK_EQ(done_calls, 0);
}

static void what_came_before_a_cancel_is_forgotten(void)
{
    set_up();
    use_prefix(DTU_AT_CLIENT_PREFIX, "usr.cn#");
    start();
    CHECK_EQ(command("AT+A?"), DTU_OK);
    feed("\r\n+A:1\r\n");
    dtu_at_client_cancel(&client);
    CHECK_EQ(dtu_at_client_leave(&client, now), DTU_OK);
    pass(0);
    CHECK_EQ(done_calls, 1);
    CHECK(!got.has_value);
}

/* --- What does not fit ------------------------------------------------------------------------ */

static void a_value_that_does_not_fit_is_told_and_never_cut(void)
{
    for (size_t len = 0; len < 120; len++) {
        char value[160] = "";
        set_up();
        config.reply_size = 64;
        start();
        memset(value, 'v', len);
        CHECK_EQ(command("AT+CMDPW?"), DTU_OK);
        feed("\r\n+CMDPW:");
        feed(value);
        feed("\r\n\r\nOK\r\n");
        CHECK_EQ(done_calls, 1);
        if (len < 64 - DTU_AT_CLIENT_RESERVE) {
            CHECK_EQ(got.status, DTU_OK);
            CHECK_BYTES(got.value, got.value_len, value, len);
        } else {
            CHECK_EQ(got.status, DTU_ERR_SPACE);
            CHECK(!got.has_value);
            CHECK_EQ(client.stats.too_long, 1);
        }
        CHECK_EQ(data.len, 0);
        CHECK_EQ(reply[64], CANARY);
    }
}

/* It is the end of the reply as well: at_client.h, DTU_ERR_SPACE. */
static void a_value_behind_ok_that_does_not_fit_is_told_too(void)
{
    for (size_t len = 0; len < 150; len++) {
        char value[160] = "";
        set_up();
        config.reply_size = 64;
        start();
        memset(value, 'v', len);
        CHECK_EQ(command("AT+CMDPW?"), DTU_OK);
        feed("\r\n+OK=");
        feed(value);
        CHECK_EQ(done_calls, 0);
        feed("\r\n");
        CHECK_EQ(done_calls, 1);
        CHECK_EQ(got.status, len < 64 - DTU_AT_CLIENT_RESERVE ? DTU_OK : DTU_ERR_SPACE);
        CHECK_EQ(got.value_len, len < 64 - DTU_AT_CLIENT_RESERVE ? len : 0);
        CHECK_EQ(client.stats.too_long, len < 64 - DTU_AT_CLIENT_RESERVE ? 0 : 1);
        CHECK_EQ(data.len, 0);
        feed("x");
        CHECK_TEXT_IS(data, "x");
    }
}

static void a_value_that_does_not_fit_is_data_before_all_is_sent(void)
{
    static const char *const starts[] = {"\r\n+CMDPW:", "\r\n+OK="};
    for (size_t i = 0; i < 2; i++) {
        char text[160] = "";
        set_up();
        config.reply_size = 64;
        start();
        room = 3;
        CHECK_EQ(command("AT+CMDPW?"), DTU_OK);
        strcat(text, starts[i]);
        memset(text + strlen(text), 'v', 100);
        strcat(text, "\r\n");
        feed(text);
        room = OUT_MAX;
        dtu_at_client_poll(&client, now);
        CHECK_EQ(done_calls, 0);
        feed("\r\n+CMDPW:1\r\n\r\nOK\r\n");
        CHECK_EQ(got.status, DTU_OK);
        CHECK_VALUE("1");
        CHECK_TEXT_IS(data, text);
    }
}

static void a_refusal_that_does_not_fit_is_data(void)
{
    static const char *const texts[] = {
        "+CME ERROR:" X32 X32 "\r\n",
        "Err                                                          56\r\n"}; /* cut before the 6
                                                                                 */
    for (size_t i = 0; i < 2; i++) {
        char text[160] = "\r\n";
        set_up();
        config.reply_size = 64;
        start();
        strcat(text, texts[i]);
        CHECK_EQ(command("AT+E=ON"), DTU_OK);
        feed(text);
        CHECK_EQ(done_calls, 0);
        CHECK_EQ(client.stats.too_long, 1);
        feed("\r\nOK\r\n");
        CHECK_EQ(done_calls, 1);
        CHECK_EQ(got.status, DTU_OK);
        CHECK_EQ(got.code, 0);
        CHECK(!got.has_error);
        CHECK_TEXT_IS(data, text);
    }
}

static void values_that_do_not_fit_together_are_told(void)
{
    set_up();
    config.reply_size = 64;
    start();
    ask("AT+MQTTSUB?", "\r\n+MQTTSUB:1,abcdefgh\r\n+MQTTSUB:2,abcdefgh\r\n+MQTTSUB:3,abcdefgh\r\n"
                       "+MQTTSUB:4,abcdefgh\r\n\r\nOK\r\n");
    CHECK_EQ(got.status, DTU_ERR_SPACE);
    CHECK_EQ(data.len, 0);
    ask("AT+MQTTSUB?", "\r\n+MQTTSUB:1,abcdefgh\r\n+MQTTSUB:2,abcdefgh\r\n\r\nOK\r\n");
    CHECK_EQ(got.status, DTU_OK);
    CHECK_VALUE("1,abcdefgh\n2,abcdefgh");
}

static void a_refusal_behind_values_that_do_not_fit_is_told(void)
{
    set_up();
    config.reply_size = 64;
    start();
    ask("AT+CMDPW?", "\r\n+CMDPW:" X32 X32 "\r\nErr4\r\n");
    CHECK_EQ(got.status, DTU_ERR_RANGE);
    CHECK_EQ(got.code, 4);
    CHECK(!got.has_value);
    CHECK_EQ(data.len, 0);
}

static void a_value_behind_another_name_is_never_cut(void)
{
    set_up();
    config.reply_size = 64;
    start();
    ask("AT+CSQ?", "\r\n+CREG:12345678901234567890\r\n\r\n+CSQ:" X32 X32 "\r\n\r\nOK\r\n");
    CHECK_EQ(got.status, DTU_ERR_SPACE);
    CHECK(!got.has_value);
    CHECK_TEXT_IS(data, "\r\n+CREG:12345678901234567890\r\n");
}

static void a_long_line_under_another_name_is_data(void)
{
    static const char others[] = "\r\n+CREG:1234567890123456789012345\r\n\r\n+CGREG:" X32 "\r\n";
    set_up();
    config.reply_size = 64;
    start();
    CHECK_EQ(command("AT+CSQ?"), DTU_OK);
    feed(others);
    feed("\r\nOK\r\n");
    CHECK_EQ(got.status, DTU_OK);
    CHECK(!got.has_value);
    CHECK_TEXT_IS(data, others);
}

static void a_long_line_of_data_goes_by_whole(void)
{
    static char text[1000];
    memset(text, 'x', sizeof text - 1);
    set_up();
    config.reply_size = 64;
    start();
    CHECK_EQ(command("AT+E=ON"), DTU_OK);
    feed(text);
    feed("\r\nOK\r\n");
    CHECK_EQ(done_calls, 1);
    CHECK_EQ(got.status, DTU_OK);
    CHECK_TEXT_IS(data, text);
    CHECK_EQ(client.stats.too_long, 1);
}

/* Wherever the buffer is full: what is left of the line is no reply. */
static void the_end_of_a_long_line_is_no_reply(void)
{
    static const char *const ends[] = {"OK\r\n", "+OK=1\r\n", "AT+E=ON\r\n", "ERROR\r\n", "\r\n"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        for (size_t len = 55; len < 140; len++) {
            char text[160] = "";
            set_up();
            config.reply_size = 64;
            start();
            memset(text, 'x', len);
            strcat(text, ends[i]);
            CHECK_EQ(command("AT+E=ON"), DTU_OK);
            feed(text);
            CHECK_EQ(done_calls, 0);
            feed("\r\nOK\r\n");
            CHECK_EQ(done_calls, 1);
            CHECK_EQ(got.status, DTU_OK);
            CHECK_TEXT_IS(data, text);
        }
}

static void a_list_of_commands_that_does_not_fit_is_told(void)
{
    set_up();
    config.reply_size = 64;
    start();
    ask("AT+H", "\r\nAT: " X32 X32 "\r\nAT+E: echo\r\n\r\nOK\r\n");
    CHECK_EQ(got.status, DTU_ERR_SPACE);
    CHECK_EQ(data.len, 0);
}

/* docs/at_client.md: only with a number behind it is Err or +ERR a refusal. */
static void a_line_that_only_begins_as_a_refusal_is_what_it_is_elsewhere(void)
{
    set_up();
    start();
    ask("AT+H", "\r\nAT: Test\r\nErr: errors\r\n+ERR:\r\n\r\nOK\r\n");
    CHECK_EQ(got.status, DTU_OK);
    CHECK_VALUE("AT: Test\nErr: errors\n+ERR:");
    CHECK_EQ(data.len, 0);
    ask("AT+ERR?", "\r\n+ERR:none\r\n\r\nOK\r\n");
    CHECK_EQ(got.status, DTU_OK);
    CHECK_VALUE("none");
    ask("AT+OTHER?", "\r\n+ERR:none\r\n\r\nOK\r\n"); /* another name, as any */
    CHECK_VALUE("none");
    CHECK_EQ(data.len, 0);
}

static void commands_that_cannot_be_sent_are_refused(void)
{
    set_up();
    config.line_size = 12;
    start();
    CHECK_EQ(command("AT+WRITE=12"), DTU_ERR_SPACE);
    CHECK_EQ(command("AT+READ=123"), DTU_ERR_SPACE);
    CHECK_EQ(command(""), DTU_ERR_FORMAT);
    CHECK_EQ(command("AT\r"), DTU_ERR_FORMAT);
    CHECK_EQ(command("\nAT"), DTU_ERR_FORMAT);
    CHECK_EQ(sent.len, 0);
    CHECK(!dtu_at_client_busy(&client));
    CHECK_EQ(command("AT+READ=12"), DTU_OK);
    CHECK_EQ(line[12], CANARY);
    CHECK_EQ(command("AT"), DTU_ERR_STATE);
    CHECK_EQ(dtu_at_client_enter(&client, now), DTU_ERR_STATE);
    CHECK_EQ(dtu_at_client_leave(&client, now), DTU_ERR_STATE);
    CHECK_EQ(dtu_at_client_identify(&client, now), DTU_ERR_STATE);
    CHECK_TEXT_IS(sent, "AT+READ=12\r\n");
}

static enum dtu_status try_init(void)
{
    return dtu_at_client_init(&client, &config, &callbacks, &client);
}

static void a_configuration_that_cannot_work_is_refused(void)
{
    struct dtu_at_client_callbacks few = callbacks;
    set_up();
    few.data = NULL;
    few.line = NULL;
    CHECK_EQ(dtu_at_client_init(&client, &config, &few, &client), DTU_OK);
    few.send = NULL;
    CHECK_EQ(dtu_at_client_init(&client, &config, &few, &client), DTU_ERR_CONFIG);
    few.send = on_send;
    few.done = NULL;
    CHECK_EQ(dtu_at_client_init(&client, &config, &few, &client), DTU_ERR_CONFIG);
#define REFUSED(field, value)                                                                      \
    set_up();                                                                                      \
    config.field = value;                                                                          \
    CHECK_EQ(try_init(), DTU_ERR_CONFIG)
    REFUSED(line, NULL);
    REFUSED(reply, NULL);
    REFUSED(line_size, 8);
    REFUSED(reply_size, 63);
    REFUSED(tries, 0);
    REFUSED(answer_ms, 0);
    REFUSED(answer_ms, UINT32_C(0x80000000));
    REFUSED(guard_ms, UINT32_C(0x80000000));
    REFUSED(quiet_ms, 0);
    REFUSED(quiet_ms, ANSWER_MS + 1);
    REFUSED(mode, DTU_AT_CLIENT_PREFIX);
    REFUSED(mode, DTU_AT_CLIENT_UDP);
    set_up();
    use_prefix(DTU_AT_CLIENT_PREFIX, "usr.cn#");
    config.line_size = 15;
    CHECK_EQ(try_init(), DTU_ERR_CONFIG);
    config.line_size = 16;
    CHECK_EQ(try_init(), DTU_OK);
    config.prefix_len = 0;
    CHECK_EQ(try_init(), DTU_ERR_CONFIG);
}

/* --- Entering and leaving --------------------------------------------------------------------- */

/* Manuals 000 section 7.1, 002 section 4.1.1. */
static void enter_makes_the_handshake(void)
{
    set_up();
    start();
    CHECK_EQ(dtu_at_client_enter(&client, now), DTU_OK);
    pass(GUARD_MS - 1);
    feed("xyz\r\n");
    CHECK_EQ(sent.len, 0);
    pass(1);
    CHECK_TEXT_IS(sent, "+++");
    feed("a");
    CHECK_TEXT_IS(sent, "+++a");
    feed("+ok");
    pass(0);
    CHECK_EQ(done_calls, 1);
    CHECK_EQ(got.status, DTU_OK);
    CHECK_TEXT_IS(data, "xyz\r\n");
}

/* A module that was left in command mode, or starts in it (at.md, "Entering", 8). */
static void enter_finds_a_module_that_is_in_command_mode(void)
{
    for (size_t i = 0; i < REFUSALS; i++) {
        set_up();
        start();
        CHECK_EQ(dtu_at_client_enter(&client, now), DTU_OK);
        pass(TRIES * (GUARD_MS + ANSWER_MS));
        CHECK_TEXT_IS(sent, "+++++++++\r\n");
        answer_line(refusals[i].text);
        CHECK_EQ(done_calls, 1);
        CHECK_EQ(got.status, DTU_OK);
        CHECK_EQ(got.dialect, refusals[i].dialect);
    }
}

static void enter_finds_it_also_after_a_missing_answer(void)
{
    set_up();
    config.tries = 1;
    start();
    CHECK_EQ(command("AT+A?"), DTU_OK);
    pass(ANSWER_MS);
    clear();
    CHECK_EQ(dtu_at_client_enter(&client, now), DTU_OK);
    pass(GUARD_MS + ANSWER_MS);
    CHECK_TEXT_IS(sent, "+++\r\n"); /* a second empty line would have no answer */
    feed("\r\nErr1\r\n");
    CHECK_EQ(done_calls, 1);
    CHECK_EQ(got.status, DTU_OK);
}

static void an_empty_line_has_no_echo(void)
{
    set_up();
    config.tries = 1;
    start();
    CHECK_EQ(dtu_at_client_enter(&client, now), DTU_OK);
    pass(GUARD_MS + ANSWER_MS);
    CHECK_TEXT_IS(sent, "+++\r\n");
    feed("\r\n\r\nErr1\r\n");
    CHECK_EQ(done_calls, 1);
    CHECK_TEXT_IS(data, "\r\n");
}

static void enter_tells_that_there_is_no_module(void)
{
    set_up();
    start();
    CHECK_EQ(dtu_at_client_enter(&client, now), DTU_OK);
    pass(TRIES * (GUARD_MS + ANSWER_MS) + ANSWER_MS - 1);
    CHECK_EQ(done_calls, 0);
    pass(1);
    CHECK_EQ(done_calls, 1);
    CHECK_EQ(got.status, DTU_ERR_TIMEOUT);
    CHECK_TEXT_IS(sent, "+++++++++\r\n");
}

/* `+ok` bare, without a line end: manuals 000 section 7.1, 003 section 5.3.2. */
static void leave_takes_a_bare_ok(void)
{
    static const char *const answers[] = {"\r\nOK\r\n", "\r\n+OK\r\n", "+OK\r\n", "+ok\r\n"};
    for (size_t i = 0; i < 4; i++) {
        set_up();
        start();
        CHECK_EQ(dtu_at_client_leave(&client, now), DTU_OK);
        CHECK_TEXT_IS(sent, "AT+ENTM\r\n");
        feed(answers[i]);
        CHECK_EQ(done_calls, 1);
        CHECK_EQ(got.status, DTU_OK);
        CHECK_EQ(data.len, 0);
    }
    set_up();
    start();
    CHECK_EQ(dtu_at_client_leave(&client, now), DTU_OK);
    feed("+ok");
    pass(QUIET_MS - 1);
    CHECK_EQ(done_calls, 0);
    pass(1);
    CHECK_EQ(done_calls, 1);
    CHECK_EQ(got.status, DTU_OK);
    CHECK_EQ(got.dialect, DTU_AT_CLIENT_UNKNOWN);
    CHECK_EQ(data.len, 0);
}

static void leave_is_sent_once(void)
{
    set_up();
    start();
    CHECK_EQ(dtu_at_client_leave(&client, now), DTU_OK);
    pass(10 * ANSWER_MS);
    CHECK_EQ(got.status, DTU_ERR_TIMEOUT);
    CHECK_TEXT_IS(sent, "AT+ENTM\r\n");
}

/* --- Behind a password ------------------------------------------------------------------------ */

/* Manual 000 sections 7.2 and 7.3. */
static void behind_a_prefix_a_command_is_one_packet(void)
{
    set_up();
    use_prefix(DTU_AT_CLIENT_PREFIX, "usr.cn#");
    start();
    CHECK_EQ(dtu_at_client_enter(&client, now), DTU_OK);
    CHECK(dtu_at_client_busy(&client));
    CHECK_EQ(dtu_at_client_next(&client, now), 0);
    CHECK_EQ(done_calls, 0);
    pass(0);
    CHECK_EQ(done_calls, 1);
    CHECK_EQ(got.status, DTU_OK);
    ask("AT+VER?", "x=1\r\n\r\n+VER:V1\r\n\r\nOK\r\nx=2\r\n");
    CHECK_TEXT_IS(sent, "usr.cn#AT+VER?\r\n");
    CHECK_EQ(sends, 1);
    CHECK_VALUE("V1");
    CHECK_TEXT_IS(data, "x=1\r\nx=2\r\n");
    clear();
    CHECK_EQ(dtu_at_client_leave(&client, now), DTU_OK);
    pass(0);
    CHECK_EQ(done_calls, 1);
    CHECK_EQ(sent.len, 0);
}

static void behind_a_prefix_there_is_no_echo_and_nothing_but_commands_is_sent(void)
{
    set_up();
    use_prefix(DTU_AT_CLIENT_PREFIX, "usr.cn");
    start();
    CHECK_EQ(command("AT+VER?"), DTU_OK);
    feed("AT+VER?\r\n");
    pass(ANSWER_MS + QUIET_MS);
    CHECK_TEXT_IS(sent, "usr.cnAT+VER?\r\nusr.cnAT+VER?\r\n");
    CHECK_TEXT_IS(data, "AT+VER?\r\n");
}

static void behind_a_prefix_what_was_sent_is_data(void)
{
    set_up();
    use_prefix(DTU_AT_CLIENT_PREFIX, "usr.cn#");
    start();
    ask("AT+VER?", "usr.cn#AT+VER?\r\n\r\n+VER:V1\r\n\r\nOK\r\n");
    CHECK_VALUE("V1");
    CHECK_TEXT_IS(data, "usr.cn#AT+VER?\r\n");
}

/* --- By UDP ----------------------------------------------------------------------------------- */

/* Manual 003 section 5.3.1; frames.md, text mode on UDP 48899. */
static void by_udp_the_keyword_is_answered_with_the_address(void)
{
    set_up();
    use_prefix(DTU_AT_CLIENT_UDP, "www.usr.cn");
    start();
    CHECK_EQ(dtu_at_client_enter(&client, now), DTU_OK);
    CHECK_TEXT_IS(sent, "www.usr.cn");
    feed("192.168.0.7,D8B04CF01234,USR-K7");
    pass(QUIET_MS - 1);
    CHECK_EQ(done_calls, 0);
    pass(1);
    CHECK_EQ(done_calls, 1);
    CHECK_EQ(got.status, DTU_OK);
    CHECK_VALUE("192.168.0.7,D8B04CF01234,USR-K7");
    CHECK_TEXT_IS(sent, "www.usr.cn+ok");
    ask("AT+UART1?", "\r\n+OK=115200,8,1,NONE,NONE\r\n");
    CHECK_TEXT_IS(sent, "AT+UART1?\r");
    CHECK_VALUE("115200,8,1,NONE,NONE");
    clear();
    CHECK_EQ(dtu_at_client_leave(&client, now), DTU_OK);
    pass(0);
    CHECK_EQ(done_calls, 1);
    CHECK_EQ(sent.len, 0);
}

static void by_udp_other_words_are_no_answer_to_the_keyword(void)
{
    set_up();
    use_prefix(DTU_AT_CLIENT_UDP, "www.usr.cn");
    start();
    CHECK_EQ(dtu_at_client_enter(&client, now), DTU_OK);
    feed("\r\n+ERR=-1\r\n\r\nOK\r\n1.2.3,D8B04CF01234,x");
    pass(QUIET_MS);
    feed("192.168.0.7,D8B04CF0123,x\r\n");
    CHECK_EQ(done_calls, 0);
    pass(ANSWER_MS); /* and again */
    CHECK_TEXT_IS(sent, "www.usr.cnwww.usr.cn");
    feed("192.168.0.7,D8B04CF01234,\r\n");
    CHECK_EQ(done_calls, 1);
    CHECK_VALUE("192.168.0.7,D8B04CF01234,");
    CHECK_TEXT_IS(data,
                  "\r\n+ERR=-1\r\n\r\nOK\r\n1.2.3,D8B04CF01234,x192.168.0.7,D8B04CF0123,x\r\n");
}

static void by_udp_the_end_of_a_long_text_is_no_answer(void)
{
    set_up();
    use_prefix(DTU_AT_CLIENT_UDP, "www.usr.cn");
    config.reply_size = 64;
    start();
    CHECK_EQ(dtu_at_client_enter(&client, now), DTU_OK);
    feed(X32 X32 "192.168.0.7,D8B04CF01234,n");
    pass(QUIET_MS);
    CHECK_EQ(done_calls, 0);
    dtu_at_client_cancel(&client);
    CHECK_TEXT_IS(data, X32 X32 "192.168.0.7,D8B04CF01234,n");
}

static void by_udp_a_long_value_does_not_end_the_wait_for_the_address(void)
{
    set_up();
    use_prefix(DTU_AT_CLIENT_UDP, "www.usr.cn");
    config.reply_size = 64;
    start();
    CHECK_EQ(dtu_at_client_enter(&client, now), DTU_OK);
    feed("+OK=" X32 X32 "\r\n"); /* of an earlier session */
    CHECK_EQ(done_calls, 0);
    feed("192.168.0.7,D8B04CF01234,n\r\n");
    CHECK_EQ(done_calls, 1);
    CHECK_EQ(got.status, DTU_OK);
    CHECK_VALUE("192.168.0.7,D8B04CF01234,n");
    CHECK_TEXT_IS(data, "+OK=" X32 X32); /* its end may be the empty line in front of a reply */
}

static void by_udp_nothing_answers_a_keyword_that_is_not_sent(void)
{
    set_up();
    use_prefix(DTU_AT_CLIENT_UDP, "www.usr.cn");
    start();
    room = 0;
    CHECK_EQ(dtu_at_client_enter(&client, now), DTU_OK);
    feed("192.168.0.7,D8B04CF01234,n");
    pass(QUIET_MS);
    CHECK_EQ(done_calls, 0);
}

static void an_answer_just_before_its_time_is_over_is_taken(void)
{
    set_up();
    use_prefix(DTU_AT_CLIENT_UDP, "www.usr.cn");
    start();
    CHECK_EQ(dtu_at_client_enter(&client, now), DTU_OK);
    pass(ANSWER_MS - 1);
    feed("192.168.0.7,D8B04CF01234,n");
    pass(1);
    CHECK_EQ(done_calls, 1);
    CHECK_EQ(got.status, DTU_OK);
}

/* --- From inside done ------------------------------------------------------------------------- */

static void the_next_command_may_be_begun_inside_done(void)
{
    set_up();
    start();
    next_in_done = true;
    CHECK_EQ(command("AT+E=ON"), DTU_OK);
    feed("\r\nOK\r\n");
    CHECK_EQ(done_calls, 1);
    CHECK(dtu_at_client_busy(&client));
    CHECK_TEXT_IS(sent, "AT+E=ON\r\nAT+NEXT?\r\n");
    feed("\r\n+NEXT:1\r\n\r\nOK\r\n");
    CHECK_EQ(done_calls, 2);
    CHECK_VALUE("1");

    clear(); /* and when the one before had no answer */
    config.tries = 1;
    next_in_done = true;
    CHECK_EQ(command("AT+E=ON"), DTU_OK);
    pass(ANSWER_MS + QUIET_MS);
    CHECK_TEXT_IS(sent, "AT+E=ON\r\n\r\nAT+NEXT?\r\n");
}

/* --- Any split -------------------------------------------------------------------------------- */

#define OK_AT_END "\r\n\r\nOK\r\n"

static const char *const streams[] = {
    "AT+CSQ?\r\r\n+CSQ:20,99\r\n\r\nOK\r\n",
    "\r\nstart\r\nAT+CSQ?\r\n\r\n+CREG:1\r\n\r\n+CSQ:20\r\n+CSQ:21\r\n\r\nOK\r\nrest\r\nOK\r\n",
    "AT+CS\r\n\r\n\r\n\n+OK=\r\n",
    (X32 X32 X32 "\r\n+ERR=-1\r\n"),
    ("+CSQ:" X32 X32 OK_AT_END "AT"),
    ("\r\n+CREG:" X32 "\r\n\r\n+CSQ:" X32 OK_AT_END),
    ("\r\n+CREG:1\r\n" X32 X32 X32 "\r\n+CSQ:7" OK_AT_END),
};
#define STREAMS (sizeof streams / sizeof streams[0])

struct outcome {
    struct bytes sent;
    struct bytes data;
    unsigned done_calls;
    int status;
    char value[100];
};

static void run_pieces(const char *text, size_t len, struct test_rand *rand, size_t longest,
                       struct outcome *o)
{
    set_up();
    config.reply_size = 64;
    start();
    CHECK_EQ(command("AT+CSQ?"), DTU_OK);
    for (size_t at = 0; at < len;) {
        size_t n = 1 + (size_t)test_rand_below(rand, (uint32_t)longest);
        if (n > len - at)
            n = len - at;
        dtu_at_client_feed(&client, (const uint8_t *)text + at, n, now);
        at += n;
    }
    pass(10 * ANSWER_MS);
    CHECK_EQ(reply[64], CANARY);
    CHECK_EQ(line[LINE_SIZE], CANARY);
    memset(o, 0, sizeof *o);
    o->sent = sent;
    o->data = data;
    o->done_calls = done_calls;
    o->status = (int)got.status;
    memcpy(o->value, got.value, sizeof o->value);
}

static void check_splits(const char *text, size_t len, struct test_rand *rand)
{
    static struct outcome whole, cut;
    run_pieces(text, len, rand, 1, &whole);
    CHECK_EQ(whole.done_calls, 1);
    for (unsigned round = 0; round < 8; round++) {
        run_pieces(text, len, rand, 1 + (size_t)test_rand_below(rand, 40), &cut);
        CHECK_EQ(cut.done_calls, 1);
        CHECK_EQ(cut.status, whole.status);
        CHECK_BYTES(cut.value, sizeof cut.value, whole.value, sizeof whole.value);
        CHECK_BYTES(cut.data.at, cut.data.len, whole.data.at, whole.data.len);
        CHECK_BYTES(cut.sent.at, cut.sent.len, whole.sent.at, whole.sent.len);
    }
}

static void any_split_gives_the_same(void)
{
    struct test_rand rand;
    test_rand_seed(&rand, 1);
    for (size_t i = 0; i < STREAMS; i++)
        check_splits(streams[i], strlen(streams[i]), &rand);
}

static void any_split_of_any_bytes_gives_the_same(void)
{
    static const char *const words[] = {
        "OK",      "\r\n", "\r",      "\n", "+CSQ:", "+OK", "=",
        "AT+CSQ?", "+X:",  "+ERR=-1", "a",  "Err",   "1",   "\r\n\r\n"};
    struct test_rand rand;
    test_rand_seed(&rand, 2);
    for (unsigned round = 0; round < CHECK_ROUNDS(400); round++) {
        char text[300] = "";
        size_t len = 0;
        for (unsigned n = test_rand_below(&rand, 30); n > 0; n--) {
            const char *word = words[test_rand_below(&rand, sizeof words / sizeof words[0])];
            memcpy(text + len, word, strlen(word));
            len += strlen(word);
        }
        check_splits(text, len, &rand);
    }
}

/* With no reply in it, every byte comes out as data, in order. */
static void no_byte_of_data_is_lost(void)
{
    struct test_rand rand;
    test_rand_seed(&rand, 3);
    for (unsigned round = 0; round < CHECK_ROUNDS(200); round++) {
        char text[500];
        size_t len = 1 + (size_t)test_rand_below(&rand, sizeof text - 1);
        for (size_t i = 0; i < len; i++)
            text[i] = "ABCx+:\r\n"[test_rand_below(&rand, 8)];
        set_up();
        config.tries = 1;
        config.reply_size = 64;
        start();
        CHECK_EQ(command("AT+E=ON"), DTU_OK);
        dtu_at_client_feed(&client, (const uint8_t *)text, len, now);
        pass(ANSWER_MS);
        CHECK_EQ(got.status, DTU_ERR_TIMEOUT);
        CHECK_BYTES(data.at, data.len, text, len);
    }
}

/* --- Against the AT server and the tables of the four products -------------------------------- */

static const struct dtu_profile *const products[] = {&dtu_profile_gprs232_7s3, &dtu_profile_k7,
                                                     &dtu_profile_lte_7s4, &dtu_profile_cat1};
static const enum dtu_at_client_dialect dialects[] = {DTU_AT_CLIENT_ERROR, DTU_AT_CLIENT_ERR_NUMBER,
                                                      DTU_AT_CLIENT_ERR_WORD, DTU_AT_CLIENT_CME};
#define PRODUCTS (sizeof products / sizeof products[0])

static uint8_t running[DTU_LTE_7S4_VALUES_SIZE]; /* no product has more */
static uint8_t pending[DTU_LTE_7S4_VALUES_SIZE];
static uint8_t server_line[LINE_SIZE];
static struct dtu_params params;
static struct dtu_at_server_config server_config;
static struct dtu_at_server server;
static struct bytes answered; /* by the module, not yet taken to the client */

static size_t module_writes(void *ctx, const uint8_t *bytes, size_t len)
{
    CHECK(ctx == &server);
    keep(&answered, bytes, len);
    return len;
}

static enum dtu_status module_acts(void *ctx, const struct dtu_param *row, const uint8_t *args,
                                   size_t len)
{
    (void)ctx, (void)row, (void)args, (void)len;
    return DTU_OK;
}

static enum dtu_status module_tells(void *ctx, const struct dtu_param *row, const uint8_t *args,
                                    size_t len, const struct dtu_text *out)
{
    (void)ctx, (void)row, (void)args, (void)len;
    if (out != NULL)
        dtu_text_string(out, "V1.2");
    return DTU_OK;
}

static const struct dtu_at_server_callbacks server_callbacks = {
    .write = module_writes, .action = module_acts, .info = module_tells};

static void set_up_module(size_t product, bool echo)
{
    set_up();
    start();
    CHECK_EQ(dtu_params_init(&params, products[product]->table, running, pending), DTU_OK);
    memset(&server_config, 0, sizeof server_config);
    server_config.dialect = products[product]->dialect;
    server_config.params = &params;
    server_config.line = server_line;
    server_config.line_size = sizeof server_line;
    CHECK_EQ(dtu_at_server_init(&server, &server_config, &server_callbacks, &server), DTU_OK);
    dtu_at_server_set_echo(&server, echo);
}

/* What was sent to the module, and what it answers. */
static void exchange(void)
{
    static char line_of_client[OUT_MAX];
    size_t len = sent.len;
    memcpy(line_of_client, sent.at, len);
    sent.len = 0;
    answered.len = 0;
    for (size_t at = 0; at < len;)
        at += dtu_at_server_feed(&server, (const uint8_t *)line_of_client + at, len - at);
    dtu_at_client_feed(&client, (const uint8_t *)answered.at, answered.len, now);
}

static void converse(const char *text)
{
    clear();
    CHECK_EQ(command(text), DTU_OK);
    exchange();
    CHECK_EQ(done_calls, 1);
    CHECK_EQ(data.len, 0);
}

static void every_product_is_recognised(void)
{
    for (size_t i = 0; i < PRODUCTS; i++) {
        set_up_module(i, i % 2 == 0);
        CHECK_EQ(dtu_at_client_identify(&client, now), DTU_OK);
        exchange();
        CHECK_EQ(done_calls, 1);
        CHECK_EQ(got.status, DTU_OK);
        CHECK_EQ(got.dialect, dialects[i]);
        CHECK_EQ(data.len, 0);
    }
}

/* The values of a row as the table writes them, each place on a line. */
static size_t write_row(const struct dtu_param *row, char *to, size_t size)
{
    struct dtu_text_buffer buffer = {to, size, 0, false};
    struct dtu_text out = {dtu_text_to_buffer, &buffer};
    bool any = false;
    if (row->places == 0)
        dtu_params_write(&params, DTU_PARAMS_PENDING, row, 0, &out);
    for (uint8_t place = 1; place <= row->places; place++) {
        if (dtu_params_place_is_empty(&params, DTU_PARAMS_PENDING, row, place))
            continue;
        if (any)
            dtu_text_char(&out, '\n');
        dtu_params_write(&params, DTU_PARAMS_PENDING, row, place, &out);
        any = true;
    }
    CHECK(!buffer.overflow);
    return buffer.len;
}

static bool can_be_queried(const struct dtu_param *row)
{
    return (row->kind == DTU_PARAM_SETTING || row->kind == DTU_PARAM_VIEW) &&
           (row->flags & DTU_PARAM_INTERNAL) == 0;
}

static void query_all(size_t product, bool echo)
{
    const struct dtu_param_table *table = products[product]->table;
    static char expected[OUT_MAX];
    char text[40];
    set_up_module(product, echo);
    for (size_t i = 0; i < table->count; i++) {
        const struct dtu_param *row = &table->rows[i];
        if (!can_be_queried(row))
            continue;
        strcpy(text, "AT+");
        strcat(text, row->name);
        strcat(text, "?");
        converse(text);
        CHECK_EQ(got.status, DTU_OK);
        CHECK(got.has_value);
        CHECK_BYTES(got.value, got.value_len, expected, write_row(row, expected, sizeof expected));
    }
}

static void every_setting_of_every_product_is_read(void)
{
    for (size_t i = 0; i < PRODUCTS; i++) {
        query_all(i, false);
        query_all(i, true);
    }
}

/* What was read can be written back: the whole way of a configuration. */
static void what_was_read_can_be_set(void)
{
    static char before[OUT_MAX];
    for (size_t i = 0; i < PRODUCTS; i++) {
        const struct dtu_param_table *table = products[i]->table;
        set_up_module(i, true);
        for (size_t k = 0; k < table->count; k++) {
            const struct dtu_param *row = &table->rows[k];
            char text[LINE_SIZE] = "AT+";
            if (!can_be_queried(row) || row->places > 0)
                continue;
            strcat(text, row->name);
            strcat(text, "=");
            size_t len = strlen(text);
            size_t value_len = write_row(row, before, sizeof before);
            if (value_len == 0 || dtu_params_check(table, row, (uint8_t *)before, value_len) != 0)
                continue;
            memcpy(text + len, before, value_len);
            text[len + value_len] = '\0';
            converse(text);
            CHECK_EQ(got.status, DTU_OK);
            CHECK(!got.has_value);
        }
    }
}

static void rows_with_places_answer_a_list(void)
{
    set_up_module(2, true);
    converse("AT+MQTTSUB?");
    CHECK_EQ(got.status, DTU_OK);
    CHECK(got.has_value);
    CHECK_EQ(got.value_len, 0);
    converse("AT+MQTTSUB=1,/a,0");
    CHECK_EQ(got.status, DTU_OK);
    converse("AT+MQTTSUB=3,/b,1");
    converse("AT+MQTTSUB?");
    CHECK_VALUE("1,/a,0\n3,/b,1");
}

static void the_list_of_commands_is_one_value(void)
{
    static const size_t with_help[] = {0, 2}; /* 7S3 and 7S4 */
    for (size_t i = 0; i < 2; i++) {
        const struct dtu_param_table *table = products[with_help[i]]->table;
        size_t listed = 0;
        size_t answered_lines = 1;
        set_up_module(with_help[i], true);
        converse("AT+H");
        CHECK_EQ(got.status, DTU_OK);
        for (size_t k = 0; k < table->count; k++)
            listed += table->rows[k].help != NULL && !(table->rows[k].flags & DTU_PARAM_INTERNAL);
        for (size_t k = 0; k < got.value_len; k++)
            answered_lines += got.value[k] == '\n';
        CHECK_EQ(answered_lines, listed + 1);
        CHECK(memcmp(got.value, "AT: Test\nAT+", 12) == 0);
    }
}

static void other_spellings_are_answered_too(void)
{
    set_up_module(2, false);
    converse("AT+KEEPAEIVEA?");
    CHECK_EQ(got.status, DTU_OK);
    CHECK(got.has_value);
}

static void refusals_of_every_product_are_understood(void)
{
    for (size_t i = 0; i < PRODUCTS; i++) {
        bool says_why = dialects[i] != DTU_AT_CLIENT_ERROR;
        set_up_module(i, i % 2 == 0);
        converse("AT+NOSUCH?");
        CHECK_EQ(got.status, says_why ? DTU_ERR_NOT_FOUND : DTU_ERR_NOT_ALLOWED);
        converse("AT+UART=1,2");
        CHECK_EQ(got.status, says_why ? DTU_ERR_RANGE : DTU_ERR_NOT_ALLOWED);
        converse("AT+VER=1");
        CHECK(got.status != DTU_OK && got.has_error);
        CHECK_EQ(got.dialect, dialects[i]);
    }
}

/* The handshake with the module's side of cmdmode. */
static struct dtu_cmdmode cmdmode;

static const struct dtu_cmdmode_config cmdmode_config = {200, 50, DTU_CMDMODE_CONFIRM_MS};

static size_t to_nowhere(void *ctx, const uint8_t *bytes, size_t len)
{
    (void)ctx, (void)bytes;
    return len;
}

static size_t to_client(void *ctx, const uint8_t *bytes, size_t len)
{
    (void)ctx;
    keep(&answered, bytes, len);
    return len;
}

static const struct dtu_cmdmode_callbacks cmdmode_callbacks = {to_nowhere, to_client, NULL};

static void enter_suits_the_modules_handshake(void)
{
    set_up();
    start();
    CHECK_EQ(dtu_cmdmode_init(&cmdmode, &cmdmode_config, &cmdmode_callbacks, NULL, now), DTU_OK);
    CHECK_EQ(dtu_cmdmode_feed(&cmdmode, (const uint8_t *)"data", 4, now), 4);
    CHECK_EQ(dtu_at_client_enter(&client, now), DTU_OK);
    for (unsigned step = 0; step < 2; step++) {
        pass(GUARD_MS);
        answered.len = 0;
        CHECK_EQ(dtu_cmdmode_feed(&cmdmode, (const uint8_t *)sent.at, sent.len, now), sent.len);
        sent.len = 0;
        dtu_at_client_feed(&client, (const uint8_t *)answered.at, answered.len, now);
    }
    pass(0);
    CHECK(dtu_cmdmode_active(&cmdmode));
    CHECK_EQ(done_calls, 1);
    CHECK_EQ(got.status, DTU_OK);
    CHECK_EQ(data.len, 0);
}

/* Start-up text comes while a command is under way: Z, then the next one. */
static void start_up_text_in_front_of_a_reply_is_data(void)
{
    for (size_t i = 0; i < PRODUCTS; i++) {
        set_up_module(i, false);
        clear();
        CHECK_EQ(command("AT+VER?"), DTU_OK);
        feed("\r\n[USR-GPRS232-7S3 V1.0]\r\n");
        exchange();
        CHECK_EQ(done_calls, 1);
        CHECK(got.has_value);
        CHECK_TEXT_IS(data, "\r\n[USR-GPRS232-7S3 V1.0]\r\n");
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(a_command_is_sent_once_with_cr_lf),
    CHECK_TEST(a_value_behind_its_name_ends_with_ok),
    CHECK_TEST(a_value_behind_ok_is_the_end),
    CHECK_TEST(an_action_may_answer_a_value),
    CHECK_TEST(a_set_is_answered_without_a_value),
    CHECK_TEST(an_empty_value_is_not_the_same_as_none),
    CHECK_TEST(several_answers_have_an_lf_between),
    CHECK_TEST(values_are_given_as_they_came),
    CHECK_TEST(a_refusal_tells_status_number_text_and_dialect),
    CHECK_TEST(identify_is_done_when_it_is_refused),
    CHECK_TEST(error_without_number_does_not_make_cat1_another_product),
    CHECK_TEST(lines_that_are_no_reply_are_data),
    CHECK_TEST(data_before_a_reply_is_handed_on_whole),
    CHECK_TEST(empty_lines_in_front_of_a_reply_are_data_but_for_one),
    CHECK_TEST(data_while_idle_is_handed_on_at_once),
    CHECK_TEST(data_behind_a_reply_is_handed_on),
    CHECK_TEST(an_answer_under_another_name_counts_if_ok_follows),
    CHECK_TEST(an_answer_under_another_name_is_data_if_the_own_one_comes),
    CHECK_TEST(an_answer_under_another_name_is_data_once),
    CHECK_TEST(another_name_is_capitals_and_digits),
    CHECK_TEST(line_ends_around_another_name_come_out_as_they_were),
    CHECK_TEST(a_set_has_no_answer_under_another_name),
    CHECK_TEST(an_echo_is_no_data),
    CHECK_TEST(what_is_no_echo_is_data),
    CHECK_TEST(half_an_echo_is_data_in_the_end),
    CHECK_TEST(an_echo_without_its_end_is_data_in_the_end),
    CHECK_TEST(an_echo_may_begin_before_all_is_sent),
    CHECK_TEST(nothing_is_a_reply_before_all_is_sent),
    CHECK_TEST(no_answer_is_told_after_all_tries),
    CHECK_TEST(only_what_does_no_harm_is_sent_again),
    CHECK_TEST(a_late_answer_is_no_answer_to_the_next_try),
    CHECK_TEST(a_late_answer_is_no_answer_to_the_next_command),
    CHECK_TEST(a_set_after_a_missing_answer_is_done_by_ok),
    CHECK_TEST(after_a_second_try_the_answer_to_the_first_may_still_come),
    CHECK_TEST(a_pause_begins_when_its_line_end_is_sent),
    CHECK_TEST(a_pause_before_a_try_cannot_be_put_off_for_ever),
    CHECK_TEST(a_reply_that_never_ends_is_given_up),
    CHECK_TEST(what_cannot_be_sent_times_out_too),
    CHECK_TEST(time_to_answer_counts_from_when_all_was_sent),
    CHECK_TEST(unplugged_at_every_byte_it_ends_in_a_timeout),
    CHECK_TEST(cancel_ends_it_without_done),
    CHECK_TEST(what_was_cancelled_is_not_sent_any_more),
    CHECK_TEST(what_came_before_a_cancel_is_forgotten),
    CHECK_TEST(a_value_that_does_not_fit_is_told_and_never_cut),
    CHECK_TEST(a_value_behind_ok_that_does_not_fit_is_told_too),
    CHECK_TEST(a_value_that_does_not_fit_is_data_before_all_is_sent),
    CHECK_TEST(a_refusal_that_does_not_fit_is_data),
    CHECK_TEST(values_that_do_not_fit_together_are_told),
    CHECK_TEST(a_refusal_behind_values_that_do_not_fit_is_told),
    CHECK_TEST(a_value_behind_another_name_is_never_cut),
    CHECK_TEST(a_long_line_under_another_name_is_data),
    CHECK_TEST(a_long_line_of_data_goes_by_whole),
    CHECK_TEST(the_end_of_a_long_line_is_no_reply),
    CHECK_TEST(a_list_of_commands_that_does_not_fit_is_told),
    CHECK_TEST(a_line_that_only_begins_as_a_refusal_is_what_it_is_elsewhere),
    CHECK_TEST(commands_that_cannot_be_sent_are_refused),
    CHECK_TEST(a_configuration_that_cannot_work_is_refused),
    CHECK_TEST(enter_makes_the_handshake),
    CHECK_TEST(enter_finds_a_module_that_is_in_command_mode),
    CHECK_TEST(enter_finds_it_also_after_a_missing_answer),
    CHECK_TEST(an_empty_line_has_no_echo),
    CHECK_TEST(enter_tells_that_there_is_no_module),
    CHECK_TEST(leave_takes_a_bare_ok),
    CHECK_TEST(leave_is_sent_once),
    CHECK_TEST(behind_a_prefix_a_command_is_one_packet),
    CHECK_TEST(behind_a_prefix_there_is_no_echo_and_nothing_but_commands_is_sent),
    CHECK_TEST(behind_a_prefix_what_was_sent_is_data),
    CHECK_TEST(by_udp_the_keyword_is_answered_with_the_address),
    CHECK_TEST(by_udp_other_words_are_no_answer_to_the_keyword),
    CHECK_TEST(by_udp_the_end_of_a_long_text_is_no_answer),
    CHECK_TEST(by_udp_a_long_value_does_not_end_the_wait_for_the_address),
    CHECK_TEST(by_udp_nothing_answers_a_keyword_that_is_not_sent),
    CHECK_TEST(an_answer_just_before_its_time_is_over_is_taken),
    CHECK_TEST(the_next_command_may_be_begun_inside_done),
    CHECK_TEST(any_split_gives_the_same),
    CHECK_TEST(any_split_of_any_bytes_gives_the_same),
    CHECK_TEST(no_byte_of_data_is_lost),
    CHECK_TEST(every_product_is_recognised),
    CHECK_TEST(every_setting_of_every_product_is_read),
    CHECK_TEST(what_was_read_can_be_set),
    CHECK_TEST(rows_with_places_answer_a_list),
    CHECK_TEST(the_list_of_commands_is_one_value),
    CHECK_TEST(other_spellings_are_answered_too),
    CHECK_TEST(refusals_of_every_product_are_understood),
    CHECK_TEST(enter_suits_the_modules_handshake),
    CHECK_TEST(start_up_text_in_front_of_a_reply_is_data),
};
CHECK_MAIN(tests)
