# The mark.
dialect user linux
-- asm
        ld mark
        ret a
-- run
40 41 42 43 44 45 46 47 mark=0x1234aaaa => 0x1234aaaa
