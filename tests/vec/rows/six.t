# Six bytes at the end of a packet, and two at its begin.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld [4]
        jne #0x55667788, no
        ldh [8]
        jne #0x99aa, no
        ldh [0]
        jne #0x1122, no
        ret #0x9
no:
        ret #0x0
-- run user linux libpcap go netbsd openbsd
11 22 33 44 55 66 77 88 99 aa => 0x9
01 22 33 44 55 66 77 88 99 aa => 0x0
11 32 33 44 55 66 77 88 99 aa => 0x0
11 22 23 44 55 66 77 88 99 aa => 0x9
11 22 33 54 55 66 77 88 99 aa => 0x9
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
-- run freebsd
11 22 33 44 55 66 77 88 99 aa => 0x9
01 22 33 44 55 66 77 88 99 aa => 0x0
11 32 33 44 55 66 77 88 99 aa => 0x0
11 22 23 44 55 66 77 88 99 aa => 0x9
11 22 33 54 55 66 77 88 99 aa => 0x9
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
11 22 33 44 55 66 77 88 => 0x0
11 22 33 44 55 66 77 88 99 => 0x0
