# jgt compares A with k, unsigned.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld [0]
        jgt #5, yes, no
yes:    ret #1
no:     ret #2
-- run
00 00 00 00 => 2
00 00 00 01 => 2
00 00 00 02 => 2
00 00 00 04 => 2
00 00 00 05 => 2
00 00 00 06 => 1
7f ff ff ff => 1
80 00 00 00 => 1
ff ff ff ff => 1
