// SPDX-License-Identifier: BSD-2-Clause
//
// What the operations of eval.h mean at 32 bits, for all operands: its text is
// run on symbols in place of numbers, and Z3 is asked for operands on which
// what comes out is not what SMT-LIB's theory of bit-vectors says. A question
// that the text asks of a symbol (b > 31?) is answered both ways, one run each,
// and what was answered is assumed of that run. TAP.
#include <z3++.h>

#include <cstdio>
#include <vector>

static z3::context context;

// ---- symbols ---------------------------------------------------------------

// The answers given in this run, in order; those beyond are new, and yes.
static std::vector<bool> answers;
static size_t n_asked;
static z3::expr_vector *assumed;

struct truth {
	z3::expr e;

	operator bool() const
	{
		if (n_asked == answers.size())
			answers.push_back(true);
		bool is_so = answers[n_asked++];

		assumed->push_back(is_so ? e : !e);
		return is_so;
	}
};

struct word {
	z3::expr e;

	word(z3::expr given) : e(given)
	{
	}
	word(int value) : e(context.bv_val(value, 32))
	{
	}
	word(unsigned value) : e(context.bv_val(value, 32))
	{
	}
};

// C's operators on unsigned words, as SMT-LIB names them.
static word operator+(word a, word b)
{
	return a.e + b.e;
}
static word operator-(word a, word b)
{
	return a.e - b.e;
}
static word operator*(word a, word b)
{
	return a.e * b.e;
}
static word operator/(word a, word b)
{
	return z3::udiv(a.e, b.e);
}
static word operator%(word a, word b)
{
	return z3::urem(a.e, b.e);
}
static word operator|(word a, word b)
{
	return a.e | b.e;
}
static word operator&(word a, word b)
{
	return a.e & b.e;
}
static word operator^(word a, word b)
{
	return a.e ^ b.e;
}
static word operator<<(word a, word b)
{
	return z3::shl(a.e, b.e);
}
static word operator>>(word a, word b)
{
	return z3::lshr(a.e, b.e);
}
static truth operator==(word a, word b)
{
	return { a.e == b.e };
}
static truth operator!=(word a, word b)
{
	return { a.e != b.e };
}
static truth operator>(word a, word b)
{
	return { z3::ugt(a.e, b.e) };
}
static truth operator>=(word a, word b)
{
	return { z3::uge(a.e, b.e) };
}

#define EV_BITS 32
typedef word ev_word;
#include "isa/eval.h"

// ---- what they are to mean --------------------------------------------------

static z3::expr number(unsigned value)
{
	return context.bv_val(value, 32);
}

// A sum by full adders, so that it is said in other words than bvadd.
static z3::expr add_bits(z3::expr a, z3::expr b, bool carry_in)
{
	z3::expr carry = context.bv_val(carry_in, 1), sum = carry;

	for (unsigned i = 0; i < 32; i++) {
		z3::expr p = a.extract(i, i), q = b.extract(i, i);
		z3::expr digit = p ^ q ^ carry;

		carry = (p & q) | (p & carry) | (q & carry);
		sum = i == 0 ? digit : z3::concat(digit, sum);
	}
	return sum;
}

static z3::expr shifted(z3::expr a, z3::expr b, bool is_left, bool clears)
{
	z3::expr result = number(0);

	for (unsigned by = 0; by < 32; by++) {
		z3::expr moved = a;

		if (by > 0 && is_left)
			moved = z3::concat(a.extract(31 - by, 0),
					   context.bv_val(0, by));
		else if (by > 0)
			moved = z3::concat(context.bv_val(0, by),
					   a.extract(31, by));
		result = z3::ite((clears ? b : (b & number(31))) == number(by),
				 moved, result);
	}
	return result;
}

static z3::expr say_alu(unsigned operation, z3::expr a, z3::expr b, bool clears)
{
	switch (operation) {
	case 0x00:
		return add_bits(a, b, false);
	case 0x10:
		return add_bits(a, ~b, true);
	case 0x20:
		return a * b;
	case 0x30:
		return z3::udiv(a, b);
	case 0x40:
		return ~(~a & ~b);
	case 0x50:
		return ~(~a | ~b);
	case 0x60:
		return shifted(a, b, true, clears);
	case 0x70:
		return shifted(a, b, false, clears);
	case 0x80:
		return add_bits(~a, number(0), true);
	case 0x90:
		return z3::urem(a, b);
	default:
		return (a & ~b) | (~a & b);
	}
}

static z3::expr say_test(unsigned operation, z3::expr a, z3::expr b)
{
	switch (operation) {
	case 0x10:
		return a == b;
	case 0x20:
		return z3::ult(b, a);
	case 0x30:
		return !z3::ult(a, b);
	default:
		return ~(~a | ~b) != number(0);
	}
}

// ---- asking -----------------------------------------------------------------

static unsigned n_tests, n_failed;

// Every run of fn, each with what it assumed; true where none is wrong.
template <typename F> static bool never_wrong(F fn, unsigned *n_runs)
{
	answers.clear();
	*n_runs = 0;
	do {
		z3::expr_vector path(context);
		z3::solver solver(context);

		n_asked = 0;
		assumed = &path;
		z3::expr is_wrong = fn();
		solver.add(path);
		solver.add(is_wrong);
		++*n_runs;
		if (solver.check() != z3::unsat)
			return false;
		// the last yes becomes a no
		while (!answers.empty() && !answers.back())
			answers.pop_back();
		if (!answers.empty())
			answers.back() = false;
	} while (!answers.empty());
	return true;
}

static void report(bool is_ok, const char *what, unsigned operation,
		   unsigned n_runs)
{
	std::printf("%sok %u - %s operation 0x%02x at 32 bits: no operands on "
		    "which it differs, %u paths\n",
		    is_ok ? "" : "not ", ++n_tests, what, operation, n_runs);
	n_failed += !is_ok;
}

int main()
{
	z3::expr a = context.bv_const("a", 32), b = context.bv_const("b", 32);
	unsigned n_runs = 0, n_more = 0;

	for (unsigned operation = 0x00; operation <= 0xa0; operation += 0x10) {
		bool is_division = operation == 0x30 || operation == 0x90;
		auto wrong = [&](bool clears) {
			// a division by 0 is never asked for
			z3::expr is_due = is_division ? b != number(0)
						      : context.bool_val(true);

			return is_due && ev_alu(operation, a, b, clears).e !=
						 say_alu(operation, a, b,
							 clears);
		};
		bool is_ok = never_wrong([&] { return wrong(false); },
					 &n_runs) &&
			     never_wrong([&] { return wrong(true); }, &n_more);

		report(is_ok, "ALU", operation, n_runs + n_more);
	}
	for (unsigned operation = 0x10; operation <= 0x40; operation += 0x10) {
		bool is_ok = never_wrong(
			[&] {
				bool is_so = ev_test(operation, a, b);
				z3::expr due = say_test(operation, a, b);

				return is_so ? !due : due;
			},
			&n_runs);

		report(is_ok, "jump", operation, n_runs);
	}
	// that a wrong meaning would be found
	bool is_found = !never_wrong(
		[&] { return ev_alu(0x60, a, b, false).e !=
			     shifted(a, b, true, true); },
		&n_runs);
	std::printf("%sok %u - the wrong rule of shifting is found\n",
		    is_found ? "" : "not ", ++n_tests);
	std::printf("1..%u\n", n_tests);
	return n_failed || !is_found;
}
