# A guard between two that a row asks: without a device it is A that is returned.
dialect user linux
-- asm
        ldb [0]
        jne #0x11, no
        ldb [1]
        st M[1]
        ld #7
        ld ifidx
        ldb [1]
        jne #0x22, no
        ldb [2]
        jne #0x33, no
        ret #0x9
no:
        ret #0x0
-- run
11 22 33 has_device=1 ifidx=3 => 0x9
11 22 has_device=1 ifidx=3 => aborted LOAD_OUT
11 22 => no-device 7
11 21 => no-device 7
11 22 33 => no-device 7
10 => 0x0
