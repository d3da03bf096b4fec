"""How far it is from house to house, and how long one needs."""

from datetime import timedelta
from math import asin, ceil, cos, radians, sin, sqrt

from backend.network.models import Institution

EARTH_M = 6_371_000


def distance_between(one: Institution, other: Institution) -> float:
    """As the crow flies, in metres (haversine)."""
    north = radians(other.latitude - one.latitude) / 2
    east = radians(other.longitude - one.longitude) / 2
    shrink = cos(radians(one.latitude)) * cos(radians(other.latitude))
    chord = sin(north) ** 2 + shrink * sin(east) ** 2
    return 2 * EARTH_M * asin(sqrt(min(1.0, chord)))


def travel(one: Institution, other: Institution, kmh: float, least: timedelta) -> timedelta:
    """How long the way takes at this speed, in whole minutes, and never less than `least`.

    Within a house nobody travels.
    """
    if one.id == other.id:
        return timedelta()
    minutes = ceil(distance_between(one, other) / 1000 / kmh * 60)
    return max(least, timedelta(minutes=minutes))
