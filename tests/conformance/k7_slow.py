# SPDX-License-Identifier: MIT
"""USR-K7, manual 003 section 5.3.1 and at.md, entering and leaving, 6: the network's command mode
ends 30 s after the last command. This test waits for that."""
import time

from conformance import Suite
from k7 import NET_AT, OK, PROFILE, Remote, free_port, greeting, net_module, ready

KEY = b"www.usr.cn"


class Clock:
    """Waits for moments since it was made."""

    def __init__(self):
        self.begin = time.monotonic()

    def at(self, seconds):
        time.sleep(max(0.0, self.begin + seconds - time.monotonic()))


def not_heard(remote):
    """What was sent before the keyword would be answered before it."""
    remote.send(b"AT\r")
    remote.exchange(KEY, greeting())


def fall_back(suite):
    """One who says nothing for 31 s, and one who goes on with pauses of 25 s."""
    ports = free_port(), free_port()
    with net_module(suite, ports[0]) as m, net_module(suite, ports[1]) as n:
        ready(m)
        ready(n)
        silent, busy = Remote(ports[0]), Remote(ports[1])
        silent.exchange(KEY, greeting())
        busy.exchange(KEY, greeting())
        clock = Clock()
        clock.at(25)
        with suite.scenario(f"{NET_AT}: a command 25 s after the keyword"):
            busy.exchange(b"AT\r", OK)
        clock.at(31)
        with suite.scenario(f"{NET_AT}: 31 s without a command"):
            not_heard(silent)
        clock.at(50)
        with suite.scenario(f"{NET_AT}: a command begins the 30 s again"):
            busy.exchange(b"AT\r", OK)
        with suite.scenario(f"{NET_AT}: the keyword opens it again"):
            silent.exchange(b"AT\r", OK)
        for remote in (silent, busy):
            remote.close()


def main():
    suite = Suite(PROFILE)
    suite.part(fall_back)
    return suite.finish()


if __name__ == "__main__":
    raise SystemExit(main())
