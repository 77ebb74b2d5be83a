# ALU: division by the constant 0 is refused.
dialect go
-- asm
        div #0
        ret a
-- reject go linux libpcap
DIV_ZERO pc=0
