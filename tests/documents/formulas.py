"""What the tests of the documents share: a formula with everything in it, derivations of every kind, and
readers of LaTeX and MathML.
"""

from __future__ import annotations

import re
from functools import cache, partial
from xml.etree import ElementTree

from derivation.programs import CASES

from symnet.derivation.derive import derive
from symnet.derivation.journal import Derived
from symnet.equations.parse import parse_program
from symnet.updates import updates

COVERAGE = """
X: input[N, D]
token: input[N] integer
W1: parameter[D, H]
W_out: parameter[H, K]
b1: parameter[H]
alpha: hyperparameter = 0.5
learning_rate: hyperparameter = 0.01
E: parameter[V, K]
Z1[n,j] = sum(X[n,i]*W1[i,j], i) + b1[j]
A1[n,j] = where(Z1[n,j] > 0, Z1[n,j], alpha*(exp(Z1[n,j]) - 1))
B1[n,j] = sigmoid(Z1[n,j]) + tanh(Z1[n,j])**2 + softplus(-Z1[n,j]) + erf(Z1[n,j])/sqrt(2)
C1[n,j] = maximum(Z1[n,j], 0) + minimum(Z1[n,j], 1) + abs(Z1[n,j]) + signum(Z1[n,j]) + expm1(Z1[n,j])
F1[n,j] = sin(B1[n,j]) + cos(C1[n,j]) + sign(A1[n,j]) + pi + floor(D/2)
Q[n,k] = sum(A1[n,j]*W_out[j,k], j) + E[token[n],k] - learning_rate*0.001
M[n] = argmax(Q[n,k], k)
M2 = argmax(where(0 < k, Q[n,k], -inf), n, k)
R[n] = (M2 == n)*Q[n,M[n]] + (M[n] == 0) + (M[n] <= 2) + sum(F1[n,j], j)/(N*H)
S[n] = log(sum(exp(Q[n,k]), k)) - R[n]**3/3
L = sum(S[n]**2, n)/(2*N)
"""
"""Every kind of expression that the language has, in one program: all printers must print it."""


@cache
def coverage() -> tuple:
    """The equations of COVERAGE and its program."""
    program = parse_program(COVERAGE)
    return program.equations, program


@cache
def derivation(name: str, optimizer: str = "sgd") -> Derived:
    """The derivation of one of the programs that the chain rule is tested with, and its updates."""
    case = CASES[name]
    return derive(parse_program(case.text), wrt=case.wrt, optimizer=partial(updates, optimizer, {}))


def deep(layers: int) -> Derived:
    """The derivation of a network of that many equal layers."""
    lines = ["X: input[N, D]", "Y: target[N, D]"]
    lines += [f"W{k}: parameter[D, D]\nb{k}: parameter[D]" for k in range(1, layers + 1)]
    before = "X"
    for k in range(1, layers + 1):
        lines += [f"Z{k}[n,j] = sum({before}[n,i]*W{k}[i,j], i) + b{k}[j]", f"A{k}[n,j] = tanh(Z{k}[n,j])"]
        before = f"A{k}"
    lines.append(f"L = sum(({before}[n,j] - Y[n,j])**2, n, j)")
    return derive(parse_program("\n".join(lines)), optimizer=partial(updates, "sgd", {}))


def assert_balanced(text: str) -> None:
    """Braces, \\left and \\right, and environments in `text` close in the order in which they open."""
    pairs = {"}": "{", r"\right": r"\left", r"\end": r"\begin"}
    opened: list[str] = []
    for token in re.findall(r"\\left\b|\\right\b|\\begin\b|\\end\b|\\.|[{}]", text):
        if token in pairs.values():
            opened.append(token)
        elif token in pairs:
            assert opened, f"{token} closes nothing in {text}"
            assert opened.pop() == pairs[token], f"{token} closes another in {text}"
    assert not opened, f"{opened} stay open in {text}"


def assert_well_formed(xml: str) -> ElementTree.Element:
    """`xml` as an element; fails where it is none, or where a script or fraction has the wrong number of
    parts.
    """
    root = ElementTree.fromstring(xml)
    for tag, parts in {"msub": 2, "msup": 2, "msubsup": 3, "mfrac": 2, "mover": 2, "munder": 2}.items():
        for element in root.iter(tag):
            assert len(element) == parts, f"{tag} with {len(element)} parts in {xml}"
    return root
