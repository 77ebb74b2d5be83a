# Bytes at the begin of a packet that is no longer than they are.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ldb [0]
        jne #0x11, no
        ldh [1]
        jne #0x2233, no
        ret #0x9
no:
        ret #0x0
-- run user linux libpcap go netbsd openbsd
11 22 33 => 0x9
01 22 33 => 0x0
11 32 33 => 0x0
11 22 23 => 0x0
empty => aborted LOAD_OUT
11 => aborted LOAD_OUT
11 22 => aborted LOAD_OUT
-- run freebsd
11 22 33 => 0x9
01 22 33 => 0x0
11 32 33 => 0x0
11 22 23 => 0x0
empty => aborted LOAD_OUT
11 => 0x0
11 22 => 0x0
