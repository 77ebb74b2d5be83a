# A backward ja passes libpcap's check, and runs.
dialect linux
-- asm
        ldx #0
        ja go
out:    ret #3
go:     ja out
        ret #0
-- run libpcap
empty => 3
-- reject user linux seccomp go freebsd netbsd openbsd
JUMP_OUT pc=3
