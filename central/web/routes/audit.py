"""The audit: draw samples, label them, read the error rate."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from central.web.answers.audit import (
    AuditAnswer,
    CameraFigures,
    LabelAnswer,
    LabelRequest,
    Sample,
    SamplesAnswer,
    SamplesRequest,
)
from central.web.audit.desk import Desk
from central.web.audit.tally import tally
from central.web.reading import Reader
from central.web.routes.parameters import LotId, problems
from central.web.writing import writer

SampleId = Annotated[str, Path(description="id of the sample", max_length=64)]


def router(reader: Reader) -> APIRouter:
    """Return the routes."""
    site = reader.site
    desk = Desk(reader, site.labels)
    routes = APIRouter(tags=["audit"])
    write = [Depends(writer(site.settings.token))]

    @routes.get("/audit", response_model=AuditAnswer, responses=problems(503))
    async def audit() -> AuditAnswer:
        """Return each camera's error rate, as far as people labelled samples."""
        labels = site.labels.labels if site.labels is not None else []
        return AuditAnswer(cameras=[CameraFigures.of(one) for one in tally(labels)])

    @routes.post(
        "/lots/{lot_id}/audit/samples",
        response_model=SamplesAnswer,
        responses=problems(400, 401, 403, 404, 422, 503),
        dependencies=write,
    )
    async def samples(lot_id: LotId, asked: SamplesRequest) -> SamplesAnswer:
        """Draw random spots from the cameras' last pictures, to be labelled by a person.

        It takes the token: the crops are pictures. Nothing of them is written to a disk.
        """
        found = await desk.draw(lot_id, asked.count)
        return SamplesAnswer(samples=[Sample.of(one) for one in found])

    @routes.post(
        "/audit/samples/{sample_id}/label",
        response_model=LabelAnswer,
        responses=problems(400, 401, 403, 404, 422, 503),
        dependencies=write,
    )
    async def label(sample_id: SampleId, said: LabelRequest) -> LabelAnswer:
        """Keep what a person saw on a sample, and tell what the ledger had said of it."""
        return LabelAnswer.of(desk.label(sample_id, said.seen))

    return routes
