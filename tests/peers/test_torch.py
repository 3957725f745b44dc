"""The same networks written in PyTorch: loss, predictions, every gradient and every step of training agree to
1e-10 in float64.

A table names what PyTorch calls each member of the catalogue; where it has none, a list says why. A new member
is in neither and fails a test.
"""

from __future__ import annotations

import numpy as np
import pytest
from layers.samples import SIZES, arrays_of, every_sample, network_of, smooth_inputs

pytest.importorskip("torch", reason="PyTorch is not installed (`make peers` installs it)")

from peers.compare import agree, close, tensors, torch, trainer_for
from peers.torch_layers import ACTIVATIONS, LAYERS, NO_ACTIVATION, NONE, Parameters
from torch.nn import functional as F

from symnet.equations.interpret import evaluate
from symnet.graph import Loss
from symnet.index.symbols import Role
from symnet.layers.attention import Attention
from symnet.layers.batch_norm import BatchNorm
from symnet.layers.bidirectional import Bidirectional
from symnet.layers.conv import Conv
from symnet.layers.conv_transposed import ConvTransposed
from symnet.layers.dense import Dense
from symnet.layers.dropout import Dropout
from symnet.layers.gru import GRU
from symnet.layers.instance_norm import InstanceNorm
from symnet.layers.layer import Sample
from symnet.layers.lstm import LSTM
from symnet.layers.pool import Pool
from symnet.layers.rnn import RNN
from symnet.layers.transformer_block import TransformerBlock
from symnet.layers.upsample import Upsample
from symnet.network import Network, Training
from symnet.registry import layer_kinds, member, members, slots

KINDS = {layer: kind for kind, layer in layer_kinds().items()}
MORE = {
    "conv-same-dilated": Sample(Conv(3, kernel=3, padding="same", dilation=2), ("N", 5, 2)),
    "conv-all": Sample(
        Conv(4, kernel=(2, 3), stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=2, activation="gelu"),
        ("N", 5, 6, 4),
    ),
    "conv-depthwise": Sample(Conv(6, kernel=3, groups=3, bias=False), ("N", 5, 4, 3)),
    "conv-3d": Sample(Conv(2, kernel=2, stride=2, padding=1), ("N", 3, 2, 3, 2)),
    "conv_transposed-3d": Sample(ConvTransposed(2, kernel=2, stride=2, bias=False), ("N", 2, 2, 1, 2)),
    "pool-average-1d": Sample(Pool(3, "average", stride=1), ("N", 5, 2)),
    "pool-average-3d": Sample(Pool(2, "average"), ("N", 4, 3, 2, 1)),
    "upsample-linear-2d": Sample(Upsample((3, 2), "linear"), ("N", 2, 3, 2)),
    "upsample-linear-3d": Sample(Upsample(2, "linear"), ("N", 2, 1, 2, 1)),
    "instance_norm-plain": Sample(InstanceNorm(affine=False), ("N", 4, 2)),
    "rnn-relu": Sample(RNN(units=3, activation="relu", initial="S", inputs=("X",)), ("N", "T", 2), ("N", 3)),
    "lstm-start": Sample(LSTM(units=3, initial="S", inputs=("X",), reverse=True), ("N", "T", 2), ("N", 3)),
    "lstm-truncated": Sample(LSTM(units=2, truncate=2), ("N", 5, 2)),
    "gru-mask": Sample(GRU(units=2, mask="M", inputs=("X",), sequence=False), ("N", "T", 3), ("N", "T")),
    "gru-plain": Sample(GRU(units=2, bias=False), ("N", "T", 3)),
    "bidirectional-last": Sample(Bidirectional(units=2, cell="lstm", sequence=False), ("N", "T", 2)),
    "bidirectional-lstm": Sample(Bidirectional(units=2, cell="lstm"), ("N", "T", 2)),
    "attention-cross": Sample(Attention(2, causal=True, inputs=("X", "M")), ("N", "T", 4), ("N", "S", 3)),
    "attention-mask": Sample(Attention(2, causal=True, mask="M", inputs=("X",)), ("N", "T", 4), ("N", "T")),
    "transformer_block-post": Sample(TransformerBlock(3, 2, order="post", causal=True), ("N", "T", 4)),
    "transformer_block-mask": Sample(
        TransformerBlock(3, 2, activation="relu", mask="M", inputs=("X",)), ("N", "T", 4), ("N", "T")
    ),
    "transformer_block-grouped": Sample(
        TransformerBlock(3, 2, "swiglu", norm="rms", groups=1, rotary=True, bias=False), ("N", "T", 4)
    ),
}  # fmt: skip
"""Options that PyTorch has too and that no sample of the catalogue shows."""
SAMPLES = {
    name: sample for name, sample in (every_sample() | MORE).items() if KINDS[type(sample.layer)] not in NONE
}


def peer_of(sample):
    """The sample's network in PyTorch: the layer behind a sum of squares."""
    layer = sample.layer
    names = layer.reads or ("X",)

    def run(given):
        out = LAYERS[KINDS[type(layer)]](
            layer, [given[name] for name in names], Parameters(given, "1", "block1")
        )
        return None if isinstance(layer, BatchNorm | Dropout) else out, F.mse_loss(
            out, given["Y"], reduction="sum"
        )

    return run


def given_to(sample):
    network = network_of(sample)
    program, _ = network.stated()
    sizes = {**SIZES, **program.values}
    return network, program, sizes, arrays_of(sample, program, sizes)


@pytest.mark.parametrize("name", [name for name in SAMPLES if not name.startswith("dropout")])
def test_every_layer(name):
    sample = SAMPLES[name]
    network, _, sizes, arrays = given_to(sample)
    agree(network, arrays, sizes, peer_of(sample), tuple(smooth_inputs(sample)))


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.startswith("dropout")])
def test_dropout_with_the_numbers_that_pytorch_leaves_out(name):
    sample = SAMPLES[name]
    network, program, sizes, arrays = given_to(sample)
    (mask,) = program.of_role(Role.RANDOM)
    torch.manual_seed(0)
    arrays[mask.name] = (F.dropout(torch.ones(arrays["X"].shape), sample.layer.rate) > 0).double().numpy()
    agree(network, arrays, sizes, peer_of(sample), ("X",))


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.startswith("batch_norm")])
def test_running_statistics_and_what_a_trained_network_makes_of_them(name):
    sample = SAMPLES[name]
    _, program, sizes, arrays = given_to(sample)
    mean, variance = torch.tensor(arrays["mu_run1"]), torch.tensor(arrays["v_run1"]).abs()
    arrays["v_run1"] = variance.numpy().copy()
    values = evaluate(program, arrays, sizes)
    x, gamma, beta = (torch.tensor(arrays[n]) for n in ("X", "gamma1", "beta1"))
    trained = F.batch_norm(x.movedim(-1, 1), mean, variance, gamma, beta)
    close(values["A1_trained"], trained.movedim(1, -1), "what is predicted")
    F.batch_norm(x.movedim(-1, 1), mean, variance, training=True, momentum=sample.layer.momentum)
    close(values["mu_run1_next"], mean, "the running mean")
    close(values["v_run1_next"], variance, "the running variance")


@pytest.mark.parametrize("settings", ["its settings", "other settings"])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation(name, settings):
    own = member("activations", name).settings
    if settings == "other settings" and (not own or name == "selu"):
        return  # PyTorch's selu has no settings
    others = {"low": -0.5, "high": 0.75}  # and 0.5, as exact in the float32 of some of PyTorch's kernels
    changed = {key: others.get(key, 0.5) for key in own} if settings == "other settings" else {}
    sample = Sample(Dense(3, name, settings=changed), ("N", 4))
    network, _, sizes, arrays = given_to(sample)
    agree(network, arrays, {**sizes, "N": 2}, peer_of(sample), ("X",))


# losses


def labels(rows):
    return rows.argmax(-1)


LOSSES = {
    "bce": lambda r: F.binary_cross_entropy(r["A"], r["Y"]),
    "bce_with_logits": lambda r: F.binary_cross_entropy_with_logits(r["A"], r["Y"]),
    "cosine": lambda r: F.cosine_embedding_loss(r["A"], r["Y"], torch.ones(len(r["A"]))),
    "cross_entropy": lambda r: F.cross_entropy(r["A"], r["Y"]),
    "cross_entropy_labels": lambda r: F.cross_entropy(r["A"], r["Y"], ignore_index=-1),
    "cross_entropy_smoothed": lambda r: F.cross_entropy(r["A"], labels(r["Y"]), label_smoothing=0.1),
    "cross_entropy_weighted": lambda r: F.cross_entropy(r["A"], labels(r["Y"]), r["weight"]),
    "gaussian_nll": lambda r: F.gaussian_nll_loss(r["A"], r["Y"], r["V"]),
    "huber": lambda r: F.huber_loss(r["A"], r["Y"]),
    "kl_div": lambda r: F.kl_div(r["A"], r["Y"], reduction="batchmean"),
    "mae": lambda r: F.l1_loss(r["A"], r["Y"]),
    "mse": lambda r: F.mse_loss(r["A"], r["Y"]),
    "nll": lambda r: F.nll_loss(r["A"], labels(r["Y"])),
    "poisson_nll": lambda r: F.poisson_nll_loss(r["A"], r["Y"]),
    "smooth_l1": lambda r: F.smooth_l1_loss(r["A"], r["Y"]),
    "sse": lambda r: F.mse_loss(r["A"], r["Y"], reduction="sum"),
    "triplet": lambda r: F.triplet_margin_loss(r["A"], r["P"], r["Q"], eps=0.0),
}
NO_LOSS = {
    "contrastive": "it has losses of pairs by their cosine only",
    "dice": "it is in no module of torch.nn",
    "focal": "it is torchvision's",
    "hinge": "its hinge losses are of classes or of distances",
    "log_cosh": "it is in no module of torch.nn",
    "perceptron": "it is in no module of torch.nn",
}
LOSS_SETTINGS = {
    "cosine": {"eps": 1e-12},
    "triplet": {"eps": 0.0},
}  # PyTorch's own are fixed, or added elsewhere
RNG = np.random.default_rng(5)
N, K = 5, 3
ONE_HOT = np.eye(K)[RNG.integers(0, K, N)]
TARGETS = {
    "bce": RNG.uniform(size=(N, K)),
    "bce_with_logits": RNG.uniform(size=(N, K)),
    "cross_entropy": RNG.dirichlet(np.ones(K), N),
    "cross_entropy_labels": np.array([0, 2, -1, 1, 2]),
    "cross_entropy_smoothed": ONE_HOT,
    "cross_entropy_weighted": ONE_HOT,
    "kl_div": np.vstack([RNG.dirichlet(np.ones(K), N - 1), ONE_HOT[:1]]),
    "nll": ONE_HOT,
    "poisson_nll": RNG.poisson(2.0, (N, K)).astype(float),
}
"""What a loss is about; normal numbers for the others."""
BEFORE = {"bce": "sigmoid", "nll": "log_softmax", "kl_div": "log_softmax", "gaussian_nll": "softplus"}


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss(name):
    wanted = slots("losses", member("losses", name))
    inputs = [t.name for t in wanted if t.role == Role.INPUT]
    targets = [t for t in wanted if t.role == Role.TARGET]
    last = BEFORE.get(name, "linear")
    network = Network(
        inputs={f"X{n}": ("N", K) for n in inputs},
        targets={
            t.name: {"shape": ["N" if str(s) == "N" else K for s in t.shape], "integer": t.integer}
            for t in targets
        },
        layers=[Dense(K, last, name=f"of{n}", inputs=(f"X{n}",)) for n in inputs],
        losses=[Loss(name, {n: f"of{n}" for n in inputs}, settings=LOSS_SETTINGS.get(name, {}))],
    )
    program, _ = network.stated()
    arrays = {t.name: RNG.normal(size=(N, K)) for t in targets} | {"weight": RNG.uniform(0.5, 2, K)}
    arrays |= {"Y": TARGETS.get(name, arrays.get("Y"))} if "Y" in arrays else {}
    arrays |= {f"X{n}": RNG.normal(size=(N, K)) for n in inputs}
    for t in program.of_role(Role.PARAMETER):
        arrays[t.name] = RNG.normal(size=[K] * t.rank)
    arrays = {key: array for key, array in arrays.items() if key in program.tensors}

    def peer(given):
        def head(n):
            return ACTIVATIONS[last](F.linear(given[f"X{n}"], given[f"W_of{n}"].T, given[f"b_of{n}"]), None)

        reads = {n: head(n) for n in inputs} | {t.name: given[t.name] for t in targets}
        output = member("losses", name).output
        return ACTIVATIONS[output](reads["A"], None) if output else reads["A"], LOSSES[name](reads)

    agree(network, arrays, {"N": N}, peer, tuple(f"X{n}" for n in inputs))


# regularizers

REGULARIZERS = {
    "l1": lambda w: torch.linalg.vector_norm(w, 1),
    "l2": lambda w: torch.linalg.vector_norm(w) ** 2,
}


def small_network(**options):
    """Two dense layers, arrays for them, and the same in PyTorch."""
    network = Network(
        inputs={"X": ("N", 3)},
        targets={"Y": ("N", 2)},
        layers=[Dense(4, "tanh"), Dense(2)],
        loss="mse",
        **options,
    )
    rng = np.random.default_rng(2)
    shapes = {"X": (6, 3), "Y": (6, 2), "W1": (3, 4), "b1": (4,), "W2": (4, 2), "b2": (2,)}
    arrays = {name: rng.normal(size=shape) for name, shape in shapes.items()}

    def peer(given):
        hidden = torch.tanh(F.linear(given["X"], given["W1"].T, given["b1"]))
        out = F.linear(hidden, given["W2"].T, given["b2"])
        return out, F.mse_loss(out, given["Y"])

    return network, arrays, peer


@pytest.mark.parametrize("name", REGULARIZERS)
def test_every_regularizer(name):
    network, arrays, peer = small_network(**{name: 0.1})

    def penalized(given):
        out, loss = peer(given)
        return out, loss + 0.1 * sum(REGULARIZERS[name](given[w]) for w in ("W1", "W2"))

    agree(network, arrays, {"N": 6}, penalized)


# training


def betas(s):
    return {"betas": (s["beta1"], s["beta2"])}


OPTIMIZERS = {
    "adadelta": lambda w, s: torch.optim.Adadelta(w, s["learning_rate"], s["decay"], s["epsilon"]),
    "adagrad": lambda w, s: torch.optim.Adagrad(w, s["learning_rate"], eps=s["epsilon"]),
    "adam": lambda w, s: torch.optim.Adam(w, s["learning_rate"], eps=s["epsilon"], **betas(s)),
    "adamw": lambda w, s: torch.optim.AdamW(
        w, s["learning_rate"], eps=s["epsilon"], weight_decay=s["weight_decay"], **betas(s)
    ),
    "momentum": lambda w, s: torch.optim.SGD(w, s["learning_rate"], s["momentum"]),
    "nadam": lambda w, s: torch.optim.NAdam(
        w, s["learning_rate"], eps=s["epsilon"], momentum_decay=s["momentum_decay"], **betas(s)
    ),
    "nesterov": lambda w, s: torch.optim.SGD(w, s["learning_rate"], s["momentum"], nesterov=True),
    "rmsprop": lambda w, s: torch.optim.RMSprop(w, s["learning_rate"], s["decay"], s["epsilon"]),
    "rprop": lambda w, s: torch.optim.Rprop(
        w, s["learning_rate"], (s["shrink"], s["grow"]), (s["smallest"], s["largest"])
    ),
    "sgd": lambda w, s: torch.optim.SGD(w, s["learning_rate"]),
}
NO_OPTIMIZER = {"lion": "it is in no module of torch.optim"}


def train(training, optimizer_of, schedule_of=None, *, clip=None, steps=3):
    """The same steps by the generated trainer and by PyTorch."""
    network, arrays, peer = small_network(training=training)
    trainer = trainer_for(network, arrays, {"N": 6})
    given = tensors(arrays, {"W1", "b1", "W2", "b2"})
    weights = [given[name] for name in ("W1", "b1", "W2", "b2")]
    optimizer = optimizer_of(weights)
    schedule = schedule_of(optimizer) if schedule_of else None
    for step in range(steps):
        optimizer.zero_grad()
        _, loss = peer(given)
        loss.backward()
        if clip is not None:
            torch.nn.utils.clip_grad_value_(weights, clip)
        optimizer.step()
        if schedule is not None:
            schedule.step()
        close(trainer.step(arrays["X"], arrays["Y"]), loss.detach(), f"the loss of step {step}")
        for name, array in trainer.parameters.items():
            close(array, given[name].detach(), f"{name} after step {step}")


@pytest.mark.parametrize("share", [1.0, 0.7], ids=["its settings", "other settings"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer(name, share):
    own = member("optimizers", name).settings
    settings = {key: value if key in ("grow", "shrink") else share * value for key, value in own.items()}
    train(Training(name, settings), lambda weights: OPTIMIZERS[name](weights, settings))


RATE, STEPS = 0.2, 6
SCHEDULES = {
    "constant": ({}, lambda o: torch.optim.lr_scheduler.ConstantLR(o, 1.0)),
    "cosine": ({"steps": 8, "last": 0.02}, lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 8, 0.02)),
    "exponential": ({"factor": 0.8}, lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.8)),
    "linear": ({"steps": 4, "last": 0.05}, lambda o: torch.optim.lr_scheduler.LinearLR(o, 1.0, 0.25, 4)),
    "step": ({"every": 2, "factor": 0.5}, lambda o: torch.optim.lr_scheduler.StepLR(o, 2, 0.5)),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule(name):
    settings, schedule = SCHEDULES[name]
    training = Training("sgd", {"learning_rate": RATE}, name, settings)
    train(training, lambda weights: torch.optim.SGD(weights, RATE), schedule, steps=STEPS)


def test_a_warm_start():
    training = Training("sgd", {"learning_rate": RATE}, warmup=4)
    warm = lambda o: torch.optim.lr_scheduler.LinearLR(o, 1 / 4, 1.0, 3)  # noqa: E731
    train(training, lambda weights: torch.optim.SGD(weights, RATE), warm, steps=STEPS)


def test_gradients_that_are_cut_off():
    """The bound of their length is none of this: PyTorch adds 1e-6 to the length."""
    training = Training("sgd", {"learning_rate": RATE}, clip_value=0.05)
    train(training, lambda weights: torch.optim.SGD(weights, RATE), clip=0.05)


@pytest.mark.parametrize(
    ("known", "table", "none"),
    [
        (layer_kinds(), LAYERS, NONE),
        (members("activations"), ACTIVATIONS, NO_ACTIVATION),
        (members("losses"), LOSSES, NO_LOSS),
        (members("regularizers"), REGULARIZERS, {}),
        (members("optimizers"), OPTIMIZERS, NO_OPTIMIZER),
        (members("schedules"), SCHEDULES, {}),
    ],
    ids=["layers", "activations", "losses", "regularizers", "optimizers", "schedules"],
)
def test_every_member_has_a_peer_or_a_reason_for_none(known, table, none):
    assert not set(table) & set(none)
    assert set(table) | set(none) == set(known)
