"""A processor: frames of many cameras in, committed detections out.

    ingest -> stream -> workers (decode, cut, classify) -> session (evidence) -> committer -> ledger
                                                              ^
    ledger -> directory (layouts and occupancies, followed) --+

Pure: evidence, beliefs, silence, ack_order, decode, camera_view. The rest moves bytes and time.
"""
