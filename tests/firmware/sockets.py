#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The firmware's sockets: what goes over its second UART, byte by byte, and through to peers.

The bytes are those of docs/firmware.md, written out here. The environment variable SOFTDTU names
board.py.
"""
import hashlib
import os
import random
import re
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
import harness  # noqa: E402  pylint: disable=wrong-import-position

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "firmware.md")
HELLO = bytes.fromhex("55FDAA 0002 61 20 81")
# 10.0.0.7, 2026-11-20 12:00:00 local time, two hours ahead of UTC
NEWS = bytes.fromhex("AAFD55 000B 61 20 0A000007 3292F2C0 08")
OPEN_A = bytes.fromhex("55FDAA 0013 61 11") + b"OT" + bytes.fromhex(
    "1F90 003C 000F 0003") + b"example"
ALONE = ("SOCKA=TCP,example,8080", "HEARTEN=OFF", "E=OFF")


def with_sum(frame):
    """A frame and its last byte: the sum of what its length counts."""
    return frame + bytes([sum(frame[5:]) & 0xFF])


def frame(head, text, data=b""):
    """Socket and flag as text, such as `61 11`."""
    covered = bytes.fromhex(text) + data
    return with_sum(bytes.fromhex(head) + struct.pack(">H", len(covered)) + covered)


def sent(text, data=b""):
    return frame("55FDAA", text, data)


def heard(text, data=b""):
    return frame("AAFD55", text, data)


class Raw(harness.Test):
    """The test is the chip with the sockets."""

    def start_raw(self, *settings, answers=True, options=()):
        self.profile = "cat1"
        args = ["--pty", self.path("uart"), "--network", self.path("network"), *options]
        for setting in settings or ALONE:
            args += ["--set", setting]
        program = self.launch(*args)
        program.wait_log("^started$")
        user = self.user()
        network = self.closing(harness.User(self.path("network"), "cat1"))
        network.name = "second UART"
        network.expect(HELLO)
        if answers:
            network.write(with_sum(NEWS))
        return program, user, network

    def start_connected(self, *settings, **more):
        program, user, network = self.start_raw(*settings, **more)
        network.expect(with_sum(OPEN_A))
        network.write(heard("61 11", b"O"))
        program.wait_log("socket A: connected")
        return program, user, network

    def test_frames_of_the_page(self):
        """Those that the other tests are made of are the page's, sums included."""
        with open(PAGE, encoding="utf-8") as f:
            found = re.findall(r"^\| `((?:55 FD AA|AA FD 55)[0-9A-F ]+)` \|", f.read(), re.M)
        self.assertEqual([bytes.fromhex(text) for text in found],
                         [HELLO, with_sum(NEWS), with_sum(OPEN_A), heard("61 11", b"O"),
                          sent("61 01", b"23.5"), heard("61 11", b"A")])
        self.assertEqual(HELLO, sent("61 20"))

    def test_hello_is_repeated_until_the_network_answers(self):
        _, _, network = self.start_raw(answers=False)
        network.expect(HELLO)
        network.expect(HELLO)
        network.write(with_sum(NEWS))
        network.expect(with_sum(OPEN_A))
        network.expect_silence(1.2)

    def test_nothing_is_opened_and_no_clock_is_told_before_the_answer(self):
        _, user, network = self.start_raw(answers=False)
        user.enter()
        user.command("AT+CCLK", "\r\n+CME ERROR:50\r\n")
        user.command("AT+CIP", "\r\n+CIP:0.0.0.0\r\n\r\nOK\r\n")
        network.write(with_sum(NEWS))
        network.read_until(b"example.")
        self.assertRegex(user_reply(user, "AT+CCLK"), rb'\+CCLK:"26/11/20,12:00:\d\d\+08"\r\n')
        user.command("AT+CIP", "\r\n+CIP:10.0.0.7\r\n\r\nOK\r\n")

    def test_clock_knows_leap_years_and_is_behind_utc(self):
        _, user, network = self.start_raw(answers=False)
        # 2028-02-29 23:59:59, and 2100-03-01, for 2100 is no leap year
        for seconds, zone, said in ((888796799, -14, rb"28/0(2/29,23:59:59|3/01,00:00:\d\d)-14"),
                                    (3160857600, 0, rb"00/03/01,00:00:\d\d\+00")):
            network.write(heard("61 20", bytes(4) + struct.pack(">Ib", seconds, zone)))
            user.enter()
            self.assertRegex(user_reply(user, "AT+CCLK"), said)
            user.leave()

    def test_data_of_the_uart_comes_out_in_frames_and_back(self):
        _, user, network = self.start_connected()
        user.write(b"23.5")
        network.expect(bytes.fromhex("55FDAA 0006 61 01 32332E35 2A"))
        network.write(heard("61 11", b"A"))
        network.write(heard("61 01", b"fan on"))
        user.expect(b"fan on")
        network.expect(sent("61 11", b"A"))
        self.no_more(user, network)

    def no_more(self, user, network):
        """Neither side says anything but what it is asked for."""
        user.expect_silence(0.2)
        network.expect_silence(0.2)

    def test_next_frame_waits_until_the_one_before_was_handed_on(self):
        _, user, network = self.start_connected()
        user.write(b"one")
        network.expect(sent("61 01", b"one"))
        user.write(b"two")
        network.expect_silence(0.3)
        network.write(heard("61 11", b"A"))
        network.expect(sent("61 01", b"two"))

    def test_four_sockets_share_the_uart(self):
        settings = ["HEARTEN=OFF", "E=OFF"]
        for letter in "ABCD":
            settings += [f"SOCK{letter}={'UDP' if letter == 'C' else 'TCP'},{letter}host,9",
                         f"SOCK{letter}EN=ON"]
        program, user, network = self.start_raw(*settings)
        for i, letter in enumerate(b"ABCD"):
            kind = b"U" if letter == ord("C") else b"T"
            target = bytes.fromhex("0009 003C 000F 0003") + bytes([letter]) + b"host"
            network.expect(sent(f"{0x61 + i:02X} 11", b"O" + kind + target))
        for i in range(4):
            network.write(heard(f"{0x61 + i:02X} 11", b"O"))
        program.wait_log("socket .: connected", count=4)
        user.write(b"all")
        for i in range(4):
            network.expect(sent(f"{0x61 + i:02X} 01", b"all"))
        network.write(heard("64 01", b"from D"))
        user.expect(b"from D")
        network.expect(sent("64 11", b"A"))

    def test_socket_that_cannot_go_on_holds_up_no_other(self):
        """In command mode nothing of the network is heard, but what becomes of it is."""
        program, user, network = self.start_connected()
        user.enter()
        network.write(heard("61 01", b"later"))
        network.expect_silence(0.3)
        user.command("AT+SOCKALK?", "\r\n+SOCKALK:Connected\r\n\r\nOK\r\n")
        network.write(heard("61 11", b"C"))  # what came before it comes first
        user.command("AT+SOCKALK?", "\r\n+SOCKALK:Connected\r\n\r\nOK\r\n")
        user.leave()
        user.expect(b"later")
        program.wait_log("socket A: waits to connect again")

    def test_network_that_does_not_go_on_holds_back_the_uart_and_loses_nothing(self):
        _, user, network = self.start_connected()
        data = random.Random(3).randbytes(200_000)
        done = user.write_until_blocked(data, 0.5)
        got = b""
        while len(got) < done:
            head = network.read(7)
            covered = network.read(struct.unpack(">H", head[3:5])[0] - 2 + 1)
            self.assertEqual(head + covered, sent("61 01", covered[:-1]))
            got += covered[:-1]
            network.write(heard("61 11", b"A"))
        self.assertEqual(digest(got), digest(data[:done]))

    def test_connection_that_failed_is_tried_again(self):
        program, _, network = self.start_raw(*ALONE, "SOCKRSTIM=10")
        network.expect(with_sum(OPEN_A))
        network.write(heard("61 11", b"F"))
        program.wait_log("socket A: waits to connect again")
        network.expect(sent("61 12", OPEN_A[7:]))  # 10 s later

    def test_frames_of_an_earlier_connection_are_ignored(self):
        """A short-lived connection is opened by data, so it need not be waited for."""
        program, user, network = self.start_raw(*ALONE, "SOCKASL=SHORT")
        for number in ("1", "2"):
            user.write(b"data")
            network.expect(sent("61 1" + number, OPEN_A[7:]))
            network.write(heard("61 1" + number, b"O"))
            network.expect(sent("61 0" + number, b"data"))
            if number == "1":
                network.write(heard("61 11", b"A") + heard("61 11", b"C"))
                program.wait_log("socket A: waits for data")
        network.write(heard("61 01", b"old") + heard("61 11", b"C") + heard("61 02", b"new"))
        user.expect(b"new")
        network.expect(sent("61 12", b"A"))
        self.no_more(user, network)

    def test_damage_ends_all_connections(self):
        program, _, network = self.start_connected()
        damaged = bytearray(heard("61 01", b"data"))
        damaged[-1] ^= 1
        network.write(bytes(damaged))
        network.expect(HELLO)
        program.wait_log("socket A: waits to connect again")
        network.write(with_sum(NEWS))
        network.expect_silence(0.3)

    def test_frame_cut_short_is_damage(self):
        program, _, network = self.start_connected()
        network.write(heard("61 01", b"data")[:-3])
        network.expect(HELLO)
        program.wait_log("socket A: waits to connect again")

    def test_second_frame_before_the_first_was_handed_on_is_damage(self):
        _, user, network = self.start_connected()
        user.enter()
        network.write(heard("61 01", b"one") + heard("61 01", b"two"))
        network.expect(HELLO)

    def test_opening_what_is_open_is_damage(self):
        program, _, network = self.start_connected()
        network.write(heard("61 11", b"O"))
        network.expect(HELLO)
        program.wait_log("socket A: waits to connect again")

    def test_network_that_begins_anew_has_no_connections(self):
        program, _, network = self.start_connected()
        network.write(with_sum(NEWS))
        program.wait_log("socket A: waits to connect again")

    def test_rate_of_the_uart_follows_its_setting(self):
        """QEMU sets the pty as the firmware sets the hardware."""
        _, user, _ = self.start_raw()
        self.assertEqual(harness.baud_of(user.fd), 115200)
        user.enter()
        user.command("AT+UART=9600,8,1,NONE,NONE")
        user.restart("AT+S")
        self.assertEqual(harness.baud_of(user.fd), 9600)

    def test_restart_begins_anew(self):
        _, user, network = self.start_connected()
        user.enter()
        user.restart("AT+Z")
        network.expect(HELLO)
        network.write(with_sum(NEWS))
        network.expect(with_sum(OPEN_A))

    def test_network_that_babbles_holds_up_no_restart(self):
        """Frames of an earlier connection without end, faster than the firmware looks at them."""
        _, user, network = self.start_connected(options=("--slow",))
        is_over = threading.Event()

        def babble():
            deadline = harness.Deadline(harness.SECONDS, "the restart")
            while not is_over.is_set():
                deadline.check()
                network.write(heard("61 0F") * 100)

        def ask():
            try:
                user.enter()
                user.restart("AT+Z")
            finally:
                is_over.set()

        harness.in_thread(babble, ask)

    def test_datagram_is_one_frame_and_an_empty_one_is_answered(self):
        program, user, network = self.start_raw("SOCKA=UDP,example,8080", "HEARTEN=OFF", "E=OFF",
                                                "UARTFL=4096")
        network.expect(sent("61 11", b"OU" + OPEN_A[9:]))
        network.write(heard("61 11", b"O"))
        program.wait_log("socket A: connected")
        user.write(b"x" * 4000)
        network.expect(sent("61 01", b"x" * 4000))
        network.write(heard("61 11", b"A") + heard("61 01"))
        network.expect(sent("61 11", b"A"))

    def test_same_image_runs_on_a_cortex_m4(self):
        self.start_connected(options=("--board", "an386"))


def user_reply(user, line):
    user.write(line.encode() + b"\r\n")
    return user.read_until(rb"OK\r\n")


class Through(harness.Test):
    """The chip in board.py, with peers on this machine."""

    def setup_link(self, profile="cat1", settings=(), pty="uart", **options):
        self.profile = "cat1"
        peer = self.peer(**options).listen()
        args = ["--pty", self.path(pty), "--bind", "127.0.0.1"]
        for setting in [*harness.socket_settings(profile, [f"TCP,{peer.target}"]), *settings]:
            args += ["--set", setting]
        program = self.launch(*args)
        connection = peer.accept()
        program.wait_log("socket A: connected")
        return program, self.user(pty), peer, connection

    def test_every_byte_arrives_in_both_directions_at_once(self):
        _, user, _, connection = self.setup_link()
        up, down = (random.Random(seed).randbytes(30_000) for seed in (1, 2))
        got = {}

        def receive(name, stream, count):
            got[name] = stream.read(count, 60)

        harness.in_thread(lambda: user.write(up, 60), lambda: connection.write(down, 60),
                          lambda: receive("up", connection, len(up)),
                          lambda: receive("down", user, len(down)))
        self.assertEqual(digest(got["up"]), digest(up))
        self.assertEqual(digest(got["down"]), digest(down))

    def test_connection_comes_back(self):
        program, _, peer, connection = self.setup_link(settings=("SOCKRSTIM=10",))
        connection.close()
        program.wait_log("socket A: waits to connect again")
        peer.accept()
        program.wait_log("socket A: connected")

    def test_udp(self):
        self.profile = "cat1"
        peer = self.closing(harness.UdpPeer())
        program = self.launch("--pty", self.path("uart"), "--bind", "127.0.0.1", "--set",
                              f"SOCKA=UDP,{peer.target}", "--set", "HEARTEN=OFF")
        program.wait_log("socket A: connected")
        user = self.user()
        user.write(b"datagram")
        sender = peer.expect(b"datagram")
        peer.sock.sendto(b"answer", sender)
        user.expect(b"answer")


class CommandLine(harness.Test):
    """What cannot be is said in a line, and nothing is left behind."""

    def check_end(self, status, pattern, *options, pty="uart"):
        program = self.launch("--pty", self.path(pty), *options)
        self.assertEqual(program.wait_end(), status, program.log())
        self.assertRegex(program.errors(), pattern)
        self.assertNotIn("Traceback", program.errors())
        self.assertNotIn("UART at", program.output())

    def test_wrong_use(self):
        self.check_end(2, "--bind", "--bind", "10.0.0")
        self.check_end(2, "--set", "--set", "SOCKA")
        self.assertEqual(os.listdir(self.dir), [])

    def test_not_possible(self):
        self.check_end(1, "none.elf: there is no such image", "--image", self.path("none.elf"))
        self.check_end(1, "none/uart: No such file", pty="none/uart")
        self.check_end(1, "none/network: No such file", "--network", self.path("none/network"))
        self.check_end(1, "unsupported machine", "--board", "none")
        self.assertEqual(os.listdir(self.dir), [])

    def test_link_of_somebody_else_is_left(self):
        for target in (self.dir, self.path("none")):
            os.symlink(target, self.path("link"))
            self.check_end(1, "link: exists; remove it", pty="link")
            self.assertEqual(os.readlink(self.path("link")), target)
            os.unlink(self.path("link"))

    def test_two_on_one_pty(self):
        first = self.launch("--pty", self.path("uart"))
        first.wait_log("^softdtu: cat1")
        target = os.readlink(self.path("uart"))
        self.check_end(1, "uart: exists; remove it")
        self.assertEqual(os.readlink(self.path("uart")), target)
        first.check_alive()

    def test_nobody_reads_the_console(self):
        """It runs on, and removes its link at the end."""
        reader, writer = os.pipe()
        os.close(reader)
        board = subprocess.Popen([harness.SOFTDTU, "--pty", self.path("uart")], stdout=writer,
                                 stderr=subprocess.DEVNULL)
        self.addCleanup(board.wait)
        self.addCleanup(board.kill)
        os.close(writer)
        deadline = harness.Deadline(harness.SECONDS, "the link")
        while not os.path.lexists(self.path("uart")):
            deadline.check()
            time.sleep(0.01)
        self.profile = "cat1"
        user = self.user()
        user.echo = True
        user.answers()
        board.terminate()
        deadline = harness.Deadline(harness.SECONDS, "the end of the link")
        while os.path.lexists(self.path("uart")):
            deadline.check()
            time.sleep(0.01)

    def test_link_to_a_pty_that_is_gone_is_replaced(self):
        os.symlink("/dev/pts/99999", self.path("uart"))
        self.launch("--pty", self.path("uart")).wait_log("^softdtu: cat1")


def digest(data):
    return len(data), hashlib.sha256(data).hexdigest()


if __name__ == "__main__":
    harness.main()
