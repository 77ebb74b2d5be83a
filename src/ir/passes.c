/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The passes, in the order in which they are run. What is known of single tests
 * is used before they become searches, and searches are formed before like
 * parts are merged.
 */
#include "ir/ir.h"

const struct ir_pass ir_passes[] = {
	{ "algebra", "computes constants, makes operations simple", ir_algebra,
	  false },
	{ "repeats", "does nothing twice", ir_repeats, false },
	{ "jumpthread", "leads jumps to where they end up", ir_jumpthread,
	  false },
	{ "sink", "does what is wanted where it is wanted", ir_sink, true },
	{ "sets", "makes one search of many tests of a value", ir_sets, true },
	{ "ifconv", "computes what one bit chooses", ir_ifconv, true },
	{ "tails", "does in one place what is done in two", ir_tails, true },
	{ "chains", "makes one block of two in a row", ir_chains, true },
	{ "guards", "asks for no bytes that are there", ir_guards, true },
	{ "deadcode", "drops what nobody uses", ir_deadcode, false },
	{ NULL, NULL, NULL, false },
};
