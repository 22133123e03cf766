# SPDX-License-Identifier: MIT
"""The worst-case stack of calls, from what gcc's -fcallgraph-info=su writes.

A callback of the user is not counted. Where a text goes that the library itself makes is in TEXTS,
the functions of other tables of its own are in TABLES, and for the callbacks of engines they are
read from the tables in the files of the device, which wires them.
"""
import collections
import glob
import os
import re

# Functions outside of the library: what the faster of picolibc's two builds for this core pushes.
OUTSIDE = {"memchr": 16, "memcmp": 12, "memcpy": 24, "memmove": 36, "memset": 28}
# The compiler's helpers for division and switches: what its libgcc.a for this core pushes, which
# size.py looks up there. For one that is not here, more than any of these does.
HELPERS = {"__aeabi_idiv": 8, "__aeabi_idivmod": 8, "__aeabi_lmul": 28, "__aeabi_uidiv": 8,
           "__aeabi_uidivmod": 8, "__gnu_thumb1_case_shi": 8, "__gnu_thumb1_case_sqi": 4,
           "__gnu_thumb1_case_uhi": 8, "__gnu_thumb1_case_uqi": 4}
HELPER = 32

# The functions that make a dtu_text, as they are called after inlining: what they give as `write`.
# What is called below them writes there, and else into the caller's text, which is not counted.
TEXTS = {
    "dtu_at_server_feed": (),  # it only asks whether there is one, without a text
    "dtu_at_server_resume": ("base.c:replay_write",),
    "dtu_identity_bytes": ("dtu_text_to_buffer",),
    "store.c:put": ("store.c:take_text",),
    "device_sockets.c:deliver": ("dtu_text_to_buffer",),
    "dtu_device_copy_text": ("dtu_text_to_buffer",),
    "device_uart.c:send_greeting": ("base.c:replay_write",),
    "dtu_device_introduce": ("dtu_text_to_buffer",),
}
# Of them, those that write through a dtu_replay which is not the user's: the `write` of that.
REPLAYS = {
    "dtu_at_server_resume": ("at_server.c", "write"),
}
# Functions in constant tables of an engine itself.
TABLES = {
    ("rfc2217.c", "side->carry_out"): ("rfc2217.c:server_carry_out", "rfc2217.c:client_carry_out"),
    ("rfc2217.c", "side->decided"): ("rfc2217.c:server_decided", "rfc2217.c:client_decided"),
}
# Other pointers that are the user's: the file, and what is called.
USERS = {("sdp.c", "s->write"), ("store.c", "medium->"), ("device.c", "port->"),
         ("device_uart.c", "port->"), ("device_sockets.c", "port->"),
         ("device_commands.c", "port->"), ("rfc2217.c", "pipe->"), ("rfc2217.c", "server->"),
         ("rfc2217.c", "client->")}

NODE = re.compile(r'node: \{ title: "([^"]+)" label: "([^"]+)"')
EDGE = re.compile(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"(?: label: "([^"]+)")?')
WIRING = re.compile(r"struct dtu_(\w+)_callbacks \w+\s*=\s*\{(.*?)\};", re.S)
CALL = re.compile(r"(\w+->\w+)\s*\(")


# What pointers are in calls of an engine: whether its callbacks are the device's, and where a text
# and a replay go.
Context = collections.namedtuple("Context", "wired texts replays")


def pushed(listing):
    """What each function takes at most, by the disassembly of an archive: all that is pushed in its
    object, and HELPER more if it calls another that is not there for a division by zero."""
    found = {}
    for member in re.split(r"^\S+:\s+file format .*$", listing, flags=re.M):
        size = sum(4 * len(registers.split(","))
                   for registers in re.findall(r"\tpush\t\{([^}]*)\}", member))
        size += sum(int(n) for n in re.findall(r"\tsub\tsp, #(\d+)", member))
        calls = set(re.findall(r"R_ARM_THM_(?:CALL|JUMP24)\t(\w+)", member))
        names = re.findall(r"^[0-9a-f]+ <(\w+)>:$", member, re.M)
        if calls - {*names, "__aeabi_idiv0", "__aeabi_ldiv0"}:
            size += HELPER
        found.update(dict.fromkeys(names, size))
    return found


def short(title):
    """"file.c:function", or the name of a global function; without what gcc appends to a copy."""
    path, _, name = title.rpartition(":")
    name = name.split(".")[0]
    return f"{os.path.basename(path)}:{name}" if path else name


class Graph:
    def __init__(self, root, paths, texts=None):
        self.texts = TEXTS if texts is None else texts
        self.frames = {}  # bytes of a function itself
        self.calls = collections.defaultdict(set)
        self.indirect = collections.defaultdict(set)  # function: (file, callee)
        self.failures = []
        self.known = {}
        self.wiring = self.read_wiring([f"{root}/lib/device.c", *glob.glob(f"{root}/lib/device/*.c")])
        for path in paths:
            self.read(path)
        for name in sorted(set(self.texts) - set(self.frames)):
            self.fail(f"{name}: is in TEXTS and no function")
        for name, callees in self.calls.items():
            if "dtu_replay_text" in callees and name not in self.texts:
                self.fail(f"{name}: makes a text and is not in TEXTS")

    def read_wiring(self, paths):
        wiring = collections.defaultdict(tuple)
        for path in sorted(paths):
            with open(path, encoding="utf-8") as f:
                text = f.read()
            for engine, fields in WIRING.findall(text):
                for member, function in re.findall(r"\.(\w+)\s*=\s*(\w+)", fields):
                    shared = function.startswith("dtu_")
                    name = function if shared else f"{os.path.basename(path)}:{function}"
                    wiring[(f"{engine}.c", member)] += (name,)
        return wiring

    def read(self, path):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        for title, label in NODE.findall(text):
            frame = re.search(r"(\d+) bytes \((\w+)\)", label)
            if not frame:
                continue
            name = short(title)
            self.frames[name] = max(int(frame[1]), self.frames.get(name, 0))
            if frame[2] != "static":
                self.fail(f"{name}: its stack is {frame[2]}")
        for source, target, place in EDGE.findall(text):
            if target == "__indirect_call":
                self.indirect[short(source)].add(self.call_at(place))
            else:
                self.calls[short(source)].add(short(target))

    def call_at(self, place):
        """The file and the callee of an indirect call, `object->member`."""
        path, line, column = place.rsplit(":", 2)
        file = os.path.basename(path)
        with open(path, encoding="utf-8") as f:
            text = f.readlines()[int(line) - 1]
        found = [m for m in CALL.finditer(text) if m.end() > int(column)]
        return file, found[0][1] if found else f"{line}:{column}"

    def targets(self, file, callee, context):
        """What the library gives for an indirect call."""
        holder, _, member = callee.partition("->")
        if holder == "callbacks":
            return self.wiring.get((file, member), ()) if context.wired else ()
        if (file, callee) == ("base.c", "out->write"):
            if context.texts is None:
                self.fail("device.c: a text is made by a function that is not in TEXTS")
            return context.texts or ()
        if (file, callee) == ("base.c", "r->write"):
            return context.replays
        if (file, callee) in TABLES:
            return TABLES[(file, callee)]
        if (file, callee) not in USERS and (file, f"{holder}->") not in USERS:
            self.fail(f"{file}: {callee} is an indirect call that stack.py does not know")
        return ()

    def fail(self, text):
        if text not in self.failures:
            self.failures.append(text)

    def callees(self, function, context):
        found = set(self.calls[function])
        for call in self.indirect[function]:
            found.update(self.targets(*call, context))
        return found

    def below(self, function, context):
        """The context of what a function calls."""
        if function not in self.texts:
            return context
        replays = REPLAYS.get(function, ())
        if replays in self.wiring:
            replays = self.wiring[replays] if context.wired else ()
        return Context(context.wired, self.texts[function], replays)

    def frame(self, function):
        return self.frames.get(function, {**OUTSIDE, **HELPERS}.get(function, HELPER))

    def depth(self, function, context, callers=()):
        """Bytes that a call takes at most, and the way there."""
        if function not in self.frames:
            return self.frame(function), (function,)
        context = self.below(function, context)
        step = (function, context)
        if step in self.known:
            return self.known[step]
        if step in callers:
            way = [f for f, _ in callers[callers.index(step):]]
            self.fail("recursion: " + " > ".join((*way, function)))
            return 0, ()
        deepest = max((self.depth(f, context, (*callers, step))
                       for f in sorted(self.callees(function, context))), default=(0, ()))
        self.known[step] = (self.frames[function] + deepest[0], (function, *deepest[1]))
        return self.known[step]

    def deepest(self, functions, engine):
        """The largest of the calls of an engine, and the way there in words."""
        wired = engine == "device"  # which has no call that takes a text
        context = Context(wired, None if wired else (), ())
        total, way = max(self.depth(f, context) for f in functions)
        return total, " > ".join(f"{f} {self.frame(f)}" for f in way)
