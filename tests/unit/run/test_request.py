"""Requests from the library: what is no request is said, in a line each."""

import pytest

import gansmith
from gansmith.errors import InputError
from gansmith.run.request import Request


@pytest.mark.parametrize(
    ("request_", "parts"),
    [
        ({"image_sise": 3}, ["a request has no 'image_sise'; did you mean 'image_size'"]),
        ({"image_size": "aa"}, ["image_size.int=aa: input should be a valid integer"]),
        ({"threads": "a", "device": 3}, ["threads=a: input should be", "device=3: input should be a valid string"]),
        ({"precision": "bf32"}, ["precision=bf32: input should be 'auto', 'fp32' or 'bf16'"]),
    ],
)
def test_what_is_no_request_is_said(request_, parts, tmp_path):
    with pytest.raises(InputError) as error:
        gansmith.train(tmp_path, "gan", request=request_)
    for part in parts:
        assert any(problem.startswith(part) for problem in error.value.problems), error.value.problems


def test_a_request_of_values_is_that_request(tmp_path):
    assert Request.of(data=tmp_path, image_size=(8, 9), settings={"a": 1}) == Request(
        tmp_path, image_size=(8, 9), settings={"a": 1}
    )
