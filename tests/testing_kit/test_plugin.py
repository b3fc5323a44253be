"""The fixtures, in test runs of users."""

from pathlib import Path

import pytest

import metrics24_sandbox.server  # noqa: F401  runs inside of this one unload what they load, which PyYAML does not survive
from repository.documents import blocks_of

pytestmark = pytest.mark.slow

pytest_plugins = ["pytester"]

CONFTEST = 'pytest_plugins = ["metrics24.testing.plugin"]\n'
DOCUMENT = Path(__file__).parents[2] / "docs" / "testing.md"
RUN = ("-W", "error", "-p", "no:cacheprovider", "-p", "no:randomly")


@pytest.fixture
def users(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder of a user who has put the line into conftest.py, and nothing of ours in the environment."""
    for name in ("METRICS24_API_KEY", "METRICS24_TOKEN", "METRICS24_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    pytester.makeconftest(CONFTEST)
    return pytester


def test_the_examples_of_the_documentation_run(users: pytest.Pytester) -> None:
    """The blocks of docs/testing.md for pytest are a conftest and tests, and these pass."""
    conftest, tests, choices, *_ = (block.text for block in blocks_of(DOCUMENT) if block.language == "python")
    assert conftest == CONFTEST
    users.makeconftest(f"{conftest}\n{choices}")
    users.makepyfile(tests)
    users.runpytest_subprocess(*RUN).assert_outcomes(passed=2)


def test_each_test_finds_a_fresh_sandbox(users: pytest.Pytester) -> None:
    """All tests share one server, and no test sees what another did."""
    users.makepyfile("""
        import pytest

        urls = set()

        @pytest.mark.parametrize("turn", range(3))
        def test_alone(metrics24_sandbox, metrics24_client, turn):
            urls.add(metrics24_sandbox.base_url)
            assert len(urls) == 1
            assert metrics24_sandbox.hits("getClickReport") == 0
            day = {"start": "2025-02-01", "end": "2025-02-01"}
            assert metrics24_client.reports.clicks(metrics24_sandbox.integrations[0], **day).first()
            metrics24_sandbox.fail_next("getClickReport", "503x9")
    """)
    users.runpytest(*RUN).assert_outcomes(passed=3)


def test_a_sandbox_of_wider_scope_keeps_what_was_done(users: pytest.Pytester) -> None:
    """The server itself may be used by fixtures of a wider scope, and its choices be overridden."""
    users.makepyfile("""
        import pytest

        @pytest.fixture(scope="session")
        def metrics24_sandbox_choices():
            return {"seed": 7, "api_key": "mine"}

        @pytest.fixture(scope="module")
        def client(metrics24_sandbox_server):
            with metrics24_sandbox_server.client() as client:
                yield client

        @pytest.mark.parametrize("turn", (1, 2))
        def test_together(metrics24_sandbox_server, client, turn):
            assert metrics24_sandbox_server.api_key == "mine"
            client.reports.clicks("acmeshop01", start="2025-02-01", end="2025-02-01", limit=5).first()
            assert metrics24_sandbox_server.hits("getClickReport") == turn
    """)
    users.runpytest(*RUN).assert_outcomes(passed=2)


def test_programs_find_the_sandbox_in_the_environment(users: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the environment's fixture a client without arguments works, even if the user has a token set."""
    monkeypatch.setenv("METRICS24_TOKEN", "of the user")
    users.makepyfile("""
        import os
        import metrics24

        def test_inside(metrics24_environment):
            with metrics24.Client() as client:
                assert client.reports.clicks("acmeshop01", start="2025-02-01", end="2025-02-01").first()
            assert metrics24_environment.items() <= os.environ.items()

        def test_afterwards():
            assert os.environ["METRICS24_TOKEN"] == "of the user"
            assert "METRICS24_API_KEY" not in os.environ
    """)
    users.runpytest(*RUN).assert_outcomes(passed=2)


ASYNC_TEST = """
    import pytest

    @pytest.mark.{mark}
    async def test_rows(metrics24_sandbox, metrics24_async_client):
        clicks = metrics24_async_client.reports.clicks("acmeshop01", start="2025-02-01", end="2025-02-01", limit=7)
        assert len([row async for row in clicks]) == 7
        assert metrics24_sandbox.hits("getClickReport") == 1
"""
BACKEND = """
    @pytest.fixture
    def anyio_backend():
        return "asyncio"
"""
WITHOUT_ASYNCIO = """
    from importlib.machinery import PathFinder

    find = PathFinder.find_spec
    PathFinder.find_spec = lambda name, *more: None if name == "pytest_asyncio" else find(name, *more)
"""


def test_the_asynchronous_client_works_with_pytest_asyncio(users: pytest.Pytester) -> None:
    """In pytest-asyncio's strict mode, its default, the asynchronous client is open in the test's own loop."""
    users.makepyfile(ASYNC_TEST.format(mark="asyncio"))
    users.runpytest(*RUN).assert_outcomes(passed=1)


def test_the_asynchronous_client_works_with_anyio(users: pytest.Pytester) -> None:
    """Without pytest-asyncio anyio runs the fixture, in the test's own loop."""
    users.makeini("[pytest]")
    users.makepyfile(hiding=WITHOUT_ASYNCIO, test_rows=ASYNC_TEST.format(mark="anyio") + BACKEND)
    users.runpytest_subprocess(*RUN, "-p", "hiding", "-p", "no:asyncio").assert_outcomes(passed=1)


def test_a_wrong_choice_is_told_in_the_run(users: pytest.Pytester) -> None:
    """A choice that does not exist is an error of the tests that need the sandbox, with its reason."""
    users.makepyfile("""
        import pytest

        @pytest.fixture(scope="session")
        def metrics24_sandbox_choices():
            return {"rows": 1}

        def test_it(metrics24_sandbox):
            pass
    """)
    result = users.runpytest(*RUN)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*UsageError: A sandbox has no rows;*"])


def test_without_the_line_there_are_no_fixtures(users: pytest.Pytester) -> None:
    """Installing metrics24 changes no test runs of others."""
    users.makeconftest("")
    users.makepyfile("""
        import sys

        def test_nothing(request):
            assert not [name for name in sys.modules if name.startswith("metrics24")]
    """)
    users.runpytest_subprocess(*RUN).assert_outcomes(passed=1)
