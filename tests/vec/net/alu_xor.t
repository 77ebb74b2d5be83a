# ALU: exclusive or.
dialect go linux user libpcap
udp-body
-- asm
        ldb [8]
        xor #0x03
        ret a
-- run
ff ff ff ff ff ff ff ff 0a 02 => 9
