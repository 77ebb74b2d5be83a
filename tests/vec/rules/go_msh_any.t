# Go runs every MSH as the one there is.
dialect linux
-- asm
        .raw 0xa8, 0, 0, 0
        txa
        ret a
-- run go
07 => 28
-- run libpcap
07 => crash
