"""Every sentence that a document says can be said in another language, and is in those that there are."""

from __future__ import annotations

import gettext
import html
import pickle
import re
from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import pytest
from layers.samples import every_sample, network_of

from symnet import messages
from symnet.documents import document, formats
from symnet.documents.compose import compose
from symnet.documents.outline import Figure, Meta, Statement, Table
from symnet.documents.typeset import Words
from symnet.errors import SymnetError
from symnet.index.forms import renamed
from symnet.index.symbols import Tensor
from symnet.layers.dense import Dense
from symnet.messages import Language, in_turn, languages, say, say_count
from symnet.network import Training
from symnet.pipeline import Network, evidence_of
from symnet.registry import members, solvers
from symnet.results import results_of

EXAMPLES = sorted(Path(__file__).parents[1].glob("examples/*.toml"))
SAMPLES = every_sample()
OTHERS = [language for language in languages() if language != "en"]


def marked(words: str) -> str:
    """The same in letters that no English word has; what stands in braces stays."""
    pieces = re.split(r"(\{\w+\})", words)
    return "".join(piece if k % 2 else _wide(piece) for k, piece in enumerate(pieces))


def _wide(words: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalpha() else c for c in words)


class Marked(gettext.NullTranslations):
    """A language in which every message is marked that the `others` have."""

    def __init__(self, others: Iterable[gettext.NullTranslations]) -> None:
        super().__init__()
        self.others = tuple(others)

    def gettext(self, message: str) -> str:
        assert all(other.gettext(message) for other in self.others)
        return marked(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        assert all(other.ngettext(msgid1, msgid2, n) for other in self.others)
        return marked(msgid1 if n == 1 else msgid2)


class Strict(gettext.NullTranslations):
    """What comes after a catalogue: nothing may come here."""

    def gettext(self, message: str) -> str:
        raise AssertionError(f"no translation: {message!r}")

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1)


@pytest.fixture
def strict(monkeypatch):
    """The marked language "xx", which raises where some catalogue lacks what is said."""
    found = [gettext.translation(messages.DOMAIN, messages.CATALOGUES, [name]) for name in OTHERS]
    for each in found:
        each.add_fallback(Strict())
    known = messages._catalogue
    monkeypatch.setattr(messages, "_catalogue", lambda name: Marked(found) if name == "xx" else known(name))


def words_in(thing):
    """Every text of an outline but what is a figure's, code's or a formula's own."""
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, tuple):
        for part in thing:
            yield from words_in(part)
    elif is_dataclass(thing):
        if isinstance(thing, Figure):
            yield from (re.sub(r"<[^>]*>", " ", label) for label in LABEL.findall(thing.svg))
        for field in fields(thing):
            value = getattr(thing, field.name)
            if not isinstance(value, str) or field.name in SHOWN.get(type(thing), ()):
                yield from words_in(value)


LABEL = re.compile(r"<(?:text|title)\b[^>]*>.*?</(?:text|title)>", re.DOTALL)
SHOWN = {Table: ("caption",), Figure: ("caption",), Statement: ("words",), Words: ("text",)}
"""The fields of an outline's records that are words."""


def unmarked(whole, data):
    """English words in an outline that are no names of the network."""
    for words in words_in(whole):
        for word in re.findall(r"[A-Za-z_]\w*", words):
            if word not in data and len(word) > 1:
                yield f"{word} in {words!r}"


def data_of(derivation):
    """The names that a document of the derivation may say in any language."""
    derived, network = derivation.derived, derivation.network
    data = {*derived.stated.tensors, *derived.program.tensors, *derived.computed.tensors}
    data |= {
        part for name in data for pattern in (r"[^\W\d_]+", r"[^\W_]+") for part in re.findall(pattern, name)
    }
    origins = {equation.origin.removeprefix("layer ") for equation in derived.program.equations}
    data |= {part for origin in origins for part in re.findall(r"[A-Za-z_]\w*", origin)}
    data |= {*network.training.settings, network.training.optimizer}
    found = solvers().get(network.training.optimizer)
    if found is not None:
        data |= {*found.settings, *re.findall(r"\w+", found.source)}
    return data


def check(derivation):
    """The outline of a derivation in a language whose every message is marked has no other words in it."""
    training, meta = derivation.network.training, Meta("name", language="xx")
    if training.optimizer in solvers():
        meta = replace(meta, solver=training.optimizer, settings=training.settings)
    assert not list(unmarked(compose(derivation.derived, meta), data_of(derivation)))


@pytest.mark.usefixtures("strict")
class TestEverySentenceIsAMessage:
    @pytest.mark.parametrize("name", SAMPLES)
    def test_of_a_layer(self, name):
        check(Network.of(network_of(SAMPLES[name])).derive())

    @pytest.mark.parametrize("name", members("losses"))
    def test_of_a_loss(self, name):
        assert Language("xx")(say(members("losses")[name].words))

    @pytest.mark.parametrize("name", [*members("optimizers"), *solvers()])
    def test_of_an_optimizer(self, name):
        check(dense(optimizer=name).derive())

    @pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
    def test_of_an_example(self, path):
        check(Network.from_toml(path).derive())

    @pytest.mark.parametrize("kind", ["hessian", "hvp", "gauss_newton", "fisher"])
    def test_of_second_derivatives(self, kind):
        check(dense().derive().second(kind))

    def test_of_what_was_verified_and_measured(self):
        derivation = dense("relu").derive()
        kept = {
            "training": {
                "epochs": 2,
                "loss": 0.5,
                "accuracy": 1.0,
                "held-out loss": 1.0,
                "held-out accuracy": 1.0,
            },
            "losses": [1.0, 0.5],
            "confusion": [[1, 0], [0, 1]],
            "samples": [[[0.0], [1.0], [0.9]]],
            "gradient norms": [1.0, 0.1],
        }
        kept["training"]["gradient's length"] = 0.1
        evidence, meta = evidence_of(derivation.verify()), Meta("name", language="xx")
        whole = compose(derivation.derived, meta, "columns", "code", evidence, results_of(kept))
        assert not list(unmarked(whole, data_of(derivation) | {"maximum"}))

    @pytest.mark.parametrize("form", formats())
    def test_of_a_format(self, form):
        """What a format says besides, in an outline that is marked."""
        derivation = dense().derive()
        meta = Meta("title", "command", "source", language="xx")
        text = formats()[form].write(compose(derivation.derived, meta))
        known = data_of(derivation) | {
            "title",
            "command",
            "source",
            "NumPy",
            "xx",
            "symnet",
            "Home",
            "End",
            "Tab",
            "Esc",
        }
        assert not [word for word in said_by(form, text) if word not in known]


def said_by(form, text):
    """The words of a document that a reader sees as such."""
    if form == "html":
        hidden = r"<(style|script|math|pre|svg)\b.*?</\1>|<!--.*?-->"
        text = re.sub(hidden, " ", text, flags=re.DOTALL)
        labels = re.findall(r'(?:aria-label|title|alt|placeholder)="([^"]*)"', text)
        text = html.unescape(" ".join([re.sub(r"<[^>]*>", " ", text), *labels]))
    elif form == "markdown":
        text = re.sub(r"```.*?```|`[^`]*`|<[^>]*>", " ", text, flags=re.DOTALL).replace("\\", "")
    else:
        return []
    return [word for word in re.findall(r"[A-Za-z_]\w*", text) if len(word) > 1]


def dense(activation="sigmoid", **training):
    return Network(
        inputs={"X": ("N", 2)},
        targets={"Y": ("N", 1)},
        layers=[Dense(2, activation, l2=0.1), Dense(1, "sigmoid")],
        loss="sse",
        training=Training(**training),
    )


class TestMessages:
    def test_a_message_is_its_english_sentence(self):
        assert say("Equation ({number}) reads {what}:", number=3, what="W1") == "Equation (3) reads W1:"
        assert say("max(0, z) {as it stands}") == "max(0, z) {as it stands}"

    def test_what_is_counted(self):
        counted = [say_count("{number} layer", "{number} layers", n) for n in (0, 1, 2)]
        assert counted == ["0 layers", "1 layer", "2 layers"]

    @pytest.mark.parametrize(
        ("parts", "told"), [((), ""), (("a",), "a"), (("a", "b"), "a and b"), (("a", "b", "c"), "a, b and c")]
    )
    def test_what_is_listed(self, parts, told):
        assert say("{parts}", parts=parts) == told

    def test_a_message_says_itself_and_its_parts_in_another_language(self):
        whole = in_turn(say("The update"), say("{role}, whole numbers", role=say("input")))
        assert whole == "The update input, whole numbers"
        assert Language("zh")(whole) == "参数更新输入，取整数值"
        listed = say("It is used in {where}.", where=("(1)", "(2)", "(3)"))
        assert Language("zh")(listed) == "它用于 (1)、(2) 和 (3)。"

    def test_data_is_not_translated(self):
        assert Language("zh")(say("Source: {source}.", source="input")) == "出处：input。"

    def test_messages_in_records_are_said(self):
        derived = dense().derive().derived
        titles = [section.title for section in compose(derived, Meta(language="zh")).sections]
        assert ("网络",) in titles

    def test_its_parts_are_renamed_with_it(self):
        element = Tensor("W1", ())[()]
        message = say("{element} of {what}", element=element, what="W1 as it stands")
        new = renamed((message,), {"W1": "W7"})[0]
        assert new == "W7 of W7 as it stands"
        assert new.template == message.template

    def test_it_can_be_pickled(self):
        message = say("{what} counts", what=("a", "b"))
        again = pickle.loads(pickle.dumps(message))
        assert (again, again.template, again.parts) == (message, message.template, message.parts)

    def test_markup_is_put_in_as_it_is(self):
        told = Language("zh").marked(html.escape, "Back-propagation of {title}", title="<em>x</em>")
        assert told == "<em>x</em> 的反向传播"

    def test_an_unknown_language_is_answered_with_those_there_are(self):
        with pytest.raises(SymnetError, match=r"no language 'zz'"):
            document(dense().derive().derived, Meta(language="zz"))

    def test_a_page_says_which_language_it_is_in(self):
        derived = dense().derive().derived
        assert '<html lang="zh-CN">' in document(derived, Meta(language="zh"))
        assert '<html lang="en">' in document(derived, Meta())


@pytest.fixture(scope="module")
def catalogues():
    pytest.importorskip("babel")
    import catalogues

    return catalogues


@pytest.fixture(scope="module")
def extracted(catalogues):
    return catalogues.extracted()


class TestCatalogues:
    """By Babel, with which they are written."""

    @pytest.mark.parametrize("language", OTHERS)
    def test_every_message_is_translated_and_nothing_else(self, catalogues, extracted, language):
        found = catalogues.read(language)
        wanted, there = ({message.id for message in c if message.id} for c in (extracted, found))
        assert there == wanted, "make messages"
        assert not list(catalogues.missing(found))

    @pytest.mark.parametrize("language", OTHERS)
    def test_what_is_read_is_what_is_written(self, catalogues, language):
        found = catalogues.read(language)
        assert catalogues.path_of(language).with_suffix(".mo").read_bytes() == catalogues.compiled(found), (
            "make messages"
        )

    def test_every_catalogue_is_one_that_is_read(self, catalogues):
        assert tuple(catalogues.languages()) == languages()[1:]

    def test_messages_are_found_where_they_are_said(self, extracted):
        for words in ("The mean.", "A step downhill.", "complex step", "Step by step"):
            assert words in extracted
