"""Networks of every kind as equations: what the chain rule must be able to derive, whatever the layers are
called.
"""

from __future__ import annotations

from dataclasses import dataclass, field

LAYER = """
Z1[n,j] = sum(X[n,i]*W1[i,j], i) + b1[j]
A1[n,j] = tanh(Z1[n,j])
Z2[n,j] = sum(A1[n,i]*W2[i,j], i) + b2[j]
"""
GIVEN = """
X: input[N, D]
Y: target[N, K]
W1: parameter[D, H]
b1: parameter[H]
W2: parameter[H, K]
b2: parameter[K]
"""


@dataclass(frozen=True)
class Case:
    """A program as text, sizes to try it at, and adjoint equations that it must come out with, as they
    print.
    """

    text: str
    sizes: dict[str, int]
    wrt: tuple[str, ...] | None = None
    adjoints: dict[str, str] = field(default_factory=dict)


SIZES = {"N": 3, "D": 2, "H": 4, "K": 3}

CASES = {
    "dense": Case(
        GIVEN + LAYER + "A2[n,j] = sigmoid(Z2[n,j])\nL = sum((A2[n,j] - Y[n,j])**2, n, j)",
        SIZES,
        ("W1", "b1", "W2", "b2", "X"),
        {
            "A2": "2*A2[n, j] - 2*Y[n, j]",
            "Z2": "(1 - A2[n, j])*A2[n, j]*dA2[n, j]",
            "W2": "Sum(A1[n, i]*dZ2[n, j], (n, 0, N - 1))",
            "b2": "Sum(dZ2[n, j], (n, 0, N - 1))",
            "A1": "Sum(W2[j, k]*dZ2[n, k], (k, 0, K - 1))",
            "Z1": "(1 - A1[n, j]**2)*dA1[n, j]",
            "X": "Sum(W1[i, j]*dZ1[n, j], (j, 0, H - 1))",
        },
    ),
    "strided convolution": Case(
        "X: input[N, D]\nW: parameter[K]\nb: parameter[1]\n"
        "C[n,i] = sum(X[n,2*i+k]*W[k], k) + b[0]\nL = sum(tanh(C[n,i])**2, n, i)",
        {"N": 2, "D": 7, "K": 3},
        ("W", "b", "X"),
    ),
    # outside its range W is zero, but the summand is not: a bracket must guard it
    "distance to a sliding template": Case(
        "X: input[N, D]\nW: parameter[K]\nC[n,i] = sum((X[n,2*i+k] - W[k])**2, k)\nL = sum(C[n,i]**3, n, i)",
        {"N": 2, "D": 7, "K": 3},
        ("W", "X"),
    ),
    "max pooling": Case(
        "X: input[N, D]\nW: parameter[K]\nM[n,i] = argmax(X[n,2*i+k]*W[k]**2, k)\n"
        "P[n,i] = X[n,2*i+M[n,i]]\nL = sum(P[n,i]**2, n, i)",
        {"N": 2, "D": 7, "K": 3},
        ("X",),
    ),
    "embedding": Case(
        "token: input[N, T] integer\nE: parameter[V, D]\nQ[n,d] = sum(E[token[n,t],d], t)/T\nL = sum(exp(Q[n,d]), n, d)",
        {"N": 2, "T": 4, "V": 5, "D": 3},
    ),
    "softmax": Case(
        GIVEN + LAYER + "P[n,j] = exp(Z2[n,j])/sum(exp(Z2[n,k]), k)\nL = sum((P[n,j] - Y[n,j])**2, n, j)",
        SIZES,
        None,
        {"Z2": "(dP[n, j] - Sum(P[n, k]*dP[n, k], (k, 0, K - 1)))*P[n, j]"},
    ),
    "cross-entropy": Case(
        GIVEN + LAYER + "L = sum(log(sum(exp(Z2[n,k]), k)) - sum(Y[n,k]*Z2[n,k], k), n)/N",
        SIZES,
        None,
        {"Z2": "(P[n, j] - Y[n, j])/N"},
    ),
    "binary cross-entropy": Case(
        GIVEN
        + LAYER
        + "A2[n,j] = sigmoid(Z2[n,j])\n"
        + "L = -sum(Y[n,j]*log(A2[n,j]) + (1 - Y[n,j])*log(1 - A2[n,j]), n, j)/(N*K)",
        SIZES,
        None,
        {"Z2": "(A2[n, j] - Y[n, j])/(K*N)"},
    ),
    # The adjoint of P divides by P; in the adjoint of Z nothing does.
    "log-likelihood of a softmax": Case(
        GIVEN + LAYER + "P[n,j] = exp(Z2[n,j])/sum(exp(Z2[n,k]), k)\nL = -sum(Y[n,j]*log(P[n,j]), n, j)/N",
        SIZES,
        None,
        {"Z2": "(P[n, j]*Sum(Y[n, k], (k, 0, K - 1)) - Y[n, j])/N"},
    ),
    "layer normalization": Case(
        "X: input[N, D]\ng: parameter[D]\nc: parameter[D]\n"
        "R[n,i] = g[i]*(X[n,i] - sum(X[n,k], k)/D)/sqrt(sum((X[n,k] - sum(X[n,l], l)/D)**2, k)/D + 0.00001)"
        " + c[i]\n"
        "L = sum(tanh(R[n,i]), n, i)",
        {"N": 2, "D": 4},
        ("g", "c", "X"),
    ),
    "attention": Case(
        "X: input[T, D]\nWq: parameter[D, K]\nWk: parameter[D, K]\nWv: parameter[D, K]\n"
        "Q[t,k] = sum(X[t,d]*Wq[d,k], d)\nR[t,k] = sum(X[t,d]*Wk[d,k], d)\nV[t,k] = sum(X[t,d]*Wv[d,k], d)\n"
        "C[t,s] = sum(Q[t,k]*R[s,k], k)/sqrt(K)\nP[t,s] = exp(C[t,s])/sum(exp(C[t,u]), u)\n"
        "O[t,k] = sum(P[t,s]*V[s,k], s)\n"
        "L = sum(O[t,k]**2, t, k)",
        {"T": 4, "D": 3, "K": 2},
        ("Wq", "Wk", "Wv", "X"),
        {"C": "(dP[t, s] - Sum(P[t, k]*dP[t, k], (k, 0, T - 1)))*P[t, s]"},
    ),
    "recurrence": Case(
        "X: input[N, T, D]\nY: target[N, K]\nU: parameter[D, K]\nW: parameter[K, K]\n"
        "H[n,t,k] = tanh(sum(X[n,t,d]*U[d,k], d) + sum(H[n,t-1,j]*W[j,k], j))\n"
        "L = sum((H[n,T-1,k] - Y[n,k])**2, n, k)/2",
        {"N": 2, "T": 4, "D": 3, "K": 2},
        ("U", "W", "X"),
        {
            "H": "(H[n, T - 1, k] - Y[n, k])*equal(T - 1, t) + Sum(W[k, l]*dZ[n, t + 1, l], (l, 0, K - 1))",
            "Z": "(1 - H[n, t, k]**2)*dH[n, t, k]",
            "W": "Sum(H[n, t - 1, j]*dZ[n, t, k], (t, 0, T - 1), (n, 0, N - 1))",
        },
    ),
    "one weight used twice": Case(
        "X: input[N, D]\nW: parameter[D, D]\nZ1[n,j] = sum(X[n,i]*W[i,j], i)\n"
        "Z2[n,j] = sum(tanh(Z1[n,i])*W[i,j], i)\n"
        "L = sum(Z2[n,j]**2, n, j) + 0.1*sum(W[i,j]**2, i, j)",
        {"N": 2, "D": 3},
    ),
    "a diagonal": Case(
        "A: parameter[D, D]\nL = sum(exp(A[i,i]), i) + sum(A[i,j]*A[j,i], i, j)",
        {"D": 3},
    ),
    "a logistic function spelled out": Case(
        "X: input[N, D]\nY: target[N, K]\nW: parameter[D, K]\nZ[n,j] = sum(X[n,i]*W[i,j], i)\n"
        "A[n,j] = 1/(1 + exp(-Z[n,j]))\nL = sum(A[n,j]*Y[n,j], n, j)",
        {"N": 2, "D": 3, "K": 2},
        None,
        {"Z": "(1 - A[n, j])*A[n, j]*dA[n, j]"},
    ),
    # dA[n+1] is zero at the last n, where its formula is not: putting it in would say A[N] - 1
    "a logistic function of the place before": Case(
        "Z: parameter[N]\nA: tensor[N]\nA[n] = sigmoid(Z[n-1])\nL = -sum(log(A[n]), n)",
        {"N": 3},
    ),
    "an exponential linear unit": Case(
        "Z: parameter[N, K]\nA[n,j] = where(Z[n,j] > 0, Z[n,j], 2*expm1(Z[n,j]))\nL = sum(A[n,j]**3, n, j)",
        {"N": 3, "K": 4},
        None,
        {"Z": "where(less(0, Z[n, j]), 1, A[n, j] + 2)*dA[n, j]"},
    ),
    "sums side by side": Case(
        "W: parameter[D]\nV: parameter[D]\nL = sum(W[i]*V[i], i)*sum(W[i]*W[j]*V[j], i, j)/sum(V[i]**2, i)",
        {"D": 3},
    ),
    "the root of a square": Case(
        "W: parameter[D]\nr: parameter\nL = sum(sqrt(W[i]**2)*(r**2)**1.5, i)",
        {"D": 3},
        None,
        {"W": "r**2*absolute(r)*signum(W[i])"},
    ),
}
