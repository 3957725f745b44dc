"""Names that a user's may not take in a generated module."""

from __future__ import annotations

from types import SimpleNamespace

from symnet.backends.numpy import names

OF_THE_TRAINER = """
mesh sharded _values _run _read _put _place _sharding _step _write _read_file _resume _progress _seed _draws
"""
TRAINER = names.TRAINER | frozenset(OF_THE_TRAINER.split())
"""What a Trainer has besides the user's tensors."""

OF_THE_FUNCTIONS = """
jax jnp lax partial SimpleNamespace Mesh NamedSharding Along multihost_utils Parameter os join
give_up run at scatter movements windows fold span bell normal_pdf given read_directions directions
blocks names row column carried turn sizes draw predict infer loss backward update devices sharded
checkpoint checkpoint_every data losses some wanted changes STATE VECTORS SAMPLES
"""
LOCAL = names.LOCAL | frozenset(OF_THE_FUNCTIONS.split())
"""What a function of the generated module may call by a bare name."""

VALUES = frozenset({"dtype", "key", *dir(SimpleNamespace())})
"""What `w` has besides the values."""
