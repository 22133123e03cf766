#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The prompt of dtuctl, by a small program that says what it gives.

PROMPT names the one with libedit, or nothing; PROMPT_PLAIN the one without.
"""
import os
import pty
import re
import select
import signal
import subprocess
import tempfile
import time
import unittest

PLAIN = os.environ.get("PROMPT_PLAIN", "")
EDIT = os.environ.get("PROMPT", "")
SECONDS = 10


class Terminal:
    """The program on a terminal of its own."""

    def __init__(self, program, env):
        self.output = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                os.execve(program, [program], {**os.environ, "TERM": "vt100", **env})
            finally:
                os._exit(127)

    def expect(self, pattern):
        """Waits for what is not yet expected by an earlier call, and takes it."""
        end = time.monotonic() + SECONDS
        while not re.search(pattern, self.output):
            left = end - time.monotonic()
            if left < 0:
                raise AssertionError(f"no {pattern!r} in {self.output!r}")
            if select.select([self.fd], [], [], left)[0]:
                try:
                    more = os.read(self.fd, 4096).decode()
                except OSError:
                    more = ""
                if not more:
                    raise AssertionError(f"ended without {pattern!r}: {self.output!r}")
                self.output += more
        match = re.search(pattern, self.output)
        self.output = self.output[match.end():]
        return match

    def type(self, text):
        os.write(self.fd, text.encode())

    def enter(self, text, line):
        """Types a line, and waits until it was told and the next one is asked for."""
        self.type(text + "\r")
        self.expect(re.escape(f"[{line}]"))
        self.expect("AT> ")

    def close(self):
        status = os.waitpid(self.pid, 0)[1]
        os.close(self.fd)
        return status


class Prompt(unittest.TestCase):
    def setUp(self):
        if not os.access(PLAIN, os.X_OK):
            self.fail("the environment variable PROMPT_PLAIN must name the program")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = folder.name
        self.env = {"XDG_STATE_HOME": self.dir + "/state", "HOME": self.dir}

    def terminal(self, program, env=None):
        terminal = Terminal(program, env or self.env)
        terminal.expect("AT> ")
        return terminal

    def piped(self, program, data):
        return subprocess.run([program], input=data, capture_output=True, timeout=SECONDS,
                              check=True, env={**os.environ, **self.env})


class Plain(Prompt):
    """What it does without editing. With it, the rest does the same."""
    program = PLAIN

    def test_lines_of_a_file_come_one_by_one_and_nothing_is_asked(self):
        for data, lines in ((b"", []), (b"\n", [b""]), (b"AT+VER\nAT+Z", [b"AT+VER", b"AT+Z"]),
                            (b"AT+VER\r\n\r\nAT+Z\r\n", [b"AT+VER", b"", b"AT+Z"])):
            result = self.piped(self.program, data)
            said = b"".join(b"[%s]\n" % line for line in lines)
            self.assertEqual(result.stdout, said + b"end 0\n")
            self.assertEqual(result.stderr, b"")

    def test_the_longest_line_is_taken_and_a_longer_one_left_out_and_told(self):
        longest = b"x" * 4095
        result = self.piped(self.program, longest + b"\nnext\n")
        self.assertEqual(result.stdout, b"[%s]\n[next]\nend 0\n" % longest)
        for length in (4096, 4097, 8191, 8192, 8193, 20000):
            result = self.piped(self.program, b"first\n" + b"x" * length + b"\nnext\nlast")
            self.assertEqual(result.stdout, b"[first]\n[next]\n[last]\nend 0\n", length)
            self.assertEqual(result.stderr.count(b"longer than 4095 bytes"), 1, length)

    def test_a_line_that_comes_in_pieces_is_one(self):
        process = subprocess.Popen([self.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   bufsize=0)
        for piece in (b"AT", b"+VE", b"R", b"\nA", b"T\n"):
            process.stdin.write(piece)
        output, _ = process.communicate(timeout=SECONDS)
        self.assertEqual(output, b"[AT+VER]\n[AT]\nend 0\n")

    def test_ctrl_d_on_an_empty_line_ends(self):
        terminal = self.terminal(self.program)
        terminal.enter("AT+VER", "AT+VER")
        terminal.type("\x04")
        terminal.expect("end 0")
        self.assertEqual(terminal.close(), 0)

    def test_ctrl_c_is_told_and_so_are_other_signals(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            terminal = self.terminal(self.program)
            terminal.type("AT+V")
            terminal.expect(r"AT\+V")
            if number == signal.SIGINT:
                terminal.type("\x03")
            else:
                os.kill(terminal.pid, number)
            terminal.expect(f"\nstopped {int(number)}")
            self.assertEqual(terminal.close(), 0)


@unittest.skipUnless(EDIT, "built without libedit")
class Edit(Plain):
    program = EDIT

    def finish(self, terminal):
        terminal.type("\x04")
        terminal.expect("end 0")
        self.assertEqual(terminal.close(), 0)

    def history(self):
        with open(self.dir + "/state/dtuctl/history", encoding="utf-8") as f:
            return f.read().splitlines()[1:]  # the first says what file it is

    def test_names_of_the_module_are_completed_in_any_case(self):
        terminal = self.terminal(EDIT)
        for typed, line in (("AT+UARTC\t?", "AT+UARTCLBUF?"), ("at+uartc\t?", "at+UARTCLBUF?"),
                            ("uarttl\t", "UARTTL"), ("AT+heartus\t=", "AT+HEARTUSER="),
                            ("AT+WEBS\t", "AT+WEBSOCKPORT")):
            terminal.enter(typed, line)
        self.finish(terminal)

    def test_what_several_names_have_in_common_is_completed_and_then_they_are_listed(self):
        terminal = self.terminal(EDIT)
        terminal.type("AT+SOCKL\t")
        terminal.type("\t")
        terminal.expect("SOCKLKA SOCKLKB ")
        terminal.expect(r"AT> AT\+SOCKLK")
        terminal.enter("A", "AT+SOCKLKA")
        self.finish(terminal)

    def test_names_of_other_products_are_not_completed(self):
        terminal = self.terminal(EDIT)
        terminal.enter("AT+MQTTS\t", "AT+MQTTS")
        self.finish(terminal)

    def test_the_history_is_kept_for_the_next_time(self):
        terminal = self.terminal(EDIT)
        terminal.enter("AT+VER", "AT+VER")
        self.finish(terminal)
        terminal = self.terminal(EDIT)
        terminal.enter("\x1b[A", "AT+VER")
        self.finish(terminal)
        self.assertEqual(os.stat(self.dir + "/state/dtuctl/history").st_mode & 0o777, 0o600)
        self.assertEqual(os.stat(self.dir + "/state/dtuctl").st_mode & 0o777, 0o700)

    def test_without_a_state_directory_of_its_own_it_lies_below_home(self):
        for state in ("", "relative"):
            terminal = self.terminal(EDIT, {"XDG_STATE_HOME": state, "HOME": self.dir})
            self.finish(terminal)
            self.assertTrue(os.path.exists(self.dir + "/.local/state/dtuctl/history"))

    def test_lines_with_a_password_are_not_kept(self):
        terminal = self.terminal(EDIT)
        for line in ("AT+CMDPW=secret", "at+cmddpw=secret", "AT+SIGNINAT=secret",
                     "AT+WEBU=admin,secret", "AT+MQTTU=me,secret", "AT+REGCLOUD=1,secret",
                     "AT+REGCLOUD1=1,secret", "MQTTKEYPW=secret", "AT+APN=a,b,secret,0",
                     "secret#AT+VER", "AT+CMDPW =secret", " AT+CMDPW=secret", "AT+VER", "AT+CMDPW?"):
            terminal.enter(line, line)
        self.finish(terminal)
        self.assertEqual(self.history(), ["AT+VER", "AT+CMDPW?"])

    def test_a_history_that_cannot_be_stored_is_no_failure(self):
        with open(self.dir + "/state", "w", encoding="ascii"):
            pass
        self.finish(self.terminal(EDIT))

    def test_text_of_other_languages_stays_as_it_was_typed(self):
        env = {**self.env, "LC_ALL": "C.UTF-8"}
        terminal = self.terminal(EDIT, env)
        terminal.enter("AT+MID=\u6cf5\u00e9", "AT+MID=\u6cf5\u00e9")
        self.finish(terminal)


if __name__ == "__main__":
    unittest.main(verbosity=2)
