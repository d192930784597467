"""How many threads a training takes, and how they exchange gradients, found by trying: the bits are the same, so only time decides.

A step of a small network is over before a second thread has been told of it; a step on a machine whose cores are busy with something else
waits for the thread that does not run; and where two cores have no cache in common, gradients are exchanged by way of memory. None of it
can be known beforehand (on a virtual machine it changes within minutes), but all of it shows in the time of a step.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

TRIAL = 0.002
"""seconds of a call that tries a number of threads; all of them are preferred while fewer are not a tenth faster"""
SOON = 0.005
"""seconds of a training of short steps before several threads are tried: waking them and trying costs what they save of a shorter one"""
LONG = 0.005
"""seconds that a step may be expected to take with one thread, if fewer threads are to be tried at once: longer ones gain by all of them,
and a trial of fewer would cost what it could save"""
AGAIN, SELDOM = 0.05, 1.0
"""seconds (or 20 steps, if that is longer) after which another way is tried, since what else runs on the machine changes; then after
twice as many, up to so many"""
KEPT = 3
"""the last times that count, the shortest of them: one disturbed call changes nothing"""


class Way(NamedTuple):
    """How the threads of a call work together."""

    threads: int
    shared: bool = True
    """whether they read each other's gradients from the caches; else they hand them over by way of memory"""


@cache
def ways_of(most: int, grouped: bool) -> tuple[Way, ...]:
    """With ``most`` threads, half of it ... 1; and where rows are in groups, both ways to exchange their gradients."""
    ways, count = [], most
    while count > 1:
        ways += [Way(count), *[Way(count, shared=False)] * grouped]
        count //= 2
    return (*ways, Way(1))


@dataclass
class Pace:
    """The time of a step in each way that was tried."""

    grouped: bool
    """whether threads exchange gradients at all"""
    times: dict[Way, deque[float]] = field(default_factory=dict)
    warm: bool = False
    """whether a call was made that bore the start of the threads and untouched memory, which says nothing"""
    tried: float = 0.0
    """when another way than the best was last tried"""
    turn: int = 0
    wait: float = 0.0
    spent: float = 0.0
    """seconds in calls"""

    def choose(self, most: int, seconds: float, guess: float) -> tuple[Way, int]:
        """The way of the next call, and its steps, if it is to last so many seconds; ``guess`` is the time of a step never made."""
        ways = ways_of(most, self.grouped)
        if most == 1:
            return ways[0], max(1, int(seconds / (min(self.times[ways[0]]) if ways[0] in self.times else guess)))
        if self.early(guess):
            return ways[-1], max(1, int(min(SOON, seconds) / (min(self.times[ways[-1]]) if ways[-1] in self.times else guess)))
        untried = [way for way in ways if way not in self.times]
        if ways[0] in untried or (untried and guess <= LONG):
            return untried[0], max(1, int(min(TRIAL, seconds) / guess))
        known = {way: min(self.times[way]) for way in ways if way in self.times}
        chosen = min(known, key=lambda way: known[way] * (1 if way.threads == most else 1.1))
        self.wait = self.wait or max(AGAIN, 20 * guess)
        now = time.monotonic()
        if now - self.tried > self.wait:
            self.turn, self.tried, self.wait = self.turn + 1, now, max(self.wait, min(2 * self.wait, SELDOM))
            others = untried or [way for way in ways if way != chosen]
            chosen, seconds = others[self.turn % len(others)], min(TRIAL, seconds)
        return chosen, max(1, int(seconds / known.get(chosen, guess)))

    def early(self, guess: float) -> bool:
        """Whether it is too early to try several threads."""
        return self.grouped and self.spent < SOON and guess < SOON / 50

    def note(self, way: Way, seconds: float, steps: int) -> None:
        """What a call took."""
        self.spent += seconds
        if way.threads > 1 and not self.warm:
            self.warm = True
        elif steps:
            self.times.setdefault(way, deque(maxlen=KEPT)).append(seconds / steps)
            self.tried = self.tried or time.monotonic()
