# jge compares A with X, unsigned.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld [4]
        tax
        ld [0]
        jge x, yes, no
yes:    ret #1
no:     ret #2
-- run
00 00 00 05 00 00 00 05 => 1
00 00 00 04 00 00 00 05 => 2
ff ff ff ff 00 00 00 01 => 1
