# Unsigned remainder; OpenBSD has none.
dialect user linux libpcap go freebsd netbsd
-- asm
        ld #0x80000000
        ldx #0xffffffff
        mod x
        ret a
-- run
empty => 0x80000000
-- reject openbsd
CODE pc=2
