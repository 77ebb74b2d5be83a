# X <- length; Go decodes it as `ld len`, which writes A.
dialect user linux libpcap freebsd netbsd openbsd
-- asm
        ldx len
        txa
        add #1
        ret a
-- run
40 41 42 43 44 45 46 47 => 9
-- run go
40 41 42 43 44 45 46 47 => 1
