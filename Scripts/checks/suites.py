"""A function of a suite without @Test compiles and never runs."""
import re

from tree import Problem

# What stands above belongs to something else.
ENDS = re.compile(r".*\bfunc\b| {0,4}\}$")
FUNCTION = re.compile(r"\s*(?:private )?func (`[^`]+`|test\w*)\(")


def check(tree):
    for source in tree.tests:
        lines = source.code_lines
        if not any("@Suite" in line or "@Test" in line for line in lines):
            continue
        for number, line in enumerate(lines):
            if not FUNCTION.match(line):
                continue
            above = number
            while above > 0 and source.lines[above - 1].strip() and not ENDS.match(lines[above - 1]):
                above -= 1
            if not any("@Test" in line for line in lines[above:number + 1]):
                yield Problem(source.path, number + 1, "this test never runs: write @Test before it")


EXAMPLES = [
    ({"Tests/ATests/A.swift": "@Suite struct A {\n    @Test func `one`() {}\n    func `two`() {}\n}\n"},
     ["Tests/ATests/A.swift:3: this test never runs"]),
    ({"Tests/ATests/A.swift": "@Suite struct A {\n    @Test\n    func `one adds`() {}\n\n    @Test func two() {}\n\n    func help() {}\n}\n"}, []),
    ({"Tests/ATests/A.swift": "@Suite struct A {\n    // @Test is missing\n    func `one adds`() {}\n}\n"},
     ["Tests/ATests/A.swift:3: this test never runs"]),
]
