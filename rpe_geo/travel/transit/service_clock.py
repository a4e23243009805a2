"""Clock time and elapsed time of a day of service, the two nights a year included when the clocks change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

__all__ = ["ServiceClock"]


@lru_cache(maxsize=512)
def _origin(zone: str, day: date) -> datetime:
    """Noon less twelve hours: what GTFS counts the times of a day from; midnight but for two days a year."""
    noon = datetime.combine(day, time(12), tzinfo=_zone(zone))
    return noon.astimezone(UTC) - timedelta(hours=12)


@lru_cache(maxsize=16)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("Europe/Paris")


@dataclass(frozen=True)
class ServiceClock:
    """
    Counts seconds from the origin of a day of service.

    Parameters
    ----------
    zone
        Time zone of the agency; one that is unknown is taken as that of Paris.
    """

    zone: str

    @cached_property
    def _tz(self) -> ZoneInfo:
        return _zone(self.zone)

    def elapsed_s(self, moment: datetime, day: date) -> float:
        """Seconds from the origin of a day to a local clock time."""
        local = moment.replace(tzinfo=self._tz)
        return (local.astimezone(UTC) - _origin(self.zone, day)).total_seconds()

    def shift_s(self, day: date, days: int) -> float:
        """Seconds from the origin of a day to that of a day before or after it: 24 hours each, or 23, or 25."""
        other = _origin(self.zone, day + timedelta(days=days))
        return (other - _origin(self.zone, day)).total_seconds()

    def local(self, seconds: float, day: date) -> datetime:
        """Return the local clock time, without zone, so many seconds after the origin of a day."""
        moment = _origin(self.zone, day) + timedelta(seconds=float(seconds))
        return moment.astimezone(self._tz).replace(tzinfo=None)

    def wall_s(self, seconds: float, day: date) -> float:
        """Seconds that the clocks show since midnight of a day, so many seconds after its origin."""
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - local clock time
        return (self.local(seconds, day) - midnight).total_seconds()
