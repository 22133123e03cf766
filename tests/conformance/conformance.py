# SPDX-License-Identifier: MIT
"""What the conformance tests share: a softdtu in command mode, a runner for tables of cases, and
the replies that a user of each profile must get.

The environment variable SOFTDTU, or the first argument, names the program. The wire is compared
byte by byte and in order, so what a command answers too much is found with it or with the next one.
"""
import collections
import contextlib
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
import harness  # noqa: E402  pylint: disable=wrong-import-position

harness.SOFTDTU = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("SOFTDTU", "")
SECONDS = 10  # for a reply, which takes less than a millisecond
ENDS = (b"\r\n", b"\r", b"\n")
KINDS = ("no_at", "unknown", "form", "count", "type", "missing", "range", "not_allowed", "login")


# --- Replies: the table of at.md ----------------------------------------------------------------

def lines(*texts):
    """Each text between two line ends."""
    return b"".join(b"\r\n" + as_bytes(text) + b"\r\n" for text in texts)


def as_bytes(text):
    return text if isinstance(text, bytes) else str(text).encode()


class Replies:
    """ok(), value(name, text) and error(kind) of a profile; each is the complete reply."""

    ERRORS = {
        "gprs232-7s3": dict.fromkeys(KINDS, "ERROR"),
        "k7": dict(zip(KINDS, ("+ERR=-1", "+ERR=-2", "+ERR=-3", "+ERR=-4", "+ERR=-4", "+ERR=-4",
                               "+ERR=-4", "+ERR=-5"))),
        "lte-7s4": dict(zip(KINDS, ("Err1", "Err2", "Err3", "Err4", "Err4", "Err4", "Err4",
                                    "Err4"))),
        "cat1": {kind: f"+CME ERROR:{code}" for kind, code in
                 zip(KINDS, (58, 58, 58, 53, 3, 3, 53, 50, 73))},
    }

    def __init__(self, profile):
        self.profile = profile

    def ok(self):
        return lines("+OK" if self.profile == "k7" else "OK")

    def value(self, name, text):
        if self.profile == "k7":
            return lines(b"+OK=" + as_bytes(text))
        return lines(b"+" + as_bytes(name) + b":" + as_bytes(text), "OK")

    def error(self, kind):
        return lines(self.ERRORS[self.profile][kind])


# --- Cases --------------------------------------------------------------------------------------

# A command without its end, and the complete reply. `end` if it must be a certain one.
Case = collections.namedtuple("Case", "source sent expected end", defaults=(None,))


class Table:
    """Cases as they are written: each method adds what a page of a manual says of a command."""

    def __init__(self, profile):
        self.replies = Replies(profile)
        self.cases = []

    def add(self, source, sent, expected, end=None):
        self.cases.append(Case(source, sent, expected, end))

    def ok(self, source, sent):
        self.add(source, sent, self.replies.ok())

    def error(self, source, sent, kind):
        self.add(source, sent, self.replies.error(kind))

    def query(self, source, name, value):
        """Both forms of a query."""
        for form in ("", "?"):
            self.add(source, f"AT+{name}{form}", self.replies.value(name, value))

    def range(self, source, name, text):
        self.add(source, f"AT+{name}=?", self.replies.value(name, text))

    def set(self, source, name, text, answer=None):
        """A set and the query that follows; `answer` if that is not what was sent."""
        self.ok(source, b"AT+%b=%b" % (as_bytes(name), as_bytes(text)))
        answer = text if answer is None else answer
        self.add(source, f"AT+{name}?", self.replies.value(name, answer))

    def bad(self, source, name, kind, *texts):
        """Sets that are refused."""
        for text in texts:
            self.error(source, b"AT+%b=%b" % (as_bytes(name), as_bytes(text)), kind)


def numbers(low, high, zero=False):
    """Legal numbers, each with its answer, and what is wrong: by range, and by type."""
    good = [(str(n), str(n)) for n in ([0] if zero else []) + [low, high]]
    good.append((f"00{high}", str(high)))  # still a decimal number
    outside = [str(low - 1)] if low > 1 or (low == 1 and not zero) else []
    outside += [str(high + 1), "-5", "4294967296", "18446744073709551617"]
    return good, outside, ["+5", "x", "5x", " 5", "5 ", "0x5", "5.0"]


class Suite:
    """Counts; finish() prints the sum and gives the exit status."""

    def __init__(self, profile):
        self.profile = profile
        self.passed = 0
        self.failed = 0

    def count(self, good, source, *details):
        """One more case; prints a failure."""
        if good:
            self.passed += 1
            return
        self.failed += 1
        print(f"FAILED {self.profile}, {source}", *(f"    {d}" for d in details), sep="\n")

    @contextlib.contextmanager
    def scenario(self, source):
        """What goes wrong inside is one failed case, what does not is one passed."""
        try:
            yield
        except (harness.Failure, OSError) as e:
            self.count(False, source, e)
        else:
            self.count(True, source)

    @contextlib.contextmanager
    def module(self, *options, settings=(), state=None, command=True, greeting=None):
        """A softdtu; with `command`, its UART is in command mode without echo. `greeting`: what it
        says at start if that is not the profile's usual text."""
        directory = tempfile.mkdtemp(prefix="dtu-conf-")
        args = ["--profile", self.profile, "--pty", os.path.join(directory, "uart"),
                "--bind", "127.0.0.1", "--verbose", *options]
        args += ["--state", state] if state else []
        for setting in settings:
            args += ["--set", setting]
        module = Module(self)
        try:
            module.program = program = harness.Program(args)
            program.wait_log(rf"^softdtu: {self.profile}, UART at ")
            module.open(os.path.join(directory, "uart"), greeting)
            if command:
                module.enter()
            yield module
            program.check_alive()
        except harness.Failure:
            print(program.log())
            raise
        finally:
            module.close()
            shutil.rmtree(directory, ignore_errors=True)

    def part(self, function):
        """One part of a test; the next ones go on if it breaks off."""
        try:
            function(self)
        except (harness.Failure, OSError) as e:
            self.count(False, function.__name__, e)

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or not self.passed else 0


class Module:
    """A running softdtu and the user at its UART."""

    def __init__(self, suite):
        self.suite = suite
        self.program = None
        self.user = None
        self.sent = 0

    def open(self, path, greeting=None):
        self.user = harness.User(path, self.suite.profile)
        self.user.expect(harness.GREETING[self.suite.profile] if greeting is None else greeting)

    def enter(self, echo_off=True):
        """To command mode; the echo, where it is on, is part of what must come."""
        self.user.enter()
        if echo_off:
            self.echo_off()

    def echo_off(self):
        """The first case of every table."""
        ok = Replies(self.suite.profile).ok()
        has_echo = self.suite.profile in ("cat1", "gprs232-7s3")
        self.run(Case("at.md, replies: echo", "AT+E=OFF", (b"AT+E=OFF\r" if has_echo else b"") + ok,
                      b"\r\n"))

    def close(self):
        if self.user:
            self.user.close()
        if self.program:
            self.program.kill()

    def table(self, cases):
        """Runs cases; at the end, nothing may be left over."""
        for case in cases:
            self.run(Case(*case))
        self.run(Case("at.md, a command line: nothing more comes", "AT",
                      Replies(self.suite.profile).ok()))

    def run(self, case):
        """Sends a command and compares its reply. Gives whether it was right."""
        end = case.end if case.end is not None else ENDS[self.sent % len(ENDS)]
        self.sent += 1
        line = as_bytes(case.sent) + end
        got = self.exchange(line, case.expected)
        good = got == case.expected
        self.suite.count(good, case.source, f"sent     {harness.show(line)}",
                         f"expected {harness.show(case.expected)}", f"got      {harness.show(got)}")
        if not good:
            self.user.skip(0.1)
        return good

    def exchange(self, line, expected):
        """What comes for a line: as much as expected, up to where it turns out to be wrong, and
        whatever has come with it."""
        got, self.user.buffer = self.user.buffer, b""
        deadline = harness.Deadline(SECONDS, "a reply")
        self.user.write(line, SECONDS)
        try:
            while len(got) < len(expected) and expected.startswith(got):
                got += self.user.read_some(deadline)
        except harness.Failure:
            self.program.check_alive()
        return got
