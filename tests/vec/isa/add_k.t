# A + operand, modulo 2^32.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld #0xffffffff
        add #0x2
        ret a
-- run
empty => 0x1
-- run seccomp
@call order=1 => 0x1
