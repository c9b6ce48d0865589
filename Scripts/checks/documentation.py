"""What other rooms use has documentation.

Each `package` or `public` type, function and computed property has a comment that begins with `///`. So has each
requirement of such a protocol. No comment is asked of
- what fulfils a requirement: the protocol says what it means;
- stored properties, constants and initialisers: their type says what they are of, and their names and types the rest;
- `CodingKeys`.
Declarations of one line that follow each other share the comment above the first."""
import re

from tree import Problem

# Requirements of the standard library's protocols, and of libraries.
KNOWN = {
    "==", "<", "hash", "description", "debugDescription", "encode", "next", "makeIterator", "makeAsyncIterator", "startIndex",
    "endIndex", "index", "rawValue", "unownedExecutor", "enqueue", "customMirror", "appendLiteral", "appendInterpolation",
    "run", "validate", "configuration", "CodingKeys", "Element", "RawValue", "AsyncIterator", "StringLiteralType",
    "ArrayLiteralElement", "defaultValueDescription", "handle", "makeCounter", "makeMeter", "makeRecorder", "makeTimer",
    "destroyCounter", "destroyMeter", "destroyRecorder", "destroyTimer", "Context",
    "response",
}
BESIDE = {"TestSupport"}
ATTRIBUTE = r"(?:@\w+(?:\([^)\n]*\))?[ \t]+)*"
MODIFIER = r"(?:(?:static|final|nonisolated(?:\(\w+\))?|mutating|indirect|lazy|weak|consuming|borrowing|unsafe" \
           r"|(?:package|public|private|internal)\(set\))[ \t]+)*"
KIND = r"(?P<kind>func|var|struct|class|enum|actor|protocol|typealias|associatedtype)\b[ \t]*"
NAME = r"(?P<name>`[^`]*`|[\w]+|[^\s\w(]+)?(?P<rest>.*)$"
DECLARATION = re.compile(rf"^[ \t]*{ATTRIBUTE}{MODIFIER}(?P<access>package|public)[ \t]+{MODIFIER}{KIND}{NAME}")
REQUIREMENT = re.compile(rf"^[ \t]*{ATTRIBUTE}{MODIFIER}{KIND}{NAME}")
PROTOCOL = re.compile(r"^[ \t]*(?:@\w+[ \t]+)*(?P<access>(?:package|public|private|fileprivate)[ \t]+)?protocol[ \t]+\w+")


def check(tree):
    sources = [source for source in tree.sources if source.room not in BESIDE]
    requirements = {source: list(required(source)) for source in sources}
    fulfilled = KNOWN | {match["name"] for found in requirements.values() for _, match, _ in found}
    for source in sources:
        inside = {index: match for index, match, shared in requirements[source] if shared}
        for index, line in enumerate(source.code_lines):
            match = inside.get(index) or DECLARATION.match(line)
            if not match or is_documented(source, index) or is_stored(match):
                continue
            if index in inside or match["name"] not in fulfilled:
                yield Problem(source.path, index + 1, f"'{match['kind']} {match['name'] or ''}' has no documentation: say above "
                                                      "it, in a sentence, what its caller may rely on")


def required(source):
    """The requirements of protocols in a file: their lines, and whether other rooms see them."""
    depth, shared, within = 0, False, None
    for index, line in enumerate(source.code_lines):
        if within is None and (match := PROTOCOL.match(line)):
            within, shared = depth, bool(match["access"]) and match["access"].strip() in ("package", "public")
        elif within is not None and depth == within + 1 and (match := REQUIREMENT.match(line)):
            yield index, match, shared
        depth += line.count("{") - line.count("}")
        if within is not None and depth == within:
            within = None


def is_documented(source, index):
    """Whether the lines above, attributes left out, are a comment of documentation."""
    above, single = index - 1, is_single(source.code_lines[index])
    while above >= 0 and (re.match(r"\s*(@|#if|#endif|// )", source.lines[above])
                          or single and is_single(source.code_lines[above])):
        above -= 1
    return above >= 0 and source.lines[above].lstrip().startswith(("///", "*/"))


def is_single(line):
    return bool(DECLARATION.match(line) or REQUIREMENT.match(line)) and line.count("{") == line.count("}")


def is_stored(match):
    return match["kind"] == "var" and (not re.search(r"\{", match["rest"]) or bool(re.search(r"=.*\{", match["rest"])))


EXAMPLES = [
    ({"Sources/Store/A.swift": "package struct A {\n    package let b: Int\n    package func c() {}\n    func d() {}\n}\n"},
     ["Sources/Store/A.swift:1: 'struct A' has no documentation", "Sources/Store/A.swift:3: 'func c' has no"]),
    ({"Sources/Store/A.swift": "/// One.\n@frozen\npackage enum A: CustomStringConvertible {\n    case a\n"
                               "    package var description: String { \"\" }\n    package init() {}\n"
                               "    package var count: Int { 1 }\n    package var size = [1].map { $0 }\n}\n"},
     ["Sources/Store/A.swift:7: 'var count' has no"]),
    ({"Sources/Store/A.swift": "/// One.\npackage protocol A {\n    func a()\n    /// Says.\n    var b: Int { get }\n}\n",
      "Sources/Store/B.swift": "/// Two.\npackage struct B: A {\n    package func a() {}\n    package var b: Int { 1 }\n}\n"},
     ["Sources/Store/A.swift:3: 'func a' has no"]),
    ({"Sources/Store/A.swift": "/// Kinds.\npackage enum A {}\npackage enum B {}\n\npackage enum C {}\n"},
     ["Sources/Store/A.swift:5: 'enum C' has no"]),
    ({"Sources/TestSupport/A.swift": "package struct A {}\n", "Tests/StoreTests/B.swift": "public struct B {}\n"}, []),
]
