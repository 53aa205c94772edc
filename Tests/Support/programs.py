"""The C programs of Tests/Harness/programs.txt, for scripts that build them one by one."""

import os
import subprocess

BUILD = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness", "build.sh")


def build(name, directory, library=None, options=()):
    """Builds a program into a directory, linked with a library unless it loads one by itself."""
    subprocess.run([BUILD, name, os.path.join(directory, name), *([library] if library else []), *options], check=True)
