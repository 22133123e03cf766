#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A thousand modules in one softdtu, each with a connection, a registration packet and a heartbeat
to one peer, for a minute: nobody is missing, and no heartbeat. Prints what that costs.

SOAK_MODULES and SOAK_S say how many and how long."""
import json
import os
import re
import resource
import selectors
import signal
import socket
import time

import harness
from harness import Deadline, Failure

MODULES = int(os.environ.get("SOAK_MODULES", "1000"))
SECONDS = float(os.environ.get("SOAK_S", "60"))
INTERVAL = 5.0
LATE = 1.0  # a heartbeat may be so late on a machine under load
FIRST_IMEI = 860000000000000
BEAT = b"www.usr.cn"


class Client:
    def __init__(self, now):
        self.received = b""
        self.opened = now
        self.registered = None  # when
        self.beats = []  # when each came


class Peer:
    """All connections of all modules."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(1024)
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.clients = {}

    def accept(self, now):
        while True:
            try:
                sock, _ = self.listener.accept()
            except BlockingIOError:
                return
            sock.setblocking(False)
            self.clients[sock] = Client(now)
            self.selector.register(sock, selectors.EVENT_READ)

    def receive(self, sock, now):
        client = self.clients[sock]
        data = sock.recv(4096)
        if not data:
            raise Failure(f"a connection ended after {client.received!r}")
        client.received += data
        if client.registered is None and len(client.received) >= 15:
            client.registered = now
        while len(client.received) - 15 >= (len(client.beats) + 1) * len(BEAT):
            client.beats.append(now)

    def run(self, seconds, until=None):
        deadline = Deadline(seconds, "")
        while deadline.left() > 0 and not (until and until()):
            for key, _ in self.selector.select(min(deadline.left(), 0.2)):
                now = time.monotonic()
                if key.fileobj is self.listener:
                    self.accept(now)
                else:
                    self.receive(key.fileobj, now)

    def close(self):
        for sock in [self.listener, *self.clients]:
            sock.close()
        self.selector.close()


def allow_files():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Soak(harness.Test):
    def memory_kib(self, program):
        with open(f"/proc/{program.process.pid}/status", encoding="ascii") as f:
            return int(re.search(r"^VmRSS:\s+(\d+)", f.read(), re.M)[1])

    def check_beats(self, client, end):
        """One each interval from the registration on, none early, none missing."""
        times = [client.registered, *client.beats]
        for before, after in zip(times, [*times[1:], end]):
            if after - before > INTERVAL + LATE:
                raise Failure(f"{after - before:.2f} s without a heartbeat")
        for before, after in zip(times, times[1:]):
            if after - before < INTERVAL - LATE:
                raise Failure(f"a heartbeat after {after - before:.2f} s")

    def test_a_thousand_modules(self):
        allow_files()
        peer = self.closing(Peer())
        status = self.path("status.json")
        program = self.launch(
            "--profile", "cat1", "--pty", self.path("uart"), "--count", str(MODULES),
            "--status", status, "--set", f"SOCKA=TCP,127.0.0.1,{peer.port}", "--set", "REGEN=ON",
            "--set", "REGTP=IMEI", "--set", f"HEARTTM={int(INTERVAL)}")

        peer.run(60, lambda: len(peer.clients) == MODULES and
                 all(c.registered for c in peer.clients.values()))
        said = sorted(c.received[:15].decode() for c in peer.clients.values())
        self.assertEqual(said, [str(FIRST_IMEI + i) for i in range(MODULES)])

        cpu, _ = program.cost()
        begun = time.monotonic()
        peer.run(SECONDS)
        end = time.monotonic()
        cpu_after, _ = program.cost()
        self.assertEqual(len(peer.clients), MODULES)
        for client in peer.clients.values():
            self.assertEqual(client.received[15:], BEAT * len(client.beats))
            self.check_beats(client, end)

        program.signal(signal.SIGUSR1)
        program.wait_log(f"status: {MODULES} modules; sockets: {MODULES}, {MODULES} connected")
        deadline = Deadline(harness.SECONDS, "the status")
        while not os.path.exists(status):
            deadline.check()
            time.sleep(0.01)
        with open(status, encoding="ascii") as f:
            modules = json.load(f)["modules"]
        self.assertEqual(sum(m["sockets"][0]["identity"]["on_link"] for m in modules), MODULES)
        self.assertTrue(all(m["sockets"][0]["link"]["lost"] == 0 for m in modules))

        beats = sum(len(c.beats) for c in peer.clients.values())
        print(f"{MODULES} modules, {end - begun:.0f} s: {beats} heartbeats, "
              f"{self.memory_kib(program) / MODULES:.1f} KiB of memory a module, "
              f"{100 * (cpu_after - cpu) / (end - begun):.1f} % of a CPU")

    def test_more_connections_at_once_than_a_pipe_has_room_for(self):
        """More than 8192: the addresses of all are found before the first is connected to."""
        allow_files()
        sockets = [option for s in "ABCD" for option in
                   ("--set", f"SOCK{s}EN=ON", "--set", f"SOCK{s}=TCP,127.0.0.1,1")]
        program = self.launch("--profile", "cat1", "--pty", self.path("uart"), "--count", "2100",
                              *sockets)
        program.wait_log("2100 of cat1")
        program.signal(signal.SIGUSR1)
        program.wait_log("status: 2100 modules; sockets: 8400, 0 connected, 8400 tries")
        self.stop(program)


if __name__ == "__main__":
    harness.main()
