# At 2 MiB it ends, for all three modes.
dialect linux
-- asm
        ldb [2097152]
        ldb [x + 2097152]
        ldxb 4*([2097152]&0xf)
        ret #1
-- reject openbsd
OFFSET_LIMIT pc=0
OFFSET_LIMIT pc=1
OFFSET_LIMIT pc=2
