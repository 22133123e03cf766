/* SPDX-License-Identifier: MIT */
/**
 * @file settings.h
 * What the parameters of a product mean: the same few typed settings, whatever the product calls
 * them and in which order it has them.
 *
 *     struct dtu_settings settings;
 *     struct dtu_socket_settings socket;
 *     dtu_settings_read(&settings, &dtu_profile_cat1, &params);
 *     dtu_settings_read_socket(&socket, &dtu_profile_cat1, &params, 0);
 *     uart_set_baud(settings.uart.baud);
 *
 * Where a product has no parameter for something, its profile says what holds.
 *
 * Cost: no state; a walk through the table for each setting: meant for the start of a device. Call
 * from the thread that the parameters belong to.
 *
 * Source: the parameter pages of manuals 001 to 004; 003 section 4.3.3 for the packing of K7.
 */
#ifndef DTU_SETTINGS_H
#define DTU_SETTINGS_H

#include "dtu/base.h"
#include "dtu/heartbeat.h"
#include "dtu/identity.h"
#include "dtu/params.h"
#include "dtu/profile.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Settings of a whole device. */
struct dtu_settings {
    struct dtu_uart uart;        /**< its UART */
    bool transparent;            /**< the work mode is transparent: NET, or CMD left by `ENTM` */
    bool starts_in_command_mode; /**< the work mode is CMD */
    bool uart_commands;          /**< commands in the data stream of the UART are heard */
    bool network_commands;       /**< those of sockets are */
    bool login_needed;           /**< commands need a login */
    bool marks_sockets;          /**< the UART is told which socket data is from */
    bool keeps_data;             /**< data of the UART is kept while not connected */
    bool clears_data;            /**< it is dropped on connecting */
    bool distributes;            /**< transparent, and the UART speaks the socket distribution
                                      protocol (7S4, cat1) */
    bool follows_baud;           /**< the UART follows frames from the network (7S3, K7) */
    bool packs_four_bytes;       /**< the packing time is that of 4 bytes, whatever the rate (K7) */
    bool heartbeat;              /**< there is a heartbeat */
    uint32_t gap_us;             /**< packing time in microseconds; 0: none */
    size_t packet_len;           /**< packing length in bytes */
    uint32_t max_baud;           /**< highest rate of its UART that can be set, bits a second */
    uint32_t guard_ms;           /**< silence before `+++` */
    uint32_t plus_ms;            /**< longest pause between the `+` */
    uint32_t restart_ms;         /**< restart after so long without data of the network; 0: never */
    const uint8_t
        *password;       /**< of commands in a data stream: lies in the parameters; NULL: none */
    size_t password_len; /**< its length in bytes */
    struct dtu_identity_config registration;      /**< what sockets say of the module, and when;
                                                       bytes lie in the parameters */
    struct dtu_identity_packet heartbeat_packet;  /**< what a heartbeat says */
    struct dtu_heartbeat_config heartbeat_config; /**< when and where */
};

/** Kinds of socket. */
enum dtu_socket_kind {
    DTU_SOCKET_NONE,       /**< not used, or of a kind that this version does not serve */
    DTU_SOCKET_TCP_CLIENT, /**< connects to `host` */
    DTU_SOCKET_UDP_CLIENT, /**< sends to and hears from `host` only */
    DTU_SOCKET_TCP_SERVER, /**< is connected to at `port` (K7) */
    DTU_SOCKET_UDP_SERVER  /**< hears anyone at `port`, and answers the last one (K7) */
};

/** @param kind of a socket
 * @return true if others come to it, at a port of the module's. */
bool dtu_settings_listens(enum dtu_socket_kind kind);

/** TCP keepalive: probes on a connection that is silent. */
struct dtu_keepalive {
    bool on;             /**< they are wanted */
    uint16_t idle_s;     /**< silence before the first; 0: the system's own */
    uint16_t interval_s; /**< between two; 0: the system's own */
    uint16_t count;      /**< unanswered ones after which the connection is dead; 0: the system's
                              own */
};

/** What to open. */
struct dtu_socket_target {
    enum dtu_socket_kind kind; /**< see there */
    const uint8_t *host; /**< name or IPv4 address, not terminated: lies in the parameters; of a
                              server without a meaning */
    size_t host_len;     /**< its length in bytes */
    uint16_t port;       /**< 1 to 65535; of a server its own, else that of `host` */
    bool hears_anyone;   /**< of a UDP client: not only `host` */
    struct dtu_keepalive keepalive; /**< of TCP */
};

/** Settings of one socket. */
struct dtu_socket_settings {
    struct dtu_socket_target target; /**< what to open */
    bool enabled;                    /**< the user wants it */
    uint32_t retry_ms;               /**< between connection attempts */
    uint32_t max_tries;              /**< failures in a row after which it gives up; 0: never */
    bool has_backup; /**< there is another server for when the first cannot be had */
    struct dtu_socket_target backup; /**< that one */
    uint32_t idle_ms;                /**< connect anew after so long without data; 0: never */
    uint32_t quiet_ms;               /**< short-lived: quiet time; 0: persistent, as all but TCP
                                          clients are */
};

/** Reads the settings of a device from the running parameters.
 * @param settings where they go
 * @param profile  the product
 * @param params   its parameters */
void dtu_settings_read(struct dtu_settings *settings, const struct dtu_profile *profile,
                       const struct dtu_params *params);

/** Reads the settings of a socket from the running parameters.
 * @param settings where they go
 * @param profile  the product
 * @param params   its parameters
 * @param socket   which, from 0, below the profile's `sockets` */
void dtu_settings_read_socket(struct dtu_socket_settings *settings,
                              const struct dtu_profile *profile, const struct dtu_params *params,
                              unsigned socket);

/** Whether a switch is on.
 * @param params the parameters
 * @param id     of enum dtu_id
 * @param otherwise what holds if the product has no such switch
 * @return true if it is */
bool dtu_settings_on(const struct dtu_params *params, unsigned id, bool otherwise);

/** The running bytes of a parameter.
 * @param params the parameters
 * @param id     of enum dtu_id
 * @param field  which field, from 0
 * @param len    where their number goes
 * @return as dtu_params_bytes(); NULL also if the product has no such parameter */
const uint8_t *dtu_settings_bytes(const struct dtu_params *params, unsigned id, uint8_t field,
                                  size_t *len);

/** Writes UART settings as the product's `AT+UART` answers them: for a UART that differs for the
 * moment. They need not be such as `AT+UART` takes.
 * @param params the parameters: for the order of the fields, and for the flow control, which is not
 *               that of `uart` but the running one
 * @param uart   what to write
 * @param out    where to */
void dtu_settings_write_uart(const struct dtu_params *params, const struct dtu_uart *uart,
                             const struct dtu_text *out);

/** Takes over UART settings that hold for the moment, but for the flow control. The packing time
 * follows if it is that of 4 bytes; the times of the handshake stay as they were at start.
 * @param settings what they are taken into
 * @param uart     what to take; its `baud` is not 0 */
void dtu_settings_follow_uart(struct dtu_settings *settings, const struct dtu_uart *uart);

#ifdef __cplusplus
}
#endif

#endif
