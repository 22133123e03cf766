/* SPDX-License-Identifier: MIT */
/* Registration packets. The texts are those of the manuals' AT examples: 004 sections 4.19 to 4.21
 * and 4.24, 003 section 5.3.5 number 5; the user's bytes and the cloud's are 004 section 4.65 and
 * 002 sections 3.3 and 3.5. */
#include "dtu/identity.h"

#include "check.h"
#include "rand.h"

#define IMEI "864333040712457"
#define ICCID "8986003615195A571314"
#define SN "00402420011300024522"
#define MAC "01020304050A"
#define LBS "LNG=114.43350220,LAT=30.49159431,TIME=2020-12-11 15:45:36"
#define CLOUD_ID "12345678901234567890"
#define CLOUD_PASSWORD "12345678"

static const uint8_t user_bytes[] = {0x77, 0x77, 0x77, 0x2E, 0x75,
                                     0x73, 0x72, 0x2E, 0x63, 0x6E}; /* 7777772E7573722E636E */

/* --- The port ------------------------------------------------------------------------------- */

static struct {
    bool unknown;        /* it does not know its texts */
    const char *instead; /* a text for all kinds */
    bool in_pieces;      /* it writes a character at a time */
    unsigned asked;      /* calls for a text */
    char wire[512];      /* what the network took */
    size_t wire_len;
    size_t room; /* for so many bytes more */
    bool datagrams;
    unsigned sends; /* calls of send that took something */
} port;

static const char *text_of(enum dtu_identity_kind kind)
{
    switch (kind) {
    case DTU_IDENTITY_ICCID:
        return ICCID;
    case DTU_IDENTITY_IMEI:
        return IMEI;
    case DTU_IDENTITY_SN:
        return SN;
    case DTU_IDENTITY_MAC:
        return MAC;
    case DTU_IDENTITY_LBS:
        return LBS;
    case DTU_IDENTITY_NONE:
    case DTU_IDENTITY_REGID:
    case DTU_IDENTITY_USER:
    case DTU_IDENTITY_CLOUD:
        break;
    }
    CHECK(false); /* nothing that a port would know */
    return "";
}

static bool port_text(void *ctx, enum dtu_identity_kind kind, const struct dtu_text *out)
{
    const char *text = port.instead != NULL ? port.instead : text_of(kind);
    CHECK(ctx == &port);
    port.asked++;
    if (port.unknown)
        return false;
    if (!port.in_pieces)
        dtu_text_string(out, text);
    while (port.in_pieces && *text != '\0')
        dtu_text_char(out, *text++);
    return true;
}

static size_t port_send(void *ctx, const uint8_t *data, size_t len)
{
    CHECK(ctx == &port);
    CHECK(len > 0);
    size_t taken = len <= port.room ? len : port.datagrams ? 0 : port.room;
    CHECK(taken <= sizeof port.wire - port.wire_len);
    memcpy(port.wire + port.wire_len, data, taken);
    port.wire_len += taken;
    port.room -= taken;
    port.sends += taken > 0 ? 1 : 0;
    return taken;
}

static const struct dtu_identity_callbacks callbacks = {port_text, port_send};
static const struct dtu_identity_callbacks no_callbacks = {NULL, NULL};

static struct dtu_identity_config config;
static struct dtu_identity identity;

static const struct dtu_identity_packet user = {
    .kind = DTU_IDENTITY_USER, .data = user_bytes, .len = sizeof user_bytes};
static const struct dtu_identity_packet cloud = {.kind = DTU_IDENTITY_CLOUD,
                                                 .data = (const uint8_t *)CLOUD_ID,
                                                 .len = sizeof CLOUD_ID - 1,
                                                 .password = (const uint8_t *)CLOUD_PASSWORD,
                                                 .password_len = sizeof CLOUD_PASSWORD - 1};

static void begin(const struct dtu_identity_packet *packet, unsigned ways)
{
    memset(&port, 0, sizeof port);
    port.room = sizeof port.wire;
    config = (struct dtu_identity_config){.packet = *packet, .ways = (uint8_t)ways};
    CHECK_EQ(dtu_identity_init(&identity, &config, &callbacks, &port), DTU_OK);
}

static void begin_kind(enum dtu_identity_kind kind, unsigned ways)
{
    const struct dtu_identity_packet packet = {.kind = kind, .regid = 4711};
    begin(&packet, ways);
}

static void check_wire(const char *expected, int line)
{
    check_bytes(port.wire, port.wire_len, expected, strlen(expected), line, "the wire");
    port.wire_len = 0;
}

#define CHECK_WIRE(expected) check_wire(expected, __LINE__)

static void check_packet(const struct dtu_identity_packet *packet, const char *expected, int line)
{
    uint8_t scratch[DTU_IDENTITY_TEXT_MAX];
    size_t len = 999;
    const uint8_t *bytes = dtu_identity_bytes(packet, &callbacks, &port, scratch, &len);
    check_bytes(bytes, len, expected, strlen(expected), line, "the packet");
    check_eq(bytes == NULL, expected[0] == '\0', line, "no packet");
}

#define CHECK_PACKET(packet, expected) check_packet(packet, expected, __LINE__)

static void check_kind(enum dtu_identity_kind kind, const char *expected, int line)
{
    const struct dtu_identity_packet packet = {.kind = kind};
    check_packet(&packet, expected, line);
}

#define CHECK_KIND(kind, expected) check_kind(kind, expected, __LINE__)

/* --- What a packet consists of ---------------------------------------------------------------- */

static void texts_are_as_their_at_queries_show_them(void)
{
    memset(&port, 0, sizeof port);
    for (int i = 0; i < 2; i++) {
        port.in_pieces = i == 1; /* the packet is in one piece all the same */
        CHECK_KIND(DTU_IDENTITY_ICCID, "8986003615195A571314");
        CHECK_KIND(DTU_IDENTITY_IMEI, "864333040712457");
        CHECK_KIND(DTU_IDENTITY_SN, "00402420011300024522");
        CHECK_KIND(DTU_IDENTITY_MAC, "01020304050A");
        CHECK_KIND(DTU_IDENTITY_LBS, "LNG=114.43350220,LAT=30.49159431,TIME=2020-12-11 15:45:36");
    }
}

static void the_users_bytes_are_sent_from_where_they_lie(void)
{
    uint8_t scratch[DTU_IDENTITY_TEXT_MAX];
    size_t len;
    CHECK_PACKET(&user, "www.usr.cn");
    CHECK(dtu_identity_bytes(&user, &no_callbacks, NULL, scratch, &len) == user_bytes);
}

static void the_users_bytes_may_be_any_and_300_of_them(void)
{
    static uint8_t bytes[300]; /* cat1: the longest */
    uint8_t scratch[DTU_IDENTITY_TEXT_MAX];
    size_t len;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    const struct dtu_identity_packet packet = {
        .kind = DTU_IDENTITY_USER, .data = bytes, .len = sizeof bytes};
    const uint8_t *sent = dtu_identity_bytes(&packet, &no_callbacks, NULL, scratch, &len);
    CHECK_BYTES(sent, len, bytes, sizeof bytes);
}

static void the_cloud_gets_id_and_password(void)
{
    const struct dtu_identity_packet of_7s3 = {.kind = DTU_IDENTITY_CLOUD,
                                               .data = (const uint8_t *)"10011111100000111111",
                                               .len = 20,
                                               .password = (const uint8_t *)"0000test",
                                               .password_len = 8};
    CHECK_PACKET(&cloud, "1234567890123456789012345678");
    CHECK_PACKET(&of_7s3, "100111111000001111110000test");
}

static void the_registration_id_is_decimal(void)
{
    static const struct {
        uint16_t regid;
        const char *text;
    } cases[] = {{0, "0"}, {7, "7"}, {4711, "4711"}, {65535, "65535"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct dtu_identity_packet packet = {.kind = DTU_IDENTITY_REGID,
                                                   .regid = cases[i].regid};
        CHECK_PACKET(&packet, cases[i].text);
    }
}

static void there_is_no_packet_without_a_kind(void)
{
    memset(&port, 0, sizeof port);
    CHECK_KIND(DTU_IDENTITY_NONE, "");
    CHECK_EQ(port.asked, 0);
}

static void a_text_that_is_not_known_is_no_packet(void)
{
    const struct dtu_identity_packet packet = {.kind = DTU_IDENTITY_IMEI};
    uint8_t scratch[DTU_IDENTITY_TEXT_MAX];
    size_t len = 999;
    memset(&port, 0, sizeof port);
    port.unknown = true;
    CHECK_KIND(DTU_IDENTITY_IMEI, "");
    port.unknown = false;
    port.instead = "";
    CHECK_KIND(DTU_IDENTITY_IMEI, "");
    CHECK(dtu_identity_bytes(&packet, &no_callbacks, NULL, scratch, &len) == NULL);
    CHECK_EQ(len, 0);
}

static bool half_a_text(void *ctx, enum dtu_identity_kind kind, const struct dtu_text *out)
{
    (void)ctx;
    (void)kind;
    dtu_text_string(out, "8643");
    return false; /* the modem went away meanwhile */
}

static void a_text_that_breaks_off_is_no_packet(void)
{
    static const struct dtu_identity_callbacks half = {half_a_text, NULL};
    const struct dtu_identity_packet packet = {.kind = DTU_IDENTITY_IMEI};
    uint8_t scratch[DTU_IDENTITY_TEXT_MAX];
    size_t len = 999;
    CHECK(dtu_identity_bytes(&packet, &half, NULL, scratch, &len) == NULL);
    CHECK_EQ(len, 0);
}

static void a_text_of_64_bytes_is_sent_and_a_longer_one_is_not(void)
{
    static const char longer[] =
        "0123456789012345678901234567890123456789012345678901234567890123+";
    char longest[65];
    memcpy(longest, longer, 64);
    longest[64] = '\0';
    CHECK_EQ(DTU_IDENTITY_TEXT_MAX, 64);
    memset(&port, 0, sizeof port);
    port.instead = longest;
    CHECK_KIND(DTU_IDENTITY_SN, longest);
    port.instead = longer;
    CHECK_KIND(DTU_IDENTITY_SN, "");
    port.in_pieces = true;
    CHECK_KIND(DTU_IDENTITY_SN, "");
}

static void user_data_and_cloud_that_nobody_has_set_are_no_packet(void)
{
    const struct dtu_identity_packet no_user = {.kind = DTU_IDENTITY_USER, .data = user_bytes};
    struct dtu_identity_packet other = cloud;
    CHECK_PACKET(&no_user, "");
    other.len = 0; /* cat1: both are empty */
    other.password_len = 0;
    CHECK_PACKET(&other, "");
    other.len = 1; /* 7S4: `0,0` */
    other.password_len = 1;
    CHECK_PACKET(&other, "");
    other.len = 19;
    other.password_len = 8;
    CHECK_PACKET(&other, "");
    other.len = 20;
    other.password_len = 7;
    CHECK_PACKET(&other, "");
    other.password_len = 8;
    CHECK_PACKET(&other, CLOUD_ID CLOUD_PASSWORD);
}

/* --- Set-up --------------------------------------------------------------------------------- */

static void init_refuses_what_cannot_work(void)
{
    static const struct dtu_identity_callbacks no_send = {port_text, NULL};
    static const struct dtu_identity_callbacks no_text = {NULL, port_send};
    config = (struct dtu_identity_config){.packet = {.kind = DTU_IDENTITY_USER, .len = 1}};
    CHECK_EQ(dtu_identity_init(&identity, &config, &callbacks, &port), DTU_ERR_CONFIG);
    config.packet = (struct dtu_identity_packet){.kind = DTU_IDENTITY_CLOUD, .password_len = 1};
    CHECK_EQ(dtu_identity_init(&identity, &config, &callbacks, &port), DTU_ERR_CONFIG);
    config.packet = user;
    config.ways = DTU_IDENTITY_ON_LINK;
    CHECK_EQ(dtu_identity_init(&identity, &config, &no_send, &port), DTU_ERR_CONFIG);
    config.ways = DTU_IDENTITY_WITH_DATA;
    CHECK_EQ(dtu_identity_init(&identity, &config, &no_send, &port), DTU_OK);
    config.ways = DTU_IDENTITY_ON_LINK;
    CHECK_EQ(dtu_identity_init(&identity, &config, &no_text, &port), DTU_OK);
    config.packet = (struct dtu_identity_packet){.kind = DTU_IDENTITY_NONE};
    config.ways = 0;
    CHECK_EQ(dtu_identity_init(&identity, &config, &no_send, &port), DTU_OK);
}

/* --- On a connection ------------------------------------------------------------------------- */

/* The owner, as the device is: what is due goes first, then packets of data. */
static void send_data(const char *data)
{
    uint8_t scratch[DTU_IDENTITY_TEXT_MAX];
    size_t len;
    CHECK(dtu_identity_send(&identity));
    const uint8_t *prefix = dtu_identity_prefix(&identity, scratch, &len);
    if (len > 0)
        (void)port_send(&port, prefix, len);
    (void)port_send(&port, (const uint8_t *)data, strlen(data));
}

/* Two connections with two packets of data on each. */
static void check_ways(unsigned ways, const char *expected, int line)
{
    begin(&user, ways);
    for (int i = 0; i < 2; i++) {
        dtu_identity_opened(&identity);
        CHECK(dtu_identity_send(&identity));
        send_data(",1");
        send_data(",2");
        check_wire(expected, line);
    }
    bool on_link = (ways & DTU_IDENTITY_ON_LINK) != 0;
    bool with_data = (ways & DTU_IDENTITY_WITH_DATA) != 0;
    check_eq(identity.stats.on_link, on_link ? 2 : 0, line, "on_link");
    check_eq(identity.stats.with_data, with_data ? 4 : 0, line, "with_data");
    check_eq(identity.stats.unknown, 0, line, "unknown");
}

static void each_way_sends_when_it_should(void)
{
    check_ways(0, ",1,2", __LINE__);
    check_ways(DTU_IDENTITY_ON_LINK, "www.usr.cn,1,2", __LINE__);
    check_ways(DTU_IDENTITY_WITH_DATA, "www.usr.cn,1www.usr.cn,2", __LINE__);
    check_ways(DTU_IDENTITY_ON_LINK | DTU_IDENTITY_WITH_DATA, "www.usr.cnwww.usr.cn,1www.usr.cn,2",
               __LINE__);
}

static void each_kind_goes_each_way(void)
{
    static const struct {
        enum dtu_identity_kind kind;
        const char *expected;
    } cases[] = {
        {DTU_IDENTITY_ICCID, ICCID ICCID "+"},
        {DTU_IDENTITY_IMEI, IMEI IMEI "+"},
        {DTU_IDENTITY_SN, SN SN "+"},
        {DTU_IDENTITY_MAC, MAC MAC "+"},
        {DTU_IDENTITY_LBS, LBS LBS "+"},
        {DTU_IDENTITY_REGID, "47114711+"},
        {DTU_IDENTITY_NONE, "+"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin_kind(cases[i].kind, DTU_IDENTITY_ON_LINK | DTU_IDENTITY_WITH_DATA);
        dtu_identity_opened(&identity);
        send_data("+");
        CHECK_WIRE(cases[i].expected);
    }
    begin(&cloud, DTU_IDENTITY_ON_LINK | DTU_IDENTITY_WITH_DATA);
    dtu_identity_opened(&identity);
    send_data("+");
    CHECK_WIRE("1234567890123456789012345678"
               "1234567890123456789012345678+");
}

static void nothing_is_due_before_there_is_a_connection(void)
{
    begin(&user, DTU_IDENTITY_ON_LINK);
    CHECK(dtu_identity_send(&identity));
    CHECK_WIRE("");
}

static void the_first_packet_goes_on_where_the_network_stopped_taking(void)
{
    begin_kind(DTU_IDENTITY_IMEI, DTU_IDENTITY_ON_LINK);
    port.room = 0;
    dtu_identity_opened(&identity);
    for (size_t i = 0; i < sizeof IMEI - 1; i++) {
        CHECK(!dtu_identity_send(&identity));
        CHECK_EQ(port.wire_len, i);
        port.room = 1;
    }
    CHECK(dtu_identity_send(&identity));
    port.room = 100;
    CHECK(dtu_identity_send(&identity)); /* once */
    CHECK_WIRE("864333040712457");
    CHECK_EQ(identity.stats.on_link, 1);
}

static void a_datagram_is_whole(void)
{
    begin(&cloud, DTU_IDENTITY_ON_LINK);
    port.datagrams = true;
    port.room = sizeof CLOUD_ID CLOUD_PASSWORD - 2;
    dtu_identity_opened(&identity);
    CHECK(!dtu_identity_send(&identity));
    CHECK_EQ(port.wire_len, 0);
    port.room++;
    CHECK(dtu_identity_send(&identity));
    CHECK_EQ(port.sends, 1);
    CHECK_WIRE(CLOUD_ID CLOUD_PASSWORD);
}

static void a_connection_that_broke_in_the_middle_gets_the_whole_packet_next_time(void)
{
    begin(&user, DTU_IDENTITY_ON_LINK);
    port.room = 4;
    dtu_identity_opened(&identity);
    CHECK(!dtu_identity_send(&identity));
    CHECK_WIRE("www.");
    port.room = 100;
    dtu_identity_opened(&identity);
    CHECK(dtu_identity_send(&identity));
    CHECK_WIRE("www.usr.cn");
    CHECK_EQ(identity.stats.on_link, 1);
}

static void without_a_text_data_goes_alone_and_that_is_counted(void)
{
    begin_kind(DTU_IDENTITY_ICCID, DTU_IDENTITY_ON_LINK | DTU_IDENTITY_WITH_DATA);
    port.unknown = true; /* there is no SIM card */
    dtu_identity_opened(&identity);
    send_data("1");
    CHECK_WIRE("1");
    CHECK_EQ(identity.stats.unknown, 2);
    port.unknown = false; /* the next packet has it, but it is no longer the first thing */
    send_data("2");
    CHECK_WIRE(ICCID "2");
    CHECK_EQ(identity.stats.unknown, 2);
    CHECK_EQ(identity.stats.on_link, 0);
    CHECK_EQ(identity.stats.with_data, 1);
    dtu_identity_opened(&identity);
    send_data("3");
    CHECK_WIRE(ICCID ICCID "3");
}

static void a_text_that_goes_away_half_way_holds_nothing_up(void)
{
    static const char *const shorter[] = {"", "8643", "864333"};
    for (size_t i = 0; i < sizeof shorter / sizeof shorter[0]; i++) {
        begin_kind(DTU_IDENTITY_IMEI, DTU_IDENTITY_ON_LINK);
        port.room = 6;
        dtu_identity_opened(&identity);
        CHECK(!dtu_identity_send(&identity));
        port.room = 100;
        port.instead = shorter[i];
        CHECK(dtu_identity_send(&identity));
        CHECK_WIRE("864333");
        CHECK_EQ(identity.stats.unknown, 1);
        CHECK_EQ(identity.stats.on_link, 0);
    }
}

/* --- How it counts against the limit of a packet -----------------------------------------------
 */

static size_t room(const struct dtu_identity_packet *packet, unsigned ways, size_t packet_len)
{
    const struct dtu_identity_config c = {.packet = *packet, .ways = (uint8_t)ways};
    return dtu_identity_room(&c, packet_len);
}

static void data_and_prefix_fit_the_limit_together(void)
{
    const struct dtu_identity_packet imei = {.kind = DTU_IDENTITY_IMEI};
    const struct dtu_identity_packet regid = {.kind = DTU_IDENTITY_REGID, .regid = 1};
    const struct dtu_identity_packet none = {.kind = DTU_IDENTITY_NONE};
    const unsigned data = DTU_IDENTITY_WITH_DATA;
    CHECK_EQ(room(&user, data, 1460), 1450);
    CHECK_EQ(room(&user, data | DTU_IDENTITY_ON_LINK, 1460), 1450);
    CHECK_EQ(room(&cloud, data, 1460), 1432);
    CHECK_EQ(room(&regid, data, 1024), 1019); /* 65535 is five digits */
    CHECK_EQ(room(&imei, data, 4096), 4032);  /* whatever the port will say */
    CHECK_EQ(room(&none, data, 1460), 1460);
}

static void what_goes_first_takes_no_room_of_data(void)
{
    CHECK_EQ(room(&user, DTU_IDENTITY_ON_LINK, 1460), 1460);
    CHECK_EQ(room(&user, 0, 1460), 1460);
}

static void a_limit_that_a_prefix_fills_has_no_room(void)
{
    CHECK_EQ(room(&user, DTU_IDENTITY_WITH_DATA, 11), 1);
    CHECK_EQ(room(&user, DTU_IDENTITY_WITH_DATA, 10), 0);
    CHECK_EQ(room(&user, DTU_IDENTITY_WITH_DATA, 9), 0);
    CHECK_EQ(room(&user, DTU_IDENTITY_WITH_DATA, 0), 0);
}

static void no_prefix_is_longer_than_the_room_that_is_kept_for_it(void)
{
    static char text[80];
    struct test_rand rand;
    test_rand_seed(&rand, 4);
    for (int run = 0; run < 2000; run++) {
        uint8_t scratch[DTU_IDENTITY_TEXT_MAX];
        size_t len;
        struct dtu_identity_packet packet = {
            .kind = (enum dtu_identity_kind)test_rand_below(&rand, DTU_IDENTITY_CLOUD + 1),
            .data = (const uint8_t *)text,
            .len = test_rand_below(&rand, 2) == 0 ? 20 : test_rand_below(&rand, sizeof text),
            .password = (const uint8_t *)text,
            .password_len = test_rand_below(&rand, 2) == 0 ? 8 : test_rand_below(&rand, 20),
            .regid = (uint16_t)test_rand_u32(&rand)};
        memset(text, 'x', sizeof text);
        begin(&packet, DTU_IDENTITY_WITH_DATA);
        text[test_rand_below(&rand, sizeof text)] = '\0';
        port.instead = text;
        (void)dtu_identity_prefix(&identity, scratch, &len);
        CHECK(len <= 300 - dtu_identity_room(&config, 300));
        CHECK_EQ(identity.stats.with_data, len > 0 ? 1 : 0);
        CHECK_EQ(identity.stats.unknown, len == 0 && packet.kind != DTU_IDENTITY_NONE ? 1 : 0);
    }
}

/* --- Any way of taking -------------------------------------------------------------------------
 */

/* However much the network takes at a time, and whenever the connection breaks: on each connection
 * the first bytes are those of the packet, and data comes after all of it. */
static void any_way_of_taking_gives_the_same_bytes(void)
{
    struct test_rand rand;
    test_rand_seed(&rand, 31);
    for (int run = 0; run < 300; run++) {
        begin_kind(test_rand_below(&rand, 2) == 0 ? DTU_IDENTITY_SN : DTU_IDENTITY_LBS,
                   DTU_IDENTITY_ON_LINK);
        const char *text = text_of(config.packet.kind);
        for (int connection = 0; connection < 5; connection++) {
            port.wire_len = 0;
            dtu_identity_opened(&identity);
            for (int i = 0; i < 40; i++) {
                port.room = test_rand_below(&rand, 8);
                bool through = dtu_identity_send(&identity);
                CHECK_EQ(through, port.wire_len == strlen(text));
                CHECK(memcmp(port.wire, text, port.wire_len) == 0);
                if (through || test_rand_below(&rand, 20) == 0)
                    break;
            }
        }
    }
}

/* --- Marks ----------------------------------------------------------------------------------- */

static void a_mark_names_its_socket(void)
{
    static const char *const marks[] = {
        "SOCKA:", "SOCKB:", "SOCKC:", "SOCKD:", "SOCKE:", "SOCKF:", "SOCKG:", "SOCKH:"};
    for (unsigned i = 0; i < 8; i++) {
        char text[16];
        struct dtu_text_buffer buffer = {text, sizeof text, 0, false};
        const struct dtu_text out = {dtu_text_to_buffer, &buffer};
        dtu_identity_write_mark(i, &out);
        CHECK_BYTES(text, buffer.len, marks[i], strlen(marks[i]));
        CHECK_EQ(buffer.len, DTU_IDENTITY_MARK_LEN);
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(texts_are_as_their_at_queries_show_them),
    CHECK_TEST(the_users_bytes_are_sent_from_where_they_lie),
    CHECK_TEST(the_users_bytes_may_be_any_and_300_of_them),
    CHECK_TEST(the_cloud_gets_id_and_password),
    CHECK_TEST(the_registration_id_is_decimal),
    CHECK_TEST(there_is_no_packet_without_a_kind),
    CHECK_TEST(a_text_that_is_not_known_is_no_packet),
    CHECK_TEST(a_text_that_breaks_off_is_no_packet),
    CHECK_TEST(a_text_of_64_bytes_is_sent_and_a_longer_one_is_not),
    CHECK_TEST(user_data_and_cloud_that_nobody_has_set_are_no_packet),
    CHECK_TEST(init_refuses_what_cannot_work),
    CHECK_TEST(each_way_sends_when_it_should),
    CHECK_TEST(each_kind_goes_each_way),
    CHECK_TEST(nothing_is_due_before_there_is_a_connection),
    CHECK_TEST(the_first_packet_goes_on_where_the_network_stopped_taking),
    CHECK_TEST(a_datagram_is_whole),
    CHECK_TEST(a_connection_that_broke_in_the_middle_gets_the_whole_packet_next_time),
    CHECK_TEST(without_a_text_data_goes_alone_and_that_is_counted),
    CHECK_TEST(a_text_that_goes_away_half_way_holds_nothing_up),
    CHECK_TEST(data_and_prefix_fit_the_limit_together),
    CHECK_TEST(what_goes_first_takes_no_room_of_data),
    CHECK_TEST(a_limit_that_a_prefix_fills_has_no_room),
    CHECK_TEST(no_prefix_is_longer_than_the_room_that_is_kept_for_it),
    CHECK_TEST(any_way_of_taking_gives_the_same_bytes),
    CHECK_TEST(a_mark_names_its_socket),
};
CHECK_MAIN(tests)
