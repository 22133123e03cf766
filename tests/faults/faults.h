/* SPDX-License-Identifier: MIT */
/* Faults at every call: a scenario is run again and again, and each time another call of a callback
 * misbehaves, until there is none left. What a scenario checks must hold whichever call it was.
 *
 *     static size_t write(void *ctx, const uint8_t *data, size_t len)
 *     {
 *         len = fault_takes(len);
 *         ... takes so many
 *     }
 *     static void scenario(void) { ... until everything has gone out ...; CHECK_BYTES(...); }
 *     static void nothing_is_lost(void) { at_every_call(scenario); }
 */
#ifndef FAULTS_H
#define FAULTS_H

#include "check.h"

#include <stdbool.h>

/* How a call misbehaves. One that cannot take a part of something refuses in any of these ways. */
enum fault_way { TAKES_NOTHING, TAKES_ONE, TAKES_ALL_BUT_ONE };

static struct {
    unsigned at;    /* the call that misbehaves, from 1; 0: none */
    unsigned times; /* as do those behind it: so many in all */
    enum fault_way way;
    unsigned calls; /* so far */
} faults;

/* Whether the call that this is part of misbehaves: to be asked once in each. */
static inline bool fault_now(void)
{
    faults.calls++;
    return faults.at != 0 && faults.calls >= faults.at && faults.calls - faults.at < faults.times;
}

/* How many of `len` bytes a call takes. */
static inline size_t fault_takes(size_t len)
{
    if (!fault_now() || len == 0)
        return len;
    if (faults.way == TAKES_NOTHING)
        return 0;
    return faults.way == TAKES_ONE ? 1 : len - 1;
}

static inline void fault_run(void (*scenario)(void), unsigned at, unsigned times,
                             enum fault_way way)
{
    unsigned before = check_failures;

    faults.at = at;
    faults.times = times;
    faults.way = way;
    faults.calls = 0;
    scenario();
    if (check_failures > before)
        printf("  it was call %u, %u times, way %d\n", at, times, (int)way);
}

/* Runs a scenario without faults, and then with a fault at each call that it makes: once, and for
 * so many calls that what is tried again fails again. Stops when one has failed. Says how many
 * calls there were without faults: a scenario that makes none shows nothing. */
static inline unsigned at_every_call(void (*scenario)(void))
{
    static const struct {
        enum fault_way way;
        unsigned times;
    } kinds[] = {{TAKES_NOTHING, 1}, {TAKES_NOTHING, 25}, {TAKES_ONE, 1}, {TAKES_ALL_BUT_ONE, 3}};
    unsigned calls;

    fault_run(scenario, 0, 0, TAKES_NOTHING);
    calls = faults.calls;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        for (unsigned at = 1; check_failures == 0; at++) {
            fault_run(scenario, at, kinds[i].times, kinds[i].way);
            if (faults.calls < at)
                break; /* there was no such call any more */
        }
    }
    return calls;
}

#endif
