# Jump: greater, unsigned.
dialect go linux user libpcap
udp-body
-- asm
        ld [8]
        jgt #0x00010202, yes
        ret #0
yes:    ret #12
-- run
ff ff ff ff ff ff ff ff 00 01 02 03 04 => 12
ff ff ff ff ff ff ff ff 00 01 02 02 04 => 0
