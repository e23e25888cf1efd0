"""The shapes of cars: a few measures in metres from which cars.py builds a body.

x runs forward from the car's middle; heights are above the ground.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class CarShape:
    """Measures of one kind of car."""

    kind: str
    length: float
    width: float
    height: float
    nose: float
    """Height of the bonnet's front edge."""
    belt: float
    """Height of the lower edge of the side windows."""
    deck: float
    """Height of the body at its tail, without the cabin."""
    cowl_x: float
    """Foot of the windscreen."""
    roof_front_x: float
    roof_rear_x: float
    tail_x: float
    """Foot of the rear window."""
    pillars: tuple[float, ...]
    """x of the pillars between the side windows."""
    glass_from: float
    """The side windows reach no further back than this x."""
    clearance: float = 0.22
    wheel: float = 0.32
    open_bed: bool = False

    @property
    def axles(self) -> tuple[float, float]:
        """x of the front and of the rear axle."""
        return self.length * 0.305, -self.length * 0.29


SHAPES = {
    shape.kind: shape
    for shape in (
        CarShape(
            kind="hatchback",
            length=4.05,
            width=1.75,
            height=1.48,
            nose=0.74,
            belt=0.93,
            deck=0.95,
            cowl_x=1.08,
            roof_front_x=0.30,
            roof_rear_x=-1.45,
            tail_x=-1.93,
            pillars=(-0.30, -1.18),
            glass_from=-1.62,
        ),
        CarShape(
            kind="sedan",
            length=4.62,
            width=1.81,
            height=1.44,
            nose=0.70,
            belt=0.94,
            deck=0.99,
            cowl_x=1.12,
            roof_front_x=0.28,
            roof_rear_x=-0.98,
            tail_x=-1.72,
            pillars=(-0.28, -1.10),
            glass_from=-1.36,
        ),
        CarShape(
            kind="estate",
            length=4.66,
            width=1.81,
            height=1.47,
            nose=0.72,
            belt=0.94,
            deck=0.97,
            cowl_x=1.15,
            roof_front_x=0.32,
            roof_rear_x=-1.85,
            tail_x=-2.24,
            pillars=(-0.28, -1.15),
            glass_from=-1.98,
        ),
        CarShape(
            kind="suv",
            length=4.50,
            width=1.86,
            height=1.68,
            nose=0.92,
            belt=1.07,
            deck=1.08,
            cowl_x=1.16,
            roof_front_x=0.42,
            roof_rear_x=-1.72,
            tail_x=-2.15,
            pillars=(-0.28, -1.15),
            glass_from=-1.85,
            clearance=0.27,
            wheel=0.36,
        ),
        CarShape(
            kind="van",
            length=4.90,
            width=1.90,
            height=1.95,
            nose=1.02,
            belt=1.14,
            deck=1.14,
            cowl_x=1.82,
            roof_front_x=1.12,
            roof_rear_x=-2.28,
            tail_x=-2.40,
            pillars=(0.32,),
            glass_from=0.30,
            wheel=0.34,
        ),
        CarShape(
            kind="pickup",
            length=4.98,
            width=1.85,
            height=1.76,
            nose=0.98,
            belt=1.10,
            deck=1.08,
            cowl_x=1.22,
            roof_front_x=0.55,
            roof_rear_x=-0.62,
            tail_x=-0.80,
            pillars=(-0.05,),
            glass_from=-0.60,
            clearance=0.30,
            wheel=0.37,
            open_bed=True,
        ),
    )
}

KIND_SHARES = {
    "hatchback": 0.34,
    "sedan": 0.20,
    "suv": 0.22,
    "estate": 0.13,
    "van": 0.06,
    "pickup": 0.05,
}

PAINTS: tuple[tuple[float, tuple[float, float, float]], ...] = (
    (0.25, (0.78, 0.78, 0.76)),  # white
    (0.12, (0.46, 0.47, 0.48)),  # silver
    (0.13, (0.19, 0.195, 0.20)),  # grey
    (0.07, (0.075, 0.08, 0.088)),  # dark grey
    (0.16, (0.016, 0.017, 0.019)),  # black
    (0.07, (0.022, 0.055, 0.17)),  # blue
    (0.04, (0.06, 0.16, 0.34)),  # light blue
    (0.10, (0.36, 0.022, 0.022)),  # red
    (0.03, (0.13, 0.018, 0.024)),  # wine
    (0.02, (0.035, 0.075, 0.045)),  # green
    (0.01, (0.16, 0.11, 0.07)),  # brown
)
"""Share of each paint on European roads, roughly, and its linear RGB albedo."""
