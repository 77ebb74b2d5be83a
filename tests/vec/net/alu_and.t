# ALU: and.
dialect go linux user libpcap
udp-body
-- asm
        ldh [8]
        and #0x0019
        ret a
-- run
ff ff ff ff ff ff ff ff aa 09 => 9
