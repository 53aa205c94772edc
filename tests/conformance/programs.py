"""The programs of the suite for scripts that build them one by one: which files each is made of, as run.sh has it."""

import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


def files():
    """name -> source files."""
    with open(os.path.join(HERE, "run.sh"), encoding="utf-8") as file:
        text = file.read()
    suite = text.split('suite="', 1)[1].split('"', 1)[0].split()
    result = {}
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["program"]:
            parts = [part for word in words[2:] for part in (suite if word == "$suite" else [word])]
            result[words[1]] = ["framework.c", "model.c", "system.c", *(part for part in parts if part.endswith(".c"))]
    return result


def build(name, output, library=None, flags=()):
    """Builds a program into a directory, linked with a library unless it loads one by itself."""
    subprocess.run(
        ["gcc", "-std=c11", "-O1", "-I../../include", "-rdynamic", *files()[name], *([library] if library else []),
         *flags, "-o", os.path.join(output, name), "-ldl", "-lpthread"], cwd=HERE, check=True)
