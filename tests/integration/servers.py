#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""K7's sockets that are connected to: TCP and UDP servers at a port of the module's."""
import os
import random
import re
import select
import signal
import socket

import harness
from harness import SECONDS, Connection, Deadline, compare, free_port

KIB = 1024
MIB = 1024 * KIB
CLIENTS = 4  # more than that, and the oldest is closed


def letters(client, count):
    """Bytes that tell whose they are, and in which order."""
    return bytes(0x40 + 16 * client + random.randrange(16) for _ in range(count))


def of_client(data, client):
    return bytes(byte for byte in data if byte >> 4 == 4 + client)


class Servers(harness.Test):
    def start_server(self, kind, port, settings=()):
        program = self.start("k7", [f"{kind},192.168.0.201,{port}"], settings,
                             options=("--bind", "127.0.0.1"))
        self.profile = "k7"
        return program

    def connect(self, port, receive_buffer=None):
        """As soon as somebody listens."""
        deadline = Deadline(SECONDS, f"a connection to port {port}")
        while True:
            sock = socket.socket()
            if receive_buffer:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            try:
                sock.connect(("127.0.0.1", port))
                return self.closing(Connection(sock))
            except ConnectionRefusedError:
                sock.close()
                deadline.check()

    def join(self, port, user, receive_buffer=None):
        """Connects, and waits until the module has noticed."""
        client = self.connect(port, receive_buffer)
        client.write(b"hello")
        user.expect(b"hello")
        return client

    def start_clients(self, count, receive_buffer=None):
        """A module with clients, the oldest first: program, user, port, clients."""
        port = free_port()
        program = self.start_server("TCPS", port)
        user = self.user()
        return program, user, port, [self.join(port, user, receive_buffer) for _ in range(count)]

    def expect_state(self, user, state):
        """What AT+SOCKLKA comes to tell."""
        deadline = Deadline(SECONDS, f"the state {state}")
        user.enter()
        while (told := user.query("SOCKLKA")) != state:
            deadline.check(f", but {told}")
        user.leave()

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

    def test_each_hears_all_and_all_are_heard(self):
        """Manual 003 section 4.2.2: data goes to every client; 4.1.4: how many there are."""
        _, user, port, clients = self.start_clients(0)
        self.expect_state(user, "LISTEN")
        for count in range(1, CLIENTS + 1):
            clients.append(self.join(port, user))
            self.expect_state(user, f"CONNECTED({count})")
        data = os.urandom(100 * KIB)
        harness.in_thread(lambda: user.write(data), *[lambda c=c: c.expect(data) for c in clients])
        for client in clients:
            data = os.urandom(1000)
            client.write(data)
            user.expect(data)
        for count in range(CLIENTS - 1, 0, -1):
            clients.pop(random.randrange(len(clients))).close()
            self.expect_state(user, f"CONNECTED({count})")
            user.write(b"who is left")
            for client in clients:
                client.expect(b"who is left")
        clients.pop().close()
        self.expect_state(user, "LISTEN")

    def test_the_oldest_makes_room(self):
        """Manual 003 section 4.2.2: the oldest is closed when one too many comes."""
        program, user, port, clients = self.start_clients(CLIENTS)
        for _ in range(CLIENTS + 1):
            clients.append(self.join(port, user))
            clients.pop(0).expect_end()
            program.wait_log(r"socket A: client 127\.0\.0\.1:\d+ is closed for a newer one")
            user.write(b"for those who are there")
            for client in clients:
                client.expect(b"for those who are there")
        self.expect_state(user, f"CONNECTED({CLIENTS})")
        self.stop(program)
        for client in clients:
            client.expect_end()

    def test_as_many_clients_as_are_wanted(self):
        """Manual 003 section 2.1: 4 by default, 16 at most."""
        for most in (1, 16):
            with self.subTest(most):
                port = free_port()
                pty = f"uart-{most}"
                program = self.start("k7", [f"TCPS,192.168.0.201,{port}"], pty=pty,
                                     options=("--bind", "127.0.0.1", "--clients", str(most)))
                user = self.user(pty)
                clients = [self.join(port, user) for _ in range(most)]
                for _ in range(3):
                    clients.append(self.join(port, user))
                    clients.pop(0).expect_end()
                user.write(b"for those who are there")
                for client in clients:
                    client.expect(b"for those who are there")
                self.expect_state(user, f"CONNECTED({most})")
                self.stop(program)

    def test_who_has_left_makes_room_before_the_oldest(self):
        """Also if both are noticed at the same time."""
        program, user, port, clients = self.start_clients(CLIENTS)
        program.signal(signal.SIGSTOP)
        os.waitpid(program.process.pid, os.WUNTRACED)
        clients.pop(2).close()
        clients.append(self.connect(port))
        program.signal(signal.SIGCONT)
        clients[-1].write(b"hello")
        user.expect(b"hello")
        user.write(b"for those who are there")
        for client in clients:
            client.expect(b"for those who are there")

    def test_what_one_sends_at_a_time_stays_in_one_piece(self):
        _, user, _, clients = self.start_clients(CLIENTS)
        for _ in range(50):
            packets = [letters(i, random.randrange(1, 3000)) for i in range(CLIENTS)]
            for i in random.sample(range(CLIENTS), CLIENTS):
                clients[i].write(packets[i])
            got = user.read(sum(len(p) for p in packets))
            while got:
                packet = next((p for p in packets if got.startswith(p)), None)
                self.assertIsNotNone(packet, f"not one of the packets: {harness.show(got)}")
                packets.remove(packet)
                got = got[len(packet):]

    def test_no_byte_of_anyone_is_lost_when_all_send(self):
        _, user, _, clients = self.start_clients(CLIENTS)
        data = [letters(i, 300 * KIB) for i in range(CLIENTS)]
        got = []
        harness.in_thread(lambda: got.append(user.read(CLIENTS * 300 * KIB)),
                          *[lambda c=c, d=d: c.write(d) for c, d in zip(clients, data)])
        for i in range(CLIENTS):
            compare(of_client(got[0], i), data[i], f"what client {i} sent")

    def test_no_client_starves(self):
        """All want to send more than the UART takes: they take turns."""
        _, user, _, clients = self.start_clients(CLIENTS)
        for i, client in enumerate(clients):
            client.write_until_blocked(bytes([0x40 + 16 * i]) * (32 * MIB), 0.3)
        got = user.read(MIB)
        for i in range(CLIENTS):
            self.assertGreater(len(of_client(got, i)), MIB // CLIENTS // 2, f"client {i}")

    def test_a_stalled_client_holds_nobody_back(self):
        """It is closed a second after its queue is full; the others get every byte."""
        program, user, _, clients = self.start_clients(CLIENTS, receive_buffer=16 * KIB)
        stalled = clients.pop(1)
        data = os.urandom(2 * MIB)
        slow = r"socket A: client \S+ is too slow, and closed; 1 so far"
        harness.in_thread(lambda: program.wait_log(slow), lambda: user.write(data),
                          *[lambda c=c: c.expect(data) for c in clients])
        self.expect_state(user, f"CONNECTED({CLIENTS - 1})")
        stalled.skip(1.0)
        self.assertEqual(stalled.read_some(Deadline(SECONDS, "the end")), b"")

    def test_the_only_client_holds_the_uart_back(self):
        """Until another one comes, who is not held back."""
        program, user, port, (stalled,) = self.start_clients(1, receive_buffer=16 * KIB)
        data = os.urandom(MIB)
        written = user.write_until_blocked(data, 1.0)
        self.assertFalse(user.wait(select.POLLOUT, Deadline(1.0, "")), "the UART took more")
        self.assertNotIn("too slow", program.output())
        other = self.connect(port)
        program.wait_log(r"socket A: client \S+ is too slow, and closed; 1 so far")
        got = {}
        harness.in_thread(lambda: user.write(data[written:]),
                          lambda: got.update(data=other.read_until(re.escape(data[-16:]))))
        self.assertTrue(data.endswith(got["data"]), "what came is not the end of what was sent")
        compare(stalled.read(16 * KIB), data[:16 * KIB], "what the first has got")

    def test_clients_that_are_equally_slow_are_kept(self):
        """The UART is held back, and each gets every byte."""
        program, user, _, clients = self.start_clients(CLIENTS, receive_buffer=256 * KIB)
        data = os.urandom(4 * MIB)
        got = [b""] * CLIENTS
        sent = 0
        deadline = Deadline(SECONDS * 3, "all data")
        while any(len(g) < len(data) for g in got):
            deadline.check(f", {[len(g) for g in got]}")
            taken = user.write_some(data[sent:])
            while taken > 0:
                sent += taken
                taken = user.write_some(data[sent:])
            for i, client in enumerate(clients):
                if client.wait(select.POLLIN, Deadline(0.0, "")):
                    got[i] += client.read_some(deadline, 8 * KIB)
        for i in range(CLIENTS):
            compare(got[i], data, f"client {i}")
        self.assertNotIn("too slow", program.output())

    def test_resets_disturb_nobody(self):
        """Clients come, send, and reset their connection while another one works."""
        _, user, port, (steady,) = self.start_clients(1)
        data, got = b"", b""
        for _ in range(30):
            self.connect(port).reset()
            data += letters(3, 5000)
            steady.write(data[-5000:])
            client = self.connect(port)
            client.write_some(letters(0, 5000))
            client.reset()
            client = self.connect(port)
            client.write_some(letters(1, 5000))
            got += self.read_of(user, {3: 5000, 1: 5000})
            client.reset()
        compare(of_client(got, 3), data, "what the steady one sent")
        self.expect_state(user, "CONNECTED(1)")
        user.write(b"still there")
        steady.expect(b"still there")
        steady.reset()
        self.expect_state(user, "LISTEN")

    def read_of(self, user, counts):
        """So many bytes of some clients, whatever others send."""
        data = b""
        deadline = Deadline(SECONDS, f"bytes of clients: {counts}")
        while any(len(of_client(data, i)) < counts[i] for i in counts):
            data += user.read_some(deadline)
        return data

    def test_ends_while_the_user_does_not_read(self):
        """What they had sent comes nevertheless, and then the port is open again."""
        program, user, port, (first,) = self.start_clients(1)
        second, third = self.join(port, user), self.join(port, user)
        written = first.write_until_blocked(letters(0, 64 * KIB) * 500, 0.5)
        second.write(letters(1, 5000))
        second.close()
        third.reset()
        first.close()
        got = user.read(written + 5000)
        self.assertEqual(len(of_client(got, 0)), written)
        self.assertEqual(len(of_client(got, 1)), 5000)
        program.wait_log("socket A: opens its port", count=2)
        self.join(port, user)

    def test_what_the_oldest_had_sent_is_read_before_it_goes(self):
        """Even if it is more than is read at once."""
        program, user, port, clients = self.start_clients(CLIENTS)
        for _ in range(3):
            oldest = clients.pop(0)
            program.signal(signal.SIGSTOP)
            oldest.write(letters(0, 40000))
            clients.append(self.connect(port))
            clients[-1].write(letters(1, 3000))
            program.signal(signal.SIGCONT)
            got = self.read_of(user, {0: 40000, 1: 3000})
            self.assertEqual(len(got), 43000)
            oldest.expect_end()
            self.expect_state(user, f"CONNECTED({CLIENTS})")

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
