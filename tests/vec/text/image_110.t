# Before libpcap 1.11 an instruction without operand was padded.
dialect linux
-- asm
tax
neg
ret a
-- d110
(000) tax      
(001) neg      
(002) ret      
