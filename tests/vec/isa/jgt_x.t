# jgt compares A with X, unsigned.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld [4]
        tax
        ld [0]
        jgt x, yes, no
yes:    ret #1
no:     ret #2
-- run
00 00 00 06 00 00 00 05 => 1
00 00 00 05 00 00 00 05 => 2
80 00 00 00 7f ff ff ff => 1
7f ff ff ff 80 00 00 00 => 2
