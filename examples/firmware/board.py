#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The board that the firmware runs on: QEMU with the UART on a pty, and this machine's network.

    board.py --pty /tmp/uart [--image build/firmware/firmware.elf] [option]...

The chip with the sockets, at the other end of the firmware's second UART, is in here: it connects
from this machine. With --network there is none, and the second UART is a pty too. What the firmware
writes to its console goes to standard output.

The options are those of softdtu that make sense here, and the first line of the output is the
same, so that this can be started in its stead. The environment may name the board,
FIRMWARE_BOARD, the image, FIRMWARE, and a file to which the console is appended, FIRMWARE_LOG. The
process becomes QEMU; the chip is a child of it, and ends when QEMU does.
"""
import argparse
import binascii
import contextlib
import errno
import fcntl
import ipaddress
import os
import pty
import queue
import resource
import selectors
import signal
import socket
import struct
import sys
import tempfile
import termios
import threading
import time
import tty

HERE = os.path.dirname(os.path.abspath(__file__))
IMAGE = os.path.join(HERE, "..", "..", "build", "firmware", "firmware.elf")
CONNECT_S = 30
GREETING_S = 5
LINK_S = 2  # a board that was killed removes its link so soon
RUNAWAY_US = 5_000_000  # a firmware that never sleeps is ended: it would have a processor for itself

# The non-volatile memory: flash.c.
MEMORY_SIZE = 16 << 20
SLOTS = 2
SLOT_SIZE = 16384
FACTORY_AT = SLOTS * SLOT_SIZE

# Frames of the second UART: docs/firmware.md.
TO_NETWORK = b"\x55\xfd\xaa"
TO_FIRMWARE = b"\xaa\xfd\x55"
OVERHEAD = 8
CONTROL = 0x10
BEGIN = 0x20
NUMBER = 0x0F
DATA_MAX = 1472
CUT_S = 0.1


def say(text):
    """To whoever reads it; the board runs on when nobody does any more."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# --- Non-volatile memory ------------------------------------------------------------------------

def is_set(slot):
    """Whether a slot holds settings: docs/store.md."""
    magic, sequence, length, crc = struct.unpack_from(">4sIII", slot)
    return (magic == b"DTU1" and length <= SLOT_SIZE - 16 and
            crc == binascii.crc32(struct.pack(">II", sequence, length) + slot[16:16 + length]))


def make_set(settings):
    text = "".join(f"{setting}\n" for setting in settings).encode()
    head = struct.pack(">II", 1, len(text))
    return b"DTU1" + head + struct.pack(">I", binascii.crc32(head + text)) + text


def prepare_memory(fd, settings, identity):
    """The settings are stored before the first start, unless some are stored already. The
    identity is what production would write."""
    os.ftruncate(fd, MEMORY_SIZE)
    slots = [os.pread(fd, SLOT_SIZE, i * SLOT_SIZE) for i in range(SLOTS)]
    if settings and not any(map(is_set, slots)):
        os.pwrite(fd, make_set(settings), 0)
    text = "".join(f"{name}\n" for name in identity).encode()
    os.pwrite(fd, text.ljust(4096, b"\xff"), FACTORY_AT)


def open_memory(state):
    if state is None:
        with tempfile.TemporaryFile() as f:
            return os.dup(f.fileno())
    os.makedirs(state, exist_ok=True)
    return os.open(os.path.join(state, "nonvolatile"), os.O_RDWR | os.O_CREAT, 0o666)


# --- The chip with the sockets ------------------------------------------------------------------

class Connection:
    """A socket of the firmware, from the frame that opens it to the one that says it is over."""

    def __init__(self, chip, index, number, request):
        self.chip = chip
        self.index = index
        self.number = number
        kind, self.port, idle, interval, count = struct.unpack_from(">cHHHH", request)
        self.host = request[9:].decode(errors="replace")
        self.kind = kind.decode()
        self.keepalive = (idle, interval, count)
        self.sock = None
        self.unsent = b""
        self.is_heard = True  # the firmware has handed on what it got last
        threading.Thread(target=self.connect, daemon=True).start()

    def connect(self):
        try:
            sock = self.try_to_connect()
        except OSError as e:
            self.chip.later(self.failed, e)
        else:
            self.chip.later(self.opened, sock)

    def try_to_connect(self):
        if self.kind == "T":
            source = (self.chip.bind, 0) if self.chip.bind else None
            sock = socket.create_connection((self.host, self.port), CONNECT_S, source)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.keep_alive(sock)
            return sock
        address = socket.getaddrinfo(self.host, self.port, socket.AF_INET, socket.SOCK_DGRAM)[0][4]
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((self.chip.bind or "", 0))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        if self.kind == "U":
            sock.connect(address)
        else:
            self.host, self.port = address
        return sock

    def keep_alive(self, sock):
        idle, interval, count = self.keepalive
        if idle == 0:
            return
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in ((socket.TCP_KEEPIDLE, idle), (socket.TCP_KEEPINTVL, interval),
                              (socket.TCP_KEEPCNT, count)):
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, option, value)

    def is_current(self):
        return self.chip.connections.get(self.index) is self

    def tell(self, verb):
        self.chip.send(self.index, CONTROL | self.number, verb)

    def failed(self, _):
        if self.is_current():
            del self.chip.connections[self.index]
            self.tell(b"F")

    def opened(self, sock):
        if not self.is_current():
            sock.close()
            return
        self.sock = sock
        sock.setblocking(False)
        self.tell(b"O")
        self.watch()

    def watch(self):
        """Reads when the firmware has room, writes when there is something left."""
        events = (selectors.EVENT_READ if self.is_heard else 0) | (
            selectors.EVENT_WRITE if self.unsent else 0)
        self.chip.watch(self.sock, events, self.ready)

    def ready(self, events):
        if events & selectors.EVENT_WRITE:
            self.send(b"")
        if self.sock and events & selectors.EVENT_READ:
            self.receive()
        if self.sock:
            self.watch()

    def receive(self):
        try:
            data = self.sock.recv(DATA_MAX)
        except (BlockingIOError, ConnectionRefusedError):
            return
        except OSError:
            data = b""
        if not data and self.kind == "T":
            self.end()
            self.tell(b"C")
            return
        self.is_heard = False
        self.chip.send(self.index, self.number, data)

    def send(self, data):
        """Takes a frame of the firmware's; says so when the system has all of it."""
        data = self.unsent + data
        try:
            if self.kind == "T":
                self.unsent = data[self.sock.send(data):]
            elif self.kind == "U":
                self.sock.send(data)
            else:
                self.sock.sendto(data, (self.host, self.port))
        except BlockingIOError:
            self.unsent = data
        except OSError:
            if self.kind == "T":
                return  # reading tells that it is over
        if not self.unsent:
            self.tell(b"A")
        self.watch()

    def end(self):
        if self.is_current():
            del self.chip.connections[self.index]
        if self.sock:
            self.chip.watch(self.sock, 0, None)
            self.sock.close()
        self.sock = None


class Chip:
    """The other end of the second UART, and of the console."""

    def __init__(self, uart, console, bind):
        self.uart = uart
        self.console = console
        self.bind = bind
        self.connections = {}
        self.input = b""
        self.line = b""
        self.selector = selectors.DefaultSelector()
        self.calls = queue.SimpleQueue()
        self.bell, self.ringer = socket.socketpair()
        if uart:
            self.watch(uart, selectors.EVENT_READ, self.hear)
        self.watch(console, selectors.EVENT_READ, self.print)
        self.watch(self.bell, selectors.EVENT_READ, self.call)

    def watch(self, sock, events, ready):
        known = sock in self.selector.get_map()
        if events and known:
            self.selector.modify(sock, events, ready)
        elif events:
            self.selector.register(sock, events, ready)
        elif known:
            self.selector.unregister(sock)

    def later(self, function, argument):
        """Calls a function from the thread that runs; for others."""
        self.calls.put((function, argument))
        self.ringer.send(b"!")

    def call(self, _):
        self.bell.recv(1)
        function, argument = self.calls.get()
        function(argument)

    def run(self):
        """Goes on until QEMU has ended."""
        while self.console:
            ready = self.selector.select(CUT_S if self.input else None)
            if not ready:
                self.take_frames(cut=True)
            for key, events in ready:
                if key.fileobj in self.selector.get_map():
                    key.data(events)

    def print(self, _):
        data = self.console.recv(4096)
        if not data:
            self.console = None
        *lines, self.line = (self.line + data).split(b"\n")
        for line in lines:
            text = line.decode(errors="replace")
            say(text)
            if "FIRMWARE_LOG" in os.environ:
                with open(os.environ["FIRMWARE_LOG"], "a", encoding="utf-8") as f:
                    f.write(text + "\n")

    # --- Frames ---------------------------------------------------------------------------------

    def send(self, index, flag, data):
        covered = bytes([ord("a") + index, flag]) + data
        with contextlib.suppress(OSError):  # the console tells that QEMU has ended
            self.uart.sendall(TO_FIRMWARE + struct.pack(">H", len(covered)) + covered +
                              bytes([sum(covered) & 0xFF]))

    def hear(self, _):
        try:
            data = self.uart.recv(65536)
        except OSError:
            data = b""
        if not data:
            self.watch(self.uart, 0, None)
        self.input += data
        self.take_frames()

    def take_frames(self, cut=False):
        """What is no frame is skipped; `cut`: what is not complete will not be."""
        while self.input:
            at = self.input.find(TO_NETWORK[0])
            self.input = self.input[at:] if at >= 0 else b""
            taken = self.take_frame(cut)
            if taken == 0:
                return
            self.input = self.input[taken:]

    def take_frame(self, cut):
        """How many bytes begin the input that are a frame, or none; 0: more are needed."""
        if len(self.input) < OVERHEAD:
            return 1 if cut else 0
        length = struct.unpack_from(">H", self.input, 3)[0]
        if not self.input.startswith(TO_NETWORK) or not 2 <= length <= 4089:
            return 1
        if len(self.input) < length + 6:
            return 1 if cut else 0
        covered = self.input[5:5 + length]
        if sum(covered) & 0xFF != self.input[5 + length]:
            return 1
        self.on_frame(covered[0] - ord("a"), covered[1], covered[2:])
        return length + 6

    def on_frame(self, index, flag, data):
        connection = self.connections.get(index)
        if flag & BEGIN:
            self.begin()
        elif flag & CONTROL and data[:1] == b"O":
            self.end(connection)
            self.connections[index] = Connection(self, index, flag & NUMBER, data[1:])
        elif flag & CONTROL and data[:1] == b"C":
            self.end(connection)
        elif connection and connection.sock and flag & NUMBER == connection.number:
            if flag & CONTROL:
                connection.is_heard = True
                connection.watch()
            else:
                connection.send(data)

    @staticmethod
    def end(connection):
        if connection:
            connection.end()

    def begin(self):
        """The firmware has begun anew. It is told its address, and the time as a mobile network
        does: local, and how many quarters of an hour that is ahead of UTC."""
        for connection in list(self.connections.values()):
            connection.end()
        local = time.localtime()
        seconds = int(time.time()) + local.tm_gmtoff - 946684800
        address = ipaddress.IPv4Address(self.bind or "127.0.0.1").packed
        self.send(0, BEGIN, address + struct.pack(">Ib", seconds, local.tm_gmtoff // 900))


# --- The board ----------------------------------------------------------------------------------

def address(text):
    ipaddress.IPv4Address(text)  # argparse says what the ValueError means
    return text


def setting(text):
    if "=" not in text:
        raise ValueError
    return text


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--pty", required=True, help="where to make a link to the UART")
    parser.add_argument("--network", help="where to make a link to the second UART")
    parser.add_argument("--image", default=os.environ.get("FIRMWARE", IMAGE), help="the firmware")
    parser.add_argument("--board", default=os.environ.get("FIRMWARE_BOARD", "an385"),
                        help="an385, or what else the image is for")
    parser.add_argument("--state", help="keep the non-volatile memory in this directory")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", type=setting,
                        help="stored before the first start")
    parser.add_argument("--identity", default="", metavar="K=V,...", help="imei, iccid, sn")
    parser.add_argument("--bind", type=address, metavar="ADDRESS",
                        help="IPv4 address to connect from")
    parser.add_argument("--profile", default="cat1", choices=["cat1"], help="what it is")
    parser.add_argument("--slow", action="store_true",
                        help="so slow a processor that bytes come faster than it looks at them")
    parser.add_argument("--verbose", action="store_true", help="it always is")
    return parser.parse_args()


class Pty:
    """A pty; its slave stays open, for a user who leaves must make no hang-up."""

    def __init__(self, link):
        self.link = link
        self.master, self.slave = pty.openpty()
        self.name = os.ttyname(self.slave)
        tty.setraw(self.slave)
        try:
            self.make_link()
        except FileExistsError:
            raise OSError(errno.EEXIST, "exists; remove it if no other program uses it, or choose "
                          "another path", link) from None

    def make_link(self):
        """In the place of one whose pty is gone, and of nothing else."""
        deadline = time.monotonic() + LINK_S
        while self.leads_to_a_pty() and os.path.exists(self.link) and time.monotonic() < deadline:
            time.sleep(0.02)
        if self.leads_to_a_pty() and not os.path.exists(self.link):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.link)
        os.symlink(self.name, self.link)

    def leads_to_a_pty(self):
        try:
            return os.path.dirname(os.readlink(self.link)) == os.path.dirname(self.name)
        except OSError:  # no link, or none any more
            return False

    def wait_for_greeting(self):
        """Until it lies in the pty as a whole: QEMU needs a moment to begin, and who is told of the
        pty finds a module there that has begun. False if QEMU has ended instead."""
        deadline = time.monotonic() + GREETING_S
        before = count = 0
        while time.monotonic() < deadline and (count == 0 or count != before):
            time.sleep(0.02)
            before = count
            try:
                count, = struct.unpack("i", fcntl.ioctl(self.slave, termios.FIONREAD, bytes(4)))
            except OSError:
                return False
        return True

    def remove(self):
        with contextlib.suppress(OSError):
            if os.readlink(self.link) == self.name:
                os.unlink(self.link)


class Qemu:
    """The command that becomes QEMU, and the files that it is to have."""

    def __init__(self, args, memory):
        """The board has a network controller that the firmware does not use: one in an empty
        network makes no warning."""
        self.files = [memory]
        self.command = ["qemu-system-arm", "-M", f"mps2-{args.board},memory-backend=nonvolatile",
                        "-nodefaults", "-nic", "user,restrict=y", "-display", "none", "-monitor", "none",
                        "-object", f"memory-backend-file,id=nonvolatile,size={MEMORY_SIZE},"
                        f"share=on,mem-path=/proc/self/fd/{memory}", "-kernel", args.image]
        if args.slow:  # it writes down all that it does, and nobody reads it
            self.command += ["-d", "nochain,exec,cpu", "-D", os.devnull]

    def add_pty(self, name, master):
        self.command += ["-add-fd", f"fd={master},set={master}", "-chardev",
                         f"serial,id={name},path=/dev/fdset/{master}", "-serial", f"chardev:{name}"]
        self.files.append(master)

    def add_socket(self, name):
        """Gives the other end."""
        end, other = socket.socketpair()
        fd = end.detach()
        self.command += ["-chardev", f"socket,id={name},fd={fd}", "-serial", f"chardev:{name}"]
        self.files.append(fd)
        return other

    def run(self):
        """Its time is the world's, and bytes are handed to its UARTs one by one: a machine that is
        busy must not make pauses between them, if we may ask it not to."""
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_RTTIME, (RUNAWAY_US, RUNAWAY_US))
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        for fd in self.files:
            os.set_inheritable(fd, True)
        try:
            os.execvp(self.command[0], self.command)
        except OSError as e:
            sys.exit(f"board.py: {self.command[0]}: {e.strerror}")


def make_ptys(links):
    """All of them or none."""
    ptys = []
    try:
        for link in links:
            ptys.append(Pty(link))
    except OSError:
        for p in ptys:
            p.remove()
        raise
    return ptys


def main():
    args = parse()
    if not os.path.isfile(args.image):
        sys.exit(f"board.py: {args.image}: there is no such image; docs/firmware.md says how to "
                 "build it")
    try:
        memory = open_memory(args.state)
        ptys = make_ptys([args.pty, args.network] if args.network else [args.pty])
    except OSError as e:
        sys.exit(f"board.py: {e.filename2 or e.filename}: {e.strerror}")
    identity = [part.partition("=") for part in args.identity.split(",") if part]
    prepare_memory(memory, args.set, [f"{k.upper()}={v}" for k, _, v in identity])
    qemu = Qemu(args, memory)
    qemu.add_pty("uart", ptys[0].master)
    network = None
    if args.network:
        qemu.add_pty("network", ptys[1].master)
    else:
        network = qemu.add_socket("network")
    console = qemu.add_socket("console")
    if os.fork() > 0:
        qemu.run()
    for fd in qemu.files:
        os.close(fd)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if ptys[0].wait_for_greeting():
        say(f"softdtu: {args.profile}, UART at {args.pty}")
    Chip(network, console, args.bind).run()
    for p in ptys:
        p.remove()


if __name__ == "__main__":
    main()
