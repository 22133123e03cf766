/* SPDX-License-Identifier: MIT */
/* Names of AT commands, out of the products' tables. */
#ifndef DTUCTL_NAMES_H
#define DTUCTL_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "dtu/profile.h"

/* A product's command by its name, in either case, without AT+; also by other spellings, and with
 * the number of the serial port behind it. NULL: there is none that users have. */
const struct dtu_param *names_find(const struct dtu_profile *profile, const char *name, size_t len);

/* Steps through the names in their order: the one behind `last`, or the first if that is NULL.
 * `profile` NULL: those of all products, each name once. NULL behind the last. */
const char *names_next(const struct dtu_profile *profile, const char *last);

/* Whether a name begins with a text, in either case. */
bool names_begins(const char *name, const char *text, size_t len);

/* A text without the AT+ that may stand in front. */
const char *names_skip_at(const char *text);

/* Whether a line may tell a password: it sets one, or has one in front of its command. */
bool names_is_secret(const char *line);

#endif
