#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a byte costs in the decoder of the socket distribution protocol, and that no input makes it
cost more than the header says.

    sdp_bench.py <root> <output directory> <compiler>            instructions and time
    sdp_bench.py <root> <output directory> <compiler> --check    instructions only, against ceilings

Exit status 77: valgrind is not installed, or this is another machine.
"""
import os
import sys

import count

SIZE = 1024
LENGTH = 64 * SIZE
# Instructions a byte at most. The worst inputs have a head every 4 bytes and a length that covers
# nearly SIZE bytes behind each, so that is SIZE / 4 looks at each byte; a vector is many bytes, and
# byte by byte each is also moved.
CEILINGS = {"FRAMES": 0.8, "SPLIT": 1.3, "GARBAGE": 0.2, "WORST": SIZE / 4 * 0.7,
            "WORST_SPLIT": SIZE / 4 * 1.4}
GROWTH = 1.02  # of the cost of a byte when the stream is twice as long, at most


class Bench:
    def __init__(self, root, output, compiler):
        self.sources = [f"{root}/lib/base.c", f"{root}/lib/sdp.c",
                        f"{root}/tests/bench/sdp_bench.c"]
        self.include = f"-I{root}/include"
        self.output = output
        self.compiler = compiler

    def options(self, stream, length):
        return [self.include, f"-DSTREAM={stream}", f"-DSIZE={SIZE}", f"-DLENGTH={length}"]

    def instructions(self, stream, length):
        """What a byte costs."""
        program = os.path.join(self.output, f"{stream}_{length}")
        return count.host(self.compiler, self.sources, self.options(stream, length), program,
                          "bench_feed") / length

    def rate(self, stream):
        """Bytes a second on this machine, the best of three."""
        program = count.build([self.compiler, "-O2"], self.sources,
                              [*self.options(stream, LENGTH), "-DBENCH_TIME"],
                              os.path.join(self.output, f"{stream}_time"))
        return max(int(count.run([program])) for _ in range(3))


def main():
    root, output, compiler, *options = sys.argv[1:]
    output = os.path.abspath(output)
    os.makedirs(output, exist_ok=True)
    bench = Bench(os.path.abspath(root), output, compiler)
    reason = count.missing("x86-64")
    wrong = []
    for stream, ceiling in CEILINGS.items():
        text = f"{stream:<12}"
        if not reason:
            cost = bench.instructions(stream, LENGTH)
            twice = bench.instructions(stream, 2 * LENGTH)
            text += f"{cost:10.3f} instructions a byte"
            if cost > ceiling:
                wrong.append(f"{stream}: {cost:.3f} instructions a byte, at most {ceiling}")
            if twice > GROWTH * cost:
                wrong.append(f"{stream}: {twice / cost:.3f} times as many a byte in a stream twice "
                             "as long")
        if "--check" not in options:
            text += f"{bench.rate(stream) / 1e6:10,.0f} MB/s"
        print(text)
    for line in wrong:
        print(line)
    if reason:
        print(f"instructions: skipped, {reason}")
    return 1 if wrong else 77 if reason else 0


if __name__ == "__main__":
    sys.exit(main())
