"""A replica as it runs: the consensus core's effects carried out."""
