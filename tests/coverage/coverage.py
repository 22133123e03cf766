#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shows how much of lib/ the unit tests reach, and fails if that is too little.

    coverage.py <root> <build directory> [--cmake cmake] [--ctest ctest] [--cc gcc] [--jobs n]
                [--exceptions file]

Builds the library and the unit tests with gcc --coverage in a build directory of its own, runs the
tests that have the label "unit", and prints for each file of lib/ how many of its lines were
executed and how many of its branches were taken. A branch is a way out of a condition: an "if" with
"&&" has four. Wanted are all lines, and 95 of 100 branches, in each file and in all of lib/.

exceptions.txt, beside this script, lists what no test reaches, and why: a line of it that is not
executed is no failure then. An entry that is not needed is one. Exit status 77: gcc or its gcov is not installed.
"""
import argparse
import collections
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
BRANCHES_WANTED = 95  # of 100

# What is known of a line: how often it was executed, and how often each branch of it was taken.
Line = collections.namedtuple("Line", "count branches")


# A line of lib/ that is excused, by its text, and where the exceptions say so.
Excuse = collections.namedtuple("Excuse", "where path text")


def read_exceptions(path):
    """The entries "file | text of the line | reason", one a line; # begins a comment."""
    entries, wrong = [], []
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            if not line.strip() or line.startswith("#"):
                continue
            where = f"{os.path.basename(path)}:{number}"
            fields = [field.strip() for field in line.split(" | ")]
            if len(fields) != 3 or not all(fields):
                wrong.append(f'{where}: not "file | text of the line | reason"')
                continue
            entries.append(Excuse(where, fields[0], fields[1]))
    return entries, wrong


def merge(into, gcov, root):
    """Adds what gcov says about the files of lib/; headers of the system and of others are not."""
    for file in gcov["files"]:
        path = os.path.relpath(os.path.join(gcov["current_working_directory"], file["file"]), root)
        if not path.startswith("lib" + os.sep):
            continue
        lines = into.setdefault(path, {})
        for line in file["lines"]:
            # A line can be there more than once: in two functions that were made of it.
            old = lines.get(line["line_number"], Line(0, ()))
            lines[line["line_number"]] = Line(
                old.count + line["count"],
                old.branches + tuple(branch["count"] for branch in line["branches"]))


def percent(part, whole):
    return 100 * part / whole if whole else 100.0


class Report:
    def __init__(self, root):
        self.root = root
        self.wrong = []  # what makes it a failure
        self.missing = []  # what is not covered, to be read
        self.totals = collections.Counter()

    def excused(self, path, texts, lines, entries):
        """The numbers of the lines that the exceptions excuse. An entry that excuses none is wrong."""
        numbers = set()
        for entry in entries:
            found = [n for n in lines if texts[n - 1].strip() == entry.text]
            needed = [n for n in found if not lines[n].count or 0 in lines[n].branches]
            if not found:
                self.wrong.append(f"{entry.where}: {path} has no such line")
            elif not needed:
                self.wrong.append(f"{entry.where}: not needed, the line of {path} is covered")
            numbers.update(needed)
        return numbers

    def add_file(self, path, lines, entries):
        with open(os.path.join(self.root, path), encoding="utf-8") as f:
            texts = f.read().splitlines()
        excused = self.excused(path, texts, lines, entries)
        count = collections.Counter()
        for number, line in sorted(lines.items()):
            where = f"{path}:{number}: {texts[number - 1].strip()}"
            taken = sum(1 for branch in line.branches if branch)
            count.update(lines=1, executed=line.count > 0, branches=len(line.branches),
                         taken=taken, excused=number in excused)
            if number in excused:
                continue
            if not line.count:
                self.wrong.append(f"not executed: {where}")
            elif taken < len(line.branches):
                self.missing.append(f"{len(line.branches) - taken} of {len(line.branches)} "
                                    f"branches not taken: {where}")
        self.row(path, count)
        self.totals.update(count)
        self.judge_branches(path, count)

    def judge_branches(self, what, count):
        if percent(count["taken"], count["branches"]) < BRANCHES_WANTED:
            self.wrong.append(f"{what}: less than {BRANCHES_WANTED} % of the branches")

    @staticmethod
    def row(name, count):
        print(f"{name:<28} {count['executed']:5d} of {count['lines']:5d} "
              f"{percent(count['executed'], count['lines']):6.1f} % "
              f"{count['taken']:5d} of {count['branches']:5d} "
              f"{percent(count['taken'], count['branches']):6.1f} % {count['excused']:8d}")


def report(root, covered, exceptions_path):
    """Prints the table and what is wrong. True if nothing is."""
    entries, wrong = read_exceptions(exceptions_path)
    r = Report(root)
    r.wrong += wrong
    print(f"{'':<28} {'lines':>23} {'branches':>23}  excused")
    for path in sorted(covered):
        r.add_file(path, covered[path], [e for e in entries if e.path == path])
    r.row("all", r.totals)
    r.judge_branches("all of lib/", r.totals)
    r.wrong += [f"{e.where}: {e.path} is no file with code in lib/" for e in entries
                if e.path not in covered]
    for line in [*r.missing, *r.wrong]:
        print(line)
    if not covered:
        r.wrong.append("nothing")
        print("there is no coverage data")
    return not r.wrong


# --- Building and running ------------------------------------------------------------------------

def run(*command, **options):
    """Runs a command; its output is printed only if it fails."""
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            check=False, **options)
    if result.returncode:
        print(result.stdout)
        sys.exit(f"failed: {' '.join(command)}")


def find(directory, extension):
    for where, _, names in os.walk(directory):
        yield from (os.path.join(where, name) for name in names if name.endswith(extension))


def build_and_test(args):
    # Each test is of what is there now: counts of an earlier run would hide what is lost.
    for path in list(find(args.build, ".gcda")):
        os.remove(path)
    run(args.cmake, "-S", args.root, "-B", args.build, f"-DCMAKE_C_COMPILER={args.cc}",
        "-DCMAKE_BUILD_TYPE=None", "-DCMAKE_C_FLAGS=-O0 -g --coverage -fprofile-update=atomic",
        "-DDTU_BUILD_TESTS=ON", "-DDTU_BUILD_EXAMPLES=OFF")
    run(args.cmake, "--build", args.build, "--target", "unit_tests", "--parallel", args.jobs)
    run(args.ctest, "--test-dir", args.build, "--label-regex", "^unit$", "--no-tests=error",
        "--output-on-failure", "--parallel", args.jobs)


def gather(args, gcov):
    """What was covered: {file of lib/: {line number: Line}}. A file that no test links counts too:
    its .gcno file, made by the compiler, lists its lines."""
    covered = {}
    objects = os.path.join(args.build, "CMakeFiles", "dtu.dir")
    for path in sorted(find(objects, ".gcno")):
        text = subprocess.run([gcov, "--branch-probabilities", "--json-format", "--stdout", path],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              check=True, cwd=args.build).stdout
        for line in text.splitlines():
            merge(covered, json.loads(line), args.root)
    return covered


def gcov_of(compiler):
    """gcov of the same version, or None: gcc-12 has gcov-12."""
    directory, name = os.path.split(shutil.which(compiler) or "")
    gcov = shutil.which(os.path.join(directory, name.replace("gcc", "gcov")))
    return gcov if "gcc" in name else None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root")
    parser.add_argument("build")
    parser.add_argument("--cmake", default="cmake")
    parser.add_argument("--ctest", default="ctest")
    parser.add_argument("--cc", default="gcc")
    parser.add_argument("--exceptions", default=os.path.join(HERE, "exceptions.txt"))
    parser.add_argument("--jobs", default=str(os.cpu_count()))
    args = parser.parse_args()
    args.root = os.path.realpath(args.root)
    args.build = os.path.realpath(args.build)

    gcov = gcov_of(args.cc)
    if gcov is None:
        print(f"skipped: {args.cc} or its gcov is not installed")
        return 77
    build_and_test(args)
    return 0 if report(args.root, gather(args, gcov), args.exceptions) else 1


if __name__ == "__main__":
    sys.exit(main())
