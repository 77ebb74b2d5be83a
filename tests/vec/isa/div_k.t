# Unsigned division.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld #0x80000000
        div #0xffffffff
        ret a
-- run
empty => 0x0
-- run seccomp
@call order=1 => 0x0
