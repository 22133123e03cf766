/* SPDX-License-Identifier: MIT */
/* WH-LTE-7S4 V2: manual 001. */
#include "rows.h"

struct values {
    uint8_t e[WORD_SIZE];
    uint8_t wkmod[WORD_SIZE];
    uint8_t cmdpw[TEXT_SIZE(10)];
    uint8_t stmsg[TEXT_SIZE(20)];
    uint8_t rstim[NUMBER_SIZE(65535)];
    uint8_t sysconfig[NUMBER_SIZE(27) + NUMBER_SIZE(25) + NUMBER_SIZE(2) + NUMBER_SIZE(4)];
    uint8_t fotatime[NUMBER_SIZE(65535)];
    uint8_t uart[NUMBER_SIZE(460800) + NUMBER_SIZE(8) + NUMBER_SIZE(2) + 2 * WORD_SIZE];
    uint8_t uartft[NUMBER_SIZE(60000)];
    uint8_t uartfl[NUMBER_SIZE(2048)];
    uint8_t apn[3 * TEXT_SIZE(50) + NUMBER_SIZE(2)];
    uint8_t sock[2][SOCKET_SIZE];
    uint8_t socken[2][WORD_SIZE];
    uint8_t keepalive[2][NUMBER_SIZE(1) + NUMBER_SIZE(7200) + NUMBER_SIZE(75) + NUMBER_SIZE(9)];
    uint8_t socksl[2][WORD_SIZE];
    uint8_t shorto[2][NUMBER_SIZE(600)];
    uint8_t sockto[2][NUMBER_SIZE(100)];
    uint8_t sockind[WORD_SIZE];
    uint8_t sdpen[WORD_SIZE];
    uint8_t sockrstim[NUMBER_SIZE(600)];
    uint8_t regen[WORD_SIZE];
    uint8_t regtp[WORD_SIZE];
    uint8_t regdt[TEXT_SIZE(80)];
    uint8_t regsnd[WORD_SIZE];
    uint8_t cloud[CLOUD_SIZE];
    uint8_t id[TEXT_SIZE(11)];
    uint8_t hearten[WORD_SIZE];
    uint8_t heartdt[TEXT_SIZE(80)];
    uint8_t heartsnd[WORD_SIZE];
    uint8_t hearttm[NUMBER_SIZE(6000)];
    uint8_t htptp[WORD_SIZE];
    uint8_t htpurl[TEXT_SIZE(100)];
    uint8_t htpsv[SERVER_SIZE];
    uint8_t htphd[TEXT_SIZE(200)];
    uint8_t htpto[NUMBER_SIZE(600)];
    uint8_t htpflt[WORD_SIZE];
    uint8_t sockm[SERVER_SIZE];
    uint8_t mqttconn[TEXT_SIZE(64) + NUMBER_SIZE(65535) + NUMBER_SIZE(1)];
    uint8_t mqttu[2 * TEXT_SIZE(64)];
    uint8_t mqttsub[15][TEXT_SIZE(100) + NUMBER_SIZE(2)];
    uint8_t mqttwillen[WORD_SIZE];
    uint8_t mqttwill[TEXT_SIZE(100) + NUMBER_SIZE(2) + NUMBER_SIZE(1) + TEXT_SIZE(100)];
    uint8_t mqttpfen[WORD_SIZE];
    uint8_t mqttsslen[WORD_SIZE];
    uint8_t mqttsslvc[WORD_SIZE];
    uint8_t mqttssloc[WORD_SIZE];
    uint8_t mqttkeypw[TEXT_SIZE(32)];
    uint8_t mqttcerup[WORD_SIZE + NUMBER_SIZE(3)];
    uint8_t modbusen[WORD_SIZE];
};

ASSERT_SIZE(values_fit, sizeof(struct values) <= DTU_LTE_7S4_VALUES_SIZE);

static const struct dtu_param_field short_long[] = {{.type = DTU_FIELD_ENUM, .text = "SHORT,LONG"}};
static const struct dtu_param_field seconds_100[] = {
    {.type = DTU_FIELD_NUMBER, .min = 1, .max = 100}};
static const struct dtu_param_field seconds_600[] = {
    {.type = DTU_FIELD_NUMBER, .min = 1, .max = 600}};
static const struct dtu_param_field seconds_6000[] = {
    {.type = DTU_FIELD_NUMBER, .min = 1, .max = 6000}};
static const struct dtu_param_field restart_s[] = {
    {.type = DTU_FIELD_NUMBER, .flags = DTU_FIELD_ZERO, .min = 60, .max = 65535}};
static const struct dtu_param_field fota_s[] = {
    {.type = DTU_FIELD_NUMBER, .flags = DTU_FIELD_ZERO, .min = 10, .max = 65535}};
static const struct dtu_param_field sysconfig[] = {
    {.type = DTU_FIELD_CHOICE, .max = 27, .text = "2,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27"},
    {.type = DTU_FIELD_NUMBER, .max = 25},
    {.type = DTU_FIELD_NUMBER, .max = 2},
    {.type = DTU_FIELD_NUMBER, .max = 4}};
static const struct dtu_param_field shell[] = {{.type = DTU_FIELD_TEXT, .min = 1, .max = 200}};
static const struct dtu_param_field attempts[] = {
    {.type = DTU_FIELD_NUMBER, .min = 10, .max = 600}};
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
static const struct dtu_param_field apn[] = {{.type = DTU_FIELD_TEXT, .max = 50},
                                             {.type = DTU_FIELD_TEXT, .max = 50},
                                             {.type = DTU_FIELD_TEXT, .max = 50},
                                             {.type = DTU_FIELD_CHOICE, .max = 2, .text = "0,1,2"}};
static const struct dtu_param_field keepalive[] = {
    {.type = DTU_FIELD_CHOICE, .max = 1, .text = "0,1"},
    {.type = DTU_FIELD_NUMBER, .max = 7200},
    {.type = DTU_FIELD_NUMBER, .max = 75},
    {.type = DTU_FIELD_NUMBER, .max = 9}};
static const struct dtu_param_field reg_kind[] = {
    {.type = DTU_FIELD_ENUM, .text = "USER,IMEI,ICCID,CLOUD"}};
static const struct dtu_param_field reg_send[] = {{.type = DTU_FIELD_ENUM, .text = "LINK,DATA"}};
static const struct dtu_param_field net_com[] = {{.type = DTU_FIELD_ENUM, .text = "NET,COM"}};
static const struct dtu_param_field udc_id[] = {{.type = DTU_FIELD_TEXT, .min = 1, .max = 11}};
static const struct dtu_param_field headers[] = {
    {.type = DTU_FIELD_TEXT, .flags = DTU_FIELD_ANY_BYTE | DTU_FIELD_LINES, .min = 2, .max = 200}};
static const struct dtu_param_field sms[] = {{.type = DTU_FIELD_TEXT, .min = 1, .max = 20},
                                             {.type = DTU_FIELD_TEXT, .min = 1, .max = 160}};
static const struct dtu_param_field mqtt_connection[] = {
    {.type = DTU_FIELD_TEXT, .min = 1, .max = 64},
    {.type = DTU_FIELD_NUMBER, .max = 65535},
    {.type = DTU_FIELD_CHOICE, .max = 1, .text = "0,1"}};
static const struct dtu_param_field mqtt_user[] = {{.type = DTU_FIELD_TEXT, .max = 64},
                                                   {.type = DTU_FIELD_TEXT, .max = 64}};
static const struct dtu_param_field mqtt_topic[] = {{.type = DTU_FIELD_NUMBER, .min = 1, .max = 15},
                                                    {.type = DTU_FIELD_TEXT, .min = 1, .max = 100},
                                                    {.type = DTU_FIELD_NUMBER, .max = 2}};
static const struct dtu_param_field mqtt_number[] = {
    {.type = DTU_FIELD_NUMBER, .min = 1, .max = 15}};
static const struct dtu_param_field mqtt_will[] = {
    {.type = DTU_FIELD_TEXT, .min = 1, .max = 100},
    {.type = DTU_FIELD_NUMBER, .max = 2},
    {.type = DTU_FIELD_CHOICE, .max = 1, .text = "0,1"},
    {.type = DTU_FIELD_TEXT, .max = 100}};
static const struct dtu_param_field key_password[] = {{.type = DTU_FIELD_TEXT, .max = 32}};
static const struct dtu_param_field mqtt_upgrade[] = {
    {.type = DTU_FIELD_ENUM, .text = "ON,OFF"}, {.type = DTU_FIELD_NUMBER, .min = 1, .max = 3}};

static const struct dtu_param rows[] = {
    SETTING_FLAGS("APN", DTU_ID_NONE, DTU_PARAM_KEPT | DTU_PARAM_DEFAULT, apn, apn, ",,,0",
                  "Access point, user, password, authentication"),
    INFO("CCLK", DTU_ID_NONE, "Date and time"),
    CALL("CISMSEND", DTU_ID_NONE, sms, "Send an SMS: number, text"),
    ACTION("CLEAR", DTU_ID_CLEAR, "Back to factory settings"),
    SETTING_RANGE("CLOUD", DTU_ID_REGCLOUD, cloud, field_cloud, "0,0", "<20 bytes>,<8 bytes>",
                  "Device id and password of the cloud"),
    ALIAS("CMDDPW", "CMDPW"),
    SETTING("CMDPW", DTU_ID_CMDPW, cmdpw, field_text_10, "usr.cn",
            "Password of commands in the data stream"),
    INFO("CSQ", DTU_ID_NONE, "Signal quality, bit errors, kind of network"),
    SETTING_FLAGS("E", DTU_ID_E, DTU_PARAM_AT_ONCE, e, field_on_off, "OFF", "Echo of commands"),
    ACTION("ENTM", DTU_ID_ENTM, "Leave command mode"),
    SETTING("FOTATIME", DTU_ID_NONE, fotatime, fota_s, "1800",
            "How often a new firmware is looked for; 0: never"),
    {.name = "H", .kind = DTU_PARAM_HELP, .help = "This list"},
    SETTING("HEARTDT", DTU_ID_HEARTDT, heartdt, field_hex_80, "7777772E7573722E636E",
            "The user's heartbeat packet"),
    SETTING("HEARTEN", DTU_ID_HEARTEN, hearten, field_on_off, "ON", "Heartbeat packet"),
    SETTING("HEARTSND", DTU_ID_HEARTTP, heartsnd, net_com, "NET",
            "Where the heartbeat packet goes"),
    SETTING("HEARTTM", DTU_ID_HEARTTM, hearttm, seconds_6000, "30",
            "Interval of the heartbeat packet"),
    ALIAS("HPTFLT", "HTPFLT"),
    ALIAS("HPTTO", "HTPTO"),
    ALIAS("HPTTP", "HTPTP"),
    SETTING("HTPFLT", DTU_ID_NONE, htpflt, field_on_off, "ON",
            "Leave the head of HTTP answers out"),
    SETTING("HTPHD", DTU_ID_NONE, htphd, headers, "Connection: close[0D][0A]", "HTTP header lines"),
    SETTING("HTPSV", DTU_ID_NONE, htpsv, field_server, "test.usr.cn,80", "HTTP server and port"),
    SETTING("HTPTO", DTU_ID_NONE, htpto, seconds_600, "10", "HTTP time-out"),
    SETTING("HTPTP", DTU_ID_NONE, htptp, field_get_post, "GET", "HTTP method"),
    SETTING("HTPURL", DTU_ID_NONE, htpurl, field_text_100, "/1.php[3F]", "HTTP path"),
    INFO("ICCID", DTU_ID_ICCID, "Number of the SIM card"),
    SETTING("ID", DTU_ID_NONE, id, udc_id, "0001", "Device id of UDC mode"),
    INFO("IMEI", DTU_ID_IMEI, "Number of the modem"),
    ALIAS("KEEPAEIVEA", "KEEPALIVEA"),
    SETTING("KEEPALIVEA", DTU_ID_KEEPALIVEA, keepalive[0], keepalive, "1,15,10,3",
            "TCP keepalive of socket A: use, idle time, interval, probes"),
    SETTING("KEEPALIVEB", DTU_ID_KEEPALIVEA + 1, keepalive[1], keepalive, "1,15,10,3",
            "TCP keepalive of socket B: use, idle time, interval, probes"),
    INFO("LBS", DTU_ID_NONE, "Base station"),
    INFO("LOCIP", DTU_ID_NONE, "IP address"),
    SETTING("MODBUSEN", DTU_ID_NONE, modbusen, field_on_off, "OFF", "Modbus RTU to TCP"),
    SETTING("MQTTCERUP", DTU_ID_NONE, mqttcerup, mqtt_upgrade, "OFF,3",
            "Certificates may be replaced by topic: which"),
    SETTING("MQTTCONN", DTU_ID_NONE, mqttconn, mqtt_connection, "123456,60,1",
            "MQTT client id, keepalive, clean session"),
    SETTING("MQTTKEYPW", DTU_ID_NONE, mqttkeypw, key_password, "12345678",
            "Password of the module's private key"),
    SETTING("MQTTPFEN", DTU_ID_NONE, mqttpfen, field_on_off, "OFF",
            "MQTT data to the UART says its topic"),
    SETTING("MQTTSSLEN", DTU_ID_NONE, mqttsslen, field_on_off, "OFF", "MQTT over TLS"),
    SETTING("MQTTSSLOC", DTU_ID_NONE, mqttssloc, field_on_off, "OFF",
            "Send the module's certificate"),
    SETTING("MQTTSSLVC", DTU_ID_NONE, mqttsslvc, field_on_off, "OFF",
            "Check the server's certificate"),
    {.name = "MQTTSUB",
     .id = DTU_ID_MQTTSUB,
     .kind = DTU_PARAM_SETTING,
     VALUES(mqttsub),
     FIELDS(mqtt_topic),
     .places = 15,
     .help = "MQTT topics: number, topic, QoS"},
    ALIAS("MQTTTCERUP", "MQTTCERUP"),
    SETTING("MQTTU", DTU_ID_NONE, mqttu, mqtt_user, "admin,admin", "MQTT user and password"),
    CALL("MQTTUNSUB", DTU_ID_MQTTUNSUB, mqtt_number, "Forget an MQTT topic"),
    SETTING("MQTTWILL", DTU_ID_NONE, mqttwill, mqtt_will, "/will,0,0,offline",
            "MQTT will: topic, QoS, retain, text"),
    SETTING("MQTTWILLEN", DTU_ID_NONE, mqttwillen, field_on_off, "OFF", "MQTT will"),
    ACTION("REBOOT", DTU_ID_Z, "Restart, system and all"),
    SETTING("REGDT", DTU_ID_REGDT, regdt, field_hex_80, "7777772E7573722E636E",
            "The user's registration packet"),
    SETTING("REGEN", DTU_ID_REGEN, regen, field_on_off, "OFF", "Registration packet"),
    SETTING("REGSND", DTU_ID_REGSND, regsnd, reg_send, "LINK",
            "When the registration packet is sent"),
    SETTING("REGTP", DTU_ID_REGTP, regtp, reg_kind, "USER", "Contents of the registration packet"),
    ACTION("RELD", DTU_ID_CLEAR, "Back to factory settings"),
    SETTING("RSTIM", DTU_ID_RSTIM, rstim, restart_s, "1800",
            "Restart after so long without data; 0: never"),
    SETTING("SDPEN", DTU_ID_SDPEN, sdpen, field_on_off, "OFF", "Socket distribution protocol"),
    CALL("SHELL", DTU_ID_NONE, shell, "Run a command of the system"),
    SETTING("SHORATO", DTU_ID_SHORTATM + 0, shorto[0], seconds_600, "5",
            "Quiet time of a short-lived connection, socket A"),
    SETTING("SHORBTO", DTU_ID_SHORTATM + 1, shorto[1], seconds_600, "5",
            "Quiet time of a short-lived connection, socket B"),
    CALL("SMSSEND", DTU_ID_NONE, sms, "Send an SMS: number, text"),
    INFO("SN", DTU_ID_SN, "Serial number"),
    SETTING("SOCKA", DTU_ID_SOCKA + 0, sock[0], field_socket, "TCP,test.usr.cn,2317",
            "Protocol, address and port of socket A"),
    SETTING("SOCKAEN", DTU_ID_SOCKAEN + 0, socken[0], field_on_off, "ON", "Use of socket A"),
    INFO("SOCKALK", DTU_ID_SOCKALK + 0, "State of socket A"),
    SETTING("SOCKASL", DTU_ID_SOCKSL + 0, socksl[0], short_long, "LONG",
            "Persistent or short-lived connection, socket A"),
    SETTING("SOCKATO", DTU_ID_SOCKATO + 0, sockto[0], seconds_100, "5",
            "Time between connection attempts, socket A"),
    SETTING("SOCKB", DTU_ID_SOCKA + 1, sock[1], field_socket, "TCP,test.usr.cn,2317",
            "Protocol, address and port of socket B"),
    SETTING("SOCKBEN", DTU_ID_SOCKAEN + 1, socken[1], field_on_off, "ON", "Use of socket B"),
    INFO("SOCKBLK", DTU_ID_SOCKALK + 1, "State of socket B"),
    SETTING("SOCKBSL", DTU_ID_SOCKSL + 1, socksl[1], short_long, "LONG",
            "Persistent or short-lived connection, socket B"),
    SETTING("SOCKBTO", DTU_ID_SOCKATO + 1, sockto[1], seconds_100, "5",
            "Time between connection attempts, socket B"),
    SETTING("SOCKIND", DTU_ID_SOCKIND, sockind, field_on_off, "OFF",
            "Data to the UART says which socket it is from"),
    SETTING("SOCKM", DTU_ID_NONE, sockm, field_server, "cloudmqtt.usr.cn,1883",
            "MQTT server and port"),
    SETTING("SOCKRSTIM", DTU_ID_SOCKRSNUM, sockrstim, attempts, "60",
            "Failed attempts in a row after which the module restarts"),
    SETTING("STMSG", DTU_ID_STMSG, stmsg, field_text_20, "[WH-7S4 V2]",
            "Text on the UART at start"),
    SETTING("SYSCONFIG", DTU_ID_NONE, sysconfig, sysconfig, "2,12,1,2",
            "Network mode, order, roaming, domain"),
    INFO("SYSINFO", DTU_ID_NONE, "Service and kind of network"),
    SETTING("UART", DTU_ID_UART, uart, uart, "115200,8,1,NONE,NFC",
            "Baud rate, data bits, stop bits, parity, flow control"),
    SETTING("UARTFL", DTU_ID_UARTFL, uartfl, packing_len, "1024", "Packing length"),
    SETTING("UARTFT", DTU_ID_UARTFT, uartft, packing_ms, "50", "Packing time"),
    INFO("VER", DTU_ID_VER, "Firmware version"),
    SETTING("WKMOD", DTU_ID_WKMOD, wkmod, work_mode, "NET", "Work mode"),
    ACTION("Z", DTU_ID_Z, "Restart"),
    INFO("ZVERSION", DTU_ID_NONE, "Inner software version"),
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
    .indicator = &dtu_indicator_lte_7s4,
    .line_size = DTU_LTE_7S4_LINE_SIZE,
    .packet_len = DTU_LTE_7S4_PACKET_LEN,
    .retry_ms = 5000,
    .quiet_ms = 5000,
    .queue_packets = 20,
    .mark = DTU_INSTREAM_ADMIN,
    .sms_style = DTU_AT_SEMICOLONS,
    .sockets = 2,
    .stores_at_once = true,
    .sockets_agree = true,
};
