# Tests of bytes that overlap.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld [0]
        and #0xffffff00
        jne #0x11223300, no
        ldh [1]
        jne #0x2233, no
        ld [2]
        jset #0xcc00, no, on
on:
        ldb [4]
        jne #0x55, no
        ret #0x9
no:
        ret #0x0
-- run
11 22 33 44 55 66 => 0x0
11 22 33 00 55 66 => 0x0
11 22 33 00 55 00 => 0x0
11 22 33 00 55 ff => 0x0
11 22 33 00 11 00 => 0x0
11 22 33 00 11 ff => 0x0
11 22 33 00 33 00 => 0x0
11 22 33 00 33 ff => 0x0
11 22 33 44 55 00 => 0x0
11 22 33 44 55 ff => 0x0
11 22 33 44 11 00 => 0x0
11 22 33 44 11 ff => 0x0
11 22 33 44 33 00 => 0x0
11 22 33 44 33 ff => 0x0
