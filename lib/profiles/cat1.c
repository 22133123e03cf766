/* SPDX-License-Identifier: MIT */
/* WH-LTE-7S1-E, DR502, G771: manual 004, behaviour from 000. */
#include "rows.h"

#define SOCKET_SIZE (WORD_SIZE + TEXT_SIZE(100) + NUMBER_SIZE(65535))

struct values {
    uint8_t e[WORD_SIZE];
    uint8_t shortatm[NUMBER_SIZE(600)];
    uint8_t sock[4][SOCKET_SIZE];
    uint8_t socken[4][WORD_SIZE];
    uint8_t sockasl[WORD_SIZE];
    uint8_t sockrsnum[NUMBER_SIZE(65535)];
    uint8_t sockrstim[NUMBER_SIZE(65535)];
    uint8_t stmsg[TEXT_SIZE(20)];
    uint8_t uart[NUMBER_SIZE(921600) + NUMBER_SIZE(8) + NUMBER_SIZE(2) + 2 * WORD_SIZE];
    uint8_t uartfl[NUMBER_SIZE(4096)];
    uint8_t uartft[NUMBER_SIZE(500)];
    uint8_t wkmod[WORD_SIZE];
};

ASSERT_SIZE(values_fit, sizeof(struct values) <= DTU_CAT1_VALUES_SIZE);

static const struct dtu_param_field on_off[] = {{.type = DTU_FIELD_ENUM, .text = "ON,OFF"}};
static const struct dtu_param_field long_short[] = {{.type = DTU_FIELD_ENUM, .text = "LONG,SHORT"}};
static const struct dtu_param_field seconds_600[] = {
    {.type = DTU_FIELD_NUMBER, .min = 1, .max = 600, .text = "s"}};
static const struct dtu_param_field socket[] = {{.type = DTU_FIELD_ENUM, .text = "TCP,UDP"},
                                                {.type = DTU_FIELD_TEXT, .min = 1, .max = 100},
                                                {.type = DTU_FIELD_NUMBER, .min = 1, .max = 65535}};
static const struct dtu_param_field attempts[] = {
    {.type = DTU_FIELD_NUMBER, .min = 1, .max = 65535}};
static const struct dtu_param_field interval[] = {
    {.type = DTU_FIELD_NUMBER, .min = 10, .max = 65535, .text = "s"}};
static const struct dtu_param_field message[] = {{.type = DTU_FIELD_TEXT, .min = 1, .max = 20}};
static const struct dtu_param_field uart[] = {
    {.type = DTU_FIELD_NUMBER, .min = 1200, .max = 921600},
    {.type = DTU_FIELD_CHOICE, .max = 8, .text = "8"},
    {.type = DTU_FIELD_CHOICE, .max = 2, .text = "1,2"},
    {.type = DTU_FIELD_ENUM, .text = "NONE,ODD,EVEN"},
    {.type = DTU_FIELD_ENUM, .text = "NONE"}};
static const struct dtu_param_field packing_len[] = {
    {.type = DTU_FIELD_NUMBER, .min = 5, .max = 4096}};
static const struct dtu_param_field packing_ms[] = {
    {.type = DTU_FIELD_NUMBER, .min = 10, .max = 500, .text = "ms"}};
static const struct dtu_param_field work_mode[] = {
    {.type = DTU_FIELD_ENUM, .text = "CMD,NET,HTTPD,SMS"}};

static const struct dtu_param rows[] = {
    SETTING_FLAGS("E", DTU_ID_E, DTU_PARAM_AT_ONCE, e, on_off, "ON", NULL, "Echo of commands"),
    ACTION("ENTM", DTU_ID_ENTM, "Leave command mode"),
    INFO("ICCID", DTU_ID_NONE, "Number of the SIM card"),
    INFO("IMEI", DTU_ID_NONE, "Number of the modem"),
    ACTION("S", DTU_ID_S, "Save all settings and restart"),
    SETTING("SHORTATM", DTU_ID_SHORTATM, shortatm, seconds_600, "10",
            "Quiet time of a short-lived connection, socket A"),
    INFO("SN", DTU_ID_NONE, "Serial number"),
    SETTING("SOCKA", DTU_ID_SOCKA, sock[0], socket, "TCP,test.usr.cn,2317",
            "Protocol, address and port of socket A"),
    SETTING("SOCKAEN", DTU_ID_SOCKAEN, socken[0], on_off, "ON", "Use of socket A"),
    INFO("SOCKALK", DTU_ID_SOCKALK, "State of socket A"),
    SETTING("SOCKASL", DTU_ID_SOCKSL, sockasl, long_short, "LONG",
            "Persistent or short-lived connection, socket A"),
    SETTING("SOCKB", DTU_ID_SOCKA + 1, sock[1], socket, "TCP,test.usr.cn,2317",
            "Protocol, address and port of socket B"),
    SETTING("SOCKBEN", DTU_ID_SOCKAEN + 1, socken[1], on_off, "OFF", "Use of socket B"),
    INFO("SOCKBLK", DTU_ID_SOCKALK + 1, "State of socket B"),
    SETTING("SOCKC", DTU_ID_SOCKA + 2, sock[2], socket, "TCP,test.usr.cn,2317",
            "Protocol, address and port of socket C"),
    SETTING("SOCKCEN", DTU_ID_SOCKAEN + 2, socken[2], on_off, "OFF", "Use of socket C"),
    INFO("SOCKCLK", DTU_ID_SOCKALK + 2, "State of socket C"),
    SETTING("SOCKD", DTU_ID_SOCKA + 3, sock[3], socket, "TCP,test.usr.cn,2317",
            "Protocol, address and port of socket D"),
    SETTING("SOCKDEN", DTU_ID_SOCKAEN + 3, socken[3], on_off, "OFF", "Use of socket D"),
    INFO("SOCKDLK", DTU_ID_SOCKALK + 3, "State of socket D"),
    SETTING("SOCKRSNUM", DTU_ID_SOCKRSNUM, sockrsnum, attempts, "60",
            "Failed attempts in a row after which the module restarts"),
    SETTING("SOCKRSTIM", DTU_ID_SOCKRSTIM, sockrstim, interval, "10",
            "Time between connection attempts"),
    SETTING("STMSG", DTU_ID_STMSG, stmsg, message, "WH-LTE-7S1", "Text on the UART at start"),
    SETTING("UART", DTU_ID_UART, uart, uart, "115200,8,1,NONE,NONE",
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
    .syntax = {.escape = DTU_ESCAPE_HEX,
               .last_takes_rest = true,
               .escape_inner = ",",
               .escape_last = ""},
};

static const struct dtu_at_dialect dialect = {
    .done = "OK",
    .names_answer = true,
    .done_after_answer = true,
    .has_range = true,
    .no_at = "+CME ERROR:58",
    .no_such = "+CME ERROR:58",
    .no_form = "+CME ERROR:58",
    .bad_count = "+CME ERROR:53",
    .bad_type = "+CME ERROR:3",
    .bad_range = "+CME ERROR:53",
    .not_allowed = "+CME ERROR:50",
    .no_login = "+CME ERROR:73",
};

static const char *const link_words[] = {"Disconnected", "Disconnected", "Disconnected",
                                         "Connected",    "Disconnected", "Disconnected"};

const struct dtu_profile dtu_profile_cat1 = {
    .name = "cat1",
    .product = "WH-LTE-7S1-E, DR502, G771",
    .version = "V1.1.01.000000.0000",
    .table = &table,
    .dialect = &dialect,
    .link_words = link_words,
    .line_size = DTU_CAT1_LINE_SIZE,
    .packet_len = DTU_CAT1_PACKET_LEN,
    .retry_ms = 10000,
    .quiet_ms = 10000,
    .queue_packets = 20,
    .sockets = 4,
    .save_restarts = true,
};
