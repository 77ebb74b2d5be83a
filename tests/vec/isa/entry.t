# A and X are 0 at entry.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        add x
        ret a
-- run
40 41 42 43 44 45 46 47 => 0
