# Unsigned division. The operand is X.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld #0x80000000
        ldx #0xffffffff
        div x
        ret a
-- run
empty => 0x0
-- run seccomp
@call order=1 => 0x0
