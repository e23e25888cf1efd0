"""The wire formats: *.proto, and beside them the stubs that `python -m protos.generate` makes."""
