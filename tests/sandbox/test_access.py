"""Credentials, limits of calls, and refusals."""

import httpx
import pytest

from sandbox.calls import DAY, SPEC, Caller, Start, error_code

QUERY = {**DAY, "page[size]": 1}


def bare(call: Caller, headers: dict[str, str], operation: str = "listExports") -> httpx.Response:
    """A request with these headers alone."""
    return httpx.get(call.box.base_url + SPEC.operations[operation].path, headers=headers)


def test_key_and_token_are_alternatives(call: Caller) -> None:
    """Either the key or the bearer token opens, whatever the case of the word bearer; a wrong key shuts out a token."""
    token = {"Authorization": f"Bearer {call.box.token}"}
    for headers in ({"API-KEY": call.box.api_key}, token, {"Authorization": f"bearer {call.box.token}"}):
        assert bare(call, headers).status_code == 200
    assert bare(call, {"API-KEY": "wrong", **token}).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        *({"API-KEY": key} for key in ("wrong", "")),
        {"Authorization": "Bearer x"},
        {"Authorization": "Basic eA=="},
    ],
    ids=str,
)
def test_without_a_valid_credential_nothing_opens(call: Caller, headers: dict[str, str]) -> None:
    """No credential, a wrong one and one of the wrong kind are answered with 401."""
    assert error_code(bare(call, headers)) == (401, "unauthorized")


@pytest.mark.parametrize("operation", [name for name, one in SPEC.operations.items() if "{integrationID}" in one.path])
def test_a_foreign_integration_is_forbidden(call: Caller, operation: str) -> None:
    """Every operation below an integration that belongs to someone else is a 403, below one that is not there a 404."""
    body = {"name": "x", "integration": "forbidden1", "organization": "x", "priority": 1, "data": []}
    query = {"fields": "real_tx_id", "extra_parameters": ""} if operation.startswith("download") else None
    for integration, status in (("forbidden1", 403), ("nowhere001", 404)):
        path = {"integrationID": integration, "filterGroupID": "x"}
        sent = body if SPEC.operations[operation].body is not None else None
        assert call(operation, query, path=path, body=sent).status_code == status


def test_too_many_requests_have_to_wait(start: Start) -> None:
    """Beyond the rate a request is answered with 429 and the seconds to wait, after which it succeeds."""
    call = start()
    limit = {"X-Sandbox-Rate-Limit": "2"}
    responses = [call("getClickReport", QUERY, headers=limit) for _ in range(3)]
    assert [response.status_code for response in responses] == [200, 200, 429]
    assert error_code(responses[2]) == (429, "too_many_requests")
    call.box.advance(int(responses[2].headers["Retry-After"]))
    assert call("getClickReport", QUERY, headers=limit).status_code == 200


def test_refusals_are_json_and_numbered(call: Caller) -> None:
    """Every refusal, of a path that does not exist too, has a code, a message, a date and a number of its own."""
    responses = [httpx.get(f"{call.box.base_url}/nowhere"), bare(call, {}), call("getClickReport")]
    for response in responses:
        assert set(response.json()["error"]) == {"code", "message"}
        assert response.headers["date"] == "Mon, 10 Feb 2025 12:00:00 GMT"
    assert len({response.headers["x-request-id"] for response in responses}) == 3


def test_a_wrong_method_names_the_right_ones(call: Caller) -> None:
    """A path with a method that no operation has is a 405 that lists all methods of the path."""
    url = call.box.base_url + SPEC.operations["getExport"].path.format(exportID="x")
    response = httpx.post(url, headers={"API-KEY": call.box.api_key})
    assert (response.status_code, response.headers["allow"]) == (405, "DELETE, GET")
    assert error_code(response) == (405, "method_not_allowed")


@pytest.mark.parametrize(
    "headers", [{"X-Sandbox-Colour": "red"}, {"X-Sandbox-Wrap": "paper"}, {"X-Sandbox-Latency": "long"}], ids=str
)
def test_unknown_wishes_are_refused(call: Caller, headers: dict[str, str]) -> None:
    """A header for the sandbox with a name or a value that it does not know is a bad request, not a silent nothing."""
    assert error_code(call("getClickReport", QUERY, headers=headers)) == (400, "bad_request")
