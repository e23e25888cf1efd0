"""How long cars stay: derived from the history, stored nowhere, so that it can be recomputed.

Pure, and imported by whoever shows stays: the operator's command and the web.
"""
