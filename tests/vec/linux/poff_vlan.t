# poff: tags in the bytes are passed, a tag off the frame says which protocol follows.
dialect user linux
-- asm
        ld poff
        ret a
-- run
00 05 08 00 45 00 00 28 00 00 40 00 40 06 00 00 7f 00 00 01 7f 00 00 01 00 00 00 00 00 00 00 00 00 00 00 00 50 00 proto=0x8100 => 44
45 00 00 28 00 00 40 00 40 06 00 00 7f 00 00 01 7f 00 00 01 00 00 00 00 00 00 00 00 00 00 00 00 50 00 proto=0x800 vlan_avail=1 vlan_tpid=0x8100 => 40
00 05 81 00 00 06 08 00 45 00 00 28 00 00 40 00 40 11 00 00 7f 00 00 01 7f 00 00 01 00 00 00 00 00 00 00 00 proto=0x88a8 => 36
00 06 08 00 45 00 00 28 00 00 40 00 40 11 00 00 7f 00 00 01 7f 00 00 01 00 00 00 00 00 00 00 00 proto=0x8100 vlan_avail=1 vlan_tpid=0x88a8 => 32
00 05 08 proto=0x8100 => 0
