# Interface index, or the end of the run.
dialect user linux
-- asm
        ld #3
        ld ifidx
        ret a
-- run
40 41 42 43 44 45 46 47 has_device=1 ifidx=7 => 7
40 41 42 43 44 45 46 47 => no-device 3
