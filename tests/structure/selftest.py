#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shows that structure.py and headers.py see each kind of violation: they run on a bad tree.

    selftest.py <empty directory> <C compiler> <ar>
"""
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
LICENCE = "/* SPDX-License-Identifier: MIT */\n"

BAD_TREE = {
    "CMakeLists.txt": "# SPDX-License-Identifier: MIT\nset(DTU_ENGINES base nowhere)\n",
    "notes.txt": "",
    "include/dtu/base.h": LICENCE + '#include "dtu/framer.h"\n',
    "include/dtu/framer.h": LICENCE + "#include <stdio.h>\nint f(uint8_t *p);\n",
    "include/dtu/orphan.h": LICENCE,
    "lib/base.c": "int dtu_base;\n",
    "lib/framer.c": LICENCE + '#include "dtu/framer.h"\n#include "dtu/queue.h"\n'
                              '#include "framer_private.h"\n#include "dtu/base.h"\n',
    "lib/framer/part.c": LICENCE + '#include "framer_internal.h"\n#include "dtu/device.h"\n',
    "lib/framer/framer_internal.h": LICENCE + '#include "dtu/framer.h"\n',
    "lib/queue.c": LICENCE + '#include "framer_internal.h"\n',
    "lib/stranger.c": LICENCE,
    "lib/profiles/k7.c": LICENCE + '#include "rows.h"\n#include "dtu/device.h"\n'
                                   '#include "dtu/profile.h"\n',
    "lib/profiles/rows.h": LICENCE + '#include "dtu/profile.h"\n',
    "ports/posix/local.h": LICENCE,
    "ports/posix/port.c": LICENCE + '#include "local.h"\n#include "../../lib/x.h"\n'
                                    "#include <dtu/none.h>\n",
    "examples/demo.c": LICENCE + '#include "local.h"\n#include <stdio.h>\n/* ' + "x" * 100 + " */\n",
    "tests/tool.sh": "#!/bin/sh\n",
}

EXPECTED = [
    "CMakeLists.txt:1: names: lib/nowhere.c is missing, but in DTU_ENGINES",
    "CMakeLists.txt:1: names: lib/framer/part.c is not in DTU_PARTS",
    "CMakeLists.txt:1: names: lib/profiles/k7.c is not in DTU_PROFILES",
    "notes.txt:1: top level: does not belong here",
    "LICENSE:1: top level: is missing",
    "include/dtu/base.h:2: layers: base (layer 0) may not include dtu/framer.h (layer 3)",
    "include/dtu/framer.h:2: layers: <stdio.h> is not freestanding",
    "include/dtu/orphan.h:1: names: lib/orphan.c is missing",
    "lib/base.c:1: licence: no SPDX",
    "lib/base.c:1: names: docs/base.md is missing",
    "lib/base.c:1: names: fuzz/fuzz_base.c is missing",
    "lib/base.c:1: names: tests/unit/test_base.c is missing",
    "lib/device.c:1: names: has a layer in structure.py, but is missing",
    "lib/framer.c:3: layers: framer (layer 3) may not include dtu/queue.h (layer 3)",
    'lib/framer.c:4: layers: "framer_private.h" is no public header',
    "lib/framer/part.c:3: layers: framer (layer 3) may not include dtu/device.h (layer 6)",
    'lib/queue.c:2: layers: "framer_internal.h" is no public header',
    "lib/stranger.c:1: layers: stranger has no layer in structure.py",
    "lib/stranger.c:1: names: include/dtu/stranger.h is missing",
    "lib/profiles/k7.c:3: layers: profile (layer 4) may not include dtu/device.h (layer 6)",
    'ports/posix/port.c:3: layers: "../../lib/x.h" is neither public nor',
    "ports/posix/port.c:4: layers: dtu/none.h is no public header",
    "examples/demo.c:4: columns: 106 of 100",
    "tests/tool.sh:1: licence: no SPDX",
]

# What is right in the bad tree.
NOT_EXPECTED = [
    "lib/framer.c:2:",
    "lib/framer.c:5:",
    "lib/framer/part.c:1:",
    "lib/framer/part.c:2:",
    "lib/framer/framer_internal.h:",
    "lib/profiles/k7.c:2:",
    "lib/profiles/k7.c:4:",
    "lib/profiles/rows.h:2:",
    "ports/posix/port.c:2:",
    "examples/demo.c:2:",
    "examples/demo.c:3:",
]

BAD_OBJECT = "int counter; int table[3] = {1}; int *get(void); int *twice(void) { return get(); }\n"
EXPECTED_OF_ARCHIVE = [
    "libbad.a:1: archive: bad.o has 4 bytes in .bss",
    "libbad.a:1: archive: bad.o has 12 bytes in .data",
    "libbad.a:1: archive: bad.o needs get",
]

EXPECTED_OF_HEADERS = [
    "include/dtu/framer.h:1: headers: not alone as c",
    'include/dtu/orphan.h:1: headers: no extern "C"',
]


def output(script, *args):
    result = subprocess.run([sys.executable, os.path.join(HERE, script), *args],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                            check=False)
    return result.stdout + f"exit status {result.returncode}\n"


def compare(what, text, expected, not_expected=()):
    wrong = [f"{what} does not report: {line}" for line in [*expected, "exit status 1"]
             if line not in text]
    wrong += [f"{what} complains about: {line}" for line in not_expected if line in text]
    for line in wrong:
        print(line)
    if wrong:
        print(f"the output was:\n{text}")
    return not wrong


def main():
    directory, compiler, ar = sys.argv[1:]
    shutil.rmtree(directory, ignore_errors=True)
    tree = os.path.join(directory, "tree")
    for path, text in BAD_TREE.items():
        path = os.path.join(tree, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
    ok = compare("structure.py", output("structure.py", tree), EXPECTED, NOT_EXPECTED)
    ok &= compare("headers.py", output("headers.py", tree, "c", compiler), EXPECTED_OF_HEADERS)

    with open(os.path.join(directory, "bad.c"), "w", encoding="utf-8") as f:
        f.write(BAD_OBJECT)
    subprocess.run([compiler, "-c", "bad.c"], cwd=directory, check=True)
    subprocess.run([ar, "rc", "libbad.a", "bad.o"], cwd=directory, check=True)
    ok &= compare("structure.py --archive",
                  output("structure.py", tree, "--archive", os.path.join(directory, "libbad.a")),
                  EXPECTED_OF_ARCHIVE)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
