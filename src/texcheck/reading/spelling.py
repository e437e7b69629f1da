"""All spellings: what means the same, what only changes the look, and what to write instead.

One row a spelling. A new one goes into the table of its kind, with a row in
`tests/texcheck/statements/same.toml` (it is read) or in `tests/texcheck/reading/refused.toml`.
"""

# Commands that only change the look: the command goes, the braces around its argument too.
BOLD = {"vec", "boldsymbol", "mathbf", "bm", "pmb", "bold"}
NUMBERS = {"K", "d"}  # letters that are never bold
SETS_NOTHING = {  # by itself, so it is no argument
    "displaystyle", "textstyle", "scriptstyle", "limits", "nolimits", "nonumber", "notag",
    "mathstrut", "strut", "rm", "sf", "it",
}  # fmt: skip
LOOK = BOLD | SETS_NOTHING | {
    "mathit", "left", "right", "middle", "big", "Big", "bigg", "Bigg", "boxed",
    "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "Biggl", "Biggr",
}  # fmt: skip
# Spaces, with their width in eighteenths of an em.
SPACES = {
    ",": 3, "thinspace": 3, ":": 4, ">": 4, "medspace": 4, ";": 5, "thickspace": 5, " ": 6,
    "!": -3, "enspace": 9, "quad": 18, "qquad": 36, "hfill": 18,
}  # fmt: skip
WITH_ARGUMENT_DROPPED = {"label", "tag", "vphantom"}
# Commands that are one token: the real numbers, and := that may be a step.
ALONE = {
    "R": ("blackboard", "R"), "coloneqq": ("command", "="), "therefore": ("text", "therefore"),
}  # fmt: skip
# Words set upright: their letters are one name.
UPRIGHT = {
    "operatorname", "operatorname*", "mathrm", "text", "mathsf", "textrm", "textup", "mathtt",
    "texttt", "textnormal",
}  # fmt: skip
BLACKBOARD = {"mathbb", "mathds", "mathbbm"}
SCRIPT = {"mathcal", "mathscr"}

DELIMITERS = (("$$", "$$"), (r"\[", r"\]"), (r"\(", r"\)"), ("$", "$"))  # around a display

# One spelling for each of the commands that mean the same.
SAME = {
    "tfrac": "frac", "dfrac": "frac", "cfrac": "frac", "top": "intercal",
    "to": "rightarrow", "longrightarrow": "rightarrow", "mapsto": "rightarrow",
    "implies": "Rightarrow", "Longrightarrow": "Rightarrow",
    "gets": "leftarrow", "longleftarrow": "leftarrow",
    "ldots": "dots", "dotsc": "dots", "dotsb": "dots", "hdots": "dots", "cdots": "dots",
    "dotsm": "dots", "|": "Vert", "lbrack": "[", "rbrack": "]", "{": "lbrace", "}": "rbrace",
    "ast": "*",
    "ne": "neq", "leq": "le", "geq": "ge", "geqslant": "ge", "leqslant": "le", "gt": ">",
    "lt": "<", "land": "wedge", "colon": ":", "prime": "'", "ln": "log", "widehat": "hat",
    "triangleq": "=", "equiv": "=",
}  # fmt: skip
SYMBOLS = {"[", "]", ":", "'", "=", "<", ">", "*"}  # commands that are the same as a character
# Symbols that are typed as they are.
TYPED = {
    character: ("command", name)
    for character, name in {
        "∂": "partial", "ℓ": "ell", "δ": "delta", "σ": "sigma", "η": "eta", "∑": "sum",
        "⊙": "odot", "∘": "circ", "·": "cdot", "⋅": "cdot", "×": "times", "∇": "nabla",
        "‖": "Vert", "⊤": "intercal", "→": "rightarrow", "←": "leftarrow", "⇒": "Rightarrow",
        "≤": "le", "≥": "ge", "≠": "neq", "∈": "in", "…": "dots", "⋯": "dots", "⋮": "vdots",
        "⋱": "ddots", "∀": "forall", "⊗": "otimes", "⊘": "oslash", "⟨": "langle",
        "⟩": "rangle", "||": "Vert", "|": "vert", "α": "alpha", "λ": "lambda",
    }.items()
}  # fmt: skip
TYPED |= {":=": ("command", "="), "−": ("symbol", "-")} | dict.fromkeys("’′", ("symbol", "'"))
TRANSPOSE = {"T", "intercal", "top"}

# Environments.
SPACED = {"aligned", "align", "flalign", "split"}  # a gap stands between their pairs of columns
LAYOUT = SPACED | {"gathered", "gather", "equation", "displaymath", "math"}
CASES = {"cases", "dcases"}
WITHOUT_BRACKETS = {"matrix", "smallmatrix", "array"}
MATRIX = CASES | WITHOUT_BRACKETS | {"pmatrix", "bmatrix", "psmallmatrix"}

# Functions, by the names they are written with.
FUNCTIONS = {
    "relu": "ReLU", "RELU": "ReLU", "sigmoid": "sigma", "Sigmoid": "sigma", "logistic": "sigma",
    "id": "I", "Id": "I", "sgn": "sign", "ln": "log", "Diag": "diag", "Tr": "tr", "trace": "tr",
    "linear": "Linear", "MSELoss": "MSE", "BCELoss": "BCE",
}  # fmt: skip
FUNCTIONS |= {name: name for name in (*FUNCTIONS.values(), "tanh", "exp", "sqrt", "max", "min")}
FUNCTION_COMMANDS = {"sigma", "tanh", "log", "exp", "sign", "max", "min"}
ACTIVATIONS = {"sigma", "ReLU", "tanh", "I", "f", "g"}  # may bear dashes and a layer
# Words that TeX would set as a product of letters, and what is meant.
WORDS = {
    **{word: f"\\{word}" for word in ("delta", "partial", "frac", "sum", "nabla", "ell")},
    **dict.fromkeys(("hat", "yhat"), r"\hat y"),
}
OF_TWO = {"max", "min", "MSE", "BCE", "loss"}
OF_EACH = {"sigma", "tanh", "ReLU", "exp", "log", "sqrt", "sign"}  # of each entry, as is its power
BARE_ARGUMENT = {"log", "sign", "exp", "tanh", "tr"}  # log x, without brackets
# Commands that begin no factor: operators, relations, closing brackets.
JOINING = {"cdot", "times", "odot", "oslash", "otimes", "circ", "+", "*"}
COMPARISONS = {">", "<", "ge", "le", "=", "neq"}
RELATIONS = {":", "Rightarrow", "rightarrow", "leftarrow", "in"} | COMPARISONS
NO_FACTOR = JOINING | RELATIONS | {
    "forall", "wedge", "rangle", "rbrace", "rVert", "rvert", "dots", "vdots", "ddots",
}  # fmt: skip

# Words that may stand between two statements; any other might deny what it stands beside.
FOR_ALL = {"forall", "forevery", "foreach", "forany"}
CONDITION = {"for", "if", "when", "whenever"}
OTHERWISE = {"otherwise", "else"}
GIVEN = {"with", "where"}
GROUND = GIVEN | {"let", "since", "because"}  # a reader may take the last three for claims
THEN = {"", ",", "then", "wehave", "weget", "weobtain"}  # in front of what conditions are said of
# Why a step is right, at the end of its line or in front: the step is judged without it.
REASONS = {"chainrule", "productrule", "bythechainrule", "bytheproductrule", "bydefinition"}
CONNECTING = REASONS | FOR_ALL | CONDITION | GROUND | (THEN - {","}) | {
    "and", "so", "hence", "thus", "therefore", "here", "also", "finally", "similarly", "now",
    "sothat", "andso", "andthus", "andhence", "andtherefore", "itfollowsthat", "whichgives", "i.e.",
    "thatis",
}  # fmt: skip

# The quantities of this book, by their letters; those that have a layer, and are vectors.
QUANTITIES = {
    "x": "x", "y": "y", "W": "W", "w": "W", "b": "b", "s": "s", "z": "z", "l": "ell",
    "ell": "ell", "mathcal": "ell", "delta": "delta", "eta": "eta", "alpha": "eta",
    "lambda": "lambda", "hat y": "y_hat", "ŷ": "y_hat",
}  # fmt: skip
LAYERED = {"W", "b", "s", "z", "delta"}
VECTORS = {"x", "y", "y_hat", "b", "s", "z", "delta"}
INDEX_LETTERS = set("acijklmnopqrtuv")
SPARE = "jkmnpqrtuv"  # what no text has is put in as an index
DEFINABLE = {*"ABCDEGHJMNPQRSUVXYZacehmpqruv", r"\delta"}  # a display may define these itself

# What to write for what is not read.
OWN = r"define a letter without a layer, as in r = \hat y - y or r_k = \hat y_k - y_k"
_STEP = r"write \mathbb{1}[s > 0] for the step function: texts differ in its value at 0"
INSTEAD = {
    **dict.fromkeys("CEJ", r"the loss is \ell"),
    **dict.fromkeys(["H", "u", "Theta", "theta", "chi", "step", "heaviside", "Heaviside"], _STEP),
    **dict.fromkeys(["h", "a"], r"what a layer puts out is z, as in z^{(1)}, and at last \hat y"),
    **dict.fromkeys("TN", r"the last layer is L_{\max}"),
    **dict.fromkeys(["phi", "varphi", "psi"], "an activation is f or g, or goes by its name"),
    **dict.fromkeys(["epsilon", "gamma"], r"the step size is \eta"),
    **dict.fromkeys("dnm", r"a length is written K or d_x, and indices start at 0"),
    "Sigma": r"write \operatorname{diag}(\sigma'(s^{(1)})), or \sum for a sum",
    "Delta": r"the error is \delta",
    "vec": "write the entries, as in a_{ij}",
    "softmax": "write its entries with exp and a sum",
    "E": r"the loss is \ell; write \frac{1}{K} \sum_k for a mean",
    "mean": r"write \frac{1}{K} \sum_k for a mean",
    "prod": "write the factors",
    "int": "no integral is read",
    "lim": "no limit is read",
    "argmax": r"no \argmax is read",
    "dot": r"write \sigma' for a derivative",
    **dict.fromkeys(["tilde", "bar", "overline"], r"the prediction is \hat y"),
    **dict.fromkeys(["overset", "stackrel"], "write = alone"),
    "underset": "write the index as a subscript",
    **dict.fromkeys(["eqnarray", "alignat", "alignedat", "multline"], "write aligned"),
    **dict.fromkeys(["hspace", "phantom", "hphantom"], r"a gap is written \quad"),
    "approx": "only what is exactly equal is read: write =",
    "propto": "write = and the factor",
    "pm": "write two statements",
    "infty": "only finite numbers are read",
    **dict.fromkeys(["det", "vmatrix"], "no determinant is read"),
    "Vmatrix": r"write a norm as \lVert x \rVert",
    "(": "one pair of these around the whole formula alone",
    "$": "one pair of $ around the whole formula alone",
}  # fmt: skip
