#!/bin/sh
# cbpf sockets and cbpf attach, on sockets planted for them. TAP.
#
#   sockets.sh PATH-TO-cbpf PATH-TO-plant
cbpf=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
plant=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
cd "$(dirname "$0")/.." || exit 2
. tests/tap.sh
plant_pid=
trap 'test -z "$plant_pid" || kill $plant_pid 2>/dev/null; rm -rf "$tmp"' EXIT
# start KIND=FILE...: the sockets, until stop
start() {
    # nor is what the last one said taken for this one's
    rm -f "$tmp/fifo"
    : >"$tmp/planted"
    mkfifo "$tmp/fifo"
    "$plant" "$@" <"$tmp/fifo" >"$tmp/planted" &
    plant_pid=$!
    exec 3>"$tmp/fifo"
    until grep -q ready "$tmp/planted"; do
        kill -0 $plant_pid 2>/dev/null || return 1
        sleep 0.01
    done
}
stop() {
    exec 3>&-
    wait $plant_pid
    plant_pid=
}
fd_of() { sed -n "s/^$1 //p" "$tmp/planted"; }
# the program that `sockets` read back from a descriptor, as -dd
read_back() {
    "$cbpf" sockets -f dd | awk -v head="^pid $plant_pid fd $1 " '
        $0 ~ head { on = 1; next } /^    \{/ { if (on) { sub(/^ */, ""); print } next } /WARNING/ { next } { on = 0 }'
}

printf 'ldxb 4*([0]&0xf)\nldh [x + 4]\njeq #4711, aa, bb\naa: ret #-1\nbb: ldb [x + 0]\njeq #0, cc, dd\ndd: ret #0xfffffff\ncc: ret #0\n' >"$tmp/raw"
# junk in fields that mean nothing must come back as well
printf '{ 0x0, 1, 2, 7 },\n{ 0x7, 3, 4, 0xdeadbeef },\n{ 0x16, 5, 6, 0xffffffff },\n' >"$tmp/udp"
# what is known of BPFDoor: UDP, ICMP echo and TCP with a magic value
cat >"$tmp/packet" <<'END'
        ldh [12]
        jne #0x800, drop
        ldb [23]
        jne #17, icmp
        ldh [20]
        jset #0x1fff, drop
        ldxb 4*([14]&0xf)
        ldh [x + 22]
        jeq #0x7255, keep, drop
icmp:   jne #1, tcp
        ldh [20]
        jset #0x1fff, drop
        ldxb 4*([14]&0xf)
        ldh [x + 22]
        jne #0x7255, drop
        ldb [x + 14]
        jeq #8, keep, drop
tcp:    jne #6, drop
        ldh [20]
        jset #0x1fff, drop
        ldxb 4*([14]&0xf)
        ldb [x + 26]
        and #0xf0
        rsh #2
        add x
        tax
        ldh [x + 14]
        jne #0x5293, drop
keep:   ret #65535
drop:   ret #0
END
printf 'ret #0\n' >"$tmp/unix"

if [ "$(id -u)" != 0 ] || ! start "raw=$tmp/raw" "udp=$tmp/udp" "packet=$tmp/packet" "unix=$tmp/unix" many=1000; then
    skip "sockets and attach" "raw and packet sockets need root"
else
    for kind in raw udp packet unix; do
        "$cbpf" dump -f dd "$tmp/$kind" >"$tmp/want"
        read_back "$(fd_of $kind)" >"$tmp/got"
        t "a filter on a $kind socket is found and read back bit for bit" 0 "" cmp "$tmp/want" "$tmp/got"
    done
    t "ping's filter is recognised" 0 "fd $(fd_of raw) \(plant\): inet raw, protocol 1, 0.0.0.0: 8 instructions, accepts ICMP, of echo replies those with identifier 4711 \(ping\)" "$cbpf" sockets
    t "a filter that drops all is recognised" 0 "fd $(fd_of unix) \(plant\): unix dgram: 1 instructions, accepts nothing" "$cbpf" sockets
    t "a shape known from backdoors warns" 0 "WARNING: it looks for 0x7255 in the payload, as filters of BPFDoor do" "$cbpf" sockets
    t "and no other of these does" 0 "^1$" sh -c '"$1" sockets | grep -A1 "^pid $2 " | grep -c WARNING' - "$cbpf" $plant_pid
    t "what was looked at is counted" 0 "^[0-9]* of 1[0-9]* sockets of [0-9]* processes have a classic filter" "$cbpf" sockets
    if "$cbpf" engines --json >/dev/null 2>&1; then
        t "as JSON" 0 '"fd": ?'"$(fd_of udp)"'.*"hook": ?"socket".*"family": ?"inet".*"prog": ?\[\[0, ?1, ?2, ?7\], ?\[7, ?3, ?4, ?3735928559\]' "$cbpf" sockets --json
    else
        skip "as JSON" "built without jansson"
    fi
    stop
    if "$cbpf" dump -e 'tcp port 443' -f ddd -o "$tmp/web" 2>/dev/null; then
        "$cbpf" dump -e 'dst host 192.0.2.7' -f ddd -o "$tmp/host"
        start "packet=$tmp/web" "unix=$tmp/unix"
        t "what libpcap makes of an expression is recognised" 0 "fd $(fd_of packet) .*packet raw, protocol 0x0800, all interfaces: [0-9]+ instructions, accepts tcp port 443 on Ethernet$" "$cbpf" sockets
        stop
        start "packet=$tmp/host"
        t "an address too" 0 "accepts dst host 192.0.2.7 on Ethernet$" "$cbpf" sockets
        stop
    else
        skip "expressions" "built without libpcap"
    fi
    printf 'ret #12345\n' >"$tmp/flight"
    start "flight=$tmp/flight"
    t "a packet socket that no process has open" 0 "^socket [0-9]+: packet raw, protocol 0x0800, open nowhere that was looked into: 1 instructions, accepts everything, of each 12345 bytes" "$cbpf" sockets
    stop
    (for i in $(seq 4095); do echo 'ld #1'; done; echo 'ret #0') >"$tmp/long"
    start "flight=$tmp/long" "flight=$tmp/flight"
    t "what sock_diag does not list is missed, and told" 2 "packet sockets that are open nowhere could not be read" "$cbpf" sockets
    stop
    start "unix=$tmp/unix" many=3
    t "too few descriptors to look is trouble" 2 "looking into processes: Too many open files" sh -c 'ulimit -n 5; "$1" sockets' - "$cbpf"
    stop
    start "thread=$tmp/flight"
    t "a thread with a table of its own" 0 "\(plant\): inet UDP, .*accepts everything, of each 12345 bytes" "$cbpf" sockets
    stop
    # ---- attach
    start "raw=$tmp/raw" "udp=$tmp/udp" "packet=$tmp/packet" "unix=$tmp/unix"
    t "a program is put on another's socket" 0 "" sh -c 'printf "ret #77\n" | "$1" attach --pid $2 --fd $3 -' - "$cbpf" $plant_pid "$(fd_of unix)"
    t "and is there" 0 "fd $(fd_of unix) .*accepts everything, of each 77 bytes" "$cbpf" sockets
    t "an illegal one is refused and explained" 1 "instruction 0: M\[0\] is read here" sh -c 'printf "ld M[0]\nret a\n" | "$1" attach --pid $2 --fd $3 -' - "$cbpf" $plant_pid "$(fd_of unix)"
    t "a reuseport program wants the option" 1 "bound without SO_REUSEPORT" sh -c 'printf "ret #0\n" | "$1" attach --hook reuseport --pid $2 --fd $3 -' - "$cbpf" $plant_pid "$(fd_of udp)"
    t "a fanout program wants a group" 1 "no fanout group" sh -c 'printf "ret #0\n" | "$1" attach --hook fanout --pid $2 --fd $3 -' - "$cbpf" $plant_pid "$(fd_of packet)"
    t "it is taken off" 0 "" "$cbpf" attach --detach --pid $plant_pid --fd "$(fd_of unix)"
    t "then there is none" 1 "the socket has no filter" "$cbpf" attach --detach --pid $plant_pid --fd "$(fd_of unix)"
    t "locked" 0 "" sh -c 'printf "ret #5\n" | "$1" attach --lock --pid $2 --fd $3 -' - "$cbpf" $plant_pid "$(fd_of unix)"
    t "a locked one stays" 1 "is locked" "$cbpf" attach --detach --pid $plant_pid --fd "$(fd_of unix)"
    t "and is listed as that" 0 "1 instructions, locked, accepts everything" "$cbpf" sockets
    t "a process that hides its name from a terminal" 0 "\(\?\[31mEVIL\)" sh -c '
        exec 4<>/dev/null; printf "ret #3\n" >"$2/p"; cp "$3" "$2/$(printf "\033[31mEVIL")"
        (sleep 1 | "$2/$(printf "\033[31mEVIL")" "unix=$2/p" >/dev/null) & sleep 0.3; "$1" sockets; wait' - "$cbpf" "$tmp" "$plant"
    t "no such descriptor" 2 "process $plant_pid has no descriptor 9999" "$cbpf" attach --detach --pid $plant_pid --fd 9999
    t "no socket" 2 "not a socket|non-socket" "$cbpf" attach --detach --pid $plant_pid --fd 1
    stop
    t "no such process" 2 "there is no process 999999999" "$cbpf" attach --detach --pid 999999999 --fd 1
    t "as another user it says that it needs root" 2 "that needs root" setpriv --reuid 65534 --clear-groups "$cbpf" sockets
fi

# ---- commands: no privilege needed
t "a command is run over a new socket" 0 "socket:\[" sh -c 'printf "ret #0\n" | "$1" attach --new udp:0 - -- readlink /proc/self/fd/0' - "$cbpf"
t "which has the filter" 0 "^{ 0x6, 0, 0, 0x0000002a }," sh -c 'printf "ret #42\n" >"$2/f"; "$1" attach --new udp6:0 "$2/f" -- sh -c "\"$1\" sockets -f dd 2>/dev/null | grep -A1 \"pid \$\$ fd 0 \" | sed -n \"2s/^ *//p\""' - "$cbpf" "$tmp"
t "the command's status is its own" 7 "" sh -c 'printf "ret #0\n" | "$1" attach --new udp:0 - -- sh -c "exit 7"' - "$cbpf"
case $(uname -m) in x86_64) nr=41 ;; s390x) nr=359 ;; *) nr=198 ;; esac # socket
printf 'ld [0]\njne #%u, ok\nret #0x50001\nok: ret #0x7fff0000\n' $nr >"$tmp/seccomp"
printf 'ld [0]\njne #438, ok\nret #0x50001\nok: ret #0x7fff0000\n' >"$tmp/nogetfd"
t "a command under seccomp" 0 "^hello" "$cbpf" attach --hook seccomp "$tmp/seccomp" -- echo hello
t "what it forbids is forbidden" 1 "Operation not permitted" "$cbpf" attach --hook seccomp "$tmp/seccomp" -- bash -c 'echo >/dev/udp/127.0.0.1/9'
t "a filter that is none for seccomp" 1 "code 0x28 is not an instruction" sh -c 'printf "ldh [12]\nret #0\n" | "$1" attach --hook seccomp - -- true' - "$cbpf"
t "no such command" 2 "/none: No such file" sh -c 'printf "ret #0\n" | "$1" attach --new udp:0 - -- /none' - "$cbpf"
t "no such interface" 2 "there is no interface 'none0'" sh -c 'printf "ret #0\n" | "$1" attach --new packet:none0 - -- true' - "$cbpf"
t "no such port" 2 "70000 is no port" sh -c 'printf "ret #0\n" | "$1" attach --new udp:70000 - -- true' - "$cbpf"
t "process 0" 2 "0 is no process id" "$cbpf" attach --pid 0 --fd 0 "$tmp/unix"
t "--detach and --lock" 2 "leaves nothing to lock" "$cbpf" attach --detach --lock --pid $$ --fd 0
t "a new socket is no fanout group" 2 "more than one socket" "$cbpf" attach --hook fanout --new packet:lo "$tmp/unix" -- true
t "--detach and a program" 2 "takes no program" "$cbpf" attach --detach -e ip --pid $$ --fd 0
t "a lock that holds nothing" 2 "no lock holds the others" "$cbpf" attach --hook reuseport --lock --new udp:0 "$tmp/unix" -- true
t "a command without --" 2 "a command comes behind --" "$cbpf" attach "$tmp/unix" true --new udp:0
t "the program has come before the socket is bound" 0 "^0$" sh -c 'printf "ret #0\n" >"$2/none"; (sleep 0.2; bash -c "for i in 1 2 3 4 5; do echo x >/dev/udp/127.0.0.1/49153; done" 2>/dev/null) & "$1" attach --new udp:49153 "$2/none" -- sh -c "sleep 0.5; timeout 0.2 head -c 1 | wc -c"; wait' - "$cbpf" "$tmp"
t "where pidfd_getfd is forbidden that is told" 0 "could not be looked into" "$cbpf" attach --hook seccomp "$tmp/nogetfd" -- bash -c 'exec 5<>/dev/udp/127.0.0.1/9; "$0" sockets; true' "$cbpf"
t "a port that is none" 2 "70x is no port" sh -c 'printf "ret #0\n" | "$1" attach --new tcp:70x - -- true' - "$cbpf"
t "no such kind of socket" 2 "takes no sctp:5" sh -c 'printf "ret #0\n" | "$1" attach --new sctp:5 - -- true' - "$cbpf"
t "nowhere to attach" 2 "says where" sh -c 'printf "ret #0\n" | "$1" attach - -- true' - "$cbpf"
t "no command" 2 "a command is missing" sh -c 'printf "ret #0\n" | "$1" attach --new udp:0 -' - "$cbpf"
t "a descriptor without a process" 2 "go together" "$cbpf" attach --fd 3 "$tmp/unix"
t "no such hook" 2 "nothing is attached to a hook xdp" "$cbpf" attach --hook xdp "$tmp/unix"
t "sockets takes no argument" 2 "it takes no x" "$cbpf" sockets x
t "sockets: two kinds of output" 2 "has the program in it" "$cbpf" sockets --json -f d
t "sockets has no such format" 2 "no format x" "$cbpf" sockets -f x
finish
