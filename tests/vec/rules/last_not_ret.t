# The last instruction must return, reached or not.
dialect linux
-- asm
        ret #1
        ld #1
-- reject user linux seccomp libpcap go freebsd netbsd openbsd
LAST pc=1
