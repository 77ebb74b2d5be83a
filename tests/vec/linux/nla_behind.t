# nla: an attribute that reaches behind the end is none, wherever it begins;
# one of five bytes is padded to eight.
dialect user linux
-- asm
        ld #4
        ldx #2
        ld nla
        ret a
-- run
00 00 00 00 06 00 02 00 11 22 order=1 => 4
00 00 00 00 08 00 02 00 11 22 order=1 => 0
00 00 00 00 0a 00 02 00 11 22 order=1 => 0
00 00 00 00 05 00 01 00 99 00 00 00 04 00 02 00 order=1 => 12
00 00 00 00 05 00 01 00 04 00 02 00 04 00 02 00 order=1 => 12
00 00 00 00 06 00 01 00 04 00 02 00 04 00 02 00 order=1 => 12
00 00 00 00 07 00 01 00 04 00 02 00 04 00 02 00 order=1 => 12
00 00 00 00 04 00 02 00 order=1 => 4
