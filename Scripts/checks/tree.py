"""The tree that the checks read: its files, and Swift sources told apart into code, comments and literals."""
import re
from functools import cached_property
from pathlib import Path

# What a checkout holds; the rest (.build, .git) is nobody's source.
PARTS = ("Package.swift", "*.md", ".ci/*", "Config/**/*", "Containers/**/*", "Documentation/**/*", "Scripts/**/*",
         "Sources/**/*", "Tests/**/*")


class Problem:
    """What is wrong where, and what to do about it."""

    def __init__(self, path, line, text):
        self.path, self.line, self.text = path, line, text

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


class Literal:
    """A string literal: its first line, and its text with NUL in place of what is interpolated."""

    def __init__(self, line, text):
        self.line, self.text = line, text


class Source:
    """A Swift file. `code` is its text with comments and the insides of literals blanked, line for line and column for
    column; what is interpolated into a literal is code."""

    START = re.compile(r'//|/\*|(#*)"|[()]')
    NESTED = re.compile(r"/\*|\*/")

    def __init__(self, path, text):
        self.path, self.text = path, text
        self.comments, self.literals, self._code = [], [], []
        end = self._read_code(0, nested=False)
        assert end == len(text), f"{path}: {end} of {len(text)}"
        self.code = "".join(self._code)

    @property
    def room(self):
        """The target that the file belongs to: Sources/Store/Jobs/A.swift is of Store."""
        return self.path.split("/")[1]

    @cached_property
    def lines(self):
        return self.text.splitlines()

    @cached_property
    def code_lines(self):
        return self.code.splitlines()

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def _blank(self, start, end):
        self._code.append(re.sub(r"[^\n]", " ", self.text[start:end]))

    def _read_code(self, at, nested):
        """Reads on from `at`: to the end, or, inside of an interpolation, past the parenthesis that closes it."""
        depth = 0
        while match := self.START.search(self.text, at):
            start, token = match.start(), match.group()
            self._code.append(self.text[at:start])
            if token in "()":
                self._code.append(token)
                at = match.end()
                depth += 1 if token == "(" else -1
                if nested and depth < 0:
                    return at
            elif token == "//":
                at = self.text.find("\n", start)
                at = len(self.text) if at < 0 else at
                self.comments.append((self.line_of(start), self.text[start:at]))
                self._blank(start, at)
            elif token == "/*":
                at, level = match.end(), 1
                while level and (inner := self.NESTED.search(self.text, at)):
                    at, level = inner.end(), level + (1 if inner.group() == "/*" else -1)
                self.comments.append((self.line_of(start), self.text[start:at]))
                self._blank(start, at)
            else:
                at = self._read_literal(start, len(match.group(1)))
        self._code.append(self.text[at:])
        return len(self.text)

    def _read_literal(self, start, hashes):
        quotes = '"""' if self.text.startswith('"""', start + hashes) else '"'
        opening = hashes + len(quotes)
        marks = re.compile(r"\\" + "#" * hashes + r"(\(|.)|" + quotes + "#" * hashes, re.S)
        parts, at = [], start + opening
        self._code.append(self.text[start:at])
        while match := marks.search(self.text, at):
            parts.append(self.text[at:match.start()])
            self._blank(at, match.start())
            if match.group(1) == "(":
                parts.append("\0")
                self._code.append(" " * (match.end() - match.start() - 1) + "(")
                at = self._read_code(match.end(), nested=True)
            elif match.group(1):
                parts.append(match.group())
                self._blank(match.start(), match.end())
                at = match.end()
            else:
                self._code.append(match.group())
                at = match.end()
                break
        self.literals.append(Literal(self.line_of(start), "".join(parts)))
        return at


class Tree:
    """Files by path, as text. `Tree.at(folder)` reads a checkout; an example of a check is a dictionary."""

    def __init__(self, files, root=None):
        self.files, self.root = files, root

    @classmethod
    def at(cls, root):
        files = {}
        for part in PARTS:
            for file in sorted(Path(root).glob(part)):
                path = str(file.relative_to(root))
                if file.is_file() and "__pycache__" not in path:
                    try:
                        files[path] = file.read_text(encoding="utf-8")
                    except UnicodeDecodeError:
                        files[path] = ""  # Not text: it is there, and that is all.
        return cls(files, Path(root))

    @cached_property
    def swift(self):
        return {path: Source(path, text) for path, text in self.files.items()
                if path.endswith(".swift") and path.startswith(("Sources/", "Tests/"))}

    @property
    def sources(self):
        return [source for path, source in self.swift.items() if path.startswith("Sources/")]

    @property
    def tests(self):
        return [source for path, source in self.swift.items() if path.startswith("Tests/")]
