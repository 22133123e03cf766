#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the unit tests on another machine: the same sources, compiled for it, in an emulator of it.

    portable.py <root> <output directory> <target> [program...]

Targets: x86_64_gcc, x86_64_clang, x86_32, s390x, cortex_m0, cortex_m3, cortex_m33, avr.
All unit tests, or the programs that are named: "sdp" is tests/unit/test_sdp.c.
A program that does not fit into the memory of the target is cut in halves until the parts do. A
test that does not fit alone runs on the next larger machine of the target, which is the same core
with more memory; one that fits on none is an error. What the source calls CHECK_LARGE is left out
on a target with less than 64 KiB, and that is said. Each target also runs the self-test of the
harness, which must be seen to fail.

The result, a line for each machine and each test left out, is also written to
<output directory>/result.txt.
Exit status 77: a tool for the target is not installed.
"""
import concurrent.futures
import dataclasses
import glob
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TIMEOUT_S = 300  # for one program
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
SECTIONS = ["-ffunction-sections", "-fdata-sections"]
BARE_METAL = ("-Os", f"-DCHECK_PORT=\"{HERE}/bare_metal.h\"")
NO_FIT = re.compile(r"region `\w+' overflowed|is not within region|will not fit in region")
VERDICT = re.compile(r"(\d+) passed, (\d+) failed\n\Z")


@dataclasses.dataclass
class Machine:
    title: str
    run: tuple = ("{program}",)  # the command
    link: tuple = ()
    too_large: tuple = ()  # programs of which almost no test fits: not tried, that takes long


@dataclasses.dataclass
class Target:
    compiler: str
    flags: tuple
    machines: tuple  # from small to large
    tools: tuple = ()  # programs that it needs, beside the compiler
    files: tuple = ()  # what its compiler must find, beside libgcc.a
    host_files: tuple = ()  # what gcc must find
    is_small: bool = False  # it has less than 64 KiB: without the tests CHECK_LARGE


# These have whole modules, or all that modules say, in memory.
LARGE = ("device", "device_frames", "device_identity", "at_client", "at_client_device", "at_server",
         "config")


def arm(core, board, flash, flash_size, ram, ram_sizes, too_large=()):
    """A Cortex-M board of QEMU; ram_sizes: KiB, and the options that give the board so much."""
    qemu = ("qemu-system-arm", "-M", board, "-nographic", "-monitor", "none", "-serial", "none",
            "-chardev", "stdio,id=c0", "-semihosting-config",
            "enable=on,target=native,chardev=c0", "-kernel", "{program}")
    machines = []
    for size, options in ram_sizes:
        layout = {"flash": flash, "flash_size": flash_size, "ram": ram, "ram_size": f"{size}K",
                  "stack_size": "3K"}
        link = tuple(f"-Wl,--defsym=__{name}={value}" for name, value in layout.items())
        machines.append(Machine(
            f"{board}, {size} KiB of RAM", qemu + options,
            ("--oslib=semihost", "--crt0=semihost", "-T", "picolibc.ld") + link))
    machines[0].too_large = too_large
    return Target("arm-none-eabi-gcc",
                  (f"-mcpu={core}", "-mthumb", "--specs=picolibc.specs") + BARE_METAL,
                  tuple(machines), ("qemu-system-arm",), ("picolibc.specs",))


def avr(ram_end, too_large):
    """An ATmega1284P, whose RAM begins at 0x100. Constants lie in RAM, too."""
    size = ram_end + 1 - 0x100
    stack = 0x380
    return Machine(f"atmega1284p, {size // 1024} KiB of RAM",
                   ("{output}/avr_machine", "{program}", f"{ram_end:#x}"),
                   (f"-Wl,--defsym=__stack={ram_end:#x}",
                    f"-Wl,--defsym=__DATA_REGION_LENGTH__={size - stack:#x}"), too_large)


TARGETS = {
    "x86_64_gcc": Target("gcc", ("-m64", "-O2"), (Machine("this machine"),)),
    "x86_64_clang": Target("clang", ("-m64", "-O2"), (Machine("this machine"),)),
    "x86_32": Target("gcc", ("-m32", "-O2"), (Machine("this machine"),), (), ("crt1.o",)),
    "s390x": Target("s390x-linux-gnu-gcc", ("-O2", "-static"),
                    (Machine("qemu-s390x", ("qemu-s390x", "{program}")),),
                    ("qemu-s390x",), ("libc.a",)),
    "cortex_m0": arm("cortex-m0", "microbit", 0, "256K", 0x20000000,
                     ((16, ()), (1024, ("-global", "nrf51-soc.sram-size=0x100000"))),
                     LARGE),
    "cortex_m3": arm("cortex-m3", "mps2-an385", 0, "4M", 0x20000000, ((4096, ()),)),
    "cortex_m33": arm("cortex-m33", "mps2-an505", 0x10000000, "4M", 0x38000000, ((4096, ()),)),
    "avr": Target("avr-gcc", ("-mmcu=atmega1284p",) + BARE_METAL,
                  (avr(0x40FF, LARGE + ("profile", "settings")), avr(0xFFFF, ())), ("gcc",),
                  ("crtatmega1284p.o",), ("libsimavr.so", "libelf.so"), is_small=True),
}


@dataclasses.dataclass
class Program:
    name: str
    tests: list  # their names

    def names(self, numbers):
        return [self.tests[n] for n in numbers]


@dataclasses.dataclass
class Part:
    """Tests of a program that were run, or left out, together."""
    name: str
    tests: list  # their names
    level: int = -1  # which of the target's machines; -1 if none
    passed: int = 0
    complaint: str = ""  # what is wrong


class BuildError(Exception):
    pass


def run(command, timeout=None):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=timeout, text=True, errors="replace",
                          check=False)


def build(*command):
    result = run(command)
    if result.returncode:
        raise BuildError(" ".join(command) + "\n" + result.stdout)


def finds(command, name):
    """Whether a compiler finds a file."""
    # The answer is a path if there is such a file, otherwise the name itself.
    answer = run([*command, f"-print-file-name={name}"])
    return answer.returncode == 0 and os.path.isfile(answer.stdout.strip())


def missing(target):
    """What is not installed of the tools for a target, or None."""
    for tool in (target.compiler, *target.tools):
        if not shutil.which(tool):
            return tool
    for name in ("libgcc.a", *target.files):
        if not finds([target.compiler, *target.flags], name):
            return f"{name} for {target.compiler} {target.flags[0]}"
    for name in target.host_files:
        if not finds(["gcc"], name):
            return name
    return None


def condition(numbers):
    """C that is true for an n of these numbers, which ascend."""
    runs = []
    for n in numbers:
        if runs and n == runs[-1][1] + 1:
            runs[-1][1] = n
        else:
            runs.append([n, n])
    return "(" + "||".join(f"((n)>={first}&&(n)<={last})" for first, last in runs) + ")"


class Suite:
    """The unit tests on one target."""

    def __init__(self, root, output, target):
        self.root = root
        self.output = output
        self.target = target
        self.objects = []

    def compile(self, source, path, *options):
        build(self.target.compiler, *self.target.flags, "-std=c99", *SECTIONS, *options,
              "-I", f"{self.root}/include", "-c", source, "-o", path)

    def link(self, program, machine):
        """False if it does not fit."""
        try:
            build(self.target.compiler, *self.target.flags, *machine.link, "-Wl,--gc-sections",
                  program + ".o", *self.objects, "-o", program)
        except BuildError as error:
            if NO_FIT.search(str(error)):
                return False
            raise
        return True

    def execute(self, program, machine):
        """What it printed; how many tests passed and failed, or None; its exit status."""
        command = [word.format(program=program, output=self.output) for word in machine.run]
        try:
            result = run(command, TIMEOUT_S)
        except subprocess.TimeoutExpired as error:
            printed = (error.stdout or b"").decode(errors="replace")
            return f"{printed}not done after {TIMEOUT_S} s\n", None, None
        verdict = VERDICT.search(result.stdout)
        counts = (int(verdict[1]), int(verdict[2])) if verdict else None
        return result.stdout, counts, result.returncode

    def build_library(self, pool):
        sources = glob.glob(f"{self.root}/lib/*.c") + glob.glob(f"{self.root}/lib/*/*.c")
        self.objects = [f"{self.output}/{os.path.basename(s)[:-2]}.o" for s in sources]
        list(pool.map(lambda s, o: self.compile(s, o, "-ffreestanding"), sources, self.objects))

    def build_avr_machine(self):
        build("gcc", "-O2", *WARNINGS, f"{HERE}/avr_machine.c", "-o", f"{self.output}/avr_machine",
              "-lsimavr", "-lelf")

    def self_test(self):
        """A test that fails must be seen to fail, on each machine: what is wrong with that."""
        program = f"{self.output}/check_selftest"
        self.compile(f"{self.root}/tests/unit/check_selftest.c", program + ".o", *WARNINGS)
        for machine in self.target.machines:
            if not self.link(program, machine):
                yield f"{machine.title}: the self-test does not fit"
                continue
            printed, counts, status = self.execute(program, machine)
            failed = re.findall(r"^FAILED (\w+)$", printed, re.M)
            if counts != (1, 2) or status != 1 or failed != ["integers_differ", "bytes_differ"]:
                yield f"{machine.title}: the self-test, exit status {status}\n{printed}"

    def unit_test(self, path):
        """All parts of a program."""
        with open(path, encoding="utf-8") as f:
            found = re.findall(r"\bCHECK_(TEST|LARGE)\((\w+)\)", f.read())
        name = re.fullmatch(r"test_(\w+)\.c", os.path.basename(path))[1]
        large = [n for n, (kind, _) in enumerate(found) if kind == "LARGE" and self.target.is_small]
        program = Program(name, [test for _, test in found])
        left = [n for n in range(len(found)) if n not in large]
        parts = []
        for level, machine in enumerate(self.target.machines):
            if name not in machine.too_large:
                more, left = self.place(program, left, level)
                parts += more
        if large:
            parts.append(Part(name, program.names(large)))
        if left:
            parts.append(Part(name, program.names(left), complaint="fits on no machine of "
                              "this target: to be made smaller, or a CHECK_LARGE"))
        return parts

    def place(self, program, numbers, level):
        """Runs those tests of a program that fit on a machine: the parts, and the other tests."""
        if not numbers:
            return [], []
        path = f"{self.output}/{program.name}_{level}_{numbers[0]}_{numbers[-1]}"
        self.compile(f"{self.root}/tests/unit/test_{program.name}.c", path + ".o", *WARNINGS,
                     f"-DCHECK_COUNT={len(program.tests)}",
                     f"-DCHECK_CHOSEN(n)={condition(numbers)}")
        if self.link(path, self.target.machines[level]):
            return [self.run_part(path, Part(program.name, program.names(numbers), level))], []
        if len(numbers) == 1:
            return [], numbers
        middle = len(numbers) // 2
        parts, left = self.place(program, numbers[:middle], level)
        more_parts, more_left = self.place(program, numbers[middle:], level)
        return parts + more_parts, left + more_left

    def run_part(self, path, part):
        """The part, with what came of it."""
        printed, counts, status = self.execute(path, self.target.machines[part.level])
        part.passed = counts[0] if counts else 0
        if counts != (len(part.tests), 0) or status != 0:
            part.complaint = f"{os.path.basename(path)}, exit status {status}:\n{printed}"
        return part

    def run(self, names):
        """All parts, and what is wrong elsewhere. No names: all programs."""
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            self.build_library(pool)
            if self.target.compiler == "avr-gcc":
                self.build_avr_machine()
            wrong = list(self.self_test())
            paths = glob.glob(f"{self.root}/tests/unit/test_*.c")
            if names:
                paths = [f"{self.root}/tests/unit/test_{name}.c" for name in names]
            paths.sort(key=os.path.getsize, reverse=True)  # what takes long begins
            parts = [part for found in pool.map(self.unit_test, paths) for part in found]
        return parts, wrong


def table(name, target, parts):
    """A line for each machine, and for each test that was left out."""
    for level, machine in enumerate(target.machines):
        here = [part for part in parts if part.level == level]
        tests = sum(len(part.tests) for part in here)
        passed = sum(part.passed for part in here)
        yield (f"{name:<13} {machine.title:<29} {len({part.name for part in here}):>3} programs in "
               f"{len(here):>3} parts: {passed:>5} passed, {tests - passed} failed")
    for part in parts:
        if part.level < 0:
            for test in part.tests:
                yield f"{name:<13} {part.name}, left out, too large: {test}"


def report(name, output, lines):
    for line in lines:
        print(line)
    with open(f"{output}/result.txt", "w", encoding="utf-8") as f:
        f.writelines(line + "\n" for line in lines)


def main():
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(__doc__)
        return 0
    if len(sys.argv) < 4 or sys.argv[3] not in TARGETS:
        print(__doc__, file=sys.stderr)
        return 2
    root, output, name, *programs = sys.argv[1:]
    target = TARGETS[name]
    os.makedirs(output, exist_ok=True)
    lack = missing(target)
    if lack:
        report(name, output, [f"{name:<13} skipped: {lack} is not installed"])
        return 77
    try:
        parts, wrong = Suite(root, output, target).run(programs)
    except BuildError as error:
        report(name, output, [f"{name:<13} does not build"])
        print(error)
        return 1
    wrong += [f"{part.name}: {part.complaint}" for part in parts if part.complaint]
    print("\n".join(wrong))
    report(name, output, list(table(name, target, parts)))
    return 1 if wrong or not parts else 0


if __name__ == "__main__":
    sys.exit(main())
