"""The command line: arguments and messages only.

What a command needs is imported inside it: SymPy alone costs 0.4 s, which `--help` and a mistyped option need
not wait for. Errors that a user can cause are one message on stderr and exit code 2; nothing is written then.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from symnet import __version__
from symnet.errors import SymnetError
from symnet.messages import languages

if TYPE_CHECKING:
    from symnet.cache import Texts
    from symnet.derivatives import Gradient
    from symnet.pipeline import Derivation
    from symnet.processes import Processes
    from symnet.training import Run
    from symnet.verify import Certificate

SPECIFICATION = """[network]
name = "xor"
loss = "sse"

[inputs]
X = ["N", 2]

[targets]
Y = ["N", 1]

[[layers]]
kind = "dense"
units = 2
activation = "sigmoid"

[[layers]]
kind = "dense"
units = 1
activation = "sigmoid"

[training]
optimizer = "sgd"
learning_rate = 2.0
epochs = 4000
seed = 1

[data]
X = [[0, 0], [0, 1], [1, 0], [1, 1]]
Y = [[0], [1], [1], [0]]
"""

COMMANDS = """Examples:
symnet derive xor.toml -o xor.html        the derivation of every gradient, as a page to read
symnet derive xor.toml --format latex     the same for a paper, on standard output
symnet serve xor.toml --open              the same while you write it: the page follows the file
symnet generate xor.toml -o trainer.py    a NumPy module that trains the network
symnet verify xor.toml                    proof: derivation and module against measured slopes
symnet train xor.toml                     trains it on the data that the specification names
symnet list                               every layer, activation, loss, optimizer, with its formula
"""

CODES = "Exit codes: 0 right, 1 verification failed, 2 bad input."

SPEC = click.argument("spec", metavar="SPEC", type=click.Path(path_type=Path))
OUTPUT = click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Where to write; - is standard output, which is the default. A file is written whole or not at all.",
)
SECOND = click.option(
    "--second",
    metavar="KIND",
    help="Second derivatives too: hessian, or its product with a direction, hvp; gauss_newton; fisher.",
)
BACKEND = click.option(
    "--backend", default="numpy", metavar="NAME", show_default=True, help="See `symnet list`."
)
SEED = click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Of everything that is drawn.")
CONVENTION = click.option(
    "--convention",
    type=click.Choice(["rows", "columns"]),
    default="rows",
    show_default=True,
    help="Samples in rows (Z = XW + 1bᵀ) or in columns (Z = WX + b1ᵀ) in the matrix form.",
)
NOTATION = click.option(
    "--notation",
    default="bars",
    metavar="NAME",
    show_default=True,
    help="How adjoints are written: bars, partial, delta or differential; see `symnet list`.",
)
SUPERSCRIPTS = click.option(
    "--superscripts",
    default="bracket",
    metavar="NAME",
    show_default=True,
    help="Around the number of a layer: bracket, as in [1], or paren, as in (1).",
)
LANGUAGE = click.option(
    "--language",
    type=click.Choice(languages()),
    default="en",
    show_default=True,
    help="To write in: English or Chinese.",
)
TRAIN = click.option(
    "--train", "trained", is_flag=True, help="Train too, and put into the document what came of it."
)
UNFOLD = click.option("--unfold", is_flag=True, help="Print every layer by itself, also where layers repeat.")
CACHE = click.option(
    "--no-cache",
    "anew",
    is_flag=True,
    help="Do the work again, though nothing has changed since it was done.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="For machines: JSON, on standard output.")


@dataclass(frozen=True, slots=True)
class Drawn:
    """What document is asked for. `form` is the name of a format, or the suffix of the file to write: "." is
    a file without one, and nothing is standard output.
    """

    form: str
    convention: Literal["rows", "columns"]
    notation: str
    superscripts: str
    language: str
    trained: bool
    unfold: bool
    second: str | None
    seed: int | None
    fragment: bool = False
    folder: str = ""  # where a notebook is run


class _ReaderGoneError(Exception):
    """Whoever read our output does so no more. (For a broken pipe itself click would exit with code 1, which
    here says that verification failed.)
    """


def _as_it_stands(text: str) -> str:
    """Text that click must not fill: each of its paragraphs carries a mark, and its lines are indented."""
    head, *lines = text.splitlines()
    return "\b\n" + "\n".join([head, *(f"  {line}" if line else "\n\b" for line in lines)]) + "\n\n"


def _examples(*lines: str) -> str:
    """Lines below a command's help."""
    return _as_it_stands("\n".join(["Examples:", *lines]))


def main() -> None:
    """Runs the command that the arguments say, and exits with its code."""
    try:
        code = commands.main(prog_name="symnet", standalone_mode=False)
    except SymnetError as error:
        click.echo(f"symnet: {error}", err=True)
        code = 2
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("symnet: interrupted", err=True)
        code = 130
    except _ReaderGoneError:
        # As `head` goes when it has enough. Python would complain when it flushes once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    sys.exit(code or 0)


@click.group(
    epilog=_as_it_stands(COMMANDS) + _as_it_stands("A specification:\n" + SPECIFICATION) + CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, message="symnet %(version)s")
def commands() -> None:
    """From the equations of a neural network: a derivation to read, a trainer to run, and a proof of both.

    SPEC is a file in TOML that says what the network is.
    """


@commands.command(
    epilog=_examples(
        "symnet derive xor.toml -o xor.html",
        "symnet derive xor.toml -o xor.pdf",
        "symnet derive xor.toml --format latex --convention columns > xor.tex",
        "symnet derive xor.toml --format latex --fragment --notation delta",
        "symnet derive digits.toml --train -o digits.html",
        "symnet derive xor.toml --language zh -o xor.html",
        "symnet derive xor.toml --open",
    )
)
@SPEC
@click.option("--format", "form", metavar="NAME", help="See `symnet list`; otherwise by the name of FILE.")
@CONVENTION
@NOTATION
@SUPERSCRIPTS
@click.option("--fragment", is_flag=True, help="Only the equations, for a paper (formats latex, typst).")
@LANGUAGE
@TRAIN
@UNFOLD
@SECOND
@SEED
@OUTPUT
@click.option("--open", "opened", is_flag=True, help="Open it in the browser: FILE, or SPEC.html, here.")
@CACHE
@JSON
def derive(
    spec: Path,
    form: str | None,
    convention: Literal["rows", "columns"],
    notation: str,
    superscripts: str,
    fragment: bool,
    language: str,
    trained: bool,
    unfold: bool,
    second: str | None,
    seed: int | None,
    output: str | None,
    opened: bool,
    anew: bool,
    as_json: bool,
) -> int:
    """Derive every gradient, as a document.

    It shows each step of the chain rule, the code that trains, and the certificate. A derivation that its
    own verification refuses is not written: then the certificate is printed, and the exit code is 1.
    """
    if opened:
        output = _to_open(spec, form, output, as_json)
    suffix = "" if output in (None, "-") else Path(output or "").suffix or "."
    runs = (form or suffix) in ("notebook", ".ipynb")
    folder = str(Path(output or "-").absolute().parent) if runs else ""
    drawn = Drawn(
        form or suffix,
        convention,
        notation,
        superscripts,
        language,
        trained,
        unfold,
        second,
        seed,
        fragment,
        folder,
    )

    def make() -> Texts:
        if as_json:
            gradients = _noted(spec, drawn).gradients
            equations = {name: _forms(gradient) for name, gradient in gradients.items()}
            return {"text": json.dumps({"gradients": equations}, indent=2) + "\n"}
        return _document(spec, drawn)

    _check_output(spec, output)
    options = {**asdict(drawn), "json": as_json}
    made = _made("derive", options, spec, make, anew, reads_data=trained or runs)
    if "refused" in made:
        click.echo(made["refused"], err=True)
        return 1
    _write(b64decode(made["base64"]) if "base64" in made else made["text"], output)
    if opened:
        _open(Path(output or "").resolve().as_uri())
    return 0


@commands.command(
    epilog=_examples("symnet serve xor.toml --open", "symnet serve digits.toml --train --port 8000")
)
@SPEC
@CONVENTION
@NOTATION
@SUPERSCRIPTS
@LANGUAGE
@TRAIN
@UNFOLD
@SECOND
@SEED
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Where to serve it; otherwise where it is free."
)
@click.option("--open", "opened", is_flag=True, help="Open it in the browser.")
def serve(spec: Path, port: int, opened: bool, **asked: Any) -> None:
    """Show the derivation in the browser while SPEC is being written.

    The page is made again when SPEC or its data change; while there is an error, it stands above the last
    page that could be made. It is served to this machine alone. Ctrl-C ends it.
    """
    from symnet.serve import serve as serve_page

    if not spec.is_file():
        _derivation(spec)  # says what is wrong
    drawn = Drawn("html", **asked)

    def make() -> str:
        options = {**asdict(drawn), "json": False}
        made = _made("derive", options, spec, partial(_document, spec, drawn), False, drawn.trained)
        if "refused" in made:
            raise SymnetError(f"verification refuses this derivation\n{made['refused']}", place=str(spec))
        return made["text"]

    def ready(address: str) -> None:
        click.echo(f"{spec.name} is at {address} and follows the file; Ctrl-C ends it")
        if opened:
            _open(address)

    serve_page(spec, make, port, ready, partial(click.echo, err=True))


@commands.command(
    epilog=_examples(
        "symnet generate xor.toml -o trainer.py",
        "python trainer.py --data data.npz",
        "symnet generate xor.toml --backend c --target embedded -o xor.c",
    )
)
@SPEC
@BACKEND
@click.option("--target", default="", metavar="NAME", help="What to write for: embedded, with --backend c.")
@SECOND
@OUTPUT
@CACHE
def generate(
    spec: Path, backend: str, target: str, second: str | None, output: str | None, anew: bool
) -> None:
    """Generate a module that trains the network.

    Where FILE ends in .py it is a Python module, whatever language the backend writes: it holds that text,
    and its Trainer calls it.
    """
    as_python = Path(output or "").suffix == ".py" and not target

    def make() -> Texts:
        derivation = _derivation(spec, second)
        return {"text": derivation.module(backend) if as_python else derivation.generate(backend, target)}

    _check_output(spec, output)
    options = {"backend": backend, "target": target, "second": second, "python": as_python}
    _write(_made("generate", options, spec, make, anew)["text"], output)


@commands.command(epilog=_examples("symnet verify xor.toml", "symnet verify xor.toml -o certificate.json"))
@SPEC
@BACKEND
@SEED
@OUTPUT
@CACHE
@JSON
def verify(spec: Path, backend: str, seed: int | None, output: str | None, anew: bool, as_json: bool) -> int:
    """Check the derivation and the module.

    Every gradient and every printed step is compared with numbers that the derivation did not produce. The
    certificate is printed as a table, and written to FILE as JSON. The exit code is 1 where it refuses.
    """

    def make() -> Texts:
        certificate = _verified(_derivation(spec), seed, backend)
        texts = {"json": certificate.to_json(), "table": certificate.table() + "\n"}
        return texts if certificate.passed else {**texts, "refused": certificate.table()}

    _check_output(spec, output)
    made = _made("verify", {"seed": seed, "backend": backend}, spec, make, anew)
    if output not in (None, "-"):
        _write(made["json"], output)
    _write(made["json" if as_json or output == "-" else "table"], "-")
    return 1 if "refused" in made else 0


@commands.command(
    epilog=_examples(
        "symnet train xor.toml",
        "symnet train digits.toml --seed 3 -o digits-3.npz",
        "symnet train digits.toml --backend jax --processes 2 --checkpoint reached.npz",
    )
)
@SPEC
@BACKEND
@SEED
@click.option("--epochs", type=click.IntRange(1), help="Times through the data, rather than as specified.")
@click.option(
    "-o", "--output", metavar="FILE.npz", help="For the parameters; otherwise SPEC-parameters.npz, here."
)
@click.option("--processes", type=click.IntRange(1), default=1, help="That share the work (backend jax).")
@click.option("--sharded", is_flag=True, help="They share out the parameters, too.")
@click.option(
    "--checkpoint",
    metavar="FILE.npz",
    type=click.Path(path_type=Path),
    help="Holds how far training is, also after Ctrl-C; where it is there, training goes on from it.",
)
@click.option(
    "--checkpoint-every",
    type=click.IntRange(1),
    default=10,
    metavar="EPOCHS",
    show_default=True,
    help="How often it is written (backend jax).",
)
@click.option(
    "--timeout",
    type=click.IntRange(5),
    default=60,
    metavar="SECONDS",
    show_default=True,
    help="After which a process that says nothing counts as gone (backend jax).",
)
@JSON
def train(
    spec: Path,
    seed: int | None,
    epochs: int | None,
    output: str | None,
    backend: str,
    processes: int,
    sharded: bool,
    checkpoint: Path | None,
    checkpoint_every: int,
    timeout: int,
    as_json: bool,
) -> None:
    """Train on the data that SPEC names.

    The module generated for the network does it; its parameters are written to an npz file. With several
    processes each computes its part of the samples of a step, as several machines would.
    """
    from symnet.data import write_npz
    from symnet.processes import Processes

    if backend != "jax" and (processes > 1 or sharded):
        option = "--processes" if processes > 1 else "--sharded"
        raise SymnetError(f"the backend {backend} cannot do that", place=option, expected="--backend jax")
    if sharded and processes == 1:
        raise SymnetError(
            "there is nobody to share with", place="--sharded", expected="--processes 2 or more"
        )
    _check_output(spec, output)
    together = None
    if backend == "jax":
        together = Processes(processes, checkpoint, checkpoint_every, sharded, timeout)
    run = _trained(_derivation(spec), spec, seed, epochs, backend, checkpoint, together)
    path = Path(output or f"{spec.stem}-parameters.npz") if run.trainer.parameters else None
    if path:
        write_npz(path, run.trainer.parameters)
    if as_json:
        _write(json.dumps(_facts(run, path), indent=2) + "\n", "-")
    else:
        _write(f"{run}\n" + (f"parameters: {path}\n" if path else ""), "-")


@commands.command(epilog=_examples("symnet story -o docs/story", "symnet story -o docs/story --check"))
@click.option(
    "-o",
    "--output",
    metavar="FOLDER",
    default="story",
    show_default=True,
    type=click.Path(path_type=Path),
    help="For its pages and drawings.",
)
@click.option("--check", "checked", is_flag=True, help="Write nothing; exit with 1 where the folder differs.")
def story(output: Path, checked: bool) -> int:
    """Tell how layers came to learn what one unit cannot.

    From a perceptron and its line to the chain rule, told from networks that are derived, verified and
    trained while it is written; as pages and as Markdown.
    """
    from symnet.story.publish import differences, texts, write

    if not checked:
        write(output, texts())
        return 0
    found = list(differences(output, texts()))
    click.echo("\n".join(found), err=True) if found else None
    return int(bool(found))


@commands.command(name="list")
@JSON
def list_(as_json: bool) -> None:
    """List what there is, with its formulas."""
    from symnet.backends import backends
    from symnet.documents import extra_of, formats, pdf
    from symnet.documents.notation import ADJOINTS
    from symnet.registry import catalogue, layer_kinds

    kinds: dict[str, dict[str, dict[str, Any]]] = {
        "layers": {name: {"formula": k.FORMULA, "words": k.WORDS} for name, k in layer_kinds().items()}
    }
    for folder, found in catalogue().items():
        kinds[folder] = {
            name: {"formula": m.text, "words": m.words, "settings": dict(m.settings), "source": m.source}
            for name, m in found.items()
        }
    kinds["backends"] = {
        name: {"words": f"{b.WORDS} (extra: {b.EXTRA})" if b.EXTRA else b.WORDS, "extra": b.EXTRA}
        for name, b in backends().items()
    }
    kinds["formats"] = {
        name: {"words": f"{form.WORDS} (extra: {extra_of(form)})" if extra_of(form) else form.WORDS}
        for name, form in formats().items()
    }
    kinds["formats"][pdf.NAME] = {"words": pdf.WORDS}
    kinds["notations"] = {name: {"words": words} for name, words in ADJOINTS.items()}
    if as_json:
        _write(json.dumps(kinds, indent=2, ensure_ascii=False) + "\n", "-")
        return
    lines = []
    for kind, entries in kinds.items():
        lines.append(f"{kind}:")
        for name, about in entries.items():
            settings = ", ".join(f"{key} = {value:g}" for key, value in about.get("settings", {}).items())
            lines.append(f"  {name:<16} {about['words']}" + (f" ({settings})" if settings else ""))
            lines += [f"  {'':<16}   {line}" for line in about.get("formula", "").splitlines()]
        lines.append("")
    _write("\n".join(lines).rstrip() + "\n", "-")


def _made(
    command: str,
    options: dict[str, Any],
    spec: Path,
    make: Callable[[], Texts],
    anew: bool,
    reads_data: bool = False,
) -> Texts:
    """What a command makes of `spec`, as far as it has not made it before."""
    from symnet.cache import remembered

    if anew:
        return make()
    return remembered({"command": command, **options}, spec, reads_data, make)


def _check_output(spec: Path, output: str | None) -> None:
    """Raises SymnetError where `output` would replace the specification."""
    if output and Path(output).exists() and spec.exists() and Path(output).samefile(spec):
        raise SymnetError(
            "this is the specification itself", place=output, expected="another name to write to"
        )


def _derivation(spec: Path, second: str | None = None) -> Derivation:
    """The derivation of the network in the file `spec`, with the `second` derivatives that are asked for."""
    from symnet.pipeline import Network

    derivation = Network.from_toml(spec).derive()
    derivation = derivation.second(second) if second else derivation
    return replace(derivation, source=spec.name)


def _noted(spec: Path, drawn: Drawn) -> Derivation:
    """The derivation, in the notation that is asked for. Raises SymnetError for one that does not exist."""
    from symnet.documents.notation import Notation

    return replace(_derivation(spec, drawn.second), notation=Notation(drawn.notation, drawn.superscripts))


def _document(spec: Path, drawn: Drawn) -> Texts:
    """The derivation as a document, or why it is refused."""
    from symnet.documents import formats, pdf
    from symnet.live import live_of
    from symnet.notebooks import notebook
    from symnet.results import example_of, record, results_of
    from symnet.spec import load

    derivation = _noted(spec, drawn)
    suffixes = {member.SUFFIX: name for name, member in formats().items()} | {pdf.SUFFIX: pdf.NAME}
    suffix = drawn.form if drawn.form.startswith(".") else ""
    chosen = suffixes.get(suffix, "html") if suffix else drawn.form or "markdown"
    certificate = _verified(derivation, drawn.seed)
    if not certificate.passed:
        return {"refused": certificate.table()}
    if drawn.fragment:
        return {"text": derivation.fragment(chosen, drawn.convention)}
    stated = load(spec)
    example = example_of(stated, derivation)
    rest = (example, drawn.language, drawn.unfold)
    if chosen == "notebook":
        words = derivation.document(chosen, drawn.convention, None, None, *rest)
        run_in = Path(drawn.folder)
        said_in = (drawn.language, derivation.notation)
        return {"text": notebook(stated, words, run_in, *said_in, drawn.second, drawn.seed)}
    run = _trained(derivation, spec, drawn.seed) if drawn.trained else None
    measured = results_of(record(run)) if run else None
    live = live_of(derivation, stated) if chosen == "html" else None
    said = (drawn.convention, certificate, measured, *rest, live)
    if chosen == pdf.NAME:
        return {"base64": b64encode(_printed(partial(derivation.pdf, *said))).decode()}
    return {"text": derivation.document(chosen, *said)}


def _to_open(spec: Path, form: str | None, output: str | None, as_json: bool) -> str:
    """The file to write and open. Raises SymnetError where there would be none."""
    from symnet.documents import formats, pdf

    if output == "-" or as_json:
        raise SymnetError(
            "there is no document in a file to open", place="--open", expected="-o FILE, or none"
        )
    suffixes = {pdf.NAME: pdf.SUFFIX} | {name: member.SUFFIX for name, member in formats().items()}
    return output or f"{spec.stem}{suffixes.get(form or 'html', '')}"  # a name that is none is an error later


def _open(address: str) -> None:
    """Shows it in the browser, or says that there is none."""
    import webbrowser

    if not webbrowser.open(address):
        click.echo(f"no browser was found to open {address}", err=True)


def _forms(gradient: Gradient) -> dict[str, str | None]:
    """A gradient's equation in LaTeX; None where it has no matrix form."""
    try:
        matrix = gradient.latex("matrix")
    except SymnetError:
        matrix = None
    return {"index": gradient.latex("index"), "matrix": matrix}


def _trained(
    derivation: Derivation,
    spec: Path,
    seed: int | None,
    epochs: int | None = None,
    backend: str = "numpy",
    checkpoint: Path | None = None,
    processes: Processes | None = None,
) -> Run:
    """What training the network leaves, with a line that says how far it is."""
    from symnet.spec import load
    from symnet.training import read_data
    from symnet.training import train as run

    stated, training = load(spec), derivation.network.training
    training = replace(
        training, seed=training.seed if seed is None else seed, epochs=epochs or training.epochs
    )
    program = derivation.network.program
    progress = _Progress()

    def tell(epoch: int, loss: float, _: float | None) -> None:
        progress.show(f"epoch {epoch} of {training.epochs}: loss {loss:.6g}")

    data = read_data(stated, program, training.seed)
    try:
        source, prediction = derivation.module(backend), derivation.prediction
        return run(source, program, prediction, data, training, tell, checkpoint, processes)
    finally:
        progress.end()


def _verified(derivation: Derivation, seed: int | None, backend: str = "numpy") -> Certificate:
    """The certificate, with a line that says what has been checked."""
    progress, count = _Progress(), itertools.count(1)
    try:
        return derivation.verify(
            seed or 0,
            lambda found: progress.show(f"{next(count)} checked: {found.check} of {found.subject}"),
            backend,
        )
    finally:
        progress.end()


def _printed(make: Callable[..., bytes]) -> bytes:
    """A PDF, with a line that says what makes it."""
    progress = _Progress()
    try:
        return make(tell=progress.show)
    finally:
        progress.end()


def _write(content: str | bytes, output: str | None) -> None:
    """Writes to the file `output`, or to standard output, text in UTF-8 whatever the locale."""
    if output in (None, "-"):
        try:
            sys.stdout.buffer.write(content.encode() if isinstance(content, str) else content)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise _ReaderGoneError from None
    else:
        from symnet.files import write_atomically

        click.echo(write_atomically(output, content), err=True)


class _Progress:
    """A line on stderr that says how far something is, from its second second on."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.live = sys.stderr.isatty()
        self.next = clock() + 1.0
        self.pause = 0.1 if self.live else 5.0
        self.shown = False

    def show(self, text: str) -> None:
        """Shows the text if it is time."""
        if self.clock() >= self.next:
            self.next = self.clock() + self.pause
            click.echo(f"\r{text:<60}" if self.live else text, err=True, nl=not self.live)
            self.shown = True

    def end(self) -> None:
        """Leaves the line behind."""
        if self.shown and self.live:
            click.echo(err=True)


def _facts(run: Run, path: Path | None) -> dict[str, Any]:
    """What a training run left, for machines."""
    facts: dict[str, Any] = {
        "epochs": len(run.losses),
        "parameters": str(path or ""),
        "train": asdict(run.train),
    }
    return facts | {
        "test": asdict(run.test) if run.test else None,
        "samples": [asdict(row) for row in run.rows],
    }
