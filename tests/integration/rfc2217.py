#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The UART offered by RFC 2217: to pyserial, to telnet by hand, and to whoever sends anything."""
import os
import random
import socket
import sys
import time

import harness
from harness import Connection, Deadline, compare, socat_pair

try:
    import serial
except ImportError:
    sys.exit(77)

IAC, SB, SE, COM_PORT = b"\xff", b"\xfa", b"\xf0", b"\x2c"


class Rfc2217(harness.Test):
    """A cat1 or k7 at one end of a pair of ptys; the user is at the other."""

    def setUp(self):
        super().setUp()
        self.ends = self.path("module"), self.path("user")
        self.socat = socat_pair(self, *self.ends)
        self.number = harness.free_port()
        self.net_at = harness.free_port(socket.SOCK_DGRAM)

    def start_module(self, *more, profile="k7"):
        self.profile = profile
        off = "SOCKAEN=OFF" if profile == "cat1" else f"SOCKA=TCPC,{harness.NOWHERE}"
        program = self.launch("--profile", profile, "--tty", self.ends[0], "--verbose", "--bind",
                              "127.0.0.1", "--discovery-port", "0", "--net-at-port",
                              str(self.net_at), "--rfc2217", str(self.number), "--set", off, *more)
        program.wait_log("^softdtu: ")
        program.wait_log("started as")
        return program

    def open(self, options="", **settings):
        port = serial.serial_for_url(f"rfc2217://127.0.0.1:{self.number}{options}", timeout=10,
                                     **settings)
        self.addCleanup(port.close)
        return port

    def connect(self):
        """A client that does nothing by itself."""
        sock = socket.create_connection(("127.0.0.1", self.number))
        return self.closing(Connection(sock))

    def raw_user(self):
        return self.user("user", greeting=False)

    def ask(self, line):
        """A command over the network."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(harness.SECONDS)
            sock.connect(("127.0.0.1", self.net_at))
            sock.send(b"www.usr.cn")
            sock.recv(2000)
            sock.send(line.encode() + b"\r\n")
            return sock.recv(2000).decode()

    # --- pyserial -------------------------------------------------------------------------------

    def test_settings(self):
        """What pyserial sets is what the UART does, what the module shows and what the log says."""
        program = self.start_module()
        fd = os.open(self.ends[0], os.O_RDWR | os.O_NOCTTY)
        self.addCleanup(os.close, fd)
        port = self.open(baudrate=9600, bytesize=7, parity="E", stopbits=2)
        program.wait_log("RFC 2217: a client has the UART, UART 9600 7E2")
        self.assertEqual(harness.baud_of(fd), 9600)
        self.assertTrue(harness.termios.tcgetattr(fd)[2] & harness.termios.CSTOPB)
        self.assertIn("9600,7,2,EVEN", self.ask("AT+UART?"))
        for baud in 300, 1200, 57600, 230400, 123456:
            port.baudrate = baud
            self.assertEqual(harness.baud_of(fd), baud)
        port.baudrate = 115200
        for bytesize, parity, stopbits in (5, "N", 1), (6, "O", 2), (7, "M", 1), (8, "S", 2):
            port.bytesize, port.parity, port.stopbits = bytesize, parity, stopbits
            program.wait_log(f"UART 115200 {bytesize}{parity}{stopbits}$")
        port.xonxoff = True
        self.assertTrue(harness.termios.tcgetattr(fd)[0] & harness.termios.IXON)
        port.xonxoff = False
        self.assertFalse(harness.termios.tcgetattr(fd)[0] & harness.termios.IXON)

    def test_settings_are_given_back(self):
        program = self.start_module("--set", "UART=38400,8,1,NONE,NFC")
        fd = os.open(self.ends[0], os.O_RDWR | os.O_NOCTTY)
        self.addCleanup(os.close, fd)
        port = self.open(baudrate=9600, parity="O")
        self.assertEqual(harness.baud_of(fd), 9600)
        port.close()
        program.wait_log("RFC 2217: the UART is back, UART 38400 8N1")
        self.assertEqual(harness.baud_of(fd), 38400)
        self.assertIn("38400,8,1,NONE", self.ask("AT+UART?"))

    def test_a_megabyte_both_ways(self):
        self.start_module()
        user = self.raw_user()
        port = self.open(baudrate=115200)
        rand = random.Random(1)
        data = rand.randbytes(1 << 20)
        data = b"\xff" * 1000 + b"\xff\xf0\xff\xfa\x2c\x00\xff\xf0" + data[1008:]
        got = {}

        def read_down():
            got["down"] = user.read(len(data), 60)

        def read_up():
            parts, have = [], 0
            while have < len(data):
                part = port.read(min(65536, len(data) - have))
                if not part:
                    break
                parts.append(part)
                have += len(part)
            got["up"] = b"".join(parts)

        harness.in_thread(read_down, read_up, lambda: port.write(data),
                          lambda: user.write(data, 60))
        compare(got["down"], data, "client to UART")
        compare(got["up"], data, "UART to client")

    def test_purge_and_break_are_answered(self):
        """Without an answer pyserial raises an exception after 3 seconds."""
        self.start_module()
        port = self.open()
        started = time.monotonic()
        port.reset_input_buffer()
        port.reset_output_buffer()
        port.break_condition = True
        port.break_condition = False
        port.send_break(0.01)
        port.dtr = False
        port.rts = False
        port.dtr = True
        port.rts = True
        self.assertLess(time.monotonic() - started, 3)

    def test_lines_of_a_tty_without_lines(self):
        self.start_module()
        port = self.open("?poll_modem")
        self.assertTrue(port.cts and port.dsr and port.cd)
        self.assertFalse(port.ri)

    def test_purge_drops_what_the_uart_has_received(self):
        self.start_module()
        user = self.raw_user()
        client = self.connect()
        client.write(IAC + SB + COM_PORT + b"\x08" + IAC + SE)  # suspend: it stays at the server
        client.write(IAC + SB + COM_PORT + b"\x02\x00" + IAC + SE)
        client.read_until(b"\x2c\x66\x08\xff\xf0")
        user.write(b"old")
        time.sleep(0.3)  # through socat
        client.write(IAC + SB + COM_PORT + b"\x0c\x01" + IAC + SE)
        client.read_until(b"\x2c\x70\x01\xff\xf0")
        client.write(IAC + SB + COM_PORT + b"\x09" + IAC + SE)
        user.write(b"new")
        client.expect(b"new")

    # --- Whose UART it is -----------------------------------------------------------------------

    def test_the_uart_is_the_clients(self):
        """Nothing of the UART goes to the module, and what that has for the UART waits."""
        peer = self.peer().listen()
        program = self.start_module("--set", f"SOCKA=TCPC,{peer.target}")
        connection = peer.accept()
        program.wait_log("socket A: connected")
        user = self.raw_user()
        user.write(b"before")
        connection.expect(b"before")
        client = self.connect()
        program.wait_log("a client has the UART")
        client.write(b"to the UART")
        user.expect(b"to the UART")
        client.skip(0.1)
        user.write(b"from the UART")
        client.expect(b"from the UART")
        connection.write(b"from the network")
        user.expect_silence(0.1)
        _, wakes = program.cost()
        time.sleep(1.0)  # the measured time
        _, wakes_after = program.cost()
        self.assertLess(wakes_after - wakes, 20, "wake-ups while it waits")
        connection.expect_silence(0.1)
        client.close()
        program.wait_log("the UART is back")
        user.expect(b"from the network")
        user.write(b"after")
        connection.expect(b"after")

    def test_a_second_client_is_told_and_closed(self):
        self.start_module()
        port = self.open()
        second = self.connect()
        second.expect(b"softdtu: the UART is in use by another client\r\n")
        second.expect_end()
        port.write(b"a")
        self.raw_user().expect(b"a")

    def test_a_client_that_vanishes(self):
        """A connection that is reset gives the UART back; so does one in the middle of a command."""
        program = self.start_module()
        for _ in range(3):
            client = self.connect()
            program.wait_log("a client has the UART")
            client.write(IAC + SB + COM_PORT + b"\x01\x00\x00")
            client.reset()
            program.wait_log("the UART is back")

    def test_what_was_sent_before_the_end_arrives(self):
        self.start_module()
        user = self.raw_user()
        client = self.connect()
        data = os.urandom(100000).replace(IAC, b"x")
        harness.in_thread(lambda: (client.write(data), client.sock.shutdown(socket.SHUT_WR)),
                          lambda: compare(user.read(len(data)), data, "client to UART"))
        client.read_until(b"\xff\xfd\x2c")
        client.expect_end()

    def test_a_restart_leaves_the_client_alone(self):
        program = self.start_module()
        user = self.raw_user()
        fd = os.open(self.ends[0], os.O_RDWR | os.O_NOCTTY)
        self.addCleanup(os.close, fd)
        port = self.open(baudrate=9600)
        self.ask("AT+Z")
        program.wait_log("started as")
        self.assertEqual(harness.baud_of(fd), 9600)
        self.assertIn("9600,", self.ask("AT+UART?"))
        port.write(b"still here")
        user.expect(b"still here")
        port.close()
        program.wait_log("the UART is back, UART 115200 8N1")

    def test_a_tty_that_comes_back_is_set_as_the_client_wants_it(self):
        program = self.start_module()
        port = self.open(baudrate=9600)
        self.socat.terminate()
        self.socat.wait()
        program.wait_log("is gone")
        self.socat = socat_pair(self, *self.ends)
        program.wait_log("is back")
        fd = os.open(self.ends[0], os.O_RDWR | os.O_NOCTTY)
        self.addCleanup(os.close, fd)
        end = Deadline(harness.SECONDS, "the tty is set to 9600")
        while harness.baud_of(fd) != 9600:
            time.sleep(0.05)
            end.check()
        port.write(b"again")
        self.raw_user().expect(b"again")

    def test_a_client_that_does_not_read_holds_the_uart_back(self):
        program = self.start_module()
        user = self.raw_user()
        client = self.connect()
        program.wait_log("a client has the UART")
        data = os.urandom(8 << 20).replace(IAC, b"x")
        sent = user.write_until_blocked(data, 1.0)
        self.assertLess(sent, len(data))
        cpu, _ = program.cost()
        time.sleep(1.0)  # the measured time
        cpu_after, _ = program.cost()
        self.assertLess(cpu_after - cpu, 0.1, "CPU seconds")
        client.read_until(b"\xff\xfd\x2c")
        compare(client.read(sent, 60), data[:sent], "UART to client")

    # --- Anybody --------------------------------------------------------------------------------

    def test_urgent_data_stays_in_its_place(self):
        """A telnet client sends the DM of IAC DM as urgent data."""
        self.start_module()
        user = self.raw_user()
        with socket.create_connection(("127.0.0.1", self.number)) as sock:
            sock.sendall(b"a")
            sock.send(b"\xff\xf2", socket.MSG_OOB)
            sock.sendall(b"\xf1b")
            user.expect(b"a\xf1b")

    def test_hostile_bytes(self):
        """Whatever is sent, the module goes on, and the next client has the UART."""
        program = self.start_module()
        user = self.raw_user()
        rand = random.Random(2217)
        likely = [b"\xff", b"\xfa\x2c", b"\xf0", b"\xfb\x2c", b"\xfd", b"\xf3", b"\xf6", b"\x01",
                  b"\xff\xfa\x2c\x05", b"\xff\xf0", b"\x00\x00\x25\x80"]
        for _ in range(10):
            client = self.connect()
            program.wait_log("a client has the UART")
            for _ in range(20):
                client.write(b"".join(rand.choice(likely) for _ in range(500)))
                client.write(rand.randbytes(500))
                client.skip()
            client.reset()
            harness.in_thread(lambda: program.wait_log("the UART is back"),
                              lambda: user.skip(0.2))
        user.skip(0.2)
        self.open(baudrate=115200).write(b"all is well")
        user.read_until(b"all is well")

    def test_the_program_does_nothing_while_nothing_happens(self):
        program = self.start_module()
        self.open()
        _, wakes = program.cost()
        time.sleep(2.0)  # the measured time
        _, wakes_after = program.cost()
        self.assertLess(wakes_after - wakes, 20, "wake-ups")

    # --- The command line -----------------------------------------------------------------------

    def test_a_port_that_cannot_be_had_ends_the_program(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", self.number))
            taken.listen()
            program = self.launch("--profile", "k7", "--tty", self.ends[0], "--bind", "127.0.0.1",
                                  "--discovery-port", "0", "--rfc2217", str(self.number))
            self.assertEqual(program.wait_end(), 1)
            self.assertRegex(program.errors(), f"TCP port {self.number} cannot be had for RFC 2217")

    def test_several_modules_have_ports_that_count_up(self):
        for _ in range(20):  # three ports in a row that are free
            self.number = harness.free_port()
            program = self.launch("--profile", "cat1", "--pty", self.path("uart"), "--bind",
                                  "127.0.0.1", "--set", "SOCKAEN=OFF", "--count", "3", "--verbose",
                                  "--rfc2217", str(self.number))
            try:
                program.wait_log("3: started", timeout=5)
                break
            except AssertionError:
                program.kill()
        for n in range(3):
            client = self.closing(Connection(
                socket.create_connection((f"127.0.0.{1 + n}", self.number + n))))
            program.wait_log(f"{n + 1}: RFC 2217: a client has the UART")
            client.close()
        wrong = self.launch("--profile", "cat1", "--pty", self.path("uart"), "--count", "3",
                            "--rfc2217", "65534")
        self.assertEqual(wrong.wait_end(), 2)
        self.assertRegex(wrong.errors(), "--rfc2217: leaves no ports for so many modules")


if __name__ == "__main__":
    harness.main()
