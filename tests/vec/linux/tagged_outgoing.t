# A tagged frame as it leaves, for SOCK_DGRAM: the data begins behind the tag,
# and the protocol is the tag's (linux-packet; interp sees the bytes alone).
dialect linux
dgram
outgoing
-- asm
	ld proto
	lsh #16
	tax
	ldh [0]
	or x
	ret a
-- run
02 63 62 70 66 01 22 22 22 22 22 22 81 00 00 05 08 00 45 00 00 14 => 611
