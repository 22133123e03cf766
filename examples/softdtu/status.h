/* SPDX-License-Identifier: MIT */
/* What all engines of all modules have counted. */
#ifndef SOFTDTU_STATUS_H
#define SOFTDTU_STATUS_H

#include "softdtu.h"

/* One line with the sums over all modules, on standard output. */
void print_status(const struct softdtu *s);

/* All counters of each module as JSON, in the file of --status; whoever reads it finds it whole.
 * False, and a message was printed, if it cannot be written. */
bool write_status(const struct softdtu *s);

#endif
