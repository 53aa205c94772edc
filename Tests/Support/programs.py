"""Builds C programs of Tests/Harness/programs.txt, for scripts that need single programs."""

import os
import subprocess

BUILD = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness", "build.sh")


def build(name, directory, library=None, options=()):
    """Builds a program into a directory. Links it with a library unless the program loads one itself."""
    subprocess.run([BUILD, name, os.path.join(directory, name), *([library] if library else []), *options], check=True)
