"""Where samples are drawn and labelled: pictures from the processors, occupancy from the ledger."""

import asyncio
import random
import time
from dataclasses import dataclass, field

import cv2
import numpy as np

from central.layout.document import Camera
from central.web.audit.crops import crop
from central.web.audit.labels import LabelFile
from central.web.audit.samples import Sample, Waiting, choose, new_sample_id
from central.web.audit.tally import Label, Seen
from central.web.instants import text_of
from central.web.pictures import Picture
from central.web.problems import Problem
from central.web.reading import Reader


@dataclass
class Desk:
    """One audit. Its labels are in `labels`; samples that wait for one are in memory only."""

    reader: Reader
    labels: LabelFile | None
    waiting: Waiting = field(default_factory=Waiting)
    random_source: random.Random = field(default_factory=random.SystemRandom)

    async def draw(self, lot_id: str, count: int) -> list[Sample]:
        """Return samples of a lot, as many as its cameras with pictures have spots for.

        Each spot of each such camera is as likely as any other. Raises Problem.
        """
        self._file()
        moment = await self.reader.moment((lot_id,), at=None, fresh=False)
        _, layout = moment.lot(lot_id)
        seen = [(one, await self._picture(one.camera_id)) for one in layout.cameras]
        views = {camera.camera_id: (camera, picture) for camera, picture in seen if picture}
        places = [
            (camera_id, region.spot_id)
            for camera_id, (camera, _) in sorted(views.items())
            for region in camera.regions
        ]
        chosen = choose(range(len(places)), count, random_source=self.random_source)
        samples: list[Sample] = []
        for camera_id, (camera, picture) in views.items():
            spots = [places[i][1] for i in chosen if places[i][0] == camera_id]
            if spots:
                samples += await self._samples(lot_id, camera, picture, spots)
        for sample in samples:
            self.waiting.add(sample)
        return samples

    def label(self, sample_id: str, seen: Seen) -> Sample:
        """Keep what a person saw; returns the sample. Raises Problem."""
        labels = self._file()
        sample = self.waiting.find(sample_id)
        if sample is None:
            raise Problem.of(404, "unknown-sample", "that sample is labelled already, or too old")
        label = Label(
            camera_id=sample.camera_id,
            spot_id=sample.spot_id,
            captured_at_us=sample.captured_at_us,
            said=sample.said,
            seen=seen,
            labelled_at_us=time.time_ns() // 1000,
        )
        try:
            labels.add(label)
        except OSError as error:
            detail = f"the label cannot be kept ({error.strerror}); free space where --labels lies"
            raise Problem.of(503, "no-space", detail) from error
        self.waiting.take(sample_id)
        return sample

    def _file(self) -> LabelFile:
        if self.labels is None:
            raise Problem.of(
                403, "no-labels", "labels are not kept here: start the service with --labels FILE"
            )
        return self.labels

    async def _picture(self, camera_id: str) -> Picture | None:
        try:
            return await self.reader.site.pictures.picture(camera_id)
        except Problem as problem:
            if problem.details.status in (404, 503):
                return None  # private, or away: other cameras can be looked at
            raise

    async def _samples(
        self, lot_id: str, camera: Camera, picture: Picture, spots: list[str]
    ) -> list[Sample]:
        # What the ledger held when the picture was taken, not what it holds by now.
        at = text_of(picture.captured_at_us)
        lot, _ = (await self.reader.moment((lot_id,), at=at, fresh=False)).lot(lot_id)
        said = {spot.spot_id: spot.occupancy for spot in lot.spots}
        corners = {region.spot_id: region.polygon for region in camera.regions}
        wanted = [spot for spot in spots if spot in said]
        polygons = [corners[spot] for spot in wanted]
        jpegs = await asyncio.to_thread(_crops, picture.jpeg, polygons)
        return [
            Sample(
                sample_id=new_sample_id(),
                lot_id=lot_id,
                camera_id=camera.camera_id,
                spot_id=spot,
                captured_at_us=picture.captured_at_us,
                said=said[spot],
                jpeg=jpeg,
            )
            for spot, jpeg in zip(wanted, jpegs, strict=True)
        ]


def _crops(jpeg: bytes, polygons: list[tuple[tuple[float, float], ...]]) -> list[bytes]:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise Problem.of(503, "no-picture", "the camera's last picture cannot be decoded")
    return [crop(picture.astype(np.uint8), polygon) for polygon in polygons]
