# A ^ operand; OpenBSD has none.
dialect user linux libpcap go freebsd netbsd
-- asm
        ld #0xff
        ldx #0xf
        xor x
        ret a
-- run
empty => 0xf0
-- reject openbsd
CODE pc=2
-- run seccomp
@call order=1 => 0xf0
