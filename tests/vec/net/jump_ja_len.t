# Jump: over an early return.
dialect go linux user libpcap
udp-body
-- asm
        ja end
        ret #0
        ret #0
end:    ret #10
-- run
ff ff ff ff ff ff ff ff 01 02 => 10
