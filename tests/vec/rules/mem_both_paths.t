# A word stored on one of two paths is not stored.
dialect linux
-- asm
        jeq #0, a, b
a:      st M[1]
        ja c
b:      st M[2]
c:      ld M[1]
        ret a
-- reject user linux seccomp netbsd
MEM_UNSET pc=4
-- run libpcap go freebsd openbsd
empty => 0
