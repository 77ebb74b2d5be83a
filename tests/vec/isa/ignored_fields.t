# k of X forms, and jt and jf of what does not branch, mean nothing.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        .raw 0, 9, 9, 5
        .raw 7, 1, 2, 77
        .raw 0x0c, 3, 3, 99
        .raw 0x16, 255, 255, 1
-- run
empty => 10
