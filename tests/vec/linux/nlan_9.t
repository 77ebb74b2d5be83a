# nlan walks too.
dialect user linux
-- asm
        ld #20
        ldx #9
        ld nlan
        ret a
-- run
00 00 00 00 00 00 00 00 06 00 01 00 aa bb 00 00 04 00 02 00 14 00 03 80 06 00 07 00 11 22 00 00 08 00 09 00 33 44 55 66 order=1 => 32
