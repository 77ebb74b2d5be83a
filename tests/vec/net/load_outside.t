# Load: outside drops.
dialect go linux user libpcap
udp-body
-- asm
        ldb [100]
        ret #1
-- run
ff ff ff ff ff ff ff ff 00 01 02 03 => aborted LOAD_OUT
