#!/bin/sh
# cbpf fuzz: wrong machines are found, right ones are not, and every machine
# here agrees with its twin over random programs and packets. TAP.
#
#   fuzz.sh PATH-TO-cbpf PATH-TO-wrong-vm [--require LIST] [--pairs N]
cbpf=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
wrong=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
shift 2
require= pairs=220000 seed=1
while [ $# -gt 1 ]; do
    case $1 in
    --require) require=$2 ;;
    --pairs) pairs=$2 ;;
    --seed) seed=$2 ;;
    esac
    shift 2
done
. tests/tap.sh

# WITHOUT: engines that are left out, as in tests/oracles.h
left_out() {
    case ,${WITHOUT-}, in
    *,$1,*) skip "$1" "${WHY-left out}" ;;
    *) return 1 ;;
    esac
}

# Whether an engine is here; else that is a skip, or a failure where required.
can_run() {
    "$cbpf" engines 2>&1 | grep "^$1 " >"$tmp/out"
    grep -q 'can run' "$tmp/out" && return 0
    case ,$require, in
    *,$1,*) not_ok "$1 is required" "$tmp/out" ;;
    *) skip "$1" "$(sed 's/^.*cannot *//' "$tmp/out")" ;;
    esac
    return 1
}

# ---- wrong machines: found, convicted, made small
planted() { # fault, what the guilty instruction looks like
    rm -f "$tmp"/fuzz-*.t
    status=0
    "$cbpf" fuzz --cmd "$wrong $1" -t 10 -j 1 -s 7 --save "$tmp" >"$tmp/out" 2>&1 || status=$?
    size=$(sed -n 's/.*still differs, of \([0-9]*\) instructions.*/\1/p' "$tmp/out")
    took=$(sed -n 's/^seed .* jobs, \([0-9.]* s\):.*/\1/p' "$tmp/out")
    if [ $status = 1 ] && [ "${size:-99}" -le 6 ] &&
        grep -q "parted at instruction [0-9]* of [0-9]*: $2" "$tmp/out" &&
        ls "$tmp"/fuzz-*.t >/dev/null; then
        ok "planted: $1: found in $took, parted at $2, $size instructions left"
    else
        not_ok "planted: $1 (status $status)" "$tmp/out"
    fi
}
planted bound 'ld'
planted signed 'jg'
planted shift '[lr]sh'
planted scratch 'stx'
planted order 'ldh'
if "$cbpf" fuzz --cmd "$wrong none" --pairs 20000 -t 20 -s 7 --save "$tmp" >"$tmp/out" 2>&1; then
    ok "the right machine is not"
else
    not_ok "the right machine is not" "$tmp/out"
fi

# ---- the case of a seed comes again
"$cbpf" fuzz --cmd "$wrong signed" -t 10 -j 1 -s 7 --save "$tmp" >"$tmp/out" 2>&1
case_seed=$(sed -n 's/^# cbpf fuzz .* -s \(0x[0-9a-f]*\) .*/\1/p' "$tmp/out")
if "$cbpf" fuzz --cmd "$wrong signed" -j 1 --programs 1 -s "$case_seed" --save "$tmp" >"$tmp/again" 2>&1; then
    not_ok "a case is made again from its seed" "$tmp/out"
elif [ "$(grep '^ld\|^j\|=>' "$tmp/out")" = "$(grep '^ld\|^j\|=>' "$tmp/again")" ]; then
    ok "a case is made again from its seed"
else
    not_ok "a case is made again from its seed, the same one" "$tmp/out"
fi

# ---- and by the command that was printed, options and all
"$cbpf" fuzz --cmd "$wrong bound" -t 10 -j 1 -s 77 --max-insns 9 --packets 3 --kind legal --save "$tmp" >"$tmp/out" 2>&1
sed -n "s|^# cbpf \(fuzz .* --programs 1\): .*|'$cbpf' \1 --save '$tmp'|p" "$tmp/out" | head -n 1 >"$tmp/command"
sh "$tmp/command" >"$tmp/again" 2>&1
if [ -s "$tmp/command" ] && grep -q '=>' "$tmp/out" &&
    [ "$(grep '^ld\|^j\|=>' "$tmp/out")" = "$(grep '^ld\|^j\|=>' "$tmp/again")" ]; then
    ok "a case is made again by the command that it says"
else
    not_ok "a case is made again by the command that it says" "$tmp/again"
fi

# ---- every machine here
hunt() { # engine, pairs, options: agree, and reach what there is to reach
    engine=$1 least=$2
    shift 2
    left_out $engine && return
    can_run $engine || return 0
    if "$cbpf" fuzz -E "$engine" -s "$seed" --pairs "$least" --save "$tmp" "$@" >"$tmp/out" 2>&1; then
        ok "$(head -n 1 "$tmp/out")${*:+ ($*)}"
    else
        not_ok "$engine $*" "$tmp/out"
    fi
    busy=$(sed -n 's/^ *\([0-9]*\) % of the programs executed 8.*/\1/p' "$tmp/out")
    if [ "${busy:-0}" -ge 50 ]; then
        ok "$engine: $busy % of the programs executed 8 instructions or more"
    else
        not_ok "$engine: too few programs executed 8 instructions" "$tmp/out"
    fi
    # of the opcodes and edges all; rules of size have suites of their own
    if grep -q 'opcodes \([0-9]*\) of \1, edges \([0-9]*\) of \2' "$tmp/out"; then
        ok "$engine: all opcodes and edges were met"
    elif [ "$least" -lt 20000 ] && grep -q 'opcodes \([0-9]*\) of \1' "$tmp/out"; then
        ok "$engine: all opcodes were met, in $least pairs"
    else
        not_ok "$engine: opcodes and edges" "$tmp/out"
    fi
}
hunt libpcap "$pairs"
for own in threaded jit jit-x8 jit-x16; do
    hunt "$own" "$pairs"
done
hunt linux-unix "$pairs"
hunt linux-unix $((pairs / 2)) --exact
hunt linux-udp $((pairs / 10))
hunt linux-udp6 $((pairs / 10))
hunt linux-packet $((pairs / 8))
hunt linux-packet $((pairs / 8)) --dgram
hunt linux-packet $((pairs / 8)) --outgoing
hunt linux-packet $((pairs / 8)) --outgoing --dgram
hunt linux-seccomp $((pairs / 8))

# ---- loading alone: the verifier against the real ones, limits of size too
offer() { # engine, programs, kind
    left_out "$1" && return
    can_run "$1" || return 0
    if "$cbpf" fuzz -E "$1" -s "$seed" --packets 0 --programs "$2" --kind "$3" \
        --save "$tmp" >"$tmp/out" 2>&1; then
        ok "$1: $2 $3 programs offered:$(sed -n '2s/^ *//p' "$tmp/out" | sed 's/^/ /')"
    else
        not_ok "$1: $3 programs offered" "$tmp/out"
    fi
}
for engine in libpcap linux-unix linux-seccomp; do
    offer $engine $((pairs / 4)) almost
    offer $engine $((pairs / 8)) wild
    offer $engine $((pairs / 100)) long
done
finish
