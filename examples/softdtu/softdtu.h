/* SPDX-License-Identifier: MIT */
#ifndef SOFTDTU_H
#define SOFTDTU_H

#include "dtu_posix.h"
#include "options.h"

/* One module of the program. */
struct instance {
    struct softdtu *program;
    unsigned index; /* from 0 */
    struct dtu_posix_module *module;
    char *pty; /* NULL: it has a tty */
    char *state;
    char *bind;
};

struct softdtu {
    const struct options *options;
    struct dtu_posix_loop *loop;
    struct instance *modules; /* options->count of them */
};

#endif
