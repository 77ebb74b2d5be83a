# A & operand. The operand is X.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld #0xf0
        ldx #0x3c
        and x
        ret a
-- run
empty => 0x30
-- run seccomp
@call order=1 => 0x30
