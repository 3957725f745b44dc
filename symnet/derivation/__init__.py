"""The chain rule: from a program to the program of its adjoints, with the journal of every step."""
