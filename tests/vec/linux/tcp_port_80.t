# libpcap's program for `tcp port 80` on packets that do and do not match.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ldh [12]
        jeq #0x86dd, v6
        jeq #0x800, v4, drop
v4:     ldb [23]
        jne #6, drop
        ldh [20]
        jset #0x1fff, drop
        ldxb 4*([14]&0xf)
        ldh [x + 14]
        jeq #80, take
        ldh [x + 16]
        jeq #80, take, drop
v6:     ldb [20]
        jne #6, drop
        ldh [54]
        jeq #80, take
        ldh [56]
        jeq #80, take, drop
take:   ret #262144
drop:   ret #0
-- run
@tcp4                       => 262144
@tcp4 cut=38 len=54         => 262144      # the ports are inside
@arp                        => 0
@udp6                       => 0
-- run user linux libpcap go netbsd openbsd
@tcp4 cut=37 len=54         => aborted LOAD_OUT
@tcp4 cut=12 len=54         => aborted LOAD_OUT
