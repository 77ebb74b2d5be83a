#!/bin/sh
# xt_bpf and cls_bpf: what a program sees there and what its verdict does, in a
# network namespace of its own. TAP.
#
#   hooks.sh PATH-TO-cbpf
if [ "$2" != inside ]; then
    cbpf=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
    if unshare -n true 2>/dev/null; then
        exec unshare -n sh "$0" "$cbpf" inside
    fi
    echo "ok 1 - xt_bpf and cls_bpf # SKIP no network namespace of one's own here"
    echo 1..1
    exit 0
fi
cbpf=$1
cd "$(dirname "$0")/.." || exit 2
. tests/tap.sh
code() { printf "$1" | "$cbpf" asm - -f xt; }
# ten datagrams of four bytes to nobody's port; the refusals are ICMP
send() { bash -c 'for i in 0 1 2 3 4 5 6 7 8 9; do printf abcd >/dev/udp/127.0.0.1/9; done' 2>/dev/null; }
ip link set lo txqueuelen 100 up 2>/dev/null

# ---- xt_bpf ------------------------------------------------------------------
matched() { # chain, program: how many of the ten it matched
    iptables -F
    iptables -A "$1" -p udp -m bpf --bytecode "$(code "$2")" || return
    send
    iptables -L "$1" -vxn | awk '/bpf/ { print $1 }'
}
if ! command -v bash >/dev/null || ! command -v iptables >/dev/null || ! iptables -A INPUT -m bpf --bytecode "1,6 0 0 1" 2>/dev/null; then
    skip xt_bpf "no iptables, or no xt_bpf in this kernel"
else
    equal "xt: 0 does not match" 0 "$(matched INPUT 'ret #0')"
    equal "xt: 1 matches" 10 "$(matched INPUT 'ret #1')"
    equal "xt: so does 0x80000000" 10 "$(matched INPUT 'ret #0x80000000')"
    equal "xt: data begins with the network header" 10 "$(matched INPUT 'ldb [0]\njne #0x45, no\nldb [9]\njne #17, no\nld len\njne #32, no\nret #1\nno: ret #0')"
    equal "xt: a load outside ends without a match" 0 "$(matched INPUT 'ld [29]\nret #1')"
    equal "xt: on input there is a device" 0 "$(matched INPUT 'ld #5\nld ifidx\nret #0')"
    equal "xt: on output there is none, and A is returned" 10 "$(matched OUTPUT 'ld #5\nld ifidx\nret #0')"
    equal "xt: no link header on output" 0 "$(matched OUTPUT 'ldh [0xffe0000c]\nret #1')"
    equal "xt: on input there is one" 10 "$(matched INPUT 'ldh [0xffe0000c]\njne #0x800, no\nret #1\nno: ret #0')"
    long=$(for i in $(seq 63); do printf 'ld #1\\n'; done)
    equal "xt: 64 instructions are taken" 10 "$(matched INPUT "${long}ret #1")"
    equal "xt: 65 are not" refused "$(iptables -A INPUT -m bpf --bytecode "$(code "ld #1\n${long}ret #1")" 2>/dev/null || echo refused)"
    equal "xt: as cbpf check says" TOO_LONG "$(code "ld #1\n${long}ret #1" | "$cbpf" check --hook xt - | grep -o TOO_LONG)"
    iptables -F
fi

# ---- cls_bpf -----------------------------------------------------------------
class_of() { # program: the class that the ten datagrams went through
    tc qdisc del dev lo root 2>/dev/null
    tc qdisc add dev lo root handle 1: htb default 9 || return
    for class in 1 2 9; do tc class add dev lo parent 1: classid 1:$class htb rate 1mbit; done
    tc filter add dev lo parent 1: protocol ip bpf bytecode "$(code "$1")" flowid 1:1 || return
    send
    tc -s class show dev lo | awk '/^class/ { class = $3 } / Sent/ && $4 >= 10 { print class }'
}
if ! command -v bash >/dev/null || ! command -v tc >/dev/null || [ -z "$(class_of 'ret #0' 2>/dev/null)" ]; then
    skip cls_bpf "no tc, or no cls_bpf or HTB in this kernel"
else
    equal "cls: 0 does not match" 1:9 "$(class_of 'ret #0')"
    equal "cls: 0xffffffff is the class configured" 1:1 "$(class_of 'ret #0xffffffff')"
    equal "cls: another verdict is the class" 1:2 "$(class_of 'ret #0x10002')"
    equal "cls: data begins with the link header" 1:1 "$(class_of 'ldh [12]\njne #0x800, no\nldb [14]\njne #0x45, no\nld len\njlt #46, no\nret #0xffffffff\nno: ret #0')"
    equal "cls: there is a device" 1:1 "$(class_of 'ld #0\nld hatype\njne #0x304, no\nret #0xffffffff\nno: ret #0')"
    equal "cls: a load outside ends without a match" 1:9 "$(class_of 'ld [4000]\nret #0xffffffff')"
    # jumps as far from the beginning as they may be, and one further
    long=$(yes 'ldxb 4*([40000]&0xf)\n' | head -n 1560 | tr -d '\n')
    equal "cls: a jump at converted instruction 32767 is taken" 1:9 "$(class_of "${long}jeq #5, end\nend: ret #0")"
    equal "cls: a jump behind it is not" "" "$(class_of "${long}tax\njeq #5, end\nend: ret #0" 2>/dev/null)"
    tc qdisc del dev lo root
fi
finish
