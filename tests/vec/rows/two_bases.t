# The same field behind two values of X: they are not beside each other.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ldxb 4*([0]&0xf)
        ldh [x + 2]
        st M[0]
        ldxb 4*([1]&0xf)
        ldh [x + 2]
        st M[1]
        ld M[0]
        jne #0x1122, no
        ld M[1]
        jne #0x1122, no
        ret #9
no:
        ret #0
-- run
01 02 00 00 00 00 11 22 00 00 11 22 => 0x9
01 02 00 00 00 00 11 22 00 00 11 23 => 0x0
01 02 00 00 00 00 11 21 00 00 11 22 => 0x0
