/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moves that happen at once, as arguments become parameters, as moves that
 * happen one after another: what is read is not written before.
 *
 *	a <- b, b <- a, c <- a		spare <- b, c <- a, b <- a, a <- spare
 */
#ifndef CBPF_IR_MOVES_H
#define CBPF_IR_MOVES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

#define MOVES_MAX 40

struct moves {
	unsigned n, n_steps;
	uint16_t to[MOVES_MAX], from[MOVES_MAX];
	struct {
		uint16_t to, from;
	} steps[2 * MOVES_MAX];
};

/* One more, of two different places; there is room. */
CBPF_INLINE void moves_add(struct moves *m, unsigned to, unsigned from)
{
	m->to[m->n] = (uint16_t)to;
	m->from[m->n++] = (uint16_t)from;
}

CBPF_INLINE void moves_step(struct moves *m, unsigned to, unsigned from)
{
	m->steps[m->n_steps].to = (uint16_t)to;
	m->steps[m->n_steps++].from = (uint16_t)from;
}

CBPF_INLINE bool moves_reads(const struct moves *m, unsigned place)
{
	for (unsigned i = 0; i < m->n; i++)
		if (m->from[i] == place)
			return true;
	return false;
}

/* The steps; of a cycle one is kept in a spare place. */
CBPF_INLINE void moves_order(struct moves *m, unsigned spare)
{
	while (m->n > 0) {
		unsigned i = 0;

		while (i < m->n && moves_reads(m, m->to[i]))
			i++;
		if (i == m->n) {
			uint16_t kept = m->from[0];

			moves_step(m, spare, kept);
			for (unsigned k = 0; k < m->n; k++)
				if (m->from[k] == kept)
					m->from[k] = (uint16_t)spare;
			continue;
		}
		moves_step(m, m->to[i], m->from[i]);
		m->n--;
		m->to[i] = m->to[m->n];
		m->from[i] = m->from[m->n];
	}
}

#endif
