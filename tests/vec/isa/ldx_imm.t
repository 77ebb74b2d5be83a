# X <- k.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ldx #0x80000001
        txa
        ret a
-- run
empty => 0x80000001
-- run seccomp
@call order=1 => 0x80000001
