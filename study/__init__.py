"""The experiment: from a search space to a front of recall against gap."""
