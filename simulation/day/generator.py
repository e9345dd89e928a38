"""Makes the built-in days: plausible homes in Harare in November, two days, hourly.

Sun: the solar elevation from declination and hour angle, and Haurwitz's clear-sky irradiance
`1098 cos(z) exp(-0.057 / cos(z))` W/m2 on the horizontal (Haurwitz 1945), which is near enough to a roof at
18 degrees south in November, when the noon sun stands overhead. Clouds: one sky for the suburb, moving
slowly, with the rainy season's thunderstorm on the second afternoon, and a little noise a home. Loads: a
base, a morning and an evening peak, an electric geyser in some homes, noise.

The same seed gives the same text; energies are rounded to whole Wh at the end.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

SEED: Final = 20251103
FIRST_DAY: Final = date(2025, 11, 3)
DAYS: Final = 2
HOURS: Final = 24
_LATITUDE: Final = math.radians(-17.83)
_LONGITUDE_DEGREES: Final = 31.05
_ZONE_MERIDIAN_DEGREES: Final = 30.0
_SAMPLES_PER_HOUR: Final = 12
# modules, wiring, dust and heat together
_PERFORMANCE_RATIO: Final = 0.78


@dataclass(frozen=True, slots=True)
class HomeShape:
    """How one synthetic home behaves.

    Attributes:
        name: the suburb it could stand in.
        panels_w: rated power of the panels, W; 0 for none.
        base_w: what always runs, W.
        morning_w: height of the morning peak, W.
        evening_w: height of the evening peak, W.
        geyser_w: electric water heater, W; 0 for a solar or no geyser.
    """

    name: str
    panels_w: int
    base_w: int
    morning_w: int
    evening_w: int
    geyser_w: int


HOMES: Final = (
    HomeShape("Avondale", 5000, 260, 900, 1500, 2000),
    HomeShape("Belvedere", 3000, 180, 700, 1200, 0),
    HomeShape("Borrowdale", 15000, 620, 1500, 2600, 3000),
    HomeShape("Budiriro", 0, 70, 320, 650, 0),
    HomeShape("Glen View", 1000, 80, 350, 700, 0),
    HomeShape("Greendale", 5000, 300, 1000, 1700, 2000),
    HomeShape("Hatfield", 3000, 200, 800, 1300, 0),
    HomeShape("Highfield", 0, 90, 400, 800, 0),
    HomeShape("Kuwadzana", 1000, 60, 300, 600, 0),
    HomeShape("Mabelreign", 4000, 220, 850, 1400, 2000),
    HomeShape("Mbare", 0, 50, 280, 550, 0),
    HomeShape("Mount Pleasant", 8000, 400, 1200, 2100, 2500),
)


def generate(seed: int = SEED) -> str:
    """Return the CSV text, lines ended by a line feed."""
    random = Random(seed)  # noqa: S311 - a reproducible shape, not a secret
    sky = _sky(random)
    lines = ["home,slot_start,load_wh,pv_wh"]
    for home in HOMES:
        for hour in range(DAYS * HOURS):
            day = FIRST_DAY + timedelta(days=hour // HOURS)
            load_wh = _load(home, hour % HOURS, random)
            pv_wh = _generation(home, day, hour % HOURS, sky[hour], random)
            lines.append(f"{home.name},{day.isoformat()}T{hour % HOURS:02d}:00,{load_wh},{pv_wh}")
    return "\n".join(lines) + "\n"


def clear_sky(day: date, hour: float) -> float:
    """Return the clear-sky irradiance on the horizontal in Harare at a local time of day, W/m2."""
    turn = 2 * math.pi * (day.timetuple().tm_yday - 81) / 365
    declination = math.radians(23.45) * math.sin(turn)
    equation_minutes = 9.87 * math.sin(2 * turn) - 7.53 * math.cos(turn) - 1.5 * math.sin(turn)
    solar_hour = hour + (_LONGITUDE_DEGREES - _ZONE_MERIDIAN_DEGREES) / 15 + equation_minutes / 60
    hour_angle = math.radians(15 * (solar_hour - 12))
    height = math.sin(_LATITUDE) * math.sin(declination) + math.cos(_LATITUDE) * math.cos(
        declination
    ) * math.cos(hour_angle)
    return 1098 * height * math.exp(-0.057 / height) if height > 0 else 0.0


def _sky(random: Random) -> Sequence[float]:
    """Return the share of the clear sky that gets through, hour by hour."""
    shares = []
    cloud = 0.15
    for hour in range(DAYS * HOURS):
        cloud = min(max(0.7 * cloud + 0.3 * random.random() * 0.6, 0.0), 0.9)
        storm = 0.55 if hour in range(HOURS + 14, HOURS + 18) else 0.0
        shares.append(1 - min(cloud + storm, 0.9))
    return shares


def _generation(home: HomeShape, day: date, hour: int, share: float, random: Random) -> int:
    samples = [clear_sky(day, hour + (i + 0.5) / _SAMPLES_PER_HOUR) for i in range(_SAMPLES_PER_HOUR)]
    irradiance = sum(samples) / _SAMPLES_PER_HOUR
    noise = 0.96 + 0.08 * random.random()
    return round(home.panels_w * irradiance / 1000 * _PERFORMANCE_RATIO * share * noise)


def _load(home: HomeShape, hour: int, random: Random) -> int:
    morning = home.morning_w * _bell(hour, 6.2, 1.3)
    evening = home.evening_w * _bell(hour, 19.0, 1.9)
    midday = 0.35 * home.morning_w * _bell(hour, 12.8, 2.0)
    geyser = home.geyser_w * (0.55 if hour in {4, 5} else 0.4 if hour == 18 else 0.05)
    noise = 0.85 + 0.3 * random.random()
    return round((home.base_w + morning + evening + midday + geyser) * noise)


def _bell(hour: int, middle: float, width: float) -> float:
    return math.exp(-(((hour + 0.5 - middle) / width) ** 2) / 2)
