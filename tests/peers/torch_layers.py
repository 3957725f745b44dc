"""Every layer in PyTorch: from the options of symnet's layer, its inputs and its parameters to its output."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from peers.compare import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from symnet.layers.layer import Options

Layer = Callable[[Options, Sequence[Any], "Parameters"], Any]
LAYERS: dict[str, Layer] = {}
NONE = {"equations": "whatever is written there"}
"""The layers that PyTorch cannot have, and why."""


class Parameters:
    """A layer's parameters by their names in its text; `part` are those of a layer inside of a block."""

    def __init__(self, known: Mapping[str, Any], suffix: str, prefix: str) -> None:
        self.known, self.suffix, self.prefix = known, suffix, prefix

    def __getattr__(self, name: str) -> Any:
        return self.known.get(name + self.suffix)

    def part(self, name: str) -> Parameters:
        return Parameters(self.known, f"_{self.prefix}_{name}", f"{self.prefix}_{name}")


def peer(function: Layer) -> Layer:
    LAYERS[function.__name__.strip("_")] = function
    return function


# activations: a function of the input, the settings and the parameters

ACTIVATIONS: dict[str, Callable[..., Any]] = {
    "celu": lambda z, p, alpha=1.0: F.celu(z, alpha),
    "elu": lambda z, p, alpha=1.0: F.elu(z, alpha),
    "geglu": lambda z, p: F.gelu(z.chunk(2, -1)[0]) * z.chunk(2, -1)[1],
    "gelu": lambda z, p: F.gelu(z),
    "gelu_tanh": lambda z, p: F.gelu(z, approximate="tanh"),
    "glu": lambda z, p: F.glu(z),
    "hardsigmoid": lambda z, p: F.relu6(z + 3) / 6,  # the slope of F.hardsigmoid is a sixth in float32
    "hardswish": lambda z, p: F.hardswish(z),
    "hardtanh": lambda z, p, low=-1.0, high=1.0: F.hardtanh(z, low, high),
    "leaky_relu": lambda z, p, alpha=0.01: F.leaky_relu(z, alpha),
    "linear": lambda z, p: z,
    "log_softmax": lambda z, p: F.log_softmax(z, -1),
    "logsigmoid": lambda z, p: F.logsigmoid(z),
    "mish": lambda z, p: F.mish(z),
    "prelu": lambda z, p: F.prelu(z, p.a),
    "relu": lambda z, p: F.relu(z),
    "selu": lambda z, p: F.selu(z),
    "sigmoid": lambda z, p: F.sigmoid(z),
    "silu": lambda z, p: F.silu(z),
    "sine": lambda z, p, frequency=1.0: torch.sin(frequency * z),
    "softmax": lambda z, p: F.softmax(z, -1),
    "softplus": lambda z, p: F.softplus(z),
    "softsign": lambda z, p: F.softsign(z),
    "swiglu": lambda z, p: F.silu(z.chunk(2, -1)[0]) * z.chunk(2, -1)[1],
    "tanh": lambda z, p: torch.tanh(z),
}
NO_ACTIVATION = {
    "gaussian": "there is no radial basis function",
    "sign": "it is 0 at 0 there, and nothing is derived through it here",
}


def active(layer: Any, z: Any, p: Parameters) -> Any:
    return ACTIVATIONS[layer.activation](z, p, **layer.settings)


@peer
def activation(layer, x, p):
    return active(layer, x[0], p)


# sums of products


@peer
def dense(layer, x, p):
    weight, bias = p.W, p.b
    if layer.augmented:
        weight, bias = weight[:-1], weight[-1]
    return active(layer, F.linear(x[0], weight if layer.transposed else weight.T, bias), p)


@peer
def bilinear(layer, x, p):
    return F.bilinear(x[0], x[1], p.W.permute(2, 0, 1).contiguous(), p.b)


@peer
def embedding(layer, x, p):
    return F.embedding(x[0], p.E)


@peer
def feed_forward(layer, x, p):
    up, down = p.part("up"), p.part("down")
    return F.linear(active(layer, F.linear(x[0], up.W.T, up.b), up), down.W.T, down.b)


@peer
def highway(layer, x, p):
    gate, main = (F.linear(x[0], q.W.T, q.b) for q in (p.part("gate"), p.part("main")))
    return torch.lerp(x[0], active(layer, main, p.part("main")), torch.sigmoid(gate))


@peer
def mixture(layer, x, p):
    gate, into, out = p.part("gate"), p.part("into"), p.part("out")
    experts = [
        F.linear(active(layer, F.linear(x[0], into.W[e].T, into.b[e]), into), out.W[e].T, out.b[e])
        for e in range(layer.experts)
    ]
    shares = F.softmax(F.linear(x[0], gate.W.T, gate.b), -1)
    return (torch.stack(experts, -1) * shares[..., None, :]).sum(-1)


# places: PyTorch has the channels first


def first(x: Any) -> Any:
    return x.movedim(-1, 1)


def last(x: Any) -> Any:
    return x.movedim(1, -1)


def each(value: Any, axes: int) -> tuple[int, ...]:
    return (value,) * axes if isinstance(value, int) else tuple(value)


def same(shape: Any, taps: Any, stride: Any, dilation: Any) -> list[int]:
    """How much to add on each side, from the last axis to the first: as TensorFlow has it, which PyTorch has for
    odd kernels and no strides.
    """
    sizes = zip(shape, taps, stride, dilation, strict=True)
    missing = [max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0) for n, k, s, d in sizes]
    return [side for m in reversed(missing) for side in (m // 2, m - m // 2)]


@peer
def conv(layer, x, p):
    x, axes = first(x[0]), x[0].ndim - 2
    kernel, stride, dilation = (each(v, axes) for v in (layer.kernel, layer.stride, layer.dilation))
    weight = p.W.flatten(-2) if layer.groups > 1 else p.W
    weight = weight.permute(axes + 1, axes, *range(axes))
    bias = None if p.b is None else p.b.flatten()
    padding = 0
    if layer.padding == "same":
        x = F.pad(x, same(x.shape[2:], kernel, stride, dilation))
    elif layer.padding != "valid":
        padding = each(layer.padding, axes)
    function = (F.conv1d, F.conv2d, F.conv3d)[axes - 1]
    return active(layer, last(function(x, weight, bias, stride, padding, dilation, layer.groups)), p)


@peer
def conv_transposed(layer, x, p):
    axes = x[0].ndim - 2
    stride, padding, dilation = (each(v, axes) for v in (layer.stride, layer.padding, layer.dilation))
    function = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[axes - 1]
    weight = p.W.permute(axes, axes + 1, *range(axes))
    z = function(first(x[0]), weight, p.b, stride, padding, dilation=dilation)
    return active(layer, last(z), p)


@peer
def pool(layer, x, p):
    x, axes = first(x[0]), x[0].ndim - 2
    window = each(layer.window, axes)
    stride = each(layer.window if layer.stride is None else layer.stride, axes)
    if layer.padding == "same":
        sides = same(x.shape[2:], window, stride, (1,) * axes)
    else:
        sides = [
            n for n in each(0 if layer.padding == "valid" else layer.padding, axes)[::-1] for _ in range(2)
        ]
    if layer.pooling == "max":
        function = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[axes - 1]
        return last(function(F.pad(x, sides, value=-torch.inf), window, stride))
    mean = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[axes - 1]
    counted = F.pad(torch.ones_like(x), sides)  # what lies outside is not counted, at whichever end
    return last(mean(F.pad(x, sides), window, stride) / mean(counted, window, stride))


@peer
def global_pool(layer, x, p):
    axes = x[0].ndim - 2
    kinds = {
        "max": (F.adaptive_max_pool1d, F.adaptive_max_pool2d, F.adaptive_max_pool3d),
        "average": (F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d),
    }
    return kinds[layer.pooling][axes - 1](first(x[0]), 1).flatten(1)


@peer
def upsample(layer, x, p):
    axes = x[0].ndim - 2
    linear = ("linear", "bilinear", "trilinear")[axes - 1]
    mode = {"nearest": {"mode": "nearest"}, "linear": {"mode": linear, "align_corners": False}}[layer.form]
    size = [f * s for f, s in zip(each(layer.factor, axes), x[0].shape[1:-1], strict=True)]
    return last(F.interpolate(first(x[0]), size=size, **mode))


# normalizations


@peer
def batch_norm(layer, x, p):
    return last(F.batch_norm(first(x[0]), None, None, p.gamma, p.beta, training=True, eps=layer.eps))


@peer
def group_norm(layer, x, p):
    return last(F.group_norm(first(x[0]), layer.groups, p.gamma, p.beta, layer.eps))


@peer
def instance_norm(layer, x, p):
    return last(F.instance_norm(first(x[0]), weight=p.gamma, bias=p.beta, eps=layer.eps))


@peer
def layer_norm(layer, x, p):
    return F.layer_norm(x[0], x[0].shape[-1:], p.gamma, p.beta, layer.eps)


@peer
def rms_norm(layer, x, p):
    return F.rms_norm(x[0], x[0].shape[-1:], p.gamma, layer.eps)


# recurrence

GATES = {"rnn": ("",), "lstm": ("i", "f", "g", "o"), "gru": ("r", "u", "g")}
MODULES = {"rnn": (nn.RNN, nn.RNNCell), "lstm": (nn.LSTM, nn.LSTMCell), "gru": (nn.GRU, nn.GRUCell)}


def weights(kind: str, p: Parameters, ending: str = "") -> dict[str, Any]:
    """The parameters of symnet's gates as PyTorch stacks them."""
    gates = GATES[kind]
    found = {
        "weight_ih": torch.cat([getattr(p, f"W{gate}").T for gate in gates]),
        "weight_hh": torch.cat([getattr(p, f"U{gate}").T for gate in gates]),
    }
    units = found["weight_hh"].shape[1]
    rows, none = len(gates) * units, torch.zeros(units)
    biased = getattr(p, f"b{gates[0]}") is not None
    found["bias_ih"] = torch.cat([getattr(p, f"b{gate}") for gate in gates]) if biased else torch.zeros(rows)
    found["bias_hh"] = torch.cat([none, none, p.bv]) if kind == "gru" and biased else torch.zeros(rows)
    return {name + ending: tensor for name, tensor in found.items()}


def run(kind: str, x: Any, p: Parameters, **options: Any) -> Any:
    """All states of PyTorch's own recurrent module."""
    loaded = weights(kind, p, "_l0")
    units = loaded["weight_hh_l0"].shape[1]
    start = options.pop("initial", None)
    state = None if start is None else start[None]
    if kind == "lstm" and state is not None:
        state = (state, torch.zeros_like(state))
    module = MODULES[kind][0](x.shape[-1], units, batch_first=True, **options)
    return functional_call(module, loaded, (x, state))[0]


def step_by_step(
    kind: str, x: Any, p: Parameters, start: Any, mask: Any, truncate: int, activation: str
) -> Any:
    """All states by PyTorch's cells, where its modules have no such option."""
    loaded = weights(kind, p)
    units = loaded["weight_hh"].shape[1]
    h = torch.zeros(len(x), units) if start is None else start
    c, states = torch.zeros(len(x), units), []
    cell = MODULES[kind][1](x.shape[-1], units)
    for t in range(x.shape[1]):
        if truncate and t % truncate == 0 and t:
            h, c = h.detach(), c.detach()
        if kind == "lstm":
            new, cells = functional_call(cell, loaded, (x[:, t], (h, c)))
        elif activation == "sigmoid":
            new, cells = (
                torch.sigmoid(
                    F.linear(x[:, t], loaded["weight_ih"], loaded["bias_ih"])
                    + F.linear(h, loaded["weight_hh"])
                ),
                c,
            )
        else:
            new, cells = functional_call(cell, loaded, (x[:, t], h)), c
        seen = None if mask is None else mask[:, t, None] > 0
        h, c = (new, cells) if seen is None else (torch.where(seen, new, h), torch.where(seen, cells, c))
        states.append(h)
    return torch.stack(states, 1)


def states(kind: str, layer: Any, x: Any, p: Parameters, start: Any, mask: Any, reverse: bool) -> Any:
    """The states after every row, or the one after the last."""
    truncate, function = getattr(layer, "truncate", 0), getattr(layer, "activation", "tanh")
    if reverse:
        x, mask = x.flip(1), None if mask is None else mask.flip(1)
    if mask is None and not truncate and function != "sigmoid":
        options = {"nonlinearity": function} if kind == "rnn" else {}
        h = run(kind, x, p, initial=start, **options)
    else:
        h = step_by_step(kind, x, p, start, mask, truncate, function)
    if not layer.sequence:
        return h[:, -1]
    return h.flip(1) if reverse else h


def recurrent(kind: str) -> Layer:
    def function(layer, x, p):
        named = dict(zip([option for option in layer.NAMED if getattr(layer, option)], x[1:], strict=True))
        return states(kind, layer, x[0], p, named.get("initial"), named.get("mask"), layer.reverse)

    return function


for cell in GATES:
    LAYERS[cell] = recurrent(cell)


@peer
def bidirectional(layer, x, p):
    mask = x[1] if len(x) > 1 else None
    if mask is None and layer.sequence:  # both directions by PyTorch's own module
        loaded = weights(layer.cell, p.part("ahead"), "_l0") | weights(
            layer.cell, p.part("back"), "_l0_reverse"
        )
        units = loaded["weight_hh_l0"].shape[1]
        module = MODULES[layer.cell][0](x[0].shape[-1], units, batch_first=True, bidirectional=True)
        return functional_call(module, loaded, (x[0],))[0]
    ways = [
        states(layer.cell, layer, x[0], p.part(way), None, mask, way == "back") for way in ("ahead", "back")
    ]
    return torch.cat(ways, -1)


# attention


def seen(layer: Any, queries: int, keys: int, mask: Any) -> Any:
    """Which key each query may see."""
    found = torch.ones(1, queries, keys, dtype=torch.bool)
    if layer.causal:
        found = found.tril()
    return found if mask is None else found & (mask[:, None, :] > 0)


def turned(x: Any) -> Any:
    """Pairs of features d and d + D/2 turned by their position, as complex numbers."""
    half = x.shape[-1] // 2
    angle = torch.arange(x.shape[-2])[:, None] * 10000.0 ** (-torch.arange(half) / half)
    pairs = torch.complex(x[..., :half], x[..., half:]) * torch.polar(torch.ones_like(angle), angle)
    return torch.cat([pairs.real, pairs.imag], -1)


def attend(layer: Any, x: Sequence[Any], p: Parameters, mask: Any) -> Any:
    memory = x[1] if len(x) > 1 else x[0]
    visible = seen(layer, x[0].shape[1], memory.shape[1], mask)
    heads, width = layer.heads, x[0].shape[-1]
    wq, wk, wv = (w.flatten(1, -2) for w in (p.Wq, p.Wk, p.Wv))  # features, heads, size of a head
    wo = p.Wo.flatten(0, -3)
    bq, bk, bv = (None if b is None else b.flatten(0, -2) for b in (p.bq, p.bk, p.bv))
    if not layer.groups and not layer.rotary and heads * wq.shape[-1] == width:
        return own_attention(heads, x[0], memory, visible, (wq, wk, wv, wo), (bq, bk, bv, p.bo))
    q, k, v = (
        torch.einsum("ntd,dhe->nhte", rows, w) + (0 if b is None else b[:, None, :])
        for rows, w, b in ((x[0], wq, bq), (memory, wk, bk), (memory, wv, bv))
    )
    if layer.rotary:
        q, k = turned(q), turned(k)
    gathered = F.scaled_dot_product_attention(q, k, v, visible[:, None], enable_gqa=bool(layer.groups))
    out = F.linear(gathered.transpose(1, 2).flatten(2), wo.flatten(0, 1).T)
    return out if p.bo is None else out + p.bo


def own_attention(heads: int, x: Any, memory: Any, visible: Any, w: Any, b: Any) -> Any:
    """PyTorch's multi-head attention."""
    wq, wk, wv = (part.flatten(1).T for part in w[:3])
    biases = None if b[0] is None else torch.cat([part.flatten() for part in b[:3]])
    masked = ~visible.expand(len(x), -1, -1).repeat_interleave(heads, 0)
    out, _ = F.multi_head_attention_forward(
        x.transpose(0, 1), memory.transpose(0, 1), memory.transpose(0, 1), x.shape[-1], heads, None, biases,
        None, None, False, 0.0, w[3].flatten(0, 1).T, b[3], attn_mask=masked, need_weights=False,
        use_separate_proj_weight=True, q_proj_weight=wq, k_proj_weight=wk, v_proj_weight=wv,
    )  # fmt: skip
    return out.transpose(0, 1)


@peer
def attention(layer, x, p):
    rows, mask = (x[:-1], x[-1]) if layer.mask else (x, None)
    return attend(layer, rows, p, mask)


@peer
def dot_product_attention(layer, x, p):
    visible = seen(layer, x[0].shape[1], x[1].shape[1], x[3] if layer.mask else None)
    return F.scaled_dot_product_attention(*x[:3], visible)


@peer
def transformer_block(layer, x, p):
    mask = x[1] if layer.mask else None
    x = x[0]
    attends, feed = p.part("attend"), p.part("feed")
    up, down, norms = feed.part("up"), feed.part("down"), (p.part("norm1"), p.part("norm2"))
    if layer.norm == "layer" and layer.bias and not (layer.groups or layer.rotary):
        return encoder_layer(layer, x, attends, up, down, norms, mask)

    def norm(k: int, rows: Any) -> Any:
        if layer.norm == "rms":
            return F.rms_norm(rows, rows.shape[-1:], norms[k].gamma, 1e-5)
        return F.layer_norm(rows, rows.shape[-1:], norms[k].gamma, norms[k].beta, 1e-5)

    def mix(rows: Any) -> Any:
        return attend(layer, [rows], attends, mask)

    def work(rows: Any) -> Any:
        hidden = ACTIVATIONS[layer.activation](F.linear(rows, up.W.T, up.b), up)
        return F.linear(hidden, down.W.T, down.b)

    for k, half in enumerate((mix, work)):
        x = x + half(norm(k, x)) if layer.order == "pre" else norm(k, x + half(x))
    return x


def encoder_layer(layer: Any, x: Any, attends: Parameters, up: Any, down: Any, norms: Any, mask: Any) -> Any:
    """PyTorch's own transformer block."""
    width = x.shape[-1]
    module = nn.TransformerEncoderLayer(
        width, layer.heads, layer.units, 0.0, lambda z: ACTIVATIONS[layer.activation](z, up),
        batch_first=True, norm_first=layer.order == "pre",
    )  # fmt: skip
    projections = [w.flatten(1).T for w in (attends.Wq, attends.Wk, attends.Wv)]
    loaded = {
        "self_attn.in_proj_weight": torch.cat(projections),
        "self_attn.in_proj_bias": torch.cat([b.flatten() for b in (attends.bq, attends.bk, attends.bv)]),
        "self_attn.out_proj.weight": attends.Wo.flatten(0, -2).T,
        "self_attn.out_proj.bias": attends.bo,
        "linear1.weight": up.W.T,
        "linear1.bias": up.b,
        "linear2.weight": down.W.T,
        "linear2.bias": down.b,
    }
    for k, norm in enumerate(norms, start=1):
        loaded |= {f"norm{k}.weight": norm.gamma, f"norm{k}.bias": norm.beta}
    visible = seen(layer, x.shape[1], x.shape[1], mask)
    masked = ~visible.expand(len(x), -1, -1).repeat_interleave(layer.heads, 0)
    return functional_call(module, loaded, (x, masked))


@peer
def position(layer, x, p):
    x, width = x[0], x[0].shape[-1]
    if layer.form == "learned":
        return x + p.E
    if layer.form == "rotary":
        return turned(x)
    angle = torch.arange(x.shape[-2])[:, None] * layer.base ** (-torch.arange(width // 2) / (width // 2))
    return x + torch.cat([angle.sin(), angle.cos()], -1)


# inputs that meet, axes that move


@peer
def add(layer, x, p):
    return torch.stack(list(x)).sum(0)


@peer
def multiply(layer, x, p):
    return torch.mul(*x)


@peer
def concatenate(layer, x, p):
    return torch.cat(list(x), -1)


@peer
def flatten(layer, x, p):
    return torch.flatten(x[0], 1)


@peer
def reshape(layer, x, p):
    return x[0].reshape(len(x[0]), *layer.shape)


@peer
def transpose(layer, x, p):
    return x[0].permute(0, *layer.axes)


@peer
def dropout(layer, x, p):
    torch.manual_seed(0)
    return F.dropout(x[0], layer.rate)
