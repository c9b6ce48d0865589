"""The targets of Package.swift and the layers they are in: the one source of which room may know which."""
import json, subprocess
from functools import cache

# From the top. A target depends on lower layers, never on its own or a higher one.
LAYERS = {
    "executable": ("Stoker",),
    "composition root": ("Commands",),
    "services": ("Server", "Worker", "Bench", "LocalPostgres"),
    "what can be asked": ("Operations",),
    "effects": ("Provisioning", "Webhooks", "Store", "Telemetry"),
    "rules and clients": ("Templates", "Prebuilds", "PostgresClient", "CurlClient", "Supervision"),
    "values": ("Domain",),
    "leaves": ("Time", "Patterns", "Basics"),
    "C": ("CLibPQ", "CLibCurl", "CZlib", "CLinux", "CBuildInfo", "CTerminal"),
}
# Dependencies within a layer, each with its reason.
SIDEWAYS = {
    ("Bench", "Worker"): "it measures what a worker runs",
    ("Bench", "Server"): "what it sends to is a server",
    ("Bench", "LocalPostgres"): "its floors are made by a program of Postgres",
    ("Templates", "Prebuilds"): "what a template says of its pools is what the planner reads",
}
# Not a room of the product: it may know any, and no room may know it.
BESIDE = ("TestSupport",)

LAYER = {target: depth for depth, layer in enumerate(LAYERS.values()) for target in layer}


class Target:
    def __init__(self, name, kind, dependencies):
        self.name, self.kind, self.dependencies = name, kind, dependencies

    @property
    def is_tests(self):
        return self.kind == "test"

    @property
    def folder(self):
        return f"{'Tests' if self.is_tests else 'Sources'}/{self.name}/"


@cache
def dumped(root):
    answer = subprocess.run(["swift", "package", "--package-path", str(root), "dump-package"], capture_output=True, text=True)
    if answer.returncode:
        raise SystemExit(f"check: swift package dump-package: {answer.stderr.strip()}")
    return read(json.loads(answer.stdout))


def read(manifest):
    """The targets of a dumped manifest, by name."""
    targets = {}
    for target in manifest["targets"]:
        dependencies = [(of.get("byName") or of.get("target") or of.get("product"))[0] for of in target["dependencies"]]
        targets[target["name"]] = Target(target["name"], target["type"], dependencies)
    return targets


def targets(tree):
    """The targets of a tree: of its Package.swift, or, in an example, of what it has instead."""
    if "package.json" in tree.files:
        return {name: Target(name, "test" if name.endswith("Tests") else "regular", dependencies)
                for name, dependencies in json.loads(tree.files["package.json"]).items()}
    return dumped(tree.root)
