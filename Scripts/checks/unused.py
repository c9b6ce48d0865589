"""Declarations of Sources that nothing uses, or that only tests use: a rule that is tested has to be the rule that runs.

Asked of the compiler's index, so that overloads and members of one name are told apart. A property is used where it is read.
Not asked of what fulfils a requirement of a protocol from outside, of cases that are made of raw values, and of what an
encoder reads."""
import subprocess, tempfile
from collections import defaultdict
from pathlib import Path

from index import (ACCESSOR, BASE, CALLED, CHILD, CONTAINED, DEFINITION, EXTENDED, IMPLICIT, OVERRIDE, READ, REFERENCE, WRITE,
                   Index)
from tree import Problem

# Room and name of what may stay, and why.
ALLOWED = {
    ("CurlClient", "HTTPClient.Response.isTruncated"): "says whether the body is all that the server sent",
    ("LocalPostgres", "LocalCluster.pid"): "tests kill and freeze the server",
    ("LocalPostgres", "LocalCluster.processes"): "tests freeze the server, and count what a killed one leaves",
    ("PostgresClient", "PostgresError.table"): "belongs to the server's report, as constraint and column do",
    ("PostgresClient", "PostgresExecutor.executeBatch(_:)"): "says once what a batch is, for three types",
    ("PostgresClient", "PostgresNotifier.failure"): "tests wait for it; the product has a metric",
    ("PostgresClient", "QueryResult.affectedRows"): "belongs to the answer to each statement",
    ("PostgresClient", "ResultStorage.affectedRows"): "belongs to the answer to each statement",
    ("Server", "RateLimiter.size"): "tests see that full buckets are forgotten",
    ("Server", "ReinitHub.count"): "tests wait for agents to wait",
    ("Server", "ServerError.code"): "tells errors apart without their words",
    ("Telemetry", "MetricsRegistry.rejections"): "tests see that the catalogue has all that is recorded",
    ("Templates", "ArchiveRefusal.reason"): "tells refusals apart without their words",
    ("Worker", "DeliveryLanes.inLine(_:)"): "tests wait for deliveries to wait",
}

RAW = {"String", "Int", "UInt8", "Int32", "UInt32", "Character", "CaseIterable", "RawRepresentable", "Decodable", "Codable"}
ENCODED = {"Encodable", "Codable"}


class Graph:
    """Who is defined where, belongs to whom, and is referred to by whom."""

    def __init__(self, occurrences):
        self.definitions, self.parents, self.accessors, self.extended = {}, {}, {}, {}
        self.fulfils, self.bases, self.names = defaultdict(set), defaultdict(set), {}
        self.references = defaultdict(list)
        for occurrence in occurrences:
            self.names[occurrence.symbol.usr] = occurrence.symbol.name
            # Where a type says that it conforms, even if what fulfils the requirement is in another file.
            self.fulfils[occurrence.symbol.usr].update(one.usr for one, roles in occurrence.relations if roles & OVERRIDE)
            if occurrence.roles & DEFINITION:
                self._define(occurrence)
            if occurrence.roles & REFERENCE:
                self._refer(occurrence)
        for extension, of in self.extended.items():
            self.bases[of] |= self.bases[extension]
        self.programs = {self.parent(usr) for usr, one in self.definitions.items() if one.symbol.name == "main()"}

    def _define(self, occurrence):
        usr = occurrence.symbol.usr
        if usr not in self.definitions or self.definitions[usr].roles & IMPLICIT:
            self.definitions[usr] = occurrence
        for symbol, roles in occurrence.relations:
            if roles & CHILD:
                self.parents[usr] = symbol.usr
            if roles & ACCESSOR:
                self.accessors[usr] = symbol.usr

    def _refer(self, occurrence):
        usr, user, extends = occurrence.symbol.usr, None, False
        for symbol, roles in occurrence.relations:
            self.names.setdefault(symbol.usr, symbol.name)
            if roles & (CALLED | CONTAINED):
                user = symbol.usr
            if roles & BASE:
                self.bases[symbol.usr].add(usr)
            if roles & EXTENDED:
                self.extended[symbol.usr] = usr
                extends = True
        if not extends:
            self.references[usr].append((occurrence.path, occurrence.roles, user))

    def parent(self, usr):
        parent = self.parents.get(self.accessors.get(usr, usr))
        return self.extended.get(parent, parent)

    def around(self, usr):
        """The declaration itself, and those that it is inside of."""
        usr, found = self.accessors.get(usr, usr), []
        while usr and usr not in found:
            found.append(usr)
            usr = self.parent(usr)
        return found

    def bases_of(self, usr, found=None):
        """The names of all that a type conforms to, as far as the sources say so."""
        found = set() if found is None else found
        for base in self.bases.get(usr, ()):
            if base not in found:
                found.add(base)
                self.bases_of(base, found)
        return {self.names[base] for base in found}

    def full_name(self, usr):
        parent = self.parent(usr)
        own = self.definitions[usr].symbol.name
        return f"{self.full_name(parent)}.{own}" if parent in self.definitions else own


def is_product(path):
    return path.startswith("Sources/") and not path.startswith("Sources/TestSupport/")


def judged(graph):
    """The declarations that must be of use."""
    for usr, one in graph.definitions.items():
        if not is_product(one.path) or not one.symbol.kind or one.roles & IMPLICIT or usr in graph.accessors:
            continue
        if usr in graph.programs or one.symbol.name in ("main()", "CodingKeys"):
            continue
        if any(requirement not in graph.definitions for requirement in graph.fulfils.get(usr, ())):
            continue
        parent = graph.parent(usr)
        bases = graph.bases_of(parent) if parent else set()
        if one.symbol.kind == "case" and bases & (RAW | {"CodingKey"}) or one.symbol.kind == "var" and bases & ENCODED:
            continue
        yield usr


def unused(graph, tests):
    """Of those, what nothing uses that is itself of use; `tests`: whether to be used by a test counts."""
    unproven = set(judged(graph))

    def users(usr):
        is_value = graph.definitions[usr].symbol.kind.endswith("var")
        for path, roles, user in graph.references.get(usr, ()):
            written = is_value and roles & WRITE and not roles & READ
            if (tests or is_product(path)) and not written and (not user or usr not in graph.around(user)):
                yield user
        for requirement in graph.fulfils.get(usr, ()):
            yield from (user for path, _, user in graph.references.get(requirement, ()) if tests or is_product(path))

    waiting = {usr: [set(graph.around(user)) & unproven if user else set() for user in users(usr)] for usr in unproven}
    while True:
        proven = {usr for usr in unproven if any(around.isdisjoint(unproven) for around in waiting[usr])}
        if not proven:
            return unproven
        unproven -= proven


def check(graph, allowed):
    nowhere, untested = unused(graph, tests=True), unused(graph, tests=False)
    needless = set(allowed)
    for usr in sorted(untested, key=lambda usr: (graph.definitions[usr].path, graph.definitions[usr].line)):
        one, inside = graph.definitions[usr], graph.parent(usr)
        key = (one.path.split("/")[1], graph.full_name(usr))
        needless.discard(key)
        if key in allowed or inside in untested:
            continue
        what = f"'{one.symbol.kind} {graph.full_name(usr)}'"
        yield Problem(one.path, one.line, f"{what} is used nowhere: delete it" if usr in nowhere else
                      f"only tests use {what}: let the product use it, or delete it and test what the product uses")
    for room, name in sorted(needless):
        yield Problem("Scripts/checks/unused.py", 1, f"{room}, '{name}' is of use or gone: take it out of ALLOWED")


def built(root, store):
    """What is wrong in a tree that was built."""
    index = Index(store, root)
    seen = {path for path, _ in index.records}
    missing = [path for part in ("Sources", "Tests") for file in sorted((root / part).rglob("*.swift"))
               if (path := str(file.relative_to(root))) not in seen]
    if missing:
        return [Problem(missing[0], 1, f"was not built, and {len(missing) - 1} more: swift build --build-tests")]
    return list(check(Graph(index.occurrences()), ALLOWED))


SOURCES = {
    "Sources/Stoker/Program.swift": """
        @main struct Program { static func main() { print(judge.holds(), Kind(rawValue: "a")!, Used.one) } }
        let judge: any Judge = Rule(limit: 1)
        protocol Judge { func holds() -> Bool; func spare() -> Bool }
        extension Rule: Judge {}
        struct Rule: CustomStringConvertible {
            let limit: Int
            let written: Int
            init(limit: Int) { self.limit = limit; written = 2 }
            func holds() -> Bool { limit > 0 && Rule.equal(limit) }
            func spare() -> Bool { true }
            var description: String { "" }
            var halves: Int { limit / 2 }
            static func equal(_ other: Int) -> Bool { other == 1 }
            static func equal(_ other: String) -> Bool { other == loop(other) }
            static func loop(_ other: String) -> String { equal(other) ? other : "" }
        }
        enum Kind: String { case a, b }
        enum Used { case one, two }
        struct Report: Encodable { let seen = 1 }
        struct Allowed { func inside() {} }
        """,
    "Tests/ATests/Tests.swift": "func test() { _ = Rule(limit: 1).halves; print(Report()) }\n",
}
EXPECTED = [
    "Sources/Stoker/Program.swift:4: 'func Judge.spare()' is used nowhere",
    "Sources/Stoker/Program.swift:8: 'var Rule.written' is used nowhere",
    "Sources/Stoker/Program.swift:11: 'func Rule.spare()' is used nowhere",
    "Sources/Stoker/Program.swift:13: only tests use 'var Rule.halves'",
    "Sources/Stoker/Program.swift:15: 'static func Rule.equal(_:)' is used nowhere",
    "Sources/Stoker/Program.swift:16: 'static func Rule.loop(_:)' is used nowhere",
    "Sources/Stoker/Program.swift:19: 'case Used.two' is used nowhere",
    "Sources/Stoker/Program.swift:20: only tests use 'struct Report'",
    "Scripts/checks/unused.py:1: Stoker, 'Gone' is of use or gone",
]


def self_test():
    """What goes wrong with a little program that has a declaration of each sort."""
    with tempfile.TemporaryDirectory() as area:
        area = Path(area).resolve()
        for path, text in SOURCES.items():
            (area / path).parent.mkdir(parents=True)
            (area / path).write_text(text)
        subprocess.run(["swiftc", "-parse-as-library", "-module-name", "Stoker", "-c", "-index-store-path",
                        str(area / "index"), *SOURCES], cwd=area, check=True)
        index = Index(area / "index", area)
        found = [str(one) for one in check(Graph(index.occurrences()), {("Stoker", "Allowed"): "", ("Stoker", "Gone"): ""})]
    if len(found) != len(EXPECTED) or not all(one.startswith(start) for one, start in zip(found, EXPECTED)):
        return ["the self-test expects", *EXPECTED, "and found", *found]
    return []
