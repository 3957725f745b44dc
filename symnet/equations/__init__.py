"""Equations and programs of them: their text, their check, their plain-loop interpreter."""
