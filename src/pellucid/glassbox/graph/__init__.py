"""The computation graph: what is computed from what, and the derivative that comes back along each edge."""

from pellucid.glassbox.graph.build import computation_graph
from pellucid.glassbox.graph.model import BackwardEdge, ForwardEdge, Graph, Node, Path

__all__ = ["BackwardEdge", "ForwardEdge", "Graph", "Node", "Path", "computation_graph"]
