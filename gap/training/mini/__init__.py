"""How the projections of ``mini`` are trained: ``python -m gap.training.mini --icons DIR``.

Icon sets -> icons without held-out concepts -> features of the frozen towers, kept on disk -> two linear maps.
"""
