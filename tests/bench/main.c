/* SPDX-License-Identifier: MIT */
/* The benchmark program: what the engines cost. bench.py runs it under callgrind as well, and on a
 * Cortex-M0 with bare.c instead of this file. The method is in docs/performance.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "times.h"

#define ROUNDS 7

static int usage(void)
{
    fprintf(stderr, "usage: dtu_bench [--rounds N] [--json FILE] [BENCH]...\n"
                    "           how fast the benches are, all if none is named\n"
                    "       dtu_bench --list\n"
                    "           number, bench, unit and name of each case\n"
                    "       dtu_bench --count CASE PASSES\n"
                    "           passes of the case with that number, to be counted\n");
    return 2;
}

static int list(void)
{
    const struct bench *bench;
    const struct bench_case *c;
    for (unsigned i = 0; (c = bench_find(i, &bench)) != NULL; i++)
        printf("%u\t%s\t%s\t%s\n", i, bench->name, bench->unit, c->name);
    return 0;
}

static bool is_bench(const char *name)
{
    for (size_t i = 0; i < BENCHES; i++)
        if (strcmp(benches[i]->name, name) == 0)
            return true;
    return false;
}

static int measure(char **args)
{
    long rounds = ROUNDS;
    const char *json = NULL;
    size_t name_count = 0;

    for (; args[0] != NULL && args[0][0] == '-' && args[1] != NULL; args += 2) {
        if (strcmp(args[0], "--rounds") == 0)
            rounds = strtol(args[1], NULL, 10);
        else if (strcmp(args[0], "--json") == 0)
            json = args[1];
        else
            return usage();
    }
    for (; args[name_count] != NULL; name_count++)
        if (!is_bench(args[name_count]))
            return usage();
    if (rounds < 1 || rounds > 1000)
        return usage();
    return bench_times(args, name_count, (unsigned)rounds, json) ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--list") == 0)
        return list();
    if (argc == 4 && strcmp(argv[1], "--count") == 0)
        return bench_count(argv[2], argv[3]);
    return argc > 0 ? measure(argv + 1) : usage();
}
