/* SPDX-License-Identifier: MIT */
#ifndef DTUCTL_COMMANDS_H
#define DTUCTL_COMMANDS_H

#include "fields.h"
#include "module.h"

/* Each returns the exit status. */
int command_scan(struct net *net, const struct options *o);
int command_show(struct net *net, const struct options *o);
int command_set(struct net *net, const struct options *o, const struct assignment *list);
int command_restart(struct net *net, const struct options *o);

/* What is in an answer to a read, and what nothing is known of. */
struct reading {
    struct answer answer;
    struct dtu_discovery_layout layout;
    struct settings settings;
};

/* Reads all settings; a message was printed if the exit status is not STATUS_DONE. */
int read_settings(struct reading *r, struct module *m, const struct net *net,
                  const struct options *o);

/* The names of a module in JSON. */
void json_module(struct json *j, const struct module *m);

/* Reads name=value... of the command line. NULL: a message was printed. Free it. */
struct assignment *set_parse(const struct options *o);

#endif
