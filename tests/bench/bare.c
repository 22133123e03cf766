/* SPDX-License-Identifier: MIT */
/* The benchmark program on a bare target: passes of one case, to be counted by the emulator. */
#include "bench.h"

int main(int argc, char **argv)
{
    return argc == 3 ? bench_count(argv[1], argv[2]) : 2;
}
