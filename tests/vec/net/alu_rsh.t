# ALU: shift right.
dialect go linux user libpcap
udp-body
-- asm
        ldb [8]
        rsh #1
        ret a
-- run
ff ff ff ff ff ff ff ff 14 02 03 04 => 10
