/* SPDX-License-Identifier: MIT */
#ifndef DTUCTL_SET_H
#define DTUCTL_SET_H

#include "commands.h"

/* A set on its way. */
struct set {
    struct net *net;
    const struct options *o;
    const struct assignment *list; /* as many as o->word_count */
    struct module module;
    struct settings before;
    struct settings wanted;
    struct settings after;
    bool changes[BLOCKS]; /* what has to be written */
    bool written[BLOCKS];
    bool unknown[BLOCKS]; /* sent, and nobody knows whether it was written */
    bool saved;
    bool maybe_saved; /* the save was sent, and not answered */
    bool restarted;
    bool verified;
};

/* Whether an assignment is another value than the module has. */
bool set_is_changed(const struct set *s, const struct assignment *a);

/* Whether the module keeps what is written only if it is told to. */
bool set_has_save(const struct set *s);

/* Whether a field was read back as it was written. */
bool set_is_as_wanted(const struct set *s, const struct field *f, enum block_id block);

/* What changes, on standard output. */
void set_print_changes(const struct set *s);

/* That all went well. */
void set_print_done(const struct set *s);

/* How far a set came that went wrong, on standard error. */
void set_tell_state(const struct set *s);

/* Each field that was not read back as it was written. */
void set_tell_differences(const struct set *s);

/* All of it as JSON. */
void set_print_json(const struct set *s);

#endif
