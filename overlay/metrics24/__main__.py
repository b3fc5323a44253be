"""`python -m metrics24` is the command `metrics24`."""

import sys

if __name__ == "__main__":
    try:
        from metrics24.cli import main
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(130)
    main()
