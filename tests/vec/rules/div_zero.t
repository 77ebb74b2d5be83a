# Division by the constant 0.
dialect linux
-- asm
        div #0
        ret a
-- reject user linux seccomp libpcap go freebsd netbsd openbsd
DIV_ZERO pc=0
