# A - operand, modulo 2^32.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld #0x1
        sub #0x2
        ret a
-- run
empty => 0xffffffff
-- run seccomp
@call order=1 => 0xffffffff
