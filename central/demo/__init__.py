"""A whole Parkledger on one machine, as separate processes, for a person to watch.

    cli -> settings -> run -+-> cluster -> processes (replicas, processor, cameras)
                            +-> following (what the ledger says) -> board -> screen | lines
                            +-> fail_over (kill the primary, measure, bring it back)
                            +-> truth, figures -> the JSON object

Pure: board, truth, figures. It talks to what it started only through the ledger's client.
"""
