"""Which homes there are: panels, appliances, people. Each from the seed and its number alone."""

from dataclasses import dataclass
from typing import Final

from protocol.registration import Category, Kind, MeterAttributes, Source
from simulation.identities import FEEDER
from simulation.physics.load import Habits
from simulation.physics.noise import Noise

SUBURBS: Final = (
    "Avondale", "Belvedere", "Borrowdale", "Budiriro", "Glen View", "Greendale", "Hatfield", "Highfield",
    "Kuwadzana", "Mabelreign", "Mbare", "Mount Pleasant", "Marlborough", "Milton Park", "Msasa", "Southerton",
    "Strathaven", "Sunningdale", "Warren Park", "Waterfalls",
)  # fmt: skip
HOMES_IN_FIVE_WITH_PANELS: Final = (0, 1, 3)
HOME_IN_TEN_THAT_IS_A_SHOP: Final = 7
_PANELS_W: Final = (1000, 1000, 1500, 2000, 2000, 3000, 3000, 5000)
_TILTS: Final = (10.0, 15.0, 18.0, 18.0, 22.0, 25.0)
# north is where the sun is; roofs look about there
_AZIMUTHS: Final = (0.0, 0.0, 0.0, 330.0, 30.0, 300.0, 60.0)
_BREAKER_W: Final = 13_800
_PANELS_PER_INVERTER_PERCENT: Final = 115
_INVERTER_STEP_W: Final = 100


@dataclass(frozen=True, slots=True)
class Household:
    """A home, before anything happens in it.

    Attributes:
        number: from 0; the place on the feeder as well.
        name: unique in the community.
        habits: what is used and when.
        panels_w: rated power of the panels, W; 0 for none.
        inverter_w: the most that the inverter gives, W; 0 for none.
        tilt_degrees: of the panels.
        azimuth_degrees: where the panels look, 0 north.
        breaker_w: the most that the connection carries either way, W: 60 A at 230 V.
    """

    number: int
    name: str
    habits: Habits
    panels_w: int
    inverter_w: int
    tilt_degrees: float
    azimuth_degrees: float
    breaker_w: int = _BREAKER_W

    @property
    def is_producer(self) -> bool:
        """Whether the home has panels."""
        return self.panels_w > 0

    @property
    def attributes(self) -> MeterAttributes:
        """What the governor states about the home's meter."""
        return MeterAttributes(
            kind=Kind.GENERATION if self.is_producer else Kind.LOAD,
            source=Source.SOLAR if self.is_producer else Source.GRID,
            category=Category.COMMERCIAL if self.habits.shop_w else Category.RESIDENTIAL,
            generation_capacity_w=self.inverter_w,
            connection_capacity_w=self.breaker_w,
            feeder=FEEDER,
            simulated=True,
        )


def draw_households(seed: int, count: int) -> list[Household]:
    """Return the first `count` homes of the community with this seed."""
    return [_draw(Noise(seed, "households"), number) for number in range(count)]


def _draw(noise: Noise, number: int) -> Household:
    chances = iter(noise.uniforms(32, number))

    def one_of(choices: tuple[float, ...]) -> float:
        return choices[int(next(chances) * len(choices))]

    def between(low: int, high: int, step: int = 10) -> int:
        return low + int(next(chances) * ((high - low) // step + 1)) * step

    has_panels = number % 5 in HOMES_IN_FIVE_WITH_PANELS
    panels_w = int(one_of(_PANELS_W))
    tilt, azimuth = one_of(_TILTS), one_of(_AZIMUTHS)
    is_shop = number % 10 == HOME_IN_TEN_THAT_IS_A_SHOP
    habits = Habits(
        standby_w=between(60, 260),
        people=between(2, 6, 1),
        fridge_w=between(90, 160) + (400 if is_shop else 0),
        stove_w=between(1200, 2200, 100) if next(chances) < 0.6 else 0,
        geyser_w=2000 if next(chances) < 0.35 else 0,
        pump_w=between(550, 1100, 50) if next(chances) < 0.3 else 0,
        shop_w=between(900, 2600, 100) if is_shop else 0,
        early_minutes=between(-60, 60, 5),
    )
    if not has_panels:
        return Household(number, _name(number, is_shop=is_shop), habits, 0, 0, 0.0, 0.0)
    inverter_w = panels_w * 100 // _PANELS_PER_INVERTER_PERCENT // _INVERTER_STEP_W * _INVERTER_STEP_W
    return Household(number, _name(number, is_shop=is_shop), habits, panels_w, inverter_w, tilt, azimuth)


def _name(number: int, *, is_shop: bool) -> str:
    round_, place = divmod(number, len(SUBURBS))
    name = f"{SUBURBS[place]} shop" if is_shop else SUBURBS[place]
    return f"{name} {round_ + 1}" if round_ else name
