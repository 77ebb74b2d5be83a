# All broken rules are told, in the order of the instructions.
dialect linux
-- asm
        div #0
        st M[16]
        lsh #99
        jeq #0, +9, +0
        ld #1
-- reject linux
DIV_ZERO pc=0
MEM_INDEX pc=1
SHIFT pc=2
JUMP_OUT pc=3
LAST pc=4
