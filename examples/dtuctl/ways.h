/* SPDX-License-Identifier: MIT */
#ifndef DTUCTL_WAYS_H
#define DTUCTL_WAYS_H

#include "conf.h"
#include "options.h"

enum { WAYS_MAX = 4 };

/* The ways in which a module may be reached. Large: not for the stack. */
struct ways {
    struct options list[WAYS_MAX];
    const struct options *pointers[WAYS_MAX]; /* as session_come_back() wants them */
    size_t count;
    char prefix[64], keyword[64]; /* the new ones */
};

/* How a module that is reached by `o` may be reached when it has restarted with the settings of
 * `c`: the likeliest first, and at last as before, for an address or a password may not be the
 * module's own but that of something in between. */
void ways_find(struct ways *w, const struct options *o, const struct conf *c);

#endif
