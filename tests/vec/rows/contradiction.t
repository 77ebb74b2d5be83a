# Two tests of a byte that no packet passes both.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ldh [0]
        jne #0x1122, no
        ldb [1]
        jne #0x23, no
        ret #0x9
no:
        ret #0x7
-- run user linux libpcap go netbsd openbsd
11 22 => 0x7
11 23 => 0x7
11 => aborted LOAD_OUT
11 22 23 => 0x7
-- run freebsd
11 22 => 0x7
11 23 => 0x7
11 => 0x7
11 22 23 => 0x7
