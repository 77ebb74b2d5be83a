# A ^= X.
dialect user linux
-- asm
        ld #0xf0
        ldx #0xff
        ld xor_x
        ret a
-- run
40 41 42 43 44 45 46 47 => 0x0f
