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


def sdp(**changes):
    figures = dict(bench.SDP["x86-64"])
    figures["worst, half as long"] = figures["worst: heads 4 bytes apart"]
    figures["worst, byte by byte, half as long"] = figures["worst, byte by byte"]
    for name, value in changes.items():
        figures[name] = value
    return figures


class Ceilings(unittest.TestCase):
    def test_at_is_held_to_its_instructions(self):
        self.assertEqual(bench.check_at("x86-64", at(900, 1000, 1100)), [])
        self.assertEqual(len(bench.check_at("x86-64", at(900, 1001, 1100))), 1)
        self.assertEqual(bench.check_at("Cortex-M0", at(1900, 2000, 2100)), [])
        self.assertEqual(len(bench.check_at("Cortex-M0", at(1900, 2001, 2100))), 1)

    def test_at_is_held_to_its_growth(self):
        self.assertEqual(bench.check_at("x86-64", at(600, 700, 899)), [])
        self.assertEqual(len(bench.check_at("x86-64", at(600, 700, 900))), 1)

    def test_sdp_is_held_to_each_ceiling(self):
        self.assertEqual(bench.check_sdp("x86-64", sdp()), [])
        for name, ceiling in bench.SDP["x86-64"].items():
            wrong = bench.check_sdp("x86-64", sdp(**{name: ceiling * 1.001}))
            self.assertEqual(len(wrong), 1)
            self.assertTrue(wrong[0].startswith(name))

    def test_sdp_is_held_to_each_ceiling_on_cortex_m0(self):
        ceilings = bench.SDP["Cortex-M0"]
        self.assertEqual(bench.check_sdp("Cortex-M0", ceilings), [])
        for name in ceilings:
            over = {**ceilings, name: ceilings[name] + 0.1}
            self.assertEqual(len(bench.check_sdp("Cortex-M0", over)), 1)

    def test_sdp_is_held_to_a_cost_that_does_not_grow_with_the_stream(self):
        for name in ("worst, half as long", "worst, byte by byte, half as long"):
            self.assertEqual(len(bench.check_sdp("x86-64", sdp(**{name: 10}))), 1)

    def test_crc_is_held_to_each_ceiling(self):
        for target, ceilings in bench.CRC.items():
            self.assertEqual(bench.check_crc(target, ceilings), [])
            for name in ceilings:
                over = {**ceilings, name: ceilings[name] + 0.1}
                self.assertEqual(len(bench.check_crc(target, over)), 1)

    def test_secrets_take_as_many_instructions(self):
        self.assertEqual(bench.check_secret("x86-64", {"right": 96, "wrong": 96}), [])
        self.assertEqual(len(bench.check_secret("x86-64", {"right": 96, "wrong": 97})), 1)

    def test_each_ceiling_has_a_case(self):
        with open(os.path.join(os.path.dirname(bench.__file__), "sdp.c"), encoding="utf-8") as f:
            text = f.read()
        for name in {**bench.SDP["x86-64"], **bench.SDP["Cortex-M0"]}:
            self.assertIn(f'{{"{name}",', text)


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
        about = {"date": "2000-01-01"}
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
