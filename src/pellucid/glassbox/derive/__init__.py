"""Derive: the equations of forward and backward propagation for a network of one's own, with one's own numbers."""

from pellucid.glassbox.derive.entry import derive
from pellucid.glassbox.derive.proof import Identity, Proof, prove_gradients
from pellucid.glassbox.derive.two_columns import LayerTable, layer_table

__all__ = ["Identity", "LayerTable", "Proof", "derive", "layer_table", "prove_gradients"]
