#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""dtuctl dump, restore and diff that are unplugged or interrupted on their way.

The environment variable DTUCTL names the program, SOFTDTU the module in software.
"""
import re
import signal
import unittest

import harness
from dtuctl_at import DONE, INTERRUPTED, SILENT, Relay, Wire
from dtuctl_conf import DIFFER, FEW, PROFILES, Test


class Cut(Test):
    def restored(self, profile, path, end_it):
        """A fresh module, a restore that ends at each command in turn, and one more: the same end."""
        at = 0
        while True:
            module = self.module(profile)
            user = self.closing(harness.User(module, profile))
            wire = Wire(user.fd)
            cut = self.cut_at(wire, path, at, end_it)
            wire.close()
            if cut:
                end = self.again(user, path)
                self.assertIn("read back as asked", end.out, f"{profile}, cut at {at}: {cut}\n{end}")
            user.close()
            self.programs[-1].kill()
            if not cut:
                return at
            at += 1

    def again(self, user, path):
        wire = Wire(user.fd)
        try:
            return self.check(DONE, "restore", "--tty", wire.path, "--yes", path)
        finally:
            wire.close()

    def cut_at(self, wire, path, at, end_it):
        """Ends the restore at a command that writes, the one behind `at` others. None: there are
        not so many."""
        args = ["restore", "--tty", wire.path, "--yes", path]
        seen = 0
        cut = False
        process = None

        def on_host(data):
            nonlocal seen, cut
            # a line may come in pieces, but its first has the name
            if re.match(rb"AT\+(\w+=|S\r|Z\r)", data):
                seen += 1
                if seen == at + 1:
                    cut = True
                    return end_it(process, wire, data)
            return data

        wire.on_host = on_host
        process = self.popen(args)
        end = self.finish(process, args)
        self.assertEqual(end.status != DONE, cut, end)
        if not cut:
            return None
        self.assertIn(end.status, (SILENT, INTERRUPTED), end)
        self.assertIn("to complete it, do the same again", end.err)
        return end

    @staticmethod
    def unplug(process, wire, data):
        del process, data
        wire.cut()
        return b""

    @staticmethod
    def unplug_behind(process, wire, data):
        """The module gets the command, and its answer does not arrive."""
        del process
        wire.cut()
        return data

    @staticmethod
    def interrupt(process, wire, data):
        del wire
        process.send_signal(signal.SIGINT)
        return data

    def check_cut(self, end_it, profiles=PROFILES):
        for profile in profiles:
            with self.subTest(profile):
                path = self.file(f"{profile}.conf", FEW[profile])
                commands = self.restored(profile, path, end_it)
                # as many sets as lines; and S, and Z where S does not restart
                self.assertEqual(commands, len(FEW[profile]) + (2 if profile == "gprs232-7s3" else 1))

    def test_unplugged_at_any_command(self):
        self.check_cut(self.unplug)

    def test_unplugged_behind_any_command(self):
        self.check_cut(self.unplug_behind, ("cat1",))

    def test_interrupted_at_any_command(self):
        self.check_cut(self.interrupt, ("k7",))

    def test_it_says_what_was_written_and_what_becomes_of_it(self):
        for profile, fate in (("cat1", "is not saved, and the module's next restart forgets it"),
                              ("k7", "is kept, and counts from the module's next restart on")):
            with self.subTest(profile):
                module = self.module(profile)
                user = self.closing(harness.User(module, profile))
                wire = self.closing(Wire(user.fd))
                path = self.file("few.conf", FEW[profile])
                names = [line.split("=")[0] for line in FEW[profile]]
                names.sort(key=lambda name: name in ("CMDPW", "UART"))
                end = self.cut_at(wire, path, 1, self.unplug)
                self.assertRegex(end.err, rf"written: {names[0]}\n")
                self.assertIn(f"not written, or not certainly: {', '.join(names[1:])}\n", end.err)
                self.assertIn(fate, end.err)


class CutWhileReading(Test):
    """dump, diff and a dry run, which change nothing."""

    # command mode is entered; the first query, one in the middle, the last
    STEPS = rb"\+\+\+$", rb"AT\+\w+\?\r", rb"AT\+NTPSVR\?\r", rb"AT\+WKMOD\?\r"

    def setUp(self):
        super().setUp()
        self.user = self.closing(harness.User(self.module("cat1"), "cat1"))
        path = self.file("few.conf", FEW["cat1"])
        self.commands = ["dump"], ["diff", path], ["restore", "--dry-run", path]

    def cut(self, command, way, link, end):
        """Runs a command; `end` is called when dtuctl has sent what matches the step."""
        for step in self.STEPS:
            with self.subTest(command=command[0], step=step):
                line = link()
                sent = []

                def on_host(data, line=line, step=step, sent=sent):
                    sent.append(data)
                    return end(line) if re.search(step, b"".join(sent)) else data

                line.on_host = on_host
                ended = self.run_ctl(command[0], *way(line), *command[1:])
                self.assertEqual((ended.status, ended.out), (SILENT, ""), ended)
                self.assertRegex(ended.err, r"^\S+ \S+ the connection ended while .* was on its way: "
                                            r"[^\n]*\n$", ended)
                line.close()
                if step != self.STEPS[0]:  # it is in command mode still
                    self.user.write(b"AT+ENTM\r\n")
                    self.user.read_until(b"OK\r\n")

    def test_the_tty_goes_away(self):
        for command in self.commands:
            self.cut(command, lambda wire: ["--tty", wire.path], lambda: Wire(self.user.fd),
                     lambda wire: wire.cut() or b"")

    def test_a_module_that_falls_silent_is_given_up_once(self):
        """As often as --tries says, here 2; then there is one line, and one of command mode."""
        for command in self.commands:
            for step in self.STEPS[1:3]:
                with self.subTest(command=command[0], step=step):
                    wire = Wire(self.user.fd)
                    wire.on_host = lambda data, w=wire, s=step: b"" if re.search(s, w.sent) else data
                    end = self.check(SILENT, command[0], "--tty", wire.path, *command[1:], out=[])
                    wire.close()
                    query = wire.sent.split(b"\r\n")[-4].decode()
                    self.assertEqual(wire.sent.count(query.encode() + b"\r"), 2)
                    self.assertEqual([line.split(": ", 2)[2] for line in end.err.splitlines()], [
                        f"no answer to {query}; try 2 of 2", f"no answer to {query}",
                        "no answer to AT+ENTM: the module may be in command mode"])
                    self.user.write(b"AT+ENTM\r\n")
                    self.user.read_until(b"OK\r\n")

    def test_the_connection_ends(self):
        self.cut(["dump"], lambda relay: ["--tcp", f"127.0.0.1:{relay.port}"],
                 lambda: Relay(self.user.fd), lambda relay: None)

    def test_interrupted_nothing_is_printed_and_the_module_is_left_in_data_mode(self):
        for command in self.commands:
            with self.subTest(command[0]):
                wire = Wire(self.user.fd)
                args = [command[0], "--tty", wire.path, *command[1:]]
                process = self.popen(args)
                wire.wait_sent(rb"AT\+NTPSVR\?\r")
                process.send_signal(signal.SIGINT)
                end = self.finish(process, args)
                wire.close()
                self.assertEqual((end.status, end.out, end.err), (INTERRUPTED, "", ""), end)
                self.assertTrue(wire.sent.endswith(b"\r\nAT+ENTM\r\n"), wire.sent[-40:])

    def test_a_module_that_does_not_leave_command_mode_is_told(self):
        for command, status in zip(self.commands, (SILENT, DIFFER, SILENT)):
            with self.subTest(command[0]):
                wire = Wire(self.user.fd)
                wire.on_host = lambda data: b"" if b"ENTM" in data else data
                self.check(status, command[0], "--tty", wire.path, *command[1:],
                           out=".", err=r"no answer to AT\+ENTM[^\n]*\n$")
                wire.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
