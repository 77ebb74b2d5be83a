# poff: a label is passed unseen, and what is behind it not looked at.
dialect user linux
-- asm
        ld poff
        ret a
-- run
00 00 01 40 00 00 proto=0x8847 => 4
00 00 proto=0x8848 => 2
45 00 00 28 00 00 40 00 40 89 00 00 7f 00 00 01 7f 00 00 01 00 00 01 40 proto=0x800 => 24
