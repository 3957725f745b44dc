"""What runs in which order in which memory: nothing is read after another has taken its place."""

from __future__ import annotations

from functools import partial

import pytest
from backends.modules import agree, derived_from
from derivation.programs import CASES
from oracle import random_arrays

from symnet.derivation.derive import derive
from symnet.equations.parse import parse_program
from symnet.lowering.instructions import Home, Loop, Map, Product, reads_of, writes_of
from symnet.lowering.schedule import schedule
from symnet.updates import updates


def lines_of(plan):
    return (*plan.predict, *plan.loss, *plan.backward, *plan.update)


def flattened(lines):
    """The instructions in order; a loop's body twice over, since what it leaves is read in the next turn."""
    for line in lines:
        if isinstance(line.instruction, Loop):
            yield from flattened(line.instruction.body)
            yield from flattened(line.instruction.body)
        else:
            yield line.instruction


def root(plan, name):
    while name in plan.owners:
        name = plan.owners[name]
    return name


@pytest.mark.parametrize("descends", [False, True])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("name", CASES)
def test_nothing_is_read_after_its_memory_has_gone_to_another(name, optimizer, descends):
    """An independent replay: each piece of memory remembers who wrote it last, and every read asks for that
    one.
    """
    case = CASES[name]
    plan = schedule(derived_from(case.text, case.wrt, optimizer), descends=descends)
    after = {e.tensor.name: e.tensor.next_of for e in plan.equations.values() if e.tensor.next_of}
    tenant: dict[str, str] = {}
    shared = 0
    lines = (*plan.predict, *plan.loss, *plan.descent) if plan.descent else lines_of(plan)
    for instruction in flattened(lines):
        for view in reads_of(instruction):
            if view.buffer.home in (Home.WORKSPACE, Home.UPDATE):
                shared += view.buffer.name in plan.owners
                if view.zero is not None and root(plan, view.buffer.name) not in tenant:
                    continue  # the step before the first is outside the range, and so zero
                assert tenant[root(plan, view.buffer.name)] == view.buffer.name
            elif view.buffer.home in (Home.PARAMETER, Home.GRADIENT, Home.STATE):
                assert tenant.get(view.buffer.name, view.buffer.name) == view.buffer.name
        for view in writes_of(instruction):
            owner = root(plan, view.buffer.name)
            assert owner == view.buffer.name or view.buffer.home in (Home.WORKSPACE, Home.UPDATE)
            tenant[owner] = view.buffer.name
    for new, old in after.items():
        if root(plan, new) in tenant:
            assert tenant[root(plan, new)] == new or old not in plan.of_tensor


def test_a_dense_network_is_updated_in_two_instructions():
    plan = schedule(derived_from(CASES["dense"].text, ("W1", "b1", "W2", "b2")))
    (stack,) = plan.stacks
    assert sorted(t.name for t in stack.parts[0]) == ["W1", "W2", "b1", "b2"]
    assert [line.instruction.function for line in plan.update] == ["multiply", "subtract"]
    assert plan.owners["vector_next"] == "vector"
    assert plan.owners["vector_next_part"] == "gradient"


def mixed(pairs):
    """Weights decay, biases do not."""
    given, values, equations = [], {}, []
    for kind, rank in (("adamw", 2), ("adam", 1)):
        chosen = [pair for pair in pairs if pair[0].rank == rank]
        more, numbers, added = updates(kind, {}, chosen)
        given += [t for t in more if t.name not in {g.name for g in given}]
        values.update(numbers)
        equations += [e for e in added if e.tensor.name not in {k.tensor.name for k in equations}]
    return given, values, equations


def test_updates_that_differ_make_two_vectors():
    case = CASES["dense"]
    derived = derive(parse_program(case.text), wrt=("W1", "b1", "W2", "b2"), optimizer=mixed)
    plan = schedule(derived)
    assert [sorted(t.name for t in stack.parts[0]) for stack in plan.stacks] == [["W1", "W2"], ["b1", "b2"]]
    agree(derived, case.sizes, random_arrays(derived.stated, case.sizes))


def test_an_update_that_is_not_elementwise_stays_alone():
    """Every row moves by the mean gradient of the row."""
    case = CASES["one weight used twice"]

    def by_rows(pairs):
        given, values, equations = updates("sgd", {}, pairs)
        from dataclasses import replace

        from symnet.index.calculus import fresh
        from symnet.index.reductions import total

        (equation,) = equations
        (_, gradient), index = pairs[0], fresh({"i", "j"})
        i, _ = equation.indices
        size = gradient.shape[1]
        mean = total(gradient[i, index], [(index, size)]) / size
        return given, values, [replace(equation, rhs=pairs[0][0][equation.indices] - mean)]

    derived = derive(parse_program(case.text), wrt=["W"], optimizer=by_rows)
    plan = schedule(derived)
    assert not plan.stacks
    assert [equation.tensor.name for equation in plan.loose] == ["W_next"]
    agree(derived, case.sizes, random_arrays(derived.stated, case.sizes))


def test_a_prediction_needs_the_inputs_alone():
    plan = schedule(derived_from(CASES["dense"].text), "A2")
    read = {view.buffer.name for line in plan.predict for view in reads_of(line.instruction)}
    assert "X" in read
    assert "Y" not in read
    assert {line.tensor for line in plan.predict} == {"Z1", "A1", "Z2", "A2"}


def test_equations_that_nothing_needs_are_left_out():
    text = CASES["dense"].text.replace("L = ", "idle[n,j] = exp(Z2[n,j])\nL = ")
    assert "idle" not in {line.tensor for line in lines_of(schedule(derived_from(text, ("W1",))))}


def test_another_name_for_an_array_costs_nothing():
    text = "X: input[N, D]\nW: parameter[D]\nZ[n] = sum(X[n,i]*W[i], i)\nA[n] = Z[n]\nL = sum(A[n]**2, n)"
    plan = schedule(derived_from(text))
    assert plan.of_tensor["A"] == plan.of_tensor["Z"]


def test_an_activation_works_in_place_where_its_argument_is_not_needed_again():
    exponential = schedule(derived_from(CASES["dense"].text.replace("sigmoid(Z2[n,j])", "exp(Z2[n,j])")))
    assert root(exponential, "A2") == root(exponential, "Z2")
    text = CASES["dense"].text.replace("sigmoid(Z2[n,j])", "maximum(Z2[n,j], 0)")
    relu = schedule(derived_from(text))
    assert root(relu, "A2") != root(relu, "Z2")  # its adjoint asks where Z2 is positive


def test_what_stands_in_two_equations_is_computed_once():
    plan = schedule(derived_from(CASES["dense"].text))
    differences = [
        line.instruction
        for line in lines_of(plan)
        if isinstance(line.instruction, Map) and line.instruction.function == "subtract"
        if {"A2", "Y"} <= {view.buffer.name for view in reads_of(line.instruction)}
    ]
    assert len(differences) == 1


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("X: input[N, D]\nW: parameter[D, K]\nZ[n,j] = sum(X[n,i]*W[i,j], i)", "dot"),
        ("X: input[N, D]\nW: parameter[K, D]\nZ[j,n] = sum(X[n,i]*W[j,i], i)", "dot"),
        ("X: input[N, T, D]\nW: parameter[D, K]\nZ[n,t,j] = sum(X[n,t,i]*W[i,j], i)", "dot"),
        ("X: input[N, T, D]\nW: parameter[N, D, K]\nZ[n,t,j] = sum(X[n,t,i]*W[n,i,j], i)", "matmul"),
        ("X: input[N, T, D]\nW: parameter[T, N]\nZ[t,d] = sum(X[n,t,d]*W[t,n], n)", "einsum"),
    ],
)
def test_a_contraction_is_the_cheapest_product_that_fits(text, form):
    indices = text.splitlines()[-1].partition("]")[0].partition("[")[2]
    plan = schedule(derived_from(f"{text}\nL = sum(Z[{indices}]**2, {', '.join(indices.split(','))})"), "Z")
    products = [line.instruction for line in plan.predict if isinstance(line.instruction, Product)]
    assert [product.form for product in products] == [form]


def test_the_gradients_do_not_depend_on_the_optimizer():
    first, second = (
        schedule(derive(parse_program(CASES["dense"].text), optimizer=partial(updates, kind, {})))
        for kind in ("sgd", "adamw")
    )
    assert [line.instruction for line in first.backward] == [line.instruction for line in second.backward]
