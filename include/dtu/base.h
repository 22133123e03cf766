/* SPDX-License-Identifier: MIT */
/**
 * @file base.h
 * What every engine stands on: status codes, time, byte cursors, text output, numbers in text, how
 * a UART is set.
 *
 *     struct dtu_reader r = dtu_reader(frame, frame_len);
 *     uint16_t len = dtu_get_be16(&r);
 *     uint32_t baud = dtu_get_be24(&r);
 *     if (!dtu_reader_ok(&r))             // one check at the end, whatever was read
 *         return DTU_ERR_LENGTH;
 *
 *     struct dtu_text out = {uart_write, uart};
 *     dtu_text_string(&out, "+UARTFT:");
 *     dtu_text_decimal(&out, 50);         // no buffer, no length limit, no printf
 *
 * Cost: no state of its own; a cursor is two pointers and a flag, a writer two pointers. Code
 * and stack: docs/size.md; what is not called is not linked.
 * Every function may be called from anywhere, interrupts included, on objects not shared.
 */
#ifndef DTU_BASE_H
#define DTU_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The version of the library; CMake and pkg-config read it from here. */
#define DTU_VERSION_MAJOR 0
#define DTU_VERSION_MINOR 1 /**< Grows with each addition. */
#define DTU_VERSION_PATCH 0 /**< Grows with each mend. */

/** The version that was linked, as "major.minor.patch": compare it with the macros of the header.
 * @return a constant string. */
const char *dtu_version(void);

/** What a call that can fail returns. Nothing else is ever returned as an error. */
enum dtu_status {
    DTU_OK = 0,          /**< Done. */
    DTU_ERR_CONFIG,      /**< The configuration given to an init function cannot work. */
    DTU_ERR_STATE,       /**< Not possible in the present state. */
    DTU_ERR_SPACE,       /**< No room: a buffer, queue or medium is full. */
    DTU_ERR_LENGTH,      /**< Too short, too long, or cut off. */
    DTU_ERR_COUNT,       /**< Too many or too few parameters. */
    DTU_ERR_MISSING,     /**< A required parameter is empty. */
    DTU_ERR_TYPE,        /**< Not of the right type: no number, no hex, a forbidden byte. */
    DTU_ERR_RANGE,       /**< Right type, but outside of what is allowed. */
    DTU_ERR_NOT_FOUND,   /**< Nothing has this name. */
    DTU_ERR_FORM,        /**< Exists, but not in the form that was asked for. */
    DTU_ERR_FORMAT,      /**< Not of the expected grammar at all. */
    DTU_ERR_NOT_ALLOWED, /**< Not offered or not permitted now. */
    DTU_ERR_LOGIN,       /**< Not logged in, or with wrong credentials. */
    DTU_ERR_IO,          /**< The port reports a failure of the medium or the network. */
    DTU_ERR_CHECKSUM,    /**< Damaged: a checksum does not agree. */
    DTU_ERR_TIMEOUT      /**< The other side did not answer in time. */
};

/** A short English text for a status, for logs.
 * @param status any value, also one that is no dtu_status
 * @return a constant string, never NULL. */
const char *dtu_status_text(enum dtu_status status);

/* --- Time ---------------------------------------------------------------------------------- */

/** "No deadline": what a `_next` function returns when nothing is waiting for time to pass. */
#define DTU_NEVER UINT32_MAX

/** The longest time that an engine can be told to wait, in the counter's unit: a longer one could
 * not be told from the past. */
#define DTU_PERIOD_MAX UINT32_C(0x7FFFFFFF)

/** Time from `since` to `now` on a counter that wraps at 2^32.
 * @param now   the counter's value
 * @param since an earlier value, less than 2^32 units ago
 * @return the difference, in the counter's unit */
uint32_t dtu_elapsed(uint32_t now, uint32_t since);

/** How long to wait until `period` has passed since `since`.
 * @param now    the counter's value
 * @param since  an earlier value, less than 2^32 units ago
 * @param period length of the wait in the counter's unit
 * @return 0 when it has passed, else what is left of it */
uint32_t dtu_remaining(uint32_t now, uint32_t since, uint32_t period);

/* --- Byte cursors -------------------------------------------------------------------------- */

/** Reads fields from bytes; past the end it gives zeroes, from then on for every field, and
 * remembers that it failed. */
struct dtu_reader {
    const uint8_t *at; /**< private: next byte */
    size_t left;       /**< private: bytes left */
    bool failed;       /**< private: something was asked for that was not there */
};

/** A cursor over `len` bytes at `data`; `data` may be NULL when `len` is 0.
 * @param data the bytes, which must outlive the cursor
 * @param len  how many
 * @return the cursor, at the first byte */
struct dtu_reader dtu_reader(const void *data, size_t len);

/** @param r a cursor
 * @return true if everything that was read was there. */
bool dtu_reader_ok(const struct dtu_reader *r);

/** @param r a cursor
 * @return how many bytes are left. */
size_t dtu_reader_left(const struct dtu_reader *r);

/** @param r a cursor
 * @return the next byte, or 0 and the cursor has failed. */
uint8_t dtu_get_u8(struct dtu_reader *r);

/** @param r a cursor
 * @return the next 2 bytes, high byte first, or 0 and the cursor has failed. */
uint16_t dtu_get_be16(struct dtu_reader *r);

/** @param r a cursor
 * @return the next 3 bytes, high byte first, or 0 and the cursor has failed. */
uint32_t dtu_get_be24(struct dtu_reader *r);

/** @param r a cursor
 * @return the next 4 bytes, high byte first, or 0 and the cursor has failed. */
uint32_t dtu_get_be32(struct dtu_reader *r);

/** @param r a cursor
 * @return the next 2 bytes, low byte first, or 0 and the cursor has failed. */
uint16_t dtu_get_le16(struct dtu_reader *r);

/** @param r a cursor
 * @return the next 4 bytes, low byte first, or 0 and the cursor has failed. */
uint32_t dtu_get_le32(struct dtu_reader *r);

/** The next `len` bytes where they lie.
 * @param r   a cursor
 * @param len how many
 * @return a pointer to them, or NULL and the cursor has failed. Never NULL for `len` 0 of a
 *         cursor over real bytes that has not failed. */
const uint8_t *dtu_get_bytes(struct dtu_reader *r, size_t len);

/** Writes fields into a buffer; one that does not fit is left out, with all that follow, and it
 * remembers that it failed. */
struct dtu_writer {
    uint8_t *data; /**< private: the buffer */
    size_t size;   /**< private: its size */
    size_t len;    /**< private: bytes written */
    bool failed;   /**< private: something did not fit */
};

/** A cursor that writes into `data`.
 * @param data a buffer that outlives the cursor
 * @param size its size in bytes
 * @return the cursor, at the first byte */
struct dtu_writer dtu_writer(void *data, size_t size);

/** @param w a cursor
 * @return true if everything that was written did fit. */
bool dtu_writer_ok(const struct dtu_writer *w);

/** @param w a cursor
 * @return how many bytes have been written. */
size_t dtu_writer_len(const struct dtu_writer *w);

/** Writes a byte. @param w a cursor @param value the byte */
void dtu_put_u8(struct dtu_writer *w, uint8_t value);
/** Writes 2 bytes, high byte first. @param w a cursor @param value 0..0xFFFF */
void dtu_put_be16(struct dtu_writer *w, uint16_t value);
/** Writes 3 bytes, high byte first. @param w a cursor @param value 0..0xFFFFFF */
void dtu_put_be24(struct dtu_writer *w, uint32_t value);
/** Writes 4 bytes, high byte first. @param w a cursor @param value any */
void dtu_put_be32(struct dtu_writer *w, uint32_t value);
/** Writes 2 bytes, low byte first. @param w a cursor @param value 0..0xFFFF */
void dtu_put_le16(struct dtu_writer *w, uint16_t value);
/** Writes 4 bytes, low byte first. @param w a cursor @param value any */
void dtu_put_le32(struct dtu_writer *w, uint32_t value);
/** Writes `len` bytes, all of them or none. @param w a cursor @param data the bytes
 * @param len how many; 0 is allowed with `data` NULL */
void dtu_put_bytes(struct dtu_writer *w, const void *data, size_t len);

/* --- Text output --------------------------------------------------------------------------- */

/** Where text goes: a function of the caller and its context. */
struct dtu_text {
    /** Takes `len` bytes of text; what it cannot take it must remember to have lost. */
    void (*write)(void *ctx, const uint8_t *data, size_t len);
    void *ctx; /**< Handed to `write`. */
};

/** Writes bytes. @param out where to @param data the bytes @param len how many */
void dtu_text_bytes(const struct dtu_text *out, const void *data, size_t len);
/** Writes a string, without its final 0. @param out where to @param string the string */
void dtu_text_string(const struct dtu_text *out, const char *string);
/** Writes one character. @param out where to @param c the character */
void dtu_text_char(const struct dtu_text *out, char c);
/** Writes a number in decimal, no leading zeroes. @param out where to @param value the number */
void dtu_text_decimal(const struct dtu_text *out, uint32_t value);
/** Writes two upper-case hexadecimal digits a byte. @param out where to @param data the bytes
 * @param len how many */
void dtu_text_hex(const struct dtu_text *out, const uint8_t *data, size_t len);
/** Writes an IPv4 address, `192.168.0.7`. @param out where to @param ip its 4 bytes */
void dtu_text_ip(const struct dtu_text *out, const uint8_t *ip);

/** A text writer's target in memory, for callers that want the text in a buffer. */
struct dtu_text_buffer {
    char *data;    /**< where the text goes; not terminated */
    size_t size;   /**< how much fits */
    size_t len;    /**< how much was written */
    bool overflow; /**< true if something did not fit: then the text is cut off at `size` */
};

/** The write function of a #dtu_text whose ctx is a #dtu_text_buffer.
 * @param ctx  the buffer
 * @param data the text
 * @param len  its length in bytes */
void dtu_text_to_buffer(void *ctx, const uint8_t *data, size_t len);

/** Text for a receiver that may take less than it is offered. Instead of a buffer: when the
 * receiver has room again, the same text is made once more, and what was taken before is left out.
 */
struct dtu_replay {
    /** Takes text. @return how many bytes were taken, 0 to `len` */
    size_t (*write)(void *ctx, const uint8_t *data, size_t len);
    void *ctx;   /**< handed to `write` */
    size_t sent; /**< private: bytes taken; set it to 0 for a new text */
    size_t skip; /**< private: of them, not yet made again */
    bool full;   /**< private: the receiver has no room */
};

/** Begins to make the text, for the first time or again.
 * @param r the replay, which must outlive the writer
 * @return where to write it */
struct dtu_text dtu_replay_text(struct dtu_replay *r);

/** @param r the replay, when the text has been made
 * @return true if the receiver has taken all of it. */
bool dtu_replay_done(const struct dtu_replay *r);

/* --- Text input ---------------------------------------------------------------------------- */

/** Reads a decimal number that fills all of `text`: digits only, no sign, no space.
 * A number that does not fit 32 bits is an error and never wraps into range.
 * @param text  the digits
 * @param len   how many bytes
 * @param value where the number goes; untouched on an error
 * @return DTU_OK, DTU_ERR_MISSING if `len` is 0, DTU_ERR_TYPE if a byte is no digit,
 *         DTU_ERR_RANGE if it is over 4294967295 */
enum dtu_status dtu_parse_decimal(const uint8_t *text, size_t len, uint32_t *value);

/** The value of a hexadecimal digit of either case.
 * @param digit any byte
 * @return 0..15, or 0xFF if it is no such digit */
uint8_t dtu_parse_hex_digit(uint8_t digit);

/** @param string a 0-terminated string
 * @return its length in bytes, without the 0 */
size_t dtu_string_len(const char *string);

/** An ASCII letter in upper case; every other byte as it is.
 * @param c any byte
 * @return the byte in upper case */
uint8_t dtu_upper(uint8_t c);

/** Whether bytes equal a string, upper and lower case of ASCII letters being the same.
 * @param text   the bytes
 * @param len    how many
 * @param string a 0-terminated string
 * @return true if they are the same length and text */
bool dtu_equal_nocase(const uint8_t *text, size_t len, const char *string);

/** Whether a guess equals a secret, in a time that depends on the guess alone.
 * @param secret     the secret
 * @param secret_len its length in bytes
 * @param guess      the guess
 * @param guess_len  its length in bytes
 * @return true if they are the same; an empty secret equals nothing */
bool dtu_equal_secret(const uint8_t *secret, size_t secret_len, const uint8_t *guess,
                      size_t guess_len);

/* --- UART settings ------------------------------------------------------------------------- */

/** Parity of a UART. */
enum dtu_parity {
    DTU_PARITY_NONE, /**< no parity bit */
    DTU_PARITY_ODD,  /**< odd */
    DTU_PARITY_EVEN, /**< even */
    DTU_PARITY_MARK, /**< always 1 */
    DTU_PARITY_SPACE /**< always 0 */
};

/** Flow control of a UART. */
enum dtu_flow {
    DTU_FLOW_NONE,     /**< none */
    DTU_FLOW_RTS_CTS,  /**< by the lines RTS and CTS */
    DTU_FLOW_XON_XOFF, /**< by the bytes XON and XOFF */
    DTU_FLOW_RS485     /**< none, and RTS switches the direction of an RS-485 driver */
};

/** How a UART is set. */
struct dtu_uart {
    uint32_t baud;     /**< bits a second */
    uint8_t data_bits; /**< 5 to 8 */
    uint8_t stop_bits; /**< 1 or 2 */
    uint8_t parity;    /**< enum dtu_parity */
    uint8_t flow;      /**< enum dtu_flow */
};

#ifdef __cplusplus
}
#endif

#endif
