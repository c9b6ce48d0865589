"""One composition root: what a command or a process is made of (sessions, stores, clients, logs, metrics) is made in one place."""
import re

from tree import Problem

ROOT = "Sources/Commands/Composition/"
MAKES = re.compile(r"\b(PostgresPool|PostgresListener|Store|HTTPClient|JobWatch|OperationContext)(?:\.withPool)?\("
                   r"|\b((?:Logging|Metrics|Instrumentation)System)\.bootstrap\b")


def check(tree):
    for source in tree.sources:
        if source.room == "Commands" and not source.path.startswith(ROOT):
            for match in MAKES.finditer(source.code):
                yield Problem(source.path, source.line_of(match.start()),
                              f"{match.group(1) or match.group(2)} is made outside of {ROOT}: ask Composition for it")


EXAMPLES = [
    ({"Sources/Commands/Composition/A.swift": "let a = Store(pool: pool)\n",
      "Sources/Commands/B.swift": "// Store(pool: pool)\nfunc a(_ store: Store) {}\n",
      "Sources/Worker/A.swift": "let a = PostgresListener(b)\n"}, []),
    ({"Sources/Commands/A.swift": "let a = 1\nlet b = try HTTPClient(c)\nLoggingSystem.bootstrap(d)\n"},
     ["Sources/Commands/A.swift:2: HTTPClient is made outside", "Sources/Commands/A.swift:3: LoggingSystem is made outside"]),
]
