"""The single-token mutations of a C++ source: in its code, not in comments, literals, assertions or messages."""

import re
from typing import NamedTuple


class Mutant(NamedTuple):
    path: str
    start: int
    end: int
    new: str
    line: int
    before: str
    after: str

    def key(self):
        """What it is, wherever its line stands."""
        return f"{self.path}\t{self.before}\t{self.after}"


BINARY = {"+": ["-"], "-": ["+"], "*": ["/"], "/": ["*"], "+=": ["-="], "-=": ["+="], "*=": ["/="], "/=": ["*="],
          "<": ["<=", ">"], "<=": ["<", ">="], ">": [">=", "<"], ">=": [">", "<="], "==": ["!="], "!=": ["=="],
          "&&": ["||"], "||": ["&&"], "|": ["&"], "&": ["|"]}
NAMES = [("min", "max"), ("minimum", "maximum"), ("amin", "amax"), ("sin", "cos"), ("sinh", "cosh"),
         ("floor", "ceil"), ("exp", "expm1"), ("log", "log1p"), ("logical_and", "logical_or"), ("any", "all"),
         ("true", "false"), ("low", "high"), ("a", "b"), ("u", "v"), ("p", "q"), ("g", "h"), ("rows", "columns"),
         ("m", "n"), ("i", "j"), ("first", "last"), ("float32", "float64"), ("sqrt", "rsqrt"), ("mul0", "div0"),
         ("tril", "triu"), ("lower", "upper"), ("isnan", "isinf"), ("before", "after"), ("stride", "padding")]
PARTNER = {a: b for pair in NAMES for a, b in (pair, pair[::-1])}

# What is no code that decides anything: comments, literals, directives, messages and assertions.
SILENT = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])'|^[ \t]*\#[^\n]*|^using [^\n]*|^namespace [^\n]*|
        \b(?:fail|assert|static_assert|throw\ Error)\((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*\)|
        \btemplate\ <[^\n]*>\n""",
    re.S | re.M | re.X)
BINARY_TOKEN = re.compile(r"(?<= )(?:[-+*/]=?|[<>]=?|[=!]=|&&?|\|\|?)(?=[ \n])")
SIGN = re.compile(r"(?<=[(,=?:\[{ ])-(?=[A-Za-z0-9_(.])")
NOT = re.compile(r"(?<![A-Za-z0-9_])!(?=[A-Za-z(])")
KEEP = re.compile(r"keep::(?:x\(\d\)|y)(?: \| keep::(?:x\(\d\)|y))*")
PLACE = re.compile(r"(?<=\b(?:f|c)\.(?:x|y)\()\d(?=\))|(?<=\bkeep::x\()\d(?=\))|(?<=shape\()\d(?=\))")
NUMBER = re.compile(r"(?<![A-Za-z0-9_.])(?:\d+\.?\d*(?:e[-+]?\d+)?)(?=[^A-Za-z0-9_.']|F\b)")
NAME = re.compile(r"(?<![A-Za-z0-9_])(?<!\.)(?<!::name)[a-z][a-z_0-9]*(?![A-Za-z0-9_])")
DECLARED = re.compile(r"(?:auto|Tensor|double|float|int|bool|char|size_t|int64_t|T|V|Grad|Scalar|Shape)[&*]* $")


def blanked(text):
    """The text with spaces for what is silent, so that places stay what they are."""
    return SILENT.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def number(token):
    """Its neighbours; of a fraction, its double."""
    if re.fullmatch(r"\d+", token):
        n = int(token)
        return [str(n + 1)] + ([str(n - 1)] if n else [])
    return [repr(2 * float(token)) if float(token) else "1.0"]


def changes(code):
    """(start, end, new) of every mutation of blanked code."""
    for m in BINARY_TOKEN.finditer(code):
        for new in BINARY.get(m.group(), []):
            yield m.start(), m.end(), new
    for m in SIGN.finditer(code):
        if not re.search(r"[\w)\]] $", code[: m.start()][-2:]) or re.search(r"\breturn $", code[: m.start()][-8:]):
            yield m.start(), m.end(), ""
    for m in NOT.finditer(code):
        yield m.start(), m.end(), ""
    for m in KEEP.finditer(code):
        kept = m.group().split(" | ")
        yield m.start(), m.end(), " | ".join(kept[1:]) or "keep::nothing"
    places = {m.start() for m in PLACE.finditer(code)}
    for m in NUMBER.finditer(code):
        for new in number(m.group()) if m.start() not in places else ["0" if m.group() != "0" else "1"]:
            yield m.start(), m.end(), new
    for m in NAME.finditer(code):
        if m.group() in PARTNER and not DECLARED.search(code[: m.start()][-24:]):
            yield m.start(), m.end(), PARTNER[m.group()]


BEYOND = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}


def decides_an_error(m, text):
    """Whether it moves the boundary of a condition under which an error is thrown."""
    condition = text.rfind("if (", 0, m.start)
    statement = text[m.end : text.find(";", m.end)]
    return (BEYOND.get(text[m.start : m.end]) == m.new and condition >= 0
            and not re.search(r"[;{]", text[condition : m.start]) and re.search(r"\b(fail|throw Error)\(", statement))


def mutants_of(path, text):
    """All mutants of a source, in the order of their places."""
    found = []
    for start, end, new in sorted(set(changes(blanked(text)))):
        first = text.rfind("\n", 0, start) + 1
        last = text.find("\n", end)
        line = text[first:last]
        after = text[first:start] + new + text[end:last]
        found.append(Mutant(path, start, end, new, text.count("\n", 0, start) + 1, line.strip(), after.strip()))
    return found
