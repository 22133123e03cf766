/* SPDX-License-Identifier: MIT */
#include "dtu/settings.h"

#include "dtu/framer.h"

static const struct dtu_param *row_of(const struct dtu_params *params, unsigned id)
{
    return dtu_params_by_id(params->table, (uint8_t)id);
}

/* A number, or what holds where the product has no such parameter. */
static uint32_t number_of(const struct dtu_params *params, unsigned id, uint32_t otherwise)
{
    const struct dtu_param *row = row_of(params, id);
    return row != NULL ? dtu_params_number(params, row, 0) : otherwise;
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

/* The parity is before the data bits on 7S3, behind the stop bits elsewhere. */
static bool has_parity_first(const struct dtu_param *uart)
{
    return uart->fields[1].type == DTU_FIELD_ENUM;
}

static void read_uart(struct dtu_uart *uart, const struct dtu_params *params)
{
    const struct dtu_param *row = row_of(params, DTU_ID_UART);
    static const uint8_t flows[] = {DTU_FLOW_NONE, DTU_FLOW_RTS_CTS, DTU_FLOW_RTS_CTS,
                                    DTU_FLOW_XON_XOFF, DTU_FLOW_RS485};
    bool parity_first = has_parity_first(row);

    uart->baud = dtu_params_number(params, row, 0);
    uart->data_bits = (uint8_t)dtu_params_number(params, row, parity_first ? 2 : 1);
    uart->stop_bits = (uint8_t)dtu_params_number(params, row, parity_first ? 3 : 2);
    /* in the order of enum dtu_parity, behind none */
    uart->parity =
        (uint8_t)dtu_params_which(params, row, parity_first ? 1 : 3, "ODD,EVEN,MARK,SPACE");
    uart->flow = flows[dtu_params_which(params, row, 4, "CRTS,FCH,FCR,RS485")];
}

static void write_parity(const struct dtu_params *params, const struct dtu_uart *uart,
                         const struct dtu_text *out)
{
    static const char words[][6] = {"NONE", "ODD", "EVEN", "MARK", "SPACE"};
    bool quotes = params->table->syntax.quotes;

    if (quotes)
        dtu_text_char(out, '"');
    dtu_text_string(out, words[uart->parity <= DTU_PARITY_SPACE ? uart->parity : 0]);
    dtu_text_string(out, quotes ? "\"," : ",");
}

void dtu_settings_write_uart(const struct dtu_params *params, const struct dtu_uart *uart,
                             const struct dtu_text *out)
{
    const struct dtu_param *row = row_of(params, DTU_ID_UART);
    bool parity_first = has_parity_first(row);

    dtu_text_decimal(out, uart->baud);
    dtu_text_char(out, ',');
    if (parity_first)
        write_parity(params, uart, out);
    dtu_text_decimal(out, uart->data_bits);
    dtu_text_char(out, ',');
    dtu_text_decimal(out, uart->stop_bits);
    dtu_text_char(out, ',');
    if (!parity_first)
        write_parity(params, uart, out);
    dtu_params_write_field(params, DTU_PARAMS_RUNNING, row, 4, out);
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
    const struct dtu_param *both = row_of(params, DTU_ID_UARTTL);
    uint32_t ms = number_of(params, DTU_ID_UARTFT, profile->packing_ms);
    uint32_t len = number_of(params, DTU_ID_UARTFL, (uint32_t)profile->packing_len);

    if (both != NULL) {
        ms = dtu_params_number(params, both, 0);
        len = dtu_params_number(params, both, 1);
    }
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

/* What the word of a row stands for. */
static uint8_t identity_of(const struct dtu_params *params, const struct dtu_param *row)
{
    static const uint8_t kinds[] = {DTU_IDENTITY_NONE,  DTU_IDENTITY_ICCID, DTU_IDENTITY_IMEI,
                                    DTU_IDENTITY_SN,    DTU_IDENTITY_MAC,   DTU_IDENTITY_LBS,
                                    DTU_IDENTITY_REGID, DTU_IDENTITY_USER,  DTU_IDENTITY_USER,
                                    DTU_IDENTITY_USER,  DTU_IDENTITY_CLOUD};
    return kinds[dtu_params_which(params, row, 0,
                                  "ICCID,IMEI,SN,MAC,LBS,REGID,USER,USR,REGDT,CLOUD")];
}

static uint8_t ways_of(const struct dtu_params *params, const struct dtu_param *row)
{
    enum { LINK = DTU_IDENTITY_ON_LINK, DATA = DTU_IDENTITY_WITH_DATA };
    static const uint8_t ways[] = {0, LINK, LINK, DATA, DATA, LINK | DATA, LINK | DATA};
    return ways[dtu_params_which(params, row, 0, "LINK,FIRST,DATA,EVERY,LINK&DATA,ALL")];
}

/* A packet of a kind, with the bytes of the row `user`. */
static struct dtu_identity_packet packet_of(const struct dtu_params *params, uint8_t kind,
                                            unsigned user)
{
    struct dtu_identity_packet packet = {.kind = (enum dtu_identity_kind)kind};
    if (packet.kind == DTU_IDENTITY_USER)
        packet.data = dtu_settings_bytes(params, user, 0, &packet.len);
    if (packet.kind == DTU_IDENTITY_CLOUD) {
        packet.data = dtu_settings_bytes(params, DTU_ID_REGCLOUD, 0, &packet.len);
        packet.password = dtu_settings_bytes(params, DTU_ID_REGCLOUD, 1, &packet.password_len);
    }
    packet.regid = (uint16_t)number_of(params, DTU_ID_REGID, 0);
    return packet;
}

/* K7 has the kind in the switch. */
static void read_registration(struct dtu_settings *s, const struct dtu_params *params)
{
    const struct dtu_param *kind = row_of(params, DTU_ID_REGTP);
    const struct dtu_param *on = row_of(params, DTU_ID_REGEN);
    bool used = kind == NULL || dtu_params_is(params, on, 0, "ON");

    s->registration.packet =
        packet_of(params, identity_of(params, kind != NULL ? kind : on), DTU_ID_REGDT);
    used = used && s->registration.packet.kind != DTU_IDENTITY_NONE;
    s->registration.ways = used ? ways_of(params, row_of(params, DTU_ID_REGSND)) : 0;
}

static void read_heartbeat(struct dtu_settings *s, const struct dtu_params *params)
{
    const struct dtu_param *sort = row_of(params, DTU_ID_HEARTSORT);
    uint8_t kind = sort != NULL ? identity_of(params, sort) : DTU_IDENTITY_USER;
    bool to_uart = dtu_params_is(params, row_of(params, DTU_ID_HEARTTP), 0, "COM");

    s->heartbeat = dtu_settings_on(params, DTU_ID_HEARTEN, false);
    s->heartbeat_packet = packet_of(params, kind, DTU_ID_HEARTDT);
    s->heartbeat_config.to = to_uart ? DTU_HEARTBEAT_TO_UART : DTU_HEARTBEAT_TO_NETWORK;
    s->heartbeat_config.interval_ms = number_of(params, DTU_ID_HEARTTM, 30) * 1000;
    s->heartbeat_config.least_ms = kind == DTU_IDENTITY_LBS ? DTU_HEARTBEAT_LBS_MS : 0;
}

void dtu_settings_read(struct dtu_settings *settings, const struct dtu_profile *profile,
                       const struct dtu_params *params)
{
    const struct dtu_param *mode = row_of(params, DTU_ID_WKMOD);

    settings->starts_in_command_mode = dtu_params_is(params, mode, 0, "CMD");
    settings->transparent =
        mode == NULL || settings->starts_in_command_mode || dtu_params_is(params, mode, 0, "NET");
    settings->uart_commands = dtu_settings_on(params, DTU_ID_UATEN, true);
    settings->network_commands = dtu_settings_on(params, DTU_ID_NATEN, true);
    settings->login_needed = dtu_settings_on(params, DTU_ID_SAFEATEN, false);
    settings->distributes = settings->transparent && dtu_settings_on(params, DTU_ID_SDPEN, false);
    settings->keeps_data = dtu_settings_on(params, DTU_ID_CACHEN, true);
    settings->clears_data = dtu_settings_on(params, DTU_ID_UARTCLBUF, false);
    settings->restart_ms = number_of(params, DTU_ID_RSTIM, 0) * 1000;
    settings->follows_baud = dtu_settings_on(params, DTU_ID_RFCEN, false);
    settings->max_baud = row_of(params, DTU_ID_UART)->fields[0].max;
    settings->password = dtu_settings_bytes(params, DTU_ID_CMDPW, 0, &settings->password_len);
    read_uart(&settings->uart, params);
    read_packing(settings, profile, params);
    read_handshake(settings, profile);
    settings->marks_sockets = dtu_settings_on(params, DTU_ID_SOCKIND, false);
    read_registration(settings, params);
    read_heartbeat(settings, params);
}

/* --- A socket ------------------------------------------------------------------------------- */

static enum dtu_socket_kind kind_of(const struct dtu_params *params, const struct dtu_param *row)
{
    static const uint8_t kinds[] = {
        DTU_SOCKET_NONE,       DTU_SOCKET_TCP_CLIENT, DTU_SOCKET_TCP_CLIENT, DTU_SOCKET_UDP_CLIENT,
        DTU_SOCKET_UDP_CLIENT, DTU_SOCKET_TCP_SERVER, DTU_SOCKET_UDP_SERVER};
    unsigned which = dtu_params_which(params, row, 0, "TCP,TCPC,UDP,UDPC,TCPS,UDPS");
    return (enum dtu_socket_kind)kinds[which];
}

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
    unsigned i = profile->sockets_share ? 0 : socket;
    const struct dtu_param *row =
        row_of(params, DTU_ID_SOCKSL + kind_from(profile, params, socket));
    bool short_lived = dtu_params_which(params, row, 0, "SHORT,ON") > 0;

    if (!short_lived || kind != DTU_SOCKET_TCP_CLIENT)
        return 0;
    return number_of(params, DTU_ID_SHORTATM + i, profile->quiet_ms / 1000) * 1000;
}

static struct dtu_keepalive read_keepalive(const struct dtu_params *params, unsigned socket)
{
    const struct dtu_param *row = row_of(params, DTU_ID_KEEPALIVEA + socket);
    const struct dtu_keepalive keepalive = {.on = dtu_params_number(params, row, 0) == 1,
                                            .idle_s = (uint16_t)dtu_params_number(params, row, 1),
                                            .interval_s =
                                                (uint16_t)dtu_params_number(params, row, 2),
                                            .count = (uint16_t)dtu_params_number(params, row, 3)};
    return keepalive;
}

/* Of a TCP client alone: for another kind "cannot be had" has no meaning. */
static void read_backup(struct dtu_socket_settings *settings, const struct dtu_params *params,
                        unsigned socket)
{
    const struct dtu_param *row = row_of(params, DTU_ID_SOCKABK + socket);
    struct dtu_socket_target *backup = &settings->backup;

    *backup = settings->target;
    backup->host = dtu_params_bytes(params, row, 0, &backup->host_len);
    backup->port = (uint16_t)dtu_params_number(params, row, 1);
    settings->has_backup = dtu_settings_on(params, DTU_ID_SOCKABKEN + socket, false) &&
                           backup->host_len > 0 && backup->kind == DTU_SOCKET_TCP_CLIENT;
}

void dtu_settings_read_socket(struct dtu_socket_settings *settings,
                              const struct dtu_profile *profile, const struct dtu_params *params,
                              unsigned socket)
{
    const struct dtu_param *row = row_of(params, DTU_ID_SOCKA + socket);
    struct dtu_socket_target *target = &settings->target;
    uint32_t retry_s = number_of(params, DTU_ID_SOCKRSTIM, profile->retry_ms / 1000);

    target->kind = kind_of(params, row);
    target->host = dtu_params_bytes(params, row, 1, &target->host_len);
    target->port = (uint16_t)dtu_params_number(params, row, 2);
    /* by a switch of its own, or where there is none by its kind */
    settings->enabled =
        dtu_settings_on(params, DTU_ID_SOCKAEN + socket, !dtu_params_is(params, row, 0, "NONE"));
    settings->retry_ms = number_of(params, DTU_ID_SOCKATO + socket, retry_s) * 1000;
    settings->max_tries = number_of(params, DTU_ID_SOCKRSNUM, 0);
    settings->quiet_ms = quiet_ms(profile, params, socket, target->kind);
    target->hears_anyone = dtu_settings_on(params, DTU_ID_UDPON, false);
    target->keepalive = read_keepalive(params, socket);
    settings->idle_ms = number_of(params, DTU_ID_SOCKTO, 0) * 1000;
    read_backup(settings, params, socket);
}
