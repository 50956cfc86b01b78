"""The small outside edge."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web

from chassis import http
from chassis.errors import HavenError, InvalidArgument, Kind, Violation
from chassis.settings import SettingsError

PLANTED = "ana.petrova@example.test"


def app_that(act: Callable[[], object]) -> web.Application:
    """An app with one page, which does this."""

    async def page(request: web.Request) -> web.Response:
        await request.read()
        act()
        return web.Response(text="fine")

    app = http.application(service="notify")
    app.router.add_post("/page", page)
    return app


async def post(app: web.Application, data: bytes = b"") -> tuple[int, str]:
    async with (
        http.serving(app, "127.0.0.1:0") as address,
        aiohttp.ClientSession() as session,
        session.post(f"http://{address}/page", data=io.BytesIO(data)) as answer,
    ):
        return answer.status, await answer.text()


def fails(error: Exception) -> Callable[[], object]:
    def act() -> None:
        raise error

    return act


async def test_a_page_is_served() -> None:
    assert await post(app_that(lambda: None)) == (200, "fine")


async def test_it_says_that_it_lives() -> None:
    app = http.application(service="notify")
    async with (
        http.serving(app, "127.0.0.1:0") as address,
        aiohttp.ClientSession() as session,
        session.get(f"http://{address}/livez") as answer,
    ):
        assert (answer.status, await answer.text()) == (200, "ok\n")


@pytest.mark.parametrize("kind", Kind)
async def test_every_kind_of_error_has_a_status_and_one_form(kind: Kind) -> None:
    error_class = next(each for each in HavenError.__subclasses__() if each.kind is kind)
    status, text = await post(app_that(fails(error_class("SOME_REASON", "some text"))))
    assert status == http.STATUSES[kind].value
    for part in (f'"status": "{kind.name}"', '"reason": "SOME_REASON"', '"notify.haven"'):
        assert part in text


async def test_fields_at_fault_are_named() -> None:
    faults = [Violation("phone", "MALFORMED", "must be a number")]
    error = InvalidArgument("FIELDS_INVALID", "fields at fault: phone", violations=faults)
    status, text = await post(app_that(fails(error)))
    assert status == 400
    assert '"field": "phone", "reason": "MALFORMED"' in text


async def test_an_unknown_exception_tells_nothing() -> None:
    status, text = await post(app_that(fails(ValueError(PLANTED))))
    assert status == 500
    assert PLANTED not in text


async def test_a_large_body_is_refused() -> None:
    status, _ = await post(app_that(lambda: None), b"x" * (http.LARGEST_BODY + 1))
    assert status == 413


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "example.test:0"])
async def test_plaintext_is_not_served_beyond_loopback(address: str) -> None:
    with pytest.raises(SettingsError, match="plaintext"):
        await _opened(http.serving(http.application(service="notify"), address).__aenter__())


async def test_leaving_frees_the_port() -> None:
    app = http.application(service="notify")
    async with http.serving(app, "127.0.0.1:0") as address:
        pass
    again = http.application(service="notify")
    async with http.serving(again, address) as second:
        assert second == address


async def _opened(entering: Awaitable[str]) -> str:
    return await asyncio.wait_for(entering, 5)
