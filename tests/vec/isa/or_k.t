# A | operand.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld #0xf0
        or #0x3c
        ret a
-- run
empty => 0xfc
-- run seccomp
@call order=1 => 0xfc
