/* SPDX-License-Identifier: MIT */
/* USR-GPRS232-7S3: manual 002. It has no commands for packing; its times are decided here. */
#include "rows.h"

struct values {
    uint8_t e[WORD_SIZE];
    uint8_t wkmod[WORD_SIZE];
    uint8_t calen[WORD_SIZE];
    uint8_t naten[WORD_SIZE];
    uint8_t uaten[WORD_SIZE];
    uint8_t cmdpw[TEXT_SIZE(10)];
    uint8_t cachen[WORD_SIZE];
    uint8_t stmsg[TEXT_SIZE(20)];
    uint8_t rstim[NUMBER_SIZE(65535)];
    uint8_t uart[NUMBER_SIZE(921600) + NUMBER_SIZE(8) + NUMBER_SIZE(2) + 2 * WORD_SIZE];
    uint8_t rfcen[WORD_SIZE];
    uint8_t apn[TEXT_SIZE(50)];
    uint8_t sock[2][SOCKET_SIZE];
    uint8_t socken[2][WORD_SIZE];
    uint8_t socksl[2][WORD_SIZE];
    uint8_t sockiden[WORD_SIZE];
    uint8_t regen[WORD_SIZE];
    uint8_t regtp[WORD_SIZE];
    uint8_t regid[NUMBER_SIZE(65535)];
    uint8_t regdt[TEXT_SIZE(80)];
    uint8_t regsnd[WORD_SIZE];
    uint8_t hearten[WORD_SIZE];
    uint8_t heartdt[TEXT_SIZE(80)];
    uint8_t hearttp[WORD_SIZE];
    uint8_t hearttm[NUMBER_SIZE(65535)];
    uint8_t htptp[WORD_SIZE];
    uint8_t htpurl[TEXT_SIZE(100)];
    uint8_t htpsv[SERVER_SIZE];
    uint8_t htphd[TEXT_SIZE(200)];
    uint8_t htppk[WORD_SIZE];
    uint8_t dstnum[TEXT_SIZE(20)];
    uint8_t clouden[WORD_SIZE];
    uint8_t cloudid[TEXT_SIZE(20)];
    uint8_t cloudpa[TEXT_SIZE(8)];
};

ASSERT_SIZE(values_fit, sizeof(struct values) <= DTU_GPRS232_7S3_VALUES_SIZE);

static const char socket_range[] = "<\"TCP\",\"UDP\">,<\"address\">,<port>";

static const struct dtu_param_field on_off[] = {{.type = DTU_FIELD_ENUM, .text = "on,off"}};
static const struct dtu_param_field short_long[] = {{.type = DTU_FIELD_ENUM, .text = "short,long"}};
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
static const struct dtu_param_field apn[] = {{.type = DTU_FIELD_TEXT, .max = 50}};
static const struct dtu_param_field reg_kind[] = {
    {.type = DTU_FIELD_ENUM, .text = "ICCID,IMEI,REGID,REGDT"}};
static const struct dtu_param_field reg_id[] = {{.type = DTU_FIELD_NUMBER, .max = 65535}};
static const struct dtu_param_field reg_send[] = {
    {.type = DTU_FIELD_ENUM, .text = "link,data,link&data"}};
static const struct dtu_param_field sms[] = {{.type = DTU_FIELD_TEXT, .min = 1, .max = 20},
                                             {.type = DTU_FIELD_CHOICE, .max = 3, .text = "1,2,3"},
                                             {.type = DTU_FIELD_TEXT, .min = 1, .max = 160}};
static const struct dtu_param_field cloud_id[] = {{.type = DTU_FIELD_TEXT, .min = 20, .max = 20}};
static const struct dtu_param_field cloud_password[] = {
    {.type = DTU_FIELD_TEXT, .min = 8, .max = 8}};

static const struct dtu_param rows[] = {
    SETTING_RANGE("APN", DTU_ID_NONE, apn, apn, "CMNET", "<\"code\">", "Access point"),
    SETTING("CACHEN", DTU_ID_CACHEN, cachen, on_off, "on",
            "Keep data of the UART while not connected"),
    SETTING("CALEN", DTU_ID_NONE, calen, on_off, "off", "Phone calls are allowed"),
    ACTION("CFGTF", DTU_ID_CFGTF, "Make the settings the user's defaults"),
    ACTION("CLEAR", DTU_ID_CLEAR, "Back to factory settings"),
    ALIAS("CLOUDEDN", "CLOUDEN"), /* section 3.5.2 */
    SETTING("CLOUDEN", DTU_ID_NONE, clouden, on_off, "off", "Use of the cloud"),
    SETTING_RANGE("CLOUDID", DTU_ID_NONE, cloudid, cloud_id, "", "<\"id\">",
                  "Device id of the cloud"),
    SETTING_RANGE("CLOUDPA", DTU_ID_NONE, cloudpa, cloud_password, "", "<\"pass\">",
                  "Password of the cloud"),
    SETTING_RANGE("CMDPW", DTU_ID_CMDPW, cmdpw, field_text_10, "usr.cn", "<\"password\">",
                  "Password of commands in the data stream"),
    INFO("CNUM", DTU_ID_NONE, "Phone number"),
    SETTING_RANGE("DSTNUM", DTU_ID_NONE, dstnum, field_text_20, "1008610010", "<\"number\">",
                  "Phone number of SMS mode"),
    SETTING_FLAGS("E", DTU_ID_E, DTU_PARAM_AT_ONCE, e, on_off, "on", "Echo of commands"),
    ACTION("ENTM", DTU_ID_ENTM, "Leave command mode"),
    {.name = "H", .kind = DTU_PARAM_HELP, .help = "This list"},
    SETTING_RANGE("HEARTDT", DTU_ID_HEARTDT, heartdt, field_hex_80, "7777772E7573722E636E",
                  "<\"data\">", "The user's heartbeat packet"),
    SETTING("HEARTEN", DTU_ID_HEARTEN, hearten, on_off, "on", "Heartbeat packet"),
    SETTING_RANGE("HEARTTM", DTU_ID_HEARTTM, hearttm, field_seconds, "30", "<\"time\">",
                  "Interval of the heartbeat packet"),
    SETTING("HEARTTP", DTU_ID_HEARTTP, hearttp, field_com_net, "NET",
            "Where the heartbeat packet goes"),
    SETTING_RANGE("HTPHD", DTU_ID_NONE, htphd, field_headers, "Accept:text/html[0D][0A]",
                  "<\"head\">", "HTTP header lines"),
    SETTING("HTPPK", DTU_ID_NONE, htppk, on_off, "on", "Leave the head of HTTP answers out"),
    SETTING_RANGE("HTPSV", DTU_ID_NONE, htpsv, field_server, "test.usr.cn,80",
                  "<\"address\">,<port>", "HTTP server and port"),
    SETTING("HTPTP", DTU_ID_NONE, htptp, field_get_post, "GET", "HTTP method"),
    SETTING_RANGE("HTPURL", DTU_ID_NONE, htpurl, field_text_100, "/1.php?", "<\"URL\">",
                  "HTTP path"),
    INFO("ICCID", DTU_ID_ICCID, "Number of the SIM card"),
    INFO("IMEI", DTU_ID_IMEI, "Number of the modem"),
    SETTING("NATEN", DTU_ID_NATEN, naten, on_off, "on", "Commands from the network"),
    SETTING_RANGE("REGDT", DTU_ID_REGDT, regdt, field_hex_80, "7777772E7573722E636E", "<data>",
                  "The user's registration packet"),
    SETTING("REGEN", DTU_ID_REGEN, regen, on_off, "off", "Registration packet"),
    SETTING_RANGE("REGID", DTU_ID_REGID, regid, reg_id, "0", "<id>", "Registration id"),
    SETTING("REGSND", DTU_ID_REGSND, regsnd, reg_send, "link",
            "When the registration packet is sent"),
    SETTING("REGTP", DTU_ID_REGTP, regtp, reg_kind, "REGDT", "Contents of the registration packet"),
    ACTION("RELD", DTU_ID_RELD, "Back to the user's defaults"),
    SETTING("RFCEN", DTU_ID_RFCEN, rfcen, on_off, "off", "Baud rate follows the network"),
    SETTING("RSTIM", DTU_ID_RSTIM, rstim, field_restart_s, "1800",
            "Restart after so long without data; 0: never"),
    ACTION("S", DTU_ID_S, "Save all settings"),
    {.name = "SMSSEND",
     .kind = DTU_PARAM_ACTION,
     FIELDS(sms),
     .range = "<\"number\">,<1,2,3>,<\"data\">",
     .help = "Send an SMS: number, coding, text"},
    INFO("SN", DTU_ID_SN, "Serial number"),
    SETTING_RANGE("SOCKA", DTU_ID_SOCKA, sock[0], field_socket, "TCP,test.usr.cn,2317",
                  socket_range, "Protocol, address and port of socket A"),
    SETTING("SOCKAEN", DTU_ID_SOCKAEN, socken[0], on_off, "on", "Use of socket A"),
    INFO("SOCKALK", DTU_ID_SOCKALK, "State of socket A"),
    SETTING("SOCKASL", DTU_ID_SOCKSL, socksl[0], short_long, "long",
            "Persistent or short-lived connection, socket A"),
    SETTING_RANGE("SOCKB", DTU_ID_SOCKA + 1, sock[1], field_socket, "TCP,test.usr.cn,2317",
                  socket_range, "Protocol, address and port of socket B"),
    SETTING("SOCKBEN", DTU_ID_SOCKAEN + 1, socken[1], on_off, "off", "Use of socket B"),
    INFO("SOCKBLK", DTU_ID_SOCKALK + 1, "State of socket B"),
    SETTING("SOCKBSL", DTU_ID_SOCKSL + 1, socksl[1], short_long, "long",
            "Persistent or short-lived connection, socket B"),
    SETTING("SOCKIDEN", DTU_ID_SOCKIND, sockiden, on_off, "off",
            "Data to the UART says which socket it is from"),
    SETTING_RANGE("STMSG", DTU_ID_STMSG, stmsg, field_text_20, "WH-LTE-7S1",
                  "<\"welcome message\">", "Text on the UART at start"),
    SETTING("UART", DTU_ID_UART, uart, uart, "115200,NONE,8,1,NONE",
            "Baud rate, parity, data bits, stop bits, flow control"),
    SETTING("UATEN", DTU_ID_UATEN, uaten, on_off, "on", "Commands in the data from the UART"),
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
    .indicator = &dtu_indicator_gprs232_7s3,
    .line_size = DTU_GPRS232_7S3_LINE_SIZE,
    .packet_len = DTU_GPRS232_7S3_PACKET_LEN,
    .packing_len = DTU_GPRS232_7S3_PACKET_LEN,
    .packing_ms = 50,
    .guard_ms = 200,
    .gap_ms = 50,
    .retry_ms = 10000,
    .quiet_ms = 10000,
    .queue_bytes = 4096,
    .mark = DTU_INSTREAM_HASH,
    .sockets = 2,
};
