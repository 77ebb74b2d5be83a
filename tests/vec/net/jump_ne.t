# Jump: not equal.
dialect go linux user libpcap
udp-body
-- asm
        ldb [8]
        jne #1, yes
        ret #0
yes:    ret #9
-- run
ff ff ff ff ff ff ff ff 00 => 9
ff ff ff ff ff ff ff ff 01 => 0
