# X <- 4 * (P[k:1] & 15), A stays.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld #5
        ldxb 4*([1]&0xf)
        add x
        ret a
-- run
00 f6 => 29
00 ff => 65
00 => aborted LOAD_OUT
