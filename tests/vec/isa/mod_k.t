# Unsigned remainder; OpenBSD has none.
dialect user linux libpcap go freebsd netbsd
-- asm
        ld #0x80000000
        mod #0xffffffff
        ret a
-- run
empty => 0x80000000
-- reject openbsd
CODE pc=1
