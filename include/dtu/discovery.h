/* SPDX-License-Identifier: MIT */
/**
 * @file discovery.h
 * Finding and setting modules on the LAN by UDP: every request and reply, for the module that
 * answers and for the program that asks.
 *
 * A program:
 *
 *     struct dtu_discovery_request search = {.command = DTU_DISCOVERY_SEARCH};
 *     dtu_discovery_encode_request(&search, out, sizeof out, &len);    // broadcast it to port 1901
 *     ...
 *     if (dtu_discovery_parse_reply(&reply, in, in_len) == DTU_OK &&
 *         reply.kind == DTU_DISCOVERY_FOUND)
 *         print(reply.found.ip, reply.found.mac, reply.found.name);
 *
 * A module:
 *
 *     (void)dtu_discovery_serve(&callbacks, ctx, in, in_len, out, sizeof out, &out_len);
 *     if (out_len > 0)
 *         send_to_the_one_who_asked(out, out_len);
 *
 * A request, and the answers to it:
 *
 *     FF | LEN | CMD | MAC 6 | user 6 | password 6 | params | SUM   (a search is FF 01 01 02)
 *     search: 36 bytes;  read: the blocks, bare;  others: FF 01 CMD RES;  a wrong SUM: 45 SUM
 *
 * Every function is total: any bytes of the stated length are legal input. None keeps anything, so
 * each may be called from anywhere, callbacks and interrupts included, on objects not shared.
 *
 * Cost: no state. Serving adds up each byte of a request once and copies it once at most; user and
 * password are compared in a time that does not depend on them, and a refusal takes the same way as
 * a service up to there. Code and stack: docs/size.md.
 *
 * Source: manual 003 section 5.1.2; the siblings' layouts from public drivers (see the page).
 */
#ifndef DTU_DISCOVERY_H
#define DTU_DISCOVERY_H

#include "dtu/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DTU_DISCOVERY_PORT 1901         /**< UDP port of K7. */
#define DTU_DISCOVERY_SIBLING_PORT 1500 /**< Of TCP232-302, T2, K2, K6: they have no save. */

#define DTU_DISCOVERY_BASIC_LEN 67    /**< Bytes of the basic block. */
#define DTU_DISCOVERY_PORT_LEN 63     /**< Bytes of a port block. */
#define DTU_DISCOVERY_CLOUD_LEN 50    /**< Bytes of the cloud block. */
#define DTU_DISCOVERY_FOUND_LEN 36    /**< Bytes of the answer to a search. */
#define DTU_DISCOVERY_READ_LEN 180    /**< Bytes of K7's answer to a read: the longest of all. */
#define DTU_DISCOVERY_REQUEST_MAX 89  /**< Bytes of the longest request: the basic block's. */
#define DTU_DISCOVERY_SIBLING_MAX 264 /**< Bytes of the longest answer of a sibling to a read. */
#define DTU_DISCOVERY_LOGIN_LEN 5     /**< Longest user name and password. */
#define DTU_DISCOVERY_NAME_LEN 16     /**< Room of a name. */
#define DTU_DISCOVERY_HOST_LEN 30     /**< Room of a remote address. */

/** What a request asks for. */
enum dtu_discovery_command {
    DTU_DISCOVERY_SEARCH = 0x01,  /**< who is there? No MAC, no login. */
    DTU_DISCOVERY_RESTART = 0x02, /**< restart */
    DTU_DISCOVERY_READ = 0x03,    /**< all blocks */
    DTU_DISCOVERY_SAVE = 0x04,    /**< keep what was set */
    DTU_DISCOVERY_BASIC = 0x05,   /**< set the basic block */
    DTU_DISCOVERY_PORT_0 = 0x06,  /**< set the block of serial port 0; those of 1 and 2 follow */
    DTU_DISCOVERY_FACTORY = 0x0B, /**< back to the factory's settings */
    DTU_DISCOVERY_CLOUD = 0x10    /**< set the cloud block */
};

/** How a request ended. */
enum dtu_discovery_result {
    DTU_DISCOVERY_DONE = 0x4B,    /**< 'K' */
    DTU_DISCOVERY_REFUSED = 0x50, /**< 'P': wrong user or password */
    DTU_DISCOVERY_ERROR = 0x45    /**< 'E': anything else; on a restart also a wrong login */
};

/* --- Blocks --------------------------------------------------------------------------------- */

/** The basic block. Names of fields that this library does nothing with are the manual's: write
 * them back as they were read. Texts are padded with zeroes and may fill their room. */
struct dtu_discovery_basic {
    uint8_t sequence;       /**< write back */
    uint8_t crc;            /**< write back */
    uint8_t version;        /**< write back */
    uint8_t flags;          /**< bit 7, #DTU_DISCOVERY_STATIC_IP; write the others back */
    uint16_t location_port; /**< "location URL port": of web sockets */
    uint16_t http_port;     /**< of the web page */
    uint8_t user_flag;      /**< write back */
    uint8_t ip[4];          /**< as it is written: 192 is first */
    uint8_t gateway[4];     /**< the same */
    uint8_t mask[4];        /**< the same */
    uint8_t name[DTU_DISCOVERY_NAME_LEN];          /**< of the module */
    uint8_t user[DTU_DISCOVERY_LOGIN_LEN + 1];     /**< of the login */
    uint8_t password[DTU_DISCOVERY_LOGIN_LEN + 1]; /**< of the login */
    uint8_t send_time;                             /**< write back */
    uint16_t id;                                   /**< device id */
    uint8_t id_type;     /**< when it is sent: 0 never, 1 on connecting, 2 with data, 3 both */
    uint8_t mac[6];      /**< hardware address */
    uint32_t reset_s;    /**< restart after so many seconds without data; K7 */
    uint8_t reserved[4]; /**< write back */
};

#define DTU_DISCOVERY_STATIC_IP 0x80 /**< Bit of dtu_discovery_basic.flags: no DHCP. */

/** Values of dtu_discovery_port.parity. */
enum dtu_discovery_parity {
    DTU_DISCOVERY_PARITY_NONE = 1, /**< no parity bit */
    DTU_DISCOVERY_PARITY_ODD,      /**< odd */
    DTU_DISCOVERY_PARITY_EVEN,     /**< even */
    DTU_DISCOVERY_PARITY_MARK,     /**< always 1 */
    DTU_DISCOVERY_PARITY_SPACE     /**< always 0 */
};

/** Values of dtu_discovery_port.mode. */
enum dtu_discovery_mode {
    DTU_DISCOVERY_UDP_CLIENT,  /**< sends to the remote address */
    DTU_DISCOVERY_TCP_CLIENT,  /**< connects to it */
    DTU_DISCOVERY_UDP_SERVER,  /**< hears at the local port and answers the last sender */
    DTU_DISCOVERY_TCP_SERVER,  /**< listens at the local port */
    DTU_DISCOVERY_HTTPD_CLIENT /**< asks a web server */
};

#define DTU_DISCOVERY_MODBUS 0x04   /**< Bit of dtu_discovery_port.flags: Modbus RTU to TCP. */
#define DTU_DISCOVERY_BAUDSYNC 0x08 /**< Bit: baud-rate synchronisation. */
#define DTU_DISCOVERY_IS_CLOUD 0x10 /**< Bit: the cloud is used. */

/** The block of a serial port. */
struct dtu_discovery_port {
    uint32_t baud;        /**< bits a second */
    uint8_t data_bits;    /**< 5 to 8 */
    uint8_t parity;       /**< enum dtu_discovery_parity */
    uint8_t stop_bits;    /**< 1 or 2 */
    uint8_t flow;         /**< 1 none (0 too), 3 RTS/CTS */
    uint32_t reconnect_s; /**< "telnet timeout": reconnect after so many seconds */
    uint16_t local_port;  /**< of a server; of a client 0 for any */
    uint16_t remote_port; /**< of a client's peer */
    uint8_t remote[DTU_DISCOVERY_HOST_LEN]; /**< its address or name, padded with zeroes */
    uint8_t remote_ip[4];                   /**< has no effect; as it is written: 192 is first */
    uint8_t flags;        /**< #DTU_DISCOVERY_MODBUS and so on; write the others back */
    uint8_t mode;         /**< enum dtu_discovery_mode */
    uint32_t packing_len; /**< packing length in bytes */
    uint8_t packing_time; /**< packing time in milliseconds */
    uint8_t time_count;   /**< write back */
    uint8_t server;       /**< TCP server: low half its style, high half the most clients */
    uint8_t reserved[4];  /**< write back */
};

/** The cloud block. Its inside is not published: the first two are this library's reading of it. */
struct dtu_discovery_cloud {
    uint8_t id[20];       /**< device id */
    uint8_t password[8];  /**< its password */
    uint8_t reserved[22]; /**< write back */
};

/** @param out #DTU_DISCOVERY_BASIC_LEN bytes @param block what to write there */
void dtu_discovery_put_basic(uint8_t *out, const struct dtu_discovery_basic *block);
/** @param block what is read @param in #DTU_DISCOVERY_BASIC_LEN bytes, any */
void dtu_discovery_get_basic(struct dtu_discovery_basic *block, const uint8_t *in);
/** @param out #DTU_DISCOVERY_PORT_LEN bytes @param block what to write there */
void dtu_discovery_put_port(uint8_t *out, const struct dtu_discovery_port *block);
/** @param block what is read @param in #DTU_DISCOVERY_PORT_LEN bytes, any */
void dtu_discovery_get_port(struct dtu_discovery_port *block, const uint8_t *in);
/** @param out #DTU_DISCOVERY_CLOUD_LEN bytes @param block what to write there */
void dtu_discovery_put_cloud(uint8_t *out, const struct dtu_discovery_cloud *block);
/** @param block what is read @param in #DTU_DISCOVERY_CLOUD_LEN bytes, any */
void dtu_discovery_get_cloud(struct dtu_discovery_cloud *block, const uint8_t *in);

/** Where the blocks lie in an answer to a read. NULL: it has no such block. */
struct dtu_discovery_layout {
    const uint8_t *basic;   /**< #DTU_DISCOVERY_BASIC_LEN bytes */
    const uint8_t *port[2]; /**< #DTU_DISCOVERY_PORT_LEN bytes each */
    const uint8_t *cloud;   /**< #DTU_DISCOVERY_CLOUD_LEN bytes */
    const uint8_t *rest;    /**< bytes that nothing is known of: of 264, the last 134 */
    size_t rest_len;        /**< how many */
};

/** Says which blocks an answer to a read holds. K7's has basic, port and cloud in 180 bytes; N5x0
 * and 410S have basic and two ports in 193; TCP232-302, T2, K2 and K6 send 264 in datagrams of 130,
 * 50 and 84, of which the first is complete in itself: put them one behind the other.
 * @param layout where it goes; points into `data`
 * @param data   the answer
 * @param len    its length in bytes
 * @return DTU_OK; DTU_ERR_LENGTH if no known answer has this length (67, 130, 180, 193, 264), then
 *         `layout` is untouched */
enum dtu_status dtu_discovery_layout(struct dtu_discovery_layout *layout, const uint8_t *data,
                                     size_t len);

/* --- Requests ------------------------------------------------------------------------------- */

/** A request. */
struct dtu_discovery_request {
    uint8_t command;                               /**< enum dtu_discovery_command, or another */
    uint8_t mac[6];                                /**< whom it is for; not of a search */
    uint8_t user[DTU_DISCOVERY_LOGIN_LEN + 1];     /**< padded with zeroes; not of a search */
    uint8_t password[DTU_DISCOVERY_LOGIN_LEN + 1]; /**< padded with zeroes; not of a search */
    const uint8_t *params; /**< a block as it is sent; may be NULL when there is none */
    size_t params_len;     /**< 0 to 236 */
};

/** Writes a request.
 * @param request it
 * @param out     where it goes
 * @param size    room there in bytes; #DTU_DISCOVERY_REQUEST_MAX does for all of enum
 *                dtu_discovery_command
 * @param len     where the length goes; untouched on an error, as is `out`
 * @return DTU_OK; DTU_ERR_LENGTH if `params_len` is over 236, or not 0 in a search; DTU_ERR_SPACE
 */
enum dtu_status dtu_discovery_encode_request(const struct dtu_discovery_request *request,
                                             uint8_t *out, size_t size, size_t *len);

/** Reads a request: just those that dtu_discovery_encode_request() can write are one.
 * @param request where it goes; `params` points into `data`, and is NULL in a search. Filled if the
 *                sum is wrong, too; untouched on another error
 * @param sum     where the right sum goes, likewise; NULL: nowhere
 * @param data    a datagram; may be NULL when `len` is 0
 * @param len     its length in bytes
 * @return DTU_OK; DTU_ERR_FORMAT if it does not begin with FF; DTU_ERR_LENGTH if it is shorter or
 *         longer than it says, has something behind the command of a search, or less than a whole
 *         MAC and login behind another; DTU_ERR_CHECKSUM */
enum dtu_status dtu_discovery_parse_request(struct dtu_discovery_request *request, uint8_t *sum,
                                            const uint8_t *data, size_t len);

/* --- Replies -------------------------------------------------------------------------------- */

/** What a module says of itself. */
struct dtu_discovery_found {
    uint8_t board_type;                   /**< of the board */
    uint8_t board_id;                     /**< of the board */
    uint8_t ip[4];                        /**< as it is written: 192 is first */
    uint8_t mac[6];                       /**< hardware address */
    uint16_t version;                     /**< of the firmware: 3016 */
    uint8_t encryption[2];                /**< of the firmware's update file */
    uint8_t name[DTU_DISCOVERY_NAME_LEN]; /**< padded with zeroes, may fill its room */
};

/** Kinds of reply. */
enum dtu_discovery_kind {
    DTU_DISCOVERY_FOUND,   /**< to a search */
    DTU_DISCOVERY_RESULT,  /**< to all but a search and a read that was granted */
    DTU_DISCOVERY_BAD_SUM, /**< the request had a wrong sum */
    DTU_DISCOVERY_BLOCKS   /**< to a read: see dtu_discovery_layout() */
};

/** A reply. Which fields count is said by its kind. */
struct dtu_discovery_reply {
    enum dtu_discovery_kind kind;     /**< of these */
    struct dtu_discovery_found found; /**< of FOUND */
    bool intact;     /**< of FOUND: its check agrees, in one of the two ways that modules make it;
                          the manual lets a receiver ignore it */
    uint8_t command; /**< of RESULT: enum dtu_discovery_command */
    uint8_t result;  /**< of RESULT: enum dtu_discovery_result */
    uint8_t sum;     /**< of BAD_SUM: the right one */
};

/** Writes the answer to a search. @param out #DTU_DISCOVERY_FOUND_LEN bytes @param found of whom */
void dtu_discovery_put_found(uint8_t *out, const struct dtu_discovery_found *found);

/** Writes an answer of 4 bytes, FF 01 CMD RES.
 * @param out     4 bytes @param command to which request @param result how it ended */
void dtu_discovery_put_result(uint8_t *out, uint8_t command, uint8_t result);

/** Reads a reply. What a reply is, is told by its length and its first bytes. A search that comes
 * back, as to a program that sends from the port it searches, is none. Of a reply to a read in
 * several datagrams only the first is known as one.
 * @param reply where it goes; what its kind does not name is 0. On an error it does not count
 * @param data  a datagram; may be NULL when `len` is 0
 * @param len   its length in bytes
 * @return DTU_OK; DTU_ERR_LENGTH if no reply is so long; DTU_ERR_FORMAT if none of this length is
 *         so, or if a result is not of enum dtu_discovery_result */
enum dtu_status dtu_discovery_parse_reply(struct dtu_discovery_reply *reply, const uint8_t *data,
                                          size_t len);

/* --- The text channel, UDP port 48899 ------------------------------------------------------- */

/** Writes the answer to the keyword, `IP,MAC,NAME`: `192.168.0.7,D8B04CC00D65,USR-K7`.
 * @param found ip, mac and name are used; the name up to its first zero
 * @param out   where to; at most 45 bytes come */
void dtu_discovery_write_text(const struct dtu_discovery_found *found, const struct dtu_text *out);

/** Reads it.
 * @param found where ip, mac and name go; the rest is 0. On an error it does not count
 * @param data  a datagram; a CR, LF or CR LF at its end is ignored; may be NULL when `len` is 0
 * @param len   its length in bytes
 * @return DTU_OK; DTU_ERR_FORMAT if it is no address, 12 hex digits of either case and a name of at
 *         most #DTU_DISCOVERY_NAME_LEN bytes, with commas between. The name may be empty, may have
 *         commas, but no zero */
enum dtu_status dtu_discovery_parse_text(struct dtu_discovery_found *found, const uint8_t *data,
                                         size_t len);

/* --- A module's side ------------------------------------------------------------------------ */

/** A block, whichever. */
union dtu_discovery_block {
    struct dtu_discovery_basic basic; /**< of DTU_DISCOVERY_BASIC */
    struct dtu_discovery_port port;   /**< of DTU_DISCOVERY_PORT_0 and the two that follow */
    struct dtu_discovery_cloud cloud; /**< of DTU_DISCOVERY_CLOUD */
};

/** What serving calls. What a callback fills is zeroes before, so it may leave out what it has not.
 * `which` is DTU_DISCOVERY_BASIC, DTU_DISCOVERY_PORT_0, the two that follow it, or
 * DTU_DISCOVERY_CLOUD. */
struct dtu_discovery_callbacks {
    /** Who this module is. Of a request that is no search, only the MAC counts. */
    void (*describe)(void *ctx, struct dtu_discovery_found *found);
    /** The user and password to be given, each padded with zeroes. If the first byte of one is 0,
     * no login is right. Copy them whole: what takes longer for another password tells of it. */
    void (*login)(void *ctx, uint8_t user[DTU_DISCOVERY_LOGIN_LEN + 1],
                  uint8_t password[DTU_DISCOVERY_LOGIN_LEN + 1]);
    /** Fill a block: of a read, for basic, port 0 and cloud. */
    void (*read)(void *ctx, uint8_t which, union dtu_discovery_block *block);
    /** Take a block, all of it or nothing.
     * @return DTU_OK, else the answer is an error; also for a port that is not there */
    enum dtu_status (*write)(void *ctx, uint8_t which, const union dtu_discovery_block *block);
    /** DTU_DISCOVERY_SAVE, _RESTART or _FACTORY. The answer is sent after it: restart later.
     * @return DTU_OK, else the answer is an error */
    enum dtu_status (*act)(void *ctx, enum dtu_discovery_command command);
};

/** What became of a datagram. */
enum dtu_discovery_outcome {
    DTU_DISCOVERY_IGNORED, /**< no request, or for another module: no answer */
    DTU_DISCOVERY_DAMAGED, /**< a wrong sum: the answer says so */
    DTU_DISCOVERY_DENIED,  /**< a wrong login: the answer says so */
    DTU_DISCOVERY_FAILED,  /**< not known, of the wrong length, or refused by a callback: the answer
                                is an error */
    DTU_DISCOVERY_SERVED   /**< done, and answered */
};

/** Serves a datagram. In this order: what is no request is ignored; a request to another MAC is
 * ignored, whatever its sum; a wrong sum is answered with the right one; a search is answered; a
 * wrong login is refused, whatever the command, so that a stranger learns nothing; an unknown
 * command and parameters of a wrong length are errors; then the module is asked.
 *
 * Nothing is counted here: the caller counts outcomes if he likes. Sources are not looked at
 * either: see dtu_discovery_is_local().
 * @param callbacks all five
 * @param ctx       handed to them
 * @param data      the datagram; may be NULL when `len` is 0
 * @param len       its length in bytes
 * @param reply     where the answer goes, to be sent to whom the datagram came from; may be `data`
 * @param size      room there, #DTU_DISCOVERY_READ_LEN at least: else nothing is done
 * @param reply_len where its length goes; 0: there is none
 * @return what became of it; #DTU_DISCOVERY_IGNORED if there was no room */
enum dtu_discovery_outcome dtu_discovery_serve(const struct dtu_discovery_callbacks *callbacks,
                                               void *ctx, const uint8_t *data, size_t len,
                                               uint8_t *reply, size_t size, size_t *reply_len);

/** Whether an address is of the local subnet, for ports that answer only that: ask it before
 * dtu_discovery_serve(). A module that has no address of this network yet cannot be found so.
 * @param peer the sender's address, 4 bytes
 * @param ip   the module's address, 4 bytes
 * @param mask the module's mask, 4 bytes; of 0.0.0.0 everybody is local
 * @return true if it is */
bool dtu_discovery_is_local(const uint8_t *peer, const uint8_t *ip, const uint8_t *mask);

#ifdef __cplusplus
}
#endif

#endif
