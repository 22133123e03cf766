/* SPDX-License-Identifier: MIT */
#ifndef DTUCTL_CHECK_H
#define DTUCTL_CHECK_H

#include "fields.h"

/* Whether K7's table of parameters takes a value, all other settings being the factory's. A message
 * was printed if it does not. */
bool check_value(const struct assignment *a);

/* Whether it takes a block of a module with these assignments in it, too. A message was printed if
 * it does not. What it did not take before is the module's own affair. */
bool check_block(enum block_id id, const union dtu_discovery_block *before,
                 const union dtu_discovery_block *wanted, const struct assignment *list,
                 size_t count);

#endif
