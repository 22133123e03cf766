/* SPDX-License-Identifier: MIT */
/* Every engine that calls back, while its callbacks misbehave at every call, one after the other:
 * they take nothing or a part, refuse, fail, or call back where the header allows it. What came out
 * is written down in order, and must be what comes out without a fault: no byte twice, none
 * missing, none out of place. The bytes are those of frames.md, of the manuals (through the
 * headers), and of RFC 2217. */
#include "faults.h"

#include "dtu/at_client.h"
#include "dtu/at_server.h"
#include "dtu/baudsync.h"
#include "dtu/cmdmode.h"
#include "dtu/discovery.h"
#include "dtu/framer.h"
#include "dtu/heartbeat.h"
#include "dtu/identity.h"
#include "dtu/link.h"
#include "dtu/profile.h"
#include "dtu/rfc2217.h"
#include "dtu/sdp.h"
#include "dtu/store.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BYTES(literal) ((const uint8_t *)(literal)), (sizeof(literal) - 1)
#define TRIES 200 /* of what has no room; no fault lasts so long */

/* --- What came out -------------------------------------------------------------------------- */

/* `|s:` and the bytes that the callback `s` took, however many calls that were; or `|f:` and what
 * one call of `f` was given. */
static struct {
    char text[800];
    size_t len;
    char last; /* whose bytes go on */
} out;

static uint32_t had_no_room; /* callbacks, in the present call of the engine: bits */

static void clear(void)
{
    memset(&out, 0, sizeof out);
    had_no_room = 0;
}

static void put(const void *data, size_t len)
{
    CHECK(len <= sizeof out.text - out.len);
    if (len > sizeof out.text - out.len)
        return;
    if (len > 0)
        memcpy(out.text + out.len, data, len);
    out.len += len;
}

static void note_begin(char who)
{
    char head[] = {'|', who, ':'};
    put(head, sizeof head);
    out.last = who;
}

/* One call of a callback. */
static void note(char who, const void *data, size_t len)
{
    note_begin(who);
    put(data, len);
    out.last = '\0';
}

static void note_number(char who, unsigned number)
{
    char text[12];
    int n = snprintf(text, sizeof text, "%u", number);
    note(who, text, (size_t)n);
}

/* The engine is called: what had no room may have some now. */
static void call(void)
{
    had_no_room = 0;
}

/* The same, once more; false if that was too often. */
static bool again(unsigned *tries)
{
    call();
    return ++*tries < TRIES;
}

/* A callback that may take a part. If it did, asking again in the same call of the engine would be
 * waiting for room. */
static size_t take(char who, const uint8_t *data, size_t len)
{
    uint32_t bit = UINT32_C(1) << (who - 'a');
    CHECK(len > 0);
    CHECK((had_no_room & bit) == 0);
    size_t n = fault_takes(len);
    if (n < len)
        had_no_room |= bit;
    if (n == 0)
        return 0;
    if (out.last != who)
        note_begin(who);
    put(data, n);
    return n;
}

static void check_timed_out(void)
{
    char expected[16];
    int n = snprintf(expected, sizeof expected, "|D:%u", (unsigned)DTU_ERR_TIMEOUT);
    CHECK_BYTES(out.text, out.len, expected, (size_t)n);
}

#define CHECK_OUT(literal) CHECK_BYTES(out.text, out.len, literal, sizeof(literal) - 1)

/* --- framer --------------------------------------------------------------------------------- */

static struct dtu_framer framer;
static uint8_t refused[8]; /* the frame that had no room: it must come again, before any other */
static size_t refused_len;

static bool on_frame(void *ctx, const uint8_t *data, size_t len)
{
    CHECK(ctx == &framer);
    if (refused_len > 0)
        CHECK_BYTES(data, len, refused, refused_len);
    refused_len = 0;
    if (!fault_now()) {
        note('f', data, len);
        return true;
    }
    CHECK(len <= sizeof refused);
    memcpy(refused, data, len <= sizeof refused ? len : 0);
    refused_len = len;
    return false;
}

static void feed_framer(const char *text, uint32_t now_us)
{
    size_t len = strlen(text), taken = 0;
    for (unsigned i = 0; taken < len && again(&i);)
        taken += dtu_framer_feed(&framer, (const uint8_t *)text + taken, len - taken, now_us);
    CHECK_EQ(taken, len);
}

static void poll_framer(uint32_t now_us)
{
    dtu_framer_poll(&framer, now_us);
    for (unsigned i = 0; !dtu_framer_ready(&framer) && again(&i);)
        dtu_framer_poll(&framer, now_us);
}

static void frames(void)
{
    static uint8_t buffer[4];
    static const struct dtu_framer_config config = {
        .buffer = buffer, .size = sizeof buffer, .packet_len = 4, .gap_us = 1000};
    static const struct dtu_framer_callbacks callbacks = {on_frame};
    clear();
    refused_len = 0;
    CHECK_EQ(dtu_framer_init(&framer, &config, &callbacks, &framer), DTU_OK);
    feed_framer("ab", 0);
    poll_framer(2000);
    feed_framer("cdefghij", 3000); /* in place */
    feed_framer("k", 3500);
    feed_framer("lmno", 3600); /* through the buffer */
    poll_framer(5000);
    feed_framer("p", 6000);
    dtu_framer_flush(&framer);
    poll_framer(6000);
    CHECK_OUT("|f:ab|f:cdef|f:ghij|f:klmn|f:o|f:p");
}

static void a_frame_that_is_refused_comes_again_before_all_else(void)
{
    CHECK_EQ(at_every_call(frames), 6);
}

/* --- cmdmode -------------------------------------------------------------------------------- */

static struct dtu_cmdmode cmdmode;

static size_t on_data(void *ctx, const uint8_t *data, size_t len)
{
    CHECK(ctx == &cmdmode);
    call(); /* for what was held, and for what comes */
    return take('d', data, len);
}

static size_t on_answer(void *ctx, const uint8_t *data, size_t len)
{
    CHECK(ctx == &cmdmode);
    return take('a', data, len);
}

static void on_entered(void *ctx)
{
    CHECK(ctx == &cmdmode);
    note('e', "", 0);
}

static void poll_cmdmode(uint32_t now)
{
    call();
    dtu_cmdmode_poll(&cmdmode, now);
    for (unsigned i = 0;
         !dtu_cmdmode_ready(&cmdmode) && !dtu_cmdmode_active(&cmdmode) && again(&i);)
        dtu_cmdmode_poll(&cmdmode, now);
}

static void feed_cmdmode(const char *text, uint32_t now)
{
    size_t len = strlen(text), taken = 0;
    for (unsigned i = 0; taken < len && again(&i);)
        taken += dtu_cmdmode_feed(&cmdmode, (const uint8_t *)text + taken, len - taken, now);
    CHECK_EQ(taken, len);
    poll_cmdmode(now);
}

static void handshakes(void)
{
    static const struct dtu_cmdmode_config config = {
        .guard_ms = 50, .gap_ms = 50, .confirm_ms = DTU_CMDMODE_CONFIRM_MS};
    static const struct dtu_cmdmode_callbacks callbacks = {on_data, on_answer, on_entered};
    clear();
    CHECK_EQ(dtu_cmdmode_init(&cmdmode, &config, &callbacks, &cmdmode, 0), DTU_OK);
    feed_cmdmode("one", 0);
    feed_cmdmode("++", 100);
    poll_cmdmode(200); /* the third did not come */
    feed_cmdmode("+++", 300);
    feed_cmdmode("a", 310);
    CHECK(dtu_cmdmode_active(&cmdmode));
    for (unsigned i = 0; i < 30; i++) { /* the rest of the answer */
        call();
        dtu_cmdmode_poll(&cmdmode, 310);
    }
    dtu_cmdmode_leave(&cmdmode, 320);
    feed_cmdmode("+++", 400);
    feed_cmdmode("no", 410);
    CHECK_OUT("|d:one++|a:a+ok|e:|a:a|d:+++no");
    CHECK_EQ(cmdmode.stats.entered, 1);
    CHECK_EQ(cmdmode.stats.broken, 2);
}

static void a_handshake_without_room_is_the_same(void)
{
    CHECK(at_every_call(handshakes) >= 6);
}

static struct dtu_cmdmode_host host;

static size_t on_host_send(void *ctx, const uint8_t *data, size_t len)
{
    CHECK(ctx == &host);
    return take('s', data, len);
}

static void on_host_data(void *ctx, const uint8_t *data, size_t len)
{
    CHECK(ctx == &host);
    note('d', data, len);
}

static void on_host_done(void *ctx, enum dtu_status status)
{
    CHECK(ctx == &host);
    note_number('D', status);
}

static const struct dtu_cmdmode_host_config host_config = {
    .guard_ms = 60, .reply_ms = 500, .tries = 2};
static const struct dtu_cmdmode_host_callbacks host_callbacks = {on_host_send, on_host_data,
                                                                 on_host_done};

static void handshake_of_a_host(void)
{
    uint32_t now = 60;
    clear();
    CHECK_EQ(dtu_cmdmode_host_init(&host, &host_config, &host_callbacks, &host), DTU_OK);
    CHECK_EQ(dtu_cmdmode_host_start(&host, 0), DTU_OK);
    for (unsigned i = 0; i < 50; i++) {
        call();
        dtu_cmdmode_host_poll(&host, now++);
    }
    CHECK_EQ(dtu_cmdmode_host_feed(&host, BYTES("x"), now), 1);
    call();
    CHECK_EQ(dtu_cmdmode_host_feed(&host, BYTES("a"), now), 1);
    for (unsigned i = 0; i < 50; i++) {
        call();
        dtu_cmdmode_host_poll(&host, now++);
    }
    CHECK_EQ(dtu_cmdmode_host_feed(&host, BYTES("+okAT"), now), 3);
    CHECK_OUT("|s:+++|d:x|s:a|D:0");
}

static void the_handshake_of_a_host_without_room_is_the_same(void)
{
    CHECK_EQ(at_every_call(handshake_of_a_host), 2);
}

static void a_host_that_never_has_room_ends_in_time_and_once(void)
{
    clear();
    fault_run(handshake_of_a_host, 0, 0, TAKES_NOTHING);
    clear();
    faults.at = 1;
    faults.times = UINT16_MAX;
    CHECK_EQ(dtu_cmdmode_host_start(&host, 0), DTU_OK);
    for (uint32_t now = 0; now < 5000; now++) {
        call();
        dtu_cmdmode_host_poll(&host, now);
    }
    check_timed_out(); /* no byte was taken, and there was one end */
    CHECK_EQ(dtu_cmdmode_host_next(&host, 5000), DTU_NEVER);
}

/* --- at_server ------------------------------------------------------------------------------ */

static struct dtu_at_server server;
static struct dtu_params params;
static uint8_t values[2][DTU_CAT1_VALUES_SIZE];
static uint8_t line[DTU_CAT1_LINE_SIZE];
static bool server_fails; /* the calls to do something misbehave, not the output */
static bool said_no;

static size_t on_write(void *ctx, const uint8_t *data, size_t len)
{
    CHECK(ctx == &server);
    if (!server_fails)
        return take('w', data, len);
    unsigned at = faults.at;
    faults.at = 0; /* all is taken, and it is not counted */
    size_t n = take('w', data, len);
    faults.calls--;
    faults.at = at;
    return n;
}

static enum dtu_status outcome(char who, const struct dtu_param *row)
{
    note(who, row->name, strlen(row->name));
    CHECK(!said_no);
    said_no = server_fails && fault_now();
    return said_no ? DTU_ERR_NOT_ALLOWED : DTU_OK;
}

static enum dtu_status on_action(void *ctx, const struct dtu_param *row, const uint8_t *args,
                                 size_t len)
{
    CHECK(ctx == &server && args == NULL && len == 0);
    return outcome('x', row);
}

static enum dtu_status on_info(void *ctx, const struct dtu_param *row, const uint8_t *args,
                               size_t len, const struct dtu_text *text)
{
    CHECK(ctx == &server && args == NULL && len == 0);
    if (text == NULL)
        return outcome('i', row);
    dtu_text_string(text, "a value");
    return DTU_OK;
}

static enum dtu_status on_permit(void *ctx, const struct dtu_param *row)
{
    CHECK(ctx == &server && row != NULL);
    return outcome('p', row);
}

static enum dtu_status on_changed(void *ctx, const struct dtu_param *row)
{
    CHECK(ctx == &server);
    return outcome('c', row);
}

/* It may reset the server and switch the echo. */
static void on_replied(void *ctx, const struct dtu_param *row, enum dtu_at_form form,
                       enum dtu_status status)
{
    CHECK(ctx == &server && row != NULL);
    (void)form;
    note_number('r', status);
    if (row->id == DTU_ID_Z)
        dtu_at_server_reset(&server);
    dtu_at_server_set_echo(&server, row->id == DTU_ID_UARTFT);
}

static void begin_server(void)
{
    static const struct dtu_at_server_callbacks callbacks = {.write = on_write,
                                                             .action = on_action,
                                                             .info = on_info,
                                                             .permit = on_permit,
                                                             .changed = on_changed,
                                                             .replied = on_replied};
    static struct dtu_at_server_config config;
    config.dialect = dtu_profile_cat1.dialect;
    config.params = &params;
    config.line = line;
    config.line_size = sizeof line;
    clear();
    CHECK_EQ(dtu_params_init(&params, dtu_profile_cat1.table, values[0], values[1]), DTU_OK);
    CHECK_EQ(dtu_at_server_init(&server, &config, &callbacks, &server), DTU_OK);
}

static void feed_server(const char *text)
{
    size_t len = strlen(text), taken = 0;
    for (unsigned i = 0; (taken < len || !dtu_at_server_ready(&server)) && again(&i);) {
        taken += dtu_at_server_feed(&server, (const uint8_t *)text + taken, len - taken);
        call();
        dtu_at_server_resume(&server);
    }
    CHECK_EQ(taken, len);
}

static void commands(void)
{
    begin_server();
    feed_server("AT+UARTFT?\rAT+UARTFT=60\rAT+IMEI?\rAT+Z\r");
    CHECK_OUT("|p:UARTFT|w:\r\n+UARTFT:50\r\n\r\nOK\r\n|r:0" /* which switches the echo on */
              "|w:AT+UARTFT=60\r|p:UARTFT|c:UARTFT|w:\r\nOK\r\n|r:0"
              "|w:AT+IMEI?\r|p:IMEI|i:IMEI|w:\r\n+IMEI:a value\r\n\r\nOK\r\n|r:0" /* and off */
              "|p:Z|x:Z|w:\r\nOK\r\n|r:0");
    CHECK_EQ(server.stats.commands, 4);
}

static void a_reply_without_room_does_nothing_twice(void)
{
    server_fails = false;
    said_no = false;
    CHECK(at_every_call(commands) > 10);
}

/* Whichever of them says no: nothing behind it is called for that command, and the next command is
 * as always. */
static void commands_that_fail(void)
{
    static const struct {
        const char *good, *bad[2]; /* without a fault; with one in its first or second call */
    } cases[] = {{"|p:UARTFT|w:\r\n+UARTFT:50\r\n\r\nOK\r\n|r:", {"|p:UARTFT|w:", NULL}},
                 {"|p:UARTFL|c:UARTFL|w:\r\nOK\r\n|r:", {"|p:UARTFL|w:", "|p:UARTFL|c:UARTFL|w:"}},
                 {"|p:IMEI|i:IMEI|w:\r\n+IMEI:a value\r\n\r\nOK\r\n|r:",
                  {"|p:IMEI|w:", "|p:IMEI|i:IMEI|w:"}},
                 {"|p:Z|x:Z|w:\r\nOK\r\n|r:", {"|p:Z|w:", "|p:Z|x:Z|w:"}}};
    static const char *const lines[] = {"AT+UARTFT?\r", "AT+UARTFL=60\r", "AT+IMEI?\r", "AT+Z\r"};
    begin_server();
    for (size_t i = 0; i < COUNT(cases); i++) {
        char expected[80];
        unsigned before = faults.calls;
        clear();
        said_no = false;
        dtu_at_server_set_echo(&server, false);
        feed_server(lines[i]);
        unsigned calls = faults.calls - before;
        CHECK(calls <= 2 && calls > 0);
        /* 50: cannot be done now (manual 004 section 3) */
        if (said_no)
            snprintf(expected, sizeof expected, "%s\r\n+CME ERROR:50\r\n|r:%u",
                     cases[i].bad[calls - 1], (unsigned)DTU_ERR_NOT_ALLOWED);
        else
            snprintf(expected, sizeof expected, "%s0", cases[i].good);
        CHECK_BYTES(out.text, out.len, expected, strlen(expected));
    }
}

static void a_callback_that_says_no_ends_its_command_only(void)
{
    server_fails = true;
    CHECK_EQ(at_every_call(commands_that_fail), 7);
}

/* --- at_client ------------------------------------------------------------------------------ */

static struct dtu_at_client client;
static char typed[100]; /* what the module has got of the line */
static size_t typed_len;
static unsigned ends; /* calls of done */
static uint32_t client_now;

static size_t on_client_send(void *ctx, const uint8_t *data, size_t len)
{
    CHECK(ctx == &client);
    size_t n = take('s', data, len);
    CHECK(n <= sizeof typed - typed_len);
    memcpy(typed + typed_len, data, n <= sizeof typed - typed_len ? n : 0);
    typed_len += n;
    return n;
}

static size_t on_client_packet(void *ctx, const uint8_t *data, size_t len)
{
    CHECK(ctx == &client);
    if (fault_now())
        return 0;
    note('s', data, len);
    typed_len = len;
    memcpy(typed, data, len);
    return len;
}

/* The next command begins from inside, as it may. */
static void on_client_done(void *ctx, const struct dtu_at_client_reply *reply)
{
    CHECK(ctx == &client);
    CHECK(!dtu_at_client_busy(&client));
    note_number('D', reply->status);
    if (reply->value != NULL)
        note('v', reply->value, reply->value_len);
    if (ends++ == 0)
        CHECK_EQ(dtu_at_client_command(&client, "AT+UARTFL=60", 12, client_now), DTU_OK);
}

static void begin_client(enum dtu_at_client_mode mode)
{
    static uint8_t request[64], reply[128];
    static struct dtu_at_client_config config;
    static const struct dtu_at_client_callbacks callbacks = {.send = on_client_send,
                                                             .done = on_client_done};
    static const struct dtu_at_client_callbacks packets = {.send = on_client_packet,
                                                           .done = on_client_done};
    config = (struct dtu_at_client_config){.mode = mode,
                                           .prefix = (const uint8_t *)"usr.cn#",
                                           .prefix_len = 7,
                                           .line = request,
                                           .line_size = sizeof request,
                                           .reply = reply,
                                           .reply_size = sizeof reply,
                                           .guard_ms = 60,
                                           .answer_ms = 500,
                                           .quiet_ms = 50,
                                           .tries = 1};
    clear();
    typed_len = 0;
    ends = 0;
    CHECK_EQ(dtu_at_client_init(&client, &config,
                                mode == DTU_AT_CLIENT_UART ? &callbacks : &packets, &client),
             DTU_OK);
}

/* The module answers a line that has come whole. */
static void run_client(void)
{
    for (uint32_t now = 0; now < 5000; now++) {
        client_now = now;
        call();
        dtu_at_client_poll(&client, now);
        if (typed_len == 0 || typed[typed_len - 1] != '\n')
            continue;
        bool query = typed[typed_len - 3] == '?';
        typed_len = 0;
        call();
        if (query)
            dtu_at_client_feed(&client, BYTES("\r\n+UARTFT:50\r\n"), now);
        dtu_at_client_feed(&client, BYTES("\r\nOK\r\n"), now);
    }
}

static void dialogue(void)
{
    begin_client(DTU_AT_CLIENT_UART);
    dtu_at_client_feed(&client, BYTES("a start-up message, which nobody wants"), 0);
    CHECK_EQ(dtu_at_client_command(&client, "AT+UARTFT?", 10, 0), DTU_OK);
    run_client();
    CHECK_OUT("|s:AT+UARTFT?\r\n|D:0|v:50|s:AT+UARTFL=60\r\n|D:0");
    CHECK(!dtu_at_client_busy(&client));
}

static void dialogue_of_packets(void)
{
    begin_client(DTU_AT_CLIENT_PREFIX);
    CHECK_EQ(dtu_at_client_command(&client, "AT+UARTFT?", 10, 0), DTU_OK);
    run_client();
    CHECK_OUT("|s:usr.cn#AT+UARTFT?\r\n|D:0|v:50|s:usr.cn#AT+UARTFL=60\r\n|D:0");
}

static void a_command_without_room_is_sent_once_and_ends_once(void)
{
    CHECK_EQ(at_every_call(dialogue), 2);
    CHECK_EQ(at_every_call(dialogue_of_packets), 2);
}

static void what_is_never_taken_ends_in_time_and_once(void)
{
    static const enum dtu_at_client_mode modes[] = {DTU_AT_CLIENT_UART, DTU_AT_CLIENT_PREFIX};
    for (size_t i = 0; i < COUNT(modes); i++) {
        begin_client(modes[i]);
        ends = 1; /* nothing more is begun */
        faults.at = 1;
        faults.times = UINT16_MAX;
        faults.way = TAKES_NOTHING;
        CHECK_EQ(dtu_at_client_command(&client, "AT+UARTFT?", 10, 0), DTU_OK);
        run_client();
        CHECK_EQ(ends, 2);
        check_timed_out();
    }
}

/* --- sdp ------------------------------------------------------------------------------------ */

static struct dtu_sdp sdp;

static bool on_sdp_frame(void *ctx, const struct dtu_sdp_frame *frame)
{
    CHECK(ctx == &sdp);
    if (fault_now())
        return false;
    note((char)frame->socket, frame->data, frame->len);
    return true;
}

static bool on_sdp_damage(void *ctx, enum dtu_sdp_code code)
{
    CHECK(ctx == &sdp);
    if (fault_now())
        return false;
    note_number('x', code);
    return true;
}

static size_t piece; /* the input comes in such */

static void decoding(void)
{
    static const char in[] = "no"
                             "\x55\xFD\xAA\x00\x03\x61\x00\xCC\x2D"  /* the sample */
                             "\x55\xFD\xAA\x00\x03\x61\x00\xCC\x2C"  /* a wrong sum */
                             "\x55\xFD\xAA\x00\x03\x65\x00\xCC\x31"  /* there is no socket E */
                             "\x55\xFD\xAA\x00\x04\x62\x00hi\x33"    /* 62 + 68 + 69 = 133 */
                             "\x55\xFD\xAA\x00\x0F\x61\x00"          /* cut short, and in it */
                             "\x55\xFD\xAA\x00\x03\x61\x00\xCC\x2D"; /* the sample */
    static uint8_t buffer[64];
    static const struct dtu_sdp_config config = {DTU_SDP_TO_MODULE, buffer, sizeof buffer};
    static const struct dtu_sdp_callbacks callbacks = {on_sdp_frame, on_sdp_damage};
    size_t taken = 0;
    clear();
    CHECK_EQ(dtu_sdp_init(&sdp, &config, &callbacks, &sdp), DTU_OK);
    for (unsigned i = 0; taken < sizeof in - 1 && again(&i);) {
        size_t left = sizeof in - 1 - taken;
        taken += dtu_sdp_feed(&sdp, (const uint8_t *)in + taken, left < piece ? left : piece);
    }
    CHECK_EQ(taken, sizeof in - 1);
    (void)dtu_sdp_flush(&sdp);
    for (unsigned i = 0; !dtu_sdp_resume(&sdp) && again(&i);)
        ;
    CHECK_OUT("|x:0|a:\xCC|x:4|x:2|b:hi|x:1|a:\xCC");
    CHECK_EQ(sdp.stats.frames, 3);
}

static void frames_and_damage_that_are_refused_come_again_in_order(void)
{
    for (piece = 1; piece < 100; piece += 12)
        CHECK_EQ(at_every_call(decoding), 7);
}

static struct dtu_sdp_sender sender;

static size_t on_sdp_write(void *ctx, const uint8_t *data, size_t len)
{
    CHECK(ctx == &sender);
    call(); /* it is asked for what was on its way, and then for the rest */
    return take('w', data, len);
}

static void send_frame(uint8_t socket, const char *text)
{
    size_t len = strlen(text), taken = 0;
    for (unsigned i = 0; taken < len && again(&i);) {
        taken += dtu_sdp_send(&sender, socket, (const uint8_t *)text + taken, len - taken);
        if (taken > 0 && taken < len) /* of a frame that has begun the rest is owed */
            CHECK_EQ(dtu_sdp_sender_left(&sender), len - taken);
    }
    CHECK_EQ(taken, len);
}

static void sending(void)
{
    bool reported = false;
    clear();
    dtu_sdp_sender_init(&sender, DTU_SDP_FROM_MODULE, on_sdp_write, &sender);
    send_frame(DTU_SDP_SOCKET_A, "hi");
    for (unsigned i = 0; !reported && again(&i);) {
        dtu_sdp_sender_poll(&sender);
        call();
        reported = dtu_sdp_report(&sender, DTU_SDP_BAD_SUM);
    }
    CHECK(reported);
    send_frame(DTU_SDP_SOCKET_A + 1, "hi");
    for (unsigned i = 0; !dtu_sdp_sender_idle(&sender) && again(&i);)
        dtu_sdp_sender_poll(&sender);
    CHECK_OUT("|w:\xAA\xFD\x55\x00\x04\x61\x00hi\x32" /* 61 + 68 + 69 = 132 */
              "\xAA\xFD\x55\x00\x03\x00\x80\x04\x84"  /* the report of a wrong sum */
              "\xAA\xFD\x55\x00\x04\x62\x00hi\x33");
}

static void frames_without_room_go_out_whole_and_in_order(void)
{
    CHECK(at_every_call(sending) >= 9);
}

/* --- baudsync ------------------------------------------------------------------------------- */

static struct dtu_baudsync sync;

static size_t on_sync_data(void *ctx, const uint8_t *data, size_t len)
{
    CHECK(ctx == &sync);
    return take('d', data, len);
}

static void on_sync_change(void *ctx, const struct dtu_uart *uart)
{
    CHECK(ctx == &sync);
    note_number('u', (unsigned)(uart->baud / 100));
}

static void following(void)
{
    static const char in[] =
        "ab"
        "\x55\xAA\x55\x01\xC2\x00\x03\xC6"          /* 115200, the manual's */
        "c\x55\xAA\x55\x00\x25\x80\x03\xA9"         /* 9600, with a wrong sum */
        "d\x55\xAA\x55\xAA\x55\x00\x25\x80\x03\xA8" /* 9600 behind a false start */
        "e\x55\xAA";
    static const struct dtu_baudsync_config config = {.max_baud = 230400};
    static const struct dtu_baudsync_callbacks callbacks = {on_sync_data, on_sync_change};
    size_t taken = 0;
    clear();
    CHECK_EQ(dtu_baudsync_init(&sync, &config, &callbacks, &sync), DTU_OK);
    for (unsigned i = 0; taken < sizeof in - 1 && again(&i);) {
        size_t left = sizeof in - 1 - taken;
        taken += dtu_baudsync_feed(&sync, (const uint8_t *)in + taken, left < piece ? left : piece);
    }
    CHECK_EQ(taken, sizeof in - 1);
    for (unsigned i = 0; !dtu_baudsync_flush(&sync) && again(&i);)
        ;
    CHECK_OUT("|d:ab|u:1152|d:c\x55\xAA\x55\x00\x25\x80\x03\xA9"
              "d\x55\xAA|u:96|d:e\x55\xAA");
}

static void no_rate_overtakes_data_that_waits(void)
{
    for (piece = 1; piece < 100; piece += 7)
        CHECK(at_every_call(following) >= 4);
}

/* --- link ----------------------------------------------------------------------------------- */

static struct dtu_link the_link;
static enum { CLOSED, OPENING, OPEN } port_socket;
static bool told_inside;     /* the port tells the outcome inside of open() */
static bool stopped;         /* after that nothing is opened */
static bool stops_on_change; /* at the call that misbehaves the owner stops the link */

static bool on_open(void *ctx)
{
    CHECK(ctx == &the_link);
    CHECK(!stopped && port_socket == CLOSED);
    if (!stops_on_change && fault_now()) {
        if (!told_inside)
            return false;
        port_socket = OPENING;
        dtu_link_failed(&the_link, 0);
        port_socket = CLOSED;
        return true;
    }
    port_socket = told_inside ? OPEN : OPENING;
    if (told_inside)
        dtu_link_opened(&the_link, 0);
    return true;
}

static void on_close(void *ctx)
{
    CHECK(ctx == &the_link);
    port_socket = CLOSED;
}

static void on_link(void *ctx, enum dtu_link_state state)
{
    CHECK(ctx == &the_link);
    CHECK_EQ(dtu_link_state(&the_link), state);
    if (!stops_on_change || stopped || !fault_now())
        return;
    stopped = true;
    dtu_link_stop(&the_link, 0);
}

static void life(void)
{
    static const struct dtu_link_config config = {.retry_ms = 1000, .idle_ms = 5000};
    static const struct dtu_link_callbacks callbacks = {on_open, on_close, on_link};
    unsigned up = 0;
    port_socket = CLOSED;
    stopped = false;
    CHECK_EQ(dtu_link_init(&the_link, &config, &callbacks, &the_link), DTU_OK);
    dtu_link_start(&the_link, 0);
    for (uint32_t now = 0; now < 40000; now += 500) {
        if (port_socket == OPENING) {
            port_socket = OPEN;
            dtu_link_opened(&the_link, now);
        }
        CHECK_EQ(dtu_link_state(&the_link) == DTU_LINK_UP, port_socket == OPEN);
        up += port_socket == OPEN ? 1 : 0;
        if (port_socket == OPEN && now % 13000 == 0) { /* the peer goes */
            port_socket = CLOSED;
            dtu_link_closed(&the_link, now);
        }
        dtu_link_poll(&the_link, now);
    }
    CHECK_EQ(dtu_link_state(&the_link) == DTU_LINK_OFF, stopped);
    CHECK(stopped || up > 2);
    if (stopped)
        CHECK_EQ(port_socket, CLOSED);
    if (!stopped)
        dtu_link_stop(&the_link, 40000);
    CHECK_EQ(port_socket, CLOSED);
    CHECK_EQ(dtu_link_next(&the_link, 40000), DTU_NEVER);
}

static void a_socket_that_cannot_be_opened_is_tried_again_and_never_twice(void)
{
    stops_on_change = false;
    for (int i = 0; i < 2; i++) {
        told_inside = i == 1;
        CHECK(at_every_call(life) > 5);
    }
}

static void a_link_that_is_stopped_at_any_change_opens_nothing_more(void)
{
    stops_on_change = true;
    for (int i = 0; i < 2; i++) {
        told_inside = i == 1;
        CHECK(at_every_call(life) > 5);
    }
}

/* --- store ---------------------------------------------------------------------------------- */

#define SLOT_SIZE 4096

static uint8_t slots[2][SLOT_SIZE];
static bool broken; /* something has failed since the operation began */
static bool sync_failed;

/* Whether a call fails: nothing of it, or some of it, or all of it has been done. After a failed
 * erase or write nothing more is written. */
static bool medium_fails(bool writes)
{
    if (writes)
        CHECK(!broken);
    if (!fault_now())
        return false;
    broken = broken || writes;
    return true;
}

static bool on_read(void *ctx, unsigned slot, size_t offset, uint8_t *data, size_t len)
{
    CHECK(ctx == slots && slot < 2 && offset + len <= SLOT_SIZE);
    if (medium_fails(false))
        return false;
    memcpy(data, slots[slot] + offset, len);
    return true;
}

static bool on_erase(void *ctx, unsigned slot)
{
    bool fails = medium_fails(true);
    CHECK(ctx == slots && slot < 2);
    if (!fails || faults.way != TAKES_NOTHING)
        memset(slots[slot], 0xFF, faults.way == TAKES_ONE && fails ? 1 : SLOT_SIZE);
    return !fails;
}

static bool on_store_write(void *ctx, unsigned slot, size_t offset, const uint8_t *data, size_t len)
{
    bool fails = medium_fails(true);
    CHECK(ctx == slots && slot < 2 && offset % 16 == 0 && offset + len <= SLOT_SIZE);
    if (fails)
        len = faults.way == TAKES_NOTHING ? 0 : faults.way == TAKES_ONE ? 1 : len - 1;
    memcpy(slots[slot] + offset, data, len);
    return !fails;
}

static bool on_sync(void *ctx, unsigned slot)
{
    CHECK(ctx == slots && slot < 2);
    sync_failed = medium_fails(true);
    return !sync_failed;
}

static struct dtu_store store;

static void set_time(const char *ms)
{
    const struct dtu_param *row = dtu_params_find(params.table, BYTES("UARTFT"));
    CHECK_EQ(dtu_params_set(&params, row, (const uint8_t *)ms, strlen(ms)), DTU_OK);
}

static unsigned stored_time(void)
{
    unsigned at = faults.at;
    unsigned calls = faults.calls;
    static const struct dtu_store_medium medium = {SLOT_SIZE, on_read, on_erase, on_store_write,
                                                   on_sync};
    faults.at = 0;
    CHECK_EQ(dtu_params_init(&params, dtu_profile_cat1.table, values[0], values[1]), DTU_OK);
    CHECK_EQ(dtu_store_init(&store, &medium, slots), DTU_OK);
    (void)dtu_store_load(&store, &params, line, sizeof line);
    dtu_params_apply(&params);
    faults.at = at;
    faults.calls = calls;
    return (unsigned)dtu_params_number(&params, dtu_params_find(params.table, BYTES("UARTFT")), 0);
}

static enum dtu_status save_time(const char *ms, bool row)
{
    set_time(ms);
    broken = sync_failed = false;
    if (!row)
        return dtu_store_save(&store, &params, DTU_PARAMS_PENDING);
    return dtu_store_save_row(&store, &params, dtu_params_find(params.table, BYTES("UARTFT")), line,
                              sizeof line);
}

/* What was stored before is there after each failure, at once and after a power cut; and the next
 * save is as if there had been none. */
static void saves(void)
{
    unsigned expected = 60;
    memset(slots, 0xFF, sizeof slots);
    unsigned at = faults.at;
    faults.at = 0;
    CHECK_EQ(stored_time(), 50); /* the default */
    CHECK_EQ(save_time("60", false), DTU_OK);
    faults.at = at;
    faults.calls = 0;
    for (unsigned i = 0; i < 3; i++) {
        static const char *const times[] = {"70", "80", "90"};
        enum dtu_status status = save_time(times[i], i == 1);
        CHECK(status == DTU_OK || status == DTU_ERR_IO);
        if (status == DTU_OK || (sync_failed && stored_time() != expected))
            expected = 70 + 10 * i;
        if (i != 0 || status != DTU_OK) /* else it goes on without a boot between */
            CHECK_EQ(stored_time(), expected);
    }
    faults.at = 0;
    CHECK_EQ(save_time("100", false), DTU_OK);
    CHECK_EQ(stored_time(), 100);
    faults.at = at;
}

static void a_medium_that_fails_at_any_call_keeps_what_was_stored(void)
{
    CHECK(at_every_call(saves) > 20);
}

/* --- identity ------------------------------------------------------------------------------- */

static struct dtu_identity identity;

static size_t on_identity_send(void *ctx, const uint8_t *data, size_t len)
{
    CHECK(ctx == &identity);
    return take('s', data, len);
}

static void registration(void)
{
    static const struct dtu_identity_config config = {
        .packet = {.kind = DTU_IDENTITY_USER, .data = (const uint8_t *)"www.usr.cn", .len = 10},
        .ways = DTU_IDENTITY_ON_LINK};
    static const struct dtu_identity_callbacks callbacks = {NULL, on_identity_send};
    clear();
    CHECK_EQ(dtu_identity_init(&identity, &config, &callbacks, &identity), DTU_OK);
    for (unsigned n = 0; n < 2; n++) {
        bool all = false;
        dtu_identity_opened(&identity);
        for (unsigned i = 0; !all && again(&i);)
            all = dtu_identity_send(&identity);
        CHECK(all);
        note('|', "", 0);
    }
    CHECK_OUT("|s:www.usr.cn||:|s:www.usr.cn||:");
}

static void a_registration_packet_without_room_is_first_and_whole(void)
{
    CHECK_EQ(at_every_call(registration), 2);
}

/* --- heartbeat ------------------------------------------------------------------------------ */

static struct dtu_heartbeat heartbeat;
static uint32_t beat_now, last_beat;
static unsigned beats, failures, reconnects;
static bool sent_inside; /* the owner tells each sending from inside, as it may */

static enum dtu_heartbeat_outcome on_beat(void *ctx)
{
    static const enum dtu_heartbeat_outcome bad[] = {DTU_HEARTBEAT_NO_ROOM, DTU_HEARTBEAT_NOTHING,
                                                     DTU_HEARTBEAT_FAILED};
    CHECK(ctx == &heartbeat);
    if (fault_now()) {
        failures += bad[faults.way] == DTU_HEARTBEAT_FAILED ? 1 : 0;
        return bad[faults.way];
    }
    CHECK(beat_now - last_beat >= 1000);
    last_beat = beat_now;
    beats++;
    if (sent_inside)
        dtu_heartbeat_sent(&heartbeat, beat_now);
    return DTU_HEARTBEAT_TAKEN;
}

static void on_reconnect(void *ctx)
{
    CHECK(ctx == &heartbeat);
    reconnects++;
    dtu_heartbeat_stop(&heartbeat);
    dtu_heartbeat_start(&heartbeat, beat_now);
}

static void beating(void)
{
    static const struct dtu_heartbeat_config config = {.to = DTU_HEARTBEAT_TO_NETWORK,
                                                       .interval_ms = 1000};
    static const struct dtu_heartbeat_callbacks callbacks = {on_beat, on_reconnect};
    beats = failures = reconnects = 0;
    last_beat = beat_now = 0;
    CHECK_EQ(dtu_heartbeat_init(&heartbeat, &config, &callbacks, &heartbeat), DTU_OK);
    dtu_heartbeat_start(&heartbeat, 0);
    for (; beat_now <= 30500; beat_now += 50)
        dtu_heartbeat_poll(&heartbeat, beat_now);
    CHECK_EQ(heartbeat.stats.sent, beats);
    CHECK_EQ(heartbeat.stats.failed, failures);
    CHECK_EQ(reconnects, failures / DTU_HEARTBEAT_FAILURES);
    CHECK_EQ(heartbeat.stats.reconnects, reconnects);
    CHECK(faults.at != 0 || beats == 30);
    if (faults.way == TAKES_NOTHING && faults.times == 1)
        CHECK_EQ(beats, 30); /* one that had no room for a moment is not left out */
}

static void two_heartbeats_are_never_closer_than_the_interval(void)
{
    for (int i = 0; i < 2; i++) {
        sent_inside = i == 1;
        CHECK_EQ(at_every_call(beating), 30);
    }
}

/* --- discovery ------------------------------------------------------------------------------ */

static void on_describe(void *ctx, struct dtu_discovery_found *found)
{
    CHECK(ctx == &out);
    memset(found, 0, sizeof *found);
}

static void on_login(void *ctx, uint8_t user[DTU_DISCOVERY_LOGIN_LEN + 1],
                     uint8_t password[DTU_DISCOVERY_LOGIN_LEN + 1])
{
    CHECK(ctx == &out);
    memcpy(user, "admin", 6);
    memcpy(password, "admin", 6);
}

static void on_read_block(void *ctx, uint8_t which, union dtu_discovery_block *block)
{
    CHECK(ctx == &out);
    (void)which;
    memset(block, 0, sizeof *block);
}

static bool refused_request;

static enum dtu_status on_write_block(void *ctx, uint8_t which,
                                      const union dtu_discovery_block *block)
{
    CHECK(ctx == &out && block != NULL);
    note_number('b', which);
    refused_request = fault_now();
    return refused_request ? DTU_ERR_RANGE : DTU_OK;
}

static enum dtu_status on_act(void *ctx, enum dtu_discovery_command command)
{
    CHECK(ctx == &out);
    note_number('c', command);
    refused_request = fault_now();
    return refused_request ? DTU_ERR_IO : DTU_OK;
}

/* Each request is one call, whose outcome is in the answer: 4B done, 45 error (frames.md section
 * 3). */
static void requests(void)
{
    static const struct dtu_discovery_callbacks callbacks = {.describe = on_describe,
                                                             .login = on_login,
                                                             .read = on_read_block,
                                                             .write = on_write_block,
                                                             .act = on_act};
    static const struct {
        uint8_t command;
        size_t len;
        const char *call;
    } cases[] = {
        {4, 0, "|c:4"}, {6, 63, "|b:6"}, {5, 67, "|b:5"}, {11, 0, "|c:11"}, {2, 0, "|c:2"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t in[100] = {0xFF, (uint8_t)(19 + cases[i].len), cases[i].command};
        uint8_t reply[DTU_DISCOVERY_READ_LEN];
        uint8_t expected[] = {0xFF, 1, cases[i].command, 0x4B};
        size_t len;
        uint8_t sum = 0;
        clear();
        memcpy(in + 9, "admin\0admin", 12); /* the MAC is zeroes */
        for (size_t k = 1; k < 21 + cases[i].len; k++)
            sum = (uint8_t)(sum + in[k]);
        in[21 + cases[i].len] = sum;
        refused_request = false;
        (void)dtu_discovery_serve(&callbacks, &out, in, 22 + cases[i].len, reply, sizeof reply,
                                  &len);
        if (refused_request)
            expected[3] = 0x45;
        CHECK_BYTES(reply, len, expected, sizeof expected);
        CHECK_BYTES(out.text, out.len, cases[i].call, strlen(cases[i].call));
    }
}

static void a_request_that_fails_is_answered_so(void)
{
    CHECK_EQ(at_every_call(requests), 5);
}

static const struct check_test tests[] = {
    CHECK_TEST(a_frame_that_is_refused_comes_again_before_all_else),
    CHECK_TEST(a_handshake_without_room_is_the_same),
    CHECK_TEST(the_handshake_of_a_host_without_room_is_the_same),
    CHECK_TEST(a_host_that_never_has_room_ends_in_time_and_once),
    CHECK_TEST(a_reply_without_room_does_nothing_twice),
    CHECK_TEST(a_callback_that_says_no_ends_its_command_only),
    CHECK_TEST(a_command_without_room_is_sent_once_and_ends_once),
    CHECK_TEST(what_is_never_taken_ends_in_time_and_once),
    CHECK_TEST(frames_and_damage_that_are_refused_come_again_in_order),
    CHECK_TEST(frames_without_room_go_out_whole_and_in_order),
    CHECK_TEST(no_rate_overtakes_data_that_waits),
    CHECK_TEST(a_socket_that_cannot_be_opened_is_tried_again_and_never_twice),
    CHECK_TEST(a_link_that_is_stopped_at_any_change_opens_nothing_more),
    CHECK_TEST(a_medium_that_fails_at_any_call_keeps_what_was_stored),
    CHECK_TEST(a_registration_packet_without_room_is_first_and_whole),
    CHECK_TEST(two_heartbeats_are_never_closer_than_the_interval),
    CHECK_TEST(a_request_that_fails_is_answered_so),
};

CHECK_MAIN(tests)
