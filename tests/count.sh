#!/bin/sh
# What `cbpf count` says, beside `tcpdump --count`: each capture of tests/packets,
# and one that is made, by each filter. TAP.
#
#   count.sh PATH-TO-CBPF [PATH-TO-traffic]
cbpf=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
traffic=${2-}
cd "$(dirname "$0")/.." || exit 2
. tests/tap.sh
if ! command -v tcpdump >/dev/null || ! "$cbpf" dump -e ip >/dev/null 2>&1; then
    skip "counts" "there is no tcpdump here, or it is built without libpcap"
    finish
fi
cat >"$tmp/filters" <<'EOF'
ip
ip6
arp
tcp
udp
icmp
icmp6
port 53
tcp port 80
udp port 53
src port 53
dst port 53
port 80 or port 443
portrange 1000-2000
portrange 1-1024 and tcp
host 192.0.2.1
net 10.0.0.0/8
src net 10.0.0.0/8 or dst net 192.168.0.0/16
not ip
ip and not tcp
tcp[tcpflags] & (tcp-syn|tcp-fin) != 0
tcp[13] & 2 != 0
ip[8] < 64
ip[6:2] & 0x1fff != 0
ip[0] & 0xf != 5
udp[4:2] > 60
len > 100
len <= 60
greater 200
less 64
broadcast
multicast
ether proto 0x0806
ether[0] & 1 = 1
vlan
vlan 10
vlan and tcp port 80
ip proto 1
ip6 and udp
tcp port 80 and host 127.0.0.1
port 22 or port 53 or port 123
icmp[icmptype] = icmp-echo
ip host 127.0.0.1 or ip6 host ::1
src and dst net 10
tcp and (src port 80 or dst port 1500)
inbound
type mgt
EOF
compare() { # capture
    file=$1
    set --
    want=
    refused=0
    while IFS= read -r filter; do
        if counted=$(tcpdump -r "$file" --count "$filter" 2>/dev/null); then
            set -- "$@" --split "f$#=$filter"
            want="$want${counted%% *} f$(($# - 2))
"
        else
            "$cbpf" count -e "$filter" "$file" >/dev/null 2>&1
            [ $? = 2 ] || echo "refused by tcpdump alone: $filter" >>"$tmp/odd"
            refused=$((refused + 1))
        fi
    done <"$tmp/filters"
    printf %s "$want" >"$tmp/want"
    # N of M packets  FILE  NAME
    "$cbpf" count "$@" "$file" >"$tmp/counts" 2>&1
    sed 's/ of [0-9]* packets .*  / /' "$tmp/counts" >"$tmp/got"
    if cmp -s "$tmp/want" "$tmp/got" && [ ! -s "$tmp/odd" ]; then
        ok "$(basename "$file"): $(wc -l <"$tmp/got") filters count the same, $refused are refused"
    else
        { diff "$tmp/want" "$tmp/got"; cat "$tmp/odd" 2>/dev/null; } >"$tmp/out"
        not_ok "$(basename "$file")" "$tmp/out"
    fi
    rm -f "$tmp/odd"
}
for file in tests/packets/[!b]*.pcap tests/packets/[!b]*.pcapng; do
    # one of several link types is more than tcpdump reads
    tcpdump -r "$file" --count >/dev/null 2>&1 && compare "$file"
done
if [ "$traffic" ] && "$traffic" 3 >"$tmp/traffic.pcap"; then
    compare "$tmp/traffic.pcap"
fi
finish
