# Three bytes behind X where X may be 0: none before the packet is read.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ldxb 4*([2]&0xf)
        ldb [x + 0]
        jne #0x11, no
        ldh [x + 1]
        jne #0x2230, no
        ret #0x9
no:
        ret #0x0
-- run
11 22 30 => 0x9
11 22 30 00 => 0x9
11 22 => aborted LOAD_OUT
10 22 30 => 0x0
11 22 41 => aborted LOAD_OUT
00 00 31 00 11 22 30 => 0x9
00 00 31 00 11 22 => aborted LOAD_OUT
00 00 31 00 11 => aborted LOAD_OUT
00 00 31 00 12 22 30 => 0x0
