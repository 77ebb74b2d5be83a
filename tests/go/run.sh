#!/bin/sh
# The go dialect against golang.org/x/net/bpf itself (Debian packages golang-go
# and golang-golang-x-net-dev). TAP.
#
#   run.sh PATH-TO-go-expect PATH-TO-cbpf [PROGRAMS [SEED]]
expect=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cbpf=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
shift
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

# what an instruction prints: every code, and the numbers where it changes
awk 'BEGIN { split("0 1 5 15 16 31 32 2147483647 4294963200 4294963201 4294963204 4294963240 4294963260 4294967295", k)
    for (code = 0; code < 768; code++) for (i = 1; i <= 14; i++)
        print code, i % 3 == 0 ? 0 : i, i % 2 ? 0 : 255 - i, k[i] }' >"$tmp/list"
"$tmp/vm" print <"$tmp/list" >"$tmp/theirs"
n=$(wc -l <"$tmp/list")
(echo "$n"; cat "$tmp/list") | "$cbpf" dump --from ddd -f go - 2>/dev/null >"$tmp/ours"
if cmp -s "$tmp/theirs" "$tmp/ours"; then
    echo "ok 2 - $n instructions print as in Go"
else
    diff "$tmp/theirs" "$tmp/ours" | head -n 5 | sed 's/^/# /'
    echo "not ok 2 - instructions print otherwise than in Go"
fi
echo 1..2
