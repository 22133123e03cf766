/* SPDX-License-Identifier: MIT */
/* USR-K7: manual 003, one serial port, sockets A and B. */
#include "rows.h"

#define SOCKET_SIZE (WORD_SIZE + TEXT_SIZE(30) + NUMBER_SIZE(65534))

struct values {
    uint8_t e[WORD_SIZE];
    uint8_t shorto[NUMBER_SIZE(255)];
    uint8_t sock[2][SOCKET_SIZE];
    uint8_t socksl[WORD_SIZE];
    uint8_t uart[NUMBER_SIZE(1000000) + NUMBER_SIZE(8) + NUMBER_SIZE(2) + 2 * WORD_SIZE];
    uint8_t uarttl[NUMBER_SIZE(255) + NUMBER_SIZE(1460)];
};

ASSERT_SIZE(values_fit, sizeof(struct values) <= DTU_K7_VALUES_SIZE);

static const struct dtu_param_field on_off_small[] = {{.type = DTU_FIELD_ENUM, .text = "on,off"}};
static const struct dtu_param_field on_off[] = {{.type = DTU_FIELD_ENUM, .text = "ON,OFF"}};
static const struct dtu_param_field quiet_s[] = {{.type = DTU_FIELD_NUMBER, .min = 2, .max = 255}};
static const struct dtu_param_field socket_a[] = {
    {.type = DTU_FIELD_ENUM, .text = "TCPS,TCPC,UDPS,UDPC,HTPC"},
    {.type = DTU_FIELD_TEXT, .min = 1, .max = 30},
    {.type = DTU_FIELD_NUMBER, .min = 1, .max = 65534}};
static const struct dtu_param_field socket_b[] = {
    {.type = DTU_FIELD_ENUM, .text = "TCPS,TCPC,UDPS,UDPC,HTPC,NONE"},
    {.type = DTU_FIELD_TEXT, .min = 1, .max = 30},
    {.type = DTU_FIELD_NUMBER, .min = 1, .max = 65534}};
static const struct dtu_param_field uart[] = {
    {.type = DTU_FIELD_NUMBER, .min = 600, .max = 1000000},
    {.type = DTU_FIELD_CHOICE, .max = 8, .text = "5,6,7,8"},
    {.type = DTU_FIELD_CHOICE, .max = 2, .text = "1,2"},
    {.type = DTU_FIELD_ENUM, .text = "NONE,EVEN,ODD,MARK,SPACE"},
    {.type = DTU_FIELD_ENUM, .text = "NFC,FCH,FCR"}};
static const struct dtu_param_field packing[] = {{.type = DTU_FIELD_NUMBER, .min = 0, .max = 255},
                                                 {.type = DTU_FIELD_NUMBER, .min = 0, .max = 1460}};

#define PORT_SETTING(name_, id_, member_, fields_, initial_, help_)                                \
    SETTING_FLAGS(name_, id_, DTU_PARAM_PORT, member_, fields_, initial_, NULL, help_)
#define SOCKET_SETTING(name_, id_, member_, fields_, initial_, help_)                              \
    SETTING_FLAGS(name_, id_, DTU_PARAM_PORT | DTU_PARAM_SOCKET, member_, fields_, initial_, NULL, \
                  help_)
#define SOCKET_INFO(name_, id_, help_)                                                             \
    {                                                                                              \
        .name = name_, .id = id_, .kind = DTU_PARAM_INFO,                                          \
        .flags = DTU_PARAM_PORT | DTU_PARAM_SOCKET, .help = help_                                  \
    }

static const struct dtu_param rows[] = {
    SETTING_FLAGS("E", DTU_ID_E, DTU_PARAM_AT_ONCE, e, on_off_small, "off", NULL,
                  "Echo of commands"),
    ACTION("ENTM", DTU_ID_ENTM, "Leave command mode"),
    INFO("MAC", DTU_ID_NONE, "Hardware address"),
    PORT_SETTING("SHORTO", DTU_ID_SHORTATM, shorto, quiet_s, "3",
                 "Quiet time of a short-lived connection"),
    SOCKET_SETTING("SOCKA", DTU_ID_SOCKA, sock[0], socket_a, "TCPS,192.168.0.201,23",
                   "Kind, address and port of socket A"),
    SOCKET_SETTING("SOCKB", DTU_ID_SOCKA + 1, sock[1], socket_b, "NONE,192.168.0.201,23",
                   "Kind, address and port of socket B"),
    SOCKET_INFO("SOCKLKA", DTU_ID_SOCKALK, "State of socket A"),
    SOCKET_INFO("SOCKLKB", DTU_ID_SOCKALK + 1, "State of socket B"),
    PORT_SETTING("SOCKSL", DTU_ID_SOCKSL, socksl, on_off, "OFF", "Short-lived connections"),
    PORT_SETTING("UART", DTU_ID_UART, uart, uart, "115200,8,1,NONE,NFC",
                 "Baud rate, data bits, stop bits, parity, flow control"),
    PORT_SETTING("UARTTL", DTU_ID_UARTTL, uarttl, packing, "0,0", "Packing time and length"),
    INFO("VER", DTU_ID_VER, "Firmware version"),
    ACTION("Z", DTU_ID_Z, "Restart"),
};

static const struct dtu_param_table table = {
    .rows = rows,
    .count = COUNT(rows),
    .values_size = sizeof(struct values),
    .syntax = {.escape = DTU_ESCAPE_CRLF,
               .last_takes_rest = true,
               .escape_inner = "",
               .escape_last = ""},
};

static const struct dtu_at_dialect dialect = {
    .done = "+OK",
    .no_at = "+ERR=-1",
    .no_such = "+ERR=-2",
    .no_form = "+ERR=-3",
    .bad_count = "+ERR=-4",
    .bad_type = "+ERR=-4",
    .bad_range = "+ERR=-4",
    .not_allowed = "+ERR=-5",
    .no_login = "+ERR=-5",
};

/* Manual 003 section 4.1.4. */
static const char *const link_words[] = {"IDLE",      "IDLE",  "CONNECTING",
                                         "CONNECTED", "ERROR", "ERROR"};

const struct dtu_profile dtu_profile_k7 = {
    .name = "k7",
    .product = "USR-K7",
    .version = "3016",
    .table = &table,
    .dialect = &dialect,
    .link_words = link_words,
    .line_size = DTU_K7_LINE_SIZE,
    .packet_len = DTU_K7_PACKET_LEN,
    .gap_ms = 300,
    .retry_ms = 2000,
    .quiet_ms = 3000,
    .queue_bytes = 2048,
    .sockets = 2,
    .stores_at_once = true,
    .sockets_share = true,
};
