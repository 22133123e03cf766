/* SPDX-License-Identifier: MIT */
/* What the contracts in lib/ are written with; included ahead of each of its files when it is
 * proved, and in no program. */
#ifndef PROOF_H
#define PROOF_H

#include "dtu/base.h"
#include "dtu/escape.h"

/*@ axiomatic strings {
        // Where a string ends.
        logic integer end{L}(char *s) reads s[0 ..];
    }

    // A 0-terminated string, whose length a size_t can hold.
    predicate string{L}(char *s) =
        0 <= end{L}(s) < SIZE_MAX && \valid_read{L}(s + (0 .. end{L}(s))) &&
        \at(s[end{L}(s)], L) == 0 &&
        \forall integer i; 0 <= i < end{L}(s) ==> \at(s[i], L) != 0;

    predicate readable{L}(uint8_t *data, integer len) =
        \object_pointer{L}(data) && (len == 0 || \valid_read{L}(data + (0 .. len - 1)));

    predicate writable{L}(uint8_t *data, integer len) =
        \object_pointer{L}(data) && (len == 0 || \valid{L}(data + (0 .. len - 1)));

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

    logic struct dtu_text_buffer *buffer(void *ctx) = (struct dtu_text_buffer *)ctx;

    predicate text_buffer{L}(struct dtu_text_buffer *b) =
        \valid{L}(b) && \at(b->len, L) <= \at(b->size, L) &&
        writable{L}((uint8_t *)\at(b->data, L), \at(b->size, L));

    predicate unescape{L}(struct dtu_unescape *u) =
        \valid{L}(u) && \object_pointer{L}(\at(u->stop, L)) &&
        \base_addr{L}(\at(u->at, L)) == \base_addr{L}(\at(u->stop, L)) &&
        0 <= \at(u->stop, L) - \at(u->at, L) <= SIZE_MAX &&
        readable{L}(\at(u->at, L), \at(u->stop, L) - \at(u->at, L));
*/

/*@ // The highest number of so many decimal digits, and one.
    logic integer limit(integer digits) = digits <= 0 ? 1 : 10 * limit(digits - 1);

    axiomatic bits {
        axiom masked: \forall integer x, y; 0 <= x && 0 <= y ==> 0 <= (x & y) <= x;
    }
*/

#include "memory.h"

/* --- Callbacks ------------------------------------------------------------------------------ */

/* What a callback may change: what is its own, and so nothing that the library reads. */
extern int outside;

/*@ requires readable(data, len);
    requires len > 0;
    assigns outside;
*/
void text_sink(void *ctx, const uint8_t *data, size_t len);

/*@ predicate text_out{L}(struct dtu_text *out) =
        \valid_read{L}(out) && \at(out->write, L) == &text_sink &&
        \object_pointer{L}(\at(out->ctx, L));
*/

/*@ requires readable(data, len);
    requires len > 0;
    assigns outside;
    ensures 0 <= \result <= len;
*/
size_t replay_sink(void *ctx, const uint8_t *data, size_t len);

/*@ predicate replay{L}(struct dtu_replay *r) =
        \valid{L}(r) && \at(r->write, L) == &replay_sink && \object_pointer{L}(\at(r->ctx, L));
*/

#endif
