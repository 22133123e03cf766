/* SPDX-License-Identifier: MIT */
#ifndef SOFTDTU_OPTIONS_H
#define SOFTDTU_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "dtu/profile.h"

/* The command line of softdtu. Texts are those of argv. */
struct options {
    const struct dtu_profile *profile;
    const char *pty;
    const char *tty;
    const char *state;
    const char *bind;
    const char **sets; /* NAME=VALUE each */
    size_t set_count;
    char **identities; /* imei=... each */
    size_t identity_count;
    int net_at_port; /* -1: the product's own */
    bool verbose;
};

enum options_result {
    OPTIONS_RUN,  /* go on */
    OPTIONS_DONE, /* help or version was printed */
    OPTIONS_WRONG /* a message was printed */
};

enum options_result options_parse(struct options *o, int argc, char **argv);
void options_free(struct options *o);

/* What the module says of itself under a command's name, such as IMEI; NULL if it has no such. */
const char *options_identity(const struct options *o, const char *name);

#endif
