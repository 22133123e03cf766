#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Peers and users that do not read, hang up, or are not there."""
import os
import select
import time

import harness
from harness import Deadline, compare, in_thread

MIB = 1024 * 1024


class StubbornPeer(harness.Test):
    def test_peer_stops_reading(self):
        """The UART is held back, not one byte is lost, and the other direction goes on."""
        _, user, _, connection = self.setup_link("cat1", receive_buffer=65536)
        data = os.urandom(16 * MIB)
        written = user.write_until_blocked(data, 1.0)
        self.assertGreater(written, 20 * 1024)  # the queue alone holds that
        connection.write(b"still heard")
        user.expect(b"still heard")
        self.assertFalse(user.wait(select.POLLOUT, Deadline(2.0, "")), "the UART took more")

        end = written + MIB
        got = {}

        def read():
            got["data"] = connection.read(end, timeout=60)

        in_thread(lambda: user.write(data[written:end], timeout=60), read)
        compare(got["data"], data[:end], "what the peer got")
        user.answers()

    def test_user_stops_reading(self):
        _, user, _, connection = self.setup_link("cat1")
        data = os.urandom(16 * MIB)
        written = connection.write_until_blocked(data, 1.0)
        user.write(b"still heard")
        connection.expect(b"still heard")
        compare(user.read(written, timeout=60), data[:written], "what the user got")
        user.answers()

    def test_reset_in_mid_stream(self):
        """Both directions flow when the peer resets the connection, three times."""
        program, user, peer, connection = self.setup_link("lte-7s4", ["SOCKATO=1"])
        for _ in range(3):
            connection.write_some(os.urandom(MIB))
            user.write(os.urandom(20000))
            connection.reset()
            user.skip(0.3)  # what has come is delivered before the end is noticed
            program.wait_log("socket A: waits to connect again")
            connection = peer.accept()
            program.wait_log("socket A: connected")
        user.skip(0.3)
        connection.skip(0.3)
        user.answers()
        user.write(b"up")
        connection.expect(b"up")
        connection.write(b"down")
        user.expect(b"down")

    def test_accepts_and_closes(self):
        peer = self.peer().listen()
        program = self.start("lte-7s4", [f"TCP,{peer.target}"], ["SOCKATO=1"])
        user = self.user()
        for _ in range(3):
            peer.accept().close()
            program.wait_log("socket A: waits to connect again")
        user.answers()
        connection = peer.accept()
        user.write(b"at last")
        connection.expect(b"at last")

    def test_accepts_and_resets(self):
        peer = self.peer().listen()
        program = self.start("lte-7s4", [f"TCP,{peer.target}"], ["SOCKATO=1"])
        user = self.user()
        for _ in range(3):
            peer.accept().reset()
            program.wait_log("socket A: waits to connect again")
        user.answers()

    def test_never_accepts(self):
        """The listener's queue is full: connecting takes for ever."""
        peer = self.peer()
        peer.listener = peer.bound(peer.port)
        peer.listener.listen(0)
        fillers = [self.closing(peer.bound(0)) for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", peer.port))
        program = self.start("cat1", [f"TCP,{peer.target}"])
        user = self.user()
        program.wait_log("socket A: connecting")
        user.enter()
        self.assertEqual(user.query("SOCKALK"), "Disconnected")
        user.leave()
        self.stop(program)

    def test_absent(self):
        states = {"cat1": ("SOCKALK", "Disconnected"), "lte-7s4": ("SOCKALK", "OFF"),
                  "k7": ("SOCKLKA", "ERROR"), "gprs232-7s3": ("SOCKALK", '"disconnected"')}
        for profile, (name, state) in states.items():
            with self.subTest(profile):
                peer = self.peer()  # its port is reserved, and nobody listens
                program = self.start(profile, [f"{harness.tcp(profile)},{peer.target}"],
                                     pty=f"uart-{profile}")
                user = self.user(f"uart-{profile}")
                program.wait_log("socket A: cannot connect: Connection refused")
                user.write(b"for nobody")
                program.wait_log("UART: frame")
                user.enter()
                user.command("AT")
                self.assertEqual(user.query(name), state)
                user.leave()

    def test_last_words(self):
        """The peer sends and is gone before anybody reads: all of it reaches the user."""
        program, user, _, connection = self.setup_link("lte-7s4", ["SOCKATO=100"])
        data = os.urandom(300 * 1024)
        connection.write(data)
        connection.close()
        self.assertTrue(user.wait(select.POLLIN, Deadline(5, "")))
        compare(user.read(len(data)), data, "what the user got")
        program.wait_log("socket A: waits to connect again")

    def test_last_words_in_command_mode(self):
        program, user, _, connection = self.setup_link("lte-7s4", ["SOCKATO=100"])
        user.enter()
        connection.write(b"last words")
        connection.close()
        user.expect_silence(0.5)
        user.leave()
        user.expect(b"last words")
        program.wait_log("socket A: waits to connect again")

    def test_last_words_before_a_reset(self):
        """Nobody reads and everything is full when the peer resets the connection: what had
        reached the module by then reaches its user."""
        program, user, _, connection = self.setup_link("lte-7s4", ["SOCKATO=100"],
                                                       receive_buffer=65536)
        data = os.urandom(16 * MIB)
        written = connection.write_until_blocked(data, 0.5)
        user.write_until_blocked(os.urandom(16 * MIB), 0.5)
        arrived = written - connection.unacknowledged()
        self.assertGreater(arrived, 65536)
        connection.reset()
        compare(user.read(arrived), data[:arrived], "what the user got")
        program.wait_log("socket A: waits to connect again")

    def test_data_waits_while_commands_are_given(self):
        _, user, _, connection = self.setup_link("cat1")
        user.enter()
        connection.write(b"later")
        user.command("AT")
        user.expect_silence(0.3)
        user.leave()
        user.expect(b"later")

    def test_comes_up_late(self):
        peer = self.peer()
        program = self.start("lte-7s4", [f"TCP,{peer.target}"], ["SOCKATO=1"])
        user = self.user()
        program.wait_log("Connection refused")
        user.write(b"early")
        program.wait_log("UART: frame of 5 bytes")
        started = time.monotonic()
        connection = peer.listen().accept()
        connection.expect(b"early")
        self.assertLess(time.monotonic() - started, 3.0)


if __name__ == "__main__":
    harness.main()
