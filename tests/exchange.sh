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
for engine in interp libpcap linux-unix linux-udp linux-udp6 linux-packet linux-seccomp; do
    case ,${WITHOUT-}, in
    *,$engine,*)
        skip "exchange vectors on $engine" "${WHY-left out}"
        continue
        ;;
    esac
    "$cbpf" engines | grep "^$engine " >"$tmp/out"
    if ! grep -q 'can run' "$tmp/out"; then
        case ",$REQUIRE," in
        *,$engine,*) not_ok "exchange vectors on $engine, which is required" "$tmp/out" ;;
        *) skip "exchange vectors on $engine" "$(sed 's/^.*cannot *//' "$tmp/out")" ;;
        esac
        continue
    fi
    for file in $dir/*.jsonl $dir/*.json; do
        if "$cbpf" conform -q -E $engine "$file" >"$tmp/out" 2>&1; then
            ok "$engine: $(tail -n 1 "$tmp/out" | sed 's/.*vectors\///; s/#/no/')"
        elif grep -q 'nothing was judged' "$tmp/out"; then
            skip "$engine: ${file##*/}" "no case of its dialect, or none it can be given"
        else
            not_ok "$engine: $file" "$tmp/out"
        fi
    done
done
finish
