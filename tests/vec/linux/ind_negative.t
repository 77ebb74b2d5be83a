# X + k is signed: below the link header's space it is nowhere.
dialect user linux
-- asm
        ldx #0x80000000
        ldb [x + 5]
        ret #1
-- run
40 41 42 43 44 45 46 47 => aborted LOAD_OUT
