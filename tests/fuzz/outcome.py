"""What becomes of an input that the product answers with its own error."""

from gap.errors import UserError


def refused(error: UserError) -> str:
    """Name the outcome; the message has to be a line that somebody can read."""
    assert str(error).strip()
    assert str(error).isprintable()
    return "refused"
