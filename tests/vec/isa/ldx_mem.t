# X <- M[k].
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld #9
        st M[7]
        ldx M[7]
        txa
        ret a
-- run
empty => 9
-- run seccomp
@call order=1 => 9
