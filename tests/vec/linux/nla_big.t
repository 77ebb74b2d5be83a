# Attributes are in the byte order of the machine.
dialect user linux
-- asm
        ld #0
        ldx #5
        ld nla
        add #1
        ret a
-- run
00 04 00 01 00 04 00 05 order=2 => 5
04 00 01 00 04 00 05 00 order=1 => 5
