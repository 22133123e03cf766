/* SPDX-License-Identifier: MIT */
/* USR-K7: manual 003, one serial port, sockets A and B. */
#include "rows.h"

#define K7_SOCKET_SIZE (WORD_SIZE + TEXT_SIZE(30) + NUMBER_SIZE(65534))
#define DATA_SIZE (1 + TEXT_SIZE(40))

struct values {
    uint8_t e[WORD_SIZE];
    uint8_t wann[WORD_SIZE + 3 * 4];
    uint8_t dns[4];
    uint8_t webu[2 * TEXT_SIZE(5)];
    uint8_t webport[NUMBER_SIZE(65535)];
    uint8_t search[NUMBER_SIZE(65535) + TEXT_SIZE(20)];
    uint8_t plang[WORD_SIZE];
    uint8_t uart[NUMBER_SIZE(1000000) + NUMBER_SIZE(8) + NUMBER_SIZE(2) + 2 * WORD_SIZE];
    uint8_t uarttl[NUMBER_SIZE(255) + NUMBER_SIZE(1460)];
    uint8_t sock[2][K7_SOCKET_SIZE];
    uint8_t websockport[NUMBER_SIZE(65535)];
    uint8_t regen[WORD_SIZE];
    uint8_t regtcp[WORD_SIZE];
    uint8_t reguser[DATA_SIZE];
    uint8_t regcloud[CLOUD_SIZE];
    uint8_t htptp[WORD_SIZE];
    uint8_t htpurl[TEXT_SIZE(100)];
    uint8_t htphead[TEXT_SIZE(180)];
    uint8_t htpchd[WORD_SIZE];
    uint8_t hearten[WORD_SIZE];
    uint8_t hearttp[WORD_SIZE];
    uint8_t hearttm[NUMBER_SIZE(65535)];
    uint8_t heartuser[DATA_SIZE];
    uint8_t mid[TEXT_SIZE(15)];
    uint8_t usermac[6];
    uint8_t rfcen[WORD_SIZE];
    uint8_t socksl[WORD_SIZE];
    uint8_t shorto[NUMBER_SIZE(255)];
    uint8_t rstim[NUMBER_SIZE(65535)];
    uint8_t uartclbuf[WORD_SIZE];
    uint8_t sockto[NUMBER_SIZE(99999)];
    uint8_t modtcp[WORD_SIZE];
    uint8_t modpoll[WORD_SIZE];
    uint8_t modto[NUMBER_SIZE(9999)];
    uint8_t netpr[WORD_SIZE];
    uint8_t udpon[WORD_SIZE];
    uint8_t blocks[TEXT_SIZE(DTU_BLOCKS_BASIC_KEPT) + TEXT_SIZE(DTU_BLOCKS_PORT_KEPT) +
                   TEXT_SIZE(DTU_BLOCKS_CLOUD_KEPT)];
};

ASSERT_SIZE(values_fit, sizeof(struct values) <= DTU_K7_VALUES_SIZE);

static const struct dtu_param_field on_off_small[] = {{.type = DTU_FIELD_ENUM, .text = "on,off"}};
#define UNDER_DHCP (DTU_FIELD_OPTIONAL | DTU_FIELD_FIRST_NEEDS) /* may be left out */
static const struct dtu_param_field wan[] = {{.type = DTU_FIELD_ENUM, .text = "static,DHCP"},
                                             {.type = DTU_FIELD_IP, .flags = UNDER_DHCP},
                                             {.type = DTU_FIELD_IP, .flags = UNDER_DHCP},
                                             {.type = DTU_FIELD_IP, .flags = UNDER_DHCP}};
static const struct dtu_param_field ip[] = {{.type = DTU_FIELD_IP}};
static const struct dtu_param_field mac[] = {{.type = DTU_FIELD_MAC}};
static const struct dtu_param_field web_user[] = {{.type = DTU_FIELD_TEXT, .min = 1, .max = 5},
                                                  {.type = DTU_FIELD_TEXT, .min = 1, .max = 5}};
static const struct dtu_param_field search[] = {{.type = DTU_FIELD_NUMBER, .min = 1, .max = 65535},
                                                {.type = DTU_FIELD_TEXT, .min = 1, .max = 20}};
static const struct dtu_param_field language[] = {{.type = DTU_FIELD_ENUM, .text = "cn,en"}};
static const struct dtu_param_field quiet_s[] = {{.type = DTU_FIELD_NUMBER, .min = 2, .max = 255}};
static const struct dtu_param_field reconnect_s[] = {
    {.type = DTU_FIELD_NUMBER, .min = 1, .max = 99999}};
static const struct dtu_param_field modbus_ms[] = {
    {.type = DTU_FIELD_NUMBER, .min = 200, .max = 9999}};
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
static const struct dtu_param_field reg_kind[] = {
    {.type = DTU_FIELD_ENUM, .text = "USR,MAC,CLOUD,OFF"}};
static const struct dtu_param_field reg_send[] = {
    {.type = DTU_FIELD_ENUM, .text = "First,Every,ALL"}};
static const struct dtu_param_field net_com[] = {{.type = DTU_FIELD_ENUM, .text = "NET,COM"}};
static const struct dtu_param_field headers[] = {
    {.type = DTU_FIELD_TEXT, .flags = DTU_FIELD_ANY_BYTE, .min = 1, .max = 180}};
static const struct dtu_param_field data[] = {{.type = DTU_FIELD_DATA, .min = 1, .max = 40}};
static const struct dtu_param_field typed_data[] = {
    {.type = DTU_FIELD_DATA, .flags = DTU_FIELD_TYPED, .min = 1, .max = 40}};
static const struct dtu_param_field module_name[] = {{.type = DTU_FIELD_TEXT, .min = 1, .max = 15}};
static const struct dtu_param_field ping[] = {{.type = DTU_FIELD_TEXT, .min = 1, .max = 30}};

#define PORT_SETTING(name_, id_, member_, fields_, initial_, help_)                                \
    SETTING_FLAGS(name_, id_, DTU_PARAM_PORT, member_, fields_, initial_, help_)
#define PORT_INFO(name_, id_, help_)                                                               \
    {                                                                                              \
        .name = name_, .id = id_, .kind = DTU_PARAM_INFO, .flags = DTU_PARAM_PORT, .help = help_   \
    }
/* Sockets of larger products. */
#define ABSENT(name_)                                                                              \
    {                                                                                              \
        .name = name_, .kind = DTU_PARAM_ABSENT, .flags = DTU_PARAM_PORT                           \
    }

/* Empty until a block was written. */
#define KEPT(len_)                                                                                 \
    {                                                                                              \
        .type = DTU_FIELD_HEX, .flags = DTU_FIELD_CLEARABLE, .min = len_, .max = len_              \
    }
static const struct dtu_param_field kept[] = {
    KEPT(DTU_BLOCKS_BASIC_KEPT), KEPT(DTU_BLOCKS_PORT_KEPT), KEPT(DTU_BLOCKS_CLOUD_KEPT)};

static const struct dtu_param rows[] = {
    {.name = "BLOCKS",
     .id = DTU_ID_BLOCKS,
     .kind = DTU_PARAM_SETTING,
     .flags = DTU_PARAM_INTERNAL,
     VALUES(blocks),
     FIELDS(kept)},
    {.name = "CFGTF",
     .id = DTU_ID_CFGTF,
     .kind = DTU_PARAM_ACTION,
     .initial = "saved",
     .help = "Make the settings the user's defaults"},
    SETTING("DNS", DTU_ID_NONE, dns, ip, "192.168.0.1", "Address of the name server"),
    SETTING_FLAGS("E", DTU_ID_E, DTU_PARAM_AT_ONCE, e, on_off_small, "off", "Echo of commands"),
    ACTION("ENTM", DTU_ID_ENTM, "Leave command mode"),
    {.name = "HEARTDT",
     .kind = DTU_PARAM_VIEW,
     .flags = DTU_PARAM_PORT,
     VALUES(heartuser),
     FIELDS(data),
     .help = "The user's heartbeat packet as text"},
    PORT_SETTING("HEARTEN", DTU_ID_HEARTEN, hearten, field_on_off, "OFF", "Heartbeat packet"),
    PORT_SETTING("HEARTTM", DTU_ID_HEARTTM, hearttm, field_port, "30",
                 "Interval of the heartbeat packet in seconds"),
    PORT_SETTING("HEARTTP", DTU_ID_HEARTTP, hearttp, net_com, "NET",
                 "Where the heartbeat packet goes"),
    PORT_SETTING("HEARTUSER", DTU_ID_HEARTDT, heartuser, typed_data, "www.usr.cn,ASCII",
                 "The user's heartbeat packet, and ASCII or HEX"),
    PORT_SETTING("HTPCHD", DTU_ID_NONE, htpchd, field_on_off, "ON",
                 "Leave the head of HTTP answers out"),
    PORT_SETTING("HTPHEAD", DTU_ID_NONE, htphead, headers, "Accept:text/html<<CRLF>>",
                 "HTTP header lines"),
    PORT_SETTING("HTPTP", DTU_ID_NONE, htptp, field_get_post, "GET", "HTTP method"),
    PORT_SETTING("HTPURL", DTU_ID_NONE, htpurl, field_text_100, "/1.php?", "HTTP path"),
    INFO("MAC", DTU_ID_MAC, "Hardware address"),
    SETTING("MID", DTU_ID_MID, mid, module_name, "USR-K7", "Name of the module"),
    PORT_SETTING("MODPOLL", DTU_ID_NONE, modpoll, field_on_off, "OFF",
                 "Modbus with several masters"),
    PORT_SETTING("MODTCP", DTU_ID_MODTCP, modtcp, field_on_off, "OFF", "Modbus RTU to TCP"),
    PORT_SETTING("MODTO", DTU_ID_NONE, modto, modbus_ms, "200",
                 "Time-out of Modbus with several masters"),
    PORT_SETTING("NETPR", DTU_ID_NONE, netpr, field_on_off, "OFF", "Network printing"),
    INFO("PDTIME", DTU_ID_NONE, "Time of production"),
    {.name = "PING",
     .kind = DTU_PARAM_ACTION,
     .flags = DTU_PARAM_PORT,
     FIELDS(ping),
     .help = "Ping an address"},
    SETTING("PLANG", DTU_ID_NONE, plang, language, "en", "Language of the web page"),
    ALIAS("RECEN", "RFCEN"),
    PORT_SETTING("REGCLOUD", DTU_ID_REGCLOUD, regcloud, field_cloud, ",",
                 "Device id and password of the cloud"),
    PORT_SETTING("REGEN", DTU_ID_REGEN, regen, reg_kind, "OFF", "Registration packet"),
    PORT_SETTING("REGTCP", DTU_ID_REGSND, regtcp, reg_send, "First",
                 "When the registration packet is sent"),
    PORT_SETTING("REGUSER", DTU_ID_REGDT, reguser, typed_data, "www.usr.cn,ASCII",
                 "The user's registration packet, and ASCII or HEX"),
    {.name = "REGUSR",
     .kind = DTU_PARAM_VIEW,
     .flags = DTU_PARAM_PORT,
     VALUES(reguser),
     FIELDS(data),
     .help = "The user's registration packet as text"},
    ACTION("RELD", DTU_ID_RELD, "Back to the user's defaults"),
    PORT_SETTING("RFCEN", DTU_ID_RFCEN, rfcen, field_on_off, "OFF",
                 "Baud rate follows the network"),
    SETTING("RSTIM", DTU_ID_RSTIM, rstim, field_restart_s, "3600",
            "Restart after so long without data; 0: never"),
    SETTING("SEARCH", DTU_ID_SEARCH, search, search, "48899,www.usr.cn",
            "Port and keyword of network commands"),
    PORT_SETTING("SHORTO", DTU_ID_SHORTATM, shorto, quiet_s, "3",
                 "Quiet time of a short-lived connection"),
    PORT_SETTING("SOCKA", DTU_ID_SOCKA, sock[0], socket_a, "TCPS,192.168.0.201,23",
                 "Kind, address and port of socket A"),
    PORT_SETTING("SOCKB", DTU_ID_SOCKA + 1, sock[1], socket_b, "NONE,192.168.0.201,23",
                 "Kind, address and port of socket B"),
    ABSENT("SOCKC"),
    ABSENT("SOCKD"),
    ABSENT("SOCKE"),
    ABSENT("SOCKF"),
    ABSENT("SOCKG"),
    ABSENT("SOCKH"),
    PORT_INFO("SOCKLKA", DTU_ID_SOCKALK, "State of socket A"),
    PORT_INFO("SOCKLKB", DTU_ID_SOCKALK + 1, "State of socket B"),
    ABSENT("SOCKLKC"),
    ABSENT("SOCKLKD"),
    ABSENT("SOCKLKE"),
    ABSENT("SOCKLKF"),
    ABSENT("SOCKLKG"),
    ABSENT("SOCKLKH"),
    PORT_SETTING("SOCKSL", DTU_ID_SOCKSL, socksl, field_on_off, "OFF", "Short-lived connections"),
    PORT_SETTING("SOCKTO", DTU_ID_SOCKTO, sockto, reconnect_s, "86400",
                 "Reconnect after so long without data"),
    PORT_SETTING("UART", DTU_ID_UART, uart, uart, "115200,8,1,NONE,NFC",
                 "Baud rate, data bits, stop bits, parity, flow control"),
    SETTING("UARTCLBUF", DTU_ID_UARTCLBUF, uartclbuf, field_on_off, "OFF",
            "Drop data of the UART from before the connection"),
    PORT_SETTING("UARTTL", DTU_ID_UARTTL, uarttl, packing, "0,0", "Packing time and length"),
    PORT_SETTING("UDPON", DTU_ID_UDPON, udpon, field_on_off, "OFF", "UDP from anyone is heard"),
    {.name = "USERMAC",
     .id = DTU_ID_USERMAC,
     .kind = DTU_PARAM_SECRET,
     VALUES(usermac),
     FIELDS(mac),
     .help = "Set the hardware address"},
    INFO("VER", DTU_ID_VER, "Firmware version"),
    SETTING("WANN", DTU_ID_WANN, wann, wan, "static,192.168.0.7,255.255.255.0,192.168.0.1",
            "Kind of IP, address, mask, gateway"),
    SETTING("WEBPORT", DTU_ID_WEBPORT, webport, field_port, "80", "Port of the web page"),
    PORT_SETTING("WEBSOCKPORT", DTU_ID_WEBSOCKPORT, websockport, field_port, "6432",
                 "Port of web sockets"),
    SETTING("WEBU", DTU_ID_WEBU, webu, web_user, "admin,admin",
            "User and password of the web page"),
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
    .indicator = &dtu_indicator_k7,
    .listen_word = "LISTEN",
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
