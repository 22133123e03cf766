/* SPDX-License-Identifier: MIT */
#ifndef DTUCTL_USAGE_H
#define DTUCTL_USAGE_H

#include <stddef.h>

#include "table.h"

/* All commands, on standard output. */
void usage_print(void);

/* One command with its options. */
void usage_print_command(const struct command *command);

void usage_print_version(void);

/* "scan, show and set": the names of all commands, or of all products. */
void usage_command_names(char *out, size_t size);
void usage_profile_names(char *out, size_t size);

/* Adds " (default: DTUCTL_USER, or admin)" to an option's help, if it has any. */
void usage_append_default(char *out, size_t size, const struct command_option *option);

/* Prints a text in lines of at most 79 columns, all but the first indented so far; ends the last
 * line. `column` is where the first line already is. */
void usage_print_wrapped(const char *text, int indent, int column);

#endif
