# A & operand.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld #0xf0
        and #0x3c
        ret a
-- run
empty => 0x30
-- run seccomp
@call order=1 => 0x30
