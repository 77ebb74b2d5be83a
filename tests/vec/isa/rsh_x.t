# Logical shift right. The operand is X.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld #0x80000001
        ldx #0x1f
        rsh x
        ret a
-- run
empty => 0x1
-- run seccomp
@call order=1 => 0x1
