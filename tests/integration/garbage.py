#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Any bytes at any time on the UART and on a socket leave the module running and answering."""
import os
import random
import threading
import time

import harness
from harness import Failure

FLOOD_S = float(os.environ.get("FLOOD_S", "3"))
ALL = bytes(range(256))
NO_Z = bytes.maketrans(b"Zz", b"Yy")
WORDS = [b"+++", b"+", b"a", b"+++a", b"AT", b"at+", b"\r", b"\n", b"\r\n", b"=", b"?", b"=?", b",",
         b"[", b"[0D]", b"[00]", b"\0", b"\xff", b"+ok", b"AT+SOCKA", b"AT+VER\r", b"AT+SOCKA?\r\n",
         b"AT+UARTFT=50\r", b"AT+STMSG=[00]\r", b"AT+Z\r\n", b"AT+ENTM\r\n", b"A" * 5000, ALL]


def piece(rng):
    """Something to send: noise, or words of the protocol in any order."""
    if rng.random() < 0.5:
        return rng.randbytes(rng.choice((1, 2, 10, 100, 3000)))
    return b"".join(rng.choice(WORDS) for _ in range(rng.randint(1, 6)))


class Garbage(harness.Test):
    def setUp(self):
        super().setUp()
        self.seed = int(os.environ.get("SEED", int.from_bytes(os.urandom(4), "big")))
        print(f"SEED={self.seed}")

    def flood(self, stream, rng, until):
        """Sends pieces with pauses; what comes back is not looked at."""
        while time.monotonic() < until:
            data = memoryview(piece(rng))
            while data and time.monotonic() < until:
                data = data[stream.write_some(data):]
                stream.skip()
            time.sleep(rng.choice((0, 0, 0.001, 0.02, 0.07, 0.15)))

    def serve(self, peer, rng, until):
        """Floods whoever connects."""
        while time.monotonic() < until:
            try:
                connection = peer.accept(max(0.1, until - time.monotonic()))
                self.flood(connection, rng, until)
            except (OSError, Failure):  # the module has restarted
                continue

    def stored_module(self, profile):
        """A module that finds its peer again after a restart."""
        peer = self.peer().listen()
        program = self.start(profile, [f"{harness.tcp(profile)},{peer.target}"])
        user = self.user()
        user.enter()  # whoever sets one thing stores everything
        user.command("AT+SOCKATO=1" if profile == "lte-7s4" else "AT+UARTTL=0,0")
        user.restart("AT+Z")
        return program, user, peer

    def calm(self, user):
        """Out of command mode, if that is where the flood has left it."""
        user.write(b"\r\n\r\n")
        user.skip(0.5)
        user.write(b"AT+ENTM\r")
        user.skip(0.5)

    def check_sane(self, program, user, peer):
        program.check_alive()
        user.answers()
        for connection in peer.connections:
            connection.close()
        connection = peer.accept()
        program.wait_log("socket A: connected")
        connection.skip(0.3)
        user.write(b"<up>")
        connection.read_until(b"<up>")
        connection.write(ALL)
        user.expect(ALL)

    def both_sides(self, profile):
        program, user, peer = self.stored_module(profile)
        until = time.monotonic() + FLOOD_S
        rng = random.Random(self.seed + 1)
        server = threading.Thread(target=self.serve, args=(peer, rng, until), daemon=True)
        server.start()
        self.flood(user, random.Random(self.seed), until)
        server.join()
        self.calm(user)
        self.check_sane(program, user, peer)
        self.stop(program)

    def test_lte_7s4(self):
        self.both_sides("lte-7s4")

    def test_k7(self):
        self.both_sides("k7")

    def test_command_mode(self):
        """The flood begins in command mode: everything is a command line, or too long for one."""
        for profile in ("cat1", "k7", "gprs232-7s3", "lte-7s4"):
            with self.subTest(profile):
                program = self.start(profile, pty=f"uart-{profile}")
                user = self.user(f"uart-{profile}")
                user.enter()
                rng = random.Random(self.seed)
                until = time.monotonic() + FLOOD_S / 3
                while time.monotonic() < until:
                    line = piece(rng).replace(b"AT+ENTM", b"AT+ENT")
                    user.write(line.translate(NO_Z))  # a Z may also come in the next piece
                    user.skip()
                user.write(b"\r\n")
                user.skip(0.5)
                program.check_alive()
                if user.query("E").strip('"').upper() == "ON":
                    user.echo = True
                user.command("AT")
                user.leave()
                self.stop(program)

    def test_every_byte(self):
        """As data both ways, alone and together; as commands, one refusal for a line."""
        program, user, _, connection = self.setup_link("cat1")
        user.write(ALL)
        connection.expect(ALL)
        connection.write(ALL)
        user.expect(ALL)
        user.enter()
        for byte in ALL:
            if byte in b"\r\n":
                continue
            user.write(bytes([byte]) + b"\r")
            user.expect(b"\r\n+CME ERROR:58\r\n")
        user.write(ALL.replace(b"\r", b"").replace(b"\n", b"") + b"\n")
        user.expect(b"\r\n+CME ERROR:58\r\n")
        user.command("AT")
        user.leave()
        program.check_alive()

    def test_long_lines(self):
        """A line that is too long is refused once, and nothing of it is done."""
        refusals = {"cat1": b"\r\n+CME ERROR:58\r\n", "k7": b"\r\n+ERR=-1\r\n",
                    "gprs232-7s3": b"\r\nERROR\r\n", "lte-7s4": b"\r\nErr1\r\n"}
        for profile, refusal in refusals.items():
            with self.subTest(profile):
                program = self.start(profile, pty=f"uart-{profile}")
                user = self.user(f"uart-{profile}")
                user.enter()
                for line in (b"A" * 5000, b"AT+ENTM" + b"=" * 5000, os.urandom(70000)):
                    user.write(line.replace(b"\r", b"").replace(b"\n", b"") + b"\r\n")
                    user.expect(refusal)
                user.expect_silence(0.2)
                user.command("AT")
                program.check_alive()

    def test_half_sent(self):
        """What was begun and not ended, by a user who leaves and comes back."""
        _, user, _, connection = self.setup_link("cat1")
        user.enter()
        user.write(b"AT+SOC")
        user.close()
        user = self.user(greeting=False)
        user.write(b"KAEN?\r")
        user.expect(b"\r\n+SOCKAEN:ON\r\n\r\nOK\r\n")
        user.leave()
        time.sleep(0.2)  # the guard
        user.write(b"++")
        user.close()
        connection.expect(b"++")


if __name__ == "__main__":
    harness.main()
