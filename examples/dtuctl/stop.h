/* SPDX-License-Identifier: MIT */
#ifndef DTUCTL_STOP_H
#define DTUCTL_STOP_H

#include <stdbool.h>

/* Makes SIGINT, SIGTERM and SIGHUP a wish to end, so that a set can say what it has done. A SIGHUP
 * that is ignored stays so: nohup. */
bool stop_catch(void);

/* Readable once such a signal has come. */
int stop_fd(void);

/* The signal; 0: none has come. */
int stop_signal(void);

/* The exit status that tells of it. */
int stop_status(void);

#endif
