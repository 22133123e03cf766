#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""dtuctl vcom: programs at its pty, modules and servers at the other end of its connection.

The environment variable DTUCTL names the program, SOFTDTU the module in software. What needs ser2net
or pyserial is left out where they are not installed.
"""
import contextlib
import fcntl
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import termios
import threading
import time
import unittest

import harness
from harness import Deadline, both_ways, compare, free_port, in_thread, socat_pair

DTUCTL = os.environ.get("DTUCTL", "")
PYTHON = os.environ.get("PYSERIAL_PYTHON", "/usr/bin/python3")
USAGE, FAILED, INTERRUPTED = 2, 1, 130
BUFFER = 4096  # what vcom itself holds of each direction
TCGETS2, TCSETS2, BOTHER, CBAUD, CMSPAR = 0x802C542A, 0x402C542B, 0o10000, 0o10017, 1 << 30
RATES = {rate: getattr(termios, f"B{rate}") for rate in (300, 1200, 9600, 19200, 57600, 115200)}

# frames.md section 2: the samples of manuals 003 (k7) and 002 (7S3)
SYNC_115200 = bytes.fromhex("55AA5501C20003C6")
SYNC_9600 = bytes.fromhex("55AA5500258003A8")
SYNC_9600_8E1 = bytes.fromhex("55AA550025801BC0")
SYNC_115200_7S3 = bytes.fromhex("55AA5501C2008346")
SYNC_9600_7S3 = bytes.fromhex("55AA550025808328")


def has_pyserial():
    with contextlib.suppress(OSError):
        return subprocess.run([PYTHON, "-c", "import serial"], check=False,
                              stderr=subprocess.DEVNULL).returncode == 0
    return False


def sync(baud, bits):
    """A frame, as frames.md section 2 says."""
    body = struct.pack(">I", baud)[1:] + bytes([bits])
    return b"\x55\xAA\x55" + body + bytes([sum(body) & 0xFF])


class Port(harness.Stream):
    """A program that uses the pty as a serial port."""

    def __init__(self, path):
        super().__init__(os.open(path, os.O_RDWR | os.O_NOCTTY), "user")

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1

    def set(self, baud, cflag=0, keep_lflag=True):
        """As a program does that knows nothing of ptys: at once, all of it."""
        iflag, _, old, lflag, *_, cc = termios.tcgetattr(self.fd)
        size = old & ~(termios.CSTOPB | termios.PARENB | termios.PARODD | CMSPAR)
        speed = RATES[baud]
        termios.tcsetattr(self.fd, termios.TCSANOW,
                          [iflag, 0, size | cflag, lflag if keep_lflag else 0, speed, speed, cc])

    def set_any(self, baud):
        """A rate that has no name."""
        t = bytearray(fcntl.ioctl(self.fd, TCGETS2, bytes(44)))
        cflag, = struct.unpack_from("I", t, 8)
        struct.pack_into("I", t, 8, cflag & ~CBAUD | BOTHER)
        struct.pack_into("II", t, 36, baud, baud)
        fcntl.ioctl(self.fd, TCSETS2, bytes(t))


class Case(harness.Test):
    def setUp(self):
        super().setUp()
        if not os.access(DTUCTL, os.X_OK):
            self.fail("the environment variable DTUCTL must name the program")

    def vcom(self, where, *options):
        program = harness.Program(["vcom", "--link", self.path("port"), *options, where],
                                  program=DTUCTL)
        self.programs.append(program)
        self.addCleanup(program.kill)
        return program

    def connected(self, *options, **peer_options):
        """vcom with a peer that records what comes."""
        peer = self.peer(**peer_options).listen()
        program = self.vcom(peer.target.replace(",", ":"), *options)
        connection = peer.accept()
        program.wait_log(": connected$")
        return program, peer, connection

    def port(self):
        return self.closing(Port(self.path("port")))

    def barrier(self, program):
        """Waits until vcom has seen what was done before: each question for its counters is a round
        of its loop."""
        for _ in range(2):
            program.signal(signal.SIGUSR1)
            program.wait_log(" bytes to .* from it; ")

    def wait_errors(self, program, pattern, count=1):
        deadline = Deadline(harness.SECONDS, f"{count} x {pattern!r} on standard error")
        while len(re.findall(pattern, program.errors(), re.M)) < count:
            deadline.check(f": {program.errors()}")
            with program.news:
                program.news.wait(0.5)

    def interrupt(self, program):
        program.signal(signal.SIGINT)
        self.assertEqual(program.wait_end(), INTERRUPTED)
        self.assertFalse(os.path.lexists(self.path("port")), "the link is left behind")


class Frames(Case):
    """What stands on the wire, byte for byte."""

    def test_without_an_option_nothing_is_added(self):
        _, _, connection = self.connected()
        port = self.port()
        port.set(9600)
        port.write(b"\x55\xAA one")
        port.set(115200)
        port.write(b" two\xff")
        connection.expect(b"\x55\xAA one two\xff")
        connection.write(bytes(range(256)))
        port.expect(bytes(range(256)))

    def test_frame_comes_before_what_is_written_after_the_change(self):
        _, _, connection = self.connected("--baud-sync")
        port = self.port()
        connection.expect_silence(0.1)  # nobody has set anything
        for _ in range(300):  # no pause, for it is where races are
            port.set(9600)
            port.write(b"at 9600")
            connection.expect(SYNC_9600 + b"at 9600")
            port.set(115200)
            port.write(b"at 115200")
            connection.expect(SYNC_115200 + b"at 115200")

    def test_frame_comes_without_any_data(self):
        program, _, connection = self.connected("--baud-sync")
        port = self.port()
        port.set(9600)
        connection.expect(SYNC_9600)
        port.set(9600)  # as it is
        self.barrier(program)
        port.set(115200)
        connection.expect(SYNC_115200)
        connection.expect_silence(0.1)

    def test_the_rate_that_a_pty_has_at_first_can_be_wished_for(self):
        _, _, connection = self.connected("--baud-sync")
        port = self.port()
        rate = harness.baud_of(port.fd)
        port.set_any(rate)
        connection.expect(sync(rate, 0x03))

    def test_any_rate_and_what_cannot_be_said(self):
        program, _, connection = self.connected("--baud-sync")
        port = self.port()
        port.set_any(123456)
        connection.expect(sync(123456, 0x03))
        port.set_any(110)  # a frame cannot say less than 300
        self.wait_errors(program, "cannot say 110 baud, 8N1$")
        port.write(b"goes on")
        connection.expect(b"goes on")
        port.set_any(0xFFFFFF)
        connection.expect(sync(0xFFFFFF, 0x03))
        port.set_any(0)  # is to hang up
        self.barrier(program)
        port.set_any(1200)
        connection.expect(sync(1200, 0x03))
        self.assertNotIn(" 0 baud", program.errors())

    def test_stop_bits_and_parity_as_far_as_a_pty_shows_them(self):
        _, _, connection = self.connected("--baud-sync")
        port = self.port()
        for cflag, bits in ((termios.CSTOPB, 0x07),
                            (termios.PARENB | termios.PARODD, 0x0B),
                            (termios.PARENB | termios.PARODD | CMSPAR, 0x2B),
                            (termios.PARENB | CMSPAR, 0x3B),
                            (termios.PARENB, 0x03)):  # even: not shown
            port.set(9600, cflag)
            connection.expect(sync(9600, bits))

    def test_format_says_what_a_pty_does_not_show(self):
        _, _, connection = self.connected("--baud-sync", "--format", "8E1")
        self.port().set(9600)
        connection.expect(SYNC_9600_8E1)

    def test_format_of_five_bits_and_two_stop_bits(self):
        _, _, connection = self.connected("--baud-sync", "--format", "5o2")
        self.port().set(300)
        connection.expect(sync(300, 0x0C))

    def test_profile_says_bit_7(self):
        _, _, connection = self.connected("--baud-sync", "--profile", "gprs232-7s3")
        port = self.port()
        port.set(9600)
        connection.expect(SYNC_9600_7S3)
        port.set(115200)
        connection.expect(SYNC_115200_7S3)

    def test_a_program_that_clears_extproc_is_followed(self):
        program, _, connection = self.connected("--baud-sync")
        port = self.port()
        port.set(9600, keep_lflag=False)
        connection.expect(SYNC_9600)
        port.set(115200, keep_lflag=False)
        connection.expect(SYNC_115200)
        for _ in range(100):
            port.set(9600, keep_lflag=False)
            port.write(b"low")
            connection.expect(SYNC_9600 + b"low")
            port.set(115200, keep_lflag=False)
            port.write(b"high")
            connection.expect(SYNC_115200 + b"high")
        cpu, wakes = program.cost()
        time.sleep(1.0)  # the measured time
        cpu_after, wakes_after = program.cost()
        self.assertLess(cpu_after - cpu, 0.05, "CPU seconds")
        self.assertLess(wakes_after - wakes, 30, "wake-ups")

    def test_bytes_that_wait_for_the_far_end_go_before_the_frame(self):
        """What vcom has read before the change, and cannot send yet."""
        program, _, connection = self.connected("--baud-sync", receive_buffer=4096)
        port = self.port()
        port.set(9600)
        connection.expect(SYNC_9600)
        data = os.urandom(8 << 20)
        taken = port.write_until_blocked(data, 0.3)
        program.signal(signal.SIGUSR1)
        sent = int(program.wait_log(r": (\d+) bytes to ")[1])
        port.set(115200)
        got = {}

        def read_all():
            got["all"] = connection.read(taken + len(SYNC_115200) + 3)

        def write_more():
            port.write(b"new")

        in_thread(read_all, write_more)
        at = got["all"].find(SYNC_115200)
        # what the pty itself holds comes behind: that is the documented limit
        self.assertEqual(at, sent + BUFFER)
        self.assertEqual(got["all"].replace(SYNC_115200, b""), data[:taken] + b"new")
        self.assertTrue(got["all"].endswith(b"new"))


class Bytes(Case):
    def test_a_mebibyte_each_way(self):
        program, _, connection = self.connected("--baud-sync")
        port = self.port()
        port.set(115200)
        connection.expect(SYNC_115200)
        both_ways(port, connection, os.urandom(1 << 20), os.urandom(1 << 20))
        program.signal(signal.SIGUSR1)
        program.wait_log(r"port: 1048576 bytes to 127\.0\.0\.1:\d+, 1048576 from it; 0 lost, "
                         "0 dropped by users; 1 connections, 1 settings; connected$")
        self.interrupt(program)
        self.assertRegex(program.output(), r"(?s)1048576 bytes to .*1048576 bytes to [^\n]*$")

    def test_a_peer_that_reads_nothing_holds_the_user_back(self):
        program, _, connection = self.connected(receive_buffer=4096)
        port = self.port()
        data = os.urandom(16 << 20)
        taken = port.write_until_blocked(data, 0.3)
        cpu, wakes = program.cost()
        time.sleep(0.5)  # the measured time
        cpu_after, wakes_after = program.cost()
        self.assertLess(cpu_after - cpu, 0.05, "CPU seconds")
        self.assertLess(wakes_after - wakes, 10, "wake-ups")
        compare(connection.read(taken), data[:taken], "up")

    def test_what_cannot_be_sent_before_the_end_is_counted(self):
        program, _, _ = self.connected(receive_buffer=4096)
        self.port().write_until_blocked(bytes(16 << 20), 0.3)
        self.interrupt(program)
        self.assertRegex(program.output(), f"; {BUFFER} lost, ")

    def test_a_user_who_sets_the_port_all_the_time_stops_nobody(self):
        _, _, connection = self.connected()
        port = self.port()
        end = threading.Event()

        def set_port():
            while not end.is_set():
                port.set(9600)
                port.set(115200)

        thread = threading.Thread(target=set_port)
        thread.start()
        try:
            for i in range(20):
                connection.write(b"down %d" % i)
                port.expect(b"down %d" % i)
        finally:
            end.set()
            thread.join()

    def test_a_user_who_reads_nothing_holds_the_peer_back(self):
        program, _, connection = self.connected()
        port = self.port()
        data = os.urandom(32 << 20)
        taken = connection.write_until_blocked(data, 0.3)
        cpu, wakes = program.cost()
        time.sleep(0.5)  # the measured time
        cpu_after, wakes_after = program.cost()
        self.assertLess(cpu_after - cpu, 0.05, "CPU seconds")
        self.assertLess(wakes_after - wakes, 10, "wake-ups")
        port.write(b"up goes on")
        connection.expect(b"up goes on")
        compare(port.read(taken), data[:taken], "down")

    def test_input_that_the_user_drops_does_not_come(self):
        program, _, connection = self.connected()
        port = self.port()
        taken = connection.write_until_blocked(bytes(32 << 20), 0.3)
        termios.tcflush(port.fd, termios.TCIFLUSH)
        port.write(b"and now")
        connection.expect(b"and now")
        program.signal(signal.SIGUSR1)
        match = program.wait_log(r"(\d+) from it; 0 lost, (\d+) dropped by users")
        self.assertGreater(int(match[2]), 0)
        self.assertLess(int(match[1]) + int(match[2]), taken)

    def test_idle_costs_nothing(self):
        program, _, _ = self.connected("--baud-sync")
        self.port().set(9600)
        program.wait_log("9600 baud, 8N1$")
        cpu, wakes = program.cost()
        time.sleep(1.0)  # the measured time
        cpu_after, wakes_after = program.cost()
        self.assertEqual(cpu_after, cpu, "CPU seconds")
        self.assertLess(wakes_after - wakes, 3, "wake-ups")


class Life(Case):
    """Ends that come and go."""

    def test_user_closes_and_opens_again(self):
        _, _, connection = self.connected("--baud-sync")
        for rate, frame in ((9600, SYNC_9600), (115200, SYNC_115200)) * 3:
            port = Port(self.path("port"))
            port.set(rate)
            port.write(b"here")
            port.close()
            connection.expect(frame + b"here")

    def test_what_is_written_just_before_closing_arrives(self):
        _, _, connection = self.connected()
        data = os.urandom(3000)
        for _ in range(50):
            port = Port(self.path("port"))
            port.write(data)
            port.close()
            connection.expect(data)

    def test_far_end_goes_and_comes_back(self):
        program, peer, connection = self.connected("--baud-sync")
        port = self.port()
        port.set(9600)
        port.write(b"before")
        connection.expect(SYNC_9600 + b"before")
        peer.die()
        self.wait_errors(program, "the connection has ended; trying again in 1 s$")
        port.set(115200)
        held = port.write_until_blocked(bytes(i & 0xFF for i in range(1 << 20)), 0.2)
        self.wait_errors(program, "Connection refused; trying again in 2 s$")
        connection = peer.listen().accept()
        program.wait_log(": connected$")
        compare(connection.read(len(SYNC_115200) + held),
                SYNC_115200 + bytes(i & 0xFF for i in range(held)), "after it came back")
        connection.write(b"welcome")
        port.expect(b"welcome")
        program.signal(signal.SIGUSR1)
        program.wait_log("; 0 lost, 0 dropped by users; 2 connections, 2 settings; connected$")

    def test_order_is_kept_while_there_is_no_connection(self):
        peer = self.peer()
        program = self.vcom(peer.target.replace(",", ":"), "--baud-sync")
        program.wait_log("a serial port, /dev/")
        port = self.port()
        for rate, text in ((9600, b"low"), (115200, b"high")):
            port.set(rate)
            port.write(text)
            self.barrier(program)
        connection = peer.listen().accept()
        connection.expect(SYNC_9600 + b"low" + SYNC_115200 + b"high")

    def test_settings_are_told_to_each_new_connection(self):
        _, peer, connection = self.connected("--baud-sync")
        self.port().set(9600)
        connection.expect(SYNC_9600)
        connection.close()
        peer.accept().expect(SYNC_9600)

    def test_far_end_is_not_there_at_first(self):
        peer = self.peer()
        program = self.vcom(peer.target.replace(",", ":"), "--baud-sync")
        program.wait_log("a serial port, /dev/")
        port = self.port()
        port.set(9600)
        port.write(b"early")
        self.wait_errors(program, "Connection refused; trying again in [12] s$", 2)
        connection = peer.listen().accept()
        connection.expect(SYNC_9600 + b"early")

    def test_pauses_grow(self):
        program = self.vcom("127.0.0.1:1")
        self.wait_errors(program, "trying again in 1 s$")
        self.wait_errors(program, "trying again in 2 s$")
        self.wait_errors(program, "trying again in 4 s$")
        self.interrupt(program)

    def test_a_far_end_that_does_not_answer_is_given_up_in_time(self):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            where = listener.getsockname()
            crowd = [self.closing(socket.socket()) for _ in range(4)]
            for sock in crowd:  # more than it takes: the next one gets no answer
                sock.setblocking(False)
                sock.connect_ex(where)
            program = self.vcom(f"127.0.0.1:{where[1]}")
            self.wait_errors(program, "no answer; trying again in 1 s$")

    def test_an_unknown_name_is_told_and_tried_again(self):
        program = self.vcom("no.such.host.invalid:23")
        self.wait_errors(program, r"^dtuctl: no\.such\.host\.invalid:23: .*; trying again in 1 s$")
        self.interrupt(program)

    def test_end_while_connected_by_a_name(self):
        peer = self.peer().listen()
        program = self.vcom(f"localhost:{peer.port}")
        connection = peer.accept()
        self.port().write(b"by name")
        connection.expect(b"by name")
        self.interrupt(program)
        connection.expect_end()

    def test_link_in_use(self):
        self.connected()
        other = self.vcom("127.0.0.1:1")
        self.assertEqual(other.wait_end(), FAILED)
        self.assertRegex(other.errors(), "port exists; remove it if no other program uses it")
        self.assertTrue(os.path.exists(self.path("port")))

    def test_link_of_one_that_was_killed_is_replaced(self):
        program, _, _ = self.connected()
        program.kill()
        self.assertTrue(os.path.lexists(self.path("port")))
        _, _, connection = self.connected()
        self.port().write(b"again")
        connection.expect(b"again")

    def test_users_can_lock_the_port_among_themselves(self):
        self.connected()
        first, second = self.port(), self.port()
        fcntl.flock(first.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with self.assertRaises(BlockingIOError):
            fcntl.flock(second.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        first.close()
        fcntl.flock(second.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def test_two_users_share_the_port_as_any_serial_port(self):
        _, _, connection = self.connected("--baud-sync")
        first, second = self.port(), self.port()
        first.set(9600)
        second.write(b"second")
        connection.expect(SYNC_9600 + b"second")
        second.set(115200)
        first.write(b"first")
        connection.expect(SYNC_115200 + b"first")
        second.close()
        connection.write(b"to who is left")
        first.expect(b"to who is left")

    def test_a_hangup_that_was_ignored_stays_so(self):
        """As by nohup: the terminal goes, and the serial port stays."""
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            program, _, connection = self.connected()
        finally:
            signal.signal(signal.SIGHUP, before)
        program.signal(signal.SIGHUP)
        self.barrier(program)
        self.port().write(b"still here")
        connection.expect(b"still here")

    def test_wrong_use(self):
        for options, text in ((["--format", "9N1"], "9N1: --format takes"),
                              (["--format", "8X1"], "8X1: --format takes"),
                              (["--format", "8N1x"], "8N1x: --format takes"),
                              (["--rfc2217", "--baud-sync"], "only one of")):
            program = self.vcom("127.0.0.1:1", *options)
            self.assertEqual(program.wait_end(), USAGE)
            self.assertRegex(program.errors(), text)
        program = harness.Program(["vcom", "127.0.0.1:1"], program=DTUCTL)
        self.assertEqual(program.wait_end(), USAGE)
        program = harness.Program(["vcom", "--link", self.path("no/dir"), "127.0.0.1:1"],
                                  program=DTUCTL)
        self.assertEqual(program.wait_end(), FAILED)
        self.assertRegex(program.errors(), "cannot make link .*No such file")


# Sets a rate, sends a line and waits for one from the other side, which is there when the other side
# has looked.
PYSERIAL = """
import sys, serial
port = serial.Serial(sys.argv[1], 9600, timeout=20, exclusive=True)
for rate in (9600, 115200, 1200, 230400):
    port.baudrate = rate
    port.write(b"at %d\\n" % rate)
    assert port.readline() == b"seen %d\\n" % rate
"""


@unittest.skipUnless(shutil.which("socat"), "needs socat")
class Softdtu(Case):
    """The far end is a module whose UART is a tty."""

    def module(self, *options):
        """softdtu as a TCP server: its UART, the user there, and where it is."""
        ends = self.path("module"), self.path("user")
        socat_pair(self, *ends)
        fd = os.open(ends[0], os.O_RDWR | os.O_NOCTTY)
        self.addCleanup(os.close, fd)
        self.profile = "k7"
        user = self.user("user", greeting=False)
        port = free_port()
        args = ["--profile", "k7", "--tty", ends[0], "--verbose", "--net-at-port", "0",
                "--discovery-port", "0"]
        for setting in ["E=OFF", "RFCEN=ON", f"SOCKA=TCPS,127.0.0.1,{port}"]:
            args += ["--set", setting]
        self.launch(*args, *options).wait_log("UART at ")
        return fd, user, f"127.0.0.1:{port}"

    @unittest.skipUnless(has_pyserial(), "needs pyserial")
    def test_uart_follows_pyserial_before_the_first_byte(self):
        fd, user, where = self.module()
        self.follow_pyserial(fd, user, where, "--baud-sync")

    def follow_pyserial(self, fd, user, where, option):
        self.vcom(where, option).wait_log(": connected$")
        program = subprocess.Popen([PYTHON, "-c", PYSERIAL, self.path("port")])
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        for rate in (9600, 115200, 1200, 230400):
            user.expect(b"at %d\n" % rate)
            self.assertEqual(harness.baud_of(fd), rate)
            user.write(b"seen %d\n" % rate)
        self.assertEqual(program.wait(harness.SECONDS), 0)

    @unittest.skipUnless(has_pyserial(), "needs pyserial")
    def test_uart_follows_by_rfc2217(self):
        number = free_port()
        fd, user, _ = self.module("--rfc2217", str(number))
        self.follow_pyserial(fd, user, f"127.0.0.1:{number}", "--rfc2217")

    def test_a_mebibyte_each_way(self):
        fd, user, where = self.module()
        self.vcom(where, "--baud-sync").wait_log(": connected$")
        port = self.port()
        port.set(9600)
        port.write(b"one")
        user.expect(b"one")
        self.assertEqual(harness.baud_of(fd), 9600)
        port.set(115200)
        both_ways(port, user, os.urandom(1 << 20), os.urandom(1 << 20), 60)
        self.assertEqual(harness.baud_of(fd), 115200)


# pyserial's server of RFC 2217 with a port that returns what is sent, but for "?": how it is set.
PORT_MANAGER = """
import serial, serial.rfc2217, socket, threading
port = serial.serial_for_url("loop://", timeout=0.02)
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(1)
print(listener.getsockname()[1], flush=True)
connection, _ = listener.accept()
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
lock = threading.Lock()
class Writer:
    def write(self, data):
        with lock:
            connection.sendall(data)
manager = serial.rfc2217.PortManager(port, Writer())
def down():
    while True:
        data = port.read(port.in_waiting or 1)
        if data:
            Writer().write(b"".join(manager.escape(data)))
threading.Thread(target=down, daemon=True).start()
while True:
    data = connection.recv(65536)
    if not data:
        break
    for byte in manager.filter(data):
        if byte == b"?":
            Writer().write(b"%d %d%s%d\\n" % (port.baudrate, port.bytesize, port.parity.encode(),
                                             port.stopbits))
        else:
            port.write(byte)
"""

IAC, DONT, DO, WONT, WILL, SB, SE, COM_PORT = 255, 254, 253, 252, 251, 250, 240, 44


class FakeServer:
    """An RFC 2217 server that does as a test wishes."""

    def __init__(self, connection):
        self.connection = connection
        self.commands = []

    def expect_negotiation(self):
        """RFC 2217 section 2: the client says WILL COM-PORT-OPTION, or the server DO."""
        self.connection.write(bytes([IAC, DO, COM_PORT]))
        self.connection.read_until(re.escape(bytes([IAC, WILL, COM_PORT])))

    def answer(self, name, value):
        self.connection.write(bytes([IAC, SB, COM_PORT, 100 + name]) + value + bytes([IAC, SE]))

    def command(self):
        """The next COM-PORT command: its number and value."""
        head = re.escape(bytes([IAC, SB, COM_PORT]))
        data = self.connection.read_until(head + rb"(?:[^\xff]|\xff\xff)*" +
                                          re.escape(bytes([IAC, SE])))
        body = data[data.index(bytes([IAC, SB, COM_PORT])) + 3: -2].replace(b"\xff\xff", b"\xff")
        return body[0], body[1:]


class Rfc2217(Case):
    """The far end is a standard server."""

    @unittest.skipUnless(has_pyserial(), "needs pyserial")
    def test_pyserial_port_manager(self):
        for size in "5678":
            for parity in "NOEMS":
                self.check_port_manager(f"{size}{parity}1")

    def check_port_manager(self, uart_format):
        server = subprocess.Popen([PYTHON, "-c", PORT_MANAGER], stdout=subprocess.PIPE)
        try:
            where = f"127.0.0.1:{int(server.stdout.readline())}"
            program = self.vcom(where, "--rfc2217", "--format", uart_format)
            program.wait_log(": connected$")
            port = Port(self.path("port"))
            for rate in (300, 9600, 115200):
                port.set(rate)
                port.write(b"?")
                port.expect(b"%d %s\n" % (rate, uart_format.encode()))
            port.set(19200, termios.CSTOPB)
            port.write(b"?")
            port.expect(b"19200 %s2\n" % uart_format[:2].encode())
            port.set_any(123456)
            port.write(b"?")
            port.expect(b"123456 %s2\n" % uart_format[:2].encode())
            data = bytes(b for b in range(256) if b != ord("?")) * 8
            port.write(data)
            port.expect(data)
            port.close()
            self.interrupt(program)
            self.assertEqual(program.errors(), "")
        finally:
            server.kill()
            server.wait()
            server.stdout.close()

    @unittest.skipUnless(shutil.which("ser2net") and shutil.which("socat"), "needs ser2net, socat")
    def test_ser2net(self):
        ends = self.path("served"), self.path("user")
        socat_pair(self, *ends)
        fd = os.open(ends[0], os.O_RDWR | os.O_NOCTTY)
        self.addCleanup(os.close, fd)
        user = self.closing(Port(ends[1]))
        number = free_port()
        with open(self.path("ser2net.yaml"), "w", encoding="ascii") as f:
            f.write(f"connection: &c\n  accepter: telnet(rfc2217),tcp,127.0.0.1,{number}\n"
                    f"  connector: serialdev,{ends[0]},115200n81,local\n")
        server = subprocess.Popen(["ser2net", "-n", "-c", self.path("ser2net.yaml")],
                                  stderr=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        program = self.vcom(f"127.0.0.1:{number}", "--rfc2217")
        program.wait_log(": connected$")
        port = self.port()
        for rate in (9600, 115200, 300, 1200, 57600):
            for cflag in (0, termios.CSTOPB):
                port.set(rate, cflag)
                port.write(b"up \xff\xff\r\0\n")
                user.expect(b"up \xff\xff\r\0\n")
                self.assertEqual(harness.baud_of(fd), rate)
                self.assertEqual(termios.tcgetattr(fd)[2] & termios.CSTOPB, cflag)
                user.write(b"down \xff\xff\r\0\n")
                port.expect(b"down \xff\xff\r\0\n")
        both_ways(port, user, os.urandom(1 << 20), os.urandom(1 << 20), 60)
        self.interrupt(program)

    def test_data_waits_until_the_server_has_confirmed(self):
        _, _, connection = self.connected("--rfc2217")
        server = FakeServer(connection)
        port = self.port()
        port.set(9600)
        port.write(b"first byte")
        server.expect_negotiation()
        wishes = {}
        while len(wishes) < 5:  # RFC 2217 section 3: baud, data size, parity, stop size, control
            name, value = server.command()
            wishes[name] = value
            self.assertNotIn(b"first", connection.buffer)
        self.assertEqual(wishes[1], struct.pack(">I", 9600))
        self.assertEqual((wishes[2], wishes[3], wishes[4]), (b"\x08", b"\x01", b"\x01"))
        connection.expect_silence(0.2)
        for name, value in wishes.items():
            server.answer(name, value)
        connection.expect(b"first byte")

    def test_a_server_that_sets_another_rate_is_told(self):
        program, _, connection = self.connected("--rfc2217")
        server = FakeServer(connection)
        self.port().set(115200)
        server.expect_negotiation()
        for _ in range(5):
            name, value = server.command()
            server.answer(name, struct.pack(">I", 57600) if name == 1 else value)
        self.wait_errors(program, "its UART is at 57600 baud, 8N1 instead$")

    def test_a_server_that_is_silent_is_waited_for_and_then_data_goes_on(self):
        program, _, connection = self.connected("--rfc2217")
        port = self.port()
        port.set(9600)
        began = time.monotonic()
        port.write(b"at last")
        connection.read_until(b"at last")
        self.assertGreater(time.monotonic() - began, 1.0)
        self.wait_errors(program, "does not confirm the settings; going on without$")

    def test_a_purge_that_is_never_answered_holds_data_for_a_while_only(self):
        _, _, connection = self.connected("--rfc2217")
        FakeServer(connection).expect_negotiation()
        port = self.port()
        for text in (b"one", b"two", b"three"):
            termios.tcflush(port.fd, termios.TCIFLUSH)
            port.write(text)
            connection.read_until(text)

    def test_a_server_that_does_not_speak_it_gets_data_at_once(self):
        program, _, connection = self.connected("--rfc2217")
        connection.write(bytes([IAC, DONT, COM_PORT]))
        connection.read_until(re.escape(bytes([IAC, WILL, COM_PORT])))
        self.wait_errors(program, "does not speak RFC 2217; its UART stays as it is$")
        port = self.port()
        for rate in (9600, 115200):
            port.set(rate)
            began = time.monotonic()
            port.write(b"data")
            connection.read_until(b"data")
            self.assertLess(time.monotonic() - began, 1.0)

    def test_dropped_input_is_purged_at_the_server(self):
        _, _, connection = self.connected("--rfc2217")
        server = FakeServer(connection)
        server.expect_negotiation()
        port = self.port()
        termios.tcflush(port.fd, termios.TCIFLUSH)
        self.assertEqual(server.command(), (12, b"\x01"))  # PURGE-DATA, the receive buffer

    def test_hanging_up_takes_the_lines_away(self):
        _, _, connection = self.connected("--rfc2217")
        server = FakeServer(connection)
        server.expect_negotiation()
        port = self.port()
        port.set_any(0)
        controls = set()
        while controls != {(5, b"\x09"), (5, b"\x0c")}:  # SET-CONTROL: DTR off, RTS off
            name, value = server.command()
            self.assertEqual(name, 5)  # a rate of 0 would be a question
            controls.add((name, value))
            server.answer(name, value)

    def test_a_hostile_server_ends_nothing(self):
        program, _, connection = self.connected("--rfc2217")
        connection.write(bytes([IAC, SB, COM_PORT]) + b"x" * 100000 + bytes([IAC, SE]))
        connection.write(os.urandom(200000).replace(b"\xff", b"\xff\xfa"))
        reader = threading.Thread(target=self.port().skip, args=(1.0,))
        reader.start()
        connection.skip(0.5)
        reader.join()
        program.check_alive()
        self.interrupt(program)


if __name__ == "__main__":
    harness.main()
