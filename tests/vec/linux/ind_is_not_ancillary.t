# Only ABS knows ancillary offsets: IND there is far behind the network header.
dialect user linux
-- asm
        ldx #0
        ld [x + 0xfffff004]
        ret #1
-- run
40 41 42 43 44 45 46 47 => aborted LOAD_OUT
