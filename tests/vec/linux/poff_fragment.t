# poff: a later fragment has no transport header, the first one has.
dialect user linux
-- asm
        ld poff
        ret a
-- run
45 00 00 28 00 00 00 10 40 11 00 00 7f 00 00 01 7f 00 00 01 00 00 00 00 proto=0x800 => 20
45 00 00 28 00 00 20 00 40 11 00 00 7f 00 00 01 7f 00 00 01 00 00 00 00 00 00 00 00 proto=0x800 => 28
