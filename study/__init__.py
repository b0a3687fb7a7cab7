"""The experiment: from a search space in YAML to a Pareto front in CSV."""
