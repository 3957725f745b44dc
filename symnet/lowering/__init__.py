"""From index equations to whole-array operations: what the pages print as matrices and the backends print as
code.
"""
