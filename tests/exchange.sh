#!/bin/sh
# The exchange vectors beside the project, where they are, on every engine:
# no load and no run may differ. TAP.
cbpf=$1
cd "$(dirname "$0")/.." || exit 2
n=0
dir=../shared/vectors
if [ ! -d $dir ]; then
    # a clone may lie elsewhere than its vectors: nothing is required then
    echo "ok 1 - exchange vectors # SKIP there are none beside this clone"
    echo 1..1
    exit 0
fi
if ! "$cbpf" conform --help >/dev/null 2>&1 || "$cbpf" conform /dev/null 2>&1 | grep -q 'without jansson'; then
    case ",$REQUIRE," in
    *,vectors,*) echo "not ok 1 - exchange vectors are required, and this build reads no JSON" ;;
    *) echo "ok 1 - exchange vectors # SKIP built without jansson" ;;
    esac
    echo 1..1
    exit 0
fi
for engine in interp libpcap linux-unix linux-udp linux-packet linux-seccomp; do
    "$cbpf" engines | grep -q "^$engine .*can run" || {
        n=$((n + 1))
        echo "ok $n - exchange vectors on $engine # SKIP it cannot run here"
        continue
    }
    for file in $dir/*.jsonl $dir/*.json; do
        n=$((n + 1))
        if out=$("$cbpf" conform -q -E $engine "$file" 2>&1); then
            echo "ok $n - $engine: $(echo "$out" | tail -n 1 | sed 's/.*vectors\///; s/#/no/')"
        else
            echo "$out" | sed 's/^/# /'
            echo "not ok $n - $engine: $file"
        fi
    done
done
echo "1..$n"
