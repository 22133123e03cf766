#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shows that trust.py sees what is missing, what is not as wanted, and a page that is of old."""
import os
import tempfile
import unittest

import trust

ROWS = [trust.Section("Small", "size", [
    trust.Row("{0}", "{1} bytes", "{2}", "default", "size", r"^(\w+): (\d+) of (\d+)$",
              lambda what, figure, ceiling: int(figure) <= int(ceiling)),
    trust.Row("tests of a", "{0}", "", "default", r"a\..*", None, choose="-L a"),
])]
RESULTS = """<?xml version="1.0"?>
<testsuite>
  <testcase name="size" status="{status}"><system-out>one: {one} of 10
two: 11 of 10
</system-out></testcase>
  <testcase name="a.x" status="run"/><testcase name="a.y" status="run"/>
</testsuite>
"""


class Trust(unittest.TestCase):
    def make(self, one=9, status="run", missed=frozenset({"two"})):
        with tempfile.TemporaryDirectory() as directory:
            with open(os.path.join(directory, "default.xml"), "w", encoding="utf-8") as file:
                file.write(RESULTS.format(one=one, status=status))
            return trust.make(trust.read_results(directory), ROWS, set(missed))

    def test_each_finding_is_a_line(self):
        lines, faults = self.make()
        self.assertEqual(faults, [])
        self.assertEqual(lines[-3:], [
            "| one | 9 bytes | 10 | met | `ctest --test-dir build/default -R '^size$' -V` |",
            "| two | 11 bytes | 10 | missed, see size | `ctest --test-dir build/default -R '^size$' -V` |",
            "| tests of a | 2 |  |  | `ctest --test-dir build/default -L a -V` |"])

    def test_what_is_not_as_wanted_is_a_fault_unless_it_is_listed(self):
        self.assertEqual(self.make(one=12)[1], ["not as wanted: one"])

    def test_what_is_listed_and_as_wanted_is_a_fault(self):
        self.assertEqual(self.make(missed={"one", "two"})[1],
                         ["as wanted, or not there, but in MISSED: one"])

    def test_figures_of_a_test_that_did_not_pass_are_missing(self):
        for status in ("fail", "notrun", "disabled"):
            faults = self.make(status=status, missed=())[1]
            self.assertEqual(len(faults), 1, faults)
            self.assertIn("or they did not pass", faults[0])

    def test_what_is_printed_no_more_is_missing(self):
        self.assertIn("not in what the tests", self.make(one="nine", missed={"two", "one"})[1][0] +
                      self.make(one="x", status="fail", missed=())[1][0])

    def test_another_figure_is_the_same_page_and_another_line_is_not(self):
        page = "\n".join(self.make()[0])
        self.assertEqual(trust.compare("\n".join(self.make(one=8)[0]), page), [])
        self.assertEqual(len(trust.compare("\n".join(self.make(one=12)[0]), page)), 2)
        self.assertEqual(trust.compare(page, page.replace("| one |", "| once |")),
                         [f"{trust.PAGE} has not: {trust.rows_of(page)[2]}",
                          f"{trust.PAGE} has, and nothing printed it: "
                          f"{trust.rows_of(page.replace('| one |', '| once |'))[2]}"])


if __name__ == "__main__":
    unittest.main()
