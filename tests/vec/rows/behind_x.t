# Fields behind X, asked in a row.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ldxb 4*([0]&0xf)
        ldh [x + 0]
        jne #0x3344, no
        ldh [x + 2]
        jne #0x5566, no
        ld [x + 4]
        jne #0x778899aa, no
        ret #0x9
no:
        ret #0x0
-- run
41 00 00 00 33 44 55 66 77 88 99 aa => 0x9
41 00 00 00 b3 44 55 66 77 88 99 aa => 0x0
41 00 00 00 33 c4 55 66 77 88 99 aa => 0x0
41 00 00 00 33 44 d5 66 77 88 99 aa => 0x0
41 00 00 00 33 44 55 e6 77 88 99 aa => 0x0
41 00 00 00 33 44 55 66 f7 88 99 aa => 0x0
41 00 00 00 33 44 55 66 77 08 99 aa => 0x0
41 00 00 00 33 44 55 66 77 88 19 aa => 0x0
41 00 00 00 33 44 55 66 77 88 99 2a => 0x0
empty => aborted LOAD_OUT
41 => aborted LOAD_OUT
41 00 => aborted LOAD_OUT
41 00 00 => aborted LOAD_OUT
41 00 00 00 => aborted LOAD_OUT
41 00 00 00 33 => aborted LOAD_OUT
41 00 00 00 33 44 => aborted LOAD_OUT
41 00 00 00 33 44 55 => aborted LOAD_OUT
41 00 00 00 33 44 55 66 => aborted LOAD_OUT
41 00 00 00 33 44 55 66 77 => aborted LOAD_OUT
41 00 00 00 33 44 55 66 77 88 => aborted LOAD_OUT
41 00 00 00 33 44 55 66 77 88 99 => aborted LOAD_OUT
42 00 00 00 00 00 00 00 33 44 55 66 77 88 99 aa => 0x9
42 00 00 00 00 00 00 00 b3 44 55 66 77 88 99 aa => 0x0
42 00 00 00 00 00 00 00 33 c4 55 66 77 88 99 aa => 0x0
42 00 00 00 00 00 00 00 33 44 d5 66 77 88 99 aa => 0x0
42 00 00 00 00 00 00 00 33 44 55 e6 77 88 99 aa => 0x0
42 00 00 00 00 00 00 00 33 44 55 66 f7 88 99 aa => 0x0
42 00 00 00 00 00 00 00 33 44 55 66 77 08 99 aa => 0x0
42 00 00 00 00 00 00 00 33 44 55 66 77 88 19 aa => 0x0
42 00 00 00 00 00 00 00 33 44 55 66 77 88 99 2a => 0x0
empty => aborted LOAD_OUT
42 => aborted LOAD_OUT
42 00 => aborted LOAD_OUT
42 00 00 => aborted LOAD_OUT
42 00 00 00 => aborted LOAD_OUT
42 00 00 00 00 => aborted LOAD_OUT
42 00 00 00 00 00 => aborted LOAD_OUT
42 00 00 00 00 00 00 => aborted LOAD_OUT
42 00 00 00 00 00 00 00 => aborted LOAD_OUT
42 00 00 00 00 00 00 00 33 => aborted LOAD_OUT
42 00 00 00 00 00 00 00 33 44 => aborted LOAD_OUT
42 00 00 00 00 00 00 00 33 44 55 => aborted LOAD_OUT
42 00 00 00 00 00 00 00 33 44 55 66 => aborted LOAD_OUT
42 00 00 00 00 00 00 00 33 44 55 66 77 => aborted LOAD_OUT
42 00 00 00 00 00 00 00 33 44 55 66 77 88 => aborted LOAD_OUT
42 00 00 00 00 00 00 00 33 44 55 66 77 88 99 => aborted LOAD_OUT
30 44 55 66 77 88 99 aa => 0x0
