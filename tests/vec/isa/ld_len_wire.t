# The length is that on the wire, but Go has none.
dialect user linux libpcap freebsd netbsd openbsd
-- asm
        ld len
        ret a
-- run
40 41 42 43 44 45 46 47 len=1500 => 1500
-- run go
40 41 42 43 44 45 46 47 len=1500 => 8
