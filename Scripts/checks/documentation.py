"""What other rooms use has documentation.

Each `package` or `public` type, function and computed property has a comment that begins with `///`. So has each
requirement of such a protocol. No comment is asked of
- what fulfils a requirement of a protocol of its type, and what extends a protocol: the protocol says what it means;
- stored properties, constants and initialisers: their type says what they are of, and their names and types the rest;
- `CodingKeys`.
Declarations of one line that follow each other share the comment above the first."""
import re
from collections import defaultdict

from tree import Problem

# Requirements of the standard library's protocols, and of libraries.
KNOWN = {
    "==", "<", "hash", "description", "debugDescription", "encode", "next", "makeIterator", "makeAsyncIterator", "startIndex",
    "endIndex", "index", "rawValue", "unownedExecutor", "enqueue", "customMirror", "appendLiteral", "appendInterpolation",
    "run", "validate", "configuration", "CodingKeys", "Element", "RawValue", "AsyncIterator", "StringLiteralType",
    "ArrayLiteralElement", "defaultValueDescription", "handle", "makeCounter", "makeMeter", "makeRecorder", "makeTimer",
    "log", "destroyCounter", "destroyMeter", "destroyRecorder", "destroyTimer", "Context",
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
TYPE = re.compile(r"(?m)^[ \t]*(?:(?:@\w+(?:\([^)\n]*\))?|package|public|private|fileprivate|internal|final|indirect|nonisolated)[ \t]+)*"
                  r"(?:struct|class|enum|actor|extension|protocol)[ \t]+(?P<name>[\w.]+)(?P<rest>[^{]*)\{")
PROTOCOL = re.compile(r"^[ \t]*(?:@\w+[ \t]+)*(?P<access>(?:package|public|private|fileprivate)[ \t]+)?protocol[ \t]+\w+")


def check(tree):
    sources = [source for source in tree.sources if source.room not in BESIDE]
    requirements = {source: list(required(source)) for source in sources}
    types = {source: list(enclosing(source)) for source in sources}
    bases = defaultdict(set)
    for source in sources:
        for name, conformances in declared(source):
            bases[name] |= conformances
    named = defaultdict(set)  # The requirements of each protocol.
    for source, found in requirements.items():
        for index, match, _ in found:
            named[types[source][index]].add(match["name"])
    for source in sources:
        inside = {index: match for index, match, shared in requirements[source] if shared}
        for index, line in enumerate(source.code_lines):
            match = inside.get(index) or DECLARATION.match(line)
            if not match or is_documented(source, index) or is_stored(match):
                continue
            if index in inside or match["name"] not in fulfilled(types[source][index], bases, named):
                yield Problem(source.path, index + 1, f"'{match['kind']} {match['name'] or ''}' has no documentation: say above "
                                                      "it, in a sentence, what its caller may rely on")


def fulfilled(name, bases, named):
    """The names that are requirements of a type: of its protocols, of theirs, and of those from outside."""
    seen, names, open_ = set(), set(), [name]
    while open_:
        one = open_.pop()
        if one in seen:
            continue
        seen.add(one)
        names |= named.get(one, set())
        if one not in bases:
            names |= KNOWN
        open_ += bases.get(one, set())
    return names


def declared(source):
    """The types and extensions of a file, and what each says it conforms to."""
    for match in TYPE.finditer(source.code):
        rest = re.sub(r"<[^<>]*>", "", match["rest"].split(" where ")[0])
        conformances = rest.split(":", 1)[1] if ":" in rest else ""
        yield match["name"].split(".")[-1], {one.strip().split(".")[-1] for one in re.split("[,&]", conformances) if one.strip()}


def enclosing(source):
    """For each line, the type that it is in."""
    depth, open_, headers = 0, [], {}
    for match in TYPE.finditer(source.code):
        headers[source.code.count("\n", 0, match.end())] = match["name"].split(".")[-1]
    for index, line in enumerate(source.code_lines):
        yield open_[-1][0] if open_ else None
        if index in headers:
            open_.append((headers[index], depth))
        depth += line.count("{") - line.count("}")
        while open_ and depth <= open_[-1][1]:
            open_.pop()


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
    ({"Sources/Store/A.swift": "/// Kinds.\npackage enum A {\n    package static func encode() {}\n}\n"},
     ["Sources/Store/A.swift:3: 'func encode' has no"]),
    ({"Sources/TestSupport/A.swift": "package struct A {}\n", "Tests/StoreTests/B.swift": "public struct B {}\n"}, []),
]
