# Remainder by the constant 0.
dialect linux
-- asm
        mod #0
        ret a
-- reject user linux libpcap go freebsd netbsd
DIV_ZERO pc=0
-- reject seccomp openbsd
CODE pc=0
