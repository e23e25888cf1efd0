"""`python -m node` is `parkledger`, for places where the script is not on the PATH."""

from node.cli import main

if __name__ == "__main__":
    main()
