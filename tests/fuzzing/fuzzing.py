#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests what stands around the fuzz targets.

    fuzzing.py page|run|oss_fuzz|afl <root> <directory to work in>

"page" compares docs/fuzzing.md with the targets. Each of the others shows a planted fault first:
what finds nothing there proves nothing elsewhere.
Exit status 77: a tool is not installed.
"""
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile

FUZZER = ["-g", "-O1", "-fsanitize=fuzzer"]
AFL = dict(os.environ, AFL_SKIP_CPUFREQ="1", AFL_NO_UI="1", AFL_NO_AFFINITY="1",
           AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES="1", AFL_BENCH_UNTIL_CRASH="1")


def need(*tools):
    missing = [t for t in tools if shutil.which(t) is None]
    if missing:
        print("skipped, not installed:", " ".join(missing))
        sys.exit(77)


def expect(truth, *what):
    if not truth:
        raise SystemExit("not as it should be: " + " ".join(str(w) for w in what))


def call(command, status=0, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", **options)
    expect(done.returncode == status, command, "ended with", done.returncode, "and said:\n",
           done.stdout[-8000:])
    return done.stdout


def plant(root, directory, compiler="clang"):
    """Programs fuzz_planted, which has a fault, and fuzz_fine."""
    source = os.path.join(root, "tests", "fuzzing", "planted.c")
    os.makedirs(directory)
    call([compiler, *FUZZER, source, "-o", os.path.join(directory, "fuzz_planted")])
    call([compiler, *FUZZER, "-DNO_FAULT", source, "-o", os.path.join(directory, "fuzz_fine")])
    return directory


# --- docs/fuzzing.md ------------------------------------------------------------------------------

CORPUS_MAX = 400 * 1024  # bytes of all stored inputs


def page_faults(root):
    """What the page says of the targets and is not so, and what the stored inputs should not be."""
    with open(os.path.join(root, "docs", "fuzzing.md"), encoding="utf-8") as f:
        rows = re.findall(r"^\| (\w+) \| (yes|-) \| (.+) \| (.+) \| (.+) \|$", f.read(), re.M)
    told = {row[0]: row for row in rows}
    targets = {os.path.basename(p)[len("fuzz_"):-2]
               for p in glob.glob(os.path.join(root, "fuzz", "fuzz_*.c"))}
    for name in sorted(targets ^ told.keys()):
        yield f"{name}: no target" if name in told else f"{name}: not in the table"
    total = 0
    for name in sorted(targets & told.keys()):
        has_dict = os.path.exists(os.path.join(root, "fuzz", name + ".dict"))
        if has_dict != (told[name][1] == "yes"):
            yield f"{name}: its dictionary"
        corpus = os.path.join(root, "fuzz", "corpus", name)
        seeds = os.listdir(corpus) if os.path.isdir(corpus) else []
        if not seeds:
            yield f"{name}: no stored inputs"
        for seed in seeds:
            total += os.path.getsize(os.path.join(corpus, seed))
            if re.search(r"[0-9a-f]{8}", seed):
                yield f"{name}: {seed}: a name that says nothing"
    if total > CORPUS_MAX:
        yield f"the stored inputs are {total} bytes"


def test_page(root, work):
    faults = list(page_faults(root))
    expect(not faults, "\n".join(faults))
    copy = os.path.join(work, "root")
    shutil.copytree(os.path.join(root, "fuzz"), os.path.join(copy, "fuzz"))
    shutil.copytree(os.path.join(root, "docs"), os.path.join(copy, "docs"))
    os.rename(os.path.join(copy, "fuzz", "fuzz_sdp.c"), os.path.join(copy, "fuzz", "fuzz_new.c"))
    os.remove(os.path.join(copy, "fuzz", "config.dict"))
    shutil.rmtree(os.path.join(copy, "fuzz", "corpus", "netat"))
    for name, size in (("found_0123abcd", 1), ("large", CORPUS_MAX)):
        with open(os.path.join(copy, "fuzz", "corpus", "link", name), "wb") as f:
            f.write(b"x" * size)
    faults = list(page_faults(copy))
    for fault in ("new: not in the table", "sdp: no target", "config: its dictionary",
                  "netat: no stored inputs", "link: found_0123abcd: a name that says nothing"):
        expect(fault in faults, "not seen:", fault)
    expect(any(f.startswith("the stored inputs are") for f in faults), "not seen: their size")


# --- fuzz/run -------------------------------------------------------------------------------------

def interrupted(run, programs, work, number):
    """The signal ends it and all that it started, and what was found stays."""
    command = [run, "--programs", programs, "--work", work, "300", "fine"]
    process = subprocess.Popen(["env", "--default-signal=HUP", *command], stdout=subprocess.PIPE,
                               text=True)
    log = os.path.join(work, "log", "fine.0")
    until = time.monotonic() + 60
    while not (os.path.exists(log) and b"INITED" in open(log, "rb").read()):
        expect(time.monotonic() < until, "the fuzzer does not begin")
        time.sleep(0.05)
    process.send_signal(number)
    told = process.communicate(timeout=60)[0]
    expect(process.returncode == 130, "interrupted, it ended with", process.returncode, told)
    expect("interrupted" in told, told)
    expect(os.listdir(os.path.join(work, "found", "fine")), "what was found is gone")
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as f:
                expect(not f.read().startswith(programs.encode()), "still there:", path)
        except OSError:
            pass


def stand_in(directory, name, programs, merging):
    """A program that fuzzes as fuzz_fine does, and minimises as the shell commands do."""
    os.makedirs(directory, exist_ok=True)
    path = os.path.join(directory, "fuzz_" + name)
    with open(path, "w", encoding="ascii") as f:
        f.write(f"#!/bin/sh\ncase \"$*\" in -merge=1*) {merging} ;; esac\n"
                f"exec '{programs}/fuzz_fine' \"$@\"\n")
    os.chmod(path, 0o755)


def found_before(work, name):
    """An input as an earlier run has left it."""
    path = os.path.join(work, "found", name, "earlier")
    os.makedirs(os.path.dirname(path))
    with open(path, "w", encoding="ascii") as f:
        f.write("earlier")
    return path


def interrupted_minimising(run, programs, work):
    """Ctrl-C while it minimises: what was found stays, and nothing goes on."""
    found = found_before(work, "stuck")
    alive = os.path.join(work, "alive")
    os.mkfifo(alive)
    stand_in(os.path.join(work, "programs"), "stuck", programs,
             f"exec 3>'{alive}'; echo begun >&3; tail -f /dev/null")
    command = [run, "--programs", os.path.join(work, "programs"), "--work", work, "--jobs", "1",
               "1", "stuck"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                          start_new_session=True) as process:
        with open(alive, encoding="ascii") as f:
            f.readline()  # it minimises
            os.killpg(process.pid, signal.SIGINT)
            told = process.communicate(timeout=60)[0]
            f.read()  # ends when all are gone that minimised
    expect(process.returncode == 130, "interrupted, it ended with", process.returncode, told)
    expect("not minimised" in told and "interrupted" in told, told)
    expect(os.path.exists(found), "what was found is gone:", told)
    expect(not os.path.exists(os.path.dirname(found) + ".chosen"), "half of a choice is left")


def failed_minimising(run, programs, work):
    """The fuzzer fails while it minimises: what was found stays, and nothing is kept."""
    found = found_before(work, "broken")
    stand_in(os.path.join(work, "programs"), "broken", programs, "exit 1")
    told = call([run, "--programs", os.path.join(work, "programs"), "--work", work, "--jobs", "1",
                 "--keep", "1", "broken"])
    expect("not minimised" in told and "nothing is kept" in told, told)
    expect(os.path.exists(found), "what was found is gone:", told)
    expect(not os.path.exists(os.path.dirname(found) + ".chosen"), "half of a choice is left")


def keeps(root, programs, work):
    """--keep puts what reaches other code into the stored corpus, once."""
    copy = os.path.join(work, "fuzz")
    os.makedirs(copy)
    shutil.copy(os.path.join(root, "fuzz", "run"), copy)
    with open(os.path.join(copy, "seeds.py"), "w", encoding="ascii"):
        pass
    command = [os.path.join(copy, "run"), "--programs", programs, "--jobs", "1", "--keep", "3",
               "fine"]
    told = call(command)
    kept = os.listdir(os.path.join(copy, "corpus", "fine"))
    expect(kept and all(f"kept fuzz/corpus/fine/{name}:" in told for name in kept), kept, told)
    told = call(command) # it may find more, but keeps nothing again
    expect(not any(f"/{name}:" in told for name in kept), "the same once more:", told)


def test_run(root, work):
    need("clang", "cmake")
    run = os.path.join(root, "fuzz", "run")
    programs = plant(root, os.path.join(work, "programs"))
    common = [run, "--programs", programs, "--work", os.path.join(work, "found")]
    stored = set(glob.glob(os.path.join(root, "fuzz", "corpus", "**"), recursive=True))

    expect("SECONDS" in call([run, "--help"]), "no help")
    expect("required: SECONDS\n" in call([run], 2), "SECONDS alone must be given")
    call([run, "0"], 2)
    expect("there are: fine planted" in call(common + ["1", "nosuch"], 2), "names of targets")

    told = call(common + ["60", "planted"], 1)
    failed = glob.glob(os.path.join(work, "found", "failed", "planted", "crash-*"))
    inputs = [p for p in failed if not p.endswith(".txt")]
    expect(inputs and all(p in told for p in inputs), "a crash that is not told:", told)
    for path in inputs:
        with open(path, "rb") as f:
            expect(f.read() == b"bug", "it was not made as small as can be")
        with open(path + ".txt", encoding="utf-8", errors="replace") as f:
            expect("planted.c" in f.read(), "the report does not say where")

    told = call(common + ["--jobs", "2", "2", "fine"])
    expect("0 inputs fail" in told and "found inputs go further" in told, told)
    expect(os.listdir(os.path.join(work, "found", "found", "fine")), "nothing was found")
    keeps(root, programs, os.path.join(work, "keeps"))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        interrupted(run, programs, os.path.join(work, number.name), number)
    interrupted_minimising(run, programs, os.path.join(work, "minimising"))
    failed_minimising(run, programs, os.path.join(work, "failing"))
    call(common + ["2"], 1)  # both: one fails

    # a real one, built with each of the sanitizers; nothing is written to the stored corpus without
    # --keep
    for options, preset, sanitizer in (([], "fuzz", b"__asan_init"),
                                       (["--msan"], "fuzz-msan", b"__msan_init")):
        told = call([run, *options, "--work", os.path.join(work, preset), "1", "escape"])
        expect("escape" in told and "0 inputs fail" in told, told)
        with open(os.path.join(root, "build", preset, "fuzz", "fuzz_escape"), "rb") as f:
            expect(sanitizer in f.read(), preset, "is built without", sanitizer)
    now = set(glob.glob(os.path.join(root, "fuzz", "corpus", "**"), recursive=True))
    expect(now == stored, "the stored corpus is not what it was:", now ^ stored)


# --- OSS-Fuzz -------------------------------------------------------------------------------------

def check_oss_target(root, out, name):
    engine = name[len("fuzz_"):]
    seeds = sorted(os.listdir(os.path.join(root, "fuzz", "corpus", engine)))
    expect(seeds, name, "has no seeds")
    with zipfile.ZipFile(os.path.join(out, name + "_seed_corpus.zip")) as archive:
        names = [n for n in archive.namelist() if not n.startswith("conformance_")]
        expect(sorted(names) == seeds, "other seeds than in the corpus of", name)
        expect(engine not in ("at_server", "config") or len(archive.namelist()) > len(names),
               name, "has no seeds of the conformance tests")
        count = len(archive.namelist())
        unpacked = os.path.join(out, "seeds", engine)
        archive.extractall(unpacked)
    has_dict = os.path.exists(os.path.join(root, "fuzz", engine + ".dict"))
    expect(os.path.exists(os.path.join(out, name + ".dict")) == has_dict, name + ".dict")
    dictionary = ["-dict=" + os.path.join(out, name + ".dict")] if has_dict else []
    told = call([os.path.join(out, name), "-runs=0", *dictionary, unpacked])
    expect(f"seed corpus: files: {count} " in told, told)


def test_oss_fuzz(root, work):
    need("clang", "clang++")
    out = os.path.join(work, "out")
    flags = "-O0 -fsanitize=address,fuzzer-no-link"  # to be quick
    env = dict(os.environ, CC="clang", CXX="clang++", CFLAGS=flags, CXXFLAGS=flags,
               LIB_FUZZING_ENGINE="-fsanitize=fuzzer", OUT=out, WORK=os.path.join(work, "work"))
    script = os.path.join(root, "fuzz", "oss-fuzz.sh")
    call([script], 0, env=env)
    names = [os.path.basename(p)[:-2] for p in
             glob.glob(os.path.join(root, "fuzz", "fuzz_*.c"))]
    for name in sorted(names):
        check_oss_target(root, out, name)

    # the environment counts: a compiler that fails, and an engine that is not there
    del env["OUT"]
    expect("OUT" in call([script], 2, env=env), "OUT is not asked for")
    call([script], 1, env=dict(env, OUT=out, CC="false"))
    broken = dict(env, OUT=out, LIB_FUZZING_ENGINE="-lno_such_engine")
    expect("no_such_engine" in call([script], 1, env=broken), "the engine is not linked")


# --- AFL++ ----------------------------------------------------------------------------------------

def afl(program, seeds, out, *options):
    """What AFL++ has counted."""
    call(["afl-fuzz", "-i", seeds, "-o", out, *options, "--", program], env=AFL)
    with open(os.path.join(out, "default", "fuzzer_stats"), encoding="utf-8") as f:
        return dict((p.strip() for p in line.split(":", 1)) for line in f)


def test_afl(root, work):
    need("afl-clang-fast", "afl-fuzz", "cmake")
    planted = plant(root, os.path.join(work, "programs"), "afl-clang-fast")
    seeds = os.path.join(work, "seeds")
    os.makedirs(seeds)
    with open(os.path.join(seeds, "seed"), "wb") as f:
        f.write(b"bus")
    words = os.path.join(work, "planted.dict")
    with open(words, "w", encoding="ascii") as f:
        f.write('"bug"\n')
    stats = afl(os.path.join(planted, "fuzz_planted"), seeds, os.path.join(work, "planted"),
                "-V", "60", "-x", words)
    expect(int(stats["saved_crashes"]) >= 1, "the planted fault was not found")

    build = os.path.join(work, "build")
    call(["cmake", "--preset", "fuzz-afl", "-B", build], cwd=root)
    call(["cmake", "--build", build, "--parallel", str(os.cpu_count())])
    for engine in ("sdp", "netat", "discovery"):
        stats = afl(os.path.join(build, "fuzz", "fuzz_" + engine),
                    os.path.join(root, "fuzz", "corpus", engine), os.path.join(work, engine),
                    "-E", "500", "-V", "60")
        print(engine, stats["execs_done"], "runs,", stats["edges_found"], "edges")
        expect(int(stats["execs_done"]) >= 500, engine, "did not run", stats)
        expect(int(stats["edges_found"]) > 50, engine, "is not instrumented", stats)
        expect(int(stats["saved_crashes"]) == 0, engine, "crashes", stats)


def main():
    tests = {"page": test_page, "run": test_run, "oss_fuzz": test_oss_fuzz, "afl": test_afl}
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(__doc__)
        return 0
    if len(sys.argv) != 4 or sys.argv[1] not in tests:
        print(__doc__, file=sys.stderr)
        return 2
    what, root, work = sys.argv[1:]
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    tests[what](root, work)
    return 0


if __name__ == "__main__":
    sys.exit(main())
