"""Values that belong to somebody get a pseudonym that is always the same, and values that a client needs stay."""

import csv
import io
import json
import re
from typing import Any

import pytest
from vcr.request import Request

from contract import bodies
from contract.pseudonyms import Pseudonyms
from contract.recording import scrubber_for
from contract.scrubbing import KEY
from metrics24_api.operation_table import OPERATIONS

SHAPES = {
    "01JK4HPNPMYNBP75AT7W1V2N4T": r"01JK4HPNPM[0-9A-HJKMNP-TV-Z]{16}",
    "acmeshop01": r"[a-z0-9]{10}",
    "af929d17-56f3-4b63-a1b2-c3d4e5f60718": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "e1989ca5edd69e014c5e9cd3899c127d": r"[0-9a-f]{32}",
    "65f0c2d4a1b2c3d4e5f60718": r"[0-9a-f]{24}",
    "203.0.113.77": r"10(\.\d{1,3}){3}",
    "2001:470:1f0b::9": r"2001:db8:[0-9a-f:]+",
    "anna@company.com": r"user-[0-9a-f]{8}@example\.invalid",
    "Mozilla/5.0 (Linux; Android 13; K)": r"Mozilla/5\.0 \(scrubbed [0-9a-f]{8}\)",
    "270": r"9\d{8}",
    "shop-click_logs-1.csv": r"file-[0-9a-f]{10}\.csv",
    "Kestrel Bank": r"text-[0-9a-f]{10}",
    "https://anna:pw@s.example/b/k.csv?X-Sig=abc#f": r"https://host-[0-9a-f]{8}\.invalid/text-\w+/file-\w+\.csv\?signature=\w+",
    "2025-02-01": r"2025-02-01",
    "2025-02-01 12:00:00": r"2025-02-01 12:00:00",
    "2025-02-01T12:00:00.123Z": r"2025-02-01T12:00:00\.123Z",
    "": r"",
}


@pytest.mark.parametrize("text", SHAPES)
def test_a_pseudonym_keeps_the_shape_and_follows_from_the_salt(text: str) -> None:
    """Ids keep their kind's shape and dates stay; the same salt gives the same pseudonym, another one another."""
    pseudonym = Pseudonyms(b"salt").of(text)
    assert re.fullmatch(SHAPES[text], pseudonym)
    assert pseudonym == Pseudonyms(b"salt").of(text)
    kept = SHAPES[text].replace("\\", "") == text
    assert (pseudonym == text, pseudonym == Pseudonyms(b"other").of(text)) == (kept, kept)


def scrubbed(found: Any) -> Any:
    """A JSON value without what belongs to somebody."""
    return json.loads(bodies.scrubbed(json.dumps(found).encode(), "application/json", Pseudonyms(b"salt")))


def test_known_columns_keep_what_a_client_works_with() -> None:
    """Times, verdicts, amounts and names of columns stay, since results rest on them."""
    row = {"status": "rejected", "rejection": "DUPLICATE_IP", "country": "DE", "payout": 19.53, "is_bot": True}
    listed = {"fields": ["real_tx_id", "offer"], "results_meta": {"total": 27}, "format": {"delimiter": ";"}}
    assert scrubbed([row, listed]) == [row, listed]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("status", "seen by anna@company.com"),
        ("country", "Anna"),
        ("browser_version", "203.0.113.77"),
        ("payout", "twelve"),
        ("delimiter", "anna"),
        ("device_type", "af929d17-56f3b63a-0"),
    ],
)
def test_a_known_column_with_a_strange_value_is_replaced(column: str, value: str) -> None:
    """Only values of the kind that a column holds may stay in it; anything else is replaced."""
    assert value not in json.dumps(scrubbed({column: value}))


def test_unknown_columns_are_replaced_by_type() -> None:
    """Of columns that the spec does not know, texts and numbers are replaced at any depth; the rest stays."""
    known_to_nobody = {
        "loyalty_card": "Anna's card",
        "phone": 4915112345678,
        "score": 12.75,
        "vip": True,
        "nothing": None,
        "zero": 0,
        "nested": {"deep": ["Anna", 41]},
    }
    found = scrubbed({"data": [known_to_nobody]})["data"][0]
    assert found.keys() == known_to_nobody.keys()
    assert (found["vip"], found["nothing"], found["zero"]) == (True, None, 0)
    assert len(str(found["phone"])) == 13
    assert isinstance(found["score"], float)
    for original in ("Anna", "4915112345678", "12.75", ", 41]"):
        assert original not in json.dumps(found)


def test_names_that_are_ids_are_replaced() -> None:
    """In an object that is keyed by ids the keys are replaced, and words are not."""
    found = scrubbed({"by_offer": {"01JK4HPNPMYNBP75AT7W1V2N4T": 1, "anna@company.com": 2, "brand_new": 3}})
    assert list(found["by_offer"])[2] == "brand_new"
    assert all(name.startswith("name-") for name in list(found["by_offer"])[:2])


def test_what_a_server_repeats_of_filters_is_scrubbed_as_the_column_is() -> None:
    """A value below an operator is one of the operator's column."""
    repeated = {"filters": {"status": {"eq": ["approved"]}, "publisher": {"equalvalues": ["270"]}}}
    found = scrubbed(repeated)["filters"]
    assert found["status"] == {"eq": ["approved"]}
    assert found["publisher"]["equalvalues"] != ["270"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_csv_file_is_scrubbed_as_json_is(delimiter: str, ending: str) -> None:
    """The cells of a CSV file become what the same values become in JSON, and its form stays."""
    row = {
        "status": "approved",
        "offer": f"A{delimiter}B\nC",
        "click_ip": "203.0.113.77",
        "payout": "4.5",
        "odd": "Anna",
    }
    table = io.StringIO(newline="")
    writer = csv.writer(table, delimiter=delimiter, lineterminator=ending)
    writer.writerows([row.keys(), row.values(), [*row.values(), "one cell too many"]])
    text = bodies.of_csv(table.getvalue(), Pseudonyms(b"salt"))
    header, first, second = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    assert dict(zip(header, first, strict=True)) == scrubbed(row)
    assert second[:-1] == first
    assert "one cell" not in text
    assert text.endswith(ending)


def test_requests_and_answers_get_the_same_stand_ins() -> None:
    """An id is called the same in a path, a query, a body and a response, so that a replay still fits together."""
    scrubber = scrubber_for("https://api.example.com/base", {"the-key": KEY}, b"salt", {})
    path = OPERATIONS["getExport"].path.partition("{")[0]
    request = Request(
        OPERATIONS["getExport"].method,
        f"https://api.example.com/base{path}01JK4HPNPMYNBP75AT7W1V2N4T"
        "?filter%5Bintegration_id%5D=acmeshop01&sort=-created_at,offer&filter%5Bresults_meta.total%5D%5Bgte%5D=10",
        b'{"data":["01JK4HPNPMYNBP75AT7W1V2N4T"]}',
        {"API-KEY": "the-key", "User-Agent": "metrics24/1", "Accept": "application/json", "Cookie": "a=b"},
    )
    response = {"status": {"code": 200, "message": "Sure, Anna"}, "headers": {"Server": ["s"]}, "body": {"string": b""}}
    asked, told = scrubber.interaction(request, response)
    ulid, shop = (scrubber.pseudonyms.of(text) for text in ("01JK4HPNPMYNBP75AT7W1V2N4T", "acmeshop01"))
    assert asked.uri == (
        f"https://api.invalid{path}{ulid}?filter%5Bintegration_id%5D={shop}"
        "&sort=-created_at%2Coffer&filter%5Bresults_meta.total%5D%5Bgte%5D=10"
    )
    assert json.loads(asked.body) == {"data": [ulid]}
    assert dict(asked.headers) == {"api-key": KEY, "accept": "application/json"}
    assert told == {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": b""}}


def test_a_path_that_is_nobodys_is_replaced_whole() -> None:
    """Of a request that no operation describes nothing stays that could be an id."""
    scrubber = scrubber_for("https://api.example.com", {"the-key": KEY}, b"salt", {})
    request = Request("GET", "https://api.example.com/users/anna?who=anna", b"", {"API-KEY": "somebody else's"})
    response = {"status": {"code": 599, "message": ""}, "headers": {}, "body": {"string": b"Anna"}}
    asked, told = scrubber.interaction(request, response)
    assert "anna" not in asked.uri
    assert "somebody" not in asked.headers["api-key"]
    assert told["body"]["string"].startswith(b"text-")
