# `ret x` assembles and no checker that knows codes takes it.
dialect linux
-- asm
        ldx #1
        ret x
-- reject user linux freebsd
CODE pc=1
LAST pc=1
-- reject netbsd go
LAST pc=1
