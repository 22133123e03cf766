#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that dtu_equal_secret() takes as many instructions whatever the secret is.

    secret_bench.py <root> <output directory> <compiler>

Exit status 77: valgrind, qemu or the cross compiler are not installed.
"""
import os
import sys

import count

CASES = 8  # of secret_bench.c


def main():
    root, output, compiler = sys.argv[1:]
    root = os.path.abspath(root)
    os.makedirs(output, exist_ok=True)
    sources = [f"{root}/lib/base.c", f"{root}/tests/bench/secret_bench.c"]
    failed = skipped = False
    for target in count.TARGETS:
        reason = count.missing(target)
        if reason:
            print(f"{target}: skipped, {reason}")
            skipped = True
            continue
        counts = []
        for case in range(CASES):
            options = [f"-I{root}/include", f"-DCASE={case}"]
            program = os.path.join(output, f"{target}_{case}")
            counts.append(count.host(compiler, sources, options, program, "bench_compare")
                          if target == "x86-64" else count.cortex_m0(sources, options, program))
        print(f"{target}: {' '.join(str(n) for n in counts)}")
        failed = failed or len(set(counts)) != 1
    if failed:
        print("the number of instructions tells something of the secret")
    return 1 if failed else 77 if skipped else 0


if __name__ == "__main__":
    sys.exit(main())
