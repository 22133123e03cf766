/* SPDX-License-Identifier: MIT */
/* What the parameters of the four products mean. Each is set as a user would set it; the expected
 * values are those of the manuals (001 sections 3.1.7.25 to 3.1.7.45, 002 section 4.2.1, 003
 * sections 4.3.3 and 5.3.5, 004 section 4) and of this engine's page where they are silent.
 *
 * What is read is read over bytes that mean nothing, so that a setting that is left out shows. */
#include "dtu/settings.h"

#include "check.h"

#define P7S3 (&dtu_profile_gprs232_7s3)
#define K7 (&dtu_profile_k7)
#define P7S4 (&dtu_profile_lte_7s4)
#define CAT1 (&dtu_profile_cat1)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct dtu_profile *product;
static struct dtu_params params;
static uint8_t running[DTU_LTE_7S4_VALUES_SIZE]; /* the largest */
static uint8_t pending[DTU_LTE_7S4_VALUES_SIZE];
static struct dtu_settings settings;
static struct dtu_socket_settings sock;

static void begin(const struct dtu_profile *profile)
{
    product = profile;
    memset(&settings, 0xA5, sizeof settings);
    CHECK_EQ(dtu_params_init(&params, profile->table, running, pending), DTU_OK);
    dtu_settings_read(&settings, product, &params);
}

static void set_pending(const char *name, const char *value)
{
    const struct dtu_param *row =
        dtu_params_find(product->table, (const uint8_t *)name, strlen(name));
    CHECK(row != NULL);
    if (row != NULL)
        CHECK_EQ(dtu_params_set(&params, row, (const uint8_t *)value, strlen(value)), DTU_OK);
}

static void set(const char *name, const char *value)
{
    set_pending(name, value);
    dtu_params_apply(&params);
    memset(&settings, 0xA5, sizeof settings);
    dtu_settings_read(&settings, product, &params);
}

static void read_socket(unsigned number)
{
    memset(&sock, 0xA5, sizeof sock);
    dtu_settings_read_socket(&sock, product, &params, number);
}

/* --- UART ----------------------------------------------------------------------------------- */

static void check_uart(uint32_t baud, unsigned data_bits, unsigned stop_bits,
                       enum dtu_parity parity, enum dtu_flow flow, int line)
{
    check_eq(settings.uart.baud, baud, line, "baud");
    check_eq(settings.uart.data_bits, data_bits, line, "data_bits");
    check_eq(settings.uart.stop_bits, stop_bits, line, "stop_bits");
    check_eq(settings.uart.parity, parity, line, "parity");
    check_eq(settings.uart.flow, flow, line, "flow");
}

#define CHECK_UART(baud, data_bits, stop_bits, parity, flow)                                       \
    check_uart(baud, data_bits, stop_bits, DTU_PARITY_##parity, DTU_FLOW_##flow, __LINE__)

static void each_uart_starts_with_115200_8_1_and_nothing_else(void)
{
    for (size_t i = 0; dtu_profile_at(i) != NULL; i++) {
        begin(dtu_profile_at(i));
        CHECK_UART(115200, 8, 1, NONE, NONE);
    }
}

/* Manual 002 section 4.2.1.22. */
static void the_parity_of_7s3_stands_before_the_data_bits(void)
{
    begin(P7S3);
    set("UART", "9600,\"ODD\",7,2,\"CRTS\"");
    CHECK_UART(9600, 7, 2, ODD, RTS_CTS);
    set("UART", "921600,EVEN,8,1,RS485");
    CHECK_UART(921600, 8, 1, EVEN, RS485);
    set("UART", "2400,NONE,7,1,NONE");
    CHECK_UART(2400, 7, 1, NONE, NONE);
}

/* Manual 003 section 5.3.5 number 13. */
static void uart_of_k7(void)
{
    begin(K7);
    set("UART", "600,5,2,MARK,FCH");
    CHECK_UART(600, 5, 2, MARK, RTS_CTS);
    set("UART", "1000000,6,1,SPACE,FCR");
    CHECK_UART(1000000, 6, 1, SPACE, XON_XOFF);
    set("UART", "57600,7,1,EVEN,NFC");
    CHECK_UART(57600, 7, 1, EVEN, NONE);
    set("UART", "57600,8,1,ODD,NFC");
    CHECK_UART(57600, 8, 1, ODD, NONE);
}

/* Manual 001 section 3.1.7.25. */
static void uart_of_7s4(void)
{
    begin(P7S4);
    set("UART", "460800,7,2,ODD,NFC");
    CHECK_UART(460800, 7, 2, ODD, NONE);
    set("UART", "300,8,1,EVEN,NFC");
    CHECK_UART(300, 8, 1, EVEN, NONE);
}

/* Manual 004 section 4.29. */
static void uart_of_cat1(void)
{
    begin(CAT1);
    set("UART", "921600,8,2,EVEN,NONE");
    CHECK_UART(921600, 8, 2, EVEN, NONE);
    set("UART", "1200,8,1,ODD,NONE");
    CHECK_UART(1200, 8, 1, ODD, NONE);
}

/* --- A UART that differs for the moment ----------------------------------------------------- */

static char out_text[80];

static size_t write_uart(const struct dtu_uart *uart)
{
    struct dtu_text_buffer buffer = {out_text, sizeof out_text, 0, false};
    const struct dtu_text out = {dtu_text_to_buffer, &buffer};
    dtu_settings_write_uart(&params, uart, &out);
    CHECK(!buffer.overflow);
    return buffer.len;
}

#define CHECK_WRITTEN(uart, expected)                                                              \
    do {                                                                                           \
        size_t len_ = write_uart(uart);                                                            \
        CHECK_BYTES(out_text, len_, expected, strlen(expected));                                   \
    } while (0)

static const struct dtu_uart moment = {1200, 7, 2, DTU_PARITY_EVEN, DTU_FLOW_RS485};

static void a_uart_is_written_in_the_order_of_its_product(void)
{
    begin(P7S3);
    CHECK_WRITTEN(&moment, "1200,\"EVEN\",7,2,\"NONE\"");
    begin(K7);
    CHECK_WRITTEN(&moment, "1200,7,2,EVEN,NFC");
    begin(P7S4);
    CHECK_WRITTEN(&moment, "1200,7,2,EVEN,NFC");
    begin(CAT1);
    CHECK_WRITTEN(&moment, "1200,7,2,EVEN,NONE");
}

static void a_parity_that_cannot_be_is_written_as_none(void)
{
    static const struct dtu_uart odd = {1200, 7, 2, DTU_PARITY_SPACE + 1, DTU_FLOW_NONE};
    begin(K7);
    CHECK_WRITTEN(&odd, "1200,7,2,NONE,NFC");
}

static void the_flow_control_that_is_written_is_the_running_one(void)
{
    begin(P7S3);
    set("UART", "9600,NONE,8,1,CRTS");
    set_pending("UART", "9600,NONE,8,1,RS485");
    CHECK_WRITTEN(&moment, "1200,\"EVEN\",7,2,\"CRTS\"");
    begin(K7);
    set("UART", "9600,8,1,NONE,FCR");
    CHECK_WRITTEN(&moment, "1200,7,2,EVEN,FCR");
}

static void each_parity_is_written_as_its_word(void)
{
    static const struct {
        enum dtu_parity parity;
        const char *k7;
        const char *p7s3;
    } cases[] = {{DTU_PARITY_NONE, "300,5,1,NONE,NFC", "300,\"NONE\",5,1,\"NONE\""},
                 {DTU_PARITY_ODD, "300,5,1,ODD,NFC", "300,\"ODD\",5,1,\"NONE\""},
                 {DTU_PARITY_EVEN, "300,5,1,EVEN,NFC", "300,\"EVEN\",5,1,\"NONE\""},
                 {DTU_PARITY_MARK, "300,5,1,MARK,NFC", "300,\"MARK\",5,1,\"NONE\""},
                 {DTU_PARITY_SPACE, "300,5,1,SPACE,NFC", "300,\"SPACE\",5,1,\"NONE\""}};
    struct dtu_uart uart = {300, 5, 1, DTU_PARITY_NONE, DTU_FLOW_NONE};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uart.parity = (uint8_t)cases[i].parity;
        begin(K7);
        CHECK_WRITTEN(&uart, cases[i].k7);
        begin(P7S3);
        CHECK_WRITTEN(&uart, cases[i].p7s3);
    }
}

/* What runs is written as a query of the parameters answers it. */
static void the_uart_as_it_was_set_is_written_as_it_was_set(void)
{
    static const struct {
        const struct dtu_profile *product;
        const char *value;
    } cases[] = {{P7S3, "9600,\"ODD\",7,2,\"CRTS\""}, {P7S3, "2400,\"EVEN\",8,1,\"RS485\""},
                 {K7, "1000000,5,2,SPACE,FCH"},       {K7, "600,6,1,MARK,FCR"},
                 {P7S4, "460800,7,2,ODD,NFC"},        {CAT1, "921600,8,2,EVEN,NONE"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin(cases[i].product);
        set("UART", cases[i].value);
        CHECK_WRITTEN(&settings.uart, cases[i].value);
    }
}

static void a_uart_for_the_moment_is_taken_over_but_for_its_flow_control(void)
{
    for (size_t i = 0; dtu_profile_at(i) != NULL; i++) {
        begin(dtu_profile_at(i));
        dtu_settings_follow_uart(&settings, &moment);
        CHECK_UART(1200, 7, 2, EVEN, NONE);
    }
    begin(K7);
    set("UART", "9600,8,1,NONE,FCH");
    dtu_settings_follow_uart(&settings, &moment);
    CHECK_UART(1200, 7, 2, EVEN, RTS_CTS);
    begin(P7S3);
    set("UART", "9600,NONE,8,1,RS485");
    struct dtu_uart other = moment;
    other.flow = DTU_FLOW_NONE;
    dtu_settings_follow_uart(&settings, &other);
    CHECK_UART(1200, 7, 2, EVEN, RS485);
}

static void only_a_packing_time_of_4_bytes_follows_the_rate(void)
{
    begin(K7);
    uint32_t guard_ms = settings.guard_ms;
    dtu_settings_follow_uart(&settings, &moment);
    CHECK_EQ(settings.gap_us, 33333); /* 40 bits at 1200 */
    CHECK_EQ(settings.guard_ms, guard_ms);
    CHECK_EQ(settings.plus_ms, 300);
    set("UARTTL", "10,0");
    dtu_settings_follow_uart(&settings, &moment);
    CHECK_EQ(settings.gap_us, 10000);
    set("UARTTL", "0,512"); /* no packing time at all */
    dtu_settings_follow_uart(&settings, &moment);
    CHECK_EQ(settings.gap_us, 0);
    begin(P7S3);
    dtu_settings_follow_uart(&settings, &moment);
    CHECK_EQ(settings.gap_us, 50000);
}

static void only_k7_packs_by_4_bytes_and_only_with_both_0(void)
{
    for (size_t i = 0; dtu_profile_at(i) != NULL; i++) {
        begin(dtu_profile_at(i));
        CHECK_EQ(settings.packs_four_bytes, product == K7);
    }
    begin(K7);
    set("UARTTL", "1,0");
    CHECK(!settings.packs_four_bytes);
    set("UARTTL", "0,1");
    CHECK(!settings.packs_four_bytes);
    set("UARTTL", "0,0");
    CHECK(settings.packs_four_bytes);
}

/* 002 section 4.2.1.22, 003 section 5.3.5 number 13, 001 section 3.1.7.25, 004 section 4.29. */
static void the_highest_rate_is_that_of_the_manual(void)
{
    static const struct {
        const struct dtu_profile *product;
        uint32_t baud;
    } cases[] = {{P7S3, 921600}, {K7, 1000000}, {P7S4, 460800}, {CAT1, 921600}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin(cases[i].product);
        CHECK_EQ(settings.max_baud, cases[i].baud);
    }
}

/* --- Packing -------------------------------------------------------------------------------- */

static void packing_of_7s3_is_no_parameter(void)
{
    begin(P7S3);
    CHECK_EQ(settings.gap_us, 50000);
    CHECK_EQ(settings.packet_len, 1024);
}

static void packing_of_7s4_and_cat1_is_uartft_and_uartfl(void)
{
    begin(P7S4);
    CHECK_EQ(settings.gap_us, 50000);
    CHECK_EQ(settings.packet_len, 1024);
    set("UARTFT", "60000");
    set("UARTFL", "2048");
    CHECK_EQ(settings.gap_us, UINT32_C(60000000));
    CHECK_EQ(settings.packet_len, 2048);
    begin(CAT1);
    CHECK_EQ(settings.gap_us, 50000);
    CHECK_EQ(settings.packet_len, 1024);
    set("UARTFT", "10");
    set("UARTFL", "5");
    CHECK_EQ(settings.gap_us, 10000);
    CHECK_EQ(settings.packet_len, 5);
}

static void packing_of_k7_is_4_byte_times_if_both_are_0(void)
{
    begin(K7);
    CHECK_EQ(settings.gap_us, 347); /* 40 bits at 115200 */
    CHECK_EQ(settings.packet_len, 1460);
    set("UART", "9600,8,1,NONE,NFC");
    CHECK_EQ(settings.gap_us, 4166);
    set("UART", "600,8,1,NONE,NFC");
    CHECK_EQ(settings.gap_us, 66666);
    set("UART", "460800,8,1,NONE,NFC"); /* 87 us, but 0.1 ms is the least */
    CHECK_EQ(settings.gap_us, 100);
    set("UART", "1000000,8,1,NONE,NFC");
    CHECK_EQ(settings.gap_us, 100);
}

static void packing_of_k7_by_time_only(void)
{
    begin(K7);
    set("UARTTL", "10,0");
    CHECK_EQ(settings.gap_us, 10000);
    CHECK_EQ(settings.packet_len, 1460); /* what a packet can hold */
    set("UARTTL", "255,0");
    CHECK_EQ(settings.gap_us, 255000);
}

static void packing_of_k7_by_length_only(void)
{
    begin(K7);
    set("UARTTL", "0,512");
    CHECK_EQ(settings.gap_us, 0); /* no pause ends a packet */
    CHECK_EQ(settings.packet_len, 512);
}

static void packing_of_k7_by_both(void)
{
    begin(K7);
    set("UARTTL", "10,512");
    CHECK_EQ(settings.gap_us, 10000);
    CHECK_EQ(settings.packet_len, 512);
}

/* --- Handshake ------------------------------------------------------------------------------ */

static void handshake_of_7s3_has_times_of_its_own(void)
{
    begin(P7S3);
    CHECK_EQ(settings.guard_ms, 200);
    CHECK_EQ(settings.plus_ms, 50);
}

static void handshake_of_7s4_and_cat1_has_the_packing_time(void)
{
    begin(P7S4);
    CHECK_EQ(settings.guard_ms, 50);
    CHECK_EQ(settings.plus_ms, 50);
    set("UARTFT", "1000");
    CHECK_EQ(settings.guard_ms, 1000);
    CHECK_EQ(settings.plus_ms, 1000);
    begin(CAT1);
    CHECK_EQ(settings.guard_ms, 50);
    CHECK_EQ(settings.plus_ms, 50);
    set("UARTFT", "10");
    CHECK_EQ(settings.guard_ms, 10);
    CHECK_EQ(settings.plus_ms, 10);
}

static void guard_time_of_k7_is_the_packing_time_and_at_least_1_ms(void)
{
    begin(K7);
    CHECK_EQ(settings.guard_ms, 1); /* 347 us */
    CHECK_EQ(settings.plus_ms, 300);
    set("UARTTL", "0,100"); /* no packing time at all */
    CHECK_EQ(settings.guard_ms, 1);
    set("UARTTL", "20,0");
    CHECK_EQ(settings.guard_ms, 20);
    CHECK_EQ(settings.plus_ms, 300);
    set("UARTTL", "0,0");
    set("UART", "9600,8,1,NONE,NFC"); /* 4.166 ms: rounded up */
    CHECK_EQ(settings.guard_ms, 5);
}

/* --- Work mode, commands in the stream, login ----------------------------------------------- */

static void check_mode(const struct dtu_profile *profile, const char *mode, bool transparent,
                       bool command, int line)
{
    begin(profile);
    set("WKMOD", mode);
    check_eq(settings.transparent, transparent, line, mode);
    check_eq(settings.starts_in_command_mode, command, line, mode);
}

#define CHECK_MODE(profile, mode, transparent, command)                                            \
    check_mode(profile, mode, transparent, command, __LINE__)

static void work_modes_of_each_product(void)
{
    CHECK_MODE(P7S3, "\"NET\"", true, false);
    CHECK_MODE(P7S3, "CMD", true, true);
    CHECK_MODE(P7S3, "SMS", false, false);
    CHECK_MODE(P7S3, "HTTPD", false, false);
    CHECK_MODE(P7S4, "NET", true, false);
    CHECK_MODE(P7S4, "HTTPD", false, false);
    CHECK_MODE(P7S4, "UDC", false, false);
    CHECK_MODE(P7S4, "MQTT", false, false);
    CHECK_MODE(CAT1, "NET", true, false);
    CHECK_MODE(CAT1, "CMD", true, true);
    CHECK_MODE(CAT1, "HTTPD", false, false);
    CHECK_MODE(CAT1, "SMS", false, false);
}

static void k7_has_no_work_mode_and_is_transparent(void)
{
    begin(K7);
    CHECK(settings.transparent);
    CHECK(!settings.starts_in_command_mode);
}

static void each_product_starts_transparent(void)
{
    for (size_t i = 0; dtu_profile_at(i) != NULL; i++) {
        begin(dtu_profile_at(i));
        CHECK(settings.transparent && !settings.starts_in_command_mode);
    }
}

static void commands_in_the_stream_are_heard_unless_switched_off(void)
{
    for (size_t i = 0; dtu_profile_at(i) != NULL; i++) {
        begin(dtu_profile_at(i));
        CHECK(settings.uart_commands && settings.network_commands);
    }
    begin(CAT1);
    set("UATEN", "OFF");
    CHECK(!settings.uart_commands && settings.network_commands);
    set("NATEN", "OFF");
    CHECK(!settings.uart_commands && !settings.network_commands);
    begin(P7S3);
    set("NATEN", "\"off\"");
    CHECK(settings.uart_commands && !settings.network_commands);
}

static void the_command_password_is_a_parameter_but_for_k7(void)
{
    begin(P7S3);
    CHECK_BYTES(settings.password, settings.password_len, "usr.cn", 6);
    begin(P7S4);
    CHECK_BYTES(settings.password, settings.password_len, "usr.cn", 6);
    begin(CAT1);
    CHECK_BYTES(settings.password, settings.password_len, "usr.cn#", 7);
    set("CMDPW", "secret");
    CHECK_BYTES(settings.password, settings.password_len, "secret", 6);
    begin(K7);
    CHECK(settings.password == NULL);
    CHECK_EQ(settings.password_len, 0);
}

static void only_cat1_may_need_a_login(void)
{
    for (size_t i = 0; dtu_profile_at(i) != NULL; i++) {
        begin(dtu_profile_at(i));
        CHECK(!settings.login_needed);
    }
    begin(CAT1);
    set("SAFEATEN", "ON");
    CHECK(settings.login_needed);
}

static void only_7s4_and_cat1_distribute_and_only_if_transparent(void)
{
    for (size_t i = 0; dtu_profile_at(i) != NULL; i++) {
        begin(dtu_profile_at(i));
        CHECK(!settings.distributes);
    }
    begin(P7S4);
    set("SDPEN", "ON");
    CHECK(settings.distributes);
    set("WKMOD", "MQTT");
    CHECK(!settings.distributes);
    set("WKMOD", "NET");
    CHECK(settings.distributes);
    begin(CAT1);
    set("SDPEN", "ON");
    CHECK(settings.distributes);
    set("WKMOD", "CMD"); /* once it is left */
    CHECK(settings.distributes);
    set("WKMOD", "HTTPD");
    CHECK(!settings.distributes);
    set("WKMOD", "NET");
    set("SDPEN", "OFF");
    CHECK(!settings.distributes);
}

static void only_7s3_and_k7_follow_the_network(void)
{
    for (size_t i = 0; dtu_profile_at(i) != NULL; i++) {
        begin(dtu_profile_at(i));
        CHECK(!settings.follows_baud);
    }
    begin(P7S3);
    set("RFCEN", "\"on\"");
    CHECK(settings.follows_baud);
    set("RFCEN", "off");
    CHECK(!settings.follows_baud);
    begin(K7);
    set("RFCEN", "ON");
    CHECK(settings.follows_baud);
    set("RECEN", "OFF"); /* as the manual's example spells it */
    CHECK(!settings.follows_baud);
}

/* --- Registration --------------------------------------------------------------------------- */

#define PACKET_USER "www.usr.cn" /* the default of all four */

/* 002 sections 4.2.1.34 to 4.2.1.38, 003 section 5.3.5 numbers 18 to 20, 001 sections 3.1.7.46 to
 * 3.1.7.49, 004 sections 4.61 to 4.64; at.md for what they leave open. */
static void no_product_registers_until_it_is_told_to(void)
{
    for (size_t i = 0; dtu_profile_at(i) != NULL; i++) {
        begin(dtu_profile_at(i));
        CHECK_EQ(settings.registration.ways, 0);
        if (product == K7) {
            CHECK_EQ(settings.registration.packet.kind, DTU_IDENTITY_NONE);
            continue;
        }
        set("REGEN", "ON");
        CHECK_EQ(settings.registration.ways, DTU_IDENTITY_ON_LINK);
        CHECK_EQ(settings.registration.packet.kind, DTU_IDENTITY_USER);
        CHECK_BYTES(settings.registration.packet.data, settings.registration.packet.len,
                    PACKET_USER, 10);
        set("REGSND", product == P7S3 ? "\"data\"" : "DATA");
        set("REGEN", "OFF");
        CHECK_EQ(settings.registration.ways, 0);
    }
}

static void each_word_of_each_product_is_a_kind_of_registration_packet(void)
{
    static const struct {
        const struct dtu_profile *product;
        const char *name;
        const char *word;
        enum dtu_identity_kind kind;
    } cases[] = {
        {P7S3, "REGTP", "\"ICCID\"", DTU_IDENTITY_ICCID},
        {P7S3, "REGTP", "IMEI", DTU_IDENTITY_IMEI},
        {P7S3, "REGTP", "REGID", DTU_IDENTITY_REGID},
        {P7S3, "REGTP", "REGDT", DTU_IDENTITY_USER},
        {K7, "REGEN", "USR", DTU_IDENTITY_USER},
        {K7, "REGEN", "MAC", DTU_IDENTITY_MAC},
        {K7, "REGEN", "CLOUD", DTU_IDENTITY_CLOUD},
        {K7, "REGEN", "OFF", DTU_IDENTITY_NONE},
        {P7S4, "REGTP", "USER", DTU_IDENTITY_USER},
        {P7S4, "REGTP", "IMEI", DTU_IDENTITY_IMEI},
        {P7S4, "REGTP", "ICCID", DTU_IDENTITY_ICCID},
        {P7S4, "REGTP", "CLOUD", DTU_IDENTITY_CLOUD},
        {CAT1, "REGTP", "ICCID", DTU_IDENTITY_ICCID},
        {CAT1, "REGTP", "IMEI", DTU_IDENTITY_IMEI},
        {CAT1, "REGTP", "SN", DTU_IDENTITY_SN},
        {CAT1, "REGTP", "USER", DTU_IDENTITY_USER},
        {CAT1, "REGTP", "CLOUD", DTU_IDENTITY_CLOUD},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        begin(cases[i].product);
        if (product != K7)
            set("REGEN", "ON");
        set(cases[i].name, cases[i].word);
        CHECK_EQ(settings.registration.packet.kind, cases[i].kind);
        CHECK_EQ(settings.registration.ways,
                 cases[i].kind == DTU_IDENTITY_NONE ? 0 : DTU_IDENTITY_ON_LINK);
    }
}

/* A word that somebody adds to a table has to be given a meaning too. */
static void each_word_that_a_product_takes_has_a_meaning(void)
{
    static const char *const names[] = {"REGTP", "REGEN", "HEARTSORT"};
    for (size_t i = 0; dtu_profile_at(i) != NULL; i++) {
        for (size_t n = 0; n < COUNT(names); n++) {
            begin(dtu_profile_at(i));
            const struct dtu_param *row =
                dtu_params_find(product->table, (const uint8_t *)names[n], strlen(names[n]));
            bool is_switch = n == 1 && product != K7;
            if (row == NULL || is_switch)
                continue;
            for (const char *word = row->fields[0].text; *word != '\0';) {
                char one[16] = "";
                size_t len = strcspn(word, ",");
                memcpy(one, word, len < sizeof one ? len : 0);
                set(names[n], one);
                bool none = n == 2 ? settings.heartbeat_packet.kind == DTU_IDENTITY_NONE
                                   : settings.registration.packet.kind == DTU_IDENTITY_NONE;
                CHECK_EQ(none, strcmp(one, "OFF") == 0);
                word += word[len] == ',' ? len + 1 : len;
            }
        }
    }
}

static void each_word_of_each_product_is_a_way_to_send_it(void)
{
    static const struct {
        const struct dtu_profile *product;
        const char *name;
        const char *word;
        int ways;
    } cases[] = {
        {P7S3, "REGSND", "link", DTU_IDENTITY_ON_LINK},
        {P7S3, "REGSND", "\"data\"", DTU_IDENTITY_WITH_DATA},
        {P7S3, "REGSND", "link&data", DTU_IDENTITY_ON_LINK | DTU_IDENTITY_WITH_DATA},
        {K7, "REGTCP", "First", DTU_IDENTITY_ON_LINK},
        {K7, "REGTCP", "Every", DTU_IDENTITY_WITH_DATA},
        {K7, "REGTCP", "ALL", DTU_IDENTITY_ON_LINK | DTU_IDENTITY_WITH_DATA},
        {P7S4, "REGSND", "LINK", DTU_IDENTITY_ON_LINK},
        {P7S4, "REGSND", "DATA", DTU_IDENTITY_WITH_DATA},
        {CAT1, "REGSND", "LINK", DTU_IDENTITY_ON_LINK},
        {CAT1, "REGSND", "DATA", DTU_IDENTITY_WITH_DATA},
        {CAT1, "REGSND", "LINK&DATA", DTU_IDENTITY_ON_LINK | DTU_IDENTITY_WITH_DATA},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        begin(cases[i].product);
        set(cases[i].name, cases[i].word);
        CHECK_EQ(settings.registration.ways, 0); /* it is still off */
        set("REGEN", product == K7 ? "MAC" : "ON");
        CHECK_EQ(settings.registration.ways, cases[i].ways);
    }
}

static void the_users_packet_is_bytes_however_it_was_set(void)
{
    static const struct dtu_profile *const hex[] = {P7S3, P7S4, CAT1};
    for (size_t i = 0; i < COUNT(hex); i++) {
        begin(hex[i]);
        set("REGDT", "00fF7A");
        set("HEARTDT", "0D0A");
        CHECK_BYTES(settings.registration.packet.data, settings.registration.packet.len, "\0\xFFz",
                    3);
        CHECK_BYTES(settings.heartbeat_packet.data, settings.heartbeat_packet.len, "\r\n", 2);
    }
    begin(K7);
    set("REGEN", "USR");
    CHECK_BYTES(settings.registration.packet.data, settings.registration.packet.len, PACKET_USER,
                10);
    set("REGUSR", "id,7"); /* as text */
    CHECK_BYTES(settings.registration.packet.data, settings.registration.packet.len, "id,7", 4);
    set("REGUSER", "00fF7A,HEX");
    CHECK_BYTES(settings.registration.packet.data, settings.registration.packet.len, "\0\xFFz", 3);
    set("HEARTUSER", "0102,ASCII");
    CHECK_BYTES(settings.heartbeat_packet.data, settings.heartbeat_packet.len, "0102", 4);
    set("HEARTUSER", "0102,HEX");
    CHECK_BYTES(settings.heartbeat_packet.data, settings.heartbeat_packet.len, "\1\2", 2);
}

/* 001 section 3.1.7.50, 003 section 5.3.5 number 21, 004 section 4.65: 20 and 8 bytes. */
static void the_packet_for_the_cloud_is_its_id_and_password(void)
{
    static const struct {
        const struct dtu_profile *product;
        const char *name;
        const char *kind;
        size_t unset_len; /* of both, before somebody sets them */
    } cases[] = {
        {K7, "REGCLOUD", "REGEN", 0}, {P7S4, "CLOUD", "REGTP", 1}, {CAT1, "CLOUD", "REGTP", 0}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct dtu_identity_packet *packet = &settings.registration.packet;
        begin(cases[i].product);
        set(cases[i].kind, "CLOUD");
        CHECK_EQ(packet->len, cases[i].unset_len);
        CHECK_EQ(packet->password_len, cases[i].unset_len);
        set(cases[i].name, "00012345000000000001,abcdefgh");
        CHECK_BYTES(packet->data, packet->len, "00012345000000000001", 20);
        CHECK_BYTES(packet->password, packet->password_len, "abcdefgh", 8);
    }
}

/* 002 section 4.2.1.36. */
static void the_registration_id_is_a_number_of_7s3(void)
{
    begin(P7S3);
    CHECK_EQ(settings.registration.packet.regid, 0);
    set("REGTP", "REGID");
    set("REGID", "65535");
    CHECK_EQ(settings.registration.packet.regid, 65535);
    begin(CAT1);
    CHECK_EQ(settings.registration.packet.regid, 0);
}

static void what_a_packet_does_not_consist_of_is_not_in_it(void)
{
    begin(CAT1);
    set("CLOUD", "00012345000000000001,abcdefgh");
    set("REGTP", "IMEI");
    CHECK(settings.registration.packet.data == NULL && settings.registration.packet.len == 0);
    CHECK(settings.registration.packet.password == NULL &&
          settings.registration.packet.password_len == 0);
    set("REGTP", "USER");
    CHECK(settings.registration.packet.password == NULL);
}

/* --- Heartbeat ------------------------------------------------------------------------------ */

/* 002 sections 4.2.1.39 to 4.2.1.42, 003 section 5.3.5 numbers 26 to 29 (off, at.md), 001 sections
 * 3.1.7.52 to 3.1.7.55, 004 sections 4.66 to 4.70. */
static void heartbeats_go_to_the_network_every_30_s_at_first(void)
{
    for (size_t i = 0; dtu_profile_at(i) != NULL; i++) {
        begin(dtu_profile_at(i));
        CHECK_EQ(settings.heartbeat, product != K7);
        CHECK_EQ(settings.heartbeat_config.to, DTU_HEARTBEAT_TO_NETWORK);
        CHECK_EQ(settings.heartbeat_config.interval_ms, 30000);
        CHECK_EQ(settings.heartbeat_config.least_ms, 0);
        CHECK_EQ(settings.heartbeat_packet.kind, DTU_IDENTITY_USER);
        CHECK_BYTES(settings.heartbeat_packet.data, settings.heartbeat_packet.len, PACKET_USER, 10);
    }
}

static void heartbeats_are_switched_and_directed(void)
{
    for (size_t i = 0; dtu_profile_at(i) != NULL; i++) {
        const char *to = dtu_profile_at(i) == P7S4 ? "HEARTSND" : "HEARTTP";
        begin(dtu_profile_at(i));
        set(to, "COM");
        CHECK_EQ(settings.heartbeat_config.to, DTU_HEARTBEAT_TO_UART);
        set(to, product == P7S3 ? "\"NET\"" : "net");
        CHECK_EQ(settings.heartbeat_config.to, DTU_HEARTBEAT_TO_NETWORK);
        set("HEARTEN", "OFF");
        CHECK(!settings.heartbeat);
        set("HEARTEN", "ON");
        CHECK(settings.heartbeat);
    }
}

static void the_interval_of_heartbeats_is_of_the_whole_range(void)
{
    for (size_t i = 0; dtu_profile_at(i) != NULL; i++) {
        begin(dtu_profile_at(i));
        set("HEARTTM", "1");
        CHECK_EQ(settings.heartbeat_config.interval_ms, 1000);
        set("HEARTTM", product == P7S4 ? "6000" : "65535");
        CHECK_EQ(settings.heartbeat_config.interval_ms,
                 product == P7S4 ? UINT32_C(6000000) : UINT32_C(65535000));
    }
}

/* 004 sections 4.69 and 4.70; of the others a heartbeat is the user's, at.md. */
static void each_word_of_cat1_is_a_kind_of_heartbeat(void)
{
    static const struct {
        const char *word;
        enum dtu_identity_kind kind;
        uint32_t least_ms;
    } cases[] = {{"ICCID", DTU_IDENTITY_ICCID, 0},
                 {"IMEI", DTU_IDENTITY_IMEI, 0},
                 {"SN", DTU_IDENTITY_SN, 0},
                 {"LBS", DTU_IDENTITY_LBS, 5000},
                 {"USER", DTU_IDENTITY_USER, 0}};
    begin(CAT1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        set("HEARTSORT", cases[i].word);
        CHECK_EQ(settings.heartbeat_packet.kind, cases[i].kind);
        CHECK_EQ(settings.heartbeat_config.least_ms, cases[i].least_ms);
        CHECK_EQ(settings.heartbeat_packet.data == NULL, cases[i].kind != DTU_IDENTITY_USER);
    }
}

/* AT+HEART, 004 section 4.71: its five values are those of the other commands. */
static void cat1_sets_all_of_a_heartbeat_at_once(void)
{
    begin(CAT1);
    set("HEART", "OFF,COM,LBS,7,4142");
    CHECK(!settings.heartbeat);
    CHECK_EQ(settings.heartbeat_config.to, DTU_HEARTBEAT_TO_UART);
    CHECK_EQ(settings.heartbeat_config.interval_ms, 7000);
    CHECK_EQ(settings.heartbeat_packet.kind, DTU_IDENTITY_LBS);
    set("HEART", "ON,NET,USER,8,");
    CHECK(settings.heartbeat);
    CHECK_EQ(settings.heartbeat_config.to, DTU_HEARTBEAT_TO_NETWORK);
    CHECK_BYTES(settings.heartbeat_packet.data, settings.heartbeat_packet.len, "AB", 2);
}

static void registration_and_heartbeat_have_each_their_own_packet(void)
{
    begin(CAT1);
    set("REGDT", "41");
    set("HEARTDT", "42");
    set("REGTP", "USER");
    CHECK_BYTES(settings.registration.packet.data, settings.registration.packet.len, "A", 1);
    CHECK_BYTES(settings.heartbeat_packet.data, settings.heartbeat_packet.len, "B", 1);
}

static enum dtu_heartbeat_outcome send_nothing(void *ctx)
{
    (void)ctx;
    return DTU_HEARTBEAT_NOTHING;
}

static void the_engines_take_what_was_read(void)
{
    static const struct dtu_heartbeat_callbacks heartbeat_callbacks = {send_nothing, NULL};
    static const struct dtu_identity_callbacks identity_callbacks = {NULL, NULL};
    struct dtu_heartbeat heartbeat;
    struct dtu_identity identity;
    for (size_t i = 0; dtu_profile_at(i) != NULL; i++) {
        begin(dtu_profile_at(i));
        for (int longest = 0; longest < 2; longest++) {
            CHECK_EQ(dtu_heartbeat_init(&heartbeat, &settings.heartbeat_config,
                                        &heartbeat_callbacks, NULL),
                     DTU_OK);
            set("HEARTTM", product == P7S4 ? "6000" : "65535");
        }
        CHECK_EQ(dtu_identity_init(&identity, &settings.registration, &identity_callbacks, NULL),
                 DTU_OK); /* off: it needs nothing to send with */
        set("REGEN", product == K7 ? "USR" : "ON");
        set(product == K7 ? "REGTCP" : "REGSND", product == K7 ? "Every" : "DATA");
        CHECK_EQ(dtu_identity_room(&settings.registration, product->packet_len),
                 product->packet_len - 10);
    }
}

/* --- Marks, cache, silence ------------------------------------------------------------------- */

/* 002 section 4.2.1.33, 001 section 3.1.7.43. */
static void only_7s3_and_7s4_mark_what_sockets_send(void)
{
    for (size_t i = 0; dtu_profile_at(i) != NULL; i++) {
        begin(dtu_profile_at(i));
        CHECK(!settings.marks_sockets);
    }
    begin(P7S3);
    set("SOCKIDEN", "\"on\"");
    CHECK(settings.marks_sockets);
    begin(P7S4);
    set("SOCKIND", "ON");
    CHECK(settings.marks_sockets);
    set("SOCKIND", "OFF");
    CHECK(!settings.marks_sockets);
}

/* 002 section 4.2.1.10, 004 section 4.14. */
static void data_is_kept_unless_7s3_or_cat1_is_told_not_to(void)
{
    for (size_t i = 0; dtu_profile_at(i) != NULL; i++) {
        begin(dtu_profile_at(i));
        CHECK(settings.keeps_data);
    }
    begin(P7S3);
    set("CACHEN", "off");
    CHECK(!settings.keeps_data);
    begin(CAT1);
    set("CACHEN", "OFF");
    CHECK(!settings.keeps_data);
    set("CACHEN", "ON");
    CHECK(settings.keeps_data);
}

/* 003 section 5.3.5 number 37. */
static void only_k7_may_drop_data_on_connecting(void)
{
    for (size_t i = 0; dtu_profile_at(i) != NULL; i++) {
        begin(dtu_profile_at(i));
        CHECK(!settings.clears_data);
    }
    begin(K7);
    set("UARTCLBUF", "ON");
    CHECK(settings.clears_data);
    CHECK(settings.keeps_data);
}

/* 002 section 4.2.1.12, 003 section 5.3.5 number 36, 001 section 3.1.7.10, 004 section 4.10. */
static void the_time_of_silence_until_a_restart(void)
{
    static const struct {
        const struct dtu_profile *product;
        uint32_t initial_ms;
    } cases[] = {{P7S3, UINT32_C(1800000)},
                 {K7, UINT32_C(3600000)},
                 {P7S4, UINT32_C(1800000)},
                 {CAT1, UINT32_C(1800000)}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        begin(cases[i].product);
        CHECK_EQ(settings.restart_ms, cases[i].initial_ms);
        set("RSTIM", "0");
        CHECK_EQ(settings.restart_ms, 0);
        set("RSTIM", "60");
        CHECK_EQ(settings.restart_ms, 60000);
        set("RSTIM", "65535");
        CHECK_EQ(settings.restart_ms, UINT32_C(65535000));
    }
}

/* --- Sockets: what to open ------------------------------------------------------------------ */

static void check_target(unsigned number, enum dtu_socket_kind kind, const char *host,
                         unsigned port, bool enabled, int line)
{
    read_socket(number);
    check_eq(sock.target.kind, kind, line, "kind");
    check_bytes(sock.target.host, sock.target.host_len, host, strlen(host), line, "host");
    check_eq(sock.target.port, port, line, "port");
    check_eq(sock.enabled, enabled, line, "enabled");
}

#define CHECK_TARGET(number, kind, host, port, enabled)                                            \
    check_target(number, DTU_SOCKET_##kind, host, port, enabled, __LINE__)

static void sockets_of_7s3(void)
{
    begin(P7S3);
    CHECK_TARGET(0, TCP_CLIENT, "test.usr.cn", 2317, true);
    CHECK_TARGET(1, TCP_CLIENT, "test.usr.cn", 2317, false);
    set("SOCKA", "\"UDP\",\"10.0.0.1\",1");
    set("SOCKAEN", "off");
    set("SOCKBEN", "\"on\"");
    CHECK_TARGET(0, UDP_CLIENT, "10.0.0.1", 1, false);
    CHECK_TARGET(1, TCP_CLIENT, "test.usr.cn", 2317, true);
}

static void sockets_of_7s4(void)
{
    begin(P7S4);
    CHECK_TARGET(0, TCP_CLIENT, "test.usr.cn", 2317, true);
    CHECK_TARGET(1, TCP_CLIENT, "test.usr.cn", 2317, true);
    set("SOCKB", "UDP,cloud.example,65535");
    set("SOCKBEN", "OFF");
    CHECK_TARGET(1, UDP_CLIENT, "cloud.example", 65535, false);
}

static void sockets_of_cat1(void)
{
    begin(CAT1);
    CHECK_EQ(CAT1->sockets, 4);
    CHECK_TARGET(0, TCP_CLIENT, "test.usr.cn", 2317, true);
    CHECK_TARGET(3, TCP_CLIENT, "test.usr.cn", 2317, false);
    set("SOCKB", "UDP,b,2");
    set("SOCKC", "TCP,c,3");
    set("SOCKD", "UDP,d,4");
    set("SOCKCEN", "ON");
    set("SOCKDEN", "ON");
    CHECK_TARGET(1, UDP_CLIENT, "b", 2, false);
    CHECK_TARGET(2, TCP_CLIENT, "c", 3, true);
    CHECK_TARGET(3, UDP_CLIENT, "d", 4, true);
}

/* It has no switch: a socket whose kind is not NONE is used. */
static void sockets_of_k7(void)
{
    begin(K7);
    CHECK_TARGET(0, TCP_SERVER, "192.168.0.201", 23, true);
    CHECK_TARGET(1, NONE, "192.168.0.201", 23, false);
    set("SOCKA", "TCPC,10.0.0.1,65534");
    set("SOCKB", "UDPC,host,1");
    CHECK_TARGET(0, TCP_CLIENT, "10.0.0.1", 65534, true);
    CHECK_TARGET(1, UDP_CLIENT, "host", 1, true);
    set("SOCKA", "UDPS,10.0.0.1,1");
    CHECK_TARGET(0, UDP_SERVER, "10.0.0.1", 1, true);
    set("SOCKB", "TCPS,10.0.0.1,65534");
    CHECK_TARGET(1, TCP_SERVER, "10.0.0.1", 65534, true);
    set("SOCKA", "HTPC,10.0.0.1,80"); /* not served */
    CHECK_TARGET(0, NONE, "10.0.0.1", 80, true);
}

static void only_servers_listen(void)
{
    CHECK(dtu_settings_listens(DTU_SOCKET_TCP_SERVER));
    CHECK(dtu_settings_listens(DTU_SOCKET_UDP_SERVER));
    CHECK(!dtu_settings_listens(DTU_SOCKET_TCP_CLIENT));
    CHECK(!dtu_settings_listens(DTU_SOCKET_UDP_CLIENT));
    CHECK(!dtu_settings_listens(DTU_SOCKET_NONE));
}

/* 002 section 1.1, 001 section 2.1, 000: TCP and UDP clients. */
static void of_the_products_only_k7_has_servers(void)
{
    for (size_t i = 0; dtu_profile_at(i) != NULL; i++) {
        begin(dtu_profile_at(i));
        const struct dtu_param *row = dtu_params_find(product->table, (const uint8_t *)"SOCKA", 5);
        const char *value = "TCPS,h,1";
        enum dtu_status status =
            dtu_params_set(&params, row, (const uint8_t *)value, strlen(value));
        CHECK_EQ(status, product == K7 ? DTU_OK : DTU_ERR_RANGE);
    }
}

/* --- Sockets: attempts ---------------------------------------------------------------------- */

static void check_attempts(unsigned number, uint32_t retry_ms, uint32_t max_tries, int line)
{
    read_socket(number);
    check_eq(sock.retry_ms, retry_ms, line, "retry_ms");
    check_eq(sock.max_tries, max_tries, line, "max_tries");
}

#define CHECK_ATTEMPTS(number, retry_ms, max_tries)                                                \
    check_attempts(number, retry_ms, max_tries, __LINE__)

static void attempts_of_7s3_and_k7_are_no_parameters(void)
{
    begin(P7S3);
    CHECK_ATTEMPTS(0, 10000, 0);
    CHECK_ATTEMPTS(1, 10000, 0);
    begin(K7);
    CHECK_ATTEMPTS(0, 2000, 0);
    CHECK_ATTEMPTS(1, 2000, 0);
}

/* On 7S4 SOCKRSTIM is a number of attempts, manual 001 section 3.1.7.45. */
static void attempts_of_7s4_have_a_time_for_each_socket(void)
{
    begin(P7S4);
    CHECK_ATTEMPTS(0, 5000, 60);
    CHECK_ATTEMPTS(1, 5000, 60);
    set("SOCKATO", "1");
    set("SOCKBTO", "100");
    set("SOCKRSTIM", "600");
    CHECK_ATTEMPTS(0, 1000, 600);
    CHECK_ATTEMPTS(1, 100000, 600);
}

static void attempts_of_cat1_have_one_time_for_all_sockets(void)
{
    begin(CAT1);
    CHECK_ATTEMPTS(0, 10000, 60);
    set("SOCKRSTIM", "65535");
    set("SOCKRSNUM", "1");
    for (unsigned i = 0; i < 4; i++)
        CHECK_ATTEMPTS(i, UINT32_C(65535000), 1);
}

/* --- Sockets: short-lived connections ------------------------------------------------------- */

static void check_quiet(unsigned number, uint32_t quiet_ms, int line)
{
    read_socket(number);
    check_eq(sock.quiet_ms, quiet_ms, line, "quiet_ms");
}

#define CHECK_QUIET(number, quiet_ms) check_quiet(number, quiet_ms, __LINE__)

static void connections_are_persistent_at_first(void)
{
    for (size_t i = 0; dtu_profile_at(i) != NULL; i++) {
        begin(dtu_profile_at(i));
        for (unsigned socket = 0; socket < product->sockets; socket++)
            CHECK_QUIET(socket, 0);
    }
}

static void short_connections_of_7s3_are_quiet_for_a_fixed_time(void)
{
    begin(P7S3);
    set("SOCKASL", "\"short\"");
    CHECK_QUIET(0, 10000);
    CHECK_QUIET(1, 0);
    set("SOCKASL", "long");
    set("SOCKBSL", "short");
    CHECK_QUIET(0, 0);
    CHECK_QUIET(1, 10000);
}

static void short_connections_of_7s4_have_a_time_for_each_socket(void)
{
    begin(P7S4);
    set("SOCKASL", "SHORT");
    set("SOCKBSL", "SHORT");
    CHECK_QUIET(0, 5000);
    CHECK_QUIET(1, 5000);
    set("SHORATO", "1");
    set("SHORBTO", "600");
    CHECK_QUIET(0, 1000);
    CHECK_QUIET(1, UINT32_C(600000));
}

static void sockets_of_7s4_that_are_on_have_the_kind_of_socket_a(void)
{
    begin(P7S4);
    set("SOCKASL", "SHORT");
    set("SHORBTO", "7");
    CHECK_QUIET(0, 5000);
    CHECK_QUIET(1, 7000); /* B is LONG, but A decides; the time is B's own */
    set("SOCKASL", "LONG");
    set("SOCKBSL", "SHORT");
    CHECK_QUIET(1, 0);
    set("SOCKAEN", "OFF"); /* alone, it has its own */
    CHECK_QUIET(1, 7000);
    set("SOCKAEN", "ON");
    set("SOCKBEN", "OFF");
    CHECK_QUIET(0, 0);
    CHECK_QUIET(1, 7000);
}

static void short_connections_of_cat1_are_for_socket_a(void)
{
    begin(CAT1);
    set("SOCKASL", "SHORT");
    CHECK_QUIET(0, 10000);
    for (unsigned i = 1; i < 4; i++)
        CHECK_QUIET(i, 0);
    set("SHORTATM", "600");
    CHECK_QUIET(0, UINT32_C(600000));
}

static void short_connections_of_k7_are_for_both_sockets(void)
{
    begin(K7);
    set("SOCKA", "TCPC,a,1");
    set("SOCKB", "TCPC,b,2");
    CHECK_QUIET(0, 0);
    set("SOCKSL", "ON");
    CHECK_QUIET(0, 3000);
    CHECK_QUIET(1, 3000);
    set("SHORTO", "255");
    CHECK_QUIET(0, UINT32_C(255000));
    CHECK_QUIET(1, UINT32_C(255000));
}

static void only_tcp_clients_are_short_lived(void)
{
    begin(CAT1);
    set("SOCKASL", "SHORT");
    set("SOCKA", "UDP,a,1");
    CHECK_QUIET(0, 0);
    begin(K7);
    set("SOCKSL", "ON");
    CHECK_QUIET(0, 0); /* TCPS */
    set("SOCKA", "UDPC,a,1");
    CHECK_QUIET(0, 0);
}

/* --- Sockets: the backup server ------------------------------------------------------------- */

/* Manual 000 section 6.5, 004 sections 4.53 to 4.60. */
static void only_cat1_has_a_backup_server_and_not_at_first(void)
{
    for (size_t i = 0; dtu_profile_at(i) != NULL; i++) {
        begin(dtu_profile_at(i));
        for (unsigned socket = 0; socket < product->sockets; socket++) {
            read_socket(socket);
            CHECK(!sock.has_backup);
        }
        const bool has_row =
            dtu_params_find(product->table, (const uint8_t *)"SOCKABKEN", 9) != NULL;
        CHECK_EQ(has_row, product == CAT1);
    }
}

static void each_socket_of_cat1_has_its_own_backup_server(void)
{
    static const char *const names[] = {"SOCKABK", "SOCKBBK", "SOCKCBK", "SOCKDBK"};
    static const char *const switches[] = {"SOCKABKEN", "SOCKBBKEN", "SOCKCBKEN", "SOCKDBKEN"};
    for (unsigned i = 0; i < 4; i++) {
        begin(CAT1);
        set(switches[i], "ON");
        read_socket(i);
        CHECK(!sock.has_backup); /* on, but there is none */
        set(names[i], "backup.example,65535");
        for (unsigned other = 0; other < 4; other++) {
            read_socket(other);
            CHECK_EQ(sock.has_backup, other == i);
        }
        read_socket(i);
        CHECK_BYTES(sock.backup.host, sock.backup.host_len, "backup.example", 14);
        CHECK_EQ(sock.backup.port, 65535);
        CHECK_BYTES(sock.target.host, sock.target.host_len, "test.usr.cn", 11);
        CHECK_EQ(sock.target.port, 2317);
        set(switches[i], "OFF");
        read_socket(i);
        CHECK(!sock.has_backup);
    }
}

/* Without a connection nobody knows that a server cannot be had. Decided in settings.md. */
static void only_a_tcp_client_has_a_backup_server(void)
{
    begin(CAT1);
    set("SOCKABKEN", "ON");
    set("SOCKABK", "b,1");
    read_socket(0);
    CHECK(sock.has_backup);
    set("SOCKA", "UDP,a,2");
    read_socket(0);
    CHECK(!sock.has_backup);
}

static void a_backup_server_is_reached_as_the_first_one_is(void)
{
    begin(CAT1);
    set("SOCKABKEN", "ON");
    set("SOCKABK", "b,1");
    set("KEEPALIVEA", "1,100,20,5");
    read_socket(0);
    CHECK_EQ(sock.backup.kind, DTU_SOCKET_TCP_CLIENT);
    CHECK_EQ(sock.backup.hears_anyone, sock.target.hears_anyone);
    CHECK(sock.backup.keepalive.on);
    CHECK_EQ(sock.backup.keepalive.idle_s, 100);
    CHECK_EQ(sock.backup.keepalive.interval_s, 20);
    CHECK_EQ(sock.backup.keepalive.count, 5);
}

/* --- Sockets: silence ------------------------------------------------------------------------ */

static void check_keepalive(unsigned number, bool on, unsigned idle_s, unsigned interval_s,
                            unsigned count, int line)
{
    read_socket(number);
    check_eq(sock.target.keepalive.on, on, line, "on");
    check_eq(sock.target.keepalive.idle_s, idle_s, line, "idle_s");
    check_eq(sock.target.keepalive.interval_s, interval_s, line, "interval_s");
    check_eq(sock.target.keepalive.count, count, line, "count");
}

#define CHECK_KEEPALIVE(number, on, idle_s, interval_s, count)                                     \
    check_keepalive(number, on, idle_s, interval_s, count, __LINE__)

/* 001 sections 3.1.7.33 and 3.1.7.34, 004 sections 4.46 to 4.49; 002 and 003 have no command. */
static void keepalive_of_7s4_and_cat1_is_on_at_first(void)
{
    begin(P7S4);
    CHECK_KEEPALIVE(0, true, 15, 10, 3);
    CHECK_KEEPALIVE(1, true, 15, 10, 3);
    begin(CAT1);
    for (unsigned i = 0; i < 4; i++)
        CHECK_KEEPALIVE(i, true, 60, 15, 3);
    begin(P7S3);
    CHECK_KEEPALIVE(0, false, 0, 0, 0);
    CHECK_KEEPALIVE(1, false, 0, 0, 0);
    begin(K7);
    CHECK_KEEPALIVE(0, false, 0, 0, 0);
    CHECK_KEEPALIVE(1, false, 0, 0, 0);
}

static void each_socket_has_its_own_keepalive(void)
{
    begin(P7S4);
    set("KEEPALIVEA", "0,0,0,0");
    set("KEEPALIVEB", "1,7200,75,9");
    CHECK_KEEPALIVE(0, false, 0, 0, 0);
    CHECK_KEEPALIVE(1, true, 7200, 75, 9);
    set("KEEPALIVEA", "1,0,0,0"); /* on, and all as the system has it */
    CHECK_KEEPALIVE(0, true, 0, 0, 0);
    begin(CAT1);
    set("KEEPALIVEC", "1,65535,100,10");
    set("KEEPALIVED", "0,1,1,1");
    CHECK_KEEPALIVE(1, true, 60, 15, 3);
    CHECK_KEEPALIVE(2, true, 65535, 100, 10);
    CHECK_KEEPALIVE(3, false, 1, 1, 1);
}

static void check_idle(unsigned number, uint32_t idle_ms, int line)
{
    read_socket(number);
    check_eq(sock.idle_ms, idle_ms, line, "idle_ms");
}

#define CHECK_IDLE(number, idle_ms) check_idle(number, idle_ms, __LINE__)

/* SOCKTO, 003 section 5.3.5 number 38: one time for both sockets of a port. */
static void only_k7_connects_anew_when_nothing_was_heard(void)
{
    for (size_t i = 0; dtu_profile_at(i) != NULL; i++) {
        begin(dtu_profile_at(i));
        for (unsigned socket = 0; socket < product->sockets; socket++)
            CHECK_IDLE(socket, product == K7 ? UINT32_C(86400000) : 0);
    }
    begin(K7);
    set("SOCKTO", "1");
    CHECK_IDLE(0, 1000);
    CHECK_IDLE(1, 1000);
    set("SOCKTO", "99999");
    CHECK_IDLE(0, UINT32_C(99999000));
    CHECK_IDLE(1, UINT32_C(99999000));
}

/* 003 section 5.3.5 number 43. */
static void only_k7_may_hear_anyone(void)
{
    for (size_t i = 0; dtu_profile_at(i) != NULL; i++) {
        begin(dtu_profile_at(i));
        for (unsigned socket = 0; socket < product->sockets; socket++) {
            read_socket(socket);
            CHECK(!sock.target.hears_anyone);
        }
    }
    begin(K7);
    set("UDPON", "ON");
    set("SOCKB", "UDPC,10.0.0.1,1");
    read_socket(1);
    CHECK(sock.target.hears_anyone);
    set("UDPON", "OFF");
    read_socket(1);
    CHECK(!sock.target.hears_anyone);
}

/* --- Single values -------------------------------------------------------------------------- */

static void what_runs_counts_not_what_is_pending(void)
{
    begin(CAT1);
    set_pending("UARTFT", "100");
    dtu_settings_read(&settings, product, &params);
    CHECK_EQ(settings.gap_us, 50000);
    dtu_params_apply(&params);
    dtu_settings_read(&settings, product, &params);
    CHECK_EQ(settings.gap_us, 100000);
}

static void a_switch_that_a_product_has_not_got_is_what_the_caller_says(void)
{
    begin(K7);
    CHECK(dtu_settings_on(&params, DTU_ID_UATEN, true));
    CHECK(!dtu_settings_on(&params, DTU_ID_UATEN, false));
    begin(P7S3); /* writes its words in lower case */
    CHECK(dtu_settings_on(&params, DTU_ID_UATEN, false));
    set("UATEN", "off");
    CHECK(!dtu_settings_on(&params, DTU_ID_UATEN, true));
}

static void bytes_of_a_parameter_or_none(void)
{
    size_t len = 99;
    begin(P7S4);
    const uint8_t *bytes = dtu_settings_bytes(&params, DTU_ID_STMSG, 0, &len);
    CHECK_BYTES(bytes, len, "[WH-7S4 V2]", 11);
    bytes = dtu_settings_bytes(&params, DTU_ID_SEARCH, 1, &len); /* K7 has it */
    CHECK(bytes == NULL);
    CHECK_EQ(len, 0);
    bytes = dtu_settings_bytes(&params, DTU_ID_UART, 0, &len); /* a number */
    CHECK(bytes == NULL);
    CHECK_EQ(len, 0);
    begin(K7);
    bytes = dtu_settings_bytes(&params, DTU_ID_SEARCH, 1, &len);
    CHECK_BYTES(bytes, len, "www.usr.cn", 10);
}

static const struct check_test tests[] = {
    CHECK_TEST(each_uart_starts_with_115200_8_1_and_nothing_else),
    CHECK_TEST(the_parity_of_7s3_stands_before_the_data_bits),
    CHECK_TEST(uart_of_k7),
    CHECK_TEST(uart_of_7s4),
    CHECK_TEST(uart_of_cat1),
    CHECK_TEST(a_uart_is_written_in_the_order_of_its_product),
    CHECK_TEST(a_parity_that_cannot_be_is_written_as_none),
    CHECK_TEST(the_flow_control_that_is_written_is_the_running_one),
    CHECK_TEST(each_parity_is_written_as_its_word),
    CHECK_TEST(the_uart_as_it_was_set_is_written_as_it_was_set),
    CHECK_TEST(a_uart_for_the_moment_is_taken_over_but_for_its_flow_control),
    CHECK_TEST(only_a_packing_time_of_4_bytes_follows_the_rate),
    CHECK_TEST(only_k7_packs_by_4_bytes_and_only_with_both_0),
    CHECK_TEST(the_highest_rate_is_that_of_the_manual),
    CHECK_TEST(packing_of_7s3_is_no_parameter),
    CHECK_TEST(packing_of_7s4_and_cat1_is_uartft_and_uartfl),
    CHECK_TEST(packing_of_k7_is_4_byte_times_if_both_are_0),
    CHECK_TEST(packing_of_k7_by_time_only),
    CHECK_TEST(packing_of_k7_by_length_only),
    CHECK_TEST(packing_of_k7_by_both),
    CHECK_TEST(handshake_of_7s3_has_times_of_its_own),
    CHECK_TEST(handshake_of_7s4_and_cat1_has_the_packing_time),
    CHECK_TEST(guard_time_of_k7_is_the_packing_time_and_at_least_1_ms),
    CHECK_TEST(work_modes_of_each_product),
    CHECK_TEST(k7_has_no_work_mode_and_is_transparent),
    CHECK_TEST(each_product_starts_transparent),
    CHECK_TEST(commands_in_the_stream_are_heard_unless_switched_off),
    CHECK_TEST(the_command_password_is_a_parameter_but_for_k7),
    CHECK_TEST(only_cat1_may_need_a_login),
    CHECK_TEST(only_7s4_and_cat1_distribute_and_only_if_transparent),
    CHECK_TEST(only_7s3_and_k7_follow_the_network),
    CHECK_TEST(no_product_registers_until_it_is_told_to),
    CHECK_TEST(each_word_of_each_product_is_a_kind_of_registration_packet),
    CHECK_TEST(each_word_that_a_product_takes_has_a_meaning),
    CHECK_TEST(each_word_of_each_product_is_a_way_to_send_it),
    CHECK_TEST(the_users_packet_is_bytes_however_it_was_set),
    CHECK_TEST(the_packet_for_the_cloud_is_its_id_and_password),
    CHECK_TEST(the_registration_id_is_a_number_of_7s3),
    CHECK_TEST(what_a_packet_does_not_consist_of_is_not_in_it),
    CHECK_TEST(heartbeats_go_to_the_network_every_30_s_at_first),
    CHECK_TEST(heartbeats_are_switched_and_directed),
    CHECK_TEST(the_interval_of_heartbeats_is_of_the_whole_range),
    CHECK_TEST(each_word_of_cat1_is_a_kind_of_heartbeat),
    CHECK_TEST(cat1_sets_all_of_a_heartbeat_at_once),
    CHECK_TEST(registration_and_heartbeat_have_each_their_own_packet),
    CHECK_TEST(the_engines_take_what_was_read),
    CHECK_TEST(only_7s3_and_7s4_mark_what_sockets_send),
    CHECK_TEST(data_is_kept_unless_7s3_or_cat1_is_told_not_to),
    CHECK_TEST(only_k7_may_drop_data_on_connecting),
    CHECK_TEST(the_time_of_silence_until_a_restart),
    CHECK_TEST(sockets_of_7s3),
    CHECK_TEST(sockets_of_7s4),
    CHECK_TEST(sockets_of_cat1),
    CHECK_TEST(sockets_of_k7),
    CHECK_TEST(only_servers_listen),
    CHECK_TEST(of_the_products_only_k7_has_servers),
    CHECK_TEST(attempts_of_7s3_and_k7_are_no_parameters),
    CHECK_TEST(attempts_of_7s4_have_a_time_for_each_socket),
    CHECK_TEST(attempts_of_cat1_have_one_time_for_all_sockets),
    CHECK_TEST(connections_are_persistent_at_first),
    CHECK_TEST(short_connections_of_7s3_are_quiet_for_a_fixed_time),
    CHECK_TEST(short_connections_of_7s4_have_a_time_for_each_socket),
    CHECK_TEST(sockets_of_7s4_that_are_on_have_the_kind_of_socket_a),
    CHECK_TEST(short_connections_of_cat1_are_for_socket_a),
    CHECK_TEST(short_connections_of_k7_are_for_both_sockets),
    CHECK_TEST(only_tcp_clients_are_short_lived),
    CHECK_TEST(only_cat1_has_a_backup_server_and_not_at_first),
    CHECK_TEST(each_socket_of_cat1_has_its_own_backup_server),
    CHECK_TEST(only_a_tcp_client_has_a_backup_server),
    CHECK_TEST(a_backup_server_is_reached_as_the_first_one_is),
    CHECK_TEST(keepalive_of_7s4_and_cat1_is_on_at_first),
    CHECK_TEST(each_socket_has_its_own_keepalive),
    CHECK_TEST(only_k7_connects_anew_when_nothing_was_heard),
    CHECK_TEST(only_k7_may_hear_anyone),
    CHECK_TEST(what_runs_counts_not_what_is_pending),
    CHECK_TEST(a_switch_that_a_product_has_not_got_is_what_the_caller_says),
    CHECK_TEST(bytes_of_a_parameter_or_none),
};
CHECK_MAIN(tests)
