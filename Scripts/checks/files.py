"""What holds for files as such: length, licence, and no path of the machine that they were written on."""
import re

from tree import Problem

LONGEST = 400
LICENSE = "SPDX-License-Identifier: Apache-2.0"
HOME = re.compile(r"/(?:home|Users)/\w+/\S")


def check(tree):
    for path, text in tree.files.items():
        if path.endswith(".swift"):
            length = text.count("\n")
            if length > LONGEST:
                yield Problem(path, LONGEST, f"{length} lines: a file has {LONGEST} at most, so split it by what it is about")
            if LICENSE not in text:
                yield Problem(path, 1, f"no licence header: write '// {LICENSE}'")
        machine = str(tree.root) + "/" if tree.root and len(tree.root.parts) > 2 else None
        for number, line in enumerate(text.splitlines(), 1):
            if machine and machine in line or not path.startswith(("Tests/", "Scripts/checks/")) and HOME.search(line):
                yield Problem(path, number, "a path of one machine: name it relative to what everybody has")


HEADER = f"// {LICENSE}\n"
EXAMPLES = [
    ({"Sources/Store/A.swift": HEADER + "\n" * 399, "README.md": "~/.local/share, /home/, /var/lib/stoker\n"}, []),
    ({"Sources/Store/A.swift": HEADER + "\n" * 400, "Tests/StoreTests/A.swift": "\n", "README.md": "\nRun /home/eve/stoker.\n"},
     ["Sources/Store/A.swift:400: 401 lines", "Tests/StoreTests/A.swift:1: no licence header", "README.md:2: a path of one machine"]),
]
