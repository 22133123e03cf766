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
                lines.append("| " + " | ".join([what.format(*groups), figure.format(*groups), wanted,
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
