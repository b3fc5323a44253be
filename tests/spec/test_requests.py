"""The generated requests go over the wire as the specification says."""

import datetime
import inspect
from importlib import import_module
from typing import Any

import httpx
import pytest

from metrics24_api.api.download_center import get_export, list_exports
from metrics24_api.api.filter_groups import bulk_delete_filter_groups, list_filter_groups, update_filter_group
from metrics24_api.api.reports import get_click_report
from metrics24_api.models import BulkDeleteRequest, ExportStatusFilter, FilterConditions, FilterGroupUpdate
from metrics24_api.operation_table import OPERATIONS, Operation, Parameter

DAY = datetime.date(2025, 2, 1)
HOST = "https://host.example"


def on_the_wire(request: dict[str, Any]) -> httpx.Request:
    """The request as httpx encodes it."""
    return httpx.Client(base_url=HOST).build_request(**request)


def argument(parameter: Parameter) -> Any:
    """A value that fits a parameter."""
    if parameter.format == "date":
        return DAY
    if parameter.type == "object":
        return FilterConditions.from_dict({"filter[column][gte]": "1"})
    return {"string": "a", "integer": 1, "array": ["a", "b"]}[parameter.type]


def build(operation: Operation, **arguments: Any) -> dict[str, Any]:
    """The generated request, with a body where the operation takes one."""
    module = import_module(f"metrics24_api.api.{operation.module}")
    if operation.body:
        arguments["body"] = getattr(import_module("metrics24_api.models"), operation.body).from_dict(
            {"integration": "i", "name": "n", "organization": "o", "priority": 1}
        )
    request: dict[str, Any] = module.build_request(**arguments)
    return request


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.id)
def test_a_request_carries_every_parameter_under_its_wire_name(operation: Operation) -> None:
    """With every argument given, method, path and query are those of the specification."""
    arguments = {parameter.argument: argument(parameter) for parameter in operation.parameters}
    request = on_the_wire(build(operation, **arguments))
    names = {
        p.name if p.type != "object" else "filter[column][gte]" for p in operation.parameters if p.location == "query"
    }
    placed = {p.name: "a" for p in operation.parameters if p.location == "path"}
    assert request.method == operation.method
    assert request.url.path == operation.path.format(**placed)
    assert set(request.url.params) == names
    assert ("application/json" in request.headers.get("content-type", "")) == bool(operation.body)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.id)
def test_a_request_needs_the_required_parameters_alone(operation: Operation) -> None:
    """An optional parameter may be left out, and is then not sent."""
    required = {p.argument: argument(p) for p in operation.parameters if p.required}
    request = on_the_wire(build(operation, **required))
    assert set(request.url.params) == {p.name for p in operation.parameters if p.required and p.location == "query"}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.id)
def test_a_generated_module_builds_requests_alone(operation: Operation) -> None:
    """Its one function is build_request, with the arguments that the operation table knows and no other."""
    module = import_module(f"metrics24_api.api.{operation.module}")
    own = [name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
    assert own == ["build_request"]
    known = {parameter.argument for parameter in operation.parameters} | ({"body"} if operation.body else set())
    assert set(inspect.signature(module.build_request).parameters) == known


def test_documented_filters_are_plain_parameters() -> None:
    """Documented filters go under their own names, arrays as repeated keys, known and unknown values alike."""
    request = list_exports.build_request(
        filterreports_query_option_filters_offer_id_equalvalues=["o1", "o2"],
        filterreports_query_option_start_date=DAY,
        filterstatus=ExportStatusFilter.ERROR,
        filtertype="impression_logs",
        filterresults_meta_totalgte=100,
    )
    assert on_the_wire(request).url.params.multi_items() == [
        ("filter[reports_query_option.filters.offer_id.equalvalues]", "o1"),
        ("filter[reports_query_option.filters.offer_id.equalvalues]", "o2"),
        ("filter[reports_query_option.start_date]", "2025-02-01"),
        ("filter[status]", "ERROR"),
        ("filter[type]", "impression_logs"),
        ("filter[results_meta.total][gte]", "100"),
    ]


def test_any_other_filter_goes_under_its_whole_name() -> None:
    """Filter conditions go under the names they are given, arrays as repeated keys, everything escaped."""
    conditions = FilterConditions.from_dict({"filter[name]": "a&b=c", "filter[offer][in]": ["o 1", "o2"]})
    request = list_filter_groups.build_request("acmeshop01", filter_=conditions, sort="-created_at,name", pagenumber=2)
    assert on_the_wire(request).url.params.multi_items() == [
        ("filter[name]", "a&b=c"),
        ("filter[offer][in]", "o 1"),
        ("filter[offer][in]", "o2"),
        ("sort", "-created_at,name"),
        ("page[number]", "2"),
    ]
    assert "a%26b%3Dc" in str(on_the_wire(request).url)


def test_a_report_page_names_its_days_and_cursor() -> None:
    """Days go as ISO dates, size and cursor under their bracketed names."""
    request = get_click_report.build_request(
        integration_id="acmeshop01", start_date=DAY, end_date=DAY, pagesize=100, pageafter="01ABC"
    )
    assert dict(on_the_wire(request).url.params) == {
        "integration_id": "acmeshop01",
        "start_date": "2025-02-01",
        "end_date": "2025-02-01",
        "page[size]": "100",
        "page[after]": "01ABC",
    }


def test_ids_are_escaped_in_paths() -> None:
    """A slash, a question mark or a space in an id stays inside its piece of the path."""
    assert b"/a%2Fb%3Fc%20d" in on_the_wire(get_export.build_request("a/b?c d")).url.raw_path


def test_bodies_are_json() -> None:
    """Bodies go as JSON, with deletions too, and with null where null was given."""
    update = update_filter_group.build_request("i", "g", body=FilterGroupUpdate(description=None))
    assert on_the_wire(update).content == b'{"description":null}'
    delete = bulk_delete_filter_groups.build_request("i", body=BulkDeleteRequest(data=["a"]), organization="acme")
    assert on_the_wire(delete).content == b'{"data":["a"]}'
