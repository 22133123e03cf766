#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What one AT command costs: instructions on this machine and on a Cortex-M0, commands a second.

    at_bench.py <root> <output directory> <compiler>            instructions and time
    at_bench.py <root> <output directory> <compiler> --check    instructions only, against ceilings

The method is in docs/at_performance.md. Exit status 77: valgrind, qemu or the cross compiler are
not installed, and what could be counted is within the ceilings.
"""
import os
import sys

import count

TABLES = (10, 60, 1000)
COMMAND = "UARTFT"
COMMANDS = 16  # a run; the second has twice as many
CEILINGS = {"x86-64": 1000, "Cortex-M0": 2000}  # instructions against 60 commands
GROWTH = 1.5  # from 10 to 1,000 commands, less than

# One product's commands, and stems and tails of the kind that commands are made of.
NAMES = """APN BUILD CACHEN CCLK CIP CLEAR CLOUD CMDPW CNUM CSQ DSTNUM E ENTM GPS GPSDT
GPSOUT HEART HEARTDT HEARTEN HEARTSORT HEARTTM HEARTTP HTPHD HTPPK HTPSV HTPTIM HTPTP HTPURL
ICCID IMEI KEEPALIVEA KEEPALIVEB KEEPALIVEC KEEPALIVED LBS LBSN NATEN NTPEN NTPSVR NTPTM
REGDT REGEN REGSND REGTP RSTIM S SAFEATEN SDPEN SHORTATM SIGNINAT SMSFLT SN SOCKA SOCKABK
SOCKABKEN SOCKAEN SOCKALK SOCKASL SOCKB SOCKBBK SOCKBBKEN SOCKBEN SOCKBLK SOCKC SOCKCEN
SOCKCLK SOCKD SOCKDEN SOCKDLK SOCKRSNUM SOCKRSTIM STMSG SYSINFO UART UARTFL UARTFT UATEN VER
WKMOD Z""".split()
STEMS = """ADC ALARM BLE CAN CLOUD DHCP DNS FTP GPIO HEART HTP KEEPALIVE LAN LED LOG LORA
MODBUS MQTT NET NTP PING PPP REG RELAY ROUTE RS485 SMS SNMP SOCK SSL TELNET TIME UART UDP
UPNP VLAN VPN WAN WEB WIFI WKMOD ZONE""".split()
TAILS = """ADDR AUTH BK CH DT EN FL FT GW ID IP KEY LK LVL MASK MAX MIN MOD MTU NUM PORT PW
QOS RST SL SND SVR TM TOUT TP URL USER""".split()


def comparisons_needed(rows):
    """For each place in a table how many comparisons dtu_params_find() needs."""
    taken = [0] * rows

    def halve(low, high, comparisons):
        if low < high:
            middle = (low + high) // 2
            taken[middle] = comparisons
            halve(low, middle, comparisons + 1)
            halve(middle + 1, high, comparisons + 1)
    halve(0, rows, 1)
    return taken


def spread(names, wanted):
    """So many of the names, evenly."""
    return [names[i * len(names) // wanted] for i in range(wanted)]


def table(rows):
    """Names in their order, with the command where the search for it takes longest."""
    names = set(NAMES)
    if rows > len(names):
        names |= {stem + tail for stem in STEMS for tail in TAILS if len(stem + tail) <= 11}
    before = sorted(n for n in names if n < COMMAND)
    behind = sorted(n for n in names if n > COMMAND)
    taken = comparisons_needed(rows)
    places = [i for i in range(rows) if i <= len(before) and rows - 1 - i <= len(behind)
              and taken[i] == max(taken)]
    if not places:
        raise SystemExit(f"not enough names for a table of {rows}")
    place = places[-1]
    return spread(before, place) + [COMMAND] + spread(behind, rows - 1 - place), max(taken)


def write_table(directory, rows):
    names, comparisons = table(rows)
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, "at_table.h"), "w", encoding="utf-8") as f:
        f.write("static const struct dtu_param rows[] = {\n")
        for i, name in enumerate(names):
            f.write(f'    ROW("{name}", {i}),\n')
        f.write("};\n")
    return comparisons


class Bench:
    def __init__(self, root, output, compiler):
        self.sources = [f"{root}/lib/{e}.c" for e in ("at_server", "params", "escape", "base")]
        self.sources.append(f"{root}/tests/bench/at_bench.c")
        self.include = f"-I{root}/include"
        self.output = output
        self.compiler = compiler

    def directory(self, rows):
        return os.path.join(self.output, str(rows))

    def options(self, rows, define):
        return [self.include, f"-I{self.directory(rows)}", f"-D{define}"]

    def instructions(self, target, rows):
        """What one command costs."""
        if target == "x86-64":
            options = self.options(rows, f"COMMANDS={COMMANDS}")
            return count.host(self.compiler, self.sources, options, self.directory(rows) + "/host",
                              "bench_feed") / COMMANDS
        once, twice = (count.cortex_m0(self.sources, self.options(rows, f"COMMANDS={n}"),
                                       f"{self.directory(rows)}/m0_{n}.elf")
                       for n in (COMMANDS, 2 * COMMANDS))
        return (twice - once) / COMMANDS  # without the start-up

    def rate(self, rows):
        """Commands a second on this machine, the best of three."""
        program = count.build([self.compiler, "-O2"], self.sources,
                              self.options(rows, "BENCH_TIME"), self.directory(rows) + "/time")
        return max(int(count.run([program])) for _ in range(3))


def check(target, figures):
    """What of the figures is over the ceilings."""
    wrong = []
    if figures[60] > CEILINGS[target]:
        wrong.append(f"{target}: {figures[60]:.0f} instructions against 60 commands, at most "
                     f"{CEILINGS[target]}")
    if figures[1000] >= GROWTH * figures[10]:
        wrong.append(f"{target}: grows {figures[1000] / figures[10]:.2f} times from 10 to 1,000 "
                     f"commands, less than {GROWTH}")
    return wrong


def main():
    root, output, compiler, *options = sys.argv[1:]
    bench = Bench(os.path.abspath(root), os.path.abspath(output), compiler)
    comparisons = {rows: write_table(bench.directory(rows), rows) for rows in TABLES}
    wrong = []
    skipped = []
    print(f"{'AT+UARTFT=50 against':<28}" + "".join(f"{n:>12,}" for n in TABLES) + "  commands")
    print(f"{'comparisons of names':<28}" + "".join(f"{comparisons[n]:>12}" for n in TABLES))
    for target in count.TARGETS:
        reason = count.missing(target)
        if reason:
            skipped.append(f"{target}: skipped, {reason}")
            continue
        figures = {n: bench.instructions(target, n) for n in TABLES}
        print(f"{'instructions, ' + target:<28}" + "".join(f"{figures[n]:>12,.0f}" for n in TABLES)
              + f"  grows {figures[1000] / figures[10]:.2f} times")
        wrong += check(target, figures)
    if "--check" not in options:
        print(f"{'a second, this machine':<28}"
              + "".join(f"{bench.rate(n):>12,}" for n in TABLES))
    for line in skipped + wrong:
        print(line)
    return 1 if wrong else 77 if skipped else 0


if __name__ == "__main__":
    sys.exit(main())
