# Go compares the whole code of a store: with a high bit it is unknown.
dialect linux
-- asm
        .raw 0x102, 0, 0, 3
        ret #1
-- run go
empty => aborted REACHED
-- run libpcap
empty => crash
