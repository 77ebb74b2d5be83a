# What fails asks for more bytes than the row; what passes does not.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ldb [0]
        jne #0x11, no
        ldh [1]
        jne #0x2233, no
        ret #0x9
no:
        ldb [5]
        jne #0x66, none
        ret #0x5
none:
        ret #0x0
-- run
empty => aborted LOAD_OUT
10 => aborted LOAD_OUT
11 => aborted LOAD_OUT
10 22 => aborted LOAD_OUT
11 23 => aborted LOAD_OUT
11 22 => aborted LOAD_OUT
10 22 33 => aborted LOAD_OUT
11 23 33 => aborted LOAD_OUT
11 22 32 => aborted LOAD_OUT
11 22 33 => 0x9
10 22 33 44 => aborted LOAD_OUT
11 23 33 44 => aborted LOAD_OUT
11 22 32 44 => aborted LOAD_OUT
11 22 33 45 => 0x9
11 22 33 44 => 0x9
10 22 33 44 55 => aborted LOAD_OUT
11 23 33 44 55 => aborted LOAD_OUT
11 22 32 44 55 => aborted LOAD_OUT
11 22 33 45 55 => 0x9
11 22 33 44 54 => 0x9
11 22 33 44 55 => 0x9
10 22 33 44 55 66 => 0x5
11 23 33 44 55 66 => 0x5
11 22 32 44 55 66 => 0x5
11 22 33 45 55 66 => 0x9
11 22 33 44 54 66 => 0x9
11 22 33 44 55 67 => 0x9
11 22 33 44 55 66 => 0x9
10 22 33 44 55 66 77 => 0x5
11 23 33 44 55 66 77 => 0x5
11 22 32 44 55 66 77 => 0x5
11 22 33 45 55 66 77 => 0x9
11 22 33 44 54 66 77 => 0x9
11 22 33 44 55 67 77 => 0x9
11 22 33 44 55 66 76 => 0x9
11 22 33 44 55 66 77 => 0x9
