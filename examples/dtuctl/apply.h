/* SPDX-License-Identifier: MIT */
/* A configuration on its way into a module: what restore and provision do. */
#ifndef DTUCTL_APPLY_H
#define DTUCTL_APPLY_H

#include "conf.h"
#include "session.h"
#include "ways.h"

/* As many commands as a restore can need: all rows, and all places of them. */
enum { APPLY_STEPS = 512 };

/* One command to the module. */
struct apply_step {
    const struct dtu_param *row;
    uint8_t place; /* 0: the row has none */
    bool empties;  /* the place */
};

/* Large: not for the stack. */
struct apply {
    const struct options *options; /* as the user said */
    struct session session;
    struct conf now;  /* what the module has */
    struct conf want; /* and shall have; known is what the configuration names */
    struct apply_step steps[APPLY_STEPS];
    size_t step_count;
    size_t written;    /* steps that the module took */
    size_t impossible; /* rows that differ and that no command can set; told */
    bool is_saved;
    bool is_restarted;
    char mac[32]; /* by which it is known again; "": not needed */
    struct ways ways;
};

/* Opens the module, reads it, and compares. Returns an exit status; if it is not STATUS_DONE a
 * message was printed, but not for a signal, and apply_close() is not needed. STATUS_USAGE: the
 * text is at fault. */
int apply_open(struct apply *a, const struct options *o, const struct conf_text *text);

/* Shows what differs: - as it is, + as it is to be. */
void apply_show(const struct apply *a, FILE *file);

/* Writes what differs, saves, restarts, reads back and compares. Returns an exit status; if it is
 * not STATUS_DONE it was told how far it came. */
int apply_write(struct apply *a);

/* Leaves the module. */
void apply_close(struct apply *a);

/* How a row differs in two configurations: its lines in one and in the other. */
void apply_show_row(const struct conf *from, const struct conf *to, const struct dtu_param *row,
                    FILE *file);

#endif
