#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Socket distribution and baud-rate synchronisation with real sockets. Frames are made here by the
rules of the specification, not by the library."""
import os
import random
import select
import struct
import time

import harness
from harness import compare, socat_pair, tcp

REPORT = 0x80
NO_FRAME, LENGTH, SOCKET, SUM, FAILED = 0x00, 0x01, 0x02, 0x04, 0x10


def sdp(head, sock, data, flag=0):
    body = bytes([sock, flag]) + data
    return head + struct.pack(">H", len(body)) + body + bytes([sum(body) & 0xFF])


def to_module(letter, data):
    return sdp(b"\x55\xfd\xaa", 0x61 + "ABCD".index(letter), data)


def report(code):
    return sdp(b"\xaa\xfd\x55", 0, bytes([code]), REPORT)


def baud_frame(baud, bits=0x03):
    body = struct.pack(">I", baud)[1:] + bytes([bits])
    return b"\x55\xaa\x55" + body + bytes([sum(body) & 0xFF])


class FrameReader:
    """Takes a module's frames off its UART."""

    def __init__(self, user):
        self.user = user

    def next(self):
        head = self.user.read(5, what="bytes of a frame's head")
        assert head[:3] == b"\xaa\xfd\x55", head
        body = self.user.read(struct.unpack(">H", head[3:])[0] + 1, what="bytes of a frame")
        assert sum(body[:-1]) & 0xFF == body[-1], body
        return body[0], body[1], body[2:-1]


class Distribution(harness.Test):
    def start_sdp(self, profile="cat1", settings=()):
        self.peers = [self.peer().listen() for _ in range(2)]
        program = self.start(profile, [f"{tcp(profile)},{p.target}" for p in self.peers],
                             ["SDPEN=ON", *settings])
        self.ends = [p.accept() for p in self.peers]
        program.wait_log("socket [AB]: connected", count=2)
        return program, self.user()

    def test_both_ways(self):
        for profile in ("cat1", "lte-7s4"):
            with self.subTest(profile=profile):
                program, user = self.start_sdp(profile)
                user.write(to_module("B", b"to b") + to_module("A", b"to a"))
                self.ends[0].expect(b"to a")
                self.ends[1].expect(b"to b")
                self.ends[1].write(b"from b")
                self.assertEqual(FrameReader(user).next(), (0x62, 0, b"from b"))
                self.ends[0].write(b"from a")
                self.assertEqual(FrameReader(user).next(), (0x61, 0, b"from a"))
                user.close()
                self.stop(program)

    def test_reports(self):
        program, user = self.start_sdp()
        good = to_module("A", b"x")
        for bad, code in ((b"noise", NO_FRAME), (good[:4] + b"\x00" + good[5:6], LENGTH),
                          (sdp(b"\x55\xfd\xaa", 0x65, b"x"), SOCKET),
                          (good[:-1] + bytes([good[-1] ^ 1]), SUM), (to_module("D", b"x"), FAILED)):
            user.write(bad)
            user.expect(report(code))
        self.peers[1].die()
        program.wait_log("socket B: waits")
        user.write(to_module("B", b"x") + to_module("A", b"y"))
        user.expect(report(FAILED))
        self.ends[0].expect(b"y")

    def test_much_data_of_two_sockets(self):
        """Frames of both, whole and in order, while the user reads slowly."""
        _, user = self.start_sdp()
        data = [os.urandom(300000) for _ in self.ends]
        got = {0x61: b"", 0x62: b""}

        def read():
            reader = FrameReader(user)
            while any(len(got[0x61 + i]) < len(d) for i, d in enumerate(data)):
                sock, flag, part = reader.next()
                self.assertEqual(flag, 0)
                self.assertLessEqual(len(part), 4087)
                got[sock] += part

        harness.in_thread(read, lambda: self.ends[0].write(data[0]),
                          lambda: self.ends[1].write(data[1]))
        compare(got[0x61], data[0], "socket A")
        compare(got[0x62], data[1], "socket B")

    def test_frames_of_any_length_in_any_pieces(self):
        """A pause of the packing time inside a frame is damage, by the rules. A machine that is busy
        enough makes one: that is seen here too, and then it is done once more."""
        for attempt in range(5):
            if self.send_in_pieces(attempt):
                return
        raise harness.Failure("this machine is too busy to write a frame without a pause")

    def send_in_pieces(self, seed):
        """False if a pause came in between."""
        program, user = self.start_sdp(settings=["UARTFL=4096", "UARTFT=500"])
        rand = random.Random(seed)
        sent = [b"", b""]
        stream = b""
        for _ in range(300):
            i = rand.randrange(2)
            part = rand.randbytes(rand.choice((1, 5, 200, 4087)))
            sent[i] += part
            stream += to_module("AB"[i], part)
        longest = 0.0
        got = [b"", b""]

        def write():
            nonlocal longest
            at, last = 0, time.monotonic()
            while at < len(stream):
                n = rand.choice((1, 3, 100, 9000))
                user.write(stream[at:at + n])
                at += n
                longest = max(longest, time.monotonic() - last)
                last = time.monotonic()

        def read(i):
            while len(got[i]) < len(sent[i]) and longest < 0.4:
                if self.ends[i].wait(select.POLLIN, harness.Deadline(0.2, "")):
                    got[i] += self.ends[i].read_some(harness.Deadline(1, "data"))
                elif "reported" in program.output():
                    raise harness.Failure(f"damage, though no pause was longer than {longest} s")

        harness.in_thread(write, lambda: read(0), lambda: read(1))
        if longest < 0.4:
            for i in range(2):
                compare(got[i], sent[i], f"socket {'AB'[i]}")
            user.expect_silence(0.2)  # no report
        user.close()
        program.kill()
        return longest < 0.4


class Synchronisation(harness.Test):
    """7S3 and K7."""

    profile = "k7"

    def test_pty(self):
        """The setting is shown by the log and by AT+UART; the stored one comes back."""
        for profile, query, before in (
                ("k7", "9600,8,1,EVEN,NFC", "115200,8,1,NONE,NFC"),
                ("gprs232-7s3", '9600,"EVEN",8,1,"NONE"', '115200,"NONE",8,1,"NONE"')):
            with self.subTest(profile=profile):
                program, user, _, connection = self.setup_link(profile, ["RFCEN=ON"])
                # 9600 8E1, a sample of the specification
                connection.write(b"before" + bytes.fromhex("55AA5500 25801BC0") + b"behind")
                program.wait_log("socket A sets the UART 9600 8E1")
                user.expect(b"beforebehind")
                user.enter()
                self.assertEqual(user.query("UART"), query)
                user.restart("AT+Z")
                program.wait_log("started as .* UART 115200 8N1")
                user.enter()
                self.assertEqual(user.query("UART"), before)
                user.close()
                self.stop(program)

    def test_what_is_no_frame_is_data(self):
        _, user, _, connection = self.setup_link("k7", ["RFCEN=ON"])
        rand = random.Random(3)
        bad = baud_frame(9600)[:-1] + b"\x00" + baud_frame(100) + b"\x55\xaa\x55"
        data = b"".join(rand.choice((b"\x55", b"\xaa", b"\x55\xaa\x55", bad, rand.randbytes(50)))
                        for _ in range(3000))
        got = {}
        harness.in_thread(lambda: got.update(all=user.read(len(data))),
                          lambda: connection.write(data))
        compare(got["all"], data, "what the user got")

    def test_tty(self):
        """termios changes; what came before the frame goes out at the old rate, and first."""
        ends = self.path("module"), self.path("user")
        socat_pair(self, *ends)
        fd = os.open(ends[0], os.O_RDWR | os.O_NOCTTY)
        self.addCleanup(os.close, fd)
        peer = self.peer().listen()
        args = ["--profile", "k7", "--tty", ends[0], "--verbose", "--set", "RFCEN=ON"]
        for setting in harness.socket_settings("k7", [f"TCPC,{peer.target}"]):
            args += ["--set", setting]
        program = self.launch(*args)
        connection = peer.accept()
        program.wait_log("socket A: connected")
        self.assertEqual(harness.baud_of(fd), 115200)
        user = self.user("user", greeting=False)
        data = os.urandom(200000)
        for rate in (9600, 300, 460800, 123456, 115200):
            connection.write(data + baud_frame(rate, 0x03 | 0x04) + b"!")
            compare(user.read(len(data)), data, "before the frame")
            user.expect(b"!")
            self.assertEqual(harness.baud_of(fd), rate)
            self.assertTrue(harness.termios.tcgetattr(fd)[2] & harness.termios.CSTOPB)


if __name__ == "__main__":
    harness.main()
