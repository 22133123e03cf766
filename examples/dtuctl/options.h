/* SPDX-License-Identifier: MIT */
#ifndef DTUCTL_OPTIONS_H
#define DTUCTL_OPTIONS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dtu/discovery.h"
#include "dtu/profile.h"
#include "table.h"

/* Exit status. */
enum {
    STATUS_DONE = 0,
    STATUS_REFUSED = 1, /* by the module, or something failed on this machine */
    STATUS_USAGE = 2,
    STATUS_SILENT = 3,  /* no answer */
    STATUS_SIGNAL = 128 /* and the signal's number */
};

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

/* An IPv4 address, if it was given. */
struct address {
    bool given;
    struct in_addr ip;
};

/* A host and a port, if they were given. */
struct endpoint {
    const char *text; /* as it was written, for messages; NULL: not given */
    char host[256];   /* a name or an address */
    uint16_t port;
};

/* A serial port, if it was given. */
struct tty {
    const char *path; /* NULL: not given */
    struct dtu_uart uart;
};

/* The command line. Texts are those of argv or of the environment. What a command has no option for
 * is 0 or NULL. */
struct options {
    const struct command *command;

    /* scan, show, set, restart */
    struct address to;
    uint32_t port;
    uint32_t wait_ms; /* scan: for answers */
    bool json;
    bool show_password;
    struct login login;
    struct target target; /* of all but scan */

    /* of all that ask something */
    uint32_t tries;           /* of each request */
    uint32_t timeout_ms;      /* of each try */
    uint32_t wait_restart_ms; /* until the module has to be back */
    bool dry_run;
    bool yes; /* nothing is asked */

    /* at, dump, restore, diff: at most one of the first four is given */
    struct tty tty;
    struct endpoint udp;
    struct endpoint tcp;
    uint32_t listen;     /* the module connects to this port; 0: not given */
    uint32_t guard_ms;   /* silence before +++ */
    const char *prefix;  /* password in front of commands in the data stream, or NULL */
    const char *keyword; /* that opens a session on UDP */
    const struct dtu_profile *profile; /* NULL: to be found out */
    bool verbose;
    bool keep_going; /* at: past a command that was refused */

    const char *csv; /* provision */

    /* vcom */
    const char *link;
    bool baud_sync;
    bool rfc2217;
    const char *format; /* what a pty does not show, such as 7E1; NULL: 8N1 */
    struct endpoint endpoint;

    char **words; /* what is left: all but a target or an endpoint in front */
    size_t word_count;
};

enum options_result {
    OPTIONS_RUN,   /* go on */
    OPTIONS_DONE,  /* help or version was printed */
    OPTIONS_WRONG, /* a message was printed */
};

/* HOST:PORT, or HOST alone if there is a port to fall back on (0: there is none). */
bool options_endpoint(struct endpoint *e, const char *text, uint32_t fallback);

/* The texts of argv are changed in place where one has two parts, as DEV,BAUD. */
enum options_result options_parse(struct options *o, int argc, char **argv);

#endif
