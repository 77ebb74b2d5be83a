# Go ignores high bits of an ALU code.
dialect linux
-- asm
        ld #5
        .raw 0x104, 0, 0, 3
        ret a
-- run go
empty => 8
-- run libpcap
empty => crash
