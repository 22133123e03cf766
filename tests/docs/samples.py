#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compiles the C samples in README.md and docs/*.md.

    samples.py <root> <output directory> <compiler> <library>...

A fenced block of C is a sample if it
    has an `int main`             compiled and linked;
    begins with /* runs */        also run: it must return 0, and if the next fenced block is of
                                  the kind "text", print just that;
    begins with /* compiles */    compiled only.
Any other block is taken for a fragment and left alone.
"""
import glob
import os
import re
import subprocess
import sys

FLAGS = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-D_POSIX_C_SOURCE=200809L"]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def try_sample(code, expected, path, command, libraries):
    """What is wrong with a sample, or an empty string."""
    with open(path + ".c", "w", encoding="utf-8") as f:
        f.write(code)
    linked = "int main" in code
    args = [path + ".c", *libraries, "-o", path] if linked else ["-c", path + ".c", "-o", path + ".o"]
    result = subprocess.run([*command, *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, check=False)
    if result.returncode:
        return result.stdout
    if linked and code.startswith("/* runs */"):
        result = subprocess.run([path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                timeout=60, check=False)
        if result.returncode:
            return f"{result.stdout}exit status {result.returncode}"
        if expected is not None and result.stdout != expected:
            return f"printed\n{result.stdout}but the page says\n{expected}"
    return ""


def main():
    root, output, compiler, *libraries = sys.argv[1:]
    os.makedirs(output, exist_ok=True)
    command = [compiler, *FLAGS, "-I", f"{root}/include"]
    # The headers of a port lie beside its sources.
    for port in sorted(glob.glob(f"{root}/ports/*/")):
        command += ["-I", port]

    count = failed = 0
    for page in [f"{root}/README.md", *sorted(glob.glob(f"{root}/docs/*.md"))]:
        if not os.path.exists(page):
            continue
        with open(page, encoding="utf-8") as f:
            text = f.read()
        blocks = list(FENCE.finditer(text))
        for block, following in zip(blocks, [*blocks[1:], None]):
            kind, code = block.groups()
            if kind != "c" or not ("int main" in code or code.startswith("/* compiles */")):
                continue
            count += 1
            line = text.count("\n", 0, block.start()) + 1
            path = os.path.join(output, f"{os.path.basename(page)[:-3]}_{line}")
            expected = following[2] if following and following[1] == "text" else None
            wrong = try_sample(code, expected, path, command, libraries)
            if wrong:
                failed += 1
                print(f"{os.path.relpath(page, root)}:{line}: sample:\n{wrong}")
    print(f"{count - failed} samples are good, {failed} are not")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
