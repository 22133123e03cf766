#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What size.py and stack.py find, in call graphs and pages made for it."""
import os
import tempfile
import unittest

import size
import stack


def node(name, frame, kind="static"):
    return f'node: {{ title: "{name}" label: "{name}\\n/x.c:1:1\\n{frame} bytes ({kind})" }}\n'


def edge(source, target, place="/x.c:1:1"):
    return f'edge: {{ sourcename: "{source}" targetname: "{target}" label: "{place}" }}\n'


class Stack(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        os.makedirs(f"{self.dir.name}/lib/device")
        self.write("lib/device.c", "static const struct dtu_x_callbacks a = {.data = on_data};\n")

    def tearDown(self):
        self.dir.cleanup()

    def write(self, path, text):
        with open(f"{self.dir.name}/{path}", "w", encoding="utf-8") as f:
            f.write(text)
        return f"{self.dir.name}/{path}"

    def graph(self, *lines, texts=()):
        return stack.Graph(self.dir.name, [self.write("x.ci", "".join(lines))], texts)

    def test_the_deepest_way_counts(self):
        g = self.graph(node("a", 8), node("/x.c:b", 16), node("c", 24), edge("a", "/x.c:b"),
                       edge("a", "c"), edge("/x.c:b", "memset"))
        self.assertEqual(g.deepest(["a", "c"], "x"),
                         (8 + 16 + 28, "a 8 > x.c:b 16 > memset 28"))
        self.assertEqual(g.failures, [])

    def test_recursion_is_told(self):
        g = self.graph(node("a", 8), node("b", 8), edge("a", "b"), edge("b", "a"))
        g.deepest(["a"], "x")
        self.assertEqual(g.failures, ["recursion: a > b > a"])

    def test_a_frame_of_unknown_size_is_told(self):
        g = self.graph(node("a", 8, "dynamic"))
        self.assertEqual(g.failures, ["a: its stack is dynamic"])

    def test_an_indirect_call_that_is_not_known_is_told(self):
        source = self.write("x.c", "    y->go(1);\n")
        g = self.graph(node("a", 8), edge("a", "__indirect_call", f"{source}:1:5"))
        g.deepest(["a"], "x")
        self.assertEqual(g.failures,
                         ["x.c: y->go is an indirect call that stack.py does not know"])

    def test_a_callback_is_the_devices_where_that_is_measured(self):
        source = self.write("x.c", "    if (x->callbacks->more && x->callbacks->data(x))\n")
        g = self.graph(node("a", 8), node("/device.c:on_data", 100),
                       edge("a", "__indirect_call", f"{source}:1:31"))
        self.assertEqual(g.deepest(["a"], "x")[0], 8)
        self.assertEqual(g.deepest(["a"], "device")[0], 108)
        self.assertEqual(g.failures, [])

    def test_a_helper_takes_what_its_object_pushes(self):
        listing = ("_div.o:     file format elf32-littlearm\n\n00000000 <div>:\n"
                   "   0:\tb501      \tpush\t{r0, lr}\n   2:\tb082      \tsub\tsp, #8\n"
                   "\t\t\t4: R_ARM_THM_CALL\t__aeabi_idiv0\n0000000c <divmod>:\n"
                   "_mul.o:     file format elf32-littlearm\n\n00000000 <mul>:\n"
                   "   0:\tb510      \tpush\t{r4, r5, lr}\n\t\t\t2: R_ARM_THM_CALL\tother\n")
        self.assertEqual(stack.pushed(listing),
                         {"div": 16, "divmod": 16, "mul": 12 + stack.HELPER})

    def test_the_callbacks_in_each_file_of_the_device_count(self):
        self.write("lib/device/device_part.c", "static const struct dtu_x_callbacks b = "
                                        "{.more = on_more, .less = dtu_device_less};\n")
        source = self.write("x.c", "    x->callbacks->more(x);\n    x->callbacks->less(x);\n")
        g = self.graph(node("a", 8), node("b", 8), node("/device_part.c:on_more", 100),
                       node("dtu_device_less", 50), edge("a", "__indirect_call", f"{source}:1:5"),
                       edge("b", "__indirect_call", f"{source}:2:5"))
        self.assertEqual(g.deepest(["a"], "device")[0], 108)
        self.assertEqual(g.deepest(["b"], "device")[0], 58)
        self.assertEqual(g.failures, [])

    def test_a_text_is_written_where_the_function_gives_it(self):
        source = self.write("base.c", "    out->write(1);\n")
        lines = (node("a", 8), node("b", 16), node("to_x", 100), edge("a", "b"),
                 edge("b", "__indirect_call", f"{source}:1:5"))
        self.assertEqual(self.graph(*lines, texts={"a": ("to_x",)}).deepest(["a"], "x")[0], 124)
        self.assertEqual(self.graph(*lines).deepest(["a"], "x")[0], 24)

    def test_a_text_of_the_device_that_is_not_known_is_told(self):
        source = self.write("base.c", "    out->write(1);\n")
        g = self.graph(node("a", 8), edge("a", "__indirect_call", f"{source}:1:5"))
        g.deepest(["a"], "device")
        self.assertEqual(g.failures,
                         ["device.c: a text is made by a function that is not in TEXTS"])

    def test_a_replay_that_is_not_in_the_table_is_told(self):
        g = self.graph(node("a", 8), edge("a", "dtu_replay_text"))
        self.assertEqual(g.failures, ["a: makes a text and is not in TEXTS"])

    def test_a_function_of_the_table_that_is_gone_is_told(self):
        g = self.graph(node("a", 8), texts={"b": ()})
        self.assertEqual(g.failures, ["b: is in TEXTS and no function"])


class Page(unittest.TestCase):
    head = ["| engine | code |", "| --- | --- |"]
    page = head + ["| sdp | 1000 |"]

    def test_two_percent_more_is_borne(self):
        self.assertEqual(size.grown(self.page, self.head + ["| sdp | 1020 |"]), [])
        self.assertEqual(size.grown(self.page, self.head + ["| sdp | 900 |"]), [])

    def test_more_than_that_is_told(self):
        self.assertEqual(size.grown(self.page, self.head + ["| sdp | 1021 |"]),
                         ["sdp: [1000] has become [1021]"])

    def test_a_line_that_is_missing_is_told(self):
        self.assertEqual(size.grown(self.page, self.page + ["| link | 1 |"]),
                         ["link: is not on the page"])

    def test_a_line_that_nothing_measures_is_told(self):
        self.assertEqual(size.grown(self.page + ["| link | 1 |"], self.page),
                         ["link: is on the page and not measured"])

    def test_a_ceiling_that_does_not_hold_needs_a_reason_on_the_page(self):
        wrong = []
        table, over = size.ceiling_tables([("a", 5, 4), ("b", 4, 4)], {}, wrong)
        self.assertEqual(table[2:], ["| a | 5 | 4 |", "| b | 4 | 4 |"])
        self.assertEqual(over[2:], [])
        self.assertEqual(wrong, ["a: 5 bytes, at most 4; no reason is on the page"])

    def test_an_exception_keeps_its_reason(self):
        wrong = []
        page = ["| what | bytes | ceiling | why |", "| --- | --- | --- | --- |", "| a | 9 | 4 | so |"]
        over = size.ceiling_tables([("a", 5, 4)], size.reasons_of(page), wrong)[1]
        self.assertEqual((over[2:], wrong), (["| a | 5 | 4 | so |"], []))

    def test_an_exception_that_is_not_needed_is_told(self):
        wrong = []
        over = size.ceiling_tables([("a", 4, 4)], {"a": "so"}, wrong)[1]
        self.assertEqual((over[2:], wrong), ([], ["a: is no exception, take it out of the table"]))


if __name__ == "__main__":
    unittest.main()
