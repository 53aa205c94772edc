"""The files of the repository, for the checks in this folder."""

import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def files():
    """The files that are tracked, or new and not ignored, as paths from the root."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                            check=True, stdout=subprocess.PIPE).stdout.decode()
    return sorted(path for path in set(listed.split("\0")) if path and os.path.lexists(os.path.join(ROOT, path)))


def folders():
    """The folders that contain these files."""
    result = set()
    for path in files():
        while path := os.path.dirname(path):
            result.add(path)
    return result


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()
