# Load: four times a nibble, then indirect.
dialect go linux user libpcap
udp-body
-- asm
        ldxb 4*([8]&0xf)
        ldb [x + 8]
        ret a
-- run
ff ff ff ff ff ff ff ff 02 00 00 00 00 00 00 00 0b 00 00 => 11
