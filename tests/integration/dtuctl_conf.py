#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""dtuctl dump, restore, diff and provision against softdtu.

The environment variable DTUCTL names the program, SOFTDTU the module in software.
"""
import contextlib
import fcntl
import os
import pty
import re
import signal
import subprocess
import termios
import time
import unittest

import harness
from dtuctl_at import DTUCTL, DONE, FAILED, INTERRUPTED, SILENT, USAGE, Ended, Wire, environment

DIFFER = 1
PROFILES = ("cat1", "lte-7s4", "gprs232-7s3", "k7")
# Of each kind of field something, and every text with what a line cannot carry; each differs from
# its default. As the manuals write them: 004, 001, 002, 003.
CHANGES = {
    "cat1": ["APN=internet,me,a b,2", "CMDPW=#pw=1#", "E=OFF", "HEARTDT=00FF0D0A", "HEARTTM=61",
             "HTPHD=A: b[0D][0A]C: d[0D][0A]", "HTPURL=/x,y?=#", "KEEPALIVEB=0,61,16,4",
             "NTPSVR=a.example,b.example", "RSTIM=0", "SDPEN=ON", "SOCKA=UDP,127.0.0.1,9",
             "SOCKABK=backup.example,7", "SOCKABKEN=ON", "SOCKASL=SHORT", "STMSG=[0D][0A]hello", "UART=9600,8,2,EVEN,NONE", "UARTFT=123",
             "CLOUD=12345678901234567890,87654321"],
    "lte-7s4": ["APN=a,b,c,1", "CMDPW=x[2C]y", "E=ON", "HEARTDT=00FF0D0A",
                "HTPHD=A: b[0D][0A]C: d[0D][0A]", "HTPURL=/x[2C]y[3F][3D]", "KEEPALIVEA=0,1,2,3",
                "MQTTSUB=1,/a/#,0", "MQTTSUB=3,topic[2C]3,2", "MQTTSUB=15,/z,1",
                "MQTTWILL=/w,1,1,gone", "RSTIM=0", "SOCKA=UDP,127.0.0.1,9", "SOCKB=UDP,127.0.0.1,9",
                "SOCKBEN=OFF", "SOCKASL=SHORT", "SOCKBSL=SHORT", "STMSG=up", "SYSCONFIG=13,1,2,3",
                "UART=9600,7,2,EVEN,NFC", "UARTFL=2048"],
    "gprs232-7s3": ['APN="a,b"', 'CMDPW="pw,1"', 'E="off"', 'HTPHD="A: [22]b[22][0D][0A]"',
                    "HEARTTM=61", "REGID=65535", 'SOCKA="UDP","127.0.0.1",9', 'SOCKBSL="short"',
                    'STMSG="[0D][0A]x"', 'UART=9600,"EVEN",7,2,"NONE"', 'WKMOD="NET"'],
    "k7": ["DNS=9.9.9.9", "E=on", "HEARTUSER=00FF0D0A,HEX", "HTPHEAD=A: b<<CRLF>>C: d<<CRLF>>",
           "HTPURL=/x,y", "MID=pump #7", "REGUSER=a,b,ASCII", "RSTIM=0", "SEARCH=48900,key word",
           "SOCKA=UDPC,127.0.0.1,9", "SOCKB=TCPC,127.0.0.1,1", "UART=9600,5,2,MARK,FCR",
           "UARTTL=255,1460", "WANN=static,10.1.2.3,255.0.0.0,10.1.2.1", "WEBU=me,pw"],
}
# Fewer, for what is done often; the last changes how the module is reached.
FEW = {
    "cat1": ["CMDPW=other#", "HEARTTM=61", "SOCKA=UDP,127.0.0.1,9", "UART=9600,8,1,NONE,NONE"],
    "lte-7s4": ["HEARTTM=61", "MQTTSUB=2,/b,0", "SOCKBEN=OFF", "UART=9600,8,1,NONE,NFC"],
    "gprs232-7s3": ["HEARTTM=61", 'SOCKA="UDP","127.0.0.1",9', 'UART=9600,"NONE",8,1,"NONE"'],
    "k7": ["HEARTTM=61", "SOCKA=UDPC,127.0.0.1,9", "UART=9600,8,1,NONE,NFC"],
}


class Test(harness.Test):
    def setUp(self):
        super().setUp()
        if not os.access(DTUCTL, os.X_OK):
            self.fail("the environment variable DTUCTL must name the program")

    def popen(self, args):
        if args[0] in ("dump", "restore", "diff") and "--guard" not in args:
            # what 7S3 wants is 200; and one that was left in command mode answers nothing at first
            args = [*args, "--guard", "300", "--timeout", "700", "--tries", "2"]
        process = subprocess.Popen([DTUCTL, *args], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=environment())

        def end():
            if process.poll() is None:
                process.kill()
            process.communicate()

        self.addCleanup(end)
        return process

    def finish(self, process, args):
        out, err = process.communicate(timeout=6 * harness.SECONDS)
        return Ended(args, process.returncode, out.decode(), err.decode())

    def run_ctl(self, *args):
        return self.finish(self.popen(args), args)

    def check(self, status, *args, out=None, err=None):
        """Runs it; the status must be this one, and the output match."""
        end = self.run_ctl(*args)
        self.assertEqual(end.status, status, end)
        for text, pattern in ((end.out, out), (end.err, err)):
            if isinstance(pattern, str):
                self.assertRegex(text, re.compile(pattern, re.DOTALL), end)
            elif pattern is not None:
                self.assertEqual(text.splitlines(), pattern, end)
        return end

    def module(self, profile, *settings, options=()):
        """softdtu with a pty, of which all that is not given is the default; gives the pty."""
        if profile == "k7":
            # nobody else's ports
            options = ["--net-at-port", "0", "--discovery-port", "0",
                       "--bind", f"127.77.{len(self.programs)}.1", *options]
        name = f"uart-{len(self.programs)}"
        args = ["--profile", profile, "--pty", self.path(name), "--verbose", *options]
        for setting in settings:
            args += ["--set", setting]
        self.profile = profile
        program = self.launch(*args)
        program.wait_log(rf"^softdtu: {profile}, UART at ")
        return self.path(name)

    def dump(self, path, *args):
        return self.check(DONE, "dump", "--tty", path, *args, err=[]).out

    def file(self, name, text):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text if isinstance(text, str) else "".join(f"{line}\n" for line in text))
        return path


def rows_of(text):
    """A dump as a dictionary; a name that is there more than once has all of its values."""
    rows = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, value = line.split("=", 1)
            rows[name] = [*rows.get(name, []), value]
    return rows


# --- Dump and restore -----------------------------------------------------------------------------

class Restore(Test):
    def test_a_dump_restored_into_a_fresh_module_makes_it_equal(self):
        for profile in PROFILES:
            with self.subTest(profile):
                changed = self.module(profile, *CHANGES[profile])
                text = self.dump(changed)
                self.assertEqual(text.splitlines()[0], f"# profile {profile}")
                wanted = rows_of("\n".join(CHANGES[profile]))
                self.assertEqual({name: rows_of(text)[name] for name in wanted}, wanted)
                fresh = self.module(profile)
                before = rows_of(self.dump(fresh))
                self.assertEqual([n for n in wanted if before[n] == wanted[n]],
                                 ["WKMOD"] if profile == "gprs232-7s3" else [])
                path = self.file("module.conf", text)
                self.check(DONE, "restore", "--tty", fresh, "--yes", path,
                           out=r"read back as asked$", err=[])
                self.assertEqual(self.dump(fresh, "--guard", "500"), text)
                self.check(DONE, "diff", "--tty", fresh, path, "--guard", "500", out=[], err=[])

    def test_a_dump_names_each_setting_once_in_the_order_of_the_names(self):
        text = self.dump(self.module("cat1"))
        names = list(rows_of(text))
        self.assertEqual(names, sorted(names))
        self.assertEqual(len(names), len(text.splitlines()) - 1)
        self.assertNotIn("SIGNINAT", names)  # a secret
        self.assertNotIn("HEART", names)     # a view
        self.assertEqual(rows_of(text)["CMDPW"], ["usr.cn#"])

    def test_only_what_differs_is_written_and_what_is_not_named_stays(self):
        for profile in ("cat1", "k7"):
            with self.subTest(profile):
                module = self.module(profile, "RSTIM=61")
                user = self.closing(harness.User(module, profile))
                wire = self.closing(Wire(user.fd))
                path = self.file("part.conf", ["# a part", "RSTIM=61", "HEARTTM=62", "",
                                               "HEARTEN=OFF"])
                changes = ["-HEARTTM=30", "+HEARTTM=62"]
                if profile == "cat1":
                    changes = ["-HEARTEN=ON", "+HEARTEN=OFF", *changes]
                end = self.check(DONE, "restore", "--tty", wire.path, "--yes", path, err=[])
                self.assertEqual(end.out.splitlines()[:-1], changes, end)
                sets = [s for s in re.findall(rb"AT\+\w+=[^\r\n]*", wire.sent)]
                self.assertEqual(sets, [c[1:].join(["AT+", ""]).encode() for c in changes
                                        if c[0] == "+"])
                self.assertEqual(wire.sent.count(b"AT+S\r"), profile == "cat1")

    def test_a_dry_run_shows_and_writes_nothing(self):
        module = self.module("cat1")
        user = self.closing(harness.User(module, "cat1"))
        wire = self.closing(Wire(user.fd))
        path = self.file("few.conf", FEW["cat1"])
        self.check(DONE, "restore", "--tty", wire.path, "--dry-run", path, err=[], out=[
            "-CMDPW=usr.cn#", "+CMDPW=other#", "-HEARTTM=30", "+HEARTTM=61",
            "-SOCKA=TCP,test.usr.cn,2317", "+SOCKA=UDP,127.0.0.1,9",
            "-UART=115200,8,1,NONE,NONE", "+UART=9600,8,1,NONE,NONE"])
        self.assertNotRegex(wire.sent, rb"AT\+\w+=|AT\+[SZ]\r")

    def test_nobody_to_ask_writes_nothing(self):
        module = self.module("cat1")
        path = self.file("few.conf", FEW["cat1"])
        before = self.dump(module)
        self.check(USAGE, "restore", "--tty", module, path, err="--yes is needed")
        self.assertEqual(self.dump(module), before)

    def test_places_that_are_not_in_the_file_are_emptied(self):
        module = self.module("lte-7s4")
        first = self.file("a.conf", ["MQTTSUB=1,/a,0", "MQTTSUB=2,/b,1", "MQTTSUB=15,/c,2"])
        second = self.file("b.conf", ["MQTTSUB=2,/b,2", "MQTTSUB=7,/d,0"])
        none = self.file("c.conf", ["MQTTSUB="])
        for path in (first, second, none):
            self.check(DONE, "restore", "--tty", module, "--yes", path, err=[])
            with open(path, encoding="utf-8") as f:
                self.assertEqual(rows_of(self.dump(module))["MQTTSUB"], rows_of(f.read())["MQTTSUB"])

    def test_the_tty_follows_the_baud_rate_behind_the_restart(self):
        module = self.module("cat1")
        user = self.closing(harness.User(module, "cat1"))
        wire = self.closing(Wire(user.fd))
        seen = []

        def on_host(data):
            if b"+++" in data:
                seen.append(harness.baud_of(wire.master))
            return data

        wire.on_host = on_host
        path = self.file("uart.conf", ["UART=9600,8,1,NONE,NONE"])
        self.check(DONE, "restore", "--tty", wire.path, "--yes", path, err=[])
        self.assertEqual(seen[0], 115200)
        self.assertEqual(seen[-1], 9600)

    def test_a_longer_packing_time_is_followed_by_a_longer_silence(self):
        user = self.closing(harness.User(self.module("lte-7s4", "SOCKBEN=OFF"), "lte-7s4"))
        wire = self.closing(Wire(user.fd))
        silences, last = [], time.monotonic()

        def pass_on(data):
            nonlocal last
            if data == b"+++":
                silences.append(time.monotonic() - last)
            last = time.monotonic()
            return data

        wire.on_host = wire.on_module = pass_on
        path = self.file("ft.conf", ["UARTFT=1500"])
        self.check(DONE, "restore", "--tty", wire.path, "--yes", path, err=[])
        self.assertLess(silences[0], 1.5)
        self.assertGreater(silences[-1], 1.5)

    def test_what_changes_the_way_to_the_module_is_written_last(self):
        module = self.module("k7")
        user = self.closing(harness.User(module, "k7"))
        wire = self.closing(Wire(user.fd))
        path = self.file("all.conf", CHANGES["k7"])
        self.check(DONE, "restore", "--tty", wire.path, "--yes", path, err=[])
        names = re.findall(rb"AT\+(\w+)=", wire.sent)
        self.assertEqual(names[-4:], [b"E", b"SEARCH", b"WANN", b"UART"])

    def test_a_default_that_no_command_sets_is_left_out_and_said(self):
        module = self.module("cat1")
        path = self.file("new.conf", self.dump(module))
        cloud = self.file("cloud.conf", ["CLOUD=12345678901234567890,87654321", "HEARTTM=99"])
        self.check(DONE, "restore", "--tty", module, "--yes", cloud, err=[])
        end = self.check(FAILED, "restore", "--tty", module, "--yes", path,
                         err="CLOUD is left out: no command sets it to its default")
        self.assertEqual(len(end.err.splitlines()), 1, end)
        rows = rows_of(self.dump(module))
        self.assertEqual((rows["HEARTTM"], rows["CLOUD"]),
                         (["30"], ["12345678901234567890,87654321"]))

    def test_a_new_password_in_front_of_commands_is_followed(self):
        peer = self.peer()
        port = peer.port
        peer.close()
        module = self.module("cat1", f"SOCKA=TCP,127.0.0.1,{port}", "SOCKRSTIM=10", "SDPEN=OFF",
                             options=["--state", self.path("state")])
        del module
        path = self.file("pw.conf", ["CMDPW=new=pw#", "HEARTTM=61"])
        args = ["--listen", str(port), "--prefix"]
        self.check(DONE, "restore", *args, "usr.cn#", "--yes", path, out="read back as asked")
        self.check(DONE, "diff", *args, "new=pw#", path, out=[])


# --- A terminal -----------------------------------------------------------------------------------

class Terminal(Test):
    """What users are shown and asked. Their answers are typed, Ctrl-C and Ctrl-D too."""

    def begin(self, *args):
        master, slave = pty.openpty()
        process = subprocess.Popen([DTUCTL, *args, "--timeout", "700", "--tries", "2"], stdin=slave,
                                   stdout=subprocess.PIPE, stderr=slave, env=environment(),
                                   start_new_session=True,
                                   preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)  # what was written last is there till then
        self.addCleanup(process.communicate)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        terminal = harness.Stream(master, "terminal")
        terminal.process = process
        return terminal

    def end(self, terminal, status):
        """Gives what was printed and what was shown."""
        out, _ = terminal.process.communicate(timeout=6 * harness.SECONDS)
        shown = terminal.buffer
        with contextlib.suppress(BlockingIOError):
            while part := os.read(terminal.fd, 65536):
                shown += part
        shown = shown.decode()
        self.assertEqual(terminal.process.returncode, status, (out, shown))
        return out.decode(), shown

    def test_a_dump_shows_how_far_it_is_on_a_line_that_disappears(self):
        out, shown = self.end(self.begin("dump", "--tty", self.module("cat1"), "--guard", "300"), DONE)
        names = [line.split("=")[0] for line in out.splitlines()[1:]]
        count = len(names)
        for i, name in enumerate(names):
            full = i * 20 // count
            self.assertIn(f"[{'#' * full}{'.' * (20 - full)}] {i}/{count} {name}\r\x1b[K", shown)
        self.assertTrue(shown.endswith("\r\x1b[K"))
        self.assertNotIn("\n", shown)

    def test_a_restore_asks_and_takes_y_alone_for_yes(self):
        for answer, status, beat in (("n\n", FAILED, "30"), ("\n", FAILED, "30"), ("ny\n", FAILED, "30"),
                                     ("\x04", FAILED, "30"), ("\x03", INTERRUPTED, "30"),
                                     ("y\n", DONE, "61")):
            with self.subTest(answer):
                user = self.closing(harness.User(self.module("cat1"), "cat1"))
                wire = self.closing(Wire(user.fd))
                terminal = self.begin("restore", "--tty", wire.path, "--guard", "300",
                                      self.file("beat.conf", ["HEARTTM=61"]))
                terminal.read_until(rf"Write this to {wire.path} and restart it\? \[y/N\] ".encode())
                terminal.write(answer.encode())
                out, shown = self.end(terminal, status)
                self.assertTrue(out.startswith("-HEARTTM=30\n+HEARTTM=61\n"), out)
                self.assertEqual("nothing was written" in shown, status == FAILED, shown)
                self.assertTrue(wire.sent.endswith(b"AT+ENTM\r\n"), wire.sent[-40:])
                self.assertEqual(b"AT+HEARTTM=" in wire.sent, beat == "61")

    def test_a_module_that_is_unplugged_while_the_user_thinks(self):
        user = self.closing(harness.User(self.module("cat1"), "cat1"))
        wire = self.closing(Wire(user.fd))
        terminal = self.begin("restore", "--tty", wire.path, "--guard", "300",
                              self.file("beat.conf", ["HEARTTM=61"]))
        terminal.read_until(rb"\[y/N\] ")
        wire.cut()
        user.write(b"x")  # data, and never to arrive
        terminal.write(b"y\n")
        _, shown = self.end(terminal, SILENT)
        self.assertIn("written: nothing", shown)

    def test_provision_asks_once_for_all(self):
        path, table = self.file("k7.conf", ["MID=x"]), self.file("k7.csv", ["host", "127.0.0.1:1"])
        terminal = self.begin("provision", "--csv", table, path)
        terminal.read_until(rb"Write to 1 module and restart it\? \[y/N\] ")
        terminal.write(b"n\n")
        self.end(terminal, FAILED)
        self.assertFalse(os.path.exists(table + ".result"))


# --- Wrong files ----------------------------------------------------------------------------------

class Files(Test):
    def test_each_line_at_fault_is_told_and_nothing_is_asked_of_the_module(self):
        path = self.file("bad.conf", ["# profile cat1", "UARTFT=9", "UARTTF=50", "what",
                                      "HEARTTM=61", "Z=1", "HEARTTM=62", "SIGNINAT=x", "SOCKA=TCP"])
        for command in ("restore", "diff"):
            end = self.check(USAGE, command, "--tty", self.path("none"), path)
            self.assertEqual([line.replace(path, "F") for line in end.err.splitlines()], [
                "dtuctl: F:2: UARTFT=9: parameter out of range; it takes <10~500(ms)>",
                "dtuctl: F:3: UARTTF=50: the product has no such parameter",
                "dtuctl: F:4: what: no NAME=VALUE",
                "dtuctl: F:6: Z=1: no setting of its own",
                "dtuctl: F:7: HEARTTM=62: was set by an earlier line",
                "dtuctl: F:8: SIGNINAT=x: not by a configuration",
                "dtuctl: F:9: SOCKA=TCP: " + self.count_text()], end)

    @staticmethod
    def count_text():
        return ("wrong number of parameters; it takes <TCP,UDP>,<1~100 bytes>,<1~65535>")

    def test_a_file_without_its_product_is_checked_before_anything_is_read(self):
        module = self.module("cat1")
        user = self.closing(harness.User(module, "cat1"))
        wire = self.closing(Wire(user.fd))
        path = self.file("bad.conf", ["HEARTTM=0"])
        self.check(USAGE, "restore", "--tty", wire.path, "--yes", path, err=r":1: HEARTTM=0: ")
        self.assertNotIn(b"?", wire.sent)

    def test_the_configuration_of_another_product_is_refused(self):
        module = self.module("cat1")
        path = self.file("k7.conf", ["# profile k7", "HEARTTM=61"])
        self.check(FAILED, "restore", "--tty", module, "--yes", path,
                   err="is a WH-LTE-7S1-E.*and the configuration is for a USR-K7")
        self.check(USAGE, "restore", "--tty", module, "--profile", "cat1", "--yes",
                   self.file("other.conf", ["# profile toaster"]), err=":1: toaster: no such product")

    def test_a_module_that_answers_as_another_product_is_left_alone(self):
        user = self.closing(harness.User(self.module("cat1"), "cat1"))
        wire = self.closing(Wire(user.fd))
        path = self.file("beat.conf", ["HEARTTM=61"])
        for status, command in ((FAILED, ["dump"]), (FAILED, ["restore", "--yes", path]),
                                (USAGE, ["diff", path])):
            self.check(status, *command, "--tty", wire.path, "--profile", "k7", out=[],
                       err="answers as a WH-LTE-7S1-E.*, and --profile says that it is a USR-K7\n$")
        self.assertNotRegex(wire.sent, rb"AT\+(?!ENTM)\w+")

    def test_what_is_no_text_or_not_there_is_told(self):
        with open(self.path("zero"), "wb") as f:
            f.write(b"HEARTTM=61\n\0")
        self.check(FAILED, "restore", "--tty", "none", "--yes", self.path("zero"), err="a byte 00")
        self.check(FAILED, "restore", "--tty", "none", self.path("none"), err="none: No such file")
        self.check(FAILED, "restore", "--tty", "none", self.dir, err="Is a directory")


class Diff(Test):
    def test_files_of_windows_are_the_same(self):
        """With a byte order mark, and CR LF."""
        with open(self.path("windows"), "wb") as f:
            f.write(b"\xEF\xBB\xBF# profile cat1\r\nHTPURL=/x\r\nRSTIM=60")
        for first, second in (("a", "windows"), ("windows", "a")):
            self.file("a", ["# x", "HTPURL=/x", "RSTIM=60"])
            self.check(DONE, "diff", self.path(first), self.path(second), out=[], err=[])

    def diff(self, status, first, second, out, *args):
        self.check(status, "diff", self.file("a.conf", first), self.file("b.conf", second), *args,
                   out=out)

    def test_the_same_settings_written_differently_are_the_same(self):
        self.diff(DONE, ["# profile cat1", "rstim=60", "E=on", "UARTFT=0050", "HTPURL=/[61]"],
                  ["HTPURL=/a", "UARTFT=50", "E=ON", "# comment", "RSTIM=60"], [])

    def test_each_difference_is_shown_and_the_status_is_1(self):
        self.diff(DIFFER, ["# profile lte-7s4", "RSTIM=60", "E=ON", "MQTTSUB=1,/a,0"],
                  ["# profile lte-7s4", "UARTFT=60", "E=ON", "RSTIM=61", "MQTTSUB="],
                  ["-MQTTSUB=1,/a,0", "+MQTTSUB=", "-RSTIM=60", "+RSTIM=61", "+UARTFT=60"])
        self.diff(DIFFER, ["# profile k7", "RSTIM=60"], ["# profile k7"], ["-RSTIM=60"])

    def test_what_cannot_be_compared_is_2(self):
        self.diff(USAGE, ["RSTIM=60"], ["RSTIM=60"], [])
        self.diff(DONE, ["RSTIM=60"], ["RSTIM=60"], [], "--profile", "k7")
        self.diff(USAGE, ["# profile k7"], ["# profile cat1"], [])
        self.diff(USAGE, ["# profile k7", "RSTIM=59"], ["# profile k7"], [])
        self.check(USAGE, "diff", self.path("none"), self.path("none"), err="No such file")
        self.check(USAGE, "diff", "-", "-", "--profile", "k7", out=[], err="only one of the two")

    def test_a_module_and_a_file(self):
        module = self.module("gprs232-7s3", "HEARTTM=44")
        path = self.file("a.conf", ["HEARTTM=45", "E=on"])
        self.check(DIFFER, "diff", "--tty", module, path, out=["-HEARTTM=44", "+HEARTTM=45"], err=[])
        self.check(DONE, "diff", "--tty", module, self.file("a.conf", ["HEARTTM=44"]), out=[], err=[])


# --- UDP ------------------------------------------------------------------------------------------

class Udp(Test):
    """K7, each at its own address of 127.0.0.0/8 and the port of AT+SEARCH."""

    def modules(self, count, *settings):
        first = f"127.{os.getpid() % 200 + 20}.{os.getpid() // 200 % 250 + 1}.1"
        args = ["--profile", "k7", "--pty", self.path("k7"), "--verbose", "--bind", first,
                "--discovery-port", "0", "--count", str(count)]
        if count == 1:
            args = args[:-2]
        for setting in settings:
            args += ["--set", setting]
        program = self.launch(*args)
        program.wait_log(r"^softdtu: .*k7, UARTs? at ")
        for i in range(count):  # and so its UDP port is open
            program.wait_log(rf"{i + 1}: started as k7" if count > 1 else "started as k7")
        return [first.rsplit(".", 1)[0] + f".{i + 1}" for i in range(count)]

    def test_a_k7_is_dumped_and_restored_by_udp(self):
        host, = self.modules(1, "MID=one")
        text = self.check(DONE, "dump", "--udp", host, err=[]).out
        self.assertEqual(rows_of(text)["MID"], ["one"])
        path = self.file("k7.conf", ["HEARTTM=61", "E=on"])
        self.check(DONE, "restore", "--udp", host, "--yes", path, out="read back as asked", err=[])
        self.check(DONE, "diff", "--udp", host, path, out=[], err=[])

    def test_a_new_port_and_a_new_keyword_are_followed(self):
        host, = self.modules(1)
        port = harness.free_port(harness.socket.SOCK_DGRAM, host)
        path = self.file("k7.conf", [f"SEARCH={port},sesame open"])
        self.check(DONE, "restore", "--udp", host, "--yes", path, out="read back as asked", err=[])
        self.check(DONE, "diff", "--udp", f"{host}:{port}", "--keyword", "sesame open", path,
                   out=[], err=[])

    def provision(self, status, table, conf, *args, out=None, err=None):
        return self.check(status, "provision", "--csv", self.path(table), self.path(conf),
                          "--timeout", "300", *args, out=out, err=err)

    def test_many_modules_one_of_them_missing_and_again(self):
        hosts = self.modules(3)
        missing = hosts[-1].rsplit(".", 1)[0] + ".9"
        self.file("k7.conf", ["# profile k7", "MID={name}", "HEARTTM={beat}", 'HTPURL=/{"a":{{x}'])
        self.file("k7.csv", ["host,name,beat", f"{hosts[0]},pump 1,61",
                             f'{missing},"pump, nowhere",62'.replace(", n", " n"),
                             f'{hosts[1]}:48899,"pump ""2""",63', f"{hosts[2]},pump 3,64"])
        self.provision(SILENT, "k7.csv", "k7.conf", "--yes", out=[
            f"{hosts[0]}: done, 3 written", f"{missing}: no answer",
            f"{hosts[1]}:48899: done, 3 written", f"{hosts[2]}: done, 3 written", "3 of 4 done"])
        rows = rows_of(self.check(DONE, "dump", "--udp", hosts[1]).out)
        self.assertEqual((rows["MID"], rows["HEARTTM"], rows["HTPURL"]),
                         (['pump "2"'], ["63"], ['/{"a":{x}']))
        # the missing one appears
        args = ["--profile", "k7", "--pty", self.path("late"), "--bind", missing,
                "--discovery-port", "0"]
        self.launch(*args).wait_log("^softdtu: k7, UART at ")
        self.provision(DONE, "k7.csv", "k7.conf", "--yes", err=[], out=[
            f"{hosts[0]}: done before", f"{missing}: done, 3 written",
            f"{hosts[1]}:48899: done before", f"{hosts[2]}: done before", "4 of 4 done"])
        with open(self.path("k7.csv.result"), encoding="utf-8") as f:
            self.assertEqual([line.rsplit(",", 1)[0] for line in f], [
                f"{hosts[0]},done", f"{missing},no answer", f"{hosts[1]}:48899,done",
                f"{hosts[2]},done", f"{missing},done"])
        # another value is another task
        self.file("k7.csv", ["host;name;beat", f"{hosts[0]};pump 1;71", f"{hosts[2]};pump 3;64"])
        self.provision(DONE, "k7.csv", "k7.conf", "--yes", out=[
            f"{hosts[0]}: done, 1 written", f"{hosts[2]}: done before", "2 of 2 done"])

    def test_interrupted_it_goes_on_where_it_was(self):
        hosts = self.modules(3)
        self.file("k7.conf", ["MID={name}"])
        self.file("k7.csv", ["host,name", *(f"{h},new {i}" for i, h in enumerate(hosts))])
        args = ["provision", "--csv", self.path("k7.csv"), self.path("k7.conf"), "--yes"]
        process = self.popen(args)
        first = process.stdout.readline().decode()
        process.send_signal(signal.SIGINT)
        end = self.finish(process, args)
        self.assertEqual(first, f"{hosts[0]}: done, 1 written\n", end)
        self.assertEqual(end.status, INTERRUPTED, end)
        self.provision(DONE, "k7.csv", "k7.conf", "--yes",
                       out=f"^{hosts[0]}: done before\n.*3 of 3 done\n$")
        for i, host in enumerate(hosts):
            rows = rows_of(self.check(DONE, "dump", "--udp", host).out)
            self.assertEqual(rows["MID"], [f"new {i}"])

    def test_the_last_result_of_a_module_counts(self):
        host, = self.modules(1)
        self.file("k7.csv", ["host,name", f"{host},one"])
        for beat, out in ((61, "done, 2 written"), (62, "done, 1 written"), (61, "done, 1 written"),
                          (61, "done before")):
            self.file("k7.conf", ["MID={name}", f"HEARTTM={beat}"])
            self.provision(DONE, "k7.csv", "k7.conf", "--yes", out=[f"{host}: {out}", "1 of 1 done"])

    def test_one_at_a_time_works_on_a_list(self):
        """Two would take the session of each module from each other."""
        silent = self.closing(harness.UdpPeer())
        self.file("k7.conf", ["MID={name}"])
        self.file("k7.csv", ["host,name", silent.target.replace(",", ":") + ",one"])
        args = ["provision", "--csv", self.path("k7.csv"), self.path("k7.conf"), "--yes"]
        first = self.popen(args)
        silent.expect(b"www.usr.cn")
        self.provision(FAILED, "k7.csv", "k7.conf", "--yes", out=[], err="k7.csv: another dtuctl")
        first.send_signal(signal.SIGINT)
        self.assertEqual(self.finish(first, args).status, INTERRUPTED)

    def test_nobody_to_ask_keeps_no_result(self):
        self.file("k7.conf", ["MID={name}"])
        self.file("k7.csv", ["host,name", "127.0.0.1,new"])
        self.provision(USAGE, "k7.csv", "k7.conf", out=[], err="--yes is needed")
        self.assertFalse(os.path.exists(self.path("k7.csv.result")))
        self.check(USAGE, "provision", "--csv", "-", self.path("k7.conf"), err="takes a file")

    def test_a_dry_run_keeps_no_result(self):
        hosts = self.modules(1)
        self.file("k7.conf", ["MID={name}"])
        self.file("k7.csv", ["host,name", f"{hosts[0]},new"])
        self.provision(DONE, "k7.csv", "k7.conf", "--dry-run", err=[], out=[
            "-MID=USR-K7", "+MID=new", f"{hosts[0]}: would be done, 1 to write"])
        self.assertFalse(os.path.exists(self.path("k7.csv.result")))

    def test_faults_of_all_rows_are_told_before_any_module_is_touched(self):
        self.file("k7.conf", ["# profile k7", "MID={name}", "HEARTTM={beat}"])
        for rows, errors in (
                (["host,name,beat", "127.0.0.1,a,0", "127.0.0.2,a name that is too long,1"],
                 [r":2\):3: HEARTTM=0: parameter out of range", r":3\):2: MID=a name"]),
                (["host,name", "127.0.0.1,a"], [r"\{beat\}: .*k7.csv has no such column"]),
                (["address,name,beat", "127.0.0.1,a,1"], ['a column "host" is needed']),
                (["host,name,beat", "127.0.0.1,a"], [":2: 2 fields, and 3 columns"]),
                (["host,name,beat", "127.0.0.1:0,a,1"], [r":2: host is not HOST\[:PORT\]"]),
                (["host,name,beat", "127.0.0.1,a,1", "127.0.0.1,a,1"], [":3: 127.0.0.1 is there twice"]),
                (["host,name,beat", "127.0.0.1,a,1", "127.0.0.1:48899,a,1"],
                 [":3: 127.0.0.1 is there twice"]),
                (["host,name,beat,name", "127.0.0.1,a,1,b"], [":1: two columns have the same name"]),
                (["host,name,beat", '127.0.0.1,"a', 'b",1'], [":2: name: a line end in a value"]),
                (["host,name,beat", '127.0.0.1,"a,1'], [":2: a quote is not closed"]),
                (["host,name,beat", '127.0.0.1,"a"b,1'], [":2: something stands behind"]),
                (["host,name,beat"], ["no module is listed"]),
                ([], ["empty: the first row names the columns"])):
            with self.subTest(rows):
                self.file("k7.csv", rows)
                end = self.provision(USAGE, "k7.csv", "k7.conf", "--yes", out=[])
                self.assertEqual(len(end.err.splitlines()), len(errors), end)
                for line, pattern in zip(end.err.splitlines(), errors):
                    self.assertRegex(line, pattern)


if __name__ == "__main__":
    unittest.main(verbosity=2)
