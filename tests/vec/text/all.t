# Our own form of every instruction, read back.
dialect linux
-- asm
	ld #0x12345678
	ld [0]
	ldh [12]
	ldb [23]
	ld [x + 0]
	ldh [x + 14]
	ldb [x + 0xfffffffc]
	ld M[0]
	ld len
	ld rnd
	ldx #0
	ldx M[15]
	ldx len
	ldxb 4*([14]&0xf)
	st M[0]
	stx M[1]
	add #1
	add x
	sub #1
	sub x
	mul #10
	mul x
	div #10
	div x
	or #1
	or x
	and #0xff
	and x
	lsh #4
	lsh x
	rsh #31
	rsh x
	neg
	mod #7
	mod x
	xor #0xffffffff
	xor x
	ja L38
L38:	jeq #1, L40, L41
	jeq x, L41
L40:	jne #5, L42
L41:	jgt x, L42
L42:	jlt #0x800, L44
	jset #1, L44, L45
L44:	jge x, L46
L45:	jgt #9, L46
L46:	ld proto
	ldb rand
	ld [0xfffff028]
	ret x
	ret #-1
	tax
	txa
	ret a
-- written
