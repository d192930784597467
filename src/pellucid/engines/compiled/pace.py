"""How many threads a training takes, found by trying: the bits are the same with any number, so only time decides.

A step of a small network is over before a second thread has been told of it; a step on a machine whose cores are busy with something else
waits for the thread that does not run. Neither can be known beforehand, but both show in the time of a step.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

TRIAL = 0.002
"""seconds of a call that tries a number of threads; all of them are preferred while fewer are not a tenth faster"""
LONG = 0.005
"""seconds that a step may be expected to take with one thread, if fewer threads are to be tried at once: longer ones gain by all of them,
and a trial of fewer would cost what it could save"""
AGAIN = 0.05
"""seconds (or 20 steps, if that is longer) after which another number is tried, since what else runs on the machine changes; then after
twice as many"""
KEPT = 3
"""the last times that count, the shortest of them: one disturbed call changes nothing"""


@dataclass
class Pace:
    """The time of a step with each number of threads that was tried."""

    times: dict[int, deque[float]] = field(default_factory=dict)
    warm: bool = False
    """whether a call was made that bore the start of the threads and untouched memory, which says nothing"""
    tried: float = 0.0
    """when another number than the best was last tried"""
    turn: int = 0
    wait: float = 0.0

    def choose(self, most: int, seconds: float, guess: float) -> tuple[int, int]:
        """The threads for the next call, and its steps, if it is to last so many seconds; ``guess`` is the time of a step never made."""
        if most == 1:
            return 1, max(1, int(seconds / (min(self.times[1]) if 1 in self.times else guess)))
        counts = _counts(most)
        untried = [count for count in counts if count not in self.times]
        if most in untried or (untried and guess <= LONG):
            return untried[0], max(1, int(min(TRIAL, seconds) / guess))
        known = {count: min(self.times[count]) for count in counts if count in self.times}
        chosen = min(known, key=lambda count: known[count] * (1 if count == most else 1.1))
        self.wait = self.wait or max(AGAIN, 20 * guess)
        now = time.monotonic()
        if now - self.tried > self.wait:
            self.turn, self.tried, self.wait = self.turn + 1, now, 2 * self.wait
            others = untried or [count for count in counts if count != chosen]
            chosen, seconds = others[self.turn % len(others)], min(TRIAL, seconds)
        return chosen, max(1, int(seconds / known.get(chosen, guess)))

    def note(self, threads: int, seconds: float, steps: int) -> None:
        """What a call took."""
        if threads > 1 and not self.warm:
            self.warm = True
        elif steps:
            self.times.setdefault(threads, deque(maxlen=KEPT)).append(seconds / steps)
            self.tried = self.tried or time.monotonic()


def _counts(most: int) -> list[int]:
    """``most``, half of it ... 1."""
    counts = [most]
    while counts[-1] > 1:
        counts.append(counts[-1] // 2)
    return counts
