"""A camera node: one video source, streamed to a processor. Knows nothing of `central`."""
