/* SPDX-License-Identifier: MIT */
/* What the contracts in lib/ are written with; included ahead of each of its files when it is
 * proved, and in no program. */
#ifndef PROOF_H
#define PROOF_H

#include "dtu/base.h"

/*@ predicate readable{L}(uint8_t *data, integer len) =
        \object_pointer{L}(data) && (len == 0 || \valid_read{L}(data + (0 .. len - 1)));

    predicate writable{L}(uint8_t *data, integer len) =
        \object_pointer{L}(data) && (len == 0 || \valid{L}(data + (0 .. len - 1)));

    // A 0-terminated string, whose length a size_t can hold.
    predicate string_of_len{L}(char *s, integer len) =
        0 <= len < SIZE_MAX && \valid_read{L}(s + (0 .. len)) && \at(s[len], L) == 0;

    predicate string{L}(char *s) = \exists integer len; string_of_len{L}(s, len);

    predicate reader{L}(struct dtu_reader *r) =
        \valid{L}(r) && readable{L}(\at(r->at, L), \at(r->left, L));

    // Whether a reader goes on by so many bytes, or has failed and stays where it is.
    predicate has{L}(struct dtu_reader *r, integer len) =
        !\at(r->failed, L) && len <= \at(r->left, L);
    predicate took{Before, After}(struct dtu_reader *r, integer len) =
        (has{Before}(r, len) ==>
             !\at(r->failed, After) && \at(r->at, After) == \at(r->at, Before) + len &&
             \at(r->left, After) == \at(r->left, Before) - len) &&
        (!has{Before}(r, len) ==>
             \at(r->failed, After) && \at(r->at, After) == \at(r->at, Before) &&
             \at(r->left, After) == \at(r->left, Before));

    predicate writer{L}(struct dtu_writer *w) =
        \valid{L}(w) && \at(w->len, L) <= \at(w->size, L) &&
        writable{L}(\at(w->data, L), \at(w->size, L));

    // Whether a writer goes on by so many bytes, or has failed and stays where it is.
    predicate fits{L}(struct dtu_writer *w, integer len) =
        !\at(w->failed, L) && len <= \at(w->size, L) - \at(w->len, L);
    predicate same{Before, After}(struct dtu_writer *w) =
        \at(w->failed, After) == \at(w->failed, Before) &&
        \at(w->len, After) == \at(w->len, Before);
    predicate put{Before, After}(struct dtu_writer *w, integer len) =
        (fits{Before}(w, len) ==> !\at(w->failed, After) &&
                                  \at(w->len, After) == \at(w->len, Before) + len) &&
        (!fits{Before}(w, len) ==>
             \at(w->failed, After) && \at(w->len, After) == \at(w->len, Before));

    predicate text_buffer{L}(struct dtu_text_buffer *b) =
        \valid{L}(b) && \at(b->len, L) <= \at(b->size, L) &&
        writable{L}((uint8_t *)\at(b->data, L), \at(b->size, L));
*/

/*@ // The highest number of so many decimal digits, and one.
    logic integer limit(integer digits) = digits <= 0 ? 1 : 10 * limit(digits - 1);

    axiomatic bits {
        axiom masked: \forall integer x, y; 0 <= x && 0 <= y ==> 0 <= (x & y) <= x;
    }
*/

/* --- Callbacks ------------------------------------------------------------------------------ */

/* What a callback may change: what is its own, and so nothing that the library reads. */
extern int outside;

/*@ requires readable(data, len);
    requires len > 0;
    assigns outside;
*/
void text_sink(void *ctx, const uint8_t *data, size_t len);

/*@ predicate text_out{L}(struct dtu_text *out) =
        \valid_read{L}(out) && \at(out->write, L) == &text_sink;
*/

/*@ requires readable(data, len);
    requires len > 0;
    assigns outside;
    ensures 0 <= \result <= len;
*/
size_t replay_sink(void *ctx, const uint8_t *data, size_t len);

/*@ predicate replay{L}(struct dtu_replay *r) =
        \valid{L}(r) && \at(r->write, L) == &replay_sink;
*/

#endif
