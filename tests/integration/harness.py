# SPDX-License-Identifier: MIT
"""What the integration tests share: softdtu under test, the user at its UART, peers on loopback.

The environment variable SOFTDTU names the program. Nothing here sleeps where an event can be
waited for, and every wait has a deadline; what fails is told together with softdtu's log.
"""
import collections
import contextlib
import fcntl
import hashlib
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest

SOFTDTU = os.environ.get("SOFTDTU", "")
SECONDS = 20  # for what takes milliseconds: only a machine under load needs more
SILENCE = {"cat1": 0.15, "lte-7s4": 0.15, "k7": 0.05, "gprs232-7s3": 0.35}  # before +++
OK = {"cat1": "\r\nOK\r\n", "lte-7s4": "\r\nOK\r\n", "gprs232-7s3": "\r\nOK\r\n", "k7": "\r\n+OK\r\n"}
GREETING = {"cat1": b"\r\nWH-LTE-7S1\r\n", "lte-7s4": b"\r\n[WH-7S4 V2]\r\n",
            "gprs232-7s3": b"\r\nWH-LTE-7S1\r\n", "k7": b""}
NOWHERE = "127.0.0.1,1"  # nothing listens there


class Failure(AssertionError):
    """Something that was waited for did not come, or something else came."""


class Deadline:
    def __init__(self, seconds, what):
        self.end = time.monotonic() + seconds
        self.seconds = seconds
        self.what = what

    def left(self):
        return max(0.0, self.end - time.monotonic())

    def check(self, more=""):
        if self.left() == 0.0:
            raise Failure(f"{self.what}: not within {self.seconds} s{more}")


def show(data, most=200):
    """Bytes for a message."""
    data = bytes(data)
    return repr(data) if len(data) <= most else f"{data[:most]!r}... ({len(data)} bytes)"


def compare(got, expected, what):
    """Fails with the first difference of two byte strings."""
    if got == expected:
        return
    at = next((i for i, (a, b) in enumerate(zip(got, expected)) if a != b),
              min(len(got), len(expected)))
    raise Failure(f"{what}: {len(got)} bytes, {len(expected)} expected, first difference at {at}: "
                  f"{show(got[at:at + 40])}, expected {show(expected[at:at + 40])}; "
                  f"sha256 {hashlib.sha256(got).hexdigest()[:16]} and "
                  f"{hashlib.sha256(expected).hexdigest()[:16]}")


class Stream:
    """Bytes over a file descriptor that does not block: a user's tty or a peer's connection."""

    def __init__(self, fd, name):
        self.fd = fd
        self.name = name
        self.buffer = b""
        os.set_blocking(fd, False)

    def wait(self, events, deadline):
        poll = select.poll()
        poll.register(self.fd, events)
        return bool(poll.poll(deadline.left() * 1000))

    def read_some(self, deadline, most=65536):
        """Bytes, b"" at the end of the connection."""
        while True:
            try:
                return os.read(self.fd, most)
            except BlockingIOError:
                deadline.check(f", so far {show(self.buffer)}")
                self.wait(select.POLLIN, deadline)
            except ConnectionResetError:
                return b""

    def read(self, count, timeout=SECONDS, what="bytes"):
        """Just so many bytes."""
        deadline = Deadline(timeout, f"{self.name}: {count} {what}")
        parts, have = [self.buffer], len(self.buffer)
        while have < count:
            try:
                part = self.read_some(deadline)
            except Failure as e:
                self.buffer = b"".join(parts)
                raise Failure(f"{e}; {have} came: {show(self.buffer)}") from None
            if not part:
                raise Failure(f"{self.name}: ended after {have} of {count} {what}")
            parts.append(part)
            have += len(part)
        data = b"".join(parts)
        self.buffer = data[count:]
        return data[:count]

    def read_until(self, pattern, timeout=SECONDS):
        """Bytes up to the end of what matches the regular expression."""
        deadline = Deadline(timeout, f"{self.name}: {pattern!r}")
        while not (match := re.search(pattern, self.buffer, re.DOTALL)):
            part = self.read_some(deadline)
            if not part:
                raise Failure(f"{self.name}: ended after {show(self.buffer)}, no {pattern!r}")
            self.buffer += part
        data = self.buffer[: match.end()]
        self.buffer = self.buffer[match.end():]
        return data

    def expect(self, data, timeout=SECONDS):
        """Reads what must be these bytes."""
        compare(self.read(len(data), timeout, f"bytes of {show(data)}"), data, self.name)

    def expect_end(self, timeout=SECONDS):
        data = self.buffer or self.read_some(Deadline(timeout, f"{self.name}: the end"))
        if data:
            raise Failure(f"{self.name}: {show(data)} instead of the end")

    def expect_silence(self, seconds):
        """Nothing may come for so long."""
        if self.buffer or self.wait(select.POLLIN, Deadline(seconds, "")):
            raise Failure(f"{self.name}: {show(self.buffer or os.read(self.fd, 65536))} "
                          "instead of silence")

    def skip(self, seconds=0.0):
        """Drops what has come, or comes in that time."""
        self.buffer = b""
        deadline = Deadline(seconds, "")
        with contextlib.suppress(BlockingIOError, ConnectionError):
            while self.wait(select.POLLIN, deadline) and os.read(self.fd, 65536):
                pass

    def write_some(self, data):
        """How many bytes were taken at once; 0: it would block."""
        try:
            return os.write(self.fd, data)
        except BlockingIOError:
            return 0

    def write(self, data, timeout=SECONDS):
        deadline = Deadline(timeout, f"{self.name}: writing {len(data)} bytes")
        view = memoryview(data)
        while view:
            taken = self.write_some(view)
            view = view[taken:]
            if view and taken == 0:
                deadline.check(f", {len(view)} are left")
                self.wait(select.POLLOUT, deadline)

    def write_until_blocked(self, data, seconds, timeout=SECONDS):
        """Writes till nothing is taken for so long; how many bytes were taken."""
        deadline = Deadline(timeout, f"{self.name}: to be held back")
        done = 0
        while done < len(data):
            deadline.check(f", {done} bytes written")
            taken = self.write_some(data[done:done + 4096])
            done += taken
            if taken == 0 and not self.wait(select.POLLOUT, Deadline(seconds, "")):
                return done
        raise Failure(f"{self.name}: took all of {len(data)} bytes and held nobody back")


class User(Stream):
    """Somebody who has opened the tty of a module."""

    def __init__(self, path, profile):
        super().__init__(os.open(path, os.O_RDWR | os.O_NOCTTY), "UART")
        self.path = path
        self.profile = profile
        self.echo = False

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1

    def enter(self, silence=None):
        """From data mode to command mode."""
        time.sleep(SILENCE[self.profile] if silence is None else silence)  # what the guard asks for
        self.write(b"+++")
        self.expect(b"a")
        self.write(b"a")
        self.expect(b"+ok")

    def command(self, line, reply=None, timeout=SECONDS, end="\r\n"):
        """Sends a line, reads its echo if there is one, and just this reply."""
        self.write((line + end).encode())
        if self.echo:
            self.expect((line + end[0]).encode(), timeout)
        self.expect((OK[self.profile] if reply is None else reply).encode(), timeout)

    def query(self, name):
        """The value of a parameter, as it is written."""
        line = f"AT+{name}" if self.profile == "k7" else f"AT+{name}?"
        self.write(line.encode() + b"\r\n")
        if self.echo:
            self.expect(line.encode() + b"\r")
        if self.profile == "k7":
            return self.read_until(rb"^\r\n\+OK=[^\r]*\r\n").decode()[6:-2]
        reply = self.read_until(rb"^\r\n\+\w+:[^\r]*\r\n\r\nOK\r\n").decode()
        return reply[reply.index(":") + 1: -8]

    def leave(self):
        self.command("AT+ENTM", end="\r")

    def restart(self, line):
        """A command after which the module starts again, and greets."""
        self.command(line, end="\r")
        self.expect(GREETING[self.profile])

    def answers(self):
        """The module can be talked to: into command mode, AT, and back."""
        self.enter()
        self.command("AT")
        self.leave()


class Connection(Stream):
    """A peer's end of a connection."""

    def __init__(self, sock):
        super().__init__(sock.fileno(), "peer")
        self.sock = sock

    def close(self):
        self.sock.close()

    def unacknowledged(self):
        """How many of the bytes written have not reached the other side's system."""
        return struct.unpack("i", fcntl.ioctl(self.fd, termios.TIOCOUTQ, bytes(4)))[0]

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class Peer:
    """A TCP server on a port of its own. It can die and come back; the port stays reserved."""

    def __init__(self, receive_buffer=None):
        self.receive_buffer = receive_buffer
        self.reserve = self.bound(0)
        self.port = self.reserve.getsockname()[1]
        self.target = f"127.0.0.1,{self.port}"
        self.connections = []
        self.listener = None

    @staticmethod
    def bound(port):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", port))
        return sock

    def listen(self):
        self.listener = self.bound(self.port)
        if self.receive_buffer:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        self.listener.listen(5)
        return self

    def accept(self, timeout=SECONDS):
        self.listener.settimeout(timeout)
        try:
            sock, _ = self.listener.accept()
        except TimeoutError:
            raise Failure(f"nobody connected within {timeout} s") from None
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connections.append(Connection(sock))
        return self.connections[-1]

    def nobody_connects(self, seconds):
        if select.select([self.listener], [], [], seconds)[0]:
            raise Failure("a connection came where none was due")

    def die(self):
        if self.listener:
            self.listener.close()
        self.listener = None
        for connection in self.connections:
            connection.close()
        self.connections = []

    def close(self):
        self.die()
        self.reserve.close()


class UdpPeer:
    def __init__(self, port=0):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", port))
        self.sock.settimeout(SECONDS)
        self.port = self.sock.getsockname()[1]
        self.target = f"127.0.0.1,{self.port}"

    def receive(self):
        """A datagram and its sender."""
        try:
            return self.sock.recvfrom(65536)
        except TimeoutError:
            raise Failure(f"no datagram within {SECONDS} s") from None

    def expect(self, data):
        got, sender = self.receive()
        compare(got, data, "datagram")
        return sender

    def close(self):
        self.sock.close()


class Program:
    """A running softdtu, or another program."""

    def __init__(self, args, env=None, prefix=(), program=None):
        self.args = [*prefix, program or SOFTDTU, *args]
        self.lines = {"out": collections.deque(maxlen=3000), "err": collections.deque(maxlen=3000)}
        self.counts = {"out": 0, "err": 0}
        self.news = threading.Condition()
        # a line can be waited for once: the search goes on behind the last one found
        self.seen = 0
        self.process = subprocess.Popen(self.args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env={**os.environ, **(env or {})})
        self.readers = [threading.Thread(target=self.follow, args=item, daemon=True)
                        for item in (("out", self.process.stdout), ("err", self.process.stderr))]
        for reader in self.readers:
            reader.start()

    def follow(self, name, file):
        for line in file:
            with self.news:
                self.lines[name].append(line.decode(errors="replace").rstrip("\n"))
                self.counts[name] += 1
                self.news.notify_all()
        file.close()
        with self.news:
            self.news.notify_all()

    def wait_log(self, pattern, count=1, timeout=SECONDS):
        """Waits for lines of standard output that have come after those waited for before. Gives
        the last one's match."""
        deadline = Deadline(timeout, f"softdtu: {count} x {pattern!r} in its log")
        with self.news:
            while True:
                first = self.counts["out"] - len(self.lines["out"])
                for i, line in enumerate(self.lines["out"], first):
                    if i < self.seen or not (match := re.search(pattern, line)):
                        continue
                    self.seen = i + 1
                    count -= 1
                    if count == 0:
                        return match
                self.seen = self.counts["out"]
                if self.process.poll() is not None and not self.readers[0].is_alive():
                    raise Failure(f"softdtu ended with {self.process.returncode}; no {pattern!r}")
                deadline.check()
                self.news.wait(min(deadline.left(), 1.0))

    def wait_end(self, timeout=SECONDS):
        """The exit status, when all of its output is here."""
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failure(f"softdtu did not end within {timeout} s") from None
        for reader in self.readers:
            reader.join(SECONDS)
        return status

    def errors(self):
        with self.news:
            return "\n".join(self.lines["err"])

    def output(self):
        with self.news:
            return "\n".join(self.lines["out"])

    def signal(self, number):
        self.process.send_signal(number)

    def check_alive(self):
        if self.process.poll() is not None:
            raise Failure(f"softdtu ended with {self.process.returncode}")

    def cost(self):
        """CPU time in seconds and voluntary context switches of all its threads so far."""
        pid = self.process.pid
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            fields = f.read().rpartition(")")[2].split()
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            switches = int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", f.read(), re.M)[1])
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), switches

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for reader in self.readers:
            reader.join(SECONDS)

    def log(self):
        text = f"$ {' '.join(self.args)}\n" + self.output()[-6000:]
        if self.errors():
            text += "\n--- standard error\n" + self.errors()[-4000:]
        return f"{text}\n--- exit status: {self.process.returncode}"


K7_PORTS = ("--net-at-port", "--discovery-port")


class Test(unittest.TestCase):
    """A test that starts softdtu. Whatever it started has ended when it is over."""

    def setUp(self):
        if not os.access(SOFTDTU, os.X_OK):
            self.fail("the environment variable SOFTDTU must name the program")
        self.programs = []
        self.dir = tempfile.mkdtemp(prefix="dtu-test-")
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before:
            for program in getattr(self, "programs", []):
                print(f"--- {self.id()}: log of softdtu\n{program.log()}\n---", file=sys.stderr)

    def path(self, name):
        return os.path.join(self.dir, name)

    def closing(self, thing):
        self.addCleanup(thing.close)
        return thing

    def launch(self, *args, env=None, prefix=()):
        """Starts softdtu with these arguments and nothing else."""
        program = Program(args, env, prefix)
        self.programs.append(program)
        self.addCleanup(program.kill)
        return program

    def start(self, profile="cat1", sockets=None, settings=(), pty="uart", options=(), env=None):
        """Starts a module with a pty; sockets: the values of SOCKA and SOCKB, None: not used."""
        self.profile = profile
        args = ["--profile", profile, "--pty", self.path(pty), "--verbose"]
        for port in K7_PORTS:  # on all addresses they would be in the way of tests beside this one
            if profile == "k7" and port not in options and "--bind" not in options:
                args += [port, "0"]
        for setting in [*socket_settings(profile, sockets or []), *settings]:
            args += ["--set", setting]
        program = self.launch(*args, *options, env=env)
        program.wait_log(rf"^softdtu: (\d+ of )?{profile}, UARTs? at ")
        return program

    def user(self, pty="uart", greeting=True):
        """Opens the module's pty, and reads the greeting."""
        user = self.closing(User(self.path(pty), self.profile))
        if greeting:
            user.expect(GREETING[self.profile])
        return user

    def peer(self, **options):
        return self.closing(Peer(**options))

    def setup_link(self, profile="cat1", settings=(), pty="uart", **options):
        """A module that is connected to a TCP peer: program, user, peer, connection."""
        peer = self.peer(**options).listen()
        program = self.start(profile, [f"{tcp(profile)},{peer.target}"], settings, pty)
        connection = peer.accept()
        program.wait_log("socket A: connected")
        return program, self.user(pty), peer, connection

    def stop(self, program, number=signal.SIGTERM):
        program.signal(number)
        self.assertEqual(program.wait_end(), 0, "exit status")


def free_port(kind=socket.SOCK_STREAM, host=""):
    """A port that nobody has at the moment."""
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind((host, 0))
        return s.getsockname()[1]


def tcp(profile):
    return "TCPC" if profile == "k7" else "TCP"


def udp(profile):
    return "UDPC" if profile == "k7" else "UDP"


def socket_settings(profile, values):
    """NAME=VALUE of the sockets A, B...; all others are off, and there is no echo."""
    settings = ["E=OFF"]
    if profile != "k7":  # there it is off
        settings.append("HEARTEN=OFF")
    for letter, value in zip("ABCD", [*values, None, None, None, None]):
        if profile != "cat1" and letter in "CD":
            continue
        if value is not None:
            settings.append(f"SOCK{letter}={value}")
        if profile != "k7":
            settings.append(f"SOCK{letter}EN={'OFF' if value is None else 'ON'}")
        if value is None and letter == "A":  # where it would go if it were on
            settings.append(f"SOCKA={'HTPC' if profile == 'k7' else 'TCP'},{NOWHERE}")
    return settings


def in_thread(*functions):
    """Runs functions side by side; the first exception among them is raised."""
    errors = []

    def guarded(function):
        try:
            function()
        except BaseException as e:  # pylint: disable=broad-except
            errors.append(e)

    threads = [threading.Thread(target=guarded, args=(f,), daemon=True) for f in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def both_ways(near, far, up, down, timeout=SECONDS):
    """`up` goes from near to far while `down` comes the other way; every byte of both arrives."""
    got = {}

    def read_up():
        got["up"] = far.read(len(up), timeout)

    def read_down():
        got["down"] = near.read(len(down), timeout)

    in_thread(read_up, read_down, lambda: near.write(up, timeout), lambda: far.write(down, timeout))
    compare(got["up"], up, "up")
    compare(got["down"], down, "down")


def socat_pair(test, name_a, name_b):
    """Two ttys wired to each other by socat; gives the process."""
    for name in (name_a, name_b):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
    process = subprocess.Popen(["socat", "-d", "-d", f"pty,raw,echo=0,link={name_a}",
                                f"pty,raw,echo=0,link={name_b}"], stderr=subprocess.PIPE)

    def end():
        process.kill()
        process.wait()
        process.stderr.close()

    test.addCleanup(end)
    for line in process.stderr:  # ends with socat if it cannot work
        if b"starting data transfer loop" in line:
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return process
    raise Failure("socat did not start")


def baud_of(fd):
    """The rate of a tty, any number: termios knows only those that have a name."""
    tcgets2, size = 0x802C542A, 44
    return struct.unpack_from("I", fcntl.ioctl(fd, tcgets2, bytes(size)), size - 4)[0]


def main():
    unittest.main(verbosity=2)
