# A | operand. The operand is X.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld #0xf0
        ldx #0x3c
        or x
        ret a
-- run
empty => 0xfc
-- run seccomp
@call order=1 => 0xfc
