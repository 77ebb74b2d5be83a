# Bits of two bytes that are not set, and a byte beside them.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ldb [5]
        jne #0x66, no
        ldh [2]
        jset #0x1408, no, on
on:
        ldb [4]
        and #0xf0
        jne #0x50, no
        ret #0x9
no:
        ret #0x0
-- run
00 00 23 47 55 66 => 0x9
00 00 33 47 55 66 => 0x0
00 00 27 47 55 66 => 0x0
00 00 23 4f 55 66 => 0x0
00 00 eb f7 5f 66 => 0x9
00 00 23 47 65 66 => 0x0
00 00 23 47 55 67 => 0x0
00 00 23 47 55 => aborted LOAD_OUT
00 00 23 => aborted LOAD_OUT
00 00 00 00 00 00 => 0x0
