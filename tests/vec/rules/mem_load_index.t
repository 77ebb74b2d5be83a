# M[16] is not read either.
dialect linux
-- asm
        ld M[16]
        ret a
-- reject user linux seccomp libpcap freebsd netbsd openbsd
MEM_INDEX pc=0
-- run go
empty => aborted REACHED
