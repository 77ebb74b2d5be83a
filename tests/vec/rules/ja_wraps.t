# A ja that would wrap to a later instruction is refused everywhere but in libpcap.
dialect linux
-- asm
        .raw 5, 0, 0, 0xfffffffe
        ret #0
-- reject user linux seccomp go freebsd netbsd openbsd
JUMP_OUT pc=0
-- reject libpcap
JUMP_OUT pc=0
