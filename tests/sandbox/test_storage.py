"""Signed URLs and the second origin that serves them."""

from itertools import pairwise
from urllib.parse import urlsplit

import httpx
import pytest

from sandbox.calls import Caller, Start


def finished_url(call: Caller) -> str:
    """The signed URL of a new, finished export."""
    return call.url(call.finished_export())


def test_a_signed_url_points_to_the_second_origin(own: Caller) -> None:
    """The URL is on another port than the API, needs no credentials, and gives the whole CSV."""
    url = finished_url(own)
    assert url.startswith(f"{own.box.storage_url}/")
    assert urlsplit(own.box.storage_url).netloc != urlsplit(own.box.base_url).netloc
    response = httpx.get(url)
    assert response.headers["content-type"].startswith("text/csv")
    assert int(response.headers["content-length"]) == len(response.content)
    assert response.headers["accept-ranges"] == "bytes"


def test_a_range_gives_its_bytes(own: Caller) -> None:
    """A range is answered with 206, its place in the whole and exactly those bytes, one beyond the end with 416."""
    url = finished_url(own)
    whole = httpx.get(url).content
    for asked, expected in (("0-99", whole[:100]), ("100-", whole[100:]), ("-50", whole[-50:])):
        response = httpx.get(url, headers={"Range": f"bytes={asked}"})
        assert (response.status_code, response.content) == (206, expected)
        assert response.headers["content-range"].endswith(f"/{len(whole)}")
    assert httpx.get(url, headers={"Range": "bytes=9999999-"}).status_code == 416


def test_if_range_goes_on_with_the_same_file_only(own: Caller) -> None:
    """With the file's ETag the rest is sent; with another one the whole file is."""
    url = finished_url(own)
    whole = httpx.get(url)
    same = httpx.get(url, headers={"Range": "bytes=10-", "If-Range": whole.headers["etag"]})
    other = httpx.get(url, headers={"Range": "bytes=10-", "If-Range": '"another"'})
    assert (same.status_code, same.content) == (206, whole.content[10:])
    assert (other.status_code, other.content) == (200, whole.content)


def test_other_methods_send_and_write_nothing(own: Caller) -> None:
    """HEAD gives length and ETag of the file and no body, and other methods than GET and HEAD are refused."""
    url = finished_url(own)
    whole, head = httpx.get(url), httpx.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert all(head.headers[name] == whole.headers[name] for name in ("etag", "content-length"))
    assert httpx.put(url, content=b"x").status_code == 405


def test_a_url_expires(own: Caller) -> None:
    """After its lifetime a URL is answered with XML and 403, and a new one for the same file works."""
    identity = own.export()
    own.box.advance(5)
    url = own.url(identity, headers={"X-Sandbox-Url-Lifetime": "60"})
    own.box.advance(59)
    assert httpx.get(url).status_code == 200
    own.box.advance(1)
    expired = httpx.get(url)
    assert (expired.status_code, expired.headers["content-type"]) == (403, "application/xml")
    assert "<Code>AccessDenied</Code>" in expired.text
    assert httpx.get(own.url(identity)).status_code == 200


def test_a_changed_url_is_refused(own: Caller) -> None:
    """Neither the signature, nor the expiry, nor the file name of a URL can be changed."""
    url = finished_url(own)
    signature = url[:-1] + ("0" if url[-1] != "0" else "1")
    for changed in (signature, url.replace("Expires-At=1", "Expires-At=2"), url.replace(".csv", ".cs")):
        response = httpx.get(changed)
        assert (response.status_code, "SignatureDoesNotMatch" in response.text) == (403, True)
    assert httpx.get(url.partition("?")[0]).status_code == 403


@pytest.mark.parametrize("header", ["API-KEY", "Authorization"])
def test_credentials_are_refused_and_counted(own: Caller, header: str) -> None:
    """A request that carries a credential to the storage is refused, and the sandbox remembers that it saw one."""
    url = finished_url(own)
    httpx.get(url)
    assert own.box.leaked_credentials == 0
    assert httpx.get(url, headers={header: "Bearer secret"}).status_code == 400
    assert own.box.leaked_credentials == 1


def test_equal_exports_have_equal_files(start: Start) -> None:
    """Two sandboxes with equal options export the same bytes under the same name and ETag."""
    files = []
    for _ in range(2):
        url = finished_url(start(preloaded=False))
        response = httpx.get(url)
        files.append((urlsplit(url).path, response.content, response.headers["etag"]))
    assert all(one == other for one, other in pairwise(files))
