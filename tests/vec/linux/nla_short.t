# nla: an attribute shorter than its own header ends the search.
dialect user linux
-- asm
        ldx #2
        ld #0
        ld nla
        ret a
-- run
03 00 01 00 04 00 02 00 order=1  => 0
04 00 01 00 04 00 02 00 order=1  => 4
