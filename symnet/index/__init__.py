"""Index calculus on SymPy: symbols, scalar functions, reductions, and how indices are renamed and solved."""
