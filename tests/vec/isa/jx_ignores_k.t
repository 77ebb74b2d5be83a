# k of a comparison with X means nothing.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ldx #4
        ld #4
        .raw 0x1d, 0, 1, 77
        ret #1
        ret #2
-- run
empty => 1
