#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""dtuctl at one host and modules at another, with a wire between them: two network namespaces and a
veth pair, which are gone when the test is. There is no route but that of the wire."""
import json
import os
import socket
import subprocess
import sys

import harness
from harness import SECONDS

DTUCTL = os.environ.get("DTUCTL", "")
INSIDE = "LAN_TEST_IS_INSIDE"
FIRST, SECOND = "D8B04C000001", "D8B04C0000AA"


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=SECONDS)


class Lan(harness.Test):
    profile = "k7"

    def setUp(self):
        super().setUp()
        other = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; exec sleep 300"],
                                 stdout=subprocess.PIPE)
        self.addCleanup(other.stdout.close)
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        other.stdout.readline()  # now it has a namespace of its own
        self.there = ["nsenter", f"--target={other.pid}", "--net"]
        run("ip", "link", "add", "here", "type", "veth", "peer", "name", "there", "netns",
            str(other.pid))
        self.addCleanup(run, "ip", "link", "del", "here")
        run("ip", "addr", "add", "10.77.0.1/16", "dev", "here")
        run("ip", "link", "set", "here", "up")
        run(*self.there, "ip", "link", "set", "lo", "up")
        run(*self.there, "ip", "link", "set", "there", "up")

    def add_modules(self, first, count=1, *options):
        """At 10.77.x.y and the addresses behind it."""
        head, _, last = first.rpartition(".")
        commands = "".join(f"addr add {head}.{int(last) + i}/16 dev there\n" for i in range(count))
        subprocess.run([*self.there, "ip", "-batch", "-"], input=commands, text=True, check=True,
                       timeout=SECONDS)
        pty = self.path(f"uart{len(self.programs)}")
        program = self.launch("--profile", "k7", "--pty", pty, "--bind", first, "--verbose",
                              "--count", str(count), *options, prefix=self.there)
        program.wait_log("socket A: opens its port", count=count)
        self.wait_for(f"{head}.{int(last) + count - 1}")  # the last to open its port
        return program

    def wait_for(self, address):
        deadline = harness.Deadline(SECONDS, f"the module at {address}")
        while self.dtuctl("scan", "--to", address, "--wait", "100").returncode != 0:
            deadline.check()

    def dtuctl(self, *args):
        return subprocess.run([DTUCTL, *args], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "DTUCTL_USER": "admin", "DTUCTL_PASSWORD": "admin"})

    def good(self, *args):
        process = self.dtuctl(*args)
        self.assertEqual(process.returncode, 0, f"{args}: {process.stderr}{process.stdout}")
        return process.stdout

    def found(self):
        return {m["mac"]: m["ip"] for m in json.loads(self.good("scan", "--json"))}

    def test_two_modules(self):
        """A scan by broadcast finds both; a set of one leaves the other alone."""
        one = self.add_modules("10.77.0.2")
        two = self.add_modules("10.77.0.3", 1, "--identity", f"mac={SECOND}")
        self.assertEqual(self.found(), {FIRST: "10.77.0.2", SECOND: "10.77.0.3"})
        table = self.good("scan")
        for text in ("10.77.0.2", "10.77.0.3", FIRST, SECOND, "USR-K7", "3016"):
            self.assertIn(text, table)
        before = self.good("show", FIRST, "--json")
        self.good("set", SECOND, "baud=9600", "parity=even", "name=kiln")
        two.wait_log("started as k7, UART 9600 8E1")
        self.assertEqual(self.good("show", FIRST, "--json"), before)
        self.assertIn("kiln", self.good("show", "10.77.0.3"))
        self.assertIn("kiln", self.good("scan"))
        self.assertEqual(one.output().count("started as k7"), 1)
        self.good("restart", FIRST)
        one.wait_log("started as k7", count=1)

    def test_200_modules(self):
        """One process, one scan."""
        self.add_modules("10.77.1.1", 200)
        expected = {f"{int(FIRST, 16) + i:012X}": f"10.77.1.{i + 1}" for i in range(200)}
        self.assertEqual(self.found(), expected)

    def test_only_the_local_subnet(self):
        """The option leaves those alone who come through a router: here, from another subnet."""
        run("ip", "link", "set", "lo", "up")
        run("ip", "addr", "add", "10.99.0.1/32", "dev", "lo")
        self.addCleanup(run, "ip", "addr", "del", "10.99.0.1/32", "dev", "lo")
        stranger = self.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        stranger.bind(("10.99.0.1", 0))
        self.add_modules("10.77.0.2")
        run(*self.there, "ip", "route", "add", "10.99.0.1/32", "via", "10.77.0.1")
        stranger.settimeout(SECONDS)
        stranger.sendto(b"\xff\x01\x01\x02", ("10.77.0.2", 1901))
        self.assertEqual(len(stranger.recv(100)), 36)
        self.add_modules("10.77.0.3", 1, "--local-only", "--identity", f"mac={SECOND}")
        self.assertEqual(self.found(), {FIRST: "10.77.0.2", SECOND: "10.77.0.3"})
        stranger.settimeout(0.5)
        stranger.sendto(b"\xff\x01\x01\x02", ("10.77.0.3", 1901))
        with self.assertRaises(TimeoutError):
            stranger.recv(100)


def main():
    if os.environ.get(INSIDE):
        return harness.main()
    unshare = ["unshare", "--net"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
    probe = subprocess.run([*unshare, "ip", "link", "add", "one", "type", "veth", "peer", "name",
                            "two"], capture_output=True, text=True)
    if probe.returncode != 0:
        print(f"no network namespace can be made here: {probe.stderr.strip()}")
        return sys.exit(77)
    os.environ[INSIDE] = "1"
    return os.execvp("unshare", [*unshare, sys.executable, "-B", *sys.argv])


if __name__ == "__main__":
    main()
