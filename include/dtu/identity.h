/* SPDX-License-Identifier: MIT */
/**
 * @file identity.h
 * Registration packets ("identity packets"): what a module says of itself, first on a connection,
 * in front of data, or both. Also the bytes of a heartbeat packet, which are of the same kinds, and
 * the marks that tell a UART which socket its data is from.
 *
 *     static const struct dtu_identity_callbacks callbacks = {port_text, socket_send};
 *     struct dtu_identity_config config = {
 *         .packet = {.kind = DTU_IDENTITY_IMEI},
 *         .ways = DTU_IDENTITY_ON_LINK | DTU_IDENTITY_WITH_DATA};
 *     struct dtu_identity id;                                  // one for each socket
 *
 *     dtu_identity_init(&id, &config, &callbacks, socket);
 *     framer_config.packet_len = min(uartfl, dtu_identity_room(&config, packet_len));
 *     dtu_identity_opened(&id);                                // a connection is there
 *     if (dtu_identity_send(&id))                              // nothing is to go first any more
 *         ...                                                  // so data may
 *     prefix = dtu_identity_prefix(&id, scratch, &prefix_len); // goes in front of each packet
 *
 * A packet is given in one piece, so that it can be one datagram, and without a copy if it is the
 * user's own bytes. When the port cannot say what its text is, the packet is not sent, data goes
 * without it, and `stats.unknown` counts that: a module that waits for a SIM card it does not have
 * would never send anything.
 *
 * Cost: RAM is the struct, one for each socket; scratch memory of #DTU_IDENTITY_TEXT_MAX bytes on
 * the stack while a packet is made. No time. All calls from one thread.
 *
 * Source: manual 000 section 6.1, 001 sections 2.3.1 and 3.1.7.46 to 3.1.7.50, 002 sections 3.3,
 * 4.2.1.33 to 4.2.1.38, 003 sections 4.4.3 and 5.3.5 numbers 18 to 21 and 47, 004 sections 4.61 to
 * 4.65. Which word of which product is which kind is on the page of this engine.
 */
#ifndef DTU_IDENTITY_H
#define DTU_IDENTITY_H

#include "dtu/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DTU_IDENTITY_TEXT_MAX 64          /**< The longest text of a port, in bytes. */
#define DTU_IDENTITY_CLOUD_ID_LEN 20      /**< A device id of the cloud, in bytes. */
#define DTU_IDENTITY_CLOUD_PASSWORD_LEN 8 /**< And its password. */

/** What a packet consists of; no product has all of these. */
enum dtu_identity_kind {
    DTU_IDENTITY_NONE,  /**< there is no packet */
    DTU_IDENTITY_ICCID, /**< number of the SIM card: a text of the port */
    DTU_IDENTITY_IMEI,  /**< number of the modem: a text of the port */
    DTU_IDENTITY_SN,    /**< serial number: a text of the port */
    DTU_IDENTITY_MAC,   /**< hardware address, 12 hexadecimal digits: a text of the port */
    DTU_IDENTITY_LBS,   /**< where and when, as `AT+LBS=1` answers it: a text of the port */
    DTU_IDENTITY_REGID, /**< registration id: a decimal number */
    DTU_IDENTITY_USER,  /**< the user's own bytes */
    DTU_IDENTITY_CLOUD  /**< device id and password of the cloud */
};

/** A packet. The pointers are to the memory of the caller, usually to the parameters. */
struct dtu_identity_packet {
    enum dtu_identity_kind kind; /**< What it consists of; the rest is for some of the kinds. */
    const uint8_t *data;         /**< USER: the bytes, any. CLOUD: the device id. */
    size_t len;                  /**< How many. */
    const uint8_t *password;     /**< CLOUD: the password. */
    size_t password_len;         /**< Its length in bytes. */
    uint16_t regid;              /**< REGID: the number. */
};

/** What is asked of the owner. Neither may call the registration. */
struct dtu_identity_callbacks {
    /** Write a text that the port knows: ICCID, IMEI, SN, MAC or LBS. What the AT query of that
     * name answers, without the name and without quotes. It is called once each time that a packet
     * is made. May be NULL: none of them is known.
     * @return false if it is not known, for instance for want of a SIM card: there is no packet */
    bool (*text)(void *ctx, enum dtu_identity_kind kind, const struct dtu_text *out);
    /** Bytes for the network. @return how many were taken, 0 to `len`; of UDP, all or 0 */
    size_t (*send)(void *ctx, const uint8_t *data, size_t len);
};

/** The bytes of a packet, in one piece.
 * @param packet    what it consists of
 * @param callbacks of them only `text`
 * @param ctx       handed to it
 * @param scratch   memory for #DTU_IDENTITY_TEXT_MAX bytes
 * @param len       where their number goes, 0 if there is nothing to send
 * @return where they lie: in `scratch`, or where the user's own do. NULL if there is nothing to
 *         send: no kind; a text that is not known, empty or longer than #DTU_IDENTITY_TEXT_MAX; no
 *         bytes of the user; a device id that is not 20 bytes long or a password that is not 8, as
 *         both are before somebody sets them */
const uint8_t *dtu_identity_bytes(const struct dtu_identity_packet *packet,
                                  const struct dtu_identity_callbacks *callbacks, void *ctx,
                                  uint8_t *scratch, size_t *len);

/* --- Registration on a connection ------------------------------------------------------------ */

/** When a registration packet is sent; these are added up. */
enum dtu_identity_way {
    DTU_IDENTITY_ON_LINK = 1,  /**< once, as the first bytes on each new connection */
    DTU_IDENTITY_WITH_DATA = 2 /**< in front of the data of each packet, in the same packet */
};

/** What is sent and when; must outlive the registration. */
struct dtu_identity_config {
    struct dtu_identity_packet packet; /**< What. */
    uint8_t ways;                      /**< When: enum dtu_identity_way; 0: never. */
};

/** Counters; they wrap. */
struct dtu_identity_stats {
    uint32_t on_link;   /**< connections that began with the packet */
    uint32_t with_data; /**< packets of data that were given it */
    uint32_t unknown;   /**< connections and packets of data that went without it, for there was
                             nothing to send */
};

/** A registration. The fields are private, but for `stats`. */
struct dtu_identity {
    const struct dtu_identity_config *config;       /**< private */
    const struct dtu_identity_callbacks *callbacks; /**< private */
    void *ctx;                                      /**< private */
    size_t sent;                                    /**< private: bytes of the first packet */
    bool due;                                       /**< private: it is not all out */
    struct dtu_identity_stats stats;                /**< counters */
};

/** Sets up a registration without a connection.
 * @param id        the registration
 * @param config    see there; must outlive it
 * @param callbacks see there; must outlive it
 * @param ctx       handed to the callbacks
 * @return DTU_OK, or DTU_ERR_CONFIG if there are bytes or a password of a length but no pointer, or
 *         `ways` has DTU_IDENTITY_ON_LINK, whatever the kind, and `send` is missing */
enum dtu_status dtu_identity_init(struct dtu_identity *id, const struct dtu_identity_config *config,
                                  const struct dtu_identity_callbacks *callbacks, void *ctx);

/** There is a new connection: what must be first on it is due.
 * @param id the registration */
void dtu_identity_opened(struct dtu_identity *id);

/** Sends what must be first on the connection, or what is left of it. To be called before any data
 * is sent, and only while there is a connection. If it takes several calls, and the port's text
 * becomes unknown or shorter than what went out meanwhile, the rest of it is left out.
 * @param id the registration
 * @return true if data may be sent; false if not all of it was taken: call again when there is room
 */
bool dtu_identity_send(struct dtu_identity *id);

/** What goes in front of a packet of data, in the same packet: to be called once for each. Answers
 * to commands, heartbeats and the like are no data.
 * @param id      the registration
 * @param scratch memory for #DTU_IDENTITY_TEXT_MAX bytes
 * @param len     where its length goes, 0 if nothing does
 * @return as dtu_identity_bytes() */
const uint8_t *dtu_identity_prefix(struct dtu_identity *id, uint8_t *scratch, size_t *len);

/** How many bytes of data fit in a packet, whatever the port's text will be: it depends on the
 * settings alone. The packing length is for the data, the limit of a packet for all of it: data is
 * packed at the packing length or at this, whichever is less. So data that the user wants together
 * stays together unless a packet could not hold it, and no memory is needed for longer packets.
 * @param config     what is sent and when
 * @param packet_len the limit of a packet in bytes
 * @return `packet_len` without the longest prefix; 0 if there is no room: then the limit is too low
 */
size_t dtu_identity_room(const struct dtu_identity_config *config, size_t packet_len);

/* --- Marks ----------------------------------------------------------------------------------- */

/** The length of a mark in bytes. */
#define DTU_IDENTITY_MARK_LEN 6

/** Writes the mark that goes in front of each packet of a socket on its way to the UART: `SOCKA:`,
 * `SOCKB:` and so on (`SOCKIND`, of 7S3 `SOCKIDEN`).
 * @param socket which, 0 for A to 25 for Z
 * @param out    where it goes, in one piece */
void dtu_identity_write_mark(unsigned socket, const struct dtu_text *out);

#ifdef __cplusplus
}
#endif

#endif
