/* SPDX-License-Identifier: MIT */
/* What the proofs assume of the five functions that the library links with: what the C standard
 * says, of bytes. (Frama-C's own header says it of char, which to WP is other memory.) */
#ifndef PROOF_MEMORY_H
#define PROOF_MEMORY_H

#define __FC_STRING_H_ /* not Frama-C's own */

#include <stddef.h>
#include <stdint.h>

/*@ requires readable((uint8_t *)from, n);
    requires writable((uint8_t *)to, n);
    requires apart: \separated((uint8_t *)to + (0 .. n - 1), (uint8_t *)from + (0 .. n - 1));
    requires object: n == 0 ==> to != \null && from != \null;
    assigns ((uint8_t *)to)[0 .. n - 1] \from ((uint8_t *)from)[0 .. n - 1];
    assigns \result \from to;
    ensures \result == to;
*/
void *memcpy(void *to, const void *from, size_t n);

/*@ requires readable((uint8_t *)from, n);
    requires writable((uint8_t *)to, n);
    assigns ((uint8_t *)to)[0 .. n - 1] \from ((uint8_t *)from)[0 .. n - 1];
    assigns \result \from to;
    ensures \result == to;
*/
void *memmove(void *to, const void *from, size_t n);

/*@ requires writable((uint8_t *)to, n);
    assigns ((uint8_t *)to)[0 .. n - 1] \from byte;
    assigns \result \from to;
    ensures \result == to;
*/
void *memset(void *to, int byte, size_t n);

/*@ requires readable((uint8_t *)a, n);
    requires readable((uint8_t *)b, n);
    assigns \result \from ((uint8_t *)a)[0 .. n - 1], ((uint8_t *)b)[0 .. n - 1];
*/
int memcmp(const void *a, const void *b, size_t n);

/*@ requires readable((uint8_t *)from, n);
    assigns \result \from from, ((uint8_t *)from)[0 .. n - 1], byte;
    ensures \result == \null ||
            \exists integer i; 0 <= i < n && \result == (uint8_t *)from + i &&
                               ((uint8_t *)from)[i] == (uint8_t)byte;
*/
void *memchr(const void *from, int byte, size_t n);

#endif
