"""The command line: a file for each command; importing them here is what puts them into the application, in this order."""

from pellucid.cli import train, predict, evaluate, explain, derive, check, review, health, export  # noqa: F401, I001
from pellucid.cli.app import app, main

__all__ = ["app", "main"]
