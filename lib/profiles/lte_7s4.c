/* SPDX-License-Identifier: MIT */
/* WH-LTE-7S4 V2: manual 001. */
#include "rows.h"

#define SOCKET_SIZE (WORD_SIZE + TEXT_SIZE(100) + NUMBER_SIZE(65535))

struct values {
    uint8_t e[WORD_SIZE];
    uint8_t shorto[2][NUMBER_SIZE(600)];
    uint8_t sock[2][SOCKET_SIZE];
    uint8_t socken[2][WORD_SIZE];
    uint8_t socksl[2][WORD_SIZE];
    uint8_t sockto[2][NUMBER_SIZE(100)];
    uint8_t sockrstim[NUMBER_SIZE(600)];
    uint8_t stmsg[TEXT_SIZE(20)];
    uint8_t uart[NUMBER_SIZE(460800) + NUMBER_SIZE(8) + NUMBER_SIZE(2) + 2 * WORD_SIZE];
    uint8_t uartfl[NUMBER_SIZE(2048)];
    uint8_t uartft[NUMBER_SIZE(60000)];
    uint8_t wkmod[WORD_SIZE];
};

ASSERT_SIZE(values_fit, sizeof(struct values) <= DTU_LTE_7S4_VALUES_SIZE);

static const struct dtu_param_field on_off[] = {{.type = DTU_FIELD_ENUM, .text = "ON,OFF"}};
static const struct dtu_param_field short_long[] = {{.type = DTU_FIELD_ENUM, .text = "SHORT,LONG"}};
static const struct dtu_param_field seconds_600[] = {
    {.type = DTU_FIELD_NUMBER, .min = 1, .max = 600, .text = "s"}};
static const struct dtu_param_field seconds_100[] = {
    {.type = DTU_FIELD_NUMBER, .min = 1, .max = 100, .text = "s"}};
static const struct dtu_param_field socket[] = {{.type = DTU_FIELD_ENUM, .text = "TCP,UDP"},
                                                {.type = DTU_FIELD_TEXT, .min = 1, .max = 100},
                                                {.type = DTU_FIELD_NUMBER, .min = 1, .max = 65535}};
static const struct dtu_param_field attempts[] = {
    {.type = DTU_FIELD_NUMBER, .min = 10, .max = 600}};
static const struct dtu_param_field message[] = {{.type = DTU_FIELD_TEXT, .min = 1, .max = 20}};
static const struct dtu_param_field uart[] = {
    {.type = DTU_FIELD_CHOICE,
     .max = 460800,
     .text = "300,600,1200,2400,4800,9600,19200,38400,57600,115200,230400,460800"},
    {.type = DTU_FIELD_CHOICE, .max = 8, .text = "7,8"},
    {.type = DTU_FIELD_CHOICE, .max = 2, .text = "1,2"},
    {.type = DTU_FIELD_ENUM, .text = "NONE,ODD,EVEN"},
    {.type = DTU_FIELD_ENUM, .text = "NFC"}};
static const struct dtu_param_field packing_len[] = {
    {.type = DTU_FIELD_NUMBER, .min = 5, .max = 2048}};
static const struct dtu_param_field packing_ms[] = {
    {.type = DTU_FIELD_NUMBER, .min = 50, .max = 60000}};
static const struct dtu_param_field work_mode[] = {
    {.type = DTU_FIELD_ENUM, .text = "NET,HTTPD,UDC,MQTT"}};

static const struct dtu_param rows[] = {
    SETTING_FLAGS("E", DTU_ID_E, DTU_PARAM_AT_ONCE, e, on_off, "OFF", NULL, "Echo of commands"),
    ACTION("ENTM", DTU_ID_ENTM, "Leave command mode"),
    INFO("ICCID", DTU_ID_NONE, "Number of the SIM card"),
    INFO("IMEI", DTU_ID_NONE, "Number of the modem"),
    SETTING("SHORATO", DTU_ID_SHORTATM, shorto[0], seconds_600, "5",
            "Quiet time of a short-lived connection, socket A"),
    SETTING("SHORBTO", DTU_ID_SHORTATM + 1, shorto[1], seconds_600, "5",
            "Quiet time of a short-lived connection, socket B"),
    INFO("SN", DTU_ID_NONE, "Serial number"),
    SETTING("SOCKA", DTU_ID_SOCKA, sock[0], socket, "TCP,test.usr.cn,2317",
            "Protocol, address and port of socket A"),
    SETTING("SOCKAEN", DTU_ID_SOCKAEN, socken[0], on_off, "ON", "Use of socket A"),
    INFO("SOCKALK", DTU_ID_SOCKALK, "State of socket A"),
    SETTING("SOCKASL", DTU_ID_SOCKSL, socksl[0], short_long, "LONG",
            "Persistent or short-lived connection, socket A"),
    SETTING("SOCKATO", DTU_ID_SOCKATO, sockto[0], seconds_100, "5",
            "Time between connection attempts, socket A"),
    SETTING("SOCKB", DTU_ID_SOCKA + 1, sock[1], socket, "TCP,test.usr.cn,2317",
            "Protocol, address and port of socket B"),
    SETTING("SOCKBEN", DTU_ID_SOCKAEN + 1, socken[1], on_off, "ON", "Use of socket B"),
    INFO("SOCKBLK", DTU_ID_SOCKALK + 1, "State of socket B"),
    SETTING("SOCKBSL", DTU_ID_SOCKSL + 1, socksl[1], short_long, "LONG",
            "Persistent or short-lived connection, socket B"),
    SETTING("SOCKBTO", DTU_ID_SOCKATO + 1, sockto[1], seconds_100, "5",
            "Time between connection attempts, socket B"),
    SETTING("SOCKRSTIM", DTU_ID_SOCKRSNUM, sockrstim, attempts, "60",
            "Failed attempts in a row after which the module restarts"),
    SETTING("STMSG", DTU_ID_STMSG, stmsg, message, "[WH-7S4 V2]", "Text on the UART at start"),
    SETTING("UART", DTU_ID_UART, uart, uart, "115200,8,1,NONE,NFC",
            "Baud rate, data bits, stop bits, parity, flow control"),
    SETTING("UARTFL", DTU_ID_UARTFL, uartfl, packing_len, "1024", "Packing length"),
    SETTING("UARTFT", DTU_ID_UARTFT, uartft, packing_ms, "50", "Packing time"),
    INFO("VER", DTU_ID_VER, "Firmware version"),
    SETTING("WKMOD", DTU_ID_WKMOD, wkmod, work_mode, "NET", "Work mode"),
    ACTION("Z", DTU_ID_Z, "Restart"),
};

static const struct dtu_param_table table = {
    .rows = rows,
    .count = COUNT(rows),
    .values_size = sizeof(struct values),
    .syntax = {.escape = DTU_ESCAPE_HEX, .escape_inner = "=,?", .escape_last = "=,?"},
};

static const struct dtu_at_dialect dialect = {
    .done = "OK",
    .names_answer = true,
    .done_after_answer = true,
    .has_range = true,
    .no_at = "Err1",
    .no_such = "Err2",
    .no_form = "Err3",
    .bad_count = "Err4",
    .bad_type = "Err4",
    .bad_range = "Err4",
    .not_allowed = "Err4",
    .no_login = "Err4",
};

static const char *const link_words[] = {"OFF", "OFF", "OFF", "ON", "OFF", "OFF"};

const struct dtu_profile dtu_profile_lte_7s4 = {
    .name = "lte-7s4",
    .product = "WH-LTE-7S4 V2",
    .version = "V2.1.04.000000.0000",
    .table = &table,
    .dialect = &dialect,
    .link_words = link_words,
    .line_size = DTU_LTE_7S4_LINE_SIZE,
    .packet_len = DTU_LTE_7S4_PACKET_LEN,
    .retry_ms = 5000,
    .quiet_ms = 5000,
    .queue_packets = 20,
    .sockets = 2,
    .stores_at_once = true,
    .kinds_agree = true, /* manual 001 section 2.1.1: never one of each kind */
};
