#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""K7's sockets that are connected to: TCP and UDP servers at a port of the module's."""
import os
import select
import signal
import socket

import harness
from harness import SECONDS, Connection, Deadline, compare, free_port


class Servers(harness.Test):
    def start_server(self, kind, port, settings=()):
        program = self.start("k7", [f"{kind},192.168.0.201,{port}"], settings,
                             options=("--bind", "127.0.0.1"))
        self.profile = "k7"
        return program

    def connect(self, port):
        """As soon as somebody listens."""
        deadline = Deadline(SECONDS, f"a connection to port {port}")
        while True:
            try:
                sock = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
                return self.closing(Connection(sock))
            except ConnectionRefusedError:
                deadline.check()

    def test_tcp(self):
        """Data both ways, and again for the next who connects."""
        port = free_port()
        program = self.start_server("TCPS", port)
        user = self.user()
        for _ in range(3):
            client = self.connect(port)
            program.wait_log("socket A: connected")
            up, down = os.urandom(50000), os.urandom(50000)
            got = {}
            harness.in_thread(lambda: got.update(up=client.read(len(up))),  # pylint: disable=W0640
                              lambda: got.update(down=user.read(len(down))),
                              lambda: user.write(up), lambda: client.write(down))
            compare(got["up"], up, "UART to TCP")
            compare(got["down"], down, "TCP to UART")
            client.close()
            program.wait_log("socket A: opens its port")

    def test_data_from_before_a_connection(self):
        """What the UART sent while nobody was there is kept for who comes."""
        port = free_port()
        program = self.start_server("TCPS", port)
        user = self.user()
        user.write(b"early")
        program.wait_log("UART: frame of 5 bytes")
        self.connect(port).expect(b"early")

    def test_a_newcomer_takes_over(self):
        """Manual 003 section 4.2.2: the oldest is closed when one too many comes."""
        port = free_port()
        program = self.start_server("TCPS", port)
        user = self.user()
        first = self.connect(port)
        first.write(b"one")
        user.expect(b"one")
        second = self.connect(port)
        first.expect_end()
        second.write(b"two")
        user.expect(b"two")
        user.write(b"for the second")
        second.expect(b"for the second")
        self.stop(program)
        second.expect_end()

    def test_what_came_before_a_newcomer_is_not_lost(self):
        """Nor if it is more than is read at once, and more than the UART takes."""
        port = free_port()
        program = self.start_server("TCPS", port)
        user = self.user()
        data = os.urandom(40000)
        for _ in range(3):
            first = self.connect(port)
            first.write(b"first")
            user.expect(b"first")
            program.signal(signal.SIGSTOP)
            first.write(data)
            first.close()
            second = self.connect(port)
            second.write(b"second")
            program.signal(signal.SIGCONT)
            compare(user.read(len(data)), data, "what the first had sent")
            user.expect(b"second")
            second.close()

    def test_a_restart_listens_anew(self):
        port = free_port()
        program = self.start_server("TCPS", port)
        user = self.user()
        client = self.connect(port)
        program.wait_log("socket A: connected")
        user.enter()
        user.restart("AT+Z")
        client.expect_end()
        self.connect(port).write(b"again")
        user.expect(b"again")

    def test_a_port_that_is_taken(self):
        """It is said once, tried again, and the module stays up."""
        holder = socket.socket()
        self.addCleanup(holder.close)
        holder.bind(("127.0.0.1", 0))
        holder.listen(1)
        port = holder.getsockname()[1]
        program = self.start_server("TCPS", port)
        program.wait_log(f"socket A: port {port} cannot be had .*; trying on")
        program.wait_log("socket A: waits to connect again", count=3)
        user = self.user()
        user.answers()
        holder.close()
        program.wait_log(f"socket A: port {port} is there")
        self.connect(port).write(b"now")
        user.expect(b"now")
        self.assertEqual(program.output().count(f"port {port} cannot be had"), 1)

    def test_udp(self):
        """The last who sent is answered; manual 003 section 4.2.4."""
        port = free_port(socket.SOCK_DGRAM)
        self.start_server("UDPS", port)
        user = self.user()
        one, two = (self.closing(harness.UdpPeer()) for _ in range(2))
        self.send_until_heard(one, ("127.0.0.1", port), b"from one", user)
        user.write(b"answer")
        one.expect(b"answer")
        two.sock.sendto(b"from two", ("127.0.0.1", port))
        user.expect(b"from two")
        user.write(b"another")
        two.expect(b"another")

    def test_udp_data_from_before_anyone_sent(self):
        """It is kept for who sends first, even if that is nothing."""
        for first in (b"hello", b""):
            with self.subTest(first):
                port = free_port(socket.SOCK_DGRAM)
                pty = f"uart-{len(first)}"
                program = self.start("k7", [f"UDPS,192.168.0.201,{port}"], pty=pty,
                                     options=("--bind", "127.0.0.1"))
                user = self.user(pty)
                user.write(b"early")
                program.wait_log("UART: frame of 5 bytes")
                one = self.closing(harness.UdpPeer())
                one.sock.sendto(first, ("127.0.0.1", port))
                one.expect(b"early")
                user.expect(first)
                self.stop(program)

    def send_until_heard(self, peer, to, data, user):
        """A datagram that comes before the port is open is lost."""
        deadline = Deadline(SECONDS, "the UDP server")
        while not user.wait(select.POLLIN, Deadline(0.2, "")):
            deadline.check()
            peer.sock.sendto(data, to)
        user.expect(data)
        user.skip(0.2)  # of a slow machine it may have come twice

    def test_udp_port_that_is_taken(self):
        holder = self.closing(harness.UdpPeer())
        program = self.start_server("UDPS", holder.port)
        program.wait_log(f"socket A: port {holder.port} cannot be had")
        holder.close()
        program.wait_log(f"socket A: port {holder.port} is there")


if __name__ == "__main__":
    harness.main()
