# ALU: multiply.
dialect go linux user libpcap
udp-body
-- asm
        ldb [8]
        mul #2
        ret a
-- run
ff ff ff ff ff ff ff ff 06 02 03 04 => 12
