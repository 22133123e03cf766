#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Static analysis of the library: one kind of check a run.

    lint.py <root> tidy|analyzer|cppcheck|misra|complexity

tidy        clang-tidy with .clang-tidy; a warning fails
analyzer    gcc -fanalyzer; a warning fails
cppcheck    cppcheck without MISRA; a finding fails
misra       cppcheck's addon for MISRA C:2012; each rule that is not kept must be a row of the table
            of docs/analysis.md, and each row there a rule that is not kept
complexity  pmccabe: more than 10 ways through a function need "Complexity: <reason>" in the comment
            above it; a reason that is no longer needed fails too

Exit status: 0, 1 if something was found, 77 if the tool is not installed.
"""
import collections
import concurrent.futures
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

LIMIT = 10
PAGE = "docs/analysis.md"
COMMON = ["-std=c99", "-ffreestanding", "-Iinclude"]


def sources(root):
    found = glob.glob(os.path.join(root, "lib", "**", "*.c"), recursive=True)
    return sorted(os.path.relpath(path, root) for path in found)


def need(*names):
    for name in names:
        if shutil.which(name):
            return name
    print(f"skipped: {names[0]} is not installed")
    sys.exit(77)


def run(root, command):
    return subprocess.run(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", check=False)


def run_each(root, command_of):
    """One run a source, as many at a time as there are processors; the outputs of those that fail."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        ends = pool.map(lambda path: run(root, command_of(path)), sources(root))
        return [end.stdout for end in ends if end.returncode != 0]


def tidy(root):
    tool = need("clang-tidy-14", "clang-tidy")
    return run_each(root, lambda path: [tool, "--quiet", path, "--", *COMMON])


def analyzer(root):
    tool = need("gcc")
    # without optimisation: what is inlined is not looked at once more for each caller
    return run_each(root, lambda path: [tool, *COMMON, "-O0", "-fanalyzer", "-Werror", "-S",
                                        "-o", os.devnull, path])


def run_cppcheck(root, *options):
    tool = need("cppcheck")
    with tempfile.TemporaryDirectory() as build:
        end = run(root, [tool, "--std=c99", "-Iinclude", "-q", f"-j{os.cpu_count()}",
                         f"--cppcheck-build-dir={build}", "--platform=unix32", "--inline-suppr",
                         "--suppress=missingIncludeSystem",
                         "--template={file}:{line}: {id}: {message}", *options, "lib"])
    if end.returncode != 0:
        return end.stdout.splitlines() + [f"cppcheck: exit status {end.returncode}"]
    return end.stdout.splitlines()


def cppcheck(root):
    return run_cppcheck(root, "--enable=warning,performance,portability,style")


def deviations(root):
    """The rules in the page's table."""
    with open(os.path.join(root, PAGE), encoding="utf-8") as page:
        return re.findall(r"^\| (\d+\.\d+) \|", page.read(), re.M)


def misra(root):
    lines = run_cppcheck(root, "--enable=style", "--addon=misra")
    places = collections.defaultdict(list)
    for line in sorted(set(lines)):
        match = re.match(r"(\S+:\d+): misra-c2012-(\d+\.\d+):", line)
        if match:
            places[match[2]].append(match[1])
    if not places and lines:
        return lines
    listed = deviations(root)
    unread = [line for line in lines
              if re.search(r": (internalError|syntaxError|preprocessorErrorDirective):", line)]
    for rule in sorted(places, key=lambda r: [int(n) for n in r.split(".")]):
        print(f"rule {rule}: {len(places[rule])} places")
    faults = unread + [f"{place}: MISRA rule {rule}, which {PAGE} does not list"
              for rule in places if rule not in listed for place in places[rule]]
    faults += [f"{PAGE}: rule {rule} is listed, and kept" for rule in listed if rule not in places]
    faults += [f"{PAGE}: rule {rule} is listed twice" for rule in set(listed)
               if listed.count(rule) > 1]
    return faults


def comment_above(lines, at):
    """The comments right above line `at`, counted from 0, or an empty text."""
    begin = at
    while begin > 0 and lines[begin - 1].rstrip().endswith("*/"):
        begin -= 1
        while begin > 0 and "/*" not in lines[begin]:
            begin -= 1
    return " ".join(lines[begin:at])


def complexity(root):
    end = run(root, [need("pmccabe"), *sources(root)])
    if end.returncode != 0:
        return [end.stdout]
    faults = []
    needed = 0
    for line in end.stdout.splitlines():
        match = re.match(r"\d+\s+(\d+)\s+\d+\s+(\d+)\s+\d+\s+(\S+)\((\d+)\): (\w+)", line)
        if not match:
            faults.append(f"not understood: {line}")
            continue
        ways, path, name = int(match[1]), match[3], match[5]
        with open(os.path.join(root, path), encoding="utf-8") as source:
            text = source.read().splitlines()
        reason = "Complexity:" in comment_above(text, int(match[2]) - 1)
        needed += reason
        if ways > LIMIT and not reason:
            faults.append(f"{path}:{match[2]}: {name} has {ways} ways through it, and no reason")
        if ways <= LIMIT and reason:
            faults.append(f"{path}:{match[2]}: {name} has {ways} ways: it needs no reason any more")
    print(f"{len(end.stdout.splitlines())} functions, {needed} with a reason")
    return faults


CHECKS = {check.__name__: check for check in (tidy, analyzer, cppcheck, misra, complexity)}


def main():
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(__doc__)
        return 0
    if len(sys.argv) != 3 or sys.argv[2] not in CHECKS:
        print(__doc__, file=sys.stderr)
        return 2
    found = CHECKS[sys.argv[2]](os.path.abspath(sys.argv[1]))
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
