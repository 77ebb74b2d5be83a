# Return: 0 drops.
dialect go linux user libpcap
udp-body
-- asm
        ret #0
-- run
ff ff ff ff ff ff ff ff 00 01 => 0
