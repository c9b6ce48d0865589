"""The commands and options that pages tell people to type exist: in blocks of shell and console, and in code within a line
that begins with `stoker`. Needs the built program's own list, so Scripts/check-documentation runs it after the build."""
import re, shlex

from tree import Problem

FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.M | re.S)
INLINE = re.compile(r"`(stoker [^`]+)`")
SHELLS = {"sh", "bash", "console", "shell"}
# What precedes a command on its line.
BEFORE = re.compile(r"(?:\$\(|&&|\|\||(?<= )\|(?= )|;|\bif\b|\bthen\b|\bwhile\b|\bdo\b|(?:^|(?<=\s))!(?=\s))")
# The changelog tells of what was, too.
LEFT_OUT = ("CHANGELOG.md",)


class Commands:
    """The program's commands, from what '--experimental-dump-help' prints."""

    def __init__(self, root):
        self.root = root

    def problem(self, words):
        """What is wrong with the words after `stoker`; None: nothing."""
        command, path = self.root, ["stoker"]
        flags = self.flags(command)
        for word in words:
            if word.startswith("-"):
                flag = word.split("=")[0]
                if flag not in flags and not re.fullmatch(r"-+|-\d.*", flag):
                    return f"'{' '.join(path)}' has no option {flag}"
                continue
            children = {one["commandName"]: one for one in command.get("subcommands", [])}
            if not children or not re.fullmatch(r"[a-z][a-z-]*", word):
                continue
            if word not in children:
                return f"there is no command '{' '.join(path)} {word}'"
            command = children[word]
            path.append(word)
            flags = self.flags(command)
        return None

    @staticmethod
    def flags(command):
        return {"--help", "-h", "--version"} | {("-" if name["kind"] == "short" else "--") + name["name"]
                                                for one in command.get("arguments", []) for name in one.get("names", [])}


def lines(text):
    """The command lines of a page: number, text."""
    for match in FENCE.finditer(text):
        if match[2] not in SHELLS:
            continue
        first = text.count("\n", 0, match.start(3)) + 1
        code = re.sub(r"\\\n", "  ", match[3])
        for offset, line in enumerate(code.splitlines()):
            line = line.strip()
            if match[2] == "console":
                if not line.startswith("$ "):
                    continue
                line = line[2:]
            yield first + offset, line
    plain = FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    for match in INLINE.finditer(plain):
        yield plain.count("\n", 0, match.start()) + 1, match[1]


def stokers(line):
    """What follows `stoker` in each command of a line, as words; `a|b` stands for either."""
    for part in BEFORE.split(line):
        try:
            words = shlex.split(part.replace("\n", " ").strip(), comments=True)
        except ValueError:
            words = part.split()
        while words and re.match(r"\w+=|export$|time$|sudo$", words[0]):
            words.pop(0)
        if not words or words[0] != "stoker":
            continue
        # A redirection, a bracket around what may be left out, and a closing parenthesis are no words.
        words = [re.sub(r"^[\[(]+|[\])]+$", "", word) for word in words[1:] if not re.match(r"[0-9&]*[<>]", word)]
        choices = [word.split("|") if re.fullmatch(r"[a-z|-]+", word) else [word] for word in words if word not in ("", "...")]
        count = max((len(choice) for choice in choices), default=1)
        for number in range(count):
            yield [choice[min(number, len(choice) - 1)] for choice in choices]


def check(tree, commands):
    for path, text in tree.files.items():
        if not path.endswith(".md") or path in LEFT_OUT:
            continue
        for number, line in lines(text):
            for words in stokers(line):
                problem = commands.problem(words)
                if problem:
                    yield Problem(path, number, f"{problem}: name what there is")


# A program with few commands, for the examples.
FEW = Commands({"arguments": [], "subcommands": [
    {"commandName": "status", "arguments": [{"names": [{"kind": "long", "name": "watch"}, {"kind": "short", "name": "w"}]}]},
    {"commandName": "jobs", "subcommands": [{"commandName": "list"}, {"commandName": "logs"}]}]})
EXAMPLES = [
    ({"a.md": "`stoker status --watch` and `stoker jobs list|logs ID`, `stoker jobs`, `stoker COMMAND --help`\n"
              "```sh\nA=b stoker status -w | less   # stoker gone\nexport A=$(stoker jobs logs x)\n```\n```python\nstoker gone\n```\n",
      "CHANGELOG.md": "`stoker gone`\n"}, []),
    ({"a.md": "`stoker statsu`, `stoker jobs list|gone`\n```console\n$ stoker status --wach\nstoker gone\n```\n"
              "```sh\nif ! stoker jobs dance; then stoker \\\n  gone; fi\n```\n"},
     ["a.md:1: there is no command 'stoker statsu'", "a.md:1: there is no command 'stoker jobs gone'",
      "a.md:3: 'stoker status' has no option --wach", "a.md:7: there is no command 'stoker jobs dance'",
      "a.md:7: there is no command 'stoker gone'"]),
]
