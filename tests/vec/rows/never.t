# A byte is never equal to a number of two, whatever else is asked of it.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ldb [0]
        jne #0x11, no
        ldb [0]
        jne #0x122, no
        ret #0x9
no:
        ret #0x0
-- run
11 22 => 0x0
11 => 0x0
12 => 0x0
empty => aborted LOAD_OUT
22 => 0x0
33 => 0x0
