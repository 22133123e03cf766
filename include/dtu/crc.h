/* SPDX-License-Identifier: MIT */
/**
 * @file crc.h
 * CRC-32, as in IEEE 802.3, gzip and PNG: what tells whether a stored set is whole.
 *
 *     uint32_t crc = dtu_crc32(0, header, sizeof header);
 *     crc = dtu_crc32(crc, text, len);
 *
 * How fast it is, is chosen when the library is compiled, by the size of its table: `DTU_CRC_TABLE`
 * is 0, 16 or 256 entries of 4 bytes, 16 if nothing is said. All give the same result. With CMake
 * it is the cache variable of that name, otherwise an option of the compiler,
 * `-DDTU_CRC_TABLE=256`.
 *
 * Cost: no state, a byte at a time; 16 bytes of stack at most. With 0, 16 and 256 entries it is 48,
 * 116 and 1064 bytes of code and table on a Cortex-M0+, and 67, 17 and 11 instructions a byte. gcc
 * for AVR keeps tables in RAM: there 0 may be the best.
 *
 * Source: the polynomial 04C11DB7 of IEEE 802.3 section 3.2.9, least significant bit first, begun
 * with all ones and inverted at the end.
 */
#ifndef DTU_CRC_H
#define DTU_CRC_H

#include "dtu/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Goes on with a CRC-32. May be called from anywhere, also from an interrupt.
 * @param crc  of what is before; 0 if there is nothing
 * @param data the next bytes; not looked at if there are none
 * @param len  how many bytes that are
 * @return the CRC-32 of all until here, in any number of pieces the same */
uint32_t dtu_crc32(uint32_t crc, const uint8_t *data, size_t len);

#ifdef __cplusplus
}
#endif
#endif
