# The low 32 bits of the product. The operand is X.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld #0x10001
        ldx #0x10001
        mul x
        ret a
-- run
empty => 0x20001
-- run seccomp
@call order=1 => 0x20001
