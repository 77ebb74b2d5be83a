# A ^ operand; OpenBSD has none.
dialect user linux libpcap go freebsd netbsd
-- asm
        ld #0xff
        xor #0xf
        ret a
-- run
empty => 0xf0
-- reject openbsd
CODE pc=1
-- run seccomp
@call order=1 => 0xf0
