/* SPDX-License-Identifier: MIT */
/* What the contracts of lib/discovery.c are written with, besides proof.h. */
#ifndef PROOF_WP_DISCOVERY_H
#define PROOF_WP_DISCOVERY_H

#include "dtu/discovery.h"

/*@ // A request to be written: parameters are there if there can be so many.
    predicate request_out{L}(struct dtu_discovery_request *r) =
        \valid_read{L}(r) &&
        (\at(r->params_len, L) <= 236 ==>
             readable{L}(\at(r->params, L), \at(r->params_len, L)));

    // Whether a status says that what was read is a request, and what it is then.
    predicate is_request(enum dtu_status status) =
        status == DTU_OK || status == DTU_ERR_CHECKSUM;
    predicate request_in{L}(struct dtu_discovery_request *r) =
        \valid_read{L}(r) &&
        \at(r->params_len, L) <= 236 &&
        (\at(r->params_len, L) == 0 ||
             readable{L}(\at(r->params, L), \at(r->params_len, L)));
*/

/*@ requires \valid(found);
    assigns *found, outside;
*/
void describe(void *ctx, struct dtu_discovery_found *found);

/*@ requires writable(user, 6) && writable(password, 6);
    requires \separated(user + (0 .. 5), password + (0 .. 5));
    assigns user[0 .. 5], password[0 .. 5], outside;
*/
void login(void *ctx, uint8_t *user, uint8_t *password);

/*@ assigns outside; */
enum dtu_status act(void *ctx, enum dtu_discovery_command command);

// The callbacks of a module.
/*@ predicate serving{L}(struct dtu_discovery_callbacks *c) =
        \valid_read{L}(c) && \at(c->describe, L) == &describe &&
        \at(c->login, L) == &login && \at(c->act, L) == &act;
*/

#endif
