#!/bin/sh
# The tool, verb by verb: what it prints and how it ends. TAP.
#
#   run.sh PATH-TO-CBPF
cbpf=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
has_expr=1 has_json=1
"$cbpf" dump -e ip >/dev/null 2>&1 || has_expr=
"$cbpf" engines --json >/dev/null 2>&1 || has_json=
has_kernel=
"$cbpf" engines | grep -q '^linux-unix .* can run' && has_kernel=1

json() { if [ $has_json ]; then t "$@"; else skip "$1" "built without jansson"; fi; }
kernel_() { if [ $has_kernel ]; then json "$@"; else skip "$1" "no filter can be attached here"; fi; }
# a program that answers as a machine is a child
machine_() { case ,${WITHOUT-}, in *,fork,*) skip "$1" "$WHY" ;; *) t "$@" ;; esac; }
expr_() { if [ $has_expr ]; then t "$@"; else skip "$1" "built without libpcap"; fi; }

cat >"$tmp/arp.asm" <<'EOF'
        ldh [12]
        jne #0x806, drop
        ret #-1
drop:   ret #0
EOF
printf 'ld [x+14\njeq #1 foo\nldx proto\n  ret 5\njeq #1, nowhere\nret a\n' >"$tmp/bad.asm"
printf 'ld M[0]\nlsh #40\nret a\n' >"$tmp/illegal.asm"
printf 'ld mark\nret a\n' >"$tmp/mark.asm"
printf 'ret #10\n' >"$tmp/ten.asm"
printf 'ret #0\n' >"$tmp/none.asm"
printf 'ldb [0xfff00000]\nret a\n' >"$tmp/net.asm"
arp='ffffffffffff0200000000010806000108000604000102000000000100000000000000000000000000'

# ---- the tool itself
t "no verb" 2 "usage: cbpf" "$cbpf"
t "help" 0 "conform" "$cbpf" --help
t "help of a verb" 0 "^usage: cbpf run" "$cbpf" help run
t "help to a full disk" 2 "cannot write" sh -c '"$1" --help >/dev/full' - "$cbpf"
t "version" 0 "^cbpf [0-9]+\.[0-9]+\.[0-9]+$" "$cbpf" --version
t "an unknown verb" 2 "^cbpf: there is no verb fly" "$cbpf" fly
for verb in run check trace count filter optimize translate asm dump attach sockets conform fuzz bench engines; do
    t "$verb --help" 0 "^usage: cbpf $verb" "$cbpf" $verb --help
    t "$verb with an unknown option" 2 "cbpf $verb" "$cbpf" $verb --nonsense
done

# ---- asm and dump
t "asm to the four lines of -dd" 0 "^\{ 0x15, 0, 1, 0x00000806 \},$" "$cbpf" asm "$tmp/arp.asm" -f dd
t "asm writes raw bytes" 0 "" sh -c '"$1" asm "$2" | od -An -tx1 | grep -q "28 00 00 00 0c 00 00 00"' - "$cbpf" "$tmp/arp.asm"
"$cbpf" dump -f dd "$tmp/arp.asm" >"$tmp/arp.dd"
for f in asm bpfasm c d d110 dd ddd dbg dbg-dump go xt tc raw raw-be hex; do
    t "through $f and back" 0 "" sh -c '"$1" dump -f "$2" "$3" -o "$4" && "$1" dump -f dd "$4" | cmp - "$5"' - \
        "$cbpf" $f "$tmp/arp.asm" "$tmp/through.$f" "$tmp/arp.dd"
done
t "through asm again" 0 "" sh -c '"$1" dump "$2" | "$1" dump -f dd - | cmp - "$3"' - "$cbpf" "$tmp/arp.asm" "$tmp/arp.dd"
t "errors have a line and a column" 2 "bad.asm:2:1: expected \], found jeq" "$cbpf" asm "$tmp/bad.asm" -f dd
t "and a caret" 2 "^    +\^$" "$cbpf" asm "$tmp/bad.asm" -f dd
t "several in one run" 2 "bad.asm:4:7: expected an operand" "$cbpf" asm "$tmp/bad.asm" -f dd
t "translate" 0 "^uint32_t arp\(const uint8_t \*p, uint32_t caplen, uint32_t wirelen\)$" "$cbpf" translate --to c --name arp "$tmp/arp.asm"
t "translate, its promise" 0 "executes each statement at most once" "$cbpf" translate --to c "$tmp/arp.asm"
t "translate, what C has no words for" 2 "there is no C for what instruction 0 reads" sh -c 'printf "ld poff\nret a\n" | "$1" translate --to c -' - "$cbpf"
t "translate, a name that is none" 2 "1st is no name of a C function" "$cbpf" translate --to c --name 1st "$tmp/arp.asm"
t "translate, a long name" 0 "^uint32_t a{600}\(" "$cbpf" translate --to c --name "$(printf '%0600d' 0 | tr 0 a)" "$tmp/arp.asm"
t "translate, to nothing" 2 "\-\-to c is all there is" "$cbpf" translate "$tmp/arp.asm"
t "translate, to what is not there" 2 "all there is, not cobol" "$cbpf" translate --to cobol "$tmp/arp.asm"
t "translate, what loops" 2 "." sh -c 'printf "4\n0 0 0 1\n5 0 0 4294967294\n6 0 0 0\n6 0 0 0\n" | "$1" translate -d libpcap --to c --from ddd -' - "$cbpf"
t "optimize" 0 "4 instructions, longest way 3; given 6, longest way 5" sh -c 'printf "ldh [12]\njeq #0x800, a\nld #5\nadd #6\nret a\na: ret #0\n" | "$1" optimize -' - "$cbpf"
t "optimize, what is written" 0 "^\(002\) ret +#11$" sh -c 'printf "ldh [12]\njeq #0x800, a\nld #5\nadd #6\nret a\na: ret #0\n" | "$1" optimize --small -f d -' - "$cbpf"
t "optimize, nothing better" 0 "nothing better was found" sh -c 'printf "ret #1\n" | "$1" optimize -' - "$cbpf"
t "optimize, what loops" 0 "it is not optimized: STEPS" sh -c 'printf "4\n0 0 0 1\n5 0 0 4294967294\n6 0 0 0\n6 0 0 0\n" | "$1" optimize --for libpcap --from ddd -' - "$cbpf"
t "optimize, a graph" 0 "branch v[0-9]+ == 0x800, b[0-9], b[0-9]" sh -c 'printf "ldh [12]\njeq #0x800, a\nret #1\na: ret #0\n" | "$1" optimize --dump-ir guards -' - "$cbpf"
t "optimize, no such pass" 2 "no pass called x was run" sh -c 'printf "ret #1\n" | "$1" optimize --dump-ir x -' - "$cbpf"
printf '192.0.2.1 # one\n198.51.100.0/24\n192.0.2.8-192.0.2.11\n2001:db8::1\n' >"$tmp/hosts"
printf '80\n443\n8000-8010\n' >"$tmp/ports"
printf '192.0.2.1\n1.2.3.400\n' >"$tmp/bad-hosts"
printf 'udp port 53\n  or udp port 5353\n' >"$tmp/expression"
expr_ "a profile" 0 "mean of [0-9]+: [0-9.]+ instructions; given [0-9.]+" "$cbpf" optimize --profile tests/packets/http.pcap -e "tcp port 80"
expr_ "a profile's link type" 0 "ldh \[0\]" "$cbpf" optimize --profile tests/packets/any.pcap -e "ip"
expr_ "a profile without packets" 2 "no-packets.pcap has no packets" "$cbpf" optimize --profile tests/packets/no-packets.pcap -e "ip"
expr_ "lists" 0 "jeq #0xc6336400" "$cbpf" optimize -e "src host in $tmp/hosts and tcp dst port in $tmp/ports"
expr_ "a list for any verb" 0 "^\(000\) ldh +\[12\]" "$cbpf" dump -f d -e "host in $tmp/hosts"
expr_ "a list with vlan" 0 "jeq +#0x8100" "$cbpf" dump -f d -e "vlan and tcp port in $tmp/ports"
expr_ "a list that is not there" 2 ":1:9: /nowhere/at/all: No such file" "$cbpf" dump -e "host in /nowhere/at/all"
expr_ "a list with an error" 2 "bad-hosts:2: an address, a network or a range" "$cbpf" dump -e "host in $tmp/bad-hosts"
expr_ "an empty list" 2 "the list is empty" "$cbpf" dump -e "port in /dev/null"
expr_ "an error of one primitive has its place" 2 ":1:17: .*syntax error" "$cbpf" dump -e "tcp port 80 and udp prt 9"
expr_ "a host among ports" 2 "syntax error" "$cbpf" optimize -e "port (80 or host (192.0.2.1))"
expr_ "an id behind a parenthesis" 2 "syntax error" "$cbpf" optimize -e "(port 80) or 81"
expr_ "what it inherits" 0 "^ld: 81$" sh -c '"$1" optimize -f d -e "host 192.0.2.1 and (udp port 53) or 81" | grep -c "#0x51 " | sed "s/^[1-9].*/ld: 81/"' - "$cbpf"
printf '010\n' >"$tmp/octal"
printf '192.0.2.2\0, 192.0.2.3\n' >"$tmp/zero-list"
expr_ "a port with a 0 before it" 0 "jeq +#0xa " "$cbpf" optimize -f d -e "udp port in $tmp/octal"
expr_ "a list with a byte 0" 2 "zero-list:1: a list has no byte 0" "$cbpf" dump -e "host in $tmp/zero-list"
expr_ "a directory for a list" 2 ":1:9: $tmp: Is a directory" "$cbpf" dump -e "host in $tmp"
expr_ "an address that begins with ::" 0 "^\(000\)" "$cbpf" optimize -f d -e "host ::1 or port in $tmp/ports"
expr_ "an expression in a file" 0 "ret #262144" "$cbpf" optimize -F "$tmp/expression"
i=0 && while [ $i -lt 3000 ]; do printf 'or host 10.%d.%d.1 ' $((i / 250)) $((i % 250)); i=$((i + 1)); done | cut -c4- >"$tmp/many"
expr_ "three thousand hosts" 0 "[0-9]+ instructions, longest way [0-9]+; given 1[0-9]{4}" "$cbpf" optimize --for libpcap -F "$tmp/many" -f d
printf 'ip\0or arp' >"$tmp/zero"
expr_ "a file with a byte 0" 2 "an expression has no byte 0" "$cbpf" dump -F "$tmp/zero"
expr_ "a word of a thousand letters" 2 "syntax error|unknown|too long" "$cbpf" optimize -e "ip and host $(printf '%01000d' 1)x"
expr_ "too many for Linux" 2 "TOO_LONG|the limit is 4096" "$cbpf" optimize -F "$tmp/many" -f d
t "optimize, what is illegal" 2 "illegal under seccomp" sh -c 'printf "ldh [12]\nret a\n" | "$1" optimize --for seccomp -' - "$cbpf"
t "optimize, for nobody" 2 "there is no dialect or hook nobody" "$cbpf" optimize --for nobody -
t "optimize, what a hook does not take" 2 "" sh -c '"$1" optimize --for xt nothing.asm' - "$cbpf"
t "an unknown label" 2 "no label is called nowhere" "$cbpf" asm "$tmp/bad.asm" -f dd
t "a number that is cut warns" 0 "warning: 4294967296 does not fit" sh -c 'printf "ld #4294967296\nret a\n" | "$1" asm - -f dd' - "$cbpf"
t "an empty program" 2 "expected an instruction" "$cbpf" asm /dev/null -f dd
t "raw of no whole size" 2 "5 bytes are not a whole number" sh -c 'printf "\\0\\0\\0\\0\\1" | "$1" dump -' - "$cbpf"
t "raw that could be either order" 2 "raw, raw-be" sh -c 'printf "\\0\\0\\0\\0\\0\\0\\0\\1" | "$1" dump -' - "$cbpf"
t "--from settles it" 0 "ld #" sh -c 'printf "\\0\\0\\0\\0\\0\\0\\0\\1" | "$1" dump --from raw-be -' - "$cbpf"
t "a listing out of order" 2 "out of order" sh -c 'printf "(000) tax\n(002) ret\n" | "$1" dump -' - "$cbpf"
t "a lossy listing" 2 "does not say what the instruction was" sh -c 'printf "(000) unimp    0x99\n" | "$1" dump -' - "$cbpf"
t "a wrong count" 2 "3 instructions are promised and 1 follow" sh -c 'printf "3\n6 0 0 1\n" | "$1" dump -' - "$cbpf"
t "a field out of range" 2 "does not fit its field" sh -c 'printf "{ 0x10006, 0, 0, 1 },\n" | "$1" dump -' - "$cbpf"
t "hexadecimal where decimal is due" 2 "expected a number" sh -c 'printf "1\n6 0 0 0x10\n" | "$1" dump -' - "$cbpf"
t "a comment that never ends" 2 ":1:8: expected \*/ somewhere behind" sh -c 'printf "ret #1 /* half\n ret #2\n" | "$1" asm - -f dd' - "$cbpf"
t "a branch that leads up" 2 ":2:9: this jump cannot go backward, to aa" sh -c 'printf "aa: ld #1\njeq #1, aa\nret a\n" | "$1" asm - -f dd' - "$cbpf"
t "an operand that is a comment" 0 "warning: a comment begins here: the instruction before takes no #5" sh -c 'printf "neg #5\nret a\n" | "$1" asm - -f dd' - "$cbpf"
t "one target only" 2 "jne, jlt and jle have one target" sh -c 'printf "jne #1, a, b\na: b: ret a\n" | "$1" asm - -f dd' - "$cbpf"
json "through json and back" 0 "" sh -c '"$1" dump -f json "$2" -o "$3" && "$1" dump -f dd "$3" | cmp - "$4"' - "$cbpf" "$tmp/arp.asm" "$tmp/through.json" "$tmp/arp.dd"
json "json as a vector's line" 0 "^ret #7" sh -c 'printf "{\"name\": \"x\", \"prog\": [[6,0,0,7]]}" | "$1" dump - | sed "s/^.//"' - "$cbpf"
json "json of two programs" 2 "more than one program" sh -c 'printf "{\"prog\": [[6,0,0,7]]}\n{\"prog\": [[6,0,0,7]]}" | "$1" dump -' - "$cbpf"
json "two json arrays" 2 "more than one program" sh -c 'printf "[[6,0,0,0]]\n[[6,0,0,1]]" | "$1" dump -' - "$cbpf"
json "json with a field out of range" 2 "instruction 1 is not \[code, jt, jf, k\]" sh -c 'printf "[[6,0,0,7],[6,256,0,7]]" | "$1" dump -' - "$cbpf"
json "json that is none" 2 "line 1: " sh -c 'printf "[[6,0,0,7]" | "$1" dump -' - "$cbpf"
json "json without a program" 2 "no member prog" sh -c 'printf "{\"name\": 1}" | "$1" dump -' - "$cbpf"
json "json without an instruction" 2 "no instruction in it" sh -c 'printf "[]" | "$1" dump -' - "$cbpf"
t "what could be relative or absolute" 2 "this could be any of go, dbg; say which with --from" sh -c 'printf "ld #1\nja 1\nret #0\nret #1\n" | "$1" dump -' - "$cbpf"
t "and --from decides" 0 "5 0 0 1" sh -c 'printf "ld #1\nja 1\nret #0\nret #1\n" | "$1" dump --from go -f ddd -' - "$cbpf"
t "what it was taken for is named" 2 "looks like go; --from decides" sh -c 'printf "ld #1\njeq #1,0,1\nret #0\nrett #1\n" | "$1" dump -' - "$cbpf"
t "what a listing loses is said" 0 "instruction 0: warning: this form does not keep the instruction's code 0x81" sh -c 'printf "ldx len\nret a\n" | "$1" dump -f go - 2>&1' - "$cbpf"
t "a list that iptables will not take" 0 "warning: for xt the program has 65 instructions and the limit is 64" sh -c '(for i in $(seq 64); do echo "ld #1"; done; echo "ret a") | "$1" dump -f xt - 2>&1 >/dev/null' - "$cbpf"
t "no such file" 2 "No such file" "$cbpf" dump "$tmp/none"
t "no such format" 2 "there is no format nonsense" "$cbpf" dump -f nonsense "$tmp/arp.asm"
t "a byte order mark is passed over" 0 "6 0 0 7" sh -c 'printf "\357\273\277ret #7\n" | "$1" dump -f ddd -' - "$cbpf"
t "a control byte in a text" 2 ":3:1: expected .* found " sh -c 'printf "ldh [12]\nret #0\n\0" | "$1" dump -' - "$cbpf"
t "bytes that are the same in both orders" 0 "0 0 0 0" sh -c 'printf "\0\0\0\0\0\0\0\0" | "$1" dump -f ddd -' - "$cbpf"
t "two programs" 2 "one program is enough" "$cbpf" dump "$tmp/arp.asm" "$tmp/arp.asm"
t "no program" 2 "a program is missing" "$cbpf" dump
t "a full disk is noticed" 2 "" sh -c '"$1" dump "$2" >/dev/full' - "$cbpf" "$tmp/arp.asm"

# ---- check
t "legal" 0 "^legal under linux: 4 instructions, 26 once converted, 304 bytes" "$cbpf" check "$tmp/arp.asm"
t "the dialects it passes under" 0 "passes under: user, linux, libpcap, go, freebsd\*, netbsd\*, openbsd\*" "$cbpf" check "$tmp/arp.asm"
t "illegal, with line and advice" 1 "illegal.asm:2: instruction 1: shift by 40" "$cbpf" check "$tmp/illegal.asm"
t "where it would pass" 1 "illegal under linux; it passes under: libpcap, go, freebsd\*, openbsd\*" "$cbpf" check "$tmp/illegal.asm"
t "under another dialect" 0 "legal under go" "$cbpf" check -d go "$tmp/illegal.asm"
t "optmem" 1 "net.core.optmem_max" "$cbpf" check --optmem 300 "$tmp/arp.asm"
t "what is held counts" 1 "rule OPTMEM, errno Cannot allocate memory" "$cbpf" check --optmem 1000 --held 700 "$tmp/arp.asm"
t "seccomp's path" 1 "converted instructions" sh -c 'printf "ret #0\n" | "$1" check -d seccomp --held 32768 -' - "$cbpf"
t "xt_bpf's 64" 1 "65 instructions and the limit is 64" sh -c '(for i in $(seq 64); do echo "ld #1"; done; echo "ret a") | "$1" check --hook xt -' - "$cbpf"
t "no such dialect" 2 "there is no dialect pascal" "$cbpf" check -d pascal "$tmp/arp.asm"
json "check --json" 1 '"rule":"SHIFT"' "$cbpf" check --json "$tmp/illegal.asm"

# ---- run
t "run on bytes" 0 "4294967295" "$cbpf" run "$tmp/arp.asm" --hex $arp
t "run on every engine" 0 "interp +user +1 accepted" "$cbpf" run "$tmp/arp.asm" --hex $arp --engine all
t "a short packet aborts" 0 " aborted" "$cbpf" run "$tmp/arp.asm" --hex 00
t "an illegal program" 2 "illegal under user: instruction 1: shift" "$cbpf" run "$tmp/illegal.asm" --hex 00
t "a context" 0 " 77$" "$cbpf" run --context mark=77 --hex 00 "$tmp/mark.asm"
t "no such field" 2 "the context has no field colour" "$cbpf" run --context colour=1 --hex 00 "$tmp/mark.asm"
t "no packets" 2 "packets are missing" "$cbpf" run "$tmp/arp.asm"
t "odd hexadecimal" 2 "pairs of hexadecimal" "$cbpf" run "$tmp/arp.asm" --hex 123
t "no such engine" 2 "there is no engine warp" "$cbpf" run -E warp "$tmp/arp.asm" --hex 00
t "a capture where a program is due" 2 "dns.pcap is a capture" "$cbpf" run tests/packets/dns.pcap tests/packets/http.pcap
kernel_ "an engine that does not take the program says so" 0 "linux-unix +linux +does not take the program" sh -c 'printf "lsh #40\nret a\n" | "$1" run -d go -E interp,linux-unix - --hex 00' - "$cbpf"
t "no engine can run it" 2 "no engine can run the program" "$cbpf" run -E linux-unix,linux-udp "$tmp/illegal.asm" --hex 00
t "stdin twice" 2 "can be read once only" "$cbpf" run - -
t "headroom is of the packet" 0 " 17$" sh -c 'printf "ldb [0xfff00000]\nret a\n" | "$1" run - -d linux --hex 1122 --context headroom=1,net_off=-1' - "$cbpf"
t "and not more than it" 2 "shorter than the headroom" sh -c 'printf "ld [0xfff00000]\nret a\n" | "$1" run - -d linux --hex 00 --context headroom=64,net_off=-40' - "$cbpf"
t "an option that is none" 2 "-z is no option" "$cbpf" run -zq
t "a context out of range" 2 "does not fit the field vlan_tci" "$cbpf" run --context vlan_tci=0x12345 --hex 00 "$tmp/mark.asm"
t "no such capture" 2 "No such file" "$cbpf" run "$tmp/arp.asm" "$tmp/none.pcap"
udp() { if "$cbpf" engines | grep -q '^linux-udp .*can run'; then t "$@"; else skip "$1" "linux-udp cannot run here"; fi; }
udp "udp-body" 0 "linux-udp +linux +1 accepted, 1 agree" "$cbpf" run --udp-body -E linux-udp "$tmp/arp.asm" --hex $arp
expr_ "libpcap's abort is foreseen" 0 " not run: crash$" sh -c 'printf ".raw 0x0d,0,0,0\nret #1\n" | "$1" run -E libpcap - --hex 00' - "$cbpf"
t "libpcap's abort as interp tells it" 0 " crash$" sh -c 'printf ".raw 0x0d,0,0,0\nret #1\n" | "$1" run -d libpcap - --hex 00' - "$cbpf"
t "an endless loop ends" 0 "endless" sh -c 'printf ".raw 5,0,0,0xffffffff\nret #1\n" | "$1" run -d libpcap - --hex 00' - "$cbpf"
json "run --json" 0 '"answers":\{"interp":\{"shows":"all","end":"returned"' "$cbpf" run --json "$tmp/arp.asm" tests/packets/icmp-arp.pcap
for capture in tests/packets/*.pcap tests/packets/*.pcapng; do
    case $capture in
    */bad-*) t "$(basename "$capture") gets a sentence" 2 "^cbpf: $capture: at byte [0-9]+: " "$cbpf" run -q "$tmp/arp.asm" "$capture" ;;
    *) t "$(basename "$capture"): all engines agree" 0 "^[0-9]+ packets" sh -c '"$1" run -q "$2" "$3" --engine all >"$4" && ! grep -E "[1-9][0-9]* differ" "$4" && cat "$4"' - \
        "$cbpf" "$tmp/arp.asm" "$capture" "$tmp/totals"
        expr_ "$(basename "$capture"): udp port 53 agrees" 0 "^[0-9]+ packets" "$cbpf" run -q -e 'udp port 53' "$capture" --engine all ;;
    esac
done
expr_ "an expression" 0 "interp +user +12 accepted" "$cbpf" run -e 'udp port 53' tests/packets/dns.pcap
expr_ "an expression in error" 2 "syntax error|error" "$cbpf" run -e 'udp prt 53' tests/packets/dns.pcap
expr_ "several link types in one file" 0 "4 packets" "$cbpf" run -e 'udp port 53' tests/packets/mixed.pcapng
expr_ "the same packets in every form" 0 "" sh -c '
    for f in dns.pcap dns-be.pcap dns-nano.pcap dns-nano-be.pcap dns.pcapng dns-be.pcapng; do
        "$1" run -q -e "udp port 53" tests/packets/$f | sed 1q >"$2/n.$f"; "$1" run -q -e "udp port 53" tests/packets/$f >"$2/t.$f"
        cmp "$2/t.$f" "$2/t.dns.pcap" || exit 1
    done' - "$cbpf" "$tmp"

# ---- trace
t "trace" 0 "^\(000\) ldh +\[12\] +A=0x00000806 X=0x00000000 \[12\] 08 06 +; ldh \[12\]" "$cbpf" trace "$tmp/arp.asm" --hex $arp
t "trace says how it ended" 0 "^returned 4294967295 \(0xffffffff\), after 3 steps" "$cbpf" trace "$tmp/arp.asm" --hex $arp
t "trace says why it aborted" 0 "2 bytes at offset 0xc are not inside the packet" "$cbpf" trace "$tmp/arp.asm" --hex 00
t "trace says where an indirect load went" 0 "4 bytes at offset 0x22 are not inside" sh -c 'printf "ldx #20\nld [x+14]\nret a\n" | "$1" trace - --hex 00' - "$cbpf"
t "trace of seccomp's structure" 0 "has 64 bytes, and this has 1" sh -c 'printf "ret a\n" | "$1" trace -d seccomp - --hex 00' - "$cbpf"
t "trace of an illegal program" 2 "illegal under linux: the program has 4097" sh -c '(for i in $(seq 4096); do echo "ld #1"; done; echo "ret a") | "$1" trace -d linux - --hex 00' - "$cbpf"
t "trace a packet of a capture" 0 "returned" "$cbpf" trace "$tmp/arp.asm" tests/packets/dns.pcap --packet 3
t "trace a packet too many" 2 "there is no packet 9999" "$cbpf" trace "$tmp/arp.asm" tests/packets/dns.pcap -n 9999
json "trace --json" 0 '"pc":0,"instruction":"ldh' "$cbpf" trace --json "$tmp/arp.asm" --hex $arp

# ---- conform and engines
printf '{"name": "wrong", "prog": [[6,0,0,5]], "dialect": "linux", "load": "reject", "runs": []}\n' >"$tmp/w.jsonl"
printf '{"name": "broken", "prog": [[6,0,0]], "dialect": "linux"}\n' >"$tmp/x.jsonl"
printf '{"name": \n' >"$tmp/y.jsonl"
json "conform" 0 "6 cases, 1 skipped; loads: 5 agree, 0 differ, 0 skipped; runs: 7 agree, 0 differ, 1 skipped" "$cbpf" conform tests/exchange.jsonl
json "conform says which BSD" 0 "bsd: 1 runs have the answer of freebsd" "$cbpf" conform tests/exchange.jsonl
kernel_ "conform on the kernel" 0 "does not speak seccomp" "$cbpf" conform -E linux-unix tests/exchange.jsonl
json "conform that differs" 1 "wrong: load: reject was wanted" "$cbpf" conform "$tmp/w.jsonl"
json "conform: a malformed case" 2 "case broken: prog is not a list" "$cbpf" conform "$tmp/x.jsonl"
json "conform: no JSON" 2 "y.jsonl: line" "$cbpf" conform "$tmp/y.jsonl"
json "conform --json" 0 '"loads":\{"agree":5' "$cbpf" conform --json tests/exchange.jsonl
json "conform: no case at all" 2 "there is no case" "$cbpf" conform /dev/null
printf '%s\n' '{"name": "bad, "prog": [[6,0,0,5]], "load":"ok"' '{"name": "12345678901234567890", "x": 0.9999999999999999999, "prog": [[6,0,0,5]], "dialect": "linux", "load": "ok", "runs": [{"pkt": "12345678901234567890", "want": 5, "how": "ret"}]}' '{"name": "room", "prog": [[32,0,0,4293918720],[22,0,0,0]], "dialect": "linux", "load": "ok", "runs": [{"pkt": "00", "want": 1, "how": "ret", "skb": {"headroom": 4000000000, "net_off": -100000}}]}' '7' >"$tmp/q.jsonl"
json "conform: hostile lines" 2 "2 cases, 0 skipped; loads: 2 agree, 0 differ, 0 skipped; runs: 1 agree, 0 differ, 1 skipped" "$cbpf" conform "$tmp/q.jsonl"
json "conform: stdin twice" 2 "once only" "$cbpf" conform - -
# 64 bits, an array, a broken line in the middle
printf '%s\n' '[{"name": "big", "prog": [[32,0,0,20],[22,0,0,0]], "dialect": "seccomp", "load": "ok", "zz": 9223372036854775808,' \
    '"runs": [{"seccomp": {"nr": 1, "arch": 1, "ip": 18446744073709551615, "args": [18446744073709551615,0,0,0,0,0]}, "want": 4294967295, "how": "ret"}]}]' \
    '{"name": broken}' '{"name": "after", "prog": [[6,0,0,5]], "dialect": "libpcap", "load": "ok", "runs": [{"pkt": "404142", "len": 1, "want": 5, "how": "ret"}, {"pkt": "00", "want": null, "how": "ret"}]}' >"$tmp/z.jsonl"
json "conform: 64-bit numbers, and on after a broken line" 2 "2 cases, 0 skipped; loads: 2 agree, 0 differ, 0 skipped; runs: 2 agree, 0 differ, 1 skipped" "$cbpf" conform "$tmp/z.jsonl"
t "conform without vectors" 2 "vectors are missing" "$cbpf" conform
t "engines" 0 "^interp +any +can run" "$cbpf" engines
json "engines --json" 0 '"engine":"interp","dialect":"any"' "$cbpf" engines --json
# ---- count
expr_ "count" 0 "^24 of 32 packets  tests/packets/dns.pcap$" "$cbpf" count -e ip tests/packets/dns.pcap
expr_ "count, of several files" 0 "^36 of 45 packets  total$" "$cbpf" count -e ip tests/packets/dns.pcap tests/packets/http.pcap
expr_ "count, from stdin" 0 "^24 of 32 packets  <stdin>$" sh -c '"$1" count -e ip - <tests/packets/dns.pcap' - "$cbpf"
expr_ "count, through a pipe" 0 "^24 of 32 packets" sh -c 'cat tests/packets/dns.pcapng | "$1" count -e ip -' - "$cbpf"
t "count, a program" 0 "^2 of 32 packets" "$cbpf" count "$tmp/arp.asm" tests/packets/dns.pcap
t "count, nothing" 1 "^0 of 32 packets" "$cbpf" count "$tmp/none.asm" tests/packets/dns.pcap
t "count, what it rejects" 0 "^30 of 32 packets" "$cbpf" count --invert "$tmp/arp.asm" tests/packets/dns.pcap
t "count, for Linux, with what an interface knows" 0 "^2 of 32 packets" sh -c 'printf "ld proto\njeq #0x806, +1, +0\nret #0\nret #1\n" | "$1" count -d linux - tests/packets/dns.pcap' - "$cbpf"
expr_ "count, several filters in one pass" 0 "^10 of 32 packets  tests/packets/dns.pcap  t$" "$cbpf" count --split t=tcp --split u=udp tests/packets/dns.pcap
expr_ "count, and a program beside them" 0 "^32 of 32 packets  tests/packets/dns.pcap$" "$cbpf" count -e "len > 0" --split t=tcp tests/packets/dns.pcap
expr_ "count, at most so many" 0 "^5 of [0-9]+ packets" "$cbpf" count --max-count 5 -e ip tests/packets/dns.pcap
expr_ "count, other link types in one file" 0 "^4 of 4 packets" "$cbpf" count -e "len > 0" tests/packets/mixed.pcapng
first=$("$cbpf" count "$tmp/ten.asm" --to-time 1900000000 tests/packets/dns.pcap 2>/dev/null | cut -d' ' -f1)
equal "count, all before a time" 32 "$first"
t "count, none before another" 1 "^0 of 32" "$cbpf" count --to-time 2001-01-01T00:00:00Z "$tmp/ten.asm" tests/packets/dns.pcap
t "count, none from a third on" 1 "^0 of 32" "$cbpf" count --from-time 4000000000.25 "$tmp/ten.asm" tests/packets/dns.pcap
for time in now 5x 2024-01-31 2024-01-31T12:00:00 2024-13-01T00:00:00Z -5 1. 99999999999999999999; do
    t "count, no time: $time" 2 "a time is 1706702400.5 or" "$cbpf" count --from-time=$time "$tmp/ten.asm" tests/packets/dns.pcap
done
json "count, JSON" 0 '"file":"tests/packets/dns.pcap","matched":2,"matched_bytes":[0-9]+,"packets":32' "$cbpf" count --json "$tmp/arp.asm" tests/packets/dns.pcap
t "count, up to what is broken" 2 "^[0-9]+ of [0-9]+ packets  tests/packets/bad-truncated.pcap$" "$cbpf" count "$tmp/ten.asm" tests/packets/bad-truncated.pcap
t "count, and says where" 2 "bad-truncated.pcap: at byte [0-9]+: packet [0-9]+ is cut short" "$cbpf" count "$tmp/ten.asm" tests/packets/bad-truncated.pcap
t "count, the files behind it too" 2 "^32 of 32 packets  tests/packets/dns.pcap" "$cbpf" count "$tmp/ten.asm" tests/packets/bad-truncated.pcap tests/packets/dns.pcap
t "count, no such file, and one that is" 2 "^32 of 32 packets  tests/packets/dns.pcap" "$cbpf" count "$tmp/ten.asm" "$tmp/nothing.pcap" tests/packets/dns.pcap
expr_ "count, what only an interface knows" 2 "what a capture does not keep" "$cbpf" count -e inbound tests/packets/dns.pcap
expr_ "count, no filter, of no packets" 2 "syntax error|can.t parse" "$cbpf" count -e "ip and and" tests/packets/no-packets.pcap
t "count, an illegal program" 2 "illegal.asm: .*shift by 40" "$cbpf" count -d linux "$tmp/illegal.asm" tests/packets/dns.pcap
t "count without captures" 2 "captures are missing" "$cbpf" count "$tmp/arp.asm"
t "count without anything" 2 "." "$cbpf" count
t "count, stdin twice" 2 "once only" "$cbpf" count - -
t "count, a filter without a name" 2 "NAME=EXPR" "$cbpf" count --split =ip tests/packets/dns.pcap
t "count, no number" 2 "from 1, not 0" "$cbpf" count --max-count 0 "$tmp/arp.asm" tests/packets/dns.pcap
t "count, of calls" 2 "no dialect seccomp for packets" "$cbpf" count -d seccomp "$tmp/arp.asm" tests/packets/dns.pcap

t "filter without an output" 2 "-o FILE is missing" "$cbpf" filter "$tmp/arp.asm" tests/packets/dns.pcap
t "filter, an output without a filter" 2 "has no filter" "$cbpf" filter --split x=ip -o y tests/packets/dns.pcap
expr_ "filter, two into one file" 2 "two filters cannot write" "$cbpf" filter --split "$tmp/x=ip" --split "$tmp/x=tcp" tests/packets/dns.pcap
t "filter, no format" 2 "pcap or pcapng, not erf" "$cbpf" filter --write erf "$tmp/arp.asm" tests/packets/dns.pcap -o "$tmp/x"
t "filter, no bytes" 2 "from 1, not 0" "$cbpf" filter --snap 0 "$tmp/arp.asm" tests/packets/dns.pcap -o "$tmp/x"
t "filter into nowhere" 2 "nowhere/x: open: No such file" "$cbpf" filter "$tmp/arp.asm" tests/packets/dns.pcap -o "$tmp/nowhere/x"
t "filter, nothing" 1 "^0 of 32 packets" "$cbpf" filter "$tmp/none.asm" tests/packets/dns.pcap -o "$tmp/x"
t "count writes nothing" 2 "cbpf count" "$cbpf" count -o x "$tmp/arp.asm" tests/packets/dns.pcap

# ---- bench: that it measures, and never how fast
bench="bench --samples 1 --ms 1 --mode cached"
# what never answers is waited for meanwhile, and asked after at the end
case ,${WITHOUT-}, in
*,fork,*) ;;
*) "$cbpf" $bench -v --peer 'mute=sleep 100' "$tmp/none.asm" >"$tmp/mute" 2>&1 & mute=$! ;;
esac
machine_ "bench" 0 "^interp +[0-9]" "$cbpf" $bench "$tmp/arp.asm"
machine_ "bench, packets of a capture" 0 "^threaded +[0-9]" "$cbpf" $bench "$tmp/arp.asm" tests/packets/dns.pcap
machine_ "bench, how each does it" 0 "^jit-x16 .*(at once|one by one|not here)" "$cbpf" $bench -v "$tmp/arp.asm"
if [ $has_json ]; then
    machine_ "bench, JSON" 0 '"machine": ?"threaded", ?.*"agrees": ?true' "$cbpf" $bench --json "$tmp/arp.asm"
fi
machine_ "bench, a picture" 0 "<svg" sh -c '"$1" bench --samples 1 --ms 1 --mode cached --chart "$2" "$3" && cat "$2"' - "$cbpf" "$tmp/chart.svg" "$tmp/arp.asm"
machine_ "bench, a picture that cannot be" 2 "nowhere.*cannot be written" "$cbpf" $bench --chart "$tmp/nowhere/a.svg" "$tmp/arp.asm"
machine_ "bench, another program" 0 "^theirs +7.50" "$cbpf" $bench --peer 'theirs=while read l; do echo 7.5 0; done' "$tmp/none.asm"
machine_ "bench, another program that differs" 1 "theirs returns something else" "$cbpf" $bench --peer 'theirs=while read l; do echo 7.5 3; done' "$tmp/none.asm"
machine_ "bench, another program that ends" 0 "theirs +not here: it ends without an answer" "$cbpf" $bench -v --peer 'theirs=true' "$tmp/none.asm"
machine_ "bench, another program that talks" 0 "theirs +not here: (hello is no answer|a line too many)" "$cbpf" $bench -v --peer 'theirs=echo hello; cat' "$tmp/none.asm"
for answer in "inf 0" "nan 0" "-1 0" "0 0" "7.5 -1" "7.5 4294967296" "7.5 0 0" "7.5" "7.5 0x"; do
    machine_ "bench, another program that says $answer" 0 "theirs +not here: $answer is no answer" "$cbpf" $bench -v --peer "theirs=while read l; do echo '$answer'; done" "$tmp/none.asm"
done
machine_ "bench, another program that knows how long" 0 "^theirs +3.00" "$cbpf" bench --samples 1 --ms 3 --mode cached --peer 'theirs=while read l; do echo $MS 0; done' "$tmp/none.asm"
machine_ "bench, another program that ends at the second mode" 0 "^theirs +7.50 +[0-9.]+ +- +- .*it ends without an answer" "$cbpf" bench --samples 1 --ms 1 --mode cached,unpredictable --peer "theirs=if [ -e '$tmp/once' ]; then exit; fi; >'$tmp/once'; while read l; do echo 7.5 0; done" "$tmp/none.asm"
machine_ "bench, no directory" 2 "no directory can be made in $tmp/nowhere" env TMPDIR="$tmp/nowhere" "$cbpf" $bench "$tmp/arp.asm"
mkdir "$tmp/bench"
machine_ "bench leaves nothing" 0 "^0$" sh -c 'TMPDIR=$3 "$1" bench --samples 1 --ms 1 --mode cached "$2" >/dev/null && ls "$3" | wc -l' - "$cbpf" "$tmp/arp.asm" "$tmp/bench"
machine_ "bench that is ended leaves nothing" 0 "^0$" sh -c '
    TMPDIR=$3 "$1" bench --samples 101 --ms 10000 "$2" >/dev/null 2>&1 & child=$!
    while [ -z "$(ls "$3")" ]; do sleep 0.1; done
    kill $child; wait $child; [ $? -gt 128 ] || exit
    for i in 1 2 3 4 5 6 7 8 9 10; do [ "$(ls "$3")" ] && sleep 0.5; done
    ls "$3" | wc -l' - "$cbpf" "$tmp/arp.asm" "$tmp/bench"
machine_ "bench, a name that is no UTF-8, in a picture" 0 "a&lt;b.&amp;" sh -c 'cp "$3" "$4/a<b$(printf "\377")&.asm" && "$1" bench --samples 1 --ms 1 --mode cached --chart "$2" "$4"/a*.asm >/dev/null && iconv -f UTF-8 -t UTF-8 "$2"' - "$cbpf" "$tmp/chart2.svg" "$tmp/arp.asm" "$tmp/bench"
expr_ "bench, a link type of packets that are made" 2 "are of link type EN10MB" "$cbpf" $bench -e ip --link RAW
expr_ "bench, packets of two link types" 0 "warning: [0-9]+ packets of other link types do not count" sh -c '"$@" 2>&1' - "$cbpf" $bench -e ip tests/packets/dns.pcap tests/packets/any.pcap
expr_ "bench, packets of another link type" 2 "no packets of that link type" "$cbpf" $bench -e ip --link RAW tests/packets/dns.pcap
expr_ "bench, M[] that nobody wrote" 0 "libpcap +not here: the program reads M" "$cbpf" $bench -v "$tmp/illegal.asm"
t "bench, no peer" 2 "NAME=COMMAND" "$cbpf" $bench --peer cat "$tmp/arp.asm"
t "bench, no mode" 2 "there is no mode .warm." "$cbpf" bench --mode warm "$tmp/arp.asm"
for list in "" "cached," ",cached"; do
    t "bench, modes '$list'" 2 "there is no mode .." "$cbpf" bench --mode "$list" "$tmp/arp.asm"
done
t "bench, no samples" 2 "from 1 to 101, not 0" "$cbpf" bench --samples 0 "$tmp/arp.asm"
t "bench, seccomp" 2 "no dialect seccomp for packets" "$cbpf" bench -d seccomp "$tmp/arp.asm"
t "bench, no program" 2 "." "$cbpf" bench
t "bench, what loops" 2 "may never end" sh -c 'printf "3\n0 0 0 1\n5 0 0 4294967294\n6 0 0 0\n" | "$1" bench -d libpcap --from ddd -' - "$cbpf"
t "bench, an illegal program" 2 "instruction" "$cbpf" bench -d linux "$tmp/illegal.asm"
t "bench, no such capture" 2 "nothing.pcap" "$cbpf" $bench "$tmp/arp.asm" "$tmp/nothing.pcap"

# ---- fuzz, and machines that are other programs
wrong=${cbpf%/cli/cbpf}/tests/wrong-vm
machine_ "fuzz finds a wrong machine" 1 "^# the smallest that still differs, of [1-6] instructions" "$cbpf" fuzz --cmd "$wrong order" -j 1 -s 7 -t 20 --save "$tmp"
machine_ "and keeps a vector" 0 "=> [0-9]+$" sh -c 'cat "$1"/fuzz-wrong-vm-order-*.t' - "$tmp"
machine_ "fuzz says what was covered" 0 "rules [0-9]* of 9, opcodes 49 of 49, edges 34 of 34" "$cbpf" fuzz --cmd "$wrong none" -s 3 --pairs 30000 --save "$tmp"
machine_ "fuzz that loads only" 0 "^wrong-vm-none: 0 pairs of [0-9]* programs judged, 0 disagreements" "$cbpf" fuzz --cmd "$wrong none" --packets 0 --programs 500 -s 3
json "fuzz as JSON" 0 '"engine":"wrong-vm-none".*"disagreements":0' "$cbpf" fuzz --cmd "$wrong none" --pairs 500 -s 3 --json
json "and its totals" 0 '"totals":\{"seed":"0x3"' "$cbpf" fuzz --cmd "$wrong none" --pairs 500 -s 3 --json
t "fuzz of no such kind" 2 "there is no kind tame" "$cbpf" fuzz --kind tame
t "fuzz with a number out of range" 2 "packets takes a number from 0 to 32" "$cbpf" fuzz --packets 33
machine_ "fuzz for pairs without packets" 2 "pairs needs packets" "$cbpf" fuzz --cmd "$wrong none" --packets 0 --pairs 3
t "fuzz with more than options" 2 "filter.asm is not expected" "$cbpf" fuzz filter.asm
machine_ "fuzz that cannot keep a vector" 2 "cannot write /nowhere/at/all/fuzz-" "$cbpf" fuzz --cmd "$wrong order" -j 1 -s 7 -t 20 --save /nowhere/at/all
t "a machine that does not greet" 2 "false does not answer .cbpf 1. with a name and a dialect" "$cbpf" fuzz --cmd false -t 1
machine_ "a machine of no dialect" 2 "vm speaks klingon, which is no dialect" "$cbpf" fuzz --cmd 'echo vm klingon' -t 1
machine_ "a machine that ends after its greeting" 2 "cannot be asked: load ended" "$cbpf" fuzz --cmd 'echo vm user' -t 5 -j 1
machine_ "a machine that answers nonsense" 2 "load is answered with fine" "$cbpf" fuzz --cmd 'echo vm user; read x; while read x; do echo fine; done' -t 5 -j 1
machine_ "a machine that crashes over a packet differs" 1 "cut returns crash|gives crash" "$cbpf" run --cmd 'read x; echo cut user; read x; echo ok; read x; exit 3' --hex 00 "$tmp/mark.asm"
machine_ "run on a machine of one's own" 0 "wrong-vm-none *user *0 accepted, 1 agree, 0 differ" "$cbpf" run --cmd "$wrong none" "$tmp/arp.asm" --hex "00 11"
machine_ "run on a wrong one" 1 "wrong-vm-order gives 0, its twin 4294967295" "$cbpf" run --cmd "$wrong order" "$tmp/arp.asm" --hex "$arp"
json "conform of a machine of one's own" 0 "loads: 1 agree, 0 differ, 0 skipped; runs: 1 agree" sh -c 'printf "{\"name\": \"x\", \"dialect\": \"user\", \"prog\": [[40,0,0,0],[22,0,0,0]], \"load\": \"ok\", \"runs\": [{\"pkt\": \"0102\", \"want\": 258, \"how\": \"ret\"}]}" | "$1" conform --cmd "$2 none" -' - "$cbpf" "$wrong"
json "and of a wrong one" 1 "x: run 1 gives another answer under user" sh -c 'printf "{\"name\": \"x\", \"dialect\": \"user\", \"prog\": [[40,0,0,0],[22,0,0,0]], \"load\": \"ok\", \"runs\": [{\"pkt\": \"0102\", \"want\": 258, \"how\": \"ret\"}]}" | "$1" conform --cmd "$2 order" -' - "$cbpf" "$wrong"
json "rules by engines" 1 "^\| user *\| halves *\| ok *\| DIFFERS" sh -c 'printf "{\"name\": \"x\", \"rule\": \"halves\", \"dialect\": \"user\", \"prog\": [[40,0,0,0],[22,0,0,0]], \"load\": \"ok\", \"runs\": [{\"pkt\": \"0102\", \"want\": 258, \"how\": \"ret\"}]}" >"$3/x.jsonl"; "$1" conform -E interp --cmd "$2 order" --table "$3/x.jsonl"' - "$cbpf" "$wrong" "$tmp"
json "how a run ends" 0 "runs: 2 agree, 0 differ, 0 skipped" sh -c 'printf "{\"name\": \"x\", \"dialect\": \"libpcap\", \"prog\": [[14,0,0,0]], \"load\": \"ok\", \"runs\": [{\"pkt\": \"00\", \"want\": \"crash\", \"how\": \"end\"}]}\n{\"name\": \"y\", \"dialect\": \"user\", \"prog\": [[32,0,0,0],[22,0,0,0]], \"load\": \"ok\", \"runs\": [{\"fill\": [3, 7], \"want\": 0, \"how\": \"ret\", \"end\": \"aborted\"}]}" | "$1" conform -' - "$cbpf"

t "interp has no other to hunt beside" 2 "interp is its own twin" "$cbpf" fuzz -E interp -t 1
machine_ "a machine with a name of a path" 2 "calls itself a/b; a name has" "$cbpf" fuzz --cmd 'echo a/b user' -t 1
machine_ "a machine that says too much" 2 "load is answered with a line too many before" "$cbpf" fuzz --cmd 'printf "vm user\nok\n"; while read x; do echo ok; done' -t 5 -j 1
machine_ "a machine that answers in octal" 0 "1 accepted, 1 agree" "$cbpf" run --cmd 'read x; echo o user; read x; echo ok; read x; echo 010' --hex 00 "$tmp/ten.asm"
machine_ "a packet with headroom, narrowed" 1 "^f0 00 00 00.* headroom=4 => " sh -c '"$1" run --cmd "read x; echo h user; while read w r; do case \$w in load) echo ok ;; *) echo 7 ;; esac; done" --context headroom=4,net_off=-4 --hex f0000000aabbccdd "$2" 2>&1' - "$cbpf" "$tmp/net.asm"
json "a vector whose hook is no text" 2 "1 cases, 1 skipped" sh -c 'printf "{\"name\": \"x\", \"hook\": 5, \"dialect\": \"user\", \"prog\": [[6,0,0,0]], \"load\": \"ok\"}" | "$1" conform -' - "$cbpf"
json "a run whose len is text" 0 "1 skipped: the run.s len is no number" sh -c 'printf "%s\n" "$2" | "$1" conform -' - "$cbpf" '{"name":"x","dialect":"user","prog":[[6,0,0,0]],"load":"ok","runs":[{"pkt":"00","len":"60","want":0,"how":"ret"}]}'
json "a run whose pkt is a number" 0 "1 skipped: the run.s pkt is no text" sh -c 'printf "%s\n" "$2" | "$1" conform -' - "$cbpf" '{"name":"x","dialect":"user","prog":[[6,0,0,0]],"load":"ok","runs":[{"pkt":5,"want":0,"how":"ret"}]}'
json "a run whose skb is a number" 0 "1 skipped: skb is no object" sh -c 'printf "%s\n" "$2" | "$1" conform -' - "$cbpf" '{"name":"x","dialect":"user","prog":[[6,0,0,0]],"load":"ok","runs":[{"pkt":"00","skb":5,"want":0,"how":"ret"}]}'
json "a vector whose runs are no list" 2 "1 skipped: runs is no list" sh -c 'printf "%s\n" "$2" | "$1" conform -' - "$cbpf" '{"name":"x","dialect":"user","prog":[[6,0,0,0]],"load":"ok","runs":{}}'
json "a vector whose byte order is a number" 2 "1 skipped: big_endian is not" sh -c 'printf "%s\n" "$2" | "$1" conform -' - "$cbpf" '{"name":"x","dialect":"user","prog":[[6,0,0,0]],"load":"ok","big_endian":1}'
json "calls out of range" 2 "a run's call cannot be read" sh -c 'printf "%s\n" "$2" | "$1" conform -' - "$cbpf" '{"name":"x","dialect":"seccomp","prog":[[6,0,0,0]],"load":"ok","runs":[{"seccomp":{"nr":4294967297,"arch":5},"want":0,"how":"ret"}]}'
json "calls of seven arguments" 2 "a run's call cannot be read" sh -c 'printf "%s\n" "$2" | "$1" conform -' - "$cbpf" '{"name":"x","dialect":"seccomp","prog":[[6,0,0,0]],"load":"ok","runs":[{"seccomp":{"nr":1,"arch":5,"args":[0,1,2,3,4,5,6]},"want":0,"how":"ret"}]}'
json "a vector that ends in an unknown way" 0 "runs: 0 agree, 0 differ, 1 skipped" sh -c 'printf "{\"name\": \"x\", \"dialect\": \"user\", \"prog\": [[6,0,0,0]], \"load\": \"ok\", \"runs\": [{\"pkt\": \"00\", \"want\": 0, \"how\": \"ret\", \"end\": 5}]}" | "$1" conform -' - "$cbpf"

if [ "${mute-}" ]; then
    wait "$mute"
    t "bench, another program that never answers" 0 "mute +not here: it does not answer within 10 seconds" cat "$tmp/mute"
else
    skip "bench, another program that never answers" "${WHY-}"
fi

finish
