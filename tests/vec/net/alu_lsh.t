# ALU: shift left.
dialect go linux user libpcap
udp-body
-- asm
        ldb [8]
        lsh #1
        ret a
-- run
ff ff ff ff ff ff ff ff 05 02 03 => 10
