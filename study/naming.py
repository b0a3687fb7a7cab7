"""What a trial is called: in the tables, in the adapters' folder, in checkpoints and at the rungs."""

SEARCHED, REPLICATED = "t", "r"


def trial_id(number: int, prefix: str = SEARCHED) -> str:
    """Name a trial by its number in its Optuna study.

    >>> trial_id(7), trial_id(7, REPLICATED)
    ('t007', 'r007')
    """
    return f"{prefix}{number:03d}"
