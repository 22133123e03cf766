#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Code, RAM and stack of each engine on a Cortex-M0+ at -Os, against docs/size.md and the ceilings.

    size.py <root> <output directory>             compares
    size.py <root> <output directory> --update    writes the figures into the page

How it is measured is on the page. It fails if a figure has grown by more than 2 % since the page
was written, if a line is missing there or nothing measures it any more, over a ceiling that is not
in the page's table of exceptions, if an object has variables of its own, on recursion, and on an
indirect call that it does not know. An update writes figures; a line among the exceptions is only ever written by hand.
Exit status 77: the cross compiler is not installed, or is not the one that the page was made with.
"""
import collections
import glob
import os
import re
import shutil
import subprocess
import sys

import stack

GCC = ["arm-none-eabi-gcc", "-mcpu=cortex-m0plus", "-mthumb", "-Os", "-std=c99", "-ffreestanding",
       "-ffunction-sections", "-fdata-sections", "--specs=picolibc.specs", "-fcallgraph-info=su"]
GROWTH = 1.02

# Engines with parts that are used apart, by a module or by a program that drives one. For each: its
# name, its functions, and its instance. All other engines are one part, with all of their functions.
PARTS = {
    "sdp": [("decoder", r"(init|feed|flush|resume|clear)", "dtu_sdp"),
            ("encoder", r"(wrap|encode)", None),
            ("sender", r"(send|report|sender_\w+)", "dtu_sdp_sender"),
            ("reports read", r"is_report", None)],
    "baudsync": [("filter", r"(init|feed|held|flush|clear|decode)", "dtu_baudsync"),
                 ("encoder", r"encode", None)],
    "cmdmode": [("module", r"(?!host_)\w+", "dtu_cmdmode"),
                ("host", r"host_\w+", "dtu_cmdmode_host")],
    "discovery": [("module", r"(serve|is_local)", None),
                  ("host", r"(?!serve|is_local)\w+", None)],
    "rfc2217": [("server", r"(?!client_)\w+", "dtu_rfc2217"),
                ("client", r"(?!server_)\w+", "dtu_rfc2217")],
    "config": [("reader", r"(init|feed|end|split|take|product|has)", "dtu_config"),
               ("writer", r"(write\w*|has)", None)],
}

# Its structure is a constant of the product.
CONSTANT = {"profile"}
# It is no engine: it wires them.
WIRES = "device"

KIB = 1024
STACK = 256  # bytes, of any call
# What must not be larger, in bytes: the name, the ceiling, and how to get the figure.
CEILINGS = [
    ("at_server with params and escape", 5 * KIB, lambda m: m.linked("at_server", "params", "escape")),
    ("sdp, the decoder", 700, lambda m: m.part("sdp", "decoder")),
    ("baudsync, the filter", 600, lambda m: m.part("baudsync", "filter")),
    ("framer", 700, lambda m: m.part("framer")),
    ("cmdmode, a module's side", 800, lambda m: m.part("cmdmode", "module")),
    ("discovery, a module's side", 1536, lambda m: m.part("discovery", "module")),
    ("heartbeat and identity", 1228, lambda m: m.part("heartbeat") + m.part("identity")),
    ("at_client", 2560, lambda m: m.part("at_client")),
    ("rfc2217, the server", 2 * KIB, lambda m: m.part("rfc2217", "server")),
    ("rfc2217, the client", 2 * KIB, lambda m: m.part("rfc2217", "client")),
    ("all engines together", 28 * KIB, lambda m: m.all_engines()),
    ("tables of the largest profile", 12 * KIB, lambda m: max(m.profiles().values())),
]


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise SystemExit(f"{' '.join(command)}\n{result.stdout}{result.stderr}")
    return result.stdout


class Measured:
    """The figures of the library, from objects compiled anew."""

    def __init__(self, root, output):
        self.root = root
        self.output = os.path.join(output, "objects")
        shutil.rmtree(self.output, ignore_errors=True)
        os.makedirs(self.output)
        self.engines = self.compile("lib/*.c")
        files = list(self.engines)
        for name in self.engines:
            parts = self.compile(f"lib/{name}/*.c")
            self.join(name, parts)
            files += parts
        self.tables = self.compile("lib/profiles/*.c")
        self.sections = {name: self.sections_of(name) for name in self.engines + self.tables}
        self.functions = {name: self.functions_of(name) for name in self.engines}
        self.graph = stack.Graph(root, [f"{self.output}/{name}.ci" for name in files])
        self.ram = self.instances()

    def compile(self, pattern):
        names = []
        for source in sorted(glob.glob(os.path.join(self.root, pattern))):
            names.append(os.path.basename(source)[:-2])
            run(*GCC, f"-I{self.root}/include", "-c", source, "-o", self.object(names[-1]))
        return names

    def object(self, name):
        return f"{self.output}/{name}.o"

    def header(self, engine):
        return f"{self.root}/include/dtu/{engine}.h"

    def join(self, engine, parts):
        """Makes the object of an engine that has parts of those of all of its files."""
        if parts:
            whole = f"{self.output}/whole.o"
            run("arm-none-eabi-ld", "-r", "-o", whole,
                *[self.object(name) for name in (engine, *parts)])
            os.replace(whole, self.object(engine))

    def sections_of(self, name):
        """The sections of an object that a program can have, and their sizes."""
        found = {}
        for line in run("arm-none-eabi-size", "-A", self.object(name)).splitlines():
            match = re.match(r"(\.(?:text|rodata|data|bss)\S*)\s+(\d+)", line)
            if match and int(match[2]) > 0:
                found[match[1]] = found.get(match[1], 0) + int(match[2])
        return found

    def functions_of(self, name):
        """The functions that a program may call: of an engine in parts not those that only they do."""
        with open(self.header(name), encoding="utf-8") as f:
            header = f.read()
        lines = run("arm-none-eabi-nm", self.object(name)).splitlines()
        functions = [line.split()[2] for line in lines if re.search(r" T \w+$", line)]
        return [f for f in functions if re.search(rf"\b{f}\(", header)]

    def parts(self, engine):
        """The parts of an engine: name, functions, instance."""
        if engine not in PARTS:
            with open(self.header(engine), encoding="utf-8") as f:
                has_instance = f"struct dtu_{engine} {{" in f.read()
            instance = f"dtu_{engine}" if has_instance and engine not in CONSTANT else None
            return [("", self.functions[engine], instance)]
        found = [(name, [f for f in self.functions[engine]
                         if re.fullmatch(f"dtu_{engine}_{pattern}", f)], instance)
                 for name, pattern, instance in PARTS[engine]]
        missing = set(self.functions[engine]) - {f for _, names, _ in found for f in names}
        if missing:
            raise SystemExit(f"{engine}: of no part in PARTS: {' '.join(sorted(missing))}")
        return found

    def link(self, functions):
        """Bytes of each engine that the linker keeps for a program with these calls."""
        link_map = f"{self.output}/link.map"
        wanted = [option for f in functions for option in ("-u", f)]
        run("arm-none-eabi-ld", "--gc-sections", "--unresolved-symbols=ignore-all",
            "-e", functions[0], *wanted, "-Map", link_map, "-o", f"{self.output}/linked.elf",
            *[self.object(name) for name in self.engines])
        with open(link_map, encoding="utf-8") as f:
            text = f.read()
        text = text[text.index("Discarded input sections"):text.index("Memory Configuration")]
        discarded = set(re.findall(r"^ (\.\S+)\s+0x\w+\s+0x\w+ \S+/(\w+)\.o$", text, re.M))
        kept = collections.Counter()
        for name in self.engines:
            for section, size in self.sections[name].items():
                if (section, name) not in discarded:
                    kept[name] += size
        return kept

    def part(self, engine, part=""):
        """Bytes of an engine for one of its parts, without what it calls in others."""
        if engine not in self.engines:
            return None
        functions = next(f for name, f, _ in self.parts(engine) if name == part)
        return self.link(functions)[engine]

    def linked(self, engine, *others):
        """Bytes of an engine and of others that it calls."""
        kept = self.link(self.functions[engine])
        return sum(kept[name] for name in (engine, *others))

    def whole(self, name):
        return sum(self.sections[name].values())

    def all_engines(self):
        return sum(self.whole(name) for name in self.engines if name != WIRES)

    def profiles(self):
        return {name: self.whole(name) for name in self.tables}

    def deepest(self):
        """For each engine the most stack of any of its calls, and the way there."""
        return {name: self.graph.deepest(self.functions[name], name) for name in self.engines}

    def instances(self):
        """The size of each structure that a caller allocates."""
        wanted = [i for engine in self.engines for _, _, i in self.parts(engine) if i]
        source = f"{self.output}/instances.c"
        with open(source, "w", encoding="utf-8") as f:
            f.writelines(f'#include "dtu/{engine}.h"\n' for engine in self.engines)
            f.writelines(f"char size_of_{i}[sizeof(struct {i})];\n" for i in wanted)
        run(*GCC, f"-I{self.root}/include", "-c", source, "-o", f"{self.output}/instances.o")
        lines = run("arm-none-eabi-nm", "-S", f"{self.output}/instances.o").splitlines()
        return {line.split()[3][len("size_of_"):]: int(line.split()[1], 16) for line in lines}

    def helpers(self):
        """What stack.py has otherwise than the compiler's helpers are."""
        library = run(*GCC, "-print-libgcc-file-name").strip()
        found = stack.pushed(run("arm-none-eabi-objdump", "-dr", "--show-all-symbols", library))
        return [f"{name}: stack.py has {size} bytes, and it pushes {found.get(name)}"
                for name, size in stack.HELPERS.items() if found.get(name) != size]

    def variables(self):
        return [f"{name} has variables of its own, in {section}"
                for name in self.engines + self.tables for section in self.sections[name]
                if section.startswith((".data", ".bss"))]


# --- The page -------------------------------------------------------------------------------------


def engine_table(m):
    lines = ["| engine | part | code | and what it calls | whole object | RAM | stack |",
             "| --- | --- | --- | --- | --- | --- | --- |"]
    for engine in m.engines:
        for part, functions, instance in m.parts(engine):
            kept = m.link(functions)
            stack_bytes = m.graph.deepest(functions, engine)[0]
            ram = m.ram[instance] if instance else 0
            lines.append(f"| {engine} | {part} | {kept[engine]} | {sum(kept.values())} | "
                         f"{m.whole(engine)} | {ram} | {stack_bytes} |")
    lines.append(f"| all engines | | {m.all_engines()} | | | | |")
    lines.append(f"| and the device | | {m.all_engines() + m.whole(WIRES)} | | | | |")
    return lines


def profile_table(m):
    lines = ["| profile | tables |", "| --- | --- |"]
    return lines + [f"| {name} | {size} |" for name, size in m.profiles().items()]


def ceilings(m):
    """What has a ceiling: the name, the bytes and the ceiling."""
    found = [(name, figure(m), ceiling) for name, ceiling, figure in CEILINGS]
    depths = {f"stack of {name}": depth for name, (depth, _) in m.deepest().items()}
    found += [(name, depth, STACK) for name, depth in depths.items() if depth > STACK]
    within = max(depth for depth in depths.values() if depth <= STACK)
    found.append(("stack of any other engine", within, STACK))
    return [line for line in found if line[1] is not None]


def reasons_of(exceptions):
    """The lines of the page's table of exceptions: what is over, and why."""
    rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in exceptions[2:]]
    return {row[0]: row[3] if len(row) > 3 else "" for row in rows}


def ceiling_tables(found, reasons, wrong):
    """All ceilings, and those that do not hold, with the reasons of the page."""
    table = ["| what | bytes | ceiling |", "| --- | --- | --- |"]
    over = ["| what | bytes | ceiling | why |", "| --- | --- | --- | --- |"]
    needless = dict(reasons)
    for name, size, ceiling in found:
        table.append(f"| {name} | {size} | {ceiling} |")
        if size <= ceiling:
            continue
        if not needless.pop(name, ""):
            wrong.append(f"{name}: {size} bytes, at most {ceiling}; no reason is on the page")
        else:
            over.append(f"| {name} | {size} | {ceiling} | {reasons[name]} |")
    wrong += [f"{name}: is no exception, take it out of the table" for name in needless]
    return table, over


def compiler():
    return [f"Made with arm-none-eabi-gcc {run(GCC[0], '-dumpfullversion').strip()}."]


MARKS = re.compile(r"(<!-- size.py: (\w+) -->\n)(.*?)(<!-- end -->)", re.S)


def rows_of(lines):
    """The figures of a table, by the texts of the line that they are in."""
    rows = {}
    for line in lines:
        cells = [cell.strip() for cell in line.strip("| \n").split(" |")]
        cells = [cell.lstrip("| ") for cell in cells]
        name = " ".join(cell for cell in cells if cell and not cell.isdigit())
        rows[name] = [int(cell) for cell in cells if cell.isdigit()]
    return rows


def grown(page, made):
    """What has grown by more than GROWTH since the page was written, or is in but one of both."""
    written = rows_of(page)
    measured = rows_of(made)
    wrong = [f"{name}: is on the page and not measured" for name in written if name not in measured]
    for name, figures in measured.items():
        if name not in written or len(written[name]) != len(figures):
            wrong.append(f"{name}: is not on the page")
        elif any(new > old * GROWTH for new, old in zip(figures, written[name])):
            wrong.append(f"{name}: {written[name]} has become {figures}")
    return wrong


def main():
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(__doc__)
        return 0
    if len(sys.argv) not in (3, 4) or sys.argv[3:] not in ([], ["--update"]):
        print(__doc__, file=sys.stderr)
        return 2
    if not shutil.which(GCC[0]):
        print(f"skipped: {GCC[0]} is not installed")
        return 77
    root, output = (os.path.abspath(path) for path in sys.argv[1:3])
    page_path = f"{root}/docs/size.md"
    with open(page_path, encoding="utf-8") as f:
        page = f.read()
    update = len(sys.argv) == 4
    tables = {name: text.splitlines() for _, name, text, _ in MARKS.findall(page)}
    if not update and tables["compiler"] != compiler():
        print(f"skipped: the page was made otherwise: {tables['compiler'][0]}")
        return 77

    m = Measured(root, output)
    wrong = m.variables() + m.helpers()
    table, over = ceiling_tables(ceilings(m), reasons_of(tables["exceptions"]), wrong)
    made = {"compiler": compiler(), "engines": engine_table(m), "profiles": profile_table(m),
            "ceilings": table, "exceptions": over}
    for name in ("engines", "profiles", "ceilings", "exceptions"):
        print("\n".join(made[name]) + "\n")
    for engine, (depth, way) in m.deepest().items():
        print(f"{engine}: {depth} = {way}")
    wrong += m.graph.failures  # which were found on the ways down
    if update:
        page = MARKS.sub(lambda k: k[1] + "\n".join(made[k[2]]) + "\n" + k[4], page)
        with open(page_path, "w", encoding="utf-8") as f:
            f.write(page)
    else:
        stale = [line for name in made for line in grown(tables[name], made[name])]
        if stale:
            stale.append("if that is as it should be: tests/size/size.py . build/size --update")
        wrong += stale
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
