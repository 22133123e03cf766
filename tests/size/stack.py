# SPDX-License-Identifier: MIT
"""The worst-case stack of calls, from what gcc's -fcallgraph-info=su writes.

A callback of the user is not counted. What the library itself gives for one is in TARGETS, and for
the callbacks of engines it is read from the tables in lib/device.c, which wires them.
"""
import collections
import os
import re

# A function outside of the library: the five memory functions and the compiler's helpers. picolibc's
# memset takes most, 28 bytes.
OUTSIDE = 32

# Where a text goes that an engine makes: what it gives as the `write` of a dtu_text. Where the text
# is another's, so is `write`, and not counted. The device has its own and those of all others.
WRITERS = {
    "at_server": ["base.c:replay_write"],
    "identity": ["dtu_text_to_buffer"],
    "store": ["store.c:to_medium", "store.c:measure", "store.c:sum_up"],
}
WRITERS["device"] = [*sum(WRITERS.values(), [])]
# The same for a dtu_replay, whose `write` is else the user's.
REPLAYS = {"device": ["device.c:to_uart", "device.c:gather_reply"]}

# Other pointers that are the user's: the file, and what is called.
USERS = {("sdp.c", "s->write"), ("store.c", "medium->"), ("device.c", "port->")}

NODE = re.compile(r'node: \{ title: "([^"]+)" label: "([^"]+)"')
EDGE = re.compile(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"(?: label: "([^"]+)")?')
WIRING = re.compile(r"struct dtu_(\w+)_callbacks \w+\s*=\s*\{(.*?)\};", re.S)
CALL = re.compile(r"(\w+->\w+)\s*\(")


def short(title):
    """"file.c:function", or the name of a global function."""
    path, _, name = title.rpartition(":")
    return f"{os.path.basename(path)}:{name}" if path else title


class Graph:
    def __init__(self, root, paths):
        self.frames = {}  # bytes of a function itself
        self.calls = collections.defaultdict(set)
        self.indirect = collections.defaultdict(set)  # function: (file, callee)
        self.failures = []
        self.known = {}
        self.wiring = self.read_wiring(f"{root}/lib/device.c")
        for path in paths:
            self.read(path)

    def read_wiring(self, path):
        wiring = collections.defaultdict(list)
        with open(path, encoding="utf-8") as f:
            for engine, fields in WIRING.findall(f.read()):
                for member, function in re.findall(r"\.(\w+)\s*=\s*(\w+)", fields):
                    wiring[(f"{engine}.c", member)].append(f"device.c:{function}")
        return wiring

    def read(self, path):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        for title, label in NODE.findall(text):
            frame = re.search(r"(\d+) bytes \((\w+)\)", label)
            if not frame:
                continue
            self.frames[short(title)] = int(frame[1])
            if frame[2] != "static":
                self.failures.append(f"{short(title)}: its stack is {frame[2]}")
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

    def targets(self, file, callee, engine):
        """What the library gives for an indirect call, in calls of an engine."""
        holder, _, member = callee.partition("->")
        if holder == "callbacks":
            return self.wiring.get((file, member), []) if engine == "device" else []
        if (file, callee) == ("base.c", "out->write"):
            return WRITERS.get(engine, [])
        if (file, callee) == ("base.c", "r->write"):
            return REPLAYS.get(engine, [])
        if (file, callee) not in USERS and (file, f"{holder}->") not in USERS:
            self.fail(f"{file}: {callee} is an indirect call that stack.py does not know")
        return []

    def fail(self, text):
        if text not in self.failures:
            self.failures.append(text)

    def callees(self, function, engine):
        found = set(self.calls[function])
        for call in self.indirect[function]:
            found.update(self.targets(*call, engine))
        return found

    def depth(self, function, engine, callers=()):
        """Bytes that a call of an engine takes at most, and the way there."""
        key = (engine if engine in WRITERS else "", function)
        if key in self.known:
            return self.known[key]
        if function not in self.frames:
            return OUTSIDE, (function,)
        if function in callers:
            self.fail("recursion: " + " > ".join((*callers[callers.index(function):], function)))
            return 0, ()
        below = [self.depth(f, engine, (*callers, function))
                 for f in sorted(self.callees(function, engine))]
        deepest = max(below, default=(0, ()))
        self.known[key] = (self.frames[function] + deepest[0], (function, *deepest[1]))
        return self.known[key]

    def deepest(self, functions, engine):
        """The largest of the calls of an engine, and the way there in words."""
        total, way = max(self.depth(f, engine) for f in functions)
        return total, " > ".join(f"{f} {self.frames.get(f, OUTSIDE)}" for f in way)
