#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compiles the library for a small target, warnings being errors, and prints what it costs there.

    cross.py <root> <output directory> <target>

It fails if an object has variables of its own (the caller owns all memory), or needs something
that is neither one of the five mem functions nor a small helper of the compiler.
Exit status 77: the cross compiler is not installed.
"""
import concurrent.futures
import glob
import os
import re
import shutil
import subprocess
import sys

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef",
            "-Wstrict-prototypes", "-Werror"]
COMMON = ["-std=c99", "-Os", "-ffreestanding", "-ffunction-sections", "-fdata-sections"]
MEM = r"mem(cpy|move|set|cmp|chr)"

# helpers: 32-bit division, 64-bit multiplication, shifts and comparisons, switch tables. Not 64-bit
# division and not floating point, which are large.
TARGETS = {
    "cortex_m0plus": {
        "prefix": "arm-none-eabi-",
        "flags": ["-mcpu=cortex-m0plus", "-mthumb", "--specs=picolibc.specs"],
        "helpers": r"__aeabi_(u?idiv(mod)?|lmul|llsl|llsr|lasr|u?lcmp)|__gnu_thumb1_case_\w+",
    },
    "avr": {
        "prefix": "avr-",
        "flags": ["-mmcu=atmega1284p"],
        "helpers": r"__(?!u?(div|mod)\w*di)(?!\w*[sd]f)\w+",
    },
}


def sections(size, path):
    """Bytes in code, constants, variables and zeroed variables."""
    totals = {"text": 0, "rodata": 0, "data": 0, "bss": 0}
    for line in subprocess.run([size, "-A", path], capture_output=True, text=True,
                               check=True).stdout.splitlines():
        fields = line.split()
        match = re.match(r"\.(text|rodata|progmem|data|bss)\b", line)
        if match and len(fields) == 3:
            kind = {"progmem": "rodata"}.get(match[1], match[1])
            totals[kind] += int(fields[1])
    return totals


def symbols(nm, paths):
    """The names that are defined, and those that are needed, with an object that needs each."""
    defined = set()
    needed = {}
    for path in paths:
        for line in subprocess.run([nm, path], capture_output=True, text=True,
                                   check=True).stdout.splitlines():
            kind, name = line.split()[-2:]
            if kind in "Uvw":
                needed[name] = os.path.basename(path)
            else:
                defined.add(name)
    return defined, needed


def main():
    root, output, name = sys.argv[1:]
    target = TARGETS[name]
    compiler = target["prefix"] + "gcc"
    if not shutil.which(compiler):
        print(f"skipped: {compiler} is not installed")
        return 77
    os.makedirs(output, exist_ok=True)

    sources = sorted(glob.glob(f"{root}/lib/*.c")) + sorted(glob.glob(f"{root}/lib/*/*.c"))
    paths = [os.path.join(output, os.path.basename(source)[:-2] + ".o") for source in sources]

    def compile_one(source, path):
        command = [compiler, *target["flags"], *COMMON, *WARNINGS, "-I", f"{root}/include",
                   "-c", source, "-o", path]
        return subprocess.run(command, check=False).returncode

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        if any(pool.map(compile_one, sources, paths)):
            return 1

    failures = []
    # On AVR the linker puts .rodata into RAM, since flash is another address space there; in the
    # object it is still apart, so constants and variables can be told from each other.
    version = subprocess.run([compiler, "-dumpversion"], capture_output=True, text=True, check=True)
    print(f"{name}, gcc {version.stdout.strip()} -Os, bytes")
    print(f"{'engine':<16}{'.text':>8}{'.rodata':>8}{'.data':>8}{'.bss':>8}")
    total = {"text": 0, "rodata": 0, "data": 0, "bss": 0}
    for path in paths:
        engine = os.path.basename(path)[:-2]
        sizes = sections(target["prefix"] + "size", path)
        print(f"{engine:<16}" + "".join(f"{n:>8}" for n in sizes.values()))
        total = {kind: total[kind] + n for kind, n in sizes.items()}
        if sizes["data"] or sizes["bss"]:
            failures.append(f"{engine}: has variables of its own")
    print(f"{'total':<16}" + "".join(f"{n:>8}" for n in total.values()))

    defined, needed = symbols(target["prefix"] + "nm", paths)
    undefined = sorted(set(needed) - defined)
    allowed = [n for n in undefined if re.fullmatch(f"{MEM}|{target['helpers']}", n)]
    print("needs: " + " ".join(allowed))
    failures += [f"{needed[n]} needs {n}" for n in undefined if n not in allowed]

    for line in failures:
        print(f"{name}: {line}")
    return 1 if failures or not sources else 0


if __name__ == "__main__":
    sys.exit(main())
