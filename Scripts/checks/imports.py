"""Imports go one way: Package.swift declares what a target may import, the layers (package.py) what it may declare."""
import json, re

import package
from tree import Problem

# Who alone may depend on these; and what a pure room depends on at most.
ONLY = {
    "CLibPQ": ({"PostgresClient"}, "only PostgresClient knows libpq"),
    "CLibCurl": ({"CurlClient"}, "only CurlClient knows libcurl"),
    "CZlib": ({"Provisioning"}, "only Provisioning knows zlib"),
    "Hummingbird": ({"Server"}, "only Server serves HTTP"),
    "HummingbirdCore": ({"Server"}, "only Server serves HTTP"),
    "Subprocess": ({"LocalPostgres"}, "only LocalPostgres runs programs with it; Provisioning starts processes under its guard"),
    "Yams": ({"Templates", "Commands"}, "only Templates and Commands read YAML"),
}
PURE = {"Prebuilds": {"Domain", "Time", "Patterns", "Basics"}}
# Parts of the toolchain, and modules that come with a product of another name.
TOOLCHAIN = {"Dispatch", "FoundationEssentials", "Glibc", "Synchronization", "Testing"}
WITHIN = {"CYaml": "Yams"}

IMPORT = re.compile(r"^[ \t]*(?:(?:package|public|private|internal|@\w+)[ \t]+)*import[ \t]+"
                    r"(?:(?:struct|class|enum|protocol|func|var|let|typealias)[ \t]+)?(\w+)", re.M)


def check(tree):
    targets = package.targets(tree)
    yield from declared(targets)
    yield from idle(targets)
    imported = {name: set() for name in targets}
    for source in tree.swift.values():
        target = targets.get(source.room)
        if not target:
            yield Problem(source.path, 1, f"Package.swift has no target {source.room}: add it, or move the file")
            continue
        for match in IMPORT.finditer(source.code):
            name, line = match.group(1), source.line_of(match.start(1))
            imported[target.name].add(WITHIN.get(name, name))
            if name == "Foundation" and not target.is_tests:
                yield Problem(source.path, line, "Foundation breaks time zones in a static build: import FoundationEssentials")
            elif name not in TOOLCHAIN and WITHIN.get(name, name) not in target.dependencies:
                yield Problem(source.path, line, f"{target.name} does not declare {name}: declare it in Package.swift if the "
                                                 "layers allow it, else move what needs it")
    for target in targets.values():
        if not any(path.startswith(target.folder) for path in tree.swift):
            continue  # C: module maps and shims.
        for name in target.dependencies:
            # Tests name the executable so that it is built; nobody can import one.
            if name not in imported[target.name] and name != "Stoker":
                yield Problem("Package.swift", 1, f"no file of {target.name} imports {name}: take the dependency away")


def declared(targets):
    """What Package.swift itself gets wrong."""
    for target in targets.values():
        if target.is_tests or target.name in package.BESIDE:
            continue
        if target.name not in package.LAYER:
            yield Problem("Package.swift", 1, f"{target.name} is in no layer: give it one in Scripts/checks/package.py")
            continue
        for name in target.dependencies:
            if name in package.BESIDE:
                yield Problem("Package.swift", 1, f"{target.name} depends on {name}, which is for tests alone")
            elif package.LAYER.get(name, 100) <= package.LAYER[target.name] and (target.name, name) not in package.SIDEWAYS:
                yield Problem("Package.swift", 1, f"{target.name} depends on {name}, which is not in a layer below it: move "
                                                  "what it needs down")
            allowed, why = ONLY.get(name, ({target.name}, ""))
            if target.name not in allowed:
                yield Problem("Package.swift", 1, f"{target.name} depends on {name}: {why}")
            if name not in PURE.get(target.name, {name}):
                yield Problem("Package.swift", 1, f"{target.name} depends on {name}: it is pure, and knows "
                                                  f"{', '.join(sorted(PURE[target.name]))} alone")


def idle(targets):
    """Exceptions that nothing needs any more."""
    exceptions = [(target, name, "package.SIDEWAYS") for target, name in package.SIDEWAYS]
    exceptions += [(target, name, "imports.ONLY") for name, (allowed, _) in ONLY.items() for target in allowed]
    for target, name, table in sorted(exceptions):
        if target in targets and name not in targets[target].dependencies:
            yield Problem("Package.swift", 1, f"{target} does not depend on {name}: take it out of {table}")


def example(targets, **files):
    return {"package.json": json.dumps(targets)} | {f"{path.replace('__', '/')}.swift": text for path, text in files.items()}


EXAMPLES = [
    (example({"Store": ["Domain"], "Domain": []}, Sources__Store__A="package import Domain\nimport Glibc\n",
             Sources__Domain__B="// import Store\nlet text = \"import Store\"\n"), []),
    (example({"Store": ["Worker"], "Worker": []}, Sources__Store__A="import Worker\n"),
     ["Package.swift:1: Store depends on Worker, which is not in a layer below it"]),
    (example({"Store": [], "Domain": []}, Sources__Store__A="import Glibc\n\n@preconcurrency import struct Domain.ID\n"),
     ["Sources/Store/A.swift:3: Store does not declare Domain"]),
    (example({"Store": ["Domain"], "Domain": []}, Sources__Store__A="", Sources__Domain__A=""),
     ["Package.swift:1: no file of Store imports Domain"]),
    (example({"Worker": ["CLibPQ"], "CLibPQ": []}, Sources__Worker__A="import CLibPQ\n"),
     ["Package.swift:1: Worker depends on CLibPQ: only PostgresClient knows libpq"]),
    (example({"Prebuilds": ["Logging"]}, Sources__Prebuilds__A="import Logging\n"),
     ["Package.swift:1: Prebuilds depends on Logging: it is pure"]),
    (example({"Store": ["TestSupport"], "TestSupport": []}, Sources__Store__A="import TestSupport\n"),
     ["Package.swift:1: Store depends on TestSupport, which is for tests alone"]),
    (example({"Templates": []}, Sources__Templates__A=""),
     ["Package.swift:1: Templates does not depend on Prebuilds", "Package.swift:1: Templates does not depend on Yams"]),
    (example({"Cellar": []}, Sources__Cellar__A="import Foundation\n", Sources__Attic__A=""),
     ["Package.swift:1: Cellar is in no layer", "Sources/Cellar/A.swift:1: Foundation breaks time zones",
      "Sources/Attic/A.swift:1: Package.swift has no target Attic"]),
]
