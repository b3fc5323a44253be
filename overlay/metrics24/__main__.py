"""`python -m metrics24` is the command `metrics24`."""

from metrics24.cli import main

if __name__ == "__main__":
    main()
