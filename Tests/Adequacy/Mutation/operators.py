"""The mutation operators: small wrong changes of Swift source.

They work on the text. Comments, strings and attributes are blanked out before. A mutant that does not compile is not
counted.
"""

import hashlib
import re
from dataclasses import dataclass

# Pairs of names with the same type. Replacing one by the other uses the wrong key or the wrong field.
CONFUSABLE = [
    ("issuerSignature", "userSignature"), ("verifyIssuer", "verifyUser"), ("userSigned", "bytes"),
    ("generated", "lastSecond"), ("high", "low"), ("posID", "recordID"), ("userID", "cardNumber"),
    ("codeCount", "posParamCount"), ("quotaCent", "window"), ("cardNumber", "cardData"), ("cardType", "cardNumber"),
    ("amountCent", "acceptedAt"), ("first", "second"), ("g1", "g2"), ("q1", "q2"), ("gDigits1", "gDigits2"),
    ("qDigits1", "qDigits2"), ("u1", "u2"), ("k1", "k2"), ("c1", "c2"), ("basisA1", "basisA2"), ("r", "s"),
    ("basisMinusB1", "basisB2"), ("split1", "split2"), ("x", "y"), ("f", "g"), ("d", "e"), ("dSign", "eSign"),
    ("md", "me"), ("cd", "ce"), ("hh", "hhh"), ("beginObject", "beginArray"), ("endObject", "endArray"),
    ("isInitialized", "needsInitialization"), ("keys", "cardTypes"), ("number", "data"), ("uid", "record"),
    ("carry", "borrow"), ("order", "primeMinusOrder"), ("isDuplicate", "isFull"), ("inner", "tag"), ("a", "b"),
    ("c", "d"), ("w15", "w2"), ("s0", "s1"), ("minCount", "maxCount"),
]
NAMES = {}
for one, other in CONFUSABLE:
    NAMES.setdefault(one, other)
    NAMES.setdefault(other, one)

COMPARISONS = {"<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"], "==": ["!="], "!=": ["=="]}
ARITHMETIC = {
    "&+": "&-", "&-": "&+", "+": "-", "-": "+", "&*": "&+", "*": "+", "/": "*", "%": "/", "<<": ">>", ">>": "<<",
    "&<<": "&>>", "&>>": "&<<", "&": "|", "|": "&", "^": "|", "&+=": "&-=", "&-=": "&+=", "+=": "-=", "-=": "+=",
    "|=": "&=", "^=": "|=", "&=": "|=",
}
ERRORS = re.compile(r"\bthrow \.(\w+)")
# The operators that change a decision.
DECISIVE = ("check-dropped", "signature-check-skipped", "and-or", "not-dropped")
SEED = 20170712
NO_STATEMENT = ("let var guard if case for while repeat static public private fileprivate func import typealias struct "
                "enum extension protocol throw do catch switch defer break continue mutating").split()
STATEMENT = re.compile(
    r"(?!(?:" + "|".join(NO_STATEMENT) + r") |else|return|init|default)"
    r"(?:(?:try |_ = |_ = try )?[\w.]+(?:\[[^\]]*\])?[\w.]*(?:\(|$)"
    r"|[\w.\[\]()&+*\-, ]+? (?:=|&\+=|&-=|\+=|-=|\|=|\^=) )")


@dataclass(frozen=True)
class Mutant:
    file: str  # path below Sources
    line: int
    operator: str
    start: int
    end: int
    replacement: str
    before: str  # the original line
    after: str  # the changed line
    width: int  # 32 for code that only 32-bit limbs compile

    @property
    def name(self):
        return f"{self.file}:{self.line}:{self.operator}"

    def apply(self, source):
        return source[:self.start] + self.replacement + source[self.end:]


def blank(source):
    """The source with comments and literals replaced by blanks. The length does not change."""
    def spaces(match):
        return re.sub(r"[^\n]", " ", match.group())
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|@\w+(?:\([^)\n]*\))?'
    code = re.sub(pattern, spaces, source, flags=re.DOTALL)
    # Integers in types, as in InlineArray<64, UInt8>.
    return re.sub(r"(?<=[\w])<[^<>\n(){}]*>", spaces, code)


def regions(code):
    """For each line: 64 or 32 if only one limb width compiles it, 0 for both, None for neither."""
    result, stack = [], []
    for line in code.split("\n"):
        word = line.strip()
        if word.startswith("#if"):
            known = "_pointerBitWidth(_64) && !POSOFFLINE_LIMB32" in word
            stack.append([64, 32] if known else [0, None] if "POSOFFLINE_PORTABLE" in word else [0, 0])
        elif word.startswith("#else"):
            stack[-1].reverse()
        elif word.startswith("#endif"):
            stack.pop()
        states = [entry[0] for entry in stack]
        result.append(None if None in states else next((state for state in states if state), 0))
    return result


def closing(code, start):
    """The position of the bracket that closes the one at start."""
    depth = 0
    for i in range(start, len(code)):
        if code[i] in "([{":
            depth += 1
        elif code[i] in ")]}":
            depth -= 1
            if depth == 0:
                return i
    raise ValueError("unbalanced")


def clauses(code, start, end):
    """The (start, end) of the conditions between commas."""
    result, depth, begin = [], 0, start
    for i in range(start, end):
        depth += (code[i] in "([{") - (code[i] in ")]}")
        if code[i] == "," and depth == 0:
            result.append((begin, i))
            begin = i + 1
    return result + [(begin, end)]


def head_end(code, start, stop):
    """The end of the condition at start: `else` of a guard, the brace of an if."""
    depth = 0
    for match in re.compile(r"[(\[{)\]}]|\belse\b").finditer(code, start):
        token = match.group()
        if depth == 0 and token == stop:
            return match.start()
        if token in "([{":
            depth += 1
        elif token in ")]}":
            depth -= 1
        if depth < 0:
            return None
    return None


def conditions(code):
    """(start, end, replacement, operator) for the conditions of guards and ifs."""
    for match in re.finditer(r"\bguard\b", code):
        end = head_end(code, match.end(), "else")
        if end is None:
            continue
        parts = clauses(code, match.end(), end)
        for i, (first, last) in enumerate(parts):
            text = code[first:last].strip()
            if re.match(r"(let|var|case)\b", text):
                continue
            operator = "signature-check-skipped" if "Signature" in text else "check-dropped"
            if len(parts) == 1:
                yield match.start(), closing(code, code.index("{", end)) + 1, "", operator
            elif i + 1 < len(parts):
                yield first, last + 1, "", operator
            else:
                yield first - 1, last, " ", operator
    for match in re.finditer(r"\bif\b(?!.*\bif let\b)", code):
        end = head_end(code, match.end(), "{")
        if end is None or code[max(0, match.start() - 1)] == "#":
            continue
        parts = clauses(code, match.end(), end)
        if any(re.match(r"(let|var|case)\b", code[a:b].strip()) for a, b in parts):
            for i, (first, last) in enumerate(parts):
                if i > 0 and not re.match(r"(let|var|case)\b", code[first:last].strip()):
                    yield first - 1, last, " " if i + 1 == len(parts) else "", "check-dropped"
            continue
        yield match.end(), end, " true ", "if-true"
        yield match.end(), end, " false ", "if-false"


def tokens(code):
    for match in re.finditer(r"(?<= )(\S+)(?= )", code):
        token = match.group()
        for other in COMPARISONS.get(token, []):
            kind = "comparison-flipped" if token in ("==", "!=") or token[0] != other[0] else "boundary-moved"
            yield match.start(), match.end(), other, kind
        if token in ARITHMETIC:
            yield match.start(), match.end(), ARITHMETIC[token], "arithmetic"
        if token in ("&&", "||"):
            yield match.start(), match.end(), "||" if token == "&&" else "&&", "and-or"
    for match in re.finditer(r"(?<=[\w)])(\.\.<|\.\.\.)(?=[\w(])", code):
        yield match.start(), match.end(), "..." if match.group() == "..<" else "..<", "off-by-one"
    for match in re.finditer(r"(?<![\w)\]!=])!(?=[\w(])", code):
        yield match.start(), match.end(), "", "not-dropped"
    for match in re.finditer(r"\b(true|false)\b", code):
        yield match.start(), match.end(), "false" if match.group() == "true" else "true", "boolean"
    for match in re.finditer(r"\?\? 0\b", code):
        yield match.end() - 1, match.end(), "1", "constant"
    for match in re.finditer(r"([\w.]+(?:\[[^\]\n]*\])?|\([^()\n]*\)) (&-|-|&<<|&>>|<<|>>) ([\w.]+(?:\[[^\]\n]*\])?)",
                             code):
        a, operator, b = match.groups()
        if a != b:
            yield match.start(), match.end(), f"{b} {operator} {a}", "operands-swapped"


def constants(code):
    last_line = -1
    literal = r"(?<![\w.])(0x[0-9A-Fa-f_]+|\d[\d_]*)(?![\w.])|(?<=\.\.<|\.\.\.)(0x[0-9A-Fa-f_]+|\d+)(?!\w)"
    for match in re.finditer(literal, code):
        text = match.group()
        value = int(text.replace("_", ""), 0)
        if value >= 1 << 16:
            # Only the first of several magic numbers on a line.
            line = code.count("\n", 0, match.start())
            if line != last_line:
                yield match.start(), match.end(), f"0x{value ^ 1:X}", "constant"
            last_line = line
            continue
        write = (lambda v: f"0x{v:02X}") if text.startswith("0x") else str
        yield match.start(), match.end(), write(value + 1), "constant"
        if value > 0:
            yield match.start(), match.end(), write(value - 1), "constant"


def names(code):
    for match in re.finditer(r"\b(" + "|".join(NAMES) + r")\b(?!\s*:)", code):
        before = code[max(0, match.start() - 8):match.start()]
        if re.search(r"\b(let|var|func|case|for)\s+$", before):
            continue
        yield match.start(), match.end(), NAMES[match.group()], "wrong-name"


def errors(code):
    for match in ERRORS.finditer(code):
        yield match.start(1), match.end(1), "posParam" if match.group(1) == "system" else "system", "wrong-error"


def statements(code):
    position = 0
    lines = code.split("\n")
    depth = 0
    for number, line in enumerate(lines):
        text = line.strip()
        if depth > 0 and text and STATEMENT.match(text) and not text.endswith((",", "(", "[", "->")):
            end, last = position + len(line), number
            opened = sum(map(text.count, "([{")) - sum(map(text.count, ")]}"))
            while opened > 0 and last + 1 < len(lines) and last < number + 12:
                last += 1
                end += 1 + len(lines[last])
                opened += sum(map(lines[last].count, "([{")) - sum(map(lines[last].count, ")]}"))
            if opened == 0:
                kind = "signature-check-skipped" if re.search(r"check\w+Signature|requireValid", text) \
                    else "statement-removed"
                yield position + len(line) - len(line.lstrip()), end, "", kind
        match = re.match(r"\s*defer \{.*\}$", line)
        if match:
            yield position, position + len(line), "", "statement-removed"
        depth += line.count("{") - line.count("}")
        position += len(line) + 1


def mutants_of(file, source):
    """All mutants of a file, in the order of the source."""
    code = blank(source)
    where = regions(code)
    line_starts = [0] + [i + 1 for i, c in enumerate(source) if c == "\n"]
    seen, count, result = set(), {}, []
    made = [*conditions(code), *tokens(code), *constants(code), *names(code), *errors(code), *statements(code)]
    for start, end, replacement, operator in sorted(made, key=lambda m: (m[0], m[1], m[3], m[2])):
        if (start, end, replacement) in seen:
            continue
        seen.add((start, end, replacement))
        # The first changed character.
        first = start + len(code[start:end]) - len(code[start:end].lstrip()) if end > start else start
        line = source.count("\n", 0, first)
        if where[line] is None or "#if" in source[line_starts[line]:start]:
            continue
        count[line, operator] = count.get((line, operator), 0) + 1
        number = count[line, operator]
        after = source[:start] + replacement + source[end:]
        stop = source.find("\n", end)
        stop = len(source) if stop < 0 else stop
        begin = line_starts[source.count("\n", 0, start)]
        result.append(Mutant(
            file, line + 1, operator if number == 1 else f"{operator}#{number}", start, end, replacement,
            " ".join(source[begin:stop].split()), " ".join(after[begin:stop + len(after) - len(source)].split()),
            where[line]))
    return result


def kind(mutant):
    """The operator without the number that distinguishes mutants of one line."""
    return mutant.operator.split("#")[0]


def rank(mutant):
    """A rank in a random order that does not depend on line numbers: edits elsewhere do not move a mutant."""
    text = f"{SEED} {mutant.file} {mutant.operator} {mutant.before} {mutant.after}"
    return hashlib.sha256(text.encode()).hexdigest()
