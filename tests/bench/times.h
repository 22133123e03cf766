/* SPDX-License-Identifier: MIT */
/* How fast the cases of the benchmark program are on this machine. */
#ifndef BENCH_TIMES_H
#define BENCH_TIMES_H

#include "bench.h"

/* Times all cases of the benches that are named, all if none is; prints a table, and writes it to
 * a file as JSON as well unless that is NULL. Returns false if a case went wrong or the file. */
bool bench_times(char *const *names, size_t name_count, unsigned rounds, const char *json);

#endif
