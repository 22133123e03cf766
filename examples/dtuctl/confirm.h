/* SPDX-License-Identifier: MIT */
#ifndef DTUCTL_CONFIRM_H
#define DTUCTL_CONFIRM_H

/* Asks the user a question whose answer is y or N. Returns STATUS_DONE: yes; STATUS_REFUSED: no;
 * STATUS_USAGE: nobody is there, and a message was printed; or that of a signal. */
int confirm(const char *question);

#endif
