"""Is the processor right all day? Rendered days and real ones, beside usual practice.

scores: what the classifier says of each frame; policies: what is made of it; measures: how right.
"""
