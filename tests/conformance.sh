#!/bin/sh
# The vectors of conformance/: they are what tests/vec says, they pin every
# rule and every instruction of every dialect, every engine here agrees with
# them, and so do the machines behind the example adapters. TAP.
#
#   conformance.sh PATH-TO-cbpf PATH-TO-dialects
cbpf=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
dialects=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
cd "$(dirname "$0")/.." || exit 2
. tests/tap.sh

if scripts/make-conformance "$cbpf" --check >"$tmp/out" 2>&1; then
    ok "the files are what tests/vec says"
else
    not_ok "the files are what tests/vec says" "$tmp/out"
fi

# a rule is pinned by a case that is rejected for it, an instruction by one
# that loads, and runs but for random numbers; what a seccomp path has room for depends on what was installed
cat conformance/*.jsonl | awk '
    { match($0, /"dialect":"[a-z]*"/); d = substr($0, RSTART + 11, RLENGTH - 12) }
    match($0, /"load_why":"[A-Z_]*"/) { print d, "rule", substr($0, RSTART + 12, RLENGTH - 13) }
    /"load":"ok"/ {
        match($0, /"prog":\[.*\],"load"/); p = substr($0, RSTART + 8, RLENGTH - 16)
        while (match(p, /\[[0-9]*/)) { print d, "code", substr(p, RSTART + 1, RLENGTH - 1); p = substr(p, RSTART + RLENGTH) }
    }' | sort -u >"$tmp/pinned"
"$dialects" | grep -v '^seccomp rule PATH$' | sort >"$tmp/due"
comm -23 "$tmp/due" "$tmp/pinned" >"$tmp/out"
# and no rule is pinned that the dialect is not said to have
grep ' rule ' "$tmp/pinned" | comm -13 "$tmp/due" - >>"$tmp/out"
if [ -s "$tmp/out" ]; then
    not_ok "every rule and instruction of every dialect is pinned" "$tmp/out"
else
    ok "all $(grep -c rule "$tmp/due") rules and $(grep -c code "$tmp/due") instructions of the dialects are pinned"
fi

if "$cbpf" conform /dev/null 2>&1 | grep -q 'without jansson'; then
    skip "conformance" "built without jansson"
    finish
fi
judge() { # name, what must be judged of it, options
    name=$1 what=$2
    shift 2
    if "$cbpf" conform -q "$@" >"$tmp/out" 2>&1 &&
        grep -q "$what: [1-9][0-9]* agree" "$tmp/out"; then
        ok "$name: $(grep -v skipped: "$tmp/out" | tail -n 1 | sed 's/^all: //; s/^conformance\///')"
    else
        not_ok "$name" "$tmp/out"
    fi
}
for engine in interp libpcap linux-unix linux-packet linux-seccomp; do
    case ,${WITHOUT-}, in
    *,$engine,*)
        skip "$engine" "${WHY-left out}"
        continue
        ;;
    esac
    if "$cbpf" engines | grep -q "^$engine .*can run"; then
        # its frames are none of these packets
        case $engine in linux-packet) what=loads ;; *) what=runs ;; esac
        judge $engine $what -E $engine conformance/*.jsonl
        # what says that the real machine is asked is asked
        if [ $engine = linux-seccomp ]; then
            grep '"settled":"run"' conformance/seccomp.jsonl >"$tmp/asked.jsonl"
            if "$cbpf" conform -q -E $engine "$tmp/asked.jsonl" >"$tmp/out" 2>&1 &&
                grep -q 'runs: [1-9][0-9]* agree, 0 differ, 0 skipped' "$tmp/out"; then
                ok "$engine: all that was settled by runs"
            else
                not_ok "$engine: all that was settled by runs" "$tmp/out"
            fi
        fi
    else
        skip "$engine" "it cannot run here"
    fi
done
if ! command -v python3 >/dev/null || ! python3 -c 'import ctypes.util as u, sys; sys.exit(not u.find_library("pcap"))'; then
    skip "adapters/libpcap.py" "python3 or libpcap is not there"
else
    judge "adapters/libpcap.py" runs --cmd conformance/adapters/libpcap.py conformance/libpcap.jsonl
fi
if ! command -v go >/dev/null || [ ! -d /usr/share/gocode/src/golang.org/x/net/bpf ]; then
    skip "adapters/xnet.go" "golang-go and golang-golang-x-net-dev are not installed"
elif GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$tmp/cache" GOFLAGS= \
    go build -o "$tmp/xnet" conformance/adapters/xnet.go >"$tmp/out" 2>&1; then
    judge "adapters/xnet.go" runs --cmd "$tmp/xnet" conformance/go.jsonl
else
    not_ok "adapters/xnet.go does not build" "$tmp/out"
fi
finish
