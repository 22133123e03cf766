/* SPDX-License-Identifier: MIT */
/* What the vector table of startup.c calls; nobody else does. */
#ifndef MPS2_INTERRUPTS_H
#define MPS2_INTERRUPTS_H

void mps2_on_reset(void); /* startup.c */
void mps2_on_tick(void);  /* clock.c */

/* uart.c: a byte has come, and the transmitter can have one, each UART's own; and overruns of all.
 */
void mps2_on_uart0_rx(void);
void mps2_on_uart0_tx(void);
void mps2_on_uart1_rx(void);
void mps2_on_uart1_tx(void);
void mps2_on_uart2_rx(void);
void mps2_on_uart2_tx(void);
void mps2_on_uart_overflow(void);

#endif
