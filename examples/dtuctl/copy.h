/* SPDX-License-Identifier: MIT */
#ifndef DTUCTL_COPY_H
#define DTUCTL_COPY_H

#include "conf.h"
#include "session.h"

/* Asks a module for every parameter. What it does not tell, or tells as the table of its product
 * does not take it, is not known in `c`, and a message was printed; `*missing` counts such rows.
 * `c` must have been begun with the product.
 * Returns STATUS_DONE; else all of it failed as session_command() does. */
int copy_module(struct conf *c, struct session *s, size_t *missing);

#endif
