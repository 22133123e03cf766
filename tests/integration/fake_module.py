# SPDX-License-Identifier: MIT
"""Modules of the K7 family as they are seen by UDP, on addresses of 127.0.0.0/8.

Written from the description of the protocol alone, and sharing nothing with the library, so that it
does not agree with the library's mistakes.

    request   FF | LEN | CMD | [MAC 6 | user 6 | password 6] | params | SUM
    LEN: from CMD to the end of params; SUM: from LEN to the last byte before it
"""
import select
import socket
import struct
import threading
import time

SEARCH, RESTART, READ, SAVE, BASIC, PORT_0, PORT_1, CLOUD = 1, 2, 3, 4, 5, 6, 7, 0x10
DONE, REFUSED, ERROR = b"K", b"P", b"E"
BROADCAST = "127.255.255.255"

# Manual 003 section 5.1.2: the parameters of its two samples of set commands.
MANUAL_BASIC = bytes.fromhex(
    "04 78 03 00 20 19 50 00 02 07 00 A8 C0 01 00 A8 C0 00 FF FF FF"
    "55 53 52 2D 4B 33 00 00 00 00 00 00 00 00 00 00 61 64 6D 69 6E 00 61 64 6D 69 6E 00"
    "02 01 00 00 D8 B0 4C C0 0D 65 10 0E 00 00 01 00 00 00")
MANUAL_PORT = bytes.fromhex(
    "00 C2 01 00 08 01 01 01 00 00 00 00 17 00 17 00"
    "31 39 32 2E 31 36 38 2E 30 2E 32 30 31 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
    "00 00 00 00 09 03 00 00 00 00 00 00 81 01 01 01 01")
MANUAL_MAC = bytes.fromhex("D8B04CC00D65")

# Where a few fields of the blocks lie.
OF_IP, OF_NAME, OF_USER, OF_PASSWORD, OF_MAC = 9, 21, 37, 43, 53


def padded(text, size):
    data = text.encode() if isinstance(text, str) else text
    return data[:size].ljust(size, b"\0")


def replaced(block, at, data):
    return block[:at] + data + block[at + len(data):]


def found(ip, mac, name=b"USR-K7", version=3016, board=(0, 0)):
    """The answer to a search."""
    data = b"\xff\x24\x01" + bytes(board) + socket.inet_aton(ip) + mac
    data += struct.pack("<H", version) + b"\1\0" + padded(name, 16)
    return data + bytes([-sum(data) & 0xFF])


class Module:
    """A module. What is set in it before a test makes it misbehave:

    skip[command]     so many requests are not answered, though they are done
    lose[command]     so many requests do not arrive
    damage[command]   so many requests have a wrong sum on arrival
    fail              commands that are answered with an error
    before            called with a command before its answer; gives (socket, datagram)...
    after             called with a command when the answer is sent
    login_is_error    a wrong login is answered with an error, as some do on a restart
    forget            (block, offset, bytes) that a restart puts back whatever was set
    at_once           a new login and address count from the write on
    far               it has an address of another network: only broadcasts reach it
    stays             its datagrams go by the first address, whatever is set
    """

    def __init__(self, ip, mac=MANUAL_MAC, name="USR-K7", kind="k7"):
        self.ip = ip
        self.mac = mac
        self.kind = kind
        basic = replaced(MANUAL_BASIC, OF_IP, socket.inet_aton(ip)[::-1])
        basic = replaced(replaced(basic, OF_NAME, padded(name, 16)), OF_MAC, mac)
        self.blocks = {BASIC: basic, PORT_0: MANUAL_PORT}
        if kind == "n5x0":
            self.blocks[PORT_1] = replaced(MANUAL_PORT, 0, struct.pack("<I", 9600))
        if kind == "k7":
            self.blocks[CLOUD] = padded("12345678901234567890", 20) + padded("cloudpwd", 8) + (
                bytes(range(22)))
        self.saved = dict(self.blocks)
        self.login = None
        self.use_basic()
        self.found = None  # instead of the right answer to a search
        self.answers = {}  # command: datagrams instead of the right answer
        self.version = 3016
        self.log = []  # of (command, whole request)
        self.skip, self.lose, self.damage = {}, {}, {}
        self.fail = set()
        self.before = None
        self.after = None
        self.login_is_error = False
        self.forget = []
        self.at_once = False
        self.far = False
        self.stays = False
        self.leave_s = 0.0  # from the answer to a restart until it is away
        self.away_s = 0.1
        self.away = (0.0, 0.0)  # from and to
        self.restarts = 0
        self.sock = None

    def use_basic(self):
        basic = self.blocks[BASIC]
        self.login = basic[OF_USER:OF_USER + 12]
        self.ip = socket.inet_ntoa(basic[OF_IP:OF_IP + 4][::-1])

    @property
    def name(self):
        return self.blocks[BASIC][OF_NAME:OF_NAME + 16]

    def commands(self):
        return [command for command, _ in self.log if command != SEARCH]

    def requests(self, command):
        return [request for c, request in self.log if c == command]

    # --- What it answers ----------------------------------------------------------------------

    def read(self):
        """The datagrams of an answer to a read."""
        both = self.blocks[BASIC] + self.blocks[PORT_0]
        if self.kind == "sibling":
            return [both, bytes(range(50)), bytes(range(84))]
        if self.kind == "n5x0":
            return [both + self.blocks[PORT_1]]
        return [both + self.blocks[CLOUD]]

    def restart(self):
        self.restarts += 1
        if self.kind != "sibling":  # a sibling has no save: what was written stays
            self.blocks = dict(self.saved)
        for block, at, data in self.forget:
            self.blocks[block] = replaced(self.blocks[block], at, data)
        self.use_basic()
        leaves = time.monotonic() + self.leave_s
        self.away = (leaves, leaves + self.away_s)

    def serve(self, command, params):
        """Does it; the datagrams of the answer."""
        answer = bytes([0xFF, 1, command])
        if command in self.fail:
            return [answer + ERROR]
        if command == READ:
            return self.read()
        if command in self.blocks and len(params) == len(self.blocks[command]):
            self.blocks[command] = params
        elif command == SAVE and self.kind != "sibling":
            self.saved = dict(self.blocks)
        elif command == RESTART:
            self.restart()
        else:
            return [answer + ERROR]
        if command == BASIC and self.at_once:
            self.use_basic()
        return [answer + DONE]

    @staticmethod
    def one_of(counts, command):
        """Whether this is one of so many requests that shall go wrong."""
        left = counts.get(command, 0)
        counts[command] = left - 1
        return left > 0

    def answer(self, data):
        """The datagrams that answer a datagram."""
        if len(data) < 4 or data[0] != 0xFF or len(data) != data[1] + 3:
            return []
        command, right = data[2], sum(data[1:-1]) & 0xFF
        if command == SEARCH:
            self.log.append((command, data))
            if self.one_of(self.lose, SEARCH):
                return []
            return self.answers.get(SEARCH) or [
                self.found or found(self.ip, self.mac, self.name, self.version)]
        if len(data) < 22 or data[3:9] != self.mac:
            return []
        self.log.append((command, data))
        if self.one_of(self.lose, command):
            return []
        if self.one_of(self.damage, command) or data[-1] != right:
            return [b"E" + bytes([right])]
        if data[9:21] != self.login:
            return [bytes([0xFF, 1, command]) + (ERROR if self.login_is_error else REFUSED)]
        answers = self.serve(command, data[21:-1])
        if self.one_of(self.skip, command):
            return []
        return self.answers.get(command) or answers


class Lan:
    """Modules on a network, each with a socket of its own; one more hears what is broadcast."""

    def __init__(self, port=0):
        self.hub = self.bound(BROADCAST, port)
        self.port = self.hub.getsockname()[1]
        self.modules = []
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.problem = None
        self.peer = None  # who asked last

    @staticmethod
    def bound(ip, port):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((ip, port))
        return sock

    def add(self, module):
        module.sock = self.bound(module.ip, self.port)
        self.modules.append(module)
        return module

    def start(self):
        self.thread.start()
        return self

    def work(self):
        try:
            while not self.stopped.is_set():
                by_socket = {m.sock: [m] for m in self.modules}
                by_socket[self.hub] = self.modules
                for sock in select.select(by_socket, [], [], 0.02)[0]:
                    data, sender = sock.recvfrom(2048)
                    for module in by_socket[sock]:
                        if sock is self.hub or not module.far:
                            self.serve(module, data, sender)
        except Exception as e:  # pylint: disable=broad-except
            self.problem = e

    def serve(self, module, data, sender):
        if module.away[0] <= time.monotonic() < module.away[1]:
            return
        self.peer = sender
        answers = module.answer(data)
        if module.before and len(data) > 2:
            for sock, datagram in module.before(data[2]):
                sock.sendto(datagram, sender)
        for answer in answers:
            module.sock.sendto(answer, sender)
        if module.after and len(data) > 2:
            module.after(data[2])
        if not module.stays and module.ip != module.sock.getsockname()[0]:
            module.sock.close()
            module.sock = self.bound(module.ip, self.port)

    def close(self):
        self.stopped.set()
        if self.thread.is_alive():
            self.thread.join()
        for sock in [self.hub, *(m.sock for m in self.modules)]:
            sock.close()
        if self.problem:
            raise self.problem
