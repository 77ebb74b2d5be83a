# The processor; a foreign machine runs where it runs, and its twin knows.
dialect user linux
-- asm
        ld cpu
        ret a
-- run
40 41 42 43 44 45 46 47 cpu=0 => 0
