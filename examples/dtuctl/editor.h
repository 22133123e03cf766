/* SPDX-License-Identifier: MIT */
/* What edits a line on a terminal: editor_libedit.c, or editor_none.c where there is no libedit. */
#ifndef DTUCTL_EDITOR_H
#define DTUCTL_EDITOR_H

#include "prompt.h"

struct editor;

/* NULL: there is no editing. */
struct editor *editor_open(const struct dtu_profile *profile);

/* As prompt_read(). */
enum prompt_event editor_read(struct editor *e, const char *question, const char **line);

void editor_close(struct editor *e);

#endif
