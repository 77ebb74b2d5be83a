# IND in the ancillary range is a plain network-relative read, at 0xff000 from there.
dialect user linux
-- asm
        ldx #0
        ldb [x + 0xfffff000]
        ret a
-- run
200000*77 net_off=-900000 => 0x77
40 41 42 43 44 45 46 47 => aborted LOAD_OUT
