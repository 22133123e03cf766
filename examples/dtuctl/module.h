/* SPDX-License-Identifier: MIT */
#ifndef DTUCTL_MODULE_H
#define DTUCTL_MODULE_H

#include "net.h"

/* A module, and how to reach it. */
struct module {
    uint8_t mac[6];
    bool is_known;                    /* `found` and `from` count */
    struct dtu_discovery_found found; /* what it says of itself */
    struct sockaddr_in from;          /* where that came from */
    bool by_broadcast;                /* requests to its address are not answered */
    bool by_mac;                      /* the last try is broadcast */
    bool moves;                       /* it may answer from another address than that */
    struct login login;
    bool has_other;     /* `other` counts */
    struct login other; /* the login before or after a set: a refused request is tried with it */
};

/* How a request ended. */
enum answer_kind {
    ANSWER_DONE,
    ANSWER_WRONG_LOGIN,
    ANSWER_ERROR,
    ANSWER_DAMAGED, /* the module got another sum than we sent, each time */
    ANSWER_NONE,
    ANSWER_STOPPED, /* by a signal */
    ANSWER_FAILED   /* something on this machine; a message was printed */
};

/* What a module said. */
struct answer {
    enum answer_kind kind;
    uint8_t data[DTU_DISCOVERY_SIBLING_MAX]; /* of a read */
    size_t len;
};

/* Finds the module that is meant. Returns an exit status; a message was printed if it is not
 * STATUS_DONE. A MAC that nobody answers to is no failure: requests are broadcast then. */
int module_find(struct module *m, struct net *net, const struct options *o);

/* Sends a request until it is answered, or was sent often enough. */
enum answer_kind module_ask(struct module *m, const struct net *net, const struct options *o,
                            uint8_t command, const uint8_t *params, size_t len, struct answer *a);

/* Searches for the module until it answers or net_now() is `end`. */
enum answer_kind module_wait(struct module *m, const struct net *net, int64_t end);

/* Restarts the module and waits until it is back. Returns an exit status. */
int module_restart(struct module *m, const struct net *net, const struct options *o);

/* Complains about an answer that is not ANSWER_DONE, to what was done. Returns the exit status. */
int module_explain(const struct module *m, const char *what, enum answer_kind kind);

/* Room for module_name(). */
enum { MODULE_NAME_SIZE = 40 };

/* "D8B04CC00D65 (192.168.0.7)" */
void module_name(const struct module *m, char out[MODULE_NAME_SIZE]);

/* Room for a MAC in text. */
enum { MAC_SIZE = 13 };

void module_mac_text(const uint8_t mac[6], char out[MAC_SIZE]);

#endif
