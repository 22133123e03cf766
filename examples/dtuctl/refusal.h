/* SPDX-License-Identifier: MIT */
#ifndef DTUCTL_REFUSAL_H
#define DTUCTL_REFUSAL_H

#include "session.h"

/* Room for refusal_text(). */
enum { REFUSAL_SIZE = 800 };

/* Why a module refused a line, in words, as far as its answer, its product's way of wording them,
 * and its product's table tell: "+CME ERROR:53, out of range; it takes <10~500 ms>". */
void refusal_text(char out[REFUSAL_SIZE], const struct session *s, const char *line,
                  const struct reply *r);

#endif
