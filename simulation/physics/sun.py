"""Sunlight on panels in Harare and what an inverter makes of it, with pvlib.

Sun position by NREL's algorithm, clear sky by Ineichen and Perez with the Linke turbidity of the place,
direct and diffuse parts by Erbs, the tilted plane by Hay and Davies, cell temperature by Faiman, power by
PVWatts.
"""

import warnings
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
import pvlib

from simulation.physics.noise import Floats

LATITUDE: Final = -17.83
LONGITUDE: Final = 31.05
ALTITUDE_M: Final = 1490.0
LOSSES_SHARE: Final = 0.114
"""Dust, shade, mismatch, wiring and ageing together: PVWatts' defaults without outages, which are no loss of
the panels."""
TEMPERATURE_COEFFICIENT: Final = -0.0035
INVERTER_EFFICIENCY: Final = 0.96
_ALBEDO: Final = 0.2
_WIND_M_PER_S: Final = 2.0


class Array(NamedTuple):
    """Panels and their inverter.

    Attributes:
        panels_w: rated power of the panels under standard conditions, W.
        inverter_w: the most that the inverter gives, W.
        tilt_degrees: 0 lies flat.
        azimuth_degrees: where the panels look, 0 north, 90 east.
    """

    panels_w: int
    inverter_w: int
    tilt_degrees: float
    azimuth_degrees: float


class Sky(NamedTuple):
    """A cloudless sky at some moments.

    Attributes:
        zenith_degrees: refracted angle of the sun from the vertical.
        azimuth_degrees: of the sun, clockwise from north.
        clear_w_per_m2: global horizontal irradiance of the clear sky.
        extra_w_per_m2: irradiance outside the atmosphere.
        day_of_year: 1 to 366.
    """

    zenith_degrees: Floats
    azimuth_degrees: Floats
    clear_w_per_m2: Floats
    extra_w_per_m2: Floats
    day_of_year: Floats


def clear_sky(first: int, count: int, step_seconds: int = 60) -> Sky:
    """Return the clear sky in the middle of `count` steps that begin at `first`, unix seconds UTC."""
    seconds = first + step_seconds * np.arange(count) + step_seconds // 2
    times = pd.to_datetime(seconds, unit="s", utc=True)
    with warnings.catch_warnings():
        # pvlib 0.16 uses a name that pandas 3 deprecates
        warnings.filterwarnings("ignore", message="DatetimeIndex.dayofyear is deprecated")
        return _clear_sky(times)


def _clear_sky(times: pd.DatetimeIndex) -> Sky:
    position = pvlib.solarposition.get_solarposition(times, LATITUDE, LONGITUDE, altitude=ALTITUDE_M)
    zenith = position["apparent_zenith"]
    extra = pvlib.irradiance.get_extra_radiation(times)
    airmass = pvlib.atmosphere.get_relative_airmass(zenith)
    absolute = pvlib.atmosphere.get_absolute_airmass(airmass, pvlib.atmosphere.alt2pres(ALTITUDE_M))
    turbidity = pvlib.clearsky.lookup_linke_turbidity(times, LATITUDE, LONGITUDE)
    clear = pvlib.clearsky.ineichen(
        zenith, absolute, turbidity, altitude=ALTITUDE_M, dni_extra=extra, perez_enhancement=False
    )
    return Sky(
        zenith.to_numpy(),
        position["azimuth"].to_numpy(),
        np.nan_to_num(clear["ghi"].to_numpy()),
        np.asarray(extra, dtype=np.float64),
        np.asarray(times.day_of_year, dtype=np.float64),
    )


def power(array: Array, sky: Sky, clear_index: Floats, air_celsius: Floats) -> Floats:
    """Return the alternating-current power of an array, W; 0 while the sun is below the horizon.

    Args:
        array: the panels.
        sky: the clear sky.
        clear_index: share of the clear sky's irradiance that gets through the clouds.
        air_celsius: air temperature.
    """
    up = sky.zenith_degrees < 90
    if not up.any():
        return np.zeros(len(clear_index))
    lit, index, air = Sky(*(part[up] for part in sky)), clear_index[up], air_celsius[up]
    result = np.zeros(len(clear_index))
    result[up] = _lit_power(array, lit, index, air)
    return result


def _lit_power(array: Array, sky: Sky, clear_index: Floats, air_celsius: Floats) -> Floats:
    horizontal = clear_index * sky.clear_w_per_m2
    parts = pvlib.irradiance.erbs(horizontal, sky.zenith_degrees, sky.day_of_year)
    plane = pvlib.irradiance.get_total_irradiance(
        array.tilt_degrees,
        array.azimuth_degrees,
        sky.zenith_degrees,
        sky.azimuth_degrees,
        parts["dni"],
        horizontal,
        parts["dhi"],
        dni_extra=sky.extra_w_per_m2,
        albedo=_ALBEDO,
        model="haydavies",
    )["poa_global"]
    cell = pvlib.temperature.faiman(plane, air_celsius, _WIND_M_PER_S)
    direct = pvlib.pvsystem.pvwatts_dc(plane, cell, array.panels_w, TEMPERATURE_COEFFICIENT)
    limit = array.inverter_w / INVERTER_EFFICIENCY
    made = pvlib.inverter.pvwatts(direct * (1 - LOSSES_SHARE), limit, INVERTER_EFFICIENCY)
    return np.clip(np.nan_to_num(np.asarray(made, dtype=np.float64)), 0, array.inverter_w)
