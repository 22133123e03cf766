/* SPDX-License-Identifier: MIT */
/* UDP discovery. The samples are those of manual 003 section 5.1.2, byte for byte; the lengths of
 * the siblings' answers are those that the page of this engine lists. */
#include "dtu/discovery.h"

#include "check.h"
#include "rand.h"

#define REQUEST_ROOM 260 /* of any request: LEN is one byte */
#define RESULT_LEN 4
#define ADDRESSED_LEN 22 /* a request without parameters: HEAD, LEN, CMD, MAC, login, SUM */

/* --- The manual's samples ------------------------------------------------------------------- */

static const uint8_t ask_search[] = {0xFF, 0x01, 0x01, 0x02};
static const uint8_t ask_restart[] = {0xFF, 0x13, 0x02, 0xD8, 0xB0, 0x4C, 0xC0, 0x0D,
                                      0x65, 0x61, 0x64, 0x6D, 0x69, 0x6E, 0x00, 0x61,
                                      0x64, 0x6D, 0x69, 0x6E, 0x00, 0x2D};
static const uint8_t ask_read[] = {0xFF, 0x13, 0x03, 0xD8, 0xB0, 0x4C, 0xC0, 0x0D,
                                   0x65, 0x61, 0x64, 0x6D, 0x69, 0x6E, 0x00, 0x61,
                                   0x64, 0x6D, 0x69, 0x6E, 0x00, 0x2E};
static const uint8_t ask_save[] = {0xFF, 0x13, 0x04, 0xD8, 0xB0, 0x4C, 0xC0, 0x0D,
                                   0x65, 0x61, 0x64, 0x6D, 0x69, 0x6E, 0x00, 0x61,
                                   0x64, 0x6D, 0x69, 0x6E, 0x00, 0x2F};
static const uint8_t ask_basic[] = {
    0xFF, 0x56, 0x05, 0xD8, 0xB0, 0x4C, 0xC0, 0x0D, 0x65, 0x61, 0x64, 0x6D, 0x69, 0x6E, 0x00,
    0x61, 0x64, 0x6D, 0x69, 0x6E, 0x00, 0x04, 0x78, 0x03, 0x00, 0x20, 0x19, 0x50, 0x00, 0x02,
    0x07, 0x00, 0xA8, 0xC0, 0x01, 0x00, 0xA8, 0xC0, 0x00, 0xFF, 0xFF, 0xFF, 0x55, 0x53, 0x52,
    0x2D, 0x4B, 0x33, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x61, 0x64,
    0x6D, 0x69, 0x6E, 0x00, 0x61, 0x64, 0x6D, 0x69, 0x6E, 0x00, 0x02, 0x01, 0x00, 0x00, 0xD8,
    0xB0, 0x4C, 0xC0, 0x0D, 0x65, 0x10, 0x0E, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x31};
static const uint8_t ask_port[] = {
    0xFF, 0x52, 0x06, 0xD8, 0xB0, 0x4C, 0xC0, 0x0D, 0x65, 0x61, 0x64, 0x6D, 0x69, 0x6E, 0x00,
    0x61, 0x64, 0x6D, 0x69, 0x6E, 0x00, 0x00, 0xC2, 0x01, 0x00, 0x08, 0x01, 0x01, 0x01, 0x00,
    0x00, 0x00, 0x00, 0x17, 0x00, 0x17, 0x00, 0x31, 0x39, 0x32, 0x2E, 0x31, 0x36, 0x38, 0x2E,
    0x30, 0x2E, 0x32, 0x30, 0x31, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x09, 0x03, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x81, 0x01, 0x01, 0x01, 0x01, 0x85};
static const uint8_t found_example[] = {0xFF, 0x24, 0x01, 0x00, 0x00, 0xC0, 0xA8, 0x01, 0x6B,
                                        0xD8, 0xB0, 0x4C, 0xC0, 0x0D, 0x65, 0xC3, 0x0B, 0x01,
                                        0x00, 0x55, 0x53, 0x52, 0x2D, 0x4B, 0x33, 0x00, 0x00,
                                        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x8E};
static const uint8_t found_table[] = {0xFF, 0x24, 0x01, 0x00, 0x00, 0xC0, 0xA8, 0x00, 0x07,
                                      0xAC, 0xCF, 0x23, 0x20, 0xFE, 0x3D, 0xD0, 0x07, 0x12,
                                      0x34, 0x55, 0x53, 0x52, 0x2D, 0x54, 0x43, 0x50, 0x32,
                                      0x33, 0x32, 0x2D, 0x35, 0x30, 0x30, 0x00, 0x00, 0xF0};

/* The examples of the table of the basic block; its three first fields have none. */
static const uint8_t basic_table[DTU_DISCOVERY_BASIC_LEN] = {
    0x00, 0x00, 0x00, 0x80, 0x20, 0x19, 0x50, 0x00, 0x00, 0x38, 0x00, 0xA8, 0xC0, 0x01,
    0x00, 0xA8, 0xC0, 0x00, 0xFF, 0xFF, 0xFF, 0x55, 0x53, 0x52, 0x2D, 0x54, 0x43, 0x50,
    0x32, 0x33, 0x32, 0x2D, 0x45, 0x00, 0x00, 0x00, 0x00, 0x61, 0x64, 0x6D, 0x69, 0x6E,
    0x00, 0x61, 0x64, 0x6D, 0x69, 0x6E, 0x00, 0x00, 0x01, 0x00, 0x00, 0xFF, 0xFF, 0xFF,
    0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00};
/* And of the port block. */
static const uint8_t port_table[DTU_DISCOVERY_PORT_LEN] = {
    0x00, 0xC2, 0x01, 0x00, 0x08, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x17, 0x00, 0x17, 0x00,
    0x31, 0x39, 0x32, 0x2E, 0x31, 0x36, 0x38, 0x2E, 0x30, 0x2E, 0x31, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x02, 0x03, 0xC8, 0x00, 0x00, 0x00, 0x0A, 0x91, 0x01, 0x00, 0x00, 0x00, 0x00};

static const uint8_t mac[6] = {0xD8, 0xB0, 0x4C, 0xC0, 0x0D, 0x65};
static const uint8_t admin[6] = {'a', 'd', 'm', 'i', 'n', 0};

static const struct sample {
    const uint8_t *data;
    size_t len;
    uint8_t command;
} samples[] = {{ask_search, sizeof ask_search, DTU_DISCOVERY_SEARCH},
               {ask_restart, sizeof ask_restart, DTU_DISCOVERY_RESTART},
               {ask_read, sizeof ask_read, DTU_DISCOVERY_READ},
               {ask_save, sizeof ask_save, DTU_DISCOVERY_SAVE},
               {ask_basic, sizeof ask_basic, DTU_DISCOVERY_BASIC},
               {ask_port, sizeof ask_port, DTU_DISCOVERY_PORT_0}};
#define SAMPLES (sizeof samples / sizeof samples[0])

/* A text field of `room` bytes: the text and zeroes. */
static void check_padded(const uint8_t *field, size_t room, const char *text, int line)
{
    uint8_t expected[32] = {0};
    memcpy(expected, text, strlen(text));
    check_bytes(field, room, expected, room, line, "a padded text");
}

static void check_ip(const uint8_t *ip, unsigned a, unsigned b, unsigned c, unsigned d, int line)
{
    uint8_t expected[4] = {(uint8_t)a, (uint8_t)b, (uint8_t)c, (uint8_t)d};
    check_bytes(ip, 4, expected, 4, line, "an address");
}

#define CHECK_PADDED(field, text) check_padded(field, sizeof(field), text, __LINE__)
#define CHECK_IP(ip, a, b, c, d) check_ip(ip, a, b, c, d, __LINE__)

/* --- Blocks --------------------------------------------------------------------------------- */

static void the_manuals_basic_block_has_these_values(void)
{
    struct dtu_discovery_basic b;
    uint8_t out[DTU_DISCOVERY_BASIC_LEN];

    dtu_discovery_get_basic(&b, ask_basic + 21);
    CHECK_EQ(b.sequence, 4);
    CHECK_EQ(b.crc, 0x78);
    CHECK_EQ(b.version, 3);
    CHECK_EQ(b.flags, 0); /* DHCP */
    CHECK_EQ(b.location_port, 0x1920);
    CHECK_EQ(b.http_port, 80);
    CHECK_EQ(b.user_flag, 2);
    CHECK_IP(b.ip, 192, 168, 0, 7);
    CHECK_IP(b.gateway, 192, 168, 0, 1);
    CHECK_IP(b.mask, 255, 255, 255, 0);
    CHECK_PADDED(b.name, "USR-K3");
    CHECK_PADDED(b.user, "admin");
    CHECK_PADDED(b.password, "admin");
    CHECK_EQ(b.send_time, 2);
    CHECK_EQ(b.id, 1);
    CHECK_EQ(b.id_type, 0);
    CHECK_BYTES(b.mac, 6, mac, 6);
    CHECK_EQ(b.reset_s, 3600);
    CHECK_BYTES(b.reserved, 4, "\1\0\0\0", 4);
    dtu_discovery_put_basic(out, &b);
    CHECK_BYTES(out, sizeof out, ask_basic + 21, sizeof out);
}

static void the_examples_of_the_basic_table_have_these_values(void)
{
    struct dtu_discovery_basic b;
    uint8_t out[DTU_DISCOVERY_BASIC_LEN];

    dtu_discovery_get_basic(&b, basic_table);
    CHECK_EQ(b.flags, DTU_DISCOVERY_STATIC_IP);
    CHECK_IP(b.ip, 192, 168, 0, 56);
    CHECK_IP(b.gateway, 192, 168, 0, 1);
    CHECK_IP(b.mask, 255, 255, 255, 0);
    CHECK_PADDED(b.name, "USR-TCP232-E");
    CHECK_EQ(b.id, 1);
    CHECK_BYTES(b.mac, 6, "\xFF\xFF\xFF\xFF\xFF\xFF", 6);
    dtu_discovery_put_basic(out, &b);
    CHECK_BYTES(out, sizeof out, basic_table, sizeof out);
}

static void the_manuals_port_block_has_these_values(void)
{
    struct dtu_discovery_port p;
    uint8_t out[DTU_DISCOVERY_PORT_LEN];

    dtu_discovery_get_port(&p, ask_port + 21);
    CHECK_EQ(p.baud, 115200);
    CHECK_EQ(p.data_bits, 8);
    CHECK_EQ(p.parity, DTU_DISCOVERY_PARITY_NONE);
    CHECK_EQ(p.stop_bits, 1);
    CHECK_EQ(p.flow, 1);
    CHECK_EQ(p.reconnect_s, 0);
    CHECK_EQ(p.local_port, 23);
    CHECK_EQ(p.remote_port, 23);
    CHECK_PADDED(p.remote, "192.168.0.201");
    CHECK_IP(p.remote_ip, 0, 0, 0, 0);
    CHECK_EQ(p.flags, DTU_DISCOVERY_BAUDSYNC | 1);
    CHECK_EQ(p.mode, DTU_DISCOVERY_TCP_SERVER);
    CHECK_EQ(p.packing_len, 0);
    CHECK_EQ(p.packing_time, 0);
    CHECK_EQ(p.time_count, 0);
    CHECK_EQ(p.server, 0x81); /* eight clients, style 1 */
    CHECK_BYTES(p.reserved, 4, "\1\1\1\1", 4);
    dtu_discovery_put_port(out, &p);
    CHECK_BYTES(out, sizeof out, ask_port + 21, sizeof out);
}

static void the_examples_of_the_port_table_have_these_values(void)
{
    struct dtu_discovery_port p;
    uint8_t out[DTU_DISCOVERY_PORT_LEN];

    dtu_discovery_get_port(&p, port_table);
    CHECK_EQ(p.baud, 115200);
    CHECK_EQ(p.flow, 0);
    CHECK_PADDED(p.remote, "192.168.0.1");
    CHECK_EQ(p.flags, 2);
    CHECK_EQ(p.mode, DTU_DISCOVERY_TCP_SERVER);
    CHECK_EQ(p.packing_len, 200);
    CHECK_EQ(p.packing_time, 10);
    CHECK_EQ(p.time_count, 0x91);
    dtu_discovery_put_port(out, &p);
    CHECK_BYTES(out, sizeof out, port_table, sizeof out);
}

/* In a block of 0, 1, 2 ... a field's value is its offset: here those of the specification. */
static void each_field_of_the_basic_block_is_at_its_place(void)
{
    struct dtu_discovery_basic b;
    uint8_t ramp[DTU_DISCOVERY_BASIC_LEN];

    for (size_t i = 0; i < sizeof ramp; i++)
        ramp[i] = (uint8_t)i;
    dtu_discovery_get_basic(&b, ramp);
    CHECK_EQ(b.sequence, 0);
    CHECK_EQ(b.crc, 1);
    CHECK_EQ(b.version, 2);
    CHECK_EQ(b.flags, 3);
    CHECK_EQ(b.location_port, 0x0504);
    CHECK_EQ(b.http_port, 0x0706);
    CHECK_EQ(b.user_flag, 8);
    CHECK_IP(b.ip, 12, 11, 10, 9);
    CHECK_IP(b.gateway, 16, 15, 14, 13);
    CHECK_IP(b.mask, 20, 19, 18, 17);
    CHECK_BYTES(b.name, sizeof b.name, ramp + 21, 16);
    CHECK_BYTES(b.user, sizeof b.user, ramp + 37, 6);
    CHECK_BYTES(b.password, sizeof b.password, ramp + 43, 6);
    CHECK_EQ(b.send_time, 49);
    CHECK_EQ(b.id, 51 * 256 + 50);
    CHECK_EQ(b.id_type, 52);
    CHECK_BYTES(b.mac, sizeof b.mac, ramp + 53, 6);
    CHECK_EQ(b.reset_s, 0x3E3D3C3B);
    CHECK_BYTES(b.reserved, sizeof b.reserved, ramp + 63, 4);
}

static void each_field_of_the_port_block_is_at_its_place(void)
{
    struct dtu_discovery_port p;
    uint8_t ramp[DTU_DISCOVERY_PORT_LEN];

    for (size_t i = 0; i < sizeof ramp; i++)
        ramp[i] = (uint8_t)i;
    dtu_discovery_get_port(&p, ramp);
    CHECK_EQ(p.baud, 0x03020100);
    CHECK_EQ(p.data_bits, 4);
    CHECK_EQ(p.parity, 5);
    CHECK_EQ(p.stop_bits, 6);
    CHECK_EQ(p.flow, 7);
    CHECK_EQ(p.reconnect_s, 0x0B0A0908);
    CHECK_EQ(p.local_port, 0x0D0C);
    CHECK_EQ(p.remote_port, 0x0F0E);
    CHECK_BYTES(p.remote, sizeof p.remote, ramp + 16, 30);
    CHECK_IP(p.remote_ip, 49, 48, 47, 46);
    CHECK_EQ(p.flags, 50);
    CHECK_EQ(p.mode, 51);
    CHECK_EQ(p.packing_len, 0x37363534);
    CHECK_EQ(p.packing_time, 56);
    CHECK_EQ(p.time_count, 57);
    CHECK_EQ(p.server, 58);
    CHECK_BYTES(p.reserved, sizeof p.reserved, ramp + 59, 4);
}

static void each_field_of_the_cloud_block_is_at_its_place(void)
{
    struct dtu_discovery_cloud c;
    uint8_t ramp[DTU_DISCOVERY_CLOUD_LEN];

    for (size_t i = 0; i < sizeof ramp; i++)
        ramp[i] = (uint8_t)i;
    dtu_discovery_get_cloud(&c, ramp);
    CHECK_BYTES(c.id, sizeof c.id, ramp, 20);
    CHECK_BYTES(c.password, sizeof c.password, ramp + 20, 8);
    CHECK_BYTES(c.reserved, sizeof c.reserved, ramp + 28, 22);
}

static void any_bytes_are_a_block_and_are_written_back_as_they_were(void)
{
    struct test_rand rand;
    union dtu_discovery_block b;
    uint8_t in[DTU_DISCOVERY_BASIC_LEN];
    uint8_t out[DTU_DISCOVERY_BASIC_LEN + 1]; /* one more, which must not be touched */

    test_rand_seed(&rand, 1901);
    for (int i = 0; i < 300; i++) {
        test_rand_bytes(&rand, in, sizeof in);
        memset(out, 0xA5, sizeof out);
        dtu_discovery_get_cloud(&b.cloud, in);
        dtu_discovery_put_cloud(out, &b.cloud);
        CHECK_BYTES(out, DTU_DISCOVERY_CLOUD_LEN, in, DTU_DISCOVERY_CLOUD_LEN);
        CHECK_EQ(out[DTU_DISCOVERY_CLOUD_LEN], 0xA5);
        dtu_discovery_get_port(&b.port, in);
        dtu_discovery_put_port(out, &b.port);
        CHECK_BYTES(out, DTU_DISCOVERY_PORT_LEN, in, DTU_DISCOVERY_PORT_LEN);
        CHECK_EQ(out[DTU_DISCOVERY_PORT_LEN], 0xA5);
        dtu_discovery_get_basic(&b.basic, in);
        dtu_discovery_put_basic(out, &b.basic);
        CHECK_BYTES(out, DTU_DISCOVERY_BASIC_LEN, in, DTU_DISCOVERY_BASIC_LEN);
        CHECK_EQ(out[DTU_DISCOVERY_BASIC_LEN], 0xA5);
    }
}

/* --- Layouts -------------------------------------------------------------------------------- */

static void the_length_of_an_answer_says_which_blocks_it_has(void)
{
    static const struct {
        size_t len;
        int ports;
        bool cloud;
        size_t rest_len;
    } known[] = {{67, 0, false, 0},
                 {130, 1, false, 0},
                 {180, 1, true, 0},
                 {193, 2, false, 0},
                 {264, 1, false, 134}};
    static const uint8_t data[264] = {0};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct dtu_discovery_layout l;
        CHECK_EQ(dtu_discovery_layout(&l, data, known[i].len), DTU_OK);
        CHECK(l.basic == data);
        CHECK(l.port[0] == (known[i].ports > 0 ? data + 67 : NULL));
        CHECK(l.port[1] == (known[i].ports > 1 ? data + 130 : NULL));
        CHECK(l.cloud == (known[i].cloud ? data + 130 : NULL));
        CHECK(l.rest == (known[i].rest_len > 0 ? data + 130 : NULL));
        CHECK_EQ(l.rest_len, known[i].rest_len);
    }
}

static bool is_length_of_blocks(size_t len)
{
    return len == 67 || len == 130 || len == 180 || len == 193 || len == 264;
}

static void no_other_length_has_a_layout(void)
{
    static const uint8_t data[300] = {0};

    for (size_t len = 0; len <= sizeof data; len++) {
        struct dtu_discovery_layout l;
        CHECK_EQ(dtu_discovery_layout(&l, data, len),
                 is_length_of_blocks(len) ? DTU_OK : DTU_ERR_LENGTH);
    }
}

/* --- Requests ------------------------------------------------------------------------------- */

static struct dtu_discovery_request addressed(uint8_t command)
{
    struct dtu_discovery_request request = {command, {0}, {0}, {0}, NULL, 0};
    memcpy(request.mac, mac, sizeof mac);
    memcpy(request.user, admin, sizeof admin);
    memcpy(request.password, admin, sizeof admin);
    return request;
}

static void the_manuals_requests_decode_to_what_they_say(void)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        struct dtu_discovery_request request;
        uint8_t sum = 0;
        const struct sample *s = &samples[i];

        CHECK_EQ(dtu_discovery_parse_request(&request, &sum, s->data, s->len), DTU_OK);
        CHECK_EQ(request.command, s->command);
        CHECK_EQ(sum, s->data[s->len - 1]);
        if (s->data == ask_search) {
            CHECK_BYTES(request.mac, 6, "\0\0\0\0\0\0", 6);
            CHECK_EQ(request.user[0] | request.password[0], 0);
            CHECK_EQ(request.params_len, 0);
            continue;
        }
        CHECK_BYTES(request.mac, 6, mac, 6);
        CHECK_BYTES(request.user, 6, admin, 6);
        CHECK_BYTES(request.password, 6, admin, 6);
        CHECK_EQ(request.params_len, s->len - ADDRESSED_LEN);
        CHECK(request.params == s->data + 21);
    }
}

static void the_manuals_requests_are_encoded_as_they_are_printed(void)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        uint8_t out[DTU_DISCOVERY_REQUEST_MAX];
        size_t len = 0;
        const struct sample *s = &samples[i];
        struct dtu_discovery_request request = addressed(s->command);

        if (s->len > ADDRESSED_LEN) {
            request.params = s->data + 21;
            request.params_len = s->len - ADDRESSED_LEN;
        }
        CHECK_EQ(dtu_discovery_encode_request(&request, out, sizeof out, &len), DTU_OK);
        CHECK_BYTES(out, len, s->data, s->len);
    }
}

static void a_request_needs_its_room(void)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        const struct sample *s = &samples[i];
        struct dtu_discovery_request request;
        uint8_t out[DTU_DISCOVERY_REQUEST_MAX + 1];
        size_t len = 4711;

        CHECK_EQ(dtu_discovery_parse_request(&request, NULL, s->data, s->len), DTU_OK);
        for (size_t size = 0; size < s->len; size++) {
            memset(out, 0xA5, sizeof out);
            CHECK_EQ(dtu_discovery_encode_request(&request, out, size, &len), DTU_ERR_SPACE);
            CHECK_EQ(out[size], 0xA5);
        }
        CHECK_EQ(len, 4711); /* untouched */
        CHECK_EQ(dtu_discovery_encode_request(&request, out, s->len, &len), DTU_OK);
        CHECK_EQ(len, s->len);
    }
}

static void parameters_are_at_most_236_bytes_and_a_search_has_none(void)
{
    static const uint8_t params[237] = {1, 2, 3};
    struct dtu_discovery_request request = addressed(0x77);
    uint8_t out[REQUEST_ROOM];
    size_t len = 0;

    request.params = params;
    request.params_len = 236;
    CHECK_EQ(dtu_discovery_encode_request(&request, out, sizeof out, &len), DTU_OK);
    CHECK_EQ(len, 258);
    CHECK_EQ(out[1], 255);
    request.params_len = 237;
    CHECK_EQ(dtu_discovery_encode_request(&request, out, sizeof out, &len), DTU_ERR_LENGTH);
    request.params_len = (size_t)-1;
    CHECK_EQ(dtu_discovery_encode_request(&request, out, sizeof out, &len), DTU_ERR_LENGTH);
    request.command = DTU_DISCOVERY_SEARCH;
    request.params_len = 1;
    CHECK_EQ(dtu_discovery_encode_request(&request, out, sizeof out, &len), DTU_ERR_LENGTH);
    request.params_len = 0;
    CHECK_EQ(dtu_discovery_encode_request(&request, out, sizeof out, &len), DTU_OK);
    CHECK_BYTES(out, len, ask_search, sizeof ask_search);
}

static void a_request_that_is_cut_off_or_too_long_is_none(void)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        const struct sample *s = &samples[i];
        struct dtu_discovery_request request;
        uint8_t longer[DTU_DISCOVERY_REQUEST_MAX + 1] = {0};

        CHECK_EQ(dtu_discovery_parse_request(&request, NULL, s->data, 0), DTU_ERR_FORMAT);
        for (size_t len = 1; len < s->len; len++)
            CHECK_EQ(dtu_discovery_parse_request(&request, NULL, s->data, len), DTU_ERR_LENGTH);
        memcpy(longer, s->data, s->len);
        CHECK_EQ(dtu_discovery_parse_request(&request, NULL, longer, s->len + 1), DTU_ERR_LENGTH);
    }
    struct dtu_discovery_request request;
    CHECK_EQ(dtu_discovery_parse_request(&request, NULL, NULL, 0), DTU_ERR_FORMAT);
}

static void a_request_has_a_whole_mac_and_login_and_a_search_neither(void)
{
    struct dtu_discovery_request request;
    uint8_t data[REQUEST_ROOM] = {0xFF};

    for (unsigned body = 0; body < 256; body++) {
        data[1] = (uint8_t)body;
        data[2] = DTU_DISCOVERY_SEARCH;
        CHECK_EQ(dtu_discovery_parse_request(&request, NULL, data, body + 3u) == DTU_ERR_LENGTH,
                 body != 1);
        data[2] = DTU_DISCOVERY_READ;
        CHECK_EQ(dtu_discovery_parse_request(&request, NULL, data, body + 3u) == DTU_ERR_LENGTH,
                 body < 19);
    }
}

static void a_request_begins_with_ff(void)
{
    struct dtu_discovery_request request;
    uint8_t data[sizeof ask_read];

    memcpy(data, ask_read, sizeof data);
    for (unsigned head = 0; head < 255; head++) {
        data[0] = (uint8_t)head;
        CHECK_EQ(dtu_discovery_parse_request(&request, NULL, data, sizeof data), DTU_ERR_FORMAT);
    }
}

static void a_wrong_sum_is_told_with_the_right_one_and_the_request(void)
{
    struct dtu_discovery_request request;
    uint8_t data[sizeof ask_read];
    uint8_t sum = 0;

    memcpy(data, ask_read, sizeof data);
    for (unsigned wrong = 1; wrong < 256; wrong++) {
        data[sizeof data - 1] = (uint8_t)(0x2E + wrong);
        CHECK_EQ(dtu_discovery_parse_request(&request, &sum, data, sizeof data), DTU_ERR_CHECKSUM);
        CHECK_EQ(sum, 0x2E);
        CHECK_EQ(request.command, DTU_DISCOVERY_READ);
        CHECK_BYTES(request.mac, 6, mac, 6);
    }
}

static void any_request_encodes_and_decodes_to_itself(void)
{
    struct test_rand rand;
    uint8_t params[236];
    uint8_t out[REQUEST_ROOM];

    test_rand_seed(&rand, 2);
    for (unsigned i = 0; i < 500; i++) {
        struct dtu_discovery_request in = {0, {0}, {0}, {0}, params, 0};
        struct dtu_discovery_request back;
        size_t len = 0;
        uint8_t sum = 0;

        test_rand_bytes(&rand, params, sizeof params);
        test_rand_bytes(&rand, in.mac, sizeof in.mac);
        test_rand_bytes(&rand, in.user, sizeof in.user);
        test_rand_bytes(&rand, in.password, sizeof in.password);
        in.command = (uint8_t)(2 + test_rand_below(&rand, 254));
        in.params_len = (size_t)test_rand_below(&rand, 237);
        CHECK_EQ(dtu_discovery_encode_request(&in, out, sizeof out, &len), DTU_OK);
        CHECK_EQ(dtu_discovery_parse_request(&back, &sum, out, len), DTU_OK);
        CHECK_EQ(back.command, in.command);
        CHECK_BYTES(back.mac, 6, in.mac, 6);
        CHECK_BYTES(back.user, 6, in.user, 6);
        CHECK_BYTES(back.password, 6, in.password, 6);
        CHECK_BYTES(back.params, back.params_len, params, in.params_len);
    }
}

/* --- Replies -------------------------------------------------------------------------------- */

static void the_manuals_answer_to_a_search_has_these_values(void)
{
    struct dtu_discovery_reply reply;
    uint8_t out[DTU_DISCOVERY_FOUND_LEN];

    CHECK_EQ(dtu_discovery_parse_reply(&reply, found_example, sizeof found_example), DTU_OK);
    CHECK_EQ(reply.kind, DTU_DISCOVERY_FOUND);
    CHECK(reply.intact);
    CHECK_EQ(reply.found.board_type, 0);
    CHECK_EQ(reply.found.board_id, 0);
    CHECK_IP(reply.found.ip, 192, 168, 1, 107);
    CHECK_BYTES(reply.found.mac, 6, mac, 6);
    CHECK_EQ(reply.found.version, 3011);
    CHECK_BYTES(reply.found.encryption, 2, "\1\0", 2);
    CHECK_PADDED(reply.found.name, "USR-K3");
    dtu_discovery_put_found(out, &reply.found);
    CHECK_BYTES(out, sizeof out, found_example, sizeof found_example);
}

static void the_examples_of_the_table_of_that_answer_have_these_values(void)
{
    struct dtu_discovery_reply reply;
    uint8_t out[DTU_DISCOVERY_FOUND_LEN];

    CHECK_EQ(dtu_discovery_parse_reply(&reply, found_table, sizeof found_table), DTU_OK);
    CHECK(reply.intact);
    CHECK_IP(reply.found.ip, 192, 168, 0, 7);
    CHECK_BYTES(reply.found.mac, 6, "\xAC\xCF\x23\x20\xFE\x3D", 6);
    CHECK_EQ(reply.found.version, 2000);
    CHECK_BYTES(reply.found.encryption, 2, "\x12\x34", 2);
    CHECK_PADDED(reply.found.name, "USR-TCP232-500");
    dtu_discovery_put_found(out, &reply.found);
    CHECK_BYTES(out, sizeof out, found_table, sizeof found_table);
}

static void the_board_comes_before_the_address(void)
{
    struct dtu_discovery_reply reply;
    uint8_t data[sizeof found_example];

    memcpy(data, found_example, sizeof data);
    data[3] = 7;
    data[4] = 9;
    CHECK_EQ(dtu_discovery_parse_reply(&reply, data, sizeof data), DTU_OK);
    CHECK_EQ(reply.found.board_type, 7);
    CHECK_EQ(reply.found.board_id, 9);
}

/* Two checks are right: the manual's 8E, and the plain sum of bytes 1 to 34 of a sibling, 73. */
static void a_damaged_answer_to_a_search_is_read_and_told(void)
{
    struct dtu_discovery_reply reply;
    uint8_t data[sizeof found_example];

    memcpy(data, found_example, sizeof data);
    for (unsigned check = 0; check < 256; check++) {
        data[35] = (uint8_t)check;
        CHECK_EQ(dtu_discovery_parse_reply(&reply, data, sizeof data), DTU_OK);
        CHECK_EQ(reply.kind, DTU_DISCOVERY_FOUND);
        CHECK_EQ(reply.intact, check == 0x8E || check == 0x73);
        CHECK_BYTES(reply.found.mac, 6, mac, 6);
    }
}

static void an_answer_to_a_search_begins_with_ff_24_01(void)
{
    struct dtu_discovery_reply reply;

    for (size_t i = 0; i < 3; i++) {
        uint8_t data[sizeof found_example];
        memcpy(data, found_example, sizeof data);
        data[i] ^= 2;
        CHECK_EQ(dtu_discovery_parse_reply(&reply, data, sizeof data), DTU_ERR_FORMAT);
    }
}

/* Manual 003: restart done, restart with a wrong login, save done; and the login of the rest. */
static void the_manuals_results_are_read_and_written(void)
{
    static const uint8_t results[][RESULT_LEN] = {{0xFF, 0x01, 0x02, 0x4B},
                                                  {0xFF, 0x01, 0x02, 0x45},
                                                  {0xFF, 0x01, 0x04, 0x4B},
                                                  {0xFF, 0x01, 0x05, 0x50}};

    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        struct dtu_discovery_reply reply;
        uint8_t out[RESULT_LEN];
        CHECK_EQ(dtu_discovery_parse_reply(&reply, results[i], RESULT_LEN), DTU_OK);
        CHECK_EQ(reply.kind, DTU_DISCOVERY_RESULT);
        CHECK_EQ(reply.command, results[i][2]);
        CHECK_EQ(reply.result, results[i][3]);
        dtu_discovery_put_result(out, reply.command, reply.result);
        CHECK_BYTES(out, RESULT_LEN, results[i], RESULT_LEN);
    }
}

static void a_result_is_k_p_or_e(void)
{
    struct dtu_discovery_reply reply;
    uint8_t data[RESULT_LEN] = {0xFF, 0x01, 0x05, 0};

    for (unsigned result = 0; result < 256; result++) {
        bool good = result == 'K' || result == 'P' || result == 'E';
        data[3] = (uint8_t)result;
        CHECK_EQ(dtu_discovery_parse_reply(&reply, data, RESULT_LEN),
                 good ? DTU_OK : DTU_ERR_FORMAT);
    }
    data[3] = 'K';
    data[1] = 2;
    CHECK_EQ(dtu_discovery_parse_reply(&reply, data, RESULT_LEN), DTU_ERR_FORMAT);
    data[1] = 1;
    data[0] = 0xFE;
    CHECK_EQ(dtu_discovery_parse_reply(&reply, data, RESULT_LEN), DTU_ERR_FORMAT);
}

/* Who broadcasts from the port that he searches hears himself. */
static void ones_own_request_is_no_reply(void)
{
    struct dtu_discovery_reply reply;

    CHECK_EQ(dtu_discovery_parse_reply(&reply, ask_search, sizeof ask_search), DTU_ERR_FORMAT);
    for (size_t i = 1; i < SAMPLES; i++)
        CHECK_EQ(dtu_discovery_parse_reply(&reply, samples[i].data, samples[i].len),
                 DTU_ERR_LENGTH);
}

static void two_bytes_are_the_right_sum(void)
{
    struct dtu_discovery_reply reply;
    uint8_t data[2] = {0x45, 0x2E};

    CHECK_EQ(dtu_discovery_parse_reply(&reply, data, sizeof data), DTU_OK);
    CHECK_EQ(reply.kind, DTU_DISCOVERY_BAD_SUM);
    CHECK_EQ(reply.sum, 0x2E);
    data[0] = 0x4B;
    CHECK_EQ(dtu_discovery_parse_reply(&reply, data, sizeof data), DTU_ERR_FORMAT);
}

static void a_reply_is_told_by_its_length(void)
{
    static uint8_t data[300];
    struct dtu_discovery_reply reply;

    for (size_t len = 0; len <= sizeof data; len++) {
        enum dtu_status status = dtu_discovery_parse_reply(&reply, data, len);
        if (is_length_of_blocks(len)) {
            CHECK_EQ(status, DTU_OK);
            CHECK_EQ(reply.kind, DTU_DISCOVERY_BLOCKS);
        } else {
            CHECK_EQ(status, len == 2 || len == 4 || len == 36 ? DTU_ERR_FORMAT : DTU_ERR_LENGTH);
        }
    }
}

/* --- The text channel ----------------------------------------------------------------------- */

static char text_data[64];

static size_t write_text(const struct dtu_discovery_found *found)
{
    struct dtu_text_buffer buffer = {text_data, sizeof text_data, 0, false};
    const struct dtu_text out = {dtu_text_to_buffer, &buffer};
    dtu_discovery_write_text(found, &out);
    CHECK(!buffer.overflow);
    return buffer.len;
}

static enum dtu_status parse_text(struct dtu_discovery_found *found, const char *text)
{
    return dtu_discovery_parse_text(found, (const uint8_t *)text, strlen(text));
}

static void the_answer_to_the_keyword_is_address_mac_and_name(void)
{
    static const char text[] = "192.168.0.7,D8B04CC00D65,USR-K7";
    struct dtu_discovery_found found;

    CHECK_EQ(parse_text(&found, text), DTU_OK);
    CHECK_IP(found.ip, 192, 168, 0, 7);
    CHECK_BYTES(found.mac, 6, mac, 6);
    CHECK_PADDED(found.name, "USR-K7");
    CHECK_EQ(found.version, 0);
    CHECK_BYTES(text_data, write_text(&found), text, sizeof text - 1);
}

static void it_may_end_with_a_line_end_and_have_small_digits(void)
{
    static const char *const ends[] = {"", "\r", "\n", "\r\n"};

    for (size_t i = 0; i < 4; i++) {
        struct dtu_discovery_found found;
        char text[64] = "10.0.0.255,d8b04cc00d65,x";
        strcat(text, ends[i]);
        CHECK_EQ(parse_text(&found, text), DTU_OK);
        CHECK_IP(found.ip, 10, 0, 0, 255);
        CHECK_BYTES(found.mac, 6, mac, 6);
        CHECK_PADDED(found.name, "x");
    }
}

static void a_name_may_be_empty_fill_its_room_and_have_commas(void)
{
    struct dtu_discovery_found found;

    CHECK_EQ(parse_text(&found, "0.0.0.0,000000000000,"), DTU_OK);
    CHECK_PADDED(found.name, "");
    CHECK_EQ(parse_text(&found, "0.0.0.0,000000000000,0123456789abcde,"), DTU_OK);
    CHECK_PADDED(found.name, "0123456789abcde,");
    CHECK_BYTES(text_data, write_text(&found), "0.0.0.0,000000000000,0123456789abcde,", 37);
}

static void anything_else_is_no_answer_to_the_keyword(void)
{
    static const char *const wrong[] = {
        "",
        ",",
        ",,",
        "\r\n",
        "www.usr.cn",
        "+ok",
        "192.168.0.7",
        "192.168.0.7,D8B04CC00D65",
        "192.168.0,D8B04CC00D65,x",
        "192.168.0.,D8B04CC00D65,x",
        "192.168..7,D8B04CC00D65,x",
        ".192.168.0.7,D8B04CC00D65,x",
        "192.168.0.7.1,D8B04CC00D65,x",
        "192.168.0.256,D8B04CC00D65,x",
        "192.168.0.4294967303,D8B04CC00D65,x",
        "192.168.0.-7,D8B04CC00D65,x",
        "192.168.0. 7,D8B04CC00D65,x",
        "192.168.0.7,D8B04CC00D6,x",
        "192.168.0.7,D8B04CC00D655,x",
        "192.168.0.7,D8B04CC00D6G,x",
        "192.168.0.7,D8B04CC00DG5,x",
        "192.168.0.7,D8-B0-4C-C0-0D-65,x",
        "192.168.0.7,,x",
        "192.168.0.7,D8B04CC00D65,0123456789abcdefg",
    };
    struct dtu_discovery_found found;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CHECK_EQ(parse_text(&found, wrong[i]), DTU_ERR_FORMAT);
    CHECK_EQ(dtu_discovery_parse_text(&found, NULL, 0), DTU_ERR_FORMAT);
    CHECK_EQ(dtu_discovery_parse_text(&found, (const uint8_t *)"1.2.3.4,D8B04CC00D65,a\0b", 24),
             DTU_ERR_FORMAT);
}

static void what_was_written_as_text_is_read_again(void)
{
    struct test_rand rand;

    test_rand_seed(&rand, 48899);
    for (int i = 0; i < 500; i++) {
        struct dtu_discovery_found in;
        struct dtu_discovery_found back;
        memset(&in, 0, sizeof in);
        test_rand_bytes(&rand, in.ip, sizeof in.ip);
        test_rand_bytes(&rand, in.mac, sizeof in.mac);
        for (size_t n = (size_t)test_rand_below(&rand, 17); n > 0; n--)
            in.name[n - 1] = (uint8_t)(0x20 + test_rand_below(&rand, 0xE0));
        size_t len = write_text(&in);
        CHECK_EQ(dtu_discovery_parse_text(&back, (const uint8_t *)text_data, len), DTU_OK);
        CHECK_BYTES(back.ip, 4, in.ip, 4);
        CHECK_BYTES(back.mac, 6, in.mac, 6);
        CHECK_BYTES(back.name, 16, in.name, 16);
    }
}

/* --- A module's side ------------------------------------------------------------------------ */

static struct {
    uint8_t user[6];
    uint8_t password[6];
    enum dtu_status answer; /* of write and act */
    char calls[8];          /* a letter for each call */
    size_t calls_len;
    uint8_t which;
    union dtu_discovery_block block;
} module;

static uint8_t answer[DTU_DISCOVERY_READ_LEN + 1];
static size_t answer_len;

static void note_call(void *ctx, char letter)
{
    CHECK(ctx == &module);
    CHECK(module.calls_len < sizeof module.calls);
    module.calls[module.calls_len++] = letter;
}

static void describe(void *ctx, struct dtu_discovery_found *found)
{
    static const struct dtu_discovery_found zero;
    note_call(ctx, 'd');
    CHECK_BYTES(found, sizeof *found, &zero, sizeof zero);
    found->ip[0] = 192;
    found->ip[1] = 168;
    found->ip[2] = 1;
    found->ip[3] = 107;
    memcpy(found->mac, mac, sizeof mac);
    found->version = 3011;
    found->encryption[0] = 1;
    memcpy(found->name, "USR-K3", 6);
}

static void login(void *ctx, uint8_t *user, uint8_t *password)
{
    note_call(ctx, 'l');
    memcpy(user, module.user, 6);
    memcpy(password, module.password, 6);
}

static void read_block(void *ctx, uint8_t which, union dtu_discovery_block *block)
{
    static const union dtu_discovery_block zero;
    note_call(ctx, 'r');
    CHECK_BYTES(block, sizeof *block, &zero, sizeof zero);
    if (which == DTU_DISCOVERY_BASIC)
        dtu_discovery_get_basic(&block->basic, ask_basic + 21);
    else if (which == DTU_DISCOVERY_PORT_0)
        dtu_discovery_get_port(&block->port, ask_port + 21);
    else
        memcpy(block->cloud.id, "00007890000000000001", 20);
    CHECK(which == DTU_DISCOVERY_BASIC || which == DTU_DISCOVERY_PORT_0 ||
          which == DTU_DISCOVERY_CLOUD);
}

static enum dtu_status write_block(void *ctx, uint8_t which, const union dtu_discovery_block *block)
{
    note_call(ctx, 'w');
    module.which = which;
    module.block = *block;
    return module.answer;
}

static enum dtu_status act(void *ctx, enum dtu_discovery_command command)
{
    note_call(ctx, 'a');
    module.which = (uint8_t)command;
    return module.answer;
}

static const struct dtu_discovery_callbacks callbacks = {describe, login, read_block, write_block,
                                                         act};

static void set_up(void)
{
    memset(&module, 0, sizeof module);
    memcpy(module.user, admin, sizeof admin);
    memcpy(module.password, admin, sizeof admin);
}

static enum dtu_discovery_outcome serve(const uint8_t *data, size_t len)
{
    module.calls_len = 0;
    module.which = 0;
    answer_len = 4711;
    memset(answer, 0xA5, sizeof answer);
    enum dtu_discovery_outcome outcome = dtu_discovery_serve(&callbacks, &module, data, len, answer,
                                                             DTU_DISCOVERY_READ_LEN, &answer_len);
    CHECK_EQ(answer_len == 0, outcome == DTU_DISCOVERY_IGNORED);
    CHECK(answer_len <= DTU_DISCOVERY_READ_LEN);
    for (size_t i = answer_len; i < sizeof answer; i++)
        CHECK_EQ(answer[i], 0xA5);
    return outcome;
}

/* Serves a request of the module's MAC and login unless it says otherwise. */
static enum dtu_discovery_outcome serve_request(const struct dtu_discovery_request *request)
{
    uint8_t data[REQUEST_ROOM];
    size_t len = 0;
    CHECK_EQ(dtu_discovery_encode_request(request, data, sizeof data, &len), DTU_OK);
    return serve(data, len);
}

static void check_answer(const char *expected, size_t len, const char *calls, int line)
{
    check_bytes(answer, answer_len, expected, len, line, "the answer");
    check_bytes(module.calls, module.calls_len, calls, strlen(calls), line, "the calls");
}

#define CHECK_ANSWER(expected, calls) check_answer(expected, sizeof(expected) - 1, calls, __LINE__)

static void a_search_is_answered_to_anybody(void)
{
    set_up();
    memset(module.user, 0, sizeof module.user); /* nobody can log in */
    CHECK_EQ(serve(ask_search, sizeof ask_search), DTU_DISCOVERY_SERVED);
    CHECK_BYTES(answer, answer_len, found_example, sizeof found_example);
    CHECK_BYTES(module.calls, module.calls_len, "d", 1);
}

static void restart_save_and_factory_are_acts(void)
{
    struct dtu_discovery_request factory = addressed(DTU_DISCOVERY_FACTORY);

    set_up();
    CHECK_EQ(serve(ask_restart, sizeof ask_restart), DTU_DISCOVERY_SERVED);
    CHECK_ANSWER("\xFF\x01\x02K", "dla");
    CHECK_EQ(module.which, DTU_DISCOVERY_RESTART);
    CHECK_EQ(serve(ask_save, sizeof ask_save), DTU_DISCOVERY_SERVED);
    CHECK_ANSWER("\xFF\x01\x04K", "dla");
    CHECK_EQ(module.which, DTU_DISCOVERY_SAVE);
    CHECK_EQ(serve_request(&factory), DTU_DISCOVERY_SERVED);
    CHECK_ANSWER("\xFF\x01\x0BK", "dla");
    CHECK_EQ(module.which, DTU_DISCOVERY_FACTORY);
}

static void a_read_gives_basic_port_and_cloud(void)
{
    uint8_t expected[DTU_DISCOVERY_READ_LEN] = {0};

    memcpy(expected, ask_basic + 21, 67);
    memcpy(expected + 67, ask_port + 21, 63);
    memcpy(expected + 130, "00007890000000000001", 20);
    set_up();
    CHECK_EQ(serve(ask_read, sizeof ask_read), DTU_DISCOVERY_SERVED);
    CHECK_BYTES(answer, answer_len, expected, sizeof expected);
    CHECK_BYTES(module.calls, module.calls_len, "dlrrr", 5);
}

static void a_set_gives_the_block_to_the_module(void)
{
    uint8_t out[DTU_DISCOVERY_BASIC_LEN];

    set_up();
    CHECK_EQ(serve(ask_basic, sizeof ask_basic), DTU_DISCOVERY_SERVED);
    CHECK_ANSWER("\xFF\x01\x05K", "dlw");
    CHECK_EQ(module.which, DTU_DISCOVERY_BASIC);
    dtu_discovery_put_basic(out, &module.block.basic);
    CHECK_BYTES(out, DTU_DISCOVERY_BASIC_LEN, ask_basic + 21, 67);

    CHECK_EQ(serve(ask_port, sizeof ask_port), DTU_DISCOVERY_SERVED);
    CHECK_ANSWER("\xFF\x01\x06K", "dlw");
    CHECK_EQ(module.which, DTU_DISCOVERY_PORT_0);
    dtu_discovery_put_port(out, &module.block.port);
    CHECK_BYTES(out, DTU_DISCOVERY_PORT_LEN, ask_port + 21, 63);
}

static void the_ports_1_and_2_and_the_cloud_are_set_likewise(void)
{
    static const uint8_t cloud[DTU_DISCOVERY_CLOUD_LEN] = "00007890000000000001password and more";
    struct dtu_discovery_request request = addressed(0x07);
    uint8_t out[DTU_DISCOVERY_PORT_LEN];

    set_up();
    request.params = ask_port + 21;
    request.params_len = 63;
    CHECK_EQ(serve_request(&request), DTU_DISCOVERY_SERVED);
    CHECK_ANSWER("\xFF\x01\x07K", "dlw");
    CHECK_EQ(module.which, 7);
    request.command = 0x08;
    CHECK_EQ(serve_request(&request), DTU_DISCOVERY_SERVED);
    CHECK_ANSWER("\xFF\x01\x08K", "dlw");
    CHECK_EQ(module.which, 8);
    dtu_discovery_put_port(out, &module.block.port);
    CHECK_BYTES(out, 63, ask_port + 21, 63);

    request.command = DTU_DISCOVERY_CLOUD;
    request.params = cloud;
    request.params_len = sizeof cloud;
    CHECK_EQ(serve_request(&request), DTU_DISCOVERY_SERVED);
    CHECK_ANSWER("\xFF\x01\x10K", "dlw");
    CHECK_EQ(module.which, DTU_DISCOVERY_CLOUD);
    dtu_discovery_put_cloud(out, &module.block.cloud);
    CHECK_BYTES(out, sizeof cloud, cloud, sizeof cloud);
}

static void a_refusal_of_the_module_is_an_error(void)
{
    set_up();
    module.answer = DTU_ERR_RANGE;
    CHECK_EQ(serve(ask_port, sizeof ask_port), DTU_DISCOVERY_FAILED);
    CHECK_ANSWER("\xFF\x01\x06\x45", "dlw");
    CHECK_EQ(serve(ask_save, sizeof ask_save), DTU_DISCOVERY_FAILED);
    CHECK_ANSWER("\xFF\x01\x04\x45", "dla");
}

static void a_request_to_another_module_is_ignored_whatever_its_sum(void)
{
    uint8_t data[DTU_DISCOVERY_REQUEST_MAX];

    set_up();
    for (size_t i = 1; i < SAMPLES; i++) {
        size_t len = samples[i].len;
        for (size_t at = 3; at < 9; at++) {
            memcpy(data, samples[i].data, len);
            data[at] ^= 0x80;
            CHECK_EQ(serve(data, len), DTU_DISCOVERY_IGNORED); /* its sum is wrong, too */
            data[len - 1] ^= 0x80;
            CHECK_EQ(serve(data, len), DTU_DISCOVERY_IGNORED);
            CHECK_BYTES(module.calls, module.calls_len, "d", 1);
        }
    }
}

static void a_wrong_sum_is_answered_with_the_right_one(void)
{
    uint8_t data[DTU_DISCOVERY_REQUEST_MAX];

    set_up();
    for (size_t i = 0; i < SAMPLES; i++) {
        size_t len = samples[i].len;
        memcpy(data, samples[i].data, len);
        for (unsigned wrong = 1; wrong < 256; wrong++) {
            data[len - 1] = (uint8_t)(samples[i].data[len - 1] + wrong);
            CHECK_EQ(serve(data, len), DTU_DISCOVERY_DAMAGED);
            CHECK_EQ(answer_len, 2);
            CHECK_EQ(answer[0], 0x45);
            CHECK_EQ(answer[1], samples[i].data[len - 1]);
            CHECK(memchr(module.calls, 'l', module.calls_len) == NULL);
        }
    }
}

static void a_wrong_login_learns_nothing(void)
{
    static const uint8_t params[68] = {0};

    set_up();
    for (unsigned command = 2; command < 256; command++) {
        for (size_t len = 62; len <= 68; len++) { /* right ones are among them */
            struct dtu_discovery_request request = addressed((uint8_t)command);
            char expected[RESULT_LEN] = {(char)0xFF, 1, (char)command, 'P'};
            request.params = params;
            request.params_len = len == 62 ? 0 : len;
            request.password[4] = 'N';
            CHECK_EQ(serve_request(&request), DTU_DISCOVERY_DENIED);
            check_answer(expected, RESULT_LEN, "dl", __LINE__);
        }
    }
}

static void each_bit_of_user_and_password_counts(void)
{
    set_up();
    for (unsigned bit = 0; bit < 96; bit++) {
        struct dtu_discovery_request request = addressed(DTU_DISCOVERY_SAVE);
        uint8_t *field = bit < 48 ? request.user : request.password;
        field[bit % 48 / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_EQ(serve_request(&request), DTU_DISCOVERY_DENIED);
        CHECK_ANSWER("\xFF\x01\x04P", "dl");
    }
}

static void a_login_may_fill_its_room_of_six(void)
{
    struct dtu_discovery_request request = addressed(DTU_DISCOVERY_SAVE);

    set_up();
    memcpy(module.user, "abcdef", 6);
    memcpy(module.password, "1\0\0\0\0\0", 6);
    memcpy(request.user, "abcdef", 6);
    memcpy(request.password, "1\0\0\0\0\0", 6);
    CHECK_EQ(serve_request(&request), DTU_DISCOVERY_SERVED);
    request.password[5] = '1';
    CHECK_EQ(serve_request(&request), DTU_DISCOVERY_DENIED);
}

static void a_login_that_is_not_set_matches_nothing(void)
{
    struct dtu_discovery_request request = addressed(DTU_DISCOVERY_SAVE);

    set_up();
    memset(module.password, 0, 6);
    memset(request.password, 0, 6);
    CHECK_EQ(serve_request(&request), DTU_DISCOVERY_DENIED);
    set_up();
    request = addressed(DTU_DISCOVERY_SAVE);
    memset(module.user, 0, 6);
    memset(request.user, 0, 6);
    CHECK_EQ(serve_request(&request), DTU_DISCOVERY_DENIED);
}

/* The length of the parameters that a command takes; -1: there is no such command. */
static int params_len_of(unsigned command)
{
    switch (command) {
    case 0x02:
    case 0x03:
    case 0x04:
    case 0x0B:
        return 0;
    case 0x05:
        return 67;
    case 0x06:
    case 0x07:
    case 0x08:
        return 63;
    case 0x10:
        return 50;
    default:
        return -1;
    }
}

static void an_unknown_command_and_a_wrong_length_are_errors(void)
{
    static const uint8_t params[236] = {0};

    set_up();
    for (unsigned command = 2; command < 256; command++) {
        for (int len = 0; len <= 236; len++) {
            struct dtu_discovery_request request = addressed((uint8_t)command);
            char expected[RESULT_LEN] = {(char)0xFF, 1, (char)command, 'E'};
            request.params = params;
            request.params_len = (size_t)len;
            if (len == params_len_of(command)) {
                CHECK_EQ(serve_request(&request), DTU_DISCOVERY_SERVED);
                continue;
            }
            CHECK_EQ(serve_request(&request), DTU_DISCOVERY_FAILED);
            check_answer(expected, RESULT_LEN, "dl", __LINE__);
        }
    }
}

static void what_is_no_request_is_ignored(void)
{
    set_up();
    for (size_t i = 0; i < SAMPLES; i++)
        for (size_t len = 0; len < samples[i].len; len++) {
            CHECK_EQ(serve(samples[i].data, len), DTU_DISCOVERY_IGNORED);
            CHECK_EQ(module.calls_len, 0);
        }
    CHECK_EQ(serve(found_example, sizeof found_example), DTU_DISCOVERY_IGNORED);
    CHECK_EQ(serve((const uint8_t *)"\xFF\x01\x03\x04", 4), DTU_DISCOVERY_IGNORED);
    CHECK_EQ(serve(NULL, 0), DTU_DISCOVERY_IGNORED);
}

/* Modules do not answer each other's answers: that could go on for ever. */
static void an_answer_is_no_request(void)
{
    set_up();
    for (size_t i = 0; i < SAMPLES; i++) {
        uint8_t heard[DTU_DISCOVERY_READ_LEN];
        CHECK_EQ(serve(samples[i].data, samples[i].len), DTU_DISCOVERY_SERVED);
        size_t len = answer_len;
        memcpy(heard, answer, len);
        CHECK_EQ(serve(heard, len), DTU_DISCOVERY_IGNORED);
    }
}

static void a_request_with_a_wrong_bit_does_nothing(void)
{
    uint8_t data[DTU_DISCOVERY_REQUEST_MAX];

    set_up();
    for (size_t i = 0; i < SAMPLES; i++)
        for (size_t bit = 0; bit < 8 * samples[i].len; bit++) {
            memcpy(data, samples[i].data, samples[i].len);
            data[bit / 8] ^= (uint8_t)(1u << bit % 8);
            enum dtu_discovery_outcome outcome = serve(data, samples[i].len);
            CHECK(outcome == DTU_DISCOVERY_IGNORED || outcome == DTU_DISCOVERY_DAMAGED);
            CHECK_EQ(module.which, 0);
        }
}

static void without_room_for_the_longest_answer_nothing_is_done(void)
{
    set_up();
    for (size_t i = 0; i < SAMPLES; i++) {
        size_t len = 4711;
        CHECK_EQ(dtu_discovery_serve(&callbacks, &module, samples[i].data, samples[i].len, answer,
                                     DTU_DISCOVERY_READ_LEN - 1, &len),
                 DTU_DISCOVERY_IGNORED);
        CHECK_EQ(len, 0);
        CHECK_EQ(module.calls_len, 0);
    }
}

static void the_answer_may_be_written_over_the_request(void)
{
    set_up();
    for (size_t i = 0; i < SAMPLES; i++) {
        uint8_t buffer[DTU_DISCOVERY_READ_LEN];
        uint8_t block[DTU_DISCOVERY_BASIC_LEN];
        size_t len = 0;

        CHECK_EQ(serve(samples[i].data, samples[i].len), DTU_DISCOVERY_SERVED);
        memcpy(buffer, samples[i].data, samples[i].len);
        module.calls_len = 0;
        memset(&module.block, 0, sizeof module.block);
        CHECK_EQ(dtu_discovery_serve(&callbacks, &module, buffer, samples[i].len, buffer,
                                     sizeof buffer, &len),
                 DTU_DISCOVERY_SERVED);
        CHECK_BYTES(buffer, len, answer, answer_len);
        if (samples[i].command == DTU_DISCOVERY_BASIC) {
            dtu_discovery_put_basic(block, &module.block.basic);
            CHECK_BYTES(block, 67, ask_basic + 21, 67);
        } else if (samples[i].command == DTU_DISCOVERY_PORT_0) {
            dtu_discovery_put_port(block, &module.block.port);
            CHECK_BYTES(block, 63, ask_port + 21, 63);
        }
    }
}

/* By what the manual says of each: 36 bytes, 180, 4 or 2. Only to a search does a stranger get more
 * than he sent. */
static void no_answer_is_longer_than_the_manuals(void)
{
    struct test_rand rand;
    uint8_t data[DTU_DISCOVERY_REQUEST_MAX];

    set_up();
    test_rand_seed(&rand, 6);
    for (unsigned i = 0; i < CHECK_ROUNDS(5000); i++) {
        const struct sample *s = &samples[i % SAMPLES];
        memcpy(data, s->data, s->len);
        for (uint32_t n = test_rand_below(&rand, 4); n > 0; n--)
            data[test_rand_below(&rand, (uint32_t)s->len)] = (uint8_t)test_rand_u32(&rand);
        uint8_t sum = 0;
        for (size_t at = 1; at < s->len - 1; at++)
            sum = (uint8_t)(sum + data[at]);
        if (test_rand_below(&rand, 2) == 0)
            data[s->len - 1] = sum;
        enum dtu_discovery_outcome outcome = serve(data, s->len);
        if (outcome == DTU_DISCOVERY_SERVED)
            CHECK_EQ(answer_len, data[2] == 1 ? 36 : data[2] == 3 ? 180 : 4);
        else if (outcome == DTU_DISCOVERY_DAMAGED)
            CHECK_EQ(answer_len, 2);
        else
            CHECK(answer_len == 0 || answer_len == 4);
    }
}

static void a_program_and_a_module_understand_each_other(void)
{
    static const uint8_t params[67] = {0};

    set_up();
    for (unsigned command = 1; command < 256; command++) {
        struct dtu_discovery_request request = addressed((uint8_t)command);
        struct dtu_discovery_reply reply;
        int len = params_len_of(command);

        request.params = params;
        request.params_len = len > 0 ? (size_t)len : 0;
        serve_request(&request);
        CHECK_EQ(dtu_discovery_parse_reply(&reply, answer, answer_len), DTU_OK);
        if (command == DTU_DISCOVERY_SEARCH) {
            CHECK_EQ(reply.kind, DTU_DISCOVERY_FOUND);
            CHECK(reply.intact);
        } else if (command == DTU_DISCOVERY_READ) {
            CHECK_EQ(reply.kind, DTU_DISCOVERY_BLOCKS);
        } else {
            CHECK_EQ(reply.kind, DTU_DISCOVERY_RESULT);
            CHECK_EQ(reply.command, command);
            CHECK_EQ(reply.result, len < 0 ? DTU_DISCOVERY_ERROR : DTU_DISCOVERY_DONE);
        }
    }
}

/* --- The local subnet ----------------------------------------------------------------------- */

static void a_peer_is_local_if_the_bits_of_the_mask_are_the_same(void)
{
    static const struct {
        uint8_t peer[4];
        uint8_t ip[4];
        uint8_t mask[4];
        bool local;
    } cases[] = {
        {{192, 168, 0, 201}, {192, 168, 0, 7}, {255, 255, 255, 0}, true},
        {{192, 168, 1, 7}, {192, 168, 0, 7}, {255, 255, 255, 0}, false},
        {{10, 168, 0, 7}, {192, 168, 0, 7}, {255, 255, 255, 0}, false},
        {{192, 168, 3, 1}, {192, 168, 0, 7}, {255, 255, 252, 0}, true},
        {{192, 168, 4, 1}, {192, 168, 0, 7}, {255, 255, 252, 0}, false},
        {{192, 168, 0, 7}, {192, 168, 0, 7}, {255, 255, 255, 255}, true},
        {{192, 168, 0, 6}, {192, 168, 0, 7}, {255, 255, 255, 255}, false},
        {{8, 8, 8, 8}, {192, 168, 0, 7}, {0, 0, 0, 0}, true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CHECK_EQ(dtu_discovery_is_local(cases[i].peer, cases[i].ip, cases[i].mask), cases[i].local);
}

static const struct check_test tests[] = {
    CHECK_TEST(the_manuals_basic_block_has_these_values),
    CHECK_TEST(the_examples_of_the_basic_table_have_these_values),
    CHECK_TEST(the_manuals_port_block_has_these_values),
    CHECK_TEST(the_examples_of_the_port_table_have_these_values),
    CHECK_TEST(each_field_of_the_basic_block_is_at_its_place),
    CHECK_TEST(each_field_of_the_port_block_is_at_its_place),
    CHECK_TEST(each_field_of_the_cloud_block_is_at_its_place),
    CHECK_TEST(any_bytes_are_a_block_and_are_written_back_as_they_were),
    CHECK_TEST(the_length_of_an_answer_says_which_blocks_it_has),
    CHECK_TEST(no_other_length_has_a_layout),
    CHECK_TEST(the_manuals_requests_decode_to_what_they_say),
    CHECK_TEST(the_manuals_requests_are_encoded_as_they_are_printed),
    CHECK_TEST(a_request_needs_its_room),
    CHECK_TEST(parameters_are_at_most_236_bytes_and_a_search_has_none),
    CHECK_TEST(a_request_that_is_cut_off_or_too_long_is_none),
    CHECK_TEST(a_request_has_a_whole_mac_and_login_and_a_search_neither),
    CHECK_TEST(a_request_begins_with_ff),
    CHECK_TEST(a_wrong_sum_is_told_with_the_right_one_and_the_request),
    CHECK_TEST(any_request_encodes_and_decodes_to_itself),
    CHECK_TEST(the_manuals_answer_to_a_search_has_these_values),
    CHECK_TEST(the_examples_of_the_table_of_that_answer_have_these_values),
    CHECK_TEST(the_board_comes_before_the_address),
    CHECK_TEST(a_damaged_answer_to_a_search_is_read_and_told),
    CHECK_TEST(an_answer_to_a_search_begins_with_ff_24_01),
    CHECK_TEST(the_manuals_results_are_read_and_written),
    CHECK_TEST(a_result_is_k_p_or_e),
    CHECK_TEST(ones_own_request_is_no_reply),
    CHECK_TEST(two_bytes_are_the_right_sum),
    CHECK_TEST(a_reply_is_told_by_its_length),
    CHECK_TEST(the_answer_to_the_keyword_is_address_mac_and_name),
    CHECK_TEST(it_may_end_with_a_line_end_and_have_small_digits),
    CHECK_TEST(a_name_may_be_empty_fill_its_room_and_have_commas),
    CHECK_TEST(anything_else_is_no_answer_to_the_keyword),
    CHECK_TEST(what_was_written_as_text_is_read_again),
    CHECK_TEST(a_search_is_answered_to_anybody),
    CHECK_TEST(restart_save_and_factory_are_acts),
    CHECK_TEST(a_read_gives_basic_port_and_cloud),
    CHECK_TEST(a_set_gives_the_block_to_the_module),
    CHECK_TEST(the_ports_1_and_2_and_the_cloud_are_set_likewise),
    CHECK_TEST(a_refusal_of_the_module_is_an_error),
    CHECK_TEST(a_request_to_another_module_is_ignored_whatever_its_sum),
    CHECK_TEST(a_wrong_sum_is_answered_with_the_right_one),
    CHECK_TEST(a_wrong_login_learns_nothing),
    CHECK_TEST(each_bit_of_user_and_password_counts),
    CHECK_TEST(a_login_may_fill_its_room_of_six),
    CHECK_TEST(a_login_that_is_not_set_matches_nothing),
    CHECK_TEST(an_unknown_command_and_a_wrong_length_are_errors),
    CHECK_TEST(what_is_no_request_is_ignored),
    CHECK_TEST(an_answer_is_no_request),
    CHECK_TEST(a_request_with_a_wrong_bit_does_nothing),
    CHECK_TEST(without_room_for_the_longest_answer_nothing_is_done),
    CHECK_TEST(the_answer_may_be_written_over_the_request),
    CHECK_TEST(no_answer_is_longer_than_the_manuals),
    CHECK_TEST(a_program_and_a_module_understand_each_other),
    CHECK_TEST(a_peer_is_local_if_the_bits_of_the_mask_are_the_same),
};
CHECK_MAIN(tests)
