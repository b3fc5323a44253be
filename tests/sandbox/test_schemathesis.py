"""Sandbox and spec cannot drift apart: Schemathesis holds each to the other."""

from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.config import SchemathesisConfig

from metrics24_sandbox import Behaviour, Sandbox, SandboxOptions
from metrics24_sandbox.spec import Operation, Spec
from metrics24_sandbox.world import INTEGRATIONS, ORGANIZATION

pytestmark = pytest.mark.slow


_CONFIG = {
    "generation": {"deterministic": True, "max-examples": 12, "database": "none", "mode": "all"},
    "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "402", "404"]}},
}
_SETTINGS = settings(
    max_examples=25,
    stateful_step_count=6,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A small sandbox whose exports are finished at once and which has no quota."""
    rows: Any = dict.fromkeys(("conversions_per_day", "clicks_per_day", "impressions_per_day"), 300)
    days: Any = {"exports_per_day": 1_000_000, "now": "2025-02-10T12:00:00", "first_day": "2025-01-30"}
    with Sandbox(SandboxOptions(**days, **rows, behaviour=Behaviour(pending=0, running=0))) as started:
        yield started


def _make_sensible(case: schemathesis.Case[Any]) -> None:
    """Bring valid input within the rules that a schema cannot express; leave invalid input as it is.

    These are: the integration and the columns exist, dates are in order, there is one cursor at most.
    """
    if case.meta is not None and not case.meta.generation.mode.is_positive:
        return
    path, query, body = case.path_parameters, case.query, case.body
    declared = {parameter.wire for parameter in _operation(case).parameters}
    for name in [name for name in query if name.startswith("filter[") and name not in declared]:
        query[f"filter[{'id' if 'sort' in declared else 'real_tx_id'}]"] = query.pop(name)
    _replace(path, integrationID=INTEGRATIONS[0])
    _replace(query, integration_id=INTEGRATIONS[0], organization=ORGANIZATION, sort="-id")
    _replace(query, fields="real_tx_id,status", delimiter=";")
    if query.get("start_date", "") > query.get("end_date", "9"):
        query["start_date"], query["end_date"] = query["end_date"], query["start_date"]
    if "page[after]" in query:
        query.pop("page[before]", None)
    if isinstance(body, dict):
        _replace(body, integration=INTEGRATIONS[0], organization=ORGANIZATION)


def _operation(case: schemathesis.Case[Any]) -> Operation:
    return _SPEC.operations[case.operation.definition.raw["operationId"]]


def _replace(values: MutableMapping[str, Any], **new: str) -> None:
    values.update({name: value for name, value in new.items() if name in values})


_SPEC = Spec.load()
schema = schemathesis.openapi.from_dict(_SPEC.document, config=SchemathesisConfig.from_dict(_CONFIG))


@schema.parametrize()
def test_every_operation_answers_as_the_spec_says(case: schemathesis.Case[Any], box: Sandbox) -> None:
    """Whatever is sent, right or wrong, status, headers and body of the response are those that the spec describes."""
    _make_sensible(case)
    case.call_and_validate(base_url=box.base_url, headers={"API-KEY": box.api_key})


# Schemathesis starts sequences where it believes that it can, not where an integration has to be known. So each
# group of linked operations is tried by itself.
LINKED = {
    "filter groups": ["listFilterGroups", "createFilterGroup", "getFilterGroup", "deleteFilterGroup"],
    "new exports": ["downloadClicks", "downloadConversions", "downloadImpressions", "getExport", "deleteExport"],
    "listed exports": ["listExports", "getExport", "getExportUrl"],
    "reports": ["getClickReport", "getConversionReport", "getImpressionReport"],
}


@pytest.mark.parametrize("operations", LINKED.values(), ids=LINKED)
def test_operations_agree_with_each_other(operations: list[str], box: Sandbox) -> None:
    """Following the spec's links, what was created can be read, what was deleted is gone, and pages follow pages."""
    succeeded: set[str] = set()

    class Sequence(schema.include(operation_id=operations).as_state_machine()):  # type: ignore[misc]  # made from the spec
        def setup(self) -> None:
            super().setup()
            box.reset()

        def before_call(self, case: schemathesis.Case[Any]) -> None:
            _make_sensible(case)

        def get_call_kwargs(self, case: schemathesis.Case[Any]) -> dict[str, Any]:
            return {"base_url": box.base_url, "headers": {"API-KEY": box.api_key}}

        def after_call(self, response: schemathesis.Response, case: schemathesis.Case[Any]) -> None:
            super().after_call(response, case)
            if response.status_code < 300:
                succeeded.add(_operation(case).id)

    run_state_machine_as_test(Sequence, settings=_SETTINGS)
    assert succeeded == set(operations)
