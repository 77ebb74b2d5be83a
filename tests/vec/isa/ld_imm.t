# A <- k, all 32 bits.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld #0xfedcba98
        ret a
-- run
empty => 0xfedcba98
-- run seccomp
@call order=1 => 0xfedcba98
