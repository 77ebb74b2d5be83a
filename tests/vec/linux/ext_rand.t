# Random numbers follow from the seed.
dialect user linux
-- asm
        ld rand
        st M[0]
        ld rand
        ldx M[0]
        jeq x, same, other
same:   ret #1
other:  ret #2
-- run
40 41 42 43 44 45 46 47 seed=5 => 2
