# jeq compares A with X, unsigned.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld [4]
        tax
        ld [0]
        jeq x, yes, no
yes:    ret #1
no:     ret #2
-- run
00 00 00 05 00 00 00 05 => 1
00 00 00 05 00 00 00 06 => 2
ff ff ff ff ff ff ff ff => 1
