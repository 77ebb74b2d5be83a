# nlan: what reaches behind the packet has no attributes in it.
dialect user linux
-- asm
        ld #4
        ldx #2
        ld nlan
        ret a
-- run
00 00 00 00 08 00 00 00 04 00 02 00 order=1 => 8
00 00 00 00 0c 00 00 00 04 00 02 00 order=1 => 0
00 00 00 00 04 00 00 00 04 00 02 00 order=1 => 0
