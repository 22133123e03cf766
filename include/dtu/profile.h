/* SPDX-License-Identifier: MIT */
/**
 * @file profile.h
 * The products as constant data: their commands, dialect, limits and times.
 *
 *     static uint8_t values[2 * DTU_CAT1_VALUES_SIZE];
 *     config.profile = &dtu_profile_cat1;             // only what is named here is linked
 *
 *     const struct dtu_profile *p = dtu_profile_find("k7");       // by name, for PC programs
 *
 * A new product is a new table: see the page of this engine.
 *
 * Cost: constant data only, no RAM. Both functions may be called from anywhere.
 *
 * Source: manual 002 (gprs232-7s3), 003 (k7), 001 (lte-7s4), 004 and 000 (cat1).
 */
#ifndef DTU_PROFILE_H
#define DTU_PROFILE_H

#include "dtu/at_server.h"
#include "dtu/base.h"
#include "dtu/indicator.h"
#include "dtu/instream.h"
#include "dtu/params.h"
#include "dtu/queue.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The most sockets that a product has. */
#define DTU_PROFILE_SOCKETS 4

/** What a row is to the device, whatever its name is on a product. Where there is one for each
 * socket, socket B's number is one more than A's, and so on. */
enum dtu_id {
    DTU_ID_NONE,         /**< Nothing that the device acts on by itself. */
    DTU_ID_Z,            /**< Action: restart. */
    DTU_ID_S,            /**< Action: save. */
    DTU_ID_ENTM,         /**< Action: leave command mode. */
    DTU_ID_RELD,         /**< Action: back to the user's defaults. */
    DTU_ID_CLEAR,        /**< Action: back to the factory's defaults. */
    DTU_ID_CFGTF,        /**< Action: make the settings the user's defaults. */
    DTU_ID_E,            /**< Echo: ON or OFF. */
    DTU_ID_VER,          /**< Info: firmware version. */
    DTU_ID_MAC,          /**< Info: hardware address. */
    DTU_ID_USERMAC,      /**< Secret: the user's hardware address; 0 for none. */
    DTU_ID_WKMOD,        /**< Work mode: NET, CMD, ... */
    DTU_ID_STMSG,        /**< Text that the UART gets at start. */
    DTU_ID_CMDPW,        /**< Password of commands in the data stream. */
    DTU_ID_UATEN,        /**< Commands in the data stream of the UART: ON or OFF. */
    DTU_ID_NATEN,        /**< Commands in the data stream of a socket: ON or OFF. */
    DTU_ID_SEARCH = 40,  /**< Port and keyword of network commands. */
    DTU_ID_WANN,         /**< Kind of IP, address, mask, gateway. */
    DTU_ID_MID,          /**< Name of the module. */
    DTU_ID_SAFEATEN,     /**< Login needed: ON or OFF. */
    DTU_ID_SIGNINAT,     /**< Secret: the login password. */
    DTU_ID_UART,         /**< Baud rate, data bits, stop bits, parity, flow control, any order. */
    DTU_ID_UARTFT,       /**< Packing time in milliseconds. */
    DTU_ID_UARTFL,       /**< Packing length in bytes. */
    DTU_ID_UARTTL,       /**< Both (K7). */
    DTU_ID_SOCKRSNUM,    /**< Connection attempts that fail before it gives up. */
    DTU_ID_SOCKRSTIM,    /**< Seconds between attempts, all sockets. */
    DTU_ID_MQTTSUB,      /**< Topics, by place. */
    DTU_ID_MQTTUNSUB,    /**< Action: empties a place of DTU_ID_MQTTSUB. */
    DTU_ID_SDPEN,        /**< Socket distribution: ON or OFF. */
    DTU_ID_RFCEN,        /**< The UART follows the network: ON or OFF. */
    DTU_ID_MODTCP,       /**< Modbus RTU to TCP: ON or OFF. */
    DTU_ID_WEBU,         /**< User and password of the web page and of UDP settings. */
    DTU_ID_WEBPORT,      /**< Port of the web page. */
    DTU_ID_WEBSOCKPORT,  /**< Port of web sockets. */
    DTU_ID_RSTIM,        /**< Seconds without data after which the module restarts. */
    DTU_ID_SOCKTO,       /**< Seconds without data after which a socket connects anew. */
    DTU_ID_REGEN,        /**< Registration packet: CLOUD, others, or OFF. */
    DTU_ID_REGCLOUD,     /**< Device id and password of the cloud. */
    DTU_ID_BLOCKS,       /**< What UDP settings have and no command reaches: see blocks.h. */
    DTU_ID_CACHEN,       /**< Data of the UART is kept while not connected: ON or OFF. */
    DTU_ID_UARTCLBUF,    /**< It is dropped on connecting: ON or OFF. */
    DTU_ID_UDPON,        /**< A UDP client hears anyone: ON or OFF. */
    DTU_ID_SOCKIND,      /**< The UART is told which socket data is from: ON or OFF. */
    DTU_ID_REGTP,        /**< Contents of the registration packet. */
    DTU_ID_REGSND,       /**< When it is sent. */
    DTU_ID_REGDT,        /**< The user's. */
    DTU_ID_REGID,        /**< A number for it. */
    DTU_ID_HEARTEN,      /**< Heartbeat: ON or OFF. */
    DTU_ID_HEARTTP,      /**< Where it goes: NET or COM. */
    DTU_ID_HEARTTM,      /**< Its interval in seconds. */
    DTU_ID_HEARTSORT,    /**< Its contents. */
    DTU_ID_HEARTDT,      /**< The user's. */
    DTU_ID_IMEI,         /**< Info: of the radio. */
    DTU_ID_ICCID,        /**< Info: of the SIM. */
    DTU_ID_SN,           /**< Info: serial number. */
    DTU_ID_LBS,          /**< Info: the base station. */
    DTU_ID_SOCKABK = 96, /**< Address and port of the backup server. */
    DTU_ID_SOCKABKEN = 100,  /**< Backup server used: ON or OFF. */
    DTU_ID_KEEPALIVEA = 104, /**< TCP keepalive: 0 or 1, seconds idle, seconds between, count. */
    DTU_ID_SOCKA = 16,       /**< Kind of socket, address, port. */
    DTU_ID_SOCKAEN = 20,     /**< Socket used: ON or OFF. */
    DTU_ID_SOCKALK = 24,     /**< Info: state of the connection. */
    DTU_ID_SHORTATM = 28,    /**< Seconds of quiet after which a short-lived connection closes. */
    DTU_ID_SOCKATO = 32,     /**< Seconds between attempts, one socket. */
    DTU_ID_SOCKSL = 36       /**< Persistent (LONG, OFF) or short-lived (SHORT, ON) connection. */
};

/** Bytes of the fields of the row DTU_ID_BLOCKS, one for each kind of block: the basic block. */
#define DTU_BLOCKS_BASIC_KEPT 10
#define DTU_BLOCKS_PORT_KEPT 11  /**< The same: the block of a serial port. */
#define DTU_BLOCKS_CLOUD_KEPT 22 /**< The same: the cloud block. */

/** A product. */
struct dtu_profile {
    const char *name;            /**< As programs call it: `cat1`. */
    const char *product;         /**< As its maker calls it. */
    const char *version;         /**< What the product's firmware says of itself. */
    uint8_t sockets;             /**< How many sockets it has. */
    enum dtu_instream_mark mark; /**< How commands are marked in the data stream. */
    enum dtu_at_style sms_style; /**< How they end in an SMS. */
    bool stores_at_once;         /**< A set is stored at once; else by `S`. */
    bool save_restarts;          /**< `S` restarts. */
    bool sockets_share; /**< Socket A's connection kind and quiet time are for all sockets. */
    bool sockets_agree; /**< Of sockets in use all have socket A's connection kind. */
    const struct dtu_param_table *table;  /**< Its commands. */
    const struct dtu_at_dialect *dialect; /**< How it words replies. */
    const char *const *link_words;        /**< How it words the states of a connection, by enum
                                               dtu_link_state. */
    const struct dtu_indicator_table *indicator; /**< Its LEDs. */
    const char *listen_word; /**< And of one that waits to be connected to, or NULL;
                                  one that is connected is counted behind its word. */
    size_t line_size;        /**< A line buffer that fits its longest command. */
    size_t packet_len;       /**< The longest packet from the UART. */
    size_t packing_len;      /**< Packing length where it is no parameter. */
    uint32_t packing_ms;     /**< Packing time where it is no parameter. */
    uint32_t guard_ms;       /**< Silence before `+++`; 0: the packing time. */
    uint32_t gap_ms;         /**< Longest pause between the `+`; 0: the packing time. */
    uint32_t retry_ms;       /**< Between connection attempts where it is no parameter. */
    uint32_t quiet_ms;       /**< Of a short-lived connection where it is no parameter. */
    size_t queue_packets;    /**< Packets that each socket keeps; 0: as many as fit. */
    size_t queue_bytes;      /**< Bytes that each socket keeps; 0: as many as fit. */
};

extern const struct dtu_profile dtu_profile_gprs232_7s3; /**< USR-GPRS232-7S3 */
extern const struct dtu_profile dtu_profile_k7;          /**< USR-K7 */
extern const struct dtu_profile dtu_profile_lte_7s4;     /**< WH-LTE-7S4 V2 */
extern const struct dtu_profile dtu_profile_cat1;        /**< WH-LTE-7S1-E, DR502, G771 */

/** Sizes for static memory: one set of values, the line, the longest packet, and one socket's
 * queue as large as the product's. A smaller queue works too, down to one packet. */
#define DTU_GPRS232_7S3_VALUES_SIZE 1200
#define DTU_GPRS232_7S3_LINE_SIZE 832                      /**< see above */
#define DTU_GPRS232_7S3_PACKET_LEN 1024                    /**< see above */
#define DTU_GPRS232_7S3_QUEUE_SIZE DTU_QUEUE_SIZE(4, 1024) /**< see above */
#define DTU_K7_VALUES_SIZE 640                             /**< see above */
#define DTU_K7_LINE_SIZE 832                               /**< see above */
#define DTU_K7_PACKET_LEN 1460                             /**< see above */
#define DTU_K7_QUEUE_SIZE DTU_QUEUE_SIZE(2, 1460)          /**< see above */
#define DTU_LTE_7S4_VALUES_SIZE 3200                       /**< see above */
#define DTU_LTE_7S4_LINE_SIZE 864                          /**< see above */
#define DTU_LTE_7S4_PACKET_LEN 2048                        /**< see above */
#define DTU_LTE_7S4_QUEUE_SIZE DTU_QUEUE_SIZE(20, 2048)    /**< see above */
#define DTU_CAT1_VALUES_SIZE 2800                          /**< see above */
#define DTU_CAT1_LINE_SIZE 1632                            /**< see above */
#define DTU_CAT1_PACKET_LEN 4096                           /**< see above */
#define DTU_CAT1_QUEUE_SIZE DTU_QUEUE_SIZE(20, 4096)       /**< see above */

/** Finds a product by the name that programs use. Links all of them.
 * @param name such as "cat1"; upper and lower case are the same
 * @return the product, or NULL */
const struct dtu_profile *dtu_profile_find(const char *name);

/** Steps through the products.
 * @param index from 0
 * @return the product, or NULL behind the last */
const struct dtu_profile *dtu_profile_at(size_t index);

#ifdef __cplusplus
}
#endif

#endif
