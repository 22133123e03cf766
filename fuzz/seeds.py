#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes seeds from the conformance cases: each command line that the manuals' pages are tested by.

    seeds.py <directory>

Writes <directory>/at_server (lines as they are typed) and <directory>/config (the sets among them,
as a configuration has them). They are many, so they are made and not stored.
"""
import contextlib
import importlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
if {"-h", "--help"} & set(sys.argv[1:]):
    print(__doc__)
    sys.exit(0)
if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
    print(__doc__, file=sys.stderr)
    sys.exit(2)
OUT = sys.argv.pop()  # the cases look for arguments too
sys.path.insert(0, os.path.join(HERE, "..", "tests", "conformance"))
import conformance  # noqa: E402  pylint: disable=wrong-import-position

PRODUCTS = ("gprs232_7s3", "k7", "lte_7s4", "cat1")  # as dtu_profile_at() numbers them
LINES_MAX = 400  # fuzz_at_server.c looks at no more
TEXT_MAX = 4000


LEAST = 300  # lines of a product: with fewer, the tests are not as they were


class Stop(Exception):
    """The test wants more than command lines: that comes behind the tables."""


class Recorder:
    """Stands for a suite, its modules and their users, and keeps what would be sent."""

    def __init__(self, profile):
        self.profile = profile
        self.lines = []
        self.suite = self.user = self

    def __getattr__(self, name):
        raise Stop(name)

    def table(self, cases):
        for case in cases:
            self.run(conformance.Case(*case))

    def run(self, case):
        self.lines.append(conformance.as_bytes(case.sent))
        return True

    def query(self, name):
        self.lines.append(f"AT+{name}?".encode())
        return ""

    @contextlib.contextmanager
    def module(self, *_, **__):
        yield self

    @contextlib.contextmanager
    def scenario(self, _):
        with contextlib.suppress(conformance.harness.Failure):
            yield


def lines_of(product):
    """The lines of the part of the product's test that is nothing but tables."""
    module = importlib.import_module(product)
    recorder = Recorder(module.PROFILE)
    part = getattr(module, "commands", None) or module.tables
    with contextlib.suppress(Stop):
        part(recorder)
    return list(dict.fromkeys(recorder.lines))


def chunks(pieces, size):
    """Joins pieces as long as they fit."""
    text = b""
    for piece in pieces:
        if text and len(text) + len(piece) > size:
            yield text
            text = b""
        text += piece
    if text:
        yield text


def write(engine, product, head, texts):
    directory = os.path.join(OUT, engine)
    os.makedirs(directory, exist_ok=True)
    for i, text in enumerate(texts):
        with open(os.path.join(directory, f"conformance_{product}_{i}"), "wb") as f:
            f.write(head + text)


def main():
    for number, product in enumerate(PRODUCTS):
        lines = lines_of(product)
        if len(lines) < LEAST:
            sys.exit(f"seeds.py: {product} has but {len(lines)} command lines")
        # no echo, the product's line size, lines, everything permitted, a seed
        head = bytes([number, 0, 0, 0, 0, 0, 7])
        write("at_server", product, head, chunks((line + b"\r" for line in lines), LINES_MAX))
        sets = [line[3:] + b"\n" for line in lines
                if line.startswith(b"AT+") and b"=" in line and not line.endswith(b"=?")]
        write("config", product, bytes([number, 0, 7]), chunks(sets, TEXT_MAX))
        print(f"{product}: {len(lines)} lines")


if __name__ == "__main__":
    main()
