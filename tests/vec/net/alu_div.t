# ALU: divide.
dialect go linux user libpcap
udp-body
-- asm
        ldb [8]
        div #2
        ret a
-- run
ff ff ff ff ff ff ff ff 14 02 03 04 => 10
