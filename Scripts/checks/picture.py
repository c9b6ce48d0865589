"""The picture of the targets in Documentation/architecture.md is made from Package.swift, and up to date."""
import json

import package
from tree import Problem

PAGE = "Documentation/architecture.md"
BEGIN, END = "<!-- Made by Scripts/architecture from Package.swift. -->\n", "<!-- End of what Scripts/architecture makes. -->\n"


def check(tree):
    page = tree.files.get(PAGE, "")
    if BEGIN not in page or END not in page:
        yield Problem(PAGE, 1, f"there is no place for the picture of the targets: write '{BEGIN.strip()}' and '{END.strip()}'")
    elif drawn(tree) != page:
        line = page[:page.index(BEGIN)].count("\n") + 1
        yield Problem(PAGE, line, "the picture is not of this Package.swift: run Scripts/architecture")


def drawn(tree):
    """The page with the picture as it has to be."""
    page = tree.files[PAGE]
    before, after = page[:page.index(BEGIN)], page[page.index(END):]
    return f"{before}{BEGIN}\n{picture(package.targets(tree))}\n{after}"


def picture(targets):
    """A Mermaid flowchart of the product's targets by layer. A dependency that another one brings along is left out."""
    lines = ["```mermaid", "flowchart TB"]
    for number, (name, layer) in enumerate(package.LAYERS.items()):
        if any(target in targets for target in layer):
            lines.append(f"    subgraph layer{number}[\"{name}\"]")
            lines += [f"        {target}" for target in layer if target in targets]
            lines.append("    end")
    below = {name: {one for one in target.dependencies if one in package.LAYER} for name, target in targets.items()}

    def reached(name):
        return below.get(name, set()).union(*(reached(one) for one in below.get(name, ())))

    for name in (name for name in package.LAYER if name in targets):
        brought = set().union(*(reached(one) for one in below[name]))
        direct = sorted(below[name] - brought, key=list(package.LAYER).index)
        if direct:
            lines.append(f"    {name} --> {' & '.join(direct)}")
    return "\n".join([*lines, "```"]) + "\n"


def example(targets, *drawing):
    return {"package.json": json.dumps(targets), PAGE: "\n".join(["# A", BEGIN, *drawing, "", END, "B"])}


DRAWING = ["```mermaid", "flowchart TB", '    subgraph layer1["composition root"]', "        Commands", "    end",
           '    subgraph layer4["effects"]', "        Store", "    end", '    subgraph layer6["values"]', "        Domain", "    end",
           "    Commands --> Store", "    Store --> Domain", "```"]
EXAMPLES = [
    (example({"Domain": [], "Store": ["Domain", "Crypto"], "Commands": ["Store", "Domain"]}, *DRAWING), []),
    (example({"Domain": [], "Store": ["Crypto"], "Commands": ["Store", "Domain"]}, *DRAWING),
     ["Documentation/architecture.md:2: the picture is not of this Package.swift"]),
    ({PAGE: "# A\n"}, ["Documentation/architecture.md:1: there is no place for the picture"]),
]
