#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What dtuctl says of itself: help of commands and of AT commands, the manual page, the completion.

The environment variable DTUCTL names the program, PAGES the pages that were made of dtuctl and of
softdtu.
"""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import harness

DTUCTL = os.environ.get("DTUCTL", "")
PAGES = os.environ.get("PAGES", "")
DONE, USAGE = 0, 2


class Test(unittest.TestCase):
    def setUp(self):
        if not os.access(DTUCTL, os.X_OK):
            self.fail("the environment variable DTUCTL must name the program")

    def run_dtuctl(self, *args, status=DONE):
        env = {k: v for k, v in os.environ.items() if not k.startswith("DTUCTL_")}
        result = subprocess.run([DTUCTL, *args], capture_output=True, timeout=harness.SECONDS,
                                env=env, stdin=subprocess.DEVNULL, check=False, text=True)
        self.assertEqual(result.returncode, status, result)
        return result

    def output(self, *args):
        result = self.run_dtuctl(*args)
        self.assertEqual(result.stderr, "")
        return result.stdout

    def commands(self):
        """The name of each command and what stands behind it."""
        usage = self.output("--help")
        return dict(re.findall(r"(?m)^(?:Usage:|      ) dtuctl (\w+) ?(.*?) ?\[option\]\.\.\.$",
                               usage))

    def options(self, command):
        """Each option of a command, and the name of its value or an empty text."""
        found = re.findall(r"(?m)^  --([\w-]+)(?: ([A-Z0-9][^ \n]*))?(?:  |\n)",
                           self.output(command, "--help"))
        self.assertIn(("help", ""), found)
        return dict(found)


# --- Commands -------------------------------------------------------------------------------------

class Commands(Test):
    def test_each_command_has_help_in_two_ways_and_fits_80_columns(self):
        self.assertTrue({"scan", "show", "set", "restart", "help"} <= set(self.commands()))
        for command in self.commands():
            text = self.output(command, "--help")
            self.assertEqual(text, self.output("help", command))
            self.assertTrue(text.startswith(f"Usage: dtuctl {command} "))
            own = text.split("\nWhat can be set")[0]
            for line in (own + self.output("--help")).splitlines():
                self.assertLess(len(line), 80, line)

    def test_the_first_line_names_all_that_is_needed(self):
        wanted = {"scan": "", "set": "MAC|IP NAME=VALUE...", "at": "WAY [AT+COMMAND]...", "dump": "WAY",
                  "restore": "WAY FILE", "diff": "FILE FILE|WAY FILE",
                  "provision": "--csv FILE FILE", "vcom": "--link PATH HOST:PORT"}
        found = self.commands()
        self.assertEqual({name: found[name] for name in wanted}, wanted)
        page = self.output("help", "man").replace("\\-", "-")
        for name, words in wanted.items():
            first = f"dtuctl {name} {words}".rstrip() + " [option]...\n"
            self.assertTrue(self.output(name, "--help").startswith("Usage: " + first))
            self.assertIn(first.replace(f"dtuctl {name}", rf"\fBdtuctl {name}\fP"), page)
            for text in (self.output("--help"), self.output(name, "--help")):
                self.assertEqual("WAY is how the module is reached: --tty DEV" in text,
                                 "WAY" in text.split("WAY is")[0])

    def test_an_option_is_taken_by_exactly_the_commands_whose_help_has_it(self):
        commands = self.commands()
        options = {command: self.options(command) for command in commands}
        for name, argument in {k: v for o in options.values() for k, v in o.items()}.items():
            for command in commands:
                given = ["--" + name] + ([""] if argument else [])
                if name in options[command]:
                    # What comes behind it is wrong, and it is not.
                    if name not in ("help", "version"):
                        end = self.run_dtuctl(command, *given, "--nonsense", status=USAGE)
                        self.assertNotIn("not an option", end.stderr)
                else:
                    end = self.run_dtuctl(command, *given, status=USAGE)
                    self.assertIn(f"dtuctl: --{name}: not an option of {command} ", end.stderr)

    def test_a_default_that_the_help_names_can_be_given(self):
        for command in self.commands():
            text = re.sub(r"\n {22}", " ", self.output(command, "--help"))
            for name, default in re.findall(r"(?m)^  --([\w-]+) .*\(default: (?:\w+, or )?(.*)\)$",
                                            text):
                self.run_dtuctl(command, f"--{name}", default, "--help")

    def test_a_command_that_talks_to_one_module_needs_one_way_to_it(self):
        for command, words in (("at", ["AT+VER"]), ("dump", []), ("restore", ["FILE"]),
                               ("diff", ["FILE"])):
            if command not in self.commands():
                continue
            for ways, pattern in (
                    ([], f"{command}: where is the module\\? --tty, "),
                    (["--tty", "tty", "--udp", "host"], f"{command}: only one of --tty, "),
                    (["--udp", "host:0"], r"host:0: --udp takes HOST\[:PORT\]"),
                    (["--udp", "a:b:1"], "a:b:1: --udp takes"),
                    (["--udp", ":1"], ":1: --udp takes"),
                    (["--tcp", "host"], "host: --tcp takes HOST:PORT"),
                    (["--tcp", "x" * 256 + ":1"], "--tcp takes HOST:PORT"),
                    (["--tty", ",9600"], "--tty takes"),
                    (["--tty", "tty,9600x"], "tty,9600x: --tty takes"),
                    (["--tty", "tty,9600,8X1"], "tty,9600,8X1: --tty takes"),
                    (["--tty", "tty,0"], "tty,0: --tty takes"),
                    (["--tty", "tty", "--profile", "usr"],
                     "usr: the profiles are .*k7.* and [a-z0-9-]+ ")):
                end = self.run_dtuctl(command, *words, *ways, status=USAGE)
                self.assertRegex(end.stderr, pattern)
        if "diff" in self.commands():
            end = self.run_dtuctl("diff", "a", "b", "--tty", "tty", status=USAGE)
            self.assertIn("two files are compared, or a module and a file", end.stderr)

    def test_what_a_command_cannot_do_without_is_asked_for(self):
        for command, args, pattern in (
                ("vcom", [], "vcom: where is the module"),
                ("vcom", ["host:1"], "vcom: --link PATH is needed"),
                ("vcom", ["host"], "host: is not HOST:PORT"),
                ("vcom", ["host:65536"], "host:65536: is not HOST:PORT"),
                ("vcom", ["host:1", "--link", ""], "--link: is empty"),
                ("provision", ["FILE"], "provision: --csv FILE is needed"),
                ("restore", ["--tty", "tty"], "restore: which file")):
            if command in self.commands():
                end = self.run_dtuctl(command, *args, status=USAGE)
                self.assertRegex(end.stderr, f"^dtuctl: {pattern}")

    def test_wrong_use_of_help(self):
        for args, pattern in ((["help", "scan", "show"], "show: one topic at a time"),
                              (["help", "--json"], "--json: not an option of help"),
                              (["help", "\x1b[2J"], r"\\x1B\[2J: there is help for")):
            self.assertRegex(self.run_dtuctl(*args, status=USAGE).stderr, pattern)


# --- AT commands ----------------------------------------------------------------------------------

class AtCommands(Test):
    """Expected texts are of the manuals' tables: cat1 of 004, 7S4 of 001, K7 of 003, 7S3 of 002."""

    def test_a_name_is_found_in_any_case_and_with_at(self):
        text = self.output("help", "UARTFT")
        for name in ("uartft", "AT+UARTFT", "at+UartFt"):
            self.assertEqual(self.output("help", name), text)

    def test_it_is_told_for_each_product_that_has_it(self):
        text = self.output("help", "UARTFT")
        self.assertEqual(re.findall(r"(?m)^([\w-]+) \(", text), ["lte-7s4", "cat1"])
        self.assertRegex(text, r"(?m)^cat1 \(.*\): Packing time\n  AT\+UARTFT\n"
                               r"  setting: query and set; takes effect by AT\+S, which saves and "
                               r"restarts\n  takes: <10~500\(ms\)>\n  default: 50$")
        self.assertRegex(text, r"(?m)^  takes: <50~60000>$")

    def test_when_a_set_takes_effect(self):
        """7S3: S saves, Z restarts; K7 and 7S4 save each set; cat1: S does both."""
        effects = re.findall(r"(?ms)^([\w-]+) \(.*?; (takes effect [^\n]*)",
                             self.output("help", "RSTIM"))
        self.assertEqual(sorted(effects), [
            ("cat1", "takes effect by AT+S, which saves and restarts"),
            ("gprs232-7s3", "takes effect at the next restart, if AT+S saved it"),
            ("k7", "takes effect at the next restart"),
            ("lte-7s4", "takes effect at the next restart")])

    def test_kinds(self):
        for name, pattern in (
                ("Z", r"  AT\+Z\n  action\n"),
                ("VER", "  query only\n"),
                ("H", "  query only: lists the commands\n"),
                ("PING", "  action with parameters\n  takes: <1~30 bytes>\n"),
                ("SIGNINAT", "never shown: set only; .*\n  takes: <1~10 bytes>\n"),
                ("CCLK", "  query, "),
                ("E", "takes effect at once")):
            self.assertRegex(self.output("help", name), pattern)

    def test_values_that_are_hex_digits_or_one_of_several_places(self):
        self.assertIn("takes: <1~300 bytes>, as hex digits\n", self.output("help", "REGDT"))
        self.assertIn("and ,ASCII, or as hex digits and ,HEX", self.output("help", "REGUSER"))
        self.assertIn("the first is one of 15 places", self.output("help", "MQTTSUB"))

    def test_values_are_told_where_the_module_itself_tells_less(self):
        """7S3 answers AT+CMDPW=? with <"password">: manual 002."""
        text = self.output("help", "CMDPW").split("gprs232-7s3 ")[1]
        self.assertRegex(text, r"^\(.*\): .*\n  AT\+CMDPW\n.*\n  takes: <1~10 bytes>\n")

    def test_other_spellings(self):
        """K7's names may have the number of the port; RECEN is in manual 003 for RFCEN."""
        text = self.output("help", "RFCEN")
        self.assertIn("  AT+RFCEN, AT+RFCEN1, AT+RECEN\n", text)
        self.assertEqual(self.output("help", "RECEN"), self.output("help", "rfcen1"))
        self.assertRegex(self.output("help", "RECEN"), r"^k7 ")

    def test_every_command_of_every_product_has_help(self):
        docs = os.path.join(os.path.dirname(__file__), "../../docs")
        for page in ("cat1", "k7", "lte_7s4", "gprs232_7s3"):
            with open(f"{docs}/commands_{page}.md", encoding="utf-8") as f:
                names = re.findall(r"(?m)^\| `([A-Z0-9]+)`.*? \| ([^|]*) \|", f.read())
            self.assertGreater(len(names), 40)
            for name, what in names:
                self.assertIn(f"{page.replace('_', '-')} ", text := self.output("help", name))
                self.assertIn(f": {what}\n", text)

    def test_what_only_programs_reach_has_none(self):
        self.run_dtuctl("help", "BLOCKS", status=USAGE)

    def test_names_nearby_are_suggested(self):
        for topic, near in (("uarft", "UARTFT"), ("AT+SOCKEA", "SOCKA"), ("sho", "show"),
                            ("restat", "restart"), ("fild", "fields"), ("VRE", "VER"), ("MQTTS", "MQTTSUB")):
            end = self.run_dtuctl("help", topic, status=USAGE)
            self.assertRegex(end.stderr, rf"^dtuctl: .*: there is help for .*mean .*\b{near}\b")
            self.assertLess(end.stderr.count(","), 10)
        for topic in ("", "nothingofthekind", "x" * 5000):
            self.assertNotIn("mean", self.run_dtuctl("help", topic, status=USAGE).stderr)


# --- The manual page ------------------------------------------------------------------------------

class Man(Test):
    def test_troff_has_nothing_to_say_against_it(self):
        groff = shutil.which("groff")
        if groff is None:
            self.skipTest("there is no groff")
        for page in filter(None, PAGES.split(":")):
            result = subprocess.run([groff, "-man", "-ww", "-z", page], text=True,
                                    capture_output=True, check=True)
            self.assertEqual(result.stderr, "", page)

    def test_the_files_that_are_installed_are_what_the_program_prints(self):
        if not PAGES:
            self.skipTest("PAGES is not set")
        for end, topic in ((".1", "man"), (".bash", "bash")):
            with open(PAGES.split(":")[0].removesuffix(".1") + end, encoding="utf-8") as f:
                self.assertEqual(f.read(), self.output("help", topic))

    def test_softdtu_is_completed_with_the_options_of_its_page(self):
        if not PAGES:
            self.skipTest("PAGES is not set")
        name = PAGES.split(":")[1]
        with open(name, encoding="utf-8") as f:
            told = re.findall(r"(?m)^  (--[^\s,]+)(?:, (--\S+))?", f.read().replace("\\-", "-"))
        with open(name.removesuffix(".1") + ".bash", encoding="utf-8") as f:
            offered = re.search('-W "(.*)"', f.read())[1].split()
        self.assertEqual(offered, [option for line in told for option in line if option])

    def test_it_tells_what_the_help_tells(self):
        page = self.output("help", "man").replace("\\-", "-").replace("\\e", "\\")
        self.assertRegex(page, r"(?m)^\.TH DTUCTL 1 ")
        for section in ("NAME", "SYNOPSIS", "COMMANDS", "OPTIONS", "EXIT STATUS", "ENVIRONMENT",
                        "EXAMPLES"):
            self.assertIn(f"\n.SH {section}\n", page)
        for command in self.commands():
            self.assertIn(f"\n.SS {command}\n", page)
            for option, argument in self.options(command).items():
                self.assertIn(f"\n.B --{option} {argument}".rstrip(" ") + "\n", page)
        for variable in ("DTUCTL_USER", "DTUCTL_PASSWORD"):
            self.assertIn(f"\n.B {variable}\n", page)
            self.assertIn(variable, self.output("set", "--help"))

    def test_each_example_is_taken(self):
        page = self.output("help", "man").replace("\\-", "-")
        examples = re.search(r"(?s)\.SH EXAMPLES\n\.nf\n(.*?)\n\.fi", page)[1].splitlines()
        self.assertGreater(len(examples), 4)
        for example in examples:
            command = example.removeprefix("dtuctl ").split(" > ")[0] + " --help"
            result = subprocess.run(f'"$DTUCTL" {command}', shell=True, capture_output=True,
                                    check=False)
            self.assertEqual(result.returncode, DONE, (example, result.stderr))


# --- Completion -----------------------------------------------------------------------------------

class Completion(Test):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = folder.name
        with open(self.dir + "/dtuctl.bash", "w", encoding="utf-8") as f:
            f.write(self.output("help", "bash"))
        os.mkdir(self.dir + "/files")

    def complete(self, line):
        """What bash offers behind a line, by the words that it makes of it."""
        words = re.findall(r"[^\s=]+|=", line) + ([""] if line.endswith(" ") else [])
        script = ('. ../dtuctl.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _dtuctl; '
                  '((${#COMPREPLY[@]})) && printf "%s\\n" "${COMPREPLY[@]}"; complete -p dtuctl >&2')
        result = subprocess.run(["bash", "-u", "-c", script, "bash", *words], text=True, check=True,
                                capture_output=True, cwd=self.dir + "/files")
        self.assertEqual(result.stderr, "complete -F _dtuctl dtuctl\n")
        return result.stdout.splitlines()

    def test_commands(self):
        self.assertEqual(self.complete("dtuctl "), [*self.commands(), "--help", "--version"])
        self.assertEqual(self.complete("dtuctl re"),
                         [c for c in self.commands() if c.startswith("re")])
        self.assertEqual(self.complete("dtuctl nonsense "), [])

    def test_options_of_each_command(self):
        for command in self.commands():
            self.assertEqual(self.complete(f"dtuctl {command} --"),
                             ["--" + option for option in self.options(command)])
        self.assertEqual(self.complete("dtuctl set 192.168.0.7 --dr"), ["--dry-run"])

    def test_a_value_that_is_the_users_own_is_not_made_up(self):
        for line in ("dtuctl scan --wait ", "dtuctl scan --wait=", "dtuctl scan --wait -",
                     "dtuctl show --user s", "dtuctl show --to ", "dtuctl show "):
            self.assertEqual(self.complete(line), [])

    def test_fields_behind_the_module(self):
        self.assertEqual(self.complete("dtuctl set b"), [])
        self.assertEqual(self.complete("dtuctl set 192.168.0.7 ba"), ["baud=", "baudsync="])
        offered = self.complete("dtuctl set 192.168.0.7 --dry-run ")
        self.assertIn("name=", offered)
        self.assertNotIn("crc=", offered)  # it can be read alone

    def test_at_names_behind_help_in_any_case(self):
        for typed, found in (("UARTF", ["UARTFL", "UARTFT"]), ("uartf", ["UARTFL", "UARTFT"]),
                             ("at+UARTF", ["AT+UARTFL", "AT+UARTFT"]), ("AT+z", ["AT+Z", "AT+ZVERSION"]),
                             ("sho", ["show", "SHORATO", "SHORBTO", "SHORTATM", "SHORTO"]),
                             ("fie", ["fields"]), ("BLOCK", []), ("at+blocks", [])):
            self.assertEqual(self.complete(f"dtuctl help {typed}"), found)

    def test_files_and_profiles_where_an_option_takes_them(self):
        for name in ("a file", "b.csv"):
            with open(f"{self.dir}/files/{name}", "w", encoding="ascii"):
                pass
        for command in self.commands():
            options = self.options(command)
            for option in {"csv", "link", "tty"} & options.keys():
                self.assertEqual(sorted(self.complete(f"dtuctl {command} --{option} ")),
                                 ["a file", "b.csv"])
                self.assertEqual(self.complete(f"dtuctl {command} --{option}=b"), ["b.csv"])
            if "profile" in options:
                self.assertEqual(sorted(self.complete(f"dtuctl {command} --profile ")),
                                 ["cat1", "gprs232-7s3", "k7", "lte-7s4"])
                self.assertEqual(self.complete(f"dtuctl {command} --profile=c"), ["cat1"])
                self.assertEqual(len(self.complete(f"dtuctl {command} --profile=")), 4)
            if command in ("restore", "diff", "provision"):
                self.assertEqual(sorted(self.complete(f"dtuctl {command} ")), ["a file", "b.csv"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
