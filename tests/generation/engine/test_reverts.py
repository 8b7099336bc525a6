"""What a history says of merges that were taken back and brought back again."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.reverts import reverts_in

REQUEST = UUID("0d9c2f6e-6b1d-4f6c-9e55-9f0f3a1c7b11")
MERGE = f"Merge nofx/{REQUEST}: Keep values in range"


@pytest.mark.parametrize(
    ("subjects", "is_taken_back"),
    [
        ([MERGE], False),
        ([f'Revert "{MERGE}"', MERGE], True),
        ([f'Revert "Revert "{MERGE}""', f'Revert "{MERGE}"', MERGE], False),
        ([f'Reapply "{MERGE}"', f'Revert "{MERGE}"', MERGE], False),
        ([f'Revert "Reapply "{MERGE}""', f'Reapply "{MERGE}"', f'Revert "{MERGE}"', MERGE], True),
        ([f'Revert "Fix {MERGE}"', MERGE], False),
        ([f'Talk about Revert "{MERGE}"', MERGE], False),
        (['Revert "Merge nofx/not-a-request: x"'], False),
        ([], False),
    ],
)
def test_the_newest_word_about_a_merge_counts(subjects, is_taken_back):
    history = [(f"sha{number}", subject) for number, subject in enumerate(subjects)]
    assert reverts_in(history) == ({REQUEST: "sha0"} if is_taken_back else {})


@given(st.integers(0, 6))
def test_each_revert_turns_it_around(times):
    subject = MERGE
    history = [("sha", subject)]
    for number in range(times):
        subject = f'Revert "{subject}"'
        history.insert(0, (f"sha{number}", subject))
    assert (REQUEST in reverts_in(history)) is (times % 2 == 1)


@given(st.lists(st.text(max_size=80)))
def test_other_subjects_say_nothing(subjects):
    assert reverts_in((str(uuid4()), subject) for subject in subjects) == {}
