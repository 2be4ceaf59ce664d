"""Pure losses: tensors in, scalar out. No nets, no configuration, no state."""
