# ALU: or.
dialect go linux user libpcap
udp-body
-- asm
        ldh [8]
        or #1
        ret a
-- run
ff ff ff ff ff ff ff ff 00 10 03 04 05 06 07 08 09 => 17
