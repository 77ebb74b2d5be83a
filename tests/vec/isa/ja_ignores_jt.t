# jt and jf of ja mean nothing.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        .raw 5, 200, 200, 1
        ret #1
        ret #2
-- run
empty => 2
