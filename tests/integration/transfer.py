#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""10 MiB each way at the same time, with a slow reader on each side in turn."""
import os
import random
import time

import harness
from harness import Deadline, Failure, compare, in_thread

SIZE = 10 * 1024 * 1024
SLOW_READ = 2048
SLOW_PAUSE = 0.001
SECONDS = 120


def read_all(stream, size, slow_until, slow_from):
    """Reads, slowly up to one place and from another."""
    deadline = Deadline(SECONDS, f"{stream.name}: {size} bytes")
    parts, have = [stream.buffer], len(stream.buffer)
    while have < size:
        slow = have < slow_until or have >= slow_from
        if slow:
            time.sleep(SLOW_PAUSE)  # what makes it slow
        try:
            part = stream.read_some(deadline, SLOW_READ if slow else 65536)
        except Failure as e:
            raise Failure(f"{e}; {have} came") from None
        if not part:
            raise Failure(f"{stream.name}: ended after {have} of {size} bytes")
        parts.append(part)
        have += len(part)
    return b"".join(parts)


class Transfer(harness.Test):
    def transfer(self, profile, settings=()):
        seed = int.from_bytes(os.urandom(4), "big")
        print(f"seed {seed}")
        rng = random.Random(seed)
        up, down = rng.randbytes(SIZE), rng.randbytes(SIZE)
        # a small window, so that a slow reader is soon felt at the other end
        _, user, _, connection = self.setup_link(profile, settings, receive_buffer=65536)
        got = {}

        def uart_reads():  # slow in the first half
            got["down"] = read_all(user, SIZE, SIZE // 2, SIZE)

        def peer_reads():  # slow in the second half
            got["up"] = read_all(connection, SIZE, 0, SIZE // 2)

        started = time.monotonic()
        in_thread(uart_reads, peer_reads, lambda: user.write(up, SECONDS),
                  lambda: connection.write(down, SECONDS))
        print(f"{profile}: {time.monotonic() - started:.1f} s")
        compare(got["up"], up, "UART to TCP")
        compare(got["down"], down, "TCP to UART")
        user.expect_silence(0.2)
        connection.expect_silence(0)
        user.answers()

    def test_cat1(self):
        self.transfer("cat1")

    def test_cat1_large_packets(self):
        self.transfer("cat1", ["UARTFL=4096", "UARTFT=10"])

    def test_k7_small_queue(self):
        self.transfer("k7")


if __name__ == "__main__":
    harness.main()
