"""Where notify meets browsers and providers: one-time pages, and callbacks.

    GET  /a/<tag>/<token>               shows what can be answered, and changes nothing: mail
                                        scanners follow links
    POST /a/<tag>/<token>  answer=...   answers; the token is used up
    POST /callbacks/<provider>/status?tenant_id=...&message_id=...
    POST /callbacks/<provider>/digits?tenant_id=...&message_id=...&language=...
    POST /callbacks/<provider>/text     the number that was written to says which tenant is meant

A callback is believed where its provider has signed the address and the form. Nothing here tells
a stranger whom a page is for, what it is about, or whether a tenant exists.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Protocol

from aiohttp import web
from prometheus_client import Counter

from chassis import http
from chassis.call import Call, system_call
from chassis.deadline import Deadline
from chassis.errors import HavenError, InvalidArgument, NotFound, PermissionDenied, is_retryable
from services.notify.bootstrap import SERVICE, Notify
from services.notify.codec import html
from services.notify.domain.answer import Answer
from services.notify.domain.commands import AnswerByKeys, AnswerByLink, NoteReceipt
from services.notify.domain.inbound import InboundText
from services.notify.domain.link import Opened, Standing, tag_of
from services.notify.domain.wording import Language
from services.notify.ports.callbacks import Callbacks
from services.notify.settings import NotifySettings

SIGNATURE = "X-Twilio-Signature"
LONGEST_ID = 64
# Twilio waits for 15 s: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
TEXT_SECONDS, TEXT_PAUSE = 10.0, 0.1
LANGUAGES = {language.value: language for language in Language}
ANSWERS = {answer.value: answer for answer in Answer}
TOLD = {Standing.USED: html.USED, Standing.EXPIRED: html.EXPIRED}
misdirected = Counter(
    "haven_notify_misdirected_texts", "Genuine texts to a number that is no tenant's; not kept."
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


class Run(Protocol):
    """Runs a use case on a thread."""

    def __call__(self, fn: Callable[..., Any], *args: Any) -> Awaitable[Any]:
        """What the function returns or raises."""
        ...


class Edge:
    """Reads forms, runs use cases, writes pages; knows nothing of messages."""

    def __init__(
        self,
        notify: Notify,
        run: Run,
        *,
        tenant_ids: Iterable[str],
        callbacks: Mapping[str, Callbacks],
    ) -> None:
        """`callbacks` are the providers that may call back, by the name in their address."""
        self._notify, self._run = notify, run
        self._tenants = {tag_of(tenant_id): tenant_id for tenant_id in tenant_ids}
        self._callbacks = callbacks

    def application(self) -> web.Application:
        """The app with every route."""
        app = http.application(service=SERVICE)
        app.router.add_get("/a/{tag}/{token}", _as_page(self._show))
        app.router.add_post("/a/{tag}/{token}", _as_page(self._use))
        app.router.add_post("/callbacks/{provider}/status", self._status)
        app.router.add_post("/callbacks/{provider}/digits", self._digits)
        app.router.add_post("/callbacks/{provider}/text", self._text)
        return app

    async def _show(self, request: web.Request) -> web.Response:
        call, token = self._link(request, action="")
        opened = await self._run(self._notify.page_answers.look, call, token)
        if opened.standing is Standing.OPEN:
            return _page(html.asking(opened.language))
        return _gone(opened)

    async def _use(self, request: web.Request) -> web.Response:
        call, token = self._link(request, action="page.answer")
        answer = ANSWERS.get(str((await request.post()).get("answer", "")))
        if answer is None:
            opened = await self._run(self._notify.page_answers.look, call, token)
            return _page(html.telling(html.UNCLEAR, opened.language), HTTPStatus.BAD_REQUEST)
        command = AnswerByLink(token, answer)
        opened = await self._run(self._notify.page_answers.by_link, call, command)
        if opened.standing is Standing.OPEN:
            return _page(html.telling(html.RECORDED, opened.language))
        return _gone(opened)

    def _link(self, request: web.Request, *, action: str) -> tuple[Call, str]:
        tenant_id = self._tenants.get(request.match_info["tag"])
        if tenant_id is None:
            raise NotFound("LINK_UNKNOWN", "no such link")
        return _call(tenant_id, action), request.match_info["token"]

    async def _status(self, request: web.Request) -> web.Response:
        provider, form = await self._genuine(request)
        report = provider.status(form)
        command = NoteReceipt(report.reference, report.receipt, _message_id(request))
        await self._run(self._notify.receipts.note, self._called_back(request, "status"), command)
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _digits(self, request: web.Request) -> web.Response:
        provider, form = await self._genuine(request)
        pressed = provider.digits(form)
        command = AnswerByKeys(pressed.reference, pressed.digits, _message_id(request))
        call = self._called_back(request, "digits")
        answer = await self._run(self._notify.page_answers.by_keys, call, command)
        language = LANGUAGES.get(request.query.get("language", ""), Language.ENGLISH)
        said = provider.recorded if answer else provider.asked_again
        return _xml(said(language))

    async def _text(self, request: web.Request) -> web.Response:
        """Whatever is said to it is a message of its own: once, however often it comes."""
        provider, form = await self._genuine(request)
        received = provider.text(form)
        try:
            tenant_id = self._notify.tenant_of_number(received.to_number)
        except NotFound:
            misdirected.inc()
            return _xml(provider.nothing())
        text = InboundText(
            provider=request.match_info["provider"],
            provider_message_id=received.reference,
            sender=received.from_number,
            text=received.body,
        )
        await self._taken(tenant_id, text)
        return _xml(provider.nothing())

    async def _taken(self, tenant_id: str, text: InboundText) -> None:
        """A provider hands a text over once: what lost a race, or met a database that is away for
        a moment, is done again for as long as the provider waits."""
        deadline = Deadline.after(TEXT_SECONDS)
        call = replace(_call(tenant_id, "callback.text"), deadline=deadline)
        while True:
            try:
                await self._run(self._notify.inbound.take, call, text)
            except HavenError as error:
                if not is_retryable(error) or deadline.remaining() < TEXT_PAUSE:
                    raise
            else:
                return
            await asyncio.sleep(TEXT_PAUSE)

    async def _genuine(self, request: web.Request) -> tuple[Callbacks, Mapping[str, str]]:
        """Who calls back, and the form; PermissionDenied where it did not sign it."""
        provider = self._callbacks.get(request.match_info["provider"])
        form = {name: str(value) for name, value in (await request.post()).items()}
        # Signed is the address as the provider knows it, whatever proxies made of it.
        _, _, path = request.raw_path.partition("/callbacks")
        signature = request.headers.get(SIGNATURE, "")
        if provider is None or not provider.is_genuine(provider.url + path, form, signature):
            raise PermissionDenied("SIGNATURE_INVALID", "the provider has not signed this")
        return provider, form

    def _called_back(self, request: web.Request, kind: str) -> Call:
        tenant_id = request.query.get("tenant_id", "")
        if tenant_id not in self._tenants.values():
            raise NotFound("NOT_FOUND", "no such resource")
        return _call(tenant_id, f"callback.{kind}")


def served_over_http(edge: Edge, settings: NotifySettings) -> AbstractAsyncContextManager[str]:
    """The edge as a part of the api process; with TLS where the public address has it."""
    tls = http.public_tls(settings)
    return http.serving(edge.application(), settings.http_address, tls=tls)


def _as_page(
    answer: Callable[[web.Request], Awaitable[web.Response]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A person with a browser is told of failures in a sentence, not in JSON."""

    async def answered(request: web.Request) -> web.Response:
        try:
            return await answer(request)
        except NotFound:
            return _page(html.telling_anybody(html.UNKNOWN), HTTPStatus.NOT_FOUND)
        except HavenError as error:
            return _page(html.telling_anybody(html.AGAIN), http.STATUSES[error.kind])

    return answered


def _call(tenant_id: str, action: str) -> Call:
    return system_call(tenant_id, service=SERVICE, action=action)


def _message_id(request: web.Request) -> str:
    """The message that a callback's address names; "" where it names none."""
    message_id = request.query.get("message_id", "")
    if len(message_id) > LONGEST_ID:
        raise InvalidArgument("CALLBACK_INVALID", "the address of the callback is not ours")
    return message_id


def _gone(opened: Opened) -> web.Response:
    return _page(html.telling(TOLD[opened.standing], opened.language), HTTPStatus.GONE)


def _page(text: str, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)


def _xml(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/xml")
