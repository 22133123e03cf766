/* SPDX-License-Identifier: MIT */
#ifndef SOFTDTU_OPTIONS_H
#define SOFTDTU_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "dtu/profile.h"

#define MODULES_MAX 10000
#define CLIENTS_MAX 16

/* The command line of softdtu. Texts are those of argv. */
struct options {
    const struct dtu_profile *profile;
    const char *pty;
    const char *tty;
    const char *state;
    const char *bind;
    const char *status; /* where to write what was counted; NULL: nowhere */
    const char **sets;  /* NAME=VALUE each */
    size_t set_count;
    char **identities; /* imei=... each */
    size_t identity_count;
    int net_at_port;    /* -1: the product's own */
    int discovery_port; /* the same */
    int rfc2217_port;   /* of the first module; 0: none */
    unsigned count;     /* of modules */
    unsigned clients;   /* of a TCP server; 0: the port's own */
    bool local_only;
    bool leds;
    bool verbose;
};

enum options_result {
    OPTIONS_RUN,   /* go on */
    OPTIONS_DONE,  /* help or version was printed */
    OPTIONS_WRONG, /* a message was printed */
    OPTIONS_FAILED /* help or version could not be printed, which a message says */
};

enum options_result options_parse(struct options *o, int argc, char **argv);
void options_free(struct options *o);

/* What module `index`, from 0, says of itself under a command's name, such as IMEI; NULL if it has
 * no such. Each has the identity of the one before, and 1 more. It lasts until the next call. */
const char *options_identity(const struct options *o, unsigned index, const char *name);

#endif
