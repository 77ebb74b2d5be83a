# Jump: compared with X.
dialect go linux user libpcap
udp-body
-- asm
        ldx #2
        ldb [8]
        jgt x, yes
        ret #0
yes:    ret #9
-- run
ff ff ff ff ff ff ff ff 03 => 9
ff ff ff ff ff ff ff ff 02 => 0
