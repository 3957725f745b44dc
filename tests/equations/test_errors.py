"""Errors name the place, what was expected and the nearest valid thing; and hostile text is an error like any
other.
"""

from __future__ import annotations

import contextlib
import time

import pytest
import sympy.parsing.sympy_parser
from hypothesis import given, settings
from strategies import damaged, noise

from symnet.equations.parse import parse_formula, parse_program
from symnet.equations.program import Program
from symnet.equations.syntax import MAX_NAME, MAX_TEXT
from symnet.errors import EquationError, SymnetError
from symnet.index.symbols import Scalar

GIVEN = "X: input[N, D]\nW: parameter[D, H]\nb: parameter[H]\nc: parameter[N]\n"

EXACT = {
    "Z[n,j] = sum(X[n,i]*W[i,j], i) + c[j]": """\
net.eq, line 5, column 1: j runs over N in c[j] but over H in W[i,j]
  expected: the same size in both; c[j] is added for every n""",
    "Z[n,j] = X[n,k]*W[j,k]": """\
net.eq, line 5, column 14: k is bound nowhere: neither on the left of the equation nor by a sum around it
  expected: one of n, j, N, D, H""",
    "Z[n,j] = sum(X[n,i]*w[i,j], i)": """\
net.eq, line 5, column 21: there is no tensor w
  expected: a tensor that is declared or defined
  did you mean: W?""",
    "Z[n] = sum(X[n], i)": """\
net.eq, line 5, column 12: X has 2 indices, not 1
  expected: X[N, D]""",
    "Z[n,i] = X[n,i]\nZ[n,i] = 2*X[n,i]": """\
net.eq, line 6, column 1: Z is defined twice
  expected: one equation for each tensor""",
    "X[n,i] = 2": """\
net.eq, line 5, column 1: X is given as input and defined by an equation too
  expected: another name""",
    "Z[n,j] = b[j]": """\
net.eq, line 5, column 1: nothing says how far n runs in Z[n,j]
  expected: n alone at a place of a tensor of known shape, or Z: tensor[...]""",
    "Z[n,N] = X[n,N]": """\
net.eq, line 5, column 1: N is a size and cannot be an index
  expected: a name of its own, such as n, i, j""",
    "Z[n,i] = tan(X[n,i])": """\
net.eq, line 5, column 10: there is no function tan
  expected: a function such as exp or maximum
  did you mean: tanh?""",
    "Z[n,i] = maximum(X[n,i])": """\
net.eq, line 5, column 10: maximum takes 2 arguments, not 1
  expected: maximum(a, b)""",
    "Z[n,i] = X[n,i]**10**10**10": """\
net.eq, line 5, column 18: the exponent is too large
  expected: exponents between -100 and 100""",
    "Z[n,i] = X[n,-1]": """\
net.eq, line 5, column 14: X has no element at -1
  expected: a whole number from 0 to D - 1""",
    "Z[n,i] = X[n,X[n,i]]": """\
net.eq, line 5, column 14: X holds no whole numbers and cannot stand in an index
  expected: a tensor of whole numbers: X: input[...] integer, or X = argmax(..., k)""",
    "Z[n,i] = (X[n,i]": """\
net.eq, line 5, column 10: ( is never closed
  expected: )""",
    "Z[n,i] = X[n,i] +": """\
net.eq, line 5, column 18: something is missing at the end
  expected: values joined by + - * / ** and commas, such as X[n,i]*W[i,j]""",
    "Z[n,i] = X[n,i] X[n,i]": """\
net.eq, line 5, column 17: X was not expected here
  expected: values joined by + - * / ** and commas, such as X[n,i]*W[i,j]""",
    "Z[n,i] = X[n,i] if 1 else 2": """\
net.eq, line 5, column 17: if is not part of the language
  did you mean: where(condition, a, b)?""",
    "Z[n,i] = Х[n,i]": """\
net.eq, line 5, column 10: U+0425 is not a letter of the language
  expected: names of ASCII letters, digits, underscores""",
    "Q: imput[N]": """\
net.eq, line 5, column 4: Q is declared as imput
  expected: input, target, parameter, state, random, hyperparameter, tensor or size, such as Q: input[N, D]
  did you mean: input?""",
    "Q: input[N, 0]": """\
net.eq, line 5, column 13: a size of 0
  expected: a whole number from 1 to 2147483647""",
    "A[n,i] = X[n,i] + B[n,i]\nB[n,i] = X[n,i]": """\
net.eq, line 5, column 1, the equation of A: A reads B, which is defined only later
  expected: the equation of B before that of A""",
    "A[n,i] = A[n,i] + X[n,i]": """\
net.eq, line 5, column 1, the equation of A: A[n,i] depends on itself through A[n,i]
  expected: a recurrence: such readings a fixed number of steps earlier on one axis, as in H[n,t-1,k]""",
    "Z[n] = sum(X[n,n], n)": """\
net.eq, line 5, column 20: n is bound already
  expected: an index of its own for this sum""",
    "Q: tensor[N]": """\
net.eq: Q is declared but defined by no equation
  expected: Q[i] = ...""",
    "Z = 1/(2 - 2)": """\
net.eq, line 5, column 5: this divides by zero
  expected: a divisor that is not 0""",
    "Z = sum(X[n,i],\n  n, i)*foo": """\
net.eq, line 6, column 9: nothing is called foo
  expected: a tensor, a size or an index of this equation""",
}


@pytest.mark.parametrize("text", EXACT)
def test_the_whole_message(text):
    with pytest.raises(EquationError) as caught:
        parse_program(GIVEN + text, "net.eq")
    assert str(caught.value) == EXACT[text]


REFUSED = [
    "Z[n,n] = X[n,n]", "Z[n+1,i] = X[n,i]", "Z[0] = c[0]", "Z = Q = 2", "Z += 2", "Z == 2", "Z", "2 = Z", "[a, b] = 2", "X[n,i]", "f(x) = 2",
    "X: input[N]", "N: input[D]", "sum: input[N]", "integer: input[N]", "_a: input[N]", "and: input[N]", "Q: input N", "Q: input[N] = 2", "Q:",
    "Q: size = 0", "Q: size = 2.5", "Q: size[2]", "D: size = 3\nD: size = 4", "Q: input[N/2]", "Q: input[N - N]", "Q: input[X]", "Q: input[]]",
    "Q: hyperparameter[N]", "Q: hyperparameter = x", "Q: hyperparameter = 1/0", "Q: parameter[N] integer", "Q: input[N] whole", "Q: input[2**40]",
    "Z = X", "Z = c[n]", "Z = sum(c[n])", "Z = sum(c[n], 2)", "Z = sum(c[n], n, n)", "Z = sum(c[n], N)", "Z = sum(c[n], X)", "Z = sum(n)", "Z = sum()",
    "Z = max(c[n])", "Z = inf", "Z = where(0 < 1, 1, -inf)", "Z = max(where(0 < n, c[n], inf), n)", "Z = max(where(0 < n, -inf, c[n]), n)", "Z = max(c[n] - inf, n)", "Z = softmax(c[n], n)", "Z[n] = softmax(c[n], n, n)", "Z = where(1, 2)", "Z = exp()", "Z = exp(1, 2)",
    "Z = exp(x=1)", "Z = exp(*b)", "Z = exp(**b)", "Z = log(0)", "Z = log(-1)", "Z = sqrt(-2)", "Z = (-8)**(1/3)", "Z = 0**-1", "Z[n] = c[n]/(1 - 1)",
    "Z[n] = c[n.5]", "Z[n] = c[n/2]", "Z[n] = c[0.5]", "Z[n] = c[exp(n)]", "Z[n] = c[n**2]", "Z[n] = c[n < 2 < 1.5]", "Z = b[7:]", "Z = b[...]", "Z = b[]",
    "Z[n] = floor(c[n])", "Z = 0x10", "Z = 1_000", "Z = 1j", "Z = 007", "Z = 1e999", "Z = 1e-999", "Z = " + "9" * 50, "Z = 9**99**9", "Z = 1e300*1e300",
    "Z = 1 // 2", "Z = 1 % 2", "Z = 1 @ 2", "Z = 1 | 2", "Z = 1 << 2", "Z = ~1", "Z = not 1", "Z = 1 or 2", "Z = 1 is 1", "Z = 1 in b", "Z = 1 != 2",
    "Z[n] = c[n](1)", "Z = exp", "Z = sum", "Z = (1, 2)", "Z = [1]", "Z = exp((1, 2))", "Z = ()", "Z = True", "Z = None", "Z; Y", "Z = 1; Y = 2",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused(text):
    with pytest.raises(EquationError) as caught:
        parse_program(GIVEN + text, "net.eq")
    assert str(caught.value).startswith("net.eq, line ")


HOSTILE = [
    "__import__('os').system('touch pwned')", "().__class__.__bases__[0].__subclasses__()", "X.__class__", "X[n,i].free_symbols", "exp.__globals__",
    "lambda: 0", "(lambda x: x)(1)", "[x for x in X]", "{x: 1 for x in X}", "f'{X}'", "'a'*10**9", "b'a'", "open('/etc/passwd')", "eval('1')",
    "exec('1')", "compile('1', '', 'eval')", "globals()", "getattr(X, 'name')", "print(1)", "S('1')", "sympify('1')", "Symbol('x')", "(yield)",
    "await x", "(x := 2)", "X if X else X", "*X", "**X", "...", "X[n,i]\n@X", "import os", "class A: pass", "def f(): pass", "del X", "raise X",
    "x\\\ny", "x\x00", "\ufeffx", "x\u2028y", "ｅｘｐ(1)", "eхp(1)", "𝐱", "1" * 5000, "1e" + "9" * 100, "9" * 39 + "**" + "9" * 39, "x" * (MAX_NAME + 1),
    "((((9*z)**99)**99)**99)**99", "exp(99*log(exp(99*log(exp(99*log(9*z))))))", "exp(999999999*log(7))", "2**-(10**10)", "z**(10**10)", "10**10**10*z",
    "(1/3)**(1e9)", "floor(exp(exp(exp(9))))", "(" * 5000, "(" * 60 + "z" + ")" * 60, "[" * 100, "-" * 5000 + "z", "z" + "**z" * 1000,
    "z" + "+z" * 50_000, "exp(" * 49 + "z" + ")" * 49 + "**" + "2**" * 1000 + "2", "z" + "<z" * 3000, "*".join(["9" * 39] * 900), "z,", "z,z", "# z",
]  # fmt: skip


@pytest.fixture
def nothing_is_run(monkeypatch):
    """What SymPy would run a text with fails the test."""

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("text of a user's was about to be run")

    for name in ("parse_expr", "eval_expr", "stringify_expr"):
        monkeypatch.setattr(sympy.parsing.sympy_parser, name, forbidden)


@pytest.mark.usefixtures("nothing_is_run")
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_refused_at_once(text):
    start = time.process_time()
    with pytest.raises(EquationError):
        parse_formula(text, {"z": Scalar("z"), "x": Scalar("x")})
    for program in (f"z: input\nL = {text}", f"z: input[{text}]\nL = 1", f"z: input\nL = sum(1, k < {text})"):
        with pytest.raises(EquationError):
            parse_program(program)
    assert time.process_time() - start < 1


COSTLY = [
    "S = " + "+".join(f"sum(X[2*i{k}], i{k})" for k in range(200)),
    "S = " + "+".join(["softmax(X[0], i)"] * 300),
    "Q[i] = " + "softmax(" * 18 + "X[i]" + ", i)" * 18,
    "S = " + "logsumexp(" * 18 + "X[i0]" + "".join(f"*X[i{k}], i{k})" for k in range(18)),
    "S = " + "max(" * 25 + "*".join(f"X[i{k}]" for k in range(25)) + "".join(f", i{k})" for k in range(25)),
    "\n".join(f"A{k}[i] = A{k + 1}[i-1]" for k in range(4000)) + "\nA4000[i] = X[i] + A0[i-1]",
    "\n".join(f"A{k} = A{k + 1}" for k in range(4000)),
    "S = " + "*".join(f"(X[0] + {k})**{k % 90 + 1}" for k in range(300)),
    "S = " + "(X[0] + 1)*" * 900 + "1",
    "S = " + "tanh(" * 45 + "1" + ")" * 45,
    "S = " + "*".join(f"sqrt({k})" for k in range(2, 200)),
    "X" * MAX_TEXT + "X",
]


@pytest.mark.parametrize("text", COSTLY, ids=range(len(COSTLY)))
def test_costly_text_has_an_end(text):
    start = time.process_time()
    with contextlib.suppress(EquationError):
        parse_program("X: input[D]\n" + text)
    assert time.process_time() - start < 5


@settings(max_examples=300)
@given(noise | damaged())
def test_any_text_is_a_program_or_an_error(text):
    start = time.process_time()
    try:
        program = parse_program(text, "any.eq")
    except SymnetError as error:
        assert isinstance(error, EquationError)
        assert str(error).startswith("any.eq")
    else:
        assert isinstance(program, Program)
    assert time.process_time() - start < 5


@settings(max_examples=200)
@given(noise)
def test_any_formula_is_an_expression_or_an_error(text):
    try:
        value = parse_formula(text, {"n": Scalar("n"), "X": Scalar("X")})
    except SymnetError as error:
        assert isinstance(error, EquationError)
    else:
        assert value.free_symbols <= {Scalar("n"), Scalar("X")}
