"""Refutes a statement by a witness: a small network on which the two sides differ.

Lemma: a statement says that its sides are defined and equal at every entry of every network of its
kind. So one entry of one of them, where the difference is certain not to be 0, or where one side
alone has a value, refutes it. Values are exact or lie in certified intervals; a step whose argument
may be 0 gives no witness.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from itertools import cycle, islice, product

from .. import syntax as t
from ..algebra.budget import WITNESS, NoRule, at_most
from ..algebra.demands import Nowhere
from ..algebra.terms import ONE, Index, Sort
from ..elaborate.definitions import declared
from ..elaborate.matrix import IllSorted, Misfit
from ..elaborate.statement import Entry, assumed, claimed, entries, parts
from ..networks.network import Case, Network
from ..networks.representatives import cases
from ..verdict import Refuted, Witness
from .intervals import Number, add, approximate, sign, times
from .worlds import NARROW, WIDE, Undefined, World, worlds

ENTRIES = 60  # of one world
SHARE = 30_000  # steps for one entry in one world
FILLED = (("ReLU", "sigma"), ("I", "ReLU"), ("sigma", "tanh"))  # for any function; the last costs


def refute(statement: t.Statement, network: Network) -> Refuted | None:
    """A refutation by a witness, if one is found."""
    with suppress(NoRule, RecursionError), at_most(WITNESS):
        for seeds, one in product((NARROW, WIDE), parts(statement)):
            for case in concrete(one, network):
                with suppress(NoRule):  # another activation may have a value
                    if found := _in_case(one, case, seeds):
                        return Refuted(found)
    return None


def concrete(statement: t.Statement, network: Network) -> Iterator[Case]:
    """Cases without gaps, with known activations and a known loss; few layers cost less."""
    kinds = [case for case in cases(statement, network, 1) if case.L != 0]  # x may be left out
    found = sorted(kinds, key=lambda case: case.depth)
    loss = next((loss for loss in network.losses if loss), declared()[0]["MSE"])
    for others in FILLED:
        for case in found:
            with suppress(IllSorted):
                if known := assumed(replace(case, loss=loss, gaps=()), statement):
                    fill = cycle(others[: 1 if network.shared else None])
                    filled = zip(known.activations, fill, strict=False)
                    yield replace(known, activations=tuple(own or other for own, other in filled))
        if all(all(case.activations) for case in found):
            return


def _in_case(
    statement: t.Statement, case: Case, seeds: tuple[int, ...], default: Mapping[str, Sort] = {}
) -> Witness | None:
    """A witness in a case; where nothing says how far one index runs, one for every length."""
    try:
        pair = claimed(statement, case)
        pair.scope.default = default
        found = list(entries(pair))
    except (Misfit, Nowhere):
        return None  # these layers do not exist
    except NoRule as error:
        signs = {part.relation for part in t.walk(statement) if isinstance(part, t.Indicator)}
        if default or signs - {"=", "neq"} or "how long" not in str(error):
            raise
        return _for_every_length(statement, case, seeds)
    if any(index.sort.layer < -1 for one in found for index in one.places.values()):
        return None if default else _for_every_length(statement, case, seeds)
    for world in worlds(case, pair.scope.least, seeds):
        for entry in found:
            # A share of the steps that are left: the others have a turn too.
            with suppress(NoRule), at_most(SHARE):
                if witness := _in_world(world, entry, found):
                    return witness
    return None


def _for_every_length(statement: t.Statement, case: Case, seeds: tuple[int, ...]) -> Witness | None:
    """A witness for each length of the one index whose length nothing says: the last of them."""
    sums = [part for part in t.walk(statement) if isinstance(part, t.Sum)]
    for letter in dict.fromkeys(["", *(letter for part in sums for letter in part.letters)]):
        with suppress(NoRule):  # another letter may be the one, or be loose too
            sorts = ({letter: Sort(layer), "": Sort(layer)} for layer in range(case.depth + 1))
            witnesses = [_in_case(statement, case, seeds, sort) for sort in sorts]
            if None not in witnesses:
                return witnesses[-1]
    return None


def _environments(world: World, entry: Entry) -> Iterator[dict[Index, int]]:
    """The values of the indices that an entry stands for."""
    running = (index for index in entry.places.values() if index.at is None)
    return islice(world.values(running), ENTRIES)


def _in_world(world: World, entry: Entry, all_: list[Entry]) -> Witness | None:
    for env in _environments(world, entry):
        try:
            if not sign(world.value(entry.weight, env)):
                continue
            found = _differ(world, entry, env)
            left, right = (None if value is None else approximate(value) for value in found)
        except ArithmeticError:  # doubtful, or too large
            continue
        if left == right and (left is None or entry.equal[0] is entry.left[0]):
            continue  # no difference, or a smaller one than floats can show
        if None in found and not _everywhere(world, all_, found.index(None)):
            continue
        return Witness(world.widths, world.case.L, _place(entry, env), left, right, _named(world))
    return None


def _named(world: World) -> str:
    """The network, and what was taken for the functions that it leaves open."""
    case, network = world.case, world.case.network
    name = "the running network" if world.running else f"a network “{network.name}”"
    said = ", ".join({"sigma": "sigmoid", "I": "identity"}.get(f, f) for f in case.activations)
    taken = [] if all(network.activations) else [f"activations {said}"]
    taken += [f"loss {case.loss.name}"] if case.loss and network.losses != (case.loss,) else []
    return f"{name} ({'; '.join(taken)})" if taken else name


def _everywhere(world: World, all_: list[Entry], undefined: int) -> bool:
    """Whether the side that has a value at one entry has one at all of them: as a whole, log(x)_i
    and log(x_i) are defined at the same points."""
    with suppress(Undefined, ArithmeticError):
        for entry in all_:
            for env in _environments(world, entry):
                if sign(world.value(entry.weight, env)):
                    world.check((entry.right, entry.left)[undefined][1], env)
        return True
    return False


def _place(entry: Entry, env: dict[Index, int]) -> str:
    """Which entry this is, in words: row 0, column 1, i = 2."""
    said = []
    for name, index in entry.places.items():
        if index.sort != ONE:
            value = env[index] if index.at is None else index.at
            said.append(f"{name} {value}" if name in ("row", "column") else f"{name} = {value}")
    return ", ".join(said)


def _differ(world: World, entry: Entry, env: dict[Index, int]) -> list[Number | None]:
    """Both values where they differ; None for a side that has none or is as it should be."""
    values: list[Number | None] = []
    for term, demands in (entry.left, entry.right):
        try:
            world.check(demands, env)
            values.append(world.value(term, env))
        except Undefined:
            values.append(None)
    a, b = values
    if a is None or b is None:
        return values
    if entry.equal[0] is not entry.left[0]:
        a, b = (world.value(term, env) for term in entry.equal)
    return values if sign(add(a, times(Fraction(-1), b))) else [None, None]
