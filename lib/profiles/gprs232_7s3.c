/* SPDX-License-Identifier: MIT */
/* USR-GPRS232-7S3: manual 002. It has no commands for packing; its times are decided here. */
#include "rows.h"

#define SOCKET_SIZE (WORD_SIZE + TEXT_SIZE(100) + NUMBER_SIZE(65535))

struct values {
    uint8_t e[WORD_SIZE];
    uint8_t sock[2][SOCKET_SIZE];
    uint8_t socken[2][WORD_SIZE];
    uint8_t socksl[2][WORD_SIZE];
    uint8_t stmsg[TEXT_SIZE(20)];
    uint8_t uart[NUMBER_SIZE(921600) + NUMBER_SIZE(8) + NUMBER_SIZE(2) + 2 * WORD_SIZE];
    uint8_t wkmod[WORD_SIZE];
};

ASSERT_SIZE(values_fit, sizeof(struct values) <= DTU_GPRS232_7S3_VALUES_SIZE);

static const char socket_range[] = "<\"TCP\",\"UDP\">,<\"address\">,<port>";

static const struct dtu_param_field on_off[] = {{.type = DTU_FIELD_ENUM, .text = "on,off"}};
static const struct dtu_param_field short_long[] = {{.type = DTU_FIELD_ENUM, .text = "short,long"}};
static const struct dtu_param_field socket[] = {{.type = DTU_FIELD_ENUM, .text = "TCP,UDP"},
                                                {.type = DTU_FIELD_TEXT, .min = 1, .max = 100},
                                                {.type = DTU_FIELD_NUMBER, .min = 1, .max = 65535}};
static const struct dtu_param_field message[] = {{.type = DTU_FIELD_TEXT, .min = 1, .max = 20}};
static const struct dtu_param_field uart[] = {
    {.type = DTU_FIELD_CHOICE,
     .max = 921600,
     .text = "2400,4800,9600,14400,19200,28800,33600,38400,57600,115200,230400,460800,921600"},
    {.type = DTU_FIELD_ENUM, .text = "NONE,ODD,EVEN"},
    {.type = DTU_FIELD_CHOICE, .max = 8, .text = "7,8"},
    {.type = DTU_FIELD_CHOICE, .max = 2, .text = "1,2"},
    {.type = DTU_FIELD_ENUM, .text = "NONE,CRTS,RS485"}};
static const struct dtu_param_field work_mode[] = {
    {.type = DTU_FIELD_ENUM, .text = "CMD,SMS,NET,HTTPD"}};

static const struct dtu_param rows[] = {
    SETTING_FLAGS("E", DTU_ID_E, DTU_PARAM_AT_ONCE, e, on_off, "on", NULL, "Echo of commands"),
    ACTION("ENTM", DTU_ID_ENTM, "Leave command mode"),
    INFO("ICCID", DTU_ID_NONE, "Number of the SIM card"),
    INFO("IMEI", DTU_ID_NONE, "Number of the modem"),
    ACTION("S", DTU_ID_S, "Save all settings"),
    INFO("SN", DTU_ID_NONE, "Serial number"),
    SETTING_FLAGS("SOCKA", DTU_ID_SOCKA, 0, sock[0], socket, "TCP,test.usr.cn,2317", socket_range,
                  "Protocol, address and port of socket A"),
    SETTING("SOCKAEN", DTU_ID_SOCKAEN, socken[0], on_off, "on", "Use of socket A"),
    INFO("SOCKALK", DTU_ID_SOCKALK, "State of socket A"),
    SETTING("SOCKASL", DTU_ID_SOCKSL, socksl[0], short_long, "long",
            "Persistent or short-lived connection, socket A"),
    SETTING_FLAGS("SOCKB", DTU_ID_SOCKA + 1, 0, sock[1], socket, "TCP,test.usr.cn,2317",
                  socket_range, "Protocol, address and port of socket B"),
    SETTING("SOCKBEN", DTU_ID_SOCKAEN + 1, socken[1], on_off, "off", "Use of socket B"),
    INFO("SOCKBLK", DTU_ID_SOCKALK + 1, "State of socket B"),
    SETTING("SOCKBSL", DTU_ID_SOCKSL + 1, socksl[1], short_long, "long",
            "Persistent or short-lived connection, socket B"),
    SETTING_FLAGS("STMSG", DTU_ID_STMSG, 0, stmsg, message, "WH-LTE-7S1", "<\"welcome message\">",
                  "Text on the UART at start"),
    SETTING("UART", DTU_ID_UART, uart, uart, "115200,NONE,8,1,NONE",
            "Baud rate, parity, data bits, stop bits, flow control"),
    INFO("VER", DTU_ID_VER, "Firmware version"),
    SETTING("WKMOD", DTU_ID_WKMOD, wkmod, work_mode, "NET", "Work mode"),
    ACTION("Z", DTU_ID_Z, "Restart"),
};

static const struct dtu_param_table table = {
    .rows = rows,
    .count = COUNT(rows),
    .values_size = sizeof(struct values),
    .syntax = {.escape = DTU_ESCAPE_HEX, .quotes = true, .escape_inner = "\"", .escape_last = "\""},
};

static const struct dtu_at_dialect dialect = {
    .done = "OK",
    .names_answer = true,
    .done_after_answer = true,
    .has_range = true,
    .no_at = "ERROR",
    .no_such = "ERROR",
    .no_form = "ERROR",
    .bad_count = "ERROR",
    .bad_type = "ERROR",
    .bad_range = "ERROR",
    .not_allowed = "ERROR",
    .no_login = "ERROR",
};

static const char *const link_words[] = {"disconnected", "disconnected", "disconnected",
                                         "connected",    "disconnected", "disconnected"};

const struct dtu_profile dtu_profile_gprs232_7s3 = {
    .name = "gprs232-7s3",
    .product = "USR-GPRS232-7S3",
    .version = "V1.0.0",
    .table = &table,
    .dialect = &dialect,
    .link_words = link_words,
    .line_size = DTU_GPRS232_7S3_LINE_SIZE,
    .packet_len = DTU_GPRS232_7S3_PACKET_LEN,
    .packing_len = DTU_GPRS232_7S3_PACKET_LEN,
    .packing_ms = 50,
    .guard_ms = 200,
    .gap_ms = 50,
    .retry_ms = 10000,
    .quiet_ms = 10000,
    .queue_bytes = 4096,
    .sockets = 2,
};
