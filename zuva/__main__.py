"""`python -m zuva` is the command `zuva`."""

from zuva.cli import main

if __name__ == "__main__":
    main()
