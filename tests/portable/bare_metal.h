/* SPDX-License-Identifier: MIT */
/* CHECK_PORT of check.h for the targets without an operating system. */
#ifndef BARE_METAL_H
#define BARE_METAL_H

#include <stdio.h>
#include <string.h>

/* The first byte behind the variables; from there the stack has all RAM. No heap is used. */
extern unsigned char __heap_start[];

#define GUARD_LEN 32
#define GUARD_BYTE 0xA5

#ifdef __AVR__
/* avr_machine.c prints what is written to GPIOR0, and ends with what is written to GPIOR1. (Other
 * targets print and end by semihosting.) */
#include <avr/io.h>

static inline int avr_put(char c, FILE *stream)
{
    (void)stream;
    GPIOR0 = (unsigned char)c;
    return 0;
}

static FILE avr_stdout = FDEV_SETUP_STREAM(avr_put, NULL, _FDEV_SETUP_WRITE);
#endif

static inline void bare_metal_begin(void)
{
#ifdef __AVR__
    stdout = &avr_stdout;
#endif
    memset(__heap_start, GUARD_BYTE, GUARD_LEN);
}

/* A stack that was too small has gone over the guard, and then perhaps over the variables. */
static inline int bare_metal_end(int status)
{
    for (int i = 0; i < GUARD_LEN; i++) {
        if (__heap_start[i] != GUARD_BYTE) {
            printf("the stack has reached the variables\n");
            status = 2;
            break;
        }
    }
#ifdef __AVR__
    GPIOR1 = (unsigned char)status;
#endif
    return status;
}

#define CHECK_BEGIN() bare_metal_begin()
#define CHECK_END(status) bare_metal_end(status)

#endif
