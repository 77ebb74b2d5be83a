# Go decodes ldx [x + k] as ld.
dialect linux
-- asm
        ldx #1
        .raw 0x51, 0, 0, 1
        ret a
-- run go
01 02 03 => 3
