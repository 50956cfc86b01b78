"""Where notify meets browsers and providers: one-time pages, and callbacks.

    GET  /a/<tag>/<token>               shows what can be answered, and changes nothing: mail
                                        scanners follow links
    POST /a/<tag>/<token>  answer=...   answers; the token is used up
    POST /callbacks/<provider>/status?tenant_id=...&message_id=...
    POST /callbacks/<provider>/digits?tenant_id=...&message_id=...
    POST /callbacks/<provider>/text?tenant_id=...

A callback is believed where its provider has signed the address and the form. Nothing here tells
a stranger whom a page is for, what it is about, or whether a tenant exists.
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from typing import Any, Protocol

from aiohttp import web

from chassis import http
from chassis.call import Call, system_call
from chassis.errors import HavenError, InvalidArgument, NotFound, Unauthenticated
from services.notify.bootstrap import SERVICE, Notify
from services.notify.codec import html
from services.notify.domain.answer import Answer
from services.notify.domain.commands import AnswerByKeys, AnswerByLink, AnswerByText, NoteReceipt
from services.notify.domain.link import Standing, tag_of
from services.notify.handlers.answering import TextReply
from services.notify.ports import Callbacks, InboundText
from services.notify.settings import NotifySettings

SIGNATURE = "X-Twilio-Signature"
LONGEST_ID = 64
ANSWERS = {answer.value: answer for answer in Answer}
TOLD = {Standing.USED: html.USED, Standing.EXPIRED: html.EXPIRED}
REPLIES = {
    TextReply.RECORDED: html.RECORDED,
    TextReply.NOTHING_OPEN: html.NOTHING_OPEN,
    TextReply.UNCLEAR: html.REPLY,
}
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
# What somebody is told who wrote and is no member of staff; empty: nothing.
OtherTexts = Callable[[Call, InboundText], str]


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
        other_texts: OtherTexts = lambda _call, _text: "",
    ) -> None:
        """`callbacks` are the providers that may call back, by the name in their address."""
        self._notify, self._run = notify, run
        self._tenants = {tag_of(tenant_id): tenant_id for tenant_id in tenant_ids}
        self._callbacks, self._other_texts = callbacks, other_texts

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
        standing = await self._run(self._notify.answering.standing, call, token)
        if standing is Standing.OPEN:
            return _page(html.asking())
        return _page(html.telling(TOLD[standing]), HTTPStatus.GONE)

    async def _use(self, request: web.Request) -> web.Response:
        call, token = self._link(request, action="page.answer")
        answer = ANSWERS.get(str((await request.post()).get("answer", "")))
        if answer is None:
            return _page(html.telling(html.UNCLEAR), HTTPStatus.BAD_REQUEST)
        command = AnswerByLink(token, answer)
        standing = await self._run(self._notify.answering.by_link, call, command)
        if standing is Standing.OPEN:
            return _page(html.telling(html.RECORDED))
        return _page(html.telling(TOLD[standing]), HTTPStatus.GONE)

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
        answer = await self._run(self._notify.answering.by_keys, call, command)
        return _xml(html.spoken(html.RECORDED) if answer else html.asked_again())

    async def _text(self, request: web.Request) -> web.Response:
        provider, form = await self._genuine(request)
        text = provider.text(form)
        call = self._called_back(request, "text")
        command = AnswerByText(text.from_number, text.body)
        reply = await self._run(self._notify.answering.by_text, call, command)
        if reply is not None:
            return _xml(html.texted(REPLIES[reply]))
        return _xml(html.texted(await self._run(self._other_texts, call, text)))

    async def _genuine(self, request: web.Request) -> tuple[Callbacks, Mapping[str, str]]:
        """Who calls back, and the form; Unauthenticated where that provider did not sign it."""
        provider = self._callbacks.get(request.match_info["provider"])
        form = {name: str(value) for name, value in (await request.post()).items()}
        # Signed is the address as the provider knows it, whatever proxies made of it.
        _, _, path = request.raw_path.partition("/callbacks")
        signature = request.headers.get(SIGNATURE, "")
        if provider is None or not provider.is_genuine(provider.url + path, form, signature):
            raise Unauthenticated("SIGNATURE_INVALID", "the provider has not signed this")
        return provider, form

    def _called_back(self, request: web.Request, kind: str) -> Call:
        tenant_id = request.query.get("tenant_id", "")
        if tenant_id not in self._tenants.values():
            raise NotFound("NOT_FOUND", "no such resource")
        return _call(tenant_id, f"callback.{kind}")


def served_over_http(edge: Edge, settings: NotifySettings) -> AbstractAsyncContextManager[str]:
    """The edge as a part of the api process; with TLS where the public address has it."""
    certificate, key = settings.public_certificate_file, settings.public_key_file
    tls = None
    if certificate is not None and key is not None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate, key)
    return http.serving(edge.application(), settings.http_address, tls=tls)


def _as_page(
    answer: Callable[[web.Request], Awaitable[web.Response]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A person with a browser is told of failures in a sentence, not in JSON."""

    async def answered(request: web.Request) -> web.Response:
        try:
            return await answer(request)
        except NotFound:
            return _page(html.telling(html.UNKNOWN), HTTPStatus.NOT_FOUND)
        except HavenError as error:
            return _page(html.telling(html.AGAIN), http.STATUSES[error.kind])

    return answered


def _call(tenant_id: str, action: str) -> Call:
    return system_call(tenant_id, service=SERVICE, action=action)


def _message_id(request: web.Request) -> str:
    """The message that a callback's address names; "" where it names none."""
    message_id = request.query.get("message_id", "")
    if len(message_id) > LONGEST_ID:
        raise InvalidArgument("CALLBACK_INVALID", "the address of the callback is not ours")
    return message_id


def _page(text: str, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)


def _xml(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/xml")
