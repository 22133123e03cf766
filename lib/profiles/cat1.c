/* SPDX-License-Identifier: MIT */
/* WH-LTE-7S1-E, DR502, G771: manual 004, behaviour from 000. */
#include "rows.h"

struct values {
    uint8_t e[WORD_SIZE];
    uint8_t wkmod[WORD_SIZE];
    uint8_t cmdpw[TEXT_SIZE(10)];
    uint8_t stmsg[TEXT_SIZE(20)];
    uint8_t rstim[NUMBER_SIZE(65535)];
    uint8_t sdpen[WORD_SIZE];
    uint8_t naten[WORD_SIZE];
    uint8_t uaten[WORD_SIZE];
    uint8_t cachen[WORD_SIZE];
    uint8_t safeaten[WORD_SIZE];
    uint8_t signinat[TEXT_SIZE(10)];
    uint8_t uart[NUMBER_SIZE(921600) + NUMBER_SIZE(8) + NUMBER_SIZE(2) + 2 * WORD_SIZE];
    uint8_t uartfl[NUMBER_SIZE(4096)];
    uint8_t uartft[NUMBER_SIZE(500)];
    uint8_t apn[3 * TEXT_SIZE(50) + NUMBER_SIZE(2)];
    uint8_t sock[4][SOCKET_SIZE];
    uint8_t socken[4][WORD_SIZE];
    uint8_t keepalive[4][NUMBER_SIZE(1) + NUMBER_SIZE(65535) + NUMBER_SIZE(100) + NUMBER_SIZE(10)];
    uint8_t backup[4][SERVER_SIZE];
    uint8_t backupen[4][WORD_SIZE];
    uint8_t sockasl[WORD_SIZE];
    uint8_t shortatm[NUMBER_SIZE(600)];
    uint8_t sockrsnum[NUMBER_SIZE(65535)];
    uint8_t sockrstim[NUMBER_SIZE(65535)];
    uint8_t regen[WORD_SIZE];
    uint8_t regtp[WORD_SIZE];
    uint8_t regdt[TEXT_SIZE(300)];
    uint8_t regsnd[WORD_SIZE];
    uint8_t cloud[CLOUD_SIZE];
    uint8_t hearten[WORD_SIZE]; /* these five in the order of AT+HEART */
    uint8_t hearttp[WORD_SIZE];
    uint8_t heartsort[WORD_SIZE];
    uint8_t hearttm[NUMBER_SIZE(65535)];
    uint8_t heartdt[TEXT_SIZE(300)];
    uint8_t htptp[WORD_SIZE];
    uint8_t htpurl[TEXT_SIZE(100)];
    uint8_t htphd[TEXT_SIZE(200)];
    uint8_t htpsv[SERVER_SIZE];
    uint8_t htppk[WORD_SIZE];
    uint8_t htptim[NUMBER_SIZE(65535)];
    uint8_t dstnum[TEXT_SIZE(20)];
    uint8_t smsflt[WORD_SIZE];
    uint8_t ntpsvr[4 * TEXT_SIZE(100)];
    uint8_t ntpen[WORD_SIZE];
    uint8_t ntptm[NUMBER_SIZE(65535)];
    uint8_t gps[WORD_SIZE];
    uint8_t gpsout[TEXT_SIZE(100)];
};

ASSERT_SIZE(values_fit, sizeof(struct values) <= DTU_CAT1_VALUES_SIZE);

static const struct dtu_param_field long_short[] = {{.type = DTU_FIELD_ENUM, .text = "LONG,SHORT"}};
static const struct dtu_param_field interval[] = {
    {.type = DTU_FIELD_NUMBER, .min = 10, .max = 65535, .text = "s"}};
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
static const struct dtu_param_field apn[] = {
    {.type = DTU_FIELD_TEXT, .max = 50},
    {.type = DTU_FIELD_TEXT, .flags = DTU_FIELD_CLEARABLE, .max = 50},
    {.type = DTU_FIELD_TEXT, .flags = DTU_FIELD_CLEARABLE, .max = 50},
    {.type = DTU_FIELD_CHOICE, .flags = DTU_FIELD_CLEARABLE, .max = 2, .text = "0,1,2"}};
static const struct dtu_param_field keepalive[] = {
    {.type = DTU_FIELD_CHOICE, .max = 1, .text = "0,1"},
    {.type = DTU_FIELD_NUMBER, .min = 1, .max = 65535},
    {.type = DTU_FIELD_NUMBER, .min = 1, .max = 100},
    {.type = DTU_FIELD_NUMBER, .min = 1, .max = 10}};
static const struct dtu_param_field lbs[] = {{.type = DTU_FIELD_CHOICE, .max = 2, .text = "1,2"}};
static const struct dtu_param_field cclk[] = {{.type = DTU_FIELD_TEXT, .min = 8, .max = 8},
                                              {.type = DTU_FIELD_TEXT, .min = 8, .max = 11}};
static const struct dtu_param_field reg_kind[] = {
    {.type = DTU_FIELD_ENUM, .text = "ICCID,IMEI,SN,USER,CLOUD"}};
static const struct dtu_param_field reg_send[] = {
    {.type = DTU_FIELD_ENUM, .text = "LINK,DATA,LINK&DATA"}};
static const struct dtu_param_field hex_300[] = {{.type = DTU_FIELD_HEX, .min = 1, .max = 300}};
static const struct dtu_param_field heart_kind[] = {
    {.type = DTU_FIELD_ENUM, .text = "ICCID,IMEI,SN,USER,LBS"}};
static const struct dtu_param_field heart[] = {
    {.type = DTU_FIELD_ENUM, .text = "ON,OFF"},
    {.type = DTU_FIELD_ENUM, .flags = DTU_FIELD_OPTIONAL, .text = "COM,NET"},
    {.type = DTU_FIELD_ENUM, .flags = DTU_FIELD_OPTIONAL, .text = "ICCID,IMEI,SN,USER,LBS"},
    {.type = DTU_FIELD_NUMBER, .flags = DTU_FIELD_OPTIONAL, .min = 1, .max = 65535},
    {.type = DTU_FIELD_HEX, .flags = DTU_FIELD_OPTIONAL, .min = 1, .max = 300}};
static const struct dtu_param_field ntp_servers[] = {
    {.type = DTU_FIELD_TEXT, .min = 1, .max = 100},
    {.type = DTU_FIELD_TEXT, .flags = DTU_FIELD_CLEARABLE, .min = 1, .max = 100},
    {.type = DTU_FIELD_TEXT, .flags = DTU_FIELD_CLEARABLE, .min = 1, .max = 100},
    {.type = DTU_FIELD_TEXT, .flags = DTU_FIELD_CLEARABLE, .min = 1, .max = 100}};
static const struct dtu_param_field minutes[] = {
    {.type = DTU_FIELD_NUMBER, .min = 1, .max = 65535, .text = "m"}};
static const struct dtu_param_field gps_text[] = {{.type = DTU_FIELD_TEXT, .max = 100}};

static const struct dtu_param rows[] = {
    SETTING_RANGE("APN", DTU_ID_NONE, apn, apn, "CMNET,,,0", "<APN>,[USERNAME],[PASSWORD],[0,1,2]",
                  "Access point, user, password, authentication"),
    INFO("BUILD", DTU_ID_NONE, "Build time of the firmware"),
    SETTING("CACHEN", DTU_ID_CACHEN, cachen, field_on_off, "ON",
            "Keep data of the UART while not connected"),
    {.name = "CCLK", .kind = DTU_PARAM_INFO, FIELDS(cclk), .help = "Date and time"},
    INFO("CIP", DTU_ID_NONE, "IP address"),
    ACTION("CLEAR", DTU_ID_CLEAR, "Back to factory settings"),
    SETTING_RANGE("CLOUD", DTU_ID_REGCLOUD, cloud, field_cloud, ",", "<20 bytes>,<8 bytes>",
                  "Device id and password of the cloud"),
    SETTING("CMDPW", DTU_ID_CMDPW, cmdpw, field_text_10, "usr.cn#",
            "Password of commands in the data stream"),
    INFO("CNUM", DTU_ID_NONE, "Phone number"),
    INFO("CSQ", DTU_ID_NONE, "Signal quality and bit errors"),
    SETTING_RANGE("DSTNUM", DTU_ID_NONE, dstnum, field_text_20, "1008610010", "<1~20bytes>",
                  "Phone number of SMS mode"),
    SETTING_FLAGS("E", DTU_ID_E, DTU_PARAM_AT_ONCE, e, field_on_off, "ON", "Echo of commands"),
    ACTION("ENTM", DTU_ID_ENTM, "Leave command mode"),
    SETTING("GPS", DTU_ID_NONE, gps, field_on_off, "OFF", "GPS receiver"),
    INFO("GPSDT", DTU_ID_NONE, "Position from GPS"),
    SETTING("GPSOUT", DTU_ID_NONE, gpsout, gps_text, "", "Contents of the GPS heartbeat"),
    {.name = "HEART",
     .kind = DTU_PARAM_VIEW,
     VALUES(hearten),
     FIELDS(heart),
     .range = "<ON,OFF>,<NET/COM>,<ICCID/IMEI/SN/LBS/USER>,<time>,[USER_DATA]",
     .help = "All of the heartbeat packet"},
    SETTING_RANGE("HEARTDT", DTU_ID_HEARTDT, heartdt, hex_300, "7777772E7573722E636E",
                  "<1~300bytes>", "The user's heartbeat packet"),
    SETTING("HEARTEN", DTU_ID_HEARTEN, hearten, field_on_off, "ON", "Heartbeat packet"),
    SETTING("HEARTSORT", DTU_ID_HEARTSORT, heartsort, heart_kind, "USER",
            "Contents of the heartbeat packet"),
    SETTING("HEARTTM", DTU_ID_HEARTTM, hearttm, field_seconds, "30",
            "Interval of the heartbeat packet"),
    SETTING("HEARTTP", DTU_ID_HEARTTP, hearttp, field_com_net, "NET",
            "Where the heartbeat packet goes"),
    SETTING("HTPHD", DTU_ID_NONE, htphd, field_headers, "Accept:text/html[0D][0A]",
            "HTTP header lines"),
    SETTING("HTPPK", DTU_ID_NONE, htppk, field_on_off, "ON", "Leave the head of HTTP answers out"),
    SETTING("HTPSV", DTU_ID_NONE, htpsv, field_server, "test.usr.cn,80", "HTTP server and port"),
    SETTING("HTPTIM", DTU_ID_NONE, htptim, field_seconds, "10", "HTTP time-out"),
    ALIAS("HTPTO", "HTPTIM"), /* manual 000 section 5.2 */
    SETTING("HTPTP", DTU_ID_NONE, htptp, field_get_post, "GET", "HTTP method"),
    SETTING("HTPURL", DTU_ID_NONE, htpurl, field_text_100, "/1.php?", "HTTP path"),
    INFO("ICCID", DTU_ID_ICCID, "Number of the SIM card"),
    INFO("IMEI", DTU_ID_IMEI, "Number of the modem"),
    SETTING("KEEPALIVEA", DTU_ID_KEEPALIVEA, keepalive[0], keepalive, "1,60,15,3",
            "TCP keepalive of socket A: use, idle time, interval, probes"),
    SETTING("KEEPALIVEB", DTU_ID_KEEPALIVEA + 1, keepalive[1], keepalive, "1,60,15,3",
            "TCP keepalive of socket B: use, idle time, interval, probes"),
    SETTING("KEEPALIVEC", DTU_ID_KEEPALIVEA + 2, keepalive[2], keepalive, "1,60,15,3",
            "TCP keepalive of socket C: use, idle time, interval, probes"),
    SETTING("KEEPALIVED", DTU_ID_KEEPALIVEA + 3, keepalive[3], keepalive, "1,60,15,3",
            "TCP keepalive of socket D: use, idle time, interval, probes"),
    {.name = "LBS",
     .id = DTU_ID_LBS,
     .kind = DTU_PARAM_INFO,
     .flags = DTU_PARAM_ASKS,
     FIELDS(lbs),
     .help = "Position from the base station"},
    INFO("LBSN", DTU_ID_NONE, "Base stations nearby"),
    SETTING("NATEN", DTU_ID_NATEN, naten, field_on_off, "ON", "Commands from the network"),
    SETTING("NTPEN", DTU_ID_NONE, ntpen, field_on_off, "OFF", "Set the time from the network"),
    SETTING_RANGE("NTPSVR", DTU_ID_NONE, ntpsvr, ntp_servers, "cn.ntp.org.cn,us.ntp.org.cn",
                  "<SVR1>,[<SVR2>,<SVR3>,<SVR4>]", "Time servers"),
    SETTING("NTPTM", DTU_ID_NONE, ntptm, minutes, "60", "How often the time is set"),
    SETTING("REGDT", DTU_ID_REGDT, regdt, hex_300, "7777772E7573722E636E",
            "The user's registration packet"),
    SETTING("REGEN", DTU_ID_REGEN, regen, field_on_off, "OFF", "Registration packet"),
    SETTING("REGSND", DTU_ID_REGSND, regsnd, reg_send, "LINK",
            "When the registration packet is sent"),
    SETTING("REGTP", DTU_ID_REGTP, regtp, reg_kind, "USER", "Contents of the registration packet"),
    SETTING("RSTIM", DTU_ID_RSTIM, rstim, field_restart_s, "1800",
            "Restart after so long without data; 0: never"),
    ACTION("S", DTU_ID_S, "Save all settings and restart"),
    SETTING("SAFEATEN", DTU_ID_SAFEATEN, safeaten, field_on_off, "OFF", "Commands need a login"),
    SETTING("SDPEN", DTU_ID_SDPEN, sdpen, field_on_off, "OFF", "Socket distribution protocol"),
    SETTING("SHORTATM", DTU_ID_SHORTATM, shortatm, field_seconds_600, "10",
            "Quiet time of a short-lived connection, socket A"),
    {.name = "SIGNINAT",
     .id = DTU_ID_SIGNINAT,
     .kind = DTU_PARAM_SECRET,
     VALUES(signinat),
     FIELDS(field_text_10),
     .initial = "usr_cn",
     .help = "Log in; once logged in, change the password"},
    SETTING("SMSFLT", DTU_ID_NONE, smsflt, field_on_off, "ON", "SMS of other numbers are left out"),
    INFO("SN", DTU_ID_SN, "Serial number"),
    SETTING("SOCKA", DTU_ID_SOCKA + 0, sock[0], field_socket, "TCP,test.usr.cn,2317",
            "Protocol, address and port of socket A"),
    SETTING("SOCKABK", DTU_ID_SOCKABK, backup[0], field_server, ",1",
            "Backup address and port of socket A"),
    SETTING("SOCKABKEN", DTU_ID_SOCKABKEN, backupen[0], field_on_off, "OFF",
            "Use of the backup address of socket A"),
    SETTING("SOCKAEN", DTU_ID_SOCKAEN + 0, socken[0], field_on_off, "ON", "Use of socket A"),
    INFO("SOCKALK", DTU_ID_SOCKALK + 0, "State of socket A"),
    SETTING("SOCKASL", DTU_ID_SOCKSL, sockasl, long_short, "LONG",
            "Persistent or short-lived connection, socket A"),
    SETTING("SOCKB", DTU_ID_SOCKA + 1, sock[1], field_socket, "TCP,test.usr.cn,2317",
            "Protocol, address and port of socket B"),
    SETTING("SOCKBBK", DTU_ID_SOCKABK + 1, backup[1], field_server, ",1",
            "Backup address and port of socket B"),
    SETTING("SOCKBBKEN", DTU_ID_SOCKABKEN + 1, backupen[1], field_on_off, "OFF",
            "Use of the backup address of socket B"),
    SETTING("SOCKBEN", DTU_ID_SOCKAEN + 1, socken[1], field_on_off, "OFF", "Use of socket B"),
    INFO("SOCKBLK", DTU_ID_SOCKALK + 1, "State of socket B"),
    SETTING("SOCKC", DTU_ID_SOCKA + 2, sock[2], field_socket, "TCP,test.usr.cn,2317",
            "Protocol, address and port of socket C"),
    SETTING("SOCKCBK", DTU_ID_SOCKABK + 2, backup[2], field_server, ",1",
            "Backup address and port of socket C"),
    SETTING("SOCKCBKEN", DTU_ID_SOCKABKEN + 2, backupen[2], field_on_off, "OFF",
            "Use of the backup address of socket C"),
    SETTING("SOCKCEN", DTU_ID_SOCKAEN + 2, socken[2], field_on_off, "OFF", "Use of socket C"),
    INFO("SOCKCLK", DTU_ID_SOCKALK + 2, "State of socket C"),
    SETTING("SOCKD", DTU_ID_SOCKA + 3, sock[3], field_socket, "TCP,test.usr.cn,2317",
            "Protocol, address and port of socket D"),
    SETTING("SOCKDBK", DTU_ID_SOCKABK + 3, backup[3], field_server, ",1",
            "Backup address and port of socket D"),
    SETTING("SOCKDBKEN", DTU_ID_SOCKABKEN + 3, backupen[3], field_on_off, "OFF",
            "Use of the backup address of socket D"),
    SETTING("SOCKDEN", DTU_ID_SOCKAEN + 3, socken[3], field_on_off, "OFF", "Use of socket D"),
    INFO("SOCKDLK", DTU_ID_SOCKALK + 3, "State of socket D"),
    SETTING("SOCKRSNUM", DTU_ID_SOCKRSNUM, sockrsnum, field_port, "60",
            "Failed attempts in a row after which the module restarts"),
    SETTING("SOCKRSTIM", DTU_ID_SOCKRSTIM, sockrstim, interval, "10",
            "Time between connection attempts"),
    SETTING("STMSG", DTU_ID_STMSG, stmsg, field_text_20, "WH-LTE-7S1", "Text on the UART at start"),
    INFO("SYSINFO", DTU_ID_NONE, "Kind of network"),
    SETTING("UART", DTU_ID_UART, uart, uart, "115200,8,1,NONE,NONE",
            "Baud rate, data bits, stop bits, parity, flow control"),
    SETTING("UARTFL", DTU_ID_UARTFL, uartfl, packing_len, "1024", "Packing length"),
    SETTING("UARTFT", DTU_ID_UARTFT, uartft, packing_ms, "50", "Packing time"),
    SETTING("UATEN", DTU_ID_UATEN, uaten, field_on_off, "ON", "Commands in the data from the UART"),
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
    .indicator = &dtu_indicator_cat1,
    .line_size = DTU_CAT1_LINE_SIZE,
    .packet_len = DTU_CAT1_PACKET_LEN,
    .retry_ms = 10000,
    .quiet_ms = 10000,
    .queue_packets = 20,
    .mark = DTU_INSTREAM_PLAIN,
    .sockets = 4,
    .save_restarts = true,
};
