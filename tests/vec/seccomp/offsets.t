# Words only, inside the structure.
dialect seccomp
-- asm
        ld [2]
        ld [64]
        ld [0xfffff000]
        ret a
-- reject
DATA_OFFSET pc=0
DATA_OFFSET pc=1
DATA_OFFSET pc=2
