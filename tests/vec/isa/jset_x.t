# jset compares A with X, unsigned.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld [4]
        tax
        ld [0]
        jset x, yes, no
yes:    ret #1
no:     ret #2
-- run
00 00 00 06 00 00 00 02 => 1
00 00 00 05 00 00 00 02 => 2
80 00 00 00 80 00 00 00 => 1
