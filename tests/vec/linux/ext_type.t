# Packet type, its low three bits.
dialect user linux
-- asm
        ld type
        ret a
-- run
40 41 42 43 44 45 46 47 type=4 => 4
40 41 42 43 44 45 46 47 => 0
