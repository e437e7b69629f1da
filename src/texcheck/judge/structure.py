"""Edits of how a formula is put together: transposes, sums, factors, terms, brackets, order."""

from collections.abc import Iterator
from dataclasses import replace
from functools import reduce
from itertools import combinations, pairwise, permutations

from .. import syntax as t
from .. import writing
from .scope import Change, Changes, Scope, bodies, every, factors_of, name, opposite, tensors, times


def transposes(whole: t.Expr, scope: Scope) -> Changes:
    """A transpose too much or too few."""
    for part in every(whole, t.Transpose):
        yield Change("a transpose too much: {part} without it", part, part.of)
    if not isinstance(whole, t.Transpose):
        says = "the transpose of the other side: a transpose is missing"
        yield Change(says, whole, t.Transpose(whole))
    for part in tensors(whole):
        if part is not whole:
            turned = t.Transpose(part, start=part.start, end=part.end)
            yield Change("a transpose is missing at {part}", part, turned)


def moved_transposes(whole: t.Expr, scope: Scope) -> Changes:
    """A transpose at another factor than the one that needs it."""
    for part in every(whole, t.Transpose):
        without = t.replaced(whole, [(part, part.of)])
        for other in tensors(without):
            if other is not part.of:
                says = "the transpose stands at the wrong factor: it belongs to "
                moved = t.replaced(without, [(other, t.Transpose(other))])
                yield Change(says + scope.show(other), part, moved, whole)


def sums(whole: t.Expr, scope: Scope) -> Changes:
    """A sum too much, over another letter, or missing."""
    for part in every(whole, t.Sum):
        for letter in part.letters:
            rest = tuple(other for other in part.letters if other != letter)
            fewer = replace(part, letters=rest, low=None, high=None) if rest else part.body
            says = f"the sum over {letter} is too much"
            yield Change(says, part, fewer)
            inside = {one.letter for one in every(part.body, t.Index)}
            for other in scope.letters:
                if other not in part.letters:
                    here = (one for one in every(fewer, t.Index) if one.letter == letter)
                    named = t.replaced(fewer, ((one, t.Index(other)) for one in here))
                    yield Change(f"{says}: index {other} alone is meant", part, named)
                if other in inside.difference(part.letters):
                    right = tuple(other if one == letter else one for one in part.letters)
                    says = f"the sum runs over {letter} where {other} is meant"
                    yield Change(says, part, replace(part, letters=right))
    for letter in sorted({part.letter for part in every(whole, t.Index)}):
        says = f"the sum over {letter} is missing"
        for term in (whole, *(whole.parts if isinstance(whole, t.Add) else ())):
            yield Change(says, term, t.Sum((letter,), None, None, term))


def slopes_too_much(whole: t.Expr, scope: Scope) -> Changes:
    """The derivative of an activation that is there already."""
    for part in every(whole, t.Product, t.Times, t.Elementwise):
        factors = factors_of(part)
        for first in range(len(factors)):
            for gone in (factors[first : first + 1], factors[first : first + 2]):
                if len(gone) < len(factors) and _is_slope(gone):
                    rest = times(part, (*factors[:first], *factors[first + len(gone) :]))
                    quoted = name(times(part, gone))
                    yield Change(f"the activation's derivative {quoted} is too much", part, rest)


def _is_slope(factors: tuple[t.Expr, ...]) -> bool:
    """Whether factors may be an activation's derivative: f'(s), z (1 - z), diag(…), dz/ds."""
    match factors:
        case (t.Derivative(t.Name(of), t.Name(by)),):
            return of in ("z", "y_hat") and by == "s"
        case (t.Apply(t.Function("diag"), (inner,)),):
            return _is_slope((inner,)) or _is_slope(factors_of(inner))
        case (t.Apply(function),):
            return function.primes > 0
        case (t.ReluDiagonal(),) | (t.Indicator(),):
            return True
        case (z, t.Add((_, t.Negative(other)))) | (t.Add((_, t.Negative(other))), z):
            return isinstance(z, t.Name) and z == other
    return False


def slopes_missing(whole: t.Expr, scope: Scope) -> Changes:
    """The derivative of an activation that is missing, or that something else stands for."""
    missing = "the activation's derivative is missing: "
    for layer in scope.layers:
        s, z = t.Name("s", layer), t.Name("z", layer)
        jacobian = t.Derivative(z, s)
        shown = _in_line(jacobian)
        says = rf"the factor $\odot {writing.tex(z)}$ is missing"
        yield Change(says, whole, t.Elementwise(whole, z))
        for one in bodies(whole):
            if isinstance(one, t.Identity | t.ReluDiagonal) or one == z:
                yield Change(f"{missing}{{part}} should be {shown}", one, jacobian)
        for part in tensors(whole):
            factors = part.factors if isinstance(part, t.Product) else (part,)
            for at in range(len(factors) + 1):
                product = t.Product((*factors[:at], jacobian, *factors[at:]))
                yield Change(missing + shown, part, product)
        slopes = t.Apply(t.Function("f", layer, 1), (s,))
        for part in tensors(whole):
            dot = rf"$\odot f'({writing.tex(s)})$"
            yield Change(missing + dot, part, t.Elementwise(part, slopes))
        for letter in sorted({part.letter for part in every(whole, t.Index)}):
            index = (t.Index(letter),)
            one_slope = t.Derivative(replace(z, indices=index), replace(s, indices=index))
            for term in (whole, *(total.body for total in every(whole, t.Sum))):
                yield Change(missing + _in_line(one_slope), term, t.Product((one_slope, term)))


def _in_line(node: t.Derivative) -> str:
    return rf"$\partial {writing.tex(node.of)} / \partial {writing.tex(node.by)}$"


def signs(whole: t.Expr, scope: Scope) -> Changes:
    """The sign of a term, or of a whole side."""
    for total in _totals(whole):
        for term in reversed(total.terms):
            yield Change("the sign of {part} is wrong", term, opposite(term))
    if not isinstance(whole, t.Add):
        yield Change("the sign is wrong", whole, opposite(whole))


def _totals(whole: t.Expr) -> Iterator[t.Add]:
    """The sums of terms that are no index."""
    inside = {id(i) for part in every(whole, t.Name) for i in part.indices}
    return (total for total in every(whole, t.Add) if id(total) not in inside)


def factors(whole: t.Expr, scope: Scope) -> Changes:
    """A factor or a term too much."""
    for part in every(whole, t.Product, t.Times, t.Elementwise):
        own = factors_of(part)
        for at, factor in enumerate(own):
            rest = times(part, own[:at] + own[at + 1 :])
            yield Change("the factor {part} is too much", factor, rest, part)
    for total in _totals(whole):
        for at, term in enumerate(total.terms):
            others = total.terms[:at] + total.terms[at + 1 :]
            less = others[0] if len(others) == 1 else replace(total, terms=others)
            yield Change("the term {part} is too much", term, less, total)


def missing(whole: t.Expr, scope: Scope) -> Changes:
    """A term b, or a factor x, z, delta, W, Kronecker's delta, that is missing."""
    letters = [t.Index(letter) for letter in scope.letters]
    outputs = [t.Name("y_hat", None)] * any(x.base == "y_hat" for x in every(whole, t.Name))
    named = [*outputs, t.Name("x", None)]
    around = (t.Layer("L", -1), t.Layer("L", 1)) if scope.general else ()
    for layer in dict.fromkeys((*scope.layers, *around)):
        named += [t.Name(base, layer) for base in ("z", "delta", "W")]
        for inside in ((), *((letter,) for letter in letters)):
            term = t.Name("b", layer, inside)
            yield Change(f"the term {name(term)} is missing", whole, t.Add((whole, term)))
    turned = [whole.of] if isinstance(whole, t.Transpose) else []
    sloped = {id(part) for one in every(whole, t.Derivative) for part in one.of.nodes}
    sums = (total for total in every(whole, t.Sum) if id(total) not in sloped)
    ends = [whole, *turned, *(total.body for total in sums)]
    for one in named:
        for inside in ((), *permutations(letters, 2 if one.base == "W" else 1)):
            factor = replace(one, indices=inside)
            says = f"the factor {name(factor)} is missing"
            for end in ends:
                for pair in ((factor, end), (end, factor)) if not inside else ((end, factor),):
                    yield Change(says, end, t.Product(flat(*pair)))
    functions = () if any(every(whole, t.Apply)) else dict.fromkeys(every(whole, t.Function))
    for factor in (*functions, *(t.Kronecker(*pair) for pair in combinations(letters, 2))):
        yield Change(f"the factor {name(factor)} is missing", whole, t.Product((factor, whole)))


def flat(*factors: t.Expr) -> tuple[t.Expr, ...]:
    """The factors, those of the products among them each by itself."""
    return tuple(part for one in factors for part in getattr(one, "factors", (one,)))


def squares(whole: t.Expr, scope: Scope) -> Changes:
    """A square that is a squared norm, or whose derivative is meant; a norm without its square."""
    for part in every(whole, t.Power):
        if part.exponent == t.TWO:
            says = "its squared norm is meant, {new}"
            yield Change(says, part, replace(part, of=t.Norm(part.of), elementwise=False))
            says, slope = "the derivative of the square is meant: ", t.Product((t.TWO, part.of))
            for meant in (slope, t.Transpose(slope)):
                yield Change(says + "{new}, not {part}", part, meant)
    for total in every(whole, t.Sum):
        yield Change("the square of {part} is missing", total.body, t.Power(total.body, t.TWO))
    for norm in every(whole, t.Norm):
        yield Change("the square of {part} is meant", norm, t.Power(norm, t.TWO))


def elementwise(whole: t.Expr, scope: Scope) -> Changes:
    """A product, or a vector, where entries are multiplied or a diagonal matrix is meant."""
    for part in every(whole, t.Product, t.Times):
        factors = factors_of(part)
        for first in range(1, len(factors)):
            before = times(t.Product(factors), factors[:first])
            product = reduce(t.Elementwise, factors[first:], before)
            says = r"the product entry by entry, $\odot$, is meant before "
            yield Change(says + scope.show(factors[first]), part, product)
            if part is whole:
                products = "a diagonal matrix of the products entry by entry"
                says = rf"{products} is meant: $\operatorname{{diag}}(… \odot …)$"
                yield Change(says, part, t.Apply(t.Function("diag"), (product,)))
    for part in every(whole, t.Elementwise):
        says = r"the product of matrices, not $\odot$, is meant at {part}"
        yield Change(says, part, t.Product(flat(part.left, part.right)))
    for one in bodies(whole):
        if isinstance(one, t.Constant | t.Number) and one.value == 1:
            yield Change("the identity matrix is written $I$", one, t.Identity(None, None))
            yield Change("the column of ones is written {new}", one, t.Constant(1))
    for vector in every(whole, t.Apply, t.Elementwise, t.Indicator):
        if isinstance(vector, t.Apply) and vector.function.name == "diag":
            says = "a vector is meant, not a diagonal matrix, at {part}"
            yield Change(says, vector, vector.arguments[0])
        else:
            says = r"a diagonal matrix is meant: $\operatorname{diag}$ of {part}"
            yield Change(says, vector, t.Apply(t.Function("diag"), (vector,)))


def orders(whole: t.Expr, scope: Scope) -> Changes:
    """Factors in the wrong order, or an outer product turned round."""
    for part in every(whole, t.Product, t.Times):
        factors = factors_of(part)
        for at, (one, other) in enumerate(pairwise(factors)):
            says = f"{scope.show(one)} and {scope.show(other)} stand in the wrong order"
            for pair in (other, one), (other, t.Transpose(one)), (t.Transpose(other), one):
                turned = ", and a transpose is missing" if pair != (other, one) else ""
                changed = times(part, (*factors[:at], *pair, *factors[at + 2 :]))
                yield Change(says + turned, part, changed)
        for at, factor in enumerate(factors):
            rest = factors[:at] + factors[at + 1 :]
            for place in range(len(factors)):
                if abs(place - at) > 1:
                    moved = times(part, (*rest[:place], factor, *rest[place:]))
                    before = f"in front of {scope.show(rest[place])}" if rest[place:] else "last"
                    yield Change(f"the factor {{part}} belongs {before}", factor, moved, part)


def brackets(whole: t.Expr, scope: Scope) -> Changes:
    """A factor that ends too early at the next +, or a sum that goes too far."""
    for part in every(whole, t.Sum):
        if isinstance(part.body, t.Add):
            for at in range(1, len(part.body.terms)):
                inside, outside = part.body.terms[:at], part.body.terms[at:]
                body = inside[0] if at == 1 else replace(part.body, terms=inside)
                says = f"the sum goes too far: it ends before {scope.show(outside[0])}"
                yield Change(says, part, t.Add((replace(part, body=body), *outside)))
    for part in every(whole, t.Product):
        head, last = part.factors[:-1], part.factors[-1]
        yield Change("a + is missing before {part}", last, t.Add((times(part, head), last)), part)
    for total in every(whole, t.Add):
        first = total.terms[0]
        if isinstance(first, t.Product):
            inner = t.Add((first.factors[-1], *total.terms[1:]))
            says = f"brackets are missing: {scope.show(first.factors[0])} multiplies the whole sum"
            yield Change(says, total, replace(first, factors=(*first.factors[:-1], inner)))
