# Shift left. The operand is X.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld #0x80000001
        ldx #0x4
        lsh x
        ret a
-- run
empty => 0x10
-- run seccomp
@call order=1 => 0x10
