#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The command line, the exit status, signals, and whatever else is there already."""
import json
import os
import re
import signal
import subprocess
import time
import unittest

import harness

CAT1 = ["--profile", "cat1", "--set", "SOCKAEN=OFF"]


class CommandLine(harness.Test):
    def check_wrong(self, args, pattern, status=2):
        """Ends at once with this status and a message that names the cause."""
        program = self.launch(*args)
        self.assertEqual(program.wait_end(), status, program.log())
        self.assertRegex(program.errors(), pattern)
        self.assertEqual(program.output(), "", "standard output")
        self.assertNotIn("uart", os.listdir(self.dir))

    def test_wrong_use(self):
        pty = ["--pty", self.path("uart")]
        for args, pattern in (
                ([], "--profile: is needed"),
                (["--profile", "cat1"], "--pty or --tty"),
                ([*CAT1, *pty, "--tty", "/dev/null"], "--pty and --tty"),
                (["--profile", "cat2", *pty], "cat2.*gprs232-7s3, k7, lte-7s4 and cat1"),
                ([*CAT1, *pty, "--nonsense"], "nonsense"),
                ([*CAT1, *pty, "--profile"], "profile.*requires an argument"),
                ([*CAT1, *pty, "word"], "word: not an option"),
                ([*CAT1, *pty, "--set", "SOCKA"], "SOCKA: a setting is NAME=VALUE"),
                ([*CAT1, *pty, "--bind", "here"], "here: not an IPv4 address"),
                ([*CAT1, *pty, "--bind", "::1"], "::1: not an IPv4 address"),
                ([*CAT1, *pty, "--discovery-port", "65536"], "65536: a port is 0 to 65535"),
                ([*CAT1, *pty, "--count", "0"], "0: a number of modules is 1 to 10000"),
                ([*CAT1, *pty, "--count", "10001"], "10001: a number of modules is 1 to 10000"),
                ([*CAT1, *pty, "--count", "x"], "x: a number of modules is 1 to 10000"),
                ([*CAT1, "--tty", "/dev/null", "--count", "2"], "--count: several modules need"),
                ([*CAT1, *pty, "--count", "3", "--bind", "127.255.255.254"],
                 "127.255.255.254: leaves no addresses for so many modules"),
                ([*CAT1, *pty, "--net-at-port", "-1"], "-1: a port is 0 to 65535"),
                ([*CAT1, *pty, "--net-at-port", "12x"], "12x: a port is 0 to 65535"),
                ([*CAT1, "--pty", ""], "--pty: is empty"),
                ([*CAT1, "--tty", ""], "--tty: is empty"),
                ([*CAT1, *pty, "--state", ""], "--state: is empty"),
                ([*CAT1, *pty, "--status", ""], "--status: is empty"),
                ([*CAT1, *pty, "--identity", "imei"], "imei: an identity is KEY=TEXT"),
                ([*CAT1, *pty, "--identity", "size=1"], "size=1: the identities are imei"),
                ([*CAT1, *pty, "--identity", "mac=D8:B0:4C:00:00:01"], "mac=.*: a mac is 12 hex"),
                ([*CAT1, *pty, "--identity", "sn=1,MAC=D8B04C00000G"], "MAC=.*: a mac is 12 hex"),
                ([*CAT1, *pty, "--identity", "mac=D8B04C0000011"], "mac=.*: a mac is 12 hex")):
            with self.subTest(args=args):
                self.check_wrong(args, pattern)

    def test_wrong_settings(self):
        pty = ["--pty", self.path("uart")]
        for setting, pattern in (
                ("NOSUCH=1", "--set NOSUCH=1: cat1 has no parameter of this name"),
                ("=1", "--set =1: cat1 has no parameter"),
                ("UARTFT=9", "--set UARTFT=9: .*range; it takes <10~500\\(ms\\)>"),
                ("STMSG=a\nUARTFT=9", "--set: a setting is one line"),
                ("UARTFT=18446744073709551626", "--set UARTFT=18446744073709551626: "),
                ("UARTFT=ten", "--set UARTFT=ten: "),
                ("SOCKA=TCP,127.0.0.1", "--set SOCKA=TCP,127.0.0.1: "),
                ("SOCKA=SCTP,127.0.0.1,1", "--set SOCKA=SCTP,127.0.0.1,1: "),
                ("VER=1", "--set VER=1: VER is no setting"),
                ("Z=", "--set Z=: Z is no setting")):
            with self.subTest(setting):
                self.check_wrong([*CAT1, *pty, "--set", setting], pattern)

    def test_right_settings_are_listed_nowhere(self):
        """A good start says one line, and nothing else without --verbose."""
        program = self.launch(*CAT1, "--pty", self.path("uart"), "--set", "uartft=100")
        program.wait_log("^softdtu: cat1, UART at ")
        self.stop(program)
        self.assertEqual(program.output(), f"softdtu: cat1, UART at {self.path('uart')}")
        self.assertEqual(program.errors(), "")

    def test_without_standard_files(self):
        """No file of its own takes the place of one that was closed at the start."""
        for closed in (">&-", "2>&-", "<&- >&- 2>&-"):
            with self.subTest(closed):
                command = f'exec "$0" --profile cat1 --pty "$1" --set SOCKAEN=OFF {closed}'
                process = subprocess.Popen(["sh", "-c", command, harness.SOFTDTU,
                                            self.path("uart")], stdout=subprocess.DEVNULL,
                                           stderr=subprocess.DEVNULL)
                self.addCleanup(process.kill)
                self.profile = "cat1"
                deadline = harness.Deadline(10, "the link")
                while not os.path.exists(self.path("uart")):
                    deadline.check()
                    self.assertIsNone(process.poll(), "it has ended")
                user = self.user()
                user.echo = True
                user.answers()
                user.close()
                process.terminate()
                self.assertEqual(process.wait(10), 0)

    def test_help_and_version(self):
        program = self.launch("--help")
        self.assertEqual(program.wait_end(), 0)
        options = "profile pty tty state set identity bind discovery-port local-only net-at-port count status leds verbose"
        for option in options.split():
            self.assertIn(f"--{option} ", program.output().replace("\n", " "))
        program = self.launch("--version")
        self.assertEqual(program.wait_end(), 0)
        self.assertRegex(program.output(), r"^softdtu \d+\.\d+\.\d+$")

    @unittest.skipUnless(os.path.exists("/dev/full"), "there is no /dev/full")
    def test_help_and_version_that_cannot_be_printed(self):
        """That is no wrong use, and it is said."""
        for option in ("--help", "--version"):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([harness.SOFTDTU, option], stdout=full, check=False,
                                      stderr=subprocess.PIPE, text=True)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, "^softdtu: standard output: No space left")

    def test_not_possible(self):
        """What the machine refuses is no wrong use: exit status 1."""
        self.check_wrong([*CAT1, "--pty", self.path("none/uart")], "none/uart: No such file", 1)
        self.check_wrong([*CAT1, "--tty", self.path("none")], "none: No such file", 1)
        self.check_wrong([*CAT1, "--tty", "/dev/null"], "/dev/null", 1)
        self.check_wrong([*CAT1, "--tty", "x" * 300], "too long", 1)
        with open(self.path("file"), "w", encoding="ascii"):
            pass
        self.check_wrong([*CAT1, "--pty", self.path("u"), "--state", self.path("file")],
                         "file: Not a directory", 1)
        self.check_wrong([*CAT1, "--pty", self.path("file")], "file exists", 1)
        self.assertTrue(os.path.isfile(self.path("file")))

    def test_not_served_yet(self):
        """What this version does not do is said."""
        program = self.launch("--profile", "k7", "--pty", self.path("uart"), "--net-at-port", "0",
                              "--discovery-port", "0", "--set", "SOCKA=HTPC,127.0.0.1,2000")
        program.wait_log("^softdtu: k7")
        self.stop(program)
        self.assertRegex(program.errors(), r"AT\+SOCKA asks for what this version does not do")

    def test_status(self):
        """SIGUSR1 prints a line, and writes all counters as JSON; the end writes them too."""
        status = self.path("status.json")
        peer = self.peer().listen()
        program = self.start("cat1", [f"TCP,{peer.target}"], ["REGEN=ON"],
                             options=("--count", "2", "--status", status))
        ends = [peer.accept() for _ in range(2)]
        for end in ends:
            end.expect(b"www.usr.cn")
        program.wait_log("socket A: connected", count=2)
        program.signal(signal.SIGUSR1)
        program.wait_log("^status: 2 modules; sockets: 2, 2 connected, 2 tries, 0 lost; frames: 0, "
                         "0 dropped; bytes: 20 sent, 0 received; registrations: 2; heartbeats: 0$")
        deadline = harness.Deadline(10, "the file")
        while not os.path.exists(status):
            deadline.check()
        with open(status, encoding="ascii") as f:
            modules = json.load(f)["modules"]
        self.assertEqual([m["module"] for m in modules], [1, 2])
        for module in modules:
            self.assertEqual(module["device"]["sent_bytes"], 10)
            self.assertEqual([s["state"] for s in module["sockets"]],
                             ["up", "unused", "unused", "unused"])
            self.assertEqual(module["sockets"][0]["link"]["opened"], 1)
        os.unlink(status)
        self.stop(program)
        self.assertTrue(os.path.exists(status))
        self.check_wrong([*CAT1, "--pty", self.path("u"), "--status"], "requires an argument")

    def test_status_replaces_nothing_but_files(self):
        """A pipe stays a pipe, and the modules do not wait for its reader; a link stays one."""
        pipe, link, file = self.path("pipe"), self.path("link"), self.path("file")
        os.mkfifo(pipe)
        program = self.start("cat1", [harness.tcp("cat1") + "," + harness.NOWHERE],
                             options=("--status", pipe))
        program.signal(signal.SIGUSR1)
        program.wait_log("^status: 1 modules")
        self.user().answers()
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        self.stop(program)
        self.assertEqual(len(json.loads(os.read(reader, 65536))["modules"]), 1)
        self.assertIn("cannot write", program.errors())
        os.symlink(file, link)
        self.stop(self.start("cat1", [harness.tcp("cat1") + "," + harness.NOWHERE],
                             options=("--status", link)))
        self.assertTrue(os.path.islink(link) and os.path.isfile(file))

    def test_status_that_cannot_be_written_leaves_nothing(self):
        """As on a full disk, it is said, and the file from before is as it was."""
        file = self.path("status.json")
        with open(file, "w", encoding="ascii") as f:
            f.write("before")
        process = subprocess.Popen(
            ["sh", "-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"", harness.SOFTDTU, *CAT1,
             "--pty", self.path("uart"), "--status", file], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        self.assertRegex(process.stdout.readline(), "^softdtu: cat1")
        process.terminate()
        _, errors = process.communicate(timeout=10)
        self.assertEqual(process.returncode, 1)
        self.assertRegex(errors, "cannot write .*status.json: File too large")
        self.assertFalse(os.path.exists(file + ".new"))
        with open(file, encoding="ascii") as f:
            self.assertEqual(f.read(), "before")

    def test_leds(self):
        """A line for each that changes, and none without the option."""
        program = self.start("cat1", options=("--leds",))
        for _ in range(3):
            program.wait_log("LED NET: light")
        self.assertRegex(program.output(), "LED WORK: light")
        self.stop(program)
        program = self.start("cat1", pty="other")
        program.wait_log("started")
        self.stop(program)
        self.assertNotIn("LED", program.output())

    def test_port_of_network_commands_is_taken(self):
        """It is said, and the module goes on."""
        self.profile = "k7"
        peer = self.closing(harness.UdpPeer())
        port = peer.target.rsplit(",", 1)[1]
        program = self.launch("--profile", "k7", "--pty", self.path("uart"), "--bind", "127.0.0.1",
                              "--net-at-port", port, "--set", "SOCKA=TCPC,127.0.0.1,1")
        program.wait_log("^softdtu: k7")
        user = self.user(greeting=False)
        user.answers()
        self.stop(program)
        self.assertRegex(program.errors(), f"UDP port {port} cannot be had for network commands")

    def test_bind(self):
        peer = self.peer().listen()
        self.start("cat1", [f"TCP,{peer.target}"], options=["--bind", "127.0.0.9"])
        connection = peer.accept()
        self.assertEqual(connection.sock.getpeername()[0], "127.0.0.9")

    def test_bind_to_an_address_that_is_not_ours(self):
        peer = self.peer().listen()
        program = self.start("cat1", [f"TCP,{peer.target}"], options=["--bind", "192.0.2.1"])
        program.wait_log("socket A: cannot connect: Cannot assign requested address")
        self.user().answers()


class Signals(harness.Test):
    def test_ends(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(number):
                program, user, peer, connection = self.setup_link("cat1")
                self.assertTrue(os.path.islink(self.path("uart")))
                self.stop(program, number)
                self.assertFalse(os.path.lexists(self.path("uart")))
                connection.expect_end()
                peer.close()
                user.close()

    def test_ends_while_everything_is_full(self):
        program, user, _, connection = self.setup_link("cat1", receive_buffer=65536)
        connection.write_until_blocked(os.urandom(16 << 20), 0.3)
        user.write_until_blocked(os.urandom(16 << 20), 0.3)
        self.stop(program)
        self.assertFalse(os.path.lexists(self.path("uart")))

    def test_nobody_reads_the_messages(self):
        """Standard output is a pipe whose reader has left."""
        reader, writer = os.pipe()
        os.close(reader)
        process = harness.subprocess.Popen(
            [harness.SOFTDTU, *CAT1, "--pty", self.path("uart"), "--verbose"], stdout=writer)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        os.close(writer)
        deadline = harness.Deadline(harness.SECONDS, "the link")
        while not os.path.lexists(self.path("uart")):
            deadline.check()
            time.sleep(0.01)
        self.profile = "cat1"
        user = self.user()
        user.echo = True
        user.answers()
        self.assertIsNone(process.poll())


class AlreadyThere(harness.Test):
    def test_two_on_one_pty(self):
        first = self.start("cat1")
        second = self.launch(*CAT1, "--pty", self.path("uart"))
        self.assertEqual(second.wait_end(), 1)
        self.assertIn(f"{self.path('uart')} exists", second.errors())
        first.check_alive()
        self.user().answers()

    def test_two_on_one_state(self):
        state = ["--state", self.path("state")]
        first = self.start("cat1", options=state)
        second = self.launch(*CAT1, "--pty", self.path("other"), *state)
        self.assertEqual(second.wait_end(), 1)
        self.assertIn(f"{self.path('state')} is in use by another module", second.errors())
        self.assertFalse(os.path.lexists(self.path("other")))
        self.stop(first)
        self.start("cat1", pty="other", options=state)

    def test_stale_link(self):
        """Left behind by kill -9, the link is replaced, but not if it leads to another module now."""
        for _ in range(3):
            program = self.start("cat1")
            time.sleep(0.05)  # the clock of the file system has coarse steps
            program.signal(signal.SIGKILL)
            program.process.wait()
            self.assertTrue(os.path.islink(self.path("uart")))
        program = self.start("cat1", pty="first")
        time.sleep(0.05)
        program.signal(signal.SIGKILL)
        program.process.wait()
        other = self.start("cat1", pty="second")  # may get the number that the first one had
        other.wait_log("started as cat1")
        if os.readlink(self.path("first")) == os.readlink(self.path("second")):
            refused = self.launch(*CAT1, "--pty", self.path("first"))
            self.assertEqual(refused.wait_end(), 1)
            self.assertRegex(refused.errors(), "first exists; remove it")
            os.unlink(self.path("first"))
        self.start("cat1", pty="first")
        other.check_alive()
        os.unlink(self.path("uart"))
        os.symlink("/dev/pts/99999", self.path("uart"))
        self.start("cat1")
        self.user().answers()

    def test_a_live_link_is_left(self):
        """Also if its pty was touched: a user who lets another one in changes its time."""
        self.start("cat1")
        self.user().answers()
        time.sleep(0.05)  # the clock of the file system has coarse steps
        os.chmod(self.path("uart"), 0o666)
        second = self.launch(*CAT1, "--pty", self.path("uart"))
        self.assertEqual(second.wait_end(), 1)
        self.assertRegex(second.errors(), "uart exists; remove it")

    def test_somebody_elses_link_is_left(self):
        """At the end only the own link is removed."""
        program = self.start("cat1")
        os.unlink(self.path("uart"))
        os.symlink(self.dir, self.path("uart"))
        self.stop(program)
        self.assertEqual(os.readlink(self.path("uart")), self.dir)

    def test_link_to_something_else(self):
        """A link that leads to what is there, or to what is not and was no pty, is not ours to
        replace."""
        for target in (self.dir, self.path("none"), "/dev/" + "x" * 100):
            with self.subTest(target):
                os.symlink(target, self.path("uart"))
                program = self.launch(*CAT1, "--pty", self.path("uart"))
                self.assertEqual(program.wait_end(), 1)
                self.assertIn("exists", program.errors())
                self.assertEqual(os.readlink(self.path("uart")), target)
                os.unlink(self.path("uart"))


class Pty(harness.Test):
    def test_client_comes_and_goes(self):
        """Nothing is lost between two clients, either way."""
        _, user, _, connection = self.setup_link("cat1")
        for round_ in range(3):
            user.write(b"up %d" % round_)
            user.close()
            connection.expect(b"up %d" % round_)
            connection.write(b"down %d" % round_)
            user = self.user(greeting=False)
            user.expect(b"down %d" % round_)
        user.answers()

    def test_client_changes_its_settings(self):
        """A terminal program that sets rate and flags disturbs nobody."""
        _, user, _, connection = self.setup_link("cat1")
        mode = harness.termios.tcgetattr(user.fd)
        mode[4] = mode[5] = harness.termios.B9600
        harness.termios.tcsetattr(user.fd, harness.termios.TCSANOW, mode)
        user.write(bytes(range(256)))
        connection.expect(bytes(range(256)))
        connection.write(bytes(range(256)))
        user.expect(bytes(range(256)))


class Verbose(harness.Test):
    def test_tells_what_happens(self):
        program, user, peer, connection = self.setup_link("lte-7s4", ["SOCKATO=1"])
        user.write(b"12345")
        program.wait_log("UART: frame of 5 bytes$")
        connection.write(b"1234567")
        program.wait_log("socket A: 7 bytes to the UART$")
        user.expect(b"1234567")
        user.enter()
        program.wait_log("command mode: entered$")
        user.command("AT+UARTFT=51")
        program.wait_log(r"command: AT\+UARTFT=\.\.\.: ok$")
        user.query("UARTFT")
        program.wait_log(r"command: AT\+UARTFT\?: ok$")
        user.leave()
        program.wait_log("command mode: left$")
        peer.die()
        program.wait_log("socket A: waits to connect again$")
        program.wait_log("socket A: connecting$")
        for line in program.output().splitlines()[1:]:
            self.assertIsNotNone(re.match(r"\d\d:\d\d:\d\d\.\d\d\d ", line), line)


if __name__ == "__main__":
    harness.main()
