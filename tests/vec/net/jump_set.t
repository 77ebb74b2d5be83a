# Jump: bits set.
dialect go linux user libpcap
udp-body
-- asm
        ldh [8]
        jset #0x1122, yes
        ret #0
yes:    ret #10
-- run
ff ff ff ff ff ff ff ff 01 02 => 10
ff ff ff ff ff ff ff ff 00 11 => 0
