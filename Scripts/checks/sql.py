"""SQL is in Store: a statement elsewhere escapes the rules of that room, and whoever looks there for what the tables do."""
import re

from tree import Problem

# Rooms with statements of their own. `Store` is the one of the product.
ROOMS = {
    "Store": "the product's",
    "Bench": "what it measures, and nothing else runs",
    "PostgresClient": "transactions, LISTEN and NOTIFY, which know no table",
    "TestSupport": "tests'",
}
FILES = {
    "Sources/LocalPostgres/ClusterServer+Password.swift": "the superuser's password, before any client may connect",
}

# In capitals a keyword is SQL wherever it stands; otherwise a statement has to begin a line, and to look like one.
CAPITALS = re.compile(
    r"\b(SELECT\b|INSERT INTO\b|UPDATE \S+ SET\b|DELETE FROM\b|(CREATE|ALTER|DROP) [A-Z]+\b|TRUNCATE\b|WITH \w+ AS\b|SET LOCAL\b"
    r"|(LISTEN|NOTIFY) [\w\0]|WHERE\b|RETURNING\b|ORDER BY\b|GROUP BY\b|FOR UPDATE\b|JOIN\b|BEGIN;|COMMIT\b|ROLLBACK\b"
    r"|GRANT \w+ ON [A-Z]|REVOKE \w+ ON [A-Z]|VACUUM\b)")
NOUN = r"(table|index|role|user|database|schema|view|function|extension|type|sequence|trigger)\b"
STATEMENT = re.compile(
    r"^\s*(select\s+[^.;:]*?\bfrom\s+[a-z_\0]|select\s+\w+\(|insert\s+into\s+\w|update\s+\S+\s+set\s+\w+\s*=|delete\s+from\s+(?!the\b|an?\b)\w"
    rf"|(create|alter|drop)\s+(or\s+replace\s+|unique\s+|unlogged\s+)?{NOUN}\s+\w+\s*(\(|$|;|\w+;)|truncate\s+\w+\s*;?$"
    r"|with\s+\w+\s+as\s+(not\s+)?(materialized\s+)?\(|set\s+(local|session)\s|lock\s+table\s)", re.M)


def check(tree):
    for source in tree.sources:
        if source.room in ROOMS or source.path in FILES:
            continue
        for literal in source.literals:
            found = CAPITALS.search(literal.text) or STATEMENT.search(literal.text)
            if found:
                line = literal.line + literal.text.count("\n", 0, found.start(1))
                words = " ".join(found.group(1).replace("\0", "…").split())
                yield Problem(source.path, line, f"SQL ('{words[:40]}') belongs into a method of Store")


def example(room, text):
    return {f"Sources/{room}/A.swift": text}


EXAMPLES = [
    (example("Worker", 'let a = "SELECT 1"'), ["Sources/Worker/A.swift:1: SQL ('SELECT') belongs"]),
    (example("Worker", 'let a = """\n    with old as (\n        delete from jobs)\n    """'),
     ["Sources/Worker/A.swift:2: SQL ('with old as (')"]),
    (example("Worker", 'let a = #"""\n    one\n    select id,\n        name from jobs\n    """#'),
     ["Sources/Worker/A.swift:3: SQL ('select id, name from j')"]),
    (example("Worker", 'let a = "update \\(table) set id = 1"'), ["Sources/Worker/A.swift:1: SQL ('update … set id =')"]),
    (example("Server", 'let a = base + " AND id = 4 ORDER BY id"'), ["Sources/Server/A.swift:1: SQL ('ORDER BY')"]),
    (example("Server", 'let a = "\\(f("drop table jobs;"))"'), ["Sources/Server/A.swift:1: SQL ('drop table jobs;')"]),
    (example("Store", 'let a = "SELECT 1"'), []),
    (example("Worker", '// SELECT 1\nlet a = "Select one from the list."\nlet b = "update the table, set it and go"\n'
                       'let c = "create databases"\nlet d = "delete from the page"\n'), []),
]
