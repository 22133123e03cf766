#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the tables of commands against which an AT command is measured.

    at_tables.py <header to be written>

They have real names of 1 to 11 letters. The command that is asked for stands where the search takes
longest, so no luck is in the figures.
"""
import sys

SIZES = (10, 60, 1000)
COMMAND = "UARTFT"

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


def text():
    """The header, with rows_10 and so on."""
    lines = ["/* Made by at_tables.py. */"]
    for size in SIZES:
        names, comparisons = table(size)
        lines += [f"/* {comparisons} comparisons of names */",
                  f"static const struct dtu_param rows_{size}[] = {{"]
        lines += [f'    ROW("{name}", {i}),' for i, name in enumerate(names)]
        lines.append("};")
    return "\n".join(lines) + "\n"


def main():
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(__doc__)
        return 0
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    with open(sys.argv[1], "w", encoding="utf-8") as header:
        header.write(text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
