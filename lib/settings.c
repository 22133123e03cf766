/* SPDX-License-Identifier: MIT */
#include "dtu/settings.h"

#include <string.h>

#include "dtu/framer.h"

static const struct dtu_param *row_of(const struct dtu_params *params, unsigned id)
{
    return dtu_params_by_id(params->table, (uint8_t)id);
}

/* A number, or what holds where the product has no such parameter. */
static uint32_t number_of(const struct dtu_params *params, unsigned id, uint8_t field,
                          uint32_t otherwise)
{
    const struct dtu_param *row = row_of(params, id);
    return row != NULL ? dtu_params_number(params, row, field) : otherwise;
}

/* The same of a time: the parameter is in seconds, what holds without it in milliseconds. */
static uint32_t ms_of(const struct dtu_params *params, unsigned id, uint32_t otherwise_ms)
{
    const struct dtu_param *row = row_of(params, id);
    return row != NULL ? dtu_params_number(params, row, 0) * 1000 : otherwise_ms;
}

/* Which of the words a parameter has; 0 for another, or none. */
static unsigned word_of(const struct dtu_params *params, unsigned id, const char *words)
{
    return dtu_params_which(params, row_of(params, id), 0, words);
}

bool dtu_settings_on(const struct dtu_params *params, unsigned id, bool otherwise)
{
    const struct dtu_param *row = row_of(params, id);
    return row != NULL ? dtu_params_is(params, row, 0, "ON") : otherwise;
}

const uint8_t *dtu_settings_bytes(const struct dtu_params *params, unsigned id, uint8_t field,
                                  size_t *len)
{
    return dtu_params_bytes(params, row_of(params, id), field, len);
}

/* --- The device ----------------------------------------------------------------------------- */

/* The fields of a UART: the parity is before the data bits on 7S3, behind the stop bits
 * elsewhere. */
enum { BAUD, PARITY_FIRST, PARITY_LAST = 3, FLOW };

static uint8_t parity_field(const struct dtu_param *uart)
{
    return uart->fields[PARITY_FIRST].type == DTU_FIELD_ENUM ? PARITY_FIRST : PARITY_LAST;
}

static void read_uart(struct dtu_settings *s, const struct dtu_params *params)
{
    struct dtu_uart *uart = &s->uart;
    const struct dtu_param *row = row_of(params, DTU_ID_UART);
    static const uint8_t flows[] = {DTU_FLOW_NONE, DTU_FLOW_RTS_CTS, DTU_FLOW_RTS_CTS,
                                    DTU_FLOW_XON_XOFF, DTU_FLOW_RS485};
    uint8_t parity = parity_field(row);
    uint8_t data_bits = parity == PARITY_FIRST ? PARITY_FIRST + 1 : BAUD + 1;

    s->max_baud = row->fields[BAUD].max;
    uart->baud = dtu_params_number(params, row, BAUD);
    uart->data_bits = (uint8_t)dtu_params_number(params, row, data_bits);
    uart->stop_bits = (uint8_t)dtu_params_number(params, row, (uint8_t)(data_bits + 1));
    /* in the order of enum dtu_parity, behind none */
    uart->parity = (uint8_t)dtu_params_which(params, row, parity, "ODD,EVEN,MARK,SPACE");
    uart->flow = flows[dtu_params_which(params, row, FLOW, "CRTS,FCH,FCR,RS485")];
}

/* A word as a query answers it. */
static void write_word(const struct dtu_params *params, const char *word, size_t len,
                       const struct dtu_text *out)
{
    const char *quote = params->table->syntax.quotes ? "\"" : "";

    dtu_text_string(out, quote);
    dtu_text_bytes(out, word, len);
    dtu_text_string(out, quote);
}

void dtu_settings_write_uart(const struct dtu_params *params, const struct dtu_uart *uart,
                             const struct dtu_text *out)
{
    const struct dtu_param *row = row_of(params, DTU_ID_UART);
    uint8_t parity = parity_field(row);
    uint32_t number = uart->baud;
    size_t len;
    const char *word;

    for (unsigned field = BAUD; field < FLOW; field++) {
        if (field == parity) {
            word = dtu_params_word("NONE,ODD,EVEN,MARK,SPACE",
                                   uart->parity <= DTU_PARITY_SPACE ? uart->parity : 0, &len);
            write_word(params, word, len, out);
        } else {
            dtu_text_decimal(out, number);
            number = field == BAUD ? uart->data_bits : uart->stop_bits; /* the next one */
        }
        dtu_text_char(out, ',');
    }
    word = dtu_params_word(row->fields[FLOW].text, dtu_params_number(params, row, FLOW), &len);
    write_word(params, word, len, out);
}

void dtu_settings_follow_uart(struct dtu_settings *settings, const struct dtu_uart *uart)
{
    uint8_t flow = settings->uart.flow;
    settings->uart = *uart;
    settings->uart.flow = flow;
    if (settings->packs_four_bytes)
        settings->gap_us = dtu_framer_four_bytes_us(uart->baud);
}

static void read_packing(struct dtu_settings *s, const struct dtu_profile *profile,
                         const struct dtu_params *params)
{
    uint32_t ms = number_of(params, DTU_ID_UARTTL, 0,
                            number_of(params, DTU_ID_UARTFT, 0, profile->packing_ms));
    uint32_t len = number_of(params, DTU_ID_UARTTL, 1,
                             number_of(params, DTU_ID_UARTFL, 0, (uint32_t)profile->packing_len));

    s->packet_len = len > 0 ? (size_t)len : profile->packet_len;
    s->packs_four_bytes = ms == 0 && len == 0;
    s->gap_us = s->packs_four_bytes ? dtu_framer_four_bytes_us(s->uart.baud) : ms * 1000;
}

static void read_handshake(struct dtu_settings *s, const struct dtu_profile *profile)
{
    uint32_t packing_ms = (s->gap_us + 999) / 1000;
    if (packing_ms == 0)
        packing_ms = 1;
    s->guard_ms = profile->guard_ms > 0 ? profile->guard_ms : packing_ms;
    s->plus_ms = profile->gap_ms > 0 ? profile->gap_ms : packing_ms;
}

/* What the word of a parameter stands for. */
static uint8_t identity_of(const struct dtu_params *params, unsigned id)
{
    static const uint8_t kinds[] = {DTU_IDENTITY_NONE,  DTU_IDENTITY_ICCID, DTU_IDENTITY_IMEI,
                                    DTU_IDENTITY_SN,    DTU_IDENTITY_MAC,   DTU_IDENTITY_LBS,
                                    DTU_IDENTITY_REGID, DTU_IDENTITY_USER,  DTU_IDENTITY_USER,
                                    DTU_IDENTITY_USER,  DTU_IDENTITY_CLOUD};
    return kinds[word_of(params, id, "ICCID,IMEI,SN,MAC,LBS,REGID,USER,USR,REGDT,CLOUD")];
}

static uint8_t ways_of(const struct dtu_params *params)
{
    enum { LINK = DTU_IDENTITY_ON_LINK, DATA = DTU_IDENTITY_WITH_DATA };
    static const uint8_t ways[] = {0, LINK, LINK, DATA, DATA, LINK | DATA, LINK | DATA};
    return ways[word_of(params, DTU_ID_REGSND, "LINK,FIRST,DATA,EVERY,LINK&DATA,ALL")];
}

/* A packet of a kind, with the bytes of the parameter `user`. */
static void read_packet(struct dtu_identity_packet *packet, const struct dtu_params *params,
                        uint8_t kind, unsigned user)
{
    memset(packet, 0, sizeof *packet);
    packet->kind = (enum dtu_identity_kind)kind;
    packet->regid = (uint16_t)number_of(params, DTU_ID_REGID, 0, 0);
    if (kind == DTU_IDENTITY_CLOUD) {
        packet->password = dtu_settings_bytes(params, DTU_ID_REGCLOUD, 1, &packet->password_len);
        user = DTU_ID_REGCLOUD;
    }
    if (kind == DTU_IDENTITY_CLOUD || kind == DTU_IDENTITY_USER)
        packet->data = dtu_settings_bytes(params, user, 0, &packet->len);
}

/* K7 has the kind in the switch. */
static void read_registration(struct dtu_settings *s, const struct dtu_params *params)
{
    bool apart = row_of(params, DTU_ID_REGTP) != NULL;
    uint8_t kind = identity_of(params, apart ? DTU_ID_REGTP : DTU_ID_REGEN);
    bool used = !apart || dtu_settings_on(params, DTU_ID_REGEN, false);

    read_packet(&s->registration.packet, params, kind, DTU_ID_REGDT);
    s->registration.ways = used && kind != DTU_IDENTITY_NONE ? ways_of(params) : 0;
}

static void read_heartbeat(struct dtu_settings *s, const struct dtu_params *params)
{
    bool any_kind = row_of(params, DTU_ID_HEARTSORT) != NULL;
    uint8_t kind = any_kind ? identity_of(params, DTU_ID_HEARTSORT) : DTU_IDENTITY_USER;
    bool to_uart = word_of(params, DTU_ID_HEARTTP, "COM") > 0;

    s->heartbeat = dtu_settings_on(params, DTU_ID_HEARTEN, false);
    read_packet(&s->heartbeat_packet, params, kind, DTU_ID_HEARTDT);
    s->heartbeat_config.to = to_uart ? DTU_HEARTBEAT_TO_UART : DTU_HEARTBEAT_TO_NETWORK;
    s->heartbeat_config.interval_ms = ms_of(params, DTU_ID_HEARTTM, 30000);
    s->heartbeat_config.least_ms = kind == DTU_IDENTITY_LBS ? DTU_HEARTBEAT_LBS_MS : 0;
}

void dtu_settings_read(struct dtu_settings *settings, const struct dtu_profile *profile,
                       const struct dtu_params *params)
{
    enum { OTHER_MODE, CMD };
    unsigned mode = word_of(params, DTU_ID_WKMOD, "CMD,NET");

    settings->starts_in_command_mode = mode == CMD;
    settings->transparent = mode != OTHER_MODE || row_of(params, DTU_ID_WKMOD) == NULL;
    settings->uart_commands = dtu_settings_on(params, DTU_ID_UATEN, true);
    settings->network_commands = dtu_settings_on(params, DTU_ID_NATEN, true);
    settings->login_needed = dtu_settings_on(params, DTU_ID_SAFEATEN, false);
    settings->distributes = settings->transparent && dtu_settings_on(params, DTU_ID_SDPEN, false);
    settings->keeps_data = dtu_settings_on(params, DTU_ID_CACHEN, true);
    settings->clears_data = dtu_settings_on(params, DTU_ID_UARTCLBUF, false);
    settings->follows_baud = dtu_settings_on(params, DTU_ID_RFCEN, false);
    settings->marks_sockets = dtu_settings_on(params, DTU_ID_SOCKIND, false);
    settings->restart_ms = ms_of(params, DTU_ID_RSTIM, 0);
    settings->password = dtu_settings_bytes(params, DTU_ID_CMDPW, 0, &settings->password_len);
    read_uart(settings, params);
    read_packing(settings, profile, params);
    read_handshake(settings, profile);
    read_registration(settings, params);
    read_heartbeat(settings, params);
}

/* --- A socket ------------------------------------------------------------------------------- */

bool dtu_settings_listens(enum dtu_socket_kind kind)
{
    return kind == DTU_SOCKET_TCP_SERVER || kind == DTU_SOCKET_UDP_SERVER;
}

/* Whose connection kind a socket has. */
static unsigned kind_from(const struct dtu_profile *profile, const struct dtu_params *params,
                          unsigned socket)
{
    bool agree = profile->sockets_agree && dtu_settings_on(params, DTU_ID_SOCKAEN, true) &&
                 dtu_settings_on(params, DTU_ID_SOCKAEN + socket, true);
    return profile->sockets_share || agree ? 0 : socket;
}

static uint32_t quiet_ms(const struct dtu_profile *profile, const struct dtu_params *params,
                         unsigned socket, enum dtu_socket_kind kind)
{
    unsigned from = kind_from(profile, params, socket);

    if (kind != DTU_SOCKET_TCP_CLIENT || word_of(params, DTU_ID_SOCKSL + from, "SHORT,ON") == 0)
        return 0;
    if (profile->sockets_share)
        socket = 0;
    return ms_of(params, DTU_ID_SHORTATM + socket, profile->quiet_ms);
}

/* Where a server is: two fields of a row. */
static void read_address(struct dtu_socket_target *target, const struct dtu_params *params,
                         unsigned id, uint8_t field)
{
    target->host = dtu_settings_bytes(params, id, field, &target->host_len);
    target->port = (uint16_t)number_of(params, id, (uint8_t)(field + 1), 0);
}

static void read_keepalive(struct dtu_keepalive *keepalive, const struct dtu_params *params,
                           unsigned socket)
{
    const struct dtu_param *row = row_of(params, DTU_ID_KEEPALIVEA + socket);

    keepalive->on = dtu_params_number(params, row, 0) == 1;
    keepalive->idle_s = (uint16_t)dtu_params_number(params, row, 1);
    keepalive->interval_s = (uint16_t)dtu_params_number(params, row, 2);
    keepalive->count = (uint16_t)dtu_params_number(params, row, 3);
}

/* Of a TCP client alone: for another kind "cannot be had" has no meaning. */
static void read_backup(struct dtu_socket_settings *settings, const struct dtu_params *params,
                        unsigned socket)
{
    struct dtu_socket_target *backup = &settings->backup;

    *backup = settings->target;
    read_address(backup, params, DTU_ID_SOCKABK + socket, 0);
    settings->has_backup = dtu_settings_on(params, DTU_ID_SOCKABKEN + socket, false) &&
                           backup->host_len > 0 && backup->kind == DTU_SOCKET_TCP_CLIENT;
}

void dtu_settings_read_socket(struct dtu_socket_settings *settings,
                              const struct dtu_profile *profile, const struct dtu_params *params,
                              unsigned socket)
{
    enum { OTHER_WORD, NONE };
    static const uint8_t kinds[] = {
        DTU_SOCKET_NONE,       DTU_SOCKET_NONE,       DTU_SOCKET_TCP_CLIENT, DTU_SOCKET_TCP_CLIENT,
        DTU_SOCKET_UDP_CLIENT, DTU_SOCKET_UDP_CLIENT, DTU_SOCKET_TCP_SERVER, DTU_SOCKET_UDP_SERVER};
    unsigned kind = word_of(params, DTU_ID_SOCKA + socket, "NONE,TCP,TCPC,UDP,UDPC,TCPS,UDPS");
    struct dtu_socket_target *target = &settings->target;

    target->kind = (enum dtu_socket_kind)kinds[kind];
    target->hears_anyone = dtu_settings_on(params, DTU_ID_UDPON, false);
    read_address(target, params, DTU_ID_SOCKA + socket, 1);
    read_keepalive(&target->keepalive, params, socket);
    /* by a switch of its own, or where there is none by its kind */
    settings->enabled = dtu_settings_on(params, DTU_ID_SOCKAEN + socket, kind != NONE);
    settings->retry_ms =
        ms_of(params, DTU_ID_SOCKATO + socket, ms_of(params, DTU_ID_SOCKRSTIM, profile->retry_ms));
    settings->max_tries = number_of(params, DTU_ID_SOCKRSNUM, 0, 0);
    settings->quiet_ms = quiet_ms(profile, params, socket, target->kind);
    settings->idle_ms = ms_of(params, DTU_ID_SOCKTO, 0);
    read_backup(settings, params, socket);
}
