#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A peer that is killed and comes back: what was queued arrives, whole and in order; what is
dropped is what the pages say is dropped."""
import harness
from harness import compare

QUEUE = 20  # packets, of lte-7s4
FAST = ["SOCKATO=1", "UARTFT=50"]  # tries to connect again after a second


def packet(number, size=300):
    """A packet that says which one it is."""
    return f"<{number:06d}:".encode().ljust(size - 1, b".") + b">"


class Reconnect(harness.Test):
    def send_packets(self, program, user, first, count):
        """One frame each: the next is written when the module has made a frame of the last."""
        for number in range(first, first + count):
            user.write(packet(number))
            program.wait_log("UART: frame of 300 bytes")

    def lose_peer(self, program, peer):
        peer.die()
        program.wait_log("socket A: waits to connect again")

    def test_killed_between_two_packets(self):
        program, user, peer, connection = self.setup_link("lte-7s4", FAST)
        self.send_packets(program, user, 1, 5)
        connection.expect(b"".join(packet(n) for n in range(1, 6)))
        self.lose_peer(program, peer)

        self.send_packets(program, user, 6, QUEUE)
        connection = peer.listen().accept()
        expected = b"".join(packet(n) for n in range(6, 6 + QUEUE))
        compare(connection.read(len(expected)), expected, "what was queued")

        program.wait_log("socket A: connected")
        user.write(packet(100))
        connection.expect(packet(100))
        connection.write(b"and back")
        user.expect(b"and back")
        connection.expect_silence(0.2)
        self.assertNotIn("not acknowledged", program.output())

    def test_killed_again_and_again(self):
        program, user, peer, connection = self.setup_link("lte-7s4", FAST)
        for round_ in range(1, 4):
            user.write(packet(10 * round_))
            connection.expect(packet(10 * round_))
            self.lose_peer(program, peer)
            self.send_packets(program, user, 10 * round_ + 1, 3)
            connection = peer.listen().accept()
            for n in range(10 * round_ + 1, 10 * round_ + 4):
                connection.expect(packet(n))

    def test_queue_overflows(self):
        program, user, peer, _ = self.setup_link("lte-7s4", FAST + ["SOCKATO=4"])
        self.lose_peer(program, peer)
        self.send_packets(program, user, 1, QUEUE + 11)
        connection = peer.listen().accept()
        newest = b"".join(packet(n) for n in range(12, 12 + QUEUE))
        compare(connection.read(len(newest)), newest, "the newest packets")
        user.write(packet(900))
        connection.expect(packet(900))
        self.stop(program)
        self.assertIn(f"in all: {QUEUE + 12} frames, 0 for no socket, 11 packets dropped",
                      program.output())

    def test_while_the_module_waits_it_listens_to_its_user(self):
        program, user, peer, _ = self.setup_link("lte-7s4", FAST)
        self.lose_peer(program, peer)
        self.send_packets(program, user, 1, 2)
        user.enter()
        self.assertEqual(user.query("SOCKALK"), "OFF")
        connection = peer.listen().accept()
        connection.expect(packet(1) + packet(2))
        program.wait_log("socket A: connected")
        self.assertEqual(user.query("SOCKALK"), "ON")
        user.leave()

    def test_killed_in_a_packet(self):
        """The peer is reset while packets are under way: those that TCP had taken may be lost, and
        that is told; the stream goes on with a whole packet and misses none from there."""
        program, user, peer, connection = self.setup_link(
            "lte-7s4", ["SOCKATO=1", "UARTFL=1000"], receive_buffer=4096)
        count = 20000
        data = b"".join(packet(n, 1000) for n in range(count))
        written = user.write_until_blocked(data, 0.5, timeout=60)
        connection.expect(data[:2000])

        connection.reset()
        lost = int(program.wait_log(r"socket A: (\d+) bytes were not acknowledged")[1])
        connection = peer.accept()
        end = written + 1000 - written % 1000 + 3000
        got = {}

        def read_to_end():
            got["after"] = connection.read_until(b"<%06d:[.]*>" % (end // 1000 - 1))

        harness.in_thread(lambda: user.write(data[written:end]), read_to_end)
        first = int(got["after"][1:7])  # it begins with a packet
        compare(got["after"], data[first * 1000:end], "the stream after the reset")
        self.assertGreater(first, 2)
        self.assertGreater(lost, 0)
        # What is missing was in the hands of TCP: sent in vain, or acknowledged and never read. A
        # packet that was cut is sent again.
        self.assertLessEqual(first * 1000 - 2000, lost + 65536)
        self.stop(program)
        self.assertIn(f" {lost} of them not acknowledged", program.output())

if __name__ == "__main__":
    harness.main()
