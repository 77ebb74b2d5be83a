# All of it as other tools print it: golang.org/x/net/bpf's String() (Debian's
# golang-golang-x-net-dev 0.7.0), iptables-save 1.8.9 (the list in quotes),
# `tc filter show` of iproute2 6.1 (the same), libpcap 1.10.3's bpf_dump().
# `ldx len` and half-word ancillary loads lose something in Go.
dialect linux
-- asm
	ld #7
	ldx #0
	st M[0]
	stx M[15]
	ld [12]
	ldh [0xfff]
	ldb [0]
	ld [x + 14]
	ldh [x + 0]
	ldb [x + 0xfffffffc]
	ld [0xfff00000]
	ld len
	ldx M[15]
	ldxb 4*([14]&0xf)
	ld M[0]
	add #1
	sub #0xffffffff
	mul #3
	div #2
	mod #9
	and #0xff
	or #0
	xor #0xff00
	lsh #31
	rsh #0
	add x
	sub x
	mul x
	div x
	mod x
	and x
	or x
	xor x
	lsh x
	rsh x
	neg
	tax
	txa
	ld vlan_avail
	jeq #0x800, LA, LB
LA:	jeq #0, LB
LB:	jneq #0xffffffff, LC
LC:	jgt #10, LD, LE
LD:	jle #10, LE
LE:	jge #1, LF, LG
LF:	jlt #1, LG
LG:	jset #4, LH, LI
LH:	jset #4, LI
LI:	jeq x, LJ, LK
LJ:	jgt x, LK
LK:	jge x, LL, LM
LL:	jset x, LM, LN
LM:	ja LO
LN:	ret #-1
LO:	ret a
-- go
ld #7
ldx #0
st M[0]
stx M[15]
ld [12]
ldh [4095]
ldb [0]
ld [x + 14]
ldh [x + 0]
ldb [x + 4294967292]
ld [4293918720]
ld #len
ldx M[15]
ldx 4*([14]&0xf)
ld M[0]
add #1
sub #4294967295
mul #3
div #2
mod #9
and #255
or #0
xor #65280
lsh #31
rsh #0
add x
sub x
mul x
div x
mod x
and x
or x
xor x
lsh x
rsh x
neg
tax
txa
ld #vlan_avail
jneq #2048,1
jneq #0,0
jneq #4294967295,0
jle #10,1
jle #10,0
jlt #1,1
jlt #1,0
jset #4,0,1
jset #4,0
jneq x,1
jle x,0
jlt x,1
jset x,0,1
ja 1
ret #4294967295
ret a
-- xt
55,0 0 0 7,1 0 0 0,2 0 0 0,3 0 0 15,32 0 0 12,40 0 0 4095,48 0 0 0,64 0 0 14,72 0 0 0,80 0 0 4294967292,32 0 0 4293918720,128 0 0 0,97 0 0 15,177 0 0 14,96 0 0 0,4 0 0 1,20 0 0 4294967295,36 0 0 3,52 0 0 2,148 0 0 9,84 0 0 255,68 0 0 0,164 0 0 65280,100 0 0 31,116 0 0 0,12 0 0 0,28 0 0 0,44 0 0 0,60 0 0 0,156 0 0 0,92 0 0 0,76 0 0 0,172 0 0 0,108 0 0 0,124 0 0 0,132 0 0 0,7 0 0 0,135 0 0 0,32 0 0 4294963248,21 0 1 2048,21 0 0 0,21 0 0 4294967295,37 0 1 10,37 0 0 10,53 0 1 1,53 0 0 1,69 0 1 4,69 0 0 4,29 0 1 0,45 0 0 0,61 0 1 0,77 0 1 0,5 0 0 1,6 0 0 4294967295,22 0 0 0
-- tc
55,0 0 0 7,1 0 0 0,2 0 0 0,3 0 0 15,32 0 0 12,40 0 0 4095,48 0 0 0,64 0 0 14,72 0 0 0,80 0 0 4294967292,32 0 0 4293918720,128 0 0 0,97 0 0 15,177 0 0 14,96 0 0 0,4 0 0 1,20 0 0 4294967295,36 0 0 3,52 0 0 2,148 0 0 9,84 0 0 255,68 0 0 0,164 0 0 65280,100 0 0 31,116 0 0 0,12 0 0 0,28 0 0 0,44 0 0 0,60 0 0 0,156 0 0 0,92 0 0 0,76 0 0 0,172 0 0 0,108 0 0 0,124 0 0 0,132 0 0 0,7 0 0 0,135 0 0 0,32 0 0 4294963248,21 0 1 2048,21 0 0 0,21 0 0 4294967295,37 0 1 10,37 0 0 10,53 0 1 1,53 0 0 1,69 0 1 4,69 0 0 4,29 0 1 0,45 0 0 0,61 0 1 0,77 0 1 0,5 0 0 1,6 0 0 4294967295,22 0 0 0
