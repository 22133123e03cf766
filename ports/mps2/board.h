/* SPDX-License-Identifier: MIT */
/* Where things are, on each of the boards. Nothing else in the C sources knows. */
#ifndef MPS2_BOARD_H
#define MPS2_BOARD_H

#include <stdint.h>

#ifdef MPS2_AN505 /* Cortex-M33, everything in the secure world: Arm AN505 */
#define BOARD_UART(number) (UINT32_C(0x50200000) + UINT32_C(0x1000) * (number))
#define BOARD_IO UINT32_C(0x50302000)
#define BOARD_FIRST_UART_INTERRUPT 32
#define BOARD_OVERFLOW_INTERRUPT 47
#define BOARD_CLOCK_HZ UINT32_C(20000000)
#else /* Cortex-M3: Arm AN385 */
#define BOARD_UART(number) (UINT32_C(0x40004000) + UINT32_C(0x1000) * (number))
#define BOARD_IO UINT32_C(0x40028000)
#define BOARD_FIRST_UART_INTERRUPT 0
#define BOARD_OVERFLOW_INTERRUPT 12
#define BOARD_CLOCK_HZ UINT32_C(25000000)
#endif

/* Of UART 0 to 2: a byte has come, and the transmitter can have one. */
#define BOARD_RX_INTERRUPT(number) (BOARD_FIRST_UART_INTERRUPT + 2 * (number))
#define BOARD_TX_INTERRUPT(number) (BOARD_FIRST_UART_INTERRUPT + 2 * (number) + 1)

#endif
