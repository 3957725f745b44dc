"""Array programs as loops over single numbers: what backends for languages of that kind have in common.

Each says in a `Dialect` how its language puts things: C, JavaScript.
"""
