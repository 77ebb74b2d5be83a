# X + k may land among the offsets of the network header.
dialect user linux
-- asm
        ldx #0xfff00000
        ldb [x + 3]
        ret a
-- run
40 41 42 43 44 45 46 47 => 0x43
