# Shift left.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld #0x80000001
        lsh #0x4
        ret a
-- run
empty => 0x10
-- run seccomp
@call order=1 => 0x10
