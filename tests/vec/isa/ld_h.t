# A <- P[k:2]; FreeBSD does not abort outside, see dialects/28.
dialect user linux libpcap go netbsd openbsd
-- asm
        ldh [6]
        ret a
-- run
40 41 42 43 44 45 46 47 => 0x4647
40 41 42 43 44 45 46 => aborted LOAD_OUT
