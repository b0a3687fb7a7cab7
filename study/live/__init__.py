"""TensorBoard: what a study shows while it runs, a run a trial."""
