"""Only Commands reads the environment: a setting that is read elsewhere is in no list of settings."""
import re

from tree import Problem

# What starts processes hands an environment on, and tests have switches of their own.
ROOMS = {"Commands", "Stoker", "TestSupport", "Provisioning", "LocalPostgres"}
READS = re.compile(r"\b(?:secure_)?getenv\b|\bProcessInfo\.processInfo\.environment\b|\benviron\b")


def check(tree):
    for source in tree.sources:
        if source.room not in ROOMS:
            for match in READS.finditer(source.code):
                yield Problem(source.path, source.line_of(match.start()),
                              f"{source.room} reads the environment: take the value as an argument, from Commands")


EXAMPLES = [
    ({"Sources/Commands/A.swift": 'let a = getenv("A")\n', "Sources/Store/A.swift": '// getenv\nlet a = "getenv"\n'}, []),
    ({"Sources/Worker/A.swift": 'let b = 1\nlet a = getenv("A")\n'}, ["Sources/Worker/A.swift:2: Worker reads the environment"]),
]
