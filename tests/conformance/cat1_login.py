# SPDX-License-Identifier: MIT
"""The 30 s that a user of a cat1 module with SAFEATEN has to log in: manual 000 section 6.7."""
import sys
import time

import conformance
from conformance import harness
from scenarios import state_dir

PROFILE = "cat1"
REPLIES = conformance.Replies(PROFILE)
LIMIT = 30
MARGIN = 1.5


def locked(suite, state, peer):
    """A module that wants a login, and connects to a peer."""
    with suite.scenario("000 6.7: SAFEATEN"), suite.module(state=state) as m:
        m.user.command(f"AT+SOCKA=TCP,{peer.target}")
        m.user.command("AT+HEARTEN=OFF")  # or the peer hears it after 30 s
        m.user.command("AT+SAFEATEN=ON")
        m.user.restart("AT+S")
        peer.accept()


def wait(start, seconds):
    time.sleep(max(0.0, start + seconds - time.monotonic()))


def not_logged_in(suite, state, peer):
    with suite.module(state=state, command=False) as m:
        connection = peer.accept()
        m.program.wait_log("socket A: connected")
        m.user.enter()
        start = time.monotonic()
        with suite.scenario("000 6.7: 30 s to log in, whatever else is tried"):
            wait(start, LIMIT - MARGIN)
            m.user.command("AT+SIGNINAT=wrong", REPLIES.error("login").decode())
        with suite.scenario("000 6.7: command mode is over after 30 s"):
            wait(start, LIMIT + MARGIN)
            m.user.write(b"data")
            connection.expect(b"data")


def logged_in(suite, state, peer):
    with suite.module(state=state, command=False) as m:
        peer.accept()
        m.user.enter()
        start = time.monotonic()
        with suite.scenario("000 6.7: who has logged in may stay"):
            m.user.command("AT+SIGNINAT=usr_cn")
            wait(start, LIMIT + MARGIN)
            m.user.command("AT+VER", REPLIES.value("VER", "V1.1.01.000000.0000").decode())


def both(suite):
    with state_dir() as first, state_dir() as second:
        peers = [harness.Peer().listen(), harness.Peer().listen()]
        for state, peer in zip((first, second), peers):
            locked(suite, state, peer)
        harness.in_thread(lambda: not_logged_in(suite, first, peers[0]),
                          lambda: logged_in(suite, second, peers[1]))


def main():
    suite = conformance.Suite(PROFILE)
    suite.part(both)
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
