# The false side leads past the end.
dialect linux
-- asm
        .raw 0x15, 0, 5, 1
        ret #0
-- reject user linux seccomp libpcap go freebsd netbsd openbsd
JUMP_OUT pc=0
