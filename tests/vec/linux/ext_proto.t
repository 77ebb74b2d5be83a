# Ethertype in host order.
dialect user linux
-- asm
        ld proto
        ret a
-- run
40 41 42 43 44 45 46 47 proto=0x86dd => 0x86dd
