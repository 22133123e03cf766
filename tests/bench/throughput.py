#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""softdtu, ser2net and socat between a tty and loopback TCP, side by side.

    SOFTDTU=build/default/examples/softdtu tests/bench/throughput.py [--mib N] [--rounds N] [--json FILE]

Method. All three open the slave of a pty that this program makes; this program is at its master and
at the other end of the TCP connection, in two processes, the same for all. Nothing else is on the
way. Throughput: N MiB of random bytes one way, from the first write to the last byte read, compared
at the end. CPU time: user and system time of the program alone, all of its threads, from /proc, for
each MiB. Latency: 64 bytes go from the tty to a TCP peer that sends them back; the next 64 go when
they are here. Each figure is the median of the rounds; the programs take turns in each round.

What the rows mean. A module packs: it waits for a length or a pause before it sends. For throughput
the packets are large (cat1: 4096 bytes, its most; k7: 1460, its most); for latency there is one row
in which 64 bytes fill a packet, and one with the pause that k7 has by default, the time of 4 bytes
and at least a millisecond. ser2net has buffers of 64 bytes by default, and may wait for more to come
(chardelay); the other row of it is with large buffers and without waiting.
"""
import argparse
import contextlib
import glob
import json
import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import tty

SOFTDTU = os.environ.get("SOFTDTU", "build/default/examples/softdtu")
CHUNK = 65536
DEADLINE_S = 120
LARGE = ("dev-to-net-bufsize: 65536", "net-to-dev-bufsize: 65536")  # of ser2net; 64 by default


class Running:
    """A program between the master of a pty and a TCP connection."""

    def __init__(self, start):
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.slave = slave  # held open, so that the master never sees a hang-up
        self.process = None
        self.dir = tempfile.mkdtemp(prefix="dtu-bench-")
        try:
            self.connection = start(self, os.ttyname(slave))
        except BaseException:
            self.close()
            raise
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection.settimeout(None)

    def run(self, *args):
        with open(f"{self.dir}/log", "wb") as log:
            self.process = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def cpu_s(self):
        total = 0
        for path in glob.glob(f"/proc/{self.process.pid}/task/*/schedstat"):
            with open(path, encoding="ascii") as f:
                total += int(f.read().split()[0])
        return total / 1e9

    def close(self):
        with contextlib.suppress(AttributeError):
            self.connection.close()
        if self.process:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)
        shutil.rmtree(self.dir)


def listener():
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen(1)
    sock.settimeout(10)
    return sock, sock.getsockname()[1]


def softdtu(profile, *settings):
    def start(running, tty_name):
        with contextlib.closing(listener()[0]) as server:
            port = server.getsockname()[1]
            kind = "TCPC" if profile == "k7" else "TCP"
            args = [SOFTDTU, "--profile", profile, "--tty", tty_name]
            for setting in (f"SOCKA={kind},127.0.0.1,{port}", *settings):
                args += ["--set", setting]
            running.run(*args)
            connection = server.accept()[0]
        if profile != "k7":
            greeting = b""
            while not greeting.endswith(b"1\r\n"):
                greeting += os.read(running.master, 100)
        # What the UART gives before the module knows of its connection is dropped; a byte that comes
        # through the connection shows that it does.
        connection.sendall(b"1")
        read_all(running.master, 1)
        return connection
    return start


def socat(running, tty_name):
    with contextlib.closing(listener()[0]) as server:
        running.run("socat", "-b", str(CHUNK), f"{tty_name},raw,echo=0",
                    f"tcp:127.0.0.1:{server.getsockname()[1]},nodelay")
        return server.accept()[0]


def ser2net(*options):
    def start(running, tty_name):
        server, port = listener()
        server.close()
        with open(f"{running.dir}/ser2net.yaml", "w", encoding="ascii") as f:
            f.write(f"%YAML 1.1\n---\nconnection: &c\n  accepter: tcp(nodelay),127.0.0.1,{port}\n"
                    f"  connector: serialdev(nouucplock=true),{tty_name},115200n81,local\n"
                    "  options:\n    kickolduser: false\n")
            for option in options:
                f.write(f"    {option}\n")
        running.run("ser2net", "-n", "-c", f"{running.dir}/ser2net.yaml", "-P",
                    f"{running.dir}/pid")
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with contextlib.suppress(ConnectionRefusedError):
                return socket.create_connection(("127.0.0.1", port), 10)
            time.sleep(0.02)
        with open(f"{running.dir}/log", encoding="utf-8", errors="replace") as log:
            sys.exit(f"ser2net does not listen: {log.read()}")
    return start


def in_child(function):
    """Runs a function in a process of its own; gives its pid."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            signal.alarm(DEADLINE_S)
            function()
            status = 0
        finally:
            os._exit(status)
    return pid


def write_all(fd, data):
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view[:CHUNK]):]


def read_all(fd, size):
    parts, have = [], 0
    while have < size:
        part = os.read(fd, CHUNK)
        if not part:
            sys.exit(f"ended after {have} of {size} bytes")
        parts.append(part)
        have += len(part)
    return b"".join(parts)


def throughput(start, data, up):
    """MiB a second, and CPU milliseconds for each MiB."""
    with contextlib.closing(Running(start)) as r:
        source, sink = r.master, r.connection.fileno()
        if not up:
            source, sink = sink, source
        cpu = r.cpu_s()
        started = time.monotonic()
        child = in_child(lambda: write_all(source, data))
        got = read_all(sink, len(data))
        seconds = time.monotonic() - started
        cpu = r.cpu_s() - cpu
        if os.waitpid(child, 0)[1] != 0 or got != data:
            sys.exit("what came is not what was sent")
    mib = len(data) / (1 << 20)
    return mib / seconds, cpu * 1000 / mib


def echo(connection):
    while data := connection.recv(CHUNK):
        connection.sendall(data)


def latency(start, count):
    """Round trips in milliseconds: median and 99th percentile."""
    message = bytes(range(64))
    trips = []
    with contextlib.closing(Running(start)) as r:
        child = in_child(lambda: echo(r.connection))
        for _ in range(count):
            started = time.monotonic()
            write_all(r.master, message)
            if read_all(r.master, len(message)) != message:
                sys.exit("what came back is not what was sent")
            trips.append((time.monotonic() - started) * 1000)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    trips.sort()
    return statistics.median(trips), trips[int(len(trips) * 0.99)]


def medians(samples):
    return [statistics.median(column) for column in zip(*samples)]


def compare_throughput(programs, data, rounds):
    samples = {name: [] for name in programs}
    for _ in range(rounds):
        for name, start in programs.items():
            samples[name].append((*throughput(start, data, True), *throughput(start, data, False)))
    results = []
    title = f"{len(data) >> 20} MiB, median of {rounds}"
    print(f"\n{title:26}{'tty -> TCP':>20}{'TCP -> tty':>24}")
    print(f"{'':26}{'MiB/s':>8}{'CPU ms/MiB':>12}{'MiB/s':>12}{'CPU ms/MiB':>12}")
    for name, rows in samples.items():
        up, up_cpu, down, down_cpu = medians(rows)
        print(f"{name:26}{up:8.0f}{up_cpu:12.2f}{down:12.0f}{down_cpu:12.2f}")
        results.append({"program": name,
                        "tty_to_tcp": {"mib_per_s": up, "cpu_ms_per_mib": up_cpu},
                        "tcp_to_tty": {"mib_per_s": down, "cpu_ms_per_mib": down_cpu}})
    return results


def compare_latency(programs, count, rounds):
    samples = {name: [] for name in programs}
    for _ in range(rounds):
        for name, start in programs.items():
            samples[name].append(latency(start, count))
    results = []
    print(f"\n{count} round trips of 64 bytes, median of {rounds}")
    print(f"{'':26}{'median ms':>10}{'99 % ms':>10}")
    for name, rows in samples.items():
        median, late = medians(rows)
        print(f"{name:26}{median:10.3f}{late:10.3f}")
        results.append({"program": name, "median_ms": median, "late_ms": late})
    return results


def give_up(*_):
    """Ends this program as an error does, so that those that it started are ended too."""
    sys.exit("took too long")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mib", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json")
    parser.add_argument("--trips", type=int, default=1000)
    args = parser.parse_args()
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(DEADLINE_S * 5)

    bulk = {"softdtu cat1, 4096": softdtu("cat1", "UARTFT=10", "UARTFL=4096"),
            "softdtu k7, 1460": softdtu("k7", "UARTTL=10,1460")}
    short = {"softdtu k7, full at 64": softdtu("k7", "UARTTL=0,64"),
             "softdtu k7, default": softdtu("k7")}
    if shutil.which("ser2net"):
        bulk["ser2net, 64 KiB buffers"] = ser2net("chardelay: false", *LARGE)
        bulk["ser2net, default"] = ser2net()
        short["ser2net, chardelay off"] = ser2net("chardelay: false")
        short["ser2net, default"] = ser2net()
    else:
        print("ser2net is not installed")
    if shutil.which("socat"):
        bulk["socat"] = socat
        short["socat"] = socat
    else:
        print("socat is not installed")

    print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} processors, "
          f"Linux {os.uname().release.split('-')[0]}")
    results = {
        "throughput": compare_throughput(bulk, random.Random(1).randbytes(args.mib << 20),
                                         args.rounds),
        "latency": compare_latency(short, args.trips, args.rounds)}
    if args.json:
        with open(args.json, "w", encoding="utf-8") as f:
            json.dump(results, f, indent=1)


if __name__ == "__main__":
    main()
