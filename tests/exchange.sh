#!/bin/sh
# The exchange vectors beside the project, where they are, on every engine:
# no load and no run may differ. TAP.
cbpf=$1
cd "$(dirname "$0")/.." || exit 2
. tests/tap.sh
dir=../shared/vectors
if [ ! -d $dir ]; then
    # a clone may lie elsewhere than its vectors: nothing is required then
    skip "exchange vectors" "there are none beside this clone"
    finish
fi
if ! "$cbpf" conform --help >/dev/null 2>&1 || "$cbpf" conform /dev/null 2>&1 | grep -q 'without jansson'; then
    case ",$REQUIRE," in
    *,vectors,*) not_ok "exchange vectors are required, and this build reads no JSON" ;;
    *) skip "exchange vectors" "built without jansson" ;;
    esac
    finish
fi
for engine in interp libpcap linux-unix linux-udp linux-packet linux-seccomp; do
    "$cbpf" engines | grep -q "^$engine .*can run" || {
        skip "exchange vectors on $engine" "it cannot run here"
        continue
    }
    for file in $dir/*.jsonl $dir/*.json; do
        if "$cbpf" conform -q -E $engine "$file" >"$tmp/out" 2>&1; then
            ok "$engine: $(tail -n 1 "$tmp/out" | sed 's/.*vectors\///; s/#/no/')"
        else
            not_ok "$engine: $file" "$tmp/out"
        fi
    done
done
finish
