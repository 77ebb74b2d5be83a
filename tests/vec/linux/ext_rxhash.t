# The stored hash.
dialect user linux
-- asm
        ld rxhash
        ret a
-- run
40 41 42 43 44 45 46 47 rxhash=0xfeedbeef => 0xfeedbeef
