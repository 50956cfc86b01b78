"""A telephone company over real HTTP: takes texts and calls, reports what became of them, and
sends on what people press and write. It signs what it says."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import aiohttp

from chassis.errors import FailedPrecondition, Unavailable
from services.notify.domain.attempt import Receipt as DeviceReceipt
from services.notify.domain.wording import Language
from services.notify.ports import Dispatch, Receipt
from services.notify.ports.callbacks import Digits, ReceivedText, StatusReport

NAME, SECRET = "exchange", b"a secret of both"
RECEIPTS = {
    "delivered": DeviceReceipt.DELIVERED,
    "undelivered": DeviceReceipt.UNDELIVERED,
    "sent": DeviceReceipt.NONE,
}


class Exchange:
    """The company's server; `status` is what it answers to the next requests."""

    def __init__(self) -> None:
        self.status = 201
        self.taken: list[dict[str, Any]] = []
        self.asked = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.05])

    def start(self) -> Exchange:
        """Begin to take texts and calls."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Nobody answers any more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def by(self, channel: str) -> list[dict[str, Any]]:
        """What was taken by one channel."""
        with self._lock:
            return [each for each in self.taken if each["channel"] == channel]

    def _take(self, body: dict[str, Any]) -> tuple[int, dict[str, str]]:
        with self._lock:
            self.asked += 1
            if self.status != 201:
                return self.status, {}
            reference = f"EX-{self.asked}"
            self.taken.append({**body, "reference": reference})
            return 201, {"reference": reference}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        take = self._take

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                status, answer = take(json.loads(self.rfile.read(length)))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, *_: Any) -> None:
                """Nothing of it belongs on the screen."""

        return Handler


class ExchangeProvider:
    """A Provider that hands texts and calls to the exchange."""

    name = NAME

    def __init__(self, exchange: Exchange, callback_url: str) -> None:
        self._exchange, self._callback_url = exchange, callback_url

    def send(self, dispatch: Dispatch) -> Receipt:
        """Return once the exchange took it."""
        ids = f"tenant_id={dispatch.tenant_id}&message_id={dispatch.message_id}"
        body = {
            "channel": dispatch.channel.value,
            "to": dispatch.address,
            "body": dispatch.body,
            "key": dispatch.message_id,
            "status_path": f"/{NAME}/status?{ids}",
            "digits_path": f"/{NAME}/digits?{ids}",
        }
        request = urllib.request.Request(self._exchange.url, json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=2) as answer:
                return Receipt(NAME, json.load(answer)["reference"])
        except urllib.error.HTTPError as error:
            error.close()
            if error.code // 100 == 4:
                raise FailedPrecondition("PROVIDER_REFUSED", "no") from None
            raise Unavailable("PROVIDER_BUSY", "not now") from None
        except OSError:
            raise Unavailable("PROVIDER_UNREACHABLE", "away") from None


class SignedCallbacks:
    """The Callbacks of the exchange."""

    def __init__(self, url: str) -> None:
        self.url = url

    def is_genuine(self, url: str, params: Mapping[str, str], signature: str) -> bool:
        """True where the exchange signed this."""
        return hmac.compare_digest(signed(url, params), signature)

    def status(self, params: Mapping[str, str]) -> StatusReport:
        """What became of a text or a call."""
        return StatusReport(params["reference"], RECEIPTS[params["state"]])

    def digits(self, params: Mapping[str, str]) -> Digits:
        """What was pressed."""
        return Digits(params["reference"], params["digits"])

    def text(self, params: Mapping[str, str]) -> ReceivedText:
        """What was written."""
        return ReceivedText(params["from"], params["to"], params["body"], params["reference"])

    def recorded(self, language: Language) -> str:
        """Thanks."""
        return f"recorded {language}"

    def asked_again(self, language: Language) -> str:
        """What the keys mean."""
        return f"press 1, 2 or 9 {language}"

    def nothing(self) -> str:
        """No word."""
        return "nothing"


class Line:
    """The exchange as the edge hears it."""

    def __init__(self, address: str, callback_url: str) -> None:
        self._address, self._callback_url = address, callback_url

    async def says(self, path: str, *, signature: str = "", **form: str) -> tuple[int, str]:
        """Call back; the status and the text of the answer."""
        mark = signature or signed(self._callback_url + path, form)
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                f"http://{self._address}/callbacks{path}",
                data=form,
                headers={"X-Twilio-Signature": mark},
            ) as answer,
        ):
            return answer.status, await answer.text()


def signed(url: str, form: Mapping[str, str]) -> str:
    """The signature over an address and a form."""
    text = url + "".join(name + form[name] for name in sorted(form))
    return hmac.new(SECRET, text.encode(), hashlib.sha256).hexdigest()
