#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shows a serial-to-network module at work: a user at its UART, and a TCP server that sends back
whatever it gets. Needs softdtu and nothing else; "examples/demo" builds it and calls this."""
import argparse
import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

TIMEOUT_S = 20
GUARD_S = 0.2  # silence before +++; the module wants its packing time, 50 ms
GREETING = b"\r\nWH-LTE-7S1\r\n"
FILE_SIZE = 1024 * 1024


class DemoError(Exception):
    pass


def say(who, text):
    print(f"  {who:8}{text}", flush=True)


def chapter(text):
    print(f"\n{text}", flush=True)


class EchoServer:
    """The peer: sends back what it gets, to one client after the other."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connected = threading.Event()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):  # closed at the end
            while True:
                client, _ = self.listener.accept()
                with client:
                    self.connected.set()
                    while data := client.recv(65536):
                        client.sendall(data)

    def wait_connected(self):
        if not self.connected.wait(TIMEOUT_S):
            raise DemoError("the module did not connect to the server")

    def close(self):
        self.listener.close()


class Module:
    """softdtu, with a pty as its UART."""

    def __init__(self, program, directory):
        self.uart = os.path.join(directory, "uart")
        args = [program, "--profile", "cat1", "--pty", self.uart, "--set", "SOCKAEN=OFF"]
        say("shell", "$ " + " ".join([os.path.basename(program), *args[1:]]))
        self.process = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        text=True)

    def wait_started(self):
        line = self.process.stdout.readline().rstrip()
        if not line:
            raise DemoError("softdtu did not start")
        say("softdtu", line)

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.process.stdout.close()


class User:
    """Has opened the module's UART."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        os.set_blocking(self.fd, False)
        self.got = bytearray()

    def close(self):
        os.close(self.fd)

    def exchange(self, data, size=None, ending=None):
        """Writes and reads at the same time, until so many bytes have come, or this ending."""
        deadline = time.monotonic() + TIMEOUT_S
        while data or not self.has_come(size, ending):
            left = deadline - time.monotonic()
            reading, writing, _ = select.select([self.fd], [self.fd] if data else [], [],
                                                max(0, left))
            if reading:
                self.got += os.read(self.fd, 65536)
            if writing:
                with contextlib.suppress(BlockingIOError):
                    data = data[os.write(self.fd, data[:65536]):]
            if left <= 0:
                raise DemoError(f"the module has sent {bytes(self.got[:100])!r}, and no more")
        end = size if ending is None else self.got.index(ending) + len(ending)
        result = bytes(self.got[:end])
        del self.got[:end]
        return result

    def has_come(self, size, ending):
        return ending in self.got if size is None else len(self.got) >= size

    def wait_greeting(self):
        self.exchange(b"", ending=GREETING)
        say("module", GREETING.decode().strip() + "        (its greeting: it has started)")

    def enter_command_mode(self):
        time.sleep(GUARD_S)
        for text, answer in (("+++", "a"), ("a", "+ok")):
            say("user", text)
            if self.exchange(text.encode(), size=len(answer)) != answer.encode():
                raise DemoError("the module did not enter command mode")
            say("module", answer)

    def command(self, line):
        say("user", line)
        reply = self.exchange(line.encode() + b"\r", ending=b"\r\nOK\r\n").decode()
        reply = reply.removeprefix(line + "\r")  # its echo
        say("module", "  ".join(reply.split()))


def send_and_compare(user, data, what):
    started = time.monotonic()
    if user.exchange(data, size=len(data)) != data:
        raise DemoError(f"{what}: other bytes came back")
    return time.monotonic() - started


def configure(user, server):
    chapter("The user enters command mode: a silence, then +++ and a")
    user.enter_command_mode()
    chapter("and tells the module where to connect to")
    user.command("AT+VER?")
    user.command("AT+SOCKA?")
    user.command(f"AT+SOCKA=TCP,127.0.0.1,{server.port}")
    user.command("AT+SOCKAEN=ON")
    user.command("AT+SOCKA?")
    chapter("AT+S saves all settings and restarts the module")
    user.command("AT+S")
    user.wait_greeting()
    server.wait_connected()
    say("server", "a client has connected")


def transfer(user):
    chapter("From here on the UART and the connection are one wire")
    text = "Hello, is anybody there?"
    say("user", text)
    send_and_compare(user, text.encode(), "the text")
    say("module", f"{text}        (from the server)")
    data = os.urandom(FILE_SIZE)
    say("user", f"a file of {FILE_SIZE} random bytes")
    seconds = send_and_compare(user, data, "the file")
    say("module", f"{FILE_SIZE} bytes from the server, and each is right")
    chapter(f"OK: 1 MiB went there and back in {seconds:.2f} s, {1 / seconds:.1f} MiB/s each way")


def demo(program):
    with contextlib.ExitStack() as stack:
        directory = tempfile.mkdtemp(prefix="dtu-demo-")
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        server = stack.enter_context(contextlib.closing(EchoServer()))
        print("\n    user --- UART (a pty) --- [ softdtu, a module ] --- TCP --- echo server\n")
        say("server", f"listens at 127.0.0.1 port {server.port}")
        module = stack.enter_context(contextlib.closing(Module(program, directory)))
        module.wait_started()
        user = stack.enter_context(contextlib.closing(User(module.uart)))
        user.wait_greeting()
        configure(user, server)
        transfer(user)


def interrupt(*_):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--softdtu", required=True, metavar="PROGRAM")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, interrupt)
    try:
        demo(args.softdtu)
    except KeyboardInterrupt:
        print("\ninterrupted")
        return 130
    except BrokenPipeError:  # nobody reads on; what is left to flush is for nobody either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (DemoError, OSError) as e:
        print(f"\nFAILED: {e}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
