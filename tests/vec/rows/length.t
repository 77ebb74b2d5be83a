# What fails returns something: no test may ask for the bytes of the next.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ldb [0]
        jne #0x11, no
        ldh [1]
        jne #0x2233, no
        ldb [3]
        jne #0x44, no
        ret #0x9
no:
        ret #0x5
-- run user linux libpcap go netbsd openbsd
empty => aborted LOAD_OUT
10 => 0x5
11 => aborted LOAD_OUT
10 22 => 0x5
11 23 => aborted LOAD_OUT
11 22 => aborted LOAD_OUT
10 22 33 => 0x5
11 23 33 => 0x5
11 22 32 => 0x5
11 22 33 => aborted LOAD_OUT
10 22 33 44 => 0x5
11 23 33 44 => 0x5
11 22 32 44 => 0x5
11 22 33 45 => 0x5
11 22 33 44 => 0x9
-- run freebsd
empty => aborted LOAD_OUT
10 => 0x5
11 => 0x5
10 22 => 0x5
11 23 => 0x5
11 22 => 0x5
10 22 33 => 0x5
11 23 33 => 0x5
11 22 32 => 0x5
11 22 33 => aborted LOAD_OUT
10 22 33 44 => 0x5
11 23 33 44 => 0x5
11 22 32 44 => 0x5
11 22 33 45 => 0x5
11 22 33 44 => 0x9
