#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs of others as users of the pty: pyserial and socat."""
import os
import subprocess

import harness
from harness import GREETING, SECONDS, compare

PYTHON = os.environ.get("PYSERIAL_PYTHON", "/usr/bin/python3")

# Opens the pty (which drops the greeting), gives a command, then sends and receives data; a change
# of the rate in between is taken by a pty without complaint.
PYSERIAL = """
import sys, time, serial
path, size = sys.argv[1], int(sys.argv[2])
port = serial.Serial(path, 115200, timeout=10)
def read(count):
    data = port.read(count)
    assert len(data) == count, data
    return data
time.sleep(0.3)
port.write(b"+++")
assert read(1) == b"a"
port.write(b"a")
assert read(3) == b"+ok"
port.write(b"AT+UARTFT?\\r")
assert read(20) == b"\\r\\n+UARTFT:50\\r\\n\\r\\nOK\\r\\n", "UARTFT"
port.write(b"AT+ENTM\\r")
assert read(6) == b"\\r\\nOK\\r\\n"
port.baudrate = 9600
sys.stdout.buffer.write(b"ready")
sys.stdout.flush()
port.write(sys.stdin.buffer.read(size))
port.flush()
sys.stdout.buffer.write(read(size))
"""


class Users(harness.Test):
    def setUp(self):
        super().setUp()
        peer = self.peer().listen()
        self.start("cat1", [f"TCP,{peer.target}"])
        self.connection = peer.accept()
        self.data = os.urandom(100000)

    def run_user(self, *command):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(process.stdin.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def exchange(self, process):
        """The user sends what arrives at the peer, and gets what the peer sends."""
        got = {}

        def send():
            process.stdin.write(self.data)
            process.stdin.flush()

        def receive():
            got["up"] = self.connection.read(len(self.data))
            self.connection.write(self.data[::-1])

        harness.in_thread(send, receive,
                          lambda: got.update(down=process.stdout.read(len(self.data))))
        compare(got["up"], self.data, "UART to TCP")
        compare(got["down"], self.data[::-1], "TCP to UART")

    def test_pyserial(self):
        process = self.run_user(PYTHON, "-c", PYSERIAL, self.path("uart"),
                                str(len(self.data)))
        self.assertEqual(process.stdout.read(5), b"ready")
        self.exchange(process)
        process.stdin.close()
        self.assertEqual(process.wait(SECONDS), 0)

    def test_socat(self):
        process = self.run_user("socat", "-", f"{self.path('uart')},raw,echo=0")
        self.assertEqual(process.stdout.read(len(GREETING["cat1"])), GREETING["cat1"])
        self.exchange(process)


if __name__ == "__main__":
    harness.main()
