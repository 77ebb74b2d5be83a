# No sized or indirect loads, no MSH, no remainder.
dialect seccomp
-- asm
        ldh [0]
        ldb [0]
        ld [x + 0]
        ldh [x + 0]
        ldb [x + 0]
        ldxb 4*([0]&0xf)
        mod #3
        mod x
        ret a
-- reject
CODE pc=0
CODE pc=1
CODE pc=2
CODE pc=3
CODE pc=4
CODE pc=5
CODE pc=6
CODE pc=7
