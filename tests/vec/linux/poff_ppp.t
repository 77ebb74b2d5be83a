# poff: PPPoE sessions with IPv6, MPLS and protocols that are not looked into.
dialect user linux
-- asm
        ld poff
        ret a
-- run
ff ff ff ff ff ff 02 00 00 00 00 01 88 64 11 00 00 01 00 16 00 57 60 00 00 00 00 08 11 40 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 00 net_off=14 proto=0x8864 => 70
ff ff ff ff ff ff 02 00 00 00 00 01 88 64 11 00 00 01 00 16 02 81 00 00 00 00 00 00 00 00 00 00 00 00 net_off=14 proto=0x8864 => 26
ff ff ff ff ff ff 02 00 00 00 00 01 88 64 11 00 00 01 00 16 02 83 00 00 00 00 00 00 00 00 00 00 00 00 net_off=14 proto=0x8864 => 26
ff ff ff ff ff ff 02 00 00 00 00 01 88 64 11 00 00 01 00 16 c0 21 00 00 00 00 00 00 00 00 net_off=14 proto=0x8864 => 22   # a protocol PPP may have
ff ff ff ff ff ff 02 00 00 00 00 01 88 64 11 00 00 01 00 16 c1 21 00 00 00 00 00 00 00 00 net_off=14 proto=0x8864 => 0   # and one it may not
ff ff ff ff ff ff 02 00 00 00 00 01 88 64 11 09 00 01 00 16 c0 21 00 00 00 00 00 00 00 00 net_off=14 proto=0x8864 => 0   # discovery
ff ff ff ff ff ff 02 00 00 00 00 01 88 64 11 00 00 01 00 16 00 net_off=14 proto=0x8864 => 0
