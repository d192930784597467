"""The health of the gradients: what flows back through each layer, which units do not move, what is wrong and what would help."""
