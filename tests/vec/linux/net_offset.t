# Offsets from 0xfff00000 count from the network header.
dialect user linux
-- asm
        ld [0xfff00002]
        ret a
-- run
40 41 42 43 44 45 46 47 => 0x42434445
40 41 42 43 44 45 46 47 net_off=2 => 0x44454647
40 41 42 43 44 45 46 47 net_off=3 => aborted LOAD_OUT
