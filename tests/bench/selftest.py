#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shows that bench.py finds a figure over each of its ceilings, and passes one at it; that the
tables of commands are what they should be; and that a count on a target is what it must be."""
import contextlib
import io
import json
import os
import sys
import tempfile
import unittest

import at_tables
import bench
import count


def at(ten, sixty, thousand):
    return {"10 commands": ten, "60 commands": sixty, "1,000 commands": thousand}


def at_ceilings(name, target):
    """Figures that are just good."""
    figures = dict(bench.BYTES[name][target])
    for whole, half in bench.HALVES.items():
        if whole in figures:
            figures[half] = figures[whole]
    return figures


class Ceilings(unittest.TestCase):
    def test_at_is_held_to_its_instructions(self):
        for target, most in (("x86-64", 1000), ("Cortex-M0", 2000)):
            self.assertEqual(bench.check("at", target, at(most - 10, most, most + 10)), [])
            self.assertEqual(len(bench.check("at", target, at(most - 10, most + 1, most + 10))), 1)

    def test_at_is_held_to_its_growth(self):
        self.assertEqual(bench.check("at", "x86-64", at(600, 700, 899)), [])
        self.assertEqual(len(bench.check("at", "x86-64", at(600, 700, 900))), 1)

    def test_each_other_bench_is_held_to_each_of_its_ceilings(self):
        for name, targets in bench.BYTES.items():
            for target, ceilings in targets.items():
                self.assertEqual(bench.check(name, target, at_ceilings(name, target)), [])
                for case, ceiling in ceilings.items():
                    over = {**at_ceilings(name, target), case: ceiling * 1.001}
                    wrong = bench.check(name, target, over)
                    self.assertEqual(len(wrong), 1)
                    self.assertTrue(wrong[0].startswith(case))

    def test_the_worst_cost_of_a_byte_may_not_grow_with_the_stream(self):
        for half in bench.HALVES.values():
            figures = {**at_ceilings("sdp", "x86-64"), half: 10}
            self.assertEqual(len(bench.check("sdp", "x86-64", figures)), 1)

    def test_secrets_take_as_many_instructions(self):
        for name in ("secret", "login"):
            self.assertEqual(bench.check(name, "x86-64", {"right": 96, "wrong": 96}), [])
            self.assertEqual(len(bench.check(name, "x86-64", {"right": 96, "wrong": 97})), 1)

    def test_each_ceiling_has_a_case(self):
        here = os.path.dirname(bench.__file__)
        for name, targets in bench.BYTES.items():
            with open(os.path.join(here, f"{name}.c"), encoding="utf-8") as f:
                text = f.read()
            for case in [case for ceilings in targets.values() for case in ceilings]:
                self.assertIn(f'{{"{case}",', text)


class Tables(unittest.TestCase):
    def test_the_command_stands_where_the_search_takes_longest(self):
        for rows, comparisons in ((10, 4), (60, 6), (1000, 10)):
            names, needed = at_tables.table(rows)
            self.assertEqual(len(names), rows)
            self.assertEqual(names, sorted(set(names)))
            self.assertEqual(needed, comparisons)
            low, high, taken = 0, rows, 0
            while names[(low + high) // 2] != at_tables.COMMAND:
                middle = (low + high) // 2
                taken += 1
                low, high = (middle + 1, high) if names[middle] < at_tables.COMMAND else (low,
                                                                                          middle)
            self.assertEqual(taken + 1, comparisons)


class Output(unittest.TestCase):
    def test_json_and_table_have_each_figure(self):
        case = bench.Case(1, "at", "command", "60 commands")
        results = {case: {"instructions": {"x86-64": 1234.0}, "per_second": 5678901}}
        about = {"date": "2000-01-01", "machine": "m", "processors": 1, "system": "s",
                 "compiler": "c"}
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            bench.show(about, results)
        self.assertIn("60 commands", printed.getvalue())
        self.assertIn("1,234", printed.getvalue())
        self.assertIn("5.7", printed.getvalue())
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "out.json")
            bench.write_json(path, about, results)
            with open(path, encoding="utf-8") as f:
                read = json.load(f)
        self.assertEqual(read["results"], [{"bench": "at", "case": "60 commands",
                                            "unit": "command", "per_second": 5678901,
                                            "instructions": {"x86-64": 1234.0}}])

    def test_the_length_is_the_line_that_is_a_number(self):
        self.assertEqual(count.length_in("==12== Callgrind 3\n2048\n==12== 99\n"), 2048)


if __name__ == "__main__":
    sys.exit(unittest.main())
