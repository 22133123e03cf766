#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shows that coverage.py sees what is not covered: it runs on small trees.

    selftest.py <empty directory> [options of coverage.py]
"""
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

CMAKE = """
cmake_minimum_required(VERSION 3.20)
project(small LANGUAGES C)
enable_testing()
add_library(dtu STATIC {sources})
add_executable(unit_tests test.c)
target_link_libraries(unit_tests PRIVATE dtu)
add_test(NAME unit COMMAND unit_tests)
set_tests_properties(unit PROPERTIES LABELS unit)
"""

GOOD = "int good(int x)\n{\n    return x > 0 ? 1 : 2;\n}\n"

# Of four branches the test below takes two; of the lines in if it executes one.
HALF = """int half(int x)
{
    if (x == 1)
        return 1;
    if (x == 2)
        return 2;
    return 3;
}
"""
NEVER = "int never(void)\n{\n    return 4;\n}\n"
TABLE = "extern const int table[2];\nconst int table[2] = {1, 2};\n"

TEST = """int good(int x);
int half(int x);
int main(void) { return good(1) == 1 && good(0) == 2 && half(1) == 1 ? 0 : 1; }
"""
GOOD_TEST = "int good(int x);\nint main(void) { return good(1) == 1 && good(0) == 2 ? 0 : 1; }\n"
FAILING_TEST = "int good(int x);\nint main(void) { return good(1) + good(0); }\n"

TREES = {
    "bad": {
        "lib/good.c": GOOD, "lib/half.c": HALF, "lib/never.c": NEVER, "lib/table.c": TABLE,
        "test.c": TEST,
        "exceptions.txt": "# a comment\n\n"
                          "lib/half.c | return 2; | this one is excused\n"
                          "lib/half.c | return 1; | but this one is covered\n"
                          "lib/half.c | return 9; | and this one is gone\n"
                          "lib/gone.c | return 2; | so is this file\n"
                          "lib/never.c | int never(void)\n"
                          "lib/never.c | int never(void) | \n",
    },
    "good": {
        "lib/good.c": GOOD, "lib/never.c": NEVER, "lib/table.c": TABLE, "test.c": GOOD_TEST,
        "exceptions.txt": "lib/never.c | int never(void) | a reason\n"
                          "lib/never.c | return 4; | a reason\n",
    },
    "failing": {"lib/good.c": GOOD, "test.c": FAILING_TEST, "exceptions.txt": ""},
    "empty": {"lib/table.c": TABLE, "test.c": "int main(void) { return 0; }\n",
              "exceptions.txt": ""},
}

EXPECTED = {
    "bad": [
        "lib/good.c                       2 of     2  100.0 %     2 of     2  100.0 %        0\n",
        "lib/half.c                       3 of     6   50.0 %     1 of     4   25.0 %        1\n",
        "lib/never.c                      0 of     2    0.0 %     0 of     0  100.0 %        0\n",
        "all                              5 of    10   50.0 %     3 of     6   50.0 %        1\n",
        "1 of 2 branches not taken: lib/half.c:3: if (x == 1)\n",
        "not executed: lib/half.c:5: if (x == 2)\n",
        "not executed: lib/half.c:7: return 3;\n",
        "not executed: lib/never.c:3: return 4;\n",
        "lib/half.c: less than 95 % of the branches\n",
        "all of lib/: less than 95 % of the branches\n",
        "exceptions.txt:4: not needed, the line of lib/half.c is covered\n",
        "exceptions.txt:5: lib/half.c has no such line\n",
        "exceptions.txt:6: lib/gone.c is no file with code in lib/\n",
        'exceptions.txt:7: not "file | text of the line | reason"\n',
        'exceptions.txt:8: not "file | text of the line | reason"\n',
        "exit status 1\n",
    ],
    "good": ["lib/never.c                      0 of     2    0.0 %     0 of     0  100.0 %        2\n",
             "exit status 0\n"],
    "failing": ["1 tests failed out of 1", "exit status 1\n"],
    "empty": ["there is no coverage data\n", "exit status 1\n"],
}

NOT_EXPECTED = {
    "bad": ["lib/table.c", "test.c", "not executed: lib/half.c:6", "not executed: lib/half.c:4",
            "exceptions.txt:3", "exceptions.txt:1:"],
    "good": ["not "],
    "failing": [],
    "empty": [],
}


def output(tree, options):
    result = subprocess.run(
        [sys.executable, "-B", os.path.join(HERE, "coverage.py"), tree,
         os.path.join(tree, "build"), "--exceptions", os.path.join(tree, "exceptions.txt"),
         *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return result.returncode, f"{result.stdout}exit status {result.returncode}\n"


def check(name, directory, options):
    tree = os.path.join(directory, name)
    sources = " ".join(path for path in TREES[name] if path.startswith("lib/"))
    for path, text in {**TREES[name], "CMakeLists.txt": CMAKE.format(sources=sources)}.items():
        path = os.path.join(tree, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
    status, text = output(tree, options)
    if status == 77:
        print(text)
        sys.exit(77)
    wrong = [f"{name}: not in the output: {line}" for line in EXPECTED[name] if line not in text]
    wrong += [f"{name}: in the output: {line}" for line in NOT_EXPECTED[name] if line in text]
    if wrong:
        print("\n".join([*wrong, f"the output was:\n{text}"]))
    return not wrong


def main():
    directory, *options = sys.argv[1:]
    shutil.rmtree(directory, ignore_errors=True)
    good = [check(name, directory, options) for name in TREES]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
