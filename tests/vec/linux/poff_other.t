# poff: ARP ends where it begins, what is unknown gives 0, and so does a short IP header.
dialect user linux
-- asm
        ld poff
        ret a
-- run
00 00 00 00 00 00 00 00 00 00 00 00 08 06 00 01 net_off=14 proto=0x806 => 14
40 41 42 43 44 45 46 47 proto=0x1234 => 0
45 00 proto=0x800 => 0
40 41 42 43 44 45 46 47 => 0
