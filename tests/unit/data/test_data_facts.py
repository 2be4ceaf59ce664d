"""What can be wrong with data: repeated items, missing classes, labels that say nothing."""

from __future__ import annotations

import numpy as np

from gansmith.data.facts import facts_of


def test_repeated_items_are_counted_and_named():
    items = np.array([b"a", b"b", b"a", b"c", b"a", b"c"])
    found = facts_of(items, names=[f"{i}.png" for i in range(6)])
    assert found.numbers == {"repeated": 0.5, "most_copies": 3.0}
    assert found.names == {"repeated": "0.png (3 times), 3.png (2 times)"}
    assert facts_of(np.arange(4)).numbers == {"repeated": 0.0, "most_copies": 1.0} and not facts_of(np.arange(4)).names
    assert facts_of(np.arange(0)).numbers == {}


def test_classes_that_only_held_out_items_have():
    labels, held = np.array([0, 0, 1]), np.array([0, 1, 2, 2])
    found = facts_of(np.arange(3), labels=labels, held_labels=held, classes=["cat", "dog", "owl"])
    assert found.numbers["missing_classes"] == 1 and found.names["missing_classes"] == "owl"


def test_the_skill_of_labels_is_measured_from_the_commonest_class():
    labels = np.arange(40) % 2
    held = np.array([0, 0, 0, 1] * 25)
    skill = {a: facts_of(labels, (), labels, held, "ab", a).numbers["label_skill"] for a in (0.75, 1.0, 0.5)}
    assert skill == {0.75: 0.0, 1.0: 1.0, 0.5: -1.0}
    assert "label_skill" not in facts_of(labels, (), labels, held, "ab").numbers
    for few, others in ((labels[:30], held), (labels, held[:60])):
        assert "label_skill" not in facts_of(few, (), few, others, "ab", 0.75).numbers, "too few to judge by"


def test_held_out_items_that_are_training_items_saved_anew_are_counted_and_named():
    found = facts_of(np.arange(3), leaks=["a.jpg", "b.jpg", "c.jpg", "d.jpg"], examined=16)
    assert found.numbers["leaking"] == 0.25 and found.names["leaking"] == "a.jpg, b.jpg, c.jpg"
    assert "leaking" not in facts_of(np.arange(3)).numbers
