#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that scripts tell how they are used.

    usage.py <root>

-h and --help print the text and end with 0; wrong arguments print it as an error and end with 2.
tests/run leaves the results of another one that is at work alone.
"""
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile

# Each with arguments that are wrong.
SCRIPTS = {
    "fuzz/oss-fuzz.sh": [["build"]],
    "fuzz/run": [[], ["0"]],
    "fuzz/seeds.py": [[], ["--wrong"], ["a", "b"]],
    "tests/bench/at_tables.py": [[], ["--wrong"], ["a", "b"]],
    "tests/firmware/firmware.py": [[], ["build"], ["wrong", "a"]],
    "tests/fuzzing/fuzzing.py": [[], ["page"], ["wrong", "a", "b"]],
    "tests/lint/lint.py": [[], ["a", "wrong"]],
    "tests/portable/portable.py": [[], ["a", "b"], ["a", "b", "wrong"]],
    "tests/proof/proof.py": [[], ["a", "b"], ["a", "b", "wrong"], ["a", "b", "wp"],
                             ["a", "b", "eva"], ["a", "b", "wp", "wrong"],
                             ["a", "b", "selftest", "wrong"]],
    "tests/run": [["wrong"]],
    "tests/size/size.py": [[], ["a"], ["a", "b", "--wrong"]],
    "tests/structure/usage.py": [[], ["a", "b"]],
    "tests/trust/trust.py": [[], ["a", "b"]],
}


def faults(root):
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    for script, wrong in SCRIPTS.items():
        for arguments in [["-h"], ["--help"]] + wrong:
            done = subprocess.run([os.path.join(root, script), *arguments], env=environment,
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  check=False)
            text, other, status = ((done.stderr, done.stdout, 2) if arguments in wrong else
                                   (done.stdout, done.stderr, 0))
            if (os.path.basename(script) not in text or "Traceback" in text or other
                    or done.returncode != status):
                yield (f"{script} {' '.join(arguments)}: exit status {done.returncode}\n"
                       f"{done.stdout}{done.stderr}")


def second_run(root):
    with tempfile.TemporaryDirectory() as tree:
        os.makedirs(os.path.join(tree, "build/run/results"))
        os.mkdir(os.path.join(tree, "tests"))
        for name in ("tests/run", "tests/packages.sh"):
            shutil.copy(os.path.join(root, name), os.path.join(tree, name))
        with open(os.path.join(tree, "build/run/lock"), "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            done = subprocess.run([os.path.join(tree, "tests/run")], stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, check=False)
        if (done.returncode != 1 or "another one is at work" not in done.stderr
                or not os.path.isdir(os.path.join(tree, "build/run/results"))):
            yield (f"a second tests/run: exit status {done.returncode}\n"
                   f"{done.stdout}{done.stderr}")


def main():
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(__doc__)
        return 0
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    found = [*faults(sys.argv[1]), *second_run(sys.argv[1])]
    print(*found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
