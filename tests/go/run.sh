#!/bin/sh
# The go dialect against golang.org/x/net/bpf itself (Debian packages golang-go
# and golang-golang-x-net-dev). TAP.
#
#   run.sh PATH-TO-go-expect [PROGRAMS [SEED]]
expect=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "$0")" || exit 2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$tmp/cache" GOFLAGS=
if ! command -v go >/dev/null || [ ! -d /usr/share/gocode/src/golang.org/x/net/bpf ]; then
    echo "ok 1 - go # SKIP golang-go and golang-golang-x-net-dev are not installed"
    echo 1..1
    exit 0
fi
"$expect" "${2:-100000}" "${3:-1}" "$tmp/want" >"$tmp/programs" &&
    go build -o "$tmp/vm" vm.go && "$tmp/vm" <"$tmp/programs" >"$tmp/got" || exit 1
n=$(wc -l <"$tmp/programs")
if cmp -s "$tmp/want" "$tmp/got"; then
    echo "ok 1 - $n programs ($(grep -c ^ok "$tmp/got") accepted) with 4 packets each: x/net/bpf says the same"
else
    paste -d '\n' "$tmp/want" "$tmp/got" "$tmp/programs" | awk '
        NR % 3 == 1 { want = $0 } NR % 3 == 2 { got = $0 }
        NR % 3 == 0 && want != got && shown++ < 5 { print "# " $0; print "#   go:   " got; print "#   ours: " want }'
    echo "not ok 1 - x/net/bpf says otherwise"
fi
echo 1..1
