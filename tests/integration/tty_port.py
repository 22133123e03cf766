#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The UART is a tty: one end of a pair made by socat, which comes and goes."""
import os
import time

import harness
from harness import GREETING, both_ways, socat_pair


class Tty(harness.Test):
    def setUp(self):
        super().setUp()
        self.ends = self.path("module"), self.path("user")
        self.socat = socat_pair(self, *self.ends)
        self.peer_ = self.peer().listen()
        self.profile = "cat1"

    def start_on_tty(self):
        args = ["--profile", "cat1", "--tty", self.ends[0], "--verbose"]
        for setting in harness.socket_settings("cat1", [f"TCP,{self.peer_.target}"]):
            args += ["--set", setting]
        program = self.launch(*args)
        program.wait_log(f"^softdtu: cat1, UART at {self.ends[0]}$")
        return program

    def unplug(self):
        """Ends socat, which removes its links: a link that is left behind might soon lead to
        somebody else's new pty."""
        self.socat.terminate()
        self.socat.wait()

    def test_data_and_commands(self):
        user = self.user("user", greeting=False)
        program = self.start_on_tty()
        connection = self.peer_.accept()
        user.expect(GREETING["cat1"])
        program.wait_log("socket A: connected")
        both_ways(user, connection, os.urandom(100000), os.urandom(100000))
        user.answers()
        self.stop(program)
        connection.expect_end()

    def test_is_in_use(self):
        """A second module does not share the tty of the first."""
        self.user("user", greeting=False)
        self.start_on_tty()
        second = self.launch("--profile", "cat1", "--tty", self.ends[0])
        self.assertEqual(second.wait_end(), 1)
        self.assertRegex(second.errors(), "cannot open .*module: .*busy")

    def test_rate(self):
        """The tty is set as UART says."""
        fd = os.open(self.ends[0], os.O_RDWR | os.O_NOCTTY)
        self.addCleanup(os.close, fd)
        user = self.user("user", greeting=False)
        self.start_on_tty()
        user.expect(GREETING["cat1"])
        self.assertEqual(harness.baud_of(fd), 115200)
        user.enter()
        user.command("AT+UART=9600,8,2,EVEN,NONE")
        user.restart("AT+S")
        self.assertEqual(harness.baud_of(fd), 9600)
        flags = harness.termios.tcgetattr(fd)[2]
        self.assertTrue(flags & harness.termios.CSTOPB)
        user.enter()
        user.command("AT+UART=123456,8,1,NONE,NONE")  # no rate of the table
        user.restart("AT+S")
        self.assertEqual(harness.baud_of(fd), 123456)
        user.answers()

    def test_goes_and_comes_back(self):
        user = self.user("user", greeting=False)
        program = self.start_on_tty()
        connection = self.peer_.accept()
        user.expect(GREETING["cat1"])

        self.unplug()
        program.wait_log(f"{self.ends[0]} is gone")
        cpu, wakes = program.cost()
        time.sleep(2.0)  # the measured time
        cpu_after, wakes_after = program.cost()
        self.assertLess(cpu_after - cpu, 0.02, "CPU seconds")
        self.assertLess(wakes_after - wakes, 20, "wake-ups")
        connection.write(b"kept for the user")  # the connection stays
        user.close()

        self.socat = socat_pair(self, *self.ends)
        program.wait_log(f"{self.ends[0]} is back")
        user = self.user("user", greeting=False)
        user.expect(b"kept for the user")
        user.write(b"hello again")
        connection.expect(b"hello again")
        user.answers()
        self.stop(program)

    def test_ends_while_it_is_gone(self):
        program = self.start_on_tty()
        self.unplug()
        program.wait_log("is gone")
        self.stop(program)


if __name__ == "__main__":
    harness.main()
