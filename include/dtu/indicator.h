/* SPDX-License-Identifier: MIT */
/**
 * @file indicator.h
 * The LEDs of a module: what it is doing goes in, pin levels over time come out. For ports that
 * have pins.
 *
 *     static const struct dtu_indicator_callbacks callbacks = {set_pin};
 *     struct dtu_indicator i;
 *
 *     dtu_indicator_init(&i, &dtu_indicator_lte_7s4, &callbacks, NULL);
 *     dtu_indicator_set(&i, DTU_SHOWS_POWER, 1, now);                 // set_pin(POWER, true)
 *     dtu_indicator_set(&i, DTU_SHOWS_SYSTEM, 1, now);                // set_pin(WORK, true)
 *     dtu_indicator_set(&i, DTU_SHOWS_NETWORK, DTU_NETWORK_4G, now);  // NET: 4 flashes, a pause
 *     dtu_indicator_set(&i, DTU_SHOWS_SOCKET_A, 1, now);              // set_pin(LINKA, true)
 *     dtu_indicator_data(&i, now);                                    // DATA, for a while
 *     sleep_until_event_or(dtu_indicator_next(&i, now)); dtu_indicator_poll(&i, now);
 *
 * A product is a table: for each LED what it shows, and for each value of that how it looks. The
 * four products of the manuals are here; another is another table.
 *
 * No drift: after a poll the pins are what they should be at that moment, however often or late it
 * was polled before. A phase that passed unpolled is not made up for.
 *
 * Cost: RAM is the struct, 48 bytes on a Cortex-M0+; each call is O(LEDs), and of a flashing LED
 * O(flashes). It may divide, 32 by 32 bits, when a cycle of flashes is over. A table is 44 bytes of
 * flash. Time is in milliseconds and may wrap. All calls from one thread.
 *
 * Source: manual 000 section 2.2.2 (7S1), 001 section 2.3.7 (7S4), 002 section 3.7 (7S3), 003
 * section 2.2 (K7). The manuals give no times; those here are decided, see the page of this engine.
 */
#ifndef DTU_INDICATOR_H
#define DTU_INDICATOR_H

#include "dtu/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The LEDs. A product has some of them. */
enum dtu_led {
    DTU_LED_POWER, /**< 7S4 calls it PWR */
    DTU_LED_WORK,  /**< the firmware runs */
    DTU_LED_NET,   /**< the network; 7S3 calls it GPRS, of K7 it is the Link of the RJ45 */
    DTU_LED_LINKA, /**< socket A; 7S3 calls it LINK1 */
    DTU_LED_LINKB, /**< socket B */
    DTU_LED_DATA,  /**< bytes pass */
    DTU_LEDS       /**< how many there are */
};

/** What a LED can show. */
enum dtu_shows {
    DTU_SHOWS_NOTHING,  /**< the product has no such LED */
    DTU_SHOWS_POWER,    /**< 0 or 1: it has power */
    DTU_SHOWS_SYSTEM,   /**< 0 or 1: its system runs */
    DTU_SHOWS_NETWORK,  /**< enum dtu_network */
    DTU_SHOWS_SOCKET_A, /**< 0 or 1: connected */
    DTU_SHOWS_SOCKET_B, /**< 0 or 1: connected */
    DTU_SHOWS_DATA      /**< 0 or 1: bytes pass; by dtu_indicator_data() */
};

/** The network that a module is attached to. */
enum dtu_network {
    DTU_NETWORK_NONE, /**< none */
    DTU_NETWORK_2G,   /**< GSM, GPRS, EDGE */
    DTU_NETWORK_3G,   /**< WCDMA, TD-SCDMA, CDMA2000 */
    DTU_NETWORK_4G,   /**< LTE */
    DTU_NETWORK_LAN   /**< another: Ethernet, or that of the machine */
};

/** How many values a LED can show. */
#define DTU_INDICATOR_VALUES 5u

/** How a LED looks: steady, or a row of flashes and a pause, over and over. It begins with the
 * first flash. One flash and no pause is a plain blinking. */
struct dtu_look {
    uint8_t flashes;   /**< How many in a row; 0: steady, the times are not looked at. */
    bool lit;          /**< Of a steady one: whether it is light. */
    uint16_t on_ms;    /**< Length of a flash, at least 1. */
    uint16_t off_ms;   /**< Dark after each flash, at least 1. */
    uint16_t pause_ms; /**< Dark after a row, in addition; may be 0. */
};

/** A LED of a product. */
struct dtu_indicator_led {
    uint8_t shows;                       /**< enum dtu_shows */
    uint8_t looks[DTU_INDICATOR_VALUES]; /**< for each value: its place in the table's looks */
};

/** A product's LEDs. */
struct dtu_indicator_table {
    struct dtu_indicator_led leds[DTU_LEDS]; /**< by enum dtu_led */
    const struct dtu_look *looks;            /**< the first is dark: `{.flashes = 0}` */
    uint8_t look_count;                      /**< how many, at least 1 */
    uint16_t data_ms; /**< how long after the last bytes DTU_SHOWS_DATA is 1, at least 1 */
};

extern const struct dtu_indicator_table dtu_indicator_cat1;        /**< WH-LTE-7S1-E */
extern const struct dtu_indicator_table dtu_indicator_lte_7s4;     /**< WH-LTE-7S4 V2 */
extern const struct dtu_indicator_table dtu_indicator_gprs232_7s3; /**< USR-GPRS232-7S3 */
extern const struct dtu_indicator_table dtu_indicator_k7;          /**< USR-K7 */

/** What the engine asks of its port. */
struct dtu_indicator_callbacks {
    /** A LED changes. Called for changes only: before the first all are dark. Of the modules, a
     * high level is light (manual 000 section 2.2.2). No function of this indicator may be called
     * from inside.
     * @param ctx as given to init
     * @param led which
     * @param lit true: light */
    void (*pin)(void *ctx, enum dtu_led led, bool lit);
};

/** The LEDs of a module. The fields are private. */
struct dtu_indicator {
    uint8_t look[DTU_LEDS];                          /**< private: its place in the table's looks */
    uint8_t lit;                                     /**< private: what the pins are, a bit a LED */
    bool passing;                                    /**< private: DTU_SHOWS_DATA is 1 */
    const struct dtu_indicator_table *table;         /**< private */
    const struct dtu_indicator_callbacks *callbacks; /**< private */
    void *ctx;                                       /**< private */
    uint32_t data_ms;                                /**< private: when bytes passed last */
    uint32_t since_ms[DTU_LEDS];                     /**< private: when a cycle of its look began */
};

/** Sets up the LEDs, all dark and no callback called: a port sets its pins to dark before.
 * @param i         the indicator
 * @param table     the product's; must outlive it
 * @param callbacks see there; must outlive it
 * @param ctx       handed to the callbacks
 * @return DTU_OK, or DTU_ERR_CONFIG if `pin` is missing, the first look is not dark, a time that is
 *         looked at is 0, or something is named that is not there */
enum dtu_status dtu_indicator_init(struct dtu_indicator *i, const struct dtu_indicator_table *table,
                                   const struct dtu_indicator_callbacks *callbacks, void *ctx);

/** Something changed that LEDs may show. What is as it was, or looks as it did, goes on as it is: a
 * row of flashes does not begin anew. What the product does not show is ignored.
 * @param i     the indicator
 * @param what  which; neither DTU_SHOWS_NOTHING nor DTU_SHOWS_DATA, which are ignored
 * @param value of what it is now, see enum dtu_shows. One for which a LED has no look makes it
 *              dark; #DTU_INDICATOR_VALUES and more is ignored
 * @param now   the time in milliseconds */
void dtu_indicator_set(struct dtu_indicator *i, enum dtu_shows what, unsigned value, uint32_t now);

/** Bytes pass, from the UART or from the network. What shows it does so until a poll finds that the
 * last such call was the table's `data_ms` ago. Cheap enough for every packet.
 * @param i   the indicator
 * @param now the time in milliseconds */
void dtu_indicator_data(struct dtu_indicator *i, uint32_t now);

/** Every LED dark, and everything 0, as after init: power off, or a restart.
 * @param i   the indicator
 * @param now the time in milliseconds */
void dtu_indicator_clear(struct dtu_indicator *i, uint32_t now);

/** Lets time pass. At least every 49 days, while a LED flashes.
 * @param i   the indicator
 * @param now the time in milliseconds */
void dtu_indicator_poll(struct dtu_indicator *i, uint32_t now);

/** When a pin changes next.
 * @param i   the indicator
 * @param now the time in milliseconds
 * @return milliseconds from now, or DTU_NEVER if no LED flashes and no bytes pass */
uint32_t dtu_indicator_next(const struct dtu_indicator *i, uint32_t now);

#ifdef __cplusplus
}
#endif

#endif
