"""What is claimed about speed and memory, each against a named peer in the same run."""

import gap as gap  # before anything imports torchvision
