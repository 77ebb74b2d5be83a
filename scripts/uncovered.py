#!/usr/bin/env python3
"""Reads what llvm-cov exports: the branches that no test takes, and why.

    uncovered.py COVERAGE.json EXPLANATIONS PERCENT FOLDER...

A branch is an outcome, true or false, of a condition as the source has it. It
is named by what survives an edit elsewhere: "FILE FUNCTION: CONDITION is never
true". The explanations are such lines, each with its reason below, indented;
lines in a row have a reason in common. Conditions that are written alike in
one function share their name.
"""
import collections
import json
import os
import sys

EXPANSION = 1  # llvm/ProfileData/Coverage/CoverageMapping.h, RegionKind


def source_text(lines, span):
    """The condition as it is written, on one line."""
    first, start, last, end = span
    if first == last:
        text = lines[first - 1][start - 1:end - 1]
    else:
        text = " ".join([lines[first - 1][start - 1:], *lines[first:last - 1],
                         lines[last - 1][:end - 1]])
    return " ".join(text.split())


def written_at(function, place, span):
    """Where a condition inside macros is written: (file, span)."""
    while place:
        outer = next((r for r in function["regions"]
                      if r[7] == EXPANSION and r[6] == place), None)
        if not outer:
            break
        place, span = outer[5], outer[:4]
    return os.path.relpath(function["filenames"][place]), tuple(span)


def read_branches(path):
    """{(file, function, span, span in macro, outcome): times taken}, in src/."""
    taken = collections.Counter()
    with open(path, encoding="utf-8") as file:
        data = json.load(file)["data"][0]
    for function in data["functions"]:
        # a static function has its file's name before it
        name = function["name"].split(":")[-1]
        for branch in function["branches"]:
            # a macro's is one of its own wherever the macro is used; an
            # inline function's is one in all that call it
            file, span = written_at(function, branch[6], branch[:4])
            for outcome, count in zip(("true", "false"), branch[4:6]):
                taken[file, name, span, tuple(branch[:4]), outcome] += count
    return {key: count for key, count in taken.items()
            if key[0].startswith("src/")}


def read_explanations(path):
    """{name of a branch: reason}"""
    reasons, names, reason = {}, [], []
    with open(path, encoding="utf-8") as file:
        lines = [*file.read().splitlines(), ""]
    for line in lines:
        if line.startswith("#"):
            continue
        if line[:1].isspace():
            reason.append(line.strip())
            continue
        if reason:
            reasons.update(dict.fromkeys(names, " ".join(reason)))
            names, reason = [], []
        if line:
            names.append(line)
    reasons.update(dict.fromkeys(names, ""))
    return reasons


def share(counts):
    """A line of figures."""
    reached = sum(count > 0 for count in counts)
    return f"{reached} of {len(counts)} branches, " \
           f"{100 * reached / len(counts):.1f} %"


def main():
    coverage, explanations, percent, *folders = sys.argv[1:]
    taken = read_branches(coverage)
    reasons = read_explanations(explanations)
    sources = {}
    names = collections.defaultdict(list)
    by_file = collections.defaultdict(list)
    by_folder = collections.defaultdict(list)
    for (file, function, span, _, outcome), count in sorted(taken.items()):
        by_file[file].append(count)
        by_folder[os.path.dirname(file)].append(count)
        if file not in sources:
            with open(file, encoding="utf-8") as source:
                sources[file] = source.read().expandtabs(1).split("\n")
        if count == 0 and os.path.dirname(file) in folders:
            text = source_text(sources[file], span)
            names[f"{file} {function}: {text} is never {outcome}"].append(
                span[0])

    for file, counts in sorted(by_file.items()):
        print(f"# {file}: {share(counts)}")
    for folder, counts in sorted(by_folder.items()):
        if folder not in folders:
            print(f"# {folder}: {share(counts)}")
    for name, lines in names.items():
        print("#", ", ".join(map(str, lines)), name)
        print("#    ", reasons.get(name) or "NOT EXPLAINED")

    bad = 0

    def tap(is_ok, sentence, offences=()):
        nonlocal bad
        bad += not is_ok
        for offence in offences:
            print("#", offence)
        print("ok -" if is_ok else "not ok -", sentence)

    for folder in folders:
        counts = by_folder[folder]
        reached = sum(count > 0 for count in counts)
        tap(100 * reached >= int(percent) * len(counts),
            f"{folder}: {share(counts)}")
    missing = [name for name in names if not reasons.get(name)]
    tap(not missing, f"each of the other {sum(map(len, names.values()))} "
        f"branches is explained", missing)
    stale = [name for name in reasons if name not in names]
    tap(not stale, "nothing is explained that is reached or gone", stale)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
