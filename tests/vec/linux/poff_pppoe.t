# poff: PPPoE sessions carry IP.
dialect user linux
-- asm
        ld poff
        ret a
-- run
11 00 00 01 00 16 00 21 45 00 00 28 00 00 40 00 40 11 00 00 7f 00 00 01 7f 00 00 01 00 00 00 00 00 00 00 00 proto=0x8864 => 36
21 00 00 01 00 16 00 21 45 00 00 28 00 00 40 00 40 06 00 00 7f 00 00 01 7f 00 00 01 proto=0x8864 => 0
11 00 00 01 00 16 21 45 00 00 28 00 00 40 00 40 06 00 00 7f 00 00 01 7f 00 00 01 00 proto=0x8864 => 0   # compressed, not understood
