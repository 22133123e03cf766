#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the rules of the source tree that no compiler checks.

    structure.py <root>                    layers, names, licence lines, top level, columns
    structure.py <root> --archive libdtu.a [--nm nm] [--size size]
                                           what the library asks of its environment

Each violation is printed as "file:line: rule: what is wrong"; the exit status is then 1.
"""
import argparse
import os
import re
import subprocess
import sys

# A file of an engine may include its own header and those of strictly lower layers. The files in
# lib/profiles belong to the engine profile, and may share headers there.
LAYERS = {
    "base": 0,
    # codecs: bytes in, meaning out
    "escape": 1,
    "sdp": 1,
    "crc": 1,
    "instream": 1,
    "baudsync": 1,
    "rfc2217": 1,
    "discovery": 1,
    # the table of a product's parameters and the values behind it
    "params": 2,
    # the same values as the text of a configuration
    "config": 3,
    # engines: state machines of one concern each
    "framer": 3,
    "cmdmode": 3,
    "queue": 3,
    "link": 3,
    "identity": 3,
    "heartbeat": 3,
    "indicator": 3,
    "at_server": 3,
    "store": 4,  # keeps such a text
    "netat": 3,
    # engines that stand on another
    "at_client": 4,
    # products as tables
    "profile": 4,
    # what a product's parameters mean
    "settings": 5,
    # its parameters as the blocks of UDP discovery
    "blocks": 5,
    # the whole module
    "device": 6,
}

# Whatever takes bytes from outside has a fuzz target. The profiles are constant
# tables, the settings are read from checked values, and to a CRC all bytes are alike.
NOT_FUZZED = {"profile", "settings", "crc"}

FREESTANDING = {"stdint.h", "stddef.h", "stdbool.h", "string.h"}
LINKS_WITH = {"memcpy", "memmove", "memset", "memcmp", "memchr",
              "_GLOBAL_OFFSET_TABLE_"}  # the linker makes it, for code that may lie anywhere

TOP_LEVEL = {
    "CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md",
    "docs", "examples", "fuzz", "include", "lib", "ports", "tests",
}
SOURCE_DIRS = ("include", "lib", "ports", "examples", "tests", "fuzz", "docs")
MAX_COLUMNS = 100

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


def engine_of(path):
    """The engine that a file belongs to: lib/<engine>/ has the parts of one."""
    directories = path.split("/")[1:-1]
    if path.startswith("lib/") and directories:
        return "profile" if directories == ["profiles"] else directories[0]
    return os.path.splitext(os.path.basename(path))[0]


class Checker:
    def __init__(self, root):
        self.root = root
        self.violations = 0

    def report(self, path, line, rule, text):
        self.violations += 1
        print(f"{path}:{line}: {rule}: {text}")

    def lines(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as f:
            return f.read().splitlines()

    def exists(self, path):
        return os.path.exists(os.path.join(self.root, path))

    def files(self, *dirs):
        """Paths of all files below the directories, relative to the root."""
        for top in dirs:
            for where, subdirs, names in os.walk(os.path.join(self.root, top)):
                subdirs[:] = sorted(d for d in subdirs if d != "__pycache__")
                for name in sorted(names):
                    yield os.path.relpath(os.path.join(where, name), self.root)

    def engines(self, directory, extension):
        path = os.path.join(self.root, directory)
        names = sorted(os.listdir(path)) if os.path.isdir(path) else []
        return [n[: -len(extension)] for n in names if n.endswith(extension)]

    def includes(self, path):
        for number, line in enumerate(self.lines(path), 1):
            match = INCLUDE.match(line)
            if match:
                yield number, match[1] == "<", match[2]

    # --- Layers -------------------------------------------------------------------------------

    def check_layers(self):
        for path in self.files("include", "lib"):
            if path.endswith((".c", ".h")):
                self.check_library_includes(path)
        for path in self.files("ports", "examples"):
            if path.endswith((".c", ".h")):
                self.check_program_includes(path)

    def check_library_includes(self, path):
        profile = path.startswith("lib/profiles/")
        engine = engine_of(path)
        layer = LAYERS.get(engine)
        if layer is None:
            self.report(path, 1, "layers", f"{engine} has no layer in structure.py")
            return
        for number, system, name in self.includes(path):
            if system:
                if name not in FREESTANDING:
                    self.report(path, number, "layers", f"<{name}> is not freestanding")
                continue
            other = re.fullmatch(r"dtu/(\w+)\.h", name)
            if profile and "/" not in name and self.exists("lib/profiles/" + name):
                pass  # what the tables are written with
            elif self.is_of_engine(path, name, engine):
                pass  # what its parts have in common
            elif not other:
                self.report(path, number, "layers", f'"{name}" is no public header')
            elif other[1] == engine and not path.startswith("include/"):
                pass
            elif LAYERS.get(other[1], layer) >= layer:
                self.report(path, number, "layers",
                            f"{engine} (layer {layer}) may not include {name} "
                            f"(layer {LAYERS.get(other[1], 'unknown')})")

    def is_of_engine(self, path, name, engine):
        header = name if path == f"lib/{engine}.c" else f"{engine}/{name}"
        return (path.startswith("lib/") and re.fullmatch(rf"{engine}/\w+\.h", header)
                and self.exists("lib/" + header))

    def check_program_includes(self, path):
        for number, system, name in self.includes(path):
            if name.startswith("dtu/"):
                if not self.exists("include/" + name):
                    self.report(path, number, "layers", f"{name} is no public header")
            elif not system and not self.is_local_header(path, name):
                self.report(path, number, "layers",
                            f'"{name}" is neither public nor a header of ports or examples')

    def is_local_header(self, path, name):
        if ".." in name.split("/"):
            return False
        beside = os.path.join(os.path.dirname(path), name)
        return self.exists(beside) or any(
            other.endswith("/" + name) for other in self.files("ports"))

    # --- One name, five places ----------------------------------------------------------------

    def check_names(self):
        engines = self.engines("lib", ".c")
        for e in engines:
            places = [f"include/dtu/{e}.h", f"tests/unit/test_{e}.c", f"docs/{e}.md"]
            if e not in NOT_FUZZED:
                places.append(f"fuzz/fuzz_{e}.c")
            for place in places:
                if not self.exists(place):
                    self.report(f"lib/{e}.c", 1, "names", f"{place} is missing")

        found = [("include/dtu/", e, ".h") for e in self.engines("include/dtu", ".h")]
        found += [("tests/unit/", e, ".c") for e in self.engines("tests/unit", ".c")
                  if e.startswith("test_")]
        found += [("fuzz/", e, ".c") for e in self.engines("fuzz", ".c") if e.startswith("fuzz_")]
        for directory, name, extension in found:
            e = re.sub("^(test|fuzz)_", "", name) if extension == ".c" else name
            part_of = [x for x in engines if directory == "tests/unit/" and e.startswith(x + "_")]
            if e not in engines and not part_of:
                self.report(directory + name + extension, 1, "names", f"lib/{e}.c is missing")

        for e in sorted(set(LAYERS) - set(engines)):
            self.report(f"lib/{e}.c", 1, "names", "has a layer in structure.py, but is missing")

        # What CMake builds is what is there.
        if self.exists("CMakeLists.txt"):
            text = "\n".join(self.lines("CMakeLists.txt"))
            profiles = self.engines("lib/profiles", ".c")
            parts = [f"{e}/{part}" for e in engines for part in self.engines(f"lib/{e}", ".c")]
            for variable, directory, there in (
                    ("DTU_ENGINES", "lib", engines),
                    ("DTU_PARTS", "lib", parts),
                    ("DTU_PROFILES", "lib/profiles", profiles)):
                match = re.search(rf"set\({variable}\s([^)]*)\)", text)
                listed = set(match[1].split()) if match else set()
                for name in sorted(listed ^ set(there)):
                    self.report("CMakeLists.txt", 1, "names",
                                f"{directory}/{name}.c is "
                                + (f"missing, but in {variable}" if name in listed
                                   else f"not in {variable}"))

    # --- Text ---------------------------------------------------------------------------------

    def check_text(self):
        extra = [p for p in (".ci/run", "CMakeLists.txt") if self.exists(p)]
        for path in extra + list(self.files(*SOURCE_DIRS)):
            name = os.path.basename(path)
            if path.startswith("fuzz/corpus/"):
                continue
            is_c = name.endswith((".c", ".h"))
            is_source = is_c or name == "CMakeLists.txt" or name.endswith((".py", ".sh", ".cmake"))
            lines = self.lines(path)
            if not is_source and not (lines and lines[0].startswith("#!")):
                continue
            if not any("SPDX-License-Identifier: MIT" in line for line in lines[:3]):
                self.report(path, 1, "licence", "no SPDX-License-Identifier in the first 3 lines")
            for number, line in enumerate(lines, 1):
                if is_c and len(line) > MAX_COLUMNS:
                    self.report(path, number, "columns", f"{len(line)} of {MAX_COLUMNS}")

    # --- Top level ----------------------------------------------------------------------------

    def check_top_level(self):
        for name in self.top_level_names():
            if not name.startswith(".") and name not in TOP_LEVEL:
                self.report(name, 1, "top level", "does not belong here")
        for name in sorted(TOP_LEVEL):
            if not self.exists(name):
                self.report(name, 1, "top level", "is missing")

    def top_level_names(self):
        """The names that git tracks or would track; all but build without git."""
        if self.exists(".git"):
            git = subprocess.run(
                ["git", "-C", self.root, "ls-files", "-z", "--cached", "--others",
                 "--exclude-standard"], capture_output=True, check=False)
            if git.returncode == 0:
                # A file that was removed is still in the index.
                names = {n.split("/")[0] for n in git.stdout.decode().split("\0") if n}
                return sorted(n for n in names if self.exists(n))
        return sorted(set(os.listdir(self.root)) - {"build"})

    # --- The archive --------------------------------------------------------------------------

    def check_archive(self, archive, nm, size):
        label = os.path.basename(archive)
        defined = set()
        undefined = {}
        for line in run([nm, "-A", archive]):
            # archive:object.o:[address] type name
            place, kind, name = re.fullmatch(r"(.*?):\s*(?:[0-9a-fA-F]+)?\s+(\S) (\S+)",
                                             line).groups()
            if kind in "Uvw":
                undefined[name] = place
            else:
                defined.add(name)
                if kind == "C":
                    self.report(label, 1, "archive", f"{name} is a writable global")
        for name in sorted(set(undefined) - defined - LINKS_WITH):
            self.report(label, 1, "archive", f"{undefined[name].split(':')[-1]} needs {name}")

        member = label
        for line in run([size, "-A", archive]):
            fields = line.split()
            if line.endswith(":") and "(ex " in line:
                member = fields[0]
            elif len(fields) == 3 and fields[1].isdigit() and int(fields[1]) > 0:
                section = fields[0]
                # .data.rel.ro holds constants with addresses in position independent code.
                if re.match(r"\.(data|bss|tdata|tbss)(\.|$)", section) and not section.startswith(
                        ".data.rel.ro"):
                    self.report(label, 1, "archive",
                                f"{member} has {fields[1]} bytes in {section}")


def run(command):
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line.rstrip() for line in result.stdout.splitlines()
            if line.strip() and not re.fullmatch(r"\S+\.o:", line.strip())]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root")
    parser.add_argument("--archive")
    parser.add_argument("--nm", default="nm")
    parser.add_argument("--size", default="size")
    args = parser.parse_args()

    checker = Checker(os.path.abspath(args.root))
    if args.archive:
        checker.check_archive(args.archive, args.nm, args.size)
    else:
        checker.check_layers()
        checker.check_names()
        checker.check_text()
        checker.check_top_level()
    if checker.violations:
        print(f"{checker.violations} violations")
    return 1 if checker.violations else 0


if __name__ == "__main__":
    sys.exit(main())
