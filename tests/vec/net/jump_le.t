# Jump: less or equal.
dialect go linux user libpcap
udp-body
-- asm
        ld [8]
        jle #0x00010203, yes
        ret #0
yes:    ret #12
-- run
ff ff ff ff ff ff ff ff 00 01 02 03 => 12
ff ff ff ff ff ff ff ff 00 01 02 04 => 0
