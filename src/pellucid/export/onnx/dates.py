"""Days since the beginning of 2000 taken apart into year, month, day, weekday and hour, by arithmetic alone.

Source: H. Hinnant, *chrono-compatible low-level date algorithms*, civil_from_days.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from pellucid.export.onnx.graph import Value

SECONDS = 86400
MARCH_OF_YEAR_0 = 730425
"""days from 0000-03-01 to 2000-01-01"""


class Day:
    """The parts of days (m, 1), each computed once.

    Years begin in March here, so that the day that some of them have more is their last one.
    """

    def __init__(self, days: Value) -> None:
        self.days = days

    @cached_property
    def seconds(self) -> Value:
        """Whole seconds; what the division of a time of day by a day has rounded is less than the small number."""
        return (self.days * SECONDS + 1e-5).map("Floor")

    @cached_property
    def day(self) -> Value:
        """Whole days."""
        return _whole(self.seconds, SECONDS)

    @cached_property
    def four_centuries(self) -> tuple[Value, Value]:
        """How many times 400 years, and days after these."""
        shifted = self.day + MARCH_OF_YEAR_0
        era = _whole(shifted, 146097)
        return era, shifted - era * 146097

    @cached_property
    def year_of_400(self) -> Value:
        """Years after the four centuries."""
        _, days = self.four_centuries
        return _whole(days - _whole(days, 1460) + _whole(days, 36524) - _whole(days, 146096), 365)

    @cached_property
    def day_of_year(self) -> Value:
        """Days since the first of March."""
        _, days = self.four_centuries
        years = self.year_of_400
        return days - (years * 365 + _whole(years, 4) - _whole(years, 100))

    @cached_property
    def month_from_march(self) -> Value:
        """0 is March."""
        return _whole(self.day_of_year * 5 + 2, 153)

    @cached_property
    def month(self) -> Value:
        """1 is January."""
        m = self.month_from_march
        return (m + 3).where(m < 10, m - 9)

    @cached_property
    def year(self) -> Value:
        """As it is written."""
        era, _ = self.four_centuries
        year = self.year_of_400 + era * 400
        return (year + 1).where(self.month <= 2, year)

    @cached_property
    def day_of_month(self) -> Value:
        """1 is the first."""
        return self.day_of_year - _whole(self.month_from_march * 153 + 2, 5) + 1

    @cached_property
    def weekday(self) -> Value:
        """0 is Monday; the first day of 2000 was a Saturday."""
        shifted = self.day + 5
        return shifted - _whole(shifted, 7) * 7

    @cached_property
    def hour(self) -> Value:
        """With the minutes as its fraction."""
        return _whole(self.seconds - self.day * SECONDS, 60) / 60


PARTS: dict[str, Callable[[Day], Value]] = {
    "day number": lambda day: day.days,
    "year": lambda day: day.year,
    "month": lambda day: day.month,
    "day": lambda day: day.day_of_month,
    "weekday": lambda day: day.weekday,
    "hour": lambda day: day.hour,
}
"""the parts that `pellucid.pipelines.DATE_PARTS` names"""


def _whole(value: Value, divisor: Any) -> Value:
    """How many times the divisor goes into it."""
    return (value / divisor).map("Floor")
