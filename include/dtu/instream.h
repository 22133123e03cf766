/* SPDX-License-Identifier: MIT */
/**
 * @file instream.h
 * Finds an AT command that came in the middle of data, marked by a password: `usr.cn#AT+VER`.
 *
 *     const uint8_t *command = packet;
 *     size_t command_len = len;
 *     if (dtu_instream_find(DTU_INSTREAM_PLAIN, password, password_len, &command, &command_len))
 *         answer(command, command_len);
 *     else
 *         pass_on(packet, len);                       // it is data, all of it
 *
 * A codec without state: it looks at one frame of the UART, packet of the network, or message.
 *
 * Cost: a look at the first bytes of data that is no command; of a command, one at each byte. The
 * password is compared in a time that depends on its length alone. Both functions may be called
 * from anywhere.
 *
 * Source: manual 000 sections 7.2 and 7.3, 001 sections 3.1.3 and 3.1.4, 002 section 4.1.2.
 */
#ifndef DTU_INSTREAM_H
#define DTU_INSTREAM_H

#include "dtu/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How a product marks commands. */
enum dtu_instream_mark {
    DTU_INSTREAM_NONE,  /**< It does not. */
    DTU_INSTREAM_PLAIN, /**< By the password (cat1). */
    DTU_INSTREAM_HASH,  /**< By the password and `#` (7S3). */
    DTU_INSTREAM_ADMIN  /**< By the password or `admin` (7S4). */
};

/** Whether data is a mark, a command that begins with AT, and one line end, and nothing else.
 * @param mark         how the product marks commands
 * @param password     the command password; an empty one marks nothing
 * @param password_len its length in bytes
 * @param data         the bytes; then those of the command
 * @param len          how many; then how many of the command, with the first byte of its line end
 * @return true if it is; false: `data` and `len` stay as they are */
bool dtu_instream_find(enum dtu_instream_mark mark, const uint8_t *password, size_t password_len,
                       const uint8_t **data, size_t *len);

/** Whether a message is a mark and one or more commands, the first of which begins with AT. For an
 * SMS: its end is an end of the last command, and no line end is needed.
 * @param mark         how the product marks commands
 * @param password     the command password; an empty one marks nothing
 * @param password_len its length in bytes
 * @param data         the message; then what follows the mark
 * @param len          its length in bytes; then how many follow
 * @return true if it is; false: `data` and `len` stay as they are */
bool dtu_instream_find_message(enum dtu_instream_mark mark, const uint8_t *password,
                               size_t password_len, const uint8_t **data, size_t *len);

#ifdef __cplusplus
}
#endif

#endif
