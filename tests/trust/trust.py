#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the page of all figures that libdtu is to be trusted for, from what the tests printed.

    trust.py <root> <directory with ctest's results> <page to write>

tests/run does so at its end, and writes build/run/trust.md. It fails if
  - a figure is not there: its test did not run, did not pass or does not print it any more;
  - a figure is not as wanted, and is not in MISSED; or is there, and is as wanted;
  - docs/trust.md, which is such a page of some day, has other lines. To renew it:
        cp build/run/trust.md docs/trust.md

Exit status: 0, 1 for a fault, 2 for wrong usage.
"""
import collections
import datetime
import glob
import os
import re
import sys
import xml.etree.ElementTree as ElementTree
from typing import Callable, NamedTuple, Optional

PAGE = "docs/trust.md"
HEAD = """# Figures {#page_trust}

Every figure that libdtu is to be trusted for, as one run of `tests/run` made it, and the command that
makes it alone, after `cmake --preset default && cmake --build --preset default`; the fuzz targets
need the presets `fuzz` and `fuzz-msan`. How each is measured is told by the page that is named with
its section. `tests/trust/trust.py` writes this page; what a run of your own has made is in
`build/run/trust.md`. Figures of time are from a machine that did other things too.

Made on %s.
"""


class Row(NamedTuple):
    """Lines of a table: one for each different finding."""
    what: str                # a format of the groups; {name} is the test's, {n} how often it was found
    figure: str              # the same
    wanted: str              # the same
    suite: str               # the stage of tests/run
    tests: str               # which tests, an expression
    found: Optional[str]     # where it is in what they print; None: how many of them passed
    holds: Optional[Callable] = None # whether the groups are as wanted; None: any will do
    choose: str = ""         # of ctest, if the expression of the tests is not for it


class Section(NamedTuple):
    title: str
    page: str # tells how
    rows: list


def number(text):
    return float(text.replace(",", ""))


SUMMARY = r"^(\d+) passed, 0 failed"
PAYLOAD = r" +(?:payload: )?(\S.*?) {2,}([\d.]+) +([\d.]+)"

SECTIONS = [
    Section("Portable", "portability", [
        Row("unit tests: {0}, {1}", "{3} passed, in {2} parts", "0 failed", "portable", r"portable\..*",
            r"^(\w+) +(\S.*?) {2,}\d+ programs? in +(\d+) parts?: +(\d+) passed, 0 failed",
            choose="-L portable"),
        Row("of them left out on {0}, in {1}: {2}", "{n}", "named", "portable", "portable.avr",
            r"^(\w+) +(\w+), left out, ([^:]+): "),
    ]),
    Section("A module without an operating system", "firmware", [
        Row("conformance, `{name}`", "{0} cases", "0 failed", "firmware",
            r"firmware\.\w+\.cat1(_login)?", SUMMARY, choose="-L firmware"),
        Row("`{name}`: {0}", "{1} bytes", "", "firmware", r"firmware\.\w+\.figures",
            r"^(flash|RAM, variables|RAM, stack|stack used) +(\d+) bytes", choose="-L firmware"),
    ]),
    Section("Small, on a Cortex-M0+", "size", [
        Row("{0}", "{1} bytes", "{2}", "default", "size.page", r"^\| ([^|]+?) \| (\d+) \| (\d+) \|$",
            lambda what, bytes_, ceiling: int(bytes_) <= int(ceiling)),
    ]),
    Section("Fast", "performance", [
        Row("`AT+UARTFT=50` against {0} commands", "{1} instructions on x86-64, {2} on a Cortex-M0",
            "1,000 and 2,000 against 60", "default", "size.instructions",
            r"^at +(\S+) commands +command +([\d,]+) +([\d,]+)",
            lambda count, x86, arm: count != "60" or (number(x86) <= 1000 and number(arm) <= 2000)),
        Row("{0}, {1}", "{2} MB/s, {3} of memcpy's", "a third of memcpy's", "default", "size.cases",
            r"^(baudsync|cmdmode) +payload: (lines of text|Modbus RTU) {2,}([\d.]+) +([\d.]+)",
            lambda engine, case, speed, ratio: number(ratio) >= 0.33),
        Row("{0}, {1}, which are no ordinary data", "{2} MB/s, {3} of memcpy's", "", "default", "size.cases",
            r"^(baudsync|cmdmode) +payload: (random bytes) {2,}([\d.]+) +([\d.]+)"),
        Row("{0}, {1}", "{2} MB/s", "2000 MB/s", "default", "size.cases",
            r"^(sdp)" + PAYLOAD.replace(r"(\S.*?)", "(frames of 1 KiB.*?)"),
            lambda engine, case, speed, ratio: number(speed) >= 2000),
        Row("CRC-32, {0}", "{1} instructions a byte on x86-64, {2} on a Cortex-M0; {3} bytes of code",
            "", "default", "size.instructions",
            r"^crc +(\S.*?) {2,}byte +([\d.]+) +([\d.]+) +(\d+) bytes of code"),
    ]),
    Section("Fuzzed", "fuzzing", [
        Row("targets with ASan and UBSan, for some seconds", "{0}", "", "fuzz", r"fuzz\..*\.brief", None,
            choose="-L fuzz"),
        Row("their corpora replayed", "{0}", "", "fuzz", r"fuzz\..*\.replay", None, choose="-L fuzz"),
        Row("targets with MSan, for some seconds", "{0}", "", "fuzz-msan", r"fuzz\..*\.brief", None,
            choose="-L fuzz"),
        Row("AFL++, OSS-Fuzz, `fuzz/run` and the page", "{0} tests", "", "fuzzing", r"fuzzing\..*",
            None, choose="-L fuzzing"),
    ]),
    Section("Covered, and with faults at every call", "coverage", [
        Row("lines of `lib/`", "{0} of {1}, {2} %", "100 %", "coverage", "coverage",
            r"^all +(\d+) of +(\d+) +([\d.]+) %", lambda n, of, share: n == of),
        Row("branches of `lib/`", "{0} of {1}, {2} %", "95 %", "coverage", "coverage",
            r"^all .* % +(\d+) of +(\d+) +([\d.]+) %", lambda n, of, share: number(share) >= 95),
        Row("scenarios repeated with each call failing in turn, `{name}`", "{0}", "0 failed", "default",
            r"faults\..*", SUMMARY, choose="-L faults"),
    ]),
    Section("Proved", "proofs", [
        Row("{0}, {1}", "{2}", "no run-time error, for all inputs", "proof", r"proof\.(base|escape|baudsync|discovery|sdp)",
            r"^(\w+), (.*): (proved)$", choose="-L proof"),
        Row("{0}, {1}", "{2}", "the same, as far as the page says", "proof", r"proof\.\w+_eva",
            r"^([\w ]+), (.*): (proved)$", choose="-L proof"),
    ]),
    Section("Read by machines", "analysis", [
        Row("functions of `lib/`", "{0}; {1} of them with more than 10 ways through and a reason", "",
            "lint", "lint.complexity", r"^(\d+) functions, (\d+) with a reason"),
        Row("rules of MISRA C:2012 that are not kept: {0}", "{1} places", "listed", "lint", "lint.misra",
            r"^rule (\S+): (\d+) places"),
        Row("clang-tidy", "no finding", "", "lint", "lint.tidy", None),
        Row("gcc -fanalyzer", "no finding", "", "lint", "lint.analyzer", None),
        Row("cppcheck", "no finding", "", "lint", "lint.cppcheck", None),
    ]),
    Section("Simulated", "simulation", [
        Row("modules in one process, simulated time", "{0}, {1} minutes", "10000, 60 minutes", "sim",
            "sim", r"(\d+) modules, (\d+) minutes",
            lambda modules, minutes: int(modules) >= 10000 and int(minutes) >= 60),
        Row("what happened to them", "{0} frames, {1} connections, {2} dialogues, {3} resets", "", "sim",
            "sim", r"^(\d+) frames[^\n]*\n(\d+) connections, (\d+) dialogues in command mode, (\d+) resets"),
    ]),
    Section("Conforming", "conformance", [
        Row("replies of softdtu as the manuals have them, `{name}`", "{0} cases", "0 failed", "default",
            r"conformance\..*", SUMMARY, choose="-L conformance"),
    ]),
]

# What is not as wanted; the page of its section says why.
MISSED = {
    "stack of device",
}


class Test(NamedTuple):
    suite: str
    name: str
    passed: bool
    output: str


def read_results(directory):
    tests = []
    for path in sorted(glob.glob(os.path.join(directory, "*.xml"))):
        suite = os.path.splitext(os.path.basename(path))[0]
        for case in ElementTree.parse(path).getroot().iter("testcase"):
            tests.append(Test(suite, case.get("name"), case.get("status") == "run",
                              case.findtext("system-out") or ""))
    return tests


def findings(tests, row):
    """Test's name, groups and how often they were found, in order; none if a test did not pass."""
    those = [test for test in tests
             if test.suite == row.suite and re.fullmatch(row.tests, test.name)]
    if not all(test.passed for test in those):
        return []
    if row.found is None:
        return [("", (str(len(those)),), 1)] if those else []
    counts = collections.Counter((test.name, match.groups()) for test in those
                                 for match in re.finditer(row.found, test.output, re.M))
    return [(name, groups, n) for (name, groups), n in counts.items()]


def command_of(row):
    build = row.suite if row.suite in ("asan", "fuzz", "fuzz-msan") else "default"
    choose = row.choose or "-R '^" + row.tests.replace(".", "[.]") + "$'"
    return f"`ctest --test-dir build/{build} {choose} -V`"


def make(tests, sections=None, missed=None):
    """The lines of the tables, and what is wrong."""
    lines, faults, is_missed = [], [], set()
    missed = MISSED if missed is None else missed
    for section in SECTIONS if sections is None else sections:
        lines += ["", f"## {section.title}", "", f"How: [{section.page}]({section.page}.md).", "",
                  "| what | figure | wanted | | command |", "| --- | --- | --- | --- | --- |"]
        for row in section.rows:
            found = findings(tests, row)
            if not found:
                faults.append(f"'{row.what}': not in what the tests '{row.tests}' of the stage "
                              f"{row.suite} print, or they did not pass")
            for name, groups, n in found:
                what = row.what.format(*groups, name=name, n=n)
                holds = row.holds is None or row.holds(*groups)
                if not holds:
                    is_missed.add(what)
                verdict = "" if row.holds is None else "met" if holds else f"missed, see {section.page}"
                lines.append("| " + " | ".join([what, row.figure.format(*groups, name=name, n=n),
                                                 row.wanted.format(*groups), verdict,
                                                 command_of(row)]) + " |")
    faults += [f"not as wanted: {what}" for what in sorted(is_missed - missed)]
    faults += [f"as wanted, or not there, but in MISSED: {what}" for what in sorted(missed - is_missed)]
    return lines, faults


def rows_of(text):
    """What does not change from run to run: all cells but the figure."""
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return [" | ".join(cells[:1] + cells[2:]) for cells in rows]


def compare(text, stored):
    made, kept = rows_of(text), rows_of(stored)
    return ([f"{PAGE} has not: {row}" for row in made if row not in kept] +
            [f"{PAGE} has, and nothing printed it: {row}" for row in kept if row not in made])


def main():
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(__doc__)
        return 0
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    root, results, target = sys.argv[1:]
    lines, faults = make(read_results(results))
    text = HEAD % datetime.date.today().isoformat() + "\n".join(lines) + "\n"
    with open(target, "w", encoding="utf-8") as page:
        page.write(text)
    with open(os.path.join(root, PAGE), encoding="utf-8") as page:
        faults += compare(text, page.read())
    for fault in faults:
        print(fault)
    if faults:
        print(f"Is the change meant? cp {target} {PAGE}")
    print(f"{len(rows_of(text))} lines of figures, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
