#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each public header compiles alone, as strict C99 or as C++, also when it is included twice.

    headers.py <root> c <compiler>
    headers.py <root> c++ <compiler>
"""
import os
import subprocess
import sys

FLAGS = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only"]


def main():
    root, language, compiler = sys.argv[1:]
    standard = "-std=c99" if language == "c" else "-std=c++11"
    include = os.path.join(root, "include")
    names = sorted(os.listdir(os.path.join(include, "dtu")))
    failed = 0
    for name in names:
        # The declaration: C has no empty translation unit.
        text = f'#include "dtu/{name}"\n' * 2 + "extern int nothing;\n"
        command = [compiler, "-x", language, standard, *FLAGS, "-I", include, "-"]
        result = subprocess.run(command, input=text, text=True, check=False)
        ok = result.returncode == 0
        with open(os.path.join(include, "dtu", name), encoding="utf-8") as f:
            if 'extern "C" {' not in f.read():
                print(f'include/dtu/{name}:1: headers: no extern "C"')
                ok = False
        if not ok:
            print(f"include/dtu/{name}:1: headers: not alone as {language}")
            failed += 1
    print(f"{len(names) - failed} headers compile alone as {language}, {failed} do not")
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main())
