# SPDX-License-Identifier: MIT
"""Builds the benchmark program for this machine and for a Cortex-M0, and counts the instructions
that a pass of one of its cases takes there. Counts repeat."""
import os
import re
import shutil
import subprocess

import at_tables

TARGETS = ("x86-64", "Cortex-M0")
ENGINES = ("base", "escape", "params", "at_server", "baudsync", "framer", "cmdmode", "sdp",
           "discovery", "crc")
BENCHES = ("bench", "at", "baudsync", "framer", "cmdmode", "sdp", "discovery", "crc", "secret",
           "login")
M0 = ("arm-none-eabi-gcc", "-mcpu=cortex-m0", "-mthumb", "-Os", "--specs=picolibc.specs")
M0_INPUT_SIZE = 2048  # what a case has for its input: the microbit has 16 KiB of RAM
M0_LINK = ("--oslib=semihost", "--crt0=semihost", "-Wl,--defsym=__flash=0",
           "-Wl,--defsym=__flash_size=256k", "-Wl,--defsym=__ram=0x20000000",
           "-Wl,--defsym=__ram_size=16k", "-Wl,--defsym=__stack_size=1k", "-T", "picolibc.ld")
QEMU = ("qemu-system-arm", "-M", "microbit", "-nographic", "-monitor", "none", "-serial", "none",
        "-singlestep", "-d", "exec,nochain")


def missing(target):
    """Why a target cannot be counted on, or an empty string."""
    tools = {"x86-64": ("valgrind",), "Cortex-M0": ("qemu-system-arm", "arm-none-eabi-gcc")}
    if target == "x86-64" and os.uname().machine != "x86_64":
        return "this is another machine"
    absent = [tool for tool in tools[target] if not shutil.which(tool)]
    return f"{' and '.join(absent)} not installed" if absent else ""


def run(command, **options):
    """The output of a command that must succeed."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, check=False, **options)
    if result.returncode:
        raise SystemExit(f"{' '.join(command)}\n{result.stdout}exit status {result.returncode}")
    return result.stdout


def build(root, directory, command, mains, options=(), link=()):
    """The benchmark program with these files for its main. Returns its path."""
    os.makedirs(directory, exist_ok=True)
    with open(f"{directory}/at_tables.h", "w", encoding="utf-8") as f:
        f.write(at_tables.text())
    sources = [(f"{root}/lib/{e}.c", ("-ffreestanding",)) for e in ENGINES]
    sources += [(f"{root}/tests/bench/{b}.c", options) for b in (*BENCHES, *mains)]
    objects = []
    for source, extra in sources:
        kind = os.path.basename(os.path.dirname(source))
        objects.append(f"{directory}/{kind}_{os.path.basename(source)[:-2]}.o")
        run([*command, "-std=c99", "-ffunction-sections", "-fdata-sections", f"-I{root}/include",
             f"-I{directory}", *extra, "-c", source, "-o", objects[-1]])
    program = f"{directory}/dtu_bench"
    run([*command, *objects, "-Wl,--gc-sections", *link, "-o", program])
    return program


def has_zlib(compiler):
    return subprocess.run([compiler, "-E", "-include", "zlib.h", "-x", "c", os.devnull],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          check=False).returncode == 0


def build_host(root, directory, compiler):
    zlib = has_zlib(compiler)
    return build(root, directory, (compiler, "-O2"), ("main", "times"),
                 ("-DBENCH_ZLIB",) if zlib else (), ("-lz",) if zlib else ())


def build_cortex_m0(root, directory):
    return build(root, directory, M0, ("bare",), (f"-DBENCH_INPUT_SIZE={M0_INPUT_SIZE}",), M0_LINK)


def crc_size(root, directory, entries):
    """Bytes of code and table of CRC-32 on a Cortex-M0+."""
    path = f"{directory}/crc_{entries}.o"
    run([M0[0], "-mcpu=cortex-m0plus", *M0[2:], "-std=c99", "-ffreestanding", f"-I{root}/include",
         f"-DDTU_CRC_TABLE={entries}", "-c", f"{root}/lib/crc.c", "-o", path])
    return int(run(["arm-none-eabi-size", path]).splitlines()[1].split()[0])


def length_in(text):
    return int(re.search(r"^\d+$", text, re.MULTILINE)[0])


def on_host(program, case):
    """Instructions of one pass of a case, all that it calls included, and bytes that it takes."""
    text = run(["valgrind", "--tool=callgrind", "--toggle-collect=bench_pass",
                f"--callgrind-out-file={program}_{case}.callgrind", program, "--count", str(case),
                "1"])
    return int(re.search(r"Collected : (\d+)", text)[1]), length_in(text)


def traced(program, case, passes):
    """Instructions of a whole run on a Cortex-M0, its start-up included, and bytes of a pass."""
    trace = f"{program}_{case}_{passes}.trace"
    text = run([*QEMU, "-semihosting-config", f"enable=on,target=native,arg={case},arg={passes}",
                "-D", trace, "-kernel", program], timeout=120)
    with open(trace, "rb") as f:
        count = sum(line.startswith(b"Trace ") for line in f)
    os.remove(trace)
    return count, length_in(text)


def on_cortex_m0(program, case):
    """Instructions of one pass of a case, which is what a second one adds, and bytes of it."""
    twice, length = traced(program, case, 2)
    return twice - traced(program, case, 1)[0], length
