# The last one may have any bits of class RET in libpcap and OpenBSD.
dialect linux
-- asm
        ret #1
        .raw 0x26, 0, 0, 0
-- reject user linux seccomp freebsd
CODE pc=1
LAST pc=1
-- reject go netbsd
LAST pc=1
-- run libpcap openbsd
empty => 1
