#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The manuals' own examples of registration, heartbeat, backup server and short-lived connections:
their commands at the UART, and what a real peer gets. Intervals are the smallest legal ones."""
import select
import time

import harness
from harness import GREETING, compare, tcp, udp

USER = b"www.usr.cn"
USER_HEX = "7777772E7573722E636E"  # the manuals' own
MAC = "D8B04C000001"  # what softdtu is by itself
IMEI = "860000000000000"

# Registration: commands, what a connection begins with, what is in front of each packet of data.
REGISTRATIONS = {
    "cat1": [  # manual 000 section 6.1
        (["REGEN=ON", "REGTP=USER", f"REGDT={USER_HEX}", "REGSND=LINK"], USER, b""),
        (["REGEN=ON", "REGTP=IMEI", "REGSND=LINK&DATA"], IMEI.encode(), IMEI.encode())],
    "gprs232-7s3": [  # manual 002 sections 4.2.1.33 to 4.2.1.38
        (['REGEN="on"', 'REGTP="REGDT"', f"REGDT={USER_HEX}", 'REGSND="link"'], USER, b""),
        (['REGEN="on"', 'REGTP="REGID"', "REGID=1234", 'REGSND="data"'], b"", b"1234")],
    "lte-7s4": [  # manual 001 section 2.3.1
        (["REGEN=ON", "REGTP=USER", f"REGDT={USER_HEX}", "REGSND=LINK"], USER, b""),
        (["REGEN=ON", "REGTP=IMEI", "REGSND=DATA"], b"", IMEI.encode())],
    "k7": [  # manual 003 section 5.3.5, numbers 18 to 21
        (["REGEN1=MAC", "REGTCP1=First"], MAC.encode(), b""),
        (["REGEN1=USR", "REGUSR1=www.usr.cn", "REGTCP1=Every"], b"", USER)],
}

# Heartbeat to the network each second: manual 000 section 6.2, 002 section 3.4, 001 section 2.3.2,
# 003 section 4.4.1.
HEARTBEATS = {
    "cat1": ["HEARTEN=ON", "HEARTTP=NET", "HEARTSORT=USER", f"HEARTDT={USER_HEX}", "HEARTTM=1"],
    "gprs232-7s3": ['HEARTEN="on"', f"HEARTDT={USER_HEX}", 'HEARTTP="NET"', "HEARTTM=1"],
    "lte-7s4": ["HEARTEN=ON", "HEARTSND=NET", f"HEARTDT={USER_HEX}", "HEARTTM=1"],
    "k7": ["HEARTEN1=ON", "HEARTTP1=NET", "HEARTDT1=www.usr.cn", "HEARTTM1=1"],
}
COM = {"cat1": "HEARTTP=COM", "gprs232-7s3": 'HEARTTP="COM"', "lte-7s4": "HEARTSND=COM",
       "k7": "HEARTTP1=COM"}
RESTART = {"cat1": "AT+S", "gprs232-7s3": "AT+Z", "lte-7s4": "AT+Z", "k7": "AT+Z"}


class Life(harness.Test):
    def set_up(self, profile, commands, kind=tcp, peer=None):
        """A module with these settings, given at its UART and in effect since a restart."""
        self.profile = profile
        peer = peer or self.peer().listen()
        program = self.start(profile, [f"{kind(profile)},{peer.target}"], ["HEARTEN=OFF"])
        user = self.user()
        program.wait_log("socket A: connected")
        if isinstance(peer, harness.Peer):
            peer.accept()
        user.enter()
        for command in commands:
            user.command(f"AT+{command}")
        if profile == "gprs232-7s3":
            user.command("AT+S")
        user.restart(RESTART[profile])
        return program, user, peer

    def finish(self, program, user):
        user.close()
        self.stop(program)

    def test_registration_by_tcp(self):
        for profile, examples in REGISTRATIONS.items():
            for commands, first, front in examples:
                with self.subTest(profile=profile, commands=commands):
                    program, user, peer = self.set_up(profile, commands)
                    # and on the next connection again: once a product, for that takes a while
                    for _ in range(2 if commands is examples[0][0] else 1):
                        connection = peer.accept()
                        connection.expect(first)
                        user.write(b"data")
                        connection.expect(front + b"data")
                        connection.reset()
                    self.finish(program, user)

    def test_registration_is_in_the_datagram_of_the_data(self):
        for profile, examples in REGISTRATIONS.items():
            commands, _, front = examples[1]
            with self.subTest(profile=profile):
                peer = self.closing(harness.UdpPeer())
                program, user, _ = self.set_up(profile, commands, udp, peer)
                program.wait_log("socket A: connected")
                user.write(b"data")
                if profile == "cat1":
                    peer.expect(front)  # LINK&DATA
                peer.expect(front + b"data")
                self.finish(program, user)

    def check_beats(self, times, what):
        """A second apart, as far as this machine is on time."""
        for before, after in zip(times, times[1:]):
            if not 0.95 <= after - before <= 1.5:
                raise harness.Failure(f"{what}: {after - before:.3f} s between two")

    def test_heartbeat_to_the_network(self):
        for profile, commands in HEARTBEATS.items():
            with self.subTest(profile=profile):
                program, user, peer = self.set_up(profile, commands)
                connection = peer.accept()
                times = [time.monotonic()]
                for _ in range(3):
                    connection.expect(USER)
                    times.append(time.monotonic())
                self.check_beats(times, profile)
                # while there is data there is none
                for _ in range(5):
                    user.write(b"x")
                    time.sleep(0.4)
                connection.expect(b"xxxxx")
                connection.expect(USER)
                user.expect_silence(0.1)
                self.finish(program, user)

    def test_heartbeat_to_the_uart(self):
        """Each interval, whatever the traffic."""
        for profile, commands in HEARTBEATS.items():
            with self.subTest(profile=profile):
                program, user, peer = self.set_up(profile, [*commands, COM[profile]])
                connection = peer.accept()
                connection.write(b"data")
                user.expect(b"data")
                times = []
                for _ in range(4):
                    user.expect(USER)
                    times.append(time.monotonic())
                self.check_beats(times, profile)
                if select.select([connection.fd], [], [], 0)[0]:
                    raise harness.Failure(f"the peer got {connection.read(1)}")
                self.finish(program, user)

    def test_backup_server(self):
        """Manual 000 section 6.5: the backup when the main server cannot be had, and back."""
        main, backup = self.peer(), self.peer().listen()
        self.profile = "cat1"
        program = self.start("cat1", [f"TCP,{main.target}"], ["HEARTEN=OFF"])
        user = self.user()
        program.wait_log("socket A: waits")
        user.enter()
        for command in ("WKMOD=NET", "SOCKAEN=ON", f"SOCKA=TCP,{main.target}", "SOCKABKEN=ON",
                        f"SOCKABK={backup.target}"):
            user.command(f"AT+{command}")
        user.restart("AT+S")
        connection = backup.accept()
        user.write(b"to the backup")
        connection.expect(b"to the backup")
        main.listen()  # it is back, and the connection stays
        connection.write(b"still here")
        user.expect(b"still here")
        main.nobody_connects(1.5)
        connection.close()
        user.write(b"to the main server")
        main.accept().expect(b"to the main server")

    def test_short_lived_connection(self):
        """Opened by data, closed after the quiet time: manual 004 section 4.50, 001 section
        3.1.7.41, 003 section 4.4.10; 7S3 has no setting for the time."""
        for profile, commands in {"cat1": ["SOCKASL=SHORT", "SHORTATM=1"],
                                  "lte-7s4": ["SOCKASL=SHORT", "SOCKBSL=SHORT", "SHORATO=1"],
                                  "k7": ["SOCKSL1=ON", "SHORTO1=2"]}.items():
            with self.subTest(profile=profile):
                program, user, peer = self.set_up(profile, commands)
                peer.nobody_connects(0.3)
                for text in (b"one", b"two"):
                    user.write(text)
                    connection = peer.accept()
                    connection.expect(text)
                    begun = time.monotonic()
                    connection.expect_end()
                    quiet = 2.0 if profile == "k7" else 1.0
                    self.assertAlmostEqual(time.monotonic() - begun, quiet, delta=0.3)
                self.finish(program, user)

    def test_marks(self):
        """frames.md section 5: SOCKIND, of 7S3 SOCKIDEN."""
        for profile, name in (("lte-7s4", "SOCKIND"), ("gprs232-7s3", "SOCKIDEN")):
            with self.subTest(profile=profile):
                peers = [self.peer().listen() for _ in range(2)]
                program = self.start(profile, [f"TCP,{p.target}" for p in peers],
                                     [f"{name}=ON", "HEARTEN=OFF"])
                ends = [p.accept() for p in peers]
                program.wait_log("socket [AB]: connected", count=2)
                user = self.user()
                ends[1].write(b"from b")
                user.expect(b"SOCKB:from b")
                ends[0].write(b"from a")
                user.expect(b"SOCKA:from a")
                self.finish(program, user)

    def test_net_printing_is_a_server_at_9100(self):
        """K7's net printing: a printer at the UART, reached as by any program that prints raw."""
        port = harness.free_port()
        self.start("k7", [f"TCPS,192.168.0.201,{port}"])
        user = self.user()
        deadline = harness.Deadline(harness.SECONDS, "the port")
        job = b"%!PS\n" + bytes(range(256)) * 200
        while True:
            try:
                with harness.socket.create_connection(("127.0.0.1", port)) as s:
                    s.sendall(job)
                    s.shutdown(harness.socket.SHUT_WR)
                    compare(user.read(len(job)), job, "what the printer got")
                return
            except ConnectionRefusedError:
                deadline.check()


if __name__ == "__main__":
    harness.main()
