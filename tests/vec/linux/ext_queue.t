# The queue mapping, raw.
dialect user linux
-- asm
        ld queue
        ret a
-- run
40 41 42 43 44 45 46 47 queue=123 => 123
