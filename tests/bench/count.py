# SPDX-License-Identifier: MIT
"""Counts instructions of small programs, on this machine and on a Cortex-M0. Counts repeat."""
import os
import re
import shutil
import subprocess

TARGETS = ("x86-64", "Cortex-M0")
M0 = ["arm-none-eabi-gcc", "-mcpu=cortex-m0", "-mthumb", "-Os", "--specs=picolibc.specs"]
M0_LINK = ["--oslib=semihost", "--crt0=semihost", "-Wl,--defsym=__flash=0",
           "-Wl,--defsym=__flash_size=256k", "-Wl,--defsym=__ram=0x20000000",
           "-Wl,--defsym=__ram_size=16k", "-Wl,--defsym=__stack_size=1k", "-T", "picolibc.ld"]
QEMU = ["qemu-system-arm", "-M", "microbit", "-nographic", "-monitor", "none", "-serial", "none",
        "-semihosting-config", "enable=on,target=native", "-singlestep", "-d", "exec,nochain"]


def missing(target):
    """Why a target cannot be counted on, or an empty string."""
    tools = {"x86-64": ("valgrind",), "Cortex-M0": ("qemu-system-arm", "arm-none-eabi-gcc")}
    if target == "x86-64" and os.uname().machine != "x86_64":
        return "this is another machine"
    absent = [tool for tool in tools[target] if not shutil.which(tool)]
    return f"{' and '.join(absent)} not installed" if absent else ""


def run(command, **options):
    """The output of a command that must succeed."""
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            check=False, **options)
    if result.returncode:
        raise SystemExit(f"{' '.join(command)}\n{result.stdout}exit status {result.returncode}")
    return result.stdout


made = {}  # objects of the library, by what they were made with


def compile_one(command, source, options, obj):
    run([*command, "-std=c99", "-ffunction-sections", "-fdata-sections", *options, "-c", source,
         "-o", obj])
    return obj


def build(command, sources, options, program, link=()):
    """Compiles sources and links them. The library is compiled once, as its own build does."""
    objects = []
    for source in sources:
        obj = f"{program}_{os.path.basename(source)[:-2]}.o"
        if "/lib/" not in source:
            objects.append(compile_one(command, source, options, obj))
            continue
        key = (*command, source)
        if key not in made:
            includes = [option for option in options if option.startswith("-I")]
            made[key] = compile_one(command, source, ["-ffreestanding", *includes], obj)
        objects.append(made[key])
    run([*command, *objects, "-Wl,--gc-sections", *link, "-o", program])
    return program


def host(compiler, sources, options, program, function):
    """Instructions of all calls of a function, what it calls included."""
    build([compiler, "-O2"], sources, options, program)
    text = run(["valgrind", "--tool=callgrind", f"--toggle-collect={function}",
                f"--callgrind-out-file={program}.callgrind", program])
    return int(re.search(r"Collected : (\d+)", text)[1])


def cortex_m0(sources, options, program):
    """Instructions of a whole program, its start-up included."""
    build(M0, sources, options, program, M0_LINK)
    trace = program + ".trace"
    run([*QEMU, "-D", trace, "-kernel", program], timeout=120, stdin=subprocess.DEVNULL)
    with open(trace, encoding="utf-8") as f:
        count = sum(line.startswith("Trace ") for line in f)
    os.remove(trace)
    return count
