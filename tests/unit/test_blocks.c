/* SPDX-License-Identifier: MIT */
/* The blocks of UDP discovery as the parameters of a K7. The two samples and what their fields mean
 * are of manual 003 section 5.1.2; the limits are those of the AT commands in its section 5.3.5. */
#include "dtu/blocks.h"

#include "check.h"
#include "rand.h"

#include "dtu/profile.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BLOCK_MAX DTU_DISCOVERY_BASIC_LEN /* the longest */

/* The parameters of the manual's example of a basic setting, whose sum is 31. */
static const uint8_t sample_basic[DTU_DISCOVERY_BASIC_LEN] = {
    0x04, 0x78, 0x03, 0x00, 0x20, 0x19, 0x50, 0x00, 0x02, 0x07, 0x00, 0xA8, 0xC0, 0x01,
    0x00, 0xA8, 0xC0, 0x00, 0xFF, 0xFF, 0xFF, 0x55, 0x53, 0x52, 0x2D, 0x4B, 0x33, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x61, 0x64, 0x6D, 0x69, 0x6E,
    0x00, 0x61, 0x64, 0x6D, 0x69, 0x6E, 0x00, 0x02, 0x01, 0x00, 0x00, 0xD8, 0xB0, 0x4C,
    0xC0, 0x0D, 0x65, 0x10, 0x0E, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00};
/* And of a serial port's, whose sum is 85. */
static const uint8_t sample_port[DTU_DISCOVERY_PORT_LEN] = {
    0x00, 0xC2, 0x01, 0x00, 0x08, 0x01, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x17, 0x00, 0x17, 0x00,
    0x31, 0x39, 0x32, 0x2E, 0x31, 0x36, 0x38, 0x2E, 0x30, 0x2E, 0x32, 0x30, 0x31, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x09, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x81, 0x01, 0x01, 0x01, 0x01};

static const uint8_t mac[6] = {0xD8, 0xB0, 0x4C, 0xC0, 0x0D, 0x65};

static uint8_t running[DTU_K7_VALUES_SIZE];
static uint8_t pending[DTU_K7_VALUES_SIZE];
static uint8_t before[DTU_K7_VALUES_SIZE];
static struct dtu_params params;
static union dtu_discovery_block block;
static const struct dtu_param *refused;
static char text[DTU_K7_LINE_SIZE];

static void begin(void)
{
    CHECK_EQ(dtu_params_init(&params, dtu_profile_k7.table, running, pending), DTU_OK);
}

static const struct dtu_param *row(const char *name)
{
    return dtu_params_find(params.table, (const uint8_t *)name, strlen(name));
}

static void set(const char *name, const char *value)
{
    CHECK_EQ(dtu_params_set(&params, row(name), (const uint8_t *)value, strlen(value)), DTU_OK);
}

static size_t write_pending(const struct dtu_param *r)
{
    struct dtu_text_buffer buffer = {text, sizeof text, 0, false};
    const struct dtu_text out = {dtu_text_to_buffer, &buffer};
    dtu_params_write(&params, DTU_PARAMS_PENDING, r, 0, &out);
    CHECK(!buffer.overflow);
    return buffer.len;
}

/* What a query answers. */
#define CHECK_VALUE(name, expected)                                                                \
    do {                                                                                           \
        size_t len_ = write_pending(row(name));                                                    \
        CHECK_BYTES(text, len_, expected, strlen(expected));                                       \
    } while (0)

static void read_block(uint8_t which)
{
    memset(&block, 0xEE, sizeof block);
    dtu_blocks_read(&params, which, mac, &block);
}

static enum dtu_status write_block(uint8_t which)
{
    refused = row("Z"); /* no row that a block sets */
    return dtu_blocks_write(&params, which, mac, &block, &refused);
}

#define CHECK_TAKEN(which)                                                                         \
    do {                                                                                           \
        CHECK_EQ(write_block(which), DTU_OK);                                                      \
        CHECK(refused == NULL);                                                                    \
    } while (0)

static void check_refused(uint8_t which, enum dtu_status status, const char *name, int line)
{
    memcpy(before, pending, sizeof before);
    check_eq(write_block(which), status, line, name);
    check_true(refused == row(name), line, "the row is the one that refused");
    check_true(memcmp(before, pending, sizeof before) == 0, line, "nothing has changed");
}

/* Refused by that row, and no pending value is another. */
#define CHECK_REFUSED(which, status, name) check_refused(which, status, name, __LINE__)

static void get_basic_sample(void)
{
    dtu_discovery_get_basic(&block.basic, sample_basic);
}

static void get_port_sample(void)
{
    dtu_discovery_get_port(&block.port, sample_port);
}

/* --- Factory settings ----------------------------------------------------------------------- */

/* The manual's defaults: 003 section 5.3.5. */
static void a_new_k7_reads_as_its_factory_settings(void)
{
    static const uint8_t none[DTU_DISCOVERY_CLOUD_LEN] = {0};
    uint8_t cloud[DTU_DISCOVERY_CLOUD_LEN];

    begin();
    read_block(DTU_DISCOVERY_BASIC);
    CHECK_EQ(block.basic.flags, DTU_DISCOVERY_STATIC_IP);
    CHECK_EQ(block.basic.location_port, 6432);
    CHECK_EQ(block.basic.http_port, 80);
    CHECK_BYTES(block.basic.ip, 4, "\xC0\xA8\x00\x07", 4);
    CHECK_BYTES(block.basic.mask, 4, "\xFF\xFF\xFF\x00", 4);
    CHECK_BYTES(block.basic.gateway, 4, "\xC0\xA8\x00\x01", 4);
    CHECK_BYTES(block.basic.name, 16, "USR-K7\0\0\0\0\0\0\0\0\0\0", 16);
    CHECK_BYTES(block.basic.user, 6, "admin", 6);
    CHECK_BYTES(block.basic.password, 6, "admin", 6);
    CHECK_BYTES(block.basic.mac, 6, mac, 6);
    CHECK_EQ(block.basic.reset_s, 3600);
    CHECK_EQ(block.basic.user_flag | block.basic.send_time | block.basic.id | block.basic.id_type,
             0);
    CHECK_BYTES(block.basic.reserved, 4, none, 4);
    read_block(DTU_DISCOVERY_PORT_0);
    CHECK_EQ(block.port.baud, 115200);
    CHECK_EQ(block.port.data_bits, 8);
    CHECK_EQ(block.port.parity, DTU_DISCOVERY_PARITY_NONE);
    CHECK_EQ(block.port.stop_bits, 1);
    CHECK_EQ(block.port.flow, 1);
    CHECK_EQ(block.port.reconnect_s, 86400);
    CHECK_EQ(block.port.mode, DTU_DISCOVERY_TCP_SERVER);
    CHECK_EQ(block.port.local_port, 23);
    CHECK_EQ(block.port.remote_port, 0);
    CHECK_BYTES(block.port.remote, 14, "192.168.0.201", 14);
    CHECK_EQ(block.port.flags, 0);
    CHECK_EQ(block.port.packing_len, 0);
    CHECK_EQ(block.port.packing_time, 0);
    CHECK_EQ(block.port.time_count | block.port.server, 0);
    CHECK_BYTES(block.port.reserved, 4, none, 4);
    read_block(DTU_DISCOVERY_CLOUD);
    dtu_discovery_put_cloud(cloud, &block.cloud);
    CHECK_BYTES(cloud, sizeof cloud, none, sizeof none);
}

static void what_was_just_read_can_be_written_and_changes_nothing_that_commands_see(void)
{
    static const uint8_t kinds[] = {DTU_DISCOVERY_BASIC, DTU_DISCOVERY_PORT_0, DTU_DISCOVERY_CLOUD};
    size_t own = row("BLOCKS")->offset;
    size_t end = own + 11 + 12 + 23; /* its fields */

    begin();
    for (size_t i = 0; i < COUNT(kinds); i++) {
        memcpy(before, pending, sizeof before);
        read_block(kinds[i]);
        CHECK_TAKEN(kinds[i]);
        CHECK_BYTES(pending, own, before, own);
        CHECK_BYTES(pending + end, sizeof pending - end, before + end, sizeof before - end);
    }
}

/* --- The manual's samples ------------------------------------------------------------------- */

static void the_basic_sample_leads_to_these_settings(void)
{
    begin();
    get_basic_sample();
    CHECK_TAKEN(DTU_DISCOVERY_BASIC);
    CHECK_VALUE("WANN", "DHCP,192.168.0.7,255.255.255.0,192.168.0.1"); /* bit 8 of the flags: 0 */
    CHECK_VALUE("WEBSOCKPORT", "6432");                                /* 20 19 */
    CHECK_VALUE("WEBPORT", "80");                                      /* 50 00 */
    CHECK_VALUE("MID", "USR-K3");
    CHECK_VALUE("WEBU", "admin,admin");
    CHECK_VALUE("USERMAC", "000000000000"); /* the address is the module's */
    CHECK_VALUE("RSTIM", "3600");           /* 10 0E 00 00 */
    CHECK_VALUE("SOCKA", "TCPS,192.168.0.201,23");
}

static void the_port_sample_leads_to_these_settings(void)
{
    begin();
    set("SOCKA", "UDPC,10.0.0.1,9");
    set("UART", "9600,7,2,EVEN,FCH");
    set("UARTTL", "10,512");
    get_port_sample();
    CHECK_TAKEN(DTU_DISCOVERY_PORT_0);
    CHECK_VALUE("UART", "115200,8,1,NONE,NFC"); /* flow 01 */
    CHECK_VALUE("UARTTL", "0,0");
    CHECK_VALUE("SOCKTO", "86400");                /* 00 00 00 00 */
    CHECK_VALUE("SOCKA", "TCPS,192.168.0.201,23"); /* mode 03, local port 17 00 */
    CHECK_VALUE("MODTCP", "OFF");
    CHECK_VALUE("RFCEN", "ON"); /* flags 09: bit 3 */
    CHECK_VALUE("REGEN", "OFF");
}

/* The bytes of a block as dtu_blocks_read() gives it. */
static size_t encode(uint8_t which, uint8_t out[BLOCK_MAX])
{
    read_block(which);
    if (which == DTU_DISCOVERY_BASIC) {
        dtu_discovery_put_basic(out, &block.basic);
        return DTU_DISCOVERY_BASIC_LEN;
    }
    dtu_discovery_put_port(out, &block.port);
    return DTU_DISCOVERY_PORT_LEN;
}

static void the_samples_are_read_back_but_for_what_the_header_says(void)
{
    uint8_t expected[BLOCK_MAX];
    uint8_t out[BLOCK_MAX];

    begin();
    get_basic_sample();
    CHECK_TAKEN(DTU_DISCOVERY_BASIC);
    get_port_sample();
    CHECK_TAKEN(DTU_DISCOVERY_PORT_0);
    memcpy(expected, sample_basic, sizeof sample_basic);
    memset(expected, 0, 3); /* sequence, crc, version */
    CHECK_BYTES(out, encode(DTU_DISCOVERY_BASIC, out), expected, sizeof sample_basic);
    memcpy(expected, sample_port, sizeof sample_port);
    memcpy(expected + 8, "\x80\x51\x01\x00", 4); /* reconnect 0: still 86400 */
    CHECK_BYTES(out, encode(DTU_DISCOVERY_PORT_0, out), expected, sizeof sample_port);
}

/* --- Each field ----------------------------------------------------------------------------- */

/* Writes a basic block as read from a new K7 with one thing changed. */
#define TRY_BASIC(change)                                                                          \
    do {                                                                                           \
        begin();                                                                                   \
        read_block(DTU_DISCOVERY_BASIC);                                                           \
        block.basic.change;                                                                        \
    } while (0)
#define TRY_PORT(change)                                                                           \
    do {                                                                                           \
        begin();                                                                                   \
        read_block(DTU_DISCOVERY_PORT_0);                                                          \
        block.port.change;                                                                         \
    } while (0)
#define BASIC_LEADS_TO(change, name, expected)                                                     \
    do {                                                                                           \
        TRY_BASIC(change);                                                                         \
        CHECK_TAKEN(DTU_DISCOVERY_BASIC);                                                          \
        CHECK_VALUE(name, expected);                                                               \
    } while (0)
#define PORT_LEADS_TO(change, name, expected)                                                      \
    do {                                                                                           \
        TRY_PORT(change);                                                                          \
        CHECK_TAKEN(DTU_DISCOVERY_PORT_0);                                                         \
        CHECK_VALUE(name, expected);                                                               \
    } while (0)
#define BASIC_REFUSED(change, name)                                                                \
    do {                                                                                           \
        TRY_BASIC(change);                                                                         \
        CHECK_REFUSED(DTU_DISCOVERY_BASIC, DTU_ERR_RANGE, name);                                   \
    } while (0)
#define PORT_REFUSED(change, name)                                                                 \
    do {                                                                                           \
        TRY_PORT(change);                                                                          \
        CHECK_REFUSED(DTU_DISCOVERY_PORT_0, DTU_ERR_RANGE, name);                                  \
    } while (0)

static void put_text(uint8_t *field, size_t size, const char *value)
{
    memset(field, 0, size);
    memcpy(field, value, strlen(value));
}

static void each_field_of_the_basic_block_reaches_its_command(void)
{
    BASIC_LEADS_TO(flags = 0, "WANN", "DHCP,192.168.0.7,255.255.255.0,192.168.0.1");
    BASIC_LEADS_TO(flags = 0xFF, "WANN", "static,192.168.0.7,255.255.255.0,192.168.0.1");
    BASIC_LEADS_TO(ip[3] = 9, "WANN", "static,192.168.0.9,255.255.255.0,192.168.0.1");
    BASIC_LEADS_TO(mask[2] = 0, "WANN", "static,192.168.0.7,255.255.0.0,192.168.0.1");
    BASIC_LEADS_TO(gateway[0] = 10, "WANN", "static,192.168.0.7,255.255.255.0,10.168.0.1");
    BASIC_LEADS_TO(location_port = 1, "WEBSOCKPORT", "1");
    BASIC_LEADS_TO(location_port = 65535, "WEBSOCKPORT", "65535");
    BASIC_LEADS_TO(http_port = 1, "WEBPORT", "1");
    BASIC_LEADS_TO(http_port = 65535, "WEBPORT", "65535");
    BASIC_LEADS_TO(reset_s = 0, "RSTIM", "0");
    BASIC_LEADS_TO(reset_s = 60, "RSTIM", "60");
    BASIC_LEADS_TO(reset_s = 65535, "RSTIM", "65535");
}

static void each_field_of_the_port_block_reaches_its_command(void)
{
    PORT_LEADS_TO(baud = 600, "UART", "600,8,1,NONE,NFC");
    PORT_LEADS_TO(baud = 1000000, "UART", "1000000,8,1,NONE,NFC");
    PORT_LEADS_TO(data_bits = 5, "UART", "115200,5,1,NONE,NFC");
    PORT_LEADS_TO(stop_bits = 2, "UART", "115200,8,2,NONE,NFC");
    PORT_LEADS_TO(parity = DTU_DISCOVERY_PARITY_ODD, "UART", "115200,8,1,ODD,NFC");
    PORT_LEADS_TO(parity = DTU_DISCOVERY_PARITY_EVEN, "UART", "115200,8,1,EVEN,NFC");
    PORT_LEADS_TO(parity = DTU_DISCOVERY_PARITY_MARK, "UART", "115200,8,1,MARK,NFC");
    PORT_LEADS_TO(parity = DTU_DISCOVERY_PARITY_SPACE, "UART", "115200,8,1,SPACE,NFC");
    PORT_LEADS_TO(flow = 3, "UART", "115200,8,1,NONE,FCH");
    PORT_LEADS_TO(packing_time = 255, "UARTTL", "255,0");
    PORT_LEADS_TO(packing_len = 1460, "UARTTL", "0,1460");
    PORT_LEADS_TO(reconnect_s = 1, "SOCKTO", "1");
    PORT_LEADS_TO(reconnect_s = 99999, "SOCKTO", "99999");
    PORT_LEADS_TO(local_port = 1, "SOCKA", "TCPS,192.168.0.201,1");
    PORT_LEADS_TO(local_port = 65534, "SOCKA", "TCPS,192.168.0.201,65534");
    PORT_LEADS_TO(mode = DTU_DISCOVERY_UDP_SERVER, "SOCKA", "UDPS,192.168.0.201,23");
    PORT_LEADS_TO(remote[0] = 'x', "SOCKA", "TCPS,x92.168.0.201,23");
    PORT_LEADS_TO(flags = DTU_DISCOVERY_MODBUS, "MODTCP", "ON");
    PORT_LEADS_TO(flags = DTU_DISCOVERY_MODBUS, "RFCEN", "OFF");
    PORT_LEADS_TO(flags = DTU_DISCOVERY_BAUDSYNC, "RFCEN", "ON");
    PORT_LEADS_TO(flags = DTU_DISCOVERY_BAUDSYNC, "MODTCP", "OFF");
    PORT_LEADS_TO(flags = DTU_DISCOVERY_IS_CLOUD, "REGEN", "CLOUD");
}

static void each_mode_of_a_client_is_a_kind_of_socket(void)
{
    static const struct {
        uint8_t mode;
        const char *value;
    } cases[] = {{DTU_DISCOVERY_UDP_CLIENT, "UDPC,192.168.0.201,80"},
                 {DTU_DISCOVERY_TCP_CLIENT, "TCPC,192.168.0.201,80"},
                 {DTU_DISCOVERY_HTTPD_CLIENT, "HTPC,192.168.0.201,80"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        TRY_PORT(mode = cases[i].mode);
        block.port.remote_port = 80;
        CHECK_TAKEN(DTU_DISCOVERY_PORT_0);
        CHECK_VALUE("SOCKA", cases[i].value);
        read_block(DTU_DISCOVERY_PORT_0);
        CHECK_EQ(block.port.mode, cases[i].mode);
        CHECK_EQ(block.port.remote_port, 80);
    }
}

static void a_value_out_of_the_range_of_the_basic_block_changes_nothing(void)
{
    BASIC_REFUSED(location_port = 0, "WEBSOCKPORT");
    BASIC_REFUSED(http_port = 0, "WEBPORT");
    BASIC_REFUSED(name[0] = 0, "MID");
    BASIC_REFUSED(user[0] = 0, "WEBU");
    BASIC_REFUSED(password[0] = 0, "WEBU");
    BASIC_REFUSED(user[5] = 'x', "WEBU"); /* 6 characters */
    BASIC_REFUSED(password[5] = 'x', "WEBU");
    BASIC_REFUSED(reset_s = 1, "RSTIM"); /* 0 or 60 to 65535 */
    BASIC_REFUSED(reset_s = 59, "RSTIM");
    BASIC_REFUSED(reset_s = 65536, "RSTIM");
    BASIC_REFUSED(reset_s = UINT32_MAX, "RSTIM");
}

static void a_value_out_of_the_range_of_the_port_block_changes_nothing(void)
{
    PORT_REFUSED(baud = 599, "UART");
    PORT_REFUSED(baud = 1000001, "UART");
    PORT_REFUSED(baud = UINT32_MAX, "UART");
    PORT_REFUSED(data_bits = 4, "UART");
    PORT_REFUSED(data_bits = 9, "UART");
    PORT_REFUSED(stop_bits = 0, "UART");
    PORT_REFUSED(stop_bits = 3, "UART");
    PORT_REFUSED(parity = 0, "UART");
    PORT_REFUSED(parity = 6, "UART");
    PORT_REFUSED(parity = 255, "UART");
    PORT_REFUSED(flow = 2, "UART");
    PORT_REFUSED(flow = 4, "UART");
    PORT_REFUSED(flow = 255, "UART");
    PORT_REFUSED(packing_len = 1461, "UARTTL");
    PORT_REFUSED(packing_len = 65536, "UARTTL"); /* 0 in 16 bits */
    PORT_REFUSED(reconnect_s = 100000, "SOCKTO");
    PORT_REFUSED(reconnect_s = UINT32_MAX, "SOCKTO");
    PORT_REFUSED(local_port = 0, "SOCKA");
    PORT_REFUSED(local_port = 65535, "SOCKA");
    PORT_REFUSED(mode = 5, "SOCKA");
    PORT_REFUSED(mode = 255, "SOCKA");
    PORT_REFUSED(mode = DTU_DISCOVERY_TCP_CLIENT, "SOCKA"); /* the remote port is 0 */
}

static void a_client_needs_a_remote_address(void)
{
    TRY_PORT(mode = DTU_DISCOVERY_TCP_CLIENT);
    block.port.remote_port = 80;
    block.port.remote[0] = 0;
    CHECK_REFUSED(DTU_DISCOVERY_PORT_0, DTU_ERR_RANGE, "SOCKA");
}

static void a_server_without_a_remote_address_keeps_the_one_that_is_there(void)
{
    PORT_LEADS_TO(remote[0] = 0, "SOCKA", "TCPS,192.168.0.201,23");
}

static void the_last_row_that_refuses_undoes_what_those_before_it_took(void)
{
    begin();
    get_basic_sample();
    block.basic.name[0] = 'X';
    block.basic.mac[5] ^= 1;
    block.basic.reset_s = 30;
    block.basic.user_flag = 0x77;
    CHECK_REFUSED(DTU_DISCOVERY_BASIC, DTU_ERR_RANGE, "RSTIM");
}

static void of_several_faults_the_first_row_is_told(void)
{
    begin();
    get_port_sample();
    block.port.mode = 9;
    block.port.packing_len = 5000;
    CHECK_REFUSED(DTU_DISCOVERY_PORT_0, DTU_ERR_RANGE, "UARTTL");
}

static void of_several_faults_in_a_row_the_first_field_is_told(void)
{
    TRY_PORT(remote[1] = ',');
    block.port.local_port = 0;
    CHECK_REFUSED(DTU_DISCOVERY_PORT_0, DTU_ERR_TYPE, "SOCKA");
    block.port.mode = 9;
    CHECK_REFUSED(DTU_DISCOVERY_PORT_0, DTU_ERR_RANGE, "SOCKA");
}

/* --- Texts ---------------------------------------------------------------------------------- */

static void texts_end_at_their_first_zero(void)
{
    TRY_BASIC(name[3] = 0);
    CHECK_TAKEN(DTU_DISCOVERY_BASIC);
    CHECK_VALUE("MID", "USR");
    read_block(DTU_DISCOVERY_BASIC);
    CHECK_BYTES(block.basic.name, 16, "USR\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
}

static void a_name_has_15_characters_though_the_block_has_room_for_16(void)
{
    TRY_BASIC(user_flag = 0);
    memcpy(block.basic.name, "0123456789abcdef", 16);
    CHECK_REFUSED(DTU_DISCOVERY_BASIC, DTU_ERR_RANGE, "MID");
    block.basic.name[15] = 0;
    CHECK_TAKEN(DTU_DISCOVERY_BASIC);
    CHECK_VALUE("MID", "0123456789abcde");
}

static void a_remote_address_may_fill_its_room(void)
{
    TRY_PORT(server = 0);
    memcpy(block.port.remote, "abcdefghijklmnopqrstuvwxyz.net", 30);
    CHECK_TAKEN(DTU_DISCOVERY_PORT_0);
    CHECK_VALUE("SOCKA", "TCPS,abcdefghijklmnopqrstuvwxyz.net,23");
    read_block(DTU_DISCOVERY_PORT_0);
    CHECK_BYTES(block.port.remote, 30, "abcdefghijklmnopqrstuvwxyz.net", 30);
}

static void a_comma_in_a_password_or_name_is_one(void)
{
    TRY_BASIC(user_flag = 0);
    put_text(block.basic.password, 6, "a,b");
    put_text(block.basic.name, 16, "x,y?");
    CHECK_TAKEN(DTU_DISCOVERY_BASIC);
    CHECK_VALUE("WEBU", "admin,a,b");
    CHECK_VALUE("MID", "x,y?");
    read_block(DTU_DISCOVERY_BASIC);
    CHECK_BYTES(block.basic.user, 6, "admin", 6);
    CHECK_BYTES(block.basic.password, 6, "a,b\0\0", 6);
}

/* K7 cannot escape it: a query would answer, and the store keep, another user and password. */
static void a_comma_in_front_of_another_parameter_is_refused(void)
{
    TRY_BASIC(user[1] = ',');
    CHECK_REFUSED(DTU_DISCOVERY_BASIC, DTU_ERR_TYPE, "WEBU");
    TRY_PORT(remote[1] = ',');
    CHECK_REFUSED(DTU_DISCOVERY_PORT_0, DTU_ERR_TYPE, "SOCKA");
    begin();
    read_block(DTU_DISCOVERY_CLOUD);
    memcpy(block.cloud.id, "0123456789,123456789", 20);
    memcpy(block.cloud.password, "12345678", 8);
    CHECK_REFUSED(DTU_DISCOVERY_CLOUD, DTU_ERR_TYPE, "REGCLOUD");
}

/* The store keeps a row in a line: one LF in a name would be a line of its own there. */
static void a_line_end_in_a_text_is_refused_unless_k7_can_write_it(void)
{
    TRY_BASIC(name[1] = '\n');
    CHECK_REFUSED(DTU_DISCOVERY_BASIC, DTU_ERR_TYPE, "MID");
    TRY_BASIC(name[1] = '\r');
    CHECK_REFUSED(DTU_DISCOVERY_BASIC, DTU_ERR_TYPE, "MID");
    TRY_BASIC(password[4] = '\n');
    CHECK_REFUSED(DTU_DISCOVERY_BASIC, DTU_ERR_TYPE, "WEBU");
    TRY_BASIC(user_flag = 0);
    put_text(block.basic.name, 16, "a<<CRLF>>b");
    CHECK_REFUSED(DTU_DISCOVERY_BASIC, DTU_ERR_TYPE, "MID");
    put_text(block.basic.name, 16, "a\r\nb");
    CHECK_TAKEN(DTU_DISCOVERY_BASIC);
    CHECK_VALUE("MID", "a<<CRLF>>b");
}

/* --- What leaves alone what is there -------------------------------------------------------- */

static void a_flow_control_of_none_leaves_fcr_alone(void)
{
    for (uint8_t flow = 0; flow <= 1; flow++) {
        begin();
        set("UART", "9600,8,1,NONE,FCR");
        read_block(DTU_DISCOVERY_PORT_0);
        CHECK_EQ(block.port.flow, 1);
        block.port.flow = flow;
        block.port.baud = 19200;
        CHECK_TAKEN(DTU_DISCOVERY_PORT_0);
        CHECK_VALUE("UART", "19200,8,1,NONE,FCR");
    }
}

static void a_flow_control_of_none_ends_fch(void)
{
    for (uint8_t flow = 0; flow <= 1; flow++) {
        begin();
        set("UART", "9600,8,1,NONE,FCH");
        read_block(DTU_DISCOVERY_PORT_0);
        CHECK_EQ(block.port.flow, 3);
        block.port.flow = flow;
        CHECK_TAKEN(DTU_DISCOVERY_PORT_0);
        CHECK_VALUE("UART", "9600,8,1,NONE,NFC");
        read_block(DTU_DISCOVERY_PORT_0);
        CHECK_EQ(block.port.flow, 1);
    }
}

static void fcr_becomes_fch_when_the_block_says_so(void)
{
    begin();
    set("UART", "9600,8,1,NONE,FCR");
    read_block(DTU_DISCOVERY_PORT_0);
    block.port.flow = 3;
    CHECK_TAKEN(DTU_DISCOVERY_PORT_0);
    CHECK_VALUE("UART", "9600,8,1,NONE,FCH");
}

static void a_reconnect_time_of_0_leaves_it_as_it_was(void)
{
    begin();
    set("SOCKTO", "777");
    read_block(DTU_DISCOVERY_PORT_0);
    CHECK_EQ(block.port.reconnect_s, 777);
    block.port.reconnect_s = 0;
    CHECK_TAKEN(DTU_DISCOVERY_PORT_0);
    CHECK_VALUE("SOCKTO", "777");
}

static void the_flag_of_the_cloud_leaves_other_registration_packets_alone(void)
{
    begin();
    set("REGEN", "USR");
    read_block(DTU_DISCOVERY_PORT_0);
    CHECK_EQ(block.port.flags & DTU_DISCOVERY_IS_CLOUD, 0);
    CHECK_TAKEN(DTU_DISCOVERY_PORT_0);
    CHECK_VALUE("REGEN", "USR");
    block.port.flags |= DTU_DISCOVERY_IS_CLOUD;
    CHECK_TAKEN(DTU_DISCOVERY_PORT_0);
    CHECK_VALUE("REGEN", "CLOUD");
    read_block(DTU_DISCOVERY_PORT_0);
    CHECK_EQ(block.port.flags & DTU_DISCOVERY_IS_CLOUD, DTU_DISCOVERY_IS_CLOUD);
    block.port.flags = 0;
    CHECK_TAKEN(DTU_DISCOVERY_PORT_0);
    CHECK_VALUE("REGEN", "OFF");
}

static void a_hardware_address_is_set_unless_it_is_the_modules_or_none(void)
{
    static const uint8_t other[6] = {0xD8, 0xB0, 0x4C, 0xC0, 0x0D, 0x66};
    begin();
    get_basic_sample();
    memcpy(block.basic.mac, other, 6);
    CHECK_TAKEN(DTU_DISCOVERY_BASIC);
    CHECK_VALUE("USERMAC", "D8B04CC00D66");
    read_block(DTU_DISCOVERY_BASIC);
    CHECK_BYTES(block.basic.mac, 6, mac, 6); /* until the module has it */
    CHECK_TAKEN(DTU_DISCOVERY_BASIC);
    CHECK_VALUE("USERMAC", "D8B04CC00D66"); /* not taken back by the module's */
    memset(block.basic.mac, 0, 6);
    CHECK_TAKEN(DTU_DISCOVERY_BASIC);
    CHECK_VALUE("USERMAC", "D8B04CC00D66");
    memset(block.basic.mac, 0xFF, 6); /* the manual's table has this one */
    CHECK_TAKEN(DTU_DISCOVERY_BASIC);
    CHECK_VALUE("USERMAC", "D8B04CC00D66");
    block.basic.mac[5] = 0;
    CHECK_TAKEN(DTU_DISCOVERY_BASIC);
    CHECK_VALUE("USERMAC", "FFFFFFFFFF00");
    memset(block.basic.mac, 0, 6);
    block.basic.mac[0] = 2;
    CHECK_TAKEN(DTU_DISCOVERY_BASIC);
    CHECK_VALUE("USERMAC", "020000000000");
}

/* --- What is kept --------------------------------------------------------------------------- */

static void what_no_command_reaches_is_read_back_as_it_was_written(void)
{
    begin();
    get_basic_sample();
    block.basic.flags = 0x5A;
    block.basic.user_flag = 0x11;
    block.basic.send_time = 0x22;
    block.basic.id = 0x3344;
    block.basic.id_type = 0x55;
    memcpy(block.basic.reserved, "\x66\x77\x88\x99", 4);
    CHECK_TAKEN(DTU_DISCOVERY_BASIC);
    get_port_sample();
    block.port.flags = 0xE3;
    block.port.remote_port = 0xABCD;
    block.port.time_count = 0x12;
    block.port.server = 0x34;
    memcpy(block.port.reserved, "\x56\x78\x9A\xBC", 4);
    CHECK_TAKEN(DTU_DISCOVERY_PORT_0);
    memset(&block, 0, sizeof block);
    memcpy(block.cloud.reserved, "0123456789abcdefghijkl", 22);
    CHECK_TAKEN(DTU_DISCOVERY_CLOUD);

    read_block(DTU_DISCOVERY_BASIC);
    CHECK_EQ(block.basic.flags, 0x5A);
    CHECK_EQ(block.basic.user_flag, 0x11);
    CHECK_EQ(block.basic.send_time, 0x22);
    CHECK_EQ(block.basic.id, 0x3344);
    CHECK_EQ(block.basic.id_type, 0x55);
    CHECK_BYTES(block.basic.reserved, 4, "\x66\x77\x88\x99", 4);
    read_block(DTU_DISCOVERY_PORT_0);
    CHECK_EQ(block.port.flags, 0xE3);
    CHECK_EQ(block.port.remote_port, 0xABCD);
    CHECK_EQ(block.port.time_count, 0x12);
    CHECK_EQ(block.port.server, 0x34);
    CHECK_BYTES(block.port.reserved, 4, "\x56\x78\x9A\xBC", 4);
    read_block(DTU_DISCOVERY_CLOUD);
    CHECK_BYTES(block.cloud.reserved, 22, "0123456789abcdefghijkl", 22);
}

/* A bit that is a setting follows the setting, not what was kept. */
static void flags_that_are_settings_are_not_kept(void)
{
    begin();
    get_basic_sample();
    block.basic.flags = 0xFF;
    CHECK_TAKEN(DTU_DISCOVERY_BASIC);
    get_port_sample();
    block.port.flags = 0xFF;
    CHECK_TAKEN(DTU_DISCOVERY_PORT_0);
    set("WANN", "DHCP");
    set("MODTCP", "OFF");
    set("RFCEN", "OFF");
    set("REGEN", "MAC");
    read_block(DTU_DISCOVERY_BASIC);
    CHECK_EQ(block.basic.flags, 0x7F);
    read_block(DTU_DISCOVERY_PORT_0);
    CHECK_EQ(block.port.flags, 0xE3);
}

static void the_port_without_effect_stays_when_the_mode_changes(void)
{
    TRY_PORT(local_port = 1000);
    block.port.remote_port = 2000;
    CHECK_TAKEN(DTU_DISCOVERY_PORT_0);
    CHECK_VALUE("SOCKA", "TCPS,192.168.0.201,1000");
    read_block(DTU_DISCOVERY_PORT_0);
    block.port.mode = DTU_DISCOVERY_TCP_CLIENT;
    CHECK_TAKEN(DTU_DISCOVERY_PORT_0);
    CHECK_VALUE("SOCKA", "TCPC,192.168.0.201,2000");
    read_block(DTU_DISCOVERY_PORT_0);
    CHECK_EQ(block.port.local_port, 1000);
    CHECK_EQ(block.port.remote_port, 2000);
    set("SOCKA", "UDPS,10.0.0.1,3000"); /* a command changes the mode */
    read_block(DTU_DISCOVERY_PORT_0);
    CHECK_EQ(block.port.local_port, 3000);
    CHECK_EQ(block.port.remote_port, 2000);
    set("SOCKA", "UDPC,10.0.0.1,4000");
    read_block(DTU_DISCOVERY_PORT_0);
    CHECK_EQ(block.port.local_port, 1000);
    CHECK_EQ(block.port.remote_port, 4000);
}

/* --- The cloud block ------------------------------------------------------------------------ */

static void the_cloud_block_sets_id_and_password(void)
{
    begin();
    memset(&block, 0, sizeof block);
    memcpy(block.cloud.id, "01234567890123456789", 20);
    memcpy(block.cloud.password, "pass,wor", 8);
    CHECK_TAKEN(DTU_DISCOVERY_CLOUD);
    CHECK_VALUE("REGCLOUD", "01234567890123456789,pass,wor");
    read_block(DTU_DISCOVERY_CLOUD);
    CHECK_BYTES(block.cloud.id, 20, "01234567890123456789", 20);
    CHECK_BYTES(block.cloud.password, 8, "pass,wor", 8);
}

static void an_empty_cloud_block_empties_both_as_from_the_factory(void)
{
    begin();
    set("REGCLOUD", "01234567890123456789,12345678");
    memset(&block, 0, sizeof block);
    block.cloud.reserved[21] = 9;
    CHECK_TAKEN(DTU_DISCOVERY_CLOUD);
    CHECK_VALUE("REGCLOUD", ",");
    read_block(DTU_DISCOVERY_CLOUD);
    CHECK_EQ(block.cloud.reserved[21], 9);
}

static void half_a_cloud_block_is_refused(void)
{
    begin();
    set("REGCLOUD", "01234567890123456789,12345678");
    memset(&block, 0, sizeof block);
    memcpy(block.cloud.id, "98765432109876543210", 20);
    CHECK_REFUSED(DTU_DISCOVERY_CLOUD, DTU_ERR_RANGE, "REGCLOUD");
    memcpy(block.cloud.password, "1234567", 7);
    CHECK_REFUSED(DTU_DISCOVERY_CLOUD, DTU_ERR_RANGE, "REGCLOUD");
    memset(block.cloud.id, 0, 20);
    memcpy(block.cloud.password, "12345678", 8);
    CHECK_REFUSED(DTU_DISCOVERY_CLOUD, DTU_ERR_RANGE, "REGCLOUD");
    memcpy(block.cloud.id, "9876543210987654321", 19);
    CHECK_REFUSED(DTU_DISCOVERY_CLOUD, DTU_ERR_RANGE, "REGCLOUD");
}

/* --- Other blocks and products -------------------------------------------------------------- */

static void blocks_that_there_are_not_read_as_zeroes_and_are_not_found(void)
{
    static const uint8_t zeroes[sizeof block];
    static const uint8_t others[] = {0, DTU_DISCOVERY_READ, 0x07, 0x08, DTU_DISCOVERY_FACTORY, 255};
    begin();
    for (size_t i = 0; i < COUNT(others); i++) {
        read_block(others[i]);
        CHECK_BYTES(&block, sizeof block, zeroes, sizeof zeroes);
        memcpy(before, pending, sizeof before);
        get_port_sample();
        CHECK_EQ(write_block(others[i]), DTU_ERR_NOT_FOUND);
        CHECK(refused == NULL);
        CHECK(memcmp(before, pending, sizeof before) == 0);
    }
}

static void other_products_have_no_blocks(void)
{
    static uint8_t values[2][DTU_LTE_7S4_VALUES_SIZE]; /* the largest */
    static const uint8_t zeroes[sizeof block];
    static const uint8_t kinds[] = {DTU_DISCOVERY_BASIC, DTU_DISCOVERY_PORT_0, DTU_DISCOVERY_CLOUD};
    const struct dtu_profile *p;
    struct dtu_params other;

    for (size_t i = 0; (p = dtu_profile_at(i)) != NULL; i++) {
        if (p == &dtu_profile_k7)
            continue;
        CHECK_EQ(dtu_params_init(&other, p->table, values[0], values[1]), DTU_OK);
        for (size_t k = 0; k < COUNT(kinds); k++) {
            memset(&block, 0xEE, sizeof block);
            dtu_blocks_read(&other, kinds[k], mac, &block);
            CHECK_BYTES(&block, sizeof block, zeroes, sizeof zeroes);
            CHECK_EQ(dtu_blocks_write(&other, kinds[k], mac, &block, &refused), DTU_ERR_NOT_FOUND);
            CHECK(refused == NULL);
        }
    }
}

/* --- Pending, running, stored --------------------------------------------------------------- */

static void blocks_are_read_from_and_written_to_the_pending_set(void)
{
    static uint8_t ran[DTU_K7_VALUES_SIZE];
    begin();
    memcpy(ran, running, sizeof ran);
    get_port_sample();
    block.port.baud = 9600;
    CHECK_TAKEN(DTU_DISCOVERY_PORT_0);
    CHECK_BYTES(running, sizeof running, ran, sizeof ran);
    read_block(DTU_DISCOVERY_PORT_0);
    CHECK_EQ(block.port.baud, 9600);
}

/* As the store writes and loads them. */
static void check_rows_can_be_set_again(void)
{
    const struct dtu_param_table *table = params.table;
    for (const struct dtu_param *r = table->rows; r < table->rows + table->count; r++) {
        if (r->kind != DTU_PARAM_SETTING && r->kind != DTU_PARAM_SECRET)
            continue;
        size_t len = write_pending(r);
        enum dtu_status status = dtu_params_set(&params, r, (const uint8_t *)text, len);
        CHECK(memchr(text, '\n', len) == NULL);
        CHECK(status == DTU_OK || (r->id == DTU_ID_REGCLOUD && len == 1)); /* empty */
    }
}

/* A byte that is likely to be one of the legal ones, or next to them. */
static uint8_t some_byte(struct test_rand *rand)
{
    static const uint8_t odd[] = {0, 1, 2, 3, ',', '\r', '\n', '<', '?', 'a', 0x80, 0xFF};
    return test_rand_below(rand, 2) == 0 ? odd[test_rand_below(rand, COUNT(odd))]
                                         : (uint8_t)test_rand_u32(rand);
}

static void mutate(struct test_rand *rand, void *bytes, size_t len)
{
    uint8_t *at = bytes;
    for (uint32_t n = test_rand_below(rand, 4); n > 0; n--)
        at[test_rand_below(rand, (uint32_t)len)] = some_byte(rand);
}

/* The two blocks of the manual with a few bytes changed: refused, nothing is another; taken, what
 * is read can be written again, is the same then, and survives the store. */
static void any_block_is_taken_as_a_whole_or_not_at_all(void)
{
    struct test_rand rand;
    unsigned taken = 0;
    unsigned refusals = 0;

    test_rand_seed(&rand, 43);
    begin();
    for (int i = 0; i < CHECK_ROUNDS(3000); i++) {
        uint8_t bytes[BLOCK_MAX];
        uint8_t out[BLOCK_MAX];
        uint8_t again[BLOCK_MAX];
        bool basic = test_rand_below(&rand, 2) == 0;
        uint8_t which = basic ? DTU_DISCOVERY_BASIC : DTU_DISCOVERY_PORT_0;
        size_t len = basic ? sizeof sample_basic : sizeof sample_port;

        memcpy(bytes, basic ? sample_basic : sample_port, len);
        mutate(&rand, bytes, len);
        if (basic)
            dtu_discovery_get_basic(&block.basic, bytes);
        else
            dtu_discovery_get_port(&block.port, bytes);
        memcpy(before, pending, sizeof before);
        if (write_block(which) != DTU_OK) {
            CHECK(refused != NULL);
            CHECK(memcmp(before, pending, sizeof before) == 0);
            refusals++;
            continue;
        }
        taken++;
        CHECK(refused == NULL);
        (void)encode(which, out);
        CHECK_TAKEN(which);
        (void)encode(which, again);
        CHECK_BYTES(again, len, out, len);
        check_rows_can_be_set_again();
        (void)encode(which, again);
        CHECK_BYTES(again, len, out, len);
    }
    CHECK(taken > CHECK_ROUNDS(500) && refusals > CHECK_ROUNDS(500));
}

static const struct check_test tests[] = {
    CHECK_TEST(a_new_k7_reads_as_its_factory_settings),
    CHECK_TEST(what_was_just_read_can_be_written_and_changes_nothing_that_commands_see),
    CHECK_TEST(the_basic_sample_leads_to_these_settings),
    CHECK_TEST(the_port_sample_leads_to_these_settings),
    CHECK_TEST(the_samples_are_read_back_but_for_what_the_header_says),
    CHECK_TEST(each_field_of_the_basic_block_reaches_its_command),
    CHECK_TEST(each_field_of_the_port_block_reaches_its_command),
    CHECK_TEST(each_mode_of_a_client_is_a_kind_of_socket),
    CHECK_TEST(a_value_out_of_the_range_of_the_basic_block_changes_nothing),
    CHECK_TEST(a_value_out_of_the_range_of_the_port_block_changes_nothing),
    CHECK_TEST(a_client_needs_a_remote_address),
    CHECK_TEST(a_server_without_a_remote_address_keeps_the_one_that_is_there),
    CHECK_TEST(the_last_row_that_refuses_undoes_what_those_before_it_took),
    CHECK_TEST(of_several_faults_the_first_row_is_told),
    CHECK_TEST(of_several_faults_in_a_row_the_first_field_is_told),
    CHECK_TEST(texts_end_at_their_first_zero),
    CHECK_TEST(a_name_has_15_characters_though_the_block_has_room_for_16),
    CHECK_TEST(a_remote_address_may_fill_its_room),
    CHECK_TEST(a_comma_in_a_password_or_name_is_one),
    CHECK_TEST(a_comma_in_front_of_another_parameter_is_refused),
    CHECK_TEST(a_line_end_in_a_text_is_refused_unless_k7_can_write_it),
    CHECK_TEST(a_flow_control_of_none_leaves_fcr_alone),
    CHECK_TEST(a_flow_control_of_none_ends_fch),
    CHECK_TEST(fcr_becomes_fch_when_the_block_says_so),
    CHECK_TEST(a_reconnect_time_of_0_leaves_it_as_it_was),
    CHECK_TEST(the_flag_of_the_cloud_leaves_other_registration_packets_alone),
    CHECK_TEST(a_hardware_address_is_set_unless_it_is_the_modules_or_none),
    CHECK_TEST(what_no_command_reaches_is_read_back_as_it_was_written),
    CHECK_TEST(flags_that_are_settings_are_not_kept),
    CHECK_TEST(the_port_without_effect_stays_when_the_mode_changes),
    CHECK_TEST(the_cloud_block_sets_id_and_password),
    CHECK_TEST(an_empty_cloud_block_empties_both_as_from_the_factory),
    CHECK_TEST(half_a_cloud_block_is_refused),
    CHECK_TEST(blocks_that_there_are_not_read_as_zeroes_and_are_not_found),
    CHECK_TEST(other_products_have_no_blocks),
    CHECK_TEST(blocks_are_read_from_and_written_to_the_pending_set),
    CHECK_TEST(any_block_is_taken_as_a_whole_or_not_at_all),
};
CHECK_MAIN(tests)
