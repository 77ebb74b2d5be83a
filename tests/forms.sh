#!/bin/sh
# Forms against the tools they imitate: tcpdump, iptables, tc. TAP.
#
#   forms.sh PATH-TO-cbpf PATH-TO-forms
cbpf=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
forms=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
cd "$(dirname "$0")/.." || exit 2
. tests/tap.sh
same() { # name, file, file
    if diff "$2" "$3" >"$tmp/diff" 2>&1; then ok "$1"; else
        not_ok "$1" "$tmp/diff"
    fi
}

# programs as they come: short, with every kind of operand, and long
"$cbpf" asm -f ddd -o "$tmp/all" - <<END
$(sed -n '/^-- asm/,/^-- go/p' tests/vec/forms/others.t | sed '/^--/d')
END
"$cbpf" dump -e 'tcp port 80 and not host 10.0.0.1' -f ddd -o "$tmp/web"
printf '1\n6 0 0 4294967295\n' >"$tmp/one"
list_of() { tr '\n' ',' <"$1" | sed 's/,$//'; }

# ---- tcpdump ------------------------------------------------------------------
if ! command -v tcpdump >/dev/null || ! "$cbpf" dump -e ip >/dev/null 2>&1; then
    skip "tcpdump -d, -dd, -ddd" "tcpdump is not installed, or this build has no libpcap"
else
    case $(tcpdump --version 2>&1) in *'libpcap version 1.1'[1-9]*) d=d ;; *) d=d110 ;; esac
    # an empty capture with the snap length of `cbpf dump -e`
    printf '\324\303\262\241\002\000\004\000\000\000\000\000\000\000\000\000\000\000\004\000\001\000\000\000' >"$tmp/empty.pcap"
    while read -r expr; do
        for pair in "$d -d" 'dd -dd' 'ddd -ddd'; do
            tcpdump ${pair#* } -r "$tmp/empty.pcap" "$expr" >"$tmp/theirs" 2>/dev/null
            "$cbpf" dump -f "${pair% *}" -e "$expr" >"$tmp/ours" 2>/dev/null
            same "tcpdump ${pair#* } '$expr'" "$tmp/theirs" "$tmp/ours"
        done
    done <<'END'
ip
tcp port 80 and not host 10.0.0.1
vlan 5 and ip6 and portrange 1000-2000
ip[2:2] - ((ip[0] & 0xf) << 2) > 100 and ip[8] * 3 % 7 != 2
ether multicast or len <= 60 or icmp[icmptype] == icmp-echo
END
fi

# ---- iptables, tc --------------------------------------------------------------
if ! unshare -n true 2>/dev/null; then
    skip "iptables and tc" "no network namespace of one's own here"
else
    for program in all web one; do
        [ -e "$tmp/$program" ] || continue # an expression, without libpcap
        list=$(list_of "$tmp/$program")
        if ! command -v iptables >/dev/null || ! unshare -n iptables -A INPUT -m bpf --bytecode "1,6 0 0 1" 2>/dev/null; then
            skip "iptables-save, $program" "no iptables, or no xt_bpf in this kernel"
        else
            unshare -n sh -c "iptables -A INPUT -m bpf --bytecode '$list' -j ACCEPT && iptables-save" >"$tmp/save" 2>&1
            "$cbpf" dump -f xt "$tmp/$program" 2>/dev/null >"$tmp/xt"
            echo "-A INPUT -m bpf --bytecode \"$(cat "$tmp/xt")\" -j ACCEPT" >"$tmp/ours"
            grep bytecode "$tmp/save" >"$tmp/theirs"
            same "iptables-save, $program" "$tmp/theirs" "$tmp/ours"
            "$cbpf" dump -f ddd "$tmp/save" >"$tmp/back"
            same "what iptables-save printed is read, $program" "$tmp/back" "$tmp/$program"
        fi
        if ! command -v tc >/dev/null || ! unshare -n sh -c 'tc qdisc add dev lo clsact && tc filter add dev lo ingress bpf bytecode "1,6 0 0 1" flowid 1:1' 2>/dev/null; then
            skip "tc, $program" "no tc, or no cls_bpf in this kernel"
        else
            unshare -n sh -c "tc qdisc add dev lo clsact && tc filter add dev lo ingress bpf bytecode '$list' flowid 1:1 && tc filter show dev lo ingress" >"$tmp/show" 2>&1
            "$cbpf" dump -f tc "$tmp/$program" 2>/dev/null >"$tmp/ours"
            sed -n "s/.* bytecode '\(.*\)'.*/\1/p" "$tmp/show" >"$tmp/theirs"
            same "tc filter show, $program" "$tmp/theirs" "$tmp/ours"
            "$cbpf" dump -f ddd "$tmp/show" >"$tmp/back"
            same "what tc printed is read, $program" "$tmp/back" "$tmp/$program"
        fi
    done
fi

# ---- the exchange vectors -------------------------------------------------------
if [ ! -d ../shared/vectors ]; then
    skip "exchange vectors through every form" "there are none beside this clone"
else
    # every list of [code, jt, jf, k], as bpf_asm's line
    cat ../shared/vectors/*.json* | tr -d ' \n' | grep -o '\[\[[0-9]*,[0-9]*,[0-9]*,[0-9]*\]\(,\[[0-9]*,[0-9]*,[0-9]*,[0-9]*\]\)*\]' |
        awk '{ count = gsub(/\],\[/, ";"); gsub(/[][]/, ""); gsub(/,/, " "); gsub(/;/, ","); print count + 1 "," $0 "," }' >"$tmp/programs"
    "$forms" 1000 "$tmp/programs" >"$tmp/tap"
    while read -r line; do
        case $line in
        "not ok"*"the file"*) not_ok "${line#* - }" ;;
        ok*"the file"*) ok "${line#* - }" ;;
        esac
    done <"$tmp/tap"
fi
finish
