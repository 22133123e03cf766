#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Looking up a name stops nothing. SLOW_RESOLVER names a library that makes it slow."""
import os
import time

import harness

PRELOAD = os.environ.get("SLOW_RESOLVER", "")


class Resolve(harness.Test):
    def start_with_name(self, target, ms, settings=(), profile="cat1"):
        self.assertTrue(os.path.exists(PRELOAD), "SLOW_RESOLVER must name the library")
        env = {"LD_PRELOAD": PRELOAD, "RESOLVE_MS": str(ms)}
        program = self.start(profile, [f"{harness.tcp(profile)},{target}"], settings, env=env)
        program.wait_log("socket A: connecting")
        return program

    def test_answers_meanwhile(self):
        program = self.start_with_name("nowhere.test,2000", 4000)
        started = time.monotonic()
        user = self.user()
        user.enter()
        asked = time.monotonic()
        user.command("AT")
        self.assertLess(time.monotonic() - asked, 1.0)
        self.assertEqual(user.query("SOCKALK"), "Disconnected")
        user.leave()
        self.assertLess(time.monotonic() - started, 3.5, "the name was resolved meanwhile?")
        self.assertNotIn("cannot connect", program.output())
        program.wait_log("socket A: cannot connect: Name or service not known")

    def test_ends_meanwhile(self):
        program = self.start_with_name("nowhere.test,2000", 60000)
        started = time.monotonic()
        self.stop(program)
        self.assertLess(time.monotonic() - started, 2.0)

    def test_restarts_meanwhile(self):
        """Answers for a socket that has been closed since are dropped."""
        peer = self.peer().listen()
        program = self.start_with_name(f"peer.test,{peer.port}", 2500, ["SOCKATO=1"], "lte-7s4")
        user = self.user()
        user.enter()
        user.command("AT+SOCKATO=2")  # stores
        for _ in range(3):
            user.restart("AT+Z")
            user.enter()
        user.leave()
        connection = peer.accept()
        program.wait_log("socket A: connected")
        user.write(b"hello")
        connection.expect(b"hello")
        peer.nobody_connects(1.5)

    def test_connects_by_name(self):
        peer = self.peer().listen()
        program = self.start_with_name(f"peer.test,{peer.port}", 100)
        connection = peer.accept()
        program.wait_log("socket A: connected")
        user = self.user()
        user.write(b"hello")
        connection.expect(b"hello")


if __name__ == "__main__":
    harness.main()
