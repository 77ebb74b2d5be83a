# Load: MSH outside.
dialect go linux user libpcap
udp-body
-- asm
        ldxb 4*([100]&0xf)
        ret #1
-- run
ff ff ff ff ff ff ff ff 00 => aborted LOAD_OUT
