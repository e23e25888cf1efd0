"""Lanes beside append streams, for their requests and acks: see `node/lanes.py`.

Who connects and sends the token in a frame is answered with an empty AppendResponse, and may then
go on with the stream's requests, each in a frame, as soon as it has no unacked one on the stream
itself. The stream says who is primary, what is refused and why.
"""

from node.lanes import LANE_METADATA as LANE_METADATA
from node.lanes import Offer as Offer
from node.lanes import offer_of as offer_of
