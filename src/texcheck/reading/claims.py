"""What a claim is as a whole: a condition or a statement, its letters, what it must not hold."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .. import syntax as t
from . import numbers, spelling
from .cursor import Names, Shared, at
from .matrices import OF_INDICES
from .tokens import CannotRead, Token, require

DEEPEST_TREE = 150
_ANY_LAYER = t.LayerCount(t.Layer("L", 0))
_BARE = [t.Name(base, None) for base in "Wbz"]
_TURNED = {"<": ">", ">": "<", "le": "ge", "ge": "le", "neq": "neq"}
_OF_FUNCTIONS = (
    t.Function, t.Number, t.Add, t.Negative, t.Product, t.Times, t.Power, t.Quotient, t.Elementwise,
)  # fmt: skip


def claim(sign: Token, left: t.Expr, right: t.Expr) -> t.Equation | t.Comparison | t.Update:
    """An equation, a comparison, or the step that W := W - ... is, which no plain = is.

    I is the identity function where the other side is one.
    """
    place: Any = {"at": sign.start, "start": min(left.start, right.start), "end": right.end}
    own = sign.text == "=" and left in _BARE  # a reader's own letter
    require(not own, "expected a layer, or another letter for what is defined", left)
    again = sign.text == "=" and sign.kind == "command" and left in right.nodes
    if again and isinstance(left, t.Name) and left.base in ("W", "b"):
        return t.Update(left, right, **place)
    plain = t.Identity(None, None)
    if isinstance(left, t.Function) and right == plain:
        right = t.Function("I", **at(right))
    if isinstance(right, t.Function) and left == plain:
        left = t.Function("I", **at(left))
    if sign.text == "=":
        return t.Equation(left, right, **place)
    return t.Comparison(sign.text, left, right, **place)


def _with_entries(node: t.Node, letters: Sequence[str]) -> Any:
    """With a derivative by each entry where it is compared with 0 and has more than two indices:
    of a vector by a matrix, or of a matrix. The letters stand nowhere in the display."""
    match node:
        case t.Derivative(t.Name(of, _, ()), t.Name(base, _, ()) as by):
            if "W" in (of, base) and of in {*spelling.VECTORS, "W"} and len(letters) > 1:
                own = letters[:2] if base == "W" else letters[:1]
                indices = tuple(t.Index(one, **at(by)) for one in own)
                return replace(node, by=replace(by, indices=indices))
        case t.Equation() | t.Comparison() | t.RangeClaim():
            if isinstance(node, t.RangeClaim) or t.ZERO in node.parts:
                return t.rebuilt(node, lambda part: _with_entries(part, letters))
    return node


def _at_s(one: t.Statement) -> t.Statement:
    """sigma' = ..., as d sigma / ds is read too, beside the number s: its value at s is meant."""
    if isinstance(one, t.Equation | t.Comparison):
        for name, slope, other in (("left", one.left, one.right), ("right", one.right, one.left)):
            said = [part for side in (other, *one.conditions) for part in side.nodes]
            alone = not t.bare_functions(other) and t.BARE_S in said
            if isinstance(slope, t.Function) and slope.primes and alone:
                value: dict[str, Any] = {name: t.Apply(slope, (t.BARE_S,), **at(slope))}
                return replace(one, **value)
    return one


def braced(inner: t.Expr, said: t.Expr) -> t.Equation | t.ShapeClaim:
    """What a brace says of what it groups: its shape, or what it is equal to."""
    place: Any = {"at": said.start, "start": inner.start, "end": said.end}
    column = isinstance(said, t.Times) and t.ONE in (said.left, said.right)
    if isinstance(said, t.Times) and said.sign == "times" and (column or not _is_length(inner)):
        whole = any(isinstance(part, t.Name) and not part.indices for part in inner.nodes)
        named = any(isinstance(part, t.Length) for part in said.nodes)
        counts = all(getattr(part, "value", 1) % 1 == 0 for part in said.nodes)
        if _is_length(said) and counts and (whole or named):
            return t.ShapeClaim(inner, said.left, said.right, **place)
        clear = not column or _is_length(inner)
        require(clear, r"expected \cdot between numbers, or a matrix above its shape", said)
    return t.Equation(inner, said, **place)


def _is_length(node: t.Expr) -> bool:
    return all(isinstance(part, numbers.LENGTHS) for part in t.outside_lengths(node))


def with_one_end(chain: Sequence[t.Statement]) -> list[t.Statement]:
    """Each side of a chain of equations with its last one, as f = I and g = I for f = g = I."""
    equal = [one for one in chain if isinstance(one, t.Equation)]
    if len(equal) < len(chain):
        return [*chain]
    return [replace(one, right=equal[-1].right) for one in equal]


def as_condition(claim: t.Statement) -> t.Condition | None:
    """A claim as the condition that it may be."""
    match claim:
        case t.Equation(t.Function("f" | "g", _, 0) as left, t.Function(name, None, 0) as right):
            known = name in spelling.ACTIVATIONS - {"f", "g"}
            return t.Assume(left, right, **at(claim)) if known else None
        case t.Equation(left, t.LayerCount() as layer) if left == _ANY_LAYER:
            return t.Range("L", layer, layer, **at(claim))
        case t.Equation(left, t.Number(number)) if left == _ANY_LAYER and number.denominator == 1:
            layer = t.LayerCount(t.Layer("", int(number)))
            return t.Range("L", layer, layer, **at(claim))
        case t.Equation(left, right) if compares_indices(claim):
            return t.Indicator("=", left, right, **at(claim))
        case t.Comparison() if found := _range_of_counter(claim):
            return found
        case t.Comparison(relation, left, right) if relation != "neq" or compares_indices(claim):
            return t.Indicator(relation, left, right, **at(claim))
    return None


def _range_of_counter(claim: t.Comparison) -> t.Range | None:
    """The range of an index, or of L, that a comparison with a length or a number says."""
    relation, counter, end = claim.relation, claim.left, claim.right
    if isinstance(end, t.Index) or end == _ANY_LAYER:
        relation, counter, end = _TURNED[relation], end, counter
    index = isinstance(counter, t.Index)
    if relation == "neq" or not (index or counter == _ANY_LAYER) or not _is_length(end):
        return None
    step = {"<": t.Negative(t.ONE), ">": t.ONE}.get(relation)
    reached = t.Add((end, step), **at(end)) if step else end
    if isinstance(end, t.Number) and step:
        reached = t.Number(end.value + (1 if step == t.ONE else -1), **at(end))
    letter = getattr(counter, "letter", "L")
    if relation in ("<", "le"):
        return t.Range(letter, t.ZERO if index else None, reached, **at(claim))
    return t.Range(letter, reached, None, **at(claim))


def at_their_layer(claim: t.Statement) -> t.Statement:
    """The claim with the layer in place of L that a condition says, as L = L_max does."""
    for one in claim.conditions:
        match one:
            case t.Range("L", t.LayerCount(layer) as first, last) if first == last:
                others = tuple(other for other in claim.conditions if other is not one)
                ranges = [x for x in others if isinstance(x, t.Range) and x.letter == "L"]
                require(not ranges, "expected one condition on L", one)
                claim = _at_layer(replace(claim, conditions=others), layer)
    return claim


def _at_layer(node: Any, to: t.Layer) -> Any:
    layer = getattr(node, "layer", None)
    if layer and layer.base == "L":
        node = replace(node, layer=replace(to, offset=to.offset + layer.offset))
    return t.rebuilt(node, lambda part: _at_layer(part, to))


def compares_indices(claim: t.Statement) -> bool:
    """Whether a claim is about an index or a layer, which it has alone on its left side."""
    if not isinstance(claim, t.Equation | t.Comparison):
        return False
    right = [claim.right, *claim.right.parts]
    plain = isinstance(claim.right, t.Length) or all(isinstance(one, OF_INDICES) for one in right)
    return isinstance(claim.left, t.Index | t.LayerCount) and plain


def depends_on_its_place(side: t.Expr) -> bool:
    """Whether what a side is compared with says what it means: its size, or what is summed."""
    parts = list(t.walk(side))
    conditions = any(isinstance(part, t.Sum) and part.conditions for part in parts)
    names = [part for part in parts if isinstance(part, t.Name)]
    known = {index.letter for name in names for index in t.free_indices(*name.indices)}
    return conditions or not names or _has_no_size(side, known)


def _has_no_size(node: t.Node, known: set[str]) -> bool:
    """Whether nothing in a formula says its size; of the indices in `known` something does."""
    match node:
        case t.Identity(None) | t.Constant(_, None) | t.Unit():
            return True
        case t.Kronecker() | t.Indicator("="):
            return known.isdisjoint(index.letter for index in t.free_indices(node))
    quantifier = all if isinstance(node, t.Add | t.Elementwise) else any
    return quantifier(_has_no_size(part, known) for part in node.parts)


def sides(statement: t.Statement) -> list[t.Node]:
    """The parts of a statement, its conditions aside; a range claims nothing about formulas."""
    if isinstance(statement, t.RangeClaim):
        return []
    conditions = {*map(id, statement.conditions)}
    return [side for side in statement.parts if id(side) not in conditions]


def letters(*nodes: t.Node) -> set[str]:
    """The letters of formulas that no sum binds, L if they have any layer, and those of ranges."""
    layers = (getattr(part, "layer", None) for node in nodes for part in node.nodes)
    found = {"L" for layer in layers if layer and layer.base == "L"}
    found |= {node.letter for node in nodes if isinstance(node, t.Range)}
    return found | {index.letter for index in t.free_indices(*nodes)}


# -- what a display must not hold


def checked(found: Sequence[t.Statement], shared: Shared) -> list[t.Statement]:
    """The statements of a display, with their sums over i \\ne j resolved, derivatives that are
    compared with 0 by each entry, and a slope such as d sigma / ds at s."""
    used = {part.letter for one in found for part in one.nodes if isinstance(part, t.Index)}
    free = [letter for letter in spelling.SPARE if letter not in used]
    found = [_at_s(_with_entries(one, free)) for one in found]
    for statement in found:
        expect_flat(statement)
        compared = [one for one in statement.conditions if isinstance(one, t.Indicator)]
        expect_sound([*sides(statement), *compared], shared.names)
    _expect_old_values(found)
    resolved = with_sums_bound(found)
    expect_layers(resolved, shared.names.any_layer or shared.layer_letter, shared.bold)
    return resolved


def _expect_old_values(found: Sequence[t.Statement]) -> None:
    """Raises `CannotRead` for what is said of what a step before it changes: the new one, perhaps.

    A chain that begins with the step goes on with the old ones.
    """
    changed, chain = list[t.Name](), -1  # where the last side of such a chain begins
    for one in found:
        goes_on = isinstance(one, t.Equation) and one.left.start == chain
        compared = [x for x in one.conditions if isinstance(x, t.Indicator)]
        for part in (name for side in (*sides(one), *compared) for name in values(side)):
            step = isinstance(one, t.Update) and part == one.left
            again = not goes_on and not step and any(_may_be(part, old) for old in changed)
            require(not again, "expected the step behind what is said of this", part)
        match one:
            case t.Update(left, right):
                changed.append(left)
                chain = right.start
            case t.Equation(right=right) if goes_on:
                chain = right.start
            case _:
                chain = -1


def values(node: t.Node) -> list[t.Name]:
    """The quantities in a formula, without those that derivatives are taken by."""
    slopes = (t.Derivative, t.Gradient)
    parts = t.walk(node, lambda one: one.parts[: 1 if isinstance(one, slopes) else None])
    return [part for part in parts if isinstance(part, t.Name)]


def _may_be(name: t.Name, other: t.Name) -> bool:
    """Whether two names may be of one quantity: layers by number alone are seen to differ."""
    layers = [getattr(one.layer, "base", "") for one in (name, other)]
    return name.base == other.base and (name.layer == other.layer or layers != ["", ""])


def expect_sound(formulas: Sequence[t.Node], names: Names) -> None:
    """Raises `CannotRead` for a function without its argument, and for what is no index."""
    for one in formulas:
        expect_flat(one)
    bare, parts = t.bare_functions(*formulas), [part for one in formulas for part in one.nodes]
    if bare and not all(isinstance(part, _OF_FUNCTIONS) for part in parts):
        what = f"expected the argument of {bare[0].name} in brackets"
        raise CannotRead(what, bare[0].start, bare[0].end)
    for part in (part for part in parts if bare and isinstance(part, t.Product)):
        own = {factor.name for factor in part.factors if isinstance(factor, t.Function)}
        require(len(own) < 2, "two functions side by side", part, r"write f \cdot g or f(g(x))")
    _expect_indices(formulas, names)


def expect_flat(node: t.Node) -> None:
    """Raises `CannotRead` for a tree that is too deep to be walked by recursion."""
    left = [(node, 0)]
    while left:
        one, depth = left.pop()
        require(depth <= DEEPEST_TREE, "the formula is nested too deeply", node)
        left += [(part, depth + 1) for part in one.parts]


def _expect_indices(formulas: Sequence[t.Node], names: Names) -> None:
    """Raises `CannotRead` for a letter that is an index nowhere: nothing says what it is."""
    parts = [part for side in formulas for part in side.nodes]
    places = {id(one) for part in parts for side in _indices(part) for one in side.nodes}
    free = t.free_indices(*formulas)
    known = {one.letter for one in free if id(one) in places}
    for one in sorted(free, key=lambda one: one.start):
        instead = spelling.INSTEAD.get(one.letter, names.speaks_of)
        require(one.letter in known, f"unknown symbol {one.letter}", one, instead)


def _indices(part: t.Node) -> tuple[t.Node, ...]:
    """What stands in a node where only an index can."""
    compared = isinstance(part, t.Indicator) and part.relation in ("=", "neq")
    return part.parts if compared else t.indices_of(part)


def with_sums_bound(found: Sequence[t.Statement]) -> list[t.Statement]:
    """In sums over i \\ne j, j is summed over as well unless it stands outside of such sums."""
    sums = [part for one in found for part in one.nodes if isinstance(part, t.Sum)]
    right = [condition.right for part in sums for condition in part.conditions]
    for one in right:
        plain = isinstance(one, t.Index) or not t.free_indices(one)
        require(plain, "expected a letter, a number or a length", one)
    for letter, place in {one.letter: one for one in right if isinstance(one, t.Index)}.items():
        rests = [_in_sums_over(one, letter, bind=False) for one in found]
        if rests == [*found]:  # each stands in a sum over the letter
            continue
        inside = [rest for rest in rests if letter not in letters(*rest.parts)]
        bind = len(inside) == len(rests)
        over = [one for one in sums if t.Index(letter) in [c.right for c in one.conditions]]
        # In \\sum_{j \\ne i}, i is held; \\sum_{i \\ne j} is over both by custom.
        both = all(letter in letters(one.body) and max(one.letters) < letter for one in over)
        held = both or not bind
        for rest in inside:
            few = [one.letter for one in t.free_indices(rest)].count("") <= bind
            what = f"expected each sum over {letter} written out"
            require(few and held, what, place, r"write \sum_i \sum_{j \ne i}")
        found = [_in_sums_over(one, letter, bind=True) for one in found] if bind else found
    return [*found]


def _in_sums_over(part: t.Node, letter: str, bind: bool) -> Any:
    """The tree with each sum that compares with a free letter binding it, or put as Index("")."""
    if isinstance(part, t.Sum) and letter in part.letters:
        return part
    if isinstance(part, t.Sum) and t.Index(letter) in [one.right for one in part.conditions]:
        return replace(part, letters=(*part.letters, letter)) if bind else t.Index("")
    return t.rebuilt(part, lambda one: _in_sums_over(one, letter, bind))


def expect_layers(formulas: Sequence[t.Node], letter: str, bold: set[int]) -> None:
    """Raises `CannotRead` where no quantity has its layer, or the layer's letter is an index."""
    parts = [part for one in formulas for part in one.nodes]
    layers = {layer.base for part in parts if (layer := getattr(part, "layer", None))}
    exponents = {id(part.of): part.exponent for part in parts if isinstance(part, t.Power)}
    for part in parts:
        require(getattr(part, "by", None) not in _BARE, "expected its layer", part)
        index = isinstance(part, t.Index) and part.letter == letter
        index = index or (isinstance(part, t.Sum) and letter in part.letters)
        other = f"expected another letter for this index: {letter} is a layer"
        require(not (index and "L" in layers), other, part)
        base = part.base if isinstance(part, t.Name) and not part.layer else ""
        exponent = exponents.get(id(part))
        raised = isinstance(exponent, t.LayerCount)  # s_i^L, where a layer is meant
        plain = raised if t.indices_of(part) else bold.isdisjoint(range(part.start, part.end))
        number = base == "s" and plain and exponent != t.ONE
        meant = part == t.Name("delta", None) and exponent is None
        held = number or (layers and base != "s" and not meant) or base not in spelling.LAYERED
        instead = "a layer stands in parentheses, as in W^{(1)}; a number by itself is s"
        require(held, "expected a layer", part, instead)
