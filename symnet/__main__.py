"""`python -m symnet`: the command line."""

from symnet.cli import main

if __name__ == "__main__":
    main()
