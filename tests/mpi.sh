#!/bin/sh
# cbpf-mpi beside cbpf: the same counts, packets and complaints by any number of
# processes and whatever is one unit; jobs that lose a process and go on; what a
# journal is not taken for. TAP.
#
#   mpi.sh PATH-TO-CBPF [PATH-TO-traffic]
cbpf=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
traffic=${2:+$(cd "$(dirname "$2")" && pwd)/$(basename "$2")}
cd "$(dirname "$0")/.." || exit 2
here=$(pwd)
. tests/tap.sh
if [ ! -x "$cbpf-mpi" ] || ! "$cbpf" dump -e ip >/dev/null 2>&1; then
    skip "many processes" "built without MPI, or without libpcap"
    finish
fi
# root is asked for; so are more processes than processors
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1
cd "$tmp" || exit 2
many() { # N ARGUMENT...
    ranks=$1
    shift
    timeout 120 mpirun --quiet -n "$ranks" "$cbpf-mpi" "$@"
}

# alike NAME N ARGUMENT...: stdout, complaints in any order, and status are those
# of one process.
alike() {
    name=$1 ranks=$2
    shift 2
    "$cbpf" "$@" >one 2>one.err
    status=$?
    many "$ranks" "$@" $own >several 2>several.err
    got=$?
    sort one.err >wanted
    sort several.err >complaints
    if [ $got = $status ] && cmp one several >cmp.out 2>&1 &&
        { [ "$complains" = other ] || cmp wanted complaints >cmp.out 2>&1; }; then
        ok "$name"
    else
        { echo "status $got, $status wanted"; cat cmp.out; diff one several; diff wanted complaints; } >why 2>&1
        not_ok "$name" why
    fi
}

# ---- counts -------------------------------------------------------------------
complains=same
for ranks in 1 2 3; do
    for unit in 100 1000 100000; do
        own="--part $unit"
        alike "all captures, $ranks processes, units of $unit bytes" $ranks \
            count -e 'udp or icmp' "$here"/tests/packets/*cap*
    done
done
own="--part 300"
alike "several filters" 2 count --split a=udp --split 'b=tcp port 80' --split c=arp "$here"/tests/packets/*.pcap
alike "what a filter rejects" 2 count --invert -e udp "$here"/tests/packets/*.pcapng
alike "a time" 2 count -e ip --from-time 2024-01-31T12:00:00.5Z "$here"/tests/packets/dns.pcap "$here"/tests/packets/dns.pcapng
alike "nothing matches" 2 count -e 'host 203.0.113.77' "$here"/tests/packets/dns.pcap
complains=other # the places are told, not each
for unit in 100 1000; do
    own="--part $unit"
    alike "past what is broken, units of $unit bytes" 3 count --keep-going -e ip "$here"/tests/packets/*cap*
done
printf 'ret #1\n' >program
own=
alike "a program" 2 count program "$here"/tests/packets/dns.pcap "$here"/tests/packets/dns.pcapng
mkdir -p "deep/b" deep/a
cp "$here/tests/packets/dns.pcap" deep/b/2.pcap
cp "$here/tests/packets/http.pcap" deep/a/1.pcap
cp "$here/tests/packets/dns.pcap" deep/3.pcap
: >deep/.hidden
many 2 count -e ip deep >got 2>&1
"$cbpf" count -e ip deep/3.pcap deep/a/1.pcap deep/b/2.pcap >wanted
holds "directories, all files in them" diff wanted got
t "no journal is left" 0 "" sh -c '! ls -d cbpf-mpi.* 2>/dev/null'
if [ -e /dev/null ] && "$cbpf" count --json -e ip deep/3.pcap >/dev/null 2>&1; then
    own=
    alike "JSON" 2 count --json -e udp deep/3.pcap deep/a/1.pcap
else
    skip "JSON" "built without jansson"
fi

# ---- packets ------------------------------------------------------------------
some="$here/tests/packets/dns.pcap $here/tests/packets/http.pcap $here/tests/packets/fragments.pcap $here/tests/packets/vlan.pcap"
joined() { # FILE.0 FILE.1 ...: records behind the first one's header
    cat "$1"
    shift
    for file in "$@"; do tail -c +25 "$file"; done
}
for ranks in 1 3; do
    for unit in 200 10000; do
        rm -f out.*
        "$cbpf" filter -e 'ip or arp' $some -o wanted 2>/dev/null
        many $ranks filter --part $unit -e 'ip or arp' $some -o out >got 2>&1
        joined $(ls out.[0-9]*) >joined
        holds "packets, $ranks processes, units of $unit bytes" cmp wanted joined
    done
done
rm -f out.*
"$cbpf" filter --snap 40 --write pcapng -e udp $some -o wanted 2>/dev/null
many 1 filter --part 500 --snap 40 --write pcapng -e udp $some -o out >got 2>&1
"$cbpf" count -e udp wanted >a
"$cbpf" count -e udp out.0 | sed 's/out.0/wanted/' >b
holds "as pcapng, cut" cmp a b
many 2 filter --part 500 --split x=tcp --split y=udp $some >got 2>&1
"$cbpf" filter -e udp $some -o wanted 2>/dev/null
joined y.0 y.1 >joined
holds "several outputs" cmp wanted joined
many 2 filter --merge -e udp "$here/tests/packets/dns.pcap" "$here/tests/packets/dns-nano.pcap" "$here/tests/packets/dns-be.pcapng" -o nano.pcap >got 2>&1
for name in dns.pcap dns-nano.pcap dns-be.pcapng; do
    tcpdump --time-stamp-precision=nano -ttnr "$here/tests/packets/$name" udp 2>/dev/null
done | LC_ALL=C sort -s -k1,1n >wanted
tcpdump --time-stamp-precision=nano -ttnr nano.pcap >told 2>/dev/null
holds "merged, with nanoseconds if one has them" cmp wanted told
t "what is written is whole" 0 "" sh -c '! ls -d *.partial 2>/dev/null && ! ls -d cbpf-mpi.* 2>/dev/null'
mkdir full
t "an output that cannot be written" 2 "full/none/out" many 2 filter -e ip $some -o full/none/out
t "is known before anything is scanned" 0 "" sh -c '! ls -d cbpf-mpi.* 2>/dev/null'
t "standard output" 2 "stdout is of one process" many 2 filter -e ip $some -o -
t "two filters, one output" 2 "two filters cannot write x" many 2 filter --split x=ip --split x=udp $some
t "a share of more processes" 2 "y.1 is there, of a job of more processes" many 1 filter -e udp $some -o y
"$cbpf" filter -e ip "$here/tests/packets/any.pcap" -o wanted 2>/dev/null
many 3 filter -e ip "$here/tests/packets/any.pcap" -o share >got 2>&1
holds "a share of nothing is of the same kind" sh -c 'for i in 0 1 2; do cmp -n 24 wanted share.$i || exit; done'
mkfifo deep/fifo
many 2 count -e ip deep >got 2>&1
"$cbpf" count -e ip deep/3.pcap deep/a/1.pcap deep/b/2.pcap >wanted
holds "a pipe in a directory is no capture" diff wanted got
mkdir mine
echo precious >mine/done.txt
t "a directory that is not empty is no journal" 2 "other things than a journal" many 2 count --journal mine -e ip deep
t "and is left alone" 0 "precious" cat mine/done.txt

# ---- made captures ------------------------------------------------------------
if [ ! -x "$traffic" ]; then
    skip "made captures" "built without the generator"
    finish
fi
"$traffic" 20 >big.pcap
"$cbpf" count -e 'tcp' big.pcap >wanted
many 2 count --part 100000 -e tcp big.pcap >got
holds "a large file in many units" cmp wanted got
# records dealt out to three files: merged, they are in their order again
if command -v python3 >/dev/null; then
    python3 - <<'END'
import struct
data = open("big.pcap", "rb").read()
out = [open(f"part{i}.pcap", "wb") for i in range(3)]
for f in out:
    f.write(data[:24])
at, n, time = 24, 0, 0
while at < len(data):
    size = 16 + struct.unpack_from("<I", data, at + 8)[0]
    time += 7
    out[n * n % 7 % 3].write(struct.pack("<II", 1000 + time // 1000000, time % 1000000) +
                             data[at + 8:at + size])
    at, n = at + size, n + 1
END
    # each as tcpdump tells them, by time, without what it has more lines for
    told() { tcpdump -ttnr "$1" 2>/dev/null | grep '^1'; }
    for i in 0 1 2; do "$cbpf" filter -e 'udp or arp' part$i.pcap -o udp$i.pcap 2>/dev/null; done
    many 2 filter --merge --part 100000 -e 'udp or arp' part0.pcap part1.pcap part2.pcap -o merged.pcap >got 2>&1
    for i in 0 1 2; do told udp$i.pcap; done | LC_ALL=C sort -s -k1,1n >wanted
    told merged.pcap >told
    holds "merged: in the order of times" cmp wanted told
    t "and all of them" 0 "" sh -c '[ "$(wc -l <told)" -gt 1000 ]'
    mkdir lots
    for i in $(seq 300); do head -c 5000 udp$((i % 3)).pcap >lots/$i.pcap; done
    many 2 filter --merge -e ip lots -o lots.pcap >got 2>&1
    told lots.pcap | cut -d' ' -f1 >times
    holds "merged, more files than are read at once" sh -c 'sort -cn times && [ "$(wc -l <times)" -gt 3000 ]'
else
    skip "merged" "there is no python3 to deal packets out"
fi

# ---- jobs that end before their end -------------------------------------------
done_units() { cat journal/done.* 2>/dev/null | wc -l; }
ranks_of() { # WORDS: the processes of ours that have them
    pgrep -f "$cbpf-mpi $1" | while read -r pid; do
        tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q '^[^ ]*cbpf-mpi' && echo "$pid"
    done
}
# killed SIGNAL: a rank, when some units are done
killed() {
    timeout 120 mpirun --quiet -n 2 "$cbpf-mpi" count --journal journal --part 2000 -e tcp big.pcap >got 2>&1 &
    job=$!
    while [ "$(done_units)" -lt 20 ] && kill -0 $job 2>/dev/null; do sleep 0.01; done
    rank=$(ranks_of "count --journal journal" | head -n 1)
    kill -s "$1" "$rank" 2>/dev/null
    wait $job
    echo "status $?" >>got
}
"$cbpf" count -e tcp big.pcap >wanted
killed KILL
before=$(done_units)
t "a rank that is killed ends the job" 0 "" sh -c "! cmp -s wanted got && [ $before -ge 20 ]"
printf '0 5 6 1 0 9 9' >>journal/done.0 # a line that was being written
# on, by more processes than before; what was done is not done again
cp -r journal kept
many 3 count --journal journal --part 2000 -e tcp big.pcap >got 2>&1
holds "the same command goes on, and its totals are exact" cmp wanted got
t "the journal is gone then" 0 "" sh -c '! ls -d journal 2>/dev/null'
mv kept journal
t "a journal of another filter" 2 "journal of another job.*remove it, or give --journal another" many 2 count --journal journal --part 2000 -e udp big.pcap
t "of other units" 2 "journal of another job" many 2 count --journal journal --part 3000 -e tcp big.pcap
touch -d '2020-01-01' big.pcap
t "of a file that has changed" 2 "its files have changed" many 2 count --journal journal --part 2000 -e tcp big.pcap
rm -rf journal
killed TERM
t "a rank that is told to end stops the job" 0 "" sh -c '! cmp -s wanted got'
many 1 count --journal journal --part 2000 -e tcp big.pcap >got 2>&1
holds "which goes on by one process" cmp wanted got
# a job that is ended, when it writes its outputs at the latest
"$cbpf" filter -e tcp big.pcap -o wanted 2>/dev/null
rm -f out.*
timeout 120 mpirun --quiet -n 2 "$cbpf-mpi" filter --journal journal --part 10000 -e tcp big.pcap -o out >got 2>&1 &
job=$!
while [ ! -e journal/outputs ] && [ "$(done_units)" -lt 20 ] && kill -0 $job 2>/dev/null; do sleep 0.01; done
for rank in $(ranks_of "filter --journal journal"); do kill -KILL "$rank"; done 2>/dev/null
wait $job
if [ -e journal/job ]; then # as if it had been there
    : >journal/outputs
    : >out.0.partial
fi
rm -f $(ls journal/hits.* 2>/dev/null | head -n 7) # hits that are gone are made again
many 2 filter --journal journal --part 10000 -e tcp big.pcap -o out >got 2>&1
joined out.0 out.1 >joined
t "what it left of its outputs is its own" 0 "" sh -c '! ls out.*.partial 2>/dev/null'
holds "hits that are not in the journal any more are found again" cmp wanted joined

# ---- what is wrong ------------------------------------------------------------
t "no verb" 2 "usage: mpirun" many 1
t "another verb" 2 "count and filter, and no run" many 1 run
t "help" 0 "usage: mpirun .* cbpf-mpi filter" many 1 filter --help
t "standard input" 2 "stdin is of one process" many 1 count -e ip -
t "one machine's options" 2 "no option.*see .cbpf-mpi count --help" many 1 count --follow -e ip big.pcap
t "merged as pcapng" 2 "merge writes pcap" many 1 filter --merge --write pcapng -e ip big.pcap -o out
many 3 count -e 'tcp prot 80' big.pcap >got 2>&1
equal "a wrong expression is said once" 1 "$(grep -c "t parse" got)"
many 2 count -e 'tcp prot' "$here/tests/packets/dns.pcapng" >got 2>&1
equal "over pcapng, too" "2 1" "$? $(grep -c "t parse" got)"
echo tcp >filter.txt
"$cbpf" filter -e 'len > 0' --write pcapng big.pcap -o big.pcapng 2>/dev/null
timeout -s KILL 0.9 mpirun --quiet -n 2 "$cbpf-mpi" count --journal changed --part 1000 -F filter.txt big.pcapng >/dev/null 2>&1
sleep 0.3
if [ -e changed/job ]; then
    echo udp >filter.txt
    t "a filter that has changed in its file" 2 "journal of another job" many 2 count --journal changed --part 1000 -F filter.txt big.pcapng
fi
t "a file that is not there" 2 "none.pcap: open: No such file" many 2 count -e ip none.pcap big.pcap
t "and the others are counted" 2 "packets  big.pcap" many 2 count -e ip none.pcap big.pcap
t "a journal that cannot be made" 2 "No such file or directory" many 2 count --journal none/journal -e ip big.pcap
finish
