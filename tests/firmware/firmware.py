#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds the firmware, runs a test of softdtu with it, and tells what it costs.

    firmware.py build <directory>    builds it, also for a debugger, and checks what was linked
    firmware.py run <test>           a program that takes SOFTDTU gets the board in its stead
    firmware.py figures <page>       prints flash, RAM and stack, and compares them with the page

The environment names the board, FIRMWARE_BOARD, the image, FIRMWARE, and the file FIRMWARE_LOG that
collects what the firmware says on its console in all runs: the deepest stack of all of them is what
`figures` tells.
Exit status 77: a tool is not installed.
"""
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BOARD = os.path.join(ROOT, "examples", "firmware", "board.py")
TOOLS = ("arm-none-eabi-gcc", "qemu-system-arm")
FUNCTIONS = {"memchr", "memcmp", "memcpy", "memmove", "memset"}
COLUMNS = {"an385": 0, "an505": 1}  # of the page's table
GROWTH = 1.02  # of a figure of the page, before the page is to be mended
STACK_GROWTH = 128  # bytes: it depends on where interrupts hit


def missing():
    """What is not installed, or None."""
    for tool in TOOLS:
        if not shutil.which(tool):
            return tool
    specs = output("arm-none-eabi-gcc", "-print-file-name=picolibc.specs").strip()
    return None if os.path.isfile(specs) else "picolibc"


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def run(*command, **options):
    return subprocess.run(command, check=False, **options).returncode


# --- Build --------------------------------------------------------------------------------------

def linked_from_library(text):
    """What a map says that came out of archives of the system."""
    return re.findall(r"^/\S*/(lib\w+\.a)\((\S+?)\)\s", text, re.M)


def wrong_members(members):
    """Those that are not one of the five functions."""
    return [f"{archive}({member})" for archive, member in members
            if not any(re.search(rf"(^|_){name}\.", member) for name in FUNCTIONS)]


def check_checks():
    """Whether a map with something else in it would be seen."""
    text = ("/usr/lib/libc.a(memcpy.c.o)\n  main.o (memcpy)\n/usr/lib/a/libc.a(libc_string_memcmp.c.o)\n"
            "/usr/lib/libc.a(printf.c.o)\n/usr/lib/libgcc.a(_divdi3.o)\n")
    expected = ["libc.a(printf.c.o)", "libgcc.a(_divdi3.o)"]
    return wrong_members(linked_from_library(text)) == expected


def build(directory):
    source = os.path.join(ROOT, "examples", "firmware")
    log = os.environ.get("FIRMWARE_LOG")
    if log and os.path.exists(log):
        os.unlink(log)
    configure = ("cmake", "-S", source, "-DBOARD=" + os.environ["FIRMWARE_BOARD"])
    debug = os.path.join(directory, "debug")
    if run(*configure, "-B", directory) or run("cmake", "--build", directory):
        return 1
    if run(*configure, "-B", debug, "-DCMAKE_BUILD_TYPE=Debug") or run("cmake", "--build", debug):
        return 1
    unknown = ("cmake", "-S", source, "-DBOARD=none", "-B", os.path.join(directory, "none"))
    if not run(*unknown, stderr=subprocess.DEVNULL):
        print("a board that is not known is built for")
        return 1
    with open(os.path.join(directory, "firmware.map"), encoding="utf-8") as f:
        members = linked_from_library(f.read())
    wrong = wrong_members(members)
    print("from libraries:", *sorted({member for _, member in members}))
    print("not one of the five functions:", *wrong or ["none"])
    return 1 if wrong or not members or not check_checks() else 0


# --- Figures ------------------------------------------------------------------------------------

def section_sizes(image):
    lines = output("arm-none-eabi-size", "-A", image).splitlines()
    return {fields[0]: int(fields[1]) for fields in map(str.split, lines)
            if len(fields) == 3 and fields[1].isdigit()}


def deepest_stack(log):
    """The most bytes that the firmware has told of, and how many there are."""
    if not os.path.exists(log):
        raise SystemExit("the other tests of the firmware come first")
    with open(log, encoding="utf-8") as f:
        told = re.findall(r"^stack: (\d+) of (\d+) bytes used$", f.read(), re.M)
    if not told:
        raise SystemExit("the firmware has told nothing of its stack")
    return max(int(used) for used, _ in told), int(told[0][1])


def measure():
    size = section_sizes(os.environ["FIRMWARE"])
    used, stack = deepest_stack(os.environ["FIRMWARE_LOG"])
    return {"flash": size[".text"] + size.get(".data", 0),
            "RAM, variables": size.get(".data", 0) + size[".bss"],
            "RAM, stack": stack,
            "stack used": used}


def limit(name, said):
    return said + STACK_GROWTH if name == "stack used" else said * GROWTH


def compare(measured, text, column):
    """What a page says otherwise."""
    for name, value in measured.items():
        match = re.search(rf"^\| {re.escape(name)} \| (\d+) \| (\d+) \|", text, re.M)
        if not match:
            yield f"{name}: not on the page"
        elif value > limit(name, int(match[1 + column])):
            yield f"{name}: {value} bytes, the page says {match[1 + column]}"


def check_comparison():
    """Whether what is wrong would be seen: more than the page says, and what it does not say."""
    page = "| a | 9 | 100 | x |\n| b | 900 | 100 | y |\n| stack used | 900 | 100 | z |\n"
    good = {"a": 102, "b": 102, "stack used": 228}
    bad = {"a": 103, "c": 1, "stack used": 229}
    return not list(compare(good, page, 1)) and len(list(compare(bad, page, 1))) == len(bad)


def figures(page):
    measured = measure()
    board = os.environ["FIRMWARE_BOARD"]
    with open(page, encoding="utf-8") as f:
        wrong = list(compare(measured, f.read(), COLUMNS[board]))
    print(board)
    for name, value in measured.items():
        print(f"{name:<16}{value:>8} bytes")
    if measured["stack used"] >= measured["RAM, stack"]:
        wrong.append("the stack has overflowed")
    print(*wrong, sep="\n")
    return 1 if wrong or not check_comparison() else 0


# --- Main ---------------------------------------------------------------------------------------

def main():
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(__doc__)
        return 0
    if len(sys.argv) != 3 or sys.argv[1] not in ("build", "run", "figures"):
        print(__doc__, file=sys.stderr)
        return 2
    what, argument = sys.argv[1:]
    lack = missing()
    if lack:
        print(f"skipped: {lack} is not installed")
        return 77
    if what == "build":
        return build(argument)
    if what == "figures":
        return figures(argument)
    return run(sys.executable, "-B", argument, env={**os.environ, "SOFTDTU": BOARD})


if __name__ == "__main__":
    sys.exit(main())
