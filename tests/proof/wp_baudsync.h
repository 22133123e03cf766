/* SPDX-License-Identifier: MIT */
/* What the contracts of lib/baudsync.c are written with, besides proof.h. */
#ifndef PROOF_WP_BAUDSYNC_H
#define PROOF_WP_BAUDSYNC_H

#include "dtu/baudsync.h"

/*@ requires readable(data, len);
    requires len > 0;
    assigns outside;
    ensures 0 <= \result <= len;
*/
size_t filter_data(void *ctx, const uint8_t *data, size_t len);

/*@ requires \valid_read(uart);
    assigns outside;
*/
void filter_change(void *ctx, const struct dtu_uart *uart);

/*@ predicate filter{L}(struct dtu_baudsync *b) =
        \valid{L}(b) && \at(b->held, L) <= 7 && \object_pointer{L}(\at(b->ctx, L)) &&
        \valid_read{L}(\at(b->config, L)) && \separated(b, \at(b->config, L)) &&
        \valid_read{L}(\at(b->callbacks, L)) && \separated(b, \at(b->callbacks, L)) &&
        \at(b->callbacks->data, L) == &filter_data &&
        \at(b->callbacks->change, L) == &filter_change;
*/

#endif
