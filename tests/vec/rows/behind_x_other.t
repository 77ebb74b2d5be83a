# Fields behind X where what fails returns something: each is asked by itself.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ldxb 4*([0]&0xf)
        ldh [x + 0]
        jne #0x3344, no
        ldh [x + 2]
        jne #0x5566, no
        ret #9
no:
        ret #5
-- run
01 00 00 00 33 44 55 66 => 0x9
01 00 00 00 33 44 55 67 => 0x5
01 00 00 00 33 45 55 66 => 0x5
01 00 00 00 33 45 => 0x5
01 00 00 00 33 44 => aborted LOAD_OUT
01 00 00 00 33 44 55 => aborted LOAD_OUT
01 00 00 00 33 => aborted LOAD_OUT
