# Load: four bytes.
dialect go linux user libpcap
udp-body
-- asm
        ld [8]
        ret a
-- run
ff ff ff ff ff ff ff ff 00 00 00 0b 00 => 11
