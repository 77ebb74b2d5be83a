/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The threaded machine's function, named MACHINE, included once for each way in
 * which it does OTHER: a call in it costs all other steps their registers. Each
 * step goes on to the next by itself, by a computed goto where the compiler has
 * it, so that a processor foretells each step's successors apart from others'
 * (Ertl and Gregg, "The structure and performance of efficient interpreters");
 * by a switch elsewhere. Places are distances from the first one, and not
 * addresses: nothing is relocated.
 */
/* From a step on; without one, places[] is where its code is. */
static uint32_t MACHINE(const struct fast_step *step,
			const struct cbpf_packet *packet,
			const struct fast_code *code, const int32_t **places)
{
#if HAS_COMPUTED_GOTO
#define TEST_PLACE(source, test)                                               \
	__extension__(int32_t)((const char *)&&source##_##test -               \
			       (const char *)&&P1_EQ),                         \
		__extension__(int32_t)((const char *)&&source##_##test##_RET - \
				       (const char *)&&P1_EQ),
/* a label stands alone */
/* NOLINTBEGIN(bugprone-macro-parentheses) */
#define STEP_PLACE(name) \
	__extension__(int32_t)((const char *)&&name - (const char *)&&P1_EQ),
	static const int32_t all[FAST_OPS] = { FAST_SOURCES(TEST_PLACE)
						       FAST_STEPS(STEP_PLACE) };
	/* NOLINTEND(bugprone-macro-parentheses) */
	const char *first = __extension__ && P1_EQ;
#endif
	uint32_t slots[FAST_SLOTS], v, ended = 0;
	const uint8_t *data, *p;

#if HAS_COMPUTED_GOTO
	if (!step) {
		*places = all;
		return 0;
	}
#endif
	(void)places;
	(void)ended;
	data = packet->data;
#if HAS_COMPUTED_GOTO
	GO;
#else
	while (true)
		switch ((enum fast_op)step->go) {
#endif
	FAST_SOURCES(TEST)
	TWO(P1)
	TWO(P2)
	TWO(P4)
	LOAD(P1)
	LOAD(P2)
	LOAD(P4)
	LOAD(I1)
	LOAD(I2)
	LOAD(I4)
	PLACE(LOAD_MSH)
	{
		FETCH_P1;
		slots[step->to] = (*p & 15u) << 2;
		GO_ON;
	}
	ALU(ADD)
	ALU(SUB)
	ALU(MUL)
	ALU(AND)
	ALU(OR)
	ALU(XOR)
	ALU(LSH)
	ALU(RSH)
	COMPARE(EQ, JMP_JEQ)
	COMPARE(BITS, JMP_JSET)
	COMPARE(GT, JMP_JGT)
	COMPARE(GE, JMP_JGE)
	PLACE(RETURN)
	{
		return step->k;
	}
	PLACE(RETURN_V)
	{
		return slots[step->a];
	}
	PLACE(JUMP)
	{
		GO_TO(step->yes);
	}
	PLACE(SET)
	{
		slots[step->to] = step->k;
		GO_ON;
	}
	PLACE(MOVE)
	{
		slots[step->to] = slots[step->a];
		GO_ON;
	}
	PLACE(NEED)
	{
		if (packet->caplen < step->need)
			return 0;
		GO_ON;
	}
	PLACE(OTHER)
	{
		DO_OTHER;
		GO_ON;
	}
#if !HAS_COMPUTED_GOTO
case FAST_OPS:
	return 0;
}
#endif
}

#undef MACHINE
#undef DO_OTHER
