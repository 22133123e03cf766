/* SPDX-License-Identifier: MIT */
/* A target with a fault that a fuzzer finds at once; compiled with -DNO_FAULT, one without. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    volatile unsigned step = 0;

    if (size > 0 && data[0] == 'b')
        step = 1;
    if (size > 1 && step == 1 && data[1] == 'u')
        step = 2;
    if (size > 2 && step == 2 && data[2] == 'g')
        step = 3;
#ifndef NO_FAULT
    if (step == 3)
        abort();
#endif
    return 0;
}
