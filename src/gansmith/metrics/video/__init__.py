"""How clips move: pure functions of tensors, and the measures that only clips have."""
