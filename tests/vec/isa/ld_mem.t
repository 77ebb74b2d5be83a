# A <- M[k]: what was stored, whatever came between.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld #77
        st M[15]
        ld #1
        st M[0]
        ld M[15]
        ret a
-- run
empty => 77
-- run seccomp
@call order=1 => 77
