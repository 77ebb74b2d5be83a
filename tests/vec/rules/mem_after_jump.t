# Behind a jump every scratch word counts as written, though nothing leads there.
dialect linux
-- asm
        ja end
        ld M[0]
        ld M[1]
        ld M[2]
        ld M[3]
        ld M[4]
        ld M[5]
        ld M[6]
        ld M[7]
        ld M[8]
        ld M[9]
        ld M[10]
        ld M[11]
        ld M[12]
        ld M[13]
        ld M[14]
        ld M[15]
end:    ret #7
-- run
empty => 7
