"""What is referred to is there: Markdown's links and their anchors, pages, scripts and files that comments, messages and
scripts name, and the symbols that comments put in double backticks."""
import posixpath, re

from tree import Problem

LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.M | re.S)
PAGE = re.compile(r"(?<![\w/.:*{$-])((?:\.{1,2}/)*[\w./-]*\w\.md)\b(?:#([\w-]+))?")
PATH = re.compile(r"(?<![\w/.:-])((?:Sources|Tests|Documentation|Config|Containers|Scripts|Benchmarks)/[\w./+-]*\w)(?![\w*{<\0])")
# Files of others that Stoker reads.
ELSEWHERE = {"LICENSE.md"}
SYMBOL = re.compile(r"``([\w./:()]+)``")


def check(tree):
    known = Known(tree)
    for path, text in tree.files.items():
        if path in tree.swift:
            yield from in_swift(tree.swift[path], known)
        elif path.endswith(".md"):
            yield from in_markdown(path, text, known)
        elif not path.startswith(("Tests/", "Scripts/checks/")):
            for line, part in enumerate(text.splitlines(), 1):
                yield from named(path, line, part, known)


class Known:
    """What can be referred to."""

    def __init__(self, tree):
        self.files = set(tree.files)
        self.folders = {folder for path in tree.files for folder in parents(path)}
        self.pages = {posixpath.basename(path): path for path in tree.files if path.endswith(".md")}
        self.anchors = {path: anchors(text) for path, text in tree.files.items() if path.endswith(".md")}
        self.words = set()
        for source in tree.swift.values():
            self.words.update(re.findall(r"\w+", source.code))

    def has(self, path):
        return path in self.files or path in self.folders


def parents(path):
    while path := posixpath.dirname(path):
        yield path


def anchors(text):
    """The fragments by which GitHub links the headings of a page."""
    found = {}
    for heading in re.findall(r"^#+ +(.*)$", FENCE.sub("", text), re.M):
        slug = re.sub(r"[^\w\- ]", "", LINK.sub(lambda link: link.group(0)[1:].split("]")[0], heading).strip().lower())
        slug = slug.replace(" ", "-")
        found[slug] = found.get(slug, -1) + 1
    return {name if number == 0 else f"{name}-{number}" for name, count in found.items() for number in range(count + 1)} | \
        set(re.findall(r'<a (?:id|name)="([^"]+)"', text))


def in_markdown(path, text, known):
    for number, line in enumerate(text.splitlines(), 1):
        for target in LINK.findall(line):
            yield from link(path, number, target, known)
        # A link's own target was looked at as what it is.
        yield from named(path, number, LINK.sub("", line), known)


def link(path, line, target, known):
    if re.match(r"[a-z]+:", target):
        return
    file, _, anchor = target.partition("#")
    whole = posixpath.normpath(posixpath.join(posixpath.dirname(path), file)) if file else path
    if not known.has(whole):
        yield Problem(path, line, f"the link leads to {whole}, which is not there: mend it")
    elif anchor and anchor not in known.anchors.get(whole, {anchor}):
        yield Problem(path, line, f"{whole} has no heading '#{anchor}': mend the link")


def in_swift(source, known):
    texts = [(line, text) for line, text in source.comments]
    if source.path.startswith("Sources/"):
        texts += [(literal.line, literal.text) for literal in source.literals]
    for start, text in texts:
        for offset, line in enumerate(text.splitlines()):
            yield from named(source.path, start + offset, line, known)
    for start, text in source.comments:
        for symbol in SYMBOL.findall(text):
            missing = [word for word in re.findall(r"\w+", symbol) if word != "_" and word not in known.words]
            if missing:
                yield Problem(source.path, start, f"``{symbol}``: there is no '{missing[0]}': name what there is")


def named(path, line, text, known):
    for page, anchor in PAGE.findall(text):
        near = posixpath.normpath(posixpath.join(posixpath.dirname(path), page))
        whole = next((one for one in (page, near, known.pages.get(page)) if one and known.has(one)), None)
        if not whole and page not in ELSEWHERE:
            yield Problem(path, line, f"there is no {page}: name a page of Documentation, or say it here")
        elif whole and anchor and anchor not in known.anchors[whole]:
            yield Problem(path, line, f"{whole} has no heading '#{anchor}': mend the reference")
    for file in PATH.findall(text):
        if not file.endswith(".md") and not known.has(file) and not any(other.startswith(file + ".") for other in known.files):
            yield Problem(path, line, f"there is no {file}: name what there is")


EXAMPLES = [
    ({"README.md": "# One\n[a](Documentation/a.md#two-things) [b](https://c.d) `Scripts/up`\n", "Scripts/up": "# see README.md\n",
      "Documentation/a.md": "## Two things\n[up](../README.md#one)\n",
      "Sources/Store/A.swift": "// a.md#two-things says why, ``A/b(_:)``\nstruct A { func b(_ c: Int) {} }\n",
      "Tests/StoreTests/B.swift": 'let file = "templates/notes.md"\n'}, []),
    ({"README.md": "[a](a.md) [b](#three)\n`Scripts/gone --all`\n", "Scripts/up": "# layout.md\n"},
     ["README.md:1: the link leads to a.md", "README.md:1: README.md has no heading '#three'",
      "README.md:2: there is no Scripts/gone", "Scripts/up:1: there is no layout.md"]),
    ({"Sources/Store/A.swift": '/// As ``Gone`` has it.\n// jobs.md, 4.2\nlet a = """\n    one\n    see b.md\n    """\n// c.md#gone\n',
      "Documentation/c.md": "# Here\n"},
     ["Sources/Store/A.swift:1: ``Gone``: there is no 'Gone'", "Sources/Store/A.swift:2: there is no jobs.md",
      "Sources/Store/A.swift:5: there is no b.md", "Sources/Store/A.swift:7: Documentation/c.md has no heading '#gone'"]),
]
