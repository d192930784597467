"""The training loop: batches, history, early stopping, callbacks, and what happens when something goes wrong."""

from pellucid.training.callbacks import Callback, EarlyStopping, Moment, TrainingInterrupted
from pellucid.training.evaluation import Held
from pellucid.training.history import History
from pellucid.training.loop import train
from pellucid.training.session import Carried, Plan

__all__ = ["Callback", "Carried", "EarlyStopping", "Held", "History", "Moment", "Plan", "TrainingInterrupted", "train"]
