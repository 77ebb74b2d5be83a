/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The passes, in the order in which they are run.
 */
#include "ir/ir.h"

const struct ir_pass ir_passes[] = {
	{ "algebra", "computes constants, makes operations simple",
	  ir_algebra },
	{ "repeats", "does nothing twice", ir_repeats },
	{ "jumpthread", "leads jumps to where they end up", ir_jumpthread },
	{ "chains", "makes one block of two in a row", ir_chains },
	{ "tails", "does in one place what is done in two", ir_tails },
	{ "guards", "asks for no bytes that are there", ir_guards },
	{ "deadcode", "drops what nobody uses", ir_deadcode },
	{ NULL, NULL, NULL },
};
