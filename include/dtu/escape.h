/* SPDX-License-Identifier: MIT */
/**
 * @file escape.h
 * How AT parameters carry bytes that a line cannot: `[0D]` for the byte 0D on 7S3, 7S4 and cat1,
 * `<<CRLF>>` for CR LF on K7.
 *
 *     struct dtu_unescape u = dtu_unescape(DTU_ESCAPE_HEX, text, len);
 *     uint8_t byte;
 *     while (dtu_unescape_next(&u, &byte))
 *         ...
 *
 *     dtu_escape_write(DTU_ESCAPE_HEX, "", value, value_len, &reply);
 *
 * Total: every byte string has a meaning, since what is no escape is itself. Escaping a value and
 * unescaping the text gives the value again, for every byte string in the HEX style. In the CRLF
 * style, CR and LF alone and the text `<<CRLF>>` itself cannot be written; a K7 has no way to.
 *
 * In place: what is read may be written over the text itself from its start, for a byte is never
 * longer than what it was written as.
 *
 * Cost: no state but the cursor; a byte at a time, nothing is copied. Every function may be called
 * from anywhere, interrupts included, on objects not shared.
 *
 * Source: manual 001 section 3.1.6.4, 003 section 5.3.5 number 24; which bytes a reply escapes is
 * on the page of this engine.
 */
#ifndef DTU_ESCAPE_H
#define DTU_ESCAPE_H

#include "dtu/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The two ways of escaping. */
enum dtu_escape_style {
    DTU_ESCAPE_HEX, /**< `[HH]`: 7S3, 7S4, cat1 */
    DTU_ESCAPE_CRLF /**< `<<CRLF>>`: K7; `<<CRLR>>` is read too */
};

/** Reads escaped text. The fields are private. */
struct dtu_unescape {
    const uint8_t *at;   /**< private */
    const uint8_t *stop; /**< private */
    uint8_t style;       /**< private: enum dtu_escape_style */
    bool lf;             /**< private: the LF of a `<<CRLF>>` comes next */
};

/** A cursor over escaped text.
 * @param style how it is escaped
 * @param text  the text, which must outlive the cursor; may be NULL if `len` is 0
 * @param len   its length in bytes
 * @return the cursor, at the first byte */
struct dtu_unescape dtu_unescape(enum dtu_escape_style style, const uint8_t *text, size_t len);

/** The next byte that the text means.
 * @param u    the cursor
 * @param byte where it goes
 * @return false at the end, `byte` untouched */
bool dtu_unescape_next(struct dtu_unescape *u, uint8_t *byte);

/** Writes a value so that a parameter can carry it, with upper-case hex digits.
 * In the HEX style these are escaped: CR, LF, 00, a `[` that would otherwise read as an escape, and
 * what `also` names. In the CRLF style: CR LF pairs.
 * @param style how to escape
 * @param also  other bytes to escape in the HEX style, 0-terminated; may be ""
 * @param value the bytes
 * @param len   how many
 * @param out   where the text goes */
void dtu_escape_write(enum dtu_escape_style style, const char *also, const uint8_t *value,
                      size_t len, const struct dtu_text *out);

/** Whether a value that is written is the same when it is read again. Commas and quotes are not
 * looked at: they are its parameter's.
 * @param style how it would be escaped
 * @param value the bytes; may be NULL if `len` is 0
 * @param len   how many
 * @return true always in the HEX style; false in the CRLF style if there is a CR or an LF alone, or
 *         the text `<<CRLF>>` or `<<CRLR>>` */
bool dtu_escape_can_write(enum dtu_escape_style style, const uint8_t *value, size_t len);

#ifdef __cplusplus
}
#endif

#endif
