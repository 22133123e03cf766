#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""While nothing happens the module sleeps, in whatever state it is."""
import os
import resource
import select
import socket
import time

import harness
from harness import Deadline

SECONDS = 3
MAX_CPU_S = 0.02
MAX_WAKE_UPS = 20


class Idle(harness.Test):
    def check_sleeps(self, program):
        time.sleep(0.5)  # what is under way ends
        cpu, wakes = program.cost()
        time.sleep(SECONDS)  # the measured time
        cpu_after, wakes_after = program.cost()
        print(f"{(cpu_after - cpu) * 1000:.0f} ms of CPU time, {wakes_after - wakes} wake-ups")
        self.assertLess(cpu_after - cpu, MAX_CPU_S, "CPU seconds")
        self.assertLess(wakes_after - wakes, MAX_WAKE_UPS, "wake-ups")
        program.check_alive()

    def test_connected(self):
        program, user, _, connection = self.setup_link("cat1")
        user.write(b"hello")
        connection.expect(b"hello")
        self.check_sleeps(program)

    def test_nobody_at_the_pty(self):
        program, user, _, _ = self.setup_link("cat1")
        user.close()
        self.check_sleeps(program)

    def test_peer_absent(self):
        peer = self.peer()
        program = self.start("k7", [f"TCPC,{peer.target}"])  # tries every 2 s
        program.wait_log("Connection refused")
        self.check_sleeps(program)

    def test_all_profiles_without_a_socket(self):
        for profile in ("cat1", "k7", "gprs232-7s3", "lte-7s4"):
            with self.subTest(profile):
                self.check_sleeps(self.start(profile, pty=f"uart-{profile}"))

    def test_user_does_not_read(self):
        """The UART is full, and the socket has more."""
        program, _, _, connection = self.setup_link("cat1")
        connection.write_until_blocked(os.urandom(16 << 20), 0.5)
        self.check_sleeps(program)

    def test_user_does_not_read_and_peer_hangs_up(self):
        for end in ("close", "reset"):
            with self.subTest(end):
                program, user, _, connection = self.setup_link("cat1")
                connection.write_until_blocked(os.urandom(16 << 20), 0.5)
                getattr(connection, end)()
                self.check_sleeps(program)
                user.close()
                self.stop(program)

    def test_peer_does_not_read(self):
        program, user, _, _ = self.setup_link("cat1", receive_buffer=65536)
        user.write_until_blocked(os.urandom(16 << 20), 0.5)
        self.check_sleeps(program)

    def test_nobody_reads(self):
        program, user, _, connection = self.setup_link("cat1", receive_buffer=65536)
        connection.write_until_blocked(os.urandom(16 << 20), 0.5)
        user.write_until_blocked(os.urandom(16 << 20), 0.5)
        self.check_sleeps(program)

    def test_command_mode_with_a_dead_peer(self):
        program, user, peer, connection = self.setup_link("cat1")
        user.enter()
        connection.write(b"unread")
        peer.die()
        self.check_sleeps(program)
        user.command("AT")

    def test_command_mode_with_a_reset_peer(self):
        program, user, _, connection = self.setup_link("cat1")
        user.enter()
        connection.reset()
        self.check_sleeps(program)
        user.command("AT")

    def test_replies_are_not_read(self):
        """Commands go in until their replies fill the UART."""
        program = self.start("cat1")
        user = self.user()
        user.enter()
        user.write_until_blocked(b"AT+SOCKA?\r" * 200000, 0.5)
        self.check_sleeps(program)
        user.read_until(rb"\+SOCKA:")

    def test_half_a_handshake(self):
        program, user, _, _ = self.setup_link("cat1")
        time.sleep(0.2)  # the guard
        user.write(b"+++")
        user.expect(b"a")
        self.assertFalse(user.wait(select.POLLIN, Deadline(0.1, "")))
        self.check_sleeps(program)

    def test_restarts_whenever_it_cannot_connect(self):
        """SOCKRSNUM=1: a refusal restarts the module, after the 10 s to the next try that is none."""
        program, user, peer, _ = self.setup_link("cat1", ["SOCKRSNUM=1"])
        user.enter()
        peer.die()
        user.command("AT+S", end="\r")
        program.wait_log("failed too often: the module restarts", 1)
        program.wait_log("started as cat1")
        self.check_sleeps(program)

    def start_server(self):
        port = harness.free_port()
        program = self.start("k7", [f"TCPS,192.168.0.201,{port}"], ["RFCEN=ON"])
        self.user().answers()  # when all its ports are open

        def connect():
            sock = socket.create_connection(("127.0.0.1", port), timeout=harness.SECONDS)
            return self.closing(harness.Connection(sock))
        return program, connect

    def test_server(self):
        """Nobody there; somebody; half a frame for the UART; the UART full, and others wait."""
        program, connect = self.start_server()
        self.check_sleeps(program)
        first = connect()
        program.wait_log("socket A: connected")
        self.check_sleeps(program)
        first.write(b"\x55\xaa")
        self.check_sleeps(program)
        first.write_until_blocked(os.urandom(16 << 20), 0.5)
        first.close()
        connect().write(b"second")
        connect()
        self.check_sleeps(program)

    def test_server_without_files(self):
        """As many files are open as may be: who connects cannot be served."""
        program, connect = self.start_server()
        pid = program.process.pid
        most = max(int(fd) for fd in os.listdir(f"/proc/{pid}/fd")) + 1
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, before[1]))
        first = connect()
        program.wait_log("socket A: cannot connect: Too many open files")
        self.check_sleeps(program)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        first.write(b"served")
        self.user().expect(b"served")

    def test_frames_are_not_read(self):
        program, user, _, connection = self.setup_link("cat1", ["SDPEN=ON"])
        connection.write_until_blocked(os.urandom(16 << 20), 0.5)
        user.write(b"no frame")
        self.check_sleeps(program)

    def test_udp_refused(self):
        peer = self.closing(harness.UdpPeer())
        program = self.start("cat1", [f"UDP,{peer.target}"])
        user = self.user()
        peer.close()
        user.write(b"lost")
        program.wait_log("UART: frame of 4 bytes")
        self.check_sleeps(program)


if __name__ == "__main__":
    harness.main()
