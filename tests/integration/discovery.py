#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A K7 found and set by UDP. The asker is made here by the rules of the specification (frames.md
section 3 and manual 003 section 5.1.2), not by the library."""
import socket
import struct

import harness
from harness import SECONDS, Deadline, free_port

SEARCH, RESTART, READ, SAVE, BASIC, PORT_0, PORT_1, FACTORY, CLOUD = (
    0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x0B, 0x10)
DONE, REFUSED, ERROR = b"K", b"P", b"E"
MAC = bytes.fromhex("D8B04C000001")  # softdtu's first
EVERYBODY = "127.255.255.255"


def result(command, how):
    return b"\xff\x01" + bytes([command]) + how


class Asker:
    def __init__(self, port):
        self.port = port
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.close = self.sock.close

    def send(self, to, data):
        self.sock.sendto(data, (to, self.port))

    def ask(self, to, command, params=b"", mac=MAC, user=b"admin", password=b"admin", damage=0):
        body = bytes([command])
        if command != SEARCH:
            body += mac + user.ljust(6, b"\0") + password.ljust(6, b"\0") + params
        body = bytes([len(body)]) + body
        self.send(to, b"\xff" + body + bytes([(sum(body) ^ damage) & 0xFF]))
        return sum(body) & 0xFF

    def answer(self, timeout=SECONDS):
        self.sock.settimeout(timeout)
        try:
            return self.sock.recvfrom(2048)
        except TimeoutError:
            raise harness.Failure(f"no answer within {timeout} s") from None

    def expect(self, data):
        harness.compare(self.answer()[0], data, "answer")

    def expect_silence(self, seconds=0.3):
        self.sock.settimeout(seconds)
        try:
            raise harness.Failure(f"{self.sock.recvfrom(2048)} instead of silence")
        except TimeoutError:
            pass

    def search(self, to, count, timeout=SECONDS):
        """The answers of so many modules: {MAC: (IP told, IP of the sender)}."""
        self.ask(to, SEARCH)
        found = {}
        deadline = Deadline(timeout, f"{count} modules found")
        while len(found) < count:
            deadline.check(f", only {len(found)}")
            data, (sender, _) = self.answer(max(deadline.left(), 0.01))
            if len(data) != 36 or data[:3] != b"\xff\x24\x01":
                raise harness.Failure(f"{data!r} is no answer to a search")
            if sum(data) & 0xFF:  # the check is 0 minus all before it
                raise harness.Failure(f"{data!r}: wrong check")
            found[data[9:15]] = (socket.inet_ntoa(data[5:9]), sender)
        return found


class Discovery(harness.Test):
    profile = "k7"

    def start_k7(self, *options, settings=()):
        self.port = free_port(socket.SOCK_DGRAM)
        program = self.start("k7", settings=settings, options=(
            "--discovery-port", str(self.port), "--net-at-port", "0", *options))
        self.await_last(options)
        self.asker = self.closing(Asker(self.port))
        return program

    def await_last(self, options):
        """Asks until the last module answers: it is the last to open its port."""
        count = int(options[options.index("--count") + 1]) if "--count" in options else 1
        bind = options[options.index("--bind") + 1] if "--bind" in options else "0.0.0.0"
        bind = "127.0.0.1" if bind == "0.0.0.0" else bind
        last = socket.inet_ntoa((int.from_bytes(socket.inet_aton(bind), "big") + count - 1)
                                .to_bytes(4, "big"))
        first = self.closing(Asker(self.port))
        deadline = Deadline(SECONDS, f"the module at {last}")
        while True:
            first.ask(last, SEARCH)
            try:
                first.answer(0.1)
                return
            except harness.Failure:
                deadline.check()

    def test_search(self):
        """By broadcast and by its address; the answer is from that address, and tells it."""
        self.start_k7("--bind", "127.0.1.1")
        for to in (EVERYBODY, "127.0.1.1"):
            self.assertEqual(self.asker.search(to, 1), {MAC: ("127.0.1.1", "127.0.1.1")})
        self.asker.ask("127.0.1.2", SEARCH)
        self.asker.expect_silence()

    def test_without_an_address(self):
        """It tells the one at which it was found."""
        self.start_k7()
        self.assertEqual(self.asker.search("127.0.0.1", 1), {MAC: ("127.0.0.1", "127.0.0.1")})
        self.assertEqual(self.asker.search("127.0.3.3", 1), {MAC: ("127.0.3.3", "127.0.3.3")})

    def test_any_address_is_no_address(self):
        self.start_k7("--bind", "0.0.0.0")
        for to in (EVERYBODY, "127.0.0.1"):
            self.assertEqual(self.asker.search(to, 1), {MAC: ("127.0.0.1", "127.0.0.1")})
            self.asker.expect_silence()  # it answers once

    def test_settings(self):
        """Read, change, save, restart: AT+UART shows what the port block set, and the UART runs
        with it."""
        program = self.start_k7("--bind", "127.0.1.1")
        user = self.user()
        self.asker.ask("127.0.1.1", READ)
        blocks = self.asker.answer()[0]
        self.assertEqual(len(blocks), 180)
        port = bytearray(blocks[67:130])
        self.assertEqual(struct.unpack_from("<I", port)[0], 115200)
        port[:8] = struct.pack("<IBBBB", 9600, 7, 3, 2, 3)  # 7E2, RTS/CTS
        self.asker.ask("127.0.1.1", PORT_0, bytes(port))
        self.asker.expect(result(PORT_0, DONE))
        user.enter()
        self.assertEqual(user.query("UART"), "9600,7,2,EVEN,FCH")
        user.leave()
        for command in (SAVE, RESTART):
            self.asker.ask("127.0.1.1", command)
            self.asker.expect(result(command, DONE))
        program.wait_log("discovery: restart: done")
        program.wait_log("started as k7, UART 9600 7E2")
        self.asker.ask("127.0.1.1", READ)
        self.assertEqual(self.asker.answer()[0][67:130], bytes(port))

    def test_what_was_not_saved(self):
        program = self.start_k7("--bind", "127.0.1.1")
        self.asker.ask("127.0.1.1", READ)
        before = self.asker.answer()[0]
        basic = bytearray(before[:67])
        basic[21:37] = b"kiln".ljust(16, b"\0")
        self.asker.ask("127.0.1.1", BASIC, bytes(basic))
        self.asker.expect(result(BASIC, DONE))
        self.asker.ask("127.0.1.1", RESTART)
        self.asker.expect(result(RESTART, DONE))
        program.wait_log("started as k7", count=2)
        self.asker.ask("127.0.1.1", READ)
        self.asker.expect(before)

    def test_refusals(self):
        """Wrong login, wrong sum, wrong values; another's MAC gets no answer. All goes on."""
        program = self.start_k7("--bind", "127.0.1.1")
        to = "127.0.1.1"
        self.asker.ask(to, RESTART, password=b"admim")
        self.asker.expect(result(RESTART, REFUSED))
        self.asker.ask(to, READ, user=b"")
        self.asker.expect(result(READ, REFUSED))
        right = self.asker.ask(to, SAVE, damage=0x40)
        self.asker.expect(b"E" + bytes([right]))
        self.asker.ask(to, PORT_0, bytes(63))
        self.asker.expect(result(PORT_0, ERROR))
        self.asker.ask(to, PORT_1, bytes(63))
        self.asker.expect(result(PORT_1, ERROR))
        self.asker.ask(to, READ, mac=bytes(6))
        self.asker.expect_silence()
        for noise in (b"", b"\xff", b"\xff\xff" + bytes(300), b"AT+VER\r", bytes(1400)):
            self.asker.send(to, noise)
        self.asker.expect_silence()
        self.assertEqual(list(self.asker.search(to, 1)), [MAC])
        self.stop(program)
        self.assertNotIn("restart: done", program.output())

    def test_two_leave_each_other_alone(self):
        self.start_k7("--count", "2", "--bind", "127.0.1.1")
        second = MAC[:5] + b"\x02"
        found = self.asker.search(EVERYBODY, 2)
        self.assertEqual(found, {MAC: ("127.0.1.1",) * 2, second: ("127.0.1.2",) * 2})
        self.asker.ask(EVERYBODY, READ)  # both hear it, and one is meant
        before = self.asker.answer()[0]
        self.asker.expect_silence()
        self.asker.ask("127.0.1.2", READ, mac=second)
        port = bytearray(self.asker.answer()[0][67:130])
        port[0:4] = struct.pack("<I", 4800)
        self.asker.ask(EVERYBODY, PORT_0, bytes(port), mac=second)
        self.asker.expect(result(PORT_0, DONE))
        self.asker.ask("127.0.1.1", READ)
        self.asker.expect(before)

    def test_200_modules(self):
        """One process, one search."""
        self.start_k7("--count", "200", "--bind", "127.0.1.1", "--set",
                      f"SOCKA=TCPS,127.0.0.1,{free_port()}")
        found = self.asker.search(EVERYBODY, 200)
        expected = {(int.from_bytes(MAC, "big") + i).to_bytes(6, "big"): (f"127.0.1.{i + 1}",) * 2
                    for i in range(200)}
        self.assertEqual(found, expected)

    def test_local_only(self):
        """The option answers those on a network that this machine is on; all of loopback is."""
        self.start_k7("--bind", "127.0.1.1", "--local-only")
        self.assertEqual(list(self.asker.search("127.0.1.1", 1)), [MAC])

    def test_two_programs(self):
        """Both are found by one broadcast, and each at its address."""
        self.start_k7("--bind", "127.0.1.1")
        other = self.launch("--profile", "k7", "--pty", self.path("other"), "--bind", "127.0.1.2",
                            "--discovery-port", str(self.port), "--net-at-port", "0", "--set",
                            "SOCKA=HTPC,127.0.0.1,1", "--identity", "mac=D8B04C0000FF")
        other.wait_log("^softdtu: k7")
        self.await_last(["--bind", "127.0.1.2"])
        mac = bytes.fromhex("D8B04C0000FF")
        self.assertEqual(self.asker.search(EVERYBODY, 2),
                         {MAC: ("127.0.1.1",) * 2, mac: ("127.0.1.2",) * 2})
        self.assertEqual(list(self.asker.search("127.0.1.1", 1)), [MAC])
        self.assertEqual(list(self.asker.search("127.0.1.2", 1)), [mac])

    def test_a_port_that_is_taken(self):
        """It is told, and the module runs."""
        holder = self.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        program = self.start("k7", options=("--discovery-port", str(port), "--net-at-port", "0"))
        program.wait_log(f"UDP port {port} cannot be had for discovery: Address already in use")
        self.user().answers()

    def test_no_discovery(self):
        """By its port 0, and on the other products."""
        self.start_k7()
        port = self.port
        for options in (["--profile", "k7", "--discovery-port", "0"], ["--profile", "cat1"]):
            program = self.launch(*options, "--pty", self.path("quiet"), "--bind", "127.0.1.9",
                                  *([] if "0" in options else ["--discovery-port", str(port)]))
            program.wait_log("^softdtu: ")
            self.await_last(["--bind", "127.0.1.9"])
            self.asker.ask("127.0.1.9", SEARCH)  # which the first one hears too
            _, (sender, _) = self.asker.answer()
            self.assertEqual(sender, "127.0.1.9")
            self.asker.expect_silence()
            program.kill()


if __name__ == "__main__":
    harness.main()
