"""What the API takes and gives about a request that is under way."""

from __future__ import annotations

from typing import Any

from ninja import Field, Schema
from pydantic import ConfigDict, field_validator
from pydantic_core import PydanticCustomError

from apps.generation.schemas import Body
from apps.generation.services.guidance import MAX_GUIDANCE

REQUEST = "req_0d9c2f6e-6b1d-4f6c-9e55-9f0f3a1c7b11"
FIRST = "cand_5b0e3a52-5a0f-4f0c-8f43-0c3f6f0f2a01"
SECOND = "cand_8d1c9b7e-1f5b-4a5e-9a38-2f7f3f0d4c02"
MADE = "cand_c3a4b8d1-7f0e-4c7a-8b1a-6e2d9f0b5d03"
MOST_PARTS = 50


def _shown(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [example]})


class GuidanceIn(Body):
    """What models are to know beside the specification."""

    model_config = _shown({"text": "An empty list gives 0."})

    text: str = Field(min_length=1, max_length=MAX_GUIDANCE, description="Plain text; its examples count.")


class GuidanceAdded(Schema):
    """The guidance as the newest version of what is asked for."""

    model_config = _shown(
        {
            "guidance_id": "guide_7",
            "request_id": REQUEST,
            "version": 1,
            "digest": "9f2feb0f1ef425b292f2f94bc8482494df430413a2bd1e9c3b5d7f80a1c2e4f6",
            "status": "queued",
        }
    )

    guidance_id: str
    request_id: str
    version: int = Field(description="1 for the first addition to the specification.")
    digest: str = Field(description="SHA-256 of what is asked for now.")
    status: str = Field(description="`queued` where models are asked again; else as it was, and read later.")


class AttemptsIn(Body):
    """Nothing is said: each model is asked as often again as at first."""

    model_config = _shown({})


class AttemptsRaised(Schema):
    """How many answers the request may have now."""

    model_config = _shown({"request_id": REQUEST, "before": 3, "limit": 6, "status": "queued"})

    request_id: str
    before: int = Field(description="The limit at which it stopped.")
    limit: int = Field(description="The limit from now on.")
    status: str = Field(examples=["queued"])


class GraftPart(Body):
    """A function and the candidate that it is taken from."""

    model_config = _shown({"function": "last", "candidate": SECOND})

    function: str = Field(min_length=1, max_length=200, description="Its name; `Basket.total` for a method.")
    candidate: str = Field(description="With or without cand_.")


class GraftIn(Body):
    """A candidate and what is put in the place of its functions."""

    model_config = _shown(
        {
            "base": FIRST,
            "parts": [{"function": "last", "candidate": SECOND}],
            "reason": "Each has one function right.",
        }
    )

    base: str = Field(description="The candidate that the rest is taken from, with or without cand_.")
    parts: list[GraftPart] = Field(min_length=1, max_length=MOST_PARTS)
    reason: str = Field(min_length=1, max_length=1000, description="It is kept in the audit chain.")

    @field_validator("parts")
    @classmethod
    def _each_once(cls, parts: list[GraftPart]) -> list[GraftPart]:
        names = [part.function for part in parts]
        repeated = next((name for name in names if names.count(name) > 1), None)
        if repeated is not None:
            raise PydanticCustomError("name_repeated", "{name} is taken from two candidates.", {"name": repeated})
        return parts


class Grafted(Schema):
    """The candidate that was put together; it is being checked and run."""

    model_config = _shown({"candidate_id": MADE, "request_id": REQUEST, "state": "written"})

    candidate_id: str
    request_id: str
    state: str = Field(description="`written`, and `executed` once it can be put up for approval.")
