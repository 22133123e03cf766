#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the page of all figures that libdtu is to be trusted for, from what the tests printed.

    trust.py <root> <directory with ctest's results> <page to write>

tests/run does so at its end, and writes build/run/trust.md. It fails if a figure is not there: its
test did not run, did not pass or does not print it any more; and if docs/trust.md, which is such a
page of some day, has not the same lines. To renew that: cp build/run/trust.md docs/trust.md
"""
import datetime
import glob
import os
import re
import sys
import xml.etree.ElementTree as ElementTree

PAGE = "docs/trust.md"
HEAD = """# Figures {#page_trust}

Every figure that libdtu is to be trusted for, as one run of `tests/run` made it, and the command that
makes it alone (after `cmake --workflow --preset default`, and `fuzz` for the fuzz targets). How each
is measured is told by the page that is named with its section. This page is written by
`tests/trust/trust.py`; the run of today is in `build/run/trust.md`.

Made on %s.
"""

# Section, page, and its rows: what (a format of the groups), what was wanted, the tests, and the
# expression that finds it in what they print; without one, how many of them passed.
SECTIONS = [
    ("Portable", "portability", [
        ("unit tests on {0}, {1}", "{3} passed, in {2} parts", "0 failed", "portable",
         r"portable\..*", r"^(\w+) +(\S.*?) {2,}\d+ programs? in +(\d+) parts?: +(\d+) passed, 0 failed"),
        ("of them left out: {0}, {1}", "{2}", "named", "portable", r"portable\.avr",
         r"^(\w+) +(\w+), left out, ([^:]+): \w+"),
    ]),
    ("A module without an operating system", "firmware", [
        ("conformance of the firmware on {0}", "passed", "all", "firmware",
         r"firmware\.an385\.(cat1|cat1_login)", r"^()Ran|^()\d+ cases"),
        ("{0}, AN385", "{1} bytes", "", "firmware", r"firmware\.an385\.figures",
         r"^(flash|RAM, variables|RAM, stack|stack used) +(\d+) bytes"),
    ]),
    ("Small", "size", [
        ("{0}", "{1} bytes", "{2}", "default", r"size\.page", r"^\| ([^|]+?) \| (\d+) \| (\d+) \|$"),
    ]),
    ("Fast", "performance", [
        ("`AT+UARTFT=50` against {0} commands", "{1} instructions on x86-64, {2} on Cortex-M0",
         "of 60: 1,000 and 2,000", "default", r"size\.instructions",
         r"^at +(\S+) commands +command +([\d,]+) +([\d,]+)"),
        ("{0}, {1}", "{2} MB/s, {3} of memcpy", "a third of memcpy", "default", r"size\.cases",
         r"^(baudsync|cmdmode) +payload: (.*?) {2,}([\d.]+) +([\d.]+)"),
        ("{0}, {1}", "{2} MB/s", "2000 MB/s", "default", r"size\.cases",
         r"^(sdp) +(?:payload: )?(frames of 1 KiB.*?) {2,}([\d.]+)"),
        ("CRC-32, {0}", "{1} instructions a byte on x86-64, {2} on Cortex-M0, {3} bytes of code", "",
         "default", r"size\.instructions",
         r"^crc +(.*?) {2,}byte +([\d.]+) +([\d.]+) +(\d+) bytes of code"),
    ]),
    ("Fuzzed", "fuzzing", [
        ("targets with ASan and UBSan", "{0}", "all parsers", "fuzz", r"fuzz\..*\.brief", None),
        ("corpora replayed", "{0}", "all", "fuzz", r"fuzz\..*\.replay", None),
        ("targets with MSan", "{0}", "all parsers", "fuzz-msan", r"fuzz\..*\.brief", None),
        ("AFL++, OSS-Fuzz, `fuzz/run`: a planted fault is found", "{0} tests", "all", "fuzzing",
         r"fuzzing\..*", None),
    ]),
    ("Covered", "coverage", [
        ("lines of `lib/`", "{1} of {2}, {3} %", "100 %", "coverage", "coverage",
         r"^(all) +(\d+) of +(\d+) +([\d.]+) %"),
        ("branches of `lib/`", "{0} of {1}, {2} %", "95 %", "coverage", "coverage",
         r"^all .* % +(\d+) of +(\d+) +([\d.]+) %"),
    ]),
    ("Proved", "proofs", [
        ("{0}, {1}", "{2}", "proved", "proof", r"proof\.(?!selftest).*", r"^([\w ]+), (.*): (proved)$"),
        ("faults put in that are no longer proved", "{0} tests", "all", "proof", r"proof\.selftest",
         None),
    ]),
    ("Read by machines", "analysis", [
        ("functions of `lib/`; more than 10 ways through, with a reason", "{0}; {1}", "a reason each",
         "lint", r"lint\.complexity", r"^(\d+) functions, (\d+) with a reason"),
        ("rules of MISRA C:2012 that are not kept, listed", "rule {0}: {1} places", "listed", "lint",
         r"lint\.misra", r"^rule (\S+): (\d+) places"),
        ("clang-tidy, gcc -fanalyzer, cppcheck without a finding", "{0} tests", "all", "lint",
         r"lint\.(tidy|analyzer|cppcheck)", None),
    ]),
    ("Faults and chance", "simulation", [
        ("scenarios in which each call fails in turn", "{0} programs", "all", "default",
         r"faults\..*", None),
        ("simulated modules and minutes", "{0} modules, {1} minutes", "10000, 60", "sim", "sim",
         r"(\d+) modules, (\d+) minutes"),
        ("what happened in them", "{0} frames, {1} connections, {2} dialogues, {3} resets", "", "sim",
         "sim", r"^(\d+) frames[^\n]*\n(\d+) connections, (\d+) dialogues in command mode, (\d+) resets"),
    ]),
    ("Conforming", "conformance", [
        ("products whose every command is tried", "{0} tests", "all", "default",
         r"conformance\..*", None),
    ]),
]


class Test:
    def __init__(self, case):
        self.name = case.get("name")
        self.passed = case.get("status") == "run"
        self.output = case.findtext("system-out") or ""


def read_results(directory):
    tests = []
    for path in sorted(glob.glob(os.path.join(directory, "*.xml"))):
        suite = os.path.splitext(os.path.basename(path))[0]
        for case in ElementTree.parse(path).getroot().iter("testcase"):
            tests.append((suite, Test(case)))
    return tests


def figures_of(tests, suite, name, expression):
    """Of each place where the expression is found its groups, each once, in order."""
    those = [test for place, test in tests if place == suite and re.fullmatch(name, test.name)]
    if not those or not all(test.passed for test in those):
        return []
    if expression is None:
        return [(str(len(those)),)]
    found = [match.groups() for test in those
             for match in re.finditer(expression, test.output, re.M)]
    return list(dict.fromkeys(found))


def command_of(suite, name):
    build = suite if suite in ("asan", "fuzz") else "default"
    return f"ctest --test-dir build/{build} -R '^{name}$' -V"


def make(tests):
    lines, faults = [], []
    for title, page, rows in SECTIONS:
        lines += ["", f"## {title}", "", f"How: [{page}]({page}.md).", "",
                  "| what | figure | wanted | command |", "| --- | --- | --- | --- |"]
        for what, figure, wanted, suite, name, expression in rows:
            found = figures_of(tests, suite, name, expression)
            if not found:
                faults.append(f"no figure for '{what}' in what {suite}'s tests '{name}' print")
            for groups in found:
                lines.append("| " + " | ".join([what.format(*groups), figure.format(*groups),
                                                 wanted.format(*groups),
                                                 f"`{command_of(suite, name)}`"]) + " |")
    return lines, faults


def rows_of(text):
    """What does not change from run to run: all cells but the second."""
    rows = [re.split(r"(?<!\\) \| ", line) for line in text.splitlines() if line.startswith("| ")]
    return [cells[:1] + cells[2:] for cells in rows]


def main():
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    root, results, target = sys.argv[1:]
    lines, faults = make(read_results(results))
    text = HEAD % datetime.date.today().isoformat() + "\n".join(lines) + "\n"
    with open(target, "w", encoding="utf-8") as page:
        page.write(text)
    with open(os.path.join(root, PAGE), encoding="utf-8") as page:
        stored = rows_of(page.read())
    made = rows_of(text)
    faults += [f"{PAGE} has not: {' | '.join(row)}" for row in made if row not in stored]
    faults += [f"{PAGE} has, and nothing printed it: {' | '.join(row)}"
               for row in stored if row not in made]
    for fault in faults:
        print(fault)
    if faults:
        print(f"Is the change meant? cp {target} {PAGE}")
    print(f"{len(made)} lines of figures, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
