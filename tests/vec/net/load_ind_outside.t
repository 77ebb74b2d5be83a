# Load: indirect, outside.
dialect go linux user libpcap
udp-body
-- asm
        ldx #1
        ld [x + 8]
        ret #1
-- run
ff ff ff ff ff ff ff ff 00 01 02 03 => aborted LOAD_OUT
