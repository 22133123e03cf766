/* SPDX-License-Identifier: MIT */
#ifndef DTUCTL_OPTIONS_H
#define DTUCTL_OPTIONS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dtu/discovery.h"

/* Exit status. */
enum {
    STATUS_DONE = 0,
    STATUS_REFUSED = 1, /* by the module, or something failed on this machine */
    STATUS_USAGE = 2,
    STATUS_SILENT = 3,  /* no answer */
    STATUS_SIGNAL = 128 /* and the signal's number */
};

/* Bits, so that an option can say which commands take it. */
enum command { COMMAND_SCAN = 1, COMMAND_SHOW = 2, COMMAND_SET = 4, COMMAND_RESTART = 8 };

/* User and password, as they are sent. */
struct login {
    uint8_t user[DTU_DISCOVERY_LOGIN_LEN + 1];
    uint8_t password[DTU_DISCOVERY_LOGIN_LEN + 1];
};

/* Which module is meant. */
struct target {
    bool is_mac;
    uint8_t mac[6];
    struct in_addr ip;
    const char *text; /* as it was written */
};

/* The command line. Texts are those of argv. */
struct options {
    enum command command;
    bool has_to;
    struct in_addr to;
    uint16_t port;
    uint32_t wait_ms;         /* scan: for answers */
    uint32_t tries;           /* of each request */
    uint32_t timeout_ms;      /* of each try */
    uint32_t wait_restart_ms; /* until the module has to be back */
    bool json;
    bool dry_run;
    bool show_password;
    struct login login;
    struct target target; /* of all but scan */
    char **settings;      /* name=value each */
    size_t setting_count;
};

enum options_result {
    OPTIONS_RUN,   /* go on */
    OPTIONS_DONE,  /* help or version was printed */
    OPTIONS_WRONG, /* a message was printed */
};

enum options_result options_parse(struct options *o, int argc, char **argv);

#endif
