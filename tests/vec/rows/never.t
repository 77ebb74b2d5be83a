# A byte is never equal to a number of two.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ldb [0]
        jne #0x11, no
        ldb [1]
        jne #0x122, no
        ret #0x9
no:
        ret #0x5
-- run
11 22 => 0x5
11 => aborted LOAD_OUT
12 => 0x5
empty => aborted LOAD_OUT
