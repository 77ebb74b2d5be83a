# ALU: division by X == 0 drops.
dialect go linux user libpcap
udp-body
-- asm
        ldb [8]
        ldx #0
        div x
        ret a
-- run
ff ff ff ff ff ff ff ff 01 02 => aborted DIV_X
