#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shows that each check of lint.py finds something: it runs on a library with one fault of each kind,
and on one without.

    selftest.py <empty directory>
"""
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TIDY = os.path.join(HERE, "..", "..", ".clang-tidy")
TABLE = "| rule | kind | why |\n| --- | --- | --- |\n"
GOOD = "int good(int a);\nint good(int a)\n{\n    return a;\n}\n"
LADDER = "".join(f"    if (a == {n}) {{\n        return {n + 1};\n    }}\n" for n in range(10))

# check: (page's rules, source, what is told)
FAULTS = {
    "tidy": ("", "int f(int a, int b);\nint f(int a, int b)\n{\n    return a == b || a == b;\n}\n",
             "misc-redundant-expression"),
    "analyzer": ("", "int f(void);\nint f(void)\n{\n    int *p = 0;\n    return *p;\n}\n",
                 "analyzer-null-dereference"),
    "cppcheck": ("", "int f(int i);\nint f(int i)\n{\n    static const int t[2] = {1, 2};\n"
                     "    return i == 3 ? t[i] : 0;\n}\n", "arrayIndexOutOfBoundsCond"),
    "misra": ("", "int f(int a);\nint f(int a)\n{\n    goto end;\nend:\n    return a;\n}\n",
              "lib/fault.c:4: MISRA rule 15.1, which docs/analysis.md does not list"),
    "misra, a row too many": ("| 15.1 | advisory | we jump |\n", GOOD, "rule 15.1 is listed, and kept"),
    "complexity": ("", f"int f(int a);\n/* Why not. */\nint f(int a)\n{{\n{LADDER}    return 0;\n}}\n",
                   "f has 11 ways through it, and no reason"),
    "complexity, a reason too many": ("", "/* Complexity: none. */\n" + GOOD.split("\n", 1)[1],
                                      "it needs no reason any more"),
}


def lint(root, check):
    return subprocess.run([sys.executable, "-B", os.path.join(HERE, "lint.py"), root, check],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def make_tree(root, rules, source):
    shutil.rmtree(root, ignore_errors=True)
    os.makedirs(os.path.join(root, "lib"))
    os.makedirs(os.path.join(root, "docs"))
    shutil.copy(TIDY, root)
    with open(os.path.join(root, "docs", "analysis.md"), "w", encoding="utf-8") as page:
        page.write(TABLE + rules)
    with open(os.path.join(root, "lib", "fault.c"), "w", encoding="utf-8") as file:
        file.write(source)


def main():
    root = os.path.join(sys.argv[1], "tree")
    wrong = skipped = 0
    for name, (rules, source, told) in FAULTS.items():
        check = name.split(",")[0]
        make_tree(root, rules, source)
        end = lint(root, check)
        if end.returncode == 77:
            print(f"{name}: {end.stdout.strip()}")
            skipped += 1
            continue
        if end.returncode != 1 or told not in end.stdout:
            wrong += 1
            print(f"{name}: exit status {end.returncode} without '{told}':\n{end.stdout}")
        make_tree(root, "", GOOD)
        end = lint(root, check)
        if end.returncode != 0:
            wrong += 1
            print(f"{name}: exit status {end.returncode} where nothing is wrong:\n{end.stdout}")
    print(f"{len(FAULTS)} kinds of fault, {wrong} wrong, {skipped} not looked for")
    if wrong:
        return 1
    return 77 if skipped else 0


if __name__ == "__main__":
    sys.exit(main())
