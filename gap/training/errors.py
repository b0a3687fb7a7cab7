"""How a run can fail by its own numbers."""


class NonFiniteError(ArithmeticError):
    """A loss or a metric became infinite or not a number: the run has failed, whatever came before."""
