"""Models in other forms: each is compared with the model on rows before it is written, and says by how much it differs."""
