"""The certificate: what verification checked, how, within which bounds, and whether it passed.

What was claimed is kept apart from what was measured: the claims are the same on every machine, byte for
byte, while an error of 4e-16 is 5e-16 on another processor. `docs/certificate.md` describes the JSON form.
"""

from __future__ import annotations

import html
import json
import math
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from symnet.messages import Message, say
from symnet.verify.findings import Finding, Kink, told

SCHEMA = "symnet-certificate-1"
"""The name of the JSON form; a change that a reader would notice gets another number."""
COLUMNS = ("subject", "check", "compared", "points", "sizes", "worst error", "bound", "passed")


def versions() -> dict[str, str]:
    """What the numbers were measured with."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in ("numpy", "sympy", "symnet"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "from its sources"
    return found


@dataclass(frozen=True, slots=True)
class Certificate:
    """Everything that one verification found, in the order of the checks."""

    network: str  # what it is called; may be empty
    seed: int
    sizes: tuple[Mapping[str, int], ...]  # those of each random point
    findings: tuple[Finding, ...]
    kinks: tuple[Kink, ...] = ()
    notes: tuple[str, ...] = ()  # what there was not to check, and why
    versions: Mapping[str, str] = field(default_factory=versions)

    @property
    def passed(self) -> bool:
        """Whether something was checked, and all of it passed."""
        return bool(self.findings) and all(finding.passed for finding in self.findings)

    @property
    def failures(self) -> tuple[Finding, ...]:
        """What did not pass."""
        return tuple(finding for finding in self.findings if not finding.passed)

    @property
    def steps(self) -> int:
        """How many lines of the derivation were evaluated."""
        return sum(finding.compared for finding in self.findings if finding.check == "steps")

    def worst(self, check: str) -> float:
        """The worst error of any finding of one check; 0 where there is none."""
        errors = [finding.error for finding in self.findings if finding.check == check]
        return math.nan if any(map(math.isnan, errors)) else max(errors, default=0.0)

    def claims(self) -> dict[str, Any]:
        """What was checked, how, within which bounds, and whether it passed: the same on every machine."""
        return {
            "network": self.network,
            "passed": self.passed,
            "seed": self.seed,
            "points": [dict(sorted(sizes.items())) for sizes in self.sizes],
            "checks": [_claim(finding) for finding in self.findings],
            "kinks": list(told(self.kinks)),
            "notes": list(self.notes),
        }

    def measured(self) -> dict[str, Any]:
        """The worst error of each check, in the order of the claims, and the machine that it was measured
        on.
        """
        return {
            "errors": [finding.error if math.isfinite(finding.error) else None for finding in self.findings],
            "versions": dict(self.versions),
        }

    def to_json(self) -> str:
        """The certificate as JSON text that ends with a newline."""
        content = {"schema": SCHEMA, "claims": self.claims(), "measured": self.measured()}
        return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The findings as cells of text, in the order of COLUMNS; the sixth is measured, the rest claimed."""
        return tuple(_row(finding) for finding in self.findings)

    def overview(self) -> tuple[tuple[str, ...], ...]:
        """One row a check: its name, how many things it checked and by how many comparisons, at which sizes,
        worst error, bound, passed.
        """
        found: list[tuple[str, ...]] = []
        for check in dict.fromkeys(finding.check for finding in self.findings):
            group = [finding for finding in self.findings if finding.check == check]
            compared = str(sum(finding.compared for finding in group))
            passed = say("yes") if all(finding.passed for finding in group) else say("NO")
            sizes = reduce(_also, dict.fromkeys(finding.at for finding in group))
            worst, bound = f"{self.worst(check):.1e}", f"{max(finding.bound for finding in group):.0e}"
            found.append((say(check), str(len(group)), compared, sizes, worst, bound, passed))
        return tuple(found)

    def table(self) -> str:
        """The certificate as a table of plain text, with what failed, the kinks and the notes below."""
        rows = (COLUMNS, *self.rows())
        widths = [max(len(row[k]) for row in rows) for k in range(len(COLUMNS))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        lines.insert(1, "  ".join("-" * width for width in widths))
        return "\n".join([*lines, *self._remarks(), self.summary()])

    def _remarks(self) -> list[str]:
        """What failed, the kinks and the notes."""
        failed = (f"{f.subject}, {f.check}: {f.detail}" for f in self.failures if f.detail)
        return [*failed, *(f"on a kink: {words}" for words in told(self.kinks)), *self.notes]

    def summary(self) -> str:
        """One sentence."""
        if not self.findings:
            return "nothing was checked"
        if self.passed:
            worst = self.worst("complex step")
            return (
                f"passed: {len(self.findings)} checks; the worst error against a complex step is {worst:.1e}"
            )
        return f"refused: {len(self.failures)} of {len(self.findings)} checks failed"

    def __str__(self) -> str:
        return self.table()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head, *body = (
            _html_row(row, cell) for row, cell in [(COLUMNS, "th"), *((row, "td") for row in self.rows())]
        )
        table = f"<table><thead>{head}</thead><tbody>{''.join(body)}</tbody></table>"
        below = "".join(f"<p>{html.escape(line)}</p>" for line in (*self._remarks(), self.summary()))
        return f"{table}{below}"


def _also(sizes: str, others: str) -> Message:
    return say("{sizes}; {others}", sizes=sizes, others=others)


def _html_row(row: tuple[str, ...], cell: str) -> str:
    return f"<tr>{''.join(f'<{cell}>{html.escape(text)}</{cell}>' for text in row)}</tr>"


def _claim(finding: Finding) -> dict[str, Any]:
    claim: dict[str, Any] = {
        "subject": finding.subject,
        "check": finding.check,
        "how": finding.how,
        "compared": finding.compared,
        "points": finding.points,
        "sizes": finding.at,
        "bound": finding.bound,
        "passed": finding.passed,
    }
    return claim | ({"detail": finding.detail} if finding.detail else {})


def _row(finding: Finding) -> tuple[str, ...]:
    passed = "yes" if finding.passed else "NO"
    counts = (str(finding.compared), str(finding.points), finding.at)
    return (finding.subject, finding.check, *counts, f"{finding.error:.1e}", f"{finding.bound:.0e}", passed)
