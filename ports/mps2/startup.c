/* SPDX-License-Identifier: MIT */
/* From the reset to main(), and the vector table. */
#include "mps2.h"

#include "board.h"
#include "interrupts.h"

#define STACK_PAINT UINT32_C(0x5AA55AA5)

/* Placed by mps2.ld. */
extern uint32_t mps2_stack_low[], mps2_stack_top[];
extern const uint32_t mps2_data_image[];
extern uint32_t mps2_data_begin[], mps2_data_end[];
extern uint32_t mps2_bss_begin[], mps2_bss_end[];

int main(void);

/* Everything below the frame of the caller, which is the one in use. */
static void paint_stack(void)
{
    const uint32_t *here = __builtin_frame_address(0);

    for (volatile uint32_t *word = mps2_stack_low; word < here - 8; word++)
        *word = STACK_PAINT;
}

size_t mps2_stack_used(void)
{
    const uint32_t *word = mps2_stack_low;

    while (word < mps2_stack_top && *word == STACK_PAINT)
        word++;
    return (size_t)(mps2_stack_top - word) * sizeof *word;
}

size_t mps2_stack_size(void)
{
    return (size_t)(mps2_stack_top - mps2_stack_low) * sizeof *mps2_stack_top;
}

static void fill_variables(void)
{
    const uint32_t *image = mps2_data_image;

    for (uint32_t *word = mps2_data_begin; word < mps2_data_end; word++)
        *word = *image++;
    for (uint32_t *word = mps2_bss_begin; word < mps2_bss_end; word++)
        *word = 0;
}

void mps2_on_reset(void)
{
    paint_stack();
    fill_variables();
    (void)main();
    mps2_reset();
}

/* Stays here, where a debugger finds it; a product's watchdog resets it. */
static void on_fault(void)
{
    for (;;) {
    }
}

typedef void (*vector)(void);

/* What a Cortex-M reads at its reset: where the stack begins, 15 exceptions, then the interrupts of
 * the board up to the last one that is used. The others are never enabled. */
__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    vector exceptions[15];
    vector interrupts[BOARD_OVERFLOW_INTERRUPT + 1];
} vectors = {
    .stack = mps2_stack_top,
    .exceptions = {mps2_on_reset, on_fault, on_fault, on_fault, on_fault, on_fault, on_fault, NULL,
                   NULL, NULL, on_fault, on_fault, NULL, on_fault, mps2_on_tick},
    .interrupts = {[BOARD_RX_INTERRUPT(0)] = mps2_on_uart0_rx,
                   [BOARD_TX_INTERRUPT(0)] = mps2_on_uart0_tx,
                   [BOARD_RX_INTERRUPT(1)] = mps2_on_uart1_rx,
                   [BOARD_TX_INTERRUPT(1)] = mps2_on_uart1_tx,
                   [BOARD_RX_INTERRUPT(2)] = mps2_on_uart2_rx,
                   [BOARD_TX_INTERRUPT(2)] = mps2_on_uart2_tx,
                   [BOARD_OVERFLOW_INTERRUPT] = mps2_on_uart_overflow},
};
