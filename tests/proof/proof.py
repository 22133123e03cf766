#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Proves with Frama-C that an engine has no run-time errors; docs/proofs.md tells what that means.

    proof.py <root> <scratch directory> wp <engine>...      WP: the contracts in lib/<engine>.c
    proof.py <root> <scratch directory> eva <harness>...    EVA: tests/proof/eva_<harness>.c
    proof.py <root> <scratch directory> selftest            faults put into the code are found

Exit status 0: all is proved. 1: not. 2: a wrong argument. 77: Frama-C, Why3 or a prover is missing.
"""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
NOT_SEEN = "Why3 does not see CVC4 and Z3"

# A size_t of 64 bits and an int of 32; both of 16.
MACHINES = ("gcc_x86_64", "gcc_x86_16")

# A prover stops after so many steps, which are the same on each machine. The time is there only for
# a prover that hangs.
WP = ["-wp", "-wp-rte", "-wp-timeout", "3600", "-wp-par", "2", "-wp-cache", "none",
      "-wp-model", "Typed+cast", "-wp-no-warn-memory-model",
      "-warn-invalid-pointer", "-rte-no-pointer-call"]

# Options by function. CVC4 is some ten times as fast as Z3, but it does not know enough of the bits
# of a number, and takes long where a structure is set as a whole.
CVC4 = ("-wp-prover", "cvc4", "-wp-steps", "2000000")
Z3 = ("-wp-prover", "z3", "-wp-steps", "20000000")
OPTIONS = {
    "dtu_equal_secret": Z3,
    "dtu_sdp_init": Z3,
    "dtu_sdp_sender_init": Z3,
    "dtu_discovery_parse_request": (*CVC4, "-wp-split"),  # its conjunctions are taken apart
}

# Where tables are no help: as hypotheses, what stands in them is only in the prover's way.
NO_TABLES = {"discovery"}

# Contracts that WP uses but cannot prove, as a table finds fields by their offset. EVA shows that
# these functions have no run-time errors, with all values; docs/proofs.md tells the rest.
SHOWN_BY_EVA = {"discovery": {"put_fields", "parse_found", "put_blocks", "take_block"}}

# That a callback is a function of its type is what WP cannot even say. It is assumed.
CALLBACK = re.compile(r"_assert_rte_pointer_value(_\d+)?(_part\d+)? : .*\(Degenerated[,)]")

# Loops are followed step by step, and what a function can return is kept apart.
EVA = ["-no-annot", "-eva", "-eva-no-print", "-eva-msg-key=-initial-state,-final-states",
       "-eva-slevel", "1000000", "-warn-invalid-pointer", "-eva-show-progress"]
EVA_OF = {
    "baudsync": ["-eva-split-return", "full"],
    # Sums of a whole datagram are not followed.
    "discovery": ["-eva-split-return", "auto", "-eva-slevel-function", "sum_of:0"],
    "sdp": ["-eva-split-return", "full"],
}

# The definition of a function, and the end of its contract.
FUNCTION = re.compile(r"^(?:static )?[a-z][\w ]*?[ *](\w+)\([^;{]*\)\n\{", re.MULTILINE)
CONTRACT = re.compile(r"; \*/\n$")


class Prover:
    def __init__(self, root, scratch, defines=""):
        self.root = os.path.abspath(root)
        self.defines = defines
        self.scratch = os.path.abspath(scratch)
        os.makedirs(self.scratch, exist_ok=True)
        self.env = {**os.environ, "PWD": self.root,
                    "WHY3CONFIG": os.path.join(self.scratch, "why3.conf"),
                    "FRAMAC_SESSION": self.scratch, "LC_ALL": "C"}

    def run(self, *command):
        result = subprocess.run(command, cwd=self.root, env=self.env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                check=False)
        return result.returncode, result.stdout

    def detect(self):
        status, text = self.run("why3", "config", "detect")
        return status == 0 and "CVC4" in text and "Z3" in text

    def frama_c(self, machine, *args, headers=()):
        includes = f"-Iinclude -Itests/proof {self.defines}"
        for header in headers:
            includes += f" -include {header}"
        return self.run("frama-c", "-machdep", machine, f"-cpp-extra-args={includes}", *args)

    def functions(self, engine):
        """The functions of an engine: those whose contract WP proves, and the others."""
        with open(os.path.join(self.root, "lib", f"{engine}.c"), encoding="utf-8") as f:
            text = f.read()
        proved, others = [], []
        for match in FUNCTION.finditer(text):
            name = match.group(1)
            has_one = CONTRACT.search(text[:match.start()])
            by_eva = name in SHOWN_BY_EVA.get(engine, set())
            (proved if has_one and not by_eva else others).append(name)
        return proved, others

    def obligations(self, engine, machine, functions, *options):
        """What Frama-C says of the obligations of these functions: the lines of those that are not
        proved, and how many of how many are. None if it did not come so far, and why."""
        path = f"lib/{engine}.c"
        # The contracts of base are wanted by all; its functions are proved once.
        files = dict.fromkeys(["lib/base.c", path])
        tables = ["-wp-no-init-const"] if engine in NO_TABLES else []
        # What only one engine needs is kept from the others: the prover would be given more.
        own = f"wp_{engine}.h"
        headers = ["proof.h"]
        if os.path.exists(os.path.join(self.root, "tests/proof", own)):
            headers.append(own)
        status, text = self.frama_c(machine, *WP, *options, *tables, "-wp-fct",
                                    ",".join(functions), *files, headers=headers)
        goals = re.search(r"Proved goals: +(\d+) / (\d+)", text)
        if status != 0 or not goals:
            return None, text
        left = [line for line in text.splitlines() if "] Goal " in line and ": Valid" not in line]
        return left, (int(goals.group(1)), int(goals.group(2)))

    def wp(self, engine, machine, functions=None):
        """Whether each obligation of the functions that it proves is proved, and what was said."""
        functions = functions or self.functions(engine)[0]
        by_options = {}
        for name in functions:
            by_options.setdefault(OPTIONS.get(name, CVC4), []).append(name)
        left, proved, all_goals = [], 0, 0
        for options, names in by_options.items():
            lines, counts = self.obligations(engine, machine, names, *options)
            if lines is None:
                return False, counts
            left += lines
            proved += counts[0]
            all_goals += counts[1]
        assumed = [line for line in left if CALLBACK.search(line)]
        left = [line for line in left if line not in assumed]
        text = "\n".join(left + [f"{proved} of {all_goals} obligations proved; "
                                 f"{len(assumed)} callbacks assumed to be functions"])
        return not left and 0 < proved == all_goals - len(assumed), text

    def eva(self, engine, machine):
        """Whether nothing can go wrong in what a harness calls, which is all the functions that WP
        does not prove at least, and what was said."""
        status, text = self.frama_c(machine, *EVA, *EVA_OF[engine], f"tests/proof/eva_{engine}.c")
        reached = set(re.findall(r"computing for function (\w+)", text))
        missed = [name for name in self.functions(engine)[1] if name not in reached]
        alarms = re.findall(r"\[eva:alarm\].*(?:\n .*)*", text)
        alarms += re.findall(r"Neither code nor specification.*", text)
        alarms += [f"{name} is not called" for name in missed]
        clean = (status == 0 and not alarms and "0 alarms generated" in text
                 and "Frama_C_show_each_end" in text)
        if status == 0:
            text = "\n".join(alarms + [f"{len(reached)} functions analysed, {len(alarms)} alarms"])
        return clean, text


# Faults: how they are looked for, where, what stands there, what is put in its place, and in which
# functions that cannot be proved then.
MUTANTS = [
    ("wp", "base", "if (r->failed || len > r->left)", "if (r->failed || len > r->left + 1)",
     "dtu_get_bytes"),
    ("wp", "base", "len > w->size - w->len", "len > w->size", "claim"),
    ("wp", "base", "for (size_t i = 0; i < len; i++) {\n        if (text[i] < '0'",
     "for (size_t i = 0; i <= len; i++) {\n        if (text[i] < '0'", "dtu_parse_decimal"),
    ("wp", "base", "digits[data[i] / 16]", "digits[data[i] / 8]", "dtu_text_hex"),
    ("wp", "escape", "if (len < HEX_LEN ||", "if (len < HEX_LEN - 1 ||", "hex_escape"),
    ("wp", "baudsync", "len < DTU_BAUDSYNC_LEN ||", "len < DTU_BAUDSYNC_LEN - 1 ||",
     "may_be_frame"),
    ("wp", "baudsync", "start, len - at,", "start, len,", "find"),
    ("wp", "baudsync", "seen = held + 1", "seen = held + 2", "step"),
    ("wp", "baudsync", "seen >= DTU_BAUDSYNC_LEN", "seen > DTU_BAUDSYNC_LEN", "step"),
    ("wp", "baudsync", "data + taken, len - taken)", "data + taken, len)", "dtu_baudsync_feed"),
    ("wp", "sdp", "first, len - 1)", "first, len)", "to_next"),
    ("wp", "sdp", "len - MARK_LEN)", "len)", "whole_len"),
    ("wp", "sdp", "whole <= limit", "whole <= limit + 1", "whole_len"),
    ("wp", "sdp", "len - DTU_SDP_OVERHEAD}", "len - DTU_SDP_HEAD_LEN + 1}", "take"),
    ("wp", "sdp", "want = DTU_SDP_OVERHEAD", "want = DTU_SDP_OVERHEAD + 1", "step"),
    ("wp", "sdp", "whole > len)", "whole > len + 1)", "step"),
    ("wp", "sdp", "data[whole - 1]", "data[whole]", "step"),
    ("wp", "sdp", "data + done, len - done)", "data + done, len)", "scan"),
    ("wp", "sdp", "s->want - s->held : 0", "s->want : 0", "continue_held"),
    ("wp", "sdp", "data, lent)", "data, lent + 1)", "continue_held"),
    ("wp", "sdp", "buffer + done, s->held)", "buffer + done, s->held + 1)", "continue_held"),
    ("wp", "sdp", "data + taken, s->held)", "data + taken, s->held + 1)", "dtu_sdp_feed"),
    ("wp", "sdp", "size > DTU_SDP_FRAME_MAX)", "size > DTU_SDP_FRAME_MAX + 1)", "dtu_sdp_init"),
    ("wp", "discovery", "i < text->len; i++", "i <= text->len; i++", "cut"),
    ("wp", "discovery", "i < 4; i++) {\n        number", "i <= 4; i++) {\n        number",
     "parse_ip"),
    ("wp", "discovery", "text.len != 12", "text.len < 11", "parse_mac"),
    ("wp", "discovery", "text->at[text->len - 1] == '\\n'", "text->at[text->len] == '\\n'",
     "drop_line_end"),
    ("wp", "discovery", "sum_of(out + 1, body + 1)", "sum_of(out + 1, body + 3)",
     "dtu_discovery_encode_request"),
    ("wp", "discovery", "found->name, text.at, text.len)", "found->name, text.at, text.len + 1)",
     "dtu_discovery_parse_text"),
    ("eva", "discovery", "    FIELD(NUMBER_32, dtu_discovery_basic, reset_s),\n", "", None),
    ("eva", "discovery", "kind, offsetof(struct type, name),",
     "kind, offsetof(struct type, name) + 4,", None),
    ("eva", "discovery", "FIELD(BYTES, dtu_discovery_cloud, id)",
     "{BYTES, offsetof(struct dtu_discovery_cloud, id), 21}", None),
    ("eva", "discovery", "request->params_len != l->len", "request->params_len > l->len", None),
    ("wp", "sdp", "size < frame->len + DTU_SDP_OVERHEAD", "size < frame->len", "dtu_sdp_encode"),
    ("wp", "sdp", "head_left - sent)", "head_left + sent)", "send_head"),
    ("wp", "sdp", "len = len < s->data_left ? len : s->data_left;", "len = s->data_left;",
     "send_data"),
    ("eva", "discovery", "len != body + FRAME_LEN", "len < body", None),
    ("eva", "discovery", "sum_of(data + 1, body + 1)", "sum_of(data + 1, body + 3)", None),
    ("eva", "discovery", "i < 4; i++)\n        if (((peer",
     "i <= 4; i++)\n        if (((peer", None),
    ("eva", "discovery", "found->mac, sizeof found->mac);\n    dtu_text_char",
     "found->mac, sizeof *found);\n    dtu_text_char", None),
    ("eva", "baudsync", "len < DTU_BAUDSYNC_LEN ||", "len < DTU_BAUDSYNC_LEN - 1 ||", None),
    ("eva", "baudsync", "start, len - at,", "start, len,", None),
    ("eva", "sdp", "lent > len)", "lent > len + 1)", None),
    ("eva", "sdp", "data, lent)", "data, lent / 2)", None),
]

# With shorter streams, faults are found sooner.
SHORTER = {"baudsync": 5, "discovery": 24, "sdp": 4}


def find_mutant(root, scratch, mutant):
    """Whether a mutant is found, and found as what it is; and what was said."""
    how, engine, old, new, function = mutant
    for part in ("lib", "include", "tests/proof"):
        shutil.copytree(os.path.join(root, part), os.path.join(scratch, part))
    path = os.path.join(scratch, "lib", f"{engine}.c")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace(old, new))
    prover = Prover(scratch, scratch, f"-DMAX={SHORTER[engine]}" if how == "eva" else "")
    args = [[function]] if function else []
    if not prover.detect():
        return False, NOT_SEEN
    proved, said = getattr(prover, how)(engine, MACHINES[0], *args)
    found = text.count(old) == 1 and not proved and ("] Goal " in said or "[eva:alarm]" in said)
    return found, f"{engine}: '{new}' is {'found' if found else 'NOT FOUND'}\n{said}"


def selftest(root, scratch):
    """Whether each of the mutants is found. Two at a time: one prover waits for its own parts."""
    with tempfile.TemporaryDirectory(dir=scratch) as trees, \
            concurrent.futures.ThreadPoolExecutor(2) as pool:
        trials = [pool.submit(find_mutant, root, os.path.join(trees, str(i)), mutant)
                  for i, mutant in enumerate(MUTANTS)]
        ok = True
        for trial in trials:
            found, said = trial.result()
            print(said, flush=True)
            ok &= found
    return ok


def report(name, machine, proved, text):
    print(f"{name}, {machine}: {'proved' if proved else 'NOT PROVED'}\n{text}", flush=True)
    return proved


def is_usage(root=None, _scratch=None, what=None, *names):
    """Whether these are arguments that the text above tells of."""
    if what == "selftest":
        return not names
    paths = {"wp": "lib/{}.c", "eva": "tests/proof/eva_{}.c"}
    return what in paths and names and all(
        os.path.isfile(os.path.join(root, paths[what].format(name))) for name in names)


def main():
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(__doc__)
        return 0
    if not is_usage(*sys.argv[1:]):
        print(__doc__, file=sys.stderr)
        return 2
    root, scratch, what, *names = sys.argv[1:]
    for tool in ("frama-c", "why3", "cvc4", "z3"):
        if shutil.which(tool) is None:
            print(f"{tool} is not installed: apt-get install frama-c-base why3 cvc4 z3")
            return SKIPPED
    prover = Prover(root, scratch)
    if not prover.detect():
        print(NOT_SEEN)
        return 1
    if what == "selftest":
        return 0 if selftest(prover.root, prover.scratch) else 1
    ok = True
    for machine in MACHINES:
        for name in names:
            proved, text = getattr(prover, what)(name, machine)
            ok &= report(name, machine, proved, text)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
