# The tag taken off the frame: TCI whole, presence, protocol.
dialect user linux
-- asm
        ld vlan_tpid
        lsh #17
        tax
        ld vlan_tci
        lsh #1
        or x
        tax
        ld vlan_avail
        or x
        ret a
-- run
40 41 42 43 44 45 46 47 vlan_avail=1 vlan_tci=0xf123 vlan_tpid=0x8100 => 0x0201e247
40 41 42 43 44 45 46 47 => 0
