# SPDX-License-Identifier: MIT
"""What a manual says of one parameter, and the legal and illegal values that follow from it.

A page gives a type and limits; from these come its edges, one step beyond each, and what is no
value of the type at all. `page()` makes the cases of a whole command out of its parameters.
"""
import collections

# `good`: pairs of what is sent and what a query then answers; `bad`: what is refused; `range`: how
# `=?` tells it, for the profiles that have that form.
Field = collections.namedtuple("Field", "good bad range")

# No decimal numbers. Spaces are data (at.md, grammar), so a number with one is none.
NOT_NUMBERS = ("x", "1x", "x1", "+1", "1.0", "0x10", " 1", "1 ", "1 0", "-", "--1", "\"1\"")
# Numbers that a narrow variable would take for 1 or 5.
TOO_LARGE = ("4294967297", "18446744073709551617", "99999999999999999999999999999999999999999")
NEGATIVE = ("-1", "-5", "-18446744073709551617")


def number(low, high, *more, also=()):
    """A decimal number, `also` outside of the limits. Leading zeros do not change a number; no
    text has them, so they are taken and not kept."""
    legal = sorted({low, high, *more, *also})
    good = [(str(n), str(n)) for n in legal] + [(f"0{high}", str(high)), (f"000{low}", str(low))]
    beyond = [n for n in (low - 1, high + 1, 0) if n >= 0 and n not in legal and
              not low <= n <= high]
    bad = ["", *NOT_NUMBERS, *TOO_LARGE, *NEGATIVE, *(str(n) for n in beyond)]
    edges = "".join(f"{n}," for n in also)
    return Field(good, bad, f"<{edges}{low}~{high}>")


def choice(*numbers):
    """One of these numbers."""
    between = [n + 1 for n in numbers if n + 1 not in numbers] + [
        n - 1 for n in numbers if n > 0 and n - 1 not in numbers]
    bad = ["", *NOT_NUMBERS, *TOO_LARGE, *NEGATIVE, *(str(n) for n in between)]
    good = [(str(n), str(n)) for n in numbers] + [(f"0{numbers[0]}", str(numbers[0]))]
    return Field(good, bad, "<" + ",".join(str(n) for n in numbers) + ">")


def word(*words):
    """One of these, in either case; answered as the manual spells it."""
    good = []
    for w in words:
        good += [(w, w), (w.lower(), w), (w.upper(), w), (w.swapcase(), w)]
    known = {w.upper() for w in words}
    wrong = [words[0] + "X", "X" + words[0], words[0][:-1], " " + words[0], words[0] + " ",
             f'"{words[0]}"', "0", "1", "?x"]
    bad = ["", *(w for w in wrong if w.upper() not in known)]
    return Field(good, bad, "<" + ",".join(words) + ">")


def text(low, high, *pairs, bad=(), unit=" bytes"):
    """A text of so many bytes; `pairs` are values whose answer differs from what is sent."""
    good = [("a" * n, "a" * n) for n in sorted({max(low, 1), high})]
    wrong = ["a" * (high + 1), "a" * (high + 40)]
    if low > 1:
        wrong.append("a" * (low - 1))
    if low > 0:
        wrong.append("")
    else:
        good.append(("", ""))
    return Field(good + list(pairs), wrong + list(bad), f"<{low}~{high}{unit}>")


def hexdata(low, high):
    """Bytes written as two digits each."""
    good = [("0a" * low, "0A" * low), ("fF" * high, "FF" * high), ("00", "00"),
            ("313233", "313233")]
    bad = ["", "1", "123", "GG", "0x31", "31 32", "31,32", "31" * (high + 1)]
    return Field(good, bad, f"<{low}~{high} bytes>")


def ip():
    """Four decimal numbers."""
    good = [(a, a) for a in ("10.0.0.1", "255.255.255.255", "0.0.0.0", "208.67.222.222")]
    bad = ["1.2.3", "1.2.3.4.5", "1.2.3.256", "256.2.3.4", "1.2.3.x", "1..3.4", "1.2.3.", ".1.2.3",
           "1.2.3.-4", "1.2.3.4294967297", "a.usr.cn", "1.2.3.4 ", "1"]
    return Field(good, bad, "<IP>")


def joined(parts):
    return b",".join(p if isinstance(p, bytes) else p.encode() for p in parts)


def with_one(example, i, value):
    """An example with another value in place i."""
    parts = list(example)
    parts[i] = value
    return joined(parts)


def page(table, source, name, example, fields, more=True, fewer=True, nothing=True):
    """The sets of a command: its example, every edge of every parameter in the example's place,
    every illegal value, too many and too few. Refused sets change nothing."""
    example = [part for part in example] if isinstance(example, (list, tuple)) else [example]
    table.set(f"{source}, example", name, joined(example))
    for i, field in enumerate(fields):
        for sent, answer in field.good:
            table.set(f"{source}, parameter {i + 1}", name, with_one(example, i, sent),
                      with_one(example, i, answer))
    table.set(f"{source}, example", name, joined(example))
    for i, field in enumerate(fields):
        for sent in field.bad:
            table.bad(f"{source}, parameter {i + 1} is wrong", name, "range",
                      with_one(example, i, sent))
    if more:
        table.bad(f"{source}, too many", name, "count", joined(example) + b",1",
                  joined(example) + b",")
    if fewer and len(example) > 1:
        table.bad(f"{source}, too few", name, "count", joined(example[:-1]))
    if nothing:
        table.bad(f"{source}, nothing", name, "missing", "")
    table.query(f"{source}, what is refused changes nothing", name, joined(example))
