#!/bin/sh
# The programs of examples/ do what they say. TAP.
#
#   examples.sh DIRECTORY-OF-EXAMPLES PATH-TO-cbpf
examples=$(cd "$1" && pwd)
cbpf=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
cd "$(dirname "$0")/.." || exit 2
. tests/tap.sh
prints() { # name, wanted output, command...
    name=$1 want=$2
    shift 2
    equal "$name" "$want" "$("$@" 2>&1)"
}
# the verdicts of a program over packets, one a line
verdicts() { "$cbpf" run "$@" | sed -n 's/^ *[0-9]\{1,\} \{1,\}[0-9]\{1,\} \{1,\}//p' | tr -s ' ' | sed 's/ $//'; }
tcp() { # port: Ethernet, IPv4, TCP
    printf '000000000000000000000000 0800 45000028 00000000 40060000 7f000001 7f000001 1234%04x 00000000 00000000 50000000 00000000' "$1"
}

"$examples/arp" >"$tmp/arp.c"
prints "arp is four instructions" "4" grep -c '^{ ' "$tmp/arp.c"
prints "arp accepts ARP and nothing else" "4294967295
0" verdicts "$tmp/arp.c" --hex 0000000000000000000000000806 --hex 0000000000000000000000000800

"$examples/ports" $(seq 8000 8299) >"$tmp/ports"
prints "300 ports are legal for Linux" "legal" sh -c '"$1" check --dialect linux "$2" | grep -o "^legal"' - "$cbpf" "$tmp/ports"
prints "the first, the last, and those beside them" "262144
262144
0
0" verdicts "$tmp/ports" --hex "$(tcp 8000)" --hex "$(tcp 8299)" --hex "$(tcp 7999)" --hex "$(tcp 8300)"
prints "5000 ports are too many, and that is said" "ports: the program has 5030 instructions and the limit is 4096" sh -c '"$1" $(seq 1 5000) 2>&1 >/dev/null | grep -o "^.*4096"' - "$examples/ports"

"$examples/cut" "$tmp/arp.c" tests/packets/dns.pcap "$tmp/cut.pcap"
prints "a capture cut down to ARP" "2 of 2 packets  $tmp/cut.pcap" "$cbpf" count "$tmp/arp.c" "$tmp/cut.pcap"
prints "a capture that is broken is said" "cut: packet 2 is cut short by the end of the file: 60 more bytes were promised" "$examples/cut" "$tmp/arp.c" tests/packets/bad-truncated.pcap "$tmp/cut.pcap"

case ,${WITHOUT-}, in *,attaching,*)
    skip sandbox "$WHY"
    finish
    ;;
esac
prints "a command in the sandbox runs" "hello" "$examples/sandbox" echo hello
prints "and cannot make a socket" "refused: Operation not permitted" sh -c '"$1" bash -c "echo >/dev/udp/127.0.0.1/9" 2>&1 | grep -q "Operation not permitted" && echo "refused: Operation not permitted"' - "$examples/sandbox"
prints "a command that does not exist" "sandbox: /none: No such file or directory" "$examples/sandbox" /none
finish
