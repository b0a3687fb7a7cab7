"""The experiment: from a search space to a front of recall against gap."""

import atexit
import gc

# The libraries come with millions of objects, none of them garbage. To look through them once more when a command ends
# would take it two seconds.
atexit.register(gc.freeze)
