# Jump: past the end is refused.
dialect go
-- asm
        ja end
        ret #0
end:    .raw 5, 0, 0, 2
        ret a
-- reject go linux libpcap
JUMP_OUT pc=2
