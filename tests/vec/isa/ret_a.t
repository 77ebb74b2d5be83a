# return A, all 32 bits.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld #0x80000000
        ret a
-- run
empty => 0x80000000
-- run seccomp
@call order=1 => 0x80000000
