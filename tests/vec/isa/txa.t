# A <- X.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ldx #4
        txa
        ret a
-- run
empty => 4
-- run seccomp
@call order=1 => 4
