# A <- the length on the wire.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld len
        ret a
-- run
40 41 42 43 44 45 46 47 => 8
empty => 0
