"""What a formula is elaborated in: the case, its letters, and what it demands.

Invariants:

- A letter that no sum binds is free, and has one meaning and one sort in the whole statement; a sum
  binds its own. An index is made of a letter when an entry is made: a bound one is another each
  time.
- A numbered entry is counted from the first or from the end, and exists at every width that the
  statement is about: `least` follows from the statement's own numbers.
- A demand is recorded wherever a formula is not defined for all real values; an index in it that is
  not free in the statement means all values.
- Whatever raises ends the statement: nothing that was changed for a while need be put back then.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, count, product

from .. import syntax as t
from ..algebra.budget import NoRule
from ..algebra.functions import Demand
from ..algebra.terms import LEAST, Index, Sort, fixed, numbered
from ..networks.network import Case, Loss, Place
from .matrix import IllSorted, Length, Matrix, Unfit, Unknown, known, resolved, unify
from .words import layer_needed

AtEntry = Callable[[], Index]  # an index, when an entry is made


@dataclass
class Letter:
    """An index letter with one meaning: free in the statement, or bound by one sum."""

    name: str
    sort: Length


@dataclass
class Scope:
    """One side of a statement, or all of them, in one case of the network."""

    case: Case
    losses: Mapping[str, Loss]  # that a text can name
    has_linear: bool = False
    names: Iterator[int] = field(default_factory=count)  # of the indices that sums bind
    letters: dict[str, Letter] = field(default_factory=dict)
    # While an entry is made: what each letter stands for, by the letter's identity.
    bound: dict[int, Index] = field(default_factory=dict)
    demands: list[Demand] = field(default_factory=list)
    places: list[int] = field(default_factory=list)  # of numbered entries
    inside: int = 0  # how many derivatives this is in the numerator of
    # What nothing fixes, for a witness alone: of a sum's index, by its letter; "" is all else.
    default: Mapping[str, Sort] = field(default_factory=dict)
    shapes: dict[int, tuple[Length, Length]] = field(default_factory=dict)
    sorts: dict[int, Length] = field(default_factory=dict)  # of each node that is an index letter
    compared: set[str] = field(default_factory=set)  # the letters that = or \ne compares

    @property
    def least(self) -> int:
        """The least width that the statement is about."""
        needed = [at + 1 if at >= 0 else -at for at in self.places]
        return max([LEAST, *needed]) if needed else 1

    def letter(self, name: str) -> Letter:
        """The meaning of a letter; a new one is free."""
        return self.letters.setdefault(name, Letter(name, Unknown()))

    @contextmanager
    def binding(self, letter: Letter, index: Index) -> Iterator[None]:
        """While an entry is made: the letter stands for this index."""
        outer = self.bound
        self.bound = outer | {id(letter): index}
        yield
        self.bound = outer

    @contextmanager
    def meaning(self, letters: Mapping[str, Letter]) -> Iterator[None]:
        """While a formula is elaborated: these letters have these meanings."""
        outer = dict(self.letters)
        self.letters.update(letters)
        yield
        self.letters = outer | {n: one for n, one in self.letters.items() if n not in letters}

    def demand_all(self, value: Matrix) -> None:
        """Demands what each entry of a matrix demands."""
        sorts = [known(side, "a vector") for side in (value.rows, value.columns)]
        for i, j in product(*(ends(sort, f"${next(self.names)}") for sort in sorts)):
            value.entry(i, j)

    def place(self, name: t.Name) -> Place:
        """Which quantity a name stands for. Raises IllSorted and Unfit."""
        depth = self.case.depth
        plain = {"x": ("z", 0), "y": ("y", 0), "y_hat": ("z", depth), "ell": ("ell", 0)}
        if name.base in plain:
            if name.layer is not None:
                raise Unfit(f"{name.base} belongs to no layer", name)
            return plain[name.base]
        if name.layer is not None:
            return name.base, self.layer(name.layer, int(name.base != "z"), name)
        if name.base in ("W", "b") and self.has_linear:
            return name.base, 1
        raise IllSorted(layer_needed(name), name)

    def layer(self, layer: t.Layer, least: int, node: t.Node) -> int:
        """The number of a layer that exists. Raises IllSorted."""
        if layer.base == "L" and self.case.L is None:
            raise Unfit("nothing says which layer L is", node)
        found = layer.at(self.case.L or 0, self.case.depth)
        if not least <= found <= self.case.depth:
            raise IllSorted(f"there is no layer {layer}", node)
        return found

    def sort_of_length(self, node: t.Expr) -> Length:
        """The sort of what a formula for a length says: d_x, K, 2. Raises Unfit."""
        match node:
            case t.Length(t.Name() as of):
                return self.case.shape(self.place(of))[0]
            case t.Number(n) if n == 1 or (self.case.network.widths and n > 0 and n % 1 == 0):
                return fixed(int(n))
        raise Unfit("expected the length of a vector, such as d_x or K", node)

    def index(self, node: t.Expr, sort: Length) -> AtEntry:
        """The index that stands at a place of a sort. Raises IllSorted and NoRule."""
        if isinstance(node, t.Index):
            letter = self.letter(node.letter)
            runs = f"index {node.letter} runs" if node.letter.isalpha() else "the dots run"
            try:
                unify(letter.sort, sort, f"{runs} over two lengths", node)
            except IllSorted:  # numbers may be compared, but no delta says it of two lengths
                if letter.name in self.compared:
                    raise NoRule("a comparison of indices of two lengths") from None
                raise
            self.sorts[id(node)] = letter.sort
            return lambda: self.bound[id(letter)]
        base, offset = counted(node)
        if base is not None:
            unify(self.sort_of_length(base), sort, "an index of another length", node)
        if (offset < 0) != (base is not None):
            raise IllSorted("an entry that does not exist", node)
        self.places.append(offset)
        return lambda: entry_at(offset, known(sort, "what is numbered"), node)


def entry_at(at: int, sort: Sort, node: t.Node) -> Index:
    """The index that is a number. Raises IllSorted where the sort has no such entry."""
    if sort.size and not -sort.size <= at < sort.size:
        raise IllSorted("an entry that does not exist", node)
    return numbered(at, sort)


def ends(sort: Sort, name: str) -> list[Index]:
    """The indices that stand for all of a sort: one that runs, or each if there are so many."""
    if sort.size:
        return [numbered(at, sort) for at in range(sort.size)]
    return [Index(name, sort)]


def left_out(scope: Scope, letter: Letter, node: t.Sum | t.Range) -> list[int]:
    """The places that an index does not have in a sum or a range from a number to a length less a
    number, None for the last one; counted from the last place. Raises IllSorted and NoRule."""
    first, last = (node.low, node.high) if isinstance(node, t.Sum) else (node.first, node.last)
    what = "a sum" if isinstance(node, t.Sum) else "a range"
    if first is None:
        return []
    (base, low), (over, high) = counted(first), counted(last) if last else (None, -1)
    if over is not None:
        unify(scope.sort_of_length(over), letter.sort, f"{what} over two lengths", node)
    elif last and scope.case.network.widths:
        high -= known(letter.sort, f"the index of {what}").size
    if base is not None or (last and over is None and not scope.case.network.widths):
        raise NoRule(f"{what} that does not run from a number to a length, such as K - 1")
    if low < 0 or high >= 0:
        raise IllSorted(f"{what} over values that the index does not have", node)
    size = getattr(resolved(letter.sort), "size", 0)
    if low - high - 1 > (size or LEAST):
        wrong = "ends before it begins" if size else "leaves out more values than every width has"
        raise NoRule(f"{what} that {wrong}")
    scope.places += (missing := [*range(low), *range(high + 1, 0)])
    return missing


class Numbered(t.Node):
    """A numbered entry, in a template: counted from the first, or less a length.

    Two are equal if they are counted alike; that their lengths are of one sort is for the scope.
    """

    base: t.Expr | None = field(compare=False)
    offset: int
    from_end: bool


def counted(node: t.Expr) -> tuple[t.Expr | None, int]:
    """A numbered place: 2 as (None, 2), K - 1 as (K, -1). Raises NoRule for anything else."""
    match node:
        case Numbered(base, offset, _):
            return base, offset
        case t.Number(value) if value.denominator == 1:
            return None, int(value)
        case t.Length():
            return node, 0
        case t.Negative(of):
            base, offset = counted(of)
            if base is None:
                return None, -offset
        case t.Add(terms):
            found = [counted(term) for term in terms]
            bases = [base for base, _ in found if base is not None]
            if len(bases) <= 1:
                return next(iter(bases), None), sum(offset for _, offset in found)
    raise NoRule("an index that is neither a letter nor a numbered entry")


def rebuilt(node: t.Expr, change: Callable[[t.Expr], t.Expr]) -> t.Expr:
    """The tree with `change` applied to whatever stands at the place of an index."""
    inside = [*map(id, t.indices_of(node))]
    return t.rebuilt(
        node, lambda part: change(part) if id(part) in inside else rebuilt(part, change)
    )


def indices(cell: t.Expr) -> list[t.Expr]:
    """Whatever stands at the place of an index, from left to right."""
    here = [*map(id, t.indices_of(cell))]
    found = ([part] if id(part) in here else indices(part) for part in cell.parts)
    return [*chain.from_iterable(found)]
