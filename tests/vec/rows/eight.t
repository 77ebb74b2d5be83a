# Two words that are eight bytes; each byte is asked.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ldb [0]
        jne #0x11, no
        ld [2]
        jne #0x33445566, no
        ld [6]
        jne #0x778899aa, no
        ret #0x9
no:
        ret #0x0
-- run
11 22 33 44 55 66 77 88 99 aa => 0x9
01 22 33 44 55 66 77 88 99 aa => 0x0
11 32 33 44 55 66 77 88 99 aa => 0x9
11 22 23 44 55 66 77 88 99 aa => 0x0
11 22 33 54 55 66 77 88 99 aa => 0x0
11 22 33 44 45 66 77 88 99 aa => 0x0
11 22 33 44 55 76 77 88 99 aa => 0x0
11 22 33 44 55 66 67 88 99 aa => 0x0
11 22 33 44 55 66 77 98 99 aa => 0x0
11 22 33 44 55 66 77 88 89 aa => 0x0
11 22 33 44 55 66 77 88 99 ba => 0x0
empty => aborted LOAD_OUT
11 => aborted LOAD_OUT
11 22 => aborted LOAD_OUT
11 22 33 => aborted LOAD_OUT
11 22 33 44 => aborted LOAD_OUT
11 22 33 44 55 => aborted LOAD_OUT
11 22 33 44 55 66 => aborted LOAD_OUT
11 22 33 44 55 66 77 => aborted LOAD_OUT
11 22 33 44 55 66 77 88 => aborted LOAD_OUT
11 22 33 44 55 66 77 88 99 => aborted LOAD_OUT
