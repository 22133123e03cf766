#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that what compares secrets takes as many instructions whatever the secret is:
dtu_equal_secret(), and dtu_discovery_serve() with a wrong login.

    secret_bench.py <root> <output directory> <compiler>

Exit status 77: valgrind, qemu or the cross compiler are not installed.
"""
import os
import sys

import count

# Each program, how many cases it has, the function to count, and the engines it is linked with.
PROGRAMS = (("secret_bench", 8, "bench_compare", ("base",)),
            ("login_bench", 12, "bench_serve", ("base", "discovery")))


def count_cases(root, output, compiler, target, program):
    name, cases, function, engines = program
    sources = [f"{root}/lib/{engine}.c" for engine in engines] + [f"{root}/tests/bench/{name}.c"]
    counts = []
    for case in range(cases):
        options = [f"-I{root}/include", f"-DCASE={case}"]
        # Paths of one length: the start-up of the Cortex-M0 looks at each byte of its own.
        path = os.path.join(output, f"{name}_{target}_{case:02}")
        counts.append(count.host(compiler, sources, options, path, function)
                      if target == "x86-64" else count.cortex_m0(sources, options, path))
    return counts


def main():
    root, output, compiler = sys.argv[1:]
    root = os.path.abspath(root)
    os.makedirs(output, exist_ok=True)
    failed = skipped = False
    for target in count.TARGETS:
        reason = count.missing(target)
        if reason:
            print(f"{target}: skipped, {reason}")
            skipped = True
            continue
        for program in PROGRAMS:
            counts = count_cases(root, output, compiler, target, program)
            print(f"{program[0]}, {target}: {' '.join(str(n) for n in counts)}")
            if len(set(counts)) != 1:
                print("the number of instructions tells something of the secret")
                failed = True
    return 1 if failed else 77 if skipped else 0


if __name__ == "__main__":
    sys.exit(main())
