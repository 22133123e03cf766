#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the engines cost, as a table and as JSON: instructions on this machine and on a Cortex-M0,
and time beside memcpy. The method is in docs/performance.md.

    bench.py <root> <output directory> <compiler> [option]... [bench]...

    --check         counts only, against the ceilings below; a figure that is over one is a failure
    --json FILE     the same as JSON
    --rounds N      of the times; 7 if not given

Without a bench all of them are run. Exit status 77: something that is needed to count is not
installed, and what could be counted is within the ceilings.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import sys
import time

import count

Case = collections.namedtuple("Case", "number bench unit name")

# --- Ceilings -------------------------------------------------------------------------------------

AT = {"x86-64": 1000, "Cortex-M0": 2000}  # instructions against 60 commands, at most
AT_GROWTH = 1.5  # from 10 to 1,000 commands, less than

# Instructions a byte, at most. The worst inputs of sdp have a head every 4 bytes and a length that
# covers nearly 1 KiB behind each, so that is 256 looks at each byte; a vector is many bytes, and
# byte by byte each is also moved. On a Cortex-M0 that takes too long to be counted.
BYTES = {
    "baudsync": {"x86-64": {"payload: lines of text": 0.25, "payload: Modbus RTU": 0.3,
                            "payload: random bytes": 0.5},
                 "Cortex-M0": {"payload: lines of text": 8, "payload: Modbus RTU": 8,
                               "payload: random bytes": 8}},
    "cmdmode": {"x86-64": {"payload: lines of text": 0.15, "payload: Modbus RTU": 0.15,
                           "payload: random bytes": 0.15},
                "Cortex-M0": {"payload: lines of text": 0.5, "payload: Modbus RTU": 0.5,
                              "payload: random bytes": 0.5}},
    "sdp": {"x86-64": {"frames of 1 KiB, in one piece": 0.8, "frames of 1 KiB, each cut": 1.3,
                       "garbage that begins no head": 0.2,
                       "worst: heads 4 bytes apart": 256 * 0.7,
                       "worst, byte by byte": 256 * 1.4},
            "Cortex-M0": {"frames of 1 KiB, in one piece": 9, "frames of 1 KiB, each cut": 16,
                          "garbage that begins no head": 8}},
    "crc": {"x86-64": {"no table": 80, "table of 16": 14, "table of 256": 9},
            "Cortex-M0": {"no table": 70, "table of 16": 18, "table of 256": 12}},
}
CRC_ENTRIES = {"no table": 0, "table of 16": 16, "table of 256": 256}
# The same stream at half its length, in which a byte may not cost less.
HALVES = {"worst: heads 4 bytes apart": "worst, half as long",
          "worst, byte by byte": "worst, byte by byte, half as long"}
GROWTH = 1.02  # of the cost of a byte from the half to the whole, at most


def check_at(target, figures):
    wrong = []
    if figures["60 commands"] > AT[target]:
        wrong.append(f"{figures['60 commands']:.0f} instructions against 60 commands, at most "
                     f"{AT[target]}")
    growth = figures["1,000 commands"] / figures["10 commands"]
    if growth >= AT_GROWTH:
        wrong.append(f"grows {growth:.2f} times from 10 to 1,000 commands, less than {AT_GROWTH}")
    return wrong


def check_bytes(bench, target, figures):
    wrong = [f"{name}: {figures[name]:.3f} instructions a byte, at most {ceiling}"
             for name, ceiling in BYTES[bench][target].items() if figures[name] > ceiling]
    for name, half in HALVES.items():
        if half in figures and figures[name] > GROWTH * figures[half]:
            wrong.append(f"{name}: {figures[name] / figures[half]:.3f} times as many a byte in a "
                         "stream twice as long")
    return wrong


def check_secret(figures):
    if len(set(figures.values())) == 1:
        return []
    return ["the number of instructions tells something of the secret: "
            + ", ".join(f"{name}: {figure:.0f}" for name, figure in figures.items())]


def check(bench, target, figures):
    """What of the figures of a bench, by the names of the cases, is over its ceilings."""
    if bench == "at":
        return check_at(target, figures)
    if bench in BYTES:
        return check_bytes(bench, target, figures)
    return check_secret(figures) if bench in ("secret", "login") else []

# --- Figures --------------------------------------------------------------------------------------


def cases_of(program, benches):
    """The cases of these benches, all if there are none."""
    cases = [Case(int(number), bench, unit, name) for number, bench, unit, name in
             (line.split("\t") for line in count.run([program, "--list"]).splitlines())]
    unknown = set(benches) - {case.bench for case in cases}
    if unknown:
        raise SystemExit(f"no such bench: {' '.join(sorted(unknown))}")
    return [case for case in cases if not benches or case.bench in benches]


def is_counted(target, case):
    """Not what takes too long there, nor zlib, which is not built for it."""
    return target == "x86-64" or not (case.bench == "zlib" or case.name.startswith("worst"))


class Programs:
    """The benchmark program on each target, built when it is wanted."""

    def __init__(self, root, output, compiler):
        self.root = root
        self.host = count.build_host(root, os.path.join(output, "host"), compiler)
        self.cortex_m0 = ""
        self.m0_output = os.path.join(output, "cortex_m0")

    def count_all(self, target, cases):
        """Instructions of a byte or whatever the unit is, for each of the cases."""
        one, program = count.on_host, self.host
        if target == "Cortex-M0":
            one = count.on_cortex_m0
            program = self.cortex_m0 = count.build_cortex_m0(self.root, self.m0_output)

        def cost(case):
            instructions, length = one(program, case.number)
            return instructions / length if case.unit == "byte" else instructions

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(cost, cases))


def count_on(target, programs, cases, results):
    """Adds the counts on a target to the results. Returns what is over the ceilings."""
    counted = [case for case in cases if is_counted(target, case)]
    figures = collections.defaultdict(dict)
    for case, cost in zip(counted, programs.count_all(target, counted)):
        figures[case.bench][case.name] = cost
        results[case].setdefault("instructions", {})[target] = round(cost, 3)
    return [f"{bench}, {target}: {line}" for bench in figures
            for line in check(bench, target, figures[bench])]


def add_crc_sizes(programs, results):
    """Adds what the sizes of the table of CRC-32 cost on a Cortex-M0+."""
    for case, result in results.items():
        if case.bench == "crc":
            result["code_bytes"] = count.crc_size(programs.root, programs.m0_output,
                                                  CRC_ENTRIES[case.name])


def add_times(program, directory, rounds, cases, results):
    """Adds how fast the cases are, and memcpy, which is timed in any case."""
    path = os.path.join(directory, "times.json")
    benches = sorted({case.bench for case in cases} - {"secret", "login"})
    count.run([program, "--rounds", str(rounds), "--json", path, *benches])
    with open(path, encoding="utf-8") as f:
        times = {(r["bench"], r["case"]): r for r in json.load(f)["results"]}
    for case in cases:
        for key in ("per_second", "of_memcpy"):
            if key in times.get((case.bench, case.name), {}):
                results[case][key] = times[case.bench, case.name][key]

# --- What is shown --------------------------------------------------------------------------------


def first_line(command):
    return count.run(command).splitlines()[0]


def made(compiler):
    """When and with what, without the name of the machine."""
    return {"date": time.strftime("%Y-%m-%d"), "machine": os.uname().machine,
            "processors": os.cpu_count(), "system": f"Linux {os.uname().release.split('-')[0]}",
            "compiler": first_line([compiler, "--version"])}


def number(value, digits):
    return "" if value is None else f"{value:,.{digits}f}"


def row(case, result):
    per_second = result.get("per_second")
    instructions = result.get("instructions", {})
    digits = 3 if case.unit == "byte" else 0
    rate = per_second and per_second / 1e6
    columns = [number(instructions.get(target), digits) for target in count.TARGETS]
    columns += [number(rate, 0 if case.unit == "byte" else 1),
                number(result.get("of_memcpy"), 3)]
    code = f"  {result['code_bytes']} bytes of code" if "code_bytes" in result else ""
    return (f"{case.bench:<10}{case.name:<36}{case.unit:<8}"
            + "".join(f"{c:>11}" for c in columns) + code)


def show(about, results):
    print("{date}, {machine}, {processors} processors, {system}, {compiler}".format(**about))
    print(f"{'':<54}{'instructions':>22}{'million':>11}{'of':>11}")
    print(f"{'':<46}{'of a':<8}" + "".join(f"{t:>11}" for t in count.TARGETS)
          + f"{'a second':>11}{'memcpy':>11}")
    for case, result in results.items():
        print(row(case, result))


def write_json(path, about, results):
    entries = [{"bench": case.bench, "case": case.name, "unit": case.unit, **result}
               for case, result in results.items()]
    with open(path, "w", encoding="utf-8") as f:
        json.dump({"made": about, "results": entries}, f, indent=1)
        f.write("\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=os.path.abspath)
    parser.add_argument("output", type=os.path.abspath)
    parser.add_argument("compiler")
    parser.add_argument("benches", nargs="*")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--json")
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_intermixed_args()

    programs = Programs(args.root, args.output, args.compiler)
    cases = cases_of(programs.host, args.benches)
    results = {case: {} for case in cases}
    wrong = []
    skipped = []
    for target in count.TARGETS:
        reason = count.missing(target)
        if reason:
            skipped.append(f"{target}: skipped, {reason}")
        else:
            wrong += count_on(target, programs, cases, results)
    if not count.missing("Cortex-M0"):
        add_crc_sizes(programs, results)
    if not args.check:
        add_times(programs.host, args.output, args.rounds, cases, results)
    about = made(args.compiler)
    show(about, results)
    if args.json:
        write_json(args.json, about, results)
    for line in skipped + wrong:
        print(line)
    return 1 if wrong else 77 if skipped else 0


if __name__ == "__main__":
    sys.exit(main())
