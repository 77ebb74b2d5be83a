#!/bin/sh
# What `cbpf count` says, beside `tcpdump --count`, and what `cbpf filter` writes,
# beside `tcpdump -w`: each capture of tests/packets, and one that is made, by
# each filter. Then files that are cut, jobs that are stopped, disks that are
# full. TAP.
#
#   scan.sh PATH-TO-CBPF [PATH-TO-traffic]
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
# the packets themselves: tcpdump writes pcap of what is pcap
same() { # capture
    bad=0 tried=0
    rm -f "$tmp/out"
    while IFS= read -r filter; do
        tcpdump -r "$1" -w "$tmp/theirs" "$filter" 2>/dev/null || continue
        tried=$((tried + 1))
        "$cbpf" filter -e "$filter" "$1" -o "$tmp/ours" 2>/dev/null
        cmp "$tmp/theirs" "$tmp/ours" >>"$tmp/out" 2>&1 || { bad=$((bad + 1)); echo "$filter" >>"$tmp/out"; }
    done <"$tmp/few"
    if [ $bad = 0 ]; then
        ok "$(basename "$1"): what $tried filters let through is written byte for byte"
    else
        not_ok "$(basename "$1"): $bad of $tried outputs differ" "$tmp/out"
    fi
}
sed -n '1~5p' "$tmp/filters" >"$tmp/few"
for file in dns dns-cut fragments http6 vlan loopback zero-length no-packets; do
    same tests/packets/$file.pcap
done
if [ "$traffic" ] && "$traffic" 3 >"$tmp/traffic.pcap"; then
    compare "$tmp/traffic.pcap"
    same "$tmp/traffic.pcap"
else
    finish
fi

# ---- in and out, by every way ------------------------------------------------
made=$tmp/traffic.pcap
"$cbpf" filter -e tcp "$made" -o "$tmp/a.pcap" 2>/dev/null
"$cbpf" filter -e tcp "$made" -o - 2>/dev/null >"$tmp/b.pcap"
holds "to stdout" cmp "$tmp/a.pcap" "$tmp/b.pcap"
cat "$made" | "$cbpf" filter -e tcp - -o "$tmp/b.pcap" 2>/dev/null
holds "from a pipe" cmp "$tmp/a.pcap" "$tmp/b.pcap"
"$cbpf" filter -e tcp "$made" --write pcapng -o "$tmp/a.pcapng" 2>/dev/null
"$cbpf" filter -e tcp "$tmp/a.pcapng" --write pcap -o "$tmp/b.pcap" 2>/dev/null
holds "through pcapng and back" cmp "$tmp/a.pcap" "$tmp/b.pcap"
cp "$made" "$tmp/b.pcap"
"$cbpf" filter -e tcp "$tmp/b.pcap" -o "$tmp/b.pcap" 2>/dev/null
holds "onto what is read" cmp "$tmp/a.pcap" "$tmp/b.pcap"
"$cbpf" filter --split "$tmp/t.pcap=tcp" --split "$tmp/u.pcap=udp" "$made" 2>/dev/null
holds "several outputs in one pass" cmp "$tmp/a.pcap" "$tmp/t.pcap"
equal "and the other" "$(tcpdump -r "$made" --count udp 2>/dev/null)" "$(tcpdump -r "$tmp/u.pcap" --count 2>/dev/null)"
"$cbpf" filter -e tcp --invert "$made" -o "$tmp/b.pcap" 2>/dev/null
tcpdump -r "$made" -w "$tmp/c.pcap" 'not tcp' 2>/dev/null
holds "what is rejected" cmp "$tmp/b.pcap" "$tmp/c.pcap"
"$cbpf" filter -e tcp --max-count 7 "$made" -o "$tmp/b.pcap" 2>/dev/null
tcpdump -r "$made" -c 7 -w "$tmp/c.pcap" tcp 2>/dev/null
holds "at most so many" cmp "$tmp/b.pcap" "$tmp/c.pcap"
# what is looked at ends with the last of them, however it is read
"$cbpf" count -e tcp --max-count 700 "$made" >"$tmp/wanted"
(head -c 100000 "$made"; sleep 0.2; tail -c +100001 "$made") | "$cbpf" count -e tcp --max-count 700 - >"$tmp/got"
sed "s|<stdin>|$made|" "$tmp/got" >"$tmp/got.as"
holds "and so many were looked at" cmp "$tmp/wanted" "$tmp/got.as"
looked=$(sed 's/.* of \([0-9]*\) .*/\1/' "$tmp/wanted")
equal "of which the last is one" "700 699" "$(
    tcpdump -r "$made" -c "$looked" -w "$tmp/c.pcap" 2>/dev/null
    echo "$(tcpdump -r "$tmp/c.pcap" --count tcp 2>/dev/null | sed 's/ .*//')" \
        "$(tcpdump -r "$made" -c $((looked - 1)) -w - 2>/dev/null | tcpdump -r - --count tcp 2>/dev/null | sed 's/ .*//')")"
"$cbpf" filter -e tcp --snap 80 "$made" -o "$tmp/b.pcap" 2>/dev/null
tcpdump -r "$tmp/b.pcap" -nn -xx 2>/dev/null >"$tmp/hex"
equal "cut, records are no longer" "yes 0" "$(grep -q 0x0040: "$tmp/hex" && echo yes) $(grep -c 0x0050: "$tmp/hex")"
equal "cut, none is lost" "$(tcpdump -r "$tmp/a.pcap" --count 2>/dev/null)" "$(tcpdump -r "$tmp/b.pcap" --count 2>/dev/null)"
"$cbpf" filter -e ip tests/packets/dns.pcap tests/packets/dns-be.pcap -o "$tmp/b.pcap" 2>/dev/null
equal "two byte orders in one file" "48 packets" "$(tcpdump -r "$tmp/b.pcap" --count 2>/dev/null)"
t "two link types in one pcap" 2 "second link type in a pcap file" "$cbpf" filter -e "len > 0" tests/packets/dns.pcap tests/packets/any.pcap -o "$tmp/b.pcap"
t "in pcapng they are" 0 "" "$cbpf" filter -e "len > 0" --write pcapng tests/packets/dns.pcap tests/packets/any.pcap -o "$tmp/b.pcapng"
t "a part of an earlier job is not written over" 2 "FILE.partial of another job: File exists" "$cbpf" filter -e "len > 0" tests/packets/dns.pcap -o "$tmp/b.pcap"
rm -f "$tmp"/*.partial
{
    head -c 24 tests/packets/dns-nano.pcap
    printf '\001\000\000\000\001\000\000\000\004\000\000\000\004\000\000\000abcd'
} >"$tmp/nano.pcap"
t "nanoseconds into microseconds" 2 "nanoseconds in a pcap file that began with" "$cbpf" filter -e "len > 0" tests/packets/dns.pcap "$tmp/nano.pcap" -o "$tmp/b.pcap"

# ---- compressed ----------------------------------------------------------------
tcps=$(tcpdump -r "$made" --count tcp 2>/dev/null)
tcps=${tcps%% *}
for tool in gzip bzip2 xz zstd lz4; do
    if ! command -v $tool >/dev/null; then
        skip "compressed by $tool" "there is no $tool here"
    elif ! $tool -c <"$made" >"$tmp/packed.$tool"; then
        not_ok "$tool"
    elif "$cbpf" count -e tcp "$tmp/packed.$tool" 2>&1 | grep -q "a build without libarchive"; then
        skip "compressed by $tool" "built without libarchive"
    else
        equal "compressed by $tool" "$tcps" "$("$cbpf" count -e tcp "$tmp/packed.$tool" 2>&1 | sed 's/ .*//')"
        equal "from stdin" "$tcps" "$("$cbpf" count -e tcp - <"$tmp/packed.$tool" 2>&1 | sed 's/ .*//')"
        t "and not to its end" 0 "^3 of" sh -c 'cat "$2" | "$1" count -e tcp --max-count 3 -' - "$cbpf" "$tmp/packed.$tool"
        head -c 1000000 "$tmp/packed.$tool" >"$tmp/packed.cut"
        t "cut: it is said" 2 "the compressed file is broken|is cut short" "$cbpf" count -e tcp "$tmp/packed.cut"
        # all of it is one block of lz4, of which there is no part
        [ $tool = lz4 ] ||
            t "and what is before is counted" 2 "^[1-9][0-9]+ of" "$cbpf" count -e tcp "$tmp/packed.cut"
        $tool -c <"$tmp/packed.$tool" >"$tmp/packed.twice"
        equal "compressed twice" "$tcps" "$("$cbpf" count -e tcp "$tmp/packed.twice" 2>&1 | sed 's/ .*//')"
    fi
done

# ---- what goes wrong -----------------------------------------------------------
size=$(wc -c <tests/packets/dns.pcap)
bad=0 at=24
while [ $at -lt "$size" ]; do
    head -c $at tests/packets/dns.pcap >"$tmp/cut.pcap"
    counted=$(tcpdump -r "$tmp/cut.pcap" --count 2>/dev/null)
    ours=$("$cbpf" count -e "len >= 0" "$tmp/cut.pcap" 2>/dev/null)
    status=$?
    [ $status -le 2 ] && [ "${counted%% *}" = "${ours%% *}" ] || bad=$((bad + 1))
    at=$((at + 97))
done
equal "cut at many places: what is sound counts the same" 0 $bad
{
    head -c 100000 "$made"
    printf %3000s x
    tail -c +103001 "$made"
} >"$tmp/broken.pcap"
all=$("$cbpf" count -e "len > 0" "$made" | sed 's/ .*//')
t "past what is broken" 2 "^80[45][0-9] of" "$cbpf" count -e "len > 0" --keep-going "$tmp/broken.pcap"
t "how much that is, is said" 2 "^cbpf: .*: [23][0-9]{3} bytes are passed over" "$cbpf" count -e "len > 0" --keep-going "$tmp/broken.pcap"
"$cbpf" filter -e "len > 0" --keep-going "$tmp/broken.pcap" -o "$tmp/mended.pcap" 2>/dev/null
equal "what is written is sound" "$("$cbpf" count -e "len > 0" --keep-going "$tmp/broken.pcap" 2>/dev/null | sed 's/ .*//')" "$(tcpdump -r "$tmp/mended.pcap" --count 2>/dev/null | sed 's/ .*//')"
equal "through a pipe, too" 2 "$(cat "$tmp/broken.pcap" | "$cbpf" count -e "len > 0" --keep-going - 2>&1 | grep -c "at byte\|passed over")"
equal "of all there are" 8056 "$all"
cp "$tmp/broken.pcap" "$tmp/same.pcap"
t "a broken file onto itself" 2 "same.pcap.partial is what was written" "$cbpf" filter -e "len > 0" "$tmp/same.pcap" -o "$tmp/same.pcap"
holds "is left as it was" cmp "$tmp/broken.pcap" "$tmp/same.pcap"
rm -f "$tmp"/*.partial
cp "$tmp/a.pcap" "$tmp/onto.pcap"
t "onto itself through stdout" 2 "is read and written" sh -c '"$1" filter -e tcp "$2" -o - >>"$2"' - "$cbpf" "$tmp/onto.pcap"
t "nothing to read" 2 "nothing.pcap: open" "$cbpf" filter -e ip "$tmp/nothing.pcap" -o "$tmp/same.pcap"
holds "leaves what was there, too" cmp "$tmp/broken.pcap" "$tmp/same.pcap"
"$cbpf" filter -e ip "$made" -o "$tmp/closed.pcap" 2>&-
holds "without stderr" tcpdump -r "$tmp/closed.pcap" --count
chmod 600 "$tmp/closed.pcap"
"$cbpf" filter -e tcp "$made" -o "$tmp/closed.pcap" 2>/dev/null
equal "who may read it may read it still" 600 "$(stat -c %a "$tmp/closed.pcap")"
head -c 1000000 "$made" >"$tmp/grows.pcap"
"$cbpf" filter --follow -e "len > 0" "$tmp/grows.pcap" -o "$tmp/grown.pcap" 2>"$tmp/said" &
child=$!
sleep 0.5
tail -c +1000001 "$made" >>"$tmp/grows.pcap"
sleep 1
kill $child
wait $child
equal "a file that grows, until it is told to end" 0 $?
holds "is written whole" cmp "$made" "$tmp/grown.pcap"
# from nothing on
: >"$tmp/grows.pcap"
"$cbpf" filter --follow -e "len > 0" "$tmp/grows.pcap" -o "$tmp/grown.pcap" 2>"$tmp/said" &
child=$!
sleep 0.3
cat "$made" >>"$tmp/grows.pcap"
sleep 1
kill $child
wait $child
equal "a file that is empty when it is opened" 0 $?
holds "is written whole, too" cmp "$made" "$tmp/grown.pcap"
mkfifo "$tmp/pipe"
"$cbpf" filter -e tcp "$tmp/pipe" -o - >"$tmp/idle.pcap" 2>/dev/null &
child=$!
exec 3>"$tmp/pipe"
head -c 20000 "$made" >&3
sleep 0.5
t "what a pipe has brought is there while it has no more" 0 "[1-9][0-9]* packets" tcpdump -r "$tmp/idle.pcap" --count
exec 3>&-
wait $child
"$cbpf" filter -e tcp "$tmp/pipe" -o "$tmp/slow.pcap" 2>"$tmp/said" &
child=$!
exec 3>"$tmp/pipe"
head -c 2000000 "$made" >&3
sleep 0.5
kill $child
wait $child
status=$?
exec 3>&-
equal "a job that is stopped ends so, while it waits for a pipe" 2 $status
equal "and says where" 1 "$(grep -c "stopped in .*/pipe$" "$tmp/said")"
equal "and says what it wrote" 1 "$(grep -c "slow.pcap.partial is what was written" "$tmp/said")"
holds "which is a capture" tcpdump -r "$tmp/slow.pcap.partial" --count
[ ! -e "$tmp/slow.pcap" ]
equal "and not under its name" 0 $?
mkdir "$tmp/small"
if mount -t tmpfs -o size=64k none "$tmp/small" 2>/dev/null; then
    echo old >"$tmp/small/out.pcap"
    t "a disk that is full" 2 "No space left on device" "$cbpf" filter -e tcp "$made" -o "$tmp/small/out.pcap"
    equal "what was there is there" old "$(cat "$tmp/small/out.pcap")"
    holds "and what fits is a capture" tcpdump -r "$tmp/small/out.pcap.partial" --count
    umount "$tmp/small"
else
    skip "a disk that is full" "nothing can be mounted here"
fi
finish
