"""The chapters: each a file with its question, and what answers it."""
