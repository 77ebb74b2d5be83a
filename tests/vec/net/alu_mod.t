# ALU: remainder.
dialect go linux user libpcap
udp-body
-- asm
        ldb [8]
        mod #20
        ret a
-- run
ff ff ff ff ff ff ff ff 1e 00 00 => 10
