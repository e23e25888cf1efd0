"""A camera node: what it costs, how late it is, whether it tells the truth. See `cli.py`."""
