"""Events of a simulator: columns of numbers, the conditions that they were simulated under, quantities that follow."""
