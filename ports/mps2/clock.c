/* SPDX-License-Identifier: MIT */
/* The time, sleeping, and the reset.
 *
 * The time is a counter of the board's that nobody has to serve, so that it is right however long
 * interrupts were masked or a debugger, or QEMU's host, has held the processor. SysTick only wakes
 * the processor: there is no tick. */
#include "mps2.h"

#include "board.h"
#include "interrupts.h"

#include "dtu/base.h"

/* The board's FPGA system control and I/O (Arm AN385 and AN505). */
#define BOARD_COUNTER (*(volatile uint32_t *)(BOARD_IO + 0x18))
#define BOARD_PRESCALE (*(volatile uint32_t *)(BOARD_IO + 0x1C))

#define SYSTICK_CONTROL (*(volatile uint32_t *)0xE000E010)
#define SYSTICK_RELOAD (*(volatile uint32_t *)0xE000E014)
#define SYSTICK_VALUE (*(volatile uint32_t *)0xE000E018)
#define APPLICATION_RESET (*(volatile uint32_t *)0xE000ED0C)

#define CLOCKS_A_MS (BOARD_CLOCK_HZ / 1000)

/* The counter wraps so soon after each reset that it is seen to work. */
#define BEFORE_WRAP_MS UINT32_C(20000)

enum {
    SYSTICK_ENABLE = 1,
    SYSTICK_INTERRUPT = 2,
    SYSTICK_CORE_CLOCK = 4,
    SYSTICK_MAX_MS = 500 /* it has 24 bits */
};

static volatile bool woken;

void mps2_on_tick(void)
{
    SYSTICK_CONTROL = 0;
}

void mps2_start_clock(void)
{
    BOARD_PRESCALE = CLOCKS_A_MS - 1;
    BOARD_COUNTER = 0 - BEFORE_WRAP_MS;
}

uint32_t mps2_now(void)
{
    return BOARD_COUNTER;
}

void mps2_wake(void)
{
    woken = true;
}

static void ring_in(uint32_t ms)
{
    SYSTICK_CONTROL = 0;
    SYSTICK_RELOAD = ms * CLOCKS_A_MS - 1;
    SYSTICK_VALUE = 0;
    SYSTICK_CONTROL = SYSTICK_CORE_CLOCK | SYSTICK_INTERRUPT | SYSTICK_ENABLE;
}

/* An interrupt that comes between the look and the sleep is not missed: while interrupts are
 * masked, wfi still ends when one is pending, and it is served behind the unmasking. */
static bool sleep_once(uint32_t at_most_ms)
{
    bool slept = false;

    __asm__ volatile("cpsid i" ::: "memory");
    if (!woken && at_most_ms > 0) {
        ring_in(at_most_ms < SYSTICK_MAX_MS ? at_most_ms : SYSTICK_MAX_MS);
        __asm__ volatile("dsb\n\twfi" ::: "memory");
        SYSTICK_CONTROL = 0;
        slept = true;
    }
    __asm__ volatile("cpsie i\n\tisb" ::: "memory");
    return slept;
}

void mps2_sleep(uint32_t at_most_ms)
{
    uint32_t since = mps2_now();

    while (sleep_once(dtu_remaining(mps2_now(), since, at_most_ms))) {
    }
    woken = false; /* what the interrupt has left is looked at next */
}

void mps2_reset(void)
{
    const uint32_t key = UINT32_C(0x05FA) << 16;
    const uint32_t request = UINT32_C(1) << 2;

    __asm__ volatile("dsb" ::: "memory");
    APPLICATION_RESET = key | request;
    for (;;) {
    }
}
