# M[k] <- A.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld #3
        st M[1]
        ld #4
        ldx M[1]
        add x
        ret a
-- run
empty => 7
-- run seccomp
@call order=1 => 7
