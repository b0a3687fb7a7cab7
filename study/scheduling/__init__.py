"""Which trials go on: successive halving for several objectives at once."""
