/* SPDX-License-Identifier: MIT */
/* What other programs read is made from the tables too. */
#ifndef DTUCTL_PAGES_H
#define DTUCTL_PAGES_H

/* The manual page as troff, on standard output. */
void man_print(void);

/* The completion for bash. */
void completion_print(void);

#endif
