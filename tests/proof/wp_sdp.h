/* SPDX-License-Identifier: MIT */
/* What the contracts of lib/sdp.c are written with, besides proof.h. */
#ifndef PROOF_WP_SDP_H
#define PROOF_WP_SDP_H

#include "dtu/sdp.h"

/*@ predicate frame_in{L}(struct dtu_sdp_frame *frame) =
        \valid_read{L}(frame) && readable{L}(\at(frame->data, L), \at(frame->len, L));
*/

#endif
