"""Program to program: each pass rewrites equations into others that mean the same, and records what it
did.
"""
