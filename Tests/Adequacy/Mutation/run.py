#!/usr/bin/env python3
"""Mutation testing: makes small changes to the library, one at a time. A test must fail for each.

    Tests/Adequacy/Mutation/run.py [--list] [--all] [--sample N] [PART_OF_A_FILE_NAME ...]

Without arguments, runs the default sample; QUOTA gives the number of mutants for each module. --sample N takes at most
N of a module, --all takes every mutant. Parts of file names, such as Gate.swift or TransitCode/, select files. --list
only prints names. The sample is the same in every run. An edit of a source changes the sample only near the edit.

A mutant is killed when a test fails, crashes or exceeds its time limit. survivors.txt must explain each mutant that
survives. Prints a line for each survivor, and the totals. build/mutation/results.txt has a line for every mutant, with
the test that killed it. The working tree is not changed. Fails when fewer than 95 % are killed, a survivor is not
explained, or an explanation is out of date.
"""

import argparse
import collections
import os
import sys
import time

import builds
import operators
from trial import Trial

QUOTA = {"TransitCrypto": 30, "TransitCode": 55, "TransitGate": 80, "posoffline": 50, "PortableCrypto": 60}
# scripts/curve-constants.py checks the tables. SEC1.swift belongs to the host build.
LEFT_OUT = {"PortableCrypto/Secp192k1Table.swift", "PortableCrypto/Secp256k1Table.swift", "TransitCrypto/SEC1.swift"}
ENOUGH = 0.95


def read_sources():
    """Path below Sources -> text of the file."""
    texts = {}
    for module in QUOTA:
        for name in builds.sources(builds.path("Sources", module)):
            with open(name, encoding="utf-8") as file:
                texts[f"{module}/{os.path.basename(name)}"] = file.read()
    return {name: text for name, text in texts.items() if name not in LEFT_OUT}


def spread(mutants):
    """Orders the mutants by turns of file and operator, so that any prefix is a sample."""
    groups = collections.defaultdict(list)
    for mutant in sorted(mutants, key=operators.rank):
        groups[mutant.file, operators.kind(mutant)].append(mutant)
    # Mutants of decisions occur three times as often.
    turns = [(turn // (3 if operator in operators.DECISIVE else 1), operators.rank(mutant), mutant)
             for (_, operator), group in groups.items() for turn, mutant in enumerate(group)]
    return [mutant for _, _, mutant in sorted(turns, key=lambda entry: entry[:2])]


class Explanations:
    """The mutants that may survive, and the reasons, from survivors.txt."""

    def __init__(self, name):
        self.reasons = {}
        key = None
        with open(name, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                text = line.strip()
                if line.startswith("#") or not text:
                    continue
                if not line.startswith(" "):
                    key = text.split(" ")
                    if len(key) != 2:
                        sys.exit(f"{name}:{number}: expected FILE OPERATOR")
                elif len(key) == 2 and text[0] == "-" or len(key) == 3 and text[0] == "+":
                    key.append(text[1:].strip())
                else:
                    self.reasons[tuple(key)] = text

    @staticmethod
    def key(mutant):
        return mutant.file, operators.kind(mutant), mutant.before, mutant.after

    def explain(self, mutant):
        return self.key(mutant) in self.reasons

    def stale(self, mutants):
        known = {self.key(mutant) for mutant in mutants}
        return [f"{key[0]}: no mutant is: {key[1]}: {key[2:]}" for key in self.reasons if key not in known]


class Report:
    """Writes the results."""

    def __init__(self, explanations):
        self.explanations = explanations
        self.killed = self.survived = 0
        self.faults = []
        self.results = open(  # pylint: disable=consider-using-with
            os.path.join(builds.WORK, "results.txt"), "w", encoding="utf-8", buffering=1)

    def add(self, mutant, outcome):
        change = f"{mutant.before}  ->  {mutant.after}"
        verdict = "does not compile" if outcome is None else outcome or "SURVIVED"
        self.results.write(f"{mutant.name}: {verdict}: {change}\n")
        explained = self.explanations.explain(mutant)
        if outcome:
            self.killed += 1
            if explained:
                self.faults.append(f"explained, but killed by {outcome}: {mutant.name}: {change}")
        elif outcome == "":
            self.survived += 1
            if not explained:
                self.faults.append(f"survived, and not explained: {mutant.name}: {change}")
            print("explained:" if explained else "SURVIVED:", mutant.name + ":", change, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--sample", type=int)
    parser.add_argument("files", nargs="*", metavar="PART_OF_A_FILE_NAME")
    options = parser.parse_args()

    texts = read_sources()
    every = [mutant for name, text in texts.items() for mutant in operators.mutants_of(name, text)]
    queues = {}
    for module in QUOTA:
        wanted = [mutant for mutant in every if mutant.file.startswith(module + "/")
                  and (not options.files or any(part in mutant.file for part in options.files))]
        queues[module] = spread(wanted)
    quota = {module: len(queue) if options.all else options.sample or QUOTA[module]
             for module, queue in queues.items()}
    if options.list:
        for module, queue in queues.items():
            for mutant in sorted(queue[:quota[module]], key=lambda mutant: (mutant.file, mutant.start)):
                print(f"{mutant.name}: {mutant.before}  ->  {mutant.after}")
        return

    begin = time.monotonic()
    builds.build_base()
    trial = Trial()
    print(f"Base built and timed in {time.monotonic() - begin:.0f} s", flush=True)
    explanations = Explanations(os.path.join(builds.HERE, "survivors.txt"))
    report = Report(explanations)
    for module, queue in queues.items():
        start, killed, survived, none = time.monotonic(), report.killed, report.survived, 0
        for mutant in queue:
            if report.killed - killed + report.survived - survived == quota[module]:
                break
            outcome = trial.judge(mutant, mutant.apply(texts[mutant.file]), os.path.join(builds.WORK, "work"))
            report.add(mutant, outcome)
            none += outcome is None
        print(f"{module}: {report.killed - killed} killed, {report.survived - survived} survived "
              f"({none} more do not compile), {time.monotonic() - start:.0f} s", flush=True)

    total = report.killed + report.survived
    faults = report.faults + explanations.stale(every)
    for fault in faults:
        print("FAILED:", fault)
    if total == 0:
        sys.exit("mutation: no mutants")
    print(f"All: {total} mutants, {report.killed} killed ({100 * report.killed / total:.1f} %), {report.survived} "
          f"survived; {len(faults)} not in order; {time.monotonic() - begin:.0f} s")
    if report.killed < ENOUGH * total or faults:
        sys.exit(1)


main()
