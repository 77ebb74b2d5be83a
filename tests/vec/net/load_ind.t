# Load: indirect.
dialect go linux user libpcap
udp-body
-- asm
        ldx #1
        ldb [x + 8]
        ret a
-- run
ff ff ff ff ff ff ff ff 00 0a 02 => 10
