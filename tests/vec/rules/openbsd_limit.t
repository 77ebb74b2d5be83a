# OpenBSD takes offsets below 2 MiB.
dialect linux
-- asm
        ldb [2097151]
        ldb [x + 2097151]
        ldxb 4*([2097151]&0xf)
        ret #1
-- run openbsd
empty => aborted LOAD_OUT
