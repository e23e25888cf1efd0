"""Regions proposed from a clip."""

from pydantic import Field

from central.layout.proposals import Proposal as PureProposal
from central.web.answers.marks import Model


class Proposal(Model):
    """Where cars were seen to come and stand, or to leave."""

    polygon: list[tuple[float, float]] = Field(
        description="four corners in order round, as fractions of the picture's width and height"
    )
    seen: int = Field(description="how many times a car came or left there")

    @classmethod
    def of(cls, proposal: PureProposal) -> "Proposal":
        """Return what is sent of a proposal."""
        return cls(polygon=list(proposal.corners), seen=proposal.seen)


class ProposalsAnswer(Model):
    """Proposals, those seen most often first."""

    proposals: list[Proposal]
