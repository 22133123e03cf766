# SPDX-License-Identifier: MIT
"""What the scenarios of the conformance tests share: settings that outlive a power cut, and a
module between its user and its peers."""
import contextlib
import shutil
import tempfile

import conformance
from conformance import harness

LETTERS = "ABCD"


@contextlib.contextmanager
def state_dir():
    """A directory for --state."""
    directory = tempfile.mkdtemp(prefix="dtu-conf-")
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


def again(suite, directory, check):
    """The power was cut; what does the module say after it?"""
    with suite.module(state=directory, command=False) as m:
        m.user.enter()
        check(m.user)


def expect_value(user, name, value):
    reply = conformance.Replies(user.profile).value(name, value)
    user.command(f"AT+{name}?", reply.decode())


class Wired:
    """A module in data mode with peers at its sockets A and B. What is sent is a frame or a packet
    of its own, for what came before it has been through when it is sent."""

    def __init__(self, suite, m, peers):
        self.suite = suite
        self.m = m
        self.connections = [peer.accept() for peer in peers]
        m.program.wait_log("socket [AB]: connected", count=len(peers))
        m.user.command("AT+ENTM", end="\r")

    def answered(self, source, sent, reply):
        """The user gets the reply; then no peer has got anything of it."""
        with self.suite.scenario(source):
            self.m.user.write(sent)
            self.m.user.expect(reply)
            self.data(source, b"marker")

    def data(self, source, sent):
        """Data of the user: goes to every peer, and nothing comes back."""
        with self.suite.scenario(source):
            self.m.user.write(sent)
            for connection in self.connections:
                connection.expect(sent)
            self.nothing_else()

    def nothing_else(self):
        if self.m.user.buffer:
            raise harness.Failure(f"the user got {self.m.user.buffer!r}")

    def net_answered(self, source, sent, reply, index=0):
        """A peer gets the reply; neither the user nor the other peer gets anything."""
        with self.suite.scenario(source):
            self.connections[index].write(sent)
            self.connections[index].expect(reply)
            self.net_data(source, b"m", index)
            self.data(source, b"marker")

    def net_data(self, source, sent, index=0):
        with self.suite.scenario(source):
            self.connections[index].write(sent)
            self.m.user.expect(sent)


def wired(suite, count, *settings):
    """Peers at sockets A and B, and a module that connects to them."""
    peers = [harness.Peer().listen() for _ in range(count)]
    targets = []
    for letter, peer in zip(LETTERS, peers):
        targets += [f"SOCK{letter}=TCP,{peer.target}", f"SOCK{letter}EN=ON"]
    return peers, suite.module(settings=[*targets, *settings])
