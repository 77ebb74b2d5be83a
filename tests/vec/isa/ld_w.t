# A <- P[k:4], big-endian, inside the packet or the run aborts.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld [4]
        ret a
-- run
40 41 42 43 44 45 46 47 => 0x44454647
40 41 42 43 44 45 46 => aborted LOAD_OUT
empty => aborted LOAD_OUT
