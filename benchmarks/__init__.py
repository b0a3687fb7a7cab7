"""What is claimed about speed and memory, each against a named peer in the same run."""
