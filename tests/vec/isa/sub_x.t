# A - operand, modulo 2^32. The operand is X.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld #0x1
        ldx #0x2
        sub x
        ret a
-- run
empty => 0xffffffff
-- run seccomp
@call order=1 => 0xffffffff
