import pickle

import pytest

from gap.errors import UserError, unknown


def test_unknown_names_the_nearest_and_all_allowed() -> None:
    message = str(unknown("metric", "recal_at_1", ["recall_at_1", "modality_gap"]))
    assert "did you mean 'recall_at_1'?" in message
    assert message.endswith("Allowed: modality_gap, recall_at_1")


def test_unknown_without_a_near_name_makes_no_guess() -> None:
    assert "did you mean" not in str(unknown("metric", "zzz", ["recall_at_1"]))


def test_a_user_error_is_a_value_error_in_one_line() -> None:
    with pytest.raises(ValueError, match=r"^one line$"):
        raise UserError("one line")


def test_a_message_is_one_line_that_leaves_the_terminal_alone() -> None:
    assert str(UserError("no file a\nb\x1b[31m\u2028c\udcff")) == "no file a b [31m c "
    assert str(pickle.loads(pickle.dumps(UserError("a\tb")))) == "a b"
