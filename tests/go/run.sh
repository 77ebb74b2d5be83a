#!/bin/sh
# The go dialect against golang.org/x/net/bpf itself (Debian packages golang-go
# and golang-golang-x-net-dev), through the adapter of conformance/. TAP.
#
#   run.sh PATH-TO-cbpf [PROGRAMS [SEED]]
cbpf=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
programs=${2:-20000} seed=${3:-1}
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
export GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$tmp/cache" GOFLAGS=
if ! command -v go >/dev/null || [ ! -d /usr/share/gocode/src/golang.org/x/net/bpf ]; then
    skip go "golang-go and golang-golang-x-net-dev are not installed"
    finish
fi
go build -o "$tmp/xnet" conformance/adapters/xnet.go &&
    go build -o "$tmp/print" tests/go/print.go || exit 1

fuzz() { # what, options
    what=$1
    shift
    if "$cbpf" fuzz --cmd "$tmp/xnet" -s "$seed" --save "$tmp" "$@" >"$tmp/out" 2>&1; then
        ok "NewVM and VM.Run, $what: $(head -n 1 "$tmp/out")"
    else
        not_ok "NewVM and VM.Run, $what" "$tmp/out"
    fi
}
fuzz "programs" --programs "$programs"
fuzz "any codes" --kind wild --max-insns 2 --packets 2 --programs $((programs * 3))
fuzz "NewVM alone, almost legal" --kind almost --packets 0 --programs $((programs * 3))

# what an instruction prints: every code, and the numbers where it changes
awk 'BEGIN { split("0 1 5 15 16 31 32 2147483647 4294963200 4294963201 4294963204 4294963240 4294963260 4294967295", k)
    for (code = 0; code < 768; code++) for (i = 1; i <= 14; i++)
        print code, i % 3 == 0 ? 0 : i, i % 2 ? 0 : 255 - i, k[i] }' >"$tmp/list"
"$tmp/print" <"$tmp/list" >"$tmp/theirs"
lines=$(wc -l <"$tmp/list")
(echo "$lines"; cat "$tmp/list") | "$cbpf" dump --from ddd -f go - 2>/dev/null >"$tmp/ours"
holds "$lines instructions print as in Go" diff "$tmp/theirs" "$tmp/ours"
finish
