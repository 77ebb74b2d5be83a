# Division by X == 0 ends the run with 0.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld #7
        ldx #0
        div x
        ret #1
-- run
empty => aborted DIV_X
-- run seccomp
@call order=1 => aborted DIV_X
