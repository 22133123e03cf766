#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds an outside program against libdtu in one way, and compares what it prints; "programs" are
# those that are installed.
#
#     run.sh <way> <root of libdtu> <build directory of libdtu> <empty directory> <C compiler>
set -eu

way=$1
root=$2
build=$3
dir=$4
cc=$5
here=$(cd "$(dirname "$0")" && pwd)

fail() {
    echo "$way: $*" >&2
    exit 1
}

part() {
    sed -n "s/^#define DTU_VERSION_$1 *\([0-9]*\).*/\1/p" "$root/include/dtu/base.h"
}
version=$(part MAJOR).$(part MINOR).$(part PATCH)

rm -rf "$dir"
mkdir -p "$dir"
cp "$here/app/main.c" "$here/app/CMakeLists.txt" "$dir"
cd "$dir"

# cmake_app <option>...: the outside project is a CMake project.
cmake_app() {
    cmake -S . -B build -D CMAKE_C_COMPILER="$cc" -D HOW="$way" "$@"
    cmake --build build
    app=build/app
}

install_library() {
    cmake --install "$build" --prefix "$dir/prefix" >/dev/null
}

case $way in
add_subdirectory | FetchContent)
    cmake_app -D LIBDTU_DIR="$root"
    ;;
find_package)
    install_library
    # A prefix can be moved.
    mv prefix moved
    cmake_app -D CMAKE_PREFIX_PATH="$dir/moved" -D LIBDTU_VERSION="$version"
    ;;
pkg-config)
    install_library
    mv prefix moved
    PKG_CONFIG_PATH=$(dirname "$(find "$dir/moved" -name libdtu.pc)")
    export PKG_CONFIG_PATH
    [ "$(pkg-config --modversion libdtu)" = "$version" ] || fail "wrong version in libdtu.pc"
    # shellcheck disable=SC2046 # the flags are meant to be split
    $cc -std=c99 main.c $(pkg-config --cflags --libs libdtu) -o app
    app=./app
    ;;
copied)
    # The headers, and of the sources only those of the engine and what it stands on.
    cp -r "$root/include/dtu" "$root/lib/base.c" "$root/lib/framer.c" .
    $cc -std=c99 -I . main.c base.c framer.c -o app
    app=./app
    ;;
programs)
    install_library
    mv prefix moved
    for program in dtuctl softdtu; do
        [ "$("moved/bin/$program" --version)" = "$program $version" ] || fail "$program: version"
        page=$(find moved -path "*/man/man1/$program.1")
        grep -q "^\.TH .*libdtu $version" "$page" || fail "$program.1: no page of $version"
        script=$(find moved -path "*/bash-completion/completions/$program")
        bash -c '. "$1" && complete -p "$2"' bash "$script" $program || fail "$program: bash"
    done
    moved/bin/dtuctl help UARTFT | grep -q '^cat1 ' || fail "dtuctl help does not know UARTFT"
    # By the name that bash looks for, as it does when Tab is pressed.
    bash -c '. "$1"; COMP_WORDS=(dtuctl sc) COMP_CWORD=1; _dtuctl; [ "${COMPREPLY[*]}" = scan ]' \
        bash "$(find moved -path "*/completions/dtuctl")" || fail "dtuctl sc is not completed"
    exit 0
    ;;
link-size)
    $cc -std=c99 -Os -ffunction-sections -fdata-sections -I "$root/include" main.c \
        "$build/libdtu.a" -Wl,--gc-sections -o app
    app=./app
    nm app | grep -q ' dtu_framer_feed$' || fail "nm does not show the framer"
    # Of the library: the framer, and of base only what is used.
    nm app | sed -n 's/.* \(dtu_.*\)/\1/p' | grep -v '^dtu_framer_' >names || true
    for source in "$root"/lib/*.c; do
        engine=$(basename "$source" .c)
        [ "$engine" = framer ] || ! grep "^dtu_${engine}_" names || fail "$engine is in the program"
    done
    ! grep '^dtu_\(profile\|text\|parse\|put\)' names || fail "the program has what it does not use"
    ;;
*)
    fail "no such way"
    ;;
esac

expected=$(printf '%s\nfirst.\nsecond' "$version")
actual=$("$app")
[ "$actual" = "$expected" ] || fail "printed '$actual', not '$expected'"
