# A + operand, modulo 2^32. The operand is X.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld #0xffffffff
        ldx #0x2
        add x
        ret a
-- run
empty => 0x1
-- run seccomp
@call order=1 => 0x1
