"""Proof by numbers: what a derivation says is compared with what the network does."""
