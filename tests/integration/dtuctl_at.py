#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""dtuctl at: all products over each way to them, and modules that misbehave or go away.

The environment variable DTUCTL names the program, SOFTDTU the module in software.
"""
import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import termios
import threading
import time
import tty
import unittest

import harness
from harness import GREETING, tcp

DTUCTL = os.environ.get("DTUCTL", "")
DONE, FAILED, USAGE, SILENT, INTERRUPTED = 0, 1, 2, 3, 130
PROFILES = ("cat1", "lte-7s4", "gprs232-7s3", "k7")
PRODUCTS = {"cat1": "WH-LTE-7S1", "lte-7s4": "WH-LTE-7S4", "gprs232-7s3": "USR-GPRS232-7S3",
            "k7": "USR-K7"}
VERSION = {"cat1": "+VER:V1.1.01.000000.0000", "lte-7s4": "+VER:V2.1.04.000000.0000",
           "gprs232-7s3": '+VER:"V1.0.0"', "k7": "+OK=3016"}
OK = {"cat1": "OK", "lte-7s4": "OK", "gprs232-7s3": "OK", "k7": "+OK"}
# What goes before a command in the data stream: manuals 004 section 4.8, 001 section 3.1.3, 002
# section 4.1.2.
PREFIX = {"cat1": "usr.cn#", "lte-7s4": "usr.cn", "gprs232-7s3": "usr.cn#"}


class Ended:
    """What came of a run."""

    def __init__(self, args, status, out, err):
        self.args = args
        self.status = status
        self.out = out
        self.err = err

    def __str__(self):
        return (f"$ dtuctl {' '.join(map(str, self.args))}\n{self.out}\n--- standard error\n"
                f"{self.err}\n--- exit status: {self.status}")


class Running:
    """dtuctl that has not ended."""

    def __init__(self, args, stdin=subprocess.DEVNULL):
        self.args = args
        if "--guard" not in args:
            args = [*args, "--guard", "300"]  # what 7S3 wants is 200
        self.process = subprocess.Popen([DTUCTL, *args], stdin=stdin, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=environment())

    def end(self):
        out, err = self.process.communicate(timeout=harness.SECONDS)
        return Ended(self.args, self.process.returncode, out.decode(), err.decode())

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


def environment():
    env = {k: v for k, v in os.environ.items() if not k.startswith(("DTUCTL_", "XDG_"))}
    env["HOME"] = "/dev/null"  # no history is kept: no directory can be made there
    env["TERM"] = "dumb"
    env["ASAN_OPTIONS"] = "exitcode=99"
    return env


class Wire:
    """A serial line between dtuctl and a module, which can be listened to and cut.

    `module` is a file of the module's side. `on_host` and `on_module` get what comes from either
    side and give what goes on; they may call cut().
    """

    def __init__(self, module):
        self.module = module
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)
        self.sent = b""  # by dtuctl
        self.on_host = self.on_module = lambda data: data
        self.news = threading.Condition()
        self.stop = os.pipe()
        self.is_cut = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def cut(self):
        """As if the adapter was pulled out. The slave is closed first, or there is no hang-up."""
        self.is_cut = True

    def run(self):
        while not self.is_cut:
            ready = select.select([self.master, self.module, self.stop[0]], [], [])[0]
            if self.stop[0] in ready:
                break
            if self.master in ready:
                data = os.read(self.master, 4096)
                with self.news:
                    self.sent += data
                    self.news.notify_all()
                data = self.on_host(data)
                if data:
                    os.write(self.module, data)
            if self.module in ready and not self.is_cut:
                data = self.on_module(os.read(self.module, 4096))
                if data:
                    os.write(self.master, data)
        os.close(self.slave)
        os.close(self.master)

    def wait_sent(self, pattern):
        """Until dtuctl has sent what matches."""
        deadline = harness.Deadline(harness.SECONDS, f"dtuctl to send {pattern!r}")
        with self.news:
            while not re.search(pattern, self.sent):
                deadline.check(f", only {self.sent!r}")
                self.news.wait(deadline.left())

    def close(self):
        os.write(self.stop[1], b"x")
        self.thread.join()
        os.close(self.stop[0])
        os.close(self.stop[1])


class Fake:
    """The module's side of a pty: what `answer` gives for what dtuctl has sent is sent back."""

    def __init__(self, answer):
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)
        self.answer = answer
        self.stop = os.pipe()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            ready = select.select([self.master, self.stop[0]], [], [])[0]
            if self.stop[0] in ready:
                return
            os.write(self.master, self.answer(os.read(self.master, 4096)))

    def close(self):
        os.write(self.stop[1], b"x")
        self.thread.join()
        for fd in (*self.stop, self.master, self.slave):
            os.close(fd)


class Relay:
    """A TCP port that leads to a file or a socket: a serial server, or a peer in between."""

    def __init__(self, fd):
        self.fd = fd
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.on_host = lambda data: data
        self.stop = os.pipe()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        if self.stop[0] in select.select([self.listener, self.stop[0]], [], [])[0]:
            return
        sock, _ = self.listener.accept()
        with sock:
            while True:
                ready = select.select([sock, self.fd, self.stop[0]], [], [])[0]
                if self.stop[0] in ready:
                    return
                if sock in ready:
                    data = sock.recv(4096)
                    if not data:
                        return
                    data = self.on_host(data)
                    if data is None:
                        return
                    os.write(self.fd, data)
                if self.fd in ready:
                    sock.sendall(os.read(self.fd, 4096))

    def close(self):
        os.write(self.stop[1], b"x")
        self.thread.join()
        self.listener.close()
        os.close(self.stop[0])
        os.close(self.stop[1])


class Test(harness.Test):
    def setUp(self):
        super().setUp()
        if not os.access(DTUCTL, os.X_OK):
            self.fail("the environment variable DTUCTL must name the program")

    def begin(self, *args, **options):
        return self.closing(Running(["at", *args], **options))

    def run_at(self, *args, text=None):
        if text is None:
            return self.begin(*args).end()
        running = self.begin(*args, stdin=subprocess.PIPE)
        out, err = running.process.communicate(text.encode(), timeout=harness.SECONDS)
        return Ended(args, running.process.returncode, out.decode(), err.decode())

    def check(self, status, *args, out=None, err=None, text=None):
        """Runs it; the status must be this one, and the output match."""
        end = self.run_at(*args, text=text)
        self.check_ended(end, status, out, err)
        return end

    def check_ended(self, end, status, out=None, err=None):
        self.assertEqual(end.status, status, end)
        for text, pattern in ((end.out, out), (end.err, err)):
            if isinstance(pattern, str):
                self.assertRegex(text, pattern, end)
            elif pattern is not None:
                self.assertEqual(text.splitlines(), pattern, end)
        if status == DONE and err is None:
            self.assertEqual(end.err, "", end)

    def module(self, profile, *settings, options=(), sockets=None):
        """softdtu with a pty; gives what leads dtuctl to it."""
        if profile == "k7":
            options = ["--net-at-port", "0", "--discovery-port", "0", *options]
        name = f"uart-{len(self.programs)}"
        self.program = self.start(profile, sockets, settings, pty=name, options=options)
        return ["--tty", self.path(name)]

    def linked(self, profile="cat1"):
        """A module that is connected to a peer, a wire to its UART, and both ends."""
        program, user, _, connection = self.setup_link(profile, pty=f"uart-{len(self.programs)}")
        return program, user, self.closing(Wire(user.fd)), connection

    def check_data_mode(self, user, connection):
        """What is typed reaches the peer."""
        connection.skip()
        user.write(b"typed")
        connection.expect(b"typed")


# --- Use ------------------------------------------------------------------------------------------

class Use(Test):
    def test_wrong_use_ends_with_2_and_names_what_is_wrong(self):
        for args, pattern in (
                (["VER"], "--tty, --udp, --tcp or --listen is needed"),
                (["--tty", "/dev/null", "--udp", "x", "VER"], "only one of"),
                (["--tty", "/dev/null,", "VER"], "--tty takes DEV"),
                (["--tty", "/dev/null,fast", "VER"], "--tty takes DEV"),
                (["--tty", "/dev/null,0", "VER"], "--tty takes DEV"),
                (["--tty", "/dev/null,9600,9N1", "VER"], "--tty takes DEV"),
                (["--tty", "/dev/null,9600,8X1", "VER"], "--tty takes DEV"),
                (["--tty", "/dev/null,9600,8N3", "VER"], "--tty takes DEV"),
                (["--tty", "/dev/null,9600,8N1,", "VER"], "--tty takes DEV"),
                (["--tty", ",9600", "VER"], "--tty takes DEV"),
                (["--tcp", "localhost", "VER"], "localhost"),
                (["--listen", "0", "--prefix", "p", "VER"], "--listen takes 1 to 65535"),
                (["--listen", "9000", "VER"], "--prefix is needed")):
            with self.subTest(args):
                self.check(USAGE, *args, err=pattern)

    def test_what_cannot_be_opened_is_told_with_the_reason(self):
        listener = socket.create_server(("0.0.0.0", 0))
        self.addCleanup(listener.close)
        port = str(listener.getsockname()[1])
        for args, status, pattern in (
                (["--tty", self.path("none")], FAILED, "none: No such file"),
                (["--tty", "/dev/null"], FAILED, "/dev/null: .*"),
                (["--tcp", "127.0.0.1:1"], SILENT, "127.0.0.1:1: Connection refused"),
                (["--listen", port, "--prefix", "p"], FAILED, f"port {port}: Address already")):
            with self.subTest(args):
                end = self.check(status, *args, "VER", err=pattern)
                self.assertEqual(len(end.err.splitlines()), 1, end)

    def test_a_line_that_is_more_than_a_command_is_not_sent(self):
        tty_args = self.module("cat1")
        self.check(USAGE, *tty_args, "VER\r\nAT+Z", err=r"AT\+VER\\x0D\\x0AAT\+Z: no AT command")
        self.check(USAGE, *tty_args, "STMSG=" + 5000 * "x", err="too long for any module")


# --- Products -------------------------------------------------------------------------------------

class Products(Test):
    def test_each_product_over_its_uart(self):
        """A query, a set, a query of what was set; the names with and without AT+."""
        sets = {"cat1": "UARTFT=77", "lte-7s4": "UARTFT=77", "gprs232-7s3": "HEARTTM=77",
                "k7": "HEARTTM=77"}
        for profile in PROFILES:
            with self.subTest(profile):
                name = sets[profile].split("=")[0]
                query = name if profile == "k7" else f"{name}?"
                value = "+OK=77" if profile == "k7" else f"+{name}:77"
                self.check(DONE, *self.module(profile), "VER", "AT", sets[profile],
                           f"at+{query.lower()}",
                           out=[VERSION[profile], OK[profile], OK[profile], value])

    def test_echo_does_not_disturb(self):
        for profile in PROFILES:
            with self.subTest(profile):
                self.check(DONE, *self.module(profile, "E=ON"), "VER", "E", out=
                           [VERSION[profile], "+OK=on" if profile == "k7" else
                            '+E:"on"' if profile == "gprs232-7s3" else "+E:ON"])

    def test_a_refusal_is_told_in_words(self):
        """The words of the manuals' pages of errors: 004 section 3.2, 001 3.1.6, 003 5.3."""
        for profile, command, pattern in (
                ("cat1", "UARTFT=5", r"AT\+UARTFT=5: refused: \+CME ERROR:53, out of range; "
                                     r"it takes <10~500\(ms\)>"),
                ("cat1", "UARTFT=x", r"refused: \+CME ERROR:3, a parameter is missing or of the "
                                     "wrong type"),
                ("cat1", "UART=9600", r"refused: \+CME ERROR:(3|53), .*; it takes <1200~921600>"),
                ("cat1", "VER=1", r"refused: \+CME ERROR:58, not offered in this form"),
                ("cat1", "NONE", r"refused: \+CME ERROR:58, no such command"),
                ("cat1", "GPSDT?", r"refused: \+CME ERROR:50, not possible now, or it failed"),
                ("lte-7s4", "UARTFT=5", "refused: Err4, out of range; it takes <50~60000>"),
                ("lte-7s4", "NONE", "refused: Err2, no such command"),
                ("lte-7s4", "Z=1", "refused: Err3, not offered in this form"),
                ("gprs232-7s3", "HEARTTM=0", "refused: ERROR, out of range; it takes"),
                ("gprs232-7s3", "NONE", "refused: ERROR, no such command"),
                ("k7", "HEARTTM=0", r"refused: \+ERR=-4, out of range; it takes"),
                ("k7", "NONE", r"refused: \+ERR=-2, no such command")):
            with self.subTest(profile=profile, command=command):
                self.check(FAILED, *self.module(profile), command, out=[], err=pattern)

    def test_it_stops_at_a_refusal_unless_told_to_go_on(self):
        tty_args = self.module("cat1")
        refused = [r"dtuctl: AT+NONE: refused: +CME ERROR:58, no such command"]
        self.check(FAILED, *tty_args, "AT", "NONE", "VER", out=["OK"], err=refused)
        self.check(FAILED, *tty_args, "AT", "NONE", "VER", "--keep-going",
                   out=["OK", VERSION["cat1"]], err=refused)

    def test_json_has_an_object_for_each_command(self):
        end = self.check(FAILED, *self.module("cat1"), "--json", "--keep-going", "VER", "E=OFF",
                         "UARTFT=5", "STMSG=\xff", "STMSG?", err=[])
        got = [json.loads(line) for line in end.out.splitlines()]
        self.assertEqual(got[0], {"command": "AT+VER", "status": "done",
                                  "value": "V1.1.01.000000.0000"})
        self.assertEqual(got[1], {"command": "AT+E=OFF", "status": "done"})
        self.assertEqual(got[2], {"command": "AT+UARTFT=5", "status": "refused",
                                  "error": "+CME ERROR:53", "reason":
                                  "+CME ERROR:53, out of range; it takes <10~500(ms)>"})
        self.assertEqual(got[4]["value"], "\xff")

    def test_several_answers_are_a_line_each(self):
        """The list of commands, and a parameter with places."""
        end = self.check(DONE, *self.module("lte-7s4"), "H", "MQTTSUB=1,a/b,0", "MQTTSUB=3,c,1",
                         "MQTTSUB?")
        lines = end.out.splitlines()
        self.assertEqual(lines[0], "AT: Test")
        self.assertIn("AT+VER: Firmware version", lines)
        self.assertEqual(lines[-4:], ["OK", "OK", "+MQTTSUB:1,a/b,0", "+MQTTSUB:3,c,1"])

    def test_commands_come_from_standard_input(self):
        self.check(DONE, *self.module("cat1"), text="# a comment\r\n\r\n VER\r\nAT\n  # more\nE",
                   out=[VERSION["cat1"], "OK", "+E:OFF"])
        self.check(FAILED, *self.module("k7"), text="NONE\nVER\n", out=[], err=r"\+ERR=-2")
        self.check(DONE, *self.module("k7"), text="", out=[])

    def test_it_stops_at_a_line_that_cannot_be_sent(self):
        way = self.module("cat1")
        for option in ((), ("--keep-going",)):
            for wrong, text in (("x" * 5000, "longer than 4095 bytes"), ("UARTFT=10\x000", "byte 00")):
                self.check(USAGE, *way, *option, text=f"AT\n{wrong}\nVER\n", out=["OK"],
                           err=text)

    def test_a_profile_can_be_given(self):
        tty_args = self.module("cat1")
        end = self.check(FAILED, *tty_args, "--profile", "gprs232-7s3", "UARTFT=5")
        self.assertIn("+CME ERROR:53", end.err)
        self.check(USAGE, *tty_args, "--profile", "x", "VER", err="x: the profiles are .*cat1")

    def test_the_module_is_left_in_data_mode(self):
        for profile in PROFILES:
            with self.subTest(profile):
                _, user, wire, connection = self.linked(profile)
                self.check(DONE, "--tty", wire.path, "AT", out=[OK[profile]])
                self.check_data_mode(user, connection)

    def test_one_in_command_mode_already_is_found_there(self):
        _, user, _, connection = self.setup_link("cat1")
        user.enter()
        wire = self.closing(Wire(user.fd))
        self.check(DONE, "--tty", wire.path, "AT", "--timeout", "300", out=["OK"],
                   err="try 2 of 3")
        self.check_data_mode(user, connection)

    def test_a_restart_is_waited_for(self):
        """Whatever leads out of command mode, the next command enters it again."""
        for profile in PROFILES:
            with self.subTest(profile):
                tty_args = self.module(profile)
                last = "S" if profile == "cat1" else "Z"
                self.check(DONE, *tty_args, "Z", "ENTM", "AT", last,
                           out=[OK[profile], OK[profile], OK[profile], OK[profile]])
                self.program.wait_log("started as")

    def test_verbose_shows_what_the_module_says_by_itself(self):
        for profile in PROFILES[:3]:
            with self.subTest(profile):
                self.check(DONE, *self.module(profile), "--verbose", "AT",
                           err=["< " + GREETING[profile].decode().strip()])

    def test_data_of_the_peer_is_no_answer(self):
        _, _, wire, _ = self.linked()
        due = [b"\r\nOK?\r\n\x1b[2J\r\n"]
        wire.on_module = lambda data: (due.pop() if due and b"VER" in wire.sent else b"") + data
        self.check(DONE, "--tty", wire.path, "--verbose", "VER", out=[VERSION["cat1"]],
                   err=["< OK?", r"< \x1B[2J"])


# --- Ways -----------------------------------------------------------------------------------------

class Ways(Test):
    def k7_by_udp(self, keyword="www.usr.cn"):
        port = harness.free_port(socket.SOCK_DGRAM)
        self.start("k7", None, [f"SEARCH=48899,{keyword}"],
                   options=["--net-at-port", str(port), "--discovery-port", "0", "--bind",
                            "127.0.0.1"])
        deadline = harness.Deadline(harness.SECONDS, "the module to open its port")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(("127.0.0.1", port))
            sock.settimeout(0.1)
            while True:
                try:
                    sock.send(keyword.encode())
                    sock.recv(100)
                    return f"127.0.0.1:{port}"
                except (TimeoutError, ConnectionRefusedError):
                    deadline.check()

    def test_k7_by_udp(self):
        at = self.k7_by_udp()
        self.check(DONE, "--udp", at, "VER", "HEARTTM=77", "HEARTTM", "Z", "HEARTTM", "ENTM", "AT",
                   out=["+OK=3016", "+OK", "+OK=77", "+OK", "+OK=77", "+OK", "+OK"])
        self.check(FAILED, "--udp", at, "NONE", err=r"\+ERR=-2")

    def test_k7_by_udp_with_another_keyword(self):
        at = self.k7_by_udp("open")
        self.check(DONE, "--udp", at, "--keyword", "open", "VER", out=["+OK=3016"])
        self.check(SILENT, "--udp", at, "--timeout", "100", "VER", out=[],
                   err="no answer to the keyword; try 3 of 3\n.*is the keyword that of AT.SEARCH")

    def test_nobody_at_udp(self):
        port = harness.free_port(socket.SOCK_DGRAM)
        self.check(SILENT, "--udp", f"127.0.0.1:{port}", "--timeout", "100", "VER",
                   err="no answer to the keyword but Connection refused")

    def test_a_module_connects_to_us(self):
        for profile, prefix in PREFIX.items():
            with self.subTest(profile):
                port = harness.free_port()
                settings = [] if profile == "lte-7s4" else ["NATEN=ON"]
                running = self.begin("--listen", str(port), "--prefix", prefix, "VER", "Z", "AT")
                self.module(profile, *settings, sockets=[own(profile, port)])
                self.check_ended(running.end(), DONE, [VERSION[profile], "OK", "OK"],
                                 "waiting for a module to connect to port")

    def test_a_module_that_restarts_without_closing_its_connection(self):
        """As one does whose power fails: it connects anew, and is silent on the old connection."""
        port = harness.free_port()
        running = self.begin("--listen", str(port), "--prefix", "p#", "Z", "AT", "--timeout", "500")
        self.assertIn(b"waiting", running.process.stderr.readline())
        answers = {b"p#AT+\r\n": REFUSED, b"p#AT+Z\r\n": FINE, b"p#AT\r\n": FINE}
        for last in (b"p#AT+Z\r\n", b"p#AT\r\n"):
            module = self.closing(socket.create_connection(("127.0.0.1", port)))
            module.settimeout(harness.SECONDS)
            line = b""
            while line != last:
                line = module.recv(4096)
                module.sendall(answers[line])
        self.check_ended(running.end(), DONE, ["OK", "OK"], [])

    def test_a_prefix_by_way_of_a_tcp_server(self):
        for profile, prefix in PREFIX.items():
            with self.subTest(profile):
                settings = [] if profile == "lte-7s4" else ["NATEN=ON"]
                _, _, _, connection = self.setup_link(profile, settings, pty=f"u-{profile}")
                relay = self.closing(Relay(connection.fd))
                self.check(DONE, "--tcp", f"127.0.0.1:{relay.port}", "--prefix", prefix, "VER", "AT",
                           out=[VERSION[profile], "OK"])
                relay = self.closing(Relay(connection.fd))
                self.check(SILENT, "--tcp", f"127.0.0.1:{relay.port}", "--prefix", "wrong",
                           "--timeout", "200", "VER", out=[], err="is the password right")

    def test_a_prefix_at_the_uart(self):
        """The module stays in data mode all the time."""
        program, user, _, connection = self.setup_link("cat1", ["UATEN=ON"])
        wire = self.closing(Wire(user.fd))
        self.check(DONE, "--tty", wire.path, "--prefix", "usr.cn#", "VER", "AT",
                   out=[VERSION["cat1"], "OK"])
        self.assertNotIn("command mode", program.output())
        self.assertNotIn(b"+++", wire.sent)
        self.check_data_mode(user, connection)

    def test_a_module_behind_a_serial_server(self):
        _, user, _, connection = self.setup_link("lte-7s4")
        relay = self.closing(Relay(user.fd))
        self.check(DONE, "--tcp", f"127.0.0.1:{relay.port}", "VER", out=[VERSION["lte-7s4"]])
        self.check_data_mode(user, connection)

    def test_a_tty_is_given_back_as_it_was(self):
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        path = os.ttyname(slave)
        setting = termios.tcgetattr(slave)
        setting[4] = setting[5] = termios.B4800
        termios.tcsetattr(slave, termios.TCSANOW, setting)
        setting = termios.tcgetattr(slave)
        running = self.begin("--tty", f"{path},19200,7E2", "VER", "--timeout", "100", "--tries",
                             "1", "--guard", "300")
        deadline = harness.Deadline(harness.SECONDS, "dtuctl to set the tty")
        while harness.baud_of(slave) != 19200:
            deadline.check()
            time.sleep(0.01)
        now = termios.tcgetattr(slave)
        self.assertEqual(now[2] & termios.CSTOPB, termios.CSTOPB)
        self.assertEqual(now[3] & (termios.ICANON | termios.ECHO), 0)
        self.assertEqual(self.is_exclusive(slave), True)
        self.assertEqual(running.end().status, SILENT)
        self.assertEqual(termios.tcgetattr(slave), setting)
        self.assertEqual(self.is_exclusive(slave), False)

    def test_a_tty_with_a_long_name(self):
        """As those in /dev/serial/by-id are."""
        name = self.path("usb-Maker_of_Adapters_USB_to_UART_Bridge_Controller_0123456789-if00-port0")
        os.symlink(self.module("cat1")[1], name)
        self.check(DONE, "--tty", name, "AT", out=["OK"])

    @staticmethod
    def is_exclusive(fd):
        tiocgexcl = 0x80045440
        return struct.unpack("i", fcntl.ioctl(fd, tiocgexcl, bytes(4)))[0] != 0

    def test_a_tty_of_another_program_is_not_shared(self):
        fake = self.closing(Fake(lambda data: b""))
        self.begin("--tty", fake.path, "VER")
        deadline = harness.Deadline(harness.SECONDS, "dtuctl to take the tty")
        while not self.is_exclusive(fake.slave):
            deadline.check()
            time.sleep(0.01)
        self.check(FAILED, "--tty", fake.path, "VER", err="busy|in use|another program")


def own(profile, port):
    """SOCKA as the profile writes it."""
    if profile == "gprs232-7s3":
        return f'"TCP","127.0.0.1",{port}'
    return f"{tcp(profile)},127.0.0.1,{port}"


# --- Silence, and the end -------------------------------------------------------------------------

def answering(commands):
    """A module that takes the handshake, and gives these answers to these lines."""
    state = {"line": b""}

    def answer(data):
        if data in (b"+++", b"a"):
            return {b"+++": b"a", b"a": b"+ok"}[data]
        state["line"] += data
        out = b""
        while b"\r\n" in state["line"]:
            line, _, state["line"] = state["line"].partition(b"\r\n")
            out += commands.get(line, b"")
        return out
    return answer


REFUSED, FINE = b"\r\n+CME ERROR:58\r\n", b"\r\nOK\r\n"


class Silence(Test):
    def test_nobody_there(self):
        fake = self.closing(Fake(lambda data: b""))
        end = self.check(SILENT, "--tty", fake.path, "--timeout", "100", "--guard", "10", "VER")
        lines = end.err.splitlines()
        self.assertEqual(lines[:2], [f"dtuctl: {fake.path}: no answer to +++; try {n} of 3"
                                     for n in (2, 3)], end)
        self.assertRegex(lines[2], r"no answer to \+\+\+: is the module on, is the baud rate right")
        self.assertEqual(len(lines), 3, end)

    def test_a_command_without_an_answer(self):
        """What can be sent again is, each try is told; the module is led out of command mode."""
        for command, tries in (("UART?", 3), ("UART", 3), ("UARTFT=50", 3), ("Z", 1),
                               ("SECRET", 1)):
            with self.subTest(command):
                sent = []
                answers = answering({b"AT+": REFUSED, b"AT+ENTM": FINE})

                def answer(data, sent=sent, answers=answers):
                    sent.append(data)
                    return answers(data)

                fake = self.closing(Fake(answer))
                end = self.check(SILENT, "--tty", fake.path, "--timeout", "200", "--guard", "10",
                                 command, "VER", out=[])
                told = [f"dtuctl: {fake.path}: no answer to AT+{command}; try {n} of 3"
                        for n in range(2, tries + 1)]
                self.assertEqual(end.err.splitlines(), told + [
                    f"dtuctl: {fake.path}: no answer to AT+{command}"], end)
                self.assertEqual(b"".join(sent).count(f"AT+{command}\r\n".encode()), tries)
                self.assertIn(b"AT+ENTM\r\n", b"".join(sent))
                self.assertNotIn(b"AT+VER", b"".join(sent))

    def test_one_that_does_not_leave_is_told(self):
        fake = self.closing(Fake(answering({b"AT+": REFUSED, b"AT": FINE})))
        self.check(SILENT, "--tty", fake.path, "--timeout", "200", "--guard", "10", "AT",
                   out=["OK"], err="no answer to AT.ENTM: the module may be in command mode\n$")

    def test_a_module_that_never_stops_talking_keeps_nobody(self):
        master, slave = pty.openpty()
        tty.setraw(slave)
        stop = threading.Event()
        os.set_blocking(master, False)

        def flood():
            while not stop.is_set():
                try:
                    os.write(master, b"\r\nOKAY +CME +OK" * 100)
                    os.read(master, 4096)
                except BlockingIOError:
                    time.sleep(0.001)

        thread = threading.Thread(target=flood, daemon=True)
        thread.start()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        self.addCleanup(thread.join)
        self.addCleanup(stop.set)
        self.check(SILENT, "--tty", os.ttyname(slave), "--timeout", "100", "--guard", "10", "VER",
                   err="no answer")

    def test_a_reply_too_long_for_anybody(self):
        answers = answering({b"AT+": REFUSED, b"AT+ENTM": FINE,
                             b"AT+VER": b"\r\n+VER:" + 40000 * b"x" + b"\r\n\r\nOK\r\n"})
        fake = self.closing(Fake(answers))
        self.check(FAILED, "--tty", fake.path, "--guard", "10", "VER", out=[],
                   err=r"AT\+VER: refused: .*room|too long|space")


# Each step of a session, by what dtuctl sends in it.
STEPS = (rb"\+\+\+$", rb"\+a$", rb"AT\+\r", rb"AT\+VER\r", rb"AT\+ENTM\r")


class Unplugged(Test):
    def test_the_tty_goes_away_in_each_step(self):
        for step in STEPS:
            with self.subTest(step):
                _, user, wire, _ = self.linked()

                def cut(data, wire=wire, step=step):
                    if not re.search(step, wire.sent):
                        return data
                    wire.cut()
                    return b""

                wire.on_host = cut
                end = self.check(SILENT, "--tty", wire.path, "VER")
                lines = end.err.splitlines()
                self.assertEqual(len(lines), 1, end)
                name = "+++" if b"$" in step else step.decode()[:-2].replace("\\", "")
                self.assertTrue(lines[0].startswith(
                    f"dtuctl: {wire.path}: the connection ended while {name} was on its way: "), end)
                user.skip()

    def test_the_connection_ends_in_each_step(self):
        for step in STEPS:
            with self.subTest(step):
                _, user, _, _ = self.setup_link("cat1", pty=f"uart-{STEPS.index(step)}")
                relay = self.closing(Relay(user.fd))
                sent = []

                def cut(data, step=step, sent=sent):
                    sent.append(data)
                    return None if re.search(step, b"".join(sent)) else data

                relay.on_host = cut
                end = self.check(SILENT, "--tcp", f"127.0.0.1:{relay.port}", "VER")
                lines = end.err.splitlines()
                self.assertEqual(len(lines), 1, end)
                self.assertRegex(lines[0], "the connection ended while .* was on its way: closed by "
                                           "the other side|Connection reset")

    def test_a_peer_that_goes_away_with_a_prefix(self):
        _, _, _, connection = self.setup_link("cat1", ["NATEN=ON"])
        relay = self.closing(Relay(connection.fd))
        relay.on_host = lambda data: None if b"VER" in data else data
        end = self.check(SILENT, "--tcp", f"127.0.0.1:{relay.port}", "--prefix", "usr.cn#", "VER")
        self.assertRegex(end.err, r"^dtuctl: .* ended while AT\+VER was on its way: .*\n$")


class Signals(Test):
    def interrupted(self, step):
        """A session that is interrupted when dtuctl has sent `step`; the answer to that is lost, in
        however many pieces it comes."""
        _, user, wire, connection = self.linked()
        is_interrupted = threading.Event()

        def answer(data):
            return b"" if re.search(step, wire.sent) and not is_interrupted.is_set() else data

        wire.on_module = answer
        running = self.begin("--tty", wire.path, "VER")
        wire.wait_sent(step)
        running.process.send_signal(signal.SIGINT)
        is_interrupted.set()
        self.check_ended(running.end(), INTERRUPTED, [], [])
        return user, wire, connection

    def test_an_interrupted_command_leaves_the_module_in_data_mode(self):
        for step in (rb"AT\+\r", rb"AT\+VER\r"):
            with self.subTest(step):
                user, wire, connection = self.interrupted(step)
                self.assertIn(b"AT+ENTM", wire.sent)
                self.check_data_mode(user, connection)

    def test_an_interrupted_handshake_leaves_the_module_in_data_mode(self):
        """The module's last word comes when dtuctl has been told to end."""
        _, user, wire, connection = self.linked()
        told = threading.Event()

        def answer(data):
            if wire.sent.endswith(b"a"):
                told.wait(harness.SECONDS)
            return data

        wire.on_module = answer
        running = self.begin("--tty", wire.path, "VER")
        wire.wait_sent(rb"\+\+\+a")
        running.process.send_signal(signal.SIGINT)
        told.set()
        self.check_ended(running.end(), INTERRUPTED, [], [])
        self.assertTrue(wire.sent.endswith(b"+++aAT+ENTM\r\n"), wire.sent)
        self.check_data_mode(user, connection)

    def test_interrupted_before_anything_is_sent(self):
        sent = []
        fake = self.closing(Fake(lambda data: sent.append(data) or b""))
        running = self.begin("--tty", fake.path, "--guard", "1500", "VER")
        deadline = harness.Deadline(harness.SECONDS, "dtuctl to take the tty")
        while not Ways.is_exclusive(fake.slave):
            deadline.check()
            time.sleep(0.01)
        running.process.send_signal(signal.SIGTERM)
        self.check_ended(running.end(), 128 + signal.SIGTERM, [], [])
        self.assertEqual(sent, [])

    def test_interrupted_while_a_module_is_waited_for(self):
        port = harness.free_port()
        running = self.begin("--listen", str(port), "--prefix", "p", "VER")
        self.assertIn(b"waiting", running.process.stderr.readline())
        running.process.send_signal(signal.SIGINT)
        self.check_ended(running.end(), INTERRUPTED, [], [])


# --- The prompt -----------------------------------------------------------------------------------

class Prompt(Test):
    def prompt(self, *args):
        """dtuctl at a terminal of its own; gives the terminal."""
        master, slave = pty.openpty()
        process = subprocess.Popen([DTUCTL, "at", *args], stdin=slave, stdout=slave, stderr=slave,
                                   env=environment(), start_new_session=True,
                                   preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.addCleanup(process.wait)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        terminal = harness.Stream(master, "terminal")
        self.addCleanup(os.close, master)
        terminal.process = process
        return terminal

    def leave(self, terminal):
        """Ctrl-D; one that is typed before the prompt is there is lost on it."""
        deadline = harness.Deadline(harness.SECONDS, "dtuctl to end by Ctrl-D")
        while True:
            terminal.write(b"\x04")
            try:
                self.assertEqual(terminal.process.wait(0.2), DONE)
                return
            except subprocess.TimeoutExpired:
                deadline.check()

    def check_status(self, terminal, status):
        self.assertEqual(terminal.process.wait(harness.SECONDS), status)

    def test_each_product_is_recognised_and_answers(self):
        for profile in PROFILES:
            with self.subTest(profile):
                terminal = self.prompt(*self.module(profile))
                terminal.read_until(re.escape(f"is a {PRODUCTS[profile]}").encode())
                terminal.read_until(b"AT> ")
                terminal.write(b"VER\n")
                terminal.read_until(re.escape(VERSION[profile]).encode())
                terminal.read_until(b"AT> ")
                terminal.write(b"NONE\n")
                terminal.read_until(b"refused: .*no such command")
                terminal.read_until(b"AT> ")
                terminal.write(b"\n")
                terminal.read_until(b"AT> ")
                self.leave(terminal)

    def test_what_the_module_says_is_shown(self):
        terminal = self.prompt(*self.module("cat1"))
        terminal.read_until(b"< WH-LTE-7S1")
        terminal.read_until(b"AT> ")
        terminal.write(b"Z\n")
        terminal.read_until(b"AT> ")
        terminal.write(b"AT\n")
        terminal.read_until(b"OK")
        terminal.read_until(b"AT> ")
        self.leave(terminal)

    def test_a_silence_ends_nothing_at_the_prompt(self):
        """Command mode is entered again, for nobody knows whether the module is in it."""
        sent = []
        answers = answering({b"AT+": REFUSED, b"AT": FINE, b"AT+ENTM": FINE})
        fake = self.closing(Fake(lambda data: sent.append(data) or answers(data)))
        terminal = self.prompt("--tty", fake.path, "--timeout", "200", "--guard", "10")
        terminal.read_until(b"AT> ")
        terminal.write(b"Z\n")
        terminal.read_until(rb"no answer to AT\+Z\r?\n")
        terminal.read_until(b"AT> ")
        terminal.write(b"AT\n")
        terminal.read_until(b"OK")
        terminal.read_until(b"AT> ")
        self.leave(terminal)
        self.assertRegex(b"".join(sent), rb"^\+\+\+aAT\+\r\nAT\+Z\r\n\+\+\+a(\r\n)?AT\r\n"
                                         rb"AT\+ENTM\r\n$")

    def test_interrupted_at_the_prompt(self):
        _, user, wire, connection = self.linked()
        terminal = self.prompt("--tty", wire.path)
        terminal.read_until(b"AT> ")
        terminal.write(b"\x03")
        self.check_status(terminal, INTERRUPTED)
        self.check_data_mode(user, connection)

    def test_unplugged_at_the_prompt(self):
        _, _, wire, _ = self.linked()
        terminal = self.prompt("--tty", wire.path)
        terminal.read_until(b"AT> ")
        wire.on_host = lambda data: wire.cut() or b""
        terminal.write(b"VER\n")
        terminal.read_until(rb"the connection ended while AT\+VER was on its way")
        self.check_status(terminal, SILENT)


if __name__ == "__main__":
    unittest.main(verbosity=2)
