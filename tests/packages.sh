# SPDX-License-Identifier: MIT
# Sourced by tests/run and examples/demo.
#
#     install_packages <program> <log> <package>...
#
# Installs what is missing of these Debian packages. False, with a message that says what to do, if
# that is not possible.

# What of these is not installed. Some other package may provide one, so what counts is whether dpkg
# calls it installed.
missing_packages() {
    for package in "$@"; do
        case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
        installed) ;;
        *) printf ' %s' "$package" ;;
        esac
    done
}

# Runs a command as root, without asking for a password.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

install_packages() {
    program=$1
    log=$2
    shift 2
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    echo "$program: to be installed by apt-get:$missing"
    # shellcheck disable=SC2086 # the list is meant to be split
    {
        as_root apt-get update -q && as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -q -y --no-install-recommends $missing
    } >"$log" 2>&1 && return
    tail -n 5 "$log"
    echo "$program: could not install them. As root, run"
    echo "    apt-get install --no-install-recommends$missing"
    echo "and start again."
    return 1
}
