"""Which release wrote an export."""

from importlib import metadata


def release() -> str:
    """The version of this package, as it is installed."""
    return metadata.version("pellucid")
