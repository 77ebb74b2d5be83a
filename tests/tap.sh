# What the suites in sh share, sourced by each from the project's root: lines
# of the Test Anything Protocol, and a directory that is gone at the end.
n=0 failed=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

ok() { # name
    n=$((n + 1))
    echo "ok $n - $1"
}
skip() { ok "$1 # SKIP $2"; } # name, why
not_ok() { # name, a file that shows why
    n=$((n + 1)) failed=$((failed + 1))
    [ -z "${2-}" ] || sed 's/^/# /' "$2" | head -n 40
    echo "not ok $n - $1"
}
finish() {
    echo "1..$n"
    exit $((failed > 0))
}

# t NAME STATUS PATTERN COMMAND...: ends so, and prints a line that matches.
t() {
    name=$1 want=$2 pattern=$3
    shift 3
    "$@" >"$tmp/out" 2>&1 </dev/null
    got=$?
    if [ $got = "$want" ] && { [ -z "$pattern" ] || grep -qE -- "$pattern" "$tmp/out"; }; then
        ok "$name"
    else
        not_ok "$name (status $got, $want wanted; /$pattern/)" "$tmp/out"
    fi
}

# holds NAME COMMAND...: it ends with 0; else what it printed is why not.
holds() {
    name=$1
    shift
    if "$@" >"$tmp/out" 2>&1; then ok "$name"; else not_ok "$name" "$tmp/out"; fi
}

equal() { # name, wanted, got
    [ "$2" != "$3" ] || { ok "$1"; return; }
    printf 'wanted %s, got %s\n' "$2" "$3" >"$tmp/out"
    not_ok "$1" "$tmp/out"
}
