/* SPDX-License-Identifier: MIT */
/* What softdtu says: with --verbose all that happens, on standard output; else what the user has to
 * know, on standard error. */
#ifndef SOFTDTU_MESSAGES_H
#define SOFTDTU_MESSAGES_H

#include "softdtu.h"

/* As dtu_device_port.event, .led and dtu_posix_module_config.note; ctx is a struct instance. */
void on_event(void *ctx, const struct dtu_device_event *e);
void on_note(void *ctx, const char *text);
void on_led(void *ctx, enum dtu_led led, bool lit);

/* A message on standard error. */
void warn(const struct instance *m, const char *text, const char *more);

/* What was counted since the program began. */
void print_counters(const struct instance *m);

#endif
