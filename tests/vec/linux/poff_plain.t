# poff: headers of which the kernel knows only the length.
dialect user linux
-- asm
        ld poff
        ret a
-- run
16*00 proto=0x88ca => 0
40 41 42 43 44 45 46 47 proto=0x88ca => 0
40 41 42 43 44 45 46 47 proto=0x8902 net_off=3 => 3
40*00 proto=0x8906 => 38
30*00 proto=0x8906 => 0
40*00 proto=0x88f7 => 34
00 00 00 00 08 06 00 00 proto=0x88fb => 6
00 00 00 00 08 06 00 00 proto=0x892f => 6
40 0f 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 08 06 00 00 proto=0x4305 => 24
41 0f 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 08 06 00 00 proto=0x4305 => 0
