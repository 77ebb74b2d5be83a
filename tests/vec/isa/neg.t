# A <- 0 - A; 0x80000000 is its own.
dialect user linux libpcap freebsd netbsd openbsd
-- asm
        ld [0]
        neg
        ret a
-- run
00 00 00 01 => 0xffffffff
80 00 00 00 => 0x80000000
00 00 00 00 => 0
