"""Other people's labels, in the formats they publish them in, as frames JSON."""
