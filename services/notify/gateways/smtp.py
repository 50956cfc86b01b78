"""Mails by SMTP, everything within one bounded time.

A connection that took a mail is kept for the next one for a few seconds: in a storm of pages the
servers would see as many connections, and with TLS and a login most of a page's way is their start.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from urllib.parse import unquote, urlsplit

from chassis.errors import FailedPrecondition, HavenError, Unavailable
from chassis.settings import SettingsError
from services.notify.gateways.mime import mime
from services.notify.gateways.resolving import connected, left, resolve
from services.notify.ports import Dispatch, Mail, Receipt

# The whole conversation. A provider that takes longer is as good as away: a page must go on.
SEND_SECONDS = 5.0
KEPT, KEPT_SECONDS = 40, 5.0  # connections without work, and how long one may be so
# A kept connection that does not answer so soon is given up.
PROBE_SECONDS = 0.3
GREETING, DONE = 220, 250
PERMANENT = range(500, 600)  # RFC 5321 4.2.1: the same again will be refused again
# RFC 3463 X.1: the recipient's mailbox or domain is at fault, whoever carries the mail.
NO_SUCH_MAILBOX = re.compile(rb"5\.1\.(10|[12346])\b")
PORTS = {"smtp": 25, "smtps": 465}


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where and as whom; from `smtp[s]://[user:password@]host[:port]`."""

    host: str
    port: int
    is_tls: bool
    user: str
    password: str

    @classmethod
    def of(cls, uri: str, *, setting: str = "HAVEN_SMTP_URI") -> SmtpServer:
        """Read the URI; a fault names the setting, never the value."""
        fault = SettingsError([f"{setting}: smtp://host[:port] or smtps://host[:port]"])
        try:
            parts = urlsplit(uri)
            port = parts.port
        except ValueError:
            raise fault from None
        if parts.scheme not in PORTS or not parts.hostname:
            raise fault
        return cls(
            host=parts.hostname,
            port=port or PORTS[parts.scheme],
            is_tls=parts.scheme == "smtps",
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )


class SmtpMailer:
    """Mails over smtplib. Safe to share between threads: each mail has a connection to itself."""

    def __init__(self, server: SmtpServer, *, seconds: float = SEND_SECONDS) -> None:
        self._server = server
        self._seconds = seconds
        self._name = socket.gethostname()
        self._tls = ssl.create_default_context()
        self._lock = threading.Lock()
        self._kept: list[tuple[smtplib.SMTP, float]] = []  # and since when, the newest last
        weakref.finalize(self, _close_all, self._kept)

    def send(self, mail: Mail) -> None:
        """Return once the server said 250 to the whole mail."""
        self.send_within(mail, self._seconds)

    def send_within(self, mail: Mail, seconds: float) -> None:
        """The same, within that time."""
        until = time.monotonic() + seconds
        try:
            self._converse(mail, until)
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()), (450, b""))
            raise _recipient_refused(code, words) from None
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code) from None
        except smtplib.SMTPNotSupportedError:
            raise _refused(PERMANENT.start) from None
        except (OSError, smtplib.SMTPException):
            # Timeouts, refused connections, broken conversations. Not chained: their texts may
            # quote an address.
            text = "the provider cannot be reached"
            raise Unavailable("PROVIDER_UNREACHABLE", text) from None

    def _converse(self, mail: Mail, until: float) -> None:
        message = mime(mail)
        if (kept := self._take(until)) is not None:
            # A server may take so many mails of one connection: this one it has not heard of yet.
            with suppress(smtplib.SMTPSenderRefused):
                self._speak(kept, message, mail, until)
                return
        new = smtplib.SMTP(local_hostname=self._name, timeout=left(until))
        self._speak(new, message, mail, until)

    def _speak(self, smtp: smtplib.SMTP, message: Message, mail: Mail, until: float) -> None:
        with _cut_off(smtp, at=until):
            if smtp.sock is None:
                self._open(smtp, until)
            _bound(smtp, until)
            smtp.send_message(message, mail.sender_address, [mail.recipient_address])
        if time.monotonic() < until:
            self._keep(smtp)
        else:  # it may be cut off in this very moment, under the hands of whoever had it next
            smtp.close()

    def _take(self, until: float) -> smtplib.SMTP | None:
        """The newest kept connection. Where its server is gone or mute, the others are no better,
        and are not asked: a new one must have its time."""
        with self._lock:
            if not self._kept:
                return None
            smtp, since = self._kept.pop()
        if time.monotonic() - since < KEPT_SECONDS and _is_there(smtp, until):
            return smtp
        smtp.close()
        with self._lock:
            others = [*self._kept]
            self._kept.clear()
        _close_all(others)
        return None

    def _keep(self, smtp: smtplib.SMTP) -> None:
        with self._lock:
            self._kept.append((smtp, time.monotonic()))
            too_many = self._kept[:-KEPT]
            del self._kept[:-KEPT]
        _close_all(too_many)

    def _open(self, smtp: smtplib.SMTP, until: float) -> None:
        smtp.sock = self._connected(until)
        with _still_closed():
            self._greet(smtp, until)
            self._introduce(smtp, until)

    def _connected(self, until: float) -> socket.socket:
        host = self._server.host
        plain = connected(resolve(host, until), self._server.port, until)
        if not self._server.is_tls:
            return plain
        try:
            plain.settimeout(left(until))  # for the whole handshake
            return self._tls.wrap_socket(plain, server_hostname=host)
        except OSError:
            plain.close()
            raise

    def _greet(self, smtp: smtplib.SMTP, until: float) -> None:
        # What a certificate must name after STARTTLS: the name, not the address.
        smtp._host = self._server.host  # type: ignore[attr-defined]
        _bound(smtp, until)
        code, text = smtp.getreply()
        if code != GREETING:
            raise smtplib.SMTPConnectError(code, text)

    def _introduce(self, smtp: smtplib.SMTP, until: float) -> None:
        _bound(smtp, until)
        smtp.ehlo_or_helo_if_needed()
        if not self._server.is_tls and smtp.has_extn("starttls"):
            _bound(smtp, until)
            smtp.starttls(context=self._tls)
            smtp.ehlo_or_helo_if_needed()
        if self._server.user:
            _bound(smtp, until)
            smtp.login(self._server.user, self._server.password)


class SmtpProvider:
    """A Provider of mails. Safe to share between threads."""

    def __init__(self, name: str, mailer: SmtpMailer) -> None:
        self.name = name
        self._mailer = mailer

    def send(self, dispatch: Dispatch, seconds: float = SEND_SECONDS) -> Receipt:
        """Return once the server took the mail, within that time. SMTP gives no reference."""
        mail = Mail(
            message_id=dispatch.message_id,
            sender_address=dispatch.sender_address,
            sender_name=dispatch.sender_name,
            recipient_address=dispatch.address,
            subject=dispatch.subject,
            body=dispatch.body,
        )
        self._mailer.send_within(mail, seconds)
        return Receipt(self.name)


def _recipient_refused(code: int, words: bytes) -> HavenError:
    if code in PERMANENT and NO_SUCH_MAILBOX.match(words):
        return FailedPrecondition("ADDRESS_REFUSED", "there is no such mailbox")
    return _refused(code)


@contextmanager
def _still_closed() -> Iterator[None]:
    """A server that turns us away before it has heard of the mail has refused no mail.

    Providers answer 554 or 535 during faults of their own: such a 5xx is no word for good, and
    another time may help. Whoever counts the tries ends them.
    """
    try:
        yield
    except (smtplib.SMTPResponseException, smtplib.SMTPNotSupportedError) as error:
        code = getattr(error, "smtp_code", PERMANENT.start)
        if code in PERMANENT:
            raise Unavailable("PROVIDER_CLOSED", "the provider lets nobody in now") from None
        raise _refused(code) from None


def _refused(code: int) -> HavenError:
    if code in PERMANENT:
        return FailedPrecondition("PROVIDER_REFUSED", "the provider refused the mail for good")
    return Unavailable("PROVIDER_BUSY", "the provider refused the mail for now")


@contextmanager
def _cut_off(smtp: smtplib.SMTP, *, at: float) -> Iterator[None]:
    """Close where it fails, and cut the conversation at its time: a server that says a little now
    and then keeps within every single wait, and would hold this thread for as long as it likes."""
    timer = threading.Timer(left(at), _cut, [smtp])
    timer.daemon = True
    timer.start()
    try:
        yield
    except BaseException:
        smtp.close()
        raise
    finally:
        timer.cancel()


def _is_there(smtp: smtplib.SMTP, until: float) -> bool:
    """Whether the server of a kept connection answers, ready for another mail."""
    soon = min(until, time.monotonic() + PROBE_SECONDS)
    try:
        with _cut_off(smtp, at=soon):
            _bound(smtp, soon)
            is_ready = smtp.rset()[0] == DONE
        return is_ready and time.monotonic() < soon
    except (OSError, smtplib.SMTPException):
        return False


def _close_all(kept: Sequence[tuple[smtplib.SMTP, float]]) -> None:
    for smtp, _ in kept:
        smtp.close()


def _cut(smtp: smtplib.SMTP) -> None:
    if smtp.sock is not None:
        with suppress(OSError):  # closed in this very moment
            # A TLS socket's own method would forget its state under the thread that reads.
            socket.socket.shutdown(smtp.sock, socket.SHUT_RDWR)


def _bound(smtp: smtplib.SMTP, until: float) -> None:
    """Let the next answers take no longer than what is left."""
    if smtp.sock is not None:
        smtp.sock.settimeout(left(until))
