# ja may not lead past the end.
dialect linux
-- asm
        .raw 5, 0, 0, 1
        ret #0
-- reject user linux seccomp libpcap go freebsd netbsd openbsd
JUMP_OUT pc=0
