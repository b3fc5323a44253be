"""A small API whose spec has comments and every style of YAML that the real one has, and responses of it."""

from __future__ import annotations

from typing import Any

from metrics24.speccheck import corrected, run_drift
from metrics24.speccheck.comparison import Comparison, Difference, JsonBody, RecordedResponse, compare
from metrics24.speccheck.gathering import Gathered
from metrics24.speccheck.report import DriftReport
from metrics24.speccheck.spec import Spec

SPEC = """\
# What this is for.
openapi: 3.1.0
info: {title: Small, version: "1"}
paths:
  # The only path.
  /v1/rows:
    get:
      operationId: listRows
      x-effect: read
      x-evidence: inferred # a guess
      responses:
        "200":
          description: Rows.
          content:
            application/json:
              schema: {$ref: "#/components/schemas/Page"}
        # failures
        "400": {$ref: "#/components/responses/Failed"}
        "5XX": {$ref: "#/components/responses/Failed"}
  /v1/rows/{id}:
    get:
      operationId: getRow
      x-effect: read
      x-evidence: sibling
      responses:
        "200":
          description: Bare or wrapped.
          content:
            application/json:
              schema:
                anyOf:
                  - $ref: "#/components/schemas/Row"
                  - $ref: "#/components/schemas/Envelope"
        "400": {$ref: "#/components/responses/Failed"}
        "5XX": {$ref: "#/components/responses/Failed"}
    delete:
      operationId: deleteRow
      x-effect: write
      x-evidence: inferred
      responses:
        "200": {$ref: "#/components/responses/Gone"}
        "5XX": {$ref: "#/components/responses/Failed"}
components:
  responses:
    Failed:
      description: It failed.
      content: &any
        application/json:
          schema: {$ref: "#/components/schemas/Error"}
    Gone:
      description: Gone.
      content: *any
  schemas:
    Error: {description: &note Anything.}
    Page:
      type: object
      required: [data]
      properties:
        data:
          type: [array, "null"]
          items: {$ref: "#/components/schemas/Row"}
          x-evidence: documented
    Base:
      type: object
      properties: {id: {type: string, x-evidence: documented}, kind: {type: [string, "null"], x-evidence: sibling}}
    Row:
      allOf:
        - $ref: "#/components/schemas/Base"
        - type: object
          required: [id]
          properties:
            counts: {$ref: "#/components/schemas/Counts", x-evidence: sibling}
            price: {type: [number, "null"], x-evidence: 'inferred'} # in euros
            tags:
              type: [array, "null"]
              items: {type: string}
              x-evidence: sibling
              x-evidence-note: >-
                Folded text
                at the end.

            # one of the words below
            state:
              anyOf: [{$ref: "#/components/schemas/State"}, {type: string}, {type: "null"}]
              x-evidence: documented
              x-evidence-note: *note

    # the words
    State:
      type: string
      enum: [NEW, OLD] # more may come
    Envelope:
      type: object
      required: [data]
      properties:
        data:
          allOf: [{$ref: "#/components/schemas/Row"}]
          x-evidence: inferred
    Counts:
      type: object
      properties:
        all: {type: integer, x-evidence: documented}
      additionalProperties: {type: integer}
"""


def page(*rows: Any) -> RecordedResponse:
    """A response with a page of rows."""
    return response({"data": list(rows)})


def response(value: object, *, operation: str = "listRows", status: int = 200) -> RecordedResponse:
    """A response of an operation."""
    return RecordedResponse(operation, status, JsonBody(value))


def compared(*responses: RecordedResponse, spec: str = SPEC) -> Comparison:
    """The comparison of responses with the small spec."""
    return compare(Spec.parse(spec), responses)


def differences(*responses: RecordedResponse, spec: str = SPEC) -> dict[tuple[str, str], Difference]:
    """The differences by kind and name."""
    return {(each.kind, each.name): each for each in compared(*responses, spec=spec).differences}


def reported(*responses: RecordedResponse, spec: str = SPEC) -> DriftReport:
    """The report of drift on responses of the small API."""
    return run_drift(Spec.parse(spec), "openapi/spec.yaml", Gathered(responses=responses, sandbox=False))


def correction(*responses: RecordedResponse, spec: str = SPEC) -> tuple[str, DriftReport]:
    """The text of the corrected spec, and the report with what is left."""
    return corrected(Spec.parse(spec), reported(*responses, spec=spec))


def patched(*responses: RecordedResponse, spec: str = SPEC) -> str:
    """The text of the corrected spec."""
    return correction(*responses, spec=spec)[0]
