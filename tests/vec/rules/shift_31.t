# A constant shift by 31 is the last legal one.
dialect linux
-- asm
        ld #1
        lsh #31
        rsh #31
        ret a
-- run user linux libpcap go freebsd netbsd openbsd
empty => 1
