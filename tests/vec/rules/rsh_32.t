# A constant shift right by 32.
dialect linux
-- asm
        rsh #32
        ret a
-- reject user linux seccomp
SHIFT pc=0
-- run go libpcap freebsd netbsd openbsd
empty => 0
