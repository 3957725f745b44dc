"""One file a check. A module here that has a function `check(derived, context)` is a check; nothing lists
them.
"""
