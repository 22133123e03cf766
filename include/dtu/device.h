/* SPDX-License-Identifier: MIT */
/**
 * @file device.h
 * A whole module: the engines wired together behind one UART and a few sockets.
 *
 *     static uint8_t values[2 * DTU_CAT1_VALUES_SIZE], line[DTU_CAT1_LINE_SIZE];
 *     static uint8_t packet[DTU_CAT1_PACKET_LEN], queue_a[DTU_CAT1_QUEUE_SIZE];
 *     static const struct dtu_device_config config = {
 *         .profile = &dtu_profile_cat1, .port = &port, .medium = &flash,
 *         .values = values, .values_size = sizeof values, .line = line, .line_size = sizeof line,
 *         .packet = packet, .packet_size = sizeof packet,
 *         .queues = {{queue_a, sizeof queue_a}}};
 *     static struct dtu_device device;
 *
 *     dtu_device_init(&device, &config, board);
 *     dtu_device_start(&device, now);
 *     for (;;) {
 *         taken = dtu_device_uart_rx(&device, bytes, len, now);      // keep what is not taken
 *         dtu_device_socket_opened(&device, 0, now);                 // and the other events
 *         dtu_device_poll(&device, now);
 *         sleep_until_input_or(dtu_device_next(&device, now));
 *     }
 *
 * What the UART says goes through the command-mode handshake to the AT server or, packed into
 * frames, to every socket in use; what sockets say goes to the UART. Nothing is lost on the way for
 * want of room: what cannot be taken is not taken, and the port asks again. The exceptions are
 * counted in `stats`.
 *
 * Cost: RAM is the struct and what the config points to; nothing else. Time is in milliseconds and
 * may wrap. All calls from one thread; none from an interrupt. The port's callbacks may not call
 * the device, but for what they say.
 *
 * Source: manuals 000 to 003, transparent mode; the page of this engine has the policies.
 */
#ifndef DTU_DEVICE_H
#define DTU_DEVICE_H

#include "dtu/at_server.h"
#include "dtu/base.h"
#include "dtu/baudsync.h"
#include "dtu/cmdmode.h"
#include "dtu/discovery.h"
#include "dtu/framer.h"
#include "dtu/heartbeat.h"
#include "dtu/identity.h"
#include "dtu/link.h"
#include "dtu/netat.h"
#include "dtu/params.h"
#include "dtu/profile.h"
#include "dtu/queue.h"
#include "dtu/sdp.h"
#include "dtu/settings.h"
#include "dtu/store.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What happened, for a port's log. */
struct dtu_device_event {
    enum {
        DTU_EVENT_START,      /**< the module has started */
        DTU_EVENT_FRAME,      /**< a frame of `len` bytes came from the UART */
        DTU_EVENT_DATA,       /**< `len` bytes of `socket` went to the UART */
        DTU_EVENT_LINK,       /**< the connection of `socket` is now in state `link` */
        DTU_EVENT_MODE,       /**< command mode: `len` is 1 on entering and 0 on leaving */
        DTU_EVENT_COMMAND,    /**< a command was answered: `row`, `form`, `status`; the end of the
                                   answer may go out right behind this */
        DTU_EVENT_UNSERVED,   /**< the setting `row` asks for what this version does not do */
        DTU_EVENT_UART,       /**< the UART follows a frame of `socket`: dtu_device_uart() */
        DTU_EVENT_REPORT,     /**< the UART was told of a bad frame, or one that was not sent:
                                   `len` is the enum dtu_sdp_code */
        DTU_EVENT_REQUEST,    /**< a request of UDP discovery: `len` is the command */
        DTU_EVENT_LENT        /**< the UART is somebody else's (`len` is 1) and set so:
                                   dtu_device_uart(); or is back (0) */
    } kind;                   /**< which of these */
    uint8_t socket;           /**< 0 for A */
    size_t len;               /**< bytes */
    enum dtu_link_state link; /**< of DTU_EVENT_LINK */
    const struct dtu_param *row; /**< of DTU_EVENT_COMMAND and _UNSERVED; NULL for no command */
    enum dtu_at_form form;       /**< of DTU_EVENT_COMMAND */
    enum dtu_status status;      /**< of DTU_EVENT_COMMAND: DTU_OK or why it was refused */
    bool listens;                /**< of DTU_EVENT_LINK: somebody connects to it */
    enum dtu_discovery_outcome outcome; /**< of DTU_EVENT_REQUEST */
};

/** Ways by which a command comes as a whole, and its reply goes back. */
enum dtu_channel {
    DTU_CHANNEL_UART,   /**< in the data stream of the UART */
    DTU_CHANNEL_SOCKET, /**< in the data stream of a socket */
    DTU_CHANNEL_UDP,    /**< network commands of K7: a datagram */
    DTU_CHANNEL_SMS,    /**< an SMS */
    DTU_CHANNEL_MQTT    /**< a message of 7S4's command topic */
};

/** How many channels there are. */
#define DTU_DEVICE_CHANNELS 5

/** What a port does for the device. `ctx` is its own. Sockets are numbered from 0 for A. */
struct dtu_device_port {
    /** Bytes for the UART. @return how many were taken, 0 to `len` */
    size_t (*uart_write)(void *ctx, const uint8_t *data, size_t len);
    /** Set the UART: at each start, and when the network wants another rate for the moment. What
     * was written before is to go out as it was. */
    void (*uart_setup)(void *ctx, const struct dtu_uart *uart);
    /** Begin to open a socket. Tell the outcome by dtu_device_socket_opened() or _failed(), later
     * or from inside. A server is open when somebody has connected, or of UDP sent something; until
     * then it listens. A TCP server may have several clients, which are one connection to the
     * device, closed when the last is gone: what is sent goes to all of them. Over UDP the last
     * one who sent is answered.
     * @return false if it cannot even be tried */
    bool (*socket_open)(void *ctx, unsigned socket, const struct dtu_socket_target *target);
    /** Bytes for a socket that is open; of UDP, one datagram. @return how many were taken; of UDP,
     * all or 0. After less than `len`, tell by dtu_device_socket_writable() when there is room. */
    size_t (*socket_send)(void *ctx, unsigned socket, const uint8_t *data, size_t len);
    /** Close a socket, or give up opening it. Tell no more events of it. */
    void (*socket_close)(void *ctx, unsigned socket);
    /** The user wants a restart: once the UART has sent what it was given, reset the processor, or
     * call dtu_device_restart(). Not from inside. Until then the device takes no input. */
    void (*restart)(void *ctx);
    /** Write the answer to an INFO row, as dtu_at_server_callbacks.info. NULL, or a status that is
     * not DTU_OK: the product's own answer, if it has one. */
    enum dtu_status (*info)(void *ctx, const struct dtu_param *row, const uint8_t *args, size_t len,
                            const struct dtu_text *out);
    /** Do what a row says that the device does not do by itself, as dtu_at_server_callbacks.action:
     * send an SMS, ping, set the clock, run a shell command. NULL: nothing of that is offered. */
    enum dtu_status (*action)(void *ctx, const struct dtu_param *row, const uint8_t *args,
                              size_t len);
    /** A reply to a command that came by dtu_device_message(); it may come in several parts. NULL:
     * such commands are not taken. @return true if it was taken; false if there is no room now */
    bool (*reply)(void *ctx, enum dtu_channel channel, const uint8_t *data, size_t len);
    /** A LED changes; see indicator.h. NULL: there are none, and none costs a wake-up. */
    void (*led)(void *ctx, enum dtu_led led, bool lit);
    /** Something happened; for logs. May be NULL. */
    void (*event)(void *ctx, const struct dtu_device_event *event);
};

/** Memory for a socket's queue, or for a channel. */
struct dtu_device_memory {
    uint8_t *memory; /**< of a queue see #DTU_QUEUE_SIZE */
    size_t size;     /**< in bytes */
};

/** What a device works with; must outlive it. */
struct dtu_device_config {
    const struct dtu_profile *profile;             /**< The product. */
    const struct dtu_device_port *port;            /**< What the board does. */
    const struct dtu_store_medium *medium;         /**< Where settings are kept; NULL: nowhere. */
    void *medium_ctx;                              /**< Handed to the medium. */
    const struct dtu_store_medium *default_medium; /**< Where the user's defaults are kept
                                                        (`CFGTF`); NULL: nowhere. */
    void *default_ctx;                             /**< Handed to it. */
    uint8_t *values;                               /**< Two sets of values. */
    size_t values_size;                            /**< At least twice the table's `values_size`. */
    uint8_t *line;                                 /**< The command line. */
    size_t line_size;                              /**< At least the profile's `line_size`. */
    /** For each channel, by enum dtu_channel: a command that came, and then its reply; at least the
     * profile's `line_size`. A channel without memory is not there. */
    struct dtu_device_memory messages[DTU_DEVICE_CHANNELS];
    uint8_t *packet;    /**< The frame that comes in from the UART. */
    size_t packet_size; /**< At least the profile's `packet_len`. */
    struct dtu_device_memory queues[DTU_PROFILE_SOCKETS]; /**< One for each socket; one without
                                               memory: that socket cannot be used. */
    struct dtu_device_memory sdp; /**< Holds a frame of the socket distribution protocol, at least
                                       the profile's `packet_len`; without memory it is not
                                       offered. */
    uint32_t open_ms;             /**< A connection attempt that takes longer has failed;
                                       0: the port decides. */
};

/** Counters; they wrap. */
struct dtu_device_stats {
    uint32_t frames;     /**< frames from the UART that went to at least one socket */
    uint32_t unheard;    /**< frames dropped for no socket is in use, or the work mode is another */
    uint32_t sent_bytes; /**< bytes that sockets took */
    uint32_t sent_packets;   /**< packets of which the last byte was taken */
    uint32_t received_bytes; /**< bytes from sockets that the UART took */
    uint32_t lost_bytes;     /**< bytes that a socket took and its connection did not bring over */
    uint32_t resent_bytes;   /**< bytes of a packet cut by a lost connection that were sent again */
    uint32_t restarts;       /**< times that it was restarted */
    uint32_t saves;          /**< times that all settings were stored */
    uint32_t cut_bytes; /**< bytes of a frame that was not complete when the device was stopped, or
                             when the port dropped the rest of what a socket had sent */
    uint32_t messages;  /**< commands in a data stream or a message, and keywords */
    uint32_t ignored;   /**< network commands of somebody who may not, and
                               messages of which not all was carried out */
    uint32_t unkept;    /**< frames of the UART not kept for a socket that is not connected */
    uint32_t silent;    /**< restarts for want of data of the network */
    uint32_t refused;   /**< datagrams that the network has refused, as far as the port knows */
    uint32_t unsent;    /**< SDP frames for a socket that is not there or not connected */
    uint32_t changes;   /**< times that the UART followed the network */
    uint32_t requests;  /**< requests of UDP discovery that were served */
    uint32_t refusals;  /**< those that were answered but not served */
};

/** One socket; private. */
struct dtu_device_socket {
    struct dtu_device *device;           /**< private */
    unsigned index;                      /**< private */
    bool used;                           /**< private: enabled, of a kind that is served */
    bool registered;                     /**< private: its registration packet is out */
    bool held;                           /**< private: bytes of it wait, for the UART had no room */
    bool cut;                            /**< private: and a part of the same packet went before */
    bool marked;                         /**< private: its packet has begun with a mark */
    uint8_t mark_left;                   /**< private: bytes of the mark that are not out */
    bool beating;                        /**< private: a heartbeat is the first of its queue */
    bool sync_full;                      /**< private: bytes wait for room, not for time */
    bool refused;                        /**< private: nothing was sent since a datagram was */
    uint8_t refusals;                    /**< private: datagrams refused in a row */
    uint8_t clients;                     /**< private: of a TCP server */
    uint8_t shown;                       /**< private: its state in a reply that is on its way */
    uint8_t shown_clients;               /**< private: and its clients */
    uint32_t resumed_ms;                 /**< private: when something was sent after one */
    uint32_t heard_ms;                   /**< private: when it sent something last */
    uint32_t sync_ms;                    /**< private: when bytes came last */
    struct dtu_link link;                /**< private; its `stats` may be read */
    struct dtu_queue queue;              /**< private; its `stats` may be read */
    struct dtu_heartbeat heartbeat;      /**< private; its `stats` may be read */
    struct dtu_identity identity;        /**< private; its `stats` may be read */
    struct dtu_baudsync sync;            /**< private; its `stats` may be read */
    struct dtu_socket_settings settings; /**< private */
    struct dtu_link_config link_config;  /**< private */
    struct dtu_queue_config queue_config;   /**< private */
    struct dtu_baudsync_config sync_config; /**< private */
};

/** One way by which commands come; private. */
struct dtu_device_channel {
    struct dtu_device *device;          /**< private */
    struct dtu_at_server at;            /**< private */
    struct dtu_at_server_config config; /**< private */
    size_t reply_len;                   /**< private: bytes of a reply that wait */
    uint8_t kind;                       /**< private: enum dtu_channel */
    uint8_t socket;                     /**< private: where the reply goes, if it is one */
};

/** What the module says at the UART in frames; private. */
struct dtu_device_sdp {
    struct dtu_sdp decoder;       /**< private; its `stats` may be read */
    struct dtu_sdp_config config; /**< private */
    size_t fed;                   /**< private: bytes of a frame of the UART */
    struct dtu_sdp_sender sender; /**< private */
    uint32_t fed_ms;              /**< private: when a frame of the UART came last */
    bool cut;                     /**< private: the packing length has ended it */
    bool used;                    /**< private: the UART speaks in frames */
};

/** A device. The fields are private, but for the `stats` of each part. What is used most often
 * comes first, where the instructions of a small processor reach it. */
struct dtu_device {
    const struct dtu_device_config *config;  /**< private */
    void *ctx;                               /**< private */
    uint32_t now_ms;                         /**< private: of the call that is under way */
    bool started;                            /**< private */
    bool restarting;                         /**< private: a restart is wanted */
    bool restart_due;                        /**< private: or will be when a reply is out */
    bool greeting;                           /**< private: not all of it is sent */
    bool answering;                          /**< private: nor of an answer of the handshake */
    bool frame_taken;                        /**< private: the framer may let go of its frame */
    bool was_deaf;                           /**< private: the UART was not heard till now */
    bool after_cr;                           /**< private: the last byte was the CR of a command */
    bool logged_in;                          /**< private */
    bool lost;                               /**< private: stored values could not be read */
    bool followed;                           /**< private: the UART is not as it was set */
    bool is_lent;                            /**< private: the UART is somebody else's */
    bool has_ip;                             /**< private: dtu_device_set_ip() was called */
    uint8_t network;                         /**< private: enum dtu_network */
    uint8_t task;                            /**< private: what a command has left to be done */
    uint8_t ip[4];                           /**< private: by dtu_device_set_ip() */
    const struct dtu_param *changed;         /**< private: what a command has set */
    const uint8_t *command;                  /**< private: what is left of a message's commands */
    size_t command_len;                      /**< private: how many bytes */
    const struct dtu_device_socket *marking; /**< private: whose packet is on its way */
    size_t beat_sent;                        /**< private: bytes of one that is on its way */
    size_t prefix_max;                       /**< private: bytes in front of data at most */
    size_t frame_len;                        /**< private: of the frame that the framer keeps */
    uint32_t cr_ms;                          /**< private: when the CR of a command came */
    uint32_t entered_ms;                     /**< private: when command mode began */
    uint32_t heard_ms;                       /**< private: when a socket sent something last */
    struct dtu_device_stats stats;           /**< counters */
    struct dtu_params params;                /**< private */
    struct dtu_device_channel console;       /**< private: command mode; `at.stats` may be read */
    struct dtu_cmdmode cmdmode;              /**< private */
    struct dtu_framer framer;                /**< private */
    struct dtu_heartbeat heartbeat;          /**< private: to the UART; its `stats` may be read */
    struct dtu_settings settings;            /**< private */
    struct dtu_device_sdp sdp;               /**< private; its `stats` may be read */
    struct dtu_device_channel channels[DTU_DEVICE_CHANNELS]; /**< private */
    struct dtu_device_socket sockets[DTU_PROFILE_SOCKETS];   /**< private */
    struct dtu_store store;                                  /**< private */
    struct dtu_store defaults;                               /**< private */
    struct dtu_netat netat;                                  /**< private */
    struct dtu_indicator indicator;                          /**< private */
    struct dtu_indicator_callbacks leds;                     /**< private */
    struct dtu_uart lent;                                    /**< private: who has set it so */
    struct dtu_replay greeter;                               /**< private */
    union {
        uint8_t packet[DTU_IDENTITY_TEXT_MAX]; /**< private: one that is handed on at once */
        union dtu_discovery_block block;       /**< private: one that is to be set */
    } scratch;                                 /**< private */
    struct dtu_framer_config framer_config;    /**< private */
    struct dtu_cmdmode_config cmdmode_config;  /**< private */
};

/** Sets up a device with the values that are stored, or the defaults.
 * @param d      the device
 * @param config see there; must outlive the device
 * @param ctx    handed to the port
 * @return DTU_OK, or DTU_ERR_CONFIG if memory is missing or too small, a queue does not hold one
 *         packet, a function of the port is missing (`info`, `action`, `reply`, `led` and
 *         `event` may be), the medium cannot work, or a time is out of range */
enum dtu_status dtu_device_init(struct dtu_device *d, const struct dtu_device_config *config,
                                void *ctx);

/** The values, to set some before start. What is set there is not stored.
 * @param d the device
 * @return its parameters; do not apply or reset them */
struct dtu_params *dtu_device_params(struct dtu_device *d);

/** Begins to work with the pending values: sets the UART, greets, opens the sockets. One that runs
 * is stopped first.
 * @param d   the device
 * @param now the time in milliseconds */
void dtu_device_start(struct dtu_device *d, uint32_t now);

/** Closes all sockets and drops what is on its way. The device does nothing until it is started.
 * @param d   the device
 * @param now the time in milliseconds */
void dtu_device_stop(struct dtu_device *d, uint32_t now);

/** Stops, and takes the stored values or the defaults: what a reset of the module does before the
 * start. For a port that sets values of its own then, as after init.
 * @param d   the device
 * @param now the time in milliseconds */
void dtu_device_reload(struct dtu_device *d, uint32_t now);

/** Reloads and starts: what a reset of the module does.
 * @param d   the device
 * @param now the time in milliseconds */
void dtu_device_restart(struct dtu_device *d, uint32_t now);

/** Bytes came in at the UART. Those of one call are taken to have come without a pause.
 * @param d    the device
 * @param data the bytes
 * @param len  how many
 * @param now  the time in milliseconds
 * @return how many were taken; keep the rest and offer it again when dtu_device_uart_ready() */
size_t dtu_device_uart_rx(struct dtu_device *d, const uint8_t *data, size_t len, uint32_t now);

/** The line of the UART is idle: ends the frame at once. For a UART that can tell; without it, a
 * pause is seen within a millisecond.
 * @param d   the device
 * @param now the time in milliseconds */
void dtu_device_uart_idle(struct dtu_device *d, uint32_t now);

/** Whether bytes of the UART would be taken.
 * @param d the device
 * @return false while a socket, a reply or a restart is in the way */
bool dtu_device_uart_ready(const struct dtu_device *d);

/** A socket is open. Ignored unless it is being opened.
 * @param d      the device
 * @param socket which, from 0
 * @param now    the time in milliseconds */
void dtu_device_socket_opened(struct dtu_device *d, unsigned socket, uint32_t now);

/** How many clients a TCP server has: shown where the product shows it (K7's `CONNECTED(2)`). One
 * since it was opened, unless this is called. May be called from inside of the port's functions.
 * @param d      the device
 * @param socket which, from 0
 * @param count  how many, 1 to 255; that the last is gone is told by dtu_device_socket_closed() */
void dtu_device_socket_clients(struct dtu_device *d, unsigned socket, unsigned count);

/** A socket could not be opened. Ignored unless it is being opened.
 * @param d      the device
 * @param socket which, from 0
 * @param now    the time in milliseconds */
void dtu_device_socket_failed(struct dtu_device *d, unsigned socket, uint32_t now);

/** A connection is gone, and its socket closed. Ignored unless it is open.
 * @param d      the device
 * @param socket which, from 0
 * @param lost   how many of the bytes that the port took never arrived, as far as it knows; counted
 * @param now    the time in milliseconds */
void dtu_device_socket_closed(struct dtu_device *d, unsigned socket, uint32_t lost, uint32_t now);

/** The network has refused a datagram that the socket had taken, as far as the port is told. After
 * three datagrams in a row that were refused the socket is opened anew (manual 002 section 3.4).
 * @param d      the device
 * @param socket which, from 0
 * @param now    the time in milliseconds */
void dtu_device_socket_refused(struct dtu_device *d, unsigned socket, uint32_t now);

/** Bytes came in from a socket: one packet, of TCP what was read at a time. A command is looked for
 * at the start of a packet only, so the rest of one comes before the next.
 * @param d      the device
 * @param socket which, from 0
 * @param data   the bytes
 * @param len    how many
 * @param now    the time in milliseconds
 * @return how many were taken; keep the rest, and offer it again when the UART has room and
 *         dtu_device_socket_ready() */
size_t dtu_device_socket_rx(struct dtu_device *d, unsigned socket, const uint8_t *data, size_t len,
                            uint32_t now);

/** Whether bytes of a socket would be taken if the UART has room.
 * @param d      the device
 * @param socket which, from 0
 * @return false in command mode, and while a greeting, an answer of the handshake or a restart is
 * in the way */
bool dtu_device_socket_ready(const struct dtu_device *d, unsigned socket);

/** A socket that took less than it was given has room again.
 * @param d      the device
 * @param socket which, from 0
 * @param now    the time in milliseconds */
void dtu_device_socket_writable(struct dtu_device *d, unsigned socket, uint32_t now);

/** A message came that may be a command: an SMS, or one of MQTT's command topic.
 * @param d       the device
 * @param channel DTU_CHANNEL_SMS (the command password comes first) or DTU_CHANNEL_MQTT
 * @param data    the message
 * @param len     its length in bytes
 * @param now     the time in milliseconds
 * @return DTU_OK: it was a command, and the port's `reply` has been or will be called;
 *         DTU_ERR_FORMAT: it was none, the message is data; DTU_ERR_STATE: another one is being
 *         answered, try again; DTU_ERR_NOT_ALLOWED: the device takes no such messages */
enum dtu_status dtu_device_message(struct dtu_device *d, enum dtu_channel channel,
                                   const uint8_t *data, size_t len, uint32_t now);

/** A datagram came to the port of network commands (K7, `AT+SEARCH`). The keyword is answered with
 * address, hardware address and name, and makes its sender the one who may give commands; see
 * netat.h.
 * @param d    the device
 * @param peer who sent it
 * @param data the datagram
 * @param len  its length in bytes
 * @param now  the time in milliseconds
 * @return as dtu_device_message(); DTU_ERR_FORMAT also for a sender who may not */
enum dtu_status dtu_device_datagram(struct dtu_device *d, const struct dtu_peer *peer,
                                    const uint8_t *data, size_t len, uint32_t now);

/** A datagram came to the port of UDP discovery (K7, port 1901): searches, and settings for whoever
 * knows user and password. See discovery.h. Send the answer at once: a restart may be wanted.
 * @param d     the device
 * @param data  the datagram
 * @param len   its length in bytes
 * @param reply where the answer goes
 * @param size  room there, at least #DTU_DISCOVERY_READ_LEN
 * @param now   the time in milliseconds
 * @return the length of the answer in bytes; 0: none is to be sent */
size_t dtu_device_request(struct dtu_device *d, const uint8_t *data, size_t len, uint8_t *reply,
                          size_t size, uint32_t now);

/** The network that the module is attached to, for its LEDs.
 * @param d       the device
 * @param network which
 * @param now     the time in milliseconds */
void dtu_device_set_network(struct dtu_device *d, enum dtu_network network, uint32_t now);

/** The address that the module has, for answers to those who look for it: by DHCP, for instance.
 * @param d  the device
 * @param ip 4 bytes; NULL: the one that is set (`AT+WANN`) */
void dtu_device_set_ip(struct dtu_device *d, const uint8_t *ip);

/** Lets time pass, and goes on with what the UART or a socket had no room for. Call it after other
 * events too, before sleeping.
 * @param d   the device
 * @param now the time in milliseconds */
void dtu_device_poll(struct dtu_device *d, uint32_t now);

/** When a poll is wanted.
 * @param d   the device
 * @param now the time in milliseconds
 * @return milliseconds from now, or DTU_NEVER */
uint32_t dtu_device_next(const struct dtu_device *d, uint32_t now);

/** How the UART is set now, by whoever has it.
 * @param d the device
 * @return its settings */
const struct dtu_uart *dtu_device_uart(const struct dtu_device *d);

/** The UART is somebody else's for a while, such as a client of RFC 2217 (rfc2217.h). The device
 * shows his settings (`AT+UART?`) and keeps its own. It is the port that lends: until it has the
 * UART back, it gives the device nothing from it, takes nothing for it, and leaves alone what
 * `uart_setup` asks for; then it sets the UART to dtu_device_uart().
 * @param d    the device
 * @param uart how he has set it: at the beginning and with each change; NULL: it is back */
void dtu_device_lend_uart(struct dtu_device *d, const struct dtu_uart *uart);

#ifdef __cplusplus
}
#endif

#endif
