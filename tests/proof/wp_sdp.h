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

/* --- The decoder ----------------------------------------------------------------------------- */

/*@ requires frame_in(frame);
    assigns outside;
*/
bool decoder_frame(void *ctx, const struct dtu_sdp_frame *frame);

/*@ assigns outside; */
bool decoder_damage(void *ctx, enum dtu_sdp_code code);

/*@ predicate decoder_config{L}(struct dtu_sdp_config *config) =
        \at(config->direction, L) <= 1 && 8 <= \at(config->size, L) <= 4095 &&
        writable{L}(\at(config->buffer, L), \at(config->size, L));

    predicate decoder_callbacks{L}(struct dtu_sdp_callbacks *callbacks) =
        \at(callbacks->frame, L) == &decoder_frame &&
        (\at(callbacks->damage, L) == &decoder_damage || \at(callbacks->damage, L) == \null);

    // What a decoder writes lies apart from all else that it reads.
    predicate apart{L}(struct dtu_sdp *s, struct dtu_sdp_config *config,
                       struct dtu_sdp_callbacks *callbacks) =
        \valid_read{L}(config) && \separated(s, config) &&
        \valid_read{L}(callbacks) && \separated(s, callbacks) &&
        \separated(\at(config->buffer, L) + (0 .. \at(config->size, L) - 1), s) &&
        \separated(\at(config->buffer, L) + (0 .. \at(config->size, L) - 1), config) &&
        \separated(\at(config->buffer, L) + (0 .. \at(config->size, L) - 1), callbacks);

    predicate decoder{L}(struct dtu_sdp *s) =
        \valid{L}(s) && \object_pointer{L}(\at(s->ctx, L)) &&
        apart{L}(s, \at(s->config, L), \at(s->callbacks, L)) &&
        decoder_config{L}(\at(s->config, L)) && decoder_callbacks{L}(\at(s->callbacks, L)) &&
        \at(s->held, L) <= \at(s->config->size, L) &&
        \at(s->want, L) <= \at(s->config->size, L);

    // And so does what is fed.
    predicate input{L}(struct dtu_sdp *s, uint8_t *data, integer len) =
        \separated(s, data + (0 .. len - 1)) &&
        \separated(\at(s->config->buffer, L) + (0 .. \at(s->config->size, L) - 1),
                   data + (0 .. len - 1));
*/

/* --- The sender ------------------------------------------------------------------------------ */

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
