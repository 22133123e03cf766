/* SPDX-License-Identifier: MIT */
/* The whole module on a port that misbehaves at every call, one after the other: the UART or a
 * socket takes nothing or a part, a socket cannot be opened, a reply has to wait, the memory fails.
 * Everything happens at once: data both ways, replies, reports and heartbeats. What is kept by the
 * rules of the page of the device must arrive, once and in order, and at the UART nothing may be in
 * the middle of something else. */
#include "board.h"
#include "faults.h"

/* --- The port ------------------------------------------------------------------------------- */

/* A call that would take nothing anyway is not worth a fault. */
static size_t faulty_write(void *ctx, const uint8_t *data, size_t len)
{
    size_t n = b->uart_room > 0 ? fault_takes(len) : 0;
    return n > 0 ? uart_write(ctx, data, n) : 0;
}

static size_t faulty_send(void *ctx, unsigned i, const uint8_t *data, size_t len)
{
    size_t n = b->sockets[i].room > 0 ? fault_takes(len) : 0;
    if (b->sockets[i].kind == DTU_SOCKET_UDP_CLIENT && n < len)
        n = 0; /* a datagram is taken as a whole */
    return n > 0 ? socket_send(ctx, i, data, n) : 0;
}

static bool faulty_open(void *ctx, unsigned i, const struct dtu_socket_target *target)
{
    return !fault_now() && socket_open(ctx, i, target);
}

static bool faulty_reply(void *ctx, enum dtu_channel channel, const uint8_t *data, size_t len)
{
    return !fault_now() && reply(ctx, channel, data, len);
}

static struct dtu_device_port faulty_port;
static struct dtu_profile profile; /* as the product's, but that each socket keeps one packet */

static void new_faulty(const char *product)
{
    new_board(product);
    faulty_port = port;
    faulty_port.uart_write = faulty_write;
    faulty_port.socket_send = faulty_send;
    faulty_port.socket_open = faulty_open;
    faulty_port.reply = faulty_reply;
    b->config.port = &faulty_port;
    profile = *b->config.profile;
    profile.queue_packets = 1;
    b->config.profile = &profile;
    for (unsigned i = 0; i < 4; i++)
        b->sockets[i].opening = OPENED_INSIDE;
}

/* --- What is at the UART -------------------------------------------------------------------- */

#define HEARTBEAT "www.usr.cn"

/* What the user of the UART reads: whole frames, whole heartbeats, and the whole replies to what he
 * types. */
static struct {
    const char *awaited; /* the reply to the last thing typed; NULL: none */
    size_t at;           /* what is before that is understood */
    char data[2][200];   /* of sockets A and B */
    size_t data_len[2];
    unsigned reports;
} user;

/* A frame of the socket distribution protocol, by frames.md section 1. Its length; 0 if it is not
 * all there. */
static size_t read_frame(const uint8_t *at, size_t len)
{
    uint8_t sum = 0;
    size_t n = len >= 5 ? (size_t)(at[3] << 8 | at[4]) : 0;

    if (len < 5 || len < n + 6)
        return 0;
    for (size_t i = 5; i < n + 5; i++)
        sum = (uint8_t)(sum + at[i]);
    CHECK(memcmp(at, "\xAA\xFD\x55", 3) == 0 && n >= 2 && at[n + 5] == sum);
    if (at[6] != 0) {
        user.reports++;
        return n + 6;
    }
    unsigned i = at[5] - 'a';
    CHECK(i < 2 && n - 2 <= sizeof user.data[0] - user.data_len[i]);
    if (i < 2 && n - 2 <= sizeof user.data[0] - user.data_len[i]) {
        memcpy(user.data[i] + user.data_len[i], at + 7, n - 2);
        user.data_len[i] += n - 2;
    }
    return n + 6;
}

/* Its length; 0 if it is not all there. */
static size_t read_text(const char *text, const char *at, size_t len)
{
    size_t n = strlen(text);
    CHECK_BYTES(at, len < n ? len : n, text, len < n ? len : n);
    return len < n ? 0 : n;
}

static size_t read_one(const char *at, size_t len)
{
    size_t n;

    if (*at == '\xAA')
        return read_frame((const uint8_t *)at, len);
    if (*at == *HEARTBEAT)
        return read_text(HEARTBEAT, at, len);
    CHECK(user.awaited != NULL);
    if (user.awaited == NULL)
        return len;
    n = read_text(user.awaited, at, len);
    if (n > 0)
        user.awaited = NULL;
    return n;
}

static void read_uart(void)
{
    while (user.at < b->uart_len && check_failures == 0) {
        size_t n = read_one(b->uart + user.at, b->uart_len - user.at);
        if (n == 0)
            return;
        user.at += n;
    }
}

/* --- Everything at once --------------------------------------------------------------------- */

/* Bytes that one side has for the other. */
struct sender {
    const char *bytes;
    size_t left;
};

static struct sender from_user, from_socket[2];
static bool waits_for_call; /* the network takes nothing before the call that misbehaves */

static struct sender text(const char *bytes)
{
    return (struct sender){bytes, strlen(bytes)};
}

static void sent(struct sender *s, size_t taken)
{
    CHECK(taken <= s->left);
    s->bytes += taken;
    s->left -= taken;
}

/* A millisecond: each side offers what it has, at its own pace. The UART is slow, and the network
 * takes something now and then: most things have to wait for others. */
static void step(void)
{
    bool network = waits_for_call ? faults.at != 0 && faults.calls >= faults.at : b->now % 128 == 0;
    b->now++;
    b->uart_room = 3;
    for (unsigned i = 0; i < 2; i++)
        b->sockets[i].room = network ? LOTS : 0;
    if (from_user.left > 0)
        sent(&from_user, dtu_device_uart_rx(&b->device, (const uint8_t *)from_user.bytes,
                                            from_user.left, b->now));
    for (unsigned i = 0; i < 2; i++) {
        if (from_socket[i].left > 0 && b->sockets[i].is_open)
            sent(&from_socket[i],
                 dtu_device_socket_rx(&b->device, i, (const uint8_t *)from_socket[i].bytes,
                                      from_socket[i].left, b->now));
        dtu_device_socket_writable(&b->device, i, b->now);
    }
    dtu_device_poll(&b->device, b->now);
    read_uart();
}

static void wait_steps(unsigned ms)
{
    while (ms-- > 0)
        step();
}

/* What is typed, and nothing for a while when it is taken and answered, and nothing more comes: a
 * pause in which the module does not listen, since something is on its way out, is none. */
static void say(const char *bytes, size_t len, const char *answer)
{
    from_user = (struct sender){bytes, len};
    user.awaited = answer;
    for (unsigned i = 0; i < 2000 && (from_user.left > 0 || user.awaited != NULL); i++)
        step();
    CHECK_EQ(from_user.left, 0);
    CHECK(user.awaited == NULL);
    size_t before = b->uart_len;
    for (unsigned quiet = 0; quiet < 100; quiet++) {
        step();
        if (b->uart_len > before)
            quiet = 0;
        before = b->uart_len;
    }
}

#define SAY(literal, answer) say(literal, sizeof(literal) - 1, answer)

#define FRAME_A                                                                                    \
    "\x55\xFD\xAA\x00\x03\x61\x00\xCC\x2D" /* the sample of frames.md: CC to socket A              \
                                            */
#define FRAME_B "\x55\xFD\xAA\x00\x03\x62\x00\xCC\x2E"
#define FRAME_E "\x55\xFD\xAA\x00\x03\x65\x00\xCC\x31" /* there is no such socket */
#define LONG_A "There is more of this than fits into a frame that is already on its way."
#define LONG_B "The same from B."

static void begin_busy(void)
{
    new_faulty("cat1");
    CHECK_EQ(dtu_device_init(&b->device, &b->config, b), DTU_OK);
    set("E", "OFF");
    set("RSTIM", "0");
    set("SDPEN", "ON");
    set("SOCKBEN", "ON");
    set("HEARTEN", "ON");
    set("HEARTTP", "COM");
    set("HEARTTM", "1");
    memset(&user, 0, sizeof user);
    memset(&from_user, 0, sizeof from_user);
    dtu_device_start(&b->device, b->now);
    from_socket[0] = text(LONG_A);
    from_socket[1] = text(LONG_B);
    SAY("", "\r\nWH-LTE-7S1\r\n"); /* the greeting */
    for (unsigned i = 0; i < 20000 && !(b->sockets[0].is_open && b->sockets[1].is_open); i++)
        step();
}

/* Everything has gone out, and each thing once. */
static void check_end(const char *of_a, const char *of_b, const char *to_a, const char *to_b,
                      unsigned reports)
{
    waits_for_call = false;
    for (unsigned i = 0;
         i < 5000 && (user.reports < reports || b->sockets[0].sent_len < strlen(to_a) ||
                      b->sockets[1].sent_len < strlen(to_b));
         i++)
        step();
    wait_steps(60); /* in which nothing may come that is too much */
    for (unsigned i = 0; i < 100 && user.at < b->uart_len; i++)
        step();
    CHECK_EQ(user.at, b->uart_len);
    CHECK_BYTES(user.data[0], user.data_len[0], of_a, strlen(of_a));
    CHECK_BYTES(user.data[1], user.data_len[1], of_b, strlen(of_b));
    CHECK_SENT(0, to_a);
    CHECK_SENT(1, to_b);
    CHECK_EQ(user.reports, reports);
    CHECK_EQ(b->device.stats.cut_bytes + b->device.stats.lost_bytes, 0);
}

static void frames_replies_reports_and_heartbeats(void)
{
    waits_for_call = false;
    begin_busy();
    SAY(FRAME_A FRAME_A FRAME_A "x" FRAME_B, NULL);
    from_socket[0] = text(LONG_B);
    SAY("usr.cn#AT+UARTFT\r\n", VALUE("UARTFT:50"));
    SAY(FRAME_A FRAME_B FRAME_B FRAME_E "x", NULL);
    SAY("+++", "a");
    SAY("a", "+ok");
    from_socket[1] = text(LONG_A);
    SAY("AT+SDPEN?\r", VALUE("SDPEN:ON"));
    SAY("AT+UARTFT=60\r\n", OK);
    SAY("AT+ENTM\r", OK);
    SAY(FRAME_B FRAME_A, NULL);
    SAY("", NULL);
    check_end(LONG_A LONG_B, LONG_B LONG_A, "\xCC\xCC\xCC\xCC\xCC", "\xCC\xCC\xCC\xCC", 3);
}

/* Frames that wait for the network while the user is in command mode go on at any moment of that.
 */
static void what_waits_goes_on_in_the_middle_of_a_dialogue(void)
{
    waits_for_call = true;
    begin_busy();
    SAY(FRAME_A FRAME_A "x" FRAME_E "x", NULL);
    wait_steps(1000); /* a heartbeat */
    SAY("+++", "a");
    from_socket[0] = text(LONG_B);
    SAY("a", "+ok");
    SAY("AT+SDPEN?\r", VALUE("SDPEN:ON"));
    SAY("AT+UARTFT=60\r\n", OK);
    SAY("AT+ENTM\r", OK);
    check_end(LONG_A LONG_B, LONG_B, "\xCC\xCC", "", 3);
}

static unsigned moment;

static void a_command_and_a_handshake_at_a_moment(void)
{
    waits_for_call = false;
    begin_busy();
    wait_steps(moment);
    SAY("usr.cn#AT+UARTFT\r\n", VALUE("UARTFT:50"));
    wait_steps(moment);
    SAY("+++", "a");
    SAY("a", "+ok");
    SAY("AT+ENTM\r", OK);
    check_end(LONG_A, LONG_B, "", "", 0);
}

/* Between two heartbeats, and in the middle of one. */
static void what_is_typed_at_any_moment_is_answered_in_one_piece(void)
{
    for (moment = 0; moment < 1000 && check_failures == 0; moment += 3)
        fault_run(a_command_and_a_handshake_at_a_moment, 0, 0, TAKES_NOTHING);
}

static void at_the_uart_nothing_is_in_the_middle_of_something_else(void)
{
    CHECK(at_every_call(frames_replies_reports_and_heartbeats) > 100);
}

static void what_goes_on_at_any_moment_is_not_in_the_middle_of_something_else(void)
{
    CHECK(at_every_call(what_waits_goes_on_in_the_middle_of_a_dialogue) > 50);
}

/* --- Transparent data, marks and messages --------------------------------------------------- */

/* A port that does one thing at a time: what it offers is taken before it goes on. */
static void offer(int socket, const char *text)
{
    size_t len = strlen(text), taken = 0;
    for (unsigned i = 0; i < 40000 && taken < len; i++) {
        const uint8_t *rest = (const uint8_t *)text + taken;
        taken += socket < 0 ? dtu_device_uart_rx(&b->device, rest, len - taken, b->now)
                            : dtu_device_socket_rx(&b->device, (unsigned)socket, rest, len - taken,
                                                   b->now);
        b->now++;
        dtu_device_poll(&b->device, b->now);
        for (unsigned s = 0; s < 2; s++)
            dtu_device_socket_writable(&b->device, s, b->now);
    }
    CHECK_EQ(taken, len);
    for (unsigned i = 0; i < 120; i++) {
        b->now++;
        dtu_device_poll(&b->device, b->now);
    }
}

/* A connection that is lost in the middle of a packet gets all of it again (7S4 keeps data). */
static void data_both_ways(void)
{
    new_faulty("lte-7s4");
    CHECK_EQ(dtu_device_init(&b->device, &b->config, b), DTU_OK);
    for (unsigned i = 0; i < 2; i++)
        b->sockets[i].opening = LATER; /* when there is data already */
    set("RSTIM", "0");
    set("SOCKIND", "ON");
    set("REGEN", "ON"); /* www.usr.cn on each new connection */
    dtu_device_start(&b->device, b->now);
    offer(-1, "early");
    for (unsigned i = 0; i < 400 && !(b->sockets[0].is_open && b->sockets[1].is_open); i++) {
        for (unsigned s = 0; s < 2; s++)
            if (b->sockets[s].opens > 0 && !b->sockets[s].is_open)
                open_socket(s);
        b->now += 1000; /* between two tries */
        dtu_device_poll(&b->device, b->now);
    }
    clear_uart();
    offer(0, "from A");
    offer(1, "from B");
    offer(-1, "later");
    offer(0, "A again");
    offer(-1, "+++");
    offer(-1, "a");
    offer(-1, "AT+UARTFT?\r");
    offer(-1, "AT+ENTM\r");
    offer(-1, "last");
    offer(-1, "usr.cnAT+E\r");
    CHECK_UART("SOCKA:from ASOCKB:from BSOCKA:A againa+ok" VALUE("UARTFT:50") OK VALUE("E:OFF"));
    for (unsigned i = 0; i < 2; i++)
        CHECK_SENT(i, "www.usr.cnearlylaterlast");
    CHECK_EQ(b->device.sockets[0].queue.stats.dropped, 0);
}

static void no_byte_is_lost_in_either_direction(void)
{
    CHECK(at_every_call(data_both_ways) > 10);
}

/* Of a message with several commands those behind a reply that has to wait are left out and
 * counted: so here are messages of one. */
static void commands_of_messages(void)
{
    static const char *const messages[] = {"AT+UARTFT?", "AT+SOCKIND=ON", "AT+SOCKIND?"};
    enum dtu_status status;
    new_faulty("lte-7s4");
    CHECK_EQ(dtu_device_init(&b->device, &b->config, b), DTU_OK);
    set("RSTIM", "0");
    dtu_device_start(&b->device, b->now);
    for (unsigned i = 0; i < 30; i++) /* before the greeting is out it takes none */
        dtu_device_poll(&b->device, ++b->now);
    for (unsigned n = 0; n < COUNT(messages); n++) {
        status = DTU_ERR_STATE;
        for (unsigned i = 0; i < 100 && status == DTU_ERR_STATE; i++) {
            b->now++;
            status = dtu_device_message(&b->device, DTU_CHANNEL_MQTT, (const uint8_t *)messages[n],
                                        strlen(messages[n]), b->now);
            dtu_device_poll(&b->device, b->now);
        }
        CHECK_EQ(status, DTU_OK);
    }
    for (unsigned i = 0; i < 100; i++)
        dtu_device_poll(&b->device, ++b->now);
    CHECK_BYTES(b->replies[DTU_CHANNEL_MQTT], b->reply_len[DTU_CHANNEL_MQTT],
                "+UARTFT:50;OK;+SOCKIND:ON;", 26);
    CHECK_EQ(b->device.stats.ignored, 0);
}

static void a_reply_to_a_message_waits_and_comes_once(void)
{
    CHECK(at_every_call(commands_of_messages) > 1);
}

/* --- What is stored ------------------------------------------------------------------------- */

static bool faulty_read(void *ctx, unsigned slot, size_t offset, uint8_t *data, size_t len)
{
    return !fault_now() && medium_read(ctx, slot, offset, data, len);
}

static bool faulty_erase(void *ctx, unsigned slot)
{
    return !fault_now() && medium_erase(ctx, slot);
}

static bool faulty_store(void *ctx, unsigned slot, size_t offset, const uint8_t *data, size_t len)
{
    size_t n = fault_takes(len);
    return medium_write(ctx, slot, offset, data, n) && n == len;
}

static const struct dtu_store_medium faulty_medium = {
    .slot_size = SLOT_SIZE, .read = faulty_read, .erase = faulty_erase, .write = faulty_store};

/* Power on, with a medium that works, and command mode. */
static void power_on(void)
{
    unsigned at = faults.at;
    new_board("lte-7s4");
    b->config.medium = &faulty_medium;
    b->config.medium_ctx = slots;
    faults.at = 0;
    CHECK_EQ(dtu_device_init(&b->device, &b->config, b), DTU_OK);
    set("RSTIM", "0");
    dtu_device_start(&b->device, b->now);
    clear_uart();
    enter_command_mode();
    faults.at = at;
}

static bool says(const char *command, const char *expected)
{
    clear_uart();
    type(command);
    return b->uart_len == strlen(expected) && memcmp(b->uart, expected, b->uart_len) == 0;
}

/* A set that is answered with OK holds, also after the power was cut; one that is not has not
 * happened. Whatever fails, the settings beside it stay. If what is stored cannot be read for a
 * while, a query tells the defaults; it is read again behind the next command. */
static void sets_that_are_stored_at_once(void)
{
    static const char *const sets[] = {"AT+UARTFT=61\r", "AT+UARTFT=62\r", "AT+UARTFT=63\r"};
    static const char *const values[] = {VALUE("UARTFT:60"), VALUE("UARTFT:61"), VALUE("UARTFT:62"),
                                         VALUE("UARTFT:63")};
    const char *value = values[0];

    memset(slots, 0xFF, sizeof slots);
    power_on();
    unsigned at = faults.at;
    faults.at = 0;
    CHECK(says("AT+UARTFT=60\r", OK) && says("AT+UARTFL=77\r", OK));
    faults.at = at;
    faults.calls = 0;
    for (size_t i = 0; i < COUNT(sets); i++) {
        if (says(sets[i], OK))
            value = values[i + 1];
        unsigned left = faults.times;
        faults.times = i == 1 ? 0 : left; /* the medium works for a while */
        if (i == 1)
            CHECK(says("AT\r", OK) && says("AT+UARTFT?\r", value));
        faults.times = left;
    }
    faults.at = 0;
    power_on();
    CHECK(says("AT+UARTFT?\r", value));
    CHECK(says("AT+UARTFL?\r", VALUE("UARTFL:77")));
    faults.at = at;
}

static void what_is_answered_with_ok_is_stored_and_nothing_else(void)
{
    CHECK(at_every_call(sets_that_are_stored_at_once) > 30);
}

/* --- What the port knows and does ----------------------------------------------------------- */

#define NOT_ALLOWED "\r\n+CME ERROR:50\r\n"

static bool said_no; /* the port, since this was last set to false */

/* What it has said to know it tells. */
static enum dtu_status faulty_info(void *ctx, const struct dtu_param *row, const uint8_t *args,
                                   size_t len, const struct dtu_text *out)
{
    if (out != NULL || !fault_now())
        return info(ctx, row, args, len, out);
    said_no = true;
    return DTU_ERR_NOT_ALLOWED;
}

static enum dtu_status faulty_action(void *ctx, const struct dtu_param *row, const uint8_t *args,
                                     size_t len)
{
    enum dtu_status status = action(ctx, row, args, len);
    if (!fault_now())
        return status;
    said_no = true;
    return DTU_ERR_NOT_ALLOWED;
}

static void ask(const char *command, const char *answer)
{
    said_no = false;
    type(command);
    CHECK_UART(said_no ? NOT_ALLOWED : answer);
}

/* What is not known is in front of nothing, and holds nothing up. */
static void questions_for_the_port(void)
{
    static const struct {
        const char *frame, *with_imei;
    } data[] = {{"one", "861234one"}, {"two", "861234two"}, {"three", "861234three"}};
    uint32_t unknown = 0;

    new_board("cat1");
    faulty_port = port;
    faulty_port.info = faulty_info;
    faulty_port.action = faulty_action;
    b->config.port = &faulty_port;
    b->identity = "861234";
    init();
    set("E", "OFF");
    set("REGEN", "ON");
    set("REGTP", "IMEI");
    set("REGSND", "LINK&DATA");
    start();
    clear_uart();
    said_no = false;
    open_socket(0);
    unknown += said_no;
    CHECK_SENT(0, said_no ? "" : "861234");
    for (size_t i = 0; i < COUNT(data); i++) {
        said_no = false;
        type_frame(data[i].frame);
        unknown += said_no;
        CHECK_SENT(0, said_no ? data[i].frame : data[i].with_imei);
    }
    CHECK_EQ(b->device.sockets[0].identity.stats.unknown, unknown);
    said_no = false;
    type_frame("usr.cn#AT+SN?\r");
    CHECK_UART(said_no ? NOT_ALLOWED : VALUE("SN:861234"));
    enter_command_mode();
    ask("AT+SN?\r", VALUE("SN:861234"));
    ask("AT+CCLK=20/01/01,12:00:00\r", OK);
    ask("AT+LBS=1\r", VALUE("LBS:1,2"));
    ask("AT+CCLK=20/01/02,12:00:00\r", OK);
    CHECK_EQ(b->actions, 2); /* each was asked for once, whatever it said */
    CHECK_EQ(b->device.stats.sent_packets, COUNT(data));
}

static void what_the_port_does_not_know_or_do_ends_its_command_only(void)
{
    CHECK_EQ(at_every_call(questions_for_the_port), 9);
}

/* Clients come and go while the UART takes a part of the reply that tells how many they are: that
 * is one of the calls of the device which the port may make from inside. */
static unsigned clients;

static size_t write_and_count(void *ctx, const uint8_t *data, size_t len)
{
    size_t n = fault_takes(len);
    if (n < len)
        dtu_device_socket_clients(&b->device, 0, ++clients);
    return n > 0 ? uart_write(ctx, data, n) : 0;
}

static void replies_with_the_number_of_clients(void)
{
    new_board("k7");
    faulty_port = port;
    faulty_port.uart_write = write_and_count;
    b->config.port = &faulty_port;
    init();
    start();
    open_socket(0);
    clients = 1;
    offer(-1, "+++");
    offer(-1, "a");
    for (unsigned i = 0; i < 3; i++) {
        char expected[] = "\r\n+OK=CONNECTED(00)\r\n";
        size_t at = strlen("\r\n+OK=CONNECTED(");
        expected[at] = (char)('0' + clients / 10);
        expected[at + 1] = (char)('0' + clients % 10);
        if (clients < 10)
            memmove(expected + at, expected + at + 1, sizeof expected - at - 1);
        clear_uart();
        offer(-1, "AT+SOCKLKA\r");
        CHECK_UART(expected);
    }
}

static void a_reply_says_what_was_so_when_it_began(void)
{
    CHECK(at_every_call(replies_with_the_number_of_clients) > 3);
}

/* --- A host that finds and sets a module ---------------------------------------------------- */

static bool network_fails;

/* A network that loses a datagram, or what is behind its beginning. */
static size_t carry(uint8_t *to, const uint8_t *from, size_t len)
{
    size_t n = network_fails ? fault_takes(len) : len;
    memcpy(to, from, n);
    return n;
}

static bool is_answer(const struct dtu_discovery_reply *r, uint8_t command)
{
    if (command == DTU_DISCOVERY_SEARCH)
        return r->kind == DTU_DISCOVERY_FOUND && r->intact;
    if (command == DTU_DISCOVERY_READ)
        return r->kind == DTU_DISCOVERY_BLOCKS;
    return r->kind == DTU_DISCOVERY_RESULT && r->command == command;
}

/* Asks until it is answered. The answer's length. */
static size_t exchange(const struct dtu_discovery_request *request, struct dtu_discovery_reply *r,
                       uint8_t *answer)
{
    uint8_t out[DTU_DISCOVERY_REQUEST_MAX], in[DTU_DISCOVERY_REQUEST_MAX];
    uint8_t reply[DTU_DISCOVERY_READ_LEN];
    size_t len;

    CHECK_EQ(dtu_discovery_encode_request(request, out, sizeof out, &len), DTU_OK);
    for (unsigned i = 0; i < 100; i++) {
        size_t n = carry(in, out, len);
        n = dtu_device_request(&b->device, in, n, reply, sizeof reply, b->now);
        if (b->restarts > b->device.stats.restarts)
            dtu_device_restart(&b->device, b->now);
        n = n > 0 ? carry(answer, reply, n) : 0;
        if (dtu_discovery_parse_reply(r, answer, n) == DTU_OK && is_answer(r, request->command))
            return n;
    }
    CHECK(false); /* no answer in so many tries */
    return 0;
}

static const struct dtu_discovery_request as_admin = {
    .mac = {0xD8, 0xB0, 0x4C, 0xF0, 0x00, 0x01}, .user = "admin", .password = "admin"};

/* An enum dtu_discovery_result. */
static unsigned result_of(uint8_t command, const uint8_t *params, size_t params_len)
{
    struct dtu_discovery_request request = as_admin;
    struct dtu_discovery_reply r;
    uint8_t answer[DTU_DISCOVERY_READ_LEN];
    request.command = command;
    request.params = params;
    request.params_len = params_len;
    (void)exchange(&request, &r, answer);
    return r.result;
}

static struct dtu_discovery_port read_port(void)
{
    struct dtu_discovery_request request = as_admin;
    struct dtu_discovery_layout layout;
    struct dtu_discovery_port block;
    struct dtu_discovery_reply r;
    uint8_t answer[DTU_DISCOVERY_READ_LEN];
    request.command = DTU_DISCOVERY_READ;
    CHECK_EQ(dtu_discovery_layout(&layout, answer, exchange(&request, &r, answer)), DTU_OK);
    dtu_discovery_get_port(&block, layout.port[0]);
    return block;
}

/* All that was read but the rate goes back as it was. */
static void set_baud(uint32_t baud)
{
    uint8_t params[DTU_DISCOVERY_PORT_LEN];
    struct dtu_discovery_port block = read_port();
    block.baud = baud;
    dtu_discovery_put_port(params, &block);
    CHECK_EQ(result_of(DTU_DISCOVERY_PORT_0, params, sizeof params), DTU_DISCOVERY_DONE);
}

/* Without a fault up to here. */
static void begin_k7(const struct dtu_store_medium *medium_of_it)
{
    unsigned at = faults.at, calls = faults.calls;
    new_board("k7");
    b->config.medium = medium_of_it;
    b->config.medium_ctx = slots;
    faults.at = 0;
    init();
    start();
    faults.at = at;
    faults.calls = calls;
}

/* Finds it, sets its rate, and sees that it is so after a restart. */
static void a_host_sets_a_module(void)
{
    const struct dtu_discovery_request search = {.command = DTU_DISCOVERY_SEARCH};
    struct dtu_discovery_reply r;
    uint8_t answer[DTU_DISCOVERY_READ_LEN];

    memset(slots, 0xFF, sizeof slots);
    begin_k7(&medium);
    network_fails = true;
    (void)exchange(&search, &r, answer);
    CHECK_BYTES(r.found.mac, 6, as_admin.mac, 6);
    set_baud(57600);
    CHECK_EQ(result_of(DTU_DISCOVERY_SAVE, NULL, 0), DTU_DISCOVERY_DONE);
    CHECK_EQ(result_of(DTU_DISCOVERY_RESTART, NULL, 0), DTU_DISCOVERY_DONE);
    CHECK_EQ(b->setup.baud, 57600);
    CHECK_EQ(read_port().baud, 57600);
}

static void a_host_sets_a_module_over_a_network_that_loses_datagrams(void)
{
    CHECK_EQ(at_every_call(a_host_sets_a_module), 12);
}

/* A save that is answered with "done" holds when the power was cut; one that is not has stored
 * nothing. */
static void saves_of_a_host(void)
{
    static const uint32_t rates[] = {9600, 19200, 38400};
    uint32_t stored = rates[0];

    memset(slots, 0xFF, sizeof slots);
    network_fails = false;
    begin_k7(&medium);
    set_baud(stored);
    CHECK_EQ(result_of(DTU_DISCOVERY_SAVE, NULL, 0), DTU_DISCOVERY_DONE);
    begin_k7(&faulty_medium);
    for (size_t i = 1; i < COUNT(rates); i++) {
        set_baud(rates[i]);
        if (result_of(DTU_DISCOVERY_SAVE, NULL, 0) == DTU_DISCOVERY_DONE)
            stored = rates[i];
    }
    begin_k7(&medium);
    CHECK_EQ(b->setup.baud, stored);
}

static void what_a_host_is_told_to_be_saved_is_stored_and_nothing_else(void)
{
    CHECK(at_every_call(saves_of_a_host) > 10);
}

static const struct check_test tests[] = {
    CHECK_TEST(at_the_uart_nothing_is_in_the_middle_of_something_else),
    CHECK_TEST(what_is_typed_at_any_moment_is_answered_in_one_piece),
    CHECK_TEST(no_byte_is_lost_in_either_direction),
    CHECK_TEST(a_reply_to_a_message_waits_and_comes_once),
    CHECK_TEST(what_is_answered_with_ok_is_stored_and_nothing_else),
    CHECK_TEST(what_goes_on_at_any_moment_is_not_in_the_middle_of_something_else),
    CHECK_TEST(what_the_port_does_not_know_or_do_ends_its_command_only),
    CHECK_TEST(a_reply_says_what_was_so_when_it_began),
    CHECK_TEST(a_host_sets_a_module_over_a_network_that_loses_datagrams),
    CHECK_TEST(what_a_host_is_told_to_be_saved_is_stored_and_nothing_else),
};

CHECK_MAIN(tests)
