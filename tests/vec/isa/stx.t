# M[k] <- X.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ldx #3
        stx M[2]
        ldx #0
        ld M[2]
        ret a
-- run
empty => 3
-- run seccomp
@call order=1 => 3
