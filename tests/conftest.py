"""Generated cases are the same in every run."""

from hypothesis import settings

settings.register_profile("same every time", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("same every time")
