# A <- P[X+k:4].
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ldx #3
        ld [x + 1]
        ret a
-- run
40 41 42 43 44 45 46 47 => 0x44454647
40 41 42 43 44 45 46 => aborted LOAD_OUT
