"""Nobody is told what is run here.

``huggingface_hub`` adds what runs to the requests that it makes, and makes some for that alone. It reads this once,
when it is imported, in every process: hence ``gap/__init__.py`` imports it first. Whoever sets the variable decides.
"""

import os

os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
