#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the fuzz targets as OSS-Fuzz wants it; "fuzz/oss-fuzz.sh --help" tells the rest.
set -eu

usage() {
    cat <<'END'
usage: fuzz/oss-fuzz.sh

Builds the fuzz targets as OSS-Fuzz wants it: the environment says how, and into $OUT go for each
target NAME, NAME_seed_corpus.zip and, if there is one, NAME.dict.

  CC, CXX               the compilers; default clang and clang++
  CFLAGS, CXXFLAGS      with the sanitizers and the coverage that the engine wants
  LIB_FUZZING_ENGINE    what to link with; default -fsanitize=fuzzer
  OUT                   where to; must be set
  WORK                  for objects; default a directory that is removed at the end
END
}

for arg in "$@"; do
    case $arg in
    -h | --help)
        usage
        exit 0
        ;;
    esac
done
if [ $# -gt 0 ]; then
    usage >&2
    exit 2
fi

: "${OUT:?the directory for the targets}"
: "${CC:=clang}" "${CXX:=clang++}" "${CFLAGS:=}" "${CXXFLAGS:=$CFLAGS}"
: "${LIB_FUZZING_ENGINE:=-fsanitize=fuzzer}"
cd "$(dirname "$0")/.."
mkdir -p "$OUT"
if [ -z "${WORK:-}" ]; then
    WORK=$(mktemp -d)
    trap 'rm -rf "$WORK"' EXIT
fi

# compile <source> <object>
compile() {
    # shellcheck disable=SC2086 # flags are meant to be split
    $CC $CFLAGS -std=c99 -Iinclude -c "$1" -o "$2"
}

mkdir -p "$WORK/lib"
for source in lib/*.c lib/*/*.c; do
    compile "$source" "$WORK/lib/$(basename "$source" .c).o"
done
rm -f "$WORK/libdtu.a"
ar rcs "$WORK/libdtu.a" "$WORK"/lib/*.o

python3 -B fuzz/seeds.py "$WORK/seeds" >"$WORK/seeds.log"

for source in fuzz/fuzz_*.c; do
    name=$(basename "$source" .c)
    engine=${name#fuzz_}
    compile "$source" "$WORK/$name.o"
    # shellcheck disable=SC2086 # flags and libraries are meant to be split
    $CXX $CXXFLAGS "$WORK/$name.o" "$WORK/libdtu.a" $LIB_FUZZING_ENGINE -o "$OUT/$name"
    rm -f "$OUT/${name}_seed_corpus.zip"
    mkdir -p "$WORK/seeds/$engine"
    [ ! -d "fuzz/corpus/$engine" ] || cp "fuzz/corpus/$engine"/* "$WORK/seeds/$engine"
    python3 -m zipfile -c "$OUT/${name}_seed_corpus.zip" "$WORK/seeds/$engine"/*
    [ ! -f "fuzz/$engine.dict" ] || cp "fuzz/$engine.dict" "$OUT/$name.dict"
done
