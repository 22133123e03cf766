#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""dtuctl against modules that misbehave in every way that a network and a module can.

The environment variable DTUCTL names the program, SOFTDTU the module in software; SEED repeats a
run of the random answers.
"""
import concurrent.futures
import contextlib
import fcntl
import json
import os
import pty
import random
import re
import signal
import socket
import struct
import subprocess
import termios
import threading
import time
import unittest

import fake_module
import harness
from fake_module import (BASIC, CLOUD, ERROR, MANUAL_BASIC, MANUAL_MAC, MANUAL_PORT, PORT_0, PORT_1,
                         READ, REFUSED, RESTART, SAVE, SEARCH, Lan, Module, replaced)

DTUCTL = os.environ.get("DTUCTL", "")
DONE, FAILED, USAGE, SILENT, INTERRUPTED = 0, 1, 2, 3, 130
MAC = MANUAL_MAC.hex().upper()
QUICK = ["--timeout", "150"]

# What the manual's samples say, by the names of dtuctl: manual 003 section 5.1.2, forms 2 and 3.
BASIC_FIELDS = {
    "sequence": 4, "crc": 0x78, "block_version": 3, "flags": "00", "static_ip": "off",
    "websocket_port": 0x1920, "http_port": 80, "user_flag": 2, "ip": "192.168.0.7",
    "gateway": "192.168.0.1", "mask": "255.255.255.0", "name": "USR-K3", "user": "admin",
    "password": "*****", "send_time": 2, "id": 1, "id_type": "none", "mac": MAC,
    "reset_time": 3600, "reserved": "01000000"}
PORT_FIELDS = {
    "baud": 115200, "data_bits": 8, "parity": "none", "stop_bits": 1, "flow": "none",
    "reconnect_time": 0, "local_port": 23, "remote_port": 23, "remote": "192.168.0.201",
    "remote_ip": "0.0.0.0", "port_flags": "09", "modbus": "off", "baudsync": "on", "cloud": "off",
    "mode": "tcp-server", "packing_len": 0, "packing_time": 0, "time_count": 0,
    "server_style": 1, "server_clients": 8, "port_reserved": "01010101"}
CLOUD_FIELDS = {
    "cloud_id": "12345678901234567890", "cloud_password": "*****",
    "cloud_reserved": bytes(range(22)).hex().upper()}


def own_address():
    """An address for a module that no other test uses at the same time."""
    own_address.last += 1
    return f"127.{(os.getpid() >> 8 & 0x3F) + 64}.{os.getpid() & 0xFF}.{own_address.last % 250 + 1}"


own_address.last = 0


class Ended:
    """What came of a run."""

    def __init__(self, args, status, out, err, seconds):
        self.args = args
        self.status = status
        self.out = out
        self.err = err
        self.seconds = seconds

    def __str__(self):
        return (f"$ dtuctl {' '.join(map(str, self.args))}\n{self.out}\n--- standard error\n"
                f"{self.err}\n--- exit status: {self.status} after {self.seconds:.2f} s")


def environment(more=None):
    env = {k: v for k, v in os.environ.items() if not k.startswith("DTUCTL_")}
    env["ASAN_OPTIONS"] = "exitcode=99"
    return {**env, **(more or {})}


class Test(unittest.TestCase):
    def setUp(self):
        if not os.access(DTUCTL, os.X_OK):
            self.fail("the environment variable DTUCTL must name the program")

    def ended(self, args, status, out, err, start):
        end = Ended(args, status, out.decode(), err.decode(), time.monotonic() - start)
        self.assertNotIn("Sanitizer", end.err, end)
        self.assertNotIn("runtime error", end.err, end)
        return end

    def run_dtuctl(self, *args, env=None):
        start = time.monotonic()
        result = subprocess.run([DTUCTL, *args], capture_output=True, timeout=harness.SECONDS,
                                env=environment(env), stdin=subprocess.DEVNULL, check=False)
        return self.ended(args, result.returncode, result.stdout, result.stderr, start)

    def lan(self, *modules, port=0):
        lan = Lan(port)
        self.addCleanup(lan.close)
        for module in modules:
            lan.add(module)
        return lan.start()

    def module(self, **options):
        """A module, and what to call dtuctl with so that it looks for modules here."""
        module = Module(own_address(), **options)
        lan = self.lan(module)
        return module, ["--port", str(lan.port), "--to", fake_module.BROADCAST]

    def check(self, status, *args, env=None, err=None, out=None):
        end = self.run_dtuctl(*args, env=env)
        self.assertEqual(end.status, status, end)
        for pattern, text in ((err, end.err), (out, end.out)):
            if pattern is not None:
                self.assertRegex(text, pattern, end)
        if status == DONE and err is None:
            self.assertEqual(end.err, "", end)
        return end

    def check_json(self, *args, status=DONE, err=None):
        return json.loads(self.check(status, *args, "--json", err=err).out)


# --- Use ------------------------------------------------------------------------------------------

class Use(Test):
    def test_wrong_use_ends_with_2_and_names_what_is_wrong(self):
        for args, pattern in (
                ([], "a command is needed"),
                (["find"], "find: the commands are scan, show, set, restart"),
                (["scan", "word"], "word: scan takes options alone"),
                (["show"], "show: which module"),
                (["show", "1.2.3"], r"1\.2\.3: neither a MAC"),
                (["show", "D8B04CC00D6"], "neither a MAC"),
                (["show", "D8:B0:4C:C0:0D-65"], "neither a MAC"),
                (["show", "D8.B0.4C.C0.0D.65"], "neither a MAC"),
                (["show", "D8B04CC00D6G"], "neither a MAC"),
                (["show", MAC, "127.0.0.1"], r"127\.0\.0\.1: one module at a time"),
                (["set", MAC], "nothing to set"),
                (["set", MAC, "baud"], "baud: a setting is NAME=VALUE"),
                (["set", MAC, "bauds=9600"], "bauds: there is no such field"),
                (["set", MAC, "port1.name=x"], r"port1\.name: there is no such field"),
                (["set", MAC, "cloud.baud=9600"], r"cloud\.baud: there is no such field"),
                (["set", MAC, "sequence=1"], "sequence: can be read alone"),
                (["set", MAC, "crc=1"], "crc: can be read alone"),
                (["set", MAC, "mac=000000000000"], "mac: can be read alone"),
                (["set", MAC, "baud=9600", "port0.BAUD=9600"], "baud: is set twice"),
                (["set", MAC, "--set", "baud=9600"], "unrecognized option"),
                (["scan", "--tries", "2"], "--tries: not an option of scan"),
                (["show", MAC, "--dry-run"], "--dry-run: not an option of show"),
                (["restart", MAC, "--wait", "1"], "--wait: not an option of restart"),
                (["scan", "--wait", "0"], "0: --wait takes 1 to 600000"),
                (["scan", "--wait", "4294967297"], "4294967297: --wait takes"),
                (["scan", "--port", "65536"], "65536: --port takes 1 to 65535"),
                (["scan", "--port", "x"], "x: --port takes"),
                (["scan", "--to", "here"], "here: --to takes an IPv4 address"),
                (["scan", "--to"], "requires an argument"),
                (["show", MAC, "--tries", "0"], "0: --tries takes 1 to 100"),
                (["show", MAC, "--user", "toolong"], "--user: at most 5"),
                (["show", MAC, "--password", "secret"], "--password: at most 5"),
                (["help", "me"], "me: there is help for")):
            with self.subTest(args=args):
                end = self.check(USAGE, *args, err=pattern)
                self.assertEqual(end.out, "", end)
                self.assertTrue(end.err.startswith("dtuctl: ") or ": unrec" in end.err or
                                ": option" in end.err, end)

    def test_values_that_cannot_be_are_refused_before_anything_is_sent(self):
        module, where = self.module()
        for setting, pattern in (
                ("data_bits=256", "data_bits=256: data_bits takes"),
                ("baud=4294967296", "baud=4294967296: baud takes"),
                ("baud=", "baud=: baud takes"),
                ("baud=-1", "baud=-1: baud takes"),
                ("http_port=65536", "http_port takes"),
                ("server_clients=16", "server_clients takes 0 to 15"),
                ("parity=both", "parity=both: parity takes none, odd, even, mark, space"),
                ("flow=xon", "flow takes none, rtscts$"),
                ("ip=192.168.0.256", "ip takes an IPv4 address"),
                ("name=12345678901234567", "name takes"),
                ("user=123456", "user takes")):
            with self.subTest(setting=setting):
                self.check(USAGE, "set", MAC, "baud=9600", setting, *where, err=pattern)
        self.assertEqual(module.log, [])

    def test_a_long_wrong_value_is_cut_off_and_does_no_harm(self):
        for bad in ("\x1b" * 1000, "x" * 1000, "\u6d4b" * 1000):
            for args in (["show", bad], ["set", MAC, f"name={bad}"], ["set", MAC, f"{bad}=1"],
                         ["set", MAC, f"password={bad}"], [bad], ["scan", "--to", bad]):
                end = self.check(USAGE, *args)
                self.assertLess(len(end.err), 1300)
                self.assertNotIn("\x1b", end.err)

    def test_a_wrong_login_in_the_environment_is_named(self):
        self.check(USAGE, "show", MAC, env={"DTUCTL_PASSWORD": "secret"},
                   err="DTUCTL_PASSWORD: at most 5")

    def test_help(self):
        self.check(DONE, "--help", out="^Usage: dtuctl scan")
        self.check(DONE, "help", out="^Usage: dtuctl scan")
        for command in ("scan", "show", "set", "restart"):
            self.check(DONE, command, "--help", out=f"^Usage: dtuctl {command}")
            self.check(DONE, "help", command, out=f"^Usage: dtuctl {command}")

    def test_help_lists_all_fields(self):
        for args in (["help", "fields"], ["set", "--help"]):
            text = self.check(DONE, *args).out
            for field in (*BASIC_FIELDS, *PORT_FIELDS, *CLOUD_FIELDS):
                self.assertRegex(text, rf"(?m)^  {field} ", field)

    def test_version_is_that_of_the_library(self):
        header = os.path.join(os.path.dirname(__file__), "../../include/dtu/base.h")
        with open(header, encoding="ascii") as f:
            version = ".".join(re.findall(r"#define DTU_VERSION_\w+ (\d+)", f.read()))
        self.assertEqual(self.check(DONE, "--version").out, f"dtuctl {version}\n")
        self.assertEqual(self.check(DONE, "scan", "--version").out, f"dtuctl {version}\n")

    def test_output_that_cannot_be_written_is_a_failure(self):
        with open("/dev/full", "wb") as full:
            result = subprocess.run([DTUCTL, "--help"], stdout=full, stderr=subprocess.PIPE,
                                    env=environment(), check=False)
        self.assertEqual(result.returncode, FAILED)
        self.assertIn(b"standard output", result.stderr)


    def test_without_the_standard_files_a_set_is_done_all_the_same(self):
        """And that its output is lost is told, if that is possible."""
        for closed, told in (("<&- >&-", True), ("<&- >&- 2>&-", False), ("2>&-", False)):
            with self.subTest(closed):
                module, where = self.module()
                result = subprocess.run(
                    ["sh", "-c", f'exec "$@" {closed}', "sh", DTUCTL, "set", MAC, "name=x", *where],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=harness.SECONDS,
                    env=environment(), check=False)
                self.assertEqual(module.commands()[-1], READ)
                self.assertEqual(module.restarts, 1)
                self.assertEqual(result.returncode, DONE if closed == "2>&-" else FAILED)
                self.assertEqual(b"standard output: " in result.stderr, told)


# --- Scan -----------------------------------------------------------------------------------------

class Scan(Test):
    def scan(self, lan, *options, status=DONE, err=None):
        return self.check(status, "scan", "--port", str(lan.port), "--to", fake_module.BROADCAST,
                          *(options or ["--wait", "300"]), err=err)

    def test_a_table_sorted_by_address(self):
        first, second = own_address(), own_address()
        low, high = sorted((first, second), key=socket.inet_aton)
        lan = self.lan(Module(high, bytes.fromhex("D8B04C000002"), "tank"),
                       Module(low, bytes.fromhex("D8B04C000003"), "pump 7"))
        lines = self.scan(lan).out.splitlines()
        self.assertEqual(lines[0].split(), ["IP", "MAC", "NAME", "VERSION", "BOARD"])
        self.assertEqual([re.split("  +", line) for line in lines[1:]],
                         [[low, "D8B04C000003", "pump 7", "3016", "0/0"],
                          [high, "D8B04C000002", "tank", "3016", "0/0"]])
        columns = {line.index("D8B04C") for line in lines[1:]} | {lines[0].index("MAC")}
        self.assertEqual(len(columns), 1, lines)

    def test_the_sample_of_the_manual(self):
        module = Module(own_address())
        module.found = bytes.fromhex("FF240100 00C0A8016B D8B04CC00D65 C30B 0100"
                                     "5553522D4B33 00000000000000000000 8E")
        out = self.scan(self.lan(module)).out
        self.assertRegex(out, rf"(?m)^192\.168\.1\.107 +D8B04CC00D65  USR-K3  3011 +0/0  "
                              rf"answers from {module.ip}$")

    def test_200_modules_that_answer_at_once_are_all_found(self):
        base = own_address().rsplit(".", 1)[0]
        modules = [Module(f"{base}.{i + 1}", bytes([2, 0, 0, 0, 0, i])) for i in range(200)]
        lan = self.lan(*modules)
        found = json.loads(self.scan(lan, "--json", "--wait", "1500").out)
        self.assertEqual([f["mac"] for f in found], [m.mac.hex().upper() for m in modules])

    def test_200_answers_wait_for_a_program_that_is_busy(self):
        base = own_address().rsplit(".", 1)[0]
        modules = [Module(f"{base}.{i + 1}", bytes([2, 0, 0, 0, 0, i])) for i in range(200)]
        processes = []
        started = threading.Event()

        def stop(_):
            """Before the first of them answers."""
            started.wait(harness.SECONDS)
            processes[0].send_signal(signal.SIGSTOP)
            return []

        modules[0].before = stop
        lan = self.lan(*modules)
        args = [DTUCTL, "scan", "--json", "--wait", "3000", "--port", str(lan.port), "--to",
                fake_module.BROADCAST]
        with subprocess.Popen(args, stdout=subprocess.PIPE, env=environment()) as process:
            processes.append(process)
            started.set()
            deadline = harness.Deadline(harness.SECONDS, "200 answers")
            while not all(module.log for module in modules):
                deadline.check()
                time.sleep(0.01)
            lan.close()  # nobody answers the second question
            process.send_signal(signal.SIGCONT)
            out, _ = process.communicate(timeout=harness.SECONDS)
        self.assertEqual(len(json.loads(out)), 200)

    def test_it_asks_three_times_in_the_time_and_shows_each_module_once(self):
        module, where = self.module()
        module.lose[SEARCH] = 2
        end = self.check(DONE, "scan", *where, "--wait", "600")
        self.assertEqual(len(module.log), 3)
        self.assertEqual(len(end.out.splitlines()), 2, end)
        self.assertGreaterEqual(end.seconds, 0.6)
        self.assertLess(end.seconds, 3)
        self.check(DONE, "scan", *where, "--wait", "300")
        self.assertEqual([request for _, request in module.log], [bytes.fromhex("FF010102")] * 6)

    def test_one_mac_with_two_addresses_is_two_rows(self):
        lan = self.lan(Module(own_address()), Module(own_address()))
        self.assertEqual(self.scan(lan).out.count(MAC), 2)

    def test_a_wrong_check_byte_is_told(self):
        module, where = self.module()
        good = fake_module.found(module.ip, module.mac)
        siblings = sum(good[1:-1]) & 0xFF  # as one sends it
        wrong = next(check for check in range(3) if check not in (good[-1], siblings))
        module.found = good[:-1] + bytes([wrong])
        self.check(DONE, "scan", *where, "--wait", "200", out=f"{MAC}.*check byte is wrong")
        self.assertFalse(self.check_json("scan", *where, "--wait", "200")[0]["intact"])
        module.found = good[:-1] + bytes([siblings])
        self.assertTrue(self.check_json("scan", *where, "--wait", "200")[0]["intact"])

    def test_nobody_there_is_3_after_the_time(self):
        lan = self.lan()
        end = self.scan(lan, "--wait", "200", status=SILENT, err="no module answered within 200 ms")
        self.assertEqual(end.out, "")
        self.assertLess(end.seconds, 2)
        end = self.scan(lan, "--wait", "200", "--json", status=SILENT, err="no module")
        self.assertEqual(json.loads(end.out), [])

    def test_what_is_no_answer_to_a_search_is_ignored(self):
        module, where = self.module()
        good = fake_module.found(module.ip, module.mac)
        for junk in (b"", b"\xff", good[:-1], good + b"\0", b"\xfe" + good[1:], bytes(180),
                     b"\xff\1\1K", b"E\x02", b"x" * 1500, b"\xff\x24\2" + good[3:]):
            module.answers[SEARCH] = [junk]
            with self.subTest(junk=junk[:40]):
                self.check(SILENT, "scan", *where, "--wait", "60", err="no module")
        module.answers[SEARCH] = [b"junk", good]
        self.check(DONE, "scan", *where, "--wait", "60", out=MAC)

    def test_a_name_cannot_harm_a_terminal_and_json_stays_utf8(self):
        module, where = self.module()
        for name, table, text in (
                (b"a\x1b[2J\x07b", r"a\x1B[2J\x07b", "a\x1b[2J\x07b"),
                (b'q"\\x', 'q"\\x', 'q"\\x'),
                ("\u6d4b\u8bd5".encode(), r"\xE6\xB5\x8B\xE8\xAF\x95", "\u6d4b\u8bd5"),
                (b"\x9b0m\xff" + b"z" * 12, r"\x9B0m\xFF" + "z" * 12, "\ufffd0m\ufffd" + "z" * 12),
                (b"\xed\xa0\x80\xc0\xaf\xf5", r"\xED\xA0\x80\xC0\xAF\xF5", "\ufffd" * 6),
                ("\x80\x9f\xa0".encode(), r"\xC2\x80\xC2\x9F\xC2\xA0", "\x80\x9f\xa0"),
                (b"\xe6\xb5", r"\xE6\xB5", "\ufffd\ufffd")):
            with self.subTest(name=name):
                module.found = fake_module.found(module.ip, module.mac, name)
                end = self.check(DONE, "scan", *where, "--wait", "60")
                self.assertIn(f"{MAC}  {table} ", end.out)
                end = self.check(DONE, "scan", *where, "--wait", "60", "--json")
                self.assertFalse(re.search("[\0-\x09\x0b-\x1f\x7f-\x9f]", end.out), end)
                row = json.loads(end.out)[0]
                self.assertEqual(row["name"], text)
                self.assertEqual(row.get("name_hex"),
                                 name.hex().upper() if "\ufffd" in text else None)

    def test_json_has_what_the_table_has(self):
        module, where = self.module()
        self.assertEqual(self.check_json("scan", *where, "--wait", "60"), [{
            "mac": MAC, "ip": module.ip, "name": "USR-K7", "version": 3016, "board_type": 0,
            "board_id": 0, "intact": True, "from": module.ip}])

    def test_an_interface_is_reached_without_a_default_route(self):
        """Its own broadcast address is among those that are asked."""
        script = ("ip link set lo up && ip link add v0 type veth peer name v1 && "
                  "ip addr add 10.9.0.1/24 brd 10.9.0.255 dev v0 && ip link set v0 up && "
                  "ip link set v1 up || exit 77\n"
                  'exec "$@"')
        code = ("import socket, subprocess, sys, threading\n"
                "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                "s.bind(('', 1901))\n"
                "def answer():\n"
                "    while True:\n"
                "        data, sender = s.recvfrom(100)\n"
                "        s.sendto(bytes.fromhex(sys.argv[2]), sender)\n"
                "threading.Thread(target=answer, daemon=True).start()\n"
                "sys.exit(subprocess.call([sys.argv[1], 'scan', '--wait', '300']))\n")
        reply = fake_module.found("10.9.0.7", MANUAL_MAC).hex()
        result = subprocess.run(["unshare", "-rn", "sh", "-c", script, "sh", "/usr/bin/env",
                                 "python3", "-c", code, DTUCTL, reply], capture_output=True,
                                timeout=harness.SECONDS, env=environment(), check=False)
        if result.returncode not in (DONE, FAILED, USAGE, SILENT, 99):
            self.skipTest("no namespace for a network here")
        self.assertEqual(result.returncode, DONE, result)
        self.assertIn(b"10.9.0.7", result.stdout)

    def test_no_network_at_all_is_told(self):
        result = subprocess.run(["unshare", "-rn", DTUCTL, "scan", "--wait", "60"],
                                capture_output=True, timeout=harness.SECONDS, env=environment(),
                                check=False)
        if result.returncode == 1 and b"unshare" in result.stderr:
            self.skipTest("no namespace for a network here")
        self.assertEqual(result.returncode, SILENT, result)
        self.assertIn(b"cannot send: Network is unreachable", result.stderr)


# --- Show -----------------------------------------------------------------------------------------

class Show(Test):
    def expected(self, module, *blocks):
        found = {"mac": MAC, "ip": module.ip, "name": "USR-K3", "version": 3016, "board_type": 0,
                 "board_id": 0}
        known = {"basic": {**BASIC_FIELDS, "ip": module.ip}, "port0": PORT_FIELDS,
                 "port1": {**PORT_FIELDS, "baud": 9600}, "cloud": CLOUD_FIELDS}
        return {**found, **{block: known[block] for block in blocks}}

    def test_every_field_of_the_samples_of_the_manual(self):
        module, where = self.module(name="USR-K3")
        for target in (MAC, MAC.lower(), "d8:B0:4c:C0:0d:65", "D8-B0-4C-C0-0D-65", module.ip):
            with self.subTest(target=target):
                got = self.check_json("show", target, *where)
                self.assertEqual(got, self.expected(module, "basic", "port0", "cloud"))
        self.assertEqual(module.requests(READ)[0], bytes.fromhex(
            "FF1303D8B04CC00D6561646D696E0061646D696E002E"))

    def test_the_table_says_the_same_as_the_json(self):
        module, where = self.module(name="USR-K3")
        lines = self.check(DONE, "show", MAC, *where).out.splitlines()
        self.assertEqual(lines[0], f"{MAC} ({module.ip})")
        block, table = None, {}
        for line in lines[1:]:
            if line.startswith("  "):
                table[block][line.split()[0]] = line.split()[1]
            else:
                block = line
                table[block] = {}
        expected = self.expected(module, "basic", "port0", "cloud")
        for block, values in table.items():
            self.assertEqual(values, {k: str(v) for k, v in expected[block].items()})

    def test_passwords_are_shown_on_demand_alone(self):
        _, where = self.module()
        for options in ([], ["--json"]):
            end = self.check(DONE, "show", MAC, *where, *options, "--user", "admin")
            self.assertNotIn("cloudpwd", end.out)
            self.assertEqual(end.out.count("admin"), 1, end)  # the user
        got = self.check_json("show", MAC, *where, "--show-password")
        self.assertEqual(got["basic"]["password"], "admin")
        self.assertEqual(got["cloud"]["cloud_password"], "cloudpwd")

    def test_a_sibling_answers_in_three_datagrams(self):
        module, where = self.module(name="USR-K3", kind="sibling")
        self.assertEqual(self.check_json("show", MAC, *where), {
            **self.expected(module, "basic", "port0"),
            "rest": (bytes(range(50)) + bytes(range(84))).hex().upper()})
        self.check(DONE, "show", MAC, *where, out="and 134 bytes that are not known")

    def test_the_first_of_three_datagrams_is_enough(self):
        module, where = self.module(name="USR-K3", kind="sibling")
        first, second, third = module.read()
        for answers in ([first], [first, third], [first, second], [second, first]):
            module.answers[READ] = answers
            self.assertEqual(self.check_json("show", MAC, *where),
                             self.expected(module, "basic", "port0"))

    def test_a_module_with_two_ports(self):
        module, where = self.module(name="USR-K3", kind="n5x0")
        self.assertEqual(self.check_json("show", MAC, *where),
                         self.expected(module, "basic", "port0", "port1"))

    def test_a_value_that_has_no_word_is_a_number(self):
        module, where = self.module()
        module.blocks[PORT_0] = replaced(replaced(MANUAL_PORT, 5, b"\x09"), 7, b"\x00")
        got = self.check_json("show", MAC, *where)
        self.assertEqual(got["port0"]["parity"], 9)
        self.assertEqual(got["port0"]["flow"], "none")
        self.check(DONE, "show", MAC, *where, out=r"(?m)^  parity +9$")

    def test_the_login_is_an_option_or_comes_from_the_environment(self):
        module, where = self.module()
        module.login = b"root\0\0" + b"12345\0"
        cure = "wrong user or password: give --user and --password, or DTUCTL_USER and DTUCTL_PASS"
        self.check(FAILED, "show", MAC, *where, err=cure)
        self.check(DONE, "show", MAC, *where, "--user", "root", "--password", "12345")
        env = {"DTUCTL_USER": "root", "DTUCTL_PASSWORD": "12345"}
        self.check(DONE, "show", MAC, *where, env=env)
        end = self.check(FAILED, "show", MAC, *where, "--password", "54321", env=env, err=cure)
        self.assertNotIn("54321", end.err + end.out)

    def test_no_answer_is_3_within_the_time(self):
        module, where = self.module()
        module.lose[READ] = 99
        end = self.check(SILENT, "show", MAC, *where, "--tries", "2", "--timeout", "200",
                         err="try 2 of 2\n.*no answer: is the module on")
        self.assertEqual(module.commands(), [READ, READ])
        self.assertGreaterEqual(end.seconds, 0.4)
        self.assertLess(end.seconds, 3)
        nobody = own_address()
        end = self.check(SILENT, "show", nobody, *where, *QUICK, err=f"{nobody}: no answer")
        self.assertGreaterEqual(end.seconds, 0.45)
        self.assertLess(end.seconds, 3)
        self.check(SILENT, "show", "020000000001", *where, *QUICK, err="020000000001: read: no ans")

    def test_what_is_lost_is_asked_again(self):
        module, where = self.module()
        module.lose = {SEARCH: 1, READ: 2}
        end = self.check(DONE, "show", MAC, *where, *QUICK, err="search is not answered; try 2 of 3")
        self.assertRegex(end.err, "no answer; try 2 of 3\n.*no answer; try 3 of 3")
        self.assertEqual(len(module.requests(READ)), 3)

    def test_a_module_that_answers_no_search_is_asked_by_broadcast(self):
        module, where = self.module(name="USR-K3")
        module.lose[SEARCH] = 99
        end = self.check(DONE, "show", MAC, "--json", *where, *QUICK, err="requests are broadcast")
        self.assertEqual(json.loads(end.out)["port0"], PORT_FIELDS)
        self.check(SILENT, "show", module.ip, *where, *QUICK, err="no answer: is there a module")

    def test_a_module_of_another_network_hears_the_last_try(self):
        module, where = self.module()
        module.far = True
        self.check(DONE, "show", MAC, *where, *QUICK, err="try 2 of 3\n.*try 3 of 3\n$")
        end = self.check(DONE, "set", MAC, "name=x", *where, *QUICK, err="try 3 of 3")
        self.assertEqual(end.err.count("no answer"), 2, "broadcast from then on")
        self.check(SILENT, "show", module.ip, *where, *QUICK, err="no answer")

    def test_a_request_damaged_on_its_way_is_sent_again(self):
        module, where = self.module()
        module.damage[READ] = 1
        self.check(DONE, "show", MAC, *where, err="damaged on the way; try 2 of 3\n$")
        module.damage[READ] = 99
        end = self.check(FAILED, "show", MAC, *where, err="every request was damaged")
        self.assertLess(end.seconds, 1.0, "a damaged request is sent again at once")

    def test_only_the_module_that_was_asked_is_heard_and_only_for_what_was_asked(self):
        module, where = self.module(name="USR-K3")
        stranger = Lan.bound(own_address(), 0)
        neighbour = Lan.bound(module.ip, 0)  # another program of the same machine
        for sock in (stranger, neighbour):
            self.addCleanup(sock.close)
        lie = replaced(b"".join(module.read()), fake_module.OF_NAME, b"LIE")
        refused = bytes([0xFF, 1, READ]) + REFUSED

        def before(command):
            if command == SEARCH:
                other = fake_module.found("10.0.0.1", bytes(6))
                return [(stranger, other), (module.sock, b"junk"), (module.sock, refused)]
            return [(stranger, lie), (neighbour, lie), (stranger, refused), (neighbour, b"E\0"),
                    (module.sock, bytes([0xFF, 1, SAVE]) + REFUSED),
                    (module.sock, bytes([0xFF, 1, READ]) + b"K"),
                    (module.sock, fake_module.found(module.ip, module.mac)),
                    (module.sock, b""), (module.sock, lie[:-1]), (module.sock, lie * 10)]

        module.before = before
        self.assertEqual(self.check_json("show", MAC, *where),
                         self.expected(module, "basic", "port0", "cloud"))

    def test_a_flood_of_other_datagrams_keeps_nobody_waiting(self):
        module = Module(own_address())
        module.lose[READ] = 99
        lan = self.lan(module)
        stranger = Lan.bound(own_address(), 0)
        self.addCleanup(stranger.close)
        ended = threading.Event()
        floods = []
        self.addCleanup(lambda: (ended.set(), floods[0].join()))

        def flood(peer):
            while not ended.is_set():
                stranger.sendto(bytes(180), peer)

        def before(command):
            if command == READ and not floods:
                floods.append(threading.Thread(target=flood, args=(lan.peer,), daemon=True))
                floods[0].start()
            return []

        module.before = before
        end = self.check(SILENT, "show", MAC, "--port", str(lan.port), "--to", fake_module.BROADCAST,
                         "--tries", "2", "--timeout", "200", err="no answer")
        self.assertLess(end.seconds, 5)

    def test_what_came_before_the_request_is_no_answer_to_it(self):
        module, where = self.module(name="USR-K3")
        lie = replaced(b"".join(module.read()), fake_module.OF_NAME, b"LIE")
        module.answers[SEARCH] = [fake_module.found(module.ip, module.mac), lie]
        processes, started, sent = [], threading.Event(), threading.Event()

        def before(command):
            if command == SEARCH:
                started.wait(harness.SECONDS)
                processes[0].send_signal(signal.SIGSTOP)
            return []

        module.before = before
        module.after = lambda command: sent.set()
        with subprocess.Popen([DTUCTL, "show", MAC, *where], stdout=subprocess.PIPE,
                              env=environment()) as process:
            processes.append(process)
            started.set()
            self.assertTrue(sent.wait(harness.SECONDS))
            process.send_signal(signal.SIGCONT)
            out, _ = process.communicate(timeout=harness.SECONDS)
        self.assertEqual(process.returncode, DONE)
        self.assertNotIn(b"LIE", out)

    def test_an_error_is_told(self):
        module, where = self.module()
        module.fail.add(READ)
        self.check(FAILED, "show", MAC, *where, err="read: the module answers with an error")

    def test_whatever_comes_is_survived(self):
        seed = os.environ.get("SEED", "1")
        rng = random.Random(seed)
        module, where = self.module()
        for i in range(40):
            length = rng.choice([0, 1, 2, 4, 36, 67, 130, 180, 193, 264, 512, 513, 1400])
            blocks = rng.randbytes(length)
            module.answers[READ] = [blocks] + [rng.randbytes(rng.choice([50, 84, 264]))
                                               for _ in range(rng.randrange(6))]
            with self.subTest(seed=seed, i=i, length=length):
                end = self.run_dtuctl("show", MAC, *where, "--json", "--tries", "1", *QUICK)
                known = any(len(answer) in (67, 130, 180, 193, 264)
                            for answer in module.answers[READ])
                self.assertIn(end.status, [DONE] if known else [SILENT, FAILED], end)
                if known:
                    json.loads(end.out)
                    self.check(DONE, "show", MAC, *where, *QUICK)


# --- Set ------------------------------------------------------------------------------------------

class Set(Test):
    def test_one_block_is_written_saved_restarted_and_read_back(self):
        module, where = self.module()
        before = module.blocks[PORT_0]
        end = self.check(DONE, "set", MAC, "baud=9600", "parity=even", "remote=example.org", *where)
        self.assertEqual(module.commands(), [READ, PORT_0, SAVE, RESTART, READ])
        self.assertEqual(module.saved[PORT_0], replaced(replaced(replaced(
            before, 0, struct.pack("<I", 9600)), 5, b"\3"), 16, fake_module.padded(
                "example.org", 30)))
        for line in (r"baud +115200 -> 9600", r"parity +none -> even",
                     r"remote +192\.168\.0\.201 -> example\.org",
                     rf"{MAC} \({module.ip}\): written: port0; saved; restarted; read back as ask"):
            self.assertRegex(end.out, line)

    def test_every_field_lands_in_its_bytes_and_nothing_else_changes(self):
        """Offsets and values as in the tables of the description."""
        def set_one(case):
            setting, block, at, data, module = case
            module.away_s = 0
            expected = dict(module.blocks)
            expected[block] = replaced(expected[block], at, data)
            lan = self.lan(module)
            end = self.run_dtuctl("set", module.ip, setting, "--port", str(lan.port), "--to",
                                  module.ip)
            self.assertEqual(module.saved, expected, end)
            return end

        cases = []
        for setting, block, at, data in (
                ("static_ip=on", BASIC, 3, b"\x80"),
                ("websocket_port=6432", BASIC, 4, b"\x20\x19"),
                ("http_port=8080", BASIC, 6, b"\x90\x1f"),
                ("gateway=192.168.1.2", BASIC, 13, bytes([2, 1, 168, 192])),
                ("mask=255.255.0.0", BASIC, 17, bytes([0, 0, 255, 255])),
                ("name=pump 7", BASIC, 21, b"pump 7".ljust(16, b"\0")),
                ("id=4660", BASIC, 50, b"\x34\x12"),
                ("id_type=both", BASIC, 52, b"\3"),
                ("reset_time=65535", BASIC, 59, b"\xff\xff\0\0"),
                ("baud=1000000", PORT_0, 0, b"\x40\x42\x0f\0"),
                ("data_bits=7", PORT_0, 4, b"\7"),
                ("parity=space", PORT_0, 5, b"\5"),
                ("stop_bits=2", PORT_0, 6, b"\2"),
                ("flow=RTSCTS", PORT_0, 7, b"\3"),
                ("reconnect_time=99999", PORT_0, 8, b"\x9f\x86\1\0"),
                ("local_port=4660", PORT_0, 12, b"\x34\x12"),
                ("remote_port=4660", PORT_0, 14, b"\x34\x12"),
                ("remote=" + "a" * 30, PORT_0, 16, b"a" * 30),
                ("modbus=on", PORT_0, 50, b"\x0d"),
                ("baudsync=off", PORT_0, 50, b"\x01"),
                ("cloud=on", PORT_0, 50, b"\x19"),
                ("mode=udp-server", PORT_0, 51, b"\2"),
                ("packing_len=1460", PORT_0, 52, b"\xb4\5\0\0"),
                ("packing_time=255", PORT_0, 56, b"\xff"),
                ("server_style=2", PORT_0, 58, b"\x82"),
                ("server_clients=15", PORT_0, 58, b"\xf1"),
                ("cloud.cloud_id=" + "9" * 20, CLOUD, 0, b"9" * 20),
                ("cloud_password=87654321", CLOUD, 20, b"87654321")):
            cases.append((setting, block, at, data, Module(own_address())))
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for case, end in zip(cases, pool.map(set_one, cases)):
                self.assertEqual(end.status, DONE, f"{case}: {end}")

    def test_the_requests_of_the_manual(self):
        """Settings from which one change leads to the manual's samples, byte for byte."""
        module = Module(own_address())
        module.stays = True
        module.blocks[PORT_0] = replaced(MANUAL_PORT, 0, struct.pack("<I", 9600))
        module.blocks[BASIC] = replaced(MANUAL_BASIC, 6, b"\x51\0")
        module.saved = dict(module.blocks)
        where = ["--port", str(self.lan(module).port), "--to", fake_module.BROADCAST]
        self.check(DONE, "set", MAC, "baud=115200", "http_port=80", *where)
        for command, sample in (
                (RESTART, "FF1302D8B04CC00D6561646D696E0061646D696E002D"),
                (READ, "FF1303D8B04CC00D6561646D696E0061646D696E002E"),
                (SAVE, "FF1304D8B04CC00D6561646D696E0061646D696E002F"),
                (BASIC, "FF5605D8B04CC00D6561646D696E0061646D696E00" + MANUAL_BASIC.hex() + "31"),
                (PORT_0, "FF5206D8B04CC00D6561646D696E0061646D696E00" + MANUAL_PORT.hex() + "85")):
            self.assertEqual(module.requests(command)[0], bytes.fromhex(sample))

    def test_nothing_to_change_writes_nothing(self):
        module, where = self.module()
        self.check(DONE, "set", MAC, "baud=115200", "flow=none", *where, out="^nothing to change\n$")
        module.blocks[PORT_0] = replaced(module.blocks[PORT_0], 7, b"\0")  # none too
        self.check(DONE, "set", MAC, "flow=none", *where, out="^nothing to change\n$")
        self.assertEqual(module.commands(), [READ, READ])

    def test_a_longer_text_is_a_change(self):
        _, where = self.module(name="USR")
        self.check(DONE, "set", MAC, "name=USR-K7", "--dry-run", *where, out="USR -> USR-K7")
        self.check(DONE, "set", MAC, "name=U", "--dry-run", *where, out="USR -> U\n")

    def test_a_dry_run_writes_nothing(self):
        module, where = self.module()
        self.check(DONE, "set", MAC, "baud=9600", "--dry-run", *where,
                   out=r"baud +115200 -> 9600\nnothing was written\n$")
        self.assertEqual(module.commands(), [READ])

    def test_json_says_what_was_done(self):
        module, where = self.module()
        got = self.check_json("set", MAC, "baud=9600", "password=54321", "name=USR-K7", *where)
        self.assertEqual(got["changes"], [
            {"block": "port0", "field": "baud", "old": 115200, "new": 9600},
            {"block": "basic", "field": "password", "old": "*****", "new": "*****"}])
        self.assertEqual(got["written"], ["port0", "basic"])
        self.assertEqual([got[k] for k in ("unknown", "saved", "restarted", "verified",
                                           "differences")], [[], True, True, True, []])
        self.assertEqual(got["ip"], module.ip)

    def test_a_set_that_fails_half_way_says_what_was_written(self):
        module, where = self.module()
        module.fail.add(BASIC)
        args = ["set", MAC, "baud=9600", "name=pump", *where]
        end = self.check(FAILED, *args, err="basic: the module answers with an error")
        self.assertRegex(end.err, "written: port0; not written: basic\n")
        self.assertIn("not saved: a restart brings the old settings back", end.err)
        self.assertEqual(module.commands(), [READ, PORT_0, BASIC])
        args[2] = "baud=19200"
        got = self.check_json(*args, status=FAILED, err="not written: basic")
        self.assertEqual((got["written"], got["saved"], got["restarted"]), (["port0"], False, False))

    def test_a_set_that_fails_at_once_says_that_nothing_was_written(self):
        module, where = self.module()
        module.fail.add(PORT_0)
        end = self.check(FAILED, "set", MAC, "baud=9600", *where,
                         err="written: nothing; not written: port0\n$")
        self.assertNotIn("saved", end.err)

    def test_a_write_without_an_answer_may_have_been_done(self):
        module, where = self.module()
        module.skip[PORT_0] = 99
        self.check(SILENT, "set", MAC, "baud=9600", "name=x", *where, *QUICK,
                   err="port0 was sent and not answered: it may have been written\n")
        self.assertEqual(module.commands(), [READ, PORT_0, PORT_0, PORT_0])

    def test_lost_answers_are_made_up_for(self):
        module, where = self.module()
        module.skip = {PORT_0: 1, SAVE: 2, RESTART: 1}
        module.damage = {BASIC: 1}
        module.away_s = 0
        end = self.check(DONE, "set", MAC, "baud=9600", "name=x", *where, *QUICK, err="try 2 of 3")
        self.assertIn("damaged on the way; try 2 of 3", end.err)
        self.assertEqual(module.saved[PORT_0][:4], struct.pack("<I", 9600))

    def test_a_save_that_is_refused_ends_it_before_the_restart(self):
        module, where = self.module()
        module.fail.add(SAVE)
        self.check(FAILED, "set", MAC, "baud=9600", *where,
                   err="save: the module answers with an error\n.*written: port0; not written: noth")
        self.assertEqual(module.commands(), [READ, PORT_0, SAVE])

    def test_a_save_without_an_answer_may_have_been_done(self):
        module, where = self.module()
        module.skip[SAVE] = 99
        end = self.check(SILENT, "set", MAC, "baud=9600", *where, *QUICK,
                         err="it may be saved all the same")
        self.assertNotIn("old settings back", end.err)

    def test_a_restart_without_an_answer_may_have_been_done(self):
        module, where = self.module()
        module.skip[RESTART] = 99
        module.away_s = 99
        self.check(SILENT, "set", MAC, "baud=9600", *where, *QUICK,
                   err="(?s)the restart may have been done.*saved: it counts once the module has")

    def test_a_restart_that_fails_says_that_all_is_saved(self):
        module, where = self.module()
        module.fail.add(RESTART)
        self.check(FAILED, "set", MAC, "baud=9600", *where,
                   err="(?s)restart: the module answers with an error.*counts once the module has")

    def test_a_new_address_is_followed_by_the_mac(self):
        for at_once in (False, True):
            for by_ip in (False, True):
                with self.subTest(at_once=at_once, by_ip=by_ip):
                    old, new = own_address(), own_address()
                    module = Module(old)
                    module.at_once = at_once
                    where = ["--port", str(self.lan(module).port), "--to", fake_module.BROADCAST]
                    end = self.check(DONE, "set", old if by_ip else MAC, f"ip={new}",
                                     "static_ip=on", *where, *QUICK, err="^|try")
                    self.assertRegex(end.out, rf"ip +{old} -> {new}")
                    self.assertRegex(end.out, rf"{MAC} \({new}\): written: basic; saved; restarted")
                    self.assertEqual(module.ip, new)

    def test_another_with_the_same_mac_is_not_taken_for_it(self):
        """As two softdtu that were given no identity have; the other is there all the time."""
        one, other = Module(own_address()), Module(own_address())
        one.away_s = 1.0
        lan = self.lan(other, one)
        self.check(DONE, "set", one.ip, "baud=9600", "--port", str(lan.port), "--to",
                   fake_module.BROADCAST, out=f"\\({one.ip}\\): written: .* read back as asked")
        self.assertEqual(one.commands()[-1], READ)
        self.assertEqual(other.commands(), [])

    def test_a_network_without_broadcasts_is_enough(self):
        """By its address alone, and then by the one that it was given."""
        for at_once in (False, True):
            with self.subTest(at_once=at_once):
                old, new = own_address(), own_address()
                module = Module(old)
                module.at_once = at_once
                where = ["--port", str(self.lan(module).port), "--to", own_address()]
                self.check(DONE, "restart", old, *where)
                self.check(DONE, "set", old, f"ip={new}", "static_ip=on", *where, *QUICK,
                           err="^|try", out=rf"\({new}\): written: basic; saved; restarted")

    def test_a_new_login_is_used_from_when_it_counts(self):
        for at_once in (False, True):
            with self.subTest(at_once=at_once):
                module = Module(own_address())
                module.at_once = at_once
                where = ["--port", str(self.lan(module).port), "--to", fake_module.BROADCAST]
                end = self.check(DONE, "set", MAC, "user=root", "password=54321", *where)
                self.assertNotIn("54321", end.out + end.err)
                self.assertRegex(end.out, r"password +\*+ -> \*+\n")
                self.assertEqual(module.login, b"root\0\0" + b"54321\0")
                self.assertEqual(module.commands().count(READ), 2, "the right one at once")

    def test_a_new_login_may_count_for_the_restart_already(self):
        """One that answers a restart with a wrong login as any error."""
        module = Module(own_address(), kind="sibling")
        module.at_once = module.login_is_error = True
        self.lan(module, port=1500)
        self.check(DONE, "set", module.ip, "password=54321", "--port", "1500", "--to", module.ip)
        self.assertEqual(module.commands(), [READ, BASIC, RESTART, RESTART, READ])

    def test_strangers_are_not_heard_after_a_new_address(self):
        old, new = own_address(), own_address()
        module = Module(old)
        stranger = Lan.bound(own_address(), 0)
        self.addCleanup(stranger.close)
        lie = b"".join(module.read())
        module.before = lambda command: [(stranger, lie)] if command == READ else []
        where = ["--port", str(self.lan(module).port), "--to", fake_module.BROADCAST]
        self.check(DONE, "set", MAC, f"ip={new}", "static_ip=on", *where)
        self.assertEqual(module.commands().count(READ), 2, "the right one at once")

    def test_a_password_is_never_printed(self):
        module, where = self.module()
        self.check(USAGE, "set", MAC, "password=s3cretword", *where, err=r"password=\*{5}:")
        self.check(USAGE, "set", MAC, "s3cretword", *where)
        module.forget = [(BASIC, fake_module.OF_PASSWORD, b"admin\0")]
        for options in ([], ["--json"]):
            end = self.check(FAILED, "set", MAC, "password=s3cre", *where, *options, "--wait-restart",
                             "1500", err=r"password: is \*{5} after the restart, not \*{5}")
            self.assertNotIn("s3cre", end.out + end.err)
        end = self.check(DONE, "set", MAC, "password=s3cre", "--show-password", "--dry-run", *where)
        self.assertRegex(end.out, "password +admin -> s3cre\n")

    def test_what_is_not_as_asked_after_the_restart_is_named(self):
        module, where = self.module()
        module.forget = [(PORT_0, 0, struct.pack("<I", 19200)), (BASIC, 6, b"\x51\0")]
        args = ["set", MAC, "baud=9600", "parity=odd", *where, "--wait-restart", "1200"]
        end = self.check(FAILED, *args, err="baud: is 19200 after the restart, not 9600")
        self.assertIn("http_port: has changed too: 80 -> 81", end.err)
        self.assertNotIn("parity", end.err)
        self.assertNotIn("as asked", end.out)
        got = self.check_json("set", MAC, "baud=9600", *where, "--wait-restart", "1200",
                              status=FAILED, err="baud: is 19200")
        self.assertEqual((got["verified"], got["differences"]), (False, ["baud"]))

    def test_a_module_that_is_slow_to_restart_is_read_again(self):
        """Its first answers after the restart are those from before."""
        module, where = self.module()
        old = b"".join(module.read())
        module.away_s = 0
        reads = []

        def before(command):
            reads.append(command)
            return [(module.sock, old)] if reads.count(READ) == 2 and command == READ else []

        module.before = before
        self.check(DONE, "set", MAC, "baud=9600", *where)
        self.assertGreaterEqual(reads.count(READ), 3)

    def test_siblings_have_no_save(self):
        module = Module(own_address(), kind="sibling")
        self.lan(module, port=1500)
        end = self.check(DONE, "set", module.ip, "baud=9600", "--port", "1500", "--to", module.ip)
        self.assertEqual(module.commands(), [READ, PORT_0, RESTART, READ])
        self.assertRegex(end.out, "written: port0; restarted; read back as asked")
        module.fail.add(BASIC)
        self.check(FAILED, "set", module.ip, "baud=19200", "name=x", "--port", "1500", "--to",
                   module.ip, err="what was written may count already")

    def test_the_second_port(self):
        module, where = self.module(kind="n5x0")
        before = module.blocks[PORT_1]
        self.check(DONE, "set", MAC, "port1.baud=19200", *where, out=r"port1\.baud +9600 -> 19200")
        self.assertEqual(module.commands(), [READ, PORT_1, SAVE, RESTART, READ])
        self.assertEqual(module.saved[PORT_1], replaced(before, 0, struct.pack("<I", 19200)))
        self.assertEqual(module.saved[PORT_0], MANUAL_PORT)

    def test_a_block_that_the_module_has_not_got(self):
        module, where = self.module()
        self.check(FAILED, "set", MAC, "baud=9600", "port1.baud=9600", *where,
                   err="baud: this module has no block port1")
        self.assertEqual(module.commands(), [READ])

    def test_an_interrupted_set_says_how_far_it_came(self):
        module, where = self.module()
        module.lose[BASIC] = 99
        start = time.monotonic()
        args = [DTUCTL, "set", MAC, "baud=9600", "name=x", *where, "--timeout", "20000"]
        with subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=environment()) as process:
            deadline = harness.Deadline(harness.SECONDS, "the write of the basic block")
            while BASIC not in module.commands():
                deadline.check()
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=harness.SECONDS)
        end = self.ended(args[1:], process.returncode, out, err, start)
        self.assertEqual(end.status, INTERRUPTED, end)
        self.assertRegex(end.err, "basic: interrupted\n.*written: port0; not written: nothing\n"
                                  ".*basic was sent and not answered: it may have been written\n"
                                  ".*not saved")

    def test_a_reader_who_leaves_does_not_stop_a_set(self):
        module, where = self.module()
        read_end, write_end = os.pipe()
        os.close(read_end)
        result = subprocess.run([DTUCTL, "set", MAC, "baud=9600", *where], stdout=write_end,
                                stderr=subprocess.PIPE, env=environment(), check=False)
        os.close(write_end)
        self.assertEqual(module.commands(), [READ, PORT_0, SAVE, RESTART, READ])
        self.assertEqual(result.returncode, FAILED)
        self.assertIn(b"standard output", result.stderr)


class Check(Test):
    """Values are those that K7's table of parameters takes: manual 003, the AT commands named."""

    def test_what_the_table_does_not_take_is_refused_before_anything_is_sent(self):
        module, where = self.module()
        for setting, pattern in (
                ("baud=599", r"baud=599: out of range: it takes 600 to 1000000 \(AT\+UART: <600~1"),
                ("baud=1000001", r"it takes 600 to 1000000 \(AT\+UART"),
                ("data_bits=9", r"data_bits=9: .* one of 5,6,7,8 \(AT\+UART"),
                ("stop_bits=3", r"stop_bits=3: .* one of 1,2 \(AT\+UART"),
                ("packing_len=1461", r"0 to 1460 \(AT\+UARTTL"),
                ("local_port=65535", r"1 to 65534 \(AT\+SOCKA"),
                ("reconnect_time=100000", r"1 to 99999 \(AT\+SOCKTO"),
                ("reset_time=59", r"0, 60 to 65535 \(AT\+RSTIM"),
                ("http_port=0", r"1 to 65535 \(AT\+WEBPORT"),
                ("websocket_port=0", r"1 to 65535 \(AT\+WEBSOCKPORT"),
                ("name=1234567890123456", r"1 to 15 bytes of text \(AT\+MID"),
                ("name=", r"1 to 15 bytes of text \(AT\+MID"),
                ("user=", r"1 to 5 bytes of text \(AT\+WEBU"),
                ("password=", r"password=\*{5}: .*1 to 5 bytes of text \(AT\+WEBU"),
                ("cloud_id=123", r"cloud_id=123: .* 20 bytes of text \(AT\+REGCLOUD"),
                ("cloud_password=123", r"cloud_password=\*{5}: .* 8 bytes of text \(AT\+REGCLOUD"),
                ("port1.baud=1", r"baud=1: .*600 to 1000000")):
            with self.subTest(setting=setting):
                end = self.check(USAGE, "set", MAC, "parity=odd", setting, *where, err=pattern)
                self.assertEqual(len(end.err.splitlines()), 1, end)
        self.assertEqual(module.log, [])

    def test_limits_are_taken(self):
        _, where = self.module()
        for setting in ("baud=600", "baud=1000000", "data_bits=5", "stop_bits=2", "packing_len=0",
                        "packing_len=1460", "packing_time=255", "local_port=65534", "local_port=1",
                        "remote_port=65534", "reconnect_time=1", "reconnect_time=99999",
                        "reset_time=0", "reset_time=60", "http_port=65535", "name=x",
                        "name=123456789012345", "user=x", "password=12345", "mode=httpd-client",
                        "parity=space", "remote=" + "x" * 30, "cloud_id=" + "7" * 20,
                        "cloud_password=" + "7" * 8):
            with self.subTest(setting=setting):
                self.check(DONE, "set", MAC, setting, "--dry-run", *where)

    def test_values_are_checked_with_the_others_of_the_module(self):
        module, where = self.module()
        port = module.blocks[PORT_0]
        for changes, settings, refused in (
                ([(14, b"\0\0")], ["mode=tcp-client"],
                 r"mode=tcp-client: not .* other settings \(local_port, remote_port, remote\): "),
                ([(14, b"\0\0")], ["mode=tcp-client", "remote_port=23"], None),
                ([], ["local_port=0"], "local_port=0: not with the module's other settings"),
                ([(51, b"\1")], ["local_port=0"], None),
                ([(51, b"\1")], ["remote_port=65535"], "not .* it takes 1 to 65534 "),
                ([(16, bytes(30)), (51, b"\1")], ["remote_port=24"], None),
                ([(51, b"\1")], ["remote="], "remote=: not with the module's other settings")):
            with self.subTest(changes=changes, settings=settings):
                module.blocks[PORT_0] = port
                for at, data in changes:
                    module.blocks[PORT_0] = replaced(module.blocks[PORT_0], at, data)
                self.check(USAGE if refused else DONE, "set", MAC, *settings, "--dry-run", *where,
                           err=refused)
        self.assertEqual(set(module.commands()), {READ})

    def test_what_a_module_has_already_is_its_own_affair(self):
        module, where = self.module()
        module.blocks[PORT_0] = replaced(MANUAL_PORT, 0, struct.pack("<I", 300))
        module.blocks[BASIC] = replaced(module.blocks[BASIC], 21, b"sixteen bytes..!")
        module.saved = dict(module.blocks)
        module.away_s = 0
        self.check(DONE, "set", MAC, "parity=even", "http_port=8080", *where)
        self.assertEqual(module.saved[PORT_0][:6], struct.pack("<I", 300) + b"\x08\3")
        self.check(USAGE, "set", MAC, "baud=599", *where, err="baud=599")


# --- Restart --------------------------------------------------------------------------------------

class Restart(Test):
    def test_it_is_done_when_the_module_answers_again(self):
        module, where = self.module()
        module.away_s = 1.2
        end = self.check(DONE, "restart", MAC, *where, out=f"{MAC}.*: restarted, and answers")
        self.assertEqual(module.restarts, 1)
        self.assertGreaterEqual(end.seconds, 1.2)
        self.assertTrue(self.check_json("restart", module.ip, *where)["restarted"])

    def test_a_module_that_takes_its_time_to_leave_has_not_come_back(self):
        module, where = self.module()
        module.leave_s, module.away_s = 0.2, 0.6
        end = self.check(DONE, "restart", MAC, *where)
        self.assertGreaterEqual(end.seconds, 0.8)

    def test_a_module_that_does_not_come_back_is_3(self):
        module, where = self.module()
        module.away_s = 99
        end = self.check(SILENT, "restart", MAC, *where, "--wait-restart", "700",
                         err="restart was granted, and no search was answered since, for 700 ms")
        self.assertGreaterEqual(end.seconds, 0.7)
        self.assertLess(end.seconds, 3)

    def test_an_error_may_be_a_wrong_login(self):
        module, where = self.module()
        module.answers[RESTART] = [bytes([0xFF, 1, RESTART]) + ERROR]
        self.check(FAILED, "restart", MAC, *where, err="to a wrong user or password too: --user")
        self.check(FAILED, "restart", MAC, *where, "--user", "x", err="wrong user or password: give")

    def test_no_answer_is_3(self):
        module, where = self.module()
        module.lose[RESTART] = 99
        self.check(SILENT, "restart", MAC, *where, *QUICK, err="restart: no answer")


# --- With softdtu ---------------------------------------------------------------------------------

@unittest.skipUnless(harness.SOFTDTU, "SOFTDTU is not set")
class Softdtu(harness.Test):
    """Both ends are this library's: what is set by UDP is what the UART's AT commands say."""

    def dtuctl(self, *args):
        result = subprocess.run(
            [DTUCTL, *args, "--port", str(self.port), "--to", fake_module.BROADCAST],
            capture_output=True, text=True, timeout=harness.SECONDS, env=environment(), check=False)
        self.assertEqual(result.returncode, DONE, result)
        return result.stdout

    def test_what_is_set_is_what_at_commands_say(self):
        self.port = harness.free_port(socket.SOCK_DGRAM)
        data_port = harness.free_port(socket.SOCK_DGRAM)
        self.start("k7", settings=["SOCKA=UDPS,127.0.0.1," + str(data_port)], options=[
            "--discovery-port", str(self.port), "--net-at-port", "0", "--bind", "127.0.0.1",
            "--identity", "mac=D8B04C00ABCD"])
        found = json.loads(self.dtuctl("scan", "--wait", "300", "--json"))
        self.assertEqual([f["mac"] for f in found], ["D8B04C00ABCD"])
        self.dtuctl("set", "D8B04C00ABCD", "baud=9600", "parity=even", "name=pump", "http_port=8080",
                    "password=54321", "reset_time=0", "modbus=on", "packing_time=10",
                    "packing_len=100", "cloud_id=" + "7" * 20, "cloud_password=87654321")
        user = self.user()
        user.enter()
        for name, value in (("UART", "9600,8,1,EVEN,NFC"), ("MID", "pump"), ("WEBPORT", "8080"),
                            ("WEBU", "admin,54321"), ("RSTIM", "0"), ("MODTCP", "ON"),
                            ("UARTTL", "10,100"), ("REGCLOUD", "7" * 20 + ",87654321")):
            self.assertEqual(user.query(name), value)


# --- Signals and terminals ------------------------------------------------------------------------

class Terminal(Test):
    def run_on_terminal(self, *args):
        """What is printed when standard error is a terminal."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        parts = []

        def follow():
            with contextlib.suppress(OSError):
                while part := os.read(master, 4096):
                    parts.append(part)

        reader = threading.Thread(target=follow, daemon=True)
        reader.start()
        result = subprocess.run([DTUCTL, *args], stdout=subprocess.PIPE, stderr=slave,
                                timeout=harness.SECONDS, env=environment(), check=False)
        os.close(slave)
        reader.join(harness.SECONDS)
        os.close(master)
        return result.returncode, b"".join(parts)

    def test_progress_is_shown_on_a_terminal_and_taken_away(self):
        _, where = self.module()
        status, err = self.run_on_terminal("scan", *where, "--wait", "100")
        self.assertEqual(status, DONE)
        self.assertIn(b"searching: 1 found", err)
        self.assertTrue(err.endswith(b"\r\x1b[K"), err)
        self.check(DONE, "scan", *where, "--wait", "100")  # and not elsewhere: no standard error

    def test_progress_of_a_set(self):
        module, where = self.module()
        module.lose[SAVE] = 1
        status, err = self.run_on_terminal("set", MAC, "baud=9600", *where, *QUICK)
        self.assertEqual(status, DONE)
        for text in (b"writing port0", b"waiting for the module", b"reading back", b"try 2 of 3"):
            self.assertIn(text, err)

    def test_interrupted_is_130(self):
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            for args in (["scan", "--wait", "20000"], ["show", MAC, "--timeout", "20000"]):
                module, where = self.module()
                module.lose = {SEARCH: 99}
                with subprocess.Popen([DTUCTL, *args, *where], stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, env=environment()) as process:
                    deadline = harness.Deadline(harness.SECONDS, "the search")
                    while not module.log:
                        deadline.check()
                        time.sleep(0.01)
                    process.send_signal(number)
                    process.communicate(timeout=harness.SECONDS)
                self.assertEqual(process.returncode, status, args)


if __name__ == "__main__":
    harness.main()
