#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Greeting, handshake, echo and settings of each profile, as its user meets them."""
import re
import signal
import time

import harness
from harness import GREETING, NOWHERE, tcp

PROFILES = ("cat1", "k7", "gprs232-7s3", "lte-7s4")
VERSIONS = {"cat1": "V1.1.01.000000.0000", "k7": "3016", "gprs232-7s3": '"V1.0.0"',
            "lte-7s4": "V2.1.04.000000.0000"}


def own(profile, target):
    """SOCKA as the profile writes it."""
    kind, host, port = target.split(",")
    return f'"{kind}","{host}",{port}' if profile == "gprs232-7s3" else target


class Start(harness.Test):
    def test_greeting(self):
        """Before anything else, whoever opens the pty when."""
        for profile in PROFILES:
            with self.subTest(profile):
                self.start(profile, pty=f"uart-{profile}")
                user = self.user(f"uart-{profile}", greeting=False)
                user.expect(GREETING[profile])
                user.expect_silence(0.2)
                user.answers()

    def test_greeting_comes_before_data(self):
        peer = self.peer().listen()
        self.start("cat1", [f"TCP,{peer.target}"], ["STMSG=hello"])
        connection = peer.accept()
        connection.write(b"data")
        user = self.user(greeting=False)
        user.expect(b"\r\nhello\r\ndata")

    def test_greets_again(self):
        """AT+Z restarts all of them; AT+S restarts cat1, not 7S3, and is unknown to the others."""
        unknown = {"k7": "\r\n+ERR=-2\r\n", "lte-7s4": "\r\nErr2\r\n"}
        for profile in PROFILES:
            with self.subTest(profile):
                program = self.start(profile, pty=f"uart-{profile}")
                user = self.user(f"uart-{profile}")
                user.enter()
                user.command("AT+S", unknown.get(profile), end="\r")
                if profile == "cat1":
                    user.expect(GREETING[profile])
                    program.wait_log("started as cat1")
                    user.enter()  # a restart leaves command mode
                elif profile in unknown:
                    user.command("AT+UART=9600,8,1,NONE,NFC")  # which stores
                user.restart("AT+Z")
                program.wait_log(f"started as {profile}")
                user.expect_silence(0.2)
                user.answers()

    def test_what_comes_right_behind_a_restart_stops_nothing(self):
        """It is read with the command, before the restart; there is no socket that it could wake."""
        for profile in PROFILES:
            with self.subTest(profile):
                program = self.start(profile, pty=f"uart-{profile}")
                user = self.user(f"uart-{profile}")
                user.enter()
                user.write(b"AT+Z\r\nbehind")
                user.read_until(rb"OK\r\n" + re.escape(GREETING[profile]) + b"$")
                program.wait_log(f"started as {profile}", count=2)
                user.answers()

    def test_version_and_identity(self):
        """What a module says of itself; what its user gave it goes before."""
        for profile, version in VERSIONS.items():
            with self.subTest(profile):
                self.start(profile, pty=f"uart-{profile}",
                           options=["--identity", "imei=123,iccid=456,sn=S1,mac=D8B04C0000ab"])
                user = self.user(f"uart-{profile}")
                user.enter()
                self.assertEqual(user.query("VER"), version)
                if profile == "k7":
                    self.assertEqual(user.query("MAC"), "D8B04C0000ab")
                    continue
                self.assertEqual([user.query(n).strip('"') for n in ("IMEI", "ICCID", "SN")],
                                 ["123", "456", "S1"])

    def test_starts_in_command_mode(self):
        program = self.start("cat1", settings=["WKMOD=CMD"])
        user = self.user()
        program.wait_log("command mode: entered")
        user.command("AT")
        user.leave()
        user.answers()


class Handshake(harness.Test):
    def setUp(self):
        super().setUp()
        _, self.user_, _, self.connection = self.setup_link("cat1")

    def test_needs_silence_before(self):
        """Data just before: the plusses are data too. The guard time is the packing time."""
        _, user, _, connection = self.setup_link("cat1", ["UARTFT=500"], pty="slow")
        user.write(b"data")
        time.sleep(0.1)  # less than the guard, so that the module reads twice
        user.write(b"+++")
        connection.expect(b"data+++")
        user.expect_silence(0.2)
        user.enter(0.7)

    def test_broken_by_a_fourth_plus(self):
        self.quiet()
        self.user_.write(b"++++")
        self.connection.expect(b"++++")

    def test_broken_by_another_letter(self):
        self.quiet()
        self.user_.write(b"+++")
        self.user_.expect(b"a")
        self.user_.write(b"b")
        self.connection.expect(b"+++b")
        self.user_.answers()

    def test_broken_by_waiting(self):
        """Three seconds for the confirmation."""
        self.quiet()
        self.user_.write(b"+++")
        self.user_.expect(b"a")
        started = time.monotonic()
        self.connection.expect(b"+++")
        self.assertGreater(time.monotonic() - started, 2.7)
        self.assertLess(time.monotonic() - started, 6.0)
        self.user_.answers()

    def test_broken_by_a_gap(self):
        self.quiet()
        self.user_.write(b"++")
        self.connection.expect(b"++")
        self.user_.write(b"+")
        self.connection.expect(b"+")

    def test_bytes_come_one_by_one(self):
        self.quiet()
        for _ in range(3):
            self.user_.write(b"+")
        self.user_.expect(b"a")
        self.user_.write(b"a")
        self.user_.expect(b"+ok")
        for byte in b"AT+VER\r":
            self.user_.write(bytes([byte]))
        self.user_.read_until(rb"\+VER:.*OK\r\n")
        self.user_.leave()
        self.connection.expect_silence(0.2)

    def test_line_feed_after_the_last_command(self):
        """The LF of the CR LF that ends AT+ENTM belongs to the command, not to the data."""
        self.user_.enter()
        self.user_.command("AT+ENTM", end="\r\n")
        time.sleep(0.1)
        self.user_.write(b"data")
        self.connection.expect(b"data")

    def quiet(self):
        time.sleep(0.15)  # the guard


class Commands(harness.Test):
    def test_line_endings(self):
        self.start("cat1")
        user = self.user()
        user.enter()
        for end in ("\r", "\n", "\r\n", "\n\n\n"):
            user.command("AT", end=end)
        user.expect_silence(0.1)
        user.write(b"AT\rAT\nAT\r\n")
        user.expect(b"\r\nOK\r\n" * 3)
        user.write(b"\r\n\r\n")
        user.expect_silence(0.1)

    def test_echo(self):
        """cat1 and 7S3 begin with echo; AT+E acts at once, is stored, and survives a restart."""
        for profile, on in (("cat1", True), ("gprs232-7s3", True), ("lte-7s4", False),
                            ("k7", False)):
            with self.subTest(profile):
                state = self.path(f"state-{profile}")
                pty = f"uart-{profile}"
                where = "HTPC" if profile == "k7" else "TCP"
                self.profile = profile
                args = ["--profile", profile, "--pty", self.path(pty), "--state", state,
                        "--verbose", "--set", f"SOCKA={where},{NOWHERE}"]
                if profile != "k7":
                    args += ["--set", "SOCKAEN=OFF", "--set", "SOCKBEN=OFF"]
                self.launch(*args).wait_log("softdtu: ")
                user = self.user(pty)
                user.echo = on
                user.enter()
                user.command("AT")
                user.command(f"AT+E={'OFF' if on else 'ON'}")
                user.echo = not on
                user.command("AT")
                self.assertEqual(user.query("E").strip('"').upper(), "OFF" if on else "ON")

    def test_settings_hold_until_something_is_saved(self):
        """What --set gives holds over restarts; once the user saves, what was saved counts."""
        self.start("cat1", settings=["UARTFT=123"])
        user = self.user()
        user.enter()
        user.command("AT+UARTFT=77")
        user.restart("AT+Z")
        user.enter(0.3)
        self.assertEqual(user.query("UARTFT"), "123")
        user.command("AT+UARTFT=88")
        user.restart("AT+S")
        user.enter(0.3)
        self.assertEqual(user.query("UARTFT"), "88")
        user.restart("AT+Z")
        user.enter(0.3)
        self.assertEqual(user.query("UARTFT"), "88")

    def test_saving_keeps_what_was_set_before_the_start(self):
        """AT+S saves all settings, those of --set too."""
        self.start("cat1", settings=["UARTFT=123"])
        user = self.user()
        user.enter()
        user.restart("AT+S")
        user.enter(0.3)
        self.assertEqual(user.query("UARTFT"), "123")

    def test_pending_until_saved(self):
        """7S3: Z without S loses what was set; with S it stays; S does not restart."""
        self.start("gprs232-7s3")
        user = self.user()
        user.enter()
        user.command("AT+S")  # with what --set has said
        user.command('AT+STMSG="first"')
        user.command("AT+Z", end="\r")
        user.expect(GREETING["gprs232-7s3"])
        user.enter()
        self.assertEqual(user.query("STMSG"), '"WH-LTE-7S1"')
        user.command('AT+STMSG="second"')
        user.command("AT+S")
        user.command("AT+Z", end="\r")
        user.expect(b"\r\nsecond\r\n")

    def test_cat1_saves_and_restarts(self):
        self.start("cat1")
        user = self.user()
        user.enter()
        user.restart("AT+S")
        user.enter()
        user.command("AT+STMSG=lost")
        user.restart("AT+Z")
        user.enter()
        user.command("AT+STMSG=kept")
        user.command("AT+S", end="\r")
        user.expect(b"\r\nkept\r\n")

    def test_stored_at_once(self):
        """7S4 and k7: a set is stored, and takes effect with the restart."""
        first, second = self.peer().listen(), self.peer().listen()
        for profile in ("lte-7s4", "k7"):
            with self.subTest(profile):
                self.start(profile, [f"{tcp(profile)},{first.target}"], pty=f"uart-{profile}")
                first.accept()
                user = self.user(f"uart-{profile}")
                user.enter()
                user.command(f"AT+SOCKA={tcp(profile)},{second.target}")
                second.nobody_connects(0.3)
                user.restart("AT+Z")
                connection = second.accept()
                user.write(b"here")
                connection.expect(b"here")

    def test_packing_takes_effect(self):
        """A frame of UARTFL bytes goes at once; the rest after the pause."""
        program, user, _, connection = self.setup_link("cat1", ["UARTFL=100", "UARTFT=500"])
        user.write(b"x" * 250)
        started = time.monotonic()
        connection.expect(b"x" * 200)
        self.assertLess(time.monotonic() - started, 0.4)
        connection.expect(b"x" * 50)
        self.assertGreater(time.monotonic() - started, 0.4)
        program.wait_log("UART: frame of 50 bytes")


class State(harness.Test):
    def start_in(self, profile, extra=()):
        self.profile = profile
        program = self.launch("--profile", profile, "--pty", self.path("uart"), "--verbose",
                              "--state", self.path("state"), *extra)
        program.wait_log(f"^softdtu: {profile}, UART at ")
        return program

    def test_survives_a_kill(self):
        """Each profile, with --state, over kill -9; the link that is left behind is replaced."""
        save = {"cat1": "AT+S", "gprs232-7s3": "AT+S"}
        for profile in PROFILES:
            with self.subTest(profile):
                peer = self.peer().listen()
                sets = harness.socket_settings(profile, [f"{tcp(profile)},{NOWHERE}"])
                program = self.start_in(profile, [a for s in sets for a in ("--set", s)])
                user = self.user()
                user.enter()
                target = f"{tcp(profile)},{peer.target}"
                user.command(f"AT+SOCKA={target}")
                if profile in save:
                    user.command(save[profile], end="\r")
                if profile == "cat1":
                    user.expect(GREETING[profile])
                    peer.accept()
                program.signal(signal.SIGKILL)
                program.process.wait()
                user.close()

                program = self.start_in(profile)
                connection = peer.accept()
                user = self.user()
                user.write(b"here")
                connection.expect(b"here")
                user.enter()
                self.assertEqual(user.query("SOCKA"), own(profile, target))
                self.stop(program)
                user.close()
                harness.shutil.rmtree(self.path("state"))

    def test_garbage_in_the_state(self):
        """A slot that is not ours leaves the defaults; the module starts."""
        harness.os.mkdir(self.path("state"))
        for name in ("cat1-slot0", "cat1-slot1"):
            with open(self.path(f"state/{name}"), "wb") as f:
                f.write(harness.os.urandom(5000))
        sets = harness.socket_settings("cat1", [])
        self.start_in("cat1", [a for s in sets for a in ("--set", s)])
        user = self.user()
        user.enter()
        self.assertEqual(user.query("UARTFT"), "50")

    def test_a_medium_that_cannot_be_written(self):
        """The command is refused, nothing is changed, and the module goes on."""
        sets = harness.socket_settings("lte-7s4", [])
        self.start_in("lte-7s4", [a for s in sets for a in ("--set", s)])
        user = self.user()
        user.enter()
        user.command("AT+UARTFT=60")
        in_the_way = [self.path(f"state/lte-7s4-slot{n}.new") for n in (0, 1)]
        for path in in_the_way:
            harness.os.mkdir(path)
        user.write(b"AT+UARTFT=70\r")
        user.expect(b"\r\nErr4\r\n")
        self.assertEqual(user.query("UARTFT"), "60")
        user.write(b"AT+RELD\r")
        user.expect(b"\r\nErr4\r\n")
        for path in in_the_way:
            harness.os.rmdir(path)
        user.command("AT+UARTFL=100")
        user.restart("AT+Z")
        user.enter()
        self.assertEqual(user.query("UARTFT"), "60")
        self.assertEqual(user.query("UARTFL"), "100")

    def test_state_of_another_profile(self):
        """Settings of another product are not taken for our own."""
        sets = harness.socket_settings("cat1", [])
        program = self.start_in("cat1", [a for s in sets for a in ("--set", s)])
        user = self.user()
        user.enter()
        user.command("AT+STMSG=cat")
        user.command("AT+S", end="\r")
        user.expect(b"\r\ncat\r\n")
        self.stop(program)
        user.close()
        sets = harness.socket_settings("lte-7s4", [])
        self.start_in("lte-7s4", [a for s in sets for a in ("--set", s)])
        user = self.user(greeting=False)
        user.expect(GREETING["lte-7s4"])
        user.answers()


if __name__ == "__main__":
    harness.main()
