#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""UDP, two sockets at once, and connections that are opened by data and closed by quiet."""
import os
import socket
import time

import harness
from harness import compare, tcp, udp


class Udp(harness.Test):
    def setup_udp(self, profile="cat1", settings=()):
        peer = self.closing(harness.UdpPeer())
        program = self.start(profile, [f"{udp(profile)},{peer.target}"], settings)
        program.wait_log("socket A: connected")
        return program, self.user(), peer

    def test_a_frame_is_a_datagram(self):
        program, user, peer = self.setup_udp()
        user.write(b"hello")
        peer.expect(b"hello")
        data = os.urandom(1024 + 1024 + 100)
        user.write(data)
        peer.expect(data[:1024])
        peer.expect(data[1024:2048])
        sender = peer.expect(data[2048:])
        program.wait_log("UART: frame of 100 bytes")
        peer.sock.sendto(b"hello too", sender)
        user.expect(b"hello too")

    def test_large_datagram(self):
        _, user, peer = self.setup_udp()
        user.write(b"?")
        sender = peer.expect(b"?")
        data = os.urandom(60000)
        peer.sock.sendto(data, sender)
        compare(user.read(len(data)), data, "what the user got")

    def test_only_the_peer_is_heard(self):
        _, user, peer = self.setup_udp()
        user.write(b"?")
        sender = peer.expect(b"?")
        stranger = self.closing(harness.UdpPeer())
        stranger.sock.sendto(b"let me in", sender)
        peer.sock.sendto(b"known", sender)
        user.expect(b"known")
        user.expect_silence(0.2)

    def test_udpon_hears_anyone(self):
        """K7's UDPON: manual 003 section 5.3.5 number 43. What is sent goes to the peer still."""
        _, user, peer = self.setup_udp("k7", ["UDPON=ON"])
        user.write(b"?")
        sender = peer.expect(b"?")
        stranger = self.closing(harness.UdpPeer())
        stranger.sock.sendto(b"from a stranger", ("127.0.0.1", sender[1]))
        user.expect(b"from a stranger")
        user.write(b"!")
        peer.expect(b"!")

    def test_broadcast(self):
        """Manual 003 section 4.2.3: to all, and whoever answers is heard."""
        peer = self.closing(harness.UdpPeer())
        everybody = self.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        everybody.bind(("", 0))
        everybody.settimeout(harness.SECONDS)
        port = everybody.getsockname()[1]
        program = self.start("cat1", [f"UDP,127.255.255.255,{port}"])
        program.wait_log("socket A: connected")
        user = self.user()
        user.write(b"who is there?")
        data, sender = everybody.recvfrom(100)
        self.assertEqual(data, b"who is there?")
        peer.sock.sendto(b"me", sender)
        user.expect(b"me")

    def test_three_that_are_refused_open_it_anew(self):
        """Manual 002 section 3.4: with a name of its own again, for instance."""
        program, user, peer = self.setup_udp("gprs232-7s3")
        peer.close()
        for _ in range(3):
            user.write(b"lost")
            program.wait_log("UART: frame of 4 bytes")
        program.wait_log("socket A: connecting")
        program.wait_log("socket A: connected")

    def test_nobody_there(self):
        """A refusal by the other machine is no end: what is sent later arrives."""
        _, user, peer = self.setup_udp()
        peer.close()
        for _ in range(3):
            user.write(b"lost")
            user.answers()
        peer = self.closing(harness.UdpPeer(peer.port))
        user.write(b"found")
        sender = peer.expect(b"found")
        peer.sock.sendto(b"yes", sender)
        user.expect(b"yes")

    def test_nobody_there_while_nobody_reads(self):
        """In command mode, when the news of a refusal is not read: it is not instead of a datagram."""
        _, user, peer = self.setup_udp("cat1", ["HEARTEN=ON", "HEARTTM=2"])
        user.enter()
        peer.expect(b"www.usr.cn")
        peer.close()
        time.sleep(3)  # one that is refused
        peer = self.closing(harness.UdpPeer(peer.port))
        begun = time.monotonic()
        peer.expect(b"www.usr.cn")
        self.assertLess(time.monotonic() - begun, 2)

    def test_k7(self):
        _, user, peer = self.setup_udp("k7", ["UARTTL=10,64"])
        user.write(b"x" * 70)
        peer.expect(b"x" * 64)
        sender = peer.expect(b"x" * 6)
        peer.sock.sendto(b"", sender)  # an empty one is not the end of anything
        peer.sock.sendto(b"back", sender)
        user.expect(b"back")


class Keepalive(harness.Test):
    def timer(self, peer, connection):
        """What /proc/net/tcp says of the module's end: 2 is a keepalive timer, 0 none."""
        port = connection.sock.getpeername()[1] if hasattr(connection, "sock") else None
        with open("/proc/net/tcp", encoding="ascii") as f:
            for line in f.readlines()[1:]:
                fields = line.split()
                local, remote = (int(x.split(":")[1], 16) for x in fields[1:3])
                if remote == peer.port and (port is None or local == port) and fields[3] == "01":
                    return int(fields[5].split(":")[0], 16)
        raise harness.Failure("the connection is not there")

    def test_keepalive(self):
        """Manual 004 section 4.46: used or not."""
        for used, timer in (("1,60,15,3", 2), ("0,60,15,3", 0)):
            with self.subTest(used=used):
                program, user, peer, connection = self.setup_link(settings=[f"KEEPALIVEA={used}"])
                self.assertEqual(self.timer(peer, connection), timer)
                user.close()
                self.stop(program)


class TwoSockets(harness.Test):
    def test_both_hear_and_both_are_heard(self):
        for profile in ("cat1", "gprs232-7s3", "lte-7s4", "k7"):
            with self.subTest(profile):
                pty = f"uart-{profile}"
                peers = [self.peer().listen(), self.peer().listen()]
                program = self.start(profile, [f"{tcp(profile)},{p.target}" for p in peers],
                                     pty=pty)
                a, b = [p.accept() for p in peers]
                program.wait_log("socket [AB]: connected", 2)
                user = self.user(pty)
                user.write(b"to both")
                a.expect(b"to both")
                b.expect(b"to both")
                a.write(b"from A")
                user.expect(b"from A")
                b.write(b"from B")
                user.expect(b"from B")

    def test_one_is_gone(self):
        """The one that is left is served; the other gets what was queued when it is back."""
        peers = [self.peer().listen(), self.peer().listen()]
        program = self.start("lte-7s4", [f"TCP,{p.target}" for p in peers],
                             ["SOCKATO=1", "SOCKBTO=1"])
        a, b = [p.accept() for p in peers]
        program.wait_log("socket [AB]: connected", 2)
        user = self.user()
        peers[1].die()
        program.wait_log("socket B: waits to connect again")
        user.write(b"for both")
        a.expect(b"for both")
        b = peers[1].listen().accept()
        b.expect(b"for both")
        a.expect_silence(0.2)

    def test_tcp_and_udp(self):
        first = self.peer().listen()
        second = self.closing(harness.UdpPeer())
        program = self.start("cat1", [f"TCP,{first.target}", f"UDP,{second.target}"])
        a = first.accept()
        program.wait_log("socket [AB]: connected", 2)
        user = self.user()
        user.write(b"to both")
        a.expect(b"to both")
        second.sock.sendto(b"datagram", second.expect(b"to both"))
        user.expect(b"datagram")


class ShortLived(harness.Test):
    def setup_short(self, profile="cat1", settings=("SOCKASL=SHORT", "SHORTATM=1")):
        peer = self.peer().listen()
        program = self.start(profile, [f"{tcp(profile)},{peer.target}"], settings)
        program.wait_log("socket A: waits for data")
        return program, self.user(), peer

    def test_opened_by_data_closed_by_quiet(self):
        program, user, peer = self.setup_short()
        peer.nobody_connects(0.5)
        for text in (b"one", b"two"):
            user.write(text)
            connection = peer.accept()
            connection.expect(text)
            started = time.monotonic()
            connection.expect_end()
            self.assertGreater(time.monotonic() - started, 0.8)
            program.wait_log("socket A: waits for data")
        peer.nobody_connects(0.5)

    def test_traffic_keeps_it_open(self):
        _, user, peer = self.setup_short()
        user.write(b"begin")
        connection = peer.accept()
        connection.expect(b"begin")
        for _ in range(4):
            connection.expect_silence(0.6)
            connection.write(b"down")
            user.expect(b"down")
        connection.expect_end()

    def test_k7(self):
        _, user, peer = self.setup_short("k7", ["SOCKSL=ON", "SHORTO=2"])
        user.write(b"one")
        connection = peer.accept()
        connection.expect(b"one")
        connection.expect_silence(1.0)
        connection.expect_end()

    def test_nothing_is_lost_when_it_closes(self):
        """Packets come just when the quiet time ends, again and again."""
        _, user, peer = self.setup_short()
        sent = got = b""
        connection = None
        for i in range(6):
            data = b"<%03d>" % i
            sent += data
            user.write(data)
            while len(got) < len(sent):
                connection = connection or peer.accept()
                connection.wait(harness.select.POLLIN, harness.Deadline(5, ""))
                part = os.read(connection.fd, 100)
                got += part
                if not part:
                    connection = None
            time.sleep(0.94 + 0.02 * i)  # around the quiet time
        compare(got, sent, "what the peers got")


if __name__ == "__main__":
    harness.main()
