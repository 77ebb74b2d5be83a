# A <- P[X+k:1].
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ldx #6
        ldb [x + 1]
        ret a
-- run
40 41 42 43 44 45 46 47 => 0x47
40 41 42 43 44 45 46 => aborted LOAD_OUT
