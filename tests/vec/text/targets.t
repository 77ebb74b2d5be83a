# Relative targets count from the next instruction; for ja they may lead back.
dialect libpcap
-- asm
ja +1
ja +1
ja -2
jeq #1, +0, +1
ret #1
ret #2
-- code
{ 5, 0, 0, 1 }, { 5, 0, 0, 1 }, { 5, 0, 0, -2 }, { 0x15, 0, 1, 1 }, { 6, 0, 0, 1 }, { 6, 0, 0, 2 }
