# A <- P[X+k:2].
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ldx #5
        ldh [x + 1]
        ret a
-- run
40 41 42 43 44 45 46 47 => 0x4647
40 41 42 43 44 45 46 => aborted LOAD_OUT
