"""A table with columns of every kind, and two classes that some of them decide."""

from __future__ import annotations

import numpy as np
import pandas as pd


def people(m: int, dates: str) -> pd.DataFrame:
    """Numbers with missing values, categories, yes or no, dates written in that form, and a column that never varies."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 80, m),
            "height": rng.normal(170, 10, m).round(1),
            "job": rng.choice(["cook", "judge", "nurse"], m),
            "owner": rng.random(m) > 0.5,
            "since": (pd.Timestamp("2015-01-01") + pd.to_timedelta(rng.integers(0, 3000, m), unit="D")).strftime(dates),
            "planet": "earth",
        }
    )
    frame["paid"] = np.where((frame["job"] == "judge") | (frame["age"] > 60), "well", "badly")
    frame.loc[::7, "height"] = np.nan
    return frame
