# Logical shift right.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld #0x80000001
        rsh #0x1f
        ret a
-- run
empty => 0x1
-- run seccomp
@call order=1 => 0x1
