# A backward jump can reach a load that the one pass over M[] has gone by: M[] must be zero all the same.
dialect linux
-- asm
        .raw 5, 0, 0, 2
        ld M[0]
        ret a
        .raw 5, 0, 0, 0xfffffffd
        ret #0
-- run libpcap
00 11 22 33 => 0
