/* SPDX-License-Identifier: MIT */
/* What the contracts of lib/sdp.c are written with, besides proof.h. */
#ifndef PROOF_WP_SDP_H
#define PROOF_WP_SDP_H

#include "dtu/sdp.h"

/*@ predicate frame_in{L}(struct dtu_sdp_frame *frame) =
        \valid_read{L}(frame) && readable{L}(\at(frame->data, L), \at(frame->len, L));

    // What goes around a frame lies apart from the frame and its data.
    predicate around{L}(struct dtu_sdp_frame *frame, uint8_t *head, uint8_t *tail) =
        \separated(frame, head + (0 .. 6)) && \separated(frame, tail) &&
        \separated(head + (0 .. 6), tail) &&
        \separated(head + (0 .. 6), \at(frame->data, L) + (0 .. \at(frame->len, L) - 1)) &&
        \separated(tail, \at(frame->data, L) + (0 .. \at(frame->len, L) - 1));
*/

/*@ requires readable(data, len);
    requires len > 0;
    assigns outside;
    ensures 0 <= \result <= len;
*/
size_t sender_write(void *ctx, const uint8_t *data, size_t len);

/*@ predicate sender{L}(struct dtu_sdp_sender *s) =
        \valid{L}(s) && \at(s->write, L) == &sender_write && \object_pointer{L}(\at(s->ctx, L)) &&
        \at(s->direction, L) <= 1 && \at(s->head_left, L) <= 7 &&
        (\at(s->is_report, L) ==> \at(s->data_left, L) <= 1);
*/

#endif
