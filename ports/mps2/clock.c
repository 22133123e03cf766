/* SPDX-License-Identifier: MIT */
/* SysTick counts milliseconds; sleeping, and the reset, which are registers of the same block. */
#include "mps2.h"

#define SYSTICK_CONTROL (*(volatile uint32_t *)0xE000E010)
#define SYSTICK_RELOAD (*(volatile uint32_t *)0xE000E014)
#define SYSTICK_VALUE (*(volatile uint32_t *)0xE000E018)
#define APPLICATION_RESET (*(volatile uint32_t *)0xE000ED0C)

enum { SYSTICK_ENABLE = 1, SYSTICK_INTERRUPT = 2, SYSTICK_CORE_CLOCK = 4, TICKS_A_SECOND = 1000 };

static volatile uint32_t ticks;
static volatile bool woken;

void mps2_on_tick(void);

void mps2_on_tick(void)
{
    ticks++;
}

void mps2_start_clock(void)
{
    SYSTICK_RELOAD = MPS2_CLOCK_HZ / TICKS_A_SECOND - 1;
    SYSTICK_VALUE = 0;
    SYSTICK_CONTROL = SYSTICK_CORE_CLOCK | SYSTICK_INTERRUPT | SYSTICK_ENABLE;
}

uint32_t mps2_now(void)
{
    return ticks;
}

void mps2_wake(void)
{
    woken = true;
}

/* An interrupt that comes between the look and the sleep is not missed: while interrupts are
 * masked, wfi still ends when one is pending, and it is served behind the unmasking. */
void mps2_sleep(uint32_t at_most_ms)
{
    uint32_t since = ticks;

    for (;;) {
        bool done;

        __asm__ volatile("cpsid i" ::: "memory");
        done = woken || ticks - since >= at_most_ms;
        if (done)
            woken = false;
        else
            __asm__ volatile("dsb\n\twfi" ::: "memory");
        __asm__ volatile("cpsie i\n\tisb" ::: "memory");
        if (done)
            return;
    }
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
