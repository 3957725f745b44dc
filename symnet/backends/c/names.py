"""Names in C: a user's name is data, and becomes an identifier that is no keyword, no macro of the headers,
and clashes with nothing.
"""

from __future__ import annotations

import re

from symnet.loops.names import Names

KEYWORDS = """
auto break case char const continue default do double else enum extern float for goto if inline int long
register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
alignas alignof asm bool class constexpr delete explicit export false friend mutable namespace new nullptr
operator private protected public static_assert template this thread_local throw true try typename typeof
typeof_unqual using virtual wchar_t near far
"""
"""C's and C++'s, so that the header can be read by both."""

OF_THE_HEADERS = """
 acos acosf asin asinf atan atanf atan2 ceil cos cosf cosh coshf erf erff erfc erfcf exp exp2 expf expm1
expm1f fabs fabsf floor floorf fma fmax fmin fmod frexp gamma hypot isfinite isinf isnan isnormal signbit
fpclassify isgreater isless islessequal islessgreater isunordered isgreaterequal j0 j1 jn y0 y1 yn ldexp
lgamma log log10 log1p log1pf log2 logb logf lrint lround modf nan nearbyint nextafter pow powf remainder
remquo rint rintf round scalbn sin sinf sinh sinhf sqrt sqrtf tan tanf tanh tanhf tgamma trunc drem finite
significand scalb HUGE_VAL HUGE_VALF HUGE_VALL INFINITY NAN FP_NAN FP_INFINITE FP_NORMAL FP_SUBNORMAL
FP_ZERO FP_ILOGB0 FP_ILOGBNAN FP_FAST_FMA FP_FAST_FMAF FP_FAST_FMAL MATH_ERRNO MATH_ERREXCEPT DOMAIN SING
OVERFLOW UNDERFLOW PLOSS TLOSS HUGE NULL offsetof size_t ptrdiff_t max_align_t assert errno main abs div
labs index linux unix i386 arm I double_t float_t intptr_t uintptr_t intmax_t uintmax_t
"""

OF_THE_FILE = """
t w count size some rest epochs batch_size seed history order epoch total start memory whole part bytes
at to other kept loss
real place mask F R ROUND INDEPENDENT SPLIT TAIL LANES DEPTH TALL BYTES symnet
"""

TAKEN = frozenset((KEYWORDS + OF_THE_HEADERS + OF_THE_FILE).split())
"""What a function of the file calls by a bare name, or must not."""

PRIVATE = re.compile(
    r"_|[A-Z0-9_]+_MAX$|M_|FP_|FLT_|DBL_|u?int\d|INT|UINT|E[A-Z0-9]+$|str|mem|wcs|is[a-z]|to[a-z]"
)
"""The beginnings that the standard keeps for the headers."""


def names(prefix: str) -> Names:
    """The namespace of a file whose public names begin with `prefix`."""
    return Names(TAKEN, (f"{prefix}_", "symnet_"), PRIVATE)


def prefix(name: str) -> str:
    """What every public name of a network's file begins with."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
    plain = plain if plain[:1].isalpha() else f"network_{plain}".rstrip("_")
    return f"{plain[:40].rstrip('_')}"
