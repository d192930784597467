"""The network as it is usually drawn: a column of units for each layer, a line for each weight."""

from pellucid.glassbox.diagram.build import network_diagram
from pellucid.glassbox.diagram.model import Diagram, Unit, Weight

__all__ = ["Diagram", "Unit", "Weight", "network_diagram"]
