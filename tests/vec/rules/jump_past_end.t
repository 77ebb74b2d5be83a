# A branch may not lead past the end; both sides are looked at.
dialect linux
-- asm
        jeq #1, +1, +0
        ret #0
-- reject user linux seccomp libpcap go freebsd netbsd openbsd
JUMP_OUT pc=0
