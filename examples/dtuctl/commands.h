/* SPDX-License-Identifier: MIT */
#ifndef DTUCTL_COMMANDS_H
#define DTUCTL_COMMANDS_H

#include "fields.h"
#include "module.h"

/* What the table of commands calls. Each returns the exit status; a signal that asks it to end is
 * told by stop_signal(). */
int command_scan(const struct options *o);
int command_show(const struct options *o);
int command_set(const struct options *o);
int command_restart(const struct options *o);
int command_vcom(const struct options *o);
int command_at(const struct options *o);
int command_dump(const struct options *o);
int command_restore(const struct options *o);
int command_diff(const struct options *o);
int command_provision(const struct options *o);
int command_help(const struct options *o);

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

#endif
